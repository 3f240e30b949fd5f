/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/session.h"
#include "base/findings.h"
#include "base/slice.h"
#include "driver/location.h"

#include <stdarg.h>
#include <stdio.h>

enum {
  SESSION_HEARTBEAT_MS = 15000, /* until the master states its own */
  SESSION_MISSED = 5,           /* heartbeats, before the master counts as lost */
  SESSION_ANSWER_MS = 30000,    /* for a response's head */
  SESSION_WORDS_MS = 5000,      /* for the words of a refusal */
  SESSION_REDIRECTS = 5,        /* in a row, before a back-off */
  SESSION_STREAM_ID_CAP = 129
};

bool k8smi_drv_text_set(struct drv_text *t, struct k8sm_slice s, size_t cap) {
  if (s.len >= cap || s.len >= sizeof t->ptr) return false;
  if (s.len != 0) memcpy(t->ptr, s.ptr, s.len);
  t->ptr[s.len] = '\0';
  t->len = s.len;
  return true;
}

/* Back to where an attempt begins. */
static void session_rewind(struct drv_session *s) {
  s->authority = s->leader;
  k8smi_drv_text_set(&s->path, K8SMI_S("/api/v1/scheduler"), DRV_PATH_CAP);
}

static void session_attempt_at(struct drv_session *s, uint64_t due_ms) {
  s->state = s->authority.len == 0 ? DRV_SESSION_ABSENT : DRV_SESSION_WAITING;
  s->due_ms = s->state == DRV_SESSION_ABSENT ? DRV_NEVER : due_ms;
}

void k8smi_drv_session_init(struct drv_session *s, struct drv_core *core) {
  memset(s, 0, sizeof *s);
  k8smi_recordio_init(&s->stream, &core->allocator, core->options.max_event_bytes);
  s->subscribed_ms = DRV_NEVER;
  k8smi_drv_text_set(&s->leader, core->options.master, DRV_AUTHORITY_CAP);
  session_rewind(s);
  session_attempt_at(s, 0);
}

void k8smi_drv_session_free(struct drv_session *s) {
  k8smi_recordio_free(&s->stream);
}

/* Lets go of the exchange and all that came with it. */
static void session_leave(struct drv_session *s, bool cancel) {
  if (s->state == DRV_SESSION_OPEN || s->state == DRV_SESSION_SUBSCRIBED) s->lost = true;
  if (cancel && s->exchange != 0) s->cancel = s->exchange;
  s->exchange = 0;
  s->stream_id.len = 0;
  s->words_len = 0;
  k8smi_recordio_reset(&s->stream);
}

/* A subscription that ends as soon as it has begun is no success. */
static void session_forget_failures(struct drv_session *s, const struct drv_core *core) {
  if (s->subscribed_ms != DRV_NEVER && core->mono_ms - s->subscribed_ms >= s->heartbeat_ms) s->failures = 0;
  s->subscribed_ms = DRV_NEVER;
}

static void session_back_off(struct drv_session *s, struct drv_core *core) {
  const struct drv_options *o = &core->options;
  uint64_t max = o->backoff_cap_ms;
  session_forget_failures(s, core);
  if (s->failures < 32 && o->backoff_base_ms << s->failures < max &&
      (o->backoff_base_ms << s->failures) >> s->failures == o->backoff_base_ms) {
    max = o->backoff_base_ms << s->failures;
  }
  s->failures++;
  s->redirects = 0;
  session_rewind(s);
  session_attempt_at(s, k8smi_drv_after(core, k8smi_drv_random_ms(core, max)));
}

static void session_notice(struct drv_session *s, uint32_t code, const char *format, va_list args) {
  char words[DRV_WORDS_CAP + 64];
  vsnprintf(words, sizeof words, format, args);
  snprintf(s->notice, sizeof s->notice, "master %s: %s", s->authority.ptr, words);
  s->notice_code = code;
}

void k8smi_drv_session_drop(struct drv_session *s, struct drv_core *core, uint32_t code, const char *format,
                            ...) {
  va_list args;
  va_start(args, format);
  session_notice(s, code, format, args);
  va_end(args);
  session_leave(s, true);
  session_back_off(s, core);
}

