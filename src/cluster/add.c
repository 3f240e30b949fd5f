/* SPDX-License-Identifier: Apache-2.0 */
/* Takes offers in: all that can be held, or nothing at all when memory or a limit ends. */
#include "cluster/cluster.h"
#include "base/findings.h"
#include "cluster/blocks.h"
#include "cluster/executors.h"
#include "cluster/features.h"
#include "cluster/slots.h"
#include "cluster/volumes.h"

/* What one offer changed, to be undone. */
struct add_step {
  uint32_t held; /* ROW_NONE: left out */
  uint32_t agent;
  bool labelled; /* its labels were replaced */
  bool told;     /* its executors were */
  bool made;     /* the agent came with it */
  struct k8smi_labels *old;
  uint32_t executors; /* the row before */
};

struct add_job {
  struct k8sm_cluster *cluster;
  struct k8sm_offers *offers;
  uint64_t mono_ms;
  uint64_t generation;
  struct k8sm_diags *diags;
  struct add_step *steps;
  size_t count;
};

static bool add_is_left_out(struct add_job *job, const struct k8smi_offer *offer,
                            const struct k8smi_path *path) {
  uint32_t code = K8SM_DIAG_NONE;
  const char *why = NULL;
  if (k8smi_held_find(job->cluster, offer->id) != K8SMI_MAP_NONE) {
    code = K8SM_DIAG_OFFER_DUPLICATE;
    why = "is held already";
  } else if (k8smi_rescinded_has(job->cluster->rescinded, offer->id)) {
    code = K8SM_DIAG_OFFER_UNKNOWN;
    why = "was rescinded before it came";
  }
  if (why == NULL) return false;
  k8smi_find_as(job->diags, code, K8SM_SEVERITY_NOTE, path, "the offer %.*s %s: it is left out",
                K8SMI_P(offer->id), why);
  return true;
}

static bool add_labels(struct add_job *job, const struct k8smi_offer *offer, const struct k8smi_path *path,
                       struct add_step *step) {
  struct k8sm_cluster *c = job->cluster;
  const struct k8smi_agent *agent = k8smi_agent_at(c, step->agent);
  struct k8smi_labels *labels = k8smi_labels_make(c, offer->message, agent->labels);
  if (labels == NULL) return false;
  if (labels == agent->labels) return true;
  step->labelled = true;
  k8smi_features_check(offer->message, path, job->diags);
  step->old = k8smi_agent_set_labels(c, step->agent, labels);
  return true;
}

static int add_agent(struct add_job *job, const struct k8smi_offer *offer, const struct k8smi_path *path,
                     struct add_step *step) {
  struct k8sm_cluster *c = job->cluster;
  size_t before = c->agents.count;
  int result = k8smi_agent_get(c, offer->agent_id, &step->agent);
  if (result != K8SM_OK) return result;
  step->made = c->agents.count > before;
  step->executors = k8smi_agent_at(c, step->agent)->executors;
  bool fine = add_labels(job, offer, path, step) &&
              k8smi_executors_learn(c, step->agent, &offer->executors, job->generation, &step->told);
  return fine ? K8SM_OK : K8SM_ERR_NOMEM;
}

static int add_held(struct add_job *job, const struct k8smi_offer *offer, struct add_step *step) {
  struct k8sm_cluster *c = job->cluster;
  uint32_t row = k8smi_table_take(&c->held);
  struct k8smi_held *held = k8smi_held_at(c, row);
  held->offer = offer;
  held->since_mono_ms = job->mono_ms;
  held->generation = job->generation;
  if (!k8smi_index_put(c, &c->held_index, row)) {
    k8smi_table_give(&c->held, row);
    return K8SM_ERR_NOMEM;
  }
  if (!k8smi_slot_add(c, step->agent, row)) {
    k8smi_index_remove(c, &c->held_index, row);
    k8smi_table_give(&c->held, row);
    return K8SM_ERR_NOMEM;
  }
  held->owner = k8sm_offers_ref(job->offers);
  c->held_order->stale = true;
  step->held = row;
  return K8SM_OK;
}

