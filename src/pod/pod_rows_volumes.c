/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes, and where containers have them. */
#include "pod/pod_rows.h"

#include "base/abi.h"

enum { ROWS_NO_FIELD = UINT8_MAX };

/* What says most of a volume, by kind. */
struct volume_kind {
  uint8_t source, detail, read_only, optional, mode;
};

#define VOLUME(kind, type, source, detail, read_only)                                                        \
  [K8SMI_Volume_##kind] = {K8SMI_##type##_##source, K8SMI_##type##_##detail, K8SMI_##type##_##read_only,     \
                           ROWS_NO_FIELD, ROWS_NO_FIELD}
#define VOLUME_RW(kind, type, source, detail)                                                                \
  [K8SMI_Volume_##kind] = {K8SMI_##type##_##source, K8SMI_##type##_##detail, ROWS_NO_FIELD, ROWS_NO_FIELD,   \
                           ROWS_NO_FIELD}
#define VOLUME_ONE(kind, type, source)                                                                       \
  [K8SMI_Volume_##                                                                                           \
      kind] = {K8SMI_##type##_##source, ROWS_NO_FIELD, ROWS_NO_FIELD, ROWS_NO_FIELD, ROWS_NO_FIELD}
#define VOLUME_FILES(kind, type, source, optional)                                                           \
  [K8SMI_Volume_##kind] = {source, ROWS_NO_FIELD, ROWS_NO_FIELD, optional, K8SMI_##type##_defaultMode}

static const struct volume_kind volume_kinds[K8SMI_Volume__COUNT] = {
    VOLUME_RW(hostPath, HostPathVolumeSource, path, type),
    VOLUME_ONE(emptyDir, EmptyDirVolumeSource, medium),
    VOLUME(gcePersistentDisk, GCEPersistentDiskVolumeSource, pdName, fsType, readOnly),
    VOLUME(awsElasticBlockStore, AWSElasticBlockStoreVolumeSource, volumeID, fsType, readOnly),
    VOLUME_RW(gitRepo, GitRepoVolumeSource, repository, revision),
    VOLUME_FILES(secret, SecretVolumeSource, K8SMI_SecretVolumeSource_secretName,
                 K8SMI_SecretVolumeSource_optional),
    VOLUME(nfs, NFSVolumeSource, server, path, readOnly),
    VOLUME(iscsi, ISCSIVolumeSource, targetPortal, iqn, readOnly),
    VOLUME(glusterfs, GlusterfsVolumeSource, endpoints, path, readOnly),
    [K8SMI_Volume_persistentVolumeClaim] = {K8SMI_PersistentVolumeClaimVolumeSource_claimName, ROWS_NO_FIELD,
                                            K8SMI_PersistentVolumeClaimVolumeSource_readOnly, ROWS_NO_FIELD,
                                            ROWS_NO_FIELD},
    VOLUME(rbd, RBDVolumeSource, image, pool, readOnly),
    VOLUME(flexVolume, FlexVolumeSource, driver, fsType, readOnly),
    VOLUME(cinder, CinderVolumeSource, volumeID, fsType, readOnly),
    [K8SMI_Volume_cephfs] = {K8SMI_CephFSVolumeSource_path, K8SMI_CephFSVolumeSource_user,
                             K8SMI_CephFSVolumeSource_readOnly, ROWS_NO_FIELD, ROWS_NO_FIELD},
    VOLUME_RW(flocker, FlockerVolumeSource, datasetName, datasetUUID),
    VOLUME_FILES(downwardAPI, DownwardAPIVolumeSource, ROWS_NO_FIELD, ROWS_NO_FIELD),
    [K8SMI_Volume_fc] = {ROWS_NO_FIELD, K8SMI_FCVolumeSource_fsType, K8SMI_FCVolumeSource_readOnly,
                         ROWS_NO_FIELD, ROWS_NO_FIELD},
    VOLUME(azureFile, AzureFileVolumeSource, shareName, secretName, readOnly),
    VOLUME_FILES(configMap, ConfigMapVolumeSource, K8SMI_ConfigMapVolumeSource_name,
                 K8SMI_ConfigMapVolumeSource_optional),
    VOLUME_RW(vsphereVolume, VsphereVirtualDiskVolumeSource, volumePath, fsType),
    VOLUME(quobyte, QuobyteVolumeSource, registry, volume, readOnly),
    VOLUME(azureDisk, AzureDiskVolumeSource, diskName, diskURI, readOnly),
    VOLUME_RW(photonPersistentDisk, PhotonPersistentDiskVolumeSource, pdID, fsType),
    VOLUME_FILES(projected, ProjectedVolumeSource, ROWS_NO_FIELD, ROWS_NO_FIELD),
    VOLUME(portworxVolume, PortworxVolumeSource, volumeID, fsType, readOnly),
    VOLUME(scaleIO, ScaleIOVolumeSource, volumeName, storagePool, readOnly),
    VOLUME(storageos, StorageOSVolumeSource, volumeName, volumeNamespace, readOnly),
    VOLUME(csi, CSIVolumeSource, driver, fsType, readOnly),
    [K8SMI_Volume_ephemeral] = {ROWS_NO_FIELD, ROWS_NO_FIELD, ROWS_NO_FIELD, ROWS_NO_FIELD, ROWS_NO_FIELD},
    VOLUME_RW(image, ImageVolumeSource, reference, pullPolicy),
};

static struct k8sm_slice volume_text(const struct k8smi_record *source, unsigned field) {
  struct k8sm_slice none = {NULL, 0};
  return field == ROWS_NO_FIELD ? none : k8smi_get_str(source, field);
}

static bool volume_is(const struct k8smi_record *source, unsigned field) {
  return field != ROWS_NO_FIELD && k8smi_get_bool(source, field, false);
}

/* The first source, if there should be more than one (nothing that passes validation has two). */
static unsigned volume_source(const struct k8smi_record *volume) {
  for (unsigned field = K8SMI_Volume_name + 1; field < K8SMI_Volume__COUNT; field++) {
    if (k8smi_has(volume, field)) return field;
  }
  return K8SMI_Volume__COUNT;
}

static struct k8sm_pod_volume volume_row(const struct k8smi_record *volume) {
  struct k8sm_pod_volume row = {.name = k8smi_get_str(volume, K8SMI_Volume_name), .size_limit_bytes = -1};
  unsigned field = volume_source(volume);
  if (field == K8SMI_Volume__COUNT) return row;
  const struct volume_kind *kind = &volume_kinds[field];
  const struct k8smi_record *source = k8smi_get_record(volume, field);
  row.kind = k8smi_types[K8SMI_TYPE_Volume].fields[field].name;
  row.source = volume_text(source, kind->source);
  row.detail = volume_text(source, kind->detail);
  if (volume_is(source, kind->read_only)) row.flags |= K8SM_VOLUME_READ_ONLY;
  if (volume_is(source, kind->optional)) row.flags |= K8SM_VOLUME_OPTIONAL;
  if (kind->mode != ROWS_NO_FIELD)
    row.default_mode = (uint32_t)k8smi_get_i64(source, kind->mode, K8SMI_DEFAULT_FILE_MODE);
  if (field == K8SMI_Volume_emptyDir)
    (void)k8smi_quantity_value(k8smi_get_str(source, K8SMI_EmptyDirVolumeSource_sizeLimit),
                               &row.size_limit_bytes);
  return row;
}

size_t k8sm_pod_volumes(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_volume *rows,
                        size_t row_size, size_t n) {
  const struct k8smi_record *spec = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_spec);
  struct k8smi_list list = k8smi_get_list(spec, K8SMI_PodSpec_volumes);
  for (size_t i = first; i < list.count && i - first < n; i++) {
    struct k8sm_pod_volume row = volume_row(k8smi_list_record(list, i));
    k8smi_row_write(rows, row_size, i - first, &row, sizeof row);
  }
  return k8smi_rows_left(list.count, first);
}

/* ---- Mounts ---- */

static void volume_put_mount(struct k8smi_rows *r, const struct k8smi_record *mount, uint32_t container) {
  struct k8sm_pod_mount row = {.volume = k8smi_get_str(mount, K8SMI_VolumeMount_name),
                               .path = k8smi_get_str(mount, K8SMI_VolumeMount_mountPath),
                               .sub_path = k8smi_get_str(mount, K8SMI_VolumeMount_subPath),
                               .propagation = k8smi_get_str(mount, K8SMI_VolumeMount_mountPropagation),
                               .recursive_read_only =
                                   k8smi_get_str(mount, K8SMI_VolumeMount_recursiveReadOnly),
                               .container = container};
  struct k8sm_slice expression = k8smi_get_str(mount, K8SMI_VolumeMount_subPathExpr);
  if (expression.len > 0) {
    row.sub_path = expression;
    row.flags |= K8SM_VOLUME_SUB_PATH_EXPR;
  }
  if (k8smi_get_bool(mount, K8SMI_VolumeMount_readOnly, false)) row.flags |= K8SM_VOLUME_READ_ONLY;
  k8smi_rows_put(r, &row, sizeof row);
}

static void volume_rows_of_mounts(struct k8smi_rows *r, const struct k8smi_record *container,
                                  uint32_t number) {
  struct k8smi_list mounts = k8smi_get_list(container, K8SMI_Container_volumeMounts);
  struct k8smi_list devices = k8smi_get_list(container, K8SMI_Container_volumeDevices);
  for (size_t i = 0; i < mounts.count; i++) volume_put_mount(r, k8smi_list_record(mounts, i), number);
  for (size_t i = 0; i < devices.count; i++) {
    const struct k8smi_record *device = k8smi_list_record(devices, i);
    struct k8sm_pod_mount row = {.volume = k8smi_get_str(device, K8SMI_VolumeDevice_name),
                                 .path = k8smi_get_str(device, K8SMI_VolumeDevice_devicePath),
                                 .container = number,
                                 .flags = K8SM_VOLUME_DEVICE};
    k8smi_rows_put(r, &row, sizeof row);
  }
}

size_t k8sm_pod_mounts(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_mount *rows, size_t row_size,
                       size_t n) {
  struct k8smi_rows r = {rows, row_size, first, n, 0};
  return k8smi_rows_of_containers(&r, pod, volume_rows_of_mounts);
}
