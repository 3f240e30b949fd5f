/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/columns.h"
#include "cluster/leaving.h"

enum { COLUMNS_PROBES = 8 }; /* places for a value, from that of its hash on */

/* ---- Pages ---- */

void *k8smi_page_make(const struct k8sm_cluster *c, struct k8smi_pages *pages, uint32_t agent, size_t size) {
  const size_t number = agent / K8SMI_PAGE_AGENTS, before = pages->cap;
  void *items = pages->items;
  if (!k8smi_grow(&c->allocator, &items, &pages->cap, number + 1, sizeof(void *))) return NULL;
  pages->items = items;
  for (size_t i = before; i < pages->cap; i++) pages->items[i] = NULL;
  if (pages->items[number] == NULL) pages->items[number] = k8smi_zalloc(&c->allocator, size);
  return pages->items[number];
}

void k8smi_pages_free(const struct k8sm_cluster *c, struct k8smi_pages *pages, size_t size) {
  for (size_t i = 0; i < pages->cap; i++) k8smi_free(&c->allocator, pages->items[i], size);
  k8smi_free(&c->allocator, pages->items, pages->cap * sizeof(void *));
  *pages = (struct k8smi_pages){NULL, 0};
}

static uint64_t columns_bit(uint32_t agent) {
  return UINT64_C(1) << agent % K8SMI_LANES;
}

/* ---- Columns ---- */

static void columns_free_one(const struct k8sm_cluster *c, struct k8smi_column *column) {
  k8smi_pages_free(c, &column->pages, sizeof(struct k8smi_code_page));
  k8smi_text_free(&c->allocator, column->key);
  k8smi_free(&c->allocator, column, sizeof *column);
}

/* Where a column stands; where a new one can: NULL if there are too many. */
static struct k8smi_column **columns_place(const struct k8sm_cluster *c, struct k8sm_slice key) {
  struct k8smi_columns *all = c->columns;
  for (size_t i = 0; i < all->count; i++) {
    if (k8smi_eq(all->items[i]->key, key)) return &all->items[i];
  }
  return all->count < K8SMI_COLUMNS_MAX ? &all->items[all->count] : NULL;
}

const struct k8smi_column *k8smi_column_find(const struct k8sm_cluster *cluster, struct k8sm_slice key) {
  struct k8smi_column **place = columns_place(cluster, key);
  return place == NULL ? NULL : *place;
}

static bool columns_make(const struct k8sm_cluster *c, struct k8smi_column **place, struct k8sm_slice key) {
  struct k8smi_column *column = k8smi_zalloc(&c->allocator, sizeof *column);
  if (column == NULL) return false;
  if (key.ptr != NULL && !k8smi_text_own(&c->allocator, key, &column->key)) {
    k8smi_free(&c->allocator, column, sizeof *column);
    return false;
  }
  *place = column;
  if (place != &c->columns->taints) c->columns->count++;
  return true;
}

/* Nobody has the label any more. */
static void columns_end(const struct k8sm_cluster *c, struct k8smi_column **place) {
  struct k8smi_columns *all = c->columns;
  columns_free_one(c, *place);
  *place = NULL;
  if (place == &all->taints) return;
  *place = all->items[--all->count];
  all->items[all->count] = NULL;
}

/* ---- Values ---- */

static uint32_t columns_text_hash(const struct k8sm_cluster *c, struct k8sm_slice text) {
  return (uint32_t)k8smi_hash(text.ptr, text.len, c->seed);
}

static uint32_t columns_taints_hash(const struct k8sm_cluster *c, const struct k8smi_agent *agent) {
  const struct k8smi_taint *taint;
  uint64_t hash = k8smi_agent_is_cordoned(agent);
  for (size_t i = 0; (taint = k8smi_agent_taint(agent, i)) != NULL; i++) {
    const uint64_t parts[] = {hash, k8smi_hash(taint->key.ptr, taint->key.len, c->seed),
                              k8smi_hash(taint->value.ptr, taint->value.len, c->seed), taint->effect};
    hash = k8smi_hash(parts, sizeof parts, c->seed);
  }
  return (uint32_t)hash;
}

static bool columns_same_taints(const struct k8smi_agent *a, const struct k8smi_agent *b) {
  if (k8smi_agent_is_cordoned(a) != k8smi_agent_is_cordoned(b)) return false;
  for (size_t i = 0;; i++) {
    const struct k8smi_taint *of_a = k8smi_agent_taint(a, i), *of_b = k8smi_agent_taint(b, i);
    if (of_a == NULL || of_b == NULL) return of_a == of_b;
    if (of_a->effect != of_b->effect || !k8smi_eq(of_a->key, of_b->key) ||
        !k8smi_eq(of_a->value, of_b->value))
      return false;
  }
}

