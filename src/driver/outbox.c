/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/outbox.h"
#include "base/slice.h"
#include "call/acknowledge.h"

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
    {K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS, "ACKNOWLEDGE_OPERATION_STATUS", true},
    {K8SM_CALL_RECONCILE_OPERATIONS, "RECONCILE_OPERATIONS", true},
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

/* With room for so many bytes behind it. */
static struct drv_call *outbox_new_call(const struct drv_core *core, uint32_t type, size_t more,
                                        const char *why) {
  const size_t size = sizeof(struct drv_call) + more; /* of a call that is short */
  struct drv_call *call = k8smi_alloc(&core->allocator, size);
  if (call == NULL) return NULL;
  memset(call, 0, offsetof(struct drv_call, words)); /* no answer has come: there are none */
  call->type = type;
  call->size = size;
  call->why = why;
  return call;
}

static void outbox_free_call(const struct drv_core *core, struct drv_call *call) {
  k8smi_free(&core->allocator, call, call->size);
}

struct drv_call *k8smi_drv_call_new(struct drv_core *core, uint32_t type, struct k8sm_blob *bytes,
                                    const char *why) {
  struct drv_call *call = outbox_new_call(core, type, 0, why);
  if (call == NULL) return NULL;
  call->blob = bytes;
  call->bytes = k8sm_blob_bytes(bytes);
  return call;
}

/* An acknowledgement, of so many bytes: the call that goes out most is one block with them. */
static struct drv_call *outbox_acknowledge(const struct drv_core *core, const struct k8sm_call_args *args,
                                           size_t len, const char *why) {
  struct drv_call *call = outbox_new_call(core, args->type, len, why);
  if (call == NULL) return NULL;
  char *bytes = (char *)(call + 1);
  k8smi_acknowledge_write(bytes, args);
  call->bytes = (struct k8sm_slice){bytes, len};
  return call;
}

int k8smi_drv_call_make(struct drv_core *core, const struct drv_session *session, struct k8sm_call_args *args,
                        const char *why, struct drv_call **ret) {
  struct k8sm_blob *bytes;
  args->size = sizeof *args;
  args->format = core->options.format;
  args->framework_id = k8smi_drv_text(&session->framework_id);
  const size_t len = k8smi_acknowledge_size(args);
  if (len != 0) {
    *ret = outbox_acknowledge(core, args, len, why);
    return *ret == NULL ? K8SM_ERR_NOMEM : K8SM_OK;
  }
  int r = k8sm_call_encode(args, &core->allocator, &bytes, NULL);
  if (r != K8SM_OK) return r;
  *ret = k8smi_drv_call_new(core, args->type, bytes, why);
  if (*ret != NULL) return K8SM_OK;
  k8sm_blob_unref(bytes);
  return K8SM_ERR_NOMEM;
}

void k8smi_drv_call_free(struct drv_core *core, struct drv_call *call) {
  if (call == NULL) return;
  k8sm_blob_unref(call->blob);
  call->blob = NULL;
  call->freed = true;
  if (call->waits == 0) outbox_free_call(core, call);
}

/* ---- From list to list ---- */

static struct drv_call *outbox_call(struct k8smi_link *link) {
  return K8SMI_OF(link, drv_call, link);
}

static void outbox_move(struct drv_call *call, struct k8smi_link *to) {
  k8smi_list_remove(&call->link);
  k8smi_list_add(to, &call->link);
}

void k8smi_drv_outbox_init(struct drv_outbox *ob) {
  memset(ob, 0, sizeof *ob);
  struct k8smi_link *const lists[] = {&ob->waiting, &ob->ready, &ob->later, &ob->sent, &ob->over, &ob->done};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) k8smi_list_init(lists[i]);
}

void k8smi_drv_outbox_push(struct drv_outbox *ob, struct drv_call *call) {
  k8smi_list_add(call->waits != 0 ? &ob->waiting : &ob->ready, &call->link);
}

