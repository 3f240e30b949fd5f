/* SPDX-License-Identifier: Apache-2.0 */
/* Pods meet offers: match, record, ACCEPT. Everything that can fail is prepared first; then all of it
 * happens. */
#include "driver/state.h"
#include "base/slice.h"
#include "demand/demand.h"
#include "demand/placement.h"
#include "task/calls.h"

#include <stdio.h>

/* A placement, ready to happen. */
struct launch_step {
  struct drv_pod *pod;
  struct k8sm_status *status;
  struct drv_place *place; /* NULL: it has one */
  struct k8sm_slice agent_id;
  struct k8sm_slice address; /* the agent's */
  struct drv_task *tasks;
  struct drv_task *last_task;
  size_t task_count;
  size_t ports;     /* that the plan gives it */
  int64_t reserves; /* on the agent where it has its place */
  struct drv_row row;
  struct drv_record *record;
};

struct launch_batch {
  struct drv_pod **pods; /* that need something, as the plan's demands */
  struct k8sm_demand **demands;
  size_t pod_count;
  size_t pod_cap;
  struct k8sm_plan *plan;
  struct k8sm_calls *calls;
  struct launch_step *steps; /* one for each placement */
  size_t step_count;
  size_t nominated;             /* pods that others end for */
  struct drv_launch **launches; /* one for each call */
  size_t launch_count;
};

void k8smi_drv_launch_free(struct k8sm_driver *d, struct drv_launch *launch) {
  if (launch == NULL) return;
  for (size_t i = 0; i < launch->accepted_count; i++)
    k8smi_drv_lookup_remove(&d->offers.accepted, &d->core.allocator, &launch->accepted[i].key);
  k8smi_free(&d->core.allocator, launch->accepted, launch->accepted_count * sizeof *launch->accepted);
  k8smi_free(&d->core.allocator, launch->offers, launch->offer_cap * sizeof *launch->offers);
  k8sm_plan_unref(launch->plan);
  k8sm_calls_unref(launch->calls);
  k8smi_free(&d->core.allocator, launch, sizeof *launch + launch->cap * sizeof launch->pods[0]);
}

static void launch_batch_free(struct k8sm_driver *d, struct launch_batch *b) {
  const struct k8sm_allocator *a = &d->core.allocator;
  for (size_t i = 0; i < b->step_count && b->steps != NULL; i++) {
    struct launch_step *s = &b->steps[i];
    k8sm_status_unref(s->status);
    k8smi_drv_place_free(s->place);
    k8smi_drv_tasks_free(&d->core, s->tasks);
    k8smi_buf_free(&s->row.buf);
    k8smi_free(a, s->record, sizeof *s->record);
  }
  for (size_t i = 0; i < b->launch_count && b->launches != NULL; i++) {
    if (b->launches[i] == NULL) continue;
    k8smi_drv_call_free(&d->core, b->launches[i]->call);
    k8smi_drv_launch_free(d, b->launches[i]);
  }
  k8smi_free(a, b->steps, b->step_count * sizeof *b->steps);
  k8smi_free(a, b->launches, b->launch_count * sizeof(struct drv_launch *));
  k8smi_free(a, b->pods, b->pod_cap * sizeof(struct drv_pod *));
  k8smi_free(a, b->demands, b->pod_cap * sizeof(struct k8sm_demand *));
  k8sm_calls_unref(b->calls);
  k8sm_plan_unref(b->plan);
}

enum { LAUNCH_MOST = 100 }; /* pods that one step matches: a few milliseconds */

/* For the rows of its volumes, or to hear that what is left of former attempts is missing still. */
static bool launch_waits(const struct k8sm_driver *d, const struct drv_pod *pod) {
  return !k8smi_drv_reconcile_misses(d, pod) || !k8smi_drv_volumes_settled(d, pod);
}

