/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_REFS_H
#define K8SMI_BASE_REFS_H

#include <stdatomic.h>
#include <stdbool.h>

typedef atomic_uint k8smi_refs;

static inline void k8smi_refs_init(k8smi_refs *refs) {
  atomic_init(refs, 1);
}
static inline void k8smi_ref(k8smi_refs *refs) {
  atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}
static inline unsigned k8smi_refs_count(k8smi_refs *refs) {
  return atomic_load_explicit(refs, memory_order_acquire);
}
/* True for the last one: free now. */
static inline bool k8smi_unref(k8smi_refs *refs) {
  return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

#endif
