/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of the operations that make and destroy the volumes of claims: what it decides, what people
 * hear of it, and what is asked for. */
#include "driver/core.h"
#include "driver/state.h"
#include "sim/script_volumes.h"
#include "support/room.h"

/* The id of the operation of that kind in the last ACCEPT; "": it has none. */
static const char *id_in_accept(const struct script *s, const char *kind) {
  static char id[256];
  char start[32];
  snprintf(start, sizeof start, "\"k8sm.%s.", kind);
  const char *at = strstr(s->accept, start), *end = at == NULL ? NULL : strchr(at + 1, '"');
  snprintf(id, sizeof id, "%.*s", end == NULL ? 0 : (int)(end - at - 1), end == NULL ? "" : at + 1);
  return id;
}

/* agent, message, uuid NULL: it has none; else 16 letters. */
static void tell(struct script *s, const char *id, const char *agent, const char *state, const char *message,
                 const char *uuid) {
  char json[2048], parts[3][256] = {"", "", ""};
  if (agent != NULL) snprintf(parts[0], sizeof parts[0], ",\"agent_id\":{\"value\":\"%s\"}", agent);
  if (message != NULL) snprintf(parts[1], sizeof parts[1], ",\"message\":\"%s\"", message);
  if (uuid != NULL) snprintf(parts[2], sizeof parts[2], ",\"uuid\":{\"value\":\"%.21sA==\"}", uuid);
  snprintf(json, sizeof json,
           "{\"type\":\"UPDATE_OPERATION_STATUS\",\"update_operation_status\":{\"status\":{\"operation_id\":{"
           "\"value\":\"%s\"},\"state\":\"OPERATION_%s\"%s%s%s}}}",
           id, state, parts[0], parts[1], parts[2]);
  script_event(s, json);
}

#define UUID "AAAAAAAAAAAAAAAAAAAAA"

/* A pod whose ACCEPT went to A1, and is answered; nothing is heard of it. Returns the id of its CREATE. */
static void launch(struct script *s, const char *name, const char *uid, char create[256]) {
  assert_int_equal(give_pod(s, name, uid), K8SM_OK);
  offer(s, "O1", "A1", "");
  assert_true(makes_volume(s));
  snprintf(create, 256, "%s", id_in_accept(s, "create"));
  script_forget(s);
}

static const char *volume_row(struct script *s) {
  return row_of(s, "volume/default/data");
}

static bool row_says(struct script *s, const char *what) {
  return volume_row(s) != NULL && strstr(volume_row(s), what) != NULL;
}

/* RESERVE and CREATE of an attempt are named by what its pause task is, DESTROY and UNRESERVE by the offer.
 */
static void operations_on_volumes_have_ids(void **state) {
  struct script s;
  char create[256], pause[256];
  (void)state;
  open_script(&s);
  launch(&s, "p", "u1", create);
  snprintf(pause, sizeof pause, "k8sm.create.%s", script_task(&s, ""));
  assert_string_equal(create, pause);
  snprintf(pause, sizeof pause, "k8sm.reserve.%s", script_task(&s, ""));
  assert_string_equal(id_in_accept(&s, "reserve"), pause);
  snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
  update_all(&s, "A1", "TASK_RUNNING", BY_EXECUTOR);
  script_update(&s, script_task(&s, "c"), "A1", "TASK_FINISHED", "finished--------", BY_EXECUTOR);
  script_update(&s, pause, "A1", "TASK_KILLED", "killed----------", BY_EXECUTOR);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s("default/data")});
  offer(&s, "O2", "A1", volume);
  assert_string_equal(id_in_accept(&s, "destroy"), "k8sm.destroy.O2");
  assert_string_equal(id_in_accept(&s, "unreserve"), "k8sm.unreserve.O2");
  script_close(&s);
}

