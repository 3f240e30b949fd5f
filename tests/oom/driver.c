/* SPDX-License-Identifier: Apache-2.0 */
/* The driver through a pod's life, with a master made of constants. Each allocation of each step fails
 * once. A step that says NOMEM has changed nothing: tried again, the whole run has the same effects as one
 * without failures. Where the input is taken in all the same, or a chunk of events is lost, the driver
 * gets over it by itself, at the next tick or with a new subscription: the pod is launched and killed in
 * the end. */
#include "failing_malloc.h"
#include "sweep.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRIVE_QUEUE = 128, DRIVE_TASKS = 4, DRIVE_ID = 256, DRIVE_STEPS_MAX = 200 };

static const char drive_subscribed[] =
    "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"golden-0000\"},"
    "\"heartbeat_interval_seconds\":15.0}}";

/* An input that waits for its turn; `text` becomes a chunk of the event stream. */
struct drive_input {
  uint32_t type;
  uint32_t status;
  uint64_t exchange;
  uint64_t number;
  const char *text;
};

struct drive {
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  struct k8sm_pod *pod;
  struct k8sm_slice offers;
  struct drive_input queue[DRIVE_QUEUE];
  size_t head, tail;
  uint64_t stream; /* the exchange of the subscription; 0: none */
  char tasks[DRIVE_TASKS][DRIVE_ID];
  size_t task_count;
  size_t acknowledged; /* how many of them run, and the driver knows */
  bool given, deleted, killed;
  bool unchanged; /* a step has said NOMEM, and promises to have changed nothing */
  uint64_t mono_ms;
  uint64_t digest; /* of all effects */
  size_t steps;
  char event[4096];
  char chunk[8192];
};

/* The allocation that fails: the nth of a step. */
struct drive_failure {
  size_t step;
  size_t nth;
  enum oom_mode mode;
};

static void drive_push(struct drive *d, struct drive_input input) {
  if (d->tail < DRIVE_QUEUE) d->queue[d->tail++] = input;
}

static void drive_digest(struct drive *d, const void *bytes, size_t len) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < len; i++) d->digest = (d->digest ^ at[i]) * UINT64_C(1099511628211);
}

/* The ids of the tasks that an ACCEPT launches. */
static void drive_find_tasks(struct drive *d, struct k8sm_slice call) {
  static const char key[] = "\"task_id\":{\"value\":\"";
  const char *at = call.ptr;
  while (d->task_count < DRIVE_TASKS && (at = strstr(at, key)) != NULL) {
    at += sizeof key - 1;
    size_t len = strcspn(at, "\"");
    if (len < DRIVE_ID) snprintf(d->tasks[d->task_count++], DRIVE_ID, "%.*s", (int)len, at);
  }
}

static void drive_answer(struct drive *d, const struct k8sm_effect *effect) {
  if (effect->type == K8SM_EFFECT_RECORD) {
    drive_push(d, (struct drive_input){.type = K8SM_INPUT_RECORDED, .number = effect->number});
  } else if (effect->type == K8SM_EFFECT_REQUEST && (effect->flags & K8SM_REQUEST_STREAMING) != 0) {
    d->stream = effect->exchange;
    drive_push(
        d, (struct drive_input){.type = K8SM_INPUT_RESPONSE, .status = 200, .exchange = effect->exchange});
    drive_push(d, (struct drive_input){
                      .type = K8SM_INPUT_CHUNK, .exchange = effect->exchange, .text = drive_subscribed});
  } else if (effect->type == K8SM_EFFECT_CANCEL) {
    if (effect->exchange == d->stream) d->stream = 0;
  } else if (effect->type == K8SM_EFFECT_REQUEST) {
    if (strstr(effect->bytes.ptr, "\"ACCEPT\"") != NULL) drive_find_tasks(d, effect->bytes);
    if (strstr(effect->bytes.ptr, "\"ACKNOWLEDGE\"") != NULL) d->acknowledged++;
    if (strstr(effect->bytes.ptr, "\"KILL\"") != NULL) d->killed = true;
    drive_push(
        d, (struct drive_input){.type = K8SM_INPUT_RESPONSE, .status = 202, .exchange = effect->exchange});
    drive_push(d, (struct drive_input){.type = K8SM_INPUT_END, .exchange = effect->exchange});
  }
}

