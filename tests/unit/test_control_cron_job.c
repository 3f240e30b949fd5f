/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules, time zones, and CronJobs in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/state.h"
#include "pod/time.h"
#include "support/stage.h"

/* ---- Schedules ---- */

static int64_t at(const char *time) {
  int64_t seconds;
  assert_true(k8smi_parse_time(k8smi_s(time), &seconds));
  return seconds;
}

static struct k8smi_schedule schedule(const char *text) {
  struct k8smi_schedule s;
  struct k8smi_buf why;
  k8smi_buf_init(&why, NULL);
  if (!k8smi_schedule_read(k8smi_s(text), &s, &why)) fail_msg("%s: %.*s", text, (int)why.len, why.ptr);
  k8smi_buf_free(&why);
  return s;
}

static void expect_next(const char *text, const struct ctl_zone *zone, const char *after, const char *next) {
  struct k8smi_schedule s = schedule(text);
  char have[K8SMI_TIME_LEN + 1] = "never";
  int64_t found = k8smi_ctl_schedule_next(&s, zone, at(after));
  if (found != INT64_MAX) k8smi_format_time(found, have);
  have[K8SMI_TIME_LEN] = '\0';
  char want[K8SMI_TIME_LEN + 1] = "never";
  if (strcmp(next, "never") != 0) k8smi_format_time(at(next), want);
  if (strcmp(have, want) != 0) fail_msg("%s after %s: %s, expected %s", text, after, have, want);
}

