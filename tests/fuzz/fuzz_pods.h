/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_PODS_H
#define TESTS_FUZZ_FUZZ_PODS_H

#include <k8smesos/pod.h>

#include <string.h>

#include "fuzz.h"

/* What a pod that was accepted must be able to do, whatever it came from. */

enum { FUZZ_PODS_FORMATS = 4 };
static const uint32_t fuzz_pods_formats[FUZZ_PODS_FORMATS] = {
    K8SM_FORMAT_JSON, K8SM_FORMAT_YAML, K8SM_FORMAT_PROTOBUF, K8SM_FORMAT_PROTOBUF_BARE};

static inline void fuzz_pods_write(const struct k8sm_pod *pod, struct k8sm_blob **ret) {
  for (size_t i = 0; i < FUZZ_PODS_FORMATS; i++)
    FUZZ_REQUIRE(k8sm_pod_encode(pod, fuzz_pods_formats[i], NULL, &ret[i]) == K8SM_OK);
}

static inline void fuzz_pods_free(struct k8sm_blob **blobs) {
  for (size_t i = 0; i < FUZZ_PODS_FORMATS; i++) k8sm_blob_unref(blobs[i]);
}

static inline bool fuzz_pods_say(struct k8sm_slice json, const char *word) {
  size_t len = strlen(word);
  for (size_t i = 0; i + len <= json.len; i++) {
    if (memcmp(json.ptr + i, word, len) == 0) return true;
  }
  return false;
}

/* What was written in a format reads back, and is then written as the same bytes again, in all of them. YAML
 * can't say a NUL, and it orders the keys of what has no type, as Kubernetes does. */
static inline void fuzz_pods_back(struct k8sm_blob **first, size_t from, uint64_t flags) {
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = flags, .format = fuzz_pods_formats[from]};
  struct k8sm_slice text = k8sm_blob_bytes(first[from]), json = k8sm_blob_bytes(first[0]);
  struct k8sm_blob *again[FUZZ_PODS_FORMATS];
  struct k8sm_pod *back = NULL;
  bool yaml = o.format == K8SM_FORMAT_YAML, untyped = fuzz_pods_say(json, "\"fieldsV1\":");
  int r = k8sm_pod_parse(text.ptr, text.len, &o, &back, NULL);
  if (r != K8SM_OK && yaml && fuzz_pods_say(json, "\\u0000")) return;
  FUZZ_REQUIRE(r == K8SM_OK);
  fuzz_pods_write(back, again);
  for (size_t to = 0; to < FUZZ_PODS_FORMATS; to++) {
    struct k8sm_slice a = k8sm_blob_bytes(first[to]), b = k8sm_blob_bytes(again[to]);
    if (yaml && untyped && to != from) continue;
    FUZZ_REQUIRE(a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0);
  }
  fuzz_pods_free(again);
  k8sm_pod_unref(back);
}

static inline void fuzz_pods_fixed_point(const struct k8sm_pod *pod, uint64_t flags) {
  struct k8sm_blob *first[FUZZ_PODS_FORMATS];
  fuzz_pods_write(pod, first);
  for (size_t from = 0; from < FUZZ_PODS_FORMATS; from++) fuzz_pods_back(first, from, flags);
  fuzz_pods_free(first);
}

/* A pod from protobuf is the same after protobuf; after JSON, it stays what it is then: a message without a
 * type that holds nothing is there in protobuf, null in JSON, and gone when that is read, in Kubernetes too.
 */
static inline void fuzz_pods_settle(const struct k8sm_pod *pod, uint64_t flags) {
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = flags, .format = K8SM_FORMAT_JSON};
  struct k8sm_blob *first[FUZZ_PODS_FORMATS];
  struct k8sm_pod *settled = NULL;
  fuzz_pods_write(pod, first);
  for (size_t from = 0; from < FUZZ_PODS_FORMATS; from++) {
    if (fuzz_pods_formats[from] >= K8SM_FORMAT_PROTOBUF) fuzz_pods_back(first, from, flags);
  }
  struct k8sm_slice json = k8sm_blob_bytes(first[0]);
  FUZZ_REQUIRE(k8sm_pod_parse(json.ptr, json.len, &o, &settled, NULL) == K8SM_OK);
  fuzz_pods_fixed_point(settled, flags);
  k8sm_pod_unref(settled);
  fuzz_pods_free(first);
}

/* Reads the bytes in the format: a pod that stays what it is, or a finding that says why not. */
static inline void fuzz_pods_read(const uint8_t *bytes, size_t len, uint32_t format, uint64_t flags) {
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = flags,
                                       .format = format,
                                       .max_depth = 40,
                                       .max_alias_nodes = 1000,
                                       .max_memory = 4 << 20};
  struct k8sm_diag rows[4];
  char text[512];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_pod *pod = NULL;
  int r = k8sm_pod_parse(bytes, len, &o, &pod, &diags);
  FUZZ_REQUIRE((r == K8SM_OK) == (diags.errors == 0) && (r == K8SM_OK) == (pod != NULL));
  if (r == K8SM_OK && format >= K8SM_FORMAT_PROTOBUF) fuzz_pods_settle(pod, flags);
  if (r == K8SM_OK && format < K8SM_FORMAT_PROTOBUF) fuzz_pods_fixed_point(pod, flags);
  k8sm_pod_unref(pod);
}

/* As it stands in the file, and as km takes it. */
static inline void fuzz_pods(const uint8_t *bytes, size_t len, uint32_t format) {
  fuzz_pods_read(bytes, len, format, 0);
  fuzz_pods_read(bytes, len, format, K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE);
}

#endif
