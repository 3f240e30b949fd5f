/* SPDX-License-Identifier: Apache-2.0 */
/* What was reserved for pods that are no more: found by its labels, and given back. */
#include "base/abi.h"
#include "base/map.h"
#include "cluster/cluster.h"
#include "task/build.h"
#include "task/calls.h"

struct release_work {
  struct k8smi_task_build build;
  const struct k8sm_cluster *cluster;
  struct k8sm_release_options options;
  struct k8sm_calls *calls;
  struct k8smi_map keep;   /* by uid: the row */
  struct k8smi_map claims; /* "namespace/name" */
  struct k8smi_buf buf;
};

static int release_no_memory(struct release_work *w) {
  return k8smi_find_nomem(w->build.diags, K8SM_ERR_NOMEM);
}

/* ---- Whose it is ---- */

static struct k8sm_slice release_label(const K8smMesos__Labels *labels, const char *key) {
  for (size_t i = 0; i < labels->n_labels; i++) {
    if (k8smi_eqs(k8smi_s(key), labels->labels[i]->key)) return k8smi_s(labels->labels[i]->value);
  }
  return (struct k8sm_slice){NULL, 0};
}

static bool release_keeps(const struct release_work *w, struct k8sm_slice uid, struct k8sm_slice agent_id) {
  struct k8sm_keep row;
  uint32_t i = k8smi_map_get(&w->keep, uid);
  if (i == K8SMI_MAP_NONE) return false;
  k8smi_row_read(&row, sizeof row, w->options.keep, w->options.keep_size, i);
  return row.agent_id.len == 0 || k8smi_eq(row.agent_id, agent_id);
}

static bool release_is_volume(const K8smMesos__Resource *resource) {
  return resource->disk != NULL && resource->disk->persistence != NULL;
}

/* By its last reservation, which is the one that could be undone. A claim has a volume: RESERVE and CREATE
 * are of one ACCEPT, and what was only reserved is left of a CREATE that failed. The volume outlives the
 * framework that made it, as pods of the next one find it. */
static bool release_is_over(const struct release_work *w, const struct k8smi_offer *offer,
                            const K8smMesos__Resource *resource, struct k8sm_call_release *ret) {
  *ret = (struct k8sm_call_release){.call = (uint32_t)w->calls->call_count};
  if (resource->n_reservations == 0 || resource->revocable != NULL || resource->shared != NULL) return false;
  const K8smMesos__Resource__ReservationInfo *last = resource->reservations[resource->n_reservations - 1];
  if (last->type != K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC || last->labels == NULL)
    return false;
  bool volume = release_is_volume(resource);
  bool ours = k8smi_eq(release_label(last->labels, K8SMI_FRAMEWORK_LABEL), offer->framework_id);
  if (volume) ret->volume = k8smi_s(resource->disk->persistence->id);
  ret->pod = release_label(last->labels, K8SMI_OWNER_LABEL);
  if (ret->pod.len > 0) return ours && !release_keeps(w, ret->pod, offer->agent_id);
  ret->claim = release_label(last->labels, K8SMI_CLAIM_LABEL);
  if (ret->claim.len == 0) return false;
  return volume ? k8smi_map_get(&w->claims, ret->claim) != K8SMI_MAP_NONE : ours;
}

/* ---- What is done ---- */

/* What is left of a volume once it is destroyed. */
static K8smMesos__Resource *release_plain(struct k8smi_task_build *b, const K8smMesos__Resource *volume) {
  K8smMesos__Resource *plain = K8SMI_TASK_NEW(b, Resource, resource);
  if (plain == NULL) return NULL;
  *plain = *volume;
  plain->disk = NULL;
  if (volume->disk->source == NULL) return plain;
  plain->disk = K8SMI_TASK_NEW(b, Resource__DiskInfo, resource__disk_info);
  if (plain->disk == NULL) return NULL;
  plain->disk->source = volume->disk->source;
  return plain;
}

struct release_lists {
  struct k8smi_resources destroy, unreserve;
};

