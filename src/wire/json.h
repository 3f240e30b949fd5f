/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_JSON_H
#define K8SMI_WIRE_JSON_H

#include "base/buf.h"
#include "base/slice.h"

/* Writes a JSON string with its quotes. Only what must be escaped is (and U+2028, U+2029, <, >, & when
 * `html`, as Go's encoder does). */
void k8smi_put_json_string(struct k8smi_buf *buf, struct k8sm_slice text, bool html);

/* A JSON writer: commas and nesting by itself. */
struct k8smi_json {
  struct k8smi_buf *buf;
  bool html;
  bool comma; /* a comma is due before the next value or key */
};
void k8smi_json_init(struct k8smi_json *w, struct k8smi_buf *buf, bool html);
/* '{' or '['. These are inline, since the brackets are known where they are called. */
static inline void k8smi_json_open(struct k8smi_json *w, char bracket) {
  const size_t comma = w->comma;
  char *to = k8smi_buf_extend(w->buf, comma + 1);
  w->comma = false;
  if (to == NULL) return;
  to[0] = ',';
  to[comma] = bracket;
}
/* The one that opened, or its counterpart. */
static inline void k8smi_json_close(struct k8smi_json *w, char bracket) {
  k8smi_buf_putc(w->buf, bracket == '{' ? '}' : bracket == '[' ? ']' : bracket);
  w->comma = true;
}
void k8smi_json_key_slice(struct k8smi_json *w, struct k8sm_slice key);
void k8smi_json_string(struct k8smi_json *w, struct k8sm_slice text);
void k8smi_json_base64(struct k8smi_json *w, struct k8sm_slice bytes); /* as a string */
void k8smi_json_i64(struct k8smi_json *w, int64_t n);
void k8smi_json_bool(struct k8smi_json *w, bool b);
/* Text that is JSON already. */
void k8smi_json_raw(struct k8smi_json *w, struct k8sm_slice json);
/* A value that is JSON, without the blanks in it, and with `html` the same escapes as in strings. */
void k8smi_json_compact(struct k8smi_json *w, struct k8sm_slice json);
/* A key that is a text of the library's own: nothing is to be escaped in it. Inline: it is mostly a literal.
 */
static inline void k8smi_json_key_name(struct k8smi_json *w, struct k8sm_slice key) {
  const size_t n = key.len, comma = w->comma;
  char *to = k8smi_buf_extend(w->buf, comma + n + 3);
  w->comma = false;
  if (to == NULL) return;
  to[0] = ',';
  to += comma;
  to[0] = '"';
  memcpy(to + 1, key.ptr, n);
  memcpy(to + n + 1, "\":", 2);
}
static inline void k8smi_json_key(struct k8smi_json *w, const char *key) {
  k8smi_json_key_name(w, k8smi_s(key));
}
/* Key and value in one call. A name is a text of the library's own: with nothing to escape, either. */
static inline void k8smi_json_name(struct k8smi_json *w, const char *key, struct k8sm_slice text) {
  const size_t n = strlen(key), comma = w->comma;
  char *to = k8smi_buf_extend(w->buf, comma + n + text.len + 5);
  w->comma = true;
  if (to == NULL) return;
  to[0] = ',';
  to += comma;
  to[0] = '"';
  memcpy(to + 1, key, n);
  memcpy(to + n + 1, "\":\"", 3);
  k8smi_copy(to + n + 4, text.ptr, text.len);
  to[n + 4 + text.len] = '"';
}
void k8smi_json_member(struct k8smi_json *w, const char *key, struct k8sm_slice text);
void k8smi_json_member_i64(struct k8smi_json *w, const char *key, int64_t n);

#endif
