/* SPDX-License-Identifier: Apache-2.0 */
/* What stands at a path of a pod, and what is below it. */
#include "pod/pod.h"

#include "base/abi.h"
#include "pod/encode.h"
#include "pod/steps.h"
#include "wire/number.h"

/* An object, as if it were a field of something. */
struct get_root {
  struct k8smi_field field;
  const struct k8smi_record *record;
};

static struct get_root get_root(unsigned type, const struct k8smi_record *record) {
  return (struct get_root){{{"", 0}, 0, 0, K8SMI_KIND_RECORD, K8SMI_MODE_ALWAYS, (uint8_t)type}, record};
}

/* Where a path has led to: a field that is set, or one item of it. */
struct get_place {
  const struct k8smi_field *field;
  union k8smi_slot slot;
  bool is_item;
  size_t item;
};

static bool get_is_map(const struct get_place *at) {
  return !at->is_item && at->field->kind >= K8SMI_KIND_MAP_STRING;
}

static bool get_is_list(const struct get_place *at) {
  return !at->is_item && at->field->kind >= K8SMI_KIND_LIST_STRING && at->field->kind < K8SMI_KIND_MAP_STRING;
}

/* The object there; false if there is none. */
static bool get_record(const struct get_place *at, const struct k8smi_record **ret) {
  if (!at->is_item && at->field->kind == K8SMI_KIND_RECORD) {
    *ret = at->slot.record;
    return true;
  }
  if (!at->is_item || at->field->kind != K8SMI_KIND_LIST_RECORD) return false;
  *ret = k8smi_list_record(*at->slot.list, at->item);
  return true;
}

static struct get_place get_item(const struct get_place *at, size_t i) {
  return (struct get_place){at->field, at->slot, true, i};
}

/* ---- Values ---- */

static struct k8sm_slice get_item_text(const struct get_place *at, uint32_t *kind) {
  *kind = K8SM_VALUE_STRING;
  if (at->field->kind >= K8SMI_KIND_MAP_STRING) return k8smi_list_pair(*at->slot.list, at->item).value;
  if (at->field->kind == K8SMI_KIND_LIST_RAW) *kind = K8SM_VALUE_JSON;
  return k8smi_list_str(*at->slot.list, at->item);
}

static void get_fill_item(const struct get_place *at, struct k8sm_pod_value *row) {
  switch (at->field->kind) {
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64:
    row->kind = K8SM_VALUE_NUMBER;
    row->number = ((const int64_t *)at->slot.list->items)[at->item];
    break;
  default: row->text = get_item_text(at, &row->kind);
  }
}

static void get_fill_scalar(const struct get_place *at, struct k8sm_pod_value *row) {
  const struct k8smi_int_or_string *either = at->slot.int_or_string;
  switch (at->field->kind) {
  case K8SMI_KIND_BOOL:
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64:
    row->kind = at->field->kind == K8SMI_KIND_BOOL ? K8SM_VALUE_BOOL : K8SM_VALUE_NUMBER;
    row->number = at->slot.number;
    break;
  case K8SMI_KIND_INT_OR_STRING:
    row->kind = either->text.ptr == NULL ? K8SM_VALUE_NUMBER : K8SM_VALUE_STRING;
    row->number = either->number;
    row->text = either->text;
    break;
  default:
    row->kind = at->field->kind == K8SMI_KIND_RAW ? K8SM_VALUE_JSON : K8SM_VALUE_STRING;
    row->text = k8smi_text_slice(at->slot.text);
  }
}

static struct k8sm_pod_value get_value(const struct get_place *at, struct k8sm_slice name, size_t index) {
  struct k8sm_pod_value row;
  const struct k8smi_record *record;
  memset(&row, 0, sizeof row);
  row.name = name;
  row.index = index;
  if (get_record(at, &record)) {
    row.kind = K8SM_VALUE_OBJECT;
    for (unsigned i = 0; i < k8smi_types[at->field->child].count; i++) row.count += k8smi_has(record, i);
  } else if (get_is_map(at) || get_is_list(at)) {
    row.kind = get_is_map(at) ? K8SM_VALUE_OBJECT : K8SM_VALUE_LIST;
    row.count = at->slot.list->count;
  } else if (at->is_item) {
    get_fill_item(at, &row);
  } else {
    get_fill_scalar(at, &row);
  }
  return row;
}

/* ---- Steps ---- */

static struct get_place get_field(const struct get_place *at, const struct k8smi_record *record,
                                  unsigned field) {
  union k8smi_slot slots[64];
  k8smi_record_spread(record, slots);
  return (struct get_place){&k8smi_types[at->field->child].fields[field], slots[field], false, 0};
}

/* From an object into one of its fields. False: not set. */
static bool get_step_field(struct get_place *at, const struct k8smi_record *record,
                           const struct k8smi_step *step) {
  const struct k8smi_type *type = &k8smi_types[at->field->child];
  unsigned field = step->in_bracket ? type->count : k8smi_type_find(type, step->name, 0);
  if (field == type->count || !k8smi_has(record, field)) return false;
  *at = get_field(at, record, field);
  return true;
}

static bool get_step_key(struct get_place *at, const struct k8smi_step *step) {
  for (size_t i = 0; i < at->slot.list->count; i++) {
    if (!k8smi_step_is(step, k8smi_list_pair(*at->slot.list, i).key)) continue;
    *at = get_item(at, i);
    return true;
  }
  return false;
}

