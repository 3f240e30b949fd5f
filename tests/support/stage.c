/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support/stage.h"

#include <k8smesos/manifest.h>

static struct k8sm_slice stage_slice(const char *text) {
  return (struct k8sm_slice){text, strlen(text)};
}

static void stage_new(struct stage *s, uint64_t seed) {
  const struct k8sm_control_options o = {.size = sizeof o, .seed = seed};
  assert_int_equal(k8sm_control_new(&o, &s->control, NULL), K8SM_OK);
  assert_int_equal(k8sm_effects_new(NULL, &s->effects), K8SM_OK);
}

void stage_begin(struct stage *s) {
  memset(s, 0, sizeof *s);
  s->mono = 1000;
  s->wall = INT64_C(1767225600000); /* 2026-01-01T00:00:00Z, a Thursday */
  stage_new(s, 1);
}

void stage_end(struct stage *s) {
  k8sm_control_free(s->control);
  k8sm_effects_free(s->effects);
  for (size_t i = 0; i < STAGE_PODS; i++) k8sm_pod_unref(s->pods[i].pod);
  for (size_t i = 0; i < STAGE_ROWS; i++) free(s->rows[i].bytes);
}

/* ---- What the control wants ---- */

static void stage_store(struct stage *s, const struct k8sm_effect *e) {
  size_t i = 0, hole = STAGE_ROWS;
  for (; i < STAGE_ROWS && strcmp(s->rows[i].key, e->key.ptr) != 0; i++) {
    if (s->rows[i].bytes == NULL && hole == STAGE_ROWS) hole = i;
  }
  if (i == STAGE_ROWS) i = hole;
  if (i == STAGE_ROWS) {
    fail_msg("too many rows");
    return;
  }
  free(s->rows[i].bytes);
  memset(&s->rows[i], 0, sizeof s->rows[i]);
  if (e->bytes.len == 0) return;
  snprintf(s->rows[i].key, sizeof s->rows[i].key, "%s", e->key.ptr);
  s->rows[i].bytes = malloc(e->bytes.len + 1);
  assert_non_null(s->rows[i].bytes);
  memcpy(s->rows[i].bytes, e->bytes.ptr, e->bytes.len + 1);
  s->rows[i].len = e->bytes.len;
}

static void stage_record(struct stage *s, const struct k8sm_effect *e) {
  assert_true(s->answer_count < sizeof s->answers / sizeof s->answers[0]);
  s->refused[s->answer_count] = s->refuse;
  s->answers[s->answer_count++] = e->number;
  if (!s->refuse) stage_store(s, e);
  s->refuse = false;
}

static struct stage_pod *stage_find(struct stage *s, const char *key) {
  for (size_t i = 0; i < STAGE_PODS; i++) {
    if (strcmp(s->pods[i].key, key) == 0) return &s->pods[i];
  }
  return NULL;
}

static void stage_add_pod(struct stage *s, const struct k8sm_effect *e) {
  assert_null(stage_find(s, e->key.ptr)); /* the driver would refuse it */
  assert_true(k8sm_pod_uid(e->pod).len > 0);
  struct stage_pod *p = stage_find(s, "");
  if (p == NULL) {
    fail_msg("too many pods");
    return;
  }
  memset(p, 0, sizeof *p);
  snprintf(p->key, sizeof p->key, "%s", e->key.ptr);
  p->pod = k8sm_pod_ref(e->pod);
  p->born = ++s->born;
  size_t now = stage_count(s, "");
  if (now > s->most) s->most = now;
}

static void stage_event(struct stage *s, const struct k8sm_effect *e) {
  size_t n = strlen(s->events);
  if (e->type == K8SM_EFFECT_GONE || e->type == K8SM_EFFECT_DELETE_CLAIM)
    snprintf(s->events + n, sizeof s->events - n, "%s %s\n", e->type == K8SM_EFFECT_GONE ? "gone" : "claim",
             e->key.ptr);
  else
    snprintf(s->events + n, sizeof s->events - n, "%s: %s\n", e->key.ptr, e->bytes.ptr);
}

