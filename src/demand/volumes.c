/* SPDX-License-Identifier: Apache-2.0 */
/* Volume mounts: https://kubernetes.io/docs/concepts/storage/volumes/ */
#include "demand/build.h"

#include "pod/fields.h"
#include "wire/mesos.h"

#include <k8smesos/cluster.h>

void k8smi_demand_index_volumes(struct k8smi_demand_build *b) {
  struct k8smi_list volumes = k8smi_get_list(b->spec, K8SMI_PodSpec_volumes);
  b->files = k8smi_demand_array(b, volumes.count, sizeof *b->files);
  for (size_t i = 0; i < volumes.count; i++) {
    struct k8sm_slice name = k8smi_get_str(k8smi_list_record(volumes, i), K8SMI_Volume_name);
    if (!k8smi_map_put(&b->volumes, name, (uint32_t)i)) b->no_memory = true;
  }
}

void k8smi_demand_free_volumes(struct k8smi_demand_build *b) {
  struct k8smi_list volumes = k8smi_get_list(b->spec, K8SMI_PodSpec_volumes);
  for (size_t i = 0; b->files != NULL && i < volumes.count; i++) {
    if (b->files[i].made) k8smi_files_free(&b->files[i].files);
  }
}

/* The mounts of a container while they are collected. */
struct mount_list {
  struct k8smi_demand_mount *items;
  size_t count;
  size_t cap;
};

/* Grows in the demand's arena: doubling, the old array stays behind. */
static void mount_add(struct k8smi_demand_build *b, struct mount_list *list,
                      const struct k8smi_demand_mount *mount) {
  if (list->count == list->cap) {
    size_t cap = list->cap == 0 ? 4 : list->cap * 2;
    struct k8smi_demand_mount *items = k8smi_demand_array(b, cap, sizeof *items);
    if (items == NULL) return;
    if (list->count > 0) memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    list->cap = cap;
  }
  list->items[list->count++] = *mount;
}

static struct k8sm_slice mount_join(struct k8smi_demand_build *b, struct k8sm_slice a,
                                    struct k8sm_slice rest) {
  if (rest.len == 0) return a;
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return a;
  }
  k8smi_buf_slice(&buf, a);
  if (a.len == 0 || a.ptr[a.len - 1] != '/') k8smi_buf_putc(&buf, '/');
  k8smi_buf_slice(&buf, rest);
  return k8smi_demand_take(b, &buf);
}

/* Without an image nothing can be mounted at an absolute path: the mount is below the sandbox. */
static struct k8sm_slice mount_target(struct k8smi_demand_build *b, struct k8sm_slice target) {
  if ((b->demand->flags & K8SM_DEMAND_HOST_FILESYSTEM) == 0) return target;
  while (target.len > 0 && target.ptr[0] == '/') {
    target.ptr++;
    target.len--;
  }
  return target;
}

static int mount_propagation(const struct k8smi_record *mount) {
  struct k8sm_slice text = k8smi_get_str(mount, K8SMI_VolumeMount_mountPropagation);
  if (k8smi_eqs(text, "Bidirectional")) return K8SM_MESOS__MOUNT_PROPAGATION__MODE__BIDIRECTIONAL;
  return k8smi_eqs(text, "HostToContainer") ? K8SM_MESOS__MOUNT_PROPAGATION__MODE__HOST_TO_CONTAINER : 0;
}

/* Of all sources of a volume Mesos knows it of a host path alone. */
static void mount_check_propagation(struct k8smi_demand_build *b, const struct k8smi_record *mount,
                                    const struct k8smi_record *volume, const struct k8smi_path *path) {
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("mountPropagation"));
  if (k8smi_has(volume, K8SMI_Volume_hostPath) || mount_propagation(mount) == 0) return;
  K8SMI_DEMAND_WARN(b, IGNORED, &at, "'%.*s': Mesos propagates mounts of a hostPath only",
                    K8SMI_P(k8smi_get_str(mount, K8SMI_VolumeMount_mountPropagation)));
}

