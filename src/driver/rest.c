/* SPDX-License-Identifier: Apache-2.0 */
/* Pods at rest. Most pods run, and nothing happens to them for hours: then all that is kept is what can't be
 * made again. The rest of it is made from that when something happens, as after a restart from the record. */
#include "driver/rest.h"
#include "base/slice.h"
#include "pod/pack.h"
#include "status/status.h"

enum {
  REST_MOST = 32,    /* pods that one step puts to rest: a third of a millisecond */
  REST_LOOKS = 1024, /* and looks at */
  REST_LENT = 2 * 1024
};

struct drv_rest {
  size_t size;           /* of the whole */
  struct k8sm_pod *like; /* what the pod is packed by, a reference; NULL: nothing */
  uint32_t attempt;
  uint32_t pod_len; /* 0: the pod is held as it is, since others hold it, too */
  uint32_t status_len;
  uint32_t kept_len; /* 0: the status of the last row is that status itself */
  bool kept;         /* there is a last row that can be appended to */
  bool said;         /* somebody was told of the status */
  bool over;
  char bytes[]; /* the pod; its status; that of the last row, as far as it is another */
};

void k8smi_drv_rest_free(struct drv_core *core, struct drv_pod *pod) {
  if (pod->rest == NULL) return;
  k8sm_pod_unref(pod->rest->like);
  k8smi_free(&core->allocator, pod->rest, pod->rest->size);
  pod->rest = NULL;
}

void k8smi_drv_rest_forget_row(struct drv_pod *pod) {
  if (pod->rest != NULL) pod->rest->kept = false;
}

uint32_t k8smi_drv_pod_attempt(const struct drv_pod *pod) {
  return pod->rest != NULL ? pod->rest->attempt : k8sm_demand_attempt(pod->demand);
}

static bool rest_is_over(const struct k8sm_status *status) {
  return status->ending && !k8smi_status_alive(status);
}

bool k8smi_drv_pod_over(const struct drv_pod *pod) {
  return pod->rest != NULL ? pod->rest->over : rest_is_over(pod->status);
}

/* ---- To rest ---- */

static bool rest_is_busy(const struct drv_pod *pod) {
  return !k8smi_list_empty(&pod->dirty) || pod->blocked || pod->need != DRV_NEED_NOTHING ||
         pod->launches != 0 || pod->finals != 0 || pod->removing != 0 || pod->next_need_ms != DRV_NEVER ||
         pod->adopts || pod->nominee != NULL;
}

static bool rest_ends(const struct drv_pod *pod) {
  return pod->deleting || pod->delete_asked || pod->delete_again || pod->preempted || pod->removed;
}

/* Nothing is under way, and nothing is expected soon. */
static bool rest_may(const struct k8sm_driver *d, const struct drv_pod *pod) {
  if (rest_is_busy(pod) || rest_ends(pod) || pod->said != pod->status) return false;
  if (pod->due.at < k8smi_drv_after(&d->core, d->core.options.rest_ms)) return false;
  return pod->status->demand == pod->demand && (pod->kept == NULL || pod->kept->demand == pod->demand);
}

/* Only statuses of ours hold the demand, and it and we the pod: then to let go of them frees all. */
static bool rest_frees_pod(const struct drv_pod *pod, const struct k8sm_pod *model) {
  unsigned statuses = pod->kept == NULL || pod->kept == pod->status ? 1 : 2;
  return k8smi_refs_count(&pod->demand->refs) == statuses + 1 && k8smi_pod_is_alone(pod->pod, 2, model);
}

static void rest_write(const struct drv_pod *pod, const struct k8sm_pod *model, struct drv_rest *head,
                       struct k8smi_buf *buf) {
  if (rest_frees_pod(pod, model)) k8smi_pod_pack(buf, pod->pod, model);
  head->pod_len = (uint32_t)buf->len;
  k8smi_status_pack(buf, pod->status, NULL);
  head->status_len = (uint32_t)buf->len - head->pod_len;
  head->kept = pod->kept != NULL;
  if (head->kept && pod->kept != pod->status) k8smi_status_pack(buf, pod->kept, pod->status);
  head->kept_len = (uint32_t)buf->len - head->pod_len - head->status_len;
  head->said = pod->said != NULL;
  head->attempt = k8sm_demand_attempt(pod->demand);
  head->over = rest_is_over(pod->status);
  head->size = sizeof *head + buf->len;
}

