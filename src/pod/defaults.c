/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/defaults.h"

#include "pod/defaults_private.h"

/* What a field gets that is not set. A NULL, of a field that holds a record: one with its own defaults. */
struct default_value {
  uint8_t field;
  union k8smi_slot value;
};

#define DEFAULT_TEXT(T, field, text)                                                                         \
  { K8SMI_##T##_##field, K8SMI_DEFAULT_TEXT(text) }
#define DEFAULT_NUMBER(T, field, number)                                                                     \
  {                                                                                                          \
    K8SMI_##T##_##field, {                                                                                   \
      number                                                                                                 \
    }                                                                                                        \
  }
#define DEFAULT_RECORD(T, field)                                                                             \
  {                                                                                                          \
    K8SMI_##T##_##field, {                                                                                   \
      .record = NULL                                                                                         \
    }                                                                                                        \
  }
#define DEFAULT_EMPTY(T, field)                                                                              \
  {                                                                                                          \
    K8SMI_##T##_##field, {                                                                                   \
      .record = &k8smi_record_empty                                                                          \
    }                                                                                                        \
  }

/* The parts of a pod. */
static const struct default_value default_of_Pod[] = {DEFAULT_RECORD(Pod, spec)};
static const struct default_value default_of_PodTemplateSpec[] = {DEFAULT_RECORD(PodTemplateSpec, spec)};
static const struct default_value default_of_PodSpec[] = {
    DEFAULT_TEXT(PodSpec, dnsPolicy, "ClusterFirst"),
    DEFAULT_TEXT(PodSpec, restartPolicy, "Always"),
    DEFAULT_EMPTY(PodSpec, securityContext),
    DEFAULT_NUMBER(PodSpec, terminationGracePeriodSeconds, 30),
    DEFAULT_TEXT(PodSpec, schedulerName, "default-scheduler"),
};
static const struct default_value default_of_Container[] = {
    DEFAULT_TEXT(Container, terminationMessagePath, "/dev/termination-log"),
    DEFAULT_TEXT(Container, terminationMessagePolicy, "File"),
};
static const struct default_value default_of_EphemeralContainer[] = {
    DEFAULT_TEXT(EphemeralContainer, terminationMessagePath, "/dev/termination-log"),
    DEFAULT_TEXT(EphemeralContainer, terminationMessagePolicy, "File"),
};
static const struct default_value default_of_ContainerPort[] = {DEFAULT_TEXT(ContainerPort, protocol, "TCP")};
static const struct default_value default_of_ObjectFieldSelector[] = {
    DEFAULT_TEXT(ObjectFieldSelector, apiVersion, "v1"),
};
static const struct default_value default_of_FileKeySelector[] = {
    DEFAULT_NUMBER(FileKeySelector, optional, false),
};
static const struct default_value default_of_Probe[] = {
    DEFAULT_NUMBER(Probe, timeoutSeconds, 1),
    DEFAULT_NUMBER(Probe, periodSeconds, 10),
    DEFAULT_NUMBER(Probe, successThreshold, 1),
    DEFAULT_NUMBER(Probe, failureThreshold, 3),
};
static const struct default_value default_of_HTTPGetAction[] = {
    DEFAULT_TEXT(HTTPGetAction, path, "/"),
    DEFAULT_TEXT(HTTPGetAction, scheme, "HTTP"),
};
static const struct default_value default_of_GRPCAction[] = {DEFAULT_TEXT(GRPCAction, service, "")};

