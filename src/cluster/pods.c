/* SPDX-License-Identifier: Apache-2.0 */
/* The pods that run on agents, by agent and by kind: what affinity, spread and scores look at. */
#include "base/abi.h"
#include "base/findings.h"
#include "cluster/volumes.h"

/* Keeps the counts of pods that concern others right. */
static void pods_count(struct k8sm_cluster *c, const struct k8smi_pod_kind *kind, bool in) {
  const struct k8smi_placement_rules *rules = kind->sample->rules;
  size_t one = in ? 1 : SIZE_MAX; /* -1, modulo */
  if (rules == NULL) return;
  if (rules->affinity.count + rules->anti_affinity.count + rules->liked_pods.count > 0) c->wanting += one;
  if (rules->exclusive) c->exclusive += one;
}

/* Of a pod that others look at. Where its rules concern those, it is the pod's own demand; mostly it is less.
 * NULL: memory ran out. */
static struct k8sm_demand *pods_sample(const struct k8sm_cluster *c, const struct k8sm_demand *from) {
  const struct k8smi_placement_rules *rules = from->rules;
  struct k8sm_demand *whole;
  if (rules == NULL || (rules->affinity.count + rules->anti_affinity.count + rules->liked_pods.count == 0 &&
                        !rules->exclusive && rules->gang.len == 0))
    return k8smi_demand_extract_kind(from, &c->allocator);
  memcpy(&whole, &from, sizeof whole); /* a value: only its references are counted */
  return k8sm_demand_ref(whole);
}

/* The kind of a demand, made if need be; ROW_NONE: memory ran out. */
static uint32_t pods_kind(struct k8sm_cluster *c, const struct k8sm_demand *demand) {
  const struct k8sm_demand *from = demand->origin == NULL ? demand : demand->origin;
  uint32_t row = k8smi_map_get(&c->kind_map, demand->kind);
  if (row != K8SMI_MAP_NONE) return row;
  if (!k8smi_table_reserve(&c->kinds, &c->allocator, 1)) return K8SMI_ROW_NONE;
  struct k8sm_demand *sample = pods_sample(c, from);
  if (sample == NULL) return K8SMI_ROW_NONE;
  row = k8smi_table_take(&c->kinds);
  if (!k8smi_map_put(&c->kind_map, sample->kind, row)) {
    k8smi_table_give(&c->kinds, row);
    k8sm_demand_unref(sample);
    return K8SMI_ROW_NONE;
  }
  k8smi_kind_at(c, row)->sample = sample;
  k8smi_kind_at(c, row)->first_pod = K8SMI_ROW_NONE;
  return row;
}

static void pods_end_kind(struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_pod_kind *kind = k8smi_kind_at(c, row);
  if (kind->pods > 0) return;
  k8smi_map_remove(&c->kind_map, kind->sample->kind);
  k8sm_demand_unref(kind->sample);
  k8smi_table_give(&c->kinds, row);
}

/* uid, namespace and name in one block. */
static bool pods_texts(const struct k8sm_cluster *c, const struct k8sm_demand *d, struct k8smi_running *pod) {
  const struct k8sm_slice parts[] = {d->uid, d->name_space, d->name};
  struct k8sm_slice *const to[] = {&pod->uid, &pod->name_space, &pod->name};
  char *text = k8smi_alloc(&c->allocator, d->uid.len + d->name_space.len + d->name.len + 3);
  if (text == NULL) return false;
  for (int i = 0; i < 3; i++) {
    if (parts[i].len > 0) memcpy(text, parts[i].ptr, parts[i].len);
    text[parts[i].len] = '\0';
    *to[i] = (struct k8sm_slice){text, parts[i].len};
    text += parts[i].len + 1;
  }
  return true;
}

static void pods_free_texts(const struct k8sm_cluster *c, const struct k8smi_running *pod) {
  k8smi_free(&c->allocator, (void *)(uintptr_t)pod->uid.ptr,
             pod->uid.len + pod->name_space.len + pod->name.len + 3);
}

/* Pods that are preempted give up what they hold beside scalars, too. False: memory ran out; *ret may be
 * NULL. */
static bool pods_holds(const struct k8sm_cluster *c, const struct k8sm_demand *from,
                       struct k8sm_demand **ret) {
  size_t i = 0;
  while (i < from->port_count && !k8smi_demand_port_is_held(&from->ports[i])) i++;
  *ret = NULL;
  if (i == from->port_count && from->extended_count + from->volume_count == 0) return true;
  *ret = k8smi_demand_extract_holds(from, &c->allocator);
  return *ret != NULL;
}

void k8smi_pod_set_ending(struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_running *pod = k8smi_running_at(c, row);
  if (!pod->ending) c->ending++;
  pod->ending = true;
}

