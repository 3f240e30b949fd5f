/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_POD_H
#define K8SMESOS_POD_H

/* Manifest bytes → Pods. A Pod is a Kubernetes core/v1 Pod, read, defaulted and validated:
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */

#include <k8smesos/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_pod;      /* one pod. Value. */
struct k8sm_manifest; /* everything that a file holds. Value. */

enum {
  K8SM_PARSE_NO_DEFAULTS = 1 << 0, /* leave out what the API server would fill in */
  K8SM_PARSE_NO_VALIDATE = 1 << 1, /* types are checked all the same */
  K8SM_PARSE_STRICT = 1 << 2,      /* unknown fields are errors; else they are notes */
  K8SM_PARSE_TEMPLATES = 1 << 3,   /* manifests: one pod per template, replicas not multiplied */
  K8SM_PARSE_KEEP_UNKNOWN = 1 << 4 /* unknown fields are kept, and written by k8sm_pod_encode where the
                                    * format is that which they were read from (YAML and JSON are one) */
};

/* How a manifest is read. */
struct k8sm_parse_options {
  size_t size;
  uint64_t flags; /* K8SM_PARSE_* */
  const struct k8sm_allocator *allocator;
  const char *default_namespace; /* for objects that name none; NULL: "default" */
  uint64_t max_bytes;            /* of the input; 0: 16 MiB */
  uint64_t max_memory;           /* of one value; 0: 64 MiB */
  uint32_t max_depth;            /* 0: 100 */
  uint32_t max_alias_nodes;      /* nodes that YAML aliases may expand to, in all; 0: 100,000 */
  uint32_t format;               /* K8SM_FORMAT_*; AUTO: protobuf when the envelope is there ("k8s" and 0),
                                  * JSON when the first character is { or [, else YAML */
  uint32_t max_nodes;            /* names and values of one document, in all; 0: 4,000,000 */
  uint32_t max_containers;       /* of one pod, of all kinds; 0: 1,000 */
};

/* Reads one Pod (apiVersion v1, kind Pod) from JSON, YAML or Kubernetes protobuf; with
 * K8SM_FORMAT_PROTOBUF_BARE from the message of a Pod without its envelope. All findings of the pod are
 * reported at once; what is no protobuf at all ends it. Bytes need no NUL after them and are not kept.
 * Owns: *ret is a reference of the caller's.
 * Errors: SYNTAX (not YAML, not protobuf, NUL, not UTF-8), INVALID (not a pod, a field of a wrong type, or a rule of
 * the API server broken), LIMIT, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_pod_parse(const void *bytes, size_t len, const struct k8sm_parse_options *options,
                                          struct k8sm_pod **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_pod *k8sm_pod_ref(struct k8sm_pod *pod);
K8SM_API void k8sm_pod_unref(struct k8sm_pod *pod);

/* metadata.name, .namespace and .uid. A pod without uid has an empty slice. */
K8SM_API struct k8sm_slice k8sm_pod_name(const struct k8sm_pod *pod);
K8SM_API struct k8sm_slice k8sm_pod_namespace(const struct k8sm_pod *pod);
K8SM_API struct k8sm_slice k8sm_pod_uid(const struct k8sm_pod *pod);

/* The same pod with another uid (metadata.uid), e.g. one that the host has drawn for it. */
K8SM_API K8SM_MUST_USE int k8sm_pod_with_uid(const struct k8sm_pod *pod, const char *uid,
                                             const struct k8sm_allocator *allocator, struct k8sm_pod **ret,
                                             struct k8sm_diags *diags);

/* Writes the pod byte for byte as Kubernetes does: compact JSON without a newline behind it, YAML of the
 * same value, protobuf in its envelope, or the bare message of protobuf.
 * Errors: NOMEM; UNSUPPORTED for another format. */
K8SM_API K8SM_MUST_USE int k8sm_pod_encode(const struct k8sm_pod *pod, uint32_t format,
                                           const struct k8sm_allocator *allocator, struct k8sm_blob **ret);

/* Writes the pods as one v1 PodList, in their order: as k8sm_pod_encode. */
K8SM_API K8SM_MUST_USE int k8sm_pods_encode(struct k8sm_pod *const *pods, size_t n, uint32_t format,
                                            const struct k8sm_allocator *allocator, struct k8sm_blob **ret);

/* The value at a field path ("spec.containers[0].image", "metadata.labels[app]"): a scalar's text, or
 * the JSON of an object or array. Owns: *ret. Errors: NOT_FOUND when it is not set, INVALID if the
 * path is none, NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_pod_get(const struct k8sm_pod *pod, const char *path,
                                        const struct k8sm_allocator *allocator, struct k8sm_blob **ret);

enum {
  K8SM_CONTAINER_MAIN = 0,
  K8SM_CONTAINER_INIT = 1,
  K8SM_CONTAINER_SIDECAR = 2 /* an init container with restartPolicy Always */
};

/* One container of a pod: init containers and sidecars first, in list order, then the mains. */
struct k8sm_pod_container {
  struct k8sm_slice name;
  struct k8sm_slice image;
  uint32_t kind;             /* K8SM_CONTAINER_* */
  uint32_t index;            /* in its own list */
  int64_t cpu_request_milli; /* -1: none */
  int64_t cpu_limit_milli;
  int64_t memory_request_bytes;
  int64_t memory_limit_bytes;
};
K8SM_API size_t k8sm_pod_containers(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_container *rows,
                                    size_t row_size, size_t n);

/* Reads a file of one or more documents (JSON, YAML) or of one object in its envelope (protobuf): Pods, the
 * pods of workload kinds, the data objects that pods refer to, and lists of them. A document that is wrong does not hide the findings of the others.
 * Errors: as k8sm_pod_parse; INVALID also when there is no pod and no data object at all. */
K8SM_API K8SM_MUST_USE int k8sm_manifest_parse(const void *bytes, size_t len,
                                               const struct k8sm_parse_options *options,
                                               struct k8sm_manifest **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_manifest *k8sm_manifest_ref(struct k8sm_manifest *manifest);
K8SM_API void k8sm_manifest_unref(struct k8sm_manifest *manifest);

/* A pod of a manifest. */
struct k8sm_manifest_pod {
  struct k8sm_pod *pod;    /* borrowed: k8sm_pod_ref to keep it */
  uint32_t document;       /* that it came from, from 0 */
  uint32_t replica;        /* 0 for a bare pod */
  struct k8sm_slice owner; /* "ReplicationController/kube-dns"; empty for a bare pod */
};
K8SM_API size_t k8sm_manifest_pods(const struct k8sm_manifest *manifest, size_t first,
                                   struct k8sm_manifest_pod *rows, size_t row_size, size_t n);

/* A ConfigMap or Secret of the manifest, one row per key. A Secret's data is decoded. */
struct k8sm_manifest_data {
  struct k8sm_slice kind; /* "ConfigMap", "Secret" */
  struct k8sm_slice name_space;
  struct k8sm_slice name;
  struct k8sm_slice key;
  struct k8sm_slice value;
};
K8SM_API size_t k8sm_manifest_data(const struct k8sm_manifest *manifest, size_t first,
                                   struct k8sm_manifest_data *rows, size_t row_size, size_t n);

#ifdef __cplusplus
}
#endif
#endif
