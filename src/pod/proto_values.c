/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/proto_private.h"

#include "pod/quantity.h"
#include "wire/utf8.h"

/* The values that are messages of their own in protobuf and texts elsewhere. */

/* Messages that came in parts have been put together elsewhere: then nothing says where that was. */
int k8smi_proto_broken(struct k8smi_bind *b, const struct k8smi_path *path, const uint8_t *at,
                       const char *wrong) {
  const uintptr_t begin = (uintptr_t)b->message.ptr, place = (uintptr_t)at;
  if (place >= begin && place - begin <= b->message.len) {
    k8smi_find(b->diags, K8SM_DIAG_PROTOBUF_SYNTAX, path, "%s, at byte %zu of the object", wrong,
               (size_t)(place - begin));
  } else {
    k8smi_find(b->diags, K8SM_DIAG_PROTOBUF_SYNTAX, path, "%s", wrong);
  }
  return K8SM_ERR_SYNTAX;
}

int k8smi_proto_no_room(struct k8smi_bind *b) {
  return k8smi_find_nomem(b->diags, k8smi_arena_error(b->arena));
}

int k8smi_proto_check_text(struct k8smi_bind *b, struct k8sm_slice text, const struct k8smi_path *path) {
  size_t valid = k8smi_utf8_valid(text.ptr, text.len);
  if (valid == text.len) return K8SM_OK;
  k8smi_find(b->diags, K8SM_DIAG_NOT_UTF8, path, "not UTF-8 from byte %zu of the text on", valid);
  return K8SM_ERR_SYNTAX;
}

/* The fields 1 to 3 of a small message: those of bytes in texts[], those of numbers in numbers[]. */
struct podpb_small {
  struct k8sm_slice texts[4];
  uint64_t numbers[4];
  unsigned seen;
};

static int podpb_read_small(struct k8smi_bind *b, struct k8sm_slice bytes, const struct k8smi_path *path,
                            struct podpb_small *ret) {
  struct k8smi_proto_item item;
  memset(ret, 0, sizeof *ret);
  if (bytes.len == 0) return K8SM_OK; /* the value of an entry may be absent */
  const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
  for (; p < end; p = item.end) {
    const char *wrong = k8smi_proto_next(p, end, &item);
    if (wrong != NULL) return k8smi_proto_broken(b, path, p, wrong);
    if (item.id > 3) continue;
    ret->seen |= 1u << item.id;
    if (item.wire == K8SMI_PROTO_BYTES) {
      ret->texts[item.id] = k8smi_proto_bytes(&item);
    } else {
      ret->numbers[item.id] = item.number;
    }
  }
  return K8SM_OK;
}

/* The text of the field of this number, if that is what the bytes begin with; *rest: what is behind it. */
static inline bool podpb_is_text(struct k8sm_slice bytes, unsigned number, struct k8sm_slice *ret,
                                 struct k8sm_slice *rest) {
  const uint8_t *p = (const uint8_t *)bytes.ptr;
  uint64_t len;
  if (bytes.len == 0 || *p != (number << 3 | K8SMI_PROTO_BYTES)) return false; /* or absent */
  const uint8_t *end = p + bytes.len;
  p = k8smi_proto_varint(p + 1, end, &len);
  if (p == NULL || len > (uint64_t)(end - p)) return false;
  *ret = (struct k8sm_slice){(const char *)p, (size_t)len};
  *rest = (struct k8sm_slice){(const char *)p + len, (size_t)(end - p) - (size_t)len};
  return true;
}

/* The key and the value of an entry. */
static int podpb_entry(struct k8smi_bind *b, struct k8sm_slice bytes, const struct k8smi_path *path,
                       struct k8sm_slice *key, struct k8sm_slice *value) {
  struct k8sm_slice rest;
  struct podpb_small m;
  if (podpb_is_text(bytes, 1, key, &rest) && podpb_is_text(rest, 2, value, &rest) && rest.len == 0)
    return K8SM_OK; /* as it is always written */
  int r = podpb_read_small(b, bytes, path, &m);
  *key = m.texts[1];
  *value = m.texts[2];
  return r;
}

static int podpb_quantity(struct k8smi_bind *b, struct k8sm_slice bytes, const struct k8smi_path *path,
                          struct k8sm_slice *ret) {
  struct podpb_small m;
  struct k8sm_slice rest;
  if (podpb_is_text(bytes, 1, ret, &rest) && rest.len == 0 && k8smi_quantity_valid(*ret)) return K8SM_OK;
  int r = podpb_read_small(b, bytes, path, &m);
  *ret = K8SMI_S("0");
  if (r != K8SM_OK || (m.seen & 2) == 0) return r;
  r = k8smi_proto_check_text(b, m.texts[1], path);
  if (r != K8SM_OK) return r;
  if (k8smi_quantity_valid(m.texts[1])) {
    *ret = m.texts[1];
    return K8SM_OK;
  }
  k8smi_find(b->diags, K8SM_DIAG_QUANTITY_SYNTAX, path,
             "found the string \"%.*s\", expected a quantity such as 500m, 1.5 or 64Mi", K8SMI_P(m.texts[1]));
  b->invalid = true;
  return K8SM_OK;
}

