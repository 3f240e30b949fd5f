/* SPDX-License-Identifier: Apache-2.0 */
/* The process around the driver: it carries effects out, one after the other, and dies in between when it
 * must. What it has stored stays; of what it was storing, a part. */
#include "sim/sim.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  PROCESS_STORE_MS = 8,
  PROCESS_STORE_SLOW_MS = 2500,
  PROCESS_TICKS_MAX = 40,
  PROCESS_RETRY_MS = 3000,
  PROCESS_ADOPT_MS = 600000,
  PROCESS_NOMINATIONS_MAX = 12
};

static uint64_t process_mono(const struct sim *s) {
  return s->now - s->process.mono_base;
}

static const struct k8sm_manifest_data process_claims[SIM_CLAIMS] = {
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"c0", 2}, {"storage", 7}, {"64Mi", 4}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"c1", 2}, {"storage", 7}, {"64Mi", 4}, 0, 0}};

/* Another one may come to think of it otherwise: what was begun goes on as it is. */
static uint32_t process_form(struct sim *s) {
  if (s->commands != SIM_OPTIONAL_COMMANDS) return K8SM_FORM_AUTO;
  return sim_percent(s, SIM_CHANCE_FORMS, 50) ? K8SM_FORM_COMMAND : K8SM_FORM_AUTO;
}

