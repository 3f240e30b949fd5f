/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "support/local_client.h"

#include <stdio.h>
#include <string.h>

static const int64_t CLIENT_EPOCH_MS = INT64_C(1700000000000);

struct k8smi_local *client_local(const char *resources, size_t agents) {
  struct k8smi_local_agent rows[16] = {{0}};
  struct k8smi_local_options options = {
      .size = sizeof(options), .agents = rows, .agent_count = agents, .seed = 7};
  struct k8smi_local *local = NULL;
  assert_true(agents <= 16);
  for (size_t i = 0; i < agents; i++) {
    rows[i].resources = resources;
    rows[i].attributes = "rack:r1;gen:2015";
  }
  assert_int_equal(k8smi_local_new(&options, &local, NULL), K8SM_OK);
  return local;
}

void client_init(struct client *c, struct k8smi_local *local, uint32_t format) {
  memset(c, 0, sizeof(*c));
  c->local = local;
  c->format = format;
  c->clock = &c->now;
  c->exchanges = &c->own_exchanges;
  c->acknowledge = true;
  assert_true(k8smi_arena_init(&c->arena, NULL, 0));
  k8smi_recordio_init(&c->recordio, &c->arena.allocator, 1 << 24);
}

void client_join(struct client *c, struct client *first, uint32_t format) {
  client_init(c, first->local, format);
  c->clock = first->clock;
  c->exchanges = first->exchanges;
  c->peer = first->peer == NULL ? first : first->peer;
  first->peer = c;
}

void client_free(struct client *c) {
  k8smi_recordio_free(&c->recordio);
  k8smi_arena_free(&c->arena);
}

static void client_forget_offer(struct client *c, const char *id) {
  for (size_t i = 0; i < c->offer_count; i++) {
    if (strcmp(c->offers[i]->id->value, id) == 0) {
      memmove(&c->offers[i], &c->offers[i + 1], (--c->offer_count - i) * sizeof(c->offers[0]));
      return;
    }
  }
}

static void client_take(struct client *c, K8smMesos__Event *event) {
  assert_true(c->event_count < CLIENT_MAX_EVENTS);
  c->events[c->event_count++] = event;
  switch (event->type) {
  case K8SM_MESOS__EVENT__TYPE__SUBSCRIBED:
    snprintf(c->framework_id, sizeof(c->framework_id), "%s", event->subscribed->framework_id->value);
    c->offer_count = 0;
    break;
  case K8SM_MESOS__EVENT__TYPE__OFFERS:
    for (size_t i = 0; i < event->offers->n_offers; i++) {
      assert_true(c->offer_count < CLIENT_MAX_OFFERS);
      c->offers[c->offer_count++] = event->offers->offers[i];
    }
    break;
  case K8SM_MESOS__EVENT__TYPE__RESCIND: client_forget_offer(c, event->rescind->offer_id->value); break;
  default: break;
  }
}

void client_feed(struct client *c, struct k8sm_slice body) {
  const char *at = body.ptr;
  size_t left = body.len;
  struct k8sm_slice record;
  while (k8smi_recordio_next(&c->recordio, &at, &left, &record, NULL) == K8SM_OK) {
    ProtobufCMessage *event;
    assert_int_equal(k8smi_message_read(&c->arena, K8SM_FORMAT_AUTO, &k8sm_mesos__event__descriptor,
                                        record.ptr, record.len, &event, NULL),
                     K8SM_OK);
    client_take(c, (void *)event);
  }
  assert_false(k8smi_recordio_partial(&c->recordio));
}

static void client_put(char *to, size_t cap, struct k8sm_slice from) {
  size_t n = from.len < cap ? from.len : cap - 1;
  if (n > 0) memcpy(to, from.ptr, n);
  to[n] = '\0';
}

