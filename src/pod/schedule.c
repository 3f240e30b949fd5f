/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/schedule.h"

#include "pod/formats.h"
#include "pod/quote.h"
#include "wire/number.h"
#include "wire/utf8.h"

/* One of the five fields: what its numbers may be, and the names that they have. */
struct schedule_field {
  int64_t min, max;
  const char *const *names; /* of min and those that follow; ends with NULL */
};
static const char *const schedule_months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                              "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const schedule_days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
static const struct schedule_field schedule_fields[] = {
    {0, 59, NULL}, {0, 23, NULL}, {1, 31, NULL}, {1, 12, schedule_months}, {0, 6, schedule_days},
};
enum { SCHEDULE_FIELDS = sizeof schedule_fields / sizeof schedule_fields[0] };

/* ---- Pieces of a text ---- */

/* The part of *rest before the separator; *rest is what follows, with ptr NULL behind the last part. */
static struct k8sm_slice schedule_part(struct k8sm_slice *rest, char separator) {
  const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);
  struct k8sm_slice part = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
  *rest = end == NULL ? (struct k8sm_slice){NULL, 0} : (struct k8sm_slice){end + 1, rest->len - part.len - 1};
  return part;
}

static size_t schedule_parts(struct k8sm_slice text, char separator) {
  size_t n = 1;
  for (size_t i = 0; i < text.len; i++) n += text.ptr[i] == separator;
  return n;
}

/* How long the blank is that the text begins with; those of Unicode count. 0: none. */
static size_t schedule_blank(struct k8sm_slice text) {
  if (text.len == 0) return 0;
  size_t n = k8smi_utf8_sequence((const unsigned char *)text.ptr, text.len);
  if (n == 0) n = 1; /* not UTF-8: a letter like any other */
  return k8smi_is_padded((struct k8sm_slice){text.ptr, n}) ? n : 0;
}

static void schedule_skip(struct k8sm_slice *text, size_t n) {
  *text = (struct k8sm_slice){text->ptr + n, text->len - n};
}

/* The next word of *text, which is what follows; false: there is none. */
static bool schedule_word(struct k8sm_slice *text, struct k8sm_slice *word) {
  for (size_t n; (n = schedule_blank(*text)) > 0;) schedule_skip(text, n);
  *word = (struct k8sm_slice){text->ptr, 0};
  while (text->len > 0 && schedule_blank(*text) == 0) {
    schedule_skip(text, 1);
    word->len++;
  }
  return word->len > 0;
}

/* ---- Why it is none ---- */

static bool schedule_wrong(struct k8smi_buf *why, const char *what, struct k8sm_slice text) {
  k8smi_buf_puts(why, what);
  k8smi_buf_slice(why, text);
  return false;
}

/* "beginning of range (60) above maximum (59): 60-70" */
static bool schedule_outside(struct k8smi_buf *why, const char *what, int64_t number, const char *bound,
                             int64_t limit, struct k8sm_slice expression) {
  k8smi_buf_puts(why, what);
  k8smi_buf_puts(why, " (");
  k8smi_buf_i64(why, number);
  k8smi_buf_puts(why, bound);
  k8smi_buf_i64(why, limit);
  return schedule_wrong(why, "): ", expression);
}

static bool schedule_number(struct k8sm_slice text, int64_t *ret, struct k8smi_buf *why) {
  struct k8sm_slice digits = text;
  bool negative = text.len > 0 && text.ptr[0] == '-';
  if (negative || (text.len > 0 && text.ptr[0] == '+')) schedule_skip(&digits, 1);
  bool good = digits.len > 0;
  for (size_t i = 0; i < digits.len; i++) good = good && digits.ptr[i] >= '0' && digits.ptr[i] <= '9';
  while (good && digits.len > 1 && digits.ptr[0] == '0') schedule_skip(&digits, 1);
  if (!good || !k8smi_parse_i64(digits, ret)) {
    schedule_wrong(why, "failed to parse int from ", text);
    k8smi_buf_puts(why, ": strconv.Atoi: parsing ");
    k8smi_put_go_quoted(why, text);
    k8smi_buf_puts(why, good ? ": value out of range" : ": invalid syntax");
    return false;
  }
  if (!negative || *ret == 0) return true;
  k8smi_buf_puts(why, "negative number (");
  k8smi_buf_i64(why, -*ret);
  return schedule_wrong(why, ") not allowed: ", text);
}

/* ---- Fields ---- */

static bool schedule_is_name(struct k8sm_slice text, const char *name) {
  if (text.len != strlen(name)) return false;
  for (size_t i = 0; i < text.len; i++) {
    if ((text.ptr[i] | 0x20) != name[i]) return false;
  }
  return true;
}

static bool schedule_value(struct k8sm_slice text, const struct schedule_field *field, int64_t *ret,
                           struct k8smi_buf *why) {
  for (size_t i = 0; field->names != NULL && field->names[i] != NULL; i++) {
    *ret = field->min + (int64_t)i;
    if (schedule_is_name(text, field->names[i])) return true;
  }
  return schedule_number(text, ret, why);
}

