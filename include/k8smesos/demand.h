/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_DEMAND_H
#define K8SMESOS_DEMAND_H

/* Pod → Demand: how the pod will run on Mesos, decided once, before matching. match reads it, the
 * plan carries it, task obeys it, status advances it. The form is described in doc/architecture.md:
 * one default executor that holds the pod's resources, a pause task that keeps it, and a task group
 * for each container. */

#include <k8smesos/manifest.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_demand; /* Value. */

/* The version of the mapping from pods to ExecutorInfo and TaskInfo. It is part of every executor id: an
 * attempt that was made by another version is never continued, see k8sm_demand_resume. */
#define K8SM_MAPPING_VERSION 1

/* The forms in which a pod runs. doc/architecture.md says what each of them gives. */
enum {
  K8SM_FORM_AUTO = 0,   /* BUDGET_RESERVED where the options name a principal and a role other than "*",
                           else BUDGET */
  K8SM_FORM_BUDGET = 1, /* the executor holds what the pod requests, for the whole attempt; each task asks
                           a token beside it. A restart needs a token of an offer: where others keep the
                           agent full it waits */
  K8SM_FORM_BUDGET_RESERVED = 2, /* the same, and the tokens are reserved for the pod, so that nobody else is
                                    offered them */
  K8SM_FORM_RESERVED = 3, /* the tasks ask what their containers request, all of it reserved for the pod; the
                             executor holds the pod's overhead alone */
  K8SM_FORM_COMMAND = 4, /* the one container of the pod is a command task of the Mesos containerizer, without an
                           executor of its own: no pause task, and nothing that outlives the container. A restart
                           is another task, for which the pod is placed anew (a new attempt that counts as a
                           restart). A pod that can't be one (init containers, several containers, a persistent
                           volume, an emptyDir that a restart would lose) is refused, with the field; or with
                           K8SM_DEMAND_FORM_FALLBACK runs in the form that AUTO gives it, which says why */
  K8SM_FORM_DOCKER = 5 /* the same, of the Docker containerizer: what it can't have besides (secrets, files that the
                          pod states, readiness) is refused likewise. The network is the agent's, Docker's bridge
                          where it is called "bridge", or one of Docker's by its name */
};

enum {
  K8SM_DEMAND_HOST_FILESYSTEM = 1 << 0,  /* run commands on the agent's own file system, without image:
                                            for agents without an image provider. Each container must
                                            state its command. Warned about by field. */
  K8SM_DEMAND_NO_LIMITS = 1 << 1,        /* leave TaskInfo.limits and share_cgroups out: for agents without
                                            both cgroup isolators (they drop tasks that carry them) */
  K8SM_DEMAND_COMMAND_PROBES = 1 << 4, /* probes that Mesos' checks can't do (HTTP with headers, readiness over TLS,
                                          gRPC) run as commands in the container: its image must have sh and curl
                                          or wget, or grpc_health_probe. Warned about by field. */
  K8SM_DEMAND_FORM_FALLBACK = 1 << 5, /* a pod that can't be a command task, where that is asked for, runs as if
                                         no form was */
  K8SM_DEMAND_FORM_IS_FIXED = 1 << 6, /* options.form comes before the pod's annotation: for an attempt that was
                                         begun in this form */
  K8SM_DEMAND_WILDCARD_PORTS = 1 << 3,   /* ports of main containers without a hostPort get any port that
                                           the agent offers, as the pod's label k8s.mesosphere.io/portMapping
                                           = wildcard has it; the label comes before the flag */
  K8SM_DEMAND_ORIGINAL_DEFAULTS = 1 << 2 /* cpu and memory of main containers as Kubernetes on Mesos, the
                                           original km, had them, each by itself: with neither request nor
                                           limit both are the default below; with one of them the other is
                                           the same; and neither is less than 0.01 cpus or 32 MiB. Init
                                           containers and sidecars keep what they state. */
};

/* What becomes of fields that Mesos can't do as asked. */
enum {
  K8SM_POLICY_REFUSE = 1, /* what would be a note or a warning refuses the pod */
  K8SM_POLICY_WARN = 2    /* what would refuse the pod is a warning, and the pod runs without it; where nothing can
                             run without it (an invalid port, a volume that is mounted and not there) it is refused
                             all the same */
};

/* A field, and all below it, by its path without indices: "spec.containers.lifecycle.preStop"; "spec" is all. Of
 * several the longest counts. doc/pod-fields.md says what holds without any. */
struct k8sm_field_policy {
  const char *path;
  uint32_t policy; /* K8SM_POLICY_* */
  uint32_t reserved;
};

/* A user by number, as securityContext.runAsUser has it, and by the name that it has on all agents: Mesos knows users
 * by name (CommandInfo.user). 0 is root without a row. */
struct k8sm_demand_user {
  int64_t uid;
  const char *name;
};

/* What a storage class means on Mesos: the disks of an agent of which volumes of the claims that name it are made. A
 * MOUNT disk becomes one volume as a whole, the smallest that is large enough; of a PATH disk a volume is a part.
 * Texts of NULL leave it open. A claim that names a class which is none of these is refused; without any class in the
 * options all volumes are made of the agent's own disk, with a note.
 * https://kubernetes.io/docs/concepts/storage/storage-classes/
 * https://mesos.apache.org/documentation/latest/multiple-disk/ */
