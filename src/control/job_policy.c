/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include <stdio.h>

/* What a Job says of pods that failed, and of when it has succeeded early:
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */

static bool policy_code_matches(const struct k8smi_record *rule, int64_t code) {
  struct k8smi_list values = k8smi_get_list(rule, K8SMI_PodFailurePolicyOnExitCodesRequirement_values);
  bool in = false;
  for (size_t i = 0; i < values.count && !in; i++) in = ((const int64_t *)values.items)[i] == code;
  return k8smi_eqs(k8smi_get_str(rule, K8SMI_PodFailurePolicyOnExitCodesRequirement_operator), "In") ? in
                                                                                                     : !in;
}

/* The container whose exit code the rule means; NULL: none. */
static const struct k8smi_record *policy_container(const struct k8smi_record *rule,
                                                   const struct k8smi_record *status, int64_t *code) {
  static const unsigned lists[] = {K8SMI_PodStatus_containerStatuses, K8SMI_PodStatus_initContainerStatuses};
  struct k8sm_slice name = k8smi_get_str(rule, K8SMI_PodFailurePolicyOnExitCodesRequirement_containerName);
  for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
    struct k8smi_list list = k8smi_get_list(status, lists[k]);
    for (size_t i = 0; i < list.count; i++) {
      const struct k8smi_record *of = k8smi_list_record(list, i);
      const struct k8smi_record *end = k8smi_get_record(k8smi_get_record(of, K8SMI_ContainerStatus_state),
                                                        K8SMI_ContainerState_terminated);
      *code = k8smi_get_i64(end, K8SMI_ContainerStateTerminated_exitCode, 0);
      bool meant = name.len == 0 || k8smi_eq(name, k8smi_get_str(of, K8SMI_ContainerStatus_name));
      if (end != NULL && meant && *code != 0 && policy_code_matches(rule, *code)) return of;
    }
  }
  return NULL;
}

/* The condition of the pod that the patterns mean; empty: none. */
static struct k8sm_slice policy_condition(struct k8smi_list patterns, const struct k8smi_record *status) {
  struct k8smi_list list = k8smi_get_list(status, K8SMI_PodStatus_conditions);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *condition = k8smi_list_record(list, i);
    struct k8sm_slice type = k8smi_get_str(condition, K8SMI_PodCondition_type);
    for (size_t k = 0; k < patterns.count; k++) {
      const struct k8smi_record *pattern = k8smi_list_record(patterns, k);
      if (k8smi_eq(type, k8smi_get_str(pattern, K8SMI_PodFailurePolicyOnPodConditionsPattern_type)) &&
          k8smi_eq(k8smi_get_str(condition, K8SMI_PodCondition_status),
                   k8smi_get_str(pattern, K8SMI_PodFailurePolicyOnPodConditionsPattern_status)))
        return type;
    }
  }
  return (struct k8sm_slice){NULL, 0};
}

static enum ctl_verdict policy_action(struct k8sm_slice action) {
  static const char *const words[] = {"Count", "Ignore", "FailIndex", "FailJob"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (k8smi_eqs(action, words[i])) return (enum ctl_verdict)i;
  }
  return CTL_COUNT_FAILURE;
}

/* Whether the rule means the pod, and in which words. */
static bool policy_matches(const struct k8smi_record *rule, size_t number, const struct ctl_pod *p,
                           char *message, size_t cap) {
  struct k8sm_slice action = k8smi_get_str(rule, K8SMI_PodFailurePolicyRule_action);
  int64_t code = 0;
  if (k8smi_has(rule, K8SMI_PodFailurePolicyRule_onExitCodes)) {
    const struct k8smi_record *of =
        policy_container(k8smi_get_record(rule, K8SMI_PodFailurePolicyRule_onExitCodes), p->status, &code);
    struct k8sm_slice name = k8smi_get_str(of, K8SMI_ContainerStatus_name);
    snprintf(message, cap,
             "Container %.*s for pod %.*s failed with exit code %lld matching %.*s rule at index %zu",
             K8SMI_P(name), K8SMI_P(p->key), (long long)code, K8SMI_P(action), number);
    return of != NULL;
  }
  struct k8sm_slice type =
      policy_condition(k8smi_get_list(rule, K8SMI_PodFailurePolicyRule_onPodConditions), p->status);
  snprintf(message, cap, "Pod %.*s has condition %.*s matching %.*s rule at index %zu", K8SMI_P(p->key),
           K8SMI_P(type), K8SMI_P(action), number);
  return type.len > 0;
}

enum ctl_verdict k8smi_ctl_job_verdict(const struct ctl_object *o, const struct ctl_pod *p, char *message,
                                       size_t cap) {
  struct k8smi_list rules = k8smi_get_list(
      k8smi_get_record(o->workload->spec, K8SMI_JobSpec_podFailurePolicy), K8SMI_PodFailurePolicy_rules);
  for (size_t i = 0; i < rules.count; i++) {
    const struct k8smi_record *rule = k8smi_list_record(rules, i);
    if (policy_matches(rule, i, p, message, cap))
      return policy_action(k8smi_get_str(rule, K8SMI_PodFailurePolicyRule_action));
  }
  return CTL_COUNT_FAILURE;
}

/* How many of the rule's indexes there are, and how many of them are in. */
static void policy_overlap(struct k8sm_slice text, const struct ctl_indexes *succeeded, int64_t *all,
                           int64_t *in) {
  int64_t first, last;
  *all = *in = 0;
  for (size_t at = 0; k8smi_ctl_indexes_next(text, &at, &first, &last);) {
    for (int64_t i = first; i <= last && i < succeeded->count; i++) {
      ++*all;
      *in += k8smi_ctl_indexes_has(succeeded, i);
    }
  }
}

int64_t k8smi_ctl_job_success(const struct ctl_object *o, const struct ctl_indexes *succeeded) {
  struct k8smi_list rules = k8smi_get_list(k8smi_get_record(o->workload->spec, K8SMI_JobSpec_successPolicy),
                                           K8SMI_SuccessPolicy_rules);
  for (size_t i = 0; i < rules.count; i++) {
    const struct k8smi_record *rule = k8smi_list_record(rules, i);
    int64_t enough = k8smi_get_i64(rule, K8SMI_SuccessPolicyRule_succeededCount, -1), all, in;
    if (k8smi_has(rule, K8SMI_SuccessPolicyRule_succeededIndexes)) {
      policy_overlap(k8smi_get_str(rule, K8SMI_SuccessPolicyRule_succeededIndexes), succeeded, &all, &in);
      if (in == all || (enough >= 0 && in >= enough)) return (int64_t)i;
    } else if (enough >= 0 && succeeded->total >= enough) {
      return (int64_t)i;
    }
  }
  return -1;
}
