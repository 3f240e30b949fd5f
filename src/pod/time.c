/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/time.h"

enum { SECONDS_A_DAY = 86400, DAYS_IN_400_YEARS = 146097, DAYS_TO_1970 = 719468 };

/* Years begin in March here, so that the leap day is the last. */
int64_t k8smi_days_of_date(int64_t year, int month, int day) {
  if (month <= 2) year--;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * DAYS_IN_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

void k8smi_date_of_days(int64_t days, int64_t *year, int *month, int *day) {
  days += DAYS_TO_1970;
  int64_t era = (days >= 0 ? days : days - (DAYS_IN_400_YEARS - 1)) / DAYS_IN_400_YEARS;
  int64_t of_era = days - era * DAYS_IN_400_YEARS;
  int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
  int64_t m = (5 * of_year + 2) / 153;
  *day = (int)(of_year - (153 * m + 2) / 5 + 1);
  *month = (int)(m < 10 ? m + 3 : m - 9);
  *year = y + era * 400 + (*month <= 2);
}

/* n digits at *at; -1 if there are others. */
static int time_digits(struct k8sm_slice s, size_t *at, size_t n) {
  int value = 0;
  if (s.len - *at < n) return -1;
  for (size_t i = 0; i < n; i++, ++*at) {
    char c = s.ptr[*at];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

static bool time_char(struct k8sm_slice s, size_t *at, char c) {
  if (*at >= s.len || s.ptr[*at] != c) return false;
  ++*at;
  return true;
}

static int time_month_days(int year, int month) {
  static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap);
}

/* "Z", "+02:00": the seconds that the clock is ahead of UTC. */
static bool time_offset(struct k8sm_slice s, size_t *at, int *ret) {
  *ret = 0;
  if (time_char(s, at, 'Z')) return true;
  bool behind = time_char(s, at, '-');
  if (!behind && !time_char(s, at, '+')) return false;
  int hours = time_digits(s, at, 2);
  bool colon = time_char(s, at, ':');
  int minutes = time_digits(s, at, 2);
  *ret = (hours * 3600 + minutes * 60) * (behind ? -1 : 1);
  return colon && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

bool k8smi_parse_time(struct k8sm_slice s, int64_t *ret) {
  size_t at = 0;
  int year = time_digits(s, &at, 4), month, day, hour, minute, second, ahead;
  if (year < 0 || !time_char(s, &at, '-')) return false;
  month = time_digits(s, &at, 2);
  if (month < 1 || month > 12 || !time_char(s, &at, '-')) return false;
  day = time_digits(s, &at, 2);
  if (day < 1 || day > time_month_days(year, month) || !time_char(s, &at, 'T')) return false;
  hour = time_digits(s, &at, 2);
  if (hour < 0 || hour > 23 || !time_char(s, &at, ':')) return false;
  minute = time_digits(s, &at, 2);
  if (minute < 0 || minute > 59 || !time_char(s, &at, ':')) return false;
  second = time_digits(s, &at, 2);
  if (second < 0 || second > 59) return false;
  if (time_char(s, &at, '.') || time_char(s, &at, ',')) {
    size_t fraction = at;
    while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9') at++;
    if (at == fraction) return false;
  }
  if (!time_offset(s, &at, &ahead) || at != s.len) return false;
  *ret = k8smi_days_of_date(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second - ahead;
  return true;
}

static void time_put(char *text, int64_t value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) text[i] = (char)('0' + value % 10);
}

bool k8smi_format_time(int64_t seconds, char text[K8SMI_TIME_LEN]) {
  int64_t days = seconds / SECONDS_A_DAY, rest = seconds % SECONDS_A_DAY, year;
  int month, day;
  if (rest < 0) {
    rest += SECONDS_A_DAY;
    days--;
  }
  k8smi_date_of_days(days, &year, &month, &day);
  if (year < 0 || year > 9999) return false;
  memcpy(text, "0000-00-00T00:00:00Z", K8SMI_TIME_LEN);
  time_put(text, year, 4);
  time_put(text + 5, month, 2);
  time_put(text + 8, day, 2);
  time_put(text + 11, rest / 3600, 2);
  time_put(text + 14, rest / 60 % 60, 2);
  time_put(text + 17, rest % 60, 2);
  return true;
}
