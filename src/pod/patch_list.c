/* SPDX-License-Identifier: Apache-2.0 */
/* A list in a strategic merge patch: of its items only those that change, told apart by their key. */
#include <inttypes.h>
#include <stdio.h>

#include "base/map.h"
#include "pod/encode.h"
#include "pod/patch.h"
#include "pod/same.h"

/* The items of one side by their key. */
struct patch_side {
  const struct k8smi_list *list;
  const struct k8sm_slice *keys;
  struct k8smi_map index;
  bool unique; /* every item has a key, and another one */
};

struct patch_merge {
  struct k8smi_patch *p;
  const struct k8smi_patch_list *how;
  const struct k8smi_field *field;
  const struct k8smi_field *key; /* of the items; NULL: they are texts */
  struct patch_side from, to;
};

static struct k8sm_slice patch_key_of(struct patch_merge *m, const struct k8smi_list *list, size_t i) {
  enum { DIGITS = 24 };
  const struct k8sm_slice none = {NULL, 0};
  if (m->key == NULL) return k8smi_list_str(*list, i);
  const struct k8smi_record *item = k8smi_list_record(*list, i);
  if (!k8smi_has(item, m->how->key)) return none;
  if (m->key->kind == K8SMI_KIND_STRING) return k8smi_get_str(item, m->how->key);
  char *digits = k8smi_arena_alloc(m->p->arena, DIGITS);
  if (digits == NULL) {
    m->p->no_memory = true;
    return none;
  }
  snprintf(digits, DIGITS, "%" PRId64, k8smi_get_i64(item, m->how->key, 0));
  return k8smi_s(digits);
}

/* Of texts one that stands twice is one. */
static bool patch_side_add(struct patch_merge *m, struct patch_side *side, struct k8sm_slice key, size_t i) {
  if (m->key != NULL && (key.len == 0 || k8smi_map_get(&side->index, key) != K8SMI_MAP_NONE)) return false;
  if (k8smi_map_put(&side->index, key, (uint32_t)i)) return true;
  m->p->no_memory = true;
  return false;
}

static void patch_side_read(struct patch_merge *m, struct patch_side *side) {
  struct k8sm_slice *keys = k8smi_arena_array(m->p->arena, side->list->count, sizeof *keys);
  side->keys = keys;
  side->unique = keys != NULL;
  if (keys == NULL) m->p->no_memory = true;
  for (size_t i = 0; side->unique && i < side->list->count; i++) {
    keys[i] = patch_key_of(m, side->list, i);
    side->unique = patch_side_add(m, side, keys[i], i);
  }
}

/* "DIRECTIVE/LIST":[ */
static void patch_open_directive(struct patch_merge *m, const char *directive) {
  char key[128]; /* both are names that are written in this source */
  snprintf(key, sizeof key, "%s/%.*s", directive, K8SMI_P(m->field->name));
  k8smi_json_key(m->p->w, key);
  k8smi_json_open(m->p->w, '[');
}

static void patch_open_list(struct patch_merge *m, bool *open) {
  if (*open) return;
  k8smi_json_key_slice(m->p->w, m->field->name);
  k8smi_json_open(m->p->w, '[');
  *open = true;
}

/* An item by its key alone: `"name":"web"`, or the text itself. */
static void patch_put_key(struct patch_merge *m, const struct patch_side *side, size_t i) {
  struct k8smi_json *w = m->p->w;
  if (m->key == NULL) {
    k8smi_json_string(w, side->keys[i]);
    return;
  }
  k8smi_json_key_slice(w, m->key->name);
  if (m->key->kind == K8SMI_KIND_STRING) {
    k8smi_json_string(w, side->keys[i]);
  } else {
    k8smi_json_raw(w, side->keys[i]);
  }
}

/* Items that stay keep their order by themselves, new ones come to stand before them. */
static bool patch_order_changes(const struct patch_merge *m) {
  uint32_t last = 0;
  for (size_t i = 0; i < m->to.list->count; i++) {
    uint32_t before = k8smi_map_get(&m->from.index, m->to.keys[i]);
    if (before == K8SMI_MAP_NONE || before < last) return true;
    last = before;
  }
  return false;
}

static void patch_put_order(struct patch_merge *m) {
  struct k8smi_json *w = m->p->w;
  patch_open_directive(m, "$setElementOrder");
  for (size_t i = 0; i < m->to.list->count; i++) {
    if (m->key != NULL) k8smi_json_open(w, '{');
    patch_put_key(m, &m->to, i);
    if (m->key != NULL) k8smi_json_close(w, '}');
  }
  k8smi_json_close(w, ']');
}

