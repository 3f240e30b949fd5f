/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

#include "pod/names.h"

/* Workload kinds → the pods that their controllers would make first. */

struct manifest_workload {
  const struct k8smi_object *object;
  const struct k8smi_workload_kind *kind;
  struct k8sm_slice owner; /* "ReplicationController/kube-dns", in the manifest */
  struct k8smi_path path[K8SMI_WORKLOAD_STEPS];
  const struct k8smi_path *template_; /* its path */
};

/* What an object of a group version that is gone has otherwise than today: its version, and a selector that
 * is made of the template's labels. NULL when memory ran out. */
static const struct k8smi_record *workload_update(const struct k8smi_workload_kind *kind,
                                                  const struct k8smi_record *object,
                                                  struct k8smi_arena *arena) {
  const struct k8smi_record *spec = k8smi_get_record(object, kind->path[0]);
  struct k8smi_edit top, of_spec, selector;
  k8smi_edit_begin(&top, arena, object);
  k8smi_edit_text(&top, K8SMI_Pod_apiVersion, kind->ends ? K8SMI_S("batch/v1") : K8SMI_S("apps/v1"));
  if (kind->selector != K8SMI_WORKLOAD_NO_FIELD && spec != NULL && !k8smi_has(spec, kind->selector)) {
    const struct k8smi_record *template_ = k8smi_get_record(spec, kind->path[1]);
    struct k8smi_list labels =
        k8smi_get_list(k8smi_get_record(template_, K8SMI_PodTemplateSpec_metadata), K8SMI_ObjectMeta_labels);
    struct k8smi_list *copy = k8smi_arena_alloc(arena, sizeof *copy);
    if (copy != NULL) *copy = labels;
    k8smi_edit_begin(&selector, arena, NULL);
    k8smi_edit_list(&selector, K8SMI_LabelSelector_matchLabels, copy);
    k8smi_edit_begin(&of_spec, arena, spec);
    k8smi_edit_record(&of_spec, kind->selector, k8smi_edit_end(&selector));
    k8smi_edit_record(&top, kind->path[0], k8smi_edit_end(&of_spec));
  }
  return k8smi_edit_end(&top);
}

/* The object with what it says only by where it stands: kind and version of an item of a typed list, and
 * the namespace; and with the name that it has generated. */
static int workload_complete(struct manifest_workload *m, struct k8sm_pod *pod,
                             const struct k8smi_record **object) {
  struct k8smi_edit e;
  if (m->object->legacy) *object = workload_update(m->kind, *object, &pod->arena);
  if (*object == NULL) return k8smi_find_nomem(m->object->parse->diags, k8smi_arena_error(&pod->arena));
  k8smi_edit_begin(&e, &pod->arena, *object);
  if (!k8smi_has(*object, K8SMI_Pod_kind)) k8smi_edit_text(&e, K8SMI_Pod_kind, m->object->kind);
  if (!k8smi_has(*object, K8SMI_Pod_apiVersion))
    k8smi_edit_text(&e, K8SMI_Pod_apiVersion, m->object->api_version);
  pod->record = k8smi_edit_end(&e);
  if (pod->record == NULL) return k8smi_find_nomem(m->object->parse->diags, k8smi_arena_error(&pod->arena));
  /* Its head is that of a pod. */
  int r = k8smi_parse_generates_name(m->object->parse, pod)
              ? k8smi_parse_generate_name(m->object->parse, pod, m->object->manifest->generated++)
              : k8smi_parse_namespace(m->object->parse, pod);
  *object = pod->record;
  return r;
}

/* What no pods can be made without, and what nobody looks for where nothing is validated. */
static int workload_need(const struct manifest_workload *m, const struct k8smi_record *object) {
  const struct k8smi_record *at = object, *metadata = k8smi_get_record(object, K8SMI_Pod_metadata);
  struct k8smi_path parent = k8smi_path_field(m->object->path, K8SMI_S("metadata"));
  struct k8smi_path name = k8smi_path_field(&parent, K8SMI_S("name"));
  const struct k8smi_path *missing = NULL;
  if ((m->object->parse->options.flags & K8SM_PARSE_NO_VALIDATE) == 0) return K8SM_OK;
  for (unsigned i = 0; i < m->kind->steps; i++) at = k8smi_get_record(at, m->kind->path[i]);
  if (at == NULL) missing = m->template_;
  if (k8smi_get_str(metadata, K8SMI_ObjectMeta_name).len == 0) missing = &name;
  if (missing == NULL) return K8SM_OK;
  k8smi_find(m->object->parse->diags, K8SM_DIAG_FIELD_REQUIRED, missing, "Required value");
  return K8SM_ERR_INVALID;
}

/* Reads the object into a workload; *wrong: it is no good, but there is one to look at. */
static int workload_read(struct manifest_workload *m, int *wrong, struct k8sm_workload **ret) {
  struct k8smi_parse *p = m->object->parse;
  const struct k8smi_record *object = NULL;
  struct k8sm_pod *pod = NULL;
  int r = k8smi_parse_new_pod(p, &pod);
  if (r != K8SM_OK) return r;
  *wrong = k8smi_manifest_record(m->object, &pod->arena, m->kind->type, &object);
  r = object == NULL || *wrong != K8SM_ERR_INVALID ? *wrong : K8SM_OK;
  if (r == K8SM_OK) r = workload_complete(m, pod, &object);
  if (r == K8SM_OK) r = workload_need(m, object);
  if (r == K8SM_OK)
    return k8smi_workload_make(pod, m->kind, object, p->options.flags, p->options.allocator, ret, p->diags);
  k8sm_pod_unref(pod);
  return r;
}

