/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_KEYS_H
#define K8SMI_WIRE_KEYS_H

#include "base/arena.h"
#include "base/slice.h"

/* The keys of the objects that a reader is inside of, to find one that stands twice. Objects nest, so
 * this is a stack; an object with many keys is looked up by hash, so that none costs quadratic time. */
struct k8smi_keys {
  struct k8smi_arena *arena;
  struct k8smi_key *stack; /* of all open objects, the innermost on top */
  size_t count;
  size_t cap;
  uint32_t *table; /* positions in the stack + 1, of the keys of large objects; 0: free */
  size_t table_cap;
  size_t table_used;
  uint64_t seed;
};

void k8smi_keys_init(struct k8smi_keys *keys, struct k8smi_arena *arena);
/* Begins an object; the mark is what _add and _close of the same object want. */
size_t k8smi_keys_open(const struct k8smi_keys *keys);
void k8smi_keys_close(struct k8smi_keys *keys, size_t mark);
/* The key's memory must stay until the object is closed. Errors: INVALID (it is there already), NOMEM, LIMIT.
 */
int k8smi_keys_add(struct k8smi_keys *keys, size_t mark, struct k8sm_slice key);

#endif
