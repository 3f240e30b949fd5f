/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* Projected volumes: several sources in one directory:
 * https://kubernetes.io/docs/concepts/storage/projected-volumes/ */

enum {
  PROJECTED_TOKEN_MIN = 600,
  PROJECTED_CERTIFICATE_MIN = 3600,
  PROJECTED_CERTIFICATE_MAX = 91 * 24 * 3600,
  PROJECTED_KUBERNETES_CERTIFICATE_MAX = 24 * 3600,
  PROJECTED_DOMAIN_MAX = 253,
  PROJECTED_SIGNER_MAX = 571
};

/* The path of a file must be that of one source alone; what is found is at the volume. */
static void projected_path(struct k8smi_check *c, struct k8sm_slice path, struct k8sm_slice value,
                           const struct k8smi_path *volume) {
  if (!k8smi_check_add(c, &c->seen, path))
    k8smi_check_invalid(c, volume, k8smi_v_text(value), "conflicting duplicate paths");
}

/* A Secret or a ConfigMap, whose projections have the same fields. */
static void projected_object(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path, const struct k8smi_path *volume) {
  static const struct k8smi_field_rule of_name = K8SMI_REQUIRED(SecretProjection, name);
  struct k8smi_list items = k8smi_get_list(source, K8SMI_SecretProjection_items);
  struct k8smi_path of_items = K8SMI_PATH(path, SecretProjection, items);
  k8smi_check_rule(c, source, &of_name, path);
  for (size_t i = 0; i < items.count; i++) {
    struct k8sm_slice file = k8smi_get_str(k8smi_list_record(items, i), K8SMI_KeyToPath_path);
    struct k8smi_path at = k8smi_path_index(&of_items, i);
    k8smi_check_item(c, k8smi_list_record(items, i), &at);
    if (file.len > 0) projected_path(c, file, k8smi_get_str(source, K8SMI_SecretProjection_name), volume);
  }
}

static void projected_downward(struct k8smi_check *c, const struct k8smi_record *source,
                               const struct k8smi_path *path, const struct k8smi_path *volume) {
  struct k8smi_list items = k8smi_get_list(source, K8SMI_DownwardAPIProjection_items);
  for (size_t i = 0; i < items.count; i++) {
    const struct k8smi_record *file = k8smi_list_record(items, i);
    struct k8sm_slice name = k8smi_get_str(file, K8SMI_DownwardAPIVolumeFile_path);
    k8smi_check_downward_file(c, file, path);
    if (name.len > 0) projected_path(c, name, name, volume);
  }
}

static void projected_token(struct k8smi_check *c, const struct k8smi_record *source,
                            const struct k8smi_path *path, const struct k8smi_path *volume) {
  static const struct k8smi_field_rule file = {
      K8SMI_RULE_NAME, K8SMI_AT_FIELD(ServiceAccountTokenProjection, path), .format = k8smi_format_file_path};
  static const struct k8smi_field_rule any_file = K8SMI_REQUIRED(ServiceAccountTokenProjection, path);
  struct k8smi_path at = K8SMI_PATH(path, ServiceAccountTokenProjection, expirationSeconds);
  int64_t seconds = k8smi_get_i64(source, K8SMI_ServiceAccountTokenProjection_expirationSeconds, 0);
  if (!k8smi_has(source, K8SMI_ServiceAccountTokenProjection_expirationSeconds)) {
    k8smi_check_required(c, &at, NULL);
  } else if (seconds < PROJECTED_TOKEN_MIN) {
    k8smi_check_invalid(c, &at, k8smi_v_number(seconds), "may not specify a duration less than 10 minutes");
  } else if (seconds > (int64_t)1 << 32) {
    k8smi_check_invalid(c, &at, k8smi_v_number(seconds),
                        "may not specify a duration larger than 2^32 seconds");
  }
  k8smi_check_rule(c, source, c->is_stored ? &any_file : &file,
                   volume); /* at the volume, as the server has it */
}

