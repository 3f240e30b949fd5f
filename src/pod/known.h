/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_KNOWN_H
#define K8SMI_POD_KNOWN_H

#include "pod/record_private.h"

/* Words that stand in nearly every pod need no memory in each of them. NULL: it is none of those. */
const struct k8smi_text *k8smi_known_text(struct k8sm_slice s);

#endif
