/* SPDX-License-Identifier: Apache-2.0 */
#include "offer/ids.h"
#include "wire/id.h"

bool k8smi_offer_id_check(const struct k8smi_path *path, struct k8sm_slice id, uint32_t severity,
                          const char *then, struct k8sm_diags *diags) {
  if (k8smi_id_valid(id)) return true;
  const struct k8smi_path value = k8smi_path_field(path, K8SMI_S("value"));
  if (id.len == 0) {
    k8smi_find_as(diags, K8SM_DIAG_OFFER_INVALID, severity, &value, "empty%s", then);
  } else if (id.len > K8SMI_ID_MAX) {
    k8smi_find_as(diags, K8SM_DIAG_OFFER_INVALID, severity, &value, "%zu bytes: an id has %d at most%s",
                  id.len, K8SMI_ID_MAX, then);
  } else {
    k8smi_find_as(diags, K8SM_DIAG_OFFER_INVALID, severity, &value,
                  "\"%.*s\": an id has no '/', '\\' or control characters, and is not \".\" or \"..\"%s",
                  K8SMI_P(id), then);
  }
  return false;
}

bool k8smi_offer_executors_read(struct k8smi_arena *arena, const K8smMesos__Offer *message,
                                const struct k8smi_path *path, struct k8smi_items *ret,
                                struct k8sm_diags *diags) {
  const struct k8smi_path list = k8smi_path_field(path, K8SMI_S("executor_ids"));
  struct k8sm_slice twice;
  *ret = (struct k8smi_items){NULL, 0};
  if (message->n_executor_ids == 0) return true;
  ret->items = k8smi_arena_array(arena, message->n_executor_ids, sizeof *ret->items);
  if (ret->items == NULL) return false;
  for (size_t i = 0; i < message->n_executor_ids; i++) {
    const struct k8smi_path entry = k8smi_path_index(&list, i);
    const struct k8sm_slice id = k8smi_s(message->executor_ids[i]->value);
    if (k8smi_offer_id_check(&entry, id, K8SM_SEVERITY_WARNING, ": it is left out", diags))
      ret->items[ret->count++] = id;
  }
  if (!k8smi_items_normalise(ret, &twice))
    k8smi_find_as(diags, K8SM_DIAG_OFFER_INVALID, K8SM_SEVERITY_WARNING, &list,
                  "\"%.*s\" stands there more than once: it counts once", K8SMI_P(twice));
  return true;
}
