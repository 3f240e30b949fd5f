/* SPDX-License-Identifier: Apache-2.0 */
#include "match/disks.h"
#include "match/texts.h"
#include "wire/number.h"

/* ---- Is it one of the class? ---- */

static bool disks_says(struct k8sm_slice wanted, const char *text) {
  return wanted.len == 0 || k8smi_eqs(wanted, text);
}

static bool disks_has_label(const K8smMesos__Labels *labels, const struct k8smi_pair *wanted) {
  for (size_t i = 0; labels != NULL && i < labels->n_labels; i++) {
    const K8smMesos__Label *label = labels->labels[i];
    if (k8smi_eqs(wanted->key, label->key) && k8smi_eqs(wanted->value, label->value)) return true;
  }
  return false;
}

/* At the folder, or below. */
static bool disks_is_at(struct k8sm_slice at, struct k8sm_slice folder) {
  if (folder.len == 0) return true;
  return at.len >= folder.len && memcmp(at.ptr, folder.ptr, folder.len) == 0 &&
         (at.len == folder.len || at.ptr[folder.len] == '/');
}

bool k8smi_disk_is_of(const struct k8smi_demand_disk *wanted, const K8smMesos__Resource *resource) {
  const K8smMesos__Resource__DiskInfo__Source *source = resource->disk->source;
  struct k8sm_slice root;
  if (k8smi_resource_disk(resource, &root) != wanted->kind || !disks_is_at(root, wanted->root) ||
      !disks_says(wanted->profile, source->profile) || !disks_says(wanted->vendor, source->vendor)) {
    return false;
  }
  for (size_t i = 0; i < wanted->metadata.count; i++) {
    if (!disks_has_label(source->metadata, &wanted->metadata.items[i])) return false;
  }
  return true;
}

/* ---- The best one ---- */

/* What is looked for, what of the same offers is picked already, and the best so far. */
struct disks_seek {
  const struct k8smi_demand_volume *volume;
  const struct k8smi_disk_pick *picks;
  size_t pick_count;
  struct k8smi_disk_pick best;
  int64_t left;    /* of it */
  int64_t largest; /* of all of the class */
};

/* The order does not depend on that of the offers, so that checks and the choice itself agree. */
static bool disks_better(const struct disks_seek *s, const struct k8smi_disk_pick *pick, int64_t left) {
  const struct k8smi_disk_pick *best = &s->best;
  if (best->resource == NULL) return true;
  if (left != s->left) return left < s->left;
  bool reserved = k8smi_resource_reservation(pick->resource->message).len > 0;
  if (reserved != (k8smi_resource_reservation(best->resource->message).len > 0)) return reserved;
  if (pick->offer != best->offer) return k8smi_cmp(pick->offer->id, best->offer->id) < 0;
  return pick->resource < best->resource;
}

static void disks_consider(struct disks_seek *s, struct k8smi_disk_pick pick, int64_t left) {
  if (pick.resource->spend != K8SMI_SPEND_DISK || left == 0) return;
  if (!k8smi_disk_is_of(s->volume->disk, pick.resource->message)) return;
  for (size_t i = 0; i < s->pick_count; i++) {
    if (s->picks[i].resource == pick.resource) left -= s->picks[i].milli;
  }
  if (left > s->largest) s->largest = left;
  if (left == 0 || left < s->volume->row.milli || !disks_better(s, &pick, left)) return;
  pick.milli = s->volume->disk->kind == K8SM_DISK_MOUNT ? left : s->volume->row.milli;
  s->best = pick;
  s->left = left;
}

static void disks_seek(const struct k8smi_match_check *check, struct disks_seek *s) {
  const struct k8smi_pool *pool = check->slot->pool;
  for (size_t i = 0; pool != NULL && i < pool->part_count; i++) {
    struct k8smi_part *part = &pool->parts[i];
    disks_consider(s, (struct k8smi_disk_pick){part->resource, pool->offers[part->offer].offer, part, 0},
                   part->left);
  }
  uint32_t row = pool == NULL ? check->slot->first_offer : K8SMI_ROW_NONE;
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(check->cluster, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(check->cluster, row)->offer;
    for (size_t i = 0; offer->disks && i < offer->resource_count; i++) {
      const struct k8smi_resource *r = &offer->resources[i];
      disks_consider(s, (struct k8smi_disk_pick){r, offer, NULL, 0}, r->milli);
    }
  }
}

