/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_MANIFEST_H
#define K8SMESOS_MANIFEST_H

/* Manifests: files of many objects. Their pods, the pods of their workloads, and the data objects that pods
 * refer to. https://kubernetes.io/docs/concepts/workloads/management/ */

#include <k8smesos/workload.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_manifest; /* everything that a file holds. Value. */

/* Reads a file of one or more documents (JSON, YAML) or of one object in its envelope (protobuf): Pods, the
 * pods of workload kinds, the data objects that pods refer to, and lists of them. Group versions that
 * Kubernetes has given up (extensions/v1beta1, apps/v1beta2, batch/v1beta1, …) are read as those that came
 * after them, with a note. Objects of other kinds are skipped, with a note. A document that is wrong does
 * not hide the findings of the others; each finding says which document it is of.
 *
 * A workload gives as many pods as its controller would make at first, those of k8sm_workload_pod with
 * the ordinals from the first on; with K8SM_PARSE_TEMPLATES one pod under its own name. A workload or bare pod with
 * metadata.generateName and no name gets a suffix as k8sm_workload_pod's, of the options' name_seed, the
 * namespace and generateName, counted over those of the file.
 * Errors: as k8sm_pod_parse; INVALID also when there is nothing in it that is read. */
K8SM_API K8SM_MUST_USE int k8sm_manifest_parse(const void *bytes, size_t len,
                                               const struct k8sm_parse_options *options,
                                               struct k8sm_manifest **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_manifest *k8sm_manifest_ref(struct k8sm_manifest *manifest);
K8SM_API void k8sm_manifest_unref(struct k8sm_manifest *manifest);

/* A pod of a manifest. */
struct k8sm_manifest_pod {
  struct k8sm_pod *pod;    /* borrowed: k8sm_pod_ref to keep it */
  uint32_t document;       /* that it came from, from 0 */
  uint32_t replica;        /* of its workload, from 0; 0 for a bare pod */
  struct k8sm_slice owner; /* "Deployment/web": the object of the file; empty for a bare pod */
};
K8SM_API size_t k8sm_manifest_pods(const struct k8sm_manifest *manifest, size_t first,
                                   struct k8sm_manifest_pod *rows, size_t row_size, size_t n);

/* A workload of a manifest. */
struct k8sm_manifest_workload {
  struct k8sm_workload *workload; /* borrowed: k8sm_workload_ref to keep it */
  uint32_t document;              /* that it came from, from 0 */
  uint32_t first_pod;             /* the row of the first of its pods */
  uint32_t pod_count;
  uint32_t reserved;
};
K8SM_API size_t k8sm_manifest_workloads(const struct k8sm_manifest *manifest, size_t first,
                                        struct k8sm_manifest_workload *rows, size_t row_size, size_t n);

enum { K8SM_DATA_BINARY = 1 << 0 }; /* of a ConfigMap's binaryData: never the value of a variable */

/* A ConfigMap or Secret of the manifest, one row per key. A Secret's data is decoded. An object without
 * keys has one row whose key is empty. A PersistentVolumeClaim has a row for each thing that its spec says of
 * the volume: "storage", "storageClassName", "volumeMode", "accessModes" (with commas between them),
 * "volumeName", "dataSource" ("Kind/name", of dataSourceRef where there is one), "selector" ("true") and
 * "volumeAttributesClassName". A StatefulSet has such rows for each of its volumeClaimTemplates, under the name
 * "CLAIM-SET-*": they hold for the claims of all its pods ("CLAIM-SET-0", ...) that no row names itself. */
struct k8sm_manifest_data {
  struct k8sm_slice kind; /* "ConfigMap", "Secret", "PersistentVolumeClaim" */
  struct k8sm_slice name_space;
  struct k8sm_slice name;
  struct k8sm_slice key;
  struct k8sm_slice value;
  uint32_t flags; /* K8SM_DATA_* */
  uint32_t reserved;
};
K8SM_API size_t k8sm_manifest_data(const struct k8sm_manifest *manifest, size_t first,
                                   struct k8sm_manifest_data *rows, size_t row_size, size_t n);

/* A PriorityClass: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
struct k8sm_priority_class {
  struct k8sm_slice name;
  struct k8sm_slice preemption_policy; /* "PreemptLowerPriority" or "Never" */
  int32_t value;
  uint32_t global_default; /* 1: for pods that name none */
};
K8SM_API size_t k8sm_manifest_priority_classes(const struct k8sm_manifest *manifest, size_t first,
                                               struct k8sm_priority_class *rows, size_t row_size, size_t n);

