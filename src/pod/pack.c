/* SPDX-License-Identifier: Apache-2.0 */
/* A record: which fields are set, which of those are as in the other record, and the values of the rest.
 * Whatever a record can hold comes back as it was; bytes never leave the process. */
#include "pod/pack.h"
#include "base/map.h"
#include "pod/parse.h"
#include "pod/same.h"
#include "wire/protobuf.h"

static const struct k8smi_field pack_unknown = {.kind = K8SMI_KIND_MAP_STRING};

static const struct k8smi_field *pack_field(unsigned type, unsigned i) {
  return i == K8SMI_FIELD_UNKNOWN ? &pack_unknown : &k8smi_types[type].fields[i];
}

/* ---- Writing ---- */

static void pack_record(struct k8smi_buf *buf, unsigned type, const struct k8smi_record *record,
                        const struct k8smi_record *like);

/* Absent slices have lengths, too: those of keys of unknown fields. */
static void pack_slice(struct k8smi_buf *buf, struct k8sm_slice s) {
  k8smi_proto_put_varint(buf, (uint64_t)s.len << 1 | (s.ptr != NULL));
  if (s.ptr != NULL) k8smi_buf_put(buf, s.ptr, s.len);
}

static void pack_item(struct k8smi_buf *buf, const struct k8smi_field *field, const struct k8smi_list *list,
                      const struct k8smi_list *like, size_t i) {
  switch (field->kind) {
  case K8SMI_KIND_LIST_RECORD:
    pack_record(buf, field->child, k8smi_list_record(*list, i),
                like != NULL && i < like->count ? k8smi_list_record(*like, i) : NULL);
    break;
  case K8SMI_KIND_LIST_STRING:
  case K8SMI_KIND_LIST_RAW: pack_slice(buf, k8smi_list_str(*list, i)); break;
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64: k8smi_proto_put_varint(buf, (uint64_t)((const int64_t *)list->items)[i]); break;
  default:
    pack_slice(buf, k8smi_list_pair(*list, i).key);
    pack_slice(buf, k8smi_list_pair(*list, i).value);
    break;
  }
}

static void pack_list(struct k8smi_buf *buf, const struct k8smi_field *field, const struct k8smi_list *list,
                      const struct k8smi_list *like) {
  k8smi_proto_put_varint(buf, list->count);
  for (size_t i = 0; i < list->count; i++) pack_item(buf, field, list, like, i);
}

/* `like`: the value of the other record; NULL: it has none. */
static void pack_value(struct k8smi_buf *buf, const struct k8smi_field *field, union k8smi_slot value,
                       const union k8smi_slot *like) {
  switch (field->kind) {
  case K8SMI_KIND_BOOL:
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: k8smi_proto_put_varint(buf, (uint64_t)value.number); break;
  case K8SMI_KIND_STRING:
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_RAW: pack_slice(buf, k8smi_text_slice(value.text)); break;
  case K8SMI_KIND_INT_OR_STRING:
    pack_slice(buf, value.int_or_string->text);
    k8smi_proto_put_varint(buf, (uint64_t)value.int_or_string->number);
    break;
  case K8SMI_KIND_RECORD:
    pack_record(buf, field->child, value.record, like == NULL ? NULL : like->record);
    break;
  default: pack_list(buf, field, value.list, like == NULL ? NULL : like->list); break;
  }
}

static void pack_record(struct k8smi_buf *buf, unsigned type, const struct k8smi_record *record,
                        const struct k8smi_record *like) {
  union k8smi_slot values[64], others[64];
  const uint64_t present = k8smi_record_spread(record, values);
  const uint64_t both = like == NULL ? 0 : present & k8smi_record_spread(like, others);
  uint64_t same = 0;
  for (unsigned i = 0; i < 64 && both >> i != 0; i++) {
    bool equal = both >> i & 1 && k8smi_same_value(pack_field(type, i), values[i], others[i]);
    same |= (uint64_t)equal << i;
  }
  k8smi_proto_put_varint(buf, present);
  if (like != NULL) k8smi_proto_put_varint(buf, same);
  const uint64_t rest = present & ~same;
  for (unsigned i = 0; i < 64 && rest >> i != 0; i++) {
    if (rest >> i & 1) pack_value(buf, pack_field(type, i), values[i], both >> i & 1 ? &others[i] : NULL);
  }
}

