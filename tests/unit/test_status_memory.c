/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses that follow one another have texts in common: nobody sees that, but for the memory that they take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/life.h"

#define POD "{'containers':[{'name':'c','image':'c:1'},{'name':'d','image':'d:1'}]}"

struct memory_case {
  struct life life;
  struct failing failing;
};

static void memory_begin(struct memory_case *m) {
  life_begin(&m->life, POD);
  life_place(&m->life);
  failing_init(&m->failing, 0);
}

static struct k8sm_slice memory_save(const struct k8sm_status *status, struct k8sm_blob **ret) {
  assert_int_equal(k8sm_status_save(status, NULL, NULL, ret), K8SM_OK);
  return k8sm_blob_bytes(*ret);
}

/* The status after an update with a message of so many letters, in the allocator's memory. */
static struct k8sm_status *memory_next(struct life *l, const struct k8sm_status *from, const char *state,
                                       size_t letters, const struct k8sm_allocator *allocator) {
  char text[2048], words[1024];
  struct k8sm_status *next;
  assert_true(letters < sizeof words);
  memset(words, 'x', letters);
  words[letters] = '\0';
  l->now += 10000;
  snprintf(text, sizeof text,
           "{\"task_id\":{\"value\":\"" PODS_UID
           ".0.c.%u.n1\"},\"state\":\"TASK_%s\",\"agent_id\":{\"value\":"
           "\"S1\"},\"uuid\":\"%08xAAAAAAAAAAAAAA==\",\"message\":\"%s\"}",
           from->tasks[1].restart, state, ++l->uuids, words);
  const struct k8sm_change change = {.type = K8SM_CHANGE_UPDATE,
                                     .format = K8SM_FORMAT_JSON,
                                     .text = k8smi_s(text),
                                     .mono_ms = l->now,
                                     .wall_ms = WALL + (int64_t)l->now};
  assert_int_equal(k8sm_status_apply(from, &change, sizeof change, 1, allocator, &next, NULL), K8SM_OK);
  return next;
}

/* Of a hundred in a row each says the same once those before it are gone, and those behind it, too. */
static void none_needs_another_one(void **state) {
  enum { STATUSES = 100 };
  struct k8sm_status *chain[STATUSES + 1];
  struct k8sm_blob *records[STATUSES + 1], *again;
  struct memory_case m;
  (void)state;
  memory_begin(&m);
  const struct k8sm_allocator *a = &m.failing.allocator;
  chain[0] = memory_next(&m.life, m.life.status, "RUNNING", 0, a);
  for (size_t i = 1; i <= STATUSES; i++)
    chain[i] = memory_next(&m.life, chain[i - 1], i % 2 == 0 ? "RUNNING" : "FAILED", i * 7 % 200, a);
  for (size_t i = 0; i <= STATUSES; i++) memory_save(chain[i], &records[i]);
  for (size_t i = 0; i < STATUSES; i += 2) k8sm_status_unref(chain[i]);
  for (size_t i = STATUSES - 1; i > STATUSES / 2; i -= 2) k8sm_status_unref(chain[i]);
  for (size_t i = 1; i <= STATUSES; i += i == STATUSES / 2 - 1 ? STATUSES / 2 + 1 : 2) {
    assert_true(k8smi_eq(memory_save(chain[i], &again), k8sm_blob_bytes(records[i])));
    k8sm_blob_unref(again);
    k8sm_status_unref(chain[i]);
  }
  for (size_t i = 0; i <= STATUSES; i++) k8sm_blob_unref(records[i]);
  assert_int_equal(m.failing.held, 0);
  life_end(&m.life);
}

/* However often the texts change, and however long they are. */
static void memory_does_not_grow(void **state) {
  struct memory_case m;
  size_t most = 0;
  (void)state;
  memory_begin(&m);
  const struct k8sm_allocator *a = &m.failing.allocator;
  struct k8sm_status *status = memory_next(&m.life, m.life.status, "RUNNING", 0, a);
  for (size_t i = 0; i < 1000; i++) {
    struct k8sm_status *next = memory_next(&m.life, status, i % 2 == 0 ? "FAILED" : "RUNNING", i % 500, a);
    k8sm_status_unref(status);
    status = next;
    if (m.failing.held > most) most = m.failing.held;
  }
  assert_true(most < 8192);
  k8sm_status_unref(status);
  assert_int_equal(m.failing.held, 0);
  life_end(&m.life);
}