static void process_new_driver(struct sim *s) {
  static const uint32_t record_rows[] = {0, 1, 2, 5};
  static const uint64_t rest_ms[] = {0, 1, 700, 5000, UINT64_MAX};
  static const char *const roles[] = {"dev"};
  static const struct k8sm_framework framework = {
      .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
  const struct k8sm_demand_options demand = {.size = sizeof demand,
                                             .flags = K8SM_DEMAND_FORM_FALLBACK,
                                             .form = process_form(s),
                                             .data = process_claims,
                                             .data_count = s->reserves ? SIM_CLAIMS : 0,
                                             .data_size = sizeof process_claims[0]};
  struct sim_process *p = &s->process;
  const struct k8sm_status_options status = {
      .size = sizeof status, .unreachable_seconds = s->replaces ? 5 + (int64_t)(s->seed % 40) : 0};
  static const struct k8sm_match_options match = {.size = sizeof match, .flags = K8SM_MATCH_PREEMPT};
  const struct k8sm_driver_options o = {.size = sizeof o,
                                        .status = &status,
                                        .match = s->preempts ? &match : NULL,
                                        .framework = s->reserves ? &framework : NULL,
                                        .demand = &demand,
                                        .adopt_ms = s->process.adopts ? PROCESS_ADOPT_MS : 0,
                                        .record_rows = record_rows[s->seed % 4],
                                        .no_operation_feedback = (s->seed / 4 + p->crashes) % 3 == 0,
                                        .rest_ms = rest_ms[s->seed % 5],
                                        .master = "10.0.0.1:5050",
                                        .format = s->format,
                                        .seed = sim_draw(s, SIM_CHANCE_HOST, UINT64_MAX)};
  if (k8sm_driver_new(&o, &p->driver, NULL) != K8SM_OK || k8sm_effects_new(NULL, &p->effects) != K8SM_OK)
    abort();
  p->last_tick_ms = UINT64_MAX;
}

static void process_free_driver(struct sim_process *p) {
  k8sm_driver_free(p->driver);
  k8sm_effects_free(p->effects);
  p->driver = NULL;
  p->effects = NULL;
}

void sim_process_open(struct sim *s) {
  s->process.mono_base = s->now - 1000;
  s->process.start_ms = UINT64_MAX;
  process_new_driver(s);
}

static void process_free_pending(struct sim_process *p) {
  for (struct sim_pending *r = p->pending, *next; r != NULL; r = next) {
    next = r->next;
    free(r);
  }
  p->pending = p->pending_last = NULL;
}

void sim_process_free(struct sim *s) {
  struct sim_process *p = &s->process;
  if (p->driver != NULL) process_free_driver(p);
  process_free_pending(p);
  for (size_t i = 0; i < p->row_count; i++) k8smi_buf_free(&p->rows[i].bytes);
}

/* ---- the store ---- */

const struct sim_row *sim_process_row(const struct sim *s, const char *key) {
  for (size_t i = 0; i < s->process.row_count; i++) {
    if (strcmp(s->process.rows[i].key, key) == 0) return &s->process.rows[i];
  }
  return NULL;
}

static void process_store(struct sim *s, const struct sim_pending *r) {
  struct sim_process *p = &s->process;
  struct sim_row *row = (struct sim_row *)(uintptr_t)sim_process_row(s, r->key);
  if (row == NULL) {
    if (p->row_count == SIM_ROWS) {
      sim_broken(s, "rows are of pods", "'%s' is one more row than there are pods", r->key);
      return;
    }
    row = &p->rows[p->row_count++];
    snprintf(row->key, sizeof row->key, "%s", r->key);
    k8smi_buf_init(&row->bytes, NULL);
  }
  if (!r->append) k8smi_buf_clear(&row->bytes);
  k8smi_buf_put(&row->bytes, r->bytes, r->len);
}

/* There is nothing to append it to: the whole row was refused, or all of it has been removed. */
static bool process_has_no_row(const struct sim *s, const struct sim_pending *r) {
  const struct sim_row *row = sim_process_row(s, r->key);
  return r->append && (row == NULL || row->bytes.len == 0);
}

static void process_record(struct sim *s, const struct k8sm_effect *e) {
  struct sim_process *p = &s->process;
  bool slow = sim_percent(s, SIM_CHANCE_HOST, 5);
  if (sim_faults_record(s, e)) slow = true;
  struct sim_pending *r = calloc(1, sizeof *r + e->bytes.len + 1);
  if (r == NULL) abort();
  r->due = s->now + sim_draw(s, SIM_CHANCE_HOST, slow ? PROCESS_STORE_SLOW_MS : PROCESS_STORE_MS);
  r->number = e->number;
  r->refused = s->now < p->refuse_until && sim_percent(s, SIM_CHANCE_HOST, 60);
  r->append = (e->flags & K8SM_RECORD_APPEND) != 0;
  snprintf(r->key, sizeof r->key, "%.*s", (int)e->key.len, e->key.ptr);
  r->len = e->bytes.len;
  if (r->len != 0) memcpy(r->bytes, e->bytes.ptr, r->len);
  if (p->pending == NULL) {
    p->pending = r;
  } else {
    p->pending_last->next = r;
  }
  p->pending_last = r;
}

/* Records of one key are kept in order, those of different keys as it comes. */
static struct sim_pending **process_next_record(struct sim_process *p) {
  struct sim_pending **best = NULL;
  for (struct sim_pending **at = &p->pending; *at != NULL; at = &(*at)->next) {
    bool first = true;
    for (struct sim_pending *r = p->pending; r != *at && first; r = r->next)
      first = strcmp(r->key, (*at)->key) != 0;
    if (first && (best == NULL || (*at)->due < (*best)->due)) best = at;
  }
  return best;
}

static void process_answer_record(struct sim *s, struct sim_pending **at) {
  struct sim_process *p = &s->process;
  struct sim_pending *r = *at, *before = NULL;
  for (struct sim_pending *i = p->pending; i != r; i = i->next) before = i;
  *at = r->next;
  if (p->pending_last == r) p->pending_last = before;
  r->refused |= process_has_no_row(s, r);
  s->seen[SIM_SEEN_REFUSED] += r->refused;
  if (!r->refused) process_store(s, r);
  sim_trace(s, "  %s record %llu %s", r->refused ? "refused" : "kept", (unsigned long long)r->number, r->key);
  sim_process_step(s, (struct k8sm_input){.type = r->refused ? K8SM_INPUT_REFUSED : K8SM_INPUT_RECORDED,
                                          .number = r->number});
  free(r);
}

/* ---- effects ---- */

static bool process_begins(struct k8sm_slice text, const char *with) {
  return text.len >= strlen(with) && memcmp(text.ptr, with, strlen(with)) == 0;
}

/* One ends for another: that is as good as a wish of its owner. */
static void process_preempted(struct sim *s, struct sim_pod *victim, struct k8sm_slice words) {
  static const char by[] = "Preempted: Preempted by pod ";
  for (size_t i = 0; process_begins(words, by) && i < s->pod_count; i++) {
    const struct sim_pod *p = &s->pods[i];
    if (!process_begins((struct k8sm_slice){words.ptr + sizeof by - 1, words.len - sizeof by + 1}, p->key))
      continue;
    if (!s->preempts || p->priority <= victim->priority)
      sim_broken(s, "only pods of a lower priority end for others",
                 "%s of priority %d ends for %s of priority %d", victim->key, victim->priority, p->key,
                 p->priority);
    if (!p->created || p->gone)
      sim_broken(s, "pods end for one that waits", "%s ends for %s, which does not wait", victim->key,
                 p->key);
    victim->deleted = true;
  }
}

static void process_nominated(struct sim *s, struct sim_pod *pod, struct k8sm_slice words) {
  if (!process_begins(words, "Nominated: ")) return;
  if (++pod->nominations > PROCESS_NOMINATIONS_MAX)
    sim_broken(s, "nobody ends in vain again and again", "others were to end for %s %zu times", pod->key,
               pod->nominations);
}

static void process_resumes(struct sim *s, const struct sim_pod *pod, struct k8sm_slice words) {
  static const char failed[] = "FailedResuming: ";
  if (!process_begins(words, failed)) return;
  sim_shown_waits(s, pod, (struct k8sm_slice){words.ptr + sizeof failed - 1, words.len - sizeof failed + 1});
}

static void process_event(struct sim *s, const struct k8sm_effect *e) {
  sim_trace(s, "  event %.*s: %.*s", (int)e->key.len, e->key.ptr == NULL ? "" : e->key.ptr, (int)e->bytes.len,
            e->bytes.ptr);
  if (process_begins(e->bytes, "Adopting")) s->process.said = true;
  for (size_t i = 0; i < s->pod_count; i++) {
    struct sim_pod *pod = &s->pods[i];
    if (!k8smi_eqs(e->key, pod->key)) continue;
    process_preempted(s, pod, e->bytes);
    process_nominated(s, pod, e->bytes);
    process_resumes(s, pod, e->bytes);
    if (e->code == K8SM_DIAG_RECORD_REFUSED) pod->retry_ms = s->now + PROCESS_RETRY_MS;
    if (e->code == K8SM_DIAG_INPUT_INVALID)
      sim_broken(s, "pods can go on", "%s: %.*s", pod->key, (int)e->bytes.len, e->bytes.ptr);
  }
}

static void process_gone(struct sim *s, const struct k8sm_effect *e) {
  for (size_t i = 0; i < s->pod_count; i++) {
    struct sim_pod *pod = &s->pods[i];
    if (!k8smi_eqs(e->key, pod->key)) continue;
    if (!pod->deleted && !pod->may_end)
      sim_broken(s, "only what is to go goes", "%s is gone, and nobody deleted it", pod->key);
    sim_check_gone(s, pod);
    pod->deleted = pod->gone = true;
  }
}

static void process_effect(struct sim *s, const struct k8sm_effect *e) {
  switch (e->type) {
  case K8SM_EFFECT_REQUEST:
    sim_check_request(s, e);
    sim_net_request(s, e);
    if ((e->flags & K8SM_REQUEST_STREAMING) == 0) sim_faults_call(s);
    break;
  case K8SM_EFFECT_CANCEL: sim_net_cancel(s, e->exchange); break;
  case K8SM_EFFECT_RECORD:
    sim_trace(s, "  record %llu %.*s", (unsigned long long)e->number, (int)e->key.len, e->key.ptr);
    process_record(s, e);
    break;
  case K8SM_EFFECT_STATUS: sim_shown_told(s, e); break;
  case K8SM_EFFECT_EVENT: process_event(s, e); break;
  case K8SM_EFFECT_GONE: process_gone(s, e); break;
  case K8SM_EFFECT_STOPPED: sim_broken(s, "the driver goes on", "it stopped, code %u", e->code); break;
  default: break;
  }
}

/* What the process does not come to say: that pods end for others, if their rows are kept. */
static void process_unsaid(struct sim *s, size_t from) {
  struct k8sm_effect e;
  for (size_t i = from; k8sm_effects_rows(s->process.effects, i, &e, sizeof e, 1) != 0; i++) {
    if (e.type != K8SM_EFFECT_EVENT || !process_begins(e.bytes, "Preempted: by ")) continue;
    for (size_t k = 0; k < s->pod_count; k++)
      s->pods[k].may_end = s->pods[k].may_end || k8smi_eqs(e.key, s->pods[k].key);
  }
}

int sim_process_step(struct sim *s, struct k8sm_input input) {
  struct sim_process *p = &s->process;
  char text[256] = "";
  struct k8sm_diag rows[2];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_effect e;
  if (p->driver == NULL || s->invariant != NULL) return K8SM_OK;
  input.size = sizeof input;
  input.mono_ms = process_mono(s);
  input.wall_ms = sim_wall(s) + p->wall_offset;
  s->inputs++;
  int result = k8sm_driver_step(p->driver, &input, p->effects, &diags);
  if (result != K8SM_OK)
    sim_broken(s, "inputs are taken", "input %u: %s %s", input.type, k8sm_result_name(result), text);
  for (size_t i = 0; k8sm_effects_rows(p->effects, i, &e, sizeof e, 1) != 0; i++) {
    if (p->crash_in != 0 && --p->crash_in == 0) {
      process_unsaid(s, i);
      s->seen[SIM_SEEN_CRASH]++;
      sim_process_crash(s);
      return K8SM_OK;
    }
    process_effect(s, &e);
  }
  sim_shown_check(s);
  return result;
}

/* ---- death and return ---- */

/* Of what is appended behind a row a part may be there: the store was cut off in the middle of it. */
static void process_cut_row(struct sim *s, const struct sim_pending *r) {
  struct sim_row *row = (struct sim_row *)(uintptr_t)sim_process_row(s, r->key);
  if (r->refused || !r->append || row == NULL || row->bytes.len == 0) return;
  k8smi_buf_put(&row->bytes, r->bytes, (size_t)sim_draw(s, SIM_CHANCE_HOST, r->len));
  s->seen[SIM_SEEN_CUT_ROW]++;
}

/* Some pod is gone, and was left running where nobody could reach it. */
static bool process_has_left_some(const struct sim *s) {
  for (size_t i = 0; i < s->pod_count; i++) {
    if (s->pods[i].gone && sim_truth_live(s, i) != 0) return true;
  }
  return false;
}

/* All rows but the framework's. Not while there are tombstones that matter: then it would be for people to
 * find out what is left. */
static void process_forget(struct sim *s) {
  struct sim_process *p = &s->process;
  if (!p->forgets || process_has_left_some(s)) return;
  for (size_t i = 0; i < p->row_count; i++) {
    if (strcmp(p->rows[i].key, "framework") != 0) k8smi_buf_clear(&p->rows[i].bytes);
  }
  p->forgets = p->said = false;
  p->forgot = true;
  s->seen[SIM_SEEN_FORGOTTEN]++;
  p->adopt_until = s->now + PROCESS_ADOPT_MS;
  sim_trace(s, "the record is lost, but for the framework's id");
}

void sim_process_crash(struct sim *s) {
  struct sim_process *p = &s->process;
  if (p->driver == NULL) return;
  size_t pending = 0;
  for (const struct sim_pending *r = p->pending; r != NULL; r = r->next) pending++;
  size_t kept = (size_t)sim_draw(s, SIM_CHANCE_HOST, pending + 1);
  const struct sim_pending *r = p->pending;
  for (; r != NULL && kept != 0; r = r->next, kept--) {
    if (!r->refused && !process_has_no_row(s, r)) process_store(s, r);
  }
  if (r != NULL) process_cut_row(s, r);
  process_forget(s);
  process_free_pending(p);
  process_free_driver(p);
  sim_net_abandon(s);
  sim_check_crashed(s);
  p->crash_in = 0;
  p->crashes++;
  p->start_ms = s->now + sim_draw(s, SIM_CHANCE_HOST, sim_percent(s, SIM_CHANCE_HOST, 30) ? 60000 : 2000);
  sim_trace(s, "the process has died; it starts again at %llu", (unsigned long long)p->start_ms);
}

static bool process_has(struct sim *s, struct sim_pod *pod) {
  struct k8sm_driver_pod row;
  for (size_t i = 0; k8sm_driver_pods(s->process.driver, i, &row, sizeof row, 1) != 0; i++) {
    if (!k8smi_eqs(k8sm_pod_uid(row.pod), pod->uid)) continue;
    pod->deleted |= s->preempts && row.deleting != 0; /* it has recorded that, and did not come to say so */
    return true;
  }
  return false;
}

static void process_delete(struct sim *s, struct sim_pod *pod, int64_t grace) {
  sim_trace(s, "delete %s, grace %lld", pod->key, (long long)grace);
  sim_process_step(
      s, (struct k8sm_input){.type = K8SM_INPUT_DELETE, .key = k8smi_s(pod->key), .grace_seconds = grace});
}

static void process_create(struct sim *s, struct sim_pod *pod) {
  sim_trace(s, "create %s", pod->key);
  sim_process_step(s, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod->pod});
}

