/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* SUBSCRIBE and UPDATE_FRAMEWORK. */

static bool subscribe_is_multi_role(const K8smMesos__FrameworkInfo *info) {
  for (size_t i = 0; i < info->n_capabilities; i++) {
    if (info->capabilities[i]->type == K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__MULTI_ROLE) return true;
  }
  return false;
}

enum { SUBSCRIBE_MAX_ROLES = 256 };

static const char *subscribe_roles_fault(struct k8smi_arena *arena, const K8smMesos__FrameworkInfo *info) {
  bool multi = subscribe_is_multi_role(info);
  if (multi && info->role != NULL && info->role != k8sm_mesos__framework_info__role__default_value) {
    return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  }
  if (!multi && info->n_roles > 0) {
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  }
  if (info->n_roles > SUBSCRIBE_MAX_ROLES) return "'FrameworkInfo.roles' contains too many items";
  for (size_t i = 0; i < info->n_roles; i++) {
    for (size_t j = 0; j < i; j++) {
      if (strcmp(info->roles[i], info->roles[j]) == 0) {
        return LOCAL_WORDS(arena, "'FrameworkInfo.roles' contains duplicate items: ", info->roles[i]);
      }
    }
    const char *fault = k8smi_local_role_fault(arena, info->roles[i]);
    if (fault != NULL) return LOCAL_WORDS(arena, "'FrameworkInfo.roles' contains invalid role: ", fault);
  }
  const char *fault = multi || info->role == k8sm_mesos__framework_info__role__default_value
                          ? NULL
                          : k8smi_local_role_fault(arena, info->role);
  return fault == NULL ? NULL : LOCAL_WORDS(arena, "'FrameworkInfo.role' is not a valid role: ", fault);
}

static const char *subscribe_suppressed_fault(struct k8smi_arena *arena, const K8smMesos__FrameworkInfo *info,
                                              char *const *suppressed, size_t n) {
  if (n > SUBSCRIBE_MAX_ROLES) return "Too many suppressed roles";
  for (size_t i = 0; i < n; i++) {
    bool found = info->n_roles == 0 && strcmp(info->role, suppressed[i]) == 0;
    for (size_t j = 0; j < info->n_roles && !found; j++) found = strcmp(info->roles[j], suppressed[i]) == 0;
    if (!found) {
      return LOCAL_WORDS(arena, "Suppressed roles { ", suppressed[i],
                         " } are not contained in the set of roles");
    }
  }
  return NULL;
}

static const char *subscribe_info_fault(struct k8smi_local *local, struct k8smi_arena *arena,
                                        const K8smMesos__FrameworkInfo *info) {
  const char *fault = subscribe_roles_fault(arena, info);
  if (fault != NULL) return fault;
  if (info->id != NULL && info->id->value[0] != '\0') {
    if ((fault = k8smi_local_validate_id(arena, info->id->value)) != NULL) return fault;
    if (strlen(info->id->value) >= LOCAL_ID_SIZE)
      return "Framework id is longer than those that this master gives";
  }
  if (!(info->failover_timeout >= 0) || info->failover_timeout > 9223372036.0) {
    return "The framework failover_timeout is invalid";
  }
  if (info->id != NULL && k8smi_local_framework_completed(local, info->id->value)) {
    return "Framework has been removed";
  }
  return NULL;
}

static const char *subscribe_update_fault(struct k8smi_arena *arena, const struct local_framework *framework,
                                          const K8smMesos__FrameworkInfo *info) {
  const char *before = framework->info->principal, *now = info->principal;
  if ((before == NULL) != (now == NULL) || (now != NULL && strcmp(before, now) != 0)) {
    return "Changing framework's principal is not allowed.";
  }
  if (strcmp(framework->info->user, info->user) != 0) {
    return LOCAL_WORDS(arena, "Updating 'FrameworkInfo.user' is unsupported; attempted to update from '",
                       framework->info->user, "' to '", info->user, "'");
  }
  if (framework->info->checkpoint != info->checkpoint) {
    return info->checkpoint
               ? "Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from 'false' "
                 "to 'true'"
               : "Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from 'true' "
                 "to 'false'";
  }
  return NULL;
}

