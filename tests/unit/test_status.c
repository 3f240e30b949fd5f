/* SPDX-License-Identifier: Apache-2.0 */
/* How pods start, run and start again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/life.h"

#define HEALTHY(is) EXECUTOR ",'reason':'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED','healthy':" is

static void a_pod_runs(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  assert_life(&l, "Pending(Pending) c=W(ContainerCreating) |");
  life_change(&l, K8SM_CHANGE_UNPLACED, "0/1 nodes are available: 1 Insufficient cpu.", 0);
  struct k8sm_status_summary summary = {.size = sizeof summary};
  assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
  assert_int_equal(summary.message.len, strlen("0/1 nodes are available: 1 Insufficient cpu."));
  life_place(&l);
  assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) |");
  life_run(&l, "", 0);
  assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) |");
  life_update(&l, "c", 0, "STARTING", EXECUTOR);
  assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) |");
  life_update(&l, "c", 0, "RUNNING", EXECUTOR);
  assert_life(&l, "Running(Running) c=R+ |");
  assert_true(k8sm_status_deadline(l.status) == UINT64_MAX);
  life_end(&l);
}

static void stages_follow_each_other(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, PODS_STAGES);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "setup", 0);
  assert_life(&l, "Pending(Init:0/2) setup=R proxy=W(PodInitializing) app=W(PodInitializing) |");
  life_update(&l, "setup", 0, "FINISHED", EXITED(0));
  assert_life(&l, "Pending(Init:1/2) setup=T(0 Completed) proxy=W(PodInitializing) app=W(PodInitializing) | "
                  "launch:proxy.0");
  life_launch(&l, "proxy", 0);
  assert_life(&l, "Pending(Init:1/2) setup=T(0 Completed) proxy=W(PodInitializing) app=W(PodInitializing) |");
  life_run(&l, "proxy", 0);
  assert_life(&l, "Pending(ContainerCreating) setup=T(0 Completed) proxy=R+ app=W(ContainerCreating) | "
                  "launch:app.0");
  life_launch(&l, "app", 0);
  life_run(&l, "app", 0);
  assert_life(&l, "Running(Running) setup=T(0 Completed) proxy=R+ app=R+ |");
  /* A sidecar that ends starts again, whatever it left with; the main goes on. */
  life_update(&l, "proxy", 0, "FINISHED", EXITED(0));
  assert_life(&l, "Running(Init:ContainerCreating) setup=T(0 Completed) proxy=W(ContainerCreating) app=R+ | "
                  "launch:proxy.1");
  life_end(&l);
}

static void an_init_container_is_tried_again(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, PODS_STAGES);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "setup", 0);
  life_update(&l, "setup", 0, "FAILED", EXITED(3));
  assert_life(&l,
              "Pending(Init:0/2) setup=W(PodInitializing) proxy=W(PodInitializing) app=W(PodInitializing) | "
              "launch:setup.1");
  life_launch(&l, "setup", 1);
  life_run(&l, "setup", 1);
  life_update(&l, "setup", 1, "FAILED", EXITED(3));
  assert_life(&l, "Pending(Init:CrashLoopBackOff) setup=W(CrashLoopBackOff)*1 proxy=W(PodInitializing) "
                  "app=W(PodInitializing) | launch:setup.2+10000");
  life_end(&l);
  life_begin(&l, "{'restartPolicy':'Never','initContainers':[{'name':'i'}],'containers':[{'name':'c'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "i", 0);
  life_update(&l, "i", 0, "FAILED", EXITED(1));
  assert_life(&l, "Failed(Init:Error) i=T(1 Error) c=W(PodInitializing) | kill:pause/0");
  life_update(&l, "", 0, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Failed(Init:Error) i=T(1 Error) c=W(PodInitializing) | done");
  life_end(&l);
}

static void restarts_back_off(void **state) {
  (void)state;
  static const int delays[] = {0, 10, 20, 40, 80, 160, 300, 300};
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  for (uint32_t i = 0; i < 8; i++) {
    char line[200], late[32] = "";
    if (i > 0) life_launch(&l, "c", i);
    life_run(&l, "c", i);
    life_update(&l, "c", i, "FAILED", EXITED(1));
    if (delays[i] > 0) snprintf(late, sizeof late, "+%d000", delays[i]);
    const char *reason = delays[i] > 0 ? "CrashLoopBackOff" : "ContainerCreating";
    char count[16] = "";
    if (i > 0) snprintf(count, sizeof count, "*%u", i);
    snprintf(line, sizeof line, "Running(%s) c=W(%s)%s | launch:c.%u%s", reason, reason, count, i + 1, late);
    assert_life(&l, line);
    if (delays[i] > 0) assert_true(k8sm_status_deadline(l.status) == l.now + (uint64_t)delays[i] * 1000);
    life_tick(&l, (uint64_t)delays[i] * 1000);
  }
  struct k8sm_container_status row;
  k8sm_status_containers(l.status, 0, &row, sizeof row, 1);
  const char *words = "back-off 5m0s restarting failed container=c pod=web_default(" PODS_UID ")";
  assert_int_equal(row.message.len, strlen(words));
  assert_memory_equal(row.message.ptr, words, row.message.len);
  assert_int_equal(row.exit_code, 1);
  /* Ten minutes of running are a new start. */
  life_launch(&l, "c", 8);
  life_run(&l, "c", 8);
  life_tick(&l, 600 * 1000);
  life_update(&l, "c", 8, "FAILED", SIGNAL("Killed"));
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating)*8 | launch:c.9");
  life_end(&l);
}

