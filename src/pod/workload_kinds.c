/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload.h"

#define WORKLOAD_SPEC(T, N, ends, selector, note)                                                            \
  {                                                                                                          \
    K8SMI_TYPE_##T, K8SM_WORKLOAD_##N, ends, 2, {K8SMI_##T##_spec, K8SMI_##T##Spec_template},                \
        K8SMI_##T##Spec_replicas, selector, note                                                             \
  }
static const struct k8smi_workload_kind workload_kinds[] = {
    {K8SMI_TYPE_PodTemplate,
     K8SM_WORKLOAD_POD_TEMPLATE,
     false,
     1,
     {K8SMI_PodTemplate_template},
     K8SMI_WORKLOAD_NO_FIELD,
     K8SMI_WORKLOAD_NO_FIELD,
     NULL},
    WORKLOAD_SPEC(ReplicationController, REPLICATION_CONTROLLER, false,
                  K8SMI_ReplicationControllerSpec_selector, NULL),
    WORKLOAD_SPEC(ReplicaSet, REPLICA_SET, false, K8SMI_ReplicaSetSpec_selector, NULL),
    WORKLOAD_SPEC(Deployment, DEPLOYMENT, false, K8SMI_DeploymentSpec_selector, NULL),
    WORKLOAD_SPEC(StatefulSet, STATEFUL_SET, false, K8SMI_StatefulSetSpec_selector, NULL),
    {K8SMI_TYPE_DaemonSet,
     K8SM_WORKLOAD_DAEMON_SET,
     false,
     2,
     {K8SMI_DaemonSet_spec, K8SMI_DaemonSetSpec_template},
     K8SMI_WORKLOAD_NO_FIELD,
     K8SMI_DaemonSetSpec_selector,
     "the pod is taken once, not once for each node"},
    {K8SMI_TYPE_Job,
     K8SM_WORKLOAD_JOB,
     true,
     2,
     {K8SMI_Job_spec, K8SMI_JobSpec_template},
     K8SMI_WORKLOAD_NO_FIELD,
     K8SMI_JobSpec_selector,
     NULL},
    {K8SMI_TYPE_CronJob,
     K8SM_WORKLOAD_CRON_JOB,
     true,
     4,
     {K8SMI_CronJob_spec, K8SMI_CronJobSpec_jobTemplate, K8SMI_JobTemplateSpec_spec, K8SMI_JobSpec_template},
     K8SMI_WORKLOAD_NO_FIELD,
     K8SMI_WORKLOAD_NO_FIELD,
     "the job is taken once, whatever the schedule"},
};

const struct k8smi_workload_kind *k8smi_workload_kind(unsigned type) {
  for (size_t i = 0; i < sizeof workload_kinds / sizeof workload_kinds[0]; i++) {
    if (workload_kinds[i].type == type) return &workload_kinds[i];
  }
  return NULL;
}

const struct k8smi_path *k8smi_workload_path(const struct k8smi_workload_kind *kind, size_t steps,
                                             const struct k8smi_path *object,
                                             struct k8smi_path place[K8SMI_WORKLOAD_STEPS]) {
  const struct k8smi_path *parent = object;
  unsigned type = kind->type;
  for (size_t i = 0; i < steps; i++) {
    const struct k8smi_field *field = &k8smi_types[type].fields[kind->path[i]];
    place[i] = k8smi_path_field(parent, field->name);
    parent = &place[i];
    type = field->child;
  }
  return parent;
}

static int64_t workload_job_pods(const struct k8smi_record *spec) {
  int64_t most = k8smi_get_i64(spec, K8SMI_JobSpec_completions, INT64_MAX);
  int64_t count = k8smi_get_i64(spec, K8SMI_JobSpec_parallelism, 1);
  if (k8smi_get_bool(spec, K8SMI_JobSpec_suspend, false)) return 0;
  return count > most ? most : count;
}

int64_t k8smi_workload_pods(const struct k8sm_workload *w) {
  int64_t count = 1;
  if (w->kind->replicas != K8SMI_WORKLOAD_NO_FIELD) count = k8smi_get_i64(w->spec, w->kind->replicas, 1);
  if (w->kind->ends) count = workload_job_pods(w->spec);
  return count < 0 ? 0 : count;
}

int64_t k8smi_workload_first_ordinal(const struct k8sm_workload *w) {
  if (w->kind->number != K8SM_WORKLOAD_STATEFUL_SET) return 0;
  return k8smi_get_i64(k8smi_get_record(w->spec, K8SMI_StatefulSetSpec_ordinals),
                       K8SMI_StatefulSetOrdinals_start, 0);
}

bool k8smi_workload_is_indexed(const struct k8sm_workload *w) {
  return w->kind->number == K8SM_WORKLOAD_JOB &&
         k8smi_eqs(k8smi_get_str(w->spec, K8SMI_JobSpec_completionMode), "Indexed");
}
