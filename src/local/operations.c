/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

/* Operations on resources: those of the offers become other resources. */

typedef K8smMesos__Offer__Operation operation_message;

/* What turns into what, at once or not at all. */
struct operation_turn {
  struct local_bag from, to;
};

struct operation_turns {
  struct operation_turn *rows;
  size_t count;
};

/* One more turn. False when memory ran out. */
static bool operation_add_turn(const struct local_accept *accept, struct operation_turns *turns,
                               struct local_resources from, struct local_resources to) {
  struct operation_turn *turn = &turns->rows[turns->count++];
  return k8smi_local_bag_sum(accept->arena, from.resources, from.n, &turn->from) &&
         k8smi_local_bag_sum(accept->arena, to.resources, to.n, &turn->to);
}

K8smMesos__Resource *k8smi_local_volume_strip(struct k8smi_arena *arena, const K8smMesos__Resource *volume) {
  K8smMesos__Resource *plain = k8smi_message_new(arena, &k8sm_mesos__resource__descriptor);
  if (plain == NULL) return NULL;
  *plain = *volume;
  plain->disk = NULL;
  plain->shared = NULL;
  if (volume->disk->source == NULL) return plain;
  plain->disk = k8smi_message_new(arena, &k8sm_mesos__resource__disk_info__descriptor);
  if (plain->disk == NULL) return NULL;
  plain->disk->source = volume->disk->source;
  return plain;
}

static K8smMesos__Resource *operation_pop(struct k8smi_arena *arena, const K8smMesos__Resource *reserved) {
  K8smMesos__Resource *plain = k8smi_message_new(arena, &k8sm_mesos__resource__descriptor);
  if (plain == NULL) return NULL;
  *plain = *reserved;
  plain->n_reservations--;
  return plain;
}

/* The same with more or less of it. */
static K8smMesos__Resource *operation_resize(struct k8smi_arena *arena, const K8smMesos__Resource *from,
                                             double by) {
  K8smMesos__Resource *other = k8smi_message_new(arena, &k8sm_mesos__resource__descriptor);
  K8smMesos__Value__Scalar *scalar = k8smi_message_new(arena, &k8sm_mesos__value__scalar__descriptor);
  int64_t milli, change;
  if (other == NULL || scalar == NULL) return NULL;
  *other = *from;
  other->scalar = scalar;
  if (k8smi_milli_of_double(from->scalar->value, &milli) && k8smi_milli_of_double(by, &change))
    scalar->value = k8smi_double_of_milli(milli + change);
  return other;
}

static bool operation_resizes(const operation_message *operation) {
  return operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__GROW_VOLUME ||
         operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__SHRINK_VOLUME;
}

static bool operation_turn_size(const struct local_accept *accept, const operation_message *operation,
                                struct operation_turns *turns) {
  struct local_resources from[2];
  size_t n = k8smi_local_operation_lists(operation, from);
  K8smMesos__Resource *volume = from[0].resources[0], *other = n == 2 ? from[1].resources[0] : NULL;
  K8smMesos__Resource *before[] = {volume, other}, *after[2] = {NULL, NULL};
  double by = other != NULL ? other->scalar->value : -operation->shrink_volume->subtract->value;
  after[0] = operation_resize(accept->arena, volume, by);
  if (other == NULL && (after[1] = k8smi_local_volume_strip(accept->arena, volume)) != NULL)
    after[1]->scalar = operation->shrink_volume->subtract;
  if (after[0] == NULL || (other == NULL && after[1] == NULL)) return false;
  return operation_add_turn(accept, turns, (struct local_resources){before, n},
                            (struct local_resources){after, 3 - n});
}

/* All of a RESERVE is one turn, and each resource of the others. */
static bool operation_turn_each(const struct local_accept *accept, const operation_message *operation,
                                struct operation_turns *turns) {
  bool volumes = operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE ||
                 operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY;
  bool back = operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__UNRESERVE ||
              operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY;
  struct local_resources lists[2];
  (void)k8smi_local_operation_lists(operation, lists);
  size_t n = lists[0].n;
  K8smMesos__Resource **plain = k8smi_arena_array(accept->arena, n, sizeof(K8smMesos__Resource *));
  if (plain == NULL) return false;
  for (size_t i = 0; i < n; i++) {
    const K8smMesos__Resource *made = lists[0].resources[i];
    plain[i] = volumes ? k8smi_local_volume_strip(accept->arena, made) : operation_pop(accept->arena, made);
    if (plain[i] == NULL) return false;
  }
  size_t step = operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE ? n : 1;
  for (size_t i = 0; i < n; i += step) {
    struct local_resources made = {&lists[0].resources[i], step}, less = {&plain[i], step};
    if (!operation_add_turn(accept, turns, back ? made : less, back ? less : made)) return false;
  }
  return true;
}

static bool operation_turns(const struct local_accept *accept, const operation_message *operation,
                            struct operation_turns *turns) {
  struct local_resources lists[2];
  (void)k8smi_local_operation_lists(operation, lists);
  turns->rows = k8smi_arena_array(accept->arena, lists[0].n, sizeof(struct operation_turn));
  turns->count = 0;
  if (turns->rows == NULL) return false;
  if (operation_resizes(operation)) return operation_turn_size(accept, operation, turns);
  return operation_turn_each(accept, operation, turns);
}

