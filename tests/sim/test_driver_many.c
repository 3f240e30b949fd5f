/* SPDX-License-Identifier: Apache-2.0 */
/* Many pods: who comes first, and that no step takes all of them. The host keeps each row at once, and the
 * master takes each call. */
#include <k8smesos/driver.h>

#include "base/slice.h"
#include "support/failing.h"
#include "wire/mesos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MANY_PODS = 2400, MANY_TEXT = 4096 };

struct many_answer { /* that the driver waits for */
  uint64_t id;
  bool record;
};

struct many_pod {
  char pause[160], task[160]; /* ids; empty: not launched */
  char agent[8];
  struct k8smi_buf row;
  unsigned asked; /* times, since the last look */
};

struct many {
  struct failing memory;
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  uint64_t now, stream;
  struct many_answer answers[2 * MANY_PODS];
  size_t answer_count;
  struct many_pod pods[MANY_PODS];
  unsigned order[MANY_PODS]; /* pods by their first rows */
  size_t placed;
  size_t asked, asked_at_most; /* tasks that RECONCILEs named: in all, and one of them */
  size_t asked_for_all, kills;
  size_t said_at_most; /* statuses in a step */
  size_t offers;
};

static unsigned many_number(const char *id) {
  return (unsigned)strtoul(id + 1, NULL, 10); /* of u7.0.… */
}

/* ---- the host and the master ---- */

static void many_note_launch(struct many *m, const K8smMesos__TaskInfo *task) {
  struct many_pod *pod = &m->pods[many_number(task->task_id->value)];
  bool pause = strstr(task->task_id->value, ".c.") == NULL;
  snprintf(pause ? pod->pause : pod->task, sizeof pod->task, "%s", task->task_id->value);
  snprintf(pod->agent, sizeof pod->agent, "%s", task->agent_id->value);
}

static void many_note_reconcile(struct many *m, const K8smMesos__Call__Reconcile *call) {
  m->asked_for_all += call->n_tasks == 0;
  m->asked += call->n_tasks;
  if (call->n_tasks > m->asked_at_most) m->asked_at_most = call->n_tasks;
  for (size_t i = 0; i < call->n_tasks; i++) m->pods[many_number(call->tasks[i]->task_id->value)].asked++;
}

static void many_read_call(struct many *m, struct k8sm_slice bytes) {
  struct k8smi_arena arena;
  ProtobufCMessage *message;
  k8smi_arena_init(&arena, NULL, 0);
  assert_int_equal(
      k8smi_message_decode(&arena, &k8sm_mesos__call__descriptor, bytes.ptr, bytes.len, &message, NULL),
      K8SM_OK);
  const K8smMesos__Call *call = (const K8smMesos__Call *)(const void *)message;
  for (size_t i = 0; call->accept != NULL && i < call->accept->n_operations; i++) {
    const K8smMesos__Offer__Operation__LaunchGroup *group = call->accept->operations[i]->launch_group;
    for (size_t k = 0; group != NULL && k < group->task_group->n_tasks; k++)
      many_note_launch(m, group->task_group->tasks[k]);
  }
  if (call->reconcile != NULL) many_note_reconcile(m, call->reconcile);
  m->kills += call->kill != NULL;
  k8smi_arena_free(&arena);
}

static void many_keep(struct many *m, const struct k8sm_effect *e) {
  if (e->key.len < 4 || memcmp(e->key.ptr, "pod/", 4) != 0) return;
  unsigned number = many_number(e->key.ptr + 4);
  struct many_pod *pod = &m->pods[number];
  if (pod->row.len == 0) m->order[m->placed++] = number;
  k8smi_buf_clear(&pod->row);
  k8smi_buf_slice(&pod->row, e->bytes);
}

