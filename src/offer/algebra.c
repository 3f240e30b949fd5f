/* SPDX-License-Identifier: Apache-2.0 */
/* The operations on two values: reckoned in memory that ends with the call, then made a value. */
#include "offer/resources.h"

int k8sm_resources_contains(const struct k8sm_resources *all, const struct k8sm_resources *part) {
  return k8smi_bag_missing(&all->bag, &part->bag) == NULL;
}

struct algebra_job {
  struct k8smi_arena scratch;
  const struct k8smi_bag *a, *b;
  struct k8smi_bag result;
  const struct k8smi_lot *missing;
};

static int algebra_add(struct algebra_job *job) {
  return k8smi_bag_add(&job->scratch, job->a, job->b, &job->result);
}

static int algebra_subtract(struct algebra_job *job) {
  job->missing = k8smi_bag_missing(job->a, job->b);
  return job->missing != NULL ? K8SM_OK : k8smi_bag_subtract(&job->scratch, job->a, job->b, &job->result);
}

static int algebra_find(struct algebra_job *job) {
  return k8smi_bag_find(&job->scratch, job->a, job->b, &job->result, &job->missing);
}

static int algebra_run(int (*work)(struct algebra_job *job), const struct k8sm_resources *a,
                       const struct k8sm_resources *b, const struct k8sm_allocator *allocator,
                       struct k8sm_resources **ret, struct k8sm_diags *diags) {
  struct algebra_job job = {.a = &a->bag, .b = &b->bag};
  if (!k8smi_arena_init(&job.scratch, allocator, 0)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  int r = work(&job);
  if (r != K8SM_OK) {
    k8smi_resources_failed(r, diags);
  } else if (job.missing != NULL) {
    r = k8smi_resources_lack(job.missing, diags);
  } else {
    r = k8smi_resources_make(&job.result, allocator, ret, diags);
  }
  k8smi_arena_free(&job.scratch);
  return r;
}

int k8sm_resources_add(const struct k8sm_resources *a, const struct k8sm_resources *b,
                       const struct k8sm_allocator *allocator, struct k8sm_resources **ret,
                       struct k8sm_diags *diags) {
  return algebra_run(algebra_add, a, b, allocator, ret, diags);
}

int k8sm_resources_subtract(const struct k8sm_resources *all, const struct k8sm_resources *part,
                            const struct k8sm_allocator *allocator, struct k8sm_resources **ret,
                            struct k8sm_diags *diags) {
  return algebra_run(algebra_subtract, all, part, allocator, ret, diags);
}

int k8sm_resources_find(const struct k8sm_resources *all, const struct k8sm_resources *wanted,
                        const struct k8sm_allocator *allocator, struct k8sm_resources **ret,
                        struct k8sm_diags *diags) {
  return algebra_run(algebra_find, all, wanted, allocator, ret, diags);
}