static int podpb_time(struct k8smi_bind *b, struct k8sm_slice bytes, const struct k8smi_path *path,
                      struct k8sm_slice *ret) {
  struct podpb_small m;
  *ret = K8SMI_S("");
  if (bytes.len == 0) return K8SM_OK;
  int r = podpb_read_small(b, bytes, path, &m);
  if (r != K8SM_OK || (int64_t)m.numbers[1] == K8SMI_TIME_ZERO) return r;
  if (k8smi_format_time((int64_t)m.numbers[1], b->time)) {
    *ret = (struct k8sm_slice){b->time, sizeof b->time};
    return K8SM_OK;
  }
  k8smi_find(b->diags, K8SM_DIAG_FIELD_INVALID, path,
             "found %lld seconds, expected a time of a year 1 to 9999", (long long)(int64_t)m.numbers[1]);
  b->invalid = true;
  return K8SM_OK;
}

static int podpb_check_json(struct k8smi_bind *b, struct k8sm_slice json, bool *valid) {
  const struct k8smi_tokens_options options = {.max_depth = b->max_depth};
  struct k8smi_arena scratch;
  uint64_t lent[256]; /* most are small */
  struct k8smi_tokens *tokens = NULL;
  struct k8smi_token t = {.kind = K8SMI_TOKEN_NULL};
  if (!k8smi_arena_init(&scratch, &b->arena->allocator, b->arena->limit)) return K8SM_ERR_NOMEM;
  k8smi_arena_lend(&scratch, lent, sizeof lent);
  int r = k8smi_tokens_json(&scratch, json.ptr, json.len, &options, &tokens, NULL);
  while (r == K8SM_OK && t.kind != K8SMI_TOKEN_END) r = k8smi_tokens_next(tokens, &t, NULL);
  if (r == K8SM_OK) r = k8smi_tokens_next_document(tokens, NULL);
  *valid = r == K8SM_ERR_NOT_FOUND;
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&scratch);
  return r == K8SM_ERR_NOMEM ? k8smi_find_nomem(b->diags, r) : K8SM_OK;
}

/* JSON within the message; it is kept as it came, so it must be right. */
static int podpb_json(struct k8smi_bind *b, struct k8sm_slice bytes, const struct k8smi_path *path,
                      struct k8sm_slice *ret) {
  int r = k8smi_proto_raw(bytes, ret, path, b->diags);
  if (r != K8SM_OK || ret->len == 0) return r;
  bool valid = false;
  r = podpb_check_json(b, *ret, &valid);
  if (r != K8SM_OK || valid) return r;
  k8smi_find(b->diags, K8SM_DIAG_FIELD_INVALID, path, "found bytes that are not JSON, expected JSON");
  b->invalid = true;
  *ret = K8SMI_S("");
  return K8SM_OK;
}

int k8smi_proto_text_of(struct k8smi_bind *b, unsigned kind, struct k8sm_slice bytes,
                        const struct k8smi_path *path, struct k8sm_slice *ret) {
  switch (kind) {
  case K8SMI_KIND_QUANTITY: return podpb_quantity(b, bytes, path, ret);
  case K8SMI_KIND_TIME: return podpb_time(b, bytes, path, ret);
  case K8SMI_KIND_RAW:
  case K8SMI_KIND_LIST_RAW: return podpb_json(b, bytes, path, ret);
  default: *ret = bytes; return k8smi_proto_check_text(b, bytes, path);
  }
}

int k8smi_proto_int_or_string(struct k8smi_bind *b, struct k8sm_slice bytes, const struct k8smi_path *path,
                              union k8smi_slot *slot) {
  struct podpb_small m;
  int r = podpb_read_small(b, bytes, path, &m);
  if (r != K8SM_OK) return r;
  struct k8smi_int_or_string *value = k8smi_arena_zalloc(b->arena, sizeof *value);
  if (value == NULL) return k8smi_proto_no_room(b);
  if (m.numbers[1] == 0) {
    value->number = k8smi_proto_number(K8SMI_KIND_I32, m.numbers[2]);
  } else {
    r = k8smi_proto_check_text(b, m.texts[3], path);
    if (r != K8SM_OK) return r;
    value->text = k8smi_arena_copy(b->arena, m.texts[3].ptr, m.texts[3].len);
    if (value->text.ptr == NULL) return k8smi_proto_no_room(b);
  }
  slot->int_or_string = value;
  return K8SM_OK;
}

int k8smi_proto_pair(struct k8smi_bind *b, unsigned kind, struct k8sm_slice bytes,
                     const struct k8smi_path *path, struct k8smi_pair *ret) {
  struct k8sm_slice key, value;
  int r = podpb_entry(b, bytes, path, &key, &value);
  if (r == K8SM_OK) r = k8smi_proto_check_text(b, key, path);
  if (r != K8SM_OK) return r;
  struct k8smi_path at = k8smi_path_key(path, key);
  if (kind == K8SMI_KIND_MAP_QUANTITY) {
    r = podpb_quantity(b, value, &at, &value);
  } else if (kind == K8SMI_KIND_MAP_STRING) {
    r = k8smi_proto_check_text(b, value, &at);
  }
  if (r != K8SM_OK) return r;
  ret->key = k8smi_text_keep(b->arena, key);
  ret->value = k8smi_text_keep(b->arena, value);
  return ret->key.ptr == NULL || ret->value.ptr == NULL ? k8smi_proto_no_room(b) : K8SM_OK;
}
