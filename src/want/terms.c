/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's rules about nodes → constraints on agents, in disjunctive form. Each constraint is a consequence of
 * the rule that it comes from: what can't be said to a master is left out. */
#include "base/sort.h"
#include "cluster/volumes.h"
#include "pod/formats.h"
#include "want/want.h"

enum {
  TERMS_MAX_GROUPS = 32 /* of a demand: parts that would make more are left out */
};

static const struct {
  const char *key;
  uint32_t subject;
} terms_pseudo[] = {
    {K8SMI_LABEL_HOSTNAME, K8SMI_WANT_HOSTNAME},
    {K8SMI_LABEL_REGION, K8SMI_WANT_REGION},
    {K8SMI_LABEL_ZONE, K8SMI_WANT_ZONE},
};

struct terms_job {
  struct k8smi_want_labels *labels;
  struct k8smi_groups *to; /* all so far; one without constraints at first */
};

/* Alternatives: one of them must hold. */
struct terms_part {
  struct k8smi_constraint *items;
  size_t count;
};

/* ---- Groups ---- */

static bool terms_add(struct k8smi_arena *arena, const struct k8smi_group *group,
                      const struct k8smi_constraint *more, struct k8smi_group *ret) {
  struct k8smi_constraint *items = k8smi_arena_array(arena, group->count + 1, sizeof *items);
  if (items == NULL) return false;
  if (group->count > 0) memcpy(items, group->items, group->count * sizeof *items);
  items[group->count] = *more;
  *ret = (struct k8smi_group){items, group->count + 1, 0};
  return true;
}

/* All groups with one of the alternatives more. */
static bool terms_and(struct terms_job *job, const struct terms_part *part) {
  struct k8smi_arena *arena = job->labels->arena;
  struct k8smi_groups all = {NULL, 0, job->to->count * part->count, 0};
  if (part->count == 0 || all.cap > TERMS_MAX_GROUPS) return true;
  all.items = k8smi_arena_array(arena, all.cap, sizeof *all.items);
  if (all.items == NULL) return false;
  for (size_t i = 0; i < job->to->count; i++) {
    for (size_t k = 0; k < part->count; k++) {
      if (!terms_add(arena, &job->to->items[i], &part->items[k], &all.items[all.count++])) return false;
    }
  }
  *job->to = all;
  return true;
}

static bool terms_and_one(struct terms_job *job, struct k8smi_constraint constraint) {
  const struct terms_part part = {&constraint, 1};
  return terms_and(job, &part);
}

/* ---- Labels as attributes ---- */

static bool terms_starts(struct k8sm_slice text, const char *start) {
  size_t len = strlen(start);
  return text.len > len && memcmp(text.ptr, start, len) == 0;
}

/* A Node object's labels count before those of attributes. */
static bool terms_stated(struct k8smi_want_labels *l, struct k8sm_slice key, bool *ret) {
  const struct k8sm_cluster *c = l->cluster;
  *ret = false;
  if (!l->nodes) return true;
  uint32_t known = k8smi_map_get(&l->stated, key);
  for (uint32_t i = 0; known == K8SMI_MAP_NONE && i < c->agents.high && !*ret; i++) {
    const struct k8smi_node *node = k8smi_table_used(&c->agents, i) ? k8smi_agent_at(c, i)->node : NULL;
    *ret = node != NULL && k8smi_pairs_get(node->labels, key).ptr != NULL;
  }
  if (known != K8SMI_MAP_NONE) *ret = known != 0;
  return known != K8SMI_MAP_NONE || k8smi_map_put(&l->stated, key, *ret);
}

/* What a label comes from. */
struct terms_source {
  uint32_t pseudo;        /* K8SMI_WANT_HOSTNAME …; ATTRIBUTE: none */
  bool attribute;         /* also, or only, an attribute */
  struct k8sm_slice name; /* of the attribute */
};

