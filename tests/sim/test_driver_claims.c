/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that are deleted, at the embedded Mesos and at a master that does what the test says. */
#include "local/state.h"
#include "base/slice.h"
#include "sim/script.h"
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const roles[] = {"dev"};
static const struct k8sm_framework framework = {
    .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
static const struct k8sm_manifest_data data[] = {
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storage", 7}, {"64Mi", 4}, 0, 0}};
static const struct k8sm_demand_options demand = {
    .size = sizeof demand, .data = data, .data_count = 1, .data_size = sizeof data[0]};
static const char claiming[] =
    "apiVersion: v1\nkind: Pod\n"
    "metadata: {name: %s, namespace: default, uid: %s}\n"
    "spec:\n"
    "  containers: [{name: c, image: busybox, volumeMounts: [{name: v, mountPath: /v}]}]\n"
    "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n";

/* ---- At the embedded Mesos ---- */

static void open_world(struct world *w, struct k8sm_driver_options *o, size_t agents) {
  *o = world_options();
  o->framework = &framework;
  o->demand = &demand;
  world_open(w, o, agents);
  world_wait(w, 10);
}

static const char ephemeral[] =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: own, namespace: default, uid: u1}\n"
    "spec: {containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}],\n"
    "  volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce],\n"
    "    resources: {requests: {storage: 64Mi}}}}}}]}\n";

static void run_pod(struct world *w, const char *name, const char *uid) {
  char yaml[sizeof claiming + 32], key[32];
  snprintf(yaml, sizeof yaml, claiming, name, uid);
  snprintf(key, sizeof key, "default/%s", name);
  assert_true(world_pod(w, yaml));
  if (!world_await(w, key, "Running", 60000)) fail_msg("%s is '%s'", key, world_shown(w, key));
}

static int delete_claim(struct world *w, const char *key) {
  return world_step(w, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s(key)});
}

/* What the agents have that is reserved; *ret_volumes: of it, volumes. */
static size_t count_reserved(const struct world *w, size_t agents, size_t *ret_volumes) {
  size_t n = 0;
  *ret_volumes = 0;
  for (size_t i = 0; i < agents; i++) {
    const struct local_bag *bag = &w->local->agents[i].total.bag;
    for (size_t k = 0; k < bag->count; k++) {
      const K8smMesos__Resource *form = bag->amounts[k].form;
      *ret_volumes += form->disk != NULL && form->disk->persistence != NULL;
      n += form->n_reservations > 0;
    }
  }
  return n;
}

static size_t count_volumes(const struct world *w, size_t agents) {
  size_t volumes;
  count_reserved(w, agents, &volumes);
  return volumes;
}

static const struct world_row *row_of(const struct world *w, const char *key) {
  for (size_t i = 0; i < w->row_count; i++) {
    if (strcmp(w->rows[i].key, key) == 0) return &w->rows[i];
  }
  fail_msg("no row %s", key);
  return NULL;
}

static uint64_t releases_due(const struct world *w) {
  struct k8sm_driver_counters c = {.size = sizeof c};
  assert_int_equal(k8sm_driver_count(w->driver, &c), K8SM_OK);
  return c.releases_due;
}