static void drive_take_effects(struct drive *d) {
  struct k8sm_effect rows[64];
  size_t n = k8sm_effects_rows(d->effects, 0, rows, sizeof rows[0], 64);
  for (size_t i = 0; i < n && i < 64; i++) {
    const uint64_t numbers[] = {rows[i].type,     rows[i].to,    rows[i].number,
                                rows[i].exchange, rows[i].flags, rows[i].code};
    drive_digest(d, numbers, sizeof numbers);
    drive_digest(d, rows[i].key.ptr, rows[i].key.len);
    drive_digest(d, rows[i].bytes.ptr, rows[i].bytes.len);
    drive_answer(d, &rows[i]);
  }
}

static const char *drive_update(struct drive *d, const char *task) {
  snprintf(d->event, sizeof d->event,
           "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"%s\"},\"state\":\"TASK_"
           "RUNNING\","
           "\"agent_id\":{\"value\":\"golden-S1\"},\"source\":\"SOURCE_EXECUTOR\","
           "\"executor_id\":{\"value\":\"0f6b8a52-9d1c-4e57-8a3e-2c6d1b7f4a90.0\"},\"timestamp\":1.0,"
           "\"uuid\":\"AAECAwQFBgcICQoLDA0O%s\"}}}",
           task, d->acknowledged == 0 ? "Dw==" : "EA==");
  return d->event;
}

/* What comes next when the driver waits for nothing: a pod, offers, running tasks, its end; or time. False
 * when all is done. */
static bool drive_script(struct drive *d, struct drive_input *ret) {
  *ret = (struct drive_input){.type = K8SM_INPUT_TICK};
  if (d->killed) return false;
  if (d->stream == 0 || d->deleted) return true;
  ret->exchange = d->stream;
  if (!d->given) {
    ret->type = K8SM_INPUT_POD;
    d->given = true;
  } else if (d->task_count == 0) {
    ret->type = K8SM_INPUT_CHUNK;
    ret->text = d->offers.ptr;
  } else if (d->acknowledged < d->task_count) {
    ret->type = K8SM_INPUT_CHUNK;
    ret->text = drive_update(d, d->tasks[d->acknowledged]);
  } else {
    ret->type = K8SM_INPUT_DELETE;
    d->deleted = true;
  }
  return true;
}

static struct k8sm_slice drive_slice(const char *text) {
  return (struct k8sm_slice){text, strlen(text)};
}

static struct k8sm_input drive_make_input(struct drive *d, const struct drive_input *from) {
  uint64_t deadline = k8sm_driver_deadline(d->driver);
  d->mono_ms += 10;
  if (from->type == K8SM_INPUT_TICK && deadline != UINT64_MAX && deadline > d->mono_ms) d->mono_ms = deadline;
  struct k8sm_input input = {.size = sizeof input, .type = from->type, .status = from->status};
  input.mono_ms = d->mono_ms;
  input.wall_ms = (int64_t)d->mono_ms;
  input.exchange = from->exchange;
  input.number = from->number;
  input.grace_seconds = -1;
  if (from->type == K8SM_INPUT_POD) input.pod = d->pod;
  if (from->type == K8SM_INPUT_DELETE) input.key = drive_slice("default/nginx");
  if (from->type == K8SM_INPUT_RESPONSE) {
    input.content_type = drive_slice("application/json");
    input.stream_id = drive_slice("stream-1");
  }
  if (from->text != NULL) {
    snprintf(d->chunk, sizeof d->chunk, "%zu\n%s", strlen(from->text), from->text);
    input.bytes = drive_slice(d->chunk);
  }
  return input;
}

/* One step, with a failure when it is the one chosen. Returns how many allocations failed, or -1. */
static int drive_step(struct drive *d, const struct k8sm_input *input, const struct drive_failure *failure) {
  size_t failed = 0;
  int result;
  if (failure->nth != 0 && failure->step == d->steps) {
    oom_arm(failure->nth, failure->mode);
    result = k8sm_driver_step(d->driver, input, d->effects, NULL);
    failed = oom_disarm();
    if (result == K8SM_ERR_NOMEM && failed > 0) {
      d->unchanged = input->type != K8SM_INPUT_CHUNK;
      result = k8sm_driver_step(d->driver, input, d->effects, NULL);
    }
  } else {
    result = k8sm_driver_step(d->driver, input, d->effects, NULL);
  }
  d->steps++;
  if (result != K8SM_OK) {
    fprintf(stderr, "driver: step %zu (input %u): %s\n", d->steps - 1, input->type, k8sm_result_name(result));
    return -1;
  }
  drive_take_effects(d);
  return (int)failed;
}

static int drive_new(struct drive *d) {
  struct k8sm_driver_options options = {.size = sizeof options, .master = "127.0.0.1:5050", .seed = 7};
  options.format = K8SM_FORMAT_JSON;
  int r = k8sm_driver_new(&options, &d->driver, NULL);
  return r == K8SM_OK ? k8sm_effects_new(NULL, &d->effects) : r;
}

