/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/findings.h"
#include "pod/names.h"
#include "pod/time.h"
#include "wire/number.h"

/* An object with its status, as an API server would show it. That is also its row in the record. */

/* ---- Writing ---- */

static void row_put_time(struct k8smi_edit *e, unsigned field, int64_t ms) {
  char text[K8SMI_TIME_LEN];
  if (ms != 0 && k8smi_format_time(ms / 1000, text))
    k8smi_edit_text(e, field, (struct k8sm_slice){text, sizeof text});
}

static unsigned row_field(unsigned type, const char *name) {
  return k8smi_type_find(&k8smi_types[type], k8smi_s(name), 0);
}

static const struct k8smi_record *row_condition(const struct ctl_condition *condition, unsigned type,
                                                struct k8smi_arena *arena) {
  static const char *const words[] = {"False", "True", "Unknown"};
  const char *updated = type == K8SMI_TYPE_JobCondition ? "lastProbeTime" : "lastUpdateTime";
  struct k8smi_edit e;
  k8smi_edit_begin(&e, arena, NULL);
  k8smi_edit_text(&e, row_field(type, "type"), condition->type);
  k8smi_edit_text(&e, row_field(type, "status"), k8smi_s(words[condition->status]));
  if (row_field(type, updated) < k8smi_types[type].count)
    row_put_time(&e, row_field(type, updated), condition->update_ms);
  row_put_time(&e, row_field(type, "lastTransitionTime"), condition->transition_ms);
  if (condition->reason.len > 0) k8smi_edit_text(&e, row_field(type, "reason"), condition->reason);
  if (condition->message.len > 0) k8smi_edit_text(&e, row_field(type, "message"), condition->message);
  return k8smi_edit_end(&e);
}

static void row_put_field(struct k8smi_edit *e, const struct ctl_object *o,
                          const struct ctl_status_field *f) {
  const char *at = (const char *)o + f->offset;
  struct ctl_text text;
  int64_t number;
  if (f->form == CTL_TEXT) {
    memcpy(&text, at, sizeof text);
    if (text.len > 0) k8smi_edit_text(e, f->field, k8smi_ctl_text(&text));
    return;
  }
  memcpy(&number, at, sizeof number);
  if (f->form == CTL_TIME) {
    row_put_time(e, f->field, number);
  } else if (f->form == CTL_OPTION ? number >= 0 : number != 0) {
    k8smi_edit_number(e, f->field, number);
  }
}

/* The uids of the pods that are counted as ended so. */
static const struct k8smi_list *row_counted_list(const struct ctl_object *o, enum ctl_phase phase,
                                                 struct k8smi_arena *arena) {
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  struct k8sm_slice *items = k8smi_arena_array(arena, o->pod_count + 1, sizeof *items);
  if (list == NULL || items == NULL) return NULL;
  *list = (struct k8smi_list){items, 0};
  for (const struct ctl_pod *p = o->pods; p != NULL; p = p->next) {
    bool succeeded = p->phase == CTL_SUCCEEDED;
    if (p->counted && succeeded == (phase == CTL_SUCCEEDED)) items[list->count++] = p->uid;
  }
  return list;
}

/* Kubernetes lists here what it has seen to end and not counted; that is over when it is shown. The record
 * lists what is counted and still there, so that it is not counted again. */
static void row_put_counted(struct k8smi_edit *e, const struct ctl_object *o, bool record) {
  static const struct {
    enum ctl_phase phase;
    unsigned field;
  } lists[] = {{CTL_SUCCEEDED, K8SMI_UncountedTerminatedPods_succeeded},
               {CTL_FAILED, K8SMI_UncountedTerminatedPods_failed}};
  struct k8smi_edit uncounted;
  k8smi_edit_begin(&uncounted, e->arena, NULL);
  for (size_t i = 0; record && i < sizeof lists / sizeof lists[0]; i++) {
    const struct k8smi_list *list = row_counted_list(o, lists[i].phase, e->arena);
    if (list == NULL || list->count > 0) k8smi_edit_list(&uncounted, lists[i].field, list);
  }
  k8smi_edit_record(e, K8SMI_JobStatus_uncountedTerminatedPods, k8smi_edit_end(&uncounted));
}

