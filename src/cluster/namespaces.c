/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of namespaces, as they are handed in. */
#include "base/abi.h"
#include "base/findings.h"
#include "cluster/cluster.h"

#define NAMESPACES_NAME "kubernetes.io/metadata.name"

/* Labels are held as a node's are. The numbers of those that are forgotten are used again. */
struct k8smi_namespace {
  struct k8sm_slice name; /* a block of its own; ptr NULL: free */
  struct k8smi_node *labels;
};

struct k8smi_pair_list k8smi_namespace_labels(const struct k8sm_cluster *cluster, struct k8sm_slice name,
                                              struct k8smi_pair *scratch) {
  uint32_t row = k8smi_map_get(&cluster->namespace_map, name);
  if (row != K8SMI_MAP_NONE) return cluster->namespaces[row].labels->labels;
  *scratch = (struct k8smi_pair){K8SMI_S(NAMESPACES_NAME), name};
  return (struct k8smi_pair_list){scratch, 1};
}

static void namespaces_drop(struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_namespace *space = &c->namespaces[row];
  k8smi_map_remove(&c->namespace_map, space->name);
  k8smi_text_free(&c->allocator, space->name);
  k8smi_node_free(space->labels, &c->allocator);
  *space = (struct k8smi_namespace){{NULL, 0}, NULL};
}

void k8smi_namespaces_free(struct k8sm_cluster *c) {
  for (uint32_t i = 0; i < c->namespace_count; i++) {
    if (c->namespaces[i].name.ptr != NULL) namespaces_drop(c, i);
  }
  k8smi_map_free(&c->namespace_map);
  k8smi_free(&c->allocator, c->namespaces, c->namespace_cap * sizeof *c->namespaces);
}

static uint32_t namespaces_free_row(struct k8sm_cluster *c) {
  uint32_t row = 0;
  void *items = c->namespaces;
  while (row < c->namespace_count && c->namespaces[row].name.ptr != NULL) row++;
  if (row < c->namespace_count) return row;
  bool room = k8smi_grow(&c->allocator, &items, &c->namespace_cap, row + (size_t)1, sizeof *c->namespaces);
  c->namespaces = items;
  return room ? row : K8SMI_ROW_NONE;
}

/* The labels with that of the name among them. Errors: INVALID, NOMEM. */
static int namespaces_make(struct k8sm_cluster *c, struct k8sm_slice name,
                           const struct k8sm_node_label *labels, size_t count, size_t label_size,
                           struct k8smi_node **ret, struct k8sm_diags *diags) {
  size_t bytes, all = 0;
  if (!k8smi_mul(count + 1, sizeof *labels, &bytes)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  struct k8sm_node_label *rows = k8smi_alloc(&c->allocator, bytes);
  struct k8sm_slice text = {NULL, 0};
  if (rows == NULL || !k8smi_text_own(&c->allocator, name, &text)) {
    k8smi_free(&c->allocator, rows, bytes);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  rows[all++] = (struct k8sm_node_label){NAMESPACES_NAME, text.ptr};
  for (size_t i = 0; i < count; i++) {
    struct k8sm_node_label row;
    k8smi_row_read(&row, sizeof row, labels, label_size, i);
    if (row.key == NULL || strcmp(row.key, NAMESPACES_NAME) != 0) rows[all++] = row;
  }
  const struct k8sm_node node = {
      .size = sizeof node, .labels = rows, .label_count = all, .label_size = sizeof *rows};
  int result = k8smi_node_make(&c->allocator, &node, ret, diags);
  k8smi_text_free(&c->allocator, text);
  k8smi_free(&c->allocator, rows, bytes);
  return result;
}

/* A row for a namespace that has none. */
static uint32_t namespaces_new(struct k8sm_cluster *c, struct k8sm_slice name) {
  uint32_t row = namespaces_free_row(c);
  struct k8sm_slice own;
  if (row == K8SMI_ROW_NONE || !k8smi_text_own(&c->allocator, name, &own)) return K8SMI_ROW_NONE;
  if (!k8smi_map_put(&c->namespace_map, own, row)) {
    k8smi_text_free(&c->allocator, own);
    return K8SMI_ROW_NONE;
  }
  c->namespaces[row] = (struct k8smi_namespace){own, NULL};
  if (row == c->namespace_count) c->namespace_count++;
  return row;
}

int k8sm_cluster_set_namespace(struct k8sm_cluster *cluster, struct k8sm_slice name,
                               const struct k8sm_node_label *labels, size_t count, size_t label_size,
                               struct k8sm_diags *diags) {
  struct k8smi_node *made = NULL;
  uint32_t row = k8smi_map_get(&cluster->namespace_map, name);
  if (count == 0) {
    if (row != K8SMI_MAP_NONE) namespaces_drop(cluster, row);
    cluster->generation++;
    return K8SM_OK;
  }
  int result = namespaces_make(cluster, name, labels, count, label_size, &made, diags);
  if (result != K8SM_OK) return result;
  if (row == K8SMI_MAP_NONE) row = namespaces_new(cluster, name);
  if (row == K8SMI_ROW_NONE) {
    k8smi_node_free(made, &cluster->allocator);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  k8smi_node_free(cluster->namespaces[row].labels, &cluster->allocator);
  cluster->namespaces[row].labels = made;
  cluster->generation++;
  return K8SM_OK;
}
