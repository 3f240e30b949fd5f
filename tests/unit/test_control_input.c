/* SPDX-License-Identifier: Apache-2.0 */
/* What a host may tell a control, what is refused of it and in which words, and what it may read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/state.h"
#include "support/stage.h"

static const char set[] =
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"db\"},\"spec\":{"
    "\"replicas\":2,\"selector\":{\"matchLabels\":{\"app\":\"db\"}},\"template\":{\"metadata\":{\"labels\":{"
    "\"app\":\"db\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}}}";
static const char web[] =
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{"
    "\"replicas\":2,\"selector\":{\"matchLabels\":{\"app\":\"web\"}},\"template\":{\"metadata\":{\"labels\":{"
    "\"app\":\"web\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}}}";

/* A pod one: `metadata` are members of its own. */
static const char *one(const char *metadata, const char *image) {
  static char text[1000];
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{%s\"name\":\"one\"},\"spec\":{"
           "\"containers\":[{\"name\":\"main\",\"image\":\"%s\"}]}}",
           metadata, image);
  return text;
}

static struct k8sm_workload *workload(const char *text) {
  struct k8sm_workload *w = NULL;
  assert_int_equal(k8sm_workload_parse(text, strlen(text), NULL, &w, NULL), K8SM_OK);
  return w;
}

static struct k8sm_pod *pod_of(const char *text) {
  struct k8sm_pod *p = NULL;
  assert_int_equal(k8sm_pod_parse(text, strlen(text), NULL, &p, NULL), K8SM_OK);
  return p;
}

/* One input, not through the stage: its result, and the words of its finding. */
static void refuses(struct stage *s, struct k8sm_control_input in, int result, const char *words) {
  struct k8sm_diag rows[2];
  char text[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  in.size = sizeof in;
  in.mono_ms = s->mono;
  in.wall_ms = s->wall;
  assert_int_equal(k8sm_control_step(s->control, &in, s->effects, &diags), result);
  assert_int_equal(diags.count, 1);
  const char *said = text + rows[0].message;
  if (strstr(said, words) == NULL) fail_msg("'%s', expected '%s'", said, words);
}

/* ---- How it is made ---- */

static void it_is_made_with_an_allocator_or_without(void **state) {
  struct k8sm_control_options o = {.size = sizeof o};
  struct k8sm_allocator half = {.alloc = NULL};
  struct k8sm_control *c = NULL;
  (void)state;
  k8sm_control_free(NULL);
  o.allocator = &half;
  assert_int_equal(k8sm_control_new(&o, &c, NULL), K8SM_ERR_INVALID);
  o.allocator = NULL;
  o.size = 4;
  assert_int_equal(k8sm_control_new(&o, &c, NULL), K8SM_ERR_ABI);
  o.size = sizeof o;
  assert_int_equal(k8sm_control_new(&o, &c, NULL), K8SM_OK);
  assert_int_equal(k8sm_control_deadline(c), UINT64_MAX);
  k8sm_control_free(c);
}

/* ---- What makes no sense ---- */

static void an_input_that_makes_no_sense_is_refused(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  struct k8sm_workload *w = workload(set);
  struct k8sm_pod *p = pod_of(one("", "a"));
  refuses(&s, (struct k8sm_control_input){.type = 99}, K8SM_ERR_INVALID, "no input has the type 99");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_FOUND}, K8SM_ERR_INVALID,
          "FOUND without a pod");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY}, K8SM_ERR_INVALID,
          "APPLY takes a workload or a pod");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .workload = w, .pod = p},
          K8SM_ERR_INVALID, "APPLY takes a workload or a pod");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_RESTORE}, K8SM_ERR_INVALID,
          "RESTORE after other inputs");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_FOUND, .pod = p}, K8SM_ERR_INVALID,
          "FOUND after other inputs");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_RECORDED, .number = 7}, K8SM_ERR_INVALID,
          "no record 7 waits");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_REFUSED}, K8SM_ERR_INVALID,
          "no record 0 waits");
  k8sm_workload_unref(w);
  k8sm_pod_unref(p);
  struct k8sm_control_input none = {.size = 4}; /* not even its size */
  assert_int_equal(k8sm_control_step(s.control, &none, s.effects, NULL), K8SM_ERR_ABI);
  stage_end(&s);
}