static void subscribe_error(K8smMesos__Event *event, K8smMesos__Event__Error *error, const char *message) {
  error->message = (char *)(uintptr_t)message;
  event->has_type = 1;
  event->type = K8SM_MESOS__EVENT__TYPE__ERROR;
  event->error = error;
}

static void subscribe_refuse(struct k8smi_local *local, uint64_t exchange, uint32_t format,
                             const char *message) {
  K8smMesos__Event__Error error = K8SM_MESOS__EVENT__ERROR__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  subscribe_error(&event, &error, message);
  k8smi_local_chunk(local, exchange, format, &event);
  k8smi_local_end_stream(local, exchange);
}

static void subscribe_welcome(struct local_framework *framework) {
  enum { WELCOME_LOOPBACK = 16777343, WELCOME_PORT = 5050 };
  struct k8smi_local *local = framework->local;
  K8smMesos__MasterInfo__Capability capabilities[3];
  K8smMesos__MasterInfo__Capability *all[3];
  K8smMesos__Address address = K8SM_MESOS__ADDRESS__INIT;
  K8smMesos__MasterInfo master = K8SM_MESOS__MASTER_INFO__INIT;
  K8smMesos__FrameworkID id = K8SM_MESOS__FRAMEWORK_ID__INIT;
  K8smMesos__Event__Subscribed subscribed = K8SM_MESOS__EVENT__SUBSCRIBED__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  char host[] = "127.0.0.1", pid[] = "master@127.0.0.1:5050", version[] = "1.12.0";
  for (int i = 0; i < 3; i++) {
    k8sm_mesos__master_info__capability__init(&capabilities[i]);
    capabilities[i].has_type = 1;
    capabilities[i].type =
        (K8smMesos__MasterInfo__Capability__Type)(K8SM_MESOS__MASTER_INFO__CAPABILITY__TYPE__AGENT_UPDATE +
                                                  i);
    all[i] = &capabilities[i];
  }
  address.hostname = address.ip = host;
  address.port = WELCOME_PORT;
  master.id = local->master_id;
  master.ip = WELCOME_LOOPBACK;
  master.port = WELCOME_PORT;
  master.pid = pid;
  master.hostname = host;
  master.version = version;
  master.address = &address;
  master.capabilities = all;
  master.n_capabilities = 3;
  id.value = framework->id;
  subscribed.framework_id = &id;
  subscribed.has_heartbeat_interval_seconds = 1;
  subscribed.heartbeat_interval_seconds = (double)local->options.heartbeat_ms / 1000.0;
  subscribed.master_info = &master;
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__SUBSCRIBED;
  event.subscribed = &subscribed;
  k8smi_local_event(framework, &event);
}

/* The stream of before is told that another has taken its place. */
static void subscribe_take_over(struct local_framework *framework) {
  K8smMesos__Event__Error error = K8SM_MESOS__EVENT__ERROR__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  if (!framework->connected) return;
  subscribe_error(&event, &error, "Framework failed over");
  k8smi_local_event(framework, &event);
  k8smi_local_end_stream(framework->local, framework->exchange);
  K8SMI_EACH(link, &framework->offers) {
    k8smi_local_offer_free(K8SMI_OF(link, local_offer, by_framework), true);
  }
}

/* The master tells all agents of it, and they send at once what it has not acknowledged. */
static void subscribe_resend(struct local_framework *framework) {
  K8SMI_EACH(link, &framework->tasks) {
    struct local_task *task = K8SMI_OF(link, local_task, by_framework);
    if (k8smi_list_empty(&task->updates) || task->lost || !k8smi_local_agent_hears(task->agent)) continue;
    task->retry_ms = framework->local->options.ack_retry_ms;
    k8smi_local_task_forward(task);
  }
}

