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

struct master *master_new(const char *framework_id) {
  struct master *m = calloc(1, sizeof *m);
  if (m == NULL) abort();
  snprintf(m->framework_id, sizeof m->framework_id, "%s", framework_id);
  return m;
}

void master_end(struct master *m, bool good) {
  while (!good && m->executor_count > m->executors_before) free(m->executors[--m->executor_count].bytes);
  if (!good) m->task_count = m->tasks_before;
  for (size_t i = 0; i < m->offer_count; i++) {
    if (m->offers[i].used && !good) m->offers[i].used = false;
    if (m->offers[i].used) m->offers[i].offer = NULL; /* spent */
  }
}

void master_free(struct master *m) {
  for (size_t i = 0; i < m->executor_count; i++) free(m->executors[i].bytes);
  free(m->executors);
  free(m->offers);
  free(m->tasks);
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

/* Adds a resource, or takes it off; false: it is not there. */
static bool state_count(struct master *m, const K8smMesos__Resource *r, int sign) {
  bool good = true;
  if (r->scalar != NULL) {
    struct master_amount *a = state_amount(m, r, 0);
    a->milli += sign * llround(r->scalar->value * 1000);
    good = a->milli >= 0;
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

static const char *state_spend(struct master *m, K8smMesos__Resource *const *resources, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!state_count(m, resources[i], -1)) return "more resources than the offers have";
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
    for (size_t r = 0; r < offer->n_resources; r++) state_count(m, offer->resources[r], 1);
    return NULL;
  }
  return "an offer that is not out";
}

/* Reserved for the role, in place of the same without that reservation. */
const char *master_reserve(struct master *m, K8smMesos__Resource *const *resources, size_t n,
                           const char *role) {
  for (size_t i = 0; i < n; i++) {
    K8smMesos__Resource before = *resources[i];
    if (before.n_reservations == 0) return "a RESERVE without a reservation";
    if (strcmp(before.reservations[before.n_reservations - 1]->role, role) != 0)
      return "a RESERVE for another role than that of the offers";
    before.n_reservations--;
    if (before.n_reservations == 0) before.reservations = NULL;
    if (!state_count(m, &before, -1)) return "a RESERVE of more than the offers have";
    state_count(m, resources[i], 1);
  }
  return NULL;
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
  return state_spend(m, executor->resources, executor->n_resources);
}

const char *master_launch_task(struct master *m, const char *executor_id, const K8smMesos__TaskInfo *task,
                               bool shares_cgroups) {
  struct master_executor *executor = state_executor(m, executor_id);
  if (executor->has_tasks && executor->shares_cgroups != shares_cgroups)
    return "the tasks of an executor differ in share_cgroups";
  executor->has_tasks = true;
  executor->shares_cgroups = shares_cgroups;
  m->tasks = state_grow(m->tasks, m->task_count, sizeof *m->tasks);
  snprintf(m->tasks[m->task_count++], sizeof m->tasks[0], "%s", task->task_id->value);
  return state_spend(m, task->resources, task->n_resources);
}
