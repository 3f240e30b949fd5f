/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that are one command task each, at the embedded Mesos. */
#include "base/slice.h"
#include "demand/demand.h"
#include "local/state.h"
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct k8sm_demand_options as_task = {.size = sizeof as_task, .form = K8SM_FORM_COMMAND};
static const struct k8sm_demand_options of_docker = {.size = sizeof of_docker, .form = K8SM_FORM_DOCKER};

#define POD(name, uid, spec)                                                                                 \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: default, uid: " uid "}\n"                \
  "spec: {terminationGracePeriodSeconds: 5, " spec "}\n"
#define CONTAINER(more) "containers: [{name: c, image: busybox" more "}]"

static struct k8sm_driver_options options(void) {
  struct k8sm_driver_options o = world_options();
  o.demand = &as_task;
  return o;
}

static void open_with(struct world *w, size_t agents, const char *pod) {
  struct k8sm_driver_options o = options();
  world_open(w, &o, agents);
  world_wait(w, 10);
  assert_true(world_pod(w, pod));
}

static void await(struct world *w, const char *key, const char *shown, uint64_t limit_ms) {
  if (world_await(w, key, shown, limit_ms)) return;
  fail_msg("%s is '%s', expected '%s'\n%.*s", key, world_shown(w, key), shown == NULL ? "gone" : shown,
           (int)w->trace.len, w->trace.ptr);
}

/* The tasks that agents know and that have not ended; *ret_alone: of them, those without an executor of their
 * pod's. */
static size_t running(const struct world *w, size_t agents, size_t *ret_alone) {
  size_t n = 0;
  *ret_alone = 0;
  for (size_t i = 0; i < agents; i++) {
    K8SMI_EACH(link, (struct k8smi_link *)(uintptr_t)&w->local->agents[i].executors) {
      const struct local_executor *executor = K8SMI_OF(link, local_executor, link);
      n += executor->running;
      if (executor->info == NULL) *ret_alone += executor->running;
    }
  }
  return n;
}

static uint32_t attempt_of(const struct world *w) {
  struct k8sm_driver_pod row;
  assert_true(k8sm_driver_pods(w->driver, 0, &row, sizeof row, 1) > 0);
  return k8sm_demand_attempt(row.demand);
}

