/* SPDX-License-Identifier: Apache-2.0 */
/* Two connections to the master: one for the subscription, one for all other calls. Each keeps the order of
 * what it carries, and loses only what comes last: the master may have taken a call whose answer is lost, and
 * may take one after its sender was told that the connection broke. */
#include "sim/sim.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NET_FAST_MS = 12, NET_SLOW_MS = 3000, NET_PIECES_MAX = 3, NET_NOTICE_MS = 30000 };

static uint64_t net_delay(struct sim *s) {
  bool slow = s->now < s->net.slow_until && sim_percent(s, SIM_CHANCE_NET, 30);
  return sim_draw(s, SIM_CHANCE_NET, slow ? NET_SLOW_MS : NET_FAST_MS);
}

static struct sim_packet *net_packet(uint32_t type, uint64_t exchange, struct k8sm_slice bytes) {
  struct sim_packet *p = calloc(1, sizeof *p + bytes.len + 1);
  if (p == NULL) abort();
  p->type = type;
  p->exchange = exchange;
  p->len = bytes.len;
  if (bytes.len != 0) memcpy(p->bytes, bytes.ptr, bytes.len);
  return p;
}

static void net_text(char *to, size_t cap, struct k8sm_slice from) {
  snprintf(to, cap, "%.*s", (int)from.len, from.ptr == NULL ? "" : from.ptr);
}

static void net_push(struct sim *s, struct sim_pipe *pipe, struct sim_packet *p) {
  p->due = s->now + net_delay(s);
  if (s->net.stalled_until > p->due) p->due = s->net.stalled_until;
  if (pipe->last != NULL && pipe->last->due > p->due) p->due = pipe->last->due;
  if (pipe->last == NULL) {
    pipe->first = p;
  } else {
    pipe->last->next = p;
  }
  pipe->last = p;
}

static struct sim_packet *net_pop(struct sim_pipe *pipe) {
  struct sim_packet *p = pipe->first;
  pipe->first = p->next;
  if (pipe->first == NULL) pipe->last = NULL;
  return p;
}

/* Keeps the first n packets. */
static void net_truncate(struct sim_pipe *pipe, size_t n) {
  struct sim_packet **at = &pipe->first, *last = NULL, *next;
  for (; n != 0 && *at != NULL; n--) {
    last = *at;
    at = &last->next;
  }
  for (struct sim_packet *p = *at; p != NULL; p = next) {
    next = p->next;
    free(p);
  }
  *at = NULL;
  pipe->last = last;
}

static size_t net_count(const struct sim_pipe *pipe) {
  size_t n = 0;
  for (const struct sim_packet *p = pipe->first; p != NULL; p = p->next) n++;
  return n;
}

void sim_net_free(struct sim *s) {
  struct sim_pipe *const pipes[] = {&s->net.up_stream, &s->net.up_calls, &s->net.down_stream,
                                    &s->net.down_calls};
  for (size_t i = 0; i < 4; i++) net_truncate(pipes[i], 0);
}

void sim_net_calm(struct sim *s) {
  struct sim_net *n = &s->net;
  struct sim_pipe *const pipes[] = {&n->up_stream, &n->up_calls, &n->down_stream, &n->down_calls};
  n->slow_until = n->stalled_until = 0;
  for (size_t i = 0; i < 4; i++) {
    for (struct sim_packet *p = pipes[i]->first; p != NULL; p = p->next) {
      if (p->due > s->now + NET_FAST_MS) p->due = s->now + NET_FAST_MS;
    }
  }
}

/* ---- calls without an answer ---- */

static bool net_close_call(struct sim_net *n, uint64_t exchange) {
  for (size_t i = 0; i < n->open_count; i++) {
    if (n->open[i] != exchange) continue;
    memmove(&n->open[i], &n->open[i + 1], (n->open_count - i - 1) * sizeof n->open[0]);
    n->open_count--;
    return true;
  }
  return false;
}

static bool net_is_open(const struct sim_net *n, uint64_t exchange) {
  for (size_t i = 0; i < n->open_count; i++) {
    if (n->open[i] == exchange) return true;
  }
  return false;
}

/* ---- up ---- */

/* The embedded Mesos wants numbers that are never used twice. */
static uint64_t net_outside(const struct sim_net *n, uint64_t exchange) {
  return n->incarnation << 32 | exchange;
}

static void net_gone_later(struct sim *s, uint64_t exchange) {
  struct sim_net *n = &s->net;
  if (exchange == 0 || n->gone_count == sizeof n->gone / sizeof n->gone[0]) return;
  n->gone[n->gone_count].due = s->now + sim_draw(s, SIM_CHANCE_NET, 15000);
  n->gone[n->gone_count++].exchange = net_outside(n, exchange);
}

