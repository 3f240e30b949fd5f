/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds and fields that test_control_random leaves out, through whatever may happen: a DaemonSet whose
 * agents come and go, Jobs by index that are suspended and have a deadline or rules for failures, a CronJob,
 * a StatefulSet that is rolled out from the back and has claims, a Deployment that is paused. There are never
 * more pods than there may be, and when all is quiet again it is as it should be; then all is deleted, and
 * goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/stage.h"

enum { SEEDS = 120, ACTIONS = 70, AGENTS = 4, INDEXES = 4 };

struct storm {
  struct stage s;
  uint64_t random;
  size_t agents;
  char image;
  int surge, partition, paused, suspended;
};

static unsigned draw(struct storm *t, unsigned n) {
  t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(t->random >> 33) % n;
}

#define TEMPLATE(labels, rest)                                                                               \
  "\"template\":{\"metadata\":{\"labels\":{" labels "}},\"spec\":{" rest                                     \
  "\"containers\":[{\"name\":\"main\",\"image\":\"%c\"}]}}"

static void apply_agent(struct storm *t) {
  char text[1200];
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"apps/v1\",\"kind\":\"DaemonSet\",\"metadata\":{\"name\":\"each\"},\"spec\":{"
           "\"selector\":{\"matchLabels\":{\"app\":\"each\"}},\"updateStrategy\":{\"rollingUpdate\":{"
           "\"maxSurge\":%d,\"maxUnavailable\":%d}}," TEMPLATE("\"app\":\"each\"", "") "}}",
           t->surge, t->surge == 0, t->image);
  assert_int_equal(stage_apply(&t->s, text), K8SM_OK);
}

static void apply_set(struct storm *t) {
  char text[1500];
  snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"db\"},\"spec\":{"
      "\"replicas\":3,\"serviceName\":\"db\",\"podManagementPolicy\":\"%s\",\"selector\":{\"matchLabels\":"
      "{\"app\":\"db\"}},\"updateStrategy\":{\"rollingUpdate\":{\"partition\":%d}},"
      "\"persistentVolumeClaimRetentionPolicy\":{\"whenDeleted\":\"Delete\",\"whenScaled\":\"Retain\"},"
      "\"volumeClaimTemplates\":[{\"metadata\":{\"name\":\"data\"},\"spec\":{\"accessModes\":["
      "\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}]," TEMPLATE("\"app\":\"db\"",
                                                                                           "") "}}",
      t->random % 2 == 0 && t->s.born == 0 ? "Parallel" : "OrderedReady", t->partition, t->image);
  stage_apply(&t->s, text); /* its policy can't be changed: then what was there stays */
}

static void apply_deployment(struct storm *t) {
  char text[1200];
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{"
           "\"replicas\":3,\"paused\":%s,\"revisionHistoryLimit\":1,\"progressDeadlineSeconds\":60,"
           "\"selector\":{\"matchLabels\":{\"app\":\"web\"}},\"strategy\":{\"type\":\"%s\"}," TEMPLATE(
               "\"app\":\"web\"", "") "}}",
           t->paused ? "true" : "false", t->surge == 2 ? "Recreate" : "RollingUpdate", t->image);
  assert_int_equal(stage_apply(&t->s, text), K8SM_OK);
}

static void apply_jobs(struct storm *t) {
  char text[1500];
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"work\"},\"spec\":{"
           "\"completions\":%d,\"parallelism\":2,\"completionMode\":\"Indexed\",\"suspend\":%s,"
           "\"backoffLimitPerIndex\":1000,\"podFailurePolicy\":{\"rules\":[{\"action\":\"Ignore\","
           "\"onPodConditions\":[{\"type\":\"DisruptionTarget\"}]}]}," TEMPLATE(
               "", "\"restartPolicy\":\"Never\",") "}}",
           INDEXES, t->suspended ? "true" : "false", 'a');
  assert_int_equal(stage_apply(&t->s, text), K8SM_OK);
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"short\"},\"spec\":{"
           "\"completions\":3,\"parallelism\":3,\"backoffLimit\":3,\"activeDeadlineSeconds\":300,"
           "\"ttlSecondsAfterFinished\":600,\"podReplacementPolicy\":\"Failed\"," TEMPLATE(
               "", "\"restartPolicy\":\"Never\",") "}}",
           'a');
  stage_apply(&t->s, text);
}