/* Of what is packed. */
static void rest_let_go(struct drv_pod *pod) {
  k8sm_status_unref(pod->said);
  k8sm_status_unref(pod->kept);
  k8sm_status_unref(pod->status);
  k8sm_demand_unref(pod->demand);
  pod->said = pod->kept = pod->status = NULL;
  pod->demand = NULL;
  if (pod->rest->pod_len == 0) return;
  k8sm_pod_unref(pod->pod);
  pod->pod = NULL;
}

/* Where memory lacks for it the pod stays as it is. */
static void rest_begin(struct k8sm_driver *d, struct drv_pod *pod) {
  _Alignas(8) char lent[REST_LENT];
  struct drv_rest head = {.pod_len = 0};
  struct k8smi_buf buf;
  struct k8sm_pod *model = k8smi_drv_model_of(&d->pods.models, &d->core, pod->pod, d->pods.by_uid.count);
  k8smi_buf_init(&buf, &d->core.allocator);
  k8smi_buf_lend(&buf, lent, sizeof lent);
  k8sm_demand_unref(pod->resume); /* of a launch that was */
  pod->resume = NULL;
  rest_write(pod, model, &head, &buf);
  if (!buf.failed && buf.len < UINT32_MAX) pod->rest = k8smi_alloc(&d->core.allocator, head.size);
  if (pod->rest != NULL) {
    *pod->rest = head;
    memcpy(pod->rest->bytes, buf.ptr, buf.len);
    if (head.pod_len != 0) pod->rest->like = k8sm_pod_ref(model);
    rest_let_go(pod);
  }
  k8smi_buf_free(&buf);
}

static struct drv_pod *rest_first(const struct k8smi_link *list) {
  return k8smi_list_empty(list) ? NULL : K8SMI_OF(list->next, drv_pod, awake);
}

static void rest_move(struct drv_pod *pod, struct k8smi_link *list) {
  k8smi_list_remove(&pod->awake);
  k8smi_list_add(list, &pod->awake);
}

/* To the end of the list, which so is in the order of its times. */
static void rest_queue(struct k8sm_driver *d, struct drv_pod *pod) {
  pod->awake_ms = d->core.mono_ms;
  rest_move(pod, &d->pods.awake);
}

void k8smi_drv_pod_rest(struct k8sm_driver *d, struct drv_pod *pod) {
  if (d->core.options.rest_ms != UINT64_MAX) rest_begin(d, pod);
  if (pod->rest != NULL) k8smi_list_remove(&pod->awake);
}

/* One whose turn it is; true: it has gone to rest. */
static bool rest_try(struct k8sm_driver *d, struct drv_pod *pod) {
  if (rest_may(d, pod)) k8smi_drv_pod_rest(d, pod);
  if (pod->rest == NULL) rest_queue(d, pod);
  return pod->rest != NULL;
}

/* Those that are shown have their blocks still. */
void k8smi_drv_rest_hide(struct k8sm_driver *d) {
  struct drv_pod *pod;
  while ((pod = rest_first(&d->pods.shown)) != NULL) {
    rest_let_go(pod);
    k8smi_list_remove(&pod->awake);
  }
}

void k8smi_drv_rest_pump(struct k8sm_driver *d) {
  struct drv_pod *pod;
  k8smi_drv_rest_hide(d);
  K8SMI_EACH(link, &d->pods.drowsy) {
    pod = K8SMI_OF(link, drv_pod, awake);
    if (k8smi_list_empty(&pod->dirty)) rest_try(d, pod); /* else when it was looked at */
  }
  for (int looks = 0, rests = 0; looks < REST_LOOKS && rests < REST_MOST; looks++) {
    pod = rest_first(&d->pods.awake);
    if (pod == NULL || d->core.mono_ms - pod->awake_ms < d->core.options.rest_ms) return;
    rests += rest_try(d, pod);
  }
}

uint64_t k8smi_drv_rest_deadline(const struct k8sm_driver *d) {
  const struct drv_pod *pod = rest_first(&d->pods.awake);
  const uint64_t wait = d->core.options.rest_ms;
  if (pod == NULL || !rest_may(d, pod)) return DRV_NEVER; /* some other step will see it */
  return wait > DRV_NEVER - pod->awake_ms ? DRV_NEVER : pod->awake_ms + wait;
}

/* ---- And back ---- */

static struct k8sm_slice rest_part(const struct drv_rest *rest, size_t offset, size_t len) {
  return (struct k8sm_slice){rest->bytes + offset, len};
}

