/* SPDX-License-Identifier: Apache-2.0 */
/* Startup probes: what starts in time lives, and what does not is killed; but not before all is heard.
 * https://kubernetes.io/docs/concepts/workloads/pods/probes/#startup-probe */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/life.h"

/* 5 + 3 × (2 + 1) seconds. */
#define PROBE                                                                                                \
  "'startupProbe':{'tcpSocket':{'port':1},'initialDelaySeconds':5,'periodSeconds':2,'failureThreshold':3}"
#define STARTUP(policy) "{'restartPolicy':'" policy "','containers':[{'name':'c','image':'i'," PROBE "}]}"
enum { STARTUP_MS = 14000 };

#define RESULT(is) "'check_status':{'type':'TCP','tcp':{'succeeded':" is "}}"
#define NEWS(is)   EXECUTOR ",'reason':'REASON_TASK_CHECK_STATUS_UPDATED'," RESULT(is)

static void startup_begin(struct life *l, const char *spec) {
  life_begin(l, spec);
  life_place(l);
  life_run(l, "", 0);
  life_run(l, "c", 0);
  assert_life(l, "Running(Running) c=R |");
}

static void startup_unheard(struct life *l) {
  life_change(l, K8SM_CHANGE_TICK, NULL, K8SM_TICK_UNHEARD);
}

/* The next time that something is due, from now on. */
static int64_t startup_due(const struct life *l) {
  uint64_t at = k8sm_status_deadline(l->status);
  return at == UINT64_MAX ? -1 : (int64_t)(at - l->now);
}

