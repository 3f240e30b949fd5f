/* SPDX-License-Identifier: Apache-2.0 */
/* The pods of a driver: a JSON document, and its table for people. */
#include "host.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *text(struct k8sm_slice s) {
  return json_stringn(s.ptr == NULL ? "" : s.ptr, s.len);
}

static json_t *ports_of(const struct k8sm_driver *driver, uint32_t pod) {
  json_t *list = json_array();
  struct k8sm_plan_port row;
  for (size_t i = 0; k8sm_driver_ports(driver, i, &row, sizeof row, 1) > 0; i++) {
    char port[64];
    if (row.placement != pod) continue;
    if (row.host_port == 0)
      snprintf(port, sizeof port, "%u/%s", row.container_port, row.protocol.ptr);
    else
      snprintf(port, sizeof port, "%u->%u/%s", row.host_port, row.container_port, row.protocol.ptr);
    json_array_append_new(list, json_string(port));
  }
  return list;
}

/* "namespace/name" of each that the pod names. */
static json_t *claims_of(const struct k8sm_demand *demand) {
  json_t *list = json_array();
  struct k8sm_demand_volume row;
  for (size_t i = 0; k8sm_demand_volumes(demand, i, &row, sizeof row, 1) > 0; i++) {
    if (row.claim.len > 0) json_array_append_new(list, text(row.claim));
  }
  return list;
}

/* Where the volume of a claim is. */
static json_t *claim_document(const struct k8sm_driver_volume *v) {
  const char *slash = strchr(v->claim.ptr, '/');
  json_t *o = json_object();
  json_object_set_new(o, "namespace", json_stringn(v->claim.ptr, (size_t)(slash - v->claim.ptr)));
  json_object_set_new(o, "name", json_string(slash + 1));
  json_object_set_new(o, "volume", text(v->id));
  json_object_set_new(o, "agent", text(v->hostname));
  json_object_set_new(o, "agentID", text(v->agent_id));
  json_object_set_new(o, "storageClass", text(v->storage_class));
  json_object_set_new(o, "milliMB", json_integer(v->milli));
  json_object_set_new(o, "shown",
                      json_string(v->deleting   ? "Terminating"
                                  : v->supposed ? "Unknown"
                                                : "Bound"));
  return o;
}

static json_t *status_document(const struct k8sm_status *status) {
  struct k8sm_blob *blob;
  if (k8sm_status_encode(status, K8SM_FORMAT_JSON, NULL, &blob) != K8SM_OK) return json_null();
  struct k8sm_slice s = k8sm_blob_bytes(blob);
  json_t *document = json_loadb(s.ptr, s.len, 0, NULL);
  k8sm_blob_unref(blob);
  return document == NULL ? json_null() : document;
}

/* What the pod holds in all: in the form "reserved" that is with its tasks. */
static bool holds(const struct k8sm_demand *demand, struct k8sm_demand_budget *b) {
  struct k8sm_demand_form form = {.size = sizeof form};
  struct k8sm_demand_task task;
  if (k8sm_demand_get_budget(demand, b) != K8SM_OK || k8sm_demand_get_form(demand, &form) != K8SM_OK)
    return false;
  if (form.form != K8SM_FORM_RESERVED) return true;
  for (size_t i = 0; k8sm_demand_tasks(demand, i, &task, sizeof task, 1) > 0; i++) {
    if (task.kind == K8SM_TASK_INIT) continue;
    b->cpus_milli += task.cpus_milli;
    b->mem_milli += task.mem_milli;
  }
  return true;
}

static json_t *pod_document(const struct k8sm_driver *driver, uint32_t number,
                            const struct k8sm_driver_pod *pod) {
  struct k8sm_status_summary s = {.size = sizeof s};
  struct k8sm_demand_budget b = {.size = sizeof b};
  if (k8sm_status_summarize(pod->status, &s) != K8SM_OK) return NULL;
  if (!holds(pod->demand, &b)) return NULL;
  json_t *o = json_object();
  json_object_set_new(o, "namespace", text(k8sm_pod_namespace(pod->pod)));
  json_object_set_new(o, "name", text(k8sm_pod_name(pod->pod)));
  json_object_set_new(o, "uid", text(k8sm_pod_uid(pod->pod)));
  json_object_set_new(o, "phase", text(s.phase));
  json_object_set_new(o, "shown", pod->deleting ? json_string("Terminating") : text(s.shown));
  json_object_set_new(o, "message", text(s.message));
  json_object_set_new(o, "ready", json_integer(s.ready));
  json_object_set_new(o, "containers", json_integer(s.containers));
  json_object_set_new(o, "restarts", json_integer(s.restarts));
  json_object_set_new(o, "agent", text(s.hostname));
  json_object_set_new(o, "agentID", text(s.agent_id));
  json_object_set_new(o, "createdMillis", json_integer(s.created_wall_ms));
  json_object_set_new(o, "cpusMilli", json_integer(b.cpus_milli));
  json_object_set_new(o, "memMilliMB", json_integer(b.mem_milli));
  json_object_set_new(o, "ports", ports_of(driver, number));
  json_object_set_new(o, "claims", claims_of(pod->demand));
  json_object_set_new(o, "status", status_document(pod->status));
  return o;
}

