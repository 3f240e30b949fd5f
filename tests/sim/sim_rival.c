/* SPDX-License-Identifier: Apache-2.0 */
/* Another framework: it takes some of what it is offered for a while, gives the rest back, and is not in our
 * way when the faults are over. It speaks JSON, and its calls take no time. */
#include "sim/sim.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RIVAL_EVENT_MAX = 1 << 20 };

/* Its exchanges have no incarnation: they are told from the process's by that. */
static void rival_call(struct sim *s, const char *json, bool streaming) {
  struct sim_rival *r = &s->rival;
  static const char type[] = "application/json";
  uint64_t exchange = ++r->last_task;
  const struct k8smi_local_request q = {.exchange = exchange,
                                        .method = K8SMI_S("POST"),
                                        .path = K8SMI_S("/api/v1/scheduler"),
                                        .content_type = k8smi_s(type),
                                        .accept = k8smi_s(type),
                                        .body = k8smi_s(json),
                                        .stream_id = {streaming ? NULL : r->stream_id, strlen(r->stream_id)}};
  if (streaming) r->exchange = exchange;
  if (k8smi_local_request(s->local, &q, s->now, sim_wall(s)) != K8SM_OK) abort();
}

static void rival_subscribe(struct sim *s) {
  struct sim_rival *r = &s->rival;
  char json[512], id[128] = "";
  if (r->framework_id[0] != '\0') snprintf(id, sizeof id, ",\"id\":{\"value\":\"%s\"}", r->framework_id);
  snprintf(
      json, sizeof json,
      "{\"type\":\"SUBSCRIBE\"%s%s%s,\"subscribe\":{\"framework_info\":{\"user\":\"root\",\"name\":\"rival\","
      "\"failover_timeout\":100000,\"roles\":[\"%s\"],\"principal\":\"q\",\"capabilities\":[{\"type\":"
      "\"MULTI_ROLE\"},"
      "{\"type\":\"RESERVATION_REFINEMENT\"},{\"type\":\"PARTITION_AWARE\"}]%s}}}",
      id[0] == '\0' ? "" : ",\"framework_id\":{\"value\":\"", id[0] == '\0' ? "" : r->framework_id,
      id[0] == '\0' ? "" : "\"}", r->kin ? "dev" : "*", id);
  k8smi_recordio_reset(&r->recordio);
  r->retry_ms = UINT64_MAX;
  rival_call(s, json, true);
}

void sim_rival_open(struct sim *s) {
  struct sim_rival *r = &s->rival;
  if (r->recordio.max == 0) k8smi_recordio_init(&r->recordio, NULL, RIVAL_EVENT_MAX);
  r->on = true;
  r->retry_ms = s->now;
}

void sim_rival_free(struct sim *s) {
  if (s->rival.recordio.max != 0) k8smi_recordio_free(&s->rival.recordio);
}

/* So much of the first, or of the last, resource of that name that has it: what is reserved is offered to it
 * like all the rest where it has our role. */
static bool rival_take(struct sim *s, const K8smMesos__Offer *offer, const char *name, double want,
                       struct k8smi_buf *json) {
  const K8smMesos__Resource *found = NULL;
  bool last = s->rival.kin && sim_percent(s, SIM_CHANCE_RIVAL, 50);
  for (size_t i = 0; i < offer->n_resources && (found == NULL || last); i++) {
    const K8smMesos__Resource *r = offer->resources[i];
    if (strcmp(r->name, name) == 0 && r->scalar != NULL && r->scalar->value >= want && r->disk == NULL)
      found = r;
  }
  if (found == NULL) return false;
  K8smMesos__Resource part = *found;
  K8smMesos__Value__Scalar scalar = *found->scalar;
  scalar.value = want;
  part.scalar = &scalar;
  k8smi_message_write(json, K8SM_FORMAT_JSON, &part.base);
  return true;
}

/* What it reserves for itself stays behind: it names a pod that is not ours, or looks as if it were. */
static void rival_reserve(struct sim *s, struct k8smi_buf *json) {
  char text[1024];
  snprintf(
      text, sizeof text,
      "{\"type\":\"RESERVE\",\"reserve\":{\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{"
      "\"value\":0.1},\"allocation_info\":{\"role\":\"dev\"},\"reservations\":[{\"type\":\"DYNAMIC\","
      "\"role\":\"dev\",\"principal\":\"q\",\"labels\":{\"labels\":[{\"key\":\"pod\",\"value\":\"%s\"},{"
      "\"key\":\"framework\",\"value\":\"%s\"}]}}]}]}},",
      s->pods[0].uid, s->rival.framework_id);
  k8smi_buf_puts(json, text);
}

static void rival_accept(struct sim *s, const K8smMesos__Offer *offer, struct k8smi_buf *json) {
  struct sim_rival *r = &s->rival;
  struct k8smi_buf taken;
  char text[1024];
  double share = (double)sim_between(s, SIM_CHANCE_RIVAL, 1, 20) / 10;
  k8smi_buf_init(&taken, NULL);
  if (r->kin && sim_percent(s, SIM_CHANCE_RIVAL, 30)) share = 0.01; /* a token */
  bool takes = sim_percent(s, SIM_CHANCE_RIVAL, 40) && rival_take(s, offer, "cpus", share, &taken);
  k8smi_buf_putc(&taken, ',');
  takes = takes && rival_take(s, offer, "mem", share == 0.01 ? 32 : 64, &taken);
  if (takes) {
    snprintf(text, sizeof text,
             "{\"type\":\"ACCEPT\",\"framework_id\":{\"value\":\"%s\"},\"accept\":{\"offer_ids\":[{\"value\":"
             "\"%s\"}],"
             "\"operations\":[",
             r->framework_id, offer->id->value);
    k8smi_buf_puts(json, text);
    if (r->kin && sim_percent(s, SIM_CHANCE_RIVAL, 15)) rival_reserve(s, json);
    snprintf(text, sizeof text,
             "{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[{\"name\":\"r\",\"task_id\":{\"value\":"
             "\"rival%llu\"},"
             "\"agent_id\":{\"value\":\"%s\"},\"command\":{\"value\":\"sleep %d\"},\"resources\":[",
             (unsigned long long)r->last_task, offer->agent_id->value,
             (int)sim_between(s, SIM_CHANCE_RIVAL, 1, 60));
    k8smi_buf_puts(json, text);
    k8smi_buf_put(json, taken.ptr, taken.len);
    s->seen[SIM_SEEN_RIVAL_TOOK]++;
    k8smi_buf_puts(json, "]}]}}],\"filters\":{\"refuse_seconds\":5}}}");
  }
  k8smi_buf_free(&taken);
}