static int64_t process_grace(const struct sim_pod *pod) {
  return pod->hurried ? pod->hurry_grace : pod->grace;
}

/* A pod that the process does not know. Where it has lost its record, the owner has not: what he was told of
 * its end, and that he wants it away. */
static void process_give_again(struct sim *s, struct sim_pod *pod) {
  bool over = strcmp(pod->phase, "Succeeded") == 0 || strcmp(pod->phase, "Failed") == 0;
  bool lost = s->process.adopts, alive = sim_truth_live(s, (size_t)(pod - s->pods)) != 0;
  if (lost && over && !alive) pod->let_go = true;
  if (pod->let_go) pod->gone |= pod->deleted; /* for another pod, maybe */
  if (pod->deleted && !lost) pod->gone = true;
  if (pod->gone || pod->let_go) return;
  pod->phase[0] = '\0';
  process_create(s, pod);
  if (s->process.driver != NULL && (pod->deleted || over)) process_delete(s, pod, process_grace(pod));
  pod->deleted |= over;
}

/* After a start: what its owner wanted is wanted still. */
static void process_repeat_wishes(struct sim *s) {
  for (size_t i = 0; i < s->pod_count && s->process.driver != NULL; i++) {
    struct sim_pod *pod = &s->pods[i];
    if (!pod->created || pod->gone || pod->let_go) continue;
    bool here = process_has(s, pod);
    if (here && pod->deleted) process_delete(s, pod, process_grace(pod));
    if (!here) process_give_again(s, pod);
  }
}