static void client_output(struct client *c, const struct k8smi_local_output *out) {
  if (out->type == K8SMI_LOCAL_RESPONSE) {
    c->status = out->status;
    client_put(c->content_type, sizeof(c->content_type), out->content_type);
    client_put(c->location, sizeof(c->location), out->location);
    client_put(c->body, sizeof(c->body), out->body);
    if (out->streaming) {
      c->stream = out->exchange;
      c->open = true;
      client_put(c->stream_id, sizeof(c->stream_id), out->stream_id);
      k8smi_recordio_reset(&c->recordio);
    }
  } else if (out->type == K8SMI_LOCAL_CHUNK) {
    client_feed(c, out->body);
  } else if (out->exchange == c->stream) {
    c->open = false;
  }
}

/* Streams belong to whoever opened them; an answer to whoever asks now. */
static void client_drain(struct client *c) {
  struct k8smi_local_output out;
  while (k8smi_local_next(c->local, &out) == K8SM_OK) {
    struct client *to = c;
    for (struct client *p = c->peer; out.exchange != c->stream && p != NULL && p != c; p = p->peer) {
      if (p->stream == out.exchange && out.type != K8SMI_LOCAL_RESPONSE) to = p;
    }
    client_output(to, &out);
  }
}

static void client_acknowledge_one(struct client *c, const K8smMesos__TaskStatus *status) {
  K8smMesos__FrameworkID id = K8SM_MESOS__FRAMEWORK_ID__INIT;
  K8smMesos__Call__Acknowledge body = K8SM_MESOS__CALL__ACKNOWLEDGE__INIT;
  K8smMesos__Call call = K8SM_MESOS__CALL__INIT;
  id.value = c->framework_id;
  body.agent_id = status->agent_id;
  body.task_id = status->task_id;
  body.uuid = status->uuid;
  call.framework_id = &id;
  call.has_type = 1;
  call.type = K8SM_MESOS__CALL__TYPE__ACKNOWLEDGE;
  call.acknowledge = &body;
  client_call_message(c, &call);
}

static void client_acknowledge_all(struct client *c) {
  while (c->acknowledge && c->open && c->acknowledged < c->event_count) {
    const K8smMesos__Event *event = c->events[c->acknowledged++];
    if (event->update != NULL && event->update->status->has_uuid)
      client_acknowledge_one(c, event->update->status);
  }
}

void client_send(struct client *c, const char *method, const char *path, const char *content_type,
                 const char *accept, const char *stream_id, struct k8sm_slice body) {
  struct k8smi_local_request request = {
      .exchange = ++*c->exchanges,
      .method = k8smi_s(method),
      .path = k8smi_s(path),
      .content_type = k8smi_s(content_type),
      .accept = k8smi_s(accept),
      .body = body,
      .stream_id = k8smi_s(stream_id),
  };
  c->status = 0;
  assert_int_equal(k8smi_local_request(c->local, &request, *c->clock, CLIENT_EPOCH_MS + (int64_t)*c->clock),
                   K8SM_OK);
  client_drain(c);
}

static const char *client_type(const struct client *c) {
  return c->format == K8SM_FORMAT_JSON ? "application/json" : "application/x-protobuf";
}

uint32_t client_call_message(struct client *c, const K8smMesos__Call *call) {
  return client_call_as(c, call, call->type == K8SM_MESOS__CALL__TYPE__SUBSCRIBE ? NULL : c->stream_id);
}

uint32_t client_call_as(struct client *c, const K8smMesos__Call *call, const char *stream_id) {
  struct k8smi_buf bytes;
  k8smi_buf_init(&bytes, NULL);
  k8smi_message_write(&bytes, c->format, &call->base);
  assert_false(bytes.failed);
  client_send(c, "POST", "/api/v1/scheduler", client_type(c), client_type(c), stream_id,
              (struct k8sm_slice){bytes.ptr, bytes.len});
  k8smi_buf_free(&bytes);
  uint32_t status = c->status;
  if (call->accept != NULL) {
    for (size_t i = 0; i < call->accept->n_offer_ids; i++)
      client_forget_offer(c, call->accept->offer_ids[i]->value);
  }
  if (call->decline != NULL) {
    for (size_t i = 0; i < call->decline->n_offer_ids; i++)
      client_forget_offer(c, call->decline->offer_ids[i]->value);
  }
  client_acknowledge_all(c);
  return status;
}

