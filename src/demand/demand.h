/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_DEMAND_H
#define K8SMI_DEMAND_DEMAND_H

/* What a Demand holds. demand/ fills it in; cluster/, match/, task/ and status/ read it: what Mesos is
 * to do is decided here, and nowhere else. All memory is the demand's arena or the pod's. */

#include <k8smesos/demand.h>
#include "base/arena.h"
#include "base/refs.h"
#include "base/slice.h"
#include "demand/placement.h"
#include "pod/record.h"
#include "pod/resolve.h"

#define K8SMI_UNLIMITED INT64_MAX

struct k8smi_demand_port {
  struct k8sm_slice name;
  struct k8sm_slice protocol; /* "TCP", "UDP", "SCTP" */
  uint32_t task;              /* whose container it belongs to */
  uint16_t container_port;
  uint16_t host_port; /* 0: none is asked for, only discovery */
  bool any;           /* any free port of the agent, instead */
};

/* A device, or anything else that is counted by a name. */
enum { K8SMI_EXTENDED_MAX = 16 };
struct k8smi_demand_extended {
  struct k8sm_slice name;  /* Kubernetes' */
  struct k8sm_slice mesos; /* Mesos' */
  int64_t milli;
};

/* Disks of an agent that have all of this; what is empty is open. */
struct k8smi_demand_disk {
  uint32_t kind; /* K8SM_DISK_PATH or MOUNT */
  struct k8sm_slice profile, vendor, root;
  struct k8smi_pair_list metadata;
};

/* A persistent volume, held by the executor. */
enum { K8SMI_VOLUMES_MAX = 64 };
struct k8smi_demand_volume {
  struct k8sm_demand_volume row;
  struct k8sm_slice path;               /* in the executor's sandbox */
  const struct k8smi_demand_disk *disk; /* what it is made of; NULL: the agent's own disk, counted with it */
};

enum {
  K8SMI_VOLUME_SANDBOX = 1,
  K8SMI_VOLUME_HOST = 2,
  K8SMI_VOLUME_SECRET = 3,
  K8SMI_VOLUME_DOCKER = 4,
  K8SMI_VOLUME_CSI = 5
};

/* A volume of a driver that an agent has. */
struct k8smi_demand_remote {
  struct k8sm_slice driver;
  struct k8sm_slice volume;  /* its name, or id */
  struct k8sm_slice fs_type; /* CSI; may be empty */
  struct k8smi_pair_list options;
};

/* A mount, ready for mesos.v1.Volume. */
struct k8smi_demand_mount {
  uint32_t kind; /* K8SMI_VOLUME_* */
  bool read_only;
  int propagation; /* HOST: mesos.v1.MountPropagation.Mode; 0: private */
  uint32_t record; /* its number in volumeMounts */
  struct k8sm_slice container_path;
  struct k8sm_slice source;                 /* SANDBOX: path below the executor's sandbox; HOST: path */
  struct k8sm_slice value;                  /* SECRET: the bytes */
  const struct k8smi_demand_remote *remote; /* DOCKER, CSI */
};

/* Of mesos.v1.RLimitInfo. */
struct k8smi_demand_rlimit {
  int type; /* mesos.v1.RLimitInfo.RLimit.Type */
  bool limited;
  uint64_t soft, hard;
};

enum { K8SMI_CHECK_NONE = 0, K8SMI_CHECK_COMMAND, K8SMI_CHECK_HTTP, K8SMI_CHECK_TCP };

/* A probe, with Kubernetes' defaults filled in. Times in seconds. */
struct k8smi_demand_check {
  int kind; /* K8SMI_CHECK_* */
  struct k8smi_strings command;
  struct k8sm_slice scheme; /* "http", "https" */
  struct k8sm_slice path;
  uint32_t port;
  int32_t delay, interval, timeout, failures, successes;
};

enum { K8SMI_RESTART_NEVER = 0, K8SMI_RESTART_ON_FAILURE = 1, K8SMI_RESTART_ALWAYS = 2 };

struct k8smi_demand_task {
  struct k8sm_slice container; /* empty: the pause task */
  uint32_t kind;               /* K8SM_TASK_* */
  uint32_t stage;
  uint32_t restart_policy;         /* K8SMI_RESTART_*, of this container */
  struct k8smi_list restart_rules; /* its restartPolicyRules: ask restarts.c for what follows */
  bool launch;                     /* by this Demand */
  uint32_t restart;                /* its number, when launched */

