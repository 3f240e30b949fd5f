/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct km_trace {
  FILE *out;
  const char *name;
  bool failed;
};

static json_t *hex(struct k8sm_slice s) {
  static const char digits[] = "0123456789abcdef";
  char *text = km_alloc(NULL, 2 * s.len + 1);
  for (size_t i = 0; i < s.len; i++) {
    text[2 * i] = digits[(unsigned char)s.ptr[i] >> 4];
    text[2 * i + 1] = digits[(unsigned char)s.ptr[i] & 15];
  }
  json_t *value = json_stringn(text, 2 * s.len);
  free(text);
  return value;
}

/* Members with nothing in them are left out. */
static void set_hex(json_t *object, const char *name, struct k8sm_slice s) {
  if (s.ptr != NULL) json_object_set_new(object, name, hex(s));
}

static void set_number(json_t *object, const char *name, uint64_t n) {
  if (n != 0) json_object_set_new(object, name, json_integer((json_int_t)n));
}

static void set_text(json_t *object, const char *name, const char *text) {
  if (text != NULL) json_object_set_new(object, name, json_string(text));
}

static void write_line(struct km_trace *t, json_t *object) {
  bool ok = json_dumpf(object, t->out, JSON_COMPACT) == 0 && putc('\n', t->out) != EOF && fflush(t->out) == 0;
  json_decref(object);
  if (ok || t->failed) return;
  fprintf(stderr, "km: %s: %s; the recording ends here\n", t->name, strerror(errno));
  t->failed = true;
}

static json_t *data_rows(const struct km_driver_setup *s) {
  json_t *rows = json_array();
  for (size_t i = 0; i < s->data_count; i++) {
    const struct k8sm_manifest_data *d = &s->data[i];
    json_t *row = json_object();
    set_hex(row, "kind", d->kind);
    set_hex(row, "namespace", d->name_space);
    set_hex(row, "name", d->name);
    set_hex(row, "key", d->key);
    set_hex(row, "value", d->value);
    if (d->flags != 0) json_object_set_new(row, "flags", json_integer(d->flags));
    json_array_append_new(rows, row);
  }
  return rows;
}

static void set_texts(json_t *head, const char *key, const struct km_texts *texts) {
  json_t *list = json_array();
  for (size_t i = 0; i < texts->count; i++) json_array_append_new(list, json_string(texts->items[i]));
  json_object_set_new(head, key, list);
}

static void set_mapping(json_t *head, const struct km_demand_flags *m) {
  set_text(head, "role", m->role);
  set_text(head, "principal", m->principal);
  set_text(head, "form", m->form);
  set_text(head, "network", m->network);
  set_text(head, "reservation", m->reservation);
  set_text(head, "reservationPrincipal", m->reservation_principal);
  set_texts(head, "policies", &m->policies);
  set_texts(head, "users", &m->users);
  set_texts(head, "storageClasses", &m->classes);
  set_text(head, "agentFeatures", m->agent_features);
  set_hex(head, "executorOverlay", m->executor_overlay);
  set_hex(head, "taskOverlay", m->task_overlay);
  set_number(head, "hostFilesystem", m->host_filesystem);
  set_number(head, "noLimits", m->no_limits);
  set_number(head, "originalDefaults", m->original_defaults);
  set_number(head, "commandProbes", m->command_probes);
  set_number(head, "formFallback", m->form_fallback);
}

struct km_trace *km_trace_create(const char *file, const struct km_driver_setup *s) {
  /* Secrets are among the data: for the owner's eyes. */
  int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
  if (out == NULL) {
    fprintf(stderr, "km: %s: %s\n", file, strerror(errno));
    return NULL;
  }
  struct km_trace *t = km_alloc(NULL, sizeof *t);
  *t = (struct km_trace){out, file, false};
  json_t *head = json_object();
  set_text(head, "km", k8sm_version_text());
  set_text(head, "master", s->master);
  set_text(head, "name", s->name);
  set_text(head, "user", s->user);
  set_text(head, "protocol", s->protocol);
  set_number(head, "seed", s->seed);
  set_number(head, "controlSeed", s->control_seed);
  set_number(head, "adopt", s->adopt_ms);
  set_number(head, "launchTimeout", s->launch_timeout_ms);
  set_number(head, "preemption", s->preemption);
  set_number(head, "noFeedback", s->no_feedback);
  set_mapping(head, s->mapping);
  json_object_set_new(head, "data", data_rows(s));
  write_line(t, head);
  return t;
}

static void set_pod(json_t *line, const struct k8sm_pod *pod) {
  struct k8sm_blob *blob;
  if (pod == NULL || k8sm_pod_encode(pod, K8SM_FORMAT_JSON, NULL, &blob) != K8SM_OK) return;
  set_hex(line, "pod", k8sm_blob_bytes(blob));
  k8sm_blob_unref(blob);
}

