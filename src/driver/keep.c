/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/state.h"
#include "status/status.h"

/* Queues the row, and what it means. */
static int keep_put_row(struct k8sm_driver *d, struct drv_pod *pod, const struct drv_row *row,
                        const struct drv_record *as) {
  char text[DRV_ID_CAP + 8];
  struct drv_record *record;
  int r = k8smi_drv_record_new(&d->core, as->kind, &record);
  if (r != K8SM_OK) return r;
  *record = *as;
  r = k8smi_drv_record_put(&d->records, &d->core, record, k8smi_drv_row_key(pod->uid, text, sizeof text),
                           (struct k8sm_slice){row->buf.ptr, row->buf.len});
  if (r != K8SM_OK) {
    k8smi_free(&d->core.allocator, record, sizeof *record);
    return r;
  }
  pod->recorded = true;
  pod->buried = as->kind == DRV_RECORD_BURY;
  pod->removing = pod->buried || as->kind == DRV_RECORD_REMOVE ? record->number.number : 0;
  pod->finals += as->final;
  return K8SM_OK;
}

static int keep_write_row(const struct k8sm_driver *d, const struct drv_pod_view *view,
                          enum drv_record_kind kind, struct drv_row *row) {
  if (kind == DRV_RECORD_REMOVE) return K8SM_OK;
  if (kind == DRV_RECORD_BURY) return k8smi_drv_row_write_tomb(&d->core, view->pod->tasks, NULL, &row->buf);
  return k8smi_drv_row_write(&d->core, view, row);
}

int k8smi_drv_pod_keep(struct k8sm_driver *d, const struct drv_pod_view *view, enum drv_record_kind kind,
                       struct drv_call *call) {
  enum { LENT = 2048 };
  _Alignas(8) char lent[LENT];
  struct drv_row row = {.number = 0};
  struct drv_pod *pod = d->pods.slots[view->pod->slot];
  bool removes = kind == DRV_RECORD_REMOVE || kind == DRV_RECORD_BURY;
  k8smi_buf_init(&row.buf, &d->core.allocator);
  k8smi_buf_lend(&row.buf, lent, sizeof lent);
  int r = keep_write_row(d, view, kind, &row);
  const struct drv_record as = {.kind = kind,
                                .call = call,
                                .pod = pod,
                                .final = !removes && k8smi_status_is_final(view->status),
                                .append = row.append};
  if (r == K8SM_OK) r = keep_put_row(d, pod, &row, &as);
  if (r == K8SM_OK && removes) k8smi_drv_row_forget(pod);
  if (r == K8SM_OK && !removes) k8smi_drv_row_commit(pod, &row, pod->status);
  k8smi_buf_free(&row.buf);
  if (r == K8SM_OK && call != NULL) k8smi_drv_outbox_push(&d->outbox, call);
  return r;
}
