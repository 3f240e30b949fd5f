/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/driver.h>

#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* A host and a master that do anything in any order. Each line is an input; its first byte says which:
 *   T ms        time goes on          H status type id    a response's head to the subscription
 *   E json      an event, framed      B bytes             raw bytes of the stream, '|' for a line end
 *   F           the stream ends       L words             it is lost
 *   A status    answers a call        C                   a call's exchange is lost
 *   R / X       a record is kept / refused                K key=bytes   a row to restore
 *   P name uid  a pod                 D key               its deletion  M host:port  a leader    S  stop
 * In an event $0 to $9 stand for the ids of the tasks that were launched. Whatever comes, a step has one of
 * the results that it may have, effects are whole, and the deadline does not lie in the past for ever. */

enum { FUZZ_TASKS = 10, FUZZ_OPEN = 64, FUZZ_LINE = 4096 };

struct fuzz_host {
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  uint64_t now, stream;
  uint64_t calls[FUZZ_OPEN], records[FUZZ_OPEN];
  size_t call_count, record_count;
  char tasks[FUZZ_TASKS][256];
  size_t task_count;
};

static void fuzz_note_tasks(struct fuzz_host *h, struct k8sm_slice json) {
  static const char key[] = "\"task_id\":{\"value\":\"";
  const char *at = strstr(json.ptr, "\"ACCEPT\"");
  while (at != NULL && h->task_count < FUZZ_TASKS && (at = strstr(at, key)) != NULL) {
    at += sizeof key - 1;
    int n = (int)strcspn(at, "\"");
    snprintf(h->tasks[h->task_count++], sizeof h->tasks[0], "%.*s", n, at);
  }
}

static void fuzz_effect(struct fuzz_host *h, const struct k8sm_effect *e) {
  FUZZ_REQUIRE(e->type >= K8SM_EFFECT_REQUEST && e->type <= K8SM_EFFECT_CLAIM_GONE);
  FUZZ_REQUIRE(e->bytes.ptr == NULL || e->bytes.ptr[e->bytes.len] == '\0');
  if (e->type == K8SM_EFFECT_RECORD && h->record_count < FUZZ_OPEN) h->records[h->record_count++] = e->number;
  if (e->type != K8SM_EFFECT_REQUEST) return;
  FUZZ_REQUIRE(e->authority.len != 0 && e->path.len != 0 && e->bytes.len != 0);
  if ((e->flags & K8SM_REQUEST_STREAMING) != 0)
    h->stream = e->exchange;
  else if (h->call_count < FUZZ_OPEN)
    h->calls[h->call_count++] = e->exchange;
  fuzz_note_tasks(h, e->bytes);
}

static void fuzz_step(struct fuzz_host *h, struct k8sm_input in) {
  struct k8sm_effect e;
  in.size = sizeof in;
  in.mono_ms = h->now;
  in.wall_ms = (int64_t)h->now;
  int r = k8sm_driver_step(h->driver, &in, h->effects, NULL);
  FUZZ_REQUIRE(r == K8SM_OK || r == K8SM_ERR_INVALID || r == K8SM_ERR_NOT_FOUND || r == K8SM_ERR_STATE);
  for (size_t i = 0; k8sm_effects_rows(h->effects, i, &e, sizeof e, 1) != 0; i++) fuzz_effect(h, &e);
}

static struct k8sm_slice fuzz_text(const char *text) {
  return (struct k8sm_slice){text, strlen(text)};
}

/* The first of a list, which leaves it; 0: it is empty. */
static uint64_t fuzz_take(uint64_t *list, size_t *count) {
  if (*count == 0) return 0;
  uint64_t first = list[0];
  memmove(list, list + 1, --*count * sizeof *list);
  return first;
}

static void fuzz_event(struct fuzz_host *h, const char *json) {
  static char body[FUZZ_LINE * 4], record[FUZZ_LINE * 4 + 32];
  size_t n = 0;
  for (; *json != '\0' && n + 256 < sizeof body; json++) {
    size_t task = (size_t)(json[1] - '0');
    if (*json == '$' && json[1] >= '0' && json[1] <= '9' && task < h->task_count) {
      n += (size_t)snprintf(body + n, 256, "%s", h->tasks[task]);
      json++;
    } else {
      body[n++] = *json;
    }
  }
  int len = snprintf(record, sizeof record, "%zu\n%.*s", n, (int)n, body);
  fuzz_step(h, (struct k8sm_input){
                   .type = K8SM_INPUT_CHUNK, .exchange = h->stream, .bytes = {record, (size_t)len}});
}

static void fuzz_raw(struct fuzz_host *h, char *text) {
  size_t len = strlen(text);
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '|') text[i] = '\n';
  }
  fuzz_step(h, (struct k8sm_input){.type = K8SM_INPUT_CHUNK, .exchange = h->stream, .bytes = {text, len}});
}

static void fuzz_head(struct fuzz_host *h, const char *text) {
  char type[64] = "", id[160] = "";
  unsigned status = 0;
  sscanf(text, "%u %63s %159s", &status, type, id);
  fuzz_step(h, (struct k8sm_input){.type = K8SM_INPUT_RESPONSE,
                                   .exchange = h->stream,
                                   .status = status,
                                   .content_type = fuzz_text(type),
                                   .stream_id = fuzz_text(id),
                                   .location = fuzz_text(id)});
}

