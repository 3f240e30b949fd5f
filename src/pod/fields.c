/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/fields.h"

#include <assert.h>

/* A record's presence word has a bit for each field, and one for those that are unknown. */
#define BEGIN(T) static_assert((int)K8SMI_##T##__COUNT < 64, "too many fields for a presence word");
#define F(T, name, number, via, kind, child, mode)
#define END(T)
#include "pod/fields.def"
static_assert(K8SMI_TYPE_COUNT <= UINT8_MAX, "child types are kept in a byte");

#define BEGIN(T) static const struct k8smi_field fields_of_##T[] = {
#define F(T, name, number, via, kind, child, mode)                                                           \
  {{#name, sizeof #name - 1}, number, via, K8SMI_KIND_##kind, K8SMI_MODE_##mode, K8SMI_TYPE_##child},
#define END(T)                                                                                               \
  }                                                                                                          \
  ;
#include "pod/fields.def"

const struct k8smi_type k8smi_types[K8SMI_TYPE_COUNT] = {
    {{"", 0}, NULL, 0},
#define BEGIN(T) {{#T, sizeof #T - 1}, fields_of_##T, K8SMI_##T##__COUNT},
#define F(T, name, number, via, kind, child, mode)
#define END(T)
#include "pod/fields.def"
};

unsigned k8smi_type_find(const struct k8smi_type *type, struct k8sm_slice name, unsigned hint) {
  unsigned i = hint;
  for (unsigned tried = 0; tried < type->count; tried++, i++) {
    if (i >= type->count) i = 0;
    struct k8sm_slice of = type->fields[i].name;
    if (of.len == name.len && k8smi_same(of.ptr, name.ptr, of.len)) return i;
  }
  return type->count;
}
