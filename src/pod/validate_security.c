/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* Security contexts: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
 * Privileged containers are allowed, as in any cluster whose API server is told so. */

static const char *const security_profiles[] = {"Localhost", "RuntimeDefault", "Unconfined", NULL};
static const char *const security_group_changes[] = {"Always", "OnRootMismatch", NULL};
static const char *const security_group_policies[] = {"Merge", "Strict", NULL};
static const char *const security_label_changes[] = {"MountOption", "Recursive", NULL};
static const char *const security_proc_mounts[] = {"Default", "Unmasked", NULL};

static void security_seccomp(struct k8smi_check *c, const struct k8smi_record *profile,
                             const struct k8smi_path *path) {
  struct k8smi_path type = K8SMI_PATH(path, SeccompProfile, type),
                    local = K8SMI_PATH(path, SeccompProfile, localhostProfile);
  struct k8sm_slice word = k8smi_get_str(profile, K8SMI_SeccompProfile_type);
  bool has_local = k8smi_has(profile, K8SMI_SeccompProfile_localhostProfile);
  if (profile == NULL) return;
  if (word.len == 0) {
    k8smi_check_required(c, &type, "type is required when seccompProfile is set");
  } else if (!k8smi_is_among(word, security_profiles)) {
    k8smi_check_unsupported(c, &type, k8smi_v_word(word), security_profiles);
  }
  if (!k8smi_eqs(word, "Localhost")) {
    if (has_local)
      k8smi_check_invalid(c, &local, k8smi_v_record(c, K8SMI_TYPE_SeccompProfile, profile),
                          "can only be set when seccomp type is Localhost");
  } else if (!has_local) {
    k8smi_check_required(c, &local, "must be set when seccomp type is Localhost");
  } else {
    k8smi_check_format(c, &local, k8smi_get_str(profile, K8SMI_SeccompProfile_localhostProfile),
                       k8smi_format_relative_path);
  }
}

static void security_apparmor_local(struct k8smi_check *c, const struct k8smi_record *profile,
                                    const struct k8smi_path *path) {
  enum { PATH_LONGEST = 4095 };
  static const char required[] = "must be set when AppArmor type is Localhost";
  struct k8sm_slice local = k8smi_get_str(profile, K8SMI_AppArmorProfile_localhostProfile);
  if (local.len == 0) {
    k8smi_check_required(c, path, required);
    return;
  }
  if (k8smi_is_padded(local))
    k8smi_check_invalid(c, path, k8smi_v_text(local), "must not be padded with whitespace");
  if (local.len > PATH_LONGEST) k8smi_check_too_long(c, path, PATH_LONGEST);
}

static void security_apparmor(struct k8smi_check *c, const struct k8smi_record *profile,
                              const struct k8smi_path *path) {
  struct k8smi_path type = K8SMI_PATH(path, AppArmorProfile, type),
                    local = K8SMI_PATH(path, AppArmorProfile, localhostProfile);
  struct k8sm_slice word = k8smi_get_str(profile, K8SMI_AppArmorProfile_type);
  if (profile == NULL) return;
  if (word.len == 0) {
    k8smi_check_required(c, &type, "type is required when appArmorProfile is set");
  } else if (!k8smi_is_among(word, security_profiles)) {
    k8smi_check_unsupported(c, &type, k8smi_v_word(word), security_profiles);
  } else if (k8smi_eqs(word, "Localhost")) {
    security_apparmor_local(c, profile, &local);
  } else if (k8smi_has(profile, K8SMI_AppArmorProfile_localhostProfile)) {
    k8smi_check_invalid(c, &local,
                        k8smi_v_word(k8smi_get_str(profile, K8SMI_AppArmorProfile_localhostProfile)),
                        "can only be set when AppArmor type is Localhost");
  }
}