uint32_t client_call(struct client *c, const char *json) {
  struct k8smi_buf text;
  ProtobufCMessage *call;
  k8smi_buf_init(&text, NULL);
  for (const char *p = json; *p != '\0'; p++) {
    char key = p[0] == '%' ? p[1] : '\0';
    if (key == 'F') {
      k8smi_buf_puts(&text, c->framework_id);
    } else if (key == 'O' || key == 'A') {
      assert_true(c->offer_count > 0);
      k8smi_buf_puts(&text, key == 'O' ? c->offers[0]->id->value : c->offers[0]->agent_id->value);
    } else {
      k8smi_buf_putc(&text, *p);
      continue;
    }
    p++;
  }
  assert_int_equal(
      k8smi_message_decode_json(&c->arena, &k8sm_mesos__call__descriptor, text.ptr, text.len, &call, NULL),
      K8SM_OK);
  k8smi_buf_free(&text);
  return client_call_message(c, (void *)call);
}

uint32_t client_subscribe(struct client *c, const char *more) {
  char text[2048];
  const char *id = c->framework_id;
  snprintf(text, sizeof(text),
           "{\"type\":\"SUBSCRIBE\",%s%s%s\"subscribe\":{\"framework_info\":{\"user\":\"root\",\"name\":"
           "\"test\"%s%s%s,"
           "\"capabilities\":[{\"type\":\"MULTI_ROLE\"},{\"type\":\"PARTITION_AWARE\"},{\"type\":\"TASK_"
           "KILLING_STATE\"},"
           "{\"type\":\"RESERVATION_REFINEMENT\"}]%s}}}",
           *id ? "\"framework_id\":{\"value\":\"" : "", id, *id ? "\"}," : "",
           *id ? ",\"id\":{\"value\":\"" : "", id, *id ? "\"}" : "", *more ? more : ",\"roles\":[\"*\"]");
  return client_call(c, text);
}

void client_wait(struct client *c, uint64_t ms) {
  uint64_t end = *c->clock + ms;
  while (*c->clock < end) {
    uint64_t next = k8smi_local_deadline(c->local);
    *c->clock = next <= *c->clock ? *c->clock + 1 : next < end ? next : end;
    assert_int_equal(k8smi_local_advance(c->local, *c->clock, CLIENT_EPOCH_MS + (int64_t)*c->clock), K8SM_OK);
    client_drain(c);
    client_acknowledge_all(c);
  }
}

bool client_await_offer(struct client *c) {
  for (int i = 0; i < 100 && c->offer_count == 0; i++) client_wait(c, 100);
  return c->offer_count > 0;
}

void client_gather(struct client *c) {
  while (c->offer_count > 0) {
    client_call(c, "{\"type\":\"DECLINE\",\"framework_id\":{\"value\":\"%F\"},\"decline\":{\"offer_ids\":"
                   "[{\"value\":\"%O\"}],\"filters\":{\"refuse_seconds\":0}}}");
  }
  assert_true(client_await_offer(c));
}

size_t client_count(const struct client *c, int type) {
  size_t n = 0;
  for (size_t i = 0; i < c->event_count; i++) n += (int)c->events[i]->type == type;
  return n;
}

const K8smMesos__Event *client_event(const struct client *c, int type, size_t n) {
  for (size_t i = 0; i < c->event_count; i++) {
    if ((int)c->events[i]->type == type && n-- == 0) return c->events[i];
  }
  return NULL;
}

