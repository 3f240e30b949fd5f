/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml_out.h"

#include "wire/yaml_scalar.h"

enum { YAML_TEXT_WIDTH = 80, YAML_TEXT_KEY_MAX = 128 };

/* What a text consists of, as far as a style depends on it. */
struct yaml_text_traits {
  bool no_plain;   /* would read as something else, or not at all, without quotes */
  bool no_single;  /* has what single quotes can't show */
  bool no_literal; /* has what a block can't show */
  bool lines;      /* has line breaks */
};

/* The length of the UTF-8 character at p and its code point. */
static size_t yaml_text_char(const char *p, const char *end, uint32_t *ret) {
  unsigned char c = (unsigned char)*p;
  size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  if ((size_t)(end - p) < n) n = 1;
  *ret = n == 1 ? c : c & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) *ret = *ret << 6 | ((unsigned char)p[i] & 0x3f);
  return n;
}

static bool yaml_text_is_break(uint32_t c) {
  return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static bool yaml_text_is_printable(uint32_t c) {
  return c == '\n' || (c >= 0x20 && c <= 0x7e) || c == 0x85 || (c >= 0xa0 && c <= 0xd7ff) ||
         (c >= 0xe000 && c <= 0xfffd && c != 0xfeff);
}

static bool yaml_text_is_space(const char *p, const char *end) {
  uint32_t c;
  if (p == end) return true;
  yaml_text_char(p, end, &c);
  return c == ' ' || c == '\t' || yaml_text_is_break(c);
}

/* Characters that mean something to YAML where they stand. */
static bool yaml_text_indicates(uint32_t c, bool first, bool after_space, bool before_space) {
  if (c > 0x7f || c == 0) return false;
  if (first && strchr("#,[]{}&*!|>'\"%@`", (int)c) != NULL) return true;
  if (first && (c == '-' || c == '?')) return before_space;
  return (c == ':' && before_space) || (c == '#' && after_space);
}

static struct yaml_text_traits yaml_text_look(struct k8sm_slice text) {
  struct yaml_text_traits t = {false, false, false, false};
  const char *end = text.ptr + text.len;
  bool space = false, broke = false; /* what the last character was */
  if (text.len >= 3 && (memcmp(text.ptr, "---", 3) == 0 || memcmp(text.ptr, "...", 3) == 0))
    t.no_plain = true;
  for (const char *p = text.ptr; p < end;) {
    uint32_t c;
    bool first = p == text.ptr;
    size_t n = yaml_text_char(p, end, &c);
    bool last = p + n == end, is_break = yaml_text_is_break(c), is_space = c == ' ';
    bool after = first || space || broke || (p[-1] == '\t');
    if (yaml_text_indicates(c, first, after, yaml_text_is_space(p + n, end))) t.no_plain = true;
    if (!yaml_text_is_printable(c)) t.no_plain = t.no_single = t.no_literal = true;
    if (is_break) t.lines = t.no_plain = true;
    if (is_break && c != '\n') t.no_single = t.no_literal = true; /* readers make other breaks of these */
    if ((is_space || is_break) && (first || last)) t.no_plain = true;
    if (is_space && last) t.no_literal = true;
    if (is_space && broke) t.no_single = true;
    if (is_break && space) t.no_single = t.no_literal = true;
    space = is_space;
    broke = is_break;
    p += n;
  }
  return t;
}

/* 12:30, 1:2:3.4: numbers to the base of 60 for other readers of YAML 1.1. */
static bool yaml_text_is_base60(struct k8sm_slice s) {
  size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'), groups = 0, digits = 0;
  if (s.len <= i || s.ptr[i] < '0' || s.ptr[i] > '9') return false;
  for (; i < s.len && s.ptr[i] != '.'; i++) {
    char c = s.ptr[i];
    if (c == ':') {
      if (groups > 0 && digits == 0) return false;
      groups++;
      digits = 0;
    } else if (c >= '0' && c <= '9') {
      if (groups > 0 && (++digits > 2 || (digits == 2 && s.ptr[i - 1] > '5'))) return false;
    } else if (c != '_' || groups > 0) {
      return false;
    }
  }
  if (groups == 0 || digits == 0) return false;
  for (i += i < s.len; i < s.len; i++) {
    if ((s.ptr[i] < '0' || s.ptr[i] > '9') && s.ptr[i] != '_') return false;
  }
  return true;
}

void k8smi_yaml_put(struct k8smi_yaml_pen *pen, const char *text, size_t len) {
  k8smi_buf_put(pen->buf, text, len);
  for (size_t i = 0; i < len; i++) pen->column += ((unsigned char)text[i] & 0xc0) != 0x80;
}

void k8smi_yaml_newline(struct k8smi_yaml_pen *pen, size_t indent) {
  if (pen->column > 0) k8smi_buf_putc(pen->buf, '\n');
  for (size_t i = 0; i < indent; i++) k8smi_buf_putc(pen->buf, ' ');
  pen->column = indent;
}

/* A long line may end at a single blank inside of the text. */
static bool yaml_text_may_fold(const struct k8smi_yaml_pen *pen, struct k8sm_slice text, const char *p) {
  return pen->column > YAML_TEXT_WIDTH && p > text.ptr && p[-1] != ' ' && p + 1 < text.ptr + text.len &&
         p[1] != ' ';
}

static void yaml_text_put_flow(struct k8smi_yaml_pen *pen, struct k8sm_slice text, size_t indent, bool is_key,
                               bool quoted) {
  if (quoted) k8smi_yaml_put(pen, "'", 1);
  for (const char *p = text.ptr; p < text.ptr + text.len; p++) {
    if (*p == ' ' && !is_key && yaml_text_may_fold(pen, text, p)) {
      k8smi_yaml_newline(pen, indent);
    } else {
      k8smi_yaml_put(pen, quoted && *p == '\'' ? "''" : p, quoted && *p == '\'' ? 2 : 1);
    }
  }
  if (quoted) k8smi_yaml_put(pen, "'", 1);
}

static void yaml_text_put_escape(struct k8smi_yaml_pen *pen, uint32_t c) {
  static const struct {
    uint32_t c;
    char letter;
  } letters[] = {{0, '0'},     {7, 'a'},    {8, 'b'},    {9, 't'},      {10, 'n'},
                 {11, 'v'},    {12, 'f'},   {13, 'r'},   {0x1b, 'e'},   {'"', '"'},
                 {'\\', '\\'}, {0x85, 'N'}, {0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
  static const char hex[] = "0123456789ABCDEF";
  char text[10] = {'\\', c <= 0xff ? 'x' : c <= 0xffff ? 'u' : 'U'};
  for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
    if (letters[i].c != c) continue;
    text[1] = letters[i].letter;
    k8smi_yaml_put(pen, text, 2);
    return;
  }
  size_t digits = c <= 0xff ? 2 : c <= 0xffff ? 4 : 8;
  for (size_t i = 0; i < digits; i++) text[2 + i] = hex[c >> 4 * (digits - 1 - i) & 15];
  k8smi_yaml_put(pen, text, 2 + digits);
}

static void yaml_text_put_double(struct k8smi_yaml_pen *pen, struct k8sm_slice text, size_t indent,
                                 bool is_key) {
  const char *end = text.ptr + text.len;
  bool blank = false; /* the last character was a blank */
  k8smi_yaml_put(pen, "\"", 1);
  for (const char *p = text.ptr; p < end;) {
    uint32_t c;
    size_t n = yaml_text_char(p, end, &c);
    if (!yaml_text_is_printable(c) || yaml_text_is_break(c) || c == '"' || c == '\\') {
      yaml_text_put_escape(pen, c);
    } else if (c == ' ' && !is_key && !blank && pen->column > YAML_TEXT_WIDTH && p > text.ptr &&
               p + 1 < end) {
      k8smi_yaml_newline(pen, indent);
      if (p[1] == ' ') k8smi_yaml_put(pen, "\\", 1);
    } else {
      k8smi_yaml_put(pen, p, n);
    }
    blank = c == ' ';
    p += n;
  }
  k8smi_yaml_put(pen, "\"", 1);
}

/* A block of lines; its head says what becomes of the breaks at the end, and the indent where the first
 * line doesn't show it. */
static void yaml_text_put_literal(struct k8smi_yaml_pen *pen, struct k8sm_slice text, size_t indent) {
  const char *end = text.ptr + text.len;
  bool ends = end[-1] == '\n', ends_twice = ends && (text.len == 1 || end[-2] == '\n'), begun = false;
  k8smi_yaml_put(pen, "|", 1);
  if (text.ptr[0] == ' ' || text.ptr[0] == '\n') k8smi_yaml_put(pen, "2", 1);
  k8smi_yaml_put(pen, ends_twice ? "+" : "-", ends_twice || !ends);
  k8smi_yaml_newline(pen, 0);
  for (const char *p = text.ptr; p < end; p++) {
    if (*p == '\n') {
      k8smi_yaml_put(pen, p, 1);
      pen->column = 0;
      begun = false;
      continue;
    }
    for (size_t i = 0; !begun && i < indent; i++) k8smi_yaml_put(pen, " ", 1);
    begun = true;
    k8smi_yaml_put(pen, p, 1);
  }
}

void k8smi_yaml_put_text(struct k8smi_yaml_pen *pen, struct k8sm_slice text, size_t indent, bool is_key) {
  struct yaml_text_traits t = yaml_text_look(text);
  bool newline = text.len > 0 && memchr(text.ptr, '\n', text.len) != NULL;
  if (newline) {
    if (t.no_literal || is_key) {
      yaml_text_put_double(pen, text, indent, is_key);
    } else {
      yaml_text_put_literal(pen, text, indent);
    }
  } else if (k8smi_yaml_kind(text) != K8SMI_TOKEN_STRING || yaml_text_is_base60(text) ||
             k8smi_yaml_is_time(text)) {
    yaml_text_put_double(pen, text, indent, is_key);
  } else if (!t.no_plain) {
    yaml_text_put_flow(pen, text, indent, is_key, false);
  } else if (!t.no_single && !(is_key && t.lines)) {
    yaml_text_put_flow(pen, text, indent, is_key, true);
  } else {
    yaml_text_put_double(pen, text, indent, is_key);
  }
}

bool k8smi_yaml_long_key(struct k8sm_slice text) {
  return text.len > YAML_TEXT_KEY_MAX || yaml_text_look(text).lines;
}