/* Where agents can't tell they have none, and nothing is asked for. */
static void operations_without_ids(void **state) {
  struct k8sm_driver_options o = volume_options();
  struct script s;
  (void)state;
  o.no_operation_feedback = 1;
  script_open(&s, &o);
  subscribe(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A1", "");
  assert_true(makes_volume(&s));
  assert_null(strstr(s.accept, "k8sm."));
  script_restart(&s, &o);
  subscribe(&s);
  script_wait(&s, 60000);
  assert_false(script_has(&s, "RECONCILE_OPERATIONS"));
  script_close(&s);
}

/* Where the volume is, is recorded before it is acknowledged: when the agent tells of it again. What is told
 * of others is acknowledged at once. */
static void an_end_is_recorded_and_then_acknowledged(void **state) {
  struct script s;
  char create[256], line[300];
  (void)state;
  open_script(&s);
  launch(&s, "p", "u1", create);
  snprintf(line, sizeof line, "> ACKNOWLEDGE_OPERATION_STATUS %s\n", id_in_accept(&s, "reserve"));
  tell(&s, id_in_accept(&s, "reserve"), "A1", "FINISHED", NULL, UUID);
  script_expect(&s, line);
  snprintf(line, sizeof line, "> ACKNOWLEDGE_OPERATION_STATUS %s\n", create);
  s.hold_records = true;
  tell(&s, create, "A1", "FINISHED", NULL, UUID);
  script_expect(&s, "record volume/default/data\n");
  assert_true(row_says(&s, "\"agent_id\":\"A1\",\"hostname\":\"A1.example\"") &&
              row_says(&s, "\"milli\":64000"));
  tell(&s, create, "A1", "FINISHED", NULL, UUID);
  script_expect(&s, "");
  s.hold_records = false;
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  tell(&s, create, "A1", "FINISHED", NULL, NULL); /* as an answer: it wants none */
  script_expect(&s, "");
  tell(&s, create, "A1", "FINISHED", NULL, UUID);
  script_expect(&s, line);
  script_close(&s);
}

/* It is known to be there: an agent that is away then has it, whatever nobody knows of the pod's tasks. */
static void an_end_that_comes_before_the_agent_is_away(void **state) {
  struct script s;
  char create[256];
  (void)state;
  open_script(&s);
  launch(&s, "p", "u1", create);
  tell(&s, create, "A1", "FINISHED", NULL, UUID);
  assert_true(row_says(&s, "\"supposed\":3"));
  update_all(&s, "A1", "TASK_UNREACHABLE", ",\"source\":\"SOURCE_MASTER\"");
  assert_true(row_says(&s, "\"supposed\":3"));
  script_close(&s);
}

/* That is true when the pod leaves the agent before it has offered the volume, too: nobody makes another one.
 */
static void an_end_counts_when_its_pod_is_gone(void **state) {
  struct script s;
  char create[256];
  (void)state;
  open_script(&s);
  launch(&s, "p", "u1", create);
  tell(&s, create, "A1", "FINISHED", NULL, UUID);
  update_all(&s, "A1", "TASK_UNREACHABLE", ",\"source\":\"SOURCE_MASTER\"");
  assert_int_equal(script_delete(&s, "u1", 0), K8SM_OK);
  assert_true(script_has(&s, "gone default/p"));
  script_forget(&s);
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  s.accept[0] = '\0';
  offer(&s, "O2", "A2", "");
  assert_false(makes_volume(&s) || launches(&s));
  offer(&s, "O3", "A1", volume);
  assert_true(launches(&s) && !makes_volume(&s));
  script_close(&s);
}

/* It was supposed to be there: now it is known, or is known not to be. */
static void an_end_decides_what_is_supposed(void **state) {
  static const struct {
    const char *state;
    const char *says; /* NULL: the row is gone */
  } CASES[] = {{"FINISHED", "\"supposed\":3"},
               {"DROPPED", NULL},
               {"FAILED", NULL},
               {"ERROR", "\"supposed\":1"},
               {"PENDING", "\"supposed\":1"},
               {"UNREACHABLE", "\"supposed\":1"},
               {"UNKNOWN", "\"supposed\":1"},
               {"RECOVERING", "\"supposed\":1"}};
  (void)state;
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    struct script s;
    char create[256];
    open_script(&s);
    launch(&s, "p", "u1", create);
    update_all(&s, "A1", "TASK_UNREACHABLE", ",\"source\":\"SOURCE_MASTER\"");
    assert_true(row_says(&s, "\"supposed\":1"));
    tell(&s, create, "A1", CASES[i].state, "why", NULL);
    if (CASES[i].says == NULL) {
      assert_null(volume_row(&s));
    } else {
      assert_true(row_says(&s, CASES[i].says));
    }
    script_close(&s);
  }
}

