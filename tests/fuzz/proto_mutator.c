/* SPDX-License-Identifier: Apache-2.0 */
#include "proto_mutator.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MUTATE_FIELDS = 256, MUTATE_DEPTH = 12, VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct mutate_field {
  const uint8_t *begin, *value, *end; /* value: of BYTES behind the length, of others behind the tag */
  uint64_t tag;
};

struct mutate_out {
  uint8_t *bytes;
  size_t len, cap;
};

struct mutator {
  uint32_t state;
  const uint8_t *whole; /* the message that is changed */
  size_t whole_len;
};

static uint32_t mutate_random(struct mutator *m, uint32_t below) {
  m->state = m->state * 1664525u + 1013904223u;
  return below == 0 ? 0 : (m->state >> 8) % below;
}

/* ---- Messages as fields ---- */

static const uint8_t *mutate_varint(const uint8_t *p, const uint8_t *end, uint64_t *ret) {
  *ret = 0;
  for (unsigned shift = 0; shift < 64 && p < end; shift += 7) {
    *ret |= (uint64_t)(*p & 0x7f) << shift;
    if (*p++ < 0x80) return p;
  }
  return NULL;
}

static const uint8_t *mutate_next(const uint8_t *p, const uint8_t *end, struct mutate_field *ret) {
  uint64_t n;
  ret->begin = p;
  p = mutate_varint(p, end, &ret->tag);
  if (p == NULL || ret->tag >> 3 == 0) return NULL;
  ret->value = p;
  switch (ret->tag & 7) {
  case VARINT: ret->end = mutate_varint(p, end, &n); break;
  case FIXED64: ret->end = end - p >= 8 ? p + 8 : NULL; break;
  case FIXED32: ret->end = end - p >= 4 ? p + 4 : NULL; break;
  case BYTES:
    ret->value = mutate_varint(p, end, &n);
    ret->end = ret->value != NULL && n <= (uint64_t)(end - ret->value) ? ret->value + n : NULL;
    break;
  default: return NULL;
  }
  return ret->end;
}

/* How many fields the bytes are; 0 when they are no message. */
static size_t mutate_split(const uint8_t *p, size_t len, struct mutate_field *fields) {
  const uint8_t *end = p + len;
  size_t n = 0;
  for (; p < end && n < MUTATE_FIELDS; n++) {
    p = mutate_next(p, end, &fields[n]);
    if (p == NULL) return 0;
  }
  return p == end ? n : 0;
}

/* ---- Writing ---- */

static void mutate_put(struct mutate_out *out, const void *bytes, size_t len) {
  if (len > out->cap - out->len) len = out->cap - out->len;
  if (len > 0) memcpy(out->bytes + out->len, bytes, len);
  out->len += len;
}

static void mutate_put_varint(struct mutate_out *out, uint64_t n) {
  uint8_t bytes[10];
  size_t len = 0;
  for (; n >= 0x80; n >>= 7) bytes[len++] = (uint8_t)(n | 0x80);
  bytes[len++] = (uint8_t)n;
  mutate_put(out, bytes, len);
}

static void mutate_put_field(struct mutate_out *out, const struct mutate_field *f) {
  mutate_put(out, f->begin, (size_t)(f->end - f->begin));
}

/* ---- Changes ---- */

static uint64_t mutate_number(struct mutator *m) {
  static const uint64_t numbers[] = {0,
                                     1,
                                     2,
                                     100,
                                     127,
                                     128,
                                     255,
                                     65535,
                                     1u << 31,
                                     0x7fffffff,
                                     UINT32_MAX,
                                     UINT64_MAX,
                                     UINT64_MAX >> 1,
                                     (UINT64_MAX >> 1) + 1,
                                     253402300799u,
                                     253402300800u};
  return mutate_random(m, 3) == 0 ? mutate_random(m, 70000)
                                  : numbers[mutate_random(m, sizeof numbers / sizeof numbers[0])];
}

/* Text, for where none of the fields is a message: words of pods, single bytes, what is no UTF-8. */
static void mutate_put_text(struct mutator *m, struct mutate_out *out, const uint8_t *p, size_t len) {
  static const char *const words[] = {"",
                                      "a",
                                      "Always",
                                      "TCP",
                                      "100m",
                                      "1.5",
                                      "1Ki",
                                      "-1e3",
                                      "0.0001",
                                      "{}",
                                      "[1,2]",
                                      "null",
                                      "\"x\"",
                                      "\xc3\xa9",
                                      "\xff",
                                      "\n",
                                      " a: b ",
                                      "true",
                                      "010",
                                      "v1",
                                      "Pod",
                                      "k8s",
                                      "9223372036854775807E"};
  if (mutate_random(m, 3) == 0) {
    const char *word = words[mutate_random(m, sizeof words / sizeof words[0])];
    mutate_put(out, word, strlen(word));
    return;
  }
  size_t from = out->len;
  mutate_put(out, p, len);
  for (uint32_t n = 1 + mutate_random(m, 2); n > 0 && out->len > from; n--)
    out->bytes[from + mutate_random(m, (uint32_t)(out->len - from))] = (uint8_t)mutate_random(m, 256);
  if (mutate_random(m, 4) == 0 && out->len > from) out->len -= mutate_random(m, (uint32_t)(out->len - from));
}

