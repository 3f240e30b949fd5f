/* SPDX-License-Identifier: Apache-2.0 */
/* Making a pod of the driver: new, or from its record. */
#include "base/findings.h"
#include "base/slice.h"
#include "demand/demand.h"
#include "driver/rest.h"
#include "status/status.h"

int k8smi_drv_pod_demand(const struct drv_core *core, struct k8sm_pod *kube, uint32_t attempt,
                         const char *nonce, uint32_t form, struct k8sm_demand **ret,
                         struct k8sm_diags *diags) {
  struct k8sm_demand_options o = core->options.demand;
  o.nonce = nonce;
  o.attempt = attempt;
  if (form != K8SM_FORM_AUTO) {
    o.form = form;
    o.flags |= K8SM_DEMAND_FORM_IS_FIXED;
  }
  return k8smi_demand_make(kube, &o, ret, diags);
}

bool k8smi_drv_status_leaves_out(const struct k8sm_status *status) {
  bool any = false;
  for (size_t i = 0; i < status->demand->task_count; i++) any |= k8smi_task_is_done(status, i);
  return any && !status->launched && !status->ending;
}

int k8smi_drv_pod_demand_next(const struct drv_core *core, struct k8sm_pod *kube,
                              const struct k8sm_status *former, uint32_t attempt, const char *nonce,
                              struct k8sm_demand **ret) {
  struct k8sm_demand_options o = core->options.demand;
  const size_t count = former->demand->task_count;
  const char **done = k8smi_alloc(&core->allocator, count * sizeof *done);
  if (done == NULL) return K8SM_ERR_NOMEM;
  for (size_t i = 0; i < count; i++) {
    if (k8smi_task_is_done(former, i)) done[o.done_count++] = former->demand->tasks[i].container.ptr;
  }
  o.done = done;
  o.nonce = nonce;
  o.attempt = attempt;
  int r = k8smi_demand_make(kube, &o, ret, NULL);
  k8smi_free(&core->allocator, done, count * sizeof *done);
  return r;
}

int k8smi_drv_pod_demand_begun(const struct drv_core *core, struct k8sm_pod *kube, uint32_t attempt,
                               const char *nonce, struct drv_begun begun, struct k8sm_demand **ret,
                               uint32_t *ret_form, struct k8sm_diags *diags) {
  struct k8sm_demand *demand = NULL;
  bool known = begun.form != K8SM_FORM_AUTO;
  int r = k8smi_drv_pod_demand(core, kube, attempt, nonce, K8SM_FORM_AUTO, &demand, known ? NULL : diags);
  if (r == K8SM_ERR_NOMEM || (r != K8SM_OK && !known)) return r;
  if (r == K8SM_OK &&
      (known ? demand->form == begun.form : !begun.executor || !k8smi_demand_is_task(demand))) {
    *ret = demand;
    *ret_form = K8SM_FORM_AUTO;
    return K8SM_OK;
  }
  k8sm_demand_unref(demand);
  *ret_form = known ? begun.form : K8SM_FORM_BUDGET;
  return k8smi_drv_pod_demand(core, kube, attempt, nonce, *ret_form, ret, diags);
}

void k8smi_drv_pod_free(struct drv_core *core, struct drv_pod *pod) {
  if (pod == NULL) return;
  k8sm_status_unref(pod->status);
  k8sm_status_unref(pod->kept);
  k8sm_status_unref(pod->said);
  k8sm_demand_unref(pod->resume);
  k8sm_demand_unref(pod->demand);
  k8smi_drv_place_free(pod->place);
  k8smi_drv_tasks_free(core, pod->tasks);
  if (pod->key.ptr != NULL)
    k8smi_free(&core->allocator, (char *)(uintptr_t)pod->key.ptr, pod->key.len + pod->uid.len + 2);
  k8smi_drv_nominee_free(core, pod->nominee);
  k8smi_drv_rest_free(core, pod);
  k8smi_free(&core->allocator, pod->claimants, pod->claimant_count * sizeof *pod->claimants);
  k8sm_pod_unref(pod->pod);
  k8smi_free(&core->allocator, pod, sizeof *pod);
}

static bool pod_set_key(struct drv_core *core, struct drv_pod *pod) {
  struct k8sm_slice space = k8sm_pod_namespace(pod->pod), name = k8sm_pod_name(pod->pod);
  struct k8sm_slice uid = k8sm_pod_uid(pod->pod);
  size_t len = space.len + 1 + name.len;
  char *key = k8smi_zalloc(&core->allocator, len + uid.len + 2);
  if (key == NULL) return false;
  if (space.len != 0) memcpy(key, space.ptr, space.len);
  key[space.len] = '/';
  if (name.len != 0) memcpy(key + space.len + 1, name.ptr, name.len);
  if (uid.len != 0) memcpy(key + len + 1, uid.ptr, uid.len);
  pod->key = (struct k8sm_slice){key, len};
  pod->uid = (struct k8sm_slice){key + len + 1, uid.len};
  return true;
}