static void policies_decide_on_restarts(void **state) {
  (void)state;
  static const struct {
    const char *spec, *end, *line;
  } cases[] = {
      {ONE("Never"), "FINISHED", "Succeeded(Completed) c=T(0 Completed) | kill:pause/0"},
      {ONE("Never"), "FAILED", "Failed(Error) c=T(7 Error) | kill:pause/0"},
      {ONE("OnFailure"), "FINISHED", "Succeeded(Completed) c=T(0 Completed) | kill:pause/0"},
      {ONE("OnFailure"), "FAILED", "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1"},
      {ONE("Always"), "FINISHED", "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct life l;
    life_begin(&l, cases[i].spec);
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "c", 0);
    life_update(&l, "c", 0, cases[i].end, cases[i].end[1] == 'I' ? EXITED(0) : EXITED(7));
    assert_life(&l, cases[i].line);
    life_end(&l);
  }
}

static void ends_are_read_from_messages(void **state) {
  (void)state;
  static const struct {
    const char *state, *more;
    int32_t exit_code, signal;
    const char *reason, *message;
  } cases[] = {
      {"FINISHED", EXITED(0), 0, 0, "Completed", ""},
      {"FAILED", EXITED(127), 127, 0, "Error", ""},
      {"FAILED", SIGNAL("Segmentation fault (core dumped)"), 139, 11, "Error", ""},
      {"KILLED", SIGNAL("Terminated"), 143, 15, "Error", ""},
      {"KILLED", EXITED(0), 0, 0, "Completed", ""},
      {"FAILED", SIGNAL("Power failure"), 158, 30, "Error", ""},
      {"FAILED", SIGNAL("Real-time signal 3"), 165, 37, "Error", ""},
      {"FAILED", SIGNAL("Real-time signal 31"), 1, 0, "Error",
       "Command terminated with signal Real-time signal 31"},
      {"FAILED", SIGNAL("Real-time signal"), 1, 0, "Error",
       "Command terminated with signal Real-time signal"},
      {"FAILED",
       SIGNAL(
           "Killed: Memory limit exceeded: Requested: 40MB") ",'reason':'REASON_CONTAINER_LIMITATION_MEMORY'",
       137, 9, "OOMKilled", "Memory limit exceeded: Requested: 40MB"},
      {"FAILED",
       "'source':'SOURCE_AGENT','reason':'REASON_CONTAINER_LIMITATION_MEMORY','message':'Memory limit "
       "exceeded'",
       137, 9, "OOMKilled", "Memory limit exceeded"},
      {"FAILED", SIGNAL("Killed") ",'reason':'REASON_MAX_COMPLETION_TIME_REACHED'", 137, 9,
       "DeadlineExceeded", ""},
      {"FAILED", EXECUTOR ",'message':'what is this'", 1, 0, "Error", "what is this"},
      {"GONE", "'source':'SOURCE_MASTER','reason':'REASON_RECONCILIATION','message':'unknown to the agent'",
       137, 0, "ContainerStatusUnknown", "unknown to the agent"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct life l;
    struct k8sm_container_status row;
    life_begin(&l, ONE("Never"));
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "c", 0);
    l.now += 5000;
    life_update(&l, "c", 0, cases[i].state, cases[i].more);
    k8sm_status_containers(l.status, 0, &row, sizeof row, 1);
    assert_int_equal(row.state, K8SM_STATE_TERMINATED);
    assert_int_equal(row.exit_code, cases[i].exit_code);
    assert_int_equal(row.signal, cases[i].signal);
    assert_true(k8smi_eqs(row.reason, cases[i].reason));
    assert_true(k8smi_eqs(row.message, cases[i].message));
    assert_true(row.started_wall_ms == WALL + 1000 && row.finished_wall_ms == WALL + 6000);
    life_end(&l);
  }
}

