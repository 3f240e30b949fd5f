/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

/* Frameworks: their information, their connection, and their end. */

struct local_framework *k8smi_local_framework_find(const struct k8smi_local *local, const char *id) {
  return k8smi_local_index_get(&local->framework_index, k8smi_s(id));
}

static void framework_beat(void *owner) {
  struct local_framework *framework = owner;
  struct k8smi_local *local = framework->local;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__HEARTBEAT;
  k8smi_local_event(framework, &event);
  k8smi_local_timer_set(&local->timers, &framework->heartbeat, local->now + local->options.heartbeat_ms);
}

static void framework_expire(void *owner) {
  k8smi_local_framework_remove(owner);
}

struct local_framework *k8smi_local_framework_new(struct k8smi_local *local, const char *id) {
  struct local_framework *framework = k8smi_zalloc(&local->allocator, sizeof(struct local_framework));
  if (!k8smi_local_have(local, framework)) return NULL;
  framework->local = local;
  if (id == NULL) {
    k8smi_local_id(local, 'F', local->next_framework++, framework->id);
  } else {
    memcpy(framework->id, id, strlen(id) + 1);
  }
  k8smi_list_init(&framework->link);
  k8smi_list_init(&framework->tasks);
  k8smi_list_init(&framework->offers);
  k8smi_list_init(&framework->filters);
  k8smi_list_init(&framework->operations);
  k8smi_arena_init(&framework->arena, &local->allocator, 0);
  k8smi_local_index_init(&framework->task_index, &local->allocator, local->seed);
  bool ok = k8smi_local_timer_join(&local->timers, &framework->heartbeat, framework_beat, framework) &&
            k8smi_local_timer_join(&local->timers, &framework->failover, framework_expire, framework) &&
            k8smi_local_index_put(&local->framework_index, k8smi_s(framework->id), framework);
  k8smi_list_add(&local->frameworks, &framework->link);
  if (!ok) {
    k8smi_local_fail(local);
    k8smi_local_framework_free(framework);
    return NULL;
  }
  return framework;
}

static bool framework_is_named(char *const *names, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return false;
}

static bool framework_set_roles(struct local_framework *framework, struct k8smi_arena *arena,
                                const K8smMesos__FrameworkInfo *info, struct local_role **ret,
                                size_t *count) {
  size_t n = info->n_roles > 0 ? info->n_roles : 1;
  struct local_role *roles = k8smi_arena_array(arena, n, sizeof(struct local_role));
  if (roles == NULL) return false;
  for (size_t i = 0; i < n; i++) {
    struct k8sm_slice name = k8smi_s(info->n_roles > 0 ? info->roles[i] : info->role);
    const struct local_role *before = k8smi_local_framework_role(framework, name);
    roles[i] = before == NULL ? (struct local_role){.suppressed = false} : *before;
    roles[i].name = name;
  }
  *ret = roles;
  /* Without the capability MULTI_ROLE a framework has its one role; with it, perhaps none. */
  *count = info->n_roles;
  for (size_t i = 0; i < info->n_capabilities && info->n_roles == 0; i++) {
    if (info->capabilities[i]->type == K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__MULTI_ROLE) return true;
  }
  *count = n;
  return true;
}

static void framework_set_capabilities(struct local_framework *framework) {
  framework->partition_aware = framework->killing_state = framework->refinement = false;
  for (size_t i = 0; i < framework->info->n_capabilities; i++) {
    const K8smMesos__FrameworkInfo__Capability *c = framework->info->capabilities[i];
    framework->partition_aware |= c->type == K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__PARTITION_AWARE;
    framework->killing_state |= c->type == K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__TASK_KILLING_STATE;
    framework->refinement |= c->type == K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__RESERVATION_REFINEMENT;
  }
}

/* Leaving suppression forgets what was refused in that role. */
static void framework_set_suppressed(struct local_framework *framework, char *const *suppressed, size_t n) {
  for (size_t i = 0; i < framework->role_count; i++) {
    struct local_role *role = &framework->roles[i];
    bool wanted = framework_is_named(suppressed, n, role->name.ptr);
    if (role->suppressed && !wanted) {
      char *name = (char *)(uintptr_t)role->name.ptr;
      k8smi_local_revive(framework, &name, 1);
    }
    role->suppressed = wanted;
  }
}

bool k8smi_local_framework_set(struct local_framework *framework, const K8smMesos__FrameworkInfo *info,
                               char *const *suppressed, size_t suppressed_count,
                               const K8smMesos__OfferConstraints *constraints) {
  struct k8smi_local *local = framework->local;
  struct k8smi_arena arena;
  struct local_role *roles;
  size_t role_count;
  k8smi_arena_init(&arena, &local->allocator, 0);
  K8smMesos__FrameworkInfo *copy = (void *)k8smi_message_copy(&arena, &info->base);
  ProtobufCMessage *limits = constraints == NULL ? NULL : k8smi_message_copy(&arena, &constraints->base);
  if (copy == NULL || (constraints != NULL && limits == NULL) ||
      !framework_set_roles(framework, &arena, copy, &roles, &role_count)) {
    k8smi_local_fail(local);
    k8smi_arena_free(&arena);
    return false;
  }
  k8smi_arena_free(&framework->arena);
  framework->arena = arena;
  framework->info = copy;
  framework->constraints = (const void *)limits;
  framework->roles = roles;
  framework->role_count = role_count;
  framework_set_capabilities(framework);
  framework_set_suppressed(framework, suppressed, suppressed_count);
  return true;
}

