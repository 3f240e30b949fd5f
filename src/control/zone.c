/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/findings.h"
#include "pod/time.h"

/* Time zones as the tz database has them compiled (RFC 9636): the changes of the past, and a rule for what
 * comes after. */

enum { ZONE_HEAD = 44, ZONE_DAY = 86400 };

static uint32_t zone_u32(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t zone_i64(const uint8_t *at) {
  uint64_t n = (uint64_t)zone_u32(at) << 32 | zone_u32(at + 4);
  int64_t value;
  memcpy(&value, &n, sizeof value);
  return value;
}

static int64_t zone_type_offset(const struct ctl_zone *zone, size_t type) {
  uint32_t n = zone_u32(zone->offsets + 6 * type);
  int32_t value;
  memcpy(&value, &n, sizeof value);
  return value;
}

/* ---- The rule: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static bool zone_char(const char **at, char c) {
  if (**at != c) return false;
  ++*at;
  return true;
}

static bool zone_number(const char **at, int64_t most, int64_t *ret) {
  if (**at < '0' || **at > '9') return false;
  for (*ret = 0; **at >= '0' && **at <= '9'; ++*at) {
    *ret = *ret * 10 + (**at - '0');
    if (*ret > most) return false;
  }
  return true;
}

/* A name of letters, or of more in angle brackets. */
static bool zone_name(const char **at) {
  const char *from = *at;
  if (zone_char(at, '<')) {
    while (**at != '\0' && **at != '>') ++*at;
    return zone_char(at, '>');
  }
  while ((**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z')) ++*at;
  return *at - from >= 3;
}

/* "[+-]hh[:mm[:ss]]" */
static bool zone_time(const char **at, int64_t *ret) {
  int64_t parts[3] = {0, 0, 0};
  bool negative = zone_char(at, '-');
  if (!negative) zone_char(at, '+');
  if (!zone_number(at, 167, &parts[0])) return false;
  for (size_t i = 1; i < 3 && zone_char(at, ':'); i++) {
    if (!zone_number(at, 59, &parts[i])) return false;
  }
  *ret = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (negative) *ret = -*ret;
  return true;
}

static bool zone_day(const char **at, struct ctl_zone_day *ret) {
  int64_t month = 0, week = 0, day = 0;
  bool ok;
  ret->kind = **at == 'M' || **at == 'J' ? **at : 'D';
  if (ret->kind != 'D') ++*at;
  if (ret->kind == 'M')
    ok = zone_number(at, 12, &month) && month > 0 && zone_char(at, '.') && zone_number(at, 5, &week) &&
         week > 0 && zone_char(at, '.') && zone_number(at, 6, &day);
  else
    ok = zone_number(at, 365, &day);
  ret->month = (int)month;
  ret->week = (int)week;
  ret->day = (int)day;
  ret->seconds = 7200;
  return ok && (!zone_char(at, '/') || zone_time(at, &ret->seconds));
}

static bool zone_read_rule(const char *at, struct ctl_zone_rule *rule) {
  if (!zone_name(&at) || !zone_time(&at, &rule->standard)) return false;
  rule->standard = -rule->standard; /* POSIX counts to the west */
  rule->known = true;
  if (*at == '\n') return true;
  if (!zone_name(&at)) return false;
  rule->summer = rule->standard + 3600;
  if (*at != ',') {
    if (!zone_time(&at, &rule->summer)) return false;
    rule->summer = -rule->summer;
  }
  rule->changes = true;
  return zone_char(&at, ',') && zone_day(&at, &rule->begin) && zone_char(&at, ',') &&
         zone_day(&at, &rule->end) && *at == '\n';
}

static bool zone_is_leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The day of that year, since 1970. */
static int64_t zone_day_of(const struct ctl_zone_day *day, int64_t year) {
  int64_t first = k8smi_days_of_date(year, 1, 1);
  if (day->kind == 'D') return first + day->day;
  if (day->kind == 'J') return first + day->day - 1 + (zone_is_leap(year) && day->day > 59);
  int64_t month = k8smi_days_of_date(year, day->month, 1);
  int64_t next =
      day->month == 12 ? k8smi_days_of_date(year + 1, 1, 1) : k8smi_days_of_date(year, day->month + 1, 1);
  int64_t weekday = ((month + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
  int64_t at = month + (day->day - weekday + 7) % 7 + 7 * (day->week - 1);
  while (at >= next) at -= 7; /* the fifth is the last */
  return at;
}

static int64_t zone_rule_offset(const struct ctl_zone_rule *rule, int64_t utc) {
  int64_t local = utc + rule->standard, year;
  int month, day;
  if (!rule->changes) return rule->standard;
  k8smi_date_of_days((local - (local % ZONE_DAY + ZONE_DAY) % ZONE_DAY) / ZONE_DAY, &year, &month, &day);
  int64_t begin = zone_day_of(&rule->begin, year) * ZONE_DAY + rule->begin.seconds - rule->standard;
  int64_t end = zone_day_of(&rule->end, year) * ZONE_DAY + rule->end.seconds - rule->summer;
  bool summer = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
  return summer ? rule->summer : rule->standard;
}

/* ---- The file ---- */

/* One of its two blocks: the sizes that its head says, and how long it is. */
struct zone_block {
  size_t utc_marks, standard_marks, leaps, times, types, letters;
  size_t length; /* behind the head */
};

static bool zone_read_head(struct k8sm_slice bytes, size_t at, size_t time_size, struct zone_block *ret) {
  const uint8_t *head = (const uint8_t *)bytes.ptr + at;
  if (bytes.len < at || bytes.len - at < ZONE_HEAD || memcmp(head, "TZif", 4) != 0) return false;
  size_t *const counts[] = {&ret->utc_marks, &ret->standard_marks, &ret->leaps,
                            &ret->times,     &ret->types,          &ret->letters};
  for (size_t i = 0; i < 6; i++) {
    *counts[i] = zone_u32(head + 20 + 4 * i);
    if (*counts[i] > bytes.len) return false;
  }
  ret->length = ret->times * (time_size + 1) + ret->types * 6 + ret->letters + ret->leaps * (time_size + 4) +
                ret->standard_marks + ret->utc_marks;
  return ret->types > 0 && bytes.len - at - ZONE_HEAD >= ret->length;
}

/* Version 2 or later: the block with times of eight bytes, and the rule behind it. */
static bool zone_read(struct ctl_zone *zone, struct k8sm_slice bytes) {
  struct zone_block small, block;
  if (!zone_read_head(bytes, 0, 4, &small) || bytes.ptr[4] < '2') return false;
  size_t at = ZONE_HEAD + small.length;
  if (!zone_read_head(bytes, at, 8, &block)) return false;
  const uint8_t *data = (const uint8_t *)bytes.ptr + at + ZONE_HEAD;
  zone->times = data;
  zone->types = data + block.times * 8;
  zone->offsets = zone->types + block.times;
  zone->time_count = block.times;
  zone->type_count = block.types;
  for (size_t i = 0; i < block.times; i++) {
    if (zone->types[i] >= block.types) return false;
  }
  const char *rule = (const char *)data + block.length, *end = bytes.ptr + bytes.len;
  if (rule >= end || *rule != '\n' || memchr(rule + 1, '\n', (size_t)(end - rule) - 1) == NULL) return false;
  return rule[1] == '\n' || zone_read_rule(rule + 1, &zone->rule);
}

int64_t k8smi_ctl_zone_offset(const struct ctl_zone *zone, int64_t utc) {
  size_t low = 0, high = zone == NULL ? 0 : zone->time_count;
  if (zone == NULL) return 0;
  while (low < high) { /* the first change that is later */
    size_t middle = low + (high - low) / 2;
    if (zone_i64(zone->times + 8 * middle) <= utc)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == zone->time_count && zone->rule.known) return zone_rule_offset(&zone->rule, utc);
  return zone_type_offset(zone, low == 0 ? 0 : zone->types[low - 1]);
}

const struct ctl_zone *k8smi_ctl_zone(const struct k8sm_control *c, struct k8sm_slice name) {
  const struct ctl_zone *zone = c->zones;
  while (zone != NULL && !k8smi_eq(zone->name, name)) zone = zone->next;
  return zone;
}

int k8smi_ctl_zone_add(struct k8sm_control *c, struct k8sm_slice name, struct k8sm_slice bytes,
                       struct k8sm_diags *diags) {
  size_t size;
  if (!k8smi_add(sizeof(struct ctl_zone) + name.len + 1, bytes.len, &size)) return K8SM_ERR_NOMEM;
  struct ctl_zone *zone = k8smi_zalloc(&c->allocator, size);
  if (zone == NULL) return K8SM_ERR_NOMEM;
  zone->size = size;
  if (bytes.len > 0) memcpy(zone->text, bytes.ptr, bytes.len);
  if (name.len > 0) memcpy(zone->text + bytes.len, name.ptr, name.len);
  zone->name = (struct k8sm_slice){zone->text + bytes.len, name.len};
  if (!zone_read(zone, (struct k8sm_slice){zone->text, bytes.len})) {
    k8smi_free(&c->allocator, zone, size);
    k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "time zone %.*s: expected TZif of version 2 or later",
               K8SMI_P(name));
    return K8SM_ERR_INVALID;
  }
  zone->next = c->zones; /* before an older one of that name */
  c->zones = zone;
  return K8SM_OK;
}
