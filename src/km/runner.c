/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

static void keep_record(struct km_runner *r, const struct k8sm_effect *e, bool of_control) {
  bool kept = km_store_put(r->store, e->key, e->bytes, (e->flags & K8SM_RECORD_APPEND) != 0);
  struct km_mail answer = {.to_control = of_control, .number = e->number};
  if (of_control)
    answer.type = kept ? K8SM_CONTROL_RECORDED : K8SM_CONTROL_REFUSED;
  else
    answer.type = kept ? K8SM_INPUT_RECORDED : K8SM_INPUT_REFUSED;
  km_mail_put(r, &answer);
}

/* From one to the other. */
static void pass_on(struct km_runner *r, const struct k8sm_effect *e, bool to_control, uint32_t type) {
  const struct km_mail mail = {.to_control = to_control,
                               .type = type,
                               .pod = e->pod,
                               .key = e->key,
                               .bytes = e->bytes,
                               .grace_seconds = e->grace_seconds};
  r->dirty = true;
  r->moved_ms = km_mono_ms();
  km_mail_put(r, &mail);
}

/* The control reads the PodStatus. */
static void pass_status_on(struct km_runner *r, const struct k8sm_effect *e) {
  struct k8sm_effect told = *e;
  struct k8sm_blob *json;
  if (k8sm_status_encode(e->status, K8SM_FORMAT_JSON, NULL, &json) != K8SM_OK) {
    r->failed = true;
    return;
  }
  told.bytes = k8sm_blob_bytes(json);
  pass_on(r, &told, true, K8SM_CONTROL_STATUS);
  k8sm_blob_unref(json);
}

static void carry_out_one(struct km_runner *r, const struct k8sm_effect *e, bool of_control) {
  switch (e->type) {
  case K8SM_EFFECT_RECORD: keep_record(r, e, of_control); break;
  case K8SM_EFFECT_EVENT: km_say_event(r, e); break;
  case K8SM_EFFECT_STATUS: pass_status_on(r, e); break;
  case K8SM_EFFECT_GONE:
    km_event_log_forget(r->events, e->key);
    if (!of_control) pass_on(r, e, true, K8SM_CONTROL_GONE);
    break;
  case K8SM_EFFECT_CLAIM_GONE:
    km_claims_forget(r, e->key.ptr);
    km_claims_see_all(r); /* a pod that waited for this has another one */
    break;
  case K8SM_EFFECT_POD: pass_on(r, e, false, K8SM_INPUT_POD); break;
  case K8SM_EFFECT_DELETE: pass_on(r, e, false, K8SM_INPUT_DELETE); break;
  case K8SM_EFFECT_DELETE_CLAIM: pass_on(r, e, false, K8SM_INPUT_DELETE_CLAIM); break;
  case K8SM_EFFECT_STOPPED:
    r->stopped = true;
    r->stop_code = e->code;
    break;
  default: break; /* requests went to the client; foreign events are nobody's here */
  }
}

static void carry_out(struct km_runner *r, const struct k8sm_effects *effects, bool of_control) {
  struct k8sm_effect e;
  for (size_t i = 0; k8sm_effects_rows(effects, i, &e, sizeof e, 1) > 0; i++)
    carry_out_one(r, &e, of_control);
}

static int check_result(struct km_runner *r, const char *who, int result) {
  if (result != K8SM_ERR_NOMEM) return result;
  km_report_result(who, result);
  r->failed = true;
  return result;
}

static int step_driver(struct km_runner *r, struct k8sm_input *input, struct k8sm_diags *diags) {
  r->steps++;
  input->size = sizeof *input;
  input->mono_ms = km_mono_ms();
  input->wall_ms = km_wall_ms();
  int result = check_result(r, "the driver", k8sm_driver_step(r->driver, input, r->effects, diags));
  km_trace_write(r->trace, input, result, r->effects);
  if (k8sm_client_submit(r->client, r->effects, km_mono_ms()) != K8SM_OK) r->failed = true;
  carry_out(r, r->effects, false);
  return result;
}

static int step_control(struct km_runner *r, struct k8sm_control_input *input, struct k8sm_diags *diags) {
  r->steps++;
  input->size = sizeof *input;
  input->mono_ms = km_mono_ms();
  input->wall_ms = km_wall_ms();
  int result =
      check_result(r, "the control", k8sm_control_step(r->workloads, input, r->workload_effects, diags));
  km_trace_write_control(r->trace, input, result, r->workload_effects);
  carry_out(r, r->workload_effects, true);
  return result;
}

static const char *first_error(const struct km_report *report, int result) {
  for (size_t i = 0; i < report->diags.count && i < report->diags.cap; i++) {
    if (report->rows[i].severity == K8SM_SEVERITY_ERROR) return report->text + report->rows[i].message;
  }
  return k8sm_result_name(result);
}

