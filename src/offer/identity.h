/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_OFFER_IDENTITY_H
#define K8SMI_OFFER_IDENTITY_H

#include "offer/offer.h"

/* What makes two resources the same one, beside how much of it there is: Mesos adds and subtracts only such.
 * These are name, type, allocation, disk, revocable, shared, provider and the stack of reservations. How a
 * volume is mounted (disk.volume) and who made it (disk.persistence.principal) do not count. */

/* A resource in normal form: reservations in one format, labels sorted, no value. Shares memory with
 * `from`. NULL when memory ran out. */
K8smMesos__Resource *k8smi_identity_make(struct k8smi_arena *arena, const K8smMesos__Resource *from);

/* An order of normal forms: <0, 0, >0; equals are one resource. Reservations decide last; without them, what
 * is reserved for different roles is equal too. */
int k8smi_identity_compare(const K8smMesos__Resource *a, const K8smMesos__Resource *b, bool reservations);

/* True if it is spent as a whole or not at all, and never united with another one: shared resources,
 * persistent volumes, MOUNT and BLOCK disks, RAW disks that have an id. */
bool k8smi_identity_whole(const K8smMesos__Resource *message);

/* A copy that needs nothing of `from`. NULL when memory ran out. */
K8smMesos__Resource *k8smi_identity_copy(struct k8smi_arena *arena, const K8smMesos__Resource *from);

#endif
