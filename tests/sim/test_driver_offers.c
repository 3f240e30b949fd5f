/* SPDX-License-Identifier: Apache-2.0 */
/* Which offers the driver wants: roles suppressed and revived, offer constraints, declines by reason. */
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POD(name, uid, spec)                                                                                 \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: default, uid: " uid "}\n"                \
  "spec: {containers: [{name: c, image: i}]" spec "}\n"

static void open_at(struct script *s, const char *version, const char *const *roles, size_t n, size_t used) {
  struct k8sm_driver_options o = script_options();
  const struct k8sm_framework framework = {.size = sizeof framework, .roles = roles, .role_count = n};
  char json[512];
  const struct k8sm_demand_options demand = {.size = sizeof demand, .roles = roles, .role_count = used};
  o.framework = &framework;
  o.demand = &demand;
  script_open(s, &o);
  s->roles = true;
  s->quiet_status = true;
  s->heartbeats = true;
  script_tick(s);
  script_head(s, 200, "application/json", "S1", NULL);
  snprintf(json, sizeof json,
           "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"F1\"},"
           "\"heartbeat_interval_seconds\":15.0,\"master_info\":{\"id\":\"m\",\"ip\":1,\"port\":5050,"
           "\"version\":\"%s\"}}}",
           version);
  script_event(s, json);
  script_forget(s);
}

#define SCALAR(name, value, role)                                                                            \
  "{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" value                                  \
  "},\"allocation_info\":{\"role\":\"" role "\"}}"

/* An offer of 4 cpus to a role, of an agent with an attribute rack. */
static void offer(struct script *s, const char *id, const char *agent, const char *role, const char *rack) {
  char json[2048];
  const char *format =
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"%s\"},\"framework_id\":{\"value\":"
      "\"F1\"},\"agent_id\":{\"value\":\"%s\"},\"hostname\":\"%s.example\",\"allocation_info\":{\"role\":\"%"
      "s\"},"
      "\"attributes\":[{\"name\":\"rack\",\"type\":\"TEXT\",\"text\":{\"value\":\"%s\"}}],"
      "\"resources\":[" SCALAR("cpus", "4", "%s") "," SCALAR("mem", "4096", "%s") "," SCALAR("disk", "10000",
                                                                                             "%s") "]}]}}";
  snprintf(json, sizeof json, format, id, agent, agent, role, rack, role, role, role);
  script_event(s, json);
}

/* The framework has two roles, the pods one of them. */
static void roles_are_suppressed_one_by_one(void **state) {
  static const char *const roles[] = {"a", "b"};
  struct script s;
  (void)state;
  open_at(&s, "1.12.0", roles, 2, 1);
  script_pod(&s, POD("p", "u1", ""));
  script_expect(&s, "> REVIVE \"roles\":[\"a\"]\n");
  offer(&s, "O1", "A1", "b", "r1"); /* on its way when it was suppressed */
  script_expect(
      &s,
      "event default/p: FailedScheduling: 0/1 nodes are available: 1 agent(s) had no offer of a role that "
      "the pod may use.\n"
      "> DECLINE O1 \"refuse_seconds\":3600.0\n");
  offer(&s, "O2", "A1", "a", "r1");
  script_expect(&s, "record pod/u1\n"
                    "> ACCEPT O2\n"
                    "event default/p: Scheduled: Successfully assigned default/p to A1.example\n");
  script_wait(&s, 6000);
  script_expect(&s, "> SUPPRESS \"roles\":[\"a\"]\n");
  script_end(&s);
  script_wait(&s, 20000);
  assert_true(
      script_has(&s, "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler \"suppressed_roles\":[\"a\",\"b\"\n"));
  script_close(&s);
}

#define RACK_R2                                                                                              \
  "\"role_constraints\":{\"*\":{\"groups\":[{\"attribute_constraints\":[{\"selector\":{\"attribute_name\":"  \
  "\"rack\"},\"predicate\":{\"text_equals\":{\"value\":\"r2\"}}}]"

static const char on_r2[] = POD("p", "u1", ", nodeSelector: {k8s.mesosphere.io/attribute-rack: r2}");

