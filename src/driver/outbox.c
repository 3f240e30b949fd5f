/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/outbox.h"
#include "base/slice.h"

enum { OUTBOX_REPEAT_MS = 1000 };

/* Which calls may be sent again when it is not known whether the master took them: all but the launch,
 * whose task ids must not be used twice, and what a later one may have replaced. */
static const struct {
  uint32_t type;
  const char *name;
  bool repeat;
} outbox_kinds[] = {
    {DRV_CALL_ACCEPT, "ACCEPT", false},
    {K8SM_CALL_DECLINE, "DECLINE", true},
    {K8SM_CALL_REVIVE, "REVIVE", false},
    {K8SM_CALL_SUPPRESS, "SUPPRESS", false},
    {K8SM_CALL_KILL, "KILL", true},
    {K8SM_CALL_SHUTDOWN, "SHUTDOWN", true},
    {K8SM_CALL_ACKNOWLEDGE, "ACKNOWLEDGE", true},
    {K8SM_CALL_RECONCILE, "RECONCILE", true},
    {K8SM_CALL_TEARDOWN, "TEARDOWN", true},
    {K8SM_CALL_UPDATE_FRAMEWORK, "UPDATE_FRAMEWORK", false},
};

static size_t outbox_kind(uint32_t type) {
  size_t i = 0;
  while (i + 1 < sizeof outbox_kinds / sizeof outbox_kinds[0] && outbox_kinds[i].type != type) i++;
  return i;
}

const char *k8smi_drv_call_name(uint32_t type) {
  return outbox_kinds[outbox_kind(type)].name;
}

struct drv_call *k8smi_drv_call_new(struct drv_core *core, uint32_t type, struct k8sm_blob *bytes) {
  struct drv_call *call = k8smi_zalloc(&core->allocator, sizeof *call);
  if (call == NULL) return NULL;
  call->type = type;
  call->bytes = bytes;
  return call;
}

int k8smi_drv_call_make(struct drv_core *core, const struct drv_session *session, struct k8sm_call_args *args,
                        struct drv_call **ret) {
  struct k8sm_blob *bytes;
  args->size = sizeof *args;
  args->format = core->options.format;
  args->framework_id = k8smi_drv_text(&session->framework_id);
  int r = k8sm_call_encode(args, &core->allocator, &bytes, NULL);
  if (r != K8SM_OK) return r;
  *ret = k8smi_drv_call_new(core, args->type, bytes);
  if (*ret != NULL) return K8SM_OK;
  k8sm_blob_unref(bytes);
  return K8SM_ERR_NOMEM;
}

void k8smi_drv_call_free(struct drv_core *core, struct drv_call *call) {
  if (call == NULL) return;
  k8sm_blob_unref(call->bytes);
  k8smi_free(&core->allocator, call, sizeof *call);
}

void k8smi_drv_outbox_push(struct drv_outbox *ob, struct drv_call *call) {
  call->next = NULL;
  if (ob->first == NULL) {
    ob->first = call;
  } else {
    ob->last->next = call;
  }
  ob->last = call;
  ob->due_ms = 0;
}

void k8smi_drv_outbox_wake(struct drv_outbox *ob) {
  ob->due_ms = 0;
}

void k8smi_drv_outbox_reset(struct drv_outbox *ob) {
  for (struct drv_call *c = ob->first; c != NULL; c = c->next) {
    if (c->outcome != DRV_CALL_PENDING) continue;
    c->cancel = c->exchange != 0;
    c->outcome = c->exchange != 0 ? DRV_CALL_UNKNOWN : DRV_CALL_REFUSED;
  }
  ob->rejected = 0;
  ob->due_ms = 0;
  ob->news = true;
}

struct drv_call *k8smi_drv_outbox_take(struct drv_outbox *ob) {
  struct drv_call *before = NULL, *c = ob->first;
  while (c != NULL && (c->outcome == DRV_CALL_PENDING || c->cancel || c->complain)) {
    before = c;
    c = c->next;
  }
  if (c == NULL) return NULL;
  if (before == NULL) {
    ob->first = c->next;
  } else {
    before->next = c->next;
  }
  if (ob->last == c) ob->last = before;
  c->next = NULL;
  return c;
}

static struct drv_call *outbox_find(const struct drv_outbox *ob, uint64_t exchange) {
  struct drv_call *c = exchange == 0 ? NULL : ob->first;
  while (c != NULL && (c->exchange != exchange || c->outcome != DRV_CALL_PENDING)) c = c->next;
  return c;
}

void k8smi_drv_outbox_response(struct drv_outbox *ob, uint64_t exchange, uint32_t status) {
  struct drv_call *c = outbox_find(ob, exchange);
  if (c != NULL) c->status = status;
}

