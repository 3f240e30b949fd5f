/* SPDX-License-Identifier: Apache-2.0 */
#include "demand/rules_table.h"

#include "pod/fields.h"

static const struct k8smi_rule rules_of_pod_spec[K8SMI_PodSpec__COUNT] = {
    [K8SMI_PodSpec_volumes] = RULE_BELOW,
    [K8SMI_PodSpec_initContainers] = RULE_BELOW,
    [K8SMI_PodSpec_containers] = RULE_BELOW,
    [K8SMI_PodSpec_ephemeralContainers] =
        RULE_IGNORED("containers can't be added to an executor for debugging"),
    [K8SMI_PodSpec_restartPolicy] =
        RULE_HOW("the driver launches an ended container again, after Kubernetes' back-off"),
    [K8SMI_PodSpec_terminationGracePeriodSeconds] =
        RULE_HOW("`KillPolicy.grace_period` of each task and of each KILL"),
    [K8SMI_PodSpec_activeDeadlineSeconds] = RULE_HOW(
        "a time of the driver's, over all restarts: it kills the pod, with the grace period. Where no driver "
        "is left, `TaskInfo.max_completion_time` of each task ends the pod: what is left when the task is "
        "launched (all of it at the first of an attempt), the grace period, 2 s for each sidecar, and 5 s"),
    [K8SMI_PodSpec_dnsPolicy] =
        RULE_UNLESS(IGNORED, "ClusterFirst|Default", "containers use the name servers of their agent"),
    [K8SMI_PodSpec_nodeSelector] =
        RULE_HOW("labels of the agent: its attributes and domain, see scheduling.md"),
    [K8SMI_PodSpec_serviceAccountName] =
        RULE_UNLESS(IGNORED, "default", "there are no service accounts: the pod gets no token"),
    [K8SMI_PodSpec_serviceAccount] = RULE_FREE("the old name of `serviceAccountName`"),
    [K8SMI_PodSpec_automountServiceAccountToken] =
        RULE_IGNORED("there are no service accounts: the pod gets no token"),
    [K8SMI_PodSpec_nodeName] = RULE_HOW("the hostname in the agent's offers"),
    [K8SMI_PodSpec_hostNetwork] = RULE_TOLD(
        "a pod without it is on the CNI network that an option or an annotation names; where none is named, "
        "all pods are on their agent's network"),
    [K8SMI_PodSpec_hostPID] = RULE_HOW("`LinuxInfo.share_pid_namespace` of the executor and of its tasks"),
    [K8SMI_PodSpec_hostIPC] =
        RULE_HOW("`LinuxInfo.ipc_mode` of the executor: `SHARE_PARENT`, else `PRIVATE`"),
    [K8SMI_PodSpec_shareProcessNamespace] = RULE_HOW("`LinuxInfo.share_pid_namespace` of the tasks"),
    [K8SMI_PodSpec_securityContext] = RULE_BELOW,
    [K8SMI_PodSpec_imagePullSecrets] =
        RULE_RESOLVED("`Image.Docker.config`: key `.dockerconfigjson` or `.dockercfg` of the first Secret "
                      "among the data handed in"),
    [K8SMI_PodSpec_hostname] =
        RULE_TOLD("`ContainerInfo.hostname` of the executor on a CNI network; a container on "
                  "its agent's network keeps the agent's name"),
    [K8SMI_PodSpec_subdomain] = RULE_IGNORED("there is no cluster DNS"),
    [K8SMI_PodSpec_affinity] = RULE_BELOW,
    [K8SMI_PodSpec_schedulerName] =
        RULE_UNLESS(NOTE, "default-scheduler", "this library places the pod, whatever scheduler it names"),
    [K8SMI_PodSpec_tolerations] =
        RULE_HOW("taints of Node objects handed in, and maintenance that the agent announces; "
                 "after `tolerationSeconds` of `node.kubernetes.io/unreachable` the pod begins anew "
                 "elsewhere, no other taint "
                 "ends a pod"),
    [K8SMI_PodSpec_hostAliases] = RULE_REFUSED("the Mesos containerizer can't add lines to /etc/hosts"),
    [K8SMI_PodSpec_priorityClassName] =
        RULE_NOTE("its priority decides, which admission sets from the class"),
    [K8SMI_PodSpec_priority] = RULE_HOW("the order in which pods are placed, and who may be preempted"),
    [K8SMI_PodSpec_dnsConfig] = RULE_IGNORED("containers use the name servers of their agent"),
    [K8SMI_PodSpec_readinessGates] =
        RULE_HOW("the pod is ready when these conditions have been handed in as True, "
                 "with the driver's input `CONDITION`"),
    [K8SMI_PodSpec_runtimeClassName] = RULE_REFUSED("Mesos has one containerizer for groups"),
    [K8SMI_PodSpec_enableServiceLinks] = RULE_FREE("there are no Services whose variables could be given"),
    [K8SMI_PodSpec_preemptionPolicy] =
        RULE_HOW("whether pods of less priority are killed for it, where preemption is on"),
    [K8SMI_PodSpec_overhead] = RULE_HOW("resources of the executor, beside those of the containers"),
    [K8SMI_PodSpec_topologySpreadConstraints] = RULE_BELOW,
    [K8SMI_PodSpec_setHostnameAsFQDN] = RULE_IGNORED("there is no cluster DNS"),
    [K8SMI_PodSpec_os] = RULE_BELOW,
    [K8SMI_PodSpec_hostUsers] = RULE_FALSE(REFUSED, "Mesos has no user namespaces"),
    [K8SMI_PodSpec_schedulingGates] = RULE_HOW("the pod waits while it has one"),
    [K8SMI_PodSpec_resourceClaims] = RULE_REFUSED("devices can't be claimed on Mesos"),
    [K8SMI_PodSpec_resources] = RULE_BELOW,
    [K8SMI_PodSpec_hostnameOverride] =
        RULE_IGNORED("a container on its agent's network keeps the agent's name"),
    [K8SMI_PodSpec_workloadRef] = RULE_HOW("the pods of one workload are placed all or not at all"),
    [K8SMI_PodSpec_schedulingGroup] = RULE_HOW("the pods of one group are placed all or not at all"),
    [K8SMI_PodSpec_evictionResponders] = RULE_IGNORED("there is no eviction"),
};