static const struct k8smi_record *row_status(const struct k8sm_control *c, const struct ctl_object *o,
                                             bool record, struct k8smi_arena *arena) {
  const struct ctl_kind *kind = o->kind;
  struct k8smi_edit e;
  k8smi_edit_begin(&e, arena, NULL);
  if (kind->observed != CTL_NO_FIELD) k8smi_edit_number(&e, kind->observed, o->generation);
  for (size_t i = 0; i < kind->field_count; i++) row_put_field(&e, o, &kind->fields[i]);
  for (size_t i = 0; kind->conditions != CTL_NO_FIELD && i < o->condition_count; i++)
    k8smi_edit_append(&e, kind->conditions, row_condition(&o->conditions[i], kind->condition_type, arena));
  if (kind->number == K8SM_WORKLOAD_JOB) row_put_counted(&e, o, record);
  if (kind->number == K8SM_WORKLOAD_CRON_JOB) k8smi_ctl_row_active(c, o, &e);
  return k8smi_edit_end(&e);
}

/* What a Deployment notes on its ReplicaSets. */
static const char *const row_note_names[] = {"deployment.kubernetes.io/revision",
                                             "deployment.kubernetes.io/desired-replicas",
                                             "deployment.kubernetes.io/max-replicas"};
enum { ROW_NOTES = sizeof row_note_names / sizeof row_note_names[0] };

static bool row_has_notes(const struct ctl_object *o) {
  return o->kind->number == K8SM_WORKLOAD_REPLICA_SET && o->owner != NULL;
}

/* What only the record notes: the replicas of one that was scaled, whose spec stays that of its manifest
 * there; and up to which ordinal a StatefulSet may have claims. */
static const char row_scaled[] = "k8s.mesosphere.io/scaled-replicas";
static const char row_claimed[] = "k8s.mesosphere.io/claimed-ordinals";
enum { ROW_CLAIMED_MAX = 100000 };

/* What was read from a row has them in its annotations: those that hold no more are not written again, and
 * nobody else sees them. */
static void row_put_own_notes(struct k8smi_edit *e, const struct ctl_object *o, bool record) {
  const struct {
    const char *name;
    int64_t number; /* -1: there is nothing to be noted */
  } notes[] = {{row_scaled, o->scaled ? o->replicas : -1}, {row_claimed, o->claimed > 0 ? o->claimed : -1}};
  const size_t count = sizeof notes / sizeof notes[0];
  struct k8smi_list before =
      k8smi_get_list(k8smi_get_record(o->workload->object, K8SMI_Pod_metadata), K8SMI_ObjectMeta_annotations);
  struct k8smi_list *list = k8smi_arena_alloc(e->arena, sizeof *list);
  struct k8smi_pair *pairs = k8smi_arena_array(e->arena, before.count + count, sizeof *pairs);
  size_t n = 0;
  for (size_t i = 0; pairs != NULL && i < before.count; i++) {
    pairs[n] = k8smi_list_pair(before, i);
    n += !k8smi_eqs(pairs[n].key, row_scaled) && !k8smi_eqs(pairs[n].key, row_claimed);
  }
  const bool other = n != before.count;
  for (size_t i = 0; pairs != NULL && record && i < count; i++) {
    if (notes[i].number < 0) continue;
    pairs[n] = (struct k8smi_pair){k8smi_s(notes[i].name), k8smi_name_number(e->arena, notes[i].number)};
    if (pairs[n++].value.ptr == NULL) e->failed = true;
  }
  if (list == NULL || pairs == NULL) e->failed = true;
  if (e->failed || (!other && n == before.count)) return;
  *list = (struct k8smi_list){pairs, n};
  if (n == 0)
    k8smi_edit_unset(e, K8SMI_ObjectMeta_annotations);
  else
    k8smi_edit_list(e, K8SMI_ObjectMeta_annotations, list);
}

static void row_put_notes(struct k8smi_edit *e, const struct ctl_object *o) {
  const int64_t values[ROW_NOTES] = {o->revision, o->desired, o->most};
  struct k8smi_edit_pairs pairs = {.count = 0};
  for (size_t i = 0; i < ROW_NOTES; i++) {
    struct k8sm_slice text = k8smi_name_number(e->arena, values[i]);
    if (text.ptr == NULL) e->failed = true;
    k8smi_edit_pairs_put(&pairs, k8smi_s(row_note_names[i]), text);
  }
  k8smi_edit_map(e, K8SMI_ObjectMeta_annotations, &pairs, false);
}

