/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* Pods for Windows, and what a pod may have by its operating system:
 * https://kubernetes.io/docs/concepts/windows/intro/#compatibility-v1-pod */

enum {
  WINDOWS_SPEC_MAX = 64 * 1024,
  WINDOWS_DOMAIN_MAX = 255,
  WINDOWS_USER_MAX = 104,
  WINDOWS_NETBIOS_MAX = 15,
  WINDOWS_LABEL_MAX = 63
};

static bool windows_has_any(struct k8sm_slice s, const char *set) {
  for (size_t i = 0; i < s.len; i++) {
    if (s.ptr[i] != '\0' && strchr(set, s.ptr[i]) != NULL) return true;
  }
  return false;
}

static bool windows_alnum(char c) {
  char low = (char)(c | 0x20);
  return (c >= '0' && c <= '9') || (low >= 'a' && low <= 'z');
}

static size_t windows_letters(struct k8sm_slice s) {
  size_t n = 0;
  for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
  return n;
}

static bool windows_is_netbios(struct k8sm_slice s) {
  size_t letters = windows_letters(s);
  return letters >= 1 && letters <= WINDOWS_NETBIOS_MAX && s.ptr[0] != '.' &&
         !windows_has_any(s, "\\/:*?\"<>|");
}

static bool windows_is_dns(struct k8sm_slice s) {
  for (size_t from = 0, i = 0; i <= s.len; i++) {
    if (i < s.len && s.ptr[i] != '.') {
      if (!windows_alnum(s.ptr[i]) && s.ptr[i] != '-') return false;
      continue;
    }
    if (i == from || i - from > WINDOWS_LABEL_MAX || s.ptr[from] == '-' || s.ptr[i - 1] == '-') return false;
    from = i + 1;
  }
  return true;
}

static bool windows_has_controls(struct k8sm_slice s) {
  for (size_t i = 0; i < s.len; i++) {
    if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f) return true;
  }
  return false;
}

/* What is wrong with DOMAIN\USER or USER, in the server's words. */
static size_t windows_user(struct k8sm_slice s, const char **wrong) {
  const char *slash = s.len == 0 ? NULL : memchr(s.ptr, '\\', s.len);
  struct k8sm_slice domain = {s.ptr, slash == NULL ? 0 : (size_t)(slash - s.ptr)};
  struct k8sm_slice user = slash == NULL ? s : (struct k8sm_slice){slash + 1, s.len - domain.len - 1};
  bool only_dots = user.len > 0;
  size_t n = 0;
  if (s.len == 0) {
    wrong[n++] = "runAsUserName cannot be an empty string";
  } else if (windows_has_controls(s)) {
    wrong[n++] = "runAsUserName cannot contain control characters";
  } else if (slash != NULL && windows_has_any(user, "\\")) {
    wrong[n++] = "runAsUserName cannot contain more than one backslash";
  }
  if (n > 0) return n;
  if (domain.len > WINDOWS_DOMAIN_MAX)
    wrong[n++] = "runAsUserName's Domain length must be under 256 characters";
  if (slash != NULL && !windows_is_netbios(domain) && !windows_is_dns(domain))
    wrong[n++] = "runAsUserName's Domain doesn't match the NetBios nor the DNS format";
  if (user.len == 0) wrong[n++] = "runAsUserName's User cannot be empty";
  if (user.len > WINDOWS_USER_MAX)
    wrong[n++] = "runAsUserName's User length must not be longer than 104 characters";
  for (size_t i = 0; i < user.len; i++) only_dots = only_dots && (user.ptr[i] == '.' || user.ptr[i] == ' ');
  if (only_dots) wrong[n++] = "runAsUserName's User cannot contain only periods or spaces";
  if (windows_has_any(user, "\"/\\:;|=,+*?<>@[]"))
    wrong[n++] = "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]";
  return n;
}

static size_t windows_spec(struct k8sm_slice s, const char **wrong) {
  if (s.len > 0 && s.len <= WINDOWS_SPEC_MAX) return 0;
  wrong[0] = s.len == 0 ? "gmsaCredentialSpec cannot be an empty string"
                        : "gmsaCredentialSpec size must be under 64 KiB";
  return 1;
}

