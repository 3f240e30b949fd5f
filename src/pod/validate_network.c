/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* Names and addresses of a pod, and the namespaces that it shares with the host:
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */

static void network_searches(struct k8smi_check *c, const struct k8smi_record *dns,
                             const struct k8smi_path *parent) {
  enum { SEARCHES_MAX = 32, CHARACTERS_MAX = 2048 };
  struct k8smi_list list = k8smi_get_list(dns, K8SMI_PodDNSConfig_searches);
  struct k8smi_path path = K8SMI_PATH(parent, PodDNSConfig, searches);
  size_t characters = list.count == 0 ? 0 : list.count - 1; /* the blanks between them */
  for (size_t i = 0; i < list.count; i++) characters += k8smi_list_str(list, i).len;
  if (list.count > SEARCHES_MAX)
    k8smi_check_invalid(c, &path, k8smi_v_list(c, list), "must not have more than 32 search paths");
  if (characters > CHARACTERS_MAX)
    k8smi_check_invalid(c, &path, k8smi_v_list(c, list),
                        "must not have more than 2048 characters (including spaces) in the search list");
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice domain = k8smi_list_str(list, i);
    struct k8smi_path at = k8smi_path_index(&path, i);
    if (k8smi_eqs(domain, ".")) continue;
    if (domain.len > 0 && domain.ptr[domain.len - 1] == '.') domain.len--;
    k8smi_check_format(c, &at, domain, k8smi_format_search_domain);
  }
}

void k8smi_check_dns(struct k8smi_check *c) {
  enum { SERVERS_MAX = 3 };
  const struct k8smi_record *dns = k8smi_get_record(c->spec, K8SMI_PodSpec_dnsConfig);
  bool own = k8smi_eqs(k8smi_get_str(c->spec, K8SMI_PodSpec_dnsPolicy), "None");
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, dnsConfig),
                    at = K8SMI_PATH(&path, PodDNSConfig, nameservers),
                    options = K8SMI_PATH(&path, PodDNSConfig, options);
  struct k8smi_list list = k8smi_get_list(dns, K8SMI_PodDNSConfig_nameservers);
  if (own && dns == NULL) {
    k8smi_check_required(c, &path, "must provide `dnsConfig` when `dnsPolicy` is None");
    return;
  }
  if (own && list.count == 0) {
    k8smi_check_required(c, &at, "must provide at least one DNS nameserver when `dnsPolicy` is None");
    return;
  }
  if (list.count > SERVERS_MAX)
    k8smi_check_invalid(c, &at, k8smi_v_list(c, list), "must not have more than 3 nameservers");
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path server = k8smi_path_index(&at, i);
    if (!c->is_stored) k8smi_check_format(c, &server, k8smi_list_str(list, i), k8smi_format_ip);
  }
  network_searches(c, dns, &path);
  list = k8smi_get_list(dns, K8SMI_PodDNSConfig_options);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path option = k8smi_path_index(&options, i);
    if (k8smi_get_str(k8smi_list_record(list, i), K8SMI_PodDNSConfigOption_name).len == 0)
      k8smi_check_required(c, &option, "must not be empty");
  }
}

void k8smi_check_host_aliases(struct k8smi_check *c) {
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, hostAliases);
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_hostAliases);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *alias = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&path, i), ip = K8SMI_PATH(&at, HostAlias, ip),
                      names = K8SMI_PATH(&at, HostAlias, hostnames);
    struct k8smi_list hosts = k8smi_get_list(alias, K8SMI_HostAlias_hostnames);
    if (!c->is_stored) k8smi_check_format(c, &ip, k8smi_get_str(alias, K8SMI_HostAlias_ip), k8smi_format_ip);
    for (size_t j = 0; j < hosts.count; j++) {
      struct k8smi_path one = k8smi_path_index(&names, j);
      k8smi_check_format(c, &one, k8smi_list_str(hosts, j), k8smi_format_subdomain);
    }
  }
}

/* What a pod with users of its own can't have. */
void k8smi_check_host_users(struct k8smi_check *c) {
  static const char detail[] = "when `hostUsers` is false";
  /* The server's names for the paths. */
  static const struct {
    uint8_t field;
    const char *name;
  } hosts[] = {{K8SMI_PodSpec_hostNetwork, "hostNetwork"},
               {K8SMI_PodSpec_hostPID, "HostPID"},
               {K8SMI_PodSpec_hostIPC, "HostIPC"}};
  if (k8smi_get_bool(c->spec, K8SMI_PodSpec_hostUsers, true)) return;
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
    struct k8smi_path at = k8smi_path_field(c->at, k8smi_s(hosts[i].name));
    if (k8smi_get_bool(c->spec, hosts[i].field, false)) k8smi_check_forbidden(c, &at, detail);
  }
  struct k8smi_visit v = {0};
  const struct k8smi_record *container;
  while ((container = k8smi_visit_next(c, &v)) != NULL) {
    struct k8smi_path at = K8SMI_PATH(&v.path, Container, volumeDevices);
    if (!c->is_stored && k8smi_get_list(container, K8SMI_Container_volumeDevices).count > 0)
      k8smi_check_forbidden(c, &at, detail);
  }
}

void k8smi_check_hostname(struct k8smi_check *c) {
  enum { HOSTNAME_MAX = 64 };
  struct k8sm_slice name = k8smi_get_str(c->spec, K8SMI_PodSpec_hostnameOverride);
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, hostnameOverride);
  if (!k8smi_has(c->spec, K8SMI_PodSpec_hostnameOverride)) return;
  if (k8smi_get_bool(c->spec, K8SMI_PodSpec_setHostnameAsFQDN, false))
    k8smi_check_forbidden(c, &path, "may not be specified when setHostnameAsFQDN is true");
  if (k8smi_get_bool(c->spec, K8SMI_PodSpec_hostNetwork, false))
    k8smi_check_forbidden(c, &path, "may not be specified when hostNetwork is true");
  if (name.len > HOSTNAME_MAX) k8smi_check_too_long(c, &path, HOSTNAME_MAX);
  k8smi_check_format(c, &path, name, k8smi_format_subdomain);
}