/* A pod for the driver. What it does not take, the control is to know. */
static void give_pod(struct km_runner *r, const struct km_mail *mail) {
  static struct km_report report;
  struct k8sm_pod *admitted = NULL;
  km_report_begin(&report);
  int result =
      r->admission == NULL ? K8SM_OK : k8sm_pod_admit(mail->pod, r->admission, &admitted, &report.diags);
  struct k8sm_input input = {.type = K8SM_INPUT_POD, .pod = admitted == NULL ? mail->pod : admitted};
  if (result == K8SM_OK) result = step_driver(r, &input, &report.diags);
  if (result == K8SM_OK) km_claims_see(r, input.pod);
  k8sm_pod_unref(admitted);
  if (result == K8SM_OK) return;
  const char *why = first_error(&report, result);
  const struct km_mail rejected = {
      .to_control = true, .type = K8SM_CONTROL_REJECTED, .key = mail->key, .bytes = {why, strlen(why)}};
  fprintf(stderr, "km run: %s: %s\n", mail->key.ptr, why);
  km_mail_put(r, &rejected);
}

static void deliver(struct km_runner *r, const struct km_mail *mail) {
  if (mail->to_control) {
    struct k8sm_control_input input = {
        .type = mail->type, .number = mail->number, .key = mail->key, .bytes = mail->bytes};
    step_control(r, &input, NULL);
  } else if (mail->type == K8SM_INPUT_POD) {
    give_pod(r, mail);
  } else {
    struct k8sm_input input = {
        .type = mail->type, .number = mail->number, .key = mail->key, .grace_seconds = mail->grace_seconds};
    int result = step_driver(r, &input, NULL);
    const struct km_mail gone = {.to_control = true, .type = K8SM_CONTROL_GONE, .key = mail->key};
    if (mail->type == K8SM_INPUT_DELETE && result == K8SM_ERR_NOT_FOUND) km_mail_put(r, &gone);
  }
}

static void deliver_all(struct km_runner *r) {
  for (struct km_mail *mail; !r->stopped && !r->failed && (mail = km_mail_take(r)) != NULL;) {
    deliver(r, mail);
    km_mail_free(mail);
  }
}

int km_runner_step(struct km_runner *r, struct k8sm_input *input, struct k8sm_diags *diags) {
  int result = step_driver(r, input, diags);
  deliver_all(r);
  return result;
}

int km_runner_control(struct km_runner *r, struct k8sm_control_input *input, struct k8sm_diags *diags) {
  int result = step_control(r, input, diags);
  deliver_all(r);
  return result;
}

/* Whether anything is heard of the master. */
static void note_word(struct km_runner *r, uint32_t type) {
  r->cut = type == K8SM_INPUT_LOST;
  if (!r->cut) r->heard_ms = km_mono_ms();
}

static void take_inputs(struct km_runner *r) {
  struct k8sm_input input = {.size = sizeof input};
  while (!r->stopped && !r->failed && k8sm_client_next(r->client, &input) == K8SM_OK) {
    note_word(r, input.type);
    km_runner_step(r, &input, NULL);
    input = (struct k8sm_input){.size = sizeof input};
  }
}

static uint64_t earliest(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t next_deadline(const struct km_runner *r, uint64_t until) {
  uint64_t d = earliest(until, k8sm_driver_deadline(r->driver));
  d = earliest(d, k8sm_control_deadline(r->workloads));
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
  if (r->stopped || r->failed) return;
  km_runner_look_at_agents(r);
  if (k8sm_control_deadline(r->workloads) <= km_mono_ms()) {
    struct k8sm_control_input tick = {.type = K8SM_CONTROL_TICK};
    km_runner_control(r, &tick, NULL);
  }
}

static void count_workloads(const struct km_runner *r, struct km_counts *c) {
  struct k8sm_control_row row;
  for (size_t i = 0; k8sm_control_rows(r->workloads, i, &row, sizeof row, 1) > 0; i++) {
    bool job = row.kind == K8SM_WORKLOAD_JOB;
    c->failing += row.failing;
    if (row.owner.len > 0) continue;
    c->jobs += job && !row.settled;
    c->lasting += !job;
    c->unsettled += !job && !row.settled;
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
    c.failed += s.finished != 0 && strcmp(s.phase.ptr, "Failed") == 0 && km_is_bare(pod.pod);
  }
  count_workloads(r, &c);
  return c;
}

/* Looking takes a tenth of the time at most. */
const struct km_counts *km_runner_tally(const struct km_runner *r, struct km_tally *t) {
  enum { TIMES = 9 };
  uint64_t begin = km_mono_ms();
  if (t->counted && (r->steps == t->steps || begin < t->due_ms)) return &t->counts;
  t->counts = km_runner_count(r);
  t->counted = true;
  t->steps = r->steps;
  uint64_t end = km_mono_ms();
  t->due_ms = end + TIMES * (end - begin);
  return &t->counts;
}

uint64_t km_tally_deadline(const struct km_runner *r, const struct km_tally *t) {
  return r->steps == t->steps ? UINT64_MAX : t->due_ms;
}

static int delete_object(struct km_runner *r, const char *key, int64_t grace) {
  struct k8sm_control_input input = {
      .type = K8SM_CONTROL_DELETE, .key = {key, strlen(key)}, .grace_seconds = grace};
  return km_runner_control(r, &input, NULL);
}

/* The keys of all that nothing else has made; they and the list are to be freed. */
static struct km_texts all_objects(const struct km_runner *r) {
  struct k8sm_control_row row;
  struct k8sm_driver_pod pod;
  struct km_texts keys = {0};
  char key[600], full[620];
  size_t rows = k8sm_control_rows(r->workloads, 0, NULL, sizeof row, 0);
  size_t pods = k8sm_driver_pods(r->driver, 0, NULL, sizeof pod, 0);
  keys.items = km_alloc(NULL, (rows + pods + 1) * sizeof *keys.items);
  for (size_t i = 0; k8sm_control_rows(r->workloads, i, &row, sizeof row, 1) > 0; i++) {
    if (row.owner.len == 0) keys.items[keys.count++] = km_strdup(row.key.ptr, row.key.len);
  }
  for (size_t i = 0; k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1) > 0; i++) {
    if (!km_is_bare(pod.pod)) continue;
    snprintf(full, sizeof full, "Pod/%s", km_pod_key(pod.pod, key, sizeof key));
    keys.items[keys.count++] = km_strdup(full, strlen(full));
  }
  return keys;
}

