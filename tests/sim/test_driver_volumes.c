/* SPDX-License-Identifier: Apache-2.0 */
/* Where the volumes of claims are is recorded: over crashes, refused rows, and agents that are away or gone.
 */
#include "base/slice.h"
#include "driver/core.h"
#include "driver/state.h"
#include "sim/script_volumes.h"
#include "support/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* It was on its way when the process died. */
static void lose_row(struct script *s, const char *key) {
  assert_non_null(row_of(s, key));
  row_at(s, key)->len = 0;
}

/* A pod that ran on A1, and has succeeded; it is deleted unless it is to stay. */
static void a_volume_is_made(struct script *s, bool stays) {
  char pause[256];
  assert_int_equal(give_pod(s, "p", "u1"), K8SM_OK);
  offer(s, "O1", "A1", "");
  assert_true(makes_volume(s));
  snprintf(pause, sizeof pause, "%s", script_task(s, ""));
  update_all(s, "A1", "TASK_RUNNING", BY_EXECUTOR);
  script_update(s, script_task(s, "c"), "A1", "TASK_FINISHED", "finished--------", BY_EXECUTOR);
  script_update(s, pause, "A1", "TASK_KILLED", "killed----------", BY_EXECUTOR);
  if (!stays) assert_int_equal(script_delete(s, "default/p", 0), K8SM_OK);
  script_wait(s, 100000);
}

/* Nobody has the claim, its agent is away, and the process starts again: the volume stays where it is. */
static void a_volume_is_known_after_a_crash(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  a_volume_is_made(&s, false);
  assert_string_equal(
      row_of(&s, "volume/default/data"),
      "{\"version\":1,\"id\":\"default.data\",\"agent_id\":\"A1\",\"hostname\":\"A1.example\","
      "\"storage_class\":\"fast\",\"milli\":64000}\n");
  assert_null(row_of(&s, "pod/u1"));
  restart(&s);
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  offer(&s, "O2", "A2", "");
  assert_false(launches(&s));
  assert_true(script_has(&s,
                         "default/q: FailedScheduling: 0/1 nodes are available: 1 node(s) had volume node "
                         "affinity conflict."));
  offer(&s, "O3", "A1", volume);
  assert_true(launches(&s));
  assert_false(makes_volume(&s));
  script_close(&s);
}

/* The process dies between the row of the pod, which has failed before it started, and that of its volume. */
static void the_row_of_the_pod_tells_first(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A1", "");
  s.hold_records = true;
  update_all(&s, "A1", "TASK_FAILED", BY_AGENT);
  assert_non_null(strstr(row_of(&s, "pod/u1"), "\"volumes_made\":1"));
  lose_row(&s, "volume/default/data");
  restart(&s);
  assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"agent_id\":\"A1\""));
  assert_null(strstr(row_of(&s, "pod/u1"), "\"volumes_made\":1")); /* a whole row */
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  offer(&s, "O2", "A2", "");
  assert_false(launches(&s));
  script_close(&s);
}

/* The pod goes out of the record behind the row of its volume; where the host can't keep that it is asked
 * again. */
static void a_pod_waits_for_the_row_of_its_volume(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A1", "");
  update_all(&s, "A1", "TASK_STAGING", ",\"source\":\"SOURCE_MASTER\"");
  assert_null(row_of(&s, "volume/default/data"));
  assert_int_equal(script_delete(&s, "default/p", 0), K8SM_OK);
  s.hold_records = true;
  uint64_t first = s.open_record + 1;
  update_all(&s, "A1", "TASK_FAILED", BY_AGENT);
  uint64_t last = s.open_record;
  assert_non_null(row_of(&s, "volume/default/data"));
  for (uint64_t n = first; n <= last; n++)
    script_record(&s, n == first + 1 ? K8SM_INPUT_REFUSED : K8SM_INPUT_RECORDED, n);
  script_wait(&s, 4000);
  assert_non_null(row_of(&s, "pod/u1"));
  script_forget(&s);
  s.hold_records = false;
  script_wait(&s, 2000);
  assert_true(script_has(&s, "record volume/default/data\n"));
  assert_true(script_has(&s, "gone default/p\n"));
  assert_null(row_of(&s, "pod/u1"));
  script_close(&s);
}

/* What is supposed for a short while is not recorded in time, and then turns out not to be there: the pod
 * goes on, with a volume of its own. */
static void a_trial_ends_before_its_row_is_kept(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A1", "");
  s.hold_records = true;
  uint64_t first = s.open_record + 1;
  update_all(&s, "A1", "TASK_ERROR",
             ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_TASK_GROUP_INVALID\"");
  uint64_t last = s.open_record;
  assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"supposed\":2"));
  for (uint64_t n = first; n <= last; n++)
    script_record(&s, n == first + 1 ? K8SM_INPUT_REFUSED : K8SM_INPUT_RECORDED, n);
  for (int i = 0; i < 3; i++) { /* each time after 5 s */
    script_wait(&s, 5010);
    script_record(&s, K8SM_INPUT_REFUSED, s.open_record);
  }
  s.hold_records = false;
  script_wait(&s, 8000);
  assert_null(row_of(&s, "volume/default/data"));
  offer(&s, "O2", "A2", "");
  assert_true(makes_volume(&s));
  script_close(&s);
}