static void the_next_time(void **state) {
  static const char *const rows[][3] = {
      {"* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"},
      {"* * * * *", "2026-01-01T00:00:59Z", "2026-01-01T00:01:00Z"},
      {"*/15 * * * *", "2026-01-01T00:07:13Z", "2026-01-01T00:15:00Z"},
      {"*/15 * * * *", "2026-01-01T23:45:00Z", "2026-01-02T00:00:00Z"},
      {"30 4 * * *", "2026-01-01T04:30:00Z", "2026-01-02T04:30:00Z"},
      {"0 0 1 1 *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
      {"@yearly", "2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z"},
      {"@monthly", "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"},
      {"@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
      {"@daily", "2026-12-31T00:00:01Z", "2027-01-01T00:00:00Z"},
      {"@hourly", "2026-01-01T23:00:00Z", "2026-01-02T00:00:00Z"},
      {"@every 90s", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"},
      {"@every 1.5h", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z"},
      {"@every 1ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"},
      {"0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
      {"0 0 31 2 *", "2026-01-01T00:00:00Z", "never"},
      {"0 12 * * MON-FRI", "2026-01-02T13:00:00Z", "2026-01-05T12:00:00Z"},
      {"0 0 13 * fri", "2026-02-01T00:00:00Z", "2026-02-06T00:00:00Z"}, /* either of them is enough */
      {"0 0 */2 * sun", "2026-02-01T00:00:00Z", "2026-02-03T00:00:00Z"},
      {"5/20 8-9 * * *", "2026-01-01T08:46:00Z", "2026-01-01T09:05:00Z"},
      {"0 22 * dec,jan *", "2026-01-31T22:00:00Z", "2026-12-01T22:00:00Z"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    expect_next(rows[i][0], NULL, rows[i][1], rows[i][2]);
}

/* ---- Zones ---- */

/* A file without changes, and with the rule; its one type is UTC. */
static size_t tzif(char *to, const char *rule) {
  static const char head[44] = "TZif2";
  char *end = to;
  for (int block = 0; block < 2; block++) {
    memcpy(end, head, sizeof head);
    end[39] = 1; /* a type */
    end[43] = 4; /* letters */
    end += sizeof head;
    memcpy(end, "\0\0\0\0\0\0UTC", 10);
    end += 10;
  }
  return (size_t)(end - to) + (size_t)sprintf(end, "\n%s\n", rule);
}

static void clocks_jump(void **state) {
  static const struct {
    const char *rule, *schedule, *after, *next;
  } rows[] = {
      {"CET-1CEST,M3.5.0,M10.5.0/3", "0 6 * * *", "2026-01-10T00:00:00Z", "2026-01-10T05:00:00Z"},
      {"CET-1CEST,M3.5.0,M10.5.0/3", "0 6 * * *", "2026-07-10T00:00:00Z", "2026-07-10T04:00:00Z"},
      /* 02:30 is left out on 29 March, and comes twice on 25 October */
      {"CET-1CEST,M3.5.0,M10.5.0/3", "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"},
      {"CET-1CEST,M3.5.0,M10.5.0/3", "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
      {"EST5EDT,M3.2.0,M11.1.0", "0 0 * * *", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
      {"NZST-12NZDT,M9.5.0,M4.1.0/3", "0 12 1 * *", "2026-01-15T00:00:00Z", "2026-01-31T23:00:00Z"},
      {"<+0545>-5:45", "15 3 * * *", "2026-05-05T00:00:00Z", "2026-05-05T21:30:00Z"},
      {"XXX3YYY,J60/0,300/1:30", "0 0 * * *", "2026-03-01T05:00:00Z", "2026-03-02T02:00:00Z"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct k8sm_control *c = NULL;
    char bytes[256];
    size_t len = tzif(bytes, rows[i].rule);
    assert_int_equal(k8sm_control_new(NULL, &c, NULL), K8SM_OK);
    assert_int_equal(k8smi_ctl_zone_add(c, K8SMI_S("Here"), (struct k8sm_slice){bytes, len}, NULL), K8SM_OK);
    expect_next(rows[i].schedule, k8smi_ctl_zone(c, K8SMI_S("Here")), rows[i].after, rows[i].next);
    k8sm_control_free(c);
  }
}

/* Every cut and every changed byte of a file is refused or read, and nothing else. */
static void broken_zones_do_no_harm(void **state) {
  struct k8sm_control *c = NULL;
  char good[256], bad[256];
  size_t len = tzif(good, "CET-1CEST,M3.5.0,M10.5.0/3");
  (void)state;
  assert_int_equal(k8sm_control_new(NULL, &c, NULL), K8SM_OK);
  for (size_t cut = 0; cut < len; cut++)
    assert_int_equal(k8smi_ctl_zone_add(c, K8SMI_S("X"), (struct k8sm_slice){good, cut}, NULL),
                     K8SM_ERR_INVALID);
  for (size_t i = 0; i < 256 * len; i++) {
    memcpy(bad, good, len);
    bad[i / 256] = (char)(i % 256);
    if (k8smi_ctl_zone_add(c, K8SMI_S("X"), (struct k8sm_slice){bad, len}, NULL) == K8SM_OK)
      (void)k8smi_ctl_zone_offset(k8smi_ctl_zone(c, K8SMI_S("X")), INT64_C(1767225600));
  }
  k8sm_control_free(c);
}

/* ---- CronJobs ---- */

static const char *cron(const char *when, const char *more) {
  static char text[2000];
  snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"tick\"},\"spec\":{"
      "\"schedule\":\"%s\",%s\"jobTemplate\":{\"spec\":{\"template\":{\"spec\":{\"restartPolicy\":\"Never\","
      "\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}}}}}",
      when, more);
  return text;
}

static const char key[] = "CronJob/default/tick";

static void end_all(struct stage *s) {
  for (struct stage_pod *p; (p = stage_pod(s, "")) != NULL;) stage_exit(s, p, 0);
}

static size_t jobs(struct stage *s) {
  return k8sm_control_rows(s->control, 0, NULL, sizeof(struct k8sm_control_row), 0) - 1;
}

static void a_job_at_each_time(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(stage_apply(&s, cron("*/10 * * * *", "")), K8SM_OK);
  assert_int_equal(jobs(&s), 0);
  stage_run(&s, 599000);
  assert_int_equal(jobs(&s), 0);
  stage_run(&s, 1000);
  assert_int_equal(jobs(&s), 1);
  assert_int_equal(stage_count(&s, "default/tick-29453770-"), 1); /* the time in minutes */
  assert_true(stage_said(&s, "CronJob/default/tick: SuccessfulCreate: Created job tick-29453770"));
  assert_string_equal(stage_get(&s, key, "status.lastScheduleTime"), "2026-01-01T00:10:00Z");
  assert_non_null(strstr(stage_object(&s, key), "\"active\":[{\"kind\":\"Job\",\"namespace\":\"default\""));
  end_all(&s);
  assert_true(stage_said(&s, "SawCompletedJob: Saw completed job: tick-29453770, condition: Complete"));
  assert_string_equal(stage_get(&s, key, "status.lastSuccessfulTime"), "2026-01-01T00:10:00Z");
  assert_null(strstr(stage_object(&s, key), "\"active\""));
  stage_run(&s, 600000);
  assert_int_equal(jobs(&s), 2);
  stage_end(&s);
}

static void the_history_is_limited(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, cron("* * * * *", "\"successfulJobsHistoryLimit\":2,\"failedJobsHistoryLimit\":1,"));
  for (int i = 0; i < 8; i++) {
    stage_run(&s, 60000);
    end_all(&s);
  }
  assert_int_equal(jobs(&s), 2);
  assert_int_equal(stage_count(&s, ""), 2);
  assert_true(stage_said(&s, "SuccessfulDelete: Deleted job tick-"));
  stage_end(&s);
}

static void what_overlaps_is_allowed_forbidden_or_replaced(void **state) {
  static const struct {
    const char *policy;
    size_t pods, born;
  } rows[] = {{"Allow", 3, 3}, {"Forbid", 1, 1}, {"Replace", 1, 3}};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct stage s;
    char more[60];
    snprintf(more, sizeof more, "\"concurrencyPolicy\":\"%s\",", rows[i].policy);
    stage_begin(&s);
    stage_apply(&s, cron("* * * * *", more));
    stage_run(&s, 185000);
    assert_int_equal(stage_count(&s, ""), rows[i].pods);
    assert_int_equal(s.born, rows[i].born);
    assert_true(stage_said(&s, "JobAlreadyActive: ") == (i == 1));
    if (i == 1) { /* the one that was held up comes when there is room */
      end_all(&s);
      assert_int_equal(s.born, 2);
    }
    stage_end(&s);
  }
}

/* Asleep for three hours: one job, of the last time that was missed; or none, if that is too long ago. */
static void missed_times(void **state) {
  static const char *const more[] = {"", "\"startingDeadlineSeconds\":60,",
                                     "\"startingDeadlineSeconds\":1200,"};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct stage s;
    stage_begin(&s);
    stage_apply(&s, cron("0,30 * * * *", more[i]));
    s.wall += 3 * 3600 * 1000 + 600 * 1000;
    s.mono += 3 * 3600 * 1000 + 600 * 1000;
    stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
    assert_int_equal(jobs(&s), i != 1);
    if (i != 1) assert_string_equal(stage_get(&s, key, "status.lastScheduleTime"), "2026-01-01T03:00:00Z");
    stage_end(&s);
  }
}

static void very_many_missed_times(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, cron("* * * * *", ""));
  s.wall += INT64_C(400) * 86400 * 1000;
  stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
  assert_int_equal(jobs(&s), 1);
  assert_true(stage_said(&s, "TooManyMissedTimes: "));
  stage_end(&s);
}

static void a_suspended_one_starts_nothing(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, cron("* * * * *", "\"suspend\":true,"));
  stage_run(&s, 300000);
  assert_int_equal(jobs(&s), 0);
  stage_apply(&s, cron("* * * * *", ""));
  assert_int_equal(jobs(&s), 1); /* the last of those that it missed */
  stage_end(&s);
}

static void in_its_own_time_zone(void **state) {
  struct stage s;
  char bytes[256];
  size_t len = tzif(bytes, "CET-1CEST,M3.5.0,M10.5.0/3");
  (void)state;
  stage_begin(&s);
  stage_apply(&s, cron("0 6 * * *", "\"timeZone\":\"Europe/Berlin\","));
  assert_true(stage_said(&s, "UnknownTimeZone: invalid timeZone: \"Europe/Berlin\""));
  assert_int_equal(stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_ZONE,
                                                              .key = K8SMI_S("Europe/Berlin"),
                                                              .bytes = {bytes, len}}),
                   K8SM_OK);
  stage_run(&s, 5 * 3600 * 1000 - 1000);
  assert_int_equal(jobs(&s), 0);
  stage_run(&s, 1000);
  assert_int_equal(jobs(&s), 1);
  stage_end(&s);
}

/* At no point of a start does a crash lose the job, or start it twice. */
static void a_start_survives_crashes(void **state) {
  (void)state;
  for (int answers = 0; answers < 6; answers++) {
    struct stage s;
    stage_begin(&s);
    stage_apply(&s, cron("0 * * * *", ""));
    s.mute = true;
    stage_run(&s, 3600000);
    for (int i = 0; i < answers && s.answer_count > 0; i++) {
      uint64_t number = s.answers[0];
      memmove(s.answers, s.answers + 1, --s.answer_count * sizeof s.answers[0]);
      stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_RECORDED, .number = number});
    }
    s.mute = false;
    stage_restart(&s);
    stage_run(&s, 10000);
    assert_int_equal(jobs(&s), 1);
    assert_int_equal(stage_count(&s, "default/tick-"), 1);
    assert_string_equal(stage_get(&s, key, "status.lastScheduleTime"), "2026-01-01T01:00:00Z");
    stage_end(&s);
  }
}

