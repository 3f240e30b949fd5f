/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml_tape.h"

#include <yaml.h>

#include "wire/base64.h"
#include "wire/yaml_plain.h"
#include "wire/utf8.h"

enum { TAPE_BLOCK_BITS = 8, TAPE_BLOCK = 1 << TAPE_BLOCK_BITS };

struct k8smi_yaml_open {
  uint32_t node;
  bool is_map;
  bool wants_key;
  size_t keys; /* mark of its keys */
};

struct k8smi_yaml_node *k8smi_yaml_node(const struct k8smi_yaml_tape *tape, uint32_t index) {
  return &tape->blocks[index >> TAPE_BLOCK_BITS][index & (TAPE_BLOCK - 1)];
}

uint32_t k8smi_yaml_after(const struct k8smi_yaml_tape *tape, uint32_t index) {
  const struct k8smi_yaml_node *node = k8smi_yaml_node(tape, index);
  return node->kind == K8SMI_YAML_MAP || node->kind == K8SMI_YAML_LIST ? node->next : index + 1;
}

uint32_t k8smi_yaml_target(const struct k8smi_yaml_tape *tape, uint32_t index) {
  const struct k8smi_yaml_node *node = k8smi_yaml_node(tape, index);
  return node->kind == K8SMI_YAML_ALIAS ? node->next : index;
}

void k8smi_yaml_tape_init(struct k8smi_yaml_tape *tape, struct k8smi_arena *arena, const char *bytes,
                          size_t len, uint32_t max_depth, uint32_t max_nodes) {
  memset(tape, 0, sizeof *tape);
  tape->arena = arena;
  tape->bytes = bytes;
  tape->len = len;
  tape->max_depth = max_depth;
  tape->max_nodes = max_nodes;
  k8smi_keys_init(&tape->keys, arena);
  k8smi_map_init(&tape->anchors, &arena->allocator, tape->keys.seed);
}

static int tape_start_parser(struct k8smi_yaml_tape *tape) {
  yaml_parser_t *parser = k8smi_arena_alloc(tape->arena, sizeof *parser);
  if (parser == NULL) return k8smi_arena_error(tape->arena);
  if (!yaml_parser_initialize(parser)) return K8SM_ERR_NOMEM;
  yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
  if (tape->len >= 3 && memcmp(tape->bytes, "\xef\xbb\xbf", 3) == 0)
    tape->mark = 3; /* it would indent what is behind it */
  yaml_parser_set_input_string(parser, (const unsigned char *)tape->bytes + tape->mark,
                               tape->len - tape->mark);
  tape->place.offset = tape->place.line_start = tape->mark;
  tape->parser = parser;
  return K8SM_OK;
}

void k8smi_yaml_tape_free(struct k8smi_yaml_tape *tape) {
  if (tape->parser != NULL) yaml_parser_delete(tape->parser);
  tape->parser = NULL;
  k8smi_map_free(&tape->anchors);
}

/* Goes forward to a character; libyaml counts those, findings and tokens count bytes. Marks that lie
 * behind us (ends, empty scalars) do not move it. */
static void tape_go_to(struct k8smi_yaml_tape *tape, size_t characters) {
  struct k8smi_yaml_place *p = &tape->place;
  while (p->characters < characters && p->offset < tape->len) {
    char c = tape->bytes[p->offset++];
    while (p->offset < tape->len && ((unsigned char)tape->bytes[p->offset] & 0xc0) == 0x80) p->offset++;
    p->characters++;
    if (c == '\n') {
      p->line++;
      p->line_start = p->offset;
    }
  }
}

static struct k8smi_where tape_where(const struct k8smi_yaml_tape *tape) {
  const struct k8smi_yaml_place *p = &tape->place;
  return (struct k8smi_where){0, p->line, (uint32_t)(p->offset - p->line_start + 1)};
}

static int tape_bad(const struct k8smi_yaml_tape *tape, struct k8sm_diags *diags, uint32_t code, int result,
                    const char *message) {
  struct k8smi_where where = tape_where(tape);
  k8smi_find_at(diags, code, &where, NULL, "%s", message);
  return result;
}

static int tape_no_room(const struct k8smi_yaml_tape *tape, struct k8sm_diags *diags) {
  return k8smi_find_nomem(diags, k8smi_arena_error(tape->arena));
}

