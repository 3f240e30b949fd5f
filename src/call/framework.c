/* SPDX-License-Identifier: Apache-2.0 */
#include "call/framework.h"

#include "base/abi.h"
#include "call/build.h"

enum { FRAMEWORK_FOUR_WEEKS = 28 * 24 * 60 * 60 };

/* PARTITION_AWARE and TASK_KILLING_STATE: states that statuses rely on. MULTI_ROLE and
 * RESERVATION_REFINEMENT: the form in which offers and resources are read and written. */
static const K8smMesos__FrameworkInfo__Capability__Type framework_capabilities[] = {
    K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__PARTITION_AWARE,
    K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__TASK_KILLING_STATE,
    K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__MULTI_ROLE,
    K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__RESERVATION_REFINEMENT,
    K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__GPU_RESOURCES, /* the last: by option */
};

static void framework_put_capabilities(struct k8smi_build *b, K8smMesos__FrameworkInfo *info, bool gpu) {
  const size_t all = sizeof framework_capabilities / sizeof framework_capabilities[0],
               n = gpu ? all : all - 1;
  info->capabilities = k8smi_build_array(b, n, sizeof *info->capabilities);
  for (size_t i = 0; i < n && b->result == K8SM_OK; i++) {
    K8smMesos__FrameworkInfo__Capability *c = K8SMI_BUILD(b, framework_info__capability);
    if (c == NULL) return;
    c->has_type = 1;
    c->type = framework_capabilities[i];
    info->capabilities[i] = c;
    info->n_capabilities = i + 1;
  }
}

static void framework_put_roles(struct k8smi_build *b, K8smMesos__FrameworkInfo *info,
                                const struct k8sm_framework *f) {
  static const char *const any[] = {"*"};
  const char *const *roles = f->role_count == 0 ? any : f->roles;
  const size_t n = f->role_count == 0 ? 1 : f->role_count;
  info->roles = k8smi_build_array(b, n, sizeof *info->roles);
  for (size_t i = 0; i < n && b->result == K8SM_OK; i++) {
    info->roles[i] = k8smi_build_text(b, "framework.roles", k8smi_s(roles[i]));
    info->n_roles = i + 1;
  }
}

static char *framework_text(struct k8smi_build *b, const char *name, const char *text) {
  return text == NULL ? NULL : k8smi_build_text(b, name, k8smi_s(text));
}

int k8smi_framework_info(struct k8smi_arena *arena, const struct k8sm_framework *framework,
                         struct k8sm_slice id, K8smMesos__FrameworkInfo **ret, struct k8sm_diags *diags) {
  struct k8sm_framework f;
  struct k8smi_build b = {arena, diags, K8SM_OK};
  int result = k8smi_options_read(&f, sizeof f, framework, "framework", diags);
  if (result != K8SM_OK) return result;
  K8smMesos__FrameworkInfo *info = K8SMI_BUILD(&b, framework_info);
  if (info == NULL) return b.result;
  info->name = framework_text(&b, "framework.name", f.name == NULL ? "Kubernetes" : f.name);
  info->user = framework_text(&b, "framework.user", f.user == NULL ? "root" : f.user);
  info->principal = framework_text(&b, "framework.principal", f.principal);
  info->hostname = framework_text(&b, "framework.hostname", f.hostname);
  info->webui_url = framework_text(&b, "framework.webui_url", f.webui_url);
  info->has_failover_timeout = 1;
  info->failover_timeout =
      f.failover_timeout_seconds == 0 ? FRAMEWORK_FOUR_WEEKS : f.failover_timeout_seconds;
  k8smi_build_seconds(&b, "framework.failover_timeout_seconds", info->failover_timeout);
  info->has_checkpoint = 1;
  info->checkpoint = f.no_checkpoint == 0;
  if (id.len > 0) {
    info->id = K8SMI_BUILD(&b, framework_id);
    if (info->id != NULL) info->id->value = k8smi_build_id(&b, "framework_id", id);
  }
  if (b.result == K8SM_OK) framework_put_roles(&b, info, &f);
  if (b.result == K8SM_OK) framework_put_capabilities(&b, info, f.gpu_resources != 0);
  if (b.result == K8SM_OK) *ret = info;
  return b.result;
}
