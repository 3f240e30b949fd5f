/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/tokens_private.h"
#include "wire/yaml_tape.h"

enum { YAML_MAX_DEPTH = 100, YAML_MAX_ALIAS_NODES = 100000 };

struct yaml_pair {
  uint32_t key;
  uint32_t value;
};

/* A container that the reader is inside of. */
struct yaml_frame {
  uint32_t node;
  uint32_t at;  /* the next node of its content; with pairs: the next pair, times two */
  uint32_t end; /* of its content */
  bool is_map;
  bool at_key;
  bool by_alias;           /* it was named, here or further out: its nodes are counted */
  struct yaml_pair *pairs; /* of a map with merge keys: what it consists of in the end */
};

struct yaml_reader {
  struct k8smi_tokens base;
  struct k8smi_yaml_tape tape;
  struct yaml_frame *frames;
  uint32_t depth;
  uint32_t frame_cap;
  uint32_t alias_nodes_left, max_alias_nodes;
  uint32_t alias_nodes_before; /* what was left when the document began */
  bool loaded;
  bool done; /* with the root of the document */
};

static int yaml_no_room(struct yaml_reader *y, struct k8sm_diags *diags) {
  return k8smi_find_nomem(diags, k8smi_arena_error(y->tape.arena));
}

/* What aliases and merges expand to is bounded in all, for the stream. */
static int yaml_spend(struct yaml_reader *y, uint32_t node, uint32_t nodes, struct k8sm_diags *diags) {
  if (nodes <= y->alias_nodes_left) {
    y->alias_nodes_left -= nodes;
    return K8SM_OK;
  }
  const struct k8smi_yaml_node *n = k8smi_yaml_node(&y->tape, node);
  struct k8smi_where where = {0, n->line, n->column};
  k8smi_find_at(diags, K8SM_DIAG_YAML_ALIASES, &where, NULL, "aliases expand to more than %u nodes in all",
                (unsigned)y->max_alias_nodes);
  return K8SM_ERR_LIMIT;
}

/* A map with its merges done, in the order of the text: what comes later wins, be it a key of its own or one
 * of a map that is named; of the maps in one list, the first wins. */
struct yaml_merge {
  struct yaml_reader *reader;
  struct k8smi_map seen; /* key → its pair */
  struct yaml_pair *pairs;
  uint32_t count;
  uint32_t cap;
  struct k8sm_diags *diags;
};

static int yaml_merge_add(struct yaml_merge *m, uint32_t key, uint32_t value) {
  struct k8smi_yaml_tape *tape = &m->reader->tape;
  struct k8sm_slice text = k8smi_yaml_node(tape, k8smi_yaml_target(tape, key))->text;
  int r = yaml_spend(m->reader, key, 1, m->diags);
  if (r != K8SM_OK) return r;
  uint32_t before = k8smi_map_get(&m->seen, text);
  if (before != K8SMI_MAP_NONE) {
    m->pairs[before].value = value;
    return K8SM_OK;
  }
  if (!k8smi_map_put(&m->seen, text, m->count)) return k8smi_find_nomem(m->diags, K8SM_ERR_NOMEM);
  if (m->count == m->cap) {
    uint32_t cap = m->cap == 0 ? 16 : m->cap * 2;
    struct yaml_pair *pairs = k8smi_arena_array(tape->arena, cap, sizeof *pairs);
    if (pairs == NULL) return yaml_no_room(m->reader, m->diags);
    if (m->count > 0) memcpy(pairs, m->pairs, m->count * sizeof *pairs);
    m->pairs = pairs;
    m->cap = cap;
  }
  m->pairs[m->count++] = (struct yaml_pair){key, value};
  return K8SM_OK;
}

static int yaml_merge_map(struct yaml_merge *m, uint32_t map, uint32_t depth);

/* The maps of a list, the last one first. Lists are walked forward only: their items are counted first. */
static int yaml_merge_list(struct yaml_merge *m, uint32_t list, uint32_t depth) {
  struct k8smi_yaml_tape *tape = &m->reader->tape;
  const struct k8smi_yaml_node *node = k8smi_yaml_node(tape, list);
  uint32_t count = 0, filled = 0;
  for (uint32_t i = list + 1; i < node->next; i = k8smi_yaml_after(tape, i)) count++;
  int r = yaml_spend(m->reader, list, count, m->diags);
  if (r != K8SM_OK) return r;
  uint32_t *items = k8smi_arena_array(tape->arena, count, sizeof *items);
  if (items == NULL) return yaml_no_room(m->reader, m->diags);
  for (uint32_t i = list + 1; i < node->next; i = k8smi_yaml_after(tape, i)) items[filled++] = i;
  while (r == K8SM_OK && filled-- > 0) r = yaml_merge_map(m, k8smi_yaml_target(tape, items[filled]), depth);
  return r;
}

