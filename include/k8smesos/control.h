/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_CONTROL_H
#define K8SMESOS_CONTROL_H

/* The workload kinds without an API server: which pods are to run, and which to end. A state machine as the
 * driver is one: step(input) → effects, and a deadline; no I/O, no clock. Its effects are the driver's inputs
 * (a pod to run, a pod to delete), the driver's effects its inputs (what has become of pods):
 * https://kubernetes.io/docs/concepts/workloads/controllers/
 *
 * What is wanted is a set of objects: workloads and bare pods. An object that is given again changes what is
 * there by the API server's rules: what may change is changed in place (another template rolls out, other
 * replicas scale), what may not is refused, or with K8SM_CONTROL_FLAG_REPLACE deleted and made anew. An object that is
 * not given again stays, until it is deleted, or until a COMPLETE says that the set is whole without it.
 *
 * Each workload has one row in the record, under its key: the object in JSON with its status, as an API server
 * would show it. What a workload does to pods waits until its row is kept. Pods have their rows with the driver.
 * So after a restart nothing is lost: give the rows back (RESTORE), then the driver's pods (FOUND), before any
 * other input. */

#include <k8smesos/driver.h>
#include <k8smesos/workload.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_control; /* Mutable. */

/* How a control is made. */
struct k8sm_control_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  uint64_t seed; /* random; names and uids of pods are made from it */
};

/* Errors: INVALID, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_control_new(const struct k8sm_control_options *options,
                                            struct k8sm_control **ret, struct k8sm_diags *diags);
K8SM_API void k8sm_control_free(struct k8sm_control *control);

enum {
  K8SM_CONTROL_TICK = 0,     /* time has come to the deadline, or any time */
  K8SM_CONTROL_RESTORE = 1,  /* key, bytes: a row that was recorded */
  K8SM_CONTROL_FOUND = 2,    /* pod, bytes: a pod that the driver has, and its PodStatus in JSON (or none); flags */
  K8SM_CONTROL_APPLY = 3,    /* workload or pod: it is wanted so; flags */
  K8SM_CONTROL_COMPLETE = 4, /* what was applied since the last COMPLETE is all: delete the rest */
  K8SM_CONTROL_DELETE = 5,   /* key: "Deployment/default/web", "Pod/default/db"; grace_seconds of its pods, -1: their
                                own. Its pods go first, then the object and its row */
  K8SM_CONTROL_STATUS = 6,   /* key "namespace/name", bytes: the PodStatus in JSON of a STATUS effect of the driver */
  K8SM_CONTROL_GONE = 7,     /* key "namespace/name": a GONE effect of the driver, or a pod that it does not know */
  K8SM_CONTROL_REJECTED = 8, /* key "namespace/name", bytes: the driver did not take the pod; why, in words */
  K8SM_CONTROL_AGENTS = 9,   /* agents: all that there are now */
  K8SM_CONTROL_ZONE = 10,    /* key: the name of a time zone, bytes: its TZif (RFC 9636), as in zoneinfo */
  K8SM_CONTROL_RECORDED = 11, /* number: the row is kept */
  K8SM_CONTROL_REFUSED = 12,  /* number: it could not be; it is tried again later */
  K8SM_CONTROL_SCALE = 13     /* key of a Deployment, ReplicaSet, ReplicationController or StatefulSet, number: of its
                                 replicas. They stay so, also after a restart, until a manifest says another number
                                 than the manifest before: what `kubectl scale` does.
                                 https://kubernetes.io/docs/reference/kubectl/generated/kubectl_scale/ */
};
enum {
  K8SM_CONTROL_FLAG_DELETING = 1 << 0, /* FOUND: the pod is being deleted */
  K8SM_CONTROL_FLAG_REPLACE = 1 << 1   /* APPLY: what can't change in place is deleted and made anew */
};

/* An agent that daemons may run on. */
struct k8sm_control_agent {
  struct k8sm_slice name; /* of its node: the hostname */
  const struct k8sm_node *node; /* its labels, taints, and whether it takes pods; NULL: nothing is stated */
};

