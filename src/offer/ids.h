/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_OFFER_IDS_H
#define K8SMI_OFFER_IDS_H

#include "offer/offer.h"

/* The ids in offers, as masters give them: what is none can't be in a call. */

/* False, with a finding about "value" below `path`, if it is none. `then` ends the finding's words. */
bool k8smi_offer_id_check(const struct k8smi_path *path, struct k8sm_slice id, uint32_t severity,
                          const char *then, struct k8sm_diags *diags);

/* The ids of the executors that the offer's agent runs for the framework, in normal form. What is none, or
 * stands twice, is left out, with a warning: nothing of the offer itself hangs on it. False when memory ran
 * out. */
bool k8smi_offer_executors_read(struct k8smi_arena *arena, const K8smMesos__Offer *message,
                                const struct k8smi_path *path, struct k8smi_items *ret,
                                struct k8sm_diags *diags);

#endif
