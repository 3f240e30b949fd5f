/* SPDX-License-Identifier: Apache-2.0 */
/* How long it takes to find places for pods, beside a plain scan over an array of agents that does no
 * more than compare three numbers. Lines are name, value, unit; notes go to standard error. */
#include "demand/demand.h"
#include "match/plan.h"
#include "offer/offer.h"
#include "support/demands.h"
#include "bench_match.h"
#include <k8smesos/match.h>

#include <inttypes.h>
#include <time.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { BENCH_BATCH = 200, BENCH_LARGE_BATCH = 1000 };

struct bench_agent {
  int64_t free[3];
};

struct bench {
  struct world w;
  struct k8sm_cluster *cluster;
  struct bench_agent *agents; /* for the plain scan */
  size_t count;
};

static uint32_t bench_random = 1;

static uint32_t bench_below(uint32_t n) {
  bench_random = bench_random * 1664525u + 1013904223u;
  return (bench_random >> 8) % n;
}

uint64_t bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may use the machine, too */
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Agents that are in use already: what they have left differs. */
static void bench_fill(struct bench *b, size_t agents) {
  char id[32], agent[32];
  struct k8sm_cluster_options o = {.size = sizeof o};
  memset(b, 0, sizeof *b);
  world_init(&b->w);
  b->count = agents;
  b->agents = calloc(agents, sizeof *b->agents);
  if (b->agents == NULL || k8sm_cluster_new(&o, &b->cluster, NULL) != K8SM_OK) abort();
  for (size_t i = 0; i < agents; i++) {
    int64_t cpus = 500 * (int64_t)(1 + bench_below(32)), mem = 512000 * (int64_t)(1 + bench_below(64));
    snprintf(id, sizeof id, "4e8c-O%zu", i);
    snprintf(agent, sizeof agent, "4e8c-S%zu", i);
    world_simple(&b->w, id, agent, "*", (double)cpus / 1000, (double)mem / 1000, true);
    b->agents[i] = (struct bench_agent){{cpus, mem, 10000000}};
  }
  struct k8sm_offers *offers = world_offers(&b->w);
  if (offers == NULL || k8sm_cluster_add(b->cluster, offers, 0, NULL) != K8SM_OK) abort();
  k8sm_offers_unref(offers);
}

static void bench_empty(struct bench *b) {
  k8sm_cluster_free(b->cluster);
  free(b->agents);
  world_free(&b->w);
}

static struct k8sm_demand **bench_demands(struct bench *b, size_t n) {
  struct k8sm_demand **demands = world_new(&b->w, n * sizeof(struct k8sm_demand *));
  char name[32];
  for (size_t i = 0; i < n; i++) {
    snprintf(name, sizeof name, "pod-%zu", i);
    demands[i] = world_demand(&b->w, name, 250, 128000, 32000);
  }
  return demands;
}

/* ---- What is asked of an allocator ---- */

struct bench_bytes {
  size_t now;
  size_t calls;
};

static void *bench_alloc(void *ctx, size_t size) {
  struct bench_bytes *bytes = ctx;
  bytes->now += size;
  bytes->calls++;
  return malloc(size);
}

static void bench_free_block(void *ctx, void *block, size_t size) {
  struct bench_bytes *bytes = ctx;
  if (block != NULL) bytes->now -= size;
  free(block);
}

/* The best of several runs, in ns. */
static uint64_t bench_matches(struct bench *b, struct k8sm_demand **demands, size_t n, size_t expected) {
  uint64_t best = UINT64_MAX;
  for (int run = 0; run < 9; run++) {
    struct k8sm_plan *plan;
    uint64_t start = bench_now();
    if (k8sm_cluster_match(b->cluster, demands, n, NULL, &plan, NULL) != K8SM_OK) abort();
    uint64_t took = bench_now() - start;
    if (plan->placement_count != expected) abort();
    k8sm_plan_unref(plan);
    if (took < best) best = took;
  }
  return best;
}