static bool workload_owner(struct manifest_workload *m, const struct k8sm_workload *w) {
  const struct k8sm_slice pieces[] = {k8smi_types[m->kind->type].name, K8SMI_S("/"), w->name};
  m->owner = k8smi_name_join(&m->object->manifest->arena, pieces, 3);
  return m->owner.ptr != NULL;
}

/* A pod of it, which is added or only looked at: all are alike, so the first speaks for all. */
static int workload_add(struct manifest_workload *m, uint32_t replica, bool keep, struct k8sm_pod *pod) {
  int r = replica == 0 ? k8smi_pod_complete(m->object->parse, pod, m->template_) : K8SM_OK;
  if (r == K8SM_OK && keep) return k8smi_manifest_add_pod(m->object, pod, m->template_, replica, m->owner);
  k8sm_pod_unref(pod);
  return r;
}

/* The first `count` pods. The first one is made and looked at in any case. */
static int workload_expand(struct manifest_workload *m, const struct k8sm_workload *maker, int64_t count) {
  int64_t first = k8smi_workload_first_ordinal(maker);
  for (int64_t i = 0; i < count || i == 0; i++) {
    struct k8sm_instance_options o = {
        .size = sizeof o, .allocator = m->object->parse->options.allocator, .ordinal = (uint32_t)(first + i)};
    struct k8sm_pod *pod = NULL;
    int r = k8smi_workload_instance(maker, &o, &pod, m->object->parse->diags);
    if (r == K8SM_OK) r = workload_add(m, (uint32_t)i, i < count, pod);
    if (r != K8SM_OK) return r;
  }
  return K8SM_OK;
}

/* The template under the workload's own name. */
static int workload_add_template(struct manifest_workload *m, const struct k8sm_workload *w) {
  struct k8sm_pod *pod = NULL;
  int r = k8smi_parse_new_pod(m->object->parse, &pod);
  if (r != K8SM_OK) return r;
  pod->base = k8sm_pod_ref(w->pod);
  pod->record = w->pod->record;
  return k8smi_manifest_add_pod(m->object, pod, m->template_, 0, m->owner);
}

/* The pods, by way of the workload between, where there is one; or the template that stands for them. */
static int workload_pods(struct manifest_workload *m, const struct k8sm_workload *w) {
  struct k8sm_diags *diags = m->object->parse->diags;
  bool templates = (m->object->parse->options.flags & K8SM_PARSE_TEMPLATES) != 0;
  struct k8sm_instance_options o = {.size = sizeof o, .allocator = m->object->parse->options.allocator};
  struct k8sm_workload *child = NULL;
  if (m->kind->note != NULL && !templates)
    k8smi_find_as(diags, K8SM_DIAG_TASK_FIELD_APPROXIMATED, K8SM_SEVERITY_NOTE, m->object->path, "%.*s: %s",
                  K8SMI_P(m->owner), m->kind->note);
  int r = k8sm_workload_child(w, &o, &child, diags);
  const struct k8sm_workload *maker = child == NULL ? w : child;
  if (r == K8SM_OK || r == K8SM_ERR_UNSUPPORTED)
    r = workload_expand(m, maker, templates ? 0 : k8smi_workload_pods(maker));
  k8sm_workload_unref(child);
  return r == K8SM_OK && templates ? workload_add_template(m, w) : r;
}

/* Takes the caller's reference of the workload. */
static int workload_row(struct manifest_workload *m, struct k8sm_workload *w, size_t first_pod) {
  struct k8sm_manifest *manifest = m->object->manifest;
  struct k8sm_manifest_workload *row =
      k8smi_rows_add(&manifest->workloads, &manifest->arena.allocator, sizeof *row);
  if (row == NULL) {
    k8sm_workload_unref(w);
    return k8smi_find_nomem(m->object->parse->diags, K8SM_ERR_NOMEM);
  }
  *row = (struct k8sm_manifest_workload){w, m->object->document, (uint32_t)first_pod,
                                         (uint32_t)(manifest->pods.count - first_pod), 0};
  return K8SM_OK;
}

int k8smi_manifest_workload(const struct k8smi_object *object, unsigned type) {
  struct manifest_workload m = {.object = object, .kind = k8smi_workload_kind(type)};
  struct k8smi_parse *p = object->parse;
  struct k8sm_workload *w = NULL;
  size_t first_pod = object->manifest->pods.count;
  int wrong = K8SM_OK, bad = K8SM_OK;
  m.template_ = k8smi_workload_path(m.kind, m.kind->steps, object->path, m.path);
  int r = workload_read(&m, &wrong, &w);
  if (r != K8SM_OK) return r;
  if (!workload_owner(&m, w)) r = k8smi_find_nomem(p->diags, k8smi_arena_error(&object->manifest->arena));
  if (r == K8SM_OK && (p->options.flags & K8SM_PARSE_NO_VALIDATE) == 0)
    bad = k8smi_workload_check(w, object->path, p->unread, p->diags);
  if (bad == K8SM_ERR_NOMEM) r = bad;
  if (r == K8SM_OK && wrong == K8SM_OK && bad == K8SM_OK) r = workload_pods(&m, w);
  if (r == K8SM_OK && type == K8SMI_TYPE_StatefulSet) r = k8smi_manifest_claims(object, w);
  if (r == K8SM_OK) r = wrong != K8SM_OK ? wrong : bad;
  if (r == K8SM_OK) return workload_row(&m, w, first_pod);
  k8sm_workload_unref(w);
  return r;
}
