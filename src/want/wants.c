/* SPDX-License-Identifier: Apache-2.0 */
/* Wants summed up by role. */
#include "want/want.h"
#include "base/abi.h"
#include "base/findings.h"
#include "base/sort.h"

enum { WANTS_MAX_GROUPS = 100 };

struct wants_job {
  struct k8sm_wants *wants;
  struct k8smi_arena scratch;
  struct k8smi_want_labels labels;
  struct k8smi_map classes;      /* demands that may go to the same agents → groups */
  struct k8smi_groups *by_class; /* grows */
  size_t class_count, class_cap;
  size_t max_groups;
};

struct k8sm_wants *k8sm_wants_ref(struct k8sm_wants *wants) {
  k8smi_ref(&wants->refs);
  return wants;
}

void k8sm_wants_unref(struct k8sm_wants *wants) {
  if (wants != NULL && k8smi_unref(&wants->refs)) K8SMI_VALUE_FREE(k8sm_wants, wants);
}

/* ---- Groups of one demand ---- */

/* Room for one item more. NULL when memory ran out. */
static void *wants_grow(struct k8smi_arena *arena, void *items, size_t count, size_t *cap, size_t size) {
  if (count < *cap) return items;
  size_t more = *cap == 0 ? 8 : *cap * 2;
  void *to = k8smi_arena_array(arena, more, size);
  if (to == NULL) return NULL;
  if (count > 0) memcpy(to, items, count * size);
  *cap = more;
  return to;
}

/* The hostname that it is under way on. Nothing: not known. */
static bool wants_pinned(struct wants_job *job, const struct k8sm_want *want, struct k8sm_slice *ret) {
  const struct k8sm_cluster *c = job->labels.cluster;
  *ret = want->hostname;
  if (want->demand == NULL) return true;
  if (want->pinned == 0 && want->demand->agent_id.len == 0) return false;
  if (ret->len > 0 || want->demand->agent_id.len == 0) return true;
  uint32_t row = k8smi_agent_find(c, want->demand->agent_id);
  const struct k8smi_labels *labels = row == K8SMI_MAP_NONE ? NULL : k8smi_agent_at(c, row)->labels;
  if (labels != NULL) *ret = k8smi_hostname(labels);
  return true;
}

static bool wants_pin(struct wants_job *job, struct k8sm_slice hostname, struct k8smi_groups *ret) {
  *ret = (struct k8smi_groups){NULL, 0, 0, 0};
  if (hostname.len == 0) return true;
  struct k8smi_constraint *constraint = k8smi_arena_alloc(&job->scratch, sizeof *constraint);
  ret->items = k8smi_arena_alloc(&job->scratch, sizeof *ret->items);
  if (constraint == NULL || ret->items == NULL) return false;
  *constraint = (struct k8smi_constraint){K8SMI_WANT_HOSTNAME, K8SMI_WANT_EQUALS, {NULL, 0}, hostname};
  ret->items[ret->count++] = (struct k8smi_group){constraint, 1, 0};
  return true;
}

/* Many pods are of one kind: each kind is thought about once. */
static bool wants_class(struct wants_job *job, const struct k8sm_demand *demand, struct k8smi_groups *ret) {
  struct k8sm_slice key = demand->rules->agent_key;
  uint32_t known = k8smi_map_get(&job->classes, key);
  if (known != K8SMI_MAP_NONE) {
    *ret = job->by_class[known];
    return true;
  }
  job->by_class =
      wants_grow(&job->scratch, job->by_class, job->class_count, &job->class_cap, sizeof *job->by_class);
  if (job->by_class == NULL || !k8smi_want_groups(&job->labels, demand, ret) ||
      !k8smi_map_put(&job->classes, key, (uint32_t)job->class_count)) {
    return false;
  }
  job->by_class[job->class_count++] = *ret;
  return true;
}

static bool wants_groups_of(struct wants_job *job, const struct k8sm_want *want, struct k8smi_groups *ret) {
  struct k8sm_slice hostname;
  if (wants_pinned(job, want, &hostname)) return wants_pin(job, hostname, ret);
  bool known_class = want->demand->rules != NULL && want->demand->rules->agent_key.len > 0 &&
                     want->demand->volume_count == 0; /* these are of no class */
  return known_class ? wants_class(job, want->demand, ret)
                     : k8smi_want_groups(&job->labels, want->demand, ret);
}

