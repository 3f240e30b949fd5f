/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RESOURCE_CASES_H
#define TESTS_SUPPORT_RESOURCE_CASES_H

/* Generated resources beside a model of them that knows nothing of how the library holds them: an amount for
 * each of a fixed list of kinds. They are written as JSON in pieces, in any order, in either format. */

#include "base/buf.h"
#include "wire/number.h"

#include <k8smesos/offer.h>
#include <stdbool.h>
#include <stdlib.h>

enum { CASE_SCALAR, CASE_RANGES, CASE_SET, CASE_WHOLE };

struct case_kind {
  const char *name;
  int how;          /* CASE_* */
  int base;         /* kinds of one base differ by reservation only */
  const char *rest; /* beside name, type and value; reservations as a stack */
  const char *old;  /* the same with role and reservation; NULL: there is no old form */
  const char *role; /* reserved for; "": unreserved */
};

#define CASE_STATIC(role)       "{\"type\":\"STATIC\",\"role\":\"" role "\"}"
#define CASE_DYNAMIC(role)      "{\"type\":\"DYNAMIC\",\"role\":\"" role "\",\"principal\":\"p\"}"
#define CASE_LABEL_X            "{\"key\":\"x\",\"value\":\"1\"}"
#define CASE_LABEL_Y            "{\"key\":\"y\"}"
#define CASE_LABELS(a, b)       "\"labels\":{\"labels\":[" a "," b "]}"
#define CASE_RESERVED(...)      ",\"reservations\":[" __VA_ARGS__ "]"
#define CASE_OLD(role)          ",\"role\":\"" role "\""
#define CASE_OLD_DYNAMIC(role)  CASE_OLD(role) ",\"reservation\":{\"principal\":\"p\"}"
#define CASE_SAME(rest)         rest, rest, ""
#define CASE_DISK(rest)         ",\"disk\":{" rest "}"
#define CASE_SOURCE(type, rest) "\"source\":{\"type\":\"" type "\"" rest "}"
#define CASE_VOLUME(id)                                                                                      \
  "\"persistence\":{\"id\":\"" id "\"},\"volume\":{\"mode\":\"RW\",\"container_path\":\"d\"}"

