/* SPDX-License-Identifier: Apache-2.0 */
/* Pods at the embedded Mesos, from end to end. */
#include "local/state.h"
#include "sim/world.h"
#include "wire/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char nginx[] =
    "apiVersion: v1\nkind: Pod\n"
    "metadata: {name: nginx, namespace: default, uid: u1}\n"
    "spec: {containers: [{name: nginx, image: nginx, ports: [{containerPort: 80}]}]}\n";
static const char failing[] =
    "apiVersion: v1\nkind: Pod\n"
    "metadata: {name: failing, namespace: default, uid: u2}\n"
    "spec: {containers: [{name: c, image: busybox, command: [sh, -c, sleep 2; exit 3]}]}\n";
static const char staged[] = "apiVersion: v1\nkind: Pod\n"
                             "metadata: {name: staged, namespace: default, uid: u3}\n"
                             "spec:\n"
                             "  restartPolicy: Never\n"
                             "  initContainers: [{name: first, image: busybox, command: [sleep, '1']}]\n"
                             "  containers: [{name: main, image: busybox, command: [sleep, '5']}]\n";

static void world_print(const struct world *w) {
  fprintf(stderr, "%.*s", (int)w->trace.len, w->trace.ptr == NULL ? "" : w->trace.ptr);
}

static void await(struct world *w, const char *key, const char *shown, uint64_t limit_ms) {
  if (world_await(w, key, shown, limit_ms)) return;
  world_print(w);
  fail_msg("%s is '%s', expected '%s'", key, world_shown(w, key), shown == NULL ? "" : shown);
}

static void open_running(struct world *w, size_t agents) {
  struct k8sm_driver_options o = world_options();
  world_open(w, &o, agents);
  world_wait(w, 10);
  assert_true(world_pod(w, nginx));
  await(w, "default/nginx", "Running", 10000);
}

static void nginx_runs_and_is_deleted(void **state) {
  static const uint32_t formats[] = {K8SM_FORMAT_JSON, K8SM_FORMAT_PROTOBUF};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct world w;
    struct k8sm_driver_options o = world_options();
    struct k8sm_driver_counters c = {.size = sizeof c};
    o.format = formats[i];
    world_open(&w, &o, 2);
    world_wait(&w, 10);
    assert_true(world_pod(&w, nginx));
    await(&w, "default/nginx", "Running", 10000);
    assert_int_equal(world_summary(&w, "default/nginx").ready, 1);
    world_wait(&w, 300000); /* nothing is left unacknowledged, nothing is sent again and again */
    assert_int_equal(k8sm_driver_count(w.driver, &c), K8SM_OK);
    assert_int_equal(c.acknowledged, c.updates);
    assert_int_equal(c.subscriptions, 1);
    assert_true(w.requests < 30);
    assert_int_equal(world_delete(&w, "default/nginx", 5), K8SM_OK);
    await(&w, "default/nginx", NULL, 20000);
    assert_int_equal(w.bad_answers, 0);
    world_close(&w);
  }
}

/* Who does not heed TERM, and was given a minute, goes at once when asked to, with its executor. After a
 * restart, too. The executor of a command task goes by the task's own grace, whatever it is told. */
static void a_deletion_is_hurried(void **state) {
  static const char spec[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: deaf, namespace: default, uid: u9}\n"
      "spec: {terminationGracePeriodSeconds: 60, containers: [{name: c, image: i, "
      "command: [sh, -c, \"trap '' TERM; sleep 1000\"]}]}\n";
  (void)state;
  for (int i = 0; i < 4; i++) {
    const bool alone = i % 2 == 1;
    struct world w;
    struct k8sm_driver_options o = world_options();
    struct k8sm_demand_options demand = {.size = sizeof demand, .form = K8SM_FORM_COMMAND};
    if (alone) o.demand = &demand;
    world_open(&w, &o, 1);
    world_wait(&w, 10);
    assert_true(world_pod(&w, spec));
    await(&w, "default/deaf", "Running", 10000);
    assert_int_equal(world_delete(&w, "default/deaf", -1), K8SM_OK);
    world_wait(&w, 3000);
    assert_string_equal(world_shown(&w, "default/deaf"), "Terminating");
    assert_int_equal(world_delete(&w, "default/deaf", 1), K8SM_OK);
    if (i >= 2) world_restart(&w, &o);
    world_wait(&w, 20000);
    assert_string_equal(world_shown(&w, "default/deaf"), alone ? "Terminating" : "");
    await(&w, "default/deaf", NULL, 70000);
    assert_int_equal(w.bad_answers, 0);
    world_close(&w);
  }
}

