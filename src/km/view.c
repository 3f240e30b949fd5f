/* SPDX-License-Identifier: Apache-2.0 */
/* What a `km run` has: pods, workloads and claims, as a JSON document. */
#include "runner.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *text(struct k8sm_slice s) {
  return json_stringn(s.ptr == NULL ? "" : s.ptr, s.len);
}

/* The ports of all pods, in the order of these. */
struct ports {
  struct k8sm_plan_port *rows;
  size_t count, next;
};

static struct ports read_ports(const struct k8sm_driver *driver) {
  struct ports p = {.count = k8sm_driver_ports(driver, 0, NULL, sizeof *p.rows, 0)};
  p.rows = km_alloc(NULL, p.count * sizeof *p.rows);
  if (p.count > 0) k8sm_driver_ports(driver, 0, p.rows, sizeof *p.rows, p.count);
  return p;
}

/* Of the next pod: its number rises from call to call. */
static json_t *ports_of(struct ports *p, uint32_t pod) {
  json_t *list = json_array();
  while (p->next < p->count && p->rows[p->next].placement < pod) p->next++;
  for (; p->next < p->count && p->rows[p->next].placement == pod; p->next++) {
    const struct k8sm_plan_port *row = &p->rows[p->next];
    char port[64];
    if (row->host_port == 0)
      snprintf(port, sizeof port, "%u/%s", row->container_port, row->protocol.ptr);
    else
      snprintf(port, sizeof port, "%u->%u/%s", row->host_port, row->container_port, row->protocol.ptr);
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

/* When it was made: what its object says, as kubectl shows it. Its status begins anew with each process, as
 * long as the pod has no place. */
static int64_t created_ms(const struct k8sm_driver_pod *pod, const struct k8sm_status_summary *s) {
  const int64_t ms = km_pod_created_ms(pod->pod);
  return ms == 0 ? s->created_wall_ms : ms;
}

/* As kubectl's STATUS: of a pod that is over how it ended, also where its deletion is under way. */
static json_t *shown(const struct k8sm_driver_pod *pod, const struct k8sm_status_summary *s) {
  bool over = strcmp(s->phase.ptr, "Succeeded") == 0 || strcmp(s->phase.ptr, "Failed") == 0;
  return pod->deleting && !over ? json_string("Terminating") : text(s->shown);
}

static json_t *pod_document(struct ports *ports, uint32_t number, const struct k8sm_driver_pod *pod) {
  struct k8sm_status_summary s = {.size = sizeof s};
  struct k8sm_demand_budget b = {.size = sizeof b};
  if (k8sm_status_summarize(pod->status, &s) != K8SM_OK) return NULL;
  if (!holds(pod->demand, &b)) return NULL;
  json_t *o = json_object();
  json_object_set_new(o, "namespace", text(k8sm_pod_namespace(pod->pod)));
  json_object_set_new(o, "name", text(k8sm_pod_name(pod->pod)));
  json_object_set_new(o, "uid", text(k8sm_pod_uid(pod->pod)));
  json_object_set_new(o, "phase", text(s.phase));
  json_object_set_new(o, "shown", shown(pod, &s));
  json_object_set_new(o, "message", text(s.message));
  json_object_set_new(o, "ready", json_integer(s.ready));
  json_object_set_new(o, "containers", json_integer(s.containers));
  json_object_set_new(o, "restarts", json_integer(s.restarts));
  json_object_set_new(o, "agent", text(s.hostname));
  json_object_set_new(o, "agentID", text(s.agent_id));
  json_object_set_new(o, "createdMillis", json_integer(created_ms(pod, &s)));
  json_object_set_new(o, "cpusMilli", json_integer(b.cpus_milli));
  json_object_set_new(o, "memMilliMB", json_integer(b.mem_milli));
  json_object_set_new(o, "ports", ports_of(ports, number));
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

/* ---- Claims ---- */

static void set_text(json_t *o, const char *name, const char *value) {
  json_object_set_new(o, name, json_string(value == NULL ? "" : value));
}

static json_t *modes_of(const struct km_claim *facts) {
  json_t *list = json_array();
  const char *at = facts == NULL || facts->modes == NULL ? "" : facts->modes;
  for (size_t n; (n = strcspn(at, ",")) > 0; at += n + (at[n] == ','))
    json_array_append_new(list, json_stringn(at, n));
  return list;
}

/* A claim as far as its object tells; it is in `all` once. */
static json_t *claim_document(const struct km_runner *r, json_t *all, const char *key) {
  const struct km_claim *facts = km_claims_facts(r, key);
  const char *slash = strchr(key, '/');
  json_t *o = json_object_get(all, key);
  if (o != NULL) return o;
  o = json_object();
  json_object_set_new(o, "namespace", json_stringn(key, (size_t)(slash - key)));
  json_object_set_new(o, "name", json_string(slash + 1));
  json_object_set_new(o, "shown", json_string("Pending"));
  json_object_set_new(o, "accessModes", modes_of(facts));
  set_text(o, "storageClass", facts == NULL ? NULL : facts->storage_class);
  json_object_set_new(o, "createdMillis", json_integer(facts == NULL ? 0 : facts->created_ms));
  json_object_set_new(all, key, o);
  return o;
}

/* Where its volume is. */
static void set_volume(json_t *o, const struct k8sm_driver_volume *v) {
  json_object_set_new(o, "volume", text(v->id));
  json_object_set_new(o, "agent", text(v->hostname));
  json_object_set_new(o, "agentID", text(v->agent_id));
  if (v->storage_class.len > 0) json_object_set_new(o, "storageClass", text(v->storage_class));
  json_object_set_new(o, "milliMB", json_integer(v->milli));
  set_text(o, "shown", v->deleting ? "Terminating" : v->supposed ? "Unknown" : "Bound");
}

/* Those that have a volume, those of the files, and what else pods wait for. */
static json_t *claim_documents(const struct km_runner *r, json_t *pods) {
  json_t *all = json_object(), *list = json_array(), *pod, *name, *o;
  struct k8sm_driver_volume volume;
  const char *key;
  size_t i, k;
  for (i = 0; i < r->claim_count; i++) {
    if (strchr(r->claims[i].name, '*') == NULL) claim_document(r, all, r->claims[i].name);
  }
  for (i = 0; k8sm_driver_volumes(r->driver, i, &volume, sizeof volume, 1) > 0; i++)
    set_volume(claim_document(r, all, volume.claim.ptr), &volume);
  json_array_foreach(pods, i, pod) {
    json_array_foreach(json_object_get(pod, "claims"), k, name)
        claim_document(r, all, json_string_value(name));
  }
  json_object_foreach(all, key, o) json_array_append(list, o);
  json_decref(all);
  return list;
}

/* ---- All of it ---- */

char *km_view_json(const struct km_runner *r) {
  json_t *document = json_object(), *pods = json_array(), *list = json_array();
  struct ports ports = read_ports(r->driver);
  struct k8sm_driver_pod pod;
  struct k8sm_control_row row;
  json_object_set_new(document, "master", json_string(r->master));
  json_object_set_new(document, "frameworkID", text(k8sm_driver_framework_id(r->driver)));
  for (size_t i = 0; k8sm_control_rows(r->workloads, i, &row, sizeof row, 1) > 0; i++) {
    json_t *o = workload_document(r->workloads, &row);
    if (o != NULL) json_array_append_new(list, o);
  }
  for (uint32_t i = 0; k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1) > 0; i++) {
    json_t *o = pod_document(&ports, i, &pod);
    if (o != NULL) json_array_append_new(pods, o);
  }
  free(ports.rows);
  json_object_set_new(document, "workloads", list);
  json_object_set_new(document, "pods", pods);
  json_object_set_new(document, "claims", claim_documents(r, pods));
  char *json = json_dumps(document, JSON_INDENT(2));
  json_decref(document);
  return json == NULL ? km_strdup("", 0) : json;
}
