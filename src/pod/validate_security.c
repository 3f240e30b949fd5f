/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

static void security_profile(struct k8smi_check *c, const struct k8smi_record *profile, unsigned type,
                             unsigned kind, unsigned local, const struct k8smi_path *path) {
  struct k8smi_path at = K8SMI_AT(path, "localhostProfile");
  if (profile == NULL) return;
  k8smi_check_words(c, type, profile, path);
  bool wanted = k8smi_eqs(k8smi_get_str(profile, kind), "Localhost");
  if (wanted && k8smi_get_str(profile, local).len == 0)
    k8smi_check_required(c, &at, "must be set when type is Localhost");
  if (!wanted && k8smi_has(profile, local))
    k8smi_check_invalid(c, &at, k8smi_get_str(profile, local), "can only be set when type is Localhost");
}

void k8smi_check_container_security(struct k8smi_check *c, const struct k8smi_record *security,
                                    const struct k8smi_path *path) {
  struct k8smi_path seccomp = K8SMI_AT(path, "seccompProfile"), apparmor = K8SMI_AT(path, "appArmorProfile");
  if (security == NULL) return;
  k8smi_check_range(c, security, K8SMI_SecurityContext_runAsUser, "runAsUser", path, 0, INT32_MAX);
  k8smi_check_range(c, security, K8SMI_SecurityContext_runAsGroup, "runAsGroup", path, 0, INT32_MAX);
  k8smi_check_words(c, K8SMI_TYPE_SecurityContext, security, path);
  if (!k8smi_get_bool(security, K8SMI_SecurityContext_allowPrivilegeEscalation, true) &&
      k8smi_get_bool(security, K8SMI_SecurityContext_privileged, false))
    k8smi_check_invalid(c, path, K8SMI_S(""),
                        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  security_profile(c, k8smi_get_record(security, K8SMI_SecurityContext_seccompProfile),
                   K8SMI_TYPE_SeccompProfile, K8SMI_SeccompProfile_type,
                   K8SMI_SeccompProfile_localhostProfile, &seccomp);
  security_profile(c, k8smi_get_record(security, K8SMI_SecurityContext_appArmorProfile),
                   K8SMI_TYPE_AppArmorProfile, K8SMI_AppArmorProfile_type,
                   K8SMI_AppArmorProfile_localhostProfile, &apparmor);
}

static void security_sysctls(struct k8smi_check *c, const struct k8smi_record *security,
                             const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "sysctls");
  struct k8smi_list list = k8smi_get_list(security, K8SMI_PodSecurityContext_sysctls);
  k8smi_map_clear(&c->scratch);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&path, i), name = K8SMI_AT(&at, "name");
    struct k8sm_slice text = k8smi_get_str(k8smi_list_record(list, i), K8SMI_Sysctl_name);
    if (k8smi_check_text(c, k8smi_list_record(list, i), K8SMI_Sysctl_name, "name", &at,
                         k8smi_format_sysctl) &&
        !k8smi_check_unique(c, &c->scratch, text))
      k8smi_check_duplicate(c, &name, text);
  }
}

void k8smi_check_pod_security(struct k8smi_check *c, const struct k8smi_path *spec) {
  const struct k8smi_record *security = k8smi_get_record(c->spec, K8SMI_PodSpec_securityContext);
  struct k8smi_path path = K8SMI_AT(spec, "securityContext"), groups = K8SMI_AT(&path, "supplementalGroups"),
                    seccomp = K8SMI_AT(&path, "seccompProfile"),
                    apparmor = K8SMI_AT(&path, "appArmorProfile"),
                    share = K8SMI_AT(spec, "shareProcessNamespace");
  if (k8smi_get_bool(c->spec, K8SMI_PodSpec_hostPID, false) &&
      k8smi_get_bool(c->spec, K8SMI_PodSpec_shareProcessNamespace, false))
    k8smi_check_invalid(c, &share, K8SMI_S("true"),
                        "ShareProcessNamespace and HostPID cannot both be enabled");
  if (security == NULL) return;
  k8smi_check_range(c, security, K8SMI_PodSecurityContext_fsGroup, "fsGroup", &path, 0, INT32_MAX);
  k8smi_check_range(c, security, K8SMI_PodSecurityContext_runAsUser, "runAsUser", &path, 0, INT32_MAX);
  k8smi_check_range(c, security, K8SMI_PodSecurityContext_runAsGroup, "runAsGroup", &path, 0, INT32_MAX);
  struct k8smi_list list = k8smi_get_list(security, K8SMI_PodSecurityContext_supplementalGroups);
  for (size_t i = 0; i < list.count; i++) {
    int64_t id = ((const int64_t *)list.items)[i];
    struct k8smi_path at = k8smi_path_index(&groups, i);
    if (id < 0 || id > INT32_MAX)
      k8smi_check_invalid_number(c, &at, id, "must be between 0 and 2147483647, inclusive");
  }
  security_sysctls(c, security, &path);
  k8smi_check_words(c, K8SMI_TYPE_PodSecurityContext, security, &path);
  security_profile(c, k8smi_get_record(security, K8SMI_PodSecurityContext_seccompProfile),
                   K8SMI_TYPE_SeccompProfile, K8SMI_SeccompProfile_type,
                   K8SMI_SeccompProfile_localhostProfile, &seccomp);
  security_profile(c, k8smi_get_record(security, K8SMI_PodSecurityContext_appArmorProfile),
                   K8SMI_TYPE_AppArmorProfile, K8SMI_AppArmorProfile_type,
                   K8SMI_AppArmorProfile_localhostProfile, &apparmor);
}