/* Volumes. */
static const struct default_value default_of_HostPathVolumeSource[] = {
    DEFAULT_TEXT(HostPathVolumeSource, type, ""),
};
static const struct default_value default_of_SecretVolumeSource[] = {
    DEFAULT_NUMBER(SecretVolumeSource, defaultMode, 0644),
};
static const struct default_value default_of_ConfigMapVolumeSource[] = {
    DEFAULT_NUMBER(ConfigMapVolumeSource, defaultMode, 0644),
};
static const struct default_value default_of_DownwardAPIVolumeSource[] = {
    DEFAULT_NUMBER(DownwardAPIVolumeSource, defaultMode, 0644),
};
static const struct default_value default_of_ProjectedVolumeSource[] = {
    DEFAULT_NUMBER(ProjectedVolumeSource, defaultMode, 0644),
};
static const struct default_value default_of_ServiceAccountTokenProjection[] = {
    DEFAULT_NUMBER(ServiceAccountTokenProjection, expirationSeconds, 3600),
};
static const struct default_value default_of_ISCSIVolumeSource[] = {
    DEFAULT_TEXT(ISCSIVolumeSource, iscsiInterface, "default"),
};
static const struct default_value default_of_RBDVolumeSource[] = {
    DEFAULT_TEXT(RBDVolumeSource, pool, "rbd"),
    DEFAULT_TEXT(RBDVolumeSource, user, "admin"),
    DEFAULT_TEXT(RBDVolumeSource, keyring, "/etc/ceph/keyring"),
};
static const struct default_value default_of_AzureDiskVolumeSource[] = {
    DEFAULT_TEXT(AzureDiskVolumeSource, cachingMode, "ReadWrite"),
    DEFAULT_TEXT(AzureDiskVolumeSource, fsType, "ext4"),
    DEFAULT_NUMBER(AzureDiskVolumeSource, readOnly, false),
    DEFAULT_TEXT(AzureDiskVolumeSource, kind, "Shared"),
};
static const struct default_value default_of_ScaleIOVolumeSource[] = {
    DEFAULT_TEXT(ScaleIOVolumeSource, storageMode, "ThinProvisioned"),
    DEFAULT_TEXT(ScaleIOVolumeSource, fsType, "xfs"),
};
static const struct default_value default_of_PersistentVolumeClaimTemplate[] = {
    DEFAULT_RECORD(PersistentVolumeClaimTemplate, spec),
};
static const struct default_value default_of_PersistentVolumeClaim[] = {
    DEFAULT_RECORD(PersistentVolumeClaim, spec),
    DEFAULT_RECORD(PersistentVolumeClaim, status),
};
static const struct default_value default_of_PersistentVolumeClaimSpec[] = {
    DEFAULT_TEXT(PersistentVolumeClaimSpec, volumeMode, "Filesystem"),
};
static const struct default_value default_of_PersistentVolumeClaimStatus[] = {
    DEFAULT_TEXT(PersistentVolumeClaimStatus, phase, "Pending"),
};