/* The statuses, once there is the demand. */
static int rest_read_statuses(const struct drv_core *core, const struct drv_rest *rest,
                              struct drv_parts *parts) {
  const struct k8sm_status_options *o = &core->options.status;
  const size_t at = rest->pod_len, kept_at = at + rest->status_len;
  parts->status =
      k8smi_status_unpack(rest_part(rest, at, rest->status_len), parts->demand, NULL, o, &core->allocator);
  if (parts->status == NULL) return K8SM_ERR_NOMEM;
  if (!rest->kept) return K8SM_OK;
  parts->kept = rest->kept_len == 0 ? k8sm_status_ref(parts->status)
                                    : k8smi_status_unpack(rest_part(rest, kept_at, rest->kept_len),
                                                          parts->demand, parts->status, o, &core->allocator);
  return parts->kept == NULL ? K8SM_ERR_NOMEM : K8SM_OK;
}

/* What is done is not launched again: only the status knows of it. */
static int rest_read_done(const struct drv_core *core, const struct drv_pod *pod, struct drv_parts *parts) {
  struct k8sm_demand *demand;
  if (!k8smi_drv_status_leaves_out(parts->status)) return K8SM_OK;
  int r = k8smi_drv_pod_demand_next(core, parts->pod, parts->status, pod->rest->attempt, pod->nonce, &demand);
  if (r != K8SM_OK) return r;
  k8sm_status_unref(parts->kept);
  k8sm_status_unref(parts->status);
  k8sm_demand_unref(parts->demand);
  *parts = (struct drv_parts){.pod = parts->pod, .demand = demand};
  return rest_read_statuses(core, pod->rest, parts);
}

static int rest_read(const struct drv_core *core, const struct drv_pod *pod, struct drv_parts *parts) {
  const struct drv_rest *rest = pod->rest;
  if (rest->pod_len == 0)
    parts->pod = k8sm_pod_ref(pod->pod);
  else
    parts->pod = k8smi_pod_unpack(rest_part(rest, 0, rest->pod_len), rest->like, &core->allocator);
  if (parts->pod == NULL) return K8SM_ERR_NOMEM;
  int r = k8smi_drv_pod_demand(core, parts->pod, rest->attempt, pod->nonce, pod->form, &parts->demand, NULL);
  if (r == K8SM_OK) r = rest_read_statuses(core, rest, parts);
  return r == K8SM_OK ? rest_read_done(core, pod, parts) : r;
}

int k8smi_drv_parts_open(const struct drv_core *core, const struct drv_pod *pod, struct drv_parts *ret) {
  struct drv_parts parts = {.pod = NULL};
  int r = rest_read(core, pod, &parts);
  if (r == K8SM_OK)
    *ret = parts;
  else
    k8smi_drv_parts_close(&parts);
  return r;
}

void k8smi_drv_parts_close(struct drv_parts *parts) {
  k8sm_status_unref(parts->kept);
  k8sm_status_unref(parts->status);
  k8sm_demand_unref(parts->demand);
  k8sm_pod_unref(parts->pod);
}

static int rest_unpack(const struct k8sm_driver *d, struct drv_pod *pod) {
  struct drv_parts parts;
  int r = k8smi_drv_parts_open(&d->core, pod, &parts);
  if (r != K8SM_OK) return r;
  k8sm_pod_unref(pod->pod);
  pod->pod = parts.pod;
  pod->demand = parts.demand;
  pod->status = parts.status;
  pod->said = pod->rest->said ? k8sm_status_ref(parts.status) : NULL;
  pod->kept = parts.kept;
  return K8SM_OK;
}

int k8smi_drv_pod_stir(struct k8sm_driver *d, struct drv_pod *pod) {
  if (pod->rest == NULL) return K8SM_OK;
  int r = pod->status == NULL ? rest_unpack(d, pod) : K8SM_OK;
  if (r != K8SM_OK) return r;
  k8smi_drv_rest_free(&d->core, pod);
  rest_move(pod, &d->pods.drowsy);
  return K8SM_OK;
}

int k8smi_drv_pod_wake(struct k8sm_driver *d, struct drv_pod *pod) {
  int r = k8smi_drv_pod_stir(d, pod);
  if (r == K8SM_OK) rest_queue(d, pod);
  return r;
}

int k8smi_drv_pod_show(struct k8sm_driver *d, struct drv_pod *pod) {
  if (pod->rest == NULL || pod->status != NULL) return K8SM_OK;
  int r = rest_unpack(d, pod);
  if (r == K8SM_OK) rest_move(pod, &d->pods.shown);
  return r;
}
