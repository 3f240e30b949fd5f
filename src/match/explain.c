/* SPDX-License-Identifier: Apache-2.0 */
/* Why each agent refuses a pod, or not; and which one is nearest to taking it. */
#include "base/abi.h"
#include "match/match.h"

struct k8sm_explain {
  struct k8smi_arena arena;
  struct k8sm_explanation *rows;
  size_t count, cap;
  struct k8sm_slice nearest;
};

/* How near an agent is to taking the pod, from one of its slots. */
struct explain_distance {
  uint32_t slot; /* ROW_NONE: that of the pod's roles, if it has one */
  uint64_t every;
  int reasons;
  int64_t shortfall;
};

struct explain_job {
  struct k8sm_explain *explain;
  struct k8smi_buf text;
  struct k8smi_match_check check;
  bool all;  /* every reason */
  bool fits; /* somewhere */
  uint32_t nearest;
  struct explain_distance distance; /* of the nearest */
};

static struct k8sm_slice explain_text(struct explain_job *job,
                                      void (*write)(const struct k8smi_match_check *, struct k8smi_buf *)) {
  k8smi_buf_clear(&job->text);
  write(&job->check, &job->text);
  if (job->text.failed) return (struct k8sm_slice){NULL, 0};
  return k8smi_arena_copy(&job->explain->arena, job->text.ptr, job->text.len);
}

static struct k8sm_explanation *explain_row(struct explain_job *job) {
  struct k8sm_explain *e = job->explain;
  if (e->count == e->cap) {
    size_t cap = e->cap == 0 ? 16 : e->cap * 2;
    struct k8sm_explanation *rows = k8smi_arena_array(&e->arena, cap, sizeof *rows);
    if (rows == NULL) return NULL;
    if (e->count > 0) memcpy(rows, e->rows, e->count * sizeof *rows);
    e->rows = rows;
    e->cap = cap;
  }
  return &e->rows[e->count++];
}

/* The first of the reasons: texts about it may be written. */
static struct k8smi_predicate explain_reason(struct explain_job *job, uint64_t refused) {
  int number = k8smi_first_reason(refused);
  bool extended = number >= K8SMI_PREDICATES;
  const struct k8smi_need *need = job->check.need;
  job->check.extended = extended ? &need->demand->extended[number - K8SMI_PREDICATES] : NULL;
  const struct k8smi_predicate reason = k8smi_reason(need, number);
  job->check.rule = reason.rule;
  return reason;
}

/* A row for each of the reasons, or one without if there are none. */
static bool explain_rows(struct explain_job *job, uint64_t refused) {
  const struct k8smi_agent *agent = job->check.agent;
  struct k8sm_slice id = k8smi_arena_slice(&job->explain->arena, agent->id);
  struct k8sm_slice hostname = k8smi_arena_slice(&job->explain->arena, k8smi_hostname(agent->labels));
  bool fine = id.ptr != NULL && hostname.ptr != NULL, once = refused == 0;
  while (fine && (once || refused != 0)) {
    struct k8sm_explanation *row = explain_row(job);
    if (row == NULL) return false;
    *row = (struct k8sm_explanation){.agent_id = id, .hostname = hostname};
    if (once) return true;
    const struct k8smi_predicate p = explain_reason(job, refused);
    row->predicate = k8smi_arena_slice(&job->explain->arena, k8smi_s(p.name));
    row->code = p.code;
    row->wanted = explain_text(job, p.wanted);
    row->had = explain_text(job, p.had);
    fine = row->predicate.ptr != NULL && row->wanted.ptr != NULL && row->had.ptr != NULL;
    refused = job->all ? refused & ~K8SMI_ROW(k8smi_first_reason(refused)) : 0;
  }
  return fine;
}

/* How much is missing, in percent of what is asked. */
static int64_t explain_shortfall(const struct explain_job *job) {
  int64_t sum = 0;
  for (uint32_t s = 0; job->check.slot != NULL && s < K8SMI_SCALARS; s++) {
    int64_t need = job->check.need->scalars[s], have = k8smi_slot_has(&job->check, s);
    if (need > have) sum += need - have < INT64_MAX / 100 ? (need - have) * 100 / need : 100;
  }
  return sum;
}

static struct explain_distance explain_measure(const struct explain_job *job, uint32_t slot, uint64_t every) {
  struct explain_distance to = {slot, every, 0, explain_shortfall(job)};
  for (uint64_t r = every; r != 0; r &= r - 1) to.reasons++;
  return to;
}

static bool explain_is_nearer(const struct explain_distance *a, const struct explain_distance *b) {
  return a->reasons != b->reasons ? a->reasons < b->reasons : a->shortfall < b->shortfall;
}

static struct k8sm_slice explain_role(const struct explain_job *job, uint32_t slot) {
  const struct k8sm_cluster *c = job->check.cluster;
  return k8smi_role_at(c, k8smi_slot_at(c, slot)->role)->name;
}

/* Where none of the pod's roles is offered anything: the nearest of the others, of equals the first by name.
 */
static struct explain_distance explain_other_role(struct explain_job *job, uint32_t agent) {
  const struct k8sm_cluster *c = job->check.cluster;
  struct explain_distance nearest = {.slot = K8SMI_ROW_NONE};
  for (uint32_t s = k8smi_agent_at(c, agent)->first_slot; s != K8SMI_ROW_NONE;
       s = k8smi_slot_at(c, s)->next) {
    const uint64_t every = k8smi_check_every_of_slot(&job->check, s) | K8SMI_ROW(K8SMI_BY_ROLE);
    const struct explain_distance to = explain_measure(job, s, every);
    if (nearest.slot == K8SMI_ROW_NONE || explain_is_nearer(&to, &nearest) ||
        (!explain_is_nearer(&nearest, &to) &&
         k8smi_cmp(explain_role(job, s), explain_role(job, nearest.slot)) < 0))
      nearest = to;
  }
  return nearest;
}