void k8smi_drv_session_stop(struct drv_session *s) {
  session_leave(s, true);
  s->state = DRV_SESSION_STOPPED;
  s->due_ms = DRV_NEVER;
}

bool k8smi_drv_session_leader(struct drv_session *s, struct drv_core *core, struct k8sm_slice authority) {
  struct k8sm_slice leader = authority.len == 0 ? core->options.master : authority;
  if (leader.len != 0 && !k8smi_drv_authority_valid(leader)) return false;
  if (leader.len >= DRV_AUTHORITY_CAP) return false;
  bool same = k8smi_eq(leader, k8smi_drv_text(&s->leader)) && s->state != DRV_SESSION_ABSENT;
  bool here = k8smi_eq(leader, k8smi_drv_text(&s->authority)) && s->exchange != 0;
  k8smi_drv_text_set(&s->leader, leader, DRV_AUTHORITY_CAP);
  if (same || here) return true;
  session_leave(s, true);
  s->failures = s->redirects = 0;
  s->subscribed_ms = DRV_NEVER;
  session_rewind(s);
  session_attempt_at(s, core->mono_ms);
  return true;
}

static void session_redirect(struct drv_session *s, struct drv_core *core, struct k8sm_slice location) {
  struct k8sm_slice authority, path;
  if (!k8smi_drv_location(location, &authority, &path) || authority.len >= DRV_AUTHORITY_CAP ||
      path.len >= DRV_PATH_CAP) {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_RESPONSE, "redirects to '%.*s', which is no address",
                           K8SMI_P(location));
    return;
  }
  if (++s->redirects > SESSION_REDIRECTS) {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_RESPONSE, "more than %d redirections in a row",
                           SESSION_REDIRECTS);
    return;
  }
  session_leave(s, true);
  s->notice_code = K8SM_DIAG_MASTER_REDIRECT;
  snprintf(s->notice, sizeof s->notice, "master %s: redirects to %.*s%.*s", s->authority.ptr,
           K8SMI_P(authority), K8SMI_P(path));
  if (authority.len != 0) k8smi_drv_text_set(&s->authority, authority, DRV_AUTHORITY_CAP);
  k8smi_drv_text_set(&s->path, path, DRV_PATH_CAP);
  session_attempt_at(s, core->mono_ms);
}

static void session_accepted(struct drv_session *s, struct drv_core *core, const struct k8sm_input *input) {
  struct k8sm_slice wanted = k8smi_drv_media_type(core);
  if (!k8smi_drv_media_type_is(input->content_type, wanted)) {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_RESPONSE,
                           "answered with '%.*s'; expected %.*s. Is it a Mesos master?",
                           K8SMI_P(input->content_type), K8SMI_P(wanted));
  } else if (input->stream_id.len == 0 ||
             !k8smi_drv_text_set(&s->stream_id, input->stream_id, SESSION_STREAM_ID_CAP)) {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_RESPONSE,
                           "the header Mesos-Stream-Id has %zu bytes; expected 1 to %d", input->stream_id.len,
                           SESSION_STREAM_ID_CAP - 1);
  } else {
    s->state = DRV_SESSION_OPEN;
    s->heartbeat_ms = SESSION_HEARTBEAT_MS;
  }
}

