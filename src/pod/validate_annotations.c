/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include "pod/profiles.h"
#include "wire/number.h"

/* Annotations that mean something to Kubernetes, and the profiles of seccomp and AppArmor, which can be given
 * as annotations and as fields: https://kubernetes.io/docs/reference/labels-annotations-taints/ */

static const struct k8sm_slice annotation_none = {NULL, 0};

static struct k8sm_slice annotation_value(const struct k8smi_check *c, const char *key) {
  return k8smi_get_pair(c->metadata, K8SMI_ObjectMeta_annotations, key);
}

/* What stands for a container under a prefix. */
static struct k8sm_slice annotation_of_container(struct k8smi_check *c, struct k8sm_slice prefix,
                                                 const struct k8smi_record *container) {
  if (k8smi_get_list(c->metadata, K8SMI_ObjectMeta_annotations).count == 0) return annotation_none;
  struct k8sm_slice name = k8smi_get_str(container, K8SMI_Container_name);
  struct k8sm_slice domain = {prefix.ptr, prefix.len - 1};
  struct k8sm_slice key = k8smi_check_join(c, domain, '/', name);
  return key.ptr == NULL ? annotation_none : annotation_value(c, key.ptr);
}

static struct k8sm_slice annotation_after(struct k8sm_slice s, struct k8sm_slice prefix) {
  return (struct k8sm_slice){s.ptr + prefix.len, s.len - prefix.len};
}

/* A 32-bit number without a plus sign and without zeros in front. */
static bool annotation_is_cost(struct k8sm_slice s) {
  int64_t n;
  bool start = s.len > 0 &&
               (s.ptr[0] == '-' || (s.ptr[0] == '0' && s.len == 1) || (s.ptr[0] >= '1' && s.ptr[0] <= '9'));
  size_t digits = s.len > 0 && s.ptr[0] == '-' ? 1 : 0;
  while (digits + 1 < s.len && s.ptr[digits] == '0') digits++; /* "-007" is a number here */
  if (!start || digits >= s.len) return false;
  struct k8sm_slice number = {s.ptr + digits, s.len - digits};
  if (number.ptr[0] < '0' || number.ptr[0] > '9' || !k8smi_parse_i64(number, &n)) return false;
  return s.ptr[0] == '-' ? n <= (int64_t)INT32_MAX + 1 : n <= INT32_MAX;
}

static void annotation_seccomp(struct k8smi_check *c, struct k8smi_pair pair,
                               const struct k8smi_path *parent) {
  static const char *const known[] = {"runtime/default", "docker/default", "unconfined", NULL};
  struct k8smi_path path = k8smi_path_field(parent, pair.key);
  if (k8smi_is_among(pair.value, known)) return;
  if (!k8smi_has_prefix(pair.value, K8SMI_PROFILE_LOCALHOST)) {
    k8smi_check_invalid(c, &path, k8smi_v_text(pair.value), "must be a valid seccomp profile");
  } else {
    k8smi_check_format(c, &path, annotation_after(pair.value, K8SMI_PROFILE_LOCALHOST),
                       k8smi_format_relative_path);
  }
}

static void annotation_apparmor(struct k8smi_check *c, struct k8smi_pair pair,
                                const struct k8smi_path *parent) {
  static const char *const known[] = {"", "runtime/default", "unconfined", NULL};
  struct k8smi_path path = k8smi_path_key(parent, pair.key);
  struct k8sm_slice name = annotation_after(pair.key, K8SMI_APPARMOR);
  if (!k8smi_check_knows(&c->names, name))
    k8smi_check_invalid(c, &path, k8smi_v_text(name), "container not found");
  if (k8smi_is_among(pair.value, known) || k8smi_has_prefix(pair.value, K8SMI_PROFILE_LOCALHOST)) return;
  k8smi_check_invalid(
      c, &path, k8smi_v_text(pair.value),
      k8smi_check_text(c, "invalid AppArmor profile name: %s", k8smi_check_quoted(c, pair.value)));
}

static void annotation_names(struct k8smi_check *c) {
  struct k8smi_visit v = {0};
  const struct k8smi_record *container;
  k8smi_map_clear(&c->names);
  while ((container = k8smi_visit_next(c, &v)) != NULL)
    k8smi_check_add(c, &c->names, k8smi_get_str(container, K8SMI_Container_name));
}

void k8smi_check_pod_annotations(struct k8smi_check *c, const struct k8smi_path *path) {
  static const char mirror[] = "kubernetes.io/config.mirror";
  static const char cost[] = "controller.kubernetes.io/pod-deletion-cost";
  struct k8smi_list list = k8smi_get_list(c->metadata, K8SMI_ObjectMeta_annotations);
  struct k8sm_slice value = annotation_value(c, mirror);
  if (list.count == 0) return;
  struct k8smi_path at = k8smi_path_key(path, k8smi_s(mirror));
  if (value.ptr != NULL && k8smi_get_str(c->spec, K8SMI_PodSpec_nodeName).len == 0)
    k8smi_check_invalid(c, &at, k8smi_v_text(value),
                        "must set spec.nodeName if mirror pod annotation is set");
  k8smi_check_old_tolerations(c, path);
  value = annotation_value(c, cost);
  at = k8smi_path_key(path, k8smi_s(cost));
  if (value.ptr != NULL && !c->is_stored && !annotation_is_cost(value))
    k8smi_check_invalid(c, &at, k8smi_v_text(value), "must be a 32bit integer");
  value = annotation_value(c, K8SMI_SECCOMP_POD.ptr);
  if (value.ptr != NULL) annotation_seccomp(c, (struct k8smi_pair){K8SMI_SECCOMP_POD, value}, path);
  for (size_t i = 0; i < list.count; i++) {
    if (k8smi_has_prefix(k8smi_list_pair(list, i).key, K8SMI_SECCOMP_CONTAINER))
      annotation_seccomp(c, k8smi_list_pair(list, i), path);
  }
  annotation_names(c);
  for (size_t i = 0; i < list.count; i++) {
    if (k8smi_has_prefix(k8smi_list_pair(list, i).key, K8SMI_APPARMOR))
      annotation_apparmor(c, k8smi_list_pair(list, i), path);
  }
}