static void what_never_starts_is_killed(void **state) {
  (void)state;
  static const struct {
    const char *spec, *state, *end, *line;
  } cases[] = {
      {STARTUP("Always"), "KILLED", SIGNAL("Terminated"),
       "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1"},
      /* a failure, whatever it leaves */
      {STARTUP("OnFailure"), "KILLED", EXITED(0),
       "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1"},
      {STARTUP("Never"), "KILLED", SIGNAL("Killed"), "Failed(Error) c=T(137 Error) | kill:pause/0"},
      {STARTUP("Never"), "KILLED", EXITED(0), "Succeeded(Completed) c=T(0 Completed) | kill:pause/0"},
      /* it was done in the same moment */
      {STARTUP("OnFailure"), "FINISHED", EXITED(0), "Succeeded(Completed) c=T(0 Completed) | kill:pause/0"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct life l;
    startup_begin(&l, cases[i].spec);
    assert_int_equal(startup_due(&l), STARTUP_MS);
    life_update(&l, "c", 0, "RUNNING", NEWS("false"));
    life_tick(&l, STARTUP_MS - 1);
    assert_life(&l, "Running(Running) c=R |");
    life_tick(&l, 1);
    assert_life(&l, "Running(Running) c=R | kill:c/30");
    life_update(&l, "c", 0, "KILLING", EXECUTOR);
    life_update(&l, "c", 0, cases[i].state, cases[i].end);
    assert_life(&l, cases[i].line);
    life_end(&l);
  }
}

/* The process that had it killed died before that was recorded. */
static void a_kill_that_nobody_knows_of_is_the_probes(void **state) {
  (void)state;
  struct life l;
  startup_begin(&l, STARTUP("OnFailure"));
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1");
  life_end(&l);
  startup_begin(&l, STARTUP("OnFailure"));
  life_update(&l, "c", 0, "RUNNING", NEWS("true"));
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  assert_life(&l, "Succeeded(Completed) c=T(0 Completed) | kill:pause/0");
  life_end(&l);
}

static void each_instance_has_its_own_time(void **state) {
  (void)state;
  struct life l;
  startup_begin(&l, STARTUP("Always"));
  life_tick(&l, STARTUP_MS);
  life_update(&l, "c", 0, "KILLED", SIGNAL("Terminated"));
  life_launch(&l, "c", 1);
  life_tick(&l, 3600000); /* an image is pulled */
  life_run(&l, "c", 1);
  assert_life(&l, "Running(Running) c=R*1 |");
  assert_int_equal(startup_due(&l), STARTUP_MS);
  life_tick(&l, STARTUP_MS);
  assert_life(&l, "Running(Running) c=R*1 | kill:c/30");
  life_update(&l, "c", 1, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*1 | launch:c.2+10000");
  life_end(&l);
  /* and its own end: what became of the one before is no matter */
  startup_begin(&l, STARTUP("OnFailure"));
  life_tick(&l, STARTUP_MS);
  life_update(&l, "c", 0, "KILLED", SIGNAL("Terminated"));
  life_launch(&l, "c", 1);
  life_run(&l, "c", 1);
  assert_false(l.status->tasks[1].startup_failed);
  life_update(&l, "c", 1, "RUNNING", NEWS("true"));
  life_update(&l, "c", 1, "KILLED", EXITED(0));
  assert_life(&l, "Succeeded(Completed) c=T(0 Completed)*1 | kill:pause/0");
  life_end(&l);
}

static void what_starts_in_time_lives(void **state) {
  (void)state;
  struct life l;
  startup_begin(&l, STARTUP("Always"));
  life_update(&l, "c", 0, "RUNNING", NEWS("false"));
  life_tick(&l, STARTUP_MS - 1);
  life_update(&l, "c", 0, "RUNNING", NEWS("true"));
  assert_life(&l, "Running(Running) c=R+ |");
  assert_int_equal(startup_due(&l), -1);
  life_update(&l, "c", 0, "RUNNING", NEWS("false")); /* Mesos goes on asking */
  life_tick(&l, 3600000);
  assert_life(&l, "Running(Running) c=R+ |");
  life_end(&l);
}

/* A success may have come while nobody could hear it. */
static void nothing_is_concluded_before_all_is_heard(void **state) {
  (void)state;
  struct life l;
  startup_begin(&l, STARTUP("Always"));
  life_update(&l, "c", 0, "RUNNING", NEWS("false"));
  l.now += STARTUP_MS;
  startup_unheard(&l);
  assert_life(&l, "Running(Running) c=R |");
  assert_int_equal(startup_due(&l), 10000);
  l.now += 10000;
  startup_unheard(&l);
  assert_int_equal(startup_due(&l), 10000);
  /* A copy of what was heard before says nothing new; one of a success does, however old it is. */
  life_update(&l, "c", 0, "RUNNING", COPY "," RESULT("false"));
  assert_int_equal(startup_due(&l), 10000);
  life_update(&l, "c", 0, "RUNNING", COPY "," RESULT("true"));
  assert_life(&l, "Running(Running) c=R+ |");
  assert_int_equal(startup_due(&l), -1);
  life_end(&l);
  startup_begin(&l, STARTUP("Always"));
  l.now += STARTUP_MS;
  startup_unheard(&l);
  life_update(&l, "c", 0, "RUNNING", COPY "," RESULT("false"));
  life_tick(&l, 10000);
  assert_life(&l, "Running(Running) c=R | kill:c/30");
  life_end(&l);
}

/* It is due when something else happens: the next TICK comes at once. */
static void only_a_tick_lets_it_fail(void **state) {
  (void)state;
  struct life l;
  startup_begin(&l, STARTUP("Always"));
  l.now += STARTUP_MS + 500;
  life_update(&l, "c", 0, "RUNNING", NEWS("false"));
  assert_life(&l, "Running(Running) c=R |");
  assert_int_equal(startup_due(&l), -500);
  life_tick(&l, 0);
  assert_life(&l, "Running(Running) c=R | kill:c/30");
  life_end(&l);
}

static void what_is_out_of_reach_may_have_started(void **state) {
  (void)state;
  struct life l;
  startup_begin(&l, STARTUP("Always"));
  life_update(&l, "c", 0, "UNREACHABLE", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REMOVED'");
  assert_int_equal(startup_due(&l), -1);
  life_tick(&l, 600000);
  assert_life(&l, "Running(Running) c=R |");
  life_update(&l, "c", 0, "RUNNING", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REREGISTERED'");
  assert_int_equal(startup_due(&l), 10000);
  life_tick(&l, 10000);
  assert_life(&l, "Running(Running) c=R | kill:c/30");
  life_end(&l);
  /* away for a moment: it has the rest of its time */
  startup_begin(&l, STARTUP("Always"));
  life_tick(&l, 1000);
  life_update(&l, "c", 0, "UNREACHABLE", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REMOVED'");
  life_tick(&l, 1000);
  life_update(&l, "c", 0, "RUNNING", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REREGISTERED'");
  assert_int_equal(startup_due(&l), STARTUP_MS - 2000);
  life_end(&l);
}

/* It had started, and its agent could not tell: the kill is withdrawn, unless it is under way. */
static void what_has_started_all_the_same_is_spared(void **state) {
  (void)state;
  struct life l;
  startup_begin(&l, STARTUP("OnFailure"));
  life_tick(&l, STARTUP_MS);
  assert_life(&l, "Running(Running) c=R | kill:c/30");
  life_update(&l, "c", 0, "RUNNING", NEWS("true"));
  assert_life(&l, "Running(Running) c=R+ |");
  assert_int_equal(startup_due(&l), -1);
  /* one had come there: what it did is a failure */
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1");
  life_end(&l);
  startup_begin(&l, STARTUP("OnFailure"));
  life_tick(&l, STARTUP_MS);
  life_update(&l, "c", 0, "KILLING", EXECUTOR);
  life_update(&l, "c", 0, "KILLING", COPY "," RESULT("true"));
  assert_int_equal(l.status->tasks[1].kill, true);
  life_end(&l);
  startup_begin(&l, STARTUP("OnFailure"));
  life_tick(&l, STARTUP_MS);
  life_update(&l, "c", 0, "UNREACHABLE", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REMOVED'");
  life_tick(&l, 600000);
  life_update(&l, "c", 0, "RUNNING", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REREGISTERED'");
  assert_life(&l, "Running(Running) c=R |");
  life_tick(&l, 10000);
  assert_life(&l, "Running(Running) c=R | kill:c/30");
  /* a sign of life is no reason to hurry */
  life_tick(&l, 1000);
  life_update(&l, "c", 0, "RUNNING", COPY);
  assert_life(&l, "Running(Running) c=R | kill:c/30+9000");
  life_end(&l);
}

static void a_pod_that_ends_has_no_use_for_it(void **state) {
  (void)state;
  struct life l;
  startup_begin(&l, STARTUP("OnFailure"));
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 40);
  life_tick(&l, STARTUP_MS);
  assert_false(l.status->tasks[1].startup_failed);
  life_end(&l);
  /* deleted while it is killed: the shorter grace holds, and its own end counts */
  startup_begin(&l, STARTUP("OnFailure"));
  life_tick(&l, STARTUP_MS);
  assert_life(&l, "Running(Running) c=R | kill:c/30");
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 5);
  assert_life(&l, "Running(Terminating) c=R | kill:c/5 shutdown+5000");
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  assert_life(&l, "Succeeded(Completed) c=T(0 Completed) | kill:pause/0 shutdown+5000");
  life_end(&l);
}

static void a_sidecar_holds_the_next_stage_back(void **state) {
  (void)state;
  struct life l;
  life_begin(
      &l, "{'restartPolicy':'Never','initContainers':[{'name':'s','image':'i','restartPolicy':'Always'," PROBE
          "}],'containers':[{'name':'c','image':'i'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "s", 0);
  life_tick(&l, STARTUP_MS);
  assert_life(&l, "Pending(Init:0/1) s=R c=W(PodInitializing) | kill:s/30");
  life_update(&l, "s", 0, "KILLED", EXITED(0));
  assert_life(&l, "Pending(Init:0/1) s=W(PodInitializing) c=W(PodInitializing) | launch:s.1");
  life_end(&l);
}

/* Its monotonic times are of another clock; and a record of an older library has no such time. */
static void it_is_kept_in_the_record(void **state) {
  (void)state;
  struct life l;
  struct k8sm_blob *blob;
  struct k8sm_status *back;
  startup_begin(&l, STARTUP("Always"));
  assert_int_equal(k8sm_status_save(l.status, NULL, NULL, &blob), K8SM_OK);
  struct k8sm_slice bytes = k8sm_blob_bytes(blob);
  assert_int_equal(k8sm_status_load(l.demand, bytes.ptr, bytes.len, NULL, &back, NULL), K8SM_OK);
  k8sm_status_unref(l.status);
  l.status = back;
  const uint64_t gone = 6000, clock = 777000;
  struct k8sm_change tick = {.type = K8SM_CHANGE_TICK,
                             .number = K8SM_TICK_UNHEARD,
                             .mono_ms = clock,
                             .wall_ms = WALL + (int64_t)(l.now + gone)};
  assert_int_equal(k8sm_status_apply(l.status, &tick, sizeof tick, 1, NULL, &back, NULL), K8SM_OK);
  assert_true(k8sm_status_deadline(back) == clock + STARTUP_MS - gone);
  k8sm_status_unref(back);
  static const char member[] = "\"startup_mono_ms\"";
  char *old = strdup(bytes.ptr), *at = strstr(old, member);
  assert_non_null(at);
  at[1] = 'S'; /* as if it were not there */
  assert_int_equal(k8sm_status_load(l.demand, old, bytes.len, NULL, &back, NULL), K8SM_OK);
  k8sm_status_unref(l.status);
  l.status = back;
  tick.wall_ms += 3600000;
  assert_int_equal(k8sm_status_apply(l.status, &tick, sizeof tick, 1, NULL, &back, NULL), K8SM_OK);
  assert_true(k8sm_status_deadline(back) == UINT64_MAX);
  k8sm_status_unref(back);
  free(old);
  k8sm_blob_unref(blob);
  life_end(&l);
}

/* Mesos has one check for a task, which is that of readiness. */
static void readiness_may_stand_in_for_it(void **state) {
  (void)state;
  static const struct {
    const char *readiness;
    int64_t due_ms;
  } cases[] = {
      {"'tcpSocket':{'port':1},'periodSeconds':4,'initialDelaySeconds':3", STARTUP_MS + 3000 + 4000 + 2000},
      {"'tcpSocket':{'port':1},'timeoutSeconds':5,'periodSeconds':4", STARTUP_MS + 4000 + 10000},
      {"'tcpSocket':{'port':2}", -1},
      {"'httpGet':{'port':1}", -1},
      {"'exec':{'command':['true']}", -1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct life l;
    char spec[600];
    snprintf(spec, sizeof spec, "{'containers':[{'name':'c','image':'i'," PROBE ",'readinessProbe':{%s}}]}",
             cases[i].readiness);
    startup_begin(&l, spec);
    assert_int_equal(startup_due(&l), cases[i].due_ms);
    life_update(&l, "c", 0, "RUNNING", COPY "," RESULT("true"));
    assert_life(&l, "Running(Running) c=R |"); /* of its readiness a copy tells nothing */
    assert_int_equal(startup_due(&l), -1);
    life_update(&l, "c", 0, "RUNNING", NEWS("true"));
    assert_life(&l, "Running(Running) c=R+ |");
    life_end(&l);
  }
}

/* How long a probe gives. */
static void the_time_to_start_is_that_of_the_probe(void **state) {
  (void)state;
  static const struct {
    const char *container;
    int64_t seconds;
  } cases[] = {
      {"", 0},
      {",'startupProbe':{'tcpSocket':{'port':1}}", 3 * (10 + 1)},
      {",'startupProbe':{'tcpSocket':{'port':1},'timeoutSeconds':7,'failureThreshold':30}", 30 * (10 + 7)},
      {",'startupProbe':{'httpGet':{'port':1,'path':'/a'}},'readinessProbe':{'httpGet':{'port':1,'path':'/"
       "a'}}",
       33 + 10 + 2},
      {",'startupProbe':{'httpGet':{'port':1,'path':'/a'}},'readinessProbe':{'httpGet':{'port':1,'path':'/"
       "b'}}",
       0},
      {",'startupProbe':{'exec':{'command':['a','b']}},'readinessProbe':{'exec':{'command':['a','b']}}", 45},
      {",'startupProbe':{'exec':{'command':['a','b']}},'readinessProbe':{'exec':{'command':['a','c']}}", 0},
      {",'startupProbe':{'exec':{'command':['a','b']}},'readinessProbe':{'exec':{'command':['a']}}", 0},
      {",'startupProbe':{'tcpSocket':{'port':1},'timeoutSeconds':2},'readinessProbe':{'tcpSocket':{'port':1}"
       "}",
       0},
      {",'startupProbe':{'tcpSocket':{'port':1},'failureThreshold':2147483647,'periodSeconds':2147483647}",
       0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char spec[600];
    snprintf(spec, sizeof spec, "{'containers':[{'name':'c','image':'i'%s}]}", cases[i].container);
    struct k8sm_demand *d = pods_demand(spec, 0);
    assert_int_equal(d->tasks[1].startup_seconds, cases[i].seconds);
    k8sm_demand_unref(d);
  }
}

/* The machine has started again since: its clock began behind the time at which the probe was to have
 * succeeded, which is no reason to wait for ever. */
static void its_time_may_be_before_the_clock(void **state) {
  struct life l;
  struct k8sm_blob *row;
  struct k8sm_status *loaded;
  (void)state;
  startup_begin(&l, STARTUP("Always"));
  life_update(&l, "c", 0, "UNREACHABLE", "'source':'SOURCE_MASTER'");
  life_tick(&l, STARTUP_MS + 5000);
  assert_int_equal(k8sm_status_save(l.status, NULL, NULL, &row), K8SM_OK);
  const struct k8sm_slice bytes = k8sm_blob_bytes(row);
  assert_int_equal(k8sm_status_load(l.demand, bytes.ptr, bytes.len, NULL, &loaded, NULL), K8SM_OK);
  k8sm_blob_unref(row);
  k8sm_status_unref(l.status);
  l.status = loaded;
  l.now = 1000;
  life_tick(&l, 0);
  life_update(&l, "c", 0, "RUNNING", "'source':'SOURCE_MASTER','reason':'REASON_RECONCILIATION'");
  life_tick(&l, 20000);
  assert_life(&l, "Running(Running) c=R | kill:c/30");
  life_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_never_starts_is_killed),
      cmocka_unit_test(a_kill_that_nobody_knows_of_is_the_probes),
      cmocka_unit_test(each_instance_has_its_own_time),
      cmocka_unit_test(what_starts_in_time_lives),
      cmocka_unit_test(nothing_is_concluded_before_all_is_heard),
      cmocka_unit_test(only_a_tick_lets_it_fail),
      cmocka_unit_test(what_is_out_of_reach_may_have_started),
      cmocka_unit_test(what_has_started_all_the_same_is_spared),
      cmocka_unit_test(a_pod_that_ends_has_no_use_for_it),
      cmocka_unit_test(a_sidecar_holds_the_next_stage_back),
      cmocka_unit_test(it_is_kept_in_the_record),
      cmocka_unit_test(its_time_may_be_before_the_clock),
      cmocka_unit_test(readiness_may_stand_in_for_it),
      cmocka_unit_test(the_time_to_start_is_that_of_the_probe),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
