/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/answers.h"

static void answers_free_room(const struct k8sm_cluster *c, struct k8smi_answers *a) {
  k8smi_free(&c->allocator, a->answers, a->cap * sizeof *a->answers);
  k8smi_free(&c->allocator, a->fits, a->cap * sizeof *a->fits);
  a->answers = NULL;
  a->fits = NULL;
  a->cap = 0;
}

static void answers_free(const struct k8sm_cluster *c, struct k8smi_answers *a) {
  answers_free_room(c, a);
  k8smi_text_free(&c->allocator, a->key);
  k8smi_free(&c->allocator, a, sizeof *a);
}

static struct k8smi_answers *answers_new(struct k8sm_cluster *c, struct k8sm_slice key) {
  struct k8smi_answers_list *all = c->answers;
  void *items = all->items;
  bool room = k8smi_grow(&c->allocator, &items, &all->cap, all->count + 1, sizeof(struct k8smi_answers *));
  all->items = items;
  if (!room) return NULL;
  struct k8smi_answers *a = k8smi_zalloc(&c->allocator, sizeof *a);
  if (a == NULL) return NULL;
  if (!k8smi_text_own(&c->allocator, key, &a->key) ||
      !k8smi_map_put(&all->by_key, a->key, (uint32_t)all->count)) {
    answers_free(c, a);
    return NULL;
  }
  all->items[all->count++] = a;
  return a;
}

static bool answers_reserve(const struct k8sm_cluster *c, struct k8smi_answers *a) {
  size_t agents = c->agents.high;
  if (a->cap >= agents) return true;
  answers_free_room(c, a);
  a->answers = k8smi_alloc(&c->allocator, agents * sizeof *a->answers);
  a->fits = k8smi_alloc(&c->allocator, agents * sizeof *a->fits);
  if (a->answers != NULL && a->fits != NULL) {
    a->cap = agents;
    return true;
  }
  if (a->answers != NULL) k8smi_free(&c->allocator, a->answers, agents * sizeof *a->answers);
  if (a->fits != NULL) k8smi_free(&c->allocator, a->fits, agents * sizeof *a->fits);
  a->answers = NULL;
  a->fits = NULL;
  return false;
}

static struct k8smi_answers *answers_get(const struct k8sm_cluster *c, struct k8sm_slice key) {
  uint32_t number = k8smi_map_get(&c->answers->by_key, key);
  return number == K8SMI_MAP_NONE ? NULL : c->answers->items[number];
}

struct k8smi_answers *k8smi_answers_find(const struct k8sm_cluster *cluster, struct k8sm_slice key,
                                         uint64_t rows) {
  struct k8smi_answers *a = answers_get(cluster, key);
  return a != NULL && a->made == cluster->label_changes && a->made != 0 && a->rows == rows ? a : NULL;
}

struct k8smi_answers *k8smi_answers_renew(struct k8sm_cluster *cluster, struct k8sm_slice key,
                                          uint64_t rows) {
  struct k8smi_answers *a = answers_get(cluster, key);
  if (a == NULL) a = answers_new(cluster, key);
  if (a == NULL) return NULL;
  a->made = 0;
  if (!answers_reserve(cluster, a)) return NULL;
  a->rows = rows;
  a->fit_count = 0;
  memset(a->counts, 0, sizeof a->counts);
  return a;
}

void k8smi_answers_clear(struct k8sm_cluster *cluster) {
  struct k8smi_answers_list *all = cluster->answers;
  k8smi_map_free(&all->by_key);
  while (all->count > 0) answers_free(cluster, all->items[--all->count]);
  k8smi_free(&cluster->allocator, all->items, all->cap * sizeof(struct k8smi_answers *));
  all->items = NULL;
  all->cap = 0;
}

void k8smi_answers_trim(struct k8sm_cluster *cluster) {
  if (cluster->answers->count > K8SMI_ANSWERS_MAX) k8smi_answers_clear(cluster);
}
