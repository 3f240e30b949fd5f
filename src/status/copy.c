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

/* A status with memory for `expected` bytes beside its tasks. */
static struct k8sm_status *status_make(const struct k8sm_demand *demand,
                                       const struct k8sm_status_options *options,
                                       const struct k8sm_allocator *allocator, size_t expected) {
  struct k8sm_status *s = k8smi_value_new(allocator, 0, sizeof *s, offsetof(struct k8sm_status, arena),
                                          expected + demand->task_count * sizeof *s->tasks);
  if (s == NULL) return NULL;
  k8smi_refs_init(&s->refs);
  memcpy(&s->demand, &demand, sizeof demand); /* demands are immutable: only a reference is taken */
  k8sm_demand_ref(s->demand);
  s->options = *options;
  s->options.allocator = NULL;
  s->tasks = k8smi_arena_array(&s->arena, demand->task_count, sizeof *s->tasks);
  if (s->tasks == NULL) {
    k8sm_status_unref(s);
    return NULL;
  }
  k8smi_status_omit_pause(s);
  return s;
}

struct k8sm_status *k8smi_status_empty(const struct k8sm_demand *demand,
                                       const struct k8sm_status_options *options,
                                       const struct k8sm_allocator *allocator, size_t expected) {
  return status_make(demand, options, allocator, expected);
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
 * common with `from`, and gets the others, which are few, as its own. When they are not, they are put into a
 * new store with the rest. */

void k8smi_status_store_unref(struct k8smi_status_store *store) {
  if (store != NULL && k8smi_unref(&store->refs)) K8SMI_VALUE_FREE(k8smi_status_store, store);
}

/* Bytes of texts that a status may have beside its store: as many as the ids of its containers. */
static size_t status_own_most(const struct k8sm_status *s) {
  enum { FOR_POD = 64, FOR_TASK = 64 };
  return FOR_POD + FOR_TASK * s->demand->task_count;
}

static size_t status_own_size(const struct k8sm_status *s) {
  const struct k8smi_chunk *c = s->arena.chunks;
  return c->next == NULL ? c->size - c->top : SIZE_MAX;
}

/* Texts of a status, which came over to another one by assignment: those that lie in one of its chunks are
 * moved, or all of them. */
struct status_texts_move {
  struct k8smi_arena *to;
  const struct k8smi_chunk *chunk; /* NULL: all */
  bool no_memory;
};

static void status_move_text(struct status_texts_move *move, struct k8sm_slice *text) {
  char *copy = k8smi_arena_bytes(move->to, text->len + 1);
  move->no_memory |= copy == NULL;
  if (copy == NULL) return;
  k8smi_copy(copy, text->ptr, text->len);
  copy[text->len] = '\0';
  text->ptr = copy;
}

static void status_move_texts(struct status_texts_move *move, void *record, struct k8smi_status_texts texts) {
  const uintptr_t begin = (uintptr_t)move->chunk;
  const size_t size = move->chunk == NULL ? SIZE_MAX : move->chunk->size;
  for (size_t i = 0; i < texts.count; i++) {
    struct k8sm_slice *text = status_text_at(record, texts.offsets[i]);
    if ((uintptr_t)text->ptr - begin < size && text->ptr != NULL) status_move_text(move, text);
  }
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

static struct k8smi_status_store *status_new_store(const struct k8sm_status *from,
                                                   const struct k8sm_allocator *allocator) {
  size_t n = status_texts_size(from, k8smi_status_pod_texts());
  for (size_t i = 0; i < from->demand->task_count; i++)
    n += status_texts_size(&from->tasks[i], k8smi_status_task_texts());
  struct k8smi_status_store *store =
      k8smi_value_new(allocator, 0, sizeof *store, offsetof(struct k8smi_status_store, arena), n);
  if (store != NULL) k8smi_refs_init(&store->refs);
  return store;
}

static bool status_same_allocator(const struct k8smi_arena *a, const struct k8smi_arena *b) {
  return a->allocator.alloc == b->allocator.alloc && a->allocator.free == b->allocator.free &&
         a->allocator.ctx == b->allocator.ctx;
}

/* The store of a copy, and which texts are to be moved where. */
static struct status_texts_move status_choose_store(struct k8sm_status *s, const struct k8sm_status *from,
                                                    bool few) {
  if (few && status_same_allocator(&s->arena, &from->arena)) {
    s->store = from->store;
    if (s->store != NULL) k8smi_ref(&s->store->refs);
    return (struct status_texts_move){&s->arena, from->arena.chunks, false};
  }
  s->store = status_new_store(from, &s->arena.allocator);
  return (struct status_texts_move){s->store == NULL ? NULL : &s->store->arena, NULL, s->store == NULL};
}

static void status_copy_strays(struct k8sm_status *s, const struct k8sm_status *from) {
  struct status_texts_move move = {&s->arena, NULL, false};
  s->strays = NULL;
  if (from->stray_count == 0 || !k8smi_status_room_for_strays(s)) return;
  memcpy(s->strays, from->strays, from->stray_count * sizeof *s->strays);
  for (size_t i = 0; i < s->stray_count; i++)
    status_move_texts(&move, &s->strays[i], k8smi_status_stray_texts());
  s->no_memory |= move.no_memory;
}

/* By assignment. */
static void status_copy_fields(struct k8sm_status *s, const struct k8sm_status *from) {
  const size_t head = offsetof(struct k8sm_status, options);
  struct k8smi_status_task *tasks = s->tasks;
  memcpy((char *)s + head, (const char *)from + head, sizeof *s - head);
  s->tasks = tasks;
  s->acks = NULL;
  s->ack_count = 0;
  memcpy(tasks, from->tasks, s->demand->task_count * sizeof *tasks);
}

struct k8sm_status *k8smi_status_copy(const struct k8sm_status *from,
                                      const struct k8sm_allocator *allocator) {
  /* For what the update adds that it is made for: many statuses stay as long as their pod does, and should
   * not take more. */
  enum { ROOM = 192 };
  const size_t own = status_own_size(from);
  const bool few = own <= status_own_most(from);
  struct k8sm_status *s = status_make(from->demand, &from->options, allocator, ROOM + (few ? own : 0));
  if (s == NULL) return NULL;
  struct status_texts_move move = status_choose_store(s, from, few);
  status_copy_fields(s, from);
  if (!move.no_memory) status_move_texts(&move, s, k8smi_status_pod_texts());
  for (size_t i = 0; !move.no_memory && i < s->demand->task_count; i++)
    status_move_texts(&move, &s->tasks[i], k8smi_status_task_texts());
  s->no_memory = move.no_memory;
  if (!s->no_memory) status_copy_strays(s, from);
  if (!s->no_memory) return s;
  k8sm_status_unref(s);
  return NULL;
}