/* What libyaml has to say, with our line and column. */
static int tape_libyaml_error(struct k8smi_yaml_tape *tape, struct k8sm_diags *diags) {
  const yaml_parser_t *parser = tape->parser;
  if (parser->error == YAML_MEMORY_ERROR) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  const char *problem = parser->problem == NULL ? "not YAML" : parser->problem;
  if (parser->error == YAML_READER_ERROR) {
    size_t bad = tape->mark + parser->problem_offset;
    if (bad < tape->place.offset)
      tape->place = (struct k8smi_yaml_place){0, tape->mark, tape->mark, tape->first_line};
    while (tape->place.offset < bad && tape->place.offset < tape->len)
      tape_go_to(tape, tape->place.characters + 1);
    bool control = strncmp(problem, "control", 7) == 0;
    return tape_bad(tape, diags, control ? K8SM_DIAG_YAML_SYNTAX : K8SM_DIAG_NOT_UTF8, K8SM_ERR_SYNTAX,
                    control ? "control characters are not allowed" : "bytes that are not UTF-8");
  }
  tape_go_to(tape, parser->problem_mark.index);
  struct k8smi_where where = tape_where(tape);
  k8smi_find_at(diags, K8SM_DIAG_YAML_SYNTAX, &where, NULL, "%s%s%s", problem,
                parser->context == NULL ? "" : " ", parser->context == NULL ? "" : parser->context);
  return K8SM_ERR_SYNTAX;
}

struct k8smi_yaml_node *k8smi_yaml_tape_node(struct k8smi_yaml_tape *tape) {
  size_t block = tape->count >> TAPE_BLOCK_BITS;
  if (block == tape->block_cap) {
    size_t cap = block == 0 ? 4 : block * 2;
    struct k8smi_yaml_node **blocks = k8smi_arena_array(tape->arena, cap, sizeof(void *));
    if (blocks == NULL || tape->count > UINT32_MAX / 2) return NULL;
    if (block > 0) memcpy(blocks, tape->blocks, block * sizeof(void *));
    tape->blocks = blocks;
    tape->block_cap = cap;
  }
  if (tape->blocks[block] == NULL) {
    tape->blocks[block] = k8smi_arena_alloc(tape->arena, TAPE_BLOCK * sizeof(struct k8smi_yaml_node));
    if (tape->blocks[block] == NULL) return NULL;
  }
  struct k8smi_yaml_node *node = k8smi_yaml_node(tape, tape->count++);
  memset(node, 0, sizeof *node);
  return node;
}

/* The same, at the place of the event. */
static struct k8smi_yaml_node *tape_add(struct k8smi_yaml_tape *tape, const yaml_event_t *event) {
  struct k8smi_yaml_node *node = k8smi_yaml_tape_node(tape);
  if (node == NULL) return NULL;
  tape_go_to(tape, event->start_mark.index);
  struct k8smi_where where = tape_where(tape);
  node->line = where.line;
  node->column = where.column;
  node->offset = tape->place.offset;
  return node;
}

static int tape_set_anchor(struct k8smi_yaml_tape *tape, const yaml_char_t *anchor,
                           struct k8sm_diags *diags) {
  if (anchor == NULL) return K8SM_OK;
  struct k8sm_slice name = k8smi_arena_slice(tape->arena, k8smi_s((const char *)anchor));
  if (name.ptr == NULL) return tape_no_room(tape, diags);
  return k8smi_map_put(&tape->anchors, name, tape->count - 1) ? K8SM_OK
                                                              : k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
}

/* The scalar's text: where the document has it just so, that is used. */
static struct k8sm_slice tape_text(struct k8smi_yaml_tape *tape, const yaml_event_t *event, size_t offset) {
  struct k8sm_slice text = {(const char *)event->data.scalar.value, event->data.scalar.length};
  size_t at = offset + (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE);
  if (at <= tape->len && text.len <= tape->len - at && memcmp(tape->bytes + at, text.ptr, text.len) == 0)
    return (struct k8sm_slice){tape->bytes + at, text.len};
  return k8smi_arena_slice(tape->arena, text);
}

static int tape_binary(struct k8smi_yaml_tape *tape, struct k8smi_yaml_node *node, struct k8sm_diags *diags) {
  bool bad = false;
  node->text = k8smi_parse_base64_lines(tape->arena, node->text, &bad);
  if (bad)
    return tape_bad(tape, diags, K8SM_DIAG_YAML_SYNTAX, K8SM_ERR_SYNTAX, "!!binary that is not base64");
  if (node->text.ptr != NULL && k8smi_utf8_valid(node->text.ptr, node->text.len) < node->text.len)
    node->text = k8smi_utf8_replace(tape->arena, node->text);
  return node->text.ptr == NULL ? tape_no_room(tape, diags) : K8SM_OK;
}

