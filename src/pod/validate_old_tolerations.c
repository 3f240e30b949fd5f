/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include "wire/number.h"
#include "wire/token.h"

/* Tolerations as an annotation, a list in JSON, as they were given before they had a field. They have no
 * effect any more, and must be right all the same.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */

static const struct old_member {
  const char *name; /* in any case */
  uint8_t field;
  const char *type; /* as Go calls it */
} old_members[] = {
    {"key", K8SMI_Toleration_key, "Key of type string"},
    {"operator", K8SMI_Toleration_operator, "Operator of type core.TolerationOperator"},
    {"value", K8SMI_Toleration_value, "Value of type string"},
    {"effect", K8SMI_Toleration_effect, "Effect of type core.TaintEffect"},
    {"tolerationseconds", K8SMI_Toleration_tolerationSeconds, "TolerationSeconds of type int64"},
};

/* The list while it is read. */
struct old_list {
  struct k8smi_check *c;
  struct k8smi_tokens *tokens;
  struct k8sm_diags diags; /* of the reader */
  struct k8sm_diag rows[1];
  char text[128];
  const char *wrong; /* the first value of a wrong type, as Go says it; or NULL */
  const struct k8smi_record **items;
  size_t count, cap;
};

static const char *old_type(const struct k8smi_token *t) {
  switch (t->kind) {
  case K8SMI_TOKEN_OBJECT: return "object";
  case K8SMI_TOKEN_ARRAY: return "array";
  case K8SMI_TOKEN_STRING: return "string";
  case K8SMI_TOKEN_NUMBER: return "number";
  default: return "bool";
  }
}

/* Reads over a value of the wrong type; the first of them is what is told. */
static int old_refuse(struct old_list *o, const struct k8smi_token *t, const char *into, const char *what) {
  if (o->wrong == NULL) {
    bool is_number = t->kind == K8SMI_TOKEN_NUMBER && strstr(what, "int64") != NULL;
    struct k8sm_slice number = is_number ? t->text : K8SMI_S("");
    o->wrong = k8smi_check_text(o->c, "json: cannot unmarshal %s%s%.*s into Go %s%s", old_type(t),
                                is_number ? " " : "", K8SMI_P(number), into, what);
  }
  return t->kind == K8SMI_TOKEN_OBJECT || t->kind == K8SMI_TOKEN_ARRAY
             ? k8smi_tokens_skip(o->tokens, &o->diags)
             : K8SM_OK;
}

static const struct old_member *old_member_of(struct k8sm_slice key) {
  for (size_t i = 0; i < sizeof old_members / sizeof old_members[0]; i++) {
    size_t at = 0;
    while (at < key.len && old_members[i].name[at] == (key.ptr[at] | 0x20)) at++;
    if (at == key.len && old_members[i].name[at] == '\0') return &old_members[i];
  }
  return NULL;
}

static int old_value(struct old_list *o, const struct old_member *member, const struct k8smi_token *t,
                     struct k8smi_edit *e) {
  int64_t number;
  if (t->kind == K8SMI_TOKEN_NULL) return K8SM_OK;
  if (member->field == K8SMI_Toleration_tolerationSeconds) {
    if (t->kind != K8SMI_TOKEN_NUMBER || !k8smi_parse_i64(t->text, &number))
      return old_refuse(o, t, "struct field Toleration.", member->type);
    k8smi_edit_number(e, member->field, number);
  } else {
    if (t->kind != K8SMI_TOKEN_STRING) return old_refuse(o, t, "struct field Toleration.", member->type);
    k8smi_edit_text(e, member->field, t->text);
  }
  return K8SM_OK;
}

/* The members up to the end of the object. */
static int old_toleration(struct old_list *o, struct k8smi_edit *e) {
  struct k8smi_token t;
  for (;;) {
    int r = k8smi_tokens_next(o->tokens, &t, &o->diags);
    if (r != K8SM_OK || t.kind == K8SMI_TOKEN_OBJECT_END) return r;
    const struct old_member *member = old_member_of(t.text);
    r = k8smi_tokens_next(o->tokens, &t, &o->diags);
    if (r == K8SM_OK && member != NULL) {
      r = old_value(o, member, &t, e);
    } else if (r == K8SM_OK && (t.kind == K8SMI_TOKEN_OBJECT || t.kind == K8SMI_TOKEN_ARRAY)) {
      r = k8smi_tokens_skip(o->tokens, &o->diags);
    }
    if (r != K8SM_OK) return r;
  }
}

