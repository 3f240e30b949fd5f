/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest says of nodes and namespaces. */
#include "base/findings.h"
#include "base/sort.h"
#include "cluster/cluster.h"
#include "pod/manifest.h"
#include "pod/requests.h"

struct objects_job {
  struct k8sm_cluster *cluster;
  struct k8sm_diags *diags;
  uint32_t *by_host; /* the known agents, by hostname and then by id */
  size_t count;
};

/* ---- Which agents a node is ---- */

static struct k8sm_slice objects_host(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_hostname(k8smi_agent_at(c, row)->labels);
}

static int objects_host_order(const void *a, const void *b, const void *ctx) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  int by_host = k8smi_cmp(objects_host(ctx, x), objects_host(ctx, y));
  return by_host != 0 ? by_host : k8smi_cmp(k8smi_agent_at(ctx, x)->id, k8smi_agent_at(ctx, y)->id);
}

/* The first agent whose hostname is not before a name. */
static size_t objects_find_host(const struct objects_job *job, struct k8sm_slice name) {
  size_t low = 0, high = job->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (k8smi_cmp(objects_host(job->cluster, job->by_host[middle]), name) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static bool objects_sort_hosts(struct objects_job *job) {
  const struct k8smi_order *agents = k8smi_agents_in_order(job->cluster);
  if (job->by_host != NULL || agents->count == 0) return true;
  job->by_host = k8smi_alloc(&job->cluster->allocator, agents->count * sizeof *job->by_host);
  if (job->by_host == NULL) return false;
  job->count = agents->count;
  memcpy(job->by_host, agents->rows, agents->count * sizeof *job->by_host);
  k8smi_sort(job->by_host, job->count, sizeof *job->by_host, objects_host_order, job->cluster);
  return true;
}

/* ---- Nodes ---- */

static struct k8smi_list objects_labels(const struct k8smi_record *record) {
  return k8smi_get_list(k8smi_get_record(record, K8SMI_Pod_metadata), K8SMI_ObjectMeta_labels);
}

static void objects_put_labels(struct k8smi_list labels, struct k8sm_node_label *to) {
  for (size_t i = 0; i < labels.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(labels, i);
    to[i] = (struct k8sm_node_label){pair.key.ptr, pair.value.ptr};
  }
}

static void objects_put_taints(struct k8smi_list taints, struct k8sm_node_taint *to) {
  for (size_t i = 0; i < taints.count; i++) {
    const struct k8smi_record *taint = k8smi_list_record(taints, i);
    to[i] = (struct k8sm_node_taint){k8smi_get_str(taint, K8SMI_Taint_key).ptr,
                                     k8smi_get_str(taint, K8SMI_Taint_value).ptr,
                                     k8smi_get_str(taint, K8SMI_Taint_effect).ptr};
  }
}

/* What of a resource pods may have in all; 0: it does not say. */
static struct k8smi_amount objects_amount(const struct k8smi_record *node, const char *name) {
  struct k8smi_amount amount = {0, 0, 0};
  const struct k8smi_record *status = k8smi_get_record(node, K8SMI_Node_status);
  bool stated = k8smi_resource_get(status, K8SMI_NodeStatus_allocatable, name, &amount) ||
                k8smi_resource_get(status, K8SMI_NodeStatus_capacity, name, &amount);
  return stated && amount.whole >= 0 ? amount : (struct k8smi_amount){0, 0, 0};
}

/* To the agents with the node's name as hostname or id; else to the one that will have the id. */
static int objects_set_by_name(struct objects_job *job, struct k8sm_slice name,
                               const struct k8sm_node *node) {
  struct k8sm_cluster *c = job->cluster;
  uint32_t by_id = k8smi_agent_find(c, name);
  size_t i = objects_find_host(job, name), set = 0;
  int result = K8SM_OK;
  for (; result == K8SM_OK && i < job->count && k8smi_eq(objects_host(c, job->by_host[i]), name); i++) {
    result = k8sm_cluster_set_node(c, k8smi_agent_at(c, job->by_host[i])->id, node, job->diags);
    if (job->by_host[i] == by_id) by_id = K8SMI_MAP_NONE;
    set++;
  }
  if (result != K8SM_OK || (set > 0 && by_id == K8SMI_MAP_NONE)) return result;
  return k8sm_cluster_set_node(c, name, node, job->diags);
}

static int objects_node(struct objects_job *job, const struct k8smi_manifest_object *object) {
  const struct k8sm_allocator *allocator = &job->cluster->allocator;
  const struct k8smi_record *spec = k8smi_get_record(object->record, K8SMI_Node_spec);
  struct k8smi_list labels = objects_labels(object->record);
  struct k8smi_list taints = k8smi_get_list(spec, K8SMI_NodeSpec_taints);
  size_t block =
      labels.count * sizeof(struct k8sm_node_label) + taints.count * sizeof(struct k8sm_node_taint);
  struct k8sm_node_label *rows = block == 0 ? NULL : k8smi_alloc(allocator, block);
  if ((block != 0 && rows == NULL) || !objects_sort_hosts(job)) {
    k8smi_free(allocator, rows, block);
    return k8smi_find_nomem(job->diags, K8SM_ERR_NOMEM);
  }
  struct k8sm_node_taint *taint_rows = (struct k8sm_node_taint *)(void *)(rows + labels.count);
  if (labels.count > 0) objects_put_labels(labels, rows);
  if (taints.count > 0) objects_put_taints(taints, taint_rows);
  const struct k8sm_node node = {
      .size = sizeof node,
      .labels = rows,
      .label_count = labels.count,
      .label_size = sizeof *rows,
      .taints = taint_rows,
      .taint_count = taints.count,
      .taint_size = sizeof *taint_rows,
      .cpus_milli = k8smi_amount_milli(objects_amount(object->record, "cpu")),
      .mem_milli = k8smi_amount_mb_milli(objects_amount(object->record, "memory")),
      .disk_milli = k8smi_amount_mb_milli(objects_amount(object->record, "ephemeral-storage")),
      .unschedulable = k8smi_get_bool(spec, K8SMI_NodeSpec_unschedulable, false)};
  int result = objects_set_by_name(job, object->row.name, &node);
  k8smi_free(allocator, rows, block);
  return result;
}

/* ---- Namespaces ---- */

static int objects_namespace(struct objects_job *job, const struct k8smi_manifest_object *object) {
  const struct k8sm_allocator *allocator = &job->cluster->allocator;
  struct k8smi_list labels = objects_labels(object->record);
  size_t block = labels.count * sizeof(struct k8sm_node_label);
  struct k8sm_node_label *rows = block == 0 ? NULL : k8smi_alloc(allocator, block);
  if (block != 0 && rows == NULL) return k8smi_find_nomem(job->diags, K8SM_ERR_NOMEM);
  if (labels.count > 0) objects_put_labels(labels, rows);
  int result = k8sm_cluster_set_namespace(job->cluster, object->row.name, rows, labels.count, sizeof *rows,
                                          job->diags);
  k8smi_free(allocator, rows, block);
  return result;
}

int k8sm_cluster_set_objects(struct k8sm_cluster *cluster, const struct k8sm_manifest *manifest,
                             struct k8sm_diags *diags) {
  struct objects_job job = {.cluster = cluster, .diags = diags};
  const struct k8smi_manifest_object *objects = manifest->objects.items;
  int result = K8SM_OK;
  for (size_t i = 0; result == K8SM_OK && i < manifest->objects.count; i++) {
    if (objects[i].type == K8SMI_TYPE_Node) result = objects_node(&job, &objects[i]);
    if (objects[i].type == K8SMI_TYPE_Namespace) result = objects_namespace(&job, &objects[i]);
  }
  k8smi_free(&cluster->allocator, job.by_host, job.count * sizeof *job.by_host);
  return result;
}