static bool session_is_redirect(uint32_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void k8smi_drv_session_response(struct drv_session *s, struct drv_core *core,
                                const struct k8sm_input *input) {
  if (s->exchange == 0 || input->exchange != s->exchange || s->state != DRV_SESSION_ASKING) return;
  s->heard_ms = core->mono_ms;
  if (input->status == 200) {
    session_accepted(s, core, input);
  } else if (session_is_redirect(input->status)) {
    session_redirect(s, core, input->location);
  } else {
    s->state = DRV_SESSION_REFUSED;
    s->status = input->status;
    s->due_ms = k8smi_drv_after(core, SESSION_WORDS_MS);
  }
}

/* What the statuses of a refused subscription mean, by the rules of the scheduler API. */
static const struct {
  uint32_t status;
  const char *meaning;
} session_statuses[] = {
    {202, "took SUBSCRIBE for another call"},
    {400, "SUBSCRIBE is not valid"},
    {401, "the framework is not authenticated"},
    {403, "the framework is not authorized"},
    {404, "has no scheduler API"},
    {405, "does not take POST"},
    {406, "does not write the format that was asked for"},
    {409, "another subscription is under way"},
    {415, "does not read the format that was sent"},
    {501, "does not know SUBSCRIBE"},
    {503, "is not ready: it is starting, or no master leads"},
};

static void session_refused(struct drv_session *s, struct drv_core *core) {
  const char *meaning = "refused the subscription";
  for (size_t i = 0; i < sizeof session_statuses / sizeof session_statuses[0]; i++) {
    if (session_statuses[i].status == s->status) meaning = session_statuses[i].meaning;
  }
  char words[DRV_WORDS_CAP];
  size_t n = s->words_len < sizeof words ? s->words_len : sizeof words - 1;
  memcpy(words, s->words, n);
  words[n] = '\0';
  k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_RESPONSE, "HTTP %u, %s%s%s", s->status, meaning,
                         n == 0 ? "" : ": ", words);
}

void k8smi_drv_session_end(struct drv_session *s, struct drv_core *core, uint64_t exchange,
                           struct k8sm_slice words) {
  if (s->exchange == 0 || exchange != s->exchange) return;
  if (s->state == DRV_SESSION_REFUSED) {
    session_refused(s, core);
  } else if (words.len != 0) {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_LOST, "%.*s", K8SMI_P(words));
  } else {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_LOST, "%s",
                           k8smi_recordio_partial(&s->stream)
                               ? "the stream of events ended in the middle of one"
                               : "the stream of events ended");
  }
  s->cancel = 0; /* it is over already */
}

static void session_add_words(struct drv_session *s, struct k8sm_slice chunk) {
  size_t room = sizeof s->words - 1 - s->words_len;
  size_t n = chunk.len < room ? chunk.len : room;
  if (n != 0) memcpy(s->words + s->words_len, chunk.ptr, n);
  s->words_len += n;
}

int k8smi_drv_session_next(struct drv_session *s, struct drv_core *core, struct k8sm_slice *chunk,
                           struct k8sm_slice *ret) {
  struct k8sm_diag rows[1];
  char text[DRV_WORDS_CAP] = "";
  struct k8sm_diags found = K8SM_DIAGS_INIT(rows, text);
  if (s->state == DRV_SESSION_REFUSED) session_add_words(s, *chunk);
  if (s->state != DRV_SESSION_OPEN && s->state != DRV_SESSION_SUBSCRIBED) return K8SM_ERR_NOT_FOUND;
  s->heard_ms = core->mono_ms;
  int r = k8smi_recordio_next(&s->stream, &chunk->ptr, &chunk->len, ret, &found);
  if (r == K8SM_OK || r == K8SM_ERR_NOT_FOUND || r == K8SM_ERR_NOMEM) return r;
  k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_RESPONSE, "%s",
                         found.count == 0 ? "not RecordIO" : text + rows[0].message);
  return K8SM_ERR_NOT_FOUND;
}

bool k8smi_drv_session_subscribed(struct drv_session *s, struct drv_core *core,
                                  struct k8sm_slice framework_id, double heartbeat_seconds) {
  if (framework_id.len == 0 || !k8smi_drv_text_set(&s->framework_id, framework_id, DRV_ID_CAP)) return false;
  if (heartbeat_seconds > 0.001 && heartbeat_seconds < 86400) {
    s->heartbeat_ms = (uint64_t)(heartbeat_seconds * 1000);
  }
  s->state = DRV_SESSION_SUBSCRIBED;
  s->subscribed_ms = core->mono_ms;
  s->redirects = 0;
  core->counters.subscriptions++;
  return true;
}

static uint64_t session_silence_ends(const struct drv_session *s) {
  return s->heard_ms + SESSION_MISSED * s->heartbeat_ms;
}