/* The volume that an offer shows is recorded before a pod relies on it. */
static void a_launch_waits_for_the_row(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  s.hold_records = true;
  offer(&s, "O1", "A1", volume);
  script_wait(&s, 1000);
  assert_false(launches(&s));
  assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"agent_id\":\"A1\""));
  s.hold_records = false;
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  assert_true(launches(&s));
  assert_false(makes_volume(&s));
  script_close(&s);
}

/* Rows from before volumes had rows of their own: those of pods that run tell. */
static void an_older_record_is_read(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A1", "");
  update_all(&s, "A1", "TASK_RUNNING", BY_EXECUTOR);
  assert_non_null(row_of(&s, "pod/u1"));
  struct script_row *row = row_at(&s, "pod/u1");
  for (char *at = row->bytes; (at = strstr(at, "{\"version\":7,")) != NULL; at++) at[11] = '5';
  for (char *at; (at = strstr(row->bytes, "\"volumes_made\":")) != NULL;) { /* not known then */
    memmove(at, at + 17, strlen(at + 17) + 1);
    row->len -= 17;
  }
  lose_row(&s, "volume/default/data");
  restart(&s);
  assert_non_null(row_of(&s, "volume/default/data"));
  assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"agent_id\":\"A1\""));
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  offer(&s, "O2", "A2", "");
  assert_false(launches(&s));
  script_close(&s);
}

/* A volume is destroyed with its claim: a pod that has ended does not bring it back. The row of the volume
 * goes before that of the claim. */
static void what_has_ended_tells_nothing(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  a_volume_is_made(&s, true);
  assert_int_equal(
      script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s("default/data")}),
      K8SM_OK);
  offer(&s, "O2", "A1", volume);
  assert_non_null(strstr(s.accept, "\"DESTROY\""));
  script_forget(&s);
  script_wait(&s, 12000);
  assert_true(script_has(&s, "record volume/default/data away\nrecord claim/default/data away\n"));
  restart(&s);
  assert_null(row_of(&s, "volume/default/data"));
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  offer(&s, "O3", "A2", "");
  assert_true(makes_volume(&s));
  script_close(&s);
}

/* The process dies when the volume is destroyed, and before it hears so: the agent's offers tell. */
static void a_volume_that_was_destroyed_goes(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  a_volume_is_made(&s, false);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s("default/data")});
  offer(&s, "O2", "A1", volume);
  assert_non_null(strstr(s.accept, "\"DESTROY\""));
  restart(&s);
  assert_non_null(row_of(&s, "volume/default/data"));
  script_wait(&s, 120000); /* without an offer it is waited for */
  assert_false(script_has(&s, "claim gone default/data\n"));
  script_wait(&s, 540000); /* it is looked for now and then */
  offer(&s, "O3", "A1", "");
  script_wait(&s, 61000);
  assert_true(script_has(&s, "claim gone default/data\n"));
  assert_null(row_of(&s, "volume/default/data"));
  script_close(&s);
}

/* An agent that is gone for good takes the volume with it: the next pod has a new one, wherever it goes. */
static void an_agent_that_is_gone_frees_its_claims(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A1", "");
  update_all(&s, "A1", "TASK_RUNNING", BY_EXECUTOR);
  assert_non_null(row_of(&s, "volume/default/data"));
  update_all(&s, "A1", "TASK_GONE_BY_OPERATOR", BY_MASTER);
  assert_true(script_has(
      &s, "event: Claim: default/data was on agent A1, which is gone for good: its volume is lost\n"));
  assert_null(row_of(&s, "volume/default/data"));
  restart(&s);
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  offer(&s, "O2", "A2", "");
  assert_true(makes_volume(&s));
  script_close(&s);
}