/* "*", "?", "5", "mon-fri", each with "/2" behind it, or without. */
static bool schedule_range(struct k8sm_slice expression, const struct schedule_field *field, uint64_t *bits,
                           struct k8smi_buf *why) {
  struct k8sm_slice step_text = expression, range = schedule_part(&step_text, '/');
  struct k8sm_slice high = range, low = schedule_part(&high, '-');
  size_t bounds = schedule_parts(range, '-'), steps = schedule_parts(expression, '/');
  int64_t start = field->min, end = field->max, step = 1;
  bool any = k8smi_eqs(low, "*") || k8smi_eqs(low, "?");
  if (!any) {
    if (!schedule_value(low, field, &start, why)) return false;
    end = start;
    if (bounds > 2) return schedule_wrong(why, "too many hyphens: ", expression);
    if (bounds == 2 && !schedule_value(high, field, &end, why)) return false;
  }
  if (steps > 2) return schedule_wrong(why, "too many slashes: ", expression);
  if (steps == 2) {
    if (!schedule_number(step_text, &step, why)) return false;
    if (bounds == 1) end = field->max; /* "5/2": from there on */
  }
  if (start < field->min)
    return schedule_outside(why, "beginning of range", start, ") below minimum (", field->min, expression);
  if (end > field->max)
    return schedule_outside(why, "end of range", end, ") above maximum (", field->max, expression);
  if (start > end)
    return schedule_outside(why, "beginning of range", start, ") beyond end of range (", end, expression);
  if (step <= 0) return schedule_wrong(why, "step of range should be a positive number: ", expression);
  if (step > field->max) step = field->max + 1;
  for (int64_t i = start; i <= end; i += step) *bits |= (uint64_t)1 << i;
  if (any && step == 1) *bits |= K8SMI_SCHEDULE_ANY;
  return true;
}

/* Ranges with commas between them; nothing between two commas is nothing. */
static bool schedule_field_read(struct k8sm_slice text, const struct schedule_field *field, uint64_t *bits,
                                struct k8smi_buf *why) {
  while (text.ptr != NULL) {
    struct k8sm_slice range = schedule_part(&text, ',');
    if (range.len > 0 && !schedule_range(range, field, bits, why)) return false;
  }
  return true;
}

static bool schedule_count_wrong(struct k8sm_slice text, size_t count, struct k8smi_buf *why) {
  struct k8sm_slice word;
  k8smi_buf_puts(why, "expected exactly 5 fields, found ");
  k8smi_buf_u64(why, count);
  k8smi_buf_puts(why, ": [");
  for (size_t i = 0; schedule_word(&text, &word); i++) {
    if (i > 0) k8smi_buf_putc(why, ' ');
    k8smi_buf_slice(why, word);
  }
  k8smi_buf_putc(why, ']');
  return false;
}

/* ---- The whole ---- */

/* What the words stand for. */
static const struct {
  const char *word, *fields;
} schedule_words[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"},
};

/* Whole seconds, and at least one. */
static bool schedule_every(struct k8sm_slice text, struct k8sm_slice duration, int64_t *ret,
                           struct k8smi_buf *why) {
  size_t before = why->len;
  int64_t nanoseconds;
  schedule_wrong(why, "failed to parse duration ", text);
  k8smi_buf_puts(why, ": ");
  if (!k8smi_duration_read(duration, &nanoseconds, why)) return false;
  why->len = before;
  *ret = nanoseconds < 1000000000 ? 1 : nanoseconds / 1000000000;
  return true;
}

/* Takes the zone off a schedule that begins with one. It is refused all the same, but for what else is wrong.
 */
static bool schedule_zone(struct k8sm_slice *text, struct k8smi_buf *why) {
  struct k8sm_slice rest = *text;
  if (!k8smi_has_prefix(rest, K8SMI_S("TZ=")) && !k8smi_has_prefix(rest, K8SMI_S("CRON_TZ="))) return true;
  struct k8sm_slice zone = schedule_part(&rest, ' ');
  (void)schedule_part(&zone, '=');
  if (rest.ptr == NULL)
    return schedule_wrong(why, "invalid schedule format: runtime error: slice bounds out of range [:-1]",
                          K8SMI_S(""));
  if (zone.len > 0 && !k8smi_eqs(zone, "Local") && !k8smi_time_zone_known(zone)) {
    schedule_wrong(why, "provided bad location ", zone);
    return schedule_wrong(why, ": unknown time zone ", zone);
  }
  for (size_t n; (n = schedule_blank(rest)) > 0;) schedule_skip(&rest, n);
  *text = rest;
  return true;
}

static bool schedule_fields_read(struct k8sm_slice text, struct k8smi_schedule *ret, struct k8smi_buf *why) {
  uint64_t *const places[SCHEDULE_FIELDS] = {&ret->minutes, &ret->hours, &ret->days, &ret->months,
                                             &ret->weekdays};
  struct k8sm_slice words[SCHEDULE_FIELDS], word;
  size_t count = 0;
  for (struct k8sm_slice rest = text; schedule_word(&rest, &word); count++) {
    if (count < SCHEDULE_FIELDS) words[count] = word;
  }
  if (count != SCHEDULE_FIELDS) return schedule_count_wrong(text, count, why);
  for (size_t i = 0; i < SCHEDULE_FIELDS; i++) {
    if (!schedule_field_read(words[i], &schedule_fields[i], places[i], why)) return false;
  }
  return true;
}

bool k8smi_schedule_read(struct k8sm_slice text, struct k8smi_schedule *ret, struct k8smi_buf *why) {
  const struct k8sm_slice every = K8SMI_S("@every ");
  *ret = (struct k8smi_schedule){.every = 0};
  if (!schedule_zone(&text, why)) return false;
  if (text.len == 0 || text.ptr[0] != '@') return schedule_fields_read(text, ret, why);
  for (size_t i = 0; i < sizeof schedule_words / sizeof schedule_words[0]; i++) {
    if (k8smi_eqs(text, schedule_words[i].word))
      return schedule_fields_read(k8smi_s(schedule_words[i].fields), ret, why);
  }
  if (!k8smi_has_prefix(text, every)) return schedule_wrong(why, "unrecognized descriptor: ", text);
  return schedule_every(text, (struct k8sm_slice){text.ptr + every.len, text.len - every.len}, &ret->every,
                        why);
}
