/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include "pod/containers.h"
#include "pod/quantity.h"
#include "pod/requests.h"

/* What containers and the pod ask for:
 * https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */

static const char *const resource_of_containers[] = {"cpu", "memory", "ephemeral-storage", NULL};
/* Names without a domain that mean something, if not in a container. */
static const char *const resource_standard[] = {"cpu",
                                                "memory",
                                                "ephemeral-storage",
                                                "requests.cpu",
                                                "requests.memory",
                                                "requests.ephemeral-storage",
                                                "limits.cpu",
                                                "limits.memory",
                                                "limits.ephemeral-storage",
                                                "pods",
                                                "resourcequotas",
                                                "services",
                                                "replicationcontrollers",
                                                "secrets",
                                                "configmaps",
                                                "persistentvolumeclaims",
                                                "storage",
                                                "requests.storage",
                                                "services.nodeports",
                                                "services.loadbalancers",
                                                NULL};
/* Those that are counted. */
static const char *const resource_counts[] = {
    "pods",       "resourcequotas",         "services",           "replicationcontrollers", "secrets",
    "configmaps", "persistentvolumeclaims", "services.nodeports", "services.loadbalancers", NULL};
static const char *const resource_of_pods[] = {"cpu", "hugepages-", "memory", NULL};

static bool resource_has_domain(struct k8sm_slice name) {
  return name.len > 0 && memchr(name.ptr, '/', name.len) != NULL;
}

static bool resource_is_huge(struct k8sm_slice name) {
  return k8smi_has_prefix(name, K8SMI_S("hugepages-"));
}

/* Without a domain, or with "kubernetes.io/" anywhere in the name. */
static bool resource_is_native(struct k8sm_slice name) {
  struct k8sm_slice own = K8SMI_S("kubernetes.io/");
  if (!resource_has_domain(name)) return true;
  for (size_t i = 0; i + own.len <= name.len; i++) {
    if (memcmp(name.ptr + i, own.ptr, own.len) == 0) return true;
  }
  return false;
}

/* Good as the name of a quota too, which has "requests." in front. */
static bool resource_is_extended(struct k8smi_check *c, struct k8sm_slice name) {
  if (resource_is_native(name) || k8smi_has_prefix(name, K8SMI_S("requests."))) return false;
  struct k8sm_slice quota = k8smi_check_join(c, K8SMI_S("requests"), '.', name);
  return quota.ptr != NULL && k8smi_has_format(quota, k8smi_format_qualified);
}

static bool resource_may_overcommit(struct k8sm_slice name) {
  return resource_is_native(name) && !resource_is_huge(name);
}

/* False: it has been found wrong. */
static bool resource_qualified(struct k8smi_check *c, struct k8sm_slice name, const struct k8smi_path *path) {
  size_t before = c->found;
  k8smi_check_format_of(c, path, k8smi_v_word(name), k8smi_format_qualified);
  if (c->found == before && !resource_has_domain(name) && !k8smi_is_among(name, resource_standard) &&
      !resource_is_huge(name) && !k8smi_has_prefix(name, K8SMI_S("requests.hugepages-")))
    k8smi_check_invalid(c, path, k8smi_v_word(name), "must be a standard resource type or fully qualified");
  return c->found == before;
}

static void resource_container_name(struct k8smi_check *c, struct k8sm_slice name,
                                    const struct k8smi_path *path) {
  resource_qualified(c, name, path);
  if (!resource_has_domain(name)) {
    if (!k8smi_is_among(name, resource_of_containers) && !resource_is_huge(name))
      k8smi_check_invalid(c, path, k8smi_v_word(name), "must be a standard resource for containers");
  } else if (!resource_is_native(name) && !resource_is_extended(c, name)) {
    k8smi_check_invalid(c, path, k8smi_v_word(name), "doesn't follow extended resource name standard");
  }
}

static void resource_pod_name(struct k8smi_check *c, struct k8sm_slice name, const struct k8smi_path *path) {
  if (!resource_qualified(c, name, path)) return;
  if (!k8smi_eqs(name, "cpu") && !k8smi_eqs(name, "memory") && !resource_is_huge(name))
    k8smi_check_unsupported(c, path, k8smi_v_word(name), resource_of_pods);
}

