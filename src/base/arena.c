/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <string.h>

enum { SMALL_CHUNK = 256, FIRST_CHUNK = 1024, MAX_CHUNK = 256 * 1024 };

bool k8smi_arena_init(struct k8smi_arena *arena, const struct k8sm_allocator *user, size_t limit) {
  memset(arena, 0, sizeof *arena);
  arena->limit = limit;
  return k8smi_allocator_init(&arena->allocator, user);
}

void k8smi_arena_free(struct k8smi_arena *arena) {
  k8smi_arena_rewind(arena, (struct k8smi_arena_mark){NULL, 0, 0});
  arena->lent = NULL;
}

static void arena_enter_chunk(struct k8smi_arena *arena, struct k8smi_chunk *c, size_t size) {
  c->next = arena->chunks;
  c->size = size;
  c->used = sizeof *c;
  c->top = size;
  arena->chunks = c;
}

void k8smi_arena_lend(struct k8smi_arena *arena, void *memory, size_t size) {
  arena->lent = memory;
  arena_enter_chunk(arena, memory, size);
}

struct k8smi_arena_mark k8smi_arena_mark(const struct k8smi_arena *arena) {
  struct k8smi_chunk *c = arena->chunks;
  return (struct k8smi_arena_mark){c, c == NULL ? 0 : c->used, c == NULL ? 0 : c->top};
}

void k8smi_arena_rewind(struct k8smi_arena *arena, struct k8smi_arena_mark mark) {
  while (arena->chunks != mark.chunk) {
    struct k8smi_chunk *c = arena->chunks;
    arena->chunks = c->next;
    if (c == arena->lent) continue;
    arena->total -= c->size;
    k8smi_free(&arena->allocator, c, c->size);
  }
  arena->over_limit = false;
  if (mark.chunk == NULL) return;
  mark.chunk->used = mark.used;
  mark.chunk->top = mark.top;
}

void k8smi_arena_follow(struct k8smi_arena *arena, size_t len) {
  const struct k8smi_chunk *c = arena->chunks;
  arena->input_len = len;
  arena->input_read = 0;
  arena->input_base = c == NULL ? 0 : arena->total - (c->top - c->used);
}

/* How large the next chunk is at best. When the input's length is known: as much as what is left of it
 * should take, by what was taken so far, and a sixteenth more. Never less than a sixteenth of all, so that
 * there are few of them. Otherwise they double up to MAX_CHUNK. */
static size_t arena_next_size(const struct k8smi_arena *arena) {
  if (arena->input_len == 0 || arena->input_read == 0) {
    size_t size = arena->total < FIRST_CHUNK ? FIRST_CHUNK : arena->total;
    return size > MAX_CHUNK ? MAX_CHUNK : size;
  }
  uint64_t left = arena->input_len - arena->input_read, least = arena->total / 16;
  uint64_t size = left * (arena->total - arena->input_base) / arena->input_read;
  size += size / 16 + sizeof(struct k8smi_chunk);
  if (least < SMALL_CHUNK) least = SMALL_CHUNK;
  return (size_t)(size < least ? least : size);
}

/* A chunk with room for n bytes, at least. */
static bool arena_add_chunk(struct k8smi_arena *arena, size_t n, bool exact) {
  size_t need;
  if (!k8smi_add(n, sizeof(struct k8smi_chunk), &need)) return false;
  size_t size = exact ? need : arena_next_size(arena);
  if (size < need) size = need;
  if (arena->limit != 0) {
    if (need > arena->limit || arena->total > arena->limit - need) {
      arena->over_limit = true;
      return false;
    }
    if (size > arena->limit - arena->total) size = arena->limit - arena->total;
  }
  struct k8smi_chunk *c = k8smi_alloc(&arena->allocator, size);
  if (c == NULL) return false;
  arena_enter_chunk(arena, c, size);
  arena->total += size;
  return true;
}

