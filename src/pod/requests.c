/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/requests.h"

#include "base/abi.h"
#include "base/map.h"
#include "base/sort.h"
#include "pod/containers.h"

enum { SUM_REQUESTS = K8SMI_ResourceRequirements_requests, SUM_LIMITS = K8SMI_ResourceRequirements_limits };

bool k8smi_resource_get(const struct k8smi_record *resources, unsigned field, const char *name,
                        struct k8smi_amount *ret) {
  struct k8sm_slice text = k8smi_get_pair(resources, field, name);
  return text.ptr != NULL && k8smi_quantity_amount(text, ret);
}

/* ---- The sum of one resource ---- */

static void sum_raise(struct k8smi_sum *sum, struct k8smi_amount need) {
  if (!sum->init_set || k8smi_amount_cmp(need, sum->init) > 0) sum->init = need;
  sum->init_set = true;
}

void k8smi_sum_add(struct k8smi_sum *sum, uint32_t kind, struct k8smi_amount amount) {
  if (kind == K8SM_CONTAINER_EPHEMERAL) return;
  if (kind == K8SM_CONTAINER_INIT) {
    sum_raise(sum, k8smi_amount_add(amount, sum->sidecars));
    return;
  }
  sum->lasting = k8smi_amount_add(sum->lasting, amount);
  sum->lasting_set = true;
  if (kind != K8SM_CONTAINER_SIDECAR) return;
  sum->sidecars = k8smi_amount_add(sum->sidecars, amount);
  sum_raise(sum, sum->sidecars);
}

bool k8smi_resource_is_pod_level(struct k8sm_slice name) {
  static const char huge[] = "hugepages-";
  return k8smi_eqs(name, "cpu") || k8smi_eqs(name, "memory") ||
         (name.len >= sizeof huge - 1 && memcmp(name.ptr, huge, sizeof huge - 1) == 0);
}

bool k8smi_sum_of_containers(const struct k8smi_sum *sum, struct k8smi_amount *ret) {
  bool init = sum->init_set && (!sum->lasting_set || k8smi_amount_cmp(sum->init, sum->lasting) > 0);
  *ret = init ? sum->init : sum->lasting;
  return sum->lasting_set || sum->init_set;
}

bool k8smi_sum_total(const struct k8smi_sum *sum, const struct k8smi_record *spec, const char *name,
                     bool limits, struct k8smi_amount *ret) {
  const struct k8smi_record *own = k8smi_get_record(spec, K8SMI_PodSpec_resources);
  struct k8smi_amount amount, stated;
  bool set = k8smi_sum_of_containers(sum, &amount);
  if (k8smi_resource_is_pod_level(k8smi_s(name)) &&
      k8smi_resource_get(own, limits ? SUM_LIMITS : SUM_REQUESTS, name, &stated)) {
    amount = stated;
    set = true;
  }
  bool counts = !limits || (set && !k8smi_amount_is_zero(amount)); /* overhead alone makes no limit */
  if (counts && k8smi_resource_get(spec, K8SMI_PodSpec_overhead, name, &stated)) {
    amount = k8smi_amount_add(amount, stated);
    set = true;
  }
  *ret = amount;
  return set;
}

/* ---- All of them ---- */

struct sum_row {
  struct k8sm_slice name;
  struct k8smi_sum requests, limits;
};

struct sum_table {
  struct k8sm_allocator allocator;
  struct k8smi_map names; /* to the number of the row */
  struct sum_row *rows;
  size_t count, cap;
};

/* The row of a name; NULL when memory ran out. */
static struct sum_row *sum_row_of(struct sum_table *t, struct k8sm_slice name) {
  uint32_t i = k8smi_map_get(&t->names, name);
  if (i != K8SMI_MAP_NONE) return &t->rows[i];
  void *rows = t->rows;
  if (!k8smi_grow(&t->allocator, &rows, &t->cap, t->count + 1, sizeof *t->rows)) return NULL;
  t->rows = rows;
  if (!k8smi_map_put(&t->names, name, (uint32_t)t->count)) return NULL;
  t->rows[t->count] = (struct sum_row){.name = name};
  return &t->rows[t->count++];
}

/* Every entry of a map; `kind` is that of the container, or SUM_NAME_ONLY to make rows and add nothing. */
enum { SUM_NAME_ONLY = UINT8_MAX };