/* A multiple of the page's size, which is in the name. */
static bool resource_is_pages(struct k8smi_pair pair) {
  const size_t prefix = sizeof "hugepages-" - 1;
  struct k8sm_slice page = {pair.key.ptr + prefix, pair.key.len - prefix};
  int64_t size, milli, amount;
  if (!k8smi_quantity_value(page, &size) || !k8smi_quantity_milli(page, &milli) ||
      !k8smi_quantity_value(pair.value, &amount))
    return false;
  return size > 0 && milli % 1000 == 0 && amount % size == 0;
}

typedef void resource_name_check(struct k8smi_check *c, struct k8sm_slice name,
                                 const struct k8smi_path *path);

static void resource_amount(struct k8smi_check *c, struct k8smi_pair pair, const struct k8smi_path *path) {
  int64_t milli;
  if (k8smi_quantity_cmp(pair.value, K8SMI_S("0")) < 0)
    k8smi_check_invalid(c, path, k8smi_v_quantity(c, pair.value), "must be greater than or equal to 0");
  if ((k8smi_is_among(pair.key, resource_counts) || resource_is_extended(c, pair.key)) &&
      k8smi_quantity_milli(pair.value, &milli) && milli > -INT64_MAX && milli < INT64_MAX &&
      milli % 1000 != 0)
    k8smi_check_invalid(c, path, k8smi_v_quantity(c, pair.value), "must be an integer");
}

static void resource_pages(struct k8smi_check *c, struct k8smi_pair pair, const struct k8smi_path *path) {
  if (c->is_stored || !resource_is_huge(pair.key) || resource_is_pages(pair)) return;
  struct k8smi_shown value = k8smi_v_quantity(c, pair.value);
  k8smi_check_invalid(c, path, value,
                      k8smi_check_text(c, "%.*s is not positive integer multiple of %.*s",
                                       K8SMI_P(value.text), K8SMI_P(pair.key)));
}

static void resource_limits(struct k8smi_check *c, struct k8smi_list limits, resource_name_check *check,
                            const struct k8smi_path *path) {
  for (size_t i = 0; i < limits.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(limits, i);
    struct k8smi_path at = k8smi_path_key(path, pair.key);
    check(c, pair.key, &at);
    resource_amount(c, pair, &at);
    resource_pages(c, pair, &at);
  }
}

/* Requests are no more than limits; some are just as much. What is found stands at all requests. */
static void resource_compare(struct k8smi_check *c, struct k8smi_pair pair, struct k8sm_slice limit,
                             const struct k8smi_path *requests) {
  bool free = resource_may_overcommit(pair.key);
  int order = k8smi_quantity_cmp(pair.value, limit);
  if (order < 0 ? free : order == 0) return;
  struct k8smi_buf most;
  if (!k8smi_buf_init(&most, &c->arena.allocator)) return;
  k8smi_quantity_written(limit, &most);
  k8smi_check_invalid(c, requests, k8smi_v_quantity(c, pair.value),
                      k8smi_check_text(c, "must be %s %.*s limit of %.*s",
                                       free ? "less than or equal to" : "equal to", K8SMI_P(pair.key),
                                       (int)most.len, most.failed ? "" : most.ptr));
  k8smi_buf_free(&most);
}

static bool resource_names_any(struct k8smi_list list, bool huge) {
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice name = k8smi_list_pair(list, i).key;
    if (huge ? resource_is_huge(name) : k8smi_eqs(name, "cpu") || k8smi_eqs(name, "memory")) return true;
  }
  return false;
}

/* Huge pages do not come alone. */
static void resource_huge(struct k8smi_check *c, struct k8smi_list limits, struct k8smi_list requests,
                          const struct k8smi_path *path) {
  bool huge = resource_names_any(limits, true) || resource_names_any(requests, true);
  if (huge && !resource_names_any(limits, false) && !resource_names_any(requests, false))
    k8smi_check_forbidden(c, path, "HugePages require cpu or memory");
}