/* The pods that need something, and whose turn it is. */
static int launch_collect(struct k8sm_driver *d, struct launch_batch *b) {
  const struct k8sm_allocator *a = &d->core.allocator;
  struct drv_pod *pod;
  b->pod_cap = d->pods.needs < LAUNCH_MOST ? d->pods.needs : LAUNCH_MOST;
  b->pods = k8smi_zalloc(a, b->pod_cap * sizeof(struct drv_pod *));
  b->demands = k8smi_zalloc(a, b->pod_cap * sizeof(struct k8sm_demand *));
  if (b->pods == NULL || b->demands == NULL) return K8SM_ERR_NOMEM;
  while (b->pod_count < b->pod_cap && (pod = k8smi_drv_pods_next_turn(&d->pods)) != NULL) {
    if (k8smi_drv_claim_awaited(d, pod) != NULL) continue;
    if (pod->need == DRV_NEED_PLACE && launch_waits(d, pod)) continue; /* the next round */
    if (pod->need == DRV_NEED_PLACE && k8smi_drv_volumes_seek(d, pod) != K8SM_OK) return K8SM_ERR_NOMEM;
    b->demands[b->pod_count] = pod->need == DRV_NEED_PLACE ? pod->demand : pod->resume;
    b->pods[b->pod_count++] = pod;
  }
  return K8SM_OK;
}

/* Whether the pod goes on to another stage after the tasks that this demand launches. */
static bool launch_has_more_stages(const struct k8sm_demand *demand) {
  uint32_t last = 0, launched = 0;
  struct k8sm_demand_task row;
  for (size_t i = 0; k8sm_demand_tasks(demand, i, &row, sizeof row, 1) != 0; i++) {
    if (row.stage > last) last = row.stage;
    if (row.launch && row.stage > launched) launched = row.stage;
  }
  return launched < last;
}

/* For how long an ACCEPT refuses what it leaves: not at all while something waits for an offer, or soon
 * will on the same agent. */
static double launch_refuse_seconds(const struct k8sm_driver *d, const struct launch_batch *b) {
  if (b->step_count < d->pods.needs) return 0;
  for (size_t i = 0; i < b->pod_count; i++) {
    if (launch_has_more_stages(b->demands[i])) return 0;
  }
  return d->core.options.refuse.leftover;
}

static int launch_plan(struct k8sm_driver *d, struct launch_batch *b) {
  struct k8sm_match_options match = d->core.options.match;
  match.wall_ms = (int64_t)d->core.wall_ms;
  int r = k8sm_cluster_match(d->offers.cluster, b->demands, b->pod_count, &match, &b->plan, NULL);
  if (r != K8SM_OK) return r;
  b->step_count = k8sm_plan_placements(b->plan, 0, NULL, sizeof(struct k8sm_placement), 0);
  b->nominated = k8sm_plan_nominations(b->plan, 0, NULL, sizeof(struct k8sm_plan_nomination), 0);
  if (b->step_count == 0) return K8SM_OK;
  const struct k8sm_task_options o = {.size = sizeof o,
                                      .allocator = &d->core.allocator,
                                      .format = d->core.options.format,
                                      .flags = K8SM_CALLS_POD_WINS | k8smi_drv_call_flags(&d->core),
                                      .refuse_seconds = launch_refuse_seconds(d, b),
                                      .executor_overlay = d->core.options.executor_overlay,
                                      .task_overlay = d->core.options.task_overlay,
                                      .overlay_format = d->core.options.overlay_format};
  r = k8sm_plan_calls(b->plan, &o, &b->calls, NULL);
  if (r != K8SM_OK) return r;
  b->launch_count = k8sm_calls_rows(b->calls, 0, NULL, sizeof(struct k8sm_call), 0);
  b->steps = k8smi_zalloc(&d->core.allocator, b->step_count * sizeof *b->steps);
  b->launches = k8smi_zalloc(&d->core.allocator, b->launch_count * sizeof(struct drv_launch *));
  return b->steps == NULL || b->launches == NULL ? K8SM_ERR_NOMEM : K8SM_OK;
}

/* ---- placements ---- */

