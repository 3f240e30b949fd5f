/* SPDX-License-Identifier: Apache-2.0 */
/* Lives of pods, in virtual time. What is expected is written down from Kubernetes' and Mesos' rules, as
 * a line a step:
 *   PHASE(shown) name=W(reason) name=R name=R+ (ready) name=T(exit reason) name=…*2 (restarts) | actions
 * where actions are launch:name.restart, kill:name/grace, attempt, done, each with +milliseconds when it is
 * not due yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "status/status.h"
#include "support/failing.h"
#include "support/pods.h"

#define WALL INT64_C(1788000000000)

struct life {
  struct k8sm_demand *demand;
  struct k8sm_status *status;
  struct findings findings;
  uint64_t now;
  unsigned uuids;
};

static void life_begin(struct life *l, const char *spec) {
  memset(l, 0, sizeof *l);
  l->demand = pods_demand(spec, 0);
  assert_non_null(l->demand);
  assert_int_equal(k8sm_status_new(l->demand, NULL, &l->status, NULL), K8SM_OK);
  l->now = 1000;
}

static void life_end(struct life *l) {
  k8sm_status_unref(l->status);
  k8sm_demand_unref(l->demand);
}

static int life_apply(struct life *l, struct k8sm_change *changes, size_t n) {
  struct k8sm_status *next = NULL;
  for (size_t i = 0; i < n; i++) {
    changes[i].mono_ms = l->now;
    changes[i].wall_ms = WALL + (int64_t)l->now;
  }
  int result =
      k8sm_status_apply(l->status, changes, sizeof changes[0], n, NULL, &next, findings_init(&l->findings));
  if (result == K8SM_OK) {
    k8sm_status_unref(l->status);
    l->status = next;
  }
  return result;
}

static void life_change(struct life *l, uint32_t type, const char *text, int64_t number) {
  struct k8sm_change change = {
      .type = type, .text = k8smi_s(text), .agent_id = K8SMI_S("S1"), .number = number};
  assert_int_equal(life_apply(l, &change, 1), K8SM_OK);
}

static void life_tick(struct life *l, uint64_t ms) {
  l->now += ms;
  life_change(l, K8SM_CHANGE_TICK, NULL, 0);
}

static void life_id(const struct life *l, const char *container, uint32_t restart, char *text, size_t cap) {
  struct k8sm_task_id id = {K8SMI_S(PODS_UID), k8smi_s(container), K8SMI_S("n1"), l->status->demand->attempt,
                            restart};
  assert_true(k8sm_task_id_format(&id, text, cap) > 0);
}

static void life_launch(struct life *l, const char *container, uint32_t restart) {
  char id[256];
  life_id(l, container, restart, id, sizeof id);
  life_change(l, K8SM_CHANGE_LAUNCHED, id, 0);
}

/* An update: "RUNNING", and further members of TaskStatus. */
static int life_send(struct life *l, const char *id, const char *state, const char *more) {
  char text[2048];
  struct k8sm_change change = {.type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_JSON};
  snprintf(text, sizeof text,
           "{'type':'UPDATE','update':{'status':{'task_id':{'value':'%s'},'state':'TASK_%s',"
           "'agent_id':{'value':'S1'}%s%s}}}",
           id, state, more[0] == '\0' ? "" : ",", more);
  char *json = pods_json(text);
  change.text = k8smi_s(json);
  int result = life_apply(l, &change, 1);
  free(json);
  return result;
}

#define EXECUTOR     "'source':'SOURCE_EXECUTOR'"
#define EXITED(code) EXECUTOR ",'message':'Command exited with status " #code "'"
#define SIGNAL(name) EXECUTOR ",'message':'Command terminated with signal " name "'"
#define SANDBOX_LOST                                                                                         \
  "'source':'SOURCE_AGENT','reason':'REASON_EXECUTOR_TERMINATED','message':'Executor terminated'"
#define COPY                                                                                                 \
  "'source':'SOURCE_MASTER','reason':'REASON_RECONCILIATION','message':'Reconciliation: Latest task state'"

static void life_update(struct life *l, const char *container, uint32_t restart, const char *state,
                        const char *more) {
  char id[256];
  life_id(l, container, restart, id, sizeof id);
  assert_int_equal(life_send(l, id, state, more), K8SM_OK);
}

static void life_run(struct life *l, const char *container, uint32_t restart) {
  life_update(l, container, restart, "STARTING", EXECUTOR);
  life_update(l, container, restart, "RUNNING", EXECUTOR);
}

/* Placed, and the tasks of the first stage launched. */
static void life_place(struct life *l) {
  struct k8sm_demand_task tasks[8];
  size_t n = k8sm_demand_tasks(l->demand, 0, tasks, sizeof tasks[0], 8);
  life_change(l, K8SM_CHANGE_PLACED, "agent1.example", 0);
  for (size_t i = 0; i < n; i++) {
    if (!tasks[i].launch) continue;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)tasks[i].container.len, tasks[i].container.ptr);
    life_launch(l, name, 0);
  }
}

static const char *life_name(const struct life *l, uint32_t task, char *text) {
  struct k8sm_slice name = l->demand->tasks[task].container;
  snprintf(text, 64, "%.*s", (int)name.len, task == 0 ? "pause" : name.ptr);
  if (task == 0) strcpy(text, "pause");
  return text;
}

