/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/abi.h"
#include "base/findings.h"
#include "pod/names.h"

int k8sm_control_new(const struct k8sm_control_options *options, struct k8sm_control **ret,
                     struct k8sm_diags *diags) {
  struct k8sm_control_options o;
  struct k8sm_allocator a;
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_control_options", diags);
  if (r != K8SM_OK) return r;
  if (!k8smi_allocator_init(&a, o.allocator)) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "allocator: expected a table with functions");
    return K8SM_ERR_INVALID;
  }
  struct k8sm_control *c = k8smi_zalloc(&a, sizeof *c);
  if (c == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  c->allocator = a;
  c->seed = o.seed;
  c->starved_ms = UINT64_MAX;
  c->due_ms = CTL_NEVER;
  c->end = &c->first;
  c->loose_end = &c->loose;
  k8smi_ctl_table_init(&c->objects, &a, o.seed ^ 1);
  k8smi_ctl_table_init(&c->uids, &a, o.seed ^ 2);
  k8smi_ctl_table_init(&c->pods, &a, o.seed ^ 3);
  r = k8sm_effects_new(&c->allocator, &c->queue);
  if (r != K8SM_OK) {
    k8sm_control_free(c);
    return k8smi_find_nomem(diags, r);
  }
  *ret = c;
  return K8SM_OK;
}

static void control_free_zones(struct k8sm_control *c) {
  for (struct ctl_zone *z = c->zones, *next; z != NULL; z = next) {
    next = z->next;
    k8smi_free(&c->allocator, z, z->size);
  }
}

void k8sm_control_free(struct k8sm_control *c) {
  if (c == NULL) return;
  for (struct ctl_object *o = c->first, *next; o != NULL; o = next) {
    next = o->next;
    k8smi_ctl_object_free(c, o);
  }
  for (struct ctl_pod *p = c->loose, *next; p != NULL; p = next) {
    next = p->next;
    k8smi_ctl_pod_free(c, p);
  }
  control_free_zones(c);
  k8smi_ctl_formers_free(c);
  k8smi_ctl_agents_free(c);
  k8sm_effects_free(c->queue);
  struct k8sm_allocator a = c->allocator;
  k8smi_ctl_table_free(&c->objects, &a);
  k8smi_ctl_table_free(&c->uids, &a);
  k8smi_ctl_table_free(&c->pods, &a);
  k8smi_free(&a, c, sizeof *c);
}

/* As Kubernetes' controllers write them: of the type Normal, but for these. */
static bool control_is_warning(const char *reason) {
  static const char *const warnings[] = {
      "BackoffLimitExceeded", "CompletionsReached", "DeadlineExceeded",         "FailedCreate",
      "FailedDaemonPod",      "FailedIndexes",      "MaxFailedIndexesExceeded", "PodFailurePolicy",
      "TooManyMissedTimes",   "UnknownTimeZone",    "UnparseableSchedule"};
  for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
    if (strcmp(reason, warnings[i]) == 0) return true;
  }
  return false;
}

int k8smi_ctl_event(struct k8sm_control *c, struct k8sm_slice key, const char *reason, const char *format,
                    ...) {
  char line[1024];
  va_list args;
  int head = snprintf(line, sizeof line, "%s: ", reason);
  va_start(args, format);
  int n = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
  va_end(args);
  size_t len = (size_t)head + (size_t)n; /* of integers and strings only: it can't fail */
  if (len >= sizeof line) len = sizeof line - 1;
  for (size_t i = 0; i < len; i++) {
    if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) line[i] = ' ';
  }
  const struct k8sm_effect e = {.type = K8SM_EFFECT_EVENT,
                                .to = K8SM_TO_HOST,
                                .flags = control_is_warning(reason) ? K8SM_EVENT_WARNING : 0,
                                .key = key,
                                .bytes = {line, len}};
  return k8smi_effects_add(c->queue, &e);
}

uint64_t k8smi_ctl_draw(struct k8sm_control *c) {
  const uint64_t words[] = {c->seed, (uint64_t)c->wall_ms, c->drawn++};
  uint64_t z = K8SMI_FNV64;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    z = (z ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    z ^= z >> 29;
  }
  return z;
}

bool k8smi_ctl_text_set(const struct k8sm_control *c, struct ctl_text *text, struct k8sm_slice value) {
  if (k8smi_eq(k8smi_ctl_text(text), value)) return true;
  char *copy = value.len == 0 ? NULL : k8smi_alloc(&c->allocator, value.len + 1);
  if (value.len != 0 && copy == NULL) return false;
  if (copy != NULL) {
    memcpy(copy, value.ptr, value.len);
    copy[value.len] = '\0';
  }
  k8smi_ctl_text_free(c, text);
  *text = (struct ctl_text){copy, value.len};
  return true;
}

void k8smi_ctl_text_free(const struct k8sm_control *c, struct ctl_text *text) {
  if (text->ptr != NULL) k8smi_free(&c->allocator, text->ptr, text->len + 1);
  *text = (struct ctl_text){NULL, 0};
}

enum { CONTROL_STARVED_MS = 100 };

static void control_work(struct k8sm_control *c, struct k8sm_effects *effects, struct k8sm_diags *diags) {
  int r = k8smi_ctl_pump(c);
  if (k8smi_effects_move(effects, c->queue) != K8SM_OK) r = K8SM_ERR_NOMEM;
  c->starved_ms = UINT64_MAX;
  if (r == K8SM_OK) return;
  k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  c->starved_ms = c->mono_ms + CONTROL_STARVED_MS;
}

int k8sm_control_step(struct k8sm_control *c, const struct k8sm_control_input *input,
                      struct k8sm_effects *effects, struct k8sm_diags *diags) {
  struct k8sm_control_input in;
  k8smi_effects_clear(effects);
  int r = k8smi_options_read(&in, sizeof in, input, "k8sm_control_input", diags);
  if (r != K8SM_OK) return r;
  r = k8smi_ctl_take(c, &in, diags);
  if (r == K8SM_ERR_NOMEM) return k8smi_find_nomem(diags, r);
  if (c->begun) control_work(c, effects, diags);
  return r;
}

uint64_t k8sm_control_deadline(const struct k8sm_control *c) {
  uint64_t due = c->starved_ms;
  if (!c->begun || c->due_ms == CTL_NEVER) return due;
  uint64_t wait = c->due_ms <= c->wall_ms ? 0 : (uint64_t)(c->due_ms - c->wall_ms);
  if (c->mono_ms + wait < due) due = c->mono_ms + wait;
  return due;
}
