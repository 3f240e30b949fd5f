/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/manifest.h>

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing.h"

static const char *source_root = "."; /* beside it are manifests of other projects */

struct read {
  struct k8sm_diag rows[64];
  char text[16384];
  struct k8sm_diags diags;
  struct k8sm_manifest *manifest;
  int result;
};

static void read_with(struct read *r, const char *bytes, size_t len, uint64_t flags) {
  struct k8sm_parse_options o = {.size = sizeof o, .flags = flags};
  r->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(r->rows, r->text);
  r->manifest = NULL;
  r->result = k8sm_manifest_parse(bytes, len, &o, &r->manifest, &r->diags);
  assert_int_equal(r->result == K8SM_OK, r->manifest != NULL);
  assert_int_equal(r->result == K8SM_OK, r->diags.errors == 0);
}

static void read_text(struct read *r, const char *text, uint64_t flags) {
  read_with(r, text, strlen(text), flags);
}

static struct k8sm_manifest_pod pod_at(const struct read *r, size_t i) {
  struct k8sm_manifest_pod row = {0};
  assert_int_equal(r->result, K8SM_OK);
  assert_true(k8sm_manifest_pods(r->manifest, i, &row, sizeof row, 1) >= 1);
  return row;
}

static size_t pod_count(const struct read *r) {
  return k8sm_manifest_pods(r->manifest, 0, NULL, 0, 0);
}

static void field_is(struct k8sm_pod *pod, const char *path, const char *want) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_get(pod, path, NULL, &blob), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, want);
  k8sm_blob_unref(blob);
}

#define SELECTOR "selector: {matchLabels: {a: b}}, "
#define TEMPLATE "{metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}"

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

/* '*' stands for a letter of those that suffixes and hashes are made of. */
static void name_is(const struct k8sm_pod *pod, const char *pattern) {
  const char *name = k8sm_pod_name(pod).ptr;
  assert_int_equal(strlen(name), strlen(pattern));
  for (size_t i = 0; pattern[i] != '\0'; i++) {
    bool good =
        pattern[i] == '*' ? strchr("bcdfghjklmnpqrstvwxz2456789", name[i]) != NULL : name[i] == pattern[i];
    if (!good) fail_msg("the name is %s, not %s", name, pattern);
  }
}

static void several_documents(void **state) {
  (void)state;
  struct read r;
  read_text(&r, several, K8SM_PARSE_STRICT);
  assert_int_equal(pod_count(&r), 3);
  struct k8sm_manifest_pod row = pod_at(&r, 1);
  name_is(row.pod, "rc-*****");
  assert_string_equal(k8sm_pod_namespace(row.pod).ptr, "prod");
  assert_string_equal(row.owner.ptr, "ReplicationController/rc");
  assert_int_equal(row.replica, 1);
  assert_int_equal(row.document, 0);
  field_is(row.pod, "kind", "Pod");
  field_is(row.pod, "metadata.labels[a]", "b");
  row = pod_at(&r, 2);
  assert_string_equal(k8sm_pod_name(row.pod).ptr, "p");
  assert_string_equal(k8sm_pod_namespace(row.pod).ptr, "default");
  assert_int_equal(row.owner.len, 0);
  assert_int_equal(row.document, 3);
  assert_int_equal(r.diags.count, 1);
  assert_int_equal(r.rows[0].code, K8SM_DIAG_KIND_SKIPPED);
  assert_int_equal(r.rows[0].document, 1);

  struct k8sm_manifest_data data[4];
  assert_int_equal(k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 4), 3);
  assert_string_equal(data[0].kind.ptr, "ConfigMap");
  assert_string_equal(data[0].name_space.ptr, "default");
  assert_string_equal(data[0].key.ptr, "a");
  assert_string_equal(data[1].value.ptr, "two");
  assert_int_equal(data[2].value.len, 2);
  assert_memory_equal(data[2].value.ptr, "\0\1", 2);

  struct k8sm_pod *kept = k8sm_pod_ref(pod_at(&r, 0).pod);
  k8sm_manifest_unref(r.manifest);
  name_is(kept, "rc-*****");
  field_is(kept, "spec.containers[0].image", "i");
  k8sm_pod_unref(kept);
}

