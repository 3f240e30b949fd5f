/* SPDX-License-Identifier: Apache-2.0 */
/* The life of pods, as traces: what is recorded, sent and said, in which order. */
#include "base/slice.h"
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char nginx[] =
    "apiVersion: v1\nkind: Pod\n"
    "metadata: {name: nginx, namespace: default, uid: u1}\n"
    "spec: {containers: [{name: nginx, image: nginx, ports: [{containerPort: 80}]}]}\n";
static const char once[] = "apiVersion: v1\nkind: Pod\n"
                           "metadata: {name: once, namespace: default, uid: u2}\n"
                           "spec: {restartPolicy: Never, containers: [{name: job, image: busybox}]}\n";
static const char staged[] =
    "apiVersion: v1\nkind: Pod\n"
    "metadata: {name: staged, namespace: default, uid: u3}\n"
    "spec: {initContainers: [{name: init, image: busybox}], containers: [{name: main, image: busybox}]}\n";
static const char huge[] = "apiVersion: v1\nkind: Pod\n"
                           "metadata: {name: huge, namespace: default, uid: u4}\n"
                           "spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 64}}}]}\n";

static void open_subscribed(struct script *s) {
  struct k8sm_driver_options o = script_options();
  script_open(s, &o);
  script_tick(s);
  script_subscribe(s, "F1");
  script_forget(s);
}

static const char by_executor[] = ",\"source\":\"SOURCE_EXECUTOR\"";

static void update(struct script *s, const char *container, const char *state, const char *uuid,
                   const char *message) {
  char more[512];
  snprintf(more, sizeof more, "%s%s%s%s", by_executor, message == NULL ? "" : ",\"message\":\"",
           message == NULL ? "" : message, message == NULL ? "" : "\"");
  script_update(s, script_task(s, container), "A1", state, uuid, more);
}

/* TASK_STARTING and TASK_RUNNING. */
static void up(struct script *s, const char *container) {
  update(s, container, "TASK_STARTING", "starting--------", NULL);
  update(s, container, "TASK_RUNNING", "running---------", NULL);
}

/* nginx, placed on A1 and running. */
static void open_running(struct script *s) {
  open_subscribed(s);
  script_pod(s, nginx);
  script_offer(s, "O1", "A1");
  up(s, "");
  up(s, "nginx");
  script_wait(s, 6000); /* SUPPRESS */
  script_forget(s);
}

static void nginx_runs(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  s.hold_records = true;
  assert_int_equal(script_pod(&s, nginx), K8SM_OK);
  script_expect(&s, "status default/nginx Pending\n"
                    "> REVIVE\n");
  /* The launch is recorded before it happens. */
  script_offer(&s, "O1", "A1");
  script_expect(&s, "record pod/u1\n"
                    "status default/nginx Pending\n");
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  script_expect(&s, "> ACCEPT O1\n"
                    "event default/nginx: Scheduled: Successfully assigned default/nginx to A1.example\n");
  assert_int_equal(s.task_count, 2);
  s.hold_records = false;
  up(&s, "");
  up(&s, "nginx");
  script_expect(&s, "record pod/u1\n"
                    "status default/nginx Pending\n"
                    "> ACKNOWLEDGE pause.0\n"
                    "record pod/u1\n"
                    "> ACKNOWLEDGE pause.0\n"
                    "record pod/u1\n"
                    "> ACKNOWLEDGE nginx.0\n"
                    "event default/nginx: Started: Started container nginx\n"
                    "event default/nginx: Running: the pod was Pending\n"
                    "record pod/u1\n"
                    "status default/nginx Running\n"
                    "> ACKNOWLEDGE nginx.0\n");
  script_wait(&s, 60000);
  script_expect(&s, "> SUPPRESS\n");
  struct k8sm_driver_pod row;
  struct k8sm_status_summary sum = {.size = sizeof sum};
  assert_int_equal(k8sm_driver_pods(s.driver, 0, &row, sizeof row, 1), 1);
  assert_int_equal(k8sm_status_summarize(row.status, &sum), K8SM_OK);
  assert_string_equal(sum.phase.ptr, "Running");
  assert_string_equal(sum.agent_id.ptr, "A1");
  assert_int_equal(sum.ready, 1);
  script_close(&s);
}

