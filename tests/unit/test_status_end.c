/* SPDX-License-Identifier: Apache-2.0 */
/* How pods end, or lose their sandbox, and what is late or lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/life.h"

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
  assert_life(&l, "Failed(Error) s1=T(143 Error) s2=T(137 Error) a=T(143 Error) b=T(0 Completed) | "
                  "kill:pause/0");
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
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/0 shutdown");
  life_update(&l, "c", 0, "KILLING", EXECUTOR);
  life_tick(&l, 1);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/0+9999 shutdown+9999");
  life_end(&l);
}

/* A second KILL does not shorten the first. */
static void who_has_less_time_is_shut_down(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
  life_tick(&l, 1);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 40); /* no less */
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/30+9999");
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 5);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/5 shutdown+5000");
  life_tick(&l, 5000);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/5+5000 shutdown");
  life_tick(&l, 1);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/5+4999 shutdown+9999");
  assert_true(k8sm_status_deadline(l.status) == l.now + 4999);
  life_update(&l, "c", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Failed(Error) c=T(137 Error) | kill:pause/0 shutdown+9999");
  life_update(&l, "", 0, "KILLED", SIGNAL("Killed"));
  assert_life(&l, "Failed(Error) c=T(137 Error) | done");
  life_end(&l);
  /* While it is launched it hears of no KILL at all. */
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_update(&l, "c", 0, "STARTING", EXECUTOR);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 0);
  assert_life(&l, "Pending(Terminating) c=W(ContainerCreating) | kill:c/0 shutdown+2000");
  life_end(&l);
  /* A record keeps that, by another clock. */
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "c", 0);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 0);
  struct k8sm_blob *row;
  struct k8sm_status *loaded;
  assert_int_equal(k8sm_status_save(l.status, NULL, NULL, &row), K8SM_OK);
  assert_int_equal(
      k8sm_status_load(l.demand, k8sm_blob_bytes(row).ptr, k8sm_blob_bytes(row).len, NULL, &loaded, NULL),
      K8SM_OK);
  k8sm_blob_unref(row);
  k8sm_status_unref(l.status);
  l.status = loaded;
  life_tick(&l, 500);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/0+9500 shutdown+1500");
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
  assert_life(&l, "Pending(Terminating) c=W(ContainerCreating) | kill:pause/0");
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Failed(ContainerStatusUnknown) c=T(137 ContainerStatusUnknown) | done");
  assert_true(life_shows(
      &l, "{'terminated':{'exitCode':137,'reason':'ContainerStatusUnknown','message':'The container could "
          "not be located when the pod was terminated','startedAt':null,'finishedAt':null}}"));
  life_end(&l);
  /* In a back-off it has ended already: only the pause task is left. */
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "FAILED", EXITED(4));
  life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
  assert_life(&l, "Failed(Error) c=T(4 Error) | kill:pause/0");
  life_end(&l);
}

