/* SPDX-License-Identifier: Apache-2.0 */
/* The host and the master of a driver that is measured. */
#include "bench_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/slice.h"

void bench_fail(const char *what) {
  fprintf(stderr, "bench_driver: %s\n", what);
  exit(1);
}

double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Between two readings with nothing between them: the best of many averages. */
static double bench_clock(void) {
  enum { ROUNDS = 100, READINGS = 100 };
  double best = 1;
  for (int round = 0; round < ROUNDS; round++) {
    double sum = 0;
    for (int i = 0; i < READINGS; i++) {
      double begin = bench_now();
      sum += bench_now() - begin;
    }
    best = sum / READINGS < best ? sum / READINGS : best;
  }
  return best;
}

void bench_begin(struct bench *b) {
  b->worst_s = b->sum_s = 0;
  b->steps = 0;
}

void bench_say(const struct bench *b, const char *name, double value, const char *unit) {
  if (!b->quiet) printf("%s\t%.4g\t%s\n", name, value, unit);
}

/* ---- the host ---- */

static void bench_wait_for(struct bench *b, uint64_t id, bool record) {
  void *items = b->answers;
  if (!k8smi_grow(&b->memory.allocator, &items, &b->answer_cap, b->answer_count + 1, sizeof *b->answers))
    bench_fail("no memory");
  b->answers = items;
  b->answers[b->answer_count++] = (struct bench_answer){id, record};
}

static void bench_note_task(struct bench *b, const K8smMesos__TaskInfo *task) {
  if (b->task_count == b->task_cap) bench_fail("more tasks than expected");
  struct bench_task *t = &b->tasks[b->task_count++];
  snprintf(t->id, sizeof t->id, "%s", task->task_id->value);
  t->agent = (uint32_t)strtoul(task->agent_id->value + 1, NULL, 10);
}

static void bench_read_call(struct bench *b, struct k8sm_slice bytes) {
  struct k8smi_arena arena;
  ProtobufCMessage *message;
  k8smi_arena_init(&arena, NULL, 0);
  if (k8smi_message_decode(&arena, &k8sm_mesos__call__descriptor, bytes.ptr, bytes.len, &message, NULL) !=
      K8SM_OK)
    bench_fail("a call can't be read");
  const K8smMesos__Call *call = (const K8smMesos__Call *)(const void *)message;
  for (size_t i = 0; call->accept != NULL && i < call->accept->n_operations; i++) {
    const K8smMesos__Offer__Operation *o = call->accept->operations[i];
    for (size_t k = 0; o->launch_group != NULL && k < o->launch_group->task_group->n_tasks; k++)
      bench_note_task(b, o->launch_group->task_group->tasks[k]);
  }
  k8smi_arena_free(&arena);
}

static void bench_take_effects(struct bench *b) {
  struct k8sm_effect e;
  for (size_t i = 0; k8sm_effects_rows(b->effects, i, &e, sizeof e, 1) != 0; i++) {
    if (e.type == K8SM_EFFECT_RECORD) bench_wait_for(b, e.number, true);
    if (e.type != K8SM_EFFECT_REQUEST) continue;
    if ((e.flags & K8SM_REQUEST_STREAMING) != 0) {
      b->stream = e.exchange;
      continue;
    }
    bench_wait_for(b, e.exchange, false);
    if (b->task_count < b->task_cap) bench_read_call(b, e.bytes);
  }
}

void bench_step(struct bench *b, struct k8sm_input in) {
  in.size = sizeof in;
  in.mono_ms = b->now;
  in.wall_ms = INT64_C(1788000000000) + (int64_t)b->now;
  double begin = b->in_a_row ? 0 : bench_now();
  int result = k8sm_driver_step(b->driver, &in, b->effects, NULL);
  b->step_s = b->in_a_row ? 0 : bench_now() - begin - b->clock_s;
  if (result != K8SM_OK) bench_fail(k8sm_result_name(result));
  if (b->step_s > b->worst_s) b->worst_s = b->step_s;
  if (b->memory.held > b->peak) b->peak = b->memory.held;
  b->sum_s += b->step_s;
  b->steps++;
  bench_take_effects(b);
}

void bench_answer_records(struct bench *b) {
  size_t left = 0;
  for (size_t i = 0; i < b->answer_count; i++) {
    struct bench_answer a = b->answers[i];
    if (a.record)
      bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_RECORDED, .number = a.id});
    else
      b->answers[left++] = a;
  }
  b->answer_count = left;
}

void bench_answer_all(struct bench *b) {
  for (size_t i = 0; i < b->answer_count; i++) {
    struct bench_answer a = b->answers[i];
    if (a.record) {
      bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_RECORDED, .number = a.id});
      continue;
    }
    bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_RESPONSE, .exchange = a.id, .status = 202});
    bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_END, .exchange = a.id});
  }
  b->answer_count = 0;
}

