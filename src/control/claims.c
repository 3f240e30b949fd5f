/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

/* The claims of a StatefulSet, and when the driver is to delete them: its
 * persistentVolumeClaimRetentionPolicy.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
 *
 * The record notes up to which ordinal there may be claims. It says less only in a look after the one that
 * has told the driver: whatever crashes between, they are told again. */

static struct k8smi_list claims_templates(const struct ctl_object *o) {
  return k8smi_get_list(o->workload->spec, K8SMI_StatefulSetSpec_volumeClaimTemplates);
}

/* "NAMESPACE/TEMPLATE-SET-ORDINAL" */
static int claims_tell(struct k8sm_control *c, const struct ctl_object *o, struct k8sm_slice template_,
                       int64_t ordinal) {
  const struct k8sm_slice pieces[] = {o->workload->name_space, K8SMI_S("/"), template_, K8SMI_S("-"),
                                      o->workload->name,       K8SMI_S("-")};
  struct k8smi_buf name;
  k8smi_buf_init(&name, &c->allocator);
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) k8smi_buf_slice(&name, pieces[i]);
  k8smi_buf_i64(&name, ordinal);
  const struct k8sm_effect e = {
      .type = K8SM_EFFECT_DELETE_CLAIM, .to = K8SM_TO_DRIVER, .key = {name.ptr, name.len}};
  int r = name.failed ? K8SM_ERR_NOMEM : k8smi_effects_add(c->queue, &e);
  k8smi_buf_free(&name);
  return r;
}

/* Those of all ordinals from `first` on. */
static int claims_end(struct k8sm_control *c, struct ctl_object *o, int64_t first) {
  struct k8smi_list templates = claims_templates(o);
  int r = K8SM_OK;
  for (int64_t ordinal = first; r == K8SM_OK && ordinal < o->claimed; ordinal++) {
    for (size_t i = 0; r == K8SM_OK && i < templates.count; i++) {
      const struct k8smi_record *metadata =
          k8smi_get_record(k8smi_list_record(templates, i), K8SMI_PersistentVolumeClaim_metadata);
      r = claims_tell(c, o, k8smi_get_str(metadata, K8SMI_ObjectMeta_name), ordinal);
    }
  }
  if (r != K8SM_OK) return r;
  o->claims_left = first;
  k8smi_ctl_due(c, o, c->wall_ms); /* the driver knows by then */
  return K8SM_OK;
}

/* Pods beyond the number keep theirs until the last of them is gone: it may become more again. */
int k8smi_ctl_claims_scaled(struct k8sm_control *c, struct ctl_object *o,
                            const struct k8sm_stateful_set_spec *spec) {
  int64_t first = spec->first_ordinal < 0 ? 0 : spec->first_ordinal, end = first + o->replicas;
  bool beyond = false;
  if (o->claims_left >= 0 && o->claims_left < o->claimed) o->claimed = o->claims_left;
  o->claims_left = -1;
  if (claims_templates(o).count == 0 ||
      (spec->claims_when_scaled != K8SM_CLAIMS_DELETE && spec->claims_when_deleted != K8SM_CLAIMS_DELETE)) {
    o->claimed = 0;
    return K8SM_OK;
  }
  for (const struct ctl_pod *p = o->pods; p != NULL; p = p->next) {
    if (p->number >= o->claimed) o->claimed = p->number + 1;
    beyond |= p->number >= end;
  }
  bool ends = spec->claims_when_scaled == K8SM_CLAIMS_DELETE && !beyond && o->claimed > end;
  return ends ? claims_end(c, o, end) : K8SM_OK;
}

int k8smi_ctl_claims_deleted(struct k8sm_control *c, struct ctl_object *o, bool *wait) {
  struct k8sm_stateful_set_spec spec = {.size = sizeof spec};
  *wait = false;
  if (o->kind->number != K8SM_WORKLOAD_STATEFUL_SET || o->claims_left == 0) return K8SM_OK;
  k8smi_ctl_sure(k8sm_workload_get_stateful_set(o->workload, &spec));
  if (spec.claims_when_deleted != K8SM_CLAIMS_DELETE || o->claimed == 0) return K8SM_OK;
  int r = claims_end(c, o, spec.first_ordinal < 0 ? 0 : spec.first_ordinal);
  if (r == K8SM_OK) o->claims_left = 0;
  *wait = r == K8SM_OK;
  return r;
}
