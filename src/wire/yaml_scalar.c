/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml_scalar.h"

#include <float.h>

#include "wire/number.h"

/* Longer texts are no numbers, whatever they consist of. */
enum { YAML_NUMBER_MAX = 512 };

static const struct {
  struct k8sm_slice text;
  int kind;
} yaml_words[] = {
#define YAML_WORD(text, kind)                                                                                \
  { {text, sizeof(text) - 1}, kind }
    YAML_WORD("", K8SMI_TOKEN_NULL),           YAML_WORD("~", K8SMI_TOKEN_NULL),
    YAML_WORD("null", K8SMI_TOKEN_NULL),       YAML_WORD("Null", K8SMI_TOKEN_NULL),
    YAML_WORD("NULL", K8SMI_TOKEN_NULL),       YAML_WORD("y", K8SMI_TOKEN_TRUE),
    YAML_WORD("Y", K8SMI_TOKEN_TRUE),          YAML_WORD("yes", K8SMI_TOKEN_TRUE),
    YAML_WORD("Yes", K8SMI_TOKEN_TRUE),        YAML_WORD("YES", K8SMI_TOKEN_TRUE),
    YAML_WORD("on", K8SMI_TOKEN_TRUE),         YAML_WORD("On", K8SMI_TOKEN_TRUE),
    YAML_WORD("ON", K8SMI_TOKEN_TRUE),         YAML_WORD("true", K8SMI_TOKEN_TRUE),
    YAML_WORD("True", K8SMI_TOKEN_TRUE),       YAML_WORD("TRUE", K8SMI_TOKEN_TRUE),
    YAML_WORD("n", K8SMI_TOKEN_FALSE),         YAML_WORD("N", K8SMI_TOKEN_FALSE),
    YAML_WORD("no", K8SMI_TOKEN_FALSE),        YAML_WORD("No", K8SMI_TOKEN_FALSE),
    YAML_WORD("NO", K8SMI_TOKEN_FALSE),        YAML_WORD("off", K8SMI_TOKEN_FALSE),
    YAML_WORD("Off", K8SMI_TOKEN_FALSE),       YAML_WORD("OFF", K8SMI_TOKEN_FALSE),
    YAML_WORD("false", K8SMI_TOKEN_FALSE),     YAML_WORD("False", K8SMI_TOKEN_FALSE),
    YAML_WORD("FALSE", K8SMI_TOKEN_FALSE),     YAML_WORD(".nan", K8SMI_YAML_NOT_FINITE),
    YAML_WORD(".NaN", K8SMI_YAML_NOT_FINITE),  YAML_WORD(".NAN", K8SMI_YAML_NOT_FINITE),
    YAML_WORD(".inf", K8SMI_YAML_NOT_FINITE),  YAML_WORD(".Inf", K8SMI_YAML_NOT_FINITE),
    YAML_WORD(".INF", K8SMI_YAML_NOT_FINITE),  YAML_WORD("+.inf", K8SMI_YAML_NOT_FINITE),
    YAML_WORD("+.Inf", K8SMI_YAML_NOT_FINITE), YAML_WORD("+.INF", K8SMI_YAML_NOT_FINITE),
    YAML_WORD("-.inf", K8SMI_YAML_NOT_FINITE), YAML_WORD("-.Inf", K8SMI_YAML_NOT_FINITE),
    YAML_WORD("-.INF", K8SMI_YAML_NOT_FINITE),
#undef YAML_WORD
};
enum { YAML_LONGEST_WORD = 5 };

/* A number taken apart: an integer, or the text of a decimal in JSON's syntax. */
struct yaml_number {
  bool negative;
  bool signed_; /* it has a sign, which integers beyond an int64 may not */
  bool is_integer;
  uint64_t magnitude;
  char decimal[YAML_NUMBER_MAX + 2];
  size_t decimal_len;
};

static int yaml_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/* Digits of a base up to the end; false if there is none, or another character, or no room. */
static bool yaml_digits(struct k8sm_slice s, unsigned base, uint64_t *ret) {
  uint64_t n = 0;
  for (size_t i = 0; i < s.len; i++) {
    unsigned digit = (unsigned)yaml_digit(s.ptr[i]);
    if (digit >= base || n > (UINT64_MAX - digit) / base) return false;
    n = n * base + digit;
  }
  *ret = n;
  return s.len > 0;
}