static void names_of(const char *text, uint64_t flags, const char *const *want) {
  struct read r;
  read_text(&r, text, flags);
  size_t n = 0;
  for (; want[n] != NULL; n++) name_is(pod_at(&r, n).pod, want[n]);
  assert_int_equal(pod_count(&r), n);
  k8sm_manifest_unref(r.manifest);
}

#define WORKLOAD(version, kind, spec)                                                                        \
  "apiVersion: " version "\nkind: " kind "\nmetadata: {name: w}\nspec: " spec

static void workload_kinds(void **state) {
  (void)state;
  static const char once[] =
      "{template: {metadata: {}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}";
  char text[1024];
  names_of(WORKLOAD("apps/v1", "Deployment", "{" SELECTOR "template: " TEMPLATE "}"), 0,
           (const char *[]){"w-**********-*****", NULL});
  names_of(WORKLOAD("apps/v1", "ReplicaSet", "{" SELECTOR "replicas: 2, template: " TEMPLATE "}"), 0,
           (const char *[]){"w-*****", "w-*****", NULL});
  names_of(WORKLOAD("apps/v1", "ReplicaSet", "{" SELECTOR "replicas: 2, template: " TEMPLATE "}"),
           K8SM_PARSE_TEMPLATES, (const char *[]){"w", NULL});
  names_of(WORKLOAD("apps/v1", "StatefulSet",
                    "{" SELECTOR "replicas: 2, ordinals: {start: 3}, template: " TEMPLATE "}"),
           0, (const char *[]){"w-3", "w-4", NULL});
  names_of(WORKLOAD("apps/v1", "DaemonSet", "{" SELECTOR "template: " TEMPLATE "}"), 0,
           (const char *[]){"w-*****", NULL});
  names_of("apiVersion: v1\nkind: PodTemplate\nmetadata: {name: w}\ntemplate: " TEMPLATE, 0,
           (const char *[]){"w", NULL});
  snprintf(text, sizeof text, WORKLOAD("batch/v1", "Job", "%s, parallelism: 3, completions: 2}"), once);
  names_of(text, 0, (const char *[]){"w-*****", "w-*****", NULL});
  snprintf(text, sizeof text,
           WORKLOAD("batch/v1", "CronJob", "{schedule: '* * * * *', jobTemplate: {spec: %s}}}"), once);
  names_of(text, 0, (const char *[]){"w-0-*****", NULL});
  names_of("apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  apiVersion: v1\n  metadata: {name: a}\n"
           "  spec: {containers: [{name: c, image: i}]}\n- null\n"
           "- kind: PodList\n  apiVersion: v1\n  items:\n  - metadata: {name: b}\n"
           "    spec: {containers: [{name: c, image: i}]}\n",
           0, (const char *[]){"a", "b", NULL});
}

static void claims_become_volumes(void **state) {
  (void)state;
  struct read r;
  read_text(
      &r,
      WORKLOAD(
          "apps/v1", "StatefulSet",
          "{" SELECTOR "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], "
          "resources: {requests: {storage: 1}}}}], template: {metadata: {labels: {a: b}}, spec: {volumes: "
          "[{name: tmp}, "
          "{name: data}], containers: [{name: c, image: i, volumeMounts: [{name: data, mountPath: /d}]}]}}}"),
      0);
  field_is(pod_at(&r, 0).pod, "spec.volumes",
           "[{\"name\":\"data\",\"persistentVolumeClaim\":{\"claimName\":\"data-w-0\"}},"
           "{\"name\":\"tmp\",\"emptyDir\":{}}]");
  k8sm_manifest_unref(r.manifest);
}

/* What variables may not hold is told apart, and an object without keys from one that is not there. */
static void config_maps_of_bytes_and_of_nothing(void **state) {
  (void)state;
  struct read r;
  struct k8sm_manifest_data data[4];
  read_text(&r,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {t: x}\nbinaryData: {b: AAE=}\n---\n"
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: e}\n---\n"
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
            0);
  assert_int_equal(k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 4), 4);
  assert_int_equal(data[0].flags, 0);
  assert_int_equal(data[1].flags, K8SM_DATA_BINARY);
  assert_string_equal(data[2].name.ptr, "e");
  assert_int_equal(data[2].key.len + data[2].value.len + data[2].flags, 0);
  assert_string_equal(data[3].kind.ptr, "Secret");
  assert_int_equal(data[3].key.len, 0);
  k8sm_manifest_unref(r.manifest);
}

