/* SPDX-License-Identifier: Apache-2.0 */
/* What the master is told of the roles: which want no offers, which want them again, and of which agents. */
#include "base/slice.h"
#include "driver/state.h"

enum {
  ROLES_REVIVE_MS = 1000, /* between two REVIVEs, at least */
  ROLES_IDLE_MS = 5000    /* nothing wanted for so long: SUPPRESS */
};

static bool roles_is_idle(const struct k8sm_driver *d, const struct drv_role *role) {
  return !role->wanted && !role->suppressed && d->core.mono_ms >= role->since_ms + ROLES_IDLE_MS;
}

static bool roles_is_missed(const struct k8sm_driver *d, const struct drv_role *role) {
  (void)d;
  return role->wanted && (role->suppressed || role->refused || role->unsure);
}

static bool roles_is_suppressed(const struct k8sm_driver *d, const struct drv_role *role) {
  (void)d;
  return role->suppressed;
}

static bool roles_is_unwanted(const struct k8sm_driver *d, const struct drv_role *role) {
  (void)d;
  return !role->wanted;
}

/* The names of such roles, in the driver's own list. */
static size_t roles_pick(struct k8sm_driver *d,
                         bool (*is)(const struct k8sm_driver *d, const struct drv_role *role)) {
  size_t n = 0;
  for (size_t i = 0; i < d->core.options.role_count; i++) {
    if (is(d, &d->offers.roles[i])) d->offers.names[n++] = d->core.options.roles[i];
  }
  return n;
}

static int roles_call(struct k8sm_driver *d, struct k8sm_call_args *args, const char *why) {
  struct drv_call *call;
  int r = k8smi_drv_call_make(&d->core, &d->session, args, why, &call);
  if (r == K8SM_OK) k8smi_drv_outbox_push(&d->outbox, call);
  return r;
}

/* Of the first n names of the driver's list. */
static int roles_call_names(struct k8sm_driver *d, uint32_t type, size_t n, const char *why) {
  if (n == 0) return K8SM_OK;
  struct k8sm_call_args args = {.type = type, .items = d->offers.names, .item_count = n};
  return roles_call(d, &args, why);
}

static int roles_suppress(struct k8sm_driver *d) {
  int r = roles_call_names(d, K8SM_CALL_SUPPRESS, roles_pick(d, roles_is_idle),
                           "nothing waits for offers of these roles");
  for (size_t i = 0; r == K8SM_OK && i < d->core.options.role_count; i++) {
    if (!roles_is_idle(d, &d->offers.roles[i])) continue;
    d->offers.roles[i].suppressed = true;
    d->offers.roles[i].unsure = false;
  }
  return r;
}

static int roles_revive(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  if (!o->revive || (o->revived_ms != 0 && d->core.mono_ms < o->revived_ms + ROLES_REVIVE_MS)) return K8SM_OK;
  const size_t n = roles_pick(d, roles_is_missed);
  int r =
      roles_call_names(d, K8SM_CALL_REVIVE, n, "something waits, and offers of these roles are held back");
  if (r != K8SM_OK) return r;
  if (n > 0) o->revived_ms = d->core.mono_ms;
  for (size_t i = 0; i < d->core.options.role_count; i++) {
    if (o->roles[i].wanted) o->roles[i].suppressed = o->roles[i].refused = o->roles[i].unsure = false;
  }
  o->revive = false;
  return K8SM_OK;
}

/* ---- Constraints ---- */

static struct k8sm_slice roles_limits(const struct k8sm_driver *d) {
  const struct k8sm_slice none = {"", 0};
  return d->offers.limits == NULL ? none : k8sm_wants_constraints(d->offers.limits);
}

static bool roles_nothing_wanted(const struct k8sm_driver *d) {
  for (size_t i = 0; i < d->core.options.role_count; i++) {
    if (d->offers.roles[i].wanted) return false;
  }
  return true;
}

/* Wider constraints are told at once. Narrower ones when they have been the same for a while: most needs are
 * met before. */
static bool roles_limits_are_due(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  struct k8sm_slice wanted = k8sm_wants_constraints(o->wants);
  if (!o->constrains || roles_nothing_wanted(d) || (!o->unsure && k8smi_eq(wanted, roles_limits(d)))) {
    o->limit_ms = DRV_NEVER;
    return false;
  }
  if (o->limits != NULL && k8sm_wants_covered(o->wants, o->limits) == 0) return true;
  uint64_t hash = k8smi_hash(wanted.ptr, wanted.len, d->pods.by_uid.seed);
  if (o->limit_ms == DRV_NEVER || o->limit_hash != hash) {
    o->limit_ms = k8smi_drv_after(&d->core, d->core.options.hold_ms);
  }
  o->limit_hash = hash;
  return d->core.mono_ms >= o->limit_ms;
}

static int roles_constrain(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  if (!roles_limits_are_due(d)) return K8SM_OK;
  struct k8sm_call_args args = {.type = K8SM_CALL_UPDATE_FRAMEWORK,
                                .framework = &d->core.options.framework,
                                .suppressed = o->names,
                                .offer_constraints = k8sm_wants_constraints(o->wants)};
  args.suppressed_count = roles_pick(d, roles_is_suppressed);
  int r = roles_call(d, &args, "other agents than before are of use");
  if (r != K8SM_OK) return r;
  k8sm_wants_unref(o->limits);
  o->limits = k8sm_wants_ref(o->wants);
  o->limit_ms = DRV_NEVER;
  o->unsure = false;
  return K8SM_OK;
}

