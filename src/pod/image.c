/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/image.h"

/* [domain[:port]/]path[:tag][@digest], as the libraries of registries read it. A name without a domain is
 * one of Docker's, where a name of one part is short for library/NAME. */

enum { IMAGE_MAX_PATH = 255, IMAGE_MAX_TAG = 128, IMAGE_ID_LEN = 64 };

static struct k8sm_slice image_part(struct k8sm_slice s, size_t from, size_t to) {
  return (struct k8sm_slice){s.ptr == NULL ? NULL : s.ptr + from, to - from};
}

static size_t image_find(struct k8sm_slice s, char c) {
  const char *at = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
  return at == NULL ? s.len : (size_t)(at - s.ptr);
}

static bool image_is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool image_is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

static bool image_is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

static bool image_is_alnum(char c) {
  return image_is_digit(c) || image_is_lower(c) || image_is_upper(c);
}

static bool image_is_lower_hex(struct k8sm_slice s) {
  for (size_t i = 0; i < s.len; i++) {
    if (!image_is_digit(s.ptr[i]) && (s.ptr[i] < 'a' || s.ptr[i] > 'f')) return false;
  }
  return true;
}

/* What stands between letters and digits in a path: a point, one or two underscores, or dashes. */
static bool image_is_separator(struct k8sm_slice s) {
  size_t dashes = 0;
  while (dashes < s.len && s.ptr[dashes] == '-') dashes++;
  return (s.len > 0 && dashes == s.len) || k8smi_eqs(s, ".") || k8smi_eqs(s, "_") || k8smi_eqs(s, "__");
}

static bool image_is_component(struct k8sm_slice s) {
  for (size_t i = 0;;) {
    size_t text = i;
    while (i < s.len && (image_is_lower(s.ptr[i]) || image_is_digit(s.ptr[i]))) i++;
    if (i == text || i == s.len) return i > text;
    size_t separator = i;
    while (i < s.len && !image_is_lower(s.ptr[i]) && !image_is_digit(s.ptr[i])) i++;
    if (!image_is_separator(image_part(s, separator, i))) return false;
  }
}

static bool image_is_path(struct k8sm_slice s) {
  for (;;) {
    size_t slash = image_find(s, '/');
    if (!image_is_component(image_part(s, 0, slash))) return false;
    if (slash == s.len) return true;
    s = image_part(s, slash + 1, s.len);
  }
}

/* Labels of letters, digits and dashes with points between them, or an IPv6 address in brackets. */
static bool image_is_host(struct k8sm_slice s) {
  if (s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']') {
    for (size_t i = 1; i + 1 < s.len; i++) {
      char c = s.ptr[i];
      if (!image_is_digit(c) && c != ':' && ((c | 0x20) < 'a' || (c | 0x20) > 'f')) return false;
    }
    return true;
  }
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    bool edge = i == 0 || i + 1 == s.len || s.ptr[i - 1] == '.' || s.ptr[i + 1] == '.';
    if (!image_is_alnum(c) && (edge || (c != '-' && c != '.'))) return false;
  }
  return s.len > 0;
}

static bool image_is_domain(struct k8sm_slice s) {
  size_t host = s.len;
  while (host > 0 && image_is_digit(s.ptr[host - 1])) host--;
  bool port = host > 0 && host < s.len && s.ptr[host - 1] == ':';
  return image_is_host(port ? image_part(s, 0, host - 1) : s);
}

/* The first part of a name is a domain where it can't be a part of a path at Docker's. */
static bool image_says_domain(struct k8sm_slice first) {
  bool upper = false;
  for (size_t i = 0; i < first.len; i++) upper = upper || image_is_upper(first.ptr[i]);
  return upper || image_find(first, '.') < first.len || image_find(first, ':') < first.len ||
         k8smi_eqs(first, "localhost");
}

static bool image_is_name(struct k8sm_slice name) {
  static const char library[] = "library/";
  size_t slash = image_find(name, '/');
  struct k8sm_slice first = image_part(name, 0, slash), rest = name;
  bool dockers = slash == name.len || !image_says_domain(first);
  if (!dockers) rest = image_part(name, slash + 1, name.len);
  bool official = k8smi_eqs(first, "docker.io") || k8smi_eqs(first, "index.docker.io") || slash == name.len;
  bool is_short = official && image_find(rest, '/') == rest.len;
  if (!image_is_path(rest) || (!dockers && !image_is_domain(first) && !image_is_component(first)))
    return false;
  size_t len = image_is_domain(first) || dockers ? rest.len : name.len;
  return len + (is_short ? sizeof library - 1 : 0) <= IMAGE_MAX_PATH;
}

static bool image_is_tag(struct k8sm_slice s) {
  for (size_t i = 0; i < s.len; i++) {
    if (!image_is_alnum(s.ptr[i]) && s.ptr[i] != '_' && (i == 0 || (s.ptr[i] != '.' && s.ptr[i] != '-')))
      return false;
  }
  return s.len > 0 && s.len <= IMAGE_MAX_TAG;
}

static bool image_is_digest(struct k8sm_slice s) {
  static const struct {
    struct k8sm_slice name;
    size_t digits;
  } algorithms[] = {{{"sha256:", 7}, 64}, {{"sha384:", 7}, 96}, {{"sha512:", 7}, 128}};
  for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
    size_t name = algorithms[i].name.len;
    if (s.len == name + algorithms[i].digits && memcmp(s.ptr, algorithms[i].name.ptr, name) == 0)
      return image_is_lower_hex(image_part(s, name, s.len));
  }
  return false;
}

bool k8smi_image_is_latest(struct k8sm_slice image) {
  size_t at = image_find(image, '@'), name = at;
  if (image.len == IMAGE_ID_LEN && image_is_lower_hex(image)) return false; /* an id, no name */
  while (name > 0 && image.ptr[name - 1] != ':' && image.ptr[name - 1] != '/') name--;
  bool tagged = name > 0 && image.ptr[name - 1] == ':';
  struct k8sm_slice tag = image_part(image, tagged ? name : at, at);
  if (tagged && !image_is_tag(tag)) return false;
  if (at < image.len && !image_is_digest(image_part(image, at + 1, image.len))) return false;
  if (!image_is_name(image_part(image, 0, tagged ? name - 1 : at))) return false;
  return tagged ? k8smi_eqs(tag, "latest") : at == image.len;
}