/* An array in the arena with room for one more: they double, and the former ones stay behind. */
static void *release_grow(struct k8sm_calls *c, const void *items, size_t size) {
  const size_t n = c->release_count;
  void *more = k8smi_arena_array(&c->arena, n == 0 ? 1 : 2 * n, size);
  if (more != NULL && n > 0) memcpy(more, items, n * size);
  return more;
}

/* Its row, with texts of its own. */
static bool release_row(struct k8sm_calls *c, const struct k8sm_call_release *row, int64_t amount) {
  size_t n = c->release_count;
  if ((n & (n - 1)) == 0) {
    c->releases = release_grow(c, c->releases, sizeof *c->releases);
    c->released = release_grow(c, c->released, sizeof *c->released);
    if (c->releases == NULL || c->released == NULL) return false;
  }
  c->released[n] = amount;
  struct k8sm_call_release *to = &c->releases[c->release_count++];
  *to = *row;
  struct k8sm_slice *const texts[] = {&to->pod, &to->claim, &to->volume};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (texts[i]->len == 0) continue;
    *texts[i] = k8smi_arena_copy(&c->arena, texts[i]->ptr, texts[i]->len);
    if (texts[i]->ptr == NULL) return false;
  }
  return true;
}

static int release_collect(struct release_work *w, const struct k8smi_offer *offer,
                           struct release_lists *to) {
  struct k8smi_task_build *b = &w->build;
  struct k8sm_call_release row;
  *to = (struct release_lists){{NULL, 0}, {NULL, 0}};
  for (size_t i = 0; i < offer->resource_count; i++) {
    K8smMesos__Resource *resource = offer->message->resources[i];
    if (!release_is_over(w, offer, resource, &row)) continue;
    if (!release_row(w->calls, &row, k8smi_resource_amount(resource))) return release_no_memory(w);
    if (to->unreserve.items == NULL) {
      size_t left = offer->resource_count - i;
      to->destroy.items = k8smi_task_array(b, left, sizeof(K8smMesos__Resource *));
      to->unreserve.items = k8smi_task_array(b, left, sizeof(K8smMesos__Resource *));
      if (b->no_memory) return release_no_memory(w);
    }
    if (release_is_volume(resource)) {
      to->destroy.items[to->destroy.count++] = resource;
      resource = release_plain(b, resource);
      if (resource == NULL) return release_no_memory(w);
    }
    to->unreserve.items[to->unreserve.count++] = resource;
  }
  return K8SM_OK;
}

static int release_encode(struct release_work *w, const K8smMesos__Call *message,
                          const struct k8smi_offer *offer) {
  struct k8sm_calls *c = w->calls;
  struct k8sm_call *row = &c->calls[c->call_count];
  k8smi_buf_clear(&w->buf);
  k8smi_message_write(&w->buf, k8smi_calls_format(w->options.format), &message->base);
  if (!w->buf.failed) row->bytes = k8smi_arena_copy(&c->arena, w->buf.ptr, w->buf.len);
  row->agent_id = k8smi_arena_slice(&c->arena, offer->agent_id);
  row->refuse_seconds = w->options.refuse_seconds;
  c->offers[c->offer_count] =
      (struct k8sm_call_offer){k8smi_arena_slice(&c->arena, offer->id), (uint32_t)c->call_count, 0};
  if (row->bytes.ptr == NULL || row->agent_id.ptr == NULL || c->offers[c->offer_count].id.ptr == NULL)
    return release_no_memory(w);
  c->call_count++;
  c->offer_count++;
  return K8SM_OK;
}

/* What destroys volumes says whose they were, where that is asked for. */
static bool release_add(struct release_work *w, K8smMesos__Call__Accept *accept, enum k8smi_operation what,
                        K8smMesos__Offer__Operation *operation, struct k8sm_slice named) {
  accept->operations[accept->n_operations++] = operation;
  return named.len == 0 || k8smi_task_name(&w->build, operation, what, named);
}

