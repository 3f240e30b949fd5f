/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/proto_private.h"

#include "pod/defaults.h"
#include "pod/proto_fields.h"

/* Kubernetes protobuf → records. A field that comes again takes the place of the one before, unless it is
 * repeated, or a message: then both together are it, as every implementation of protobuf has it. */

/* The object that is being read. */
struct podpb_object {
  struct k8smi_bind *b;
  const struct k8smi_type *type;
  const struct k8smi_proto_type *numbers;
  const struct k8smi_path *path;
  union k8smi_slot *slots;
  uint64_t present;
  uint32_t depth;
};

static int podpb_message(struct k8smi_bind *b, unsigned type, struct k8sm_slice bytes,
                         const struct k8smi_record *before, const struct k8smi_path *path, uint32_t depth,
                         const struct k8smi_record **ret);

/* Every field that is read, of the whole message. */
static int podpb_count(struct podpb_object *o) {
  if (o->b->nodes++ < o->b->max_nodes) return K8SM_OK;
  k8smi_find(o->b->diags, K8SM_DIAG_TOO_LARGE, o->path, "more than %u fields in one message",
             (unsigned)o->b->max_nodes);
  return K8SM_ERR_LIMIT;
}

static int podpb_wrong_wire(struct podpb_object *o, const struct k8smi_path *path, uint32_t found,
                            unsigned expected) {
  k8smi_find(o->b->diags, K8SM_DIAG_PROTOBUF_SYNTAX, path, "found wire type %u, expected %u", (unsigned)found,
             expected);
  return K8SM_ERR_SYNTAX;
}

static struct k8sm_slice podpb_name(const struct podpb_object *o, const struct k8smi_proto_place *place) {
  return o->type->fields[k8smi_proto_field(place)].name;
}

/* Puts an element of a list or map on the stack. */
static int podpb_push(struct podpb_object *o, const struct k8smi_proto_place *place, struct k8sm_slice bytes,
                      const struct k8smi_path *path) {
  struct k8smi_bind *b = o->b;
  struct k8sm_slice text;
  struct k8smi_pair pair;
  const struct k8smi_record *record;
  int r;
  switch (place->kind) {
  case K8SMI_KIND_LIST_RECORD:
    r = podpb_message(b, place->child, bytes, NULL, path, o->depth + 1, &record);
    if (r == K8SM_OK) k8smi_buf_put(&b->items, &record, sizeof(record));
    return r;
  case K8SMI_KIND_LIST_STRING:
  case K8SMI_KIND_LIST_RAW:
    r = k8smi_proto_text_of(b, place->kind, bytes, path, &text);
    if (r != K8SM_OK) return r;
    text = k8smi_text_keep(b->arena, text);
    if (text.ptr == NULL) return k8smi_proto_no_room(b);
    k8smi_buf_put(&b->items, &text, sizeof text);
    return K8SM_OK;
  default:
    r = k8smi_proto_pair(b, place->kind, bytes, path->parent, &pair);
    if (r == K8SM_OK) k8smi_buf_put(&b->items, &pair, sizeof pair);
    return r;
  }
}

/* Numbers come one by one, or many in one field ("packed"): a reader takes both. */
static int podpb_push_numbers(struct podpb_object *o, const struct k8smi_proto_place *place,
                              const struct k8smi_proto_item *item, const struct k8smi_path *path) {
  int64_t number = k8smi_proto_number(place->kind, item->number);
  if (item->wire != K8SMI_PROTO_BYTES) {
    k8smi_buf_put(&o->b->items, &number, sizeof number);
    return K8SM_OK;
  }
  for (const uint8_t *p = item->bytes; p < item->end;) {
    uint64_t n;
    const uint8_t *at = p;
    p = k8smi_proto_varint(p, item->end, &n);
    if (p == NULL) return k8smi_proto_broken(o->b, path, at, "a packed number is broken");
    number = k8smi_proto_number(place->kind, n);
    k8smi_buf_put(&o->b->items, &number, sizeof number);
  }
  return K8SM_OK;
}

/* Of equal keys, the last one wins. */
static size_t podpb_unique(struct k8smi_pair *pairs, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    if (i + 1 < n && k8smi_eq(pairs[i].key, pairs[i + 1].key)) continue;
    pairs[kept++] = pairs[i];
  }
  return kept;
}