/* Its owner may make another pod as soon as it is told of an end: not while a container of it lives. */
static void an_end_is_told_when_all_containers_have_ended(void **state) {
  (void)state;
  struct life l;
  life_begin(&l,
             "{'restartPolicy':'Never','initContainers':[{'name':'s','restartPolicy':'Always'},{'name':'i'}],"
             "'containers':[{'name':'c'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "s", 0);
  life_launch(&l, "i", 0);
  life_run(&l, "i", 0);
  life_update(&l, "i", 0, "FAILED", EXITED(1));
  assert_life(&l, "Pending(Init:Error) s=R+ i=T(1 Error) c=W(PodInitializing) | kill:s/30");
  life_update(&l, "s", 0, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Failed(Init:Error) s=T(143 Error) i=T(1 Error) c=W(PodInitializing) | kill:pause/0");
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
  assert_life(&l, "Running(Running) c=R+ | kill:c/30");
  assert_false(life_shows(&l, "DeadlineExceeded"));
  life_update(&l, "c", 0, "KILLED", EXITED(0));
  assert_life(&l, "Failed(Completed) c=T(0 Completed) | kill:pause/0");
  assert_true(life_shows(&l, "'message':'Pod was active on the node longer than the specified deadline',"
                             "'reason':'DeadlineExceeded'"));
  life_update(&l, "", 0, "KILLED", SIGNAL("Terminated"));
  assert_life(&l, "Failed(Completed) c=T(0 Completed) | done");
  life_end(&l);
}

/* Where nobody ended the pod, Mesos does: later than its own time, which who has lost the record can't tell.
 */
#define OUT_OF_TIME SIGNAL("Terminated") ",'reason':'REASON_MAX_COMPLETION_TIME_REACHED'"
static void a_net_ends_what_outlives_its_deadline(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, "{'activeDeadlineSeconds':60,'containers':[{'name':'c'},{'name':'d'}]}");
  life_update(&l, "", 0, "RUNNING", COPY);
  life_update(&l, "c", 0, "RUNNING", COPY);
  life_update(&l, "d", 0, "RUNNING", COPY);
  assert_life(&l, "Running(Running) c=R+ d=R+ |");
  life_update(&l, "c", 0, "FAILED", OUT_OF_TIME);
  assert_life(&l, "Running(DeadlineExceeded) c=T(143 DeadlineExceeded) d=R+ | kill:d/30");
  life_update(&l, "d", 0, "FAILED", OUT_OF_TIME);
  assert_life(&l, "Failed(DeadlineExceeded) c=T(143 DeadlineExceeded) d=T(143 DeadlineExceeded) | "
                  "kill:pause/0");
  life_end(&l);
  /* the pause task, too, which is not planted again */
  life_begin(&l, "{'activeDeadlineSeconds':60,'containers':[{'name':'c'}]}");
  life_update(&l, "", 0, "RUNNING", COPY);
  life_update(&l, "c", 0, "RUNNING", COPY);
  life_update(&l, "", 0, "FAILED", OUT_OF_TIME);
  assert_life(&l, "Running(Running) c=R+ | kill:c/30");
  life_end(&l);
  /* a pod that ended by itself before keeps its end */
  life_begin(&l, "{'activeDeadlineSeconds':60,'restartPolicy':'Never','containers':[{'name':'c'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "FAILED", EXITED(7));
  life_update(&l, "", 0, "FAILED", OUT_OF_TIME);
  assert_life(&l, "Failed(Error) c=T(7 Error) | done");
  life_end(&l);
  /* and one without a deadline has none: the time is another's */
  life_begin(&l, ONE("OnFailure"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "FAILED", OUT_OF_TIME);
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1");
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
  /* Nobody has heard of an executor that could take it: it waits for what becomes of the other. */
  assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) |");
  life_update(&l, "c", 0, "DROPPED", invalid);
  assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) | attempt+1000");
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

#define ONCE                                                                                                 \
  "{'restartPolicy':'Never','initContainers':[{'name':'i'},{'name':'s','restartPolicy':'Always'},"           \
  "{'name':'j'}],'containers':[{'name':'a'},{'name':'b'}]}"

/* What has done its work is left out of the next attempt, if its demand says so. */
static void what_is_done_stays_done(void **state) {
  static const char *const names[] = {"a"};
  struct life l;
  (void)state;
  for (size_t told = 0; told < 2; told++) {
    life_begin(&l, "{'restartPolicy':'OnFailure','containers':[{'name':'a'},{'name':'b'}]}");
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "a", 0);
    life_run(&l, "b", 0);
    life_update(&l, "a", 0, "FINISHED", EXITED(0));
    life_update(&l, "b", 0, "FAILED", SANDBOX_LOST);
    life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
    assert_life(&l, "Running(Completed) a=T(0 Completed) b=W(ContainerCreating) | attempt");
    struct k8sm_demand_options options = {
        .size = sizeof options, .nonce = "n1", .attempt = 1, .done = names, .done_count = told};
    struct k8sm_change change = {.type = K8SM_CHANGE_ATTEMPT};
    struct k8sm_demand *demand;
    assert_int_equal(k8sm_demand_make(l.demand->pod, &options, &demand, NULL), K8SM_OK);
    change.demand = demand;
    assert_int_equal(life_apply(&l, &change, 1), K8SM_OK);
    k8sm_demand_unref(l.demand);
    l.demand = demand;
    assert_life(&l, told ? "Running(Completed) a=T(0 Completed) b=W(ContainerCreating) |"
                         : "Running(ContainerCreating) a=W(ContainerCreating) b=W(ContainerCreating) |");
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "b", 0);
    if (told) life_update(&l, "b", 0, "FINISHED", EXITED(0));
    if (told) assert_life(&l, "Succeeded(Completed) a=T(0 Completed) b=T(0 Completed) | kill:pause/0");
    life_end(&l);
  }
}

