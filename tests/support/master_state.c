/* SPDX-License-Identifier: Apache-2.0 */
#include "support/master_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *state_grow(void *items, size_t count, size_t size) {
  if ((count & (count - 1)) != 0) return items;
  items = realloc(items, (count == 0 ? 1 : 2 * count) * size);
  if (items == NULL) abort();
  return items;
}

struct master *master_new(const char *framework_id, const char *principal) {
  struct master *m = calloc(1, sizeof *m);
  if (m == NULL) abort();
  snprintf(m->framework_id, sizeof m->framework_id, "%s", framework_id);
  snprintf(m->principal, sizeof m->principal, "%s", principal);
  return m;
}

static void state_rest(struct master *m);

void master_end(struct master *m, bool good) {
  while (!good && m->executor_count > m->executors_before) free(m->executors[--m->executor_count].bytes);
  if (!good) m->task_count = m->tasks_before;
  if (!good) m->operation_count = m->operations_before;
  for (size_t i = 0; i < m->offer_count; i++) {
    if (m->offers[i].used && good) m->offers[i].offer = NULL; /* spent */
    m->offers[i].used = false;
  }
  if (good) state_rest(m);
}

void master_free(struct master *m) {
  for (size_t i = 0; i < m->executor_count; i++) free(m->executors[i].bytes);
  for (size_t i = 0; i < m->rest_count; i++) protobuf_c_message_free_unpacked(&m->rests[i]->base, NULL);
  free(m->rests);
  free(m->executors);
  free(m->offers);
  free(m->tasks);
  free(m->operations);
  free(m->left);
  free(m);
}

void master_offer(struct master *m, const K8smMesos__Offer *offer) {
  m->offers = state_grow(m->offers, m->offer_count, sizeof *m->offers);
  m->offers[m->offer_count++] = (struct master_offer){offer, false};
}

void master_begin(struct master *m) {
  m->left_count = 0;
  m->tasks_before = m->task_count;
  m->executors_before = m->executor_count;
  m->operations_before = m->operation_count;
}

int64_t master_milli(double value) {
  double milli = nearbyint(value * 1000);
  return milli >= 0 && milli < 1e15 && milli / 1000 == value ? (int64_t)milli : -1;
}

/* ---- What is left ---- */

/* The amount of this kind; one of nothing is made if there is none. */
static struct master_amount *state_amount(struct master *m, const K8smMesos__Resource *resource,
                                          uint64_t number) {
  K8smMesos__Resource kind = *resource;
  struct master_amount key = {.number = number};
  kind.scalar = NULL;
  kind.ranges = NULL;
  kind.set = NULL;
  key.len = protobuf_c_message_get_packed_size(&kind.base);
  if (key.len > sizeof key.key) abort();
  protobuf_c_message_pack(&kind.base, key.key);
  for (size_t i = 0; i < m->left_count; i++) {
    struct master_amount *a = &m->left[i];
    if (a->number == number && a->len == key.len && memcmp(a->key, key.key, key.len) == 0) return a;
  }
  m->left = state_grow(m->left, m->left_count, sizeof *m->left);
  m->left[m->left_count] = key;
  return &m->left[m->left_count++];
}

static bool state_is_whole(const K8smMesos__Resource *r) {
  return r->disk != NULL && r->disk->source != NULL &&
         r->disk->source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT;
}

/* Adds a resource, or takes it off; false: it is not there, or is a part of a disk that goes as a whole. */
static bool state_count(struct master *m, const K8smMesos__Resource *r, int sign) {
  bool good = true;
  if (r->scalar != NULL) {
    struct master_amount *a = state_amount(m, r, 0);
    a->milli += sign * llround(r->scalar->value * 1000);
    good = a->milli >= 0 && (a->milli == 0 || sign > 0 || !state_is_whole(r));
  }
  for (size_t i = 0; r->ranges != NULL && i < r->ranges->n_range; i++) {
    for (uint64_t n = r->ranges->range[i]->begin; n <= r->ranges->range[i]->end; n++) {
      struct master_amount *a = state_amount(m, r, n + 1);
      a->milli += sign;
      good = good && a->milli >= 0;
    }
  }
  return good;
}

