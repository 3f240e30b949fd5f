/* SPDX-License-Identifier: Apache-2.0 */
#include "base/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Both texts go to the end of the caller's buffer, cut where it ends; text_used counts what would be
 * needed. The offset of a text that has no room is that of the last byte, a NUL. */
static uint32_t finding_text(struct k8sm_diags *d, size_t len, char **ret, size_t *ret_room) {
  size_t at = d->text_used;
  d->text_used += len + 1;
  if (at >= d->text_cap) {
    *ret = NULL;
    *ret_room = 0;
    return d->text_cap == 0 ? 0 : (uint32_t)(d->text_cap - 1);
  }
  *ret = d->text + at;
  *ret_room = d->text_cap - at;
  return (uint32_t)at;
}

/* Keys and values of hostile inputs must not begin lines of their own, nor steer a terminal. */
static void finding_on_one_line(char *text) {
  for (char *c = text; *c != '\0'; c++) {
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = ' ';
  }
}

static uint32_t finding_path(struct k8sm_diags *d, const struct k8smi_path *path) {
  char *text;
  size_t room;
  size_t len = k8smi_path_write(path, NULL, 0);
  uint32_t at = finding_text(d, len, &text, &room);
  if (text == NULL) return at;
  k8smi_path_write(path, text, room);
  finding_on_one_line(text);
  return at;
}

static uint32_t finding_message(struct k8sm_diags *d, const char *format, va_list args) {
  char *text;
  size_t room;
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  uint32_t at = finding_text(d, n < 0 ? 0 : (size_t)n, &text, &room);
  if (text == NULL) return at;
  text[0] = '\0';
  if (n > 0) vsnprintf(text, room, format, args);
  finding_on_one_line(text);
  return at;
}

static void add_finding(struct k8sm_diags *d, uint32_t code, uint32_t severity,
                        const struct k8smi_where *where, const struct k8smi_path *path, const char *format,
                        va_list args) {
  if (d == NULL) return;
  struct k8sm_diag row;
  memset(&row, 0, sizeof row);
  row.code = code;
  row.severity = severity;
  if (severity == K8SM_SEVERITY_ERROR) d->errors++;
  if (where != NULL) {
    row.document = where->document;
    row.line = where->line;
    row.column = where->column;
  }
  row.path = finding_path(d, path);
  row.message = finding_message(d, format, args);
  if (d->count < d->cap) {
    size_t known = d->row_size < sizeof row ? d->row_size : sizeof row;
    char *to = (char *)d->rows + d->count * d->row_size;
    memset(to, 0, d->row_size);
    memcpy(to, &row, known);
  }
  d->count++;
}

void k8smi_find(struct k8sm_diags *diags, uint32_t code, const struct k8smi_path *path, const char *format,
                ...) {
  va_list args;
  va_start(args, format);
  add_finding(diags, code, k8sm_diag_severity(code), NULL, path, format, args);
  va_end(args);
}

void k8smi_find_at(struct k8sm_diags *diags, uint32_t code, const struct k8smi_where *where,
                   const struct k8smi_path *path, const char *format, ...) {
  va_list args;
  va_start(args, format);
  add_finding(diags, code, k8sm_diag_severity(code), where, path, format, args);
  va_end(args);
}

void k8smi_find_as(struct k8sm_diags *diags, uint32_t code, uint32_t severity, const struct k8smi_path *path,
                   const char *format, ...) {
  va_list args;
  va_start(args, format);
  add_finding(diags, code, severity, NULL, path, format, args);
  va_end(args);
}

void k8smi_find_document(struct k8sm_diags *diags, size_t from, uint32_t document) {
  if (diags == NULL || diags->row_size < offsetof(struct k8sm_diag, line)) return;
  for (size_t i = from; i < diags->count && i < diags->cap; i++) {
    char *row = (char *)diags->rows + i * diags->row_size;
    memcpy(row + offsetof(struct k8sm_diag, document), &document, sizeof document);
  }
}

void k8smi_find_moved(struct k8sm_diags *diags, size_t from, const struct k8smi_find_move *move) {
  uint32_t at[2]; /* line and column stand side by side */
  if (diags == NULL || diags->row_size < offsetof(struct k8sm_diag, line) + sizeof at) return;
  for (size_t i = from; i < diags->count && i < diags->cap; i++) {
    char *row = (char *)diags->rows + i * diags->row_size + offsetof(struct k8sm_diag, line);
    memcpy(at, row, sizeof at);
    if (at[0] < move->after.line || (at[0] == move->after.line && at[1] < move->after.column)) continue;
    if (at[0] == move->after.line) at[1] += move->columns;
    at[0] += move->lines;
    memcpy(row, at, sizeof at);
  }
}

int k8smi_find_nomem(struct k8sm_diags *diags, int result) {
  if (result == K8SM_ERR_LIMIT) {
    k8smi_find(diags, K8SM_DIAG_TOO_LARGE, NULL, "the value needs more memory than the options allow");
  } else {
    k8smi_find(diags, K8SM_DIAG_NO_MEMORY, NULL, "out of memory");
  }
  return result;
}