static void it_goes_with_its_jobs(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, cron("* * * * *", ""));
  stage_run(&s, 125000);
  stage_delete(&s, key, -1);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_true(stage_said(&s, "gone CronJob/default/tick\n"));
  for (size_t i = 0; i < STAGE_ROWS; i++) assert_null(s.rows[i].bytes);
  stage_end(&s);
}

/* ---- What is rare ---- */

static void its_row_shows_what_it_does(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, cron("* * * * *", ""));
  stage_run(&s, 125000);
  struct k8sm_control_row row = stage_row(&s, key);
  assert_int_equal(row.current, 2);
  assert_int_equal(row.wanted, -1);
  assert_int_equal(row.state.len, 0);
  stage_apply(&s, cron("* * * * *", "\"suspend\":true,"));
  assert_string_equal(stage_row(&s, key).state.ptr, "Suspended");
  assert_true(stage_row(&s, key).settled);
  stage_end(&s);
}

/* A Job of that name that is not its own: the time is passed over. In another namespace it is no matter. */
static void a_job_of_its_name_takes_its_place(void **state) {
  static const char format[] =
      "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"namespace\":\"%s\",\"name\":"
      "\"tick-29453761\"},\"spec\":{\"suspend\":true,\"template\":{\"spec\":{\"restartPolicy\":\"Never\","
      "\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}}}";
  static const char *const spaces[] = {"default", "other"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct stage s;
    char text[400];
    stage_begin(&s);
    snprintf(text, sizeof text, format, spaces[i]);
    stage_apply(&s, text);
    stage_apply(&s, cron("* * * * *", ""));
    stage_run(&s, 61000);
    assert_int_equal(stage_count(&s, "default/tick-29453761-"), i);
    assert_string_equal(stage_get(&s, key, "status.lastScheduleTime"), "2026-01-01T00:01:00Z");
    stage_run(&s, 60000);
    assert_int_equal(stage_count(&s, "default/tick-29453762-"), 1);
    stage_end(&s);
  }
}

