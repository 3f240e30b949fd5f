/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds do beside their plain life: jobs that fail by rules, pods that nobody takes, objects that
 * are replaced, bare pods; and all of that on top of a record that is read first. */
#include "steer.h"
#include "sweep.h"

#include <string.h>

#define REST_HEAD(version, kind, name)                                                                       \
  "{\"apiVersion\":\"" version "\",\"kind\":\"" kind "\",\"metadata\":{\"name\":\"" name                     \
  "\",\"namespace\":\"default\"},\"spec\":{"
#define REST_POD(more) "\"spec\":{" more "\"containers\":[{\"name\":\"c\",\"image\":\"%s\"}]}"
#define REST_SET(app, more)                                                                                  \
  "\"selector\":{\"matchLabels\":{\"app\":\"" app                                                            \
  "\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"" app "\"}}," REST_POD(more) "}}}"
#define REST_JOB(restart) "\"template\":{" REST_POD("\"restartPolicy\":\"" restart "\",") "}}}"

static const char *const rest_sets[] = {
    REST_HEAD("v1", "ReplicationController",
              "rc") "\"replicas\":1,\"template\":{\"metadata\":{\"labels\":{\"app\":"
                    "\"rc\"}}," REST_POD("") "}}}",
    REST_HEAD("apps/v1", "ReplicaSet", "odd") "\"replicas\":2," REST_SET("odd", ""),
    REST_HEAD("apps/v1", "Deployment",
              "anew") "\"replicas\":1,\"revisionHistoryLimit\":0,\"strategy\":{\"type\":"
                      "\"Recreate\"}," REST_SET("anew", ""),
    REST_HEAD("apps/v1", "DaemonSet", "surge") "\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":1,"
                                               "\"maxUnavailable\":0}}," REST_SET(
                                                   "surge",
                                                   "\"nodeSelector\":{\"disk\":\"ssd\"},\"tolerations\":[{"
                                                   "\"operator\":\"Exists\"}],"),
};
static const char *const rest_jobs[] = {
    REST_HEAD("batch/v1", "Job",
              "fails") "\"parallelism\":2,\"completions\":2,\"backoffLimit\":1,"
                       "\"podFailurePolicy\":{\"rules\":[{\"action\":\"Ignore\",\"onExitCodes\":"
                       "{\"operator\":\"In\",\"values\":[43]}}]}," REST_JOB("Never"),
    REST_HEAD("batch/v1", "Job",
              "index") "\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":3,"
                       "\"backoffLimitPerIndex\":1,\"successPolicy\":{\"rules\":[{"
                       "\"succeededCount\":3}]}," REST_JOB("Never"),
    REST_HEAD("batch/v1", "Job", "sleeps") "\"suspend\":true," REST_JOB("OnFailure"),
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"found\",\"uid\":\"f0\","
    "\"ownerReferences\":[{"
    "\"apiVersion\":\"batch/"
    "v1\",\"kind\":\"Job\",\"name\":\"old\",\"uid\":\"01d\",\"controller\":true}]}," REST_POD("") "}",
};
static const char *const rest_others[] = {
    REST_HEAD("batch/v1", "CronJob",
              "other") "\"schedule\":\"* * * * *\",\"timeZone\":\"Etc/UTC\","
                       "\"concurrencyPolicy\":\"Replace\",\"successfulJobsHistoryLimit\":0,"
                       "\"jobTemplate\":{\"spec\":{" REST_JOB("Never") "}}",
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"one\"}," REST_POD("") "}",
    REST_HEAD("apps/v1", "StatefulSet",
              "own") "\"replicas\":1,\"serviceName\":\"own\","
                     "\"persistentVolumeClaimRetentionPolicy\":{\"whenDeleted\":\"Delete\"},"
                     "\"volumeClaimTemplates\":[{\"metadata\":{\"name\":\"data\"},\"spec\":{"
                     "\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{"
                     "\"storage\":\"1Gi\"}}}}]," REST_SET("own", ""),
};

static const char *const rest_set_keys[] = {"ReplicationController/default/rc", "ReplicaSet/default/odd",
                                            "Deployment/default/anew", "DaemonSet/default/surge", NULL};
static const char *const rest_job_keys[] = {"Job/default/fails",       "Job/default/index",
                                            "Job/default/sleeps",      "Job/default/old",
                                            "StatefulSet/default/was", NULL};
static const char *const rest_other_keys[] = {"CronJob/default/other", "Pod/default/one",
                                              "StatefulSet/default/own", NULL};

/* A part of it: together they would take much longer. */
struct rest_scene {
  struct steer_scene scene;
  const char *const *keys; /* of all that is to be deleted in the end */
  size_t applied;          /* how many of the objects are given; one behind them is found */
  size_t least;            /* pods in the end */
};

