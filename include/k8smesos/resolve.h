/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_RESOLVE_H
#define K8SMESOS_RESOLVE_H

/* Pod + ConfigMaps and Secrets → what its containers see: variables, command lines and files, as the kubelet
 * makes them when it starts a container. k8sm_demand_make does this by itself; it is here for those who start
 * containers in another way, or want to look.
 * https://kubernetes.io/docs/tasks/inject-data-application/
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */

#include <k8smesos/manifest.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_resolved; /* Value. */

/* The data that a pod refers to, and what is known only where it runs. Whatever is needed of them is copied. */
struct k8sm_resolve_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  const struct k8sm_manifest_data *data; /* ConfigMaps and Secrets, of any namespace and in any order */
  size_t data_count;
  size_t data_size;      /* sizeof(struct k8sm_manifest_data) */
  const char *node_name; /* NULL: as spec.nodeName has it */
  const char *host_ips;  /* of the node, comma-separated, the main one first; NULL: as the pod's status has it */
  const char *pod_ips;   /* the same of the pod; on the node's network (hostNetwork) those of the node */
  const char *token;     /* for serviceAccountToken sources; NULL: the volume that brings one is left out */
  int64_t node_cpu_milli; /* what the node can give a pod: the limit of who has none. 0: not known */
  int64_t node_mem_bytes;
  int64_t node_storage_bytes;
  uint64_t max_memory; /* of the result; 0: 64 MiB */
};

/* Resolves all containers of a pod, ephemeral ones too, and the volumes that they mount.
 *  - Variables: those of envFrom first, then env; a later one of the same name takes the place of the
 *    former. Text keys of ConfigMaps only: not binaryData.
 *  - $(NAME) in values, command and args is the value of a variable that stands before it; $$ is a dollar; a
 *    reference to nothing stays as it is. Variables for services are not made: there are no services.
 *  - Limits that are not stated are what the node can give, or the pod's own; requests are 0.
 *  - Files: of two sources the later one wins. Modes are the item's, else the volume's.
 * Owns: *ret.
 * Errors: INVALID, with one finding for each thing that is missing and not optional (FIELD_NOT_FOUND, in the
 * words of the kubelet: configmap "x" not found), that is known only where the pod runs and was not
 * handed in (VALUE_UNKNOWN), or that can't be done; LIMIT, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_pod_resolve(const struct k8sm_pod *pod,
                                            const struct k8sm_resolve_options *options,
                                            struct k8sm_resolved **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_resolved *k8sm_resolved_ref(struct k8sm_resolved *resolved);
K8SM_API void k8sm_resolved_unref(struct k8sm_resolved *resolved);

/* A variable as the program sees it, in the order of the container's. */
struct k8sm_resolved_env {
  struct k8sm_slice name;
  struct k8sm_slice value;
  uint32_t container; /* the number of its row in k8sm_pod_containers */
  uint32_t secret;    /* 1: the value is, or holds, something from a Secret */
};
K8SM_API size_t k8sm_resolved_env(const struct k8sm_resolved *resolved, size_t first,
                                  struct k8sm_resolved_env *rows, size_t row_size, size_t n);

/* The rows of k8sm_pod_words, expanded: command and args with the variables above; those of probes with the
 * values of env as they are written (and nothing for what comes from elsewhere), as the kubelet does; those of
 * hooks stay as they are. */
K8SM_API size_t k8sm_resolved_words(const struct k8sm_resolved *resolved, size_t first,
                                    struct k8sm_pod_word *rows, size_t row_size, size_t n);

/* The rows of k8sm_pod_mounts with their subPathExpr expanded. */
K8SM_API size_t k8sm_resolved_mounts(const struct k8sm_resolved *resolved, size_t first,
                                     struct k8sm_pod_mount *rows, size_t row_size, size_t n);

/* A file of a volume whose contents the pod states: configMap, secret, downwardAPI, projected. */
struct k8sm_resolved_file {
  struct k8sm_slice path; /* below the mount: "a/b" */
  struct k8sm_slice value;
  uint32_t volume; /* the number of its row in k8sm_pod_volumes */
  uint32_t mode;   /* permissions: 0644 */
  uint32_t secret;
  uint32_t reserved;
};
K8SM_API size_t k8sm_resolved_files(const struct k8sm_resolved *resolved, size_t first,
                                    struct k8sm_resolved_file *rows, size_t row_size, size_t n);

#ifdef __cplusplus
}
#endif
#endif