/* What is told of another attempt, another pod, or by an agent where it is not, decides nothing; it is
 * acknowledged. */
static void an_end_of_something_else(void **state) {
  struct script s;
  char create[256], other[300];
  (void)state;
  open_script(&s);
  launch(&s, "p", "u1", create);
  update_all(&s, "A1", "TASK_UNREACHABLE", ",\"source\":\"SOURCE_MASTER\"");
  script_forget(&s);
  snprintf(other, sizeof other, "%sx", create); /* of another process */
  const char *const ids[] = {"k8sm.create.u1.7..0.abc", other, "k8sm.create.u9.1..0.abc", "k8sm.create.what",
                             create};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    char line[400];
    tell(&s, ids[i], ids[i] == create ? "A2" : "A1", "DROPPED", NULL, NULL);
    script_forget(&s);
    tell(&s, ids[i], ids[i] == create ? "A2" : "A1", "FINISHED", NULL, UUID);
    snprintf(line, sizeof line, "> ACKNOWLEDGE_OPERATION_STATUS %s\n", ids[i]);
    script_expect(&s, line);
    assert_true(row_says(&s, "\"supposed\":1"));
  }
  tell(&s, create, NULL, "FINISHED", NULL, UUID); /* by nobody */
  script_expect(&s, "");
  script_close(&s);
}

/* A pod that has come there knows better, and one that is over lets go of its volume. */
static void an_end_that_comes_late(void **state) {
  (void)state;
  for (int over = 0; over < 2; over++) {
    struct script s;
    char create[256], pause[256];
    open_script(&s);
    launch(&s, "p", "u1", create);
    snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
    update_all(&s, "A1", "TASK_RUNNING", BY_EXECUTOR);
    assert_false(row_says(&s, "supposed"));
    if (!over) tell(&s, create, "A1", "DROPPED", NULL, NULL);
    assert_non_null(volume_row(&s));
    if (over) {
      script_update(&s, script_task(&s, "c"), "A1", "TASK_FINISHED", "finished--------", BY_EXECUTOR);
      script_update(&s, pause, "A1", "TASK_KILLED", "killed----------", BY_EXECUTOR);
      script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s("default/data")});
      offer(&s, "O2", "A1", volume);
      script_wait(&s, 12000);
      assert_null(volume_row(&s));
      tell(&s, create, "A1", "FINISHED", NULL, UUID);
      assert_null(volume_row(&s));
      assert_true(script_has(&s, "> ACKNOWLEDGE_OPERATION_STATUS k8sm.create."));
    }
    script_close(&s);
  }
}

/* People hear why, in Mesos' words: with the pod, or the offer. */
static void people_hear_why(void **state) {
  struct script s;
  char create[256], line[600];
  (void)state;
  open_script(&s);
  launch(&s, "p", "u1", create);
  const char *reserve = id_in_accept(&s, "reserve");
  tell(&s, reserve, NULL, "ERROR", "Not authorized to reserve resources as 'p'", NULL);
  snprintf(
      line, sizeof line,
      "event default/p: FailedOperation: RESERVE (%s) failed: Not authorized to reserve resources as 'p'\n",
      reserve);
  script_expect(&s, line);
  tell(&s, create, "A1", "DROPPED", NULL, NULL);
  snprintf(line, sizeof line, "event default/p: FailedOperation: CREATE (%s) never came to agent A1\n",
           create);
  script_expect(&s, line);
  tell(&s, "k8sm.destroy.O7", NULL, "ERROR", NULL, NULL);
  script_expect(&s, "event: FailedOperation: DESTROY (k8sm.destroy.O7) failed: Mesos does not say why\n");
  tell(&s, "k8sm.unreserve.O7", "A1", "FAILED", "x", NULL);
  script_expect(&s, "event: FailedOperation: UNRESERVE (k8sm.unreserve.O7) failed: x\n");
  script_close(&s);
}