static void life_look_actions(const struct life *l, char *text, size_t cap) {
  struct k8sm_action rows[16];
  size_t n = k8sm_status_actions(l->status, 0, rows, sizeof rows[0], 16);
  for (size_t i = 0; i < n; i++) {
    char name[64], *to = text + strlen(text);
    size_t room = cap - strlen(text);
    if (rows[i].type == K8SM_ACTION_ACKNOWLEDGE) continue;
    if (rows[i].type == K8SM_ACTION_LAUNCH) {
      snprintf(to, room, " launch:%s.%u", life_name(l, rows[i].task, name), rows[i].restart);
    } else if (rows[i].type == K8SM_ACTION_KILL) {
      snprintf(to, room, " kill:%s/%d", life_name(l, rows[i].task, name), (int)rows[i].grace_seconds);
    } else {
      snprintf(to, room, rows[i].type == K8SM_ACTION_ATTEMPT ? " attempt" : " done");
    }
    if (rows[i].at_mono_ms <= l->now) continue;
    snprintf(text + strlen(text), cap - strlen(text), "+%d", (int)(rows[i].at_mono_ms - l->now));
  }
}

static const char *life_look(const struct life *l) {
  static char text[1024];
  struct k8sm_status_summary summary = {.size = sizeof summary};
  struct k8sm_container_status rows[8];
  assert_int_equal(k8sm_status_summarize(l->status, &summary), K8SM_OK);
  size_t n = k8sm_status_containers(l->status, 0, rows, sizeof rows[0], 8);
  snprintf(text, sizeof text, "%.*s(%.*s)", K8SMI_P(summary.phase), K8SMI_P(summary.shown));
  for (size_t i = 0; i < n; i++) {
    char *to = text + strlen(text);
    size_t room = sizeof text - strlen(text);
    snprintf(to, room, " %.*s=", K8SMI_P(rows[i].name));
    to += strlen(to);
    if (rows[i].state == K8SM_STATE_WAITING) snprintf(to, 200, "W(%.*s)", K8SMI_P(rows[i].reason));
    if (rows[i].state == K8SM_STATE_RUNNING) snprintf(to, 200, rows[i].ready ? "R+" : "R");
    if (rows[i].state == K8SM_STATE_TERMINATED) {
      snprintf(to, 200, "T(%d %.*s)", rows[i].exit_code, K8SMI_P(rows[i].reason));
    }
    if (rows[i].restarts > 0) snprintf(to + strlen(to), 20, "*%u", rows[i].restarts);
  }
  strcat(text, " |");
  life_look_actions(l, text, sizeof text);
  return text;
}

#define assert_life(l, line) assert_string_equal(life_look(l), line)

/* ---- Lives ---- */

#define ONE(policy) "{'restartPolicy':'" policy "','containers':[{'name':'c','image':'i'}]}"

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
  assert_life(&l, "Running(Running) setup=T(0 Completed) proxy=W(ContainerCreating) app=R+ | launch:proxy.1");
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
  assert_life(&l, "Failed(Init:Error) i=T(1 Error) c=W(PodInitializing) | kill:pause/30");
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
      {ONE("Never"), "FINISHED", "Succeeded(Completed) c=T(0 Completed) | kill:pause/30"},
      {ONE("Never"), "FAILED", "Failed(Error) c=T(7 Error) | kill:pause/30"},
      {ONE("OnFailure"), "FINISHED", "Succeeded(Completed) c=T(0 Completed) | kill:pause/30"},
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

static void an_accept_that_failed_is_a_new_attempt(void **state) {
  (void)state;
  struct life l;
  const char *invalid =
      "'source':'SOURCE_MASTER','reason':'REASON_INVALID_OFFERS','message':'no longer valid'";
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_update(&l, "", 0, "DROPPED", invalid);
  assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) | launch:pause.0+1000");
  life_update(&l, "c", 0, "DROPPED", invalid);
  assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) | attempt+1000");
  life_end(&l);
}

static void a_deleted_pod_dies_in_order(void **state) {
  (void)state;
  struct life l;
  life_begin(&l,
             "{'terminationGracePeriodSeconds':20,'initContainers':[{'name':'s1','restartPolicy':'Always'},"
             "{'name':'s2','restartPolicy':'Always'}],'containers':[{'name':'a'},{'name':'b'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  static const char *const names[] = {"s1", "s2", "a", "b"};
  for (size_t i = 0; i < 4; i++) {
    if (i > 0) life_launch(&l, names[i], 0);
    life_run(&l, names[i], 0);
  }
  assert_life(&l, "Running(Running) s1=R+ s2=R+ a=R+ b=R+ |");
  life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
  assert_life(&l, "Running(Terminating) s1=R+ s2=R+ a=R+ b=R+ | kill:a/20 kill:b/20");
  life_update(&l, "a", 0, "KILLING", EXECUTOR);
  l.now += 5000;
  life_update(&l, "a", 0, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Running(Terminating) s1=R+ s2=R+ a=T(143 Error) b=R+ | kill:b/20+5000");
  l.now += 1000;
  life_update(&l, "b", 0, "KILLED", EXITED(0));
  assert_life(&l, "Running(Terminating) s1=R+ s2=R+ a=T(143 Error) b=T(0 Completed) | kill:s2/14");
  l.now += 30000;
  life_update(&l, "s2", 0, "KILLED", SIGNAL("Killed"));
  assert_life(&l, "Running(Terminating) s1=R+ s2=T(137 Error) a=T(143 Error) b=T(0 Completed) | kill:s1/2");
  life_update(&l, "s1", 0, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Failed(Terminating) s1=T(143 Error) s2=T(137 Error) a=T(143 Error) b=T(0 Completed) | "
                  "kill:pause/2");
  life_update(&l, "", 0, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Failed(Error) s1=T(143 Error) s2=T(137 Error) a=T(143 Error) b=T(0 Completed) | done");
  struct k8sm_status_summary summary = {.size = sizeof summary};
  assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
  assert_int_equal(summary.finished, 1);
  life_end(&l);
}

static void kills_are_repeated(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_update(&l, "c", 0, "STARTING", EXECUTOR);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 5);
  assert_life(&l, "Pending(Terminating) c=W(ContainerCreating) | kill:c/5");
  assert_true(k8sm_status_deadline(l.status) == UINT64_MAX); /* it is due: carried out, then told */
  life_tick(&l, 1);
  assert_life(&l, "Pending(Terminating) c=W(ContainerCreating) | kill:c/5+9999");
  assert_true(k8sm_status_deadline(l.status) == l.now + 9999);
  life_tick(&l, 9999);
  assert_life(&l, "Pending(Terminating) c=W(ContainerCreating) | kill:c/5");
  /* A KILL while a container is launched is lost: the next state asks for it again. */
  life_update(&l, "c", 0, "RUNNING", EXECUTOR);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/5");
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 0);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/0");
  life_update(&l, "c", 0, "KILLING", EXECUTOR);
  life_tick(&l, 1);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/0+9999");
  life_end(&l);
}

static void a_pod_deleted_early(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
  assert_life(&l, "Failed(Failed) c=W(ContainerCreating) | done");
  life_end(&l);
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
  assert_life(&l, "Pending(Terminating) c=W(ContainerCreating) | kill:c/30");
  life_update(&l, "c", 0, "KILLED", EXECUTOR ",'reason':'REASON_TASK_KILLED_DURING_LAUNCH'");
  assert_life(&l, "Pending(Terminating) c=W(ContainerCreating) | kill:pause/30");
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Failed(Failed) c=W(ContainerCreating) | done");
  life_end(&l);
  /* In a back-off it has ended already: only the pause task is left. */
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "FAILED", EXITED(4));
  life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
  assert_life(&l, "Failed(Terminating) c=T(4 Error) | kill:pause/30");
  life_end(&l);
}

