/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

enum { VOLUME_MODE_MAX = 0777 };

static void volume_paths(struct k8smi_check *c, struct k8smi_list items, const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "items");
  for (size_t i = 0; i < items.count; i++) {
    const struct k8smi_record *item = k8smi_list_record(items, i);
    struct k8smi_path at = k8smi_path_index(&path, i);
    k8smi_check_text(c, item, K8SMI_KeyToPath_key, "key", &at, NULL);
    k8smi_check_text(c, item, K8SMI_KeyToPath_path, "path", &at, k8smi_format_relative_path);
    k8smi_check_range(c, item, K8SMI_KeyToPath_mode, "mode", &at, 0, VOLUME_MODE_MAX);
  }
}

static void volume_empty_dir(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path) {
  struct k8sm_slice size = k8smi_get_str(source, K8SMI_EmptyDirVolumeSource_sizeLimit);
  struct k8smi_path at = K8SMI_AT(path, "sizeLimit");
  if (size.len > 0 && size.ptr[0] == '-')
    k8smi_check_forbidden(c, &at, "SizeLimit field must be a valid resource quantity");
}

static void volume_host_path(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path) {
  struct k8sm_slice text = k8smi_get_str(source, K8SMI_HostPathVolumeSource_path);
  struct k8smi_path at = K8SMI_AT(path, "path");
  k8smi_check_text(c, source, K8SMI_HostPathVolumeSource_path, "path", path, NULL);
  if (text.len > 0 && text.ptr[0] == '/') text = (struct k8sm_slice){text.ptr + 1, text.len - 1};
  const char *wrong = k8smi_format_relative_path(text);
  if (wrong != NULL && text.ptr[0] != '/')
    k8smi_check_invalid(c, &at, k8smi_get_str(source, K8SMI_HostPathVolumeSource_path), wrong);
  k8smi_check_words(c, K8SMI_TYPE_HostPathVolumeSource, source, path);
}

static void volume_secret(struct k8smi_check *c, const struct k8smi_record *source,
                          const struct k8smi_path *path) {
  k8smi_check_text(c, source, K8SMI_SecretVolumeSource_secretName, "secretName", path, NULL);
  k8smi_check_range(c, source, K8SMI_SecretVolumeSource_defaultMode, "defaultMode", path, 0, VOLUME_MODE_MAX);
  volume_paths(c, k8smi_get_list(source, K8SMI_SecretVolumeSource_items), path);
}

static void volume_config_map(struct k8smi_check *c, const struct k8smi_record *source,
                              const struct k8smi_path *path) {
  k8smi_check_text(c, source, K8SMI_ConfigMapVolumeSource_name, "name", path, NULL);
  k8smi_check_range(c, source, K8SMI_ConfigMapVolumeSource_defaultMode, "defaultMode", path, 0,
                    VOLUME_MODE_MAX);
  volume_paths(c, k8smi_get_list(source, K8SMI_ConfigMapVolumeSource_items), path);
}

static void volume_claim(struct k8smi_check *c, const struct k8smi_record *source,
                         const struct k8smi_path *path) {
  k8smi_check_text(c, source, K8SMI_PersistentVolumeClaimVolumeSource_claimName, "claimName", path, NULL);
}

static void volume_nfs(struct k8smi_check *c, const struct k8smi_record *source,
                       const struct k8smi_path *path) {
  struct k8sm_slice text = k8smi_get_str(source, K8SMI_NFSVolumeSource_path);
  struct k8smi_path at = K8SMI_AT(path, "path");
  k8smi_check_text(c, source, K8SMI_NFSVolumeSource_server, "server", path, NULL);
  k8smi_check_text(c, source, K8SMI_NFSVolumeSource_path, "path", path, NULL);
  if (text.len > 0 && text.ptr[0] != '/') k8smi_check_invalid(c, &at, text, "must be an absolute path");
}

static void volume_csi(struct k8smi_check *c, const struct k8smi_record *source,
                       const struct k8smi_path *path) {
  k8smi_check_text(c, source, K8SMI_CSIVolumeSource_driver, "driver", path, k8smi_format_subdomain);
}

static void volume_image(struct k8smi_check *c, const struct k8smi_record *source,
                         const struct k8smi_path *path) {
  k8smi_check_text(c, source, K8SMI_ImageVolumeSource_reference, "reference", path, NULL);
  k8smi_check_words(c, K8SMI_TYPE_ImageVolumeSource, source, path);
}

