/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that are deleted with no grace while their agent is away: they are gone at once, and what is left of
 * them is killed when it is heard of. */
#include "driver/state.h"
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define POD(name, uid)                                                                                       \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: default, uid: " uid "}\n"                \
  "spec: {containers: [{name: c, image: i}]}\n"
#define MASTER   ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\""
#define EXECUTOR ",\"source\":\"SOURCE_EXECUTOR\""

struct left {
  struct script s;
  char pause[256], c[256];
};

static void hear(struct left *l, const char *state) {
  script_update(&l->s, l->pause, "A1", state, NULL, MASTER);
  script_update(&l->s, l->c, "A1", state, NULL, MASTER);
}

/* The pod runs on A1. */
static void open_running(struct left *l) {
  const struct k8sm_driver_options o = script_options();
  struct script *s = &l->s;
  script_open(s, &o);
  s->quiet_status = true;
  script_tick(s);
  script_subscribe(s, "F1");
  assert_int_equal(script_pod(s, POD("p", "u1")), K8SM_OK);
  script_offer(s, "O1", "A1");
  snprintf(l->pause, sizeof l->pause, "%s", script_task(s, ""));
  snprintf(l->c, sizeof l->c, "%s", script_task(s, "c"));
  hear(l, "TASK_RUNNING");
  script_forget(s);
}

static void open_gone(struct left *l) {
  open_running(l);
  hear(l, "TASK_UNREACHABLE");
  assert_int_equal(script_delete(&l->s, "default/p", 0), K8SM_OK);
  assert_true(script_has(&l->s, "gone default/p"));
  script_forget(&l->s);
}

static const struct script_row *row_of(const struct script *s, const char *key) {
  for (size_t i = 0; i < s->row_count; i++) {
    if (strcmp(s->rows[i].key, key) == 0) return &s->rows[i];
  }
  fail_msg("no row %s", key);
  return NULL;
}

static void restart(struct left *l) {
  const struct k8sm_driver_options o = script_options();
  script_restart(&l->s, &o);
  script_tick(&l->s);
  script_subscribe(&l->s, "F1");
}

/* `uuid`: with one, the end is to be acknowledged. */
static void end_all(struct left *l, bool uuid) {
  script_update(&l->s, l->c, "A1", "TASK_KILLED", uuid ? "cend------------" : NULL, EXECUTOR);
  script_update(&l->s, l->pause, "A1", "TASK_KILLED", uuid ? "pauseend--------" : NULL, EXECUTOR);
}

/* ---- Going ---- */

static void a_pod_that_is_out_of_reach_goes_at_once(void **state) {
  struct left l;
  (void)state;
  open_gone(&l);
  const struct script_row *row = row_of(&l.s, "pod/u1");
  assert_non_null(strstr(row->bytes, "\"gone\":1"));
  assert_non_null(strstr(row->bytes, l.c));
  assert_non_null(strstr(row->bytes, l.pause));
  assert_null(strstr(row->bytes, "\"status\""));
  assert_int_equal(k8sm_driver_pods(l.s.driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0), 0);
  assert_int_equal(script_delete(&l.s, "default/p", 0), K8SM_ERR_NOT_FOUND);
  script_close(&l.s);
}

/* What counts is what the master says, in this subscription; and that there is no grace. */
static void others_wait(void **state) {
  static const struct {
    const char *heard, *agent_again;
    int64_t grace;
    bool gone;
  } rows[] = {{"TASK_UNREACHABLE", NULL, 0, true},  {"TASK_UNKNOWN", NULL, 0, true},
              {"TASK_UNREACHABLE", NULL, 1, false}, {"TASK_UNREACHABLE", NULL, -1, false},
              {"TASK_RUNNING", NULL, 0, false},     {"TASK_UNREACHABLE", "TASK_RUNNING", 0, false}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct left l;
    open_running(&l);
    hear(&l, rows[i].heard);
    if (rows[i].agent_again != NULL) hear(&l, rows[i].agent_again);
    assert_int_equal(script_delete(&l.s, "default/p", rows[i].grace), K8SM_OK);
    if (script_has(&l.s, "gone default/p") != rows[i].gone) fail_msg("row %zu:\n%s", i, l.s.trace);
    script_close(&l.s);
  }
}