static const struct k8smi_rule rules_of_pod_security[K8SMI_PodSecurityContext__COUNT] = {
    [K8SMI_PodSecurityContext_seLinuxOptions] = RULE_IGNORED("Mesos sets no SELinux labels"),
    [K8SMI_PodSecurityContext_windowsOptions] = RULE_IGNORED("agents run Linux"),
    [K8SMI_PodSecurityContext_runAsUser] = RULE_TOLD("as that of a container, where it states none"),
    [K8SMI_PodSecurityContext_runAsGroup] =
        RULE_IGNORED("a task has the groups that its user has on the agent"),
    [K8SMI_PodSecurityContext_runAsNonRoot] = RULE_HOW("as that of a container, where it states none"),
    [K8SMI_PodSecurityContext_supplementalGroups] =
        RULE_IGNORED("a task has the groups that its user has on the agent"),
    [K8SMI_PodSecurityContext_supplementalGroupsPolicy] =
        RULE_FREE("how supplemental groups are merged, and a task has none"),
    [K8SMI_PodSecurityContext_fsGroup] =
        RULE_IGNORED("an emptyDir and a claim belong to the framework's user"),
    [K8SMI_PodSecurityContext_sysctls] = RULE_REFUSED("Mesos can't set kernel parameters of a container"),
    [K8SMI_PodSecurityContext_fsGroupChangePolicy] = RULE_FREE("how `fsGroup` is done, and it is not"),
    [K8SMI_PodSecurityContext_seccompProfile] = RULE_BELOW,
    [K8SMI_PodSecurityContext_appArmorProfile] = RULE_IGNORED("Mesos loads no AppArmor profiles"),
    [K8SMI_PodSecurityContext_seLinuxChangePolicy] =
        RULE_FREE("how SELinux labels are changed, and there are none"),
};

