/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_ARENA_H
#define K8SMI_BASE_ARENA_H

#include "base/alloc.h"

/* Memory of one value: grows in chunks, freed at once. Objects come from the front of a chunk, aligned;
 * bytes from its back, without a gap. */

struct k8smi_chunk {
  struct k8smi_chunk *next;
  size_t size; /* with this head */
  size_t used; /* from the front, with this head */
  size_t top;  /* where the bytes of the back begin */
};

struct k8smi_arena {
  struct k8sm_allocator allocator;
  struct k8smi_chunk *chunks; /* the newest first */
  struct k8smi_chunk *lent;   /* one that is not ours to free; or NULL */
  size_t total;               /* of all chunks that are */
  size_t limit;               /* that total may not pass; 0: none */
  size_t input_len;           /* of a text that the value is made from; 0: not known, see _follow */
  size_t input_base;          /* what was taken before */
  size_t input_read;          /* as far as that has been read: says how large the next chunk should be */
  bool over_limit;            /* an allocation failed for the limit, not for memory */
};

/* False if the allocator is no good. No memory is taken yet. */
bool k8smi_arena_init(struct k8smi_arena *arena, const struct k8sm_allocator *user, size_t limit);
void k8smi_arena_free(struct k8smi_arena *arena);

/* The first chunk is in memory of the caller's, aligned to 8, which must outlive the arena's use. */
void k8smi_arena_lend(struct k8smi_arena *arena, void *memory, size_t size);
/* From now on the value is made from a text of `len` bytes. */
void k8smi_arena_follow(struct k8smi_arena *arena, size_t len);
/* Takes the memory for about n bytes in one go. False when it can't be had. */
bool k8smi_arena_reserve(struct k8smi_arena *arena, size_t n);

/* A point to come back to: what was allocated since is given up. */
struct k8smi_arena_mark {
  struct k8smi_chunk *chunk;
  size_t used;
  size_t top;
};
struct k8smi_arena_mark k8smi_arena_mark(const struct k8smi_arena *arena);
void k8smi_arena_rewind(struct k8smi_arena *arena, struct k8smi_arena_mark mark);

/* From a new chunk: what k8smi_arena_alloc and _bytes do when the newest one is full, or nothing was asked
 * for. */
void *k8smi_arena_alloc_chunk(struct k8smi_arena *arena, size_t n);
char *k8smi_arena_bytes_chunk(struct k8smi_arena *arena, size_t n);
/* Aligned to 8 (sufficient for every type of the library); NULL when memory or the limit ran out. Inline,
 * because decoders do little else. */
static inline void *k8smi_arena_alloc(struct k8smi_arena *arena, size_t n) {
  struct k8smi_chunk *c = arena->chunks;
  const size_t size = (n + 7) & ~(size_t)7; /* 0 for none, and for too many: the other function's */
  if (c == NULL || size - 1 >= c->top - c->used) return k8smi_arena_alloc_chunk(arena, n);
  void *p = (char *)c + c->used;
  c->used += size;
  return p;
}
/* Bytes without alignment; NULL as above. */
static inline char *k8smi_arena_bytes(struct k8smi_arena *arena, size_t n) {
  struct k8smi_chunk *c = arena->chunks;
  if (c == NULL || c->top - c->used < n) return k8smi_arena_bytes_chunk(arena, n);
  c->top -= n;
  return (char *)c + c->top;
}
void *k8smi_arena_zalloc(struct k8smi_arena *arena, size_t n);
/* n items, with the product checked. */
void *k8smi_arena_array(struct k8smi_arena *arena, size_t n, size_t item_size);

/* A copy with a NUL behind it; ptr is NULL when memory ran out. An absent slice stays absent. */
struct k8sm_slice k8smi_arena_copy(struct k8smi_arena *arena, const void *bytes, size_t len);
struct k8sm_slice k8smi_arena_slice(struct k8smi_arena *arena, struct k8sm_slice s);

/* What a failed allocation means to the caller: K8SM_ERR_LIMIT or K8SM_ERR_NOMEM. */
int k8smi_arena_error(const struct k8smi_arena *arena);

/* A value lives in its own arena: the object (zeroed, `size` bytes) whose struct k8smi_arena is at
 * `arena_offset`, with memory for about `expected` bytes more in the same chunk. NULL when memory ran out or
 * the allocator is no good. */
void *k8smi_value_new(const struct k8sm_allocator *user, size_t limit, size_t size, size_t arena_offset,
                      size_t expected);
/* The same, and only the arena is set: for who fills in all the rest. */
void *k8smi_value_raw(const struct k8sm_allocator *user, size_t limit, size_t size, size_t arena_offset,
                      size_t expected);
/* What a NULL of _new means: LIMIT if the value alone is beyond the limit, or NOMEM. */
int k8smi_value_error(size_t limit, size_t size);
/* Frees the arena that holds the value itself. */
void k8smi_value_free(void *value, size_t arena_offset);

#define K8SMI_VALUE_NEW(type, user, limit)                                                                   \
  ((struct type *)k8smi_value_new((user), (limit), sizeof(struct type), offsetof(struct type, arena), 0))
#define K8SMI_VALUE_ERROR(type, limit) k8smi_value_error((limit), sizeof(struct type))
#define K8SMI_VALUE_FREE(type, value)  k8smi_value_free((value), offsetof(struct type, arena))

#endif
