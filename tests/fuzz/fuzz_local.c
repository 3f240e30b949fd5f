/* SPDX-License-Identifier: Apache-2.0 */
#include "local/local.h"
#include "wire/mesos.h"
#include "wire/number.h"

#include "fuzz.h"

/* A conversation with the embedded Mesos, line by line: a call in JSON, a call in protobuf behind 'P', so
 * many milliseconds, or '!' and what happens to it (kill, restore, fail over, gone). What it says must be
 * readable, and its time must not stand still. */

struct talk {
  struct k8smi_local *local;
  uint64_t now, exchange, stream;
  char stream_id[64];
};

static void talk_drain(struct talk *t) {
  struct k8smi_local_output out;
  while (k8smi_local_next(t->local, &out) == K8SM_OK) {
    FUZZ_REQUIRE(out.exchange <= t->exchange);
    if (out.type == K8SMI_LOCAL_RESPONSE) FUZZ_REQUIRE(out.status >= 200 && out.status < 600);
    if (out.stream_id.ptr == NULL) continue;
    FUZZ_REQUIRE(out.stream_id.len < sizeof t->stream_id);
    memcpy(t->stream_id, out.stream_id.ptr, out.stream_id.len + 1);
    t->stream = out.exchange;
  }
}

static bool talk_is_subscribe(struct k8sm_slice body) {
  for (size_t i = 0; i + 9 <= body.len; i++) {
    if (memcmp(body.ptr + i, "SUBSCRIBE", 9) == 0) return true;
  }
  return false;
}

static void talk_call(struct talk *t, struct k8sm_slice body, bool json) {
  struct k8smi_local_request request = {
      .exchange = ++t->exchange,
      .method = K8SMI_S("POST"),
      .path = K8SMI_S("/api/v1/scheduler"),
      .content_type = json ? K8SMI_S("application/json") : K8SMI_S("application/x-protobuf"),
      .body = body,
  };
  if (!json || !talk_is_subscribe(body)) request.stream_id = k8smi_s(t->stream_id);
  FUZZ_REQUIRE(k8smi_local_request(t->local, &request, t->now, (int64_t)t->now) == K8SM_OK);
}

static void talk_wait(struct talk *t, uint64_t ms) {
  enum { TALK_STEPS = 1000 };
  uint64_t end = t->now + ms % 60000;
  for (int i = 0; i < TALK_STEPS && t->now < end; i++) {
    uint64_t next = k8smi_local_deadline(t->local);
    t->now = next < end && i < TALK_STEPS - 1 ? next : end;
    FUZZ_REQUIRE(k8smi_local_advance(t->local, t->now, (int64_t)t->now) == K8SM_OK);
    FUZZ_REQUIRE(k8smi_local_deadline(t->local) > t->now);
    talk_drain(t);
  }
}

static void talk_happen(struct talk *t, char what) {
  switch (what) {
  case 'k': k8smi_local_kill_agent(t->local, 0); break;
  case 'r': k8smi_local_restore_agent(t->local, 0); break;
  case 'f': k8smi_local_fail_over(t->local); break;
  case 'g': k8smi_local_gone(t->local, t->stream, t->now); break;
  case 'e': k8smi_local_kill_executor(t->local, "e"); break;
  default: break;
  }
}

static void talk_line(struct talk *t, struct k8sm_slice line) {
  uint64_t ms;
  if (line.len == 0) return;
  if (line.ptr[0] == '!') {
    talk_happen(t, line.len > 1 ? line.ptr[1] : ' ');
  } else if (k8smi_parse_u64(line, &ms)) {
    talk_wait(t, ms);
  } else {
    talk_call(t, line, true);
  }
  talk_drain(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  struct k8smi_local_agent agents[2] = {
      {.resources = "cpus:4;mem:4096;disk:1000;ports:[31000-32000]"},
      {.resources = "cpus(r):2;mem(r):512;disk(r):100", .attributes = "rack:r1"}};
  struct k8smi_local_options options = {
      .size = sizeof options, .agents = agents, .agent_count = 2, .seed = 1};
  struct talk t = {.local = NULL};
  const char *at = (const char *)bytes;
  FUZZ_REQUIRE(k8smi_local_new(&options, &t.local, NULL) == K8SM_OK);
  while (len > 0) {
    const char *end = *at == 'P' ? NULL : memchr(at, '\n', len);
    size_t n = end == NULL ? len : (size_t)(end - at);
    if (*at == 'P') {
      talk_call(&t, (struct k8sm_slice){at + 1, n - 1}, false);
    } else {
      talk_line(&t, (struct k8sm_slice){at, n});
    }
    talk_drain(&t);
    at += end == NULL ? n : n + 1;
    len -= end == NULL ? n : n + 1;
  }
  talk_wait(&t, 30000);
  k8smi_local_free(t.local);
  return 0;
}