static void a_pod_is_one_task(void **state) {
  struct world w;
  size_t alone;
  (void)state;
  open_with(&w, 2, POD("web", "u1", CONTAINER(", ports: [{containerPort: 80}]")));
  await(&w, "default/web", "Running", 10000);
  assert_int_equal(running(&w, 2, &alone), 1);
  assert_int_equal(alone, 1);
  struct k8sm_status_summary s = world_summary(&w, "default/web");
  assert_int_equal(s.ready, 1);
  assert_int_equal(s.containers, 1);
  assert_int_equal(world_delete(&w, "default/web", -1), K8SM_OK);
  await(&w, "default/web", NULL, 20000);
  world_wait(&w, 5000);
  assert_int_equal(running(&w, 2, &alone), 0);
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

/* Each start is another task, placed anew, and counts as a restart. */
static void a_restart_is_another_task(void **state) {
  struct world w;
  size_t alone;
  (void)state;
  open_with(&w, 2, POD("fails", "u1", CONTAINER(", command: [sh, -c, sleep 2; exit 3]")));
  await(&w, "default/fails", "CrashLoopBackOff", 60000);
  struct k8sm_status_summary s = world_summary(&w, "default/fails");
  uint32_t restarts = s.restarts, attempt = attempt_of(&w);
  assert_true(attempt >= restarts);
  struct k8sm_driver_pod row;
  struct k8sm_container_status c;
  k8sm_driver_pods(w.driver, 0, &row, sizeof row, 1);
  assert_true(k8sm_status_containers(row.status, 0, &c, sizeof c, 1) > 0);
  assert_int_equal(c.state, K8SM_STATE_WAITING);
  struct k8sm_blob *json;
  assert_int_equal(k8sm_status_encode(row.status, K8SM_FORMAT_JSON, NULL, &json), K8SM_OK);
  assert_non_null(strstr(k8sm_blob_bytes(json).ptr, "\"lastState\":{\"terminated\":{\"exitCode\":3"));
  k8sm_blob_unref(json);
  world_wait(&w, 400000);
  s = world_summary(&w, "default/fails");
  assert_true(s.restarts >= restarts + 3 && s.restarts < 12); /* with back-off */
  assert_int_equal(attempt_of(&w) - attempt, s.restarts - restarts);
  assert_true(running(&w, 2, &alone) <= 1);
  /* What was recorded is read as it is. */
  struct k8sm_driver_options o = options();
  world_restart(&w, &o);
  world_wait(&w, 400000);
  assert_true(world_summary(&w, "default/fails").restarts > s.restarts);
  assert_int_equal(world_delete(&w, "default/fails", 1), K8SM_OK);
  await(&w, "default/fails", NULL, 20000);
  world_close(&w);
}

static void policies_hold(void **state) {
  static const struct {
    const char *pod, *shown;
  } cases[] = {
      {POD("a", "u1", "restartPolicy: Never, " CONTAINER(", command: [sh, -c, exit 3]")), "Error"},
      {POD("a", "u2", "restartPolicy: OnFailure, " CONTAINER(", command: [sh, -c, exit 0]")), "Completed"},
      {POD("a", "u3", "restartPolicy: OnFailure, activeDeadlineSeconds: 20, " CONTAINER("")), "Error"},
      {POD("a", "u4",
           "restartPolicy: Never, " CONTAINER(", command: [sh, -c, exit 0], volumeMounts: [{name: v, "
                                              "mountPath: /v}]") ", volumes: [{name: v, emptyDir: {}}]"),
       "Completed"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct world w;
    open_with(&w, 1, cases[i].pod);
    await(&w, "default/a", cases[i].shown, 60000);
    world_wait(&w, 60000);
    assert_string_equal(world_shown(&w, "default/a"), cases[i].shown);
    assert_int_equal(world_summary(&w, "default/a").restarts, 0);
    assert_int_equal(attempt_of(&w), 0);
    world_close(&w);
  }
}

/* The Docker containerizer's executor has words of its own. */
static void a_task_of_docker_is_one_too(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  size_t alone;
  (void)state;
  o.demand = &of_docker;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, POD("fails", "u1", CONTAINER(", command: [sh, -c, sleep 2; exit 3]"))));
  await(&w, "default/fails", "CrashLoopBackOff", 60000);
  assert_true(world_said(&w, "default/fails: Ended: container c ended with exit code 3"));
  assert_true(world_summary(&w, "default/fails").restarts >= 1);
  world_restart(&w, &o);
  assert_true(world_pod(&w, POD("web", "u2", CONTAINER(""))));
  await(&w, "default/web", "Running", 10000);
  assert_int_equal(world_delete(&w, "default/web", 1), K8SM_OK);
  await(&w, "default/web", NULL, 20000);
  assert_true(world_said(&w, "default/web: Error: container c ended by signal 15"));
  assert_int_equal(world_delete(&w, "default/fails", 1), K8SM_OK);
  await(&w, "default/fails", NULL, 20000);
  world_wait(&w, 5000);
  assert_int_equal(running(&w, 1, &alone), 0);
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

/* A lost executor takes the task along, and is no end of the container's own. */
static void a_lost_executor_is_no_restart(void **state) {
  struct world w;
  (void)state;
  open_with(&w, 1, POD("web", "u1", CONTAINER("")));
  await(&w, "default/web", "Running", 10000);
  K8SMI_EACH(link, &w.local->agents[0].executors) {
    k8smi_local_executor_end(K8SMI_OF(link, local_executor, link), 9,
                             K8SM_MESOS__TASK_STATUS__REASON__REASON_EXECUTOR_TERMINATED,
                             LOCAL_EXECUTOR_TERMINATED);
  }
  world_wait(&w, 1000);
  await(&w, "default/web", "Running", 60000);
  assert_int_equal(attempt_of(&w), 1);
  assert_int_equal(world_summary(&w, "default/web").restarts, 0);
  world_close(&w);
}

static void a_failing_liveness_probe_restarts(void **state) {
  struct world w;
  (void)state;
  open_with(&w, 1,
            POD("web", "u1",
                CONTAINER(", livenessProbe: {periodSeconds: 1, failureThreshold: 1, exec: {command: [sh, -c, "
                          "exit 1]}}")));
  await(&w, "default/web", "CrashLoopBackOff", 60000);
  assert_true(world_summary(&w, "default/web").restarts >= 1);
  world_close(&w);
}

/* Of a process that is started with other options the pods go on as they are. */
static void an_attempt_keeps_its_form(void **state) {
  static const struct k8sm_demand_options plain = {.size = sizeof plain};
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct world w;
    struct k8sm_driver_options first = world_options(), then = world_options();
    size_t alone;
    first.demand = i == 0 ? &as_task : &plain;
    then.demand = i == 0 ? &plain : &as_task;
    world_open(&w, &first, 1);
    world_wait(&w, 10);
    assert_true(world_pod(&w, POD("web", "u1", CONTAINER(", command: [sh, -c, sleep 300; exit 1]"))));
    await(&w, "default/web", "Running", 10000);
    assert_int_equal(running(&w, 1, &alone), i == 0 ? 1 : 2);
    world_restart(&w, &then);
    world_wait(&w, 60000);
    assert_int_equal(attempt_of(&w), 0);
    assert_string_equal(world_shown(&w, "default/web"), "Running");
    assert_int_equal(running(&w, 1, &alone), i == 0 ? 1 : 2);
    /* What is begun is begun in the new form: the task's restart, and not that of the executor's. */
    world_wait(&w, 300000);
    assert_string_equal(world_shown(&w, "default/web"), "Running");
    assert_int_equal(world_summary(&w, "default/web").restarts, 1);
    assert_int_equal(running(&w, 1, &alone), 2);
    assert_int_equal(attempt_of(&w), i == 0 ? 1 : 0);
    assert_int_equal(world_delete(&w, "default/web", 1), K8SM_OK);
    await(&w, "default/web", NULL, 20000);
    world_wait(&w, 5000);
    assert_int_equal(running(&w, 1, &alone), 0);
    world_close(&w);
  }
}