/* Whether a field of an object has this text, as a number too. */
static bool get_has_text(const struct k8smi_type *type, const struct k8smi_record *record,
                         struct k8sm_slice name, struct k8sm_slice text) {
  unsigned field = k8smi_type_find(type, name, 0);
  if (field == type->count || !k8smi_has(record, field)) return false;
  int64_t number;
  switch (type->fields[field].kind) {
  case K8SMI_KIND_STRING: return k8smi_eq(k8smi_get_str(record, field), text);
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: return k8smi_parse_i64(text, &number) && number == k8smi_get_i64(record, field, 0);
  default: return false;
  }
}

/* To an item by its number, or to the first one whose field has a value. */
static bool get_step_item(struct get_place *at, const struct k8smi_step *step) {
  struct k8sm_slice field, text;
  size_t i = step->index, count = at->slot.list->count;
  bool plain = !step->in_bracket && !step->escaped;
  if (plain || (!step->is_index && at->field->kind != K8SMI_KIND_LIST_RECORD)) return false;
  if (!step->is_index) {
    if (!k8smi_step_choice(step, &field, &text)) return false;
    const struct k8smi_type *type = &k8smi_types[at->field->child];
    i = 0;
    while (i < count && !get_has_text(type, k8smi_list_record(*at->slot.list, i), field, text)) i++;
  }
  if (i >= count) return false;
  *at = get_item(at, i);
  return true;
}

static bool get_step(struct get_place *at, const struct k8smi_step *step) {
  const struct k8smi_record *record;
  if (get_record(at, &record)) return get_step_field(at, record, step);
  if (get_is_map(at)) return get_step_key(at, step);
  return get_is_list(at) && get_step_item(at, step);
}

static int get_find(const struct get_root *root, const char *path, struct get_place *ret,
                    struct k8smi_step *last) {
  struct k8smi_steps steps;
  struct get_place at = {&root->field, {.record = root->record}, false, 0};
  bool found = true;
  int more;
  k8smi_steps_init(&steps, path);
  while ((more = k8smi_steps_next(&steps, last)) > 0) found = found && get_step(&at, last);
  if (more < 0) return K8SM_ERR_INVALID;
  *ret = at;
  return found ? K8SM_OK : K8SM_ERR_NOT_FOUND;
}

/* ---- What authors call ---- */

/* The name that the place has in what holds it. */
static struct k8sm_slice get_name(const struct get_place *at) {
  if (!at->is_item) return at->field->name;
  if (at->field->kind < K8SMI_KIND_MAP_STRING) return (struct k8sm_slice){NULL, 0};
  return k8smi_list_pair(*at->slot.list, at->item).key;
}

int k8sm_pod_get_value(const struct k8sm_pod *pod, const char *path, struct k8sm_pod_value *ret,
                       size_t row_size) {
  struct get_place at;
  struct k8smi_step last;
  const struct get_root root = get_root(K8SMI_TYPE_Pod, k8smi_pod_record(pod));
  int r = get_find(&root, path, &at, &last);
  if (r != K8SM_OK) return r;
  struct k8sm_pod_value row = get_value(&at, get_name(&at), at.is_item ? at.item : 0);
  k8smi_row_write(ret, row_size, 0, &row, sizeof row);
  return K8SM_OK;
}

int k8sm_pod_get_values(const struct k8sm_pod *pod, const char *path, size_t first,
                        struct k8sm_pod_value *rows, size_t row_size, size_t n, size_t *ret_count) {
  struct get_place at, below;
  struct k8smi_step last;
  const struct k8smi_record *record = NULL;
  unsigned fields[64]; /* those that are set */
  const struct get_root root = get_root(K8SMI_TYPE_Pod, k8smi_pod_record(pod));
  int r = get_find(&root, path, &at, &last);
  if (r != K8SM_OK) return r;
  bool object = get_record(&at, &record);
  size_t count = get_is_map(&at) || get_is_list(&at) ? at.slot.list->count : 0;
  for (unsigned i = 0; object && i < k8smi_types[at.field->child].count; i++) {
    if (k8smi_has(record, i)) fields[count++] = i;
  }
  for (size_t i = first; i < count && i - first < n; i++) {
    below = object ? get_field(&at, record, fields[i]) : get_item(&at, i);
    struct k8sm_pod_value row = get_value(&below, get_name(&below), i);
    k8smi_row_write(rows, row_size, i - first, &row, sizeof row);
  }
  *ret_count = k8smi_rows_left(count, first);
  return K8SM_OK;
}

static void get_put(struct k8smi_json *w, const struct get_place *at) {
  struct k8sm_pod_value row = get_value(at, K8SMI_S(""), 0);
  if (row.kind == K8SM_VALUE_STRING) {
    k8smi_buf_slice(w->buf, row.text);
  } else if (at->is_item) {
    k8smi_encode_item(w, at->field, at->slot.list, at->item);
  } else {
    k8smi_encode_value(w, at->field, at->slot);
  }
}

int k8smi_record_get(unsigned type, const struct k8smi_record *record, const char *path,
                     const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  const struct get_root root = get_root(type, record);
  struct get_place at;
  struct k8smi_step last;
  struct k8smi_buf buf;
  struct k8smi_json w;
  int r = get_find(&root, path, &at, &last);
  if (r != K8SM_OK) return r;
  if (!k8smi_buf_init(&buf, allocator)) return K8SM_ERR_NOMEM;
  k8smi_json_init(&w, &buf, true);
  get_put(&w, &at);
  r = k8smi_buf_to_blob(&buf, ret);
  k8smi_buf_free(&buf);
  return r;
}

int k8sm_pod_get(const struct k8sm_pod *pod, const char *path, const struct k8sm_allocator *allocator,
                 struct k8sm_blob **ret) {
  return k8smi_record_get(K8SMI_TYPE_Pod, k8smi_pod_record(pod), path, allocator, ret);
}