static void utc_is_known_by_its_names(void **state) {
  static const char *const zones[] = {"\"timeZone\":\"UTC\",", "\"timeZone\":\"Etc/UTC\","};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct stage s;
    stage_begin(&s);
    stage_apply(&s, cron("* * * * *", zones[i]));
    assert_false(stage_said(&s, "UnknownTimeZone"));
    stage_run(&s, 60000);
    assert_int_equal(jobs(&s), 1);
    stage_end(&s);
  }
}

/* A schedule that nobody has checked: it is said what is wrong with it. */
static void a_schedule_that_is_none_is_told(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(stage_apply_bare(&s, cron("61 * * * *", "")), K8SM_OK);
  assert_true(stage_said(&s, "UnparseableSchedule: unparseable schedule: \"61 * * * *\" : "));
  stage_run(&s, 3600000);
  assert_int_equal(jobs(&s), 0);
  stage_end(&s);
}

/* Read without defaults: no limit of the history, and all may overlap. */
static void without_defaults_nothing_is_forgotten(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(stage_apply_bare(&s, cron("* * * * *", "")), K8SM_OK);
  stage_run(&s, 6 * 60000);
  assert_int_equal(jobs(&s), 6);
  stage_end(&s);
}

/* A name that is too long for a Job with a time behind it: nothing comes of it, and nothing breaks. */
static void a_name_that_is_too_long_makes_no_jobs(void **state) {
  struct stage s;
  char text[1300], name[254];
  (void)state;
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  stage_begin(&s);
  const char *from = cron("* * * * *", ""), *at = strstr(from, "\"name\":\"tick\"");
  snprintf(text, sizeof text, "%.*s\"namespace\":\"default\",\"name\":\"%s\"%s", (int)(at - from), from, name,
           at + strlen("\"name\":\"tick\""));
  assert_int_equal(stage_apply_bare(&s, text), K8SM_OK);
  stage_run(&s, 130000);
  assert_int_equal(stage_count(&s, ""), 0);
  stage_end(&s);
}

