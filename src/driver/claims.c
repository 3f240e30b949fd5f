/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that are deleted. First the host records it. As long as a pod has the claim nothing happens, and no
 * other pod gets it. Then its volume is destroyed wherever it is offered. What the master did with an ACCEPT
 * offers show: a claim is gone when nothing of it is offered any more. */
#include "base/findings.h"
#include "base/slice.h"
#include "wire/id.h"
#include "cluster/volumes.h"
#include "driver/state.h"
#include "status/status.h"

enum {
  CLAIM_SEARCH_MS = 60 * 1000, /* for agents to offer what they have */
  CLAIM_PAUSE_MS = 600 * 1000, /* before one that is known to have it, and is away, is looked for again */
  CLAIM_SETTLE_MS = 10 * 1000, /* for an agent to offer it again, where it could not be destroyed */
  CLAIM_AGAIN_MS = 5000
};

/* ---- The table ---- */

void k8smi_drv_claims_init(struct k8sm_driver *d) {
  k8smi_map_init(&d->claims.by_name, &d->core.allocator, d->core.random);
  k8smi_list_init(&d->claims.changed);
}

static void claim_free(struct k8sm_driver *d, struct drv_claim *claim) {
  k8smi_free(&d->core.allocator, claim, claim->size);
}

void k8smi_drv_claims_free(struct k8sm_driver *d) {
  struct drv_claims *cs = &d->claims;
  for (size_t i = 0; i < cs->count; i++) claim_free(d, cs->items[i]);
  k8smi_free(&d->core.allocator, cs->items, cs->cap * sizeof(struct drv_claim *));
  k8smi_map_free(&cs->by_name);
}

/* NULL: it is not being deleted. */
static struct drv_claim *claims_find(const struct k8sm_driver *d, struct k8sm_slice name) {
  uint32_t i = d->claims.count == 0 ? K8SMI_MAP_NONE : k8smi_map_get(&d->claims.by_name, name);
  return i == K8SMI_MAP_NONE ? NULL : d->claims.items[i];
}

bool k8smi_drv_claim_is_deleted(const struct k8sm_driver *d, struct k8sm_slice name) {
  const struct drv_claim *claim = claims_find(d, name);
  return claim != NULL && claim->kept;
}

/* Texts of its own: the name, and the volume's id, which differs in a dot. */
static struct drv_claim *claim_new(struct k8sm_driver *d, struct k8sm_slice name, size_t slash) {
  struct drv_claim *claim = k8smi_zalloc(&d->core.allocator, sizeof *claim + 2 * (name.len + 1));
  if (claim == NULL) return NULL;
  claim->size = sizeof *claim + 2 * (name.len + 1);
  memcpy(claim->text, name.ptr, name.len);
  memcpy(claim->text + name.len + 1, name.ptr, name.len);
  claim->text[name.len + 1 + slash] = '.';
  claim->name = (struct k8sm_slice){claim->text, name.len};
  claim->volume = (struct k8sm_slice){claim->text + name.len + 1, name.len};
  claim->until_ms = DRV_NEVER;
  k8smi_list_init(&claim->changed);
  return claim;
}

static bool claim_insert(struct k8sm_driver *d, struct drv_claim *claim) {
  struct drv_claims *cs = &d->claims;
  void *items = cs->items;
  if (!k8smi_grow(&d->core.allocator, &items, &cs->cap, cs->count + 1, sizeof(struct drv_claim *)))
    return false;
  cs->items = items;
  if (!k8smi_map_put(&cs->by_name, claim->name, (uint32_t)cs->count)) return false;
  cs->items[cs->count++] = claim;
  k8smi_list_add(&cs->changed, &claim->changed);
  return true;
}

/* The last one takes its place. Pods that waited for its end go on. */
static void claim_remove(struct k8sm_driver *d, struct drv_claim *claim) {
  struct drv_claims *cs = &d->claims;
  uint32_t i = k8smi_map_remove(&cs->by_name, claim->name);
  struct drv_claim *last = cs->items[--cs->count];
  cs->items[i] = last;
  if (last != claim) (void)!k8smi_map_put(&cs->by_name, last->name, i); /* takes no memory: it is there */
  k8smi_list_remove(&claim->changed);
  claim_free(d, claim);
  d->offers.fresh = d->offers.revive = d->pods.needs_changed = true;
}