void km_trace_write(struct km_trace *t, const struct k8sm_input *in, int result,
                    const struct k8sm_effects *effects) {
  if (t == NULL || t->failed) return;
  json_t *line = json_object();
  set_number(line, "type", in->type);
  set_number(line, "status", in->status);
  set_number(line, "mono", in->mono_ms);
  set_number(line, "wall", (uint64_t)in->wall_ms);
  set_number(line, "exchange", in->exchange);
  set_number(line, "number", in->number);
  set_hex(line, "key", in->key);
  set_hex(line, "bytes", in->bytes);
  set_hex(line, "contentType", in->content_type);
  set_hex(line, "streamID", in->stream_id);
  set_hex(line, "location", in->location);
  set_pod(line, in->pod);
  set_number(line, "grace", (uint64_t)in->grace_seconds);
  set_number(line, "flags", in->flags);
  set_number(line, "result", (uint64_t)(int64_t)result);
  set_number(line, "sum", km_trace_sum(effects));
  write_line(t, line);
}

static void add_hex(json_t *list, const char *text) {
  json_array_append_new(list, hex((struct k8sm_slice){text, strlen(text)}));
}

/* Labels and taints one after the other, the members of each by turns. */
static void set_node(json_t *row, const struct k8sm_node *node) {
  json_t *labels = json_array(), *taints = json_array();
  for (size_t i = 0; i < node->label_count; i++) {
    add_hex(labels, node->labels[i].key);
    add_hex(labels, node->labels[i].value);
  }
  for (size_t i = 0; i < node->taint_count; i++) {
    add_hex(taints, node->taints[i].key);
    add_hex(taints, node->taints[i].value);
    add_hex(taints, node->taints[i].effect);
  }
  json_object_set_new(row, "labels", labels);
  json_object_set_new(row, "taints", taints);
}

static void set_agents(json_t *line, const struct k8sm_control_agent *agents, size_t n) {
  json_t *rows = json_array();
  for (size_t i = 0; i < n; i++) {
    json_t *row = json_object();
    set_hex(row, "name", agents[i].name);
    if (agents[i].node != NULL) set_node(row, agents[i].node);
    json_array_append_new(rows, row);
  }
  json_object_set_new(line, "agents", rows);
}

static void set_workload(json_t *line, const struct k8sm_workload *workload) {
  struct k8sm_blob *blob;
  if (workload == NULL || k8sm_workload_encode(workload, K8SM_FORMAT_JSON, NULL, &blob) != K8SM_OK) return;
  set_hex(line, "workload", k8sm_blob_bytes(blob));
  k8sm_blob_unref(blob);
}

void km_trace_write_control(struct km_trace *t, const struct k8sm_control_input *in, int result,
                            const struct k8sm_effects *effects) {
  if (t == NULL || t->failed) return;
  json_t *line = json_object();
  json_object_set_new(line, "control", json_true());
  set_number(line, "type", in->type);
  set_number(line, "flags", in->flags);
  set_number(line, "mono", in->mono_ms);
  set_number(line, "wall", (uint64_t)in->wall_ms);
  set_number(line, "number", in->number);
  set_hex(line, "key", in->key);
  set_hex(line, "bytes", in->bytes);
  set_workload(line, in->workload);
  set_pod(line, in->pod);
  set_number(line, "grace", (uint64_t)in->grace_seconds);
  if (in->agent_count > 0) set_agents(line, in->agents, in->agent_count);
  set_number(line, "result", (uint64_t)(int64_t)result);
  set_number(line, "sum", km_trace_sum(effects));
  write_line(t, line);
}

void km_trace_close(struct km_trace *t) {
  if (t == NULL) return;
  fclose(t->out);
  free(t);
}

static uint64_t add(uint64_t sum, const void *bytes, size_t len) {
  const unsigned char *p = bytes;
  for (size_t i = 0; i < len; i++) sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
  return (sum ^ len) * UINT64_C(0x100000001b3);
}

/* Of a status what is shown of it, and of a pod that is to run all of it. */
static uint64_t add_effect(uint64_t sum, const struct k8sm_effect *e) {
  struct k8sm_blob *json = NULL;
  bool shows = e->status != NULL && k8sm_status_encode(e->status, K8SM_FORMAT_JSON, NULL, &json) == K8SM_OK;
  shows |= e->pod != NULL && k8sm_pod_encode(e->pod, K8SM_FORMAT_JSON, NULL, &json) == K8SM_OK;
  const uint64_t numbers[] = {
      e->type, e->to, e->number, e->exchange, e->flags, e->code, (uint64_t)e->grace_seconds};
  const struct k8sm_slice why = {e->reason, e->reason == NULL ? 0 : strlen(e->reason)};
  const struct k8sm_slice texts[] = {
      e->authority, e->method,    e->path, e->content_type,
      e->accept,    e->stream_id, e->key,  shows ? k8sm_blob_bytes(json) : e->bytes,
      why};
  sum = add(sum, numbers, sizeof numbers);
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) sum = add(sum, texts[k].ptr, texts[k].len);
  k8sm_blob_unref(json);
  return sum;
}

uint64_t km_trace_sum(const struct k8sm_effects *effects) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325);
  struct k8sm_effect e;
  for (size_t i = 0; k8sm_effects_rows(effects, i, &e, sizeof e, 1) > 0; i++) sum = add_effect(sum, &e);
  return sum;
}
