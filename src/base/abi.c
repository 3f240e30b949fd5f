/* SPDX-License-Identifier: Apache-2.0 */
#include "base/abi.h"
#include "base/findings.h"

#include <string.h>

int k8smi_options_read(void *dst, size_t known, const void *src, const char *name, struct k8sm_diags *diags) {
  size_t size;
  memset(dst, 0, known);
  if (src == NULL) {
    memcpy(dst, &known, sizeof known);
    return K8SM_OK;
  }
  memcpy(&size, src, sizeof size);
  if (size < sizeof size) {
    k8smi_find(diags, K8SM_DIAG_OPTIONS_ABI, NULL, "%s.size is %zu: set it to sizeof(struct)", name, size);
    return K8SM_ERR_ABI;
  }
  for (size_t i = known; i < size; i++) {
    if (((const char *)src)[i] == 0) continue;
    k8smi_find(diags, K8SM_DIAG_OPTIONS_ABI, NULL,
               "%s has a field at byte %zu that this version of the library does not know", name, i);
    return K8SM_ERR_ABI;
  }
  memcpy(dst, src, size < known ? size : known);
  memcpy(dst, &known, sizeof known);
  return K8SM_OK;
}

int k8smi_struct_write(void *dst, const void *src, size_t known) {
  size_t size;
  memcpy(&size, dst, sizeof size);
  if (size < sizeof size) return K8SM_ERR_ABI;
  memset((char *)dst + sizeof size, 0, size - sizeof size);
  size_t n = size < known ? size : known;
  memcpy((char *)dst + sizeof size, (const char *)src + sizeof size, n - sizeof size);
  return K8SM_OK;
}

void k8smi_row_write(void *rows, size_t row_size, size_t i, const void *row, size_t known) {
  char *to = (char *)rows + i * row_size;
  memcpy(to, row, row_size < known ? row_size : known);
  if (row_size > known) memset(to + known, 0, row_size - known);
}

void k8smi_row_read(void *dst, size_t known, const void *rows, size_t size, size_t i) {
  memset(dst, 0, known);
  memcpy(dst, (const char *)rows + i * size, size < known ? size : known);
}
