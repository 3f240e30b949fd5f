/* SPDX-License-Identifier: Apache-2.0 */
#include "match/scan.h"
#include "cluster/answers.h"
#include "cluster/slots.h"

/* Nobody else is waiting for more than scalars, which the columns lack already. */
static bool scan_can_for_others(const struct k8smi_match_check *check) {
  const struct k8smi_need *need = check->need;
  return check->holds == NULL || (need->port_count + need->any_ports + need->extended_count == 0 &&
                                  need->wish == NULL && need->demand->volume_count == 0);
}

bool k8smi_scan_can(const struct k8smi_match_check *check) {
  const struct k8sm_cluster *c = check->cluster;
  const struct k8smi_need *need = check->need;
  const bool names = need->wish != NULL || need->of_disks != 0;
  const bool no_surprise = need->volumes_known == 0 && !c->loose_volumes;
  return scan_can_for_others(check) && (need->demand->volume_count == 0 || no_surprise) &&
         (!names || c->blocks->names.rows.high <= K8SMI_NAME_SET_MAX);
}

bool k8smi_scan_begin(struct k8smi_scan *scan, struct k8smi_match_check *check, size_t number) {
  const struct k8smi_need *need = check->need;
  scan->check = check;
  scan->earlier = number;
  scan->heads = scan->bodies = scan->amounts = 0;
  scan->role = k8smi_map_get(&check->cluster->role_map, need->demand->roles.items[number]);
  scan->rows = need->demand->volume_count > 0 || need->wish != NULL;
  scan->named = scan->rows || need->extended_count > 0;
  scan->lists = scan->named || need->port_count + need->any_ports > 0;
  for (size_t i = 0; i < need->extended_count; i++)
    scan->names[i] = k8smi_block_name(check->cluster, need->demand->extended[i].mesos);
  if (scan->rows) k8smi_scan_names(scan);
  return scan->role != K8SMI_MAP_NONE;
}

/* Of an agent that offers to several of the pod's roles the first of these counts. */
static uint64_t scan_earlier(const struct k8smi_scan *scan, const struct k8smi_block *block, uint64_t there) {
  const struct k8sm_cluster *c = scan->check->cluster;
  uint64_t earlier = 0;
  for (uint64_t left = there; left != 0; left &= left - 1) {
    const int lane = __builtin_ctzll(left);
    if (k8smi_agent_at(c, block->agent[lane])->slots < 2) continue;
    for (size_t i = 0; i < scan->earlier; i++) {
      if (k8smi_slot_find(c, block->agent[lane], scan->check->need->demand->roles.items[i]) != K8SMI_ROW_NONE)
        earlier |= UINT64_C(1) << lane;
    }
  }
  return earlier;
}

/* The slots of agents that the pod may go to. */
static uint64_t scan_taken(const struct k8smi_answers *same, const struct k8smi_block *block,
                           uint64_t there) {
  uint64_t taken = 0;
  if (block->first_agent != K8SMI_ROW_NONE) return there & k8smi_answers_fitting(same, block->first_agent);
  for (int i = 0; i < K8SMI_LANES; i++) /* of slots that are not used any more, too: nothing to skip */
    taken |= (uint64_t)k8smi_answers_fit(same, block->agent[i]) << i;
  return there & taken;
}

/* ---- Slots that are to be asked one by one ---- */

void k8smi_scan_set_slot(const struct k8smi_scan *scan, size_t block, int lane) {
  const uint32_t row = (uint32_t)(block * K8SMI_LANES) + (uint32_t)lane;
  scan->check->slot = k8smi_slot_at(scan->check->cluster, row);
  scan->check->agent_row = scan->check->slot->agent;
  scan->check->agent = k8smi_agent_at(scan->check->cluster, scan->check->agent_row);
}

static void scan_note(uint64_t *word, uint64_t bit, bool set) {
  *word = set ? *word | bit : *word & ~bit;
}

