/* SPDX-License-Identifier: Apache-2.0 */
/* Where a pod could go, and goes, as this library sees it. Each Node is an agent whose one offer has what the
 * node may allocate, less what the pods that run there ask. What we need beside what the pod asks (for the
 * executor and its tasks) is offered on top, so that the two matchers weigh the same. */
#include <k8smesos/match.h>

#include "subject.h"

#include "cluster/cluster.h"
#include "pod/manifest.h"
#include "pod/quantity.h"
#include "support/offers.h"

enum { SCHEDULE_RESOURCES = 16, SCHEDULE_PODS = 256 };

/* A pod that runs, or the one that waits. */
struct schedule_pod {
  struct k8sm_demand *demand;
  struct k8sm_slice node; /* where it runs */
  struct k8sm_pod_resource asks[SCHEDULE_RESOURCES];
  size_t ask_count;
};

struct schedule {
  struct k8sm_manifest *manifest;
  struct k8sm_cluster *cluster;
  struct schedule_pod pods[SCHEDULE_PODS]; /* the last is the one that waits */
  size_t pod_count;
  struct world world;
};

/* ---- Amounts, as Mesos counts them: in thousandths ---- */

static bool schedule_is_huge(struct k8sm_slice name) {
  return name.len > 10 && memcmp(name.ptr, "hugepages-", 10) == 0;
}

static int64_t schedule_milli(struct k8sm_slice name, struct k8smi_amount amount) {
  bool bytes = k8smi_eqs(name, "memory") || k8smi_eqs(name, "ephemeral-storage") || schedule_is_huge(name);
  return bytes ? k8smi_amount_mb_milli(amount) : k8smi_amount_milli(amount);
}

/* What a pod asks; 0: nothing. */
static int64_t schedule_asked(const struct schedule_pod *pod, struct k8sm_slice name) {
  for (size_t i = 0; i < pod->ask_count; i++) {
    int64_t request = pod->asks[i].request;
    if (!k8smi_eq(pod->asks[i].name, name) || request < 0) continue;
    if (k8smi_eqs(name, "cpu")) return request; /* thousandths already */
    return schedule_milli(name, (struct k8smi_amount){request, 0, 0});
  }
  return 0;
}

static int64_t schedule_used(const struct schedule *s, struct k8sm_slice node, struct k8sm_slice name) {
  int64_t used = 0;
  for (size_t i = 0; i + 1 < s->pod_count; i++) {
    if (k8smi_eq(s->pods[i].node, node)) used += schedule_asked(&s->pods[i], name);
  }
  return used;
}

/* ---- Offers ---- */

static void schedule_offer_amounts(struct schedule *s, K8smMesos__Offer *offer, struct k8sm_slice node,
                                   struct k8smi_list allocatable) {
  static const char *const scalars[K8SMI_SCALARS] = {"cpu", "memory", "ephemeral-storage"};
  static const char *const mesos[K8SMI_SCALARS] = {"cpus", "mem", "disk"};
  const struct schedule_pod *waiting = &s->pods[s->pod_count - 1];
  int64_t need[K8SMI_SCALARS], free_scalars[K8SMI_SCALARS] = {0};
  k8smi_demand_sum(waiting->demand, need);
  for (size_t i = 0; i < allocatable.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(allocatable, i);
    struct k8smi_amount amount;
    if (!k8smi_quantity_amount(pair.value, &amount)) die("no quantity");
    int64_t left = schedule_milli(pair.key, amount) - schedule_used(s, node, pair.key);
    int kind = 0;
    while (kind < K8SMI_SCALARS && !k8smi_eqs(pair.key, scalars[kind])) kind++;
    if (left < 0) left = 0;
    if (kind < K8SMI_SCALARS) free_scalars[kind] = left;
    if (kind < K8SMI_SCALARS || left == 0 || k8smi_eqs(pair.key, "pods")) continue;
    world_scalar(&s->world, offer, k8smi_eqs(pair.key, "nvidia.com/gpu") ? "gpus" : pair.key.ptr,
                 (double)left / 1000);
  }
  for (int kind = 0; kind < K8SMI_SCALARS; kind++) {
    int64_t more = need[kind] - schedule_asked(waiting, k8smi_s(scalars[kind]));
    world_scalar(&s->world, offer, mesos[kind], (double)(free_scalars[kind] + more) / 1000);
  }
}

