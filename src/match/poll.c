/* SPDX-License-Identifier: Apache-2.0 */
#include "match/poll.h"
#include "cluster/blocks.h"
#include "cluster/leaving.h"

/* Of 64 agents those of whom something is so, and those of whom it may be. */
struct poll_bits {
  uint64_t sure, may;
};

static const struct poll_bits poll_nobody = {0, 0}, poll_unknown = {0, UINT64_MAX};

static struct poll_bits poll_not(struct poll_bits bits) {
  return (struct poll_bits){~bits.may, ~bits.sure};
}
static struct poll_bits poll_and(struct poll_bits a, struct poll_bits b) {
  return (struct poll_bits){a.sure & b.sure, a.may & b.may};
}
static struct poll_bits poll_or(struct poll_bits a, struct poll_bits b) {
  return (struct poll_bits){a.sure | b.sure, a.may | b.may};
}

/* ---- Codes that are looked for in a column ---- */

struct poll_codes {
  const struct k8smi_column *column; /* NULL: there is none, and nobody has any */
  uint16_t *own, *hashed;            /* of values that have codes of their own; and of others */
  size_t own_count, hashed_count;
  bool all_hashed; /* every one of these may be looked for */
};

static bool poll_codes_begin(struct k8smi_arena *scratch, const struct k8smi_column *column, size_t most,
                             struct poll_codes *ret) {
  *ret = (struct poll_codes){.column = column};
  if (column == NULL) return true;
  ret->own = k8smi_arena_array(scratch, most, sizeof *ret->own);
  ret->hashed = k8smi_arena_array(scratch, most, sizeof *ret->hashed);
  return ret->own != NULL && ret->hashed != NULL;
}

/* Those of some values. */
static bool poll_values(struct k8smi_arena *scratch, const struct k8sm_cluster *c,
                        const struct k8smi_column *column, struct k8smi_strings values,
                        struct poll_codes *ret) {
  if (!poll_codes_begin(scratch, column, values.count, ret)) return false;
  for (size_t i = 0; column != NULL && i < values.count; i++) {
    const uint16_t own = k8smi_column_code(c, column, values.items[i]);
    if (own != K8SMI_CODE_NONE) ret->own[ret->own_count++] = own;
    if (column->hashed > 0) ret->hashed[ret->hashed_count++] = k8smi_column_hashed(c, values.items[i]);
  }
  return true;
}

/* Those of all values that an agent, asked for each, says yes to. */
static bool poll_asked(struct k8smi_arena *scratch, const struct k8smi_match_check *check,
                       const struct k8smi_column *column,
                       bool (*says)(const struct k8smi_match_check *check, const void *what),
                       const void *what, struct poll_codes *ret) {
  struct k8smi_match_check one = *check;
  if (!poll_codes_begin(scratch, column, K8SMI_COLUMN_VALUES, ret)) return false;
  for (uint16_t i = 0; column != NULL && i < K8SMI_COLUMN_VALUES; i++) {
    if (column->values[i].users == 0) continue;
    one.agent_row = column->values[i].agent;
    one.agent = k8smi_agent_at(check->cluster, one.agent_row);
    if (says(&one, what)) ret->own[ret->own_count++] = (uint16_t)(i + 1);
  }
  ret->all_hashed = column != NULL && column->hashed > 0;
  return true;
}

static uint64_t poll_with(const uint16_t *page, const uint16_t *codes, size_t count) {
  uint64_t with = 0;
  for (size_t i = 0; i < count; i++) with |= k8smi_lanes_equal_16(page, codes[i]);
  return with;
}

static uint64_t poll_with_hashes(const uint16_t *page) {
  uint64_t with = 0;
  for (int i = 0; i < K8SMI_LANES; i++) with |= (uint64_t)(page[i] >= K8SMI_CODE_HASHED) << i;
  return with;
}

enum { POLL_FAR = 8 }; /* words ahead */

/* Asks for the codes of 64 agents, which mostly wait in memory since their offers came. */
static inline void poll_fetch(const uint16_t *codes) {
  if (codes == NULL) return;
  __builtin_prefetch(codes);
  __builtin_prefetch(codes + K8SMI_LANES / 2);
}

