/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_FORMATS_H
#define K8SMI_POD_FORMATS_H

#include "base/slice.h"

/* Formats of names and the like. Each tells what the text breaks of it, in the words of the API server and in
 * its order: writes static texts to `wrong`, which has room for K8SMI_FORMAT_WRONG of them, and returns how
 * many. 0: the text has the format. */
enum { K8SMI_FORMAT_WRONG = 5 };
typedef size_t k8smi_format(struct k8sm_slice s, const char **wrong);

size_t k8smi_format_label(struct k8sm_slice s, const char **wrong); /* DNS-1123 label */
/* A label that a suffix is to be added to: it may end in '-'. */
size_t k8smi_format_label_prefix(struct k8sm_slice s, const char **wrong);
size_t k8smi_format_subdomain(struct k8sm_slice s, const char **wrong); /* DNS-1123 subdomain */
/* The same in other words, which some kinds have. */
size_t k8smi_format_long_name(struct k8sm_slice s, const char **wrong);
/* A subdomain that a suffix is to be added to: it may end in '-'. */
size_t k8smi_format_subdomain_prefix(struct k8sm_slice s, const char **wrong);
size_t k8smi_format_subdomain_caseless(struct k8sm_slice s, const char **wrong); /* A is as good as a */
/* A domain that resolvers search, without the dot at its end: names may begin with '_'. */
size_t k8smi_format_search_domain(struct k8sm_slice s, const char **wrong);
size_t k8smi_format_qualified(struct k8sm_slice s, const char **wrong); /* label key: prefix/name */
/* A label key whose prefix may have capital letters, as keys of annotations may. */
size_t k8smi_format_qualified_caseless(struct k8sm_slice s, const char **wrong);
size_t k8smi_format_label_value(struct k8sm_slice s, const char **wrong); /* value of a label */
size_t k8smi_format_port_name(struct k8sm_slice s, const char **wrong);   /* IANA service name */
size_t k8smi_format_env_name(struct k8sm_slice s, const char **wrong);   /* name of an environment variable */
size_t k8smi_format_config_key(struct k8sm_slice s, const char **wrong); /* key of a ConfigMap or Secret */
size_t k8smi_format_no_backsteps(struct k8sm_slice s, const char **wrong);  /* no ".." in the path */
size_t k8smi_format_relative_path(struct k8sm_slice s, const char **wrong); /* does not leave its directory */
/* A relative path of a file that is put in place by links whose names start with "..". */
size_t k8smi_format_file_path(struct k8sm_slice s, const char **wrong);
size_t k8smi_format_ip(struct k8sm_slice s, const char **wrong);        /* IPv4 or IPv6 address */
size_t k8smi_format_sysctl(struct k8sm_slice s, const char **wrong);    /* name of a kernel parameter */
size_t k8smi_format_percent(struct k8sm_slice s, const char **wrong);   /* "25%" */
size_t k8smi_format_http_path(struct k8sm_slice s, const char **wrong); /* characters of a path in a URL */
size_t k8smi_format_header(struct k8sm_slice s, const char **wrong);    /* name of an HTTP header */

static inline bool k8smi_has_format(struct k8sm_slice s, k8smi_format *format) {
  const char *wrong[K8SMI_FORMAT_WRONG];
  return format(s, wrong) == 0;
}
/* Are there blanks at an end of the text? Those of Unicode count. */
bool k8smi_is_padded(struct k8sm_slice s);
/* Is the text one of the words, whose list ends with NULL? */
bool k8smi_is_among(struct k8sm_slice s, const char *const *words);
static inline bool k8smi_has_prefix(struct k8sm_slice s, struct k8sm_slice prefix) {
  return s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

#endif
