/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void script_say(struct script *s, const char *format, ...) {
  char line[2048];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line, sizeof line - 1, format, args);
  va_end(args);
  if (n >= (int)sizeof line - 1) n = (int)sizeof line - 2;
  line[n++] = '\n';
  if (s->trace_len + (size_t)n + 1 > s->trace_cap) {
    s->trace_cap = (s->trace_cap + (size_t)n) * 2 + 1024;
    s->trace = realloc(s->trace, s->trace_cap);
    if (s->trace == NULL) fail_msg("out of memory");
  }
  memcpy(s->trace + s->trace_len, line, (size_t)n);
  s->trace_len += (size_t)n;
  s->trace[s->trace_len] = '\0';
}

struct k8sm_driver_options script_options(void) {
  return (struct k8sm_driver_options){.size = sizeof(struct k8sm_driver_options),
                                      .master = "10.0.0.1:5050",
                                      .seed = 7,
                                      .format = K8SM_FORMAT_JSON};
}

static void script_new_driver(struct script *s, const struct k8sm_driver_options *options) {
  struct k8sm_driver_options o = *options;
  failing_init(&s->memory, 0);
  o.allocator = &s->memory.allocator;
  if (k8sm_driver_new(&o, &s->driver, NULL) != K8SM_OK) fail_msg("no driver");
  if (k8sm_effects_new(o.allocator, &s->effects) != K8SM_OK) fail_msg("no effects");
}

void script_open(struct script *s, const struct k8sm_driver_options *options) {
  memset(s, 0, sizeof *s);
  s->now = 1000;
  script_new_driver(s, options);
}

static void script_free_driver(struct script *s) {
  k8sm_driver_free(s->driver);
  k8sm_effects_free(s->effects);
  if (s->memory.held != 0) fail_msg("the driver leaks");
}

void script_close(struct script *s) {
  script_free_driver(s);
  for (size_t i = 0; i < s->row_count; i++) free(s->rows[i].bytes);
  free(s->trace);
}

void script_restart(struct script *s, const struct k8sm_driver_options *options) {
  script_free_driver(s);
  script_new_driver(s, options);
  s->call_count = 0;
  s->stream = 0;
  s->open_record = 0; /* it counts from 1 */
  script_say(s, "restart");
  for (size_t i = 0; i < s->row_count; i++) {
    if (s->rows[i].len == 0) continue;
    script_step(s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                       .key = {s->rows[i].key, strlen(s->rows[i].key)},
                                       .bytes = {s->rows[i].bytes, s->rows[i].len}});
    if (s->result != K8SM_OK) fail_msg("%s", s->findings);
  }
}

/* ---- effects ---- */

/* The text after `"key":"` or `"key":{"value":"`, from *at on. */
static bool script_text(const char **at, const char *key, char *text, size_t cap) {
  const char *p = strstr(*at, key);
  if (p == NULL) return false;
  p += strlen(key);
  size_t n = 0;
  while (p[n] != '"' && n + 1 < cap) n++;
  memcpy(text, p, n);
  text[n] = '\0';
  *at = p + n;
  return true;
}

static void script_list(const char *json, const char *key, char *text, size_t cap) {
  char id[256];
  const char *at = json;
  text[0] = '\0';
  while (script_text(&at, key, id, sizeof id)) {
    if (strlen(text) + strlen(id) + 2 < cap) strcat(strcat(text, " "), id);
  }
}

static void script_note_tasks(struct script *s, const char *json) {
  char id[256];
  const char *at = json;
  while (script_text(&at, "\"task_id\":{\"value\":\"", id, sizeof id)) {
    if (s->task_count == SCRIPT_TASKS) fail_msg("too many tasks");
    snprintf(s->tasks[s->task_count++], sizeof s->tasks[0], "%s", id);
  }
}

/* What a call is about: offers, operations, the task, the number of tasks. Task ids hold nonces; only the
 * container and the restart are shown. */