/* As Kubernetes protects a claim in use. */
static void a_claim_waits_for_its_pods(void **state) {
  enum { AGENTS = 2 };
  struct world w;
  struct k8sm_driver_options o;
  size_t volumes;
  char yaml[sizeof claiming + 32];
  (void)state;
  open_world(&w, &o, AGENTS);
  run_pod(&w, "db", "u1");
  assert_int_equal(delete_claim(&w, "default/data"), K8SM_OK);
  world_wait(&w, 120000);
  assert_true(world_said(&w, "Claim: default/data goes when no pod has it any more"));
  assert_int_equal(count_volumes(&w, AGENTS), 1);
  assert_int_equal(row_of(&w, "claim/default/data")->bytes.len > 0, 1);
  assert_int_equal(delete_claim(&w, "default/data"), K8SM_OK); /* nothing new */
  /* One that comes now does not get it. */
  snprintf(yaml, sizeof yaml, claiming, "later", "u2");
  assert_true(world_pod(&w, yaml));
  world_wait(&w, 60000);
  assert_string_equal(world_shown(&w, "default/later"), "Pending");
  assert_true(world_said(&w,
                         "default/later: FailedScheduling: 0/2 nodes are available: persistentvolumeclaim "
                         "\"data\" is being deleted."));
  assert_int_equal(world_delete(&w, "default/db", 1), K8SM_OK);
  assert_true(world_await(&w, "default/db", NULL, 60000));
  world_wait(&w, 10000);
  assert_true(world_said(&w, ": its volume is destroyed; it is given back"));
  assert_int_equal(count_volumes(&w, AGENTS), 0);
  world_wait(&w, 12000);
  assert_true(world_said(&w, "Claim: default/data is gone"));
  assert_int_equal(row_of(&w, "claim/default/data")->bytes.len, 0);
  /* It has a volume of its own now, and the claim is no longer deleted. */
  assert_true(world_await(&w, "default/later", "Running", 60000));
  world_wait(&w, 120000);
  assert_int_equal(count_volumes(&w, AGENTS), 1);
  assert_int_equal(world_delete(&w, "default/later", 1), K8SM_OK);
  assert_true(world_await(&w, "default/later", NULL, 60000));
  assert_int_equal(delete_claim(&w, "default/data"), K8SM_OK);
  world_wait(&w, 5000);
  assert_int_equal(releases_due(&w), 0);
  world_wait(&w, 30000);
  assert_int_equal(count_reserved(&w, AGENTS, &volumes), 0);
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

/* What a pod's tasks had comes back before what its executor had: it is waited for its own volume, too. */
static void its_own_volume_is_due_to_the_last(void **state) {
  struct world w;
  struct k8sm_driver_options o;
  size_t volumes;
  (void)state;
  open_world(&w, &o, 1);
  assert_true(world_pod(&w, ephemeral));
  assert_true(world_await(&w, "default/own", "Running", 60000));
  assert_int_equal(count_volumes(&w, 1), 1);
  assert_int_equal(world_delete(&w, "default/own", 1), K8SM_OK);
  for (int i = 0; i < 200 && releases_due(&w) == 0; i++) world_wait(&w, 50);
  assert_int_equal(releases_due(&w), 1);
  for (int i = 0; i < 200 && releases_due(&w) > 0; i++) world_wait(&w, 50);
  assert_int_equal(releases_due(&w), 0);
  assert_int_equal(count_reserved(&w, 1, &volumes), 0);
  world_close(&w);
}

/* A pod that is not over has its claim in the next attempt, too. */
static void a_restart_keeps_the_claim(void **state) {
  enum { AGENTS = 1 };
  struct world w;
  struct k8sm_driver_options o;
  (void)state;
  open_world(&w, &o, AGENTS);
  run_pod(&w, "db", "u1");
  assert_int_equal(delete_claim(&w, "default/data"), K8SM_OK);
  world_wait(&w, 1000);
  world_restart(&w, &o);
  k8smi_local_kill_executor(w.local, "u1.0.1");
  world_wait(&w, 60000);
  assert_string_equal(world_shown(&w, "default/db"), "Running");
  assert_true(world_said(&w, "Attempt: number 1 begins"));
  assert_int_equal(count_volumes(&w, AGENTS), 1);
  world_close(&w);
}

/* The agent that has the volume is away, and the process starts again meanwhile: it waits for the agent. */
static void a_claim_waits_for_its_agent(void **state) {
  enum { AGENTS = 2 };
  struct world w;
  struct k8sm_driver_options o;
  size_t volumes, home = 0;
  (void)state;
  open_world(&w, &o, AGENTS);
  run_pod(&w, "db", "u1");
  for (struct k8sm_status_summary s = world_summary(&w, "default/db");
       !k8smi_eqs(s.agent_id, w.local->agents[home].id);)
    home++;
  assert_int_equal(world_delete(&w, "default/db", 1), K8SM_OK);
  assert_true(world_await(&w, "default/db", NULL, 60000));
  world_wait(&w, 5000);
  k8smi_local_kill_agent(w.local, home);
  world_wait(&w, 100000); /* it is lost */
  assert_int_equal(delete_claim(&w, "default/data"), K8SM_OK);
  world_wait(&w, 1000);
  world_restart(&w, &o);
  world_wait(&w, 300000);
  assert_int_equal(releases_due(&w), 1);
  assert_false(world_said(&w, "Claim: default/data is gone"));
  k8smi_local_restore_agent(w.local, home);
  world_wait(&w, 660000); /* it is looked for now and then */
  assert_true(world_said(&w, "Claim: default/data is gone"));
  assert_int_equal(count_reserved(&w, AGENTS, &volumes), 0);
  world_close(&w);
}

/* Nobody has it. */
static void a_claim_without_a_volume_goes(void **state) {
  enum { AGENTS = 2 };
  struct world w;
  struct k8sm_driver_options o;
  (void)state;
  open_world(&w, &o, AGENTS);
  assert_int_equal(delete_claim(&w, "default/none"), K8SM_OK);
  world_wait(&w, 50000);
  assert_false(world_said(&w, "Claim: default/none is gone"));
  world_wait(&w, 20000);
  assert_true(world_said(&w, "Claim: default/none is gone"));
  assert_int_equal(delete_claim(&w, "none"), K8SM_ERR_INVALID);
  assert_int_equal(delete_claim(&w, "/none"), K8SM_ERR_INVALID);
  assert_int_equal(delete_claim(&w, "a/b/c"), K8SM_ERR_INVALID);
  assert_int_equal(delete_claim(&w, ""), K8SM_ERR_INVALID);
  world_close(&w);
}

/* From the claim's deletion to its end, with the nth allocation failing and all behind it, until the step is
 * over. Returns how many there were. */
static size_t claim_ends(size_t fail_at) {
  enum { AGENTS = 1 };
  struct world w;
  struct k8sm_driver_options o;
  size_t volumes;
  open_world(&w, &o, AGENTS);
  run_pod(&w, "db", "u1");
  world_wait(&w, 1000);
  size_t before = w.memory.calls;
  w.failing = true;
  w.memory.fail_at = fail_at == 0 ? 0 : before + fail_at;
  int r = delete_claim(&w, "default/data");
  if (r == K8SM_ERR_NOMEM) r = delete_claim(&w, "default/data");
  assert_int_equal(r, K8SM_OK);
  assert_int_equal(world_delete(&w, "default/db", 1), K8SM_OK);
  world_wait(&w, 120000);
  if (!world_said(&w, "Claim: default/data is gone"))
    fail_msg("allocation %zu: %.*s", fail_at, (int)w.trace.len, w.trace.ptr);
  assert_int_equal(row_of(&w, "claim/default/data")->bytes.len, 0);
  assert_int_equal(count_reserved(&w, AGENTS, &volumes), 0);
  size_t count = w.memory.calls - before;
  w.failing = false;
  w.memory.fail_at = 0;
  world_close(&w);
  return count;
}

static void a_claim_ends_where_memory_runs_out(void **state) {
  (void)state;
  size_t count = claim_ends(0);
  assert_true(count > 100);
  for (size_t i = 1; i <= count; i++) claim_ends(i);
}

/* From a pod's first attempt to its end, and that of its agent, in the same way: the row of its volume is
 * there meanwhile, and gone then. */
static size_t volume_lives(size_t fail_at) {
  enum { AGENTS = 1 };
  struct world w;
  struct k8sm_driver_options o;
  open_world(&w, &o, AGENTS);
  size_t before = w.memory.calls;
  w.failing = true;
  w.memory.fail_at = fail_at == 0 ? 0 : before + fail_at;
  run_pod(&w, "db", "u1");
  assert_int_equal(world_delete(&w, "default/db", 1), K8SM_OK);
  assert_true(world_await(&w, "default/db", NULL, 60000));
  if (row_of(&w, "volume/default/data")->bytes.len == 0 || count_volumes(&w, AGENTS) != 1)
    fail_msg("allocation %zu: %.*s", fail_at, (int)w.trace.len, w.trace.ptr);
  k8smi_local_give_up_agent(w.local, 0);
  world_wait(&w, 100000);
  if (row_of(&w, "volume/default/data")->bytes.len != 0)
    fail_msg("allocation %zu: %.*s", fail_at, (int)w.trace.len, w.trace.ptr);
  size_t count = w.memory.calls - before;
  w.failing = false;
  w.memory.fail_at = 0;
  world_close(&w);
  return count;
}

static void a_volume_is_recorded_where_memory_runs_out(void **state) {
  (void)state;
  size_t count = volume_lives(0);
  assert_true(count > 100);
  for (size_t i = 1; i <= count; i += 3) volume_lives(i);
}

/* Its row is read again, whole or not at all, until there is memory. */
static void a_row_is_read_where_memory_runs_out(void **state) {
  static const char row[] =
      "{\"version\":1,\"id\":\"default.data\",\"agent_id\":\"A1\",\"hostname\":\"h\",\"storage_class\":\"c\","
      "\"milli\":1,\"supposed\":1}\n";
  (void)state;
  for (size_t n = 1, failed = 1; failed > 0; n++) {
    struct script s;
    struct k8sm_driver_options o = script_options();
    script_open(&s, &o);
    s.memory.fail_at = s.memory.calls + n;
    const struct k8sm_input in = {
        .type = K8SM_INPUT_RESTORE, .key = k8smi_s("volume/default/data"), .bytes = k8smi_s(row)};
    failed = script_step(&s, in) == K8SM_ERR_NOMEM;
    s.memory.fail_at = 0;
    if (failed > 0) assert_int_equal(script_step(&s, in), K8SM_OK);
    assert_int_equal(k8sm_driver_volumes(s.driver, 0, NULL, sizeof(struct k8sm_driver_volume), 0), 1);
    script_close(&s);
  }
}

/* ---- At a master that the test plays ---- */

static void open_script(struct script *s) {
  struct k8sm_driver_options o = script_options();
  o.framework = &framework;
  o.demand = &demand;
  script_open(s, &o);
  s->heartbeats = s->quiet_status = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_wait(s, 16000); /* what is left over is looked for, and then nothing is wanted */
  script_forget(s);
}

#define PERSISTENT ",\"disk\":{\"persistence\":{\"id\":\"default.data\",\"principal\":\"p\"}}"

/* An offer of disk that is reserved for the claim by a framework; `more` of the resource: PERSISTENT, or "".
 */
static void offer_disk_of(struct script *s, const char *id, const char *kind, const char *owner,
                          const char *framework_id, const char *more) {
  char json[2048];
  snprintf(
      json, sizeof json,
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"%s\"},\"framework_id\":{\"value\":"
      "\"F1\"},\"agent_id\":{\"value\":\"A1\"},\"hostname\":\"a1\",\"allocation_info\":{\"role\":\"dev\"},"
      "\"resources\":[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":64},"
      "\"allocation_info\":{\"role\":\"dev\"},\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"dev\","
      "\"principal\":\"p\",\"labels\":{\"labels\":[{\"key\":\"%s\",\"value\":\"%s\"},"
      "{\"key\":\"framework\",\"value\":\"%s\"}]}}]%s}]}]}}",
      id, kind, owner, framework_id, more);
  script_event(s, json);
}