/* The fields that the item keeps. */
static void patch_put_retained(struct patch_merge *m, const struct k8smi_record *item) {
  struct k8smi_json *w = m->p->w;
  const struct k8smi_type *type = &k8smi_types[m->field->child];
  k8smi_json_key(w, "$retainKeys");
  k8smi_json_open(w, '[');
  for (unsigned i = 0; i < type->count; i++) {
    if (k8smi_has(item, i)) k8smi_json_string(w, type->fields[i].name);
  }
  k8smi_json_close(w, ']');
}

static void patch_put_changed(struct patch_merge *m, size_t i, const struct k8smi_record *before) {
  const struct k8smi_record *item = k8smi_list_record(*m->to.list, i);
  k8smi_json_open(m->p->w, '{');
  patch_put_key(m, &m->to, i);
  if (m->how->retain) patch_put_retained(m, item);
  k8smi_patch_fields(m->p, m->field->child, before, item, m->how->retain != 0);
  k8smi_json_close(m->p->w, '}');
}

static void patch_put_object(struct patch_merge *m, size_t i, bool *open) {
  uint32_t at = k8smi_map_get(&m->from.index, m->to.keys[i]);
  if (at == K8SMI_MAP_NONE) {
    patch_open_list(m, open);
    k8smi_encode_item(m->p->w, m->field, m->to.list, i);
    return;
  }
  const struct k8smi_record *before = k8smi_list_record(*m->from.list, at);
  if (k8smi_same_record(m->field->child, before, k8smi_list_record(*m->to.list, i))) return;
  patch_open_list(m, open);
  patch_put_changed(m, i, before);
}

static void patch_put_objects(struct patch_merge *m) {
  bool open = false;
  for (size_t i = 0; i < m->to.list->count; i++) patch_put_object(m, i, &open);
  for (size_t i = 0; i < m->from.list->count; i++) {
    if (k8smi_map_get(&m->to.index, m->from.keys[i]) != K8SMI_MAP_NONE) continue;
    patch_open_list(m, &open);
    k8smi_json_open(m->p->w, '{');
    k8smi_json_member(m->p->w, "$patch", K8SMI_S("delete"));
    patch_put_key(m, &m->from, i);
    k8smi_json_close(m->p->w, '}');
  }
  if (open) k8smi_json_close(m->p->w, ']');
}

static void patch_put_texts(struct patch_merge *m) {
  bool open = false;
  for (size_t i = 0; i < m->from.list->count; i++) {
    if (k8smi_map_get(&m->to.index, m->from.keys[i]) != K8SMI_MAP_NONE) continue;
    if (!open) patch_open_directive(m, "$deleteFromPrimitiveList");
    open = true;
    k8smi_json_string(m->p->w, m->from.keys[i]);
  }
  if (open) k8smi_json_close(m->p->w, ']');
  open = false;
  for (size_t i = 0; i < m->to.list->count; i++) {
    if (k8smi_map_get(&m->from.index, m->to.keys[i]) != K8SMI_MAP_NONE) continue;
    patch_open_list(m, &open);
    k8smi_json_string(m->p->w, m->to.keys[i]);
  }
  if (open) k8smi_json_close(m->p->w, ']');
}

/* Where keys don't tell the items apart, as two protocols of one port. */
static void patch_put_replacement(struct patch_merge *m) {
  struct k8smi_json *w = m->p->w;
  k8smi_json_key_slice(w, m->field->name);
  k8smi_json_open(w, '[');
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "$patch", K8SMI_S("replace"));
  k8smi_json_close(w, '}');
  for (size_t i = 0; i < m->to.list->count; i++) k8smi_encode_item(w, m->field, m->to.list, i);
  k8smi_json_close(w, ']');
}

void k8smi_patch_put_list(struct k8smi_patch *p, const struct k8smi_patch_list *how,
                          const struct k8smi_field *field, const struct k8smi_list *from,
                          const struct k8smi_list *to) {
  struct patch_merge m = {.p = p, .how = how, .field = field, .from.list = from, .to.list = to};
  if (how->key != K8SMI_PATCH_NO_KEY) m.key = &k8smi_types[field->child].fields[how->key];
  /* Addresses are not known to who wrote the pods. They decide where a key is looked for, never what is
   * found. */
  k8smi_map_init(&m.from.index, &p->arena->allocator, (uint64_t)(uintptr_t)from);
  k8smi_map_init(&m.to.index, &p->arena->allocator, (uint64_t)(uintptr_t)to);
  patch_side_read(&m, &m.from);
  patch_side_read(&m, &m.to);
  if (!m.from.unique || !m.to.unique) {
    if (!p->no_memory) patch_put_replacement(&m);
  } else {
    if (patch_order_changes(&m)) patch_put_order(&m);
    if (m.key != NULL) {
      patch_put_objects(&m);
    } else {
      patch_put_texts(&m);
    }
  }
  k8smi_map_free(&m.from.index);
  k8smi_map_free(&m.to.index);
}
