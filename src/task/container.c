/* SPDX-License-Identifier: Apache-2.0 */
#include "task/build.h"

enum { CONTAINER_FIRST_CAPABILITY = 1000 }; /* CapabilityInfo.Capability of Linux capability 0 */

static K8smMesos__CapabilityInfo *container_capabilities(struct k8smi_task_build *b, uint64_t bits) {
  K8smMesos__CapabilityInfo *info = K8SMI_TASK_NEW(b, CapabilityInfo, capability_info);
  if (info == NULL) return NULL;
  info->capabilities = k8smi_task_array(b, 64, sizeof *info->capabilities);
  for (unsigned i = 0; info->capabilities != NULL && i < 64; i++) {
    if (bits >> i & 1) {
      info->capabilities[info->n_capabilities++] =
          (K8smMesos__CapabilityInfo__Capability)(CONTAINER_FIRST_CAPABILITY + i);
    }
  }
  return info;
}

/* Mesos makes effective capabilities ambient, so that they outlive the change of users. Container runtimes
 * leave no one but root any: what others can gain by programs of the image is the bounding set. */
static uint64_t container_effective(const struct k8smi_demand_task *task) {
  bool root = task->user.len == 0 || k8smi_eqs(task->user, "root");
  return root ? task->capabilities : 0;
}

static K8smMesos__SeccompInfo *container_seccomp(struct k8smi_task_build *b,
                                                 const struct k8smi_demand_task *task) {
  if (task == NULL || (!task->unconfined && task->seccomp.len == 0)) return NULL;
  K8smMesos__SeccompInfo *info = K8SMI_TASK_NEW(b, SeccompInfo, seccomp_info);
  if (info == NULL) return NULL;
  info->has_unconfined = task->unconfined;
  info->unconfined = task->unconfined;
  info->profile_name = k8smi_task_text(task->seccomp);
  return info;
}

K8smMesos__LinuxInfo *k8smi_task_linux(struct k8smi_task_build *b, const struct k8smi_demand_task *task) {
  const struct k8sm_demand *d = b->demand;
  bool share_pid = task == NULL ? d->host_pid : task->share_pid;
  bool capabilities = task != NULL && task->has_capabilities;
  K8smMesos__LinuxInfo *info = K8SMI_TASK_NEW(b, LinuxInfo, linux_info);
  if (info == NULL) return NULL;
  if (d->share_cgroups_false) {
    info->has_share_cgroups = true;
    info->share_cgroups = false;
  }
  if (share_pid) {
    info->has_share_pid_namespace = true;
    info->share_pid_namespace = true;
  }
  /* one for the pod: the executor's own, or its agent's; the containers have their executor's */
  bool outermost = task == NULL || k8smi_demand_is_task(d);
  info->has_ipc_mode = true;
  info->ipc_mode = outermost && !d->host_ipc ? K8SM_MESOS__LINUX_INFO__IPC_MODE__PRIVATE
                                             : K8SM_MESOS__LINUX_INFO__IPC_MODE__SHARE_PARENT;
  if (capabilities) {
    info->effective_capabilities = container_capabilities(b, container_effective(task));
    info->bounding_capabilities = container_capabilities(b, task->capabilities);
  }
  info->seccomp = container_seccomp(b, task);
  return info;
}

static K8smMesos__Volume__Source__DockerVolume *container_docker(struct k8smi_task_build *b,
                                                                 const struct k8smi_demand_remote *remote) {
  K8smMesos__Volume__Source__DockerVolume *to =
      K8SMI_TASK_NEW(b, Volume__Source__DockerVolume, volume__source__docker_volume);
  size_t n = remote->options.count;
  if (to == NULL) return NULL;
  to->driver = k8smi_task_text(remote->driver);
  to->name = k8smi_task_text(remote->volume);
  if (n == 0) return to;
  to->driver_options = K8SMI_TASK_NEW(b, Parameters, parameters);
  if (to->driver_options == NULL) return NULL;
  to->driver_options->parameter = k8smi_task_array(b, n, sizeof *to->driver_options->parameter);
  for (size_t i = 0; to->driver_options->parameter != NULL && i < n; i++) {
    K8smMesos__Parameter *parameter = K8SMI_TASK_NEW(b, Parameter, parameter);
    if (parameter == NULL) return NULL;
    parameter->key = k8smi_task_text_or_empty(remote->options.items[i].key);
    parameter->value = k8smi_task_text_or_empty(remote->options.items[i].value);
    to->driver_options->parameter[to->driver_options->n_parameter++] = parameter;
  }
  return to;
}

typedef K8smMesos__Volume__Source__CSIVolume__VolumeCapability container_capability;