/* ---- the master ---- */

static void bench_record(struct k8smi_buf *to, struct k8sm_slice event) {
  k8smi_buf_u64(to, event.len);
  k8smi_buf_putc(to, '\n');
  k8smi_buf_slice(to, event);
}

/* From Mesos' JSON, which is readable here, to a RecordIO record of protobuf. */
void bench_event(struct k8smi_buf *to, const char *json, size_t len) {
  struct k8sm_blob *blob;
  if (k8sm_message_convert(K8SM_MESSAGE_EVENT, json, len, K8SM_FORMAT_JSON, K8SM_FORMAT_PROTOBUF, NULL, &blob,
                           NULL) != K8SM_OK)
    bench_fail("an event of the benchmark is wrong");
  bench_record(to, k8sm_blob_bytes(blob));
  k8sm_blob_unref(blob);
}

void bench_chunk(struct bench *b, const struct k8smi_buf *bytes) {
  bench_step(b, (struct k8sm_input){
                    .type = K8SM_INPUT_CHUNK, .exchange = b->stream, .bytes = {bytes->ptr, bytes->len}});
}

void bench_subscribe(struct bench *b) {
  static const char json[] =
      "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"F1\"},"
      "\"heartbeat_interval_seconds\":15,\"master_info\":{\"id\":\"M\",\"ip\":1,\"port\":5050}}}";
  struct k8smi_buf event;
  k8smi_buf_init(&event, NULL);
  bench_event(&event, json, sizeof json - 1);
  bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_RESPONSE,
                                    .exchange = b->stream,
                                    .status = 200,
                                    .content_type = K8SMI_S("application/x-protobuf"),
                                    .stream_id = K8SMI_S("stream-1")});
  bench_chunk(b, &event);
  k8smi_buf_free(&event);
}

static void bench_offers(struct bench *b) {
  const char *role = b->role == NULL ? "*" : b->role;
  struct k8smi_buf json, event;
  char text[1024];
  k8smi_buf_init(&json, NULL);
  k8smi_buf_init(&event, NULL);
  k8smi_buf_puts(&json, "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[");
  for (size_t i = 0; i < b->agents; i++) {
    snprintf(text, sizeof text,
             "%s{\"id\":{\"value\":\"f865b66f-O%zu\"},\"framework_id\":{\"value\":\"F1\"},"
             "\"agent_id\":{\"value\":\"S%zu\"},\"hostname\":\"agent-%zu.example.org\","
             "\"allocation_info\":{\"role\":\"%s\"},\"resources\":["
             "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":32},\"allocation_info\":{\"role\":"
             "\"%s\"}},"
             "{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":65536},\"allocation_info\":{"
             "\"role\":\"%s\"}},"
             "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":99999},"
             "\"allocation_info\":{\"role\":\"%s\"}}]}",
             i == 0 ? "" : ",", i, i, i, role, role, role, role);
    k8smi_buf_puts(&json, text);
  }
  k8smi_buf_puts(&json, "]}}");
  bench_event(&event, json.ptr, json.len);
  k8smi_buf_free(&json);
  bench_chunk(b, &event);
  k8smi_buf_free(&event);
}

/* An update; without a uuid it is a reconciliation's copy. */
void bench_update(struct k8smi_buf *to, const struct bench_task *t, const char *state, unsigned uuid,
                  const char *more) {
  char json[1024], given[64] = "\"reason\":\"REASON_RECONCILIATION\",";
  if (uuid != 0) snprintf(given, sizeof given, "\"uuid\":\"%08xAAAAAAAAAAAAAA==\",", uuid);
  int n =
      snprintf(json, sizeof json,
               "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"%s\"},"
               "\"state\":\"TASK_%s\",\"source\":\"%s\",\"agent_id\":{\"value\":\"S%u\"},%s"
               "\"executor_id\":{\"value\":\"%.38s\"},\"timestamp\":1788000000.5%s,"
               "\"container_status\":{\"container_id\":{\"value\":\"9bea99d6-0ba6-403a-a0af-6f6e3c969131\","
               "\"parent\":{\"value\":\"fd50dbe9-bc07-4ebb-8a8b-e026d07f737a\"}},\"network_infos\":["
               "{\"ip_addresses\":[{\"ip_address\":\"10.1.2.3\"}]}]}}}}",
               t->id, state, uuid != 0 ? "SOURCE_EXECUTOR" : "SOURCE_MASTER", t->agent, given, t->id, more);
  bench_event(to, json, (size_t)n);
}

/* ---- the parts ---- */

