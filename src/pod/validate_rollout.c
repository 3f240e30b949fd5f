/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload_check.h"

#include "wire/number.h"

/* How the pods of a workload are replaced by those of a changed template:
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy */

static const struct k8smi_field_rule rollout_partition =
    K8SMI_RULE_NOT_NEGATIVE(RollingUpdateStatefulSetStrategy, partition);

/* An amount of pods: a number, or a part of all in percent. */
struct rollout_share {
  struct k8smi_int_or_string value;
  bool is_set;
  struct k8smi_path path;
};

static struct rollout_share rollout_share(const struct k8smi_record *record, struct k8smi_at at,
                                          const struct k8smi_path *parent) {
  return (struct rollout_share){k8smi_get_int_or_string(record, at.field), k8smi_has(record, at.field),
                                k8smi_path_at(parent, at)};
}

static struct k8smi_shown rollout_shown(const struct rollout_share *share) {
  return share->value.text.ptr == NULL ? k8smi_v_number(share->value.number)
                                       : k8smi_v_word(share->value.text);
}

static bool rollout_is_percent(const struct rollout_share *share) {
  return share->value.text.ptr != NULL && k8smi_has_format(share->value.text, k8smi_format_percent);
}

/* The number or the percentage; of a text that is neither what Go makes of it, which is the number that it
 * says, or 0. One that is too large is INT64_MAX. */
static int64_t rollout_amount(const struct rollout_share *share) {
  struct k8sm_slice text = share->value.text;
  int64_t amount = 0;
  if (text.ptr == NULL) return share->value.number;
  if (rollout_is_percent(share)) text.len--;
  bool negative = text.len > 1 && text.ptr[0] == '-';
  if (negative || (text.len > 1 && text.ptr[0] == '+'))
    text = (struct k8sm_slice){text.ptr + 1, text.len - 1};
  for (size_t i = 0; i < text.len; i++) {
    int digit = text.ptr[i] - '0';
    if (digit < 0 || digit > 9) return 0;
    amount = amount > (INT64_MAX - digit) / 10 ? INT64_MAX : amount * 10 + digit;
  }
  return negative ? -amount : amount;
}

static void rollout_check_form(struct k8smi_check *c, const struct rollout_share *share) {
  if (share->value.text.ptr != NULL) {
    k8smi_check_format_of(c, &share->path, k8smi_v_word(share->value.text), k8smi_format_percent);
  } else if (share->value.number < 0) {
    k8smi_check_invalid(c, &share->path, k8smi_v_number(share->value.number), K8SMI_NOT_NEGATIVE);
  }
}

static void rollout_check_most(struct k8smi_check *c, const struct rollout_share *share) {
  if (rollout_is_percent(share) && rollout_amount(share) > 100)
    k8smi_check_invalid(c, &share->path, rollout_shown(share), "must not be greater than 100%");
}

static void rollout_deployment(struct k8smi_check *c, const struct k8smi_record *rolling,
                               const struct k8smi_path *path) {
  struct rollout_share down = rollout_share(rolling, K8SMI_F(RollingUpdateDeployment, maxUnavailable), path),
                       surge = rollout_share(rolling, K8SMI_F(RollingUpdateDeployment, maxSurge), path);
  rollout_check_form(c, &down);
  rollout_check_form(c, &surge);
  if (rollout_amount(&down) == 0 && rollout_amount(&surge) == 0)
    k8smi_check_invalid(c, &down.path, rollout_shown(&down), "may not be 0 when `maxSurge` is 0");
  rollout_check_most(c, &down);
}

void k8smi_check_deployment_strategy(struct k8smi_check *c, const struct k8smi_record *strategy,
                                     const struct k8smi_path *path) {
  static const char *const types[] = {"Recreate", "RollingUpdate", NULL};
  const struct k8smi_record *rolling = k8smi_get_record(strategy, K8SMI_DeploymentStrategy_rollingUpdate);
  struct k8sm_slice type = k8smi_get_str(strategy, K8SMI_DeploymentStrategy_type);
  struct k8smi_path at = K8SMI_PATH(path, DeploymentStrategy, rollingUpdate);
  if (!k8smi_is_among(type, types)) {
    k8smi_check_unsupported(c, path, k8smi_v_record(c, K8SMI_TYPE_DeploymentStrategy, strategy), types);
  } else if (k8smi_eqs(type, "Recreate")) {
    if (rolling != NULL)
      k8smi_check_forbidden(c, &at, "may not be specified when strategy `type` is 'Recreate'");
  } else if (rolling == NULL) {
    k8smi_check_required(c, &at, "this should be defaulted and never be nil");
  } else {
    rollout_deployment(c, rolling, &at);
  }
}

