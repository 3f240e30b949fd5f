/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/records.h"

int k8smi_drv_record_new(struct drv_core *core, enum drv_record_kind kind, struct drv_record **ret) {
  struct drv_record *record = k8smi_zalloc(&core->allocator, sizeof *record);
  if (record == NULL) return K8SM_ERR_NOMEM;
  record->kind = kind;
  *ret = record;
  return K8SM_OK;
}

int k8smi_drv_record_put(struct drv_records *rs, struct drv_core *core, struct drv_record *record,
                         struct k8sm_slice key, struct k8sm_slice bytes) {
  const struct k8sm_effect e = {.type = K8SM_EFFECT_RECORD,
                                .to = K8SM_TO_STORE,
                                .number = rs->last_number + 1,
                                .flags = record->append ? K8SM_RECORD_APPEND : 0,
                                .key = key,
                                .bytes = bytes};
  int r = k8smi_effects_add(core->queue, &e);
  if (r != K8SM_OK) return r;
  record->number = ++rs->last_number;
  if (record->call != NULL) record->call->waits++;
  if (rs->first == NULL) {
    rs->first = record;
  } else {
    rs->last->next = record;
  }
  rs->last = record;
  core->counters.records++;
  return K8SM_OK;
}

/* What is appended behind a row that is missing can't be read, until a whole one comes. */
static void records_break_chain(const struct drv_record *missing) {
  for (struct drv_record *r = missing->next; r != NULL; r = r->next) {
    if (r->pod != missing->pod || missing->pod == NULL) continue;
    if (!r->append) return;
    r->broken = true;
  }
}

/* Hosts answer in order, as a rule: the one in question is near the front. */
struct drv_record *k8smi_drv_records_answer(struct drv_records *rs, uint64_t number, enum drv_answer answer) {
  struct drv_record *r = rs->first;
  while (r != NULL && r->number < number) r = r->next;
  if (r == NULL || r->number != number || r->answer != DRV_ANSWER_NONE) return NULL;
  r->answer = r->broken ? DRV_ANSWER_REFUSED : answer;
  rs->answered++;
  if (r->answer == DRV_ANSWER_REFUSED) records_break_chain(r);
  if (r->call != NULL) r->call->waits--;
  if (r->call != NULL && r->answer == DRV_ANSWER_REFUSED) r->call->outcome = DRV_CALL_REFUSED;
  return r;
}

struct drv_record *k8smi_drv_records_peek(const struct drv_records *rs) {
  struct drv_record *r = rs->answered == 0 ? NULL : rs->first;
  while (r != NULL && r->answer == DRV_ANSWER_NONE) r = r->next;
  return r;
}

void k8smi_drv_records_drop(struct drv_records *rs, struct drv_core *core, struct drv_record *record) {
  struct drv_record *before = NULL, *r = rs->first;
  while (r != record) {
    before = r;
    r = r->next;
  }
  if (before == NULL) {
    rs->first = r->next;
  } else {
    before->next = r->next;
  }
  if (rs->last == r) rs->last = before;
  rs->answered -= r->answer != DRV_ANSWER_NONE;
  k8smi_free(&core->allocator, r, sizeof *r);
}

void k8smi_drv_records_forget_call(struct drv_records *rs, const struct drv_call *call) {
  for (struct drv_record *r = rs->first; r != NULL; r = r->next) {
    if (r->call == call) r->call = NULL;
  }
}

void k8smi_drv_records_forget_pod(struct drv_records *rs, const struct drv_pod *pod) {
  for (struct drv_record *r = rs->first; r != NULL; r = r->next) {
    if (r->pod == pod) r->pod = NULL;
  }
}

void k8smi_drv_records_free(struct drv_records *rs, struct drv_core *core) {
  while (rs->first != NULL) {
    struct drv_record *next = rs->first->next;
    k8smi_free(&core->allocator, rs->first, sizeof *rs->first);
    rs->first = next;
  }
  rs->last = NULL;
}
