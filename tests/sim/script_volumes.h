/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIM_SCRIPT_VOLUMES_H
#define TESTS_SIM_SCRIPT_VOLUMES_H

/* Scripts about the volumes of claims: a driver with a role and two claims, pods that have one of them,
 * offers with its volume or without. */

#include "base/slice.h"
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const roles[] = {"dev"};
static const struct k8sm_framework framework = {
    .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
static const struct k8sm_manifest_data data[] = {
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storage", 7}, {"64Mi", 4}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storageClassName", 16}, {"fast", 4}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"more", 4}, {"storage", 7}, {"32Mi", 4}, 0, 0}};
static const struct k8sm_demand_options demand = {.size = sizeof demand,
                                                  .data = data,
                                                  .data_count = sizeof data / sizeof data[0],
                                                  .data_size = sizeof data[0]};

static inline struct k8sm_driver_options volume_options(void) {
  struct k8sm_driver_options o = script_options();
  o.framework = &framework;
  o.demand = &demand;
  return o;
}

static inline void subscribe(struct script *s) {
  s->heartbeats = s->quiet_status = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_wait(s, 16000); /* what is left over is looked for, and then nothing is wanted */
  script_forget(s);
}

static inline void open_script(struct script *s) {
  struct k8sm_driver_options o = volume_options();
  script_open(s, &o);
  subscribe(s);
}

static inline void restart(struct script *s) {
  struct k8sm_driver_options o = volume_options();
  script_restart(s, &o);
  s->call_count = 0;
  s->hold_records = s->hold_calls = false;
  subscribe(s);
}

static inline int give_pod(struct script *s, const char *name, const char *uid) {
  char yaml[512];
  snprintf(
      yaml, sizeof yaml,
      "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: default, uid: %s}\n"
      "spec: {restartPolicy: Never, containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: "
      "/v}]}],\n"
      "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}\n",
      name, uid);
  return script_pod(s, yaml);
}

#define OF_DEV ",\"allocation_info\":{\"role\":\"dev\"}"
#define SCALAR(name, value)                                                                                  \
  "{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" value "}" OF_DEV
static const char volume[] =
    "," SCALAR("disk", "64") ",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"dev\",\"principal\":\"p\","
                             "\"labels\":{\"labels\":[{\"key\":\"claim\",\"value\":\"default/data\"},"
                             "{\"key\":\"framework\",\"value\":\"F1\"}]}}],"
                             "\"disk\":{\"persistence\":{\"id\":\"default.data\",\"principal\":\"p\"},"
                             "\"volume\":{\"mode\":\"RW\",\"container_path\":\"v\"}}}";

/* An offer of room; `more` of its resources: "", or the volume. */
static inline void offer(struct script *s, const char *id, const char *agent, const char *more) {
  static const char format[] =
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"%s\"},\"framework_id\":{\"value\":"
      "\"F1\"},\"agent_id\":{\"value\":\"%s\"},\"hostname\":\"%s.example\"" OF_DEV ",\"resources\":[" SCALAR(
          "cpus", "4") "}," SCALAR("mem", "4096") "}," SCALAR("disk", "9000") "}%s]}]}}";
  char json[4096];
  snprintf(json, sizeof json, format, id, agent, agent, more);
  s->accept[0] = '\0';
  script_event(s, json);
}

static inline bool makes_volume(const struct script *s) {
  return strstr(s->accept, "\"CREATE\"") != NULL;
}

static inline bool launches(const struct script *s) {
  return strstr(s->accept, "\"LAUNCH_GROUP\"") != NULL;
}

static inline struct script_row *row_at(struct script *s, const char *key) {
  for (size_t i = 0; i < s->row_count; i++) {
    if (strcmp(s->rows[i].key, key) == 0) return &s->rows[i];
  }
  return NULL;
}

/* A text; NULL: there is none. */
static inline const char *row_of(struct script *s, const char *key) {
  const struct script_row *row = row_at(s, key);
  if (row == NULL || row->len == 0) return NULL;
  row->bytes[row->len] = '\0';
  return row->bytes;
}

static inline void update_all(struct script *s, const char *agent, const char *state, const char *more) {
  static int number;
  char uuid[2][24], ids[2][256];
  snprintf(ids[0], sizeof ids[0], "%s", script_task(s, ""));
  snprintf(ids[1], sizeof ids[1], "%s", script_task(s, "c"));
  for (int i = 0; i < 2; i++) {
    snprintf(uuid[i], sizeof uuid[i], "%016d", ++number);
    script_update(s, ids[i], agent, state, uuid[i], more);
  }
}

#define BY_AGENT    ",\"source\":\"SOURCE_AGENT\",\"reason\":\"REASON_EXECUTOR_TERMINATED\""
#define BY_EXECUTOR ",\"source\":\"SOURCE_EXECUTOR\""
#define BY_MASTER   ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED_BY_OPERATOR\""

#endif