static void volume_projected(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path) {
  k8smi_check_range(c, source, K8SMI_ProjectedVolumeSource_defaultMode, "defaultMode", path, 0,
                    VOLUME_MODE_MAX);
  struct k8smi_path sources = K8SMI_AT(path, "sources");
  struct k8smi_list list = k8smi_get_list(source, K8SMI_ProjectedVolumeSource_sources);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *one = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&sources, i), secret = K8SMI_AT(&at, "secret"),
                      config = K8SMI_AT(&at, "configMap");
    const struct k8smi_record *of_secret = k8smi_get_record(one, K8SMI_VolumeProjection_secret);
    const struct k8smi_record *of_config = k8smi_get_record(one, K8SMI_VolumeProjection_configMap);
    if (one->present & (one->present - 1))
      k8smi_check_forbidden(c, &at, "may not specify more than 1 volume type");
    if (of_secret != NULL) {
      k8smi_check_text(c, of_secret, K8SMI_SecretProjection_name, "name", &secret, NULL);
      volume_paths(c, k8smi_get_list(of_secret, K8SMI_SecretProjection_items), &secret);
    }
    if (of_config != NULL) {
      k8smi_check_text(c, of_config, K8SMI_ConfigMapProjection_name, "name", &config, NULL);
      volume_paths(c, k8smi_get_list(of_config, K8SMI_ConfigMapProjection_items), &config);
    }
  }
}

/* In the order of the server's checks; what is not here has only the rule of one source. */
static const struct {
  unsigned field;
  void (*check)(struct k8smi_check *c, const struct k8smi_record *source, const struct k8smi_path *path);
} volume_sources[] = {
    {K8SMI_Volume_emptyDir, volume_empty_dir},
    {K8SMI_Volume_hostPath, volume_host_path},
    {K8SMI_Volume_secret, volume_secret},
    {K8SMI_Volume_nfs, volume_nfs},
    {K8SMI_Volume_persistentVolumeClaim, volume_claim},
    {K8SMI_Volume_configMap, volume_config_map},
    {K8SMI_Volume_projected, volume_projected},
    {K8SMI_Volume_csi, volume_csi},
    {K8SMI_Volume_image, volume_image},
};

static void volume_source(struct k8smi_check *c, const struct k8smi_record *volume,
                          const struct k8smi_path *path) {
  uint64_t sources = volume->present & ~((uint64_t)1 << K8SMI_Volume_name);
  if (sources == 0) {
    k8smi_check_required(c, path, "must specify a volume type");
    return;
  }
  for (uint64_t more = sources & (sources - 1); more != 0; more &= more - 1) {
    unsigned field = 0;
    while ((more >> field & 1) == 0) field++;
    struct k8smi_path at = k8smi_path_field(path, k8smi_types[K8SMI_TYPE_Volume].fields[field].name);
    k8smi_check_forbidden(c, &at, "may not specify more than 1 volume type");
  }
  for (size_t i = 0; i < sizeof volume_sources / sizeof volume_sources[0]; i++) {
    const struct k8smi_record *source = k8smi_get_record(volume, volume_sources[i].field);
    struct k8smi_path at =
        k8smi_path_field(path, k8smi_types[K8SMI_TYPE_Volume].fields[volume_sources[i].field].name);
    if (source != NULL) volume_sources[i].check(c, source, &at);
  }
}

void k8smi_check_volumes(struct k8smi_check *c, const struct k8smi_path *spec) {
  struct k8smi_path path = K8SMI_AT(spec, "volumes");
  struct k8smi_list volumes = k8smi_get_list(c->spec, K8SMI_PodSpec_volumes);
  for (size_t i = 0; i < volumes.count; i++) {
    const struct k8smi_record *volume = k8smi_list_record(volumes, i);
    struct k8smi_path at = k8smi_path_index(&path, i), name = K8SMI_AT(&at, "name");
    struct k8sm_slice text = k8smi_get_str(volume, K8SMI_Volume_name);
    bool bad_before = c->bad;
    c->bad = false;
    volume_source(c, volume, &at);
    if (k8smi_check_text(c, volume, K8SMI_Volume_name, "name", &at, k8smi_format_label) &&
        k8smi_map_get(&c->volumes, text) != K8SMI_MAP_NONE)
      k8smi_check_duplicate(c, &name, text);
    /* A volume with a finding is unknown to its mounts. */
    if (!c->bad && !k8smi_check_unique(c, &c->volumes, text)) c->no_memory = true;
    c->bad = c->bad || bad_before;
  }
}