/* Without the record what runs is taken up by its ids, whichever form it has. */
static void what_runs_is_adopted(void **state) {
  static const struct k8sm_demand_options plain = {.size = sizeof plain};
  static const char web[] = POD("web", "u1", CONTAINER(""));
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct world w;
    struct k8sm_driver_options first = world_options(), then = options();
    size_t alone;
    first.demand = i == 0 ? &as_task : &plain;
    then.adopt_ms = 100000;
    world_open(&w, &first, 1);
    world_wait(&w, 10);
    assert_true(world_pod(&w, web));
    await(&w, "default/web", "Running", 10000);
    world_forget(&w);
    world_restart(&w, &then);
    assert_true(world_pod(&w, web));
    await(&w, "default/web", "Running", 60000);
    assert_int_equal(running(&w, 1, &alone), i == 0 ? 1 : 2);
    assert_int_equal(world_delete(&w, "default/web", 1), K8SM_OK);
    await(&w, "default/web", NULL, 120000); /* when nothing can be found any more */
    world_wait(&w, 5000);
    assert_int_equal(running(&w, 1, &alone), 0);
    world_close(&w);
  }
}

/* What was taken up keeps its form, too, over one more restart with other options: else it would wait for
 * ever to be started again on an executor that nobody has, or leave its pause task behind. */
static void what_was_adopted_keeps_its_form(void **state) {
  static const struct k8sm_demand_options plain = {.size = sizeof plain};
  static const char web[] = POD("web", "u1", CONTAINER(", command: [sh, -c, sleep 60; exit 1]"));
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct world w;
    struct k8sm_driver_options first = world_options(), then = world_options();
    size_t alone;
    first.demand = i == 0 ? &as_task : &plain;
    then.demand = i == 0 ? &plain : &as_task;
    world_open(&w, &first, 1);
    world_wait(&w, 10);
    assert_true(world_pod(&w, web));
    await(&w, "default/web", "Running", 10000);
    world_forget(&w);
    first.adopt_ms = 5000;
    world_restart(&w, &first);
    assert_true(world_pod(&w, web));
    await(&w, "default/web", "Running", 5000);
    world_restart(&w, &then);
    world_wait(&w, 30000);
    assert_int_equal(attempt_of(&w), 0);
    assert_string_equal(world_shown(&w, "default/web"), "Running");
    world_wait(&w, 60000);
    await(&w, "default/web", "Running", 60000);
    assert_true(attempt_of(&w) > 0);
    assert_int_equal(running(&w, 1, &alone), i == 0 ? 2 : 1);
    world_close(&w);
  }
}

/* The agent is away for too long: another attempt runs elsewhere, and the former one is killed when it is
 * back. */
static void an_agent_comes_back(void **state) {
  struct world w;
  size_t alone, home = 0;
  struct k8sm_driver_options o = options();
  const struct k8sm_status_options status = {.size = sizeof status, .unreachable_seconds = 60};
  (void)state;
  o.status = &status;
  world_open(&w, &o, 2);
  world_wait(&w, 10);
  assert_true(world_pod(&w, POD("web", "u1", CONTAINER(""))));
  await(&w, "default/web", "Running", 10000);
  while (!k8smi_eqs(world_summary(&w, "default/web").agent_id, w.local->agents[home].id)) home++;
  k8smi_local_kill_agent(w.local, home);
  world_wait(&w, 200000);
  assert_string_equal(world_shown(&w, "default/web"), "Running");
  assert_int_equal(attempt_of(&w), 1);
  k8smi_local_restore_agent(w.local, home);
  world_wait(&w, 60000);
  assert_int_equal(running(&w, 2, &alone), 1);
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pod_is_one_task),
      cmocka_unit_test(a_restart_is_another_task),
      cmocka_unit_test(policies_hold),
      cmocka_unit_test(a_task_of_docker_is_one_too),
      cmocka_unit_test(a_lost_executor_is_no_restart),
      cmocka_unit_test(a_failing_liveness_probe_restarts),
      cmocka_unit_test(an_attempt_keeps_its_form),
      cmocka_unit_test(what_runs_is_adopted),
      cmocka_unit_test(what_was_adopted_keeps_its_form),
      cmocka_unit_test(an_agent_comes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
