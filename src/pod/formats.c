/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/formats.h"

enum { FORMAT_LABEL_MAX = 63, FORMAT_SUBDOMAIN_MAX = 253, FORMAT_PORT_NAME_MAX = 15 };

/* Patterns and sentences as the API server has them in its messages. */
#define FORMAT_RE_LABEL            "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define FORMAT_RE_SUBDOMAIN        FORMAT_RE_LABEL "(\\." FORMAT_RE_LABEL ")*"
#define FORMAT_RE_SEARCH           "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
#define FORMAT_RE_KEY              "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define FORMAT_RE_SYSCTL           "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
#define FORMAT_REGEX(examples, re) " (e.g. " examples ", regex used for validation is '" re "')"
#define FORMAT_ENDS                "and must start and end with an alphanumeric character"
#define FORMAT_LABEL_TEXT                                                                                    \
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " FORMAT_ENDS       \
      FORMAT_REGEX("'my-name',  or '123-abc'", FORMAT_RE_LABEL)
#define FORMAT_SUBDOMAIN_TEXT                                                                                \
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "               \
  "'.', " FORMAT_ENDS FORMAT_REGEX("'example.com'", FORMAT_RE_SUBDOMAIN)
#define FORMAT_KEY_TEXT                                                                                      \
  "must consist of alphanumeric characters, '-', '_' or '.', " FORMAT_ENDS FORMAT_REGEX(                     \
      "'MyName',  or 'my.name',  or '123-abc'", FORMAT_RE_KEY)