static void nginx_is_deleted_in_order(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  s.hold_records = true;
  script_delete(&s, "default/nginx", -1);
  script_expect(&s, "record pod/u1\n");
  assert_int_equal(script_delete(&s, "u1", -1), K8SM_OK); /* it is under way already */
  s.hold_records = false;
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  script_expect(&s, "event default/nginx: Killing: Stopping container nginx\n"
                    "> KILL nginx.0\n");
  update(&s, "nginx", "TASK_KILLING", "killing---------", NULL);
  script_expect(&s, "record pod/u1\n"
                    "> ACKNOWLEDGE nginx.0\n");
  update(&s, "nginx", "TASK_KILLED", "killed----------", "Command terminated with signal Terminated");
  script_expect(&s, "event default/nginx: Error: container nginx ended by signal 15\n"
                    "event default/nginx: Failed: the pod was Running\n"
                    "record pod/u1\n"
                    "> KILL pause.0\n"
                    "status default/nginx Failed\n" /* when it is recorded */
                    "> ACKNOWLEDGE nginx.0\n");
  update(&s, "", "TASK_KILLED", "killed2---------", "Command terminated with signal Terminated");
  script_expect(&s, "record pod/u1\n"
                    "status default/nginx Failed\n"
                    "record pod/u1 away\n"
                    "> ACKNOWLEDGE pause.0\n"
                    "event default/nginx: Deleted: the pod is gone\n"
                    "gone default/nginx\n");
  assert_int_equal(k8sm_driver_pods(s.driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0), 0);
  /* An end that is told once more, since the acknowledgement was lost, is acknowledged once more. */
  update(&s, "", "TASK_KILLED", "killed2---------", "Command terminated with signal Terminated");
  script_expect(&s, "> ACKNOWLEDGE pause.0\n");
  script_close(&s);
}

/* A master says so of any task that it is asked for, of one that never was, too. */
static void an_unreachable_task_is_not_taken_up(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  script_update(&s, "u1.0.nginx.9.abc", "A1", "TASK_UNREACHABLE", NULL, ",\"source\":\"SOURCE_MASTER\"");
  script_expect(&s, "");
  script_update(&s, "u1.0.nginx.9.abc", "A1", "TASK_RUNNING", NULL, ",\"source\":\"SOURCE_MASTER\"");
  script_expect(&s, "record pod/u1\n"); /* but one that runs is */
  script_close(&s);
}

/* The master may hold the role suppressed, or not: when something wants offers again it is told. */
static void a_lost_revive_is_made_up_for(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  s.hold_calls = true;
  script_pod(&s, nginx);
  assert_true(script_has(&s, "> REVIVE\n"));
  script_delete(&s, "default/nginx", 0);
  script_lose(&s, "REVIVE");
  script_wait(&s, 1500);
  script_forget(&s);
  script_pod(&s, once);
  assert_true(script_has(&s, "> REVIVE\n"));
  script_close(&s);
}

static void host_ports_are_shown(void **state) {
  static const char served[] =
      "apiVersion: v1\nkind: Pod\n"
      "metadata: {name: served, namespace: default, uid: u9}\n"
      "spec: {containers: [{name: c, image: i, ports: [{name: web, containerPort: 80, hostPort: 31005},"
      " {containerPort: 81, hostPort: 31006, protocol: UDP}]}]}\n";
  struct script s;
  struct k8sm_plan_port rows[4];
  (void)state;
  open_subscribed(&s);
  script_pod(&s, served);
  assert_int_equal(k8sm_driver_ports(s.driver, 0, rows, sizeof rows[0], 4), 0);
  script_offer(&s, "O1", "A1");
  for (int restarted = 0; restarted < 2; restarted++) {
    assert_int_equal(k8sm_driver_ports(s.driver, 0, rows, sizeof rows[0], 4), 2);
    assert_int_equal(rows[0].host_port, 31005);
    assert_string_equal(rows[0].name.ptr, "web");
    assert_int_equal(k8sm_driver_ports(s.driver, 1, rows, sizeof rows[0], 4), 1);
    assert_int_equal(rows[0].container_port, 81);
    assert_string_equal(rows[0].protocol.ptr, "UDP");
    assert_int_equal(k8sm_driver_ports(s.driver, 2, rows, sizeof rows[0], 4), 0);
    struct k8sm_driver_options o = script_options();
    o.seed = 12;
    if (!restarted) script_restart(&s, &o);
  }
  script_close(&s);
}

static void kills_are_repeated(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  script_delete(&s, "default/nginx", 5);
  script_expect(&s, "record pod/u1\n"
                    "event default/nginx: Killing: Stopping container nginx\n"
                    "> KILL nginx.0\n");
  script_wait(&s, 9999);
  script_expect(&s, "");
  script_wait(&s, 1);
  script_expect(&s, "> KILL nginx.0\n");
  script_close(&s);
}