static const struct k8smi_rule rules_of_security[K8SMI_SecurityContext__COUNT] = {
    [K8SMI_SecurityContext_capabilities] = RULE_HOW(
        "`LinuxInfo.effective_capabilities` and `bounding_capabilities`: those that container "
        "runtimes grant, with `add` and without `drop`; users other than root have no effective ones. "
        "A container that states none has those of its agent"),
    [K8SMI_SecurityContext_privileged] = RULE_REFUSED("the Mesos containerizer has no privileged containers"),
    [K8SMI_SecurityContext_seLinuxOptions] = RULE_IGNORED("Mesos sets no SELinux labels"),
    [K8SMI_SecurityContext_windowsOptions] = RULE_IGNORED("agents run Linux"),
    [K8SMI_SecurityContext_runAsUser] = RULE_TOLD(
        "`CommandInfo.user`: Mesos knows users by name. 0 is root, others are named by "
        "`k8sm_demand_user` (`--user` of `km`), and refused if they are not. An emptyDir and a claim "
        "belong to the framework's user: others write to them on agents with `--volume_gid_range` alone"),
    [K8SMI_SecurityContext_runAsGroup] = RULE_IGNORED("a task has the groups that its user has on the agent"),
    [K8SMI_SecurityContext_runAsNonRoot] = RULE_HOW(
        "checked against `runAsUser`; without that refused, since the image's own user has no effect"),
    [K8SMI_SecurityContext_readOnlyRootFilesystem] = RULE_IGNORED("the root file system stays writable"),
    [K8SMI_SecurityContext_allowPrivilegeEscalation] =
        RULE_FALSE(IGNORED, "Mesos can't forbid it: setuid programs gain their owner's rights"),
    [K8SMI_SecurityContext_procMount] = RULE_UNLESS(REFUSED, "Default", "/proc is mounted as Mesos does it"),
    [K8SMI_SecurityContext_seccompProfile] = RULE_BELOW,
    [K8SMI_SecurityContext_appArmorProfile] = RULE_IGNORED("Mesos loads no AppArmor profiles"),
};

static const struct k8smi_rule rules_of_seccomp[K8SMI_SeccompProfile__COUNT] = {
    [K8SMI_SeccompProfile_type] = RULE_UNLESS_AS(IGNORED, "Unconfined|Localhost", "`LinuxInfo.seccomp`",
                                                 "the agent's own profile holds, if it has one"),
    [K8SMI_SeccompProfile_localhostProfile] =
        RULE_HOW("`LinuxInfo.seccomp.profile_name`: a file below the agents' `--seccomp_config_dir`"),
};

