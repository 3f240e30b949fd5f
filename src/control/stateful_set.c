/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/sort.h"
#include "pod/names.h"

/* StatefulSets: pods with numbers, made in order, replaced from the last one on.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */

/* A look at one. */
struct stateful {
  struct k8sm_control *c;
  struct ctl_object *o;
  struct k8sm_stateful_set_spec spec;
  int64_t first;              /* ordinal */
  struct ctl_pod **replicas;  /* by ordinal; NULL: not there */
  struct ctl_pod **condemned; /* beyond the number, the last ordinal first */
  size_t count, condemned_count;
  struct ctl_pod *first_bad; /* of all, by ordinal; NULL: none */
  bool in_order;
  bool held; /* some pod could not be made: no new ones before its time */
  bool wait; /* for what was done so far */
};

static bool stateful_ready(const struct ctl_pod *p) {
  return p != NULL && p->phase == CTL_RUNNING && p->ready;
}

static bool stateful_available(const struct stateful *s, const struct ctl_pod *p) {
  return stateful_ready(p) && k8smi_ctl_pod_available(s->c, p, s->spec.min_ready_seconds);
}

static bool stateful_bad(const struct stateful *s, const struct ctl_pod *p) {
  return p == NULL || p->deleting || !stateful_available(s, p);
}

/* ---- Revisions ---- */

/* "NAME-HASH": of the template that is wanted. */
static int stateful_revision(struct stateful *s) {
  enum { REVISION_NAME_MAX = 223 };
  const struct k8sm_workload *w = s->o->workload;
  uint32_t collisions = s->o->counts.collisions < 0 ? 0 : (uint32_t)s->o->counts.collisions;
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, &s->c->allocator, 0);
  struct k8sm_slice pieces[] = {w->name, K8SMI_S("-"), k8smi_workload_hash(w, collisions, &arena)};
  if (pieces[0].len > REVISION_NAME_MAX) pieces[0].len = REVISION_NAME_MAX;
  struct k8sm_slice name = {NULL, 0};
  if (pieces[2].ptr != NULL) name = k8smi_name_join(&arena, pieces, 3);
  bool ok = name.ptr != NULL && k8smi_ctl_text_set(s->c, &s->o->update_revision, name);
  if (ok && s->o->current_revision.len == 0) ok = k8smi_ctl_text_set(s->c, &s->o->current_revision, name);
  k8smi_arena_free(&arena);
  return ok ? K8SM_OK : K8SM_ERR_NOMEM;
}

static bool stateful_rolls(const struct ctl_object *o) {
  return !k8smi_eq(k8smi_ctl_text(&o->current_revision), k8smi_ctl_text(&o->update_revision));
}

static bool stateful_is_updated(const struct stateful *s, const struct ctl_pod *p) {
  return k8smi_eq(p->revision, k8smi_ctl_text(&s->o->update_revision));
}

static void stateful_forget_former(struct ctl_object *o) {
  if (stateful_rolls(o)) return;
  k8sm_workload_unref(o->former);
  o->former = NULL;
}

/* ---- What there is ---- */

static int stateful_descending(const void *left, const void *right, const void *ctx) {
  const struct ctl_pod *a = *(struct ctl_pod *const *)left, *b = *(struct ctl_pod *const *)right;
  (void)ctx;
  return (a->number < b->number) - (a->number > b->number);
}

static void stateful_sort(struct stateful *s) {
  for (struct ctl_pod *p = s->o->pods; p != NULL; p = p->next) {
    if (p->number < 0) continue;
    if (p->number >= s->first && p->number - s->first < (int64_t)s->count)
      s->replicas[p->number - s->first] = p;
    else
      s->condemned[s->condemned_count++] = p;
    if (p->ready && !stateful_available(s, p))
      k8smi_ctl_due(s->c, s->o, p->ready_ms + (int64_t)s->spec.min_ready_seconds * 1000);
  }
  k8smi_sort(s->condemned, s->condemned_count, sizeof *s->condemned, stateful_descending, NULL);
  for (size_t i = 0; i < s->count && s->first_bad == NULL; i++) {
    if (s->replicas[i] != NULL && stateful_bad(s, s->replicas[i])) s->first_bad = s->replicas[i];
    if (s->replicas[i] == NULL) return; /* the first that is bad is not there at all */
  }
  for (size_t i = s->condemned_count; i > 0 && s->first_bad == NULL; i--) {
    if (stateful_bad(s, s->condemned[i - 1])) s->first_bad = s->condemned[i - 1];
  }
}

static void stateful_count(struct stateful *s) {
  struct ctl_counts *n = &s->o->counts;
  n->replicas = n->ready = n->available = n->current = n->updated = n->terminating = 0;
  for (const struct ctl_pod *p = s->o->pods; p != NULL; p = p->next) {
    n->replicas++;
    n->ready += stateful_ready(p);
    n->available += stateful_available(s, p);
    n->terminating += p->deleting;
    if (p->deleting) continue;
    n->current += k8smi_eq(p->revision, k8smi_ctl_text(&s->o->current_revision));
    n->updated += stateful_is_updated(s, p);
  }
}

/* ---- What to do ---- */

/* Below the partition pods stay of the former template. */
static int stateful_create(struct stateful *s, size_t i) {
  struct ctl_object *o = s->o;
  bool former = o->former != NULL && s->spec.strategy == K8SM_ROLLOUT_ROLLING_UPDATE && stateful_rolls(o) &&
                (int64_t)i < s->spec.partition;
  const struct ctl_text *revision = former ? &o->current_revision : &o->update_revision;
  struct k8sm_instance_options options = {.size = sizeof options,
                                          .ordinal = (uint32_t)(s->first + (int64_t)i),
                                          .revision = k8smi_ctl_text(revision).ptr};
  if (s->held) {
    k8smi_ctl_due(s->c, o, o->retry_ms);
    s->wait = true;
    return K8SM_OK;
  }
  return k8smi_ctl_make(s->c, o, former ? o->former : o->workload, &options, &s->replicas[i]);
}

