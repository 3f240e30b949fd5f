/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_DEFAULTS_PRIVATE_H
#define K8SMI_POD_DEFAULTS_PRIVATE_H

#include "pod/record_private.h"

/* An object whose fields have been read, and that is not packed yet. */
struct k8smi_defaults {
  struct k8smi_arena *arena;
  union k8smi_slot *slots; /* by field */
  uint64_t *present;
};

/* Defaults that depend on other fields of the object; false when memory ran out. */
bool k8smi_default_container(const struct k8smi_defaults *d);
bool k8smi_default_ephemeral_container(const struct k8smi_defaults *d);
bool k8smi_default_image_volume(const struct k8smi_defaults *d);
bool k8smi_default_volume(const struct k8smi_defaults *d);
bool k8smi_default_resources(const struct k8smi_defaults *d);
bool k8smi_default_volume_resources(const struct k8smi_defaults *d);
bool k8smi_default_pod_spec(const struct k8smi_defaults *d);
bool k8smi_default_container_status(const struct k8smi_defaults *d);
bool k8smi_default_claim_status(const struct k8smi_defaults *d);
bool k8smi_default_node_status(const struct k8smi_defaults *d);
bool k8smi_default_pod_status(const struct k8smi_defaults *d);
/* Of a pod, not of its template. */
bool k8smi_default_pod(const struct k8smi_defaults *d);
/* Of the kinds that hold templates. */
bool k8smi_default_replication_controller(const struct k8smi_defaults *d);
bool k8smi_default_deployment_strategy(const struct k8smi_defaults *d);
bool k8smi_default_daemon_set_strategy(const struct k8smi_defaults *d);
bool k8smi_default_stateful_set_strategy(const struct k8smi_defaults *d);
bool k8smi_default_job(const struct k8smi_defaults *d);
bool k8smi_default_namespace(const struct k8smi_defaults *d);

/* A text that is there for good, laid out as those in arenas are: an initializer of a slot. */
#define K8SMI_DEFAULT_TEXT(string)                                                                           \
  {                                                                                                          \
    .text = (const void *)&(const struct {                                                                   \
      uint32_t len;                                                                                          \
      char bytes[sizeof(string)];                                                                            \
    }) {                                                                                                     \
      sizeof(string) - 1, string                                                                             \
    }                                                                                                        \
  }

static inline bool k8smi_default_has(const struct k8smi_defaults *d, unsigned field) {
  return *d->present >> field & 1;
}
static inline void k8smi_default_set(const struct k8smi_defaults *d, unsigned field, union k8smi_slot value) {
  d->slots[field] = value;
  *d->present |= (uint64_t)1 << field;
}
static inline void k8smi_default_set_absent(const struct k8smi_defaults *d, unsigned field,
                                            union k8smi_slot value) {
  if (!k8smi_default_has(d, field)) k8smi_default_set(d, field, value);
}

/* The list in a field; empty where it is not set. */
static inline struct k8smi_list k8smi_default_list(const struct k8smi_defaults *d, unsigned field) {
  return k8smi_default_has(d, field) ? *d->slots[field].list : (struct k8smi_list){NULL, 0};
}
/* The record in a field; NULL where it is not set. */
static inline const struct k8smi_record *k8smi_default_record(const struct k8smi_defaults *d,
                                                              unsigned field) {
  return k8smi_default_has(d, field) ? d->slots[field].record : NULL;
}

#endif