/* The elements above `mark` become the list, behind those that it has already. */
static int podpb_take(struct podpb_object *o, const struct k8smi_proto_place *place, size_t mark) {
  struct k8smi_bind *b = o->b;
  const unsigned at = k8smi_proto_field(place);
  size_t size = k8smi_bind_item_size(place->kind);
  if (place->kind >= K8SMI_KIND_MAP_STRING && !b->items.failed) {
    struct k8smi_pair *pairs = (struct k8smi_pair *)(void *)(b->items.ptr + mark);
    size_t count = (b->items.len - mark) / sizeof *pairs;
    if (!k8smi_bind_sort_pairs(b->arena, pairs, count)) return k8smi_proto_no_room(b);
    b->items.len = mark + podpb_unique(pairs, count) * sizeof *pairs;
  }
  int r = k8smi_bind_take(b, mark, size, &o->slots[at].list);
  if (r == K8SM_OK) o->present |= (uint64_t)1 << at;
  return r;
}

/* Whether a field of the same number comes next. A broken one does not: it is found again. */
static inline bool podpb_follows(const struct k8smi_proto_item *item, const uint8_t *end,
                                 struct k8smi_proto_item *next) {
  const uint8_t *p = item->end;
  if (p == end || (*p < 0x80 && *p >> 3 != item->id)) return false; /* a number of one byte, as most are */
  return k8smi_proto_next(p, end, next) == NULL && next->id == item->id;
}

/* All fields of the same number that follow one another, from *item on; *item is the last of them. */
static int podpb_repeated(struct podpb_object *o, const struct k8smi_proto_place *place, const uint8_t *end,
                          struct k8smi_proto_item *item) {
  struct k8smi_bind *b = o->b;
  const unsigned at = k8smi_proto_field(place);
  const bool number = place->wire == K8SMI_PROTO_VARINT, had = o->present >> at & 1;
  struct k8smi_path name = k8smi_path_field(o->path, podpb_name(o, place)), path = k8smi_path_index(&name, 0);
  size_t mark = b->items.len;
  if (had) {
    const struct k8smi_list *before = o->slots[at].list;
    k8smi_buf_put(&b->items, before->items, before->count * k8smi_bind_item_size(place->kind));
    path.index = before->count;
  }
  for (;; path.index++) {
    struct k8smi_proto_item next;
    if (item->wire != K8SMI_PROTO_BYTES && !(number && item->wire == K8SMI_PROTO_VARINT))
      return podpb_wrong_wire(o, &name, item->wire, place->wire);
    int r = number ? podpb_push_numbers(o, place, item, &path)
                   : podpb_push(o, place, k8smi_proto_bytes(item), &path);
    if (r != K8SM_OK) return r;
    if (!podpb_follows(item, end, &next)) break;
    *item = next;
    r = podpb_count(o);
    if (r != K8SM_OK) return r;
  }
  return podpb_take(o, place, mark);
}

/* One value. *set: whether the field holds anything: a plain value of zero is the same as none. */
static int podpb_single(struct podpb_object *o, const struct k8smi_proto_place *place,
                        const struct k8smi_proto_item *item, union k8smi_slot *slot, bool *set) {
  struct k8smi_path path = k8smi_path_field(o->path, podpb_name(o, place));
  struct k8sm_slice text;
  if (item->wire != place->wire) return podpb_wrong_wire(o, &path, item->wire, place->wire);
  if (place->wire == K8SMI_PROTO_VARINT) {
    slot->number = k8smi_proto_number(place->kind, item->number);
    *set = place->keeps_zero || slot->number != 0;
    return K8SM_OK;
  }
  if (place->kind == K8SMI_KIND_INT_OR_STRING) {
    *set = true;
    return k8smi_proto_int_or_string(o->b, k8smi_proto_bytes(item), &path, slot);
  }
  int r = k8smi_proto_text_of(o->b, place->kind, k8smi_proto_bytes(item), &path, &text);
  *set = text.len > 0 || (place->keeps_zero && place->kind != K8SMI_KIND_TIME);
  if (r != K8SM_OK || !*set) return r;
  slot->text = k8smi_text_new(o->b->arena, text);
  return slot->text == NULL ? k8smi_proto_no_room(o->b) : K8SM_OK;
}

/* A field that the table does not have: reported, and kept with its tag where that is asked for. */
static int podpb_unknown(struct podpb_object *o, const struct k8smi_proto_item *item, bool inlined) {
  struct k8smi_bind *b = o->b;
  struct k8smi_pair pair = {{NULL, inlined}, {NULL, 0}};
  b->unknown++;
  b->invalid = b->invalid || b->strict;
  k8smi_find_as(b->diags, K8SM_DIAG_FIELD_UNKNOWN, b->strict ? K8SM_SEVERITY_ERROR : K8SM_SEVERITY_NOTE,
                o->path, "field number %u: unknown field", (unsigned)item->id);
  if (!b->keep_unknown) return K8SM_OK;
  pair.value = k8smi_arena_copy(b->arena, item->begin, (size_t)(item->end - item->begin));
  if (pair.value.ptr == NULL) return k8smi_proto_no_room(b);
  k8smi_buf_put(&b->kept, &pair, sizeof pair);
  return K8SM_OK;
}

