/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

/* What tells the kinds apart: by table. */

#define KIND_COUNT(T, name, member)                                                                          \
  { K8SMI_##T##_##name, CTL_COUNT, offsetof(struct ctl_object, counts.member) }
#define KIND_OPTION(T, name, member)                                                                         \
  { K8SMI_##T##_##name, CTL_OPTION, offsetof(struct ctl_object, counts.member) }
#define KIND_TIME(T, name, member)                                                                           \
  { K8SMI_##T##_##name, CTL_TIME, offsetof(struct ctl_object, counts.member) }
#define KIND_TEXT(T, name, member)                                                                           \
  { K8SMI_##T##_##name, CTL_TEXT, offsetof(struct ctl_object, member) }

static const struct ctl_status_field kind_replication_controller[] = {
    KIND_COUNT(ReplicationControllerStatus, replicas, replicas),
    KIND_COUNT(ReplicationControllerStatus, fullyLabeledReplicas, labeled),
    KIND_COUNT(ReplicationControllerStatus, readyReplicas, ready),
    KIND_COUNT(ReplicationControllerStatus, availableReplicas, available),
};
static const struct ctl_status_field kind_replica_set[] = {
    KIND_COUNT(ReplicaSetStatus, replicas, replicas),
    KIND_COUNT(ReplicaSetStatus, fullyLabeledReplicas, labeled),
    KIND_COUNT(ReplicaSetStatus, readyReplicas, ready),
    KIND_COUNT(ReplicaSetStatus, availableReplicas, available),
    KIND_OPTION(ReplicaSetStatus, terminatingReplicas, terminating),
};
static const struct ctl_status_field kind_deployment[] = {
    KIND_COUNT(DeploymentStatus, replicas, replicas),
    KIND_COUNT(DeploymentStatus, updatedReplicas, updated),
    KIND_COUNT(DeploymentStatus, readyReplicas, ready),
    KIND_COUNT(DeploymentStatus, availableReplicas, available),
    KIND_COUNT(DeploymentStatus, unavailableReplicas, unavailable),
    KIND_OPTION(DeploymentStatus, terminatingReplicas, terminating),
    KIND_OPTION(DeploymentStatus, collisionCount, collisions),
};

static const struct ctl_status_field kind_stateful_set[] = {
    KIND_COUNT(StatefulSetStatus, replicas, replicas),
    KIND_COUNT(StatefulSetStatus, readyReplicas, ready),
    KIND_COUNT(StatefulSetStatus, currentReplicas, current),
    KIND_COUNT(StatefulSetStatus, updatedReplicas, updated),
    KIND_COUNT(StatefulSetStatus, availableReplicas, available),
    KIND_TEXT(StatefulSetStatus, currentRevision, current_revision),
    KIND_TEXT(StatefulSetStatus, updateRevision, update_revision),
    KIND_OPTION(StatefulSetStatus, collisionCount, collisions),
};
static const struct ctl_status_field kind_daemon_set[] = {
    KIND_COUNT(DaemonSetStatus, currentNumberScheduled, current),
    KIND_COUNT(DaemonSetStatus, numberMisscheduled, misplaced),
    KIND_COUNT(DaemonSetStatus, desiredNumberScheduled, wanted),
    KIND_COUNT(DaemonSetStatus, numberReady, ready),
    KIND_COUNT(DaemonSetStatus, updatedNumberScheduled, updated),
    KIND_COUNT(DaemonSetStatus, numberAvailable, available),
    KIND_COUNT(DaemonSetStatus, numberUnavailable, unavailable),
    KIND_OPTION(DaemonSetStatus, collisionCount, collisions),
};

static const struct ctl_status_field kind_job[] = {
    KIND_TIME(JobStatus, startTime, start_ms),
    KIND_TIME(JobStatus, completionTime, completion_ms),
    KIND_COUNT(JobStatus, active, active),
    KIND_COUNT(JobStatus, succeeded, succeeded),
    KIND_COUNT(JobStatus, failed, failed),
    KIND_OPTION(JobStatus, terminating, terminating),
    KIND_OPTION(JobStatus, ready, ready),
    KIND_TEXT(JobStatus, completedIndexes, completed_indexes),
    KIND_TEXT(JobStatus, failedIndexes, failed_indexes),
};

static const struct ctl_status_field kind_cron_job[] = {
    KIND_TIME(CronJobStatus, lastScheduleTime, scheduled_ms),
    KIND_TIME(CronJobStatus, lastSuccessfulTime, success_ms),
};

static const uint8_t kind_fixed_job[] = {K8SMI_JobSpec_completions,      K8SMI_JobSpec_selector,
                                         K8SMI_JobSpec_template,         K8SMI_JobSpec_completionMode,
                                         K8SMI_JobSpec_podFailurePolicy, K8SMI_JobSpec_backoffLimitPerIndex,
                                         K8SMI_JobSpec_successPolicy,    K8SMI_JobSpec_managedBy};
static const uint8_t kind_fixed_daemon_set[] = {K8SMI_DaemonSetSpec_selector};
static const uint8_t kind_fixed_stateful_set[] = {
    K8SMI_StatefulSetSpec_selector, K8SMI_StatefulSetSpec_serviceName,
    K8SMI_StatefulSetSpec_podManagementPolicy, K8SMI_StatefulSetSpec_volumeClaimTemplates};
static const uint8_t kind_fixed_replica_set[] = {K8SMI_ReplicaSetSpec_selector};
static const uint8_t kind_fixed_deployment[] = {K8SMI_DeploymentSpec_selector};

#define KIND_ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

static const struct ctl_kind kind_table[] = {
    {K8SM_WORKLOAD_REPLICATION_CONTROLLER, K8SMI_ReplicationController_status,
     K8SMI_TYPE_ReplicationControllerStatus, K8SMI_ReplicationControllerStatus_observedGeneration,
     K8SMI_ReplicationControllerStatus_conditions, K8SMI_TYPE_ReplicationControllerCondition,
     KIND_ROWS(kind_replication_controller), NULL, 0, k8smi_ctl_look_replicas, k8smi_ctl_show_replicas},
    {K8SM_WORKLOAD_REPLICA_SET, K8SMI_ReplicaSet_status, K8SMI_TYPE_ReplicaSetStatus,
     K8SMI_ReplicaSetStatus_observedGeneration, K8SMI_ReplicaSetStatus_conditions,
     K8SMI_TYPE_ReplicaSetCondition, KIND_ROWS(kind_replica_set), KIND_ROWS(kind_fixed_replica_set),
     k8smi_ctl_look_replicas, k8smi_ctl_show_replicas},
    {K8SM_WORKLOAD_DEPLOYMENT, K8SMI_Deployment_status, K8SMI_TYPE_DeploymentStatus,
     K8SMI_DeploymentStatus_observedGeneration, K8SMI_DeploymentStatus_conditions,
     K8SMI_TYPE_DeploymentCondition, KIND_ROWS(kind_deployment), KIND_ROWS(kind_fixed_deployment),
     k8smi_ctl_look_deployment, k8smi_ctl_show_deployment},
    {K8SM_WORKLOAD_STATEFUL_SET, K8SMI_StatefulSet_status, K8SMI_TYPE_StatefulSetStatus,
     K8SMI_StatefulSetStatus_observedGeneration, K8SMI_StatefulSetStatus_conditions,
     K8SMI_TYPE_StatefulSetCondition, KIND_ROWS(kind_stateful_set), KIND_ROWS(kind_fixed_stateful_set),
     k8smi_ctl_look_stateful_set, k8smi_ctl_show_stateful_set},
    {K8SM_WORKLOAD_DAEMON_SET, K8SMI_DaemonSet_status, K8SMI_TYPE_DaemonSetStatus,
     K8SMI_DaemonSetStatus_observedGeneration, K8SMI_DaemonSetStatus_conditions,
     K8SMI_TYPE_DaemonSetCondition, KIND_ROWS(kind_daemon_set), KIND_ROWS(kind_fixed_daemon_set),
     k8smi_ctl_look_daemon_set, k8smi_ctl_show_daemon_set},
    {K8SM_WORKLOAD_JOB, K8SMI_Job_status, K8SMI_TYPE_JobStatus, CTL_NO_FIELD, K8SMI_JobStatus_conditions,
     K8SMI_TYPE_JobCondition, KIND_ROWS(kind_job), KIND_ROWS(kind_fixed_job), k8smi_ctl_look_job,
     k8smi_ctl_show_job},
    {K8SM_WORKLOAD_CRON_JOB, K8SMI_CronJob_status, K8SMI_TYPE_CronJobStatus, CTL_NO_FIELD, CTL_NO_FIELD, 0,
     KIND_ROWS(kind_cron_job), NULL, 0, k8smi_ctl_look_cron_job, k8smi_ctl_show_cron_job},
};

const struct ctl_kind *k8smi_ctl_kind(uint32_t number) {
  for (size_t i = 0; i < sizeof kind_table / sizeof kind_table[0]; i++) {
    if (kind_table[i].number == number) return &kind_table[i];
  }
  return NULL;
}