static void a_failing_container_restarts_with_back_off(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, failing));
  await(&w, "default/failing", "CrashLoopBackOff", 120000);
  uint32_t restarts = world_summary(&w, "default/failing").restarts;
  world_wait(&w, 300000);
  assert_true(world_summary(&w, "default/failing").restarts > restarts);
  assert_true(world_summary(&w, "default/failing").restarts < 10);
  assert_false(world_said(&w, "Attempt")); /* all of it on the same executor */
  assert_int_equal(world_delete(&w, "u2", 0), K8SM_OK);
  await(&w, "default/failing", NULL, 20000);
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

static void stages_run_to_their_end(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, staged));
  await(&w, "default/staged", "Completed", 60000);
  assert_string_equal(world_summary(&w, "default/staged").phase.ptr, "Succeeded");
  world_wait(&w, 60000);
  assert_int_equal(world_summary(&w, "default/staged").finished, 1);
  world_close(&w);
}

static void an_agent_comes_back(void **state) {
  struct world w;
  (void)state;
  open_running(&w, 1);
  k8smi_local_kill_agent(w.local, 0);
  world_wait(&w, 120000);
  k8smi_local_restore_agent(w.local, 0);
  world_wait(&w, 30000);
  await(&w, "default/nginx", "Running", 60000);
  assert_false(world_said(&w, "Attempt"));
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  await(&w, "default/nginx", NULL, 60000);
  world_close(&w);
}

static bool launched(const struct world *w, const char *prefix) {
  K8SMI_EACH(link, &w->local->frameworks) {
    K8SMI_EACH(task, &K8SMI_OF(link, local_framework, link)->tasks) {
      if (strncmp(K8SMI_OF(task, local_task, by_framework)->id, prefix, strlen(prefix)) == 0) return true;
    }
  }
  return false;
}

/* Another attempt is the rest of what the pod has to do, also where its driver has died before it had a
 * place. */
static void what_is_done_stays_done(void **state) {
  static const char parts[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: parts, namespace: default, uid: u5}\n"
      "spec: {restartPolicy: OnFailure, containers: [{name: a, image: i, command: [sh, -c, "
      "sleep 5]}, {name: b, image: i}]}\n";
  const struct k8sm_status_options status = {.size = sizeof status, .unreachable_seconds = 20};
  (void)state;
  for (int away = 0; away < 2; away++) {
    struct world w;
    struct k8sm_driver_options o = world_options();
    o.status = &status;
    world_open(&w, &o, 1);
    world_wait(&w, 10);
    assert_true(world_pod(&w, parts));
    await(&w, "default/parts", "NotReady", 20000);
    if (away) {
      k8smi_local_kill_agent(w.local, 0);
      world_wait(&w, 200000);
      assert_true(world_said(&w, "default/parts: Attempt: number 1 begins elsewhere"));
      world_restart(&w, &o);
      world_wait(&w, 1000);
      k8smi_local_restore_agent(w.local, 0);
    } else {
      k8smi_local_kill_executor(w.local, "u5.0.1");
      world_wait(&w, 1000);
    }
    await(&w, "default/parts", "NotReady", 90000);
    assert_true(launched(&w, "u5.1.b."));
    assert_false(launched(&w, "u5.1.a."));
    world_close(&w);
  }
}

static void an_executor_dies(void **state) {
  struct world w;
  (void)state;
  open_running(&w, 1);
  k8smi_local_kill_executor(w.local, "u1.0.1");
  world_wait(&w, 1000);
  await(&w, "default/nginx", "Running", 60000);
  assert_true(world_said(&w, "default/nginx: Attempt: number 1 begins"));
  world_close(&w);
}

