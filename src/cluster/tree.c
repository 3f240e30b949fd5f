/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/tree.h"
#include "cluster/blocks.h"
#include "cluster/id_keys.h"

/* A bijection, so that no two nodes share a priority; keyed, so that no master can aim at the shape.
 * What a search finds does not depend on the shape. */
static uint32_t tree_priority(const struct k8sm_cluster *c, uint32_t n) {
  n ^= (uint32_t)c->seed;
  n = (n ^ (n >> 16)) * UINT32_C(0x7feb352d);
  n = (n ^ (n >> 15)) * UINT32_C(0x846ca68b);
  return n ^ (n >> 16);
}

static int64_t tree_key(const struct k8sm_cluster *c, const struct k8smi_cluster_slot *slot) {
  return c->key_by == K8SMI_KEY_ROOM ? k8smi_room(slot->free) : 0;
}

static bool tree_before(const struct k8sm_cluster *c, uint32_t a, uint32_t b) {
  const struct k8smi_cluster_slot *x = k8smi_slot_at(c, a), *y = k8smi_slot_at(c, b);
  if (x->key != y->key) return x->key < y->key;
  if (c->key_by == K8SMI_KEY_ROOM && x->offers != y->offers) return x->offers < y->offers;
  return k8smi_id_before(c, x, y);
}

/* A path down a large tree is a row of cache misses: both ways are fetched while one is decided on. */
static void tree_fetch(const struct k8sm_cluster *c, const struct k8smi_cluster_slot *node) {
  if (node->left != K8SMI_ROW_NONE) __builtin_prefetch(&k8smi_slot_at(c, node->left)->key);
  if (node->right != K8SMI_ROW_NONE) __builtin_prefetch(&k8smi_slot_at(c, node->right)->key);
}

static void tree_widen(struct k8smi_cluster_slot *node, const int32_t *max, const int32_t *min) {
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    if (max[s] > node->max[s]) node->max[s] = max[s];
    if (min[s] < node->min[s]) node->min[s] = min[s];
  }
}

static void tree_include(struct k8smi_cluster_slot *node, const struct k8smi_cluster_slot *child) {
  node->size += child->size;
  tree_widen(node, child->max, child->min);
}

static void tree_measure(const struct k8sm_cluster *c, struct k8smi_cluster_slot *node) {
  node->size = 1;
  for (int s = 0; s < K8SMI_SCALARS; s++) node->max[s] = node->min[s] = k8smi_number(node->free[s]);
  if (node->left != K8SMI_ROW_NONE) tree_include(node, k8smi_slot_at(c, node->left));
  if (node->right != K8SMI_ROW_NONE) tree_include(node, k8smi_slot_at(c, node->right));
}

/* The same, when a slot below has gone. True if what is above has to be measured, too. */
static bool tree_measure_again(const struct k8sm_cluster *c, struct k8smi_cluster_slot *node) {
  int32_t max[K8SMI_SCALARS], min[K8SMI_SCALARS];
  memcpy(max, node->max, sizeof max);
  memcpy(min, node->min, sizeof min);
  tree_measure(c, node);
  return memcmp(max, node->max, sizeof max) != 0 || memcmp(min, node->min, sizeof min) != 0;
}

/* Splits a subtree into what comes before the slot and what comes behind it. */
static void tree_split(const struct k8sm_cluster *c, uint32_t root, uint32_t slot, uint32_t *before,
                       uint32_t *behind) {
  if (root == K8SMI_ROW_NONE) {
    *before = *behind = K8SMI_ROW_NONE;
    return;
  }
  struct k8smi_cluster_slot *node = k8smi_slot_at(c, root);
  if (tree_before(c, root, slot)) {
    tree_split(c, node->right, slot, &node->right, behind);
    *before = root;
  } else {
    tree_split(c, node->left, slot, before, &node->left);
    *behind = root;
  }
  tree_measure(c, node);
}

static uint32_t tree_merge(const struct k8sm_cluster *c, uint32_t before, uint32_t behind) {
  if (before == K8SMI_ROW_NONE) return behind;
  if (behind == K8SMI_ROW_NONE) return before;
  bool first = tree_priority(c, before) > tree_priority(c, behind);
  struct k8smi_cluster_slot *node = k8smi_slot_at(c, first ? before : behind);
  if (first) {
    node->right = tree_merge(c, node->right, behind);
  } else {
    node->left = tree_merge(c, before, node->left);
  }
  tree_measure(c, node);
  return first ? before : behind;
}

