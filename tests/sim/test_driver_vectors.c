/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded streams of a real master, byte by byte: the driver subscribes and proceeds. The recordings lie
 * beside the source tree, or nowhere. */
#include <k8smesos/driver.h>
#include "base/buf.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct replay {
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  uint64_t now;
  uint64_t stream;
  size_t declined, foreign, refused; /* what came out: DECLINEs, FOREIGN effects, MASTER_RESPONSE events */
  bool stopped;
  struct k8smi_buf body;
  char framework_id[128];
};

static void replay_step(struct replay *r, struct k8sm_input input) {
  struct k8sm_effect e;
  input.size = sizeof input;
  input.mono_ms = r->now;
  assert_int_equal(k8sm_driver_step(r->driver, &input, r->effects, NULL), K8SM_OK);
  uint64_t records[8], calls[64];
  size_t record_count = 0, call_count = 0;
  for (size_t i = 0; k8sm_effects_rows(r->effects, i, &e, sizeof e, 1) != 0; i++) {
    bool request = e.type == K8SM_EFFECT_REQUEST;
    if (request && (e.flags & K8SM_REQUEST_STREAMING) != 0)
      r->stream = e.exchange;
    else if (request && call_count < 64)
      calls[call_count++] = e.exchange;
    if (e.type == K8SM_EFFECT_RECORD && record_count < 8) records[record_count++] = e.number;
    r->foreign += e.type == K8SM_EFFECT_FOREIGN;
    r->refused += e.type == K8SM_EFFECT_EVENT && e.code == K8SM_DIAG_MASTER_RESPONSE;
    r->stopped |= e.type == K8SM_EFFECT_STOPPED;
  }
  for (size_t i = 0; i < record_count; i++) {
    replay_step(r, (struct k8sm_input){.type = K8SM_INPUT_RECORDED, .number = records[i]});
  }
  for (size_t i = 0; i < call_count && !r->stopped; i++) {
    replay_step(r, (struct k8sm_input){.type = K8SM_INPUT_RESPONSE, .exchange = calls[i], .status = 202});
    replay_step(r, (struct k8sm_input){.type = K8SM_INPUT_END, .exchange = calls[i]});
  }
}

static struct k8sm_slice replay_header(const char *head, const char *name, char *text, size_t cap) {
  const char *at = strstr(head, name);
  size_t n = 0;
  if (at == NULL) return (struct k8sm_slice){NULL, 0};
  at += strlen(name);
  while (at[n] != '\r' && n + 1 < cap) n++;
  memcpy(text, at, n);
  text[n] = '\0';
  return (struct k8sm_slice){text, n};
}

static void replay_file(struct replay *r, struct k8smi_buf *raw, const char *path) {
  FILE *f = fopen(path, "rb");
  k8smi_buf_init(raw, NULL);
  for (int c; f != NULL && (c = fgetc(f)) != EOF;) k8smi_buf_putc(raw, (char)c);
  if (f != NULL) fclose(f);
  k8smi_buf_putc(raw, '\0');
  char *at = strstr(raw->ptr, "\r\n\r\n");
  assert_non_null(at);
  k8smi_buf_init(&r->body, NULL);
  for (at += 4; *at != '\0';) { /* sizes and line ends of HTTP's own chunks go */
    char *end;
    unsigned long n = strtoul(at, &end, 16);
    if (n == 0 || (size_t)(raw->ptr + raw->len - end) < n + 5) break;
    k8smi_buf_put(&r->body, end + 2, n);
    at = end + 2 + n + 2;
  }
}

static void replay_head(struct replay *r, const char *head) {
  char type[64], id[128];
  replay_step(r, (struct k8sm_input){.type = K8SM_INPUT_RESPONSE,
                                     .exchange = r->stream,
                                     .status = (uint32_t)strtoul(head + 9, NULL, 10),
                                     .content_type = replay_header(head, "Content-Type: ", type, sizeof type),
                                     .stream_id = replay_header(head, "Mesos-Stream-Id: ", id, sizeof id)});
}

