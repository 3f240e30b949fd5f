/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sort.h"

#include <assert.h>
#include <string.h>

struct sort_job {
  char *items;
  size_t size;
  k8smi_compare *compare;
  const void *ctx;
};

static int sort_order(const struct sort_job *job, size_t a, size_t b) {
  return job->compare(job->items + a * job->size, job->items + b * job->size, job->ctx);
}

static void sort_swap(const struct sort_job *job, size_t a, size_t b) {
  char held[K8SMI_SORT_MAX];
  memcpy(held, job->items + a * job->size, job->size);
  memcpy(job->items + a * job->size, job->items + b * job->size, job->size);
  memcpy(job->items + b * job->size, held, job->size);
}

/* Lets the item at `root` sink until neither child is larger. */
static void sort_sift(const struct sort_job *job, size_t root, size_t end) {
  for (size_t child = root * 2 + 1; child < end; child = root * 2 + 1) {
    if (child + 1 < end && sort_order(job, child, child + 1) < 0) child++;
    if (sort_order(job, root, child) >= 0) return;
    sort_swap(job, root, child);
    root = child;
  }
}

void k8smi_sort(void *items, size_t count, size_t size, k8smi_compare *compare, const void *ctx) {
  assert(size <= K8SMI_SORT_MAX);
  struct sort_job job = {items, size, compare, ctx};
  size_t ordered = 1; /* most inputs come sorted */
  while (ordered < count && sort_order(&job, ordered - 1, ordered) <= 0) ordered++;
  if (ordered >= count) return;
  for (size_t i = count / 2; i-- > 0;) sort_sift(&job, i, count);
  for (size_t end = count; end-- > 1;) {
    sort_swap(&job, 0, end);
    sort_sift(&job, 0, end);
  }
}