/* The whole object, with its status. */
static json_t *object_document(const struct k8sm_control *workloads, struct k8sm_slice key) {
  struct k8sm_blob *blob;
  if (k8sm_control_object(workloads, key, K8SM_FORMAT_JSON, &blob) != K8SM_OK) return json_null();
  struct k8sm_slice s = k8sm_blob_bytes(blob);
  json_t *document = json_loadb(s.ptr, s.len, 0, NULL);
  k8sm_blob_unref(blob);
  return document == NULL ? json_null() : document;
}

static json_t *workload_document(const struct k8sm_control *workloads, const struct k8sm_control_row *row) {
  struct k8sm_workload_info info = {.size = sizeof info};
  if (k8sm_workload_get_info(row->workload, &info) != K8SM_OK) return NULL;
  const struct {
    const char *name;
    int64_t value;
  } numbers[] = {{"wanted", row->wanted},       {"current", row->current},
                 {"ready", row->ready},         {"updated", row->updated},
                 {"available", row->available}, {"succeeded", row->succeeded},
                 {"failed", row->failed},       {"createdMillis", row->created_wall_ms}};
  json_t *o = json_object();
  json_object_set_new(o, "key", text(row->key));
  json_object_set_new(o, "kind", text(info.kind_name));
  json_object_set_new(o, "namespace", text(info.name_space));
  json_object_set_new(o, "name", text(info.name));
  json_object_set_new(o, "owner", text(row->owner));
  json_object_set_new(o, "state", row->deleting ? json_string("Terminating") : text(row->state));
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    json_object_set_new(o, numbers[i].name, json_integer(numbers[i].value));
  json_object_set_new(o, "object", object_document(workloads, row->key));
  return o;
}

char *km_view_json(struct k8sm_driver *driver, const struct k8sm_control *workloads, const char *master) {
  json_t *document = json_object(), *pods = json_array(), *list = json_array(), *claims = json_array();
  struct k8sm_driver_volume volume;
  struct k8sm_driver_pod pod;
  struct k8sm_control_row row;
  json_object_set_new(document, "master", json_string(master));
  json_object_set_new(document, "frameworkID", text(k8sm_driver_framework_id(driver)));
  for (size_t i = 0; k8sm_control_rows(workloads, i, &row, sizeof row, 1) > 0; i++) {
    json_t *o = workload_document(workloads, &row);
    if (o != NULL) json_array_append_new(list, o);
  }
  for (uint32_t i = 0; k8sm_driver_pods(driver, i, &pod, sizeof pod, 1) > 0; i++) {
    json_t *o = pod_document(driver, i, &pod);
    if (o != NULL) json_array_append_new(pods, o);
  }
  for (size_t i = 0; k8sm_driver_volumes(driver, i, &volume, sizeof volume, 1) > 0; i++)
    json_array_append_new(claims, claim_document(&volume));
  json_object_set_new(document, "workloads", list);
  json_object_set_new(document, "pods", pods);
  json_object_set_new(document, "claims", claims);
  char *json = json_dumps(document, JSON_INDENT(2));
  json_decref(document);
  return json == NULL ? km_strdup("", 0) : json;
}

static void join_ports(json_t *ports, char *out, size_t cap) {
  size_t i, n = 0;
  json_t *port;
  out[0] = '\0';
  json_array_foreach(ports, i, port) {
    int k = snprintf(out + n, cap - n, "%s%s", i > 0 ? "," : "", json_string_value(port));
    if (k < 0 || (size_t)k >= cap - n) return;
    n += (size_t)k;
  }
}