static void a_start_without_the_record(void **state) {
  enum { ADOPT_MS = 60000 };
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  open_running(&w, 1);
  world_forget(&w);
  o.seed = 9;
  o.adopt_ms = ADOPT_MS;
  world_restart(&w, &o);
  assert_true(world_pod(&w, nginx));
  assert_true(world_pod(&w, failing)); /* runs nowhere yet, but who knows? */
  world_wait(&w, 10);
  assert_true(world_said(&w, "Adopting: without a record, nothing is launched for 60 s"));
  await(&w, "default/nginx", "Running", 5000);
  assert_true(world_said(&w, "default/nginx: Adopted: attempt number 0, which runs on agent"));
  assert_true(world_pod(&w, staged));
  assert_int_equal(world_delete(&w, "default/staged", -1), K8SM_OK);
  world_wait(&w, ADOPT_MS - 6000);
  assert_string_equal(world_shown(&w, "default/failing"), "Pending");
  assert_string_not_equal(world_shown(&w, "default/staged"), ""); /* something of it may turn up */
  await(&w, "default/failing", "CrashLoopBackOff", 120000);
  await(&w, "default/staged", NULL, 1000);
  world_wait(&w, 300000);
  assert_int_equal(world_summary(&w, "default/nginx").restarts, 0);
  assert_false(world_said(&w, "default/nginx: Attempt"));
  o.seed = 10;
  o.adopt_ms = 0;
  world_restart(&w, &o); /* now there is a record of it, though not of its place */
  world_wait(&w, 20000);
  await(&w, "default/nginx", "Running", 60000);
  assert_false(world_said(&w, "default/nginx: Attempt"));
  k8smi_local_kill_executor(w.local, "u1.0.1");
  world_wait(&w, 1000);
  await(&w, "default/nginx", "Running", 60000);
  assert_true(world_said(&w, "default/nginx: Attempt: number 17672"));
  assert_int_equal(world_delete(&w, "default/nginx", 1), K8SM_OK);
  await(&w, "default/nginx", NULL, 60000);
  world_close(&w);
}

/* Nobody is there any more to end it: Mesos does. Who comes later reads it off how its tasks ended, also
 * where the record of when it began is lost. */
static void a_pod_past_its_deadline_ends_without_a_driver(void **state) {
  static const char timed[] =
      "apiVersion: v1\nkind: Pod\n"
      "metadata: {name: timed, namespace: default, uid: u4}\n"
      "spec: {activeDeadlineSeconds: 20, terminationGracePeriodSeconds: 3, containers: "
      "[{name: a, image: i}, {name: b, image: i, command: [sh, -c, sleep 8; exit 1]}]}\n";
  (void)state;
  for (int lost = 0; lost < 2; lost++) {
    struct world w;
    struct k8sm_driver_options o = world_options();
    world_open(&w, &o, 1);
    world_wait(&w, 10);
    assert_true(world_pod(&w, timed));
    await(&w, "default/timed", "Running", 10000);
    world_wait(&w, 12000); /* b has started again since */
    assert_int_equal(world_summary(&w, "default/timed").restarts, 1);
    if (lost) world_forget(&w);
    for (uint64_t end = w.now + 30000; w.now < end; w.now += 100)
      assert_int_equal(k8smi_local_advance(w.local, w.now, (int64_t)w.now), K8SM_OK);
    K8SMI_EACH(link, &w.local->frameworks) {
      K8SMI_EACH(task, &K8SMI_OF(link, local_framework, link)->tasks)
      assert_int_equal(K8SMI_OF(task, local_task, by_framework)->phase, LOCAL_TASK_ENDED);
    }
    o.seed = 9;
    o.adopt_ms = lost ? 60000 : 0;
    world_restart(&w, &o);
    if (lost) assert_true(world_pod(&w, timed));
    const char *shown =
        lost ? "Error" : "DeadlineExceeded"; /* as a ended: without a record nobody knows why */
    await(&w, "default/timed", shown, 100000);
    world_wait(&w, 120000);
    assert_string_equal(world_shown(&w, "default/timed"), shown);
    assert_true(world_summary(&w, "default/timed").finished);
    world_close(&w);
  }
}

/* It is deleted before anybody knows that it runs: it ends when it is found, and is not said to have ended
 * before. */
static void a_deletion_without_the_record(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  open_running(&w, 1);
  world_forget(&w);
  k8smi_local_kill_agent(w.local, 0);
  o.seed = 9;
  o.adopt_ms = 600000;
  world_restart(&w, &o);
  assert_true(world_pod(&w, nginx));
  assert_int_equal(world_delete(&w, "default/nginx", 1), K8SM_OK);
  world_wait(&w, 60000);
  assert_string_equal(world_shown(&w, "default/nginx"), "Pending");
  k8smi_local_restore_agent(w.local, 0);
  world_wait(&w, 20000);
  assert_true(world_said(&w, "default/nginx: Adopted: attempt number 0"));
  await(&w, "default/nginx", NULL, 600000);
  K8SMI_EACH(link, &w.local->frameworks) {
    assert_true(k8smi_list_empty(&K8SMI_OF(link, local_framework, link)->tasks));
  }
  world_close(&w);
}

