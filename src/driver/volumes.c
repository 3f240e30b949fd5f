/* SPDX-License-Identifier: Apache-2.0 */
/* The volumes of claims, and their rows: one is written as soon as it is known where a volume is, and removed
 * when it is known to be gone. Nothing is launched that claims a volume whose row is on its way. */
#include "base/findings.h"
#include "base/slice.h"
#include "cluster/volumes.h"
#include "driver/state.h"

enum { VOLUMES_TRIAL_MS = 15000, VOLUMES_AGAIN_MS = 5000 };

/* ---- The table ---- */

void k8smi_drv_volumes_init(struct k8sm_driver *d) {
  k8smi_map_init(&d->volumes.by_id, &d->core.allocator, d->core.random);
  k8smi_list_init(&d->volumes.due);
  k8smi_list_init(&d->volumes.trials);
  d->volumes.ask_ms = DRV_NEVER;
}

static void volume_free(struct k8sm_driver *d, struct drv_volume *v) {
  const struct k8sm_allocator *a = &d->core.allocator;
  k8smi_list_remove(&v->due);
  k8smi_list_remove(&v->trial);
  k8smi_text_free(a, v->agent_id);
  k8smi_text_free(a, v->hostname);
  k8smi_text_free(a, v->storage_class);
  k8smi_free(a, v, v->size);
}

void k8smi_drv_volumes_free(struct k8sm_driver *d) {
  struct drv_volumes *vs = &d->volumes;
  for (size_t i = 0; i < vs->count; i++) volume_free(d, vs->items[i]);
  k8smi_free(&d->core.allocator, vs->items, vs->cap * sizeof(struct drv_volume *));
  k8smi_map_free(&vs->by_id);
}

struct drv_volume *k8smi_drv_volume_find(const struct k8sm_driver *d, struct k8sm_slice id) {
  uint32_t i = d->volumes.count == 0 ? K8SMI_MAP_NONE : k8smi_map_get(&d->volumes.by_id, id);
  return i == K8SMI_MAP_NONE ? NULL : d->volumes.items[i];
}

/* The id of a claim's volume is "namespace.name", and a namespace has no dot. SIZE_MAX: it is of none. */
static size_t volume_dot(struct k8sm_slice id) {
  const char *dot = id.len == 0 || id.len >= DRV_ID_CAP ? NULL : memchr(id.ptr, '.', id.len);
  size_t at = dot == NULL ? 0 : (size_t)(dot - id.ptr);
  return at == 0 || at + 1 == id.len ? SIZE_MAX : at;
}

static struct drv_volume *volume_new(struct k8sm_driver *d, struct k8sm_slice id, size_t dot) {
  size_t size = sizeof(struct drv_volume) + 2 * (id.len + 1);
  struct drv_volume *v = k8smi_zalloc(&d->core.allocator, size);
  if (v == NULL) return NULL;
  v->size = size;
  memcpy(v->text, id.ptr, id.len);
  memcpy(v->text + id.len + 1, id.ptr, id.len);
  v->text[id.len + 1 + dot] = '/';
  v->id = (struct k8sm_slice){v->text, id.len};
  v->claim = (struct k8sm_slice){v->text + id.len + 1, id.len};
  k8smi_list_init(&v->due);
  k8smi_list_init(&v->trial);
  return v;
}

static bool volume_insert(struct k8sm_driver *d, struct drv_volume *v) {
  struct drv_volumes *vs = &d->volumes;
  void *items = vs->items;
  if (!k8smi_grow(&d->core.allocator, &items, &vs->cap, vs->count + 1, sizeof(struct drv_volume *)))
    return false;
  vs->items = items;
  if (!k8smi_map_put(&vs->by_id, v->id, (uint32_t)vs->count)) return false;
  vs->items[vs->count++] = v;
  return true;
}

/* The last one takes its place. */
static void volume_remove(struct k8sm_driver *d, struct drv_volume *v) {
  struct drv_volumes *vs = &d->volumes;
  uint32_t i = k8smi_map_remove(&vs->by_id, v->id);
  struct drv_volume *last = vs->items[--vs->count];
  vs->items[i] = last;
  if (last != v) (void)!k8smi_map_put(&vs->by_id, last->id, i); /* takes no memory: it is there */
  volume_free(d, v);
}

/* ---- What is known of one ---- */

