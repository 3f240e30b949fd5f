/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* Volumes that come over a network or from a cloud:
 * https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/ */

static const struct k8smi_field_rule remote_secret_name = K8SMI_REQUIRED(LocalObjectReference, name);

/* A reference to a Secret, which has to name one if it is there. */
static void remote_secret(struct k8smi_check *c, const struct k8smi_record *source, struct k8smi_at at,
                          const struct k8smi_path *path) {
  const struct k8smi_record *secret = k8smi_get_record(source, at.field);
  struct k8smi_path of_secret = k8smi_path_at(path, at);
  if (secret != NULL) k8smi_check_rule(c, secret, &remote_secret_name, &of_secret);
}

static void remote_git(struct k8smi_check *c, const struct k8smi_record *source,
                       const struct k8smi_path *path) {
  static const struct k8smi_field_rule rules[] = {
      K8SMI_REQUIRED(GitRepoVolumeSource, repository),
      {K8SMI_RULE_TEXT, K8SMI_AT_FIELD(GitRepoVolumeSource, directory), .format = k8smi_format_relative_path},
  };
  K8SMI_CHECK_RULES(c, source, rules, path);
}

static void remote_nfs(struct k8smi_check *c, const struct k8smi_record *source,
                       const struct k8smi_path *path) {
  static const struct k8smi_field_rule rules[] = {
      K8SMI_REQUIRED(NFSVolumeSource, server),
      K8SMI_REQUIRED(NFSVolumeSource, path),
  };
  struct k8sm_slice text = k8smi_get_str(source, K8SMI_NFSVolumeSource_path);
  struct k8smi_path at = K8SMI_PATH(path, NFSVolumeSource, path);
  K8SMI_CHECK_RULES(c, source, rules, path);
  if (text.len == 0 || text.ptr[0] != '/')
    k8smi_check_invalid(c, &at, k8smi_v_text(text), "must be an absolute path");
}

static bool remote_digits(struct k8sm_slice s, size_t i, size_t n) {
  for (size_t end = i + n; i < end; i++) {
    if (i >= s.len || s.ptr[i] < '0' || s.ptr[i] > '9') return false;
  }
  return true;
}

static bool remote_alnum(struct k8sm_slice s, size_t from) {
  for (size_t i = from; i < s.len; i++) {
    char low = (char)(s.ptr[i] | 0x20);
    if (!remote_digits(s, i, 1) && (low < 'a' || low > 'z')) return false;
  }
  return true;
}

/* iqn.YEAR-MONTH.NAME:REST, anywhere in the text and up to its end. */
static bool remote_is_iqn_at(struct k8sm_slice s, size_t i) {
  static const char refused[] = ",;*&$|\t\n\f\r ";
  size_t colon = s.len;
  if (s.len - i < 12 || memcmp(s.ptr + i, "iqn.", 4) != 0 || !remote_digits(s, i + 4, 4)) return false;
  if (s.ptr[i + 8] != '-' || !remote_digits(s, i + 9, 2) || s.ptr[i + 11] != '.') return false;
  for (size_t j = i + 12; j < s.len; j++) {
    if (s.ptr[j] == ':' && colon == s.len) colon = j;
    bool inside = s.ptr[j] == '-' || s.ptr[j] == '.' || remote_alnum((struct k8sm_slice){s.ptr + j, 1}, 0);
    if (colon == s.len && !inside) return false;
    if (colon < j && s.ptr[j] != '\0' && strchr(refused, s.ptr[j]) != NULL) return false;
  }
  return colon > i + 12 && colon + 1 < s.len;
}

