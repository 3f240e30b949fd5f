/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two statuses show the same is found without writing them down. Here both is done: over lives of
 * pods, with each field of a status in turn as something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/life.h"

enum { SHOWN_OTHERS = 8 }; /* that a field is given */

/* The nth other value of a field; false: there are no more. */
static bool shown_set(char *at, const struct k8smi_status_field *field, unsigned n) {
  static const char *const texts[] = {NULL, "", "other", "CrashLoopBackOff"};
  static const int64_t steps[] = {1, 400, 1000, -1, 86400000};
  bool b;
  uint32_t u32;
  int64_t i64;
  struct k8sm_slice text;
  switch (field->kind) {
  case K8SMI_STATUS_BOOL:
    memcpy(&b, at, sizeof b);
    b = !b;
    memcpy(at, &b, sizeof b);
    return n == 0;
  case K8SMI_STATUS_TEXT:
  case K8SMI_STATUS_BYTES:
    if (n >= sizeof texts / sizeof texts[0]) return false;
    text = texts[n] == NULL ? (struct k8sm_slice){NULL, 0} : k8smi_s(texts[n]);
    memcpy(at, &text, sizeof text);
    return true;
  case K8SMI_STATUS_U32:
  case K8SMI_STATUS_I32:
    u32 = n;
    memcpy(at, &u32, sizeof u32);
    return n < (k8smi_eqs(field->name, "phase") ? K8SMI_PHASE_FAILED + 1 : K8SMI_PROGRESS_ENDED + 1);
  default:
    if (n > sizeof steps / sizeof steps[0]) return false;
    memcpy(&i64, at, sizeof i64);
    i64 = n == 0 ? 0 : i64 + steps[n - 1];
    memcpy(at, &i64, sizeof i64);
    return true;
  }
}

static bool shown_is_other(const char *a, const char *b, enum k8smi_status_kind kind) {
  struct k8sm_slice x, y;
  switch (kind) {
  case K8SMI_STATUS_BOOL: return memcmp(a, b, sizeof(bool)) != 0;
  case K8SMI_STATUS_U32:
  case K8SMI_STATUS_I32: return memcmp(a, b, sizeof(uint32_t)) != 0;
  case K8SMI_STATUS_TEXT:
  case K8SMI_STATUS_BYTES:
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return !k8smi_eq(x, y);
  default: return memcmp(a, b, sizeof(uint64_t)) != 0;
  }
}

/* Whoever asks for what has changed finds the field, if it has, and no other. */
static void shown_check_set(const struct life *l, const struct k8sm_status *other, size_t task,
                            const struct k8smi_status_field *field) {
  const bool of_task = task < l->demand->task_count;
  const char *a = of_task ? (const char *)&l->status->tasks[task] : (const char *)l->status;
  const char *b = of_task ? (const char *)&other->tasks[task] : (const char *)other;
  const struct k8smi_status_fields fields = of_task ? k8smi_status_task_fields() : k8smi_status_pod_fields();
  const k8smi_status_set set = of_task
                                   ? k8smi_status_task_changed(&other->tasks[task], &l->status->tasks[task])
                                   : k8smi_status_pod_changed(other, l->status);
  const bool is_other = shown_is_other(a + field->offset, b + field->offset, field->kind);
  assert_true(set == (k8smi_status_set)is_other << (field - fields.items));
}

/* task: the number of one, or of none. */
static void shown_try(const struct life *l, size_t task, const struct k8smi_status_field *field) {
  for (unsigned n = 0; n < SHOWN_OTHERS; n++) {
    struct k8sm_status *other = k8smi_status_copy(l->status, NULL);
    assert_non_null(other);
    char *base = task < l->demand->task_count ? (char *)&other->tasks[task] : (char *)other;
    if (shown_set(base + field->offset, field, n)) life_check_shown(l->status, other);
    shown_check_set(l, other, task, field);
    k8sm_status_unref(other);
  }
}

static void shown_try_all(const struct life *l) {
  const struct k8smi_status_fields pod = k8smi_status_pod_fields(), task = k8smi_status_task_fields();
  for (size_t i = 0; i < pod.count; i++) shown_try(l, l->demand->task_count, &pod.items[i]);
  for (size_t t = 0; t < l->demand->task_count; t++) {
    for (size_t i = 0; i < task.count; i++) shown_try(l, t, &task.items[i]);
  }
}