/* What contradicts that the container may gain no privileges. */
static void security_escalation(struct k8smi_check *c, const struct k8smi_record *security,
                                const struct k8smi_path *path) {
  struct k8smi_list add =
      k8smi_get_list(k8smi_get_record(security, K8SMI_SecurityContext_capabilities), K8SMI_Capabilities_add);
  if (k8smi_get_bool(security, K8SMI_SecurityContext_allowPrivilegeEscalation, true)) return;
  if (k8smi_get_bool(security, K8SMI_SecurityContext_privileged, false))
    k8smi_check_invalid(c, path, k8smi_v_record(c, K8SMI_TYPE_SecurityContext, security),
                        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  size_t admin = 0;
  while (admin < add.count && !k8smi_eqs(k8smi_list_str(add, admin), "CAP_SYS_ADMIN")) admin++;
  if (admin < add.count && !c->is_stored)
    k8smi_check_invalid(
        c, path, k8smi_v_record(c, K8SMI_TYPE_SecurityContext, security),
        "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
}

void k8smi_check_container_security(struct k8smi_check *c, const struct k8smi_record *security,
                                    const struct k8smi_path *path) {
  static const struct k8smi_field_rule ids[] = {
      {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(SecurityContext, runAsUser), .high = INT32_MAX},
      {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(SecurityContext, runAsGroup), .high = INT32_MAX},
      {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(SecurityContext, procMount), .words = security_proc_mounts},
  };
  struct k8smi_path seccomp = K8SMI_PATH(path, SecurityContext, seccompProfile),
                    apparmor = K8SMI_PATH(path, SecurityContext, appArmorProfile),
                    proc = K8SMI_PATH(path, SecurityContext, procMount),
                    windows = K8SMI_PATH(path, SecurityContext, windowsOptions);
  struct k8sm_slice mount = k8smi_get_str(security, K8SMI_SecurityContext_procMount);
  if (security == NULL) return;
  K8SMI_CHECK_RULES(c, security, ids, path);
  if (k8smi_eqs(mount, "Unmasked") && k8smi_get_bool(c->spec, K8SMI_PodSpec_hostUsers, true))
    k8smi_check_invalid(c, &proc, k8smi_v_word(mount), "`hostUsers` must be false to use `Unmasked`");
  security_seccomp(c, k8smi_get_record(security, K8SMI_SecurityContext_seccompProfile), &seccomp);
  security_escalation(c, security, path);
  k8smi_check_windows_options(c, k8smi_get_record(security, K8SMI_SecurityContext_windowsOptions), &windows);
  security_apparmor(c, k8smi_get_record(security, K8SMI_SecurityContext_appArmorProfile), &apparmor);
}

/* Kernel parameters of a namespace that the pod shares with the host. Names may have '/' for '.', and then
 * the other way round. */
static bool security_sysctl_is(struct k8sm_slice name, const char *const *prefixes) {
  char swap = '.';
  for (size_t i = 0; i < name.len && swap == '.'; i++) {
    if (name.ptr[i] == '.') break;
    if (name.ptr[i] == '/') swap = '/';
  }
  for (; *prefixes != NULL; prefixes++) {
    size_t len = strlen(*prefixes), i = 0;
    bool whole = (*prefixes)[len - 1] != '.';
    if (whole ? name.len != len : name.len < len) continue;
    for (; i < len; i++) {
      char letter = name.ptr[i];
      if (swap == '/' && (letter == '/' || letter == '.')) letter = letter == '/' ? '.' : '/';
      if (letter != (*prefixes)[i]) break;
    }
    if (i == len) return true;
  }
  return false;
}

static void security_sysctls(struct k8smi_check *c, const struct k8smi_record *security,
                             const struct k8smi_path *parent) {
  static const char *const of_network[] = {"net.", NULL};
  static const char *const of_ipc[] = {"kernel.sem",
                                       "kernel.shmall",
                                       "kernel.shmmax",
                                       "kernel.shmmni",
                                       "kernel.shm_rmid_forced",
                                       "kernel.shm",
                                       "kernel.msgmax",
                                       "kernel.msgmnb",
                                       "kernel.msgmni",
                                       "kernel.msg",
                                       "fs.mqueue.",
                                       NULL};
  struct k8smi_path path = K8SMI_PATH(parent, PodSecurityContext, sysctls);
  struct k8smi_list list = k8smi_get_list(security, K8SMI_PodSecurityContext_sysctls);
  bool network = k8smi_get_bool(c->spec, K8SMI_PodSpec_hostNetwork, false);
  bool ipc = k8smi_get_bool(c->spec, K8SMI_PodSpec_hostIPC, false);
  k8smi_map_clear(&c->seen);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice name = k8smi_get_str(k8smi_list_record(list, i), K8SMI_Sysctl_name);
    struct k8smi_path at = k8smi_path_index(&path, i), of_name = K8SMI_PATH(&at, Sysctl, name);
    size_t before = c->found;
    if (name.len == 0) {
      k8smi_check_required(c, &of_name, NULL);
    } else {
      k8smi_check_format(c, &of_name, name, k8smi_format_sysctl);
    }
    if (!k8smi_check_add(c, &c->seen, name) && c->found == before)
      k8smi_check_duplicate(c, &of_name, k8smi_v_text(name));
    if (c->is_stored) continue;
    if (network && security_sysctl_is(name, of_network)) {
      k8smi_check_invalid(c, &of_name, k8smi_v_text(name), "may not be specified when 'hostNetwork' is true");
    } else if (ipc && security_sysctl_is(name, of_ipc)) {
      k8smi_check_invalid(c, &of_name, k8smi_v_text(name), "may not be specified when 'hostIPC' is true");
    }
  }
}

static void security_groups(struct k8smi_check *c, const struct k8smi_record *security,
                            const struct k8smi_path *parent) {
  struct k8smi_list list = k8smi_get_list(security, K8SMI_PodSecurityContext_supplementalGroups);
  struct k8smi_path path = K8SMI_PATH(parent, PodSecurityContext, supplementalGroups);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&path, i);
    k8smi_check_between(c, &at, k8smi_list_i64(list, i), 0, INT32_MAX);
  }
}

