/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

/* What is to be done, derived from the state: each workload that is dirty is looked at, its row kept if that
 * has changed, and what it decided about pods told to the driver when the row is. */

enum { PUMP_AGAIN_MS = 5000 };

/* Into the list of those that wait. */
static void pump_wait_for(struct k8sm_control *c, struct ctl_object *o, uint64_t *number) {
  if (!k8smi_ctl_waits(o)) {
    o->next_waiting = c->waiting;
    c->waiting = o;
  }
  *number = ++c->last_number;
}

static void pump_wait(struct k8sm_control *c, struct ctl_object *o, uint64_t hash, bool removing) {
  pump_wait_for(c, o, &o->number);
  o->waiting_hash = hash;
  o->removing = removing;
}

static int pump_record(struct k8sm_control *c, struct k8sm_slice key, struct k8sm_slice bytes) {
  const struct k8sm_effect e = {.type = K8SM_EFFECT_RECORD,
                                .to = K8SM_TO_STORE,
                                .number = c->last_number + 1,
                                .key = key,
                                .bytes = bytes};
  return k8smi_effects_add(c->queue, &e);
}

/* The template that a StatefulSet rolls away from has a row of its own, before that of the set, and until
 * the rollout is over. */
static int pump_keep_former(struct k8sm_control *c, struct ctl_object *o) {
  struct k8sm_blob *row = NULL;
  struct k8smi_buf key;
  int r = K8SM_OK;
  if ((o->former != NULL) == o->former_kept) return K8SM_OK;
  k8smi_buf_init(&key, &c->allocator);
  if (!k8smi_ctl_former_key(o, &key)) r = K8SM_ERR_NOMEM;
  if (r == K8SM_OK && o->former != NULL)
    r = k8sm_workload_encode(o->former, K8SM_FORMAT_JSON, &c->allocator, &row);
  if (r == K8SM_OK)
    r = pump_record(c, (struct k8sm_slice){key.ptr, key.len},
                    row == NULL ? (struct k8sm_slice){NULL, 0} : k8sm_blob_bytes(row));
  if (r == K8SM_OK) pump_wait_for(c, o, &o->former_number);
  k8sm_blob_unref(row);
  k8smi_buf_free(&key);
  return r;
}

static int pump_keep(struct k8sm_control *c, struct ctl_object *o) {
  struct k8sm_blob *row;
  int r = k8smi_ctl_row_write(c, o, K8SM_FORMAT_JSON, true, &row);
  if (r != K8SM_OK) return r;
  struct k8sm_slice bytes = k8sm_blob_bytes(row);
  uint64_t hash = k8smi_hash(bytes.ptr, bytes.len, c->seed);
  if (!o->kept || hash != o->row_hash) {
    r = pump_record(c, o->key, bytes);
    if (r == K8SM_OK) pump_wait(c, o, hash, false);
  }
  k8sm_blob_unref(row);
  return r;
}

/* Everything that it made is gone: its row goes, and then the object. */
static int pump_bury(struct k8sm_control *c, struct ctl_object *o) {
  const struct k8sm_effect gone = {.type = K8SM_EFFECT_GONE, .to = K8SM_TO_HOST, .key = o->key};
  bool wait;
  int told = k8smi_ctl_claims_deleted(c, o, &wait);
  if (told != K8SM_OK || wait) return told;
  k8sm_workload_unref(o->former);
  o->former = NULL;
  if (o->former_kept) return pump_keep_former(c, o);
  if (o->kept) {
    int r = pump_record(c, o->key, (struct k8sm_slice){NULL, 0});
    if (r == K8SM_OK) pump_wait(c, o, 0, true);
    return r;
  }
  if (k8smi_effects_add(c->queue, &gone) != K8SM_OK) return K8SM_ERR_NOMEM;
  if (o->again != NULL)
    k8smi_ctl_object_renew(c, o);
  else
    k8smi_ctl_object_drop(c, o);
  return K8SM_OK;
}