static bool yaml_integer(struct k8sm_slice s, struct yaml_number *n) {
  unsigned base = 10;
  size_t skip = 0;
  if (s.len > 1 && s.ptr[0] == '0') {
    char c = (char)(s.ptr[1] | 0x20);
    base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
    skip = c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
  }
  /* Kubernetes' reader takes a sign behind 0b for one. */
  if (!n->signed_ && s.len > 2 && memcmp(s.ptr, "0b", 2) == 0 && (s.ptr[2] == '-' || s.ptr[2] == '+')) {
    n->signed_ = true;
    n->negative = s.ptr[2] == '-';
    skip++;
  }
  n->is_integer = yaml_digits((struct k8sm_slice){s.ptr + skip, s.len - skip}, base, &n->magnitude);
  if (n->is_integer && n->signed_) n->is_integer = n->magnitude <= (uint64_t)INT64_MAX + n->negative;
  return n->is_integer;
}

static size_t yaml_run(struct k8sm_slice s, size_t at) {
  size_t i = at;
  while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9') i++;
  return i - at;
}

static void yaml_decimal_put(struct yaml_number *n, const char *s, size_t len) {
  memcpy(n->decimal + n->decimal_len, s, len);
  n->decimal_len += len;
}

/* Digits with a point somewhere, and an exponent; JSON wants digits on both sides of the point and no
 * zeros before them. */
static bool yaml_decimal(struct k8sm_slice s, struct yaml_number *n) {
  size_t whole = yaml_run(s, 0), at = whole, fraction = 0, zeros = 0;
  bool point = at < s.len && s.ptr[at] == '.';
  if (point) {
    fraction = yaml_run(s, ++at);
    at += fraction;
  }
  if (whole + fraction == 0) return false;
  while (zeros + 1 < whole && s.ptr[zeros] == '0') zeros++;
  if (n->negative) yaml_decimal_put(n, "-", 1);
  yaml_decimal_put(n, whole == 0 ? "0" : s.ptr + zeros, whole == 0 ? 1 : whole - zeros);
  if (fraction > 0) yaml_decimal_put(n, s.ptr + whole, fraction + 1);
  if (at == s.len) return true;
  if ((s.ptr[at] | 0x20) != 'e') return false;
  size_t digits = at + 1 + (at + 1 < s.len && (s.ptr[at + 1] == '+' || s.ptr[at + 1] == '-'));
  size_t run = yaml_run(s, digits);
  if (run == 0 || digits + run != s.len) return false;
  yaml_decimal_put(n, s.ptr + at, s.len - at);
  return true;
}

static bool yaml_is_between_digits(struct k8sm_slice s, size_t at) {
  return at > 0 && at + 1 < s.len && yaml_digit(s.ptr[at - 1]) < 10 && yaml_digit(s.ptr[at + 1]) < 10;
}

/* Underscores mean nothing where they stand; in what begins with a point, they may stand between digits only.
 */
static bool yaml_number_read(struct k8sm_slice plain, struct yaml_number *n) {
  char text[YAML_NUMBER_MAX];
  size_t len = 0;
  n->negative = n->signed_ = n->is_integer = false;
  n->decimal_len = 0;
  if (plain.len == 0 || plain.len > YAML_NUMBER_MAX || strchr("+-.0123456789", plain.ptr[0]) == NULL)
    return false;
  for (size_t i = 0; i < plain.len; i++) {
    if (plain.ptr[i] != '_') {
      text[len++] = plain.ptr[i];
    } else if (plain.ptr[0] == '.' && !yaml_is_between_digits(plain, i)) {
      return false;
    }
  }
  struct k8sm_slice s = {text, len};
  if (text[0] == '+' || text[0] == '-') {
    n->signed_ = true;
    n->negative = text[0] == '-';
    s.ptr++;
    s.len--;
  }
  double ignored;
  return yaml_integer(s, n) ||
         (yaml_decimal(s, n) &&
          k8smi_parse_double((struct k8sm_slice){n->decimal, n->decimal_len}, &ignored));
}

/* What none of the words and numbers begins with. */
static bool yaml_is_text(char c) {
  return strchr("~nNyYoOtTfF.+-0123456789", c) == NULL;
}

int k8smi_yaml_kind(struct k8sm_slice plain) {
  if (plain.len > 0 && plain.ptr[0] != '\0' && yaml_is_text(plain.ptr[0])) return K8SMI_TOKEN_STRING;
  for (size_t i = 0; plain.len <= YAML_LONGEST_WORD && i < sizeof yaml_words / sizeof yaml_words[0]; i++) {
    struct k8sm_slice word = yaml_words[i].text;
    if (word.len == plain.len && k8smi_same(word.ptr, plain.ptr, word.len)) return yaml_words[i].kind;
  }
  struct yaml_number n;
  return yaml_number_read(plain, &n) ? K8SMI_TOKEN_NUMBER : K8SMI_TOKEN_STRING;
}