static int launch_place(struct k8sm_driver *d, const struct launch_batch *b, struct launch_step *s,
                        uint32_t placement, const struct k8sm_placement *p) {
  struct k8sm_call_executor e;
  k8sm_calls_executors(b->calls, placement, &e, sizeof e, 1);
  s->place = k8smi_drv_place_new(&d->core, p->agent_id, p->hostname, e.bytes, 0);
  if (s->place == NULL) return K8SM_ERR_NOMEM;
  s->place->reserved = k8smi_drv_release_owed(d, s->pod, p->agent_id);
  return K8SM_OK;
}

static int launch_steps(struct k8sm_driver *d, struct launch_batch *b) {
  struct k8sm_placement p;
  int r = K8SM_OK;
  for (uint32_t i = 0; r == K8SM_OK && i < b->step_count; i++) {
    struct launch_step *s = &b->steps[i];
    k8sm_plan_placements(b->plan, i, &p, sizeof p, 1);
    s->pod = b->pods[p.demand];
    s->agent_id = p.agent_id;
    s->address = p.address;
    s->reserves = b->calls->reserved[i];
    if (s->pod->need == DRV_NEED_PLACE) r = launch_place(d, b, s, i, &p);
  }
  return r;
}

/* The host ports go to those that are placed anew: room first, then the rows. */
static int launch_ports(struct launch_batch *b) {
  struct k8sm_plan_port row;
  for (size_t i = 0; k8sm_plan_ports(b->plan, i, &row, sizeof row, 1) != 0; i++)
    b->steps[row.placement].ports++;
  for (size_t i = 0; i < b->step_count; i++) {
    struct drv_place *place = b->steps[i].place;
    if (place == NULL || b->steps[i].ports == 0) continue;
    place->ports = k8smi_arena_array(&place->arena, b->steps[i].ports, sizeof row);
    if (place->ports == NULL) return K8SM_ERR_NOMEM;
  }
  for (size_t i = 0; k8sm_plan_ports(b->plan, i, &row, sizeof row, 1) != 0; i++) {
    struct drv_place *place = b->steps[row.placement].place;
    if (place == NULL) continue;
    struct k8sm_slice *const texts[] = {&row.container, &row.name, &row.protocol};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
      *texts[k] = k8smi_arena_copy(&place->arena, texts[k]->ptr, texts[k]->len);
      if (texts[k]->ptr == NULL) return K8SM_ERR_NOMEM;
    }
    place->ports[place->port_count++] = row;
  }
  return K8SM_OK;
}

static int launch_tasks(struct k8sm_driver *d, struct launch_batch *b) {
  struct k8sm_call_task row;
  for (size_t i = 0; k8sm_calls_tasks(b->calls, i, &row, sizeof row, 1) != 0; i++) {
    struct launch_step *s = &b->steps[row.placement];
    struct drv_task *task = k8smi_drv_task_new(&d->core, row.task_id, s->agent_id);
    if (task == NULL) return K8SM_ERR_NOMEM;
    if (s->tasks == NULL) {
      s->tasks = task;
    } else {
      s->last_task->next = task;
    }
    s->last_task = task;
    s->task_count++;
  }
  return K8SM_OK;
}

/* The status after PLACED, for a new attempt, and LAUNCHED for each task. */
static int launch_status(struct k8sm_driver *d, struct launch_step *s) {
  const struct k8sm_allocator *a = &d->core.allocator;
  size_t n = 0, cap = s->task_count + 1;
  struct k8sm_change *changes = k8smi_zalloc(a, cap * sizeof *changes);
  if (changes == NULL) return K8SM_ERR_NOMEM;
  const struct k8sm_change now = {.mono_ms = d->core.mono_ms, .wall_ms = d->core.wall_ms};
  if (s->place != NULL) {
    changes[n] = now;
    changes[n].type = K8SM_CHANGE_PLACED;
    changes[n].text = s->place->hostname;
    changes[n].address = s->address;
    changes[n++].agent_id = s->place->agent_id;
  }
  for (const struct drv_task *t = s->tasks; t != NULL; t = t->next) {
    changes[n] = now;
    changes[n].type = K8SM_CHANGE_LAUNCHED;
    changes[n++].text = t->id;
  }
  int r = k8sm_status_apply(s->pod->status, changes, sizeof *changes, n, a, &s->status, NULL);
  k8smi_free(a, changes, cap * sizeof *changes);
  return r;
}

