/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RANDOM_POD_H
#define TESTS_SUPPORT_RANDOM_POD_H

/* Pods that Mesos can run, by chance: what a PodSpec can say that is mapped, and what it means together. */

#include <stdarg.h>

#include <k8smesos/manifest.h>

#include "support/random_message.h"

struct random_pod {
  struct random_source random;
  char text[32768];
  size_t len;
  int containers; /* so far */
};

/* What pods refer to. */
static const struct k8sm_manifest_data random_pod_data[] = {
    {{"ConfigMap", 9}, {"default", 7}, {"cfg", 3}, {"A", 1}, {"plain", 5}, 0, 0},
    {{"ConfigMap", 9}, {"default", 7}, {"cfg", 3}, {"B.conf", 6}, {"two\nlines", 9}, 0, 0},
    {{"Secret", 6}, {"default", 7}, {"pw", 2}, {"K", 1}, {"s3cret", 6}, 0, 0},
    {{"Secret", 6}, {"default", 7}, {"pw", 2}, {"EMPTY", 5}, {"", 0}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storage", 7}, {"100Mi", 5}, 0, 0},
};
enum { RANDOM_POD_DATA = sizeof random_pod_data / sizeof random_pod_data[0] };

/* Numbers next to each other give sources that have nothing in common. */
static inline uint64_t random_seed(uint64_t number) {
  struct random_source r = {(number + 1) * UINT64_C(0x9e3779b97f4a7c15)};
  for (int i = 0; i < 8; i++) random_next(&r);
  return r.state;
}

static inline bool random_one_in(struct random_pod *p, uint64_t n) {
  return random_below(&p->random, n) == 0;
}

__attribute__((format(printf, 2, 3))) static inline void random_put(struct random_pod *p, const char *format,
                                                                    ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(p->text + p->len, sizeof p->text - p->len, format, args);
  va_end(args);
  if (n < 0 || p->len + (size_t)n >= sizeof p->text) abort();
  p->len += (size_t)n;
}

/* One of the texts, or, one time in `n`, nothing; n 0: always one. */
static inline void random_put_one(struct random_pod *p, uint64_t n, const char *const *texts, size_t count) {
  if (n == 0 || !random_one_in(p, n)) random_put(p, "%s", texts[random_below(&p->random, count)]);
}
#define RANDOM_ONE(p, n, ...)                                                                                \
  random_put_one((p), (n), (const char *const[]){__VA_ARGS__},                                               \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static inline void random_probe(struct random_pod *p, const char *name, bool once) {
  if (!random_one_in(p, 3)) return;
  random_put(p, ",\"%s\":{", name);
  RANDOM_ONE(p, 0, "\"exec\":{\"command\":[\"test\",\"-e\",\"/x\"]}", "\"tcpSocket\":{\"port\":8080}",
             "\"httpGet\":{\"path\":\"/healthz\",\"port\":80}",
             "\"httpGet\":{\"port\":\"http\",\"scheme\":\"HTTPS\"}",
             "\"httpGet\":{\"path\":\"/\",\"port\":\"http\"}", "\"grpc\":{\"port\":9090}");
  RANDOM_ONE(p, 2, ",\"initialDelaySeconds\":7", ",\"timeoutSeconds\":5,\"periodSeconds\":3");
  RANDOM_ONE(p, 2, ",\"failureThreshold\":1", ",\"failureThreshold\":30");
  if (!once) RANDOM_ONE(p, 2, ",\"successThreshold\":3");
  random_put(p, "}");
}

static inline void random_env(struct random_pod *p) {
  random_put(p, ",\"env\":[{\"name\":\"FIRST\",\"value\":\"1\"}");
  RANDOM_ONE(p, 2, ",{\"name\":\"NONE\"}", ",{\"name\":\"TWO\",\"value\":\"$(FIRST)$(NODE)$$\"}");
  RANDOM_ONE(p, 2, ",{\"name\":\"NODE\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"spec.nodeName\"}}}",
             ",{\"name\":\"NODE\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}}");
  RANDOM_ONE(p, 2, ",{\"name\":\"IP\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"status.podIP\"}}}",
             ",{\"name\":\"CPU\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"limits.cpu\"}}}");
  RANDOM_ONE(
      p, 2, ",{\"name\":\"C\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"cfg\",\"key\":\"A\"}}}",
      ",{\"name\":\"S\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"pw\",\"key\":\"K\"}}}"
      ",{\"name\":\"URL\",\"value\":\"http://$(S)@$(FIRST)/\"}",
      ",{\"name\":\"O\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"no\",\"key\":\"K\",\"optional\":true}}}");
  random_put(p, "]");
  RANDOM_ONE(p, 2, ",\"envFrom\":[{\"configMapRef\":{\"name\":\"cfg\"}}]",
             ",\"envFrom\":[{\"prefix\":\"P_\",\"secretRef\":{\"name\":\"pw\"}}]");
}

static inline void random_resources(struct random_pod *p) {
  static const char *const cpus[] = {"1m", "10m", "100m", "250m", "333m", "1", "1500m"};
  static const char *const memory[] = {"1", "1Mi", "32Mi", "64M", "100000001", "1Gi", "0.5Gi"};
  uint64_t cpu = random_below(&p->random, 7), mem = random_below(&p->random, 7);
  random_put(p, ",\"resources\":{");
  switch (random_below(&p->random, 4)) {
  case 0: random_put(p, "\"requests\":{\"cpu\":\"%s\"}", cpus[cpu]); break;
  case 1: random_put(p, "\"limits\":{\"memory\":\"%s\"}", memory[mem]); break;
  case 2:
    random_put(
        p, "\"requests\":{\"cpu\":\"%s\",\"memory\":\"%s\"},\"limits\":{\"cpu\":\"2\",\"memory\":\"2Gi\"}",
        cpus[cpu], memory[mem]);
    break;
  default:
    random_put(p, "\"requests\":{\"cpu\":\"%s\",\"memory\":\"%s\",\"ephemeral-storage\":\"%s\"}", cpus[cpu],
               memory[mem], memory[mem]);
  }
  random_put(p, "}");
}

static inline void random_ports(struct random_pod *p) {
  random_put(p, ",\"ports\":[{\"name\":\"http\",\"containerPort\":%d", 80 + p->containers);
  if (random_one_in(p, 3)) random_put(p, ",\"hostPort\":%d", 31000 + (int)random_below(&p->random, 20));
  random_put(p, "}");
  if (random_one_in(p, 2))
    random_put(p, ",{\"containerPort\":%d,\"protocol\":\"UDP\"}", 5300 + p->containers);
  random_put(p, "]");
}

static inline void random_container(struct random_pod *p, const char *name, bool probes) {
  random_put(p, "{\"name\":\"%s%d\"", name, p->containers++);
  RANDOM_ONE(
      p, 0, ",\"image\":\"nginx:1.27\"", ",\"image\":\"registry.example:5000/a/b\"",
      ",\"image\":\"busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000\"");
  RANDOM_ONE(p, 3, ",\"command\":[\"sh\",\"-c\",\"true\"]",
             ",\"command\":[\"/bin/run\"],\"args\":[\"$(FIRST)\",\"\"]", ",\"command\":[\"a\"],\"args\":[]");
  RANDOM_ONE(p, 2, ",\"imagePullPolicy\":\"Always\"", ",\"tty\":true");
  if (random_one_in(p, 2)) random_env(p);
  if (!random_one_in(p, 3)) random_resources(p);
  if (probes || random_one_in(p, 2)) random_ports(p);
  RANDOM_ONE(p, 3,
             ",\"volumeMounts\":[{\"name\":\"e\",\"mountPath\":\"/e\",\"subPath\":\"x/"
             "y\"},{\"name\":\"c\",\"mountPath\":\"/c\"}]",
             ",\"volumeMounts\":[{\"name\":\"s\",\"mountPath\":\"/"
             "s\",\"readOnly\":true},{\"name\":\"h\",\"mountPath\":\"/h\"}]",
             ",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"},{\"name\":\"d\",\"mountPath\":\"/"
             "d\"},{\"name\":\"p\",\"mountPath\":\"/p\"}]");
  RANDOM_ONE(p, 2, ",\"securityContext\":{\"runAsUser\":0}",
             ",\"securityContext\":{\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"NET_BIND_SERVICE\"]}}",
             ",\"securityContext\":{\"seccompProfile\":{\"type\":\"Unconfined\"}}");
  if (probes) {
    random_probe(p, "livenessProbe", true);
    random_probe(p, "readinessProbe", false);
    random_probe(p, "startupProbe", true);
  }
}

static inline void random_init_containers(struct random_pod *p) {
  if (!random_one_in(p, 2)) return;
  random_put(p, "\"initContainers\":[");
  for (uint64_t i = 0, n = 1 + random_below(&p->random, 3); i < n; i++) {
    bool sidecar = random_one_in(p, 3);
    if (i > 0) random_put(p, ",");
    random_container(p, sidecar ? "side" : "init", sidecar);
    random_put(p, "%s}", sidecar ? ",\"restartPolicy\":\"Always\"" : "");
  }
  random_put(p, "],");
}

static inline void random_spec(struct random_pod *p) {
  static const char volumes[] =
      "\"volumes\":[{\"name\":\"e\",\"emptyDir\":{}},{\"name\":\"h\",\"hostPath\":{\"path\":\"/srv\"}},"
      "{\"name\":\"c\",\"configMap\":{\"name\":\"cfg\"}},{\"name\":\"s\",\"secret\":{\"secretName\":\"pw\"}},"
      "{\"name\":\"d\",\"downwardAPI\":{\"items\":[{\"path\":\"l/"
      "abels\",\"fieldRef\":{\"fieldPath\":\"metadata.labels\"}}]}},"
      "{\"name\":\"p\",\"projected\":{\"sources\":[{\"secret\":{\"name\":\"pw\"}},{\"configMap\":{\"name\":"
      "\"cfg\",\"items\":"
      "[{\"key\":\"A\",\"path\":\"deep/a\"}]}}]}}";
  random_put(p, "\"spec\":{%s", volumes);
  RANDOM_ONE(p, 0, ",{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"data\"}}",
             ",{\"name\":\"v\",\"ephemeral\":{\"volumeClaimTemplate\":{\"spec\":{\"accessModes\":["
             "\"ReadWriteOnce\"],"
             "\"resources\":{\"requests\":{\"storage\":\"10Mi\"}}}}}}",
             ",{\"name\":\"v\",\"emptyDir\":{}}", ",{\"name\":\"v\",\"emptyDir\":{}}",
             ",{\"name\":\"v\",\"emptyDir\":{\"sizeLimit\":\"1Mi\"}}", ",{\"name\":\"v\",\"emptyDir\":{}}");
  random_put(p, "]");
  if (random_one_in(p, 8)) random_put(p, ",\"hostNetwork\":true");
  RANDOM_ONE(p, 2, ",\"hostPID\":true", ",\"hostIPC\":true", ",\"shareProcessNamespace\":true");
  RANDOM_ONE(p, 2, ",\"terminationGracePeriodSeconds\":0", ",\"terminationGracePeriodSeconds\":3600");
  RANDOM_ONE(p, 2, ",\"activeDeadlineSeconds\":60", ",\"hostname\":\"host\"",
             ",\"overhead\":{\"cpu\":\"5m\"}");
  RANDOM_ONE(p, 2, ",\"restartPolicy\":\"Never\"", ",\"restartPolicy\":\"OnFailure\"");
  RANDOM_ONE(p, 2, ",\"tolerations\":[{\"operator\":\"Exists\"}]", ",\"nodeSelector\":{\"rack\":\"r1\"}",
             ",\"resources\":{\"requests\":{\"cpu\":\"2\"},\"limits\":{\"cpu\":\"3\",\"memory\":\"3Gi\"}}");
  random_put(p, ",");
  random_init_containers(p);
  random_put(p, "\"containers\":[");
  for (uint64_t i = 0, n = 1 + random_below(&p->random, 3); i < n; i++) {
    if (i > 0) random_put(p, ",");
    random_container(p,
                     i == 0 && random_one_in(p, 20)
                         ? "a-name-that-is-as-long-as-the-name-of-a-container-may-be-all-i"
                         : "main",
                     true);
    random_put(p, "}");
  }
  random_put(p, "]}");
}

/* Of one container, and nothing that a command task can't be, whichever containerizer runs it. */
static inline void random_plain_spec(struct random_pod *p) {
  random_put(p, "\"spec\":{\"restartPolicy\":\"Never\",\"volumes\":[{\"name\":\"e\",\"emptyDir\":{}},"
                "{\"name\":\"h\",\"hostPath\":{\"path\":\"/srv\"}},{\"name\":\"f\",\"flexVolume\":{"
                "\"driver\":\"docker/rexray\",\"options\":{\"volume\":\"db\",\"size\":\"1\"}}}]");
  if (random_one_in(p, 8)) random_put(p, ",\"hostNetwork\":true");
  if (random_one_in(p, 2)) random_put(p, ",\"hostname\":\"host\"");
  RANDOM_ONE(p, 2, ",\"hostPID\":true", ",\"hostIPC\":true", ",\"overhead\":{\"cpu\":\"5m\"}");
  random_put(p, ",\"containers\":[{\"name\":\"main0\",\"image\":\"nginx:1.27\"");
  RANDOM_ONE(p, 2, ",\"command\":[\"/bin/run\"],\"args\":[\"x\",\"\"]", ",\"command\":[\"a\"]",
             ",\"command\":[\"a\"],\"workingDir\":\"/w\"");
  RANDOM_ONE(p, 2, ",\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"$(A)\"}]");
  RANDOM_ONE(p, 2,
             ",\"volumeMounts\":[{\"name\":\"e\",\"mountPath\":\"/e\",\"subPath\":\"x\"},"
             "{\"name\":\"h\",\"mountPath\":\"/h\",\"readOnly\":true}]",
             ",\"volumeMounts\":[{\"name\":\"f\",\"mountPath\":\"/f\"}]");
  RANDOM_ONE(p, 2, ",\"livenessProbe\":{\"tcpSocket\":{\"port\":8080}}",
             ",\"livenessProbe\":{\"httpGet\":{\"port\":80,\"scheme\":\"HTTPS\"},\"periodSeconds\":3}");
  RANDOM_ONE(p, 2, ",\"securityContext\":{\"runAsUser\":0,\"runAsGroup\":0}",
             ",\"securityContext\":{\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"KILL\"]}}");
  if (random_one_in(p, 2)) random_put(p, ",\"tty\":true");
  if (!random_one_in(p, 3)) random_resources(p);
  if (random_one_in(p, 2)) random_ports(p);
  random_put(p, "}]}");
}

/* A pod as JSON, in p->text; no two of different numbers have one uid. Some are plain. */
static inline void random_pod(struct random_pod *p, uint64_t seed, unsigned number) {
  memset(p, 0, sizeof *p);
  p->random.state = random_seed(seed * 1000 + number);
  bool plain = random_one_in(p, 4);
  random_put(p,
             "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"pod-%u\",\"namespace\":"
             "\"default\",\"uid\":\"",
             number);
  RANDOM_ONE(p, 0, "0f6b8a52-9d1c-4e57-8a3e-2c6d1b7f4a90", "u",
             "a-uid-that-nobody-would-call-a-uid-but-that-is-none-the-less-one-since-any-text-may-be-the-uid-"
             "of-a-pod");
  random_put(p, "-%u\"", number);
  RANDOM_ONE(p, 2, ",\"labels\":{\"app\":\"web\",\"example.com/tier\":\"\"}",
             ",\"labels\":{\"k8s.mesosphere.io/portMapping\":\"wildcard\"}");
  RANDOM_ONE(p, 2, ",\"annotations\":{\"note\":\"any text \\u00e4 \\\" at all\",\"app\":\"web\"}",
             ",\"annotations\":{\"rlimits.k8smesos/main0\":\"nofile=10:20\"}",
             ",\"annotations\":{\"k8s.mesosphere.io/network\":\"bridge\"}",
             ",\"annotations\":{\"k8s.mesosphere.io/network\":\"blue\"}");
  random_put(p, "},");
  if (plain) {
    random_plain_spec(p);
  } else {
    random_spec(p);
  }
  random_put(p, "}");
}

#endif
