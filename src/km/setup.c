/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <string.h>

int km_driver_make(const struct km_driver_setup *s, struct k8sm_driver **ret, struct k8sm_diags *diags) {
  struct k8sm_framework framework = {.size = sizeof framework,
                                     .name = s->name,
                                     .user = s->user,
                                     .roles = s->role == NULL ? NULL : &s->role,
                                     .role_count = s->role != NULL,
                                     .principal = s->principal};
  struct k8sm_demand_options demand = {.size = sizeof demand,
                                       .flags = (s->host_filesystem ? K8SM_DEMAND_HOST_FILESYSTEM : 0) |
                                                (s->no_limits ? K8SM_DEMAND_NO_LIMITS : 0) |
                                                (s->original_defaults ? K8SM_DEMAND_ORIGINAL_DEFAULTS : 0),
                                       .data = s->data,
                                       .data_count = s->data_count,
                                       .data_size = sizeof *s->data,
                                       .roles = framework.roles,
                                       .role_count = framework.role_count,
                                       .form = km_form(s->form)};
  struct k8sm_driver_options options = {.size = sizeof options,
                                        .framework = &framework,
                                        .demand = &demand,
                                        .master = s->master,
                                        .seed = s->seed,
                                        .format = strcmp(s->protocol, "json") == 0 ? K8SM_FORMAT_JSON
                                                                                   : K8SM_FORMAT_PROTOBUF};
  return k8sm_driver_new(&options, ret, diags);
}