void sim_net_request(struct sim *s, const struct k8sm_effect *e) {
  struct sim_net *n = &s->net;
  struct sim_packet *p = net_packet(0, net_outside(n, e->exchange), e->bytes);
  p->streaming = (e->flags & K8SM_REQUEST_STREAMING) != 0;
  net_text(p->stream_id, sizeof p->stream_id, e->stream_id);
  net_text(p->content_type, sizeof p->content_type, e->content_type);
  net_push(s, p->streaming ? &n->up_stream : &n->up_calls, p);
  if (p->streaming) {
    n->stream = e->exchange;
    sim_check_stream_began(s);
  } else if (n->open_count < SIM_OPEN_MAX) {
    n->open[n->open_count++] = e->exchange;
  } else {
    sim_broken(s, "calls are few", "%d calls wait for an answer", SIM_OPEN_MAX);
  }
}

static void net_end_stream(struct sim *s) {
  struct sim_net *n = &s->net;
  net_gone_later(s, n->stream);
  n->stream = 0;
  net_truncate(&n->up_stream, 0);
  sim_check_stream_began(s);
}

void sim_net_cancel(struct sim *s, uint64_t exchange) {
  if (exchange == s->net.stream) {
    net_end_stream(s);
    net_truncate(&s->net.down_stream, 0);
  } else {
    net_close_call(&s->net, exchange);
  }
}

static void net_deliver_up(struct sim *s, struct sim_pipe *pipe) {
  struct sim_packet *p = net_pop(pipe);
  const struct k8smi_local_request r = {
      .exchange = p->exchange,
      .method = K8SMI_S("POST"),
      .path = K8SMI_S("/api/v1/scheduler"),
      .content_type = k8smi_s(p->content_type),
      .accept = k8smi_s(p->content_type),
      .body = {p->bytes, p->len},
      .stream_id = {p->stream_id[0] == '\0' ? NULL : p->stream_id, strlen(p->stream_id)}};
  if (k8smi_local_request(s->local, &r, s->now, sim_wall(s)) != K8SM_OK) abort();
  free(p);
  sim_net_listen(s);
  sim_truth_look(s);
}

/* ---- down ---- */

static void net_answer(struct sim *s, const struct k8smi_local_output *out, uint64_t exchange) {
  const struct k8sm_slice none = {NULL, 0};
  struct sim_net *n = &s->net;
  bool stream = exchange == n->stream;
  struct sim_pipe *pipe = stream ? &n->down_stream : &n->down_calls;
  if (!stream && !net_is_open(n, exchange)) return; /* nobody listens */
  if (out->type == K8SMI_LOCAL_RESPONSE) {
    struct sim_packet *p = net_packet(K8SM_INPUT_RESPONSE, exchange, none);
    p->status = out->status;
    net_text(p->content_type, sizeof p->content_type, out->content_type);
    net_text(p->stream_id, sizeof p->stream_id, out->stream_id);
    net_text(p->location, sizeof p->location, out->location);
    net_push(s, pipe, p);
  }
  if (out->type != K8SMI_LOCAL_END) {
    struct k8sm_slice rest = out->body;
    for (int piece = 0; rest.len != 0; piece++) {
      bool cut = piece + 1 < NET_PIECES_MAX && sim_percent(s, SIM_CHANCE_NET, 15);
      size_t len = cut ? 1 + (size_t)sim_draw(s, SIM_CHANCE_NET, rest.len) : rest.len;
      net_push(s, pipe, net_packet(K8SM_INPUT_CHUNK, exchange, (struct k8sm_slice){rest.ptr, len}));
      rest.ptr += len;
      rest.len -= len;
    }
  }
  if (out->type == K8SMI_LOCAL_END || !(out->streaming || out->type == K8SMI_LOCAL_CHUNK)) {
    net_push(s, pipe, net_packet(K8SM_INPUT_END, exchange, none));
  }
  if (stream && n->cut_next && out->body.len != 0) sim_net_cut_stream(s);
}

void sim_net_listen(struct sim *s) {
  struct k8smi_local_output out;
  while (k8smi_local_next(s->local, &out) == K8SM_OK) {
    uint64_t incarnation = out.exchange >> 32;
    if (incarnation == 0) {
      sim_rival_output(s, &out);
    } else if (incarnation == s->net.incarnation) {
      net_answer(s, &out, out.exchange & UINT32_MAX);
    }
  }
}

static void net_deliver_down(struct sim *s, struct sim_pipe *pipe) {
  struct sim_net *n = &s->net;
  struct sim_packet *p = net_pop(pipe);
  bool over = p->type == K8SM_INPUT_END || p->type == K8SM_INPUT_LOST;
  bool stream = p->exchange == n->stream;
  if (stream || net_is_open(n, p->exchange)) {
    const struct k8sm_input in = {.type = p->type,
                                  .status = p->status,
                                  .exchange = p->exchange,
                                  .bytes = {p->bytes, p->len},
                                  .content_type = k8smi_s(p->content_type),
                                  .stream_id = k8smi_s(p->stream_id),
                                  .location = k8smi_s(p->location)};
    if (stream && p->type == K8SM_INPUT_CHUNK) sim_check_chunk(s, in.bytes);
    if (p->type == K8SM_INPUT_LOST || p->status >= 300)
      sim_trace(s, "< %s %llu: %.*s%u", stream ? "stream" : "call", (unsigned long long)p->exchange,
                (int)p->len, p->bytes, p->status);
    if (stream && over) net_end_stream(s);
    if (!stream && over) net_close_call(n, p->exchange);
    sim_process_step(s, in);
  }
  free(p);
}

