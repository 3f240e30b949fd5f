/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/effects.h"
#include "base/abi.h"
#include "base/slice.h"

#include <string.h>

static const size_t effects_slices[] = {
    offsetof(struct k8sm_effect, authority), offsetof(struct k8sm_effect, method),
    offsetof(struct k8sm_effect, path),      offsetof(struct k8sm_effect, content_type),
    offsetof(struct k8sm_effect, accept),    offsetof(struct k8sm_effect, stream_id),
    offsetof(struct k8sm_effect, key),       offsetof(struct k8sm_effect, bytes),
};
enum { EFFECTS_SLICES = sizeof effects_slices / sizeof effects_slices[0] };

/* The bytes move when they grow: rows hold offsets, and get pointers when they are read. */
struct effects_row {
  struct k8sm_effect effect;
  size_t at[EFFECTS_SLICES]; /* of those that are there */
};

struct k8sm_effects {
  struct k8sm_allocator allocator;
  struct effects_row *rows;
  size_t count;
  size_t cap;
  struct k8smi_buf bytes;
};

int k8sm_effects_new(const struct k8sm_allocator *allocator, struct k8sm_effects **ret) {
  struct k8sm_allocator a;
  if (!k8smi_allocator_init(&a, allocator)) return K8SM_ERR_NOMEM;
  struct k8sm_effects *effects = k8smi_zalloc(&a, sizeof *effects);
  if (effects == NULL) return K8SM_ERR_NOMEM;
  effects->allocator = a;
  effects->bytes.allocator = a;
  *ret = effects;
  return K8SM_OK;
}

void k8sm_effects_free(struct k8sm_effects *effects) {
  if (effects == NULL) return;
  struct k8sm_allocator a = effects->allocator;
  k8smi_effects_clear(effects);
  k8smi_free(&a, effects->rows, effects->cap * sizeof *effects->rows);
  k8smi_buf_free(&effects->bytes);
  k8smi_free(&a, effects, sizeof *effects);
}

void k8smi_effects_clear(struct k8sm_effects *effects) {
  for (size_t i = 0; i < effects->count; i++) {
    const struct k8sm_effect *e = &effects->rows[i].effect;
    k8sm_pod_unref(e->pod);
    k8sm_status_unref(e->status);
    k8sm_status_unref(e->former);
  }
  effects->count = 0;
  k8smi_buf_clear(&effects->bytes);
}

size_t k8smi_effects_count(const struct k8sm_effects *effects) {
  return effects->count;
}

static const struct k8sm_slice *effects_slice(const struct k8sm_effect *effect, size_t i) {
  return (const void *)((const char *)effect + effects_slices[i]);
}

static bool effects_room(struct k8sm_effects *effects, size_t rows, size_t bytes) {
  void *items = effects->rows;
  size_t want, len = effects->bytes.len;
  if (!k8smi_add(effects->count, rows, &want) ||
      !k8smi_grow(&effects->allocator, &items, &effects->cap, want, sizeof *effects->rows)) {
    return false;
  }
  effects->rows = items;
  if (bytes == 0) return true;
  k8smi_buf_extend(&effects->bytes, bytes);
  bool ok = !effects->bytes.failed;
  effects->bytes.len = len;
  effects->bytes.failed = false;
  return ok;
}

/* One more row. */
static bool effects_fit(const struct k8sm_effects *effects, size_t bytes) {
  return effects->count < effects->cap && bytes <= effects->bytes.cap - effects->bytes.len;
}

int k8smi_effects_reserve(struct k8sm_effects *effects, size_t rows, size_t bytes) {
  size_t ends, all;
  if (!k8smi_mul(rows, EFFECTS_SLICES, &ends) || !k8smi_add(bytes, ends, &all)) return K8SM_ERR_NOMEM;
  return effects_room(effects, rows, all) ? K8SM_OK : K8SM_ERR_NOMEM;
}

int k8smi_effects_add(struct k8sm_effects *effects, const struct k8sm_effect *row) {
  size_t bytes = 0;
  unsigned set = 0; /* a bit for each slice: most effects have few */
  for (size_t i = 0; i < EFFECTS_SLICES; i++) {
    const struct k8sm_slice *s = effects_slice(row, i);
    if (s->ptr == NULL) continue;
    if (!k8smi_add(bytes, s->len + 1, &bytes)) return K8SM_ERR_NOMEM;
    set |= 1u << i;
  }
  if (!effects_fit(effects, bytes) && !effects_room(effects, 1, bytes)) return K8SM_ERR_NOMEM;
  struct effects_row *to = &effects->rows[effects->count++];
  to->effect = *row;
  for (; set != 0; set &= set - 1) {
    const size_t i = (size_t)__builtin_ctz(set);
    const struct k8sm_slice *s = effects_slice(row, i);
    to->at[i] = effects->bytes.len;
    char *text = k8smi_buf_extend(&effects->bytes, s->len + 1); /* there is room */
    k8smi_copy(text, s->ptr, s->len);
    text[s->len] = '\0';
  }
  k8sm_pod_ref(row->pod);
  if (row->status != NULL) k8sm_status_ref(row->status);
  if (row->former != NULL) k8sm_status_ref(row->former);
  return K8SM_OK;
}

/* After a step with many effects: their room is not needed again soon. */
static void effects_shrink(struct k8sm_effects *effects) {
  enum { KEEP_ROWS = 256, KEEP_BYTES = 64 * 1024 };
  if (effects->bytes.cap > KEEP_BYTES) k8smi_buf_free(&effects->bytes);
  if (effects->cap <= KEEP_ROWS) return;
  k8smi_free(&effects->allocator, effects->rows, effects->cap * sizeof *effects->rows);
  effects->rows = NULL;
  effects->cap = 0;
}

int k8smi_effects_move(struct k8sm_effects *effects, struct k8sm_effects *from) {
  size_t base = effects->bytes.len;
  if (from->count == 0) return K8SM_OK; /* nor are there bytes */
  if (!effects_room(effects, from->count, from->bytes.len)) return K8SM_ERR_NOMEM;
  k8smi_buf_put(&effects->bytes, from->bytes.ptr, from->bytes.len);
  struct effects_row *to = effects->rows + effects->count;
  memcpy(to, from->rows, from->count * sizeof *to); /* with the references that they hold */
  for (size_t i = 0; base != 0 && i < from->count; i++) {
    for (size_t k = 0; k < EFFECTS_SLICES; k++) {
      if (effects_slice(&to[i].effect, k)->ptr != NULL) to[i].at[k] += base;
    }
  }
  effects->count += from->count;
  from->count = 0;
  k8smi_effects_clear(from);
  effects_shrink(from);
  return K8SM_OK;
}

size_t k8sm_effects_rows(const struct k8sm_effects *effects, size_t first, struct k8sm_effect *rows,
                         size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(effects->count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    struct effects_row r = effects->rows[first + i];
    for (size_t k = 0; k < EFFECTS_SLICES; k++) {
      struct k8sm_slice *s = (void *)((char *)&r.effect + effects_slices[k]);
      if (s->ptr != NULL) s->ptr = effects->bytes.ptr + r.at[k];
    }
    k8smi_row_write(rows, row_size, i, &r.effect, sizeof r.effect);
  }
  return left;
}