static void process_start(struct sim *s) {
  struct sim_process *p = &s->process;
  bool rebooted = sim_percent(s, SIM_CHANCE_HOST, 20);
  p->start_ms = UINT64_MAX;
  p->adopts = s->now < p->adopt_until;
  if (rebooted) p->mono_base = s->now - sim_draw(s, SIM_CHANCE_HOST, 5000);
  process_new_driver(s);
  sim_shown_forget(s);
  sim_trace(s, "the process starts%s", rebooted ? ", on a machine that has started again" : "");
  for (size_t i = 0; i < p->row_count; i++) {
    if (p->rows[i].bytes.len == 0) continue;
    sim_process_step(s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                            .key = k8smi_s(p->rows[i].key),
                                            .bytes = {p->rows[i].bytes.ptr, p->rows[i].bytes.len}});
  }
  process_repeat_wishes(s);
  sim_shown_forms(s);
}

/* ---- time ---- */

static void process_wishes(struct sim *s) {
  for (size_t i = 0; i < s->pod_count && s->process.driver != NULL; i++) {
    struct sim_pod *pod = &s->pods[i];
    if (!pod->created && pod->create_ms <= s->now) {
      pod->created = true;
      process_create(s, pod);
    }
    if (s->process.driver == NULL || !pod->created || pod->gone) continue;
    if (pod->let_go && pod->delete_ms <= s->now) pod->deleted = pod->gone = true;
    if (pod->let_go) continue;
    if (!pod->deleted && pod->delete_ms <= s->now) {
      pod->deleted = true;
      process_delete(s, pod, pod->grace);
    }
    if (s->process.driver == NULL || !pod->deleted || pod->gone) continue;
    if (!pod->hurried && pod->hurry_ms <= s->now) {
      pod->hurried = true;
      process_delete(s, pod, pod->hurry_grace);
    }
    if (s->process.driver == NULL || pod->gone || pod->retry_ms > s->now) continue;
    pod->retry_ms = UINT64_MAX; /* what was refused is asked for again */
    process_delete(s, pod, process_grace(pod));
  }
}

