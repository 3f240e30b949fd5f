/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/snapshot.h"
#include "status/status.h"

static void snapshot_put_port(struct k8smi_json *w, const struct k8sm_plan_port *port) {
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "container", port->container);
  k8smi_json_member(w, "name", port->name);
  k8smi_json_member(w, "protocol", port->protocol);
  k8smi_json_member_i64(w, "container_port", port->container_port);
  k8smi_json_member_i64(w, "host_port", port->host_port);
  k8smi_json_close(w, '}');
}

static void snapshot_put_task(struct k8smi_json *w, const struct drv_snapshot_task *task) {
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "id", task->id);
  k8smi_json_member(w, "agent_id", task->agent_id);
  k8smi_json_close(w, '}');
}

static void snapshot_put_bytes(struct k8smi_json *w, const char *key, struct k8sm_slice bytes) {
  k8smi_json_key(w, key);
  k8smi_json_base64(w, bytes);
}

static void snapshot_put_tasks(struct k8smi_json *w, const struct drv_snapshot *s) {
  k8smi_json_key(w, "tasks");
  k8smi_json_open(w, '[');
  for (size_t i = 0; i < s->task_count; i++) snapshot_put_task(w, &s->tasks[i]);
  k8smi_json_close(w, ']');
}

static void snapshot_put_deleting(struct k8smi_json *w, const struct drv_snapshot *s) {
  k8smi_json_member_i64(w, "deleting", s->deleting);
  k8smi_json_member_i64(w, "grace_seconds", s->grace_seconds);
  if (s->preempted) k8smi_json_member_i64(w, "preempted", s->preempted);
}

static void snapshot_put_nomination(struct k8smi_json *w, const struct drv_snapshot *s) {
  if (s->nominated_agent_id.len == 0) return;
  k8smi_json_member(w, "nominated_agent_id", s->nominated_agent_id);
  k8smi_json_member(w, "nominated_hostname", s->nominated_hostname);
  k8smi_json_member(w, "nominated_role", s->nominated_role);
  k8smi_json_member_i64(w, "nominated_until_ms", s->nominated_until_ms);
}

static void snapshot_put_volumes(struct k8smi_json *w, const struct drv_snapshot *s) {
  k8smi_json_member_i64(w, "volumes_made", s->volumes_made);
}

static void snapshot_put_reserved(struct k8smi_json *w, const struct drv_snapshot *s) {
  k8smi_json_member_i64(w, "reserved", s->reserved);
}

static void snapshot_put_place(struct k8smi_json *w, const struct drv_snapshot *s) {
  k8smi_json_member(w, "agent_id", s->agent_id);
  k8smi_json_member(w, "hostname", s->hostname);
  if (s->reserved != 0) snapshot_put_reserved(w, s);
  snapshot_put_bytes(w, "executor", s->executor);
  k8smi_json_key(w, "ports");
  k8smi_json_open(w, '[');
  for (size_t i = 0; i < s->port_count; i++) snapshot_put_port(w, &s->ports[i]);
  k8smi_json_close(w, ']');
}

static void snapshot_begin(struct k8smi_json *w, struct k8smi_buf *buf, const struct drv_snapshot *s,
                           int64_t version) {
  k8smi_json_init(w, buf, false);
  k8smi_json_open(w, '{');
  k8smi_json_member_i64(w, "version", version);
  k8smi_json_member_i64(w, "number", s->number);
}

static void snapshot_end(struct k8smi_json *w, const struct k8sm_status *status,
                         const struct k8sm_status *since) {
  k8smi_json_key(w, "status");
  k8smi_status_put_record(w, status, since);
  k8smi_json_close(w, '}');
  k8smi_buf_putc(w->buf, '\n');
}

void k8smi_drv_snapshot_write(struct k8smi_buf *buf, const struct drv_snapshot *s,
                              const struct k8sm_status *status) {
  struct k8smi_json w;
  snapshot_begin(&w, buf, s, DRV_SNAPSHOT_VERSION);
  k8smi_json_key(&w, "pod");
  k8smi_json_raw(&w, s->pod);
  k8smi_json_member_i64(&w, "attempt", s->attempt);
  k8smi_json_member(&w, "nonce", s->nonce);
  k8smi_json_member(&w, "form", s->form);
  snapshot_put_deleting(&w, s);
  snapshot_put_nomination(&w, s);
  snapshot_put_place(&w, s);
  if (s->volumes_made != 0) snapshot_put_volumes(&w, s);
  snapshot_put_tasks(&w, s);
  snapshot_end(&w, status, NULL);
}

void k8smi_drv_snapshot_write_change(struct k8smi_buf *buf, const struct drv_snapshot *s,
                                     const struct drv_snapshot_change *change,
                                     const struct k8sm_status *status, const struct k8sm_status *since) {
  struct k8smi_json w;
  snapshot_begin(&w, buf, s, DRV_SNAPSHOT_VERSION);
  if (change->deleting) snapshot_put_deleting(&w, s);
  snapshot_put_nomination(&w, s);
  if (change->volumes) snapshot_put_volumes(&w, s);
  if (change->reserved) snapshot_put_reserved(&w, s);
  if (change->tasks) snapshot_put_tasks(&w, s);
  snapshot_end(&w, status, since);
}

void k8smi_drv_snapshot_write_tomb(struct k8smi_buf *buf, const struct drv_snapshot *s) {
  struct k8smi_json w;
  snapshot_begin(&w, buf, s, DRV_SNAPSHOT_TOMB);
  k8smi_json_member_i64(&w, "gone", 1);
  snapshot_put_tasks(&w, s);
  k8smi_json_close(&w, '}');
  k8smi_buf_putc(buf, '\n');
}

void k8smi_drv_snapshot_write_claim(struct k8smi_buf *buf, struct k8sm_slice agent_id) {
  struct k8smi_json w;
  k8smi_json_init(&w, buf, false);
  k8smi_json_open(&w, '{');
  k8smi_json_member_i64(&w, "version", DRV_SNAPSHOT_CLAIM_VERSION);
  k8smi_json_member(&w, "agent_id", agent_id);
  k8smi_json_close(&w, '}');
  k8smi_buf_putc(buf, '\n');
}

void k8smi_drv_snapshot_write_volume(struct k8smi_buf *buf, const struct drv_snapshot_volume *v) {
  struct k8smi_json w;
  k8smi_json_init(&w, buf, false);
  k8smi_json_open(&w, '{');
  k8smi_json_member_i64(&w, "version", DRV_SNAPSHOT_VOLUME_VERSION);
  k8smi_json_member(&w, "id", v->id);
  k8smi_json_member(&w, "agent_id", v->agent_id);
  k8smi_json_member(&w, "hostname", v->hostname);
  k8smi_json_member(&w, "storage_class", v->storage_class);
  k8smi_json_member_i64(&w, "milli", v->milli);
  if (v->supposed != 0) k8smi_json_member_i64(&w, "supposed", v->supposed);
  k8smi_json_close(&w, '}');
  k8smi_buf_putc(buf, '\n');
}