static void mount_note_modes(struct k8smi_demand_build *b, const struct k8smi_files *files,
                             const struct k8smi_path *path) {
  for (size_t i = 0; i < files->count; i++) {
    if (files->items[i].mode == K8SMI_DEFAULT_FILE_MODE) continue;
    K8SMI_DEMAND_WARN(
        b, APPROXIMATED, path,
        "'%.*s' asks for mode %04o: files of Mesos' secrets have the mode that the agent gives them",
        K8SMI_P(files->items[i].path), files->items[i].mode);
    return;
  }
}

/* Owners of files, which Kubernetes has as an alpha feature, wherever a source or a file names one. As deep
 * as the tables go. */
static bool mount_has_owner(unsigned type, const struct k8smi_record *record) {
  bool found = false;
  for (unsigned i = 0; record != NULL && i < k8smi_types[type].count && !found; i++) {
    const struct k8smi_field *field = &k8smi_types[type].fields[i];
    if (!k8smi_has(record, i)) continue;
    if (field->kind == K8SMI_KIND_I64)
      found = k8smi_eqs(field->name, "user") || k8smi_eqs(field->name, "defaultUser");
    if (field->kind == K8SMI_KIND_RECORD) found = mount_has_owner(field->child, k8smi_get_record(record, i));
    struct k8smi_list list = {NULL, 0};
    if (field->kind == K8SMI_KIND_LIST_RECORD) list = k8smi_get_list(record, i);
    for (size_t k = 0; k < list.count && !found; k++)
      found = mount_has_owner(field->child, k8smi_list_record(list, k));
  }
  return found;
}

/* The files of volume i, made when they are first asked for. */
static const struct k8smi_files *mount_files_of(struct k8smi_demand_build *b, size_t i) {
  struct k8smi_demand_files *volume = b->files == NULL ? NULL : &b->files[i];
  if (volume == NULL) return NULL;
  if (volume->made) return &volume->files;
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list_path = k8smi_path_field(&spec, K8SMI_S("volumes"));
  struct k8smi_path at = k8smi_path_index(&list_path, i);
  volume->made = true;
  const struct k8smi_record *record = k8smi_list_record(k8smi_get_list(b->spec, K8SMI_PodSpec_volumes), i);
  k8smi_demand_tell_limits(b, NULL);
  k8smi_resolve_files(&b->resolve, record, &at, &volume->files);
  k8smi_demand_note_limits(b, &at);
  mount_note_modes(b, &volume->files, &at);
  if (mount_has_owner(K8SMI_TYPE_Volume, record))
    K8SMI_DEMAND_WARN(b, IGNORED, &at, "files of Mesos' secrets have the owner that the agent gives them");
  return &volume->files;
}

/* One mount for each file: Mesos' secrets are files, never folders. */
static void mount_files(struct k8smi_demand_build *b, struct mount_list *list, size_t volume,
                        struct k8sm_slice target, struct k8sm_slice sub_path, const struct k8smi_path *path) {
  const struct k8smi_files *files = mount_files_of(b, volume);
  size_t before = list->count;
  for (size_t i = 0; files != NULL && i < files->count && !b->no_memory; i++) {
    struct k8sm_slice name = files->items[i].path;
    if (sub_path.len > 0) {
      bool inside = name.len >= sub_path.len && memcmp(name.ptr, sub_path.ptr, sub_path.len) == 0 &&
                    (name.len == sub_path.len || name.ptr[sub_path.len] == '/');
      if (!inside) continue;
      size_t skip = name.len == sub_path.len ? sub_path.len : sub_path.len + 1;
      name = (struct k8sm_slice){name.ptr + skip, name.len - skip};
    }
    struct k8smi_demand_mount mount = {.kind = K8SMI_VOLUME_SECRET,
                                       .read_only = true,
                                       .container_path = mount_join(b, target, name),
                                       .value = files->items[i].value};
    mount_add(b, list, &mount);
    b->demand->features |= K8SM_FEATURE_SECRETS;
  }
  if (list->count == before && files != NULL) {
    K8SMI_DEMAND_WARN(b, APPROXIMATED, path, "the volume has no files: nothing is mounted");
  }
}

