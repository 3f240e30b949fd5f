/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/labels.h"
#include "base/sort.h"
#include "cluster/cluster.h"

enum { LABELS_TAINTS_MAX = 1 << 29 }; /* of an agent: an offer of that size is none */

static struct k8sm_slice labels_next(const char **at) {
  struct k8sm_slice s = k8smi_s(*at);
  *at += s.len + 1;
  return s;
}

static struct k8smi_label_row *labels_row(const struct k8smi_table *table, uint32_t row) {
  return k8smi_table_at(table, row);
}

/* ---- Keys ---- */

/* Of equal keys the later comes first. */
static int labels_key_order(const void *a, const void *b, const void *ctx) {
  const struct k8smi_label_key *x = a, *y = b;
  (void)ctx;
  int by_key = k8smi_cmp(x->text, y->text);
  return by_key != 0 ? by_key : (x->number < y->number) - (x->number > y->number);
}

/* Cuts the text up, sorts, and leaves out what does not count. */
static void labels_keys_fill(struct k8smi_label_keys *keys) {
  const char *at = keys->text.ptr;
  for (size_t i = 0; i < keys->values; i++) keys->items[i] = (struct k8smi_label_key){labels_next(&at), i};
  k8smi_sort(keys->items, keys->values, sizeof *keys->items, labels_key_order, NULL);
  for (size_t i = 0; i < keys->values; i++) {
    if (keys->count > 0 && k8smi_eq(keys->items[keys->count - 1].text, keys->items[i].text)) continue;
    keys->items[keys->count++] = keys->items[i];
    if (k8smi_cmp(keys->items[i].text, K8SMI_S(K8SMI_LABEL_HOSTNAME)) < 0) keys->hostname_at = keys->count;
  }
}

static struct k8smi_label_keys *labels_keys_make(const struct k8sm_allocator *allocator, size_t values,
                                                 struct k8sm_slice text) {
  size_t items, block;
  if (!k8smi_mul(values, sizeof(struct k8smi_label_key), &items) ||
      !k8smi_add(items, sizeof(struct k8smi_label_keys) + text.len, &block)) {
    return NULL;
  }
  struct k8smi_label_keys *keys = k8smi_zalloc(allocator, block);
  if (keys == NULL) return NULL;
  char *own = (char *)keys + block - text.len;
  if (text.len > 0) memcpy(own, text.ptr, text.len);
  keys->block = block;
  keys->values = values;
  keys->text = (struct k8sm_slice){own, text.len};
  labels_keys_fill(keys);
  return keys;
}

/* The keys with this text, made if need be; who takes them counts as a user. NULL when memory ran out. */
static struct k8smi_label_keys *labels_keys_get(struct k8sm_cluster *c, size_t values,
                                                struct k8sm_slice text) {
  struct k8smi_label_sets *sets = &c->label_sets;
  uint32_t row = k8smi_map_get(&sets->keys_map, text);
  if (row != K8SMI_MAP_NONE) return labels_row(&sets->keys, row)->keys;
  if (!k8smi_table_reserve(&sets->keys, &c->allocator, 1)) return NULL;
  struct k8smi_label_keys *keys = labels_keys_make(&c->allocator, values, text);
  if (keys == NULL) return NULL;
  keys->row = k8smi_table_take(&sets->keys);
  labels_row(&sets->keys, keys->row)->keys = keys;
  if (k8smi_map_put(&sets->keys_map, keys->text, keys->row)) return keys;
  k8smi_table_give(&sets->keys, keys->row);
  k8smi_free(&c->allocator, keys, keys->block);
  return NULL;
}

static void labels_keys_leave(struct k8sm_cluster *c, struct k8smi_label_keys *keys) {
  if (keys->users > 0 && --keys->users > 0) return;
  k8smi_map_remove(&c->label_sets.keys_map, keys->text);
  k8smi_table_give(&c->label_sets.keys, keys->row);
  k8smi_free(&c->allocator, keys, keys->block);
}

/* ---- Sets ---- */

/* Nanoseconds, as Mesos has them; nothing overflows. */
static struct k8smi_window labels_window(const K8smMesos__Unavailability *window) {
  struct k8smi_window ret = {INT64_MAX, INT64_MAX};
  if (window == NULL || window->start == NULL) return ret;
  ret.from_ms = window->start->nanoseconds / 1000000;
  int64_t lasts = window->duration == NULL ? INT64_MAX : window->duration->nanoseconds / 1000000;
  if (lasts <= INT64_MAX - (ret.from_ms > 0 ? ret.from_ms : 0)) ret.until_ms = ret.from_ms + lasts;
  return ret;
}