static int yaml_merge_map(struct yaml_merge *m, uint32_t map, uint32_t depth) {
  struct k8smi_yaml_tape *tape = &m->reader->tape;
  const struct k8smi_yaml_node *node = k8smi_yaml_node(tape, map);
  int r = K8SM_OK;
  if (depth == tape->max_depth) {
    struct k8smi_where where = {0, node->line, node->column};
    k8smi_find_at(m->diags, K8SM_DIAG_TOO_DEEP, &where, NULL, "merge keys nested deeper than %u levels",
                  (unsigned)tape->max_depth);
    return K8SM_ERR_LIMIT;
  }
  for (uint32_t at = map + 1; r == K8SM_OK && at < node->next;) {
    uint32_t value = k8smi_yaml_after(tape, at);
    if (k8smi_yaml_node(tape, at)->kind != K8SMI_YAML_MERGE) {
      r = yaml_merge_add(m, at, value);
    } else if (k8smi_yaml_node(tape, value)->kind == K8SMI_YAML_LIST) {
      r = yaml_merge_list(m, value, depth + 1);
    } else {
      r = yaml_merge_map(m, k8smi_yaml_target(tape, value), depth + 1);
    }
    at = k8smi_yaml_after(tape, value);
  }
  return r;
}

static int yaml_merge(struct yaml_reader *y, struct yaml_frame *frame, struct k8sm_diags *diags) {
  struct yaml_merge m = {y, {{0}, NULL, 0, 0, 0, 0}, NULL, 0, 0, diags};
  k8smi_map_init(&m.seen, &y->tape.arena->allocator, y->tape.keys.seed);
  int r = yaml_merge_map(&m, frame->node, 0);
  k8smi_map_free(&m.seen);
  frame->pairs = m.pairs;
  frame->at = 0;
  frame->end = m.count * 2;
  return r;
}

static int yaml_push(struct yaml_reader *y, uint32_t node, bool by_alias, struct k8sm_diags *diags) {
  const struct k8smi_yaml_node *n = k8smi_yaml_node(&y->tape, node);
  if (y->depth == y->tape.max_depth) {
    struct k8smi_where where = {0, n->line, n->column};
    k8smi_find_at(diags, K8SM_DIAG_TOO_DEEP, &where, NULL, "nested deeper than %u levels",
                  (unsigned)y->tape.max_depth);
    return K8SM_ERR_LIMIT;
  }
  if (y->depth == y->frame_cap) {
    uint32_t cap = y->frame_cap == 0 ? 16 : y->frame_cap * 2;
    struct yaml_frame *frames = k8smi_arena_array(y->tape.arena, cap, sizeof *frames);
    if (frames == NULL) return yaml_no_room(y, diags);
    if (y->depth > 0) memcpy(frames, y->frames, y->depth * sizeof *frames);
    y->frames = frames;
    y->frame_cap = cap;
  }
  bool is_map = n->kind == K8SMI_YAML_MAP;
  struct yaml_frame *frame = &y->frames[y->depth++];
  *frame = (struct yaml_frame){node, node + 1, n->next, is_map, is_map, by_alias, NULL};
  return n->merges ? yaml_merge(y, frame, diags) : K8SM_OK;
}

static void yaml_token(struct k8smi_token *ret, int kind, const struct k8smi_yaml_node *node) {
  *ret = (struct k8smi_token){kind, node->text, node->offset, node->line, node->column};
}

/* The token of a value, and into it if it is a container. */
static int yaml_value(struct yaml_reader *y, uint32_t at, bool counted, struct k8smi_token *ret,
                      struct k8sm_diags *diags) {
  uint32_t target = k8smi_yaml_target(&y->tape, at);
  const struct k8smi_yaml_node *node = k8smi_yaml_node(&y->tape, target);
  counted = counted || target != at;
  int r = counted ? yaml_spend(y, at, 1, diags) : K8SM_OK;
  if (r != K8SM_OK) return r;
  bool is_map = node->kind == K8SMI_YAML_MAP, is_list = node->kind == K8SMI_YAML_LIST;
  yaml_token(ret, is_map ? K8SMI_TOKEN_OBJECT : is_list ? K8SMI_TOKEN_ARRAY : node->kind, node);
  return is_map || is_list ? yaml_push(y, target, counted, diags) : K8SM_OK;
}

static int yaml_next_in(struct yaml_reader *y, struct yaml_frame *f, struct k8smi_token *ret,
                        struct k8sm_diags *diags) {
  if (f->at == f->end) {
    yaml_token(ret, f->is_map ? K8SMI_TOKEN_OBJECT_END : K8SMI_TOKEN_ARRAY_END,
               k8smi_yaml_node(&y->tape, f->node));
    ret->text = (struct k8sm_slice){NULL, 0};
    y->depth--;
    return K8SM_OK;
  }
  bool is_key = f->is_map && f->at_key;
  uint32_t at = f->at;
  if (f->pairs != NULL) {
    at = is_key ? f->pairs[f->at / 2].key : f->pairs[f->at / 2].value;
    f->at++;
  } else {
    f->at = k8smi_yaml_after(&y->tape, at);
  }
  f->at_key = f->is_map && !f->at_key;
  if (!is_key) return yaml_value(y, at, f->by_alias || f->pairs != NULL, ret, diags);
  yaml_token(ret, K8SMI_TOKEN_KEY, k8smi_yaml_node(&y->tape, k8smi_yaml_target(&y->tape, at)));
  return K8SM_OK;
}

