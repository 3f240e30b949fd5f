/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* Roles: https://mesos.apache.org/documentation/latest/roles/. */

static const char *roles_part_fault(struct k8smi_arena *arena, const char *role, struct k8sm_slice part) {
  static const char *const SPECIAL[] = {".", "..", "*"};
  for (size_t i = 0; i < sizeof(SPECIAL) / sizeof(SPECIAL[0]); i++) {
    if (k8smi_eqs(part, SPECIAL[i]))
      return LOCAL_WORDS(arena, "Role '", role, "' cannot include '", SPECIAL[i], "' as a component");
  }
  bool dash = part.ptr[0] == '-', blank = false;
  for (size_t i = 0; i < part.len; i++) blank = blank || strchr("\t\n\v\f\r \x7f", part.ptr[i]) != NULL;
  if (!dash && !blank) return NULL;
  const char *copy = k8smi_arena_slice(arena, part).ptr;
  return LOCAL_WORDS(arena, "Role component '", copy == NULL ? "" : copy, "' is invalid because it ",
                     dash ? "starts with a dash" : "contains backspace or whitespace");
}

const char *k8smi_local_role_fault(struct k8smi_arena *arena, const char *role) {
  size_t n = strlen(role);
  if (n == 0) return "Role names cannot be the empty string";
  if (strcmp(role, "*") == 0) return NULL;
  if (role[0] == '/') return LOCAL_WORDS(arena, "Role '", role, "' cannot start with a slash");
  if (role[n - 1] == '/') return LOCAL_WORDS(arena, "Role '", role, "' cannot end with a slash");
  if (strstr(role, "//") != NULL)
    return LOCAL_WORDS(arena, "Role '", role, "' cannot contain two adjacent slashes");
  const char *fault = NULL;
  for (const char *at = role; at < role + n && fault == NULL;) {
    struct k8sm_slice part = {at, strcspn(at, "/")};
    fault = roles_part_fault(arena, role, part);
    at += part.len + 1;
  }
  return fault;
}

bool k8smi_local_role_is_below(struct k8sm_slice role, struct k8sm_slice above) {
  return role.len > above.len && role.ptr[above.len] == '/' && memcmp(role.ptr, above.ptr, above.len) == 0;
}