/* Some task of it may run: that of the two which is heard of. */
static void all_of_it_must_be_out_of_reach(void **state) {
  struct left l;
  (void)state;
  open_running(&l);
  script_update(&l.s, l.pause, "A1", "TASK_UNREACHABLE", NULL, MASTER);
  assert_int_equal(script_delete(&l.s, "default/p", 0), K8SM_OK);
  assert_false(script_has(&l.s, "gone default/p"));
  script_update(&l.s, l.c, "A1", "TASK_UNREACHABLE", NULL, MASTER);
  assert_true(script_has(&l.s, "gone default/p"));
  script_close(&l.s);
}

/* What was heard before a restart may be old. */
static void a_new_subscription_asks_first(void **state) {
  struct left l;
  (void)state;
  open_running(&l);
  hear(&l, "TASK_UNREACHABLE");
  assert_int_equal(script_delete(&l.s, "default/p", 5), K8SM_OK);
  restart(&l);
  assert_int_equal(script_delete(&l.s, "default/p", 0), K8SM_OK);
  assert_false(script_has(&l.s, "gone default/p"));
  hear(&l, "TASK_UNREACHABLE");
  assert_true(script_has(&l.s, "gone default/p"));
  script_close(&l.s);
}

/* It is not gone before the host has the tombstone; if the agent is back meanwhile, it ends as others do. */
static void it_goes_with_the_record(void **state) {
  struct left l;
  (void)state;
  open_running(&l);
  hear(&l, "TASK_UNREACHABLE");
  assert_int_equal(script_delete(&l.s, "default/p", 5), K8SM_OK);
  l.s.hold_records = true;
  assert_int_equal(script_delete(&l.s, "default/p", 0), K8SM_OK);
  script_record(&l.s, K8SM_INPUT_RECORDED, l.s.open_record); /* the deletion */
  assert_non_null(strstr(row_of(&l.s, "pod/u1")->bytes, "\"gone\":1"));
  assert_int_equal(k8sm_driver_snapshot(l.s.driver, l.s.effects), K8SM_OK);
  uint64_t tomb = l.s.open_record;
  assert_false(script_has(&l.s, "gone default/p"));
  script_record(&l.s, K8SM_INPUT_REFUSED, tomb);
  assert_false(script_has(&l.s, "gone default/p"));
  script_wait(&l.s, 6000); /* tried again */
  assert_true(l.s.open_record > tomb);
  tomb = l.s.open_record;
  hear(&l, "TASK_RUNNING");
  for (uint64_t n = tomb; n <= l.s.open_record; n++) script_record(&l.s, K8SM_INPUT_RECORDED, n);
  assert_false(script_has(&l.s, "gone default/p"));
  assert_true(script_has(&l.s, "> KILL c.0"));
  l.s.hold_records = false;
  end_all(&l, true);
  assert_true(script_has(&l.s, "gone default/p"));
  assert_int_equal(row_of(&l.s, "pod/u1")->len, 0);
  script_close(&l.s);
}

/* ---- What is left ---- */

static void what_is_left_is_killed(void **state) {
  static const bool restarts[] = {false, true}, uuids[] = {false, true};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    struct left l;
    open_gone(&l);
    if (restarts[i / 2]) restart(&l);
    if (restarts[i / 2]) assert_true(script_has(&l.s, "> RECONCILE"));
    hear(&l, "TASK_RUNNING");
    assert_true(script_has(&l.s, "> KILL c.0"));
    assert_true(script_has(&l.s, "> KILL pause.0"));
    assert_false(script_has(&l.s, "left alone"));
    script_forget(&l.s);
    end_all(&l, uuids[i % 2]);
    assert_true(script_has(&l.s, "record pod/u1 away"));
    assert_int_equal(script_has(&l.s, "> ACKNOWLEDGE"), uuids[i % 2]);
    script_forget(&l.s);
    hear(&l, "TASK_RUNNING"); /* nobody knows of it any more */
    assert_true(script_has(&l.s, "left alone"));
    script_close(&l.s);
  }
}

