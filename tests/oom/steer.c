/* SPDX-License-Identifier: Apache-2.0 */
#include "steer.h"

#include "control/state.h"
#include "failing_malloc.h"
#include "support/room.h"
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEER_STEPS = 1000 };

struct steer_failure {
  size_t step, nth;
  enum oom_mode mode;
};

void steer_push(struct steer *s, uint32_t type, uint64_t number, const char *key, const char *bytes) {
  if (s->tail == STEER_QUEUE) {
    s->wrong = "there is no end to it";
    return;
  }
  struct steer_input *in = &s->queue[s->tail++];
  *in = (struct steer_input){.type = type, .number = number, .bytes = bytes};
  if (key != NULL) snprintf(in->key, sizeof in->key, "%s", key);
}

/* Adds the key to the list, or takes it out. False: it was there, or was not. */
static bool steer_list(char list[][STEER_KEY], struct k8sm_slice key, bool in) {
  size_t at = STEER_KEYS, hole = STEER_KEYS;
  for (size_t i = 0; i < STEER_KEYS; i++) {
    if (strcmp(list[i], key.ptr) == 0) at = i;
    if (list[i][0] == '\0') hole = i;
  }
  if (in && at == STEER_KEYS && hole < STEER_KEYS) snprintf(list[hole], STEER_KEY, "%s", key.ptr);
  if (!in && at < STEER_KEYS) list[at][0] = '\0';
  return in == (at == STEER_KEYS);
}

void steer_is_there(char list[][STEER_KEY], const char *key) {
  steer_list(list, (struct k8sm_slice){key, strlen(key)}, true);
}

/* The driver takes it, or says why not. */
static void steer_pod(struct steer *s, struct k8sm_slice key) {
  const char *status = s->scene->status(s, key.ptr);
  if (!steer_list(s->pods, key, true)) s->wrong = "a pod is to run twice";
  s->made++;
  s->pod_count++;
  if (status != NULL) {
    steer_push(s, K8SM_CONTROL_STATUS, 0, key.ptr, status);
    return;
  }
  steer_list(s->pods, key, false);
  s->pod_count--;
  steer_push(s, K8SM_CONTROL_REJECTED, 0, key.ptr, "no such volume");
}

static void steer_effects(struct steer *s) {
  struct k8sm_effect e;
  for (size_t i = 0; k8sm_effects_rows(s->effects, i, &e, sizeof e, 1) > 0; i++) {
    switch (e.type) {
    case K8SM_EFFECT_RECORD:
      steer_list(s->rows, e.key, e.bytes.len > 0);
      steer_push(s, K8SM_CONTROL_RECORDED, e.number, NULL, NULL);
      break;
    case K8SM_EFFECT_POD: steer_pod(s, e.key); break;
    case K8SM_EFFECT_DELETE:
      if (!steer_list(s->pods, e.key, false)) s->wrong = "a pod that is not there is to go";
      s->pod_count--;
      steer_push(s, K8SM_CONTROL_GONE, 0, e.key.ptr, NULL);
      break;
    default: break;
    }
  }
}

/* A zone without changes. */
#define STEER_BLOCK                                                                                          \
  "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0\0\0\0UTC\0"
static const char steer_zone[] = STEER_BLOCK STEER_BLOCK "\nUTC0\n";

static struct k8sm_control_input steer_make(const struct steer *s, const struct steer_input *from) {
  static const struct k8sm_node_label label = {"disk", "ssd"};
  static const struct k8sm_node_taint taint = {"gpu", "", "NoSchedule"};
  static const struct k8sm_node node = {.size = sizeof node,
                                        .labels = &label,
                                        .label_count = 1,
                                        .label_size = sizeof label,
                                        .taints = &taint,
                                        .taint_count = 1,
                                        .taint_size = sizeof taint};
  static const struct k8sm_control_agent agents[] = {
      {{"a1", 2}, NULL}, {{"a2", 2}, NULL}, {{"a3", 2}, &node}};
  struct k8sm_control_input in = {.size = sizeof in,
                                  .type = from->type,
                                  .mono_ms = s->mono_ms,
                                  .wall_ms = INT64_C(1767225600000) + (int64_t)s->mono_ms,
                                  .number = from->number,
                                  .key = {from->key, strlen(from->key)},
                                  .grace_seconds = -1};
  if (from->bytes != NULL) in.bytes = (struct k8sm_slice){from->bytes, strlen(from->bytes)};
  if (from->type == K8SM_CONTROL_APPLY) in.flags = K8SM_CONTROL_FLAG_REPLACE;
  if (from->type == K8SM_CONTROL_APPLY) in.workload = s->workloads[from->number];
  if (from->type == K8SM_CONTROL_APPLY || from->type == K8SM_CONTROL_FOUND) in.pod = s->bare[from->number];
  if (from->type == K8SM_CONTROL_ZONE) in.bytes = (struct k8sm_slice){steer_zone, sizeof steer_zone - 1};
  if (from->type == K8SM_CONTROL_AGENTS) {
    in.agents = agents;
    in.agent_count = 3;
    in.agent_size = sizeof agents[0];
  }
  return in;
}