/* What was recorded before: a Job that has counted its pod, and a StatefulSet in the middle of a rollout. */
static const struct {
  const char *key, *bytes;
} rest_rows[] = {
    {"Job/default/old",
     "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"old\",\"namespace\":\"default\","
     "\"uid\":\"01d\"},\"spec\":{\"parallelism\":1,\"completions\":1,\"backoffLimit\":6,\"template\":{"
     "\"spec\":{"
     "\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"a\"}]}}},\"status\":{"
     "\"startTime\":"
     "\"2025-12-31T23:00:00Z\",\"failed\":1,\"conditions\":[{\"type\":\"Suspended\",\"status\":\"False\","
     "\"reason\":\"JobResumed\"}],\"uncountedTerminatedPods\":{\"succeeded\":[\"e0\"],\"failed\":[\"f0\"]}}"
     "}"},
    {"StatefulSet/default/was",
     "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"was\",\"namespace\":"
     "\"default\",\"uid\":\"3a5\"},\"spec\":{\"replicas\":1,\"serviceName\":\"was\",\"podManagementPolicy\":"
     "\"Parallel\",\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":1}},"
     "\"selector\":{\"matchLabels\":{\"app\":\"was\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":"
     "\"was\"}},"
     "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"b\"}]}}},\"status\":{\"currentRevision\":\"was-"
     "1\","
     "\"updateRevision\":\"was-2\"}}"},
    {"ControllerRevision/StatefulSet/default/was",
     "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"was\",\"namespace\":"
     "\"default\",\"uid\":\"3a5\"},\"spec\":{\"replicas\":1,\"serviceName\":\"was\",\"selector\":{"
     "\"matchLabels\":"
     "{\"app\":\"was\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"was\"}},\"spec\":{\"containers\":["
     "{"
     "\"name\":\"c\",\"image\":\"a\"}]}}}}"},
};

static const char rest_failed[] = "{\"phase\":\"Failed\",\"containerStatuses\":[{\"name\":\"c\","
                                  "\"restartCount\":1,\"state\":{\"terminated\":{"
                                  "\"exitCode\":1,\"finishedAt\":\"2026-01-01T00:00:00Z\"}}}]}";

static void rest_begin(struct steer *s, const struct rest_scene *of) {
  bool recorded = of->applied < of->scene.object_count;
  for (size_t i = 0; recorded && i < sizeof rest_rows / sizeof rest_rows[0]; i++) {
    steer_is_there(s->rows, rest_rows[i].key);
    steer_push(s, K8SM_CONTROL_RESTORE, 0, rest_rows[i].key, rest_rows[i].bytes);
  }
  if (recorded) {
    steer_is_there(s->pods, "default/found");
    s->pod_count++;
    steer_push(s, K8SM_CONTROL_FOUND, of->applied, NULL, rest_failed);
  }
  steer_push(s, K8SM_CONTROL_AGENTS, 0, NULL, NULL);
  steer_push(s, K8SM_CONTROL_ZONE, 0, "Etc/UTC", NULL);
}

static bool rest_script(struct steer *s, size_t stage) {
  const struct rest_scene *of = (const struct rest_scene *)s->scene;
  const size_t count = of->applied, ticks = 2 * count + 1, last = ticks + 3;
  s->mono_ms += 1000;
  if (stage == 0) {
    rest_begin(s, of);
  } else if (stage < ticks) { /* all of them with the one image, then with the other */
    bool second = stage > count;
    steer_push(s, K8SM_CONTROL_APPLY, stage - 1 + (second ? of->scene.object_count - count : 0), NULL, NULL);
    if (second)
      steer_push(s, K8SM_CONTROL_APPLY, stage - 1 - count, NULL, NULL); /* and once more as it was */
  } else if (stage < last) {
    s->mono_ms += 60000;
    steer_push(s, K8SM_CONTROL_TICK, 0, NULL, NULL);
  } else if (stage == last) {
    if (s->pod_count < of->least) s->wrong = "some pods are not there";
    for (size_t i = 0; of->keys[i] != NULL; i++) steer_push(s, K8SM_CONTROL_DELETE, 0, of->keys[i], NULL);
  } else if (stage < last + 4) { /* for what was lacking */
    steer_push(s, K8SM_CONTROL_TICK, 0, NULL, NULL);
  } else {
    return false;
  }
  return true;
}

/* Every other pod of a Job fails; the first ones of the ReplicaSet are not taken. */
static const char *rest_status(const struct steer *s, const char *pod) {
  static const char done[] = "{\"phase\":\"Succeeded\"}";
  static const char ready[] =
      "{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}";
  if (strncmp(pod, "default/odd-", 12) == 0) return s->mono_ms < 8000 ? NULL : ready;
  if (strncmp(pod, "default/fails-", 14) == 0) return rest_failed;
  if (strncmp(pod, "default/index-", 14) == 0) return s->made % 2 == 0 ? rest_failed : done;
  return strncmp(pod, "default/other-", 14) == 0 ? done : ready;
}

#define REST_SCENE(name, objects)                                                                            \
  { name, objects, sizeof objects / sizeof objects[0], rest_script, rest_status }

int oom_sweep_control_rest(void) {
  static const struct rest_scene scenes[] = {
      {REST_SCENE("control, sets", rest_sets), rest_set_keys, 4, 1 + 2 + 1 + 1},
      {REST_SCENE("control, jobs on a record", rest_jobs), rest_job_keys, 3, 2},
      {REST_SCENE("control, others", rest_others), rest_other_keys, 3, 1 + 1}};
  int bad = 0;
  for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) bad += steer_sweep_scene(&scenes[i].scene);
  return bad;
}