struct local_role *k8smi_local_framework_role(const struct local_framework *framework,
                                              struct k8sm_slice name) {
  for (size_t i = 0; i < framework->role_count; i++) {
    if (k8smi_eq(framework->roles[i].name, name)) return &framework->roles[i];
  }
  return NULL;
}

void k8smi_local_suppress(struct local_framework *framework, char *const *roles, size_t n) {
  for (size_t i = 0; i < framework->role_count; i++) {
    struct local_role *role = &framework->roles[i];
    if (n == 0 || framework_is_named(roles, n, role->name.ptr)) role->suppressed = true;
  }
}

void k8smi_local_revive(struct local_framework *framework, char *const *roles, size_t n) {
  for (size_t i = 0; i < framework->role_count; i++) {
    struct local_role *role = &framework->roles[i];
    if (n > 0 && !framework_is_named(roles, n, role->name.ptr)) continue;
    role->suppressed = false;
    K8SMI_EACH(link, &framework->filters) {
      struct local_filter *filter = K8SMI_OF(link, local_filter, link);
      if (k8smi_eq(filter->refused.bag.amounts[0].role, role->name)) k8smi_local_filter_free(filter);
    }
  }
}

static void framework_drop_filters(struct local_framework *framework) {
  K8SMI_EACH(link, &framework->filters) {
    k8smi_local_filter_free(K8SMI_OF(link, local_filter, link));
  }
}

/* Its filters end with it; they stay where it subscribes again before its end is noticed. */
void k8smi_local_framework_disconnect(struct local_framework *framework) {
  struct k8smi_local *local = framework->local;
  int64_t ms;
  framework->connected = false;
  framework_drop_filters(framework);
  k8smi_local_timer_clear(&local->timers, &framework->heartbeat);
  K8SMI_EACH(link, &framework->offers) {
    k8smi_local_offer_free(K8SMI_OF(link, local_offer, by_framework), true);
  }
  double seconds = framework->info->failover_timeout;
  if (k8smi_milli_of_double(seconds, &ms) && ms >= 0 && (uint64_t)ms < UINT64_MAX - local->now) {
    k8smi_local_timer_set(&local->timers, &framework->failover, local->now + (uint64_t)ms);
  }
}

bool k8smi_local_framework_completed(const struct k8smi_local *local, const char *id) {
  for (size_t i = 0; i < LOCAL_COMPLETED_MAX; i++) {
    if (strcmp(local->completed[i], id) == 0) return true;
  }
  return false;
}

static void framework_kill_executors(struct local_framework *framework) {
  struct k8smi_local *local = framework->local;
  for (size_t i = 0; i < local->options.agent_count && local->agents != NULL; i++) {
    if (local->agents[i].local == NULL) continue;
    K8SMI_EACH(link, &local->agents[i].executors) {
      struct local_executor *executor = K8SMI_OF(link, local_executor, link);
      if (executor->framework == framework) k8smi_local_executor_free(executor);
    }
  }
}

void k8smi_local_framework_free(struct local_framework *framework) {
  struct k8smi_local *local = framework->local;
  K8SMI_EACH(link, &framework->offers) {
    k8smi_local_offer_free(K8SMI_OF(link, local_offer, by_framework), true);
  }
  framework_drop_filters(framework);
  framework_kill_executors(framework);
  K8SMI_EACH(task, &framework->tasks) {
    k8smi_local_task_free(K8SMI_OF(task, local_task, by_framework)); /* those that no executor had */
  }
  k8smi_local_operations_free(framework);
  k8smi_local_timer_leave(&local->timers, &framework->heartbeat);
  k8smi_local_timer_leave(&local->timers, &framework->failover);
  k8smi_local_index_remove(&local->framework_index, k8smi_s(framework->id));
  k8smi_local_index_free(&framework->task_index);
  k8smi_list_remove(&framework->link);
  k8smi_arena_free(&framework->arena);
  k8smi_free(&local->allocator, framework, sizeof(struct local_framework));
}

void k8smi_local_framework_remove(struct local_framework *framework) {
  struct k8smi_local *local = framework->local;
  if (framework->connected) k8smi_local_end_stream(local, framework->exchange);
  memcpy(local->completed[local->completed_next], framework->id, LOCAL_ID_SIZE);
  local->completed_next = (local->completed_next + 1) % LOCAL_COMPLETED_MAX;
  k8smi_local_framework_free(framework);
}

void k8smi_local_fail_over(struct k8smi_local *local) {
  if (local->failed) return;
  K8SMI_EACH(link, &local->frameworks) {
    struct local_framework *framework = K8SMI_OF(link, local_framework, link);
    if (framework->connected) k8smi_local_end_stream(local, framework->exchange);
    k8smi_local_framework_disconnect(framework);
    /* The new master has not heard of it, nor of how long to wait for it. */
    k8smi_local_timer_clear(&local->timers, &framework->failover);
    K8SMI_EACH(task, &framework->tasks) {
      K8SMI_OF(task, local_task, by_framework)->sent = false;
    }
  }
  memset(local->completed, 0, sizeof(local->completed));
  k8smi_local_uuid(local, local->master_id);
  local->next_framework = local->next_offer = 0;
  for (size_t i = 0; i < local->options.agent_count; i++) k8smi_local_agent_forget(&local->agents[i]);
  K8SMI_EACH(link, &local->frameworks) { /* nothing is left of it that an agent could tell of */
    struct local_framework *framework = K8SMI_OF(link, local_framework, link);
    if (k8smi_list_empty(&framework->tasks) && k8smi_list_empty(&framework->operations))
      k8smi_local_framework_free(framework);
  }
}
