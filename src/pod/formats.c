/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/formats.h"

enum { FORMAT_LABEL_MAX = 63, FORMAT_SUBDOMAIN_MAX = 253, FORMAT_PORT_NAME_MAX = 15 };

static bool format_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool format_alnum(char c) {
  return format_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool format_in(char c, const char *extra) {
  return c != '\0' && strchr(extra, c) != NULL;
}

/* Lower-case words with `inner` characters inside only. */
static bool format_is_word(const char *s, size_t len, bool (*outer)(char), const char *inner) {
  if (len == 0 || !outer(s[0]) || !outer(s[len - 1])) return false;
  for (size_t i = 1; i + 1 < len; i++) {
    if (!outer(s[i]) && !format_in(s[i], inner)) return false;
  }
  return true;
}

/* Words joined by one of the separators. */
static bool format_is_joined(struct k8sm_slice s, const char *inner, const char *separators) {
  size_t from = 0;
  for (size_t i = 0; i <= s.len; i++) {
    if (i < s.len && !format_in(s.ptr[i], separators)) continue;
    if (!format_is_word(s.ptr + from, i - from, format_lower, inner)) return false;
    from = i + 1;
  }
  return true;
}

const char *k8smi_format_label(struct k8sm_slice s) {
  if (s.len > FORMAT_LABEL_MAX) return "must be no more than 63 characters";
  return format_is_word(s.ptr, s.len, format_lower, "-") ? NULL
                                                         : "a lowercase RFC 1123 label must consist of lower "
                                                           "case alphanumeric characters or '-', and must "
                                                           "start and end with an alphanumeric character";
}

const char *k8smi_format_subdomain(struct k8sm_slice s) {
  if (s.len > FORMAT_SUBDOMAIN_MAX) return "must be no more than 253 characters";
  return format_is_joined(s, "-", ".") ? NULL
                                       : "a lowercase RFC 1123 subdomain must consist of lower case "
                                         "alphanumeric characters, '-' or '.', and "
                                         "must start and end with an alphanumeric character";
}

static const char *format_name_part(struct k8sm_slice s) {
  if (s.len == 0) return "name part must be non-empty";
  if (s.len > FORMAT_LABEL_MAX) return "name part must be no more than 63 characters";
  return format_is_word(s.ptr, s.len, format_alnum, "-_.")
             ? NULL
             : "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
               "with an "
               "alphanumeric character";
}

const char *k8smi_format_qualified(struct k8sm_slice s) {
  const char *slash = s.len == 0 ? NULL : memchr(s.ptr, '/', s.len);
  if (slash == NULL) return format_name_part(s);
  struct k8sm_slice prefix = {s.ptr, (size_t)(slash - s.ptr)};
  struct k8sm_slice name = {slash + 1, s.len - prefix.len - 1};
  if (memchr(name.ptr, '/', name.len) != NULL)
    return "a qualified name must consist of a name with an optional DNS subdomain prefix and '/'";
  if (prefix.len == 0) return "prefix part must be non-empty";
  if (k8smi_format_subdomain(prefix) != NULL) return "prefix part must be a lowercase RFC 1123 subdomain";
  return format_name_part(name);
}

const char *k8smi_format_label_value(struct k8sm_slice s) {
  if (s.len == 0) return NULL;
  if (s.len > FORMAT_LABEL_MAX) return "must be no more than 63 characters";
  return format_is_word(s.ptr, s.len, format_alnum, "-_.")
             ? NULL
             : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
               "'.', and "
               "must start and end with an alphanumeric character";
}

const char *k8smi_format_port_name(struct k8sm_slice s) {
  bool letter = false;
  if (s.len > FORMAT_PORT_NAME_MAX) return "must be no more than 15 characters";
  for (size_t i = 0; i < s.len; i++) {
    if (!format_lower(s.ptr[i]) && s.ptr[i] != '-')
      return "must contain only lower case alphanumeric characters (a-z, 0-9) and hyphens (-)";
    if (s.ptr[i] == '-' && i > 0 && s.ptr[i - 1] == '-') return "must not contain consecutive hyphens";
    letter = letter || (s.ptr[i] >= 'a' && s.ptr[i] <= 'z');
  }
  if (!letter) return "must contain at least one letter (a-z)";
  return s.ptr[0] == '-' || s.ptr[s.len - 1] == '-' ? "must not begin or end with a hyphen" : NULL;
}

const char *k8smi_format_env_name(struct k8sm_slice s) {
  for (size_t i = 0; i < s.len; i++) {
    if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e || s.ptr[i] == '=')
      return "a valid environment variable name must consist only of printable ASCII characters other than "
             "'='";
  }
  return NULL;
}