void km_runner_delete_all(struct km_runner *r, int64_t grace) {
  struct km_texts keys = all_objects(r);
  for (size_t i = 0; i < keys.count; i++) {
    if (!r->stopped) delete_object(r, keys.items[i], grace);
    free((void *)(uintptr_t)keys.items[i]);
  }
  free(keys.items);
}

/* "Pod/default/web", "Deployment/default/web", or "*"; of a pod also its uid. */
static bool knows(const struct km_runner *r, const char *key, char uid[64]) {
  struct k8sm_driver_pod pod;
  struct k8sm_control_row row;
  const char *claim = km_claim_of_key(key);
  bool all = strcmp(key, "*") == 0;
  uid[0] = '\0';
  if (claim != NULL) return km_claims_know(r, claim);
  for (size_t i = 0; k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1) > 0; i++) {
    char have[600];
    if (all) return true;
    if (strncmp(key, "Pod/", 4) != 0 || strcmp(km_pod_key(pod.pod, have, sizeof have), key + 4) != 0)
      continue;
    snprintf(uid, 64, "%s", k8sm_pod_uid(pod.pod).ptr);
    return true;
  }
  for (size_t i = 0; k8sm_control_rows(r->workloads, i, &row, sizeof row, 1) > 0; i++) {
    if (all || strcmp(row.key.ptr, key) == 0) return true;
  }
  return false;
}

static char *answer_knows(const struct km_runner *r, const char *key) {
  char uid[64], text[80];
  if (knows(r, key, uid))
    snprintf(text, sizeof text, "yes %s\n", uid);
  else
    snprintf(text, sizeof text, "no\n");
  return km_strdup(text, strlen(text));
}

static char *answer_delete(struct km_runner *r, const char *key, int64_t grace) {
  char text[700], uid[64];
  const char *claim = km_claim_of_key(key);
  if (claim != NULL) km_claims_find(r, claim);
  bool known = knows(r, key, uid);
  snprintf(text, sizeof text, "ok %s\n", uid);
  if (!known) {
    char words[650];
    if (strcmp(key, "*") != 0)
      snprintf(text, sizeof text, "%s\n", km_resource_missing(key, words, sizeof words));
  } else if (strcmp(key, "*") == 0) {
    km_runner_delete_all(r, grace);
  } else {
    int result = claim != NULL ? km_claim_delete(r, claim) : delete_object(r, key, grace);
    if (result != K8SM_OK) snprintf(text, sizeof text, "%s: %s\n", key, k8sm_result_name(result));
  }
  return km_strdup(text, strlen(text));
}

char *km_runner_answer(void *ctx, const char *line) {
  struct km_runner *r = ctx;
  char key[600];
  long long grace = -1, replicas, current;
  if (strcmp(line, "get") == 0) return km_view_json(r);
  if (strcmp(line, "events") == 0) return km_event_log_json(r->events, NULL);
  if (sscanf(line, "events %599s", key) == 1) return km_event_log_json(r->events, key);
  if (sscanf(line, "knows %599s", key) == 1) return answer_knows(r, key);
  if (sscanf(line, "delete %599s %lld", key, &grace) >= 1) return answer_delete(r, key, grace);
  if (sscanf(line, "scale %599s %lld %lld", key, &replicas, &current) == 3)
    return km_scale_answer(r, key, replicas, current);
  return km_strdup("no such request\n", 16);
}
