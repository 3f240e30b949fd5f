/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/defaults.h"

#include "pod/defaults_private.h"

/* Constants: the field gets the value when it is not set. */
#define DEFAULT_TEXTS(X)                                                                                     \
  X(PodSpec, dnsPolicy, "ClusterFirst")                                                                      \
  X(PodSpec, restartPolicy, "Always")                                                                        \
  X(PodSpec, schedulerName, "default-scheduler")                                                             \
  X(HostPathVolumeSource, type, "")                                                                          \
  X(ISCSIVolumeSource, iscsiInterface, "default")                                                            \
  X(RBDVolumeSource, pool, "rbd")                                                                            \
  X(RBDVolumeSource, user, "admin")                                                                          \
  X(RBDVolumeSource, keyring, "/etc/ceph/keyring")                                                           \
  X(AzureDiskVolumeSource, cachingMode, "ReadWrite")                                                         \
  X(AzureDiskVolumeSource, fsType, "ext4")                                                                   \
  X(AzureDiskVolumeSource, kind, "Shared")                                                                   \
  X(ScaleIOVolumeSource, storageMode, "ThinProvisioned")                                                     \
  X(ScaleIOVolumeSource, fsType, "xfs")                                                                      \
  X(ObjectFieldSelector, apiVersion, "v1")                                                                   \
  X(PersistentVolumeClaimSpec, volumeMode, "Filesystem")                                                     \
  X(Container, terminationMessagePath, "/dev/termination-log")                                               \
  X(Container, terminationMessagePolicy, "File")                                                             \
  X(EphemeralContainer, terminationMessagePath, "/dev/termination-log")                                      \
  X(EphemeralContainer, terminationMessagePolicy, "File")                                                    \
  X(ContainerPort, protocol, "TCP")                                                                          \
  X(HTTPGetAction, path, "/")                                                                                \
  X(HTTPGetAction, scheme, "HTTP")                                                                           \
  X(GRPCAction, service, "")

#define DEFAULT_NUMBERS(X)                                                                                   \
  X(PodSpec, enableServiceLinks, 1)                                                                          \
  X(PodSpec, terminationGracePeriodSeconds, 30)                                                              \
  X(SecretVolumeSource, defaultMode, 0644)                                                                   \
  X(ConfigMapVolumeSource, defaultMode, 0644)                                                                \
  X(DownwardAPIVolumeSource, defaultMode, 0644)                                                              \
  X(ProjectedVolumeSource, defaultMode, 0644)                                                                \
  X(AzureDiskVolumeSource, readOnly, 0)                                                                      \
  X(ServiceAccountTokenProjection, expirationSeconds, 3600)                                                  \
  X(FileKeySelector, optional, 0)                                                                            \
  X(Probe, timeoutSeconds, 1)                                                                                \
  X(Probe, periodSeconds, 10)                                                                                \
  X(Probe, successThreshold, 1)                                                                              \
  X(Probe, failureThreshold, 3)                                                                              \
  X(ReplicationControllerSpec, replicas, 1)                                                                  \
  X(ReplicaSetSpec, replicas, 1)                                                                             \
  X(DeploymentSpec, replicas, 1)                                                                             \
  X(StatefulSetSpec, replicas, 1)

/* Static texts, laid out as those in arenas are. */
#define DEFAULT_TEXT_STORAGE(T, field, text)                                                                 \
  static const struct {                                                                                      \
    uint32_t len;                                                                                            \
    char bytes[sizeof(text)];                                                                                \
  } default_##T##_##field = {sizeof(text) - 1, text};
DEFAULT_TEXTS(DEFAULT_TEXT_STORAGE)

struct default_text {
  uint8_t type;
  uint8_t field;
  const void *text; /* struct k8smi_text */
};
static const struct default_text default_texts[] = {
#define DEFAULT_TEXT_ROW(T, field, text) {K8SMI_TYPE_##T, K8SMI_##T##_##field, &default_##T##_##field},
    DEFAULT_TEXTS(DEFAULT_TEXT_ROW)};

struct default_number {
  uint8_t type;
  uint8_t field;
  int16_t number;
};
static const struct default_number default_numbers[] = {
#define DEFAULT_NUMBER_ROW(T, field, number) {K8SMI_TYPE_##T, K8SMI_##T##_##field, number},
    DEFAULT_NUMBERS(DEFAULT_NUMBER_ROW)};

static bool default_is_unset(uint64_t *present, unsigned field) {
  uint64_t bit = (uint64_t)1 << field;
  if (*present & bit) return false;
  *present |= bit;
  return true;
}

static void default_constants(unsigned type, union k8smi_slot *slots, uint64_t *present) {
  for (size_t i = 0; i < sizeof default_texts / sizeof default_texts[0]; i++) {
    const struct default_text *d = &default_texts[i];
    if (d->type == type && default_is_unset(present, d->field)) slots[d->field].text = d->text;
  }
  for (size_t i = 0; i < sizeof default_numbers / sizeof default_numbers[0]; i++) {
    const struct default_number *d = &default_numbers[i];
    if (d->type == type && default_is_unset(present, d->field)) slots[d->field].number = d->number;
  }
}

/* Those that depend on other fields. */
static const struct {
  uint8_t type;
  bool (*fill)(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present);
} default_rules[] = {
    {K8SMI_TYPE_PodSpec, k8smi_default_pod_spec},
    {K8SMI_TYPE_Container, k8smi_default_container},
    {K8SMI_TYPE_EphemeralContainer, k8smi_default_ephemeral_container},
    {K8SMI_TYPE_ImageVolumeSource, k8smi_default_image_volume},
    {K8SMI_TYPE_Volume, k8smi_default_volume},
};

bool k8smi_defaults_fill(struct k8smi_arena *arena, unsigned type, union k8smi_slot *slots,
                         uint64_t *present) {
  default_constants(type, slots, present);
  for (size_t i = 0; i < sizeof default_rules / sizeof default_rules[0]; i++) {
    if (default_rules[i].type == type) return default_rules[i].fill(arena, slots, present);
  }
  return true;
}
