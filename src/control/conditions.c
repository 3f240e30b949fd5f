/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

struct ctl_condition *k8smi_ctl_condition(struct ctl_object *o, const char *type) {
  for (size_t i = 0; i < o->condition_count; i++) {
    if (k8smi_eqs(o->conditions[i].type, type)) return &o->conditions[i];
  }
  return NULL;
}

bool k8smi_ctl_condition_is(const struct ctl_object *o, const char *type, uint32_t status) {
  for (size_t i = 0; i < o->condition_count; i++) {
    if (k8smi_eqs(o->conditions[i].type, type)) return o->conditions[i].status == status;
  }
  return false;
}

/* Its three texts, in one piece. */
static bool condition_fill(struct k8sm_control *c, struct ctl_condition *to, struct k8sm_slice type,
                           struct k8sm_slice reason, struct k8sm_slice message) {
  struct k8sm_slice *const places[] = {&to->type, &to->reason, &to->message};
  const struct k8sm_slice texts[] = {type, reason, message};
  size_t at = 0;
  to->size = type.len + reason.len + message.len + 3;
  to->text = k8smi_alloc(&c->allocator, to->size);
  if (to->text == NULL) return false;
  for (size_t i = 0; i < 3; i++) {
    *places[i] = (struct k8sm_slice){to->text + at, texts[i].len};
    if (texts[i].len > 0) memcpy(to->text + at, texts[i].ptr, texts[i].len);
    at += texts[i].len;
    to->text[at++] = '\0';
  }
  return true;
}

int k8smi_ctl_condition_set(struct k8sm_control *c, struct ctl_object *o, const char *type, uint32_t status,
                            const char *reason, struct k8sm_slice message) {
  struct ctl_condition *old = k8smi_ctl_condition(o, type);
  struct ctl_condition new = {.status = status, .update_ms = c->wall_ms, .transition_ms = c->wall_ms};
  if (old != NULL && old->status == status && k8smi_eqs(old->reason, reason)) return K8SM_OK;
  if (old == NULL && o->condition_count == CTL_CONDITIONS) return K8SM_OK;
  if (!condition_fill(c, &new, k8smi_s(type), k8smi_s(reason), message)) return K8SM_ERR_NOMEM;
  if (old != NULL) {
    if (old->status == status) new.transition_ms = old->transition_ms;
    k8smi_free(&c->allocator, old->text, old->size);
  }
  *(old != NULL ? old : &o->conditions[o->condition_count++]) = new;
  return K8SM_OK;
}

void k8smi_ctl_condition_remove(struct k8sm_control *c, struct ctl_object *o, const char *type) {
  struct ctl_condition *old = k8smi_ctl_condition(o, type);
  if (old == NULL) return;
  k8smi_free(&c->allocator, old->text, old->size);
  size_t behind = (size_t)(&o->conditions[o->condition_count] - old) - 1;
  memmove(old, old + 1, behind * sizeof *old);
  o->condition_count--;
}

void k8smi_ctl_conditions_free(struct k8sm_control *c, struct ctl_object *o) {
  for (size_t i = 0; i < o->condition_count; i++)
    k8smi_free(&c->allocator, o->conditions[i].text, o->conditions[i].size);
  o->condition_count = 0;
}