static void schedule_offer_ports(struct schedule *s, K8smMesos__Offer *offer, struct k8sm_slice node) {
  static bool used[UINT16_MAX + 1];
  memset(used, 0, sizeof used);
  for (size_t i = 0; i + 1 < s->pod_count; i++) {
    const struct k8sm_demand *d = s->pods[i].demand;
    for (size_t p = 0; k8smi_eq(s->pods[i].node, node) && p < d->port_count; p++)
      used[d->ports[p].host_port] = true;
  }
  K8smMesos__Resource *ports = NULL;
  for (uint32_t begin = 1; begin <= UINT16_MAX;) {
    uint32_t end = begin;
    while (end <= UINT16_MAX && !used[end]) end++;
    if (end > begin && ports == NULL)
      ports = world_ports(&s->world, offer, begin, end - 1);
    else if (end > begin)
      world_range(&s->world, ports, begin, end - 1);
    begin = end + 1;
  }
}

static void schedule_add_offers(struct schedule *s) {
  const struct k8smi_manifest_object *objects = s->manifest->objects.items;
  for (size_t i = 0; i < s->manifest->objects.count; i++) {
    if (objects[i].type != K8SMI_TYPE_Node) continue;
    struct k8sm_slice name = objects[i].row.name;
    K8smMesos__Offer *offer = world_offer(&s->world, name.ptr, name.ptr, "*");
    offer->hostname = world_text(&s->world, name.ptr);
    const struct k8smi_record *status = k8smi_get_record(objects[i].record, K8SMI_Node_status);
    schedule_offer_amounts(s, offer, name, k8smi_get_list(status, K8SMI_NodeStatus_allocatable));
    schedule_offer_ports(s, offer, name);
  }
  struct k8sm_offers *offers = world_offers_from(&s->world, 0, NULL, NULL);
  if (offers == NULL || k8sm_cluster_add(s->cluster, offers, 0, NULL) != K8SM_OK) die("no offers");
  k8sm_offers_unref(offers);
}

/* ---- Pods ---- */

/* False, with findings: the pod can't be one of ours. */
static bool schedule_add_pod(struct schedule *s, const struct k8sm_pod *pod, struct k8sm_diags *diags) {
  const struct k8sm_demand_options o = {
      .size = sizeof o, .nonce = "n", .default_cpu_milli = -1, .default_mem_bytes = -1};
  struct schedule_pod *to = &s->pods[s->pod_count];
  struct k8sm_pod *with = NULL;
  if (s->pod_count == SCHEDULE_PODS) die("more pods than there is room for");
  if (k8sm_pod_with_uid(pod, NULL, NULL, &with, NULL) != K8SM_OK) die("no uid");
  int r = k8sm_demand_make(with, &o, &to->demand, diags);
  k8sm_pod_unref(with);
  if (r == K8SM_ERR_NOMEM) die("no memory");
  if (r != K8SM_OK) return false;
  if (k8sm_pod_resources(to->demand->pod, NULL, to->asks, sizeof to->asks[0], SCHEDULE_RESOURCES,
                         &to->ask_count) != K8SM_OK ||
      to->ask_count > SCHEDULE_RESOURCES) {
    die("no room for what a pod asks");
  }
  to->node = to->demand->node_name;
  s->pod_count++;
  return true;
}

static bool schedule_read(struct schedule *s, struct k8sm_slice bytes, struct k8sm_diags *diags) {
  if (k8sm_manifest_parse(bytes.ptr, bytes.len, NULL, &s->manifest, diags) != K8SM_OK) return false;
  size_t count = k8sm_manifest_pods(s->manifest, 0, NULL, sizeof(struct k8sm_manifest_pod), 0);
  for (size_t i = 0; i < count; i++) {
    struct k8sm_manifest_pod row;
    k8sm_manifest_pods(s->manifest, i, &row, sizeof row, 1);
    if (!schedule_add_pod(s, row.pod, diags)) return false;
  }
  if (count == 0) die("no pod");
  schedule_add_offers(s);
  if (k8sm_cluster_set_objects(s->cluster, s->manifest, diags) != K8SM_OK) return false;
  for (size_t i = 0; i + 1 < s->pod_count; i++) {
    const struct schedule_pod *p = &s->pods[i];
    if (k8sm_cluster_add_pod(s->cluster, p->demand, p->node, NULL) != K8SM_OK) die("no memory");
  }
  return true;
}

