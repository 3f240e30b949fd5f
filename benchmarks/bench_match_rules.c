/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that say where they may go, as they come from their JSON; and how well pods pack. */
#include "bench_match.h"
#include "demand/demand.h"
#include "match/plan.h"
#include "support/demands.h"
#include <k8smesos/match.h>

#include <inttypes.h>

enum { RULES_PODS_MAX = 10000, RULES_GROUPS = 100, RULES_ZONES = 3, RULES_RACKS = 50, RULES_RUNS = 5 };

static const char *const rules_names[] = {"node_affinity", "anti_affinity", "spread", "mixed"};
enum { RULES_NODE = 0, RULES_ANTI, RULES_SPREAD, RULES_MIXED, RULES_WORKLOADS };

/* The spec's members of pod i of a workload. */
static void rules_spec(char *to, size_t cap, int workload, size_t i) {
  char app[16];
  snprintf(app, sizeof app, "app-%zu", i % RULES_GROUPS);
  switch (workload) {
  case RULES_NODE:
    snprintf(to, cap,
             ",\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":"
             "{\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":\"k8s.mesosphere.io/attribute-rack\","
             "\"operator\":\"In\",\"values\":[\"r%zu\",\"r%zu\"]}]}]}}}",
             i % RULES_RACKS, (i + 1) % RULES_RACKS);
    return;
  case RULES_ANTI:
    snprintf(
        to, cap,
        ",\"affinity\":{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":[{"
        "\"topologyKey\":\"kubernetes.io/hostname\",\"labelSelector\":{\"matchLabels\":{\"app\":\"%s\"}}}]}}",
        app);
    return;
  case RULES_SPREAD:
    snprintf(to, cap,
             ",\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"topology.kubernetes.io/zone\","
             "\"whenUnsatisfiable\":\"DoNotSchedule\",\"labelSelector\":{\"matchLabels\":{\"app\":\"%s\"}}}]",
             app);
    return;
  default: /* half of them simple, the others of each sort, each app of one */
    to[0] = '\0';
    if (i % RULES_GROUPS % 2 == 0) rules_spec(to, cap, (int)(i % RULES_GROUPS / 2 % RULES_MIXED), i);
    return;
  }
}

static struct k8sm_demand *rules_demand(int workload, size_t i) {
  char spec[1024], text[2048];
  struct k8sm_pod *pod;
  struct k8sm_demand *demand;
  const struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n"};
  rules_spec(spec, sizeof spec, workload, i);
  int n = snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"pod-%zu\",\"namespace\":"
      "\"default\",\"uid\":\"uid-%zu\",\"labels\":{\"app\":\"app-%zu\"}},\"spec\":{\"containers\":[{"
      "\"name\":\"c\",\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"250m\",\"memory\":\"128Mi\"}}"
      "}]%s}}",
      i, i, i % RULES_GROUPS, spec);
  if (n < 0 || (size_t)n >= sizeof text || k8sm_pod_parse(text, (size_t)n, NULL, &pod, NULL) != K8SM_OK ||
      k8sm_demand_make(pod, &options, &demand, NULL) != K8SM_OK) {
    abort();
  }
  k8sm_pod_unref(pod);
  return demand;
}

struct k8sm_demand *bench_rack_demand(void) {
  return rules_demand(RULES_NODE, 0);
}

static struct k8sm_cluster *rules_cluster(struct world *w, size_t agents) {
  struct k8sm_cluster *cluster;
  char text[32];
  for (size_t i = 0; i < agents; i++) {
    snprintf(text, sizeof text, "4e8c-S%zu", i);
    K8smMesos__Offer *o =
        world_simple(w, text, text, "*", (double)(4 + i * 7 % 13), (double)(8192 + i * 5 % 7 * 4096), true);
    snprintf(text, sizeof text, "r%zu", i * 31 % RULES_RACKS);
    world_attribute(w, o, "rack", text);
    snprintf(text, sizeof text, "z%zu", i % RULES_ZONES);
    world_domain(w, o, "north", text);
  }
  struct k8sm_offers *offers = world_offers(w);
  if (k8sm_cluster_new(NULL, &cluster, NULL) != K8SM_OK ||
      k8sm_cluster_add(cluster, offers, 0, NULL) != K8SM_OK) {
    abort();
  }
  k8sm_offers_unref(offers);
  return cluster;
}

static uint64_t rules_best(struct k8sm_cluster *cluster, struct k8sm_demand **demands, size_t n,
                           size_t *placed) {
  uint64_t best = UINT64_MAX;
  for (int run = 0; run < RULES_RUNS; run++) {
    struct k8sm_plan *plan;
    uint64_t start = bench_now();
    if (k8sm_cluster_match(cluster, demands, n, NULL, &plan, NULL) != K8SM_OK) abort();
    uint64_t took = bench_now() - start;
    *placed = plan->placement_count;
    k8sm_plan_unref(plan);
    if (took < best) best = took;
  }
  return best;
}

void bench_match_rules(size_t agents) {
  size_t n = agents * 2 < RULES_PODS_MAX ? agents * 2 : RULES_PODS_MAX, placed = 0;
  struct k8sm_demand **demands = malloc(n * sizeof(struct k8sm_demand *));
  struct world w;
  if (demands == NULL) abort();
  world_init(&w);
  struct k8sm_cluster *cluster = rules_cluster(&w, agents);
  for (int workload = 0; workload < RULES_WORKLOADS; workload++) {
    for (size_t i = 0; i < n; i++) demands[i] = rules_demand(workload, i);
    uint64_t took = rules_best(cluster, demands, n, &placed);
    printf("match.%s.agents_%zu.pods_per_s\t%" PRIu64 "\t1/s\n", rules_names[workload], agents,
           (uint64_t)n * 1000000000u / took);
    printf("match.%s.agents_%zu.ns_per_pod\t%" PRIu64 "\tns\n", rules_names[workload], agents,
           took / (uint64_t)n);
    printf("match.%s.agents_%zu.placed\t%zu\tpods of %zu\n", rules_names[workload], agents, placed, n);
    for (size_t i = 0; i < n; i++) k8sm_demand_unref(demands[i]);
  }
  k8sm_cluster_free(cluster);
  world_free(&w);
  free(demands);
}

static uint32_t packing_below(uint32_t *random, uint32_t n) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 8) % n;
}

