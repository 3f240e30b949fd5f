/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_KNOWN_H
#define K8SMI_POD_KNOWN_H

#include "pod/record_private.h"

enum { K8SMI_KNOWN_LONGEST = 30 };

/* By length, the letters that words begin with, each a bit: most texts are no words, and are told apart by
 * that. */
extern const uint64_t k8smi_known_letters[K8SMI_KNOWN_LONGEST + 1];
/* Of a text that begins with such a letter. */
const struct k8smi_text *k8smi_known_find(struct k8sm_slice s);

/* Words that stand in nearly every pod need no memory in each of them. NULL: it is none of those. Inline, as
 * every text of a pod is asked for. */
static inline const struct k8smi_text *k8smi_known_text(struct k8sm_slice s) {
  const bool may_be = s.len - 1 < K8SMI_KNOWN_LONGEST && k8smi_known_letters[s.len] >> (s.ptr[0] & 63) & 1;
  return may_be ? k8smi_known_find(s) : NULL;
}

#endif
