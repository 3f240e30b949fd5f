/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml_out.h"

#include "wire/token.h"

enum { YAML_OUT_INDENT = 2, YAML_OUT_DEPTH = 1000 };

struct yaml_out_node {
  int kind; /* K8SMI_TOKEN_* */
  struct k8sm_slice key;
  struct k8sm_slice text;
  struct yaml_out_node *next; /* in the same container */
  struct yaml_out_node *first;
};

struct yaml_out {
  struct k8smi_yaml_pen pen;
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens;
};

static bool yaml_out_is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

static bool yaml_out_is_letter(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

/* The number that begins at `at`, and where it ends. One of too many digits wraps around, as everywhere. */
static int64_t yaml_out_number(struct k8sm_slice s, size_t at, bool inside, size_t *end) {
  uint64_t n = inside;
  while (at < s.len && yaml_out_is_digit((unsigned char)s.ptr[at]))
    n = n * 10 + (uint64_t)(s.ptr[at++] - '0');
  *end = at;
  return (int64_t)n;
}

/* Letters come after all else, and runs of digits compare as numbers: a2 < a10, a-b < a_b < ab. */
int k8smi_yaml_key_cmp(struct k8sm_slice a, struct k8sm_slice b) {
  size_t i = 0, end_a, end_b;
  while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i]) i++;
  if (i == a.len || i == b.len) return (a.len > b.len) - (a.len < b.len);
  unsigned char of_a = (unsigned char)a.ptr[i], of_b = (unsigned char)b.ptr[i];
  bool letter_a = yaml_out_is_letter(of_a), letter_b = yaml_out_is_letter(of_b), inside = false;
  if (letter_a && letter_b) return of_a < of_b ? -1 : 1;
  if (letter_a || letter_b) return letter_b ? -1 : 1;
  /* A zero that differs counts only behind another digit that does. */
  for (size_t j = i; (of_a == '0' || of_b == '0') && j > 0 && yaml_out_is_digit((unsigned char)a.ptr[j - 1]);
       j--)
    inside = inside || a.ptr[j - 1] != '0';
  int64_t n_a = yaml_out_number(a, i, inside, &end_a), n_b = yaml_out_number(b, i, inside, &end_b);
  if (n_a != n_b) return n_a < n_b ? -1 : 1;
  if (end_a != end_b) return end_a < end_b ? -1 : 1;
  return of_a < of_b ? -1 : 1;
}

/* Merge sort of a list of members by key. */
static struct yaml_out_node *yaml_out_sort(struct yaml_out_node *list) {
  struct yaml_out_node *slow = list, *fast = list, *sorted = NULL, **end = &sorted;
  if (list == NULL || list->next == NULL) return list;
  while ((fast = fast->next) != NULL && (fast = fast->next) != NULL) slow = slow->next;
  struct yaml_out_node *a = list, *b = slow->next;
  slow->next = NULL;
  a = yaml_out_sort(a);
  b = yaml_out_sort(b);
  while (a != NULL || b != NULL) {
    bool first = b == NULL || (a != NULL && k8smi_yaml_key_cmp(a->key, b->key) <= 0);
    struct yaml_out_node **from = first ? &a : &b;
    *end = *from;
    end = &(*end)->next;
    *from = (*from)->next;
  }
  return sorted;
}

static int yaml_out_read(struct yaml_out *y, const struct k8smi_token *t, struct yaml_out_node **ret);

static int yaml_out_children(struct yaml_out *y, struct yaml_out_node *node) {
  struct yaml_out_node **end = &node->first;
  bool object = node->kind == K8SMI_TOKEN_OBJECT;
  for (;;) {
    struct k8smi_token t;
    struct k8sm_slice key = {NULL, 0};
    int r = k8smi_tokens_next(y->tokens, &t, NULL);
    if (r != K8SM_OK) return r;
    if (t.kind == K8SMI_TOKEN_OBJECT_END || t.kind == K8SMI_TOKEN_ARRAY_END) break;
    if (object) {
      key = t.text;
      r = k8smi_tokens_next(y->tokens, &t, NULL);
    }
    if (r == K8SM_OK) r = yaml_out_read(y, &t, end);
    if (r != K8SM_OK) return r;
    (*end)->key = key;
    end = &(*end)->next;
  }
  if (object) node->first = yaml_out_sort(node->first);
  return K8SM_OK;
}

/* The recursion is bounded: the token reader has a depth limit. */
static int yaml_out_read(struct yaml_out *y, const struct k8smi_token *t, struct yaml_out_node **ret) {
  struct yaml_out_node *node = k8smi_arena_zalloc(&y->arena, sizeof *node);
  if (node == NULL) return k8smi_arena_error(&y->arena);
  node->kind = t->kind;
  node->text = t->text;
  *ret = node;
  return t->kind == K8SMI_TOKEN_OBJECT || t->kind == K8SMI_TOKEN_ARRAY ? yaml_out_children(y, node) : K8SM_OK;
}