/* ---- The record ---- */

struct k8sm_slice k8smi_drv_claim_key(const struct drv_claim *claim, char *text, size_t cap) {
  const size_t prefix = sizeof DRV_CLAIM_KEY - 1;
  size_t n = claim->name.len < cap - prefix ? claim->name.len : cap - prefix;
  memcpy(text, DRV_CLAIM_KEY, prefix);
  memcpy(text + prefix, claim->name.ptr, n);
  return (struct k8sm_slice){text, prefix + n};
}

void k8smi_drv_claim_row(const struct k8sm_driver *d, const struct drv_claim *claim, struct k8smi_buf *buf) {
  const struct k8sm_cluster *c = d->offers.cluster;
  uint32_t agent = k8smi_volume_agent(c, claim->volume);
  struct k8sm_slice agent_id = agent == K8SMI_ROW_NONE ? K8SMI_S("") : k8smi_agent_at(c, agent)->id;
  k8smi_drv_snapshot_write_claim(buf, agent_id);
}

static int claim_record(struct k8sm_driver *d, struct drv_claim *claim, enum drv_record_kind kind) {
  char text[DRV_ID_CAP + 8];
  struct drv_record *record;
  struct k8smi_buf row;
  int r = k8smi_drv_record_new(&d->core, kind, &record);
  if (r != K8SM_OK) return r;
  record->claim = claim;
  k8smi_buf_init(&row, &d->core.allocator);
  if (kind == DRV_RECORD_CLAIM) k8smi_drv_claim_row(d, claim, &row);
  r = row.failed
          ? K8SM_ERR_NOMEM
          : k8smi_drv_record_put(&d->records, &d->core, record, k8smi_drv_claim_key(claim, text, sizeof text),
                                 (struct k8sm_slice){row.ptr, row.len});
  k8smi_buf_free(&row);
  if (r != K8SM_OK) k8smi_free(&d->core.allocator, record, sizeof *record);
  return r;
}

/* "namespace/name", as the id of a volume may be. *ret: where the slash is. */
static bool claim_name_valid(struct k8sm_slice name, size_t *ret) {
  const char *slash = name.len == 0 ? NULL : memchr(name.ptr, '/', name.len);
  if (slash == NULL || name.len >= DRV_ID_CAP) return false;
  *ret = (size_t)(slash - name.ptr);
  struct k8sm_slice name_space = {name.ptr, *ret}, rest = {slash + 1, name.len - *ret - 1};
  return k8smi_id_valid(name_space) && k8smi_id_valid(rest);
}

