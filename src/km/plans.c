/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct km_report report;

static struct k8sm_demand_options options_of(const struct km_set *set, const struct km_demand_flags *flags) {
  struct k8sm_demand_options options = km_demand_options(flags);
  options.data = set->data;
  options.data_count = set->data_count;
  options.data_size = sizeof *set->data;
  options.nonce = "0";
  return options;
}

/* Another pod of its workload was mapped before: what is to be said of the template has been said. */
static bool is_replica(const struct km_set *set, size_t number) {
  return number > 0 && set->pods[number].workload != NULL &&
         set->pods[number - 1].workload == set->pods[number].workload;
}

/* Warnings and notes that were printed, and how many like them were not. */
struct heard {
  uint64_t sums[1000];
  size_t count;
  size_t again, pods;
};

static uint64_t sum_of(const struct k8sm_diag *row) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325);
  const char *const texts[] = {report.text + row->path, report.text + row->message};
  for (size_t i = 0; i < 2; i++) {
    for (const char *c = texts[i]; *c != '\0'; c++) sum = (sum ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    sum *= UINT64_C(0x100000001b3);
  }
  return sum;
}

static bool is_new(struct heard *h, const struct k8sm_diag *row) {
  uint64_t sum = sum_of(row);
  for (size_t i = 0; i < h->count; i++) {
    if (h->sums[i] == sum) return false;
  }
  if (h->count < sizeof h->sums / sizeof h->sums[0]) h->sums[h->count++] = sum;
  return true;
}

/* Takes out of the report what was said of another pod. */
static void drop_heard(struct heard *h) {
  size_t kept = 0, n = report.diags.count < report.diags.cap ? report.diags.count : report.diags.cap;
  for (size_t i = 0; i < n; i++) {
    if (report.rows[i].severity == K8SM_SEVERITY_ERROR || is_new(h, &report.rows[i]))
      report.rows[kept++] = report.rows[i];
  }
  report.diags.count -= n - kept;
  h->again += n - kept;
  h->pods += kept < n;
}

/* NULL, with findings printed, if the pod can't be mapped; warnings are printed in any case, or (`heard`)
 * only those that are new. */
static struct k8sm_demand *demand_of(const struct km_set *set, size_t number, const struct k8sm_pod *pod,
                                     const struct k8sm_demand_options *options, struct heard *heard) {
  struct km_source source = km_set_source(set, &set->pods[number]);
  struct k8sm_demand *demand = NULL;
  km_report_begin(&report);
  int result = k8sm_demand_make(pod, options, &demand, &report.diags);
  if (result != K8SM_OK && report.diags.count == 0) km_report_result("mapping a pod", result);
  if (heard != NULL && !is_replica(set, number)) drop_heard(heard);
  if (result != K8SM_OK || !is_replica(set, number))
    km_report_end(&report, &source, set->pods[number].document);
  return result == K8SM_OK ? demand : NULL;
}

struct k8sm_demand **km_demands_make(const struct km_set *set, const struct km_demand_flags *flags,
                                     size_t *ret_made) {
  struct k8sm_demand **demands = km_alloc(NULL, (set->pod_count + 1) * sizeof *demands);
  struct k8sm_demand_options options = options_of(set, flags);
  *ret_made = 0;
  for (size_t i = 0; i < set->pod_count; i++) {
    demands[i] = demand_of(set, i, set->pods[i].pod, &options, NULL);
    *ret_made += demands[i] != NULL;
  }
  return demands;
}

/* A pod as it will be, under any uid: of a StatefulSet the first one, since its claims are volumes of its
 * pods and not of its template. */
