/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Whether no finding with this path and message has been reported before: the server drops those. Only their
 * hashes are kept, so that many findings take little memory. */
static bool check_is_new(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_buf *message) {
  size_t end = message->len, len = k8smi_path_write(path, NULL, 0);
  char *text = k8smi_buf_extend(message, len + 1); /* the path stands behind the message for a moment */
  if (text != NULL) k8smi_path_write(path, text, len + 1);
  const uint64_t hashes[] = {k8smi_hash(message->ptr, message->len, 1),
                             k8smi_hash(message->ptr, message->len, 2)};
  message->len = end;
  if (text != NULL &&
      k8smi_check_knows(&c->reported, (struct k8sm_slice){(const char *)hashes, sizeof hashes}))
    return false;
  char *kept = text == NULL ? NULL : k8smi_arena_alloc(&c->arena, sizeof hashes);
  c->no_memory = c->no_memory || kept == NULL;
  if (kept == NULL) return false;
  memcpy(kept, hashes, sizeof hashes);
  return k8smi_check_add(c, &c->reported, (struct k8sm_slice){kept, sizeof hashes});
}

void k8smi_check_begin(struct k8smi_check *c, struct k8smi_find_range unread) {
  const struct k8sm_diags *d = c->diags;
  if (d == NULL || d->row_size < offsetof(struct k8sm_diag, message)) return;
  for (size_t i = unread.from; i < unread.to && i < d->cap; i++) {
    struct k8sm_diag row = {0};
    memcpy(&row, (const char *)d->rows + i * d->row_size, offsetof(struct k8sm_diag, message));
    if (row.severity != K8SM_SEVERITY_ERROR || row.path >= d->text_cap || d->text[row.path] == '\0') continue;
    k8smi_check_add(c, &c->unread, k8smi_s(d->text + row.path));
  }
}

/* Whether the path is that of a value that was not read, or below one. */
static bool check_is_unread(struct k8smi_check *c, const struct k8smi_path *path) {
  for (; c->unread.count > 0 && path != NULL; path = path->parent) {
    size_t len = k8smi_path_write(path, NULL, 0);
    k8smi_buf_clear(&c->message);
    char *text = k8smi_buf_extend(&c->message, len + 1);
    if (text == NULL) return false;
    k8smi_path_write(path, text, len + 1);
    if (k8smi_check_knows(&c->unread, (struct k8sm_slice){text, len})) return true;
  }
  return false;
}

/* "Invalid value: "x": detail", from the words of the kind, the value if it has one, and the detail. */
static void check_report(struct k8smi_check *c, uint32_t code, const struct k8smi_path *path,
                         const char *kind, const struct k8smi_shown *value, const char *detail) {
  c->found++;
  if (c->diags == NULL || check_is_unread(c, path)) return;
  struct k8smi_buf *m = &c->message;
  k8smi_buf_clear(m);
  k8smi_buf_puts(m, kind);
  if (value != NULL) k8smi_buf_puts(m, ": ");
  if (value != NULL) k8smi_put_value(m, *value);
  if (detail != NULL && detail[0] != '\0') k8smi_buf_puts(m, ": ");
  if (detail != NULL) k8smi_buf_puts(m, detail);
  c->no_memory = c->no_memory || m->failed;
  if (!m->failed && check_is_new(c, path, m)) k8smi_find(c->diags, code, path, "%.*s", (int)m->len, m->ptr);
}

void k8smi_check_required(struct k8smi_check *c, const struct k8smi_path *path, const char *detail) {
  check_report(c, K8SM_DIAG_FIELD_REQUIRED, path, "Required value", NULL, detail);
}

void k8smi_check_invalid(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value,
                         const char *detail) {
  check_report(c, K8SM_DIAG_FIELD_INVALID, path, "Invalid value",
               value.kind == K8SMI_VALUE_NONE ? NULL : &value, detail);
}

void k8smi_check_duplicate(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value) {
  check_report(c, K8SM_DIAG_FIELD_DUPLICATE, path, "Duplicate value", &value, NULL);
}