/* `kind`: equal for replicas of one template. */
struct k8sm_pod *bench_pod(const struct bench *b, size_t i, size_t kind) {
  const struct k8sm_parse_options o = {.size = sizeof o, .allocator = &b->memory.allocator};
  char json[2048], volumes[128] = "";
  struct k8sm_pod *pod;
  if (b->claims)
    snprintf(volumes, sizeof volumes,
             ",\"volumes\":[{\"name\":\"data\",\"persistentVolumeClaim\":{\"claimName\":\"data-%zu\"}}]", i);
  int n = snprintf(
      json, sizeof json,
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-7d4b9c6f5-%05zu\","
      "\"namespace\":\"default\",\"uid\":\"0f6b8a52-9d1c-4e57-8a3e-%012zx\",\"labels\":{\"app\":\"web-%zu\","
      "\"pod-template-hash\":\"7d4b9c6f5\"}},\"spec\":{\"containers\":[{\"name\":\"nginx\","
      "\"image\":\"registry.example.org/library/nginx-%zu:1.25.3\",\"ports\":[{\"name\":\"http\","
      "\"containerPort\":80}],\"env\":[{\"name\":\"MODE\",\"value\":\"production-%zu\"}],\"resources\":{"
      "\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"},\"limits\":{\"memory\":\"256Mi\"}},"
      "\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready-%zu\",\"port\":80}}}]%s}}",
      i, i, kind, kind, kind, kind, volumes);
  if (k8sm_pod_parse(json, (size_t)n, &o, &pod, NULL) != K8SM_OK) bench_fail("the pod is wrong");
  return pod;
}

void bench_new_driver(struct bench *b) {
  static const struct k8sm_manifest_data claims = {.kind = K8SMI_S("PersistentVolumeClaim"),
                                                   .name_space = K8SMI_S("default"),
                                                   .name = K8SMI_S("data-*"),
                                                   .key = K8SMI_S("storage"),
                                                   .value = K8SMI_S("64Mi")};
  const struct k8sm_framework framework = {
      .size = sizeof framework, .principal = "bench", .roles = &b->role, .role_count = 1};
  const struct k8sm_demand_options demand = {.size = sizeof demand,
                                             .form = K8SM_FORM_BUDGET,
                                             .roles = &b->role,
                                             .role_count = 1,
                                             .principal = "bench",
                                             .data = &claims,
                                             .data_count = 1,
                                             .data_size = sizeof claims};
  failing_init(&b->memory, 0);
  const struct k8sm_driver_options o = {.size = sizeof o,
                                        .allocator = &b->memory.allocator,
                                        .master = "10.0.0.1:5050",
                                        .seed = 1,
                                        .framework = b->role == NULL ? NULL : &framework,
                                        .demand = b->role == NULL ? NULL : &demand,
                                        .adopt_ms = b->adopt_ms};
  if (k8sm_driver_new(&o, &b->driver, NULL) != K8SM_OK || k8sm_effects_new(NULL, &b->effects) != K8SM_OK)
    bench_fail("no memory");
}

void bench_open(struct bench *b, size_t pods, size_t agents) {
  b->clock_s = bench_clock();
  bench_new_driver(b);
  b->pods = pods;
  b->agents = agents;
  b->task_cap = 2 * pods;
  b->tasks = calloc(b->task_cap, sizeof *b->tasks);
  b->now = 1000;
  if (b->tasks == NULL) bench_fail("no memory");
  bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  bench_subscribe(b);
  bench_answer_all(b);
}

void bench_launch(struct bench *b, bool different) {
  struct k8sm_pod *pod;
  bench_begin(b);
  for (size_t i = 0; i < b->pods; i++) {
    pod = bench_pod(b, i, different ? i : 0);
    bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod});
    k8sm_pod_unref(pod);
  }
  bench_say(b, "driver.pod.step", b->sum_s / (double)b->steps * 1e6, "us");
  bench_begin(b);
  bench_offers(b);
  while (b->task_count < b->task_cap && b->answer_count != 0) {
    bench_answer_all(b);
    b->now += 10;
    bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  }
  if (b->task_count != b->task_cap) bench_fail("not all pods were launched");
  bench_say(b, "driver.launch.all", b->sum_s * 1e3, "ms");
  bench_say(b, "driver.launch.pod", b->sum_s / (double)b->pods * 1e6, "us");
  bench_say(b, "driver.launch.longest_step", b->worst_s * 1e3, "ms");
}

void bench_close(struct bench *b) {
  k8sm_driver_free(b->driver);
  k8sm_effects_free(b->effects);
  k8smi_free(&b->memory.allocator, b->answers, b->answer_cap * sizeof *b->answers);
  free(b->tasks);
  if (b->memory.held != 0) bench_fail("memory is lost");
}
