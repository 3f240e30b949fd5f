/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include <stdio.h>

/* Deployments: a ReplicaSet for each template, and how the pods move from one to the next.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */

static int deployment_condition(struct ctl_rollout *r, const char *type, uint32_t status, const char *reason,
                                const char *format, const struct k8sm_workload *w) {
  char text[400];
  struct k8sm_slice name = w == NULL ? r->o->workload->name : w->name;
  snprintf(text, sizeof text, format, (int)(name.len < 256 ? name.len : 256), name.ptr);
  return k8smi_ctl_condition_set(r->c, r->o, type, status, reason, k8smi_s(text));
}

static const struct k8sm_workload *deployment_newest_workload(const struct ctl_rollout *r) {
  return r->newest == NULL ? NULL : r->newest->workload;
}

static bool deployment_has_deadline(const struct ctl_rollout *r) {
  return r->spec.progress_deadline_seconds >= 0 && r->spec.progress_deadline_seconds != INT32_MAX;
}

/* ---- Its ReplicaSets ---- */

static int deployment_begin(struct ctl_rollout *r) {
  struct ctl_object *child = NULL;
  r->spec.size = sizeof r->spec;
  r->replicas = r->o->replicas;
  k8smi_ctl_sure(k8sm_workload_get_deployment(r->o->workload, &r->spec));
  k8smi_ctl_rollout_shares(r);
  r->sets = k8smi_alloc(&r->c->allocator, (r->o->child_count + 1) * sizeof(struct ctl_object *));
  if (r->sets == NULL) return K8SM_ERR_NOMEM;
  while ((child = k8smi_ctl_child(r->c, r->o, child)) != NULL) {
    if (!child->deleting) r->sets[r->count++] = child;
  }
  return K8SM_OK;
}

static int64_t deployment_last_revision(const struct ctl_rollout *r, const struct ctl_object *but) {
  int64_t last = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (r->sets[i] != but && r->sets[i]->revision > last) last = r->sets[i]->revision;
  }
  return last;
}

static struct k8sm_instance_options deployment_child_options(const struct ctl_rollout *r) {
  return (struct k8sm_instance_options){
      .size = sizeof(struct k8sm_instance_options),
      .allocator = &r->c->allocator,
      .collision_count = r->o->counts.collisions < 0 ? 0 : (uint32_t)r->o->counts.collisions};
}

/* What has the name of the ReplicaSet of the template; NULL: nothing. */
static struct ctl_object *deployment_named(const struct ctl_rollout *r, const struct k8sm_workload *rs) {
  for (struct ctl_object *o = r->c->first; o != NULL; o = o->next) {
    if (o->kind->number == K8SM_WORKLOAD_REPLICA_SET && k8smi_eq(o->workload->name, rs->name) &&
        k8smi_eq(o->workload->name_space, rs->name_space))
      return o;
  }
  return NULL;
}

static int deployment_owns(const struct ctl_rollout *r, const struct ctl_object *there,
                           const struct k8sm_workload *rs, bool *ret) {
  *ret = false;
  if (there->owner != r->o) return K8SM_OK;
  return k8smi_ctl_same_record(r->c, K8SMI_TYPE_PodTemplateSpec, there->workload->template_, rs->template_,
                               ret);
}

/* The one that is there takes what is new of the Deployment beside the template. */
static void deployment_take_up(struct ctl_rollout *r, struct ctl_object *there, struct k8sm_workload *rs) {
  int64_t revision = deployment_last_revision(r, there) + 1;
  k8smi_ctl_object_set(r->c, there, rs);
  if (there->revision < revision) there->revision = revision;
  r->newest = r->o->newest = there;
}

/* The ReplicaSet of the template as it should be, and what has its name already (NULL: nothing). *taken: that
 * is another one's, or has another template. */
static int deployment_look_up(struct ctl_rollout *r, struct k8sm_workload **ret,
                              struct ctl_object **ret_there, bool *taken) {
  const struct k8sm_instance_options options = deployment_child_options(r);
  bool own = false;
  int result = k8sm_workload_child(r->o->workload, &options, ret, NULL);
  if (result != K8SM_OK) return result;
  *ret_there = deployment_named(r, *ret);
  if (*ret_there != NULL) result = deployment_owns(r, *ret_there, *ret, &own);
  *taken = *ret_there != NULL && !own;
  return result;
}