const K8smMesos__TaskStatus *client_status(const struct client *c, const char *task, size_t n) {
  for (size_t i = 0; i < c->event_count; i++) {
    const K8smMesos__Event *event = c->events[i];
    if (event->update != NULL && strcmp(event->update->status->task_id->value, task) == 0 && n-- == 0) {
      return event->update->status;
    }
  }
  return NULL;
}

const char *client_trace(const struct client *c, const char *task, char *text, size_t cap) {
  const K8smMesos__TaskStatus *status;
  size_t at = 0;
  text[0] = '\0';
  for (size_t n = 0; (status = client_status(c, task, n)) != NULL && at < cap; n++) {
    const char *state = k8smi_enum_name(&k8sm_mesos__task_state__descriptor, (int)status->state);
    const char *source = k8smi_enum_name(&k8sm_mesos__task_status__source__descriptor, (int)status->source);
    const char *reason = k8smi_enum_name(&k8sm_mesos__task_status__reason__descriptor, (int)status->reason);
    at +=
        (size_t)snprintf(text + at, cap - at, "%s %s%s%s%s%s%s%s\n", state + strlen("TASK_"),
                         source + strlen("SOURCE_"), status->has_reason ? " (" : "",
                         status->has_reason ? reason + strlen("REASON_") : "", status->has_reason ? ")" : "",
                         !status->has_healthy ? ""
                         : status->healthy    ? " h"
                                              : " !h",
                         status->message == NULL ? "" : ": ", status->message == NULL ? "" : status->message);
  }
  return text;
}

const char *client_group(const char *executor, const char *id, const char *const *commands, size_t n,
                         char *text, size_t cap) {
  static const char RESOURCES[] = "\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{"
                                  "\"value\":0.1}},{\"name\":\"mem\",\"type\":"
                                  "\"SCALAR\",\"scalar\":{\"value\":32}},{\"name\":\"disk\",\"type\":"
                                  "\"SCALAR\",\"scalar\":{\"value\":8}}]";
  size_t at =
      (size_t)snprintf(text, cap,
                       "{\"type\":\"LAUNCH_GROUP\",\"launch_group\":{\"executor\":{\"type\":\"DEFAULT\","
                       "\"executor_id\":{\"value\":\"%s\"},\"framework_id\":{\"value\":\"%%F\"},%s},"
                       "\"task_group\":{\"tasks\":[",
                       executor, RESOURCES);
  for (size_t i = 0; i < n && at < cap; i++) {
    at += (size_t)snprintf(
        text + at, cap - at,
        "%s{\"name\":\"t\",\"task_id\":{\"value\":\"%s.%zu\"},\"agent_id\":{\"value\":\"%%A\"},%s,"
        "\"command\":{\"value\":\"%s\"}}",
        i > 0 ? "," : "", id, i, RESOURCES, commands[i]);
  }
  if (at < cap) at += (size_t)snprintf(text + at, cap - at, "]}}}");
  assert_true(at < cap);
  return text;
}

uint32_t client_accept(struct client *c, const char *operations, double refuse_seconds) {
  char text[16384];
  int n = snprintf(text, sizeof(text),
                   "{\"type\":\"ACCEPT\",\"framework_id\":{\"value\":\"%%F\"},\"accept\":{\"offer_ids\":[{"
                   "\"value\":\"%%O\"}],"
                   "\"operations\":[%s],\"filters\":{\"refuse_seconds\":%d}}}",
                   operations, (int)refuse_seconds);
  assert_true(n > 0 && (size_t)n < sizeof(text));
  return client_call(c, text);
}

uint32_t client_kill(struct client *c, const char *task) {
  char text[512];
  snprintf(
      text, sizeof(text),
      "{\"type\":\"KILL\",\"framework_id\":{\"value\":\"%%F\"},\"kill\":{\"task_id\":{\"value\":\"%s\"}}}",
      task);
  return client_call(c, text);
}
