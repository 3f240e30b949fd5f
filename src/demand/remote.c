/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of drivers that agents have: Docker's
 * (https://mesos.apache.org/documentation/latest/isolators/docker-volume/) for the flexVolume driver
 * docker/NAME, and those of CSI plugins that are there already
 * (https://mesos.apache.org/documentation/latest/isolators/csi-volume/). */
#include "demand/build.h"

#include <k8smesos/cluster.h>

#define REMOTE_DOCKER    "docker/"
#define REMOTE_VOLUME    "volume"
#define REMOTE_VOLUME_ID "volumeId"

/* The pairs but that of one key, whose value is *ret. */
static struct k8smi_pair_list remote_without(struct k8smi_demand_build *b, struct k8smi_list list,
                                             const char *key, struct k8sm_slice *ret) {
  struct k8smi_pair *pairs = k8smi_demand_array(b, list.count, sizeof *pairs);
  size_t n = 0;
  for (size_t i = 0; pairs != NULL && i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    if (k8smi_eqs(pair.key, key)) {
      *ret = pair.value;
    } else {
      pairs[n++] = pair;
    }
  }
  return (struct k8smi_pair_list){pairs, n};
}

static bool remote_docker(struct k8smi_demand_build *b, const struct k8smi_record *volume,
                          const struct k8smi_path *path, struct k8smi_demand_remote *ret) {
  const struct k8smi_record *flex = k8smi_get_record(volume, K8SMI_Volume_flexVolume);
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("flexVolume"));
  struct k8smi_path secret = k8smi_path_field(&at, K8SMI_S("secretRef"));
  struct k8smi_path fs_type = k8smi_path_field(&at, K8SMI_S("fsType"));
  struct k8sm_slice driver = k8smi_get_str(flex, K8SMI_FlexVolumeSource_driver),
                    prefix = K8SMI_S(REMOTE_DOCKER);
  if (driver.len <= prefix.len || memcmp(driver.ptr, prefix.ptr, prefix.len) != 0) {
    k8smi_demand_cannot(b, &at,
                        "driver '%.*s': agents have Docker's volume drivers, as '" REMOTE_DOCKER "NAME'",
                        K8SMI_P(driver));
    return false;
  }
  ret->driver = (struct k8sm_slice){driver.ptr + prefix.len, driver.len - prefix.len};
  ret->volume = k8smi_get_str(volume, K8SMI_Volume_name);
  ret->options =
      remote_without(b, k8smi_get_list(flex, K8SMI_FlexVolumeSource_options), REMOTE_VOLUME, &ret->volume);
  if (k8smi_demand_is_docker(b->demand) && ret->options.count > 0) {
    struct k8smi_path options = k8smi_path_field(&at, K8SMI_S("options"));
    K8SMI_DEMAND_WARN(b, IGNORED, &options,
                      "the Docker containerizer tells drivers the volume's name alone, and no options");
    ret->options.count = 0;
  }
  if (k8smi_has(flex, K8SMI_FlexVolumeSource_secretRef))
    K8SMI_DEMAND_WARN(b, IGNORED, &secret, "Docker's volume drivers get no secrets");
  if (k8smi_get_str(flex, K8SMI_FlexVolumeSource_fsType).len > 0)
    K8SMI_DEMAND_WARN(b, IGNORED, &fs_type,
                      "Docker's volume drivers are told no file system type, but what options says");
  b->demand->features |= K8SM_FEATURE_DOCKER_VOLUMES;
  return true;
}

static bool remote_csi_volume(struct k8smi_demand_build *b, const struct k8smi_record *volume,
                              const struct k8smi_path *path, struct k8smi_demand_remote *ret) {
  const struct k8smi_record *csi = k8smi_get_record(volume, K8SMI_Volume_csi);
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("csi"));
  struct k8smi_path secret = k8smi_path_field(&at, K8SMI_S("nodePublishSecretRef"));
  ret->driver = k8smi_get_str(csi, K8SMI_CSIVolumeSource_driver);
  ret->fs_type = k8smi_get_str(csi, K8SMI_CSIVolumeSource_fsType);
  ret->options = remote_without(b, k8smi_get_list(csi, K8SMI_CSIVolumeSource_volumeAttributes),
                                REMOTE_VOLUME_ID, &ret->volume);
  if (ret->volume.len == 0) {
    k8smi_demand_cannot(
        b, &at, "Mesos mounts CSI volumes that are there: volumeAttributes has no '" REMOTE_VOLUME_ID "'");
    return false;
  }
  if (k8smi_has(csi, K8SMI_CSIVolumeSource_nodePublishSecretRef))
    k8smi_demand_cannot(b, &secret, "secrets are not handed to CSI plugins");
  b->demand->features |= K8SM_FEATURE_CSI;
  return true;
}

/* The volumes that some container mounts for writing. */
static void remote_note_writers(struct k8smi_demand_build *b, unsigned containers) {
  struct k8smi_list list = k8smi_get_list(b->spec, containers);
  for (size_t c = 0; c < list.count; c++) {
    struct k8smi_list mounts = k8smi_get_list(k8smi_list_record(list, c), K8SMI_Container_volumeMounts);
    for (size_t m = 0; m < mounts.count; m++) {
      const struct k8smi_record *mount = k8smi_list_record(mounts, m);
      if (k8smi_get_bool(mount, K8SMI_VolumeMount_readOnly, false)) continue;
      uint32_t i = k8smi_map_get(&b->volumes, k8smi_get_str(mount, K8SMI_VolumeMount_name));
      if (i != K8SMI_MAP_NONE) b->uses[i].written = true;
    }
  }
}

const struct k8smi_demand_use *k8smi_demand_use_remote(struct k8smi_demand_build *b, size_t volume,
                                                       const struct k8smi_demand_task *task,
                                                       const struct k8smi_path *path) {
  if (b->uses == NULL) {
    b->uses = k8smi_demand_array(b, k8smi_get_list(b->spec, K8SMI_PodSpec_volumes).count, sizeof *b->uses);
    if (b->uses == NULL) return NULL;
    remote_note_writers(b, K8SMI_PodSpec_initContainers);
    remote_note_writers(b, K8SMI_PodSpec_containers);
  }
  struct k8smi_demand_use *use = &b->uses[volume];
  if (use->task == task) {
    k8smi_demand_refuse(b, path, "Mesos mounts a driver's volume once in a container");
    return NULL;
  }
  use->task = task;
  return use;
}

const struct k8smi_demand_remote *k8smi_demand_make_remote(struct k8smi_demand_build *b,
                                                           const struct k8smi_record *volume,
                                                           const struct k8smi_path *path) {
  struct k8smi_demand_remote *remote = k8smi_demand_array(b, 1, sizeof *remote);
  if (remote == NULL) return NULL;
  bool csi = k8smi_has(volume, K8SMI_Volume_csi);
  return (csi ? remote_csi_volume(b, volume, path, remote) : remote_docker(b, volume, path, remote)) ? remote
                                                                                                     : NULL;
}
