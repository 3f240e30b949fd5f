/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

enum { VALIDATE_ANNOTATIONS_MAX = 262144 };

static void validate_annotations(struct k8smi_check *c, const struct k8smi_record *metadata,
                                 const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "annotations");
  struct k8smi_list list = k8smi_get_list(metadata, K8SMI_ObjectMeta_annotations);
  size_t total = 0;
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    const char *wrong = k8smi_format_qualified(pair.key);
    if (wrong != NULL) k8smi_check_invalid(c, &path, pair.key, wrong);
    total += pair.key.len + pair.value.len;
  }
  if (total <= VALIDATE_ANNOTATIONS_MAX) return;
  c->bad = true;
  k8smi_find(c->diags, K8SM_DIAG_FIELD_TOO_LONG, &path, "Too long: may not be more than 262144 bytes");
}

static void validate_owners(struct k8smi_check *c, const struct k8smi_record *metadata,
                            const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "ownerReferences");
  struct k8smi_list list = k8smi_get_list(metadata, K8SMI_ObjectMeta_ownerReferences);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *owner = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&path, i);
    k8smi_check_text(c, owner, K8SMI_OwnerReference_apiVersion, "apiVersion", &at, NULL);
    k8smi_check_text(c, owner, K8SMI_OwnerReference_kind, "kind", &at, NULL);
    k8smi_check_text(c, owner, K8SMI_OwnerReference_name, "name", &at, NULL);
    k8smi_check_text(c, owner, K8SMI_OwnerReference_uid, "uid", &at, NULL);
  }
}

static void validate_metadata(struct k8smi_check *c, const struct k8smi_record *metadata,
                              const struct k8smi_path *root) {
  struct k8smi_path path = K8SMI_AT(root, "metadata"), name = K8SMI_AT(&path, "name");
  struct k8sm_slice text = k8smi_get_str(metadata, K8SMI_ObjectMeta_name);
  if (text.len == 0) {
    k8smi_check_required(c, &name,
                         k8smi_has(metadata, K8SMI_ObjectMeta_generateName)
                             ? "name is required: generateName needs an API server"
                             : "name or generateName is required");
  } else {
    k8smi_check_optional(c, metadata, K8SMI_ObjectMeta_name, "name", &path, k8smi_format_subdomain);
  }
  k8smi_check_optional(c, metadata, K8SMI_ObjectMeta_namespace, "namespace", &path, k8smi_format_label);
  k8smi_check_range(c, metadata, K8SMI_ObjectMeta_generation, "generation", &path, 0, INT64_MAX);
  struct k8smi_path labels = K8SMI_AT(&path, "labels");
  k8smi_check_labels(c, k8smi_get_list(metadata, K8SMI_ObjectMeta_labels), &labels);
  validate_annotations(c, metadata, &path);
  validate_owners(c, metadata, &path);
}

static void validate_dns(struct k8smi_check *c, const struct k8smi_path *spec) {
  enum { NAMESERVERS_MAX = 3, SEARCHES_MAX = 32 };
  const struct k8smi_record *dns = k8smi_get_record(c->spec, K8SMI_PodSpec_dnsConfig);
  bool own = k8smi_eqs(k8smi_get_str(c->spec, K8SMI_PodSpec_dnsPolicy), "None");
  struct k8smi_path path = K8SMI_AT(spec, "dnsConfig"), at = K8SMI_AT(&path, "nameservers");
  struct k8smi_list servers = k8smi_get_list(dns, K8SMI_PodDNSConfig_nameservers);
  if (own && dns == NULL) k8smi_check_required(c, &path, "must provide `dnsConfig` when `dnsPolicy` is None");
  if (own && dns != NULL && servers.count == 0)
    k8smi_check_required(c, &at, "must provide at least one DNS nameserver when `dnsPolicy` is None");
  if (servers.count > NAMESERVERS_MAX)
    k8smi_check_invalid_number(c, &at, (int64_t)servers.count, "must not have more than 3 nameservers");
  for (size_t i = 0; i < servers.count; i++) {
    struct k8smi_path server = k8smi_path_index(&at, i);
    const char *wrong = k8smi_format_ip(k8smi_list_str(servers, i));
    if (wrong != NULL) k8smi_check_invalid(c, &server, k8smi_list_str(servers, i), wrong);
  }
  struct k8smi_list searches = k8smi_get_list(dns, K8SMI_PodDNSConfig_searches);
  struct k8smi_path search = K8SMI_AT(&path, "searches");
  if (searches.count > SEARCHES_MAX)
    k8smi_check_invalid_number(c, &search, (int64_t)searches.count,
                               "must not have more than 32 search paths");
  struct k8smi_list options = k8smi_get_list(dns, K8SMI_PodDNSConfig_options);
  struct k8smi_path option = K8SMI_AT(&path, "options");
  for (size_t i = 0; i < options.count; i++) {
    struct k8smi_path one = k8smi_path_index(&option, i);
    if (!k8smi_has(k8smi_list_record(options, i), K8SMI_PodDNSConfigOption_name))
      k8smi_check_required(c, &one, "must not be empty");
  }
}