/* The fullest agent with room, found by looking at all. */
static size_t bench_scan_one(const struct bench *b, const int64_t *need) {
  size_t found = b->count;
  int64_t least = INT64_MAX;
  for (size_t i = 0; i < b->count; i++) {
    const int64_t *have = b->agents[i].free;
    if (have[0] < need[0] || have[1] < need[1] || have[2] < need[2]) continue;
    int64_t room = have[0] + have[1] / 4096;
    if (room >= least) continue;
    least = room;
    found = i;
  }
  return found;
}

static uint64_t bench_scan(struct bench *b, size_t n) {
  const int64_t need[3] = {270, 192000, 32000};
  uint64_t best = UINT64_MAX;
  size_t bytes = b->count * sizeof *b->agents;
  struct bench_agent *kept = malloc(bytes);
  if (kept == NULL) abort();
  memcpy(kept, b->agents, bytes);
  for (int run = 0; run < 3; run++) {
    uint64_t start = bench_now();
    for (size_t i = 0; i < n; i++) {
      size_t at = bench_scan_one(b, need);
      for (int s = 0; at < b->count && s < 3; s++) b->agents[at].free[s] -= need[s];
    }
    uint64_t took = bench_now() - start;
    if (took < best) best = took;
    memcpy(b->agents, kept, bytes);
  }
  free(kept);
  return best;
}

/* ---- What a cluster takes, and how fast offers come and go ---- */

static void bench_line(const char *what, size_t agents, const char *measure, uint64_t value,
                       const char *unit) {
  printf("match.%s.agents_%zu.%s\t%" PRIu64 "\t%s\n", what, agents, measure, value, unit);
}

/* ns as microseconds with two decimals; the same for the ratio of two times. */
static void bench_fraction(const char *what, size_t agents, const char *measure, uint64_t a, uint64_t b,
                           const char *unit) {
  printf("match.%s.agents_%zu.%s\t%" PRIu64 ".%02" PRIu64 "\t%s\n", what, agents, measure, a / b,
         a % b * 100 / b, unit);
}

/* Calls of an allocator by one match: of its own memory and the plan's. */
static size_t bench_allocations(const struct bench *b, struct k8sm_demand **demands, size_t n) {
  struct bench_bytes bytes = {0};
  const struct k8sm_allocator counting = {sizeof counting, &bytes, bench_alloc, bench_free_block};
  const struct k8sm_match_options options = {.size = sizeof options, .allocator = &counting};
  struct k8sm_plan *plan;
  if (k8sm_cluster_match(b->cluster, demands, n, &options, &plan, NULL) != K8SM_OK) abort();
  k8sm_plan_unref(plan);
  return bytes.calls;
}

static void bench_places(struct bench *b, const char *name, size_t n) {
  struct k8sm_demand **demands = bench_demands(b, n);
  uint64_t ours = bench_matches(b, demands, n, n), plain = bench_scan(b, n);
  bench_line(name, b->count, "pods_per_s", n * 1000000000u / ours, "1/s");
  bench_line(name, b->count, "us_per_batch", ours / 1000, "us");
  bench_line(name, b->count, "ns_per_pod", ours / n, "ns");
  bench_fraction(name, b->count, "allocations_per_pod", bench_allocations(b, demands, n), n, "calls");
  bench_line(name, b->count, "scan_us_per_batch", plain / 1000, "us");
  bench_fraction(name, b->count, "times_scan", plain, ours, "ratio");
}

enum { BENCH_SINGLE = 1000 }; /* offers that come and go one by one */

/* Prints the memory of a cluster, without that of the offers, which are on so many agents. */
static void bench_memory(const char *name, size_t agents, struct k8sm_offers *offers) {
  struct bench_bytes bytes = {0};
  const struct k8sm_allocator counting = {sizeof counting, &bytes, bench_alloc, bench_free_block};
  const struct k8sm_cluster_options o = {.size = sizeof o, .allocator = &counting};
  struct k8sm_cluster *cluster;
  if (k8sm_cluster_new(&o, &cluster, NULL) != K8SM_OK ||
      k8sm_cluster_add(cluster, offers, 0, NULL) != K8SM_OK) {
    abort();
  }
  bench_line(name, agents, "bytes_per_agent", bytes.now / agents, "bytes");
  k8sm_cluster_free(cluster);
}