static void secrets_are_decoded(void **state) {
  (void)state;
  struct read r;
  struct k8sm_manifest_data data[4];
  read_text(&r,
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ns}\ndata: {a: b25l, b: b2xk}\n"
            "stringData: {b: new}\n",
            0);
  assert_int_equal(k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 4), 2);
  assert_string_equal(data[0].value.ptr, "one");
  assert_string_equal(data[1].value.ptr, "new");
  assert_string_equal(data[1].name_space.ptr, "ns");
  k8sm_manifest_unref(r.manifest);
  read_text(&r, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: '!!'}\n", 0);
  assert_int_equal(r.result, K8SM_ERR_INVALID);
  assert_string_equal(r.text + r.rows[0].path, "data[a]");
}

/* Each document has its own findings, with its number; the lines are those of the file. */
static void one_bad_document_does_not_hide_the_next(void **state) {
  (void)state;
  struct read r;
  read_text(&r,
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: X, image: i}]}\n"
            "---\na: [\n---\n"
            "apiVersion: apps/v1beta3\nkind: Deployment\nmetadata: {name: b}\n"
            "---\nkind: Pod\n---\n- 1\n",
            0);
  assert_int_equal(r.result, K8SM_ERR_INVALID);
  assert_int_equal(r.diags.count, 5);
  static const struct {
    uint32_t code, document, line;
  } want[] = {{K8SM_DIAG_FIELD_INVALID, 0, 0},
              {K8SM_DIAG_YAML_SYNTAX, 1, 7},
              {K8SM_DIAG_KIND_UNKNOWN, 2, 0},
              {K8SM_DIAG_FIELD_REQUIRED, 3, 0},
              {K8SM_DIAG_FIELD_TYPE, 4, 14}};
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(r.rows[i].code, want[i].code);
    assert_int_equal(r.rows[i].document, want[i].document);
    assert_int_equal(r.rows[i].line, want[i].line);
  }
}

static void finding_is(const struct read *r, size_t i, uint32_t code, const char *path, const char *message) {
  assert_true(i < r->diags.count);
  assert_int_equal(r->rows[i].code, code);
  assert_string_equal(r->text + r->rows[i].path, path);
  assert_string_equal(r->text + r->rows[i].message, message);
}

/* Group versions that are gone: read as today's, with a selector where they made one. */
static void old_versions_are_read(void **state) {
  (void)state;
  struct read r;
  read_text(&r, WORKLOAD("extensions/v1beta1", "Deployment", "{template: " TEMPLATE "}"), 0);
  assert_int_equal(pod_count(&r), 1);
  finding_is(&r, 0, K8SM_DIAG_KIND_LEGACY, "apiVersion",
             "found \"extensions/v1beta1\", which is read as \"apps/v1\"");
  struct k8sm_manifest_workload row;
  struct k8sm_workload_info info = {.size = sizeof info};
  assert_int_equal(k8sm_manifest_workloads(r.manifest, 0, &row, sizeof row, 1), 1);
  assert_int_equal(k8sm_workload_get_info(row.workload, &info), K8SM_OK);
  assert_string_equal(info.api_version.ptr, "apps/v1");
  assert_string_equal(info.selector.ptr, "a=b");
  k8sm_manifest_unref(r.manifest);
  read_text(&r,
            "apiVersion: apps/v1beta2\nkind: DeploymentList\nitems: [{metadata: {name: w}, spec: "
            "{template: " TEMPLATE "}}]",
            0);
  assert_int_equal(pod_count(&r), 1);
  k8sm_manifest_unref(r.manifest);
  read_text(&r, WORKLOAD("apps/v1beta2", "Job", "{template: " TEMPLATE "}"), 0);
  assert_int_equal(r.result, K8SM_ERR_INVALID);
  finding_is(&r, 0, K8SM_DIAG_KIND_UNKNOWN, "apiVersion",
             "found \"apps/v1beta2\", expected \"batch/v1\" for a Job");
}

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

