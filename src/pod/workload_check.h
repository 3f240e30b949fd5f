/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_WORKLOAD_CHECK_H
#define K8SMI_POD_WORKLOAD_CHECK_H

#include "pod/validate_private.h"

/* The rules for the specs of workload kinds, each in the server's order. */

#define K8SMI_NOT_NEGATIVE "must be greater than or equal to 0"
/* A rule: a number that is not negative, if it is set. */
#define K8SMI_RULE_NOT_NEGATIVE(T, f)                                                                        \
  { .kind = K8SMI_RULE_BETWEEN, .at = K8SMI_AT_FIELD(T, f), .high = INT64_MAX, .detail = K8SMI_NOT_NEGATIVE }

/* How pods are replaced; the path is that of the strategy. */
void k8smi_check_deployment_strategy(struct k8smi_check *c, const struct k8smi_record *strategy,
                                     const struct k8smi_path *path);
void k8smi_check_daemon_set_strategy(struct k8smi_check *c, const struct k8smi_record *strategy,
                                     const struct k8smi_path *path);
void k8smi_check_stateful_set_strategy(struct k8smi_check *c, const struct k8smi_record *strategy,
                                       const struct k8smi_path *path);

/* The spec of a Job but for its selector. `template_` is that of the spec, or what a create makes of it. */
void k8smi_check_job_spec(struct k8smi_check *c, const struct k8smi_record *spec,
                          const struct k8smi_record *template_, const struct k8smi_path *path);
/* What becomes of a Job whose pods fail, and when it has succeeded. */
void k8smi_check_failure_policy(struct k8smi_check *c, const struct k8smi_record *spec,
                                const struct k8smi_path *path);
void k8smi_check_success_policy(struct k8smi_check *c, const struct k8smi_record *spec,
                                const struct k8smi_path *path);

void k8smi_check_cron_job_spec(struct k8smi_check *c, const struct k8smi_record *spec,
                               const struct k8smi_path *path);

#endif