static bool remote_is_initiator(struct k8sm_slice s) {
  if (k8smi_has_prefix(s, K8SMI_S("iqn"))) {
    for (size_t i = 0; i + 12 < s.len; i++) {
      if (s.ptr[i] == 'i' && remote_is_iqn_at(s, i)) return true;
    }
    return false;
  }
  /* One character after the kind, any but the end of a line, then the number. */
  size_t digits = k8smi_has_prefix(s, K8SMI_S("eui")) ? 16 : 32;
  return s.len == 4 + digits && s.ptr[3] != '\n' && remote_alnum(s, 4);
}

static void remote_initiator(struct k8smi_check *c, struct k8sm_slice s, const struct k8smi_path *path) {
  bool known = k8smi_has_prefix(s, K8SMI_S("iqn")) || k8smi_has_prefix(s, K8SMI_S("eui")) ||
               k8smi_has_prefix(s, K8SMI_S("naa"));
  if (!known) {
    k8smi_check_invalid(c, path, k8smi_v_text(s), "must be valid format starting with iqn, eui, or naa");
  } else if (!remote_is_initiator(s)) {
    k8smi_check_invalid(c, path, k8smi_v_text(s), "must be valid format");
  }
}

static void remote_iscsi(struct k8smi_check *c, const struct k8smi_record *source,
                         const struct k8smi_path *path) {
  static const struct k8smi_field_rule portal = K8SMI_REQUIRED(ISCSIVolumeSource, targetPortal);
  static const struct k8smi_field_rule lun = {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(ISCSIVolumeSource, lun),
                                              .high = 255};
  struct k8smi_path iqn = K8SMI_PATH(path, ISCSIVolumeSource, iqn),
                    secret = K8SMI_PATH(path, ISCSIVolumeSource, secretRef),
                    initiator = K8SMI_AT(path, "initiatorname");
  struct k8sm_slice name = k8smi_get_str(source, K8SMI_ISCSIVolumeSource_iqn);
  k8smi_check_rule(c, source, &portal, path);
  if (name.len == 0) {
    k8smi_check_required(c, &iqn, NULL);
  } else {
    remote_initiator(c, name, &iqn);
  }
  k8smi_check_rule(c, source, &lun, path);
  bool chap = k8smi_get_bool(source, K8SMI_ISCSIVolumeSource_chapAuthDiscovery, false) ||
              k8smi_get_bool(source, K8SMI_ISCSIVolumeSource_chapAuthSession, false);
  if (chap && !k8smi_has(source, K8SMI_ISCSIVolumeSource_secretRef)) k8smi_check_required(c, &secret, NULL);
  if (k8smi_has(source, K8SMI_ISCSIVolumeSource_initiatorName))
    remote_initiator(c, k8smi_get_str(source, K8SMI_ISCSIVolumeSource_initiatorName), &initiator);
}

static void remote_flocker(struct k8smi_check *c, const struct k8smi_record *source,
                           const struct k8smi_path *path) {
  struct k8sm_slice name = k8smi_get_str(source, K8SMI_FlockerVolumeSource_datasetName);
  size_t uuid = k8smi_get_str(source, K8SMI_FlockerVolumeSource_datasetUUID).len;
  struct k8smi_path at = K8SMI_PATH(path, FlockerVolumeSource, datasetName);
  if (name.len == 0 && uuid == 0)
    k8smi_check_required(c, path, "one of datasetName and datasetUUID is required");
  if (name.len > 0 && uuid > 0)
    k8smi_check_invalid(c, path, k8smi_v_text(K8SMI_S("resource")),
                        "datasetName and datasetUUID can not be specified simultaneously");
  if (name.len > 0 && memchr(name.ptr, '/', name.len) != NULL)
    k8smi_check_invalid(c, &at, k8smi_v_text(name), "must not contain '/'");
}

static void remote_cinder(struct k8smi_check *c, const struct k8smi_record *source,
                          const struct k8smi_path *path) {
  static const struct k8smi_field_rule volume = K8SMI_REQUIRED(CinderVolumeSource, volumeID);
  k8smi_check_rule(c, source, &volume, path);
  remote_secret(c, source, K8SMI_F(CinderVolumeSource, secretRef), path);
}

