/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_POD_H
#define K8SMESOS_POD_H

/* Manifest bytes → Pods. A Pod is a Kubernetes core/v1 Pod, read, defaulted and validated:
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */

#include <k8smesos/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_pod; /* one pod. Value. */

enum {
  /* Leave out what the API server would fill in. The rules require some of it (restartPolicy, dnsPolicy, …), so this
   * is for what a server has stored, or goes with NO_VALIDATE. */
  K8SM_PARSE_NO_DEFAULTS = 1 << 0,
  K8SM_PARSE_NO_VALIDATE = 1 << 1, /* types are checked all the same */
  K8SM_PARSE_STRICT = 1 << 2,      /* unknown fields are errors; else they are notes */
  K8SM_PARSE_TEMPLATES = 1 << 3,   /* manifests: one pod per template, replicas not multiplied */
  K8SM_PARSE_KEEP_UNKNOWN = 1 << 4, /* unknown fields are kept, and written by k8sm_pod_encode where the
                                     * format is that which they were read from (YAML and JSON are one) */
  K8SM_PARSE_ADMISSION = 1 << 5     /* add what the API server's admission does: see k8sm_pod_admit */
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
  uint32_t max_pods;             /* of a manifest; 0: 10,000 */
  const char *name_seed;         /* what names that are made of metadata.generateName depend on, beside the
                                  * pod itself; NULL: nothing */
};

/* Reads one Pod (apiVersion v1, kind Pod) from JSON, YAML or Kubernetes protobuf; with
 * K8SM_FORMAT_PROTOBUF_BARE from the message of a Pod without its envelope. All findings of the pod are
 * reported at once; what is no protobuf at all ends it. Bytes need no NUL after them and are not kept.
 *
 * What a manifest leaves out is filled in as the API server does when it creates the pod, and then all of its rules for
 * a new pod are checked (Kubernetes 1.37, its feature gates as they are by default): the findings have its paths, its
 * words ("Invalid value: …: …") and its order, but that keys of maps come sorted, and what would be told twice is told
 * once. A pod with metadata.uid, .resourceVersion or .creationTimestamp is one that a server has stored: it may have
 * ephemeral containers, and values that only new pods may not have, as in an update that leaves them alone. Templates
 * of workloads (workload.h) are held to the rules for templates.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/
 *
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

/* The same pod with another uid (metadata.uid), e.g. one that the host has drawn for it; NULL: one that is made
 * of its namespace and name, always the same. */
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

enum {
  K8SM_PATCH_MERGE = 1,    /* application/merge-patch+json (RFC 7386): lists are replaced as a whole */
  K8SM_PATCH_STRATEGIC = 2 /* application/strategic-merge-patch+json: of lists of named objects only those
                            * that change. Where names don't tell them apart (two protocols of one port) the
                            * list is replaced, and the server puts those of one name side by side */
};
/* The smallest patch that makes of one pod the other, for the API server's PATCH: compact JSON, "{}" where
 * nothing changes. https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 * Owns: *ret. Errors: UNSUPPORTED (another kind of patch), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_pod_patch(const struct k8sm_pod *from, const struct k8sm_pod *to, uint32_t kind,
                                          const struct k8sm_allocator *allocator, struct k8sm_blob **ret);

/* ---- What stands in a pod ----
 *
 * Paths are written as findings write them: "spec.containers[0].image", "metadata.labels[app]". In brackets
 * stand an index, a key (in quotes if you like: "metadata.annotations['a.b/c']"), or a choice among the
 * objects of a list: "spec.containers[name=web].image" is the first whose `name` is "web". What begins with
 * a slash is a JSON pointer: "/spec/containers/0/image" (RFC 6901: ~1 is a slash, ~0 a tilde). The empty
 * path is the whole pod. What k8sm_pod_parse kept as unknown fields is not seen. */

