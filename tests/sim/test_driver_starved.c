/* SPDX-License-Identifier: Apache-2.0 */
/* A driver that runs out of memory all the time, whatever happens: pods of all kinds come and go at the
 * embedded Mesos while agents, executors and masters do, records are refused, and every few allocations one
 * fails, with all those behind it in its step. When there is memory again everything comes to its end, and
 * nothing is left. */
#include "base/slice.h"
#include "local/state.h"
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { AGENTS = 2, PODS = 10, ACTIONS = 40, STORMS = 150 };

static const char *const starved_roles[] = {"dev"};
static const struct k8sm_framework starved_framework = {
    .size = sizeof starved_framework, .principal = "p", .roles = starved_roles, .role_count = 1};
static const struct k8sm_manifest_data starved_data[] = {
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storage", 7}, {"64Mi", 4}, 0, 0}};
static const struct k8sm_match_options starved_match = {.size = sizeof starved_match,
                                                        .flags = K8SM_MATCH_PREEMPT};

/* What stands behind the metadata of a pod. */
static const char *const kinds[] = {
    "spec: {containers: [{name: c, image: i}]}\n",
    "spec:\n  initContainers: [{name: s, image: i, restartPolicy: Always}, {name: i, image: i, command: "
    "[sleep, "
    "'1']}]\n  containers: [{name: c, image: i, command: [sleep, '3']}]\n",
    "spec:\n  containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}]\n"
    "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n",
    "spec: {containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}],\n"
    "  volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce],\n"
    "    resources: {requests: {storage: 64Mi}}}}}}]}\n",
    "spec: {priority: 9, containers: [{name: c, image: i, resources: {requests: {cpu: 3}}}]}\n",
    "spec: {restartPolicy: Never, terminationGracePeriodSeconds: 1, containers: [{name: c, image: i, "
    "command: "
    "[sleep, '4'], resources: {requests: {cpu: 3}}}]}\n",
    "spec:\n  tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, "
    "tolerationSeconds: 5}]\n  containers: [{name: c, image: i}]\n",
};

struct storm {
  struct world w;
  struct k8sm_driver_options options;
  struct k8sm_demand_options demand;
  uint64_t random;
  bool made[PODS];
};

static uint64_t draw(struct storm *s, uint64_t n) {
  s->random ^= s->random << 13;
  s->random ^= s->random >> 7;
  s->random ^= s->random << 17;
  return s->random % n;
}

static void starve(struct storm *s) {
  s->w.memory.fail_at = draw(s, 3) == 0 ? 0 : s->w.memory.calls + 1 + draw(s, 90);
}

static struct k8sm_slice key_of(size_t i, char *text, size_t cap) {
  return (struct k8sm_slice){text, (size_t)snprintf(text, cap, "default/p%zu", i)};
}

static void make_pod(struct storm *s) {
  char yaml[1024];
  size_t i = 0;
  while (i < PODS && s->made[i]) i++;
  if (i == PODS) return;
  snprintf(yaml, sizeof yaml,
           "apiVersion: v1\nkind: Pod\nmetadata: {name: p%zu, namespace: default, uid: u%zu}\n%s", i, i,
           kinds[draw(s, sizeof kinds / sizeof kinds[0])]);
  s->made[i] = world_pod(&s->w, yaml);
  assert_true(s->made[i]);
}

static void delete_pod(struct storm *s) {
  static const int64_t graces[] = {-1, 0, 0, 1, 30};
  char key[32];
  key_of(draw(s, PODS), key, sizeof key);
  world_delete(&s->w, key, graces[draw(s, 5)]);
}

static void delete_claim(struct storm *s) {
  const struct k8sm_input in = {.type = K8SM_INPUT_DELETE_CLAIM, .key = K8SMI_S("default/data")};
  if (world_step(&s->w, in) == K8SM_ERR_NOMEM) assert_int_equal(world_step(&s->w, in), K8SM_OK);
}

static void give_condition(struct storm *s) {
  char key[32];
  const struct k8sm_input in = {.type = K8SM_INPUT_CONDITION,
                                .key = key_of(draw(s, PODS), key, sizeof key),
                                .bytes = K8SMI_S("{\"type\":\"t\",\"status\":\"True\"}")};
  int result = world_step(&s->w, in);
  if (result == K8SM_ERR_NOMEM) result = world_step(&s->w, in);
  assert_true(result == K8SM_OK || result == K8SM_ERR_NOT_FOUND);
}

static void hurt_agent(struct storm *s) {
  size_t agent = (size_t)draw(s, AGENTS);
  if (draw(s, 3) == 0)
    k8smi_local_restart_agent(s->w.local, agent);
  else if (draw(s, 2) == 0)
    k8smi_local_kill_agent(s->w.local, agent);
  else
    k8smi_local_restore_agent(s->w.local, agent);
}

static void hurt_executor(struct storm *s) {
  char id[32];
  snprintf(id, sizeof id, "u%d.%d.1", (int)draw(s, PODS), (int)draw(s, 2));
  k8smi_local_kill_executor(s->w.local, id);
}

static void hurt_master(struct storm *s) {
  if (draw(s, 2) == 0)
    k8smi_local_fail_over(s->w.local);
  else if (draw(s, 2) == 0)
    k8smi_local_recover_master(s->w.local);
  else
    k8smi_local_rescind_offers(s->w.local);
}

static void restart_process(struct storm *s) {
  s->w.memory.fail_at = 0;
  world_restart(&s->w, &s->options);
}

static void refuse_records(struct storm *s) {
  s->w.refuse = !s->w.refuse;
}

static void take_snapshot(struct storm *s) {
  int result = k8sm_driver_snapshot(s->w.driver, s->w.effects);
  assert_true(result == K8SM_OK || result == K8SM_ERR_NOMEM);
}

static void (*const actions[])(struct storm *) = {
    make_pod,      make_pod,     make_pod,        delete_pod,     delete_pod,
    delete_claim,  delete_claim, give_condition,  hurt_agent,     hurt_agent,
    hurt_executor, hurt_master,  restart_process, refuse_records, take_snapshot};

static void begin(struct storm *s, uint64_t seed) {
  memset(s, 0, sizeof *s);
  s->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  s->demand = (struct k8sm_demand_options){.size = sizeof s->demand,
                                           .data = starved_data,
                                           .data_count = 1,
                                           .data_size = sizeof starved_data[0],
                                           .form = seed % 3 == 0 ? K8SM_FORM_RESERVED : K8SM_FORM_AUTO};
  s->options = world_options();
  s->options.framework = &starved_framework;
  s->options.match = &starved_match;
  s->options.demand = &s->demand;
  s->options.rest_ms = 700;
  world_open(&s->w, &s->options, AGENTS);
  world_wait(&s->w, 10);
  s->w.failing = true;
}

static size_t count_pods(const struct storm *s) {
  return k8sm_driver_pods(s->w.driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0);
}

/* Memory and agents are back: all is deleted, and goes. */
static void end(struct storm *s, uint64_t seed) {
  char key[32];
  s->w.memory.fail_at = 0;
  s->w.refuse = false;
  for (size_t i = 0; i < AGENTS; i++) k8smi_local_restore_agent(s->w.local, i);
  world_wait(&s->w, 60000);
  for (size_t i = 0; i < PODS; i++) {
    key_of(i, key, sizeof key);
    int result = world_delete(&s->w, key, 1);
    assert_true(result == K8SM_OK || result == K8SM_ERR_NOT_FOUND);
  }
  delete_claim(s);
  for (int i = 0; i < 60 && count_pods(s) > 0; i++) world_wait(&s->w, 60000);
  if (count_pods(s) > 0)
    fail_msg("storm %u: pods are left\n%.*s", (unsigned)seed, (int)s->w.trace.len, s->w.trace.ptr);
  world_wait(&s->w, 1800000);
  for (size_t i = 0; i < s->w.row_count; i++) {
    const struct world_row *row = &s->w.rows[i];
    if (row->bytes.len != 0 && strcmp(row->key, "framework") != 0 && strncmp(row->key, "volume/", 7) != 0)
      fail_msg("storm %u: %s: %.*s", (unsigned)seed, row->key, (int)row->bytes.len, row->bytes.ptr);
  }
  if (world_said(&s->w, "left alone")) fail_msg("storm %u: some task was forgotten", (unsigned)seed);
  world_close(&s->w);
}

static void whatever_happens(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= STORMS; seed++) {
    static struct storm s;
    begin(&s, seed);
    for (int i = 0; i < ACTIONS; i++) {
      starve(&s);
      actions[draw(&s, sizeof actions / sizeof actions[0])](&s);
      starve(&s);
      world_wait(&s.w, draw(&s, draw(&s, 4) == 0 ? 60000 : 3000));
    }
    end(&s, seed);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whatever_happens),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