static void what_is_not_there_is_not_found(void **state) {
  static const uint32_t of_pods[] = {K8SM_CONTROL_STATUS, K8SM_CONTROL_GONE, K8SM_CONTROL_REJECTED};
  struct stage s;
  (void)state;
  stage_begin(&s);
  for (size_t i = 0; i < sizeof of_pods / sizeof of_pods[0]; i++)
    refuses(&s, (struct k8sm_control_input){.type = of_pods[i], .key = K8SMI_S("default/none")},
            K8SM_ERR_NOT_FOUND, "no pod 'default/none'");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_DELETE, .key = K8SMI_S("Pod/default/none")},
          K8SM_ERR_NOT_FOUND, "no workload or pod 'Pod/default/none'");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_DELETE, .key = K8SMI_S("Pod")},
          K8SM_ERR_NOT_FOUND, "no workload or pod 'Pod'");
  struct k8sm_blob *blob = NULL;
  stage_apply(&s, set);
  assert_int_equal(k8sm_control_object(s.control, K8SMI_S("ReplicaSet/default/x"), K8SM_FORMAT_JSON, &blob),
                   K8SM_ERR_NOT_FOUND);
  assert_int_equal(
      k8sm_control_object(s.control, K8SMI_S("ReplicaSet/default/db"), K8SM_FORMAT_PROTOBUF, &blob),
      K8SM_ERR_UNSUPPORTED);
  assert_int_equal(k8sm_control_object(s.control, K8SMI_S("ReplicaSet/default/db"), K8SM_FORMAT_YAML, &blob),
                   K8SM_OK);
  assert_non_null(strstr(k8sm_blob_bytes(blob).ptr, "kind: ReplicaSet\n"));
  k8sm_blob_unref(blob);
  stage_end(&s);
}

/* ---- Workloads that can't be taken in ---- */

static void two_objects_can_t_be_one(void **state) {
  struct stage s;
  char same_uid[2000];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web);
  struct k8sm_control_row row;
  assert_int_equal(k8sm_control_rows(s.control, 1, &row, sizeof row, 1), 1);
  struct k8sm_workload *child = k8sm_workload_ref((struct k8sm_workload *)(uintptr_t)row.workload);
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .workload = child}, K8SM_ERR_INVALID,
          "is made by Deployment/default/web");
  k8sm_workload_unref(child);
  snprintf(same_uid, sizeof same_uid, "%s", set);
  struct k8sm_workload_info info = {.size = sizeof info};
  struct k8sm_workload *first = workload(web), *other = NULL, *w = workload(set);
  assert_int_equal(k8sm_workload_get_info(first, &info), K8SM_OK);
  assert_int_equal(k8sm_workload_with_uid(w, info.uid.ptr, NULL, &other, NULL), K8SM_OK);
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .workload = other}, K8SM_ERR_INVALID,
          "metadata.uid: another object has it");
  k8sm_workload_unref(first);
  k8sm_workload_unref(other);
  k8sm_workload_unref(w);
  stage_end(&s);
}

static void a_template_alone_makes_no_pods(void **state) {
  static const char text[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"PodTemplate\",\"metadata\":{\"name\":\"t\"},\"template\":{\"spec\":{"
      "\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}}";
  struct stage s;
  (void)state;
  stage_begin(&s);
  struct k8sm_workload *w = workload(text);
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .workload = w}, K8SM_ERR_INVALID,
          "kind PodTemplate makes no pods by itself");
  k8sm_workload_unref(w);
  stage_end(&s);
}

/* The pods know their workload by its uid: that of the manifest counts only the first time. */
static void a_workload_keeps_its_uid(void **state) {
  struct stage s;
  char with[2000];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, set);
  char uid[64];
  snprintf(uid, sizeof uid, "%s", stage_get(&s, "ReplicaSet/default/db", "metadata.uid"));
  const char *name = strstr(set, "\"name\":\"db\"");
  snprintf(with, sizeof with, "%.*s\"labels\":{\"tier\":\"x\"},\"uid\":\"0-0-0\",%s", (int)(name - set), set,
           name);
  assert_int_equal(stage_apply(&s, with), K8SM_OK);
  assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "metadata.uid"), uid);
  assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "metadata.labels.tier"), "x");
  /* The spec is what it was: no new generation. */
  assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "metadata.generation"), "1");
  assert_int_equal(s.born, 2);
  stage_end(&s);
}

