/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world.h"
#include "base/slice.h"
#include "driver/state.h"
#include "support/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t WORLD_EPOCH_MS = INT64_C(1767225600000);

struct k8sm_driver_options world_options(void) {
  return (struct k8sm_driver_options){
      .size = sizeof(struct k8sm_driver_options), .master = "10.0.0.1:5050", .seed = 3};
}

static int64_t world_wall(const struct world *w) {
  return WORLD_EPOCH_MS + (int64_t)w->now;
}

static void world_new_driver(struct world *w, const struct k8sm_driver_options *options) {
  struct k8sm_driver_options o = *options;
  failing_init(&w->memory, 0);
  o.allocator = &w->memory.allocator;
  assert_int_equal(k8sm_driver_new(&o, &w->driver, NULL), K8SM_OK);
  assert_int_equal(k8sm_effects_new(o.allocator, &w->effects), K8SM_OK);
}

void world_open(struct world *w, const struct k8sm_driver_options *options, size_t agents) {
  struct k8smi_local_agent rows[8] = {{0}};
  const struct k8smi_local_options o = {.size = sizeof o, .agents = rows, .agent_count = agents, .seed = 5};
  memset(w, 0, sizeof *w);
  w->now = 1000;
  assert_true(agents <= 8);
  for (size_t i = 0; i < agents; i++) rows[i].resources = "cpus:4;mem:4096;disk:10000;ports:[31000-32000]";
  assert_int_equal(k8smi_local_new(&o, &w->local, NULL), K8SM_OK);
  w->inputs = calloc(WORLD_INPUTS, sizeof *w->inputs);
  assert_non_null(w->inputs);
  k8smi_buf_init(&w->trace, NULL);
  world_new_driver(w, options);
}

static void world_free_driver(struct world *w) {
  k8sm_driver_free(w->driver);
  k8sm_effects_free(w->effects);
  assert_int_equal(w->memory.held, 0);
}

static void world_drop_inputs(struct world *w) {
  for (; w->input_count != 0; w->input_count--) {
    k8smi_buf_free(&w->inputs[w->input_first].bytes);
    w->input_first = (w->input_first + 1) % WORLD_INPUTS;
  }
}

void world_close(struct world *w) {
  world_free_driver(w);
  world_drop_inputs(w);
  free(w->inputs);
  k8smi_local_free(w->local);
  for (size_t i = 0; i < w->row_count; i++) k8smi_buf_free(&w->rows[i].bytes);
  k8smi_buf_free(&w->trace);
}

/* ---- inputs that wait ---- */

static struct world_input *world_push(struct world *w, struct k8sm_input input, struct k8sm_slice bytes) {
  assert_true(w->input_count < WORLD_INPUTS);
  struct world_input *i = &w->inputs[(w->input_first + w->input_count++) % WORLD_INPUTS];
  memset(i, 0, sizeof *i);
  i->input = input;
  k8smi_buf_init(&i->bytes, NULL);
  k8smi_buf_slice(&i->bytes, bytes);
  return i;
}

static struct k8sm_slice world_header(char *text, size_t cap, struct k8sm_slice value) {
  if (value.ptr == NULL) return value;
  snprintf(text, cap, "%.*s", (int)value.len, value.ptr);
  return k8smi_s(text);
}

static void world_answer(struct world *w, const struct k8smi_local_output *out) {
  const struct k8sm_slice none = {NULL, 0};
  const struct k8sm_input in = {.exchange = out->exchange, .status = out->status};
  if (out->type == K8SMI_LOCAL_RESPONSE) {
    struct world_input *i = world_push(w, in, none);
    i->input.type = K8SM_INPUT_RESPONSE;
    i->input.content_type = world_header(i->content_type, sizeof i->content_type, out->content_type);
    i->input.stream_id = world_header(i->stream_id, sizeof i->stream_id, out->stream_id);
    i->input.location = world_header(i->location, sizeof i->location, out->location);
    w->bad_answers += out->status != 200 && out->status != 202;
  }
  if (out->type != K8SMI_LOCAL_END && out->body.len != 0) {
    world_push(w, in, out->body)->input.type = K8SM_INPUT_CHUNK;
  }
  if (out->type == K8SMI_LOCAL_END || (out->type == K8SMI_LOCAL_RESPONSE && !out->streaming)) {
    world_push(w, in, none)->input.type = K8SM_INPUT_END;
  }
}

