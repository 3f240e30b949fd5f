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
  json_object_set_new(o, "status", status_document(pod->status));
  return o;
}

char *km_view_json(const struct k8sm_driver *driver, const char *master) {
  json_t *document = json_object(), *pods = json_array();
  struct k8sm_driver_pod pod;
  json_object_set_new(document, "master", json_string(master));
  json_object_set_new(document, "frameworkID", text(k8sm_driver_framework_id(driver)));
  for (uint32_t i = 0; k8sm_driver_pods(driver, i, &pod, sizeof pod, 1) > 0; i++) {
    json_t *o = pod_document(driver, i, &pod);
    if (o != NULL) json_array_append_new(pods, o);
  }
  json_object_set_new(document, "pods", pods);
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
  km_table_row(&table, heading);
  json_array_foreach(pods, i, pod) add_pod(&table, pod, now);
  size_t lines = km_table_print(&table, out);
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