static void tree_put(const struct k8sm_cluster *c, uint32_t *root, uint32_t slot) {
  struct k8smi_cluster_slot *node = k8smi_slot_at(c, slot);
  const uint32_t priority = tree_priority(c, slot);
  int32_t numbers[K8SMI_SCALARS];
  for (int s = 0; s < K8SMI_SCALARS; s++) numbers[s] = k8smi_number(node->free[s]);
  while (*root != K8SMI_ROW_NONE && tree_priority(c, *root) > priority) {
    struct k8smi_cluster_slot *top = k8smi_slot_at(c, *root);
    tree_fetch(c, top);
    top->size++;
    tree_widen(top, numbers, numbers);
    root = tree_before(c, *root, slot) ? &top->right : &top->left;
  }
  tree_split(c, *root, slot, &node->left, &node->right);
  tree_measure(c, node);
  *root = slot;
}

/* True if what is above has to be measured: most of it is as wide as before, without the slot. */
static bool tree_cut(const struct k8sm_cluster *c, uint32_t *root, uint32_t slot) {
  struct k8smi_cluster_slot *node = k8smi_slot_at(c, *root);
  if (*root == slot) {
    *root = tree_merge(c, node->left, node->right);
    return true;
  }
  tree_fetch(c, node);
  if (tree_cut(c, tree_before(c, *root, slot) ? &node->right : &node->left, slot))
    return tree_measure_again(c, node);
  node->size--;
  return false;
}

void k8smi_tree_insert(struct k8sm_cluster *cluster, uint32_t slot) {
  struct k8smi_cluster_slot *node = k8smi_slot_at(cluster, slot);
  node->key = tree_key(cluster, node);
  k8smi_block_set_free(cluster, slot);
  tree_put(cluster, &k8smi_role_at(cluster, node->role)->root, slot);
}

void k8smi_tree_remove(struct k8sm_cluster *cluster, uint32_t slot) {
  (void)tree_cut(cluster, &k8smi_role_at(cluster, k8smi_slot_at(cluster, slot)->role)->root, slot);
}

void k8smi_tree_update(struct k8sm_cluster *cluster, uint32_t slot, const int64_t *free_scalars) {
  k8smi_tree_remove(cluster, slot);
  memcpy(k8smi_slot_at(cluster, slot)->free, free_scalars, sizeof k8smi_slot_at(cluster, slot)->free);
  k8smi_tree_insert(cluster, slot);
}

/* ---- All slots of a role at once: sorted as lists, chained by `right`, which takes no memory either ---- */

static uint32_t tree_merge_lists(const struct k8sm_cluster *c, uint32_t a, uint32_t b) {
  uint32_t head, *end = &head;
  while (a != K8SMI_ROW_NONE && b != K8SMI_ROW_NONE) {
    uint32_t *least = tree_before(c, a, b) ? &a : &b;
    *end = *least;
    end = &k8smi_slot_at(c, *least)->right;
    *least = *end;
  }
  *end = a != K8SMI_ROW_NONE ? a : b;
  return head;
}

static uint32_t tree_sort_list(const struct k8sm_cluster *c, uint32_t list) {
  enum { LISTS = 32 }; /* list i has 2^i slots, or none */
  uint32_t sorted[LISTS], all = K8SMI_ROW_NONE;
  for (int i = 0; i < LISTS; i++) sorted[i] = K8SMI_ROW_NONE;
  while (list != K8SMI_ROW_NONE) {
    uint32_t one = list;
    int i = 0;
    list = k8smi_slot_at(c, one)->right;
    k8smi_slot_at(c, one)->right = K8SMI_ROW_NONE;
    for (; sorted[i] != K8SMI_ROW_NONE; sorted[i++] = K8SMI_ROW_NONE)
      one = tree_merge_lists(c, sorted[i], one);
    sorted[i] = one;
  }
  for (int i = 0; i < LISTS; i++) all = tree_merge_lists(c, sorted[i], all);
  return all;
}

static void tree_measure_all(const struct k8sm_cluster *c, uint32_t root) {
  if (root == K8SMI_ROW_NONE) return;
  struct k8smi_cluster_slot *node = k8smi_slot_at(c, root);
  tree_measure_all(c, node->left);
  tree_measure_all(c, node->right);
  tree_measure(c, node);
}