/* HOST:PORT, where a host with colons stands in brackets. */
static bool remote_is_host_port(struct k8sm_slice s) {
  size_t colon = s.len;
  while (colon > 0 && s.ptr[colon - 1] != ':') colon--;
  if (colon-- == 0) return false;
  struct k8sm_slice host = {s.ptr, colon};
  bool open = host.len > 0 && host.ptr[0] == '[';
  if (open) {
    if (host.ptr[host.len - 1] != ']') return false;
    host = (struct k8sm_slice){host.ptr + 1, host.len - 2};
    if (memchr(host.ptr, ']', host.len) != NULL) return false;
  } else if (host.len > 0 && memchr(host.ptr, ':', host.len) != NULL) {
    return false;
  }
  for (size_t i = open ? 1 : 0; i < s.len; i++) {
    if (s.ptr[i] == '[' || (s.ptr[i] == ']' && (!open || i + 1 != colon))) return false;
  }
  return true;
}

static void remote_quobyte(struct k8smi_check *c, const struct k8smi_record *source,
                           const struct k8smi_path *path) {
  enum { TENANT_MAX = 64 };
  static const struct k8smi_field_rule volume = K8SMI_REQUIRED(QuobyteVolumeSource, volume);
  static const char pairs[] = "must be a host:port pair or multiple pairs separated by commas";
  struct k8smi_path at = K8SMI_PATH(path, QuobyteVolumeSource, registry),
                    tenant = K8SMI_PATH(path, QuobyteVolumeSource, tenant);
  struct k8sm_slice registry = k8smi_get_str(source, K8SMI_QuobyteVolumeSource_registry);
  if (registry.len == 0) {
    k8smi_check_required(c, &at, pairs);
  } else if (k8smi_get_str(source, K8SMI_QuobyteVolumeSource_tenant).len > TENANT_MAX) {
    k8smi_check_required(c, &tenant, "must be a UUID and may not exceed a length of 64 characters");
  } else {
    for (size_t from = 0, i = 0; i <= registry.len; i++) {
      if (i < registry.len && registry.ptr[i] != ',') continue;
      if (!remote_is_host_port((struct k8sm_slice){registry.ptr + from, i - from}))
        k8smi_check_invalid(c, &at, k8smi_v_text(registry), pairs);
      from = i + 1;
    }
  }
  k8smi_check_rule(c, source, &volume, path);
}

static void remote_fc(struct k8smi_check *c, const struct k8smi_record *source,
                      const struct k8smi_path *path) {
  static const struct k8smi_field_rule lun = {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(FCVolumeSource, lun),
                                              .high = 255};
  struct k8smi_list names = k8smi_get_list(source, K8SMI_FCVolumeSource_targetWWNs);
  size_t ids = k8smi_get_list(source, K8SMI_FCVolumeSource_wwids).count;
  struct k8smi_path at = K8SMI_PATH(path, FCVolumeSource, targetWWNs),
                    of_lun = K8SMI_PATH(path, FCVolumeSource, lun);
  if (names.count == 0 && ids == 0)
    k8smi_check_required(c, &at, "must specify either targetWWNs or wwids, but not both");
  if (names.count > 0 && ids > 0)
    k8smi_check_invalid(c, &at, k8smi_v_list(c, names),
                        "targetWWNs and wwids can not be specified simultaneously");
  if (names.count == 0) return;
  if (!k8smi_has(source, K8SMI_FCVolumeSource_lun))
    k8smi_check_required(c, &of_lun, "lun is required if targetWWNs is specified");
  k8smi_check_rule(c, source, &lun, path);
}

static bool remote_ends_with(struct k8sm_slice s, const char *domain) {
  size_t n = strlen(domain);
  if (s.len < n) return false;
  for (size_t i = 0; i < n; i++) {
    char c = s.ptr[s.len - n + i];
    if (c >= 'A' && c <= 'Z') c = (char)(c | 0x20);
    if (c != domain[i]) return false;
  }
  return s.len == n || s.ptr[s.len - n - 1] == '.';
}