static void validate_host_aliases(struct k8smi_check *c, const struct k8smi_path *spec) {
  struct k8smi_path path = K8SMI_AT(spec, "hostAliases");
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_hostAliases);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *alias = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&path, i), names = K8SMI_AT(&at, "hostnames");
    struct k8smi_list hosts = k8smi_get_list(alias, K8SMI_HostAlias_hostnames);
    k8smi_check_text(c, alias, K8SMI_HostAlias_ip, "ip", &at, k8smi_format_ip);
    for (size_t j = 0; j < hosts.count; j++) {
      struct k8smi_path one = k8smi_path_index(&names, j);
      const char *wrong = k8smi_format_subdomain(k8smi_list_str(hosts, j));
      if (wrong != NULL) k8smi_check_invalid(c, &one, k8smi_list_str(hosts, j), wrong);
    }
  }
}

static void validate_spec(struct k8smi_check *c, const struct k8smi_path *path) {
  static const struct {
    unsigned field;
    const char *name;
    const char *(*format)(struct k8sm_slice);
  } names[] = {
      {K8SMI_PodSpec_serviceAccountName, "serviceAccountName", k8smi_format_subdomain},
      {K8SMI_PodSpec_nodeName, "nodeName", k8smi_format_subdomain},
      {K8SMI_PodSpec_priorityClassName, "priorityClassName", k8smi_format_subdomain},
      {K8SMI_PodSpec_runtimeClassName, "runtimeClassName", k8smi_format_subdomain},
      {K8SMI_PodSpec_hostname, "hostname", k8smi_format_label},
      {K8SMI_PodSpec_subdomain, "subdomain", k8smi_format_label},
  };
  k8smi_check_volumes(c, path);
  k8smi_check_containers(c, path);
  k8smi_check_words(c, K8SMI_TYPE_PodSpec, c->spec, path);
  struct k8smi_path selector = K8SMI_AT(path, "nodeSelector");
  k8smi_check_labels(c, k8smi_get_list(c->spec, K8SMI_PodSpec_nodeSelector), &selector);
  k8smi_check_pod_security(c, path);
  k8smi_check_placement(c, path);
  validate_dns(c, path);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    k8smi_check_optional(c, c->spec, names[i].field, names[i].name, path, names[i].format);
  k8smi_check_range(c, c->spec, K8SMI_PodSpec_activeDeadlineSeconds, "activeDeadlineSeconds", path, 1,
                    INT32_MAX);
  validate_host_aliases(c, path);
  if (k8smi_get_list(c->spec, K8SMI_PodSpec_ephemeralContainers).count > 0) {
    struct k8smi_path ephemeral = K8SMI_AT(path, "ephemeralContainers");
    k8smi_check_forbidden(c, &ephemeral, "cannot be set on create");
  }
}

int k8smi_validate_pod(const struct k8smi_record *pod, const struct k8smi_validate_options *options,
                       struct k8sm_diags *diags) {
  struct k8smi_check c;
  struct k8smi_path spec = K8SMI_AT(options->path, "spec");
  memset(&c, 0, sizeof c);
  c.diags = diags;
  c.spec = k8smi_get_record(pod, K8SMI_Pod_spec);
  /* The seed need not be a secret: a pod's names are bounded by its own size. */
  struct k8smi_map *sets[] = {&c.names, &c.volumes, &c.scratch, &c.ports};
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
    k8smi_map_init(sets[i], &options->allocator, (uint64_t)(uintptr_t)pod + i);
  c.no_memory = !k8smi_arena_init(&c.arena, &options->allocator, 0);
  validate_metadata(&c, k8smi_get_record(pod, K8SMI_Pod_metadata), options->path);
  validate_spec(&c, &spec);
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) k8smi_map_free(sets[i]);
  k8smi_arena_free(&c.arena);
  if (c.no_memory) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  return c.bad ? K8SM_ERR_INVALID : K8SM_OK;
}