static void constraints_follow_the_wants(void **state) {
  struct script s;
  (void)state;
  open_at(&s, "1.11.0", NULL, 0, 0);
  script_pod(&s, on_r2);
  script_expect(&s, "> REVIVE \"roles\":[\"*\"]\n");
  /* The offer of another agent is of no use: back at once, and for long. */
  offer(&s, "O1", "A1", "*", "r1");
  script_expect(
      &s, "event default/p: FailedScheduling: 0/1 nodes are available: 1 node(s) didn't match Pod's node "
          "affinity/selector.\n"
          "> DECLINE O1 \"refuse_seconds\":3600.0\n");
  /* What is wanted has been the same for a while: the master is told. */
  script_wait(&s, 4000);
  script_expect(&s, "");
  script_wait(&s, 1000);
  script_expect(&s, "> UPDATE_FRAMEWORK " RACK_R2 "\n");
  script_wait(&s, 60000);
  script_expect(&s, "");
  /* A pod that may go anywhere: it is told at once, before REVIVE. */
  script_pod(&s, POD("q", "u2", ""));
  script_expect(&s, "event default/q: FailedScheduling: 0/1 nodes are available: 1 agent(s) had no offer.\n"
                    "> UPDATE_FRAMEWORK\n"
                    "> REVIVE \"roles\":[\"*\"]\n");
  offer(&s, "O2", "A1", "*", "r1");
  assert_true(script_has(&s, "> ACCEPT O2\n"));
  script_forget(&s);
  /* The first one waits on, and the constraints come back. They hold over subscriptions. */
  script_wait(&s, 5000);
  script_expect(&s, "> UPDATE_FRAMEWORK " RACK_R2 "\n");
  script_end(&s);
  script_wait(&s, 20000);
  assert_true(script_has(&s, "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler " RACK_R2 "\n"));
  script_close(&s);
}

static void an_old_master_is_not_told(void **state) {
  struct script s;
  (void)state;
  open_at(&s, "1.10.2", NULL, 0, 0);
  script_pod(&s, on_r2);
  script_forget(&s);
  script_wait(&s, 60000);
  assert_false(script_has(&s, "UPDATE_FRAMEWORK"));
  script_close(&s);
}

/* The master holds what it refused no less than before: a new subscription ends all constraints. */
static void refused_constraints_are_given_up(void **state) {
  struct script s;
  (void)state;
  open_at(&s, "2.0.0", NULL, 0, 0);
  script_pod(&s, on_r2);
  s.hold_calls = true;
  script_wait(&s, 6000);
  assert_true(script_has(&s, "> UPDATE_FRAMEWORK " RACK_R2 "\n"));
  script_forget(&s);
  s.hold_calls = false;
  script_answer(&s, "UPDATE_FRAMEWORK", 400, "no such thing");
  script_wait(&s, 20000);
  assert_true(script_has(&s, "it refused the offer constraints; subscribing without"));
  assert_true(script_has(&s, "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler\n"));
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_wait(&s, 60000);
  assert_false(script_has(&s, "UPDATE_FRAMEWORK"));
  script_close(&s);
}

/* Nobody knows whether the master took them: they are told again. */
static void lost_constraints_are_told_again(void **state) {
  struct script s;
  (void)state;
  open_at(&s, "1.12.0", NULL, 0, 0);
  script_pod(&s, on_r2);
  s.hold_calls = true;
  script_wait(&s, 5000);
  script_forget(&s);
  s.hold_calls = false;
  script_lose(&s, "UPDATE_FRAMEWORK");
  script_expect(&s, "");
  script_wait(&s, 5000);
  script_expect(&s, "> UPDATE_FRAMEWORK " RACK_R2 "\n");
  script_close(&s);
}

