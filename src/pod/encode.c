/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/encode.h"

#include "pod/quantity.h"
#include "wire/base64.h"

/* A value with quotes around what `put` writes of it; neither base64 nor quantities need escapes. */
static void encode_quoted(struct k8smi_json *w, struct k8sm_slice s,
                          void (*put)(struct k8smi_buf *buf, struct k8sm_slice s)) {
  k8smi_json_raw(w, K8SMI_S("\""));
  put(w->buf, s);
  k8smi_buf_putc(w->buf, '"');
}

static void encode_put_quantity(struct k8smi_buf *buf, struct k8sm_slice s) {
  (void)k8smi_quantity_written(s, buf);
}

static void encode_put_base64(struct k8smi_buf *buf, struct k8sm_slice s) {
  k8smi_put_base64(buf, s.ptr, s.len);
}

/* JSON that has come as JSON is compact already; what was in protobuf is as it came. */
static void encode_raw(struct k8smi_json *w, struct k8sm_slice json) {
  if (json.len == 0) json = K8SMI_S("null");
  k8smi_json_compact(w, json);
}

void k8smi_encode_item(struct k8smi_json *w, const struct k8smi_field *field, const struct k8smi_list *list,
                       size_t i) {
  switch (field->kind) {
  case K8SMI_KIND_LIST_RECORD: k8smi_encode_record(w, field->child, k8smi_list_record(*list, i)); break;
  case K8SMI_KIND_LIST_STRING: k8smi_json_string(w, k8smi_list_str(*list, i)); break;
  case K8SMI_KIND_LIST_RAW: encode_raw(w, k8smi_list_str(*list, i)); break;
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64: k8smi_json_i64(w, ((const int64_t *)list->items)[i]); break;
  case K8SMI_KIND_MAP_QUANTITY: encode_quoted(w, k8smi_list_pair(*list, i).value, encode_put_quantity); break;
  case K8SMI_KIND_MAP_BYTES: encode_quoted(w, k8smi_list_pair(*list, i).value, encode_put_base64); break;
  default: k8smi_json_string(w, k8smi_list_pair(*list, i).value);
  }
}

static void encode_collection(struct k8smi_json *w, const struct k8smi_field *field,
                              const struct k8smi_list *list) {
  bool is_map = field->kind >= K8SMI_KIND_MAP_STRING;
  k8smi_json_open(w, is_map ? '{' : '[');
  for (size_t i = 0; i < list->count; i++) {
    if (is_map) k8smi_json_key_slice(w, k8smi_list_pair(*list, i).key);
    k8smi_encode_item(w, field, list, i);
  }
  k8smi_json_close(w, is_map ? '}' : ']');
}

void k8smi_encode_value(struct k8smi_json *w, const struct k8smi_field *field, union k8smi_slot slot) {
  struct k8sm_slice text;
  switch (field->kind) {
  case K8SMI_KIND_BOOL: k8smi_json_bool(w, slot.number != 0); return;
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: k8smi_json_i64(w, slot.number); return;
  case K8SMI_KIND_RECORD: k8smi_encode_record(w, field->child, slot.record); return;
  case K8SMI_KIND_INT_OR_STRING:
    if (slot.int_or_string->text.ptr == NULL) {
      k8smi_json_i64(w, slot.int_or_string->number);
    } else {
      k8smi_json_string(w, slot.int_or_string->text);
    }
    return;
  case K8SMI_KIND_STRING:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_RAW:
    text = k8smi_text_slice(slot.text);
    if (field->kind == K8SMI_KIND_RAW) {
      encode_raw(w, text);
    } else if (field->kind == K8SMI_KIND_QUANTITY) {
      encode_quoted(w, text, encode_put_quantity);
    } else {
      k8smi_json_string(w, text);
    }
    return;
  default: encode_collection(w, field, slot.list);
  }
}

/* Members that were kept as they came. */
static void encode_unknown(struct k8smi_json *w, const struct k8smi_list *unknown) {
  for (size_t i = 0; i < unknown->count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(*unknown, i);
    if (pair.key.ptr == NULL) continue; /* a field of protobuf: JSON has no name for it */
    k8smi_json_key_slice(w, pair.key);
    k8smi_json_raw(w, pair.value);
  }
}

/* What Go writes for a zero value that is not left out. */
static void encode_zero(struct k8smi_json *w, const struct k8smi_field *field) {
  if (field->mode == K8SMI_MODE_NULLABLE) {
    k8smi_json_raw(w, K8SMI_S("null"));
    return;
  }
  switch (field->kind) {
  case K8SMI_KIND_STRING: k8smi_json_string(w, K8SMI_S("")); break;
  case K8SMI_KIND_BOOL: k8smi_json_bool(w, false); break;
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64:
  case K8SMI_KIND_INT_OR_STRING: k8smi_json_i64(w, 0); break;
  case K8SMI_KIND_QUANTITY: k8smi_json_string(w, K8SMI_S("0")); break;
  case K8SMI_KIND_RECORD: k8smi_encode_record(w, field->child, NULL); break;
  default: k8smi_json_raw(w, K8SMI_S("null"));
  }
}

void k8smi_encode_record(struct k8smi_json *w, unsigned type, const struct k8smi_record *record) {
  const struct k8smi_type *of = &k8smi_types[type];
  unsigned slot = 0;
  k8smi_json_open(w, '{');
  for (unsigned i = 0; i < of->count; i++) {
    const struct k8smi_field *field = &of->fields[i];
    bool set = record != NULL && (record->present >> i & 1) != 0;
    if (!set && field->mode != K8SMI_MODE_ALWAYS && field->mode != K8SMI_MODE_NULLABLE) continue;
    k8smi_json_key_slice(w, field->name);
    if (set) {
      k8smi_encode_value(w, field, record->slots[slot++]);
    } else {
      encode_zero(w, field);
    }
  }
  if (record != NULL && (record->present >> K8SMI_FIELD_UNKNOWN & 1) != 0)
    encode_unknown(w, record->slots[slot].list);
  k8smi_json_close(w, '}');
}
