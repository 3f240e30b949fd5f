/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/rest.h"
#include "base/abi.h"
#include "base/findings.h"

int k8sm_driver_new(const struct k8sm_driver_options *options, struct k8sm_driver **ret,
                    struct k8sm_diags *diags) {
  struct drv_core core;
  int r = k8smi_drv_core_init(&core, options, diags);
  if (r != K8SM_OK) return r;
  struct k8sm_driver *d = k8smi_zalloc(&core.allocator, sizeof *d);
  if (d == NULL) {
    k8smi_drv_core_free(&core);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  d->core = core;
  k8smi_drv_core_settle(&d->core);
  k8smi_drv_session_init(&d->session, &d->core);
  k8smi_drv_outbox_init(&d->outbox);
  k8smi_drv_records_init(&d->records);
  k8smi_list_init(&d->offers.owed);
  k8smi_drv_pods_init(&d->pods, &d->core);
  k8smi_drv_claims_init(d);
  k8smi_drv_volumes_init(d);
  k8smi_drv_tombs_init(d);
  d->framework_due_ms = d->reconcile.due_ms = d->reconcile.all_ms = DRV_NEVER;
  d->starved_ms = d->adopt_until_ms = DRV_NEVER;
  const struct k8sm_cluster_options o = {.size = sizeof o,
                                         .allocator = &d->core.allocator,
                                         .features = d->core.options.features,
                                         .strategy = d->core.options.match.strategy};
  d->offers.limit_ms = d->offers.sift_ms = d->offers.sweep_ms = DRV_NEVER;
  d->offers.roles = k8smi_arena_zalloc(&d->core.arena, d->core.options.role_count * sizeof *d->offers.roles);
  d->offers.names = k8smi_arena_array(&d->core.arena, d->core.options.role_count, sizeof *d->offers.names);
  r = d->offers.roles == NULL || d->offers.names == NULL ? k8smi_find_nomem(diags, K8SM_ERR_NOMEM)
                                                         : k8sm_cluster_new(&o, &d->offers.cluster, diags);
  if (r != K8SM_OK) {
    k8sm_driver_free(d);
    return r;
  }
  *ret = d;
  return K8SM_OK;
}

void k8sm_driver_free(struct k8sm_driver *d) {
  if (d == NULL) return;
  k8smi_drv_records_free(&d->records, &d->outbox, &d->core);
  k8smi_drv_outbox_close(&d->outbox, &d->core);
  for (struct drv_call *c; (c = k8smi_drv_outbox_peek(&d->outbox)) != NULL;) {
    k8smi_drv_launch_free(d, c->launch);
    k8smi_drv_outbox_drop(&d->core, c);
  }
  k8smi_drv_pods_free(&d->pods, &d->core);
  k8smi_drv_session_free(&d->session);
  k8smi_drv_release_free(d);
  k8smi_drv_claims_free(d);
  k8smi_drv_volumes_free(d);
  k8smi_drv_tombs_free(d);
  k8sm_wants_unref(d->offers.wants);
  k8sm_wants_unref(d->offers.limits);
  k8sm_cluster_free(d->offers.cluster);
  k8smi_drv_lookup_free(&d->offers.accepted, &d->core.allocator);
  struct drv_core core = d->core;
  k8smi_free(&core.allocator, d, sizeof *d);
  k8smi_drv_core_free(&core);
}

enum { DRIVER_STARVED_MS = 100 };

/* What has become of the state may go out in any case: it is whole and in order, as far as it goes. */
static void driver_work(struct k8sm_driver *d, struct k8sm_effects *effects, struct k8sm_diags *diags) {
  int r = k8smi_drv_pump(d);
  if (k8smi_effects_move(effects, d->core.queue) != K8SM_OK) r = K8SM_ERR_NOMEM;
  d->starved_ms = DRV_NEVER;
  if (r == K8SM_OK) return;
  if (r != K8SM_ERR_NOMEM) {
    k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "the driver could not go on: %s", k8sm_result_name(r));
    return;
  }
  k8smi_find_nomem(diags, r);
  d->starved_ms = k8smi_drv_after(&d->core, DRIVER_STARVED_MS);
}

int k8sm_driver_step(struct k8sm_driver *d, const struct k8sm_input *input, struct k8sm_effects *effects,
                     struct k8sm_diags *diags) {
  struct k8sm_input in;
  k8smi_effects_clear(effects);
  int r = k8smi_options_read(&in, sizeof in, input, "k8sm_input", diags);
  if (r != K8SM_OK) return r;
  if (d->life == DRV_STOPPED && !d->stop_due && k8smi_effects_count(d->core.queue) == 0)
    return K8SM_ERR_STATE;
  r = k8smi_drv_take(d, &in, diags);
  if (r == K8SM_ERR_NOMEM) return k8smi_find_nomem(diags, r);
  if (in.type != K8SM_INPUT_RESTORE) driver_work(d, effects, diags);
  return r;
}

uint64_t k8sm_driver_deadline(const struct k8sm_driver *d) {
  /* Without memory what is due could not be done: it is not tried again at once. */
  if (d->starved_ms != DRV_NEVER || d->life == DRV_STOPPED) return d->starved_ms;
  uint64_t due = k8smi_drv_session_deadline(&d->session);
  if (d->life == DRV_LEAVING) return k8smi_drv_min(due, d->leave_ms);
  if (d->resync) return d->core.mono_ms;
  if (d->session.framework_id.len != 0) due = k8smi_drv_min(due, d->framework_due_ms);
  if (!k8smi_list_empty(&d->pods.dirty)) due = k8smi_drv_min(due, d->core.mono_ms); /* of a long step */
  due = k8smi_drv_min(due, k8smi_drv_agenda_next(&d->pods.due));
  due = k8smi_drv_min(due, k8smi_drv_rest_deadline(d));
  due = k8smi_drv_min(due, k8smi_drv_volumes_deadline(d));
  due = k8smi_drv_min(due, k8smi_drv_offers_deadline(d));
  due = k8smi_drv_min(due, k8smi_drv_reconcile_deadline(d));
  due = k8smi_drv_min(due, k8smi_drv_tombs_deadline(d));
  if (d->session.state == DRV_SESSION_SUBSCRIBED)
    due = k8smi_drv_min(due, k8smi_drv_outbox_deadline(&d->outbox));
  return due;
}