static void apply_cron(struct storm *t) {
  static const char *const policies[] = {"Allow", "Forbid", "Replace"};
  char text[1500];
  snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"tick\"},\"spec\":{"
      "\"schedule\":\"* * * * *\",\"concurrencyPolicy\":\"%s\",\"suspend\":%s,"
      "\"startingDeadlineSeconds\":30,\"successfulJobsHistoryLimit\":1,\"failedJobsHistoryLimit\":1,"
      "\"jobTemplate\":{\"spec\":{\"backoffLimit\":1," TEMPLATE("", "\"restartPolicy\":\"Never\",") "}}}}",
      policies[draw(t, 3)], t->suspended ? "true" : "false", 'a');
  assert_int_equal(stage_apply(&t->s, text), K8SM_OK);
}

static void give_agents(struct storm *t) {
  static const char *const names[] = {"n1", "n2", "n3", "n4"};
  assert_int_equal(stage_agents(&t->s, names, NULL, t->agents), K8SM_OK);
}

static void apply_all(struct storm *t) {
  give_agents(t);
  apply_agent(t);
  apply_set(t);
  apply_deployment(t);
  apply_jobs(t);
  apply_cron(t);
}

static struct stage_pod *any_pod(struct storm *t) {
  size_t first = draw(t, STAGE_PODS);
  for (size_t i = 0; i < STAGE_PODS; i++) {
    struct stage_pod *p = &t->s.pods[(first + i) % STAGE_PODS];
    if (p->key[0] != '\0') return p;
  }
  return NULL;
}

static void hurt_pod(struct storm *t) {
  struct stage_pod *p = any_pod(t);
  char key[320];
  if (p == NULL) return;
  snprintf(key, sizeof key, "Pod/%s", p->key);
  switch (draw(t, 7)) {
  case 0: stage_delete(&t->s, key, draw(t, 2) == 0 ? -1 : 0); break;
  case 1:
    if (!p->ended && !p->deleting) stage_unready(&t->s, p);
    break;
  case 2:
    if (!p->ended && !p->deleting) stage_disrupt(&t->s, p, "DisruptionTarget");
    break;
  case 3:
    if (!p->ended) stage_ready(&t->s, p);
    break;
  case 4:
    if (p->deleting) stage_gone(&t->s, p);
    break;
  default:
    if (!p->ended) stage_exit(&t->s, p, (int)draw(t, 2));
    break;
  }
}

static void change(struct storm *t) {
  t->image = (char)('a' + draw(t, 3));
  t->surge = (int)draw(t, 3);
  t->partition = (int)draw(t, 4);
  t->paused = (int)draw(t, 2);
  t->suspended = (int)draw(t, 2);
  t->agents = draw(t, AGENTS + 1);
}

static void act(struct storm *t) {
  switch (draw(t, 16)) {
  case 0: change(t); break;
  case 1: apply_agent(t); break;
  case 2: apply_set(t); break;
  case 3: apply_deployment(t); break;
  case 4: apply_jobs(t); break;
  case 5: apply_cron(t); break;
  case 6: give_agents(t); break;
  case 7:
    stage_restart(&t->s);
    apply_all(t);
    break;
  case 8: t->s.mute = !t->s.mute; break;
  case 9: t->s.refuse = true; break;
  case 10: t->s.slow = !t->s.slow; break;
  case 11:
  case 12: stage_run(&t->s, draw(t, 90000)); break;
  default: hurt_pod(t); break;
  }
}

/* Of those that neither have ended nor are to go. */
static size_t active(const struct storm *t, const char *prefix) {
  size_t n = 0;
  for (size_t i = 0; i < STAGE_PODS; i++) {
    const struct stage_pod *p = &t->s.pods[i];
    n += p->key[0] != '\0' && !p->deleting && !p->ended && strncmp(p->key, prefix, strlen(prefix)) == 0;
  }
  return n;
}