static const struct k8smi_rule rules_of_container[K8SMI_Container__COUNT] = {
    [K8SMI_Container_name] = RULE_HOW("part of the task's id and name"),
    [K8SMI_Container_image] = RULE_HOW("`ContainerInfo.mesos.image.docker.name`"),
    [K8SMI_Container_command] = RULE_HOW("`CommandInfo.value` and `arguments`, without a shell"),
    [K8SMI_Container_args] = RULE_HOW("`CommandInfo.arguments`. Without `command` the annotation "
                                      "`entrypoint.k8smesos/CONTAINER` must state the image's entrypoint"),
    [K8SMI_Container_workingDir] = RULE_TOLD(
        "a shell of the image changes to it and becomes the command: the image must have a shell, and "
        "the folder"),
    [K8SMI_Container_ports] = RULE_BELOW,
    [K8SMI_Container_envFrom] =
        RULE_RESOLVED("from the data handed in: text keys of ConfigMaps, all of Secrets"),
    [K8SMI_Container_env] = RULE_BELOW,
    [K8SMI_Container_resources] = RULE_BELOW,
    [K8SMI_Container_resizePolicy] = RULE_FREE("tasks can't be resized"),
    [K8SMI_Container_restartPolicy] =
        RULE_HOW("in place of the pod's; `Always` makes a sidecar of an init container"),
    [K8SMI_Container_restartPolicyRules] = RULE_BELOW,
    [K8SMI_Container_volumeMounts] = RULE_BELOW,
    [K8SMI_Container_volumeDevices] = RULE_REFUSED("Mesos mounts no block devices"),
    [K8SMI_Container_livenessProbe] =
        RULE_BELOW_AS("`TaskInfo.health_check`: Mesos kills a container that fails it"),
    [K8SMI_Container_readinessProbe] =
        RULE_BELOW_AS("`TaskInfo.check`: its results, which the driver counts, make the container ready"),
    [K8SMI_Container_startupProbe] = RULE_BELOW_AS(
        "with a warning: `TaskInfo.check`, where there is no readiness probe; its first success counts as "
        "started, and until then liveness has a grace period. Without one the driver kills the container "
        "after "
        "`initialDelaySeconds` + `failureThreshold` × (`periodSeconds` + `timeoutSeconds`), which is a "
        "failure. "
        "A readiness probe that asks the same stands in for it; where readiness asks something else its "
        "first "
        "success counts as started, and failures of this probe end nothing"),
    [K8SMI_Container_lifecycle] = RULE_BELOW,
    [K8SMI_Container_terminationMessagePath] =
        RULE_UNLESS(IGNORED, "/dev/termination-log", "the message of an ended container is Mesos' own"),
    [K8SMI_Container_terminationMessagePolicy] =
        RULE_UNLESS(IGNORED, "File", "the message of an ended container is Mesos' own"),
    [K8SMI_Container_imagePullPolicy] =
        RULE_UNLESS_AS(IGNORED, "Always|IfNotPresent", "`Image.cached`, false for `Always`",
                       "the agent fetches an image that it does not have"),
    [K8SMI_Container_securityContext] = RULE_BELOW,
    [K8SMI_Container_stdin] = RULE_IGNORED("a task has no standard input"),
    [K8SMI_Container_stdinOnce] = RULE_FREE("how `stdin` is closed, and there is none"),
    [K8SMI_Container_tty] = RULE_HOW("`ContainerInfo.tty_info`"),
};

static const struct k8smi_rule rules_of_restart[K8SMI_ContainerRestartRule__COUNT] = {
    [K8SMI_ContainerRestartRule_action] =
        RULE_UNLESS_AS(REFUSED, "Restart", "another task of the same executor, whatever the policy",
                       "containers start again each by itself, not all at once; expected Restart"),
    [K8SMI_ContainerRestartRule_exitCodes] = RULE_HOW("the first rule that fits the exit code counts"),
};

static const struct k8smi_rule rules_of_port[K8SMI_ContainerPort__COUNT] = {
    [K8SMI_ContainerPort_name] = RULE_HOW("`Port.name` in the task's DiscoveryInfo; probes may name it"),
    [K8SMI_ContainerPort_hostPort] =
        RULE_HOW("that number of the resource `ports`, `Port.number` in the DiscoveryInfo, and "
                 "`NetworkInfo.port_mappings` where the pod has a network"),
    [K8SMI_ContainerPort_containerPort] =
        RULE_HOW("`Port.number` in the DiscoveryInfo; or any port of the offer, with the label "
                 "`k8s.mesosphere.io/portMapping: wildcard`"),
    [K8SMI_ContainerPort_protocol] = RULE_HOW("`Port.protocol` in the DiscoveryInfo"),
    [K8SMI_ContainerPort_hostIP] =
        RULE_UNLESS(IGNORED, "0.0.0.0|::", "Mesos' ports are not bound to one address of the agent"),
};

static const struct k8smi_rule rules_of_env[K8SMI_EnvVar__COUNT] = {
    [K8SMI_EnvVar_name] = RULE_HOW("a variable of `CommandInfo.environment`"),
    [K8SMI_EnvVar_value] = RULE_RESOLVED("`$(NAME)` is replaced as the kubelet does it"),
    [K8SMI_EnvVar_valueFrom] = RULE_BELOW,
};