/* One that never comes is not waited for. */
static void a_day_that_never_comes(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, cron("0 0 31 2 *", ""));
  assert_int_equal(k8sm_control_deadline(s.control), UINT64_MAX);
  stage_end(&s);
}

/* A zone in the past as its file says, from change to change, and before the first of them. */
static void a_zone_has_its_history(void **state) {
  static const int64_t times[] = {1000, 2000000, 3000000};
  static const uint8_t types[] = {1, 2, 1};
  static const struct {
    int64_t utc, offset;
  } rows[] = {{-5, 0},          {999, 0},         {1000, 3600},    {1999999, 3600},
              {2000000, -7200}, {2999999, -7200}, {3000000, 3600}, {9000000, 3600}};
  char bytes[400];
  struct k8sm_control *c = NULL;
  (void)state;
  for (int with_rule = 0; with_rule < 2; with_rule++) {
    char *end = bytes;
    for (int block = 0; block < 2; block++) {
      memset(end, 0, 44);
      memcpy(end, "TZif2", 5);
      end[39] = 3; /* types */
      end[43] = 4; /* letters */
      if (block == 1) end[35] = 3;
      end += 44;
      for (int i = 0; block == 1 && i < 3; i++) {
        for (int k = 0; k < 8; k++) *end++ = (char)(times[i] >> (56 - 8 * k) & 255);
      }
      if (block == 1) memcpy(end, types, 3), end += 3;
      memcpy(end, "\0\0\0\0\0\0\0\0\x0e\x10\0\0\xff\xff\xe3\xe0\0\0UTC", 22);
      end += 22;
    }
    size_t len = (size_t)(end - bytes) + (size_t)sprintf(end, "\n%s\n", with_rule ? "XXX-1" : "");
    assert_int_equal(k8sm_control_new(NULL, &c, NULL), K8SM_OK);
    assert_int_equal(k8smi_ctl_zone_add(c, K8SMI_S("Old"), K8SMI_S("TZif"), NULL), K8SM_ERR_INVALID);
    assert_int_equal(k8smi_ctl_zone_add(c, K8SMI_S("Here"), (struct k8sm_slice){bytes, len}, NULL), K8SM_OK);
    assert_int_equal(k8smi_ctl_zone_add(c, K8SMI_S("There"), (struct k8sm_slice){bytes, len}, NULL), K8SM_OK);
    const struct ctl_zone *zone = k8smi_ctl_zone(c, K8SMI_S("Here"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
      assert_int_equal(k8smi_ctl_zone_offset(zone, rows[i].utc), rows[i].offset);
    bytes[44 + 22 + 44 + 24] = 9; /* a change to a type that there is not */
    assert_int_equal(k8smi_ctl_zone_add(c, K8SMI_S("Bad"), (struct k8sm_slice){bytes, len}, NULL),
                     K8SM_ERR_INVALID);
    assert_null(k8smi_ctl_zone(c, K8SMI_S("Bad")));
    k8sm_control_free(c);
  }
}

/* Days of the year in both countings: the 60th of them is 29 February, or never is. */
static void leap_days_count_or_do_not(void **state) {
  static const struct {
    const char *rule, *utc;
    int64_t offset;
  } rows[] = {
      {"XXX0YYY,J60/0,J300/0", "2028-02-29T12:00:00Z", 0},
      {"XXX0YYY,J60/0,J300/0", "2028-03-01T12:00:00Z", 3600},
      {"XXX0YYY,J60/0,J300/0", "2026-03-01T00:00:00Z", 3600},
      {"XXX0YYY,59/0,300/0", "2028-02-29T00:00:00Z", 3600},
      {"XXX0YYY,59/0,300/0", "2026-03-01T00:00:00Z", 3600},
      {"XXX0YYY,59/0,300/0", "2026-02-28T23:59:59Z", 0},
      {"XXX0YYY,J59/0,J300/0", "2028-02-28T00:00:00Z", 3600},
      {"XXX0YYY,J60/0,J300/0", "2100-03-01T00:00:00Z", 3600},
      {"XXX0YYY,J60/0,J300/0", "2000-02-29T12:00:00Z", 0},
      {"XXX0YYY,M12.5.0/0,M2.1.0/0", "2026-12-27T00:00:00Z", 3600},
      {"XXX0YYY,M12.5.0/0,M2.1.0/0", "2026-01-31T00:00:00Z", 3600},
      {"XXX0YYY,M12.5.0/0,M2.1.0/0", "2026-02-01T00:00:00Z", 0},
      {"XXX0YYY-0:30:15,J1/0,J365/0", "2026-06-01T00:00:00Z", 1815},
  };
  struct k8sm_control *c = NULL;
  (void)state;
  assert_int_equal(k8sm_control_new(NULL, &c, NULL), K8SM_OK);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char bytes[256];
    size_t len = tzif(bytes, rows[i].rule);
    assert_int_equal(k8smi_ctl_zone_add(c, K8SMI_S("Here"), (struct k8sm_slice){bytes, len}, NULL), K8SM_OK);
    int64_t offset = k8smi_ctl_zone_offset(k8smi_ctl_zone(c, K8SMI_S("Here")), at(rows[i].utc));
    if (offset != rows[i].offset)
      fail_msg("%s at %s: %d, expected %d", rows[i].rule, rows[i].utc, (int)offset, (int)rows[i].offset);
  }
  k8sm_control_free(c);
}

/* Where the clocks jump over midnight, the day begins when there is one. */
static void a_day_without_midnight(void **state) {
  struct k8sm_control *c = NULL;
  char bytes[256];
  size_t len = tzif(bytes, "XXX3YYY,M10.3.0/0,M2.3.0/0");
  (void)state;
  assert_int_equal(k8sm_control_new(NULL, &c, NULL), K8SM_OK);
  assert_int_equal(k8smi_ctl_zone_add(c, K8SMI_S("Here"), (struct k8sm_slice){bytes, len}, NULL), K8SM_OK);
  const struct ctl_zone *zone = k8smi_ctl_zone(c, K8SMI_S("Here"));
  expect_next("0 5 18 10 *", zone, "2026-10-15T00:00:00Z", "2026-10-18T07:00:00Z");
  expect_next("0 5 19 10 *", zone, "2026-10-15T00:00:00Z", "2026-10-19T07:00:00Z");
  expect_next("0 5 22 2 *", zone, "2026-02-14T00:00:00Z", "2026-02-22T08:00:00Z");
  k8sm_control_free(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_next_time),
      cmocka_unit_test(clocks_jump),
      cmocka_unit_test(broken_zones_do_no_harm),
      cmocka_unit_test(a_job_at_each_time),
      cmocka_unit_test(the_history_is_limited),
      cmocka_unit_test(what_overlaps_is_allowed_forbidden_or_replaced),
      cmocka_unit_test(missed_times),
      cmocka_unit_test(very_many_missed_times),
      cmocka_unit_test(a_suspended_one_starts_nothing),
      cmocka_unit_test(in_its_own_time_zone),
      cmocka_unit_test(a_start_survives_crashes),
      cmocka_unit_test(it_goes_with_its_jobs),
      cmocka_unit_test(its_row_shows_what_it_does),
      cmocka_unit_test(a_job_of_its_name_takes_its_place),
      cmocka_unit_test(utc_is_known_by_its_names),
      cmocka_unit_test(a_schedule_that_is_none_is_told),
      cmocka_unit_test(without_defaults_nothing_is_forgotten),
      cmocka_unit_test(a_name_that_is_too_long_makes_no_jobs),
      cmocka_unit_test(a_day_that_never_comes),
      cmocka_unit_test(a_zone_has_its_history),
      cmocka_unit_test(leap_days_count_or_do_not),
      cmocka_unit_test(a_day_without_midnight),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