/* The answer to a REVIVE is lost: what is wanted is revived again, and what is not any more is not. */
static void lost_calls_are_made_up_for(void **state) {
  struct script s;
  (void)state;
  open_at(&s, "1.12.0", NULL, 0, 0);
  s.hold_calls = true;
  script_pod(&s, POD("p", "u1", ""));
  script_lose(&s, "REVIVE");
  script_wait(&s, 999);
  script_expect(&s, "> REVIVE \"roles\":[\"*\"]\n");
  script_wait(&s, 1);
  script_expect(&s, "> REVIVE \"roles\":[\"*\"]\n");
  script_delete(&s, "default/p", -1);
  script_answer(&s, "REVIVE", 503, NULL);
  script_forget(&s);
  script_wait(&s, 6000);
  assert_false(script_has(&s, "REVIVE"));
  assert_true(script_has(&s, "> SUPPRESS \"roles\":[\"*\"]\n"));
  script_answer(&s, "SUPPRESS", 500, NULL);
  script_forget(&s);
  script_wait(&s, 5000);
  assert_true(script_has(&s, "> SUPPRESS \"roles\":[\"*\"]\n"));
  script_close(&s);
}

/* A DECLINE without an answer is sent again, behind a REVIVE: what it refuses is asked for once more. */
static void late_refusals_are_made_up_for(void **state) {
  struct script s;
  (void)state;
  open_at(&s, "1.12.0", NULL, 0, 0);
  s.hold_calls = true;
  offer(&s, "O1", "A1", "*", "r1");
  script_wait(&s, 2000);
  assert_true(script_has(&s, "> DECLINE O1"));
  script_lose(&s, "DECLINE");
  script_forget(&s);
  script_pod(&s, POD("p", "u1", ""));
  script_wait(&s, 2000);
  assert_true(script_has(&s, "> REVIVE"));
  assert_true(script_has(&s, "> DECLINE O1"));
  script_answer(&s, "REVIVE", 202, NULL);
  script_forget(&s);
  script_wait(&s, 6000);
  assert_false(script_has(&s, "REVIVE"));
  script_answer(&s, "DECLINE", 202, NULL);
  script_wait(&s, 6000);
  assert_true(script_has(&s, "> REVIVE \"roles\":[\"*\"]\n"));
  script_close(&s);
}

/* Filters outlive a connection whose end the master did not notice: a role that is wanted is revived. */
static void a_subscription_ends_filters(void **state) {
  struct script s;
  (void)state;
  open_at(&s, "1.12.0", NULL, 0, 0);
  script_pod(&s, on_r2);
  offer(&s, "O1", "A1", "*", "r1");
  assert_true(script_has(&s, "> DECLINE O1 \"refuse_seconds\":3600.0\n"));
  script_end(&s);
  script_wait(&s, 20000);
  script_forget(&s);
  script_subscribe(&s, "F1");
  assert_true(script_has(&s, "> REVIVE \"roles\":[\"*\"]\n"));
  script_forget(&s);
  script_wait(&s, 10000);
  assert_false(script_has(&s, "REVIVE")); /* once */
  script_delete(&s, "default/p", -1);
  script_end(&s);
  script_wait(&s, 20000);
  script_forget(&s);
  script_subscribe(&s, "F1");
  assert_false(script_has(&s, "REVIVE")); /* nothing is wanted: it is suppressed */
  script_close(&s);
}

static void update(struct script *s, const char *container, const char *state, const char *uuid,
                   const char *more) {
  script_update(s, script_task(s, container), "A1", state, uuid, more);
}

/* A restart is wanted as its agent: others' offers go back at once, and not for longer than until the next
 * need. */
