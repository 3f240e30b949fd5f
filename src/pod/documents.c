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

static struct k8sm_slice documents_line(const struct k8smi_documents *d) {
  const char *from = d->input.ptr + d->at;
  size_t left = d->input.len - d->at;
  const char *end = memchr(from, '\n', left);
  return (struct k8sm_slice){from, end == NULL ? left : (size_t)(end - from)};
}

bool k8smi_documents_next(struct k8smi_documents *d, struct k8smi_piece *ret) {
  size_t from = d->at;
  uint32_t line_of_from = d->line;
  bool content = false, directive = false;
  if (d->json) {
    *ret = (struct k8smi_piece){d->input, 0};
    d->at = d->input.len;
    return from < d->input.len;
  }
  while (d->at < d->input.len) {
    struct k8sm_slice line = documents_line(d);
    bool of_line;
    enum documents_line kind = documents_kind(line, &of_line);
    if (kind == DOCUMENTS_SEPARATOR && content) break;
    if (kind == DOCUMENTS_SEPARATOR && !directive) {
      from = d->at; /* nothing was before it */
      line_of_from = d->line;
    }
    directive = kind == DOCUMENTS_DIRECTIVE || (directive && kind == DOCUMENTS_BLANK);
    content = content || of_line;
    d->at += line.len + (d->at + line.len < d->input.len);
    d->line++;
  }
  *ret = (struct k8smi_piece){{d->input.ptr + from, d->at - from}, line_of_from};
  return content;
}

bool k8smi_documents_is_json(struct k8sm_slice input) {
  size_t i = input.len >= 3 && memcmp(input.ptr, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  while (i < input.len && strchr(" \t\r\n", input.ptr[i]) != NULL && input.ptr[i] != '\0') i++;
  if (i == input.len || (input.ptr[i] != '{' && input.ptr[i] != '[')) return false;
  for (const char *p = input.ptr; p != NULL; p = memchr(p, '\n', (size_t)(input.ptr + input.len - p))) {
    p += *p == '\n';
    if (input.ptr + input.len - p >= 3 && memcmp(p, "---", 3) == 0) return false;
    if (p == input.ptr + input.len) break;
  }
  return true;
}