static void the_pause_task_is_replanted(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "", 0, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Running(Running) c=R+ | launch:pause.1");
  life_launch(&l, "", 1);
  life_run(&l, "", 1);
  assert_life(&l, "Running(Running) c=R+ |");
  life_end(&l);
}

static void next_attempt(struct life *l, uint32_t attempt) {
  struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1", .attempt = attempt};
  struct k8sm_demand *demand = NULL;
  assert_int_equal(k8sm_demand_make(l->demand->pod, &options, &demand, NULL), K8SM_OK);
  struct k8sm_change change = {.type = K8SM_CHANGE_ATTEMPT, .demand = demand};
  assert_int_equal(life_apply(l, &change, 1), K8SM_OK);
  k8sm_demand_unref(l->demand);
  l->demand = demand;
}

static void a_lost_sandbox_is_a_new_attempt(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, PODS_STAGES);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "setup", 0);
  life_update(&l, "setup", 0, "FINISHED", EXITED(0));
  life_launch(&l, "proxy", 0);
  life_run(&l, "proxy", 0);
  life_update(&l, "proxy", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Pending(ContainerCreating) setup=T(0 Completed) proxy=W(ContainerCreating) "
                  "app=W(ContainerCreating) |"); /* nothing is launched into it any more */
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Pending(ContainerCreating) setup=T(0 Completed) proxy=W(ContainerCreating) "
                  "app=W(ContainerCreating) | attempt");
  next_attempt(&l, 1);
  assert_life(&l,
              "Pending(Pending) setup=W(PodInitializing) proxy=W(PodInitializing) app=W(PodInitializing) |");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "setup", 0);
  assert_life(&l, "Pending(Init:0/2) setup=R proxy=W(PodInitializing) app=W(PodInitializing) |");
  /* The former sandbox comes back: its tasks are killed. */
  assert_int_equal(life_send(&l, PODS_UID ".0.proxy.0.n1", "RUNNING",
                             "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REREGISTERED'"),
                   K8SM_OK);
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_UPDATE_STALE);
  struct k8sm_action action;
  assert_int_equal(k8sm_status_actions(l.status, 0, &action, sizeof action, 1), 1);
  assert_int_equal(action.type, K8SM_ACTION_KILL);
  assert_true(k8smi_eqs(action.task_id, PODS_UID ".0.proxy.0.n1"));
  assert_int_equal(life_send(&l, PODS_UID ".0.proxy.0.n1", "KILLED", SIGNAL("Killed")), K8SM_OK);
  assert_int_equal(k8sm_status_actions(l.status, 0, NULL, 0, 0), 0);
  /* Lost again and again: attempts back off. */
  life_update(&l, "setup", 0, "FAILED", SANDBOX_LOST);
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l,
              "Pending(Init:0/2) setup=W(PodInitializing) proxy=W(PodInitializing) app=W(PodInitializing) | "
              "attempt+10000");
  assert_true(k8sm_status_deadline(l.status) == l.now + 10000);
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
  life_end(&l);
}

static void liveness_failures_are_restarts(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("OnFailure"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "RUNNING",
              EXECUTOR ",'reason':'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED','healthy':false");
  life_update(&l, "c", 0, "KILLING", EXECUTOR);
  life_update(&l, "c", 0, "KILLED", SIGNAL("Terminated") ",'healthy':false");
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1");
  life_end(&l);
}

static void late_news_change_nothing(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_update(&l, "c", 0, "RUNNING", EXECUTOR ",'uuid':'AAAA'");
  assert_int_equal(l.findings.diags.count, 0);
  life_update(&l, "c", 0, "RUNNING", EXECUTOR ",'uuid':'AAAA'"); /* the agent did not get our answer */
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_UPDATE_STALE);
  struct k8sm_action action;
  assert_int_equal(k8sm_status_actions(l.status, 0, &action, sizeof action, 1), 1);
  assert_int_equal(action.type, K8SM_ACTION_ACKNOWLEDGE);
  assert_int_equal(action.uuid.len, 3);
  assert_memory_equal(action.uuid.ptr, "\0\0\0", 3);
  life_update(&l, "c", 0, "STARTING", COPY); /* a copy lags behind */
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_UPDATE_STALE);
  assert_life(&l, "Running(Running) c=R+ |");
  life_update(&l, "c", 0, "FAILED", EXITED(1) ",'uuid':'AAAB'");
  life_update(&l, "c", 0, "RUNNING", COPY);
  life_update(&l, "c", 0, "FAILED", EXITED(1) ",'uuid':'AAAB'");
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_UPDATE_STALE);
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1");
  assert_int_equal(life_send(&l, "somebody-elses", "RUNNING", EXECUTOR ",'uuid':'AAAA'"), K8SM_OK);
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_UPDATE_FOREIGN);
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1");
  life_end(&l);
}

