/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload_check.h"

#include <inttypes.h>

#include "pod/quote.h"
#include "wire/number.h"

/* When a Job has failed, and when it has succeeded before all of its pods have:
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */

enum {
  POLICY_RULES_MAX = 20,
  POLICY_EXIT_CODES_MAX = 255,
  POLICY_CONDITIONS_MAX = 20,
  POLICY_INDEXES_MAX = 64 * 1024,
};

static const char *const policy_actions[] = {"Count", "FailIndex", "FailJob", "Ignore", NULL};
static const char *const policy_operators[] = {"In", "NotIn", NULL};
static const char *const policy_statuses[] = {"False", "True", "Unknown", NULL};

/* ---- Failure ---- */

/* A word that is required; `values`: all of them, as the server lists them where there is none. */
static void policy_word(struct k8smi_check *c, struct k8sm_slice word, const char *const *words,
                        const char *values, const struct k8smi_path *path) {
  if (word.len == 0) {
    k8smi_check_required(c, path, values);
  } else if (!k8smi_is_among(word, words)) {
    k8smi_check_unsupported(c, path, k8smi_v_word(word), words);
  }
}

static int64_t policy_code(struct k8smi_list codes, size_t i) {
  return k8smi_list_i64(codes, i);
}

static void policy_exit_code_values(struct k8smi_check *c, const struct k8smi_record *requirement, bool is_in,
                                    const struct k8smi_path *path) {
  unsigned field = K8SMI_PodFailurePolicyOnExitCodesRequirement_values;
  struct k8smi_list codes = k8smi_get_list(requirement, field);
  bool ordered = true;
  k8smi_map_clear(&c->seen);
  if (codes.count == 0) {
    k8smi_check_invalid(c, path, k8smi_v_raw(k8smi_has(requirement, field) ? K8SMI_S("[]") : K8SMI_S("null")),
                        "at least one value is required");
  } else if (codes.count > POLICY_EXIT_CODES_MAX) {
    k8smi_check_too_many(c, path, codes.count, POLICY_EXIT_CODES_MAX);
  }
  for (size_t i = 0; i < codes.count; i++) {
    int64_t code = policy_code(codes, i);
    struct k8sm_slice key = {(const char *)codes.items + i * sizeof code, sizeof code};
    struct k8smi_path at = k8smi_path_index(path, i);
    if (is_in && code == 0)
      k8smi_check_invalid(c, &at, k8smi_v_number(code), "must not be 0 for the In operator");
    if (!k8smi_check_add(c, &c->seen, key)) k8smi_check_duplicate(c, &at, k8smi_v_number(code));
    ordered = ordered && (i == 0 || policy_code(codes, i - 1) <= code);
  }
  if (!ordered) k8smi_check_invalid(c, path, k8smi_v_numbers(c, codes), "must be ordered");
}

/* `c->items`: the names of the template's containers. */
static void policy_exit_codes(struct k8smi_check *c, const struct k8smi_record *codes,
                              const struct k8smi_path *path) {
  struct k8smi_path operator_ = K8SMI_PATH(path, PodFailurePolicyOnExitCodesRequirement, operator),
                    container = K8SMI_PATH(path, PodFailurePolicyOnExitCodesRequirement, containerName),
                    values = K8SMI_PATH(path, PodFailurePolicyOnExitCodesRequirement, values);
  struct k8sm_slice word = k8smi_get_str(codes, K8SMI_PodFailurePolicyOnExitCodesRequirement_operator);
  struct k8sm_slice name = k8smi_get_str(codes, K8SMI_PodFailurePolicyOnExitCodesRequirement_containerName);
  policy_word(c, word, policy_operators, "valid values: [\"In\" \"NotIn\"]", &operator_);
  if (k8smi_has(codes, K8SMI_PodFailurePolicyOnExitCodesRequirement_containerName) &&
      !k8smi_check_knows(&c->items, name))
    k8smi_check_invalid(c, &container, k8smi_v_text(name),
                        "must be one of the container or initContainer names in the pod template");
  policy_exit_code_values(c, codes, k8smi_eqs(word, "In"), &values);
}

static void policy_conditions(struct k8smi_check *c, struct k8smi_list list, const struct k8smi_path *path) {
  static const struct k8smi_field_rule type = {K8SMI_RULE_TEXT,
                                               K8SMI_AT_FIELD(PodFailurePolicyOnPodConditionsPattern, type),
                                               .format = k8smi_format_qualified};
  if (list.count > POLICY_CONDITIONS_MAX) k8smi_check_too_many(c, path, list.count, POLICY_CONDITIONS_MAX);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *pattern = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(path, i),
                      status = K8SMI_PATH(&at, PodFailurePolicyOnPodConditionsPattern, status);
    k8smi_check_rule(c, pattern, &type, &at);
    policy_word(c, k8smi_get_str(pattern, K8SMI_PodFailurePolicyOnPodConditionsPattern_status),
                policy_statuses, "valid values: [\"False\" \"True\" \"Unknown\"]", &status);
  }
}

