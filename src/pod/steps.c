/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/steps.h"

#include "wire/number.h"

const char *k8smi_step_next(const char *path, bool first, struct k8smi_step *ret) {
  bool bracket = *path == '[';
  uint64_t index = 0;
  if (!bracket && *path == '.' && !first) {
    path++;
  } else if (!bracket && !first) {
    return NULL;
  }
  path += bracket;
  size_t len = strcspn(path, bracket ? "]" : ".[");
  if (len == 0 || (bracket && path[len] != ']')) return NULL;
  ret->name = (struct k8sm_slice){path, len};
  ret->is_field = !bracket;
  ret->is_index = bracket && k8smi_parse_u64(ret->name, &index);
  ret->index = ret->is_index ? (size_t)index : 0;
  return path + len + bracket;
}
