/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/core.h"
#include "base/abi.h"
#include "base/findings.h"
#include "base/slice.h"
#include "demand/demand.h"
#include "task/calls.h"

/* Copies a text; an absent one stays absent. False when memory ran out. */
static bool drvopt_text(struct k8smi_arena *arena, const char **text) {
  if (*text == NULL) return true;
  *text = k8smi_arena_copy(arena, *text, strlen(*text)).ptr;
  return *text != NULL;
}

static bool drvopt_texts(struct k8smi_arena *arena, const char *const **texts, size_t n) {
  if (*texts == NULL || n == 0) return true;
  const char **copy = k8smi_arena_array(arena, n, sizeof *copy);
  if (copy == NULL) return false;
  for (size_t i = 0; i < n; i++) {
    copy[i] = (*texts)[i];
    if (!drvopt_text(arena, &copy[i])) return false;
  }
  *texts = copy;
  return true;
}

static bool drvopt_roles(struct drv_core *core) {
  struct drv_options *o = &core->options;
  const struct k8sm_framework *f = &o->framework;
  o->role_count = f->roles == NULL || f->role_count == 0 ? 1 : f->role_count;
  o->roles = k8smi_arena_array(&core->arena, o->role_count, sizeof *o->roles);
  if (o->roles == NULL) return false;
  o->roles[0] = K8SMI_S("*");
  for (size_t i = 0; i < o->role_count && f->roles != NULL && f->role_count != 0; i++) {
    o->roles[i] = k8smi_s(f->roles[i]);
  }
  return true;
}

static int drvopt_framework(struct drv_core *core, const struct k8sm_framework *from,
                            struct k8sm_diags *diags) {
  struct k8sm_framework *f = &core->options.framework;
  struct k8smi_arena *a = &core->arena;
  int r = k8smi_options_read(f, sizeof *f, from, "k8sm_framework", diags);
  if (r != K8SM_OK) return r;
  bool ok = drvopt_text(a, &f->name) && drvopt_text(a, &f->user) && drvopt_text(a, &f->principal) &&
            drvopt_text(a, &f->hostname) && drvopt_text(a, &f->webui_url) &&
            drvopt_texts(a, &f->roles, f->role_count) && drvopt_roles(core);
  return ok ? K8SM_OK : k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
}

/* ConfigMaps and Secrets: rows of slices, whatever size the caller's rows have. */
static bool drvopt_data(struct k8smi_arena *arena, struct k8sm_demand_options *o) {
  if (o->data == NULL || o->data_count == 0) return true;
  struct k8sm_manifest_data *rows = k8smi_arena_array(arena, o->data_count, sizeof *rows);
  if (rows == NULL) return false;
  for (size_t i = 0; i < o->data_count; i++) {
    struct k8sm_manifest_data *row = &rows[i];
    k8smi_row_read(row, sizeof *row, o->data, o->data_size, i);
    struct k8sm_slice *texts[] = {&row->kind, &row->name_space, &row->name, &row->key, &row->value};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
      *texts[k] = k8smi_arena_copy(arena, texts[k]->ptr, texts[k]->len);
      if (texts[k]->ptr == NULL) return false;
    }
  }
  o->data = rows;
  o->data_size = sizeof *rows;
  return true;
}

static bool drvopt_policies(struct k8smi_arena *arena, struct k8sm_demand_options *o) {
  if (o->policy_count == 0) return true;
  struct k8sm_field_policy *rows = k8smi_arena_array(arena, o->policy_count, sizeof *rows);
  for (size_t i = 0; rows != NULL && i < o->policy_count; i++) {
    k8smi_row_read(&rows[i], sizeof rows[i], o->policies, o->policy_size, i);
    if (!drvopt_text(arena, &rows[i].path)) return false;
  }
  o->policies = rows;
  o->policy_size = sizeof *rows;
  return rows != NULL;
}