static void subscribe_connect(struct local_framework *framework, uint64_t exchange, uint32_t format,
                              const char *stream_id) {
  struct k8smi_local *local = framework->local;
  subscribe_take_over(framework);
  framework->connected = true;
  framework->exchange = exchange;
  framework->format = format;
  memcpy(framework->stream_id, stream_id, LOCAL_UUID_SIZE);
  k8smi_local_timer_clear(&local->timers, &framework->failover);
  subscribe_welcome(framework);
  framework->heartbeat.fire(framework);
  subscribe_resend(framework);
  k8smi_local_wake(local);
  k8smi_local_allocate(local);
}

static void subscribe_admit(struct k8smi_local *local, const K8smMesos__Call__Subscribe *subscribe,
                            uint64_t exchange, uint32_t format, const char *stream_id,
                            struct k8smi_arena *arena) {
  const K8smMesos__FrameworkInfo *info = subscribe->framework_info;
  const char *id = info->id == NULL || info->id->value[0] == '\0' ? NULL : info->id->value;
  const char *fault = subscribe_info_fault(local, arena, info);
  if (fault == NULL) {
    fault =
        subscribe_suppressed_fault(arena, info, subscribe->suppressed_roles, subscribe->n_suppressed_roles);
  }
  struct local_framework *framework =
      id == NULL || fault != NULL ? NULL : k8smi_local_framework_find(local, id);
  if (framework != NULL) fault = subscribe_update_fault(arena, framework, info);
  if (fault != NULL) {
    subscribe_refuse(local, exchange, format, fault);
    return;
  }
  bool known = framework != NULL;
  if (!known) framework = k8smi_local_framework_new(local, id);
  if (framework == NULL) return;
  if (k8smi_local_framework_set(framework, info, subscribe->suppressed_roles, subscribe->n_suppressed_roles,
                                subscribe->offer_constraints)) {
    subscribe_connect(framework, exchange, format, stream_id);
  } else if (!known) {
    k8smi_local_framework_free(framework);
  }
}

void k8smi_local_subscribe(struct k8smi_local *local, const K8smMesos__Call__Subscribe *subscribe,
                           uint64_t exchange, uint32_t format) {
  struct k8smi_arena arena;
  char stream_id[LOCAL_UUID_SIZE];
  k8smi_arena_init(&arena, &local->allocator, 0);
  k8smi_local_uuid(local, stream_id);
  k8smi_local_open_stream(local, exchange, format, stream_id);
  subscribe_admit(local, subscribe, exchange, format, stream_id, &arena);
  k8smi_arena_free(&arena);
}

const char *k8smi_local_update_framework(struct local_framework *framework,
                                         const K8smMesos__Call__UpdateFramework *call,
                                         struct k8smi_arena *arena) {
  const K8smMesos__FrameworkInfo *info = call->framework_info;
  const char *fault = subscribe_info_fault(framework->local, arena, info);
  if (fault != NULL) return LOCAL_WORDS(arena, "Supplied FrameworkInfo is not valid: ", fault);
  fault = subscribe_update_fault(arena, framework, info);
  if (fault != NULL) return LOCAL_WORDS(arena, "FrameworkInfo update is not valid: ", fault);
  fault = subscribe_suppressed_fault(arena, info, call->suppressed_roles, call->n_suppressed_roles);
  if (fault != NULL) return LOCAL_WORDS(arena, "'UpdateFramework' call is not valid: ", fault);
  if (!k8smi_local_framework_set(framework, info, call->suppressed_roles, call->n_suppressed_roles,
                                 call->offer_constraints)) {
    return NULL;
  }
  K8SMI_EACH(link, &framework->offers) {
    struct local_offer *offer = K8SMI_OF(link, local_offer, by_framework);
    if (k8smi_local_framework_role(framework, offer->held.bag.amounts[0].role) == NULL) {
      k8smi_local_offer_rescind(offer);
    }
  }
  k8smi_local_allocate(framework->local);
  return NULL;
}
