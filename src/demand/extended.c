/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and what else is counted by a name:
 * https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources The
 * executor holds them, as Mesos' scalars. */
#include "demand/build.h"

#include "pod/containers.h"
#include "pod/requests.h"

#define EXTENDED_GPU  "nvidia.com/gpu"
#define EXTENDED_HUGE "hugepages-"

static bool extended_is_huge(struct k8sm_slice name) {
  struct k8sm_slice prefix = K8SMI_S(EXTENDED_HUGE);
  return name.len > prefix.len && memcmp(name.ptr, prefix.ptr, prefix.len) == 0;
}

bool k8smi_resource_is_extended(struct k8sm_slice name) {
  return memchr(name.ptr, '/', name.len) != NULL || extended_is_huge(name);
}

/* What Mesos calls it. */
static struct k8sm_slice extended_name(struct k8sm_slice name) {
  return k8smi_eqs(name, EXTENDED_GPU) ? K8SMI_S("gpus") : name;
}

/* In thousandths; huge pages in thousandths of a MB, as memory. What is too large fits nowhere. */
static int64_t extended_milli(struct k8sm_slice name, struct k8smi_amount amount) {
  const int64_t mb = (int64_t)1024 * 1024;
  int64_t value = k8smi_amount_value(amount);
  if (extended_is_huge(name)) value = value / mb + (value % mb != 0);
  return value > INT64_MAX / 1000 ? INT64_MAX : value * 1000;
}

struct extended_names {
  struct k8sm_slice items[K8SMI_EXTENDED_MAX];
  size_t count;
  bool too_many;
};

static void extended_add(struct extended_names *names, const struct k8smi_record *resources, unsigned field) {
  struct k8smi_list list = k8smi_get_list(resources, field);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice key = k8smi_list_pair(list, i).key;
    size_t at = 0;
    while (at < names->count && !k8smi_eq(names->items[at], key)) at++;
    if (at < names->count || !k8smi_resource_is_extended(key)) continue;
    names->too_many = names->too_many || names->count == K8SMI_EXTENDED_MAX;
    if (!names->too_many) names->items[names->count++] = key;
  }
}

/* All that any container, or the pod as a whole, names. */
static struct extended_names extended_find(const struct k8smi_demand_build *b) {
  struct extended_names names = {.count = 0};
  for (size_t i = 1; i < b->demand->task_count; i++) {
    const struct k8smi_record *container = k8smi_container_at(b->spec, i - 1).record;
    const struct k8smi_record *resources = k8smi_get_record(container, K8SMI_Container_resources);
    extended_add(&names, resources, K8SMI_ResourceRequirements_requests);
    extended_add(&names, resources, K8SMI_ResourceRequirements_limits);
  }
  extended_add(&names, k8smi_get_record(b->spec, K8SMI_PodSpec_resources),
               K8SMI_ResourceRequirements_requests);
  return names;
}

/* A request, else the limit. */
static bool extended_request(const struct k8smi_record *container, const char *name,
                             struct k8smi_amount *ret) {
  const struct k8smi_record *resources = k8smi_get_record(container, K8SMI_Container_resources);
  return k8smi_resource_get(resources, K8SMI_ResourceRequirements_requests, name, ret) ||
         k8smi_resource_get(resources, K8SMI_ResourceRequirements_limits, name, ret);
}

static int64_t extended_total(const struct k8smi_demand_build *b, struct k8sm_slice name) {
  struct k8smi_sum sum;
  struct k8smi_amount amount;
  memset(&sum, 0, sizeof sum);
  for (size_t i = 1; i < b->demand->task_count; i++) {
    struct k8smi_container c = k8smi_container_at(b->spec, i - 1);
    if (extended_request(c.record, name.ptr, &amount)) k8smi_sum_add(&sum, c.kind, amount);
  }
  return k8smi_sum_total(&sum, b->spec, name.ptr, false, &amount) ? extended_milli(name, amount) : 0;
}

void k8smi_demand_make_extended(struct k8smi_demand_build *b) {
  struct extended_names names = extended_find(b);
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  if (names.too_many) {
    k8smi_demand_refuse(b, &spec, "asks for more than %d extended resources", K8SMI_EXTENDED_MAX);
    return;
  }
  struct k8smi_demand_extended *items = k8smi_demand_array(b, names.count, sizeof *items);
  for (size_t i = 0; items != NULL && i < names.count; i++) {
    int64_t milli = extended_total(b, names.items[i]);
    if (milli <= 0) continue;
    items[b->demand->extended_count++] =
        (struct k8smi_demand_extended){names.items[i], extended_name(names.items[i]), milli};
  }
  b->demand->extended = items;
}