static void policy_failure_rule(struct k8smi_check *c, const struct k8smi_record *rule, bool per_index,
                                const struct k8smi_path *path) {
  struct k8smi_path action = K8SMI_PATH(path, PodFailurePolicyRule, action),
                    of_codes = K8SMI_PATH(path, PodFailurePolicyRule, onExitCodes),
                    of_conditions = K8SMI_PATH(path, PodFailurePolicyRule, onPodConditions);
  struct k8sm_slice word = k8smi_get_str(rule, K8SMI_PodFailurePolicyRule_action);
  const struct k8smi_record *codes = k8smi_get_record(rule, K8SMI_PodFailurePolicyRule_onExitCodes);
  struct k8smi_list conditions = k8smi_get_list(rule, K8SMI_PodFailurePolicyRule_onPodConditions);
  if (k8smi_eqs(word, "FailIndex")) {
    if (!per_index)
      k8smi_check_invalid(c, &action, k8smi_v_word(word), "requires the backoffLimitPerIndex to be set");
  } else {
    policy_word(c, word, policy_actions, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]",
                &action);
  }
  if (codes != NULL) policy_exit_codes(c, codes, &of_codes);
  policy_conditions(c, conditions, &of_conditions);
  if (codes != NULL && conditions.count > 0)
    k8smi_check_invalid(c, path, K8SMI_V_NONE,
                        "specifying both OnExitCodes and OnPodConditions is not supported");
  if (codes == NULL && conditions.count == 0)
    k8smi_check_invalid(c, path, K8SMI_V_NONE,
                        "specifying one of OnExitCodes and OnPodConditions is required");
}

static void policy_container_names(struct k8smi_check *c, const struct k8smi_record *template_) {
  static const uint8_t lists[] = {K8SMI_PodSpec_containers, K8SMI_PodSpec_initContainers};
  const struct k8smi_record *spec = k8smi_get_record(template_, K8SMI_PodTemplateSpec_spec);
  k8smi_map_clear(&c->items);
  for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
    struct k8smi_list list = k8smi_get_list(spec, lists[l]);
    for (size_t i = 0; i < list.count; i++)
      k8smi_check_add(c, &c->items, k8smi_get_str(k8smi_list_record(list, i), K8SMI_Container_name));
  }
}

void k8smi_check_failure_policy(struct k8smi_check *c, const struct k8smi_record *spec,
                                const struct k8smi_path *parent) {
  const struct k8smi_record *policy = k8smi_get_record(spec, K8SMI_JobSpec_podFailurePolicy);
  struct k8smi_path path = K8SMI_PATH(parent, JobSpec, podFailurePolicy),
                    rules = K8SMI_PATH(&path, PodFailurePolicy, rules);
  struct k8smi_list list = k8smi_get_list(policy, K8SMI_PodFailurePolicy_rules);
  if (policy == NULL) return;
  if (list.count > POLICY_RULES_MAX) k8smi_check_too_many(c, &rules, list.count, POLICY_RULES_MAX);
  policy_container_names(c, k8smi_get_record(spec, K8SMI_JobSpec_template));
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&rules, i);
    policy_failure_rule(c, k8smi_list_record(list, i), k8smi_has(spec, K8SMI_JobSpec_backoffLimitPerIndex),
                        &at);
  }
}

/* ---- Success ---- */

/* A number as Go reads it; false: it is none, which is said. */
static bool policy_index(struct k8smi_check *c, struct k8sm_slice text, int64_t completions, int64_t *ret) {
  struct k8sm_slice digits = text;
  if (digits.len > 0 && digits.ptr[0] == '+') digits = (struct k8sm_slice){text.ptr + 1, text.len - 1};
  bool good = digits.len > 0 && digits.ptr[0] >= '0' && digits.ptr[0] <= '9';
  while (good && digits.len > 1 && digits.ptr[0] == '0')
    digits = (struct k8sm_slice){digits.ptr + 1, digits.len - 1};
  if (!good || !k8smi_parse_i64(digits, ret)) {
    k8smi_buf_puts(&c->detail, "cannot convert string to integer for index: ");
  } else if (*ret >= completions) {
    k8smi_buf_puts(&c->detail, "too large index: ");
  } else {
    return true;
  }
  k8smi_put_go_quoted(&c->detail, text);
  return false;
}

static bool policy_not_increasing(struct k8smi_check *c, int64_t previous, int64_t current) {
  k8smi_buf_puts(&c->detail, "non-increasing order, previous: ");
  k8smi_buf_i64(&c->detail, previous);
  k8smi_buf_puts(&c->detail, ", current: ");
  k8smi_buf_i64(&c->detail, current);
  return false;
}

