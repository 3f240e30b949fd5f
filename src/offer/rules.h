/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_OFFER_RULES_H
#define K8SMI_OFFER_RULES_H

#include "wire/mesos.h"

/* What Mesos demands of a resource beside its value: its reservations in either format, its disk, its being
 * shared. https://mesos.apache.org/documentation/latest/reservation/ */

/* Where it is wrong. */
struct k8smi_rules_place {
  const char *field;
  const char *found; /* the role that is meant; NULL: none is */
};
/* NULL, or what is wrong. */
const char *k8smi_rules_broken(const K8smMesos__Resource *message, struct k8smi_rules_place *ret);

/* The role that the fields before RESERVATION_REFINEMENT reserve a resource for; NULL: none. */
static inline const char *k8smi_rules_old_role(const K8smMesos__Resource *message) {
  const char *role = message->role;
  return role == NULL || role[0] == '\0' || (role[0] == '*' && role[1] == '\0') ? NULL : role;
}

/* True if none of the rules could be broken: most resources are so plain. */
static inline bool k8smi_rules_plain(const K8smMesos__Resource *message) {
  return message->n_reservations == 0 && message->reservation == NULL && message->disk == NULL &&
         message->shared == NULL && k8smi_rules_old_role(message) == NULL;
}

/* By bytes; NULL, which is absence, comes before all texts. */
int k8smi_text_compare(const char *a, const char *b);

#endif
