/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "vectors/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The calls that a real Mesos was sent, given to the embedded one: the same states, sources, reasons and
 * messages come back, in the same order for each task, and the same answers to calls that are wrong. Ids
 * of master, agents, offers, frameworks, streams and statuses are rewritten. Nothing is compared by time. */

static const struct scenario SCENARIOS[] = {
    {"group-json", NULL, {{0}}},
    {"group-protobuf", NULL, {{0}}},
    {"command-json", NULL, {{0}}},
    {"command-protobuf", NULL, {{0}}},
    {"stages-json", NULL, {{0}}},
    {"stages-protobuf", NULL, {{0}}},
    {"errors-json", NULL, {{0}}},
    {"errors-protobuf", NULL, {{0}}},
    {"checks-json", NULL, {{0}}},
    {"operations-json", NULL, {{0}}},
    {"operations-protobuf", NULL, {{0}}},
    {"agent-lost-json",
     "06-ack", /* draining */
     {{"04-reconcile-while-unreachable", HOOK_KILL_AGENT, NULL},
      {"05-reconcile-after-return", HOOK_RESTORE_AGENT, NULL}}},
    {"agent-lost-protobuf",
     "06-ack",
     {{"04-reconcile-while-unreachable", HOOK_KILL_AGENT, NULL},
      {"05-reconcile-after-return", HOOK_RESTORE_AGENT, NULL}}},
    {"master-failover-json", "11-ack", {{"04-reconcile-at-once", HOOK_FAIL_OVER, NULL}}},
    {"master-failover-protobuf", "11-ack", {{"04-reconcile-at-once", HOOK_FAIL_OVER, NULL}}},
    {"lifecycle/restart-one-container", NULL, {{0}}},
    {"lifecycle/executor-mismatch", NULL, {{0}}},
    {"lifecycle/limits-without-cgroups", NULL, {{0}}},
    {"lifecycle/task-id-twice", NULL, {{0}}},
    {"lifecycle/stale-offer-in-accept", NULL, {{0}}},
    {"lifecycle/volume-on-holder", NULL, {{0}}},
    {"lifecycle/budget-form", NULL, {{0}}},
    {"lifecycle/unreachable-reconcile",
     NULL,
     {{"04-reconcile-implicit", HOOK_KILL_AGENT, NULL},
      {"08-reconcile-explicit", HOOK_FAIL_OVER, NULL},
      {"11-reconcile-implicit", HOOK_RESTORE_AGENT, NULL}}},
    {"lifecycle/lagging-reconcile", NULL, {{"02-reconcile-explicit", HOOK_WAIT, NULL}}},
    {"lifecycle/group-siblings-3s", NULL, {{0}}},
    {"images-json", "11-accept-oom", {{0}}},
    {"images-protobuf", "11-accept-oom", {{0}}},
    {"lifecycle/fresh-executor", "12-accept", {{"07-ack", HOOK_KILL_EXECUTOR, "pod5.a0"}}},
};

static const char *replay_root;

static struct k8smi_local *replay_new(const struct scenario *scenario) {
  bool lifecycle = strncmp(scenario->name, "lifecycle/", strlen("lifecycle/")) == 0;
  bool one = lifecycle || strncmp(scenario->name, "agent-lost", 10) == 0 ||
             strncmp(scenario->name, "master-f", 8) == 0;
  /* The features of the recorded agents; those with a linux launcher are "L" in the recordings' notes. */
  bool no_images = !lifecycle && strncmp(scenario->name, "images", 6) != 0;
  bool no_cgroups = strcmp(scenario->name, "lifecycle/limits-without-cgroups") == 0;
  struct k8smi_local_agent rows[2] = {{"agent1.example", "cpus:4;mem:4096;disk:10000;ports:[31000-32000]",
                                       "rack:r1;gen:2015;ssd:yes;cores:[1-8,10-12]", no_images, no_cgroups},
                                      {"agent2.example",
                                       "cpus:2;cpus(analytics):2;mem:2048;mem(analytics):1024;disk:5000;"
                                       "ports:[31000-31500,31600-32000];fpga:3",
                                       "rack:r2;gen:2016", no_images, 1}};
  struct k8smi_local_options options = {
      .size = sizeof(options), .agents = rows, .agent_count = one ? 1 : 2, .seed = 11};
  struct k8smi_local *local;
  assert_int_equal(k8smi_local_new(&options, &local, NULL), K8SM_OK);
  return local;
}