static const struct k8smi_record *row_metadata(const struct ctl_object *o, bool record,
                                               struct k8smi_arena *arena) {
  struct k8smi_edit e;
  k8smi_edit_begin(&e, arena, k8smi_get_record(o->workload->object, K8SMI_Pod_metadata));
  k8smi_edit_text(&e, K8SMI_ObjectMeta_uid, o->uid);
  if (row_has_notes(o))
    row_put_notes(&e, o);
  else
    row_put_own_notes(&e, o, record);
  k8smi_edit_number(&e, K8SMI_ObjectMeta_generation, o->generation);
  row_put_time(&e, K8SMI_ObjectMeta_creationTimestamp, o->created_ms);
  if (o->deleting) row_put_time(&e, K8SMI_ObjectMeta_deletionTimestamp, o->deleted_ms);
  if (o->deleting && o->grace_seconds >= 0)
    k8smi_edit_number(&e, K8SMI_ObjectMeta_deletionGracePeriodSeconds, o->grace_seconds);
  return k8smi_edit_end(&e);
}

/* A ReplicaSet has as many replicas as its Deployment says now, what was scaled those that it was given. */
static void row_put_replicas(struct k8smi_edit *e, const struct ctl_object *o, bool record) {
  const struct k8smi_workload_kind *kind = o->workload->kind;
  struct k8smi_edit spec;
  if (!row_has_notes(o) && (record || !o->scaled)) return;
  k8smi_edit_begin(&spec, e->arena, o->workload->spec);
  k8smi_edit_number(&spec, kind->replicas, o->replicas);
  k8smi_edit_record(e, kind->path[0], k8smi_edit_end(&spec));
}

int k8smi_ctl_row_write(const struct k8sm_control *c, const struct ctl_object *o, uint32_t format,
                        bool record, struct k8sm_blob **ret) {
  struct k8smi_arena arena;
  struct k8smi_edit e;
  if (!k8smi_arena_init(&arena, &c->allocator, 0)) return K8SM_ERR_NOMEM;
  k8smi_edit_begin(&e, &arena, o->workload->object);
  k8smi_edit_record(&e, K8SMI_Pod_metadata, row_metadata(o, record, &arena));
  row_put_replicas(&e, o, record);
  k8smi_edit_record(&e, o->kind->status, row_status(c, o, record, &arena));
  const struct k8smi_record *object = k8smi_edit_end(&e);
  int r = object == NULL ? K8SM_ERR_NOMEM
                         : k8smi_record_to_blob(o->workload->kind->type, object, format, &c->allocator, ret);
  k8smi_arena_free(&arena);
  return r;
}

/* ---- Reading ---- */

static int64_t row_get_time(const struct k8smi_record *record, unsigned field) {
  int64_t seconds;
  return k8smi_parse_time(k8smi_get_str(record, field), &seconds) ? seconds * 1000 : 0;
}

static int row_read_condition(struct k8sm_control *c, struct ctl_object *o, const struct k8smi_record *from) {
  const unsigned type = o->kind->condition_type;
  struct k8sm_slice name = k8smi_get_str(from, row_field(type, "type"));
  struct k8sm_slice status = k8smi_get_str(from, row_field(type, "status"));
  uint32_t is = k8smi_eqs(status, "True") ? CTL_TRUE : k8smi_eqs(status, "False") ? CTL_FALSE : CTL_UNSURE;
  unsigned updated = row_field(type, type == K8SMI_TYPE_JobCondition ? "lastProbeTime" : "lastUpdateTime");
  struct k8sm_slice reason = k8smi_get_str(from, row_field(type, "reason"));
  if (name.len == 0) return K8SM_OK;
  int r = k8smi_ctl_condition_set(c, o, name.ptr, is, reason.len == 0 ? "" : reason.ptr,
                                  k8smi_get_str(from, row_field(type, "message")));
  struct ctl_condition *condition = r == K8SM_OK ? k8smi_ctl_condition(o, name.ptr) : NULL;
  if (condition == NULL) return r;
  condition->transition_ms = row_get_time(from, row_field(type, "lastTransitionTime"));
  condition->update_ms =
      updated < k8smi_types[type].count ? row_get_time(from, updated) : condition->transition_ms;
  return K8SM_OK;
}

static bool row_read_field(struct k8sm_control *c, struct ctl_object *o, const struct k8smi_record *status,
                           const struct ctl_status_field *f) {
  void *at = (char *)o + f->offset;
  int64_t number;
  if (f->form == CTL_TEXT) return k8smi_ctl_text_set(c, at, k8smi_get_str(status, f->field));
  number = f->form == CTL_TIME ? row_get_time(status, f->field)
                               : k8smi_get_i64(status, f->field, f->form == CTL_OPTION ? -1 : 0);
  memcpy(at, &number, sizeof number);
  return true;
}

