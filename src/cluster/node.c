/* SPDX-License-Identifier: Apache-2.0 */
/* What the caller says of an agent, copied into one block: rows first, then texts. */
#include "cluster/node.h"
#include "base/abi.h"
#include "base/sort.h"

struct node_job {
  struct k8sm_node from;
  struct k8sm_diags *diags;
  struct k8smi_node *node;
  char *text; /* where the next one goes; NULL: only their size is wanted */
  size_t bytes;
};

static struct k8sm_slice node_text(struct node_job *job, const char *text) {
  struct k8sm_slice from = k8smi_s(text == NULL ? "" : text);
  struct k8sm_slice to = {job->text, from.len};
  job->bytes += from.len + 1;
  if (job->text == NULL) return to;
  memcpy(job->text, from.ptr, from.len + 1);
  job->text += from.len + 1;
  return to;
}

static bool node_taint(struct node_job *job, size_t i, struct k8smi_taint *to) {
  struct k8sm_node_taint row;
  k8smi_row_read(&row, sizeof row, job->from.taints, job->from.taint_size, i);
  struct k8smi_taint taint = {.effect = k8smi_effect_of(k8smi_s(row.effect))};
  taint.key = node_text(job, row.key);
  taint.value = node_text(job, row.value);
  if (to != NULL) *to = taint;
  if (taint.effect != K8SMI_EFFECT_ANY && taint.key.len > 0) return true;
  struct k8smi_path list = k8smi_path_field(NULL, K8SMI_S("taints")), path = k8smi_path_index(&list, i);
  k8smi_find(job->diags, K8SM_DIAG_OPTION_INVALID, &path,
             "a taint has a key, and an effect that is NoSchedule, PreferNoSchedule or NoExecute, not '%.*s'",
             K8SMI_P(k8smi_s(row.effect)));
  return false;
}

/* With job->text NULL: counts the texts and checks the rows. */
static bool node_rows(struct node_job *job, struct k8smi_pair *labels, struct k8smi_taint *taints) {
  bool fine = true;
  for (size_t i = 0; i < job->from.label_count; i++) {
    struct k8sm_node_label row;
    k8smi_row_read(&row, sizeof row, job->from.labels, job->from.label_size, i);
    struct k8smi_pair pair = {.key = node_text(job, row.key)};
    pair.value = node_text(job, row.value);
    if (labels != NULL) labels[i] = pair;
  }
  for (size_t i = 0; i < job->from.taint_count; i++) {
    fine = node_taint(job, i, taints == NULL ? NULL : &taints[i]) && fine;
  }
  return fine;
}

static int node_pair_order(const void *a, const void *b, const void *ctx) {
  (void)ctx;
  return k8smi_cmp(((const struct k8smi_pair *)a)->key, ((const struct k8smi_pair *)b)->key);
}

static bool node_labels_differ(struct node_job *job, const struct k8smi_pair *labels) {
  struct k8smi_path list = k8smi_path_field(NULL, K8SMI_S("labels"));
  for (size_t i = 1; i < job->from.label_count; i++) {
    if (!k8smi_eq(labels[i - 1].key, labels[i].key)) continue;
    struct k8smi_path path = k8smi_path_key(&list, labels[i].key);
    k8smi_find(job->diags, K8SM_DIAG_OPTION_INVALID, &path,
               "the label stands there twice, with '%.*s' and '%.*s': expected each key once",
               K8SMI_P(labels[i - 1].value), K8SMI_P(labels[i].value));
    return false;
  }
  return true;
}

static bool node_block(const struct node_job *job, size_t *ret) {
  size_t labels, taints;
  return k8smi_mul(job->from.label_count, sizeof(struct k8smi_pair), &labels) &&
         k8smi_mul(job->from.taint_count, sizeof(struct k8smi_taint), &taints) &&
         k8smi_add(labels, taints, ret) && k8smi_add(*ret, job->bytes, ret) &&
         k8smi_add(*ret, sizeof(struct k8smi_node), ret);
}

int k8smi_node_make(const struct k8sm_allocator *allocator, const struct k8sm_node *from,
                    struct k8smi_node **ret, struct k8sm_diags *diags) {
  struct node_job job = {.diags = diags};
  size_t block;
  int result = k8smi_options_read(&job.from, sizeof job.from, from, "node", diags);
  if (result != K8SM_OK) return result;
  if (!node_rows(&job, NULL, NULL)) return K8SM_ERR_INVALID;
  struct k8smi_node *node = node_block(&job, &block) ? k8smi_zalloc(allocator, block) : NULL;
  if (node == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  struct k8smi_pair *labels = (struct k8smi_pair *)(void *)(node + 1);
  struct k8smi_taint *taints = (struct k8smi_taint *)(void *)(labels + job.from.label_count);
  job.text = (char *)(taints + job.from.taint_count);
  (void)node_rows(&job, labels, taints); /* it was fine before */
  k8smi_sort(labels, job.from.label_count, sizeof *labels, node_pair_order, NULL);
  node->block = block;
  node->labels = (struct k8smi_pair_list){labels, job.from.label_count};
  node->taints = (struct k8smi_taints){taints, job.from.taint_count};
  node->size[K8SMI_CPUS] = job.from.cpus_milli;
  node->size[K8SMI_MEM] = job.from.mem_milli;
  node->size[K8SMI_DISK] = job.from.disk_milli;
  node->unschedulable = job.from.unschedulable != 0;
  if (!node_labels_differ(&job, labels)) {
    k8smi_node_free(node, allocator);
    return K8SM_ERR_INVALID;
  }
  *ret = node;
  return K8SM_OK;
}

void k8smi_node_free(struct k8smi_node *node, const struct k8sm_allocator *allocator) {
  if (node != NULL) k8smi_free(allocator, node, node->block);
}
