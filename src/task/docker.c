/* SPDX-License-Identifier: Apache-2.0 */
/* The container of a command task of the Docker containerizer. */
#include "task/build.h"

#define DOCKER_BRIDGE "bridge"

typedef K8smMesos__ContainerInfo__DockerInfo docker_info;

static bool docker_parameter(struct k8smi_task_build *b, docker_info *docker, struct k8sm_slice key,
                             struct k8sm_slice value) {
  K8smMesos__Parameter *parameter = K8SMI_TASK_NEW(b, Parameter, parameter);
  if (parameter == NULL) return false;
  parameter->key = k8smi_task_text(key);
  parameter->value = k8smi_task_text_or_empty(value);
  docker->parameters[docker->n_parameters++] = parameter;
  return true;
}

/* The first word of the command takes the place of the image's entrypoint. */
static bool docker_parameters(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                              docker_info *docker) {
  const struct k8smi_pair_list from = task->docker;
  bool fine = true;
  docker->parameters = k8smi_task_array(b, from.count + 1, sizeof *docker->parameters);
  if (docker->parameters == NULL) return false;
  if (task->has_value)
    fine =
        docker_parameter(b, docker, K8SMI_S("entrypoint"), k8smi_task_placed(b, task, task->argv.items[0]));
  for (size_t i = 0; fine && i < from.count; i++)
    fine = docker_parameter(b, docker, from.items[i].key, from.items[i].value);
  return fine;
}

static bool docker_ports(struct k8smi_task_build *b, docker_info *docker) {
  const struct k8sm_demand *d = b->demand;
  docker->port_mappings = k8smi_task_array(b, d->port_count, sizeof *docker->port_mappings);
  for (size_t i = 0; docker->port_mappings != NULL && i < d->port_count; i++) {
    uint16_t host = b->placement->host_ports == NULL ? 0 : b->placement->host_ports[i];
    if (host == 0) continue;
    K8smMesos__ContainerInfo__DockerInfo__PortMapping *to =
        K8SMI_TASK_NEW(b, ContainerInfo__DockerInfo__PortMapping, container_info__docker_info__port_mapping);
    if (to == NULL) return false;
    to->host_port = host;
    to->container_port = d->ports[i].container_port;
    to->protocol = k8smi_task_text(k8smi_task_protocol(d->ports[i].protocol));
    docker->port_mappings[docker->n_port_mappings++] = to;
  }
  return !b->no_memory;
}

/* The agent's own; Docker's bridge; or one of Docker's by its name. */
static bool docker_network(struct k8smi_task_build *b, K8smMesos__ContainerInfo *container) {
  const struct k8sm_slice name = b->demand->network;
  docker_info *docker = container->docker;
  docker->has_network = true;
  docker->network = K8SM_MESOS__CONTAINER_INFO__DOCKER_INFO__NETWORK__HOST;
  if (name.len == 0) return true;
  bool bridge = k8smi_eqs(name, DOCKER_BRIDGE);
  docker->network = bridge ? K8SM_MESOS__CONTAINER_INFO__DOCKER_INFO__NETWORK__BRIDGE
                           : K8SM_MESOS__CONTAINER_INFO__DOCKER_INFO__NETWORK__USER;
  if (!docker_ports(b, docker)) return false;
  if (bridge) return true;
  K8smMesos__NetworkInfo *network = K8SMI_TASK_NEW(b, NetworkInfo, network_info);
  container->network_infos = k8smi_task_array(b, 1, sizeof *container->network_infos);
  if (b->no_memory) return false;
  network->name = k8smi_task_text(name);
  network->labels = k8smi_task_labels(b, b->demand->network_labels);
  container->network_infos[container->n_network_infos++] = network;
  return !b->no_memory;
}

/* A path of the agent, or one below the task's sandbox; of a driver it has a source. */
static bool docker_mounts(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                          K8smMesos__ContainerInfo *container) {
  container->volumes = k8smi_task_array(b, task->mount_count, sizeof *container->volumes);
  for (size_t i = 0; container->volumes != NULL && i < task->mount_count; i++) {
    const struct k8smi_demand_mount *mount = &task->mounts[i];
    K8smMesos__Volume *volume = K8SMI_TASK_NEW(b, Volume, volume);
    if (volume == NULL) return false;
    volume->mode = mount->read_only ? K8SM_MESOS__VOLUME__MODE__RO : K8SM_MESOS__VOLUME__MODE__RW;
    volume->container_path = k8smi_task_text(mount->container_path);
    if (mount->remote != NULL)
      volume->source = k8smi_task_source(b, task, mount);
    else
      volume->host_path = k8smi_task_text(k8smi_task_placed(b, task, mount->source));
    container->volumes[container->n_volumes++] = volume;
  }
  return !b->no_memory;
}

K8smMesos__ContainerInfo *k8smi_task_docker(struct k8smi_task_build *b,
                                            const struct k8smi_demand_task *task) {
  K8smMesos__ContainerInfo *container = K8SMI_TASK_NEW(b, ContainerInfo, container_info);
  docker_info *docker = K8SMI_TASK_NEW(b, ContainerInfo__DockerInfo, container_info__docker_info);
  if (container == NULL || docker == NULL) return NULL;
  container->type = K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER;
  container->docker = docker;
  /* with the agent's own network the Docker containerizer refuses to set one */
  if (b->demand->network.len > 0) container->hostname = k8smi_task_text(b->demand->hostname);
  docker->image = k8smi_task_text(task->image);
  docker->has_force_pull_image = true;
  docker->force_pull_image = task->pull_always;
  docker->has_privileged = task->privileged;
  docker->privileged = task->privileged;
  bool fine = docker_parameters(b, task, docker) && docker_network(b, container) &&
              docker_mounts(b, task, container);
  return fine ? container : NULL;
}