int k8sm_cluster_end_pod(struct k8sm_cluster *cluster, struct k8sm_slice uid) {
  uint32_t row = k8smi_map_get(&cluster->pod_map, uid);
  if (row == K8SMI_MAP_NONE) return 0;
  k8smi_pod_set_ending(cluster, row);
  cluster->generation++;
  return 1;
}

static void pods_link(struct k8sm_cluster *c, uint32_t row, const struct k8sm_demand *demand,
                      struct k8sm_demand *holds) {
  struct k8smi_running *pod = k8smi_running_at(c, row);
  struct k8smi_agent *agent = k8smi_agent_at(c, pod->agent);
  struct k8smi_pod_kind *kind = k8smi_kind_at(c, pod->kind);
  pod->previous = pod->previous_of_kind = K8SMI_ROW_NONE;
  pod->next = agent->first_pod;
  pod->next_of_kind = kind->first_pod;
  if (pod->next != K8SMI_ROW_NONE) k8smi_running_at(c, pod->next)->previous = row;
  if (pod->next_of_kind != K8SMI_ROW_NONE) {
    k8smi_running_at(c, pod->next_of_kind)->previous_of_kind = row;
  }
  agent->first_pod = kind->first_pod = row;
  agent->pods++;
  kind->pods++;
  k8smi_demand_sum(demand, pod->held);
  pod->priority = demand->priority;
  pod->holds = holds;
  if (c->pods.count == 1 || demand->priority < c->least_priority) c->least_priority = demand->priority;
  for (int s = 0; s < K8SMI_SCALARS; s++) agent->held[s] += pod->held[s];
  pods_count(c, kind, true);
}

static void pods_unlink(struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_running *pod = k8smi_running_at(c, row);
  struct k8smi_agent *agent = k8smi_agent_at(c, pod->agent);
  struct k8smi_pod_kind *kind = k8smi_kind_at(c, pod->kind);
  if (pod->next != K8SMI_ROW_NONE) k8smi_running_at(c, pod->next)->previous = pod->previous;
  if (pod->previous != K8SMI_ROW_NONE) {
    k8smi_running_at(c, pod->previous)->next = pod->next;
  } else {
    agent->first_pod = pod->next;
  }
  if (pod->next_of_kind != K8SMI_ROW_NONE) {
    k8smi_running_at(c, pod->next_of_kind)->previous_of_kind = pod->previous_of_kind;
  }
  if (pod->previous_of_kind != K8SMI_ROW_NONE) {
    k8smi_running_at(c, pod->previous_of_kind)->next_of_kind = pod->next_of_kind;
  } else {
    kind->first_pod = pod->next_of_kind;
  }
  agent->pods--;
  kind->pods--;
  if (pod->holds != NULL) k8smi_volumes_leave(c, pod->holds, pod->agent);
  k8sm_demand_unref(pod->holds);
  pod->holds = NULL;
  if (pod->ending) c->ending--;
  pod->ending = false;
  for (int s = 0; s < K8SMI_SCALARS; s++) agent->held[s] -= pod->held[s];
  pods_count(c, kind, false);
}

static void pods_free(struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_running *pod = k8smi_running_at(c, row);
  uint32_t kind = pod->kind;
  pods_unlink(c, row);
  pods_free_texts(c, pod);
  k8smi_table_give(&c->pods, row);
  pods_end_kind(c, kind);
}

void k8smi_pod_drop(struct k8sm_cluster *c, uint32_t row) {
  k8smi_map_remove(&c->pod_map, k8smi_running_at(c, row)->uid);
  pods_free(c, row);
}

void k8smi_pod_settle(struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_running *pod = k8smi_running_at(c, row);
  if (pod->former != K8SMI_ROW_NONE) pods_free(c, pod->former);
  pod->former = K8SMI_ROW_NONE;
}

void k8smi_pod_take_back(struct k8sm_cluster *c, uint32_t row) {
  const uint32_t former = k8smi_running_at(c, row)->former;
  if (former == K8SMI_ROW_NONE) {
    k8smi_pod_drop(c, row);
    return;
  }
  (void)!k8smi_map_put(&c->pod_map, k8smi_running_at(c, former)->uid,
                       former); /* takes no memory: it is there */
  pods_free(c, row);
}

/* A row for a pod, which takes the place of the one that it may have. */
static uint32_t pods_new(struct k8sm_cluster *c, const struct k8sm_demand *demand) {
  struct k8smi_running texts;
  if (!k8smi_table_reserve(&c->pods, &c->allocator, 1) || !pods_texts(c, demand, &texts)) {
    return K8SMI_ROW_NONE;
  }
  uint32_t row = k8smi_table_take(&c->pods);
  struct k8smi_running *pod = k8smi_running_at(c, row);
  pod->uid = texts.uid;
  pod->name_space = texts.name_space;
  pod->name = texts.name;
  if (k8smi_map_put(&c->pod_map, pod->uid, row)) return row;
  pods_free_texts(c, pod);
  k8smi_table_give(&c->pods, row);
  return K8SMI_ROW_NONE;
}