/* Whether the agent that has a value of the column says what another one does. */
static bool columns_say_the_same(const struct k8sm_cluster *c, const struct k8smi_column *column,
                                 uint32_t has, uint32_t other) {
  const struct k8smi_agent *a = k8smi_agent_at(c, has), *b = k8smi_agent_at(c, other);
  if (a->node == NULL && b->node == NULL && a->labels->set == b->labels->set &&
      !k8smi_eqs(column->key, K8SMI_LABEL_HOSTNAME)) {
    return true; /* mostly, and fast */
  }
  if (column == c->columns->taints) return columns_same_taints(a, b);
  return k8smi_eq(k8smi_agent_label(a, column->key), k8smi_agent_label(b, column->key));
}

static uint16_t columns_code_of_hash(uint32_t hash) {
  return (uint16_t)(K8SMI_CODE_HASHED | hash >> 17);
}

/* The code for what an agent says, which has it from now on. */
static uint16_t columns_take_code(const struct k8sm_cluster *c, struct k8smi_column *column, uint32_t agent,
                                  uint32_t hash) {
  struct k8smi_column_value *empty = NULL;
  for (uint32_t i = 0; i < COLUMNS_PROBES; i++) {
    struct k8smi_column_value *value = &column->values[(hash + i) % K8SMI_COLUMN_VALUES];
    if (value->users == 0 && empty == NULL) empty = value;
    if (value->users == 0 || value->hash != hash || !columns_say_the_same(c, column, value->agent, agent))
      continue;
    value->users++;
    return (uint16_t)(value - column->values + 1);
  }
  if (empty == NULL) {
    column->hashed++;
    return columns_code_of_hash(hash);
  }
  *empty = (struct k8smi_column_value){hash, 1, agent};
  return (uint16_t)(empty - column->values + 1);
}

uint16_t k8smi_column_code(const struct k8sm_cluster *cluster, const struct k8smi_column *column,
                           struct k8sm_slice text) {
  const uint32_t hash = columns_text_hash(cluster, text);
  for (uint32_t i = 0; i < COLUMNS_PROBES; i++) {
    const struct k8smi_column_value *value = &column->values[(hash + i) % K8SMI_COLUMN_VALUES];
    if (value->users > 0 && value->hash == hash &&
        k8smi_eq(k8smi_agent_label(k8smi_agent_at(cluster, value->agent), column->key), text)) {
      return (uint16_t)(value - column->values + 1);
    }
  }
  return K8SMI_CODE_NONE;
}

uint16_t k8smi_column_hashed(const struct k8sm_cluster *cluster, struct k8sm_slice text) {
  return columns_code_of_hash(columns_text_hash(cluster, text));
}

/* Another agent with the code, from this one on: there is one. */
static uint32_t columns_another(const struct k8smi_column *column, uint32_t agent, uint16_t code) {
  for (size_t i = agent / K8SMI_LANES;; i = (i + 1) % (column->pages.cap * K8SMI_PAGE_WORDS)) {
    const uint16_t *codes = k8smi_codes_at(column, i);
    const uint64_t have = codes == NULL ? 0 : k8smi_lanes_equal_16(codes, code);
    if (have != 0) return (uint32_t)(i * K8SMI_LANES) + (uint32_t)__builtin_ctzll(have);
  }
}

static void columns_give_code(struct k8smi_column *column, uint32_t agent, uint16_t code) {
  if (code >= K8SMI_CODE_HASHED) {
    column->hashed--;
    return;
  }
  struct k8smi_column_value *value = &column->values[code - 1];
  if (--value->users > 0 && value->agent == agent) value->agent = columns_another(column, agent, code);
}

/* ---- An agent ---- */

static bool columns_set(const struct k8sm_cluster *c, struct k8smi_column **place, struct k8sm_slice key,
                        uint32_t agent, uint32_t hash) {
  if (*place == NULL && !columns_make(c, place, key)) return false;
  struct k8smi_column *column = *place;
  struct k8smi_code_page *page = k8smi_page_make(c, &column->pages, agent, sizeof *page);
  if (page == NULL) return false;
  page->codes[agent % K8SMI_PAGE_AGENTS] = columns_take_code(c, column, agent, hash);
  column->users++;
  return true;
}

static bool columns_set_label(const struct k8sm_cluster *c, uint32_t agent, struct k8smi_pair label) {
  struct k8smi_column **place = columns_place(c, label.key);
  if (place == NULL || (*place == NULL && c->columns->partial)) {
    c->columns->partial = true; /* and stays so: others may have the key, too */
    return true;
  }
  return columns_set(c, place, label.key, agent, columns_text_hash(c, label.value));
}

static struct k8sm_slice columns_stated(const struct k8smi_agent *agent, struct k8sm_slice key) {
  return agent->node == NULL ? (struct k8sm_slice){NULL, 0} : k8smi_pairs_get(agent->node->labels, key);
}