/* One that is to go: first what it made. */
static int pump_end(struct k8sm_control *c, struct ctl_object *o) {
  struct ctl_object *child = NULL;
  while ((child = k8smi_ctl_child(c, o, child)) != NULL) k8smi_ctl_object_delete(c, child, o->grace_seconds);
  for (struct ctl_pod *p = o->pods, *next; p != NULL; p = next) {
    next = p->next;
    if (!p->deleting) {
      int r = k8smi_ctl_end(c, o, p);
      if (r != K8SM_OK) return r;
    }
  }
  for (struct ctl_pod *p = o->pods; p != NULL; p = p->next) k8smi_ctl_pod_delete(c, p, o->grace_seconds);
  return K8SM_OK;
}

static int pump_look(struct k8sm_control *c, struct ctl_object *o) {
  int r;
  o->due_ms = CTL_NEVER;
  if (o->again_ms > c->wall_ms) {
    k8smi_ctl_due(c, o, o->again_ms);
    return K8SM_OK;
  }
  if (o->deleting) {
    k8smi_ctl_pods_reap(c, o);
    r = pump_end(c, o);
    if (r == K8SM_OK && o->pod_count == 0 && o->child_count == 0) return pump_bury(c, o);
  } else {
    r = o->kind->look(c, o);
  }
  if (r == K8SM_OK) r = pump_keep_former(c, o);
  if (r == K8SM_OK) r = pump_keep(c, o);
  if (r == K8SM_OK && k8smi_ctl_waits(o)) o->show = true;
  if (r != K8SM_OK || k8smi_ctl_waits(o)) return r;
  r = k8smi_ctl_pods_release(c, o->pods);
  if (r == K8SM_OK && o->owner != NULL && (o->show || memcmp(&o->told, &o->counts, sizeof o->counts) != 0)) {
    o->told = o->counts;
    o->show = false;
    k8smi_ctl_touch(c, o->owner);
  }
  return r;
}

/* The soonest is looked for only when the soonest has come. */
static void pump_wake(struct k8sm_control *c) {
  if (c->due_ms > c->wall_ms) return;
  c->due_ms = CTL_NEVER;
  for (struct ctl_object *o = c->first; o != NULL; o = o->next) {
    if (o->due_ms <= c->wall_ms)
      k8smi_ctl_touch(c, o);
    else if (o->due_ms < c->due_ms)
      c->due_ms = o->due_ms;
  }
}

int k8smi_ctl_pump(struct k8sm_control *c) {
  pump_wake(c);
  for (struct ctl_object *o; (o = c->dirty) != NULL;) {
    c->dirty = o->next_dirty;
    o->dirty = false;
    if (k8smi_ctl_waits(o)) continue; /* the answer brings it back */
    int r = pump_look(c, o);
    if (r == K8SM_OK) continue;
    k8smi_ctl_touch(c, o);
    return r;
  }
  return k8smi_ctl_pods_release(c, c->loose);
}

bool k8smi_ctl_answer(struct k8sm_control *c, uint64_t number, bool kept) {
  struct ctl_object **at = &c->waiting;
  while (*at != NULL && (*at)->number != number && (*at)->former_number != number) at = &(*at)->next_waiting;
  struct ctl_object *o = *at;
  if (o == NULL || number == 0) return false;
  bool former = o->former_number == number;
  if (former)
    o->former_number = 0;
  else
    o->number = 0;
  if (!k8smi_ctl_waits(o)) {
    *at = o->next_waiting;
    k8smi_ctl_touch(c, o);
  }
  if (!kept) {
    o->again_ms = c->wall_ms + PUMP_AGAIN_MS;
  } else if (former) {
    o->former_kept = !o->former_kept;
  } else {
    o->kept = !o->removing;
    o->row_hash = o->waiting_hash;
  }
  return true;
}
