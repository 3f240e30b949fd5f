/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml_plain.h"

/* The part of YAML that most manifests are written in: one document of blocks, indented by blanks, whose
 * scalars stand on one line each (or are literal blocks), with flow lists of such scalars on one line. It is
 * put on the tape line by line, without libyaml. Nothing is reported here. Whatever is beyond that part, or
 * wrong, ends it: then libyaml reads all of it. So this must know for sure what a line means, but need not
 * know every line. */

enum { PLAIN_LEVELS = 64, PLAIN_KEY_MAX = 1000 /* libyaml's limit for keys without `?` is 1024 */ };

struct plain_level {
  size_t column;
  bool is_map;
};

struct plain_line {
  const char *begin;
  const char *eol;
  const char *next; /* the line behind it */
  uint32_t number;
};

/* A place, and the line that it is in. */
struct plain_mark {
  const char *at;
  const char *line;
  uint32_t number;
};

struct plain {
  struct k8smi_yaml_tape *tape;
  const char *end;
  struct plain_line line;
  struct plain_level levels[PLAIN_LEVELS]; /* of blocks */
  uint32_t depth;
  bool pending; /* a key or a dash whose value has not come yet; it would stand at: */
  struct plain_mark mark;
};

static bool plain_is_blank(const struct plain *y, const char *p) {
  return p >= y->line.eol || *p == ' ';
}

static const char *plain_skip(const struct plain *y, const char *p) {
  while (p < y->line.eol && *p == ' ') p++;
  return p;
}

static struct k8smi_yaml_node *plain_add(struct plain *y, const struct plain_mark *mark) {
  struct k8smi_yaml_tape *tape = y->tape;
  struct k8smi_yaml_node *node = tape->count < tape->max_nodes ? k8smi_yaml_tape_node(tape) : NULL;
  if (node == NULL) return NULL;
  node->line = mark->number;
  node->column = (uint32_t)(mark->at - mark->line) + 1;
  node->offset = (size_t)(mark->at - tape->bytes);
  return node;
}

static struct plain_mark plain_here(const struct plain *y, const char *p) {
  return (struct plain_mark){p, y->line.begin, y->line.number};
}

/* ---- Containers ---- */

static bool plain_open(struct plain *y, const char *p, bool is_map) {
  struct plain_mark mark = plain_here(y, p);
  if (y->depth == PLAIN_LEVELS || y->tape->depth == y->tape->max_depth || plain_add(y, &mark) == NULL)
    return false;
  return k8smi_yaml_tape_enter(y->tape, is_map);
}

static bool plain_open_level(struct plain *y, const char *p, bool is_map) {
  if (!plain_open(y, p, is_map)) return false;
  y->levels[y->depth++] = (struct plain_level){(size_t)(p - y->line.begin), is_map};
  return true;
}

static bool plain_put_null(struct plain *y) {
  struct k8smi_yaml_node *node = plain_add(y, &y->mark);
  y->pending = false;
  if (node == NULL) return false;
  node->kind = K8SMI_TOKEN_NULL;
  node->text = K8SMI_S("null");
  return true;
}

static bool plain_close_level(struct plain *y) {
  if (y->pending && !plain_put_null(y)) return false;
  k8smi_yaml_tape_leave(y->tape);
  y->depth--;
  return true;
}

/* ---- Scalars ---- */

struct plain_scalar {
  struct k8sm_slice text;
  const char *begin;
  const char *end; /* behind it and its quotes */
  bool quoted;
};

