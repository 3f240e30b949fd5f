/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RANDOM_CALLS_H
#define TESTS_SUPPORT_RANDOM_CALLS_H

/* Pods by chance on agents by chance, all the way from their JSON to calls. */

#include <k8smesos/task.h>

#include "support/master_rules.h"
#include "support/offers.h"
#include "support/random_pod.h"

enum { RANDOM_PODS = 6, RANDOM_AGENTS = 4 };

struct random_run {
  uint64_t seed;
  struct random_source random;
  struct world world;
  struct k8sm_cluster *cluster;
  struct k8sm_demand *demands[RANDOM_PODS];
  size_t count; /* of demands */
  size_t refused;
  struct k8sm_plan *plan;
  struct k8sm_calls *calls;
};

static inline void random_resource(struct random_run *r, K8smMesos__Offer *o, const char *name,
                                   uint64_t most) {
  K8smMesos__Resource *resource =
      world_scalar(&r->world, o, name, (double)(1 + random_below(&r->random, most)) / 1000);
  if (strcmp(o->allocation_info->role, "prod") == 0 && random_below(&r->random, 3) == 0)
    world_reserve(&r->world, resource, "prod", "pod", NULL);
}

/* A disk of its own, at a place that no other has. */
static inline void random_disk(struct random_run *r, K8smMesos__Offer *o) {
  typedef K8smMesos__Resource__DiskInfo__Source source;
  char root[32];
  snprintf(root, sizeof root, "/disk/%zu", r->world.count);
  random_resource(r, o, "disk", 2000000);
  K8smMesos__Resource__DiskInfo *disk = o->resources[o->n_resources - 1]->disk =
      WORLD_NEW(&r->world, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
  disk->source = WORLD_NEW(&r->world, source, RESOURCE__DISK_INFO__SOURCE);
  if (random_below(&r->random, 2) == 0) {
    disk->source->type = K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__PATH;
    disk->source->path =
        WORLD_NEW(&r->world, K8smMesos__Resource__DiskInfo__Source__Path, RESOURCE__DISK_INFO__SOURCE__PATH);
    disk->source->path->root = world_text(&r->world, root);
  } else {
    disk->source->type = K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT;
    disk->source->mount = WORLD_NEW(&r->world, K8smMesos__Resource__DiskInfo__Source__Mount,
                                    RESOURCE__DISK_INFO__SOURCE__MOUNT);
    disk->source->mount->root = world_text(&r->world, root);
  }
}

/* The n-th offer of an agent to one of two roles, with its resources in pieces. */
static inline K8smMesos__Offer *random_offer(struct random_run *r, int agent, uint64_t n) {
  char id[32], name[16];
  snprintf(id, sizeof id, "o-%zu", r->world.count);
  snprintf(name, sizeof name, "a%d", agent);
  K8smMesos__Offer *o = world_offer(&r->world, id, name, random_below(&r->random, 2) == 0 ? "prod" : "*");
  for (uint64_t i = 1 + random_below(&r->random, 2); i > 0; i--) {
    random_resource(r, o, "cpus", 16000);
    random_resource(r, o, "mem", 16000000);
    random_resource(r, o, "disk", 9000000);
  }
  uint64_t port = 31000 + 50 * n + random_below(&r->random, 9);
  K8smMesos__Resource *ports = world_ports(&r->world, o, port, port + 9);
  if (random_below(&r->random, 2) == 0) world_range(&r->world, ports, port + 20, port + 40);
  if (random_below(&r->random, 2) == 0) random_disk(r, o);
  if (agent % 2 == 0) world_attribute(&r->world, o, "rack", "r1");
  return o;
}

/* What this pod is to be made with; some of it by its number. */
static inline struct k8sm_demand_options random_options(struct random_run *r) {
  static const char *const roles[] = {"prod", "*"};
  static const struct k8sm_storage_class classes[] = {{.name = "", .disk = K8SM_DISK_PATH},
                                                      {.name = "", .disk = K8SM_DISK_MOUNT}};
  struct k8sm_demand_options o = {.size = sizeof o,
                                  .nonce = "n1",
                                  .data = random_pod_data,
                                  .data_count = RANDOM_POD_DATA,
                                  .data_size = sizeof random_pod_data[0],
                                  .attempt = (uint32_t)random_below(&r->random, 3),
                                  .form = (uint32_t)random_below(&r->random, 6)};
  uint64_t kind = random_below(&r->random, 8);
  bool has_role = random_below(&r->random, 3) != 0;
  o.roles = has_role ? roles : NULL;
  o.role_count = has_role ? 2 : 0;
  o.principal = has_role ? "principal" : NULL;
  bool reserves = o.form == K8SM_FORM_BUDGET_RESERVED || o.form == K8SM_FORM_RESERVED;
  if (o.principal == NULL && reserves) o.form = K8SM_FORM_AUTO;
  if (kind == 2) o.flags = K8SM_DEMAND_NO_LIMITS;
  if (kind == 6) o.flags = K8SM_DEMAND_HOST_FILESYSTEM;
  if (kind == 4) o.flags = K8SM_DEMAND_WILDCARD_PORTS;
  if (kind == 5) o.flags = K8SM_DEMAND_ORIGINAL_DEFAULTS;
  if (kind == 1 || kind == 3 || kind == 7) { /* of claims that name none */
    o.storage_classes = &classes[kind == 1 ? 0 : 1];
    o.storage_class_count = 1;
    o.storage_class_size = sizeof classes[0];
  }
  if (o.form >= K8SM_FORM_COMMAND) o.flags |= K8SM_DEMAND_FORM_FALLBACK;
  return o;
}

/* A pod that breaks a rule of Kubernetes, or can't be mapped, is counted, no more. */
static inline void random_add_pod(struct random_run *r, unsigned number) {
  static struct random_pod text;
  const struct k8sm_parse_options parse = {.size = sizeof parse};
  struct k8sm_demand_options options = random_options(r);
  struct k8sm_pod *pod = NULL;
  random_pod(&text, r->seed, number);
  int result = k8sm_pod_parse(text.text, text.len, &parse, &pod, NULL);
  if (result == K8SM_OK) result = k8sm_demand_make(pod, &options, &r->demands[r->count], NULL);
  k8sm_pod_unref(pod);
  r->count += result == K8SM_OK;
  r->refused += result != K8SM_OK;
}

/* An offer that somebody else made, who outlives the run. */
static inline void random_take_offer(struct random_run *r, const K8smMesos__Offer *offer) {
  struct world *w = &r->world;
  if (w->count == w->cap) {
    w->cap = w->cap == 0 ? 64 : w->cap * 2;
    w->offers = realloc(w->offers, w->cap * sizeof *w->offers);
    if (w->offers == NULL) abort();
  }
  w->offers[w->count++] = (K8smMesos__Offer *)(uintptr_t)offer;
}

/* All offers that the master has out now. */
static inline void random_take_offers(struct random_run *r, const struct master *m) {
  const K8smMesos__Offer *offer;
  for (size_t i = 0; (offer = master_out(m, i)) != NULL; i++) random_take_offer(r, offer);
}

/* Matches all demands, and makes the calls. */
static inline int random_call(struct random_run *r) {
  const struct k8sm_match_options match = {.size = sizeof match,
                                           .strategy = (uint32_t)random_below(&r->random, 4)};
  const struct k8sm_task_options task = {.size = sizeof task,
                                         .format = K8SM_FORMAT_PROTOBUF,
                                         .flags = r->seed % 2 == 0 ? 0 : K8SM_CALLS_FEEDBACK,
                                         .refuse_seconds = 5};
  int result = k8sm_cluster_match(r->cluster, r->demands, r->count, &match, &r->plan, NULL);
  return result == K8SM_OK ? k8sm_plan_calls(r->plan, &task, &r->calls, NULL) : result;
}

static inline int random_hand_over(struct random_run *r) {
  struct k8sm_offers *offers = world_offers_from(&r->world, r->world.first, NULL, NULL);
  if (offers == NULL) return K8SM_ERR_NOMEM;
  r->world.first = r->world.count;
  int result = k8sm_cluster_add(r->cluster, offers, 0, NULL);
  k8sm_offers_unref(offers);
  return result;
}

/* The calls for some pods on some agents; the offers are those of r->world. */
static inline int random_begin(struct random_run *r, uint64_t seed) {
  memset(r, 0, sizeof *r);
  r->seed = seed;
  r->random.state = random_seed(seed);
  world_init(&r->world);
  int result = k8sm_cluster_new(NULL, &r->cluster, NULL);
  for (int agent = 0; agent < RANDOM_AGENTS; agent++) {
    for (uint64_t i = random_below(&r->random, 4); i > 0; i--) random_offer(r, agent, i - 1);
  }
  if (result == K8SM_OK && r->world.count > 0) result = random_hand_over(r);
  for (unsigned i = 0, n = 1 + (unsigned)random_below(&r->random, RANDOM_PODS); i < n; i++)
    random_add_pod(r, i);
  return result == K8SM_OK ? random_call(r) : result;
}

static inline void random_drop_calls(struct random_run *r) {
  k8sm_calls_unref(r->calls);
  k8sm_plan_unref(r->plan);
  r->calls = NULL;
  r->plan = NULL;
}

/* What a placed pod launches next: containers of later stages, and others once more. */
static inline size_t random_launches(struct random_run *r, const struct k8sm_demand *d,
                                     struct k8sm_launch *ret, size_t cap) {
  struct k8sm_demand_task task;
  size_t n = 0;
  for (uint32_t i = 1; n < cap && k8sm_demand_tasks(d, i, &task, sizeof task, 1) > 0; i++) {
    if (n == 0 || random_below(&r->random, 2) == 0) ret[n++] = (struct k8sm_launch){i, task.launch};
  }
  return n;
}

/* The pod of the i-th placement, under way. */
static inline struct k8sm_demand *random_under_way(struct random_run *r, size_t i) {
  enum { PORTS = 64, LAUNCHES = 16 };
  struct k8sm_placement place;
  struct k8sm_call_executor executor;
  struct k8sm_plan_port ports[PORTS], port;
  struct k8sm_launch launches[LAUNCHES];
  struct k8sm_demand *resumed = NULL;
  size_t count = 0;
  k8sm_plan_placements(r->plan, i, &place, sizeof place, 1);
  k8sm_calls_executors(r->calls, i, &executor, sizeof executor, 1);
  for (size_t p = 0; count < PORTS && k8sm_plan_ports(r->plan, p, &port, sizeof port, 1) > 0; p++) {
    if (port.placement == i) ports[count++] = port;
  }
  const struct k8sm_resume_options options = {
      .size = sizeof options,
      .agent_id = place.agent_id.ptr,
      .nonce = "n2",
      .executor = executor.bytes.ptr,
      .executor_len = executor.bytes.len,
      .launches = launches,
      .launch_count = random_launches(r, r->demands[place.demand], launches, LAUNCHES),
      .launch_size = sizeof launches[0],
      .ports = ports,
      .port_count = count,
      .port_size = sizeof ports[0]};
  return k8sm_demand_resume(r->demands[place.demand], &options, &resumed, NULL) == K8SM_OK ? resumed : NULL;
}

static inline bool random_has_executor(const struct k8sm_demand *demand) {
  struct k8sm_demand_form form = {.size = sizeof form};
  return k8sm_demand_get_form(demand, &form) == K8SM_OK && form.form < K8SM_FORM_COMMAND;
}

/* All pods that have a place, and an executor there, go on: the demands are those of what they launch. */
static inline int random_resume(struct random_run *r) {
  struct k8sm_demand *resumed[RANDOM_PODS];
  struct k8sm_placement place;
  size_t count = 0;
  for (size_t i = 0; k8sm_plan_placements(r->plan, i, &place, sizeof place, 1) > 0; i++) {
    if (!random_has_executor(r->demands[place.demand])) continue;
    resumed[count] = random_under_way(r, i);
    if (resumed[count++] == NULL) return K8SM_ERR_INVALID;
  }
  random_drop_calls(r);
  for (size_t i = 0; i < r->count; i++) k8sm_demand_unref(r->demands[i]);
  if (count > 0) memcpy(r->demands, resumed, count * sizeof resumed[0]);
  r->count = count;
  k8sm_cluster_free(r->cluster);
  r->cluster = NULL;
  return k8sm_cluster_new(NULL, &r->cluster, NULL);
}

/* The calls of that, with the offers that have come since. */
static inline int random_go_on(struct random_run *r) {
  int result = random_hand_over(r);
  return result == K8SM_OK ? random_call(r) : result;
}

/* What was reserved for all of them is given back, as far as it is offered. */
static inline int random_release(struct random_run *r) {
  const struct k8sm_slice claims[] = {K8SMI_S("default/data")};
  const struct k8sm_release_options o = {.size = sizeof o,
                                         .format = K8SM_FORMAT_PROTOBUF,
                                         .flags = r->seed % 2 == 0 ? 0 : K8SM_CALLS_FEEDBACK,
                                         .keep_size = sizeof(struct k8sm_keep),
                                         .claims = claims,
                                         .claim_count = 1};
  random_drop_calls(r);
  k8sm_cluster_free(r->cluster);
  r->cluster = NULL;
  int result = k8sm_cluster_new(NULL, &r->cluster, NULL);
  if (result == K8SM_OK) result = random_hand_over(r);
  return result == K8SM_OK ? k8sm_cluster_release(r->cluster, &o, &r->calls, NULL) : result;
}

/* A master that has made the offers so far. */
static inline struct master *random_master(const struct random_run *r) {
  struct master *m = master_new("framework", "principal");
  for (size_t i = 0; i < r->world.count; i++) master_offer(m, r->world.offers[i]);
  return m;
}

static inline void random_end(struct random_run *r) {
  random_drop_calls(r);
  for (size_t i = 0; i < r->count; i++) k8sm_demand_unref(r->demands[i]);
  k8sm_cluster_free(r->cluster);
  world_free(&r->world);
}

#endif