static bool drvopt_users(struct k8smi_arena *arena, struct k8sm_demand_options *o) {
  if (o->user_count == 0) return true;
  struct k8sm_demand_user *rows = k8smi_arena_array(arena, o->user_count, sizeof *rows);
  for (size_t i = 0; rows != NULL && i < o->user_count; i++) {
    k8smi_row_read(&rows[i], sizeof rows[i], o->users, o->user_size, i);
    if (!drvopt_text(arena, &rows[i].name)) return false;
  }
  o->users = rows;
  o->user_size = sizeof *rows;
  return rows != NULL;
}

static bool drvopt_classes(struct k8smi_arena *arena, struct k8sm_demand_options *o) {
  if (o->storage_class_count == 0) return true;
  struct k8sm_storage_class *rows = k8smi_arena_array(arena, o->storage_class_count, sizeof *rows);
  for (size_t i = 0; rows != NULL && i < o->storage_class_count; i++) {
    k8smi_row_read(&rows[i], sizeof rows[i], o->storage_classes, o->storage_class_size, i);
    const char **const texts[] = {&rows[i].name, &rows[i].profile, &rows[i].vendor, &rows[i].root,
                                  &rows[i].metadata};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
      if (!drvopt_text(arena, texts[k])) return false;
    }
  }
  o->storage_classes = rows;
  o->storage_class_size = sizeof *rows;
  return rows != NULL;
}

static int drvopt_demand(struct drv_core *core, const struct k8sm_demand_options *from,
                         struct k8sm_diags *diags) {
  struct k8sm_demand_options *o = &core->options.demand;
  int r = k8smi_options_read(o, sizeof *o, from, "k8sm_demand_options", diags);
  if (r == K8SM_OK) r = k8smi_demand_check_options(o, diags);
  if (r != K8SM_OK) return r;
  o->done = NULL;
  o->done_count = 0;
  if (o->role_count == 0) { /* a pod may use what the framework may */
    o->roles = core->options.framework.roles;
    o->role_count = core->options.framework.role_count;
  }
  if (o->principal == NULL) o->principal = core->options.framework.principal;
  bool ok =
      drvopt_texts(&core->arena, &o->roles, o->role_count) && drvopt_text(&core->arena, &o->principal) &&
      drvopt_text(&core->arena, &o->network) && drvopt_text(&core->arena, &o->reservation) &&
      drvopt_text(&core->arena, &o->reservation_principal) && drvopt_data(&core->arena, o) &&
      drvopt_policies(&core->arena, o) && drvopt_users(&core->arena, o) && drvopt_classes(&core->arena, o);
  return ok ? K8SM_OK : k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
}

/* Read here once, so that a launch finds nothing wrong in them. */
static int drvopt_overlays(struct drv_core *core, const struct k8sm_driver_options *from,
                           struct k8sm_diags *diags) {
  struct drv_options *o = &core->options;
  const struct k8sm_task_options overlays = {.size = sizeof overlays,
                                             .allocator = &core->allocator,
                                             .executor_overlay = from->executor_overlay,
                                             .task_overlay = from->task_overlay,
                                             .overlay_format = from->overlay_format};
  int r = k8smi_overlays_check(&overlays, diags);
  if (r != K8SM_OK) return r;
  o->overlay_format = from->overlay_format;
  o->executor_overlay =
      k8smi_arena_copy(&core->arena, from->executor_overlay.ptr, from->executor_overlay.len);
  o->task_overlay = k8smi_arena_copy(&core->arena, from->task_overlay.ptr, from->task_overlay.len);
  bool ok = o->executor_overlay.ptr != NULL && o->task_overlay.ptr != NULL;
  return ok ? K8SM_OK : k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
}

static uint64_t drvopt_or(uint64_t value, uint64_t preset) {
  return value == 0 ? preset : value;
}

static double drvopt_seconds(double value, double preset) {
  return value == 0 ? preset : value;
}

static int drvopt_check(const struct k8sm_driver_options *o, struct k8sm_diags *diags) {
  if (o->format != K8SM_FORMAT_AUTO && o->format != K8SM_FORMAT_JSON && o->format != K8SM_FORMAT_PROTOBUF) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "format is %u; expected JSON, PROTOBUF or AUTO",
               o->format);
    return K8SM_ERR_INVALID;
  }
  if (!(o->refuse.idle >= 0 && o->refuse.unsuited >= 0 && o->refuse.leftover >= 0)) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "refuse holds a time that is negative or not a number");
    return K8SM_ERR_INVALID;
  }
  if (o->master != NULL && strlen(o->master) >= DRV_AUTHORITY_CAP) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "master has %zu bytes; expected host:port",
               strlen(o->master));
    return K8SM_ERR_INVALID;
  }
  return K8SM_OK;
}