/* In order, each pod waits for the one before it. */
static int stateful_replica(struct stateful *s, size_t i) {
  struct ctl_pod *p = s->replicas[i];
  if (p == NULL) {
    int r = stateful_create(s, i);
    s->wait |= s->in_order;
    return r;
  }
  if (k8smi_ctl_pod_ended(p)) {
    s->wait |= s->in_order;
    return p->deleting ? K8SM_OK : k8smi_ctl_end(s->c, s->o, p);
  }
  if (s->in_order && stateful_bad(s, p)) s->wait = true;
  return K8SM_OK;
}

/* One that has ended never becomes available: nothing is gained by waiting for it. */
static int stateful_condemned(struct stateful *s, size_t i) {
  struct ctl_pod *p = s->condemned[i];
  bool waits = s->in_order && p != s->first_bad && !stateful_available(s, p) && !k8smi_ctl_pod_ended(p);
  s->wait |= s->in_order;
  return p->deleting || waits ? K8SM_OK : k8smi_ctl_end(s->c, s->o, p);
}

static int stateful_replace(struct stateful *s, size_t i, int64_t *budget) {
  --*budget;
  return k8smi_ctl_end(s->c, s->o, s->replicas[i]);
}

/* From the last one on, so many at a time. Without an order those that serve nobody go first, all at once. */
static int stateful_update(struct stateful *s) {
  int64_t budget = s->spec.max_unavailable.value < 0
                       ? 1
                       : k8smi_ctl_share(s->spec.max_unavailable, (int64_t)s->count, false);
  int64_t lowest = s->spec.partition < 0 ? 0 : s->spec.partition, free_of_charge = INT64_MAX;
  int r = K8SM_OK;
  if (budget < 1) budget = 1;
  for (size_t i = 0; i < s->count; i++) budget -= stateful_bad(s, s->replicas[i]);
  for (size_t i = s->count; r == K8SM_OK && !s->in_order && (int64_t)i > lowest; i--) {
    const struct ctl_pod *p = s->replicas[i - 1];
    if (p == NULL || p->deleting || stateful_is_updated(s, p) || stateful_available(s, p)) continue;
    r = stateful_replace(s, i - 1, &free_of_charge);
  }
  for (size_t i = s->count; r == K8SM_OK && budget > 0 && (int64_t)i > lowest; i--) {
    const struct ctl_pod *p = s->replicas[i - 1];
    if (p == NULL || p->deleting || stateful_is_updated(s, p)) continue;
    r = stateful_replace(s, i - 1, &budget);
  }
  return r;
}

static int stateful_steps(struct stateful *s) {
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && !s->wait && i < s->count; i++) r = stateful_replica(s, i);
  for (size_t i = 0; r == K8SM_OK && !s->wait && i < s->condemned_count; i++) r = stateful_condemned(s, i);
  if (r == K8SM_OK && !s->wait && s->spec.strategy == K8SM_ROLLOUT_ROLLING_UPDATE) r = stateful_update(s);
  return r;
}

/* All pods are there, and of the template that is wanted: it is the current one now. */
static int stateful_complete(struct stateful *s) {
  struct ctl_object *o = s->o;
  const struct ctl_counts *n = &o->counts;
  if (n->updated != o->replicas || n->ready != o->replicas || n->replicas != o->replicas) return K8SM_OK;
  if (!k8smi_ctl_text_set(s->c, &o->current_revision, k8smi_ctl_text(&o->update_revision)))
    return K8SM_ERR_NOMEM;
  o->counts.current = n->updated;
  return K8SM_OK;
}

int k8smi_ctl_look_stateful_set(struct k8sm_control *c, struct ctl_object *o) {
  struct stateful s = {.c = c, .o = o, .spec.size = sizeof s.spec};
  k8smi_ctl_pods_reap(c, o);
  k8smi_ctl_sure(k8sm_workload_get_stateful_set(o->workload, &s.spec));
  s.in_order = s.spec.pod_management != K8SM_POD_MANAGEMENT_PARALLEL;
  s.first = s.spec.first_ordinal < 0 ? 0 : s.spec.first_ordinal;
  s.held = o->retry_ms > c->wall_ms;
  s.count = o->replicas < 0 ? 0 : (size_t)o->replicas;
  size_t size = (s.count + o->pod_count + 1) * sizeof *s.replicas;
  s.replicas = k8smi_zalloc(&c->allocator, size);
  if (s.replicas == NULL) return K8SM_ERR_NOMEM;
  s.condemned = s.replicas + s.count;
  int r = k8smi_ctl_claims_scaled(c, o, &s.spec);
  if (r == K8SM_OK) r = stateful_revision(&s);
  if (r == K8SM_OK) {
    stateful_sort(&s);
    r = stateful_steps(&s);
  }
  if (r == K8SM_OK) {
    stateful_count(&s);
    r = stateful_complete(&s);
  }
  if (r == K8SM_OK) stateful_forget_former(o);
  k8smi_free(&c->allocator, s.replicas, size);
  return r;
}

void k8smi_ctl_show_stateful_set(const struct ctl_object *o, struct k8sm_control_row *row) {
  const struct ctl_counts *n = &o->counts;
  row->wanted = o->replicas;
  row->current = n->replicas;
  row->ready = n->ready;
  row->updated = n->updated;
  row->available = n->available;
  row->settled = n->replicas == o->replicas && n->available == o->replicas && n->terminating == 0;
}