static void deleted_before_it_has_a_place(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  script_pod(&s, nginx);
  script_forget(&s);
  script_delete(&s, "default/nginx", -1);
  script_expect(&s, "event default/nginx: Failed: the pod was Pending\n"
                    "status default/nginx Failed\n"
                    "event default/nginx: Deleted: the pod is gone\n"
                    "gone default/nginx\n");
  script_close(&s);
}

/* A deletion ends with its record: one that is refused is tried again. */
static void a_refused_removal_is_repeated(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  script_delete(&s, "default/nginx", 0);
  update(&s, "nginx", "TASK_KILLED", "killed----------", "Command terminated with signal Killed");
  s.hold_records = true;
  update(&s, "", "TASK_KILLED", "killed2---------", "Command terminated with signal Killed");
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record - 1);
  script_forget(&s);
  script_record(&s, K8SM_INPUT_REFUSED, s.open_record);
  assert_true(script_has(&s, "was refused"));
  assert_false(script_has(&s, "Deleted"));
  script_forget(&s);
  s.hold_records = false;
  script_wait(&s, 5000);
  assert_true(script_has(&s, "record pod/u1 away\n"));
  assert_true(script_has(&s, "event default/nginx: Deleted: the pod is gone\n"));
  script_close(&s);
}

/* Mesos tells of changes only: what is acknowledged and not recorded is lost in a crash. */
static void every_acknowledgement_waits_for_its_record(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  s.hold_records = true;
  update(&s, "nginx", "TASK_RUNNING", "again-----------", NULL);
  script_expect(&s, "record pod/u1\n");
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  script_expect(&s, "> ACKNOWLEDGE nginx.0\n");
  script_close(&s);
}

static void a_terminal_phase_is_told_when_it_is_recorded(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  script_pod(&s, once);
  script_offer(&s, "O1", "A1");
  up(&s, "");
  up(&s, "job");
  s.hold_records = true;
  script_forget(&s);
  update(&s, "job", "TASK_FINISHED", "finished--------", "Command exited with status 0");
  assert_false(script_has(&s, "status default/once Succeeded"));
  script_record(&s, K8SM_INPUT_REFUSED, s.open_record);
  assert_false(script_has(&s, "status default/once Succeeded"));
  script_wait(&s, 5000); /* recorded again */
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  assert_true(script_has(&s, "status default/once Succeeded"));
  script_close(&s);
}

static void a_refused_record_launches_nothing(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  s.hold_records = true;
  script_pod(&s, nginx);
  script_offer(&s, "O1", "A1");
  script_forget(&s);
  script_record(&s, K8SM_INPUT_REFUSED, s.open_record);
  script_expect(
      &s, "event default/nginx: FailedRecord: record 2 was refused: what depends on it does not happen\n"
          "status default/nginx Pending\n"
          "> DECLINE O1\n");
  /* It is tried again, as another attempt, and this time the host keeps it. */
  s.hold_records = false;
  script_wait(&s, 30000);
  script_expect(&s,
                "event default/nginx: Attempt: number 1 begins\n"
                "status default/nginx Pending\n"
                "event default/nginx: FailedScheduling: 0/1 nodes are available: 1 agent(s) had no offer.\n"
                "status default/nginx Pending\n");
  script_offer(&s, "O2", "A1");
  script_expect(&s, "record pod/u1\n"
                    "status default/nginx Pending\n"
                    "> ACCEPT O2\n"
                    "event default/nginx: Scheduled: Successfully assigned default/nginx to A1.example\n");
  script_close(&s);
}

static void a_rescinded_offer_is_not_used(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  s.hold_records = true;
  script_pod(&s, nginx);
  script_offer(&s, "O1", "A1");
  script_forget(&s);
  script_event(&s, "{\"type\":\"RESCIND\",\"rescind\":{\"offer_id\":{\"value\":\"O1\"}}}");
  script_expect(&s, "status default/nginx Pending\n");
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  script_expect(&s, "");
  script_close(&s);
}

static void offers_are_declined_by_reason(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  script_offer(&s, "O1", "A1"); /* nothing is wanted */
  script_expect(&s, "> DECLINE O1\n");
  script_pod(&s, huge);
  script_expect(&s, "status default/huge Pending\n"
                    "> REVIVE\n");
  script_offer(&s, "O2", "A1"); /* something is wanted, and this does not suit: held for a while */
  script_expect(&s, "event default/huge: FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu.\n"
                    "status default/huge Pending\n");
  script_wait(&s, 4999);
  script_expect(&s, "");
  script_wait(&s, 1);
  script_expect(&s, "> DECLINE O2\n");
  script_offer(&s, "O3", "A1"); /* the same words are not said twice */
  script_expect(&s, "");
  script_close(&s);
}

