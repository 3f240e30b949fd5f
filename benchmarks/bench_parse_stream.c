/* SPDX-License-Identifier: Apache-2.0 */
/* A List of ten thousand pods in chunks, as JSON and as protobuf: each pod is let go before the next one,
 * types only. A round is long, so the time is that of the process: others who run do not count. */
#include "bench_parse.h"

#include <k8smesos/manifest.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STREAM_PODS = 10000, STREAM_CHUNK = 64 * 1024, STREAM_ROUNDS = 3 };

static void stream_require(bool fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "bench_parse: %s\n", what);
  exit(1);
}

/* Memory that is held, and the most of it. */
struct stream_memory {
  size_t held, peak;
};

static void *stream_alloc(void *ctx, size_t n) {
  struct stream_memory *m = ctx;
  m->held += n;
  if (m->held > m->peak) m->peak = m->held;
  return malloc(n);
}

static void stream_free(void *ctx, void *p, size_t n) {
  struct stream_memory *m = ctx;
  m->held -= n;
  free(p);
}

static size_t stream_read(struct k8sm_reader *r) {
  struct k8sm_manifest_pod row;
  size_t count = 0;
  int result;
  while ((result = k8sm_reader_next(r, &row, sizeof row, NULL)) == K8SM_OK) {
    k8sm_pod_unref(row.pod);
    count++;
  }
  stream_require(result == K8SM_ERR_NOT_FOUND, "the list is not valid");
  return count;
}

static void stream_list(const char *name, const char *bytes, size_t len) {
  struct stream_memory memory = {0, 0};
  const struct k8sm_allocator allocator = {sizeof allocator, &memory, stream_alloc, stream_free};
  const struct k8sm_parse_options o = {
      .size = sizeof o, .allocator = &allocator, .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  double best = 0;
  for (unsigned round = 0; round < STREAM_ROUNDS; round++) {
    struct timespec begin, end;
    struct k8sm_reader *r = NULL;
    size_t count = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    stream_require(k8sm_reader_new(&o, &r, NULL) == K8SM_OK, "no reader");
    for (size_t at = 0; at < len; at += STREAM_CHUNK) {
      size_t size = len - at < STREAM_CHUNK ? len - at : STREAM_CHUNK;
      stream_require(k8sm_reader_push(r, bytes + at, size, at + size == len) == K8SM_OK, "out of memory");
      count += stream_read(r);
    }
    k8sm_reader_free(r);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    stream_require(count == STREAM_PODS, "pods are missing");
    double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    if ((double)len / seconds / 1e6 > best) best = (double)len / seconds / 1e6;
  }
  printf("parse.stream.%s.mb_per_s\t%.1f\tMB/s\n", name, best);
  printf("parse.stream.%s.peak_kib\t%zu\tKiB\n", name, memory.peak / 1024);
}

void bench_parse_stream(const char *pod, size_t len) {
  static const char head[] = "{\"apiVersion\":\"v1\",\"items\":[", tail[] = "],\"kind\":\"List\"}\n";
  char *text = malloc(sizeof head + sizeof tail + (len + 1) * STREAM_PODS), *to = text;
  struct k8sm_pod **pods = malloc(STREAM_PODS * sizeof *pods);
  struct k8sm_blob *list = NULL;
  stream_require(text != NULL && pods != NULL, "out of memory");
  memcpy(to, head, sizeof head - 1);
  to += sizeof head - 1;
  for (size_t i = 0; i < STREAM_PODS; i++) {
    if (i > 0) *to++ = ',';
    memcpy(to, pod, len);
    to += len;
  }
  memcpy(to, tail, sizeof tail - 1);
  stream_list("json", text, (size_t)(to - text) + sizeof tail - 1);
  free(text);
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  stream_require(k8sm_pod_parse(pod, len, &o, &pods[0], NULL) == K8SM_OK, "the pod is not valid");
  for (size_t i = 1; i < STREAM_PODS; i++) pods[i] = pods[0];
  stream_require(k8sm_pods_encode(pods, STREAM_PODS, K8SM_FORMAT_PROTOBUF, NULL, &list) == K8SM_OK,
                 "no list");
  struct k8sm_slice bytes = k8sm_blob_bytes(list);
  stream_list("protobuf", bytes.ptr, bytes.len);
  k8sm_blob_unref(list);
  k8sm_pod_unref(pods[0]);
  free(pods);
}