static void script_about(struct script *s, const char *type, const char *json, char *text, size_t cap) {
  char id[256];
  struct k8sm_task_id parts;
  const char *at = json;
  text[0] = '\0';
  if (strcmp(type, "ACCEPT") == 0 || strcmp(type, "DECLINE") == 0) {
    const char *ids = strstr(json, "\"offer_ids\"");
    const char *end = ids == NULL ? NULL : strchr(ids, ']');
    char part[4096];
    snprintf(part, sizeof part, "%.*s", ids == NULL ? 0 : (int)(end - ids), ids == NULL ? "" : ids);
    script_list(part, "{\"value\":\"", text, cap);
    if (type[0] == 'A') script_note_tasks(s, json);
    return;
  }
  if (strstr(type, "OPERATION") != NULL) {
    script_list(json, "\"operation_id\":{\"value\":\"", text, cap);
    return;
  }
  while (script_text(&at, "\"task_id\":{\"value\":\"", id, sizeof id)) {
    size_t used = strlen(text);
    if (k8sm_task_id_parse(id, strlen(id), &parts) != K8SM_OK)
      snprintf(text + used, cap - used, " %s", id);
    else if (parts.container.len == 0)
      snprintf(text + used, cap - used, " pause.%u", parts.restart);
    else
      snprintf(text + used, cap - used, " %.*s.%u", (int)parts.container.len, parts.container.ptr,
               parts.restart);
  }
}

/* The JSON of a member, up to what `end` names. */
static void script_member(const char *json, const char *key, const char *end, char *text, size_t cap) {
  const char *from = strstr(json, key), *to = from == NULL ? NULL : strstr(from, end);
  size_t used = strlen(text);
  if (to != NULL) snprintf(text + used, cap - used, " %.*s", (int)(to - from), from);
}

/* Roles, seconds, constraints. */
static void script_roles(const char *type, const char *json, char *text, size_t cap) {
  if (strcmp(type, "DECLINE") == 0) script_member(json, "\"refuse_seconds\"", "}", text, cap);
  if (strcmp(type, "SUPPRESS") == 0 || strcmp(type, "REVIVE") == 0)
    script_member(json, "\"roles\"", "}", text, cap);
  script_member(json, "\"suppressed_roles\"", "]", text, cap);
  script_member(json, "\"role_constraints\"", "}]}}}", text, cap);
}

static void script_request(struct script *s, const struct k8sm_effect *e) {
  char about[512] = "";
  struct script_call call = {.exchange = e->exchange, .streaming = (e->flags & K8SM_REQUEST_STREAMING) != 0};
  const char *at = e->bytes.ptr;
  char why[128] = "";
  if (e->reason == NULL) fail_msg("a request without a reason");
  if (s->reasons) snprintf(why, sizeof why, ": %s", e->reason);
  if (!script_text(&at, "\"type\":\"", call.type, sizeof call.type)) fail_msg("a request without a type");
  if (call.streaming) {
    s->stream = e->exchange;
    if (s->roles) script_roles(call.type, e->bytes.ptr, about, sizeof about);
    script_say(s, "> %s %s %s%s%s", call.type, e->authority.ptr, e->path.ptr, about, why);
    return;
  }
  if (strcmp(call.type, "ACCEPT") == 0) snprintf(s->accept, sizeof s->accept, "%s", e->bytes.ptr);
  script_about(s, call.type, e->bytes.ptr, about, sizeof about);
  if (s->roles) script_roles(call.type, e->bytes.ptr, about, sizeof about);
  script_say(s, "> %s%s%s", call.type, about, why);
  if (e->stream_id.len == 0) fail_msg("a call without a stream id");
  if (s->call_count == SCRIPT_CALLS) fail_msg("too many calls");
  s->calls[s->call_count++] = call;
}

static void script_store(struct script *s, const struct k8sm_effect *e) {
  size_t i = 0;
  while (i < s->row_count && strcmp(s->rows[i].key, e->key.ptr) != 0) i++;
  if (i == SCRIPT_ROWS) fail_msg("too many rows");
  if (i == s->row_count) {
    s->rows[s->row_count++] = (struct script_row){.bytes = NULL};
    snprintf(s->rows[i].key, sizeof s->rows[i].key, "%s", e->key.ptr);
  }
  struct script_row *row = &s->rows[i];
  if ((e->flags & K8SM_RECORD_APPEND) == 0) row->len = 0;
  row->bytes = realloc(row->bytes, row->len + e->bytes.len + 1);
  if (row->bytes == NULL) fail_msg("out of memory");
  if (e->bytes.len != 0) memcpy(row->bytes + row->len, e->bytes.ptr, e->bytes.len);
  row->len += e->bytes.len;
  row->bytes[row->len] = '\0'; /* tests look for words in it */
  script_say(s, "record %s%s", e->key.ptr, e->bytes.len == 0 ? " away" : "");
}

