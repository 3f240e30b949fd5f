/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pods.h"
#include "base/expect.h"
#include "base/findings.h"
#include "base/slice.h"
#include "demand/demand.h"
#include "status/status.h"

void k8smi_drv_pods_init(struct drv_pods *pods, struct drv_core *core) {
  memset(pods, 0, sizeof *pods);
  k8smi_list_init(&pods->awake);
  k8smi_list_init(&pods->drowsy);
  k8smi_list_init(&pods->shown);
  k8smi_list_init(&pods->dirty);
  k8smi_map_init(&pods->by_uid, &core->allocator, k8smi_drv_random(core));
  k8smi_map_init(&pods->by_key, &core->allocator, k8smi_drv_random(core));
}

void k8smi_drv_pods_free(struct drv_pods *pods, struct drv_core *core) {
  for (size_t i = 0; i < pods->count; i++) {
    if (pods->slots[i] != NULL) k8smi_drv_pod_free(core, pods->slots[i]);
  }
  k8smi_free(&core->allocator, pods->slots, pods->cap * sizeof(struct drv_pod *));
  k8smi_drv_agenda_free(&pods->due, core);
  k8smi_drv_agenda_free(&pods->doubts, core);
  k8smi_drv_agenda_free(&pods->turns, core);
  k8smi_drv_models_free(&pods->models, core);
  k8smi_drv_lookup_free(&pods->by_claim, &core->allocator);
  k8smi_map_free(&pods->by_uid);
  k8smi_map_free(&pods->by_key);
}

struct drv_pod *k8smi_drv_pods_by_uid(const struct drv_pods *pods, struct k8sm_slice uid) {
  uint32_t i = k8smi_map_get(&pods->by_uid, uid);
  return i == K8SMI_MAP_NONE ? NULL : pods->slots[i];
}

uint32_t k8smi_drv_pods_expect(const struct drv_pods *pods, struct k8sm_slice uid) {
  return k8smi_map_expect(&pods->by_uid, uid);
}

struct drv_pod *k8smi_drv_pods_guess(const struct drv_pods *pods, uint32_t expected) {
  const uint32_t i = k8smi_map_guess(&pods->by_uid, expected);
  if (i == K8SMI_MAP_NONE) return NULL;
  struct drv_pod *pod = pods->slots[i];
  k8smi_expect(pod, sizeof *pod);
  return pod;
}

void k8smi_drv_pod_expect_parts(const struct drv_pod *pod) {
  enum { IDS = 128 }; /* bytes, behind a task */
  k8smi_expect(pod->tasks, sizeof *pod->tasks + IDS);
  k8smi_status_expect(pod->status);
  k8smi_expect(pod->demand, sizeof *pod->demand);
  if (pod->place != NULL) k8smi_expect(&pod->place->reserved, sizeof pod->place->reserved);
}

void k8smi_drv_pod_expect_more(const struct drv_pod *pod) {
  k8smi_status_expect_texts(pod->status);
  k8smi_demand_expect(pod->demand);
  if (pod->tasks != NULL) k8smi_expect(pod->tasks->next, sizeof *pod->tasks);
}

struct drv_pod *k8smi_drv_pods_find(const struct drv_pods *pods, struct k8sm_slice key) {
  uint32_t i = k8smi_map_get(&pods->by_key, key);
  return i == K8SMI_MAP_NONE ? k8smi_drv_pods_by_uid(pods, key) : pods->slots[i];
}

/* A free slot. Removed pods leave holes, which are filled first when there are any. */
static bool pods_slot(struct drv_pods *pods, struct drv_core *core, uint32_t *ret) {
  size_t i = pods->hole;
  while (i < pods->count && pods->slots[i] != NULL) i++;
  pods->hole = i;
  void *items = pods->slots;
  if (i >= K8SMI_MAP_NONE || !k8smi_drv_agenda_room(&pods->due, core, i + 1) ||
      !k8smi_drv_agenda_room(&pods->doubts, core, i + 1) ||
      !k8smi_drv_agenda_room(&pods->turns, core, i + 1) ||
      !k8smi_grow(&core->allocator, &items, &pods->cap, i + 1, sizeof(struct drv_pod *))) {
    return false;
  }
  pods->slots = items;
  *ret = (uint32_t)i;
  return true;
}

/* Of a pod that is there for as long as its claimants are: all of its attempts name the same claims. */
static bool pods_make_claimants(struct drv_core *core, struct drv_pod *pod) {
  const struct k8sm_demand *demand = pod->demand;
  uint32_t n = 0;
  for (size_t i = 0; i < demand->volume_count; i++) n += demand->volumes[i].row.claim.len > 0;
  if (n == 0) return true;
  pod->claimants = k8smi_zalloc(&core->allocator, n * sizeof *pod->claimants);
  if (pod->claimants == NULL) return false;
  pod->claimant_count = n;
  return true;
}

static uint64_t pods_claim_hash(const struct drv_pods *pods, struct k8sm_slice claim) {
  return k8smi_hash(claim.ptr, claim.len, pods->by_uid.seed);
}