static bool format_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool format_alnum(char c) {
  return format_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool format_in(char c, const char *extra) {
  return c != '\0' && strchr(extra, c) != NULL;
}

/* A word of outer characters, with `inner` ones as well between its ends. */
static bool format_is_word(const char *s, size_t len, bool (*outer)(char), const char *inner) {
  if (len == 0 || !outer(s[0]) || !outer(s[len - 1])) return false;
  for (size_t i = 1; i + 1 < len; i++) {
    if (!outer(s[i]) && !format_in(s[i], inner)) return false;
  }
  return true;
}

/* Words joined by one of the separators; each may have one character of `lead` in front. */
static bool format_is_joined(struct k8sm_slice s, bool (*outer)(char), const char *lead, const char *inner,
                             const char *separators) {
  size_t from = 0;
  for (size_t i = 0; i <= s.len; i++) {
    if (i < s.len && !format_in(s.ptr[i], separators)) continue;
    if (from < i && format_in(s.ptr[from], lead)) from++;
    if (!format_is_word(s.ptr + from, i - from, outer, inner)) return false;
    from = i + 1;
  }
  return true;
}

static bool format_is_subdomain(struct k8sm_slice s) {
  return format_is_joined(s, format_lower, "", "-", ".");
}

/* The beginning of a subdomain: its last word, which may be empty yet, goes on. */
static bool format_is_open_subdomain(struct k8sm_slice s) {
  size_t from = s.len;
  while (from > 0 && s.ptr[from - 1] != '.') from--;
  for (size_t i = from; i < s.len; i++) {
    if (!format_lower(s.ptr[i]) && (i == from || s.ptr[i] != '-')) return false;
  }
  return from == 0 || format_is_subdomain((struct k8sm_slice){s.ptr, from - 1});
}

/* The usual pair: too long, and of another form. */
static size_t format_breaches(bool is_long, const char *length, bool good, const char *form,
                              const char **wrong) {
  size_t n = 0;
  if (is_long) wrong[n++] = length;
  if (!good) wrong[n++] = form;
  return n;
}

size_t k8smi_format_label(struct k8sm_slice s, const char **wrong) {
  bool good = format_is_word(s.ptr, s.len, format_lower, "-");
  bool dots = !good && format_is_subdomain(s);
  return format_breaches(s.len > FORMAT_LABEL_MAX, "must be no more than 63 characters", good,
                         dots ? "must not contain dots" : FORMAT_LABEL_TEXT, wrong);
}

size_t k8smi_format_label_prefix(struct k8sm_slice s, const char **wrong) {
  if (s.len < 2 || s.ptr[s.len - 1] != '-') return k8smi_format_label(s, wrong);
  /* The server puts one letter in the place of the dash and of the character before it. */
  struct k8sm_slice open = {s.ptr, s.len - 2};
  bool good = format_is_open_subdomain(open), dots = good && memchr(s.ptr, '.', open.len) != NULL;
  return format_breaches(s.len - 1 > FORMAT_LABEL_MAX, "must be no more than 63 characters", good && !dots,
                         dots ? "must not contain dots" : FORMAT_LABEL_TEXT, wrong);
}

static size_t format_subdomain(size_t len, bool good, const char **wrong) {
  return format_breaches(len > FORMAT_SUBDOMAIN_MAX, "must be no more than 253 characters", good,
                         FORMAT_SUBDOMAIN_TEXT, wrong);
}

size_t k8smi_format_subdomain(struct k8sm_slice s, const char **wrong) {
  return format_subdomain(s.len, format_is_subdomain(s), wrong);
}

size_t k8smi_format_long_name(struct k8sm_slice s, const char **wrong) {
  return format_breaches(s.len > FORMAT_SUBDOMAIN_MAX, "must be no more than 253 bytes",
                         format_is_subdomain(s), FORMAT_SUBDOMAIN_TEXT, wrong);
}

size_t k8smi_format_subdomain_caseless(struct k8sm_slice s, const char **wrong) {
  return format_subdomain(s.len, format_is_joined(s, format_alnum, "", "-", "."), wrong);
}

size_t k8smi_format_subdomain_prefix(struct k8sm_slice s, const char **wrong) {
  if (s.len < 2 || s.ptr[s.len - 1] != '-') return k8smi_format_subdomain(s, wrong);
  /* The server puts one letter in the place of the dash and of the character before it. */
  return format_subdomain(s.len - 1, format_is_open_subdomain((struct k8sm_slice){s.ptr, s.len - 2}), wrong);
}

size_t k8smi_format_search_domain(struct k8sm_slice s, const char **wrong) {
  return format_breaches(
      s.len > FORMAT_SUBDOMAIN_MAX, "must be no more than 253 characters",
      format_is_joined(s, format_lower, "_", "-_", "."),
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or "
      "'.', " FORMAT_ENDS FORMAT_REGEX("'example.com'", FORMAT_RE_SEARCH "(\\." FORMAT_RE_SEARCH ")*"),
      wrong);
}

static size_t format_name_part(struct k8sm_slice s, const char **wrong) {
  bool none = s.len == 0;
  return format_breaches(none || s.len > FORMAT_LABEL_MAX,
                         none ? "name part must be non-empty" : "name part must be no more than 63 bytes",
                         format_is_word(s.ptr, s.len, format_alnum, "-_."), "name part " FORMAT_KEY_TEXT,
                         wrong);
}

static size_t format_qualified(struct k8sm_slice s, bool (*prefix_letter)(char), const char **wrong) {
  const char *slash = s.len == 0 ? NULL : memchr(s.ptr, '/', s.len);
  if (slash == NULL) return format_name_part(s, wrong);
  struct k8sm_slice prefix = {s.ptr, (size_t)(slash - s.ptr)};
  struct k8sm_slice name = {slash + 1, s.len - prefix.len - 1};
  size_t n = 0;
  if (name.len > 0 && memchr(name.ptr, '/', name.len) != NULL) {
    wrong[0] = "a valid label key " FORMAT_KEY_TEXT
               " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    return 1;
  }
  if (prefix.len == 0) {
    wrong[n++] = "prefix part must be non-empty";
  } else {
    n = format_breaches(prefix.len > FORMAT_SUBDOMAIN_MAX, "prefix part must be no more than 253 bytes",
                        format_is_joined(prefix, prefix_letter, "", "-", "."),
                        "prefix part " FORMAT_SUBDOMAIN_TEXT, wrong);
  }
  return n + format_name_part(name, wrong + n);
}

size_t k8smi_format_qualified(struct k8sm_slice s, const char **wrong) {
  return format_qualified(s, format_lower, wrong);
}

size_t k8smi_format_qualified_caseless(struct k8sm_slice s, const char **wrong) {
  return format_qualified(s, format_alnum, wrong);
}

size_t k8smi_format_label_value(struct k8sm_slice s, const char **wrong) {
  return format_breaches(
      s.len > FORMAT_LABEL_MAX, "must be no more than 63 bytes",
      s.len == 0 || format_is_word(s.ptr, s.len, format_alnum, "-_."),
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
      "'.', " FORMAT_ENDS FORMAT_REGEX("'MyValue',  or 'my_value',  or '12345'", "(" FORMAT_RE_KEY ")?"),
      wrong);
}

size_t k8smi_format_port_name(struct k8sm_slice s, const char **wrong) {
  bool letter = false, charset = s.len > 0, twice = false;
  size_t n = 0;
  for (size_t i = 0; i < s.len; i++) {
    charset = charset && (format_lower(s.ptr[i]) || s.ptr[i] == '-');
    letter = letter || (s.ptr[i] >= 'a' && s.ptr[i] <= 'z');
    twice = twice || (i > 0 && s.ptr[i] == '-' && s.ptr[i - 1] == '-');
  }
  if (s.len > FORMAT_PORT_NAME_MAX) wrong[n++] = "must be no more than 15 characters";
  if (!charset) wrong[n++] = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
  if (!letter) wrong[n++] = "must contain at least one letter (a-z)";
  if (twice) wrong[n++] = "must not contain consecutive hyphens";
  if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[s.len - 1] == '-'))
    wrong[n++] = "must not begin or end with a hyphen";
  return n;
}