/* *wait: a ReplicaSet of that name is on its way out. */
static int deployment_find(struct ctl_rollout *r, struct k8sm_workload **ret, bool *wait) {
  struct ctl_object *there = NULL;
  bool taken = true;
  int result = K8SM_OK;
  while (result == K8SM_OK && taken) {
    k8sm_workload_unref(*ret);
    *ret = NULL;
    result = deployment_look_up(r, ret, &there, &taken);
    if (result == K8SM_OK && taken)
      r->o->counts.collisions = r->o->counts.collisions < 0 ? 1 : r->o->counts.collisions + 1;
  }
  *wait = result == K8SM_OK && there != NULL && there->deleting;
  if (result == K8SM_OK && there != NULL && !there->deleting) deployment_take_up(r, there, *ret);
  return result;
}

static int deployment_create(struct ctl_rollout *r, struct k8sm_workload *w) {
  int64_t size = k8smi_ctl_rollout_new_size(r, 0);
  struct ctl_object *rs;
  int result = k8smi_effects_reserve(r->c->queue, 1, 1024 + r->o->key.len);
  if (result == K8SM_OK && deployment_has_deadline(r))
    result = deployment_condition(r, "Progressing", CTL_TRUE, "NewReplicaSetCreated",
                                  "Created new replica set \"%.*s\"", w);
  if (result == K8SM_OK) result = k8smi_ctl_object_new(r->c, w, r->o, &rs);
  if (result != K8SM_OK) return result;
  rs->replicas = size;
  rs->revision = deployment_last_revision(r, NULL) + 1;
  rs->desired = r->replicas;
  rs->most = r->replicas + r->surge;
  r->newest = r->o->newest = rs;
  r->sets[r->count++] = rs; /* there is room for one more */
  if (size == 0) return K8SM_OK;
  return k8smi_ctl_event(r->c, r->o->key, "ScalingReplicaSet", "Scaled up replica set %.*s from 0 to %lld",
                         (int)w->name.len, w->name.ptr, (long long)size);
}

/* Finds the ReplicaSet of the template, or makes it. *ready: it is there. */
static int deployment_newest(struct ctl_rollout *r, bool create) {
  struct k8sm_workload *w = NULL;
  bool wait = false;
  r->newest = r->o->newest;
  int result = r->newest != NULL ? K8SM_OK : deployment_find(r, &w, &wait);
  if (result == K8SM_OK && r->newest == NULL && create && !wait) result = deployment_create(r, w);
  k8sm_workload_unref(w);
  if (result != K8SM_OK || r->newest == NULL || !deployment_has_deadline(r) ||
      k8smi_ctl_condition(r->o, "Progressing") != NULL)
    return result;
  return deployment_condition(r, "Progressing", CTL_TRUE, "FoundNewReplicaSet",
                              "Found new replica set \"%.*s\"", deployment_newest_workload(r));
}

/* ---- Its status ---- */

static void deployment_count(struct ctl_rollout *r) {
  struct ctl_counts *n = &r->o->counts;
  n->replicas = n->ready = n->available = n->terminating = n->updated = 0;
  for (size_t i = 0; i < r->count; i++) {
    const struct ctl_counts *of = &r->sets[i]->counts;
    n->replicas += of->replicas;
    n->ready += of->ready;
    n->available += of->available;
    n->terminating += of->terminating;
  }
  if (r->newest != NULL) n->updated = r->newest->counts.replicas;
  n->unavailable = k8smi_ctl_rollout_sum(r, false) - n->available;
  if (n->unavailable < 0) n->unavailable = 0;
}

static bool deployment_is_complete(const struct ctl_object *o) {
  const struct ctl_counts *n = &o->counts;
  return n->updated == o->replicas && n->replicas == o->replicas && n->available == o->replicas;
}