/* ---- Answers ---- */

/* By node, all that refuses the pod there. */
static void schedule_put_refusals(struct schedule *s, struct k8smi_json *w) {
  const struct k8sm_match_options o = {.size = sizeof o, .flags = K8SM_MATCH_ALL_REASONS};
  struct k8sm_explain *explain = NULL;
  struct k8sm_explanation row;
  struct k8sm_slice last = {NULL, 0};
  if (k8sm_cluster_explain(s->cluster, s->pods[s->pod_count - 1].demand, &o, &explain, NULL) != K8SM_OK)
    die("no explanation");
  k8smi_json_key(w, "refused");
  k8smi_json_open(w, '{');
  for (size_t i = 0; k8sm_explain_rows(explain, i, &row, sizeof row, 1) > 0; i++) {
    if (last.ptr == NULL || !k8smi_eq(last, row.agent_id)) {
      if (last.ptr != NULL) k8smi_json_close(w, ']');
      k8smi_json_key_slice(w, row.agent_id);
      k8smi_json_open(w, '[');
      last = row.agent_id;
    }
    if (row.code != 0) k8smi_json_string(w, row.predicate);
  }
  if (last.ptr != NULL) k8smi_json_close(w, ']');
  k8smi_json_close(w, '}');
  k8sm_explain_unref(explain);
}

/* Where it goes when only preferences decide, and how good it is there; or why it goes nowhere. */
static void schedule_put_plan(struct schedule *s, struct k8smi_json *w) {
  const struct k8sm_match_options o = {.size = sizeof o, .weight_strategy = K8SM_WEIGHT_NONE};
  struct k8sm_demand *const waiting = s->pods[s->pod_count - 1].demand;
  struct k8sm_plan *plan = NULL;
  struct k8sm_placement placed;
  struct k8sm_plan_score score;
  if (k8sm_cluster_match(s->cluster, &waiting, 1, &o, &plan, NULL) != K8SM_OK) die("no plan");
  if (k8sm_plan_placements(plan, 0, &placed, sizeof placed, 1) > 0)
    k8smi_json_member(w, "placed", placed.agent_id);
  k8smi_json_member(w, "summary", k8sm_plan_summary(plan, 0));
  k8smi_json_key(w, "scores");
  k8smi_json_open(w, '{');
  for (size_t i = 0; k8sm_plan_scores(plan, i, &score, sizeof score, 1) > 0; i++) {
    k8smi_json_key_slice(w, score.part);
    k8smi_json_i64(w, score.score);
  }
  k8smi_json_close(w, '}');
  k8sm_plan_unref(plan);
}

void answer_schedule(struct k8smi_json *w, struct k8sm_slice bytes) {
  static struct schedule s;
  static struct k8sm_diag rows[64];
  static char text[1 << 14];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  memset(&s, 0, sizeof s);
  world_init(&s.world);
  if (k8sm_cluster_new(NULL, &s.cluster, NULL) != K8SM_OK) die("no memory");
  k8smi_json_open(w, '{');
  if (schedule_read(&s, bytes, &diags)) {
    schedule_put_refusals(&s, w);
    schedule_put_plan(&s, w);
  } else {
    for (size_t i = 0; i < diags.count && i < 64; i++) {
      if (rows[i].severity != K8SM_SEVERITY_ERROR) continue;
      k8smi_json_member(w, "invalid", k8smi_s(text + rows[i].message));
      break;
    }
  }
  k8smi_json_close(w, '}');
  for (size_t i = 0; i < s.pod_count; i++) k8sm_demand_unref(s.pods[i].demand);
  k8sm_cluster_free(s.cluster);
  k8sm_manifest_unref(s.manifest);
  world_free(&s.world);
}
