/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/requests.h"

#include "pod/containers.h"

enum qos { QOS_NONE, QOS_BEST_EFFORT, QOS_BURSTABLE, QOS_GUARANTEED };

/* Two parts of one whole: those that differ make it Burstable. */
static enum qos qos_join(enum qos a, enum qos b) {
  return a == QOS_NONE || a == b ? b : QOS_BURSTABLE;
}

/* A zero counts as nothing stated. */
static enum qos qos_of_resource(const struct k8smi_record *resources, const char *name) {
  struct k8smi_amount request = {0, 0}, limit = {0, 0};
  (void)k8smi_resource_get(resources, K8SMI_ResourceRequirements_requests, name, &request);
  (void)k8smi_resource_get(resources, K8SMI_ResourceRequirements_limits, name, &limit);
  if (k8smi_amount_cmp(request, limit) != 0) return QOS_BURSTABLE;
  return k8smi_amount_is_zero(request) ? QOS_BEST_EFFORT : QOS_GUARANTEED;
}

static enum qos qos_of(const struct k8smi_record *resources) {
  return qos_join(qos_of_resource(resources, "cpu"), qos_of_resource(resources, "memory"));
}

/* Does the pod state resources of its own that count? */
static bool qos_is_pod_level(const struct k8smi_record *resources) {
  static const unsigned fields[] = {K8SMI_ResourceRequirements_requests, K8SMI_ResourceRequirements_limits};
  for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
    struct k8smi_list list = k8smi_get_list(resources, fields[f]);
    for (size_t i = 0; i < list.count; i++) {
      if (k8smi_resource_is_pod_level(k8smi_list_pair(list, i).key)) return true;
    }
  }
  return false;
}

static enum qos qos_of_spec(const struct k8smi_record *spec) {
  const struct k8smi_record *own = k8smi_get_record(spec, K8SMI_PodSpec_resources);
  enum qos qos = QOS_NONE;
  if (qos_is_pod_level(own)) return qos_of(own);
  for (size_t i = 0, count = k8smi_container_count(spec); i < count && qos != QOS_BURSTABLE; i++) {
    struct k8smi_container c = k8smi_container_at(spec, i);
    if (c.kind == K8SM_CONTAINER_EPHEMERAL) break;
    qos = qos_join(qos, qos_of(k8smi_get_record(c.record, K8SMI_Container_resources)));
  }
  return qos;
}

struct k8sm_slice k8smi_spec_qos_class(const struct k8smi_record *spec) {
  switch (qos_of_spec(spec)) {
  case QOS_GUARANTEED: return K8SMI_S("Guaranteed");
  case QOS_BURSTABLE: return K8SMI_S("Burstable");
  default: return K8SMI_S("BestEffort");
  }
}

struct k8sm_slice k8sm_pod_qos_class(const struct k8sm_pod *pod) {
  const struct k8smi_record *status = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_status);
  struct k8sm_slice known = k8smi_get_str(status, K8SMI_PodStatus_qosClass);
  return known.len > 0 ? known
                       : k8smi_spec_qos_class(k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_spec));
}
