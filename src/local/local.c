/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "base/abi.h"

/* The whole: its life, its time, and what tests do to it. */

enum { WHOLE_ALLOCATION_MS = 1000, WHOLE_HEARTBEAT_MS = 15000, WHOLE_ACK_RETRY_MS = 10000 };

void k8smi_local_fail(struct k8smi_local *local) {
  local->failed = true;
}

bool k8smi_local_have(struct k8smi_local *local, const void *p) {
  if (p == NULL) k8smi_local_fail(local);
  return p != NULL;
}

/* Goes on while there is somebody to get an offer. */
static void whole_allocate(void *owner) {
  struct k8smi_local *local = owner;
  k8smi_local_allocate(local);
  K8SMI_EACH(link, &local->frameworks) {
    if (K8SMI_OF(link, local_framework, link)->connected) k8smi_local_wake(local);
  }
}

static void whole_default(uint64_t *value, uint64_t fallback) {
  if (*value == 0) *value = fallback;
}

static int whole_read_options(struct k8smi_local_options *to, const struct k8smi_local_options *from,
                              struct k8sm_diags *diags) {
  int result = k8smi_options_read(to, sizeof(*to), from, "local options", diags);
  if (result != K8SM_OK) return result;
  if (to->agent_count > 0 && to->agents == NULL) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "agents: %zu wanted, none given", to->agent_count);
    return K8SM_ERR_INVALID;
  }
  whole_default(&to->allocation_interval_ms, WHOLE_ALLOCATION_MS);
  whole_default(&to->heartbeat_ms, WHOLE_HEARTBEAT_MS);
  whole_default(&to->ack_retry_ms, WHOLE_ACK_RETRY_MS);
  return K8SM_OK;
}

static int whole_add_agents(struct k8smi_local *local, struct k8sm_diags *diags) {
  size_t n = local->options.agent_count, bytes;
  if (n == 0) return K8SM_OK;
  if (!k8smi_mul(n, sizeof(struct local_agent), &bytes)) return K8SM_ERR_NOMEM;
  local->agents = k8smi_zalloc(&local->allocator, bytes);
  if (local->agents == NULL) return K8SM_ERR_NOMEM;
  for (size_t i = 0; i < n; i++) {
    int result = k8smi_local_agent_init(local, i, &local->options.agents[i], diags);
    if (result != K8SM_OK) return result;
  }
  return K8SM_OK;
}

static int whole_add_networks(struct k8smi_local *local, struct k8sm_diags *diags) {
  const struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("networks"));
  return k8smi_local_networks_init(&local->networks, &local->allocator, local->seed, local->options.networks,
                                   &path, diags);
}

static void whole_init(struct k8smi_local *local) {
  k8smi_local_timers_init(&local->timers, &local->allocator);
  k8smi_local_index_init(&local->agent_index, &local->allocator, local->seed);
  k8smi_local_index_init(&local->framework_index, &local->allocator, local->seed);
  k8smi_local_index_init(&local->offer_index, &local->allocator, local->seed);
  k8smi_list_init(&local->frameworks);
  k8smi_list_init(&local->outputs);
  k8smi_local_uuid(local, local->master_id);
}

int k8smi_local_new(const struct k8smi_local_options *options, struct k8smi_local **ret,
                    struct k8sm_diags *diags) {
  struct k8smi_local_options given;
  struct k8sm_allocator allocator;
  int result = whole_read_options(&given, options, diags);
  if (result != K8SM_OK) return result;
  if (!k8smi_allocator_init(&allocator, given.allocator)) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "allocator: a function is missing");
    return K8SM_ERR_INVALID;
  }
  struct k8smi_local *local = k8smi_zalloc(&allocator, sizeof(struct k8smi_local));
  if (local == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  local->allocator = allocator;
  local->options = given;
  local->seed = given.seed;
  whole_init(local);
  result = whole_add_networks(local, diags);
  if (result == K8SM_OK &&
      !k8smi_local_timer_join(&local->timers, &local->allocation, whole_allocate, local)) {
    result = K8SM_ERR_NOMEM;
  }
  if (result == K8SM_OK) result = whole_add_agents(local, diags);
  if (result != K8SM_OK) {
    k8smi_local_free(local);
    return result == K8SM_ERR_NOMEM ? k8smi_find_nomem(diags, result) : result;
  }
  local->options.agents = NULL; /* the caller's; all of it is copied */
  local->options.networks = NULL;
  *ret = local;
  return K8SM_OK;
}