static void what_never_started_is_tried_again(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Never"));
  life_place(&l);
  life_run(&l, "", 0);
  life_update(&l, "c", 0, "STARTING", EXECUTOR);
  life_update(&l, "c", 0, "FAILED", EXECUTOR ",'message':'Unsupported container image type: DOCKER'");
  assert_life(&l, "Pending(ErrImagePull) c=W(ErrImagePull) | launch:c.0+10000");
  struct k8sm_status_summary summary = {.size = sizeof summary};
  assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
  assert_true(k8smi_eqs(summary.message, "Unsupported container image type: DOCKER"));
  life_tick(&l, 10000);
  assert_life(&l, "Pending(ErrImagePull) c=W(ErrImagePull) | launch:c.0");
  struct k8sm_change again = {.type = K8SM_CHANGE_LAUNCHED, .text = K8SMI_S(PODS_UID ".0.c.0.n2")};
  assert_int_equal(life_apply(&l, &again, 1), K8SM_OK);
  assert_int_equal(life_send(&l, PODS_UID ".0.c.0.n2", "FAILED",
                             EXECUTOR ",'message':'Failed to find archive for image `x`'"),
                   K8SM_OK);
  assert_life(&l, "Pending(ImagePullBackOff) c=W(ImagePullBackOff) | launch:c.0+20000");
  life_tick(&l, 20000);
  again.text = K8SMI_S(PODS_UID ".0.c.0.n3");
  assert_int_equal(life_apply(&l, &again, 1), K8SM_OK);
  assert_int_equal(life_send(&l, PODS_UID ".0.c.0.n3", "RUNNING", EXECUTOR), K8SM_OK);
  assert_life(&l, "Running(Running) c=R+ |"); /* not a restart */
  life_end(&l);

  life_begin(&l, ONE("Never"));
  life_place(&l);
  life_run(&l, "", 0);
  life_update(&l, "c", 0, "DROPPED",
              "'source':'SOURCE_AGENT','reason':'REASON_GC_ERROR','message':'CPU limits'");
  assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) | launch:c.0+1000");
  life_tick(&l, 1000);
  again.text = K8SMI_S(PODS_UID ".0.c.0.n2");
  assert_int_equal(life_apply(&l, &again, 1), K8SM_OK);
  assert_int_equal(life_send(&l, PODS_UID ".0.c.0.n2", "ERROR",
                             "'source':'SOURCE_MASTER','reason':'REASON_TASK_GROUP_INVALID','message':'bad'"),
                   K8SM_OK);
  assert_life(&l, "Pending(CreateContainerError) c=W(CreateContainerError) | launch:c.0+10000");
  life_end(&l);
}

#define RULES(policy, rules)                                                                                 \
  "{'containers':[{'name':'c','restartPolicy':'" policy "','restartPolicyRules':[" rules "]}]}"
#define RULE(op, values) "{'action':'Restart','exitCodes':{'operator':'" op "','values':[" values "]}}"