/* ---- Roles ---- */

static bool wants_add_group(struct wants_job *job, struct k8smi_wanted_role *role,
                            const struct k8smi_group *group, uint64_t at_mono_ms) {
  for (size_t i = 0, n = role->groups.count; i < n; i++) {
    size_t at = (role->groups.last + i) % n;
    struct k8smi_group *known = &role->groups.items[at];
    if (k8smi_group_compare(known, group) != 0) continue;
    if (at_mono_ms < known->at_mono_ms) known->at_mono_ms = at_mono_ms;
    role->groups.last = at;
    return true;
  }
  role->any = role->groups.count == job->max_groups;
  if (role->any) return true;
  void *items = wants_grow(&job->scratch, role->groups.items, role->groups.count, &role->groups.cap,
                           sizeof *role->groups.items);
  if (items == NULL) return false;
  role->groups.items = items;
  role->groups.items[role->groups.count] = *group;
  role->groups.items[role->groups.count++].at_mono_ms = at_mono_ms;
  return true;
}

static bool wants_add_to_role(struct wants_job *job, struct k8smi_wanted_role *role,
                              const struct k8smi_groups *groups, uint64_t at_mono_ms) {
  role->wants++;
  if (at_mono_ms < role->at_mono_ms) role->at_mono_ms = at_mono_ms;
  if (groups->count == 0) role->any = true;
  for (size_t i = 0; i < groups->count && !role->any; i++) {
    if (!wants_add_group(job, role, &groups->items[i], at_mono_ms)) return false;
  }
  return true;
}

static bool wants_may_use(const struct k8sm_demand *demand, struct k8sm_slice role) {
  if (demand == NULL) return !k8smi_eqs(role, "*");
  for (size_t i = 0; i < demand->roles.count; i++) {
    if (k8smi_eq(demand->roles.items[i], role)) return true;
  }
  return false;
}

static bool wants_add(struct wants_job *job, const struct k8sm_want *want) {
  struct k8smi_groups groups = {NULL, 0, 0, 0};
  bool made = false;
  if (want->demand != NULL && k8smi_placement_is_gated(want->demand->rules)) return true;
  for (size_t i = 0; i < job->wants->role_count; i++) {
    struct k8smi_wanted_role *role = &job->wants->roles[i];
    if (!wants_may_use(want->demand, role->name)) continue;
    if (!role->any && !made) {
      if (!wants_groups_of(job, want, &groups)) return false;
      made = true;
    }
    if (!wants_add_to_role(job, role, &groups, want->at_mono_ms)) return false;
  }
  return true;
}

static bool wants_roles(struct k8sm_wants *wants, const struct k8sm_wants_options *o) {
  static const char *const every[] = {"*"};
  const char *const *names = o->role_count == 0 ? every : o->roles;
  wants->role_count = o->role_count == 0 ? 1 : o->role_count;
  wants->roles = k8smi_arena_array(&wants->arena, wants->role_count, sizeof *wants->roles);
  if (wants->roles == NULL) return false;
  for (size_t i = 0; i < wants->role_count; i++) {
    wants->roles[i] = (struct k8smi_wanted_role){.at_mono_ms = UINT64_MAX};
    wants->roles[i].name = k8smi_arena_copy(&wants->arena, names[i], strlen(names[i]));
    if (wants->roles[i].name.ptr == NULL) return false;
  }
  return true;
}

/* ---- The value ---- */

static int wants_group_order(const void *a, const void *b, const void *ctx) {
  (void)ctx;
  return k8smi_group_compare(a, b);
}