static void script_status(struct script *s, const struct k8sm_effect *e) {
  struct k8sm_blob *json;
  char phase[32];
  if (s->quiet_status) return;
  if (k8sm_status_encode(e->status, K8SM_FORMAT_JSON, NULL, &json) != K8SM_OK) fail_msg("out of memory");
  const char *at = k8sm_blob_bytes(json).ptr;
  if (!script_text(&at, "\"phase\":\"", phase, sizeof phase)) fail_msg("a status without a phase");
  script_say(s, "status %s %s", e->key.ptr, phase);
  k8sm_blob_unref(json);
}

static void script_effect(struct script *s, const struct k8sm_effect *e) {
  switch (e->type) {
  case K8SM_EFFECT_REQUEST: script_request(s, e); break;
  case K8SM_EFFECT_CANCEL:
    script_say(s, "> cancel %s", e->exchange == s->stream ? "the subscription" : "a call");
    if (e->exchange == s->stream) s->stream = 0;
    break;
  case K8SM_EFFECT_RECORD:
    script_store(s, e);
    s->open_record = e->number;
    break;
  case K8SM_EFFECT_STATUS: script_status(s, e); break;
  case K8SM_EFFECT_EVENT:
    script_say(s, "%s%s%s: %s", s->reasons && (e->flags & K8SM_EVENT_WARNING) != 0 ? "warning" : "event",
               e->key.len == 0 ? "" : " ", e->key.ptr == NULL ? "" : e->key.ptr, e->bytes.ptr);
    break;
  case K8SM_EFFECT_GONE: script_say(s, "gone %s", e->key.ptr); break;
  case K8SM_EFFECT_CLAIM_GONE: script_say(s, "claim gone %s", e->key.ptr); break;
  case K8SM_EFFECT_FOREIGN: script_say(s, "foreign"); break;
  case K8SM_EFFECT_STOPPED: script_say(s, "stopped %s", e->code == 0 ? "" : k8sm_diag_name(e->code)); break;
  default: fail_msg("an effect of a type that is none");
  }
}

/* ---- inputs ---- */

static void script_answer_call(struct script *s, uint64_t exchange, uint32_t status, const char *words) {
  struct k8sm_input in = {.type = K8SM_INPUT_RESPONSE, .exchange = exchange, .status = status};
  script_step(s, in);
  if (words != NULL) {
    in.type = K8SM_INPUT_CHUNK;
    in.bytes = (struct k8sm_slice){words, strlen(words)};
    script_step(s, in);
  }
  script_step(s, (struct k8sm_input){.type = K8SM_INPUT_END, .exchange = exchange});
}

static void script_drop_call(struct script *s, size_t i) {
  memmove(&s->calls[i], &s->calls[i + 1], (s->call_count - i - 1) * sizeof s->calls[0]);
  s->call_count--;
}

int script_step(struct script *s, struct k8sm_input input) {
  struct k8sm_diag rows[4];
  char text[1024] = "";
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_effect e;
  input.size = sizeof input;
  input.mono_ms = s->now;
  input.wall_ms = INT64_C(1767225600000) + (int64_t)s->now;
  int result = k8sm_driver_step(s->driver, &input, s->effects, &diags);
  uint64_t before = s->open_record;
  for (size_t i = 0; k8sm_effects_rows(s->effects, i, &e, sizeof e, 1) != 0; i++) script_effect(s, &e);
  uint64_t last = s->open_record;
  for (uint64_t n = before + 1; !s->hold_records && n <= last; n++) {
    script_step(s, (struct k8sm_input){.type = K8SM_INPUT_RECORDED, .number = n});
  }
  while (!s->hold_calls && s->call_count != 0) {
    uint64_t exchange = s->calls[0].exchange;
    script_drop_call(s, 0);
    script_answer_call(s, exchange, 202, NULL);
  }
  snprintf(s->findings, sizeof s->findings, "%s", diags.count == 0 ? "" : text + rows[0].message);
  return s->result = result;
}

