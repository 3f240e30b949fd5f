/* SPDX-License-Identifier: Apache-2.0 */

/* A driver with many pods on many agents: replicas are launched from offers, run, stay at rest, get updates,
 * and are asked for after the connection was lost. The host keeps records at once, the master takes every
 * call.
 *
 *   bench_driver [PODS [AGENTS]]
 *   bench_driver launch [PODS...]    only launches so many at once: what one takes must not rise with them
 *   bench_driver walks [PODS]        deletes a claim of one of them, and starts without a record
 *
 * Lines of name, value and unit, tabs between. Steps are timed one by one, in the processor's time, without
 * what it takes to read that, and those of updates a hundred at a time; memory is what was asked of the
 * allocator, by each pod, the parsed pod and the driver's tables in it. */

#include "bench_driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"

static void bench_say_update(const struct bench *b, const char *name, const char *what, double value,
                             const char *unit) {
  char line[64];
  snprintf(line, sizeof line, "driver.update.%s.%s", name, what);
  bench_say(b, line, value, unit);
}

enum { IN_A_ROW = 100 };

/* Seconds of so many steps: those that take the updates in, these and those that hear that the rows are kept,
 * and all that there are. */
struct row_times {
  double step, acked, all;
  size_t calls; /* for memory, of the first of these */
};

static struct row_times bench_row(struct bench *b, const struct k8smi_buf *events, size_t n) {
  struct row_times t;
  const size_t calls = b->memory.calls;
  const double begin = bench_now();
  for (size_t i = 0; i < n; i++) bench_chunk(b, &events[i]);
  t.step = bench_now() - begin;
  t.calls = b->memory.calls - calls;
  bench_answer_records(b);
  t.acked = bench_now() - begin;
  bench_answer_all(b);
  t.all = bench_now() - begin;
  return t;
}

static double bench_less(double a, double b) {
  return a < b ? a : b;
}

void bench_updates(struct bench *b, const char *name, const char *state, unsigned uuid, const char *more) {
  struct k8smi_buf events[IN_A_ROW];
  struct row_times best = {1, 1, 1, 0};
  size_t calls = 0;
  for (size_t i = 0; i < IN_A_ROW; i++) k8smi_buf_init(&events[i], NULL);
  b->in_a_row = true;
  for (size_t first = 0, n; first < b->task_count; first += n) {
    n = b->task_count - first < IN_A_ROW ? b->task_count - first : IN_A_ROW;
    for (size_t i = 0; i < n; i++) {
      k8smi_buf_clear(&events[i]);
      bench_update(&events[i], &b->tasks[first + i], state, uuid == 0 ? 0 : uuid + (unsigned)(first + i),
                   more);
    }
    const struct row_times t = bench_row(b, events, n);
    calls += t.calls;
    if (n < IN_A_ROW) continue;
    best = (struct row_times){bench_less(t.step, best.step), bench_less(t.acked, best.acked),
                              bench_less(t.all, best.all), 0};
  }
  b->in_a_row = false;
  for (size_t i = 0; i < IN_A_ROW; i++) k8smi_buf_free(&events[i]);
  bench_say_update(b, name, "step", best.step / IN_A_ROW * 1e6, "us");
  bench_say_update(b, name, "acknowledged", best.acked / IN_A_ROW * 1e6, "us");
  bench_say_update(b, name, "with_answers", best.all / IN_A_ROW * 1e6, "us");
  bench_say_update(b, name, "allocations", (double)calls / (double)b->task_count, "1");
}

/* For who asks for it: the PodStatus in JSON, of the best hundred pods in a row. */
static void bench_show(const struct bench *b) {
  struct k8sm_driver_pod rows[IN_A_ROW];
  double best = 1;
  for (size_t first = 0; k8sm_driver_pods(b->driver, first, rows, sizeof rows[0], IN_A_ROW) >= IN_A_ROW;
       first += IN_A_ROW) {
    double begin = bench_now();
    for (size_t i = 0; i < IN_A_ROW; i++) {
      struct k8sm_blob *json;
      if (k8sm_status_encode(rows[i].status, K8SM_FORMAT_JSON, NULL, &json) != K8SM_OK)
        bench_fail("no memory");
      k8sm_blob_unref(json);
    }
    best = bench_less(bench_now() - begin, best);
  }
  bench_say(b, "driver.show.json", best / IN_A_ROW * 1e6, "us");
}

/* The connection is lost; all tasks are asked for again, and answer. */
static void bench_reconcile(struct bench *b) {
  struct k8smi_buf event;
  bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_LOST, .exchange = b->stream});
  b->now += 20000;
  bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  bench_begin(b);
  bench_subscribe(b);
  bench_answer_all(b);
  for (uint64_t due; (due = k8sm_driver_deadline(b->driver)) <= b->now;) {
    bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_TICK});
    bench_answer_all(b);
  }
  bench_say(b, "driver.reconcile.ask.longest_step", b->worst_s * 1e3, "ms");
  bench_say(b, "driver.reconcile.ask.steps", (double)b->steps, "1");
  k8smi_buf_init(&event, NULL);
  for (size_t i = 0; i < b->task_count; i++) {
    k8smi_buf_clear(&event);
    bench_update(&event, &b->tasks[i], "RUNNING", 0, "");
    bench_chunk(b, &event);
    bench_answer_all(b);
  }
  k8smi_buf_free(&event);
  bench_say(b, "driver.reconcile.longest_step", b->worst_s * 1e3, "ms");
  bench_say(b, "driver.reconcile.all", b->sum_s * 1e3, "ms");
}

