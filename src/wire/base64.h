/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_BASE64_H
#define K8SMI_WIRE_BASE64_H

#include "base/arena.h"
#include "base/buf.h"

/* RFC 4648 with padding; reading also takes the URL-safe alphabet, as protobuf's JSON does. */
void k8smi_put_base64(struct k8smi_buf *buf, const void *bytes, size_t len);
/* ptr is NULL when the text is not base64 (*bad true) or memory ran out (*bad false). */
struct k8sm_slice k8smi_parse_base64(struct k8smi_arena *arena, struct k8sm_slice text, bool *bad);
/* As Go reads it, and Kubernetes with it: padded, in the usual alphabet, with line breaks anywhere; bits that
 * are left over mean nothing. */
struct k8sm_slice k8smi_parse_base64_lines(struct k8smi_arena *arena, struct k8sm_slice text, bool *bad);

#endif
