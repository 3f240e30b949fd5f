/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml_scalar.h"

/* Dates and times, as Kubernetes' reader of YAML knows them: 2001-1-31, 2001-01-31 1:02:03.4,
 * 2001-01-31T01:02:03Z, 2001-01-31t01:02:03,4-05:00. */

/* One or two digits, `least` to `most`. */
static bool yaml_time_number(struct k8sm_slice s, size_t *at, int least, int most, int *ret) {
  size_t begin = *at;
  *ret = 0;
  while (*at < s.len && *at - begin < 2 && s.ptr[*at] >= '0' && s.ptr[*at] <= '9')
    *ret = *ret * 10 + (s.ptr[(*at)++] - '0');
  return *at > begin && *ret >= least && *ret <= most;
}

static bool yaml_time_one_of(struct k8sm_slice s, size_t *at, const char *chars) {
  if (*at >= s.len || s.ptr[*at] == '\0' || strchr(chars, s.ptr[*at]) == NULL) return false;
  ++*at;
  return true;
}

static bool yaml_time_date(struct k8sm_slice s, size_t *at) {
  static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = 0, month, day;
  for (; *at < 4; ++*at) {
    if (*at >= s.len || s.ptr[*at] < '0' || s.ptr[*at] > '9') return false;
    year = year * 10 + (s.ptr[*at] - '0');
  }
  if (!yaml_time_one_of(s, at, "-") || !yaml_time_number(s, at, 1, 12, &month) ||
      !yaml_time_one_of(s, at, "-") || !yaml_time_number(s, at, 1, 31, &day))
    return false;
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= days[month - 1] + (month == 2 && leap);
}

static bool yaml_time_clock(struct k8sm_slice s, size_t *at) {
  int ignored;
  if (!yaml_time_number(s, at, 0, 23, &ignored) || !yaml_time_one_of(s, at, ":") ||
      !yaml_time_number(s, at, 0, 59, &ignored) || !yaml_time_one_of(s, at, ":") ||
      !yaml_time_number(s, at, 0, 59, &ignored))
    return false;
  size_t digits = *at + 1;
  if (digits < s.len && (s.ptr[*at] == '.' || s.ptr[*at] == ',') && s.ptr[digits] >= '0' &&
      s.ptr[digits] <= '9')
    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9') *at = ++digits;
  return true;
}

bool k8smi_yaml_is_time(struct k8sm_slice s) {
  size_t at = 0;
  int hours, minutes;
  if (!yaml_time_date(s, &at)) return false;
  if (at == s.len) return true;
  bool zoned = s.ptr[at] != ' ';
  if (!yaml_time_one_of(s, &at, "Tt ") || !yaml_time_clock(s, &at)) return false;
  if (!zoned) return at == s.len;
  if (yaml_time_one_of(s, &at, "Z")) return at == s.len;
  if (!yaml_time_one_of(s, &at, "+-")) return false;
  size_t zone = at;
  return yaml_time_number(s, &at, 0, 24, &hours) && at == zone + 2 && yaml_time_one_of(s, &at, ":") &&
         yaml_time_number(s, &at, 0, 60, &minutes) && at == zone + 5 && at == s.len;
}