/* A kubelet makes what is not there of a subPath, an agent does in its own directories only. */
static void mount_warn_sub_path(struct k8smi_demand_build *b, const struct k8smi_record *record,
                                const struct k8smi_path *path) {
  bool expression = k8smi_has(record, K8SMI_VolumeMount_subPathExpr);
  struct k8smi_path at = k8smi_path_field(path, expression ? K8SMI_S("subPathExpr") : K8SMI_S("subPath"));
  K8SMI_DEMAND_WARN(b, APPROXIMATED, &at, "it must be there: an agent makes no directory in a hostPath");
}

/* An agent makes directories for the framework's user, as whom the executor runs. */
static void mount_check_writer(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                               const struct k8smi_path *path) {
  if (s->task->user.len == 0 || k8smi_eqs(s->task->user, "root") || k8smi_demand_is_task(b->demand)) return;
  b->demand->features |= K8SM_FEATURE_VOLUME_GIDS;
  K8SMI_DEMAND_WARN(b, APPROXIMATED, path,
                    "it belongs to the framework's user: '%.*s' can write to it on agents with "
                    "--volume_gid_range alone",
                    K8SMI_P(s->task->user));
}

static void mount_directory(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                            struct mount_list *list, const struct k8smi_record *record,
                            const struct k8smi_record *volume, const struct k8smi_demand_volume *claimed,
                            struct k8sm_slice target, struct k8sm_slice sub_path,
                            const struct k8smi_path *path) {
  const struct k8smi_record *claim = k8smi_get_record(volume, K8SMI_Volume_persistentVolumeClaim);
  const struct k8smi_record *host = k8smi_get_record(volume, K8SMI_Volume_hostPath);
  struct k8smi_demand_mount mount = {
      .kind = host != NULL ? K8SMI_VOLUME_HOST : K8SMI_VOLUME_SANDBOX,
      .read_only = k8smi_get_bool(record, K8SMI_VolumeMount_readOnly, false) ||
                   k8smi_get_bool(claim, K8SMI_PersistentVolumeClaimVolumeSource_readOnly, false),
      .container_path = target};
  if (host != NULL) {
    mount.source = mount_join(b, k8smi_get_str(host, K8SMI_HostPathVolumeSource_path), sub_path);
    mount.propagation = mount_propagation(record);
    b->demand->features |= K8SM_FEATURE_HOST_PATH;
    if (sub_path.len > 0) mount_warn_sub_path(b, record, path);
  } else {
    struct k8sm_slice folder =
        claimed != NULL ? claimed->path
                        : mount_join(b, K8SMI_S("volumes"), k8smi_get_str(volume, K8SMI_Volume_name));
    mount.source = mount_join(b, folder, sub_path);
    b->demand->features |= K8SM_FEATURE_SANDBOX_PATH;
    if (!mount.read_only) mount_check_writer(b, s, path);
  }
  mount_add(b, list, &mount);
}

/* A CSI plugin publishes a volume on an agent for reading or for writing. Where a pod does both, it is for
 * writing: whoever only reads would else take it away from the others. */
static bool mount_csi_read_only(struct k8smi_demand_build *b, bool written, const struct k8smi_path *path) {
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("readOnly"));
  if (written)
    K8SMI_DEMAND_WARN(b, APPROXIMATED, &at,
                      "Mesos publishes a CSI volume for reading or for writing: another container of the pod "
                      "writes, so this one can, too");
  return !written;
}

/* Of a driver: as a whole, since Mesos knows no paths in it. */
static void mount_remote(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                         struct mount_list *list, const struct k8smi_record *record, size_t i,
                         struct k8sm_slice target, const struct k8smi_path *path) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list_path = k8smi_path_field(&spec, K8SMI_S("volumes"));
  struct k8smi_path at = k8smi_path_index(&list_path, i);
  struct k8smi_path sub_path = k8smi_path_field(path, K8SMI_S("subPath"));
  const struct k8smi_record *volume = k8smi_list_record(k8smi_get_list(b->spec, K8SMI_PodSpec_volumes), i);
  const struct k8smi_record *csi = k8smi_get_record(volume, K8SMI_Volume_csi);
  const struct k8smi_record *flex = k8smi_get_record(volume, K8SMI_Volume_flexVolume);
  struct k8smi_demand_mount mount = {.kind = csi != NULL ? K8SMI_VOLUME_CSI : K8SMI_VOLUME_DOCKER,
                                     .container_path = target};
  const struct k8smi_demand_use *use = k8smi_demand_use_remote(b, i, s->task, path);
  if (use == NULL) return;
  mount.read_only = k8smi_get_bool(csi, K8SMI_CSIVolumeSource_readOnly, false) ||
                    k8smi_get_bool(flex, K8SMI_FlexVolumeSource_readOnly, false);
  if (!mount.read_only && k8smi_get_bool(record, K8SMI_VolumeMount_readOnly, false))
    mount.read_only = csi == NULL || mount_csi_read_only(b, use->written, path);
  mount.remote = k8smi_demand_make_remote(b, volume, &at);
  if (k8smi_has(record, K8SMI_VolumeMount_subPath) || k8smi_has(record, K8SMI_VolumeMount_subPathExpr))
    k8smi_demand_refuse(b, &sub_path, "Mesos mounts a driver's volume as a whole");
  if (mount.remote != NULL) mount_add(b, list, &mount);
}