/* Time goes on, and nothing happens but heartbeats: until all pods are at rest. */
void bench_rest(struct bench *b) {
  enum { BEATS = 12, BEAT_MS = 10000 };
  static const char json[] = "{\"type\":\"HEARTBEAT\"}";
  struct k8smi_buf event;
  k8smi_buf_init(&event, NULL);
  bench_event(&event, json, sizeof json - 1);
  bench_begin(b);
  for (int i = 0; i < BEATS; i++) {
    b->now += BEAT_MS;
    bench_chunk(b, &event);
    for (bench_answer_all(b); k8sm_driver_deadline(b->driver) <= b->now; bench_answer_all(b))
      bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  }
  k8smi_buf_free(&event);
  bench_say(b, "driver.rest.pod", b->sum_s / (double)b->pods * 1e6, "us");
  bench_say(b, "driver.rest.longest_step", b->worst_s * 1e3, "ms");
}

/* Its record, read by another driver: until that has looked at all pods. */
static void bench_restart(struct bench *b) {
  struct k8sm_effects *record;
  struct k8sm_effect e;
  struct bench again;
  double begin = bench_now();
  if (k8sm_effects_new(NULL, &record) != K8SM_OK || k8sm_driver_snapshot(b->driver, record) != K8SM_OK)
    bench_fail("no memory for the record");
  bench_say(b, "driver.snapshot.pod", (bench_now() - begin) / (double)b->pods * 1e6, "us");
  memset(&again, 0, sizeof again);
  again.clock_s = b->clock_s;
  bench_new_driver(&again);
  again.now = b->now;
  for (size_t i = 0; k8sm_effects_rows(record, i, &e, sizeof e, 1) != 0; i++)
    bench_step(&again, (struct k8sm_input){.type = K8SM_INPUT_RESTORE, .key = e.key, .bytes = e.bytes});
  bench_say(b, "driver.restore.pod", again.sum_s / (double)b->pods * 1e6, "us");
  bench_begin(&again);
  do {
    bench_step(&again, (struct k8sm_input){.type = K8SM_INPUT_TICK});
    bench_answer_all(&again);
  } while (k8sm_driver_deadline(again.driver) <= again.now);
  bench_say(b, "driver.start.pod", again.sum_s / (double)b->pods * 1e6, "us");
  bench_say(b, "driver.start.longest_step", again.worst_s * 1e3, "ms");
  bench_say(b, "driver.start.peak", (double)again.peak / (double)b->pods, "bytes");
  k8sm_effects_free(record);
  bench_close(&again);
}

static double bench_held(const struct bench *b, size_t before) {
  return (double)(b->memory.held - before) / (double)b->pods;
}

/* No two pods are alike: what they take when they are at rest. */
static void bench_different(size_t pods, size_t agents) {
  struct bench b = {.pods = 0};
  bench_open(&b, pods, agents);
  b.quiet = true;
  size_t before = b.memory.held;
  bench_launch(&b, true);
  bench_updates(&b, "running", "RUNNING", 0x40000000, "");
  bench_rest(&b);
  b.quiet = false;
  bench_say(&b, "driver.pod.at_rest.different", bench_held(&b, before), "bytes");
  bench_close(&b);
}

enum { PODS = 20000, MANY = 100000, PODS_PER_AGENT = 10 };

static int bench_only_launch(int argc, char **argv) {
  static const char *const sizes[] = {"1000", "10000", "50000", "100000"};
  const bool given = argc > 2;
  const int n = given ? argc - 2 : (int)(sizeof sizes / sizeof sizes[0]);
  for (int i = 0; i < n; i++) {
    const char *size = given ? argv[i + 2] : sizes[i];
    size_t pods = strtoul(size, NULL, 10);
    struct bench b = {.pods = 0};
    char line[64];
    bench_open(&b, pods, pods / PODS_PER_AGENT);
    b.quiet = true;
    bench_launch(&b, false);
    b.quiet = false;
    snprintf(line, sizeof line, "driver.launch.pod.%s", size);
    bench_say(&b, line, b.sum_s / (double)pods * 1e6, "us");
    bench_close(&b);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "launch") == 0) return bench_only_launch(argc, argv);
  if (argc > 1 && strcmp(argv[1], "walks") == 0)
    return bench_walks(argc > 2 ? strtoul(argv[2], NULL, 10) : MANY);
  size_t pods = argc > 1 ? strtoul(argv[1], NULL, 10) : PODS;
  size_t agents = argc > 2 ? strtoul(argv[2], NULL, 10) : pods / PODS_PER_AGENT;
  struct bench b = {.pods = 0};
  bench_open(&b, pods, agents);
  size_t before = b.memory.held;
  bench_launch(&b, false);
  bench_updates(&b, "starting", "STARTING", 1, "");
  bench_updates(&b, "running", "RUNNING", 0x40000000, "");
  bench_updates(&b, "healthy", "RUNNING", 0x50000000, ",\"healthy\":true");
  bench_say(&b, "driver.pod.awake", bench_held(&b, before), "bytes");
  bench_updates(&b, "copy", "RUNNING", 0, "");
  bench_show(&b);
  bench_reconcile(&b);
  bench_rest(&b);
  bench_say(&b, "driver.pod.at_rest", bench_held(&b, before), "bytes");
  bench_restart(&b);
  bench_updates(&b, "wakes", "RUNNING", 0x60000000, ",\"healthy\":true");
  bench_close(&b);
  bench_different(pods, agents);
  return 0;
}
