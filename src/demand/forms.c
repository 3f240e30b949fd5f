/* SPDX-License-Identifier: Apache-2.0 */
/* In which form a pod runs. The first of annotation, options and defaults that says something decides. */
#include "demand/build.h"

#define FORM_ANNOTATION "k8s.mesosphere.io/form"
#define FORM_ANY_ROLE   "*"

static const struct {
  struct k8sm_slice name;
  bool reserves;
} forms[] = {
    [K8SM_FORM_BUDGET] = {{"budget", 6}, false},
    [K8SM_FORM_BUDGET_RESERVED] = {{"budget-reserved", 15}, true},
    [K8SM_FORM_RESERVED] = {{"reserved", 8}, true},
    [K8SM_FORM_COMMAND] = {{"command", 7}, false},
    [K8SM_FORM_DOCKER] = {{"docker", 6}, false},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

struct k8sm_slice k8smi_form_name(uint32_t form) {
  return forms[form].name;
}

bool k8smi_form_reserves(uint32_t form) {
  return forms[form].reserves;
}

uint32_t k8smi_form_find(struct k8sm_slice name) {
  for (uint32_t i = K8SM_FORM_AUTO + 1; i < FORMS; i++) {
    if (k8smi_eq(forms[i].name, name)) return i;
  }
  return K8SM_FORM_AUTO;
}

/* Nothing can be reserved for everybody: such a role is left out. */
static void form_leave_any_role(struct k8smi_demand_build *b) {
  struct k8sm_demand *d = b->demand;
  struct k8sm_slice *kept = k8smi_demand_array(b, d->roles.count, sizeof *kept);
  size_t n = 0;
  for (size_t i = 0; kept != NULL && i < d->roles.count; i++) {
    if (!k8smi_eqs(d->roles.items[i], FORM_ANY_ROLE)) kept[n++] = d->roles.items[i];
  }
  d->roles = (struct k8smi_strings){kept, n};
}

static bool form_has_role(const struct k8sm_demand *d) {
  for (size_t i = 0; i < d->roles.count; i++) {
    if (!k8smi_eqs(d->roles.items[i], FORM_ANY_ROLE)) return true;
  }
  return false;
}

static void form_set(struct k8sm_demand *d, uint32_t form, const char *reason) {
  d->form = form;
  d->form_reason = k8smi_s(reason);
}

static void form_of_defaults(struct k8sm_demand *d) {
  if (d->principal.len == 0) {
    form_set(d, K8SM_FORM_BUDGET, "no principal is stated, for whom tokens would be reserved");
  } else if (!form_has_role(d)) {
    form_set(d, K8SM_FORM_BUDGET, "the pod has no role but \"*\", for which nothing can be reserved");
  } else {
    form_set(d, K8SM_FORM_BUDGET_RESERVED,
             "the pod has a role and the framework a principal: its tokens are reserved, so that no restart "
             "waits for others");
  }
}

/* One that was asked for, and reserves, must be able to. */
static void form_check(struct k8smi_demand_build *b, const struct k8smi_path *path) {
  struct k8sm_demand *d = b->demand;
  if (!k8smi_form_reserves(d->form)) return;
  if (form_has_role(d)) {
    form_leave_any_role(b);
  } else {
    k8smi_demand_refuse(b, path,
                        "the form '%s' needs a role other than \"*\": nothing can be reserved for that",
                        forms[d->form].name.ptr);
  }
}

/* By the annotation or the options; AUTO: by neither. *ret_path: where it is reported. */
static uint32_t form_asked(struct k8smi_demand_build *b, const struct k8smi_path *annotation,
                           const struct k8smi_path **ret_path) {
  struct k8sm_slice text = k8smi_get_pair(b->metadata, K8SMI_ObjectMeta_annotations, FORM_ANNOTATION);
  bool fixed = (b->options.flags & K8SM_DEMAND_FORM_IS_FIXED) != 0 && b->options.form != K8SM_FORM_AUTO;
  uint32_t asked = k8smi_form_find(text);
  if (text.ptr != NULL && asked == K8SM_FORM_AUTO) {
    k8smi_demand_refuse(b, annotation,
                        "'%.*s': expected 'budget', 'budget-reserved', 'reserved', 'command' or 'docker'",
                        K8SMI_P(text));
  }
  bool own = asked != K8SM_FORM_AUTO && !fixed;
  *ret_path = own ? annotation : NULL;
  return own ? asked : b->options.form;
}

/* One task is all there is of the pod. */
static void form_become_task(struct k8sm_demand *d) {
  d->tasks[0].launch = false;
  d->tasks[1].share_pid = d->host_pid;
  d->share_cgroups_false = false; /* its container is no other one's child */
}

void k8smi_demand_make_form(struct k8smi_demand_build *b) {
  struct k8sm_demand *d = b->demand;
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path list = k8smi_path_field(&metadata, K8SMI_S("annotations"));
  struct k8smi_path annotation = k8smi_path_key(&list, K8SMI_S(FORM_ANNOTATION));
  const struct k8smi_path *path;
  bool falls_back = (b->options.flags & K8SM_DEMAND_FORM_FALLBACK) != 0;
  uint32_t asked = form_asked(b, &annotation, &path);
  struct k8sm_slice why = {NULL, 0};
  bool task = asked == K8SM_FORM_COMMAND || asked == K8SM_FORM_DOCKER;
  if (task && !k8smi_demand_fits_task(b, asked, falls_back, &why)) asked = K8SM_FORM_AUTO;
  if (asked == K8SM_FORM_AUTO) {
    form_of_defaults(d);
    if (why.len > 0) d->form_reason = why;
    return;
  }
  form_set(d, asked, path != NULL ? "its annotation " FORM_ANNOTATION " says so" : "the options say so");
  if (k8smi_demand_is_task(d)) form_become_task(d);
  form_check(b, path);
}

void k8smi_demand_check_volume_roles(struct k8smi_demand_build *b) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list = k8smi_path_field(&spec, K8SMI_S("volumes"));
  if (b->demand->volume_count == 0) return;
  if (form_has_role(b->demand)) {
    form_leave_any_role(b);
  } else {
    k8smi_demand_refuse(b, &list,
                        "persistent volumes are reserved for a role, and the pod has none but \"*\"");
  }
}