static void many_take(struct many *m) {
  struct k8sm_effect e;
  size_t said = 0;
  for (size_t i = 0; k8sm_effects_rows(m->effects, i, &e, sizeof e, 1) != 0; i++) {
    bool record = e.type == K8SM_EFFECT_RECORD, request = e.type == K8SM_EFFECT_REQUEST;
    said += e.type == K8SM_EFFECT_STATUS;
    if (record) many_keep(m, &e);
    if (request && (e.flags & K8SM_REQUEST_STREAMING) != 0) {
      m->stream = e.exchange;
    } else if (request) {
      many_read_call(m, e.bytes);
    }
    if (!record && (!request || e.exchange == m->stream)) continue;
    assert_true(m->answer_count < sizeof m->answers / sizeof m->answers[0]);
    m->answers[m->answer_count++] = (struct many_answer){record ? e.number : e.exchange, record};
  }
  if (said > m->said_at_most) m->said_at_most = said;
}

static void many_step(struct many *m, struct k8sm_input in) {
  in.size = sizeof in;
  in.mono_ms = m->now;
  in.wall_ms = INT64_C(1788000000000) + (int64_t)m->now;
  assert_int_equal(k8sm_driver_step(m->driver, &in, m->effects, NULL), K8SM_OK);
  many_take(m);
}

/* All answers, and all that is due. */
static void many_settle(struct many *m) {
  do {
    for (size_t i = 0; i < m->answer_count; i++) {
      struct many_answer a = m->answers[i];
      if (a.record) {
        many_step(m, (struct k8sm_input){.type = K8SM_INPUT_RECORDED, .number = a.id});
        continue;
      }
      many_step(m, (struct k8sm_input){.type = K8SM_INPUT_RESPONSE, .exchange = a.id, .status = 202});
      many_step(m, (struct k8sm_input){.type = K8SM_INPUT_END, .exchange = a.id});
    }
    m->answer_count = 0;
    many_step(m, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  } while (m->answer_count != 0 || k8sm_driver_deadline(m->driver) <= m->now);
}

static void many_wait(struct many *m, uint64_t ms) {
  uint64_t end = m->now + ms, due;
  while ((due = k8sm_driver_deadline(m->driver)) <= end) {
    m->now = due > m->now ? due : m->now;
    many_settle(m);
  }
  m->now = end;
}

static void many_event(struct many *m, const char *json) {
  struct k8sm_blob *event;
  struct k8smi_buf chunk;
  assert_int_equal(k8sm_message_convert(K8SM_MESSAGE_EVENT, json, strlen(json), K8SM_FORMAT_JSON,
                                        K8SM_FORMAT_PROTOBUF, NULL, &event, NULL),
                   K8SM_OK);
  k8smi_buf_init(&chunk, NULL);
  k8smi_buf_u64(&chunk, k8sm_blob_bytes(event).len);
  k8smi_buf_putc(&chunk, '\n');
  k8smi_buf_slice(&chunk, k8sm_blob_bytes(event));
  many_step(m, (struct k8sm_input){
                   .type = K8SM_INPUT_CHUNK, .exchange = m->stream, .bytes = {chunk.ptr, chunk.len}});
  k8smi_buf_free(&chunk);
  k8sm_blob_unref(event);
}

static void many_subscribe(struct many *m) {
  many_step(m, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  many_step(m, (struct k8sm_input){.type = K8SM_INPUT_RESPONSE,
                                   .exchange = m->stream,
                                   .status = 200,
                                   .content_type = K8SMI_S("application/x-protobuf"),
                                   .stream_id = K8SMI_S("stream-1")});
  many_event(m, "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"F1\"},"
                "\"heartbeat_interval_seconds\":1000000,"
                "\"master_info\":{\"id\":\"M\",\"ip\":1,\"port\":5050}}}");
}

static void many_lose(struct many *m) {
  many_step(m, (struct k8sm_input){.type = K8SM_INPUT_LOST, .exchange = m->stream});
  m->answer_count = 0;
  m->now += 60000;
}

/* Of one agent, again and again: an ACCEPT takes all of an offer. */
static void many_offer(struct many *m, const char *agent, size_t placed) {
  char json[MANY_TEXT];
  while (m->placed < placed) {
    snprintf(json, sizeof json,
             "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"O%zu\"},\"framework_id\":{"
             "\"value\":\"F1\"},\"agent_id\":{\"value\":\"%s\"},\"hostname\":\"%s.example\","
             "\"allocation_info\":{\"role\":\"*\"},\"resources\":["
             "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":9999}},"
             "{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":999999}},"
             "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":999999}}]}]}}",
             m->offers++, agent, agent);
    many_event(m, json);
    many_settle(m);
    assert_true(m->offers < MANY_PODS);
  }
}