  int64_t cpus_milli; /* the token */
  int64_t mem_milli;
  int64_t disk_milli;
  bool limits;              /* write TaskInfo.limits */
  int64_t limit_cpus_milli; /* or K8SMI_UNLIMITED */
  int64_t limit_mem_milli;

  struct k8sm_slice image;      /* empty: the agent's file system */
  struct k8sm_slice spec_image; /* as the pod names it, also where it is not used */
  bool pull_always;
  struct k8sm_slice pull_config;    /* docker's config.json for the registry; empty: the agent's own */
  bool has_value;                   /* CommandInfo.value is set: argv[0] */
  struct k8smi_strings argv;        /* CommandInfo.arguments, argv[0] included */
  const struct k8smi_variable *env; /* a secret one is for the agent only: of type SECRET */
  size_t env_count;
  bool placed; /* variables, words and sources of mounts may hold stand-ins (K8SMI_PLACED_*) */
  struct k8sm_slice user;
  bool has_capabilities;
  uint64_t capabilities;     /* bit n: Linux capability n, bounding, and effective for root */
  struct k8sm_slice seccomp; /* a profile by name; empty: the agent's own */
  bool unconfined;           /* by no seccomp profile */
  const struct k8smi_demand_rlimit *rlimits;
  size_t rlimit_count;
  struct k8smi_pair_list docker; /* parameters of `docker run`, in the form "docker" */
  bool privileged;               /* there, too */
  bool tty;
  bool share_pid;
  const struct k8smi_demand_mount *mounts;
  size_t mount_count;
  int64_t grace_seconds; /* of a kill */
  struct k8smi_demand_check liveness;
  struct k8smi_demand_check readiness;
  struct k8smi_demand_check startup;
  int64_t
      startup_seconds; /* in which it has to succeed once; 0: for ever, as nobody asks it, or there is none */
};

/* What a sidecar has to end in, where the mains took all of the pod's grace, or its grace if that is less.
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/ */
enum { K8SMI_SIDECAR_GRACE_SECONDS = 2 };

/* Before the keys of annotations, among the labels of an executor. */
#define K8SMI_ANNOTATION_LABEL "io.kubernetes.annotation/"

/* How its tasks are found: mesos.v1.DiscoveryInfo, without the ports. */
struct k8smi_demand_discovery {
  int visibility; /* mesos.v1.DiscoveryInfo.Visibility */
  bool stated;    /* by annotations: there is one even where no container has ports */
  struct k8sm_slice name, environment, location, version;
};

struct k8sm_demand {
  k8smi_refs refs;
  struct k8smi_arena arena;
  struct k8sm_pod *pod; /* a reference */

  struct k8sm_slice uid;
  struct k8sm_slice name_space;
  struct k8sm_slice name;
  uint32_t attempt;
  struct k8sm_slice nonce;
  uint64_t flags; /* K8SM_DEMAND_* */

  /* The executor; or the task, where that is all there is. */
  int64_t cpus_milli; /* the budget; 0 when resumed */
  int64_t mem_milli;
  int64_t disk_milli;
  int64_t spare[2]; /* cpus and mem that later stages ask beyond those of the first: reserved with them, where
                       the form reserves */
  const struct k8smi_demand_extended *extended; /* held by the executor, too */
  size_t extended_count;
  const struct k8smi_demand_volume *volumes; /* and these */
  size_t volume_count;
  struct k8smi_strings roles; /* best first, never empty */
  struct k8sm_slice principal;
  uint32_t form; /* K8SM_FORM_* */
  struct k8sm_slice form_reason;
  uint32_t features;       /* K8SM_FEATURE_* that the agent must have */
  struct k8sm_slice lacks; /* what no data was given for, in words: nothing can be launched; empty: nothing */
  struct k8sm_slice hostname;
  struct k8sm_slice network; /* CNI's name of it; empty: the agent's */
  struct k8smi_pair_list network_labels;
  struct k8sm_slice qos_class; /* "Guaranteed", "Burstable", "BestEffort" */
  bool host_pid;
  bool host_ipc;
  bool share_cgroups_false;           /* linux_info.share_cgroups = false on executor and tasks */
  struct k8smi_pair_list labels;      /* for TaskInfo and ExecutorInfo */
  struct k8smi_pair_list annotations; /* for ExecutorInfo: those that are short */
  const struct k8smi_demand_discovery *discovery;
  const struct k8smi_demand_port *ports; /* in the order of the tasks */
  size_t port_count;
  int64_t grace_seconds;
  int64_t active_deadline_seconds; /* 0: none; what is left of them, where it is under way already */
  int64_t unreachable_seconds;     /* that it tolerates its node to be; -1: for ever, or it does not say */
  uint32_t restart_policy;         /* K8SMI_RESTART_*, of the pod */
  struct k8smi_strings readiness_gates; /* types of conditions */
  struct k8smi_pair_list node_selector;
  struct k8sm_slice node_name;
  int64_t priority;
  bool never_preempts;
  struct k8sm_slice instances; /* equal bytes: instances of one application, for constraints; empty: alone */
  struct k8smi_pair_list pod_labels;         /* the pod's own: what selectors of pods look at */
  const struct k8smi_placement_rules *rules; /* NULL: it says no more about where it may go */
  struct k8sm_slice kind; /* equal bytes: other pods can't tell the two apart, nor do their rules differ */

