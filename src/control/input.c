/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/abi.h"
#include "base/findings.h"

static int ctlin_bad(struct k8sm_diags *diags, const char *what) {
  k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "%s", what);
  return K8SM_ERR_INVALID;
}

static int ctlin_unknown(struct k8sm_diags *diags, const char *what, struct k8sm_slice key) {
  k8smi_find(diags, K8SM_DIAG_POD_UNKNOWN, NULL, "no %s '%.*s'", what, K8SMI_P(key));
  return K8SM_ERR_NOT_FOUND;
}

static int ctlin_on_tick(struct k8sm_control *c, const struct k8sm_control_input *in,
                         struct k8sm_diags *diags) {
  (void)c, (void)in, (void)diags;
  return K8SM_OK;
}

static int ctlin_on_restore(struct k8sm_control *c, const struct k8sm_control_input *in,
                            struct k8sm_diags *diags) {
  if (c->begun) return ctlin_bad(diags, "RESTORE after other inputs");
  return k8smi_ctl_row_read(c, in->key, in->bytes, diags);
}

static int ctlin_on_found(struct k8sm_control *c, const struct k8sm_control_input *in,
                          struct k8sm_diags *diags) {
  struct ctl_pod *p;
  if (c->begun) return ctlin_bad(diags, "FOUND after other inputs");
  if (in->pod == NULL) return ctlin_bad(diags, "FOUND without a pod");
  int r = k8smi_ctl_pod_add(c, NULL, in->pod, &p);
  if (r == K8SM_OK && in->bytes.len > 0) {
    r = k8smi_ctl_pod_status(c, p, in->bytes, diags);
    if (r != K8SM_OK) k8smi_ctl_pod_drop(c, p);
  }
  if (r != K8SM_OK) return r;
  p->deleting = (in->flags & K8SM_CONTROL_FLAG_DELETING) != 0;
  return K8SM_OK;
}

static int ctlin_on_apply(struct k8sm_control *c, const struct k8sm_control_input *in,
                          struct k8sm_diags *diags) {
  bool replace = (in->flags & K8SM_CONTROL_FLAG_REPLACE) != 0;
  if ((in->workload == NULL) == (in->pod == NULL)) return ctlin_bad(diags, "APPLY takes a workload or a pod");
  return in->pod != NULL ? k8smi_ctl_apply_pod(c, in->pod, replace, diags)
                         : k8smi_ctl_apply_workload(c, in->workload, replace, diags);
}

static int ctlin_on_complete(struct k8sm_control *c, const struct k8sm_control_input *in,
                             struct k8sm_diags *diags) {
  (void)in, (void)diags;
  k8smi_ctl_complete(c);
  return K8SM_OK;
}

static int ctlin_on_delete(struct k8sm_control *c, const struct k8sm_control_input *in,
                           struct k8sm_diags *diags) {
  static const char head[] = "Pod/";
  const size_t n = sizeof head - 1;
  struct ctl_object *o = k8smi_ctl_object_find(c, in->key);
  if (o != NULL) {
    k8smi_ctl_object_end(c, o, in->grace_seconds);
    return K8SM_OK;
  }
  struct ctl_pod *p = NULL;
  if (in->key.len > n && memcmp(in->key.ptr, head, n) == 0)
    p = k8smi_ctl_pod_find(c, (struct k8sm_slice){in->key.ptr + n, in->key.len - n});
  if (p == NULL || p->gone) return ctlin_unknown(diags, "workload or pod", in->key);
  if (p->owner != NULL) k8smi_ctl_touch(c, p->owner);
  k8smi_ctl_pod_end(c, p, in->grace_seconds);
  return K8SM_OK;
}

