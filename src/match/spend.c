/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a pod's resources from the open offers of a pool, as Resource messages: parts of what was
 * offered, with the same reservations and allocation. */
#include "match/disks.h"
#include "wire/number.h"

struct spend_job {
  struct k8smi_pool *pool;
  const struct k8smi_need *need;
  struct k8smi_arena *scratch;
  struct k8smi_arena *arena; /* the plan's */
  int64_t *free_scalars;
};

/* A resource list that grows in the plan's arena. */
struct spend_list {
  struct k8smi_resources *to;
  size_t cap;
};

/* The offer's message without its value, which is the caller's to fill in. */
static K8smMesos__Resource *spend_new(struct spend_job *job, struct spend_list *list,
                                      const struct k8smi_part *part) {
  if (list->to->count == list->cap) {
    size_t cap = list->cap == 0 ? 4 : list->cap * 2;
    K8smMesos__Resource **items = k8smi_arena_array(job->arena, cap, sizeof(K8smMesos__Resource *));
    if (items == NULL) return NULL;
    if (list->cap != 0) memcpy(items, list->to->items, list->cap * sizeof *items);
    list->to->items = items;
    list->cap = cap;
  }
  K8smMesos__Resource *resource = k8smi_arena_alloc(job->arena, sizeof *resource);
  if (resource == NULL) return NULL;
  memcpy(resource, part->resource->message, sizeof *resource);
  resource->scalar = NULL;
  resource->ranges = NULL;
  list->to->items[list->to->count++] = resource;
  return resource;
}

static bool spend_part(struct spend_job *job, struct spend_list *list, struct k8smi_part *part,
                       int64_t milli) {
  K8smMesos__Resource *resource = spend_new(job, list, part);
  K8smMesos__Value__Scalar *scalar = k8smi_arena_alloc(job->arena, sizeof *scalar);
  if (resource == NULL || scalar == NULL) return false;
  memcpy(scalar, part->resource->message->scalar, sizeof *scalar);
  scalar->value = k8smi_double_of_milli(milli);
  resource->scalar = scalar;
  part->left -= milli;
  if (k8smi_resource_is_free(part->resource) && part->resource->kind < K8SMI_SCALARS)
    job->free_scalars[part->resource->kind] -= milli;
  return true;
}

/* Parts stand in the order in which they are to be spent; an amount is split over as many as it takes. */
static bool spend_scalars(struct spend_job *job, struct spend_list *list, const int64_t *amounts) {
  for (uint32_t kind = 0; kind < K8SMI_SCALARS; kind++) {
    int64_t missing = amounts[kind];
    for (size_t i = 0; missing > 0 && i < job->pool->part_count; i++) {
      struct k8smi_part *part = &job->pool->parts[i];
      if (part->resource->kind != kind || part->left == 0 || !job->pool->offers[part->offer].open ||
          !k8smi_need_may_spend(job->need, part->resource)) {
        continue;
      }
      int64_t take = part->left < missing ? part->left : missing;
      if (!spend_part(job, list, part, take)) return false;
      missing -= take;
    }
  }
  return true;
}

static bool spend_extended(struct spend_job *job, struct spend_list *list,
                           const struct k8smi_demand_extended *extended) {
  int64_t missing = extended->milli;
  for (size_t i = 0; missing > 0 && i < job->pool->part_count; i++) {
    struct k8smi_part *part = &job->pool->parts[i];
    if (part->resource->kind != K8SMI_OTHER || part->left == 0 || !job->pool->offers[part->offer].open ||
        !k8smi_need_may_spend(job->need, part->resource) ||
        !k8smi_eqs(extended->mesos, part->resource->message->name)) {
      continue;
    }
    int64_t take = part->left < missing ? part->left : missing;
    if (!spend_part(job, list, part, take)) return false;
    missing -= take;
  }
  return true;
}

/* What a volume can be made of as it is: a part that is reserved for the role, and large enough. NULL: of
 * what is not reserved. Not of both: it has one reservation. */
static const struct k8smi_part *spend_one_part(const struct spend_job *job, int64_t milli) {
  for (size_t i = 0; i < job->pool->part_count; i++) {
    const struct k8smi_part *part = &job->pool->parts[i];
    bool open = job->pool->offers[part->offer].open && part->resource->kind == K8SMI_DISK;
    if (open && part->resource->spend == K8SMI_SPEND_RESERVED && part->left >= milli) return part;
  }
  return NULL;
}

static bool spend_disk(struct spend_job *job, struct spend_list *list, int64_t missing) {
  const struct k8smi_part *one = spend_one_part(job, missing);
  for (size_t i = 0; missing > 0 && i < job->pool->part_count; i++) {
    struct k8smi_part *part = &job->pool->parts[i];
    bool plain = part->resource->kind == K8SMI_DISK && part->resource->spend == K8SMI_SPEND_UNRESERVED;
    if (one == NULL ? !plain : part != one) continue;
    if (part->left == 0 || !job->pool->offers[part->offer].open) continue;
    int64_t take = part->left < missing ? part->left : missing;
    if (!spend_part(job, list, part, take)) return false;
    missing -= take;
  }
  return true;
}

/* A volume that is there is taken as it is. What is made of the agent's own disk is one resource, however
 * many parts of that it takes; another disk is one part already. */
