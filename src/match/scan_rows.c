/* SPDX-License-Identifier: Apache-2.0 */
/* Reservations, volumes and disks of their own, for 64 slots at a time: as the predicates say it of one. */
#include "match/disks.h"
#include "match/scan.h"

/* ---- Names ---- */

static void scan_rows_put(struct k8smi_name_set *set, uint32_t row) {
  set->bits[row / 64] |= UINT64_C(1) << row % 64;
}

static void scan_rows_match(struct k8smi_scan *scan, const struct k8smi_name *name, uint32_t row) {
  const struct k8smi_need *need = scan->check->need;
  if (name->sort == K8SMI_NAMED_DISK) {
    for (size_t i = 0; i < scan->disk_count; i++)
      if (k8smi_disk_is_of(scan->disks[i].wanted, name->sample)) scan_rows_put(&scan->disks[i].names, row);
    return;
  }
  const bool reserved = name->sort >= K8SMI_NAMED_FOR_CPUS && name->sort <= K8SMI_NAMED_FOR_DISK;
  if (reserved && need->wish != NULL && k8smi_wish_is_of(need->wish, name->sample))
    scan_rows_put(&scan->reserved[name->sort - K8SMI_NAMED_FOR_CPUS], row);
}

/* The first volumes of disks of their own, and how much the others take of the agent's. */
static void scan_rows_volumes(struct k8smi_scan *scan) {
  const struct k8smi_need *need = scan->check->need;
  const struct k8sm_demand *d = need->demand;
  for (size_t i = 0; i < d->volume_count; i++) {
    const struct k8smi_demand_volume *volume = &d->volumes[i];
    const int64_t milli = volume->row.milli;
    if (volume->disk == NULL) {
      scan->plain_milli = scan->plain_milli > INT64_MAX - milli ? INT64_MAX : scan->plain_milli + milli;
    } else if (scan->disk_count < K8SMI_SCAN_DISKS) {
      scan->disks[scan->disk_count++] = (struct k8smi_scan_disk){.wanted = volume->disk, .milli = milli};
    }
  }
  scan->asks_disks = (need->of_disks & (need->of_disks - 1)) != 0;
}

void k8smi_scan_names(struct k8smi_scan *scan) {
  const struct k8sm_cluster *c = scan->check->cluster;
  const struct k8smi_need *need = scan->check->need;
  const struct k8smi_table *names = &c->blocks->names.rows;
  scan->disk_count = 0;
  scan->plain_milli = 0;
  scan->asks_disks = false;
  if (need->wish != NULL) memset(scan->reserved, 0, sizeof scan->reserved);
  scan_rows_volumes(scan);
  if (scan->plain_milli > 0) {
    scan->sum = k8smi_name_find(c, K8SMI_NAMED_RESERVED, K8SMI_S(""));
    scan->part = k8smi_name_find(c, K8SMI_NAMED_PART, K8SMI_S(""));
  }
  for (uint32_t i = 0; scan->disk_count + (need->wish != NULL) > 0 && i < names->high; i++)
    if (k8smi_table_used(names, i)) scan_rows_match(scan, k8smi_table_at(names, i), i);
}

/* ---- Rows ---- */

/* A volume of the agent's own disk is of one part that is reserved for the role, or of what is not reserved.
 * Where there is too little disk in all, that refuses. Where nothing is reserved for the role there is
 * enough, unless a reservation that the pod is for makes up for it. */
static uint64_t scan_rows_mixed(const struct k8smi_scan *scan, const struct k8smi_block *block,
                                uint64_t less_disk, uint64_t *ask) {
  const struct k8smi_named *named = &block->named;
  const uint32_t sum = k8smi_named_at(named, scan->sum), part = k8smi_named_at(named, scan->part);
  const int32_t *have = block->free[K8SMI_DISK], wanted = k8smi_number(scan->plain_milli);
  const uint64_t parts = sum == named->count || part == named->count ? 0 : named->heads[part].has;
  const uint64_t others = scan->check->need->wish == NULL ? 0 : ~parts;
  uint64_t refused = others == 0 ? 0 : others & ~less_disk & k8smi_lanes_less(have, wanted);
  if (scan->plain_milli > INT32_MAX) *ask |= parts | others;
  if (parts == 0) return refused;
  if (block->free_bounds[K8SMI_DISK].most == INT32_MAX) *ask |= parts & ~k8smi_lanes_less(have, INT32_MAX);
  int32_t left[K8SMI_LANES]; /* what is not reserved */
  for (int i = 0; i < K8SMI_LANES; i++) left[i] = have[i] - k8smi_named_amounts(named, sum)[i];
  uint64_t small = parts & ~less_disk & k8smi_lanes_less(left, wanted);
  if (named->heads[part].most >= wanted) small &= k8smi_lanes_less(k8smi_named_amounts(named, part), wanted);
  return refused | small;
}

/* One disk may have to do for several volumes: then who has one for each is asked. */
static uint64_t scan_rows_storage(const struct k8smi_scan *scan, const struct k8smi_block *block,
                                  uint64_t *ask) {
  uint64_t enough = UINT64_MAX;
  for (size_t i = 0; i < scan->disk_count; i++)
    enough &= k8smi_named_enough(&block->named, &scan->disks[i].names, scan->disks[i].milli, ask);
  if (scan->asks_disks) *ask |= enough;
  return ~enough;
}

void k8smi_scan_reserved(const struct k8smi_scan *scan, const struct k8smi_block *block,
                         struct k8smi_scan_words *words, uint64_t *ask) {
  const int64_t *need = scan->check->need->scalars;
  for (int s = 0; s < K8SMI_SCALARS; s++) { /* of disk what is not reserved makes up for what is */
    const int32_t *beside = s == K8SMI_DISK ? block->free[s] : NULL;
    if (s == K8SMI_DISK && k8smi_named_any(&block->named, &scan->reserved[s]) == 0) {
      k8smi_scan_free(block, s, need[s], words, ask);
    } else {
      words->less[s] = k8smi_named_less(&block->named, &scan->reserved[s], beside, need[s], ask);
    }
  }
}

void k8smi_scan_rows(const struct k8smi_scan *scan, const struct k8smi_block *block,
                     struct k8smi_scan_words *words, uint64_t *ask) {
  const struct k8smi_need *need = scan->check->need;
  uint64_t *rows = words->rows;
  if (need->wish != NULL) {
    rows[K8SMI_SCAN_RESERVATION] = ~k8smi_named_any(&block->named, &scan->reserved[K8SMI_CPUS]);
    if (need->port_count + need->any_ports + need->extended_count > 0) *ask |= block->beside;
  }
  if (scan->plain_milli > 0)
    rows[K8SMI_SCAN_NO_VOLUME] = scan_rows_mixed(scan, block, words->less[K8SMI_DISK], ask);
  if (scan->disk_count > 0) rows[K8SMI_SCAN_STORAGE] = scan_rows_storage(scan, block, ask);
}