static bool row_read_counted(struct k8sm_control *c, struct ctl_object *o, struct k8smi_list uids) {
  for (size_t i = 0; i < uids.count; i++) {
    struct k8sm_slice uid = k8smi_list_str(uids, i);
    struct ctl_counted *counted = k8smi_alloc(&c->allocator, sizeof *counted + uid.len);
    if (counted == NULL) return false;
    *counted = (struct ctl_counted){o->restored, {counted->text, uid.len}};
    if (uid.len > 0) memcpy(counted->text, uid.ptr, uid.len);
    o->restored = counted;
  }
  return true;
}

/* A pod that counts as failed since it is to go, and runs still: the driver was not told in time. */
void k8smi_ctl_counted_settle(struct k8sm_control *c, struct ctl_object *o) {
  for (struct ctl_pod *p = o->pods; o->restored != NULL && p != NULL; p = p->next) {
    for (const struct ctl_counted *at = o->restored; at != NULL && !p->counted; at = at->next)
      p->counted = k8smi_eq(at->uid, p->uid);
    if (p->counted && !p->deleting && !k8smi_ctl_pod_ended(p)) k8smi_ctl_pod_delete(c, p, -1);
  }
  k8smi_ctl_counted_free(c, o);
}

void k8smi_ctl_counted_free(struct k8sm_control *c, struct ctl_object *o) {
  for (struct ctl_counted *at = o->restored, *next; at != NULL; at = next) {
    next = at->next;
    k8smi_free(&c->allocator, at, sizeof *at + at->uid.len);
  }
  o->restored = NULL;
}

static int row_read_status(struct k8sm_control *c, struct ctl_object *o) {
  const struct ctl_kind *kind = o->kind;
  const struct k8smi_record *status = k8smi_get_record(o->workload->object, kind->status);
  struct k8smi_list conditions = {NULL, 0};
  bool ok = true;
  if (kind->conditions != CTL_NO_FIELD) conditions = k8smi_get_list(status, kind->conditions);
  for (size_t i = 0; ok && i < kind->field_count; i++) ok = row_read_field(c, o, status, &kind->fields[i]);
  for (size_t i = 0; ok && i < conditions.count; i++)
    ok = row_read_condition(c, o, k8smi_list_record(conditions, i)) == K8SM_OK;
  if (ok && kind->number == K8SM_WORKLOAD_JOB) {
    const struct k8smi_record *of = k8smi_get_record(status, K8SMI_JobStatus_uncountedTerminatedPods);
    ok = row_read_counted(c, o, k8smi_get_list(of, K8SMI_UncountedTerminatedPods_succeeded)) &&
         row_read_counted(c, o, k8smi_get_list(of, K8SMI_UncountedTerminatedPods_failed));
  }
  return ok ? K8SM_OK : K8SM_ERR_NOMEM;
}

static void row_read_metadata(struct ctl_object *o) {
  const struct k8smi_record *metadata = k8smi_get_record(o->workload->object, K8SMI_Pod_metadata);
  int64_t created = row_get_time(metadata, K8SMI_ObjectMeta_creationTimestamp);
  if (created != 0) o->created_ms = created;
  o->generation = k8smi_get_i64(metadata, K8SMI_ObjectMeta_generation, 1);
  o->deleted_ms = row_get_time(metadata, K8SMI_ObjectMeta_deletionTimestamp);
  o->deleting = o->deleted_ms != 0;
  o->grace_seconds = k8smi_get_i64(metadata, K8SMI_ObjectMeta_deletionGracePeriodSeconds, -1);
  int64_t *const notes[ROW_NOTES] = {&o->revision, &o->desired, &o->most};
  for (size_t i = 0; i < ROW_NOTES; i++) {
    struct k8sm_slice text = k8smi_get_pair(metadata, K8SMI_ObjectMeta_annotations, row_note_names[i]);
    if (text.ptr == NULL || !k8smi_parse_i64(text, notes[i])) *notes[i] = 0;
  }
}

