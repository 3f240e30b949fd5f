/* SPDX-License-Identifier: Apache-2.0 */
/* Pods whose agent can't be reached, or is gone for good: by their toleration, and by the options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/life.h"

#define CONTAINER "'containers':[{'name':'c','image':'c:1'}]"
#define TOLERATES(more)                                                                                      \
  "{" CONTAINER ",'tolerations':[{'key':'node.kubernetes.io/unreachable','effect':'NoExecute'" more "}]}"
#define UNREACHABLE "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REMOVED'"
#define BACK        "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REREGISTERED'"

static void away_begin(struct life *l, const char *spec, const struct k8sm_status_options *options) {
  life_begin(l, spec);
  k8sm_status_unref(l->status);
  assert_int_equal(k8sm_status_new(l->demand, options, &l->status, NULL), K8SM_OK);
  life_place(l);
  life_run(l, "", 0);
  life_run(l, "c", 0);
  l->now += 10000;
  life_update(l, "", 0, "UNREACHABLE", UNREACHABLE);
  life_update(l, "c", 0, "UNREACHABLE", UNREACHABLE);
}

static void pods_wait_for_their_agent(void **state) {
  static const struct {
    const char *spec;
    int64_t option;
    uint64_t seconds; /* to another attempt; 0: never */
  } rows[] = {
      {"{" CONTAINER "}", 0, 0},
      {"{" CONTAINER "}", 7, 7},
      {"{" CONTAINER "}", INT64_MAX, 0},
      {TOLERATES(",'operator':'Exists','tolerationSeconds':300"), 0, 300},
      {TOLERATES(",'operator':'Exists','tolerationSeconds':300"), -1, 0},
      {TOLERATES(",'operator':'Exists','tolerationSeconds':300"), 5, 5},
      {TOLERATES(",'operator':'Exists'"), 0, 0},
      {TOLERATES(",'tolerationSeconds':8"), 0, 8},             /* Equal to no value */
      {TOLERATES(",'value':'x','tolerationSeconds':8"), 0, 0}, /* the taint has none */
      {"{" CONTAINER ",'tolerations':[{'operator':'Exists','tolerationSeconds':9},{'operator':'Exists',"
       "'effect':'NoExecute','tolerationSeconds':4},{'operator':'Exists','effect':'NoSchedule',"
       "'tolerationSeconds':1},{'key':'other','operator':'Exists','tolerationSeconds':2}]}",
       0, 4},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct life l;
    const struct k8sm_status_options o = {.size = sizeof o, .unreachable_seconds = rows[i].option};
    away_begin(&l, rows[i].spec, &o);
    uint64_t due = rows[i].seconds == 0 ? UINT64_MAX : l.now + rows[i].seconds * 1000;
    assert_true(k8sm_status_deadline(l.status) == due);
    life_tick(&l, rows[i].seconds == 0 ? 86400000 : rows[i].seconds * 1000 - 1);
    assert_life(&l, "Running(Running) c=R+ |");
    life_tick(&l, 1);
    assert_life(&l, rows[i].seconds == 0 ? "Running(Running) c=R+ |" : "Running(Running) c=R+ | attempt");
    life_update(&l, "c", 0, "RUNNING", BACK); /* just in time */
    assert_life(&l, "Running(Running) c=R+ |");
    life_end(&l);
  }
}

/* The master's state may be older than what was heard, where an acknowledgement got lost. */
static void old_news_are_signs_of_life(void **state) {
  static const struct {
    const char *task, *state;
    bool reached;
  } rows[] = {{"c", "STARTING", true},
              {"", "STARTING", true},
              {"c", "RUNNING", true},
              {"c", "UNREACHABLE", false},
              {"c", "FINISHED", false}};
  const struct k8sm_status_options o = {.size = sizeof o, .unreachable_seconds = 60};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct life l;
    away_begin(&l, "{" CONTAINER "}", &o);
    assert_true(k8sm_status_deadline(l.status) == l.now + 60000);
    life_update(&l, rows[i].task, 0, rows[i].state,
                "'source':'SOURCE_MASTER','reason':'REASON_RECONCILIATION'");
    assert_life(&l, "Running(Running) c=R+ |");
    life_tick(&l, 60000);
    assert_life(&l, rows[i].reached ? "Running(Running) c=R+ |" : "Running(Running) c=R+ | attempt");
    life_end(&l);
  }
}

/* To a record and back. */
static void away_reload(struct life *l) {
  struct k8sm_blob *saved;
  struct k8sm_status *loaded;
  assert_int_equal(k8sm_status_save(l->status, NULL, NULL, &saved), K8SM_OK);
  struct k8sm_slice bytes = k8sm_blob_bytes(saved);
  assert_int_equal(k8sm_status_load(l->status->demand, bytes.ptr, bytes.len, NULL, &loaded, NULL), K8SM_OK);
  k8sm_blob_unref(saved);
  k8sm_status_unref(l->status);
  l->status = loaded;
  life_tick(l, 0);
}

static size_t away_kills(const struct life *l, bool due) {
  struct k8sm_action a;
  size_t n = 0;
  for (size_t i = 0; k8sm_status_actions(l->status, i, &a, sizeof a, 1) != 0; i++)
    n += a.type == K8SM_ACTION_KILL && (a.at_mono_ms <= l->now) == due;
  return n;
}