/* The agents that have one of the codes. */
static struct poll_bits poll_having(const struct poll_codes *codes, size_t number) {
  const uint16_t *page = k8smi_codes_at(codes->column, number);
  poll_fetch(k8smi_codes_at(codes->column, number + POLL_FAR));
  if (page == NULL) return poll_nobody;
  struct poll_bits bits = {.sure = poll_with(page, codes->own, codes->own_count)};
  bits.may = bits.sure | poll_with(page, codes->hashed, codes->hashed_count);
  if (codes->all_hashed) bits.may |= poll_with_hashes(page);
  return bits;
}

/* ---- Expressions ---- */

struct poll_expression {
  uint32_t op;
  bool unknown; /* columns can't tell */
  struct poll_codes codes;
  uint32_t *agents; /* rows of those who have one of the values for an id; NULL: that does not matter */
  size_t agent_count;
};

static bool poll_number_holds(const struct k8smi_match_check *check, const void *expression) {
  const struct k8smi_expression *e = expression;
  return k8smi_expression_holds(e, k8smi_agent_label(check->agent, e->key));
}

static bool poll_label(struct k8smi_arena *scratch, const struct k8smi_match_check *check,
                       const struct k8smi_expression *e, struct poll_expression *ret) {
  const struct k8sm_cluster *c = check->cluster;
  const struct k8smi_column *column = k8smi_column_find(c, e->key);
  *ret = (struct poll_expression){.op = e->op, .unknown = column == NULL && c->columns->partial};
  if (e->op == K8SMI_OP_GT || e->op == K8SMI_OP_LT)
    return poll_asked(scratch, check, column, poll_number_holds, e, &ret->codes);
  return poll_values(scratch, c, column, e->values, &ret->codes);
}

/* A name is that of a host, or an agent's id. */
static bool poll_name(struct k8smi_arena *scratch, const struct k8sm_cluster *c, uint32_t op,
                      struct k8smi_strings names, struct poll_expression *ret) {
  const struct k8smi_column *column = k8smi_column_find(c, K8SMI_S(K8SMI_LABEL_HOSTNAME));
  const bool told =
      (op == K8SMI_OP_IN || op == K8SMI_OP_NOT_IN) && c->columns->renamed == 0 && column != NULL;
  *ret = (struct poll_expression){.op = op, .unknown = !told};
  if (!told) return true;
  ret->agents = k8smi_arena_array(scratch, names.count, sizeof *ret->agents);
  for (size_t i = 0; ret->agents != NULL && i < names.count; i++) {
    const uint32_t row = k8smi_agent_find(c, names.items[i]);
    if (row != K8SMI_ROW_NONE) ret->agents[ret->agent_count++] = row;
  }
  return ret->agents != NULL && poll_values(scratch, c, column, names, &ret->codes);
}

static bool poll_field(struct k8smi_arena *scratch, const struct k8smi_match_check *check,
                       const struct k8smi_expression *e, struct poll_expression *ret) {
  if (k8smi_eqs(e->key, "metadata.name")) return poll_name(scratch, check->cluster, e->op, e->values, ret);
  *ret = (struct poll_expression){.op = K8SMI_OPS}; /* there is no other field */
  return true;
}

static struct poll_bits poll_has_label(const struct k8smi_column *column, size_t number) {
  const uint16_t *page = k8smi_codes_at(column, number);
  const uint64_t have = page == NULL ? 0 : ~k8smi_lanes_equal_16(page, K8SMI_CODE_NONE);
  return (struct poll_bits){have, have};
}

static struct poll_bits poll_having_value(const struct poll_expression *e, size_t number) {
  struct poll_bits bits = poll_having(&e->codes, number);
  for (size_t i = 0; i < e->agent_count; i++) {
    if (e->agents[i] / K8SMI_LANES == number) bits.sure |= UINT64_C(1) << e->agents[i] % K8SMI_LANES;
  }
  bits.may |= bits.sure;
  return bits;
}

