/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_get = {
    "get",
    "Show the pods and workloads of a running 'km run'",
    "[POD|KIND|KIND/NAME …] [-o table|json]",
    "  km get                                    all pods and workloads\n"
    "  km get nginx kube-system/dns              some of them; without a namespace it is 'default'\n"
    "  km get deployment/web sts/kube-system/db  workloads\n"
    "  km get jobs pods                          all of a kind\n"
    "  km get -o json | jq '.pods[].status.phase'\n",
    run,
};

/* A key without a '/' is a kind: all of it. */
static bool is_named(json_t *object, bool pod, const char *key) {
  char have[700];
  if (strchr(key, '/') == NULL)
    return strcmp(key, pod ? "Pod" : json_string_value(json_object_get(object, "kind"))) == 0;
  snprintf(have, sizeof have, "%s/%s/%s", pod ? "Pod" : json_string_value(json_object_get(object, "kind")),
           json_string_value(json_object_get(object, "namespace")),
           json_string_value(json_object_get(object, "name")));
  return strcmp(have, key) == 0;
}

static size_t keep_named(json_t *all, bool pods, const char *key, json_t *kept) {
  size_t i, found = 0;
  json_t *object;
  json_array_foreach(all, i, object) {
    if (!is_named(object, pods, key)) continue;
    json_array_append(kept, object);
    found++;
  }
  return found;
}

static size_t keep(json_t *document, const char *key, json_t *pods, json_t *workloads) {
  return keep_named(json_object_get(document, "pods"), true, key, pods) +
         keep_named(json_object_get(document, "workloads"), false, key, workloads);
}

/* Keeps the pods and workloads that are named. False, with lines, if one is not there. */
static bool select_objects(json_t *document, const struct km_texts *names) {
  json_t *pods = json_array(), *workloads = json_array();
  bool found_all = true;
  for (size_t i = 0; i < names->count; i++) {
    char key[700] = "";
    bool good = km_object_key(names->items[i], key, sizeof key);
    const char *kind = km_kind_name(names->items[i], strlen(names->items[i]));
    size_t found = keep(document, key, pods, workloads);
    if (found == 0 && kind != NULL) found = keep(document, kind, pods, workloads);
    if (good && found > 0) continue;
    char words[700];
    if (kind != NULL)
      fprintf(stderr, "km get: %s %s\n", strcmp(kind, "PersistentVolumeClaim") == 0 ? "does not show" : "no",
              km_kind_words(kind));
    else if (good)
      fprintf(stderr, "km get: %s\n", km_resource_missing(key, words, sizeof words));
    else
      km_report_no_kind("get", names->items[i]);
    found_all = false;
  }
  json_object_set_new(document, "pods", pods);
  json_object_set_new(document, "workloads", workloads);
  return found_all;
}

static int show(const char *answer, const struct km_texts *names, bool json) {
  json_t *document = json_loads(answer, 0, NULL);
  if (document == NULL) {
    fprintf(stderr, "km get: the running km answered in a form that this one does not know\n");
    return KM_FAILED;
  }
  int code = names->count == 0 || select_objects(document, names) ? KM_DONE : KM_FAILED;
  char *text = json_dumps(document, JSON_INDENT(2));
  bool found = code == KM_DONE || json_array_size(json_object_get(document, "pods")) > 0 ||
               json_array_size(json_object_get(document, "workloads")) > 0;
  if (json)
    puts(text);
  else if (found)
    km_view_table(text, km_wall_ms(), stdout, NULL);
  free(text);
  json_decref(document);
  return code;
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts names = {0};
  const char *state = NULL, *output = "table";
  const struct km_option options[] = {
      {"output", 'o', KM_TEXT, &output, "FORMAT", "table (default) or json"},
      {"state", 0, KM_TEXT, &state, "DIR", "the state folder of the 'km run' that is asked"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, &names);
  bool json = strcmp(output, "json") == 0;
  if (code == -1 && !json && strcmp(output, "table") != 0) {
    code = km_misuse(command, "-o is table or json, not '%s'", output);
  }
  if (code == -1) {
    char folder[1024];
    char *answer = km_control_ask(km_state_folder(state, folder, sizeof folder), "get");
    code = answer == NULL ? KM_FAILED : show(answer, &names, json);
    free(answer);
  }
  km_texts_free(&names);
  return code;
}
