/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "pod/bind.h"
#include "pod/containers.h"
#include "pod/prepare_private.h"
#include "pod/requests.h"

/* One resource over all containers. */
struct prepare_row {
  struct k8sm_slice name;
  struct k8smi_sum requests, limits;
  size_t limited; /* containers that have a limit */
};

struct prepare_table {
  struct k8smi_arena *arena;
  struct k8smi_map names; /* to the number of the row */
  struct prepare_row *rows;
  size_t count, cap;
  struct k8smi_buf text;
};

static struct prepare_row *prepare_row_of(struct prepare_table *t, struct k8sm_slice name) {
  uint32_t i = k8smi_map_get(&t->names, name);
  if (i != K8SMI_MAP_NONE) return &t->rows[i];
  void *rows = t->rows;
  if (!k8smi_grow(&t->arena->allocator, &rows, &t->cap, t->count + 1, sizeof *t->rows)) return NULL;
  t->rows = rows;
  if (!k8smi_map_put(&t->names, name, (uint32_t)t->count)) return NULL;
  t->rows[t->count] = (struct prepare_row){.name = name};
  return &t->rows[t->count++];
}

static bool prepare_count(struct prepare_table *t, struct k8smi_container container, unsigned field) {
  const struct k8smi_record *resources = k8smi_get_record(container.record, K8SMI_Container_resources);
  struct k8smi_list list = k8smi_get_list(resources, field);
  bool limits = field == K8SMI_ResourceRequirements_limits;
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    struct k8smi_amount amount;
    if (!k8smi_resource_is_pod_level(pair.key) || !k8smi_quantity_amount(pair.value, &amount)) continue;
    struct prepare_row *row = prepare_row_of(t, pair.key);
    if (row == NULL) return false;
    k8smi_sum_add(limits ? &row->limits : &row->requests, container.kind, amount);
    row->limited += limits;
  }
  return true;
}

/* A list of pairs that grows; its values are the containers' or new. */
struct prepare_pairs {
  struct k8smi_pair *items;
  size_t count;
};

static bool prepare_add_sum(struct prepare_table *t, struct prepare_pairs *pairs, struct k8sm_slice name,
                            struct k8smi_amount amount) {
  k8smi_buf_clear(&t->text);
  k8smi_quantity_put(amount, &t->text);
  if (t->text.failed) return false;
  struct k8sm_slice value = k8smi_arena_copy(t->arena, t->text.ptr, t->text.len);
  pairs->items[pairs->count++] = (struct k8smi_pair){name, value};
  return value.ptr != NULL;
}

static bool prepare_start(struct prepare_table *t, struct prepare_pairs *pairs, struct k8smi_list list,
                          size_t more) {
  pairs->items = k8smi_arena_array(t->arena, list.count + more, sizeof *pairs->items);
  pairs->count = list.count;
  if (pairs->items == NULL) return false;
  if (list.count > 0) memcpy(pairs->items, list.items, list.count * sizeof *pairs->items);
  return true;
}

/* The record with the pairs in place of a list, if they are more. */
static const struct k8smi_record *prepare_finish(struct prepare_table *t, const struct prepare_pairs *pairs,
                                                 const struct k8smi_record *own, unsigned field) {
  if (pairs->count == k8smi_get_list(own, field).count) return own;
  struct k8smi_list *list = k8smi_arena_alloc(t->arena, sizeof *list);
  if (list == NULL || !k8smi_bind_sort_pairs(t->arena, pairs->items, pairs->count)) return NULL;
  *list = (struct k8smi_list){pairs->items, pairs->count};
  return k8smi_prepare_set(t->arena, own, field, (union k8smi_slot){.list = list});
}

static bool prepare_names(const struct k8smi_record *own, unsigned field, struct k8sm_slice name) {
  return k8smi_get_pair(own, field, name.ptr).ptr != NULL;
}

static bool prepare_is_huge(struct k8sm_slice name) {
  return !k8smi_eqs(name, "cpu") && !k8smi_eqs(name, "memory");
}

/* Limits of huge pages: the containers' together, unless the pod says anything of them. */
static const struct k8smi_record *prepare_huge(struct prepare_table *t, const struct k8smi_record *own) {
  const unsigned limits = K8SMI_ResourceRequirements_limits;
  struct prepare_pairs pairs;
  if (!prepare_start(t, &pairs, k8smi_get_list(own, limits), t->count)) return NULL;
  for (size_t i = 0; i < t->count; i++) {
    struct prepare_row *row = &t->rows[i];
    struct k8smi_amount sum;
    if (!prepare_is_huge(row->name) || !k8smi_sum_of_containers(&row->limits, &sum)) continue;
    if (prepare_names(own, limits, row->name) ||
        prepare_names(own, K8SMI_ResourceRequirements_requests, row->name))
      continue;
    if (!prepare_add_sum(t, &pairs, row->name, sum)) return NULL;
  }
  return prepare_finish(t, &pairs, own, limits);
}