/* No task runs there that would tell that its agent is gone: the master is asked for one that never was. */
static void an_agent_without_tasks_is_asked_for(void **state) {
  static const char lost[] = "{\"type\":\"FAILURE\",\"failure\":{\"agent_id\":{\"value\":\"A1\"}}}";
  static const char asked[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
  struct script s;
  (void)state;
  open_script(&s);
  a_volume_is_made(&s, false);
  script_event(&s, lost);
  script_forget(&s);
  script_wait(&s, 1000);
  assert_false(script_has(&s, "> RECONCILE"));
  script_wait(&s, 2000);
  assert_true(script_has(&s, "> RECONCILE agent.A1\n"));
  script_update(&s, "agent.A1", "A1", "TASK_UNREACHABLE", NULL, asked);
  assert_false(script_has(&s, "foreign"));
  assert_non_null(row_of(&s, "volume/default/data"));
  script_forget(&s);
  script_wait(&s, 901000);
  assert_true(script_has(&s, "> RECONCILE agent.A1\n"));
  script_update(&s, "agent.A1", "A1", "TASK_GONE_BY_OPERATOR", NULL, asked);
  assert_true(script_has(
      &s, "event: Claim: default/data was on agent A1, which is gone for good: its volume is lost\n"));
  assert_null(row_of(&s, "volume/default/data"));
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  offer(&s, "O2", "A2", "");
  assert_true(makes_volume(&s));
  script_forget(&s);
  script_wait(&s, 901000); /* nothing is asked for any more, but by a run without names */
  assert_false(script_has(&s, "agent."));
  script_update(&s, "another", "A1", "TASK_GONE_BY_OPERATOR", NULL, asked);
  assert_true(script_has(&s, "foreign"));
  script_close(&s);
}

/* Whether an agent that is away has made the volume is not known: that is recorded, too. Back without the
 * task, it has made none. */
static void what_is_supposed_is_recorded(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A1", "");
  update_all(&s, "A1", "TASK_UNREACHABLE",
             ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"");
  assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"supposed\":1"));
  restart(&s);
  assert_int_equal(give_pod(&s, "q", "u2"), K8SM_OK);
  offer(&s, "O2", "A2", "");
  assert_false(launches(&s));
  update_all(&s, "A1", "TASK_GONE", ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"");
  assert_null(row_of(&s, "volume/default/data"));
  script_wait(&s, 1000);         /* the pod that was to make it leaves A1 */
  assert_true(makes_volume(&s)); /* on A2 */
  script_close(&s);
}

static void a_snapshot_has_volumes(void **state) {
  struct k8sm_effects *effects;
  struct k8sm_effect e;
  struct script s;
  bool found = false;
  (void)state;
  open_script(&s);
  a_volume_is_made(&s, false);
  assert_int_equal(k8sm_effects_new(NULL, &effects), K8SM_OK);
  assert_int_equal(k8sm_driver_snapshot(s.driver, effects), K8SM_OK);
  for (size_t i = 0; k8sm_effects_rows(effects, i, &e, sizeof e, 1) != 0; i++) {
    if (!k8smi_eqs(e.key, "volume/default/data")) continue;
    found = true;
    assert_true(k8smi_eqs(e.bytes, row_of(&s, "volume/default/data")));
  }
  assert_true(found);
  k8sm_effects_free(effects);
  script_close(&s);
}

/* What is known of a volume is shown, whether or not a pod has the claim. */
static void volumes_are_shown(void **state) {
  struct k8sm_driver_volume v;
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, &v, sizeof v, 1), 0);
  a_volume_is_made(&s, false);
  assert_int_equal(k8sm_driver_volumes(s.driver, 1, NULL, sizeof v, 0), 0);
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, &v, sizeof v, 1), 1);
  assert_true(k8smi_eqs(v.claim, "default/data") && k8smi_eqs(v.id, "default.data"));
  assert_true(k8smi_eqs(v.agent_id, "A1") && k8smi_eqs(v.hostname, "A1.example"));
  assert_true(k8smi_eqs(v.storage_class, "fast"));
  assert_int_equal(v.milli, 64000);
  assert_int_equal(v.supposed + v.deleting, 0);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s("default/data")});
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, &v, sizeof v, 1), 1);
  assert_int_equal(v.deleting, 1);
  offer(&s, "O2", "A1", volume);
  script_wait(&s, 12000);
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, &v, sizeof v, 1), 0);
  script_close(&s);
}

/* A volume of that id and size, reserved for a claim; `more`: labels besides. */
static void offer_volume(struct script *s, const char *offer_id, const char *id, int mb, const char *more) {
  char json[2048];
  snprintf(
      json, sizeof json,
      ",{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":%d}" OF_DEV
      ",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"dev\",\"principal\":\"p\",\"labels\":{\"labels\":["
      "{\"key\":\"claim\",\"value\":\"default/data\"},{\"key\":\"framework\",\"value\":\"F1\"}%s]}}],"
      "\"disk\":{\"persistence\":{\"id\":\"%s\",\"principal\":\"p\"}}}",
      mb, more, id);
  offer(s, offer_id, "A1", json);
}

/* Ids that are of no claim have no rows, nor has what is reserved for a pod. */
static void other_volumes_are_left_out(void **state) {
  static const char *const ids[] = {"data", ".data", "data."};
  char offer_id[8], long_id[300];
  struct script s;
  (void)state;
  open_script(&s);
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    snprintf(offer_id, sizeof offer_id, "O%zu", i);
    offer_volume(&s, offer_id, ids[i], 64, "");
  }
  memset(long_id, 'a', sizeof long_id);
  long_id[10] = '.';
  long_id[sizeof long_id - 1] = '\0';
  offer_volume(&s, "O3", long_id, 64, "");
  offer_volume(&s, "O4", "default.other", 64, ",{\"key\":\"pod\",\"value\":\"u9\"}");
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, NULL, sizeof(struct k8sm_driver_volume), 0), 0);
  script_close(&s);
}

