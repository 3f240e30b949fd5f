/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_YAML_OUT_H
#define K8SMI_WIRE_YAML_OUT_H

#include "base/buf.h"
#include "base/slice.h"

/* Writes JSON as YAML, byte for byte as Kubernetes' tools do: block style, keys in their peculiar order,
 * texts in the plainest style that reads back as text. The JSON must be valid (ours is).
 * Errors: NOMEM. */
int k8smi_put_yaml(struct k8smi_buf *out, struct k8sm_slice json);

/* For yaml_out.c: where the writer is on its line. */
struct k8smi_yaml_pen {
  struct k8smi_buf *buf;
  size_t column; /* in characters */
};
void k8smi_yaml_put(struct k8smi_yaml_pen *pen, const char *text, size_t len);
/* Begins a line, unless the pen is at the beginning of one. */
void k8smi_yaml_newline(struct k8smi_yaml_pen *pen, size_t indent);
/* A text in the style that suits it. Lines that are folded, and literal blocks, go on at `indent`.
 * Keys are on one line: neither literal nor folded. */
void k8smi_yaml_put_text(struct k8smi_yaml_pen *pen, struct k8sm_slice text, size_t indent, bool is_key);
/* Too long for a key on one line, or of several lines: must be written behind "? ". */
bool k8smi_yaml_long_key(struct k8sm_slice text);
/* The order of keys: <0, 0, >0. */
int k8smi_yaml_key_cmp(struct k8sm_slice a, struct k8sm_slice b);

#endif