static void world_listen(struct world *w) {
  struct k8smi_local_output out;
  while (k8smi_local_next(w->local, &out) == K8SM_OK) world_answer(w, &out);
}

/* ---- effects ---- */

static void world_request(struct world *w, const struct k8sm_effect *e) {
  const struct k8smi_local_request r = {.exchange = e->exchange,
                                        .method = e->method,
                                        .path = e->path,
                                        .content_type = e->content_type,
                                        .accept = e->accept,
                                        .body = e->bytes,
                                        .stream_id = e->stream_id};
  w->requests++;
  assert_int_equal(k8smi_local_request(w->local, &r, w->now, world_wall(w)), K8SM_OK);
}

static void world_store(struct world *w, const struct k8sm_effect *e) {
  const struct k8sm_slice none = {NULL, 0};
  size_t i = 0;
  if (w->refuse) {
    world_push(w, (struct k8sm_input){.type = K8SM_INPUT_REFUSED, .number = e->number}, none);
    return;
  }
  while (i < w->row_count && strcmp(w->rows[i].key, e->key.ptr) != 0) i++;
  assert_true(i < WORLD_ROWS);
  if (i == w->row_count) {
    snprintf(w->rows[i].key, sizeof w->rows[i].key, "%s", e->key.ptr);
    k8smi_buf_init(&w->rows[w->row_count++].bytes, NULL);
  }
  if ((e->flags & K8SM_RECORD_APPEND) == 0) k8smi_buf_clear(&w->rows[i].bytes);
  k8smi_buf_slice(&w->rows[i].bytes, e->bytes);
  world_push(w, (struct k8sm_input){.type = K8SM_INPUT_RECORDED, .number = e->number}, none);
}

static void world_effect(struct world *w, const struct k8sm_effect *e) {
  switch (e->type) {
  case K8SM_EFFECT_REQUEST: world_request(w, e); break;
  case K8SM_EFFECT_CANCEL: k8smi_local_gone(w->local, e->exchange, w->now); break;
  case K8SM_EFFECT_RECORD: world_store(w, e); break;
  case K8SM_EFFECT_EVENT:
    if (e->key.len != 0) k8smi_buf_slice(&w->trace, e->key);
    k8smi_buf_puts(&w->trace, e->key.len != 0 ? ": " : "");
    k8smi_buf_slice(&w->trace, e->bytes);
    k8smi_buf_putc(&w->trace, '\n');
    break;
  default: break;
  }
}

int world_step(struct world *w, struct k8sm_input input) {
  struct k8sm_effect e;
  input.size = sizeof input;
  input.mono_ms = w->now;
  input.wall_ms = world_wall(w);
  if (w->failing) room_forget(&w->driver->core.queue, &w->memory.allocator);
  int result = k8sm_driver_step(w->driver, &input, w->effects, NULL);
  if (w->memory.calls >= w->memory.fail_at) w->memory.fail_at = 0; /* memory is back */
  for (size_t i = 0; k8sm_effects_rows(w->effects, i, &e, sizeof e, 1) != 0; i++) world_effect(w, &e);
  world_listen(w);
  return result;
}

/* All that waits, and what comes of it. An input that found no memory is given again. */
static void world_settle(struct world *w) {
  while (w->input_count != 0) {
    struct world_input i = w->inputs[w->input_first];
    if (i.input.content_type.ptr != NULL) i.input.content_type.ptr = i.content_type;
    if (i.input.stream_id.ptr != NULL) i.input.stream_id.ptr = i.stream_id;
    if (i.input.location.ptr != NULL) i.input.location.ptr = i.location;
    w->input_first = (w->input_first + 1) % WORLD_INPUTS;
    w->input_count--;
    i.input.bytes = (struct k8sm_slice){i.bytes.ptr, i.bytes.len};
    int result = world_step(w, i.input);
    if (w->failing && result == K8SM_ERR_NOMEM) result = world_step(w, i.input);
    k8smi_buf_free(&i.bytes);
    assert_int_equal(result, K8SM_OK);
  }
}

static uint64_t world_deadline(const struct world *w) {
  uint64_t a = k8sm_driver_deadline(w->driver), b = k8smi_local_deadline(w->local);
  return a < b ? a : b;
}

