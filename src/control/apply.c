/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/findings.h"
#include "pod/names.h"

/* An object is given, perhaps again: what changes, and what may. */

/* Whether what is the user's of metadata, and the spec, are alike. */
static int apply_same(const struct k8sm_control *c, unsigned type, unsigned spec,
                      const struct k8smi_record *a, const struct k8smi_record *b, bool *same_spec,
                      bool *same_all) {
  const struct k8smi_record *of_a = k8smi_get_record(a, K8SMI_Pod_metadata);
  const struct k8smi_record *of_b = k8smi_get_record(b, K8SMI_Pod_metadata);
  bool labels = false, annotations = false;
  int r = k8smi_ctl_same_field(c, type, spec, a, b, same_spec);
  if (r == K8SM_OK)
    r = k8smi_ctl_same_field(c, K8SMI_TYPE_ObjectMeta, K8SMI_ObjectMeta_labels, of_a, of_b, &labels);
  if (r == K8SM_OK)
    r = k8smi_ctl_same_field(c, K8SMI_TYPE_ObjectMeta, K8SMI_ObjectMeta_annotations, of_a, of_b,
                             &annotations);
  *same_all = *same_spec && labels && annotations;
  return r;
}

/* What there is keeps its uid: the pods know it by that. */
static int apply_uid(struct k8sm_control *c, const struct ctl_object *o, struct k8sm_workload *w,
                     struct k8sm_workload **ret, struct k8sm_diags *diags) {
  if (!k8smi_eq(w->uid, o->uid)) return k8sm_workload_with_uid(w, o->uid.ptr, &c->allocator, ret, diags);
  *ret = k8sm_workload_ref(w);
  return K8SM_OK;
}

static void apply_replace(struct k8sm_control *c, struct ctl_object *o, struct k8sm_workload *w) {
  k8sm_workload_unref(o->again);
  o->again = k8sm_workload_ref(w);
  k8smi_ctl_object_delete(c, o, -1);
}

/* The field of the spec that may not change and has; *ret NULL: none. A Job that waits to begin may have
 * another template. */
static int apply_fixed(const struct k8sm_control *c, const struct ctl_object *o,
                       const struct k8sm_workload *w, const struct k8smi_field **ret) {
  unsigned spec = o->workload->kind->path[0];
  unsigned type = k8smi_types[o->workload->kind->type].fields[spec].child;
  const struct k8smi_record *a = k8smi_get_record(o->workload->object, spec);
  const struct k8smi_record *b = k8smi_get_record(w->object, spec);
  bool waits = o->kind->number == K8SM_WORKLOAD_JOB && o->counts.start_ms == 0;
  bool elastic = k8smi_workload_is_indexed(w) && k8smi_get_i64(b, K8SMI_JobSpec_completions, -1) ==
                                                     k8smi_get_i64(b, K8SMI_JobSpec_parallelism, -2);
  *ret = NULL;
  for (size_t i = 0; i < o->kind->fixed_count; i++) {
    unsigned field = o->kind->fixed[i];
    bool same = false;
    if (waits && field == K8SMI_JobSpec_template) continue;
    if (elastic && field == K8SMI_JobSpec_completions) continue;
    int r = k8smi_ctl_same_field(c, type, field, a, b, &same);
    if (r != K8SM_OK) return r;
    if (!same) {
      *ret = &k8smi_types[type].fields[field];
      return K8SM_OK;
    }
  }
  return K8SM_OK;
}

static int apply_refuse(const struct k8smi_field *field, struct k8sm_diags *diags) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path path = k8smi_path_field(&spec, field->name);
  k8smi_find(diags, K8SM_DIAG_FIELD_INVALID, &path, "Invalid value: field is immutable");
  return K8SM_ERR_INVALID;
}

static int apply_change(struct k8sm_control *c, struct ctl_object *o, struct k8sm_workload *w, bool replace,
                        struct k8sm_diags *diags) {
  unsigned spec = o->workload->kind->path[0];
  const struct k8smi_field *fixed = NULL;
  bool same_spec, same_all;
  int r = apply_same(c, w->kind->type, spec, o->workload->object, w->object, &same_spec, &same_all);
  if (r == K8SM_OK && !same_all) r = apply_fixed(c, o, w, &fixed);
  if (r != K8SM_OK || same_all) return r;
  if (fixed != NULL && !replace) return apply_refuse(fixed, diags);
  if (fixed != NULL) {
    apply_replace(c, o, w);
    return K8SM_OK;
  }
  if (!same_spec) o->generation++;
  k8smi_ctl_object_set(c, o, w);
  return K8SM_OK;
}