/* A label of the domain or of the path of a signer; the first that is wrong speaks for all. */
static void projected_signer_part(struct k8smi_check *c, struct k8sm_slice part, k8smi_format *format,
                                  const struct k8smi_path *path) {
  for (size_t from = 0, i = 0; i <= part.len; i++) {
    if (i < part.len && part.ptr[i] != '.') continue;
    const char *wrong[K8SMI_FORMAT_WRONG];
    struct k8sm_slice label = {part.ptr + from, i - from};
    size_t n = format(label, wrong);
    for (size_t j = 0; j < n; j++)
      k8smi_check_invalid(
          c, path, k8smi_v_text(part),
          k8smi_check_text(c, "validating label %s: %s", k8smi_check_quoted(c, label), wrong[j]));
    if (n > 0) return;
    from = i + 1;
  }
}

/* DOMAIN/PATH, in which a pod's own name has room. */
static void projected_signer(struct k8smi_check *c, struct k8sm_slice name, const struct k8smi_path *path) {
  const char *slash = name.len == 0 ? NULL : memchr(name.ptr, '/', name.len);
  if (name.len == 0) {
    k8smi_check_required(c, path, NULL);
    return;
  }
  struct k8sm_slice domain = {name.ptr, slash == NULL ? name.len : (size_t)(slash - name.ptr)};
  struct k8sm_slice rest = {name.ptr + domain.len + 1, slash == NULL ? 0 : name.len - domain.len - 1};
  if (slash == NULL || memchr(rest.ptr, '/', rest.len) != NULL) {
    k8smi_check_invalid(c, path, k8smi_v_text(name),
                        "must be a fully qualified domain and path of the form 'example.com/signer-name'");
    return;
  }
  if (domain.len > PROJECTED_DOMAIN_MAX) k8smi_check_too_long(c, path, PROJECTED_DOMAIN_MAX);
  projected_signer_part(c, domain, k8smi_format_label, path);
  if (domain.len == 0 || memchr(domain.ptr, '.', domain.len) == NULL)
    k8smi_check_invalid(c, path, k8smi_v_text(domain),
                        "should be a domain with at least two segments separated by dots");
  projected_signer_part(c, rest, k8smi_format_subdomain, path);
  if (name.len > PROJECTED_SIGNER_MAX) k8smi_check_too_long(c, path, PROJECTED_SIGNER_MAX);
}

/* A ClusterTrustBundle of a signer is named SIGNER:NAME, where ":" stands for the signer's "/". Here the
 * signer is what the name says, so that only one that is empty or has a "/" is wrong. */
static bool projected_bundle_signer(struct k8smi_check *c, struct k8sm_slice name, size_t len,
                                    const struct k8smi_path *path) {
  static const char words[] = "not a valid clustertrustbundlename: ClusterTrustBundle";
  struct k8sm_slice signer = k8smi_check_join(c, (struct k8sm_slice){name.ptr, len}, ':', K8SMI_S(""));
  if (signer.ptr == NULL) return false;
  if (len == 0) {
    k8smi_check_invalid(c, path, k8smi_v_text(name),
                        k8smi_check_text(c, "%s without signer name must not have \":\" in its name", words));
    return false;
  }
  if (memchr(name.ptr, '/', len) == NULL) return true;
  struct k8sm_slice prefix = k8smi_check_lower(c, signer); /* for the copy; then each sign for the other */
  for (size_t i = 0; i < len; i++) {
    ((char *)(uintptr_t)signer.ptr)[i] = name.ptr[i] == ':' ? '/' : name.ptr[i];
    ((char *)(uintptr_t)prefix.ptr)[i] = name.ptr[i] == '/' ? ':' : name.ptr[i];
  }
  k8smi_check_invalid(c, path, k8smi_v_text(name),
                      k8smi_check_text(c, "%s for signerName %.*s must be named with prefix %s", words,
                                       (int)len, signer.ptr, prefix.ptr));
  return false;
}

static void projected_bundle_name(struct k8smi_check *c, struct k8sm_slice name,
                                  const struct k8smi_path *path) {
  const char *wrong[K8SMI_FORMAT_WRONG];
  size_t from = name.len;
  while (from > 0 && name.ptr[from - 1] != ':') from--;
  if (name.len == 0) k8smi_check_required(c, path, "must be a valid object name");
  if (from > 0 && !projected_bundle_signer(c, name, from - 1, path)) return;
  size_t n = k8smi_format_subdomain((struct k8sm_slice){name.ptr + from, name.len - from}, wrong);
  for (size_t i = 0; i < n; i++)
    k8smi_check_invalid(c, path, k8smi_v_text(name),
                        k8smi_check_text(c, "not a valid clustertrustbundlename: %s", wrong[i]));
}