/* Up to CASE_PLAIN mesos-go knows them all. */
static const struct case_kind case_kinds[] = {
    {"cpus", CASE_SCALAR, 0, CASE_SAME("")},
    {"cpus", CASE_SCALAR, 0, CASE_RESERVED(CASE_STATIC("a")), CASE_OLD("a"), "a"},
    {"cpus", CASE_SCALAR, 0, CASE_RESERVED(CASE_DYNAMIC("a")), CASE_OLD_DYNAMIC("a"), "a"},
    {"cpus", CASE_SCALAR, 0, CASE_RESERVED(CASE_STATIC("b")), CASE_OLD("b"), "b"},
    {"mem", CASE_SCALAR, 1, CASE_SAME("")},
    {"gpus", CASE_SCALAR, 2, CASE_SAME("")},
    {"mine", CASE_SCALAR, 3, CASE_SAME("")},
    {"cpus", CASE_SCALAR, 4, CASE_SAME(",\"revocable\":{}")},
    {"ports", CASE_RANGES, 5, CASE_SAME("")},
    {"ports", CASE_RANGES, 5, CASE_RESERVED(CASE_STATIC("a")), CASE_OLD("a"), "a"},
    {"zones", CASE_SET, 6, CASE_SAME("")},
    {"zones", CASE_SET, 6, CASE_RESERVED(CASE_DYNAMIC("a")), CASE_OLD_DYNAMIC("a"), "a"},
    {"disk", CASE_SCALAR, 7, CASE_SAME("")},
    {"disk", CASE_SCALAR, 8, CASE_SAME(CASE_DISK(CASE_SOURCE("PATH", ",\"path\":{\"root\":\"/d1\"}")))},
    {"disk", CASE_SCALAR, 9, CASE_SAME(CASE_DISK(CASE_SOURCE("PATH", ",\"path\":{\"root\":\"/d2\"}")))},
    {"disk", CASE_WHOLE, 10, CASE_RESERVED(CASE_DYNAMIC("a")) CASE_DISK(CASE_VOLUME("v1")),
     CASE_OLD_DYNAMIC("a") CASE_DISK(CASE_VOLUME("v1")), "a"},
#define CASE_PLAIN 16
    {"cpus", CASE_SCALAR, 0,
     CASE_RESERVED("{\"type\":\"DYNAMIC\",\"role\":\"a\",\"principal\":\"p\"," CASE_LABELS(CASE_LABEL_X,
                                                                                           CASE_LABEL_Y) "}"),
     CASE_OLD("a") ",\"reservation\":{\"principal\":\"p\"," CASE_LABELS(CASE_LABEL_Y, CASE_LABEL_X) "}", "a"},
    {"cpus", CASE_SCALAR, 0, CASE_RESERVED(CASE_STATIC("a") "," CASE_DYNAMIC("a/b")), NULL, "a/b"},
    {"cpus", CASE_SCALAR, 11, CASE_SAME(",\"allocation_info\":{\"role\":\"a\"}")},
    {"cpus", CASE_SCALAR, 12, CASE_SAME(",\"provider_id\":{\"value\":\"p1\"}")},
    {"disk", CASE_WHOLE, 13, CASE_SAME(CASE_DISK(CASE_SOURCE("MOUNT", ",\"mount\":{\"root\":\"/m\"}")))},
    {"disk", CASE_WHOLE, 14, CASE_SAME(CASE_DISK(CASE_SOURCE("BLOCK", ",\"id\":\"i\"")))},
    {"disk", CASE_WHOLE, 15, CASE_SAME(CASE_DISK(CASE_SOURCE("RAW", ",\"id\":\"i\",\"profile\":\"fast\"")))},
    {"disk", CASE_SCALAR, 16, CASE_SAME(CASE_DISK(CASE_SOURCE("RAW", ",\"profile\":\"fast\"")))},
    {"disk", CASE_SCALAR, 17,
     CASE_SAME(CASE_DISK(CASE_SOURCE("RAW", ",\"vendor\":\"v\",\"metadata\":{\"labels\":[]}")))},
    {"disk", CASE_WHOLE, 18, CASE_RESERVED(CASE_DYNAMIC("a")) CASE_DISK(CASE_VOLUME("v2")) ",\"shared\":{}",
     CASE_OLD_DYNAMIC("a") CASE_DISK(CASE_VOLUME("v2")) ",\"shared\":{}", "a"},
};
enum { CASE_KINDS = sizeof case_kinds / sizeof case_kinds[0], CASE_PORTS = 40, CASE_ITEMS = 8 };

/* How much there is: thousandths; bits of ports 31000 + i; bits of items; how many. */
struct case_model {
  uint64_t amounts[CASE_KINDS];
};

static inline uint32_t case_below(uint32_t *random, uint32_t n) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 8) % n;
}

static inline uint64_t case_bits(uint32_t *random, int bits) {
  uint64_t all = 0;
  for (int i = 0; i < bits; i++) all |= (uint64_t)(case_below(random, 3) == 0) << i;
  return all;
}

/* A port is in one of the kinds that have ports, as in every offer. */
static inline struct case_model case_any(uint32_t *random, size_t kinds) {
  struct case_model m = {{0}};
  uint64_t taken[CASE_SET + 1] = {0};
  for (size_t i = 0; i < kinds; i++) {
    int how = case_kinds[i].how;
    if (case_below(random, 3) == 0) continue;
    if (how == CASE_SCALAR) m.amounts[i] = case_below(random, 5000);
    if (how == CASE_WHOLE) m.amounts[i] = case_below(random, 3);
    if (how != CASE_RANGES && how != CASE_SET) continue;
    m.amounts[i] = case_bits(random, how == CASE_RANGES ? CASE_PORTS : CASE_ITEMS) & ~taken[how];
    taken[how] |= m.amounts[i];
  }
  return m;
}