/* The words for both kinds of profiles, whose records have the same fields. */
struct annotation_kind {
  const char *of_type, *of_profile;
  bool docker; /* an old word for the default of the runtime counts */
};

static void annotation_agrees(struct k8smi_check *c, struct k8sm_slice value,
                              const struct k8smi_record *profile, const struct annotation_kind *kind,
                              const struct k8smi_path *path) {
  struct k8smi_path type = K8SMI_PATH(path, SeccompProfile, type),
                    local = K8SMI_PATH(path, SeccompProfile, localhostProfile);
  struct k8sm_slice word = k8smi_get_str(profile, K8SMI_SeccompProfile_type);
  if (k8smi_eqs(word, "Unconfined")) {
    if (!k8smi_eqs(value, "unconfined")) k8smi_check_forbidden(c, &type, kind->of_type);
  } else if (k8smi_eqs(word, "RuntimeDefault")) {
    bool docker = kind->docker && k8smi_eqs(value, "docker/default");
    if (!k8smi_eqs(value, "runtime/default") && !docker) k8smi_check_forbidden(c, &type, kind->of_type);
  } else if (k8smi_eqs(word, "Localhost")) {
    if (!k8smi_has_prefix(value, K8SMI_PROFILE_LOCALHOST)) {
      k8smi_check_forbidden(c, &type, kind->of_type);
    } else if (!k8smi_has(profile, K8SMI_SeccompProfile_localhostProfile) ||
               !k8smi_eq(annotation_after(value, K8SMI_PROFILE_LOCALHOST),
                         k8smi_get_str(profile, K8SMI_SeccompProfile_localhostProfile))) {
      k8smi_check_forbidden(c, &local, kind->of_profile);
    }
  }
}

static void annotation_check_seccomp(struct k8smi_check *c) {
  static const struct annotation_kind kind = {"seccomp type in annotation and field must match",
                                              "seccomp profile in annotation and field must match", true};
  const struct k8smi_record *security = k8smi_get_record(c->spec, K8SMI_PodSpec_securityContext);
  const struct k8smi_record *profile = k8smi_get_record(security, K8SMI_PodSecurityContext_seccompProfile);
  struct k8sm_slice value = annotation_value(c, K8SMI_SECCOMP_POD.ptr);
  struct k8smi_path of_security = K8SMI_PATH(c->at, PodSpec, securityContext),
                    path = K8SMI_PATH(&of_security, PodSecurityContext, seccompProfile);
  if (profile != NULL && value.ptr != NULL) annotation_agrees(c, value, profile, &kind, &path);
  struct k8smi_visit v = {0};
  const struct k8smi_record *container;
  while ((container = k8smi_visit_next(c, &v)) != NULL) {
    security = k8smi_get_record(container, K8SMI_Container_securityContext);
    profile = k8smi_get_record(security, K8SMI_SecurityContext_seccompProfile);
    if (profile == NULL) continue;
    value = annotation_of_container(c, K8SMI_SECCOMP_CONTAINER, container);
    of_security = K8SMI_PATH(&v.path, Container, securityContext);
    path = K8SMI_PATH(&of_security, SecurityContext, seccompProfile);
    if (value.ptr != NULL) annotation_agrees(c, value, profile, &kind, &path);
  }
}

static void annotation_check_apparmor(struct k8smi_check *c) {
  static const struct annotation_kind kind = {"apparmor type in annotation and field must match",
                                              "apparmor profile in annotation and field must match", false};
  const struct k8smi_record *os = k8smi_get_record(c->spec, K8SMI_PodSpec_os);
  if (k8smi_eqs(k8smi_get_str(os, K8SMI_PodOS_name), "windows")) return;
  const struct k8smi_record *of_pod = k8smi_get_record(
      k8smi_get_record(c->spec, K8SMI_PodSpec_securityContext), K8SMI_PodSecurityContext_appArmorProfile);
  struct k8smi_visit v = {0};
  const struct k8smi_record *container;
  while ((container = k8smi_visit_next(c, &v)) != NULL) {
    const struct k8smi_record *security = k8smi_get_record(container, K8SMI_Container_securityContext);
    const struct k8smi_record *profile = k8smi_get_record(security, K8SMI_SecurityContext_appArmorProfile);
    if (profile == NULL) profile = of_pod;
    if (profile == NULL) continue;
    struct k8sm_slice value = annotation_of_container(c, K8SMI_APPARMOR, container);
    struct k8smi_path of_security = K8SMI_PATH(&v.path, Container, securityContext),
                      path = K8SMI_PATH(&of_security, SecurityContext, appArmorProfile);
    if (value.ptr != NULL) annotation_agrees(c, value, profile, &kind, &path);
  }
}

void k8smi_check_profiles_agree(struct k8smi_check *c) {
  if (k8smi_get_list(c->metadata, K8SMI_ObjectMeta_annotations).count == 0) return;
  annotation_check_seccomp(c);
  annotation_check_apparmor(c);
}
