/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_FORMATS_H
#define K8SMI_POD_FORMATS_H

#include "base/slice.h"

/* Formats of names and the like. Each gives NULL when the text has it, else what the format is. */
const char *k8smi_format_label(struct k8sm_slice s);         /* DNS-1123 label */
const char *k8smi_format_subdomain(struct k8sm_slice s);     /* DNS-1123 subdomain */
const char *k8smi_format_qualified(struct k8sm_slice s);     /* qualified name: prefix/name */
const char *k8smi_format_label_value(struct k8sm_slice s);   /* value of a label */
const char *k8smi_format_port_name(struct k8sm_slice s);     /* IANA service name */
const char *k8smi_format_env_name(struct k8sm_slice s);      /* name of an environment variable */
const char *k8smi_format_config_key(struct k8sm_slice s);    /* key of a ConfigMap or Secret */
const char *k8smi_format_relative_path(struct k8sm_slice s); /* does not leave its directory */
const char *k8smi_format_ip(struct k8sm_slice s);            /* IPv4 or IPv6 address */
const char *k8smi_format_sysctl(struct k8sm_slice s);        /* name of a kernel parameter */
const char *k8smi_format_header(struct k8sm_slice s);        /* name of an HTTP header */

#endif
