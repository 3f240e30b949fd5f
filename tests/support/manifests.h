/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_MANIFESTS_H
#define TESTS_SUPPORT_MANIFESTS_H

/* Manifests that tests read: include what cmocka wants before. */

#include <k8smesos/manifest.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

struct read {
  struct k8sm_diag rows[64];
  char text[16384];
  struct k8sm_diags diags;
  struct k8sm_manifest *manifest;
  int result;
};

static inline void read_with(struct read *r, const char *bytes, size_t len, uint64_t flags) {
  struct k8sm_parse_options o = {.size = sizeof o, .flags = flags};
  r->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(r->rows, r->text);
  r->manifest = NULL;
  r->result = k8sm_manifest_parse(bytes, len, &o, &r->manifest, &r->diags);
  assert_int_equal(r->result == K8SM_OK, r->manifest != NULL);
  assert_int_equal(r->result == K8SM_OK, r->diags.errors == 0);
}

static inline void read_text(struct read *r, const char *text, uint64_t flags) {
  read_with(r, text, strlen(text), flags);
}

static inline struct k8sm_manifest_pod pod_at(const struct read *r, size_t i) {
  struct k8sm_manifest_pod row = {0};
  assert_int_equal(r->result, K8SM_OK);
  assert_true(k8sm_manifest_pods(r->manifest, i, &row, sizeof row, 1) >= 1);
  return row;
}

static inline size_t pod_count(const struct read *r) {
  return k8sm_manifest_pods(r->manifest, 0, NULL, 0, 0);
}

static inline void field_is(struct k8sm_pod *pod, const char *path, const char *want) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_get(pod, path, NULL, &blob), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, want);
  k8sm_blob_unref(blob);
}

static inline void finding_is(const struct read *r, size_t i, uint32_t code, const char *path,
                              const char *message) {
  assert_true(i < r->diags.count);
  assert_int_equal(r->rows[i].code, code);
  assert_string_equal(r->text + r->rows[i].path, path);
  assert_string_equal(r->text + r->rows[i].message, message);
}

#define SELECTOR "selector: {matchLabels: {a: b}}, "
#define TEMPLATE "{metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}"

#define WORKLOAD(version, kind, spec)                                                                        \
  "apiVersion: " version "\nkind: " kind "\nmetadata: {name: w}\nspec: " spec

static const char several[] = "# a comment, then\n"
                              "---\n"
                              "apiVersion: v1\n"
                              "kind: ReplicationController\n"
                              "metadata: {name: rc, namespace: prod}\n"
                              "spec: {replicas: 2, template: " TEMPLATE "}\n"
                              "--- # the service\n"
                              "apiVersion: v1\n"
                              "kind: Service\n"
                              "metadata: {name: svc}\n"
                              "---\n"
                              "---\n"
                              "kind: ConfigMap\n"
                              "apiVersion: v1\n"
                              "metadata: {name: cm}\n"
                              "data: {b: two, a: one}\n"
                              "binaryData: {c: AAE=}\n"
                              "---\n"
                              "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"p\"},\n"
                              " \"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"i\"}]}}\n";

static const char classes[] =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {priorityClassName: high, containers: "
    "[{name: c, image: i}]}\n---\n"
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod, labels: {tier: gold}}\n---\n"
    "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 7\n"
    "preemptionPolicy: Never\n---\n"
    "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: low}\nvalue: -7\n"
    "globalDefault: true\n---\n"
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: disk}\n"
    "spec: {resources: {requests: {storage: 1Gi}}}\n---\n"
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nothing}\n---\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {tolerations: [{operator: Exists, key: "
    "node.kubernetes.io/unreachable}], containers: [{name: c, image: i}]}\n";

/* '*' stands for a letter of those that suffixes and hashes are made of. */
static inline void name_is(const struct k8sm_pod *pod, const char *pattern) {
  const char *name = k8sm_pod_name(pod).ptr;
  assert_int_equal(strlen(name), strlen(pattern));
  for (size_t i = 0; pattern[i] != '\0'; i++) {
    bool good =
        pattern[i] == '*' ? strchr("bcdfghjklmnpqrstvwxz2456789", name[i]) != NULL : name[i] == pattern[i];
    if (!good) fail_msg("the name is %s, not %s", name, pattern);
  }
}

#endif
