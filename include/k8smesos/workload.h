/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_WORKLOAD_H
#define K8SMESOS_WORKLOAD_H

/* Workloads: the kinds whose controllers make pods, and the pods that they make:
 * https://kubernetes.io/docs/concepts/workloads/controllers/ */

#include <k8smesos/pod.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_workload; /* one object of a workload kind. Value. */

enum {
  K8SM_WORKLOAD_POD_TEMPLATE = 1,
  K8SM_WORKLOAD_REPLICATION_CONTROLLER = 2,
  K8SM_WORKLOAD_REPLICA_SET = 3,
  K8SM_WORKLOAD_DEPLOYMENT = 4,
  K8SM_WORKLOAD_STATEFUL_SET = 5,
  K8SM_WORKLOAD_DAEMON_SET = 6,
  K8SM_WORKLOAD_JOB = 7,
  K8SM_WORKLOAD_CRON_JOB = 8
};

/* Reads one object of a workload kind, as k8sm_manifest_parse would read it; the template is defaulted
 * and validated as its pods would be. The workload itself is held to all rules of the API server for its kind, in
 * its order and its words: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
 * Owns: *ret. Errors: as k8sm_pod_parse; INVALID for what is none, or more than one. */
K8SM_API K8SM_MUST_USE int k8sm_workload_parse(const void *bytes, size_t len,
                                               const struct k8sm_parse_options *options,
                                               struct k8sm_workload **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_workload *k8sm_workload_ref(struct k8sm_workload *workload);
K8SM_API void k8sm_workload_unref(struct k8sm_workload *workload);

/* The whole object, all fields of it: as k8sm_pod_encode and k8sm_pod_get. */
K8SM_API K8SM_MUST_USE int k8sm_workload_encode(const struct k8sm_workload *workload, uint32_t format,
                                                const struct k8sm_allocator *allocator,
                                                struct k8sm_blob **ret);
K8SM_API K8SM_MUST_USE int k8sm_workload_get(const struct k8sm_workload *workload, const char *path,
                                             const struct k8sm_allocator *allocator, struct k8sm_blob **ret);

/* The same workload with another uid; NULL: one made from kind, namespace and name, always the same. */
K8SM_API K8SM_MUST_USE int k8sm_workload_with_uid(const struct k8sm_workload *workload, const char *uid,
                                                  const struct k8sm_allocator *allocator,
                                                  struct k8sm_workload **ret, struct k8sm_diags *diags);

/* What all kinds have. */
struct k8sm_workload_info {
  size_t size;
  uint32_t kind; /* K8SM_WORKLOAD_* */
  uint32_t reserved;
  struct k8sm_slice kind_name;   /* "Deployment" */
  struct k8sm_slice api_version; /* "apps/v1" */
  struct k8sm_slice name_space;  /* empty: the object names none, and was read without defaults */
  struct k8sm_slice name;
  struct k8sm_slice uid; /* as it is in the object; where that has none, what k8sm_workload_with_uid gives */
  int64_t generation;    /* metadata.generation; 0: not set */
  int64_t replicas;      /* spec.replicas; -1: not set, or the kind has none */
  int64_t pods;          /* how many its controller would start at first: the replicas; of a Job what its
                            parallelism and completions allow; 1 for DaemonSets (for each node) and CronJobs
                            (for each time) */
  int64_t first_ordinal; /* of a StatefulSet: spec.ordinals.start; else 0 */
  struct k8sm_slice selector; /* "app=web,tier in (a,b)", sorted by key; empty: everything, or none is set */
  const struct k8sm_pod *pod; /* the template as a pod: its labels, annotations and spec, in the workload's
                                 namespace and under its name. Borrowed. */
};
/* Errors: ABI. */
K8SM_API K8SM_MUST_USE int k8sm_workload_get_info(const struct k8sm_workload *workload,
                                                  struct k8sm_workload_info *ret);

/* 1 if the selector of the workload selects the pod, which must be in the same namespace; else 0. A
 * selector that is not set or empty selects nothing. */
K8SM_API int k8sm_workload_selects(const struct k8sm_workload *workload, const struct k8sm_pod *pod);

/* A number, or a percentage. value -1: not set. */
struct k8sm_share {
  int32_t value;
  uint32_t is_percent;
};

/* The numbers and words of the spec that a controller needs. Numbers that are not set are -1 (0 where the
 * field is no pointer in Kubernetes' Go type, as minReadySeconds), words 0, texts empty; of an object that
 * was read with defaults only those can be that have no default. Each
 * function gives NOT_FOUND for a workload of another kind, ABI for a struct that is too new. */

enum { K8SM_ROLLOUT_ROLLING_UPDATE = 1, K8SM_ROLLOUT_RECREATE = 2, K8SM_ROLLOUT_ON_DELETE = 3 };

/* https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/ */
struct k8sm_deployment_spec {
  size_t size;
  uint32_t strategy; /* K8SM_ROLLOUT_* */
  uint32_t paused;
  struct k8sm_share max_surge;
  struct k8sm_share max_unavailable;
  int32_t min_ready_seconds;
  int32_t progress_deadline_seconds;
  int32_t revision_history_limit;
  int32_t reserved;
};
K8SM_API K8SM_MUST_USE int k8sm_workload_get_deployment(const struct k8sm_workload *workload,
                                                        struct k8sm_deployment_spec *ret);

enum { K8SM_POD_MANAGEMENT_ORDERED_READY = 1, K8SM_POD_MANAGEMENT_PARALLEL = 2 };
enum { K8SM_CLAIMS_RETAIN = 1, K8SM_CLAIMS_DELETE = 2 };

/* https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/ */
struct k8sm_stateful_set_spec {
  size_t size;
  uint32_t pod_management; /* K8SM_POD_MANAGEMENT_* */
  uint32_t strategy;       /* K8SM_ROLLOUT_* */
  int32_t partition;
  int32_t min_ready_seconds;
  struct k8sm_share max_unavailable;
  int32_t first_ordinal; /* spec.ordinals.start */
  int32_t revision_history_limit;
  uint32_t claims_when_deleted; /* K8SM_CLAIMS_* */
  uint32_t claims_when_scaled;
  struct k8sm_slice service_name;
};
K8SM_API K8SM_MUST_USE int k8sm_workload_get_stateful_set(const struct k8sm_workload *workload,
                                                          struct k8sm_stateful_set_spec *ret);

/* https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/daemon-set-v1/ */
struct k8sm_daemon_set_spec {
  size_t size;
  uint32_t strategy; /* K8SM_ROLLOUT_* */
  int32_t min_ready_seconds;
  struct k8sm_share max_surge;
  struct k8sm_share max_unavailable;
  int32_t revision_history_limit;
  int32_t reserved;
};
K8SM_API K8SM_MUST_USE int k8sm_workload_get_daemon_set(const struct k8sm_workload *workload,
                                                        struct k8sm_daemon_set_spec *ret);

enum { K8SM_COMPLETION_NON_INDEXED = 1, K8SM_COMPLETION_INDEXED = 2 };
enum { K8SM_REPLACE_TERMINATING_OR_FAILED = 1, K8SM_REPLACE_FAILED = 2 };

/* Of a Job, or of the template of a CronJob:
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ */
struct k8sm_job_spec {
  size_t size;
  uint32_t completion_mode; /* K8SM_COMPLETION_* */
  uint32_t suspend;
  int32_t parallelism;
  int32_t completions;
  int32_t backoff_limit;
  int32_t backoff_limit_per_index;
  int32_t max_failed_indexes;
  int32_t ttl_seconds_after_finished;
  int64_t active_deadline_seconds;
  uint32_t manual_selector;
  uint32_t pod_replacement; /* K8SM_REPLACE_* */
};
K8SM_API K8SM_MUST_USE int k8sm_workload_get_job(const struct k8sm_workload *workload,
                                                 struct k8sm_job_spec *ret);

enum { K8SM_CONCURRENCY_ALLOW = 1, K8SM_CONCURRENCY_FORBID = 2, K8SM_CONCURRENCY_REPLACE = 3 };

/* https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/ */
struct k8sm_cron_job_spec {
  size_t size;
  uint32_t concurrency; /* K8SM_CONCURRENCY_* */
  uint32_t suspend;
  int64_t starting_deadline_seconds;
  int32_t successful_jobs_history_limit;
  int32_t failed_jobs_history_limit;
  struct k8sm_slice schedule;
  struct k8sm_slice time_zone;
};
K8SM_API K8SM_MUST_USE int k8sm_workload_get_cron_job(const struct k8sm_workload *workload,
                                                      struct k8sm_cron_job_spec *ret);

/* What is made of a workload, and which one of many. Names that Kubernetes draws at random are a function
 * of the workload here, so that the same input always gives the same names:
 *  - the hash of a template is FNV-1a (32 bits) of the template as compact JSON (its metadata and spec, as
 *    k8sm_workload_get writes them), then of collision_count in decimal if it is not 0; its decimal digits
 *    are written in the alphabet that Kubernetes writes them in, bcdfghjklmnpqrstvwxz2456789;
 *  - the suffix of pod n is five letters of that alphabet: the number (FNV-1a (64 bits) of the uid + n *
 *    8868112) mod 27^5, so that the first 27^5 pods of a workload have suffixes apart. */
struct k8sm_instance_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  uint32_t ordinal;         /* of the pod: of a StatefulSet the number in its name, of an indexed Job the
                               completion index, of others a count of the pods that were made of it */
  uint32_t collision_count; /* status.collisionCount, where a hash was taken */
  const char *suffix;       /* of the name, in place of the one that is made; one of a bare name's own */
  const char *node_name;    /* DaemonSet: the node that the pod is for; NULL: any */
  const char *revision;     /* StatefulSet, DaemonSet: the revision's name (StatefulSet) or hash (DaemonSet),
                               in place of that of the template */
  int64_t scheduled_ms;     /* CronJob: the time that its job is for, in ms since 1970 */
  uint64_t deployment_revision; /* Deployment: of the ReplicaSet; 0: 1 */
  uint32_t index_failures; /* Job with backoffLimitPerIndex: how often pods of the index have failed before, */
  uint32_t index_ignored;  /* and how often without being counted */
};

