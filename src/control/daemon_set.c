/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/sort.h"

#include <string.h>

/* DaemonSets: one pod on each agent that fits.
 * https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */

/* What a look finds on one agent. */
struct daemon_node {
  const struct ctl_agent *agent;
  struct ctl_fit fit;
  struct ctl_pod **pods; /* that are not gone; the oldest first */
  size_t count;
  struct ctl_pod *new, *old; /* of those that are not to go: of the template, of another one */
  bool crowded;              /* there are two of one sort */
  bool make;                 /* a new one is to come */
  bool failed;               /* one that failed goes */
};

struct daemon {
  struct k8sm_control *c;
  struct ctl_object *o;
  struct k8sm_daemon_set_spec spec;
  struct daemon_node *nodes; /* as the agents */
  struct ctl_pod **pods;     /* by agent */
  size_t node_count;
  int64_t wanted, surge, unavailable; /* the numbers that the shares come to */
};

static bool daemon_available(const struct daemon *d, const struct ctl_pod *p) {
  return p != NULL && k8smi_ctl_pod_available(d->c, p, d->spec.min_ready_seconds);
}

/* ---- What there is ---- */

/* What its pods ask of a node, from one that is made for no node. */
static int daemon_ask(struct daemon *d) {
  const struct k8sm_instance_options instance = {.size = sizeof instance, .allocator = &d->c->allocator};
  const struct k8sm_demand_options options = {
      .size = sizeof options, .allocator = &d->c->allocator, .nonce = "daemon"};
  struct k8sm_pod *pod = NULL, *stamped = NULL;
  if (d->o->asked) return K8SM_OK;
  int r = k8sm_workload_pod(d->o->workload, &instance, &pod, NULL);
  if (r == K8SM_OK) r = k8smi_ctl_stamp(d->c, pod, &stamped, NULL);
  if (r == K8SM_OK) r = k8sm_demand_make(stamped, &options, &d->o->demand, NULL);
  k8sm_pod_unref(stamped);
  k8sm_pod_unref(pod);
  d->o->asked = r != K8SM_ERR_NOMEM;
  return d->o->asked ? K8SM_OK : r;
}

static int daemon_revision(struct daemon *d) {
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, &d->c->allocator, 0);
  struct k8sm_slice hash = k8smi_workload_hash(d->o->workload, 0, &arena);
  bool ok = hash.ptr != NULL && k8smi_ctl_text_set(d->c, &d->o->update_revision, hash);
  k8smi_arena_free(&arena);
  return ok ? K8SM_OK : K8SM_ERR_NOMEM;
}

static bool daemon_is_new(const struct daemon *d, const struct ctl_pod *p) {
  return k8smi_eq(p->revision, k8smi_ctl_text(&d->o->update_revision));
}

/* By agent; then those that have a place, the older ones first. */
static int daemon_order(const void *left, const void *right, const void *ctx) {
  const struct ctl_pod *a = *(struct ctl_pod *const *)left, *b = *(struct ctl_pod *const *)right;
  int by_target = k8smi_cmp(a->target, b->target);
  (void)ctx;
  if (by_target != 0) return by_target;
  if (a->assigned != b->assigned) return a->assigned ? -1 : 1;
  if (a->created_ms != b->created_ms) return a->created_ms < b->created_ms ? -1 : 1;
  return k8smi_cmp(a->key, b->key);
}

static void daemon_sort_pod(struct daemon *d, struct daemon_node *node, struct ctl_pod **at) {
  struct ctl_pod *p = *at;
  if (node->count++ == 0) node->pods = at;
  if (p->ready && !daemon_available(d, p))
    k8smi_ctl_due(d->c, d->o, p->ready_ms + (int64_t)d->spec.min_ready_seconds * 1000);
  if (p->deleting) return;
  struct ctl_pod **sort = daemon_is_new(d, p) ? &node->new : &node->old;
  node->crowded |= *sort != NULL;
  if (*sort == NULL) *sort = p;
}

/* A pod whose agent is not there any more goes. */
static int daemon_sort(struct daemon *d) {
  size_t count = 0;
  int r = K8SM_OK;
  for (size_t i = 0; i < d->node_count; i++) {
    d->nodes[i].agent = &d->c->agents.rows[i];
    d->nodes[i].fit = k8smi_ctl_agent_fit(d->nodes[i].agent, d->o->demand);
    d->wanted += d->nodes[i].fit.runs;
  }
  for (struct ctl_pod *p = d->o->pods; p != NULL; p = p->next) d->pods[count++] = p;
  k8smi_sort(d->pods, count, sizeof *d->pods, daemon_order, NULL);
  for (size_t i = 0; r == K8SM_OK && i < count; i++) {
    size_t at = k8smi_ctl_agent_find(d->c, d->pods[i]->target);
    if (at != SIZE_MAX)
      daemon_sort_pod(d, &d->nodes[at], &d->pods[i]);
    else if (!d->pods[i]->deleting)
      r = k8smi_ctl_end(d->c, d->o, d->pods[i]);
  }
  d->surge = k8smi_ctl_share(d->spec.max_surge, d->wanted, true);
  d->unavailable = k8smi_ctl_share(d->spec.max_unavailable, d->wanted, true);
  if (d->surge == 0 && d->unavailable == 0) d->unavailable = 1;
  return r;
}

