/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_WORKLOAD_H
#define K8SMI_POD_WORKLOAD_H

#include <assert.h>

#include <k8smesos/workload.h>

#include "pod/edit.h"
#include "pod/parse.h"

/* The first three fields of every kind are the same, so that all metadata is read as a Pod's is. */
#define K8SMI_SAME_HEAD(T)                                                                                   \
  static_assert((int)K8SMI_##T##_kind == (int)K8SMI_Pod_kind &&                                              \
                    (int)K8SMI_##T##_apiVersion == (int)K8SMI_Pod_apiVersion &&                              \
                    (int)K8SMI_##T##_metadata == (int)K8SMI_Pod_metadata,                                    \
                "the head is not that of a Pod");
K8SMI_SAME_HEAD(PodTemplate)
K8SMI_SAME_HEAD(ReplicationController)
K8SMI_SAME_HEAD(ReplicaSet)
K8SMI_SAME_HEAD(Deployment)
K8SMI_SAME_HEAD(StatefulSet)
K8SMI_SAME_HEAD(DaemonSet)
K8SMI_SAME_HEAD(Job)
K8SMI_SAME_HEAD(CronJob)

enum { K8SMI_WORKLOAD_STEPS = 4 };

struct k8smi_workload_kind {
  uint8_t type;   /* K8SMI_TYPE_* */
  uint8_t number; /* K8SM_WORKLOAD_* */
  bool ends;      /* its pods end by themselves: they must not restart for ever */
  uint8_t steps;
  uint8_t path[K8SMI_WORKLOAD_STEPS]; /* fields from the object to the template */
  uint8_t replicas, selector;         /* fields of the spec; K8SMI_WORKLOAD_NO_FIELD */
  const char *note;                   /* what a manifest's pods are not as under Kubernetes */
};
enum { K8SMI_WORKLOAD_NO_FIELD = 255 };
/* NULL: no workload kind. */
const struct k8smi_workload_kind *k8smi_workload_kind(unsigned type);
/* The path of the first `steps` of the steps to the template, written into place. */
const struct k8smi_path *k8smi_workload_path(const struct k8smi_workload_kind *kind, size_t steps,
                                             const struct k8smi_path *object,
                                             struct k8smi_path place[K8SMI_WORKLOAD_STEPS]);

/* Which pods are meant: all of the labels, and all of the expressions. */
struct k8smi_label_selector {
  struct k8smi_list labels;      /* pairs */
  struct k8smi_list expressions; /* LabelSelectorRequirement */
};
bool k8smi_label_selector_matches(const struct k8smi_label_selector *selector, struct k8smi_list labels);
/* "app=web,tier in (a,b)". False when memory ran out. */
bool k8smi_label_selector_text(const struct k8smi_label_selector *selector, struct k8smi_arena *arena,
                               struct k8sm_slice *ret);

struct k8sm_workload {
  struct k8smi_arena arena;
  k8smi_refs refs;
  struct k8sm_pod *pod; /* the template as a pod. Its arena holds all that the workload points to. */
  const struct k8smi_workload_kind *kind;
  const struct k8smi_record *object;
  const struct k8smi_record *spec; /* that which has the template: of a CronJob that of its Job */
  const struct k8smi_record *template_;
  struct k8sm_slice name, name_space, uid, selector_text;
  struct k8smi_label_selector selector;
  bool defaults; /* as it was read */
  bool validate;
};

/* Makes a workload of an object that lies in the pod's arena, and takes the caller's reference of the pod,
 * also on failure. The object has a template and a name. Errors: NOMEM, LIMIT. */
int k8smi_workload_make(struct k8sm_pod *pod, const struct k8smi_workload_kind *kind,
                        const struct k8smi_record *object, uint64_t parse_flags,
                        const struct k8sm_allocator *allocator, struct k8sm_workload **ret,
                        struct k8sm_diags *diags);
/* How many pods its controller starts at first. */
int64_t k8smi_workload_pods(const struct k8sm_workload *workload);
int64_t k8smi_workload_first_ordinal(const struct k8sm_workload *workload);
bool k8smi_workload_is_indexed(const struct k8sm_workload *workload);

/* The rules of the API server for the fields that make a workload one. `unread`: as in validate.h, for the
 * template. Errors: INVALID, NOMEM. */
int k8smi_workload_check(const struct k8sm_workload *workload, const struct k8smi_path *path,
                         struct k8smi_find_range unread, struct k8sm_diags *diags);

/* A pod of a workload that makes pods itself (no Deployment, no CronJob), without validation. */
int k8smi_workload_instance(const struct k8sm_workload *workload, const struct k8sm_instance_options *options,
                            struct k8sm_pod **ret, struct k8sm_diags *diags);
/* The labels by which a Job whose selector is made for it knows its pods, sorted; and that selector, from
 * what the Job says itself: NULL when memory ran out. */
void k8smi_workload_job_labels(const struct k8sm_workload *workload, struct k8smi_edit_pairs *ret);
const struct k8smi_record *k8smi_workload_job_selector(const struct k8sm_workload *workload,
                                                       struct k8smi_arena *arena);
/* Gives a pod of a StatefulSet the volumes of its claims. pod.ptr NULL: it is none yet, and the claims are
 * called as their templates are. */
void k8smi_workload_claims(struct k8smi_edit *spec, struct k8smi_list claims, struct k8sm_slice pod);
/* The hash of the template, in the arena; ptr NULL when memory ran out. */
struct k8sm_slice k8smi_workload_hash(const struct k8sm_workload *workload, uint32_t collisions,
                                      struct k8smi_arena *arena);
/* What points from what a workload makes back to it; NULL when memory ran out. */
const struct k8smi_record *k8smi_workload_reference(const struct k8sm_workload *workload,
                                                    struct k8smi_arena *arena);

#endif