/* A field of any number: of a number, a text, or a piece of the whole. */
static void mutate_put_new(struct mutator *m, struct mutate_out *out) {
  uint64_t number = 1 + mutate_random(m, mutate_random(m, 8) == 0 ? 1000 : 45);
  if (mutate_random(m, 2) == 0) {
    mutate_put_varint(out, number << 3 | VARINT);
    mutate_put_varint(out, mutate_number(m));
    return;
  }
  size_t from = mutate_random(m, (uint32_t)m->whole_len + 1), len = m->whole_len - from;
  len = mutate_random(m, (uint32_t)(len > 32 ? 32 : len) + 1);
  mutate_put_varint(out, number << 3 | BYTES);
  mutate_put_varint(out, len);
  mutate_put(out, m->whole + from, len);
}

static void mutate_message(struct mutator *m, struct mutate_out *out, const uint8_t *p, size_t len,
                           unsigned depth);

/* The contents of the field, changed, with a length that fits; or nearly. */
static void mutate_inside(struct mutator *m, struct mutate_out *out, const struct mutate_field *f,
                          unsigned depth) {
  struct mutate_out inner = {malloc(out->cap + 1), 0, out->cap};
  if (inner.bytes == NULL) abort();
  mutate_message(m, &inner, f->value, (size_t)(f->end - f->value), depth + 1);
  mutate_put_varint(out, f->tag);
  mutate_put_varint(out, mutate_random(m, 100) == 0 ? inner.len + 1 : inner.len);
  mutate_put(out, inner.bytes, inner.len);
  free(inner.bytes);
}

static void mutate_change(struct mutator *m, struct mutate_out *out, const struct mutate_field *f,
                          unsigned depth) {
  switch (mutate_random(m, 10)) {
  case 0: return; /* left out */
  case 1:
    mutate_put_field(out, f);
    mutate_put_field(out, f);
    return;
  case 2: /* another number, or another type */
    mutate_put_varint(out, mutate_random(m, 4) == 0 ? f->tag ^ (1 + mutate_random(m, 7))
                                                    : (1 + mutate_random(m, 45)) << 3 | (f->tag & 7));
    mutate_put(out, f->begin + 1, (size_t)(f->end - f->begin) - 1);
    return;
  case 3:
    mutate_put_new(m, out);
    mutate_put_field(out, f);
    return;
  default: break;
  }
  if ((f->tag & 7) == BYTES) {
    mutate_inside(m, out, f, depth);
  } else if ((f->tag & 7) == VARINT) {
    mutate_put_varint(out, f->tag);
    mutate_put_varint(out, mutate_number(m));
  } else {
    mutate_put_field(out, f);
  }
}

static void mutate_message(struct mutator *m, struct mutate_out *out, const uint8_t *p, size_t len,
                           unsigned depth) {
  static struct mutate_field levels[MUTATE_DEPTH + 1][MUTATE_FIELDS];
  struct mutate_field *fields = levels[depth < MUTATE_DEPTH ? depth : MUTATE_DEPTH];
  size_t count = depth < MUTATE_DEPTH ? mutate_split(p, len, fields) : 0;
  if (count == 0) {
    if (len == 0 || mutate_random(m, 8) == 0) {
      mutate_put_new(m, out);
    } else {
      mutate_put_text(m, out, p, len);
    }
    return;
  }
  size_t at = mutate_random(m, (uint32_t)count), other = mutate_random(m, (uint32_t)count);
  bool swap = mutate_random(m, 16) == 0;
  for (size_t i = 0; i < count; i++) {
    if (i == at && !swap) {
      mutate_change(m, out, &fields[i], depth);
    } else {
      mutate_put_field(out, &fields[!swap ? i : i == at ? other : i == other ? at : i]);
    }
  }
}

size_t proto_mutate(uint8_t *bytes, size_t len, size_t cap, size_t head, unsigned seed) {
  struct mutator m = {seed * 2654435761u + 1, NULL, 0};
  struct mutate_out out = {malloc(cap + 1), 0, cap};
  if (out.bytes == NULL) abort();
  if (len < head) head = len;
  m.whole = bytes + head;
  m.whole_len = len - head;
  mutate_put(&out, bytes, head);
  mutate_message(&m, &out, m.whole, m.whole_len, 0);
  memcpy(bytes, out.bytes, out.len);
  free(out.bytes);
  return out.len;
}
