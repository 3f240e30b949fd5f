/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_LIFE_H
#define TESTS_SUPPORT_LIFE_H

/* Lives of pods, in virtual time. What is expected is written down from Kubernetes' and Mesos' rules, as
 * a line a step:
 *   PHASE(shown) name=W(reason) name=R name=R+ (ready) name=T(exit reason) name=...*2 (restarts) | actions
 * where actions are launch:name.restart, kill:name/grace, attempt, done, each with +milliseconds when it is
 * not due yet. cmocka comes before. */

#include "status/status.h"
#include "support/pods.h"

#define WALL INT64_C(1788000000000) /* 2026-08-29T10:40:00Z */

struct life {
  struct k8sm_demand *demand;
  struct k8sm_status *status;
  struct findings findings;
  uint64_t now;
  unsigned uuids;
};

static inline void life_begin(struct life *l, const char *spec) {
  memset(l, 0, sizeof *l);
  l->demand = pods_demand(spec, 0);
  assert_non_null(l->demand);
  assert_int_equal(k8sm_status_new(l->demand, NULL, &l->status, NULL), K8SM_OK);
  l->now = 1000;
}

static inline void life_end(struct life *l) {
  k8sm_status_unref(l->status);
  k8sm_demand_unref(l->demand);
}

/* Packed, as all that it is or as what is another than before, it comes back as it was. */
static inline void life_check_packed(const struct k8sm_status *status, const struct k8sm_status *since) {
  struct k8smi_buf buf;
  struct k8sm_blob *is, *was;
  if (since != NULL && since->demand != status->demand) return;
  k8smi_buf_init(&buf, NULL);
  k8smi_status_pack(&buf, status, since);
  assert_false(buf.failed);
  struct k8sm_status *back = k8smi_status_unpack((struct k8sm_slice){buf.ptr, buf.len}, status->demand, since,
                                                 &status->options, NULL);
  k8smi_buf_free(&buf);
  assert_non_null(back);
  assert_int_equal(k8sm_status_save(status, NULL, NULL, &was), K8SM_OK);
  assert_int_equal(k8sm_status_save(back, NULL, NULL, &is), K8SM_OK);
  assert_true(k8smi_eq(k8sm_blob_bytes(is), k8sm_blob_bytes(was)));
  assert_true(k8smi_status_shows_same(back, status) && back->rebase == status->rebase);
  assert_true(k8sm_status_deadline(back) == k8sm_status_deadline(status));
  k8sm_blob_unref(is);
  k8sm_blob_unref(was);
  k8sm_status_unref(back);
}

/* Who compares two statuses finds what who writes them down sees. */
static inline void life_check_shown(const struct k8sm_status *a, const struct k8sm_status *b) {
  struct k8sm_blob *x, *y;
  assert_int_equal(k8sm_status_encode(a, K8SM_FORMAT_JSON, NULL, &x), K8SM_OK);
  assert_int_equal(k8sm_status_encode(b, K8SM_FORMAT_JSON, NULL, &y), K8SM_OK);
  assert_int_equal(k8smi_status_shows_same(a, b), k8smi_eq(k8sm_blob_bytes(x), k8sm_blob_bytes(y)));
  assert_int_equal(k8smi_status_shows_same(b, a), k8smi_status_shows_same(a, b));
  k8sm_blob_unref(x);
  k8sm_blob_unref(y);
}

static inline int life_apply(struct life *l, struct k8sm_change *changes, size_t n) {
  struct k8sm_status *next = NULL;
  for (size_t i = 0; i < n; i++) {
    changes[i].mono_ms = l->now;
    changes[i].wall_ms = WALL + (int64_t)l->now;
  }
  int result =
      k8sm_status_apply(l->status, changes, sizeof changes[0], n, NULL, &next, findings_init(&l->findings));
  if (result == K8SM_OK) {
    life_check_packed(next, NULL);
    life_check_packed(next, l->status);
    life_check_shown(next, l->status);
    k8sm_status_unref(l->status);
    l->status = next;
  }
  return result;
}

