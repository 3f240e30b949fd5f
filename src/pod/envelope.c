/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/proto.h"

#include "wire/protobuf.h"
#include "wire/utf8.h"

/* The message "Unknown" of Kubernetes, and the TypeMeta in it. */
enum {
  ENVELOPE_TYPE = 1,
  ENVELOPE_OBJECT = 2,
  ENVELOPE_ENCODING = 3,
  ENVELOPE_CONTENT_TYPE = 4,
  ENVELOPE_API_VERSION = 1,
  ENVELOPE_KIND = 2
};

static const char envelope_magic[4] = {'k', '8', 's', '\0'};

bool k8smi_is_envelope(struct k8sm_slice bytes) {
  return bytes.len >= sizeof envelope_magic && memcmp(bytes.ptr, envelope_magic, sizeof envelope_magic) == 0;
}

static int envelope_broken(struct k8sm_diags *diags, const struct k8smi_path *path, const char *wrong) {
  k8smi_find(diags, K8SM_DIAG_PROTOBUF_SYNTAX, path, "%s", wrong);
  return K8SM_ERR_SYNTAX;
}

static int envelope_broken_at(struct k8sm_diags *diags, const struct k8smi_path *path, const void *begin,
                              const uint8_t *at, const char *wrong) {
  k8smi_find(diags, K8SM_DIAG_PROTOBUF_SYNTAX, path, "%s, at byte %zu", wrong,
             (size_t)(at - (const uint8_t *)begin));
  return K8SM_ERR_SYNTAX;
}

/* The contents of the fields of bytes with the numbers 1 to n, in ret[0] to ret[n - 1]: the last of each.
 * What they are a part of begins at `begin`. */
static int envelope_fields(struct k8sm_slice bytes, const void *begin, struct k8sm_slice *ret, uint32_t n,
                           const struct k8smi_path *path, struct k8sm_diags *diags) {
  const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
  struct k8smi_proto_item item;
  for (uint32_t i = 0; i < n; i++) ret[i] = K8SMI_S("");
  for (; p < end; p = item.end) {
    const char *wrong = k8smi_proto_next(p, end, &item);
    if (wrong != NULL) return envelope_broken_at(diags, path, begin, p, wrong);
    if (item.id > n) continue;
    if (item.wire != K8SMI_PROTO_BYTES)
      return envelope_broken_at(diags, path, begin, p, "found a number, expected bytes");
    ret[item.id - 1] = k8smi_proto_bytes(&item);
  }
  return K8SM_OK;
}

int k8smi_envelope_read(struct k8sm_slice bytes, struct k8smi_envelope *ret, struct k8sm_diags *diags) {
  struct k8sm_slice outer[ENVELOPE_CONTENT_TYPE], type[ENVELOPE_KIND];
  if (!k8smi_is_envelope(bytes))
    return envelope_broken(diags, NULL, "found no envelope, expected the bytes \"k8s\" and 0 first");
  struct k8sm_slice rest = {bytes.ptr + sizeof envelope_magic, bytes.len - sizeof envelope_magic};
  int r = envelope_fields(rest, bytes.ptr, outer, ENVELOPE_CONTENT_TYPE, NULL, diags);
  if (r == K8SM_OK)
    r = envelope_fields(outer[ENVELOPE_TYPE - 1], bytes.ptr, type, ENVELOPE_KIND, NULL, diags);
  if (r != K8SM_OK) return r;
  for (size_t i = 0; i < ENVELOPE_KIND; i++) {
    struct k8smi_path path =
        k8smi_path_field(NULL, i + 1 == ENVELOPE_KIND ? K8SMI_S("kind") : K8SMI_S("apiVersion"));
    if (k8smi_text_valid(type[i].ptr, type[i].len) != type[i].len)
      return envelope_broken(diags, &path, "found bytes that are not text");
  }
  if (outer[ENVELOPE_ENCODING - 1].len > 0) {
    struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("contentEncoding"));
    return envelope_broken(diags, &path, "found an encoded object, expected none");
  }
  *ret = (struct k8smi_envelope){type[ENVELOPE_API_VERSION - 1], type[ENVELOPE_KIND - 1],
                                 outer[ENVELOPE_OBJECT - 1]};
  return K8SM_OK;
}

int k8smi_proto_list_next(struct k8sm_slice list, size_t *at, struct k8sm_slice *ret,
                          struct k8sm_diags *diags) {
  const uint8_t *begin = (const uint8_t *)list.ptr, *end = begin + list.len;
  struct k8smi_proto_item item;
  while (*at < list.len) {
    const char *wrong = k8smi_proto_next(begin + *at, end, &item);
    if (wrong != NULL) return envelope_broken_at(diags, NULL, begin, begin + *at, wrong);
    *at = (size_t)(item.end - begin);
    if (item.id != K8SMI_PROTO_ITEMS || item.wire != K8SMI_PROTO_BYTES) continue;
    *ret = k8smi_proto_bytes(&item);
    return K8SM_OK;
  }
  return K8SM_ERR_NOT_FOUND;
}

int k8smi_proto_raw(struct k8sm_slice bytes, struct k8sm_slice *ret, const struct k8smi_path *path,
                    struct k8sm_diags *diags) {
  return envelope_fields(bytes, bytes.ptr, ret, 1, path, diags);
}

size_t k8smi_envelope_begin(struct k8smi_buf *buf, struct k8sm_slice api_version, struct k8sm_slice kind) {
  k8smi_buf_put(buf, envelope_magic, sizeof envelope_magic);
  k8smi_proto_put_tag(buf, ENVELOPE_TYPE, K8SMI_PROTO_BYTES);
  size_t type = k8smi_proto_begin(buf);
  k8smi_proto_put_text(buf, ENVELOPE_API_VERSION, api_version);
  k8smi_proto_put_text(buf, ENVELOPE_KIND, kind);
  k8smi_proto_end(buf, type);
  k8smi_proto_put_tag(buf, ENVELOPE_OBJECT, K8SMI_PROTO_BYTES);
  return k8smi_proto_begin(buf);
}

void k8smi_envelope_end(struct k8smi_buf *buf, size_t begin) {
  k8smi_proto_end(buf, begin);
  k8smi_proto_put_text(buf, ENVELOPE_ENCODING, K8SMI_S(""));
  k8smi_proto_put_text(buf, ENVELOPE_CONTENT_TYPE, K8SMI_S(""));
}
