/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_JSON_VALUE_H
#define TESTS_SUPPORT_JSON_VALUE_H

/* JSON as a tree, to compare two texts as values: members in any order, numbers by what they mean. */

#include "base/slice.h"
#include "wire/number.h"
#include "wire/token.h"

#include <stdlib.h>

struct json_value {
  int kind; /* K8SMI_TOKEN_OBJECT, _ARRAY, _STRING, … */
  struct k8sm_slice key;
  struct k8sm_slice text;
  struct json_value *first, *next;
};

static inline struct json_value *json_value_read(struct k8smi_arena *arena, struct k8smi_tokens *tokens,
                                                 struct k8smi_token *t) {
  struct json_value *v = k8smi_arena_zalloc(arena, sizeof *v), **last;
  if (v == NULL) abort();
  v->kind = t->kind;
  v->text = t->text;
  last = &v->first;
  if (t->kind != K8SMI_TOKEN_OBJECT && t->kind != K8SMI_TOKEN_ARRAY) return v;
  for (;;) {
    struct k8sm_slice key = {NULL, 0};
    if (k8smi_tokens_next(tokens, t, NULL) != K8SM_OK) return NULL;
    if (t->kind == K8SMI_TOKEN_OBJECT_END || t->kind == K8SMI_TOKEN_ARRAY_END) return v;
    if (t->kind == K8SMI_TOKEN_KEY) {
      key = t->text;
      if (k8smi_tokens_next(tokens, t, NULL) != K8SM_OK) return NULL;
    }
    *last = json_value_read(arena, tokens, t);
    if (*last == NULL) return NULL;
    (*last)->key = key;
    last = &(*last)->next;
  }
}

/* NULL: not JSON. The bytes must stay. */
static inline struct json_value *json_value_parse(struct k8smi_arena *arena, struct k8sm_slice text) {
  struct k8smi_tokens *tokens;
  struct k8smi_token t;
  if (k8smi_tokens_json(arena, text.ptr, text.len, NULL, &tokens, NULL) != K8SM_OK) return NULL;
  if (k8smi_tokens_next(tokens, &t, NULL) != K8SM_OK) return NULL;
  return json_value_read(arena, tokens, &t);
}

static inline const struct json_value *json_value_get(const struct json_value *object, const char *key) {
  for (const struct json_value *m = object->first; m != NULL; m = m->next) {
    if (k8smi_eqs(m->key, key)) return m;
  }
  return NULL;
}

/* Messages can't tell an empty list from none. */
static inline bool json_value_is_nothing(const struct json_value *v) {
  return v->kind == K8SMI_TOKEN_NULL || (v->kind == K8SMI_TOKEN_ARRAY && v->first == NULL);
}

static inline bool json_value_equal(const struct json_value *a, const struct json_value *b);

static inline bool json_value_has_all(const struct json_value *a, const struct json_value *b) {
  for (const struct json_value *m = b->first; m != NULL; m = m->next) {
    const struct json_value *other = a->first;
    while (other != NULL && !k8smi_eq(other->key, m->key)) other = other->next;
    if (other == NULL ? !json_value_is_nothing(m) : !json_value_equal(other, m)) return false;
  }
  return true;
}

static inline bool json_value_equal(const struct json_value *a, const struct json_value *b) {
  int64_t i, k;
  double d, e;
  if (a->kind != b->kind) return json_value_is_nothing(a) && json_value_is_nothing(b);
  switch (a->kind) {
  case K8SMI_TOKEN_STRING: return k8smi_eq(a->text, b->text);
  case K8SMI_TOKEN_NUMBER:
    if (k8smi_parse_json_i64(a->text, &i) && k8smi_parse_json_i64(b->text, &k)) return i == k;
    return k8smi_parse_double(a->text, &d) && k8smi_parse_double(b->text, &e) && d == e;
  case K8SMI_TOKEN_OBJECT: return json_value_has_all(a, b) && json_value_has_all(b, a);
  case K8SMI_TOKEN_ARRAY:
    for (a = a->first, b = b->first; a != NULL && b != NULL && json_value_equal(a, b); a = a->next)
      b = b->next;
    return a == NULL && b == NULL;
  default: return true;
  }
}

#endif
