/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that fit nowhere, for all sorts of reasons: how long it takes to say so the first time, with nothing
 * known but the offers; and later, with what was found out then. */
#include "bench_match.h"
#include "match/plan.h"
#include "offer/offer.h"
#include "support/demands.h"
#include "support/volumes.h"
#include <k8smesos/match.h>

#include <inttypes.h>

enum { REFUSALS_FIRSTS = 9, REFUSALS_CALLS = 100, REFUSALS_RUNS = 9, REFUSALS_RACKS = 50 };

#define REFUSALS_NOON INT64_C(1700000000000)

/* One match that places nothing, in ns; the next one is a second later. */
static uint64_t refusals_one(struct k8sm_cluster *cluster, struct k8sm_demand *demand, int calls) {
  struct k8sm_match_options options = {.size = sizeof options, .wall_ms = REFUSALS_NOON};
  uint64_t start = bench_now();
  for (int call = 0; call < calls; call++, options.wall_ms += 1000) {
    struct k8sm_plan *plan;
    if (k8sm_cluster_match(cluster, &demand, 1, &options, &plan, NULL) != K8SM_OK) abort();
    if (plan->placement_count != 0) abort();
    k8sm_plan_unref(plan);
  }
  return (bench_now() - start) / (uint64_t)calls;
}

static struct k8sm_cluster *refusals_cluster(struct k8sm_offers *offers) {
  struct k8sm_cluster *cluster;
  if (k8sm_cluster_new(NULL, &cluster, NULL) != K8SM_OK ||
      k8sm_cluster_add(cluster, offers, 0, NULL) != K8SM_OK) {
    abort();
  }
  return cluster;
}

/* Each on a cluster that has just taken in its offers, and was asked for nothing but room before. */
static uint64_t refusals_first(struct world *w, struct k8sm_offers *offers, struct k8sm_demand *demand) {
  struct k8sm_demand *plain = world_demand(w, "plain", 1000000, 128000, 32000);
  uint64_t best = UINT64_MAX;
  for (int run = 0; run < REFUSALS_FIRSTS; run++) {
    struct k8sm_cluster *cluster = refusals_cluster(offers);
    (void)refusals_one(cluster, plain, 1);
    uint64_t took = refusals_one(cluster, demand, 1);
    k8sm_cluster_free(cluster);
    if (took < best) best = took;
  }
  return best;
}

static uint64_t refusals_later(struct k8sm_offers *offers, struct k8sm_demand *demand) {
  struct k8sm_cluster *cluster = refusals_cluster(offers);
  uint64_t best = UINT64_MAX;
  for (int run = 0; run < REFUSALS_RUNS; run++) { /* many at once: the clock takes as long as one */
    uint64_t took = refusals_one(cluster, demand, REFUSALS_CALLS);
    if (took < best) best = took;
  }
  k8sm_cluster_free(cluster);
  return best;
}

static void refusals_print(const char *what, size_t agents, const char *measure, uint64_t ns) {
  printf("match.%s.agents_%zu.%s\t%" PRIu64 ".%02" PRIu64 "\tus\n", what, agents, measure, ns / 1000,
         ns % 1000 / 10);
}

/* ---- The sorts: what agent i offers, and what the pod asks for ---- */

struct refusals_sort {
  const char *name;
  void (*offer)(struct world *w, size_t i, const char *id);
  struct k8sm_demand *(*demand)(struct world *w);
};

static struct k8sm_demand *refusals_demand(struct world *w, int64_t cpus, int64_t mem) {
  return world_demand(w, "pod", cpus, mem, 32000);
}

/* One of the pods of bench_match_rules that two racks of fifty may take. */
static struct k8sm_demand *refusals_of_rack(struct world *w, int64_t cpus, int64_t mem) {
  struct k8sm_demand *d = bench_rack_demand();
  (void)w;
  d->cpus_milli = cpus;
  d->mem_milli = mem;
  return d;
}

static uint32_t refusals_mix(size_t i, uint32_t n) {
  return (uint32_t)(i * 2654435761u >> 8) % n;
}