static int64_t number(json_t *pod, const char *name) {
  return json_integer_value(json_object_get(pod, name));
}

static const char *word(json_t *pod, const char *name) {
  const char *s = json_string_value(json_object_get(pod, name));
  return s == NULL ? "" : s;
}

static void add_pod(struct km_table *table, json_t *pod, int64_t now) {
  char key[520], ready[32], restarts[24], cpus[24], mem[24], ports[256], age[24] = "";
  snprintf(key, sizeof key, "%s/%s", word(pod, "namespace"), word(pod, "name"));
  snprintf(ready, sizeof ready, "%lld/%lld", (long long)number(pod, "ready"),
           (long long)number(pod, "containers"));
  snprintf(restarts, sizeof restarts, "%lld", (long long)number(pod, "restarts"));
  km_put_cpus(cpus, sizeof cpus, number(pod, "cpusMilli"));
  km_put_mem(mem, sizeof mem, number(pod, "memMilliMB"));
  join_ports(json_object_get(pod, "ports"), ports, sizeof ports);
  if (number(pod, "createdMillis") != 0) km_put_age(age, sizeof age, now - number(pod, "createdMillis"));
  const char *const cells[KM_COLUMNS] = {
      key, ready, word(pod, "shown"), restarts, word(pod, "agent"), cpus, mem, ports, age};
  km_table_row(table, cells);
}

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

static void add_workload(struct km_table *table, json_t *w, int64_t now) {
  char name[600], progress[48], updated[24] = "", available[24] = "", age[24] = "";
  bool rolls = strcmp(word(w, "kind"), "Job") != 0 && strcmp(word(w, "kind"), "CronJob") != 0;
  snprintf(name, sizeof name, "%s/%s", word(w, "kind"), word(w, "name"));
  put_progress(w, progress, sizeof progress);
  if (rolls) {
    snprintf(updated, sizeof updated, "%lld", (long long)number(w, "updated"));
    snprintf(available, sizeof available, "%lld", (long long)number(w, "available"));
  }
  km_put_age(age, sizeof age, now - number(w, "createdMillis"));
  const char *const cells[KM_COLUMNS] = {
      name, word(w, "namespace"), progress, updated, available, word(w, "state"), age, " ", " "};
  km_table_row(table, cells);
}

/* Those between a workload and its pods are left out, as long as they have none. */
static bool is_shown(json_t *w) {
  return word(w, "owner")[0] == '\0' || number(w, "current") > 0;
}

static size_t print_workloads(json_t *workloads, int64_t now, FILE *out) {
  static const char *const heading[KM_COLUMNS] = {"WORKLOAD", "NAMESPACE", "READY", "UP-TO-DATE", "AVAILABLE",
                                                  "STATUS",   "AGE",       " ",     " "};
  struct km_table table = {0};
  json_t *w;
  size_t i;
  if (json_array_size(workloads) == 0) return 0;
  km_table_row(&table, heading);
  json_array_foreach(workloads, i, w) {
    if (is_shown(w)) add_workload(&table, w, now);
  }
  size_t lines = km_table_print(&table, out);
  km_table_free(&table);
  return lines;
}

bool km_view_table(const char *json, int64_t now, FILE *out, size_t *ret_lines) {
  static const char *const heading[KM_COLUMNS] = {"POD", "READY",  "STATUS", "RESTARTS", "AGENT",
                                                  "CPU", "MEMORY", "PORTS",  "AGE"};
  json_t *document = json_loads(json, 0, NULL), *pods = json_object_get(document, "pods"), *pod;
  struct km_table table = {0};
  size_t i;
  if (!json_is_array(pods)) {
    json_decref(document);
    return false;
  }
  size_t lines = print_workloads(json_object_get(document, "workloads"), now, out);
  km_table_row(&table, heading);
  json_array_foreach(pods, i, pod) add_pod(&table, pod, now);
  bool shown = json_array_size(pods) > 0 || lines == 0;
  if (shown && lines > 0 && fputc('\n', out) != EOF) lines++;
  if (shown) lines += km_table_print(&table, out);
  km_table_free(&table);
  json_array_foreach(pods, i, pod) {
    const char *message = word(pod, "message");
    if (message[0] == '\0') continue;
    fprintf(out, "%s/%s: %s\n", word(pod, "namespace"), word(pod, "name"), message);
    lines++;
  }
  json_decref(document);
  if (ret_lines != NULL) *ret_lines = lines;
  return true;
}
