/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* Allocation: each agent's free resources go to one framework and role at a time, the one that has the
 * smallest share of the whole; what is reserved goes only to its role and the roles below. */

enum { ALLOCATE_MIN_CPUS = 10, ALLOCATE_MIN_MEM = 32000 }; /* thousandths: less of both is not offered */

struct allocate_total {
  int64_t cpus, mem; /* of all agents */
};

static struct allocate_total allocate_sum(const struct k8smi_local *local) {
  struct allocate_total total = {0, 0};
  bool found;
  for (size_t i = 0; i < local->options.agent_count; i++) {
    total.cpus += k8smi_local_bag_scalar(&local->agents[i].total.bag, "cpus", &found);
    total.mem += k8smi_local_bag_scalar(&local->agents[i].total.bag, "mem", &found);
  }
  return total;
}

/* The dominant share, in millionths. */
static int64_t allocate_share(const struct allocate_total *total, const struct local_role *role) {
  int64_t cpus = total->cpus == 0 ? 0 : role->cpus * 1000 / ((total->cpus + 999) / 1000);
  int64_t mem = total->mem == 0 ? 0 : role->mem * 1000 / ((total->mem + 999) / 1000);
  return cpus > mem ? cpus : mem;
}

/* One place in the order of an agent's allocation. */
struct allocate_turn {
  struct local_framework *framework;
  struct local_role *role;
  int64_t share;
  bool had;
};

/* Reserved for the role itself or for one above it; in a form that the framework understands. */
static bool allocate_is_for(const struct local_amount *amount, const void *ctx) {
  const struct allocate_turn *turn = ctx;
  struct k8sm_slice owner = k8smi_local_amount_reserved(amount);
  if (amount->form->n_reservations > 1 && !turn->framework->refinement) return false;
  if (owner.ptr == NULL) return true;
  return k8smi_eq(owner, turn->role->name) || k8smi_local_role_is_below(turn->role->name, owner);
}

/* What no quota limits. */
static bool allocate_is_free_of_quota(const struct local_amount *amount, const void *ctx) {
  (void)ctx;
  return amount->form->type != K8SM_MESOS__VALUE__TYPE__SCALAR || amount->form->n_reservations > 0 ||
         amount->form->revocable != NULL;
}
static bool allocate_is_under_quota(const struct local_amount *amount, const void *ctx) {
  return !allocate_is_free_of_quota(amount, ctx);
}

static bool allocate_is_enough(const struct local_bag *bag) {
  bool found;
  return k8smi_local_bag_scalar(bag, "cpus", &found) >= ALLOCATE_MIN_CPUS ||
         k8smi_local_bag_scalar(bag, "mem", &found) >= ALLOCATE_MIN_MEM;
}

static bool allocate_is_refused(struct local_framework *framework, const struct local_agent *agent,
                                const struct local_bag *bag) {
  K8SMI_EACH(at, &framework->filters) {
    const struct local_filter *filter = K8SMI_OF(at, local_filter, link);
    if (filter->agent == agent && k8smi_local_bag_contains(&filter->refused.bag, bag)) return true;
  }
  return false;
}

struct allocate_cycle {
  struct k8smi_local *local;
  struct k8smi_arena arena;
  struct allocate_total total;
  struct allocate_turn *turns;
  size_t turn_count;
  struct local_offer **offers; /* made in this cycle */
  size_t offer_count, offer_cap;
};

static bool allocate_list_turns(struct allocate_cycle *cycle) {
  size_t n = 0;
  K8SMI_EACH(link, &cycle->local->frameworks) {
    struct local_framework *framework = K8SMI_OF(link, local_framework, link);
    n += framework->connected ? framework->role_count : 0;
  }
  cycle->turns = k8smi_arena_array(&cycle->arena, n, sizeof(struct allocate_turn));
  if (cycle->turns == NULL) return false;
  K8SMI_EACH(at, &cycle->local->frameworks) {
    struct local_framework *framework = K8SMI_OF(at, local_framework, link);
    for (size_t i = 0; framework->connected && i < framework->role_count; i++) {
      if (framework->roles[i].suppressed) continue;
      cycle->turns[cycle->turn_count++] = (struct allocate_turn){framework, &framework->roles[i], 0, false};
    }
  }
  return true;
}

