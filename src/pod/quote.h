/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_QUOTE_H
#define K8SMI_POD_QUOTE_H

#include "base/buf.h"
#include "base/slice.h"

/* The text in quotes with Go's escapes, as the downward API writes labels and annotations. Characters that
 * Unicode has not assigned yet stand for themselves: which they are changes with each version of it. */
void k8smi_put_go_quoted(struct k8smi_buf *buf, struct k8sm_slice text);

/* Whether Go takes the character for one that can be seen; likewise. */
bool k8smi_is_printable(uint32_t code_point);

#endif