static void stage_effects(struct stage *s) {
  struct k8sm_effect e;
  for (size_t i = 0; k8sm_effects_rows(s->effects, i, &e, sizeof e, 1) > 0; i++) {
    struct stage_pod *p;
    switch (e.type) {
    case K8SM_EFFECT_RECORD: stage_record(s, &e); break;
    case K8SM_EFFECT_POD: stage_add_pod(s, &e); break;
    case K8SM_EFFECT_DELETE:
      p = stage_find(s, e.key.ptr);
      assert_non_null(p);
      p->deleting = true;
      break;
    default: stage_event(s, &e); break;
    }
  }
}

/* ---- Inputs ---- */

static int stage_once(struct stage *s, struct k8sm_control_input in) {
  in.size = sizeof in;
  in.mono_ms = s->mono;
  in.wall_ms = s->wall;
  s->result = k8sm_control_step(s->control, &in, s->effects, NULL);
  stage_effects(s);
  return s->result;
}

static bool stage_answer(struct stage *s) {
  if (s->answer_count == 0 || s->mute) return false;
  uint64_t number = s->answers[0];
  uint32_t type = s->refused[0] ? K8SM_CONTROL_REFUSED : K8SM_CONTROL_RECORDED;
  memmove(s->answers, s->answers + 1, --s->answer_count * sizeof s->answers[0]);
  memmove(s->refused, s->refused + 1, s->answer_count * sizeof s->refused[0]);
  assert_int_equal(stage_once(s, (struct k8sm_control_input){.type = type, .number = number}), K8SM_OK);
  return true;
}

static bool stage_pod_turn(struct stage *s, struct stage_pod *p) {
  if (p->key[0] == '\0') return false;
  if (s->reject != NULL && p->status[0] == '\0') {
    struct k8sm_control_input in = {
        .type = K8SM_CONTROL_REJECTED, .key = stage_slice(p->key), .bytes = stage_slice(s->reject)};
    char key[sizeof p->key];
    memcpy(key, p->key, sizeof key);
    in.key = stage_slice(key);
    k8sm_pod_unref(p->pod);
    memset(p, 0, sizeof *p);
    stage_once(s, in);
    return true;
  }
  if (p->deleting && !s->slow) {
    stage_gone(s, p);
    return true;
  }
  if (p->deleting || s->idle || p->status[0] != '\0') return false;
  stage_ready(s, p);
  return true;
}

static void stage_settle(struct stage *s) {
  for (bool busy = true; busy;) {
    busy = stage_answer(s);
    for (size_t i = 0; !busy && i < STAGE_PODS; i++) busy = stage_pod_turn(s, &s->pods[i]);
  }
}

int stage_step(struct stage *s, struct k8sm_control_input in) {
  int result = stage_once(s, in);
  stage_settle(s);
  return result;
}

static int stage_apply_parsed(struct stage *s, const char *manifest, uint64_t how, uint32_t flags) {
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = K8SM_PARSE_TEMPLATES | how};
  struct k8sm_manifest *m = NULL;
  struct k8sm_diag rows[4];
  char text[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  if (k8sm_manifest_parse(manifest, strlen(manifest), &o, &m, &diags) != K8SM_OK)
    fail_msg("%s: %s", text + rows[0].path, text + rows[0].message);
  struct k8sm_manifest_workload w;
  struct k8sm_manifest_pod p;
  int result = K8SM_OK;
  for (size_t i = 0; result == K8SM_OK && k8sm_manifest_workloads(m, i, &w, sizeof w, 1) > 0; i++)
    result = stage_step(
        s, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .flags = flags, .workload = w.workload});
  for (size_t i = 0; result == K8SM_OK && k8sm_manifest_pods(m, i, &p, sizeof p, 1) > 0; i++) {
    if (p.owner.len == 0)
      result = stage_step(
          s, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .flags = flags, .pod = p.pod});
  }
  k8sm_manifest_unref(m);
  return result;
}

int stage_apply_flags(struct stage *s, const char *manifest, uint32_t flags) {
  return stage_apply_parsed(s, manifest, 0, flags);
}

int stage_apply_bare(struct stage *s, const char *manifest) {
  return stage_apply_parsed(s, manifest, K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE, 0);
}

int stage_apply(struct stage *s, const char *manifest) {
  return stage_apply_parsed(s, manifest, 0, 0);
}

int stage_delete(struct stage *s, const char *key, int64_t grace) {
  return stage_step(s, (struct k8sm_control_input){
                           .type = K8SM_CONTROL_DELETE, .key = stage_slice(key), .grace_seconds = grace});
}