static bool away_done(const struct life *l) {
  struct k8sm_action a;
  for (size_t i = 0; k8sm_status_actions(l->status, i, &a, sizeof a, 1) != 0; i++) {
    if (a.type == K8SM_ACTION_DONE) return true;
  }
  return false;
}

/* What is left of the former attempt is killed when it is heard of, and only then; and the pod is not done
 * before it has ended. */
static void what_was_left_behind_is_killed(void **state) {
  struct life l;
  const struct k8sm_status_options o = {.size = sizeof o, .unreachable_seconds = 60};
  char pause[256], main[256];
  (void)state;
  away_begin(&l, "{" CONTAINER "}", &o);
  life_id(&l, "", 0, pause, sizeof pause);
  life_id(&l, "c", 0, main, sizeof main);
  life_tick(&l, 60000);
  life_attempt(&l, 1);
  away_reload(&l);
  assert_int_equal(away_kills(&l, true), 0);
  assert_int_equal(away_kills(&l, false), 2); /* some day */
  assert_false(k8smi_status_stray_alive(l.status));
  assert_int_equal(life_send(&l, main, "UNREACHABLE", UNREACHABLE), K8SM_OK);
  assert_int_equal(away_kills(&l, true), 0);
  assert_int_equal(life_send(&l, main, "RUNNING", BACK), K8SM_OK);
  assert_int_equal(away_kills(&l, true), 1);
  assert_true(k8smi_status_stray_alive(l.status));
  life_tick(&l, 1);
  assert_int_equal(away_kills(&l, true), 0); /* it is sent, and in ten seconds again */
  life_tick(&l, 10000);
  assert_int_equal(away_kills(&l, true), 1);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
  assert_int_equal(life_send(&l, main, "KILLED", EXECUTOR), K8SM_OK);
  assert_false(k8smi_status_stray_alive(l.status));
  assert_false(away_done(&l));
  assert_int_equal(life_send(&l, pause, "GONE_BY_OPERATOR", "'source':'SOURCE_MASTER'"), K8SM_OK);
  assert_true(away_done(&l));
  life_end(&l);
}

static void an_agent_that_is_gone(void **state) {
  static const uint32_t rows[] = {K8SM_GONE_RESTART, K8SM_GONE_FAIL};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct life l;
    struct k8sm_status_summary summary = {.size = sizeof summary};
    const struct k8sm_status_options o = {.size = sizeof o, .gone = rows[i]};
    away_begin(&l, "{" CONTAINER "}", &o);
    life_update(&l, "", 0, "GONE_BY_OPERATOR", "'source':'SOURCE_MASTER'");
    life_update(&l, "c", 0, "GONE_BY_OPERATOR", "'source':'SOURCE_MASTER'");
    assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
    assert_string_equal(summary.phase.ptr, rows[i] == K8SM_GONE_FAIL ? "Failed" : "Running");
    assert_int_equal(away_done(&l), rows[i] == K8SM_GONE_FAIL);
    life_end(&l);
  }
}

/* Where nothing is started again, no other attempt begins for the container that had not run yet. */
static void what_has_run_ends_with_its_agent(void **state) {
  static const char spec[] =
      "{'restartPolicy':'Never','containers':[{'name':'a','image':'i'},{'name':'b','image':'i'}]}";
  struct life l;
  (void)state;
  for (int ran = 0; ran < 2; ran++) {
    life_begin(&l, spec);
    life_place(&l);
    life_run(&l, "", 0);
    if (ran) life_run(&l, "a", 0);
    life_update(&l, "", 0, "GONE_BY_OPERATOR", "'source':'SOURCE_MASTER'");
    life_update(&l, "a", 0, "GONE_BY_OPERATOR", "'source':'SOURCE_MASTER'");
    life_update(&l, "b", 0, "GONE_BY_OPERATOR", "'source':'SOURCE_MASTER'");
    struct k8sm_status_summary summary = {.size = sizeof summary};
    assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
    assert_string_equal(summary.phase.ptr, ran ? "Failed" : "Pending");
    assert_int_equal(away_done(&l), ran);
    life_end(&l);
  }
}

/* Found without a record while its sidecar waited for a restart: nobody has heard of that one when the agent
 * goes. */
static void a_sidecar_that_was_never_heard_of(void **state) {
  static const char spec[] =
      "{'restartPolicy':'Never','initContainers':[{'name':'s','image':'s:1','restartPolicy':"
      "'Always'}]," CONTAINER "}";
  static const char found[] = "'source':'SOURCE_MASTER','reason':'REASON_RECONCILIATION'";
  struct life l;
  struct k8sm_status_summary summary = {.size = sizeof summary};
  (void)state;
  life_begin(&l, spec);
  life_update(&l, "", 0, "RUNNING", found);
  life_update(&l, "c", 0, "RUNNING", found);
  life_update(&l, "", 0, "GONE_BY_OPERATOR", "'source':'SOURCE_MASTER'");
  life_update(&l, "c", 0, "GONE_BY_OPERATOR", "'source':'SOURCE_MASTER'");
  assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
  assert_string_equal(summary.phase.ptr, "Failed");
  assert_true(away_done(&l));
  life_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pods_wait_for_their_agent),         cmocka_unit_test(old_news_are_signs_of_life),
      cmocka_unit_test(what_was_left_behind_is_killed),    cmocka_unit_test(an_agent_that_is_gone),
      cmocka_unit_test(a_sidecar_that_was_never_heard_of), cmocka_unit_test(what_has_run_ends_with_its_agent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