/* The contents of the messages of the same number that follow one another, from *item on, as one, which is
 * what they mean; *item is the last of them. */
static int podpb_join(struct podpb_object *o, const uint8_t *end, struct k8smi_proto_item *item,
                      struct k8sm_slice *ret) {
  const struct k8smi_proto_item first = *item;
  struct k8smi_proto_item next;
  size_t len = 0;
  while (podpb_follows(item, end, &next) && next.wire == K8SMI_PROTO_BYTES) {
    int r = podpb_count(o);
    if (r != K8SM_OK) return r;
    *item = next;
  }
  char *joined = k8smi_arena_bytes(o->b->arena, (size_t)(item->end - first.begin));
  if (joined == NULL) return k8smi_proto_no_room(o->b);
  for (next = first;; (void)k8smi_proto_next(next.end, end, &next)) { /* they were right before */
    memcpy(joined + len, next.bytes, (size_t)(next.end - next.bytes));
    len += (size_t)(next.end - next.bytes);
    if (next.begin == item->begin) break;
  }
  *ret = (struct k8sm_slice){joined, len};
  return K8SM_OK;
}

/* The contents of a message; of all parts of it that follow one another. */
static inline int podpb_contents(struct podpb_object *o, const uint8_t *end, struct k8smi_proto_item *item,
                                 struct k8sm_slice *ret) {
  struct k8smi_proto_item next;
  *ret = k8smi_proto_bytes(item);
  return podpb_follows(item, end, &next) ? podpb_join(o, end, item, ret) : K8SM_OK;
}

/* Puts the fields from *p to *end in the order of their numbers, those of one number in their own order: so
 * that what comes again and again, between others, is read at once and not added to what was read each time.
 */
static int podpb_group(struct podpb_object *o, const uint8_t **p, const uint8_t **end) {
  enum { PODPB_NUMBERS = 64 };
  size_t place[PODPB_NUMBERS + 1] = {0}; /* of the fields of a number; the last: of all others */
  struct k8smi_proto_item item;
  for (const uint8_t *at = *p; at < *end; at = item.end) {
    const char *wrong = k8smi_proto_next(at, *end, &item);
    if (wrong != NULL) return k8smi_proto_broken(o->b, o->path, at, wrong);
    place[item.id < PODPB_NUMBERS ? item.id : PODPB_NUMBERS] += (size_t)(item.end - at);
  }
  size_t len = 0;
  for (size_t i = 0; i <= PODPB_NUMBERS; i++) {
    size_t size = place[i];
    place[i] = len;
    len += size;
  }
  uint8_t *grouped = (uint8_t *)(void *)k8smi_arena_bytes(o->b->arena, len);
  if (grouped == NULL) return k8smi_proto_no_room(o->b);
  for (const uint8_t *at = *p; at < *end; at = item.end) {
    (void)k8smi_proto_next(at, *end, &item);
    size_t *to = &place[item.id < PODPB_NUMBERS ? item.id : PODPB_NUMBERS];
    memcpy(grouped + *to, at, (size_t)(item.end - at));
    *to += (size_t)(item.end - at);
  }
  *p = grouped;
  *end = grouped + len;
  return K8SM_OK;
}

static int podpb_fields(struct podpb_object *o, struct k8sm_slice bytes, bool inlined);

/* One field, or a run of them; *item is the last one. */
static int podpb_field(struct podpb_object *o, const struct k8smi_proto_place *place, const uint8_t *end,
                       struct k8smi_proto_item *item) {
  const unsigned at = k8smi_proto_field(place);
  bool set = o->present >> at & 1;
  struct k8sm_slice joined;
  if (place->kind >= K8SMI_KIND_LIST_STRING) return podpb_repeated(o, place, end, item);
  if (place->kind == K8SMI_KIND_RECORD && item->wire == K8SMI_PROTO_BYTES) {
    int r = podpb_contents(o, end, item, &joined);
    if (r != K8SM_OK) return r;
    struct k8smi_path path = k8smi_path_field(o->path, podpb_name(o, place));
    r = podpb_message(o->b, place->child, joined, set ? o->slots[at].record : NULL, &path, o->depth + 1,
                      &o->slots[at].record);
    o->present |= (uint64_t)1 << at;
    return r;
  }
  int r = podpb_single(o, place, item, &o->slots[at], &set);
  o->present = (o->present & ~((uint64_t)1 << at)) | (uint64_t)set << at;
  return r;
}