enum { DRVOPT_RECORD_ROWS = 64, DRVOPT_REST_MS = 60 * 1000, DRVOPT_LAUNCH_TIMEOUT_MS = 300 * 1000 };

static int drvopt_take(struct drv_core *core, const struct k8sm_driver_options *from,
                       struct k8sm_diags *diags) {
  struct drv_options *o = &core->options;
  int r = drvopt_framework(core, from->framework, diags);
  if (r == K8SM_OK) r = drvopt_demand(core, from->demand, diags);
  if (r == K8SM_OK)
    r = k8smi_options_read(&o->match, sizeof o->match, from->match, "k8sm_match_options", diags);
  if (r == K8SM_OK) {
    r = k8smi_options_read(&o->status, sizeof o->status, from->status, "k8sm_status_options", diags);
  }
  if (r == K8SM_OK) r = drvopt_overlays(core, from, diags);
  if (r != K8SM_OK) return r;
  const char *master = from->master;
  if (!drvopt_text(&core->arena, &master)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  o->master = k8smi_s(master);
  o->refuse.idle = drvopt_seconds(from->refuse.idle, 3600);
  o->refuse.unsuited = drvopt_seconds(from->refuse.unsuited, 5);
  o->refuse.leftover = drvopt_seconds(from->refuse.leftover, 5);
  o->seed = from->seed;
  o->format = from->format == K8SM_FORMAT_AUTO ? K8SM_FORMAT_PROTOBUF : from->format;
  o->features = from->features == 0 ? K8SM_FEATURE_ALL : from->features;
  o->backoff_base_ms = drvopt_or(from->backoff_base_ms, 1000);
  o->backoff_cap_ms = drvopt_or(from->backoff_cap_ms, 15000);
  o->hold_ms = drvopt_or(from->hold_ms, 5000);
  o->adopt_ms = from->adopt_ms;
  o->rest_ms = drvopt_or(from->rest_ms, DRVOPT_REST_MS);
  o->launch_timeout_ms = drvopt_or(from->launch_timeout_ms, DRVOPT_LAUNCH_TIMEOUT_MS);
  o->record_rows = from->record_rows == 0 ? DRVOPT_RECORD_ROWS : from->record_rows;
  o->no_operation_feedback = from->no_operation_feedback != 0;
  o->max_event_bytes = drvopt_or(from->max_event_bytes, UINT64_C(64) << 20);
  return K8SM_OK;
}

int k8smi_drv_core_init(struct drv_core *core, const struct k8sm_driver_options *options,
                        struct k8sm_diags *diags) {
  struct k8sm_driver_options o;
  memset(core, 0, sizeof *core);
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_driver_options", diags);
  if (r == K8SM_OK) r = drvopt_check(&o, diags);
  if (r != K8SM_OK) return r;
  if (!k8smi_allocator_init(&core->allocator, o.allocator)) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "the allocator lacks a function, or its size");
    return K8SM_ERR_INVALID;
  }
  k8smi_arena_init(&core->arena, &core->allocator, 0);
  core->random = o.seed;
  core->counters.size = sizeof core->counters;
  r = drvopt_take(core, &o, diags);
  if (r == K8SM_OK && k8sm_effects_new(&core->allocator, &core->queue) != K8SM_OK) {
    r = k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  if (r != K8SM_OK) k8smi_drv_core_free(core);
  return r;
}

void k8smi_drv_core_settle(struct drv_core *core) {
  core->options.demand.allocator = &core->allocator;
  core->options.match.allocator = &core->allocator;
  core->options.status.allocator = &core->allocator;
}

void k8smi_drv_core_free(struct drv_core *core) {
  k8sm_effects_free(core->queue);
  core->queue = NULL;
  k8smi_arena_free(&core->arena);
}