/* False: of nothing that a constraint can speak of. */
static bool terms_source_of(const struct k8smi_want_labels *l, struct k8sm_slice key,
                            struct terms_source *ret) {
  *ret = (struct terms_source){K8SMI_WANT_ATTRIBUTE, true, key};
  for (size_t i = 0; i < sizeof terms_pseudo / sizeof terms_pseudo[0]; i++) {
    if (!k8smi_eqs(key, terms_pseudo[i].key)) continue;
    ret->pseudo = terms_pseudo[i].subject;
    ret->attribute = ret->pseudo != K8SMI_WANT_HOSTNAME; /* an agent without a domain may have one */
    return true;
  }
  if (k8smi_eqs(key, "kubernetes.io/os") || k8smi_eqs(key, "kubernetes.io/arch")) return false;
  if (!terms_starts(key, K8SMI_LABEL_ATTRIBUTE)) {
    return memchr(key.ptr, '/', key.len) != NULL && k8smi_has_format(key, k8smi_format_qualified);
  }
  size_t prefix = strlen(K8SMI_LABEL_ATTRIBUTE);
  ret->name = (struct k8sm_slice){key.ptr + prefix, key.len - prefix};
  return !l->rewritten && !terms_starts(ret->name, "taint-");
}

static struct k8smi_constraint constraint_equals(const struct terms_job *job, const struct terms_source *from,
                                                 bool pseudo, struct k8sm_slice value) {
  if (pseudo) return (struct k8smi_constraint){from->pseudo, K8SMI_WANT_EQUALS, {NULL, 0}, value};
  if (job->labels->rewritten) {
    return (struct k8smi_constraint){K8SMI_WANT_ATTRIBUTE, K8SMI_WANT_EXISTS, from->name, {NULL, 0}};
  }
  return (struct k8smi_constraint){K8SMI_WANT_ATTRIBUTE, K8SMI_WANT_EQUALS, from->name, value};
}

static bool terms_in(struct terms_job *job, const struct terms_source *from, struct k8smi_strings values) {
  struct terms_part part = {k8smi_arena_array(job->labels->arena, 2 * values.count, sizeof *part.items), 0};
  if (part.items == NULL) return false;
  for (size_t i = 0; i < values.count; i++) {
    if (from->pseudo != K8SMI_WANT_ATTRIBUTE) {
      part.items[part.count++] = constraint_equals(job, from, true, values.items[i]);
    }
    if (from->attribute) part.items[part.count++] = constraint_equals(job, from, false, values.items[i]);
  }
  return terms_and(job, &part);
}

static struct k8smi_constraint terms_of(const struct terms_source *from, bool pseudo, uint32_t op) {
  return (struct k8smi_constraint){pseudo ? from->pseudo : K8SMI_WANT_ATTRIBUTE,
                                   op,
                                   pseudo ? (struct k8sm_slice){NULL, 0} : from->name,
                                   {NULL, 0}};
}

static bool terms_exists(struct terms_job *job, const struct terms_source *from) {
  struct k8smi_constraint either[2];
  struct terms_part part = {either, 0};
  if (from->pseudo == K8SMI_WANT_HOSTNAME) return true; /* every agent has one */
  if (from->pseudo != K8SMI_WANT_ATTRIBUTE)
    part.items[part.count++] = terms_of(from, true, K8SMI_WANT_EXISTS);
  part.items[part.count++] = terms_of(from, false, K8SMI_WANT_EXISTS);
  return terms_and(job, &part);
}

static bool constraint_expression(struct terms_job *job, const struct k8smi_expression *e) {
  struct terms_source from;
  bool stated;
  if (!terms_source_of(job->labels, e->key, &from)) return true;
  if (!terms_stated(job->labels, e->key, &stated)) return false;
  if (stated) return true;
  bool pseudo = from.pseudo != K8SMI_WANT_ATTRIBUTE, fine = true;
  switch (e->op) {
  case K8SMI_OP_IN: return terms_in(job, &from, e->values);
  case K8SMI_OP_NOT_IN:
    for (size_t i = 0; fine && i < e->values.count; i++) {
      struct k8smi_constraint not = terms_of(&from, pseudo, K8SMI_WANT_NOT_EQUALS);
      not .value = e->values.items[i];
      fine = terms_and_one(job, not );
    }
    return fine;
  case K8SMI_OP_NOT_EXISTS: return terms_and_one(job, terms_of(&from, pseudo, K8SMI_WANT_NOT_EXISTS));
  default: return terms_exists(job, &from);
  }
}

/* ---- Names of nodes ---- */