/* All but the demand, and the status. */
static int pod_make(struct drv_core *core, struct k8sm_pod *kube, const char *nonce, struct drv_pod **ret,
                    struct k8sm_diags *diags) {
  struct drv_pod *pod = k8smi_zalloc(&core->allocator, sizeof *pod);
  if (pod == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  pod->pod = k8sm_pod_ref(kube);
  k8smi_list_init(&pod->awake);
  k8smi_list_init(&pod->dirty);
  k8smi_drv_due_init(&pod->due, 0);
  k8smi_drv_due_init(&pod->doubt, 0);
  k8smi_drv_due_init(&pod->turn, 0);
  pod->next_need_ms = DRV_NEVER;
  pod->grace_seconds = -1;
  if (nonce == NULL) {
    k8smi_drv_nonce(core, pod->nonce, sizeof pod->nonce);
  } else {
    memcpy(pod->nonce, nonce, strlen(nonce) + 1);
  }
  if (!pod_set_key(core, pod)) {
    k8smi_drv_pod_free(core, pod);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  *ret = pod;
  return K8SM_OK;
}

int k8smi_drv_pod_new(struct drv_core *core, struct k8sm_pod *kube, uint32_t attempt, const char *nonce,
                      struct drv_pod **ret, struct k8sm_diags *diags) {
  struct drv_pod *pod;
  int r = pod_make(core, kube, nonce, &pod, diags);
  if (r != K8SM_OK) return r;
  r = k8smi_drv_pod_demand(core, kube, attempt, pod->nonce, K8SM_FORM_AUTO, &pod->demand, diags);
  if (r == K8SM_OK && pod->demand->lacks.len > 0) r = K8SM_ERR_NOT_FOUND; /* diags say what */
  if (r == K8SM_OK) r = k8sm_status_new(pod->demand, &core->options.status, &pod->status, diags);
  if (r != K8SM_OK) {
    k8smi_drv_pod_free(core, pod);
    return r;
  }
  *ret = pod;
  return K8SM_OK;
}

static bool pod_restore_place(struct drv_core *core, struct drv_pod *pod, const struct drv_snapshot *s) {
  struct drv_place *place =
      k8smi_drv_place_new(core, s->agent_id, s->hostname, s->executor, s->port_count * sizeof *place->ports);
  if (place == NULL) return false;
  const bool known = s->version >= DRV_SNAPSHOT_RESERVED && s->reserved >= 0;
  pod->place = place;
  place->reserved = pod->reserved_told = known ? s->reserved : DRV_RESERVED_UNKNOWN;
  place->said = true;
  place->ports = k8smi_arena_array(&place->arena, s->port_count, sizeof *place->ports);
  if (place->ports == NULL) return false;
  for (; place->port_count < s->port_count; place->port_count++) {
    struct k8sm_plan_port *port = &place->ports[place->port_count];
    *port = s->ports[place->port_count];
    struct k8sm_slice *const texts[] = {&port->container, &port->name, &port->protocol};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
      *texts[k] = k8smi_arena_copy(&place->arena, texts[k]->ptr, texts[k]->len);
      if (texts[k]->ptr == NULL) return false;
    }
  }
  return true;
}

static bool pod_restore_tasks(struct drv_core *core, struct drv_task **ret, const struct drv_snapshot *s) {
  for (size_t i = s->task_count; i-- > 0;) {
    struct drv_task *task = k8smi_drv_task_new(core, s->tasks[i].id, s->tasks[i].agent_id);
    if (task == NULL) return false;
    task->next = *ret;
    *ret = task;
  }
  return true;
}

/* As long as it would have waited; a clock that was set back does not make it longer. */
static bool pod_restore_nominee(struct drv_core *core, struct drv_pod *pod, const struct drv_snapshot *s) {
  const int64_t most = INT64_C(3600000), left = s->nominated_until_ms - core->wall_ms;
  if (s->nominated_agent_id.len == 0 || s->nominated_role.len == 0 || pod->place != NULL || left <= 0)
    return true;
  pod->nominee = k8smi_drv_nominee_new(core, s->nominated_agent_id, s->nominated_hostname, s->nominated_role,
                                       (uint64_t)(left < most ? left : most));
  return pod->nominee != NULL;
}

/* In the form that the attempt was begun in, whatever the options say by now. Versions before 4 did not tell,
 * and knew only forms with an executor. */
static int pod_restore_demand(struct drv_core *core, struct drv_pod *pod, const struct drv_snapshot *s,
                              struct k8sm_diags *diags) {
  struct drv_begun begun = {k8smi_form_find(s->form), s->executor.len > 0};
  if (s->form.len > 0 && begun.form == K8SM_FORM_AUTO) {
    k8smi_find(diags, K8SM_DIAG_RECORD_INVALID, NULL, "the pod's record: form: '%.*s' is none",
               K8SMI_P(s->form));
    return K8SM_ERR_INVALID;
  }
  bool adopted = s->task_count != 0;                                 /* without a place */
  if (s->agent_id.len == 0 && !adopted) begun.form = K8SM_FORM_AUTO; /* nothing was */
  return k8smi_drv_pod_demand_begun(core, pod->pod, (uint32_t)s->attempt, pod->nonce, begun, &pod->demand,
                                    &pod->form, diags);
}

static int pod_restore_rest(struct drv_core *core, struct drv_pod *pod, const struct drv_snapshot *s,
                            struct k8sm_diags *diags) {
  pod->recorded = true;
  pod->row = (uint64_t)s->number;
  pod->deleting = pod->delete_again = s->deleting != 0;
  pod->preempted = pod->deleting && s->preempted != 0;
  pod->grace_seconds = s->grace_seconds;
  bool ok = (s->agent_id.len == 0 || pod_restore_place(core, pod, s)) && pod_restore_nominee(core, pod, s);
  if (!ok || !pod_restore_tasks(core, &pod->tasks, s)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  int r =
      k8sm_status_load(pod->demand, s->status.ptr, s->status.len, &core->options.status, &pod->status, diags);
  if (r != K8SM_OK) return r;
  pod->final_kept = k8smi_status_is_final(pod->status);
  k8smi_drv_volumes_restored(pod, s);
  return r;
}

static int pod_restore_done(struct drv_core *core, struct drv_pod *pod, const struct drv_snapshot *s,
                            struct k8sm_diags *diags) {
  if (!k8smi_drv_status_leaves_out(pod->status)) return K8SM_OK;
  struct k8sm_demand *demand;
  struct k8sm_status *status;
  int r = k8smi_drv_pod_demand_next(core, pod->pod, pod->status, (uint32_t)s->attempt, pod->nonce, &demand);
  if (r != K8SM_OK) return r;
  r = k8sm_status_load(demand, s->status.ptr, s->status.len, &core->options.status, &status, diags);
  if (r != K8SM_OK) {
    k8sm_demand_unref(demand);
    return r;
  }
  k8sm_status_unref(pod->status);
  k8sm_demand_unref(pod->demand);
  pod->status = status;
  pod->demand = demand;
  pod->form = K8SM_FORM_AUTO;
  return K8SM_OK;
}

static int pod_from_snapshot(struct drv_core *core, const struct drv_snapshot *s, struct drv_pod **ret,
                             struct k8sm_diags *diags) {
  struct k8sm_pod *kube;
  struct drv_pod *pod;
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = K8SM_PARSE_NO_DEFAULTS,
                                       .allocator = &core->allocator,
                                       .format = K8SM_FORMAT_JSON};
  if (s->nonce.len == 0 || s->nonce.len >= sizeof pod->nonce) {
    k8smi_find(diags, K8SM_DIAG_RECORD_INVALID, NULL, "the pod's record: nonce: expected 1 to %zu bytes",
               sizeof pod->nonce - 1);
    return K8SM_ERR_INVALID;
  }
  int r = k8sm_pod_parse(s->pod.ptr, s->pod.len, &o, &kube, diags);
  if (r != K8SM_OK) return r;
  r = pod_make(core, kube, s->nonce.ptr, &pod, diags);
  k8sm_pod_unref(kube);
  if (r != K8SM_OK) return r;
  r = pod_restore_demand(core, pod, s, diags);
  if (r == K8SM_OK) r = pod_restore_rest(core, pod, s, diags);
  if (r == K8SM_OK) r = pod_restore_done(core, pod, s, diags);
  if (r != K8SM_OK) {
    k8smi_drv_pod_free(core, pod);
    return r;
  }
  *ret = pod;
  return K8SM_OK;
}

static int pod_left_of_snapshot(struct drv_core *core, const struct drv_snapshot *s, struct drv_task **ret,
                                struct k8sm_diags *diags) {
  struct drv_task *tasks = NULL;
  if (pod_restore_tasks(core, &tasks, s)) {
    *ret = tasks;
    return K8SM_OK;
  }
  k8smi_drv_tasks_free(core, tasks);
  return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
}

int k8smi_drv_pod_restore(struct drv_core *core, struct k8sm_slice bytes, struct drv_pod **ret,
                          struct drv_task **ret_left, struct k8sm_diags *diags) {
  struct k8smi_arena arena;
  struct drv_snapshot s;
  *ret = NULL;
  *ret_left = NULL;
  k8smi_arena_init(&arena, &core->allocator, 0);
  int r = k8smi_drv_snapshot_read(&arena, bytes, &s, diags);
  if (r == K8SM_OK)
    r = s.gone != 0 ? pod_left_of_snapshot(core, &s, ret_left, diags)
                    : pod_from_snapshot(core, &s, ret, diags);
  k8smi_arena_free(&arena);
  return r;
}