static void replay_hook(struct replay *p, const char *before) {
  for (size_t i = 0; i < sizeof(p->scenario->hooks) / sizeof(p->scenario->hooks[0]); i++) {
    if (p->scenario->hooks[i].before == NULL || strcmp(p->scenario->hooks[i].before, before) != 0) continue;
    switch (p->scenario->hooks[i].action) {
    case HOOK_WAIT: client_wait(&p->local, 6000); break;
    case HOOK_KILL_AGENT: k8smi_local_kill_agent(p->local.local, 0); break;
    case HOOK_RESTORE_AGENT: k8smi_local_restore_agent(p->local.local, 0); break;
    case HOOK_KILL_EXECUTOR: k8smi_local_kill_executor(p->local.local, p->scenario->hooks[i].executor); break;
    case HOOK_FAIL_OVER:
      k8smi_local_fail_over(p->local.local);
      client_wait(&p->local, 3000); /* the agents have found the new master */
      break;
    default: break;
    }
    client_wait(&p->local, 1);
  }
}

static void replay_resubscribe(struct replay *p, const struct recorded_call *recorded) {
  if (p->resubscribed || !p->recording->has_resubscribe || !recorded->has_stream_id ||
      strcmp(recorded->stream_id, p->recording->resubscribed_id) != 0) {
    return;
  }
  p->resubscribed = true;
  replay_rewrite(p, p->recording->resubscribe.call);
  assert_int_equal(client_call_as(&p->local, p->recording->resubscribe.call, NULL), 200);
}

static size_t replay_failures(const struct client *c) {
  return client_count(c, K8SM_MESOS__EVENT__TYPE__FAILURE);
}

/* TEARDOWN ends all: what was recorded before it comes before it. */
static void replay_settle(struct replay *p) {
  for (int i = 0; i < 100 && replay_failures(&p->local) < replay_failures(&p->recording->seen); i++) {
    client_wait(&p->local, 100);
  }
}

static const char *replay_stream_id(const struct replay *p, const struct recorded_call *recorded) {
  bool ours = strcmp(recorded->stream_id,
                     p->resubscribed ? p->recording->resubscribed_id : p->recording->stream_id) == 0;
  return !recorded->has_stream_id ? NULL : ours ? p->local.stream_id : recorded->stream_id;
}

/* The answer, with the recorded framework id in place of the own. */
static void replay_restore_ids(const struct replay *p, char *text) {
  const char *recorded = p->recording->seen.framework_id;
  assert_int_equal(strlen(recorded), strlen(p->local.framework_id));
  for (char *at; (at = strstr(text, p->local.framework_id)) != NULL;) memcpy(at, recorded, strlen(recorded));
}

static void replay_call(struct replay *p, struct recorded_call *recorded) {
  replay_hook(p, recorded->name);
  replay_resubscribe(p, recorded);
  replay_rewrite(p, recorded->call);
  if (recorded->call->type == K8SM_MESOS__CALL__TYPE__TEARDOWN) replay_settle(p);
  uint32_t status = client_call_as(&p->local, recorded->call, replay_stream_id(p, recorded));
  replay_restore_ids(p, p->local.body);
  if (status != recorded->status || strcmp(p->local.body, recorded->answer) != 0) {
    fail_msg("%s %s: %u %s, recorded: %u %s", p->scenario->name, recorded->name, (unsigned)status,
             p->local.body, (unsigned)recorded->status, recorded->answer);
  }
}

static void replay_compare_task(const struct replay *p, const char *task, bool prefix) {
  static char ours[65536], recorded[65536];
  client_trace(&p->local, task, ours, sizeof(ours));
  client_trace(&p->recording->seen, task, recorded, sizeof(recorded));
  replay_restore_ids(p, ours);
  if (prefix) recorded[strlen(ours) < strlen(recorded) ? strlen(ours) : strlen(recorded)] = '\0';
  if (strcmp(ours, recorded) != 0)
    fail_msg("%s, task %s:\n%s\nrecorded:\n%s", p->scenario->name, task, ours, recorded);
  for (size_t i = 0;; i++) {
    const K8smMesos__TaskStatus *a = client_status(&p->local, task, i);
    const K8smMesos__TaskStatus *b = client_status(&p->recording->seen, task, i);
    if (a == NULL || b == NULL) break;
    assert_int_equal(a->has_uuid, b->has_uuid);
    assert_int_equal(a->agent_id != NULL, b->agent_id != NULL);
    assert_int_equal(a->executor_id != NULL, b->executor_id != NULL);
    assert_int_equal(a->container_status != NULL, b->container_status != NULL);
    assert_int_equal(a->check_status != NULL, b->check_status != NULL);
    assert_int_equal(a->unreachable_time != NULL, b->unreachable_time != NULL);
  }
}