static void a_container_that_fails_restarts(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  update(&s, "nginx", "TASK_FAILED", "failed----------", "Command exited with status 3");
  script_expect(&s, "event default/nginx: Ended: container nginx ended with exit code 3\n"
                    "record pod/u1\n"
                    "status default/nginx Running\n"
                    "> REVIVE\n"
                    "> ACKNOWLEDGE nginx.0\n");
  script_wait(&s, 30000);
  script_expect(&s, "event default/nginx: FailedResuming: 0/1 nodes are available: 1 agent(s) had "
                    "no offer.\n"
                    "status default/nginx Running\n");
  script_offer(&s, "O2", "A1");
  script_expect(&s, "record pod/u1\n"
                    "status default/nginx Running\n"
                    "> ACCEPT O2\n");
  script_close(&s);
}

/* What somebody else says of the pod is recorded and shown; Ready waits for it where the pod has a gate. */
static void conditions_of_others(void **state) {
  static const char lb[] = "{\"type\":\"lb\",\"status\":\"True\"}";
  struct script s;
  (void)state;
  open_running(&s);
  struct k8sm_input in = {
      .type = K8SM_INPUT_CONDITION, .key = K8SMI_S("default/nginx"), .bytes = {lb, sizeof lb - 1}};
  assert_int_equal(script_step(&s, in), K8SM_OK);
  script_expect(&s, "record pod/u1\n"
                    "status default/nginx Running\n");
  assert_int_equal(script_step(&s, in), K8SM_OK); /* nothing new to see */
  script_expect(&s, "record pod/u1\n");
  in.bytes = K8SMI_S("{\"type\":\"Ready\",\"status\":\"True\"}");
  assert_int_equal(script_step(&s, in), K8SM_ERR_INVALID);
  in.key = K8SMI_S("default/none");
  assert_int_equal(script_step(&s, in), K8SM_ERR_NOT_FOUND);
  script_expect(&s, "");
  script_close(&s);
}

static void stages(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  script_pod(&s, staged);
  script_offer(&s, "O1", "A1");
  up(&s, "");
  up(&s, "init");
  script_forget(&s);
  s.quiet_status = true;
  update(&s, "init", "TASK_FINISHED", "finished--------", "Command exited with status 0");
  script_expect(&s, "event default/staged: Completed: container init ended with exit code 0\n"
                    "record pod/u3\n"
                    "> ACKNOWLEDGE init.0\n");
  script_wait(&s, 1000);
  script_expect(&s, "");
  script_offer(&s, "O2", "A1");
  script_expect(&s, "record pod/u3\n"
                    "> ACCEPT O2\n");
  up(&s, "main");
  script_expect(&s, "record pod/u3\n"
                    "> ACKNOWLEDGE main.0\n"
                    "event default/staged: Started: Started container main\n"
                    "event default/staged: Running: the pod was Pending\n"
                    "record pod/u3\n"
                    "> ACKNOWLEDGE main.0\n");
  script_close(&s);
}

static void runs_to_its_end(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  script_pod(&s, once);
  script_offer(&s, "O1", "A1");
  up(&s, "");
  up(&s, "job");
  script_forget(&s);
  update(&s, "job", "TASK_FINISHED", "finished--------", "Command exited with status 0");
  script_expect(&s, "event default/once: Completed: container job ended with exit code 0\n"
                    "event default/once: Succeeded: the pod was Running\n"
                    "record pod/u2\n"
                    "> KILL pause.0\n"
                    "status default/once Succeeded\n"
                    "> ACKNOWLEDGE job.0\n");
  update(&s, "", "TASK_KILLED", "killed----------", "Command terminated with signal Terminated");
  script_expect(&s, "record pod/u2\n"
                    "status default/once Succeeded\n"
                    "> ACKNOWLEDGE pause.0\n");
  script_delete(&s, "default/once", -1);
  script_expect(&s, "record pod/u2\n"
                    "record pod/u2 away\n"
                    "event default/once: Deleted: the pod is gone\n"
                    "gone default/once\n");
  script_close(&s);
}

static void the_driver_restarts_and_adopts(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  open_running(&s);
  o.seed = 8;
  script_restart(&s, &o);
  s.quiet_status = true;
  script_expect(&s, "restart\n");
  script_tick(&s);
  script_expect(&s, "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler\n");
  script_subscribe(&s, "F1");
  script_expect(&s, "event: Subscribed: at 10.0.0.1:5050 as framework F1\n"
                    "> RECONCILE pause.0 nginx.0\n");
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_RUNNING", NULL,
                ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"");
  script_expect(&s, "");  /* what the record says already */
  script_wait(&s, 10000); /* the pause task has not been answered for */
  script_expect(&s, "> RECONCILE pause.0\n");
  script_update(&s, script_task(&s, ""), "A1", "TASK_RUNNING", NULL,
                ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"");
  script_wait(&s, 20000);
  script_expect(&s, "> RECONCILE\n");
  script_delete(&s, "u1", 0);
  script_expect(&s, "record pod/u1\n"
                    "event default/nginx: Killing: Stopping container nginx\n"
                    "> KILL nginx.0\n");
  script_close(&s);
}