struct k8sm_storage_class {
  const char *name;     /* as storageClassName has it; "": of claims that name none, which are else of the agent's
                           own disk */
  uint32_t disk;        /* K8SM_DISK_NONE: the agent's own; PATH or MOUNT, see offer.h. BLOCK and RAW are INVALID:
                           Mesos mounts neither */
  uint32_t reserved;
  const char *profile;  /* of the disk's source */
  const char *vendor;
  const char *root;     /* a folder: the disk is mounted there or below */
  const char *metadata; /* labels of the source, "a=b,c=d": it has all of them */
};

/* How pods are mapped. Everything is copied. `data` is what pods refer to (ConfigMaps, Secrets,
 * PersistentVolumeClaims), as the rows of a manifest. */
struct k8sm_demand_options {
  size_t size;
  uint64_t flags; /* K8SM_DEMAND_* */
  const struct k8sm_allocator *allocator;
  const struct k8sm_manifest_data *data;
  size_t data_count;
  size_t data_size;         /* sizeof(struct k8sm_manifest_data) */
  const char *const *roles; /* that the pod may use, best first; NULL: "*". Its annotation
                               k8s.mesosphere.io/roles ("a, b") takes some of them, in its own order */
  size_t role_count;
  const char *nonce;         /* makes task ids unique: 1 to 32 letters and digits, never used before for
                                this pod. Required. */
  uint32_t attempt;          /* counts executors of the pod, from 0 */
  uint32_t form;             /* K8SM_FORM_*; the pod's annotation k8s.mesosphere.io/form ("budget",
                                "budget-reserved", "reserved", "command", "docker") comes before it */
  int64_t default_cpu_milli; /* counts as the request of containers with neither request nor limit;
                              * 0: 250; -1: none, they count as nothing, as kube-scheduler has it */
  int64_t default_mem_bytes; /* the same; 0: 64 MiB */
  int64_t disk_mb;           /* of the executor, where the pod asks none: Mesos wants one; 0: 32 */
  const char *principal;     /* of the framework: reservations and volumes carry it, as Mesos demands */
  const struct k8sm_field_policy *policies;
  size_t policy_count;
  size_t policy_size;        /* sizeof(struct k8sm_field_policy) */
  const char *network;       /* CNI network of pods that do not ask for their host's; NULL: they share their
                                agent's. The annotation k8s.mesosphere.io/network names another for a pod, and
                                k8s.mesosphere.io/network-labels ("a=b,c=d") its labels for the plugin */
  const struct k8sm_demand_user *users; /* a pod that runs as another is refused, by field */
  size_t user_count;
  size_t user_size; /* sizeof(struct k8sm_demand_user) */
  const char *reservation; /* labels ("a=b,c=d") of the reservations that pods take cpus and memory from; NULL: of
                              none in particular. The annotation k8s.mesosphere.io/reservation comes before it */
  const char *reservation_principal; /* and whose they are; NULL: anybody's. The annotation is
                                        k8s.mesosphere.io/reservation-principal */
  const struct k8sm_storage_class *storage_classes;
  size_t storage_class_count;
  size_t storage_class_size; /* sizeof(struct k8sm_storage_class) */
  /* Names of spec.containers that a former attempt has done with: they have ended, and are not started again by
   * their restartPolicy. The others only are launched. Errors: INVALID: a name that is none, or nothing is left. */
  const char *const *done;
  size_t done_count;
};

/* Maps the pod. Its uid must be set: it is part of all ids (k8sm_pod_with_uid).
 * Owns: *ret; the demand keeps a reference to the pod.
 * Errors: INVALID (no uid, no nonce), UNSUPPORTED with one finding for each field that Mesos can't do
 * (K8SM_DIAG_TASK_FIELD_REFUSED) and each reference to what is known only where the pod runs (VALUE_UNKNOWN);
 * NOT_FOUND if all that is wrong is that ConfigMaps, Secrets or keys of them are not among the data
 * (FIELD_NOT_FOUND): Kubernetes lets such a pod wait for them; so it is with PersistentVolumeClaims. Warnings
 * for what is approximated or ignored. NOMEM; ABI. References are resolved as k8sm_pod_resolve does. A limit
 * that is not stated is told as what the pod's executor holds, since no offer says what an agent could give.
 * spec.nodeName, status.hostIP and status.podIP are filled in when the pod has its place: the agent's
 * hostname, and the address that its offers state, for the node and for the pod, which shares its agent's
 * network. */