/* Requests: the containers' together, or else the pod's limit. */
static const struct k8smi_record *prepare_requests(struct prepare_table *t, const struct k8smi_record *own) {
  const unsigned requests = K8SMI_ResourceRequirements_requests;
  struct k8smi_list limits = k8smi_get_list(own, K8SMI_ResourceRequirements_limits);
  struct prepare_pairs pairs;
  if (!prepare_start(t, &pairs, k8smi_get_list(own, requests), t->count + limits.count)) return NULL;
  for (size_t i = 0; i < t->count; i++) {
    struct prepare_row *row = &t->rows[i];
    struct k8smi_amount sum;
    if (prepare_is_huge(row->name) || prepare_names(own, requests, row->name)) continue;
    if (k8smi_sum_of_containers(&row->requests, &sum) && !prepare_add_sum(t, &pairs, row->name, sum))
      return NULL;
  }
  for (size_t i = 0; i < limits.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(limits, i);
    uint32_t row = k8smi_map_get(&t->names, pair.key);
    struct k8smi_amount sum;
    bool summed = row != K8SMI_MAP_NONE && !prepare_is_huge(pair.key) &&
                  k8smi_sum_of_containers(&t->rows[row].requests, &sum);
    if (!k8smi_resource_is_pod_level(pair.key) || prepare_names(own, requests, pair.key) || summed) continue;
    pairs.items[pairs.count++] = pair;
  }
  return prepare_finish(t, &pairs, own, requests);
}

/* Limits of what the pod requests and every container limits: theirs together, but no less than the request.
 */
static const struct k8smi_record *prepare_limits(struct prepare_table *t, const struct k8smi_record *own,
                                                 size_t containers) {
  const unsigned limits = K8SMI_ResourceRequirements_limits;
  struct k8smi_list requests = k8smi_get_list(own, K8SMI_ResourceRequirements_requests);
  struct prepare_pairs pairs;
  if (!prepare_start(t, &pairs, k8smi_get_list(own, limits), requests.count)) return NULL;
  for (size_t i = 0; i < requests.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(requests, i);
    uint32_t row = k8smi_map_get(&t->names, pair.key);
    struct k8smi_amount sum, request;
    if (row == K8SMI_MAP_NONE || t->rows[row].limited != containers || prepare_names(own, limits, pair.key) ||
        !k8smi_sum_of_containers(&t->rows[row].limits, &sum))
      continue;
    if (k8smi_quantity_amount(pair.value, &request) && k8smi_amount_cmp(request, sum) > 0) {
      pairs.items[pairs.count++] = pair;
    } else if (!prepare_add_sum(t, &pairs, pair.key, sum)) {
      return NULL;
    }
  }
  return prepare_finish(t, &pairs, own, limits);
}

static const struct k8smi_record *prepare_run(struct prepare_table *t, const struct k8smi_record *spec,
                                              const struct k8smi_record *own) {
  size_t containers = k8smi_container_count(spec);
  for (size_t i = 0; i < containers; i++) {
    struct k8smi_container container = k8smi_container_at(spec, i);
    if (!prepare_count(t, container, K8SMI_ResourceRequirements_limits) ||
        !prepare_count(t, container, K8SMI_ResourceRequirements_requests))
      return NULL;
  }
  own = prepare_huge(t, own);
  if (own != NULL) own = prepare_requests(t, own);
  return own == NULL ? NULL : prepare_limits(t, own, containers);
}

const struct k8smi_record *k8smi_prepare_resources(struct k8smi_arena *arena,
                                                   const struct k8smi_record *spec) {
  const struct k8smi_record *own = k8smi_get_record(spec, K8SMI_PodSpec_resources);
  if (k8smi_get_list(own, K8SMI_ResourceRequirements_limits).count == 0 &&
      k8smi_get_list(own, K8SMI_ResourceRequirements_requests).count == 0)
    return spec;
  struct prepare_table t;
  memset(&t, 0, sizeof t);
  t.arena = arena;
  k8smi_map_init(&t.names, &arena->allocator, (uint64_t)(uintptr_t)spec);
  const union k8smi_slot made = {
      .record = k8smi_buf_init(&t.text, &arena->allocator) ? prepare_run(&t, spec, own) : NULL};
  k8smi_map_free(&t.names);
  k8smi_buf_free(&t.text);
  k8smi_free(&arena->allocator, t.rows, t.cap * sizeof *t.rows);
  if (made.record == own || made.record == NULL) return made.record == NULL ? NULL : spec;
  return k8smi_prepare_set(arena, spec, K8SMI_PodSpec_resources, made);
}
