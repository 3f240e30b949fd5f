/* SPDX-License-Identifier: Apache-2.0 */
#include "demand/rules.h"

#include "pod/fields.h"

#define RULE_MAPPED                                                                                          \
  { K8SMI_RULE_MAPPED, 0, NULL, NULL }
#define RULE_HOW(words)                                                                                      \
  { K8SMI_RULE_MAPPED, 0, NULL, words }
#define RULE_BELOW                                                                                           \
  { K8SMI_RULE_BELOW, 0, NULL, NULL }
#define RULE_FREE                                                                                            \
  { K8SMI_RULE_FREE, 0, NULL, NULL }
#define RULE_NOTE(words)                                                                                     \
  { K8SMI_RULE_NOTE, 0, NULL, words }
#define RULE_IGNORED(words)                                                                                  \
  { K8SMI_RULE_IGNORED, 0, NULL, words }
#define RULE_LOSS(words)                                                                                     \
  { K8SMI_RULE_LOSS, 0, NULL, words }
#define RULE_TOLD(words)                                                                                     \
  { K8SMI_RULE_TOLD, 0, NULL, words }
#define RULE_REFUSED(words)                                                                                  \
  { K8SMI_RULE_REFUSED, 0, NULL, words }
#define RULE_UNLESS(policy, fine, words)                                                                     \
  { K8SMI_RULE_##policy, 0, fine, words }
#define RULE_FALSE(policy, words)                                                                            \
  { K8SMI_RULE_##policy, K8SMI_WHEN_FALSE, NULL, words }
#define RULE_NO_VOLUME RULE_REFUSED("no volume of this kind can be mounted on a Mesos agent")

static const struct k8smi_rule rules_of_pod_spec[K8SMI_PodSpec__COUNT] = {
    [K8SMI_PodSpec_volumes] = RULE_BELOW,
    [K8SMI_PodSpec_initContainers] = RULE_BELOW,
    [K8SMI_PodSpec_containers] = RULE_BELOW,
    [K8SMI_PodSpec_ephemeralContainers] =
        RULE_IGNORED("containers can't be added to an executor for debugging"),
    [K8SMI_PodSpec_restartPolicy] = RULE_MAPPED,
    [K8SMI_PodSpec_terminationGracePeriodSeconds] = RULE_MAPPED,
    [K8SMI_PodSpec_activeDeadlineSeconds] = RULE_MAPPED,
    [K8SMI_PodSpec_dnsPolicy] =
        RULE_UNLESS(IGNORED, "ClusterFirst|Default", "containers use the name servers of their agent"),
    [K8SMI_PodSpec_nodeSelector] = RULE_MAPPED,
    [K8SMI_PodSpec_serviceAccountName] =
        RULE_UNLESS(IGNORED, "default", "there are no service accounts: the pod gets no token"),
    [K8SMI_PodSpec_serviceAccount] = RULE_FREE, /* the old name of the former */
    [K8SMI_PodSpec_automountServiceAccountToken] =
        RULE_IGNORED("there are no service accounts: the pod gets no token"),
    [K8SMI_PodSpec_nodeName] = RULE_MAPPED,
    [K8SMI_PodSpec_hostNetwork] =
        RULE_TOLD("where no CNI network is named, all pods are on their agent's network"),
    [K8SMI_PodSpec_hostPID] = RULE_MAPPED,
    [K8SMI_PodSpec_hostIPC] = RULE_MAPPED,
    [K8SMI_PodSpec_shareProcessNamespace] = RULE_MAPPED,
    [K8SMI_PodSpec_securityContext] = RULE_BELOW,
    [K8SMI_PodSpec_imagePullSecrets] = RULE_MAPPED,
    [K8SMI_PodSpec_hostname] = RULE_TOLD("a container on its agent's network keeps the agent's name"),
    [K8SMI_PodSpec_subdomain] = RULE_IGNORED("there is no cluster DNS"),
    [K8SMI_PodSpec_affinity] = RULE_BELOW,
    [K8SMI_PodSpec_schedulerName] =
        RULE_UNLESS(NOTE, "default-scheduler", "this library places the pod, whatever scheduler it names"),
    [K8SMI_PodSpec_tolerations] = RULE_MAPPED,
    [K8SMI_PodSpec_hostAliases] = RULE_REFUSED("the Mesos containerizer can't add lines to /etc/hosts"),
    [K8SMI_PodSpec_priorityClassName] =
        RULE_NOTE("its priority decides, which admission sets from the class"),
    [K8SMI_PodSpec_priority] = RULE_MAPPED,
    [K8SMI_PodSpec_dnsConfig] = RULE_IGNORED("containers use the name servers of their agent"),
    [K8SMI_PodSpec_readinessGates] = RULE_REFUSED("nothing sets the conditions that the pod waits for"),
    [K8SMI_PodSpec_runtimeClassName] = RULE_REFUSED("Mesos has one containerizer for groups"),
    [K8SMI_PodSpec_enableServiceLinks] = RULE_FREE,
    [K8SMI_PodSpec_preemptionPolicy] = RULE_MAPPED,
    [K8SMI_PodSpec_overhead] = RULE_MAPPED,
    [K8SMI_PodSpec_topologySpreadConstraints] = RULE_BELOW,
    [K8SMI_PodSpec_setHostnameAsFQDN] = RULE_IGNORED("there is no cluster DNS"),
    [K8SMI_PodSpec_os] = RULE_BELOW,
    [K8SMI_PodSpec_hostUsers] = RULE_FALSE(REFUSED, "Mesos has no user namespaces"),
    [K8SMI_PodSpec_schedulingGates] = RULE_MAPPED,
    [K8SMI_PodSpec_resourceClaims] = RULE_REFUSED("devices can't be claimed on Mesos"),
    [K8SMI_PodSpec_resources] = RULE_BELOW,
    [K8SMI_PodSpec_hostnameOverride] =
        RULE_IGNORED("a container on its agent's network keeps the agent's name"),
    [K8SMI_PodSpec_workloadRef] = RULE_MAPPED,
    [K8SMI_PodSpec_schedulingGroup] = RULE_MAPPED,
    [K8SMI_PodSpec_evictionResponders] = RULE_IGNORED("there is no eviction"),
};

static const struct k8smi_rule rules_of_pod_security[K8SMI_PodSecurityContext__COUNT] = {
    [K8SMI_PodSecurityContext_seLinuxOptions] = RULE_IGNORED("Mesos sets no SELinux labels"),
    [K8SMI_PodSecurityContext_windowsOptions] = RULE_IGNORED("agents run Linux"),
    [K8SMI_PodSecurityContext_runAsUser] = RULE_MAPPED,
    [K8SMI_PodSecurityContext_runAsGroup] =
        RULE_IGNORED("a task has the groups that its user has on the agent"),
    [K8SMI_PodSecurityContext_runAsNonRoot] = RULE_MAPPED,
    [K8SMI_PodSecurityContext_supplementalGroups] =
        RULE_IGNORED("a task has the groups that its user has on the agent"),
    [K8SMI_PodSecurityContext_supplementalGroupsPolicy] = RULE_FREE,
    [K8SMI_PodSecurityContext_fsGroup] = RULE_IGNORED("volumes belong to the user of the task"),
    [K8SMI_PodSecurityContext_sysctls] = RULE_REFUSED("Mesos can't set kernel parameters of a container"),
    [K8SMI_PodSecurityContext_fsGroupChangePolicy] = RULE_FREE,
    [K8SMI_PodSecurityContext_seccompProfile] = RULE_BELOW,
    [K8SMI_PodSecurityContext_appArmorProfile] = RULE_IGNORED("Mesos loads no AppArmor profiles"),
    [K8SMI_PodSecurityContext_seLinuxChangePolicy] = RULE_FREE,
};

static const struct k8smi_rule rules_of_security[K8SMI_SecurityContext__COUNT] = {
    [K8SMI_SecurityContext_capabilities] = RULE_MAPPED,
    [K8SMI_SecurityContext_privileged] = RULE_REFUSED("the Mesos containerizer has no privileged containers"),
    [K8SMI_SecurityContext_seLinuxOptions] = RULE_IGNORED("Mesos sets no SELinux labels"),
    [K8SMI_SecurityContext_windowsOptions] = RULE_IGNORED("agents run Linux"),
    [K8SMI_SecurityContext_runAsUser] = RULE_MAPPED,
    [K8SMI_SecurityContext_runAsGroup] = RULE_IGNORED("a task has the groups that its user has on the agent"),
    [K8SMI_SecurityContext_runAsNonRoot] = RULE_MAPPED,
    [K8SMI_SecurityContext_readOnlyRootFilesystem] = RULE_IGNORED("the root file system stays writable"),
    [K8SMI_SecurityContext_allowPrivilegeEscalation] =
        RULE_FALSE(IGNORED, "Mesos can't forbid it: setuid programs gain their owner's rights"),
    [K8SMI_SecurityContext_procMount] = RULE_UNLESS(REFUSED, "Default", "/proc is mounted as Mesos does it"),
    [K8SMI_SecurityContext_seccompProfile] = RULE_BELOW,
    [K8SMI_SecurityContext_appArmorProfile] = RULE_IGNORED("Mesos loads no AppArmor profiles"),
};

static const struct k8smi_rule rules_of_seccomp[K8SMI_SeccompProfile__COUNT] = {
    [K8SMI_SeccompProfile_type] =
        RULE_UNLESS(IGNORED, "Unconfined", "the agent's own seccomp profile holds, if it has one"),
    [K8SMI_SeccompProfile_localhostProfile] =
        RULE_REFUSED("profiles of the kubelet's folder are not on the agent"),
};

static const struct k8smi_rule rules_of_container[K8SMI_Container__COUNT] = {
    [K8SMI_Container_name] = RULE_MAPPED,
    [K8SMI_Container_image] = RULE_MAPPED,
    [K8SMI_Container_command] = RULE_MAPPED,
    [K8SMI_Container_args] = RULE_MAPPED,
    [K8SMI_Container_workingDir] = RULE_MAPPED,
    [K8SMI_Container_ports] = RULE_BELOW,
    [K8SMI_Container_envFrom] = RULE_HOW("from the data handed in: text keys of ConfigMaps, all of Secrets"),
    [K8SMI_Container_env] = RULE_BELOW,
    [K8SMI_Container_resources] = RULE_BELOW,
    [K8SMI_Container_resizePolicy] = RULE_FREE,
    [K8SMI_Container_restartPolicy] = RULE_MAPPED,
    [K8SMI_Container_restartPolicyRules] =
        RULE_REFUSED("restarts follow the policy alone, not the exit code"),
    [K8SMI_Container_volumeMounts] = RULE_BELOW,
    [K8SMI_Container_volumeDevices] = RULE_REFUSED("Mesos mounts no block devices"),
    [K8SMI_Container_livenessProbe] = RULE_BELOW,
    [K8SMI_Container_readinessProbe] = RULE_BELOW,
    [K8SMI_Container_startupProbe] = RULE_BELOW,
    [K8SMI_Container_lifecycle] = RULE_BELOW,
    [K8SMI_Container_terminationMessagePath] =
        RULE_UNLESS(IGNORED, "/dev/termination-log", "the message of an ended container is Mesos' own"),
    [K8SMI_Container_terminationMessagePolicy] =
        RULE_UNLESS(IGNORED, "File", "the message of an ended container is Mesos' own"),
    [K8SMI_Container_imagePullPolicy] =
        RULE_UNLESS(IGNORED, "Always|IfNotPresent", "the agent fetches an image that it does not have"),
    [K8SMI_Container_securityContext] = RULE_BELOW,
    [K8SMI_Container_stdin] = RULE_IGNORED("a task has no standard input"),
    [K8SMI_Container_stdinOnce] = RULE_FREE,
    [K8SMI_Container_tty] = RULE_MAPPED,
};

static const struct k8smi_rule rules_of_port[K8SMI_ContainerPort__COUNT] = {
    [K8SMI_ContainerPort_name] = RULE_MAPPED,
    [K8SMI_ContainerPort_hostPort] = RULE_MAPPED,
    [K8SMI_ContainerPort_containerPort] = RULE_MAPPED,
    [K8SMI_ContainerPort_protocol] = RULE_MAPPED,
    [K8SMI_ContainerPort_hostIP] =
        RULE_UNLESS(IGNORED, "0.0.0.0|::", "Mesos' ports are not bound to one address of the agent"),
};

static const struct k8smi_rule rules_of_env[K8SMI_EnvVar__COUNT] = {
    [K8SMI_EnvVar_name] = RULE_MAPPED,
    [K8SMI_EnvVar_value] = RULE_MAPPED,
    [K8SMI_EnvVar_valueFrom] = RULE_BELOW,
};

static const struct k8smi_rule rules_of_env_source[K8SMI_EnvVarSource__COUNT] = {
    [K8SMI_EnvVarSource_fieldRef] =
        RULE_HOW("`spec.nodeName` is the agent's hostname, `status.hostIP` and `status.podIP` the address in "
                 "its offers: both are filled in with the task"),
    [K8SMI_EnvVarSource_resourceFieldRef] =
        RULE_HOW("a limit that is not stated is told as what the pod's executor holds"),
    [K8SMI_EnvVarSource_configMapKeyRef] = RULE_HOW("from the data handed in"),
    [K8SMI_EnvVarSource_secretKeyRef] =
        RULE_HOW("from the data handed in, as a SECRET variable; so is each value that refers to it"),
    [K8SMI_EnvVarSource_fileKeyRef] = RULE_REFUSED("files in the pod's volumes can't be read before it runs"),
};

static const struct k8smi_rule rules_of_resources[K8SMI_ResourceRequirements__COUNT] = {
    [K8SMI_ResourceRequirements_limits] = RULE_MAPPED,
    [K8SMI_ResourceRequirements_requests] = RULE_MAPPED,
    [K8SMI_ResourceRequirements_claims] = RULE_REFUSED("devices can't be claimed on Mesos"),
};

static const struct k8smi_rule rules_of_mount[K8SMI_VolumeMount__COUNT] = {
    [K8SMI_VolumeMount_name] = RULE_MAPPED,
    [K8SMI_VolumeMount_readOnly] = RULE_MAPPED,
    [K8SMI_VolumeMount_recursiveReadOnly] =
        RULE_UNLESS(IGNORED, "Disabled", "mounts below a read-only mount stay writable"),
    [K8SMI_VolumeMount_mountPath] = RULE_MAPPED,
    [K8SMI_VolumeMount_subPath] = RULE_MAPPED,
    [K8SMI_VolumeMount_mountPropagation] = RULE_MAPPED,
    [K8SMI_VolumeMount_subPathExpr] = RULE_MAPPED,
    [K8SMI_VolumeMount_bindMountOptions] = RULE_IGNORED("Mesos has no options for mounts"),
};

static const struct k8smi_rule rules_of_probe[K8SMI_Probe__COUNT] = {
    [K8SMI_Probe_exec] = RULE_MAPPED,
    [K8SMI_Probe_httpGet] = RULE_BELOW,
    [K8SMI_Probe_tcpSocket] = RULE_BELOW,
    [K8SMI_Probe_grpc] = RULE_TOLD(
        "Mesos does not speak gRPC: the port is checked for an open connection only, or by option with "
        "`grpc_health_probe` in the container"),
    [K8SMI_Probe_initialDelaySeconds] = RULE_MAPPED,
    [K8SMI_Probe_timeoutSeconds] = RULE_MAPPED,
    [K8SMI_Probe_periodSeconds] = RULE_MAPPED,
    [K8SMI_Probe_successThreshold] = RULE_MAPPED,
    [K8SMI_Probe_failureThreshold] = RULE_MAPPED,
    [K8SMI_Probe_terminationGracePeriodSeconds] = RULE_IGNORED("the container's own grace period holds"),
};

static const struct k8smi_rule rules_of_http[K8SMI_HTTPGetAction__COUNT] = {
    [K8SMI_HTTPGetAction_path] = RULE_MAPPED,
    [K8SMI_HTTPGetAction_port] = RULE_MAPPED,
    [K8SMI_HTTPGetAction_host] =
        RULE_UNLESS(REFUSED, "127.0.0.1|localhost", "Mesos checks ports of the container"),
    [K8SMI_HTTPGetAction_scheme] = RULE_MAPPED,
    [K8SMI_HTTPGetAction_httpHeaders] = RULE_TOLD(
        "Mesos' checks send no headers of their own; by option curl or wget does, in the container"),
    [K8SMI_HTTPGetAction_protocol] = RULE_IGNORED("Mesos' checks use HTTP/1.1"),
};

static const struct k8smi_rule rules_of_tcp[K8SMI_TCPSocketAction__COUNT] = {
    [K8SMI_TCPSocketAction_port] = RULE_MAPPED,
    [K8SMI_TCPSocketAction_host] =
        RULE_UNLESS(REFUSED, "127.0.0.1|localhost", "Mesos checks ports of the container"),
};

static const struct k8smi_rule rules_of_lifecycle[K8SMI_Lifecycle__COUNT] = {
    [K8SMI_Lifecycle_postStart] = RULE_REFUSED("Mesos can't run a hook in a container that has started"),
    [K8SMI_Lifecycle_preStop] =
        RULE_IGNORED("Mesos has no hooks: TERM comes at once, KILL after the grace period"),
    [K8SMI_Lifecycle_stopSignal] = RULE_UNLESS(IGNORED, "SIGTERM", "Mesos stops a task with TERM"),
};

static const struct k8smi_rule rules_of_os[K8SMI_PodOS__COUNT] = {
    [K8SMI_PodOS_name] = RULE_UNLESS(REFUSED, "linux", "agents run Linux"),
};

static const struct k8smi_rule rules_of_affinity[K8SMI_Affinity__COUNT] = {
    [K8SMI_Affinity_nodeAffinity] = RULE_BELOW,
    [K8SMI_Affinity_podAffinity] = RULE_BELOW,
    [K8SMI_Affinity_podAntiAffinity] = RULE_BELOW,
};

static const struct k8smi_rule rules_of_node_terms[K8SMI_NodeAffinity__COUNT] = {
    [K8SMI_NodeAffinity_requiredDuringSchedulingIgnoredDuringExecution] = RULE_MAPPED,
    [K8SMI_NodeAffinity_preferredDuringSchedulingIgnoredDuringExecution] = RULE_MAPPED,
};

/* Affinity and anti-affinity of pods have the same two fields. */
static const struct k8smi_rule rules_of_pod_terms[K8SMI_PodAffinity__COUNT] = {
    [K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution] = RULE_MAPPED,
    [K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution] = RULE_MAPPED,
};

static const struct k8smi_rule rules_of_spread[K8SMI_TopologySpreadConstraint__COUNT] = {
    [K8SMI_TopologySpreadConstraint_maxSkew] = RULE_MAPPED,
    [K8SMI_TopologySpreadConstraint_topologyKey] = RULE_MAPPED,
    [K8SMI_TopologySpreadConstraint_whenUnsatisfiable] = RULE_MAPPED,
    [K8SMI_TopologySpreadConstraint_labelSelector] = RULE_MAPPED,
    [K8SMI_TopologySpreadConstraint_minDomains] = RULE_MAPPED,
    [K8SMI_TopologySpreadConstraint_nodeAffinityPolicy] = RULE_MAPPED,
    [K8SMI_TopologySpreadConstraint_nodeTaintsPolicy] = RULE_MAPPED,
    [K8SMI_TopologySpreadConstraint_matchLabelKeys] = RULE_MAPPED,
};

static const struct k8smi_rule rules_of_volume[K8SMI_Volume__COUNT] = {
    [K8SMI_Volume_name] = RULE_MAPPED,
    [K8SMI_Volume_hostPath] = RULE_BELOW,
    [K8SMI_Volume_emptyDir] = RULE_BELOW,
    [K8SMI_Volume_gcePersistentDisk] = RULE_NO_VOLUME,
    [K8SMI_Volume_awsElasticBlockStore] = RULE_NO_VOLUME,
    [K8SMI_Volume_gitRepo] = RULE_NO_VOLUME,
    [K8SMI_Volume_secret] = RULE_HOW("one SECRET volume for each file"),
    [K8SMI_Volume_nfs] = RULE_NO_VOLUME,
    [K8SMI_Volume_iscsi] = RULE_NO_VOLUME,
    [K8SMI_Volume_glusterfs] = RULE_NO_VOLUME,
    [K8SMI_Volume_persistentVolumeClaim] = RULE_BELOW,
    [K8SMI_Volume_rbd] = RULE_NO_VOLUME,
    [K8SMI_Volume_flexVolume] = RULE_TOLD(
        "a Docker volume where the driver is `docker/NAME`: `options.volume` names it, the rest are the "
        "driver's options; other drivers are refused"),
    [K8SMI_Volume_cinder] = RULE_NO_VOLUME,
    [K8SMI_Volume_cephfs] = RULE_NO_VOLUME,
    [K8SMI_Volume_flocker] = RULE_NO_VOLUME,
    [K8SMI_Volume_downwardAPI] = RULE_HOW("one SECRET volume for each file; it does not change later"),
    [K8SMI_Volume_fc] = RULE_NO_VOLUME,
    [K8SMI_Volume_azureFile] = RULE_NO_VOLUME,
    [K8SMI_Volume_configMap] = RULE_HOW("one SECRET volume for each file; it does not change later"),
    [K8SMI_Volume_vsphereVolume] = RULE_NO_VOLUME,
    [K8SMI_Volume_quobyte] = RULE_NO_VOLUME,
    [K8SMI_Volume_azureDisk] = RULE_NO_VOLUME,
    [K8SMI_Volume_photonPersistentDisk] = RULE_NO_VOLUME,
    [K8SMI_Volume_projected] =
        RULE_HOW("one SECRET volume for each file; tokens of service accounts are refused"),
    [K8SMI_Volume_portworxVolume] = RULE_NO_VOLUME,
    [K8SMI_Volume_scaleIO] = RULE_NO_VOLUME,
    [K8SMI_Volume_storageos] = RULE_NO_VOLUME,
    [K8SMI_Volume_csi] =
        RULE_TOLD("a CSI volume that is there: `volumeAttributes.volumeId` names it; without it refused"),
    [K8SMI_Volume_ephemeral] = RULE_BELOW,
    [K8SMI_Volume_image] = RULE_NO_VOLUME,
};

static const struct k8smi_rule rules_of_empty_dir[K8SMI_EmptyDirVolumeSource__COUNT] = {
    [K8SMI_EmptyDirVolumeSource_medium] = RULE_LOSS("the directory is on the agent's disk"),
    [K8SMI_EmptyDirVolumeSource_sizeLimit] = RULE_IGNORED("the directory counts to the executor's disk only"),
    [K8SMI_EmptyDirVolumeSource_mode] = RULE_IGNORED("directories have Mesos' mode"),
};

static const struct k8smi_rule rules_of_host_path[K8SMI_HostPathVolumeSource__COUNT] = {
    [K8SMI_HostPathVolumeSource_path] = RULE_MAPPED,
    [K8SMI_HostPathVolumeSource_type] =
        RULE_LOSS("the path must be there: its type is not checked, nothing is made"),
};

static const struct k8smi_rule rules_of_claim[K8SMI_PersistentVolumeClaimVolumeSource__COUNT] = {
    [K8SMI_PersistentVolumeClaimVolumeSource_claimName] =
        RULE_HOW("a persistent volume of the agent's disk, made when first claimed; the claim is of the data "
                 "handed in. The pod goes where the volume is"),
    [K8SMI_PersistentVolumeClaimVolumeSource_readOnly] = RULE_MAPPED,
};

static const struct k8smi_rule rules_of_ephemeral[K8SMI_EphemeralVolumeSource__COUNT] = {
    [K8SMI_EphemeralVolumeSource_volumeClaimTemplate] = RULE_BELOW,
};

static const struct k8smi_rule rules_of_template[K8SMI_PersistentVolumeClaimTemplate__COUNT] = {
    [K8SMI_PersistentVolumeClaimTemplate_metadata] = RULE_FREE,
    [K8SMI_PersistentVolumeClaimTemplate_spec] = RULE_BELOW,
};

static const struct k8smi_rule rules_of_claim_spec[K8SMI_PersistentVolumeClaimSpec__COUNT] = {
    [K8SMI_PersistentVolumeClaimSpec_accessModes] =
        RULE_HOW("`ReadWriteMany` and `ReadOnlyMany` with a warning: one pod at a time has the volume"),
    [K8SMI_PersistentVolumeClaimSpec_selector] =
        RULE_IGNORED("no volumes are there to be selected: one is made"),
    [K8SMI_PersistentVolumeClaimSpec_resources] = RULE_HOW("the request for `storage`"),
    [K8SMI_PersistentVolumeClaimSpec_volumeName] =
        RULE_IGNORED("no volumes are there to be named: one is made"),
    [K8SMI_PersistentVolumeClaimSpec_storageClassName] =
        RULE_HOW("noted: all volumes are made on the agent's disk"),
    [K8SMI_PersistentVolumeClaimSpec_volumeMode] =
        RULE_UNLESS(REFUSED, "Filesystem", "Mesos mounts no block devices"),
    [K8SMI_PersistentVolumeClaimSpec_dataSource] = RULE_REFUSED("a volume on an agent begins empty"),
    [K8SMI_PersistentVolumeClaimSpec_dataSourceRef] = RULE_REFUSED("a volume on an agent begins empty"),
    [K8SMI_PersistentVolumeClaimSpec_volumeAttributesClassName] =
        RULE_IGNORED("volumes of an agent have no attributes"),
};

const struct k8smi_rule *k8smi_rules_of(unsigned type) {
  static const struct k8smi_rule *const tables[K8SMI_TYPE_COUNT] = {
      [K8SMI_TYPE_PodSpec] = rules_of_pod_spec,
      [K8SMI_TYPE_PodSecurityContext] = rules_of_pod_security,
      [K8SMI_TYPE_SecurityContext] = rules_of_security,
      [K8SMI_TYPE_SeccompProfile] = rules_of_seccomp,
      [K8SMI_TYPE_Container] = rules_of_container,
      [K8SMI_TYPE_ContainerPort] = rules_of_port,
      [K8SMI_TYPE_EnvVar] = rules_of_env,
      [K8SMI_TYPE_EnvVarSource] = rules_of_env_source,
      [K8SMI_TYPE_ResourceRequirements] = rules_of_resources,
      [K8SMI_TYPE_VolumeMount] = rules_of_mount,
      [K8SMI_TYPE_Probe] = rules_of_probe,
      [K8SMI_TYPE_HTTPGetAction] = rules_of_http,
      [K8SMI_TYPE_TCPSocketAction] = rules_of_tcp,
      [K8SMI_TYPE_Lifecycle] = rules_of_lifecycle,
      [K8SMI_TYPE_PodOS] = rules_of_os,
      [K8SMI_TYPE_Affinity] = rules_of_affinity,
      [K8SMI_TYPE_NodeAffinity] = rules_of_node_terms,
      [K8SMI_TYPE_PodAffinity] = rules_of_pod_terms,
      [K8SMI_TYPE_PodAntiAffinity] = rules_of_pod_terms,
      [K8SMI_TYPE_TopologySpreadConstraint] = rules_of_spread,
      [K8SMI_TYPE_Volume] = rules_of_volume,
      [K8SMI_TYPE_EmptyDirVolumeSource] = rules_of_empty_dir,
      [K8SMI_TYPE_HostPathVolumeSource] = rules_of_host_path,
      [K8SMI_TYPE_PersistentVolumeClaimVolumeSource] = rules_of_claim,
      [K8SMI_TYPE_EphemeralVolumeSource] = rules_of_ephemeral,
      [K8SMI_TYPE_PersistentVolumeClaimTemplate] = rules_of_template,
      [K8SMI_TYPE_PersistentVolumeClaimSpec] = rules_of_claim_spec,
  };
  return type < K8SMI_TYPE_COUNT ? tables[type] : NULL;
}