/* As k8smi_expression_holds. */
static struct poll_bits poll_expression_holds(const struct poll_expression *e, size_t number) {
  if (e->unknown) return poll_unknown;
  switch (e->op) {
  case K8SMI_OP_IN:
  case K8SMI_OP_GT:
  case K8SMI_OP_LT: return poll_having_value(e, number);
  case K8SMI_OP_NOT_IN: return poll_not(poll_having_value(e, number));
  case K8SMI_OP_EXISTS: return poll_has_label(e->codes.column, number);
  case K8SMI_OP_NOT_EXISTS: return poll_not(poll_has_label(e->codes.column, number));
  default: return poll_nobody;
  }
}

/* ---- What the pod says of nodes ---- */

struct poll_expressions {
  struct poll_expression *items;
  size_t count;
};

struct poll {
  const struct k8smi_match_check *check;
  struct poll_expression name;
  struct poll_expressions selector; /* all hold */
  struct poll_expressions *terms;   /* of a node affinity: all of one hold */
  struct poll_codes cordons, taints;
};

static struct poll_bits poll_all_hold(const struct poll_expressions *list, size_t number) {
  struct poll_bits bits = {UINT64_MAX, UINT64_MAX};
  for (size_t i = 0; bits.may != 0 && i < list->count; i++)
    bits = poll_and(bits, poll_expression_holds(&list->items[i], number));
  return bits;
}

static struct poll_bits poll_refuses_selector(const struct poll *poll, size_t number) {
  const struct k8smi_placement_rules *rules = poll->check->need->rules;
  struct poll_bits holds = poll_nobody;
  for (size_t i = 0; rules->selects_nodes && i < rules->nodes.count; i++)
    holds = poll_or(holds, poll_all_hold(&poll->terms[i], number));
  const struct poll_bits selects = poll_all_hold(&poll->selector, number);
  return poll_not(rules->selects_nodes ? poll_and(selects, holds) : selects);
}

static struct poll_bits poll_refuses_name(const struct poll *poll, size_t number) {
  return poll_not(poll_expression_holds(&poll->name, number));
}

static struct poll_bits poll_refuses_cordon(const struct poll *poll, size_t number) {
  return poll_having(&poll->cordons, number);
}

static struct poll_bits poll_refuses_taint(const struct poll *poll, size_t number) {
  return poll_having(&poll->taints, number);
}

static struct poll_bits poll_refuses_maintenance(const struct poll *poll, size_t number) {
  struct poll_bits bits;
  bits.sure = k8smi_leaving_during(poll->check->cluster->columns, number, k8smi_need_time(poll->check->need),
                                   &bits.may);
  return bits;
}

static struct poll_bits poll_refuses_features(const struct poll *poll, size_t number) {
  const uint32_t features = poll->check->need->demand->features;
  uint64_t lacking = features >> K8SMI_FEATURE_BITS != 0 ? UINT64_MAX : 0;
  for (int bit = 0; bit < K8SMI_FEATURE_BITS; bit++)
    if ((features >> bit & 1) != 0)
      lacking |= k8smi_agents_lacking(poll->check->cluster->columns, number, bit);
  return (struct poll_bits){lacking, lacking};
}

/* NULL: each agent is asked. */
static struct poll_bits (*const poll_rows[K8SMI_PREDICATES])(const struct poll *, size_t) = {
    [K8SMI_BY_NAME] = poll_refuses_name,
    [K8SMI_BY_UNSCHEDULABLE] = poll_refuses_cordon,
    [K8SMI_BY_TAINT] = poll_refuses_taint,
    [K8SMI_BY_SELECTOR] = poll_refuses_selector,
    [K8SMI_BY_MAINTENANCE] = poll_refuses_maintenance,
    [K8SMI_BY_FEATURES] = poll_refuses_features};

static bool poll_term(struct k8smi_arena *scratch, const struct k8smi_match_check *check,
                      const struct k8smi_node_term *term, struct poll_expressions *ret) {
  bool fine = true;
  ret->items = k8smi_arena_array(scratch, term->labels.count + term->fields.count, sizeof *ret->items);
  if (ret->items == NULL) return false;
  for (size_t i = 0; fine && i < term->labels.count; i++)
    fine = poll_label(scratch, check, &term->labels.items[i], &ret->items[ret->count++]);
  for (size_t i = 0; fine && i < term->fields.count; i++)
    fine = poll_field(scratch, check, &term->fields.items[i], &ret->items[ret->count++]);
  return fine;
}