int k8smi_yaml_tape_say(struct k8smi_yaml_tape *tape, struct k8smi_yaml_node *node, bool is_key,
                        struct k8sm_diags *diags) {
  bool bad = false;
  if (node->kind == K8SMI_YAML_NOT_FINITE && !is_key)
    return tape_bad(tape, diags, K8SM_DIAG_YAML_SYNTAX, K8SM_ERR_SYNTAX, "a number that is not finite");
  switch (node->kind) {
  case K8SMI_YAML_NOT_FINITE:
  case K8SMI_TOKEN_NUMBER: node->text = k8smi_yaml_number(tape->arena, node->text, is_key, &bad); break;
  case K8SMI_TOKEN_TRUE: node->text = K8SMI_S("true"); break;
  case K8SMI_TOKEN_FALSE: node->text = K8SMI_S("false"); break;
  case K8SMI_TOKEN_NULL: node->text = K8SMI_S("null"); break;
  default: break;
  }
  if (bad)
    return tape_bad(tape, diags, K8SM_DIAG_YAML_SYNTAX, K8SM_ERR_SYNTAX,
                    "a key that is a number beyond an int64");
  return node->text.ptr == NULL ? tape_no_room(tape, diags) : K8SM_OK;
}

/* The kind of a node and its text as the token says it, by what stands there. */
static int tape_resolve(struct k8smi_yaml_tape *tape, struct k8smi_yaml_node *node, enum k8smi_yaml_tag tag,
                        bool is_key, struct k8sm_diags *diags) {
  bool merge = tag == K8SMI_YAML_TAG_NONE || tag == K8SMI_YAML_TAG_MERGE;
  node->kind = K8SMI_TOKEN_STRING;
  if (tag == K8SMI_YAML_TAG_BINARY) return tape_binary(tape, node, diags);
  if (is_key && merge && k8smi_eqs(node->text, "<<")) {
    node->kind = K8SMI_YAML_MERGE;
    return K8SM_OK;
  }
  if (tag != K8SMI_YAML_TAG_TEXT && !k8smi_yaml_tagged(node->text, tag, &node->kind))
    return tape_bad(tape, diags, K8SM_DIAG_YAML_SYNTAX, K8SM_ERR_SYNTAX,
                    "a scalar that its tag does not fit");
  return k8smi_yaml_tape_say(tape, node, is_key, diags);
}

static int tape_scalar(struct k8smi_yaml_tape *tape, const yaml_event_t *event, bool is_key,
                       struct k8sm_diags *diags) {
  struct k8smi_yaml_node *node = tape_add(tape, event);
  if (node == NULL) return tape_no_room(tape, diags);
  node->text = tape_text(tape, event, node->offset);
  if (node->text.ptr == NULL) return tape_no_room(tape, diags);
  bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  enum k8smi_yaml_tag tag = k8smi_yaml_tag((const char *)event->data.scalar.tag, plain);
  int r = tape_resolve(tape, node, tag, is_key, diags);
  return r == K8SM_OK ? tape_set_anchor(tape, event->data.scalar.anchor, diags) : r;
}

static int tape_alias(struct k8smi_yaml_tape *tape, const yaml_event_t *event, struct k8sm_diags *diags) {
  struct k8smi_yaml_node *node = tape_add(tape, event);
  if (node == NULL) return tape_no_room(tape, diags);
  struct k8sm_slice name = k8smi_s((const char *)event->data.alias.anchor);
  uint32_t target = k8smi_map_get(&tape->anchors, name);
  struct k8smi_where where = tape_where(tape);
  if (target == K8SMI_MAP_NONE) {
    k8smi_find_at(diags, K8SM_DIAG_YAML_SYNTAX, &where, NULL, "*%.*s: there is no such anchor before it",
                  K8SMI_P(name));
    return K8SM_ERR_SYNTAX;
  }
  const struct k8smi_yaml_node *named = k8smi_yaml_node(tape, target);
  if ((named->kind == K8SMI_YAML_MAP || named->kind == K8SMI_YAML_LIST) && !named->complete) {
    k8smi_find_at(diags, K8SM_DIAG_YAML_ALIASES, &where, NULL, "*%.*s: the anchor contains itself",
                  K8SMI_P(name));
    return K8SM_ERR_SYNTAX;
  }
  node->kind = K8SMI_YAML_ALIAS;
  node->next = target;
  return K8SM_OK;
}

