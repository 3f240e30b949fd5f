/* SPDX-License-Identifier: Apache-2.0 */
/* Storage classes: https://kubernetes.io/docs/concepts/storage/storage-classes/. The options say which of an
 * agent's disks volumes of a class are made of: https://mesos.apache.org/documentation/latest/multiple-disk/
 */
#include "demand/build.h"

#include "base/abi.h"

#include <k8smesos/offer.h>

static struct k8sm_storage_class storage_row(const struct k8sm_demand_options *options, size_t i) {
  struct k8sm_storage_class row;
  k8smi_row_read(&row, sizeof row, options->storage_classes, options->storage_class_size, i);
  return row;
}

/* ---- The options ---- */

/* "a=b,c=d": each has a key. */
static bool storage_labels_valid(const char *text) {
  for (const char *at = text;; at++) {
    size_t len = strcspn(at, ",");
    const char *equals = memchr(at, '=', len);
    if (equals == NULL || equals == at) return false;
    at += len;
    if (*at == '\0') return true;
  }
}

/* NULL: nothing is wrong with it. */
static const char *storage_fault(const struct k8sm_storage_class *row) {
  bool states = row->profile != NULL || row->vendor != NULL || row->root != NULL || row->metadata != NULL;
  if (row->name == NULL) return "expected a name";
  if (row->disk == K8SM_DISK_BLOCK || row->disk == K8SM_DISK_RAW)
    return "BLOCK and RAW disks can't be mounted: expected NONE, PATH or MOUNT";
  if (row->disk > K8SM_DISK_MOUNT) return "expected a disk that is NONE, PATH or MOUNT";
  if (row->disk == K8SM_DISK_NONE && states)
    return "the agent's own disk has no profile, vendor, root or metadata";
  if (row->root != NULL && row->root[0] != '/') return "expected an absolute path for root";
  if (row->metadata != NULL && !storage_labels_valid(row->metadata))
    return "expected labels as 'a=b,c=d' for metadata";
  return NULL;
}

static bool storage_is_twice(const struct k8sm_demand_options *options, size_t last, struct k8sm_slice name) {
  for (size_t i = 0; i < last; i++) {
    if (k8smi_eqs(name, storage_row(options, i).name)) return true;
  }
  return false;
}

int k8smi_demand_check_classes(const struct k8sm_demand_options *options, struct k8sm_diags *diags) {
  for (size_t i = 0; i < options->storage_class_count; i++) {
    const struct k8sm_storage_class row = storage_row(options, i);
    const char *fault = storage_fault(&row);
    if (fault == NULL && storage_is_twice(options, i, k8smi_s(row.name)))
      fault = "there are two of this name";
    if (fault == NULL) continue;
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "options.storage_classes[%zu] '%s': %s", i,
               row.name == NULL ? "" : row.name, fault);
    return K8SM_ERR_INVALID;
  }
  return K8SM_OK;
}

/* ---- The class of a claim ---- */

/* One that is not mapped is refused, with those that are. */
static void storage_refuse(struct k8smi_demand_build *b, struct k8sm_slice name,
                           const struct k8smi_path *path) {
  char lent[256];
  struct k8smi_buf known;
  const char *before = "";
  k8smi_buf_init(&known, &b->demand->arena.allocator);
  k8smi_buf_lend(&known, lent, sizeof lent);
  for (size_t i = 0; i < b->options.storage_class_count; i++) {
    const struct k8sm_storage_class row = storage_row(&b->options, i);
    if (row.name[0] == '\0') continue;
    k8smi_buf_puts(&known, before);
    k8smi_buf_puts(&known, row.name);
    before = ", ";
  }
  if (*before == '\0') k8smi_buf_puts(&known, "none of them has a name");
  if (known.failed) b->no_memory = true;
  k8smi_demand_refuse(b, path,
                      "storageClassName '%.*s' is not among the storage classes of the options: %.*s",
                      K8SMI_P(name), (int)known.len, known.len == 0 ? "" : known.ptr);
  k8smi_buf_free(&known);
}

static struct k8smi_demand_disk *storage_disk(struct k8smi_demand_build *b,
                                              const struct k8sm_storage_class *row,
                                              const struct k8smi_path *path) {
  struct k8smi_demand_disk *disk = k8smi_demand_array(b, 1, sizeof *disk);
  if (disk == NULL) return NULL;
  disk->kind = row->disk;
  disk->profile = k8smi_demand_copy(b, k8smi_s(row->profile));
  disk->vendor = k8smi_demand_copy(b, k8smi_s(row->vendor));
  disk->root = k8smi_demand_copy(b, k8smi_s(row->root));
  while (disk->root.len > 0 && disk->root.ptr[disk->root.len - 1] == '/') disk->root.len--;
  if (row->metadata != NULL) disk->metadata = k8smi_demand_labels(b, k8smi_s(row->metadata), path);
  return disk;
}

void k8smi_demand_make_storage(struct k8smi_demand_build *b, struct k8smi_demand_volume *volume,
                               const struct k8smi_path *path) {
  const struct k8sm_slice name = volume->row.storage_class;
  for (size_t i = 0; i < b->options.storage_class_count; i++) {
    const struct k8sm_storage_class row = storage_row(&b->options, i);
    if (!k8smi_eqs(name, row.name)) continue;
    volume->row.disk = row.disk;
    if (row.disk != K8SM_DISK_NONE) volume->disk = storage_disk(b, &row, path);
    return;
  }
  if (name.len == 0) return;
  if (b->options.storage_class_count > 0) {
    storage_refuse(b, name, path);
    return;
  }
  K8SMI_DEMAND_NOTE(b, APPROXIMATED, path, "no storage classes are given: '%.*s' is made on the agent's disk",
                    K8SMI_P(name));
}
