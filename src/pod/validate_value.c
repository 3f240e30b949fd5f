/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include "pod/encode.h"
#include "pod/quantity.h"
#include "pod/quote.h"

/* Values as the API server's findings have them: strings as Go's %q writes them, all else as its JSON does.
 * Values of the server's internal types have no JSON names, and all their fields: {"Type":"","Name":null}. */

enum {
  VALUE_MAX = 512,
  VALUE_COMPOSED_MAX = 2048
}; /* bytes of a text and of JSON; findings are for people */

static struct k8sm_slice value_cut(struct k8sm_slice s, size_t max) {
  if (s.len <= max) return s;
  s.len = max;
  while (s.len > 0 && ((unsigned char)s.ptr[s.len] & 0xc0) == 0x80) s.len--;
  return s;
}

void k8smi_put_value(struct k8smi_buf *buf, struct k8smi_shown value) {
  switch (value.kind) {
  case K8SMI_VALUE_TEXT: k8smi_put_go_quoted(buf, value_cut(value.text, VALUE_MAX)); break;
  case K8SMI_VALUE_WORD: k8smi_put_json_string(buf, value_cut(value.text, VALUE_MAX), true); break;
  case K8SMI_VALUE_NUMBER: k8smi_buf_i64(buf, value.number); break;
  default: k8smi_buf_slice(buf, value.text);
  }
}

static struct k8smi_shown value_of(struct k8smi_check *c) {
  if (c->value.failed) {
    c->no_memory = true;
    return k8smi_v_raw(K8SMI_S(""));
  }
  return k8smi_v_raw(value_cut((struct k8sm_slice){c->value.ptr, c->value.len}, VALUE_COMPOSED_MAX));
}

static void value_put_list(struct k8smi_json *w, struct k8smi_list list) {
  k8smi_json_open(w, '[');
  for (size_t i = 0; i < list.count; i++) k8smi_json_string(w, k8smi_list_str(list, i));
  k8smi_json_close(w, ']');
}

struct k8smi_shown k8smi_v_list(struct k8smi_check *c, struct k8smi_list list) {
  struct k8smi_json w;
  k8smi_buf_clear(&c->value);
  k8smi_json_init(&w, &c->value, true);
  value_put_list(&w, list);
  return value_of(c);
}

struct k8smi_shown k8smi_v_numbers(struct k8smi_check *c, struct k8smi_list list) {
  const int64_t *numbers = list.items;
  struct k8smi_json w;
  k8smi_buf_clear(&c->value);
  k8smi_json_init(&w, &c->value, true);
  k8smi_json_open(&w, '[');
  for (size_t i = 0; i < list.count; i++) k8smi_json_i64(&w, numbers[i]);
  k8smi_json_close(&w, ']');
  return value_of(c);
}

struct k8smi_shown k8smi_v_map(struct k8smi_check *c, struct k8smi_list pairs) {
  struct k8smi_json w;
  if (pairs.count == 0) return k8smi_v_raw(K8SMI_S("null"));
  k8smi_buf_clear(&c->value);
  k8smi_json_init(&w, &c->value, true);
  k8smi_json_open(&w, '{');
  for (size_t i = 0; i < pairs.count; i++) {
    k8smi_json_key_slice(&w, k8smi_list_pair(pairs, i).key);
    k8smi_json_string(&w, k8smi_list_pair(pairs, i).value);
  }
  k8smi_json_close(&w, '}');
  return value_of(c);
}

struct k8smi_shown k8smi_v_quantity(struct k8smi_check *c, struct k8sm_slice text) {
  k8smi_buf_clear(&c->value);
  k8smi_quantity_written(text, &c->value);
  struct k8smi_shown value = value_of(c);
  value.kind = K8SMI_VALUE_TEXT;
  return value;
}