void k8smi_pod_pack(struct k8smi_buf *buf, const struct k8sm_pod *pod, const struct k8sm_pod *like) {
  pack_record(buf, K8SMI_TYPE_Pod, pod->record, like == NULL ? NULL : like->record);
}

/* ---- Reading ---- */

struct pack_reader {
  struct k8smi_arena *arena;
  const uint8_t *at;
  const uint8_t *end;
  bool failed; /* memory ran out */
};

static const struct k8smi_record *pack_read_record(struct pack_reader *r, unsigned type,
                                                   const struct k8smi_record *like);

static uint64_t pack_next(struct pack_reader *r) {
  uint64_t n = 0;
  const uint8_t *behind = k8smi_proto_varint(r->at, r->end, &n);
  if (behind != NULL) r->at = behind;
  r->failed |= behind == NULL;
  return n;
}

/* It is in the bytes. */
static struct k8sm_slice pack_next_slice(struct pack_reader *r) {
  uint64_t n = pack_next(r);
  struct k8sm_slice s = {NULL, (size_t)(n >> 1)};
  if ((n & 1) == 0) return s;
  s.ptr = (const char *)r->at;
  if (s.len > (size_t)(r->end - r->at)) {
    r->failed = true;
    s.len = 0;
  }
  r->at += s.len;
  return s;
}

static struct k8sm_slice pack_read_slice(struct pack_reader *r) {
  struct k8sm_slice s = pack_next_slice(r);
  if (s.ptr == NULL) return s;
  s = k8smi_text_keep(r->arena, s);
  r->failed |= s.ptr == NULL;
  return s;
}

static size_t pack_item_size(const struct k8smi_field *field) {
  switch (field->kind) {
  case K8SMI_KIND_LIST_RECORD: return sizeof(struct k8smi_record *);
  case K8SMI_KIND_LIST_STRING:
  case K8SMI_KIND_LIST_RAW: return sizeof(struct k8sm_slice);
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64: return sizeof(int64_t);
  default: return sizeof(struct k8smi_pair);
  }
}

static void pack_read_item(struct pack_reader *r, const struct k8smi_field *field, void *items, size_t i,
                           const struct k8smi_list *like) {
  struct k8smi_pair *pair;
  switch (field->kind) {
  case K8SMI_KIND_LIST_RECORD:
    ((const struct k8smi_record **)items)[i] = pack_read_record(
        r, field->child, like != NULL && i < like->count ? k8smi_list_record(*like, i) : NULL);
    break;
  case K8SMI_KIND_LIST_STRING:
  case K8SMI_KIND_LIST_RAW: ((struct k8sm_slice *)items)[i] = pack_read_slice(r); break;
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64: ((int64_t *)items)[i] = (int64_t)pack_next(r); break;
  default:
    pair = (struct k8smi_pair *)items + i;
    pair->key = pack_read_slice(r);
    pair->value = pack_read_slice(r);
    break;
  }
}

static const struct k8smi_list *pack_read_list(struct pack_reader *r, const struct k8smi_field *field,
                                               const struct k8smi_list *like) {
  size_t count = (size_t)pack_next(r);
  struct k8smi_list *list = k8smi_arena_alloc(r->arena, sizeof *list);
  void *items = r->failed ? NULL : k8smi_arena_array(r->arena, count, pack_item_size(field));
  if (list == NULL || items == NULL) {
    r->failed = true;
    return NULL;
  }
  *list = (struct k8smi_list){items, count};
  for (size_t i = 0; i < count && !r->failed; i++) pack_read_item(r, field, items, i, like);
  return list;
}