/* What the row of the pod needs beside itself. False: memory ran out, and nothing has changed. */
static bool pods_prepare(struct k8sm_cluster *c, const struct k8sm_demand *demand, uint32_t agent,
                         struct k8sm_demand **ret_holds, uint32_t *ret_kind) {
  const struct k8sm_demand *from = demand->origin == NULL ? demand : demand->origin;
  if (!pods_holds(c, from, ret_holds)) return false;
  bool used = k8smi_volumes_use(c, from, agent);
  *ret_kind = used ? pods_kind(c, demand) : K8SMI_ROW_NONE;
  if (*ret_kind != K8SMI_ROW_NONE) return true;
  if (used) k8smi_volumes_leave(c, from, agent);
  k8sm_demand_unref(*ret_holds);
  return false;
}

/* It is there already; but what ends there, and begins anew, is another instance. */
static bool pods_stays(const struct k8sm_cluster *c, uint32_t row, const struct k8sm_demand *demand,
                       uint32_t agent) {
  if (row == K8SMI_MAP_NONE) return false;
  const struct k8smi_running *pod = k8smi_running_at(c, row);
  return pod->agent == agent && (!pod->ending || demand->agent_id.len > 0);
}

int k8smi_pod_put(struct k8sm_cluster *c, const struct k8sm_demand *demand, uint32_t agent) {
  const uint32_t former = k8smi_map_get(&c->pod_map, demand->uid);
  uint32_t kind;
  struct k8sm_demand *holds;
  if (pods_stays(c, former, demand, agent)) return K8SM_OK;
  if (!pods_prepare(c, demand, agent, &holds, &kind)) return K8SM_ERR_NOMEM;
  const uint32_t row = pods_new(c, demand);
  if (row == K8SMI_ROW_NONE) {
    pods_end_kind(c, kind);
    if (holds != NULL) k8smi_volumes_leave(c, holds, agent);
    k8sm_demand_unref(holds);
    return K8SM_ERR_NOMEM;
  }
  struct k8smi_running *pod = k8smi_running_at(c, row);
  pod->agent = agent;
  pod->kind = kind;
  pod->since = c->generation + 1;
  pod->former = former;
  pods_link(c, row, demand, holds);
  return K8SM_OK;
}

static void pods_go_on(struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_running *pod = k8smi_running_at(c, row);
  if (pod->ending) c->ending--;
  pod->ending = false;
}

int k8sm_cluster_add_pod(struct k8sm_cluster *cluster, const struct k8sm_demand *demand,
                         struct k8sm_slice agent_id, struct k8sm_diags *diags) {
  uint32_t agent;
  int result = k8smi_agent_get(cluster, agent_id, &agent);
  if (result == K8SM_OK) result = k8smi_pod_put(cluster, demand, agent);
  if (result != K8SM_OK) return k8smi_find_nomem(diags, result);
  const uint32_t row = k8smi_map_get(&cluster->pod_map, demand->uid);
  k8smi_pod_settle(cluster, row);
  pods_go_on(cluster, row);
  k8smi_nomination_end(cluster, k8smi_nomination_of(cluster, demand->uid)); /* it is there */
  cluster->pod_generation = ++cluster->generation;
  return K8SM_OK;
}

int k8sm_cluster_remove_pod(struct k8sm_cluster *cluster, struct k8sm_slice uid) {
  uint32_t row = k8smi_map_get(&cluster->pod_map, uid);
  if (row == K8SMI_MAP_NONE) return 0;
  k8smi_pod_drop(cluster, row);
  cluster->generation++;
  return 1;
}

size_t k8sm_cluster_pods(const struct k8sm_cluster *cluster, struct k8sm_slice agent_id, size_t first,
                         struct k8sm_cluster_pod *rows, size_t row_size, size_t n) {
  uint32_t row = k8smi_agent_find(cluster, agent_id);
  if (row == K8SMI_MAP_NONE) return 0;
  const struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  size_t left = k8smi_rows_left(agent->pods, first), i = 0;
  for (row = agent->first_pod; row != K8SMI_ROW_NONE && i < first + n;
       row = k8smi_running_at(cluster, row)->next, i++) {
    const struct k8smi_running *pod = k8smi_running_at(cluster, row);
    struct k8sm_cluster_pod out = {pod->uid, pod->name_space, pod->name};
    if (i >= first) k8smi_row_write(rows, row_size, i - first, &out, sizeof out);
  }
  return left;
}