static void pods_add_claimants(struct drv_pods *pods, struct drv_core *core, struct drv_pod *pod) {
  struct drv_claimant *next = pod->claimants;
  for (size_t i = 0; i < pod->demand->volume_count; i++) {
    struct k8sm_slice claim = pod->demand->volumes[i].row.claim;
    if (claim.len == 0) continue;
    next->pod = pod;
    k8smi_drv_lookup_put(&pods->by_claim, &core->allocator, &next->claim, pods_claim_hash(pods, claim));
    next++;
  }
}

static struct drv_claimant *pods_claimant(struct drv_key *key) {
  return key == NULL ? NULL : K8SMI_OF(key, drv_claimant, claim);
}

struct drv_claimant *k8smi_drv_pods_first_claimant(struct drv_pods *pods, struct k8sm_slice claim) {
  return pods_claimant(k8smi_drv_lookup_first(&pods->by_claim, pods_claim_hash(pods, claim)));
}

struct drv_claimant *k8smi_drv_pods_next_claimant(const struct drv_claimant *claimant) {
  return pods_claimant(k8smi_drv_lookup_next(&claimant->claim));
}

/* The highest priority first: all of them are 32-bit numbers in Kubernetes. */
static uint64_t pods_turn_order(const struct drv_pod *pod) {
  return (uint64_t)(INT32_MAX - pod->demand->priority) << 32 | pod->slot;
}