static inline bool case_is_bits(size_t kind) {
  return case_kinds[kind].how == CASE_RANGES || case_kinds[kind].how == CASE_SET;
}

static inline struct case_model case_part(uint32_t *random, const struct case_model *of) {
  struct case_model m = {{0}};
  for (size_t i = 0; i < CASE_KINDS; i++) {
    uint64_t all = of->amounts[i];
    if (case_is_bits(i)) {
      m.amounts[i] = all & case_bits(random, CASE_PORTS);
    } else if (case_below(random, 2) == 0) {
      m.amounts[i] = case_below(random, 3) == 0 ? all : case_below(random, (uint32_t)all + 1);
    }
  }
  return m;
}

static inline struct case_model case_plus(const struct case_model *a, const struct case_model *b) {
  struct case_model m;
  for (size_t i = 0; i < CASE_KINDS; i++) {
    m.amounts[i] = case_is_bits(i) ? a->amounts[i] | b->amounts[i] : a->amounts[i] + b->amounts[i];
  }
  return m;
}

static inline bool case_has(const struct case_model *a, const struct case_model *b) {
  for (size_t i = 0; i < CASE_KINDS; i++) {
    if (case_is_bits(i) ? (b->amounts[i] & ~a->amounts[i]) != 0 : b->amounts[i] > a->amounts[i]) return false;
  }
  return true;
}

static inline struct case_model case_minus(const struct case_model *a, const struct case_model *b) {
  struct case_model m;
  for (size_t i = 0; i < CASE_KINDS; i++) {
    m.amounts[i] = case_is_bits(i) ? a->amounts[i] & ~b->amounts[i] : a->amounts[i] - b->amounts[i];
  }
  return m;
}

/* ---- As JSON ---- */

struct case_writer {
  struct k8smi_buf pieces[4 * CASE_KINDS + CASE_PORTS];
  size_t count;
  uint32_t *random;
  bool old; /* one form for all: the old one where there is one */
  bool any; /* either form, piece by piece */
};

static inline struct k8smi_buf *case_piece(struct case_writer *w, size_t kind) {
  static const char *const types[] = {"SCALAR", "RANGES", "SET", "SCALAR"};
  struct k8smi_buf *piece = &w->pieces[w->count++];
  const struct case_kind *k = &case_kinds[kind];
  bool old = w->any ? case_below(w->random, 2) == 0 : w->old;
  if (!k8smi_buf_init(piece, NULL)) abort();
  k8smi_buf_puts(piece, "{\"name\":\"");
  k8smi_buf_puts(piece, k->name);
  k8smi_buf_puts(piece, "\",\"type\":\"");
  k8smi_buf_puts(piece, types[k->how]);
  k8smi_buf_puts(piece, "\"");
  k8smi_buf_puts(piece, old && k->old != NULL ? k->old : k->rest);
  return piece;
}

static inline void case_put_scalar(struct case_writer *w, size_t kind, uint64_t milli) {
  struct k8smi_buf *piece = case_piece(w, kind);
  k8smi_buf_puts(piece, ",\"scalar\":{\"value\":");
  k8smi_put_milli(piece, (int64_t)milli);
  k8smi_buf_puts(piece, "}}");
}

static inline void case_put_range(struct k8smi_buf *piece, uint64_t begin, uint64_t end) {
  k8smi_buf_puts(piece, "{\"begin\":");
  k8smi_buf_u64(piece, 31000 + begin);
  k8smi_buf_puts(piece, ",\"end\":");
  k8smi_buf_u64(piece, 31000 + end);
  k8smi_buf_puts(piece, "}");
}

