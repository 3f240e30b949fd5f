/* SPDX-License-Identifier: Apache-2.0 */
#include "offer/resources.h"
#include "base/abi.h"

#define PARSE_DEFAULT_MEMORY (UINT64_C(256) << 20)

size_t k8smi_offer_limit(uint64_t max_memory) {
  uint64_t limit = max_memory == 0 ? PARSE_DEFAULT_MEMORY : max_memory;
  return limit > SIZE_MAX ? SIZE_MAX : (size_t)limit;
}

static int parse_event(struct k8sm_offers *offers, uint32_t format, const void *bytes, size_t len,
                       struct k8sm_diags *diags) {
  struct k8smi_path type = k8smi_path_field(NULL, K8SMI_S("type"));
  ProtobufCMessage *message;
  int result = k8smi_message_read_shared(&offers->arena, format, &k8sm_mesos__event__descriptor, bytes, len,
                                         &message, diags);
  if (result != K8SM_OK) return result;
  const K8smMesos__Event *event = (const K8smMesos__Event *)message;
  if (!event->has_type || event->type != K8SM_MESOS__EVENT__TYPE__OFFERS) {
    const char *name = event->has_type
                           ? k8smi_enum_name(&k8sm_mesos__event__type__descriptor, (int)event->type)
                           : "without a type";
    k8smi_find(diags, K8SM_DIAG_MESSAGE_TYPE, &type, "an event %s, not OFFERS",
               name == NULL ? "unknown" : name);
    return K8SM_ERR_INVALID;
  }
  if (event->offers == NULL) return k8smi_offers_fill(offers, NULL, 0, diags);
  return k8smi_offers_fill(offers, event->offers->offers, event->offers->n_offers, diags);
}

int k8sm_offers_parse(const void *bytes, size_t len, const struct k8sm_offers_options *options,
                      struct k8sm_offers **ret, struct k8sm_diags *diags) {
  struct k8sm_offers_options o;
  int result = k8smi_options_read(&o, sizeof o, options, "offers_options", diags);
  if (result != K8SM_OK) return result;
  struct k8sm_offers *offers = K8SMI_VALUE_NEW(k8sm_offers, o.allocator, k8smi_offer_limit(o.max_memory));
  if (offers == NULL)
    return k8smi_find_nomem(diags, K8SMI_VALUE_ERROR(k8sm_offers, k8smi_offer_limit(o.max_memory)));
  k8smi_refs_init(&offers->refs);
  result = parse_event(offers, o.format, bytes, len, diags);
  if (result != K8SM_OK) {
    k8sm_offers_unref(offers);
    return result;
  }
  *ret = offers;
  return K8SM_OK;
}
