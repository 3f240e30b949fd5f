/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container starts again when it has ended: the first of its rules that fits the exit code, then
 * its own policy, then the pod's.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy */
#include "demand/build.h"

uint32_t k8smi_restart_policy(struct k8sm_slice text) {
  if (k8smi_eqs(text, "Never")) return K8SMI_RESTART_NEVER;
  return k8smi_eqs(text, "OnFailure") ? K8SMI_RESTART_ON_FAILURE : K8SMI_RESTART_ALWAYS;
}

/* An init container has done its work once it exits with 0, so Always means OnFailure for it. Rules are for a
 * container that states a policy. */
void k8smi_demand_make_restarts(struct k8smi_demand_task *task, const struct k8smi_record *container,
                                uint32_t pod) {
  struct k8sm_slice own = k8smi_get_str(container, K8SMI_Container_restartPolicy);
  task->restart_policy = own.len > 0 ? k8smi_restart_policy(own) : pod;
  if (own.len > 0) task->restart_rules = k8smi_get_list(container, K8SMI_Container_restartPolicyRules);
  if (task->kind == K8SM_TASK_INIT && task->restart_policy == K8SMI_RESTART_ALWAYS) {
    task->restart_policy = K8SMI_RESTART_ON_FAILURE;
  }
}

static bool restart_is(const struct k8smi_record *rule) {
  return k8smi_eqs(k8smi_get_str(rule, K8SMI_ContainerRestartRule_action), "Restart");
}

static bool restart_fits(const struct k8smi_record *rule, int32_t exit_code) {
  const struct k8smi_record *codes = k8smi_get_record(rule, K8SMI_ContainerRestartRule_exitCodes);
  if (codes == NULL) return false;
  struct k8smi_list values = k8smi_get_list(codes, K8SMI_ContainerRestartRuleOnExitCodes_values);
  struct k8sm_slice op = k8smi_get_str(codes, K8SMI_ContainerRestartRuleOnExitCodes_operator);
  bool among = false;
  for (size_t i = 0; i < values.count; i++) among |= k8smi_list_i64(values, i) == exit_code;
  return k8smi_eqs(op, "In") ? among : k8smi_eqs(op, "NotIn") && !among;
}

bool k8smi_task_restarts(const struct k8smi_demand_task *task, int32_t exit_code) {
  for (size_t i = 0; i < task->restart_rules.count; i++) {
    const struct k8smi_record *rule = k8smi_list_record(task->restart_rules, i);
    if (!restart_fits(rule, exit_code)) continue;
    if (restart_is(rule)) return true;
    break; /* another action: refused, or by the pod's author taken as none */
  }
  return task->restart_policy == K8SMI_RESTART_ALWAYS ||
         (task->restart_policy == K8SMI_RESTART_ON_FAILURE && exit_code != 0);
}

bool k8smi_task_may_restart(const struct k8smi_demand_task *task) {
  bool may = task->restart_policy != K8SMI_RESTART_NEVER;
  for (size_t i = 0; !may && i < task->restart_rules.count; i++)
    may = restart_is(k8smi_list_record(task->restart_rules, i));
  return may;
}
