/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <string.h>

int km_driver_make(const struct km_driver_setup *s, struct k8sm_driver **ret, struct k8sm_diags *diags) {
  struct k8sm_demand_options demand = km_demand_options(s->mapping);
  struct k8sm_framework framework = {.size = sizeof framework,
                                     .name = s->name,
                                     .user = s->user,
                                     .principal = demand.principal,
                                     .roles = demand.roles,
                                     .role_count = demand.role_count};
  demand.data = s->data;
  demand.data_count = s->data_count;
  demand.data_size = sizeof *s->data;
  const struct k8sm_match_options match = {.size = sizeof match,
                                           .flags = s->preemption ? K8SM_MATCH_PREEMPT : 0};
  struct k8sm_driver_options options = {.size = sizeof options,
                                        .framework = &framework,
                                        .demand = &demand,
                                        .match = &match,
                                        .master = s->master,
                                        .seed = s->seed,
                                        .adopt_ms = s->adopt_ms,
                                        .launch_timeout_ms = s->launch_timeout_ms,
                                        .features = s->mapping->features,
                                        .no_operation_feedback = s->no_feedback,
                                        .format = strcmp(s->protocol, "json") == 0 ? K8SM_FORMAT_JSON
                                                                                   : K8SM_FORMAT_PROTOBUF,
                                        .executor_overlay = s->mapping->executor_overlay,
                                        .task_overlay = s->mapping->task_overlay};
  return k8sm_driver_new(&options, ret, diags);
}

int km_workloads_make(const struct km_driver_setup *s, struct k8sm_control **ret, struct k8sm_diags *diags) {
  const struct k8sm_control_options options = {.size = sizeof options, .seed = s->control_seed};
  return k8sm_control_new(&options, ret, diags);
}
