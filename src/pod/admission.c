/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

#include <inttypes.h>

#include "base/abi.h"

/* What the API server's default admission adds to a pod: the Priority and DefaultTolerationSeconds plugins.
 */

enum { ADMISSION_TOLERATION_SECONDS = 300 };

static const struct k8sm_priority_class admission_classes[] = {
    {{"system-node-critical", 20}, {"PreemptLowerPriority", 20}, 2000001000, 0},
    {{"system-cluster-critical", 23}, {"PreemptLowerPriority", 20}, 2000000000, 0},
};

struct admission {
  const struct k8sm_admission_options *o;
  const struct k8smi_path *spec;
  struct k8sm_diags *diags;
  struct k8smi_edit edit; /* of the spec */
  bool bad;
};

static const struct k8sm_priority_class admission_none = {{"", 0}, {"PreemptLowerPriority", 20}, 0, 0};

/* The class of a name; of no name the default one, the lowest if there are several. False: there is none. */
static bool admission_class(const struct k8sm_admission_options *o, struct k8sm_slice name,
                            struct k8sm_priority_class *ret) {
  struct k8sm_priority_class row;
  bool found = false;
  for (size_t i = 0; i < sizeof admission_classes / sizeof admission_classes[0]; i++) {
    if (!k8smi_eq(admission_classes[i].name, name)) continue;
    *ret = admission_classes[i];
    return true;
  }
  for (size_t i = 0; i < o->class_count; i++) {
    k8smi_row_read(&row, sizeof row, o->classes, o->class_size, i);
    bool is = name.len > 0 ? k8smi_eq(row.name, name) : row.global_default != 0;
    if (!is || (found && row.value >= ret->value)) continue;
    *ret = row;
    found = true;
    if (name.len > 0) return true;
  }
  if (!found && name.len == 0) {
    *ret = admission_none;
    found = true;
  }
  return found;
}

static void admission_priority(struct admission *a, const struct k8smi_record *spec) {
  struct k8sm_slice name = k8smi_get_str(spec, K8SMI_PodSpec_priorityClassName);
  struct k8sm_slice policy = k8smi_get_str(spec, K8SMI_PodSpec_preemptionPolicy);
  struct k8smi_path at_name = k8smi_path_field(a->spec, K8SMI_S("priorityClassName"));
  struct k8smi_path at_priority = k8smi_path_field(a->spec, K8SMI_S("priority"));
  struct k8smi_path at_policy = k8smi_path_field(a->spec, K8SMI_S("preemptionPolicy"));
  struct k8sm_priority_class class_ = admission_none;
  if (!admission_class(a->o, name, &class_)) {
    a->bad = true;
    k8smi_find(a->diags, K8SM_DIAG_FIELD_FORBIDDEN, &at_name,
               "Forbidden: no PriorityClass with name %.*s was found", K8SMI_P(name));
    return;
  }
  int64_t own = k8smi_get_i64(spec, K8SMI_PodSpec_priority, class_.value);
  if (own != class_.value) {
    a->bad = true;
    k8smi_find(a->diags, K8SM_DIAG_FIELD_FORBIDDEN, &at_priority,
               "Forbidden: the integer value of priority (%" PRId64
               ") must not be provided in pod spec; priority "
               "admission controller computed %" PRId32 " from the given PriorityClass name",
               own, class_.value);
  }
  if (policy.len > 0 && !k8smi_eq(policy, class_.preemption_policy)) {
    a->bad = true;
    k8smi_find(
        a->diags, K8SM_DIAG_FIELD_FORBIDDEN, &at_policy,
        "Forbidden: the string value of PreemptionPolicy (%.*s) must not be provided in pod spec; priority "
        "admission controller computed %.*s from the given PriorityClass name",
        K8SMI_P(policy), K8SMI_P(class_.preemption_policy));
  }
  if (class_.name.len > 0) k8smi_edit_text(&a->edit, K8SMI_PodSpec_priorityClassName, class_.name);
  k8smi_edit_number(&a->edit, K8SMI_PodSpec_priority, class_.value);
  k8smi_edit_text(&a->edit, K8SMI_PodSpec_preemptionPolicy, class_.preemption_policy);
}

/* Whether the pod says itself what is to happen when the taint comes; no key and no effect are all of them.
 */
static bool admission_tolerates(struct k8smi_list tolerations, const char *taint) {
  for (size_t i = 0; i < tolerations.count; i++) {
    struct k8sm_slice key = k8smi_get_str(k8smi_list_record(tolerations, i), K8SMI_Toleration_key);
    struct k8sm_slice effect = k8smi_get_str(k8smi_list_record(tolerations, i), K8SMI_Toleration_effect);
    if ((key.len == 0 || k8smi_eqs(key, taint)) && (effect.len == 0 || k8smi_eqs(effect, "NoExecute")))
      return true;
  }
  return false;
}

