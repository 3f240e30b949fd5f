/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TYPICAL_POD_H
#define TESTS_SUPPORT_TYPICAL_POD_H

/* A pod with most things that pods have, of six containers: what speed and memory are measured with. */

#include <stdio.h>
#include <stdlib.h>

enum { TYPICAL_CONTAINERS = 6, TYPICAL_TEXT = 64 * 1024 };

struct typical_text {
  char bytes[TYPICAL_TEXT];
  size_t len;
};

static inline void typical_append(struct typical_text *t, const char *format, unsigned n) {
  int len = snprintf(t->bytes + t->len, sizeof t->bytes - t->len, format, n, n, n);
  if (len < 0 || (size_t)len >= sizeof t->bytes - t->len) abort();
  t->len += (size_t)len;
}

static inline void typical_pod_json(struct typical_text *t) {
  typical_append(
      t,
      "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web-%u\",\"namespace\":\"prod\","
      "\"uid\":\"8d4f1a7e-5f6e-4a57-9d0c-0a6f5b1c2d3e\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
      "\"labels\":{\"app\":\"web\",\"pod-template-hash\":\"5d9c7b8f6d\",\"tier\":\"frontend\"},"
      "\"annotations\":{\"example.com/owner\":\"team-a\",\"example.com/notes\":\"several words of "
      "text that nobody reads\"}},\"spec\":{\"volumes\":[{\"name\":\"config\",\"configMap\":{\"name\":"
      "\"web\",\"defaultMode\":420}},{\"name\":\"cache\",\"emptyDir\":{}}],\"containers\":[",
      1);
  for (unsigned i = 0; i < TYPICAL_CONTAINERS; i++) {
    typical_append(t, i == 0 ? "" : ",", 0);
    typical_append(t, "{\"name\":\"c%u\",\"image\":\"registry.example.com/team/service-%u:1.25.%u\",", i);
    typical_append(
        t,
        "\"command\":[\"/usr/bin/serve\",\"--config=/etc/web/config.yaml\",\"--port=80%02u\"],\"ports\":"
        "[{\"name\":\"http\",\"containerPort\":8080,\"protocol\":\"TCP\"}],\"env\":[{\"name\":\"LEVEL\","
        "\"value\":\"info\"},{\"name\":\"POD_NAME\",\"valueFrom\":{\"fieldRef\":{\"apiVersion\":\"v1\","
        "\"fieldPath\":\"metadata.name\"}}}],",
        i);
    typical_append(
        t,
        "\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"256Mi\"},\"requests\":{\"cpu\":\"100m\","
        "\"memory\":\"128Mi\"}},\"volumeMounts\":[{\"name\":\"config\",\"readOnly\":true,\"mountPath\":"
        "\"/etc/web\"},{\"name\":\"cache\",\"mountPath\":\"/var/cache/web\"}],\"livenessProbe\":{"
        "\"httpGet\":{\"path\":\"/healthz\",\"port\":8080,\"scheme\":\"HTTP\"},\"initialDelaySeconds\":5,"
        "\"timeoutSeconds\":1,\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3},",
        0);
    typical_append(
        t,
        "\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\","
        "\"imagePullPolicy\":\"IfNotPresent\",\"securityContext\":{\"runAsUser\":1000,"
        "\"allowPrivilegeEscalation\":false}}",
        0);
  }
  typical_append(
      t,
      "],\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\","
      "\"serviceAccountName\":\"web\",\"serviceAccount\":\"web\",\"securityContext\":{},"
      "\"schedulerName\":\"default-scheduler\",\"enableServiceLinks\":true},\"status\":{}}",
      0);
}

#endif
