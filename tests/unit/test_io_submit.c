/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/effects.h"
#include "support/failing.h"
#include "support/web.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Effects of the driver handed to the client, and what comes back, with our own server as the master. */

enum { CALLS = 40 }; /* more than the client reads at a time */

struct fixture {
  struct failing memory;
  struct k8sm_client *client;
  struct k8sm_server *server;
  struct k8sm_effects *effects;
  struct web_log log;
  char authority[32];
};

static int set_up(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  failing_init(&f->memory, 0);
  struct k8sm_client_options options = {.size = sizeof options, .allocator = &f->memory.allocator};
  *state = f;
  if (k8sm_client_new(&options, &f->client, NULL) != K8SM_OK) return 1;
  if (k8sm_server_new(NULL, &f->server, NULL) != K8SM_OK) return 1;
  web_authority(f->authority, sizeof f->authority, k8sm_server_port(f->server));
  return k8sm_effects_new(NULL, &f->effects);
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  k8sm_client_free(f->client);
  k8sm_server_free(f->server);
  k8sm_effects_free(f->effects);
  int leaked = f->memory.held != 0;
  free(f);
  return leaked;
}

static void add(struct fixture *f, uint32_t type, uint32_t to, uint64_t exchange, uint32_t flags) {
  char body[32];
  snprintf(body, sizeof body, "body %d", (int)exchange);
  struct k8sm_effect e = web_request(exchange, f->authority, body);
  e.type = type;
  e.to = to;
  e.flags = flags;
  assert_int_equal(k8smi_effects_add(f->effects, &e), K8SM_OK);
}

/* Answers each request with its own body; a number of turns. */
static unsigned serve(struct fixture *f, int turns, char *order, size_t cap) {
  struct k8sm_server_event e = {.size = sizeof e};
  unsigned requests = 0;
  size_t n = 0;
  for (int i = 0; i < turns; i++) {
    web_turn(f->client, f->server, 0);
    web_take(f->client, &f->log);
    while (k8sm_server_next(f->server, &e) == K8SM_OK) {
      if (e.type != K8SM_SERVER_REQUEST) continue;
      struct k8sm_response r = {.size = sizeof r, .status = 200, .body = e.body};
      n += (size_t)snprintf(order + n, cap - n, "%s;", e.body.ptr + 5);
      assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_OK);
      requests++;
    }
  }
  return requests;
}

static void effects_to_mesos_are_taken_in_order_and_no_others(void **state) {
  struct fixture *f = *state;
  char order[256] = "", want[256] = "";
  size_t n = 0;
  add(f, K8SM_EFFECT_RECORD, K8SM_TO_STORE, 900, 0);
  for (uint64_t i = 1; i <= CALLS; i++) {
    add(f, K8SM_EFFECT_REQUEST, K8SM_TO_MESOS, i, 0);
    if (i != 7) n += (size_t)snprintf(want + n, sizeof want - n, "%d;", (int)i);
  }
  add(f, K8SM_EFFECT_CANCEL, K8SM_TO_MESOS, 7, 0);
  add(f, K8SM_EFFECT_STATUS, K8SM_TO_HOST, 901, 0);
  assert_int_equal(k8sm_client_submit(f->client, f->effects, 0), K8SM_OK);
  assert_int_equal(serve(f, 60 * CALLS, order, sizeof order), CALLS - 1);
  assert_string_equal(order, want);
  assert_int_equal(f->log.ends, CALLS - 1);
  assert_non_null(strstr(f->log.text, "40 RESPONSE 200 -|-|-\n40 CHUNK body 40\n40 END \n"));
}

static void a_stream_does_not_hold_up_the_calls(void **state) {
  struct fixture *f = *state;
  char order[256] = "";
  add(f, K8SM_EFFECT_REQUEST, K8SM_TO_MESOS, 1, K8SM_REQUEST_STREAMING);
  add(f, K8SM_EFFECT_REQUEST, K8SM_TO_MESOS, 2, 0);
  assert_int_equal(k8sm_client_submit(f->client, f->effects, 0), K8SM_OK);
  assert_int_equal(k8sm_client_pollfds(f->client, NULL, 0), 2);
  assert_int_equal(serve(f, 20, order, sizeof order), 2);
  assert_int_equal(f->log.ends, 2);
  assert_int_equal(k8sm_client_pollfds(f->client, NULL, 0), 1); /* the one for calls is kept */
}

static void without_memory_none_is_taken(void **state) {
  struct fixture *f = *state;
  char order[256] = "";
  for (uint64_t i = 1; i <= 5; i++)
    add(f, K8SM_EFFECT_REQUEST, K8SM_TO_MESOS, i, i == 3 ? K8SM_REQUEST_STREAMING : 0);
  size_t held = f->memory.held, n = 1;
  for (;; n++) {
    f->memory.fail_at = f->memory.calls + n;
    int r = k8sm_client_submit(f->client, f->effects, 0);
    f->memory.fail_at = 0;
    if (r == K8SM_OK) break;
    assert_int_equal(r, K8SM_ERR_NOMEM);
    assert_int_equal(f->memory.held, held);
    assert_int_equal(serve(f, 1, order, sizeof order), 0);
  }
  assert_in_range(n, 11,
                  40); /* from here on it is connections that find no memory, and they are tried again */
  assert_int_equal(serve(f, 100, order, sizeof order), 5);
  assert_int_equal(f->log.ends, 5);
}

#define WITH_BOTH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_BOTH(effects_to_mesos_are_taken_in_order_and_no_others),
      WITH_BOTH(a_stream_does_not_hold_up_the_calls),
      WITH_BOTH(without_memory_none_is_taken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
