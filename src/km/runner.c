/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void erase_table(struct km_runner *r) {
  if (r->lines > 0) printf("\033[%zuA\033[J", r->lines);
  r->lines = 0;
}

void km_runner_draw(struct km_runner *r) {
  char *json = km_view_json(r->driver, r->master);
  if (r->live) erase_table(r);
  km_view_table(json, km_wall_ms(), stdout, &r->lines);
  fflush(stdout);
  free(json);
  r->dirty = false;
}

static void take_event(struct km_runner *r, const struct k8sm_effect *effect) {
  km_events_add(r->events, effect->key, effect->bytes, km_wall_ms());
  if (r->quiet) return;
  char clock[16];
  time_t now = time(NULL);
  struct tm tm;
  strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &tm));
  if (r->live) erase_table(r);
  printf("%s  %s%s%s\n", clock, effect->key.len > 0 ? effect->key.ptr : "", effect->key.len > 0 ? ": " : "",
         effect->bytes.ptr == NULL ? "" : effect->bytes.ptr);
  fflush(stdout);
  r->dirty = true;
}

static void keep_record(struct km_runner *r, const struct k8sm_effect *effect) {
  bool kept = km_store_put(r->store, effect->key, effect->bytes, (effect->flags & K8SM_RECORD_APPEND) != 0);
  r->answers = km_alloc(r->answers, (r->answer_count + 1) * sizeof *r->answers);
  r->answers[r->answer_count].number = effect->number;
  r->answers[r->answer_count++].kept = kept;
}

static void carry_out(struct km_runner *r) {
  struct k8sm_effect effect;
  if (k8sm_client_submit(r->client, r->effects, km_mono_ms()) != K8SM_OK) r->failed = true;
  for (size_t i = 0; k8sm_effects_rows(r->effects, i, &effect, sizeof effect, 1) > 0; i++) {
    switch (effect.type) {
    case K8SM_EFFECT_RECORD: keep_record(r, &effect); break;
    case K8SM_EFFECT_EVENT: take_event(r, &effect); break;
    case K8SM_EFFECT_STATUS: r->dirty = true; break;
    case K8SM_EFFECT_STOPPED:
      r->stopped = true;
      r->stop_code = effect.code;
      break;
    default: break; /* requests went to the client; foreign events are nobody's here */
    }
  }
}

static int step_once(struct km_runner *r, struct k8sm_input *input, struct k8sm_diags *diags) {
  input->size = sizeof *input;
  input->mono_ms = km_mono_ms();
  input->wall_ms = km_wall_ms();
  int result = k8sm_driver_step(r->driver, input, r->effects, diags);
  if (result == K8SM_ERR_NOMEM) {
    km_report_result("the driver", result);
    r->failed = true;
  }
  km_trace_write(r->trace, input, result, r->effects);
  carry_out(r);
  return result;
}

int km_runner_step(struct km_runner *r, struct k8sm_input *input, struct k8sm_diags *diags) {
  int result = step_once(r, input, diags);
  for (size_t i = 0; i < r->answer_count && !r->stopped; i++) {
    struct k8sm_input answer = {.type = r->answers[i].kept ? K8SM_INPUT_RECORDED : K8SM_INPUT_REFUSED,
                                .number = r->answers[i].number};
    step_once(r, &answer, NULL);
  }
  r->answer_count = 0;
  return result;
}

static void take_inputs(struct km_runner *r) {
  struct k8sm_input input = {.size = sizeof input};
  while (!r->stopped && !r->failed && k8sm_client_next(r->client, &input) == K8SM_OK) {
    km_runner_step(r, &input, NULL);
    input = (struct k8sm_input){.size = sizeof input};
  }
}

