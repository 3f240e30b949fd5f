/* SPDX-License-Identifier: Apache-2.0 */
/* Pods, workloads and claims as tables, with kubectl's columns where there is such a thing. */
#include "host.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct view {
  int64_t now;
  bool wide;
  FILE *out;
  size_t lines;
};

/* "80->31000/TCP,…": of a list of texts, as many as there is room for. */
static void join_texts(json_t *texts, char *out, size_t cap) {
  size_t i, n = 0;
  json_t *one;
  out[0] = '\0';
  json_array_foreach(texts, i, one) {
    int k = snprintf(out + n, cap - n, "%s%s", i > 0 ? "," : "", json_string_value(one));
    if (k < 0 || (size_t)k >= cap - n) return;
    n += (size_t)k;
  }
}

static int64_t number(json_t *object, const char *name) {
  return json_integer_value(json_object_get(object, name));
}

static const char *word(json_t *object, const char *name) {
  const char *s = json_string_value(json_object_get(object, name));
  return s == NULL ? "" : s;
}

static void put_key(json_t *object, char *text, size_t cap) {
  snprintf(text, cap, "%s/%s", word(object, "namespace"), word(object, "name"));
}

static void put_age(json_t *object, int64_t now, char *text, size_t cap) {
  text[0] = '\0';
  if (number(object, "createdMillis") != 0) km_put_age(text, cap, now - number(object, "createdMillis"));
}

/* Of one whose name is not known, the id. */
static const char *agent_of(json_t *object) {
  const char *name = word(object, "agent");
  return name[0] != '\0' ? name : word(object, "agentID");
}

/* Prints a table, behind an empty line if there is something before it, and frees it. */
static void print(struct view *v, struct km_table *table) {
  if (v->lines > 0 && fputc('\n', v->out) != EOF) v->lines++;
  v->lines += km_table_print(table, v->out);
  km_table_free(table);
}

/* ---- Pods ---- */

static void add_pod(struct km_table *table, json_t *pod, const struct view *v) {
  char key[520], ready[32], restarts[24], cpus[24], mem[24], ports[256], age[24];
  put_key(pod, key, sizeof key);
  snprintf(ready, sizeof ready, "%lld/%lld", (long long)number(pod, "ready"),
           (long long)number(pod, "containers"));
  snprintf(restarts, sizeof restarts, "%lld", (long long)number(pod, "restarts"));
  km_put_cpus(cpus, sizeof cpus, number(pod, "cpusMilli"));
  km_put_mem(mem, sizeof mem, number(pod, "memMilliMB"));
  join_texts(json_object_get(pod, "ports"), ports, sizeof ports);
  put_age(pod, v->now, age, sizeof age);
  const char *const cells[KM_COLUMNS] = {key,
                                         ready,
                                         word(pod, "shown"),
                                         restarts,
                                         agent_of(pod),
                                         cpus,
                                         mem,
                                         ports,
                                         age,
                                         v->wide ? word(json_object_get(pod, "status"), "podIP") : NULL,
                                         v->wide ? word(pod, "agentID") : NULL};
  km_table_row(table, cells);
}

static void print_messages(struct view *v, json_t *pods) {
  size_t i;
  json_t *pod;
  json_array_foreach(pods, i, pod) {
    const char *message = word(pod, "message");
    if (message[0] == '\0') continue;
    fprintf(v->out, "%s/%s: %s\n", word(pod, "namespace"), word(pod, "name"), message);
    v->lines++;
  }
}

static void print_pods(struct view *v, json_t *pods) {
  const char *const heading[KM_COLUMNS] = {"POD",
                                           "READY",
                                           "STATUS",
                                           "RESTARTS",
                                           "AGENT",
                                           "CPU",
                                           "MEMORY",
                                           "PORTS",
                                           "AGE",
                                           v->wide ? "IP" : NULL,
                                           v->wide ? "AGENT ID" : NULL};
  struct km_table table = {0};
  size_t i;
  json_t *pod;
  km_table_row(&table, heading);
  json_array_foreach(pods, i, pod) add_pod(&table, pod, v);
  print(v, &table);
  print_messages(v, pods);
}

/* ---- Workloads ---- */

/* How far it has come: of a Job the pods that succeeded. */
static void put_progress(json_t *w, char *out, size_t cap) {
  bool job = strcmp(word(w, "kind"), "Job") == 0;
  long long have = number(w, job ? "succeeded" : "ready"), wanted = number(w, "wanted");
  if (wanted < 0)
    snprintf(out, cap, "%lld",
             strcmp(word(w, "kind"), "CronJob") == 0 ? (long long)number(w, "current") : have);
  else
    snprintf(out, cap, "%lld/%lld", have, wanted);
}

/* What kubectl shows of it with -o wide. */
struct template {
  char containers[300], images[500], selector[300];
};

static void read_template(json_t *w, struct template *t) {
  json_t *spec = json_object_get(json_object_get(w, "object"), "spec"), *value, *one;
  json_t *selector = json_object_get(spec, "selector"), *labels = json_object_get(selector, "matchLabels");
  json_t *names = json_array(), *images = json_array(), *terms = json_array();
  const char *name;
  size_t i;
  if (json_object_get(spec, "jobTemplate") != NULL)
    spec = json_object_get(json_object_get(spec, "jobTemplate"), "spec");
  spec = json_object_get(json_object_get(spec, "template"), "spec");
  json_array_foreach(json_object_get(spec, "containers"), i, one) {
    json_array_append(names, json_object_get(one, "name"));
    json_array_append(images, json_object_get(one, "image"));
  }
  json_object_foreach(labels == NULL ? selector : labels, name, value) {
    if (json_is_string(value))
      json_array_append_new(terms, json_sprintf("%s=%s", name, json_string_value(value)));
  }
  join_texts(names, t->containers, sizeof t->containers);
  join_texts(images, t->images, sizeof t->images);
  join_texts(terms, t->selector, sizeof t->selector);
  json_decref(names);
  json_decref(images);
  json_decref(terms);
}