static void offer_disk(struct script *s, const char *id, const char *framework_id, const char *more) {
  offer_disk_of(s, id, "claim", "default/data", framework_id, more);
}

static int delete_data(struct script *s) {
  return script_step(s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s("default/data")});
}

/* RESERVE and CREATE are of one ACCEPT: disk that is only reserved is left of a CREATE that failed. */
static void what_a_failed_create_leaves_is_given_back(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  offer_disk(&s, "O1", "F1", "");
  script_expect(&s,
                "event: Claim: default/data on agent A1: disk was reserved, and no volume made of it; it is "
                "given back\n"
                "> ACCEPT O1\n");
  assert_non_null(strstr(s.accept, "\"UNRESERVE\""));
  assert_null(strstr(s.accept, "\"DESTROY\""));
  offer_disk(&s, "O2", "F2", ""); /* another framework's */
  script_expect(&s, "> DECLINE O2\n");
  offer_disk(&s, "O3", "F1", PERSISTENT); /* a claim that nobody has deleted */
  script_expect(&s, "record volume/default/data\n> DECLINE O3\n");
  script_close(&s);
}

static void offer_room(struct script *s, const char *id, const char *agent) {
  static const char format[] = "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"%s\"},"
                               "\"framework_id\":{\"value\":\"F1\"},"
                               "\"agent_id\":{\"value\":\"%s\"},\"hostname\":\"h\",\"allocation_info\":{"
                               "\"role\":\"dev\"},\"resources\":["
                               "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":4},\"allocation_"
                               "info\":{\"role\":\"dev\"}},"
                               "{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":4096},"
                               "\"allocation_info\":{\"role\":\"dev\"}},"
                               "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":9000},"
                               "\"allocation_info\":{\"role\":\"dev\"}}]}]}}";
  char json[2048];
  snprintf(json, sizeof json, format, id, agent);
  script_event(s, json);
}