static uint64_t process_wish_time(const struct sim_pod *pod) {
  if (!pod->created) return pod->create_ms;
  if (pod->gone) return UINT64_MAX;
  if (!pod->deleted) return pod->delete_ms;
  uint64_t hurry = pod->hurried ? UINT64_MAX : pod->hurry_ms;
  return hurry < pod->retry_ms ? hurry : pod->retry_ms;
}

static uint64_t process_driver_deadline(const struct sim *s) {
  uint64_t due = k8sm_driver_deadline(s->process.driver);
  return due > UINT64_MAX - s->process.mono_base ? UINT64_MAX : due + s->process.mono_base;
}

uint64_t sim_process_deadline(const struct sim *s) {
  struct sim_process *p = (struct sim_process *)(uintptr_t)&s->process;
  if (p->driver == NULL) return p->start_ms;
  uint64_t due = process_driver_deadline(s);
  struct sim_pending **next = process_next_record(p);
  if (next != NULL && (*next)->due < due) due = (*next)->due;
  for (size_t i = 0; i < s->pod_count; i++) {
    uint64_t wish = process_wish_time(&s->pods[i]);
    if (wish < due) due = wish;
  }
  return due;
}

static void process_tick(struct sim *s) {
  struct sim_process *p = &s->process;
  p->ticks = p->last_tick_ms == s->now ? p->ticks + 1 : 0;
  p->last_tick_ms = s->now;
  if (p->ticks > PROCESS_TICKS_MAX)
    sim_broken(s, "time goes on", "the driver wants %zu ticks at one moment", p->ticks);
  sim_process_step(s, (struct k8sm_input){.type = K8SM_INPUT_TICK});
}

void sim_process_turn(struct sim *s) {
  struct sim_process *p = &s->process;
  struct sim_pending **next;
  if (p->driver == NULL && p->start_ms <= s->now) process_start(s);
  while (p->driver != NULL && (next = process_next_record(p)) != NULL && (*next)->due <= s->now)
    process_answer_record(s, next);
  if (p->driver != NULL) process_wishes(s);
  if (p->driver != NULL && process_driver_deadline(s) <= s->now) process_tick(s);
}
