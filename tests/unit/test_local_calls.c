/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded Mesos takes what a master takes, and refuses what one refuses: pods by chance on its own
 * offers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/broken_calls.h"
#include "support/local_client.h"
#include "support/random_calls.h"

enum { SEEDS = 60, AGENTS = 2 };

/* A framework at two agents, and calls for pods there. */
struct place {
  struct client client;
  struct random_run run;
};

#define PLACE_SCALAR(name, value)                                                                            \
  "{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" value "}"
#define PLACE_DISK(value, type, where, root)                                                                 \
  PLACE_SCALAR("disk", value)                                                                                \
  ",\"disk\":{\"source\":{\"type\":\"" type "\",\"" where "\":{\"root\":\"" root "\"}}}}"
static const char place_resources[] =
    "[" PLACE_SCALAR("cpus", "32") "}," PLACE_SCALAR("mem", "65536") "}," PLACE_SCALAR(
        "disk", "100000") "},"
                          "{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":{\"range\":[{\"begin\":31000,"
                          "\"end\":31200}]}}," PLACE_DISK("2000", "MOUNT", "mount", "/m/a") "," PLACE_DISK(
                              "64", "MOUNT", "mount", "/m/b") "," PLACE_DISK("4000", "PATH", "path",
                                                                             "/p") "]";

static int place_begin(struct place *p, uint64_t seed) {
  struct random_run *r = &p->run;
  client_init(&p->client, client_local(place_resources, AGENTS), K8SM_FORMAT_PROTOBUF);
  assert_int_equal(client_subscribe(&p->client, ",\"roles\":[\"prod\"],\"principal\":\"principal\""), 200);
  while (p->client.offer_count < AGENTS) client_wait(&p->client, 100);
  memset(r, 0, sizeof *r);
  r->seed = seed;
  r->random.state = random_seed(seed);
  world_init(&r->world);
  int result = k8sm_cluster_new(NULL, &r->cluster, NULL);
  for (size_t i = 0; i < p->client.offer_count; i++) random_take_offer(r, p->client.offers[i]);
  if (result == K8SM_OK) result = random_hand_over(r);
  for (unsigned i = 0; i < RANDOM_PODS; i++) random_add_pod(r, i);
  return result == K8SM_OK ? random_call(r) : result;
}

static void place_end(struct place *p) {
  random_end(&p->run);
  k8smi_local_free(p->client.local);
  client_free(&p->client);
}

/* Why a task was refused that was sent; NULL: none was. */
static const char *refused(const struct client *c) {
  const K8smMesos__Event *event;
  for (size_t i = 0; (event = client_event(c, K8SM_MESOS__EVENT__TYPE__UPDATE, i)) != NULL; i++) {
    const K8smMesos__TaskStatus *status = event->update->status;
    if (status->state == K8SM_MESOS__TASK_STATE__TASK_ERROR ||
        status->state == K8SM_MESOS__TASK_STATE__TASK_DROPPED)
      return status->message == NULL ? "" : status->message;
  }
  return NULL;
}

static void send(struct client *c, const K8smMesos__Call *call) {
  assert_int_equal(client_call_message(c, call), 202);
  client_wait(c, 1);
}

static void good_calls_are_taken(void **state) {
  (void)state;
  static struct place p;
  size_t calls = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct k8sm_call row;
    assert_int_equal(place_begin(&p, seed), K8SM_OK);
    for (size_t i = 0; k8sm_calls_rows(p.run.calls, i, &row, sizeof row, 1) > 0; i++, calls++) {
      struct k8smi_arena arena;
      ProtobufCMessage *message = NULL;
      k8smi_arena_init(&arena, NULL, 0);
      assert_int_equal(k8smi_message_read(&arena, K8SM_FORMAT_PROTOBUF, &k8sm_mesos__call__descriptor,
                                          row.bytes.ptr, row.bytes.len, &message, NULL),
                       K8SM_OK);
      send(&p.client, (K8smMesos__Call *)message);
      k8smi_arena_free(&arena);
    }
    if (refused(&p.client) != NULL) fail_msg("seed %zu: %s", (size_t)seed, refused(&p.client));
    place_end(&p);
  }
  assert_in_range(calls, SEEDS / 2, SIZE_MAX);
}

/* Sends the first call that has something to break; false: none has. */
static bool send_broken(struct place *p, const struct broken_rule *rule) {
  enum { OPERATIONS = 32 };
  struct k8sm_call row;
  bool sent = false;
  for (size_t i = 0; !sent && k8sm_calls_rows(p->run.calls, i, &row, sizeof row, 1) > 0; i++) {
    for (size_t operation = 0; !sent && operation < OPERATIONS; operation++) {
      struct k8smi_arena arena;
      k8smi_arena_init(&arena, NULL, 0);
      const K8smMesos__Call *call = broken_make(&arena, row.bytes, operation, rule);
      sent = call != NULL;
      if (sent) send(&p->client, call);
      k8smi_arena_free(&arena);
    }
  }
  return sent;
}

static void broken_calls_are_refused(void **state) {
  (void)state;
  static struct place p;
  for (size_t i = 0; i < BROKEN_RULES; i++) {
    bool sent = !broken_rules[i].told;
    for (uint64_t seed = 0; !sent && seed < SEEDS; seed++) {
      assert_int_equal(place_begin(&p, seed), K8SM_OK);
      sent = send_broken(&p, &broken_rules[i]);
      if (sent && refused(&p.client) == NULL)
        fail_msg("seed %zu: taken, although %s", (size_t)seed, broken_rules[i].fault);
      place_end(&p);
    }
    if (!sent) fail_msg("nothing to break for: %s", broken_rules[i].fault);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(good_calls_are_taken),
                                     cmocka_unit_test(broken_calls_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