/* One step, tried again if it says NOMEM. Returns how many allocations failed; -1: it went wrong. */
static int steer_step(struct steer *s, const struct steer_input *from, const struct steer_failure *failure) {
  const struct k8sm_control_input in = steer_make(s, from);
  bool armed = ++s->steps == failure->step && failure->nth > 0;
  room_forget(&s->control->queue, NULL);
  if (armed) oom_arm(failure->nth, failure->mode);
  int result = k8sm_control_step(s->control, &in, s->effects, NULL);
  size_t failed = armed ? oom_disarm() : 0;
  steer_effects(s);
  if (result == K8SM_ERR_NOMEM && failed > 0) {
    result = k8sm_control_step(s->control, &in, s->effects, NULL);
    steer_effects(s);
  }
  if (result != K8SM_OK) s->wrong = k8sm_result_name(result);
  if (failed > 0) steer_push(s, K8SM_CONTROL_TICK, 0, NULL, NULL);
  return s->wrong != NULL ? -1 : (int)failed;
}

/* It is made as its step 0 is taken: also that may fail first. */
static int steer_begin(const struct k8sm_control_options *options, struct k8sm_control **ret,
                       const struct steer_failure *failure, int *failed) {
  if (failure->step != 0 || failure->nth == 0) return k8sm_control_new(options, ret, NULL);
  oom_arm(failure->nth, failure->mode);
  int result = k8sm_control_new(options, ret, NULL);
  *failed = (int)oom_disarm();
  return *failed > 0 && result == K8SM_ERR_NOMEM ? k8sm_control_new(options, ret, NULL) : result;
}

static int steer_run(struct steer *s, const struct steer_failure *failure) {
  const struct k8sm_control_options options = {.size = sizeof options, .seed = 7};
  int failed = 0;
  if (steer_begin(&options, &s->control, failure, &failed) != K8SM_OK ||
      k8sm_effects_new(NULL, &s->effects) != K8SM_OK)
    s->wrong = "it can't be made";
  while (s->wrong == NULL && s->steps < STEER_STEPS) {
    if (s->head == s->tail && !s->scene->script(s, s->stage++)) break;
    int now = s->head < s->tail ? steer_step(s, &s->queue[s->head++], failure) : 0;
    if (now < 0) break;
    failed += now;
  }
  for (size_t i = 0; s->wrong == NULL && i < STEER_KEYS; i++) {
    if (s->rows[i][0] != '\0') s->wrong = "a row is left";
    if (s->pods[i][0] != '\0') s->wrong = "a pod is left";
  }
  k8sm_control_free(s->control);
  k8sm_effects_free(s->effects);
  return s->wrong != NULL ? -1 : failed;
}

/* All but the objects begins anew. */
static void steer_reset(struct steer *s) {
  const struct steer clean = {.scene = s->scene};
  struct k8sm_workload *workloads[2 * STEER_OBJECTS];
  struct k8sm_pod *bare[2 * STEER_OBJECTS];
  memcpy(workloads, s->workloads, sizeof workloads);
  memcpy(bare, s->bare, sizeof bare);
  *s = clean;
  memcpy(s->workloads, workloads, sizeof workloads);
  memcpy(s->bare, bare, sizeof bare);
}

static int steer_sweep(struct steer *s, enum oom_mode mode) {
  struct steer_failure failure = {.mode = mode};
  const char *name = mode == OOM_ONCE ? "once" : "forever";
  steer_reset(s);
  if (steer_run(s, &failure) < 0) {
    fprintf(stderr, "%s: the run without failures: step %zu: %s\n", s->scene->name, s->steps, s->wrong);
    return 1;
  }
  size_t steps = s->steps, sum = 0;
  int bad = 0;
  for (failure.step = 0; failure.step <= steps; failure.step++) {
    for (failure.nth = 1;; failure.nth++) {
      long live = oom_live();
      steer_reset(s);
      int failed = steer_run(s, &failure);
      const char *wrong = s->wrong;
      if (oom_live() != live) wrong = "memory is not given back";
      char step[64];
      snprintf(step, sizeof step, "%s, step %zu", s->scene->name, failure.step);
      if (wrong != NULL) bad = 1, oom_report(step, name, failure.nth, wrong);
      if (failed <= 0) break;
      sum++;
    }
  }
  printf("%s, %s: %zu allocations in %zu steps\n", s->scene->name, name, sum, steps);
  return bad;
}

static int steer_read(struct steer *s) {
  static const char *const images[] = {"a", "b"};
  const struct steer_scene *scene = s->scene;
  char text[2000];
  for (size_t i = 0; i < 2 * scene->object_count; i++) {
    int len =
        snprintf(text, sizeof text, scene->objects[i % scene->object_count], images[i / scene->object_count]);
    bool pod = strstr(text, "\"kind\":\"Pod\"") != NULL;
    int result = pod ? k8sm_pod_parse(text, (size_t)len, NULL, &s->bare[i], NULL)
                     : k8sm_workload_parse(text, (size_t)len, NULL, &s->workloads[i], NULL);
    if (result == K8SM_OK) continue;
    fprintf(stderr, "%s: object %zu: %s\n", scene->name, i, k8sm_result_name(result));
    return 1;
  }
  return 0;
}

int steer_sweep_scene(const struct steer_scene *scene) {
  static struct steer s;
  memset(&s, 0, sizeof s);
  s.scene = scene;
  int bad = steer_read(&s);
  if (bad == 0) bad += steer_sweep(&s, OOM_ONCE);
  if (bad == 0) bad += steer_sweep(&s, OOM_FOREVER);
  for (size_t i = 0; i < 2 * scene->object_count; i++) {
    k8sm_workload_unref(s.workloads[i]);
    k8sm_pod_unref(s.bare[i]);
  }
  return bad;
}