static container_capability *container_csi_use(struct k8smi_task_build *b,
                                               const struct k8smi_demand_mount *mount) {
  container_capability *to = K8SMI_TASK_NEW(b, Volume__Source__CSIVolume__VolumeCapability,
                                            volume__source__csivolume__volume_capability);
  K8smMesos__Volume__Source__CSIVolume__VolumeCapability__AccessMode *access =
      K8SMI_TASK_NEW(b, Volume__Source__CSIVolume__VolumeCapability__AccessMode,
                     volume__source__csivolume__volume_capability__access_mode);
  K8smMesos__Volume__Source__CSIVolume__VolumeCapability__MountVolume *how =
      K8SMI_TASK_NEW(b, Volume__Source__CSIVolume__VolumeCapability__MountVolume,
                     volume__source__csivolume__volume_capability__mount_volume);
  if (to == NULL || access == NULL || how == NULL) return NULL;
  /* As the kubelet has it for a volume that the pod itself names; the volume's mode says what is only read.
   */
  access->mode =
      K8SM_MESOS__VOLUME__SOURCE__CSIVOLUME__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_WRITER;
  to->access_mode = access;
  to->access_type_case = K8SM_MESOS__VOLUME__SOURCE__CSIVOLUME__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
  to->mount = how;
  how->fs_type = k8smi_task_text(mount->remote->fs_type);
  return to;
}

static K8smMesos__Volume__Source__CSIVolume *container_csi(struct k8smi_task_build *b,
                                                           const struct k8smi_demand_mount *mount) {
  typedef K8smMesos__Volume__Source__CSIVolume__StaticProvisioning__VolumeContextEntry context_entry;
  const struct k8smi_pair_list options = mount->remote->options;
  K8smMesos__Volume__Source__CSIVolume *to =
      K8SMI_TASK_NEW(b, Volume__Source__CSIVolume, volume__source__csivolume);
  K8smMesos__Volume__Source__CSIVolume__StaticProvisioning *there = K8SMI_TASK_NEW(
      b, Volume__Source__CSIVolume__StaticProvisioning, volume__source__csivolume__static_provisioning);
  if (to == NULL || there == NULL) return NULL;
  to->plugin_name = k8smi_task_text_or_empty(mount->remote->driver);
  to->static_provisioning = there;
  there->volume_id = k8smi_task_text(mount->remote->volume);
  there->volume_capability = container_csi_use(b, mount);
  there->volume_context = k8smi_task_array(b, options.count, sizeof *there->volume_context);
  for (size_t i = 0; there->volume_context != NULL && i < options.count; i++) {
    context_entry *entry =
        K8SMI_TASK_NEW(b, Volume__Source__CSIVolume__StaticProvisioning__VolumeContextEntry,
                       volume__source__csivolume__static_provisioning__volume_context_entry);
    if (entry == NULL) return NULL;
    entry->key = k8smi_task_text_or_empty(options.items[i].key);
    entry->value = k8smi_task_text_or_empty(options.items[i].value);
    there->volume_context[there->n_volume_context++] = entry;
  }
  return to;
}

K8smMesos__Volume__Source *k8smi_task_source(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                                             const struct k8smi_demand_mount *mount) {
  K8smMesos__Volume__Source *source = K8SMI_TASK_NEW(b, Volume__Source, volume__source);
  if (source == NULL) return NULL;
  source->has_type = true;
  if (mount->kind == K8SMI_VOLUME_SECRET) {
    source->type = K8SM_MESOS__VOLUME__SOURCE__TYPE__SECRET;
    source->secret = k8smi_task_secret(b, mount->value);
    return source;
  }
  if (mount->kind == K8SMI_VOLUME_DOCKER) {
    source->type = K8SM_MESOS__VOLUME__SOURCE__TYPE__DOCKER_VOLUME;
    source->docker_volume = container_docker(b, mount->remote);
    return source;
  }
  if (mount->kind == K8SMI_VOLUME_CSI) {
    source->type = K8SM_MESOS__VOLUME__SOURCE__TYPE__CSI_VOLUME;
    source->csi_volume = container_csi(b, mount);
    return source;
  }
  if (mount->kind == K8SMI_VOLUME_SANDBOX) {
    K8smMesos__Volume__Source__SandboxPath *path =
        K8SMI_TASK_NEW(b, Volume__Source__SandboxPath, volume__source__sandbox_path);
    source->type = K8SM_MESOS__VOLUME__SOURCE__TYPE__SANDBOX_PATH;
    source->sandbox_path = path;
    if (path == NULL) return NULL;
    path->has_type = true;
    path->type = k8smi_demand_is_task(b->demand) ? K8SM_MESOS__VOLUME__SOURCE__SANDBOX_PATH__TYPE__SELF
                                                 : K8SM_MESOS__VOLUME__SOURCE__SANDBOX_PATH__TYPE__PARENT;
    path->path = k8smi_task_text(k8smi_task_placed(b, task, mount->source));
    return source;
  }
  source->type = K8SM_MESOS__VOLUME__SOURCE__TYPE__HOST_PATH;
  source->host_path = K8SMI_TASK_NEW(b, Volume__Source__HostPath, volume__source__host_path);
  if (source->host_path == NULL) return NULL;
  source->host_path->path = k8smi_task_text(k8smi_task_placed(b, task, mount->source));
  if (mount->propagation == 0) return source;
  source->host_path->mount_propagation = K8SMI_TASK_NEW(b, MountPropagation, mount_propagation);
  if (source->host_path->mount_propagation == NULL) return NULL;
  source->host_path->mount_propagation->has_mode = true;
  source->host_path->mount_propagation->mode = (K8smMesos__MountPropagation__Mode)mount->propagation;
  return source;
}

