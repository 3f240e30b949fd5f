/* SPDX-License-Identifier: Apache-2.0 */
/* What a host may read of a driver. */
#include "base/abi.h"
#include "base/slice.h"
#include "cluster/cluster.h"
#include "driver/rest.h"

struct k8sm_slice k8sm_driver_framework_id(const struct k8sm_driver *driver) {
  return k8smi_drv_text(&driver->session.framework_id);
}

static int view_record(struct k8sm_effects *effects, struct k8sm_slice key, struct k8sm_slice bytes) {
  const struct k8sm_effect e = {.type = K8SM_EFFECT_RECORD, .to = K8SM_TO_STORE, .key = key, .bytes = bytes};
  return k8smi_effects_add(effects, &e);
}

/* One whose record is about to go has come to its end, or all that is kept of it are its tasks. */
static bool view_is_recorded(const struct drv_pod *pod) {
  return pod != NULL && pod->recorded && !pod->removed && (pod->removing == 0 || pod->buried);
}

static int view_record_tomb(const struct k8sm_driver *d, struct k8sm_slice uid, const struct drv_task *tasks,
                            struct k8sm_effects *effects) {
  char text[DRV_ID_CAP + 8];
  struct k8smi_buf row;
  k8smi_buf_init(&row, &d->core.allocator);
  int r = k8smi_drv_row_write_tomb(&d->core, tasks, NULL, &row);
  if (r == K8SM_OK && row.len != 0)
    r = view_record(effects, k8smi_drv_row_key(uid, text, sizeof text),
                    (struct k8sm_slice){row.ptr, row.len});
  k8smi_buf_free(&row);
  return r;
}

static int view_record_row(const struct k8sm_driver *d, const struct drv_pod_view *view,
                           struct k8sm_effects *effects) {
  char text[DRV_ID_CAP + 8];
  struct drv_row row;
  k8smi_buf_init(&row.buf, &d->core.allocator);
  int r = k8smi_drv_row_write_whole(&d->core, view, &row);
  if (r == K8SM_OK)
    r = view_record(effects, k8smi_drv_row_key(view->pod->uid, text, sizeof text),
                    (struct k8sm_slice){row.buf.ptr, row.buf.len});
  k8smi_buf_free(&row.buf);
  return r;
}

/* One at rest is opened for its row only. */
static int view_record_pod(const struct k8sm_driver *d, const struct drv_pod *pod,
                           struct k8sm_effects *effects) {
  struct drv_pod_view view = k8smi_drv_pod_view(pod);
  struct drv_parts parts;
  if (pod->removing != 0) return view_record_tomb(d, pod->uid, pod->tasks, effects);
  if (pod->rest == NULL) return view_record_row(d, &view, effects);
  int r = k8smi_drv_parts_open(&d->core, pod, &parts);
  if (r != K8SM_OK) return r;
  view.kube = parts.pod;
  view.status = parts.status;
  r = view_record_row(d, &view, effects);
  k8smi_drv_parts_close(&parts);
  return r;
}

static int view_record_claim(const struct k8sm_driver *d, const struct drv_claim *claim,
                             struct k8sm_effects *effects) {
  char text[DRV_ID_CAP + 8];
  struct k8smi_buf row;
  if (claim->removing) return K8SM_OK;
  k8smi_buf_init(&row, &d->core.allocator);
  k8smi_drv_claim_row(d, claim, &row);
  int r = row.failed ? K8SM_ERR_NOMEM
                     : view_record(effects, k8smi_drv_claim_key(claim, text, sizeof text),
                                   (struct k8sm_slice){row.ptr, row.len});
  k8smi_buf_free(&row);
  return r;
}

static int view_record_volume(const struct k8sm_driver *d, const struct drv_volume *volume,
                              struct k8sm_effects *effects) {
  char text[DRV_ID_CAP + 8];
  struct k8smi_buf row;
  if (!volume->made) return K8SM_OK;
  k8smi_buf_init(&row, &d->core.allocator);
  k8smi_drv_volume_row(volume, &row);
  int r = row.failed ? K8SM_ERR_NOMEM
                     : view_record(effects, k8smi_drv_volume_key(volume, text, sizeof text),
                                   (struct k8sm_slice){row.ptr, row.len});
  k8smi_buf_free(&row);
  return r;
}

int k8sm_driver_snapshot(const struct k8sm_driver *driver, struct k8sm_effects *effects) {
  int r = K8SM_OK;
  k8smi_effects_clear(effects);
  if (driver->framework_kept)
    r = view_record(effects, K8SMI_S("framework"), k8smi_drv_text(&driver->session.framework_id));
  for (size_t i = 0; r == K8SM_OK && i < driver->pods.count; i++) {
    if (view_is_recorded(driver->pods.slots[i])) r = view_record_pod(driver, driver->pods.slots[i], effects);
  }
  for (size_t i = 0; r == K8SM_OK && i < driver->claims.count; i++)
    r = view_record_claim(driver, driver->claims.items[i], effects);
  for (size_t i = 0; r == K8SM_OK && i < driver->volumes.count; i++)
    r = view_record_volume(driver, driver->volumes.items[i], effects);
  for (size_t i = 0; r == K8SM_OK && i < driver->tombs.count; i++)
    r = view_record_tomb(driver, driver->tombs.items[i]->uid, driver->tombs.items[i]->tasks, effects);
  return r;
}

/* The slot of the pod with this number. Who lists all pods a few at a time goes on where the last call ended.
 */