static bool deployment_has_moved(const struct ctl_counts *now, const struct ctl_counts *before) {
  return now->updated > before->updated ||
         now->replicas - now->updated < before->replicas - before->updated || now->ready > before->ready ||
         now->available > before->available;
}

static int deployment_past_deadline(struct ctl_rollout *r, const struct ctl_condition *now) {
  if (now == NULL || k8smi_eqs(now->reason, "ProgressDeadlineExceeded")) return K8SM_OK;
  int64_t end = now->update_ms + (int64_t)r->spec.progress_deadline_seconds * 1000 + 1;
  if (end > r->c->wall_ms) {
    k8smi_ctl_due(r->c, r->o, end);
    return K8SM_OK;
  }
  return deployment_condition(r, "Progressing", CTL_FALSE, "ProgressDeadlineExceeded",
                              "ReplicaSet \"%.*s\" has timed out progressing.",
                              deployment_newest_workload(r));
}

/* A step forward begins the time anew, also where the condition stays as it is. */
static int deployment_moved(struct ctl_rollout *r, const struct ctl_condition *now) {
  int64_t since = now != NULL && now->status == CTL_TRUE ? now->transition_ms : r->c->wall_ms;
  int result = deployment_condition(r, "Progressing", CTL_TRUE, "ReplicaSetUpdated",
                                    "ReplicaSet \"%.*s\" is progressing.", deployment_newest_workload(r));
  struct ctl_condition *condition = k8smi_ctl_condition(r->o, "Progressing");
  if (result != K8SM_OK || condition == NULL) return result;
  condition->update_ms = r->c->wall_ms;
  condition->transition_ms = since;
  return deployment_past_deadline(r, condition);
}

static int deployment_progress(struct ctl_rollout *r, const struct ctl_counts *before) {
  const struct ctl_object *o = r->o;
  const struct ctl_condition *now = k8smi_ctl_condition(r->o, "Progressing");
  if (!deployment_has_deadline(r)) {
    k8smi_ctl_condition_remove(r->c, r->o, "Progressing");
    return K8SM_OK;
  }
  if (o->counts.replicas == o->counts.updated && now != NULL &&
      k8smi_eqs(now->reason, "NewReplicaSetAvailable"))
    return K8SM_OK;
  if (deployment_is_complete(o))
    return deployment_condition(r, "Progressing", CTL_TRUE, "NewReplicaSetAvailable",
                                "ReplicaSet \"%.*s\" has successfully progressed.",
                                deployment_newest_workload(r));
  if (deployment_has_moved(&o->counts, before)) return deployment_moved(r, now);
  return now != NULL && k8smi_eqs(now->reason, "NewReplicaSetAvailable") ? K8SM_OK
                                                                         : deployment_past_deadline(r, now);
}

/* A failure of some ReplicaSet is one of its own. */
static int deployment_failure(struct ctl_rollout *r) {
  struct ctl_condition *failure = r->newest == NULL ? NULL : k8smi_ctl_condition(r->newest, "ReplicaFailure");
  for (size_t i = 0; failure == NULL && i < r->count; i++)
    failure = k8smi_ctl_condition(r->sets[i], "ReplicaFailure");
  if (failure != NULL)
    return k8smi_ctl_condition_set(r->c, r->o, "ReplicaFailure", failure->status, failure->reason.ptr,
                                   failure->message);
  k8smi_ctl_condition_remove(r->c, r->o, "ReplicaFailure");
  return K8SM_OK;
}

static int deployment_status(struct ctl_rollout *r, bool rollout) {
  const struct ctl_counts before = r->o->counts;
  deployment_count(r);
  bool enough = r->o->counts.available >= r->replicas - r->unavailable;
  int result = deployment_condition(r, "Available", enough ? CTL_TRUE : CTL_FALSE,
                                    enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                                    enough ? "Deployment has minimum availability."
                                           : "Deployment does not have minimum availability.",
                                    NULL);
  if (result == K8SM_OK && rollout) result = deployment_progress(r, &before);
  return result == K8SM_OK && rollout ? deployment_failure(r) : result;
}

/* ---- The look ---- */