static bool sum_map(struct sum_table *t, const struct k8smi_record *record, unsigned field, uint32_t kind,
                    bool limits) {
  struct k8smi_list list = k8smi_get_list(record, field);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    struct k8smi_amount amount;
    struct sum_row *row = sum_row_of(t, pair.key);
    if (row == NULL) return false;
    if (kind != SUM_NAME_ONLY && k8smi_quantity_amount(pair.value, &amount))
      k8smi_sum_add(limits ? &row->limits : &row->requests, kind, amount);
  }
  return true;
}

static bool sum_resources(struct sum_table *t, const struct k8smi_record *resources, uint32_t kind) {
  return sum_map(t, resources, SUM_REQUESTS, kind, false) && sum_map(t, resources, SUM_LIMITS, kind, true);
}

static bool sum_pod(struct sum_table *t, const struct k8smi_record *spec) {
  size_t count = k8smi_container_count(spec);
  bool good = sum_resources(t, k8smi_get_record(spec, K8SMI_PodSpec_resources), SUM_NAME_ONLY) &&
              sum_map(t, spec, K8SMI_PodSpec_overhead, SUM_NAME_ONLY, false);
  for (size_t i = 0; good && i < count; i++) {
    struct k8smi_container c = k8smi_container_at(spec, i);
    if (c.kind == K8SM_CONTAINER_EPHEMERAL) break; /* they come last */
    good = sum_resources(t, k8smi_get_record(c.record, K8SMI_Container_resources), c.kind);
  }
  return good;
}

static int sum_compare(const void *a, const void *b, const void *ctx) {
  (void)ctx;
  return k8smi_cmp(((const struct k8sm_pod_resource *)a)->name, ((const struct k8sm_pod_resource *)b)->name);
}

/* In the resource's own unit, cpu in thousandths; -1 if it is not set. What is below zero never passes
 * validation and counts as nothing. */
static int64_t sum_public(const struct k8smi_sum *sum, const struct k8smi_record *spec,
                          struct k8sm_slice name, bool limits) {
  struct k8smi_amount amount;
  if (!k8smi_sum_total(sum, spec, name.ptr, limits, &amount)) return -1;
  int64_t n = k8smi_eqs(name, "cpu") ? k8smi_amount_milli(amount) : k8smi_amount_value(amount);
  return n < 0 ? 0 : n;
}

/* The rows that say something, sorted; how many. */
static size_t sum_finish(const struct sum_table *t, const struct k8smi_record *spec,
                         struct k8sm_pod_resource *sorted) {
  size_t count = 0;
  for (size_t i = 0; i < t->count; i++) {
    const struct sum_row *r = &t->rows[i];
    struct k8sm_pod_resource row = {r->name, sum_public(&r->requests, spec, r->name, false),
                                    sum_public(&r->limits, spec, r->name, true)};
    if (row.request >= 0 || row.limit >= 0)
      sorted[count++] = row; /* else the pod's own, of a kind that
                              * does not count */
  }
  k8smi_sort(sorted, count, sizeof *sorted, sum_compare, NULL);
  return count;
}

int k8sm_pod_resources(const struct k8sm_pod *pod, const struct k8sm_allocator *allocator,
                       struct k8sm_pod_resource *rows, size_t row_size, size_t n, size_t *ret_count) {
  struct sum_table t = {.count = 0};
  struct k8sm_pod_resource *sorted = NULL;
  const struct k8smi_record *spec = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_spec);
  struct k8sm_slice uid = k8sm_pod_uid(pod);
  if (!k8smi_allocator_init(&t.allocator, allocator)) return K8SM_ERR_NOMEM;
  k8smi_map_init(&t.names, &t.allocator, k8smi_hash(uid.ptr, uid.len, 0));
  bool good = sum_pod(&t, spec);
  if (good && t.count > 0) good = (sorted = k8smi_alloc(&t.allocator, t.count * sizeof *sorted)) != NULL;
  if (good) {
    *ret_count = t.count == 0 ? 0 : sum_finish(&t, spec, sorted);
    for (size_t i = 0; i < *ret_count && i < n; i++)
      k8smi_row_write(rows, row_size, i, &sorted[i], sizeof sorted[i]);
  }
  k8smi_free(&t.allocator, sorted, t.count * sizeof *sorted);
  k8smi_map_free(&t.names);
  k8smi_free(&t.allocator, t.rows, t.cap * sizeof *t.rows);
  return good ? K8SM_OK : K8SM_ERR_NOMEM;
}
