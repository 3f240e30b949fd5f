/* SPDX-License-Identifier: Apache-2.0 */
/* Networks: https://mesos.apache.org/documentation/latest/cni/. A pod has one, on its executor; without a
 * name it is on its agent's. */
#include "demand/build.h"

#include <k8smesos/cluster.h>

#define NETWORK_NAME   "k8s.mesosphere.io/network"
#define NETWORK_LABELS "k8s.mesosphere.io/network-labels"

static struct k8smi_path network_path(struct k8smi_path *parents, const char *key) {
  parents[0] = k8smi_path_field(NULL, K8SMI_S("metadata"));
  parents[1] = k8smi_path_field(&parents[0], K8SMI_S("annotations"));
  return k8smi_path_key(&parents[1], k8smi_s(key));
}

struct k8smi_pair_list k8smi_demand_labels(struct k8smi_demand_build *b, struct k8sm_slice text,
                                           const struct k8smi_path *path) {
  const struct k8smi_pair_list none = {NULL, 0};
  size_t count = 1;
  for (size_t i = 0; i < text.len; i++) count += text.ptr[i] == ',';
  struct k8smi_pair *labels = k8smi_demand_array(b, count, sizeof *labels);
  size_t n = 0;
  for (size_t from = 0; labels != NULL && from < text.len;) {
    const char *at = text.ptr + from, *comma = memchr(at, ',', text.len - from);
    size_t len = comma == NULL ? text.len - from : (size_t)(comma - at);
    const char *equals = memchr(at, '=', len);
    if (equals == NULL || equals == at) {
      k8smi_demand_refuse(b, path, "'%.*s': expected labels as 'a=b,c=d'", K8SMI_P(text));
      return none;
    }
    size_t key = (size_t)(equals - at);
    labels[n].key = k8smi_demand_copy(b, (struct k8sm_slice){at, key});
    labels[n++].value = k8smi_demand_copy(b, (struct k8sm_slice){equals + 1, len - key - 1});
    from += len + 1;
  }
  return (struct k8smi_pair_list){labels, n};
}

static void network_warn_shared(struct k8smi_demand_build *b) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path network = k8smi_path_field(&spec, K8SMI_S("hostNetwork"));
  struct k8smi_path hostname = k8smi_path_field(&spec, K8SMI_S("hostname"));
  K8SMI_DEMAND_WARN(b, APPROXIMATED, &network,
                    "the pod shares the network of its agent: no network of its own is configured");
  if (b->demand->hostname.len > 0)
    K8SMI_DEMAND_WARN(b, APPROXIMATED, &hostname,
                      "a container on its agent's network keeps the agent's name");
}

/* As the kubelet names a pod that does not name itself; Mesos would take the container's id. */
static struct k8sm_slice network_hostname(struct k8sm_slice name) {
  enum { LONGEST = 63 };
  if (name.len > LONGEST) name.len = LONGEST;
  while (name.len > 0 && (name.ptr[name.len - 1] == '-' || name.ptr[name.len - 1] == '.')) name.len--;
  return name;
}

void k8smi_demand_make_network(struct k8smi_demand_build *b) {
  struct k8sm_demand *d = b->demand;
  bool host = k8smi_get_bool(b->spec, K8SMI_PodSpec_hostNetwork, false);
  struct k8sm_slice own = k8smi_get_pair(b->metadata, K8SMI_ObjectMeta_annotations, NETWORK_NAME);
  struct k8sm_slice labels = k8smi_get_pair(b->metadata, K8SMI_ObjectMeta_annotations, NETWORK_LABELS);
  if (host && own.len > 0) {
    struct k8smi_path parents[2], path = network_path(parents, NETWORK_NAME);
    k8smi_demand_refuse(b, &path, "'%.*s', and the pod asks for its host's network", K8SMI_P(own));
  }
  if (host) return;
  d->network = own.len > 0 ? own : k8smi_demand_copy(b, k8smi_s(b->options.network));
  if (d->network.len == 0) {
    network_warn_shared(b);
    return;
  }
  d->features |= K8SM_FEATURE_CNI;
  if (d->hostname.len == 0) d->hostname = network_hostname(d->name);
  struct k8smi_path parents[2], path = network_path(parents, NETWORK_LABELS);
  if (labels.len > 0) d->network_labels = k8smi_demand_labels(b, labels, &path);
}
