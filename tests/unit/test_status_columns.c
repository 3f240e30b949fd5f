/* SPDX-License-Identifier: Apache-2.0 */
/* STATUS, RESTARTS and READY, as the API server prints them for `kubectl get pods`. What is expected is what
 * its printer says of these statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/life.h"

#define TWO(policy)                                                                                          \
  "{'restartPolicy':'" policy "','containers':[{'name':'z','image':'i'},{'name':'b','image':'i'}]}"
#define INITS                                                                                                \
  "{'restartPolicy':'OnFailure','initContainers':[{'name':'i','image':'i'},"                                 \
  "{'name':'s','image':'i','restartPolicy':'Always'},{'name':'j','image':'i'},"                              \
  "{'name':'t','image':'i','restartPolicy':'Always'}],'containers':[{'name':'c','image':'i'}]}"
#define OUT_OF_MEMORY                                                                                        \
  EXECUTOR ",'reason':'REASON_CONTAINER_LIMITATION_MEMORY',"                                                 \
           "'message':'Command terminated with signal Killed: Memory limit exceeded'"

static void columns(const struct life *l, const char *shown, uint32_t restarts) {
  struct k8sm_status_summary sum = {.size = sizeof sum};
  char text[64];
  assert_int_equal(k8sm_status_summarize(l->status, &sum), K8SM_OK);
  snprintf(text, sizeof text, "%.*s", K8SMI_P(sum.shown));
  assert_string_equal(text, shown);
  assert_int_equal(sum.restarts, restarts);
}

static void ready(const struct life *l, uint32_t count, uint32_t of) {
  struct k8sm_status_summary sum = {.size = sizeof sum};
  assert_int_equal(k8sm_status_summarize(l->status, &sum), K8SM_OK);
  assert_int_equal(sum.ready, count);
  assert_int_equal(sum.containers, of);
}

/* Fails, and starts again as soon as it may. */
static void fails(struct life *l, const char *container, uint32_t restart, const char *how) {
  life_update(l, container, restart, "FAILED", how);
  life_tick(l, 400000);
  life_launch(l, container, restart + 1);
  life_run(l, container, restart + 1);
}

static void two(struct life *l, const char *spec) {
  life_begin(l, spec);
  life_place(l);
  life_run(l, "", 0);
  life_run(l, "z", 0);
  life_run(l, "b", 0);
  columns(l, "Running", 0);
}

static void the_first_by_name_speaks(void **state) {
  struct life l;
  (void)state;
  two(&l, TWO("OnFailure"));
  fails(&l, "b", 0, EXITED(7));
  life_update(&l, "z", 0, "FINISHED", EXITED(0));
  columns(&l, "NotReady", 1);
  life_update(&l, "b", 1, "FAILED", EXITED(7));
  columns(&l, "CrashLoopBackOff", 1);
  life_end(&l);
  two(&l, TWO("OnFailure"));
  fails(&l, "z", 0, EXITED(7));
  life_update(&l, "b", 0, "FINISHED", EXITED(0));
  life_update(&l, "z", 1, "FAILED", EXITED(7));
  columns(&l, "Completed", 1);
  life_end(&l);
}

static void a_bad_end_outweighs_a_good_one(void **state) {
  struct life l;
  (void)state;
  two(&l, TWO("Never"));
  life_update(&l, "b", 0, "FINISHED", EXITED(0));
  columns(&l, "NotReady", 0);
  life_update(&l, "z", 0, "FAILED", OUT_OF_MEMORY);
  columns(&l, "OOMKilled", 0);
  life_end(&l);
}

static void inits_say_how_far_they_are(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, INITS);
  columns(&l, "Pending", 0);
  life_place(&l);
  columns(&l, "Init:0/4", 0);
  life_run(&l, "", 0);
  life_run(&l, "i", 0);
  fails(&l, "i", 0, EXITED(1));
  columns(&l, "Init:0/4", 1);
  life_update(&l, "i", 1, "FAILED", OUT_OF_MEMORY);
  columns(&l, "Init:CrashLoopBackOff", 1);
  life_tick(&l, 400000);
  life_launch(&l, "i", 2);
  life_run(&l, "i", 2);
  life_update(&l, "i", 2, "FINISHED", EXITED(0));
  columns(&l, "Init:1/4", 2);
  life_launch(&l, "s", 0);
  life_run(&l, "s", 0);
  columns(&l, "Init:2/4", 2);
  ready(&l, 1, 3);
  life_launch(&l, "j", 0);
  life_update(&l, "j", 0, "FAILED", EXECUTOR ",'message':'no container image'");
  columns(&l, "Init:ErrImagePull", 2);
  /* A sidecar of before is missing: that is told, not how far the others are. */
  life_update(&l, "s", 0, "FAILED", EXITED(1));
  columns(&l, "Init:1/4", 2);
  life_end(&l);
}