/* ---- All of a pod's ---- */

/* The largest of some volumes, the first of equals: its number. `left` are bits, and some. */
static unsigned disks_largest(const struct k8sm_demand *d, uint64_t left) {
  unsigned largest = (unsigned)__builtin_ctzll(left);
  for (; left != 0; left &= left - 1) {
    unsigned i = (unsigned)__builtin_ctzll(left);
    if (d->volumes[i].row.milli > d->volumes[largest].row.milli) largest = i;
  }
  return largest;
}

/* *ret_largest: how much the largest disk of the class of the volume that is returned has left. */
static const struct k8smi_demand_volume *disks_all(const struct k8smi_match_check *check,
                                                   struct k8smi_disk_pick *ret, int64_t *ret_largest) {
  const struct k8sm_demand *d = check->need->demand;
  memset(ret, 0, d->volume_count * sizeof *ret);
  for (uint64_t left = check->need->of_disks; left != 0;) {
    unsigned i = disks_largest(d, left);
    left &= ~(UINT64_C(1) << i);
    if (k8smi_slot_has_volume(check, d->volumes[i].row.id)) continue;
    struct disks_seek s = {.volume = &d->volumes[i], .picks = ret, .pick_count = d->volume_count};
    disks_seek(check, &s);
    *ret_largest = s.largest;
    if (s.best.resource == NULL) return s.volume;
    ret[i] = s.best;
  }
  return NULL;
}

const struct k8smi_demand_volume *k8smi_disks_pick(const struct k8smi_match_check *check,
                                                   struct k8smi_disk_pick *ret) {
  int64_t largest;
  return disks_all(check, ret, &largest);
}

const struct k8smi_demand_volume *k8smi_disks_missing(const struct k8smi_match_check *check) {
  struct k8smi_disk_pick picks[K8SMI_VOLUMES_MAX];
  return k8smi_disks_pick(check, picks);
}

/* ---- In words ---- */

/* "a MOUNT disk of 1024 MB (profile ssd, below /mnt)" */
static void disks_put(struct k8smi_buf *to, const struct k8smi_demand_volume *volume) {
  const struct k8smi_demand_disk *disk = volume->disk;
  const struct {
    const char *name;
    struct k8sm_slice text;
  } wishes[] = {{"profile ", disk->profile}, {"vendor ", disk->vendor}, {"at ", disk->root}};
  const char *before = " (", *after = "";
  k8smi_buf_puts(to, disk->kind == K8SM_DISK_MOUNT ? "MOUNT disk of " : "PATH disk of ");
  k8smi_put_milli(to, volume->row.milli);
  k8smi_buf_puts(to, " MB");
  for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
    if (wishes[i].text.len == 0) continue;
    k8smi_buf_puts(to, before);
    k8smi_buf_puts(to, wishes[i].name);
    k8smi_buf_slice(to, wishes[i].text);
    before = ", ", after = ")";
  }
  for (size_t i = 0; i < disk->metadata.count; i++) {
    k8smi_buf_puts(to, before);
    k8smi_put_pair(to, disk->metadata.items[i].key, disk->metadata.items[i].value);
    before = ", ", after = ")";
  }
  k8smi_buf_puts(to, after);
}

void k8smi_wanted_storage(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const struct k8smi_demand_volume *volume = k8smi_disks_missing(check);
  disks_put(to, volume);
  k8smi_buf_puts(to, " for volume ");
  k8smi_buf_slice(to, volume->row.id);
}

/* The largest of the class: nothing where there is none. */
void k8smi_had_storage(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  struct k8smi_disk_pick picks[K8SMI_VOLUMES_MAX];
  int64_t largest = 0;
  (void)disks_all(check, picks, &largest);
  if (largest > 0) k8smi_put_milli(to, largest);
}

void k8smi_remedy_storage(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "that had a free ");
  disks_put(to, k8smi_disks_missing(check));
}