static struct k8sm_pod *example_of(const struct km_pod *pod) {
  struct k8sm_instance_options options = {.size = sizeof options};
  struct k8sm_stateful_set_spec spec = {.size = sizeof spec};
  struct k8sm_pod *instance = NULL, *ret = NULL;
  int result = K8SM_OK;
  if (pod->workload != NULL && k8sm_workload_get_stateful_set(pod->workload, &spec) == K8SM_OK)
    result = k8sm_workload_pod(pod->workload, &options, &instance, NULL);
  if (result == K8SM_OK)
    result = k8sm_pod_with_uid(instance == NULL ? pod->pod : instance, NULL, NULL, &ret, NULL);
  if (result != K8SM_OK) km_report_result("mapping a pod", result);
  k8sm_pod_unref(instance);
  return ret;
}

int km_set_try(const struct km_set *set, const struct km_demand_flags *flags) {
  struct k8sm_demand_options options = options_of(set, flags);
  struct heard heard = {.count = 0};
  int code = KM_DONE;
  for (size_t i = 0; i < set->pod_count; i++) {
    struct k8sm_pod *pod = example_of(&set->pods[i]);
    if (pod == NULL) return KM_FAILED;
    struct k8sm_demand *demand = demand_of(set, i, pod, &options, &heard);
    if (demand == NULL) code = KM_FAILED;
    k8sm_demand_unref(demand);
    k8sm_pod_unref(pod);
  }
  if (heard.again > 0)
    fprintf(stderr, "km: the same %s true of %zu more pod%s\n",
            heard.again > 1 ? "warnings and notes are" : "is", heard.pods, heard.pods == 1 ? "" : "s");
  return code;
}

void km_demands_free(struct k8sm_demand **demands, size_t count) {
  for (size_t i = 0; i < count; i++) k8sm_demand_unref(demands[i]);
  free(demands);
}

/* An offer that the master has taken back is not there any more, or will not be. */
static int rescind(struct k8sm_cluster *cluster, struct k8sm_slice event, uint32_t format) {
  struct k8sm_blob *blob;
  int result = k8sm_message_convert(K8SM_MESSAGE_EVENT, event.ptr, event.len, format, K8SM_FORMAT_JSON, NULL,
                                    &blob, &report.diags);
  if (result != K8SM_OK) return result;
  json_t *json = json_loadb(k8sm_blob_bytes(blob).ptr, k8sm_blob_bytes(blob).len, 0, NULL);
  const char *id = NULL;
  json_unpack(json, "{s:{s:{s:s}}}", "rescind", "offer_id", "value", &id);
  if (id != NULL) k8sm_cluster_remove(cluster, (struct k8sm_slice){id, strlen(id)});
  json_decref(json);
  k8sm_blob_unref(blob);
  return K8SM_OK;
}

/* Takes one event in. Those of other types are passed over: a recorded stream has them too. One that can't be
 * read is read as OFFERS, which says what is wrong with it. */
static int add_event(struct k8sm_cluster *cluster, struct k8sm_slice event, uint32_t format) {
  const char *type;
  int result = k8sm_event_type(event.ptr, event.len, format, &type);
  if (result != K8SM_OK) type = "OFFERS";
  if (strcmp(type, "RESCIND") == 0) return rescind(cluster, event, format);
  if (strcmp(type, "OFFERS") != 0) return K8SM_OK;
  struct k8sm_offers_options options = {.size = sizeof options, .format = format};
  struct k8sm_offers *offers;
  result = k8sm_offers_parse(event.ptr, event.len, &options, &offers, &report.diags);
  if (result != K8SM_OK) return result;
  result = k8sm_cluster_add(cluster, offers, 0, &report.diags);
  k8sm_offers_unref(offers);
  return result;
}

static int add_events(struct k8sm_cluster *cluster, const char *bytes, size_t len) {
  size_t offset = 0, events = 0;
  int result;
  for (;;) {
    struct k8sm_slice event;
    uint32_t format;
    result = k8sm_message_next(bytes, len, &offset, &event, &format, &report.diags);
    if (result != K8SM_OK) break;
    events++;
    if ((result = add_event(cluster, event, format)) != K8SM_OK) return result;
  }
  if (result == K8SM_ERR_NOT_FOUND && events > 0) return K8SM_OK;
  return result == K8SM_ERR_NOT_FOUND ? K8SM_ERR_SYNTAX : result;
}