/* Nobody knows what the master holds suppressed: what is wanted, now or before it has been suppressed again,
 * is revived again. A call that is repeated as it was could undo a later one. */
static void roles_forget_suppressed(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  for (size_t i = 0; i < d->core.options.role_count; i++) {
    o->roles[i].suppressed = false;
    o->roles[i].unsure = true;
    o->roles[i].since_ms = d->core.mono_ms;
  }
  o->revive = true;
}

/* A DECLINE that was sent again may have come behind a REVIVE, and refuses what that one asked for. */
static void roles_expect_refusal(struct k8sm_driver *d) {
  for (size_t i = 0; i < d->core.options.role_count; i++) d->offers.roles[i].refused = true;
  d->offers.revive = true;
}

void k8smi_drv_roles_answered(struct k8sm_driver *d, const struct drv_call *call) {
  struct drv_offers *o = &d->offers;
  if (call->type == K8SM_CALL_DECLINE && call->repeated) roles_expect_refusal(d);
  bool roles = call->type == K8SM_CALL_REVIVE || call->type == K8SM_CALL_SUPPRESS;
  bool update = call->type == K8SM_CALL_UPDATE_FRAMEWORK;
  if ((!roles && !update) || call->outcome == DRV_CALL_DONE || d->session.state != DRV_SESSION_SUBSCRIBED)
    return;
  if (roles && (call->outcome == DRV_CALL_UNKNOWN || call->status >= 500)) roles_forget_suppressed(d);
  if (!update) return;
  o->unsure = true;
  if (call->status != 400) return; /* it did not say that they are wrong: they are told again */
  o->never_constrain = true;       /* a subscription without any puts an end to those that it has */
  k8smi_drv_session_drop(&d->session, &d->core, K8SM_DIAG_MASTER_RESPONSE,
                         "it refused the offer constraints; subscribing without");
}

void k8smi_drv_roles_master(struct k8sm_driver *d, struct k8sm_slice version) {
  unsigned numbers[2] = {0, 0}, at = 0;
  for (size_t i = 0; i < version.len && at < 2 && numbers[at] < 10000; i++) {
    if (version.ptr[i] == '.') {
      at++;
    } else if (version.ptr[i] >= '0' && version.ptr[i] <= '9') {
      numbers[at] = numbers[at] * 10 + (unsigned)(version.ptr[i] - '0');
    } else {
      break;
    }
  }
  bool knows = numbers[0] > 1 || (numbers[0] == 1 && numbers[1] >= 11);
  d->offers.constrains = knows && !d->offers.never_constrain;
}

/* ---- Subscriptions ---- */

int k8smi_drv_roles_subscribe(struct k8sm_driver *d, struct drv_subscribe *ret) {
  struct drv_offers *o = &d->offers;
  int r = k8smi_drv_wanted_sum(d);
  if (r != K8SM_OK) return r;
  bool keep = o->constrains && !o->never_constrain && o->limits != NULL &&
              k8sm_wants_covered(o->wants, o->limits) != 0;
  if (!keep) {
    k8sm_wants_unref(o->limits);
    o->limits = NULL;
  }
  *ret = (struct drv_subscribe){o->names, roles_pick(d, roles_is_unwanted), roles_limits(d)};
  return K8SM_OK;
}

/* Filters end with the connection that they came by, but not where the master takes the new one while it has
 * not noticed the end of that: then only REVIVE ends them. A framework that is new has none. */
void k8smi_drv_roles_subscribed(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  bool again = d->session.framework_id.len > 0;
  for (size_t i = 0; i < d->core.options.role_count; i++) {
    o->roles[i].suppressed = !o->roles[i].wanted;
    o->roles[i].refused = again && o->roles[i].wanted;
    o->roles[i].unsure = false;
    o->revive |= o->roles[i].refused;
  }
  o->unsure = false;
}

void k8smi_drv_roles_reset(struct k8sm_driver *d) {
  for (size_t i = 0; i < d->core.options.role_count; i++) d->offers.roles[i].since_ms = d->core.mono_ms;
  d->offers.revive = false;
  d->offers.limit_ms = DRV_NEVER;
}

int k8smi_drv_roles_pump(struct k8sm_driver *d) {
  int r = roles_constrain(d);
  if (r == K8SM_OK) r = roles_revive(d);
  return r == K8SM_OK ? roles_suppress(d) : r;
}

uint64_t k8smi_drv_roles_deadline(const struct k8sm_driver *d) {
  const struct drv_offers *o = &d->offers;
  uint64_t due = o->limit_ms;
  if (o->revive) due = k8smi_drv_min(due, o->revived_ms + ROLES_REVIVE_MS);
  for (size_t i = 0; i < d->core.options.role_count; i++) {
    if (!o->roles[i].wanted && !o->roles[i].suppressed)
      due = k8smi_drv_min(due, o->roles[i].since_ms + ROLES_IDLE_MS);
  }
  return due;
}