static void world_turn(struct world *w) {
  assert_int_equal(k8smi_local_advance(w->local, w->now, world_wall(w)), K8SM_OK);
  world_listen(w);
  world_settle(w);
  if (k8sm_driver_deadline(w->driver) <= w->now) world_step(w, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  world_settle(w);
}

void world_wait(struct world *w, uint64_t ms) {
  uint64_t until = w->now + ms;
  size_t spins = 0;
  world_turn(w);
  for (uint64_t due; (due = world_deadline(w)) <= until; spins++) {
    if (due > w->now) {
      w->now = due;
      spins = 0;
    }
    assert_true(spins < 1000);
    world_turn(w);
  }
  w->now = until;
}

bool world_await(struct world *w, const char *key, const char *shown, uint64_t limit_ms) {
  for (uint64_t end = w->now + limit_ms; w->now < end;) {
    if (strcmp(world_shown(w, key), shown == NULL ? "" : shown) == 0) return true;
    world_wait(w, 100);
  }
  return strcmp(world_shown(w, key), shown == NULL ? "" : shown) == 0;
}

void world_forget(struct world *w) {
  for (size_t i = 0; i < w->row_count; i++) {
    if (strcmp(w->rows[i].key, "framework") != 0) k8smi_buf_clear(&w->rows[i].bytes);
  }
}

void world_restart(struct world *w, const struct k8sm_driver_options *options) {
  world_free_driver(w);
  world_drop_inputs(w);
  for (uint64_t exchange = 1; exchange <= w->requests + 8; exchange++) {
    k8smi_local_gone(w->local, exchange, w->now); /* the process and its connections are gone */
  }
  world_new_driver(w, options);
  for (size_t i = 0; i < w->row_count; i++) {
    const struct world_row *row = &w->rows[i];
    if (row->bytes.len == 0) continue;
    assert_int_equal(world_step(w, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                                       .key = k8smi_s(row->key),
                                                       .bytes = {row->bytes.ptr, row->bytes.len}}),
                     K8SM_OK);
  }
}

bool world_pod(struct world *w, const char *yaml) {
  struct k8sm_pod *pod;
  assert_int_equal(k8sm_pod_parse(yaml, strlen(yaml), NULL, &pod, NULL), K8SM_OK);
  int result = world_step(w, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod});
  if (w->failing && result == K8SM_ERR_NOMEM) {
    result = world_step(w, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod});
  }
  k8sm_pod_unref(pod);
  return result == K8SM_OK;
}

int world_delete(struct world *w, const char *key, int64_t grace_seconds) {
  const struct k8sm_input in = {
      .type = K8SM_INPUT_DELETE, .key = k8smi_s(key), .grace_seconds = grace_seconds};
  int result = world_step(w, in);
  return w->failing && result == K8SM_ERR_NOMEM ? world_step(w, in) : result;
}

struct k8sm_status_summary world_summary(struct world *w, const char *key) {
  struct k8sm_status_summary sum = {.size = sizeof sum};
  struct k8sm_driver_pod row;
  char name[256];
  const struct failing memory = w->memory; /* to look takes memory, and is no part of a test */
  w->memory.fail_at = 0;
  for (size_t i = 0; k8sm_driver_pods(w->driver, i, &row, sizeof row, 1) != 0; i++) {
    snprintf(name, sizeof name, "%s/%s", k8sm_pod_namespace(row.pod).ptr, k8sm_pod_name(row.pod).ptr);
    if (strcmp(name, key) != 0) continue;
    assert_int_equal(k8sm_status_summarize(row.status, &sum), K8SM_OK);
    break; /* what it points to stays until the next row is asked for */
  }
  w->memory.fail_at = memory.fail_at;
  w->memory.calls = memory.calls;
  return sum;
}

const char *world_shown(struct world *w, const char *key) {
  struct k8sm_status_summary sum = world_summary(w, key);
  return sum.shown.ptr == NULL ? "" : sum.shown.ptr;
}

bool world_said(const struct world *w, const char *part) {
  struct k8sm_slice text = {w->trace.ptr, w->trace.len};
  size_t n = strlen(part);
  for (size_t i = 0; i + n <= text.len; i++) {
    if (memcmp(text.ptr + i, part, n) == 0) return true;
  }
  return false;
}