static int podpb_inlined(struct podpb_object *o, const uint8_t *end, struct k8smi_proto_item *item) {
  struct k8sm_slice joined;
  int r = podpb_contents(o, end, item, &joined);
  return r == K8SM_OK ? podpb_fields(o, joined, true) : r;
}

static int podpb_fields(struct podpb_object *o, struct k8sm_slice bytes, bool inlined) {
  const struct k8smi_proto_table *table = inlined ? &o->numbers->inlined : &o->numbers->own;
  const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
  bool grouped = false, had_inlined = false;
  struct k8smi_proto_item item;
  for (int r; p < end; p = item.end) {
    const char *wrong = k8smi_proto_next(p, end, &item);
    if (wrong != NULL) return k8smi_proto_broken(o->b, o->path, p, wrong);
    const struct k8smi_proto_place *place = k8smi_proto_find(table, item.id);
    bool via = place == NULL && !inlined && item.id == o->numbers->via && item.wire == K8SMI_PROTO_BYTES;
    bool again = place == NULL
                     ? via && had_inlined
                     : place->kind >= K8SMI_KIND_RECORD && (o->present >> k8smi_proto_field(place) & 1);
    if (again && !grouped) {
      r = podpb_group(o, &p, &end);
      if (r != K8SM_OK) return r;
      grouped = true;
      item.end = p; /* from here on, once more */
      continue;
    }
    had_inlined = had_inlined || via;
    r = podpb_count(o);
    if (r == K8SM_OK) {
      r = place != NULL ? podpb_field(o, place, end, &item)
          : via         ? podpb_inlined(o, end, &item)
                        : podpb_unknown(o, &item, inlined);
    }
    if (r != K8SM_OK) return r;
  }
  return K8SM_OK;
}

/* Reads a message into a record, on top of what is in the slots. */
static int podpb_record(struct k8smi_bind *b, unsigned type, struct k8sm_slice bytes, union k8smi_slot *slots,
                        uint64_t present, const struct k8smi_path *path, uint32_t depth,
                        const struct k8smi_record **ret) {
  struct podpb_object o = {b, &k8smi_types[type], &k8smi_proto_types[type], path, slots, present, depth};
  if (depth > b->max_depth) {
    k8smi_find(b->diags, K8SM_DIAG_TOO_DEEP, path, "nested deeper than %u levels", (unsigned)b->max_depth);
    return K8SM_ERR_LIMIT;
  }
  size_t mark = b->kept.len, at = (size_t)(bytes.ptr + bytes.len - b->message.ptr);
  int r = podpb_fields(&o, bytes, false);
  if (at > b->arena->input_read) b->arena->input_read = at;
  if (r == K8SM_OK) r = k8smi_bind_keep(b, mark, slots, &o.present);
  if (r != K8SM_OK) return r;
  if (b->defaults && !k8smi_defaults_fill(b->arena, type, slots, &o.present)) return k8smi_proto_no_room(b);
  *ret = k8smi_record_new(b->arena, o.present, slots);
  return *ret == NULL ? k8smi_proto_no_room(b) : K8SM_OK;
}

/* The same on top of what stood `before` it, or NULL. */
static int podpb_message(struct k8smi_bind *b, unsigned type, struct k8sm_slice bytes,
                         const struct k8smi_record *before, const struct k8smi_path *path, uint32_t depth,
                         const struct k8smi_record **ret) {
  union k8smi_slot slots[64];
  return podpb_record(b, type, bytes, slots, k8smi_record_spread(before, slots), path, depth, ret);
}

bool k8smi_proto_name(struct k8smi_bind *b, const struct k8smi_envelope *from, union k8smi_slot *slots,
                      uint64_t *present) {
  *present = 0;
  if (from->kind.len == 0) return true;
  slots[K8SMI_Pod_kind].text = k8smi_text_new(b->arena, from->kind);
  slots[K8SMI_Pod_apiVersion].text = k8smi_text_new(b->arena, from->api_version);
  *present = (uint64_t)1 << K8SMI_Pod_kind | (uint64_t)1 << K8SMI_Pod_apiVersion;
  return slots[K8SMI_Pod_kind].text != NULL && slots[K8SMI_Pod_apiVersion].text != NULL;
}

int k8smi_proto_record(struct k8smi_bind *b, enum k8smi_type_id type, const struct k8smi_envelope *from,
                       const struct k8smi_path *path, const struct k8smi_record **ret) {
  union k8smi_slot slots[64];
  uint64_t present;
  if (!k8smi_proto_name(b, from, slots, &present)) return k8smi_proto_no_room(b);
  b->message = from->object;
  return podpb_record(b, type, from->object, slots, present, path, 1, ret);
}
