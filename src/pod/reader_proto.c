/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/reader.h"

#include "wire/protobuf.h"

/* Protobuf in chunks: field by field, of the envelope and then of a list that is in it. */

enum {
  READER_MAGIC,    /* the four bytes before the envelope */
  READER_ENVELOPE, /* its fields */
  READER_LIST,     /* the fields of the list */
  READER_OBJECT    /* what is no list: nothing can be said before all of it is there */
};

/* In the envelope, or in the item that comes next. */
static int reader_broken(struct k8sm_reader *r, const char *wrong) {
  const struct k8smi_path items = k8smi_path_field(NULL, K8SMI_S("items")),
                          item = k8smi_path_index(&items, r->proto.index);
  if (r->proto.state == READER_LIST) {
    k8smi_find(r->parse.diags, K8SM_DIAG_PROTOBUF_SYNTAX, &item, "%s", wrong);
  } else {
    k8smi_find(r->parse.diags, K8SM_DIAG_PROTOBUF_SYNTAX, NULL, "%s, in the envelope", wrong);
  }
  return k8smi_reader_fail(r, K8SM_ERR_SYNTAX);
}

/* How many bytes a field takes: its tag, and the length where it has one, are in the bytes. 0: they are not
 * all there. What is broken takes what there is. */
static size_t reader_field_size(const uint8_t *p, size_t len, size_t *ret_head) {
  enum { VARINT_MAX = 10, FIXED64_LEN = 8, FIXED32_LEN = 4 };
  const uint8_t *end = p + len, *value;
  uint64_t tag, n = 0;
  const uint8_t *behind = k8smi_proto_varint(p, end, &tag);
  *ret_head = 0;
  if (behind == NULL) return len >= VARINT_MAX ? len : 0;
  value = behind;
  switch (tag & 7) {
  case K8SMI_PROTO_FIXED64: n = FIXED64_LEN; break;
  case K8SMI_PROTO_FIXED32: n = FIXED32_LEN; break;
  default:
    behind = k8smi_proto_varint(behind, end, &n);
    if (behind == NULL) return end - value >= VARINT_MAX ? len : 0;
    if ((tag & 7) != K8SMI_PROTO_BYTES) n = 0;
  }
  *ret_head = (size_t)(behind - p);
  return n > SIZE_MAX - *ret_head ? SIZE_MAX : *ret_head + (size_t)n;
}

/* The next field of what lies from p->from on and has `most` bytes in all. NOT_FOUND: it is not all there. */
static int reader_field(struct k8sm_reader *r, size_t most, struct k8smi_proto_item *ret) {
  struct k8smi_reader_proto *p = &r->proto;
  const uint8_t *bytes = (const uint8_t *)r->input.ptr + p->from;
  size_t head, have = r->input.len - p->from;
  if (have > most) have = most;
  if (have == 0) return r->last ? reader_broken(r, "a length goes beyond the end") : K8SM_ERR_NOT_FOUND;
  size_t need = reader_field_size(bytes, have, &head);
  bool whole = (need > 0 && need <= have) || have == most || r->last;
  if (!whole)
    return need > 0 && need - head > r->parse.options.max_bytes ? k8smi_reader_too_large(r)
                                                                : K8SM_ERR_NOT_FOUND;
  const char *wrong = k8smi_proto_next(bytes, bytes + have, ret);
  return wrong == NULL ? K8SM_OK : reader_broken(r, wrong);
}

/* All of the input is one object. */
static int reader_object(struct k8sm_reader *r) {
  struct k8smi_reader_proto *p = &r->proto;
  const struct k8smi_object object = {.parse = &r->parse, .manifest = &r->manifest};
  if (r->input.len > r->parse.options.max_bytes) return k8smi_reader_too_large(r);
  if (!r->last) return K8SM_ERR_NOT_FOUND;
  if (p->from == r->input.len) return K8SM_ERR_NOT_FOUND; /* it has been read */
  p->from = r->input.len;
  int result =
      k8smi_envelope_read((struct k8sm_slice){r->input.ptr, r->input.len}, &p->envelope, r->parse.diags);
  if (result != K8SM_OK) return k8smi_reader_fail(r, result);
  result = k8smi_manifest_envelope(&object, &p->envelope);
  return result == K8SM_ERR_SYNTAX ? k8smi_reader_fail(r, result) : result;
}

/* What is known of the envelope by now. */
static int reader_envelope(struct k8sm_reader *r, struct k8smi_envelope *ret) {
  struct k8smi_reader_proto *p = &r->proto;
  if (p->outer.failed) return k8smi_find_nomem(r->parse.diags, K8SM_ERR_NOMEM);
  return k8smi_envelope_read((struct k8sm_slice){p->outer.ptr, p->outer.len}, ret, r->parse.diags);
}

/* The object of the envelope: if it is a list it is read item by item, else as a whole, with all that was
 * before it. */