/* The kinds that hold templates, and data. */
static const struct default_value default_of_PodTemplate[] = {DEFAULT_RECORD(PodTemplate, template)};
static const struct default_value default_of_ReplicationController[] = {
    DEFAULT_RECORD(ReplicationController, spec),
};
static const struct default_value default_of_ReplicationControllerSpec[] = {
    DEFAULT_NUMBER(ReplicationControllerSpec, replicas, 1),
};
static const struct default_value default_of_ReplicaSet[] = {DEFAULT_RECORD(ReplicaSet, spec)};
static const struct default_value default_of_ReplicaSetSpec[] = {
    DEFAULT_NUMBER(ReplicaSetSpec, replicas, 1),
    DEFAULT_RECORD(ReplicaSetSpec, template),
};
static const struct default_value default_of_Deployment[] = {DEFAULT_RECORD(Deployment, spec)};
static const struct default_value default_of_DeploymentSpec[] = {
    DEFAULT_NUMBER(DeploymentSpec, replicas, 1),
    DEFAULT_RECORD(DeploymentSpec, template),
    DEFAULT_RECORD(DeploymentSpec, strategy),
    DEFAULT_NUMBER(DeploymentSpec, revisionHistoryLimit, 10),
    DEFAULT_NUMBER(DeploymentSpec, progressDeadlineSeconds, 600),
};
static const struct default_value default_of_StatefulSet[] = {DEFAULT_RECORD(StatefulSet, spec)};
static const struct default_value default_of_StatefulSetSpec[] = {
    DEFAULT_NUMBER(StatefulSetSpec, replicas, 1),
    DEFAULT_RECORD(StatefulSetSpec, template),
    DEFAULT_TEXT(StatefulSetSpec, podManagementPolicy, "OrderedReady"),
    DEFAULT_RECORD(StatefulSetSpec, updateStrategy),
    DEFAULT_NUMBER(StatefulSetSpec, revisionHistoryLimit, 10),
    DEFAULT_RECORD(StatefulSetSpec, persistentVolumeClaimRetentionPolicy),
};
static const struct default_value default_of_StatefulSetPersistentVolumeClaimRetentionPolicy[] = {
    DEFAULT_TEXT(StatefulSetPersistentVolumeClaimRetentionPolicy, whenDeleted, "Retain"),
    DEFAULT_TEXT(StatefulSetPersistentVolumeClaimRetentionPolicy, whenScaled, "Retain"),
};
static const struct default_value default_of_DaemonSet[] = {DEFAULT_RECORD(DaemonSet, spec)};
static const struct default_value default_of_DaemonSetSpec[] = {
    DEFAULT_RECORD(DaemonSetSpec, template),
    DEFAULT_RECORD(DaemonSetSpec, updateStrategy),
    DEFAULT_NUMBER(DaemonSetSpec, revisionHistoryLimit, 10),
};
static const struct default_value default_of_Job[] = {DEFAULT_RECORD(Job, spec)};
static const struct default_value default_of_JobSpec[] = {DEFAULT_RECORD(JobSpec, template)};
static const struct default_value default_of_JobTemplateSpec[] = {DEFAULT_RECORD(JobTemplateSpec, spec)};
static const struct default_value default_of_PodFailurePolicyOnPodConditionsPattern[] = {
    DEFAULT_TEXT(PodFailurePolicyOnPodConditionsPattern, status, "True"),
};
static const struct default_value default_of_CronJob[] = {DEFAULT_RECORD(CronJob, spec)};
static const struct default_value default_of_CronJobSpec[] = {
    DEFAULT_TEXT(CronJobSpec, concurrencyPolicy, "Allow"),
    DEFAULT_NUMBER(CronJobSpec, suspend, false),
    DEFAULT_RECORD(CronJobSpec, jobTemplate),
    DEFAULT_NUMBER(CronJobSpec, successfulJobsHistoryLimit, 3),
    DEFAULT_NUMBER(CronJobSpec, failedJobsHistoryLimit, 1),
};
static const struct default_value default_of_PriorityClass[] = {
    DEFAULT_TEXT(PriorityClass, preemptionPolicy, "PreemptLowerPriority"),
};
static const struct default_value default_of_Namespace[] = {DEFAULT_RECORD(Namespace, status)};
static const struct default_value default_of_NamespaceStatus[] = {
    DEFAULT_TEXT(NamespaceStatus, phase, "Active"),
};
static const struct default_value default_of_Secret[] = {DEFAULT_TEXT(Secret, type, "Opaque")};

#define DEFAULT_VALUES(T) default_of_##T, (uint8_t)(sizeof default_of_##T / sizeof default_of_##T[0])