bool k8smi_yaml_tape_enter(struct k8smi_yaml_tape *tape, bool is_map) {
  if (tape->depth == tape->open_cap) {
    uint32_t cap = tape->open_cap == 0 ? 16 : tape->open_cap * 2;
    struct k8smi_yaml_open *open = k8smi_arena_array(tape->arena, cap, sizeof *open);
    if (open == NULL) return false;
    if (tape->depth > 0) memcpy(open, tape->open, tape->depth * sizeof *open);
    tape->open = open;
    tape->open_cap = cap;
  }
  tape->open[tape->depth++] =
      (struct k8smi_yaml_open){tape->count - 1, is_map, is_map, k8smi_keys_open(&tape->keys)};
  k8smi_yaml_node(tape, tape->count - 1)->kind = is_map ? K8SMI_YAML_MAP : K8SMI_YAML_LIST;
  return true;
}

size_t k8smi_yaml_tape_keys(const struct k8smi_yaml_tape *tape) {
  return tape->open[tape->depth - 1].keys;
}

static int tape_open(struct k8smi_yaml_tape *tape, const yaml_event_t *event, struct k8sm_diags *diags) {
  bool is_map = event->type == YAML_MAPPING_START_EVENT;
  struct k8smi_yaml_node *node = tape_add(tape, event);
  if (node == NULL) return tape_no_room(tape, diags);
  if (tape->depth == tape->max_depth) {
    struct k8smi_where where = tape_where(tape);
    k8smi_find_at(diags, K8SM_DIAG_TOO_DEEP, &where, NULL, "nested deeper than %u levels",
                  (unsigned)tape->max_depth);
    return K8SM_ERR_LIMIT;
  }
  if (!k8smi_yaml_tape_enter(tape, is_map)) return tape_no_room(tape, diags);
  return tape_set_anchor(tape, is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
                         diags);
}

void k8smi_yaml_tape_leave(struct k8smi_yaml_tape *tape) {
  const struct k8smi_yaml_open *open = &tape->open[--tape->depth];
  struct k8smi_yaml_node *node = k8smi_yaml_node(tape, open->node);
  node->next = tape->count;
  node->complete = true;
  k8smi_keys_close(&tape->keys, open->keys);
}

/* What stands at the place of a key must be text, and new. */
static int tape_check_key(struct k8smi_yaml_tape *tape, struct k8smi_yaml_open *open,
                          struct k8sm_diags *diags) {
  const struct k8smi_yaml_node *key = k8smi_yaml_node(tape, k8smi_yaml_target(tape, tape->count - 1));
  if (key->kind == K8SMI_YAML_MERGE) {
    k8smi_yaml_node(tape, open->node)->merges = true;
    return K8SM_OK;
  }
  if (key->kind == K8SMI_YAML_MAP || key->kind == K8SMI_YAML_LIST || key->kind == K8SMI_TOKEN_NULL)
    return tape_bad(tape, diags, K8SM_DIAG_YAML_SYNTAX, K8SM_ERR_SYNTAX,
                    key->kind == K8SMI_TOKEN_NULL ? "a key that is null" : "a key that is not a scalar");
  int r = k8smi_keys_add(&tape->keys, open->keys, key->text);
  if (r == K8SM_OK) return r;
  if (r != K8SM_ERR_INVALID) return k8smi_find_nomem(diags, r);
  struct k8smi_where where = tape_where(tape);
  k8smi_find_at(diags, K8SM_DIAG_DUPLICATE_KEY, &where, NULL, "the key \"%.*s\" stands twice in one object",
                K8SMI_P(key->text));
  return K8SM_ERR_SYNTAX;
}

static bool tape_mergeable(const struct k8smi_yaml_tape *tape, uint32_t index) {
  return k8smi_yaml_node(tape, k8smi_yaml_target(tape, index))->kind == K8SMI_YAML_MAP;
}