static void a_deletion_survives_a_restart(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  open_running(&s);
  script_delete(&s, "u1", 7);
  script_forget(&s);
  script_restart(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_expect(&s, "restart\n"
                    "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler\n"
                    "status default/nginx Running\n"
                    "event: Subscribed: at 10.0.0.1:5050 as framework F1\n"
                    "> RECONCILE pause.0 nginx.0\n"
                    "> KILL nginx.0\n");
  script_close(&s);
}

static struct k8sm_driver_options with_overlays(const char *executor, const char *task) {
  struct k8sm_driver_options o = script_options();
  o.executor_overlay = (struct k8sm_slice){executor, strlen(executor)};
  o.task_overlay = (struct k8sm_slice){task, strlen(task)};
  return o;
}

/* An executor stays what it was, and a task is what the driver is told now. What a pod has wins. */
static void overlays_are_merged(void **state) {
  static const char pod_name[] = "{\"key\":\"io.kubernetes.pod.name\",\"value\":\"mine\"}";
  struct script s;
  char task[200];
  (void)state;
  snprintf(task, sizeof task, "{\"labels\":{\"labels\":[%s,{\"key\":\"task-one\"}]}}", pod_name);
  struct k8sm_driver_options o =
      with_overlays("{\"labels\":{\"labels\":[{\"key\":\"executor-one\"}]}}", task);
  script_open(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_pod(&s, nginx);
  script_offer(&s, "O1", "A1");
  assert_non_null(strstr(s.accept, "executor-one"));
  assert_non_null(strstr(s.accept, "task-one"));
  assert_null(strstr(s.accept, "mine"));
  up(&s, "");
  up(&s, "nginx");
  o = with_overlays("{\"labels\":{\"labels\":[{\"key\":\"executor-two\"}]}}",
                    "{\"labels\":{\"labels\":[{\"key\":\"task-two\"}]}}");
  script_restart(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  up(&s, "nginx");
  update(&s, "nginx", "TASK_FAILED", "failed----------", "Command exited with status 3");
  s.accept[0] = '\0';
  script_wait(&s, 11000);
  script_offer(&s, "O2", "A1");
  assert_non_null(strstr(s.accept, "executor-one"));
  assert_null(strstr(s.accept, "executor-two"));
  assert_non_null(strstr(s.accept, "task-two"));
  assert_null(strstr(s.accept, "task-one"));
  script_close(&s);
}

static void silence_after_an_accept(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  s.hold_calls = true;
  s.quiet_status = s.heartbeats = true;
  script_pod(&s, nginx);
  script_answer(&s, "REVIVE", 202, NULL);
  script_offer(&s, "O1", "A1");
  script_forget(&s);
  script_lose(&s, "ACCEPT"); /* taken or not: nobody knows */
  s.hold_calls = false;
  script_wait(&s, 29999);
  script_expect(&s, "event default/nginx: Scheduled: Successfully assigned default/nginx to A1.example\n"
                    "> DECLINE O1\n" /* in case the ACCEPT never came */
                    "> SUPPRESS\n");
  script_wait(&s, 1);
  script_expect(&s, "> RECONCILE pause.0 nginx.0\n");
  script_wait(&s, 300000);
  script_expect(
      &s, "> RECONCILE pause.0 nginx.0\n"
          "> RECONCILE pause.0 nginx.0\n"
          "> RECONCILE pause.0 nginx.0\n"
          "> RECONCILE pause.0 nginx.0\n"
          "event default/nginx: FailedCreatePodSandBox: the pod's executor has not started on agent A1 "
          "within 300 s of its launch: it is killed\n"
          "event default/nginx: Failed: Error: container nginx has not started on agent A1 within 300 s "
          "of its launch: it is killed\n"
          "> KILL pause.0\n"
          "> KILL nginx.0\n"
          "> KILL pause.0\n"
          "> KILL nginx.0\n"
          "> KILL pause.0\n"
          "> KILL nginx.0\n"
          "> KILL pause.0\n"
          "> KILL nginx.0\n"
          "> RECONCILE pause.0 nginx.0\n");
  script_close(&s);
}

/* The master would not know the task, and lose the kill: it goes when the ACCEPT has been answered, however
 * late that is. */
static void a_kill_waits_for_its_accept(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  s.hold_calls = s.quiet_status = s.heartbeats = true;
  script_pod(&s, nginx);
  script_answer(&s, "REVIVE", 202, NULL);
  s.hold_records = true;
  script_offer(&s, "O1", "A1");
  script_forget(&s);
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  script_expect(&s, "> ACCEPT O1\n");
  s.hold_records = false;
  script_delete(&s, "default/nginx", 5);
  script_expect(&s, "record pod/u1\n"
                    "event default/nginx: Killing: Stopping container nginx\n");
  script_wait(&s, 4000);
  script_expect(&s, "");
  script_answer(&s, "ACCEPT", 202, NULL);
  script_expect(
      &s,
      "event default/nginx: Scheduled: Successfully assigned default/nginx to A1.example\n> KILL nginx.0\n");
  script_close(&s);
}

static void an_accept_that_is_refused(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  s.hold_calls = true;
  s.quiet_status = true;
  script_pod(&s, nginx);
  script_answer(&s, "REVIVE", 202, NULL);
  script_offer(&s, "O1", "A1");
  script_forget(&s);
  script_answer(&s, "ACCEPT", 400, "Failed to validate");
  script_expect(&s, "event: the master answered ACCEPT with HTTP 400: Failed to validate\n"
                    "> DECLINE O1\n");
  script_close(&s);
}

static void other_peoples_tasks(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  script_update(&s, "somebody-elses-task", "A1", "TASK_RUNNING", "0123456789abcdef", "");
  script_expect(&s, "foreign\n");
  script_update(&s, "gone.0.c.0.n", "A1", "TASK_RUNNING", "0123456789abcdef", "");
  script_expect(&s, "event: task gone.0.c.0.n is of a pod that is not known here; it is left alone\n"
                    "> ACKNOWLEDGE c.0\n");
  script_event(
      &s,
      "{\"type\":\"MESSAGE\",\"message\":{\"agent_id\":{\"value\":\"A1\"},\"executor_id\":{\"value\":\"e\"},"
      "\"data\":\"aGk=\"}}");
  script_expect(&s, "foreign\n");
  script_close(&s);
}

/* A pod that tolerates an unreachable node for a while only goes on elsewhere; when the agent is back,
 * nothing new is begun beside what lives there, and that is killed. */
static void an_agent_is_away_for_too_long(void **state) {
  static const char away[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"";
  static const char back[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REREGISTERED\"";
  struct script s;
  struct k8sm_driver_options o = script_options();
  const struct k8sm_status_options status = {.size = sizeof status, .unreachable_seconds = 60};
  (void)state;
  o.status = &status;
  script_open(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_pod(&s, nginx);
  script_offer(&s, "O1", "A1");
  up(&s, "");
  up(&s, "nginx");
  script_wait(&s, 6000);
  script_forget(&s);
  s.quiet_status = true;
  script_update(&s, script_task(&s, ""), "A1", "TASK_UNREACHABLE", NULL, away);
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_UNREACHABLE", NULL, away);
  script_expect(&s, "event default/nginx: NodeNotReady: Node is not ready\nrecord pod/u1\nrecord pod/u1\n");
  script_wait(&s, 59000);
  script_expect(&s, "");
  script_wait(&s, 1000);
  script_expect(
      &s, "event default/nginx: Pending: the pod was Running\n"
          "event default/nginx: Attempt: number 1 begins elsewhere: agent A1 has been unreachable for too "
          "long\n"
          "record pod/u1\n"
          "> REVIVE\n");
  script_restart(&s, &o); /* it is recorded: the pod does not go on with what it has left */
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_wait(&s, 6000);
  script_forget(&s);
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_RUNNING", NULL, back);
  script_expect(&s, "record pod/u1\n"
                    "> KILL nginx.0\n");
  script_offer(&s, "O2", "A2"); /* not yet */
  script_expect(&s, "> DECLINE O2\n");
  update(&s, "nginx", "TASK_KILLED", "killed----------", NULL);
  update(&s, "", "TASK_KILLED", "killed too------", NULL);
  script_forget(&s);
  script_wait(&s, 1000);
  script_offer(&s, "O3", "A2");
  script_expect(&s, "record pod/u1\n"
                    "> ACCEPT O3\n"
                    "event default/nginx: Scheduled: Successfully assigned default/nginx to A2.example\n");
  script_close(&s);
}

/* What the master says of the former attempt when it is asked again. */
static void say_of_former(struct script *s, const char *state, const char *more) {
  script_update(s, script_task(s, ""), "A1", state, NULL, more);
  script_update(s, script_task(s, "nginx"), "A1", state, NULL, more);
}

/* A running pod of which the subscription told half, before it broke, that its agent can't be reached. */
static void open_half_told(struct script *s, const struct k8sm_driver_options *o) {
  static const char away[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"";
  script_open(s, o);
  s->quiet_status = s->heartbeats = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_pod(s, nginx);
  script_offer(s, "O1", "A1");
  up(s, "");
  up(s, "nginx");
  script_update(s, script_task(s, ""), "A1", "TASK_UNREACHABLE", NULL, away);
  script_lost(s, "connection reset");
  script_wait(s, 1000);
  script_forget(s);
}

/* No attempt begins beside another by what a former subscription told: the agent may be back since then. */
static void what_is_old_is_asked_again(void **state) {
  static const char asked[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
  static const struct {
    const char *state;
    bool begins;
  } answers[] = {{"TASK_UNREACHABLE", true}, {"TASK_UNKNOWN", true}, {"TASK_RUNNING", false}};
  const struct k8sm_status_options status = {.size = sizeof status, .unreachable_seconds = 20};
  struct k8sm_driver_options o = script_options();
  (void)state;
  o.status = &status;
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    struct script s;
    open_half_told(&s, &o);
    script_wait(&s, 25000); /* its time is over */
    script_subscribe(&s, "F1");
    script_offer(&s, "O2", "A2");
    assert_true(script_has(&s, "> RECONCILE pause.0 nginx.0\n"));
    assert_false(script_has(&s, "Attempt: number 1"));
    assert_false(script_has(&s, "> ACCEPT O2"));
    say_of_former(&s, answers[i].state, asked);
    script_wait(&s, 1000);
    assert_int_equal(script_has(&s, "Attempt: number 1 begins elsewhere"), answers[i].begins);
    script_offer(&s, "O3", "A2");
    assert_int_equal(script_has(&s, "> ACCEPT O3"), answers[i].begins);
    script_close(&s);
  }
}

/* Nor is one launched that has begun and found no place so far. */
static void a_waiting_attempt_asks_again(void **state) {
  static const char asked[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
  const struct k8sm_status_options status = {.size = sizeof status, .unreachable_seconds = 20};
  struct k8sm_driver_options o = script_options();
  struct script s;
  (void)state;
  o.status = &status;
  open_half_told(&s, &o);
  script_subscribe(&s, "F1");
  say_of_former(&s, "TASK_UNREACHABLE", asked);
  script_wait(&s, 25000);
  assert_true(script_has(&s, "Attempt: number 1 begins elsewhere"));
  script_lost(&s, "connection reset");
  script_wait(&s, 1000);
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_offer(&s, "O2", "A2");
  assert_false(script_has(&s, "> ACCEPT O2"));
  script_update(&s, script_task(&s, ""), "A1", "TASK_UNREACHABLE", NULL, asked);
  script_offer(&s, "O3", "A2");
  assert_false(script_has(&s, "> ACCEPT"));
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_UNREACHABLE", NULL, asked);
  script_offer(&s, "O4", "A2");
  assert_true(script_has(&s, "> ACCEPT"));
  script_close(&s);
}

/* Each launch ends by itself after what is left of the pod's time then, and what its end takes. */
static void launches_have_what_is_left_of_the_deadline(void **state) {
  static const char limited[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: nginx, namespace: default, uid: u1}\n"
      "spec: {activeDeadlineSeconds: 600, containers: [{name: nginx, image: i}]}\n";
  struct script s;
  (void)state;
  open_subscribed(&s);
  s.heartbeats = true;
  script_pod(&s, limited);
  script_offer(&s, "O1", "A1");
  assert_non_null(strstr(s.accept, "\"max_completion_time\":{\"nanoseconds\":635000000000}"));
  up(&s, "");
  up(&s, "nginx");
  script_wait(&s, 99500);
  update(&s, "nginx", "TASK_FAILED", "failed----------", "Command exited with status 1");
  script_offer(&s, "O2", "A1");
  assert_int_equal(s.task_count, 3);
  assert_non_null(strstr(s.accept, "\"max_completion_time\":{\"nanoseconds\":536000000000}"));
  script_close(&s);
}

/* Its time is over before another place is found, and what it has left on its agent is out of reach: it waits
 * for word of that, and for no place. It was in the way of all others. */
static void a_pod_that_has_failed_is_not_placed(void **state) {
  static const char away[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"";
  static const char limited[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: nginx, namespace: default, uid: u1}\n"
      "spec: {activeDeadlineSeconds: 90, containers: [{name: nginx, image: i}]}\n";
  static const char other[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: default, uid: u2}\n"
      "spec: {containers: [{name: c, image: i}]}\n";
  struct script s;
  struct k8sm_driver_options o = script_options();
  const struct k8sm_status_options status = {.size = sizeof status, .unreachable_seconds = 60};
  (void)state;
  o.status = &status;
  script_open(&s, &o);
  s.heartbeats = true;
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_pod(&s, limited);
  script_offer(&s, "O1", "A1");
  up(&s, "");
  up(&s, "nginx");
  script_update(&s, script_task(&s, ""), "A1", "TASK_UNREACHABLE", NULL, away);
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_UNREACHABLE", NULL, away);
  script_wait(&s, 100000);
  assert_true(script_has(&s, "Attempt: number 1 begins elsewhere"));
  assert_true(script_has(&s, "status default/nginx Failed\n"));
  script_forget(&s);
  script_pod(&s, other);
  script_offer(&s, "O2", "A2");
  assert_false(script_has(&s, "can't be launched"));
  assert_true(
      script_has(&s, "event default/other: Scheduled: Successfully assigned default/other to A2.example"));
  assert_false(script_has(&s, "event default/nginx"));
  script_close(&s);
}

static void a_lost_subscription_is_reconciled(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  s.quiet_status = true;
  script_lost(&s, "connection reset");
  script_wait(&s, 1000);
  script_expect(&s, "event: master 10.0.0.1:5050: connection reset\n"
                    "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler\n");
  script_subscribe(&s, "F1");
  script_expect(&s, "event: Subscribed: at 10.0.0.1:5050 as framework F1\n"
                    "> RECONCILE pause.0 nginx.0\n");
  /* The master has never heard of them. */
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_GONE", NULL,
                ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"");
  script_update(&s, script_task(&s, ""), "A1", "TASK_GONE", NULL,
                ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"");
  script_expect(&s, "event default/nginx: Ended: container nginx ended with exit code 137\n"
                    "record pod/u1\n"
                    "> REVIVE\n"
                    "record pod/u1\n"
                    "event default/nginx: Attempt: number 1 begins\n");
  script_wait(&s, 30000);
  script_expect(&s,
                "event default/nginx: FailedScheduling: 0/1 nodes are available: 1 agent(s) had no offer.\n"
                "> RECONCILE\n");
  script_close(&s);
}

static void the_executor_dies(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  s.quiet_status = true;
  script_event(&s, "{\"type\":\"FAILURE\",\"failure\":{\"agent_id\":{\"value\":\"A1\"},\"executor_id\":{"
                   "\"value\":\"u1.0\"},"
                   "\"status\":9}}");
  script_expect(&s, "");
  script_wait(&s, 2000);
  script_expect(&s, "> RECONCILE pause.0 nginx.0\n");
  script_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nginx_runs),
      cmocka_unit_test(nginx_is_deleted_in_order),
      cmocka_unit_test(kills_are_repeated),
      cmocka_unit_test(host_ports_are_shown),
      cmocka_unit_test(an_unreachable_task_is_not_taken_up),
      cmocka_unit_test(a_lost_revive_is_made_up_for),
      cmocka_unit_test(deleted_before_it_has_a_place),
      cmocka_unit_test(a_refused_record_launches_nothing),
      cmocka_unit_test(a_refused_removal_is_repeated),
      cmocka_unit_test(every_acknowledgement_waits_for_its_record),
      cmocka_unit_test(a_terminal_phase_is_told_when_it_is_recorded),
      cmocka_unit_test(a_rescinded_offer_is_not_used),
      cmocka_unit_test(offers_are_declined_by_reason),
      cmocka_unit_test(a_container_that_fails_restarts),
      cmocka_unit_test(conditions_of_others),
      cmocka_unit_test(stages),
      cmocka_unit_test(runs_to_its_end),
      cmocka_unit_test(the_driver_restarts_and_adopts),
      cmocka_unit_test(a_deletion_survives_a_restart),
      cmocka_unit_test(overlays_are_merged),
      cmocka_unit_test(silence_after_an_accept),
      cmocka_unit_test(a_kill_waits_for_its_accept),
      cmocka_unit_test(an_accept_that_is_refused),
      cmocka_unit_test(other_peoples_tasks),
      cmocka_unit_test(an_agent_is_away_for_too_long),
      cmocka_unit_test(what_is_old_is_asked_again),
      cmocka_unit_test(a_waiting_attempt_asks_again),
      cmocka_unit_test(launches_have_what_is_left_of_the_deadline),
      cmocka_unit_test(a_pod_that_has_failed_is_not_placed),
      cmocka_unit_test(a_lost_subscription_is_reconciled),
      cmocka_unit_test(the_executor_dies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
