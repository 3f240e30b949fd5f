/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "local/text.h"

/* Agents: what they have, and how they are lost and come back. */

static char *agent_copy(struct k8smi_arena *arena, const char *text) {
  return (char *)(uintptr_t)k8smi_arena_copy(arena, text, strlen(text)).ptr;
}

static char *agent_default_name(struct local_agent *agent) {
  struct k8smi_buf name;
  k8smi_buf_init(&name, &agent->local->allocator);
  k8smi_buf_puts(&name, "agent");
  k8smi_buf_u64(&name, agent->number + 1);
  k8smi_buf_puts(&name, ".local");
  char *text =
      name.failed ? NULL : (char *)(uintptr_t)k8smi_arena_copy(&agent->arena, name.ptr, name.len).ptr;
  k8smi_buf_free(&name);
  return text;
}

static int agent_read(struct local_agent *agent, const struct k8smi_local_agent *options,
                      struct k8sm_diags *diags) {
  const struct k8smi_path list = k8smi_path_field(NULL, K8SMI_S("agents"));
  const struct k8smi_path at = k8smi_path_index(&list, agent->number);
  const struct k8smi_path resources = k8smi_path_field(&at, K8SMI_S("resources"));
  const struct k8smi_path attributes = k8smi_path_field(&at, K8SMI_S("attributes"));
  const struct local_bag *bag = &agent->configured;
  int result = k8smi_local_bag_parse(&agent->arena, options->resources == NULL ? "" : options->resources,
                                     &resources, &agent->configured, diags);
  if (result == K8SM_OK) {
    result =
        k8smi_local_attributes_parse(&agent->arena, options->attributes == NULL ? "" : options->attributes,
                                     &attributes, &agent->attributes, &agent->attribute_count, diags);
  }
  if (result != K8SM_OK) return result;
  bool ok = k8smi_local_held_set(&agent->total, bag) && k8smi_local_held_set(&agent->free, bag);
  return ok ? K8SM_OK : K8SM_ERR_NOMEM;
}

bool k8smi_local_agent_hears(const struct local_agent *agent) {
  return agent->registered && !agent->away;
}

bool k8smi_local_agent_is_connected(const struct local_agent *agent) {
  return agent->registered && !agent->down;
}

bool k8smi_local_image_refused(const struct local_agent *agent, const K8smMesos__ContainerInfo *container) {
  return agent->no_images && container != NULL && container->mesos != NULL && container->mesos->image != NULL;
}

void k8smi_local_agent_each_task(struct local_agent *agent,
                                 void (*visit)(struct local_task *task, const void *ctx), const void *ctx) {
  K8SMI_EACH(link, &agent->local->frameworks) {
    struct local_framework *framework = K8SMI_OF(link, local_framework, link);
    K8SMI_EACH(at, &framework->tasks) {
      struct local_task *task = K8SMI_OF(at, local_task, by_framework);
      if (task->agent == agent) visit(task, ctx);
    }
  }
}

struct agent_use {
  struct k8smi_arena *arena;
  struct local_bag bag;
  bool fine;
};

static void agent_use(struct agent_use *use, const struct local_bag *held) {
  static const struct k8sm_slice NOBODY = {NULL, 0};
  struct local_bag plain;
  use->fine = use->fine && k8smi_local_bag_allocate(use->arena, held, NOBODY, &plain) &&
              k8smi_local_bag_add(use->arena, &use->bag, &plain, &use->bag);
}

static void agent_use_task(struct local_task *task, const void *ctx) {
  if (!task->released) agent_use((struct agent_use *)(uintptr_t)ctx, &task->held.bag);
}

bool k8smi_local_agent_used(struct local_agent *agent, struct k8smi_arena *arena, struct local_bag *ret) {
  struct agent_use use = {.arena = arena, .fine = true};
  K8SMI_EACH(link, &agent->executors) {
    const struct local_executor *executor = K8SMI_OF(link, local_executor, link);
    if (executor->phase != LOCAL_EXECUTOR_ENDED) agent_use(&use, &executor->held.bag);
  }
  k8smi_local_agent_each_task(agent, agent_use_task, &use);
  *ret = use.bag;
  return use.fine;
}

int32_t k8smi_local_agent_port(const struct local_agent *agent) {
  enum { AGENT_FIRST_PORT = 5051, AGENT_PORTS = 10000 };
  return AGENT_FIRST_PORT + (int32_t)(agent->number % AGENT_PORTS);
}