static void refusals_used(struct world *w, size_t i, const char *id) {
  world_simple(w, id, id, "*", 0.5 * (1 + refusals_mix(i, 32)), 500 * (1 + refusals_mix(i * 31, 64)), true);
}

static struct k8sm_demand *refusals_large(struct world *w) {
  return refusals_demand(w, 1000000, 128000);
}
static struct k8sm_demand *refusals_port_nowhere(struct world *w) {
  struct k8sm_demand *d = refusals_large(w);
  world_demand_port(d, 80, "TCP");
  return d;
}
/* Half of the agents have the cpus, and none the memory. */
static struct k8sm_demand *refusals_halves(struct world *w) {
  return refusals_demand(w, 8000, 100000000);
}

/* Who has cpus lacks memory; in the order of trees, which is that of both together, they stand mixed. */
static void refusals_either(struct world *w, size_t i, const char *id) {
  const bool cpus = refusals_mix(i, 2) == 0;
  const uint32_t more = refusals_mix(i * 31, 8);
  world_simple(w, id, id, "*", cpus ? 8 + more : 1, cpus ? 1024 : 32768 + 4096 * more, true);
}
static struct k8sm_demand *refusals_both(struct world *w) {
  return refusals_demand(w, 8000, 32768000);
}

/* Some have the port, others the room. */
static void refusals_port(struct world *w, size_t i, const char *id, uint32_t percent) {
  bool offers = refusals_mix(i, 100) < percent;
  K8smMesos__Offer *o = world_simple(w, id, id, "*", offers ? 1 : 8, 65536, false);
  world_range(w, world_ports(w, o, 31000, offers ? 31500 : 31499), 31502, 32000);
}
static void refusals_port_1(struct world *w, size_t i, const char *id) {
  refusals_port(w, i, id, 1);
}
static void refusals_port_50(struct world *w, size_t i, const char *id) {
  refusals_port(w, i, id, 50);
}
static struct k8sm_demand *refusals_wants_port(struct world *w) {
  struct k8sm_demand *d = refusals_demand(w, 2000, 128000);
  world_demand_port(d, 31500, "TCP");
  return d;
}

/* What is left of the ports where a dozen pods run. */
static void refusals_ragged(struct world *w, size_t i, const char *id) {
  bool offers = refusals_mix(i, 2) == 0;
  K8smMesos__Offer *o = world_simple(w, id, id, "*", offers ? 1 : 8, 65536, false);
  K8smMesos__Resource *ports = world_ports(w, o, 31000, 31010);
  for (uint32_t k = 0; k < 11; k++)
    world_range(w, ports, 31020 + 80 * k, 31020 + 80 * k + refusals_mix(i * 13 + k, 60));
  world_range(w, ports, 31990, offers ? 31995 : 31994);
}
static struct k8sm_demand *refusals_wants_last_port(struct world *w) {
  struct k8sm_demand *d = refusals_demand(w, 2000, 128000);
  world_demand_port(d, 31995, "TCP");
  return d;
}

static void refusals_devices(struct world *w, size_t i, const char *id, uint32_t percent) {
  K8smMesos__Offer *o = world_simple(w, id, id, "*", 8, 65536, true);
  if (refusals_mix(i, 100) < percent) world_scalar(w, o, "gpus", 1);
}
static void refusals_devices_10(struct world *w, size_t i, const char *id) {
  refusals_devices(w, i, id, 10);
}
static void refusals_devices_100(struct world *w, size_t i, const char *id) {
  refusals_devices(w, i, id, 100);
}
static struct k8sm_demand *refusals_two_devices(struct world *w, struct k8sm_demand *d) {
  static const struct k8smi_demand_extended two = {{"nvidia.com/gpu", 14}, {"gpus", 4}, 2000};
  (void)w;
  d->extended = &two;
  d->extended_count = 1;
  return d;
}
static struct k8sm_demand *refusals_wants_devices(struct world *w) {
  return refusals_two_devices(w, refusals_demand(w, 2000, 128000));
}