const char *k8smi_format_config_key(struct k8sm_slice s) {
  if (s.len > FORMAT_SUBDOMAIN_MAX) return "must be no more than 253 characters";
  bool good = s.len > 0;
  for (size_t i = 0; i < s.len; i++) good = good && (format_alnum(s.ptr[i]) || format_in(s.ptr[i], "-_."));
  if (!good) return "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  if (k8smi_eqs(s, ".")) return "must not be '.'";
  return s.len >= 2 && memcmp(s.ptr, "..", 2) == 0 ? "must not start with '..'" : NULL;
}

const char *k8smi_format_relative_path(struct k8sm_slice s) {
  if (s.len > 0 && s.ptr[0] == '/') return "must be a relative path";
  for (size_t from = 0, i = 0; i <= s.len; i++) {
    if (i < s.len && s.ptr[i] != '/') continue;
    if (i - from == 2 && memcmp(s.ptr + from, "..", 2) == 0) return "must not contain '..'";
    from = i + 1;
  }
  return NULL;
}

/* Up to four numbers of 0 to 255 without zeros in front. */
static bool format_is_ipv4(struct k8sm_slice s) {
  unsigned parts = 0, value = 0;
  size_t digits = 0;
  for (size_t i = 0; i <= s.len; i++) {
    char c = i < s.len ? s.ptr[i] : '.';
    if (c == '.') {
      if (digits == 0) return false;
      parts++;
      value = 0;
      digits = 0;
    } else {
      if (c < '0' || c > '9' || (digits > 0 && value == 0)) return false;
      value = value * 10 + (unsigned)(c - '0');
      if (value > 255) return false;
      digits++;
    }
  }
  return parts == 4;
}

/* Eight groups of up to four hex digits, of which "::" stands for one or more; the last two may be IPv4. */
static bool format_is_ipv6(struct k8sm_slice s) {
  unsigned groups = 0, digits = 0;
  bool gap = false;
  size_t i = 0, from = 0;
  if (s.len < 2 || (s.ptr[0] == ':' && s.ptr[1] != ':')) return false;
  for (; i < s.len; i++) {
    char c = s.ptr[i];
    if (c == ':') {
      bool twice = i + 1 < s.len && s.ptr[i + 1] == ':';
      if (digits > 0) groups++;
      if ((twice && gap) || (!twice && i + 1 == s.len)) return false;
      gap = gap || twice;
      i += twice;
      digits = 0;
      from = i + 1;
    } else if (c == '.') {
      if (!format_is_ipv4((struct k8sm_slice){s.ptr + from, s.len - from})) return false;
      groups += 2;
      digits = 0;
      break;
    } else {
      if (!format_in(c, "0123456789abcdefABCDEF") || ++digits > 4) return false;
    }
  }
  if (digits > 0) groups++;
  return gap ? groups < 8 : groups == 8;
}

const char *k8smi_format_ip(struct k8sm_slice s) {
  return format_is_ipv4(s) || format_is_ipv6(s)
             ? NULL
             : "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
}

const char *k8smi_format_sysctl(struct k8sm_slice s) {
  if (s.len > FORMAT_SUBDOMAIN_MAX) return "must be no more than 253 characters";
  return format_is_joined(s, "-_", "./") ? NULL
                                         : "must have the form of a sysctl name, such as net.core.somaxconn";
}

const char *k8smi_format_header(struct k8sm_slice s) {
  bool good = s.len > 0;
  for (size_t i = 0; i < s.len; i++) good = good && (format_alnum(s.ptr[i]) || s.ptr[i] == '-');
  return good ? NULL : "a valid HTTP header must consist of alphanumeric characters or '-'";
}