/* The value at a path: a string's text, or the JSON of anything else. Owns: *ret.
 * Errors: NOT_FOUND when it is not set, INVALID if the path is none, NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_pod_get(const struct k8sm_pod *pod, const char *path,
                                        const struct k8sm_allocator *allocator, struct k8sm_blob **ret);

enum {
  K8SM_VALUE_STRING = 1, /* also quantities (as typed) and times */
  K8SM_VALUE_NUMBER = 2,
  K8SM_VALUE_BOOL = 3,
  K8SM_VALUE_OBJECT = 4, /* also maps, such as labels */
  K8SM_VALUE_LIST = 5,
  K8SM_VALUE_JSON = 6 /* kept as compact JSON, because Kubernetes gives it no type */
};

/* A value of a pod. Nothing is copied: slices live as long as the pod. */
struct k8sm_pod_value {
  struct k8sm_slice name; /* of the field or the key; absent for an item of a list */
  struct k8sm_slice text; /* STRING, JSON */
  int64_t number;         /* NUMBER; BOOL: 0 or 1 */
  uint64_t count;         /* OBJECT, LIST: how many values are below it */
  uint64_t index;         /* among its neighbours, from 0; of a value found by its path only in lists and maps */
  uint32_t kind;          /* K8SM_VALUE_* */
  uint32_t reserved;
};
/* The value at a path, without allocating: row_size is sizeof *ret.
 * Errors: NOT_FOUND when it is not set, INVALID if the path is none. */
K8SM_API K8SM_MUST_USE int k8sm_pod_get_value(const struct k8sm_pod *pod, const char *path,
                                              struct k8sm_pod_value *ret, size_t row_size);
/* The values right below the object or list at a path, as rows: fields that are set in the order of the
 * reference, keys sorted, items in their order. *ret_count is how many there are from `first` on; 0 for a
 * value that has nothing below it. Errors: as k8sm_pod_get_value. */
K8SM_API K8SM_MUST_USE int k8sm_pod_get_values(const struct k8sm_pod *pod, const char *path, size_t first,
                                               struct k8sm_pod_value *rows, size_t row_size, size_t n,
                                               size_t *ret_count);

enum {
  K8SM_CONTAINER_MAIN = 0,
  K8SM_CONTAINER_INIT = 1,
  K8SM_CONTAINER_SIDECAR = 2,  /* an init container with restartPolicy Always */
  K8SM_CONTAINER_EPHEMERAL = 3 /* added to a pod that runs, for debugging */
};

enum { /* of a container */
  K8SM_CONTAINER_FLAG_STDIN = 1 << 0,
  K8SM_CONTAINER_FLAG_STDIN_ONCE = 1 << 1,
  K8SM_CONTAINER_FLAG_TTY = 1 << 2,
  K8SM_CONTAINER_FLAG_PRIVILEGED = 1 << 3,
  K8SM_CONTAINER_FLAG_READ_ONLY_ROOT = 1 << 4,
  K8SM_CONTAINER_FLAG_NON_ROOT = 1 << 5 /* runAsNonRoot, of the container or else of the pod */
};

/* One container of a pod: init containers and sidecars first, in list order, then the mains, then the
 * ephemeral ones. The rows below name it by its number here. */
struct k8sm_pod_container {
  struct k8sm_slice name;
  struct k8sm_slice image;
  uint32_t kind;             /* K8SM_CONTAINER_* */
  uint32_t index;            /* in its own list */
  int64_t cpu_request_milli; /* -1: none */
  int64_t cpu_limit_milli;
  int64_t memory_request_bytes;
  int64_t memory_limit_bytes;
  int64_t storage_request_bytes; /* ephemeral-storage */
  int64_t storage_limit_bytes;
  int64_t run_as_user; /* of the container or else of the pod; -1: the image's */
  int64_t run_as_group;
  struct k8sm_slice working_dir;
  struct k8sm_slice pull_policy;    /* "Always", "IfNotPresent", "Never" */
  struct k8sm_slice restart_policy; /* its own or else the pod's */
  struct k8sm_slice message_path;   /* terminationMessagePath */
  struct k8sm_slice message_policy; /* terminationMessagePolicy */
  struct k8sm_slice target;         /* EPHEMERAL: targetContainerName */
  uint32_t flags;
  uint32_t reserved;
};
K8SM_API size_t k8sm_pod_containers(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_container *rows,
                                    size_t row_size, size_t n);