int stage_agents(struct stage *s, const char *const *names, const struct k8sm_node *nodes, size_t n) {
  struct k8sm_control_agent rows[16];
  if (n > 16) return K8SM_ERR_LIMIT;
  for (size_t i = 0; i < n; i++)
    rows[i] = (struct k8sm_control_agent){stage_slice(names[i]), nodes == NULL ? NULL : &nodes[i]};
  return stage_step(
      s, (struct k8sm_control_input){
             .type = K8SM_CONTROL_AGENTS, .agents = rows, .agent_count = n, .agent_size = sizeof *rows});
}

void stage_run(struct stage *s, int64_t ms) {
  uint64_t end = s->mono + (uint64_t)ms;
  for (int turns = 0; s->mono < end; turns++) {
    uint64_t due = k8sm_control_deadline(s->control);
    if (due <= s->mono) due = s->mono + (turns > 10000); /* it may want another look at once */
    if (due > end) due = end;
    s->wall += (int64_t)(due - s->mono);
    s->mono = due;
    stage_step(s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
    assert_true(turns < 100000);
  }
}

void stage_restart(struct stage *s) {
  k8sm_control_free(s->control);
  k8sm_effects_free(s->effects);
  s->answer_count = 0;
  stage_new(s, s->mono);
  for (size_t i = 0; i < STAGE_ROWS; i++) {
    if (s->rows[i].bytes == NULL) continue;
    const struct k8sm_slice bytes = {s->rows[i].bytes, s->rows[i].len};
    assert_int_equal(stage_once(s, (struct k8sm_control_input){.type = K8SM_CONTROL_RESTORE,
                                                               .key = stage_slice(s->rows[i].key),
                                                               .bytes = bytes}),
                     K8SM_OK);
  }
  for (size_t i = 0; i < STAGE_PODS; i++) {
    const struct stage_pod *p = &s->pods[i];
    if (p->key[0] == '\0') continue;
    assert_int_equal(
        stage_once(s, (struct k8sm_control_input){.type = K8SM_CONTROL_FOUND,
                                                  .pod = p->pod,
                                                  .bytes = stage_slice(p->status),
                                                  .flags = p->deleting ? K8SM_CONTROL_FLAG_DELETING : 0}),
        K8SM_OK);
  }
  stage_step(s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
}

/* ---- Pods ---- */

static size_t stage_count_if(const struct stage *s, const char *prefix, bool deleting) {
  size_t n = 0;
  for (size_t i = 0; i < STAGE_PODS; i++) {
    const struct stage_pod *p = &s->pods[i];
    n += p->key[0] != '\0' && p->deleting == deleting && strncmp(p->key, prefix, strlen(prefix)) == 0;
  }
  return n;
}

size_t stage_count(const struct stage *s, const char *prefix) {
  return stage_count_if(s, prefix, false);
}

size_t stage_count_going(const struct stage *s, const char *prefix) {
  return stage_count_if(s, prefix, true);
}

struct stage_pod *stage_pod(struct stage *s, const char *prefix) {
  struct stage_pod *oldest = NULL;
  for (size_t i = 0; i < STAGE_PODS; i++) {
    struct stage_pod *p = &s->pods[i];
    if (p->key[0] == '\0' || p->deleting || p->ended || strncmp(p->key, prefix, strlen(prefix)) != 0)
      continue;
    if (oldest == NULL || p->born < oldest->born) oldest = p;
  }
  return oldest;
}

static void stage_time(const struct stage *s, char text[32]) {
  time_t seconds = (time_t)(s->wall / 1000);
  struct tm tm;
  strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
}

static void stage_tell(struct stage *s, struct stage_pod *p) {
  char key[sizeof p->key], status[sizeof p->status];
  memcpy(key, p->key, sizeof key); /* the pod may go meanwhile */
  memcpy(status, p->status, sizeof status);
  stage_step(s, (struct k8sm_control_input){
                    .type = K8SM_CONTROL_STATUS, .key = stage_slice(key), .bytes = stage_slice(status)});
}

static void stage_running(struct stage *s, struct stage_pod *p, bool ready) {
  char now[32];
  stage_time(s, now);
  p->ready = ready;
  snprintf(p->status, sizeof p->status,
           "{\"phase\":\"Running\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"},"
           "{\"type\":\"Ready\",\"status\":\"%s\",\"lastTransitionTime\":\"%s\"}],\"containerStatuses\":["
           "{\"name\":\"main\",\"ready\":%s,\"restartCount\":0,\"image\":\"a\",\"imageID\":\"\",\"state\":"
           "{\"running\":{\"startedAt\":\"%s\"}},\"lastState\":{}}]}",
           ready ? "True" : "False", now, ready ? "true" : "false", now);
  stage_tell(s, p);
}

void stage_status(struct stage *s, struct stage_pod *p, const char *json) {
  snprintf(p->status, sizeof p->status, "%s", json);
  stage_tell(s, p);
}

void stage_ready(struct stage *s, struct stage_pod *p) {
  stage_running(s, p, true);
}

void stage_unready(struct stage *s, struct stage_pod *p) {
  stage_running(s, p, false);
}

static void stage_end_pod(struct stage *s, struct stage_pod *p, int code, const char *condition) {
  char now[32];
  stage_time(s, now);
  p->ready = false;
  p->ended = true;
  snprintf(p->status, sizeof p->status,
           "{\"phase\":\"%s\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"}%s%s%s],"
           "\"containerStatuses\":[{\"name\":\"main\",\"ready\":false,\"restartCount\":0,\"image\":\"a\","
           "\"imageID\":\"\",\"state\":{\"terminated\":{\"exitCode\":%d,\"finishedAt\":\"%s\"}},"
           "\"lastState\":{}}]}",
           code == 0 ? "Succeeded" : "Failed", condition == NULL ? "" : ",{\"type\":\"",
           condition == NULL ? "" : condition, condition == NULL ? "" : "\",\"status\":\"True\"}", code, now);
  stage_tell(s, p);
}

