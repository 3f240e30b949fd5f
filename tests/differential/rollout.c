/* SPDX-License-Identifier: Apache-2.0 */
/* What one look at a Deployment makes of its ReplicaSets, as this library's control has it; of a second one,
 * where the first changes no sizes. */
#include "subject.h"

#include "base/slice.h"
#include "control/state.h"

#include <stdio.h>
#include <time.h>

/* Takes an input in and does nothing about it yet. */
static void rollout_take(struct k8sm_control *c, uint32_t type, struct k8sm_slice key,
                         struct k8sm_slice bytes) {
  const struct k8sm_control_input in = {
      .size = sizeof in, .type = type, .wall_ms = (int64_t)time(NULL) * 1000, .key = key, .bytes = bytes};
  if (k8smi_ctl_take(c, &in, NULL) != K8SM_OK) die("an input of the control is refused");
}

static void rollout_restore(struct k8sm_control *c, struct k8sm_slice line) {
  struct k8sm_workload *w;
  char key[600];
  if (k8sm_workload_parse(line.ptr, line.len, NULL, &w, NULL) != K8SM_OK) die("not a workload");
  const char *kind = w->kind->number == K8SM_WORKLOAD_DEPLOYMENT ? "Deployment" : "ReplicaSet";
  int len = snprintf(key, sizeof key, "%s/%.*s/%.*s", kind, K8SMI_P(w->name_space), K8SMI_P(w->name));
  k8sm_workload_unref(w);
  rollout_take(c, K8SM_CONTROL_RESTORE, (struct k8sm_slice){key, (size_t)len}, line);
}

/* What the driver was told is not counted: nothing is on its way here, and what the sets say is so. */
static struct ctl_object *rollout_begin(struct k8sm_control *c) {
  const struct k8sm_slice none = {NULL, 0};
  struct ctl_object *deployment = NULL;
  rollout_take(c, K8SM_CONTROL_TICK, none, none);
  for (struct ctl_object *o = c->first; o != NULL; o = o->next) {
    if (o->kind->number == K8SM_WORKLOAD_DEPLOYMENT) deployment = o;
    memset(&o->told, 0, sizeof o->told);
  }
  if (deployment == NULL) die("no Deployment");
  return deployment;
}

/* A sum of who has how many replicas. */
static uint64_t rollout_sizes(const struct k8sm_control *c, const struct ctl_object *deployment) {
  uint64_t sum = 0;
  for (const struct ctl_object *o = NULL; (o = k8smi_ctl_child(c, deployment, o)) != NULL;) {
    if (o->replicas > 0) sum = k8smi_hash(o->uid.ptr, o->uid.len, sum) ^ (uint64_t)o->replicas;
  }
  return sum;
}

static void rollout_put_sets(struct k8smi_json *w, const struct k8sm_control *c,
                             const struct ctl_object *deployment) {
  k8smi_json_key(w, "sets");
  k8smi_json_open(w, '{');
  for (const struct ctl_object *o = NULL; (o = k8smi_ctl_child(c, deployment, o)) != NULL;) {
    if (o->deleting) continue;
    k8smi_json_key_slice(w, o->workload->name);
    k8smi_json_open(w, '{');
    k8smi_json_member_i64(w, "replicas", o->replicas);
    k8smi_json_member_i64(w, "revision", o->revision);
    k8smi_json_member_i64(w, "desired", o->desired);
    k8smi_json_member_i64(w, "most", o->most);
    k8smi_json_close(w, '}');
  }
  k8smi_json_close(w, '}');
}

static void rollout_put_conditions(struct k8smi_json *w, const struct ctl_object *o) {
  static const char *const words[] = {"False", "True", "Unknown"};
  k8smi_json_key(w, "conditions");
  k8smi_json_open(w, '{');
  for (size_t i = 0; i < o->condition_count; i++) {
    k8smi_json_key_slice(w, o->conditions[i].type);
    k8smi_json_open(w, '[');
    k8smi_json_string(w, k8smi_s(words[o->conditions[i].status]));
    k8smi_json_string(w, o->conditions[i].reason);
    k8smi_json_close(w, ']');
  }
  k8smi_json_close(w, '}');
}

static void rollout_put_status(struct k8smi_json *w, const struct ctl_counts *n) {
  k8smi_json_key(w, "status");
  k8smi_json_open(w, '{');
  k8smi_json_member_i64(w, "replicas", n->replicas);
  k8smi_json_member_i64(w, "updatedReplicas", n->updated);
  k8smi_json_member_i64(w, "readyReplicas", n->ready);
  k8smi_json_member_i64(w, "availableReplicas", n->available);
  k8smi_json_member_i64(w, "unavailableReplicas", n->unavailable);
  k8smi_json_close(w, '}');
}

void answer_rollout(struct k8smi_json *w, struct k8sm_slice lines) {
  const struct k8sm_control_options options = {.size = sizeof options, .seed = 1};
  struct k8sm_control *c;
  struct k8sm_slice line;
  if (k8sm_control_new(&options, &c, NULL) != K8SM_OK) die("no memory");
  while (next_line(&lines, &line)) rollout_restore(c, line);
  struct ctl_object *deployment = rollout_begin(c);
  for (int looks = 0; looks < 2; looks++) {
    uint64_t before = rollout_sizes(c, deployment);
    if (deployment->kind->look(c, deployment) != K8SM_OK) die("no memory");
    if (rollout_sizes(c, deployment) != before) break;
  }
  k8smi_json_open(w, '{');
  rollout_put_sets(w, c, deployment);
  rollout_put_conditions(w, deployment);
  rollout_put_status(w, &deployment->counts);
  k8smi_json_close(w, '}');
  k8sm_control_free(c);
}