static bool poll_selects(struct k8smi_arena *scratch, struct poll *poll) {
  const struct k8smi_need *need = poll->check->need;
  const struct k8smi_pair_list pairs = need->demand->node_selector;
  const struct k8smi_node_terms terms = need->rules->nodes;
  bool fine = true;
  poll->selector.items = k8smi_arena_array(scratch, pairs.count, sizeof *poll->selector.items);
  poll->terms = k8smi_arena_array(scratch, terms.count, sizeof *poll->terms);
  if (poll->selector.items == NULL || poll->terms == NULL) return false;
  for (size_t i = 0; fine && i < pairs.count; i++) {
    const struct k8smi_expression e = {pairs.items[i].key, {&pairs.items[i].value, 1}, 0, K8SMI_OP_IN};
    fine = poll_label(scratch, poll->check, &e, &poll->selector.items[poll->selector.count++]);
  }
  for (size_t i = 0; fine && need->rules->selects_nodes && i < terms.count; i++)
    fine = poll_term(scratch, poll->check, &terms.items[i], &poll->terms[i]);
  return fine;
}

static bool poll_row_refuses(const struct k8smi_match_check *check, const void *row) {
  return ((const struct k8smi_predicate *)row)->refuses(check);
}

static bool poll_begin(struct k8smi_arena *scratch, const struct k8smi_match_check *check, uint64_t rows,
                       struct poll *ret) {
  const struct k8sm_cluster *c = check->cluster;
  const struct k8smi_column *taints = c->columns->taints;
  const struct k8smi_strings name = {&check->need->demand->node_name, 1};
  *ret = (struct poll){.check = check};
  return ((rows & K8SMI_ROW(K8SMI_BY_NAME)) == 0 || poll_name(scratch, c, K8SMI_OP_IN, name, &ret->name)) &&
         ((rows & K8SMI_ROW(K8SMI_BY_SELECTOR)) == 0 || poll_selects(scratch, ret)) &&
         poll_asked(scratch, check, taints, poll_row_refuses, &k8smi_predicates[K8SMI_BY_UNSCHEDULABLE],
                    &ret->cordons) &&
         poll_asked(scratch, check, taints, poll_row_refuses, &k8smi_predicates[K8SMI_BY_TAINT],
                    &ret->taints);
}

/* ---- The agents ---- */

static uint64_t poll_ask(const struct k8smi_match_check *check, int row, size_t number, uint64_t ask) {
  struct k8smi_match_check one = *check;
  uint64_t refused = 0;
  for (; ask != 0; ask &= ask - 1) {
    one.agent_row = (uint32_t)(number * K8SMI_LANES) + (uint32_t)__builtin_ctzll(ask);
    one.agent = k8smi_agent_at(check->cluster, one.agent_row);
    if (k8smi_predicates[row].refuses(&one)) refused |= ask & -ask;
  }
  return refused;
}

static void poll_block(const struct poll *poll, size_t number, struct k8smi_answers *ret) {
  const uint64_t known = k8smi_agents_known(poll->check->cluster->columns, number);
  uint64_t refused[K8SMI_ANSWERS_ROWS], left = known;
  for (uint64_t rows = ret->rows; rows != 0; rows &= rows - 1) {
    const int row = __builtin_ctzll(rows);
    const struct poll_bits bits = left == 0                ? poll_nobody
                                  : poll_rows[row] == NULL ? poll_unknown
                                                           : poll_rows[row](poll, number);
    refused[row] = bits.sure & left;
    refused[row] |= poll_ask(poll->check, row, number, bits.may & ~bits.sure & left);
    left &= ~refused[row];
  }
  k8smi_answers_put(ret, number, known, refused);
}

bool k8smi_poll_agents(struct k8smi_arena *scratch, const struct k8smi_match_check *check,
                       struct k8smi_answers *ret) {
  struct poll poll;
  if (!k8smi_columns_mend(check->cluster) || !poll_begin(scratch, check, ret->rows, &poll)) return false;
  for (size_t number = 0; number < ret->words; number++) {
    k8smi_block_fetch(check->cluster, number); /* who asks agents asks next what they offer */
    poll_block(&poll, number, ret);
  }
  return true;
}
