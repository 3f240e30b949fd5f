/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with offers is told to people: once for an agent, and not of ten thousand of them. */
#include "base/slice.h"
#include "driver/state.h"
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CPUS  "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":4}}"
#define TYPED "{\"name\":\"x\",\"type\":\"TEXT\"}"
#define WORD                                                                                                 \
  ": 'cgroup' is no feature of agents: expected images, cgroups, sandbox-path, host-path, secrets, "         \
  "linux-launcher, cni, docker-volumes, csi, seccomp, rlimits, docker, volume-gids, or none; those beside "  \
  "it count"
#define ATTRIBUTE "event: UnclearOffer: agent %s (%s.example): attributes[%d]" WORD

static void open_subscribed(struct script *s) {
  struct k8sm_driver_options o = script_options();
  script_open(s, &o);
  s->heartbeats = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_forget(s);
}

/* One offer of an event: with a feature that there is none of behind so many other attributes, or none. */
static int put_offer(char *json, size_t cap, const char *id, const char *agent, int behind,
                     const char *resources) {
  int n = snprintf(json, cap,
                   "{\"id\":{\"value\":\"%s\"},\"framework_id\":{\"value\":\"F1\"},\"agent_id\":{\"value\":"
                   "\"%s\"},\"hostname\":\"%s.example\",\"attributes\":[",
                   id, agent, agent);
  for (int i = 0; i < behind; i++)
    n += snprintf(json + n, cap - (size_t)n,
                  "{\"name\":\"a%d\",\"type\":\"TEXT\",\"text\":{\"value\":\"v\"}},", i);
  return n +
         snprintf(json + n, cap - (size_t)n,
                  "{\"name\":\"%s\",\"type\":\"TEXT\",\"text\":{\"value\":\"cgroup\"}}],\"resources\":[%s]}",
                  behind < 0 ? "rack" : "agent-features", resources);
}

static void offers(struct script *s, const char *const *list, size_t n) {
  char *json = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&json, &len);
  fputs("{\"type\":\"OFFERS\",\"offers\":{\"offers\":[", out);
  for (size_t i = 0; i < n; i++) fprintf(out, "%s%s", i == 0 ? "" : ",", list[i]);
  fputs("]}}", out);
  fclose(out);
  script_event(s, json);
  free(json);
}

static void offer(struct script *s, const char *id, const char *agent, int behind, const char *resources) {
  char json[8192];
  const char *const list[] = {json};
  put_offer(json, sizeof json, id, agent, behind, resources);
  offers(s, list, 1);
}

static void rescind(struct script *s, const char *id) {
  char json[128];
  snprintf(json, sizeof json, "{\"type\":\"RESCIND\",\"rescind\":{\"offer_id\":{\"value\":\"%s\"}}}", id);
  script_event(s, json);
}

static bool says(const struct script *s, const char *agent, int behind, const char *more) {
  char line[600];
  int n = snprintf(line, sizeof line, ATTRIBUTE, agent, agent, behind);
  snprintf(line + n, sizeof line - (size_t)n, "%s\n", more);
  return script_has(s, line);
}

/* ---- one agent ---- */

static void a_misspelt_word_is_told_once(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  offer(&s, "O1", "A1", 1, CPUS);
  if (!says(&s, "A1", 1, "")) fail_msg("%s", s.trace);
  script_forget(&s);
  for (int round = 0; round < 3; round++) { /* its attributes come and go */
    char id[2][8];
    snprintf(id[0], sizeof id[0], "P%d", round);
    snprintf(id[1], sizeof id[1], "Q%d", round);
    offer(&s, id[0], "A1", -1, CPUS);
    rescind(&s, id[0]);
    offer(&s, id[1], "A1", 1, CPUS);
    rescind(&s, id[1]);
  }
  assert_false(script_has(&s, "event"));
  offer(&s, "O2", "A1", 0, CPUS); /* elsewhere: another one */
  assert_true(says(&s, "A1", 0, ""));
  script_close(&s);
}

/* It can't be read: it goes back, and comes again as long as nobody mends the agent. */
static void what_cannot_be_read_goes_back(void **state) {
  struct script s;
  (void)state;
  open_subscribed(&s);
  offer(&s, "O1", "A1", -1, CPUS "," TYPED);
  script_expect(&s, "event: FailedOffer: agent A1 (A1.example): resources[1].type: TEXT: expected SCALAR, "
                    "RANGES or SET\n> DECLINE O1\n");
  offer(&s, "O2", "A1", -1, CPUS "," TYPED);
  script_expect(&s, "> DECLINE O2\n");
  offer(&s, "O3", "A2", -1, CPUS "," TYPED);
  script_expect(&s, "event: FailedOffer: agent A2 (A2.example): resources[1].type: TEXT: expected SCALAR, "
                    "RANGES or SET\n> DECLINE O3\n");
  script_close(&s);
}