static void remote_flex(struct k8smi_check *c, const struct k8smi_record *source,
                        const struct k8smi_path *path) {
  static const struct k8smi_field_rule driver = K8SMI_REQUIRED(FlexVolumeSource, driver);
  struct k8smi_list options = k8smi_get_list(source, K8SMI_FlexVolumeSource_options);
  struct k8smi_path of_options = K8SMI_PATH(path, FlexVolumeSource, options);
  k8smi_check_rule(c, source, &driver, path);
  for (size_t i = 0; i < options.count; i++) {
    struct k8sm_slice key = k8smi_list_pair(options, i).key, domain = key;
    const char *slash = key.len == 0 ? NULL : memchr(key.ptr, '/', key.len);
    if (slash != NULL) domain.len = (size_t)(slash - key.ptr);
    struct k8smi_path at = k8smi_path_key(&of_options, key);
    if (remote_ends_with(domain, "kubernetes.io") || remote_ends_with(domain, "k8s.io"))
      k8smi_check_invalid(c, &at, k8smi_v_text(key), "kubernetes.io and k8s.io namespaces are reserved");
  }
}

static void remote_azure_disk(struct k8smi_check *c, const struct k8smi_record *source,
                              const struct k8smi_path *path) {
  static const char *const caching[] = {"None", "ReadOnly", "ReadWrite", NULL};
  static const char *const kinds[] = {"Dedicated", "Managed", "Shared", NULL};
  static const char *const managed[] = {
      "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
      NULL};
  static const char *const blob[] = {
      "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd", NULL};
  static const struct k8smi_field_rule rules[] = {
      K8SMI_REQUIRED(AzureDiskVolumeSource, diskName),
      K8SMI_REQUIRED(AzureDiskVolumeSource, diskURI),
      {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(AzureDiskVolumeSource, cachingMode), .words = caching},
      {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(AzureDiskVolumeSource, kind), .words = kinds},
  };
  struct k8sm_slice uri = k8smi_get_str(source, K8SMI_AzureDiskVolumeSource_diskURI);
  struct k8smi_path at = K8SMI_PATH(path, AzureDiskVolumeSource, diskURI);
  K8SMI_CHECK_RULES(c, source, rules, path);
  if (!k8smi_has(source, K8SMI_AzureDiskVolumeSource_kind)) return;
  bool is_managed = k8smi_eqs(k8smi_get_str(source, K8SMI_AzureDiskVolumeSource_kind), "Managed");
  if (!k8smi_has_prefix(uri, is_managed ? K8SMI_S("/subscriptions/") : K8SMI_S("https://")))
    k8smi_check_unsupported(c, &at, k8smi_v_text(uri), is_managed ? managed : blob);
}

static void remote_storageos(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path) {
  static const struct k8smi_field_rule rules[] = {
      {K8SMI_RULE_NAME, K8SMI_AT_FIELD(StorageOSVolumeSource, volumeName), .format = k8smi_format_label},
      {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(StorageOSVolumeSource, volumeNamespace),
       .format = k8smi_format_label},
  };
  K8SMI_CHECK_RULES(c, source, rules, path);
  remote_secret(c, source, K8SMI_F(StorageOSVolumeSource, secretRef), path);
}

