/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json.h"

#include "base/slice.h"
#include "wire/base64.h"

/* The short escapes; the others are written as \u00XX. */
static char json_escape_letter(unsigned char c) {
  switch (c) {
  case '"': return '"';
  case '\\': return '\\';
  case '\n': return 'n';
  case '\r': return 'r';
  case '\t': return 't';
  case '\b': return 'b';
  case '\f': return 'f';
  default: return '\0';
  }
}

static void json_put_escape(struct k8smi_buf *buf, unsigned char c) {
  static const char hex[] = "0123456789abcdef";
  char letter = json_escape_letter(c);
  if (letter != '\0') {
    char text[2] = {'\\', letter};
    k8smi_buf_put(buf, text, sizeof text);
  } else {
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    k8smi_buf_put(buf, text, sizeof text);
  }
}

static bool json_must_escape(unsigned char c, bool html) {
  return c < 0x20 || c == '"' || c == '\\' || (html && (c == '<' || c == '>' || c == '&'));
}

/* U+2028 or U+2029 at p: ends of a line in JavaScript. */
static bool json_line_separator(const char *p, const char *end) {
  return end - p >= 3 && p[0] == '\xe2' && p[1] == '\x80' && (p[2] == '\xa8' || p[2] == '\xa9');
}

/* Eight bytes at a time: each byte of the result that is not zero stands for one to look at, or comes after
 * such a one. With `html`, U+2028 begins with 0xe2. */
static uint64_t json_odd_bytes(uint64_t word, bool html) {
  const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
  const uint64_t pairs = html ? ones * 4 : 0; /* '"' and '&' differ in this bit, '<' and '>' in the next */
#define JSON_HAS(bits, c) (((bits) ^ (ones * (c))) - ones) & ~((bits) ^ (ones * (c)))
  uint64_t odd = ((word - ones * 0x20) & ~word) | (JSON_HAS(word & ~pairs, '"')) | (JSON_HAS(word, '\\'));
  if (html) odd |= (JSON_HAS(word & ~(ones * 2), '<')) | (JSON_HAS(word, UINT64_C(0xe2)));
#undef JSON_HAS
  return odd & highs;
}

/* Nothing in it is to be looked at closely. */
static bool json_is_plain(struct k8sm_slice text, bool html) {
  uint64_t word, odd = 0;
  if (text.len < sizeof word) return false;
  for (size_t i = 0; i + sizeof word < text.len; i += sizeof word) {
    memcpy(&word, text.ptr + i, sizeof word);
    odd |= json_odd_bytes(word, html);
  }
  memcpy(&word, text.ptr + text.len - sizeof word, sizeof word);
  return (odd | json_odd_bytes(word, html)) == 0;
}

/* The first byte that can't stand for itself, or `end`. */
static const char *json_find_escape(const char *p, const char *end, bool html) {
  uint64_t word;
  while (p < end) {
    for (; end - p >= 8; p += 8) {
      memcpy(&word, p, sizeof word);
      if (json_odd_bytes(word, html) != 0) break;
    }
    const char *stop = end - p > 8 ? p + 8 : end;
    for (; p < stop; p++) {
      unsigned char c = (unsigned char)*p;
      if (json_must_escape(c, html) || (html && c == 0xe2 && json_line_separator(p, end))) return p;
    }
  }
  return end;
}

/* A string with something to escape, from where it was found. */
static void json_put_escaped(struct k8smi_buf *buf, const char *from, const char *p, const char *end,
                             bool html) {
  k8smi_buf_putc(buf, '"');
  while (p < end) {
    unsigned char c = (unsigned char)*p;
    bool separator = c == 0xe2;
    k8smi_buf_put(buf, from, (size_t)(p - from));
    if (separator)
      k8smi_buf_puts(buf, p[2] == '\xa8' ? "\\u2028" : "\\u2029");
    else
      json_put_escape(buf, c);
    from = p + (separator ? 3 : 1);
    p = json_find_escape(from, end, html);
  }
  k8smi_buf_put(buf, from, (size_t)(p - from));
  k8smi_buf_putc(buf, '"');
}