/* How much cpu of the agent is reserved for pods, in thousandths. */
static int64_t reserved_cpus(const struct world *w) {
  const struct local_bag *bag = &w->local->agents[0].total.bag;
  int64_t sum = 0;
  for (size_t i = 0; i < bag->count; i++) {
    const struct local_amount *amount = &bag->amounts[i];
    if (strcmp(amount->form->name, "cpus") == 0 && k8smi_local_amount_reserved(amount).ptr != NULL)
      sum += amount->milli;
  }
  return sum;
}

static void reservations_come_and_go(void **state) {
  static const char *const roles[] = {"dev"};
  static const struct {
    uint32_t form;
    int64_t runs, fails; /* reserved for nginx, which runs, and beside it for failing, which comes and goes */
  } cases[] = {{K8SM_FORM_AUTO, 20, 20}, {K8SM_FORM_RESERVED, 260, 260}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct world w;
    struct k8sm_driver_options o = world_options();
    const struct k8sm_framework framework = {
        .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
    const struct k8sm_demand_options demand = {.size = sizeof demand, .form = cases[i].form};
    o.framework = &framework;
    o.demand = &demand;
    world_open(&w, &o, 1);
    world_wait(&w, 10);
    assert_true(world_pod(&w, nginx));
    await(&w, "default/nginx", "Running", 10000);
    assert_int_equal(reserved_cpus(&w), cases[i].runs);
    assert_true(world_pod(&w, failing));
    await(&w, "default/failing", "CrashLoopBackOff", 120000);
    world_wait(&w, 400000); /* it starts again and again, from what is its own */
    assert_true(world_summary(&w, "default/failing").restarts >= 4);
    assert_int_equal(reserved_cpus(&w), cases[i].runs + cases[i].fails);
    assert_int_equal(world_delete(&w, "default/failing", 1), K8SM_OK);
    await(&w, "default/failing", NULL, 60000);
    world_wait(&w, 20000);
    assert_int_equal(reserved_cpus(&w), cases[i].runs);
    assert_int_equal(world_delete(&w, "default/nginx", 1), K8SM_OK);
    await(&w, "default/nginx", NULL, 60000);
    world_wait(&w, 20000);
    assert_int_equal(reserved_cpus(&w), 0);
    assert_int_equal(w.bad_answers, 0);
    world_close(&w);
  }
}

/* Its agent makes no offers when a pod ends, and does again when nobody wants any: the driver looks for what
 * is left over, now and then, and at once where it begins. */
static void what_stayed_reserved_is_found(void **state) {
  static const char *const roles[] = {"dev"};
  const struct k8sm_framework framework = {
      .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
  (void)state;
  for (int restarts = 0; restarts < 2; restarts++) {
    struct world w;
    struct k8sm_driver_options o = world_options();
    o.framework = &framework;
    world_open(&w, &o, 1);
    world_wait(&w, 10);
    assert_true(world_pod(&w, nginx));
    await(&w, "default/nginx", "Running", 10000);
    k8smi_local_drain_agent(w.local, 0);
    assert_int_equal(world_delete(&w, "default/nginx", 1), K8SM_OK);
    await(&w, "default/nginx", NULL, 60000);
    world_wait(&w, 100000);
    k8smi_local_reactivate_agent(w.local, 0);
    world_wait(&w, 100000);
    assert_int_equal(reserved_cpus(&w), 20);
    if (restarts != 0) world_restart(&w, &o);
    world_wait(&w, restarts != 0 ? 15000 : 600000);
    assert_int_equal(reserved_cpus(&w), 0);
    assert_int_equal(w.bad_answers, 0);
    world_close(&w);
  }
}

static const char claiming[] =
    "apiVersion: v1\nkind: Pod\n"
    "metadata: {name: db, namespace: default, uid: %s}\n"
    "spec:\n"
    "  containers: [{name: c, image: busybox, volumeMounts: [{name: v, mountPath: /v}]}]\n"
    "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n";

/* The agent on which the volume is; NULL: on none; "several" if it is there twice. */
static const char *volume_agent(const struct world *w, size_t agents) {
  const char *found = NULL;
  for (size_t i = 0; i < agents; i++) {
    const struct local_bag *bag = &w->local->agents[i].total.bag;
    for (size_t k = 0; k < bag->count; k++) {
      const K8smMesos__Resource *form = bag->amounts[k].form;
      if (form->disk == NULL || form->disk->persistence == NULL) continue;
      found = found == NULL ? w->local->agents[i].id : "several";
    }
  }
  return found;
}

/* A pod is deleted, and made again at once: its volume is not offered then, at first for a while, and waited
 * for. Later its agent is lost, and it waits for that. When the agent is gone for good, so is the volume. */
static void a_pod_comes_back_to_its_volume(void **state) {
  static const char *const roles[] = {"dev"};
  static const struct k8sm_manifest_data data[] = {
      {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storage", 7}, {"64Mi", 4}, 0, 0}};
  enum { AGENTS = 3, ROUNDS = 5 };
  struct world w;
  struct k8sm_driver_options o = world_options();
  const struct k8sm_framework framework = {
      .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
  const struct k8sm_demand_options demand = {
      .size = sizeof demand, .data = data, .data_count = 1, .data_size = sizeof data[0]};
  (void)state;
  o.framework = &framework;
  o.demand = &demand;
  world_open(&w, &o, AGENTS);
  world_wait(&w, 10);
  const char *home = NULL;
  size_t away = 0;
  for (int i = 0; i < ROUNDS; i++) {
    char yaml[sizeof claiming + 16], uid[8];
    snprintf(uid, sizeof uid, "v%d", i);
    snprintf(yaml, sizeof yaml, claiming, uid);
    if (i == 3) k8smi_local_kill_agent(w.local, away);
    if (i == 3) world_wait(&w, 100000); /* it is lost */
    assert_true(world_pod(&w, yaml));
    if (i == 1 || i == 3) { /* its agent has made no offers since */
      world_wait(&w, 20000);
      assert_string_equal(world_shown(&w, "default/db"), "Pending");
    }
    if (i == 1) k8smi_local_reactivate_agent(w.local, away);
    if (i == 3) k8smi_local_restore_agent(w.local, away);
    await(&w, "default/db", "Running", 60000);
    if (home == NULL) home = volume_agent(&w, AGENTS);
    assert_string_equal(volume_agent(&w, AGENTS), home);
    assert_true(k8smi_eqs(world_summary(&w, "default/db").agent_id, home));
    if (i == 2) world_restart(&w, &o); /* what runs tells it again */
    world_wait(&w, 5000);
    if (i == ROUNDS - 1) break;
    assert_int_equal(world_delete(&w, "default/db", 1), K8SM_OK);
    await(&w, "default/db", NULL, 60000);
    for (away = 0; i == 0 && strcmp(w.local->agents[away].id, home) != 0;) away++;
    if (i == 0) k8smi_local_drain_agent(w.local, away);
  }
  k8smi_local_give_up_agent(w.local, away);
  world_wait(&w, 60000);
  await(&w, "default/db", "Running", 60000);
  assert_false(k8smi_eqs(world_summary(&w, "default/db").agent_id, home));
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

/* Rewrites the executor's id in the pod's record: same length, so that the base64 is as long as before. */
static bool set_mapping(struct k8smi_buf *record, const char *from, const char *to) {
  static const char key[] = "\"executor\":\"";
  struct k8smi_arena arena;
  struct k8smi_buf text;
  bool bad, done = false;
  k8smi_buf_putc(record, '\0');
  char *at = strstr(record->ptr, key);
  record->len--;
  if (at == NULL) return false;
  at += sizeof key - 1;
  k8smi_arena_init(&arena, NULL, 0);
  struct k8sm_slice bytes = k8smi_parse_base64(&arena, (struct k8sm_slice){at, strcspn(at, "\"")}, &bad);
  char *copy = k8smi_arena_alloc(&arena, bytes.len);
  memcpy(copy, bytes.ptr, bytes.len);
  for (size_t i = 0; i + strlen(from) <= bytes.len && !done; i++) {
    done = memcmp(copy + i, from, strlen(from)) == 0;
    if (done) memcpy(copy + i, to, strlen(to));
  }
  k8smi_buf_init(&text, NULL);
  k8smi_put_base64(&text, copy, bytes.len);
  memcpy(at, text.ptr, text.len);
  k8smi_buf_free(&text);
  k8smi_arena_free(&arena);
  return done;
}

/* A library of another version began it: nothing is launched on that executor any more. */
static void an_attempt_of_another_mapping_is_given_up(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, failing));
  await(&w, "default/failing", "CrashLoopBackOff", 120000);
  bool changed = false;
  for (size_t i = 0; i < w.row_count; i++) changed |= set_mapping(&w.rows[i].bytes, "u2.0.1", "u2.0.9");
  assert_true(changed);
  world_restart(&w, &o);
  world_wait(&w, 400000);
  assert_true(
      world_said(&w, "default/failing: Attempt: number 0 was begun by another version of the mapping"));
  assert_true(world_said(&w, "default/failing: Attempt: number 1 begins"));
  assert_true(world_summary(&w, "default/failing").restarts > 0);
  assert_int_equal(world_delete(&w, "default/failing", 1), K8SM_OK);
  await(&w, "default/failing", NULL, 60000);
  world_close(&w);
}

static void the_master_fails_over(void **state) {
  struct world w;
  struct k8sm_driver_counters c = {.size = sizeof c};
  (void)state;
  open_running(&w, 2);
  k8smi_local_fail_over(w.local);
  world_wait(&w, 120000);
  assert_int_equal(k8sm_driver_count(w.driver, &c), K8SM_OK);
  assert_int_equal(c.subscriptions, 2);
  await(&w, "default/nginx", "Running", 60000);
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  await(&w, "default/nginx", NULL, 60000);
  world_close(&w);
}

static void the_host_crashes(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  open_running(&w, 2);
  o.seed = 4;
  world_restart(&w, &o);
  assert_string_equal(world_shown(&w, "default/nginx"), "Running");
  world_wait(&w, 60000);
  assert_string_equal(world_shown(&w, "default/nginx"), "Running");
  assert_false(world_said(&w, "Attempt"));
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  await(&w, "default/nginx", NULL, 60000);
  world_close(&w);
}

static void many_pods(void **state) {
  enum { PODS = 12 };
  struct world w;
  struct k8sm_driver_options o = world_options();
  char yaml[512], key[64];
  (void)state;
  world_open(&w, &o, 3);
  world_wait(&w, 10);
  for (int i = 0; i < PODS; i++) {
    snprintf(yaml, sizeof yaml,
             "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d, namespace: default, uid: u%d}\n"
             "spec: {containers: [{name: a, image: i}, {name: b, image: i}]}\n",
             i, i);
    assert_true(world_pod(&w, yaml));
  }
  for (int i = 0; i < PODS; i++) {
    snprintf(key, sizeof key, "default/p%d", i);
    await(&w, key, "Running", 60000);
  }
  for (int i = 0; i < PODS; i++) {
    snprintf(key, sizeof key, "default/p%d", i);
    assert_int_equal(world_delete(&w, key, 1), K8SM_OK);
  }
  for (int i = 0; i < PODS; i++) {
    snprintf(key, sizeof key, "default/p%d", i);
    await(&w, key, NULL, 60000);
  }
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

/* A pod that waits for one agent leaves the others' offers to others, and a pod that can go anywhere gets
 * them. */
static void constraints_at_the_master(void **state) {
  static const char waiting[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: waiting, namespace: default, uid: u7}\n"
      "spec: {nodeName: agent2.local, containers: [{name: c, image: i, resources: {requests: {cpu: 64}}}]}\n";
  struct world w;
  struct k8sm_driver_options o = world_options();
  struct k8sm_driver_counters before = {.size = sizeof before}, after = {.size = sizeof after};
  (void)state;
  world_open(&w, &o, 4);
  world_wait(&w, 10);
  assert_true(world_pod(&w, waiting));
  world_wait(&w, 20000);
  assert_int_equal(k8sm_driver_count(w.driver, &before), K8SM_OK);
  world_wait(&w, 60000);
  assert_int_equal(k8sm_driver_count(w.driver, &after), K8SM_OK);
  assert_true(after.offers_received - before.offers_received <=
              12); /* of the one agent, refused for 5 s each */
  assert_true(after.offers_received > before.offers_received);
  assert_int_equal(after.subscriptions, 1);
  assert_true(world_pod(&w, nginx));
  await(&w, "default/nginx", "Running", 5000);
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

/* A pod of so many cpus and a priority. */
static void preempt_pod(struct world *w, const char *name, const char *cpu, int priority) {
  char yaml[512];
  snprintf(
      yaml, sizeof yaml,
      "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: default, uid: u-%s}\n"
      "spec: {priority: %d, terminationGracePeriodSeconds: 5, containers: [{name: c, image: i, resources: "
      "{requests: {cpu: %s}}}]}\n",
      name, name, priority, cpu);
  assert_true(world_pod(w, yaml));
}

static void a_pod_makes_room_for_another(void **state) {
  (void)state;
  for (int crash = 0; crash < 2; crash++) {
    struct world w;
    const struct k8sm_match_options match = {.size = sizeof match, .flags = K8SM_MATCH_PREEMPT};
    struct k8sm_driver_options o = world_options();
    o.match = &match;
    world_open(&w, &o, 2);
    world_wait(&w, 10);
    preempt_pod(&w, "large", "3", 1);
    preempt_pod(&w, "other", "3", 2);
    preempt_pod(&w, "small", "500m", 0);
    await(&w, "default/small", "Running", 10000);
    await(&w, "default/other", "Running", 10000);
    preempt_pod(&w, "high", "3", 9);
    preempt_pod(&w, "same", "3", 9); /* it may end the other one, but not take what is promised */
    preempt_pod(&w, "third", "3", 9);
    for (int i = 0; i < 100 && !world_said(&w, "default/other: Preempted"); i++) world_wait(&w, 100);
    assert_true(world_said(&w, "default/large: Preempted: Preempted by pod default/high on node "));
    assert_true(world_said(&w, "default/other: Preempted: Preempted by pod default/same on node "));
    assert_true(world_said(&w, "default/high: Nominated: waits for room on node "));
    o.seed = 5;
    if (crash) { /* those that wait are not recorded, but for the nominated: the host hands them in again */
      world_restart(&w, &o);
      preempt_pod(&w, "third", "3", 9);
    }
    await(&w, "default/high", "Running", 120000);
    await(&w, "default/same", "Running", 120000);
    await(&w, "default/large", NULL, 120000);
    await(&w, "default/other", NULL, 120000);
    assert_string_equal(world_shown(&w, "default/small"), "Running");
    assert_false(world_said(&w, "default/small: Preempted"));
    world_wait(&w, 120000);
    assert_string_equal(world_shown(&w, "default/third"),
                        "Pending"); /* nobody of a lower priority is in its way */
    assert_int_equal(world_delete(&w, "default/high", 1), K8SM_OK);
    await(&w, "default/third", "Running", 120000);
    assert_int_equal(w.bad_answers, 0);
    world_close(&w);
  }
}

static void nobody_is_ended_unless_asked_to(void **state) {
  (void)state;
  struct world w;
  struct k8sm_driver_options o = world_options();
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  preempt_pod(&w, "large", "3", 1);
  await(&w, "default/large", "Running", 10000);
  preempt_pod(&w, "high", "3", 9);
  world_wait(&w, 120000);
  assert_string_equal(world_shown(&w, "default/large"), "Running");
  assert_string_equal(world_shown(&w, "default/high"), "Pending");
  assert_false(world_said(&w, "Preempted"));
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nginx_runs_and_is_deleted),
      cmocka_unit_test(constraints_at_the_master),
      cmocka_unit_test(a_deletion_is_hurried),
      cmocka_unit_test(a_failing_container_restarts_with_back_off),
      cmocka_unit_test(stages_run_to_their_end),
      cmocka_unit_test(an_agent_comes_back),
      cmocka_unit_test(what_is_done_stays_done),
      cmocka_unit_test(an_executor_dies),
      cmocka_unit_test(a_start_without_the_record),
      cmocka_unit_test(a_pod_past_its_deadline_ends_without_a_driver),
      cmocka_unit_test(a_deletion_without_the_record),
      cmocka_unit_test(reservations_come_and_go),
      cmocka_unit_test(what_stayed_reserved_is_found),
      cmocka_unit_test(a_pod_comes_back_to_its_volume),
      cmocka_unit_test(an_attempt_of_another_mapping_is_given_up),
      cmocka_unit_test(the_master_fails_over),
      cmocka_unit_test(the_host_crashes),
      cmocka_unit_test(many_pods),
      cmocka_unit_test(a_pod_makes_room_for_another),
      cmocka_unit_test(nobody_is_ended_unless_asked_to),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