/* What is given again while it goes begins anew when it is gone. */
static void what_goes_comes_again(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, set);
  s.slow = true;
  stage_delete(&s, "ReplicaSet/default/db", -1);
  assert_int_equal(stage_apply(&s, set), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_true(stage_row(&s, "ReplicaSet/default/db").deleting);
  assert_false(stage_row(&s, "ReplicaSet/default/db").settled);
  s.slow = false;
  stage_run(&s, 1);
  assert_int_equal(stage_count(&s, ""), 2);
  assert_int_equal(s.born, 4);
  /* Deleted once more, and it stays so: the last word counts. */
  s.slow = true;
  stage_delete(&s, "ReplicaSet/default/db", -1);
  stage_apply(&s, set);
  stage_delete(&s, "ReplicaSet/default/db", 5);
  s.slow = false;
  stage_run(&s, 1);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_int_equal(k8sm_control_rows(s.control, 0, NULL, sizeof(struct k8sm_control_row), 0), 0);
  stage_end(&s);
}

/* The shorter grace counts, whoever says it, and when. */
static void grace_only_gets_shorter(void **state) {
  static const int64_t later[][2] = {{20, 10}, {5, 5}, {-1, 10}};
  (void)state;
  for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
    struct stage s;
    stage_begin(&s);
    stage_apply(&s, set);
    s.slow = true;
    stage_delete(&s, "ReplicaSet/default/db", 10);
    stage_delete(&s, "ReplicaSet/default/db", later[i][0]);
    char seconds[8];
    snprintf(seconds, sizeof seconds, "%d", (int)later[i][1]);
    assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "metadata.deletionGracePeriodSeconds"),
                        seconds);
    stage_restart(&s);
    assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "metadata.deletionGracePeriodSeconds"),
                        seconds);
    stage_end(&s);
  }
}

/* ---- Bare pods ---- */

static void a_pod_of_a_workload_is_not_to_be_had(void **state) {
  struct stage s;
  char text[1000];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, set);
  const char *key = stage_pod(&s, "")->key;
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\"},\"spec\":{\"containers\":["
           "{\"name\":\"main\",\"image\":\"a\"}]}}",
           strchr(key, '/') + 1);
  struct k8sm_pod *p = pod_of(text);
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .pod = p}, K8SM_ERR_INVALID,
          "belongs to ReplicaSet/default/db");
  k8sm_pod_unref(p);
  stage_end(&s);
}

static void a_bare_pod_that_goes_comes_again(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, one("", "a"));
  s.slow = true;
  stage_delete(&s, "Pod/default/one", -1);
  assert_int_equal(stage_apply(&s, one("", "b")), K8SM_OK);
  assert_int_equal(stage_apply(&s, one("", "c")), K8SM_OK); /* the last one counts */
  s.slow = false;
  stage_run(&s, 1);
  assert_string_equal(stage_pod_get(stage_pod(&s, "default/one"), "spec.containers[0].image"), "c");
  assert_int_equal(s.born, 2);
  stage_end(&s);
}

/* An API server's own uid stays, the next one of the name has another. */
static void a_bare_pod_keeps_the_uid_that_it_has(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, one("\"uid\":\"7f1c0d0e-0000-4000-8000-000000000001\",", "a"));
  assert_string_equal(stage_pod_get(stage_pod(&s, ""), "metadata.uid"),
                      "7f1c0d0e-0000-4000-8000-000000000001");
  stage_end(&s);
}

static void a_bare_pod_that_is_not_taken_is_nobodys(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.reject = "no such volume";
  stage_apply(&s, one("", "a"));
  assert_int_equal(stage_count(&s, ""), 0);
  s.reject = NULL;
  assert_int_equal(stage_delete(&s, "Pod/default/one", -1), K8SM_ERR_NOT_FOUND);
  assert_int_equal(stage_apply(&s, one("", "a")), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 1);
  stage_end(&s);
}

/* Words that no kubelet writes, and a status that is none. */
static void statuses_are_read_with_care(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, set);
  struct k8sm_control_input in = {.type = K8SM_CONTROL_STATUS, .bytes = K8SMI_S("{\"phase\":")};
  char key[300];
  snprintf(key, sizeof key, "%s", stage_pod(&s, "")->key);
  in.key = k8smi_s(key);
  assert_int_equal(stage_step(&s, in), K8SM_ERR_SYNTAX);
  in.bytes = K8SMI_S("{\"phase\":\"Unknown\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}");
  assert_int_equal(stage_step(&s, in), K8SM_OK);
  assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "status.readyReplicas"), "2");
  in.bytes = K8SMI_S("{}");
  assert_int_equal(stage_step(&s, in), K8SM_OK);
  assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "status.readyReplicas"), "1");
  stage_end(&s);
}