enum {
  K8SM_PURPOSE_COMMAND = 0, /* the program: in place of the image's entrypoint */
  K8SM_PURPOSE_ARGS = 1,
  K8SM_PURPOSE_LIVENESS = 2,
  K8SM_PURPOSE_READINESS = 3,
  K8SM_PURPOSE_STARTUP = 4,
  K8SM_PURPOSE_POST_START = 5,
  K8SM_PURPOSE_PRE_STOP = 6
};

/* A word of a command line: of the container itself or of a probe or hook that executes one. As written,
 * with its $(VARIABLES). */
struct k8sm_pod_word {
  struct k8sm_slice text;
  uint32_t container;
  uint32_t purpose; /* K8SM_PURPOSE_* */
};
K8SM_API size_t k8sm_pod_words(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_word *rows,
                               size_t row_size, size_t n);

/* A port of a container. */
struct k8sm_pod_port {
  struct k8sm_slice name;
  struct k8sm_slice protocol; /* "TCP", "UDP", "SCTP" */
  struct k8sm_slice host_ip;
  uint32_t container;
  uint32_t container_port;
  uint32_t host_port; /* 0: none */
  uint32_t reserved;
};
K8SM_API size_t k8sm_pod_ports(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_port *rows,
                               size_t row_size, size_t n);

enum {
  K8SM_SOURCE_VALUE = 0,
  K8SM_SOURCE_FIELD = 1,          /* fieldRef: key is the path */
  K8SM_SOURCE_RESOURCE = 2,       /* resourceFieldRef: object is the container, key the resource */
  K8SM_SOURCE_CONFIG_MAP_KEY = 3, /* configMapKeyRef, or all of a configMapRef */
  K8SM_SOURCE_SECRET_KEY = 4,     /* secretKeyRef, or all of a secretRef */
  K8SM_SOURCE_FILE_KEY = 5        /* fileKeyRef: object is the volume, detail the file in it */
};

/* A variable of a container as the pod states it; k8sm_pod_resolve (resolve.h) gives what the program sees. */
struct k8sm_pod_env {
  struct k8sm_slice name;
  struct k8sm_slice value; /* VALUE: with its $(VARIABLES) */
  struct k8sm_slice object;
  struct k8sm_slice key;
  struct k8sm_slice detail; /* RESOURCE: the divisor; FILE_KEY: the path */
  uint32_t container;
  uint32_t source;   /* K8SM_SOURCE_* */
  uint32_t optional; /* 1: what is missing leaves the variable unset */
  uint32_t reserved;
};
K8SM_API size_t k8sm_pod_env(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_env *rows,
                             size_t row_size, size_t n);

/* A ConfigMap or Secret whose keys are all variables of a container. They come before those of k8sm_pod_env. */
struct k8sm_pod_env_from {
  struct k8sm_slice prefix;
  struct k8sm_slice object;
  uint32_t container;
  uint32_t source; /* K8SM_SOURCE_CONFIG_MAP_KEY, _SECRET_KEY */
  uint32_t optional;
  uint32_t reserved;
};
K8SM_API size_t k8sm_pod_env_from(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_env_from *rows,
                                  size_t row_size, size_t n);

enum { /* of a volume or a mount */
  K8SM_VOLUME_READ_ONLY = 1 << 0,
  K8SM_VOLUME_OPTIONAL = 1 << 1,      /* the ConfigMap or Secret need not be there */
  K8SM_VOLUME_SUB_PATH_EXPR = 1 << 2, /* the mount's sub_path is a subPathExpr */
  K8SM_VOLUME_DEVICE = 1 << 3         /* the mount is a block device (volumeDevices) */
};

/* A volume of a pod. `source` and `detail` are what says most of it, by kind:
 *   hostPath path, type; emptyDir medium; configMap name; secret secretName; persistentVolumeClaim claimName;
 *   nfs server, path; csi driver, fsType; image reference, pullPolicy; the older ones the disk, image or
 *   share that they name, and a second word of it.
 * All of it is at "spec.volumes[name=N]" (k8sm_pod_get). */