/* A ReplicaSet that a Deployment has made is put right by that again, as with Kubernetes. */
static int ctlin_on_scale(struct k8sm_control *c, const struct k8sm_control_input *in,
                          struct k8sm_diags *diags) {
  struct ctl_object *o = k8smi_ctl_object_find(c, in->key);
  if (o == NULL) return ctlin_unknown(diags, "workload", in->key);
  if (!k8smi_ctl_can_scale(o)) {
    k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL,
               "%s can't be scaled: expected a Deployment, ReplicaSet, ReplicationController or StatefulSet",
               o->key.ptr);
    return K8SM_ERR_UNSUPPORTED;
  }
  if (in->number > INT32_MAX) return ctlin_bad(diags, "SCALE: expected replicas from 0 to 2147483647");
  if (o->deleting) {
    k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "%s is being deleted", o->key.ptr);
    return K8SM_ERR_STATE;
  }
  const int64_t replicas = (int64_t)in->number;
  o->generation += replicas != o->replicas;
  o->replicas = replicas;
  o->scaled = o->owner == NULL && replicas != k8smi_ctl_asked(o->workload);
  k8smi_ctl_touch(c, o);
  if (o->owner != NULL) k8smi_ctl_touch(c, o->owner);
  return K8SM_OK;
}

static int ctlin_on_status(struct k8sm_control *c, const struct k8sm_control_input *in,
                           struct k8sm_diags *diags) {
  struct ctl_pod *p = k8smi_ctl_pod_find(c, in->key);
  if (p == NULL) return ctlin_unknown(diags, "pod", in->key);
  return k8smi_ctl_pod_status(c, p, in->bytes, diags);
}

/* A bare pod that is wanted otherwise begins anew; one that belongs to a workload waits until that has
 * counted. */
static int ctlin_on_gone(struct k8sm_control *c, const struct k8sm_control_input *in,
                         struct k8sm_diags *diags) {
  struct ctl_pod *p = k8smi_ctl_pod_find(c, in->key);
  if (p == NULL) return ctlin_unknown(diags, "pod", in->key);
  if (p->owner != NULL) {
    p->gone = true;
    p->delete_due = false;
    k8smi_ctl_touch(c, p->owner);
    return K8SM_OK;
  }
  struct k8sm_pod *kube = NULL;
  int r = p->again == NULL ? K8SM_OK : k8smi_ctl_stamp(c, p->again, &kube, diags);
  if (r != K8SM_OK) return r;
  if (kube == NULL)
    k8smi_ctl_pod_drop(c, p);
  else
    k8smi_ctl_pod_renew(c, p, kube);
  k8sm_pod_unref(kube);
  return K8SM_OK;
}

/* Nothing of it ever ran. */
static int ctlin_on_rejected(struct k8sm_control *c, const struct k8sm_control_input *in,
                             struct k8sm_diags *diags) {
  struct ctl_pod *p = k8smi_ctl_pod_find(c, in->key);
  if (p == NULL) return ctlin_unknown(diags, "pod", in->key);
  struct ctl_object *o = p->owner;
  int r = o == NULL ? K8SM_OK : k8smi_ctl_say_failed(c, o, in->bytes);
  if (r != K8SM_OK) return r;
  k8smi_ctl_pod_drop(c, p);
  if (o != NULL) k8smi_ctl_touch(c, o);
  return K8SM_OK;
}

/* Daemons are all that looks at agents. */
static int ctlin_on_agents(struct k8sm_control *c, const struct k8sm_control_input *in,
                           struct k8sm_diags *diags) {
  int r = k8smi_ctl_agents_set(c, in, diags);
  for (struct ctl_object *o = c->first; r == K8SM_OK && o != NULL; o = o->next) {
    if (o->kind->number == K8SM_WORKLOAD_DAEMON_SET) k8smi_ctl_touch(c, o);
  }
  return r;
}

static int ctlin_on_zone(struct k8sm_control *c, const struct k8sm_control_input *in,
                         struct k8sm_diags *diags) {
  int r = k8smi_ctl_zone_add(c, in->key, in->bytes, diags);
  for (struct ctl_object *o = c->first; r == K8SM_OK && o != NULL; o = o->next) {
    if (o->kind->number == K8SM_WORKLOAD_CRON_JOB) k8smi_ctl_touch(c, o);
  }
  return r;
}

static int ctlin_on_answer(struct k8sm_control *c, const struct k8sm_control_input *in,
                           struct k8sm_diags *diags) {
  if (k8smi_ctl_answer(c, in->number, in->type == K8SM_CONTROL_RECORDED)) return K8SM_OK;
  k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "no record %llu waits for an answer",
             (unsigned long long)in->number);
  return K8SM_ERR_INVALID;
}