/* "3" or "5-7". */
static bool policy_interval(struct k8smi_check *c, struct k8sm_slice text, int64_t completions,
                            int64_t *first, int64_t *last) {
  const char *dash = text.len == 0 ? NULL : memchr(text.ptr, '-', text.len);
  struct k8sm_slice low = {text.ptr, dash == NULL ? text.len : (size_t)(dash - text.ptr)};
  struct k8sm_slice high = {text.ptr + low.len, text.len - low.len};
  if (dash != NULL) high = (struct k8sm_slice){high.ptr + 1, high.len - 1};
  if (high.len > 0 && memchr(high.ptr, '-', high.len) != NULL) {
    k8smi_buf_puts(&c->detail, "the fragment ");
    k8smi_put_go_quoted(&c->detail, text);
    k8smi_buf_puts(&c->detail, " violates the requirement that an index interval can have at most two parts "
                               "separated by '-'");
    return false;
  }
  if (!policy_index(c, low, completions, first)) return false;
  *last = *first;
  if (dash == NULL) return true;
  if (!policy_index(c, high, completions, last)) return false;
  return *first < *last || policy_not_increasing(c, *first, *last);
}

/* Counts the indexes of "0,2-5"; false: it is no such text, and c->detail says why. */
static bool policy_indexes(struct k8smi_check *c, struct k8sm_slice text, int64_t completions,
                           int64_t *count) {
  int64_t first, last, previous = -1, total = 0;
  k8smi_buf_clear(&c->detail);
  k8smi_buf_puts(&c->detail, "error parsing succeededIndexes: ");
  *count = 0;
  for (size_t from = 0, i = 0; i <= text.len && text.len > 0; i++) {
    if (i < text.len && text.ptr[i] != ',') continue;
    struct k8sm_slice interval = {text.ptr + from, i - from};
    if (!policy_interval(c, interval, completions, &first, &last)) return false;
    if (previous >= first) return policy_not_increasing(c, previous, first);
    total += last - first + 1;
    previous = last;
    from = i + 1;
  }
  *count = total;
  return true;
}

static void policy_success_rule(struct k8smi_check *c, const struct k8smi_record *rule, int64_t completions,
                                const struct k8smi_path *path) {
  static const struct k8smi_field_rule not_negative =
      K8SMI_RULE_NOT_NEGATIVE(SuccessPolicyRule, succeededCount);
  struct k8smi_path of_indexes = K8SMI_PATH(path, SuccessPolicyRule, succeededIndexes),
                    of_count = K8SMI_PATH(path, SuccessPolicyRule, succeededCount);
  struct k8sm_slice indexes = k8smi_get_str(rule, K8SMI_SuccessPolicyRule_succeededIndexes);
  bool has_indexes = k8smi_has(rule, K8SMI_SuccessPolicyRule_succeededIndexes);
  bool has_count = k8smi_has(rule, K8SMI_SuccessPolicyRule_succeededCount);
  int64_t count = k8smi_get_i64(rule, K8SMI_SuccessPolicyRule_succeededCount, 0), total = 0;
  if (!has_count && !has_indexes)
    k8smi_check_required(c, path, "at least one of succeededCount or succeededIndexes must be specified");
  if (indexes.len > POLICY_INDEXES_MAX) k8smi_check_too_long(c, &of_indexes, POLICY_INDEXES_MAX);
  if (!policy_indexes(c, indexes, completions, &total)) {
    k8smi_buf_putc(&c->detail, '\0');
    k8smi_check_invalid(c, &of_indexes, k8smi_v_text(indexes), c->detail.failed ? "" : c->detail.ptr);
  }
  c->no_memory = c->no_memory || c->detail.failed;
  if (!has_count) return;
  k8smi_check_rule(c, rule, &not_negative, path);
  if (count > completions)
    k8smi_check_invalid(
        c, &of_count, k8smi_v_number(count),
        k8smi_check_text(c, "must be less than or equal to %" PRId64 " (the number of specified completions)",
                         completions));
  if (has_indexes && count > total)
    k8smi_check_invalid(c, &of_count, k8smi_v_number(count),
                        k8smi_check_text(c,
                                         "must be less than or equal to %" PRId64
                                         " (the number of indexes in the specified succeededIndexes field)",
                                         total));
}

void k8smi_check_success_policy(struct k8smi_check *c, const struct k8smi_record *spec,
                                const struct k8smi_path *parent) {
  const struct k8smi_record *policy = k8smi_get_record(spec, K8SMI_JobSpec_successPolicy);
  struct k8smi_path path = K8SMI_PATH(parent, JobSpec, successPolicy),
                    rules = K8SMI_PATH(&path, SuccessPolicy, rules);
  struct k8smi_list list = k8smi_get_list(policy, K8SMI_SuccessPolicy_rules);
  if (policy == NULL) return;
  if (!k8smi_eqs(k8smi_get_str(spec, K8SMI_JobSpec_completionMode), "Indexed")) {
    k8smi_check_invalid(c, &path, k8smi_v_record(c, K8SMI_TYPE_SuccessPolicy, policy),
                        "requires indexed completion mode");
    return;
  }
  if (list.count == 0)
    k8smi_check_required(c, &rules,
                         "at least one rules must be specified when the successPolicy is specified");
  if (list.count > POLICY_RULES_MAX) k8smi_check_too_many(c, &rules, list.count, POLICY_RULES_MAX);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&rules, i);
    policy_success_rule(c, k8smi_list_record(list, i), k8smi_get_i64(spec, K8SMI_JobSpec_completions, 0),
                        &at);
  }
}