static size_t view_slot(struct k8sm_driver *d, size_t first) {
  struct drv_seen *seen = &d->pods.seen;
  size_t slot = first < seen->number ? 0 : seen->slot, number = first < seen->number ? 0 : seen->number;
  for (; slot < d->pods.count && (number < first || d->pods.slots[slot] == NULL); slot++)
    number += d->pods.slots[slot] != NULL;
  *seen = (struct drv_seen){number, slot};
  return slot;
}

size_t k8sm_driver_pods(struct k8sm_driver *driver, size_t first, struct k8sm_driver_pod *rows,
                        size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(driver->pods.by_uid.count, first), written = 0;
  if (left == 0 || n == 0) return left;
  k8smi_drv_rest_hide(driver);
  for (size_t i = view_slot(driver, first); i < driver->pods.count && written < n; i++) {
    struct drv_pod *pod = driver->pods.slots[i];
    if (pod == NULL) continue;
    if (k8smi_drv_pod_show(driver, pod) != K8SM_OK) return 0;
    const struct k8sm_driver_pod row = {pod->pod, pod->status, pod->demand,
                                        pod->deleting || pod->delete_asked, 0};
    k8smi_row_write(rows, row_size, written++, &row, sizeof row);
  }
  return left;
}

size_t k8sm_driver_ports(const struct k8sm_driver *driver, size_t first, struct k8sm_plan_port *rows,
                         size_t row_size, size_t n) {
  size_t total = 0, written = 0;
  uint32_t number = 0;
  for (size_t i = 0; i < driver->pods.count; i++) {
    const struct drv_pod *pod = driver->pods.slots[i];
    if (pod == NULL) continue;
    for (size_t k = 0; pod->place != NULL && k < pod->place->port_count; k++) {
      struct k8sm_plan_port row = pod->place->ports[k];
      row.placement = number;
      if (total++ >= first && written < n) k8smi_row_write(rows, row_size, written++, &row, sizeof row);
    }
    number++;
  }
  return k8smi_rows_left(total, first);
}

size_t k8sm_driver_volumes(const struct k8sm_driver *driver, size_t first, struct k8sm_driver_volume *rows,
                           size_t row_size, size_t n) {
  size_t total = 0, written = 0;
  for (size_t i = 0; i < driver->volumes.count; i++) {
    const struct drv_volume *v = driver->volumes.items[i];
    if (!v->made || total++ < first || written == n) continue;
    const struct k8sm_driver_volume row = {.claim = v->claim,
                                           .id = v->id,
                                           .agent_id = v->agent_id,
                                           .hostname = v->hostname,
                                           .storage_class = v->storage_class,
                                           .milli = v->milli,
                                           .supposed = v->supposed,
                                           .deleting = k8smi_drv_claim_is_deleted(driver, v->claim)};
    k8smi_row_write(rows, row_size, written++, &row, sizeof row);
  }
  return k8smi_rows_left(total, first);
}

int k8sm_driver_count(const struct k8sm_driver *driver, struct k8sm_driver_counters *ret) {
  struct k8sm_driver_counters row = driver->core.counters;
  row.tombstones = driver->tombs.count;
  row.releases_due = driver->offers.owing.count + k8smi_drv_claims_open(driver);
  return k8smi_struct_write(ret, &row, sizeof row);
}

/* ---- Agents ---- */

size_t k8sm_driver_agents(const struct k8sm_driver *d, size_t first, struct k8sm_agent *rows, size_t row_size,
                          size_t n) {
  return k8sm_cluster_agents(d->offers.cluster, first, rows, row_size, n);
}

size_t k8sm_driver_agent_executors(const struct k8sm_driver *d, struct k8sm_slice agent_id, size_t first,
                                   struct k8sm_executor *rows, size_t row_size, size_t n) {
  return k8sm_cluster_executors(d->offers.cluster, agent_id, first, rows, row_size, n);
}

/* NULL: it is not known. */
static const struct k8smi_agent *view_agent(const struct k8sm_driver *d, struct k8sm_slice id) {
  uint32_t row = k8smi_agent_find(d->offers.cluster, id);
  const struct k8smi_agent *agent = row == K8SMI_MAP_NONE ? NULL : k8smi_agent_at(d->offers.cluster, row);
  return agent == NULL || agent->labels == NULL ? NULL : agent;
}

/* Of equal keys the first one counts, and others are left out. */
size_t k8sm_driver_agent_labels(const struct k8sm_driver *d, struct k8sm_slice agent_id, size_t first,
                                struct k8sm_node_label *rows, size_t row_size, size_t n) {
  const struct k8smi_agent *agent = view_agent(d, agent_id);
  struct k8sm_slice before = {NULL, 0};
  size_t count = 0, written = 0;
  for (size_t i = 0; agent != NULL && i < k8smi_labels_count(agent->labels); i++) {
    const struct k8smi_pair pair = k8smi_labels_at(agent->labels, i);
    if (before.ptr != NULL && k8smi_eq(before, pair.key)) continue;
    before = pair.key;
    const struct k8sm_node_label row = {pair.key.ptr, pair.value.ptr};
    if (count++ >= first && written < n) k8smi_row_write(rows, row_size, written++, &row, sizeof row);
  }
  return k8smi_rows_left(count, first);
}

size_t k8sm_driver_agent_taints(const struct k8sm_driver *d, struct k8sm_slice agent_id, size_t first,
                                struct k8sm_node_taint *rows, size_t row_size, size_t n) {
  const struct k8smi_agent *agent = view_agent(d, agent_id);
  size_t count = agent == NULL ? 0 : agent->labels->set->taint_count, left = k8smi_rows_left(count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    const struct k8smi_taint *taint = &k8smi_label_set_taints(agent->labels->set).items[first + i];
    const struct k8sm_node_taint row = {taint->key.ptr, taint->value.ptr, k8smi_effect_name(taint->effect)};
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}