static void fuzz_answer(struct fuzz_host *h, const char *text) {
  unsigned status = 0;
  sscanf(text, "%u", &status);
  struct k8sm_input in = {
      .type = K8SM_INPUT_RESPONSE, .exchange = fuzz_take(h->calls, &h->call_count), .status = status};
  fuzz_step(h, in);
  in.type = K8SM_INPUT_CHUNK;
  in.bytes = fuzz_text(text);
  fuzz_step(h, in);
  in.type = K8SM_INPUT_END;
  fuzz_step(h, in);
}

static void fuzz_pod(struct fuzz_host *h, const char *text) {
  char yaml[512], name[64] = "p", uid[64] = "u";
  struct k8sm_pod *pod;
  sscanf(text, "%63s %63s", name, uid);
  snprintf(yaml, sizeof yaml,
           "apiVersion: v1\nkind: Pod\nmetadata: {name: '%s', namespace: d, uid: '%s'}\n"
           "spec: {initContainers: [{name: i, image: i}], containers: [{name: c, image: i}]}\n",
           name, uid);
  if (k8sm_pod_parse(yaml, strlen(yaml), NULL, &pod, NULL) != K8SM_OK) return;
  fuzz_step(h, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod});
  k8sm_pod_unref(pod);
}

static void fuzz_restore(struct fuzz_host *h, const char *text) {
  size_t n = strcspn(text, "=");
  const char *bytes = text[n] == '\0' ? text + n : text + n + 1;
  fuzz_step(h, (struct k8sm_input){.type = K8SM_INPUT_RESTORE, .key = {text, n}, .bytes = fuzz_text(bytes)});
}

static void fuzz_time(struct fuzz_host *h, const char *text) {
  unsigned ms = 0;
  sscanf(text, "%u", &ms);
  uint64_t until = h->now + ms % 1000000;
  for (size_t turns = 0; k8sm_driver_deadline(h->driver) <= until; turns++) {
    FUZZ_REQUIRE(turns < 100000);
    if (k8sm_driver_deadline(h->driver) > h->now) h->now = k8sm_driver_deadline(h->driver);
    fuzz_step(h, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  }
  h->now = until;
}

static void fuzz_line(struct fuzz_host *h, char *line) {
  char *text = line[0] != '\0' && line[1] == ' ' ? line + 2 : line + (line[0] != '\0');
  struct k8sm_input in = {.exchange = h->stream, .bytes = fuzz_text(text), .grace_seconds = -1};
  switch (line[0]) {
  case 'T': fuzz_time(h, text); return;
  case 'H': fuzz_head(h, text); return;
  case 'E': fuzz_event(h, text); return;
  case 'B': fuzz_raw(h, text); return;
  case 'A': fuzz_answer(h, text); return;
  case 'P': fuzz_pod(h, text); return;
  case 'K': fuzz_restore(h, text); return;
  case 'F': in.type = K8SM_INPUT_END; break;
  case 'L': in.type = K8SM_INPUT_LOST; break;
  case 'C':
    in.type = K8SM_INPUT_LOST;
    in.exchange = fuzz_take(h->calls, &h->call_count);
    break;
  case 'R':
  case 'X':
    in.type = line[0] == 'R' ? K8SM_INPUT_RECORDED : K8SM_INPUT_REFUSED;
    in.number = fuzz_take(h->records, &h->record_count);
    break;
  case 'D':
    in.type = K8SM_INPUT_DELETE;
    in.key = fuzz_text(text);
    break;
  case 'V':
    in.type = K8SM_INPUT_DELETE_CLAIM;
    in.key = fuzz_text(text);
    break;
  case 'M': in.type = K8SM_INPUT_LEADER; break;
  case 'O':
    in.type = K8SM_INPUT_CONDITION;
    in.key = fuzz_text("d/p");
    in.bytes = fuzz_text(text);
    break;
  case 'S':
    in.type = K8SM_INPUT_STOP;
    in.flags = text[0] == 't' ? K8SM_STOP_TEARDOWN : 0;
    break;
  default: return;
  }
  fuzz_step(h, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  static char line[FUZZ_LINE];
  struct fuzz_host h = {.now = 1};
  const struct k8sm_driver_options o = {
      .size = sizeof o, .master = "m:1", .seed = 7, .format = K8SM_FORMAT_JSON, .max_event_bytes = 16384};
  FUZZ_REQUIRE(k8sm_driver_new(&o, &h.driver, NULL) == K8SM_OK);
  FUZZ_REQUIRE(k8sm_effects_new(NULL, &h.effects) == K8SM_OK);
  for (size_t at = 0; at < len;) {
    const uint8_t *end = memchr(bytes + at, '\n', len - at);
    size_t n = end == NULL ? len - at : (size_t)(end - (bytes + at));
    snprintf(line, sizeof line, "%.*s", (int)(n < FUZZ_LINE ? n : FUZZ_LINE), (const char *)bytes + at);
    fuzz_line(&h, line);
    at += n + 1;
  }
  k8sm_driver_free(h.driver);
  k8sm_effects_free(h.effects);
  return 0;
}
