/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_CLUSTER_H
#define K8SMESOS_CLUSTER_H

/* The offers held, and the agents they came from. Mutable: one thread at a time. Slices read from a
 * cluster die at the next call that changes it. */

#include <k8smesos/offer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_cluster;  /* Mutable. */
struct k8sm_plan;     /* see match.h. Value. */
struct k8sm_demand;   /* see demand.h. Value. */
struct k8sm_manifest; /* see manifest.h. Value. */

/* How a cluster is made. */
struct k8sm_cluster_options {
  size_t size;
  const struct k8sm_allocator *allocator; /* of the cluster and everything in it */
  uint64_t max_agents;                    /* remembered at most; 0: 1,000,000 */
  uint32_t features;                      /* K8SM_FEATURE_* that agents have unless told otherwise */
  uint32_t strategy;                      /* K8SM_STRATEGY_* that matches will have: what is offered is kept in
                                             the order that it asks. Others will do, and sort first */
};

/* What an agent can do beyond the minimum. An agent that lacks one ignores the field in silence, so a
 * pod that needs it must not go there. What an agent has is what k8sm_cluster_set_features states; else what its
 * attribute `agent-features` says; else cluster_options.features. */
enum {
  K8SM_FEATURE_IMAGES = 1 << 0,         /* an image provider: docker images for the Mesos containerizer */
  K8SM_FEATURE_CGROUPS = 1 << 1,        /* isolators cgroups/cpu and cgroups/mem: task limits */
  K8SM_FEATURE_SANDBOX_PATH = 1 << 2,   /* isolator volume/sandbox_path: emptyDir */
  K8SM_FEATURE_HOST_PATH = 1 << 3,      /* isolator volume/host_path */
  K8SM_FEATURE_SECRETS = 1 << 4,        /* isolators volume/secret and environment_secret */
  K8SM_FEATURE_LINUX_LAUNCHER = 1 << 5, /* pid and ipc namespaces, capabilities, hostname */
  K8SM_FEATURE_CNI = 1 << 6,            /* isolator network/cni: networks by name */
  K8SM_FEATURE_DOCKER_VOLUMES = 1 << 7, /* isolator docker/volume */
  K8SM_FEATURE_CSI = 1 << 8,            /* isolator volume/csi */
  K8SM_FEATURE_SECCOMP = 1 << 9,        /* isolator linux/seccomp, with the profiles that pods name */
  K8SM_FEATURE_RLIMITS = 1 << 10,       /* isolator posix/rlimits */
  K8SM_FEATURE_DOCKER = 1 << 11,        /* the Docker containerizer */
  K8SM_FEATURE_VOLUME_GIDS = 1 << 12,   /* --volume_gid_range: users other than root write to emptyDirs and claims */
  K8SM_FEATURE_ALL = (1 << 13) - 1
};

/* Reads features by their names, with commas between: "images,cgroups,sandbox-path", as in the attribute; "none" for
 * none. The names are listed in doc/scheduling.md.
 * Errors: INVALID (a name of none: OPTION_INVALID). */
K8SM_API K8SM_MUST_USE int k8sm_features_parse(const char *text, size_t len, uint32_t *ret,
                                               struct k8sm_diags *diags);

/* Errors: NOMEM, ABI, INVALID. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_new(const struct k8sm_cluster_options *options,
                                            struct k8sm_cluster **ret, struct k8sm_diags *diags);
K8SM_API void k8sm_cluster_free(struct k8sm_cluster *cluster);

/* Counts the changes: a plan is of one generation. */
K8SM_API uint64_t k8sm_cluster_generation(const struct k8sm_cluster *cluster);

/* Takes the offers in. One that is held already, or was rescinded before it came, is left out with a
 * note; one that repeats a port of its agent, which could be spent twice, or is of too many roles or more than any
 * machine has, with a finding (OFFER_INVALID). Errors: NOMEM (nothing changed), LIMIT. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_add(struct k8sm_cluster *cluster, struct k8sm_offers *offers,
                                            uint64_t mono_ms, struct k8sm_diags *diags);
/* Drops an offer: rescinded, declined, expired or used elsewhere. Returns 1 if it was held, else 0: an
 * unknown id is remembered for a while (the latest 1,024 are), since RESCIND may overtake its offer. */
K8SM_API int k8sm_cluster_remove(struct k8sm_cluster *cluster, struct k8sm_slice offer_id);
/* Drops all offers, as a disconnection does. Agents are remembered. */
K8SM_API void k8sm_cluster_remove_all(struct k8sm_cluster *cluster);
/* Forgets an agent and its offers. Returns 1 if it was known. */
K8SM_API int k8sm_cluster_forget(struct k8sm_cluster *cluster, struct k8sm_slice agent_id);
/* States what an agent can do, whatever its attribute says. It need not be known yet. Errors: NOMEM, LIMIT. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_set_features(struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                                                     uint32_t features);

/* A label of a node. Texts of NULL are empty. */
struct k8sm_node_label {
  const char *key;
  const char *value;
};

