/* SPDX-License-Identifier: Apache-2.0 */
/* New statuses, and the memory of their texts. */
#include "status/status.h"

struct k8sm_slice k8smi_status_text(struct k8sm_status *s, struct k8sm_slice text) {
  struct k8sm_slice copy = k8smi_arena_slice(&s->arena, text);
  if (text.ptr != NULL && copy.ptr == NULL) s->no_memory = true;
  return copy;
}

struct k8sm_slice k8smi_status_take(struct k8sm_status *s, struct k8smi_buf *buf) {
  struct k8sm_slice text = {NULL, 0};
  if (!buf->failed) text = k8smi_arena_copy(&s->arena, buf->ptr, buf->len);
  if (text.ptr == NULL) s->no_memory = true;
  k8smi_buf_free(buf);
  return text;
}

/* What a status is beside who holds it, and its memory. */
enum { STATUS_HEAD = offsetof(struct k8sm_status, options) };

static size_t status_tasks_size(const struct k8sm_demand *demand) {
  return demand->task_count * sizeof(struct k8smi_status_task);
}

/* A status with memory for its tasks, and for `expected` bytes more. All that it says is left to the caller.
 */
static struct k8sm_status *status_make(const struct k8sm_demand *demand,
                                       const struct k8sm_allocator *allocator, size_t expected) {
  struct k8sm_status *s = k8smi_value_raw(allocator, 0, sizeof *s, offsetof(struct k8sm_status, arena),
                                          expected + status_tasks_size(demand));
  if (s == NULL) return NULL;
  k8smi_refs_init(&s->refs);
  memcpy(&s->demand, &demand, sizeof demand); /* demands are immutable: only a reference is taken */
  k8sm_demand_ref(s->demand);
  s->store = NULL;
  s->tasks = k8smi_arena_alloc(&s->arena, status_tasks_size(demand));
  if (s->tasks != NULL) return s;
  k8sm_status_unref(s);
  return NULL;
}

struct k8sm_status *k8smi_status_empty(const struct k8sm_demand *demand,
                                       const struct k8sm_status_options *options,
                                       const struct k8sm_allocator *allocator, size_t expected) {
  struct k8sm_status *s = status_make(demand, allocator, expected);
  if (s == NULL) return NULL;
  struct k8smi_status_task *tasks = s->tasks;
  memset((char *)s + STATUS_HEAD, 0, sizeof *s - STATUS_HEAD);
  memset(tasks, 0, status_tasks_size(demand));
  s->tasks = tasks;
  s->options = *options;
  s->options.allocator = NULL;
  k8smi_status_omit_pause(s);
  return s;
}

bool k8smi_status_room_for_strays(struct k8sm_status *s) {
  if (s->strays == NULL) s->strays = k8smi_arena_array(&s->arena, K8SMI_STATUS_MAX_STRAYS, sizeof *s->strays);
  if (s->strays == NULL) s->no_memory = true;
  return s->strays != NULL;
}

static struct k8sm_slice *status_text_at(void *record, uint16_t offset) {
  return (struct k8sm_slice *)(void *)((char *)record + offset);
}

/* ---- Copies ---- */

/* Most texts of a status stay as they are for as long as its pod does: a copy has those of the store in
 * common with `from`, and gets the others, which are few, as its own. When they are not (those that updates
 * have replaced are among them), all that are in use are put into a new store. */

void k8smi_status_store_unref(struct k8smi_status_store *store) {
  if (store != NULL && k8smi_unref(&store->refs)) K8SMI_VALUE_FREE(k8smi_status_store, store);
}

/* Bytes of texts that a status may have beside its store: a few times the ids of its containers. */
static size_t status_own_most(const struct k8sm_status *s) {
  enum { FOR_POD = 64, FOR_TASK = 128 };
  return FOR_POD + FOR_TASK * s->demand->task_count;
}

static size_t status_own_size(const struct k8sm_status *s) {
  const struct k8smi_chunk *c = s->arena.chunks;
  return c->next == NULL ? c->size - c->top : SIZE_MAX;
}

/* Texts in memory that was copied as a whole, to so many bytes behind the old one. */
struct status_shift {
  uintptr_t begin;
  size_t size;
  ptrdiff_t by;
};

static void status_shift_texts(const struct status_shift *shift, void *record,
                               struct k8smi_status_texts texts) {
  for (size_t i = 0; i < texts.count; i++) {
    struct k8sm_slice *text = status_text_at(record, texts.offsets[i]);
    if ((uintptr_t)text->ptr - shift->begin < shift->size) text->ptr += shift->by;
  }
}