static void agent_resend(struct local_task *task, const void *ctx) {
  (void)ctx;
  if (!k8smi_list_empty(&task->updates)) k8smi_local_task_forward(task);
}

/* It brings along what it has to tell of. */
static void agent_list(struct local_task *task, const void *ctx) {
  (void)ctx;
  task->settled = false;
}

/* The master hears of a task that it took for unreachable, or did not know. */
static void agent_report(struct local_task *task, const void *message) {
  if (task->phase == LOCAL_TASK_ENDED || !task->framework->partition_aware) return;
  k8smi_local_answer(
      task->framework,
      &(struct local_answer){.task_id = task->id,
                             .agent_id = task->agent->id,
                             .state = k8smi_local_task_latest(task),
                             .reason = K8SM_MESOS__TASK_STATUS__REASON__REASON_AGENT_REREGISTERED,
                             .message = message,
                             .task = task});
}

/* What the agent never heard of, the master does not hear of from it. */
static void agent_miss(struct local_task *task, const void *ctx) {
  (void)ctx;
  if (task->lost) k8smi_local_task_free(task);
}

static void agent_miss_all(struct local_agent *agent) {
  k8smi_local_agent_each_task(agent, agent_miss, NULL);
  K8SMI_EACH(link, &agent->executors) {
    struct local_executor *executor = K8SMI_OF(link, local_executor, link);
    if (executor->lost) k8smi_local_executor_free(executor);
  }
  k8smi_local_operations_undo(agent);
}

void k8smi_local_agent_return(struct local_agent *agent) {
  k8smi_local_timer_clear(&agent->local->timers, &agent->silence);
  agent->away = agent->down = false;
  agent_miss_all(agent);
  k8smi_local_feedback_return(agent);
  k8smi_local_agent_each_task(agent, agent_resend, NULL);
  if (agent->twice) k8smi_local_agent_each_task(agent, agent_resend, NULL);
  agent->twice = false;
  k8smi_local_allocate(agent->local);
}

static void agent_register(struct local_agent *agent) {
  const char *message =
      agent->unreachable ? "Unreachable agent re-reregistered" : "Unknown agent reregistered";
  bool told = !agent->recovered;
  agent->registered = true;
  agent->unreachable = agent->recovered = false;
  agent->away = false;
  agent_miss_all(agent);
  k8smi_local_agent_each_task(agent, agent_list, NULL);
  if (told) k8smi_local_agent_each_task(agent, agent_report, message);
  k8smi_local_agent_return(agent);
}

static void agent_arrive(struct local_agent *agent) {
  if (agent->down) k8smi_local_agent_recover(agent);
  if (agent->registered) {
    k8smi_local_agent_return(agent);
  } else {
    agent_register(agent);
  }
}

/* After a restart of its process, or at a new master. */
static void agent_reregister(void *owner) {
  agent_arrive(owner);
}

static void agent_silent(void *owner) {
  struct local_agent *agent = owner;
  k8smi_local_kill_agent(agent->local, agent->number);
}

int k8smi_local_agent_init(struct k8smi_local *local, size_t number, const struct k8smi_local_agent *options,
                           struct k8sm_diags *diags) {
  struct local_agent *agent = &local->agents[number];
  agent->local = local;
  agent->number = number;
  agent->registered = options->absent == 0;
  agent->no_images = options->no_images != 0;
  agent->no_cgroups = options->no_cgroups != 0;
  k8smi_list_init(&agent->executors);
  k8smi_list_init(&agent->offers);
  k8smi_local_id(local, 'S', number, agent->id);
  bool ok = k8smi_arena_init(&agent->arena, &local->allocator, 0) &&
            k8smi_local_held_init(&agent->total, &local->allocator) &&
            k8smi_local_held_init(&agent->free, &local->allocator) &&
            k8smi_local_held_init(&agent->known, &local->allocator);
  agent->hostname =
      options->hostname == NULL ? agent_default_name(agent) : agent_copy(&agent->arena, options->hostname);
  if (!ok || agent->hostname == NULL ||
      !k8smi_local_index_put(&local->agent_index, k8smi_s(agent->id), agent) ||
      !k8smi_local_timer_join(&local->timers, &agent->reregister, agent_reregister, agent) ||
      !k8smi_local_timer_join(&local->timers, &agent->silence, agent_silent, agent)) {
    return K8SM_ERR_NOMEM;
  }
  return agent_read(agent, options, diags);
}

