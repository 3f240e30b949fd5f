/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/id.h"
#include "wire/utf8.h"

bool k8smi_id_valid(struct k8sm_slice id) {
  if (id.ptr == NULL || id.len == 0 || id.len > K8SMI_ID_MAX) return false;
  if (k8smi_eqs(id, ".") || k8smi_eqs(id, "..")) return false;
  unsigned char forbidden = 0, all = 0; /* no branches: compilers take many bytes at once */
  for (size_t i = 0; i < id.len; i++) {
    const unsigned char c = (unsigned char)id.ptr[i];
    forbidden |= (c < 0x20) | (c == 0x7f) | (c == '/') | (c == '\\');
    all |= c;
  }
  return !forbidden && (all < 0x80 || k8smi_utf8_valid(id.ptr, id.len) == id.len);
}