/* A role's groups, sorted, in the value's own memory. */
static bool wants_own(struct k8smi_arena *arena, struct k8smi_wanted_role *role) {
  const struct k8smi_groups from = role->groups;
  role->groups = (struct k8smi_groups){NULL, 0, 0, 0};
  if (role->any || from.count == 0) return true;
  role->groups.items = k8smi_arena_array(arena, from.count, sizeof *from.items);
  if (role->groups.items == NULL) return false;
  for (size_t i = 0; i < from.count; i++) {
    struct k8smi_group group = from.items[i];
    struct k8smi_constraint *items = k8smi_arena_array(arena, group.count, sizeof *items);
    if (items == NULL) return false;
    memcpy(items, group.items, group.count * sizeof *items);
    for (size_t k = 0; k < group.count; k++) {
      items[k].name = k8smi_arena_slice(arena, items[k].name);
      items[k].value = k8smi_arena_slice(arena, items[k].value);
      if ((items[k].name.ptr == NULL && group.items[k].name.ptr != NULL) ||
          (items[k].value.ptr == NULL && group.items[k].value.ptr != NULL)) {
        return false;
      }
    }
    group.items = items;
    role->groups.items[role->groups.count++] = group;
  }
  k8smi_sort(role->groups.items, role->groups.count, sizeof *role->groups.items, wants_group_order, NULL);
  return true;
}

static void wants_look_at_agents(struct k8smi_want_labels *labels) {
  const struct k8sm_cluster *c = labels->cluster;
  for (uint32_t i = 0; i < c->agents.high; i++) {
    if (!k8smi_table_used(&c->agents, i)) continue;
    const struct k8smi_agent *agent = k8smi_agent_at(c, i);
    labels->nodes |= agent->node != NULL && agent->node->labels.count > 0;
    labels->rewritten |= agent->labels != NULL && agent->labels->set->rewritten;
  }
}

static bool wants_run(struct wants_job *job, const struct k8sm_want *rows, size_t n, size_t want_size) {
  bool fine = true;
  wants_look_at_agents(&job->labels);
  for (size_t i = 0; fine && i < n; i++) {
    struct k8sm_want want;
    k8smi_row_read(&want, sizeof want, rows, want_size, i);
    fine = wants_add(job, &want);
  }
  for (size_t i = 0; fine && i < job->wants->role_count; i++) {
    fine = wants_own(&job->wants->arena, &job->wants->roles[i]);
  }
  return fine && k8smi_want_encode(job->wants);
}

int k8sm_wants_make(const struct k8sm_cluster *cluster, const struct k8sm_want *wants, size_t n,
                    size_t want_size, const struct k8sm_wants_options *options, struct k8sm_wants **ret,
                    struct k8sm_diags *diags) {
  struct k8sm_wants_options o;
  int r = k8smi_options_read(&o, sizeof o, options, "wants_options", diags);
  if (r != K8SM_OK) return r;
  struct wants_job job = {.max_groups = o.max_groups == 0 ? WANTS_MAX_GROUPS : o.max_groups};
  job.wants = K8SMI_VALUE_NEW(k8sm_wants, o.allocator, 0);
  if (job.wants == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_refs_init(&job.wants->refs);
  job.labels = (struct k8smi_want_labels){.cluster = cluster, .arena = &job.scratch};
  k8smi_map_init(&job.labels.stated, &job.wants->arena.allocator, cluster->seed);
  k8smi_map_init(&job.classes, &job.wants->arena.allocator, cluster->seed);
  bool fine = k8smi_arena_init(&job.scratch, &job.wants->arena.allocator, 0) && wants_roles(job.wants, &o) &&
              wants_run(&job, wants, n, want_size);
  k8smi_map_free(&job.classes);
  k8smi_map_free(&job.labels.stated);
  k8smi_arena_free(&job.scratch);
  if (!fine) {
    k8sm_wants_unref(job.wants);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  *ret = job.wants;
  return K8SM_OK;
}

size_t k8sm_wants_roles(const struct k8sm_wants *wants, size_t first, struct k8sm_wanted_role *rows,
                        size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(wants->role_count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    const struct k8smi_wanted_role *r = &wants->roles[first + i];
    struct k8sm_wanted_role row = {r->name, r->wants, (uint32_t)r->groups.count,
                                   r->wants == 0 ? 0 : r->at_mono_ms};
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}

struct k8sm_slice k8sm_wants_constraints(const struct k8sm_wants *wants) {
  return wants->constraints;
}