/* A set that is whole without something ends also what was to come in its place. */
static void what_is_not_in_the_set_does_not_come_again(void **state) {
  const struct k8sm_control_input complete = {.type = K8SM_CONTROL_COMPLETE};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct stage s;
    char first[1000], second[2000];
    stage_begin(&s);
    snprintf(first, sizeof first, "%s", i == 0 ? one("", "a") : set);
    snprintf(second, sizeof second, "%s", i == 0 ? one("", "b") : set);
    stage_apply(&s, first);
    stage_step(&s, complete);
    s.slow = true;
    stage_delete(&s, i == 0 ? "Pod/default/one" : "ReplicaSet/default/db", -1);
    stage_apply(&s, second); /* to come when the first one is gone, */
    stage_step(&s, complete);
    stage_step(&s, complete); /* and not wanted any more */
    s.slow = false;
    stage_run(&s, 10000);
    assert_int_equal(stage_count(&s, "") + stage_count_going(&s, ""), 0);
    assert_int_equal(k8sm_control_rows(s.control, 0, NULL, sizeof(struct k8sm_control_row), 0), 0);
    stage_end(&s);
  }
}

/* One that has come in another's place is part of the set as often as it was given, and not once more. */
static void what_came_again_is_in_the_set_once(void **state) {
  const struct k8sm_control_input complete = {.type = K8SM_CONTROL_COMPLETE};
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, one("", "a"));
  s.slow = true;
  stage_apply_flags(&s, one("", "b"), K8SM_CONTROL_FLAG_REPLACE);
  stage_step(&s, complete);
  s.slow = false;
  stage_run(&s, 1);
  assert_int_equal(stage_count(&s, "default/one"), 1);
  stage_step(&s, complete);
  assert_int_equal(stage_count(&s, "default/one"), 0);
  stage_end(&s);
}

/* ---- Rows of a record ---- */

static int restore(struct stage *s, const char *key, const char *row) {
  return stage_step(s, (struct k8sm_control_input){
                           .type = K8SM_CONTROL_RESTORE, .key = k8smi_s(key), .bytes = k8smi_s(row)});
}

static void rows_that_are_not_its_own_are_refused(void **state) {
  static const char other_pod[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"PodTemplate\",\"metadata\":{\"name\":\"t\"},\"template\":{}}";
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(restore(&s, "ReplicaSet/default/db", "{"), K8SM_ERR_SYNTAX);
  assert_int_equal(restore(&s, "ReplicaSet/default/other", set), K8SM_ERR_INVALID);
  assert_int_equal(restore(&s, "PodTemplate/default/t", other_pod), K8SM_ERR_INVALID);
  assert_int_equal(k8sm_control_rows(s.control, 0, NULL, sizeof(struct k8sm_control_row), 0), 0);
  assert_int_equal(restore(&s, "ReplicaSet/default/db", set), K8SM_OK);
  assert_int_equal(restore(&s, "ReplicaSet/default/db", set), K8SM_ERR_INVALID); /* once */
  /* A former template of nothing, or of what has none, is forgotten. */
  assert_int_equal(restore(&s, "ControllerRevision/StatefulSet/default/x", web), K8SM_OK);
  assert_int_equal(restore(&s, "ControllerRevision/ReplicaSet/default/db", set), K8SM_OK);
  stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
  assert_int_equal(stage_count(&s, "default/db-"), 2);
  stage_end(&s);
}

/* Conditions that no controller writes do no harm, and as many of them as there may be are kept. */
static void conditions_of_a_row_are_read_with_care(void **state) {
  static const char row[] =
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"db\",\"namespace\":"
      "\"default\"},\"spec\":{\"replicas\":0,\"selector\":{\"matchLabels\":{\"app\":\"db\"}},\"template\":{"
      "\"metadata\":{\"labels\":{\"app\":\"db\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":"
      "\"a\"}]}}},\"status\":{\"replicas\":0,\"conditions\":[{\"type\":\"\",\"status\":\"True\"},"
      "{\"type\":\"A\",\"status\":\"False\",\"lastTransitionTime\":null},{\"type\":\"B\",\"status\":"
      "\"Unknown\"},{\"type\":\"C\","
      "\"status\":\"odd\",\"reason\":\"R\",\"message\":\"M\",\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"}"
      ",{\"type\":\"D\",\"status\":\"True\"},{\"type\":\"E\",\"status\":\"True\"},{\"type\":\"F\",\"status\":"
      "\"True\"},{\"type\":\"G\",\"status\":\"True\"}]}}";
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(restore(&s, "ReplicaSet/default/db", row), K8SM_OK);
  stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
  const char *json = stage_object(&s, "ReplicaSet/default/db");
  assert_non_null(strstr(json, "{\"type\":\"A\",\"status\":\"False\",\"lastTransitionTime\":null}"));
  assert_non_null(strstr(json, "{\"type\":\"C\",\"status\":\"Unknown\",\"lastTransitionTime\":"
                               "\"2026-01-01T00:00:00Z\",\"reason\":\"R\",\"message\":\"M\"}"));
  assert_non_null(strstr(json, "\"type\":\"F\""));
  assert_null(strstr(json, "\"type\":\"G\"")); /* one too many */
  stage_end(&s);
}