void k8smi_check_forbidden(struct k8smi_check *c, const struct k8smi_path *path, const char *detail) {
  check_report(c, K8SM_DIAG_FIELD_FORBIDDEN, path, "Forbidden", NULL, detail);
}

void k8smi_check_not_found(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value,
                           const char *detail) {
  check_report(c, K8SM_DIAG_FIELD_NOT_FOUND, path, "Not found", &value, detail);
}

void k8smi_check_too_long(struct k8smi_check *c, const struct k8smi_path *path, size_t max) {
  check_report(c, K8SM_DIAG_FIELD_TOO_LONG, path, "Too long", NULL,
               k8smi_check_text(c, "may not be more than %zu bytes", max));
}

void k8smi_check_too_many(struct k8smi_check *c, const struct k8smi_path *path, size_t count, size_t max) {
  struct k8smi_shown value = k8smi_v_number((int64_t)count);
  check_report(c, K8SM_DIAG_FIELD_TOO_MANY, path, "Too many", &value,
               k8smi_check_text(c, "must have at most %zu items", max));
}

void k8smi_check_unsupported(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value,
                             const char *const *words) {
  k8smi_buf_clear(&c->detail);
  k8smi_buf_puts(&c->detail, "supported values: ");
  for (size_t i = 0; words[i] != NULL; i++) {
    if (i > 0) k8smi_buf_puts(&c->detail, ", ");
    k8smi_put_value(&c->detail, k8smi_v_text(k8smi_s(words[i])));
  }
  k8smi_buf_putc(&c->detail, '\0');
  c->no_memory = c->no_memory || c->detail.failed;
  check_report(c, K8SM_DIAG_FIELD_UNSUPPORTED, path, "Unsupported value", &value,
               c->detail.failed ? "" : c->detail.ptr);
}

const char *k8smi_check_text(struct k8smi_check *c, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  k8smi_buf_clear(&c->detail);
  char *text = n < 0 ? NULL : k8smi_buf_extend(&c->detail, (size_t)n + 1);
  if (text != NULL) vsnprintf(text, (size_t)n + 1, format, args);
  va_end(args);
  if (text == NULL) c->no_memory = true;
  return text == NULL ? "" : text;
}

void k8smi_check_format_of(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value,
                           k8smi_format *format) {
  const char *wrong[K8SMI_FORMAT_WRONG];
  size_t n = format(value.text, wrong);
  for (size_t i = 0; i < n; i++) k8smi_check_invalid(c, path, value, wrong[i]);
}

void k8smi_check_between(struct k8smi_check *c, const struct k8smi_path *path, int64_t value, int64_t low,
                         int64_t high) {
  if (value >= low && value <= high) return;
  k8smi_check_invalid(
      c, path, k8smi_v_number(value),
      k8smi_check_text(c, "must be between %" PRId64 " and %" PRId64 ", inclusive", low, high));
}

static void check_word(struct k8smi_check *c, struct k8sm_slice value, const struct k8smi_field_rule *rule,
                       const struct k8smi_path *path) {
  if (value.len == 0 && rule->kind == K8SMI_RULE_WORD_REQUIRED) {
    k8smi_check_required(c, path, NULL);
  } else if (!k8smi_is_among(value, rule->words)) {
    k8smi_check_unsupported(c, path, k8smi_v_word(value), rule->words);
  }
}

static void check_number(struct k8smi_check *c, int64_t value, const struct k8smi_field_rule *rule,
                         const struct k8smi_path *path) {
  if (value >= rule->low && value <= rule->high) return;
  if (rule->detail == NULL) {
    k8smi_check_between(c, path, value, rule->low, rule->high);
  } else {
    k8smi_check_invalid(c, path, k8smi_v_number(value), rule->detail);
  }
}

