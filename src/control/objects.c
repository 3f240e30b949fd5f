/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/findings.h"

/* The registry of workloads. */

/* "KIND/NAMESPACE/NAME", a NUL, and the uid, in one piece. */
static bool object_name(struct k8sm_control *c, struct ctl_object *o) {
  const struct k8sm_workload *w = o->workload;
  const struct k8sm_slice pieces[] = {k8smi_types[w->kind->type].name, w->name_space, w->name, w->uid};
  size_t len = 0, at = 0;
  for (size_t i = 0; i < 4; i++) len += pieces[i].len + 1;
  o->key_text = k8smi_alloc(&c->allocator, len);
  if (o->key_text == NULL) return false;
  for (size_t i = 0; i < 4; i++) {
    if (pieces[i].len > 0) memcpy(o->key_text + at, pieces[i].ptr, pieces[i].len);
    at += pieces[i].len;
    o->key_text[at++] = i < 2 ? '/' : '\0';
  }
  o->key = (struct k8sm_slice){o->key_text, len - pieces[3].len - 2};
  o->uid = (struct k8sm_slice){o->key_text + o->key.len + 1, pieces[3].len};
  return true;
}

static bool object_register(struct k8sm_control *c, struct ctl_object *o) {
  if (!object_name(c, o) || !k8smi_ctl_table_add(&c->objects, &c->allocator, o->key, o)) return false;
  if (k8smi_ctl_table_get(&c->uids, o->uid) == NULL &&
      k8smi_ctl_table_add(&c->uids, &c->allocator, o->uid, o))
    return true;
  k8smi_ctl_table_remove(&c->objects, o->key);
  return false;
}

int64_t k8smi_ctl_asked(const struct k8sm_workload *w) {
  struct k8sm_workload_info info = {.size = sizeof info};
  k8smi_ctl_sure(k8sm_workload_get_info(w, &info));
  return info.replicas < 0 ? info.pods : info.replicas;
}

int k8smi_ctl_object_new(struct k8sm_control *c, struct k8sm_workload *w, struct ctl_object *owner,
                         struct ctl_object **ret) {
  struct ctl_object *o = k8smi_zalloc(&c->allocator, sizeof *o);
  if (o == NULL) return K8SM_ERR_NOMEM;
  o->kind = k8smi_ctl_kind(w->kind->number);
  o->workload = k8sm_workload_ref(w);
  o->pods_end = &o->pods;
  o->grace_seconds = -1;
  o->generation = 1;
  o->created_ms = c->wall_ms;
  o->due_ms = CTL_NEVER;
  o->claims_left = -1;
  o->counts.collisions = o->told.collisions = -1;
  if (!object_register(c, o)) {
    k8smi_ctl_object_free(c, o);
    return K8SM_ERR_NOMEM;
  }
  o->replicas = k8smi_ctl_asked(w);
  o->owner = owner;
  if (owner != NULL) owner->child_count++;
  o->link = c->end;
  *c->end = o;
  c->end = &o->next;
  k8smi_ctl_pods_adopt(c);
  k8smi_ctl_touch(c, o);
  *ret = o;
  return K8SM_OK;
}

/* It was made of the template. */
static void object_forget_demand(struct ctl_object *o) {
  k8sm_demand_unref(o->demand);
  o->demand = NULL;
  o->asked = false;
}

/* What it has come to know since it was made. */
static void object_free_state(struct k8sm_control *c, struct ctl_object *o) {
  struct ctl_text *const texts[] = {&o->current_revision, &o->update_revision, &o->completed_indexes,
                                    &o->failed_indexes};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) k8smi_ctl_text_free(c, texts[i]);
  k8sm_workload_unref(o->former);
  o->former = NULL;
  object_forget_demand(o);
  k8smi_ctl_counted_free(c, o);
  k8smi_ctl_conditions_free(c, o);
}

void k8smi_ctl_object_free(struct k8sm_control *c, struct ctl_object *o) {
  for (struct ctl_pod *p = o->pods, *next; p != NULL; p = next) {
    next = p->next;
    k8smi_ctl_pod_free(c, p);
  }
  object_free_state(c, o);
  k8sm_workload_unref(o->workload);
  k8sm_workload_unref(o->again);
  if (o->key_text != NULL) k8smi_free(&c->allocator, o->key_text, o->key.len + o->uid.len + 2);
  k8smi_free(&c->allocator, o, sizeof *o);
}

