/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever pods are placed wherever: a master refuses nothing of what they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/broken_calls.h"
#include "support/random_calls.h"

enum { SEEDS = 2000 };

/* The master takes all calls. */
static size_t accepted(struct master *m, const struct random_run *r) {
  struct k8sm_call row;
  size_t i = 0;
  for (; k8sm_calls_rows(r->calls, i, &row, sizeof row, 1) > 0; i++) {
    const char *fault = master_accept(m, row.bytes.ptr, row.bytes.len);
    if (fault != NULL) fail_msg("seed %zu, call %zu: %s", (size_t)r->seed, i, fault);
  }
  return i;
}

/* Whether the role has something reserved, or a volume, among the offers that are out. */
static bool is_reserved(const struct master *m, const char *by) {
  const K8smMesos__Offer *offer;
  for (size_t i = 0; (offer = master_out(m, i)) != NULL; i++) {
    for (size_t r = 0; r < offer->n_resources; r++) {
      const K8smMesos__Resource *resource = offer->resources[r];
      if (resource->n_reservations > 0 && resource->reservations[0]->principal != NULL &&
          strcmp(resource->reservations[0]->principal, by) == 0)
        return true;
    }
  }
  return false;
}

/* Pods that start, and go on: later stages, and containers that start again. Afterwards all is given back. */
static void calls_are_accepted(void **state) {
  (void)state;
  size_t calls = 0, later = 0, last = 0, refused = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct random_run r;
    assert_int_equal(random_begin(&r, seed), K8SM_OK);
    struct master *m = random_master(&r);
    calls += accepted(m, &r);
    assert_int_equal(random_resume(&r), K8SM_OK);
    random_take_offers(&r, m);
    assert_int_equal(random_go_on(&r), K8SM_OK);
    later += accepted(m, &r);
    random_take_offers(&r, m);
    assert_int_equal(random_release(&r), K8SM_OK);
    last += accepted(m, &r);
    if (is_reserved(m, "principal")) fail_msg("seed %zu: something is reserved still", (size_t)seed);
    refused += r.refused;
    random_end(&r);
    master_free(m);
  }
  print_message("%zu calls, %zu later ones, %zu that give back; %zu pods could not be mapped\n", calls, later,
                last, refused);
  assert_in_range(calls, SEEDS, SIZE_MAX);
  assert_in_range(later, SEEDS / 2, SIZE_MAX);
  assert_in_range(last, SEEDS / 10, SIZE_MAX);
}

/* ---- What the master's rules are worth: each refuses a call that is broken in one place ---- */

/* What the master says of the call, which is broken. */
static const char *refusal(const struct random_run *r, const ProtobufCMessage *call) {
  struct master *m = random_master(r);
  size_t len = protobuf_c_message_get_packed_size(call);
  uint8_t *packed = malloc(len);
  assert_non_null(packed);
  protobuf_c_message_pack(call, packed);
  const char *fault = master_accept(m, packed, len);
  free(packed);
  master_free(m);
  return fault == NULL ? "nothing" : fault;
}

/* The same with the i-th operation broken; NULL: there is nothing to break. */
static const char *broken_call(const struct random_run *r, struct k8sm_slice bytes, size_t i,
                               const struct broken_rule *rule) {
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, NULL, 0);
  const K8smMesos__Call *call = broken_make(&arena, bytes, i, rule);
  const char *fault = call == NULL ? NULL : refusal(r, &call->base);
  k8smi_arena_free(&arena);
  return fault;
}

/* The same of the first call that has something to break. */
static const char *broken_run(const struct random_run *r, const struct broken_rule *rule) {
  enum { OPERATIONS = 32 };
  struct k8sm_call row;
  for (size_t i = 0; k8sm_calls_rows(r->calls, i, &row, sizeof row, 1) > 0; i++) {
    for (size_t operation = 0; operation < OPERATIONS; operation++) {
      const char *fault = broken_call(r, row.bytes, operation, rule);
      if (fault != NULL) return fault;
    }
  }
  return NULL;
}

static void broken_calls_are_refused(void **state) {
  (void)state;
  size_t left = BROKEN_RULES;
  bool seen[BROKEN_RULES] = {false};
  for (uint64_t seed = 0; seed < SEEDS && left > 0; seed++) {
    struct random_run r;
    assert_int_equal(random_begin(&r, seed), K8SM_OK);
    for (size_t i = 0; i < BROKEN_RULES; i++) {
      const char *fault = seen[i] ? NULL : broken_run(&r, &broken_rules[i]);
      if (fault == NULL) continue;
      if (strcmp(fault, broken_rules[i].fault) != 0)
        fail_msg("seed %zu: %s, in place of %s", (size_t)seed, fault, broken_rules[i].fault);
      seen[i] = true;
      left--;
    }
    random_end(&r);
  }
  for (size_t i = 0; i < BROKEN_RULES; i++) {
    if (!seen[i]) fail_msg("nothing to break for: %s", broken_rules[i].fault);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(calls_are_accepted),
                                     cmocka_unit_test(broken_calls_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
