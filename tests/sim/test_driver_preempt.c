/* SPDX-License-Identifier: Apache-2.0 */
/* A pod that waits for others to end, over a crash of the host. */
#include "driver/state.h"
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Three cpus, in a container whose name is the pod's. */
#define POD(name, uid, priority)                                                                             \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: default, uid: " uid "}\n"                \
  "spec: {priority: " priority ", terminationGracePeriodSeconds: 5, containers: [{name: " name               \
  ", image: i, "                                                                                             \
  "resources: {requests: {cpu: 3}}}]}\n"

static const struct k8sm_match_options preempts = {.size = sizeof preempts, .flags = K8SM_MATCH_PREEMPT};

static struct k8sm_driver_options options(void) {
  struct k8sm_driver_options o = script_options();
  o.match = &preempts;
  return o;
}

/* What is left of an agent where one of the pods runs: too little for another. */
static void rest(struct script *s, const char *offer, const char *agent) {
  char json[1024];
  snprintf(
      json, sizeof json,
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"%s\"},\"framework_id\":{\"value\":"
      "\"F1\"},\"agent_id\":{\"value\":\"%s\"},\"hostname\":\"%s.example\",\"allocation_info\":{\"role\":"
      "\"*\"},\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5},"
      "\"allocation_info\":{\"role\":\"*\"}}]}]}}",
      offer, agent, agent);
  script_event(s, json);
}

static void update(struct script *s, const char *container, const char *agent, const char *state) {
  char uuid[17] = "................";
  memcpy(uuid, state, strlen(state) < 16 ? strlen(state) : 16);
  if (container[0] == '\0') uuid[15] = 'p';
  script_update(s, script_task(s, container), agent, state, uuid, ",\"source\":\"SOURCE_EXECUTOR\"");
}

static void run(struct script *s, const char *yaml, const char *name, const char *offer, const char *agent) {
  script_pod(s, yaml);
  script_offer(s, offer, agent);
  update(s, "", agent, "TASK_RUNNING");
  update(s, name, agent, "TASK_RUNNING");
}

/* Two agents, each taken by a pod; then one of a higher priority comes, and the first of them begins to end.
 */
static void open_preempting(struct script *s, char *pause, size_t cap) {
  const struct k8sm_driver_options o = options();
  script_open(s, &o);
  s->heartbeats = true;
  script_tick(s);
  script_subscribe(s, "F1");
  run(s, POD("low", "u1", "1"), "low", "O1", "A1");
  snprintf(pause, cap, "%s", script_task(s, ""));
  run(s, POD("middle", "u2", "2"), "middle", "O2", "A2");
  script_forget(s);
  script_pod(s, POD("high", "u3", "9"));
  rest(s, "O3", "A2");
}

static void ends(struct script *s, const char *pause) {
  script_update(s, script_task(s, "low"), "A1", "TASK_KILLED", "killed----------",
                ",\"source\":\"SOURCE_EXECUTOR\"");
  script_update(s, pause, "A1", "TASK_KILLED", "killed2---------", ",\"source\":\"SOURCE_EXECUTOR\"");
}

static void restart(struct script *s) {
  const struct k8sm_driver_options o = options();
  script_restart(s, &o);
  script_tick(s);
  script_subscribe(s, "F1");
}

static bool shows(const struct script *s, const char *name, const char *part) {
  struct k8sm_driver_pod row;
  for (size_t i = 0; k8sm_driver_pods(s->driver, i, &row, sizeof row, 1) != 0; i++) {
    struct k8sm_slice have = k8sm_pod_name(row.pod);
    struct k8sm_blob *json;
    if (have.len != strlen(name) || memcmp(have.ptr, name, have.len) != 0) continue;
    assert_int_equal(k8sm_status_encode(row.status, K8SM_FORMAT_JSON, NULL, &json), K8SM_OK);
    bool has = strstr(k8sm_blob_bytes(json).ptr, part) != NULL;
    k8sm_blob_unref(json);
    return has;
  }
  return false;
}

#define NOMINATED "\"nominatedNodeName\":\"A1.example\""