static void scan_ask(const struct k8smi_scan *scan, size_t block, uint64_t ask,
                     struct k8smi_scan_words *ret) {
  const struct k8smi_match_check *check = scan->check;
  const struct k8smi_need *need = check->need;
  for (; ask != 0; ask &= ask - 1) {
    const uint64_t bit = ask & -ask;
    k8smi_scan_set_slot(scan, block, __builtin_ctzll(ask));
    for (int i = 0; i < K8SMI_SCAN_ROWS; i++) {
      const int row = K8SMI_BY_RESERVATION + i;
      if ((need->rows & K8SMI_ROW(row)) != 0)
        scan_note(&ret->rows[i], bit, k8smi_predicates[row].refuses(check));
    }
    for (int s = 0; s < K8SMI_SCALARS; s++)
      scan_note(&ret->less[s], bit, k8smi_slot_has(check, (uint32_t)s) < need->scalars[s]);
    for (size_t i = 0; i < need->extended_count; i++) {
      const struct k8smi_demand_extended *e = &need->demand->extended[i];
      scan_note(&ret->lacks[i], bit, k8smi_slot_has_extended(check, e->mesos) < e->milli);
    }
  }
}

/* ---- Blocks to come ---- */

enum { SCAN_FAR = 24, SCAN_NEAR = 12, SCAN_NEXT = 6 }; /* blocks ahead */

/* Part of its callers: as a function it does nothing that compilers know of, and they leave it out. */
__attribute__((always_inline)) static inline void scan_fetch(const void *from, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)from + i);
  __builtin_prefetch((const char *)from + bytes - 1);
}

/* Will the amounts of a name be looked at? */
static bool scan_looks_at(const struct k8smi_scan *scan, const struct k8smi_named_head *head) {
  const struct k8smi_need *need = scan->check->need;
  bool looks = false;
  for (size_t i = 0; !looks && i < need->extended_count; i++)
    looks = head->name == scan->names[i] && head->most >= k8smi_number(need->demand->extended[i].milli);
  if (looks || !scan->rows) return looks;
  looks =
      scan->plain_milli > 0 && (head->name == scan->sum ||
                                (head->name == scan->part && head->most >= k8smi_number(scan->plain_milli)));
  for (int s = 0; !looks && need->wish != NULL && s < K8SMI_SCALARS; s++)
    looks =
        k8smi_name_set_has(&scan->reserved[s], head->name) && head->most >= k8smi_number(need->scalars[s]);
  for (size_t i = 0; !looks && i < scan->disk_count; i++)
    looks = k8smi_name_set_has(&scan->disks[i].names, head->name) &&
            head->most >= k8smi_number(scan->disks[i].milli);
  return looks;
}

/* What will be looked at of a block whose head is here; and of amounts whose heads are. */
__attribute__((always_inline)) static inline void scan_fetch_body(const struct k8smi_scan *scan,
                                                                  const struct k8smi_block *block) {
  const struct k8smi_need *need = scan->check->need;
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    if (k8smi_block_free_differs(block, s, k8smi_number(need->scalars[s])) ||
        (s == K8SMI_DISK && scan->rows && scan->plain_milli > 0))
      scan_fetch(block->free[s], sizeof block->free[s]);
  }
  for (uint32_t i = 0; need->port_count > 0 && i < block->layer_count; i++) {
    if (k8smi_block_may_have_port(block, i, need->ports[0]))
      scan_fetch(&block->ports[i], sizeof block->ports[i]);
  }
  if (scan->named && block->named.count > 0)
    scan_fetch(block->named.heads, block->named.count * sizeof *block->named.heads);
}
__attribute__((always_inline)) static inline void scan_fetch_amounts(const struct k8smi_scan *scan,
                                                                     const struct k8smi_named *named) {
  for (uint32_t i = 0; i < named->count; i++) {
    if (scan_looks_at(scan, &named->heads[i]))
      scan_fetch(k8smi_named_amounts(named, i), K8SMI_LANES * sizeof(int32_t));
  }
}

/* Blocks lie apart, and mostly wait in memory since their offers came: what is needed next is asked for while
 * there is something to do. Many a search ends with the first blocks, so it begins with little. */
