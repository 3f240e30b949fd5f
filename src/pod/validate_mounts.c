/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* Volumes in a container, as directories and as devices:
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#volumes-1 */

static const char *const mount_propagations[] = {"Bidirectional", "HostToContainer", "None", NULL};
static const char *const mount_recursions[] = {"Disabled", "Enabled", "IfPossible", NULL};

/* What a list of mounts or devices takes up, to compare the other list with: each name (the last one of a
 * name counts), and the paths of those. Both types have their names first, and other fields for their paths.
 */
struct mount_taken {
  struct k8smi_list list;
  uint8_t name, path;
};

static void mount_take(struct k8smi_check *c, const struct mount_taken *taken, struct k8smi_map *names,
                       struct k8smi_map *paths) {
  k8smi_map_clear(names);
  k8smi_map_clear(paths);
  for (size_t i = 0; i < taken->list.count; i++)
    k8smi_check_put(c, names, k8smi_get_str(k8smi_list_record(taken->list, i), taken->name), i);
  for (size_t i = 0; i < taken->list.count; i++) {
    const struct k8smi_record *item = k8smi_list_record(taken->list, i);
    if (k8smi_map_get(names, k8smi_get_str(item, taken->name)) == i)
      k8smi_check_put(c, paths, k8smi_get_str(item, taken->path), i);
  }
}

static void mount_propagates(struct k8smi_check *c, const struct k8smi_record *mount, bool privileged,
                             const struct k8smi_path *list) {
  struct k8smi_path path = K8SMI_PATH(list, VolumeMount, mountPropagation);
  struct k8sm_slice word = k8smi_get_str(mount, K8SMI_VolumeMount_mountPropagation);
  if (!k8smi_has(mount, K8SMI_VolumeMount_mountPropagation)) return;
  if (!k8smi_is_among(word, mount_propagations))
    k8smi_check_unsupported(c, &path, k8smi_v_word(word), mount_propagations);
  if (k8smi_eqs(word, "Bidirectional") && !privileged)
    k8smi_check_forbidden(c, &path,
                          "Bidirectional mount propagation is available only to privileged containers");
}

static void mount_recursion(struct k8smi_check *c, const struct k8smi_record *mount,
                            const struct k8smi_path *list) {
  struct k8smi_path path = K8SMI_PATH(list, VolumeMount, recursiveReadOnly);
  struct k8sm_slice word = k8smi_get_str(mount, K8SMI_VolumeMount_recursiveReadOnly);
  struct k8sm_slice propagation = k8smi_get_str(mount, K8SMI_VolumeMount_mountPropagation);
  if (!k8smi_has(mount, K8SMI_VolumeMount_recursiveReadOnly) || k8smi_eqs(word, "Disabled")) return;
  if (!k8smi_is_among(word, mount_recursions)) {
    k8smi_check_unsupported(c, &path, k8smi_v_word(word), mount_recursions);
    return;
  }
  if (!k8smi_get_bool(mount, K8SMI_VolumeMount_readOnly, false))
    k8smi_check_forbidden(c, &path, "may only be specified when readOnly is true");
  if (k8smi_has(mount, K8SMI_VolumeMount_mountPropagation) && !k8smi_eqs(propagation, "None"))
    k8smi_check_forbidden(c, &path, "may only be specified when mountPropagation is None or not specified");
}

/* Paths in the volume. The server's paths have no index here. */
static void mount_sub_paths(struct k8smi_check *c, const struct k8smi_record *mount,
                            const struct k8smi_path *path, const struct k8smi_path *list) {
  static const struct k8smi_field_rule sub = {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(VolumeMount, subPath),
                                              .format = k8smi_format_relative_path};
  static const struct k8smi_field_rule expression = {
      K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(VolumeMount, subPathExpr), .format = k8smi_format_relative_path};
  struct k8sm_slice text = k8smi_get_str(mount, K8SMI_VolumeMount_subPathExpr);
  struct k8smi_path at = K8SMI_PATH(path, VolumeMount, subPathExpr);
  k8smi_check_rule(c, mount, &sub, list);
  if (text.len > 0 && k8smi_get_str(mount, K8SMI_VolumeMount_subPath).len > 0)
    k8smi_check_invalid(c, &at, k8smi_v_text(text), "subPathExpr and subPath are mutually exclusive");
  k8smi_check_rule(c, mount, &expression, list);
}

/* `others`: the names of devices, `paths`: their paths, `seen`: the paths of mounts so far. */
static void mount_check(struct k8smi_check *c, const struct k8smi_record *mount,
                        const struct k8smi_map *paths, const struct k8smi_path *path) {
  struct k8smi_path at = K8SMI_PATH(path, VolumeMount, name), to = K8SMI_PATH(path, VolumeMount, mountPath);
  struct k8sm_slice name = k8smi_get_str(mount, K8SMI_VolumeMount_name);
  struct k8sm_slice target = k8smi_get_str(mount, K8SMI_VolumeMount_mountPath);
  if (name.len == 0) k8smi_check_required(c, &at, NULL);
  if (!k8smi_check_knows(&c->volumes, name)) k8smi_check_not_found(c, &at, k8smi_v_text(name), NULL);
  if (target.len == 0) k8smi_check_required(c, &to, NULL);
  if (!k8smi_check_add(c, &c->seen, target))
    k8smi_check_invalid(c, &to, k8smi_v_text(target), "must be unique");
  if (k8smi_check_knows(&c->others, name))
    k8smi_check_invalid(c, &at, k8smi_v_text(name), "must not already exist in volumeDevices");
  if (k8smi_check_knows(paths, target))
    k8smi_check_invalid(c, &to, k8smi_v_text(target), "must not already exist as a path in volumeDevices");
}