void stage_exit(struct stage *s, struct stage_pod *p, int code) {
  stage_end_pod(s, p, code, NULL);
}

void stage_disrupt(struct stage *s, struct stage_pod *p, const char *condition) {
  stage_end_pod(s, p, 137, condition);
}

void stage_gone(struct stage *s, struct stage_pod *p) {
  char key[sizeof p->key];
  memcpy(key, p->key, sizeof key);
  k8sm_pod_unref(p->pod);
  memset(p, 0, sizeof *p);
  stage_step(s, (struct k8sm_control_input){.type = K8SM_CONTROL_GONE, .key = stage_slice(key)});
}

static const char *stage_keep(int result, struct k8sm_blob *blob) {
  static char text[64 * 1024];
  text[0] = '\0';
  if (result != K8SM_OK) return text;
  snprintf(text, sizeof text, "%s", k8sm_blob_bytes(blob).ptr);
  k8sm_blob_unref(blob);
  return text;
}

const char *stage_pod_get(const struct stage_pod *p, const char *path) {
  struct k8sm_blob *blob = NULL;
  int result = k8sm_pod_get(p->pod, path, NULL, &blob);
  return stage_keep(result, blob);
}

/* ---- Objects ---- */

const char *stage_object(struct stage *s, const char *key) {
  struct k8sm_blob *blob = NULL;
  int result = k8sm_control_object(s->control, stage_slice(key), K8SM_FORMAT_JSON, &blob);
  return stage_keep(result, blob);
}

const char *stage_get(struct stage *s, const char *key, const char *path) {
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  const char *json = stage_object(s, key);
  struct k8sm_workload *w = NULL;
  struct k8sm_blob *blob = NULL;
  if (json[0] == '\0') return json;
  assert_int_equal(k8sm_workload_parse(json, strlen(json), &o, &w, NULL), K8SM_OK);
  int result = k8sm_workload_get(w, path, NULL, &blob);
  const char *value = stage_keep(result, blob);
  k8sm_workload_unref(w);
  return value;
}

struct k8sm_control_row stage_row(struct stage *s, const char *key) {
  struct k8sm_control_row row;
  for (size_t i = 0; k8sm_control_rows(s->control, i, &row, sizeof row, 1) > 0; i++) {
    if (strcmp(row.key.ptr, key) == 0) return row;
  }
  fail_msg("no row %s", key);
  return row;
}

bool stage_said(const struct stage *s, const char *words) {
  return strstr(s->events, words) != NULL;
}

void stage_quiet(struct stage *s) {
  s->events[0] = '\0';
}