/* No index of a Job runs twice, and no agent has more than two of a DaemonSet. */
static void check(struct storm *t) {
  size_t indexes[INDEXES] = {0};
  for (size_t i = 0; i < STAGE_PODS; i++) {
    const struct stage_pod *p = &t->s.pods[i];
    if (p->key[0] == '\0' || p->deleting || p->ended || strncmp(p->key, "default/work-", 13) != 0) continue;
    int index = atoi(p->key + 13);
    assert_in_range(index, 0, INDEXES - 1);
    if (++indexes[index] > 1) fail_msg("index %d runs twice", index);
  }
  size_t each = active(t, "default/each-");
  if (each > 2 * (size_t)AGENTS) fail_msg("%zu pods of the DaemonSet on %d agents", each, AGENTS);
}

static void calm(struct storm *t, int minutes, bool jobs) {
  struct stage *s = &t->s;
  for (int i = 0; i < minutes; i++) {
    for (size_t k = 0; k < STAGE_PODS; k++) {
      struct stage_pod *p = &s->pods[k];
      if (p->key[0] == '\0' || p->ended) continue;
      bool job = strncmp(p->key, "default/work-", 13) == 0 || strncmp(p->key, "default/short-", 14) == 0 ||
                 strncmp(p->key, "default/tick-", 13) == 0;
      if (p->deleting)
        stage_gone(s, p);
      else if (job && jobs)
        stage_exit(s, p, 0);
      else if (!job && !p->ready)
        stage_ready(s, p);
    }
    stage_run(s, 60000);
  }
}

static void come_to_rest(struct storm *t) {
  struct stage *s = &t->s;
  s->mute = s->slow = s->refuse = false;
  t->surge = t->partition = t->paused = t->suspended = 0;
  t->agents = AGENTS;
  apply_all(t);
  calm(t, 60, true);
  assert_int_equal(active(t, "default/each-"), AGENTS);
  assert_int_equal(active(t, "default/db-"), 3);
  assert_int_equal(active(t, "default/web-"), 3);
  assert_true(stage_row(s, "DaemonSet/default/each").settled);
  assert_true(stage_row(s, "StatefulSet/default/db").settled);
  assert_true(stage_row(s, "Deployment/default/web").settled);
  assert_string_equal(stage_row(s, "Job/default/work").state.ptr, "Complete");
  char image[4] = {t->image, '\0'};
  for (size_t i = 0; i < STAGE_PODS; i++) {
    const struct stage_pod *p = &s->pods[i];
    bool set = strncmp(p->key, "default/each-", 13) == 0 || strncmp(p->key, "default/db-", 11) == 0 ||
               strncmp(p->key, "default/web-", 12) == 0;
    if (set && !p->ended) assert_string_equal(stage_pod_get(p, "spec.containers[0].image"), image);
  }
}

static void delete_all(struct storm *t) {
  static const char *const keys[] = {"DaemonSet/default/each", "StatefulSet/default/db",
                                     "Deployment/default/web", "CronJob/default/tick", "Job/default/work"};
  stage_quiet(&t->s);
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    assert_int_equal(stage_delete(&t->s, keys[i], -1), K8SM_OK);
  calm(t, 20, true);
  assert_int_equal(stage_count(&t->s, "default/"), 0);
  assert_int_equal(stage_count_going(&t->s, "default/"), 0);
  assert_true(stage_said(&t->s, "claim default/data-db-0"));
}

static void whatever_happens(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    static struct storm t;
    memset(&t, 0, sizeof t);
    t.random = seed * 104729;
    t.agents = 3;
    t.image = 'a';
    stage_begin(&t.s);
    apply_all(&t);
    for (int i = 0; i < ACTIONS; i++) {
      act(&t);
      check(&t);
    }
    come_to_rest(&t);
    delete_all(&t);
    stage_end(&t.s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_happens)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