static int yaml_load(struct yaml_reader *y, struct k8sm_diags *diags) {
  y->depth = 0;
  y->done = false;
  y->loaded = true;
  y->alias_nodes_before = y->alias_nodes_left;
  return k8smi_yaml_tape_load(&y->tape, diags);
}

static void yaml_reader_rewind(struct k8smi_tokens *tokens) {
  struct yaml_reader *y = (struct yaml_reader *)(void *)tokens;
  y->depth = 0;
  y->done = false;
  y->alias_nodes_left = y->alias_nodes_before;
}

static int yaml_reader_next(struct k8smi_tokens *tokens, struct k8smi_token *ret, struct k8sm_diags *diags) {
  struct yaml_reader *y = (struct yaml_reader *)(void *)tokens;
  int r = y->loaded ? K8SM_OK : yaml_load(y, diags);
  if (r == K8SM_ERR_NOT_FOUND) {
    struct k8smi_where where = {0, y->tape.place.line, 1};
    k8smi_find_at(diags, K8SM_DIAG_EMPTY_INPUT, &where, NULL, "no YAML document in the text");
    r = K8SM_ERR_SYNTAX;
  }
  if (r != K8SM_OK) return r;
  if (y->depth > 0) return yaml_next_in(y, &y->frames[y->depth - 1], ret, diags);
  if (y->done) {
    *ret = (struct k8smi_token){K8SMI_TOKEN_END, {NULL, 0}, y->tape.place.offset, y->tape.place.line, 1};
    return K8SM_OK;
  }
  y->done = true;
  return yaml_value(y, 0, false, ret, diags);
}

static int yaml_reader_next_document(struct k8smi_tokens *tokens, struct k8sm_diags *diags) {
  return yaml_load((struct yaml_reader *)(void *)tokens, diags);
}

static struct k8smi_where yaml_reader_where(struct k8smi_tokens *tokens, const struct k8smi_token *token) {
  (void)tokens;
  return (struct k8smi_where){0, token->line, token->column};
}

static void yaml_reader_free(struct k8smi_tokens *tokens) {
  k8smi_yaml_tape_free(&((struct yaml_reader *)(void *)tokens)->tape);
}

static const struct k8smi_tokens_ops yaml_reader_ops = {
    yaml_reader_next, yaml_reader_next_document, yaml_reader_rewind, yaml_reader_where, yaml_reader_free};

/* A NUL ends no text of ours, but it does end one for whoever reads a string of C: refused. */
static int yaml_find_nul(const char *bytes, size_t len, uint32_t lines_before, struct k8sm_diags *diags) {
  const char *nul = len == 0 ? NULL : memchr(bytes, 0, len);
  if (nul == NULL) return K8SM_OK;
  struct k8smi_where where = {0, lines_before + 1, 1};
  for (const char *c = bytes; c < nul; c++) {
    where.column++;
    if (*c == '\n') {
      where.line++;
      where.column = 1;
    }
  }
  k8smi_find_at(diags, K8SM_DIAG_NUL_BYTE, &where, NULL, "a NUL byte");
  return K8SM_ERR_SYNTAX;
}

int k8smi_tokens_yaml(struct k8smi_arena *arena, const void *bytes, size_t len,
                      const struct k8smi_tokens_options *options, struct k8smi_tokens **ret,
                      struct k8sm_diags *diags) {
  uint32_t depth = options == NULL || options->max_depth == 0 ? YAML_MAX_DEPTH : options->max_depth;
  uint32_t aliases =
      options == NULL || options->max_alias_nodes == 0 ? YAML_MAX_ALIAS_NODES : options->max_alias_nodes;
  uint32_t nodes = options == NULL || options->max_nodes == 0 ? K8SMI_TOKENS_MAX_NODES : options->max_nodes;
  uint32_t lines_before = options == NULL ? 0 : options->lines_before;
  int r = yaml_find_nul(bytes, len, lines_before, diags);
  if (r != K8SM_OK) return r;
  struct yaml_reader *y = k8smi_arena_zalloc(arena, sizeof *y);
  if (y == NULL) return k8smi_find_nomem(diags, k8smi_arena_error(arena));
  y->base.ops = &yaml_reader_ops;
  y->alias_nodes_left = y->max_alias_nodes = aliases;
  k8smi_yaml_tape_init(&y->tape, arena, len == 0 ? "" : bytes, len, depth, nodes);
  y->tape.first_line = y->tape.place.line = lines_before + 1;
  *ret = &y->base;
  return K8SM_OK;
}