/* The poorest that has not had its turn at this agent. */
static struct allocate_turn *allocate_next(struct allocate_cycle *cycle) {
  struct allocate_turn *best = NULL;
  for (size_t i = 0; i < cycle->turn_count; i++) {
    struct allocate_turn *turn = &cycle->turns[i];
    if (!turn->had && (best == NULL || turn->share < best->share)) best = turn;
  }
  return best;
}

static bool allocate_offer(struct allocate_cycle *cycle, struct local_agent *agent,
                           const struct allocate_turn *turn) {
  struct k8smi_arena *arena = &cycle->arena;
  struct local_bag has, fit, mine, first, bag;
  /* In a master's order: as the agent has it, but that what no quota limits stands first. */
  if (!k8smi_local_bag_arrange(arena, &agent->free.bag, &agent->total.bag, &has) ||
      !k8smi_local_bag_pick(arena, &has, allocate_is_for, turn, &fit) ||
      !k8smi_local_bag_allocate(arena, &fit, turn->role->name, &mine) ||
      !k8smi_local_bag_pick(arena, &mine, allocate_is_free_of_quota, NULL, &first) ||
      !k8smi_local_bag_pick(arena, &mine, allocate_is_under_quota, NULL, &bag) ||
      !k8smi_local_bag_add(arena, &first, &bag, &bag)) {
    return false;
  }
  if (bag.count == 0 || !allocate_is_enough(&bag) || allocate_is_refused(turn->framework, agent, &bag) ||
      !k8smi_local_constraints_allow(turn->framework->constraints, turn->role->name, agent)) {
    return true;
  }
  void *offers = cycle->offers;
  if (!k8smi_grow(&cycle->local->allocator, &offers, &cycle->offer_cap, cycle->offer_count + 1,
                  sizeof(struct local_offer *))) {
    return false;
  }
  cycle->offers = offers;
  struct local_offer *offer = k8smi_local_offer_new(turn->framework, agent, &bag);
  if (offer == NULL) return false;
  cycle->offers[cycle->offer_count++] = offer;
  return true;
}

static bool allocate_agent(struct allocate_cycle *cycle, struct local_agent *agent) {
  struct allocate_turn *turn;
  for (size_t i = 0; i < cycle->turn_count; i++) {
    cycle->turns[i].had = false;
    cycle->turns[i].share = allocate_share(&cycle->total, cycle->turns[i].role);
  }
  while (allocate_is_enough(&agent->free.bag) && (turn = allocate_next(cycle)) != NULL) {
    turn->had = true;
    if (!allocate_offer(cycle, agent, turn)) return false;
  }
  return true;
}

/* One event for each framework, with all that it was given. */
static void allocate_send(struct allocate_cycle *cycle) {
  struct local_offer **mine =
      k8smi_arena_array(&cycle->arena, cycle->offer_count, sizeof(struct local_offer *));
  if (!k8smi_local_have(cycle->local, mine)) return;
  K8SMI_EACH(link, &cycle->local->frameworks) {
    struct local_framework *framework = K8SMI_OF(link, local_framework, link);
    size_t n = 0;
    for (size_t i = 0; i < cycle->offer_count; i++) {
      if (cycle->offers[i]->framework == framework) mine[n++] = cycle->offers[i];
    }
    if (n > 0) k8smi_local_offers_event(framework, mine, n);
  }
}

void k8smi_local_allocate(struct k8smi_local *local) {
  struct allocate_cycle cycle = {.local = local, .total = allocate_sum(local)};
  k8smi_arena_init(&cycle.arena, &local->allocator, 0);
  bool ok = allocate_list_turns(&cycle);
  for (size_t i = 0; ok && cycle.turn_count > 0 && i < local->options.agent_count; i++) {
    const struct local_agent *agent = &local->agents[i];
    if (agent->registered && !agent->down && !agent->draining) ok = allocate_agent(&cycle, &local->agents[i]);
  }
  if (!ok) k8smi_local_fail(local);
  if (cycle.offer_count > 0) allocate_send(&cycle);
  k8smi_free(&local->allocator, cycle.offers, cycle.offer_cap * sizeof(struct local_offer *));
  k8smi_arena_free(&cycle.arena);
}