/* What the host tells: the type says which fields count. */
struct k8sm_control_input {
  size_t size;
  uint32_t type;    /* K8SM_CONTROL_* */
  uint32_t flags;
  uint64_t mono_ms; /* never goes back */
  int64_t wall_ms;  /* since 1970-01-01 UTC; may jump */
  uint64_t number;
  struct k8sm_slice key;
  struct k8sm_slice bytes;
  struct k8sm_workload *workload; /* a reference is taken */
  struct k8sm_pod *pod;           /* a reference is taken */
  int64_t grace_seconds;
  const struct k8sm_control_agent *agents; /* copied */
  size_t agent_count;
  size_t agent_size; /* sizeof(struct k8sm_control_agent) */
};

/* Takes one input in; effects holds afterwards what is to be done, in order:
 *  - POD (to driver): run the pod; it has a uid and a creation time;
 *  - DELETE (to driver): key, grace_seconds;
 *  - DELETE_CLAIM (to driver): key "namespace/name" of a claim of a StatefulSet that is to go by its
 *    persistentVolumeClaimRetentionPolicy: the pods that had it are gone. Carried out before the next input;
 *  - RECORD (to store): as the driver's, with numbers of its own; keys begin with the kind of the object;
 *  - EVENT (to host): key of the object, bytes: "Reason: message" in the words of `kubectl describe`;
 *  - GONE (to host): key of an object that is deleted, with all of its pods.
 * When memory runs out: as k8sm_driver_step.
 * Errors: NOMEM; INVALID, NOT_FOUND, UNSUPPORTED (SCALE of what has no replicas), STATE (the object is being
 * deleted): this input is refused, with a finding; ABI. */
K8SM_API K8SM_MUST_USE int k8sm_control_step(struct k8sm_control *control,
                                             const struct k8sm_control_input *input,
                                             struct k8sm_effects *effects, struct k8sm_diags *diags);
/* mono_ms at which the next TICK is due; UINT64_MAX: only when something comes in. */
K8SM_API uint64_t k8sm_control_deadline(const struct k8sm_control *control);

/* A workload at a glance, in the order in which they came: those of files, and the ReplicaSets and Jobs between
 * them and their pods. Valid until the next step. */
struct k8sm_control_row {
  struct k8sm_slice key;   /* "Deployment/default/web" */
  struct k8sm_slice owner; /* key of the workload that made it; empty: none */
  const struct k8sm_workload *workload;
  uint32_t kind;     /* K8SM_WORKLOAD_* */
  uint32_t deleting;
  int64_t wanted;    /* pods that should run at last: replicas, agents that fit, completions; -1: no number */
  int64_t current;   /* pods that there are, of a CronJob active jobs */
  int64_t ready;
  int64_t updated;   /* of the newest revision */
  int64_t available;
  int64_t succeeded; /* of a Job */
  int64_t failed;
  int64_t created_wall_ms;
  struct k8sm_slice state; /* a word for people: of a Job "Complete", "Failed", "Suspended", "Running"; of others that
                              which their conditions say: "Available", "Progressing", …; may be empty */
  uint32_t settled; /* 1: it is as it should be, and nothing changes until something happens to its pods */
  uint32_t failing; /* 1: it can't become so: a Job that failed, a rollout past its deadline */
};
K8SM_API size_t k8sm_control_rows(const struct k8sm_control *control, size_t first,
                                  struct k8sm_control_row *rows, size_t row_size, size_t n);

/* The object with its status as its controller writes it, in JSON or YAML. Owns: *ret.
 * Errors: NOT_FOUND, NOMEM, UNSUPPORTED (another format). */
K8SM_API K8SM_MUST_USE int k8sm_control_object(const struct k8sm_control *control, struct k8sm_slice key,
                                               uint32_t format, struct k8sm_blob **ret);

#ifdef __cplusplus
}
#endif
#endif