struct k8sm_pod_volume {
  struct k8sm_slice name;
  struct k8sm_slice kind; /* the field of its source: "emptyDir", "configMap", … Static. */
  struct k8sm_slice source;
  struct k8sm_slice detail;
  int64_t size_limit_bytes; /* emptyDir: -1: none */
  uint32_t default_mode;    /* of files: configMap, secret, downwardAPI, projected; else 0 */
  uint32_t flags;           /* K8SM_VOLUME_* */
};
K8SM_API size_t k8sm_pod_volumes(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_volume *rows,
                                 size_t row_size, size_t n);

/* Where a container has a volume: its mounts, then its block devices. */
struct k8sm_pod_mount {
  struct k8sm_slice volume; /* its name */
  struct k8sm_slice path;   /* mountPath, devicePath */
  struct k8sm_slice sub_path;
  struct k8sm_slice propagation;         /* "HostToContainer", "Bidirectional", "None"; absent: None */
  struct k8sm_slice recursive_read_only; /* "Disabled", "IfPossible", "Enabled"; absent: Disabled */
  uint32_t container;
  uint32_t flags; /* K8SM_VOLUME_* */
};
K8SM_API size_t k8sm_pod_mounts(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_mount *rows,
                                size_t row_size, size_t n);

enum {
  K8SM_HANDLER_EXEC = 1, /* its words are those of k8sm_pod_words with this purpose */
  K8SM_HANDLER_HTTP = 2,
  K8SM_HANDLER_TCP = 3,
  K8SM_HANDLER_GRPC = 4,
  K8SM_HANDLER_SLEEP = 5
};

/* A probe or hook of a container, with the API server's defaults where the pod was read with them. Times in
 * seconds. */
struct k8sm_pod_probe {
  struct k8sm_slice scheme; /* HTTP: "HTTP", "HTTPS" */
  struct k8sm_slice host;   /* HTTP, TCP; absent: the pod itself */
  struct k8sm_slice path;   /* HTTP */
  struct k8sm_slice service;   /* GRPC */
  struct k8sm_slice port_name; /* where a port of the container is named */
  uint32_t container;
  uint32_t purpose; /* K8SM_PURPOSE_LIVENESS … _PRE_STOP */
  uint32_t handler; /* K8SM_HANDLER_* */
  uint32_t port;    /* a named one by its number; 0 if the container has none of that name */
  int32_t initial_delay;
  int32_t period;
  int32_t timeout;
  int32_t success_threshold;
  int32_t failure_threshold;
  int32_t reserved;
  int64_t grace_period; /* terminationGracePeriodSeconds of its own; -1: none */
  int64_t sleep;        /* SLEEP */
};
K8SM_API size_t k8sm_pod_probes(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_probe *rows,
                                size_t row_size, size_t n);

/* What a pod asks for as a whole, one row per resource that anybody in it names, sorted by name. Counted as
 * kube-scheduler does before a pod is placed (k8s.io/component-helpers/resource: PodRequests, PodLimits): the
 * mains and sidecars together or, if that is more, the init container that needs most beside the sidecars
 * that have started before it; cpu, memory and huge pages that the pod states for itself in place of that; and
 * its overhead on top, to limits only where there is one. */
struct k8sm_pod_resource {
  struct k8sm_slice name; /* "cpu", "memory", "ephemeral-storage", "hugepages-2Mi", "example.com/gpu" */
  int64_t request;        /* cpu: thousandths of a core; others: bytes or pieces. Sums are exact, then rounded
                           * up; they stop at INT64_MAX. -1: none is stated */
  int64_t limit;
};
/* Writes up to n rows; *ret_count is how many there are. Memory is needed for the time of the call only.
 * Errors: NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_pod_resources(const struct k8sm_pod *pod, const struct k8sm_allocator *allocator,
                                              struct k8sm_pod_resource *rows, size_t row_size, size_t n,
                                              size_t *ret_count);

/* "Guaranteed", "Burstable" or "BestEffort": status.qosClass where the pod comes with one, else by the rules of
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
K8SM_API struct k8sm_slice k8sm_pod_qos_class(const struct k8sm_pod *pod);

#ifdef __cplusplus
}
#endif
#endif