/* Tasks give back what they spend when they end; executors stay. */
static const char *state_spend(struct master *m, K8smMesos__Resource *const *resources, size_t n, bool lent) {
  for (size_t i = 0; i < n; i++) {
    if (!state_count(m, resources[i], -1)) return "more resources than the offers have";
    if (!lent || resources[i]->scalar == NULL) continue;
    state_amount(m, resources[i], 0)->lent += llround(resources[i]->scalar->value * 1000);
  }
  return NULL;
}

const char *master_exchange(struct master *m, const K8smMesos__Resource *before,
                            const K8smMesos__Resource *after) {
  if (!state_count(m, before, -1)) return "an operation on more than the offers have";
  state_count(m, after, 1);
  return NULL;
}

static K8smMesos__Resource *state_unpack(const struct master_amount *a) {
  return (K8smMesos__Resource *)protobuf_c_message_unpack(&k8sm_mesos__resource__descriptor, NULL, a->len,
                                                          a->key);
}

bool master_has_volume(const struct master *m, const char *id) {
  bool found = false;
  for (size_t i = 0; i < m->left_count && !found; i++) {
    K8smMesos__Resource *r = state_unpack(&m->left[i]);
    found = m->left[i].milli > 0 && r->disk != NULL && r->disk->persistence != NULL &&
            strcmp(r->disk->persistence->id, id) == 0;
    protobuf_c_message_free_unpacked(&r->base, NULL);
  }
  return found;
}

static void *state_zalloc(size_t size) {
  void *p = calloc(1, size);
  if (p == NULL) abort();
  return p;
}

/* A port each, or the whole scalar. */
static void state_set_value(K8smMesos__Resource *r, const struct master_amount *a) {
  if (a->number == 0) {
    r->scalar = state_zalloc(sizeof *r->scalar);
    k8sm_mesos__value__scalar__init(r->scalar);
    r->scalar->value = (double)(a->milli + a->lent) / 1000;
    return;
  }
  r->ranges = state_zalloc(sizeof *r->ranges);
  k8sm_mesos__value__ranges__init(r->ranges);
  r->ranges->range = state_zalloc(sizeof *r->ranges->range);
  r->ranges->range[0] = state_zalloc(sizeof *r->ranges->range[0]);
  r->ranges->n_range = 1;
  k8sm_mesos__value__range__init(r->ranges->range[0]);
  r->ranges->range[0]->begin = r->ranges->range[0]->end = a->number - 1;
}

/* The rest of a call as an offer: the last of its own, with other resources and another id. */
static void state_rest(struct master *m) {
  K8smMesos__Offer head = *m->last;
  uint8_t bytes[2048];
  char id[32];
  K8smMesos__OfferID offer_id = K8SM_MESOS__OFFER_ID__INIT;
  snprintf(id, sizeof id, "rest-%zu", m->rest_count);
  offer_id.value = id;
  head.id = &offer_id;
  head.n_resources = 0;
  head.resources = NULL;
  if (protobuf_c_message_get_packed_size(&head.base) > sizeof bytes) abort();
  size_t len = protobuf_c_message_pack(&head.base, bytes);
  K8smMesos__Offer *offer =
      (K8smMesos__Offer *)protobuf_c_message_unpack(&k8sm_mesos__offer__descriptor, NULL, len, bytes);
  offer->resources = state_zalloc((m->left_count + 1) * sizeof *offer->resources);
  for (size_t i = 0; i < m->left_count; i++) {
    if (m->left[i].milli + m->left[i].lent == 0) continue;
    offer->resources[offer->n_resources] = state_unpack(&m->left[i]);
    state_set_value(offer->resources[offer->n_resources++], &m->left[i]);
  }
  m->rests = state_grow(m->rests, m->rest_count, sizeof *m->rests);
  m->rests[m->rest_count++] = offer;
  master_offer(m, offer);
}

