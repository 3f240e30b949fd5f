/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/abi.h"

/* What a host may read of a control. */

static struct k8sm_control_row view_row(const struct ctl_object *o) {
  struct k8sm_control_row row = {.key = o->key,
                                 .workload = o->workload,
                                 .kind = o->kind->number,
                                 .deleting = o->deleting,
                                 .wanted = -1,
                                 .created_wall_ms = o->created_ms};
  if (o->owner != NULL) row.owner = o->owner->key;
  o->kind->show(o, &row);
  if (o->deleting || o->number != 0 || o->dirty) row.settled = 0;
  return row;
}

size_t k8sm_control_rows(const struct k8sm_control *c, size_t first, struct k8sm_control_row *rows,
                         size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(c->objects.map.count, first), seen = 0, written = 0;
  for (const struct ctl_object *o = c->first; o != NULL && written < n && written < left; o = o->next) {
    if (seen++ < first) continue;
    const struct k8sm_control_row row = view_row(o);
    k8smi_row_write(rows, row_size, written++, &row, sizeof row);
  }
  return left;
}

int k8sm_control_object(const struct k8sm_control *c, struct k8sm_slice key, uint32_t format,
                        struct k8sm_blob **ret) {
  const struct ctl_object *o = k8smi_ctl_object_find(c, key);
  if (o == NULL) return K8SM_ERR_NOT_FOUND;
  if (format != K8SM_FORMAT_JSON && format != K8SM_FORMAT_YAML) return K8SM_ERR_UNSUPPORTED;
  return k8smi_ctl_row_write(c, o, format, false, ret);
}