/* ---- One pod on each ---- */

/* There is none any more: another one may come at once. */
static void daemon_forget(struct daemon_node *node, const struct ctl_pod *p) {
  size_t i = 0;
  while (node->pods[i] != p) i++;
  node->count--;
  memmove(&node->pods[i], &node->pods[i + 1], (node->count - i) * sizeof *node->pods);
  if (node->count == 0) node->make = node->fit.runs;
}

/* One that was planned only, and nobody has heard of, is freed by this. */
static int daemon_end(struct daemon *d, struct daemon_node *node, struct ctl_pod *p) {
  bool planned = p->planned;
  int r = k8smi_ctl_end(d->c, d->o, p);
  if (node->new == p) node->new = NULL;
  if (node->old == p) node->old = NULL;
  if (r == K8SM_OK && planned) daemon_forget(node, p);
  return r;
}

/* One that ended is made anew, after a while if it failed. */
static int daemon_ended(struct daemon *d, struct daemon_node *node, struct ctl_pod *p) {
  struct k8sm_slice name = node->agent->name;
  bool failed = p->phase == CTL_FAILED;
  if (failed && d->o->retry_ms > d->c->wall_ms) {
    k8smi_ctl_due(d->c, d->o, d->o->retry_ms);
    return K8SM_OK;
  }
  int r = failed ? k8smi_ctl_event(d->c, d->o->key, "FailedDaemonPod",
                                   "Found failed daemon pod %.*s on node %.*s, will try to kill it",
                                   K8SMI_P(p->key), K8SMI_P(name))
                 : k8smi_ctl_event(d->c, d->o->key, "SucceededDaemonPod",
                                   "Found succeeded daemon pod %.*s on node %.*s, will try to delete it",
                                   K8SMI_P(p->key), K8SMI_P(name));
  if (r != K8SM_OK) return r;
  node->failed = failed;
  return daemon_end(d, node, p);
}

static int daemon_manage(struct daemon *d, struct daemon_node *node) {
  size_t running = 0;
  int r = K8SM_OK;
  for (size_t i = 0, count; r == K8SM_OK && i < node->count; i += node->count == count) {
    struct ctl_pod *p = node->pods[i];
    count = node->count;
    if (p->deleting) continue;
    if (!node->fit.stays)
      r = daemon_end(d, node, p);
    else if (k8smi_ctl_pod_ended(p))
      r = daemon_ended(d, node, p);
    else if (running++ > 0 && (d->surge == 0 || (p != node->new &&p != node->old)))
      r = daemon_end(d, node, p);
  }
  bool may_surge = d->surge > 0 && running == 0;
  node->make = node->fit.runs && (node->count == 0 || may_surge);
  if (r != K8SM_OK || d->surge == 0 || node->new == NULL || node->old == NULL) return r;
  bool replaced = !node->old->ready || daemon_available(d, node->new);
  return replaced ? daemon_end(d, node, node->old) : K8SM_OK;
}

/* ---- Another template ---- */

/* Old ones go, so many at a time; those that serve nobody are free. */
static int daemon_replace(struct daemon *d) {
  int64_t budget = d->unavailable;
  int r = K8SM_OK;
  for (size_t i = 0; i < d->node_count; i++) {
    const struct daemon_node *node = &d->nodes[i];
    const struct ctl_pod *p = node->new != NULL ? node->new : node->old;
    if (!node->fit.runs && node->count == 0) continue;
    budget -= node->crowded || (node->new == NULL) == (node->old == NULL) || !daemon_available(d, p);
  }
  for (size_t i = 0; r == K8SM_OK && i < d->node_count; i++) {
    struct daemon_node *node = &d->nodes[i];
    if (node->crowded || node->new != NULL || node->old == NULL) continue;
    bool free_of_charge = !daemon_available(d, node->old);
    if (!free_of_charge && budget-- <= 0) continue;
    r = daemon_end(d, node, node->old);
  }
  return r;
}