static void outbox_set_outcome(struct drv_outbox *ob, struct drv_call *call, enum drv_outcome outcome) {
  call->outcome = outcome;
  outbox_move(call, call->complain || call->cancel ? &ob->over : &ob->done);
}

void k8smi_drv_outbox_answer(struct drv_outbox *ob, struct drv_core *core, struct drv_call *call, bool kept) {
  call->waits--;
  if (call->freed) {
    if (call->waits == 0) outbox_free_call(core, call);
  } else if (call->outcome == DRV_CALL_PENDING && !kept) {
    outbox_set_outcome(ob, call, DRV_CALL_REFUSED);
  } else if (call->outcome == DRV_CALL_PENDING && call->waits == 0) {
    outbox_move(call, &ob->ready);
  }
}

void k8smi_drv_outbox_refuse(struct drv_outbox *ob, struct drv_call *call) {
  if (call->outcome == DRV_CALL_PENDING && call->exchange.number == 0)
    outbox_set_outcome(ob, call, DRV_CALL_REFUSED);
}

void k8smi_drv_outbox_reset(struct drv_outbox *ob, struct drv_core *core) {
  struct k8smi_link *const unsent[] = {&ob->waiting, &ob->ready, &ob->later};
  for (size_t i = 0; i < sizeof unsent / sizeof unsent[0]; i++) {
    while (!k8smi_list_empty(unsent[i]))
      outbox_set_outcome(ob, outbox_call(unsent[i]->next), DRV_CALL_REFUSED);
  }
  while (!k8smi_list_empty(&ob->sent)) {
    struct drv_call *call = outbox_call(ob->sent.next);
    k8smi_drv_lookup_remove(&ob->exchanges, &core->allocator, &call->exchange);
    call->cancel = true;
    outbox_set_outcome(ob, call, DRV_CALL_UNKNOWN);
  }
  ob->rejected = 0;
}

struct drv_call *k8smi_drv_outbox_peek(const struct drv_outbox *ob) {
  return k8smi_list_empty(&ob->done) ? NULL : outbox_call(ob->done.next);
}

void k8smi_drv_outbox_drop(struct drv_core *core, struct drv_call *call) {
  k8smi_list_remove(&call->link);
  k8smi_drv_call_free(core, call);
}

void k8smi_drv_outbox_close(struct drv_outbox *ob, struct drv_core *core) {
  k8smi_drv_outbox_reset(ob, core);
  while (!k8smi_list_empty(&ob->over)) outbox_move(outbox_call(ob->over.next), &ob->done);
  k8smi_drv_lookup_free(&ob->exchanges, &core->allocator);
}

/* ---- Answers ---- */

