/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_REGEX_H
#define K8SMI_WIRE_REGEX_H

#include "base/arena.h"

/* Regular expressions that match whole texts, with limits: nobody's expression costs more than this. */
enum {
  K8SMI_REGEX_MAX_LEN = 1000,    /* bytes of an expression */
  K8SMI_REGEX_MAX_NEST = 50,     /* parentheses in parentheses */
  K8SMI_REGEX_MAX_STEPS = 10000, /* of backtracking, for one text */
  K8SMI_REGEX_MAX_DEPTH = 1000,  /* of backtracking points at once */
  K8SMI_REGEX_MAX_HEAP = 1024    /* KiB, for one text */
};

struct k8smi_regex; /* compiled; does not change: any thread may use it */

/* Compiles an expression into the arena's memory.
 * Errors: NOMEM; INVALID: why, at which byte, are in the last two. */
int k8smi_regex_compile(struct k8smi_arena *arena, struct k8sm_slice expression,
                        const struct k8smi_regex **ret, char why[128], size_t *ret_at);

enum { K8SMI_REGEX_DIFFERS = 0, K8SMI_REGEX_MATCHES, K8SMI_REGEX_LIMIT, K8SMI_REGEX_NO_MEMORY };
/* K8SMI_REGEX_*: LIMIT: it took more than is allowed. What memory it takes is the arena's. */
int k8smi_regex_match(const struct k8smi_regex *regex, struct k8smi_arena *scratch, struct k8sm_slice text);

#endif