/* Every 10 s as long as it lives, 60 s once the executor has it; not while its agent is away again. */
static void kills_are_repeated(void **state) {
  struct left l;
  (void)state;
  open_gone(&l);
  l.s.heartbeats = true;
  script_update(&l.s, l.c, "A1", "TASK_RUNNING", NULL, MASTER);
  script_forget(&l.s);
  script_update(&l.s, l.c, "A1", "TASK_RUNNING", NULL, MASTER); /* no news */
  script_wait(&l.s, 9000);
  assert_false(script_has(&l.s, "> KILL"));
  script_wait(&l.s, 2000);
  assert_true(script_has(&l.s, "> KILL c.0"));
  script_update(&l.s, l.c, "A1", "TASK_KILLING", "killing---------", EXECUTOR);
  assert_true(script_has(&l.s, "> ACKNOWLEDGE"));
  script_forget(&l.s);
  script_wait(&l.s, 50000);
  assert_false(script_has(&l.s, "> KILL"));
  script_wait(&l.s, 20000);
  assert_true(script_has(&l.s, "> KILL c.0"));
  script_update(&l.s, l.c, "A1", "TASK_UNREACHABLE", NULL, MASTER);
  script_forget(&l.s);
  script_wait(&l.s, 100000);
  assert_false(script_has(&l.s, "> KILL"));
  script_close(&l.s);
}

/* The acknowledgement of an end waits for its record, and comes with the update again if that is refused. */
static void an_end_is_recorded_first(void **state) {
  struct left l;
  (void)state;
  open_gone(&l);
  l.s.hold_records = true;
  end_all(&l, true);
  assert_false(script_has(&l.s, "> ACKNOWLEDGE"));
  uint64_t last = l.s.open_record;
  script_record(&l.s, K8SM_INPUT_RECORDED, last - 1);
  script_record(&l.s, K8SM_INPUT_REFUSED, last);
  script_expect(&l.s, "record pod/u1\nrecord pod/u1 away\n"
                      "> ACKNOWLEDGE c.0\n"
                      "event: FailedRecord: record 10 was refused: what depends on it does not happen\n");
  script_update(&l.s, l.pause, "A1", "TASK_KILLED", "pauseend--------", EXECUTOR);
  assert_false(script_has(&l.s, "> ACKNOWLEDGE"));
  script_record(&l.s, K8SM_INPUT_RECORDED, l.s.open_record);
  assert_true(script_has(&l.s, "> ACKNOWLEDGE pause.0"));
  script_close(&l.s);
}

/* Nothing comes again: the row is put right all the same. */
static void a_refused_row_is_put_right(void **state) {
  struct left l;
  (void)state;
  open_gone(&l);
  l.s.hold_records = true;
  end_all(&l, false);
  for (uint64_t n = l.s.open_record - 1, last = n + 1; n <= last; n++)
    script_record(&l.s, K8SM_INPUT_REFUSED, n);
  script_forget(&l.s);
  l.s.hold_records = false;
  script_wait(&l.s, 6000);
  assert_true(script_has(&l.s, "record pod/u1 away\n"));
  script_forget(&l.s);
  script_wait(&l.s, 6000);
  assert_false(script_has(&l.s, "record"));
  script_close(&l.s);
}

/* A task of the pod that no row names. */
static void what_no_row_names_is_killed(void **state) {
  struct left l;
  (void)state;
  open_gone(&l);
  script_update(&l.s, "u1.7.c.0.other", "A2", "TASK_RUNNING", NULL, MASTER);
  assert_true(script_has(&l.s, "> KILL"));
  script_forget(&l.s);
  script_update(&l.s, "u1.8.c.0.other", "A2", "TASK_UNREACHABLE", NULL, MASTER);
  script_update(&l.s, "u1.9.c.0.other", "A2", "TASK_LOST", NULL, MASTER);
  script_update(&l.s, "u1.9.c.0.other", "A2", "TASK_FAILED", NULL, MASTER);
  script_expect(&l.s, "");
  script_close(&l.s);
}

/* ---- Its uid ---- */

static void its_uid_is_not_given_again(void **state) {
  struct left l;
  (void)state;
  open_gone(&l);
  assert_int_equal(script_pod(&l.s, POD("p", "u1")), K8SM_ERR_INVALID);
  assert_non_null(strstr(l.s.findings, "of which tasks may be left"));
  assert_int_equal(script_pod(&l.s, POD("p", "u2")), K8SM_OK);
  const struct script_row *row = row_of(&l.s, "pod/u1");
  const struct k8sm_driver_options o = script_options();
  script_restart(&l.s, &o);
  for (int i = 0; i < 2; i++) { /* twice, and after an input of another kind */
    script_step(&l.s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                          .key = {row->key, strlen(row->key)},
                                          .bytes = {row->bytes, row->len}});
    assert_int_equal(l.s.result, K8SM_ERR_INVALID);
    script_tick(&l.s);
  }
  script_close(&l.s);
}