static void many_update(struct many *m, const char *task, const char *agent) {
  char json[MANY_TEXT];
  snprintf(
      json, sizeof json,
      "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"%s\"},\"state\":\"TASK_"
      "RUNNING\","
      "\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\",\"agent_id\":{\"value\":\"%s\"}}}}",
      task, agent);
  many_event(m, json);
}

/* ---- pods ---- */

static void many_open(struct many *m) {
  const struct k8sm_driver_options o = {.size = sizeof o,
                                        .allocator = &m->memory.allocator,
                                        .master = "10.0.0.1:5050",
                                        .seed = 1,
                                        .record_rows = 1};
  m->now += 1000;
  m->answer_count = 0;
  assert_int_equal(k8sm_driver_new(&o, &m->driver, NULL), K8SM_OK);
}

static struct many *many_new(void) {
  struct many *m = calloc(1, sizeof *m);
  assert_non_null(m);
  failing_init(&m->memory, 0);
  assert_int_equal(k8sm_effects_new(&m->memory.allocator, &m->effects), K8SM_OK);
  for (size_t i = 0; i < MANY_PODS; i++) k8smi_buf_init(&m->pods[i].row, NULL);
  many_open(m);
  many_subscribe(m);
  many_settle(m);
  return m;
}

static void many_free(struct many *m) {
  k8sm_driver_free(m->driver);
  k8sm_effects_free(m->effects);
  for (size_t i = 0; i < MANY_PODS; i++) k8smi_buf_free(&m->pods[i].row);
  assert_int_equal(m->memory.held, 0);
  free(m);
}

static void many_pod(struct many *m, size_t i, int priority) {
  char json[640];
  struct k8sm_pod *pod;
  int n = snprintf(json, sizeof json,
                   "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p%zu\",\"namespace\":"
                   "\"default\",\"uid\":\"u%zu\"},"
                   "\"spec\":{\"priority\":%d,\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
                   i, i, priority);
  assert_int_equal(k8sm_pod_parse(json, (size_t)n, NULL, &pod, NULL), K8SM_OK);
  many_step(m, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod});
  k8sm_pod_unref(pod);
}

/* So many pods, of which every other one runs on each of two agents. */
static struct many *many_running(size_t pods) {
  struct many *m = many_new();
  for (size_t i = 0; i < pods; i += 2) many_pod(m, i, 0);
  many_offer(m, "A0", pods / 2);
  for (size_t i = 1; i < pods; i += 2) many_pod(m, i, 0);
  many_offer(m, "A1", pods);
  for (size_t i = 0; i < pods; i++) {
    many_update(m, m->pods[i].pause, m->pods[i].agent);
    many_update(m, m->pods[i].task, m->pods[i].agent);
  }
  many_settle(m);
  return m;
}

/* ---- tests ---- */

static void who_waits_is_launched_by_priority(void **state) {
  enum { PODS = 250, PRIORITIES = 5 };
  struct many *m = many_new();
  (void)state;
  for (size_t i = 0; i < PODS; i++) many_pod(m, i, (int)(i * 7 % PRIORITIES) - 2);
  many_offer(m, "A0", PODS);
  for (size_t i = 1; i < PODS; i++) {
    unsigned a = m->order[i - 1], b = m->order[i];
    unsigned first = a * 7 % PRIORITIES, second = b * 7 % PRIORITIES;
    if (first < second || (first == second && a > b)) fail_msg("p%u before p%u", a, b);
  }
  many_free(m);
}

/* After a subscription each task is asked for once, in calls of about a thousand; who answers is not asked
 * again; and when all have, the master is asked what else there is. */