/* A row names as its owner what made it; an owner that is not there, or is itself, counts as none. */
static void owners_of_rows_are_found_or_not(void **state) {
  static const char *const owners[] = {"00000000-0000-0000-0000-000000000000",
                                       "00000000-0000-4000-8000-00000000000a"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct stage s;
    char row[2000];
    const char *name = strstr(set, "\"name\":\"db\"");
    snprintf(row, sizeof row,
             "%.*s\"uid\":\"00000000-0000-4000-8000-00000000000a\",\"ownerReferences\":[{\"apiVersion\":"
             "\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"x\",\"uid\":\"%s\",\"controller\":true}],%s",
             (int)(name - set), set, owners[i], name);
    stage_begin(&s);
    assert_int_equal(restore(&s, "ReplicaSet/default/db", row), K8SM_OK);
    stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
    assert_int_equal(stage_row(&s, "ReplicaSet/default/db").owner.len, 0);
    assert_int_equal(stage_count(&s, "default/db-"), 2);
    stage_end(&s);
  }
}

static void a_pod_that_can_t_be_read_is_not_found(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  struct k8sm_pod *p = pod_of(one("", "a"));
  struct k8sm_control_input in = {
      .size = sizeof in, .type = K8SM_CONTROL_FOUND, .pod = p, .bytes = K8SMI_S("[")};
  struct k8sm_effect e;
  assert_int_equal(k8sm_control_step(s.control, &in, s.effects, NULL), K8SM_ERR_SYNTAX);
  in.bytes = (struct k8sm_slice){NULL, 0}; /* nobody has said yet what becomes of it */
  assert_int_equal(k8sm_control_step(s.control, &in, s.effects, NULL), K8SM_OK);
  in.type = K8SM_CONTROL_COMPLETE;
  assert_int_equal(k8sm_control_step(s.control, &in, s.effects, NULL), K8SM_OK);
  assert_int_equal(k8sm_effects_rows(s.effects, 0, &e, sizeof e, 1), 1);
  assert_int_equal(e.type, K8SM_EFFECT_DELETE);
  assert_string_equal(e.key.ptr, "default/one");
  k8sm_pod_unref(p);
  stage_end(&s);
}

/* ---- Other numbers ---- */

static int scale(struct stage *s, const char *key, uint64_t replicas) {
  return stage_step(
      s, (struct k8sm_control_input){.type = K8SM_CONTROL_SCALE, .key = k8smi_s(key), .number = replicas});
}

static const char *with_replicas(const char *text, const char *replicas) {
  static char other[2000];
  const char *at = strstr(text, "\"replicas\":2,");
  snprintf(other, sizeof other, "%.*s\"replicas\":%s,%s", (int)(at - text), text, replicas,
           at + strlen("\"replicas\":2,"));
  return other;
}