static int add_one(struct add_job *job, size_t i, const struct k8smi_path *path) {
  const struct k8smi_offer *offer = &job->offers->items[i];
  if (add_is_left_out(job, offer, path)) return K8SM_OK;
  struct add_step *step = &job->steps[job->count++];
  *step = (struct add_step){.held = K8SMI_ROW_NONE, .agent = K8SMI_ROW_NONE};
  int result = add_agent(job, offer, path, step);
  if (result != K8SM_OK) return result;
  if (k8smi_slot_refuses(job->cluster, step->agent, offer, path, job->diags)) return K8SM_OK;
  if (!k8smi_volumes_learn(job->cluster, offer, step->agent)) return K8SM_ERR_NOMEM;
  return add_held(job, offer, step);
}

static void add_undo(struct add_job *job) {
  struct k8sm_cluster *c = job->cluster;
  while (job->count > 0) {
    struct add_step *step = &job->steps[--job->count];
    if (step->held != K8SMI_ROW_NONE) k8smi_cluster_drop(c, step->held);
    if (step->labelled) {
      k8smi_labels_free(c, k8smi_agent_set_labels(c, step->agent, step->old));
    }
    if (step->agent != K8SMI_ROW_NONE) k8smi_executors_put_back(c, step->agent, step->executors);
    if (step->made) k8smi_agent_forget(c, step->agent);
  }
}

/* Everything stays: the labels and executors that were replaced are of no use any more, nor is the memory of
 * those offers that had been rescinded, since an id comes once. */
static bool add_keep(struct add_job *job) {
  struct k8sm_cluster *c = job->cluster;
  for (size_t i = 0; i < job->offers->count; i++) {
    k8smi_rescinded_remove(c->rescinded, job->offers->items[i].id);
  }
  for (size_t i = 0; i < job->count; i++) {
    if (job->steps[i].told) k8smi_executors_end(c, job->steps[i].executors);
    if (!job->steps[i].labelled) continue;
    k8smi_labels_free(c, job->steps[i].old);
    k8smi_agent_at(c, job->steps[i].agent)->generation = job->generation;
  }
  return job->count > 0;
}

static bool add_reserve(struct k8sm_cluster *c, size_t count) {
  return k8smi_table_reserve(&c->held, &c->allocator, count) &&
         k8smi_table_reserve(&c->slots, &c->allocator, count) &&
         k8smi_blocks_reserve(c, c->slots.high + count) &&
         k8smi_table_reserve(&c->roles, &c->allocator, count) &&
         k8smi_order_reserve(c->held_order, &c->allocator, c->held.count + count);
}

int k8sm_cluster_add(struct k8sm_cluster *cluster, struct k8sm_offers *offers, uint64_t mono_ms,
                     struct k8sm_diags *diags) {
  struct k8smi_path event = k8smi_path_field(NULL, K8SMI_S("offers"));
  struct k8smi_path list = k8smi_path_field(&event, K8SMI_S("offers"));
  struct add_job job = {cluster, offers, mono_ms, cluster->generation + 1, diags, NULL, 0};
  size_t bytes;
  if (!k8smi_mul(offers->count, sizeof *job.steps, &bytes)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  job.steps = k8smi_alloc(&cluster->allocator, bytes);
  int result = job.steps != NULL && add_reserve(cluster, offers->count) ? K8SM_OK : K8SM_ERR_NOMEM;
  for (size_t i = 0; result == K8SM_OK && i < offers->count; i++) {
    struct k8smi_path path = k8smi_path_index(&list, i);
    result = add_one(&job, i, &path);
  }
  if (result != K8SM_OK) add_undo(&job);
  if (result == K8SM_OK && add_keep(&job)) cluster->generation = job.generation;
  k8smi_free(&cluster->allocator, job.steps, bytes);
  if (result == K8SM_ERR_LIMIT) {
    k8smi_find(diags, K8SM_DIAG_TOO_LARGE, NULL, "more agents than cluster_options.max_agents: %llu",
               (unsigned long long)cluster->max_agents);
  } else if (result == K8SM_ERR_NOMEM) {
    k8smi_find_nomem(diags, result);
  }
  return result;
}