/* Executors end in the same order, in the same way. */
static void replay_compare_failures(const struct replay *p) {
  const K8smMesos__Event *b;
  for (size_t i = 0; (b = client_event(&p->recording->seen, K8SM_MESOS__EVENT__TYPE__FAILURE, i)) != NULL;
       i++) {
    const K8smMesos__Event *a = client_event(&p->local, K8SM_MESOS__EVENT__TYPE__FAILURE, i);
    if (a == NULL && p->scenario->until != NULL) return;
    assert_non_null(a);
    assert_int_equal(a->failure->executor_id != NULL, b->failure->executor_id != NULL);
    if (b->failure->executor_id != NULL) {
      assert_string_equal(a->failure->executor_id->value, b->failure->executor_id->value);
    }
    assert_int_equal(a->failure->has_status, b->failure->has_status);
    assert_int_equal(a->failure->status, b->failure->status);
  }
}

static void replay_begin(struct replay *p) {
  client_init(&p->local, replay_new(p->scenario), p->recording->format);
  p->local.acknowledge = false;
  assert_int_equal(client_call_as(&p->local, p->recording->subscribe.call, NULL), 200);
  for (size_t i = 0; i < p->local.offer_count; i++) {
    const K8smMesos__Offer *offer = p->local.offers[i];
    size_t agent = strcmp(offer->hostname, "agent2.example") == 0;
    snprintf(p->agents[agent], sizeof(p->agents[0]), "%s", offer->agent_id->value);
  }
}

/* An acknowledgement that lost its race with TEARDOWN is sent behind it. */
static bool replay_is_late(const struct recorded_call *recorded) {
  return recorded->status == 400 && strcmp(recorded->answer, "Framework cannot be found") == 0;
}

static void replay_run(void **state) {
  static struct recording recording;
  struct replay p = {.scenario = *state, .recording = &recording};
  char directory[1024];
  snprintf(directory, sizeof(directory), "%s/%s", replay_root, p.scenario->name);
  assert_true(recording_load(&recording, directory));
  replay_begin(&p);
  size_t n = recording.call_count;
  for (size_t i = 0; i < n; i++) {
    if (p.scenario->until != NULL && strcmp(recording.calls[i].name, p.scenario->until) == 0) n = i;
  }
  for (size_t i = 0; i < n; i++) {
    if (!replay_is_late(&recording.calls[i])) replay_call(&p, &recording.calls[i]);
  }
  for (size_t i = 0; i < n; i++) {
    if (replay_is_late(&recording.calls[i])) replay_call(&p, &recording.calls[i]);
  }
  for (size_t i = 0; i < recording.seen.event_count; i++) {
    const K8smMesos__Event *event = recording.seen.events[i];
    if (event->update != NULL) {
      replay_compare_task(&p, event->update->status->task_id->value, p.scenario->until != NULL);
    }
  }
  replay_compare_failures(&p);
  k8smi_local_free(p.local.local);
  client_free(&p.local);
  recording_free(&recording);
}

int main(void) {
  enum { SCENARIO_COUNT = sizeof(SCENARIOS) / sizeof(SCENARIOS[0]) };
  static struct CMUnitTest tests[SCENARIO_COUNT];
  struct recording probe;
  char directory[1024];
  replay_root = getenv("K8SMESOS_MESOS_VECTORS");
  if (replay_root == NULL) replay_root = "../shared/vectors/mesos";
  snprintf(directory, sizeof(directory), "%s/%s", replay_root, SCENARIOS[0].name);
  if (!recording_load(&probe, directory)) {
    printf("skipped: no recordings in %s\n", replay_root);
    return 77;
  }
  recording_free(&probe);
  for (size_t i = 0; i < SCENARIO_COUNT; i++) {
    tests[i] =
        (struct CMUnitTest){SCENARIOS[i].name, replay_run, NULL, NULL, (void *)(uintptr_t)&SCENARIOS[i]};
  }
  return cmocka_run_group_tests_name("recordings", tests, NULL, NULL);
}