static void other_objects_are_rows(void **state) {
  (void)state;
  struct read r;
  struct k8sm_manifest_object objects[8];
  struct k8sm_priority_class rows[3];
  struct k8sm_manifest_data data[3];
  struct k8sm_blob *blob = NULL;
  read_text(&r, classes, K8SM_PARSE_STRICT);
  assert_int_equal(k8sm_manifest_objects(r.manifest, 0, objects, sizeof objects[0], 8), 5);
  assert_string_equal(objects[0].kind.ptr, "Namespace");
  assert_int_equal(objects[0].name_space.len, 0);
  assert_string_equal(objects[3].name.ptr, "disk");
  assert_string_equal(objects[3].name_space.ptr, "default");
  assert_int_equal(objects[3].document, 4);
  assert_int_equal(k8sm_manifest_get(r.manifest, 3, "spec.resources.requests[storage]", NULL, &blob),
                   K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, "1Gi");
  k8sm_blob_unref(blob);
  assert_int_equal(k8sm_manifest_get(r.manifest, 5, NULL, NULL, &blob), K8SM_ERR_NOT_FOUND);
  assert_int_equal(k8sm_manifest_priority_classes(r.manifest, 0, rows, sizeof rows[0], 3), 2);
  assert_string_equal(rows[0].name.ptr, "high");
  assert_string_equal(rows[0].preemption_policy.ptr, "Never");
  assert_int_equal(rows[1].value, -7);
  assert_int_equal(rows[1].global_default, 1);
  assert_int_equal(k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 3), 3);
  assert_string_equal(data[0].kind.ptr, "PersistentVolumeClaim");
  assert_string_equal(data[0].key.ptr, "storage");
  assert_string_equal(data[0].value.ptr, "1Gi");
  assert_string_equal(data[1].key.ptr, "volumeMode");
  assert_string_equal(data[1].value.ptr, "Filesystem");
  assert_string_equal(data[2].name.ptr, "nothing");
  assert_null(data[2].key.ptr);
  k8sm_manifest_unref(r.manifest);
  read_text(&r,
            "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: a}\nvalue: 1000000001\n",
            0);
  finding_is(&r, 0, K8SM_DIAG_FIELD_FORBIDDEN, "value",
             "Forbidden: maximum allowed value of a user defined priority is 1000000000");
}

static void field_is_not_set(struct k8sm_pod *pod, const char *path) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_get(pod, path, NULL, &blob), K8SM_ERR_NOT_FOUND);
}

static void admission_of_a_set(void **state) {
  (void)state;
  struct read r;
  read_text(&r, classes, 0);
  field_is_not_set(pod_at(&r, 0).pod, "spec.priority");
  field_is_not_set(pod_at(&r, 0).pod, "spec.tolerations");
  k8sm_manifest_unref(r.manifest);
  read_text(&r, classes, K8SM_PARSE_ADMISSION);
  struct k8sm_pod *a = pod_at(&r, 0).pod, *b = pod_at(&r, 1).pod;
  field_is(a, "spec.priority", "7");
  field_is(a, "spec.preemptionPolicy", "Never");
  field_is(a, "spec.tolerations",
           "[{\"key\":\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\",\"effect\":\"NoExecute\","
           "\"tolerationSeconds\":300},{\"key\":\"node.kubernetes.io/unreachable\",\"operator\":\"Exists\","
           "\"effect\":\"NoExecute\",\"tolerationSeconds\":300}]");
  field_is(b, "spec.priority", "-7");
  field_is(b, "spec.priorityClassName", "low");
  field_is(b, "spec.preemptionPolicy", "PreemptLowerPriority");
  field_is(b, "spec.tolerations[1].key", "node.kubernetes.io/not-ready");
  field_is_not_set(b, "spec.tolerations[2]");
  k8sm_manifest_unref(r.manifest);
}

