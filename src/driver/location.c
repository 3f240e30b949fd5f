/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/location.h"
#include "base/slice.h"

static bool location_prefix(struct k8sm_slice *s, struct k8sm_slice prefix) {
  if (s->len < prefix.len || memcmp(s->ptr, prefix.ptr, prefix.len) != 0) return false;
  s->ptr += prefix.len;
  s->len -= prefix.len;
  return true;
}

static bool location_printable(struct k8sm_slice s) {
  for (size_t i = 0; i < s.len; i++) {
    if ((unsigned char)s.ptr[i] <= 0x20 || (unsigned char)s.ptr[i] >= 0x7f) return false;
  }
  return true;
}

bool k8smi_drv_authority_valid(struct k8sm_slice authority) {
  return authority.len != 0 && location_printable(authority) &&
         memchr(authority.ptr, '/', authority.len) == NULL &&
         memchr(authority.ptr, '@', authority.len) == NULL;
}

bool k8smi_drv_location(struct k8sm_slice location, struct k8sm_slice *authority, struct k8sm_slice *path) {
  struct k8sm_slice rest = location;
  *authority = (struct k8sm_slice){NULL, 0};
  bool absolute = location_prefix(&rest, K8SMI_S("//")) || location_prefix(&rest, K8SMI_S("http://"));
  if (absolute) {
    const char *slash = rest.len == 0 ? NULL : memchr(rest.ptr, '/', rest.len);
    size_t n = slash == NULL ? rest.len : (size_t)(slash - rest.ptr);
    *authority = (struct k8sm_slice){rest.ptr, n};
    rest.ptr += n;
    rest.len -= n;
    if (!k8smi_drv_authority_valid(*authority)) return false;
  }
  *path = rest.len == 0 ? K8SMI_S("/") : rest;
  return path->ptr[0] == '/' && location_printable(*path) && (absolute || rest.len != 0);
}

static char location_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool k8smi_drv_media_type_is(struct k8sm_slice content_type, struct k8sm_slice media_type) {
  if (content_type.len < media_type.len) return false;
  for (size_t i = 0; i < media_type.len; i++) {
    if (location_lower(content_type.ptr[i]) != media_type.ptr[i]) return false;
  }
  if (content_type.len == media_type.len) return true;
  char next = content_type.ptr[media_type.len];
  return next == ';' || next == ' ' || next == '\t';
}
