/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/proto.h"

#include "pod/proto_fields.h"
#include "pod/quantity.h"
#include "wire/protobuf.h"

/* Records → Kubernetes protobuf: the fields by their number. What is a plain value in Go is written also
 * when it is zero; pointers, lists and maps when there is something. */

static void podpb_put_i64(struct k8smi_buf *buf, uint32_t number, int64_t n) {
  k8smi_proto_put_number(buf, number, (uint64_t)n);
}

/* A message whose field 1 is the text in the form in which Kubernetes writes quantities. */
static void podpb_put_quantity(struct k8smi_buf *buf, uint32_t number, struct k8sm_slice text) {
  k8smi_proto_put_tag(buf, number, K8SMI_PROTO_BYTES);
  size_t message = k8smi_proto_begin(buf);
  k8smi_proto_put_tag(buf, 1, K8SMI_PROTO_BYTES);
  size_t begin = k8smi_proto_begin(buf);
  (void)k8smi_quantity_written(text, buf);
  k8smi_proto_end(buf, begin);
  k8smi_proto_end(buf, message);
}

/* Seconds and nanoseconds, of which Kubernetes keeps none; the zero time is an empty message. */
static void podpb_put_time(struct k8smi_buf *buf, uint32_t number, struct k8sm_slice text) {
  int64_t seconds;
  k8smi_proto_put_tag(buf, number, K8SMI_PROTO_BYTES);
  size_t begin = k8smi_proto_begin(buf);
  if (text.len > 0 && k8smi_parse_time(text, &seconds)) {
    podpb_put_i64(buf, 1, seconds);
    podpb_put_i64(buf, 2, 0);
  }
  k8smi_proto_end(buf, begin);
}

static void podpb_put_int_or_string(struct k8smi_buf *buf, uint32_t number,
                                    const struct k8smi_int_or_string *value) {
  static const struct k8smi_int_or_string zero = {0, {NULL, 0}};
  if (value == NULL) value = &zero;
  k8smi_proto_put_tag(buf, number, K8SMI_PROTO_BYTES);
  size_t begin = k8smi_proto_begin(buf);
  podpb_put_i64(buf, 1, value->text.ptr != NULL);
  podpb_put_i64(buf, 2, value->number);
  k8smi_proto_put_text(buf, 3, value->text);
  k8smi_proto_end(buf, begin);
}

/* A message whose field 1 holds the bytes: FieldsV1, RawExtension. */
static void podpb_put_raw(struct k8smi_buf *buf, uint32_t number, struct k8sm_slice raw) {
  k8smi_proto_put_tag(buf, number, K8SMI_PROTO_BYTES);
  size_t begin = k8smi_proto_begin(buf);
  k8smi_proto_put_text(buf, 1, raw);
  k8smi_proto_end(buf, begin);
}

static void podpb_put_message(struct k8smi_buf *buf, uint32_t number, unsigned type,
                              const struct k8smi_record *record) {
  k8smi_proto_put_tag(buf, number, K8SMI_PROTO_BYTES);
  size_t begin = k8smi_proto_begin(buf);
  k8smi_proto_put_record(buf, type, record);
  k8smi_proto_end(buf, begin);
}

static void podpb_put_pair(struct k8smi_buf *buf, uint32_t number, unsigned kind, struct k8smi_pair pair) {
  k8smi_proto_put_tag(buf, number, K8SMI_PROTO_BYTES);
  size_t begin = k8smi_proto_begin(buf);
  k8smi_proto_put_text(buf, 1, pair.key);
  if (kind == K8SMI_KIND_MAP_QUANTITY) {
    podpb_put_quantity(buf, 2, pair.value);
  } else {
    k8smi_proto_put_text(buf, 2, pair.value);
  }
  k8smi_proto_end(buf, begin);
}

static void podpb_put_list(struct k8smi_buf *buf, const struct k8smi_field *field,
                           const struct k8smi_list *list) {
  for (size_t i = 0; i < list->count; i++) {
    switch (field->kind) {
    case K8SMI_KIND_LIST_RECORD:
      podpb_put_message(buf, field->number, field->child, k8smi_list_record(*list, i));
      break;
    case K8SMI_KIND_LIST_STRING: k8smi_proto_put_text(buf, field->number, k8smi_list_str(*list, i)); break;
    case K8SMI_KIND_LIST_RAW: podpb_put_raw(buf, field->number, k8smi_list_str(*list, i)); break;
    case K8SMI_KIND_LIST_I32:
    case K8SMI_KIND_LIST_I64: podpb_put_i64(buf, field->number, ((const int64_t *)list->items)[i]); break;
    default: podpb_put_pair(buf, field->number, field->kind, k8smi_list_pair(*list, i));
    }
  }
}

