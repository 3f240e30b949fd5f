/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* Devices that the pod claims, and its containers use:
 * https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/ */

static void claims_of_pod(struct k8smi_check *c, const struct k8smi_record *claim,
                          const struct k8smi_path *path) {
  struct k8sm_slice name = k8smi_get_str(claim, K8SMI_PodResourceClaim_name);
  struct k8smi_path at = K8SMI_PATH(path, PodResourceClaim, name),
                    by_name = K8SMI_PATH(path, PodResourceClaim, resourceClaimName),
                    by_template = K8SMI_PATH(path, PodResourceClaim, resourceClaimTemplateName);
  bool named = k8smi_has(claim, K8SMI_PodResourceClaim_resourceClaimName);
  bool made = k8smi_has(claim, K8SMI_PodResourceClaim_resourceClaimTemplateName);
  if (name.len == 0) {
    k8smi_check_required(c, &at, NULL);
  } else if (!k8smi_check_add(c, &c->seen, name)) {
    k8smi_check_duplicate(c, &at, k8smi_v_text(name));
  } else {
    k8smi_check_format(c, &at, name, k8smi_format_label);
  }
  if (named == made)
    k8smi_check_invalid(
        c, path, k8smi_v_record(c, K8SMI_TYPE_PodResourceClaim, claim),
        named ? "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
              : "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
  if (named)
    k8smi_check_format(c, &by_name, k8smi_get_str(claim, K8SMI_PodResourceClaim_resourceClaimName),
                       k8smi_format_subdomain);
  if (made)
    k8smi_check_format(c, &by_template,
                       k8smi_get_str(claim, K8SMI_PodResourceClaim_resourceClaimTemplateName),
                       k8smi_format_subdomain);
}

void k8smi_check_resource_claims(struct k8smi_check *c) {
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_resourceClaims);
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, resourceClaims),
                    nowhere = k8smi_path_key(NULL, K8SMI_S(""));
  struct k8sm_slice mirror =
      k8smi_get_pair(c->metadata, K8SMI_ObjectMeta_annotations, "kubernetes.io/config.mirror");
  k8smi_map_clear(&c->seen);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *claim = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&path, i);
    struct k8sm_slice name = k8smi_get_str(claim, K8SMI_PodResourceClaim_name);
    if (name.len > 0) k8smi_check_add(c, &c->claims, name);
    if (c->is_pod && mirror.ptr != NULL) {
      k8smi_check_forbidden(c, &nowhere, "static pods do not support resource claims");
    } else {
      claims_of_pod(c, claim, &at);
    }
  }
}

/* ---- The containers' ---- */

/* The names of the pod's claims, sorted; cut where a message would be too long anyway. Composed once: each
 * name takes a look at all. */
static void claims_names(struct k8smi_check *c) {
  enum { NAMES_MAX = 256 };
  struct k8smi_list claims = k8smi_get_list(c->spec, K8SMI_PodSpec_resourceClaims);
  struct k8sm_slice last = {NULL, 0};
  while (c->claim_names.len < NAMES_MAX) { /* the smallest that comes after the last */
    struct k8sm_slice next = {NULL, 0};
    for (size_t i = 0; i < claims.count; i++) {
      struct k8sm_slice n = k8smi_get_str(k8smi_list_record(claims, i), K8SMI_PodResourceClaim_name);
      if (k8smi_cmp(n, last) > 0 && (next.ptr == NULL || k8smi_cmp(n, next) < 0)) next = n;
    }
    if (next.ptr == NULL) break;
    k8smi_buf_puts(&c->claim_names, last.ptr == NULL ? ": " : ", ");
    k8smi_buf_slice(&c->claim_names, next);
    last = next;
  }
  if (last.ptr == NULL) k8smi_buf_puts(&c->claim_names, " which is empty");
  k8smi_buf_putc(&c->claim_names, '\0');
  c->no_memory = c->no_memory || c->claim_names.failed;
}

static void claims_unknown(struct k8smi_check *c, struct k8sm_slice name, const struct k8smi_path *path) {
  if (c->claim_names.len == 0) claims_names(c);
  k8smi_check_not_found(c, path, k8smi_v_text(name),
                        k8smi_check_text(c, "must be one of the names in pod.spec.resourceClaims%s",
                                         c->claim_names.failed ? "" : c->claim_names.ptr));
}

/* Each claim once: as a whole, or by different requests of it. `seen` has wholes and NAME/REQUEST; `items`
 * has what stands before the slash in the latter (a slash can be in a name too, if in no good one). */
static void claims_request(struct k8smi_check *c, struct k8sm_slice name, struct k8sm_slice request,
                           const struct k8smi_path *path) {
  struct k8smi_path of_request = K8SMI_PATH(path, ResourceClaim, request);
  struct k8sm_slice key = name;
  if (k8smi_check_knows(&c->seen, name)) {
    k8smi_check_duplicate(c, path, k8smi_v_text(name));
    return;
  }
  if (request.len > 0) {
    k8smi_check_format(c, &of_request, request, k8smi_format_label);
    key = k8smi_check_join(c, name, '/', request);
    if (key.ptr == NULL) return;
  }
  if (!k8smi_check_add(c, &c->seen, key)) {
    k8smi_check_duplicate(c, path, k8smi_v_text(key));
    return;
  }
  if (request.len == 0 && k8smi_check_knows(&c->items, name))
    k8smi_check_duplicate(c, path, k8smi_v_text(name));
  const char *slash = memchr(key.ptr, '/', key.len);
  if (slash == NULL) return;
  k8smi_check_add(c, &c->items, (struct k8sm_slice){key.ptr, (size_t)(slash - key.ptr)});
}

void k8smi_check_claimed(struct k8smi_check *c, struct k8smi_list claims, const struct k8smi_path *path) {
  k8smi_map_clear(&c->seen);
  k8smi_map_clear(&c->items);
  for (size_t i = 0; i < claims.count; i++) {
    const struct k8smi_record *claim = k8smi_list_record(claims, i);
    struct k8sm_slice name = k8smi_get_str(claim, K8SMI_ResourceClaim_name);
    struct k8smi_path at = k8smi_path_index(path, i);
    if (name.len == 0) {
      k8smi_check_required(c, &at, NULL);
      continue;
    }
    claims_request(c, name, k8smi_get_str(claim, K8SMI_ResourceClaim_request), &at);
    if (!k8smi_check_knows(&c->claims, name)) claims_unknown(c, name, &at);
  }
}
