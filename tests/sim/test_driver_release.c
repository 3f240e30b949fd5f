/* SPDX-License-Identifier: Apache-2.0 */
/* What was reserved for a pod comes back in pieces, in any order, and is given back to the last of them: then
 * nothing is owed any more, and not before. */
#include "base/slice.h"
#include "driver/state.h"
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const roles[] = {"dev"};
static const struct k8sm_framework framework = {
    .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
static const struct k8sm_demand_options demand = {.size = sizeof demand};

#define OF_DEV ",\"allocation_info\":{\"role\":\"dev\"}"
#define SCALAR(name, value)                                                                                  \
  "{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" value "}" OF_DEV
#define OWNED(name, value)                                                                                   \
  SCALAR(name, value)                                                                                        \
  ",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"dev\",\"principal\":\"p\",\"labels\":{\"labels\":["   \
  "{\"key\":\"pod\",\"value\":\"u1\"},{\"key\":\"framework\",\"value\":\"F1\"}]}}]}"
#define ROOM SCALAR("cpus", "4") "}," SCALAR("mem", "4096") "}," SCALAR("disk", "9000") "}"
/* Of the role, by the operator: what is taken of it needs no RESERVE. */
#define OF_ROLE(name, value) SCALAR(name, value) ",\"reservations\":[{\"type\":\"STATIC\",\"role\":\"dev\"}]}"

/* What is reserved for a pod of one container: the tokens of its two tasks. */
#define TOKEN  OWNED("cpus", "0.01") "," OWNED("mem", "1")
#define TOKENS OWNED("cpus", "0.02") "," OWNED("mem", "2")

static void subscribe(struct script *s) {
  s->heartbeats = s->quiet_status = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_wait(s, 16000); /* what is left over is looked for, and then nothing is wanted */
  script_forget(s);
}

static struct k8sm_driver_options release_options(void) {
  struct k8sm_driver_options o = script_options();
  o.framework = &framework;
  o.demand = &demand;
  return o;
}

static void open_script(struct script *s) {
  const struct k8sm_driver_options o = release_options();
  script_open(s, &o);
  subscribe(s);
}

static void restart(struct script *s) {
  const struct k8sm_driver_options o = release_options();
  script_restart(s, &o);
  s->call_count = 0;
  subscribe(s);
}

static void offer(struct script *s, const char *id, const char *agent, const char *resources) {
  static const char format[] =
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"%s\"},\"framework_id\":{\"value\":"
      "\"F1\"},\"agent_id\":{\"value\":\"%s\"},\"hostname\":\"%s.example\"" OF_DEV ",\"resources\":[%s]}]}}";
  char json[4096];
  snprintf(json, sizeof json, format, id, agent, agent, resources);
  s->accept[0] = '\0';
  script_event(s, json);
}

static bool gives_back(const struct script *s) {
  return strstr(s->accept, "\"UNRESERVE\"") != NULL;
}

static uint64_t due(const struct script *s) {
  struct k8sm_driver_counters c = {.size = sizeof c};
  assert_int_equal(k8sm_driver_count(s->driver, &c), K8SM_OK);
  return c.releases_due;
}

/* The record of the pod. */
static const char *row_of(struct script *s) {
  struct script_row *row = &s->rows[s->row_count - 1];
  assert_string_equal(row->key, "pod/u1");
  row->bytes[row->len] = '\0';
  return row->bytes;
}

static void update(struct script *s, const char *container, const char *state) {
  static unsigned number;
  char uuid[17], task[128];
  snprintf(uuid, sizeof uuid, "%016u", ++number);
  snprintf(task, sizeof task, "%s", script_task(s, container));
  script_update(s, task, "A1", state, uuid, ",\"source\":\"SOURCE_EXECUTOR\"");
}

static int give_pod(struct script *s, const char *name, const char *uid, const char *policy) {
  char yaml[512];
  snprintf(yaml, sizeof yaml,
           "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: default, uid: %s}\n"
           "spec: {restartPolicy: %s, containers: [{name: c, image: i}]}\n",
           name, uid, policy);
  return script_pod(s, yaml);
}

static void run_pod_of(struct script *s, const char *policy, const char *resources) {
  assert_int_equal(give_pod(s, "p", "u1", policy), K8SM_OK);
  offer(s, "O1", "A1", resources);
  assert_non_null(strstr(s->accept, "\"LAUNCH_GROUP\""));
  update(s, "", "TASK_RUNNING");
  update(s, "c", "TASK_RUNNING");
}

static void run_pod(struct script *s, const char *resources) {
  run_pod_of(s, "Never", resources);
}

static void end_pod(struct script *s) {
  update(s, "c", "TASK_FINISHED");
  update(s, "", "TASK_KILLED");
}

/* The part that came back, and what the record says is left. */
static void expect_left(struct script *s, uint64_t pods, const char *row) {
  assert_true(gives_back(s));
  assert_int_equal(due(s), pods);
  assert_non_null(strstr(row_of(s), row));
}

static void all_pieces_are_waited_for(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  run_pod(&s, ROOM);
  assert_non_null(strstr(row_of(&s), "\"reserved\":2020,"));
  assert_int_equal(due(&s), 0);
  end_pod(&s);
  assert_int_equal(due(&s), 1);
  offer(&s, "O2", "A2", TOKENS); /* of a former attempt, elsewhere */
  assert_true(gives_back(&s));
  assert_int_equal(due(&s), 1);
  offer(&s, "O3", "A1", OWNED("cpus", "0.01"));
  expect_left(&s, 1, "\"reserved\":2010,");
  offer(&s, "O4", "A1", OWNED("mem", "2"));
  expect_left(&s, 1, "\"reserved\":10,");
  offer(&s, "O5", "A1", OWNED("cpus", "0.01"));
  expect_left(&s, 0, "\"reserved\":0,");
  script_close(&s);
}

/* A call that gives back and may not have arrived changes nothing: if it was lost, all comes again. */
static void a_lost_call_gives_nothing_back(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  run_pod(&s, ROOM);
  end_pod(&s);
  s.hold_calls = true;
  offer(&s, "O2", "A1", TOKENS);
  assert_true(gives_back(&s));
  assert_int_equal(due(&s), 1);
  script_lose(&s, "ACCEPT");
  assert_int_equal(due(&s), 1);
  offer(&s, "O3", "A1", TOKENS);
  script_answer(&s, "ACCEPT", 202, NULL);
  expect_left(&s, 0, "\"reserved\":0,");
  script_close(&s);
}

/* In whatever order, and over a crash of the host between them. */
static void pieces_are_known_after_a_restart(void **state) {
  static const char *const pieces[] = {OWNED("cpus", "0.02") "," OWNED("mem", "1"), OWNED("mem", "1")};
  (void)state;
  for (size_t first = 0; first < 2; first++) {
    struct script s;
    open_script(&s);
    run_pod(&s, ROOM);
    end_pod(&s);
    offer(&s, "O2", "A1", pieces[first]);
    assert_true(gives_back(&s));
    assert_int_equal(due(&s), 1);
    restart(&s);
    assert_int_equal(due(&s), 1);
    offer(&s, "O3", "A1", pieces[1 - first]);
    assert_true(gives_back(&s));
    assert_int_equal(due(&s), 0);
    restart(&s);
    assert_int_equal(due(&s), 0); /* nothing is waited for again */
    script_close(&s);
  }
}

/* It is not known how much it was: the first that comes back is taken for all, as it was then. */
static void an_older_record_does_not_tell(void **state) {
  static const char member[] = "\"reserved\":2020,";
  struct script s;
  (void)state;
  open_script(&s);
  run_pod(&s, ROOM);
  end_pod(&s);
  assert_non_null(strstr(row_of(&s), member));
  for (char *at = s.rows[s.row_count - 1].bytes; (at = strstr(at, "{\"version\":7,")) != NULL; at++)
    at[11] = '6';
  struct script_row *row = &s.rows[s.row_count - 1];
  char *at = strstr(row->bytes, member);
  memmove(at, at + sizeof member - 1, strlen(at + sizeof member - 1) + 1);
  row->len -= sizeof member - 1;
  restart(&s);
  assert_int_equal(due(&s), 1);
  offer(&s, "O2", "A1", TOKEN);
  assert_true(gives_back(&s));
  assert_int_equal(due(&s), 0);
  script_close(&s);
}

/* Where all of a pod's resources are the role's already. */
static void nothing_reserved_is_nothing_owed(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  run_pod(&s, OF_ROLE("cpus", "4") "," OF_ROLE("mem", "4096") "," OF_ROLE("disk", "9000"));
  assert_null(strstr(row_of(&s), "\"reserved\""));
  end_pod(&s);
  assert_int_equal(due(&s), 0);
  script_close(&s);
}

/* What comes back of another pod of the agent is not its own. */
static void others_do_not_count(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  run_pod(&s, ROOM);
  assert_int_equal(give_pod(&s, "q", "u2", "Never"), K8SM_OK);
  offer(&s, "O2", "A1", ROOM);
  update(&s, "", "TASK_RUNNING");
  update(&s, "c", "TASK_RUNNING");
  update(&s, "c", "TASK_FINISHED"); /* q's */
  update(&s, "", "TASK_KILLED");
  assert_int_equal(due(&s), 1);
  offer(&s, "O3", "A1", TOKENS); /* p's, which runs */
  assert_false(gives_back(&s));
  assert_int_equal(due(&s), 1);
  script_wait(&s, 61000); /* not for ever: the agent may be away */
  assert_int_equal(due(&s), 0);
  script_close(&s);
}

/* The next attempt comes to the same agent before that has offered what the one before had: then that is the
 * pod's again, and is given back with what it reserves itself. */
static void an_attempt_takes_over(void **state) {
  static const char *const containers[] = {"c", ""};
  char tasks[2][128];
  struct script s;
  (void)state;
  open_script(&s);
  run_pod_of(&s, "Always", ROOM);
  for (size_t i = 0; i < 2; i++) snprintf(tasks[i], sizeof tasks[i], "%s", script_task(&s, containers[i]));
  for (size_t i = 0; i < 2; i++)
    script_update(&s, tasks[i], "A1", "TASK_FAILED", "executor-is-gone",
                  ",\"source\":\"SOURCE_AGENT\",\"reason\":\"REASON_EXECUTOR_TERMINATED\"");
  script_wait(&s, 1000);
  assert_int_equal(due(&s), 1);
  offer(&s, "O2", "A1", ROOM);
  assert_non_null(strstr(s.accept, "\"LAUNCH_GROUP\""));
  assert_int_equal(due(&s), 0);
  assert_non_null(strstr(row_of(&s), "\"reserved\":4040,"));
  update(&s, "", "TASK_RUNNING");
  update(&s, "c", "TASK_RUNNING");
  assert_int_equal(script_delete(&s, "default/p", 1), K8SM_OK);
  update(&s, "c", "TASK_KILLED");
  update(&s, "", "TASK_KILLED");
  assert_int_equal(due(&s), 1);
  offer(&s, "O3", "A1", TOKENS);
  assert_int_equal(due(&s), 1);
  offer(&s, "O4", "A1", TOKENS);
  assert_int_equal(due(&s), 0);
  script_close(&s);
}

/* Nothing is reserved in everybody's role: there is nothing to be looked for. */
static void nothing_is_left_over_for_everybody(void **state) {
  static const char *const everybody[] = {"*"}, *const some[] = {"*", "dev"};
  static const struct {
    const char *const *roles;
    size_t count;
    bool looks;
  } rows[] = {{everybody, 1, false}, {some, 2, true}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct k8sm_framework of = {
        .size = sizeof of, .principal = "p", .roles = rows[i].roles, .role_count = rows[i].count};
    struct k8sm_driver_options o = release_options();
    struct script s;
    o.framework = &of;
    script_open(&s, &o);
    assert_int_equal(s.driver->offers.sweeping, false);
    script_tick(&s);
    assert_int_equal(s.driver->offers.sweeping, rows[i].looks);
    script_close(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_pieces_are_waited_for),
      cmocka_unit_test(a_lost_call_gives_nothing_back),
      cmocka_unit_test(pieces_are_known_after_a_restart),
      cmocka_unit_test(an_older_record_does_not_tell),
      cmocka_unit_test(nothing_reserved_is_nothing_owed),
      cmocka_unit_test(others_do_not_count),
      cmocka_unit_test(an_attempt_takes_over),
      cmocka_unit_test(nothing_is_left_over_for_everybody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