/* `slot` is all zero when the field is not set. */
static void podpb_put_field(struct k8smi_buf *buf, const struct k8smi_field *field, bool set,
                            union k8smi_slot slot) {
  bool pointer = field->mode == K8SMI_MODE_PTR || field->mode == K8SMI_MODE_NULLABLE;
  if (!set && (pointer || field->kind >= K8SMI_KIND_LIST_STRING)) return;
  struct k8sm_slice text = {NULL, 0};
  switch (field->kind) {
  case K8SMI_KIND_BOOL:
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: podpb_put_i64(buf, field->number, set ? slot.number : 0); return;
  case K8SMI_KIND_RECORD:
    podpb_put_message(buf, field->number, field->child, set ? slot.record : NULL);
    return;
  case K8SMI_KIND_INT_OR_STRING:
    podpb_put_int_or_string(buf, field->number, set ? slot.int_or_string : NULL);
    return;
  case K8SMI_KIND_STRING:
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_RAW:
    if (set) text = k8smi_text_slice(slot.text);
    break;
  default: podpb_put_list(buf, field, slot.list); return;
  }
  switch (field->kind) {
  case K8SMI_KIND_QUANTITY: podpb_put_quantity(buf, field->number, set ? text : K8SMI_S("0")); break;
  case K8SMI_KIND_TIME: podpb_put_time(buf, field->number, text); break;
  case K8SMI_KIND_RAW: podpb_put_raw(buf, field->number, text); break;
  default: k8smi_proto_put_text(buf, field->number, text);
  }
}

/* What was kept of a message that it was read from. */
static void podpb_put_unknown(struct k8smi_buf *buf, bool inlined, bool set,
                              const struct k8smi_list *unknown) {
  for (size_t i = 0; set && i < unknown->count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(*unknown, i);
    if (pair.key.ptr == NULL && (pair.key.len != 0) == inlined) k8smi_buf_slice(buf, pair.value);
  }
}

struct podpb_source {
  const struct k8smi_field *fields;
  const union k8smi_slot *slots; /* by field */
  uint64_t present;
};

static void podpb_put_numbers(struct k8smi_buf *buf, const struct podpb_source *source,
                              const struct k8smi_proto_type *type, bool inlined) {
  const struct k8smi_proto_table *table = inlined ? &type->inlined : &type->own;
  for (uint32_t number = 1; number < table->count; number++) {
    const struct k8smi_proto_place *place = k8smi_proto_find(table, number);
    if (place != NULL) {
      unsigned field = k8smi_proto_field(place);
      podpb_put_field(buf, &source->fields[field], source->present >> field & 1, source->slots[field]);
    } else if (!inlined && number == type->via) {
      k8smi_proto_put_tag(buf, number, K8SMI_PROTO_BYTES);
      size_t begin = k8smi_proto_begin(buf);
      podpb_put_numbers(buf, source, type, true);
      k8smi_proto_end(buf, begin);
    }
  }
  podpb_put_unknown(buf, inlined, source->present >> K8SMI_FIELD_UNKNOWN & 1,
                    source->slots[K8SMI_FIELD_UNKNOWN].list);
}

void k8smi_proto_put_record(struct k8smi_buf *buf, unsigned type, const struct k8smi_record *record) {
  union k8smi_slot slots[64] = {{0}};
  struct podpb_source source = {k8smi_types[type].fields, slots, k8smi_record_spread(record, slots)};
  podpb_put_numbers(buf, &source, &k8smi_proto_types[type], false);
}

void k8smi_proto_put_enveloped(struct k8smi_buf *buf, unsigned type, const struct k8smi_record *record) {
  size_t begin = k8smi_envelope_begin(buf, k8smi_get_str(record, K8SMI_Pod_apiVersion),
                                      k8smi_get_str(record, K8SMI_Pod_kind));
  k8smi_proto_put_record(buf, type, record);
  k8smi_envelope_end(buf, begin);
}