/* Ids of agents end so: "…-S12". */
static bool terms_looks_like_id(struct k8sm_slice name) {
  size_t digits = 0;
  while (digits < name.len && name.ptr[name.len - 1 - digits] >= '0' &&
         name.ptr[name.len - 1 - digits] <= '9') {
    digits++;
  }
  return digits > 0 && name.len > digits + 2 && name.ptr[name.len - digits - 1] == 'S' &&
         name.ptr[name.len - digits - 2] == '-';
}

/* A node's name is its hostname, or the id of an agent, which a constraint can't speak of. */
static bool terms_names(struct terms_job *job, struct k8smi_strings names) {
  const struct k8sm_cluster *c = job->labels->cluster;
  struct terms_part part = {k8smi_arena_array(job->labels->arena, 2 * names.count, sizeof *part.items), 0};
  if (part.items == NULL) return false;
  for (size_t i = 0; i < names.count; i++) {
    struct k8smi_constraint host = {K8SMI_WANT_HOSTNAME, K8SMI_WANT_EQUALS, {NULL, 0}, names.items[i]};
    uint32_t row = k8smi_agent_find(c, names.items[i]);
    const struct k8smi_labels *known = row == K8SMI_MAP_NONE ? NULL : k8smi_agent_at(c, row)->labels;
    if (known == NULL && terms_looks_like_id(names.items[i])) return true;
    part.items[part.count++] = host;
    host.value = known == NULL ? host.value : k8smi_hostname(known);
    if (known != NULL) part.items[part.count++] = host;
  }
  return terms_and(job, &part);
}

static bool terms_field(struct terms_job *job, const struct k8smi_expression *e) {
  bool fine = true;
  if (!k8smi_eqs(e->key, "metadata.name")) return true;
  if (e->op == K8SMI_OP_IN) return terms_names(job, e->values);
  for (size_t i = 0; e->op == K8SMI_OP_NOT_IN && fine && i < e->values.count; i++) {
    fine = terms_and_one(job, (struct k8smi_constraint){
                                  K8SMI_WANT_HOSTNAME, K8SMI_WANT_NOT_EQUALS, {NULL, 0}, e->values.items[i]});
  }
  return fine;
}

/* ---- Demands ---- */

static int terms_order(const void *a, const void *b, const void *ctx) {
  (void)ctx;
  return k8smi_constraint_compare(a, b);
}

static int terms_group_order(const void *a, const void *b, const void *ctx) {
  (void)ctx;
  return k8smi_group_compare(a, b);
}

/* Sorted, and nothing twice: neither a constraint in a group nor a group. */
static bool terms_tidy(struct k8smi_arena *arena, struct k8smi_groups *groups) {
  size_t kept = 0;
  for (size_t i = 0; i < groups->count; i++) {
    struct k8smi_group *group = &groups->items[i];
    struct k8smi_constraint *items = k8smi_arena_array(arena, group->count, sizeof *items);
    size_t n = 0;
    if (items == NULL) return false;
    if (group->count > 0) memcpy(items, group->items, group->count * sizeof *items);
    k8smi_sort(items, group->count, sizeof *items, terms_order, NULL);
    for (size_t k = 0; k < group->count; k++) {
      if (n == 0 || k8smi_constraint_compare(&items[n - 1], &items[k]) != 0) items[n++] = items[k];
    }
    *group = (struct k8smi_group){items, n, 0};
  }
  k8smi_sort(groups->items, groups->count, sizeof *groups->items, terms_group_order, NULL);
  for (size_t i = 0; i < groups->count; i++) {
    if (groups->items[i].count == 0) kept = groups->count = 0; /* every agent: then nothing else counts */
    if (groups->count == 0) break;
    if (kept == 0 || k8smi_group_compare(&groups->items[kept - 1], &groups->items[i]) != 0) {
      groups->items[kept++] = groups->items[i];
    }
  }
  groups->count = kept;
  return true;
}

/* What a constraint says of a value alone; and that there is one. */
static bool terms_rule(struct terms_job *job, const struct k8smi_instance_rule *rule) {
  bool says_value = rule->op <= K8SMI_INSTANCE_CLUSTER && rule->value.len > 0;
  struct k8smi_expression e = {.key = rule->label, .op = K8SMI_OP_EXISTS, .values = rule->texts};
  if (says_value && rule->regex == NULL) e.values = (struct k8smi_strings){&rule->value, 1};
  if (rule->op == K8SMI_INSTANCE_UNLIKE) e.op = K8SMI_OP_NOT_IN; /* of nothing: it says nothing to a master */
  if (rule->op != K8SMI_INSTANCE_UNLIKE && says_value && e.values.count > 0) e.op = K8SMI_OP_IN;
  return constraint_expression(job, &e);
}