static int apply_new(struct k8sm_control *c, struct k8sm_workload *w, struct k8sm_diags *diags) {
  struct ctl_object *o;
  if (k8smi_ctl_kind(w->kind->number) == NULL) {
    k8smi_find(diags, K8SM_DIAG_KIND_SKIPPED, NULL, "kind %s makes no pods by itself",
               k8smi_types[w->kind->type].name.ptr);
    return K8SM_ERR_INVALID;
  }
  if (k8smi_ctl_table_get(&c->uids, w->uid) != NULL) {
    k8smi_find(diags, K8SM_DIAG_FIELD_DUPLICATE, NULL, "metadata.uid: another object has it");
    return K8SM_ERR_INVALID;
  }
  int r = k8smi_ctl_object_new(c, w, NULL, &o);
  if (r == K8SM_OK) o->seen = true;
  return r;
}

static struct ctl_object *apply_find(const struct k8sm_control *c, const struct k8sm_workload *w,
                                     struct k8smi_arena *arena, bool *failed) {
  const struct k8sm_slice pieces[] = {k8smi_types[w->kind->type].name, K8SMI_S("/"), w->name_space,
                                      K8SMI_S("/"), w->name};
  struct k8sm_slice key = k8smi_name_join(arena, pieces, sizeof pieces / sizeof pieces[0]);
  *failed = key.ptr == NULL;
  return *failed ? NULL : k8smi_ctl_object_find(c, key);
}

int k8smi_ctl_apply_workload(struct k8sm_control *c, struct k8sm_workload *w, bool replace,
                             struct k8sm_diags *diags) {
  struct k8sm_workload *with_uid = NULL;
  struct k8smi_arena arena;
  bool failed;
  k8smi_arena_init(&arena, &c->allocator, 0);
  struct ctl_object *o = apply_find(c, w, &arena, &failed);
  k8smi_arena_free(&arena);
  if (failed) return K8SM_ERR_NOMEM;
  if (o == NULL) return apply_new(c, w, diags);
  if (o->owner != NULL) {
    k8smi_find(diags, K8SM_DIAG_FIELD_DUPLICATE, NULL, "%s is made by %s", o->key.ptr, o->owner->key.ptr);
    return K8SM_ERR_INVALID;
  }
  int r = apply_uid(c, o, w, &with_uid, diags);
  if (r != K8SM_OK) return r;
  if (o->deleting)
    apply_replace(c, o, with_uid);
  else
    r = apply_change(c, o, with_uid, replace, diags);
  if (r == K8SM_OK) o->seen = true;
  k8sm_workload_unref(with_uid);
  return r;
}

/* ---- Bare pods ---- */

static int apply_known_pod(struct k8sm_control *c, struct ctl_pod *p, struct k8sm_pod *pod, bool replace,
                           struct k8sm_diags *diags) {
  if (p->owner != NULL) {
    k8smi_find(diags, K8SM_DIAG_POD_EXISTS, NULL, "pod %s is there already, and belongs to %s", p->key.ptr,
               p->owner->key.ptr);
    return K8SM_ERR_INVALID;
  }
  bool same_spec, same_all;
  int r = apply_same(c, K8SMI_TYPE_Pod, K8SMI_Pod_spec, k8smi_pod_record(p->pod), k8smi_pod_record(pod),
                     &same_spec, &same_all);
  if (r != K8SM_OK) return r;
  p->seen = true;
  if (!p->deleting && same_all) return K8SM_OK;
  if (!p->deleting && !replace) {
    struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("spec"));
    k8smi_find(diags, K8SM_DIAG_FIELD_FORBIDDEN, &path,
               "Forbidden: pod updates may not change the pod that runs");
    return K8SM_ERR_INVALID;
  }
  k8sm_pod_unref(p->again);
  p->again = k8smi_pod_hold(pod);
  k8smi_ctl_pod_delete(c, p, -1);
  return K8SM_OK;
}

int k8smi_ctl_apply_pod(struct k8sm_control *c, struct k8sm_pod *pod, bool replace,
                        struct k8sm_diags *diags) {
  struct k8sm_pod *own = NULL;
  struct ctl_pod *p = k8smi_ctl_pod_find_like(c, pod);
  if (p != NULL && !p->planned) return apply_known_pod(c, p, pod, replace, diags);
  int r = k8smi_ctl_stamp(c, pod, &own, diags);
  if (r != K8SM_OK) return r;
  if (p != NULL) k8smi_ctl_pod_drop(c, p); /* nobody knows it yet */
  r = k8smi_ctl_pod_add(c, NULL, own, &p);
  k8sm_pod_unref(own);
  if (r == K8SM_OK) p->planned = p->seen = true;
  return r;
}

/* ---- The whole set ---- */

/* What goes for another one to come in its place goes for good now. */
void k8smi_ctl_complete(struct k8sm_control *c) {
  for (struct ctl_object *o = c->first; o != NULL; o = o->next) {
    if (o->owner == NULL && !o->seen) k8smi_ctl_object_end(c, o, -1);
    o->seen = false;
  }
  for (struct ctl_pod *p = c->loose, *next; p != NULL; p = next) {
    next = p->next;
    if (p->seen)
      p->seen = false;
    else
      k8smi_ctl_pod_end(c, p, -1);
  }
}