static void what_runs_is_adopted(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_update(&l, "", 0, "RUNNING", COPY);
  life_update(&l, "c", 3, "RUNNING", COPY);
  assert_life(&l, "Running(Running) c=R+ |");
  struct k8sm_status_summary summary = {.size = sizeof summary};
  assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
  assert_true(k8smi_eqs(summary.agent_id, "S1"));
  life_end(&l);
}

static void an_unreachable_pod_keeps_its_states(void **state) {
  (void)state;
  struct life l;
  struct k8sm_blob *blob = NULL;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "UNREACHABLE", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REMOVED'");
  assert_life(&l, "Running(Running) c=R+ |");
  assert_int_equal(k8sm_status_encode(l.status, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
  assert_non_null(strstr(k8sm_blob_bytes(blob).ptr, "\"reason\":\"NodeStatusUnknown\""));
  k8sm_blob_unref(blob);
  life_update(&l, "c", 0, "RUNNING", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REREGISTERED'");
  assert_int_equal(k8sm_status_encode(l.status, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
  assert_null(strstr(k8sm_blob_bytes(blob).ptr, "NodeStatusUnknown"));
  k8sm_blob_unref(blob);
  life_end(&l);
}

static void active_deadlines_end_pods(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, "{'activeDeadlineSeconds':60,'containers':[{'name':'c'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  assert_true(k8sm_status_deadline(l.status) == 61000);
  life_tick(&l, 59999);
  assert_life(&l, "Running(Running) c=R+ |");
  life_tick(&l, 1);
  assert_life(&l, "Failed(DeadlineExceeded) c=R+ | kill:c/30");
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  life_update(&l, "", 0, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Failed(DeadlineExceeded) c=T(0 Completed) | done");
  life_end(&l);
}

/* ---- Forms ---- */

static void the_status_of_kubernetes(void **state) {
  (void)state;
  struct life l;
  struct k8sm_blob *blob = NULL;
  life_begin(&l, "{'restartPolicy':'Always','initContainers':[{'name':'i','image':'i:1'}],"
                 "'containers':[{'name':'z','image':'z:1'},{'name':'a','image':'a:1'}]}");
  life_change(&l, K8SM_CHANGE_UNPLACED, "0/1 nodes are available: 1 Insufficient cpu.", 0);
  assert_int_equal(k8sm_status_encode(l.status, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
  char *json =
      pods_json("{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False',"
                "'lastProbeTime':null,'lastTransitionTime':'2026-08-29T10:40:01Z',"
                "'reason':'Unschedulable','message':'0/1 nodes are available: 1 Insufficient cpu.'}],"
                "'qosClass':'BestEffort'}");
  assert_string_equal(k8sm_blob_bytes(blob).ptr, json);
  free(json);
  k8sm_blob_unref(blob);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "i", 0);
  l.now += 2000;
  life_update(&l, "i", 0, "FINISHED", EXITED(0));
  life_launch(&l, "z", 0);
  life_launch(&l, "a", 0);
  l.now += 1000;
  life_update(&l, "z", 0, "RUNNING",
              EXECUTOR
              ",'timestamp':1788000004.5,'container_status':{'container_id':{'value':'C1',"
              "'parent':{'value':'P'}},'network_infos':[{'ip_addresses':[{'ip_address':'10.1.2.3'}]}]}");
  assert_int_equal(k8sm_status_encode(l.status, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
#define CONDITION(type, status, second, more)                                                                \
  "{'type':'" type "','status':'" status "','lastProbeTime':null,"                                           \
  "'lastTransitionTime':'2026-08-29T10:40:0" second "Z'" more "}"
  json = pods_json("{'phase':'Pending','conditions':[" CONDITION(
      "PodReadyToStartContainers", "True", "1",
      "") "," CONDITION("Initialized", "True", "3",
                        "") "," CONDITION("Ready", "False", "1",
                                          ",'reason':'ContainersNotReady','message':'containers with unready "
                                          "status: [a]'") "," CONDITION("ContainersReady", "False", "1",
                                                                        ",'reason':'ContainersNotReady','"
                                                                        "message':'containers with unready "
                                                                        "status: [a]'") "," CONDITION("PodSch"
                                                                                                      "edule"
                                                                                                      "d",
                                                                                                      "True",
                                                                                                      "1",
                                                                                                      "") "],"
                                                                                                          "'h"
                                                                                                          "os"
                                                                                                          "tI"
                                                                                                          "P'"
                                                                                                          ":'"
                                                                                                          "10"
                                                                                                          ".1"
                                                                                                          ".2"
                                                                                                          ".3"
                                                                                                          "',"
                                                                                                          "'h"
                                                                                                          "os"
                                                                                                          "tI"
                                                                                                          "Ps"
                                                                                                          "':"
                                                                                                          "[{"
                                                                                                          "'i"
                                                                                                          "p'"
                                                                                                          ":'"
                                                                                                          "10"
                                                                                                          ".1"
                                                                                                          ".2"
                                                                                                          ".3"
                                                                                                          "'}"
                                                                                                          "],"
                                                                                                          "'p"
                                                                                                          "od"
                                                                                                          "IP"
                                                                                                          "':"
                                                                                                          "'1"
                                                                                                          "0."
                                                                                                          "1."
                                                                                                          "2."
                                                                                                          "3'"
                                                                                                          ",'"
                                                                                                          "po"
                                                                                                          "dI"
                                                                                                          "Ps"
                                                                                                          "':"
                                                                                                          "[{"
                                                                                                          "'i"
                                                                                                          "p'"
                                                                                                          ":'"
                                                                                                          "10"
                                                                                                          ".1"
                                                                                                          ".2"
                                                                                                          ".3"
                                                                                                          "'}"
                                                                                                          "],"
                                                                                                          "'s"
                                                                                                          "ta"
                                                                                                          "rt"
                                                                                                          "Ti"
                                                                                                          "me"
                                                                                                          "':"
                                                                                                          "'2"
                                                                                                          "02"
                                                                                                          "6-"
                                                                                                          "08"
                                                                                                          "-2"
                                                                                                          "9T"
                                                                                                          "10"
                                                                                                          ":4"
                                                                                                          "0:"
                                                                                                          "01"
                                                                                                          "Z'"
                                                                                                          ","
                                                                                                          "'i"
                                                                                                          "ni"
                                                                                                          "tC"
                                                                                                          "on"
                                                                                                          "ta"
                                                                                                          "in"
                                                                                                          "er"
                                                                                                          "St"
                                                                                                          "at"
                                                                                                          "us"
                                                                                                          "es"
                                                                                                          "':"
                                                                                                          "[{"
                                                                                                          "'n"
                                                                                                          "am"
                                                                                                          "e'"
                                                                                                          ":'"
                                                                                                          "i'"
                                                                                                          ",'"
                                                                                                          "st"
                                                                                                          "at"
                                                                                                          "e'"
                                                                                                          ":{"
                                                                                                          "'t"
                                                                                                          "er"
                                                                                                          "mi"
                                                                                                          "na"
                                                                                                          "te"
                                                                                                          "d'"
                                                                                                          ":{"
                                                                                                          "'e"
                                                                                                          "xi"
                                                                                                          "tC"
                                                                                                          "od"
                                                                                                          "e'"
                                                                                                          ":0"
                                                                                                          ",'"
                                                                                                          "re"
                                                                                                          "as"
                                                                                                          "on"
                                                                                                          "':"
                                                                                                          "'C"
                                                                                                          "om"
                                                                                                          "pl"
                                                                                                          "et"
                                                                                                          "ed"
                                                                                                          "',"
                                                                                                          "'s"
                                                                                                          "ta"
                                                                                                          "rt"
                                                                                                          "ed"
                                                                                                          "At"
                                                                                                          "':"
                                                                                                          "'2"
                                                                                                          "02"
                                                                                                          "6-"
                                                                                                          "08"
                                                                                                          "-2"
                                                                                                          "9T"
                                                                                                          "10"
                                                                                                          ":4"
                                                                                                          "0:"
                                                                                                          "01"
                                                                                                          "Z'"
                                                                                                          ",'"
                                                                                                          "fi"
                                                                                                          "ni"
                                                                                                          "sh"
                                                                                                          "ed"
                                                                                                          "At"
                                                                                                          "':"
                                                                                                          "'2"
                                                                                                          "02"
                                                                                                          "6-"
                                                                                                          "08"
                                                                                                          "-2"
                                                                                                          "9T"
                                                                                                          "10"
                                                                                                          ":4"
                                                                                                          "0:"
                                                                                                          "03"
                                                                                                          "Z'"
                                                                                                          "}}"
                                                                                                          ",'"
                                                                                                          "la"
                                                                                                          "st"
                                                                                                          "St"
                                                                                                          "at"
                                                                                                          "e'"
                                                                                                          ":{"
                                                                                                          "},"
                                                                                                          "'r"
                                                                                                          "ea"
                                                                                                          "dy"
                                                                                                          "':"
                                                                                                          "tr"
                                                                                                          "ue"
                                                                                                          ","
                                                                                                          "'r"
                                                                                                          "es"
                                                                                                          "ta"
                                                                                                          "rt"
                                                                                                          "Co"
                                                                                                          "un"
                                                                                                          "t'"
                                                                                                          ":0"
                                                                                                          ",'"
                                                                                                          "im"
                                                                                                          "ag"
                                                                                                          "e'"
                                                                                                          ":'"
                                                                                                          "i:"
                                                                                                          "1'"
                                                                                                          ",'"
                                                                                                          "im"
                                                                                                          "ag"
                                                                                                          "eI"
                                                                                                          "D'"
                                                                                                          ":'"
                                                                                                          "',"
                                                                                                          "'s"
                                                                                                          "ta"
                                                                                                          "rt"
                                                                                                          "ed"
                                                                                                          "':"
                                                                                                          "fa"
                                                                                                          "ls"
                                                                                                          "e}"
                                                                                                          "],"
                                                                                                          "'c"
                                                                                                          "on"
                                                                                                          "ta"
                                                                                                          "in"
                                                                                                          "er"
                                                                                                          "St"
                                                                                                          "at"
                                                                                                          "us"
                                                                                                          "es"
                                                                                                          "':"
                                                                                                          "[{"
                                                                                                          "'n"
                                                                                                          "am"
                                                                                                          "e'"
                                                                                                          ":'"
                                                                                                          "a'"
                                                                                                          ",'"
                                                                                                          "st"
                                                                                                          "at"
                                                                                                          "e'"
                                                                                                          ":{"
                                                                                                          "'w"
                                                                                                          "ai"
                                                                                                          "ti"
                                                                                                          "ng"
                                                                                                          "':"
                                                                                                          "{'"
                                                                                                          "re"
                                                                                                          "as"
                                                                                                          "on"
                                                                                                          "':"
                                                                                                          "'C"
                                                                                                          "on"
                                                                                                          "ta"
                                                                                                          "in"
                                                                                                          "er"
                                                                                                          "Cr"
                                                                                                          "ea"
                                                                                                          "ti"
                                                                                                          "ng"
                                                                                                          "'}"
                                                                                                          "},"
                                                                                                          "'l"
                                                                                                          "as"
                                                                                                          "tS"
                                                                                                          "ta"
                                                                                                          "te"
                                                                                                          "':"
                                                                                                          "{}"
                                                                                                          ","
                                                                                                          "'r"
                                                                                                          "ea"
                                                                                                          "dy"
                                                                                                          "':"
                                                                                                          "fa"
                                                                                                          "ls"
                                                                                                          "e,"
                                                                                                          "'r"
                                                                                                          "es"
                                                                                                          "ta"
                                                                                                          "rt"
                                                                                                          "Co"
                                                                                                          "un"
                                                                                                          "t'"
                                                                                                          ":0"
                                                                                                          ",'"
                                                                                                          "im"
                                                                                                          "ag"
                                                                                                          "e'"
                                                                                                          ":'"
                                                                                                          "a:"
                                                                                                          "1'"
                                                                                                          ",'"
                                                                                                          "im"
                                                                                                          "ag"
                                                                                                          "eI"
                                                                                                          "D'"
                                                                                                          ":'"
                                                                                                          "',"
                                                                                                          "'s"
                                                                                                          "ta"
                                                                                                          "rt"
                                                                                                          "ed"
                                                                                                          "':"
                                                                                                          "fa"
                                                                                                          "ls"
                                                                                                          "e}"
                                                                                                          ","
                                                                                                          "{'"
                                                                                                          "na"
                                                                                                          "me"
                                                                                                          "':"
                                                                                                          "'z"
                                                                                                          "',"
                                                                                                          "'s"
                                                                                                          "ta"
                                                                                                          "te"
                                                                                                          "':"
                                                                                                          "{'"
                                                                                                          "ru"
                                                                                                          "nn"
                                                                                                          "in"
                                                                                                          "g'"
                                                                                                          ":{"
                                                                                                          "'s"
                                                                                                          "ta"
                                                                                                          "rt"
                                                                                                          "ed"
                                                                                                          "At"
                                                                                                          "':"
                                                                                                          "'2"
                                                                                                          "02"
                                                                                                          "6-"
                                                                                                          "08"
                                                                                                          "-2"
                                                                                                          "9T"
                                                                                                          "10"
                                                                                                          ":4"
                                                                                                          "0:"
                                                                                                          "04"
                                                                                                          "Z'"
                                                                                                          "}}"
                                                                                                          ",'"
                                                                                                          "la"
                                                                                                          "st"
                                                                                                          "St"
                                                                                                          "at"
                                                                                                          "e'"
                                                                                                          ":{"
                                                                                                          "},"
                                                                                                          "'r"
                                                                                                          "ea"
                                                                                                          "dy"
                                                                                                          "':"
                                                                                                          "tr"
                                                                                                          "ue"
                                                                                                          ","
                                                                                                          "'r"
                                                                                                          "es"
                                                                                                          "ta"
                                                                                                          "rt"
                                                                                                          "Co"
                                                                                                          "un"
                                                                                                          "t'"
                                                                                                          ":0"
                                                                                                          ",'"
                                                                                                          "im"
                                                                                                          "ag"
                                                                                                          "e'"
                                                                                                          ":'"
                                                                                                          "z:"
                                                                                                          "1'"
                                                                                                          ",'"
                                                                                                          "im"
                                                                                                          "ag"
                                                                                                          "eI"
                                                                                                          "D'"
                                                                                                          ":'"
                                                                                                          "',"
                                                                                                          "'c"
                                                                                                          "on"
                                                                                                          "ta"
                                                                                                          "in"
                                                                                                          "er"
                                                                                                          "ID"
                                                                                                          "':"
                                                                                                          "'m"
                                                                                                          "es"
                                                                                                          "os"
                                                                                                          ":/"
                                                                                                          "/C"
                                                                                                          "1'"
                                                                                                          ",'"
                                                                                                          "st"
                                                                                                          "ar"
                                                                                                          "te"
                                                                                                          "d'"
                                                                                                          ":t"
                                                                                                          "ru"
                                                                                                          "e}"
                                                                                                          "],"
                                                                                                          "'q"
                                                                                                          "os"
                                                                                                          "Cl"
                                                                                                          "as"
                                                                                                          "s'"
                                                                                                          ":'"
                                                                                                          "Be"
                                                                                                          "st"
                                                                                                          "Ef"
                                                                                                          "fo"
                                                                                                          "rt"
                                                                                                          "'"
                                                                                                          "}");
  assert_string_equal(k8sm_blob_bytes(blob).ptr, json);
  free(json);
  k8sm_blob_unref(blob);
  life_end(&l);
}

static void records_come_back(void **state) {
  (void)state;
  struct life l;
  struct k8sm_blob *saved = NULL, *again = NULL;
  struct k8sm_status *loaded = NULL;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  for (uint32_t i = 0; i < 2; i++) {
    if (i > 0) life_launch(&l, "c", i);
    life_run(&l, "c", i);
    life_update(&l, "c", i, "FAILED", EXITED(1) ",'uuid':'AAAB'");
  }
  const char *line = "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*1 | launch:c.2+10000";
  assert_life(&l, line);
  assert_int_equal(k8sm_status_save(l.status, NULL, &saved), K8SM_OK);
  struct k8sm_slice bytes = k8sm_blob_bytes(saved);
  assert_int_equal(
      k8sm_status_load(l.demand, bytes.ptr, bytes.len, NULL, &loaded, findings_init(&l.findings)), K8SM_OK);
  assert_int_equal(k8sm_status_save(loaded, NULL, &again), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(again).ptr, bytes.ptr);
  k8sm_blob_unref(again);
  /* Four seconds later on the wall, on a machine whose monotonic clock has just begun. */
  assert_true(k8sm_status_deadline(loaded) == 0);
  k8sm_status_unref(l.status);
  l.status = loaded;
  struct k8sm_change tick = {
      .type = K8SM_CHANGE_TICK, .mono_ms = 50000, .wall_ms = WALL + (int64_t)l.now + 4000};
  struct k8sm_status *next = NULL;
  assert_int_equal(k8sm_status_apply(l.status, &tick, sizeof tick, 1, NULL, &next, NULL), K8SM_OK);
  k8sm_status_unref(l.status);
  l.status = next;
  l.now = 50000;
  assert_life(&l, "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*1 | launch:c.2+6000");
  /* Cut anywhere it is refused, and so is that of another pod. */
  for (size_t n = 0; n < bytes.len; n++) {
    assert_int_not_equal(k8sm_status_load(l.demand, bytes.ptr, n, NULL, &loaded, NULL), K8SM_OK);
  }
  struct k8sm_demand *other = pods_demand(PODS_STAGES, 0);
  assert_int_equal(k8sm_status_load(other, bytes.ptr, bytes.len, NULL, &loaded, findings_init(&l.findings)),
                   K8SM_ERR_INVALID);
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_RECORD_INVALID);
  k8sm_demand_unref(other);
  k8sm_blob_unref(saved);
  life_end(&l);
}

static void bad_changes_are_refused(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  struct k8sm_status *before = l.status;
  struct k8sm_change change = {.type = 99};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_INVALID);
  change =
      (struct k8sm_change){.type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_JSON, .text = K8SMI_S("{\"x")};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_SYNTAX);
  change = (struct k8sm_change){
      .type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_JSON, .text = K8SMI_S("{\"type\":\"HEARTBEAT\"}")};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_INVALID);
  change = (struct k8sm_change){
      .type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_PROTOBUF, .text = K8SMI_S("\x0a\x7f")};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_SYNTAX);
  change = (struct k8sm_change){.type = K8SM_CHANGE_LAUNCHED, .text = K8SMI_S("not-ours")};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_INVALID);
  change = (struct k8sm_change){.type = K8SM_CHANGE_ATTEMPT};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_INVALID);
  assert_ptr_equal(l.status, before);
  life_end(&l);
}

static void protobuf_updates_are_read(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  const char *json = "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"" PODS_UID
                     ".0.c.0.n1\"},\"state\":\"TASK_RUNNING\",\"agent_id\":{\"value\":\"S1\"}}}}";
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_message_convert(K8SM_MESSAGE_EVENT, json, strlen(json), K8SM_FORMAT_JSON,
                                        K8SM_FORMAT_PROTOBUF, NULL, &blob, NULL),
                   K8SM_OK);
  struct k8sm_slice event = k8sm_blob_bytes(blob);
  struct k8sm_change change = {.type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_PROTOBUF, .text = event};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_OK);
  assert_life(&l, "Running(Running) c=R+ |");
  life_end(&l);
  /* The TaskStatus alone, in both formats. */
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  ProtobufCMessage *message = NULL;
  k8smi_arena_init(&arena, NULL, 0);
  k8smi_buf_init(&buf, NULL);
  assert_int_equal(
      k8smi_message_decode(&arena, &k8sm_mesos__event__descriptor, event.ptr, event.len, &message, NULL),
      K8SM_OK);
  for (uint32_t format = K8SM_FORMAT_JSON; format <= K8SM_FORMAT_PROTOBUF; format += 2) {
    k8smi_buf_clear(&buf);
    k8smi_message_write(&buf, format, &((K8smMesos__Event *)message)->update->status->base);
    life_begin(&l, ONE("Always"));
    life_place(&l);
    change = (struct k8sm_change){.type = K8SM_CHANGE_UPDATE, .format = format, .text = {buf.ptr, buf.len}};
    assert_int_equal(life_apply(&l, &change, 1), K8SM_OK);
    assert_life(&l, "Running(Running) c=R+ |");
    life_end(&l);
  }
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
  k8sm_blob_unref(blob);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, PODS_STAGES);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "setup", 0);
  const char *text =
      "{\"task_id\":{\"value\":\"" PODS_UID ".0.setup.0.n1\"},\"state\":\"TASK_FAILED\",\"uuid\":\"AAAA\","
      "\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 3: and why\"}";
  struct k8sm_change changes[] = {
      {.type = K8SM_CHANGE_UPDATE,
       .format = K8SM_FORMAT_JSON,
       .text = k8smi_s(text),
       .mono_ms = 9000,
       .wall_ms = WALL},
      {.type = K8SM_CHANGE_DELETED, .number = -1, .mono_ms = 9000, .wall_ms = WALL}};
  size_t n = 1;
  for (;; n++) {
    struct failing failing;
    struct k8sm_status *next = NULL, *loaded = NULL;
    struct k8sm_blob *encoded = NULL, *saved = NULL;
    failing_init(&failing, n);
    struct k8sm_status_options options = {.size = sizeof options, .allocator = &failing.allocator};
    int result = k8sm_status_apply(l.status, changes, sizeof changes[0], 2, &failing.allocator, &next, NULL);
    if (result == K8SM_OK) result = k8sm_status_encode(next, K8SM_FORMAT_JSON, &failing.allocator, &encoded);
    if (result == K8SM_OK) result = k8sm_status_save(next, &failing.allocator, &saved);
    if (result == K8SM_OK) {
      struct k8sm_slice bytes = k8sm_blob_bytes(saved);
      result = k8sm_status_load(l.demand, bytes.ptr, bytes.len, &options, &loaded, NULL);
    }
    k8sm_status_unref(loaded);
    k8sm_blob_unref(saved);
    k8sm_blob_unref(encoded);
    k8sm_status_unref(next);
    assert_int_equal(failing.held, 0);
    if (result == K8SM_OK) break;
    assert_int_equal(result, K8SM_ERR_NOMEM);
  }
  assert_true(n > 20);
  life_end(&l);
}

