/* SPDX-License-Identifier: Apache-2.0 */
/* What agents can do, by name: in attributes of theirs, in options, and in words for people. */
#include "cluster/features.h"
#include "base/findings.h"
#include "cluster/cluster.h"

static const char *const feature_names[K8SMI_FEATURE_BITS] = {
    "images",         "cgroups", "sandbox-path", "host-path", "secrets", "linux-launcher", "cni",
    "docker-volumes", "csi",     "seccomp",      "rlimits",   "docker",  "volume-gids"};
#define FEATURE_NONE "none" /* a list can't be empty */
#define FEATURE_EXPECTED                                                                                     \
  "expected images, cgroups, sandbox-path, host-path, secrets, linux-launcher, cni, docker-volumes, csi, "   \
  "seccomp, rlimits, docker, volume-gids, or none"

void k8smi_put_features(struct k8smi_buf *to, uint32_t features) {
  const char *before = "";
  for (int bit = 0; bit < K8SMI_FEATURE_BITS; bit++) {
    if ((features >> bit & 1) == 0) continue;
    k8smi_buf_puts(to, before);
    k8smi_buf_puts(to, feature_names[bit]);
    before = ",";
  }
}

/* False for what is none. */
static bool feature_add(struct k8sm_slice name, uint32_t *features) {
  for (int bit = 0; bit < K8SMI_FEATURE_BITS; bit++) {
    if (!k8smi_eqs(name, feature_names[bit])) continue;
    *features |= (uint32_t)1 << bit;
    return true;
  }
  return k8smi_eqs(name, FEATURE_NONE);
}

/* What is before the next comma, without blanks around. */
static struct k8sm_slice feature_cut(struct k8sm_slice *rest) {
  const char *comma = rest->len == 0 ? NULL : memchr(rest->ptr, ',', rest->len);
  struct k8sm_slice one = {rest->ptr, comma == NULL ? rest->len : (size_t)(comma - rest->ptr)};
  size_t used = comma == NULL ? rest->len : one.len + 1;
  *rest = (struct k8sm_slice){rest->ptr + used, rest->len - used};
  while (one.len > 0 && one.ptr[0] == ' ') one = (struct k8sm_slice){one.ptr + 1, one.len - 1};
  while (one.len > 0 && one.ptr[one.len - 1] == ' ') one.len--;
  return one;
}

uint32_t k8smi_features_of(struct k8sm_slice text, struct k8sm_slice *unknown) {
  uint32_t features = 0;
  do {
    struct k8sm_slice one = feature_cut(&text);
    if (!feature_add(one, &features)) *unknown = one.ptr == NULL ? K8SMI_S("") : one;
  } while (text.len > 0);
  return features;
}

int k8sm_features_parse(const char *text, size_t len, uint32_t *ret, struct k8sm_diags *diags) {
  struct k8sm_slice unknown = {NULL, 0};
  uint32_t features = k8smi_features_of((struct k8sm_slice){text, len}, &unknown);
  if (unknown.ptr != NULL) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "'%.*s' is no feature of agents: " FEATURE_EXPECTED,
               K8SMI_P(unknown));
    return K8SM_ERR_INVALID;
  }
  *ret = features;
  return K8SM_OK;
}

void k8smi_features_check(const K8smMesos__Offer *offer, const struct k8smi_path *path,
                          struct k8sm_diags *diags) {
  struct k8smi_path list = k8smi_path_field(path, K8SMI_S("attributes"));
  for (size_t i = 0; i < offer->n_attributes; i++) {
    struct k8sm_slice unknown = {NULL, 0};
    uint32_t features;
    if (!k8smi_attribute_features(offer->attributes[i], &features, &unknown) || unknown.ptr == NULL) continue;
    struct k8smi_path at = k8smi_path_index(&list, i);
    k8smi_find_as(diags, K8SM_DIAG_OFFER_INVALID, K8SM_SEVERITY_WARNING, &at,
                  "'%.*s' is no feature of agents: " FEATURE_EXPECTED "; those beside it count",
                  K8SMI_P(unknown));
  }
}