static int launch_record(struct k8sm_driver *d, struct launch_step *s) {
  int r = launch_status(d, s);
  if (r != K8SM_OK) return r;
  struct drv_pod_view view = k8smi_drv_pod_view(s->pod);
  view.status = s->status;
  view.place = s->place != NULL ? s->place : s->pod->place;
  view.more = s->tasks;
  view.reserves = s->reserves;
  k8smi_buf_init(&s->row.buf, &d->core.allocator);
  r = k8smi_drv_row_write(&d->core, &view, &s->row);
  return r == K8SM_OK ? k8smi_drv_record_new(&d->core, DRV_RECORD_STATE, &s->record) : r;
}

/* ---- ACCEPTs ---- */

static uint32_t launch_call_of(const struct launch_batch *b, size_t placement) {
  struct k8sm_call_executor e = {.call = UINT32_MAX};
  k8sm_calls_executors(b->calls, placement, &e, sizeof e, 1);
  return e.call;
}

static int launch_call(struct k8sm_driver *d, struct launch_batch *b, uint32_t row) {
  struct k8sm_call c;
  struct k8smi_buf buf;
  struct k8sm_blob *bytes;
  k8sm_calls_rows(b->calls, row, &c, sizeof c, 1);
  size_t size = sizeof(struct drv_launch) + c.placements * sizeof(struct drv_pod *);
  struct drv_launch *l = b->launches[row] = k8smi_zalloc(&d->core.allocator, size);
  if (l == NULL) return K8SM_ERR_NOMEM;
  l->cap = c.placements;
  l->plan = k8sm_plan_ref(b->plan);
  k8smi_buf_init(&buf, &d->core.allocator);
  k8smi_buf_slice(&buf, c.bytes);
  int r = k8smi_buf_to_blob(&buf, &bytes);
  k8smi_buf_free(&buf);
  if (r != K8SM_OK) return r;
  l->call = k8smi_drv_call_new(&d->core, DRV_CALL_ACCEPT, bytes, "launches what waits and fits these offers");
  if (l->call != NULL) return K8SM_OK;
  k8sm_blob_unref(bytes);
  return K8SM_ERR_NOMEM;
}

static void launch_pods(struct launch_batch *b) {
  for (uint32_t i = 0; i < b->step_count; i++) {
    struct drv_launch *l = b->launches[launch_call_of(b, i)];
    if (l->count == 0) l->first_placement = i;
    l->pods[l->count++] = b->steps[i].pod;
  }
}

/* All placements of an ACCEPT share its offers: those of the first one are all. */
static int launch_offers(struct k8sm_driver *d, struct launch_batch *b) {
  struct k8sm_plan_offer row;
  for (size_t i = 0; k8sm_plan_offers(b->plan, i, &row, sizeof row, 1) != 0; i++) {
    struct drv_launch *l = b->launches[launch_call_of(b, row.placement)];
    void *items = l->offers;
    if (l->first_placement != row.placement) continue;
    if (!k8smi_grow(&d->core.allocator, &items, &l->offer_cap, l->offer_count + 1, sizeof *l->offers)) {
      return K8SM_ERR_NOMEM;
    }
    l->offers = items;
    l->offers[l->offer_count++] = row.id;
  }
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < b->launch_count; i++)
    r = k8smi_drv_launch_note_offers(d, b->launches[i]);
  return r;
}

static int launch_prepare(struct k8sm_driver *d, struct launch_batch *b) {
  int r = launch_steps(d, b);
  if (r == K8SM_OK) r = launch_ports(b);
  if (r == K8SM_OK) r = launch_tasks(d, b);
  for (size_t i = 0; r == K8SM_OK && i < b->step_count; i++) r = launch_record(d, &b->steps[i]);
  for (uint32_t i = 0; r == K8SM_OK && i < b->launch_count; i++) r = launch_call(d, b, i);
  if (r != K8SM_OK) return r;
  launch_pods(b);
  return launch_offers(d, b);
}