static int (*const ctlin_table[])(struct k8sm_control *c, const struct k8sm_control_input *in,
                                  struct k8sm_diags *diags) = {
    [K8SM_CONTROL_TICK] = ctlin_on_tick,         [K8SM_CONTROL_RESTORE] = ctlin_on_restore,
    [K8SM_CONTROL_FOUND] = ctlin_on_found,       [K8SM_CONTROL_APPLY] = ctlin_on_apply,
    [K8SM_CONTROL_COMPLETE] = ctlin_on_complete, [K8SM_CONTROL_DELETE] = ctlin_on_delete,
    [K8SM_CONTROL_STATUS] = ctlin_on_status,     [K8SM_CONTROL_GONE] = ctlin_on_gone,
    [K8SM_CONTROL_REJECTED] = ctlin_on_rejected, [K8SM_CONTROL_AGENTS] = ctlin_on_agents,
    [K8SM_CONTROL_ZONE] = ctlin_on_zone,         [K8SM_CONTROL_RECORDED] = ctlin_on_answer,
    [K8SM_CONTROL_REFUSED] = ctlin_on_answer,    [K8SM_CONTROL_SCALE] = ctlin_on_scale,
};

/* Only these make workloads: whatever a row says, there are no circles. */
static bool input_owns(const struct ctl_object *owner, const struct ctl_object *o) {
  uint32_t of = owner->kind->number, kind = o->kind->number;
  return (of == K8SM_WORKLOAD_DEPLOYMENT && kind == K8SM_WORKLOAD_REPLICA_SET) ||
         (of == K8SM_WORKLOAD_CRON_JOB && kind == K8SM_WORKLOAD_JOB);
}

/* The rows and the pods are all there: each finds its owner. */
static void input_begin(struct k8sm_control *c) {
  c->begun = true;
  k8smi_ctl_formers_settle(c);
  k8smi_ctl_pods_adopt(c);
  for (struct ctl_object *o = c->first; o != NULL; o = o->next) {
    k8smi_ctl_counted_settle(c, o);
    for (const struct ctl_pod *p = o->pods; p != NULL; p = p->next)
      o->told.replicas += k8smi_ctl_pod_active(p);
    struct k8sm_slice uid = k8smi_ctl_controller(k8smi_get_record(o->workload->object, K8SMI_Pod_metadata));
    struct ctl_object *owner = uid.len == 0 ? NULL : k8smi_ctl_table_get(&c->uids, uid);
    if (owner == NULL || !input_owns(owner, o)) continue;
    o->owner = owner;
    owner->child_count++;
  }
}

/* The wall clock was set back: no wait lasts until it has caught up, and what hangs on the time of day is
 * looked at anew. A little is what clocks do. */
static void input_set_back(struct k8sm_control *c, int64_t wall_ms) {
  enum { LITTLE_MS = 1000 };
  if (wall_ms >= c->wall_ms || (uint64_t)c->wall_ms - (uint64_t)wall_ms <= LITTLE_MS) return;
  for (struct ctl_object *o = c->first; o != NULL; o = o->next) {
    o->again_ms = o->retry_ms = 0;
    k8smi_ctl_touch(c, o);
  }
}

int k8smi_ctl_take(struct k8sm_control *c, const struct k8sm_control_input *in, struct k8sm_diags *diags) {
  if (in->type >= sizeof ctlin_table / sizeof ctlin_table[0]) {
    k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "no input has the type %u", in->type);
    return K8SM_ERR_INVALID;
  }
  if (in->mono_ms > c->mono_ms) c->mono_ms = in->mono_ms;
  if (c->begun) input_set_back(c, in->wall_ms);
  c->wall_ms = in->wall_ms;
  if (!c->begun && in->type != K8SM_CONTROL_RESTORE && in->type != K8SM_CONTROL_FOUND) input_begin(c);
  const uint64_t drawn = c->drawn;
  int r = ctlin_table[in->type](c, in, diags);
  if (r == K8SM_ERR_NOMEM) c->drawn = drawn;
  return r;
}