const K8smMesos__Offer *master_out(const struct master *m, size_t i) {
  for (size_t o = 0; o < m->offer_count; o++) {
    if (m->offers[o].offer != NULL && i-- == 0) return m->offers[o].offer;
  }
  return NULL;
}

const char *master_take_offer(struct master *m, const char *id, const char **agent, const char **role) {
  for (size_t i = 0; i < m->offer_count; i++) {
    const K8smMesos__Offer *offer = m->offers[i].offer;
    if (offer == NULL || strcmp(offer->id->value, id) != 0) continue;
    if (m->offers[i].used) return "an offer is there twice";
    if (*agent != NULL && strcmp(*agent, offer->agent_id->value) != 0) return "offers of two agents";
    if (*role != NULL && strcmp(*role, offer->allocation_info->role) != 0) return "offers to two roles";
    *agent = offer->agent_id->value;
    *role = offer->allocation_info->role;
    m->offers[i].used = true;
    m->last = offer;
    for (size_t r = 0; r < offer->n_resources; r++) state_count(m, offer->resources[r], 1);
    return NULL;
  }
  return "an offer that is not out";
}

bool master_name_operation(struct master *m, const char *id) {
  for (size_t i = 0; i < m->operation_count; i++) {
    if (strcmp(m->operations[i], id) == 0) return false;
  }
  m->operations = state_grow(m->operations, m->operation_count, sizeof *m->operations);
  snprintf(m->operations[m->operation_count++], sizeof m->operations[0], "%s", id);
  return true;
}

/* ---- What runs ---- */

bool master_knows_task(const struct master *m, const char *id) {
  for (size_t i = 0; i < m->task_count; i++) {
    if (strcmp(m->tasks[i], id) == 0) return true;
  }
  return false;
}

static struct master_executor *state_executor(const struct master *m, const char *id) {
  for (size_t i = 0; i < m->executor_count; i++) {
    if (strcmp(m->executors[i].id, id) == 0) return &m->executors[i];
  }
  return NULL;
}

const char *master_launch_executor(struct master *m, const K8smMesos__ExecutorInfo *executor,
                                   const char *agent) {
  struct master_executor *known = state_executor(m, executor->executor_id->value);
  struct master_executor made = {.len = protobuf_c_message_get_packed_size(&executor->base)};
  made.bytes = malloc(made.len);
  if (made.bytes == NULL) abort();
  protobuf_c_message_pack(&executor->base, made.bytes);
  if (known != NULL) {
    bool same = known->len == made.len && memcmp(known->bytes, made.bytes, made.len) == 0;
    free(made.bytes);
    if (!same) return "an executor that runs has another ExecutorInfo";
    return strcmp(known->agent, agent) == 0 ? NULL : "an executor that runs is on another agent";
  }
  snprintf(made.id, sizeof made.id, "%s", executor->executor_id->value);
  snprintf(made.agent, sizeof made.agent, "%s", agent);
  m->executors = state_grow(m->executors, m->executor_count, sizeof *m->executors);
  m->executors[m->executor_count++] = made;
  return state_spend(m, executor->resources, executor->n_resources, false);
}

const char *master_launch_alone(struct master *m, const K8smMesos__TaskInfo *task) {
  m->tasks = state_grow(m->tasks, m->task_count, sizeof *m->tasks);
  snprintf(m->tasks[m->task_count++], sizeof m->tasks[0], "%s", task->task_id->value);
  return state_spend(m, task->resources, task->n_resources, true);
}

const char *master_launch_task(struct master *m, const char *executor_id, const K8smMesos__TaskInfo *task,
                               bool shares_cgroups) {
  struct master_executor *executor = state_executor(m, executor_id);
  if (executor->has_tasks && executor->shares_cgroups != shares_cgroups)
    return "the tasks of an executor differ in share_cgroups";
  executor->has_tasks = true;
  executor->shares_cgroups = shares_cgroups;
  return master_launch_alone(m, task);
}