/* With Never nothing runs twice: what has begun is over with its sandbox. */
static void a_pod_that_runs_once_has_one_sandbox(void **state) {
  static const char *const drained =
      EXECUTOR ",'reason':'REASON_AGENT_DRAINING','message':'Command exited with status 0'";
  struct life l;
  (void)state;
  for (unsigned drain = 0; drain < 2; drain++) {
    life_begin(&l, "{'restartPolicy':'Never','containers':[{'name':'a'},{'name':'b'}]}");
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "a", 0);
    life_run(&l, "b", 0);
    life_update(&l, "a", 0, "FINISHED", EXITED(0));
    life_update(&l, "b", 0, drain ? "KILLED" : "FAILED", drain ? drained : SANDBOX_LOST);
    assert_life(&l, drain ? "Succeeded(Completed) a=T(0 Completed) b=T(0 Completed) | kill:pause/0"
                          : "Failed(ContainerStatusUnknown) a=T(0 Completed) "
                            "b=T(137 ContainerStatusUnknown) | kill:pause/0");
    life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
    assert_true(strstr(life_look(&l), "| done") != NULL);
    life_end(&l);
  }
  /* The pause task is heard of first: the rest has its time to tell. */
  life_begin(&l, "{'restartPolicy':'Never','containers':[{'name':'a'},{'name':'b'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "a", 0);
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Pending(ContainerCreating) a=R+ b=W(ContainerCreating) | kill:a/30 kill:b/30");
  life_update(&l, "a", 0, "FAILED", SANDBOX_LOST);
  life_update(&l, "b", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Failed(Error) a=T(137 Error) b=T(137 ContainerStatusUnknown) | done");
  life_end(&l);
}

static void so_has_one_between_its_stages(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, ONCE);
  life_place(&l);
  life_run(&l, "", 0);
  life_update(&l, "i", 0, "FAILED", SANDBOX_LOST);
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  assert_true(strstr(life_look(&l), "| attempt") != NULL); /* nothing of it has run */
  life_attempt(&l, 1);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "i", 0);
  life_update(&l, "i", 0, "FINISHED", EXITED(0));
  life_launch(&l, "s", 0);
  life_run(&l, "s", 0);
  life_update(&l, "s", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Pending(Init:ContainerStatusUnknown) i=T(0 Completed) s=T(137 ContainerStatusUnknown) "
                  "j=W(PodInitializing) a=W(PodInitializing) b=W(PodInitializing) | kill:pause/0");
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Failed(Init:ContainerStatusUnknown) i=T(0 Completed) s=T(137 ContainerStatusUnknown) "
                  "j=W(PodInitializing) a=W(PodInitializing) b=W(PodInitializing) | done");
  life_end(&l);
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
  assert_life(&l, "Pending(Init:ContainerCreating) setup=T(0 Completed) proxy=W(ContainerCreating) "
                  "app=W(ContainerCreating) | kill:pause/0+10000"); /* nothing is launched into it any more */
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  assert_life(&l, "Pending(Init:ContainerCreating) setup=T(0 Completed) proxy=W(ContainerCreating) "
                  "app=W(ContainerCreating) | attempt");
  life_attempt(&l, 1);
  assert_life(&l,
              "Pending(Init:0/2) setup=W(PodInitializing) proxy=W(PodInitializing) app=W(PodInitializing) |");
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

/* A reconciliation tells that it has ended, and not how: the agent tells that again. */
static void a_copy_of_an_end_is_no_end(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("OnFailure"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "FINISHED", COPY);
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_UPDATE_STALE);
  assert_life(&l, "Running(Running) c=R+ |");
  life_update(&l, "c", 0, "FINISHED", EXITED(0));
  assert_life(&l, "Succeeded(Completed) c=T(0 Completed) | kill:pause/0");
  life_end(&l);
  life_begin(&l, ONE("OnFailure"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "FINISHED", EXECUTOR); /* without words it went well all the same */
  assert_life(&l, "Succeeded(Completed) c=T(0 Completed) | kill:pause/0");
  life_end(&l);
}

/* That is what a master answers to a KILL: sent again because of it, it would go round and round. */
static void no_kill_follows_from_its_own_answer(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 5);
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/5");
  life_tick(&l, 0); /* sent */
  life_update(&l, "c", 0, "UNREACHABLE", "'source':'SOURCE_MASTER','reason':'REASON_RECONCILIATION'");
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/5+10000");
  /* Back, and alive: now it helps. */
  life_update(&l, "c", 0, "RUNNING", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REREGISTERED'");
  assert_life(&l, "Running(Terminating) c=R+ | kill:c/5");
  life_end(&l);
}

#define IN(parent)                                                                                           \
  EXECUTOR ",'container_status':{'container_id':{'value':'x','parent':{'value':'" parent "'}}}"