static void projected_bundle(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path, const struct k8smi_path *volume) {
  static const struct k8smi_field_rule files[] = {
      K8SMI_REQUIRED(ClusterTrustBundleProjection, path),
      {K8SMI_RULE_TEXT, K8SMI_AT_FIELD(ClusterTrustBundleProjection, path), .format = k8smi_format_file_path},
  };
  struct k8smi_path name = K8SMI_PATH(path, ClusterTrustBundleProjection, name),
                    signer = K8SMI_PATH(path, ClusterTrustBundleProjection, signerName),
                    labels = K8SMI_PATH(path, ClusterTrustBundleProjection, labelSelector);
  const struct k8smi_record *selector =
      k8smi_get_record(source, K8SMI_ClusterTrustBundleProjection_labelSelector);
  bool by_name = k8smi_has(source, K8SMI_ClusterTrustBundleProjection_name);
  bool by_signer = k8smi_has(source, K8SMI_ClusterTrustBundleProjection_signerName);
  struct k8sm_slice text = k8smi_get_str(source, K8SMI_ClusterTrustBundleProjection_signerName);
  if (by_name && by_signer) {
    k8smi_check_invalid(c, path, k8smi_v_record(c, K8SMI_TYPE_ClusterTrustBundleProjection, source),
                        "only one of name and signerName may be used");
  } else if (by_name) {
    projected_bundle_name(c, k8smi_get_str(source, K8SMI_ClusterTrustBundleProjection_name), &name);
    if (selector != NULL)
      k8smi_check_invalid(c, &labels, k8smi_v_json(c, K8SMI_TYPE_LabelSelector, selector),
                          "labelSelector must be unset if name is specified");
  } else if (by_signer) {
    if (text.len == 0) k8smi_check_required(c, &signer, "must be a valid signer name");
    projected_signer(c, text, &signer);
    k8smi_check_selector(c, selector, &labels);
  } else {
    k8smi_check_required(c, path, "either name or signerName must be specified");
  }
  K8SMI_CHECK_RULES(c, source, files, path);
  text = k8smi_get_str(source, K8SMI_ClusterTrustBundleProjection_path);
  projected_path(c, text, text, volume);
}

/* Annotations that a user gives a certificate: each key with its domain. */
static void projected_annotations(struct k8smi_check *c, const struct k8smi_record *source,
                                  const struct k8smi_path *parent) {
  enum { ANNOTATIONS_MAX = 262144 };
  struct k8smi_list list = k8smi_get_list(source, K8SMI_PodCertificateProjection_userAnnotations);
  struct k8smi_path path = K8SMI_PATH(parent, PodCertificateProjection, userAnnotations);
  size_t total = 0;
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    struct k8sm_slice key = k8smi_check_lower(c, pair.key);
    size_t before = c->found;
    total += pair.key.len + pair.value.len;
    if (key.len == 0) {
      k8smi_check_required(c, &path, NULL);
      continue;
    }
    k8smi_check_format(c, &path, key, k8smi_format_qualified);
    if (before == c->found && memchr(key.ptr, '/', key.len) == NULL)
      k8smi_check_invalid(c, &path, k8smi_v_text(key),
                          "must be a domain-prefixed key (such as \"acme.io/foo\")");
  }
  if (total > ANNOTATIONS_MAX) k8smi_check_too_long(c, &path, ANNOTATIONS_MAX);
}

static void projected_lifetime(struct k8smi_check *c, const struct k8smi_record *source,
                               const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_PATH(parent, PodCertificateProjection, maxExpirationSeconds);
  struct k8sm_slice domain = k8smi_get_str(source, K8SMI_PodCertificateProjection_signerName);
  int64_t seconds =
      k8smi_get_i64(source, K8SMI_PodCertificateProjection_maxExpirationSeconds, PROJECTED_CERTIFICATE_MIN);
  const char *slash = domain.len == 0 ? NULL : memchr(domain.ptr, '/', domain.len);
  if (slash != NULL) domain.len = (size_t)(slash - domain.ptr);
  size_t own = sizeof "kubernetes.io" - 1;
  bool kubernetes = domain.len >= own && memcmp(domain.ptr + domain.len - own, "kubernetes.io", own) == 0 &&
                    (domain.len == own || domain.ptr[domain.len - own - 1] == '.');
  int most = kubernetes ? PROJECTED_KUBERNETES_CERTIFICATE_MAX : PROJECTED_CERTIFICATE_MAX;
  if (seconds < PROJECTED_CERTIFICATE_MIN)
    k8smi_check_invalid(c, &path, k8smi_v_number(seconds),
                        "if provided, maxExpirationSeconds must be >= 3600");
  if (seconds > most)
    k8smi_check_invalid(c, &path, k8smi_v_number(seconds),
                        k8smi_check_text(c, "if provided, maxExpirationSeconds must be <= %d", most));
}