/* Members of internal types, in the order of their Go structs; N: a number that is 0 where it is not set. */
#define VALUE_MEMBERS(X, N)                                                                                  \
  X(PodResourceClaim, name, "Name")                                                                          \
  X(PodResourceClaim, resourceClaimName, "ResourceClaimName")                                                \
  X(PodResourceClaim, resourceClaimTemplateName, "ResourceClaimTemplateName")                                \
  X(SecurityContext, capabilities, "Capabilities")                                                           \
  X(SecurityContext, privileged, "Privileged")                                                               \
  X(SecurityContext, seLinuxOptions, "SELinuxOptions")                                                       \
  X(SecurityContext, windowsOptions, "WindowsOptions")                                                       \
  X(SecurityContext, runAsUser, "RunAsUser")                                                                 \
  X(SecurityContext, runAsGroup, "RunAsGroup")                                                               \
  X(SecurityContext, runAsNonRoot, "RunAsNonRoot")                                                           \
  X(SecurityContext, readOnlyRootFilesystem, "ReadOnlyRootFilesystem")                                       \
  X(SecurityContext, allowPrivilegeEscalation, "AllowPrivilegeEscalation")                                   \
  X(SecurityContext, procMount, "ProcMount")                                                                 \
  X(SecurityContext, seccompProfile, "SeccompProfile")                                                       \
  X(SecurityContext, appArmorProfile, "AppArmorProfile")                                                     \
  X(Capabilities, add, "Add")                                                                                \
  X(Capabilities, drop, "Drop")                                                                              \
  X(SELinuxOptions, user, "User")                                                                            \
  X(SELinuxOptions, role, "Role")                                                                            \
  X(SELinuxOptions, type, "Type")                                                                            \
  X(SELinuxOptions, level, "Level")                                                                          \
  X(WindowsSecurityContextOptions, gmsaCredentialSpecName, "GMSACredentialSpecName")                         \
  X(WindowsSecurityContextOptions, gmsaCredentialSpec, "GMSACredentialSpec")                                 \
  X(WindowsSecurityContextOptions, runAsUserName, "RunAsUserName")                                           \
  X(WindowsSecurityContextOptions, hostProcess, "HostProcess")                                               \
  X(SeccompProfile, type, "Type")                                                                            \
  X(SeccompProfile, localhostProfile, "LocalhostProfile")                                                    \
  X(AppArmorProfile, type, "Type")                                                                           \
  X(AppArmorProfile, localhostProfile, "LocalhostProfile")                                                   \
  X(ClusterTrustBundleProjection, name, "Name")                                                              \
  X(ClusterTrustBundleProjection, signerName, "SignerName")                                                  \
  X(ClusterTrustBundleProjection, labelSelector, "LabelSelector")                                            \
  X(ClusterTrustBundleProjection, optional, "Optional")                                                      \
  X(ClusterTrustBundleProjection, path, "Path")                                                              \
  X(ClusterTrustBundleProjection, user, "User")                                                              \
  X(DeploymentStrategy, type, "Type")                                                                        \
  X(DeploymentStrategy, rollingUpdate, "RollingUpdate")                                                      \
  N(RollingUpdateDeployment, maxUnavailable, "MaxUnavailable")                                               \
  N(RollingUpdateDeployment, maxSurge, "MaxSurge")                                                           \
  X(DaemonSetUpdateStrategy, type, "Type")                                                                   \
  X(DaemonSetUpdateStrategy, rollingUpdate, "RollingUpdate")                                                 \
  N(RollingUpdateDaemonSet, maxUnavailable, "MaxUnavailable")                                                \
  N(RollingUpdateDaemonSet, maxSurge, "MaxSurge")                                                            \
  X(StatefulSetUpdateStrategy, type, "Type")                                                                 \
  X(StatefulSetUpdateStrategy, rollingUpdate, "RollingUpdate")                                               \
  N(RollingUpdateStatefulSetStrategy, partition, "Partition")                                                \
  X(RollingUpdateStatefulSetStrategy, maxUnavailable, "MaxUnavailable")                                      \
  X(SuccessPolicy, rules, "Rules")                                                                           \
  X(SuccessPolicyRule, succeededIndexes, "SucceededIndexes")                                                 \
  X(SuccessPolicyRule, succeededCount, "SucceededCount")

static const struct value_member {
  struct k8smi_at at;
  const char *name;
  bool zero;
} value_members[] = {
#define VALUE_MEMBER(T, f, name) {{K8SMI_TYPE_##T, K8SMI_##T##_##f}, name, false},
#define VALUE_NUMBER(T, f, name) {{K8SMI_TYPE_##T, K8SMI_##T##_##f}, name, true},
    VALUE_MEMBERS(VALUE_MEMBER, VALUE_NUMBER)};

enum { VALUE_DEPTH = 4 }; /* internal records do not nest deeper than two levels */

