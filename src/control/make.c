/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/sort.h"
#include "pod/names.h"
#include "pod/parse.h"
#include "pod/time.h"
#include "wire/number.h"

/* ---- New pods ---- */

enum { MAKE_FIRST_RETRY_MS = 1000, MAKE_LAST_RETRY_MS = 300000, MAKE_DRAWS = 16 };

void k8smi_ctl_failed(struct k8sm_control *c, struct ctl_object *o) {
  if (c->wall_ms - o->retry_ms > 2 * MAKE_LAST_RETRY_MS) o->failures = 0; /* that was long ago */
  int64_t wait = o->failures < 9 ? (int64_t)MAKE_FIRST_RETRY_MS << o->failures : MAKE_LAST_RETRY_MS;
  o->failures += o->failures < 9;
  o->retry_ms = c->wall_ms + (wait < MAKE_LAST_RETRY_MS ? wait : MAKE_LAST_RETRY_MS);
  k8smi_ctl_due(c, o, o->retry_ms);
}

/* Gives the pod, which nobody else knows yet, what the API server would: the time of its creation and, if it
 * has none, a uid. */
static bool make_stamp(struct k8sm_control *c, struct k8sm_pod *pod) {
  char drawn[17], uid[K8SMI_UID_LEN + 1], time[K8SMI_TIME_LEN];
  uint64_t number = k8smi_ctl_draw(c);
  for (size_t i = 0; i < 16; i++) drawn[i] = "0123456789abcdef"[number >> (4 * i) & 15];
  drawn[16] = '\0';
  const struct k8sm_slice names[] = {
      K8SMI_S("Pod"), k8sm_pod_namespace(pod), k8sm_pod_name(pod), {drawn, 16}};
  k8smi_name_uid(names, sizeof names / sizeof names[0], uid);
  if (k8sm_pod_uid(pod).len == 0 &&
      !k8smi_pod_set_metadata(pod, K8SMI_ObjectMeta_uid, (struct k8sm_slice){uid, K8SMI_UID_LEN}))
    return false;
  if (!k8smi_format_time(c->wall_ms / 1000, time)) return true;
  return k8smi_pod_set_metadata(pod, K8SMI_ObjectMeta_creationTimestamp,
                                (struct k8sm_slice){time, sizeof time});
}

int k8smi_ctl_stamp(struct k8sm_control *c, const struct k8sm_pod *pod, struct k8sm_pod **ret,
                    struct k8sm_diags *diags) {
  struct k8sm_pod *copy = NULL;
  const char *uid = k8sm_pod_uid(pod).len == 0 ? NULL : k8sm_pod_uid(pod).ptr;
  int r = k8sm_pod_with_uid(pod, uid, &c->allocator, &copy, diags);
  if (r != K8SM_OK) return r;
  if ((uid == NULL && !k8smi_pod_set_metadata(copy, K8SMI_ObjectMeta_uid, K8SMI_S(""))) ||
      !make_stamp(c, copy)) {
    k8sm_pod_unref(copy);
    return K8SM_ERR_NOMEM;
  }
  *ret = copy;
  return K8SM_OK;
}

/* A pod of the workload under a name that is free; INVALID when there is none, or it breaks a rule. */
static int make_kube(struct k8sm_control *c, const struct k8sm_workload *w,
                     struct k8sm_instance_options *options, struct k8sm_pod **ret, struct k8sm_diags *diags) {
  char suffix[K8SMI_NAME_SUFFIX + 1];
  for (int i = 0; i < MAKE_DRAWS; i++) {
    struct k8sm_pod *pod = NULL;
    uint64_t drawn = k8smi_ctl_draw(c);
    k8smi_name_suffix(drawn, drawn >> 32, suffix);
    options->allocator = &c->allocator;
    options->suffix = suffix;
    int r = k8sm_workload_pod(w, options, &pod, diags);
    if (r != K8SM_OK) return r;
    if (k8smi_ctl_pod_find_like(c, pod) == NULL) {
      *ret = pod;
      return K8SM_OK;
    }
    k8sm_pod_unref(pod);
  }
  return K8SM_ERR_STATE;
}

int k8smi_ctl_say_failed(struct k8sm_control *c, struct ctl_object *o, struct k8sm_slice why) {
  bool tells =
      o->kind->number == K8SM_WORKLOAD_REPLICA_SET || o->kind->number == K8SM_WORKLOAD_REPLICATION_CONTROLLER;
  int r = k8smi_ctl_event(c, o->key, "FailedCreate", "Error creating: %.*s", K8SMI_P(why));
  if (r == K8SM_OK && tells)
    r = k8smi_ctl_condition_set(c, o, "ReplicaFailure", CTL_TRUE, "FailedCreate", why);
  if (r == K8SM_OK) k8smi_ctl_failed(c, o);
  return r;
}

static int make_say_failed(struct k8sm_control *c, struct ctl_object *o, int result,
                           const struct k8sm_diags *diags) {
  const char *why = result == K8SM_ERR_STATE ? "a pod of its name exists, and is not its own"
                    : diags->count > 0       ? diags->text + diags->rows[0].message
                                             : k8sm_result_name(result);
  return k8smi_ctl_say_failed(c, o, k8smi_s(why));
}

/* In the words of the kind's controller. */
static int make_say(struct k8sm_control *c, const struct ctl_object *o, bool made, struct k8sm_slice name) {
  const char *reason = made ? "SuccessfulCreate" : "SuccessfulDelete";
  struct k8sm_slice set = o->workload->name;
  if (o->kind->number == K8SM_WORKLOAD_STATEFUL_SET)
    return k8smi_ctl_event(c, o->key, reason, "%s Pod %.*s in StatefulSet %.*s successful",
                           made ? "Create" : "Delete", K8SMI_P(name), K8SMI_P(set));
  return k8smi_ctl_event(c, o->key, reason, "%s pod: %.*s", made ? "Created" : "Deleted", K8SMI_P(name));
}