/* What is learned while a row is on its way is in the next one. */
static void a_row_that_is_old_is_written_again(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  s.hold_records = true;
  offer_volume(&s, "O1", "default.data", 64, "");
  uint64_t first = s.open_record;
  assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"milli\":64000"));
  offer_volume(&s, "O2", "default.data", 128, "");
  assert_int_equal(s.open_record, first);
  script_record(&s, K8SM_INPUT_RECORDED, first);
  assert_int_equal(s.open_record, first + 1);
  assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"milli\":128000"));
  script_close(&s);
}

/* A pod does not take a volume from where that is recorded: neither one that has ended nor one that was not
 * recorded since it ran. */
static void a_row_counts_more_than_that_of_a_pod(void **state) {
  (void)state;
  for (int ends = 0; ends < 2; ends++) {
    char pause[256];
    struct script s;
    open_script(&s);
    assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
    offer(&s, "O1", "A1", "");
    snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
    s.hold_records = true;
    update_all(&s, "A1", "TASK_RUNNING", BY_EXECUTOR);
    if (ends) script_update(&s, script_task(&s, "c"), "A1", "TASK_FINISHED", "finished--------", BY_EXECUTOR);
    if (ends) script_update(&s, pause, "A1", "TASK_KILLED", "killed----------", BY_EXECUTOR);
    assert_non_null(strstr(row_of(&s, "pod/u1"), "\"volumes_made\":1"));
    assert_non_null(row_of(&s, "volume/default/data"));
    char *agent = strstr(row_at(&s, "volume/default/data")->bytes, "\"A1\"");
    assert_non_null(agent);
    agent[2] = '2';
    restart(&s);
    assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"agent_id\":\"A2\""));
    if (!ends) update_all(&s, "A1", "TASK_GONE_BY_OPERATOR", BY_MASTER);
    assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"agent_id\":\"A2\""));
    assert_false(script_has(&s, "its volume is lost"));
    script_close(&s);
  }
}

/* Many volumes are asked for in several steps, each agent once, and one whose id leaves no room not at all.
 * One that was only supposed goes without a word. */
static void many_volumes_are_asked_for(void **state) {
  enum { MANY = 502 };
  char key[64], row[600], far[256];
  struct script s;
  struct k8sm_driver_options o = volume_options();
  (void)state;
  script_open(&s, &o);
  memset(far, 'f', sizeof far);
  far[252] = '\0';
  for (int i = 0; i < MANY; i++) {
    snprintf(key, sizeof key, "volume/default/d%d", i);
    snprintf(row, sizeof row,
             "{\"version\":1,\"id\":\"default.d%d\",\"agent_id\":\"%s\",\"hostname\":\"\",\"milli\":0,"
             "\"supposed\":%d}\n",
             i,
             i == 0          ? far
             : i == MANY - 1 ? "B2"
                             : "B1",
             i == MANY - 1);
    assert_int_equal(
        script_step(
            &s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE, .key = k8smi_s(key), .bytes = k8smi_s(row)}),
        K8SM_OK);
  }
  subscribe(&s);
  script_wait(&s, 60000);
  assert_true(script_has(&s, "> RECONCILE agent.B1\n"));
  assert_true(script_has(&s, "agent.B2\n"));
  script_forget(&s);
  script_update(&s, "agent.B2", "B2", "TASK_GONE_BY_OPERATOR", NULL, BY_MASTER);
  assert_false(script_has(&s, "gone for good"));
  script_update(&s, "x", "B2", "TASK_GONE_BY_OPERATOR", NULL, BY_MASTER);
  assert_true(script_has(&s, "foreign"));
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, NULL, sizeof(struct k8sm_driver_volume), 0), MANY - 1);
  script_close(&s);
}

/* A pod with volumes of its own and a claim, whose agent is away and back. */
static void own_volumes_have_no_rows(void **state) {
  static const char yaml[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
      "spec: {containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: "
      "/w}]}],\n"
      "  volumes: [{name: w, persistentVolumeClaim: {claimName: data}}, {name: v, ephemeral: "
      "{volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "
      "32Mi}}}}}}]}\n";
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(script_pod(&s, yaml), K8SM_OK);
  offer(&s, "O1", "A1", "");
  update_all(&s, "A1", "TASK_RUNNING", BY_EXECUTOR);
  update_all(&s, "A1", "TASK_UNREACHABLE",
             ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"");
  assert_null(strstr(row_of(&s, "volume/default/data"), "supposed"));
  update_all(&s, "A1", "TASK_GONE", ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"");
  assert_non_null(row_of(&s, "volume/default/data"));
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, NULL, sizeof(struct k8sm_driver_volume), 0), 1);
  script_close(&s);
}