void k8smi_check_windows_options(struct k8smi_check *c, const struct k8smi_record *options,
                                 const struct k8smi_path *parent) {
  static const struct {
    struct k8smi_at at;
    k8smi_format *format;
  } fields[] = {
      {K8SMI_AT_FIELD(WindowsSecurityContextOptions, gmsaCredentialSpecName), k8smi_format_subdomain},
      {K8SMI_AT_FIELD(WindowsSecurityContextOptions, gmsaCredentialSpec), windows_spec},
      {K8SMI_AT_FIELD(WindowsSecurityContextOptions, runAsUserName), windows_user},
  };
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    struct k8smi_path path = k8smi_path_at(parent, fields[i].at);
    if (k8smi_has(options, fields[i].at.field))
      k8smi_check_format_of(c, &path, k8smi_v_word(k8smi_get_str(options, fields[i].at.field)),
                            fields[i].format);
  }
}

/* -1: not set. */
static int windows_host_process(const struct k8smi_record *options) {
  if (!k8smi_has(options, K8SMI_WindowsSecurityContextOptions_hostProcess)) return -1;
  return k8smi_get_bool(options, K8SMI_WindowsSecurityContextOptions_hostProcess, false);
}

void k8smi_check_host_process(struct k8smi_check *c) {
  const struct k8smi_record *security = k8smi_get_record(c->spec, K8SMI_PodSpec_securityContext);
  int of_pod = windows_host_process(k8smi_get_record(security, K8SMI_PodSecurityContext_windowsOptions));
  struct k8smi_path network = K8SMI_PATH(c->at, PodSpec, hostNetwork);
  struct k8smi_visit v = {0};
  const struct k8smi_record *container;
  size_t all = 0, hosts = 0;
  while ((container = k8smi_visit_next(c, &v)) != NULL) {
    security = k8smi_get_record(container, K8SMI_Container_securityContext);
    int own = windows_host_process(k8smi_get_record(security, K8SMI_SecurityContext_windowsOptions));
    struct k8smi_path of_security = K8SMI_PATH(&v.path, Container, securityContext),
                      options = K8SMI_PATH(&of_security, SecurityContext, windowsOptions),
                      at = K8SMI_PATH(&options, WindowsSecurityContextOptions, hostProcess);
    all++;
    hosts += own > 0 || (own < 0 && of_pod > 0);
    if (own >= 0 && of_pod >= 0 && own != of_pod)
      k8smi_check_invalid(
          c, &at, k8smi_v_raw(own ? K8SMI_S("true") : K8SMI_S("false")),
          k8smi_check_text(c, "pod hostProcess value must be identical if both are specified, was %s",
                           of_pod ? "true" : "false"));
  }
  if (hosts == 0) return;
  if (hosts != all)
    k8smi_check_invalid(
        c, c->at, k8smi_v_text(K8SMI_S("")),
        "If pod contains any hostProcess containers then all containers must be HostProcess containers");
  if (!k8smi_get_bool(c->spec, K8SMI_PodSpec_hostNetwork, false))
    k8smi_check_invalid(c, &network, k8smi_v_raw(K8SMI_S("false")),
                        "hostNetwork must be true if pod contains any hostProcess containers");
}

static void windows_refuse(struct k8smi_check *c, const struct k8smi_record *record,
                           const struct k8smi_at *fields, size_t count, const char *detail,
                           const struct k8smi_path *path) {
  for (size_t i = 0; i < count; i++) {
    struct k8smi_path at = k8smi_path_at(path, fields[i]);
    if (k8smi_has(record, fields[i].field)) k8smi_check_forbidden(c, &at, detail);
  }
}

/* In the containers' security contexts, as well. */
static void windows_refuse_in_containers(struct k8smi_check *c, const struct k8smi_at *fields, size_t count,
                                         const char *detail) {
  struct k8smi_visit v = {0};
  const struct k8smi_record *container;
  while ((container = k8smi_visit_next(c, &v)) != NULL) {
    struct k8smi_path path = K8SMI_PATH(&v.path, Container, securityContext);
    windows_refuse(c, k8smi_get_record(container, K8SMI_Container_securityContext), fields, count, detail,
                   &path);
  }
}