static void the_nomination_is_recorded_first(void **state) {
  (void)state;
  struct script s;
  char pause[256];
  open_preempting(&s, pause, sizeof pause);
  const char *nominated = strstr(s.trace, "record pod/u3\n"), *victim = strstr(s.trace, "record pod/u1");
  assert_non_null(nominated);
  assert_non_null(victim);
  assert_true(nominated < victim);
  assert_true(shows(&s, "high", NOMINATED));
  assert_false(script_has(&s, "middle: Preempted"));
  restart(&s); /* the victim is ended all the same; who waits is known, and shows it at once */
  assert_true(shows(&s, "high", NOMINATED));
  script_close(&s);
}

/* The victim's status says for whom it ends, after a crash too; one that its owner deletes says nothing. */
static void why_it_ends_is_recorded(void **state) {
  static const char why[] = "\"type\":\"DisruptionTarget\",\"status\":\"True\"";
  (void)state;
  struct script s;
  char pause[256];
  open_preempting(&s, pause, sizeof pause);
  script_delete(&s, "default/middle", -1);
  for (int crash = 0; crash < 3; crash++) {
    assert_true(shows(&s, "low", why));
    assert_true(shows(&s, "low", "preempting to accommodate a higher priority pod"));
    assert_true(shows(&s, "middle", "\"phase\""));
    assert_false(shows(&s, "middle", why));
    restart(&s);
  }
  script_close(&s);
}

/* The victim is gone, and its room not offered yet: another agent's pod stays where it is. */
static void nobody_else_ends_after_a_crash(void **state) {
  (void)state;
  for (int crash = 0; crash < 2; crash++) {
    struct script s;
    char pause[256];
    open_preempting(&s, pause, sizeof pause);
    ends(&s, pause);
    assert_false(shows(&s, "low", "phase"));
    if (crash) restart(&s);
    script_forget(&s);
    rest(&s, "O4", "A2");
    script_wait(&s, 30000);
    assert_false(script_has(&s, "Preempted"));
    assert_false(script_has(&s, "> KILL"));
    script_offer(&s, "O5", "A1");
    assert_true(script_has(&s, "> ACCEPT O5"));
    assert_false(shows(&s, "high", "nominatedNodeName"));
    /* Once it has its place nothing of it is left: it is not nominated again. */
    restart(&s);
    assert_false(shows(&s, "high", "nominatedNodeName"));
    script_close(&s);
  }
}

/* What is left of a former attempt is out of reach, on another agent: where the last one has ended there is
 * no room to wait for. */