static int claim_make(struct k8sm_driver *d, struct k8sm_slice name, struct drv_claim **ret,
                      struct k8sm_diags *diags) {
  size_t slash;
  if (!claim_name_valid(name, &slash)) {
    k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "'%.*s' is no claim; expected namespace/name",
               K8SMI_P(name));
    return K8SM_ERR_INVALID;
  }
  struct drv_claim *claim = claim_new(d, name, slash);
  if (claim == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  if (!claim_insert(d, claim)) {
    claim_free(d, claim);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  *ret = claim;
  return K8SM_OK;
}

int k8smi_drv_claim_delete(struct k8sm_driver *d, struct k8sm_slice name, struct k8sm_diags *diags) {
  struct drv_claim *claim;
  if (claims_find(d, name) != NULL) return K8SM_OK;
  int r = claim_make(d, name, &claim, diags);
  if (r != K8SM_OK) return r;
  r = claim_record(d, claim, DRV_RECORD_CLAIM);
  if (r != K8SM_OK) claim_remove(d, claim);
  return r;
}

int k8smi_drv_claim_restore(struct k8sm_driver *d, struct k8sm_slice key, struct k8sm_slice bytes,
                            struct k8sm_diags *diags) {
  const size_t prefix = sizeof DRV_CLAIM_KEY - 1;
  struct k8sm_slice name = {key.ptr + prefix, key.len - prefix}, agent_id;
  struct k8smi_arena arena;
  struct drv_claim *claim;
  if (claims_find(d, name) != NULL) return K8SM_OK;
  k8smi_arena_init(&arena, &d->core.allocator, 0);
  int r = k8smi_drv_snapshot_read_claim(&arena, bytes, &agent_id, diags);
  if (r == K8SM_OK) r = claim_make(d, name, &claim, diags);
  if (r == K8SM_OK && agent_id.len > 0 && k8smi_drv_volume_find(d, claim->volume) == NULL) {
    r = k8sm_cluster_note_volume(d->offers.cluster, claim->volume, agent_id);
    if (r != K8SM_OK) claim_remove(d, claim);
  }
  if (r == K8SM_OK) claim->kept = true;
  k8smi_arena_free(&arena);
  return r;
}

/* ---- What has it, and what waits for it ---- */

/* It was placed once, and is not over: another attempt of it has the claim again. */
static bool claim_pod_has(const struct drv_pod *pod) {
  bool over = pod->status->ending || k8smi_status_is_final(pod->status);
  if (over && !k8smi_status_alive(pod->status) && pod->launches == 0) return false;
  return pod->recorded && !pod->removed;
}

void k8smi_drv_claims_touch(struct k8sm_driver *d, const struct drv_pod *pod) {
  for (size_t i = 0; i < pod->demand->volume_count; i++) {
    struct drv_claim *claim = claims_find(d, pod->demand->volumes[i].row.claim);
    if (claim != NULL && k8smi_list_empty(&claim->changed))
      k8smi_list_add(&d->claims.changed, &claim->changed);
  }
}

static bool claim_is_named(const struct drv_claim *claim, const struct drv_pod *pod) {
  size_t i = 0, n = pod->demand->volume_count;
  while (i < n && !k8smi_eq(pod->demand->volumes[i].row.claim, claim->name)) i++;
  return i < n;
}

/* Whether some pod has it. Errors: NOMEM; nothing has changed then. */
static int claim_look_for_users(struct k8sm_driver *d, struct drv_claim *claim) {
  struct drv_claimant *at = k8smi_drv_pods_first_claimant(&d->pods, claim->name);
  bool used = false;
  for (; at != NULL; at = k8smi_drv_pods_next_claimant(at)) {
    int r = k8smi_drv_pod_wake(d, at->pod);
    if (r != K8SM_OK) return r;
    used |= claim_is_named(claim, at->pod) && claim_pod_has(at->pod);
  }
  claim->used = used;
  k8smi_list_remove(&claim->changed);
  return K8SM_OK;
}

const struct drv_claim *k8smi_drv_claim_awaited(const struct k8sm_driver *d, const struct drv_pod *pod) {
  if (d->claims.count == 0 || pod->need != DRV_NEED_PLACE || claim_pod_has(pod)) return NULL;
  for (size_t i = 0; i < pod->demand->volume_count; i++) {
    const struct drv_claim *claim = claims_find(d, pod->demand->volumes[i].row.claim);
    if (claim != NULL) return claim;
  }
  return NULL;
}

/* ---- Giving back ---- */

static bool claim_is_due(const struct drv_claim *claim) {
  return claim->kept && !claim->used && !claim->removing;
}

size_t k8smi_drv_claims_due(const struct k8sm_driver *d, struct k8sm_slice *rows) {
  size_t n = 0;
  for (size_t i = 0; i < d->claims.count; i++) {
    if (!claim_is_due(d->claims.items[i])) continue;
    if (rows != NULL) rows[n] = d->claims.items[i]->name;
    n++;
  }
  return n;
}

/* What no claim that is deleted asks for is left of a volume that could not be made. */
int k8smi_drv_claim_say(struct k8sm_driver *d, struct k8sm_slice name, struct k8sm_slice agent_id) {
  static const struct k8sm_slice nobody = {NULL, 0};
  const struct drv_claim *claim = claims_find(d, name);
  const char *what = claim != NULL && claim_is_due(claim) ? "its volume is destroyed"
                                                          : "disk was reserved, and no volume made of it";
  return k8smi_drv_eventf(&d->core, 0, nobody, "Claim: %.*s on agent %.*s: %s; it is given back",
                          K8SMI_P(name), K8SMI_P(agent_id), what);
}

void k8smi_drv_claim_released(struct k8sm_driver *d, struct k8sm_slice name, const struct drv_call *call) {
  struct drv_claim *claim = claims_find(d, name);
  if (claim == NULL || !claim_is_due(claim)) return;
  claim->call = call;
  k8sm_cluster_forget_volume(d->offers.cluster, claim->volume); /* it is known again when it is seen again */
}

/* The time that a claim is looked for begins anew with each thing that happens to it. */
static void claim_wait(struct k8sm_driver *d, struct drv_claim *claim, uint64_t ms) {
  claim->until_ms = k8smi_drv_after(&d->core, ms);
  claim->call = NULL;
  claim->answered = false;
}

void k8smi_drv_claims_called(struct k8sm_driver *d, const struct drv_call *call) {
  for (size_t i = 0; i < d->claims.count; i++) {
    struct drv_claim *claim = d->claims.items[i];
    if (claim->call != call) continue;
    claim_wait(d, claim, CLAIM_SETTLE_MS);
    if (call->outcome != DRV_CALL_DONE) claim->until_ms = DRV_NEVER; /* it may be there */
  }
}

void k8smi_drv_claims_reset(struct k8sm_driver *d) {
  for (size_t i = 0; i < d->claims.count; i++) d->claims.items[i]->until_ms = DRV_NEVER;
}

/* Until when. */
static uint64_t claim_paused(const struct drv_claim *claim) {
  return claim->until_ms > DRV_NEVER - CLAIM_PAUSE_MS ? DRV_NEVER : claim->until_ms + CLAIM_PAUSE_MS;
}

/* Whether some agent has its volume. A process that has died may have destroyed it: an agent that makes
 * offers without it for as long as it is looked for has it no more. What it offers with it is given back at
 * once. */
static bool claim_is_there(struct k8sm_driver *d, struct drv_claim *claim) {
  struct k8sm_cluster *c = d->offers.cluster;
  uint32_t agent = k8smi_volume_agent(c, claim->volume);
  if (agent == K8SMI_ROW_NONE) return false;
  if (claim->wanting && k8smi_agent_at(c, agent)->offers > 0) claim->answered = true;
  if (!claim->answered || !claim_is_due(claim) || d->core.mono_ms < claim->until_ms) return true;
  k8sm_cluster_forget_volume(c, claim->volume);
  return false;
}

/* True: its volume has no row any more; else when that is removed. */
static bool claim_end_volume(struct k8sm_driver *d, const struct drv_claim *claim) {
  struct drv_volume *volume = k8smi_drv_volume_find(d, claim->volume);
  if (volume != NULL) k8smi_drv_volume_end(d, volume);
  return volume == NULL;
}

static int claim_look_at(struct k8sm_driver *d, struct drv_claim *claim) {
  bool there = claim_is_there(d, claim);
  bool due = claim_is_due(claim);
  if (!due && !claim->removing) claim->until_ms = DRV_NEVER;
  if (due && (claim->until_ms == DRV_NEVER || (there && claim_paused(claim) <= d->core.mono_ms)))
    claim_wait(d, claim, CLAIM_SEARCH_MS);
  bool wanting = due && d->core.mono_ms < claim->until_ms;
  if (wanting != claim->wanting) d->pods.needs_changed = true;
  if (wanting && !claim->wanting) d->offers.revive = true, d->offers.released = 0;
  claim->wanting = wanting;
  if (!due || wanting || there || claim->call != NULL || d->core.mono_ms < claim->again_ms) return K8SM_OK;
  if (!claim_end_volume(d, claim)) return K8SM_OK;
  int r = claim_record(d, claim, DRV_RECORD_CLAIM_REMOVE);
  if (r == K8SM_OK) claim->removing = true;
  return r;
}

int k8smi_drv_claims_pump(struct k8sm_driver *d) {
  int r = K8SM_OK;
  K8SMI_EACH(link, &d->claims.changed) {
    r = claim_look_for_users(d, K8SMI_OF(link, drv_claim, changed));
    if (r != K8SM_OK) return r;
  }
  for (size_t i = 0; r == K8SM_OK && i < d->claims.count; i++) r = claim_look_at(d, d->claims.items[i]);
  return r;
}

size_t k8smi_drv_claims_want(const struct k8sm_driver *d, struct k8sm_want *rows) {
  const struct k8sm_cluster *c = d->offers.cluster;
  size_t n = 0;
  for (size_t i = 0; i < d->claims.count; i++) {
    const struct drv_claim *claim = d->claims.items[i];
    if (!claim->wanting) continue;
    uint32_t agent = k8smi_volume_agent(c, claim->volume);
    const struct k8smi_labels *labels = agent == K8SMI_ROW_NONE ? NULL : k8smi_agent_at(c, agent)->labels;
    if (rows != NULL && labels != NULL)
      rows[n] = (struct k8sm_want){.hostname = k8smi_hostname(labels), .pinned = 1};
    else if (rows != NULL)
      rows[n] = (struct k8sm_want){.demand = NULL};
    n++;
  }
  return n;
}

uint64_t k8smi_drv_claims_deadline(const struct k8sm_driver *d) {
  uint64_t due = k8smi_list_empty(&d->claims.changed) ? DRV_NEVER : d->core.mono_ms;
  for (size_t i = 0; i < d->claims.count; i++) {
    const struct drv_claim *claim = d->claims.items[i];
    if (claim_is_due(claim)) due = k8smi_drv_min(due, claim->wanting ? claim->until_ms : claim_paused(claim));
    if (claim->again_ms > d->core.mono_ms) due = k8smi_drv_min(due, claim->again_ms);
  }
  return due;
}

size_t k8smi_drv_claims_open(const struct k8sm_driver *d) {
  size_t n = 0;
  for (size_t i = 0; i < d->claims.count; i++) {
    const struct drv_claim *claim = d->claims.items[i];
    bool there = k8smi_volume_agent(d->offers.cluster, claim->volume) != K8SMI_ROW_NONE;
    n += claim_is_due(claim) && (there || claim->call != NULL);
  }
  return n;
}

/* ---- Answers of the host ---- */

/* Both or none, as with pods. */
static int claim_say_gone(struct k8sm_driver *d, const struct drv_claim *claim) {
  static const struct k8sm_slice nobody = {NULL, 0};
  const struct k8sm_effect gone = {.type = K8SM_EFFECT_CLAIM_GONE, .to = K8SM_TO_HOST, .key = claim->name};
  enum { WORDS = 64 };
  int r = k8smi_effects_reserve(d->core.queue, 2, 2 * claim->name.len + WORDS);
  if (r == K8SM_OK) r = k8smi_drv_eventf(&d->core, 0, nobody, "Claim: %.*s is gone", K8SMI_P(claim->name));
  return r == K8SM_OK ? k8smi_effects_add(d->core.queue, &gone) : r;
}

static int claim_kept(struct k8sm_driver *d, struct drv_claim *claim) {
  static const struct k8sm_slice nobody = {NULL, 0};
  int r = claim_look_for_users(d, claim);
  if (r != K8SM_OK) return r;
  r = claim->used ? k8smi_drv_eventf(&d->core, 0, nobody, "Claim: %.*s goes when no pod has it any more",
                                     K8SMI_P(claim->name))
                  : K8SM_OK;
  if (r == K8SM_OK) claim->kept = true;
  return r;
}

int k8smi_drv_claim_answered(struct k8sm_driver *d, const struct drv_record *record) {
  struct drv_claim *claim = record->claim;
  bool kept = record->answer == DRV_ANSWER_KEPT, removes = record->kind == DRV_RECORD_CLAIM_REMOVE;
  if (kept && !removes) return claim_kept(d, claim);
  if (kept) {
    int r = claim_say_gone(d, claim);
    if (r == K8SM_OK) claim_remove(d, claim);
    return r;
  }
  if (!removes) {
    claim_remove(d, claim); /* it was never asked for */
    return K8SM_OK;
  }
  claim->removing = false;
  claim->again_ms = k8smi_drv_after(&d->core, CLAIM_AGAIN_MS);
  return K8SM_OK;
}