static bool spend_volume(struct spend_job *job, size_t i, struct k8smi_plan_volume *ret) {
  const struct k8smi_demand_volume *volume = &job->need->demand->volumes[i];
  struct k8smi_resources taken = {NULL, 0};
  struct spend_list list = {&taken, 0};
  struct k8smi_part *there = k8smi_pool_find_volume(job->pool, volume->row.id);
  bool plain = there == NULL && volume->disk == NULL, fine;
  ret->there = there != NULL;
  if (plain) {
    fine = spend_disk(job, &list, volume->row.milli);
  } else if (ret->there) {
    fine = spend_part(job, &list, there, there->left);
  } else {
    fine = spend_part(job, &list, job->need->picks[i].part, job->need->picks[i].milli);
  }
  if (!fine || taken.count == 0) return false;
  ret->resource = taken.items[0];
  if (plain) ret->resource->scalar->value = k8smi_double_of_milli(volume->row.milli);
  return true;
}

static bool spend_volumes(struct spend_job *job, struct k8smi_placement *placement) {
  const struct k8sm_demand *d = job->need->demand;
  placement->volumes = k8smi_arena_array(job->arena, d->volume_count, sizeof *placement->volumes);
  for (size_t i = 0; placement->volumes != NULL && i < d->volume_count; i++) {
    if (!spend_volume(job, i, &placement->volumes[i])) return false;
  }
  return placement->volumes != NULL;
}

/* Ranges of the ports that come from one part, neighbours merged; `ports` are sorted. */
static K8smMesos__Value__Ranges *spend_ranges(struct spend_job *job, const uint16_t *ports, size_t count) {
  K8smMesos__Value__Ranges *ranges = k8smi_message_new(job->arena, &k8sm_mesos__value__ranges__descriptor);
  if (ranges == NULL) return NULL;
  ranges->range = k8smi_arena_array(job->arena, count, sizeof *ranges->range);
  if (ranges->range == NULL) return NULL;
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && ports[i] == ports[i - 1] + 1) {
      ranges->range[ranges->n_range - 1]->end = ports[i];
      continue;
    }
    K8smMesos__Value__Range *range = k8smi_message_new(job->arena, &k8sm_mesos__value__range__descriptor);
    if (range == NULL) return NULL;
    range->begin = range->end = ports[i];
    ranges->range[ranges->n_range++] = range;
  }
  return ranges;
}

static bool spend_ports(struct spend_job *job, struct spend_list *list) {
  size_t count = job->need->port_count, done = 0;
  if (count == 0) return true;
  uint16_t *ports = k8smi_arena_array(job->scratch, count, sizeof *ports);
  struct k8smi_part **parts = k8smi_arena_array(job->scratch, count, sizeof(struct k8smi_part *));
  if (ports == NULL || parts == NULL) return false;
  for (size_t i = 0; i < count; i++) {
    parts[i] = k8smi_pool_find_port(job->pool, job->need, job->need->ports[i]);
  }
  for (size_t first = 0; done < count; first++) { /* all ports of a part at its first */
    struct k8smi_part *part = parts[first];
    size_t n = 0;
    if (part == NULL) continue;
    for (size_t i = first; i < count; i++) {
      if (parts[i] != part) continue;
      ports[n++] = job->need->ports[i];
      parts[i] = NULL;
      if (!k8smi_pool_take_port(job->pool, job->scratch, job->need->ports[i])) return false;
    }
    K8smMesos__Resource *resource = spend_new(job, list, part);
    if (resource == NULL || (resource->ranges = spend_ranges(job, ports, n)) == NULL) return false;
    done += n;
  }
  return true;
}

static bool spend_executor(struct spend_job *job, struct k8smi_placement *placement) {
  const struct k8sm_demand *d = job->need->demand;
  const int64_t budget[K8SMI_SCALARS] = {d->cpus_milli, d->mem_milli, d->disk_milli};
  struct spend_list executor = {&placement->executor, 0};
  if (!spend_volumes(job, placement)) return false;
  if (!spend_scalars(job, &executor, budget) || !spend_ports(job, &executor)) return false;
  for (size_t i = 0; i < job->need->extended_count; i++) {
    if (!spend_extended(job, &executor, &d->extended[i])) return false;
  }
  return true;
}

static bool spend_tasks(struct spend_job *job, struct k8smi_placement *placement) {
  const struct k8sm_demand *d = job->need->demand;
  const int64_t later[K8SMI_SCALARS] = {d->spare[0], d->spare[1], 0};
  struct spend_list spare = {&placement->spare, 0};
  for (size_t i = 0; i < d->task_count; i++) {
    int64_t token[K8SMI_SCALARS];
    struct spend_list task = {&placement->tasks[i], 0};
    if (!d->tasks[i].launch) continue;
    k8smi_need_of_task(&d->tasks[i], token);
    if (!spend_scalars(job, &task, token)) return false;
  }
  return spend_scalars(job, &spare, later);
}

bool k8smi_pool_spend(struct k8smi_pool *pool, const struct k8smi_need *need, struct k8smi_arena *scratch,
                      struct k8smi_arena *arena, struct k8smi_placement *placement, int64_t *free_scalars) {
  const struct k8sm_demand *d = need->demand;
  struct spend_job job = {pool, need, scratch, arena, free_scalars};
  bool tasks_first = k8smi_form_reserves(d->form); /* what is reserved for the pod is for them */
  placement->tasks = k8smi_arena_array(arena, d->task_count, sizeof *placement->tasks);
  placement->host_ports = k8smi_arena_array(arena, d->port_count, sizeof *placement->host_ports);
  if (placement->tasks == NULL || placement->host_ports == NULL) return false;
  if (tasks_first && !spend_tasks(&job, placement)) return false;
  if (!spend_executor(&job, placement) || (!tasks_first && !spend_tasks(&job, placement))) return false;
  for (size_t i = 0; i < d->port_count; i++) placement->host_ports[i] = d->ports[i].host_port;
  return true;
}
