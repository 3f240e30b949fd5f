/* SPDX-License-Identifier: Apache-2.0 */

/* usage: bench_rival WORKLOAD STRATEGY
 *
 * How long this library takes to place the pods of a workload, for rivals/compare.py, which writes workloads
 * and runs others on the same ones. A line for each agent and each pod, tabs between:
 *     agent NAME CPUS MEM DISK RACK ZONE
 *     pod NAME CPUS MEM DISK JSON
 * Numbers are thousandths of cpus, and MiB; those of a pod are what it takes from an offer, executor and
 * tokens included: that the JSON leads to the same is checked. Prints seconds and how many pods have a place,
 * with a tab between: the best of several rounds, each on a cluster that is new, in processor time, without
 * reading. */

#include "bench_rival.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RIVAL_ROUNDS_MAX = 30, RIVAL_SECONDS = 3, RIVAL_OFFER_MAX = 1024, RIVAL_COLUMNS = 7 };

struct rival {
  char *offers; /* JSON: an event */
  size_t offers_len, offers_cap;
  struct rival_pod *pods;
  size_t count, cap;
  size_t agents;
};

void rival_require(bool fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "bench_rival: %s\n", what);
  exit(1);
}

double rival_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- The workload ---- */

/* Room for one more element of a list that doubles. */
static void *rival_grow(void *list, size_t count, size_t *cap, size_t more, size_t size) {
  if (count + more <= *cap) return list;
  *cap = (count + more) * 2;
  list = realloc(list, *cap * size);
  rival_require(list != NULL, "memory");
  return list;
}

static void rival_agent(struct rival *r, char **column) {
  static const char scalar[] = "{\"name\":\"%s\",\"type\":\"SCALAR\",\"scalar\":{\"value\":%lld.%03lld},"
                               "\"allocation_info\":{\"role\":\"*\"}}";
  long long cpus = atoll(column[2]);
  char resources[3][192];
  snprintf(resources[0], sizeof resources[0], scalar, "cpus", cpus / 1000, cpus % 1000);
  snprintf(resources[1], sizeof resources[1], scalar, "mem", atoll(column[3]), 0LL);
  snprintf(resources[2], sizeof resources[2], scalar, "disk", atoll(column[4]), 0LL);
  r->offers = rival_grow(r->offers, r->offers_len, &r->offers_cap, RIVAL_OFFER_MAX, 1);
  int len = snprintf(
      r->offers + r->offers_len, RIVAL_OFFER_MAX,
      "%s{\"id\":{\"value\":\"O-%s\"},\"framework_id\":{\"value\":\"f\"},\"agent_id\":{\"value\":\"%s\"},"
      "\"hostname\":\"%s\",\"allocation_info\":{\"role\":\"*\"},\"domain\":{\"fault_domain\":{\"region\":{"
      "\"name\":\"north\"},\"zone\":{\"name\":\"%s\"}}},\"attributes\":[{\"name\":\"rack\",\"type\":\"TEXT\","
      "\"text\":{\"value\":\"%s\"}}],\"resources\":[%s,%s,%s]}",
      r->agents++ == 0 ? "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[" : ",", column[1], column[1],
      column[1], column[6], column[5], resources[0], resources[1], resources[2]);
  rival_require(len > 0 && len < RIVAL_OFFER_MAX, "an agent is too long");
  r->offers_len += (size_t)len;
}

static void rival_pod(struct rival *r, char **column) {
  const struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n"};
  struct k8sm_pod *pod;
  r->pods = rival_grow(r->pods, r->count, &r->cap, 1, sizeof *r->pods);
  struct rival_pod *p = &r->pods[r->count++];
  *p = (struct rival_pod){NULL, atoll(column[2]), atoll(column[3]), atoll(column[4])};
  rival_require(k8sm_pod_parse(column[5], strlen(column[5]), NULL, &pod, NULL) == K8SM_OK, column[5]);
  rival_require(k8sm_demand_make(pod, &options, &p->demand, NULL) == K8SM_OK, column[5]);
  k8sm_pod_unref(pod);
}

/* Cuts a line at its tabs. */
static size_t rival_columns(char *line, char **column) {
  size_t n = 0;
  line[strcspn(line, "\n")] = '\0';
  for (char *at = line; at != NULL && n < RIVAL_COLUMNS; n++) {
    column[n] = at;
    at = strchr(at, '\t');
    if (at != NULL) *at++ = '\0';
  }
  return n;
}

static void rival_read(struct rival *r, const char *path) {
  char *line = NULL, *column[RIVAL_COLUMNS];
  size_t cap = 0;
  FILE *in = fopen(path, "r");
  rival_require(in != NULL, path);
  while (getline(&line, &cap, in) > 0) {
    size_t n = rival_columns(line, column);
    bool agent = n == 7 && strcmp(column[0], "agent") == 0, pod = n == 6 && strcmp(column[0], "pod") == 0;
    rival_require(agent || pod, line);
    if (agent) rival_agent(r, column);
    if (pod) rival_pod(r, column);
  }
  rival_require(r->agents > 0 && r->count > 0, "no agents, or no pods");
  memcpy(r->offers + r->offers_len, "]}}", sizeof "]}}"); /* less than an agent, and there is room for one */
  r->offers_len += strlen("]}}");
  free(line);
  fclose(in);
}