static inline void life_change(struct life *l, uint32_t type, const char *text, int64_t number) {
  struct k8sm_change change = {
      .type = type, .text = k8smi_s(text), .agent_id = K8SMI_S("S1"), .number = number};
  if (type == K8SM_CHANGE_UNPLACED) change.agent_id = (struct k8sm_slice){NULL, 0}; /* nobody makes room */
  assert_int_equal(life_apply(l, &change, 1), K8SM_OK);
}

static inline void life_tick(struct life *l, uint64_t ms) {
  l->now += ms;
  life_change(l, K8SM_CHANGE_TICK, NULL, 0);
}

static inline void life_id(const struct life *l, const char *container, uint32_t restart, char *text,
                           size_t cap) {
  struct k8sm_task_id id = {K8SMI_S(PODS_UID), k8smi_s(container), K8SMI_S("n1"), l->status->demand->attempt,
                            restart};
  assert_true(k8sm_task_id_format(&id, text, cap) > 0);
}

static inline void life_launch(struct life *l, const char *container, uint32_t restart) {
  char id[256];
  life_id(l, container, restart, id, sizeof id);
  life_change(l, K8SM_CHANGE_LAUNCHED, id, 0);
}

/* An update: "RUNNING", and further members of TaskStatus. */
static inline int life_send(struct life *l, const char *id, const char *state, const char *more) {
  char text[4096];
  struct k8sm_change change = {.type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_JSON};
  snprintf(text, sizeof text,
           "{'type':'UPDATE','update':{'status':{'task_id':{'value':'%s'},'state':'TASK_%s',"
           "'agent_id':{'value':'S1'}%s%s}}}",
           id, state, more[0] == '\0' ? "" : ",", more);
  char *json = pods_json(text);
  change.text = k8smi_s(json);
  int result = life_apply(l, &change, 1);
  free(json);
  return result;
}

#define EXECUTOR     "'source':'SOURCE_EXECUTOR'"
#define EXITED(code) EXECUTOR ",'message':'Command exited with status " #code "'"
#define SIGNAL(name) EXECUTOR ",'message':'Command terminated with signal " name "'"
#define SANDBOX_LOST                                                                                         \
  "'source':'SOURCE_AGENT','reason':'REASON_EXECUTOR_TERMINATED','message':'Executor terminated'"
#define COPY                                                                                                 \
  "'source':'SOURCE_MASTER','reason':'REASON_RECONCILIATION','message':'Reconciliation: Latest task state'"

static inline void life_update(struct life *l, const char *container, uint32_t restart, const char *state,
                               const char *more) {
  char id[256];
  life_id(l, container, restart, id, sizeof id);
  assert_int_equal(life_send(l, id, state, more), K8SM_OK);
}

static inline void life_run(struct life *l, const char *container, uint32_t restart) {
  life_update(l, container, restart, "STARTING", EXECUTOR);
  life_update(l, container, restart, "RUNNING", EXECUTOR);
}

/* Placed, and the tasks of the first stage launched. */
static inline void life_place(struct life *l) {
  struct k8sm_demand_task tasks[8];
  size_t n = k8sm_demand_tasks(l->demand, 0, tasks, sizeof tasks[0], 8);
  life_change(l, K8SM_CHANGE_PLACED, "agent1.example", 0);
  for (size_t i = 0; i < n; i++) {
    if (!tasks[i].launch) continue;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)tasks[i].container.len, tasks[i].container.ptr);
    life_launch(l, name, 0);
  }
}

static inline const char *life_name(const struct life *l, uint32_t task, char *text) {
  struct k8sm_slice name = l->demand->tasks[task].container;
  snprintf(text, 64, "%.*s", (int)name.len, task == 0 ? "pause" : name.ptr);
  if (task == 0) strcpy(text, "pause");
  return text;
}