static void scan_fetch_ahead(struct k8smi_scan *scan, size_t number) {
  const struct k8smi_blocks *all = scan->check->cluster->blocks;
  const size_t head = scan->lists ? offsetof(struct k8smi_block, port_bounds[K8SMI_PORT_LAYERS_MAX / 4])
                                  : offsetof(struct k8smi_block, named);
  const size_t far = number + (number < SCAN_FAR ? number : SCAN_FAR);
  const size_t near = number + (number / 2 < SCAN_NEAR ? number / 2 : SCAN_NEAR);
  const size_t next = number + (number / 4 < SCAN_NEXT ? number / 4 : SCAN_NEXT);
  for (; scan->heads < all->count && scan->heads <= far; scan->heads++)
    scan_fetch(all->items[scan->heads], head);
  for (; scan->bodies < all->count && scan->bodies <= near; scan->bodies++)
    scan_fetch_body(scan, all->items[scan->bodies]);
  for (; scan->named && scan->amounts < all->count && scan->amounts <= next; scan->amounts++)
    scan_fetch_amounts(scan, &all->items[scan->amounts]->named);
}

/* ---- A block ---- */

static uint64_t scan_no_ports(const struct k8smi_need *need, const struct k8smi_block *block) {
  uint64_t with = need->port_is_nowhere ? 0 : UINT64_MAX;
  for (size_t i = 0; with != 0 && i < need->port_count; i++)
    with &= k8smi_block_with_port(block, need->ports[i]);
  if (with != 0 && need->any_ports > 0)
    with &= k8smi_block_with_ports(block, need->port_count + need->any_ports);
  return ~with;
}

static void scan_extended(const struct k8smi_scan *scan, const struct k8smi_block *block, uint64_t *ask,
                          struct k8smi_scan_words *ret) {
  const struct k8smi_need *need = scan->check->need;
  for (size_t i = 0; i < need->extended_count; i++) {
    const int64_t least = need->demand->extended[i].milli;
    ret->lacks[i] = k8smi_block_with_less(block, scan->names[i], k8smi_number(least));
    if (least > INT32_MAX) *ask |= k8smi_scan_large(k8smi_block_amounts(block, scan->names[i]));
  }
}

void k8smi_scan_block(struct k8smi_scan *scan, size_t number, struct k8smi_scan_words *ret) {
  const struct k8smi_match_check *check = scan->check;
  const struct k8smi_need *need = check->need;
  const struct k8smi_block *block = check->cluster->blocks->items[number];
  uint64_t ask = block->owned;
  scan_fetch_ahead(scan, number);
  ret->there = k8smi_block_of_role(block, scan->role);
  if (check->same != NULL && ret->there != 0) ret->there = scan_taken(check->same, block, ret->there);
  if (scan->earlier > 0 && check->cluster->several > 0) ret->there &= ~scan_earlier(scan, block, ret->there);
  ret->refused = 0;
  if (ret->there == 0) return;
  memset(ret->rows, 0, sizeof ret->rows);
  if (need->wish != NULL) {
    k8smi_scan_reserved(scan, block, ret, &ask);
  } else {
    for (int s = 0; s < K8SMI_SCALARS; s++) k8smi_scan_free(block, s, need->scalars[s], ret, &ask);
  }
  if (scan->rows) k8smi_scan_rows(scan, block, ret, &ask);
  if (need->port_count + need->any_ports > 0) ret->rows[K8SMI_SCAN_PORTS] = scan_no_ports(need, block);
  scan_extended(scan, block, &ask, ret);
  if (scan->lists) ask |= block->asked;
  scan_ask(scan, number, ask & ret->there, ret);
  for (int i = 0; i < K8SMI_SCAN_ROWS; i++) ret->refused |= ret->rows[i];
  for (int s = 0; s < K8SMI_SCALARS; s++) ret->refused |= ret->less[s];
  for (size_t i = 0; i < need->extended_count; i++) ret->refused |= ret->lacks[i];
  ret->refused &= ret->there;
}

bool k8smi_scan_finds_none(struct k8smi_match_check *check, size_t number) {
  struct k8smi_scan scan;
  struct k8smi_scan_words words;
  if (!k8smi_scan_can(check)) return false;
  if (!k8smi_scan_begin(&scan, check, number)) return true;
  scan.earlier = 0; /* where one of these does not fit, this one may */
  for (size_t i = 0; i < check->cluster->blocks->count; i++) {
    k8smi_scan_block(&scan, i, &words);
    if ((words.there & ~words.refused) != 0) return false;
  }
  return true;
}
