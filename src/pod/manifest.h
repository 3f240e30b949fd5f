/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_MANIFEST_H
#define K8SMI_POD_MANIFEST_H

#include <assert.h>

#include "pod/parse.h"

/* The first three fields of every kind are the same, so that all metadata is read as a Pod's is. */
#define K8SMI_MANIFEST_SAME(T)                                                                               \
  static_assert((int)K8SMI_##T##_metadata == (int)K8SMI_Pod_metadata, "metadata is not where a Pod has it");
K8SMI_MANIFEST_SAME(PodTemplate)
K8SMI_MANIFEST_SAME(ReplicationController)
K8SMI_MANIFEST_SAME(ReplicaSet)
K8SMI_MANIFEST_SAME(Deployment)
K8SMI_MANIFEST_SAME(StatefulSet)
K8SMI_MANIFEST_SAME(DaemonSet)
K8SMI_MANIFEST_SAME(Job)
K8SMI_MANIFEST_SAME(CronJob)
K8SMI_MANIFEST_SAME(ConfigMap)
K8SMI_MANIFEST_SAME(Secret)
#undef K8SMI_MANIFEST_SAME

/* The inside of a manifest, for those files that fill it. */
struct k8sm_manifest {
  struct k8smi_arena arena;
  k8smi_refs refs;
  struct k8sm_manifest_pod *pods; /* holds a reference of each */
  size_t pod_count;
  size_t pod_cap;
  struct k8sm_manifest_data *data;
  size_t data_count;
  size_t data_cap;
};

/* An object of the manifest, before anything is known of it but what it says it is. */
struct k8smi_object {
  struct k8smi_parse *parse;
  struct k8sm_manifest *manifest;
  struct k8smi_tokens *tokens;           /* JSON or YAML; NULL for protobuf */
  const struct k8smi_envelope *envelope; /* protobuf; NULL otherwise */
  struct k8sm_slice kind;
  struct k8sm_slice api_version;
  uint32_t document;
  uint32_t lists;                /* that it is inside of */
  const struct k8smi_path *path; /* "items[2]"; NULL for a document */
};

/* Reads the object's kind and apiVersion and goes back to its beginning. What is no object has neither. */
int k8smi_manifest_peek(struct k8smi_object *object, bool *is_null);
/* Reads all of the object as one of the type. INVALID if anything was wrong with it. */
int k8smi_manifest_record(const struct k8smi_object *object, struct k8smi_arena *arena, unsigned type,
                          const struct k8smi_record **ret);
/* An object in an envelope, from its envelope's kind on. */
int k8smi_manifest_envelope(const struct k8smi_object *like, const struct k8smi_envelope *envelope);
/* Reads each item of a list that came in protobuf. */
int k8smi_manifest_proto_list(const struct k8smi_object *list);
/* An item of a list, as JSON; it may leave out what it is, if the list says so. */
int k8smi_manifest_item(const struct k8smi_object *list, struct k8sm_slice json, size_t index);
/* Reads the object by its kind, from its first token on. Errors: as k8sm_manifest_parse, of this object. */
int k8smi_manifest_object(const struct k8smi_object *object);

/* Adds a pod and takes the caller's reference, also on failure. */
int k8smi_manifest_add_pod(const struct k8smi_object *object, struct k8sm_pod *pod, uint32_t replica,
                           struct k8sm_slice owner);
/* The pods of a workload kind: which is one of manifest_kinds. */
int k8smi_manifest_workload(const struct k8smi_object *object, unsigned type);
/* Gives a pod of a StatefulSet the volumes of its claims; false when memory ran out. */
bool k8smi_manifest_claims(struct k8sm_pod *pod, struct k8smi_list claims);
/* The keys of a ConfigMap or Secret. */
int k8smi_manifest_data_of(const struct k8smi_object *object, unsigned type);

/* More pods than this in one manifest is a mistake, or malice. */
enum { K8SMI_MANIFEST_MAX_PODS = 10000, K8SMI_MANIFEST_MAX_DOCUMENTS = 10000, K8SMI_MANIFEST_MAX_LISTS = 4 };

#endif
