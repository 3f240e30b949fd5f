/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of fields that can't be done as asked: refused, or told and done without. The options say so
 * by field; else the caller's own judgement holds. */
#include "demand/build.h"

#include "base/abi.h"
#include "pod/fields.h"

#include <stdarg.h>
#include <stdio.h>

enum { POLICY_PATH_MAX = 256, POLICY_DEPTH_MAX = 32, POLICY_TEXT_MAX = 512 };

/* ---- The policy of a field ---- */

/* "spec.containers.image": names alone, cut where there is no room. */
static struct k8sm_slice policy_names(const struct k8smi_path *path, char *text) {
  const struct k8smi_path *steps[POLICY_DEPTH_MAX];
  size_t n = 0, len = 0;
  for (; path != NULL && n < POLICY_DEPTH_MAX; path = path->parent) {
    if (path->kind == K8SMI_PATH_FIELD) steps[n++] = path;
  }
  while (n-- > 0 && len + steps[n]->name.len + 1 < POLICY_PATH_MAX) {
    if (len > 0) text[len++] = '.';
    memcpy(text + len, steps[n]->name.ptr, steps[n]->name.len);
    len += steps[n]->name.len;
  }
  return (struct k8sm_slice){text, len};
}

static bool policy_covers(struct k8sm_slice above, struct k8sm_slice names) {
  return names.len >= above.len && memcmp(names.ptr, above.ptr, above.len) == 0 &&
         (names.len == above.len || names.ptr[above.len] == '.');
}

/* K8SM_POLICY_*, or 0. */
static uint32_t policy_of(const struct k8smi_demand_build *b, const struct k8smi_path *path) {
  char text[POLICY_PATH_MAX];
  size_t longest = 0;
  uint32_t policy = 0;
  if (b->options.policy_count == 0 || path == NULL) return 0;
  struct k8sm_slice names = policy_names(path, text);
  for (size_t i = 0; i < b->options.policy_count; i++) {
    struct k8sm_field_policy row;
    k8smi_row_read(&row, sizeof row, b->options.policies, b->options.policy_size, i);
    struct k8sm_slice above = k8smi_s(row.path);
    if (above.len < longest || !policy_covers(above, names)) continue;
    longest = above.len;
    policy = row.policy;
  }
  return policy;
}

/* ---- Findings ---- */

static void policy_refuse(struct k8smi_demand_build *b, const struct k8smi_path *path, const char *text) {
  k8smi_find(b->diags, K8SM_DIAG_TASK_FIELD_REFUSED, path, "%s", text);
  b->refused++;
}

#define POLICY_TEXT(text)                                                                                    \
  char text[POLICY_TEXT_MAX];                                                                                \
  va_list args;                                                                                              \
  va_start(args, format);                                                                                    \
  if (vsnprintf(text, sizeof text, format, args) < 0) text[0] = '\0';                                        \
  va_end(args)

void k8smi_demand_refuse(struct k8smi_demand_build *b, const struct k8smi_path *path, const char *format,
                         ...) {
  POLICY_TEXT(text);
  policy_refuse(b, path, text);
}

void k8smi_demand_cannot(struct k8smi_demand_build *b, const struct k8smi_path *path, const char *format,
                         ...) {
  POLICY_TEXT(text);
  if (policy_of(b, path) == K8SM_POLICY_WARN) {
    k8smi_find(b->diags, K8SM_DIAG_TASK_FIELD_IGNORED, path, "%s", text);
  } else {
    policy_refuse(b, path, text);
  }
}

void k8smi_demand_tell(struct k8smi_demand_build *b, uint32_t code, uint32_t severity,
                       const struct k8smi_path *path, const char *format, ...) {
  POLICY_TEXT(text);
  if (policy_of(b, path) == K8SM_POLICY_REFUSE) {
    policy_refuse(b, path, text);
  } else {
    k8smi_find_as(b->diags, code, severity, path, "%s", text);
  }
}

/* ---- The options ---- */

static bool policy_is_field(const char *path) {
  unsigned type = K8SMI_TYPE_Pod;
  bool more = true;
  for (const char *at = path; more;) {
    size_t len = strcspn(at, ".");
    const struct k8smi_field *found = NULL;
    for (unsigned i = 0; i < k8smi_types[type].count && found == NULL; i++) {
      const struct k8smi_field *field = &k8smi_types[type].fields[i];
      if (k8smi_eq(field->name, (struct k8sm_slice){at, len})) found = field;
    }
    if (found == NULL) return false;
    more = at[len] == '.';
    if (more && found->kind != K8SMI_KIND_RECORD && found->kind != K8SMI_KIND_LIST_RECORD) return false;
    type = found->child;
    at += len + 1;
  }
  return true;
}

int k8smi_demand_check_policies(const struct k8sm_demand_options *options, struct k8sm_diags *diags) {
  for (size_t i = 0; i < options->policy_count; i++) {
    struct k8sm_field_policy row;
    k8smi_row_read(&row, sizeof row, options->policies, options->policy_size, i);
    bool known = row.policy == K8SM_POLICY_REFUSE || row.policy == K8SM_POLICY_WARN;
    if (known && row.path != NULL && policy_is_field(row.path)) continue;
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL,
               known ? "options.policies[%zu]: '%s' is no field of a pod, without indices"
                     : "options.policies[%zu]: '%s': expected K8SM_POLICY_REFUSE or _WARN",
               i, row.path == NULL ? "" : row.path);
    return K8SM_ERR_INVALID;
  }
  return K8SM_OK;
}