size_t k8smi_format_env_name(struct k8sm_slice s, const char **wrong) {
  bool good = true;
  for (size_t i = 0; i < s.len; i++) good = good && s.ptr[i] >= 0x20 && s.ptr[i] < 0x7f && s.ptr[i] != '=';
  return format_breaches(
      s.len == 0, "environment variable name must be non-empty", good,
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
      wrong);
}

size_t k8smi_format_config_key(struct k8sm_slice s, const char **wrong) {
  bool good = s.len > 0;
  for (size_t i = 0; i < s.len; i++) good = good && (format_alnum(s.ptr[i]) || format_in(s.ptr[i], "-_."));
  size_t n = format_breaches(
      s.len > FORMAT_SUBDOMAIN_MAX, "must be no more than 253 characters", good,
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.'" FORMAT_REGEX(
          "'key.name',  or 'KEY_NAME',  or 'key-name'", "[-._a-zA-Z0-9]+"),
      wrong);
  if (k8smi_eqs(s, ".")) {
    wrong[n++] = "must not be '.'";
  } else if (k8smi_eqs(s, "..")) {
    wrong[n++] = "must not be '..'";
  } else if (k8smi_has_prefix(s, K8SMI_S(".."))) {
    wrong[n++] = "must not start with '..'";
  }
  return n;
}

size_t k8smi_format_no_backsteps(struct k8sm_slice s, const char **wrong) {
  for (size_t from = 0, i = 0; i <= s.len; i++) {
    if (i < s.len && s.ptr[i] != '/') continue;
    if (i - from == 2 && s.ptr[from] == '.' && s.ptr[from + 1] == '.') {
      wrong[0] = "must not contain '..'";
      return 1;
    }
    from = i + 1;
  }
  return 0;
}

size_t k8smi_format_relative_path(struct k8sm_slice s, const char **wrong) {
  size_t n = 0;
  if (s.len > 0 && s.ptr[0] == '/') wrong[n++] = "must be a relative path";
  return n + k8smi_format_no_backsteps(s, wrong + n);
}

size_t k8smi_format_file_path(struct k8sm_slice s, const char **wrong) {
  size_t n = k8smi_format_relative_path(s, wrong);
  if (k8smi_has_prefix(s, K8SMI_S("..")) && !k8smi_has_prefix(s, K8SMI_S("../")))
    wrong[n++] = "must not start with '..'";
  return n;
}

size_t k8smi_format_sysctl(struct k8sm_slice s, const char **wrong) {
  bool good = s.len <= FORMAT_SUBDOMAIN_MAX && format_is_joined(s, format_lower, "", "-_", "./");
  return format_breaches(false, NULL, good,
                         "must have at most 253 characters and match regex ^(" FORMAT_RE_SYSCTL
                         "[\\./])*" FORMAT_RE_SYSCTL "$",
                         wrong);
}

size_t k8smi_format_header(struct k8sm_slice s, const char **wrong) {
  bool good = s.len > 0;
  for (size_t i = 0; i < s.len; i++) good = good && (format_alnum(s.ptr[i]) || s.ptr[i] == '-');
  return format_breaches(false, NULL, good,
                         "a valid HTTP header must consist of alphanumeric characters or '-'" FORMAT_REGEX(
                             "'X-Header-Name'", "[-A-Za-z0-9]+"),
                         wrong);
}

size_t k8smi_format_percent(struct k8sm_slice s, const char **wrong) {
  bool good = s.len > 1 && s.ptr[s.len - 1] == '%';
  for (size_t i = 0; i + 1 < s.len; i++) good = good && s.ptr[i] >= '0' && s.ptr[i] <= '9';
  return format_breaches(
      false, NULL, good,
      "a valid percent string must be a numeric string followed by an ending '%'" FORMAT_REGEX(
          "'1%',  or '93%'", "[0-9]+%"),
      wrong);
}

size_t k8smi_format_http_path(struct k8sm_slice s, const char **wrong) {
  bool good = s.len > 0;
  for (size_t i = 0; i < s.len; i++)
    good = good && (format_alnum(s.ptr[i]) || format_in(s.ptr[i], "/-._~%!$&'()*+,;=:"));
  return format_breaches(false, NULL, good,
                         "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
                         wrong);
}

bool k8smi_is_padded(struct k8sm_slice s) {
  static const char *const blanks[] = {
      "\t",           "\n",           "\v",           "\f",           "\r",           " ",
      "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
      "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
      "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
      "\xe3\x80\x80"};
  for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
    struct k8sm_slice blank = k8smi_s(blanks[i]);
    if (k8smi_has_prefix(s, blank)) return true;
    if (s.len >= blank.len && memcmp(s.ptr + s.len - blank.len, blank.ptr, blank.len) == 0) return true;
  }
  return false;
}

bool k8smi_is_among(struct k8sm_slice s, const char *const *words) {
  for (; *words != NULL; words++) {
    if (k8smi_eqs(s, *words)) return true;
  }
  return false;
}