/* What is launched just now is not missed. */
static void a_launch_is_waited_for(void **state) {
  const struct k8sm_driver_options o = script_options();
  struct script s;
  (void)state;
  script_open(&s, &o);
  s.quiet_status = s.hold_calls = true;
  script_tick(&s);
  script_subscribe(&s, "F1");
  assert_int_equal(script_pod(&s, POD("p", "u1")), K8SM_OK);
  script_offer(&s, "O1", "A1");
  const char *tasks[] = {script_task(&s, ""), script_task(&s, "c")};
  for (size_t i = 0; i < 2; i++) script_update(&s, tasks[i], "A1", "TASK_UNKNOWN", NULL, MASTER);
  assert_int_equal(script_delete(&s, "default/p", 0), K8SM_OK);
  assert_false(script_has(&s, "gone default/p"));
  script_answer(&s, "ACCEPT", 202, NULL);
  for (size_t i = 0; i < 2; i++) script_update(&s, tasks[i], "A1", "TASK_UNKNOWN", NULL, MASTER);
  assert_true(script_has(&s, "gone default/p"));
  script_close(&s);
}

/* A record that has the pod and its tombstone is none. */
static void a_pod_has_one_row(void **state) {
  const struct k8sm_driver_options o = script_options();
  struct left l;
  char pod[8192];
  (void)state;
  open_running(&l);
  const struct script_row *row = row_of(&l.s, "pod/u1");
  const size_t len = row->len, kept = l.s.row_count;
  assert_true(len < sizeof pod);
  memcpy(pod, row->bytes, len);
  hear(&l, "TASK_UNREACHABLE");
  assert_int_equal(script_delete(&l.s, "default/p", 0), K8SM_OK);
  script_restart(&l.s, &o); /* from the tombstone */
  script_restart(&l.s, &o);
  l.s.row_count = 0;
  script_restart(&l.s, &o); /* from nothing */
  const struct k8sm_slice rows[] = {{pod, len}, {row->bytes, row->len}};
  for (size_t i = 0; i < 2; i++) {
    script_step(&l.s,
                (struct k8sm_input){.type = K8SM_INPUT_RESTORE, .key = {"pod/u1", 6}, .bytes = rows[i]});
    assert_int_equal(l.s.result, i == 0 ? K8SM_OK : K8SM_ERR_INVALID);
  }
  assert_non_null(strstr(l.s.findings, "comes twice"));
  l.s.row_count = kept;
  script_close(&l.s);
}

/* Two pods with more tasks than one question names. */
static void many_are_asked_for_in_turns(void **state) {
  enum { TASKS = 1500 };
  const struct k8sm_driver_options o = script_options();
  static char row[TASKS * 64];
  struct script s;
  (void)state;
  script_open(&s, &o);
  for (int pod = 1; pod <= 2; pod++) {
    char key[16];
    int n = snprintf(row, sizeof row, "{\"version\":8,\"number\":0,\"gone\":1,\"tasks\":[");
    for (int i = 0; i < TASKS; i++)
      n += snprintf(row + n, sizeof row - (size_t)n, "%s{\"id\":\"u%d.%d.c.0.a\",\"agent_id\":\"A1\"}",
                    i == 0 ? "" : ",", pod, i);
    n += snprintf(row + n, sizeof row - (size_t)n, "]}\n");
    snprintf(key, sizeof key, "pod/u%d", pod);
    script_step(&s, (struct k8sm_input){
                        .type = K8SM_INPUT_RESTORE, .key = {key, strlen(key)}, .bytes = {row, (size_t)n}});
    if (s.result != K8SM_OK) fail_msg("%s", s.findings);
  }
  script_tick(&s);
  script_forget(&s);
  script_subscribe(&s, "F1");
  size_t questions = 0;
  for (const char *at = s.trace; (at = strstr(at, "> RECONCILE c.0")) != NULL; at++) questions++;
  assert_int_equal(questions, 2);
  script_forget(&s);
  script_wait(&s, 1000);
  assert_false(script_has(&s, "> RECONCILE"));
  script_close(&s);
}