void k8smi_local_agent_free(struct local_agent *agent) {
  if (agent->local == NULL) return; /* never begun */
  k8smi_local_timer_leave(&agent->local->timers, &agent->reregister);
  k8smi_local_timer_leave(&agent->local->timers, &agent->silence);
  k8smi_local_held_free(&agent->total);
  k8smi_local_held_free(&agent->free);
  k8smi_local_held_free(&agent->known);
  k8smi_arena_free(&agent->arena);
}

struct local_agent *k8smi_local_agent_find(const struct k8smi_local *local, const K8smMesos__AgentID *id) {
  return id == NULL ? NULL : k8smi_local_index_get(&local->agent_index, k8smi_s(id->value));
}

void k8smi_local_agent_rescind(struct local_agent *agent) {
  K8SMI_EACH(link, &agent->offers) {
    k8smi_local_offer_rescind(K8SMI_OF(link, local_offer, by_agent));
  }
}

static void agent_tell_unreachable(struct local_task *task, const void *ctx) {
  (void)ctx;
  if (task->phase == LOCAL_TASK_ENDED) return;
  bool aware = task->framework->partition_aware;
  int state = aware ? K8SM_MESOS__TASK_STATE__TASK_UNREACHABLE : K8SM_MESOS__TASK_STATE__TASK_LOST;
  k8smi_local_answer(task->framework,
                     &(struct local_answer){.task_id = task->id,
                                            .agent_id = task->agent->id,
                                            .state = state,
                                            .reason = K8SM_MESOS__TASK_STATUS__REASON__REASON_AGENT_REMOVED,
                                            .message = "health check timed out",
                                            .executor_id = task->executor == NULL ? NULL : task->executor->id,
                                            .unreachable = task->agent});
}

void k8smi_local_kill_agent(struct k8smi_local *local, size_t number) {
  if (local->failed || number >= local->options.agent_count || local->agents[number].unreachable ||
      local->agents[number].marked) {
    return;
  }
  struct local_agent *agent = &local->agents[number];
  k8smi_local_timer_clear(&local->timers, &agent->reregister);
  k8smi_local_timer_clear(&local->timers, &agent->silence);
  k8smi_local_agent_rescind(agent);
  agent->unreachable = true;
  agent->recovered = false;
  agent->unreachable_wall_ms = local->wall;
  if (!agent->registered) return; /* this master never knew it */
  agent->registered = false;
  k8smi_local_agent_each_task(agent, agent_tell_unreachable, NULL);
  k8smi_local_feedback_unreachable(agent);
  K8SMI_EACH(link, &local->frameworks) {
    k8smi_local_failure_event(K8SMI_OF(link, local_framework, link), agent, NULL, 0);
  }
}

void k8smi_local_restore_agent(struct k8smi_local *local, size_t number) {
  if (local->failed || number >= local->options.agent_count || local->agents[number].gone) return;
  struct local_agent *agent = &local->agents[number];
  k8smi_local_timer_clear(&local->timers, &agent->reregister);
  if (!agent->registered || agent->away) agent_arrive(agent);
}

void k8smi_local_agent_forget(struct local_agent *agent) {
  struct k8smi_local *local = agent->local;
  bool back =
      k8smi_local_agent_hears(agent) || agent->down; /* one that was lost is away until it is restored */
  bool listed = agent->listed && (agent->registered || agent->recovered);
  if (!agent->listed) agent->unreachable = agent->marked = false;
  agent->registered = agent->draining = agent->listed = false;
  agent->recovered = listed;
  k8smi_local_feedback_forget(agent);
  k8smi_local_timer_clear(&local->timers, &agent->silence);
  if (listed) k8smi_local_timer_set(&local->timers, &agent->silence, local->now + LOCAL_RECOVERY_MS);
  K8SMI_EACH(link, &agent->offers) {
    k8smi_local_offer_free(K8SMI_OF(link, local_offer, by_agent), true);
  }
  if (!agent->gone && (back || k8smi_local_timer_is_set(&agent->reregister))) {
    k8smi_local_timer_set(&local->timers, &agent->reregister, local->now + LOCAL_REREGISTER_MS);
  }
}
