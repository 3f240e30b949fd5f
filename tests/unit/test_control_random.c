/* SPDX-License-Identifier: Apache-2.0 */
/* A Deployment, a StatefulSet and a Job through whatever may happen, each run from one seed: pods fail and
 * vanish, manifests change, records are refused, the control dies between any two of its effects. At each
 * moment there are no more pods than there may be; when all is quiet again, exactly those that there should
 * be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/stage.h"

enum { SEEDS = 150, ACTIONS = 60, COMPLETIONS = 6, PARALLELISM = 2 };

struct chaos {
  struct stage s;
  uint64_t random;
  int web, db; /* replicas as they were given last */
  char image;
  int surge;
  size_t web_most,
      db_most; /* allowed by what is given now, or was when it was decided what still waits for a record */
  size_t web_active, db_active;
  size_t successes; /* pods of the Job that ended well */
  size_t unwanted;  /* of the Job, that were asked to go, and so count as failed */
};

static unsigned draw(struct chaos *c, unsigned n) {
  c->random = c->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(c->random >> 33) % n;
}

static size_t web_bound(const struct chaos *c) {
  return (size_t)(c->web + c->surge + (c->surge == 0));
}

/* Nothing waits any more. A StatefulSet keeps its surplus while a pod before it is not ready, and replaces
 * that pod meanwhile. */
static void forget_bounds(struct chaos *c) {
  size_t db = stage_count(&c->s, "default/db-") + stage_count_going(&c->s, "default/db-");
  c->web_most = web_bound(c);
  c->db_most = db > (size_t)c->db ? db : (size_t)c->db;
}

static void apply_web(struct chaos *c) {
  char text[1200];
  if (web_bound(c) > c->web_most) c->web_most = web_bound(c);
  snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{"
      "\"replicas\":%d,\"selector\":{\"matchLabels\":{\"app\":\"web\"}},\"strategy\":{\"rollingUpdate\":{"
      "\"maxSurge\":%d,\"maxUnavailable\":1}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"web\"}},"
      "\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"%c\"}]}}}}",
      c->web, c->surge, c->image);
  assert_int_equal(stage_apply(&c->s, text), K8SM_OK);
}

static void apply_db(struct chaos *c) {
  char text[1200];
  if ((size_t)c->db > c->db_most) c->db_most = (size_t)c->db;
  snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"db\"},\"spec\":{"
      "\"replicas\":%d,\"serviceName\":\"db\",\"selector\":{\"matchLabels\":{\"app\":\"db\"}},\"template\":{"
      "\"metadata\":{\"labels\":{\"app\":\"db\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":"
      "\"%c\"}]}}}}",
      c->db, c->image);
  assert_int_equal(stage_apply(&c->s, text), K8SM_OK);
}

static void apply_job(struct chaos *c) {
  char text[1200];
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"work\"},\"spec\":{"
           "\"completions\":%d,\"parallelism\":%d,\"backoffLimit\":10000,\"template\":{\"spec\":{"
           "\"restartPolicy\":"
           "\"Never\",\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}}}",
           COMPLETIONS, PARALLELISM);
  assert_int_equal(stage_apply(&c->s, text), K8SM_OK);
}

/* Of those that neither have ended nor are to go. */
static size_t active(const struct chaos *c, const char *prefix) {
  size_t n = 0;
  for (size_t i = 0; i < STAGE_PODS; i++) {
    const struct stage_pod *p = &c->s.pods[i];
    n += p->key[0] != '\0' && !p->deleting && !p->ended && strncmp(p->key, prefix, strlen(prefix)) == 0;
  }
  return n;
}

static struct stage_pod *any_pod(struct chaos *c) {
  size_t first = draw(c, STAGE_PODS);
  for (size_t i = 0; i < STAGE_PODS; i++) {
    struct stage_pod *p = &c->s.pods[(first + i) % STAGE_PODS];
    if (p->key[0] != '\0' && !p->ended) return p;
  }
  return NULL;
}

static void end_pod(struct chaos *c, struct stage_pod *p) {
  bool job = strncmp(p->key, "default/work-", 13) == 0;
  int code = draw(c, 2) == 0 ? 0 : 1;
  c->successes += job && code == 0 && !p->deleting;
  if (!p->deleting) stage_exit(&c->s, p, code);
}