/* ---- it happens ---- */

static int launch_reserve(struct k8sm_driver *d, const struct launch_batch *b) {
  size_t bytes = 0;
  for (size_t i = 0; i < b->step_count; i++) bytes += b->steps[i].row.buf.len + DRV_ID_CAP + 8;
  return k8smi_effects_reserve(d->core.queue, b->step_count, bytes);
}

static void launch_commit_tasks(struct drv_pod *pod, struct launch_step *s, struct drv_launch *l) {
  struct drv_task **end = &pod->tasks;
  while (*end != NULL) end = &(*end)->next;
  *end = s->tasks;
  for (struct drv_task *t = s->tasks; t != NULL; t = t->next) t->launch = l;
  s->tasks = NULL;
}

static int launch_commit_step(struct k8sm_driver *d, struct launch_step *s, struct drv_launch *l) {
  char text[DRV_ID_CAP + 8];
  struct drv_pod *pod = s->pod;
  s->record->call = l->call;
  s->record->pod = pod;
  s->record->append = s->row.append;
  int r =
      k8smi_drv_record_put(&d->records, &d->core, s->record, k8smi_drv_row_key(pod->uid, text, sizeof text),
                           (struct k8sm_slice){s->row.buf.ptr, s->row.buf.len});
  if (r != K8SM_OK) return r;
  k8smi_drv_row_commit(pod, &s->row, s->status);
  s->record = NULL;
  pod->recorded = true;
  k8smi_drv_pod_set_status(d, pod, s->status);
  s->status = NULL;
  if (s->place != NULL) {
    k8smi_drv_place_free(pod->place);
    pod->place = s->place;
    s->place = NULL;
    k8smi_drv_release_begun(d, pod);
  }
  pod->place->reserved = pod->reserved_told;
  launch_commit_tasks(pod, s, l);
  pod->launches++;
  pod->refusal_hash = 0;
  k8smi_drv_pod_withdraw(d, pod);
  k8smi_drv_pod_set_need(&d->pods, pod, DRV_NEED_NOTHING);
  return K8SM_OK;
}

static int launch_commit(struct k8sm_driver *d, struct launch_batch *b) {
  int r = launch_reserve(d, b);
  if (r == K8SM_OK) r = k8sm_cluster_apply(d->offers.cluster, b->plan, NULL);
  if (r != K8SM_OK) return r;
  for (size_t i = 0; r == K8SM_OK && i < b->step_count; i++) {
    r = launch_commit_step(d, &b->steps[i], b->launches[launch_call_of(b, i)]);
  }
  for (size_t i = 0; r == K8SM_OK && i < b->launch_count; i++) {
    struct drv_launch *l = b->launches[i];
    l->call->launch = l;
    d->core.counters.offers_accepted += l->offer_count;
    k8smi_drv_outbox_push(&d->outbox, l->call);
    b->launches[i] = NULL;
  }
  return r;
}

/* ---- those without a place ---- */

/* Offers come and go, and what agents without one are like is known from when they had one: a line that knows
 * less than the last one is not said. */
static int launch_unplaced(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_slice summary,
                           uint32_t unknown) {
  uint64_t hash = k8smi_hash(summary.ptr, summary.len, d->pods.by_uid.seed);
  const struct k8sm_slice none = {NULL, 0}, node = pod->nominee == NULL ? none : pod->nominee->hostname;
  hash = k8smi_hash(node.ptr, node.len, hash);
  bool less = pod->refusal_hash != 0 && unknown > pod->refusal_unknown && node.len == 0;
  if (summary.len == 0 || hash == pod->refusal_hash || less) return K8SM_OK;
  const char *what = pod->need == DRV_NEED_RESUME ? "FailedResuming" : "FailedScheduling";
  struct k8sm_change change = k8smi_drv_change(d, K8SM_CHANGE_UNPLACED);
  change.text = summary;
  change.agent_id = node;
  int r = k8smi_drv_pod_change(d, pod, &change, NULL);
  if (r == K8SM_OK && !k8smi_placement_is_gated(pod->demand->rules)) {
    r = k8smi_drv_eventf(&d->core, K8SM_DIAG_NO_OFFER, pod->key, "%s: %.*s", what, K8SMI_P(summary));
  }
  if (r != K8SM_OK) return r;
  pod->refusal_hash = hash;
  pod->refusal_unknown = unknown;
  return K8SM_OK;
}