static void admission_refuses(void **state) {
  (void)state;
  struct read r;
  read_text(&r,
            "---\n# nothing\n---\n" WORKLOAD("apps/v1", "ReplicaSet",
                                             "{" SELECTOR
                                             "replicas: 3, template: {metadata: {labels: {a: b}}, spec: "
                                             "{priorityClassName: none, containers: [{name: c, image: "
                                             "i}]}}}\n---\n") "apiVersion: v1\nkind: Pod\nmetadata: {name: "
                                                              "a}\nspec: {priorityClassName: "
                                                              "system-node-critical, priority: 1, "
                                                              "preemptionPolicy: Never, containers: [{name: "
                                                              "c, image: i}]}\n",
            K8SM_PARSE_ADMISSION);
  assert_int_equal(r.result, K8SM_ERR_INVALID);
  assert_int_equal(r.diags.count, 3);
  finding_is(&r, 0, K8SM_DIAG_FIELD_FORBIDDEN, "spec.template.spec.priorityClassName",
             "Forbidden: no PriorityClass with name none was found");
  assert_int_equal(r.rows[0].document, 0);
  finding_is(
      &r, 1, K8SM_DIAG_FIELD_FORBIDDEN, "spec.priority",
      "Forbidden: the integer value of priority (1) must not be provided in pod spec; priority admission "
      "controller computed 2000001000 from the given PriorityClass name");
  assert_string_equal(r.text + r.rows[2].path, "spec.preemptionPolicy");
  assert_int_equal(r.rows[2].document, 1);
}

/* The step alone, with classes and seconds of the caller's. */
static void admission_of_one_pod(void **state) {
  (void)state;
  static const char text[] =
      "--- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {priorityClassName: x, "
      "containers: [{name: c, image: i}]}}";
  const struct k8sm_priority_class own = {{"x", 1}, {"Never", 5}, 3, 0};
  struct k8sm_admission_options o = {
      .size = sizeof o, .classes = &own, .class_count = 1, .class_size = sizeof own, .toleration_seconds = 5};
  struct k8sm_pod *pod = NULL, *admitted = NULL;
  assert_int_equal(k8sm_pod_parse(text, sizeof text - 1, NULL, &pod, NULL), K8SM_OK);
  assert_int_equal(k8sm_pod_admit(pod, &o, &admitted, NULL), K8SM_OK);
  field_is(admitted, "spec.priority", "3");
  field_is(admitted, "spec.tolerations[0].tolerationSeconds", "5");
  field_is_not_set(pod, "spec.priority");
  k8sm_pod_unref(admitted);
  o.flags = K8SM_ADMIT_TOLERATIONS;
  assert_int_equal(k8sm_pod_admit(pod, &o, &admitted, NULL), K8SM_OK);
  field_is_not_set(admitted, "spec.priority");
  k8sm_pod_unref(admitted);
  o.flags = 4;
  assert_int_equal(k8sm_pod_admit(pod, &o, &admitted, NULL), K8SM_ERR_INVALID);
  assert_int_equal(k8sm_pod_admit(pod, NULL, &admitted, NULL), K8SM_ERR_INVALID);
  k8sm_pod_unref(pod);
}

#define UNNAMED(base)                                                                                        \
  "---\n{apiVersion: v1, kind: Pod, metadata: {generateName: " base                                          \
  "}, spec: {containers: [{name: c, image: i}]}}\n"

static void names_are_generated(void **state) {
  (void)state;
  static const char text[] = UNNAMED("job-") UNNAMED("job-");
  struct k8sm_parse_options o = {.size = sizeof o, .name_seed = "another"};
  struct k8sm_manifest *again = NULL;
  struct k8sm_manifest_pod row;
  struct read r;
  read_text(&r, text, 0);
  name_is(pod_at(&r, 0).pod, "job-*****");
  name_is(pod_at(&r, 1).pod, "job-*****");
  assert_string_not_equal(k8sm_pod_name(pod_at(&r, 0).pod).ptr, k8sm_pod_name(pod_at(&r, 1).pod).ptr);
  field_is(pod_at(&r, 0).pod, "metadata.generateName", "job-");
  assert_int_equal(k8sm_manifest_parse(text, sizeof text - 1, &o, &again, NULL), K8SM_OK);
  k8sm_manifest_pods(again, 0, &row, sizeof row, 1);
  assert_string_not_equal(k8sm_pod_name(row.pod).ptr, k8sm_pod_name(pod_at(&r, 0).pod).ptr);
  k8sm_manifest_unref(again);
  struct k8sm_pod *alone = NULL;
  assert_int_equal(k8sm_pod_parse(text, strlen(UNNAMED("job-")), NULL, &alone, NULL), K8SM_OK);
  assert_string_equal(k8sm_pod_name(alone).ptr, k8sm_pod_name(pod_at(&r, 0).pod).ptr);
  k8sm_pod_unref(alone);
  k8sm_manifest_unref(r.manifest);
  /* 58 letters of it, and the suffix. */
  read_text(&r, UNNAMED("aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"), 0);
  name_is(pod_at(&r, 0).pod, "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbb*****");
  k8sm_manifest_unref(r.manifest);
}