void k8smi_check_pod_security(struct k8smi_check *c) {
  static const struct k8smi_field_rule ids[] = {
      {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(PodSecurityContext, fsGroup), .high = INT32_MAX},
      {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(PodSecurityContext, runAsUser), .high = INT32_MAX},
      {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(PodSecurityContext, runAsGroup), .high = INT32_MAX},
  };
  static const struct k8smi_field_rule change = {K8SMI_RULE_WORD_IF_SET,
                                                 K8SMI_AT_FIELD(PodSecurityContext, fsGroupChangePolicy),
                                                 .words = security_group_changes};
  static const struct k8smi_field_rule policies[] = {
      {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(PodSecurityContext, supplementalGroupsPolicy),
       .words = security_group_policies},
      {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(PodSecurityContext, seLinuxChangePolicy),
       .words = security_label_changes},
  };
  const struct k8smi_record *security = k8smi_get_record(c->spec, K8SMI_PodSpec_securityContext);
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, securityContext),
                    seccomp = K8SMI_PATH(&path, PodSecurityContext, seccompProfile),
                    apparmor = K8SMI_PATH(&path, PodSecurityContext, appArmorProfile),
                    windows = K8SMI_PATH(&path, PodSecurityContext, windowsOptions);
  K8SMI_CHECK_RULES(c, security, ids, &path);
  security_groups(c, security, &path);
  security_sysctls(c, security, &path);
  k8smi_check_rule(c, security, &change, &path);
  security_seccomp(c, k8smi_get_record(security, K8SMI_PodSecurityContext_seccompProfile), &seccomp);
  k8smi_check_windows_options(c, k8smi_get_record(security, K8SMI_PodSecurityContext_windowsOptions),
                              &windows);
  security_apparmor(c, k8smi_get_record(security, K8SMI_PodSecurityContext_appArmorProfile), &apparmor);
  K8SMI_CHECK_RULES(c, security, policies, &path);
}