static struct drv_call *outbox_find(struct drv_outbox *ob, uint64_t exchange) {
  struct drv_key *key = exchange == 0 ? NULL : k8smi_drv_lookup_first(&ob->exchanges, exchange);
  return key == NULL ? NULL : K8SMI_OF(key, drv_call, exchange);
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
static void outbox_retry(struct drv_outbox *ob, struct drv_call *c, const struct drv_core *core,
                         enum drv_outcome otherwise) {
  if (!outbox_kinds[outbox_kind(c->type)].repeat) {
    outbox_set_outcome(ob, c, otherwise);
    return;
  }
  c->exchange.number = 0;
  c->status = 0;
  c->words_len = 0;
  c->not_before_ms = k8smi_drv_after(core, OUTBOX_REPEAT_MS);
  c->repeated = true;
  outbox_move(c, &ob->later); /* all wait for as long, and time does not go back: the list is in order */
}

/* The call whose exchange is over; NULL: none of ours. */
static struct drv_call *outbox_close(struct drv_outbox *ob, const struct drv_core *core, uint64_t exchange) {
  struct drv_call *c = outbox_find(ob, exchange);
  if (c != NULL) k8smi_drv_lookup_remove(&ob->exchanges, &core->allocator, &c->exchange);
  return c;
}

void k8smi_drv_outbox_end(struct drv_outbox *ob, struct drv_core *core, uint64_t exchange) {
  struct drv_call *c = outbox_close(ob, core, exchange);
  if (c == NULL) return;
  c->words[c->words_len] = '\0';
  if (c->status == 200 || c->status == 202) {
    outbox_set_outcome(ob, c, DRV_CALL_DONE);
  } else if (c->status >= 500) {
    outbox_retry(ob, c, core, DRV_CALL_REFUSED);
  } else {
    c->complain = true;
    outbox_set_outcome(ob, c, DRV_CALL_REFUSED);
    if (c->status == 403 || c->status == 307) ob->rejected = c->status;
  }
}

void k8smi_drv_outbox_lost(struct drv_outbox *ob, struct drv_core *core, uint64_t exchange) {
  struct drv_call *c = outbox_close(ob, core, exchange);
  if (c != NULL) outbox_retry(ob, c, core, DRV_CALL_UNKNOWN);
}

/* ---- Pumps ---- */

static int outbox_say_one(struct drv_call *c, struct drv_core *core) {
  const struct k8sm_slice none = {NULL, 0};
  int r = K8SM_OK;
  if (c->cancel) r = k8smi_drv_cancel(core, c->exchange.number);
  if (r != K8SM_OK) return r;
  c->cancel = false;
  if (!c->complain) return K8SM_OK;
  r = k8smi_drv_eventf(core, K8SM_DIAG_MASTER_RESPONSE, none, "the master answered %s with HTTP %u%s%s",
                       k8smi_drv_call_name(c->type), c->status, c->words_len == 0 ? "" : ": ", c->words);
  if (r == K8SM_OK) c->complain = false;
  return r;
}

int k8smi_drv_outbox_say(struct drv_outbox *ob, struct drv_core *core) {
  int r = K8SM_OK;
  while (r == K8SM_OK && !k8smi_list_empty(&ob->over)) {
    struct drv_call *call = outbox_call(ob->over.next);
    r = outbox_say_one(call, core);
    if (r == K8SM_OK) outbox_move(call, &ob->done);
  }
  return r;
}

static int outbox_send(struct drv_outbox *ob, struct drv_call *c, struct drv_core *core,
                       const struct drv_session *session) {
  const struct k8sm_effect e = {.type = K8SM_EFFECT_REQUEST,
                                .to = K8SM_TO_MESOS,
                                .exchange = core->last_exchange + 1,
                                .authority = k8smi_drv_text(&session->authority),
                                .method = K8SMI_S("POST"),
                                .path = k8smi_drv_text(&session->path),
                                .content_type = k8smi_drv_media_type(core),
                                .accept = k8smi_drv_media_type(core),
                                .stream_id = k8smi_drv_text(&session->stream_id),
                                .bytes = c->bytes,
                                .reason = c->why};
  int r = k8smi_effects_add(core->queue, &e);
  if (r != K8SM_OK) return r;
  k8smi_drv_lookup_put(&ob->exchanges, &core->allocator, &c->exchange, ++core->last_exchange);
  outbox_move(c, &ob->sent);
  return K8SM_OK;
}

static bool outbox_is_due(const struct drv_outbox *ob, const struct drv_core *core) {
  return !k8smi_list_empty(&ob->later) && outbox_call(ob->later.next)->not_before_ms <= core->mono_ms;
}

/* Repetitions first: they were made first. */
int k8smi_drv_outbox_pump(struct drv_outbox *ob, struct drv_core *core, const struct drv_session *session) {
  int r = K8SM_OK;
  if (session->state != DRV_SESSION_SUBSCRIBED) return r;
  while (r == K8SM_OK && outbox_is_due(ob, core))
    r = outbox_send(ob, outbox_call(ob->later.next), core, session);
  while (r == K8SM_OK && !k8smi_list_empty(&ob->ready))
    r = outbox_send(ob, outbox_call(ob->ready.next), core, session);
  return r;
}

uint64_t k8smi_drv_outbox_deadline(const struct drv_outbox *ob) {
  if (!k8smi_list_empty(&ob->done)) return 0;
  return k8smi_list_empty(&ob->later) ? DRV_NEVER : outbox_call(ob->later.next)->not_before_ms;
}