static void mount_list_check(struct k8smi_check *c, const struct k8smi_record *container,
                             const struct k8smi_path *path) {
  struct k8smi_list mounts = k8smi_get_list(container, K8SMI_Container_volumeMounts);
  const struct mount_taken devices = {k8smi_get_list(container, K8SMI_Container_volumeDevices),
                                      K8SMI_VolumeDevice_name, K8SMI_VolumeDevice_devicePath};
  bool privileged = k8smi_get_bool(k8smi_get_record(container, K8SMI_Container_securityContext),
                                   K8SMI_SecurityContext_privileged, false);
  mount_take(c, &devices, &c->others, &c->paths);
  k8smi_map_clear(&c->seen);
  for (size_t i = 0; i < mounts.count; i++) {
    const struct k8smi_record *mount = k8smi_list_record(mounts, i);
    struct k8smi_path at = k8smi_path_index(path, i);
    mount_check(c, mount, &c->paths, &at);
    mount_sub_paths(c, mount, &at, path);
    mount_propagates(c, mount, privileged, path);
    mount_recursion(c, mount, path);
  }
}

static void mount_device(struct k8smi_check *c, const struct k8smi_record *device,
                         const struct k8smi_path *path) {
  struct k8smi_path at = K8SMI_PATH(path, VolumeDevice, name),
                    to = K8SMI_PATH(path, VolumeDevice, devicePath);
  struct k8sm_slice name = k8smi_get_str(device, K8SMI_VolumeDevice_name);
  struct k8sm_slice target = k8smi_get_str(device, K8SMI_VolumeDevice_devicePath);
  struct k8smi_list volumes = k8smi_get_list(c->spec, K8SMI_PodSpec_volumes);
  uint32_t index = k8smi_map_get(&c->volumes, name);
  const struct k8smi_record *volume = index == K8SMI_MAP_NONE ? NULL : k8smi_list_record(volumes, index);
  if (name.len == 0) k8smi_check_required(c, &at, NULL);
  if (name.len > 0 && !k8smi_check_add(c, &c->items, name))
    k8smi_check_invalid(c, &at, k8smi_v_text(name), "must be unique");
  if (volume == NULL) {
    k8smi_check_not_found(c, &at, k8smi_v_text(name), NULL);
  } else if (!k8smi_has(volume, K8SMI_Volume_persistentVolumeClaim) &&
             !k8smi_has(volume, K8SMI_Volume_ephemeral)) {
    k8smi_check_invalid(
        c, &at, k8smi_v_text(name),
        "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
  }
  if (target.len == 0) k8smi_check_required(c, &to, NULL);
  if (k8smi_check_knows(&c->seen, target))
    k8smi_check_invalid(c, &to, k8smi_v_text(target), "must be unique");
  if (!k8smi_has_format(target, k8smi_format_no_backsteps)) {
    k8smi_check_invalid(c, &to, k8smi_v_text(target), "can not contain backsteps ('..')");
  } else {
    k8smi_check_put(c, &c->seen, target, 0);
  }
  if (k8smi_check_knows(&c->others, name))
    k8smi_check_invalid(c, &at, k8smi_v_text(name), "must not already exist in volumeMounts");
  if (k8smi_check_knows(&c->paths, target))
    k8smi_check_invalid(c, &to, k8smi_v_text(target), "must not already exist as a path in volumeMounts");
}

static void mount_devices(struct k8smi_check *c, const struct k8smi_record *container,
                          const struct k8smi_path *path) {
  struct k8smi_list devices = k8smi_get_list(container, K8SMI_Container_volumeDevices);
  const struct mount_taken mounts = {k8smi_get_list(container, K8SMI_Container_volumeMounts),
                                     K8SMI_VolumeMount_name, K8SMI_VolumeMount_mountPath};
  if (devices.count == 0) return;
  mount_take(c, &mounts, &c->others, &c->paths);
  k8smi_map_clear(&c->seen);
  k8smi_map_clear(&c->items);
  for (size_t i = 0; i < devices.count; i++) {
    struct k8smi_path at = k8smi_path_index(path, i);
    mount_device(c, k8smi_list_record(devices, i), &at);
  }
}

void k8smi_check_mounts(struct k8smi_check *c, const struct k8smi_record *container,
                        const struct k8smi_path *path) {
  struct k8smi_path mounts = K8SMI_PATH(path, Container, volumeMounts),
                    devices = K8SMI_PATH(path, Container, volumeDevices);
  mount_list_check(c, container, &mounts);
  mount_devices(c, container, &devices);
}