/* ---- breaking ---- */

/* So many bytes still come through, whichever. */
static void net_truncate_bytes(struct sim *s, struct sim_pipe *pipe) {
  size_t total = 0, packets = 0;
  for (struct sim_packet *p = pipe->first; p != NULL; p = p->next) total += p->len + 1;
  size_t left = (size_t)sim_draw(s, SIM_CHANCE_NET, total + 1);
  for (struct sim_packet *p = pipe->first; p != NULL && left != 0; p = p->next) {
    packets++;
    if (p->type == K8SM_INPUT_CHUNK && p->len >= left) {
      s->seen[SIM_SEEN_CUT_IN_EVENT] += p->len > left;
      p->len = left;
    }
    left = left > p->len + 1 ? left - p->len - 1 : 0;
  }
  net_truncate(pipe, packets);
  while (pipe->last != NULL && pipe->last->type != K8SM_INPUT_CHUNK &&
         pipe->last->type != K8SM_INPUT_RESPONSE) {
    net_truncate(pipe, --packets); /* its end does not come: it is lost */
  }
}

void sim_net_cut_stream(struct sim *s) {
  struct sim_net *n = &s->net;
  if (n->stream == 0) return;
  uint64_t exchange = n->stream;
  n->cut_next = false;
  net_gone_later(s, exchange);
  net_truncate_bytes(s, &n->down_stream);
  if (sim_percent(s, SIM_CHANCE_NET, 50)) net_truncate(&n->up_stream, 0);
  net_push(s, &n->down_stream, net_packet(K8SM_INPUT_LOST, exchange, K8SMI_S("connection reset")));
}

void sim_net_cut_calls(struct sim *s) {
  struct sim_net *n = &s->net;
  net_truncate(&n->up_calls, (size_t)sim_draw(s, SIM_CHANCE_NET, net_count(&n->up_calls) + 1));
  net_truncate(&n->down_calls, (size_t)sim_draw(s, SIM_CHANCE_NET, net_count(&n->down_calls) + 1));
  /* Now and then it takes a while until it is noticed. */
  uint64_t noticed =
      s->now + (sim_percent(s, SIM_CHANCE_NET, 40) ? sim_draw(s, SIM_CHANCE_NET, NET_NOTICE_MS) : 0);
  for (size_t i = 0; i < n->open_count; i++) {
    bool ends = false;
    for (const struct sim_packet *p = n->down_calls.first; p != NULL; p = p->next) {
      ends = ends || (p->exchange == n->open[i] && p->type == K8SM_INPUT_END);
    }
    if (ends) continue;
    net_push(s, &n->down_calls, net_packet(K8SM_INPUT_LOST, n->open[i], K8SMI_S("connection reset")));
    if (n->down_calls.last->due < noticed) n->down_calls.last->due = noticed;
  }
}

void sim_net_abandon(struct sim *s) {
  struct sim_net *n = &s->net;
  net_gone_later(s, n->stream);
  net_truncate(&n->down_stream, 0);
  net_truncate(&n->down_calls, 0);
  net_truncate(&n->up_stream, 0);
  net_truncate(&n->up_calls, (size_t)sim_draw(s, SIM_CHANCE_NET, net_count(&n->up_calls) + 1));
  n->stream = 0;
  n->open_count = 0;
  n->incarnation++;
}

/* ---- time ---- */

static uint64_t net_min(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

uint64_t sim_net_deadline(const struct sim *s) {
  const struct sim_net *n = &s->net;
  const struct sim_pipe *const pipes[] = {&n->up_stream, &n->up_calls, &n->down_stream, &n->down_calls};
  uint64_t due = UINT64_MAX;
  for (size_t i = 0; i < 4; i++) {
    if (pipes[i]->first != NULL) due = net_min(due, pipes[i]->first->due);
  }
  for (size_t i = 0; i < n->gone_count; i++) due = net_min(due, n->gone[i].due);
  return due;
}

static void net_notice(struct sim *s) {
  struct sim_net *n = &s->net;
  for (size_t i = n->gone_count; i-- > 0;) {
    if (n->gone[i].due > s->now) continue;
    k8smi_local_gone(s->local, n->gone[i].exchange, s->now);
    n->gone[i] = n->gone[--n->gone_count];
    sim_net_listen(s);
  }
}

void sim_net_turn(struct sim *s) {
  struct sim_net *n = &s->net;
  struct sim_pipe *const ups[] = {&n->up_stream, &n->up_calls}, *const downs[] = {&n->down_stream,
                                                                                  &n->down_calls};
  net_notice(s);
  for (size_t i = 0; i < 2; i++) {
    while (ups[i]->first != NULL && ups[i]->first->due <= s->now) net_deliver_up(s, ups[i]);
  }
  for (size_t i = 0; i < 2; i++) {
    while (downs[i]->first != NULL && downs[i]->first->due <= s->now) net_deliver_down(s, downs[i]);
  }
}