static void volume_change(struct k8sm_driver *d, struct drv_volume *v) {
  v->kept = false;
  v->changed = v->writing;
  k8smi_list_remove(&v->due);
  if (!v->writing) k8smi_list_add(&d->volumes.due, &v->due);
}

static void volume_try(struct k8sm_driver *d, struct drv_volume *v, bool trial) {
  k8smi_list_remove(&v->trial);
  v->until_ms = k8smi_drv_after(&d->core, VOLUMES_TRIAL_MS);
  if (trial) k8smi_list_add(&d->volumes.trials, &v->trial);
}

/* An empty text says nothing. *ret_other: it is another one. Errors: NOMEM. */
static int volume_set_text(struct k8sm_driver *d, struct k8sm_slice *to, struct k8sm_slice text,
                           bool *ret_other) {
  struct k8sm_slice own;
  if (text.len == 0 || k8smi_eq(*to, text)) return K8SM_OK;
  if (!k8smi_text_own(&d->core.allocator, text, &own)) return K8SM_ERR_NOMEM;
  k8smi_text_free(&d->core.allocator, *to);
  *to = own;
  *ret_other = true;
  return K8SM_OK;
}

/* What changed before memory ran out is in the row all the same. */
static int volume_set(struct k8sm_driver *d, struct drv_volume *v, const struct drv_volume_facts *facts) {
  bool tried = !k8smi_list_empty(&v->trial);
  bool other = !v->made || v->supposed != facts->supposed || v->shown != facts->shown ||
               tried != facts->trial || (facts->milli > 0 && v->milli != facts->milli);
  int r = volume_set_text(d, &v->agent_id, facts->agent_id, &other);
  if (r == K8SM_OK) r = volume_set_text(d, &v->hostname, facts->hostname, &other);
  if (r == K8SM_OK) r = volume_set_text(d, &v->storage_class, facts->storage_class, &other);
  v->made = true;
  v->supposed = facts->supposed;
  v->shown = facts->shown;
  volume_try(d, v, facts->trial);
  if (facts->milli > 0) v->milli = facts->milli;
  if (other) volume_change(d, v);
  return r;
}

/* The volume with this id, made if need be; NULL in *ret: it is of no claim. Errors: NOMEM. */
static int volume_get(struct k8sm_driver *d, struct k8sm_slice id, struct drv_volume **ret) {
  size_t dot = volume_dot(id);
  *ret = k8smi_drv_volume_find(d, id);
  if (*ret != NULL || dot == SIZE_MAX) return K8SM_OK;
  struct drv_volume *v = volume_new(d, id, dot);
  if (v == NULL) return K8SM_ERR_NOMEM;
  if (!volume_insert(d, v)) {
    volume_free(d, v);
    return K8SM_ERR_NOMEM;
  }
  *ret = v;
  return K8SM_OK;
}

int k8smi_drv_volume_put(struct k8sm_driver *d, const struct drv_volume_facts *facts) {
  struct drv_volume *v;
  int r = volume_get(d, facts->id, &v);
  if (r != K8SM_OK || v == NULL) return r;
  r = volume_set(d, v, facts);
  if (facts->pod != NULL && !v->kept) v->pod = facts->pod;
  return r;
}

int k8smi_drv_volume_tell(struct k8sm_driver *d, const struct drv_volume_facts *facts) {
  struct k8sm_cluster *cluster = d->offers.cluster;
  int r = facts->supposed ? k8smi_volume_suppose(cluster, facts->id, facts->agent_id)
                          : k8sm_cluster_note_volume(cluster, facts->id, facts->agent_id);
  return r == K8SM_OK ? k8smi_drv_volume_put(d, facts) : r;
}

void k8smi_drv_volume_end(struct k8sm_driver *d, struct drv_volume *v) {
  if (!v->made) return;
  v->made = v->supposed = v->shown = false;
  k8smi_list_remove(&v->trial);
  if (v->pod != NULL) k8smi_drv_pods_touch(&d->pods, v->pod); /* it waits no more */
  v->pod = NULL;
  volume_change(d, v);
}