static void rollout_daemon_set(struct k8smi_check *c, const struct k8smi_record *rolling,
                               const struct k8smi_path *path) {
  struct rollout_share down = rollout_share(rolling, K8SMI_F(RollingUpdateDaemonSet, maxUnavailable), path),
                       surge = rollout_share(rolling, K8SMI_F(RollingUpdateDaemonSet, maxSurge), path);
  rollout_check_form(c, &down);
  rollout_check_form(c, &surge);
  rollout_check_most(c, &down);
  rollout_check_most(c, &surge);
  if (rollout_amount(&down) != 0 && rollout_amount(&surge) != 0)
    k8smi_check_invalid(c, &surge.path, rollout_shown(&surge),
                        "may not be set when maxUnavailable is non-zero");
  if (rollout_amount(&down) == 0 && rollout_amount(&surge) == 0)
    k8smi_check_required(c, &down.path, "cannot be 0 when maxSurge is 0");
}

void k8smi_check_daemon_set_strategy(struct k8smi_check *c, const struct k8smi_record *strategy,
                                     const struct k8smi_path *path) {
  static const char *const types[] = {"RollingUpdate", "OnDelete", NULL};
  const struct k8smi_record *rolling =
      k8smi_get_record(strategy, K8SMI_DaemonSetUpdateStrategy_rollingUpdate);
  struct k8sm_slice type = k8smi_get_str(strategy, K8SMI_DaemonSetUpdateStrategy_type);
  struct k8smi_path at = K8SMI_PATH(path, DaemonSetUpdateStrategy, rollingUpdate);
  if (!k8smi_is_among(type, types)) {
    k8smi_check_unsupported(c, path, k8smi_v_record(c, K8SMI_TYPE_DaemonSetUpdateStrategy, strategy), types);
  } else if (k8smi_eqs(type, "RollingUpdate") && rolling == NULL) {
    k8smi_check_required(c, &at, NULL);
  } else if (k8smi_eqs(type, "RollingUpdate")) {
    rollout_daemon_set(c, rolling, &at);
  }
}

static void rollout_stateful_set(struct k8smi_check *c, const struct k8smi_record *rolling,
                                 const struct k8smi_path *path) {
  struct rollout_share down =
      rollout_share(rolling, K8SMI_F(RollingUpdateStatefulSetStrategy, maxUnavailable), path);
  k8smi_check_rule(c, rolling, &rollout_partition, path);
  if (!down.is_set) return;
  rollout_check_form(c, &down);
  if (rollout_amount(&down) == 0) k8smi_check_invalid(c, &down.path, rollout_shown(&down), "cannot be 0");
  rollout_check_most(c, &down);
}

void k8smi_check_stateful_set_strategy(struct k8smi_check *c, const struct k8smi_record *strategy,
                                       const struct k8smi_path *path) {
  const struct k8smi_record *rolling =
      k8smi_get_record(strategy, K8SMI_StatefulSetUpdateStrategy_rollingUpdate);
  struct k8sm_slice type = k8smi_get_str(strategy, K8SMI_StatefulSetUpdateStrategy_type);
  struct k8smi_path at = K8SMI_PATH(path, StatefulSetUpdateStrategy, rollingUpdate);
  if (type.len == 0) {
    k8smi_check_required(c, path, NULL);
  } else if (k8smi_eqs(type, "RollingUpdate")) {
    if (rolling != NULL) rollout_stateful_set(c, rolling, &at);
  } else if (!k8smi_eqs(type, "OnDelete")) {
    k8smi_check_invalid(c, path, k8smi_v_record(c, K8SMI_TYPE_StatefulSetUpdateStrategy, strategy),
                        "must be 'RollingUpdate' or 'OnDelete'");
  } else if (rolling != NULL) {
    k8smi_check_invalid(c, &at, k8smi_v_record(c, K8SMI_TYPE_RollingUpdateStatefulSetStrategy, rolling),
                        "only allowed for updateStrategy 'RollingUpdate'");
  }
}