static void drive_free(struct drive *d) {
  k8sm_driver_free(d->driver);
  k8sm_effects_free(d->effects);
}

/* A whole run; the digest and the number of steps are left in *d. Returns how many allocations failed. */
static int drive_run(struct drive *d, const struct drive_failure *failure) {
  int failed = 0;
  if (drive_new(d) != K8SM_OK) return -1;
  while (d->steps < DRIVE_STEPS_MAX) {
    struct drive_input next;
    if (d->head < d->tail)
      next = d->queue[d->head++];
    else if (!drive_script(d, &next))
      break;
    struct k8sm_input input = drive_make_input(d, &next);
    int now = drive_step(d, &input, failure);
    if (now < 0) {
      failed = -1;
      break;
    }
    failed += now;
  }
  drive_free(d);
  return failed;
}

static void drive_reset(struct drive *d, struct k8sm_pod *pod, struct k8sm_slice offers) {
  memset(d, 0, sizeof *d);
  d->pod = pod;
  d->offers = offers;
  d->digest = UINT64_C(14695981039346656037);
}

/* driver_new and effects_new themselves. */
static int drive_sweep_new(struct drive *d) {
  int bad = 0;
  for (size_t nth = 1;; nth++) {
    long live = oom_live();
    drive_reset(d, NULL, d->offers);
    oom_arm(nth, OOM_ONCE);
    int result = drive_new(d);
    size_t failed = oom_disarm();
    drive_free(d);
    if (oom_live() != live) bad = 1, oom_report("driver_new", "once", nth, "memory is not given back");
    if (failed == 0) return result == K8SM_OK ? bad : 1;
    if (result != K8SM_ERR_NOMEM) bad = 1, oom_report("driver_new", "once", nth, "the result is not NOMEM");
  }
}

/* What is wrong about a run with a failure in it; NULL: nothing. */
static const char *drive_judge(const struct drive *d, int failed, uint64_t digest) {
  if (failed < 0) return "the step can't be tried again";
  if (d->unchanged && d->digest != digest) return "tried again, it has other effects";
  if (d->task_count != 2 || !d->killed) return "the pod is not launched and killed any more";
  return NULL;
}

static int drive_sweep_steps(struct drive *d, struct k8sm_pod *pod, struct k8sm_slice offers,
                             enum oom_mode mode) {
  struct drive_failure failure = {.mode = mode};
  drive_reset(d, pod, offers);
  if (drive_run(d, &failure) < 0 || d->task_count != 2 || !d->killed) {
    fprintf(stderr, "driver: the run without failures: %zu steps, %zu tasks\n", d->steps, d->task_count);
    return 1;
  }
  uint64_t digest = d->digest;
  size_t steps = d->steps, sum = 0;
  int bad = 0, failed;
  for (failure.step = 0; failure.step < steps; failure.step++) {
    for (failure.nth = 1;; failure.nth++) {
      long live = oom_live();
      drive_reset(d, pod, offers);
      failed = drive_run(d, &failure);
      const char *wrong = drive_judge(d, failed, digest);
      if (oom_live() != live) wrong = "memory is not given back";
      char name[64];
      snprintf(name, sizeof name, "driver, step %zu", failure.step);
      if (wrong != NULL) bad = 1, oom_report(name, mode == OOM_ONCE ? "once" : "forever", failure.nth, wrong);
      if (failed <= 0) break;
      sum++;
    }
  }
  printf("driver, %s: %zu allocations in %zu steps\n", mode == OOM_ONCE ? "once" : "forever", sum, steps);
  return bad;
}

int oom_sweep_driver(void) {
  static struct drive d;
  struct k8sm_slice yaml = oom_read("nginx.yaml"), offers = oom_read("nginx.offers.json");
  struct k8sm_pod *pod = NULL;
  ((char *)(uintptr_t)offers.ptr)[offers.len] = '\0';
  int bad = k8sm_pod_parse(yaml.ptr, yaml.len, NULL, &pod, NULL) != K8SM_OK;
  if (!bad) {
    bad += drive_sweep_new(&d);
    bad += drive_sweep_steps(&d, pod, offers, OOM_ONCE);
    bad += drive_sweep_steps(&d, pod, offers, OOM_FOREVER);
  }
  k8sm_pod_unref(pod);
  free((void *)(uintptr_t)offers.ptr);
  free((void *)(uintptr_t)yaml.ptr);
  return bad;
}
