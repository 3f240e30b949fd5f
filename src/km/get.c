/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_get = {
    "get",
    "Show the pods, workloads, claims and events of a running 'km run'",
    "[POD|KIND|KIND NAME|KIND/NAME …|events] [-o table|wide|name|json] [-w]",
    "  km get                                    all pods and workloads\n"
    "  km get nginx kube-system/dns              some of them; without a namespace it is 'default'\n"
    "  km get pods -n kube-system -o wide        all of a kind, in one namespace, with addresses\n"
    "  km get deployment/web sts db              workloads\n"
    "  km get pvc                                claims, and where their volumes are\n"
    "  km get events -n default                  what happened, the last at the end\n"
    "  km get -w                                 again and again, until all has ended\n"
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

static void print_names(json_t *document, FILE *out) {
  for (size_t l = 0; l < LISTS; l++) {
    json_t *list = json_object_get(document, lists[l].list), *object;
    size_t i;
    json_array_foreach(list, i, object) {
      char key[KM_KEY_CAP], words[KM_KEY_CAP];
      put_key(object, lists[l].kind, key);
      fprintf(out, "%s\n", km_resource_name(key, words, sizeof words));
    }
  }
}

enum { TABLE, WIDE, NAME, JSON };
static const char *const outputs[] = {"table", "wide", "name", "json"};
enum { OUTPUTS = sizeof outputs / sizeof outputs[0] };

/* What is asked of which `km run`. */
struct request {
  const char *folder;
  struct km_texts keys; /* none: all */
  size_t output;
  bool claims; /* they are shown when somebody asks for them */
};

/* As text, to be freed; with ages as of then. */
static char *render(const struct request *q, json_t *document, int64_t now_ms) {
  char *text = NULL, *json = json_dumps(document, JSON_INDENT(2));
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);
  if (out == NULL || json == NULL) {
    fputs("km: out of memory\n", stderr);
    exit(KM_FAILED);
  }
  if (q->output == NAME)
    print_names(document, out);
  else if (q->output == JSON)
    fprintf(out, "%s\n", json);
  else
    km_view_table(json, now_ms, KM_VIEW_CLAIMS | (q->output == WIDE ? KM_VIEW_WIDE : 0), out, NULL);
  fclose(out);
  free(json);
  return text;
}

/* What is asked for of an answer, which is freed; NULL, with a line, if it is none. *ret_code: KM_FAILED,
 * with lines, if something is not there. */
static json_t *read_answer(const struct request *q, char *answer, int *ret_code) {
  json_t *document = json_loads(answer, 0, NULL);
  free(answer);
  *ret_code = KM_FAILED;
  if (document == NULL) {
    fprintf(stderr, "km get: the running km answered in a form that this one does not know\n");
    return NULL;
  }
  if (!q->claims && q->output != JSON) json_object_set_new(document, "claims", json_array());
  if (q->keys.count == 0 || select_objects(document, &q->keys)) *ret_code = KM_DONE;
  return document;
}

static int show(const struct request *q) {
  int code = KM_FAILED;
  char *answer = km_control_ask(q->folder, "get");
  json_t *document = answer == NULL ? NULL : read_answer(q, answer, &code);
  if (document != NULL && (code == KM_DONE || q->output == JSON || !is_empty(document))) {
    char *text = render(q, document, km_wall_ms());
    fputs(text, stdout);
    free(text);
  }
  json_decref(document);
  return code;
}

/* On a terminal in the place of the last one, which had so many lines; else below it, if anything but ages
 * has changed since `last`. */
static void show_again(const struct request *q, json_t *document, char **last, size_t *lines) {
  char *timeless = render(q, document, 0), *text = render(q, document, km_wall_ms());
  bool live = isatty(1) != 0, changed = *last == NULL || strcmp(*last, timeless) != 0;
  if (live && *lines > 0) printf("\033[%zuA\033[J", *lines);
  if (!live && changed && *last != NULL) putchar('\n');
  if (live || changed) fputs(text, stdout);
  fflush(stdout);
  *lines = 0;
  for (const char *c = text; *c != '\0'; c++) *lines += *c == '\n';
  free(text);
  free(*last);
  *last = timeless;
}