/* From the facts, not from the table under test. */
static void states_have_their_meaning(void **state) {
  (void)state;
#define S(name)    K8SM_MESOS__TASK_STATE__TASK_##name
#define FROM(name) K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_##name
#define WHY(name)  K8SM_MESOS__TASK_STATUS__REASON__REASON_##name
  static const struct {
    int state, source, reason;
    enum k8smi_effect effect;
  } rows[] = {
      {S(STARTING), FROM(EXECUTOR), -1, K8SMI_EFFECT_WAITING},
      {S(STARTING), FROM(MASTER), WHY(RECONCILIATION), K8SMI_EFFECT_WAITING},
      {S(RUNNING), FROM(EXECUTOR), WHY(TASK_HEALTH_CHECK_STATUS_UPDATED), K8SMI_EFFECT_RUNNING},
      {S(RUNNING), FROM(MASTER), WHY(AGENT_REREGISTERED), K8SMI_EFFECT_RUNNING},
      {S(KILLING), FROM(EXECUTOR), WHY(AGENT_DRAINING), K8SMI_EFFECT_KILLING},
      {S(FINISHED), FROM(EXECUTOR), -1, K8SMI_EFFECT_EXIT},
      {S(FAILED), FROM(EXECUTOR), -1, K8SMI_EFFECT_EXIT},
      {S(FAILED), FROM(EXECUTOR), WHY(CONTAINER_LIMITATION_MEMORY), K8SMI_EFFECT_EXIT},
      {S(FAILED), FROM(EXECUTOR), WHY(MAX_COMPLETION_TIME_REACHED), K8SMI_EFFECT_EXIT},
      {S(FAILED), FROM(AGENT), WHY(CONTAINER_LIMITATION_MEMORY), K8SMI_EFFECT_EXIT},
      {S(FAILED), FROM(AGENT), WHY(EXECUTOR_TERMINATED), K8SMI_EFFECT_LOST},
      {S(FAILED), FROM(AGENT), WHY(EXECUTOR_REGISTRATION_TIMEOUT), K8SMI_EFFECT_LOST},
      {S(FAILED), FROM(AGENT), WHY(CONTAINER_LAUNCH_FAILED), K8SMI_EFFECT_LOST},
      {S(KILLED), FROM(EXECUTOR), -1, K8SMI_EFFECT_EXIT},
      {S(KILLED), FROM(EXECUTOR), WHY(AGENT_DRAINING), K8SMI_EFFECT_LOST},
      {S(KILLED), FROM(AGENT), WHY(TASK_KILLED_DURING_LAUNCH), K8SMI_EFFECT_DROPPED},
      {S(DROPPED), FROM(MASTER), WHY(INVALID_OFFERS), K8SMI_EFFECT_DROPPED},
      {S(DROPPED), FROM(AGENT), WHY(GC_ERROR), K8SMI_EFFECT_DROPPED},
      {S(DROPPED), FROM(AGENT), WHY(EXECUTOR_TERMINATED), K8SMI_EFFECT_LOST},
      {S(ERROR), FROM(MASTER), WHY(TASK_GROUP_INVALID), K8SMI_EFFECT_REFUSED},
      {S(LOST), FROM(MASTER), WHY(INVALID_OFFERS), K8SMI_EFFECT_DROPPED},
      {S(GONE), FROM(MASTER), WHY(RECONCILIATION), K8SMI_EFFECT_GONE},
      {S(GONE_BY_OPERATOR), FROM(MASTER), WHY(AGENT_REMOVED_BY_OPERATOR), K8SMI_EFFECT_GONE},
      {S(UNREACHABLE), FROM(MASTER), WHY(AGENT_REMOVED), K8SMI_EFFECT_UNREACHABLE},
      {S(UNKNOWN), FROM(MASTER), WHY(RECONCILIATION), K8SMI_EFFECT_UNREACHABLE},
      {999, -1, -1, K8SMI_EFFECT_UNREACHABLE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(k8smi_status_effect(rows[i].state, rows[i].source, rows[i].reason), rows[i].effect);
  }
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
      cmocka_unit_test(an_accept_that_failed_is_a_new_attempt),
      cmocka_unit_test(a_deleted_pod_dies_in_order),
      cmocka_unit_test(kills_are_repeated),
      cmocka_unit_test(a_pod_deleted_early),
      cmocka_unit_test(the_pause_task_is_replanted),
      cmocka_unit_test(a_lost_sandbox_is_a_new_attempt),
      cmocka_unit_test(readiness_counts_after_its_threshold),
      cmocka_unit_test(a_startup_probe_holds_readiness_back),
      cmocka_unit_test(liveness_failures_are_restarts),
      cmocka_unit_test(late_news_change_nothing),
      cmocka_unit_test(what_runs_is_adopted),
      cmocka_unit_test(an_unreachable_pod_keeps_its_states),
      cmocka_unit_test(active_deadlines_end_pods),
      cmocka_unit_test(the_status_of_kubernetes),
      cmocka_unit_test(records_come_back),
      cmocka_unit_test(bad_changes_are_refused),
      cmocka_unit_test(protobuf_updates_are_read),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(states_have_their_meaning),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