static void refusals_racks(struct world *w, size_t i, const char *id) {
  char text[32];
  refusals_port_50(w, i, id);
  K8smMesos__Offer *o = w->offers[w->count - 1];
  snprintf(text, sizeof text, "r%zu", i * 31 % REFUSALS_RACKS);
  world_attribute(w, o, "rack", text);
  snprintf(text, sizeof text, "z%zu", i % 3);
  world_domain(w, o, "north", text);
  world_scalar(w, o, "gpus", 1);
}
static struct k8sm_demand *refusals_rack_large(struct world *w) {
  return refusals_of_rack(w, 1000000, 128000);
}
static struct k8sm_demand *refusals_rack_port(struct world *w) {
  struct k8sm_demand *d = refusals_of_rack(w, 2000, 128000);
  d->ports = world_new(w, WORLD_MAX_PORTS * sizeof *d->ports);
  world_demand_port(d, 31500, "TCP");
  return d;
}
static struct k8sm_demand *refusals_rack_all(struct world *w) {
  return refusals_two_devices(w, refusals_rack_port(w));
}

/* A volume "data", of a class or of the agent's own disk. */
static struct k8sm_demand *refusals_claim(struct world *w, const struct k8smi_demand_disk *disk, int64_t cpus,
                                          int64_t milli) {
  struct k8sm_demand *d = refusals_demand(w, cpus, 128000);
  struct k8smi_demand_volume *volume = world_new(w, sizeof *volume);
  const struct k8sm_slice text = K8SMI_S("data");
  *volume = (struct k8smi_demand_volume){.row = {.name = text, .claim = text, .id = text, .milli = milli},
                                         .disk = disk};
  d->volumes = volume;
  d->volume_count = 1;
  return d;
}

/* Half of the disk is reserved for the role: there is enough of it, but not for one volume. */
static void refusals_halved_disk(struct world *w, size_t i, const char *id) {
  K8smMesos__Offer *o = world_offer(w, id, id, "r");
  world_scalar(w, o, "cpus", 1 + refusals_mix(i, 8));
  world_scalar(w, o, "mem", 65536);
  world_scalar(w, o, "disk", 10000);
  world_reserve(w, world_scalar(w, o, "disk", 10000 + refusals_mix(i, 1000)), "r", NULL, NULL);
}
static struct k8sm_demand *refusals_wants_volume(struct world *w) {
  struct k8sm_demand *d = refusals_claim(w, NULL, 4000, 15000000);
  world_demand_roles(w, d, "r", NULL);
  return d;
}

/* The volume is there, on an agent without room. */
static void refusals_volume_of_one(struct world *w, size_t i, const char *id) {
  K8smMesos__Offer *o = world_simple(w, id, id, "r", i == 7 ? 1 : 8, 65536, true);
  if (i == 7) (void)world_volume(w, o, "r", "data", 100, NULL);
}
static struct k8sm_demand *refusals_wants_that_volume(struct world *w) {
  struct k8sm_demand *d = refusals_claim(w, NULL, 4000, 100000);
  world_demand_roles(w, d, "r", NULL);
  return d;
}

/* Three disks each, none as large as the class is to give. */
static void refusals_mounts(struct world *w, size_t i, const char *id) {
  static const char *const roots[] = {"/mnt/0", "/mnt/1", "/mnt/2"};
  K8smMesos__Offer *o = world_simple(w, id, id, "*", 1 + refusals_mix(i, 8), 65536, true);
  for (size_t k = 0; k < 3; k++)
    (void)world_disk(w, o, K8SM_DISK_MOUNT, roots[k], 100000 + refusals_mix(i * 31 + k, 1000), NULL);
}
static struct k8sm_demand *refusals_wants_mount(struct world *w) {
  static const struct k8smi_demand_disk mount = {.kind = K8SM_DISK_MOUNT};
  return refusals_claim(w, &mount, 4000, 200000000);
}