static void object_undirty(struct k8sm_control *c, struct ctl_object *o) {
  struct ctl_object **at = &c->dirty;
  if (!o->dirty) return;
  while (*at != o) at = &(*at)->next_dirty;
  *at = o->next_dirty;
  o->dirty = false;
}

void k8smi_ctl_object_drop(struct k8sm_control *c, struct ctl_object *o) {
  object_undirty(c, o);
  k8smi_ctl_table_remove(&c->objects, o->key);
  k8smi_ctl_table_remove(&c->uids, o->uid);
  *o->link = o->next;
  if (o->next != NULL) o->next->link = o->link;
  if (c->end == &o->next) c->end = o->link;
  if (o->owner != NULL) {
    o->owner->child_count--;
    k8smi_ctl_touch(c, o->owner);
  }
  k8smi_ctl_object_free(c, o);
}

struct ctl_object *k8smi_ctl_object_find(const struct k8sm_control *c, struct k8sm_slice key) {
  return k8smi_ctl_table_get(&c->objects, key);
}

void k8smi_ctl_touch(struct k8sm_control *c, struct ctl_object *o) {
  if (o->dirty) return;
  o->dirty = true;
  o->next_dirty = c->dirty;
  c->dirty = o;
}

void k8smi_ctl_due(struct k8sm_control *c, struct ctl_object *o, int64_t wall_ms) {
  if (wall_ms < o->due_ms) o->due_ms = wall_ms;
  if (wall_ms < c->due_ms) c->due_ms = wall_ms;
}

void k8smi_ctl_object_delete(struct k8sm_control *c, struct ctl_object *o, int64_t grace_seconds) {
  if (o->deleting && (grace_seconds < 0 || (o->grace_seconds >= 0 && o->grace_seconds <= grace_seconds)))
    return;
  if (!o->deleting) o->deleted_ms = c->wall_ms;
  o->deleting = true;
  o->grace_seconds = grace_seconds;
  if (o->owner != NULL) {
    o->owner->newest = o->owner->newest == o ? NULL : o->owner->newest;
    k8smi_ctl_touch(c, o->owner);
  }
  k8smi_ctl_touch(c, o);
}

void k8smi_ctl_object_end(struct k8sm_control *c, struct ctl_object *o, int64_t grace_seconds) {
  k8sm_workload_unref(o->again);
  o->again = NULL;
  k8smi_ctl_object_delete(c, o, grace_seconds);
}

void k8smi_ctl_object_set(struct k8sm_control *c, struct ctl_object *o, struct k8sm_workload *w) {
  struct k8sm_workload *before = o->workload;
  o->scaled = o->scaled && k8smi_ctl_asked(before) == k8smi_ctl_asked(w);
  o->workload = k8sm_workload_ref(w);
  if (o->kind->number == K8SM_WORKLOAD_STATEFUL_SET && o->former == NULL)
    o->former = before; /* until a look finds that the templates are alike */
  else
    k8sm_workload_unref(before);
  o->newest = NULL;
  object_forget_demand(o);
  if (o->owner == NULL && !o->scaled) o->replicas = k8smi_ctl_asked(w);
  k8smi_ctl_touch(c, o);
}

void k8smi_ctl_object_renew(struct k8sm_control *c, struct ctl_object *o) {
  static const struct ctl_counts none = {.collisions = -1};
  struct k8sm_workload *again = o->again;
  o->again = NULL;
  object_free_state(c, o);
  o->deleting = o->scaled = false;
  o->grace_seconds = -1;
  o->deleted_ms = o->retry_ms = o->claimed = 0;
  o->claims_left = -1;
  o->failures = 0;
  o->counts = o->told = none;
  o->created_ms = c->wall_ms;
  o->generation = 1;
  k8smi_ctl_object_set(c, o, again);
  k8sm_workload_unref(again);
  k8sm_workload_unref(o->former);
  o->former = NULL;
}

struct ctl_object *k8smi_ctl_child(const struct k8sm_control *c, const struct ctl_object *owner,
                                   const struct ctl_object *after) {
  struct ctl_object *o = after == NULL ? c->first : after->next;
  if (owner->child_count == 0) return NULL;
  while (o != NULL && o->owner != owner) o = o->next;
  return o;
}