int k8smi_ctl_make(struct k8sm_control *c, struct ctl_object *o, const struct k8sm_workload *w,
                   struct k8sm_instance_options *options, struct ctl_pod **ret) {
  struct k8sm_diag rows[1];
  char text[512];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_pod *pod = NULL;
  struct ctl_pod *p = NULL;
  *ret = NULL;
  options->size = sizeof *options;
  int r = make_kube(c, w, options, &pod, &diags);
  if (r == K8SM_ERR_NOMEM) return r;
  if (r != K8SM_OK) return make_say_failed(c, o, r, &diags);
  struct k8sm_slice name = k8sm_pod_name(pod);
  r = make_stamp(c, pod) ? k8smi_ctl_pod_add(c, o, pod, &p) : K8SM_ERR_NOMEM;
  if (r == K8SM_OK) {
    p->planned = true;
    r = make_say(c, o, true, name);
    if (r != K8SM_OK) k8smi_ctl_pod_drop(c, p);
  }
  k8sm_pod_unref(pod);
  if (r == K8SM_OK) *ret = p;
  return r;
}

int k8smi_ctl_make_many(struct k8sm_control *c, struct ctl_object *o, int64_t n) {
  int r = K8SM_OK;
  for (int64_t i = 0; r == K8SM_OK && i < n; i++) {
    struct k8sm_instance_options options = {.size = sizeof options};
    struct ctl_pod *made = NULL;
    r = k8smi_ctl_make(c, o, o->workload, &options, &made);
    if (r == K8SM_OK && made == NULL) break;
  }
  return r;
}

/* ---- Which to delete ---- */

int k8smi_ctl_end(struct k8sm_control *c, struct ctl_object *o, struct ctl_pod *p) {
  int r = make_say(c, o, false, k8sm_pod_name(p->pod));
  if (r == K8SM_OK) k8smi_ctl_pod_delete(c, p, -1);
  return r;
}

/* controller.kubernetes.io/pod-deletion-cost: the cheapest goes first. */
static int64_t make_cost(const struct ctl_pod *p) {
  const struct k8smi_record *metadata = k8smi_get_record(k8smi_pod_record(p->pod), K8SMI_Pod_metadata);
  int64_t cost = 0;
  struct k8sm_slice text =
      k8smi_get_pair(metadata, K8SMI_ObjectMeta_annotations, "controller.kubernetes.io/pod-deletion-cost");
  return text.ptr != NULL && k8smi_parse_i64(text, &cost) ? cost : 0;
}

static int make_order(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

/* What Kubernetes' controllers would miss least comes first. */
static int make_by_loss(const void *left, const void *right, const void *ctx) {
  static const int8_t rank[] = {
      [CTL_PENDING] = 0, [CTL_UNKNOWN] = 1, [CTL_RUNNING] = 2, [CTL_SUCCEEDED] = 3, [CTL_FAILED] = 3};
  const struct ctl_pod *a = *(struct ctl_pod *const *)left, *b = *(struct ctl_pod *const *)right;
  const int64_t pairs[][2] = {
      {a->assigned, b->assigned},     {rank[a->phase], rank[b->phase]}, {a->ready, b->ready},
      {make_cost(a), make_cost(b)},   {b->ready_ms, a->ready_ms},       {b->restarts, a->restarts},
      {b->created_ms, a->created_ms},
  };
  (void)ctx;
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    int order = make_order(pairs[i][0], pairs[i][1]);
    if (order != 0) return order;
  }
  return k8smi_cmp(a->key, b->key);
}

int k8smi_ctl_end_many(struct k8sm_control *c, struct ctl_object *o, int64_t n, bool surplus) {
  size_t count = 0, size = o->pod_count * sizeof(struct ctl_pod *);
  int r = K8SM_OK;
  if (n <= 0 || o->pod_count == 0) return K8SM_OK;
  struct ctl_pod **pods = k8smi_alloc(&c->allocator, size);
  if (pods == NULL) return K8SM_ERR_NOMEM;
  for (struct ctl_pod *p = o->pods; p != NULL; p = p->next) {
    if (k8smi_ctl_pod_active(p)) pods[count++] = p;
  }
  k8smi_sort(pods, count, sizeof *pods, make_by_loss, NULL);
  for (size_t i = 0; r == K8SM_OK && i < count && (int64_t)i < n; i++) {
    pods[i]->surplus = surplus;
    r = k8smi_ctl_end(c, o, pods[i]);
  }
  k8smi_free(&c->allocator, pods, size);
  return r;
}

struct ctl_tally k8smi_ctl_tally(struct k8sm_control *c, struct ctl_object *o, int64_t min_ready_seconds) {
  struct ctl_tally t = {0};
  for (const struct ctl_pod *p = o->pods; p != NULL; p = p->next) {
    t.terminating += p->deleting && !k8smi_ctl_pod_ended(p);
    t.ended += k8smi_ctl_pod_ended(p) && !p->deleting;
    if (!k8smi_ctl_pod_active(p)) continue;
    t.active++;
    t.ready += p->ready;
    if (!p->ready) continue;
    if (k8smi_ctl_pod_available(c, p, min_ready_seconds))
      t.available++;
    else
      k8smi_ctl_due(c, o, p->ready_ms + min_ready_seconds * 1000);
  }
  return t;
}