/* Agents whose attributes are like no other's. */
static void bench_memory_own(size_t agents) {
  struct world w;
  char text[32];
  world_init(&w);
  for (size_t i = 0; i < agents; i++) {
    snprintf(text, sizeof text, "4e8c-S%zu", i);
    K8smMesos__Offer *o = world_simple(&w, text, text, "*", 8, 65536, true);
    snprintf(text, sizeof text, "r%zu", i);
    world_attribute(&w, o, "rack", text);
    world_attribute(&w, o, "hostname", o->hostname);
  }
  struct k8sm_offers *offers = world_offers(&w);
  if (offers == NULL) abort();
  bench_memory("memory_own_attributes", agents, offers);
  k8sm_offers_unref(offers);
  world_free(&w);
}

/* The time for one offer to come, and to go. */
static void bench_offers(struct bench *b) {
  struct k8sm_offers *all = world_offers(&b->w), *single[BENCH_SINGLE];
  struct k8sm_cluster *cluster;
  uint64_t added = UINT64_MAX, removed = UINT64_MAX;
  if (all == NULL || k8sm_cluster_new(NULL, &cluster, NULL) != K8SM_OK ||
      k8sm_cluster_add(cluster, all, 0, NULL) != K8SM_OK) {
    abort();
  }
  bench_memory("memory", b->count, all);
  bench_memory_own(b->count);
  for (size_t i = 0; i < BENCH_SINGLE; i++) {
    char id[32], agent[32];
    snprintf(id, sizeof id, "4e8c-P%zu", i);
    snprintf(agent, sizeof agent, "4e8c-S%zu", i * 7919 % b->count);
    K8smMesos__Offer *offer = world_simple(&b->w, id, agent, "*", 1 + bench_below(8), 1024, false);
    world_ports(&b->w, offer, 33000 + 8 * i, 33007 + 8 * i); /* nobody else's */
    single[i] = world_offers_from(&b->w, b->w.count - 1, NULL, NULL);
  }
  for (int run = 0; run < 9; run++) {
    uint64_t start = bench_now(), between;
    for (size_t i = 0; i < BENCH_SINGLE; i++) {
      if (k8sm_cluster_add(cluster, single[i], 0, NULL) != K8SM_OK) abort();
    }
    between = bench_now();
    if (between - start < added) added = between - start;
    for (size_t i = 0; i < BENCH_SINGLE; i++) {
      char id[32];
      int n = snprintf(id, sizeof id, "4e8c-P%zu", i);
      if (k8sm_cluster_remove(cluster, (struct k8sm_slice){id, (size_t)n}) != 1) abort();
    }
    if (bench_now() - between < removed) removed = bench_now() - between;
  }
  bench_fraction("add", b->count, "us", added, 1000 * BENCH_SINGLE, "us");
  bench_fraction("rescind", b->count, "us", removed, 1000 * BENCH_SINGLE, "us");
  for (size_t i = 0; i < BENCH_SINGLE; i++) k8sm_offers_unref(single[i]);
  k8sm_offers_unref(all);
  k8sm_cluster_free(cluster);
}

/* What is freed between two matches stays in the process, however it lies there: to take it from the system
 * anew would take as long as to place half of the pods. */
static void bench_keep_memory(void) {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_MMAP_THRESHOLD, 256 << 20);
#endif
}

/* With a number, only what is refused by so many agents. */
int main(int argc, char **argv) {
  static const size_t sizes[] = {100, 1000, 10000, 50000};
  bench_keep_memory();
  if (argc > 1) {
    bench_match_refusals(strtoul(argv[1], NULL, 10));
    return 0;
  }
  fprintf(stderr, "strategy PACK; pods of 0.25 cpus and 128 MB; agents with 0.5 to 16 cpus left\n");
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct bench b;
    bench_fill(&b, sizes[i]);
    bench_places(&b, "simple", BENCH_BATCH);
    if (sizes[i] >= 1000) bench_places(&b, "simple_1000", BENCH_LARGE_BATCH);
    bench_offers(&b);
    bench_empty(&b);
    bench_match_refusals(sizes[i]);
  }
  static const size_t ruled[] = {100, 1000, 5000, 10000, 50000};
  for (size_t i = 0; i < sizeof ruled / sizeof ruled[0]; i++) bench_match_rules(ruled[i]);
  bench_match_packing(1000);
  return 0;
}
