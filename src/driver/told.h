/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_TOLD_H
#define K8SMI_DRIVER_TOLD_H

/* What is wrong with offers, for people: an agent with an attribute that means nothing, one whose offers
 * can't be read. Offers come again and again, and the same mistake is mostly made on all agents: so each
 * place in an offer is told of a few agents by name, once, and then of no more for a day. */

#include <k8smesos/diag.h>
#include "wire/mesos.h"

enum { DRV_TOLD_PLACES = 32, DRV_TOLD_AGENTS = 8 };

struct drv_told_place {
  uint64_t hash; /* of the code, and the path in the offer */
  uint64_t agents[DRV_TOLD_AGENTS];
  uint32_t count; /* of agents that were told; one more than there is room for: of that one, too */
};

struct drv_told {
  struct drv_told_place places[DRV_TOLD_PLACES];
  uint32_t count;
  bool full;         /* and that was told */
  uint64_t until_ms; /* then all is forgotten */
};

struct k8sm_driver;
struct k8smi_offer;

/* The offers that a path of findings counts: those of an event, or what was read of it. */
struct drv_told_offers {
  K8smMesos__Offer *const *messages; /* NULL: */
  const struct k8smi_offer *read;
  size_t count;
};

/* Tells what is new of the findings. Errors: NOMEM. */
int k8smi_drv_told(struct k8sm_driver *d, const struct drv_told_offers *offers,
                   const struct k8sm_diags *found);

#endif