/* Runs of ports, cut at random. */
static inline void case_put_ports(struct case_writer *w, size_t kind, uint64_t bits) {
  struct k8smi_buf *piece = case_piece(w, kind);
  const char *comma = "";
  k8smi_buf_puts(piece, ",\"ranges\":{\"range\":[");
  for (uint64_t i = 0, end; i < CASE_PORTS; i = end + 1) {
    end = i;
    if ((bits >> i & 1) == 0) continue;
    while ((bits >> (end + 1) & 1) != 0 && case_below(w->random, 4) != 0) end++;
    k8smi_buf_puts(piece, comma);
    case_put_range(piece, i, end);
    comma = ",";
  }
  k8smi_buf_puts(piece, "]}}");
}

static inline void case_put_items(struct case_writer *w, size_t kind, uint64_t bits) {
  struct k8smi_buf *piece = case_piece(w, kind);
  const char *comma = "";
  k8smi_buf_puts(piece, ",\"set\":{\"item\":[");
  for (int i = CASE_ITEMS; i-- > 0;) {
    if ((bits >> i & 1) == 0) continue;
    k8smi_buf_puts(piece, comma);
    k8smi_buf_puts(piece, "\"i");
    k8smi_buf_u64(piece, (uint64_t)i);
    k8smi_buf_puts(piece, "\"");
    comma = ",";
  }
  k8smi_buf_puts(piece, "]}}");
}

static inline void case_put(struct case_writer *w, size_t kind, uint64_t amount) {
  uint64_t first = 0;
  switch (case_kinds[kind].how) {
  case CASE_SCALAR:
    first = case_below(w->random, 2) == 0 ? 0 : case_below(w->random, (uint32_t)amount + 1);
    if (first > 0) case_put_scalar(w, kind, first);
    if (amount > first) case_put_scalar(w, kind, amount - first);
    break;
  case CASE_WHOLE:
    for (uint64_t i = 0; i < amount; i++) case_put_scalar(w, kind, 64000);
    break;
  case CASE_RANGES:
    first = amount & case_bits(w->random, CASE_PORTS);
    if (first != 0) case_put_ports(w, kind, first);
    if ((amount & ~first) != 0) case_put_ports(w, kind, amount & ~first);
    break;
  default:
    if (amount != 0) case_put_items(w, kind, amount);
  }
}

enum { CASE_FORM_STACK = 0, CASE_FORM_OLD = 1, CASE_FORM_ANY = 2 };

/* {"resources":[…]}, in any order. The caller frees the buffer. */
static inline struct k8smi_buf case_json(uint32_t *random, const struct case_model *m, int form) {
  static struct case_writer w;
  struct k8smi_buf all;
  w.count = 0;
  w.random = random;
  w.old = form == CASE_FORM_OLD;
  w.any = form == CASE_FORM_ANY;
  if (!k8smi_buf_init(&all, NULL)) abort();
  for (size_t i = 0; i < CASE_KINDS; i++) case_put(&w, i, m->amounts[i]);
  k8smi_buf_puts(&all, "{\"resources\":[");
  for (size_t left = w.count; left > 0; left--) {
    size_t i = case_below(random, (uint32_t)left);
    if (left < w.count) k8smi_buf_putc(&all, ',');
    k8smi_buf_put(&all, w.pieces[i].ptr, w.pieces[i].len);
    k8smi_buf_free(&w.pieces[i]);
    w.pieces[i] = w.pieces[left - 1];
  }
  k8smi_buf_puts(&all, "]}");
  if (all.failed) abort();
  return all;
}

static inline struct k8sm_resources *case_read(const void *bytes, size_t len, uint32_t format) {
  struct k8sm_resources_options options = {.size = sizeof options, .format = format};
  struct k8sm_resources *resources = NULL;
  if (k8sm_resources_parse(bytes, len, &options, &resources, NULL) != K8SM_OK) abort();
  return resources;
}

static inline struct k8sm_resources *case_make(uint32_t *random, const struct case_model *m, int form) {
  struct k8smi_buf json = case_json(random, m, form);
  struct k8sm_resources *resources = case_read(json.ptr, json.len, K8SM_FORMAT_JSON);
  k8smi_buf_free(&json);
  return resources;
}

#endif