static const struct k8smi_rule rules_of_env_source[K8SMI_EnvVarSource__COUNT] = {
    [K8SMI_EnvVarSource_fieldRef] = RULE_RESOLVED(
        "`spec.nodeName` is the agent's hostname, `status.hostIP` and `status.podIP` the address in "
        "its offers: both are filled in with the task. On a CNI network nobody knows the pod's address "
        "before "
        "it runs: `status.podIP` is refused there"),
    [K8SMI_EnvVarSource_resourceFieldRef] =
        RULE_RESOLVED("a limit that is not stated is told as what the pod's executor holds"),
    [K8SMI_EnvVarSource_configMapKeyRef] = RULE_RESOLVED("from the data handed in"),
    [K8SMI_EnvVarSource_secretKeyRef] =
        RULE_RESOLVED("from the data handed in, as a SECRET variable; so is each value that refers to it"),
    [K8SMI_EnvVarSource_fileKeyRef] = RULE_REFUSED("files in the pod's volumes can't be read before it runs"),
};

static const struct k8smi_rule rules_of_resources[K8SMI_ResourceRequirements__COUNT] = {
    [K8SMI_ResourceRequirements_limits] =
        RULE_TOLD("`TaskInfo.limits` for cpu and memory: the container's own, else the pod's; infinite where "
                  "there is none, or 0. Those of the pod hold each container by itself; that of "
                  "`ephemeral-storage` has no effect"),
    [K8SMI_ResourceRequirements_requests] =
        RULE_HOW("`cpus`, `mem`, `disk`, `gpus` and resources of other names, in thousandths; "
                 "doc/architecture.md says how executor and tasks share them"),
    [K8SMI_ResourceRequirements_claims] = RULE_REFUSED("devices can't be claimed on Mesos"),
};

static const struct k8smi_rule rules_of_mount[K8SMI_VolumeMount__COUNT] = {
    [K8SMI_VolumeMount_name] = RULE_HOW("the volume of that name"),
    [K8SMI_VolumeMount_readOnly] = RULE_HOW("`Volume.mode`"),
    [K8SMI_VolumeMount_recursiveReadOnly] =
        RULE_UNLESS(IGNORED, "Disabled", "mounts below a read-only mount stay writable"),
    [K8SMI_VolumeMount_mountPath] = RULE_TOLD(
        "`Volume.container_path`, the outer ones first. A file of a secret or the like inside of a directory "
        "that is mounted takes an agent with the isolator `volume/host_path`. Refused where an agent would "
        "hide it: agents mount emptyDirs and claims first, then `docker/NAME`, hostPath, csi, and files"),
    [K8SMI_VolumeMount_subPath] =
        RULE_TOLD("joined to the path of the volume's source; in a hostPath it must be there"),
    [K8SMI_VolumeMount_mountPropagation] =
        RULE_TOLD("`HostPath.mount_propagation`; of other volumes no effect"),
    [K8SMI_VolumeMount_subPathExpr] = RULE_RESOLVED("from the container's variables, then as `subPath`"),
    [K8SMI_VolumeMount_bindMountOptions] = RULE_IGNORED("Mesos has no options for mounts"),
};

static const struct k8smi_rule rules_of_probe[K8SMI_Probe__COUNT] = {
    [K8SMI_Probe_exec] = RULE_HOW("a check of type `COMMAND`, without a shell"),
    [K8SMI_Probe_httpGet] = RULE_BELOW,
    [K8SMI_Probe_tcpSocket] = RULE_BELOW,
    [K8SMI_Probe_grpc] = RULE_TOLD(
        "Mesos does not speak gRPC: the port is checked for an open connection only, or by option with "
        "`grpc_health_probe` in the container, whose image must have it in its PATH"),
    [K8SMI_Probe_initialDelaySeconds] = RULE_HOW("`delay_seconds`; that of a startup probe also part of the "
                                                 "health check's `grace_period_seconds`, and "
                                                 "of the time that the container has to start"),
    [K8SMI_Probe_timeoutSeconds] = RULE_HOW("`timeout_seconds`"),
    [K8SMI_Probe_periodSeconds] = RULE_HOW("`interval_seconds`"),
    [K8SMI_Probe_successThreshold] =
        RULE_HOW("counted by the driver in periods: Mesos tells of changes only"),
    [K8SMI_Probe_failureThreshold] = RULE_HOW(
        "`consecutive_failures` of a health check; of readiness counted by the driver in periods; that "
        "of a startup probe is a part of the health check's `grace_period_seconds`, and of the time that the "
        "container has to start"),
    [K8SMI_Probe_terminationGracePeriodSeconds] = RULE_IGNORED("the container's own grace period holds"),
};

