/* SPDX-License-Identifier: Apache-2.0 */

/* usage: bench_parse [FILE]
 *
 * How fast a pod is read, and what it takes: a typical one of a few KiB, or that of the file, as JSON,
 * Kubernetes protobuf and YAML, beside others on the same bytes, in turns, the best round of each: jansson,
 * libyaml's bare events, and with K8SMESOS_GO_BENCH=PATH Kubernetes' own Go code (the program go-parse, made
 * of what stands in the folder of that name). Lines of name, value and unit, tabs between. */

#include <k8smesos/pod.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>

#include "bench_parse.h"
#include "support/typical_pod.h"

enum { BENCH_ROUNDS = 15, BENCH_ROUND_BYTES = 600 * 1000, BENCH_GO_EVERY = 3, BENCH_FILE_MAX = 1 << 20 };

struct bench_text {
  const char *format; /* as go-parse calls it */
  char *bytes;
  size_t len;
};

/* Processor time: others on the machine don't count. */
static double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench_require(bool fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "bench_parse: %s\n", what);
  exit(1);
}

static const struct k8sm_parse_options bench_types_only = {
    .size = sizeof bench_types_only, .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};

/* ---- What is read ---- */

static struct k8sm_pod *bench_read_file(const char *path) {
  struct k8sm_pod *pod = NULL;
  char *bytes = malloc(BENCH_FILE_MAX);
  FILE *f = fopen(path, "rb");
  bench_require(bytes != NULL && f != NULL, path);
  size_t len = fread(bytes, 1, BENCH_FILE_MAX, f);
  fclose(f);
  bench_require(k8sm_pod_parse(bytes, len, &bench_types_only, &pod, NULL) == K8SM_OK, path);
  free(bytes);
  return pod;
}

static struct k8sm_pod *bench_typical(void) {
  static struct typical_text text;
  struct k8sm_pod *pod = NULL;
  typical_pod_json(&text);
  bench_require(k8sm_pod_parse(text.bytes, text.len, &bench_types_only, &pod, NULL) == K8SM_OK,
                "the typical pod");
  return pod;
}

/* The pod, as our own writer writes it. */
static struct bench_text bench_written(const struct k8sm_pod *pod, uint32_t format, const char *name) {
  struct k8sm_blob *blob = NULL;
  bench_require(k8sm_pod_encode(pod, format, NULL, &blob) == K8SM_OK, "the pod can't be written");
  struct k8sm_slice s = k8sm_blob_bytes(blob);
  struct bench_text text = {name, malloc(s.len), s.len};
  bench_require(text.bytes != NULL, "no memory");
  memcpy(text.bytes, s.ptr, s.len);
  k8sm_blob_unref(blob);
  return text;
}

/* ---- Who reads it ---- */

/* As a framework does: with defaults and validation. */
static bool bench_pod(const struct bench_text *t) {
  struct k8sm_pod *pod = NULL;
  bool fine = k8sm_pod_parse(t->bytes, t->len, NULL, &pod, NULL) == K8SM_OK;
  k8sm_pod_unref(pod);
  return fine;
}

/* Types only: what the others' figures can be set against. */
static bool bench_pod_read(const struct bench_text *t) {
  struct k8sm_pod *pod = NULL;
  bool fine = k8sm_pod_parse(t->bytes, t->len, &bench_types_only, &pod, NULL) == K8SM_OK;
  k8sm_pod_unref(pod);
  return fine;
}

static bool bench_jansson(const struct bench_text *t) {
  json_t *root = json_loadb(t->bytes, t->len, 0, NULL);
  json_decref(root);
  return root != NULL;
}