/* A taint of a node. */
struct k8sm_node_taint {
  const char *key;
  const char *value;
  const char *effect; /* "NoSchedule", "PreferNoSchedule", "NoExecute" */
};

/* What a v1 Node object, or any other source, says of an agent beside its offers. Copied. Its labels come
 * before those that the agent's attributes make; its taints are beside them. What is stated of its size is
 * for scores only: pods are placed from offers. */
struct k8sm_node {
  size_t size;
  const struct k8sm_node_label *labels;
  size_t label_count;
  size_t label_size; /* sizeof(struct k8sm_node_label) */
  const struct k8sm_node_taint *taints;
  size_t taint_count;
  size_t taint_size;  /* sizeof(struct k8sm_node_taint) */
  int64_t cpus_milli; /* allocatable in all, in thousandths; 0: not stated */
  int64_t mem_milli;  /* thousandths of a MB */
  int64_t disk_milli;
  uint32_t unschedulable; /* 1: takes no more pods, unless they tolerate
                             node.kubernetes.io/unschedulable:NoSchedule */
  uint32_t reserved;
};

/* States what a node is beside its offers, in place of what was stated before; NULL: nothing any more. The
 * agent need not be known yet. https://kubernetes.io/docs/concepts/architecture/nodes/
 * Errors: INVALID (an effect that is none, a label twice), NOMEM, LIMIT, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_set_node(struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                                                 const struct k8sm_node *node, struct k8sm_diags *diags);

/* The labels of a namespace, for rules that select namespaces by them. One that was not handed in has the
 * label kubernetes.io/metadata.name alone; one that was has it too. Copied; `count` 0 forgets it.
 * Errors: INVALID (a label twice), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_set_namespace(struct k8sm_cluster *cluster, struct k8sm_slice name,
                                                      const struct k8sm_node_label *labels, size_t count,
                                                      size_t label_size, struct k8sm_diags *diags);

/* States all nodes and namespaces of a manifest, which may be JSON, YAML or Kubernetes' protobuf: the labels
 * of each, and of v1 Nodes the taints, spec.unschedulable and status.allocatable. Other objects are passed
 * over. A node is every known agent that has its name for hostname or id; when there is none, the agent with
 * that id, once it comes. Errors: as k8sm_cluster_set_node; objects before the one that is wrong have been
 * stated. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_set_objects(struct k8sm_cluster *cluster,
                                                    const struct k8sm_manifest *manifest,
                                                    struct k8sm_diags *diags);

/* Notes that a pod runs on an agent: affinity, spread and scores count it, and no plan need have placed it
 * there. A pod is known by its uid: one that was noted on another agent is moved,
 * one that was noted as about to end is not any more. The agent need not be known yet.
 * Keeps a reference to one demand for all pods that are alike. Errors: NOMEM, LIMIT. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_add_pod(struct k8sm_cluster *cluster,
                                                const struct k8sm_demand *demand, struct k8sm_slice agent_id,
                                                struct k8sm_diags *diags);
/* Notes that a pod has ended. Returns 1 if it was known. */
K8SM_API int k8sm_cluster_remove_pod(struct k8sm_cluster *cluster, struct k8sm_slice uid);

/* A pod that runs on an agent, as far as the cluster was told, in no particular order. */
struct k8sm_cluster_pod {
  struct k8sm_slice uid;
  struct k8sm_slice name_space;
  struct k8sm_slice name;
};
K8SM_API size_t k8sm_cluster_pods(const struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                                  size_t first, struct k8sm_cluster_pod *rows, size_t row_size, size_t n);

/* Notes that a pod is about to end, deleted or preempted: it counts as long as it is there, but no pod need be
 * preempted for the room that it gives up. Returns 1 if it was known. */
K8SM_API int k8sm_cluster_end_pod(struct k8sm_cluster *cluster, struct k8sm_slice uid);

/* Notes that a pod waits for room on an agent, in offers to a role: pods of its priority or lower leave that room
 * to it. In place of a former nomination; ended when the pod runs somewhere, when the agent is forgotten, and by
 * k8sm_cluster_withdraw. k8sm_cluster_apply nominates what a plan does, see K8SM_MATCH_PREEMPT; this is for a
 * status.nominatedNodeName from elsewhere. Keeps a reference to the demand.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/#user-exposed-information
 * Errors: NOMEM, LIMIT. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_nominate(struct k8sm_cluster *cluster, const struct k8sm_demand *demand,
                                                 struct k8sm_slice agent_id, struct k8sm_slice role,
                                                 struct k8sm_diags *diags);
/* Notes that a pod does not wait any more. Returns 1 if it did. */
K8SM_API int k8sm_cluster_withdraw(struct k8sm_cluster *cluster, struct k8sm_slice uid);

