/* SPDX-License-Identifier: Apache-2.0 */

/* How fast pods are read: one with most things that pods have, of a few KiB, as JSON and as YAML, beside
 * jansson and libyaml's bare events on the same bytes, in turns, the best round of each. Lines of name,
 * value and unit, tabs between. */

#include <k8smesos/pod.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

enum { BENCH_CONTAINERS = 6, BENCH_ROUNDS = 15, BENCH_REPEATS = 100, BENCH_TEXT = 64 * 1024 };

struct bench_text {
  char bytes[BENCH_TEXT];
  size_t len;
};

static double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench_require(bool fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "bench_parse: %s\n", what);
  exit(1);
}

static void bench_append(struct bench_text *t, const char *format, unsigned n) {
  int len = snprintf(t->bytes + t->len, sizeof t->bytes - t->len, format, n, n, n);
  bench_require(len >= 0 && (size_t)len < sizeof t->bytes - t->len, "the text is too long");
  t->len += (size_t)len;
}

static void bench_make_json(struct bench_text *t) {
  bench_append(
      t,
      "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web-%u\",\"namespace\":\"prod\","
      "\"uid\":\"8d4f1a7e-5f6e-4a57-9d0c-0a6f5b1c2d3e\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
      "\"labels\":{\"app\":\"web\",\"pod-template-hash\":\"5d9c7b8f6d\",\"tier\":\"frontend\"},"
      "\"annotations\":{\"example.com/owner\":\"team-a\",\"example.com/notes\":\"several words of "
      "text that nobody reads\"}},\"spec\":{\"volumes\":[{\"name\":\"config\",\"configMap\":{\"name\":"
      "\"web\",\"defaultMode\":420}},{\"name\":\"cache\",\"emptyDir\":{}}],\"containers\":[",
      1);
  for (unsigned i = 0; i < BENCH_CONTAINERS; i++) {
    bench_append(t, i == 0 ? "" : ",", 0);
    bench_append(t, "{\"name\":\"c%u\",\"image\":\"registry.example.com/team/service-%u:1.25.%u\",", i);
    bench_append(
        t,
        "\"command\":[\"/usr/bin/serve\",\"--config=/etc/web/config.yaml\",\"--port=80%02u\"],\"ports\":"
        "[{\"name\":\"http\",\"containerPort\":8080,\"protocol\":\"TCP\"}],\"env\":[{\"name\":\"LEVEL\","
        "\"value\":\"info\"},{\"name\":\"POD_NAME\",\"valueFrom\":{\"fieldRef\":{\"apiVersion\":\"v1\","
        "\"fieldPath\":\"metadata.name\"}}}],",
        i);
    bench_append(
        t,
        "\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"256Mi\"},\"requests\":{\"cpu\":\"100m\","
        "\"memory\":\"128Mi\"}},\"volumeMounts\":[{\"name\":\"config\",\"readOnly\":true,\"mountPath\":"
        "\"/etc/web\"},{\"name\":\"cache\",\"mountPath\":\"/var/cache/web\"}],\"livenessProbe\":{"
        "\"httpGet\":{\"path\":\"/healthz\",\"port\":8080,\"scheme\":\"HTTP\"},\"initialDelaySeconds\":5,"
        "\"timeoutSeconds\":1,\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3},",
        0);
    bench_append(t,
                 "\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\","
                 "\"imagePullPolicy\":\"IfNotPresent\",\"securityContext\":{\"runAsUser\":1000,"
                 "\"allowPrivilegeEscalation\":false}}",
                 0);
  }
  bench_append(
      t,
      "],\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\","
      "\"serviceAccountName\":\"web\",\"serviceAccount\":\"web\",\"securityContext\":{},"
      "\"schedulerName\":\"default-scheduler\",\"enableServiceLinks\":true},\"status\":{}}",
      0);
}

/* The same pod, as our own writer writes it. */
static void bench_make_yaml(struct bench_text *yaml, const struct bench_text *json) {
  struct k8sm_pod *pod = NULL;
  struct k8sm_blob *blob = NULL;
  bench_require(k8sm_pod_parse(json->bytes, json->len, NULL, &pod, NULL) == K8SM_OK, "the pod is not valid");
  bench_require(k8sm_pod_encode(pod, K8SM_FORMAT_YAML, NULL, &blob) == K8SM_OK, "the pod can't be written");
  struct k8sm_slice s = k8sm_blob_bytes(blob);
  bench_require(s.len < sizeof yaml->bytes, "the text is too long");
  memcpy(yaml->bytes, s.ptr, s.len + 1);
  yaml->len = s.len;
  k8sm_blob_unref(blob);
  k8sm_pod_unref(pod);
}

static bool bench_pod(const struct bench_text *t) {
  struct k8sm_pod *pod = NULL;
  bool fine = k8sm_pod_parse(t->bytes, t->len, NULL, &pod, NULL) == K8SM_OK;
  k8sm_pod_unref(pod);
  return fine;
}

/* Types only: what jansson's and libyaml's figures can be set against. */
static bool bench_pod_read(const struct bench_text *t) {
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  struct k8sm_pod *pod = NULL;
  bool fine = k8sm_pod_parse(t->bytes, t->len, &o, &pod, NULL) == K8SM_OK;
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

struct bench_case {
  const char *name;
  bool (*run)(const struct bench_text *t);
  const struct bench_text *text;
  double best; /* MB a second */
};

static void bench_round(struct bench_case *c, unsigned repeats) {
  double begin = bench_now();
  for (unsigned i = 0; i < repeats; i++) bench_require(c->run(c->text), c->name);
  double speed = (double)c->text->len * repeats / (bench_now() - begin) / 1e6;
  if (speed > c->best) c->best = speed;
}

static struct bench_text bench_json, bench_yaml;

int main(void) {
  struct bench_case cases[] = {
      {"parse.json.mb_per_s", bench_pod_read, &bench_json, 0},
      {"parse.json.validated.mb_per_s", bench_pod, &bench_json, 0},
      {"parse.json.jansson.mb_per_s", bench_jansson, &bench_json, 0},
      {"parse.yaml.mb_per_s", bench_pod_read, &bench_yaml, 0},
      {"parse.yaml.validated.mb_per_s", bench_pod, &bench_yaml, 0},
      {"parse.yaml.libyaml_events.mb_per_s", bench_libyaml, &bench_yaml, 0},
  };
  size_t count = sizeof cases / sizeof cases[0];
  bench_make_json(&bench_json);
  bench_make_yaml(&bench_yaml, &bench_json);
  for (unsigned round = 0; round < BENCH_ROUNDS; round++) {
    for (size_t i = 0; i < count; i++) bench_round(&cases[i], i < 3 ? BENCH_REPEATS : BENCH_REPEATS / 10);
  }
  for (size_t i = 0; i < count; i++) printf("%s\t%.1f\tMB/s\n", cases[i].name, cases[i].best);
  printf("parse.json.to_jansson\t%.2f\tratio\n", cases[0].best / cases[2].best);
  printf("parse.yaml.to_libyaml_events\t%.2f\tratio\n", cases[3].best / cases[5].best);
  fprintf(stderr, "one pod of %d containers: %zu bytes of JSON, %zu of YAML\n", (int)BENCH_CONTAINERS,
          bench_json.len, bench_yaml.len);
  return 0;
}
