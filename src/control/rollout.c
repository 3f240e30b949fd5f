/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/sort.h"

/* How many pods the ReplicaSets of a Deployment may have:
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment */

int64_t k8smi_ctl_share(struct k8sm_share share, int64_t total, bool up) {
  if (share.value < 0) return 0;
  return share.is_percent ? (total * share.value + (up ? 99 : 0)) / 100 : share.value;
}

void k8smi_ctl_rollout_shares(struct ctl_rollout *r) {
  r->surge = r->unavailable = 0;
  if (r->spec.strategy != K8SM_ROLLOUT_ROLLING_UPDATE) return;
  r->surge = k8smi_ctl_share(r->spec.max_surge, r->replicas, true);
  r->unavailable = k8smi_ctl_share(r->spec.max_unavailable, r->replicas, false);
  if (r->surge == 0 && r->unavailable == 0) r->unavailable = 1; /* or it could never begin */
  if (r->unavailable > r->replicas) r->unavailable = r->replicas;
}

static int64_t rollout_min(int64_t a, int64_t b) {
  return a < b ? a : b;
}

int64_t k8smi_ctl_rollout_sum(const struct ctl_rollout *r, bool old_only) {
  int64_t sum = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (!old_only || r->sets[i] != r->newest) sum += r->sets[i]->replicas;
  }
  return sum;
}

/* What an old set without replicas has left is on its way out, available or not. */
static int64_t rollout_available(const struct ctl_rollout *r) {
  int64_t sum = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (r->sets[i] == r->newest || r->sets[i]->replicas > 0) sum += r->sets[i]->counts.available;
  }
  return sum;
}

/* Pods that are there or may be made. Of a set that shrinks those count that the driver has not been told to
 * end. */
static int64_t rollout_occupied(const struct ctl_rollout *r) {
  int64_t sum = 0;
  for (size_t i = 0; i < r->count; i++) {
    const struct ctl_object *rs = r->sets[i];
    sum += rs->replicas > rs->told.replicas ? rs->replicas : rs->told.replicas;
  }
  return sum;
}

static int64_t rollout_room(const struct ctl_rollout *r) {
  int64_t room = r->replicas + r->surge - rollout_occupied(r);
  return room < 0 ? 0 : room;
}

int64_t k8smi_ctl_rollout_new_size(const struct ctl_rollout *r, int64_t have) {
  if (r->spec.strategy != K8SM_ROLLOUT_ROLLING_UPDATE) return r->replicas;
  return have + rollout_min(rollout_room(r), r->replicas - have);
}

/* Of the only set with replicas, beside which one that has just shrunk to none may have pods still. */
static int64_t rollout_only_size(const struct ctl_rollout *r, const struct ctl_object *only) {
  if (r->replicas <= only->replicas) return r->replicas;
  return k8smi_ctl_rollout_new_size(r, only->replicas);
}

static int rollout_resize(struct ctl_rollout *r, struct ctl_object *rs, int64_t size, bool *changed) {
  struct k8sm_slice name = rs->workload->name;
  if (rs->replicas != size) {
    int result =
        k8smi_ctl_event(r->c, r->o->key, "ScalingReplicaSet", "Scaled %s replica set %.*s from %lld to %lld",
                        rs->replicas < size ? "up" : "down", (int)name.len, name.ptr, (long long)rs->replicas,
                        (long long)size);
    if (result != K8SM_OK) return result;
    rs->replicas = size;
    rs->generation++;
    *changed = true;
  }
  rs->desired = r->replicas;
  rs->most = r->replicas + r->surge;
  k8smi_ctl_touch(r->c, rs);
  return K8SM_OK;
}

static int rollout_by_age(const void *left, const void *right, const void *ctx) {
  const struct ctl_object *a = *(struct ctl_object *const *)left, *b = *(struct ctl_object *const *)right;
  (void)ctx;
  if (a->created_ms != b->created_ms) return a->created_ms < b->created_ms ? -1 : 1;
  return k8smi_cmp(a->key, b->key);
}

static int rollout_by_revision(const void *left, const void *right, const void *ctx) {
  const struct ctl_object *a = *(struct ctl_object *const *)left, *b = *(struct ctl_object *const *)right;
  if (a->revision != b->revision) return a->revision < b->revision ? -1 : 1;
  return rollout_by_age(left, right, ctx);
}

/* The larger first; of those of one size the newer (ctx NULL) or the older. */
static int rollout_by_size(const void *left, const void *right, const void *ctx) {
  const struct ctl_object *a = *(struct ctl_object *const *)left, *b = *(struct ctl_object *const *)right;
  if (a->replicas != b->replicas) return a->replicas > b->replicas ? -1 : 1;
  return ctx == NULL ? rollout_by_age(right, left, NULL) : rollout_by_age(left, right, NULL);
}

static void rollout_sort(struct ctl_rollout *r, k8smi_compare *compare, const void *ctx) {
  k8smi_sort(r->sets, r->count, sizeof *r->sets, compare, ctx);
}

int k8smi_ctl_rollout_up(struct ctl_rollout *r, bool *changed) {
  int64_t have = r->newest->replicas;
  if (have == r->replicas) return K8SM_OK;
  int64_t size = have > r->replicas ? r->replicas : k8smi_ctl_rollout_new_size(r, have);
  return size == have ? K8SM_OK : rollout_resize(r, r->newest, size, changed);
}