static void session_time_out(struct drv_session *s, struct drv_core *core) {
  bool open = s->state == DRV_SESSION_OPEN || s->state == DRV_SESSION_SUBSCRIBED;
  if (s->state == DRV_SESSION_ASKING && core->mono_ms >= s->due_ms) {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_LOST, "no answer to SUBSCRIBE within %d s",
                           SESSION_ANSWER_MS / 1000);
  } else if (s->state == DRV_SESSION_REFUSED && core->mono_ms >= s->due_ms) {
    session_refused(s, core);
  } else if (open && core->mono_ms >= session_silence_ends(s)) {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_MASTER_LOST, "silent for %llu ms: %d heartbeats missed",
                           (unsigned long long)(core->mono_ms - s->heard_ms), SESSION_MISSED);
  }
}

static int session_say(struct drv_session *s, struct drv_core *core) {
  int r = K8SM_OK;
  if (s->cancel != 0) r = k8smi_drv_cancel(core, s->cancel);
  if (r != K8SM_OK) return r;
  s->cancel = 0;
  const struct k8sm_slice none = {NULL, 0};
  if (s->notice_code != 0) r = k8smi_drv_eventf(core, s->notice_code, none, "%s", s->notice);
  if (r == K8SM_OK) s->notice_code = 0;
  return r;
}

static int session_ask(struct drv_session *s, struct drv_core *core, const struct drv_subscribe *how) {
  const struct drv_options *o = &core->options;
  const struct k8sm_call_args args = {.size = sizeof args,
                                      .type = K8SM_CALL_SUBSCRIBE,
                                      .format = o->format,
                                      .framework = &o->framework,
                                      .framework_id = k8smi_drv_text(&s->framework_id),
                                      .suppressed = how->suppressed,
                                      .suppressed_count = how->suppressed_count,
                                      .offer_constraints = how->constraints};
  struct k8sm_blob *call;
  int r = k8sm_call_encode(&args, &core->allocator, &call, NULL);
  if (r != K8SM_OK && r != K8SM_ERR_NOMEM) {
    k8smi_drv_session_drop(s, core, K8SM_DIAG_OPTION_INVALID,
                           "the framework's options make no valid SUBSCRIBE");
    return session_say(s, core);
  }
  if (r != K8SM_OK) return r;
  const struct k8sm_effect e = {.type = K8SM_EFFECT_REQUEST,
                                .to = K8SM_TO_MESOS,
                                .exchange = core->last_exchange + 1,
                                .authority = k8smi_drv_text(&s->authority),
                                .method = K8SMI_S("POST"),
                                .path = k8smi_drv_text(&s->path),
                                .content_type = k8smi_drv_media_type(core),
                                .accept = k8smi_drv_media_type(core),
                                .bytes = k8sm_blob_bytes(call),
                                .flags = K8SM_REQUEST_STREAMING,
                                .reason = s->framework_id.len == 0 ? "a new framework"
                                                                   : "the framework has no stream"};
  r = k8smi_effects_add(core->queue, &e);
  k8sm_blob_unref(call);
  if (r != K8SM_OK) return r;
  s->exchange = ++core->last_exchange;
  s->state = DRV_SESSION_ASKING;
  s->due_ms = k8smi_drv_after(core, SESSION_ANSWER_MS);
  return K8SM_OK;
}

bool k8smi_drv_session_will_ask(const struct drv_session *s, const struct drv_core *core) {
  return s->state == DRV_SESSION_WAITING && core->mono_ms >= s->due_ms;
}

int k8smi_drv_session_pump(struct drv_session *s, struct drv_core *core, const struct drv_subscribe *how) {
  bool ask = k8smi_drv_session_will_ask(s, core);
  session_time_out(s, core);
  int r = session_say(s, core);
  return r == K8SM_OK && ask && k8smi_drv_session_will_ask(s, core) ? session_ask(s, core, how) : r;
}

uint64_t k8smi_drv_session_deadline(const struct drv_session *s) {
  switch (s->state) {
  case DRV_SESSION_OPEN:
  case DRV_SESSION_SUBSCRIBED: return session_silence_ends(s);
  case DRV_SESSION_ABSENT:
  case DRV_SESSION_STOPPED: return DRV_NEVER;
  default: return s->due_ms;
  }
}