static bool columns_set_labels(const struct k8sm_cluster *c, uint32_t row) {
  const struct k8smi_agent *agent = k8smi_agent_at(c, row);
  bool fine = true;
  for (size_t i = 0; fine && agent->node != NULL && i < agent->node->labels.count; i++)
    fine = columns_set_label(c, row, agent->node->labels.items[i]);
  for (size_t i = 0; fine && i < k8smi_labels_count(agent->labels); i++) {
    const struct k8smi_pair label = k8smi_labels_at(agent->labels, i);
    if (columns_stated(agent, label.key).ptr == NULL) fine = columns_set_label(c, row, label);
  }
  return fine;
}

static bool columns_is_renamed(const struct k8smi_agent *agent) {
  const struct k8sm_slice name = columns_stated(agent, K8SMI_S(K8SMI_LABEL_HOSTNAME));
  return name.ptr != NULL && !k8smi_eq(name, k8smi_hostname(agent->labels));
}

void k8smi_columns_put(const struct k8sm_cluster *cluster, uint32_t row) {
  struct k8smi_columns *all = cluster->columns;
  const struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  if (all->broken) return;
  struct k8smi_agent_page *page = k8smi_page_make(cluster, &all->agents, row, sizeof *page);
  bool fine = page != NULL && columns_set_labels(cluster, row);
  if (fine && k8smi_agent_is_tainted(agent)) {
    const struct k8sm_slice none = {NULL, 0};
    fine = columns_set(cluster, &all->taints, none, row, columns_taints_hash(cluster, agent));
  }
  if (fine && agent->labels->set->leaves) fine = k8smi_leaving_put(cluster, row);
  if (!fine) {
    k8smi_columns_free(cluster);
    return;
  }
  const size_t word = row % K8SMI_PAGE_AGENTS / K8SMI_LANES;
  page->known[word] |= columns_bit(row);
  for (int bit = 0; bit < K8SMI_FEATURE_BITS; bit++) {
    if ((agent->features >> bit & 1) == 0) page->lacking[bit][word] |= columns_bit(row);
  }
  all->renamed += columns_is_renamed(agent);
}

/* Takes the agent's code out of a column. True: it was the last one. */
static bool columns_unset(struct k8smi_column *column, uint32_t agent) {
  uint16_t *codes = k8smi_codes_at(column, agent / K8SMI_LANES);
  const uint16_t code = codes == NULL ? K8SMI_CODE_NONE : codes[agent % K8SMI_LANES];
  if (code == K8SMI_CODE_NONE) return false;
  codes[agent % K8SMI_LANES] = K8SMI_CODE_NONE;
  columns_give_code(column, agent, code);
  return --column->users == 0;
}

void k8smi_columns_drop(const struct k8sm_cluster *cluster, uint32_t row) {
  struct k8smi_columns *all = cluster->columns;
  if (all->broken) return;
  struct k8smi_agent_page *page = k8smi_page_at(&all->agents, row / K8SMI_LANES);
  const size_t word = row % K8SMI_PAGE_AGENTS / K8SMI_LANES;
  page->known[word] &= ~columns_bit(row);
  for (int bit = 0; bit < K8SMI_FEATURE_BITS; bit++) page->lacking[bit][word] &= ~columns_bit(row);
  all->renamed -= columns_is_renamed(k8smi_agent_at(cluster, row));
  if (k8smi_agent_at(cluster, row)->labels->set->leaves) k8smi_leaving_drop(cluster, row);
  for (size_t i = all->count; i > 0; i--) { /* from the end: the last one takes the place of one that ends */
    if (columns_unset(all->items[i - 1], row)) columns_end(cluster, &all->items[i - 1]);
  }
  if (all->taints != NULL && columns_unset(all->taints, row)) columns_end(cluster, &all->taints);
  if (all->count == 0) all->partial = false; /* nobody is left */
}

void k8smi_columns_free(const struct k8sm_cluster *cluster) {
  struct k8smi_columns *all = cluster->columns;
  while (all->count > 0) columns_free_one(cluster, all->items[--all->count]);
  if (all->taints != NULL) columns_free_one(cluster, all->taints);
  k8smi_pages_free(cluster, &all->agents, sizeof(struct k8smi_agent_page));
  k8smi_pages_free(cluster, &all->windows, sizeof(struct k8smi_leaving_page));
  *all = (struct k8smi_columns){.broken = true};
}

bool k8smi_columns_mend(const struct k8sm_cluster *cluster) {
  struct k8smi_columns *all = cluster->columns;
  if (!all->broken) return true;
  all->broken = false;
  for (uint32_t i = 0; !all->broken && i < cluster->agents.high; i++) {
    if (k8smi_table_used(&cluster->agents, i) && k8smi_agent_at(cluster, i)->labels != NULL)
      k8smi_columns_put(cluster, i);
  }
  return !all->broken;
}