/* Characters that a scalar without quotes may begin with, whatever follows. */
static bool plain_may_begin(const struct plain *y, const char *p) {
  if (*p == '-') return !plain_is_blank(y, p + 1);
  return (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '/' ||
         *p == '.' || *p == '_' || *p == '$' || *p == '(' || *p == '+' || *p == '~' || *p == '<';
}

static bool plain_quoted(const struct plain *y, const char *p, struct plain_scalar *ret) {
  const char *begin = p + 1, *end = memchr(begin, *p, (size_t)(y->line.eol - begin));
  if (end == NULL) return false;
  if (*p == '"' ? memchr(begin, '\\', (size_t)(end - begin)) != NULL
                : end + 1 < y->line.eol && end[1] == '\'')
    return false;
  *ret = (struct plain_scalar){{begin, (size_t)(end - begin)}, p, end + 1, true};
  return true;
}

/* Up to a colon that makes it a key, a comment, or the end of the line. */
static bool plain_unquoted(const struct plain *y, const char *p, struct plain_scalar *ret) {
  const char *begin = p;
  if (!plain_may_begin(y, p)) return false;
  for (; p < y->line.eol; p++) {
    if (*p == ':' && plain_is_blank(y, p + 1)) break;
    if (*p == '#' && p[-1] == ' ') break;
  }
  const char *end = p;
  while (end[-1] == ' ') end--;
  *ret = (struct plain_scalar){
      {begin, (size_t)(end - begin)}, begin, p < y->line.eol && *p == ':' ? p : end, false};
  return true;
}

static bool plain_scan(const struct plain *y, const char *p, struct plain_scalar *ret) {
  return *p == '"' || *p == '\'' ? plain_quoted(y, p, ret) : plain_unquoted(y, p, ret);
}

static bool plain_put_scalar(struct plain *y, const struct plain_scalar *s, bool is_key) {
  struct plain_mark mark = plain_here(y, s->begin);
  struct k8smi_yaml_node *node = plain_add(y, &mark);
  if (node == NULL) return false;
  node->text = s->text;
  node->kind = s->quoted ? K8SMI_TOKEN_STRING : (int16_t)k8smi_yaml_kind(s->text);
  if (k8smi_yaml_tape_say(y->tape, node, is_key, NULL) != K8SM_OK) return false;
  if (!is_key) return true;
  return node->kind != K8SMI_TOKEN_NULL && (s->quoted || !k8smi_eqs(s->text, "<<")) &&
         k8smi_keys_add(&y->tape->keys, k8smi_yaml_tape_keys(y->tape), node->text) == K8SM_OK;
}

/* ---- Literal blocks ---- */

/* Moves on to the next line. False at the end of the text. */
static bool plain_next_line(struct plain *y) {
  struct plain_line *line = &y->line;
  if (line->next == y->end) return false;
  const char *end = memchr(line->next, '\n', (size_t)(y->end - line->next));
  *line = (struct plain_line){line->next, end == NULL ? y->end : end, end == NULL ? y->end : end + 1,
                              line->number + 1};
  return true;
}

/* The lines of a block that are indented as its first one is, and empty ones between them: their length, and
 * with `to` what they say. Ends before the line behind it. 0: there is none, or it is not simple. */
static size_t plain_block(struct plain *y, size_t least, char *to) {
  struct plain_line last = y->line;
  size_t indent = 0, blank = 0, len = 0;
  while (plain_next_line(y)) {
    const char *p = plain_skip(y, y->line.begin);
    size_t at = (size_t)(p - y->line.begin);
    bool empty = p == y->line.eol;
    if (empty && at > indent) return 0;
    if (!empty && indent == 0) indent = at < least ? least : at;
    if (!empty && at < indent) break;
    if (y->line.next == y->line.eol) return 0; /* the last line has no end */
    blank += empty;
    if (empty) continue;
    size_t size = (size_t)(y->line.next - y->line.begin) - indent;
    if (to != NULL) {
      memset(to + len, '\n', blank);
      memcpy(to + len + blank, y->line.begin + indent, size);
    }
    len += blank + size;
    blank = 0;
    last = y->line;
  }
  y->line = last;
  return len;
}

static bool plain_put_literal(struct plain *y, const char *p) {
  struct plain_mark mark = plain_here(y, p);
  const struct plain_line head = y->line;
  const size_t least = y->levels[y->depth - 1].column + 1;
  bool strip = p + 1 < head.eol && p[1] == '-';
  if (p + 1 + strip != head.eol) return false;
  struct k8smi_yaml_node *node = plain_add(y, &mark);
  size_t len = node == NULL ? 0 : plain_block(y, least, NULL);
  char *text = len == 0 ? NULL : k8smi_arena_bytes(y->tape->arena, len + 1);
  if (text == NULL) return false;
  y->line = head;
  plain_block(y, least, text);
  len -= strip;
  text[len] = '\0';
  node->kind = K8SMI_TOKEN_STRING;
  node->text = (struct k8sm_slice){text, len};
  return true;
}

/* ---- Lists and maps on one line ---- */

/* Nothing but a comment behind p. */
static bool plain_is_done(const struct plain *y, const char *p) {
  const char *rest = plain_skip(y, p);
  return rest == y->line.eol || (*rest == '#' && rest > p);
}

/* A scalar of a list: with quotes, or of letters that have no meaning there. NULL: another one. */
static const char *plain_put_flow_item(struct plain *y, const char *p) {
  struct plain_scalar s;
  if (p == y->line.eol) return NULL;
  if (*p == '"' || *p == '\'') {
    if (!plain_quoted(y, p, &s)) return NULL;
  } else {
    if (!plain_may_begin(y, p)) return NULL;
    const char *end = p + 1;
    while (end < y->line.eol && (plain_may_begin(y, end) || strchr("=@%", *end) != NULL)) end++;
    s = (struct plain_scalar){{p, (size_t)(end - p)}, p, end, false};
  }
  return plain_put_scalar(y, &s, false) ? s.end : NULL;
}

static bool plain_put_flow(struct plain *y, const char *p) {
  const char close = *p == '[' ? ']' : '}';
  if (!plain_open(y, p, close == '}')) return false;
  p = plain_skip(y, p + 1);
  for (bool first = true; first ? p < y->line.eol && *p != close : true; first = false) {
    p = close == ']' ? plain_put_flow_item(y, p) : NULL;
    if (p == NULL) return false;
    p = plain_skip(y, p);
    if (p == y->line.eol || *p != ',') break;
    p = plain_skip(y, p + 1);
  }
  if (p == y->line.eol || *p != close) return false;
  k8smi_yaml_tape_leave(y->tape);
  return plain_is_done(y, p + 1);
}

/* ---- Lines ---- */

/* A value on the line of its key or dash. */
static bool plain_put_value(struct plain *y, const char *p) {
  struct plain_scalar s;
  if (*p == '|') return plain_put_literal(y, p);
  if (*p == '[' || *p == '{') return plain_put_flow(y, p);
  return plain_scan(y, p, &s) && plain_is_done(y, s.end) && plain_put_scalar(y, &s, false);
}

/* The value comes on the next lines, or on this one. */
static bool plain_put_behind(struct plain *y, const char *p) {
  y->pending = plain_is_done(y, p);
  y->mark = plain_here(y, p);
  return y->pending || plain_put_value(y, plain_skip(y, p));
}

/* Closes the blocks that end before content at this column. *opens: it is the first of a new one. */
static bool plain_settle(struct plain *y, size_t column, bool dash, bool *opens) {
  *opens = y->depth == 0;
  if (y->depth == 0) return y->tape->count == 0;
  const struct plain_level *top = &y->levels[y->depth - 1];
  if (y->pending && (column > top->column || (column == top->column && top->is_map && dash))) {
    y->pending = false;
    *opens = true;
    return true;
  }
  /* A list may stand at the column of the key that it is the value of. */
  while (column < top->column || (column == top->column && !top->is_map && !dash)) {
    if (!plain_close_level(y) || y->depth == 0) return false;
    top = &y->levels[y->depth - 1];
  }
  if (column != top->column || top->is_map == dash) return false;
  return !y->pending || plain_put_null(y);
}

static bool plain_put_line(struct plain *y, const char *p) {
  struct plain_scalar s;
  bool dash = *p == '-' && plain_is_blank(y, p + 1), item = false, opens;
  if (!plain_settle(y, (size_t)(p - y->line.begin), dash, &opens)) return false;
  for (; dash; dash = *p == '-' && plain_is_blank(y, p + 1)) {
    if (opens && !plain_open_level(y, p, false)) return false;
    if (plain_is_done(y, p + 1)) return plain_put_behind(y, p + 1);
    p = plain_skip(y, p + 1);
    item = opens = true;
  }
  if (!plain_scan(y, p, &s)) return item && plain_put_value(y, p);
  if (s.end == y->line.eol || *s.end != ':' || !plain_is_blank(y, s.end + 1))
    return item && plain_is_done(y, s.end) && plain_put_scalar(y, &s, false);
  if (s.end - s.begin > PLAIN_KEY_MAX || (opens && !plain_open_level(y, p, true))) return false;
  return plain_put_scalar(y, &s, true) && plain_put_behind(y, s.end + 1);
}

/* Whether all is printable ASCII, in lines: for the rest, libyaml knows the rules. */
static bool plain_is_ascii(const char *p, const char *end) {
  unsigned bad = 0;
  for (; p < end; p++) bad |= (unsigned char)(*p - 0x20) > 0x7e - 0x20 && *p != '\n';
  return bad == 0;
}

static bool plain_put_document(struct plain *y) {
  bool begun = false;
  while (plain_next_line(y)) {
    const char *p = plain_skip(y, y->line.begin);
    if (p == y->line.eol || *p == '#') continue;
    bool head = !begun && p == y->line.begin && y->line.eol - p >= 3 && memcmp(p, "---", 3) == 0;
    begun = true;
    if (!(head ? plain_is_done(y, p + 3) : plain_put_line(y, p))) return false;
  }
  while (y->depth > 0) {
    if (!plain_close_level(y)) return false;
  }
  return y->tape->count > 0;
}

bool k8smi_yaml_plain_load(struct k8smi_yaml_tape *tape) {
  const char *begin = tape->bytes, *end = tape->bytes + tape->len;
  struct plain y;
  if (!plain_is_ascii(begin, end)) return false;
  y.tape = tape;
  y.end = end;
  y.line = (struct plain_line){begin, begin, begin, tape->place.line - 1};
  y.depth = 0;
  y.pending = false;
  if (plain_put_document(&y)) {
    const struct k8smi_yaml_node *last = k8smi_yaml_node(tape, tape->count - 1);
    tape->place =
        (struct k8smi_yaml_place){last->offset, last->offset, last->offset - (last->column - 1), last->line};
    return true;
  }
  while (tape->depth > 0) k8smi_yaml_tape_leave(tape);
  tape->count = 0;
  return false;
}