static bool old_add(struct old_list *o, const struct k8smi_record *toleration) {
  if (o->count == o->cap) {
    size_t cap = o->cap == 0 ? 4 : 2 * o->cap;
    const struct k8smi_record **items = k8smi_arena_array(&o->c->arena, cap, sizeof *items);
    if (items == NULL) return false;
    if (o->count > 0) memcpy(items, o->items, o->count * sizeof *items);
    o->items = items;
    o->cap = cap;
  }
  o->items[o->count++] = toleration;
  return toleration != NULL;
}

static int old_items(struct old_list *o) {
  struct k8smi_token t;
  for (;;) {
    struct k8smi_edit e;
    int r = k8smi_tokens_next(o->tokens, &t, &o->diags);
    if (r != K8SM_OK || t.kind == K8SMI_TOKEN_ARRAY_END) return r;
    k8smi_edit_begin(&e, &o->c->arena, NULL);
    if (t.kind == K8SMI_TOKEN_OBJECT) {
      r = old_toleration(o, &e);
    } else if (t.kind != K8SMI_TOKEN_NULL) {
      r = old_refuse(o, &t, "value of type ", "core.Toleration");
    }
    if (r != K8SM_OK) return r;
    if (!old_add(o, k8smi_edit_end(&e))) return K8SM_ERR_NOMEM;
  }
}

/* All of the text: a list, or null. */
static int old_read(struct old_list *o, struct k8sm_slice text) {
  const struct k8smi_tokens_options options = {0};
  struct k8smi_token t;
  int r = k8smi_tokens_json(&o->c->arena, text.ptr, text.len, &options, &o->tokens, &o->diags);
  if (r == K8SM_OK) r = k8smi_tokens_next(o->tokens, &t, &o->diags);
  if (r == K8SM_OK && t.kind == K8SMI_TOKEN_ARRAY) {
    r = old_items(o);
  } else if (r == K8SM_OK && t.kind == K8SMI_TOKEN_END) {
    r = K8SM_ERR_SYNTAX;
  } else if (r == K8SM_OK && t.kind != K8SMI_TOKEN_NULL) {
    r = old_refuse(o, &t, "value of type ", "[]core.Toleration");
  }
  if (r == K8SM_OK) r = k8smi_tokens_next(o->tokens, &t, &o->diags);
  if (r == K8SM_OK) r = k8smi_tokens_next_document(o->tokens, &o->diags);
  return r == K8SM_ERR_NOT_FOUND ? K8SM_OK : r == K8SM_OK ? K8SM_ERR_SYNTAX : r;
}

void k8smi_check_old_tolerations(struct k8smi_check *c, const struct k8smi_path *annotations) {
  static const char key[] = "scheduler.alpha.kubernetes.io/tolerations";
  struct k8sm_slice text = k8smi_get_pair(c->metadata, K8SMI_ObjectMeta_annotations, key);
  struct k8smi_path path = k8smi_path_field(annotations, k8smi_s(key));
  struct old_list o = {.c = c};
  if (text.len == 0) return;
  o.diags = (struct k8sm_diags)K8SM_DIAGS_INIT(o.rows, o.text);
  int r = old_read(&o, text);
  k8smi_tokens_free(o.tokens);
  c->no_memory = c->no_memory || r == K8SM_ERR_NOMEM;
  if (r == K8SM_ERR_NOMEM) return;
  if (r != K8SM_OK)
    o.wrong = k8smi_check_text(c, "found no JSON: %s",
                               o.diags.count > 0 ? o.text + o.rows[0].message : "not one value");
  if (o.wrong != NULL) {
    k8smi_check_invalid(c, annotations, k8smi_v_text(k8smi_s(key)), o.wrong);
    return;
  }
  k8smi_check_toleration_list(c, (struct k8smi_list){o.items, o.count}, &path);
}