/* The first rule that fits decides, then the container's policy; the pod's is Always here. */
static void rules_come_before_policies(void **state) {
  (void)state;
  static const struct {
    const char *spec;
    int code;
    bool restarts;
  } cases[] = {
      {RULES("Never", RULE("In", "42,43")), 42, true},
      {RULES("Never", RULE("In", "42,43")), 43, true},
      {RULES("Never", RULE("In", "42,43")), 7, false},
      {RULES("Never", RULE("In", "42") "," RULE("NotIn", "1,2")), 7, true},
      {RULES("Never", RULE("NotIn", "7")), 7, false},
      {RULES("Never", RULE("NotIn", "7")), 0, true},
      {RULES("Never", RULE("In", "")), 0, false},
      {RULES("Never", "{'action':'Restart'}"), 1, false},
      {RULES("OnFailure", RULE("In", "0")), 0, true},
      {RULES("OnFailure", RULE("In", "42")), 0, false},
      {RULES("OnFailure", RULE("In", "42")), 1, true},
      {"{'containers':[{'name':'c','restartPolicyRules':[" RULE("In", "42") "]}],'restartPolicy':'Never'}",
       42, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct life l;
    char more[200];
    life_begin(&l, cases[i].spec);
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "c", 0);
    snprintf(more, sizeof more, EXECUTOR ",'message':'Command exited with status %d'", cases[i].code);
    life_update(&l, "c", 0, cases[i].code == 0 ? "FINISHED" : "FAILED", more);
    assert_int_equal(strstr(life_look(&l), "launch:c.1") != NULL, cases[i].restarts);
    assert_int_equal(strstr(life_look(&l), "kill:pause/0") != NULL, !cases[i].restarts);
    life_end(&l);
  }
  /* One that may start again does when its health check has it killed. */
  struct life l;
  life_begin(&l, RULES("Never", RULE("In", "42")));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "RUNNING", HEALTHY("false"));
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1");
  life_end(&l);
}

/* Starts that failed and restarts are counted each for itself. */
static void back_offs_are_of_a_kind(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  static const int delays[] = {10, 20, 40, 80, 160, 300, 300};
  for (size_t i = 0; i < 7; i++) {
    char line[200];
    life_update(&l, "c", 0, "FAILED", EXECUTOR ",'message':'Failed to find archive for image `x`'");
    const char *reason = i == 0 ? "ErrImagePull" : "ImagePullBackOff";
    snprintf(line, sizeof line, "Pending(%s) c=W(%s) | launch:c.0+%d000", reason, reason, delays[i]);
    assert_life(&l, line);
    life_tick(&l, (uint64_t)delays[i] * 1000);
    life_launch(&l, "c", 0);
  }
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "FAILED", EXITED(1)); /* the first restart is immediate */
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1");
  life_launch(&l, "c", 1);
  life_run(&l, "c", 1);
  life_update(&l, "c", 1, "FAILED", EXITED(1));
  assert_life(&l, "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*1 | launch:c.2+10000");
  life_tick(&l, 10000);
  life_launch(&l, "c", 2);
  life_update(&l, "c", 2, "FAILED", EXECUTOR ",'message':'Failed to find archive for image `x`'");
  assert_life(&l, "Running(ErrImagePull) c=W(ErrImagePull)*1 | launch:c.2+10000");
  life_tick(&l, 10000);
  life_launch(&l, "c", 2);
  life_run(&l, "c", 2);
  life_update(&l, "c", 2, "FAILED", EXITED(1));
  assert_life(&l, "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*2 | launch:c.3+20000");
  life_end(&l);
}

static void assert_message(const struct life *l, const char *words) {
  struct k8sm_status_summary summary = {.size = sizeof summary};
  assert_int_equal(k8sm_status_summarize(l->status, &summary), K8SM_OK);
  assert_true(k8smi_eqs(summary.message, words));
}