/* The executor died, and a launch that was under way started another one in an empty sandbox. */
static void another_executor_is_another_sandbox(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_update(&l, "", 0, "RUNNING", IN("e1"));
  life_update(&l, "c", 0, "RUNNING", IN("e1"));
  life_update(&l, "c", 0, "FAILED", EXITED(1));
  life_launch(&l, "c", 1);
  life_update(&l, "c", 1, "RUNNING", IN("e2"));
  assert_life(&l, "Running(Running) c=R+*1 | kill:pause/0+10000 kill:c/30+10000");
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  life_tick(&l, 10000);
  life_update(&l, "c", 1, "KILLED", IN("e2") ",'message':'Command terminated with signal Terminated'");
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating)*1 | attempt");
  life_end(&l);
}

static void a_drained_agent_tells_how_containers_ended(void **state) {
  (void)state;
  struct life l;
  struct k8sm_container_status c;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "KILLED", SIGNAL("Terminated") ",'reason':'REASON_AGENT_DRAINING'");
  assert_int_equal(k8sm_status_containers(l.status, 0, &c, sizeof c, 1), 1);
  assert_int_equal(c.exit_code, 143);
  assert_int_equal(c.signal, 15);
  life_end(&l);
}

static void what_runs_is_adopted(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_update(&l, "", 0, "RUNNING", COPY);
  /* Nobody has seen this one alive: it may have been lost on its way. */
  life_update(&l, "c", 2, "UNREACHABLE", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REMOVED'");
  assert_int_equal(l.status->tasks[1].progress, K8SMI_PROGRESS_NONE);
  life_update(&l, "c", 3, "RUNNING", COPY);
  assert_life(&l, "Running(Running) c=R+ |");
  struct k8sm_status_summary summary = {.size = sizeof summary};
  assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
  assert_true(k8smi_eqs(summary.agent_id, "S1"));
  life_end(&l);
}

/* Without its record a pod was counted from the start again: what was begun before that has a higher number,
 * and is killed like one of a lower; until it has ended, the pod has not. */
static void another_attempt_is_killed_whatever_its_number(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  assert_int_equal(life_send(&l, PODS_UID ".7.c.0.n1", "RUNNING", COPY), K8SM_OK);
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_UPDATE_STALE);
  struct k8sm_action action;
  assert_int_equal(k8sm_status_actions(l.status, 0, &action, sizeof action, 1), 1);
  assert_int_equal(action.type, K8SM_ACTION_KILL);
  assert_true(k8smi_eqs(action.task_id, PODS_UID ".7.c.0.n1"));
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 0);
  life_update(&l, "c", 0, "KILLED", SIGNAL("Killed"));
  life_update(&l, "", 0, "KILLED", SIGNAL("Killed"));
  assert_int_equal(k8sm_status_actions(l.status, 0, &action, sizeof action, 1), 1);
  assert_int_equal(action.type, K8SM_ACTION_KILL);
  assert_int_equal(life_send(&l, PODS_UID ".7.c.0.n1", "KILLED", SIGNAL("Killed")), K8SM_OK);
  assert_int_equal(k8sm_status_actions(l.status, 0, &action, sizeof action, 1), 1);
  assert_int_equal(action.type, K8SM_ACTION_DONE);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_deleted_pod_dies_in_order),
      cmocka_unit_test(kills_are_repeated),
      cmocka_unit_test(who_has_less_time_is_shut_down),
      cmocka_unit_test(a_pod_deleted_early),
      cmocka_unit_test(a_copy_of_an_end_is_no_end),
      cmocka_unit_test(no_kill_follows_from_its_own_answer),
      cmocka_unit_test(another_executor_is_another_sandbox),
      cmocka_unit_test(a_drained_agent_tells_how_containers_ended),
      cmocka_unit_test(active_deadlines_end_pods),
      cmocka_unit_test(a_net_ends_what_outlives_its_deadline),
      cmocka_unit_test(an_end_is_told_when_all_containers_have_ended),
      cmocka_unit_test(an_accept_that_failed_is_a_new_attempt),
      cmocka_unit_test(the_pause_task_is_replanted),
      cmocka_unit_test(what_is_done_stays_done),
      cmocka_unit_test(a_pod_that_runs_once_has_one_sandbox),
      cmocka_unit_test(so_has_one_between_its_stages),
      cmocka_unit_test(a_lost_sandbox_is_a_new_attempt),
      cmocka_unit_test(late_news_change_nothing),
      cmocka_unit_test(what_runs_is_adopted),
      cmocka_unit_test(another_attempt_is_killed_whatever_its_number),
      cmocka_unit_test(an_unreachable_pod_keeps_its_states),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