/* By enum k8smi_type_id: the values first, then what depends on other fields. */
static const struct default_type {
  const struct default_value *values;
  uint8_t count;
  bool (*rule)(const struct k8smi_defaults *d);
} default_types[K8SMI_TYPE_COUNT] = {
    [K8SMI_TYPE_Pod] = {DEFAULT_VALUES(Pod), k8smi_default_pod},
    [K8SMI_TYPE_PodTemplateSpec] = {DEFAULT_VALUES(PodTemplateSpec), NULL},
    [K8SMI_TYPE_PodSpec] = {DEFAULT_VALUES(PodSpec), k8smi_default_pod_spec},
    [K8SMI_TYPE_PodStatus] = {NULL, 0, k8smi_default_pod_status},
    [K8SMI_TYPE_Container] = {DEFAULT_VALUES(Container), k8smi_default_container},
    [K8SMI_TYPE_EphemeralContainer] = {DEFAULT_VALUES(EphemeralContainer), k8smi_default_ephemeral_container},
    [K8SMI_TYPE_ContainerStatus] = {NULL, 0, k8smi_default_container_status},
    [K8SMI_TYPE_ContainerPort] = {DEFAULT_VALUES(ContainerPort), NULL},
    [K8SMI_TYPE_ObjectFieldSelector] = {DEFAULT_VALUES(ObjectFieldSelector), NULL},
    [K8SMI_TYPE_FileKeySelector] = {DEFAULT_VALUES(FileKeySelector), NULL},
    [K8SMI_TYPE_Probe] = {DEFAULT_VALUES(Probe), NULL},
    [K8SMI_TYPE_HTTPGetAction] = {DEFAULT_VALUES(HTTPGetAction), NULL},
    [K8SMI_TYPE_GRPCAction] = {DEFAULT_VALUES(GRPCAction), NULL},
    [K8SMI_TYPE_ResourceRequirements] = {NULL, 0, k8smi_default_resources},
    [K8SMI_TYPE_Volume] = {NULL, 0, k8smi_default_volume},
    [K8SMI_TYPE_ImageVolumeSource] = {NULL, 0, k8smi_default_image_volume},
    [K8SMI_TYPE_HostPathVolumeSource] = {DEFAULT_VALUES(HostPathVolumeSource), NULL},
    [K8SMI_TYPE_SecretVolumeSource] = {DEFAULT_VALUES(SecretVolumeSource), NULL},
    [K8SMI_TYPE_ConfigMapVolumeSource] = {DEFAULT_VALUES(ConfigMapVolumeSource), NULL},
    [K8SMI_TYPE_DownwardAPIVolumeSource] = {DEFAULT_VALUES(DownwardAPIVolumeSource), NULL},
    [K8SMI_TYPE_ProjectedVolumeSource] = {DEFAULT_VALUES(ProjectedVolumeSource), NULL},
    [K8SMI_TYPE_ServiceAccountTokenProjection] = {DEFAULT_VALUES(ServiceAccountTokenProjection), NULL},
    [K8SMI_TYPE_ISCSIVolumeSource] = {DEFAULT_VALUES(ISCSIVolumeSource), NULL},
    [K8SMI_TYPE_RBDVolumeSource] = {DEFAULT_VALUES(RBDVolumeSource), NULL},
    [K8SMI_TYPE_AzureDiskVolumeSource] = {DEFAULT_VALUES(AzureDiskVolumeSource), NULL},
    [K8SMI_TYPE_ScaleIOVolumeSource] = {DEFAULT_VALUES(ScaleIOVolumeSource), NULL},
    [K8SMI_TYPE_PersistentVolumeClaimTemplate] = {DEFAULT_VALUES(PersistentVolumeClaimTemplate), NULL},
    [K8SMI_TYPE_PersistentVolumeClaim] = {DEFAULT_VALUES(PersistentVolumeClaim), NULL},
    [K8SMI_TYPE_PersistentVolumeClaimSpec] = {DEFAULT_VALUES(PersistentVolumeClaimSpec), NULL},
    [K8SMI_TYPE_PersistentVolumeClaimStatus] = {DEFAULT_VALUES(PersistentVolumeClaimStatus),
                                                k8smi_default_claim_status},
    [K8SMI_TYPE_VolumeResourceRequirements] = {NULL, 0, k8smi_default_volume_resources},
    [K8SMI_TYPE_PodTemplate] = {DEFAULT_VALUES(PodTemplate), NULL},
    [K8SMI_TYPE_ReplicationController] = {DEFAULT_VALUES(ReplicationController),
                                          k8smi_default_replication_controller},
    [K8SMI_TYPE_ReplicationControllerSpec] = {DEFAULT_VALUES(ReplicationControllerSpec), NULL},
    [K8SMI_TYPE_ReplicaSet] = {DEFAULT_VALUES(ReplicaSet), NULL},
    [K8SMI_TYPE_ReplicaSetSpec] = {DEFAULT_VALUES(ReplicaSetSpec), NULL},
    [K8SMI_TYPE_Deployment] = {DEFAULT_VALUES(Deployment), NULL},
    [K8SMI_TYPE_DeploymentSpec] = {DEFAULT_VALUES(DeploymentSpec), NULL},
    [K8SMI_TYPE_DeploymentStrategy] = {NULL, 0, k8smi_default_deployment_strategy},
    [K8SMI_TYPE_StatefulSet] = {DEFAULT_VALUES(StatefulSet), NULL},
    [K8SMI_TYPE_StatefulSetSpec] = {DEFAULT_VALUES(StatefulSetSpec), NULL},
    [K8SMI_TYPE_StatefulSetUpdateStrategy] = {NULL, 0, k8smi_default_stateful_set_strategy},
    [K8SMI_TYPE_StatefulSetPersistentVolumeClaimRetentionPolicy] =
        {DEFAULT_VALUES(StatefulSetPersistentVolumeClaimRetentionPolicy), NULL},
    [K8SMI_TYPE_DaemonSet] = {DEFAULT_VALUES(DaemonSet), NULL},
    [K8SMI_TYPE_DaemonSetSpec] = {DEFAULT_VALUES(DaemonSetSpec), NULL},
    [K8SMI_TYPE_DaemonSetUpdateStrategy] = {NULL, 0, k8smi_default_daemon_set_strategy},
    [K8SMI_TYPE_Job] = {DEFAULT_VALUES(Job), k8smi_default_job},
    [K8SMI_TYPE_JobSpec] = {DEFAULT_VALUES(JobSpec), NULL},
    [K8SMI_TYPE_JobTemplateSpec] = {DEFAULT_VALUES(JobTemplateSpec), NULL},
    [K8SMI_TYPE_PodFailurePolicyOnPodConditionsPattern] = {DEFAULT_VALUES(
                                                               PodFailurePolicyOnPodConditionsPattern),
                                                           NULL},
    [K8SMI_TYPE_CronJob] = {DEFAULT_VALUES(CronJob), NULL},
    [K8SMI_TYPE_CronJobSpec] = {DEFAULT_VALUES(CronJobSpec), NULL},
    [K8SMI_TYPE_PriorityClass] = {DEFAULT_VALUES(PriorityClass), NULL},
    [K8SMI_TYPE_Namespace] = {DEFAULT_VALUES(Namespace), k8smi_default_namespace},
    [K8SMI_TYPE_NamespaceStatus] = {DEFAULT_VALUES(NamespaceStatus), NULL},
    [K8SMI_TYPE_NodeStatus] = {NULL, 0, k8smi_default_node_status},
    [K8SMI_TYPE_Secret] = {DEFAULT_VALUES(Secret), NULL},
};

/* A record of which nothing was given. The types that are filled in so do not contain themselves. */
static const struct k8smi_record *default_new_record(struct k8smi_arena *arena, unsigned type) {
  union k8smi_slot slots[64];
  uint64_t present = 0;
  if (!k8smi_defaults_fill(arena, type, slots, &present)) return NULL;
  return k8smi_record_new(arena, present, slots);
}

bool k8smi_defaults_fill(struct k8smi_arena *arena, unsigned type, union k8smi_slot *slots,
                         uint64_t *present) {
  const struct default_type *of = &default_types[type];
  const struct k8smi_defaults d = {arena, slots, present};
  for (unsigned i = 0; i < of->count; i++) {
    const struct default_value *value = &of->values[i];
    const struct k8smi_field *field = &k8smi_types[type].fields[value->field];
    if (k8smi_default_has(&d, value->field)) continue;
    k8smi_default_set(&d, value->field, value->value);
    if (field->kind != K8SMI_KIND_RECORD || value->value.record != NULL) continue;
    slots[value->field].record = default_new_record(arena, field->child);
    if (slots[value->field].record == NULL) return false;
  }
  return of->rule == NULL || of->rule(&d);
}