static void fails(const char *text, int result, uint32_t code) {
  struct read r;
  read_text(&r, text, 0);
  assert_int_equal(r.result, result);
  bool found = false;
  for (size_t i = 0; i < r.diags.count && i < 64; i++) found = found || r.rows[i].code == code;
  assert_true(found);
}

static void bad_manifests(void **state) {
  (void)state;
  fails("", K8SM_ERR_SYNTAX, K8SM_DIAG_EMPTY_INPUT);
  fails("# only this\n", K8SM_ERR_INVALID, K8SM_DIAG_NO_POD);
  fails("apiVersion: v1\nkind: Service\n", K8SM_ERR_INVALID, K8SM_DIAG_NO_POD);
  fails("metadata: {}\n", K8SM_ERR_INVALID, K8SM_DIAG_FIELD_REQUIRED);
  fails("{\"kind\":\"Pod\"", K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX);
  fails(WORKLOAD("apps/v1", "Deployment", "{" SELECTOR "replicas: 2000000000, template: " TEMPLATE "}"),
        K8SM_ERR_LIMIT, K8SM_DIAG_TOO_LARGE);
  fails(WORKLOAD("apps/v1", "Deployment", "{}"), K8SM_ERR_INVALID, K8SM_DIAG_FIELD_REQUIRED);
  fails(WORKLOAD("batch/v1", "Job", "{template: " TEMPLATE "}"), K8SM_ERR_INVALID, K8SM_DIAG_FIELD_REQUIRED);
  fails("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {'/': x}", K8SM_ERR_INVALID,
        K8SM_DIAG_FIELD_INVALID);
  fails("apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: "
        "List, items: "
        "[{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List}]}]}]}]",
        K8SM_ERR_INVALID, K8SM_DIAG_TOO_DEEP);
  size_t len = 0, cap = 200000;
  char *many = malloc(cap);
  while (len + 7 < cap) len += (size_t)snprintf(many + len, cap - len, "---\na\n");
  struct read r;
  read_with(&r, many, len, 0);
  assert_int_equal(r.result, K8SM_ERR_LIMIT);
  free(many);
}

static void located(const char *text, uint32_t document, const char *path, uint32_t line, uint32_t column) {
  uint32_t l = 0, c = 0;
  assert_int_equal(k8sm_locate(text, strlen(text), document, path, &l, &c), K8SM_OK);
  assert_int_equal(l, line);
  assert_int_equal(c, column);
}

static void fields_are_found_again(void **state) {
  (void)state;
  static const char json[] = "{\n \"a\": [1,\n  {\"b\": \"x\"}]} {\"a\": 2}";
  located(several, 0, "spec.replicas", 6, 18);
  located(several, 2, "data[a]", 16, 19);
  located(several, 3, "spec.containers[0].image", 20, 49);
  located(several, 3, "spec.containers[0].ports[1]", 20, 26);
  located(several, 3, "", 19, 1);
  located("é: {ü: 1}\nb: {c: 2}", 0, "b.c", 2, 8);
  located("é: {ü: 1}", 0, "é.ü", 1, 10);
  located(json, 0, "a[1].b", 3, 9);
  located(json, 1, "a", 3, 22);
  located(json, 0, "a[7].b", 2, 7);
  located(json, 0, "/a/1/b", 3, 9);
  located("x/y: {'~': 1, '': 2}", 0, "/x~1y/", 1, 19);
  located("x/y: {'~': 1}", 0, "/x~1y/~0", 1, 12);
  located("a: {b.c: 1}", 0, "a['b.c']", 1, 10);
  uint32_t l = 7, c = 7;
  assert_int_equal(k8sm_locate(json, sizeof json - 1, 2, "a", &l, &c), K8SM_ERR_NOT_FOUND);
  assert_int_equal(k8sm_locate("a: [", 4, 0, "a", &l, &c), K8SM_ERR_SYNTAX);
  assert_int_equal(k8sm_locate("", 0, 0, "a", &l, &c), K8SM_ERR_NOT_FOUND);
  assert_int_equal(l, 7);
  located("a: [\n---\nb: 1", 1, "b", 3, 4);
}