/* The attempt ends with the ACCEPT that was to make the pod's own volume: what it has reserved goes back
 * while the next one waits. */
static void a_failed_attempt_keeps_nothing(void **state) {
  static const char invalid[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_TASK_GROUP_INVALID\"";
  char pause[128], task[128];
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(script_pod(&s, ephemeral), K8SM_OK);
  offer_room(&s, "O1", "A1");
  assert_non_null(strstr(s.accept, "\"CREATE\""));
  snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
  snprintf(task, sizeof task, "%s", script_task(&s, "c"));
  offer_disk_of(&s, "O2", "pod", "u1", "F1", ""); /* the attempt is under way: no other's offer */
  assert_false(script_has(&s, "> ACCEPT O2"));
  script_update(&s, pause, "A1", "TASK_ERROR", NULL, invalid);
  script_update(&s, task, "A1", "TASK_ERROR", NULL, invalid);
  offer_disk_of(&s, "O3", "pod", "u1", "F1", "");
  assert_true(script_has(&s, "> ACCEPT O3"));
  assert_non_null(strstr(s.accept, "\"UNRESERVE\""));
  assert_false(script_has(&s, "Attempt: number 1"));
  script_close(&s);
}

/* Its tasks end before any of them has started, and before an offer shows the volume: that they came to the
 * agent tells that it was made. */
static void a_volume_is_made_once(void **state) {
  static const char pod[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
      "spec: {containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}],\n"
      "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}\n";
  static const struct {
    const char *first; /* by the master, because the agent is removed; NULL: nothing */
    const char *state, *more;
    bool made;
  } ends[] = {
      {NULL, "TASK_FAILED", ",\"source\":\"SOURCE_AGENT\",\"reason\":\"REASON_EXECUTOR_TERMINATED\"", true},
      {"TASK_UNREACHABLE", "TASK_GONE", /* the agent is back, and had never heard of it */
       ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"", false},
      {NULL, "TASK_ERROR", /* the launch alone was refused; until offers tell */
       ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_TASK_GROUP_INVALID\"", true},
      {NULL, "TASK_DROPPED", /* the ACCEPT came too late for its agent */
       ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"", false}};
  static const char removed[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"";
  (void)state;
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    struct script s;
    open_script(&s);
    assert_int_equal(script_pod(&s, pod), K8SM_OK);
    offer_room(&s, "O1", "A1");
    assert_non_null(strstr(s.accept, "\"CREATE\""));
    const char *pause = script_task(&s, ""), *task = script_task(&s, "c");
    s.accept[0] = '\0';
    for (int t = 0; t < 2 && ends[i].first != NULL; t++)
      script_update(&s, t == 0 ? pause : task, "A1", ends[i].first, NULL, removed);
    script_update(&s, pause, "A1", ends[i].state, "failed----------", ends[i].more);
    script_update(&s, task, "A1", ends[i].state, "failed2---------", ends[i].more);
    script_wait(&s, 11000);
    offer_room(&s, "O2", "A2");
    assert_int_equal(strstr(s.accept, "\"CREATE\"") == NULL, ends[i].made); /* else on another agent */
    script_close(&s);
  }
}

/* The master refuses the launch; what stood before it in the ACCEPT it may have done. Offers show that soon,
 * or it was not; over a restart, too. */
static void a_refused_launch_may_have_made_it(void **state) {
  static const char invalid[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_TASK_GROUP_INVALID\"";
  static const struct {
    bool shown, restart, made;
  } cases[] = {{false, false, false}, {true, false, true}, {false, true, false}, {true, true, true}};
  char yaml[sizeof claiming + 32], pause[128], task[128];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_driver_options o = script_options();
    struct script s;
    o.framework = &framework;
    o.demand = &demand;
    open_script(&s);
    snprintf(yaml, sizeof yaml, claiming, "p", "u1");
    assert_int_equal(script_pod(&s, yaml), K8SM_OK);
    offer_room(&s, "O1", "A1");
    assert_non_null(strstr(s.accept, "\"CREATE\""));
    snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
    snprintf(task, sizeof task, "%s", script_task(&s, "c"));
    script_update(&s, pause, "A1", "TASK_ERROR", NULL, invalid);
    script_update(&s, task, "A1", "TASK_ERROR", NULL, invalid);
    s.accept[0] = '\0';
    if (cases[i].restart) {
      script_restart(&s, &o);
      script_tick(&s);
      script_wait(&s, 40000); /* without a master nothing is decided */
      script_subscribe(&s, "F1");
    }
    script_wait(&s, 12000); /* the next attempt has begun */
    offer_room(&s, "O2", "A2");
    assert_null(strstr(s.accept, "\"CREATE\""));
    if (cases[i].shown) offer_disk(&s, "O3", "F1", PERSISTENT);
    script_wait(&s, 5000);
    offer_room(&s, "O4", "A2");
    assert_int_equal(strstr(s.accept, "\"CREATE\"") == NULL, cases[i].made);
    script_close(&s);
  }
}

/* The ACCEPT came too late, and nothing of it was done; then the agent is away, which is said of its tasks,
 * too. */
static void what_was_dropped_is_not_supposed(void **state) {
  static const char late[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_INVALID_OFFERS\"";
  static const char away[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
  char yaml[sizeof claiming + 32], pause[128], task[128];
  struct script s;
  (void)state;
  open_script(&s);
  snprintf(yaml, sizeof yaml, claiming, "p", "u1");
  assert_int_equal(script_pod(&s, yaml), K8SM_OK);
  offer_room(&s, "O1", "A1");
  assert_non_null(strstr(s.accept, "\"CREATE\""));
  snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
  snprintf(task, sizeof task, "%s", script_task(&s, "c"));
  script_update(&s, pause, "A1", "TASK_DROPPED", NULL, late);
  script_update(&s, task, "A1", "TASK_DROPPED", NULL, late);
  script_update(&s, task, "A1", "TASK_UNREACHABLE", NULL, away);
  s.accept[0] = '\0';
  script_wait(&s, 12000);
  offer_room(&s, "O2", "A2");
  assert_non_null(strstr(s.accept, "\"CREATE\""));
  script_close(&s);
}

/* The agent is away: whether it heard of the volume is not known. The pod goes on without waiting for it
 * where it may, and its claim stays where it may be until the agent is back without the task. */
static void a_volume_may_be_made(void **state) {
  static const char pod[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
      "spec: {containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}],\n"
      "  tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute,\n"
      "    tolerationSeconds: 30}],\n"
      "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}\n";
  static const char removed[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"";
  static const char back[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
  static const struct {
    const char *state, *more;
  } misses[] = {{"TASK_UNREACHABLE", removed},
                {"TASK_UNKNOWN", back /* a new master, which has lost its registry */}};
  char pause[128], task[128];
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct script s;
    open_script(&s);
    assert_int_equal(script_pod(&s, pod), K8SM_OK);
    offer_room(&s, "O1", "A1");
    assert_non_null(strstr(s.accept, "\"CREATE\""));
    snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
    snprintf(task, sizeof task, "%s", script_task(&s, "c"));
    script_update(&s, pause, "A1", misses[i].state, NULL, misses[i].more);
    script_update(&s, task, "A1", misses[i].state, NULL, misses[i].more);
    s.accept[0] = '\0';
    script_wait(&s, 60000); /* the next attempt */
    offer_room(&s, "O2", "A2");
    assert_null(strstr(s.accept, "\"CREATE\""));
    script_update(&s, pause, "A1", "TASK_GONE", NULL, back);
    script_update(&s, task, "A1", "TASK_GONE", NULL, back);
    script_wait(&s, 1000);
    offer_room(&s, "O3", "A2");
    assert_non_null(strstr(s.accept, "\"CREATE\""));
    script_close(&s);
  }
}

/* A pod that was to make it is about to leave the agent, and another one comes there to make it: what the
 * first one leaves is not what the second one has. */
static void another_pod_makes_it(void **state) {
  static const char removed[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"";
  static const char back[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
  char yaml[sizeof claiming + 32], pause[128], task[128];
  (void)state;
  struct script s;
  open_script(&s);
  snprintf(yaml, sizeof yaml, claiming, "p", "u1");
  assert_int_equal(script_pod(&s, yaml), K8SM_OK);
  offer_room(&s, "O1", "A1");
  assert_non_null(strstr(s.accept, "\"CREATE\""));
  snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
  snprintf(task, sizeof task, "%s", script_task(&s, "c"));
  snprintf(yaml, sizeof yaml, claiming, "q", "u2");
  assert_int_equal(script_pod(&s, yaml), K8SM_OK);
  script_update(&s, pause, "A1", "TASK_UNREACHABLE", NULL, removed);
  script_update(&s, task, "A1", "TASK_UNREACHABLE", NULL, removed);
  script_update(&s, pause, "A1", "TASK_GONE", NULL, back);
  script_update(&s, task, "A1", "TASK_GONE", NULL, back);
  offer_room(&s, "O2", "A1");
  script_wait(&s, 2000); /* the next attempt of the first one */
  assert_true(script_has(&s, "default/p: Attempt: number 1 begins"));
  assert_true(script_has(&s, "> ACCEPT O2"));
  assert_non_null(strstr(s.accept, "\"CREATE\""));
  s.accept[0] = '\0';
  offer_room(&s, "O3", "A2");
  assert_null(strstr(s.accept, "\"CREATE\""));
  script_close(&s);
}

/* The master's offers tell what became of a DESTROY. */
static void a_volume_is_destroyed_until_it_is_gone(void **state) {
  static const char destroyed[] =
      "event: Claim: default/data on agent A1: its volume is destroyed; it is given back\n> ACCEPT %s\n";
  char expected[256];
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(delete_data(&s), K8SM_OK);
  script_expect(&s, "record claim/default/data\n> REVIVE\n");
  for (int i = 1; i <= 3; i++) { /* it fails, and is offered again */
    char id[8];
    snprintf(id, sizeof id, "O%d", i);
    offer_disk(&s, id, "F1", PERSISTENT);
    int n = i > 1 ? 0 : snprintf(expected, sizeof expected, "record volume/default/data\n");
    snprintf(expected + n, sizeof expected - (size_t)n, destroyed, id);
    script_expect(&s, expected);
    assert_non_null(strstr(s.accept, "\"DESTROY\""));
    script_wait(&s, 8000);
    script_expect(&s, "");
  }
  /* The answer is lost, and with it whether it went: it is looked for anew. */
  s.hold_calls = true;
  offer_disk(&s, "O4", "F1", PERSISTENT);
  script_forget(&s);
  script_end(&s);
  s.call_count = 0;
  s.hold_calls = false;
  script_wait(&s, 16000);
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_wait(&s, 59000);
  assert_false(script_has(&s, "claim gone"));
  script_wait(&s, 2000);
  assert_true(script_has(
      &s, "record claim/default/data away\nevent: Claim: default/data is gone\nclaim gone default/data\n"));
  script_close(&s);
}

static void a_claim_that_is_not_recorded_stays(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  s.hold_records = true;
  assert_int_equal(delete_data(&s), K8SM_OK);
  offer_disk(&s, "O1", "F1", PERSISTENT);
  /* nothing before the answer */
  script_expect(&s, "record claim/default/data\nrecord volume/default/data\n> DECLINE O1\n");
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  script_record(&s, K8SM_INPUT_REFUSED, s.open_record - 1);
  script_expect(&s, "event: FailedRecord: record 2 was refused: the stored row is old\n");
  offer_disk(&s, "O2", "F1", PERSISTENT);
  script_expect(&s, "> DECLINE O2\n");
  /* A removal that is refused is asked for again. */
  assert_int_equal(delete_data(&s), K8SM_OK);
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  offer_disk(&s, "O3", "F1", PERSISTENT);
  script_wait(&s, 11000);
  assert_true(script_has(&s, "record volume/default/data away\n"));
  assert_false(script_has(&s, "record claim/default/data away\n"));
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  assert_true(script_has(&s, "record claim/default/data away\n"));
  script_record(&s, K8SM_INPUT_REFUSED, s.open_record);
  script_forget(&s);
  script_wait(&s, 6000);
  script_expect(&s, "> SUPPRESS\nrecord claim/default/data away\n");
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  script_expect(&s, "event: Claim: default/data is gone\nclaim gone default/data\n");
  script_close(&s);
}

/* What another version wrote, or nobody, is refused. */
static void a_strange_row_is_refused(void **state) {
  static const struct {
    const char *key, *bytes;
  } rows[] = {{"claim/default/data", "{\"version\":2,\"agent_id\":\"A1\"}\n"},
              {"claim/default/data", "{\"version\":1,\"agent\":\"A1\"}\n"},
              {"claim/default/data", "{\"version\":1,\"agent_id\":7}\n"},
              {"claim/default/data", "[]\n"},
              {"claim/default/data", "{\"version\":1"},
              {"claim/data", "{\"version\":1,\"agent_id\":\"\"}\n"}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script s;
    const struct k8sm_driver_options o = script_options();
    script_open(&s, &o);
    int r = script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                                .key = k8smi_s(rows[i].key),
                                                .bytes = k8smi_s(rows[i].bytes)});
    assert_int_equal(r, K8SM_ERR_INVALID);
    assert_true(s.findings[0] != '\0');
    script_close(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_volume_is_made_once),
      cmocka_unit_test(a_volume_may_be_made),
      cmocka_unit_test(what_was_dropped_is_not_supposed),
      cmocka_unit_test(a_refused_launch_may_have_made_it),
      cmocka_unit_test(another_pod_makes_it),
      cmocka_unit_test(a_volume_is_recorded_where_memory_runs_out),
      cmocka_unit_test(a_row_is_read_where_memory_runs_out),
      cmocka_unit_test(a_claim_waits_for_its_pods),
      cmocka_unit_test(its_own_volume_is_due_to_the_last),
      cmocka_unit_test(a_restart_keeps_the_claim),
      cmocka_unit_test(a_claim_waits_for_its_agent),
      cmocka_unit_test(a_claim_without_a_volume_goes),
      cmocka_unit_test(a_claim_ends_where_memory_runs_out),
      cmocka_unit_test(what_a_failed_create_leaves_is_given_back),
      cmocka_unit_test(a_failed_attempt_keeps_nothing),
      cmocka_unit_test(a_volume_is_destroyed_until_it_is_gone),
      cmocka_unit_test(a_claim_that_is_not_recorded_stays),
      cmocka_unit_test(a_strange_row_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
