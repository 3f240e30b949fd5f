/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that concern one pod out of many, and must not walk all of them; and one that does. */
#include "bench_driver.h"

#include <stdio.h>

#include "base/slice.h"

static void walks_tick(struct bench *b) {
  do {
    bench_step(b, (struct k8sm_input){.type = K8SM_INPUT_TICK});
    bench_answer_all(b);
  } while (k8sm_driver_deadline(b->driver) <= b->now);
}

/* All pods have a claim and are at rest; that of one is deleted, and while it waits for its pod others get
 * updates. */
static void walks_claim(size_t pods) {
  enum { UPDATED = 200, PODS_PER_AGENT = 10 };
  struct bench b = {.role = "dev", .claims = true};
  char key[64];
  bench_open(&b, pods, pods / PODS_PER_AGENT);
  b.quiet = true;
  bench_launch(&b, false);
  bench_updates(&b, "running", "RUNNING", 0x40000000, "");
  bench_rest(&b);
  b.quiet = false;
  bench_begin(&b);
  int n = snprintf(key, sizeof key, "default/data-%zu", pods / 2);
  bench_step(&b, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = {key, (size_t)n}});
  bench_answer_all(&b);
  bench_say(&b, "driver.claim.delete.longest_step", b.worst_s * 1e3, "ms");
  b.task_count = UPDATED;
  bench_updates(&b, "beside_a_deleted_claim", "RUNNING", 0x60000000, ",\"healthy\":true");
  bench_close(&b);
}

/* The pods are given, and only then comes the subscription: what runs of them is to be taken up. */
static void walks_adoption(size_t pods) {
  enum { ADOPT_MS = 600000 };
  struct bench b = {.adopt_ms = ADOPT_MS, .pods = pods, .now = 1000};
  bench_new_driver(&b);
  bench_step(&b, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  for (size_t i = 0; i < pods; i++) {
    struct k8sm_pod *pod = bench_pod(&b, i, 0);
    bench_step(&b, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod});
    k8sm_pod_unref(pod);
  }
  bench_begin(&b);
  bench_subscribe(&b);
  walks_tick(&b);
  bench_say(&b, "driver.adopt.begin.longest_step", b.worst_s * 1e3, "ms");
  bench_begin(&b);
  b.now += ADOPT_MS + 1;
  walks_tick(&b);
  bench_say(&b, "driver.adopt.end.longest_step", b.worst_s * 1e3, "ms");
  bench_close(&b);
}

int bench_walks(size_t pods) {
  walks_claim(pods);
  walks_adoption(pods);
  return 0;
}