bool k8smi_drv_volumes_settled(const struct k8sm_driver *d, const struct drv_pod *pod) {
  for (size_t i = 0; d->volumes.count > 0 && i < pod->demand->volume_count; i++) {
    const struct k8sm_demand_volume *row = &pod->demand->volumes[i].row;
    const struct drv_volume *v = row->claim.len == 0 ? NULL : k8smi_drv_volume_find(d, row->id);
    if (v != NULL && !v->kept) return false;
  }
  return true;
}

bool k8smi_drv_volumes_hold(const struct k8sm_driver *d, const struct drv_pod *pod) {
  for (size_t i = 0; d->volumes.count > 0 && i < pod->demand->volume_count; i++) {
    const struct drv_volume *v = k8smi_drv_volume_find(d, pod->demand->volumes[i].row.id);
    if (v != NULL && v->pod == pod) return true;
  }
  return false;
}

void k8smi_drv_volumes_forget_pod(struct k8sm_driver *d, const struct drv_pod *pod) {
  for (size_t i = 0; d->volumes.count > 0 && i < pod->demand->volume_count; i++) {
    struct drv_volume *v = k8smi_drv_volume_find(d, pod->demand->volumes[i].row.id);
    if (v != NULL && v->pod == pod) v->pod = NULL;
  }
}

/* ---- The record ---- */

struct k8sm_slice k8smi_drv_volume_key(const struct drv_volume *v, char *text, size_t cap) {
  const size_t prefix = sizeof DRV_VOLUME_KEY - 1;
  size_t n = v->claim.len < cap - prefix ? v->claim.len : cap - prefix;
  memcpy(text, DRV_VOLUME_KEY, prefix);
  memcpy(text + prefix, v->claim.ptr, n);
  return (struct k8sm_slice){text, prefix + n};
}

static int64_t volume_doubt(const struct drv_volume *v) {
  if (v->shown) return DRV_SNAPSHOT_VOLUME_SHOWN;
  if (!v->supposed) return DRV_SNAPSHOT_VOLUME_KNOWN;
  return k8smi_list_empty(&v->trial) ? DRV_SNAPSHOT_VOLUME_SUPPOSED : DRV_SNAPSHOT_VOLUME_TRIED;
}

void k8smi_drv_volume_row(const struct drv_volume *v, struct k8smi_buf *buf) {
  const struct drv_snapshot_volume row = {.id = v->id,
                                          .agent_id = v->agent_id,
                                          .hostname = v->hostname,
                                          .storage_class = v->storage_class,
                                          .milli = v->milli,
                                          .supposed = volume_doubt(v)};
  k8smi_drv_snapshot_write_volume(buf, &row);
}

static int volume_record(struct k8sm_driver *d, struct drv_volume *v) {
  char text[DRV_ID_CAP + 8];
  struct drv_record *record;
  struct k8smi_buf row;
  int r = k8smi_drv_record_new(&d->core, DRV_RECORD_VOLUME, &record);
  if (r != K8SM_OK) return r;
  record->volume = v;
  k8smi_buf_init(&row, &d->core.allocator);
  if (v->made) k8smi_drv_volume_row(v, &row);
  r = row.failed
          ? K8SM_ERR_NOMEM
          : k8smi_drv_record_put(&d->records, &d->core, record, k8smi_drv_volume_key(v, text, sizeof text),
                                 (struct k8sm_slice){row.ptr, row.len});
  k8smi_buf_free(&row);
  if (r != K8SM_OK) k8smi_free(&d->core.allocator, record, sizeof *record);
  return r;
}

/* No offer has shown them: they were not made. */
static void volumes_end_trials(struct k8sm_driver *d) {
  K8SMI_EACH(link, &d->volumes.trials) {
    struct drv_volume *v = K8SMI_OF(link, drv_volume, trial);
    if (v->until_ms > d->core.mono_ms) return;
    k8smi_volume_doubt(d->offers.cluster, v->id, v->agent_id);
    k8smi_drv_volume_end(d, v);
    d->offers.fresh = d->offers.revive = true;
  }
}

void k8smi_drv_volumes_subscribed(struct k8sm_driver *d) {
  K8SMI_EACH(link, &d->volumes.trials)
  K8SMI_OF(link, drv_volume, trial)->until_ms = k8smi_drv_after(&d->core, VOLUMES_TRIAL_MS);
}