void script_tick(struct script *s) {
  script_step(s, (struct k8sm_input){.type = K8SM_INPUT_TICK});
}

static void script_heart(struct script *s, uint64_t until) {
  enum { SCRIPT_HEARTBEAT_MS = 15000 };
  while (s->heartbeats && s->stream != 0 && until - s->now > SCRIPT_HEARTBEAT_MS) {

    s->heartbeats = false;
    script_wait(s, SCRIPT_HEARTBEAT_MS);
    s->heartbeats = true;
    script_event(s, "{\"type\":\"HEARTBEAT\"}");
  }
}

void script_wait(struct script *s, uint64_t ms) {
  uint64_t until = s->now + ms;
  script_heart(s, until);
  for (uint64_t due; (due = k8sm_driver_deadline(s->driver)) <= until;) {
    if (due > s->now) s->now = due;
    script_tick(s);
    if (due < s->now && k8sm_driver_deadline(s->driver) <= due) fail_msg("the deadline does not move on");
  }
  s->now = until;
}

void script_head(struct script *s, uint32_t status, const char *content_type, const char *stream_id,
                 const char *location) {
  struct k8sm_input in = {.type = K8SM_INPUT_RESPONSE, .exchange = s->stream, .status = status};
  if (content_type != NULL) in.content_type = (struct k8sm_slice){content_type, strlen(content_type)};
  if (stream_id != NULL) in.stream_id = (struct k8sm_slice){stream_id, strlen(stream_id)};
  if (location != NULL) in.location = (struct k8sm_slice){location, strlen(location)};
  script_step(s, in);
}

void script_bytes(struct script *s, const void *bytes, size_t len) {
  script_step(s, (struct k8sm_input){.type = K8SM_INPUT_CHUNK, .exchange = s->stream, .bytes = {bytes, len}});
}

void script_event(struct script *s, const char *json) {
  char *record = malloc(strlen(json) + 32);
  if (record == NULL) fail_msg("out of memory");
  int n = sprintf(record, "%zu\n%s", strlen(json), json);
  script_bytes(s, record, (size_t)n);
  free(record);
}

void script_end(struct script *s) {
  uint64_t exchange = s->stream;
  s->stream = 0;
  script_step(s, (struct k8sm_input){.type = K8SM_INPUT_END, .exchange = exchange});
}

void script_lost(struct script *s, const char *words) {
  uint64_t exchange = s->stream;
  s->stream = 0;
  script_step(
      s, (struct k8sm_input){.type = K8SM_INPUT_LOST, .exchange = exchange, .bytes = {words, strlen(words)}});
}

void script_subscribe(struct script *s, const char *framework_id) {
  char json[256];
  script_head(s, 200, "application/json", "S1", NULL);
  snprintf(json, sizeof json,
           "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"%s\"},"
           "\"heartbeat_interval_seconds\":15.0}}",
           framework_id);
  script_event(s, json);
}

#define SCRIPT_SCALAR(name, value)                                                                           \
  "{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" value                                  \
  "},\"allocation_info\":{\"role\":\"*\"}}"

