/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_get = {
    "get",
    "Show the pods, workloads and claims of a running 'km run'",
    "[POD|KIND|KIND NAME|KIND/NAME …] [-o table|wide|name|json]",
    "  km get                                    all pods and workloads\n"
    "  km get nginx kube-system/dns              some of them; without a namespace it is 'default'\n"
    "  km get pods -n kube-system -o wide        all of a kind, in one namespace, with addresses\n"
    "  km get deployment/web sts db              workloads\n"
    "  km get pvc                                claims, and where their volumes are\n"
    "  km get -o json | jq '.pods[].status.phase'\n",
    run,
};

/* What the document has lists of; NULL: each object says its kind. */
static const struct {
  const char *list, *kind;
} lists[] = {{"workloads", NULL}, {"pods", "Pod"}, {"claims", "PersistentVolumeClaim"}};
enum { LISTS = sizeof lists / sizeof lists[0] };

static void put_key(json_t *object, const char *kind, char key[KM_KEY_CAP]) {
  snprintf(key, KM_KEY_CAP, "%s/%s/%s",
           kind != NULL ? kind : json_string_value(json_object_get(object, "kind")),
           json_string_value(json_object_get(object, "namespace")),
           json_string_value(json_object_get(object, "name")));
}

/* Adds those that are meant to `kept`. */
static size_t keep(json_t *document, const char *pattern, json_t *kept[LISTS]) {
  size_t found = 0;
  for (size_t l = 0; l < LISTS; l++) {
    json_t *all = json_object_get(document, lists[l].list);
    for (size_t i = 0; i < json_array_size(all); i++) {
      char key[KM_KEY_CAP];
      put_key(json_array_get(all, i), lists[l].kind, key);
      if (!km_key_matches(pattern, key)) continue;
      json_array_append(kept[l], json_array_get(all, i));
      found++;
    }
  }
  return found;
}

/* Keeps what is named. False, with lines, if something is not there. */
static bool select_objects(json_t *document, const struct km_texts *keys) {
  json_t *kept[LISTS];
  bool found_all = true;
  for (size_t l = 0; l < LISTS; l++) kept[l] = json_array();
  for (size_t i = 0; i < keys->count; i++) {
    if (keep(document, keys->items[i], kept) > 0) continue;
    km_report_missing("get", keys->items[i]);
    found_all = false;
  }
  for (size_t l = 0; l < LISTS; l++) json_object_set_new(document, lists[l].list, kept[l]);
  return found_all;
}

static bool is_empty(json_t *document) {
  size_t n = 0;
  for (size_t l = 0; l < LISTS; l++) n += json_array_size(json_object_get(document, lists[l].list));
  return n == 0;
}

static void print_names(json_t *document) {
  for (size_t l = 0; l < LISTS; l++) {
    json_t *list = json_object_get(document, lists[l].list), *object;
    size_t i;
    json_array_foreach(list, i, object) {
      char key[KM_KEY_CAP], words[KM_KEY_CAP];
      put_key(object, lists[l].kind, key);
      puts(km_resource_name(key, words, sizeof words));
    }
  }
}

enum { TABLE, WIDE, NAME, JSON };
static const char *const outputs[] = {"table", "wide", "name", "json"};
enum { OUTPUTS = sizeof outputs / sizeof outputs[0] };

static void print(json_t *document, size_t output) {
  if (output == NAME) {
    print_names(document);
    return;
  }
  char *text = json_dumps(document, JSON_INDENT(2));
  if (output == JSON)
    puts(text);
  else
    km_view_table(text, km_wall_ms(), KM_VIEW_CLAIMS | (output == WIDE ? KM_VIEW_WIDE : 0), stdout, NULL);
  free(text);
}

/* Claims are shown when somebody asks for them. */
static int show(const char *answer, const struct km_texts *keys, size_t output, bool claims) {
  json_t *document = json_loads(answer, 0, NULL);
  if (document == NULL) {
    fprintf(stderr, "km get: the running km answered in a form that this one does not know\n");
    return KM_FAILED;
  }
  if (!claims && output != JSON) json_object_set_new(document, "claims", json_array());
  int code = keys->count == 0 || select_objects(document, keys) ? KM_DONE : KM_FAILED;
  if (code == KM_DONE || output == JSON || !is_empty(document)) print(document, output);
  json_decref(document);
  return code;
}

static void add_all_of(const char *name_space, struct km_texts *keys) {
  char pattern[KM_KEY_CAP];
  snprintf(pattern, sizeof pattern, "*/%s/*", name_space);
  km_texts_add(keys, pattern);
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts words = {0}, keys = {0};
  const char *state = NULL, *output = "table", *name_space = NULL;
  bool everywhere = false;
  const struct km_option options[] = {
      {"output", 'o', KM_TEXT, &output, "FORMAT", "table (default), wide, name or json"},
      {"namespace", 'n', KM_TEXT, &name_space, "NAME", "only what is in this one"},
      {"all-namespaces", 'A', KM_FLAG, &everywhere, NULL, "what is in any (default)"},
      {"state", 0, KM_TEXT, &state, "DIR", "the state folder of the 'km run' that is asked"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, &words);
  size_t chosen = 0;
  while (chosen < OUTPUTS && strcmp(output, outputs[chosen]) != 0) chosen++;
  if (code == -1 && chosen == OUTPUTS)
    code = km_misuse(command, "-o is table, wide, name or json, not '%s'", output);
  if (code == -1 && name_space != NULL && everywhere)
    code = km_misuse(command, "--namespace and --all-namespaces exclude each other");
  if (code == -1) {
    char folder[1024];
    code = km_names_read("get", &words, name_space, &keys);
    if (words.count == 0 && name_space != NULL) add_all_of(name_space, &keys);
    char *answer =
        code != KM_DONE ? NULL : km_control_ask(km_state_folder(state, folder, sizeof folder), "get");
    code = answer == NULL ? KM_FAILED : show(answer, &keys, chosen, words.count > 0);
    free(answer);
  }
  km_texts_free_all(&keys);
  km_texts_free(&words);
  return code;
}