static void strange_rows_are_refused(void **state) {
#define ROW(version, id, agent)                                                                              \
  "{\"version\":" version ",\"id\":\"" id "\",\"agent_id\":\"" agent "\",\"hostname\":\"\",\"milli\":1}\n"
  static const struct {
    const char *key, *bytes, *words;
  } rows[] = {
      {"volume/default/data", ROW("2", "default.data", "A1"), "the volume's record: version: expected 1"},
      {"volume/default/data", ROW("1", "default.other", "A1"), "is of a volume with another id"},
      {"volume/default/data", ROW("1", "data", "A1"), "is of a volume with another id"},
      {"volume/default/data", ROW("1", "default.data", ""), "names no agent"},
      {"volume/default/data", "{\"version\":1,\"other\":1}\n",
       "a field: expected one that this version knows"},
      {"volume/default/data", "[]\n", "expected an object"},
      {"volume/default/data", "{\"version\":1", ""},
      {"volume/default/data", ROW("1", "", "A1"), "is of a volume with another id"},
      {"volume/", ROW("1", "default.data", "A1"), "is not one of ours"}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script s;
    struct k8sm_driver_options o = volume_options();
    script_open(&s, &o);
    assert_int_equal(script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                                         .key = k8smi_s(rows[i].key),
                                                         .bytes = k8smi_s(rows[i].bytes)}),
                     K8SM_ERR_INVALID);
    if (strstr(s.findings, rows[i].words) == NULL) fail_msg("%zu: %s", i, s.findings);
    script_close(&s);
  }
}

/* ---- Where memory runs out ---- */

/* A pod with two claims, of which only the first is of a storage class. */
static void give_two_claims(struct script *s) {
  static const char yaml[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
      "spec: {restartPolicy: Never, containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: "
      "/v}, {name: w, mountPath: /w}]}],\n"
      "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}, {name: w, persistentVolumeClaim: "
      "{claimName: more}}]}\n";
  assert_int_equal(script_pod(s, yaml), K8SM_OK);
  offer(s, "O1", "A1", "");
  assert_true(makes_volume(s));
}

/* From the nth allocation on there is no memory as long as `act` lasts. The stream that is given up then
 * comes back, and so does what was said. False: there were fewer. */
static bool act_without_memory(struct script *s, size_t n, void (*act)(struct script *)) {
  room_forget(&s->driver->core.queue, &s->memory.allocator);
  const size_t fail_at = s->memory.fail_at = s->memory.calls + n;
  act(s);
  bool failed = s->memory.calls >= fail_at;
  s->memory.fail_at = 0;
  script_wait(s, 3000);
  if (s->stream != 0 && s->driver->session.state != DRV_SESSION_SUBSCRIBED) {
    script_subscribe(s, "F1");
    act(s);
    script_wait(s, 3000);
  }
  return failed;
}

/* An offer that is to go back can't be declined without memory: that is not tried again at once. */
static void what_is_due_waits_for_memory(void **state) {
  static const char small[] =
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"O1\"},\"framework_id\":{\"value\":"
      "\"F1\"},\"agent_id\":{\"value\":\"A1\"},\"hostname\":\"a1\"" OF_DEV
      ",\"resources\":[" SCALAR("cpus", "0.001") "}]}]}}";
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  script_event(&s, small);
  script_wait(&s, 4000);
  assert_false(script_has(&s, "> DECLINE O1"));
  room_forget(&s.driver->core.queue, &s.memory.allocator);
  s.memory.fail_at = s.memory.calls + 1;
  s.now += 2000;
  for (int i = 0; i < 3; i++) {
    script_tick(&s);
    assert_true(s.memory.calls >= s.memory.fail_at);
    assert_int_equal(k8sm_driver_deadline(s.driver), s.now + 100);
    s.now += 100;
  }
  s.memory.fail_at = 0;
  script_tick(&s);
  assert_true(script_has(&s, "> DECLINE O1"));
  script_close(&s);
}

static void act_unreachable(struct script *s) {
  script_update(s, script_task(s, "c"), "A1", "TASK_UNREACHABLE", NULL,
                ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"");
}

static void act_running(struct script *s) {
  script_update(s, script_task(s, "c"), "A1", "TASK_RUNNING", "running---------", BY_EXECUTOR);
}

static void act_gone(struct script *s) {
  script_update(s, script_task(s, "c"), "A1", "TASK_GONE_BY_OPERATOR", NULL, BY_MASTER);
}

/* Both volumes are in the record in the end, as what they are. */
static void both_volumes_are_recorded_without_memory(void **state) {
  static const struct {
    void (*act)(struct script *);
    bool supposed;
  } rows[] = {{act_unreachable, true}, {act_running, false}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    bool failed = true;
    for (size_t n = 1; failed; n++) {
      struct script s;
      open_script(&s);
      give_two_claims(&s);
      failed = act_without_memory(&s, n, rows[i].act);
      const char *data_row = row_of(&s, "volume/default/data"), *more = row_of(&s, "volume/default/more");
      if (data_row == NULL || more == NULL) fail_msg("state %zu, allocation %zu: %s", i, n, s.trace);
      assert_int_equal(strstr(data_row, "\"supposed\":1") != NULL, rows[i].supposed);
      assert_int_equal(strstr(more, "\"supposed\":1") != NULL, rows[i].supposed);
      script_close(&s);
    }
  }
}

/* An agent that is gone for good takes both along, and it is said of each. */
static void both_volumes_are_lost_without_memory(void **state) {
  bool failed = true;
  (void)state;
  for (size_t n = 1; failed; n++) {
    struct script s;
    open_script(&s);
    give_two_claims(&s);
    act_running(&s);
    assert_int_equal(k8sm_driver_volumes(s.driver, 0, NULL, sizeof(struct k8sm_driver_volume), 0), 2);
    script_forget(&s);
    failed = act_without_memory(&s, n, act_gone);
    if (row_of(&s, "volume/default/data") != NULL || row_of(&s, "volume/default/more") != NULL)
      fail_msg("allocation %zu: %s", n, s.trace);
    assert_true(script_has(&s, "Claim: default/data was on agent A1, which is gone for good"));
    assert_true(script_has(&s, "Claim: default/more was on agent A1, which is gone for good"));
    script_close(&s);
  }
}

static void offer_both(struct script *s) {
  char two[2 * sizeof volume], *at;
  snprintf(two, sizeof two, "%s%s", volume, volume);
  at = strstr(two + sizeof volume, "default.data");
  assert_non_null(at);
  memcpy(at + 8, "more", 4);
  offer(s, "O7", "A1", two);
}

/* An offer that shows two volumes is taken whole, or comes again. */
static void both_volumes_are_seen_without_memory(void **state) {
  bool failed = true;
  (void)state;
  for (size_t n = 1; failed; n++) {
    struct script s;
    open_script(&s);
    failed = act_without_memory(&s, n, offer_both);
    if (row_of(&s, "volume/default/data") == NULL || row_of(&s, "volume/default/more") == NULL)
      fail_msg("allocation %zu: %s", n, s.trace);
    script_close(&s);
  }
}

/* ---- What is supposed ---- */

#define DOUBTED(how)                                                                                         \
  "{\"version\":1,\"id\":\"default.data\",\"agent_id\":\"A1\",\"hostname\":\"A1.example\",\"milli\":0,"      \
  "\"supposed\":" how "}\n"
#define SUPPOSED DOUBTED("1")
#define SHOWN    DOUBTED("3")

static int restore_volume(struct script *s, const char *row) {
  return script_step(s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                            .key = k8smi_s("volume/default/data"),
                                            .bytes = k8smi_s(row)});
}