/* -1: there is none, or it is not from 0 to `most`. */
static int64_t row_read_note(const struct ctl_object *o, const char *name, int64_t most) {
  const struct k8smi_record *metadata = k8smi_get_record(o->workload->object, K8SMI_Pod_metadata);
  struct k8sm_slice text = k8smi_get_pair(metadata, K8SMI_ObjectMeta_annotations, name);
  int64_t number;
  return text.ptr != NULL && k8smi_parse_i64(text, &number) && number >= 0 && number <= most ? number : -1;
}

static void row_read_own_notes(struct ctl_object *o) {
  int64_t replicas = row_read_note(o, row_scaled, INT32_MAX);
  int64_t claimed = row_read_note(o, row_claimed, ROW_CLAIMED_MAX);
  o->claimed = claimed < 0 ? 0 : claimed;
  if (replicas < 0 || !k8smi_ctl_can_scale(o)) return;
  o->scaled = true;
  o->replicas = replicas;
}

/* ---- The former template of a StatefulSet ---- */

static const char row_former[] = "ControllerRevision/";

bool k8smi_ctl_former_key(const struct ctl_object *o, struct k8smi_buf *buf) {
  k8smi_buf_puts(buf, row_former);
  k8smi_buf_slice(buf, o->key);
  return !buf->failed;
}

static int row_read_former(struct k8sm_control *c, struct k8sm_workload *w) {
  struct ctl_former *former = k8smi_alloc(&c->allocator, sizeof *former);
  if (former == NULL) return K8SM_ERR_NOMEM;
  *former = (struct ctl_former){c->formers, k8sm_workload_ref(w)};
  c->formers = former;
  return K8SM_OK;
}

void k8smi_ctl_formers_settle(struct k8sm_control *c) {
  for (struct ctl_former *former = c->formers; former != NULL; former = former->next) {
    struct ctl_object *o = k8smi_ctl_table_get(&c->uids, former->workload->uid);
    if (o == NULL || o->former != NULL || o->kind->number != K8SM_WORKLOAD_STATEFUL_SET) continue;
    o->former = k8sm_workload_ref(former->workload);
    o->former_kept = true;
  }
  k8smi_ctl_formers_free(c);
}

void k8smi_ctl_formers_free(struct k8sm_control *c) {
  for (struct ctl_former *former = c->formers, *next; former != NULL; former = next) {
    next = former->next;
    k8sm_workload_unref(former->workload);
    k8smi_free(&c->allocator, former, sizeof *former);
  }
  c->formers = NULL;
}

/* ---- A whole row ---- */

static int row_read_object(struct k8sm_control *c, struct k8sm_slice key, struct k8sm_slice bytes,
                           struct k8sm_workload *w, struct k8sm_diags *diags) {
  struct ctl_object *o = NULL;
  bool known = k8smi_ctl_kind(w->kind->number) != NULL && k8smi_ctl_table_get(&c->uids, w->uid) == NULL;
  int r = known ? k8smi_ctl_object_new(c, w, NULL, &o) : K8SM_OK;
  if (!known || (r == K8SM_OK && !k8smi_eq(o->key, key))) {
    k8smi_find(diags, K8SM_DIAG_RECORD_INVALID, NULL, "the row %.*s: expected a workload of that name, once",
               K8SMI_P(key));
    r = K8SM_ERR_INVALID;
  }
  if (r == K8SM_OK) r = row_read_status(c, o);
  if (r != K8SM_OK) {
    if (o != NULL) k8smi_ctl_object_drop(c, o);
    return r;
  }
  row_read_metadata(o);
  row_read_own_notes(o);
  o->said_end = k8smi_ctl_job_end(o) != NULL;
  o->kept = true;
  o->row_hash = k8smi_hash(bytes.ptr, bytes.len, c->seed);
  return K8SM_OK;
}

int k8smi_ctl_row_read(struct k8sm_control *c, struct k8sm_slice key, struct k8sm_slice bytes,
                       struct k8sm_diags *diags) {
  const struct k8sm_parse_options options = {.size = sizeof options,
                                             .flags = K8SM_PARSE_NO_VALIDATE,
                                             .allocator = &c->allocator,
                                             .format = K8SM_FORMAT_JSON};
  const size_t head = sizeof row_former - 1;
  struct k8sm_workload *w = NULL;
  int r = k8sm_workload_parse(bytes.ptr, bytes.len, &options, &w, diags);
  if (r != K8SM_OK) return r;
  if (key.len > head && memcmp(key.ptr, row_former, head) == 0)
    r = row_read_former(c, w);
  else
    r = row_read_object(c, key, bytes, w, diags);
  k8sm_workload_unref(w);
  return r;
}