enum { PACKING_CUT = 12, PACKING_CPUS = 16000, PACKING_MEM = 65536000 };

/* One agent's worth: pods that fill it. */
static void packing_cut(struct world *w, uint32_t *random, size_t agent, struct k8sm_demand **to) {
  int64_t cpus = PACKING_CPUS, mem = PACKING_MEM;
  for (int left = PACKING_CUT; left > 0; left--) {
    char name[48];
    int64_t c = cpus / left / 2 + packing_below(random, (uint32_t)(cpus / left));
    int64_t m = mem / left / 2 + packing_below(random, (uint32_t)(mem / left));
    if (left == 1) {
      c = cpus;
      m = mem;
    }
    snprintf(name, sizeof name, "pod-%zu-%d", agent, left);
    *to++ = world_demand(w, name, c - 2 * WORLD_TOKEN_CPUS, m - 2 * WORLD_TOKEN_MEM, 32000);
    cpus -= c;
    mem -= m;
  }
}

static void packing_measure(struct k8sm_cluster *cluster, struct k8sm_demand **demands, size_t agents,
                            uint32_t flags, const char *name) {
  const struct k8sm_match_options options = {.size = sizeof options, .flags = flags};
  struct k8sm_plan *plan;
  int64_t placed = 0;
  if (k8sm_cluster_match(cluster, demands, agents * PACKING_CUT, &options, &plan, NULL) != K8SM_OK) abort();
  for (size_t i = 0; i < plan->placement_count; i++) {
    placed += plan->demands[plan->placements[i].demand]->cpus_milli + 2 * WORLD_TOKEN_CPUS;
  }
  int64_t permille = placed * 1000 / ((int64_t)agents * PACKING_CPUS);
  printf("match.%s.agents_%zu.cpus\t%" PRId64 ".%" PRId64 "\t%% of what is there\n", name, agents,
         permille / 10, permille % 10);
  k8sm_plan_unref(plan);
}

/* Each agent is cut into pods, so that all of them together fill it; then the pods come in any order. */
void bench_match_packing(size_t agents) {
  struct world w;
  struct k8sm_cluster *cluster;
  uint32_t random = 1;
  size_t n = agents * PACKING_CUT;
  struct k8sm_demand **demands = malloc(n * sizeof(struct k8sm_demand *));
  if (demands == NULL || k8sm_cluster_new(NULL, &cluster, NULL) != K8SM_OK) abort();
  world_init(&w);
  for (size_t i = 0; i < agents; i++) {
    char text[32];
    snprintf(text, sizeof text, "4e8c-S%zu", i);
    world_simple(&w, text, text, "*", PACKING_CPUS / 1000, PACKING_MEM / 1000, false);
    packing_cut(&w, &random, i, demands + i * PACKING_CUT);
  }
  for (size_t i = n; i > 1; i--) {
    size_t j = packing_below(&random, (uint32_t)i);
    struct k8sm_demand *d = demands[i - 1];
    demands[i - 1] = demands[j];
    demands[j] = d;
  }
  struct k8sm_offers *offers = world_offers(&w);
  if (k8sm_cluster_add(cluster, offers, 0, NULL) != K8SM_OK) abort();
  packing_measure(cluster, demands, agents, 0, "packing");
  packing_measure(cluster, demands, agents, K8SM_MATCH_LARGEST_FIRST, "packing_largest_first");
  k8sm_offers_unref(offers);
  k8sm_cluster_free(cluster);
  world_free(&w);
  free(demands);
}