static void resource_check(struct k8smi_check *c, const struct k8smi_record *resources,
                           resource_name_check *check, const struct k8smi_path *path) {
  struct k8smi_list limits = k8smi_get_list(resources, K8SMI_ResourceRequirements_limits);
  struct k8smi_list requests = k8smi_get_list(resources, K8SMI_ResourceRequirements_requests);
  struct k8smi_path of_limits = K8SMI_PATH(path, ResourceRequirements, limits),
                    of_requests = K8SMI_PATH(path, ResourceRequirements, requests),
                    claims = K8SMI_PATH(path, ResourceRequirements, claims);
  resource_limits(c, limits, check, &of_limits);
  for (size_t i = 0; i < requests.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(requests, i);
    struct k8smi_path at = k8smi_path_key(&of_requests, pair.key);
    struct k8sm_slice limit = k8smi_get_pair(resources, K8SMI_ResourceRequirements_limits, pair.key.ptr);
    check(c, pair.key, &at);
    resource_amount(c, pair, &at);
    if (limit.ptr != NULL) {
      resource_compare(c, pair, limit, &of_requests);
    } else if (!resource_may_overcommit(pair.key)) {
      k8smi_check_required(c, &of_limits, "Limit must be set for non overcommitable resources");
    }
    resource_pages(c, pair, &at);
  }
  resource_huge(c, limits, requests, path);
  k8smi_check_claimed(c, k8smi_get_list(resources, K8SMI_ResourceRequirements_claims), &claims);
}

void k8smi_check_resources(struct k8smi_check *c, const struct k8smi_record *resources,
                           const struct k8smi_path *path) {
  if (resources != NULL) resource_check(c, resources, resource_container_name, path);
}

/* By the rules for limits of containers, and with their paths. */
void k8smi_check_overhead(struct k8smi_check *c, struct k8smi_list overhead, const struct k8smi_path *path) {
  struct k8smi_path limits = K8SMI_PATH(path, ResourceRequirements, limits);
  resource_limits(c, overhead, resource_container_name, &limits);
  resource_huge(c, overhead, (struct k8smi_list){NULL, 0}, path);
}

/* ---- The pod's own resources ---- */

/* The sums over the containers of what the pod states itself, in the order of its list. */
static struct k8smi_sum *resource_sums(struct k8smi_check *c, struct k8smi_list own, unsigned field) {
  struct k8smi_sum *sums = k8smi_arena_array(&c->arena, own.count, sizeof *sums);
  size_t containers = k8smi_container_count(c->spec);
  k8smi_map_clear(&c->items);
  if (sums == NULL) {
    c->no_memory = true;
    return NULL;
  }
  memset(sums, 0, own.count * sizeof *sums);
  for (size_t i = 0; i < own.count; i++) k8smi_check_put(c, &c->items, k8smi_list_pair(own, i).key, i);
  for (size_t i = 0; i < containers; i++) {
    struct k8smi_container container = k8smi_container_at(c->spec, i);
    struct k8smi_list list =
        k8smi_get_list(k8smi_get_record(container.record, K8SMI_Container_resources), field);
    for (size_t j = 0; j < list.count; j++) {
      struct k8smi_amount amount;
      uint32_t index = k8smi_map_get(&c->items, k8smi_list_pair(list, j).key);
      if (index != K8SMI_MAP_NONE && k8smi_quantity_amount(k8smi_list_pair(list, j).value, &amount))
        k8smi_sum_add(&sums[index], container.kind, amount);
    }
  }
  return sums;
}

static void resource_exceeds(struct k8smi_check *c, struct k8sm_slice own, struct k8smi_amount sum,
                             const char *words, const struct k8smi_path *path) {
  struct k8smi_amount amount;
  struct k8smi_buf text;
  if (!k8smi_quantity_amount(own, &amount) || k8smi_amount_cmp(sum, amount) <= 0) return;
  if (!k8smi_buf_init(&text, &c->arena.allocator)) return;
  k8smi_quantity_put(sum, &text);
  k8smi_check_invalid(c, path, k8smi_v_quantity(c, own),
                      k8smi_check_text(c, "%s %.*s", words, (int)text.len, text.failed ? "" : text.ptr));
  k8smi_buf_free(&text);
}