/* Until the `km run` ends, or what was asked for is gone. */
static int watch(const struct request *q) {
  char *answer = km_control_ask(q->folder, "get"), *last = NULL;
  size_t lines = 0;
  int code = answer == NULL ? KM_FAILED : KM_DONE;
  while (answer != NULL) {
    json_t *document = read_answer(q, answer, &code);
    if (code == KM_DONE) show_again(q, document, &last, &lines);
    json_decref(document);
    if (code != KM_DONE) break;
    nanosleep(&(struct timespec){0, 500000000}, NULL);
    answer = km_control_ask_quietly(q->folder, "get");
  }
  free(last);
  return code;
}

/* ---- Events ---- */

static bool is_events(const struct km_texts *words) {
  static const char *const names[] = {"events", "event", "ev"};
  for (size_t i = 0; words->count > 0 && i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(words->items[0], names[i]) == 0) return true;
  }
  return false;
}

static int show_events(const char *folder, const char *name_space, size_t output) {
  char *answer = km_control_ask(folder, "events");
  json_t *all = answer == NULL ? NULL : json_loads(answer, 0, NULL);
  if (answer != NULL && all == NULL)
    fprintf(stderr, "km get: the running km answered in a form that this one does not know\n");
  free(answer);
  if (all == NULL) return KM_FAILED;
  json_t *events = km_events_sort(all, name_space);
  if (output == JSON && json_dumpf(events, stdout, JSON_INDENT(2)) == 0) putchar('\n');
  if (output != JSON) km_events_list(events, km_wall_ms(), stdout);
  json_decref(events);
  json_decref(all);
  return KM_DONE;
}

/* What can be asked of events, which are no objects here. */
static int check_events(const struct km_command *command, const struct km_texts *words, size_t output,
                        bool watching) {
  if (words->count > 1) return km_misuse(command, "events have no names: 'km describe %s'", words->items[1]);
  if (watching)
    return km_misuse(command, "'km run' prints events as they happen: get events takes no --watch");
  if (output == NAME) return km_misuse(command, "events have no names: -o is table or json");
  return -1;
}

/* ---- The command ---- */

static void add_all_of(const char *name_space, struct km_texts *keys) {
  char pattern[KM_KEY_CAP];
  snprintf(pattern, sizeof pattern, "*/%s/*", name_space);
  km_texts_add(keys, pattern);
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts words = {0};
  struct request q = {.output = TABLE};
  const char *state = NULL, *output = outputs[TABLE], *name_space = NULL;
  char folder[1024];
  bool everywhere = false, watching = false;
  const struct km_option options[] = {
      {"output", 'o', KM_TEXT, &output, "FORMAT", "table (default), wide, name or json"},
      {"watch", 'w', KM_FLAG, &watching, NULL, "again whenever something has changed"},
      {"namespace", 'n', KM_TEXT, &name_space, "NAME", "only what is in this one"},
      {"all-namespaces", 'A', KM_FLAG, &everywhere, NULL, "what is in any (default)"},
      {"state", 0, KM_TEXT, &state, "DIR", "the state folder of the 'km run' that is asked"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, &words);
  while (q.output < OUTPUTS && strcmp(output, outputs[q.output]) != 0) q.output++;
  if (code == -1 && q.output == OUTPUTS)
    code = km_misuse(command, "-o is table, wide, name or json, not '%s'", output);
  if (code == -1 && name_space != NULL && everywhere)
    code = km_misuse(command, "--namespace and --all-namespaces exclude each other");
  if (code == -1 && is_events(&words)) {
    code = check_events(command, &words, q.output, watching);
    if (code == -1) code = show_events(km_state_folder(state, folder, sizeof folder), name_space, q.output);
  }
  if (code == -1 && (code = km_names_read("get", &words, name_space, &q.keys)) == KM_DONE) {
    if (words.count == 0 && name_space != NULL) add_all_of(name_space, &q.keys);
    q.claims = words.count > 0;
    q.folder = km_state_folder(state, folder, sizeof folder);
    code = watching ? watch(&q) : show(&q);
  }
  km_texts_free_all(&q.keys);
  km_texts_free(&words);
  return code;
}