  /* Under way already: */
  struct k8sm_slice agent_id; /* pinned; empty: anywhere */
  struct k8sm_slice executor; /* ExecutorInfo to send again; empty: make it */
  struct k8sm_demand *origin; /* the demand that was resumed: it holds the memory of the tasks' texts */

  struct k8smi_demand_task *tasks; /* [0] is the pause task */
  size_t task_count;
  uint32_t stages;
};

/* forms.c */
/* Is the pod one task, without an executor of its own? The pause task is never launched then. */
static inline bool k8smi_demand_is_task(const struct k8sm_demand *demand) {
  return demand->form == K8SM_FORM_COMMAND || demand->form == K8SM_FORM_DOCKER;
}
static inline bool k8smi_demand_is_docker(const struct k8sm_demand *demand) {
  return demand->form == K8SM_FORM_DOCKER;
}
struct k8sm_slice k8smi_form_name(uint32_t form);

/* As k8sm_demand_make, but what no data is given for is no error: an attempt that runs is still to be
 * watched, and `lacks` tells. */
int k8smi_demand_make(const struct k8sm_pod *pod, const struct k8sm_demand_options *options,
                      struct k8sm_demand **ret, struct k8sm_diags *diags);
/* AUTO: no form has this name. */
uint32_t k8smi_form_find(struct k8sm_slice name);
/* Are the resources of tasks reserved for the pod, where its role allows it? */
bool k8smi_form_reserves(uint32_t form);

/* What it asks of an agent, by K8SMI_CPUS and so on: the budget, what is kept for later stages, and the
 * tokens of the tasks to launch. Sums
 * that would not fit stay at the end: no agent has that. */
void k8smi_demand_sum(const struct k8sm_demand *demand, int64_t *ret_scalars);

/* What is the same for all pods. Errors: INVALID. */
int k8smi_demand_check_options(const struct k8sm_demand_options *options, struct k8sm_diags *diags);

static inline bool k8smi_demand_port_is_held(const struct k8smi_demand_port *port) {
  return port->host_port != 0 || port->any;
}

/* extract.c: a demand with nothing but namespace, labels, instances and kind; or with what its pod holds of
 * an agent beside scalars: host ports, extended resources, volumes. NULL when memory ran out. */
struct k8sm_demand *k8smi_demand_extract_kind(const struct k8sm_demand *from,
                                              const struct k8sm_allocator *allocator);
struct k8sm_demand *k8smi_demand_extract_holds(const struct k8sm_demand *from,
                                               const struct k8sm_allocator *allocator);

/* 1 to 32 letters and digits. */
bool k8smi_nonce_valid(const char *nonce);

/* ---- restarts.c ---- */

/* By policy and rules, after an end of its own. */
bool k8smi_task_restarts(const struct k8smi_demand_task *task, int32_t exit_code);
/* After some end, at least. So it does where its health check had it killed, whatever its code. */
bool k8smi_task_may_restart(const struct k8smi_demand_task *task);

/* Its first tasks are looked at soon. */
static inline void k8smi_demand_expect(const struct k8sm_demand *demand) {
  enum { TASKS = 2 };
  for (size_t i = 0; i < TASKS && i < demand->task_count; i++) {
    __builtin_prefetch(&demand->tasks[i]);
    __builtin_prefetch(&demand->tasks[i].grace_seconds);
    __builtin_prefetch(&demand->tasks[i].readiness);
    __builtin_prefetch(&demand->tasks[i].startup);
  }
}

#endif
