/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_RECORD_H
#define K8SMI_POD_RECORD_H

/* How a Kubernetes value is held: a record per object, which is a presence word and one packed slot of
 * eight bytes for each field that is set. Fields are named by the enums that fields.def makes:
 * K8SMI_<Type>_<jsonName>, e.g. K8SMI_Container_image; types by K8SMI_TYPE_<Type>. */

#include "base/arena.h"
#include "base/slice.h"

struct k8smi_record;

struct k8smi_list {
  const void *items; /* by kind: struct k8sm_slice, struct k8smi_record *, struct k8smi_pair, int64_t */
  size_t count;
};
struct k8smi_pair {
  struct k8sm_slice key;
  struct k8sm_slice value; /* a quantity's is its text */
};
/* IntOrString: text.ptr is NULL for a number. */
struct k8smi_int_or_string {
  int64_t number;
  struct k8sm_slice text;
};

/* Getters. A record of NULL has no field set, so that chains need no checks:
 * k8smi_get_i64(k8smi_get_record(spec, K8SMI_PodSpec_securityContext), …). */
bool k8smi_has(const struct k8smi_record *record, unsigned field);
struct k8sm_slice k8smi_get_str(const struct k8smi_record *record,
                                unsigned field); /* also quantities, as typed */
int64_t k8smi_get_i64(const struct k8smi_record *record, unsigned field, int64_t absent);
bool k8smi_get_bool(const struct k8smi_record *record, unsigned field, bool absent);
const struct k8smi_record *k8smi_get_record(const struct k8smi_record *record, unsigned field);
struct k8smi_int_or_string k8smi_get_int_or_string(const struct k8smi_record *record, unsigned field);
struct k8smi_list k8smi_get_list(const struct k8smi_record *record, unsigned field);
/* Items of a list by kind of the field. */
static inline const struct k8smi_record *k8smi_list_record(struct k8smi_list list, size_t i) {
  return ((const struct k8smi_record *const *)list.items)[i];
}
static inline struct k8sm_slice k8smi_list_str(struct k8smi_list list, size_t i) {
  return ((const struct k8sm_slice *)list.items)[i];
}
static inline int64_t k8smi_list_i64(struct k8smi_list list, size_t i) {
  return ((const int64_t *)list.items)[i];
}
/* Maps are lists of pairs, sorted by key. */
static inline struct k8smi_pair k8smi_list_pair(struct k8smi_list list, size_t i) {
  return ((const struct k8smi_pair *)list.items)[i];
}
/* The value of a key of a map field; ptr NULL: not there. */
struct k8sm_slice k8smi_get_pair(const struct k8smi_record *record, unsigned field, const char *key);

#endif
