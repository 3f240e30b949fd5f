/* SPDX-License-Identifier: Apache-2.0 */
/* The control with one workload of each kind, from their beginning through a rollout to their end, and with a
 * driver that does at once what it is told. Each allocation of each step fails once. A step that says NOMEM
 * can be tried again; what else was lacking comes with later steps: in the end there are the pods that there
 * should be, and then none, and no row. */
#include "failing_malloc.h"
#include "sweep.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEER_QUEUE = 1024, STEER_KEYS = 64, STEER_KEY = 128, STEER_STEPS_MAX = 1000 };

#define STEER_SPEC(app)                                                                                      \
  "\"selector\":{\"matchLabels\":{\"app\":\"" app                                                            \
  "\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"" app                                              \
  "\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"%s\"}]}}}}"

/* %s is the image. */
static const char *const steer_objects[] = {
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{"
    "\"replicas\":2," STEER_SPEC("web"),
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"db\"},\"spec\":{"
    "\"serviceName\":\"db\",\"replicas\":2," STEER_SPEC("db"),
    "{\"apiVersion\":\"apps/"
    "v1\",\"kind\":\"DaemonSet\",\"metadata\":{\"name\":\"log\"},\"spec\":{" STEER_SPEC("log"),
    "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"tick\"},\"spec\":{"
    "\"schedule\":\"* * * * *\",\"jobTemplate\":{\"spec\":{\"completionMode\":\"Indexed\",\"completions\":2,"
    "\"parallelism\":2,\"template\":{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\","
    "\"image\":"
    "\"%s\"}]}}}}}}",
};
enum { STEER_OBJECTS = sizeof steer_objects / sizeof steer_objects[0] };
static const char *const steer_keys[STEER_OBJECTS] = {"Deployment/default/web", "StatefulSet/default/db",
                                                      "DaemonSet/default/log", "CronJob/default/tick"};

struct steer_input {
  uint32_t type;
  uint64_t number;
  char key[STEER_KEY];
  const char *bytes;
};

struct steer {
  struct k8sm_control *control;
  struct k8sm_effects *effects;
  struct k8sm_workload *workloads[2][STEER_OBJECTS]; /* as they are first, and then */
  struct steer_input queue[STEER_QUEUE];
  size_t head, tail;
  char rows[STEER_KEYS][STEER_KEY]; /* keys of the record; empty: free */
  char pods[STEER_KEYS][STEER_KEY];
  size_t pod_count;
  size_t stage; /* of the script */
  uint64_t mono_ms;
  size_t steps;
  const char *wrong;
};

struct steer_failure {
  size_t step, nth;
  enum oom_mode mode;
};

static void steer_push(struct steer *s, uint32_t type, uint64_t number, struct k8sm_slice key,
                       const char *bytes) {
  if (s->tail == STEER_QUEUE) {
    s->wrong = "there is no end to it";
    return;
  }
  struct steer_input *in = &s->queue[s->tail++];
  *in = (struct steer_input){.type = type, .number = number, .bytes = bytes};
  snprintf(in->key, sizeof in->key, "%.*s", (int)key.len, key.ptr == NULL ? "" : key.ptr);
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

static void steer_pod(struct steer *s, struct k8sm_slice key) {
  static const char ready[] =
      "{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}";
  bool job = strncmp(key.ptr, "default/tick-", 13) == 0;
  if (!steer_list(s->pods, key, true)) s->wrong = "a pod is to run twice";
  s->pod_count++;
  steer_push(s, K8SM_CONTROL_STATUS, 0, key, job ? "{\"phase\":\"Succeeded\"}" : ready);
}

static void steer_effects(struct steer *s) {
  struct k8sm_effect e;
  for (size_t i = 0; k8sm_effects_rows(s->effects, i, &e, sizeof e, 1) > 0; i++) {
    switch (e.type) {
    case K8SM_EFFECT_RECORD:
      steer_list(s->rows, e.key, e.bytes.len > 0);
      steer_push(s, K8SM_CONTROL_RECORDED, e.number, (struct k8sm_slice){NULL, 0}, NULL);
      break;
    case K8SM_EFFECT_POD: steer_pod(s, e.key); break;
    case K8SM_EFFECT_DELETE:
      if (!steer_list(s->pods, e.key, false)) s->wrong = "a pod that is not there is to go";
      s->pod_count--;
      steer_push(s, K8SM_CONTROL_GONE, 0, e.key, NULL);
      break;
    default: break;
    }
  }
}

/* What the test does when nothing else is to be done. False: it is over. */
static bool steer_script(struct steer *s) {
  const struct k8sm_slice none = {NULL, 0};
  size_t stage = s->stage++, last = 2 * STEER_OBJECTS + 4;
  s->mono_ms += 200;
  if (stage == 0) {
    steer_push(s, K8SM_CONTROL_AGENTS, 0, none, NULL);
  } else if (stage <= 2 * STEER_OBJECTS) {
    steer_push(s, K8SM_CONTROL_APPLY, stage - 1, none, NULL);
  } else if (stage < last) { /* jobs of the schedule */
    s->mono_ms += 60000;
    steer_push(s, K8SM_CONTROL_TICK, 0, none, NULL);
  } else if (stage == last) {
    if (s->pod_count < 2 + 2 + 2) s->wrong = "some pods are not there";
    for (size_t i = 0; i < STEER_OBJECTS; i++)
      steer_push(s, K8SM_CONTROL_DELETE, 0, (struct k8sm_slice){steer_keys[i], strlen(steer_keys[i])}, NULL);
  } else if (stage < last + 4) { /* for what was lacking */
    steer_push(s, K8SM_CONTROL_TICK, 0, none, NULL);
  } else {
    return false;
  }
  return true;
}

static struct k8sm_control_input steer_make(const struct steer *s, const struct steer_input *from) {
  static const struct k8sm_control_agent agents[] = {{{"a1", 2}, NULL}, {{"a2", 2}, NULL}};
  struct k8sm_control_input in = {.size = sizeof in,
                                  .type = from->type,
                                  .mono_ms = s->mono_ms,
                                  .wall_ms = INT64_C(1767225600000) + (int64_t)s->mono_ms,
                                  .number = from->number,
                                  .key = {from->key, strlen(from->key)},
                                  .grace_seconds = -1};
  if (from->bytes != NULL) in.bytes = (struct k8sm_slice){from->bytes, strlen(from->bytes)};
  if (from->type == K8SM_CONTROL_APPLY)
    in.workload = s->workloads[from->number / STEER_OBJECTS][from->number % STEER_OBJECTS];
  if (from->type == K8SM_CONTROL_AGENTS) {
    in.agents = agents;
    in.agent_count = 2;
    in.agent_size = sizeof agents[0];
  }
  return in;
}

/* One step, tried again if it says NOMEM. Returns how many allocations failed; -1: it went wrong. */
static int steer_step(struct steer *s, const struct steer_input *from, const struct steer_failure *failure) {
  const struct k8sm_control_input in = steer_make(s, from);
  bool armed = s->steps++ == failure->step && failure->nth > 0;
  if (armed) oom_arm(failure->nth, failure->mode);
  int result = k8sm_control_step(s->control, &in, s->effects, NULL);
  size_t failed = armed ? oom_disarm() : 0;
  steer_effects(s);
  if (result == K8SM_ERR_NOMEM && failed > 0) {
    result = k8sm_control_step(s->control, &in, s->effects, NULL);
    steer_effects(s);
  }
  if (result != K8SM_OK) s->wrong = k8sm_result_name(result);
  if (failed > 0) steer_push(s, K8SM_CONTROL_TICK, 0, (struct k8sm_slice){NULL, 0}, NULL);
  return s->wrong != NULL ? -1 : (int)failed;
}

static int steer_run(struct steer *s, const struct steer_failure *failure) {
  const struct k8sm_control_options options = {.size = sizeof options, .seed = 7};
  int failed = 0;
  if (k8sm_control_new(&options, &s->control, NULL) != K8SM_OK ||
      k8sm_effects_new(NULL, &s->effects) != K8SM_OK)
    s->wrong = "it can't be made";
  while (s->wrong == NULL && s->steps < STEER_STEPS_MAX) {
    if (s->head == s->tail && !steer_script(s)) break;
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

static void steer_reset(struct steer *s) {
  struct k8sm_workload *kept[2][STEER_OBJECTS];
  memcpy(kept, s->workloads, sizeof kept);
  memset(s, 0, sizeof *s);
  memcpy(s->workloads, kept, sizeof kept);
}

static int steer_sweep(struct steer *s, enum oom_mode mode) {
  struct steer_failure failure = {.mode = mode};
  const char *name = mode == OOM_ONCE ? "once" : "forever";
  steer_reset(s);
  if (steer_run(s, &failure) < 0) {
    fprintf(stderr, "control: the run without failures: step %zu: %s\n", s->steps, s->wrong);
    return 1;
  }
  size_t steps = s->steps, sum = 0;
  int bad = 0;
  for (failure.step = 0; failure.step < steps; failure.step++) {
    for (failure.nth = 1;; failure.nth++) {
      long live = oom_live();
      steer_reset(s);
      int failed = steer_run(s, &failure);
      const char *wrong = s->wrong;
      if (oom_live() != live) wrong = "memory is not given back";
      char step[64];
      snprintf(step, sizeof step, "control, step %zu", failure.step);
      if (wrong != NULL) bad = 1, oom_report(step, name, failure.nth, wrong);
      if (failed <= 0) break;
      sum++;
    }
  }
  printf("control, %s: %zu allocations in %zu steps\n", name, sum, steps);
  return bad;
}

int oom_sweep_control(void) {
  static struct steer s;
  static const char *const images[] = {"a", "b"};
  char text[2000];
  int bad = 0;
  for (size_t i = 0; i < 2 * STEER_OBJECTS; i++) {
    int len = snprintf(text, sizeof text, steer_objects[i % STEER_OBJECTS], images[i / STEER_OBJECTS]);
    bad += k8sm_workload_parse(text, (size_t)len, NULL, &s.workloads[i / STEER_OBJECTS][i % STEER_OBJECTS],
                               NULL) != K8SM_OK;
  }
  if (bad > 0) fprintf(stderr, "control: the objects can't be read\n");
  if (bad == 0) bad += steer_sweep(&s, OOM_ONCE);
  if (bad == 0) bad += steer_sweep(&s, OOM_FOREVER);
  for (size_t i = 0; i < 2 * STEER_OBJECTS; i++)
    k8sm_workload_unref(s.workloads[i / STEER_OBJECTS][i % STEER_OBJECTS]);
  return bad;
}