static uint64_t earliest(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t next_deadline(const struct km_runner *r, uint64_t until) {
  uint64_t d = earliest(until, k8sm_driver_deadline(r->driver));
  d = earliest(d, k8sm_client_deadline(r->client));
  return r->embedded == NULL ? d : earliest(d, km_embedded_deadline(r->embedded));
}

void km_runner_turn(struct km_runner *r, uint64_t until) {
  enum { MAX = 1200, CLIENT = 32, CONTROL = 32 };
  static struct k8sm_pollfd fds[MAX];
  static struct pollfd raw[MAX];
  size_t client = k8sm_client_pollfds(r->client, fds, CLIENT);
  if (client > CLIENT) client = CLIENT;
  size_t control = km_control_pollfds(r->control, fds + client, CONTROL);
  size_t n = client + control;
  fds[n++] = (struct k8sm_pollfd){r->signal_fd, K8SM_POLL_IN, 0};
  size_t first = n, served = r->embedded == NULL ? 0 : km_embedded_pollfds(r->embedded, fds + n, MAX - n);
  if (served > MAX - first) served = MAX - first;
  km_poll(fds, first + served, raw, next_deadline(r, until), km_mono_ms());
  if (fds[first - 1].revents != 0) km_signals_drain();
  if (r->embedded != NULL && !km_embedded_process(r->embedded, fds + first, served)) r->failed = true;
  if (k8sm_client_process(r->client, fds, client, km_mono_ms()) != K8SM_OK) r->failed = true;
  take_inputs(r);
  km_control_process(r->control, fds + client, control);
  if (!r->stopped && !r->failed && k8sm_driver_deadline(r->driver) <= km_mono_ms()) {
    struct k8sm_input tick = {.type = K8SM_INPUT_TICK};
    km_runner_step(r, &tick, NULL);
  }
}

struct km_counts km_runner_count(const struct km_runner *r) {
  struct km_counts c = {0};
  struct k8sm_driver_pod pod;
  for (size_t i = 0; k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1) > 0; i++) {
    struct k8sm_status_summary s = {.size = sizeof s};
    if (k8sm_status_summarize(pod.status, &s) != K8SM_OK) continue;
    c.pods++;
    c.placed += s.agent_id.len > 0;
    c.running += strcmp(s.phase.ptr, "Running") == 0;
    c.finished += s.finished != 0;
    c.failed += s.finished != 0 && strcmp(s.phase.ptr, "Failed") == 0;
  }
  return c;
}

static int delete_pod(struct km_runner *r, const char *key, int64_t grace, struct k8sm_diags *diags) {
  struct k8sm_input input = {.type = K8SM_INPUT_DELETE, .key = {key, strlen(key)}, .grace_seconds = grace};
  return km_runner_step(r, &input, diags);
}

void km_runner_delete_all(struct km_runner *r, int64_t grace) {
  struct k8sm_driver_pod pod;
  size_t count = k8sm_driver_pods(r->driver, 0, NULL, sizeof pod, 0);
  char(*keys)[600] = km_alloc(NULL, count * sizeof *keys);
  for (size_t i = 0; i < count; i++) {
    k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1);
    km_pod_key(pod.pod, keys[i], sizeof keys[i]);
  }
  for (size_t i = 0; i < count && !r->stopped; i++) delete_pod(r, keys[i], grace, NULL);
  free(keys);
}

static bool knows(const struct km_runner *r, const char *key) {
  struct k8sm_driver_pod pod;
  for (size_t i = 0; k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1) > 0; i++) {
    char have[600];
    if (strcmp(key, "*") == 0 || strcmp(km_pod_key(pod.pod, have, sizeof have), key) == 0) return true;
  }
  return false;
}

static char *answer_delete(struct km_runner *r, const char *key, int64_t grace) {
  char text[700];
  snprintf(text, sizeof text, "ok\n");
  if (!knows(r, key)) {
    if (strcmp(key, "*") != 0) snprintf(text, sizeof text, "no pod %s\n", key);
  } else if (strcmp(key, "*") == 0) {
    km_runner_delete_all(r, grace);
  } else {
    int result = delete_pod(r, key, grace, NULL);
    if (result != K8SM_OK) snprintf(text, sizeof text, "%s: %s\n", key, k8sm_result_name(result));
  }
  return km_strdup(text, strlen(text));
}

char *km_runner_answer(void *ctx, const char *line) {
  struct km_runner *r = ctx;
  char key[600];
  long long grace = -1;
  if (strcmp(line, "get") == 0) return km_view_json(r->driver, r->master);
  if (sscanf(line, "events %599s", key) == 1) return km_events_json(r->events, key);
  if (sscanf(line, "knows %599s", key) == 1)
    return knows(r, key) ? km_strdup("yes\n", 4) : km_strdup("no\n", 3);
  if (sscanf(line, "delete %599s %lld", key, &grace) >= 1) return answer_delete(r, key, grace);
  return km_strdup("no such request\n", 16);
}