/* What a master says of an operation that offers have not enough for. */
static const char *operation_lack(const struct local_accept *accept, const operation_message *operation,
                                  const struct local_bag *left, const char *wanted) {
  static const struct {
    int type;
    const char *before;
  } KINDS[] = {
      {K8SM_MESOS__OFFER__OPERATION__TYPE__GROW_VOLUME, "Invalid GROW_VOLUME operation: "},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__SHRINK_VOLUME, "Invalid SHRINK_VOLUME operation: "},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE_DISK, "Invalid CREATE_DISK Operation: "},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY_DISK, "Invalid DESTROY_DISK Operation: "},
  };
  const char *before = "";
  for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
    if (KINDS[i].type == (int)operation->type) before = KINDS[i].before;
  }
  return LOCAL_WORDS(accept->arena, before, k8smi_local_bag_text(accept->arena, left), " does not contain ",
                     wanted);
}

/* Of resource providers there are none, so that no offer has a disk of one. */
static const char *operation_disk_fault(const struct local_accept *accept,
                                        const operation_message *operation) {
  struct local_resources lists[2];
  if (operation->type != K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE_DISK &&
      operation->type != K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY_DISK) {
    return NULL;
  }
  (void)k8smi_local_operation_lists(operation, lists);
  return operation_lack(accept, operation, &accept->left,
                        k8smi_local_resource_text(accept->arena, lists[0].resources[0]));
}

static bool operation_exchange(struct k8smi_arena *arena, const struct local_bag *bag,
                               const struct operation_turn *turn, struct local_bag *ret) {
  struct local_bag rest;
  return k8smi_local_bag_sub(arena, bag, &turn->from, &rest) &&
         k8smi_local_bag_add(arena, &rest, &turn->to, ret);
}

/* The turns on what is left of the offers. A fault, or NULL. */
static const char *operation_spend(struct local_accept *accept, const operation_message *operation,
                                   const struct operation_turns *turns) {
  struct local_bag left = accept->left;
  for (size_t i = 0; i < turns->count; i++) {
    const struct operation_turn *turn = &turns->rows[i];
    if (!k8smi_local_bag_contains(&left, &turn->from)) {
      return operation_lack(accept, operation, &left, k8smi_local_bag_text(accept->arena, &turn->from));
    }
    /* A volume of another size is for operations of later calls. */
    bool ok = operation_resizes(operation)
                  ? k8smi_local_bag_sub(accept->arena, &left, &turn->from, &left) &&
                        k8smi_local_bag_add(accept->arena, &accept->resized, &turn->to, &accept->resized)
                  : operation_exchange(accept->arena, &left, turn, &left);
    if (!ok) k8smi_local_fail(accept->framework->local);
  }
  accept->left = left;
  return NULL;
}

/* What an agent does not hear of changes the master's books, and nothing else. */
static bool operation_note_unheard(struct local_agent *agent) {
  if (agent->behind || k8smi_local_agent_hears(agent)) return true;
  agent->behind = true;
  return k8smi_local_held_set(&agent->known, &agent->total.bag);
}

static bool operation_apply(struct local_accept *accept, const struct operation_turns *turns) {
  static const struct k8sm_slice NOBODY = {NULL, 0};
  struct local_bag total = accept->agent->total.bag;
  bool ok = operation_note_unheard(accept->agent);
  for (size_t i = 0; i < turns->count && ok; i++) {
    struct operation_turn plain;
    ok = k8smi_local_bag_allocate(accept->arena, &turns->rows[i].from, NOBODY, &plain.from) &&
         k8smi_local_bag_allocate(accept->arena, &turns->rows[i].to, NOBODY, &plain.to) &&
         operation_exchange(accept->arena, &total, &plain, &total);
  }
  return ok && k8smi_local_bag_arrange(accept->arena, &total, &accept->agent->configured, &total) &&
         k8smi_local_held_set(&accept->agent->total, &total);
}

/* ---- An agent that comes back tells what it has ---- */

void k8smi_local_operations_undo(struct local_agent *agent) {
  struct k8smi_arena arena;
  struct local_bag used, left;
  if (!agent->behind) return;
  k8smi_local_agent_rescind(agent);
  k8smi_arena_init(&arena, &agent->local->allocator, 0);
  bool fine = k8smi_local_agent_used(agent, &arena, &used) &&
              k8smi_local_held_set(&agent->total, &agent->known.bag) &&
              k8smi_local_bag_sub(&arena, &agent->total.bag, &used, &left) &&
              k8smi_local_held_set(&agent->free, &left);
  k8smi_arena_free(&arena);
  agent->behind = false;
  if (!fine) k8smi_local_fail(agent->local);
}

static bool operation_is_refused(struct k8smi_local *local) {
  if (local->refusals == 0) return false;
  local->refusals--;
  return true;
}

void k8smi_local_operation(struct local_accept *accept, const operation_message *operation) {
  struct operation_turns turns;
  const char *fault = k8smi_local_operation_fault(accept, operation);
  if (fault == NULL && operation_is_refused(accept->framework->local)) fault = "Not authorized";
  if (fault == NULL) fault = operation_disk_fault(accept, operation);
  if (fault == NULL && !operation_turns(accept, operation, &turns)) {
    k8smi_local_fail(accept->framework->local);
    return;
  }
  if (fault == NULL) fault = operation_spend(accept, operation, &turns);
  if (fault != NULL) {
    k8smi_local_operation_drop(accept->framework, operation, fault);
  } else if (!operation_apply(accept, &turns)) {
    k8smi_local_fail(accept->framework->local);
  } else if (operation->id != NULL) {
    k8smi_local_feedback_begin(accept, operation->id->value);
  }
}