static void yaml_put_number(struct k8smi_buf *buf, struct k8sm_slice plain) {
  struct yaml_number n;
  if (!yaml_number_read(plain, &n)) return;
  if (n.is_integer) {
    if (n.negative && n.magnitude != 0) k8smi_buf_putc(buf, '-');
    k8smi_buf_u64(buf, n.magnitude);
    return;
  }
  double d = 0;
  size_t start = buf->len;
  (void)k8smi_parse_double((struct k8sm_slice){n.decimal, n.decimal_len}, &d);
  k8smi_put_double(buf, d);
  /* Kubernetes writes floats without a fraction as integers. */
  if (!buf->failed && buf->len - start > 2 && memcmp(buf->ptr + buf->len - 2, ".0", 2) == 0) buf->len -= 2;
}

#define YAML_TAG "tag:yaml.org,2002:"

enum k8smi_yaml_tag k8smi_yaml_tag(const char *name, bool plain) {
  static const struct {
    const char *name;
    enum k8smi_yaml_tag tag;
  } tags[] = {{YAML_TAG "null", K8SMI_YAML_TAG_NULL},     {YAML_TAG "bool", K8SMI_YAML_TAG_BOOL},
              {YAML_TAG "int", K8SMI_YAML_TAG_INT},       {YAML_TAG "float", K8SMI_YAML_TAG_FLOAT},
              {YAML_TAG "merge", K8SMI_YAML_TAG_MERGE},   {YAML_TAG "binary", K8SMI_YAML_TAG_BINARY},
              {YAML_TAG "timestamp", K8SMI_YAML_TAG_TIME}};
  if (name == NULL) return plain ? K8SMI_YAML_TAG_NONE : K8SMI_YAML_TAG_TEXT;
  for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
    if (strcmp(name, tags[i].name) == 0) return tags[i].tag;
  }
  return K8SMI_YAML_TAG_TEXT;
}

bool k8smi_yaml_tagged(struct k8sm_slice text, enum k8smi_yaml_tag tag, int16_t *kind) {
  struct yaml_number n;
  *kind = tag == K8SMI_YAML_TAG_MERGE || tag == K8SMI_YAML_TAG_TIME ? K8SMI_TOKEN_STRING
                                                                    : (int16_t)k8smi_yaml_kind(text);
  switch (tag) {
  case K8SMI_YAML_TAG_NULL: return *kind == K8SMI_TOKEN_NULL;
  case K8SMI_YAML_TAG_BOOL: return *kind == K8SMI_TOKEN_TRUE || *kind == K8SMI_TOKEN_FALSE;
  case K8SMI_YAML_TAG_INT: return *kind == K8SMI_TOKEN_NUMBER && yaml_number_read(text, &n) && n.is_integer;
  case K8SMI_YAML_TAG_FLOAT: return *kind == K8SMI_TOKEN_NUMBER || *kind == K8SMI_YAML_NOT_FINITE;
  case K8SMI_YAML_TAG_TIME: return k8smi_yaml_is_time(text);
  default: return true;
  }
}

static bool yaml_put_key(struct k8smi_buf *buf, struct k8sm_slice plain) {
  struct yaml_number n;
  double d = 0;
  bool negative = plain.len > 0 && plain.ptr[0] == '-';
  bool number = yaml_number_read(plain, &n);
  if (number && n.is_integer) {
    yaml_put_number(buf, plain);
    return n.magnitude <= (uint64_t)INT64_MAX + n.negative;
  }
  if (number) (void)k8smi_parse_double((struct k8sm_slice){n.decimal, n.decimal_len}, &d);
  if (!number && plain.len > 1 && (plain.ptr[plain.len - 1] | 0x20) == 'n') {
    k8smi_buf_puts(buf, ".nan");
  } else if (!number || d > FLT_MAX || d < -FLT_MAX) {
    k8smi_buf_puts(buf, negative ? "-.inf" : ".inf");
  } else {
    k8smi_put_float(buf, (float)d);
  }
  return true;
}

struct k8sm_slice k8smi_yaml_number(struct k8smi_arena *arena, struct k8sm_slice plain, bool is_key,
                                    bool *bad) {
  struct k8smi_buf buf;
  struct k8sm_slice text = {NULL, 0};
  if (!k8smi_buf_init(&buf, &arena->allocator)) return text;
  if (is_key) {
    *bad = !yaml_put_key(&buf, plain);
  } else {
    yaml_put_number(&buf, plain);
  }
  if (!buf.failed && !*bad) {
    bool same = buf.len == plain.len && memcmp(buf.ptr, plain.ptr, buf.len) == 0;
    text = same ? plain : k8smi_arena_copy(arena, buf.ptr, buf.len);
  }
  k8smi_buf_free(&buf);
  return text;
}