/* Persistent volumes that claims name are remembered from offers: a pod that claims one goes to the agent that has
 * it, and nowhere else. The first says that an agent has one, by its persistence id, before it was offered: when the
 * pod that it was made for runs. Else a pod that follows that one at once would have another made. Errors: NOMEM,
 * LIMIT. The second says that one is gone, by its persistence id: destroyed elsewhere. Returns 1 if it was
 * known. https://mesos.apache.org/documentation/latest/persistent-volume/ */
K8SM_API K8SM_MUST_USE int k8sm_cluster_note_volume(struct k8sm_cluster *cluster, struct k8sm_slice id,
                                                    struct k8sm_slice agent_id);
K8SM_API int k8sm_cluster_forget_volume(struct k8sm_cluster *cluster, struct k8sm_slice id);

/* Spends what the plan's placements take: their offers leave the cluster, and their pods are noted as with
 * k8sm_cluster_add_pod, to be removed when they end. What it nominates is noted, and that its victims are
 * about to end. If one of them does not hold any more (an offer is gone,
 * its agent has other labels or features since, its pod runs already or has another place in the plan, which
 * would be a second instance of it, or it looks at other pods and some were added) nothing is
 * taken, K8SM_ERR_STATE comes back, and a finding names each (PLAN_STALE). Changes elsewhere do not matter.
 * Errors: STATE, NOMEM (nothing changed). */
K8SM_API K8SM_MUST_USE int k8sm_cluster_apply(struct k8sm_cluster *cluster, const struct k8sm_plan *plan,
                                              struct k8sm_diags *diags);

/* What the offers held of an agent have: all of them, to whatever role, less what was taken. Its allocation_info
 * tells what is offered to which role. Owns: *ret. Errors: NOT_FOUND (no such agent), NOMEM, INVALID (more of a
 * scalar than any machine has). */
K8SM_API K8SM_MUST_USE int k8sm_cluster_resources(const struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                                                  const struct k8sm_allocator *allocator,
                                                  struct k8sm_resources **ret, struct k8sm_diags *diags);
/* Takes resources out of the offers held of an agent, for tasks and operations of the caller's own: no pod gets
 * them. They are named as the offers name them, with allocation_info and reservations: k8sm_resources_find makes
 * such out of amounts, in what k8sm_cluster_resources gives. Offers are spent from in the order of their ids.
 * Those that something was taken from say so in their rows; plans that use them, made before, are stale. What was
 * taken goes with its offer: when the offer is removed, and when a plan that uses it is applied, whose ACCEPT is
 * then the one to add the caller's operations to. https://mesos.apache.org/documentation/latest/scheduler-http-api/#accept
 * Errors: NOT_FOUND (no such agent, or not all of it is there: nothing is taken, and the finding says what is
 * missing), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_take(struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                                             const struct k8sm_resources *resources, struct k8sm_diags *diags);
/* Puts resources back that were taken, as a whole or in part. What was taken last goes back first, where equal
 * resources of several offers were taken.
 * Errors: NOT_FOUND (no such agent, or not all of it is taken: nothing changed), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_give(struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                                             const struct k8sm_resources *resources, struct k8sm_diags *diags);

/* An agent that is known, in the order of ids. */
struct k8sm_agent {
  struct k8sm_slice id;
  struct k8sm_slice hostname;
  uint32_t offers; /* held now */
  uint32_t features;
  uint32_t executors; /* as many as k8sm_cluster_executors tells of */
  uint32_t reserved;
};
K8SM_API size_t k8sm_cluster_agents(const struct k8sm_cluster *cluster, size_t first, struct k8sm_agent *rows,
                                    size_t row_size, size_t n);

/* An executor of the framework's. k8sm_executor_id_parse says of which pod it is. */
struct k8sm_executor {
  struct k8sm_slice id;
};
/* The executors that an agent runs for the framework, in the order of ids: those that its latest offers name,
 * whether or not these are held still. One that began since then is not there, one that ended still is. 0 for an
 * agent that is not known. https://mesos.apache.org/documentation/latest/scheduler-http-api/#offers */
K8SM_API size_t k8sm_cluster_executors(const struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                                       size_t first, struct k8sm_executor *rows, size_t row_size, size_t n);

/* An offer that is held. */
struct k8sm_held_offer {
  struct k8sm_slice id;
  struct k8sm_slice agent_id;
  struct k8sm_slice role;
  uint64_t since_mono_ms;
  uint32_t taken; /* 1: some of it was taken with k8sm_cluster_take */
  uint32_t reserved;
};
K8SM_API size_t k8sm_cluster_offers(const struct k8sm_cluster *cluster, size_t first,
                                    struct k8sm_held_offer *rows, size_t row_size, size_t n);

#ifdef __cplusplus
}
#endif
#endif