static void mount_one(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                      struct mount_list *list, const struct k8smi_record *record,
                      const struct k8smi_path *path) {
  struct k8smi_path name_path = k8smi_path_field(path, K8SMI_S("name"));
  struct k8smi_path target_path = k8smi_path_field(path, K8SMI_S("mountPath"));
  struct k8sm_slice name = k8smi_get_str(record, K8SMI_VolumeMount_name);
  uint32_t i = k8smi_map_get(&b->volumes, name);
  if (i == K8SMI_MAP_NONE) {
    k8smi_demand_refuse(b, &name_path, "no volume has the name '%.*s'", K8SMI_P(name));
    return;
  }
  const struct k8smi_record *volume = k8smi_list_record(k8smi_get_list(b->spec, K8SMI_PodSpec_volumes), i);
  if (k8smi_volume_is_api_access(volume)) {
    K8SMI_DEMAND_WARN(b, IGNORED, &name_path,
                      "there are no service accounts: the token of the Kubernetes API is not mounted");
    return;
  }
  struct k8sm_slice target = mount_target(b, k8smi_get_str(record, K8SMI_VolumeMount_mountPath));
  struct k8sm_slice sub_path = k8smi_resolve_sub_path(&b->resolve, &s->env, record, path);
  if (b->demand->flags & K8SM_DEMAND_HOST_FILESYSTEM) {
    K8SMI_DEMAND_WARN(b, APPROXIMATED, &target_path,
                      "without the image the volume is mounted at '%.*s' below the task's sandbox",
                      K8SMI_P(target));
  }
  const struct k8smi_demand_volume *claimed = k8smi_demand_claimed(b, i);
  bool directory =
      k8smi_has(volume, K8SMI_Volume_hostPath) || k8smi_has(volume, K8SMI_Volume_emptyDir) || claimed != NULL;
  bool files = k8smi_has(volume, K8SMI_Volume_secret) || k8smi_has(volume, K8SMI_Volume_configMap) ||
               k8smi_has(volume, K8SMI_Volume_downwardAPI) || k8smi_has(volume, K8SMI_Volume_projected);
  bool remote = k8smi_has(volume, K8SMI_Volume_csi) || k8smi_has(volume, K8SMI_Volume_flexVolume);
  mount_check_propagation(b, record, volume, path);
  if (remote) mount_remote(b, s, list, record, i, target, path);
  if (directory) mount_directory(b, s, list, record, volume, claimed, target, sub_path, path);
  if (files) mount_files(b, list, i, target, sub_path, path);
}

void k8smi_demand_make_mounts(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  struct k8smi_path list_path = k8smi_path_field(s->path, K8SMI_S("volumeMounts"));
  struct k8smi_list records = k8smi_get_list(s->container, K8SMI_Container_volumeMounts);
  struct mount_list list = {NULL, 0, 0};
  for (size_t i = 0; i < records.count && !b->no_memory; i++) {
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    size_t before = list.count;
    mount_one(b, s, &list, k8smi_list_record(records, i), &at);
    for (size_t k = before; k < list.count; k++) list.items[k].record = (uint32_t)i;
  }
  s->task->mounts = list.items;
  s->task->mount_count = list.count;
  if (!k8smi_demand_is_docker(b->demand)) k8smi_demand_nest_mounts(b, s); /* Docker does it by itself */
}