static void value_put_record(struct k8smi_json *w, unsigned type, const struct k8smi_record *record,
                             unsigned depth);

static void value_put_records(struct k8smi_json *w, unsigned type, struct k8smi_list list, unsigned depth) {
  k8smi_json_open(w, '[');
  for (size_t i = 0; i < list.count; i++) value_put_record(w, type, k8smi_list_record(list, i), depth);
  k8smi_json_close(w, ']');
}

static void value_put_share(struct k8smi_json *w, struct k8smi_int_or_string value) {
  if (value.text.ptr == NULL) {
    k8smi_json_i64(w, value.number);
  } else {
    k8smi_json_string(w, value.text);
  }
}

static void value_put_member(struct k8smi_json *w, const struct value_member *m,
                             const struct k8smi_record *record, unsigned depth) {
  const struct k8smi_field *field = &k8smi_types[m->at.type].fields[m->at.field];
  bool plain_text = field->kind == K8SMI_KIND_STRING &&
                    (field->mode == K8SMI_MODE_OMIT || field->mode == K8SMI_MODE_ALWAYS);
  k8smi_json_key(w, m->name);
  if (!k8smi_has(record, m->at.field) && !plain_text) {
    k8smi_json_raw(w, m->zero ? K8SMI_S("0") : K8SMI_S("null"));
    return;
  }
  switch (field->kind) {
  case K8SMI_KIND_BOOL: k8smi_json_bool(w, k8smi_get_bool(record, m->at.field, false)); break;
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: k8smi_json_i64(w, k8smi_get_i64(record, m->at.field, 0)); break;
  case K8SMI_KIND_INT_OR_STRING: value_put_share(w, k8smi_get_int_or_string(record, m->at.field)); break;
  case K8SMI_KIND_LIST_STRING: value_put_list(w, k8smi_get_list(record, m->at.field)); break;
  case K8SMI_KIND_LIST_RECORD:
    value_put_records(w, field->child, k8smi_get_list(record, m->at.field), depth + 1);
    break;
  case K8SMI_KIND_RECORD:
    value_put_record(w, field->child, k8smi_get_record(record, m->at.field), depth + 1);
    break;
  default: k8smi_json_string(w, k8smi_get_str(record, m->at.field));
  }
}

static void value_put_record(struct k8smi_json *w, unsigned type, const struct k8smi_record *record,
                             unsigned depth) {
  if (type == K8SMI_TYPE_LabelSelector) { /* the server has no internal type for these */
    k8smi_encode_record(w, type, record);
    return;
  }
  k8smi_json_open(w, '{');
  for (size_t i = 0; i < sizeof value_members / sizeof value_members[0] && depth < VALUE_DEPTH; i++) {
    if (value_members[i].at.type == type) value_put_member(w, &value_members[i], record, depth);
  }
  k8smi_json_close(w, '}');
}

struct k8smi_shown k8smi_v_record(struct k8smi_check *c, unsigned type, const struct k8smi_record *record) {
  struct k8smi_json w;
  k8smi_buf_clear(&c->value);
  k8smi_json_init(&w, &c->value, true);
  value_put_record(&w, type, record, 0);
  return value_of(c);
}

struct k8smi_shown k8smi_v_json(struct k8smi_check *c, unsigned type, const struct k8smi_record *record) {
  struct k8smi_json w;
  k8smi_buf_clear(&c->value);
  k8smi_json_init(&w, &c->value, true);
  k8smi_encode_record(&w, type, record);
  return value_of(c);
}

struct k8smi_shown k8smi_v_json_list(struct k8smi_check *c, unsigned type, struct k8smi_list list) {
  struct k8smi_json w;
  k8smi_buf_clear(&c->value);
  k8smi_json_init(&w, &c->value, true);
  k8smi_json_open(&w, '[');
  for (size_t i = 0; i < list.count; i++) k8smi_encode_record(&w, type, k8smi_list_record(list, i));
  k8smi_json_close(&w, ']');
  return value_of(c);
}

const char *k8smi_check_quoted(struct k8smi_check *c, struct k8sm_slice s) {
  k8smi_buf_clear(&c->value);
  k8smi_put_go_quoted(&c->value, value_cut(s, VALUE_MAX));
  k8smi_buf_putc(&c->value, '\0');
  return value_of(c).text.len == 0 ? "" : c->value.ptr;
}