static void projected_certificate(struct k8smi_check *c, const struct k8smi_record *source,
                                  const struct k8smi_path *path, const struct k8smi_path *volume) {
  static const char *const keys[] = {"RSA3072",   "RSA4096", "ECDSAP256", "ECDSAP384",
                                     "ECDSAP521", "ED25519", NULL};
  static const struct k8smi_field_rule files[] = {
      {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PodCertificateProjection, credentialBundlePath),
       .format = k8smi_format_file_path},
      {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PodCertificateProjection, keyPath),
       .format = k8smi_format_file_path},
      {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PodCertificateProjection, certificateChainPath),
       .format = k8smi_format_file_path},
  };
  struct k8smi_path signer = K8SMI_PATH(path, PodCertificateProjection, signerName),
                    key = K8SMI_PATH(path, PodCertificateProjection, keyType);
  struct k8sm_slice type = k8smi_get_str(source, K8SMI_PodCertificateProjection_keyType);
  bool any = false;
  projected_signer(c, k8smi_get_str(source, K8SMI_PodCertificateProjection_signerName), &signer);
  projected_annotations(c, source, path);
  if (!k8smi_is_among(type, keys)) k8smi_check_unsupported(c, &key, k8smi_v_text(type), keys);
  projected_lifetime(c, source, path);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    struct k8sm_slice file = k8smi_get_str(source, files[i].at.field);
    if (file.len == 0) continue;
    any = true;
    k8smi_check_rule(c, source, &files[i], path);
    projected_path(c, file, file, volume);
  }
  if (!any)
    k8smi_check_required(c, path,
                         "specify at least one of credentialBundlePath, keyPath, and certificateChainPath");
}

static const struct {
  struct k8smi_at at;
  void (*check)(struct k8smi_check *c, const struct k8smi_record *source, const struct k8smi_path *path,
                const struct k8smi_path *volume);
} projected_kinds[] = {
    {K8SMI_AT_FIELD(VolumeProjection, secret), projected_object},
    {K8SMI_AT_FIELD(VolumeProjection, configMap), projected_object},
    {K8SMI_AT_FIELD(VolumeProjection, downwardAPI), projected_downward},
    {K8SMI_AT_FIELD(VolumeProjection, serviceAccountToken), projected_token},
    {K8SMI_AT_FIELD(VolumeProjection, clusterTrustBundle), projected_bundle},
    {K8SMI_AT_FIELD(VolumeProjection, podCertificate), projected_certificate},
};

void k8smi_check_projected(struct k8smi_check *c, const struct k8smi_record *source,
                           const struct k8smi_path *path) {
  static const struct k8smi_field_rule mode = {
      K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(ProjectedVolumeSource, defaultMode), .high = 0777,
      .detail = "must be a number between 0 and 0777 (octal), both inclusive"};
  struct k8smi_list sources = k8smi_get_list(source, K8SMI_ProjectedVolumeSource_sources);
  struct k8smi_path of_sources = K8SMI_PATH(path, ProjectedVolumeSource, sources);
  k8smi_check_rule(c, source, &mode, path);
  k8smi_map_clear(&c->seen);
  for (size_t i = 0; i < sources.count; i++) {
    const struct k8smi_record *one = k8smi_list_record(sources, i);
    struct k8smi_path at = k8smi_path_index(&of_sources, i);
    size_t kinds = 0;
    for (size_t k = 0; k < sizeof projected_kinds / sizeof projected_kinds[0]; k++) {
      const struct k8smi_record *part = k8smi_get_record(one, projected_kinds[k].at.field);
      struct k8smi_path of_part = k8smi_path_at(&at, projected_kinds[k].at);
      if (part == NULL) continue;
      kinds++;
      projected_kinds[k].check(c, part, &of_part, path);
    }
    if (kinds > 1) k8smi_check_forbidden(c, &at, "may not specify more than 1 volume type per source");
  }
}