static void explain_compare(struct explain_job *job, uint32_t agent, uint64_t every) {
  const bool other = (every & K8SMI_ROW(K8SMI_BY_ROLE)) != 0;
  const struct explain_distance to =
      other ? explain_other_role(job, agent) : explain_measure(job, K8SMI_ROW_NONE, every);
  job->fits = job->fits || to.reasons == 0;
  if (job->nearest != K8SMI_ROW_NONE && !explain_is_nearer(&to, &job->distance)) return;
  job->nearest = agent;
  job->distance = to;
}

static bool explain_agent(struct explain_job *job, uint32_t agent) {
  uint32_t slot;
  uint64_t first = k8smi_check_all(&job->check, agent, &slot);
  if (first == 0) job->fits = true;
  if (!job->all || first == 0) {
    if (!explain_rows(job, first)) return false;
    if (first == 0) return true;
  }
  uint64_t every = k8smi_check_every(&job->check, agent);
  if (job->all && !explain_rows(job, every)) return false;
  explain_compare(job, agent, every);
  return true;
}

static bool explain_nearest(struct explain_job *job) {
  struct k8smi_buf line;
  if (job->fits || job->nearest == K8SMI_ROW_NONE) return true;
  if (!k8smi_buf_init(&line, &job->explain->arena.allocator)) return false;
  const char *before = " if ";
  uint64_t every = job->distance.every;
  (void)k8smi_check_every(&job->check, job->nearest); /* sets what texts are about */
  if (job->distance.slot != K8SMI_ROW_NONE) (void)k8smi_check_every_of_slot(&job->check, job->distance.slot);
  k8smi_buf_puts(&line, "fits ");
  k8smi_buf_slice(&line, k8smi_hostname(job->check.agent->labels));
  for (; every != 0; every &= ~K8SMI_ROW(k8smi_first_reason(every))) {
    k8smi_buf_puts(&line, before);
    explain_reason(job, every).remedy(&job->check, &line);
    before = " and ";
  }
  if (!line.failed) job->explain->nearest = k8smi_arena_copy(&job->explain->arena, line.ptr, line.len);
  k8smi_buf_free(&line);
  return job->explain->nearest.ptr != NULL;
}

static bool explain_fill(struct explain_job *job) {
  const struct k8smi_order *agents = k8smi_agents_in_order(job->check.cluster);
  bool fine = k8smi_buf_init(&job->text, &job->explain->arena.allocator);
  for (size_t i = 0; fine && i < agents->count; i++) fine = explain_agent(job, agents->rows[i]);
  fine = fine && explain_nearest(job);
  k8smi_buf_free(&job->text);
  return fine;
}

struct k8sm_explain *k8smi_explain_make(const struct k8smi_match_check *check,
                                        const struct k8sm_match_options *options) {
  struct explain_job job = {.explain = K8SMI_VALUE_NEW(k8sm_explain, options->allocator, 0),
                            .check = *check,
                            .all = (options->flags & K8SM_MATCH_ALL_REASONS) != 0,
                            .nearest = K8SMI_ROW_NONE};
  if (job.explain != NULL && !explain_fill(&job)) {
    k8sm_explain_unref(job.explain);
    return NULL;
  }
  return job.explain;
}

/* Others may wait for room; the pod's own is its. */
static bool explain_leaves_room(struct k8smi_match *match, const struct k8sm_demand *demand) {
  struct k8smi_hold *own = k8smi_holds_of(&match->holds, demand->uid);
  return k8smi_match_hold_for(match, demand->priority) && (own == NULL || k8smi_match_release(match, own));
}

int k8sm_cluster_explain(struct k8sm_cluster *cluster, struct k8sm_demand *demand,
                         const struct k8sm_match_options *options, struct k8sm_explain **ret,
                         struct k8sm_diags *diags) {
  struct k8smi_match match = {.cluster = cluster};
  struct k8smi_need need;
  struct k8sm_explain *made = NULL;
  int result = k8smi_match_options_read(&match.options, options, diags);
  if (result != K8SM_OK) return result;
  struct k8smi_match_check check = {
      .cluster = cluster, .need = &need, .peers = &match.peers, .holds = &match.holds};
  const struct k8sm_match_options o = match.options;
  if (k8smi_match_open(&match, o.allocator, 0, diags) && explain_leaves_room(&match, demand) &&
      k8smi_need_make(&match.scratch, cluster, demand, &o, &need) &&
      k8smi_peers_find(&match.peers, &need, &check.peer)) {
    made = k8smi_explain_make(&check, &o);
  }
  k8smi_match_close(&match);
  if (made == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  *ret = made;
  return K8SM_OK;
}

size_t k8sm_explain_rows(const struct k8sm_explain *explain, size_t first, struct k8sm_explanation *rows,
                         size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(explain->count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    k8smi_row_write(rows, row_size, i, &explain->rows[first + i], sizeof explain->rows[0]);
  }
  return left;
}

struct k8sm_slice k8sm_explain_nearest(const struct k8sm_explain *explain) {
  return explain->nearest;
}

void k8sm_explain_unref(struct k8sm_explain *explain) {
  if (explain != NULL) K8SMI_VALUE_FREE(k8sm_explain, explain);
}