static const struct k8smi_rule rules_of_http[K8SMI_HTTPGetAction__COUNT] = {
    [K8SMI_HTTPGetAction_path] = RULE_HOW("`http.path`"),
    [K8SMI_HTTPGetAction_port] = RULE_HOW("`http.port`; a name is that of a port of the container"),
    [K8SMI_HTTPGetAction_host] =
        RULE_UNLESS(REFUSED, "127.0.0.1|localhost", "Mesos checks ports of the container"),
    [K8SMI_HTTPGetAction_scheme] = RULE_TOLD(
        "`http.scheme` of a health check; for readiness and startup over TLS the port is checked for an open "
        "connection only, or by option with curl or wget in the container, as for `httpHeaders`"),
    [K8SMI_HTTPGetAction_httpHeaders] = RULE_TOLD("Mesos' checks send no headers of their own; by option "
                                                  "curl or wget does, in the container, whose image "
                                                  "must have sh and one of the two"),
    [K8SMI_HTTPGetAction_protocol] = RULE_IGNORED("Mesos' checks use HTTP/1.1"),
};

static const struct k8smi_rule rules_of_tcp[K8SMI_TCPSocketAction__COUNT] = {
    [K8SMI_TCPSocketAction_port] = RULE_HOW("`tcp.port`; a name is that of a port of the container"),
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
    [K8SMI_NodeAffinity_requiredDuringSchedulingIgnoredDuringExecution] =
        RULE_HOW("labels and names of agents, with all operators"),
    [K8SMI_NodeAffinity_preferredDuringSchedulingIgnoredDuringExecution] =
        RULE_HOW("a part of the agent's score"),
};

/* Affinity and anti-affinity of pods have the same two fields. */
static const struct k8smi_rule rules_of_pod_terms[K8SMI_PodAffinity__COUNT] = {
    [K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution] =
        RULE_HOW("the pods that run on agents of the same domain, and those placed in the same pass"),
    [K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution] =
        RULE_HOW("a part of the agent's score"),
};

static const struct k8smi_rule rules_of_spread[K8SMI_TopologySpreadConstraint__COUNT] = {
    [K8SMI_TopologySpreadConstraint_maxSkew] = RULE_HOW("as kube-scheduler, over the agents known"),
    [K8SMI_TopologySpreadConstraint_topologyKey] = RULE_HOW("a label of agents"),
    [K8SMI_TopologySpreadConstraint_whenUnsatisfiable] =
        RULE_HOW("the pod waits, or it counts in the agent's score"),
    [K8SMI_TopologySpreadConstraint_labelSelector] = RULE_HOW("labels of pods"),
    [K8SMI_TopologySpreadConstraint_minDomains] = RULE_HOW("as kube-scheduler, over the agents known"),
    [K8SMI_TopologySpreadConstraint_nodeAffinityPolicy] = RULE_HOW("which agents count"),
    [K8SMI_TopologySpreadConstraint_nodeTaintsPolicy] = RULE_HOW("which agents count"),
    [K8SMI_TopologySpreadConstraint_matchLabelKeys] = RULE_HOW("joined to the selector"),
};

const struct k8smi_rule *k8smi_rules_of(unsigned type) {
  static const struct k8smi_rule *const tables[K8SMI_TYPE_COUNT] = {
      [K8SMI_TYPE_PodSpec] = rules_of_pod_spec,
      [K8SMI_TYPE_PodSecurityContext] = rules_of_pod_security,
      [K8SMI_TYPE_SecurityContext] = rules_of_security,
      [K8SMI_TYPE_SeccompProfile] = rules_of_seccomp,
      [K8SMI_TYPE_Container] = rules_of_container,
      [K8SMI_TYPE_ContainerRestartRule] = rules_of_restart,
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
  };
  if (type >= K8SMI_TYPE_COUNT) return NULL;
  return tables[type] != NULL ? tables[type] : k8smi_volume_rules_of(type);
}