/* The pod has its place; what waits for room there says so. */
static void a_restart_waits_for_room(void **state) {
  (void)state;
  struct life l;
  const char *full = "0/1 nodes are available: 1 Insufficient cpu.";
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  for (uint32_t i = 0; i < 2; i++) {
    if (i > 0) life_launch(&l, "c", i);
    life_run(&l, "c", i);
    life_update(&l, "c", i, "FAILED", EXITED(1));
  }
  life_change(&l, K8SM_CHANGE_UNPLACED, full, 0); /* an early look: what counts is its back-off */
  assert_life(&l, "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*1 | launch:c.2+10000");
  assert_message(&l, "back-off 10s restarting failed container=c pod=web_default(" PODS_UID ")");
  life_tick(&l, 10000);
  assert_life(&l, "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*1 | launch:c.2");
  assert_message(&l, full);
  assert_true(
      life_shows(&l, "'reason':'CrashLoopBackOff','message':'0/1 nodes are available: 1 Insufficient cpu.'"));
  assert_true(life_shows(&l, "'type':'PodScheduled','status':'True'"));
  life_launch(&l, "c", 2);
  assert_message(&l, "back-off 10s restarting failed container=c pod=web_default(" PODS_UID ")");
  life_run(&l, "c", 2);
  assert_message(&l, "");
  life_end(&l);
}

static void gates_hold_a_pod(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, "{'schedulingGates':[{'name':'example.com/quota'}],'containers':[{'name':'c'}]}");
  assert_life(&l, "Pending(SchedulingGated) c=W(ContainerCreating) |");
  life_change(&l, K8SM_CHANGE_UNPLACED, "waiting for scheduling gates: [example.com/quota]", 0);
  assert_life(&l, "Pending(SchedulingGated) c=W(ContainerCreating) |");
  assert_message(&l, "waiting for scheduling gates: [example.com/quota]");
  assert_true(life_shows(&l, "'reason':'SchedulingGated','message':'Scheduling is blocked due to non-empty "
                             "scheduling gates'"));
  life_end(&l);
}

/* In the message of Initialized: a sidecar that must start again is one of them, though its stage is over. */
static void who_is_not_initialized(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, "{'initContainers':[{'name':'s','restartPolicy':'Always'},{'name':'i'}],"
                 "'containers':[{'name':'c'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  assert_true(life_shows(&l, "'containers with incomplete status: [s i]'"));
  life_run(&l, "s", 0);
  assert_true(life_shows(&l, "'containers with incomplete status: [i]'"));
  life_update(&l, "s", 0, "FAILED", EXITED(1));
  assert_true(life_shows(&l, "'containers with incomplete status: [s i]'"));
  life_end(&l);
}