static void sidecars_are_missed_beside_mains(void **state) {
  struct life l;
  const char *const inits[] = {"i", "s", "j", "t"};
  (void)state;
  life_begin(&l, INITS);
  life_place(&l);
  life_run(&l, "", 0);
  for (size_t i = 0; i < 4; i++) {
    if (i > 0) life_launch(&l, inits[i], 0);
    life_run(&l, inits[i], 0);
    if (i % 2 == 0) fails(&l, inits[i], 0, EXITED(1));
    if (i % 2 == 0) life_update(&l, inits[i], 1, "FINISHED", EXITED(0));
  }
  life_launch(&l, "c", 0);
  life_run(&l, "c", 0);
  columns(&l, "Running", 0);
  fails(&l, "t", 0, EXITED(1));
  fails(&l, "c", 0, EXITED(1));
  columns(&l, "Running", 2);
  ready(&l, 3, 3);
  life_update(&l, "s", 0, "FAILED", EXITED(1));
  columns(&l, "Init:ContainerCreating", 1); /* nothing behind it is counted */
  ready(&l, 1, 3);                          /* nor is the sidecar behind it: only the main */
  life_launch(&l, "s", 1);
  life_update(&l, "s", 1, "FAILED", EXITED(1));
  columns(&l, "Init:CrashLoopBackOff", 2);
  life_end(&l);
}

static void a_pod_is_initialized_once(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, "{'restartPolicy':'OnFailure','initContainers':[{'name':'i','image':'i'}],"
                 "'containers':[{'name':'b','image':'i'},{'name':'z','image':'i'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "i", 0);
  assert_true(life_shows(&l, "'type':'Initialized','status':'False'"));
  life_update(&l, "i", 0, "FINISHED", EXITED(0));
  life_launch(&l, "b", 0);
  life_launch(&l, "z", 0);
  life_run(&l, "z", 0);
  life_run(&l, "b", 0);
  life_update(&l, "b", 0, "FINISHED", EXITED(0));
  columns(&l, "NotReady", 0);
  life_update(&l, "z", 0, "FAILED", SANDBOX_LOST);
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  life_attempt(&l, 1);
  assert_true(life_shows(&l, "'type':'Initialized','status':'True'"));
  assert_life(&l, "Running(Completed) i=W(PodInitializing) b=T(0 Completed) z=W(PodInitializing) |");
  life_end(&l);
}

/* The kubelet takes the first for begun where none was seen to begin. */
static void ends_show_what_the_containers_left(void **state) {
  struct life l;
  (void)state;
  for (unsigned begun = 0; begun < 2; begun++) {
    life_begin(&l, INITS);
    life_place(&l);
    life_run(&l, "", 0);
    if (begun == 1) {
      life_run(&l, "i", 0);
      life_update(&l, "i", 0, "FINISHED", EXITED(0));
      life_launch(&l, "s", 0);
    }
    life_change(&l, K8SM_CHANGE_DELETED, NULL, -1);
    columns(&l, "Terminating", 0);
    life_update(&l, begun == 1 ? "s" : "i", 0, "KILLED", EXECUTOR);
    life_update(&l, "", 0, "KILLED", EXECUTOR);
    assert_life(&l, begun == 1
                        ? "Failed(Init:1/4) i=T(0 Completed) s=W(PodInitializing) j=W(PodInitializing) "
                          "t=W(PodInitializing) c=W(PodInitializing) | done"
                        : "Failed(Init:ContainerStatusUnknown) i=T(137 ContainerStatusUnknown) "
                          "s=W(PodInitializing) j=W(PodInitializing) t=W(PodInitializing) "
                          "c=W(PodInitializing) | done");
    life_end(&l);
  }
  /* All init containers have done their work: then the mains may have begun. */
  life_begin(&l, "{'activeDeadlineSeconds':60,'restartPolicy':'Never',"
                 "'initContainers':[{'name':'i','image':'i'}],'containers':[{'name':'c','image':'i'}]}");
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "i", 0);
  life_update(&l, "i", 0, "FINISHED", EXITED(0));
  life_launch(&l, "c", 0);
  life_update(&l, "c", 0, "FAILED", EXECUTOR ",'message':'no container image'");
  columns(&l, "ErrImagePull", 0);
  life_tick(&l, 60000);
  assert_life(&l, "Failed(ContainerStatusUnknown) i=T(0 Completed) c=T(137 ContainerStatusUnknown) | "
                  "kill:pause/0");
  life_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_by_name_speaks),
      cmocka_unit_test(a_bad_end_outweighs_a_good_one),
      cmocka_unit_test(inits_say_how_far_they_are),
      cmocka_unit_test(sidecars_are_missed_beside_mains),
      cmocka_unit_test(ends_show_what_the_containers_left),
      cmocka_unit_test(a_pod_is_initialized_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