/* It stays so when the same manifest comes again, also after a restart, and until one with another number. */
static void what_is_scaled_stays_so(void **state) {
  static const char *const objects[] = {set, web};
  static const char *const keys[] = {"ReplicaSet/default/db", "Deployment/default/web"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct stage s;
    stage_begin(&s);
    stage_apply(&s, objects[i]);
    assert_int_equal(scale(&s, keys[i], 4), K8SM_OK);
    assert_int_equal(stage_count(&s, ""), 4);
    assert_string_equal(stage_get(&s, keys[i], "spec.replicas"), "4");
    assert_string_equal(stage_get(&s, keys[i], "metadata.generation"), "2");
    stage_apply(&s, objects[i]);
    assert_int_equal(stage_count(&s, ""), 4);
    for (int turn = 0; turn < 2; turn++) {
      stage_restart(&s);
      stage_apply(&s, objects[i]);
      assert_int_equal(stage_count(&s, ""), 4);
      assert_string_equal(stage_get(&s, keys[i], "spec.replicas"), "4");
      assert_string_equal(stage_get(&s, keys[i], "metadata.annotations"), "");
      assert_string_equal(stage_get(&s, keys[i], "metadata.generation"), "2");
    }
    stage_apply(&s, with_replicas(objects[i], "1"));
    assert_int_equal(stage_count(&s, ""), 1);
    stage_apply(&s, objects[i]);
    assert_int_equal(stage_count(&s, ""), 2);
    scale(&s, keys[i], 0);
    stage_restart(&s);
    assert_string_equal(stage_get(&s, keys[i], "metadata.annotations"), "");
    scale(&s, keys[i], 2); /* that is what the manifest says: nothing is to be kept of it */
    stage_restart(&s);
    stage_run(&s, 1);
    assert_int_equal(stage_count(&s, ""), 2);
    stage_apply(&s, with_replicas(objects[i], "3"));
    assert_int_equal(stage_count(&s, ""), 3);
    stage_end(&s);
  }
}

/* Another template rolls out, and the number stays. */
static void what_is_scaled_rolls_out_as_it_is(void **state) {
  struct stage s;
  char other[2000];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web);
  scale(&s, "Deployment/default/web", 3);
  snprintf(other, sizeof other, "%s", web);
  memcpy(strstr(other, "\"image\":\"a\""), "\"image\":\"b\"", 11);
  stage_apply(&s, other);
  assert_int_equal(stage_count(&s, ""), 3);
  assert_string_equal(stage_pod_get(stage_pod(&s, ""), "spec.containers[0].image"), "b");
  /* Made anew it is as its manifest says. */
  for (char *at = other; (at = strstr(at, "\"app\":\"web\"")) != NULL; at++)
    memcpy(at, "\"app\":\"new\"", 11);
  assert_int_equal(stage_apply_flags(&s, other, K8SM_CONTROL_FLAG_REPLACE), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 2);
  stage_end(&s);
}

/* A Deployment puts the ReplicaSet right that it has made. */
static void a_replica_set_of_a_deployment_is_put_right(void **state) {
  struct stage s;
  struct k8sm_control_row row;
  char name[100];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web);
  assert_int_equal(k8sm_control_rows(s.control, 1, &row, sizeof row, 1), 1);
  snprintf(name, sizeof name, "%s", row.key.ptr);
  assert_int_equal(scale(&s, name, 5), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 2);
  assert_string_equal(stage_get(&s, name, "spec.replicas"), "2");
  stage_end(&s);
}

static void what_can_t_be_scaled_is_refused(void **state) {
  static const char job[] =
      "{\"apiVersion\":\"batch/"
      "v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"once\"},\"spec\":{\"template\":{"
      "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}}}";
  const struct k8sm_slice db = K8SMI_S("ReplicaSet/default/db");
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, set);
  stage_apply(&s, job);
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_SCALE, .key = K8SMI_S("Job/default/once")},
          K8SM_ERR_UNSUPPORTED, "Job/default/once can't be scaled: expected a Deployment, ReplicaSet, ");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_SCALE, .key = K8SMI_S("Job/default/none")},
          K8SM_ERR_NOT_FOUND, "no workload 'Job/default/none'");
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_SCALE, .key = db, .number = (uint64_t)-1},
          K8SM_ERR_INVALID, "expected replicas from 0 to 2147483647");
  s.slow = true;
  stage_delete(&s, db.ptr, -1);
  refuses(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_SCALE, .key = db, .number = 1}, K8SM_ERR_STATE,
          "ReplicaSet/default/db is being deleted");
  stage_end(&s);
}

