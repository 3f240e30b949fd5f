/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation k8s.mesosphere.io/constraints: [["rack","GROUP_BY","3"],["hostname","UNIQUE"]]. */
#include "demand/placement_private.h"

#include "wire/number.h"
#include "wire/token.h"

enum { CONSTRAINTS_MAX = 32, CONSTRAINTS_PARTS = 3 };

const char *const k8smi_instance_rule_names[K8SMI_INSTANCE_RULES] = {
    [K8SMI_INSTANCE_IS] = "IS",           [K8SMI_INSTANCE_LIKE] = "LIKE",
    [K8SMI_INSTANCE_UNLIKE] = "UNLIKE",   [K8SMI_INSTANCE_CLUSTER] = "CLUSTER",
    [K8SMI_INSTANCE_UNIQUE] = "UNIQUE",   [K8SMI_INSTANCE_GROUP_BY] = "GROUP_BY",
    [K8SMI_INSTANCE_MAX_PER] = "MAX_PER",
};

struct constraints_job {
  struct k8smi_demand_build *b;
  struct k8smi_tokens *tokens;
  struct k8smi_path list; /* of the annotation; the number of the constraint comes behind */
  struct k8smi_instance_rule *items;
  size_t count;
};

static void constraints_refuse(struct constraints_job *job, const char *found, struct k8sm_slice text,
                               const char *expected) {
  struct k8smi_path path = k8smi_path_index(&job->list, job->count);
  k8smi_demand_refuse(job->b, &path, "%s%.*s: expected %s", found, K8SMI_P(text), expected);
}

/* ---- Fields ---- */

