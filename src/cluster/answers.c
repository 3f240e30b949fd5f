/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/answers.h"

static void answers_free_fits(const struct k8sm_cluster *c, struct k8smi_answers *a) {
  k8smi_free(&c->allocator, a->fits, a->fit_count * sizeof *a->fits);
  a->fits = NULL;
  a->fit_count = 0;
}

static void answers_free(const struct k8sm_cluster *c, struct k8smi_answers *a) {
  answers_free_fits(c, a);
  k8smi_free(&c->allocator, a->bits, a->cap * sizeof *a->bits);
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

static bool answers_reserve(const struct k8sm_cluster *c, struct k8smi_answers *a, uint64_t rows) {
  const size_t words = (c->agents.high + K8SMI_LANES - 1) / K8SMI_LANES;
  void *bits = a->bits;
  size_t want;
  if (!k8smi_mul(words, 1 + (size_t)__builtin_popcountll(rows), &want)) return false;
  bool fine = k8smi_grow(&c->allocator, &bits, &a->cap, want, sizeof *a->bits);
  a->bits = bits;
  a->words = words;
  a->rows = rows;
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
  if (!answers_reserve(cluster, a, rows)) return NULL;
  memset(a->counts, 0, sizeof a->counts);
  return a;
}

void k8smi_answers_put(struct k8smi_answers *a, size_t number, uint64_t known, const uint64_t *refused) {
  uint64_t fits = known, *bits = a->bits + number;
  for (uint64_t rows = a->rows; rows != 0; rows &= rows - 1) {
    const int row = __builtin_ctzll(rows);
    bits += a->words;
    *bits = refused[row];
    fits &= ~refused[row];
    a->counts[row] += (uint32_t)__builtin_popcountll(refused[row]);
  }
  a->bits[number] = fits;
  a->fit_count += (size_t)__builtin_popcountll(fits);
}

uint64_t k8smi_answers_refusing(const struct k8smi_answers *a, uint32_t agent) {
  const uint64_t *bits = a->bits + agent / K8SMI_LANES;
  for (uint64_t rows = a->rows; rows != 0; rows &= rows - 1) {
    bits += a->words;
    if ((*bits >> agent % K8SMI_LANES & 1) != 0) return rows & -rows;
  }
  return 0;
}

bool k8smi_answers_gather(const struct k8sm_cluster *cluster, struct k8smi_answers *a) {
  size_t count = 0;
  a->fits = k8smi_alloc(&cluster->allocator, a->fit_count * sizeof *a->fits);
  if (a->fits == NULL) {
    a->fit_count = 0;
    return false;
  }
  for (uint32_t i = 0; count < a->fit_count; i++) {
    for (uint64_t left = a->bits[i]; left != 0; left &= left - 1)
      a->fits[count++] = i * K8SMI_LANES + (uint32_t)__builtin_ctzll(left);
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

void k8smi_answers_trim(struct k8sm_cluster *cluster, size_t most) {
  if (cluster->answers->count > most) k8smi_answers_clear(cluster);
}