/* The note of a record that nobody has written so does no harm. */
static void a_note_of_a_scale_is_read_with_care(void **state) {
  static const char *const notes[] = {"x", "-1", "2147483648", "3"};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    struct stage s;
    char row[2000];
    const char *name = strstr(set, "\"name\":\"db\"");
    snprintf(row, sizeof row, "%.*s\"annotations\":{\"k8s.mesosphere.io/scaled-replicas\":\"%s\"},%s",
             (int)(name - set), set, notes[i], name);
    stage_begin(&s);
    assert_int_equal(restore(&s, "ReplicaSet/default/db", row), K8SM_OK);
    stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
    assert_int_equal(stage_count(&s, ""), i < 3 ? 2 : 3);
    stage_end(&s);
  }
}

/* ---- What can be seen ---- */

static void rows_are_read_from_any_place(void **state) {
  struct stage s;
  struct k8sm_control_row rows[4];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web);
  stage_apply(&s, set);
  assert_int_equal(k8sm_control_rows(s.control, 0, rows, sizeof rows[0], 4), 3);
  assert_string_equal(rows[0].key.ptr, "Deployment/default/web");
  assert_string_equal(rows[1].owner.ptr, "Deployment/default/web");
  assert_string_equal(rows[2].key.ptr, "ReplicaSet/default/db");
  assert_int_equal(k8sm_control_rows(s.control, 2, rows, sizeof rows[0], 1), 1);
  assert_string_equal(rows[0].key.ptr, "ReplicaSet/default/db");
  assert_int_equal(k8sm_control_rows(s.control, 3, rows, sizeof rows[0], 1), 0);
  s.mute = true;
  char more[2000];
  snprintf(more, sizeof more, "%s", set);
  memcpy(strstr(more, "\"replicas\":2"), "\"replicas\":3", 12);
  stage_apply(&s, more);
  assert_false(stage_row(&s, "ReplicaSet/default/db").settled); /* what was decided is not kept yet */
  stage_end(&s);
}

/* Nothing else may be read from a name that is very long, or holds what a terminal obeys. */
static void events_fit_on_a_line(void **state) {
  struct stage s;
  char why[1500];
  (void)state;
  stage_begin(&s);
  memset(why, 'x', sizeof why - 1);
  why[sizeof why - 1] = '\0';
  memcpy(why, "a\x1b[2J\x7f\n", 7);
  s.reject = why;
  stage_apply(&s, set);
  const char *said = strstr(s.events, "FailedCreate: Error creating: a [2J  xxx");
  assert_non_null(said);
  assert_in_range(strcspn(said, "\n"), 200, 1023);
  stage_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_made_with_an_allocator_or_without),
      cmocka_unit_test(an_input_that_makes_no_sense_is_refused),
      cmocka_unit_test(what_is_not_there_is_not_found),
      cmocka_unit_test(two_objects_can_t_be_one),
      cmocka_unit_test(a_template_alone_makes_no_pods),
      cmocka_unit_test(a_workload_keeps_its_uid),
      cmocka_unit_test(what_goes_comes_again),
      cmocka_unit_test(grace_only_gets_shorter),
      cmocka_unit_test(a_pod_of_a_workload_is_not_to_be_had),
      cmocka_unit_test(a_bare_pod_that_goes_comes_again),
      cmocka_unit_test(a_bare_pod_keeps_the_uid_that_it_has),
      cmocka_unit_test(a_bare_pod_that_is_not_taken_is_nobodys),
      cmocka_unit_test(statuses_are_read_with_care),
      cmocka_unit_test(rows_that_are_not_its_own_are_refused),
      cmocka_unit_test(conditions_of_a_row_are_read_with_care),
      cmocka_unit_test(owners_of_rows_are_found_or_not),
      cmocka_unit_test(a_pod_that_can_t_be_read_is_not_found),
      cmocka_unit_test(what_is_scaled_stays_so),
      cmocka_unit_test(what_is_scaled_rolls_out_as_it_is),
      cmocka_unit_test(a_replica_set_of_a_deployment_is_put_right),
      cmocka_unit_test(what_can_t_be_scaled_is_refused),
      cmocka_unit_test(a_note_of_a_scale_is_read_with_care),
      cmocka_unit_test(what_is_not_in_the_set_does_not_come_again),
      cmocka_unit_test(what_came_again_is_in_the_set_once),
      cmocka_unit_test(rows_are_read_from_any_place),
      cmocka_unit_test(events_fit_on_a_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