static void every_allocation_fails_once(void **state) {
  (void)state;
  int r = K8SM_ERR_NOMEM;
  for (size_t n = 1; r != K8SM_OK; n++) {
    struct failing f;
    failing_init(&f, n);
    struct k8sm_parse_options o = {.size = sizeof o, .allocator = &f.allocator};
    struct k8sm_manifest *m = NULL;
    r = k8sm_manifest_parse(several, sizeof several - 1, &o, &m, NULL);
    if (r != K8SM_OK) assert_int_equal(r, K8SM_ERR_NOMEM);
    k8sm_manifest_unref(m);
    assert_int_equal(f.held, 0);
    assert_in_range(n, 1, 2000);
  }
}

/* Pod → JSON and YAML → the same Pod. */
static void check_round_trip(struct k8sm_pod *pod) {
  struct k8sm_blob *json = NULL;
  assert_int_equal(k8sm_pod_encode(pod, K8SM_FORMAT_JSON, NULL, &json), K8SM_OK);
  for (uint32_t format = K8SM_FORMAT_JSON; format <= K8SM_FORMAT_YAML; format++) {
    struct k8sm_blob *text = NULL, *again = NULL;
    struct k8sm_pod *back = NULL;
    struct k8sm_parse_options o = {.size = sizeof o, .flags = K8SM_PARSE_STRICT};
    assert_int_equal(k8sm_pod_encode(pod, format, NULL, &text), K8SM_OK);
    struct k8sm_slice s = k8sm_blob_bytes(text);
    assert_int_equal(k8sm_pod_parse(s.ptr, s.len, &o, &back, NULL), K8SM_OK);
    assert_int_equal(k8sm_pod_encode(back, K8SM_FORMAT_JSON, NULL, &again), K8SM_OK);
    assert_string_equal(k8sm_blob_bytes(again).ptr, k8sm_blob_bytes(json).ptr);
    k8sm_blob_unref(text);
    k8sm_blob_unref(again);
    k8sm_pod_unref(back);
  }
  k8sm_blob_unref(json);
}

static size_t check_file(const char *path) {
  static char bytes[1 << 20];
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t len = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  struct read r;
  read_with(&r, bytes, len, 0);
  if (r.result != K8SM_OK) return 0;
  size_t n = pod_count(&r);
  for (size_t i = 0; i < n; i++) check_round_trip(pod_at(&r, i).pod);
  k8sm_manifest_unref(r.manifest);
  return n;
}

static void manifests_of_other_projects(void **state) {
  (void)state;
  static const char *const folders[] = {"examples", "microservices-demo"};
  size_t pods = 0;
  for (size_t i = 0; i < 2; i++) {
    char path[1024];
    int n = snprintf(path, sizeof path, "%s/../shared/vectors/manifests/%s", source_root, folders[i]);
    DIR *dir = opendir(path);
    if (dir == NULL) skip();
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
      if (e->d_name[0] == '.') continue;
      snprintf(path + n, sizeof path - (size_t)n, "/%s", e->d_name);
      pods += check_file(path);
    }
    closedir(dir);
  }
  assert_in_range(pods, 120, 10000);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(several_documents),
      cmocka_unit_test(workload_kinds),
      cmocka_unit_test(claims_become_volumes),
      cmocka_unit_test(config_maps_of_bytes_and_of_nothing),
      cmocka_unit_test(secrets_are_decoded),
      cmocka_unit_test(one_bad_document_does_not_hide_the_next),
      cmocka_unit_test(old_versions_are_read),
      cmocka_unit_test(other_objects_are_rows),
      cmocka_unit_test(admission_of_a_set),
      cmocka_unit_test(admission_refuses),
      cmocka_unit_test(admission_of_one_pod),
      cmocka_unit_test(names_are_generated),
      cmocka_unit_test(bad_manifests),
      cmocka_unit_test(fields_are_found_again),
      cmocka_unit_test(every_allocation_fails_once),
      cmocka_unit_test(manifests_of_other_projects),
  };
  if (argc > 1) source_root = argv[1];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