/* A snapshot holds the tombstone, and nothing else of the pod. */
static void a_snapshot_holds_it(void **state) {
  struct left l;
  struct k8sm_effect e;
  size_t found = 0;
  (void)state;
  open_gone(&l);
  assert_int_equal(k8sm_driver_snapshot(l.s.driver, l.s.effects), K8SM_OK);
  for (size_t i = 0; k8sm_effects_rows(l.s.effects, i, &e, sizeof e, 1) != 0; i++) {
    if (strcmp(e.key.ptr, "pod/u1") != 0) continue;
    const struct script_row *row = row_of(&l.s, "pod/u1");
    assert_int_equal(e.bytes.len, row->len);
    assert_memory_equal(e.bytes.ptr, row->bytes, row->len);
    found++;
  }
  assert_int_equal(found, 1);
  script_close(&l.s);
}

/* ---- How many ---- */

static uint64_t tombstones(const struct script *s) {
  struct k8sm_driver_counters c = {.size = sizeof c};
  assert_int_equal(k8sm_driver_count(s->driver, &c), K8SM_OK);
  return c.tombstones;
}

/* What can't be remembered waits, as with a grace, and says so once. */
static void too_many_wait(void **state) {
  const char *words =
      "event default/p: FailedKillPod: the pod waits for its agent: 0 pods are gone already of which "
      "tasks may be left on agents that are out of reach, and no more are remembered\n";
  struct left l;
  (void)state;
  open_running(&l);
  l.s.driver->tombs.most = 0;
  hear(&l, "TASK_UNREACHABLE");
  assert_int_equal(script_delete(&l.s, "default/p", 0), K8SM_OK);
  if (!script_has(&l.s, words) || script_has(&l.s, "gone default/p")) fail_msg("%s", l.s.trace);
  script_forget(&l.s);
  hear(&l, "TASK_UNREACHABLE");
  assert_false(script_has(&l.s, "FailedKillPod"));
  assert_int_equal(tombstones(&l.s), 0);
  l.s.driver->tombs.most = 1; /* another one has ended */
  hear(&l, "TASK_UNREACHABLE");
  assert_true(script_has(&l.s, "gone default/p"));
  assert_int_equal(tombstones(&l.s), 1);
  end_all(&l, false);
  assert_int_equal(tombstones(&l.s), 0);
  script_close(&l.s);
}

/* One that is on its way there is not held up by those that come there first. */
static void a_row_on_its_way_is_kept(void **state) {
  struct left l;
  (void)state;
  open_running(&l);
  hear(&l, "TASK_UNREACHABLE");
  l.s.hold_records = true;
  assert_int_equal(script_delete(&l.s, "default/p", 0), K8SM_OK);
  script_record(&l.s, K8SM_INPUT_RECORDED, l.s.open_record); /* that it is deleted; then the tombstone */
  l.s.driver->tombs.most = 0;
  hear(&l, "TASK_UNREACHABLE");
  assert_false(script_has(&l.s, "FailedKillPod") || script_has(&l.s, "gone default/p"));
  script_record(&l.s, K8SM_INPUT_RECORDED, l.s.open_record);
  assert_true(script_has(&l.s, "gone default/p"));
  script_close(&l.s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pod_that_is_out_of_reach_goes_at_once),
      cmocka_unit_test(others_wait),
      cmocka_unit_test(all_of_it_must_be_out_of_reach),
      cmocka_unit_test(a_new_subscription_asks_first),
      cmocka_unit_test(it_goes_with_the_record),
      cmocka_unit_test(what_is_left_is_killed),
      cmocka_unit_test(kills_are_repeated),
      cmocka_unit_test(an_end_is_recorded_first),
      cmocka_unit_test(a_refused_row_is_put_right),
      cmocka_unit_test(what_no_row_names_is_killed),
      cmocka_unit_test(its_uid_is_not_given_again),
      cmocka_unit_test(a_launch_is_waited_for),
      cmocka_unit_test(a_pod_has_one_row),
      cmocka_unit_test(many_are_asked_for_in_turns),
      cmocka_unit_test(a_snapshot_holds_it),
      cmocka_unit_test(too_many_wait),
      cmocka_unit_test(a_row_on_its_way_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