static int release_offer(struct release_work *w, const struct k8smi_offer *offer) {
  struct k8smi_task_build *b = &w->build;
  struct release_lists lists;
  int result = release_collect(w, offer, &lists);
  if (result != K8SM_OK || lists.unreserve.count == 0) return result;
  K8smMesos__Call *message = k8smi_task_accept(b, offer->framework_id, w->options.refuse_seconds);
  if (message == NULL) return release_no_memory(w);
  K8smMesos__Call__Accept *accept = message->accept;
  accept->offer_ids = k8smi_task_array(b, 1, sizeof *accept->offer_ids);
  accept->operations = k8smi_task_array(b, 2, sizeof *accept->operations);
  if (b->no_memory || !k8smi_task_name_offer(b, offer->id, accept)) return release_no_memory(w);
  bool named = (w->options.flags & K8SM_CALLS_FEEDBACK) != 0 && lists.destroy.count > 0, fine = true;
  const struct k8sm_slice of = named ? offer->id : K8SMI_S("");
  if (lists.destroy.count > 0)
    fine = release_add(w, accept, K8SMI_OPERATION_DESTROY, k8smi_task_destroy(b, lists.destroy), of);
  fine =
      fine && release_add(w, accept, K8SMI_OPERATION_UNRESERVE, k8smi_task_unreserve(b, lists.unreserve), of);
  return !fine || b->no_memory ? release_no_memory(w) : release_encode(w, message, offer);
}

static int release_make(struct release_work *w) {
  const struct k8smi_order *order = k8smi_held_in_order(w->cluster);
  struct k8sm_calls *c = w->calls;
  struct k8sm_keep row;
  int result = K8SM_OK;
  for (uint32_t i = 0; i < w->options.keep_count; i++) {
    k8smi_row_read(&row, sizeof row, w->options.keep, w->options.keep_size, i);
    if (!k8smi_map_put(&w->keep, row.uid, i)) return release_no_memory(w);
  }
  for (uint32_t i = 0; i < w->options.claim_count; i++) {
    if (!k8smi_map_put(&w->claims, w->options.claims[i], i)) return release_no_memory(w);
  }
  c->calls = k8smi_arena_array(&c->arena, order->count, sizeof *c->calls);
  c->offers = k8smi_arena_array(&c->arena, order->count, sizeof *c->offers);
  if (c->calls == NULL || c->offers == NULL) return release_no_memory(w);
  for (size_t i = 0; result == K8SM_OK && i < order->count; i++)
    result = release_offer(w, k8smi_held_at(w->cluster, order->rows[i])->offer);
  return result;
}

static int release_run(struct release_work *w) {
  const struct k8sm_allocator *allocator = &w->calls->arena.allocator;
  uint64_t seed = k8sm_cluster_generation(w->cluster);
  k8smi_arena_init(&w->build.arena, allocator, 0);
  k8smi_buf_init(&w->buf, allocator);
  k8smi_map_init(&w->keep, allocator, seed);
  k8smi_map_init(&w->claims, allocator, seed);
  int result = release_make(w);
  k8smi_map_free(&w->claims);
  k8smi_map_free(&w->keep);
  k8smi_buf_free(&w->buf);
  k8smi_arena_free(&w->build.arena);
  return result;
}

int k8sm_cluster_release(const struct k8sm_cluster *cluster, const struct k8sm_release_options *options,
                         struct k8sm_calls **ret, struct k8sm_diags *diags) {
  struct release_work w;
  memset(&w, 0, sizeof w);
  w.cluster = cluster;
  w.build.diags = diags;
  int result = k8smi_options_read(&w.options, sizeof w.options, options, "k8sm_release_options", diags);
  if (result == K8SM_OK) result = k8smi_calls_check(w.options.format, w.options.refuse_seconds, diags);
  if (result != K8SM_OK) return result;
  w.calls = K8SMI_VALUE_NEW(k8sm_calls, w.options.allocator, 0);
  if (w.calls == NULL) return release_no_memory(&w);
  k8smi_refs_init(&w.calls->refs);
  result = release_run(&w);
  if (result != K8SM_OK) {
    k8sm_calls_unref(w.calls);
    return result;
  }
  *ret = w.calls;
  return K8SM_OK;
}