/* What a set is made of, as it is written down. */
struct labels_draft {
  struct k8smi_label_counts counts;
  bool leaves;
  struct k8sm_slice keys, text; /* the text begins with room for the number of the keys */
};

/* Behind the values and the taints comes what else tells sets apart. False when memory ran out. */
static bool labels_write(struct k8sm_cluster *c, const K8smMesos__Offer *offer, struct labels_draft *ret) {
  struct k8smi_buf *keys = &c->text, *text = &c->label_sets.values;
  const uint32_t no_number = 0;
  k8smi_buf_clear(keys);
  k8smi_buf_clear(text);
  k8smi_buf_put(text, &no_number, sizeof no_number);
  ret->counts = k8smi_attributes_put(keys, text, offer);
  const struct k8smi_window window = labels_window(offer->unavailability);
  ret->leaves = window.from_ms != INT64_MAX;
  if (ret->counts.rewritten) k8smi_buf_putc(text, '~');
  if (ret->counts.has_features) k8smi_buf_put(text, &ret->counts.features, sizeof ret->counts.features);
  if (ret->leaves) k8smi_buf_put(text, &window, sizeof window);
  ret->keys = (struct k8sm_slice){keys->ptr, keys->len};
  ret->text = (struct k8sm_slice){text->ptr, text->len};
  return !keys->failed && !text->failed && text->len <= UINT32_MAX && ret->counts.taints < LABELS_TAINTS_MAX;
}

static size_t labels_set_block(const struct k8smi_label_set *set) {
  return k8smi_label_set_head(set) + set->taint_count * sizeof(struct k8smi_taint) + set->text_len;
}

/* Cuts the text up: values, then taints. */
static void labels_set_fill(struct k8smi_label_set *set, size_t values) {
  const struct k8smi_taints taints = k8smi_label_set_taints(set);
  const char *text = k8smi_label_set_text(set).ptr, *at = text + sizeof(uint32_t);
  struct k8smi_taint *items = (struct k8smi_taint *)(uintptr_t)taints.items;
  for (size_t i = 0; i < values; i++) {
    set->at[i] = (uint32_t)(at - text);
    (void)labels_next(&at);
  }
  for (size_t i = 0; i < taints.count; i++) {
    items[i].key = labels_next(&at);
    items[i].value = labels_next(&at);
    items[i].effect = k8smi_effect_of(labels_next(&at));
  }
}

static struct k8smi_label_set *labels_set_make(const struct k8sm_allocator *allocator,
                                               const struct labels_draft *draft,
                                               struct k8smi_label_keys *keys) {
  size_t values, taints, block;
  if (!k8smi_mul(draft->counts.labels, sizeof(uint32_t), &values) ||
      !k8smi_mul(draft->counts.taints, sizeof(struct k8smi_taint), &taints) ||
      !k8smi_add(values, taints, &block) ||
      !k8smi_add(block, sizeof(struct k8smi_label_set) + sizeof(uint64_t) + draft->text.len, &block)) {
    return NULL;
  }
  const struct k8smi_label_set head = {.keys = keys,
                                       .users = 1,
                                       .text_len = (uint32_t)draft->text.len,
                                       .taint_count = (uint32_t)draft->counts.taints,
                                       .leaves = draft->leaves,
                                       .has_features = draft->counts.has_features,
                                       .rewritten = draft->counts.rewritten};
  struct k8smi_label_set *set = k8smi_alloc(allocator, labels_set_block(&head));
  if (set == NULL) return NULL;
  memcpy(set, &head, sizeof head);
  memcpy((char *)(uintptr_t)k8smi_label_set_text(set).ptr, draft->text.ptr, draft->text.len);
  labels_set_fill(set, draft->counts.labels);
  return set;
}

/* The set of a draft, with one user more; made if need be. NULL when memory ran out. */
static struct k8smi_label_set *labels_set_get(struct k8sm_cluster *c, const struct labels_draft *draft,
                                              struct k8smi_label_keys *keys) {
  struct k8smi_label_sets *sets = &c->label_sets;
  memcpy((char *)(uintptr_t)draft->text.ptr, &keys->row, sizeof keys->row);
  uint32_t row = k8smi_index_get(c, &sets->index, draft->text);
  if (row != K8SMI_ROW_NONE) {
    labels_row(&sets->rows, row)->set->users++;
    return labels_row(&sets->rows, row)->set;
  }
  if (!k8smi_table_reserve(&sets->rows, &c->allocator, 1)) return NULL;
  struct k8smi_label_set *set = labels_set_make(&c->allocator, draft, keys);
  if (set == NULL) return NULL;
  set->row = k8smi_table_take(&sets->rows);
  labels_row(&sets->rows, set->row)->set = set;
  if (k8smi_index_put(c, &sets->index, set->row)) {
    keys->users++;
    return set;
  }
  k8smi_table_give(&sets->rows, set->row);
  k8smi_free(&c->allocator, set, labels_set_block(set));
  return NULL;
}