static void a_reconciliation_takes_many_steps(void **state) {
  struct many *m = many_running(MANY_PODS);
  (void)state;
  many_lose(m);
  m->asked = m->asked_at_most = m->asked_for_all = 0;
  many_subscribe(m);
  assert_in_range(m->asked, 1000, 1001); /* the first part, at once */
  many_settle(m);
  assert_int_equal(m->asked, 2 * MANY_PODS);
  assert_in_range(m->asked_at_most, 1000, 1001);
  for (size_t i = 0; i < MANY_PODS; i++) {
    assert_int_equal(m->pods[i].asked, 2);
    m->pods[i].asked = 0;
  }
  for (size_t i = 0; i < MANY_PODS; i++) {
    many_update(m, m->pods[i].pause, m->pods[i].agent);
    if (i % 100 != 0) many_update(m, m->pods[i].task, m->pods[i].agent);
  }
  many_wait(m, 10000);
  for (size_t i = 0; i < MANY_PODS; i++) assert_int_equal(m->pods[i].asked, i % 100 == 0);
  for (size_t i = 0; i < MANY_PODS; i += 100) many_update(m, m->pods[i].task, m->pods[i].agent);
  assert_int_equal(m->asked_for_all, 0);
  many_wait(m, 20000);
  assert_int_equal(m->asked_for_all, 1);
  for (size_t i = 0; i < MANY_PODS; i++) assert_int_equal(m->pods[i].asked, i % 100 == 0);
  many_free(m);
}

/* What runs on an agent that is lost is asked for two seconds later, a part at a time; nothing else is. */
static void a_lost_agent_is_asked_for(void **state) {
  struct many *m = many_running(MANY_PODS);
  (void)state;
  m->asked = m->asked_at_most = 0;
  many_event(m, "{\"type\":\"FAILURE\",\"failure\":{\"agent_id\":{\"value\":\"A1\"}}}");
  many_event(m, "{\"type\":\"FAILURE\",\"failure\":{\"agent_id\":{\"value\":\"A2\"}}}"); /* nobody's */
  many_wait(m, 1999);
  assert_int_equal(m->asked, 0);
  many_wait(m, 1);
  assert_int_equal(m->asked, MANY_PODS);
  assert_int_equal(m->asked_at_most, 500);
  for (size_t i = 0; i < MANY_PODS; i++) assert_int_equal(m->pods[i].asked, i % 2 == 0 ? 0 : 2);
  many_free(m);
}

/* Kills that wait for a subscription go with the questions, not all in one step. */
static void kills_wait_for_a_subscription(void **state) {
  struct many *m = many_running(MANY_PODS);
  char key[32];
  (void)state;
  many_lose(m);
  for (size_t i = 0; i < MANY_PODS; i++) {
    int n = snprintf(key, sizeof key, "default/p%zu", i);
    many_step(m, (struct k8sm_input){.type = K8SM_INPUT_DELETE, .key = {key, (size_t)n}, .grace_seconds = 5});
    many_settle(m);
  }
  assert_int_equal(m->kills, 0);
  many_subscribe(m);
  assert_in_range(m->kills, 1, MANY_PODS / 2);
  many_settle(m);
  assert_int_equal(m->kills, MANY_PODS); /* pause tasks end later */
  many_free(m);
}

/* A driver that comes back with many rows looks at its pods in several steps, the next one due at once. */
static void a_restored_driver_takes_its_time(void **state) {
  struct many *m = many_running(MANY_PODS);
  char key[32];
  (void)state;
  k8sm_driver_free(m->driver);
  many_open(m);
  for (size_t i = 0; i < MANY_PODS; i++) {
    int n = snprintf(key, sizeof key, "pod/u%zu", i);
    many_step(m, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                     .key = {key, (size_t)n},
                                     .bytes = {m->pods[i].row.ptr, m->pods[i].row.len}});
  }
  size_t steps = 0;
  m->said_at_most = 0;
  while (k8sm_driver_deadline(m->driver) <= m->now && steps < 100) {
    many_step(m, (struct k8sm_input){.type = K8SM_INPUT_TICK});
    steps++;
  }
  assert_in_range(steps, 3, 20);
  assert_in_range(m->said_at_most, 1, 1000);
  many_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_waits_is_launched_by_priority),
      cmocka_unit_test(a_reconciliation_takes_many_steps),
      cmocka_unit_test(a_lost_agent_is_asked_for),
      cmocka_unit_test(kills_wait_for_a_subscription),
      cmocka_unit_test(a_restored_driver_takes_its_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