/* The pod that the workload's controller would make: the template in the workload's namespace, with name,
 * generateName, labels, annotations, owner, and what the kind adds: hostname, subdomain and volumes
 * of a StatefulSet; tolerations and node of a DaemonSet; hostname, index and JOB_COMPLETION_INDEX of an
 * indexed Job. For a Deployment it is a pod of its ReplicaSet, for a CronJob one of its Job. The finalizer by
 * which Kubernetes' Job controller counts is not set. It is validated if the workload was.
 * https://kubernetes.io/docs/concepts/workloads/pods/#pods-and-controllers
 * Owns: *ret. Errors: INVALID (the pod would break a rule: a name too long), NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_workload_pod(const struct k8sm_workload *workload,
                                             const struct k8sm_instance_options *options,
                                             struct k8sm_pod **ret, struct k8sm_diags *diags);

/* The workload between the workload and its pods: the ReplicaSet of a Deployment (with all of its
 * replicas), or the Job that a CronJob starts at a time.
 * Owns: *ret. Errors: UNSUPPORTED for other kinds, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_workload_child(const struct k8sm_workload *workload,
                                               const struct k8sm_instance_options *options,
                                               struct k8sm_workload **ret, struct k8sm_diags *diags);

#ifdef __cplusplus
}
#endif
#endif
