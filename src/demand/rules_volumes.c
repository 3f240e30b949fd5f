/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of each field of a volume. */
#include "demand/rules_table.h"

#include "pod/fields.h"

#define RULE_NO_VOLUME RULE_REFUSED("no volume of this kind can be mounted on a Mesos agent")

static const struct k8smi_rule rules_of_volume[K8SMI_Volume__COUNT] = {
    [K8SMI_Volume_name] = RULE_HOW("part of the path in the executor's sandbox"),
    [K8SMI_Volume_hostPath] = RULE_BELOW,
    [K8SMI_Volume_emptyDir] = RULE_BELOW,
    [K8SMI_Volume_gcePersistentDisk] = RULE_NO_VOLUME,
    [K8SMI_Volume_awsElasticBlockStore] = RULE_NO_VOLUME,
    [K8SMI_Volume_gitRepo] = RULE_NO_VOLUME,
    [K8SMI_Volume_secret] = RULE_RESOLVED("from the data handed in: one SECRET volume for each file, whose "
                                          "mode and owner are Mesos' own; it does not "
                                          "change later"),
    [K8SMI_Volume_nfs] = RULE_NO_VOLUME,
    [K8SMI_Volume_iscsi] = RULE_NO_VOLUME,
    [K8SMI_Volume_glusterfs] = RULE_NO_VOLUME,
    [K8SMI_Volume_persistentVolumeClaim] = RULE_BELOW,
    [K8SMI_Volume_rbd] = RULE_NO_VOLUME,
    [K8SMI_Volume_flexVolume] = RULE_TOLD(
        "a Docker volume where the driver is `docker/NAME`: `options.volume` names it, the rest are the "
        "driver's options, and `fsType` and secrets have no effect; other drivers are refused"),
    [K8SMI_Volume_cinder] = RULE_NO_VOLUME,
    [K8SMI_Volume_cephfs] = RULE_NO_VOLUME,
    [K8SMI_Volume_flocker] = RULE_NO_VOLUME,
    [K8SMI_Volume_downwardAPI] = RULE_RESOLVED("as `secret`, from the pod"),
    [K8SMI_Volume_fc] = RULE_NO_VOLUME,
    [K8SMI_Volume_azureFile] = RULE_NO_VOLUME,
    [K8SMI_Volume_configMap] = RULE_RESOLVED("as `secret`, from the data handed in"),
    [K8SMI_Volume_vsphereVolume] = RULE_NO_VOLUME,
    [K8SMI_Volume_quobyte] = RULE_NO_VOLUME,
    [K8SMI_Volume_azureDisk] = RULE_NO_VOLUME,
    [K8SMI_Volume_photonPersistentDisk] = RULE_NO_VOLUME,
    [K8SMI_Volume_projected] = RULE_RESOLVED(
        "one SECRET volume for each file; tokens of service accounts are refused, but for the volume that an "
        "API server adds: it is left out, with a warning"),
    [K8SMI_Volume_portworxVolume] = RULE_NO_VOLUME,
    [K8SMI_Volume_scaleIO] = RULE_NO_VOLUME,
    [K8SMI_Volume_storageos] = RULE_NO_VOLUME,
    [K8SMI_Volume_csi] = RULE_TOLD("a CSI volume that is there: `volumeAttributes.volumeId` names it; "
                                   "without it refused, as with secrets"),
    [K8SMI_Volume_ephemeral] = RULE_BELOW,
    [K8SMI_Volume_image] = RULE_NO_VOLUME,
};

static const struct k8smi_rule rules_of_empty_dir[K8SMI_EmptyDirVolumeSource__COUNT] = {
    [K8SMI_EmptyDirVolumeSource_medium] = RULE_LOSS("the directory is on the agent's disk"),
    [K8SMI_EmptyDirVolumeSource_sizeLimit] = RULE_IGNORED("the directory counts to the executor's disk only"),
    [K8SMI_EmptyDirVolumeSource_mode] =
        RULE_IGNORED("only the framework's user, and a group that the agent gives, can write to it"),
};

static const struct k8smi_rule rules_of_host_path[K8SMI_HostPathVolumeSource__COUNT] = {
    [K8SMI_HostPathVolumeSource_path] = RULE_HOW("`HostPath.path` of the volume's source: it must be there"),
    [K8SMI_HostPathVolumeSource_type] =
        RULE_LOSS("the path must be there: its type is not checked, nothing is made"),
};

static const struct k8smi_rule rules_of_claim[K8SMI_PersistentVolumeClaimVolumeSource__COUNT] = {
    [K8SMI_PersistentVolumeClaimVolumeSource_claimName] = RULE_RESOLVED(
        "a persistent volume of the agent's disk, made when first claimed; the claim is of the "
        "data handed in, and its fields count as those of a template do. The pod goes where the "
        "volume is"),
    [K8SMI_PersistentVolumeClaimVolumeSource_readOnly] = RULE_HOW("`Volume.mode` of each mount"),
};

static const struct k8smi_rule rules_of_ephemeral[K8SMI_EphemeralVolumeSource__COUNT] = {
    [K8SMI_EphemeralVolumeSource_volumeClaimTemplate] = RULE_BELOW,
};

static const struct k8smi_rule rules_of_template[K8SMI_PersistentVolumeClaimTemplate__COUNT] = {
    [K8SMI_PersistentVolumeClaimTemplate_metadata] = RULE_FREE("the claim lives and dies with its pod"),
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
    [K8SMI_PersistentVolumeClaimSpec_storageClassName] = RULE_HOW(
        "the disks that `k8sm_storage_class` (`--storage-class` of `km`) gives it, one that it does not name "
        "is refused; where no class is given, noted: all volumes are made on the agent's disk"),
    [K8SMI_PersistentVolumeClaimSpec_volumeMode] =
        RULE_UNLESS(REFUSED, "Filesystem", "Mesos mounts no block devices"),
    [K8SMI_PersistentVolumeClaimSpec_dataSource] = RULE_REFUSED("a volume on an agent begins empty"),
    [K8SMI_PersistentVolumeClaimSpec_dataSourceRef] = RULE_REFUSED("a volume on an agent begins empty"),
    [K8SMI_PersistentVolumeClaimSpec_volumeAttributesClassName] =
        RULE_IGNORED("volumes of an agent have no attributes"),
};

const struct k8smi_rule *k8smi_volume_rules_of(unsigned type) {
  static const struct k8smi_rule *const tables[K8SMI_TYPE_COUNT] = {
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
