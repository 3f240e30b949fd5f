/* SPDX-License-Identifier: Apache-2.0 */
/* One workload of each kind, from their beginning through a rollout to their end. */
#include "steer.h"
#include "sweep.h"

#include <string.h>

#define STEER_SPEC(app)                                                                                      \
  "\"selector\":{\"matchLabels\":{\"app\":\"" app                                                            \
  "\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"" app                                              \
  "\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"%s\"}]}}}}"

/* %s is the image. */
static const char *const steer_objects[] = {
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{"
    "\"replicas\":2," STEER_SPEC("web"),
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"db\"},\"spec\":{"
    "\"serviceName\":\"db\",\"replicas\":2," STEER_SPEC("db"),
    "{\"apiVersion\":\"apps/"
    "v1\",\"kind\":\"DaemonSet\",\"metadata\":{\"name\":\"log\"},\"spec\":{" STEER_SPEC("log"),
    "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"tick\"},\"spec\":{"
    "\"schedule\":\"* * * * *\",\"jobTemplate\":{\"spec\":{\"completionMode\":\"Indexed\",\"completions\":2,"
    "\"parallelism\":2,\"template\":{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\","
    "\"image\":"
    "\"%s\"}]}}}}}}",
};
enum { STEER_KINDS = sizeof steer_objects / sizeof steer_objects[0] };
static const char *const steer_keys[STEER_KINDS] = {"Deployment/default/web", "StatefulSet/default/db",
                                                    "DaemonSet/default/log", "CronJob/default/tick"};

static bool steer_kinds_script(struct steer *s, size_t stage) {
  size_t last = 2 * STEER_KINDS + 4;
  s->mono_ms += 200;
  if (stage == 0) {
    steer_push(s, K8SM_CONTROL_AGENTS, 0, NULL, NULL);
  } else if (stage <= 2 * STEER_KINDS) {
    steer_push(s, K8SM_CONTROL_APPLY, stage - 1, NULL, NULL);
  } else if (stage < last) { /* jobs of the schedule */
    s->mono_ms += 60000;
    steer_push(s, K8SM_CONTROL_TICK, 0, NULL, NULL);
  } else if (stage == last) {
    if (s->pod_count < 2 + 2 + 2) s->wrong = "some pods are not there";
    for (size_t i = 0; i < STEER_KINDS; i++) steer_push(s, K8SM_CONTROL_DELETE, 0, steer_keys[i], NULL);
  } else if (stage < last + 4) { /* for what was lacking */
    steer_push(s, K8SM_CONTROL_TICK, 0, NULL, NULL);
  } else {
    return false;
  }
  return true;
}

static const char *steer_kinds_status(const struct steer *s, const char *pod) {
  (void)s;
  return strncmp(pod, "default/tick-", 13) == 0
             ? "{\"phase\":\"Succeeded\"}"
             : "{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}";
}

int oom_sweep_control(void) {
  static const struct steer_scene kinds = {"control", steer_objects, STEER_KINDS, steer_kinds_script,
                                           steer_kinds_status};
  return steer_sweep_scene(&kinds);
}