void script_offer(struct script *s, const char *offer, const char *agent) {
  char json[2048];
  snprintf(
      json, sizeof json,
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"%s\"},\"framework_id\":{\"value\":"
      "\"F1\"},"
      "\"agent_id\":{\"value\":\"%s\"},\"hostname\":\"%s.example\",\"allocation_info\":{\"role\":\"*\"},"
      "\"resources\":[" SCRIPT_SCALAR("cpus", "4.0") "," SCRIPT_SCALAR("mem", "4096.0") "," SCRIPT_SCALAR(
          "disk",
          "10000.0") ",{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":{\"range\":[{\"begin\":31000,"
                     "\"end\":32000}]},\"allocation_info\":{\"role\":\"*\"}}]}]}}",
      offer, agent, agent);
  script_event(s, json);
}

/* Sixteen bytes in base64, from sixteen letters. */
static void script_base64(const char *uuid, char *text) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t n = 0, len = strlen(uuid);
  for (size_t i = 0; i < len; i += 3) {
    unsigned v = (unsigned)(unsigned char)uuid[i] << 16;
    if (i + 1 < len) v |= (unsigned)(unsigned char)uuid[i + 1] << 8;
    if (i + 2 < len) v |= (unsigned)(unsigned char)uuid[i + 2];
    text[n++] = letters[v >> 18 & 63];
    text[n++] = letters[v >> 12 & 63];
    text[n++] = i + 1 < len ? letters[v >> 6 & 63] : '=';
    text[n++] = i + 2 < len ? letters[v & 63] : '=';
  }
  text[n] = '\0';
}

void script_update(struct script *s, const char *task, const char *agent, const char *state, const char *uuid,
                   const char *more) {
  char json[2048], base64[64] = "", member[96] = "";
  if (uuid != NULL) {
    script_base64(uuid, base64);
    snprintf(member, sizeof member, ",\"uuid\":\"%s\"", base64);
  }
  snprintf(json, sizeof json,
           "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"%s\"},\"state\":\"%s\","
           "\"agent_id\":{\"value\":\"%s\"},\"timestamp\":1767225600.5%s%s}}}",
           task, state, agent, member, more);
  script_event(s, json);
}

static size_t script_find_call(const struct script *s, const char *type) {
  size_t i = 0;
  while (i < s->call_count && strcmp(s->calls[i].type, type) != 0) i++;
  if (i == s->call_count) fail_msg("no such call waits for an answer");
  return i;
}

void script_answer(struct script *s, const char *type, uint32_t status, const char *words) {
  size_t i = script_find_call(s, type);
  uint64_t exchange = s->calls[i].exchange;
  script_drop_call(s, i);
  script_answer_call(s, exchange, status, words);
}

void script_lose(struct script *s, const char *type) {
  size_t i = script_find_call(s, type);
  uint64_t exchange = s->calls[i].exchange;
  script_drop_call(s, i);
  script_step(s, (struct k8sm_input){.type = K8SM_INPUT_LOST, .exchange = exchange});
}

const char *script_task(const struct script *s, const char *container) {
  struct k8sm_task_id parts;
  for (size_t i = s->task_count; i-- > 0;) {
    if (k8sm_task_id_parse(s->tasks[i], strlen(s->tasks[i]), &parts) != K8SM_OK) continue;
    if (parts.container.len == strlen(container) &&
        memcmp(parts.container.ptr, container, parts.container.len) == 0) {
      return s->tasks[i];
    }
  }
  fail_msg("no such task was launched");
  return NULL;
}

int script_pod(struct script *s, const char *yaml) {
  struct k8sm_pod *pod;
  if (k8sm_pod_parse(yaml, strlen(yaml), NULL, &pod, NULL) != K8SM_OK) fail_msg("not a pod");
  script_step(s, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod});
  int result = s->result;
  k8sm_pod_unref(pod);
  return result;
}

int script_delete(struct script *s, const char *key, int64_t grace_seconds) {
  return script_step(s, (struct k8sm_input){.type = K8SM_INPUT_DELETE,
                                            .key = {key, strlen(key)},
                                            .grace_seconds = grace_seconds});
}

int script_record(struct script *s, uint32_t type, uint64_t number) {
  return script_step(s, (struct k8sm_input){.type = type, .number = number});
}

/* ---- the trace ---- */

void script_expect(struct script *s, const char *lines) {
  const char *have = s->trace_len == 0 ? "" : s->trace;
  if (strcmp(have, lines) != 0) {
    fail_msg("---- expected\n%s---- got\n%s----", lines, have);
  }
  script_forget(s);
}

bool script_has(const struct script *s, const char *part) {
  return s->trace_len != 0 && strstr(s->trace, part) != NULL;
}

void script_forget(struct script *s) {
  s->trace_len = 0;
  if (s->trace != NULL) s->trace[0] = '\0';
}