static void replay_scenario(struct replay *r, const char *path, uint32_t format) {
  struct k8smi_buf raw;
  const struct k8sm_driver_options o = {
      .size = sizeof o, .master = "127.0.0.1:5050", .format = format, .seed = 1};
  memset(r, 0, sizeof *r);
  r->now = 1;
  assert_int_equal(k8sm_driver_new(&o, &r->driver, NULL), K8SM_OK);
  assert_int_equal(k8sm_effects_new(NULL, &r->effects), K8SM_OK);
  replay_file(r, &raw, path);
  replay_step(r, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  replay_head(r, raw.ptr);
  for (size_t i = 0; i < r->body.len && !r->stopped; i++) {
    replay_step(r, (struct k8sm_input){
                       .type = K8SM_INPUT_CHUNK, .exchange = r->stream, .bytes = {r->body.ptr + i, 1}});
  }
  k8smi_buf_free(&raw);
}

static void replay_free(struct replay *r) {
  k8smi_buf_free(&r->body);
  k8sm_driver_free(r->driver);
  k8sm_effects_free(r->effects);
}

/* How many events of a type the stream holds, as its JSON says. */
static size_t replay_events(const struct k8smi_buf *body, const char *type) {
  char text[64];
  size_t n = 0, len = (size_t)snprintf(text, sizeof text, "{\"type\":\"%s\"", type);
  for (size_t i = 0; i + len <= body->len; i++) n += memcmp(body->ptr + i, text, len) == 0;
  return n;
}

static void streams_are_followed_to_their_end(void **state) {
  static const char *const scenarios[] = {"group",      "stages", "command",    "errors",         "checks",
                                          "operations", "images", "agent-lost", "master-failover"};
  for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
    struct replay json, protobuf;
    char path[512];
    struct k8sm_driver_counters a = {.size = sizeof a}, b = {.size = sizeof b};
    snprintf(path, sizeof path, "%s/%s-json/stream.response", (const char *)*state, scenarios[i]);
    replay_scenario(&json, path, K8SM_FORMAT_JSON);
    snprintf(path, sizeof path, "%s/%s-protobuf/stream.response", (const char *)*state, scenarios[i]);
    replay_scenario(&protobuf, path, K8SM_FORMAT_PROTOBUF);
    assert_int_equal(k8sm_driver_count(json.driver, &a), K8SM_OK);
    assert_int_equal(k8sm_driver_count(protobuf.driver, &b), K8SM_OK);
    assert_int_not_equal(k8sm_driver_framework_id(json.driver).len, 0);
    assert_int_equal(a.subscriptions, 1);
    assert_int_equal(b.subscriptions, 1);
    assert_int_equal(json.refused + protobuf.refused, 0);
    assert_int_equal(a.updates, replay_events(&json.body, "UPDATE"));
    assert_int_equal(a.offers_rescinded, replay_events(&json.body, "RESCIND"));
    assert_int_equal(b.updates != 0, a.updates != 0);
    assert_int_not_equal(a.offers_received, 0);
    assert_int_not_equal(b.offers_received, 0);
    assert_int_equal(a.acknowledged, 0); /* all tasks are other people's */
    assert_true(json.foreign >= a.updates && protobuf.foreign >= b.updates);
    assert_int_equal(json.stopped, replay_events(&json.body, "ERROR") != 0);
    assert_int_equal(protobuf.stopped, json.stopped);
    replay_free(&json);
    replay_free(&protobuf);
  }
}

int main(int argc, char **argv) {
  char path[512], probe[600];
  snprintf(path, sizeof path, "%s/../shared/vectors/mesos", argc > 1 ? argv[1] : ".");
  snprintf(probe, sizeof probe, "%s/group-json/stream.response", path);
  FILE *f = fopen(probe, "rb");
  if (f == NULL) {
    printf("no recordings at %s: skipped\n", path);
    return 77;
  }
  fclose(f);
  const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(streams_are_followed_to_their_end, path)};
  return cmocka_run_group_tests_name("recorded streams", tests, NULL, NULL);
}