static void labels_set_leave(struct k8sm_cluster *c, struct k8smi_label_set *set) {
  if (--set->users > 0) return;
  struct k8smi_label_keys *keys = set->keys;
  k8smi_index_remove(c, &c->label_sets.index, set->row);
  k8smi_table_give(&c->label_sets.rows, set->row);
  k8smi_free(&c->allocator, set, labels_set_block(set));
  labels_keys_leave(c, keys);
}

void k8smi_label_sets_init(struct k8sm_cluster *cluster) {
  struct k8smi_label_sets *sets = &cluster->label_sets;
  k8smi_table_init(&sets->keys, sizeof(struct k8smi_label_row));
  k8smi_table_init(&sets->rows, sizeof(struct k8smi_label_row));
  k8smi_map_init(&sets->keys_map, &cluster->allocator, cluster->seed);
  sets->index.of = K8SMI_INDEX_LABELS;
  sets->values.allocator = cluster->allocator;
}

void k8smi_label_sets_free(struct k8sm_cluster *cluster) {
  struct k8smi_label_sets *sets = &cluster->label_sets;
  k8smi_table_free(&sets->keys, &cluster->allocator);
  k8smi_table_free(&sets->rows, &cluster->allocator);
  k8smi_map_free(&sets->keys_map);
  k8smi_index_free(cluster, &sets->index);
  k8smi_buf_free(&sets->values);
}

struct k8sm_slice k8smi_label_set_get(const struct k8smi_label_set *set, struct k8sm_slice key) {
  size_t low = 0, high = set->keys->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const int order = k8smi_cmp(set->keys->items[middle].text, key);
    if (order == 0) return k8smi_label_set_value(set, middle);
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (struct k8sm_slice){NULL, 0};
}

/* ---- Labels ---- */

static size_t labels_block(size_t hostname_len) {
  const size_t block = offsetof(struct k8smi_labels, hostname) + hostname_len + 1;
  return block < sizeof(struct k8smi_labels) ? sizeof(struct k8smi_labels) : block;
}

static bool labels_say(const struct k8smi_labels *labels, const struct labels_draft *draft,
                       struct k8sm_slice host) {
  const struct k8sm_slice text = k8smi_label_set_text(labels->set);
  const size_t skip = sizeof(uint32_t); /* the number of the keys, which are compared themselves */
  return k8smi_eq(labels->set->keys->text, draft->keys) && text.len == draft->text.len &&
         memcmp(text.ptr + skip, draft->text.ptr + skip, text.len - skip) == 0 &&
         k8smi_eq(k8smi_hostname(labels), host);
}

struct k8smi_labels *k8smi_labels_make(struct k8sm_cluster *cluster, const K8smMesos__Offer *offer,
                                       struct k8smi_labels *current) {
  const struct k8sm_slice host = k8smi_s(offer->hostname);
  struct labels_draft draft;
  if (host.len > UINT32_MAX || !labels_write(cluster, offer, &draft)) return NULL;
  if (current != NULL && labels_say(current, &draft, host)) return current;
  struct k8smi_label_keys *keys = labels_keys_get(cluster, draft.counts.labels, draft.keys);
  if (keys == NULL) return NULL;
  const size_t block = labels_block(host.len);
  struct k8smi_labels *labels = k8smi_alloc(&cluster->allocator, block);
  if (labels != NULL) labels->set = labels_set_get(cluster, &draft, keys);
  if (labels == NULL || labels->set == NULL) {
    if (keys->users == 0) labels_keys_leave(cluster, keys);
    k8smi_free(&cluster->allocator, labels, block);
    return NULL;
  }
  labels->hostname_len = (uint32_t)host.len;
  if (host.len > 0) memcpy(labels->hostname, host.ptr, host.len);
  labels->hostname[host.len] = '\0';
  return labels;
}

void k8smi_labels_free(struct k8sm_cluster *cluster, struct k8smi_labels *labels) {
  if (labels == NULL) return;
  labels_set_leave(cluster, labels->set);
  k8smi_free(&cluster->allocator, labels, labels_block(labels->hostname_len));
}