void k8smi_local_free(struct k8smi_local *local) {
  if (local == NULL) return;
  const struct k8sm_allocator allocator = local->allocator;
  K8SMI_EACH(link, &local->frameworks) {
    k8smi_local_framework_free(K8SMI_OF(link, local_framework, link));
  }
  for (size_t i = 0; local->agents != NULL && i < local->options.agent_count; i++) {
    k8smi_local_agent_free(&local->agents[i]);
  }
  k8smi_free(&allocator, local->agents, local->options.agent_count * sizeof(struct local_agent));
  k8smi_local_outputs_free(local);
  k8smi_local_index_free(&local->agent_index);
  k8smi_local_index_free(&local->framework_index);
  k8smi_local_index_free(&local->offer_index);
  k8smi_local_networks_free(&local->networks);
  k8smi_local_timers_free(&local->timers);
  k8smi_free(&allocator, local, sizeof(struct k8smi_local));
}

/* Fires what is due up to `mono_ms`, each at its own instant. Time never goes back. */
static void whole_advance(struct k8smi_local *local, uint64_t mono_ms, int64_t wall_ms) {
  int64_t ahead =
      mono_ms > local->now && mono_ms - local->now < INT64_MAX ? (int64_t)(mono_ms - local->now) : 0;
  local->wall = wall_ms - ahead;
  while (!local->failed && k8smi_local_timers_next(&local->timers) <= mono_ms) {
    uint64_t at = k8smi_local_timers_next(&local->timers);
    if (at > local->now) {
      local->wall += (int64_t)(at - local->now);
      local->now = at;
    }
    k8smi_local_timers_fire(&local->timers);
  }
  if (mono_ms > local->now) local->now = mono_ms;
  local->wall = wall_ms;
}

int k8smi_local_advance(struct k8smi_local *local, uint64_t mono_ms, int64_t wall_ms) {
  if (!local->failed) whole_advance(local, mono_ms, wall_ms);
  return local->failed ? K8SM_ERR_NOMEM : K8SM_OK;
}

uint64_t k8smi_local_deadline(const struct k8smi_local *local) {
  return k8smi_local_timers_next(&local->timers);
}

int k8smi_local_request(struct k8smi_local *local, const struct k8smi_local_request *request,
                        uint64_t mono_ms, int64_t wall_ms) {
  if (!local->failed) whole_advance(local, mono_ms, wall_ms);
  if (!local->failed) k8smi_local_route(local, request);
  return local->failed ? K8SM_ERR_NOMEM : K8SM_OK;
}

void k8smi_local_gone(struct k8smi_local *local, uint64_t exchange, uint64_t mono_ms) {
  if (local->failed) return;
  whole_advance(local, mono_ms, local->wall + (int64_t)(mono_ms > local->now ? mono_ms - local->now : 0));
  K8SMI_EACH(link, &local->frameworks) {
    struct local_framework *framework = K8SMI_OF(link, local_framework, link);
    if (framework->connected && framework->exchange == exchange) {
      k8smi_local_framework_disconnect(framework);
      return;
    }
  }
}

void k8smi_local_wake(struct k8smi_local *local) {
  if (!k8smi_local_timer_is_set(&local->allocation)) {
    k8smi_local_timer_set(&local->timers, &local->allocation,
                          local->now + local->options.allocation_interval_ms);
  }
}

void k8smi_local_kill_executor(struct k8smi_local *local, const char *executor_id) {
  enum { KILLED = 9 };
  for (size_t i = 0; i < local->options.agent_count && !local->failed; i++) {
    K8SMI_EACH(link, &local->agents[i].executors) {
      struct local_executor *executor = K8SMI_OF(link, local_executor, link);
      if (executor->phase != LOCAL_EXECUTOR_ENDED && !executor->lost &&
          strcmp(executor->id, executor_id) == 0) {
        k8smi_local_executor_end(executor, KILLED,
                                 K8SM_MESOS__TASK_STATUS__REASON__REASON_EXECUTOR_TERMINATED,
                                 LOCAL_EXECUTOR_TERMINATED);
      }
    }
  }
}