K8SM_API K8SM_MUST_USE int k8sm_demand_make(const struct k8sm_pod *pod,
                                            const struct k8sm_demand_options *options,
                                            struct k8sm_demand **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_demand *k8sm_demand_ref(struct k8sm_demand *demand);
K8SM_API void k8sm_demand_unref(struct k8sm_demand *demand);

/* A task to launch on an executor that is there already: a later stage, or a restart. */
struct k8sm_launch {
  uint32_t task;    /* the number of its row in k8sm_demand_tasks */
  uint32_t restart; /* how often this container was started before, in this attempt */
};

struct k8sm_plan_port; /* see match.h */

/* Which tasks of a pod under way are to be launched now. */
struct k8sm_resume_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  const char *agent_id; /* where the executor runs */
  const char *nonce;    /* another than ever before for this pod: INVALID if it is that of the demand, or of
                           the one that k8sm_demand_make gave */
  const void *executor; /* the ExecutorInfo that was sent (protobuf), as k8sm_calls_executors gave it */
  size_t executor_len;
  const struct k8sm_launch *launches;
  size_t launch_count;
  size_t launch_size;
  const struct k8sm_plan_port *ports; /* of k8sm_plan_ports for its placement: which host ports those of its
                                         ports have that may be any */
  size_t port_count;
  size_t port_size;
  int64_t deadline_seconds; /* what is left of the pod's activeDeadlineSeconds, rounded up; 0: all of them */
};

/* The same pod under way: a Demand for some of its tasks, on its own agent and executor.
 * Errors: INVALID; STATE for an executor that another version of the mapping made (MAPPING_CHANGED): what
 * runs of the attempt can be watched and killed, but nothing is launched on it any more: end it, and begin a
 * new one; NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_demand_resume(const struct k8sm_demand *demand,
                                              const struct k8sm_resume_options *options,
                                              struct k8sm_demand **ret, struct k8sm_diags *diags);

/* What it was made of: the pod, borrowed, and the number of the attempt. */
K8SM_API const struct k8sm_pod *k8sm_demand_pod(const struct k8sm_demand *demand);
K8SM_API uint32_t k8sm_demand_attempt(const struct k8sm_demand *demand);

enum {
  K8SM_TASK_PAUSE = 0, /* keeps the executor between containers */
  K8SM_TASK_INIT = 1,
  K8SM_TASK_SIDECAR = 2,
  K8SM_TASK_MAIN = 3
};

/* The tasks of a pod: row 0 is the pause task, then the containers in the order of their stages. */
struct k8sm_demand_task {
  struct k8sm_slice container; /* empty for the pause task */
  uint32_t kind;               /* K8SM_TASK_* */
  uint32_t stage;              /* the pause task and the first containers are of stage 0 */
  int64_t cpus_milli;          /* what the task asks beside the executor's budget */
  int64_t mem_milli;           /* thousandths of a MB */
  uint32_t launch;             /* 1 if this Demand launches it */
  uint32_t restart;
};
K8SM_API size_t k8sm_demand_tasks(const struct k8sm_demand *demand, size_t first,
                                  struct k8sm_demand_task *rows, size_t row_size, size_t n);

/* What the executor holds, or the command task, in thousandths (cpus; mem and disk of a MB). All zero after
 * _resume. */
struct k8sm_demand_budget {
  size_t size;
  int64_t cpus_milli;
  int64_t mem_milli;
  int64_t disk_milli;
};
K8SM_API K8SM_MUST_USE int k8sm_demand_get_budget(const struct k8sm_demand *demand,
                                                  struct k8sm_demand_budget *ret);

/* In which form the pod runs, and why: decided once, by annotation, options and defaults, in this order. */
struct k8sm_demand_form {
  size_t size;
  uint32_t form;            /* K8SM_FORM_*, never AUTO */
  uint32_t mapping;         /* K8SM_MAPPING_VERSION */
  struct k8sm_slice name;   /* "budget", "budget-reserved", "reserved", "command", "docker" */
  struct k8sm_slice reason; /* in words */
};
K8SM_API K8SM_MUST_USE int k8sm_demand_get_form(const struct k8sm_demand *demand,
                                                struct k8sm_demand_form *ret);

/* A persistent volume that the pod claims; none after _resume. An agent of one of the pod's roles has it if
 * one of its offers holds a disk whose persistence id is `id`; where none has, it is made of unreserved disk
 * of an offer, or of such that is reserved for the role without labels, and of the kind that its storage class
 * says: RESERVE and CREATE come before the launch in one ACCEPT, and the executor holds it. A role other than "*" is needed for that; roles that are
 * "*" are left out. https://mesos.apache.org/documentation/latest/persistent-volume/ */
struct k8sm_demand_volume {
  struct k8sm_slice name;          /* of spec.volumes */
  struct k8sm_slice claim;         /* "namespace/name"; empty: it is the pod's alone, and goes with it */
  struct k8sm_slice id;            /* the persistence id: "namespace.name" of the claim, or "uid.name" */
  struct k8sm_slice storage_class; /* as the claim names it; may be empty */
  int64_t milli;                   /* thousandths of a MB, at least */
  uint32_t disk;                   /* K8SM_DISK_* of offer.h, what it is made of */
  uint32_t reserved;
};
K8SM_API size_t k8sm_demand_volumes(const struct k8sm_demand *demand, size_t first,
                                    struct k8sm_demand_volume *rows, size_t row_size, size_t n);

#ifdef __cplusplus
}
#endif
#endif
