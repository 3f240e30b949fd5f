/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/answers.h"

static void answers_free_fits(const struct k8sm_cluster *c, struct k8smi_answers *a) {
  k8smi_free(&c->allocator, a->fits, a->fit_count * sizeof *a->fits);
  a->fits = NULL;
  a->fit_count = 0;
}

static void answers_free(const struct k8sm_cluster *c, struct k8smi_answers *a) {
  answers_free_fits(c, a);
  k8smi_free(&c->allocator, a->answers, a->cap * sizeof *a->answers);
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
  void *answers = a->answers;
  bool fine = k8smi_grow(&c->allocator, &answers, &a->cap, c->agents.high, sizeof *a->answers);
  a->answers = answers;
  return fine;
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
  answers_free_fits(cluster, a);
  if (!answers_reserve(cluster, a)) return NULL;
  a->rows = rows;
  return a;
}

bool k8smi_answers_gather(const struct k8sm_cluster *cluster, struct k8smi_answers *a) {
  const uint32_t agents = (uint32_t)cluster->agents.high;
  size_t fits = 0;
  memset(a->counts, 0, sizeof a->counts);
  for (uint32_t i = 0; i < agents; i++) {
    uint8_t answer = a->answers[i];
    fits += answer == 0;
    if (answer != 0 && answer != K8SMI_ANSWER_UNKNOWN) a->counts[answer - 1]++;
  }
  if (fits > 0) a->fits = k8smi_alloc(&cluster->allocator, fits * sizeof *a->fits);
  if (fits > 0 && a->fits == NULL) return false;
  for (uint32_t i = 0; i < agents; i++) {
    if (a->answers[i] == 0) a->fits[a->fit_count++] = i;
  }
  a->made = cluster->label_changes;
  return true;
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