static void remote_csi(struct k8smi_check *c, const struct k8smi_record *source,
                       const struct k8smi_path *path) {
  enum { DRIVER_MAX = 63 };
  struct k8sm_slice driver = k8smi_get_str(source, K8SMI_CSIVolumeSource_driver);
  struct k8smi_path at = K8SMI_PATH(path, CSIVolumeSource, driver), misplaced = K8SMI_AT(path, "name");
  if (driver.len == 0) {
    k8smi_check_required(c, &at, NULL);
  } else {
    if (driver.len > DRIVER_MAX) k8smi_check_too_long(c, &at, DRIVER_MAX);
    k8smi_check_format(c, &at, driver, k8smi_format_subdomain_caseless);
  }
  const struct k8smi_record *secret = k8smi_get_record(source, K8SMI_CSIVolumeSource_nodePublishSecretRef);
  struct k8sm_slice name = k8smi_get_str(secret, K8SMI_LocalObjectReference_name);
  remote_secret(c, source, K8SMI_F(CSIVolumeSource, nodePublishSecretRef), path);
  if (name.len > 0) k8smi_check_format(c, &misplaced, name, k8smi_format_subdomain);
}

/* Sources that have nothing but fields that must be there. */
static const struct k8smi_field_rule remote_rules[] = {
    K8SMI_REQUIRED(GCEPersistentDiskVolumeSource, pdName),
    {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(GCEPersistentDiskVolumeSource, partition), .high = 255,
     .detail = "must be between 1 and 255, inclusive"},
    K8SMI_REQUIRED(AWSElasticBlockStoreVolumeSource, volumeID),
    {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(AWSElasticBlockStoreVolumeSource, partition), .high = 255,
     .detail = "must be between 1 and 255, inclusive"},
    K8SMI_REQUIRED(GlusterfsVolumeSource, endpoints),
    K8SMI_REQUIRED(GlusterfsVolumeSource, path),
    K8SMI_REQUIRED(RBDVolumeSource, monitors),
    K8SMI_REQUIRED(RBDVolumeSource, image),
    K8SMI_REQUIRED(CephFSVolumeSource, monitors),
    K8SMI_REQUIRED(AzureFileVolumeSource, secretName),
    K8SMI_REQUIRED(AzureFileVolumeSource, shareName),
    K8SMI_REQUIRED(VsphereVirtualDiskVolumeSource, volumePath),
    K8SMI_REQUIRED(PhotonPersistentDiskVolumeSource, pdID),
    K8SMI_REQUIRED(PortworxVolumeSource, volumeID),
    K8SMI_REQUIRED(ScaleIOVolumeSource, gateway),
    K8SMI_REQUIRED(ScaleIOVolumeSource, system),
    K8SMI_REQUIRED(ScaleIOVolumeSource, volumeName),
};

static const struct {
  uint8_t field;
  void (*check)(struct k8smi_check *c, const struct k8smi_record *source, const struct k8smi_path *path);
} remote_checks[] = {
    {K8SMI_Volume_gitRepo, remote_git},
    {K8SMI_Volume_nfs, remote_nfs},
    {K8SMI_Volume_iscsi, remote_iscsi},
    {K8SMI_Volume_flocker, remote_flocker},
    {K8SMI_Volume_cinder, remote_cinder},
    {K8SMI_Volume_quobyte, remote_quobyte},
    {K8SMI_Volume_fc, remote_fc},
    {K8SMI_Volume_flexVolume, remote_flex},
    {K8SMI_Volume_azureDisk, remote_azure_disk},
    {K8SMI_Volume_storageos, remote_storageos},
    {K8SMI_Volume_csi, remote_csi},
};

void k8smi_check_remote_volume(struct k8smi_check *c, unsigned field, const struct k8smi_record *source,
                               const struct k8smi_path *path) {
  for (size_t i = 0; i < sizeof remote_checks / sizeof remote_checks[0]; i++) {
    if (remote_checks[i].field == field) remote_checks[i].check(c, source, path);
  }
  unsigned type = k8smi_types[K8SMI_TYPE_Volume].fields[field].child;
  for (size_t i = 0; i < sizeof remote_rules / sizeof remote_rules[0]; i++) {
    if (remote_rules[i].at.type == type) k8smi_check_rule(c, source, &remote_rules[i], path);
  }
}