static const struct k8smi_int_or_string *pack_read_int_or_string(struct pack_reader *r) {
  struct k8smi_int_or_string *value = k8smi_arena_alloc(r->arena, sizeof *value);
  if (value == NULL) {
    r->failed = true;
    return NULL;
  }
  value->text = pack_read_slice(r);
  value->number = (int64_t)pack_next(r);
  return value;
}

static union k8smi_slot pack_read_value(struct pack_reader *r, const struct k8smi_field *field,
                                        const union k8smi_slot *like) {
  union k8smi_slot value = {0};
  switch (field->kind) {
  case K8SMI_KIND_BOOL:
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: value.number = (int64_t)pack_next(r); break;
  case K8SMI_KIND_STRING:
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_RAW:
    value.text = k8smi_text_new(r->arena, pack_next_slice(r));
    r->failed |= value.text == NULL;
    break;
  case K8SMI_KIND_INT_OR_STRING: value.int_or_string = pack_read_int_or_string(r); break;
  case K8SMI_KIND_RECORD:
    value.record = pack_read_record(r, field->child, like == NULL ? NULL : like->record);
    break;
  default: value.list = pack_read_list(r, field, like == NULL ? NULL : like->list); break;
  }
  return value;
}

static const struct k8smi_record *pack_read_record(struct pack_reader *r, unsigned type,
                                                   const struct k8smi_record *like) {
  union k8smi_slot values[64], others[64];
  const uint64_t present = pack_next(r);
  const uint64_t both = like == NULL ? 0 : present & k8smi_record_spread(like, others);
  const uint64_t same = like == NULL ? 0 : pack_next(r);
  for (unsigned i = 0; i < 64 && present >> i != 0 && !r->failed; i++) {
    if ((present >> i & 1) == 0) continue;
    values[i] = same >> i & 1 ? others[i]
                              : pack_read_value(r, pack_field(type, i), both >> i & 1 ? &others[i] : NULL);
  }
  const struct k8smi_record *record = r->failed ? NULL : k8smi_record_new(r->arena, present, values);
  r->failed |= record == NULL;
  return record;
}

struct k8sm_pod *k8smi_pod_unpack(struct k8sm_slice bytes, struct k8sm_pod *like,
                                  const struct k8sm_allocator *allocator) {
  enum { GROWTH = 3, SMALL = 64 }; /* of what is unpacked, about */
  struct k8sm_pod *pod = k8smi_value_new(allocator, 0, sizeof *pod, offsetof(struct k8sm_pod, arena),
                                         bytes.len * GROWTH + SMALL);
  if (pod == NULL) return NULL;
  struct pack_reader r = {&pod->arena, (const uint8_t *)bytes.ptr, (const uint8_t *)bytes.ptr + bytes.len,
                          false};
  k8smi_refs_init(&pod->refs);
  pod->base = k8sm_pod_ref(like);
  pod->record = pack_read_record(&r, K8SMI_TYPE_Pod, like == NULL ? NULL : like->record);
  if (!r.failed) return pod;
  k8sm_pod_unref(pod);
  return NULL;
}

/* ---- Which are alike ---- */

uint64_t k8smi_pod_likeness(const struct k8sm_pod *pod) {
  const struct k8smi_record *spec = k8smi_get_record(pod->record, K8SMI_Pod_spec);
  struct k8smi_list list = k8smi_get_list(spec, K8SMI_PodSpec_containers);
  struct k8sm_slice space = k8sm_pod_namespace(pod);
  uint64_t hash = k8smi_hash(space.ptr, space.len, list.count);
  for (size_t i = 0; i < list.count; i++) {
    static const unsigned fields[] = {K8SMI_Container_name, K8SMI_Container_image};
    for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
      struct k8sm_slice text = k8smi_get_str(k8smi_list_record(list, i), fields[k]);
      hash = k8smi_hash(text.ptr, text.len, hash);
    }
  }
  return hash;
}

bool k8smi_pod_is_alone(struct k8sm_pod *pod, unsigned refs, const struct k8sm_pod *like) {
  for (; pod != NULL && pod != like && k8smi_refs_count(&pod->refs) == refs; refs = 1) pod = pod->base;
  return pod == NULL || pod == like;
}