static void yaml_out_literal(struct yaml_out *y, const char *text) {
  k8smi_yaml_put(&y->pen, text, strlen(text));
}

static void yaml_out_node(struct yaml_out *y, const struct yaml_out_node *node, size_t indent, bool in_map);

/* The members of an object, the pen being where the first key goes. */
static void yaml_out_members(struct yaml_out *y, const struct yaml_out_node *object, size_t indent) {
  for (const struct yaml_out_node *m = object->first; m != NULL; m = m->next) {
    if (m != object->first) k8smi_yaml_newline(&y->pen, indent);
    if (k8smi_yaml_long_key(m->key)) {
      yaml_out_literal(y, "? ");
      k8smi_yaml_put_text(&y->pen, m->key, indent + YAML_OUT_INDENT, false);
      k8smi_yaml_newline(&y->pen, indent);
    } else {
      k8smi_yaml_put_text(&y->pen, m->key, indent, true);
    }
    yaml_out_literal(y, ":");
    yaml_out_node(y, m, indent, !k8smi_yaml_long_key(m->key));
  }
}

static void yaml_out_items(struct yaml_out *y, const struct yaml_out_node *array, size_t indent) {
  for (const struct yaml_out_node *item = array->first; item != NULL; item = item->next) {
    if (item != array->first) k8smi_yaml_newline(&y->pen, indent);
    yaml_out_literal(y, "-");
    yaml_out_node(y, item, indent, false);
  }
}

/* A value behind "key:" or "-" (both at `indent`), or behind the ":" of a long key, which is as an item. Arrays in
 * an object are not indented further. */
static void yaml_out_node(struct yaml_out *y, const struct yaml_out_node *node, size_t indent, bool in_map) {
  bool object = node->kind == K8SMI_TOKEN_OBJECT, array = node->kind == K8SMI_TOKEN_ARRAY;
  if ((object || array) && node->first != NULL) {
    size_t inner = array && in_map ? indent : indent + YAML_OUT_INDENT;
    if (in_map) {
      k8smi_yaml_newline(&y->pen, inner);
    } else {
      yaml_out_literal(y, " ");
    }
    if (object) {
      yaml_out_members(y, node, inner);
    } else {
      yaml_out_items(y, node, inner);
    }
    return;
  }
  yaml_out_literal(y, " ");
  switch (node->kind) {
  case K8SMI_TOKEN_OBJECT: yaml_out_literal(y, "{}"); break;
  case K8SMI_TOKEN_ARRAY: yaml_out_literal(y, "[]"); break;
  case K8SMI_TOKEN_STRING: k8smi_yaml_put_text(&y->pen, node->text, indent + YAML_OUT_INDENT, false); break;
  case K8SMI_TOKEN_NUMBER: k8smi_yaml_put(&y->pen, node->text.ptr, node->text.len); break;
  case K8SMI_TOKEN_TRUE: yaml_out_literal(y, "true"); break;
  case K8SMI_TOKEN_FALSE: yaml_out_literal(y, "false"); break;
  default: yaml_out_literal(y, "null");
  }
}

static void yaml_out_root(struct yaml_out *y, const struct yaml_out_node *root) {
  if (root->kind == K8SMI_TOKEN_OBJECT && root->first != NULL) {
    yaml_out_members(y, root, 0);
  } else if (root->kind == K8SMI_TOKEN_ARRAY && root->first != NULL) {
    yaml_out_items(y, root, 0);
  } else {
    size_t start = y->pen.buf->len;
    yaml_out_node(y, root, 0, true);
    if (!y->pen.buf->failed) { /* the blank of "key: value" */
      y->pen.buf->len--;
      memmove(y->pen.buf->ptr + start, y->pen.buf->ptr + start + 1, y->pen.buf->len - start);
    }
  }
  if (y->pen.column > 0) k8smi_yaml_newline(&y->pen, 0);
}

int k8smi_put_yaml(struct k8smi_buf *out, struct k8sm_slice json) {
  struct yaml_out y = {{out, 0}, {{0}, NULL, 0, 0, false}, NULL};
  const struct k8smi_tokens_options options = {YAML_OUT_DEPTH, 0, 0};
  struct yaml_out_node *root = NULL;
  struct k8smi_token t;
  if (!k8smi_arena_init(&y.arena, &out->allocator, 0)) return K8SM_ERR_NOMEM;
  int r = k8smi_tokens_json(&y.arena, json.ptr, json.len, &options, &y.tokens, NULL);
  if (r == K8SM_OK) r = k8smi_tokens_next(y.tokens, &t, NULL);
  if (r == K8SM_OK) r = yaml_out_read(&y, &t, &root);
  if (r == K8SM_OK) yaml_out_root(&y, root);
  k8smi_tokens_free(y.tokens);
  k8smi_arena_free(&y.arena);
  return r == K8SM_OK && out->failed ? K8SM_ERR_NOMEM : r;
}