/* The value of a merge key is a map or a list of maps; only the maps may be aliases. */
static int tape_check_merges(struct k8smi_yaml_tape *tape, uint32_t map, struct k8sm_diags *diags) {
  const struct k8smi_yaml_node *node = k8smi_yaml_node(tape, map);
  for (uint32_t at = map + 1; at < node->next; at = k8smi_yaml_after(tape, k8smi_yaml_after(tape, at))) {
    if (k8smi_yaml_node(tape, at)->kind != K8SMI_YAML_MERGE) continue;
    const struct k8smi_yaml_node *list = k8smi_yaml_node(tape, at + 1);
    bool good = tape_mergeable(tape, at + 1);
    if (list->kind == K8SMI_YAML_LIST) {
      good = true;
      for (uint32_t i = at + 2; good && i < list->next; i = k8smi_yaml_after(tape, i))
        good = tape_mergeable(tape, i);
    }
    if (good) continue;
    struct k8smi_where where = {0, list->line, list->column};
    k8smi_find_at(diags, K8SM_DIAG_YAML_SYNTAX, &where, NULL, "a merge key takes a map or a list of maps");
    return K8SM_ERR_SYNTAX;
  }
  return K8SM_OK;
}

static int tape_check_nodes(struct k8smi_yaml_tape *tape, const yaml_event_t *event,
                            struct k8sm_diags *diags) {
  if (tape->count < tape->max_nodes) return K8SM_OK;
  tape_go_to(tape, event->start_mark.index);
  struct k8smi_where where = tape_where(tape);
  k8smi_find_at(diags, K8SM_DIAG_TOO_LARGE, &where, NULL, "more than %u keys and values in one document",
                (unsigned)tape->max_nodes);
  return K8SM_ERR_LIMIT;
}

/* One event. *done when the document is complete. */
static int tape_event(struct k8smi_yaml_tape *tape, const yaml_event_t *event, bool *done,
                      struct k8sm_diags *diags) {
  struct k8smi_yaml_open *open = tape->depth == 0 ? NULL : &tape->open[tape->depth - 1];
  bool is_key = open != NULL && open->is_map && open->wants_key;
  uint32_t opened = tape->depth;
  bool makes_node = event->type == YAML_SCALAR_EVENT || event->type == YAML_ALIAS_EVENT ||
                    event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
  int r = makes_node ? tape_check_nodes(tape, event, diags) : K8SM_OK;
  if (r != K8SM_OK) return r;
  switch (event->type) {
  case YAML_STREAM_END_EVENT: tape->at_end = *done = true; return K8SM_OK;
  case YAML_DOCUMENT_END_EVENT: *done = true; return K8SM_OK;
  case YAML_SCALAR_EVENT: r = tape_scalar(tape, event, is_key, diags); break;
  case YAML_ALIAS_EVENT: r = tape_alias(tape, event, diags); break;
  case YAML_SEQUENCE_START_EVENT:
  case YAML_MAPPING_START_EVENT: r = tape_open(tape, event, diags); break;
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    k8smi_yaml_tape_leave(tape);
    return k8smi_yaml_node(tape, tape->open[opened - 1].node)->merges
               ? tape_check_merges(tape, tape->open[opened - 1].node, diags)
               : K8SM_OK;
  default: return K8SM_OK;
  }
  if (r != K8SM_OK || open == NULL || !open->is_map) return r;
  open = &tape->open[opened - 1]; /* it may have moved */
  open->wants_key = !open->wants_key;
  return is_key ? tape_check_key(tape, open, diags) : K8SM_OK;
}

int k8smi_yaml_tape_load(struct k8smi_yaml_tape *tape, struct k8sm_diags *diags) {
  bool done = false;
  if (tape->at_end) return K8SM_ERR_NOT_FOUND;
  tape->count = 0;
  tape->depth = 0;
  k8smi_map_clear(&tape->anchors);
  if (!tape->begun && !tape->libyaml_only && k8smi_yaml_plain_load(tape)) {
    tape->begun = tape->at_end = true;
    return K8SM_OK;
  }
  tape->begun = true;
  int started = tape->parser == NULL ? tape_start_parser(tape) : K8SM_OK;
  if (started != K8SM_OK) return k8smi_find_nomem(diags, started);
  while (!done) {
    yaml_event_t event;
    if (!yaml_parser_parse(tape->parser, &event)) return tape_libyaml_error(tape, diags);
    int r = tape_event(tape, &event, &done, diags);
    yaml_event_delete(&event);
    if (r != K8SM_OK) return r;
  }
  return tape->count > 0 ? K8SM_OK : K8SM_ERR_NOT_FOUND;
}