/* Takes up to `most` from old sets: of each all, or those that are not available. */
static int rollout_take(struct ctl_rollout *r, int64_t most, bool unhealthy, bool *changed) {
  int64_t taken = 0;
  int result = K8SM_OK;
  for (size_t i = 0; result == K8SM_OK && i < r->count && taken < most; i++) {
    struct ctl_object *rs = r->sets[i];
    int64_t part = unhealthy ? rs->replicas - rs->counts.available : rs->replicas;
    if (rs == r->newest || part <= 0) continue;
    part = rollout_min(part, most - taken);
    result = rollout_resize(r, rs, rs->replicas - part, changed);
    taken += part;
  }
  return result;
}

/* Whether an old set has not ended yet what was taken from it. What it says is available is not to be counted
 * on; once it has, the Deployment is looked at again. */
static bool rollout_lags(const struct ctl_rollout *r) {
  for (size_t i = 0; i < r->count; i++) {
    const struct ctl_object *rs = r->sets[i];
    if (rs != r->newest && rs->replicas > 0 && rs->counts.available > rs->replicas) return true;
  }
  return false;
}

/* First old pods that are not available, which nobody will miss, then those that the new ones make up for. */
int k8smi_ctl_rollout_down(struct ctl_rollout *r, bool *changed) {
  int64_t least = r->replicas - r->unavailable;
  int64_t waiting = r->newest->replicas - r->newest->counts.available;
  int64_t most = k8smi_ctl_rollout_sum(r, false) - least - waiting;
  if (k8smi_ctl_rollout_sum(r, true) == 0 || most <= 0 || rollout_lags(r)) return K8SM_OK;
  rollout_sort(r, rollout_by_age, NULL);
  int result = rollout_take(r, most, true, changed);
  if (result == K8SM_OK) result = rollout_take(r, rollout_available(r) - least, false, changed);
  return result;
}

int k8smi_ctl_rollout_stop_old(struct ctl_rollout *r, bool *changed) {
  return rollout_take(r, INT64_MAX, false, changed);
}

bool k8smi_ctl_rollout_is_scaled(const struct ctl_rollout *r) {
  if (r->spec.strategy != K8SM_ROLLOUT_ROLLING_UPDATE) return false; /* no parts to be kept */
  for (size_t i = 0; i < r->count; i++) {
    if (r->sets[i]->replicas > 0 && r->sets[i]->desired != r->replicas) return true;
  }
  return false;
}

/* The only one with replicas; if none has, the newest; NULL: several have. */
static struct ctl_object *rollout_only(const struct ctl_rollout *r) {
  struct ctl_object *only = NULL;
  size_t active = 0, latest = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (r->sets[i]->replicas > 0) {
      only = r->sets[i];
      active++;
    }
    if (rollout_by_age(&r->sets[latest], &r->sets[i], NULL) < 0) latest = i;
  }
  if (active == 1) return only;
  if (active > 1 || r->count == 0) return NULL;
  return r->newest != NULL ? r->newest : r->sets[latest];
}

/* What a set of this size should have more, for its part of the whole; half away from zero. */
static int64_t rollout_part(const struct ctl_rollout *r, const struct ctl_object *rs) {
  int64_t before = rs->most > 0 ? rs->most : r->o->counts.replicas, product;
  if (r->replicas == 0) return -rs->replicas;
  if (before == 0) return 0;
  product = rs->replicas * (r->replicas + r->surge);
  return (2 * product + before) / (2 * before) - rs->replicas;
}

/* All sets grow or shrink alike, so that a rollout under way goes neither faster nor slower. The largest
 * takes what rounding leaves over. */
static int rollout_spread(struct ctl_rollout *r) {
  int64_t allowed = r->replicas > 0 ? r->replicas + r->surge : 0;
  int64_t left = allowed - k8smi_ctl_rollout_sum(r, false);
  bool more = left > 0, changed;
  if (more) left = rollout_room(r);
  int result = K8SM_OK;
  rollout_sort(r, rollout_by_size, more ? NULL : r);
  for (size_t i = 0; i < r->count && r->sets[i]->replicas > 0; i++) {
    int64_t part = left == 0 ? 0 : rollout_part(r, r->sets[i]);
    if (more ? part > left : part < left) part = left;
    r->sets[i]->size = r->sets[i]->replicas + part;
    left -= part;
  }
  r->sets[0]->size += left;
  for (size_t i = 0; result == K8SM_OK && i < r->count && r->sets[i]->replicas > 0; i++)
    result = rollout_resize(r, r->sets[i], r->sets[i]->size < 0 ? 0 : r->sets[i]->size, &changed);
  return result;
}

int k8smi_ctl_rollout_scale(struct ctl_rollout *r) {
  struct ctl_object *only = rollout_only(r);
  bool changed = false;
  if (only != NULL) return rollout_resize(r, only, rollout_only_size(r, only), &changed);
  bool saturated = r->newest != NULL && r->newest->replicas == r->replicas &&
                   r->newest->desired == r->replicas && r->newest->counts.available == r->replicas;
  if (saturated) return k8smi_ctl_rollout_stop_old(r, &changed);
  if (r->spec.strategy != K8SM_ROLLOUT_ROLLING_UPDATE || r->count == 0) return K8SM_OK;
  return rollout_spread(r);
}

void k8smi_ctl_rollout_forget(struct ctl_rollout *r) {
  size_t old = r->count - (r->newest != NULL), seen = 0;
  if (r->spec.revision_history_limit < 0 || old <= (size_t)r->spec.revision_history_limit) return;
  size_t surplus = old - (size_t)r->spec.revision_history_limit;
  rollout_sort(r, rollout_by_revision, NULL);
  for (size_t i = 0; i < r->count && seen < surplus; i++) {
    struct ctl_object *rs = r->sets[i];
    if (rs == r->newest) continue;
    seen++;
    if (rs->replicas == 0 && rs->counts.replicas == 0) k8smi_ctl_object_delete(r->c, rs, -1);
  }
}