/* Those under ids that are not ours are the host's. */
static void operations_of_the_host(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  tell(&s, "mine", "A1", "FINISHED", NULL, UUID);
  script_expect(&s, "foreign\n");
  tell(&s, "k8sm.create.", "A1", "FINISHED", NULL, UUID);
  script_expect(&s, "foreign\n");
  script_event(&s, "{\"type\":\"UPDATE_OPERATION_STATUS\",\"update_operation_status\":{\"status\":{\"state\":"
                   "\"OPERATION_FINISHED\"}}}");
  script_expect(&s, "foreign\n");
  script_event(&s, "{\"type\":\"UPDATE_OPERATION_STATUS\"}");
  assert_true(script_has(&s, "an event lacks what its type promises"));
  script_close(&s);
}

/* After each subscription those without an answer are asked for, by ids that are made of the record; and
 * again, after 10 s, 20 s and so on, while the master does not know yet. */
static void what_nobody_knows_is_asked_for(void **state) {
  struct script s;
  char create[256], line[300];
  (void)state;
  open_script(&s);
  launch(&s, "p", "u1", create);
  snprintf(line, sizeof line, "> RECONCILE_OPERATIONS %s\n", create);
  struct k8sm_driver_options o = volume_options();
  script_restart(&s, &o);
  s.heartbeats = s.quiet_status = true;
  script_tick(&s);
  script_subscribe(&s, "F1");
  assert_true(script_has(&s, line));
  script_forget(&s);
  script_wait(&s, 9000);
  assert_false(script_has(&s, line));
  script_wait(&s, 2000);
  assert_true(script_has(&s, line));
  tell(&s, create, "A1", "RECOVERING", NULL, NULL);
  script_forget(&s);
  script_wait(&s, 21000);
  assert_true(script_has(&s, line));
  tell(&s, create, "A1", "UNREACHABLE", NULL, NULL);
  script_forget(&s);
  script_wait(&s, 300000);
  assert_false(script_has(&s, line));
  script_end(&s); /* the subscription */
  script_wait(&s, 60000);
  script_subscribe(&s, "F1");
  assert_true(script_has(&s, line));
  script_close(&s);
}

/* Whose tasks have come there is known: nothing is asked for. Nor is what the master has not answered yet. */
static void what_is_known_is_not_asked_for(void **state) {
  struct k8sm_driver_options o = volume_options();
  struct script s;
  char create[256];
  (void)state;
  open_script(&s);
  launch(&s, "p", "u1", create);
  update_all(&s, "A1", "TASK_RUNNING", BY_EXECUTOR);
  script_end(&s);
  script_wait(&s, 60000);
  script_subscribe(&s, "F1");
  assert_false(script_has(&s, "RECONCILE_OPERATIONS"));
  script_restart(&s, &o);
  s.heartbeats = true;
  script_tick(&s);
  script_subscribe(&s, "F1");
  assert_true(script_has(&s, "RECONCILE_OPERATIONS")); /* the record does not say */
  update_all(&s, "A1", "TASK_RUNNING", BY_MASTER);
  tell(&s, create, "A1", "UNKNOWN", NULL, NULL);
  script_forget(&s);
  script_wait(&s, 1000000); /* and again with each run */
  assert_false(script_has(&s, "RECONCILE_OPERATIONS"));
  script_close(&s);
}

static void subscribe_again(struct script *s) {
  script_end(s);
  script_wait(s, 60000);
  script_forget(s);
  script_subscribe(s, "F1");
}

/* Nor of a pod that has no place, or whose tasks have ended, or of none where there was one. */
static void what_has_no_tasks_is_not_asked_for(void **state) {
  struct script s;
  char create[256], id[256];
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  const struct drv_pod *pod = k8smi_drv_pods_find(&s.driver->pods, k8smi_s("default/q"));
  snprintf(id, sizeof id, "k8sm.create.u2.0..0.%s", pod->nonce);
  tell(&s, id, "A1", "FINISHED", NULL, NULL);
  assert_null(volume_row(&s));
  subscribe_again(&s);
  assert_false(script_has(&s, "RECONCILE_OPERATIONS"));
  launch(&s, "p", "u1", create); /* it is q that the offer is for */
  update_all(&s, "A1", "TASK_ERROR",
             ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_TASK_GROUP_INVALID\"");
  subscribe_again(&s);
  assert_false(script_has(&s, "RECONCILE_OPERATIONS"));
  script_close(&s);
}

