/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_DEMANDS_H
#define TESTS_SUPPORT_DEMANDS_H

/* Demands filled in by hand, for tests of what reads them. All memory is the world's. */

#include "demand/demand.h"
#include "support/offers.h"

enum { WORLD_MAX_PORTS = 8, WORLD_TOKEN_CPUS = 10, WORLD_TOKEN_MEM = 32000 };

/* A pod of one container: a budget in thousandths, a pause task and a main one with their tokens. */
static inline struct k8sm_demand *world_demand(struct world *w, const char *name, int64_t cpus, int64_t mem,
                                               int64_t disk) {
  struct k8sm_demand *d = world_new(w, sizeof *d);
  k8smi_refs_init(&d->refs);
  struct k8sm_slice *roles = world_new(w, 4 * sizeof *roles);
  roles[0] = K8SMI_S("*");
  d->roles = (struct k8smi_strings){roles, 1};
  d->uid = d->name = k8smi_s(world_text(w, name));
  d->name_space = K8SMI_S("default");
  d->cpus_milli = cpus;
  d->mem_milli = mem;
  d->disk_milli = disk;
  d->tasks = world_new(w, 2 * sizeof *d->tasks);
  d->task_count = 2;
  d->stages = 1;
  for (int i = 0; i < 2; i++) {
    d->tasks[i].launch = true;
    d->tasks[i].cpus_milli = WORLD_TOKEN_CPUS;
    d->tasks[i].mem_milli = WORLD_TOKEN_MEM;
  }
  d->tasks[1].container = K8SMI_S("main");
  d->tasks[1].kind = K8SM_TASK_MAIN;
  d->ports = world_new(w, WORLD_MAX_PORTS * sizeof *d->ports);
  return d;
}

static inline void world_demand_port(struct k8sm_demand *d, uint16_t host_port, const char *protocol) {
  struct k8smi_demand_port *ports = (struct k8smi_demand_port *)(uintptr_t)d->ports;
  if (d->port_count == WORLD_MAX_PORTS) abort();
  ports[d->port_count++] = (struct k8smi_demand_port){
      .protocol = k8smi_s(protocol), .task = 1, .container_port = 80, .host_port = host_port};
}

static inline void world_demand_roles(struct world *w, struct k8sm_demand *d, const char *first,
                                      const char *second) {
  struct k8sm_slice *roles = world_new(w, 2 * sizeof *roles);
  roles[0] = k8smi_s(first);
  roles[1] = k8smi_s(second);
  d->roles = (struct k8smi_strings){roles, second == NULL ? 1 : 2};
}

static inline void world_demand_selector(struct world *w, struct k8sm_demand *d, const char *key,
                                         const char *value) {
  struct k8smi_pair *pair = world_new(w, sizeof *pair);
  pair->key = k8smi_s(world_text(w, key));
  pair->value = k8smi_s(world_text(w, value));
  d->node_selector = (struct k8smi_pair_list){pair, 1};
}

#endif