/* Between quotes, as it stands. */
static void json_put_plain(struct k8smi_buf *buf, struct k8sm_slice text) {
  char *to = k8smi_buf_extend(buf, text.len + 2);
  if (to == NULL) return;
  to[0] = '"';
  k8smi_copy(to + 1, text.ptr, text.len);
  to[text.len + 1] = '"';
}

void k8smi_put_json_string(struct k8smi_buf *buf, struct k8sm_slice text, bool html) {
  if (json_is_plain(text, html)) {
    json_put_plain(buf, text);
    return;
  }
  const char *from = text.ptr == NULL ? "" : text.ptr, *end = from + text.len;
  const char *p = json_find_escape(from, end, html);
  if (p == end)
    json_put_plain(buf, text);
  else
    json_put_escaped(buf, from, p, end, html);
}

void k8smi_json_init(struct k8smi_json *w, struct k8smi_buf *buf, bool html) {
  *w = (struct k8smi_json){buf, html, false};
}

/* What comes before a value or a key. */
static void json_begin_item(struct k8smi_json *w) {
  if (w->comma) k8smi_buf_putc(w->buf, ',');
  w->comma = true;
}

void k8smi_json_key_slice(struct k8smi_json *w, struct k8sm_slice key) {
  json_begin_item(w);
  k8smi_put_json_string(w->buf, key, w->html);
  k8smi_buf_putc(w->buf, ':');
  w->comma = false;
}

void k8smi_json_string(struct k8smi_json *w, struct k8sm_slice text) {
  json_begin_item(w);
  k8smi_put_json_string(w->buf, text, w->html);
}

void k8smi_json_i64(struct k8smi_json *w, int64_t n) {
  json_begin_item(w);
  k8smi_buf_i64(w->buf, n);
}

void k8smi_json_base64(struct k8smi_json *w, struct k8sm_slice bytes) {
  json_begin_item(w);
  k8smi_buf_putc(w->buf, '"'); /* none of its letters is to be escaped */
  k8smi_put_base64(w->buf, bytes.ptr, bytes.len);
  k8smi_buf_putc(w->buf, '"');
}

void k8smi_json_bool(struct k8smi_json *w, bool b) {
  json_begin_item(w);
  k8smi_buf_puts(w->buf, b ? "true" : "false");
}

void k8smi_json_raw(struct k8smi_json *w, struct k8sm_slice json) {
  json_begin_item(w);
  k8smi_buf_slice(w->buf, json);
}

void k8smi_json_compact(struct k8smi_json *w, struct k8sm_slice json) {
  const char *from = json.ptr, *end = from + json.len, *p = from;
  bool in_string = false;
  json_begin_item(w);
  while (p < end) {
    unsigned char c = (unsigned char)*p;
    bool blank = !in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
    bool separator = w->html && c == 0xe2 && json_line_separator(p, end);
    bool escape = separator || (w->html && (c == '<' || c == '>' || c == '&'));
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') p++; /* and what it escapes */
    if (!blank && !escape) {
      p++;
      continue;
    }
    k8smi_buf_put(w->buf, from, (size_t)(p - from));
    if (separator) {
      k8smi_buf_puts(w->buf, p[2] == '\xa8' ? "\\u2028" : "\\u2029");
    } else if (escape) {
      json_put_escape(w->buf, c);
    }
    p += separator ? 3 : 1;
    from = p;
  }
  k8smi_buf_put(w->buf, from, (size_t)(end - from));
}

void k8smi_json_member(struct k8smi_json *w, const char *key, struct k8sm_slice text) {
  k8smi_json_key(w, key);
  k8smi_json_string(w, text);
}

void k8smi_json_member_i64(struct k8smi_json *w, const char *key, int64_t n) {
  k8smi_json_key(w, key);
  k8smi_json_i64(w, n);
}