/* A copy of all but the texts takes over those of the store, and copies the others. */
static void status_share_texts(struct k8sm_status *s, const struct k8sm_status *from) {
  const size_t size = status_own_size(from);
  const char *begin = (const char *)from->arena.chunks + from->arena.chunks->top;
  char *to = k8smi_arena_bytes(&s->arena, size);
  s->no_memory |= to == NULL;
  if (to == NULL) return;
  memcpy(to, begin, size);
  const struct status_shift shift = {(uintptr_t)begin, size, to - begin};
  s->store = from->store;
  if (s->store != NULL) k8smi_ref(&s->store->refs);
  status_shift_texts(&shift, s, k8smi_status_pod_texts());
  for (size_t i = 0; i < s->demand->task_count; i++)
    status_shift_texts(&shift, &s->tasks[i], k8smi_status_task_texts());
}

/* Texts that came over by assignment get copies in another arena. */
static bool status_move_texts(struct k8smi_arena *to, void *record, struct k8smi_status_texts texts) {
  for (size_t i = 0; i < texts.count; i++) {
    struct k8sm_slice *text = status_text_at(record, texts.offsets[i]);
    if (text->ptr == NULL) continue;
    *text = k8smi_arena_slice(to, *text);
    if (text->ptr == NULL) return false;
  }
  return true;
}

/* What the texts take, each with its NUL. */
static size_t status_texts_size(const void *record, struct k8smi_status_texts texts) {
  size_t n = 0;
  for (size_t i = 0; i < texts.count; i++) {
    const struct k8sm_slice *text = (const void *)((const char *)record + texts.offsets[i]);
    if (text->ptr != NULL) n += text->len + 1;
  }
  return n;
}

/* A copy of all but the texts gets them in a store of its own. */
static void status_store_texts(struct k8sm_status *s) {
  size_t n = status_texts_size(s, k8smi_status_pod_texts());
  for (size_t i = 0; i < s->demand->task_count; i++)
    n += status_texts_size(&s->tasks[i], k8smi_status_task_texts());
  struct k8smi_status_store *store =
      k8smi_value_new(&s->arena.allocator, 0, sizeof *store, offsetof(struct k8smi_status_store, arena), n);
  s->no_memory |= store == NULL;
  if (store == NULL) return;
  k8smi_refs_init(&store->refs);
  s->store = store;
  bool fine = status_move_texts(&store->arena, s, k8smi_status_pod_texts());
  for (size_t i = 0; fine && i < s->demand->task_count; i++)
    fine = status_move_texts(&store->arena, &s->tasks[i], k8smi_status_task_texts());
  s->no_memory |= !fine;
}

static bool status_same_allocator(const struct k8smi_arena *a, const struct k8smi_arena *b) {
  return a->allocator.alloc == b->allocator.alloc && a->allocator.free == b->allocator.free &&
         a->allocator.ctx == b->allocator.ctx;
}

static void status_copy_strays(struct k8sm_status *s, const struct k8sm_status *from) {
  s->strays = NULL;
  if (from->stray_count == 0 || !k8smi_status_room_for_strays(s)) return;
  memcpy(s->strays, from->strays, from->stray_count * sizeof *s->strays);
  for (size_t i = 0; i < s->stray_count; i++)
    s->no_memory |= !status_move_texts(&s->arena, &s->strays[i], k8smi_status_stray_texts());
}

/* By assignment. */
static void status_copy_fields(struct k8sm_status *s, const struct k8sm_status *from) {
  struct k8smi_status_task *tasks = s->tasks;
  memcpy((char *)s + STATUS_HEAD, (const char *)from + STATUS_HEAD, sizeof *s - STATUS_HEAD);
  s->tasks = tasks;
  s->acks = NULL;
  s->ack_count = 0;
  memcpy(tasks, from->tasks, status_tasks_size(s->demand));
}

struct k8sm_status *k8smi_status_copy(const struct k8sm_status *from,
                                      const struct k8sm_allocator *allocator) {
  /* For what the update adds that it is made for: many statuses stay as long as their pod does, and should
   * not take more. */
  enum { ROOM = 192 };
  const size_t own = status_own_size(from);
  const bool few = own <= status_own_most(from);
  struct k8sm_status *s = status_make(from->demand, allocator, ROOM + (few ? own : 0));
  if (s == NULL) return NULL;
  status_copy_fields(s, from);
  if (few && status_same_allocator(&s->arena, &from->arena))
    status_share_texts(s, from);
  else
    status_store_texts(s);
  if (!s->no_memory) status_copy_strays(s, from);
  if (!s->no_memory) return s;
  k8sm_status_unref(s);
  return NULL;
}