void k8smi_drv_outbox_chunk(struct drv_outbox *ob, uint64_t exchange, struct k8sm_slice bytes) {
  struct drv_call *c = outbox_find(ob, exchange);
  if (c == NULL) return;
  size_t room = sizeof c->words - 1 - c->words_len;
  size_t n = bytes.len < room ? bytes.len : room;
  if (n != 0) memcpy(c->words + c->words_len, bytes.ptr, n);
  c->words_len += n;
}

/* The master can't take it now, or nobody knows whether it did. */
static void outbox_retry(struct drv_call *c, const struct drv_core *core, enum drv_outcome otherwise) {
  if (!outbox_kinds[outbox_kind(c->type)].repeat) {
    c->outcome = otherwise;
    return;
  }
  c->exchange = 0;
  c->status = 0;
  c->words_len = 0;
  c->not_before_ms = k8smi_drv_after(core, OUTBOX_REPEAT_MS);
  c->repeated = true;
}

void k8smi_drv_outbox_end(struct drv_outbox *ob, const struct drv_core *core, uint64_t exchange) {
  struct drv_call *c = outbox_find(ob, exchange);
  if (c == NULL) return;
  ob->due_ms = 0;
  c->words[c->words_len] = '\0';
  if (c->status == 200 || c->status == 202) {
    c->outcome = DRV_CALL_DONE;
  } else if (c->status >= 500) {
    outbox_retry(c, core, DRV_CALL_REFUSED);
  } else {
    c->complain = ob->news = true;
    c->outcome = DRV_CALL_REFUSED;
    if (c->status == 403 || c->status == 307) ob->rejected = c->status;
  }
}

void k8smi_drv_outbox_lost(struct drv_outbox *ob, const struct drv_core *core, uint64_t exchange) {
  struct drv_call *c = outbox_find(ob, exchange);
  if (c == NULL) return;
  ob->due_ms = 0;
  outbox_retry(c, core, DRV_CALL_UNKNOWN);
}

static int outbox_say_one(struct drv_call *c, struct drv_core *core) {
  const struct k8sm_slice none = {NULL, 0};
  int r = K8SM_OK;
  if (c->cancel) r = k8smi_drv_cancel(core, c->exchange);
  if (r != K8SM_OK) return r;
  c->cancel = false;
  if (c->complain) {
    r = k8smi_drv_eventf(core, K8SM_DIAG_MASTER_RESPONSE, none, "the master answered %s with HTTP %u%s%s",
                         k8smi_drv_call_name(c->type), c->status, c->words_len == 0 ? "" : ": ", c->words);
  }
  if (r == K8SM_OK) c->complain = false;
  return r;
}

int k8smi_drv_outbox_say(struct drv_outbox *ob, struct drv_core *core) {
  int r = K8SM_OK;
  for (struct drv_call *c = ob->news ? ob->first : NULL; r == K8SM_OK && c != NULL; c = c->next) {
    r = outbox_say_one(c, core);
  }
  if (r == K8SM_OK) ob->news = false;
  return r;
}

static int outbox_send(struct drv_call *c, struct drv_core *core, const struct drv_session *session) {
  const struct k8sm_effect e = {.type = K8SM_EFFECT_REQUEST,
                                .to = K8SM_TO_MESOS,
                                .exchange = core->last_exchange + 1,
                                .authority = k8smi_drv_text(&session->authority),
                                .method = K8SMI_S("POST"),
                                .path = k8smi_drv_text(&session->path),
                                .content_type = k8smi_drv_media_type(core),
                                .accept = k8smi_drv_media_type(core),
                                .stream_id = k8smi_drv_text(&session->stream_id),
                                .bytes = k8sm_blob_bytes(c->bytes)};
  int r = k8smi_effects_add(core->queue, &e);
  if (r == K8SM_OK) c->exchange = ++core->last_exchange;
  return r;
}

int k8smi_drv_outbox_pump(struct drv_outbox *ob, struct drv_core *core, const struct drv_session *session) {
  if (core->mono_ms < ob->due_ms) return K8SM_OK;
  uint64_t due = DRV_NEVER;
  bool open = session->state == DRV_SESSION_SUBSCRIBED;
  for (struct drv_call *c = ob->first; c != NULL; c = c->next) {
    int r = K8SM_OK;
    bool ready = open && c->outcome == DRV_CALL_PENDING && c->exchange == 0 && c->waits == 0;
    if (ready && core->mono_ms >= c->not_before_ms) {
      r = outbox_send(c, core, session);
    } else if (ready) {
      due = k8smi_drv_min(due, c->not_before_ms);
    }
    if (r != K8SM_OK) return r;
  }
  ob->due_ms = due;
  return K8SM_OK;
}

uint64_t k8smi_drv_outbox_deadline(const struct drv_outbox *ob) {
  return ob->due_ms;
}