static void restarts_want_their_agent(void **state) {
  struct script s;
  (void)state;
  open_at(&s, "1.12.0", NULL, 0, 0);
  script_pod(&s, POD("p", "u1", ""));
  offer(&s, "O1", "A1", "*", "r1");
  update(&s, "", "TASK_RUNNING", "running---------", "");
  update(&s, "c", "TASK_RUNNING", "running---------", "");
  update(&s, "c", "TASK_FAILED", "failed----------",
         ",\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 1\"");
  script_forget(&s);
  offer(&s, "O2", "A2", "*", "r1");
  assert_true(script_has(&s, "> DECLINE O2 \"refuse_seconds\":3600.0\n"));
  script_wait(&s, 5000);
  assert_true(script_has(
      &s, "> UPDATE_FRAMEWORK \"role_constraints\":{\"*\":{\"groups\":[{\"attribute_constraints\":["
          "{\"selector\":{\"pseudoattribute_type\":\"HOSTNAME\"},\"predicate\":{\"text_equals\":{"
          "\"value\":\"A1.example\"}}}]\n"));
  offer(&s, "O3", "A1", "*", "r1");
  assert_true(script_has(&s, "> ACCEPT O3\n"));
  update(&s, "c", "TASK_RUNNING", "running---------", "");
  update(&s, "c", "TASK_FAILED", "failed----------",
         ",\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 1\"");
  script_forget(&s);
  /* Ten seconds of back-off: its agent is refused no longer. */
  script_forget(&s);
  offer(&s, "O4", "A1", "*", "r1");
  assert_true(script_has(&s, "> DECLINE O4 \"refuse_seconds\":10.0\n"));
  offer(&s, "O5", "A2", "*", "r1");
  assert_true(script_has(&s, "> DECLINE O5 \"refuse_seconds\":3600.0\n"));
  script_close(&s);
}

static void crash(struct script *s, const char *container) {
  update(s, container, "TASK_RUNNING", "running---------", "");
  update(s, container, "TASK_FAILED", "failed----------",
         ",\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 1\"");
}

/* An offer that is too small, while one restart is due after the other. */
static void no_offer_is_held_from_need_to_need(void **state) {
  static const char three[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
      "spec: {containers: [{name: a, image: i}, {name: b, image: i}, {name: c, image: i}]}\n";
  static const char small[] = /* of cpus only, and less than a task is accounted with */
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"O3\"},\"framework_id\":{\"value\":"
      "\"F1\"},"
      "\"agent_id\":{\"value\":\"A1\"},\"hostname\":\"A1.example\",\"allocation_info\":{\"role\":\"*\"},"
      "\"resources\":[" SCALAR("cpus", "0.001", "*") "]}]}}";
  struct script s;
  (void)state;
  open_at(&s, "1.12.0", NULL, 0, 0);
  script_pod(&s, three);
  offer(&s, "O1", "A1", "*", "r1");
  update(&s, "", "TASK_RUNNING", "running---------", "");
  crash(&s, "a");
  crash(&s, "b");
  crash(&s, "c");
  offer(&s, "O2", "A1", "*", "r1"); /* the first restarts, at once; the next are 10 s after each end */
  crash(&s, "a");
  script_wait(&s, 4000);
  crash(&s, "b");
  script_wait(&s, 2000);
  script_event(&s, small); /* at 6 s */
  script_wait(&s, 2000);
  crash(&s, "c");
  script_wait(&s, 2000);
  script_forget(&s);
  offer(&s, "O4", "A1", "*", "r1");
  assert_true(script_has(&s, "> ACCEPT O4\n"));
  script_wait(&s, 3900);
  offer(&s, "O5", "A1", "*", "r1"); /* in time for b */
  script_wait(&s, 2000);
  assert_true(script_has(&s, "> ACCEPT O5\n"));
  assert_false(script_has(&s, "> DECLINE O3"));
  script_wait(&s, 200); /* at 16.1 s; c's turn comes at 18 s */
  assert_true(script_has(&s, "> DECLINE O3"));
  script_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(roles_are_suppressed_one_by_one), cmocka_unit_test(constraints_follow_the_wants),
      cmocka_unit_test(an_old_master_is_not_told),       cmocka_unit_test(refused_constraints_are_given_up),
      cmocka_unit_test(lost_constraints_are_told_again), cmocka_unit_test(restarts_want_their_agent),
      cmocka_unit_test(lost_calls_are_made_up_for),      cmocka_unit_test(late_refusals_are_made_up_for),
      cmocka_unit_test(a_subscription_ends_filters),     cmocka_unit_test(no_offer_is_held_from_need_to_need),
  };
  return cmocka_run_group_tests_name("driver_offers", tests, NULL, NULL);
}