/* Every data object of the manifest (ConfigMap, Secret, PriorityClass, PersistentVolumeClaim, Namespace, Node), in
 * the order of the file. */
struct k8sm_manifest_object {
  struct k8sm_slice kind;
  struct k8sm_slice api_version;
  struct k8sm_slice name_space; /* empty for kinds that have none */
  struct k8sm_slice name;
  uint32_t document; /* that it came from, from 0 */
  uint32_t reserved;
};
K8SM_API size_t k8sm_manifest_objects(const struct k8sm_manifest *manifest, size_t first,
                                      struct k8sm_manifest_object *rows, size_t row_size, size_t n);
/* The field of an object at a path, as k8sm_pod_get; `object` is the number of its row. NULL: all of the
 * object, as JSON. Errors: also NOT_FOUND for a row that is none. */
K8SM_API K8SM_MUST_USE int k8sm_manifest_get(const struct k8sm_manifest *manifest, size_t object,
                                             const char *path, const struct k8sm_allocator *allocator,
                                             struct k8sm_blob **ret);

enum {
  K8SM_ADMIT_PRIORITY = 1 << 0,   /* priority, preemptionPolicy and priorityClassName of the pod's class */
  K8SM_ADMIT_TOLERATIONS = 1 << 1 /* nodes that are not ready or unreachable are tolerated for a while */
};

/* What the API server's default admission adds to a pod that is created. */
struct k8sm_admission_options {
  size_t size;
  uint64_t flags; /* K8SM_ADMIT_*; 0: all of them */
  const struct k8sm_allocator *allocator;
  const struct k8sm_priority_class *classes; /* beside system-node-critical and system-cluster-critical */
  size_t class_count;
  size_t class_size;          /* sizeof(struct k8sm_priority_class) */
  int64_t toleration_seconds; /* 0: 300 */
};

/* The same pod as admission leaves it. K8SM_PARSE_ADMISSION does this to every pod that is read, with the
 * classes of its manifest.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 * Owns: *ret. Errors: INVALID (a class that is not there, or a priority of the pod's own that is not its
 * class's), NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_pod_admit(const struct k8sm_pod *pod,
                                          const struct k8sm_admission_options *options, struct k8sm_pod **ret,
                                          struct k8sm_diags *diags);

/* Reads a long manifest in chunks: the pods that k8sm_manifest_parse would find, one at a time, in memory
 * bounded by the largest document. A document is, in JSON, one of those that follow one another, or one item
 * of the list that such a document is; in YAML what lines of --- part; in protobuf one item of a list.
 * max_bytes, max_memory and max_pods of the options hold for each of them. Objects that are no pods and have
 * none are passed over, data objects with the note of those that are skipped.
 *
 * Not as k8sm_manifest_parse: JSON is what begins with { or [, even if lines of --- part its documents; and
 * the items of a list whose kind comes behind them are given out before that is known, if each says what it
 * is. With K8SM_PARSE_ADMISSION only the classes of Kubernetes itself are known. */
struct k8sm_reader; /* Mutable. */

/* Errors: ABI, INVALID, NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_reader_new(const struct k8sm_parse_options *options, struct k8sm_reader **ret,
                                           struct k8sm_diags *diags);
K8SM_API void k8sm_reader_free(struct k8sm_reader *reader);

/* Gives the reader bytes, `last` with the last of them (there may be none). They are copied; ask for pods
 * until there are none before you push more, or they pile up.
 * Errors: NOMEM; STATE after the last. */
K8SM_API K8SM_MUST_USE int k8sm_reader_push(struct k8sm_reader *reader, const void *bytes, size_t len,
                                            int last);

/* The next pod. ret->pod is a reference of the caller's; ret->owner is good until the next call.
 * Errors: NOT_FOUND when there is none: push more, or, after the last bytes, this is the end; INVALID,
 * SYNTAX (YAML) or LIMIT for a document that is wrong: go on; SYNTAX (JSON, protobuf), NOMEM: nothing comes
 * behind it, and the same comes again. */
K8SM_API K8SM_MUST_USE int k8sm_reader_next(struct k8sm_reader *reader, struct k8sm_manifest_pod *ret,
                                            size_t row_size, struct k8sm_diags *diags);

#ifdef __cplusplus
}
#endif
#endif