int k8smi_drv_volumes_pump(struct k8sm_driver *d) {
  if (d->session.state == DRV_SESSION_SUBSCRIBED) volumes_end_trials(d);
  K8SMI_EACH(link, &d->volumes.due) {
    struct drv_volume *v = K8SMI_OF(link, drv_volume, due);
    if (v->again_ms > d->core.mono_ms) continue;
    int r = volume_record(d, v);
    if (r != K8SM_OK) return r;
    k8smi_list_remove(&v->due);
    v->writing = true;
    v->changed = false;
  }
  return K8SM_OK;
}

uint64_t k8smi_drv_volumes_deadline(const struct k8sm_driver *d) {
  uint64_t due = DRV_NEVER;
  K8SMI_EACH(link, &d->volumes.due)
  due = k8smi_drv_min(due, K8SMI_OF(link, drv_volume, due)->again_ms);
  if (d->session.state != DRV_SESSION_SUBSCRIBED || k8smi_list_empty(&d->volumes.trials)) return due;
  return k8smi_drv_min(due, K8SMI_OF(d->volumes.trials.next, drv_volume, trial)->until_ms);
}

/* Pods that wait for the row go on. */
void k8smi_drv_volume_answered(struct k8sm_driver *d, const struct drv_record *record) {
  struct drv_volume *v = record->volume;
  bool refused = record->answer != DRV_ANSWER_KEPT;
  v->writing = false;
  v->again_ms = refused ? k8smi_drv_after(&d->core, VOLUMES_AGAIN_MS) : 0;
  if (refused || v->changed) {
    volume_change(d, v);
    return;
  }
  v->kept = true;
  d->offers.fresh = true;
  if (v->pod != NULL) k8smi_drv_pods_touch(&d->pods, v->pod);
  v->pod = NULL;
  if (!v->made) volume_remove(d, v);
}

/* The key is that of the claim whose volume has the id. */
static bool volume_has_key(struct k8sm_slice id, struct k8sm_slice key) {
  const size_t prefix = sizeof DRV_VOLUME_KEY - 1, dot = volume_dot(id);
  if (dot == SIZE_MAX || key.len != prefix + id.len || key.ptr[prefix + dot] != '/') return false;
  const char *name = key.ptr + prefix;
  return memcmp(name, id.ptr, dot) == 0 && memcmp(name + dot + 1, id.ptr + dot + 1, id.len - dot - 1) == 0;
}

static int volume_bad(struct k8sm_slice key, const char *words, struct k8sm_diags *diags) {
  k8smi_find(diags, K8SM_DIAG_RECORD_INVALID, NULL, "the record '%.*s' %s", K8SMI_P(key), words);
  return K8SM_ERR_INVALID;
}

static int volume_restore_row(struct k8sm_driver *d, struct k8sm_slice key,
                              const struct drv_snapshot_volume *row, struct k8sm_diags *diags) {
  const struct drv_volume_facts facts = {.id = row->id,
                                         .agent_id = row->agent_id,
                                         .hostname = row->hostname,
                                         .storage_class = row->storage_class,
                                         .milli = row->milli,
                                         .supposed = row->supposed == DRV_SNAPSHOT_VOLUME_SUPPOSED ||
                                                     row->supposed == DRV_SNAPSHOT_VOLUME_TRIED,
                                         .shown = row->supposed == DRV_SNAPSHOT_VOLUME_SHOWN,
                                         .trial = row->supposed == DRV_SNAPSHOT_VOLUME_TRIED};
  if (row->agent_id.len == 0) return volume_bad(key, "names no agent", diags);
  if (!volume_has_key(row->id, key)) return volume_bad(key, "is of a volume with another id", diags);
  int r = k8smi_drv_volume_tell(d, &facts);
  if (r != K8SM_OK) return k8smi_find_nomem(diags, r);
  struct drv_volume *v = k8smi_drv_volume_find(d, row->id);
  k8smi_list_remove(&v->due);
  v->kept = true;
  return K8SM_OK;
}

int k8smi_drv_volume_restore(struct k8sm_driver *d, struct k8sm_slice key, struct k8sm_slice bytes,
                             struct k8sm_diags *diags) {
  struct drv_snapshot_volume row;
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, &d->core.allocator, 0);
  int r = k8smi_drv_snapshot_read_volume(&arena, bytes, &row, diags);
  if (r == K8SM_OK) r = volume_restore_row(d, key, &row, diags);
  k8smi_arena_free(&arena);
  return r;
}