static inline void life_look_actions(const struct life *l, char *text, size_t cap) {
  struct k8sm_action rows[16];
  size_t n = k8sm_status_actions(l->status, 0, rows, sizeof rows[0], 16);
  for (size_t i = 0; i < n; i++) {
    char name[64], *to = text + strlen(text);
    size_t room = cap - strlen(text);
    if (rows[i].type == K8SM_ACTION_ACKNOWLEDGE) continue;
    if (rows[i].type == K8SM_ACTION_LAUNCH) {
      snprintf(to, room, " launch:%s.%u", life_name(l, rows[i].task, name), rows[i].restart);
    } else if (rows[i].type == K8SM_ACTION_SHUTDOWN) {
      snprintf(to, room, " shutdown");
    } else if (rows[i].type == K8SM_ACTION_KILL) {
      snprintf(to, room, " kill:%s/%d", life_name(l, rows[i].task, name), (int)rows[i].grace_seconds);
    } else {
      snprintf(to, room, rows[i].type == K8SM_ACTION_ATTEMPT ? " attempt" : " done");
    }
    if (rows[i].at_mono_ms <= l->now) continue;
    snprintf(text + strlen(text), cap - strlen(text), "+%d", (int)(rows[i].at_mono_ms - l->now));
  }
}

static inline const char *life_look(const struct life *l) {
  static char text[1024];
  struct k8sm_status_summary summary = {.size = sizeof summary};
  struct k8sm_container_status rows[8];
  assert_int_equal(k8sm_status_summarize(l->status, &summary), K8SM_OK);
  size_t n = k8sm_status_containers(l->status, 0, rows, sizeof rows[0], 8);
  snprintf(text, sizeof text, "%.*s(%.*s)", K8SMI_P(summary.phase), K8SMI_P(summary.shown));
  for (size_t i = 0; i < n; i++) {
    char *to = text + strlen(text);
    size_t room = sizeof text - strlen(text);
    snprintf(to, room, " %.*s=", K8SMI_P(rows[i].name));
    to += strlen(to);
    if (rows[i].state == K8SM_STATE_WAITING) snprintf(to, 200, "W(%.*s)", K8SMI_P(rows[i].reason));
    if (rows[i].state == K8SM_STATE_RUNNING) snprintf(to, 200, rows[i].ready ? "R+" : "R");
    if (rows[i].state == K8SM_STATE_TERMINATED) {
      snprintf(to, 200, "T(%d %.*s)", rows[i].exit_code, K8SMI_P(rows[i].reason));
    }
    if (rows[i].restarts > 0) snprintf(to + strlen(to), 20, "*%u", rows[i].restarts);
  }
  strcat(text, " |");
  life_look_actions(l, text, sizeof text);
  return text;
}

/* The next attempt of the pod. */
static inline void life_attempt(struct life *l, uint32_t attempt) {
  struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1", .attempt = attempt};
  struct k8sm_demand *demand = NULL;
  assert_int_equal(k8sm_demand_make(l->demand->pod, &options, &demand, NULL), K8SM_OK);
  struct k8sm_change change = {.type = K8SM_CHANGE_ATTEMPT, .demand = demand};
  assert_int_equal(life_apply(l, &change, 1), K8SM_OK);
  k8sm_demand_unref(l->demand);
  l->demand = demand;
}

/* Does the PodStatus in JSON have these words? Their quotes are single ones. */
static inline bool life_shows(const struct life *l, const char *words) {
  struct k8sm_blob *blob = NULL;
  char *json = pods_json(words);
  assert_int_equal(k8sm_status_encode(l->status, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
  bool found = strstr(k8sm_blob_bytes(blob).ptr, json) != NULL;
  free(json);
  k8sm_blob_unref(blob);
  return found;
}

#define assert_life(l, line) assert_string_equal(life_look(l), line)

#define ONE(policy) "{'restartPolicy':'" policy "','containers':[{'name':'c','image':'i'}]}"

#endif