static struct k8sm_slice constraints_attribute(struct k8smi_demand_build *b, struct k8sm_slice field) {
  struct k8smi_buf key;
  if (!k8smi_buf_init(&key, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return (struct k8sm_slice){NULL, 0};
  }
  k8smi_buf_puts(&key, K8SMI_LABEL_ATTRIBUTE);
  k8smi_buf_slice(&key, field);
  return k8smi_demand_take(b, &key);
}

/* The label that the field is of an agent as a node. */
static struct k8sm_slice constraints_label(struct k8smi_demand_build *b, struct k8sm_slice field) {
  static const struct {
    const char *field, *label;
  } known[] = {
      {"hostname", K8SMI_LABEL_HOSTNAME},
      {"@hostname", K8SMI_LABEL_HOSTNAME},
      {"@region", K8SMI_LABEL_REGION},
      {"@zone", K8SMI_LABEL_ZONE},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (k8smi_eqs(field, known[i].field)) return k8smi_s(known[i].label);
  }
  bool is_label = memchr(field.ptr, '/', field.len) != NULL;
  return is_label ? field : constraints_attribute(b, field);
}

/* ---- Values ---- */

static bool constraints_is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* The texts of an expression that is only a choice among them: "r1", "r1|r2", "(a\.b|c)". None otherwise. */
static struct k8smi_strings constraints_texts(struct k8smi_demand_build *b, struct k8sm_slice e) {
  size_t most = 1, count = 0, len = 0;
  if (e.len > 2 && e.ptr[0] == '(' && e.ptr[e.len - 1] == ')') e = (struct k8sm_slice){e.ptr + 1, e.len - 2};
  for (size_t i = 0; i < e.len; i++) most += e.ptr[i] == '|';
  struct k8sm_slice *items = k8smi_demand_array(b, most, sizeof *items);
  char *text = k8smi_demand_array(b, e.len + 1, 1);
  if (items == NULL || text == NULL) return (struct k8smi_strings){NULL, 0};
  for (size_t i = 0; i <= e.len; i++) {
    if (i == e.len || e.ptr[i] == '|') {
      items[count++] = (struct k8sm_slice){text, len};
      text += len;
      len = 0;
      continue;
    }
    if (e.ptr[i] == '\\' && i + 1 < e.len && e.ptr[i + 1] == '.') {
      text[len++] = e.ptr[++i];
    } else if (constraints_is_plain(e.ptr[i])) {
      text[len++] = e.ptr[i];
    } else {
      return (struct k8smi_strings){NULL, 0};
    }
  }
  return (struct k8smi_strings){items, count};
}

static bool constraints_expression(struct constraints_job *job, struct k8smi_instance_rule *rule) {
  char why[128] = "";
  size_t at = 0;
  int r = k8smi_regex_compile(&job->b->demand->arena, rule->value, &rule->regex, why, &at);
  if (r == K8SM_ERR_NOMEM) job->b->no_memory = true;
  if (r == K8SM_ERR_INVALID) {
    struct k8smi_path path = k8smi_path_index(&job->list, job->count);
    k8smi_demand_refuse(job->b, &path, "'%.*s' is no regular expression, or too large: at byte %zu: %s",
                        K8SMI_P(rule->value), at, why);
  }
  if (r == K8SM_OK) rule->texts = constraints_texts(job->b, rule->value);
  return r == K8SM_OK;
}

static bool constraints_number(struct constraints_job *job, struct k8smi_instance_rule *rule) {
  uint64_t n = 0;
  if (rule->value.len == 0) return true;
  if (!k8smi_parse_u64(rule->value, &n) || n == 0 || n > UINT32_MAX) {
    struct k8smi_path path = k8smi_path_index(&job->list, job->count);
    k8smi_demand_refuse(job->b, &path, "'%.*s': expected a number of 1 or more behind %s",
                        K8SMI_P(rule->value), k8smi_instance_rule_names[rule->op]);
    return false;
  }
  rule->number = (uint32_t)n;
  return true;
}

/* What of the value the operator understands. */
static bool constraints_value(struct constraints_job *job, struct k8smi_instance_rule *rule, bool there) {
  enum { NEVER, MAY, MUST };
  static const struct {
    int value;
    bool (*read)(struct constraints_job *job, struct k8smi_instance_rule *rule);
  } how[K8SMI_INSTANCE_RULES] = {
      [K8SMI_INSTANCE_IS] = {MUST, NULL},
      [K8SMI_INSTANCE_LIKE] = {MUST, constraints_expression},
      [K8SMI_INSTANCE_UNLIKE] = {MUST, constraints_expression},
      [K8SMI_INSTANCE_CLUSTER] = {MAY, NULL},
      [K8SMI_INSTANCE_UNIQUE] = {NEVER, NULL},
      [K8SMI_INSTANCE_GROUP_BY] = {MAY, constraints_number},
      [K8SMI_INSTANCE_MAX_PER] = {MUST, constraints_number},
  };
  const struct k8sm_slice nothing = {"", 0};
  if (how[rule->op].value == MUST && rule->value.len == 0) {
    constraints_refuse(job, k8smi_instance_rule_names[rule->op], nothing, "a value behind it");
    return false;
  }
  if (how[rule->op].value == NEVER && there) {
    constraints_refuse(job, k8smi_instance_rule_names[rule->op], nothing, "no value behind it");
    return false;
  }
  return how[rule->op].read == NULL || how[rule->op].read(job, rule);
}

/* ---- The list ---- */

static void constraints_rule(struct constraints_job *job, const struct k8sm_slice *parts, size_t count) {
  struct k8smi_instance_rule *rule = &job->items[job->count];
  *rule = (struct k8smi_instance_rule){.field = parts[0]};
  while (rule->op < K8SMI_INSTANCE_RULES && !k8smi_eqs(parts[1], k8smi_instance_rule_names[rule->op]))
    rule->op++;
  if (rule->op == K8SMI_INSTANCE_RULES) {
    constraints_refuse(job, "operator ", parts[1], "UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER or IS");
    return;
  }
  if (parts[0].len == 0) {
    constraints_refuse(job, "field ", parts[0], "hostname, @region, @zone or the name of an attribute");
    return;
  }
  if (count == CONSTRAINTS_PARTS) rule->value = parts[2];
  if (!constraints_value(job, rule, count == CONSTRAINTS_PARTS)) return;
  rule->label = constraints_label(job->b, rule->field);
}

/* False behind the end, and for what is not JSON. */
static bool constraints_next(struct constraints_job *job, struct k8smi_token *ret) {
  int r = k8smi_tokens_next(job->tokens, ret, NULL);
  if (r == K8SM_ERR_NOMEM) job->b->no_memory = true;
  return r == K8SM_OK;
}

/* Up to three texts in brackets; the opening one is read. SIZE_MAX: something else. */
static size_t constraints_parts(struct constraints_job *job, struct k8sm_slice *parts) {
  struct k8smi_token token;
  for (size_t n = 0;; n++) {
    if (!constraints_next(job, &token)) return SIZE_MAX;
    if (token.kind == K8SMI_TOKEN_ARRAY_END) return n < 2 ? SIZE_MAX : n;
    bool text = token.kind == K8SMI_TOKEN_STRING || (n == 2 && token.kind == K8SMI_TOKEN_NUMBER);
    if (n == CONSTRAINTS_PARTS || !text) return SIZE_MAX;
    parts[n] = token.text;
  }
}

/* False: it is no list of constraints. */
static bool constraints_read(struct constraints_job *job) {
  struct k8smi_token token;
  if (!constraints_next(job, &token) || token.kind != K8SMI_TOKEN_ARRAY) return false;
  for (;; job->count++) {
    struct k8sm_slice parts[CONSTRAINTS_PARTS];
    if (!constraints_next(job, &token)) return false;
    if (token.kind == K8SMI_TOKEN_ARRAY_END) break;
    size_t n = token.kind == K8SMI_TOKEN_ARRAY && job->count < CONSTRAINTS_MAX ? constraints_parts(job, parts)
                                                                               : SIZE_MAX;
    if (n == SIZE_MAX) return false;
    constraints_rule(job, parts, n);
  }
  return constraints_next(job, &token) && token.kind == K8SMI_TOKEN_END &&
         k8smi_tokens_next_document(job->tokens, NULL) == K8SM_ERR_NOT_FOUND;
}

void k8smi_placement_constraints(struct k8smi_demand_build *b, struct k8sm_slice text,
                                 const struct k8smi_path *path, struct k8smi_instance_rules *ret) {
  struct constraints_job job = {.b = b, .list = *path};
  const struct k8smi_tokens_options options = {.max_depth = 4};
  size_t refused = b->refused;
  job.items = k8smi_demand_array(b, CONSTRAINTS_MAX, sizeof *job.items);
  int r = job.items == NULL
              ? K8SM_ERR_NOMEM
              : k8smi_tokens_json(&b->demand->arena, text.ptr, text.len, &options, &job.tokens, NULL);
  if (r == K8SM_ERR_NOMEM) {
    b->no_memory = true;
    return;
  }
  if ((r != K8SM_OK || !constraints_read(&job)) && b->refused == refused && !b->no_memory) {
    k8smi_demand_refuse(
        b, path, "'%.*s': expected a JSON list of up to 32 [FIELD, OPERATOR] or [FIELD, OPERATOR, VALUE]",
        K8SMI_P(text));
  }
  if (r == K8SM_OK) k8smi_tokens_free(job.tokens);
  *ret = (struct k8smi_instance_rules){job.items, b->refused == refused ? job.count : 0, 0, text};
  for (size_t i = 0; i < ret->count; i++) ret->of_pods += ret->items[i].op >= K8SMI_INSTANCE_CLUSTER;
}