static void windows_refuse_windows(struct k8smi_check *c) {
  static const char detail[] = "windows options cannot be set for a linux pod";
  static const struct k8smi_at of_pod[] = {K8SMI_AT_FIELD(PodSecurityContext, windowsOptions)};
  static const struct k8smi_at of_container[] = {K8SMI_AT_FIELD(SecurityContext, windowsOptions)};
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, securityContext);
  windows_refuse(c, k8smi_get_record(c->spec, K8SMI_PodSpec_securityContext), of_pod, 1, detail, &path);
  windows_refuse_in_containers(c, of_container, 1, detail);
}

static void windows_refuse_linux(struct k8smi_check *c) {
  static const char detail[] = "cannot be set for a windows pod";
  static const struct k8smi_at of_pod[] = {K8SMI_AT_FIELD(PodSecurityContext, appArmorProfile),
                                           K8SMI_AT_FIELD(PodSecurityContext, seLinuxOptions),
                                           K8SMI_AT_FIELD(PodSecurityContext, seccompProfile),
                                           K8SMI_AT_FIELD(PodSecurityContext, fsGroup),
                                           K8SMI_AT_FIELD(PodSecurityContext, fsGroupChangePolicy),
                                           K8SMI_AT_FIELD(PodSecurityContext, sysctls),
                                           K8SMI_AT_FIELD(PodSecurityContext, runAsUser),
                                           K8SMI_AT_FIELD(PodSecurityContext, runAsGroup),
                                           K8SMI_AT_FIELD(PodSecurityContext, supplementalGroups),
                                           K8SMI_AT_FIELD(PodSecurityContext, supplementalGroupsPolicy),
                                           K8SMI_AT_FIELD(PodSecurityContext, seLinuxChangePolicy)};
  static const struct k8smi_at of_spec[] = {
      K8SMI_AT_FIELD(PodSpec, hostUsers), K8SMI_AT_FIELD(PodSpec, hostPID), K8SMI_AT_FIELD(PodSpec, hostIPC),
      K8SMI_AT_FIELD(PodSpec, shareProcessNamespace)};
  static const struct k8smi_at of_container[] = {K8SMI_AT_FIELD(SecurityContext, appArmorProfile),
                                                 K8SMI_AT_FIELD(SecurityContext, seLinuxOptions),
                                                 K8SMI_AT_FIELD(SecurityContext, seccompProfile),
                                                 K8SMI_AT_FIELD(SecurityContext, capabilities),
                                                 K8SMI_AT_FIELD(SecurityContext, readOnlyRootFilesystem),
                                                 K8SMI_AT_FIELD(SecurityContext, privileged),
                                                 K8SMI_AT_FIELD(SecurityContext, allowPrivilegeEscalation),
                                                 K8SMI_AT_FIELD(SecurityContext, procMount),
                                                 K8SMI_AT_FIELD(SecurityContext, runAsUser),
                                                 K8SMI_AT_FIELD(SecurityContext, runAsGroup)};
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, securityContext);
  windows_refuse(c, k8smi_get_record(c->spec, K8SMI_PodSpec_securityContext), of_pod,
                 sizeof of_pod / sizeof of_pod[0], detail, &path);
  windows_refuse(c, c->spec, of_spec, sizeof of_spec / sizeof of_spec[0], detail, c->at);
  windows_refuse_in_containers(c, of_container, sizeof of_container / sizeof of_container[0], detail);
}

void k8smi_check_os(struct k8smi_check *c) {
  static const char *const names[] = {"linux", "windows", NULL};
  const struct k8smi_record *os = k8smi_get_record(c->spec, K8SMI_PodSpec_os);
  struct k8sm_slice name = k8smi_get_str(os, K8SMI_PodOS_name);
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, os), of_name = K8SMI_PATH(&path, PodOS, name);
  if (os == NULL) return;
  if (name.len == 0) {
    k8smi_check_required(c, &of_name, NULL);
  } else if (k8smi_eqs(name, "linux")) {
    windows_refuse_windows(c);
  } else if (k8smi_eqs(name, "windows")) {
    windows_refuse_linux(c);
  } else {
    k8smi_check_unsupported(c, &path, k8smi_v_word(name), names);
  }
}