static int launch_refusals(struct k8sm_driver *d, const struct launch_batch *b) {
  struct k8sm_plan_refusal row;
  uint32_t unknown[LAUNCH_MOST] = {0}; /* agents without an offer, for each pod */
  int r = K8SM_OK;
  for (size_t i = 0; k8sm_plan_refusals(b->plan, i, &row, sizeof row, 1) != 0; i++) {
    if (row.code == K8SM_DIAG_NO_OFFER) unknown[row.demand] = row.agents;
  }
  for (uint32_t i = 0; r == K8SM_OK && i < b->pod_count; i++)
    r = launch_unplaced(d, b->pods[i], k8sm_plan_summary(b->plan, i), unknown[i]);
  return r;
}

/* Those that no offer helps before a claim is gone. */
static int launch_awaiting(struct k8sm_driver *d) {
  char line[DRV_WORDS_CAP];
  int r = K8SM_OK;
  size_t agents = k8sm_cluster_agents(d->offers.cluster, 0, NULL, sizeof(struct k8sm_agent), 0);
  for (size_t i = 0; d->claims.count > 0 && r == K8SM_OK && i < d->pods.turns.count; i++) {
    struct drv_pod *pod = K8SMI_OF(d->pods.turns.heap[i], drv_pod, turn);
    const struct drv_claim *claim = k8smi_drv_claim_awaited(d, pod);
    if (claim == NULL) continue;
    const char *name = strchr(claim->name.ptr, '/') + 1;
    int n =
        snprintf(line, sizeof line,
                 "0/%zu nodes are available: persistentvolumeclaim \"%s\" is being deleted.", agents, name);
    r = launch_unplaced(d, pod, (struct k8sm_slice){line, k8smi_drv_printed(n, sizeof line)}, 0);
  }
  return r;
}

/* A batch that came to nothing for want of memory is tried again. */
static void launch_give_back(struct k8sm_driver *d, struct launch_batch *b) {
  for (size_t i = 0; i < b->pod_count; i++) k8smi_drv_pod_return_turn(&d->pods, b->pods[i]);
}

/* A round takes all that need something, as many in a step as take little time; what changes meanwhile makes
 * another one. */
int k8smi_drv_launch(struct k8sm_driver *d) {
  struct launch_batch b = {0};
  if (!d->offers.unmatched) d->pods.round++;
  if (!d->offers.unmatched) d->offers.fresh = false;
  int r = launch_collect(d, &b);
  if (r == K8SM_OK && b.pod_count != 0) r = launch_plan(d, &b);
  if (r == K8SM_OK && b.step_count != 0) r = launch_prepare(d, &b);
  if (r == K8SM_OK && b.nominated != 0) r = k8smi_drv_preempt_nominate(d, b.plan, b.pods);
  if (r == K8SM_OK && b.pod_count != 0) r = launch_refusals(d, &b); /* recorded with the nominations */
  if (r == K8SM_OK && b.nominated != 0) r = k8smi_drv_preempt(d, b.plan, b.pods);
  if (r == K8SM_OK && b.step_count + b.nominated != 0) r = launch_commit(d, &b);
  if (r == K8SM_OK) r = launch_awaiting(d);
  if (r == K8SM_ERR_NOMEM) launch_give_back(d, &b);
  d->offers.unmatched = k8smi_drv_agenda_next(&d->pods.turns) <= d->pods.round;
  launch_batch_free(d, &b);
  return r;
}