static bool container_volumes(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                              K8smMesos__ContainerInfo *container) {
  container->volumes = k8smi_task_array(b, task->mount_count, sizeof *container->volumes);
  for (size_t i = 0; container->volumes != NULL && i < task->mount_count; i++) {
    K8smMesos__Volume *volume = K8SMI_TASK_NEW(b, Volume, volume);
    if (volume == NULL) return false;
    volume->mode = task->mounts[i].read_only ? K8SM_MESOS__VOLUME__MODE__RO : K8SM_MESOS__VOLUME__MODE__RW;
    volume->container_path = k8smi_task_text(task->mounts[i].container_path);
    volume->source = k8smi_task_source(b, task, &task->mounts[i]);
    container->volumes[container->n_volumes++] = volume;
  }
  return true;
}

static bool container_image(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                            K8smMesos__ContainerInfo *container) {
  if (task->image.len == 0) return true;
  K8smMesos__ContainerInfo__MesosInfo *mesos =
      K8SMI_TASK_NEW(b, ContainerInfo__MesosInfo, container_info__mesos_info);
  K8smMesos__Image *image = K8SMI_TASK_NEW(b, Image, image);
  K8smMesos__Image__Docker *docker = K8SMI_TASK_NEW(b, Image__Docker, image__docker);
  if (mesos == NULL || image == NULL || docker == NULL) return false;
  container->mesos = mesos;
  mesos->image = image;
  image->type = K8SM_MESOS__IMAGE__TYPE__DOCKER;
  image->docker = docker;
  docker->name = k8smi_task_text(task->image);
  if (task->pull_always) {
    image->has_cached = true;
    image->cached = false;
  }
  if (task->pull_config.len > 0) docker->config = k8smi_task_secret(b, task->pull_config);
  return true;
}

static K8smMesos__RLimitInfo *container_rlimits(struct k8smi_task_build *b,
                                                const struct k8smi_demand_task *task) {
  K8smMesos__RLimitInfo *info = task->rlimit_count == 0 ? NULL : K8SMI_TASK_NEW(b, RLimitInfo, rlimit_info);
  if (info == NULL) return NULL;
  info->rlimits = k8smi_task_array(b, task->rlimit_count, sizeof *info->rlimits);
  for (size_t i = 0; info->rlimits != NULL && i < task->rlimit_count; i++) {
    const struct k8smi_demand_rlimit *from = &task->rlimits[i];
    K8smMesos__RLimitInfo__RLimit *to = K8SMI_TASK_NEW(b, RLimitInfo__RLimit, rlimit_info__rlimit);
    if (to == NULL) return NULL;
    to->has_type = true;
    to->type = (K8smMesos__RLimitInfo__RLimit__Type)from->type;
    to->has_soft = to->has_hard = from->limited;
    to->soft = from->soft;
    to->hard = from->hard;
    info->rlimits[info->n_rlimits++] = to;
  }
  return info;
}

K8smMesos__ContainerInfo *k8smi_task_container(struct k8smi_task_build *b,
                                               const struct k8smi_demand_task *task) {
  K8smMesos__ContainerInfo *container = K8SMI_TASK_NEW(b, ContainerInfo, container_info);
  if (container == NULL) return NULL;
  container->type = K8SM_MESOS__CONTAINER_INFO__TYPE__MESOS;
  container->linux_info = k8smi_task_linux(b, task);
  if (!container_image(b, task, container) || !container_volumes(b, task, container)) return NULL;
  container->rlimit_info = container_rlimits(b, task);
  if (k8smi_demand_is_task(b->demand)) {
    container->hostname = k8smi_task_text(b->demand->hostname);
    if (b->demand->network.len > 0 && !k8smi_task_network(b, container)) return NULL;
  }
  if (task->tty) container->tty_info = K8SMI_TASK_NEW(b, TTYInfo, ttyinfo);
  return container;
}