bool k8smi_arena_reserve(struct k8smi_arena *arena, size_t n) {
  const struct k8smi_chunk *c = arena->chunks;
  return (c != NULL && c->top - c->used >= n) || arena_add_chunk(arena, n, true);
}

void *k8smi_arena_alloc_chunk(struct k8smi_arena *arena, size_t n) {
  if (n == 0) return k8smi_arena_alloc(arena, 1);
  if (n > SIZE_MAX - 8) return NULL;
  n = (n + 7) & ~(size_t)7;
  if (!arena_add_chunk(arena, n, false)) return NULL;
  struct k8smi_chunk *c = arena->chunks;
  void *p = (char *)c + c->used;
  c->used += n;
  return p;
}

char *k8smi_arena_bytes_chunk(struct k8smi_arena *arena, size_t n) {
  if (!arena_add_chunk(arena, n, false)) return NULL;
  struct k8smi_chunk *c = arena->chunks;
  c->top -= n;
  return (char *)c + c->top;
}

void *k8smi_arena_zalloc(struct k8smi_arena *arena, size_t n) {
  void *p = k8smi_arena_alloc(arena, n);
  if (p != NULL) memset(p, 0, n);
  return p;
}

void *k8smi_arena_array(struct k8smi_arena *arena, size_t n, size_t item_size) {
  size_t bytes;
  return k8smi_mul(n, item_size, &bytes) ? k8smi_arena_zalloc(arena, bytes) : NULL;
}

struct k8sm_slice k8smi_arena_copy(struct k8smi_arena *arena, const void *bytes, size_t len) {
  struct k8sm_slice s = {NULL, 0};
  if (len == SIZE_MAX) return s;
  char *p = k8smi_arena_bytes(arena, len + 1);
  if (p == NULL) return s;
  if (len != 0) memcpy(p, bytes, len);
  p[len] = '\0';
  s.ptr = p;
  s.len = len;
  return s;
}

struct k8sm_slice k8smi_arena_slice(struct k8smi_arena *arena, struct k8sm_slice s) {
  return s.ptr == NULL ? s : k8smi_arena_copy(arena, s.ptr, s.len);
}

int k8smi_arena_error(const struct k8smi_arena *arena) {
  return arena->over_limit ? K8SM_ERR_LIMIT : K8SM_ERR_NOMEM;
}

void *k8smi_value_raw(const struct k8sm_allocator *user, size_t limit, size_t size, size_t arena_offset,
                      size_t expected) {
  struct k8smi_arena arena;
  if (!k8smi_arena_init(&arena, user, limit)) return NULL;
  const size_t most = limit == 0 ? SIZE_MAX / 2 : limit; /* what is expected is no reason to fail */
  size_t room = size + sizeof(struct k8smi_chunk) + 8;
  if (expected > 0 && room < most)
    (void)k8smi_arena_reserve(&arena, expected < most - room ? size + 8 + expected : most - room);
  char *value = k8smi_arena_alloc(&arena, size);
  if (value != NULL) memcpy(value + arena_offset, &arena, sizeof arena);
  return value;
}

void *k8smi_value_new(const struct k8sm_allocator *user, size_t limit, size_t size, size_t arena_offset,
                      size_t expected) {
  char *value = k8smi_value_raw(user, limit, size, arena_offset, expected);
  if (value == NULL) return NULL;
  const size_t behind = arena_offset + sizeof(struct k8smi_arena);
  memset(value, 0, arena_offset);
  memset(value + behind, 0, size - behind);
  return value;
}

int k8smi_value_error(size_t limit, size_t size) {
  const size_t need = ((size + 7) & ~(size_t)7) + sizeof(struct k8smi_chunk);
  return limit != 0 && need > limit ? K8SM_ERR_LIMIT : K8SM_ERR_NOMEM;
}

void k8smi_value_free(void *value, size_t arena_offset) {
  struct k8smi_arena arena; /* freed from a copy: the arena holds itself */
  memcpy(&arena, (char *)value + arena_offset, sizeof arena);
  k8smi_arena_free(&arena);
}