/* An offer that shows it tells better; a row that says nothing new changes nothing. */
static void what_is_supposed_is_seen(void **state) {
  struct k8sm_driver_volume v;
  struct script s;
  struct k8sm_driver_options o = volume_options();
  (void)state;
  script_open(&s, &o);
  assert_int_equal(restore_volume(&s, SUPPOSED), K8SM_OK);
  assert_int_equal(restore_volume(&s, SUPPOSED), K8SM_OK);
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, &v, sizeof v, 1), 1);
  assert_int_equal(v.supposed, 1);
  assert_int_equal(v.milli, 0);
  subscribe(&s);
  assert_null(row_of(&s, "volume/default/data")); /* it is recorded as it is */
  offer(&s, "O1", "A1", volume);
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, &v, sizeof v, 1), 1);
  assert_int_equal(v.supposed, 0);
  assert_int_equal(v.milli, 64000);
  assert_null(strstr(row_of(&s, "volume/default/data"), "\"supposed\":1"));
  script_close(&s);
}

/* That another agent has not heard of the task says nothing of this one. */
static void another_agent_does_not_tell(void **state) {
  struct script s;
  (void)state;
  open_script(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A1", "");
  act_unreachable(&s);
  assert_non_null(strstr(row_of(&s, "volume/default/data"), "\"supposed\":1"));
  script_update(&s, script_task(&s, "c"), "A2", "TASK_GONE", NULL,
                ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"");
  assert_non_null(row_of(&s, "volume/default/data"));
  script_update(&s, script_task(&s, ""), "A1", "TASK_GONE", NULL,
                ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"");
  assert_null(row_of(&s, "volume/default/data"));
  script_close(&s);
}

/* ---- What offers have shown, and nobody used ---- */

static bool row_says(struct script *s, const char *part) {
  const char *row = row_of(s, "volume/default/data");
  return row != NULL && strstr(row, part) != NULL;
}

/* The master refuses the launch of a pod on A1, and offers the volume that stood before it in the ACCEPT:
 * whether the agent has heard of that is not known. The next attempt waits for an offer. */
static void open_shown(struct script *s) {
  static const char invalid[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_TASK_GROUP_INVALID\"";
  open_script(s);
  assert_int_equal(give_pod(s, "p", "u1"), K8SM_OK);
  offer(s, "O1", "A1", "");
  assert_true(makes_volume(s));
  update_all(s, "A1", "TASK_ERROR", invalid);
  offer(s, "O2", "A1", volume);
  assert_true(row_says(s, "\"supposed\":3"));
  script_wait(s, 12000);
  assert_true(script_has(s, "Attempt: number 1 begins"));
}

/* Its agent goes on without it: it never heard of it, and nothing was on it. Over a restart, too. */
static void what_is_not_shown_again_was_not_made(void **state) {
  (void)state;
  for (int restarts = 0; restarts < 2; restarts++) {
    struct script s;
    open_shown(&s);
    if (restarts) restart(&s);
    offer(&s, "O3", "A2", "");
    script_wait(&s, 60000); /* as long as its agent is silent it is waited for */
    offer(&s, "O4", "A2", "");
    assert_false(launches(&s));
    assert_true(row_says(&s, "\"supposed\":3"));
    offer(&s, "O5", "A1", "");
    script_tick(&s);
    assert_true(row_says(&s, "\"supposed\":2"));
    assert_false(launches(&s));
    script_wait(&s, 16000);
    assert_null(row_of(&s, "volume/default/data"));
    offer(&s, "O6", "A2", "");
    assert_true(makes_volume(&s));
    script_close(&s);
  }
}

/* What is supposed, and whose pod nobody has word of any more: that its agent never heard of it was not kept.
 */
static void what_is_supposed_is_looked_for(void **state) {
  struct script s;
  struct k8sm_driver_options o = volume_options();
  (void)state;
  script_open(&s, &o);
  assert_int_equal(restore_volume(&s, SUPPOSED), K8SM_OK);
  subscribe(&s);
  assert_int_equal(give_pod(&s, "p", "u1"), K8SM_OK);
  offer(&s, "O1", "A2", "");
  assert_false(launches(&s));
  offer(&s, "O2", "A1", "");
  script_wait(&s, 16000);
  offer(&s, "O3", "A2", "");
  assert_true(makes_volume(&s));
  script_close(&s);
}

static void offer_without(struct script *s) {
  offer(s, "O3", "A1", "");
}

static void what_is_missed_is_tried_without_memory(void **state) {
  bool failed = true;
  (void)state;
  for (size_t n = 1; failed; n++) {
    struct script s;
    open_shown(&s);
    failed = act_without_memory(&s, n, offer_without);
    if (!row_says(&s, "\"supposed\":2")) fail_msg("allocation %zu: %s", n, s.trace);
    script_close(&s);
  }
}

static void what_is_used_is_known_without_memory(void **state) {
  bool failed = true;
  (void)state;
  for (size_t n = 1; failed; n++) {
    struct script s;
    open_shown(&s);
    offer(&s, "O3", "A1", volume);
    assert_true(row_says(&s, "\"supposed\":3"));
    failed = act_without_memory(&s, n, act_running);
    if (!row_says(&s, "\"milli\"") || row_says(&s, "supposed")) fail_msg("allocation %zu: %s", n, s.trace);
    script_close(&s);
  }
}

/* Another part of its agent was offered first. */
static void what_is_shown_again_is_there(void **state) {
  struct script s;
  (void)state;
  open_shown(&s);
  offer(&s, "O3", "A1", "");
  script_tick(&s);
  assert_true(row_says(&s, "\"supposed\":2"));
  offer(&s, "O4", "A1", volume);
  assert_true(launches(&s));
  assert_false(makes_volume(&s));
  assert_true(row_says(&s, "\"supposed\":3"));
  script_wait(&s, 16000);
  assert_non_null(row_of(&s, "volume/default/data"));
  script_close(&s);
}

/* It may have data on it: it is waited for, however long its agent offers none. */
static void what_was_used_is_there(void **state) {
  struct script s;
  (void)state;
  for (int former = 0; former < 2; former++) {
    char pause[256];
    open_shown(&s);
    offer(&s, "O3", "A1", volume);
    assert_true(launches(&s));
    snprintf(pause, sizeof pause, "%s", script_task(&s, ""));
    if (former) update_all(&s, "A1", "TASK_DROPPED", ",\"source\":\"SOURCE_MASTER\"");
    assert_int_equal(row_says(&s, "supposed"), 1);
    script_update(&s, pause, "A2", "TASK_RUNNING", NULL, BY_EXECUTOR); /* of another agent it says nothing */
    script_update(&s, pause, "A1", "TASK_RUNNING", "runs------------", BY_EXECUTOR);
    assert_int_equal(row_says(&s, "supposed"), 0);
    script_wait(&s, 12000);
    offer(&s, "O4", "A1", "");
    script_wait(&s, 16000);
    assert_true(row_says(&s, "\"agent_id\":\"A1\""));
    script_close(&s);
  }
}

/* The offer that has it is held, and too small. */
static void what_is_held_is_not_missed(void **state) {
  static const char big[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
      "spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 64}}, volumeMounts: [{name: v, "
      "mountPath: /v}]}],\n"
      "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}\n";
  struct script s;
  struct k8sm_driver_options o = volume_options();
  (void)state;
  script_open(&s, &o);
  assert_int_equal(restore_volume(&s, SHOWN), K8SM_OK);
  subscribe(&s);
  assert_int_equal(script_pod(&s, big), K8SM_OK);
  offer(&s, "O1", "A1", volume);
  offer(&s, "O2", "A2", "");
  assert_true(row_says(&s, "\"supposed\":3"));
  script_wait(&s, 16000);
  offer(&s, "O3", "A1", volume);
  assert_true(row_says(&s, "\"supposed\":3"));
  assert_false(launches(&s));
  script_close(&s);
}

/* ---- What is shown and listed while a row goes ---- */

/* A volume whose row is about to go is neither shown nor in a snapshot, nor is a claim whose row is. */
static void what_goes_is_not_shown(void **state) {
  struct k8sm_effects *effects;
  struct k8sm_effect e;
  struct script s;
  (void)state;
  open_script(&s);
  a_volume_is_made(&s, false);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s("default/data")});
  offer(&s, "O2", "A1", volume);
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, NULL, sizeof(struct k8sm_driver_volume), 0), 1);
  s.hold_records = true;
  script_wait(&s, 12000);
  assert_true(script_has(&s, "record volume/default/data away\n"));
  assert_int_equal(k8sm_driver_volumes(s.driver, 0, NULL, sizeof(struct k8sm_driver_volume), 0), 0);
  assert_int_equal(k8sm_effects_new(NULL, &effects), K8SM_OK);
  for (int turn = 0; turn < 2; turn++) {
    size_t volumes = 0, claims = 0;
    assert_int_equal(k8sm_driver_snapshot(s.driver, effects), K8SM_OK);
    for (size_t i = 0; k8sm_effects_rows(effects, i, &e, sizeof e, 1) != 0; i++) {
      volumes += strncmp(e.key.ptr, "volume/", 7) == 0;
      claims += strncmp(e.key.ptr, "claim/", 6) == 0;
    }
    assert_int_equal(volumes, 0);
    assert_int_equal(claims, turn == 0);
    if (turn == 0) script_record(&s, K8SM_INPUT_RECORDED, s.open_record); /* now that of the claim goes */
  }
  k8sm_effects_free(effects);
  script_close(&s);
}