/* New ones come beside the old ones, so many at a time. */
static void daemon_surge(struct daemon *d) {
  int64_t budget = d->surge;
  for (size_t i = 0; i < d->node_count; i++) {
    const struct daemon_node *node = &d->nodes[i];
    bool both = node->new != NULL && node->old != NULL;
    budget -= node->crowded || (both && !daemon_available(d, node->new));
  }
  for (size_t i = 0; i < d->node_count; i++) {
    struct daemon_node *node = &d->nodes[i];
    if (node->crowded || node->new != NULL || node->old == NULL || !node->fit.runs) continue;
    if (daemon_available(d, node->old) && budget-- <= 0) continue;
    node->make = true;
  }
}

static int daemon_make(struct daemon *d) {
  bool wait = d->o->retry_ms > d->c->wall_ms;
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < d->node_count; i++) {
    struct k8sm_instance_options options = {.size = sizeof options,
                                            .revision = k8smi_ctl_text(&d->o->update_revision).ptr,
                                            .node_name = d->nodes[i].agent->name.ptr};
    struct ctl_pod *made;
    if (!d->nodes[i].make) continue;
    if (wait) {
      k8smi_ctl_due(d->c, d->o, d->o->retry_ms);
      return K8SM_OK;
    }
    r = k8smi_ctl_make(d->c, d->o, d->o->workload, &options, &made);
    if (r == K8SM_OK && made == NULL) return K8SM_OK;
  }
  return r;
}

/* ---- Its status ---- */

static void daemon_count(struct daemon *d) {
  struct ctl_counts *n = &d->o->counts;
  n->current = n->misplaced = n->ready = n->updated = n->available = n->terminating = 0;
  n->wanted = d->wanted;
  for (const struct ctl_pod *p = d->o->pods; p != NULL; p = p->next) n->terminating += p->deleting;
  for (size_t i = 0; i < d->node_count; i++) {
    const struct daemon_node *node = &d->nodes[i];
    const struct ctl_pod *p = node->count == 0 ? NULL : node->pods[0];
    if (!node->fit.runs) n->misplaced += p != NULL;
    if (!node->fit.runs || (p == NULL && !node->make)) continue;
    n->current++;
    n->ready += p != NULL && p->ready;
    n->available += daemon_available(d, p);
    n->updated += p == NULL || daemon_is_new(d, p);
  }
  n->unavailable = n->wanted - n->available;
}

static int daemon_steps(struct daemon *d) {
  bool failed = false;
  int r = daemon_sort(d);
  for (size_t i = 0; r == K8SM_OK && i < d->node_count; i++) {
    r = daemon_manage(d, &d->nodes[i]);
    failed |= d->nodes[i].failed;
  }
  if (failed) k8smi_ctl_failed(d->c, d->o);
  if (r == K8SM_OK && d->spec.strategy == K8SM_ROLLOUT_ROLLING_UPDATE) {
    if (d->surge > 0)
      daemon_surge(d);
    else
      r = daemon_replace(d);
  }
  if (r == K8SM_OK && !failed) r = daemon_make(d);
  if (r == K8SM_OK) daemon_count(d);
  return r;
}

int k8smi_ctl_look_daemon_set(struct k8sm_control *c, struct ctl_object *o) {
  struct daemon d = {.c = c, .o = o, .spec.size = sizeof d.spec, .node_count = c->agents.count};
  k8smi_ctl_pods_reap(c, o);
  if (!c->agents.known) return K8SM_OK;
  k8smi_ctl_sure(k8sm_workload_get_daemon_set(o->workload, &d.spec));
  int r = daemon_ask(&d);
  if (r == K8SM_OK) r = daemon_revision(&d);
  if (r != K8SM_OK) return r;
  size_t node_bytes = (d.node_count + 1) * sizeof *d.nodes, pod_bytes = (o->pod_count + 1) * sizeof *d.pods;
  d.nodes = k8smi_zalloc(&c->allocator, node_bytes);
  d.pods = d.nodes == NULL ? NULL : k8smi_zalloc(&c->allocator, pod_bytes);
  r = d.pods == NULL ? K8SM_ERR_NOMEM : daemon_steps(&d);
  if (d.pods != NULL) k8smi_free(&c->allocator, d.pods, pod_bytes);
  if (d.nodes != NULL) k8smi_free(&c->allocator, d.nodes, node_bytes);
  return r;
}

void k8smi_ctl_show_daemon_set(const struct ctl_object *o, struct k8sm_control_row *row) {
  const struct ctl_counts *n = &o->counts;
  row->wanted = n->wanted;
  row->current = n->current;
  row->ready = n->ready;
  row->updated = n->updated;
  row->available = n->available;
  row->settled =
      n->updated == n->wanted && n->available == n->wanted && n->misplaced == 0 && n->terminating == 0;
}