static void admission_tolerations(struct admission *a, const struct k8smi_record *spec) {
  static const char *const taints[] = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"};
  struct k8smi_list before = k8smi_get_list(spec, K8SMI_PodSpec_tolerations);
  int64_t seconds = a->o->toleration_seconds == 0 ? ADMISSION_TOLERATION_SECONDS : a->o->toleration_seconds;
  for (size_t i = 0; i < sizeof taints / sizeof taints[0]; i++) {
    struct k8smi_edit e;
    if (admission_tolerates(before, taints[i])) continue;
    k8smi_edit_begin(&e, a->edit.arena, NULL);
    k8smi_edit_text(&e, K8SMI_Toleration_key, k8smi_s(taints[i]));
    k8smi_edit_text(&e, K8SMI_Toleration_operator, K8SMI_S("Exists"));
    k8smi_edit_text(&e, K8SMI_Toleration_effect, K8SMI_S("NoExecute"));
    k8smi_edit_number(&e, K8SMI_Toleration_tolerationSeconds, seconds);
    k8smi_edit_append(&a->edit, K8SMI_PodSpec_tolerations, k8smi_edit_end(&e));
  }
}

int k8smi_pod_admit(struct k8sm_pod *pod, const struct k8sm_admission_options *options,
                    const struct k8smi_path *path, struct k8sm_diags *diags) {
  static const struct k8sm_admission_options defaults = {.size = sizeof defaults};
  const struct k8smi_record *spec = k8smi_get_record(pod->record, K8SMI_Pod_spec);
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("spec"));
  struct admission a = {.o = options == NULL ? &defaults : options, .spec = &at, .diags = diags};
  struct k8smi_edit top;
  uint64_t flags = a.o->flags == 0 ? K8SM_ADMIT_PRIORITY | K8SM_ADMIT_TOLERATIONS : a.o->flags;
  k8smi_edit_begin(&a.edit, &pod->arena, spec);
  if (flags & K8SM_ADMIT_PRIORITY) admission_priority(&a, spec);
  if (flags & K8SM_ADMIT_TOLERATIONS) admission_tolerations(&a, spec);
  if (a.bad) return K8SM_ERR_INVALID;
  k8smi_edit_begin(&top, &pod->arena, pod->record);
  k8smi_edit_record(&top, K8SMI_Pod_spec, k8smi_edit_end(&a.edit));
  const struct k8smi_record *record = k8smi_edit_end(&top);
  if (record == NULL) return k8smi_find_nomem(diags, k8smi_arena_error(&pod->arena));
  pod->record = record;
  return K8SM_OK;
}

int k8sm_pod_admit(const struct k8sm_pod *pod, const struct k8sm_admission_options *options,
                   struct k8sm_pod **ret, struct k8sm_diags *diags) {
  struct k8sm_admission_options o;
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_admission_options", diags);
  if (r != K8SM_OK) return r;
  struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("flags"));
  if ((o.flags & ~(uint64_t)(K8SM_ADMIT_PRIORITY | K8SM_ADMIT_TOLERATIONS)) != 0) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, &path, "expected K8SM_ADMIT_* only");
    return K8SM_ERR_INVALID;
  }
  struct k8sm_pod *copy = K8SMI_VALUE_NEW(k8sm_pod, o.allocator, 0);
  if (copy == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_refs_init(&copy->refs);
  copy->record = pod->record;
  copy->base = k8sm_pod_ref((struct k8sm_pod *)(uintptr_t)pod);
  r = k8smi_pod_admit(copy, &o, NULL, diags);
  if (r == K8SM_OK) {
    *ret = copy;
  } else {
    k8sm_pod_unref(copy);
  }
  return r;
}

int k8smi_manifest_admit(struct k8smi_parse *p, struct k8sm_manifest *m) {
  struct k8smi_manifest_pod *pods = m->pods.items;
  struct k8sm_admission_options o = {.size = sizeof o,
                                     .classes = m->classes.items,
                                     .class_count = m->classes.count,
                                     .class_size = sizeof(struct k8sm_priority_class)};
  int wrong = K8SM_OK;
  if ((p->options.flags & K8SM_PARSE_ADMISSION) == 0) return K8SM_OK;
  for (size_t i = 0; i < m->pods.count; i++) {
    struct k8smi_path path = k8smi_path_field(NULL, pods[i].path);
    size_t before = p->diags == NULL ? 0 : p->diags->count;
    /* The replicas of a workload are alike: the first one speaks for all. */
    if (pods[i].row.replica > 0 && wrong != K8SM_OK) continue;
    int r = k8smi_pod_admit(pods[i].row.pod, &o, pods[i].path.len == 0 ? NULL : &path, p->diags);
    k8smi_find_document(p->diags, before, pods[i].row.document);
    if (r == K8SM_ERR_NOMEM || r == K8SM_ERR_LIMIT) return r;
    if (wrong == K8SM_OK) wrong = r;
  }
  return wrong;
}