static void add_workload(struct km_table *table, json_t *w, const struct view *v) {
  char name[600], progress[48], updated[24] = "", available[24] = "", age[24];
  bool rolls = strcmp(word(w, "kind"), "Job") != 0 && strcmp(word(w, "kind"), "CronJob") != 0;
  struct template t;
  snprintf(name, sizeof name, "%s/%s", word(w, "kind"), word(w, "name"));
  put_progress(w, progress, sizeof progress);
  if (rolls) {
    snprintf(updated, sizeof updated, "%lld", (long long)number(w, "updated"));
    snprintf(available, sizeof available, "%lld", (long long)number(w, "available"));
  }
  put_age(w, v->now, age, sizeof age);
  if (v->wide) read_template(w, &t);
  const char *const cells[KM_COLUMNS] = {name,
                                         word(w, "namespace"),
                                         progress,
                                         updated,
                                         available,
                                         word(w, "state"),
                                         age,
                                         v->wide ? t.containers : NULL,
                                         v->wide ? t.images : NULL,
                                         v->wide ? t.selector : NULL};
  km_table_row(table, cells);
}

/* Those between a workload and its pods are left out, as long as they have none. */
static bool is_shown(json_t *w) {
  return word(w, "owner")[0] == '\0' || number(w, "current") > 0;
}

static void print_workloads(struct view *v, json_t *workloads) {
  const char *const heading[KM_COLUMNS] = {"WORKLOAD",
                                           "NAMESPACE",
                                           "READY",
                                           "UP-TO-DATE",
                                           "AVAILABLE",
                                           "STATUS",
                                           "AGE",
                                           v->wide ? "CONTAINERS" : NULL,
                                           v->wide ? "IMAGES" : NULL,
                                           v->wide ? "SELECTOR" : NULL};
  struct km_table table = {0};
  json_t *w;
  size_t i;
  km_table_row(&table, heading);
  json_array_foreach(workloads, i, w) {
    if (is_shown(w)) add_workload(&table, w, v);
  }
  print(v, &table);
}

/* ---- Claims ---- */

void km_put_modes(json_t *list, char *text, size_t cap) {
  static const struct {
    const char *mode, *shown;
  } modes[] = {{"ReadWriteOnce", "RWO"},
               {"ReadOnlyMany", "ROX"},
               {"ReadWriteMany", "RWX"},
               {"ReadWriteOncePod", "RWOP"}};
  json_t *shown = json_array(), *mode;
  size_t i;
  json_array_foreach(list, i, mode) {
    size_t k = 0, n = sizeof modes / sizeof modes[0];
    while (k < n && strcmp(modes[k].mode, json_string_value(mode)) != 0) k++;
    json_array_append_new(shown, json_string(k < n ? modes[k].shown : json_string_value(mode)));
  }
  join_texts(shown, text, cap);
  json_decref(shown);
}

static void add_claim(struct km_table *table, json_t *claim, const struct view *v) {
  char key[520], size[24] = "", modes[64], age[24];
  put_key(claim, key, sizeof key);
  km_put_modes(json_object_get(claim, "accessModes"), modes, sizeof modes);
  if (number(claim, "milliMB") > 0) km_put_mem(size, sizeof size, number(claim, "milliMB"));
  put_age(claim, v->now, age, sizeof age);
  const char *const cells[KM_COLUMNS] = {key,
                                         word(claim, "shown"),
                                         word(claim, "volume"),
                                         size,
                                         modes,
                                         word(claim, "storageClass"),
                                         agent_of(claim),
                                         age,
                                         v->wide ? word(claim, "agentID") : NULL};
  km_table_row(table, cells);
}

static void print_claims(struct view *v, json_t *claims) {
  const char *const heading[KM_COLUMNS] = {"CLAIM",    "STATUS",       "VOLUME",
                                           "CAPACITY", "ACCESS MODES", "STORAGECLASS",
                                           "AGENT",    "AGE",          v->wide ? "AGENT ID" : NULL};
  struct km_table table = {0};
  json_t *claim;
  size_t i;
  km_table_row(&table, heading);
  json_array_foreach(claims, i, claim) add_claim(&table, claim, v);
  print(v, &table);
}

bool km_view_table(const char *json, int64_t now, unsigned flags, FILE *out, size_t *ret_lines) {
  json_t *document = json_loads(json, 0, NULL), *pods = json_object_get(document, "pods");
  json_t *workloads = json_object_get(document, "workloads"), *claims = json_object_get(document, "claims");
  struct view v = {now, (flags & KM_VIEW_WIDE) != 0, out, 0};
  bool ok = json_is_array(pods), with_claims = (flags & KM_VIEW_CLAIMS) != 0 && json_array_size(claims) > 0;
  if (ok && json_array_size(workloads) > 0) print_workloads(&v, workloads);
  if (ok && (json_array_size(pods) > 0 || (v.lines == 0 && !with_claims))) print_pods(&v, pods);
  if (ok && with_claims) print_claims(&v, claims);
  json_decref(document);
  if (ok && ret_lines != NULL) *ret_lines = v.lines;
  return ok;
}