/* The memory of one allocator may be gone before what is in another one's is. */
static void each_allocator_has_its_own(void **state) {
  struct memory_case m;
  struct k8sm_blob *before, *after;
  struct failing other;
  (void)state;
  memory_begin(&m);
  failing_init(&other, 0);
  struct k8sm_status *a = memory_next(&m.life, m.life.status, "RUNNING", 0, &m.failing.allocator);
  struct k8sm_status *b = memory_next(&m.life, a, "RUNNING", 0, &m.failing.allocator);
  struct k8sm_status *c = memory_next(&m.life, b, "FAILED", 100, &other.allocator);
  k8sm_status_unref(a);
  memory_save(c, &before);
  k8sm_status_unref(b);
  assert_int_equal(m.failing.held, 0);
  assert_true(k8smi_eq(memory_save(c, &after), k8sm_blob_bytes(before)));
  k8sm_status_unref(c);
  assert_int_equal(other.held, 0);
  k8sm_blob_unref(before);
  k8sm_blob_unref(after);
  life_end(&m.life);
}

/* A text that stays is copied once, not for each status: what is there for a pod that runs is one block. */
static void texts_that_stay_are_shared(void **state) {
  struct memory_case m;
  (void)state;
  memory_begin(&m);
  const struct k8sm_allocator *a = &m.failing.allocator;
  struct k8sm_status *first = memory_next(&m.life, m.life.status, "STARTING", 0, a);
  struct k8sm_status *second = memory_next(&m.life, first, "RUNNING", 0, a);
  assert_non_null(first->store);
  assert_ptr_equal(first->store, second->store);
  assert_ptr_equal(first->tasks[1].task_id.ptr, second->tasks[1].task_id.ptr);
  assert_ptr_not_equal(first->tasks[1].uuid.ptr, second->tasks[1].uuid.ptr);
  k8sm_status_unref(first);
  k8sm_status_unref(second);
  assert_int_equal(m.failing.held, 0);
  life_end(&m.life);
}

/* An allocator that has no block beyond a size, and at some time none at all. */
struct scarce {
  struct failing failing;
  size_t most;
};

static void *scarce_alloc(void *ctx, size_t n) {
  struct scarce *s = ctx;
  return n > s->most ? NULL : failing_alloc(&s->failing, n);
}

static void scarce_free(void *ctx, void *p, size_t n) {
  failing_free(&((struct scarce *)ctx)->failing, p, n);
}

/* A copy has all of it, or is none: whichever allocation fails. */
static void memory_try_copy(const struct k8sm_status *from, struct k8sm_slice record,
                            const struct k8sm_allocator *allocator) {
  struct k8sm_blob *blob;
  struct k8sm_status *copy = k8smi_status_copy(from, allocator);
  if (copy == NULL) return;
  assert_true(k8smi_eq(memory_save(copy, &blob), record));
  k8sm_blob_unref(blob);
  k8sm_status_unref(copy);
}

static void memory_try_copies(const struct k8sm_status *from, struct scarce *own) {
  static const size_t most[] = {512, 1024, 1536, 2048, 4096, SIZE_MAX};
  struct k8sm_blob *record;
  const struct k8sm_slice bytes = memory_save(from, &record);
  struct scarce scarce;
  for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
    for (size_t n = 1; n < 8; n++) {
      failing_init(&scarce.failing, n);
      scarce.most = most[i];
      const struct k8sm_allocator other = {sizeof other, &scarce, scarce_alloc, scarce_free};
      memory_try_copy(from, bytes, &other);
      assert_int_equal(scarce.failing.held, 0);
      own->failing.fail_at = own->failing.calls + n;
      own->most = most[i];
      memory_try_copy(from, bytes, &own->failing.allocator);
      own->failing.fail_at = 0;
      own->most = SIZE_MAX;
    }
  }
  k8sm_blob_unref(record);
}

/* With few texts of its own, and with many; with strays. */
static void a_copy_is_whole_or_none(void **state) {
  struct memory_case m;
  struct scarce own = {.most = SIZE_MAX};
  (void)state;
  memory_begin(&m);
  failing_init(&own.failing, 0);
  own.failing.allocator =
      (struct k8sm_allocator){sizeof own.failing.allocator, &own, scarce_alloc, scarce_free};
  const struct k8sm_allocator *a = &own.failing.allocator;
  struct k8sm_status *few = memory_next(&m.life, m.life.status, "RUNNING", 0, a);
  struct k8sm_status *many = memory_next(&m.life, few, "FAILED", 900, a);
  memory_try_copies(few, &own);
  memory_try_copies(many, &own);
  k8smi_status_leave_strays(few); /* as a new attempt does: nobody else has it yet */
  assert_true(few->stray_count > 0);
  memory_try_copies(few, &own);
  k8sm_status_unref(few);
  k8sm_status_unref(many);
  assert_int_equal(own.failing.held, 0);
  life_end(&m.life);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(none_needs_another_one),     cmocka_unit_test(memory_does_not_grow),
      cmocka_unit_test(each_allocator_has_its_own), cmocka_unit_test(texts_that_stay_are_shared),
      cmocka_unit_test(a_copy_is_whole_or_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
