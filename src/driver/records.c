/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/records.h"
#include "driver/pods.h"

void k8smi_drv_records_init(struct drv_records *rs) {
  memset(rs, 0, sizeof *rs);
  k8smi_list_init(&rs->waiting);
  k8smi_list_init(&rs->answered);
}

int k8smi_drv_record_new(struct drv_core *core, enum drv_record_kind kind, struct drv_record **ret) {
  struct drv_record *record = k8smi_zalloc(&core->allocator, sizeof *record);
  if (record == NULL) return K8SM_ERR_NOMEM;
  record->kind = kind;
  *ret = record;
  return K8SM_OK;
}

static void records_join_pod(struct drv_record *record) {
  struct drv_pod *pod = record->pod;
  record->previous = pod->last_row;
  if (record->previous != NULL) record->previous->next = record;
  pod->last_row = record;
}

static void records_leave_pod(struct drv_record *record) {
  if (record->pod == NULL) return;
  if (record->previous != NULL) record->previous->next = record->next;
  if (record->next != NULL) record->next->previous = record->previous;
  if (record->pod->last_row == record) record->pod->last_row = record->previous;
  record->pod = NULL;
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
  k8smi_drv_lookup_put(&rs->numbers, &core->allocator, &record->number, ++rs->last_number);
  k8smi_list_add(&rs->waiting, &record->link);
  record->held_back = record->call != NULL;
  if (record->call != NULL) record->call->waits++;
  if (record->pod != NULL) records_join_pod(record);
  core->counters.records++;
  return K8SM_OK;
}

/* What is appended behind a row that is missing can't be read, until a whole one comes. What is behind a row
 * that is broken itself was told so before. */
static void records_break_chain(const struct drv_record *missing) {
  for (struct drv_record *r = missing->next; r != NULL && r->append && !r->broken; r = r->next)
    r->broken = true;
}

struct drv_record *k8smi_drv_records_answer(struct drv_records *rs, struct drv_outbox *ob,
                                            struct drv_core *core, uint64_t number, enum drv_answer answer) {
  struct drv_key *key = k8smi_drv_lookup_first(&rs->numbers, number);
  if (key == NULL) return NULL;
  struct drv_record *r = K8SMI_OF(key, drv_record, number);
  k8smi_drv_lookup_remove(&rs->numbers, &core->allocator, key);
  k8smi_list_remove(&r->link);
  k8smi_list_add(&rs->answered, &r->link);
  r->answer = r->broken ? DRV_ANSWER_REFUSED : answer;
  if (r->answer == DRV_ANSWER_REFUSED) records_break_chain(r);
  if (r->call != NULL) k8smi_drv_outbox_answer(ob, core, r->call, r->answer == DRV_ANSWER_KEPT);
  r->call = NULL;
  return r;
}

struct drv_record *k8smi_drv_records_peek(const struct drv_records *rs) {
  return k8smi_list_empty(&rs->answered) ? NULL : K8SMI_OF(rs->answered.next, drv_record, link);
}

void k8smi_drv_records_drop(struct drv_core *core, struct drv_record *record) {
  k8smi_list_remove(&record->link);
  records_leave_pod(record);
  k8smi_free(&core->allocator, record, sizeof *record);
}

void k8smi_drv_records_forget_pod(struct drv_pod *pod) {
  while (pod->last_row != NULL) records_leave_pod(pod->last_row);
}

void k8smi_drv_records_free(struct drv_records *rs, struct drv_outbox *ob, struct drv_core *core) {
  while (!k8smi_list_empty(&rs->waiting)) {
    const struct drv_record *r = K8SMI_OF(rs->waiting.next, drv_record, link);
    k8smi_drv_records_answer(rs, ob, core, r->number.number, DRV_ANSWER_REFUSED);
  }
  for (struct drv_record *r; (r = k8smi_drv_records_peek(rs)) != NULL;) k8smi_drv_records_drop(core, r);
  k8smi_drv_lookup_free(&rs->numbers, &core->allocator);
}