static void rival_decline(struct sim *s, const K8smMesos__Offer *offer, struct k8smi_buf *json) {
  char text[1024];
  snprintf(text, sizeof text,
           "{\"type\":\"DECLINE\",\"framework_id\":{\"value\":\"%s\"},\"decline\":{\"offer_ids\":[{\"value\":"
           "\"%s\"}],"
           "\"filters\":{\"refuse_seconds\":%d}}}",
           s->rival.framework_id, offer->id->value, (int)sim_between(s, SIM_CHANCE_RIVAL, 2, 30));
  k8smi_buf_puts(json, text);
}

static void rival_offer(struct sim *s, const K8smMesos__Offer *offer) {
  struct k8smi_buf json;
  k8smi_buf_init(&json, NULL);
  rival_accept(s, offer, &json);
  if (json.len == 0) rival_decline(s, offer, &json);
  k8smi_buf_putc(&json, '\0');
  rival_call(s, json.ptr, false);
  k8smi_buf_free(&json);
}

static void rival_update(struct sim *s, const K8smMesos__TaskStatus *u) {
  char json[1024], uuid[64];
  if (!u->has_uuid || u->agent_id == NULL) return;
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t n = 0;
  for (size_t i = 0; i < u->uuid.len; i += 3) { /* base64 */
    uint32_t bits = (uint32_t)u->uuid.data[i] << 16;
    if (i + 1 < u->uuid.len) bits |= (uint32_t)u->uuid.data[i + 1] << 8;
    if (i + 2 < u->uuid.len) bits |= u->uuid.data[i + 2];
    for (size_t k = 0; k < 4; k++) uuid[n++] = i + k > u->uuid.len ? '=' : digits[bits >> (18 - 6 * k) & 63];
  }
  uuid[n] = '\0';
  snprintf(json, sizeof json,
           "{\"type\":\"ACKNOWLEDGE\",\"framework_id\":{\"value\":\"%s\"},\"acknowledge\":{\"agent_id\":{"
           "\"value\":\"%s\"},"
           "\"task_id\":{\"value\":\"%s\"},\"uuid\":\"%s\"}}",
           s->rival.framework_id, u->agent_id->value, u->task_id->value, uuid);
  rival_call(s, json, false);
}

static void rival_event(struct sim *s, const K8smMesos__Event *e) {
  if (e->subscribed != NULL)
    snprintf(s->rival.framework_id, sizeof s->rival.framework_id, "%s", e->subscribed->framework_id->value);
  for (size_t i = 0; e->offers != NULL && i < e->offers->n_offers; i++) rival_offer(s, e->offers->offers[i]);
  if (e->update != NULL) rival_update(s, e->update->status);
}

void sim_rival_output(struct sim *s, const struct k8smi_local_output *out) {
  struct sim_rival *r = &s->rival;
  struct k8sm_slice event, bytes = out->body;
  if (out->exchange != r->exchange || !r->on) return;
  if (out->type == K8SMI_LOCAL_END) {
    r->exchange = 0;
    r->retry_ms = s->now + 1000;
  }
  if (out->type == K8SMI_LOCAL_RESPONSE)
    snprintf(r->stream_id, sizeof r->stream_id, "%.*s", (int)out->stream_id.len, out->stream_id.ptr);
  /* What it answers makes the master speak, and its words live only until then: all are read first. */
  struct k8smi_arena arena;
  ProtobufCMessage *events[64];
  size_t n = 0;
  k8smi_arena_init(&arena, NULL, 0);
  while (n < 64 && k8smi_recordio_next(&r->recordio, &bytes.ptr, &bytes.len, &event, NULL) == K8SM_OK) {
    if (k8smi_message_read(&arena, K8SM_FORMAT_JSON, &k8sm_mesos__event__descriptor, event.ptr, event.len,
                           &events[n], NULL) == K8SM_OK) {
      n++;
    }
  }
  for (size_t i = 0; i < n; i++) rival_event(s, (const K8smMesos__Event *)(const void *)events[i]);
  k8smi_arena_free(&arena);
}

uint64_t sim_rival_deadline(const struct sim *s) {
  return s->rival.on ? s->rival.retry_ms : UINT64_MAX;
}

void sim_rival_turn(struct sim *s) {
  if (!s->rival.on || s->rival.retry_ms > s->now) return;
  rival_subscribe(s);
  sim_net_listen(s);
}

void sim_rival_leave(struct sim *s) {
  struct sim_rival *r = &s->rival;
  char json[256];
  if (!r->on) return;
  if (r->exchange != 0 && r->framework_id[0] != '\0') {
    snprintf(json, sizeof json, "{\"type\":\"TEARDOWN\",\"framework_id\":{\"value\":\"%s\"}}",
             r->framework_id);
    rival_call(s, json, false);
  }
  r->on = false;
  sim_net_listen(s);
}