/* A snapshot has all rows, or there is none. */
static void a_snapshot_without_memory_is_none(void **state) {
  struct script s;
  int r = K8SM_ERR_NOMEM;
  size_t n;
  (void)state;
  struct k8sm_driver_options o = volume_options();
  o.rest_ms = 1000;
  script_open(&s, &o);
  subscribe(&s);
  give_two_claims(&s);
  act_running(&s);
  script_update(&s, script_task(&s, ""), "A1", "TASK_RUNNING", "pause-----------", BY_EXECUTOR);
  script_wait(&s, 5000);
  assert_non_null(s.driver->pods.slots[0]->rest);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = k8smi_s("default/none")});
  script_wait(&s, 2000);
  for (n = 1; r == K8SM_ERR_NOMEM; n++) {
    struct k8sm_effects *effects;
    assert_int_equal(k8sm_effects_new(&s.memory.allocator, &effects), K8SM_OK);
    s.memory.fail_at = s.memory.calls + n;
    r = k8sm_driver_snapshot(s.driver, effects);
    s.memory.fail_at = 0;
    if (r == K8SM_OK) /* the framework, the pod, the claim and two volumes */
      assert_int_equal(k8sm_effects_rows(effects, 0, NULL, sizeof(struct k8sm_effect), 0), 5);
    k8sm_effects_free(effects);
  }
  assert_int_equal(r, K8SM_OK);
  assert_true(n > 3);
  script_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_volume_is_known_after_a_crash),
      cmocka_unit_test(the_row_of_the_pod_tells_first),
      cmocka_unit_test(a_pod_waits_for_the_row_of_its_volume),
      cmocka_unit_test(a_launch_waits_for_the_row),
      cmocka_unit_test(an_older_record_is_read),
      cmocka_unit_test(what_has_ended_tells_nothing),
      cmocka_unit_test(a_volume_that_was_destroyed_goes),
      cmocka_unit_test(an_agent_that_is_gone_frees_its_claims),
      cmocka_unit_test(an_agent_without_tasks_is_asked_for),
      cmocka_unit_test(what_is_supposed_is_recorded),
      cmocka_unit_test(what_is_due_waits_for_memory),
      cmocka_unit_test(a_trial_ends_before_its_row_is_kept),
      cmocka_unit_test(a_snapshot_has_volumes),
      cmocka_unit_test(volumes_are_shown),
      cmocka_unit_test(other_volumes_are_left_out),
      cmocka_unit_test(a_row_that_is_old_is_written_again),
      cmocka_unit_test(a_row_counts_more_than_that_of_a_pod),
      cmocka_unit_test(many_volumes_are_asked_for),
      cmocka_unit_test(own_volumes_have_no_rows),
      cmocka_unit_test(strange_rows_are_refused),
      cmocka_unit_test(both_volumes_are_recorded_without_memory),
      cmocka_unit_test(both_volumes_are_lost_without_memory),
      cmocka_unit_test(both_volumes_are_seen_without_memory),
      cmocka_unit_test(what_is_supposed_is_seen),
      cmocka_unit_test(another_agent_does_not_tell),
      cmocka_unit_test(what_is_not_shown_again_was_not_made),
      cmocka_unit_test(what_is_supposed_is_looked_for),
      cmocka_unit_test(what_is_missed_is_tried_without_memory),
      cmocka_unit_test(what_is_used_is_known_without_memory),
      cmocka_unit_test(what_is_shown_again_is_there),
      cmocka_unit_test(what_was_used_is_there),
      cmocka_unit_test(what_is_held_is_not_missed),
      cmocka_unit_test(what_goes_is_not_shown),
      cmocka_unit_test(a_snapshot_without_memory_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