/* ---- Rounds ---- */

static bool rival_named(const struct k8sm_plan_resource *row, const char *name) {
  return row->name.len == strlen(name) && memcmp(row->name.ptr, name, row->name.len) == 0;
}

/* A placement takes what the workload says, so that others are asked for the same. */
static void rival_check(const struct rival *r, const struct k8sm_plan *plan) {
  struct k8sm_placement placement;
  struct k8sm_plan_resource row;
  long long cpus = 0, mem = 0, disk = 0;
  if (k8sm_plan_placements(plan, 0, &placement, sizeof placement, 1) == 0) return;
  for (size_t i = 0; k8sm_plan_resources(plan, i, &row, sizeof row, 1) > 0 && row.placement == 0; i++) {
    if (rival_named(&row, "cpus")) cpus += row.milli;
    if (rival_named(&row, "mem")) mem += row.milli;
    if (rival_named(&row, "disk")) disk += row.milli;
  }
  const struct rival_pod *p = &r->pods[placement.demand];
  if (cpus == p->cpus && mem == p->mem * 1000 && disk == p->disk * 1000) return;
  fprintf(stderr, "bench_rival: a pod takes %lld cpus, %lld mem, %lld disk in thousandths\n", cpus, mem,
          disk);
  exit(1);
}

static double rival_round(const struct rival *r, struct k8sm_offers *offers, struct k8sm_demand **demands,
                          const struct k8sm_match_options *options, size_t *placed) {
  const struct k8sm_cluster_options made = {.size = sizeof made, .strategy = options->strategy};
  struct k8sm_cluster *cluster;
  struct k8sm_plan *plan;
  rival_require(k8sm_cluster_new(&made, &cluster, NULL) == K8SM_OK &&
                    k8sm_cluster_add(cluster, offers, 0, NULL) == K8SM_OK,
                "no cluster");
  double begin = rival_now();
  int answer = k8sm_cluster_match(cluster, demands, r->count, options, &plan, NULL);
  double took = rival_now() - begin;
  rival_require(answer == K8SM_OK, "no plan");
  rival_check(r, plan);
  *placed = k8sm_plan_placements(plan, 0, NULL, sizeof(struct k8sm_placement), 0);
  k8sm_plan_unref(plan);
  k8sm_cluster_free(cluster);
  return took;
}

static const char *const rival_strategies[] = {"pack", "spread", "first-fit", "balanced", "algebra"};
enum { RIVAL_ALGEBRA = 4, RIVAL_STRATEGIES };

static void rival_measure(const struct rival *r, uint32_t strategy) {
  const struct k8sm_offers_options parsing = {.size = sizeof parsing, .format = K8SM_FORMAT_JSON};
  const struct k8sm_match_options options = {.size = sizeof options, .strategy = strategy};
  struct k8sm_demand **demands = malloc(r->count * sizeof(struct k8sm_demand *));
  struct k8sm_offers *offers;
  double best = 1e9, begin = rival_now();
  size_t placed = 0;
  rival_require(demands != NULL, "memory");
  rival_require(k8sm_offers_parse(r->offers, r->offers_len, &parsing, &offers, NULL) == K8SM_OK, "no offers");
  for (size_t i = 0; i < r->count; i++) demands[i] = r->pods[i].demand;
  for (int i = 0; i < RIVAL_ROUNDS_MAX && rival_now() - begin < RIVAL_SECONDS; i++) {
    double took = strategy == RIVAL_ALGEBRA ? rival_algebra_round(offers, r->pods, r->count, &placed)
                                            : rival_round(r, offers, demands, &options, &placed);
    if (took < best) best = took;
  }
  printf("%.9f\t%zu\n", best, placed);
  k8sm_offers_unref(offers);
  free(demands);
}

int main(int argc, char **argv) {
  struct rival r = {0};
  uint32_t strategy = 0;
  if (argc != 3) {
    fprintf(stderr, "usage: bench_rival WORKLOAD STRATEGY\n");
    return 64;
  }
  while (strategy < RIVAL_STRATEGIES && strcmp(rival_strategies[strategy], argv[2]) != 0) strategy++;
  rival_require(strategy < RIVAL_STRATEGIES, "expected pack, spread, first-fit, balanced or algebra");
  rival_read(&r, argv[1]);
  rival_measure(&r, strategy);
  for (size_t i = 0; i < r.count; i++) k8sm_demand_unref(r.pods[i].demand);
  free(r.pods);
  free(r.offers);
  return 0;
}