int k8smi_drv_pods_add(struct drv_pods *pods, struct drv_core *core, struct drv_pod *pod,
                       struct k8sm_diags *diags) {
  if (k8smi_map_get(&pods->by_key, pod->key) != K8SMI_MAP_NONE ||
      k8smi_map_get(&pods->by_uid, pod->uid) != K8SMI_MAP_NONE) {
    k8smi_find(diags, K8SM_DIAG_POD_EXISTS, NULL, "pod %.*s (uid %.*s) is there already", K8SMI_P(pod->key),
               K8SMI_P(pod->uid));
    return K8SM_ERR_INVALID;
  }
  uint32_t slot;
  if (!pods_slot(pods, core, &slot) || !pods_make_claimants(core, pod))
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  if (!k8smi_map_put(&pods->by_uid, pod->uid, slot)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  if (!k8smi_map_put(&pods->by_key, pod->key, slot)) {
    k8smi_map_remove(&pods->by_uid, pod->uid);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  pod->slot = slot;
  k8smi_drv_due_init(&pod->due, slot);
  k8smi_drv_due_init(&pod->doubt, slot);
  k8smi_drv_due_init(&pod->turn, pods_turn_order(pod));
  pods_add_claimants(pods, core, pod);
  pods->slots[slot] = pod;
  pods->seen = (struct drv_seen){0, 0};
  pod->awake_ms = core->mono_ms;
  k8smi_list_add(&pods->awake, &pod->awake);
  if (slot == pods->count) pods->count++;
  k8smi_drv_pods_touch(pods, pod);
  return K8SM_OK;
}

void k8smi_drv_pods_remove(struct drv_pods *pods, struct drv_pod *pod) {
  k8smi_list_remove(&pod->awake);
  k8smi_list_remove(&pod->dirty);
  k8smi_drv_agenda_set(&pods->due, &pod->due, DRV_NEVER);
  k8smi_drv_agenda_set(&pods->doubts, &pod->doubt, DRV_NEVER);
  k8smi_drv_pod_set_next_need(pods, pod, DRV_NEVER);
  k8smi_drv_pod_set_need(pods, pod, DRV_NEED_NOTHING);
  for (uint32_t i = 0; i < pod->claimant_count; i++)
    k8smi_drv_lookup_remove(&pods->by_claim, &pods->by_uid.allocator, &pod->claimants[i].claim);
  k8smi_map_remove(&pods->by_uid, pod->uid);
  k8smi_map_remove(&pods->by_key, pod->key);
  pods->slots[pod->slot] = NULL;
  pods->seen = (struct drv_seen){0, 0};
  if (pod->slot < pods->hole) pods->hole = pod->slot;
  while (pods->count != 0 && pods->slots[pods->count - 1] == NULL) pods->count--;
  if (pods->hole > pods->count) pods->hole = pods->count;
}

void k8smi_drv_pods_touch(struct drv_pods *pods, struct drv_pod *pod) {
  if (k8smi_list_empty(&pod->dirty)) k8smi_list_add(&pods->dirty, &pod->dirty);
}

/* Where it is in the rounds stays as it is while it needs something. */
static void pods_set_turn(struct drv_pods *pods, struct drv_pod *pod) {
  uint64_t at = pod->turn.at < DRV_LATER ? pod->turn.at : pods->round;
  if (pod->need == DRV_NEED_NOTHING) at = pod->next_need_ms == DRV_NEVER ? DRV_NEVER : DRV_LATER;
  k8smi_drv_agenda_set(&pods->turns, &pod->turn, at);
}

void k8smi_drv_pod_set_next_need(struct drv_pods *pods, struct drv_pod *pod, uint64_t at_ms) {
  pods->needs_changed |= pod->next_need_ms != at_ms;
  pod->next_need_ms = at_ms;
  pods_set_turn(pods, pod);
}

void k8smi_drv_pod_set_need(struct drv_pods *pods, struct drv_pod *pod, enum drv_need need) {
  pods->needs -= pod->need != DRV_NEED_NOTHING;
  pods->needs += need != DRV_NEED_NOTHING;
  pod->need = need;
  pods->needs_changed = true;
  pods_set_turn(pods, pod);
}

struct drv_pod *k8smi_drv_pods_next_turn(struct drv_pods *pods) {
  struct drv_due *due = k8smi_drv_agenda_take(&pods->turns, pods->round);
  if (due == NULL) return NULL;
  k8smi_drv_agenda_set(&pods->turns, due, pods->round + 1);
  return K8SMI_OF(due, drv_pod, turn);
}

void k8smi_drv_pod_return_turn(struct drv_pods *pods, struct drv_pod *pod) {
  if (pod->need != DRV_NEED_NOTHING) k8smi_drv_agenda_set(&pods->turns, &pod->turn, pods->round);
}

struct drv_task *k8smi_drv_task_new(struct drv_core *core, struct k8sm_slice id, struct k8sm_slice agent_id) {
  struct k8sm_task_id parts = {.attempt = 0};
  size_t size = sizeof(struct drv_task) + id.len + agent_id.len + 2;
  struct drv_task *task = k8smi_zalloc(&core->allocator, size);
  if (task == NULL) return NULL;
  task->size = size;
  task->state = -1;
  task->doubt_ms = DRV_NEVER;
  task->id = (struct k8sm_slice){task->text, id.len};
  task->agent_id = (struct k8sm_slice){task->text + id.len + 1, agent_id.len};
  memcpy(task->text, id.ptr, id.len);
  if (agent_id.len != 0) memcpy(task->text + id.len + 1, agent_id.ptr, agent_id.len);
  task->named = k8sm_task_id_parse(id.ptr, id.len, &parts) == K8SM_OK;
  task->attempt = parts.attempt;
  task->pause = parts.container.len == 0;
  return task;
}

static void pods_free_task(struct drv_core *core, struct drv_task *task) {
  k8smi_free(&core->allocator, task, task->size);
}

void k8smi_drv_tasks_free(struct drv_core *core, struct drv_task *tasks) {
  while (tasks != NULL) {
    struct drv_task *next = tasks->next;
    pods_free_task(core, tasks);
    tasks = next;
  }
}

struct drv_task *k8smi_drv_pod_task(const struct drv_pod *pod, struct k8sm_slice id) {
  struct drv_task *t = pod->tasks;
  while (t != NULL && !k8smi_eq(t->id, id)) t = t->next;
  return t;
}

void k8smi_drv_pod_end_task(struct drv_core *core, struct drv_pod *pod, struct drv_task *task) {
  struct drv_task **at = &pod->tasks;
  while (*at != task) at = &(*at)->next;
  *at = task->next;
  pod->tasks_changed = true;
  pods_free_task(core, task);
}

struct drv_place *k8smi_drv_place_new(const struct drv_core *core, struct k8sm_slice agent_id,
                                      struct k8sm_slice hostname, struct k8sm_slice executor, size_t more) {
  enum { TEXTS = 3 };
  const struct k8sm_slice from[TEXTS] = {agent_id, hostname, executor};
  size_t expected = more + agent_id.len + hostname.len + executor.len + TEXTS;
  struct drv_place *place =
      k8smi_value_new(&core->allocator, 0, sizeof *place, offsetof(struct drv_place, arena), expected);
  if (place == NULL) return NULL;
  struct k8sm_slice *const to[TEXTS] = {&place->agent_id, &place->hostname, &place->executor};
  bool ok = true;
  for (size_t i = 0; i < TEXTS; i++) {
    *to[i] = k8smi_arena_copy(&place->arena, from[i].ptr, from[i].len);
    ok &= to[i]->ptr != NULL;
  }
  if (ok) return place;
  k8smi_drv_place_free(place);
  return NULL;
}

void k8smi_drv_place_free(struct drv_place *place) {
  if (place != NULL) K8SMI_VALUE_FREE(drv_place, place);
}

struct k8sm_slice k8smi_drv_pod_agent(const struct drv_pod *pod) {
  if (pod->place != NULL) return pod->place->agent_id;
  return pod->status->launched ? pod->status->agent_id : K8SMI_S("");
}

struct drv_pod_view k8smi_drv_pod_view(const struct drv_pod *pod) {
  return (struct drv_pod_view){.pod = pod,
                               .kube = pod->pod,
                               .status = pod->status,
                               .place = pod->place,
                               .deleting = pod->deleting || pod->delete_asked,
                               .grace_seconds = pod->grace_seconds};
}
