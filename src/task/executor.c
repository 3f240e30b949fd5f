/* SPDX-License-Identifier: Apache-2.0 */
#include "task/build.h"

#include <k8smesos/task.h>

/* An agent takes a second executor with the same id for the first one only if both say the same: a
 * demand under way sends what was sent before. */
static K8smMesos__ExecutorInfo *executor_again(struct k8smi_task_build *b, int *result) {
  const struct k8sm_slice bytes = b->demand->executor;
  ProtobufCMessage *message = NULL;
  *result = k8smi_message_decode(&b->arena, &k8sm_mesos__executor_info__descriptor, bytes.ptr, bytes.len,
                                 &message, b->diags);
  return *result == K8SM_OK ? (K8smMesos__ExecutorInfo *)message : NULL;
}

static char *executor_id(struct k8smi_task_build *b, int *result) {
  enum { CAP = 256 };
  struct k8sm_task_id id = {b->demand->uid,       {NULL, 0}, {NULL, 0}, b->demand->attempt, 0,
                            K8SM_MAPPING_VERSION, 0};
  char *text = k8smi_task_array(b, CAP, 1);
  if (text == NULL) {
    *result = K8SM_ERR_NOMEM;
  } else if (k8sm_executor_id_format(&id, text, CAP) < 0) {
    k8smi_find(b->diags, K8SM_DIAG_TASK_ID_INVALID, NULL, "uid '%.*s' makes no id that Mesos accepts",
               K8SMI_P(b->demand->uid));
    *result = K8SM_ERR_INVALID;
  } else {
    return text;
  }
  return NULL;
}

/* Host ports are mapped to the containers' where the plugin does it. */
static bool executor_map_ports(struct k8smi_task_build *b, K8smMesos__NetworkInfo *network) {
  const struct k8sm_demand *d = b->demand;
  network->port_mappings = k8smi_task_array(b, d->port_count, sizeof *network->port_mappings);
  for (size_t i = 0; network->port_mappings != NULL && i < d->port_count; i++) {
    uint16_t host = b->placement->host_ports == NULL ? 0 : b->placement->host_ports[i];
    K8smMesos__NetworkInfo__PortMapping *to =
        host == 0 ? NULL : K8SMI_TASK_NEW(b, NetworkInfo__PortMapping, network_info__port_mapping);
    if (to == NULL) continue;
    to->host_port = host;
    to->container_port = d->ports[i].container_port;
    to->protocol = k8smi_task_text(k8smi_task_protocol(d->ports[i].protocol));
    network->port_mappings[network->n_port_mappings++] = to;
  }
  return !b->no_memory;
}

bool k8smi_task_network(struct k8smi_task_build *b, K8smMesos__ContainerInfo *container) {
  K8smMesos__NetworkInfo *network = K8SMI_TASK_NEW(b, NetworkInfo, network_info);
  container->network_infos = k8smi_task_array(b, 1, sizeof *container->network_infos);
  if (b->no_memory) return false;
  network->name = k8smi_task_text(b->demand->network);
  network->labels = k8smi_task_labels(b, b->demand->network_labels);
  container->network_infos[container->n_network_infos++] = network;
  return executor_map_ports(b, network);
}

static K8smMesos__ContainerInfo *executor_container(struct k8smi_task_build *b) {
  K8smMesos__ContainerInfo *container = K8SMI_TASK_NEW(b, ContainerInfo, container_info);
  if (container == NULL) return NULL;
  container->type = K8SM_MESOS__CONTAINER_INFO__TYPE__MESOS;
  container->hostname = k8smi_task_text(b->demand->hostname);
  container->linux_info = k8smi_task_linux(b, NULL);
  if (b->demand->network.len > 0 && !k8smi_task_network(b, container)) return NULL;
  return container;
}

K8smMesos__Labels *k8smi_task_pod_labels(struct k8smi_task_build *b) {
  const struct k8smi_pair_list annotations = b->demand->annotations;
  if (annotations.count == 0) return b->labels;
  K8smMesos__Labels *labels = K8SMI_TASK_NEW(b, Labels, labels);
  if (labels == NULL || b->labels == NULL) return NULL;
  size_t n = b->labels->n_labels;
  labels->labels = k8smi_task_array(b, n + annotations.count, sizeof *labels->labels);
  if (labels->labels == NULL) return NULL;
  memcpy(labels->labels, b->labels->labels, n * sizeof *labels->labels);
  labels->n_labels = n;
  for (size_t i = 0; i < annotations.count; i++) {
    K8smMesos__Label *label = K8SMI_TASK_NEW(b, Label, label);
    if (label == NULL) return NULL;
    label->key = k8smi_task_joined(b, K8SMI_S(K8SMI_ANNOTATION_LABEL), annotations.items[i].key);
    label->value = k8smi_task_text(annotations.items[i].value);
    labels->labels[labels->n_labels++] = label;
  }
  return labels;
}

K8smMesos__ExecutorInfo *k8smi_task_executor(struct k8smi_task_build *b, int *result) {
  *result = K8SM_OK;
  if (b->demand->executor.len > 0) return executor_again(b, result);
  char *id = executor_id(b, result);
  if (id == NULL) return NULL;
  K8smMesos__ExecutorInfo *info = K8SMI_TASK_NEW(b, ExecutorInfo, executor_info);
  *result = K8SM_ERR_NOMEM;
  if (info == NULL) return NULL;
  info->executor_id = K8SMI_TASK_NEW(b, ExecutorID, executor_id);
  info->framework_id = K8SMI_TASK_NEW(b, FrameworkID, framework_id);
  if (b->no_memory) return NULL;
  info->has_type = true;
  info->type = K8SM_MESOS__EXECUTOR_INFO__TYPE__DEFAULT;
  info->executor_id->value = id;
  info->framework_id->value = k8smi_task_text(b->placement->framework_id);
  info->name = k8smi_task_text(b->demand->name);
  info->resources = b->holds.executor.items;
  info->n_resources = b->holds.executor.count;
  info->container = executor_container(b);
  info->labels = k8smi_task_pod_labels(b);
  if (b->no_memory) return NULL;
  *result = K8SM_OK;
  return info;
}
