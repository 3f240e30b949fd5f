/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/demand.h>
#include <k8smesos/resolve.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* What is read of any pod: rows, values at paths, sums, and what its containers see. */

/* Everything below a path is reached again by its own name or number. */
static void fuzz_walk(const struct k8sm_pod *pod, const char *path, int depth) {
  enum { ROWS = 8, ROOM = 24 };
  struct k8sm_pod_value rows[ROWS], again;
  char below[256];
  size_t count = 0;
  FUZZ_REQUIRE(k8sm_pod_get_values(pod, path, 0, rows, sizeof rows[0], ROWS, &count) == K8SM_OK);
  for (size_t i = 0; i < count && i < ROWS; i++) {
    const char *name = rows[i].name.ptr;
    size_t len = rows[i].name.len;
    /* others would need escapes, or can't be written in a C string */
    bool plain = len > 0 && memchr(name, '/', len) == NULL && memchr(name, '~', len) == NULL &&
                 memchr(name, '\0', len) == NULL;
    if ((name != NULL && !plain) || strlen(path) + len + ROOM > sizeof below) continue;
    if (name == NULL) {
      snprintf(below, sizeof below, "%s/%zu", path, i);
    } else {
      snprintf(below, sizeof below, "%s/%s", path, name);
    }
    FUZZ_REQUIRE(k8sm_pod_get_value(pod, below, &again, sizeof again) == K8SM_OK);
    FUZZ_REQUIRE(again.kind == rows[i].kind && again.count == rows[i].count);
    if (again.count > 0 && depth > 0) fuzz_walk(pod, below, depth - 1);
  }
}

/* As many rows one by one as are counted. */
static void fuzz_rows(const struct k8sm_pod *pod) {
  struct k8sm_pod_container container;
  struct k8sm_pod_word word;
  struct k8sm_pod_env variable;
  struct k8sm_pod_mount mount;
  size_t containers = k8sm_pod_containers(pod, 0, NULL, 0, 0), words = k8sm_pod_words(pod, 0, NULL, 0, 0);
  for (size_t i = 0; i < containers; i++)
    FUZZ_REQUIRE(k8sm_pod_containers(pod, i, &container, sizeof container, 1) == containers - i);
  for (size_t i = 0; i < words && i < 64; i++) {
    FUZZ_REQUIRE(k8sm_pod_words(pod, i, &word, sizeof word, 1) == words - i);
    FUZZ_REQUIRE(word.container < containers);
  }
  if (k8sm_pod_env(pod, 0, &variable, sizeof variable, 1) > 0) FUZZ_REQUIRE(variable.container < containers);
  if (k8sm_pod_mounts(pod, 0, &mount, sizeof mount, 1) > 0) FUZZ_REQUIRE(mount.container < containers);
  (void)(k8sm_pod_volumes(pod, 0, NULL, 0, 0) + k8sm_pod_probes(pod, 0, NULL, 0, 0) +
         k8sm_pod_env_from(pod, 0, NULL, 0, 0) + k8sm_pod_ports(pod, 0, NULL, 0, 0));
}

static const struct k8sm_manifest_data fuzz_data[] = {
    {{"ConfigMap", 9}, {"default", 7}, {"a", 1}, {"a", 1}, {"$(a)", 4}, 0, 0},
    {{"ConfigMap", 9}, {"default", 7}, {"a", 1}, {"b", 1}, {"\0n", 2}, K8SM_DATA_BINARY, 0},
    {{"Secret", 6}, {"default", 7}, {"a", 1}, {"a", 1}, {"s", 1}, 0, 0},
    {{"Secret", 6}, {"default", 7}, {"a", 1}, {"b", 1}, {"\0a", 2}, 0, 0}};

static void fuzz_resolve(const struct k8sm_pod *pod) {
  const struct k8sm_resolve_options o = {.size = sizeof o,
                                         .data = fuzz_data,
                                         .data_count = 4,
                                         .data_size = sizeof fuzz_data[0],
                                         .pod_ips = "127.0.0.1",
                                         .max_memory = 4 << 20};
  struct k8sm_resolved *resolved = NULL;
  struct k8sm_resolved_env variable;
  if (k8sm_pod_resolve(pod, &o, &resolved, NULL) != K8SM_OK) return;
  FUZZ_REQUIRE(k8sm_resolved_words(resolved, 0, NULL, 0, 0) == k8sm_pod_words(pod, 0, NULL, 0, 0));
  FUZZ_REQUIRE(k8sm_resolved_mounts(resolved, 0, NULL, 0, 0) == k8sm_pod_mounts(pod, 0, NULL, 0, 0));
  for (size_t i = 0; k8sm_resolved_env(resolved, i, &variable, sizeof variable, 1) > 0 && i < 64; i++)
    FUZZ_REQUIRE(variable.value.len == 0 || memchr(variable.value.ptr, '\0', variable.value.len) == NULL);
  k8sm_resolved_unref(resolved);
}

static void fuzz_demand(const struct k8sm_pod *pod) {
  const struct k8sm_demand_options o = {
      .size = sizeof o, .nonce = "n", .data = fuzz_data, .data_count = 4, .data_size = sizeof fuzz_data[0]};
  struct k8sm_demand *demand = NULL;
  if (k8sm_demand_make(pod, &o, &demand, NULL) == K8SM_OK) k8sm_demand_unref(demand);
}

static void fuzz_read(const uint8_t *bytes, size_t len, uint64_t flags) {
  const struct k8sm_parse_options o = {
      .size = sizeof o, .flags = flags, .max_depth = 40, .max_alias_nodes = 1000, .max_memory = 4 << 20};
  struct k8sm_pod *pod = NULL;
  struct k8sm_pod_resource sums[4];
  size_t count = 0;
  if (k8sm_pod_parse(bytes, len, &o, &pod, NULL) != K8SM_OK) return;
  fuzz_walk(pod, "", 6);
  fuzz_rows(pod);
  FUZZ_REQUIRE(k8sm_pod_resources(pod, NULL, sums, sizeof sums[0], 4, &count) == K8SM_OK);
  for (size_t i = 0; i < count && i < 4; i++) FUZZ_REQUIRE(sums[i].request >= -1 && sums[i].limit >= -1);
  FUZZ_REQUIRE(k8sm_pod_qos_class(pod).len > 0);
  fuzz_resolve(pod);
  fuzz_demand(pod);
  k8sm_pod_unref(pod);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_read(bytes, len, 0);
  fuzz_read(bytes, len, K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE);
  return 0;
}