static void readiness_counts_after_its_threshold(void **state) {
  (void)state;
  struct life l;
#define CHECK(result)                                                                                        \
  EXECUTOR ",'reason':'REASON_TASK_CHECK_STATUS_UPDATED','check_status':{'type':'COMMAND'," result "}"
  life_begin(&l, "{'containers':[{'name':'c','readinessProbe':{'exec':{'command':['x']},'periodSeconds':5,"
                 "'failureThreshold':3,'successThreshold':2}}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_update(&l, "c", 0, "RUNNING", EXECUTOR ",'check_status':{'type':'COMMAND','command':{}}");
  assert_life(&l, "Running(Running) c=R |");
  life_update(&l, "c", 0, "RUNNING", CHECK("'command':{'exit_code':0}"));
  assert_life(&l, "Running(Running) c=R |");
  assert_true(k8sm_status_deadline(l.status) == l.now + 5000);
  life_tick(&l, 5000);
  assert_life(&l, "Running(Running) c=R+ |");
  life_update(&l, "c", 0, "RUNNING", CHECK("'command':{'exit_code':1}"));
  life_tick(&l, 9999);
  assert_life(&l, "Running(Running) c=R+ |");
  life_update(&l, "c", 0, "RUNNING", CHECK("'command':{'exit_code':0}")); /* just in time */
  life_tick(&l, 60000);
  assert_life(&l, "Running(Running) c=R+ |");
  life_update(&l, "c", 0, "RUNNING", CHECK("'command':{}")); /* a time-out */
  life_tick(&l, 10000);
  assert_life(&l, "Running(Running) c=R |");
  /* A copy tells nothing of the check. */
  life_update(&l, "c", 0, "RUNNING", COPY ",'check_status':{'type':'COMMAND','command':{'exit_code':0}}");
  life_tick(&l, 60000);
  assert_life(&l, "Running(Running) c=R |");
  life_end(&l);
}

static void a_startup_probe_holds_readiness_back(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, "{'containers':[{'name':'c','startupProbe':{'tcpSocket':{'port':1}}}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  assert_life(&l, "Running(Running) c=R |");
  life_update(&l, "c", 0, "RUNNING",
              EXECUTOR ",'reason':'REASON_TASK_CHECK_STATUS_UPDATED','check_status':{'type':'TCP',"
                       "'tcp':{'succeeded':true}}");
  assert_life(&l, "Running(Running) c=R+ |");
  life_update(&l, "c", 0, "RUNNING",
              EXECUTOR ",'reason':'REASON_TASK_CHECK_STATUS_UPDATED','check_status':{'type':'TCP',"
                       "'tcp':{'succeeded':false}}");
  life_tick(&l, 600000); /* Mesos goes on, which Kubernetes does not */
  assert_life(&l, "Running(Running) c=R+ |");
  life_end(&l);
}

/* Whatever the container leaves with when its health check has it killed, it has failed. */
static void liveness_failures_are_restarts(void **state) {
  (void)state;
  static const struct {
    const char *spec, *health, *end, *line;
  } cases[] = {
      {ONE("OnFailure"), HEALTHY("false"), SIGNAL("Terminated"),
       "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1"},
      {ONE("OnFailure"), HEALTHY("false"), EXITED(0),
       "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1"},
      {ONE("Never"), HEALTHY("false"), EXITED(0), "Succeeded(Completed) c=T(0 Completed) | kill:pause/0"},
      /* It has recovered; or another update repeats what was said of a neighbour: somebody else killed it. */
      {ONE("OnFailure"), HEALTHY("true"), EXITED(0), "Succeeded(Completed) c=T(0 Completed) | kill:pause/0"},
      {ONE("OnFailure"), EXECUTOR ",'healthy':false", EXITED(0),
       "Succeeded(Completed) c=T(0 Completed) | kill:pause/0"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct life l;
    char end[200];
    life_begin(&l, cases[i].spec);
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "c", 0);
    if (i == 3) life_update(&l, "c", 0, "RUNNING", HEALTHY("false"));
    life_update(&l, "c", 0, "RUNNING", cases[i].health);
    life_update(&l, "c", 0, "KILLING", EXECUTOR);
    snprintf(end, sizeof end, "%s,'healthy':false", cases[i].end); /* of the whole executor, from then on */
    life_update(&l, "c", 0, "KILLED", end);
    assert_life(&l, cases[i].line);
    life_end(&l);
  }
}

/* An unhealthy one that the pod's own end kills does not come back, and a later instance begins healthy. */
static void health_is_of_an_instance(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("OnFailure"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "RUNNING", HEALTHY("false"));
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  life_launch(&l, "c", 1);
  life_run(&l, "c", 1);
  life_update(&l, "c", 1, "KILLED", EXITED(0));
  assert_life(&l, "Succeeded(Completed) c=T(0 Completed)*1 | kill:pause/0");
  life_end(&l);
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "RUNNING", HEALTHY("false"));
  life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  assert_life(&l, "Succeeded(Completed) c=T(0 Completed) | kill:pause/0");
  life_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pod_runs),
      cmocka_unit_test(stages_follow_each_other),
      cmocka_unit_test(an_init_container_is_tried_again),
      cmocka_unit_test(restarts_back_off),
      cmocka_unit_test(policies_decide_on_restarts),
      cmocka_unit_test(ends_are_read_from_messages),
      cmocka_unit_test(what_never_started_is_tried_again),
      cmocka_unit_test(rules_come_before_policies),
      cmocka_unit_test(back_offs_are_of_a_kind),
      cmocka_unit_test(a_restart_waits_for_room),
      cmocka_unit_test(gates_hold_a_pod),
      cmocka_unit_test(who_is_not_initialized),
      cmocka_unit_test(readiness_counts_after_its_threshold),
      cmocka_unit_test(a_startup_probe_holds_readiness_back),
      cmocka_unit_test(liveness_failures_are_restarts),
      cmocka_unit_test(health_is_of_an_instance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