static void what_has_ended_frees_nothing_more(void **state) {
  static const char away[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"";
  const struct k8sm_status_options status = {.size = sizeof status, .unreachable_seconds = 60};
  struct k8sm_driver_options o = options();
  (void)state;
  struct script s;
  o.status = &status;
  script_open(&s, &o);
  s.heartbeats = true;
  script_tick(&s);
  script_subscribe(&s, "F1");
  run(&s, POD("low", "u1", "1"), "low", "O1", "A1");
  script_update(&s, script_task(&s, ""), "A1", "TASK_UNREACHABLE", NULL, away);
  script_update(&s, script_task(&s, "low"), "A1", "TASK_UNREACHABLE", NULL, away);
  script_wait(&s, 61000);
  script_offer(&s, "O2", "A2");
  update(&s, "", "A2", "TASK_RUNNING");
  update(&s, "low", "A2", "TASK_RUNNING");
  script_delete(&s, "default/low", -1);
  update(&s, "low", "A2", "TASK_KILLED");
  update(&s, "", "A2", "TASK_KILLED");
  assert_true(shows(&s, "low", "\"phase\":\"Failed\"")); /* it waits for word from A1 */
  script_forget(&s);
  script_pod(&s, POD("high", "u3", "9"));
  rest(&s, "O3", "A2");
  assert_true(script_has(&s, "default/high: FailedScheduling"));
  assert_false(script_has(&s, "Nominated"));
  script_close(&s);
}

/* An agent that does not come back: after a while others are looked at. */
static void it_does_not_wait_for_ever(void **state) {
  (void)state;
  struct script s;
  char pause[256];
  open_preempting(&s, pause, sizeof pause);
  ends(&s, pause);
  restart(&s);
  script_forget(&s);
  script_wait(&s, 60000);
  rest(&s, "O4", "A2");
  assert_false(script_has(&s, "Preempted"));
  script_wait(&s, 10000);
  rest(&s, "O5", "A2");
  assert_true(script_has(&s, "middle: Preempted: Preempted by pod default/high on node A2.example"));
  assert_true(shows(&s, "high", "\"nominatedNodeName\":\"A2.example\""));
  restart(&s);
  assert_true(shows(&s, "high", "\"nominatedNodeName\":\"A2.example\""));
  script_close(&s);
}

/* Without its record a pod was taken up, and recorded again, though not its place: after one more crash it is
 * still known where it runs, and what ends for others when they need its room. */
static void one_that_was_taken_up_ends_for_another(void **state) {
  static const char copy[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
  (void)state;
  struct script s;
  struct k8sm_driver_options o = options();
  o.adopt_ms = 30000;
  script_open(&s, &o);
  s.heartbeats = true;
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_pod(&s, POD("low", "u1", "1"));
  script_update(&s, "u1.3..0.n1", "A1", "TASK_RUNNING", NULL, copy);
  script_update(&s, "u1.3.low.0.n1", "A1", "TASK_RUNNING", NULL, copy);
  assert_true(script_has(&s, "default/low: Adopted: attempt number 3, which runs on agent A1"));
  script_restart(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_wait(&s, 40000);
  script_pod(&s, POD("high", "u3", "9"));
  rest(&s, "O1", "A1");
  assert_true(script_has(&s, "low: Preempted: Preempted by pod default/high on node A1.example"));
  script_close(&s);
}

/* The rows of the pods that are placed nowhere, with another value of a member. */
static const struct drv_pod *restore_edited(struct script *s, const struct script *from, const char *name,
                                            const char *value) {
  static char bytes[16384];
  const struct k8sm_driver_options o = options();
  const struct script_row *row = NULL;
  for (size_t i = 0; i < from->row_count; i++) {
    if (strcmp(from->rows[i].key, "pod/u3") == 0) row = &from->rows[i];
  }
  assert_non_null(row);
  const char *at = strstr(row->bytes, name);
  assert_non_null(at);
  at += strlen(name);
  snprintf(bytes, sizeof bytes, "%.*s%s%s", (int)(at - row->bytes), row->bytes, value, strchr(at, ','));
  script_open(s, &o);
  script_step(s, (struct k8sm_input){
                     .type = K8SM_INPUT_RESTORE, .key = {"pod/u3", 6}, .bytes = {bytes, strlen(bytes)}});
  if (s->result != K8SM_OK) fail_msg("%s", s->findings);
  return s->driver->pods.slots[0];
}

/* A nomination is of some role on some agent, and for a time; else the pod waits as others do. */
static void a_part_of_a_nomination_is_none(void **state) {
  static const struct {
    const char *name, *value;
    bool nominated;
  } edits[] = {{"\"nominated_hostname\":", "\"\"", true},
               {"\"nominated_agent_id\":", "\"\"", false},
               {"\"nominated_role\":", "\"\"", false},
               {"\"nominated_until_ms\":", "5", false},
               {"\"nominated_until_ms\":", "9000000000000", true}}; /* but for an hour at most */
  char pause[256];
  struct script s;
  (void)state;
  open_preempting(&s, pause, sizeof pause);
  for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
    struct script other;
    const struct drv_pod *pod = restore_edited(&other, &s, edits[i].name, edits[i].value);
    if ((pod->nominee != NULL) != edits[i].nominated) fail_msg("%s%s", edits[i].name, edits[i].value);
    if (pod->nominee != NULL) assert_true(pod->nominee->until_ms <= other.now + 3600000);
    script_close(&other);
  }
  script_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_nomination_is_recorded_first),
      cmocka_unit_test(why_it_ends_is_recorded),
      cmocka_unit_test(nobody_else_ends_after_a_crash),
      cmocka_unit_test(what_has_ended_frees_nothing_more),
      cmocka_unit_test(it_does_not_wait_for_ever),
      cmocka_unit_test(one_that_was_taken_up_ends_for_another),
      cmocka_unit_test(a_part_of_a_nomination_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