static int deployment_pause(struct ctl_rollout *r) {
  const struct ctl_condition *now = k8smi_ctl_condition(r->o, "Progressing");
  bool paused = now != NULL && k8smi_eqs(now->reason, "DeploymentPaused");
  if (!deployment_has_deadline(r) || (now != NULL && k8smi_eqs(now->reason, "ProgressDeadlineExceeded")))
    return K8SM_OK;
  if (r->spec.paused && !paused)
    return deployment_condition(r, "Progressing", CTL_UNSURE, "DeploymentPaused", "Deployment is paused",
                                NULL);
  if (!r->spec.paused && paused)
    return deployment_condition(r, "Progressing", CTL_UNSURE, "DeploymentResumed", "Deployment is resumed",
                                NULL);
  return K8SM_OK;
}

static int deployment_resize(struct ctl_rollout *r) {
  int result = k8smi_ctl_rollout_scale(r);
  if (result != K8SM_OK) return result;
  if (r->spec.paused)
    k8smi_ctl_rollout_forget(r);
  else
    k8smi_ctl_touch(r->c, r->o); /* the rollout goes on behind it */
  return deployment_status(r, false);
}

static bool deployment_old_run(const struct ctl_rollout *r) {
  for (size_t i = 0; i < r->count; i++) {
    const struct ctl_counts *n = &r->sets[i]->counts;
    if (r->sets[i] != r->newest && n->replicas + n->terminating > 0) return true;
  }
  return false;
}

static int deployment_recreate(struct ctl_rollout *r) {
  bool changed = false;
  int result = k8smi_ctl_rollout_stop_old(r, &changed);
  if (result == K8SM_OK && !changed && !deployment_old_run(r)) {
    result = deployment_newest(r, true);
    if (result == K8SM_OK && r->newest != NULL) result = k8smi_ctl_rollout_up(r, &changed);
  }
  return result;
}

static int deployment_roll(struct ctl_rollout *r) {
  bool changed = false;
  int result = deployment_newest(r, true);
  if (result != K8SM_OK || r->newest == NULL) return result;
  result = k8smi_ctl_rollout_up(r, &changed);
  return result != K8SM_OK || changed ? result : k8smi_ctl_rollout_down(r, &changed);
}

static int deployment_steps(struct ctl_rollout *r) {
  int result = deployment_pause(r);
  if (result == K8SM_OK) result = deployment_newest(r, false);
  if (result != K8SM_OK) return result;
  if (r->spec.paused || k8smi_ctl_rollout_is_scaled(r)) return deployment_resize(r);
  result = r->spec.strategy == K8SM_ROLLOUT_RECREATE ? deployment_recreate(r) : deployment_roll(r);
  if (result == K8SM_OK) result = deployment_status(r, true);
  if (result == K8SM_OK && deployment_is_complete(r->o)) k8smi_ctl_rollout_forget(r);
  return result;
}

int k8smi_ctl_look_deployment(struct k8sm_control *c, struct ctl_object *o) {
  struct ctl_rollout r = {.c = c, .o = o};
  size_t size = (o->child_count + 1) * sizeof(struct ctl_object *);
  int result = deployment_begin(&r);
  if (result == K8SM_OK) result = deployment_steps(&r);
  if (r.sets != NULL) k8smi_free(&c->allocator, r.sets, size);
  return result;
}

void k8smi_ctl_show_deployment(const struct ctl_object *o, struct k8sm_control_row *row) {
  const struct ctl_counts *n = &o->counts;
  row->wanted = o->replicas;
  row->current = n->replicas;
  row->ready = n->ready;
  row->updated = n->updated;
  row->available = n->available;
  row->settled = deployment_is_complete(o) && n->terminating == 0;
  row->failing = k8smi_ctl_condition_is(o, "Progressing", CTL_FALSE);
  row->state = row->failing                                           ? K8SMI_S("Failed")
               : deployment_is_complete(o)                            ? K8SMI_S("Complete")
               : k8smi_ctl_condition_is(o, "Progressing", CTL_UNSURE) ? K8SMI_S("Paused")
                                                                      : K8SMI_S("Progressing");
}