/* The containers together must not ask for more than the pod does. */
static void resource_compare_sums(struct k8smi_check *c, struct k8smi_list own, unsigned field,
                                  const struct k8smi_path *path) {
  bool limits = field == K8SMI_ResourceRequirements_limits;
  struct k8smi_sum *sums = own.count == 0 ? NULL : resource_sums(c, own, field);
  for (size_t i = 0; i < own.count && sums != NULL; i++) {
    struct k8smi_pair pair = k8smi_list_pair(own, i);
    struct k8smi_path at = k8smi_path_key(path, pair.key);
    struct k8smi_amount sum;
    if ((limits && !resource_is_huge(pair.key)) || !k8smi_sum_of_containers(&sums[i], &sum)) continue;
    resource_exceeds(c, pair.value, sum,
                     limits ? "must be greater than or equal to aggregate container limits of"
                            : "must be greater than or equal to aggregate container requests of",
                     &at);
  }
}

/* Nor may one of them have a higher limit. The path is the server's. */
static void resource_compare_limits(struct k8smi_check *c, const struct k8smi_record *own,
                                    const struct k8smi_path *parent) {
  struct k8smi_list mains = k8smi_get_list(c->spec, K8SMI_PodSpec_containers);
  struct k8smi_path path = K8SMI_AT(parent, "containers");
  for (size_t i = 0; i < mains.count; i++) {
    const struct k8smi_record *resources =
        k8smi_get_record(k8smi_list_record(mains, i), K8SMI_Container_resources);
    struct k8smi_list limits = k8smi_get_list(resources, K8SMI_ResourceRequirements_limits);
    struct k8smi_path container = k8smi_path_index(&path, i);
    for (size_t j = 0; j < limits.count; j++) {
      struct k8smi_pair pair = k8smi_list_pair(limits, j);
      struct k8sm_slice most = k8smi_get_pair(own, K8SMI_ResourceRequirements_limits, pair.key.ptr);
      struct k8smi_path key = k8smi_path_key(&container, pair.key), at = K8SMI_AT(&key, "limits");
      struct k8smi_amount amount;
      if (most.ptr == NULL || k8smi_quantity_cmp(pair.value, most) <= 0) continue;
      if (!k8smi_quantity_amount(most, &amount)) continue;
      struct k8smi_buf text;
      if (!k8smi_buf_init(&text, &c->arena.allocator)) return;
      k8smi_quantity_written(most, &text);
      k8smi_check_invalid(c, &at, k8smi_v_quantity(c, pair.value),
                          k8smi_check_text(c, "must be less than or equal to pod limits of %.*s",
                                           (int)text.len, text.failed ? "" : text.ptr));
      k8smi_buf_free(&text);
    }
  }
}

void k8smi_check_pod_resources(struct k8smi_check *c) {
  const struct k8smi_record *own = k8smi_get_record(c->spec, K8SMI_PodSpec_resources);
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, resources),
                    claims = K8SMI_PATH(&path, ResourceRequirements, claims),
                    requests = K8SMI_PATH(&path, ResourceRequirements, requests),
                    limits = K8SMI_PATH(&path, ResourceRequirements, limits);
  const struct k8smi_record *os = k8smi_get_record(c->spec, K8SMI_PodSpec_os);
  if (own == NULL) return;
  if (k8smi_eqs(k8smi_get_str(os, K8SMI_PodOS_name), "windows")) {
    k8smi_check_forbidden(c, &path, "may not be set for a windows pod");
    return;
  }
  if (k8smi_has(own, K8SMI_ResourceRequirements_claims))
    k8smi_check_forbidden(c, &claims, "claims may not be set for Resources at pod-level");
  resource_check(c, own, resource_pod_name, &path);
  resource_compare_sums(c, k8smi_get_list(own, K8SMI_ResourceRequirements_requests),
                        K8SMI_ResourceRequirements_requests, &requests);
  resource_compare_sums(c, k8smi_get_list(own, K8SMI_ResourceRequirements_limits),
                        K8SMI_ResourceRequirements_limits, &limits);
  resource_compare_limits(c, own, &path);
}