static int reader_enter_object(struct k8sm_reader *r) {
  struct k8smi_reader_proto *p = &r->proto;
  const uint8_t *bytes = (const uint8_t *)r->input.ptr + p->from,
                *end = (const uint8_t *)r->input.ptr + r->input.len;
  uint64_t tag, n;
  int result = reader_envelope(r, &p->envelope);
  if (result != K8SM_OK) return k8smi_reader_fail(r, result);
  if (!k8smi_manifest_is_list(p->envelope.kind, p->envelope.api_version)) {
    p->state = READER_OBJECT;
    return K8SM_OK;
  }
  const uint8_t *behind = k8smi_proto_varint(bytes, end, &tag);
  if (behind != NULL) behind = k8smi_proto_varint(behind, end, &n);
  if (behind == NULL) return r->last ? reader_broken(r, "a length goes beyond the end") : K8SM_ERR_NOT_FOUND;
  p->left = n > SIZE_MAX ? SIZE_MAX : (size_t)n;
  p->from += (size_t)(behind - bytes);
  p->state = READER_LIST;
  p->list = true;
  return K8SM_OK;
}

/* A field of the envelope; the object itself is entered. */
static int reader_outer(struct k8sm_reader *r) {
  enum { ENVELOPE_OBJECT_TAG = 2 << 3 | K8SMI_PROTO_BYTES };
  const struct k8smi_object object = {.parse = &r->parse, .manifest = &r->manifest};
  struct k8smi_reader_proto *p = &r->proto;
  struct k8smi_proto_item item;
  struct k8smi_envelope envelope;
  if (p->from == r->input.len) {
    if (!r->last || p->ended) return K8SM_ERR_NOT_FOUND;
    p->ended = true; /* what came behind the object has not been looked at; or there was none at all */
    int result = reader_envelope(r, &envelope);
    if (result == K8SM_OK && !p->list) result = k8smi_manifest_envelope(&object, &envelope);
    if (result == K8SM_ERR_SYNTAX || result == K8SM_ERR_NOMEM) return k8smi_reader_fail(r, result);
    return result;
  }
  if ((uint8_t)r->input.ptr[p->from] == ENVELOPE_OBJECT_TAG) return reader_enter_object(r);
  int result = reader_field(r, SIZE_MAX, &item);
  if (result != K8SM_OK) return result;
  k8smi_buf_put(&p->outer, item.begin, (size_t)(item.end - item.begin));
  p->from += (size_t)(item.end - item.begin);
  return p->outer.len > r->parse.options.max_bytes ? k8smi_reader_too_large(r) : K8SM_OK;
}

/* A field of the list. */
static int reader_inner(struct k8sm_reader *r) {
  struct k8smi_reader_proto *p = &r->proto;
  struct k8smi_proto_item item;
  if (p->left == 0) {
    p->state = READER_ENVELOPE;
    return K8SM_OK;
  }
  int result = reader_field(r, p->left, &item);
  if (result != K8SM_OK) return result;
  size_t size = (size_t)(item.end - item.begin);
  p->from += size;
  p->left -= size;
  if (item.id != K8SMI_PROTO_ITEMS || item.wire != K8SMI_PROTO_BYTES) return K8SM_OK;
  const struct k8smi_object list = {.parse = &r->parse,
                                    .manifest = &r->manifest,
                                    .envelope = &p->envelope,
                                    .kind = p->envelope.kind,
                                    .api_version = p->envelope.api_version};
  result = k8smi_manifest_proto_item(&list, k8smi_proto_bytes(&item), p->index++);
  return result == K8SM_ERR_SYNTAX || result == K8SM_ERR_NOMEM ? k8smi_reader_fail(r, result) : result;
}

static int reader_magic(struct k8sm_reader *r) {
  enum { MAGIC_LEN = 4 };
  struct k8smi_reader_proto *p = &r->proto;
  struct k8smi_envelope envelope;
  struct k8sm_slice input = {r->input.ptr, r->input.len};
  if (input.len < MAGIC_LEN && !r->last) return K8SM_ERR_NOT_FOUND;
  if (!k8smi_is_envelope(input))
    return k8smi_reader_fail(r, k8smi_envelope_read(input, &envelope, r->parse.diags));
  k8smi_buf_put(&p->outer, r->input.ptr, MAGIC_LEN);
  p->from = MAGIC_LEN;
  p->state = READER_ENVELOPE;
  return K8SM_OK;
}

int k8smi_reader_proto_step(struct k8sm_reader *r) {
  static int (*const steps[])(struct k8sm_reader *) = {
      [READER_MAGIC] = reader_magic,
      [READER_ENVELOPE] = reader_outer,
      [READER_LIST] = reader_inner,
      [READER_OBJECT] = reader_object,
  };
  return steps[r->proto.state](r);
}

/* A list is used up as it comes; anything else is needed to its end. */
size_t k8smi_reader_proto_drop(struct k8sm_reader *r) {
  struct k8smi_reader_proto *p = &r->proto;
  if (p->state != READER_LIST) return 0;
  size_t n = p->from;
  p->from = 0;
  return n;
}