#define SHOWN_PROBE "'readinessProbe':{'exec':{'command':['true']}}"
#define SHOWN_SPEC                                                                                           \
  "{'initContainers':[{'name':'first','image':'f:1'},{'name':'aside','image':'a:1','restartPolicy':'Always'" \
  "},"                                                                                                       \
  "{'name':'last','image':'l:1'}],"                                                                          \
  "'containers':[{'name':'web','image':'w:1'," SHOWN_PROBE "},{'name':'db','image':'d:1'}]}"

static void each_field_that_is_shown_counts_and_no_other(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, SHOWN_SPEC);
  shown_try_all(&l);
  life_change(&l, K8SM_CHANGE_UNPLACED, "0/3 nodes are available", 0);
  shown_try_all(&l);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "first", 0);
  shown_try_all(&l);
  life_update(&l, "first", 0, "FINISHED", EXITED(0));
  life_launch(&l, "aside", 0);
  life_run(&l, "aside", 0);
  shown_try_all(&l);
  life_launch(&l, "last", 0);
  life_update(&l, "last", 0, "FAILED", EXITED(3));
  shown_try_all(&l);
  life_launch(&l, "last", 1);
  life_update(&l, "last", 1, "FAILED", EXITED(3));
  shown_try_all(&l); /* in CrashLoopBackOff */
  life_tick(&l, 600000);
  life_launch(&l, "last", 2);
  life_update(&l, "last", 2, "FINISHED", EXITED(0));
  life_launch(&l, "web", 0);
  life_launch(&l, "db", 0);
  life_run(&l, "web", 0);
  life_run(&l, "db", 0);
  shown_try_all(&l);
  life_update(&l, "db", 0, "FAILED", SIGNAL("Killed"));
  shown_try_all(&l);
  life_update(&l, "web", 0, "UNREACHABLE", "'source':'SOURCE_MASTER','reason':'REASON_AGENT_REMOVED'");
  shown_try_all(&l);
  life_change(&l, K8SM_CHANGE_DELETED, "preempting to accommodate a higher priority pod", 0);
  shown_try_all(&l);
  life_update(&l, "web", 0, "KILLED", EXITED(137));
  shown_try_all(&l);
  life_end(&l);
}

static void so_do_conditions_of_others(void **state) {
  struct life l;
  struct k8sm_change change = {.type = K8SM_CHANGE_CONDITION,
                               .text = K8SMI_S("{\"type\":\"warm\",\"status\":\"False\"}")};
  (void)state;
  life_begin(&l, "{'readinessGates':[{'conditionType':'warm'}],'containers':[{'name':'c'}]}");
  shown_try_all(&l);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  shown_try_all(&l);
  assert_int_equal(life_apply(&l, &change, 1), K8SM_OK);
  shown_try_all(&l);
  life_end(&l);
}

static void so_do_those_of_a_pod_that_waits(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, "{'schedulingGates':[{'name':'example.com/quota'}],'containers':[{'name':'c'}]}");
  shown_try_all(&l);
  life_change(&l, K8SM_CHANGE_UNPLACED, "waiting for scheduling gates", 0);
  shown_try_all(&l);
  life_end(&l);
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_update(&l, "c", 0, "FAILED", EXITED(1));
  life_change(&l, K8SM_CHANGE_UNPLACED, "0/1 nodes are available", 0);
  shown_try_all(&l);
  life_end(&l);
}

static void so_do_those_of_a_pod_that_has_ended(void **state) {
  static const char *const ends[] = {EXITED(0), EXITED(1)};
  (void)state;
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    struct life l;
    life_begin(&l, ONE("Never"));
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "c", 0);
    life_update(&l, "c", 0, i == 0 ? "FINISHED" : "FAILED", ends[i]);
    assert_int_equal(l.status->phase, i == 0 ? K8SMI_PHASE_SUCCEEDED : K8SMI_PHASE_FAILED);
    shown_try_all(&l);
    life_end(&l);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_field_that_is_shown_counts_and_no_other),
      cmocka_unit_test(so_do_conditions_of_others),
      cmocka_unit_test(so_do_those_of_a_pod_that_waits),
      cmocka_unit_test(so_do_those_of_a_pod_that_has_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