static bool terms_rules(struct terms_job *job, const struct k8sm_demand *demand) {
  bool fine = true;
  for (size_t i = 0; demand->rules != NULL && fine && i < demand->rules->constraints.count; i++) {
    fine = terms_rule(job, &demand->rules->constraints.items[i]);
  }
  return fine;
}

/* A volume that is there is on one agent. */
static bool terms_volumes(struct terms_job *job, const struct k8sm_demand *demand) {
  const struct k8sm_cluster *c = job->labels->cluster;
  bool fine = true;
  for (size_t i = 0; fine && i < demand->volume_count; i++) {
    uint32_t row = k8smi_volume_agent(c, demand->volumes[i].row.id);
    const struct k8smi_labels *labels = row == K8SMI_ROW_NONE ? NULL : k8smi_agent_at(c, row)->labels;
    if (labels == NULL) continue;
    fine = terms_and_one(job, (struct k8smi_constraint){
                                  K8SMI_WANT_HOSTNAME, K8SMI_WANT_EQUALS, {NULL, 0}, k8smi_hostname(labels)});
  }
  return fine;
}

static bool terms_selector(struct terms_job *job, const struct k8sm_demand *demand) {
  bool fine = true;
  if (demand->node_name.len > 0) fine = terms_names(job, (struct k8smi_strings){&demand->node_name, 1});
  for (size_t i = 0; fine && i < demand->node_selector.count; i++) {
    const struct k8smi_pair *pair = &demand->node_selector.items[i];
    const struct k8smi_expression is = {.key = pair->key, .values = {&pair->value, 1}, .op = K8SMI_OP_IN};
    fine = constraint_expression(job, &is);
  }
  return fine && terms_rules(job, demand) && terms_volumes(job, demand);
}

static bool terms_start(struct k8smi_want_labels *labels, struct k8smi_groups *groups) {
  *groups = (struct k8smi_groups){k8smi_arena_zalloc(labels->arena, sizeof *groups->items), 1, 1, 0};
  return groups->items != NULL;
}

/* The terms of a node affinity are alternatives, each with what all of them have in common. */
static bool terms_affinity(struct k8smi_want_labels *labels, const struct k8sm_demand *demand,
                           struct k8smi_groups *ret) {
  const struct k8smi_node_terms *terms = &demand->rules->nodes;
  struct k8smi_groups all = {k8smi_arena_array(labels->arena, TERMS_MAX_GROUPS, sizeof *all.items), 0, 0, 0};
  bool fine = all.items != NULL;
  for (size_t i = 0; fine && i < terms->count; i++) {
    struct k8smi_groups one;
    struct terms_job job = {labels, &one};
    fine = terms_start(labels, &one) && terms_selector(&job, demand);
    for (size_t k = 0; fine && k < terms->items[i].fields.count; k++) {
      fine = terms_field(&job, &terms->items[i].fields.items[k]);
    }
    for (size_t k = 0; fine && k < terms->items[i].labels.count; k++) {
      fine = constraint_expression(&job, &terms->items[i].labels.items[k]);
    }
    if (!fine) return false;
    if (all.count + one.count > TERMS_MAX_GROUPS) { /* too much to say: what all have in common is left */
      job.to = ret;
      return terms_start(labels, ret) && terms_selector(&job, demand);
    }
    memcpy(all.items + all.count, one.items, one.count * sizeof *all.items);
    all.count += one.count;
  }
  *ret = all;
  return fine;
}

bool k8smi_want_groups(struct k8smi_want_labels *labels, const struct k8sm_demand *demand,
                       struct k8smi_groups *ret) {
  struct terms_job job = {labels, ret};
  bool fine;
  if (demand->rules != NULL && demand->rules->selects_nodes && demand->rules->nodes.count > 0) {
    fine = terms_affinity(labels, demand, ret);
  } else {
    fine = terms_start(labels, ret) && terms_selector(&job, demand);
  }
  return fine && terms_tidy(labels->arena, ret);
}
