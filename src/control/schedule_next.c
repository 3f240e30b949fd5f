/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "pod/time.h"

/* When a schedule is due next, on the clocks of a zone. Where these jump, it does what Kubernetes' does: a
 * time that is left out is taken an hour later or earlier, one that comes twice is taken by its hour. */

enum { NEXT_DAY = 86400, NEXT_HOUR = 3600, NEXT_MINUTE = 60, NEXT_YEARS = 5 };

/* What the clocks show. */
struct next_clock {
  int64_t year;
  int month, day, weekday, hour, minute, second;
};

struct next {
  const struct k8smi_schedule *schedule;
  const struct ctl_zone *zone;
  int64_t at; /* UTC */
  struct next_clock clock;
  bool moved; /* what is finer than what was looked at last is at its beginning */
};

static void next_look(struct next *n) {
  int64_t local = n->at + k8smi_ctl_zone_offset(n->zone, n->at);
  int64_t second = (local % NEXT_DAY + NEXT_DAY) % NEXT_DAY, days = (local - second) / NEXT_DAY;
  k8smi_date_of_days(days, &n->clock.year, &n->clock.month, &n->clock.day);
  n->clock.weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
  n->clock.hour = (int)(second / NEXT_HOUR);
  n->clock.minute = (int)(second / NEXT_MINUTE % 60);
  n->clock.second = (int)(second % 60);
}

/* To when the clocks show that, or to where they jump over it. */
static void next_set(struct next *n, int64_t days, int hour, int minute) {
  int64_t local = days * NEXT_DAY + (int64_t)hour * NEXT_HOUR + (int64_t)minute * NEXT_MINUTE;
  int64_t guess = local - k8smi_ctl_zone_offset(n->zone, local);
  n->at = local - k8smi_ctl_zone_offset(n->zone, guess);
  next_look(n);
}

/* To the beginning of the month, the day or the hour, unless it is there. */
static void next_begin(struct next *n, int day, int hour) {
  if (!n->moved) next_set(n, k8smi_days_of_date(n->clock.year, n->clock.month, day), hour, 0);
  n->moved = true;
}

static void next_add(struct next *n, int64_t seconds) {
  n->at += seconds;
  next_look(n);
}

static bool next_has(uint64_t bits, int number) {
  return (bits >> number & 1) != 0;
}

/* Where both days are restricted, one of them is enough. */
static bool next_day_matches(const struct next *n) {
  bool day = next_has(n->schedule->days, n->clock.day),
       weekday = next_has(n->schedule->weekdays, n->clock.weekday);
  return ((n->schedule->days | n->schedule->weekdays) & K8SMI_SCHEDULE_ANY) != 0 ? day && weekday
                                                                                 : day || weekday;
}

/* Each of these moves to a number that matches. False: it came to the next year, month, day or hour
 * meanwhile, and all has to be looked at again. */

static bool next_month(struct next *n) {
  while (!next_has(n->schedule->months, n->clock.month)) {
    next_begin(n, 1, 0);
    const struct next_clock was = n->clock;
    bool last = was.month == 12;
    next_set(n, k8smi_days_of_date(was.year + last, last ? 1 : was.month + 1, was.day), was.hour, was.minute);
    if (n->clock.month == 1) return false;
  }
  return true;
}

static bool next_day(struct next *n) {
  while (!next_day_matches(n)) {
    next_begin(n, n->clock.day, 0);
    const struct next_clock was = n->clock;
    next_set(n, k8smi_days_of_date(was.year, was.month, was.day) + 1, was.hour, was.minute);
    if (n->clock.hour != 0) /* there is no midnight on that day */
      next_add(n, (int64_t)(n->clock.hour > 12 ? 24 - n->clock.hour : -n->clock.hour) * NEXT_HOUR);
    if (n->clock.day == 1) return false;
  }
  return true;
}

static bool next_hour(struct next *n) {
  while (!next_has(n->schedule->hours, n->clock.hour)) {
    next_begin(n, n->clock.day, n->clock.hour);
    next_add(n, NEXT_HOUR);
    if (n->clock.hour == 0) return false;
  }
  return true;
}

static bool next_minute(struct next *n) {
  while (!next_has(n->schedule->minutes, n->clock.minute)) {
    if (!n->moved) next_add(n, -n->clock.second);
    n->moved = true;
    next_add(n, NEXT_MINUTE);
    if (n->clock.minute == 0) return false;
  }
  return true;
}

/* At the beginning of a minute. */
static bool next_second(struct next *n) {
  if (n->clock.second == 0) return true;
  n->moved = true;
  next_add(n, 60 - n->clock.second);
  return false;
}

int64_t k8smi_ctl_schedule_next(const struct k8smi_schedule *schedule, const struct ctl_zone *zone,
                                int64_t after) {
  struct next n = {.schedule = schedule, .zone = zone, .at = after + 1};
  if (schedule->every > 0) return after + schedule->every;
  next_look(&n);
  int64_t last_year = n.clock.year + NEXT_YEARS;
  while (n.clock.year <= last_year) {
    if (next_month(&n) && next_day(&n) && next_hour(&n) && next_minute(&n) && next_second(&n)) return n.at;
  }
  return INT64_MAX;
}