/* Where a pod was before, there is none; what the master does not know is missed as well. */
static void those_among_others_are_asked_for(void **state) {
  struct script s;
  char create[256], line[300];
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  assert_int_equal(script_delete(&s, "default/q", 0), K8SM_OK);
  offer(&s, "O1", "A1", "");
  snprintf(create, sizeof create, "%s", id_in_accept(&s, "create"));
  snprintf(line, sizeof line, "> RECONCILE_OPERATIONS %s\n", create);
  for (int i = 0; i < 2; i++) {
    subscribe_again(&s);
    assert_true(script_has(&s, line));
    update_all(&s, "A1", "TASK_UNKNOWN", ",\"source\":\"SOURCE_MASTER\"");
  }
  script_close(&s);
}

/* Its ACCEPT may not have come to the master yet. */
static void what_is_on_its_way_is_not_asked_for(void **state) {
  struct script s;
  char create[256];
  (void)state;
  open_script(&s);
  s.hold_calls = true;
  launch(&s, "p", "u1", create);
  script_wait(&s, 900000); /* the next run */
  assert_false(script_has(&s, "RECONCILE_OPERATIONS"));
  s.hold_calls = false;
  script_answer(&s, "ACCEPT", 202, "");
  script_wait(&s, 900000);
  assert_true(script_has(&s, "RECONCILE_OPERATIONS"));
  script_close(&s);
}

/* What memory lacks for comes again with the next subscription, or in the next step. */
static void operations_without_memory(void **state) {
  (void)state;
  for (size_t n = 1, failed = 1; failed; n++) {
    struct script s;
    char create[256];
    open_script(&s);
    launch(&s, "p", "u1", create);
    update_all(&s, "A1", "TASK_UNREACHABLE", ",\"source\":\"SOURCE_MASTER\"");
    room_forget(&s.driver->core.queue, &s.memory.allocator);
    s.memory.fail_at = s.memory.calls + n;
    tell(&s, create, "A1", "FINISHED", NULL, UUID);
    tell(&s, "k8sm.destroy.O9", "A1", "ERROR", "x", NULL);
    failed = s.memory.calls >= s.memory.fail_at;
    s.memory.fail_at = 0;
    script_wait(&s, 120000);
    if (s.stream != 0) tell(&s, create, "A1", "FINISHED", NULL, UUID);
    assert_true(row_says(&s, failed ? "supposed" : "\"supposed\":3"));
    script_close(&s);
  }
}

/* The same when they are asked for: in one of the next steps. */
static void asking_without_memory(void **state) {
  (void)state;
  for (size_t n = 1, failed = 1; failed; n++) {
    struct k8sm_driver_options o = volume_options();
    struct script s;
    char create[256];
    open_script(&s);
    launch(&s, "p", "u1", create);
    script_restart(&s, &o);
    s.heartbeats = s.quiet_status = true;
    script_tick(&s);
    s.memory.fail_at = s.memory.calls + n;
    script_subscribe(&s, "F1");
    failed = s.memory.calls >= s.memory.fail_at;
    s.memory.fail_at = 0;
    script_wait(&s, 30000);
    if (s.stream == 0 || script_has(&s, "memory ran out")) script_subscribe(&s, "F1");
    if (!script_has(&s, "> RECONCILE_OPERATIONS k8sm.create.u1.")) fail_msg("%zu: %s", n, s.trace);
    script_close(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operations_on_volumes_have_ids),
      cmocka_unit_test(operations_without_ids),
      cmocka_unit_test(an_end_is_recorded_and_then_acknowledged),
      cmocka_unit_test(an_end_that_comes_before_the_agent_is_away),
      cmocka_unit_test(an_end_counts_when_its_pod_is_gone),
      cmocka_unit_test(an_end_decides_what_is_supposed),
      cmocka_unit_test(an_end_of_something_else),
      cmocka_unit_test(an_end_that_comes_late),
      cmocka_unit_test(people_hear_why),
      cmocka_unit_test(operations_of_the_host),
      cmocka_unit_test(what_nobody_knows_is_asked_for),
      cmocka_unit_test(what_is_known_is_not_asked_for),
      cmocka_unit_test(what_has_no_tasks_is_not_asked_for),
      cmocka_unit_test(those_among_others_are_asked_for),
      cmocka_unit_test(what_is_on_its_way_is_not_asked_for),
      cmocka_unit_test(operations_without_memory),
      cmocka_unit_test(asking_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