static void delete_pod(struct chaos *c) {
  size_t first = draw(c, STAGE_PODS);
  for (size_t i = 0; i < STAGE_PODS; i++) {
    struct stage_pod *p = &c->s.pods[(first + i) % STAGE_PODS];
    char key[320];
    if (p->key[0] == '\0') continue;
    c->unwanted += !p->deleting && !p->ended && strncmp(p->key, "default/work-", 13) == 0;
    snprintf(key, sizeof key, "Pod/%s", p->key);
    stage_delete(&c->s, key,
                 -1); /* one that is not known to a control that has just begun is no error here */
    return;
  }
}

/* What was given last may not have been kept; as km does, it is given again. Until then what is recorded
 * counts. */
static void die(struct chaos *c) {
  stage_restart(&c->s);
  c->web_active = active(c, "default/web-");
  c->db_active = active(c, "default/db-");
  apply_web(c);
  apply_db(c);
  apply_job(c);
}

static void act(struct chaos *c) {
  struct stage_pod *p = any_pod(c);
  switch (draw(c, 12)) {
  case 0:
    c->web = (int)draw(c, 6);
    c->surge = (int)draw(c, 3);
    apply_web(c);
    break;
  case 1:
    c->image = (char)('a' + draw(c, 3));
    apply_web(c);
    apply_db(c);
    break;
  case 2:
    c->db = (int)draw(c, 4);
    apply_db(c);
    break;
  case 3: die(c); break;
  case 4: c->s.mute = !c->s.mute; break;
  case 5: c->s.refuse = true; break;
  case 6: delete_pod(c); break;
  case 7: c->s.slow = !c->s.slow; break;
  case 8:
    if (p != NULL && !p->deleting) stage_unready(&c->s, p);
    break;
  case 9:
  case 10:
    if (p != NULL) end_pod(c, p);
    break;
  default:
    stage_run(&c->s, draw(c, 30000));
    if (!c->s.mute && !c->s.refuse && c->s.answer_count == 0) {
      stage_run(&c->s, 6000); /* what was refused has been tried again */
      forget_bounds(c);
    }
    break;
  }
}

static void check(struct chaos *c) {
  size_t web = active(c, "default/web-"), db = active(c, "default/db-"), work = active(c, "default/work-");
  if (web > c->web_most && web > c->web_active)
    fail_msg("%zu pods of the Deployment, %zu are allowed", web, c->web_most);
  if (db > c->db_most && db > c->db_active)
    fail_msg("%zu pods of the StatefulSet, %zu are allowed", db, c->db_most);
  if (work > PARALLELISM) fail_msg("%zu pods of the Job, %d are allowed", work, PARALLELISM);
  c->web_active = web;
  c->db_active = db;
}

static void come_to_rest(struct chaos *c) {
  struct stage *s = &c->s;
  char count[16], image[3] = {c->image, '\0', '\0'};
  s->mute = s->slow = false;
  s->refuse = false;
  for (int i = 0; i < 60; i++) {
    for (size_t k = 0; k < STAGE_PODS; k++) {
      struct stage_pod *p = &s->pods[k];
      if (p->key[0] == '\0' || p->deleting || p->ended) continue;
      if (strncmp(p->key, "default/work-", 13) == 0) {
        c->successes++;
        stage_exit(s, p, 0);
      } else if (!p->ready) {
        stage_ready(s, p);
      }
    }
    stage_run(s, 60000);
  }
  assert_int_equal(active(c, "default/web-"), c->web);
  assert_int_equal(active(c, "default/db-"), c->db);
  assert_true(stage_row(s, "Deployment/default/web").settled);
  assert_true(stage_row(s, "StatefulSet/default/db").settled);
  for (size_t i = 0; i < STAGE_PODS; i++) {
    const struct stage_pod *p = &s->pods[i];
    if (p->key[0] == '\0' || p->ended || strncmp(p->key, "default/work-", 13) == 0) continue;
    assert_string_equal(stage_pod_get(p, "spec.containers[0].image"), image);
  }
  snprintf(count, sizeof count, "%d", COMPLETIONS);
  assert_string_equal(stage_get(s, "Job/default/work", "status.succeeded"), count);
  assert_in_range(c->successes, COMPLETIONS, COMPLETIONS + c->unwanted);
  assert_string_equal(stage_row(s, "Job/default/work").state.ptr, "Complete");
}

static void whatever_happens(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct chaos c = {.random = seed * 7919, .web = 3, .db = 2, .image = 'a', .surge = 1};
    print_message("seed %d\n", (int)seed);
    stage_begin(&c.s);
    apply_web(&c);
    apply_db(&c);
    apply_job(&c);
    for (int i = 0; i < ACTIONS; i++) {
      act(&c);
      check(&c);
    }
    come_to_rest(&c);
    stage_end(&c.s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_happens)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