/* What does not go with the other offers of its agent is not held, and goes back. */
static void what_cannot_be_held_goes_back(void **state) {
  const char *ports = CPUS ",{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":{\"range\":[{\"begin\":7,"
                           "\"end\":9}]}}";
  struct script s;
  (void)state;
  open_subscribed(&s);
  script_pod(&s, "apiVersion: v1\nkind: Pod\nmetadata: {name: huge, namespace: default, uid: u9}\n"
                 "spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 64}}}]}\n");
  offer(&s, "O1", "A1", -1, ports);
  script_forget(&s);
  offer(&s, "O2", "A1", -1, ports);
  script_expect(&s, "event: FailedOffer: agent A1 (A1.example): resources[1]: the port 7 of the agent A1 is "
                    "offered twice, also by the offer O1 to the role *: the offer O2 is left out\n"
                    "> DECLINE O2\n");
  assert_int_equal(k8sm_driver_agents(s.driver, 0, NULL, sizeof(struct k8sm_agent), 0), 1);
  script_close(&s);
}

/* ---- many ---- */

static void ten_thousand_agents_are_few_lines(void **state) {
  struct script s;
  char agent[16], id[16];
  (void)state;
  open_subscribed(&s);
  for (int i = 1; i <= 40; i++) {
    snprintf(agent, sizeof agent, "A%d", i);
    snprintf(id, sizeof id, "O%d", i);
    offer(&s, id, agent, 2, CPUS);
    const char *last = i == DRV_TOLD_AGENTS + 1 ? "; more agents with the same are not named for a day" : "";
    if (says(&s, agent, 2, last) != (i <= DRV_TOLD_AGENTS + 1)) fail_msg("%d: %s", i, s.trace);
    script_forget(&s);
  }
  script_wait(&s, 24 * 3600 * 1000);
  script_forget(&s);
  offer(&s, "P1", "B1", 2, CPUS); /* a day later they are named again */
  assert_true(says(&s, "B1", 2, ""));
  script_close(&s);
}

static void many_mistakes_are_few_lines(void **state) {
  struct script s;
  char id[16];
  (void)state;
  open_subscribed(&s);
  for (int i = 0; i < DRV_TOLD_PLACES; i++) {
    snprintf(id, sizeof id, "O%d", i);
    offer(&s, id, "A1", i, CPUS);
    if (!says(&s, "A1", i, "")) fail_msg("%d: %s", i, s.trace);
  }
  script_forget(&s);
  offer(&s, "P1", "A1", DRV_TOLD_PLACES, CPUS);
  assert_true(script_has(&s, "event: UnclearOffer: more is wrong with offers than is told in a day\n"));
  script_forget(&s);
  offer(&s, "P2", "A1", DRV_TOLD_PLACES + 1, CPUS);
  offer(&s, "P3", "A2", 0, CPUS); /* of what has a place all goes on */
  assert_false(script_has(&s, "more is wrong"));
  assert_true(says(&s, "A2", 0, ""));
  script_close(&s);
}

static void more_at_once_than_there_is_room_for(void **state) {
  enum { N = 80 };
  static char json[N][512];
  const char *list[N];
  struct script s;
  char id[16];
  (void)state;
  open_subscribed(&s);
  for (int i = 0; i < N; i++) {
    snprintf(id, sizeof id, "O%d", i);
    put_offer(json[i], sizeof json[i], id, "A1", -1, CPUS "," TYPED);
    list[i] = json[i];
  }
  offers(&s, list, N);
  if (!script_has(&s,
                  "event: FailedOffer: agent A1 (A1.example): resources[1].type: TEXT: expected SCALAR, "
                  "RANGES or SET\nevent: UnclearOffer: more is wrong with offers that came at once than is "
                  "told\n> DECLINE O0 O1"))
    fail_msg("%s", s.trace);
  script_close(&s);
}

/* ---- findings of no offer in particular, and notes ---- */

static void findings_without_an_offer(void **state) {
  char text[] = "\0offers.offers[7].x\0offers.offers[x\0offers.offers[x]\0elsewhere, and long "
                "enough\0w1\0w2\0w3\0w4\0w5";
  enum { P0 = 0, P7 = 1, OPEN = 20, NAN = 36, OTHER = 53, W1 = 80 };
  struct k8sm_diag rows[] = {
      {.code = K8SM_DIAG_TOO_LARGE, .severity = K8SM_SEVERITY_ERROR, .path = P0, .message = W1},
      {.code = K8SM_DIAG_TOO_LARGE, .severity = K8SM_SEVERITY_ERROR, .path = P7, .message = W1 + 3},
      {.code = K8SM_DIAG_TOO_LARGE, .severity = K8SM_SEVERITY_WARNING, .path = OPEN, .message = W1 + 6},
      {.code = K8SM_DIAG_TOO_LARGE, .severity = K8SM_SEVERITY_ERROR, .path = NAN, .message = W1 + 9},
      {.code = K8SM_DIAG_TOO_LARGE, .severity = K8SM_SEVERITY_ERROR, .path = OTHER, .message = W1 + 12},
      {.code = K8SM_DIAG_OFFER_UNKNOWN, .severity = K8SM_SEVERITY_NOTE, .path = P0, .message = W1 + 12},
  };
  const struct k8sm_diags found = {.size = sizeof found,
                                   .row_size = sizeof rows[0],
                                   .rows = rows,
                                   .cap = 6,
                                   .count = 6,
                                   .text = text,
                                   .text_cap = sizeof text,
                                   .text_used = sizeof text};
  const struct drv_told_offers none = {.count = 0};
  struct script s;
  (void)state;
  open_subscribed(&s);
  for (int round = 0; round < 2; round++) {
    assert_int_equal(k8smi_drv_told(s.driver, &none, &found), K8SM_OK);
    script_tick(&s);
    script_expect(&s, round == 1 ? ""
                                 : "event: FailedOffer: w1\nevent: FailedOffer: w2\nevent: UnclearOffer: w3\n"
                                   "event: FailedOffer: w4\nevent: FailedOffer: w5\n");
  }
  script_close(&s);
}

/* What could not be told is told by the next call, and nothing twice. */
static void telling_without_memory(void **state) {
  enum { N = DRV_TOLD_PLACES + 1, LONG = 900 };
  char text[N * 4 + LONG + 1];
  struct k8sm_diag rows[N];
  for (size_t i = 0; i < N; i++) {
    snprintf(text + 4 * i, 4, "p%02zu", i);
    rows[i] = (struct k8sm_diag){.code = K8SM_DIAG_OFFER_INVALID,
                                 .severity = K8SM_SEVERITY_ERROR,
                                 .path = (uint32_t)(4 * i),
                                 .message = 4 * N};
  }
  memset(text + 4 * (size_t)N, 'x', LONG);
  text[4 * N + LONG] = '\0';
  const struct k8sm_diags found = {.size = sizeof found,
                                   .row_size = sizeof rows[0],
                                   .rows = rows,
                                   .cap = N,
                                   .count = N,
                                   .text = text,
                                   .text_cap = sizeof text,
                                   .text_used = sizeof text};
  const struct drv_told_offers none = {.count = 0};
  bool failed = true;
  (void)state;
  for (size_t n = 1; failed; n++) {
    struct script s;
    size_t told = 0;
    open_subscribed(&s);
    s.memory.fail_at = s.memory.calls + n;
    int r = k8smi_drv_told(s.driver, &none, &found);
    failed = s.memory.calls >= s.memory.fail_at;
    s.memory.fail_at = 0;
    assert_int_equal(r, failed ? K8SM_ERR_NOMEM : K8SM_OK);
    assert_int_equal(k8smi_drv_told(s.driver, &none, &found), K8SM_OK);
    script_tick(&s);
    for (const char *at = s.trace; (at = strstr(at, "FailedOffer: xx")) != NULL; at++) told++;
    assert_int_equal(told, DRV_TOLD_PLACES);
    assert_true(script_has(&s, "UnclearOffer: more is wrong with offers than is told in a day\n"));
    script_close(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_misspelt_word_is_told_once),  cmocka_unit_test(what_cannot_be_read_goes_back),
      cmocka_unit_test(what_cannot_be_held_goes_back), cmocka_unit_test(ten_thousand_agents_are_few_lines),
      cmocka_unit_test(many_mistakes_are_few_lines),   cmocka_unit_test(more_at_once_than_there_is_room_for),
      cmocka_unit_test(findings_without_an_offer),     cmocka_unit_test(telling_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
