/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_JSON_TEXT_H
#define K8SMI_WIRE_JSON_TEXT_H

#include "base/arena.h"
#include "base/slice.h"

/* JSON's strings and numbers, as text. */

struct k8smi_json_scan {
  const char *end;   /* behind the closing quote; where it is wrong otherwise */
  const char *wrong; /* NULL, or what is wrong there */
  uint32_t code;     /* the finding's */
  bool escaped;
};
/* From the opening quote on: UTF-8 and escapes are checked. */
struct k8smi_json_scan k8smi_json_scan_string(const char *begin, const char *end);

/* The text of a string that was scanned and has escapes; ptr is NULL when memory ran out. \u0000 becomes a
 * NUL. */
struct k8sm_slice k8smi_json_unescape(struct k8smi_arena *arena, struct k8sm_slice raw);

/* The same into memory of the caller's, with a NUL behind it: raw.len + 1 bytes are enough. Returns the place
 * of the NUL. */
char *k8smi_json_unescape_to(char *to, struct k8sm_slice raw);

/* The end of the longest number in JSON's syntax; *wrong is set to what is missing there when it is none. */
const char *k8smi_json_scan_number(const char *begin, const char *end, const char **wrong);

#endif