static bool bench_libyaml(const struct bench_text *t) {
  yaml_parser_t parser;
  yaml_event_t event;
  bool done = false, fine = yaml_parser_initialize(&parser) != 0;
  if (!fine) return false;
  yaml_parser_set_input_string(&parser, (const unsigned char *)t->bytes, t->len);
  while (fine && !done) {
    fine = yaml_parser_parse(&parser, &event) != 0;
    if (!fine) break;
    done = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return fine;
}

/* Its own program says how fast it is; 0 where there is none. */
static double bench_go(const struct bench_text *t) {
  const char *program = getenv("K8SMESOS_GO_BENCH");
  char path[] = "/tmp/bench_parse.XXXXXX", command[4096], answer[64] = "0";
  if (program == NULL) return 0;
  int file = mkstemp(path);
  bench_require(file >= 0 && write(file, t->bytes, t->len) == (ssize_t)t->len && close(file) == 0, path);
  snprintf(command, sizeof command, "'%s' %s %s", program, t->format, path);
  FILE *out = popen(command, "r");
  bool fine = out != NULL && fgets(answer, sizeof answer, out) != NULL;
  bench_require(out != NULL && pclose(out) == 0 && fine, command);
  unlink(path);
  return strtod(answer, NULL);
}

/* ---- Rounds ---- */

struct bench_case {
  const char *name;
  bool (*run)(const struct bench_text *t); /* NULL: Go */
  const struct bench_text *text;
  double best; /* MB a second */
};

static void bench_round(struct bench_case *c) {
  size_t repeats = BENCH_ROUND_BYTES / c->text->len + 1;
  double begin = bench_now();
  for (size_t i = 0; i < repeats; i++) bench_require(c->run(c->text), c->name);
  double speed = (double)(c->text->len * repeats) / (bench_now() - begin) / 1e6;
  if (speed > c->best) c->best = speed;
}

/* A pod from a file need not be valid: then there is no figure for that. */
static bool bench_is_possible(const struct bench_case *c) {
  return c->run != bench_pod || bench_pod(c->text);
}

static void bench_rounds(struct bench_case *cases, size_t count) {
  for (int round = 0; round < BENCH_ROUNDS; round++) {
    for (size_t i = 0; i < count; i++) {
      double speed = 0;
      if (cases[i].run != NULL && bench_is_possible(&cases[i])) bench_round(&cases[i]);
      if (cases[i].run == NULL && round % BENCH_GO_EVERY == 0) speed = bench_go(cases[i].text);
      if (speed > cases[i].best) cases[i].best = speed;
    }
  }
}

/* ---- Memory ---- */

struct bench_memory {
  size_t calls;
  size_t held;
};

static void *bench_alloc(void *ctx, size_t n) {
  struct bench_memory *m = ctx;
  m->calls++;
  m->held += n;
  return malloc(n);
}

static void bench_free(void *ctx, void *p, size_t n) {
  ((struct bench_memory *)ctx)->held -= n;
  free(p);
}

static void bench_print_memory(const struct bench_text *t, size_t json_len) {
  struct bench_memory m = {0, 0};
  const struct k8sm_allocator allocator = {sizeof allocator, &m, bench_alloc, bench_free};
  struct k8sm_parse_options o = bench_types_only;
  struct k8sm_pod *pod = NULL;
  o.allocator = &allocator;
  bench_require(k8sm_pod_parse(t->bytes, t->len, &o, &pod, NULL) == K8SM_OK, t->format);
  printf("parse.%s.held_to_json\t%.2f\tratio\n", t->format, (double)m.held / (double)json_len);
  printf("parse.%s.allocations\t%zu\tcalls\n", t->format, m.calls);
  k8sm_pod_unref(pod);
}

int main(int argc, char **argv) {
  struct k8sm_pod *pod = argc > 1 ? bench_read_file(argv[1]) : bench_typical();
  struct bench_text json = bench_written(pod, K8SM_FORMAT_JSON, "json"),
                    protobuf = bench_written(pod, K8SM_FORMAT_PROTOBUF, "protobuf"),
                    yaml = bench_written(pod, K8SM_FORMAT_YAML, "yaml");
  struct bench_case cases[] = {
      {"parse.json.mb_per_s", bench_pod_read, &json, 0},
      {"parse.json.validated.mb_per_s", bench_pod, &json, 0},
      {"parse.json.jansson.mb_per_s", bench_jansson, &json, 0},
      {"parse.json.go.mb_per_s", NULL, &json, 0},
      {"parse.protobuf.mb_per_s", bench_pod_read, &protobuf, 0},
      {"parse.protobuf.validated.mb_per_s", bench_pod, &protobuf, 0},
      {"parse.protobuf.go.mb_per_s", NULL, &protobuf, 0},
      {"parse.yaml.mb_per_s", bench_pod_read, &yaml, 0},
      {"parse.yaml.validated.mb_per_s", bench_pod, &yaml, 0},
      {"parse.yaml.libyaml_events.mb_per_s", bench_libyaml, &yaml, 0},
      {"parse.yaml.go.mb_per_s", NULL, &yaml, 0},
  };
  static const struct {
    const char *name;
    size_t ours, theirs;
  } ratios[] = {{"parse.json.to_jansson", 0, 2},
                {"parse.json.to_go", 0, 3},
                {"parse.protobuf.to_go", 4, 6},
                {"parse.yaml.to_libyaml_events", 7, 9},
                {"parse.yaml.to_go", 7, 10}};
  size_t count = sizeof cases / sizeof cases[0];
  k8sm_pod_unref(pod);
  bench_rounds(cases, count);
  for (size_t i = 0; i < count; i++) {
    if (cases[i].best > 0) printf("%s\t%.1f\tMB/s\n", cases[i].name, cases[i].best);
  }
  for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
    double theirs = cases[ratios[i].theirs].best;
    if (theirs > 0) printf("%s\t%.2f\tratio\n", ratios[i].name, cases[ratios[i].ours].best / theirs);
  }
  bench_print_memory(&json, json.len);
  bench_print_memory(&protobuf, json.len);
  bench_print_memory(&yaml, json.len);
  bench_parse_stream(json.bytes, json.len);
  fprintf(stderr, "one pod: %zu bytes of JSON, %zu of protobuf, %zu of YAML\n", json.len, protobuf.len,
          yaml.len);
  free(json.bytes);
  free(protobuf.bytes);
  free(yaml.bytes);
  return 0;
}
