/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/documents.h"

enum documents_line { DOCUMENTS_BLANK, DOCUMENTS_DIRECTIVE, DOCUMENTS_SEPARATOR, DOCUMENTS_CONTENT };

static bool documents_is_blank(struct k8sm_slice line) {
  size_t i = 0;
  while (i < line.len && (line.ptr[i] == ' ' || line.ptr[i] == '\t' || line.ptr[i] == '\r')) i++;
  return i == line.len || line.ptr[i] == '#';
}

static enum documents_line documents_kind(struct k8sm_slice line, bool *content) {
  *content = false;
  if (line.len >= 3 && memcmp(line.ptr, "\xef\xbb\xbf", 3) == 0)
    line = (struct k8sm_slice){line.ptr + 3, line.len - 3};
  if (line.len >= 3 && memcmp(line.ptr, "---", 3) == 0 &&
      (line.len == 3 || strchr(" \t\r", line.ptr[3]) != NULL)) {
    *content = !documents_is_blank((struct k8sm_slice){line.ptr + 3, line.len - 3});
    return DOCUMENTS_SEPARATOR;
  }
  if (documents_is_blank(line)) return DOCUMENTS_BLANK;
  if (line.ptr[0] == '%') return DOCUMENTS_DIRECTIVE;
  *content = !(line.len >= 3 && memcmp(line.ptr, "...", 3) == 0);
  return DOCUMENTS_CONTENT;
}

/* The line at d->at without its end. False: its end is not there yet. */
static bool documents_line(struct k8smi_documents *d, struct k8sm_slice *ret) {
  const char *from = d->input.ptr + d->at;
  size_t left = d->input.len - d->at;
  const char *end = left == d->seen ? NULL : memchr(from + d->seen, '\n', left - d->seen);
  d->seen = end == NULL ? left : 0;
  if (end == NULL && !d->last) return false;
  *ret = (struct k8sm_slice){from, end == NULL ? left : (size_t)(end - from)};
  return true;
}

static void documents_piece(struct k8smi_documents *d, struct k8smi_piece *ret) {
  *ret = (struct k8smi_piece){{d->input.ptr + d->from, d->at - d->from}, d->line_of_from};
  d->from = d->at;
  d->line_of_from = d->line;
  d->content = d->directive = false;
}

static bool documents_json(struct k8smi_documents *d, struct k8smi_piece *ret) {
  *ret = (struct k8smi_piece){d->input, 0};
  if (!d->last || d->at == d->input.len) return false;
  d->at = d->input.len;
  return true;
}

bool k8smi_documents_next(struct k8smi_documents *d, struct k8smi_piece *ret) {
  struct k8sm_slice line;
  bool of_line;
  if (d->json) return documents_json(d, ret);
  while (d->at < d->input.len && documents_line(d, &line)) {
    enum documents_line kind = documents_kind(line, &of_line);
    if (kind == DOCUMENTS_SEPARATOR && d->content) {
      documents_piece(d, ret);
      return true;
    }
    if (kind == DOCUMENTS_SEPARATOR && !d->directive) {
      d->from = d->at; /* nothing was before it */
      d->line_of_from = d->line;
    }
    d->directive = kind == DOCUMENTS_DIRECTIVE || (d->directive && kind == DOCUMENTS_BLANK);
    d->content = d->content || of_line;
    d->at += line.len + (d->at + line.len < d->input.len);
    d->line++;
    d->seen = 0;
  }
  if (!d->last || !d->content) return false;
  documents_piece(d, ret);
  return true;
}

static size_t documents_skip_blanks(struct k8sm_slice input, size_t at) {
  while (at < input.len && input.ptr[at] != '\0' && strchr(" \t\r\n", input.ptr[at]) != NULL) at++;
  return at;
}

bool k8smi_documents_is_json(struct k8sm_slice input) {
  size_t i = input.len >= 3 && memcmp(input.ptr, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  i = documents_skip_blanks(input, i);
  if (i == input.len || (input.ptr[i] != '{' && input.ptr[i] != '[')) return false;
  bool object = input.ptr[i] == '{';
  i = documents_skip_blanks(input, i + 1);
  if (object && i < input.len && input.ptr[i] != '"' && input.ptr[i] != '}') return false;
  for (const char *p = input.ptr; p != NULL; p = memchr(p, '\n', (size_t)(input.ptr + input.len - p))) {
    p += *p == '\n';
    if (input.ptr + input.len - p >= 3 && memcmp(p, "---", 3) == 0) return false;
    if (p == input.ptr + input.len) break;
  }
  return true;
}
