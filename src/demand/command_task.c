/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a pod can be a command task: one task, without an executor of its own, that ends with all that
 * belongs to it. https://mesos.apache.org/documentation/latest/executor-http-api/ has the others. */
#include "demand/build.h"

#include <stdio.h>

/* spec.NAME[i].more; without `more` where that is NULL. */
static bool misfit_at(struct k8smi_form_field *ret, const char *name, size_t i, const char *more) {
  ret->steps[0] = k8smi_path_field(NULL, K8SMI_S("spec"));
  ret->steps[1] = k8smi_path_field(&ret->steps[0], k8smi_s(name));
  ret->steps[2] = k8smi_path_index(&ret->steps[1], i);
  if (more != NULL) ret->steps[3] = k8smi_path_field(&ret->steps[2], k8smi_s(more));
  ret->path = &ret->steps[more != NULL ? 3 : 2];
  return true;
}

static bool misfit_init(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  if (k8smi_get_list(b->spec, K8SMI_PodSpec_initContainers).count == 0) return false;
  return misfit_at(ret, "initContainers", 0, NULL);
}

static bool misfit_containers(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  if (k8smi_get_list(b->spec, K8SMI_PodSpec_containers).count <= 1) return false;
  return misfit_at(ret, "containers", 1, NULL);
}

static bool misfit_volume(const struct k8smi_demand_build *b, unsigned field, const char *name,
                          struct k8smi_form_field *ret) {
  struct k8smi_list list = k8smi_get_list(b->spec, K8SMI_PodSpec_volumes);
  for (size_t i = 0; i < list.count; i++) {
    if (k8smi_has(k8smi_list_record(list, i), field)) return misfit_at(ret, "volumes", i, name);
  }
  return false;
}

static bool misfit_claim(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  return misfit_volume(b, K8SMI_Volume_persistentVolumeClaim, "persistentVolumeClaim", ret) ||
         misfit_volume(b, K8SMI_Volume_ephemeral, "ephemeral", ret);
}

static bool misfit_empty_dir(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  if (!k8smi_task_may_restart(&b->demand->tasks[1])) return false;
  return misfit_volume(b, K8SMI_Volume_emptyDir, "emptyDir", ret);
}

bool k8smi_form_volume_at(struct k8smi_form_field *ret, size_t i, const char *name) {
  return misfit_at(ret, "volumes", i, name);
}

static const struct k8smi_form_rule task_rules[] = {
    {misfit_init, {"spec.initContainers", "a command task has no stages"}},
    {misfit_containers, {"spec.containers", "a command task has one container"}},
    {misfit_claim,
     {"spec.volumes.persistentVolumeClaim, ephemeral",
      "a command task gives its volumes back when it ends, and may start elsewhere the next time"}},
    {misfit_empty_dir,
     {"spec.volumes.emptyDir",
      "a restart is another task, with an empty sandbox; expected restartPolicy Never"}},
};
enum { TASK_RULES = sizeof task_rules / sizeof task_rules[0] };

const struct k8smi_misfit *k8smi_demand_misfit(int docker, size_t i) {
  if (docker) return i < k8smi_docker_rule_count ? &k8smi_docker_rules[i].row : NULL;
  return i < TASK_RULES ? &task_rules[i].row : NULL;
}

/* The first rule that stands against it. */
static const struct k8smi_form_rule *task_find(const struct k8smi_demand_build *b, bool docker,
                                               struct k8smi_form_field *ret) {
  for (size_t i = 0; i < TASK_RULES; i++) {
    if (task_rules[i].stands(b, ret)) return &task_rules[i];
  }
  for (size_t i = 0; docker && i < k8smi_docker_rule_count; i++) {
    if (k8smi_docker_rules[i].stands(b, ret)) return &k8smi_docker_rules[i];
  }
  return NULL;
}

bool k8smi_demand_fits_task(struct k8smi_demand_build *b, uint32_t form, bool falls_back,
                            struct k8sm_slice *ret_why) {
  enum { WHY = 320, PATH = 160 };
  char why[WHY], path[PATH];
  struct k8smi_form_field at;
  const char *name = k8smi_form_name(form).ptr;
  const struct k8smi_form_rule *rule = task_find(b, form == K8SM_FORM_DOCKER, &at);
  if (rule == NULL) return true;
  if (!falls_back) {
    k8smi_demand_refuse(b, at.path, "the form '%s' can't have it: %s", name, rule->row.why);
    return true;
  }
  k8smi_path_write(at.path, path, sizeof path);
  int n = snprintf(why, sizeof why, "the form '%s' was refused: %s: %s", name, path, rule->row.why);
  *ret_why = k8smi_demand_copy(b, (struct k8sm_slice){why, n < WHY ? (size_t)n : WHY - 1});
  return false;
}
