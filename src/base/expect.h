/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_EXPECT_H
#define K8SMI_BASE_EXPECT_H

#include <stddef.h>

enum { K8SMI_LINE = 64 }; /* bytes that a processor brings at once */

/* Memory (NULL: none) that is read soon: the processor is told to bring it. Of many things each has mostly
 * not been touched for long, and waiting for one part of it after another takes longer than all that is to be
 * done. The empty statement keeps GCC from taking this for a function without effect, and dropping its calls.
 */
static inline void k8smi_expect(const void *memory, size_t size) {
  const char *at = memory;
  if (at == NULL) return;
  for (size_t i = 0; i < size; i += K8SMI_LINE) __builtin_prefetch(at + i);
  __asm__ volatile("" : : "r"(at));
}

#endif
