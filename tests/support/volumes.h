/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_VOLUMES_H
#define TESTS_SUPPORT_VOLUMES_H

/* Disks of their own and persistent volumes, in offers. */

#include "support/offers.h"

/* A disk of a kind (K8SM_DISK_*), that begins at a root; of a profile, or NULL. */
static inline K8smMesos__Resource *world_disk(struct world *w, K8smMesos__Offer *o, uint32_t kind,
                                              const char *root, double mb, const char *profile) {
  K8smMesos__Resource *r = world_scalar(w, o, "disk", mb);
  r->disk = WORLD_NEW(w, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
  K8smMesos__Resource__DiskInfo__Source *from = r->disk->source =
      WORLD_NEW(w, K8smMesos__Resource__DiskInfo__Source, RESOURCE__DISK_INFO__SOURCE);
  from->type = (K8smMesos__Resource__DiskInfo__Source__Type)kind; /* K8SM_DISK_* has Mesos' numbers */
  from->profile = profile == NULL ? NULL : world_text(w, profile);
  if (kind == K8SM_DISK_MOUNT) {
    from->mount =
        WORLD_NEW(w, K8smMesos__Resource__DiskInfo__Source__Mount, RESOURCE__DISK_INFO__SOURCE__MOUNT);
    from->mount->root = world_text(w, root);
  } else if (kind == K8SM_DISK_PATH) {
    from->path = WORLD_NEW(w, K8smMesos__Resource__DiskInfo__Source__Path, RESOURCE__DISK_INFO__SOURCE__PATH);
    from->path->root = world_text(w, root);
  }
  return r;
}

/* A volume of the agent's own disk, reserved for a role; with an owner it is a pod's own. */
static inline K8smMesos__Resource *world_volume(struct world *w, K8smMesos__Offer *o, const char *role,
                                                const char *id, double mb, const char *owner) {
  K8smMesos__Resource *r = world_scalar(w, o, "disk", mb);
  r->disk = WORLD_NEW(w, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
  r->disk->persistence =
      WORLD_NEW(w, K8smMesos__Resource__DiskInfo__Persistence, RESOURCE__DISK_INFO__PERSISTENCE);
  r->disk->persistence->id = world_text(w, id);
  world_reserve(w, r, role, owner == NULL ? "claim" : "pod", owner == NULL ? id : owner);
  return r;
}

#endif