/* Each agent has something reserved for one of two teams, and less than the pod wants. */
static void refusals_teams(struct world *w, size_t i, const char *id) {
  const char *const team = refusals_mix(i, 2) == 0 ? "db" : "web";
  K8smMesos__Offer *o = world_offer(w, id, id, "r");
  world_reserve(w, world_scalar(w, o, "cpus", 1 + refusals_mix(i, 3)), "r", "team", team);
  world_reserve(w, world_scalar(w, o, "mem", 65536), "r", "team", team);
  world_scalar(w, o, "cpus", 16);
  world_scalar(w, o, "mem", 65536);
  world_scalar(w, o, "disk", 10000);
  world_ports(w, o, 31000, 32000);
}
static struct k8sm_demand *refusals_for_team(struct world *w) {
  static const struct k8smi_pair team = {{"team", 4}, {"db", 2}};
  static const struct k8smi_placement_rules rules = {.reservation = {.labels = {&team, 1}}};
  struct k8sm_demand *d = refusals_demand(w, 4000, 128000);
  d->rules = &rules;
  world_demand_roles(w, d, "r", NULL);
  return d;
}

/* Attributes that are each agent's own. */
static void refusals_own(struct world *w, size_t i, const char *id) {
  refusals_racks(w, i, id);
  world_attribute(w, w->offers[w->count - 1], "serial", id);
}

/* Maintenance of one agent after the other, each for ten minutes, over two days; and of all in half an hour.
 */
static void refusals_rolling(struct world *w, size_t i, const char *id) {
  refusals_racks(w, i, id);
  const int64_t minute = 60000, begins = (int64_t)refusals_mix(i, 2880 * 60) * 1000 - 1440 * minute;
  world_leaves(w, w->offers[w->count - 1], REFUSALS_NOON + begins, 10 * minute);
}
static void refusals_at_once(struct world *w, size_t i, const char *id) {
  refusals_used(w, i, id);
  world_leaves(w, w->offers[w->count - 1], REFUSALS_NOON + 1800000, -1);
}

static const struct refusals_sort refusals_sorts[] = {
    {"refuse", refusals_used, refusals_large},
    {"refuse_port", refusals_used, refusals_port_nowhere},
    {"refuse_halves", refusals_used, refusals_halves},
    {"refuse_either", refusals_either, refusals_both},
    {"refuse_port_of_1_percent", refusals_port_1, refusals_wants_port},
    {"refuse_port_of_50_percent", refusals_port_50, refusals_wants_port},
    {"refuse_port_ragged", refusals_ragged, refusals_wants_last_port},
    {"refuse_devices_of_10_percent", refusals_devices_10, refusals_wants_devices},
    {"refuse_devices_of_100_percent", refusals_devices_100, refusals_wants_devices},
    {"refuse_rules", refusals_racks, refusals_rack_large},
    {"refuse_rules_port", refusals_racks, refusals_rack_port},
    {"refuse_rules_port_devices", refusals_racks, refusals_rack_all},
    {"refuse_volume", refusals_halved_disk, refusals_wants_volume},
    {"refuse_volume_of_one", refusals_volume_of_one, refusals_wants_that_volume},
    {"refuse_storage_class", refusals_mounts, refusals_wants_mount},
    {"refuse_reservation", refusals_teams, refusals_for_team},
    {"refuse_rules_of_own_labels", refusals_own, refusals_rack_large},
    {"refuse_maintenance", refusals_rolling, refusals_large},
    {"refuse_maintenance_rules", refusals_rolling, refusals_rack_large},
    {"refuse_maintenance_of_all", refusals_at_once, refusals_large},
};

static void refusals_measure(const struct refusals_sort *sort, size_t agents) {
  struct world w;
  char id[32];
  world_init(&w);
  for (size_t i = 0; i < agents; i++) {
    snprintf(id, sizeof id, "4e8c-S%zu", i);
    sort->offer(&w, i, id);
  }
  struct k8sm_offers *offers = world_offers(&w);
  struct k8sm_demand *demand = sort->demand(&w);
  if (offers == NULL) abort();
  uint64_t later = refusals_later(offers, demand);
  refusals_print(sort->name, agents, "first_us", refusals_first(&w, offers, demand));
  refusals_print(sort->name, agents, "us", later);
  printf("match.%s.agents_%zu.ns_per_pod\t%" PRIu64 "\tns\n", sort->name, agents, later);
  k8sm_offers_unref(offers);
  world_free(&w);
}

void bench_match_refusals(size_t agents) {
  for (size_t i = 0; i < sizeof refusals_sorts / sizeof refusals_sorts[0]; i++)
    refusals_measure(&refusals_sorts[i], agents);
}
