/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a pod, row by row: a whole one when the pod is placed, later mostly what has changed, and now
 * and then a whole one again, so that no record grows without end. */
#include "base/slice.h"
#include "demand/demand.h"
#include "driver/rest.h"
#include "status/status.h"

static size_t row_count_tasks(const struct drv_pod_view *view) {
  size_t n = 0;
  for (const struct drv_task *t = view->pod->tasks; t != NULL; t = t->next) n += t != view->less;
  for (const struct drv_task *t = view->more; t != NULL; t = t->next) n++;
  return n;
}

static struct drv_snapshot_task *row_list_task(struct drv_snapshot_task *to, const struct drv_task *t) {
  *to = (struct drv_snapshot_task){t->id, t->agent_id};
  return to + 1;
}

static void row_list_tasks(const struct drv_pod_view *view, struct drv_snapshot_task *to) {
  for (const struct drv_task *t = view->pod->tasks; t != NULL; t = t->next) {
    if (t != view->less) to = row_list_task(to, t);
  }
  for (const struct drv_task *t = view->more; t != NULL; t = t->next) to = row_list_task(to, t);
}

int k8smi_drv_row_write_tomb(const struct drv_core *core, const struct drv_task *tasks,
                             const struct drv_task *less, struct k8smi_buf *buf) {
  const struct drv_pod pod = {.tasks = (struct drv_task *)(uintptr_t)tasks};
  const struct drv_pod_view view = {.pod = &pod, .less = less};
  struct drv_snapshot s = {.task_count = row_count_tasks(&view)};
  const size_t bytes = s.task_count * sizeof *s.tasks;
  if (bytes == 0) return K8SM_OK;
  s.tasks = k8smi_alloc(&core->allocator, bytes);
  if (s.tasks == NULL) return K8SM_ERR_NOMEM;
  row_list_tasks(&view, s.tasks);
  k8smi_drv_snapshot_write_tomb(buf, &s);
  k8smi_free(&core->allocator, s.tasks, bytes);
  return buf->failed ? K8SM_ERR_NOMEM : K8SM_OK;
}

static int64_t row_reserved(const struct drv_pod_view *view) {
  if (view->place == NULL) return 0;
  const int64_t reserved = view->place->reserved;
  return reserved == DRV_RESERVED_UNKNOWN ? reserved : reserved + view->reserves;
}

static int row_finish(struct drv_row *row) {
  return row->buf.failed ? K8SM_ERR_NOMEM : K8SM_OK;
}

static int row_write_whole(const struct drv_core *core, const struct drv_pod_view *view,
                           struct drv_snapshot *s, struct drv_row *row) {
  const struct drv_place *place = view->place;
  struct k8sm_blob *json;
  int r = k8sm_pod_encode(view->kube, K8SM_FORMAT_JSON, &core->allocator, &json);
  if (r != K8SM_OK) return r;
  s->pod = k8sm_blob_bytes(json);
  s->attempt = k8sm_demand_attempt(view->status->demand);
  s->nonce = k8smi_s(view->pod->nonce);
  s->form = k8smi_form_name(view->status->demand->form);
  if (place != NULL) {
    s->agent_id = place->agent_id;
    s->hostname = place->hostname;
    s->executor = place->executor;
    s->ports = place->ports;
    s->port_count = place->port_count;
  }
  k8smi_drv_snapshot_write(&row->buf, s, view->status);
  k8sm_blob_unref(json);
  return row_finish(row);
}

/* The list of tasks, where it is to be written, and then the row. */
static int row_write(const struct drv_core *core, const struct drv_pod_view *view, struct drv_row *row,
                     const struct drv_snapshot_change *change) {
  struct drv_snapshot s = {.number = (int64_t)row->number,
                           .deleting = view->deleting,
                           .grace_seconds = view->grace_seconds,
                           .preempted = view->deleting && view->pod->preempted,
                           .reserved = row->reserved,
                           .volumes_made = view->pod->volumes_made};
  const struct drv_nominee *nominated = view->place == NULL ? view->pod->nominee : NULL;
  if (nominated != NULL) {
    s.nominated_agent_id = nominated->agent_id;
    s.nominated_hostname = nominated->hostname;
    s.nominated_role = nominated->role;
    s.nominated_until_ms = nominated->until_wall_ms;
  }
  if (change == NULL || change->tasks) s.task_count = row_count_tasks(view);
  size_t bytes = s.task_count * sizeof *s.tasks;
  if (bytes != 0) s.tasks = k8smi_alloc(&core->allocator, bytes);
  if (bytes != 0 && s.tasks == NULL) return K8SM_ERR_NOMEM;
  if (s.task_count != 0) row_list_tasks(view, s.tasks);
  int r = K8SM_OK;
  if (change == NULL)
    r = row_write_whole(core, view, &s, row);
  else
    k8smi_drv_snapshot_write_change(&row->buf, &s, change, view->status, view->pod->kept);
  k8smi_free(&core->allocator, s.tasks, bytes);
  return r == K8SM_OK ? row_finish(row) : r;
}

int k8smi_drv_row_write(const struct drv_core *core, const struct drv_pod_view *view, struct drv_row *row) {
  const struct drv_pod *pod = view->pod;
  row->reserved = row_reserved(view);
  const struct drv_snapshot_change change = {.deleting = view->deleting,
                                             .volumes = pod->volumes_made != pod->volumes_told,
                                             .reserved = row->reserved != pod->reserved_told,
                                             .tasks = pod->tasks_changed || view->more != NULL ||
                                                      view->less != NULL};
  row->number = pod->row + 1;
  row->append = pod->kept != NULL && view->place == pod->place &&
                k8sm_demand_attempt(pod->kept->demand) == k8sm_demand_attempt(view->status->demand) &&
                pod->appended + 1 < core->options.record_rows;
  return row_write(core, view, row, row->append ? &change : NULL);
}

int k8smi_drv_row_write_whole(const struct drv_core *core, const struct drv_pod_view *view,
                              struct drv_row *row) {
  row->number = view->pod->row;
  row->reserved = row_reserved(view);
  row->append = false;
  return row_write(core, view, row, NULL);
}

void k8smi_drv_row_commit(struct drv_pod *pod, const struct drv_row *row, struct k8sm_status *status) {
  k8sm_status_ref(status);
  k8sm_status_unref(pod->kept);
  pod->kept = status;
  pod->row = row->number;
  pod->appended = row->append ? pod->appended + 1 : 0;
  pod->tasks_changed = false;
  pod->volumes_told = pod->volumes_made;
  pod->reserved_told = row->reserved;
}

void k8smi_drv_row_forget(struct drv_pod *pod) {
  k8sm_status_unref(pod->kept);
  pod->kept = NULL;
  k8smi_drv_rest_forget_row(pod);
}

struct k8sm_slice k8smi_drv_row_key(struct k8sm_slice uid, char *text, size_t cap) {
  static const char prefix[] = "pod/";
  size_t n = uid.len < cap - sizeof prefix ? uid.len : cap - sizeof prefix;
  memcpy(text, prefix, sizeof prefix - 1);
  memcpy(text + sizeof prefix - 1, uid.ptr, n);
  text[sizeof prefix - 1 + n] = '\0';
  return (struct k8sm_slice){text, sizeof prefix - 1 + n};
}