static int add_objects(struct k8sm_cluster *cluster, const struct km_set *set) {
  int result = K8SM_OK;
  for (size_t i = 0; result == K8SM_OK && i < set->file_count; i++) {
    const struct km_file *f = &set->files[i];
    struct km_source source = {f->name, f->bytes, f->len, ""};
    km_report_begin(&report);
    result = k8sm_cluster_set_objects(cluster, f->manifest, &report.diags);
    if (result != K8SM_OK && report.diags.errors == 0) km_report_result(f->name, result);
    km_report_end(&report, &source, -1);
  }
  return result;
}

struct k8sm_cluster *km_cluster_load(const char *offers_file, const struct km_set *set, uint32_t features) {
  const struct k8sm_cluster_options options = {.size = sizeof options, .features = features};
  char *bytes;
  size_t len;
  struct k8sm_cluster *cluster;
  if (!km_read_file(offers_file, &bytes, &len)) return NULL;
  km_report_begin(&report);
  int result = k8sm_cluster_new(&options, &cluster, &report.diags);
  if (result != K8SM_OK) cluster = NULL;
  if (result == K8SM_OK) result = add_events(cluster, bytes, len);
  if (result != K8SM_OK && report.diags.errors == 0) km_report_no_events(offers_file, len);
  struct km_source source = {offers_file, NULL, 0, NULL};
  km_report_end(&report, &source, -1);
  free(bytes);
  if (result == K8SM_OK) result = add_objects(cluster, set);
  if (result == K8SM_OK) return cluster;
  k8sm_cluster_free(cluster);
  return NULL;
}

/* The agent with that hostname or id; one that is not known may come. */
static struct k8sm_slice agent_named(const struct k8sm_cluster *cluster, struct k8sm_slice name) {
  struct k8sm_agent row;
  for (size_t i = 0; k8sm_cluster_agents(cluster, i, &row, sizeof row, 1) > 0; i++) {
    if (row.hostname.len == name.len && memcmp(row.hostname.ptr, name.ptr, name.len) == 0) return row.id;
  }
  return name;
}

static int add_running_pod(struct k8sm_cluster *cluster, const struct km_set *set, size_t number,
                           const struct k8sm_demand *demand) {
  const struct k8sm_pod *pod = set->pods[number].pod;
  struct k8sm_pod_value node;
  char key[600];
  if (k8sm_pod_get_value(pod, "spec.nodeName", &node, sizeof node) != K8SM_OK || node.text.len == 0) {
    fprintf(stderr, "%s: %s runs nowhere: it has no spec.nodeName\n", set->files[set->pods[number].file].name,
            km_pod_key(pod, key, sizeof key));
    return KM_FAILED;
  }
  int result = k8sm_cluster_add_pod(cluster, demand, agent_named(cluster, node.text), NULL);
  if (result != K8SM_OK) km_report_result("adding a pod that runs", result);
  return result == K8SM_OK ? KM_DONE : KM_FAILED;
}

int km_cluster_add_running(struct k8sm_cluster *cluster, const struct km_texts *names,
                           const struct km_demand_flags *flags) {
  struct km_set set;
  size_t made = 0;
  if (names->count == 0) return KM_DONE;
  int code = km_set_load(&set, names, 0);
  if (code == KM_DONE) code = km_set_name_uids(&set);
  struct k8sm_demand **demands = code == KM_DONE ? km_demands_make(&set, flags, &made) : NULL;
  if (code == KM_DONE && made != set.pod_count) code = KM_FAILED;
  for (size_t i = 0; code == KM_DONE && i < set.pod_count; i++)
    code = add_running_pod(cluster, &set, i, demands[i]);
  if (demands != NULL) km_demands_free(demands, set.pod_count);
  km_set_free(&set);
  return code;
}