/* Each slot comes in behind the last one: below the first above that whose priority is higher. While the tree
 * grows, `size` is the number of the slot above. */
static uint32_t tree_of_list(const struct k8sm_cluster *c, uint32_t list) {
  uint32_t root = K8SMI_ROW_NONE, last = K8SMI_ROW_NONE;
  while (list != K8SMI_ROW_NONE) {
    const uint32_t slot = list;
    struct k8smi_cluster_slot *node = k8smi_slot_at(c, slot);
    list = node->right;
    while (last != K8SMI_ROW_NONE && tree_priority(c, last) < tree_priority(c, slot))
      last = k8smi_slot_at(c, last)->size;
    uint32_t *link = last == K8SMI_ROW_NONE ? &root : &k8smi_slot_at(c, last)->right;
    if (*link != K8SMI_ROW_NONE) k8smi_slot_at(c, *link)->size = slot;
    node->left = *link;
    node->right = K8SMI_ROW_NONE;
    node->size = last;
    *link = last = slot;
  }
  tree_measure_all(c, root);
  return root;
}

void k8smi_tree_key_by(struct k8sm_cluster *cluster, uint32_t key_by) {
  if (cluster->key_by == key_by) return;
  cluster->key_by = key_by;
  for (uint32_t i = 0; i < cluster->roles.high; i++) {
    if (k8smi_table_used(&cluster->roles, i)) k8smi_role_at(cluster, i)->root = K8SMI_ROW_NONE;
  }
  for (uint32_t i = (uint32_t)cluster->slots.high; i-- > 0;) { /* backwards: they are put before each other */
    if (!k8smi_table_used(&cluster->slots, i)) continue;
    struct k8smi_cluster_slot *slot = k8smi_slot_at(cluster, i);
    slot->key = tree_key(cluster, slot);
    slot->right = k8smi_role_at(cluster, slot->role)->root;
    k8smi_role_at(cluster, slot->role)->root = i;
  }
  for (uint32_t i = 0; i < cluster->roles.high; i++) {
    if (!k8smi_table_used(&cluster->roles, i)) continue;
    struct k8smi_role *role = k8smi_role_at(cluster, i);
    role->root = tree_of_list(cluster, tree_sort_list(cluster, role->root));
  }
}

/* False if nothing below has as much of each. */
static bool tree_may_cover(const struct k8smi_cluster_slot *node, const int64_t *need) {
  return node->max[K8SMI_CPUS] >= k8smi_number(need[K8SMI_CPUS]) &&
         node->max[K8SMI_MEM] >= k8smi_number(need[K8SMI_MEM]) &&
         node->max[K8SMI_DISK] >= k8smi_number(need[K8SMI_DISK]);
}

uint32_t k8smi_tree_search(struct k8smi_search *search, uint32_t root) {
  if (root == K8SMI_ROW_NONE || search->over) return K8SMI_ROW_NONE;
  if (search->is_vain != NULL && search->patience-- == 0) search->over = search->is_vain(search->asked);
  if (search->over) return K8SMI_ROW_NONE;
  const struct k8smi_cluster_slot *node = k8smi_slot_at(search->cluster, root);
  if (!tree_may_cover(node, search->need)) return K8SMI_ROW_NONE;
  bool left = node->key >= search->least_key; /* else all on the left is below it as well */
  uint32_t found = K8SMI_ROW_NONE;
  if (search->last || left) found = k8smi_tree_search(search, search->last ? node->right : node->left);
  if (found != K8SMI_ROW_NONE || search->over) return found;
  if (left && k8smi_scalars_cover(node->free, search->need) && search->fits(search, root)) return root;
  if (search->last && !left) return K8SMI_ROW_NONE;
  return k8smi_tree_search(search, search->last ? node->left : node->right);
}

uint32_t k8smi_tree_count_less(const struct k8sm_cluster *cluster, uint32_t root, int scalar, int64_t least,
                               size_t *patience) {
  if (root == K8SMI_ROW_NONE || *patience == 0) return 0;
  --*patience;
  const struct k8smi_cluster_slot *node = k8smi_slot_at(cluster, root);
  if (node->max[scalar] < k8smi_number(least)) return node->size;
  if (node->min[scalar] >= least) return 0; /* never, where `least` is more than numbers are */
  return (node->free[scalar] < least) + k8smi_tree_count_less(cluster, node->left, scalar, least, patience) +
         k8smi_tree_count_less(cluster, node->right, scalar, least, patience);
}