void k8smi_check_rule(struct k8smi_check *c, const struct k8smi_record *record,
                      const struct k8smi_field_rule *rule, const struct k8smi_path *parent) {
  bool set = k8smi_has(record, rule->at.field);
  struct k8smi_path path = k8smi_path_at(parent, rule->at);
  if (rule->kind == K8SMI_RULE_BETWEEN) {
    if (set) check_number(c, k8smi_get_i64(record, rule->at.field, 0), rule, &path);
    return;
  }
  if (k8smi_types[rule->at.type].fields[rule->at.field].kind != K8SMI_KIND_STRING) {
    if (k8smi_get_list(record, rule->at.field).count == 0) k8smi_check_required(c, &path, rule->detail);
    return;
  }
  struct k8sm_slice text = k8smi_get_str(record, rule->at.field);
  switch (rule->kind) {
  case K8SMI_RULE_REQUIRED:
  case K8SMI_RULE_NAME:
    if (text.len == 0) {
      k8smi_check_required(c, &path, rule->detail);
    } else if (rule->format != NULL) {
      k8smi_check_format(c, &path, text, rule->format);
    }
    break;
  case K8SMI_RULE_FORMAT:
    if (text.len > 0) k8smi_check_format(c, &path, text, rule->format);
    break;
  case K8SMI_RULE_TEXT: k8smi_check_format(c, &path, text, rule->format); break;
  case K8SMI_RULE_WORD_IF_SET:
    if (set) check_word(c, text, rule, &path);
    break;
  default: check_word(c, text, rule, &path);
  }
}

void k8smi_check_rules(struct k8smi_check *c, const struct k8smi_record *record,
                       const struct k8smi_field_rule *rules, size_t count, const struct k8smi_path *path) {
  for (size_t i = 0; i < count; i++) k8smi_check_rule(c, record, &rules[i], path);
}

bool k8smi_check_add(struct k8smi_check *c, struct k8smi_map *set, struct k8sm_slice value) {
  if (k8smi_check_knows(set, value)) return false;
  k8smi_check_put(c, set, value, 0);
  return true;
}

void k8smi_check_put(struct k8smi_check *c, struct k8smi_map *map, struct k8sm_slice name, size_t index) {
  if (!k8smi_map_put(map, name, (uint32_t)index)) c->no_memory = true;
}

struct k8sm_slice k8smi_check_join(struct k8smi_check *c, struct k8sm_slice a, char separator,
                                   struct k8sm_slice b) {
  struct k8sm_slice joined = {NULL, a.len + 1 + b.len};
  char *text = k8smi_arena_alloc(&c->arena, joined.len + 1);
  if (text == NULL) {
    c->no_memory = true;
    return (struct k8sm_slice){NULL, 0};
  }
  if (a.len > 0) memcpy(text, a.ptr, a.len);
  text[a.len] = separator;
  if (b.len > 0) memcpy(text + a.len + 1, b.ptr, b.len);
  text[joined.len] = '\0';
  joined.ptr = text;
  return joined;
}

struct k8sm_slice k8smi_check_lower(struct k8smi_check *c, struct k8sm_slice s) {
  char *text = k8smi_arena_alloc(&c->arena, s.len + 1);
  if (text == NULL) {
    c->no_memory = true;
    return s;
  }
  for (size_t i = 0; i < s.len; i++) {
    bool capital = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z';
    text[i] = capital ? (char)(s.ptr[i] | 0x20) : s.ptr[i];
  }
  text[s.len] = '\0';
  return (struct k8sm_slice){text, s.len};
}

const struct k8smi_record *k8smi_visit_next(const struct k8smi_check *c, struct k8smi_visit *v) {
  static const struct k8smi_at lists[] = {{K8SMI_TYPE_PodSpec, K8SMI_PodSpec_initContainers},
                                          {K8SMI_TYPE_PodSpec, K8SMI_PodSpec_containers},
                                          {K8SMI_TYPE_PodSpec, K8SMI_PodSpec_ephemeralContainers}};
  for (; v->list < 3; v->list++, v->i = 0) {
    struct k8smi_list list = k8smi_get_list(c->spec, lists[v->list].field);
    if (v->i == list.count) continue;
    v->of_list = k8smi_path_at(c->at, lists[v->list]);
    v->path = k8smi_path_index(&v->of_list, v->i);
    return k8smi_list_record(list, v->i++);
  }
  return NULL;
}
