/* SPDX-License-Identifier: Apache-2.0 */
#include "support/manifests.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/failing.h"

static const char *source_root = "."; /* beside it are manifests of other projects */

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

static void fails(const char *text, int result, uint32_t code) {
  struct read r;
  read_text(&r, text, 0);
  assert_int_equal(r.result, result);
  bool found = false;
  for (size_t i = 0; i < r.diags.count && i < 64; i++) found = found || r.rows[i].code == code;
  assert_true(found);
}

/* The only finding. */
static void says(const char *bytes, size_t len, uint32_t code, const char *path, const char *message) {
  struct read r;
  read_with(&r, bytes, len, 0);
  assert_int_not_equal(r.result, K8SM_OK);
  assert_int_equal(r.diags.count, 1);
  finding_is(&r, 0, code, path, message);
}

static void what_was_meant_is_said(void **state) {
  (void)state;
#define SAYS(text, code, path, message) says(text, sizeof(text) - 1, K8SM_DIAG_##code, path, message)
  SAYS("apiVersion: v1\nkind: pod\n", KIND_UNKNOWN, "kind",
       "found \"pod\", which v1 does not have, did you mean Pod?");
  SAYS("apiVersion: v1\nkind: List\nitems: [{apiVersion: apps/v1, kind: Deploymnt}]", KIND_UNKNOWN,
       "items[0].kind", "found \"Deploymnt\", which apps/v1 does not have, did you mean Deployment?");
  SAYS("\xff\xfek\0i\0n\0d\0", NOT_UTF8, "", "the text looks like UTF-16, expected UTF-8");
  SAYS("\0{\0}", NOT_UTF8, "", "the text looks like UTF-16, expected UTF-8");
  SAYS("k8s\0\x12\x05\x0a", PROTOBUF_SYNTAX, "", "a length goes beyond the end, at byte 4");
  SAYS("k8s\0\x0a\x04\x0a\x02\xff\xff", PROTOBUF_SYNTAX, "apiVersion", "found bytes that are not text");
  SAYS("k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x04\x0a\x02\x0a\x05", PROTOBUF_SYNTAX, "metadata",
       "a length goes beyond the end, at byte 2 of the object");
#undef SAYS
}

/* Nothing is what a list without items holds, as kubectl has it. */
static void lists_may_be_empty(void **state) {
  (void)state;
  static const struct k8sm_slice lists[] = {
#define LIST(text) {text, sizeof(text) - 1}
      LIST("apiVersion: v1\nkind: List\nitems: []"), LIST("{\"apiVersion\":\"v1\",\"kind\":\"PodList\"}"),
      LIST("k8s\0\x0a\x0d\x0a\x02v1\x12\x07PodList")
#undef LIST
  };
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    struct read r;
    read_with(&r, lists[i].ptr, lists[i].len, 0);
    assert_int_equal(r.result, K8SM_OK);
    assert_int_equal(r.diags.count, 0);
    assert_int_equal(pod_count(&r), 0);
    k8sm_manifest_unref(r.manifest);
  }
}

static void limits_have_a_place(void **state) {
  (void)state;
  static const char two[] =
      "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: "
      "{containers: [{name: c, image: i}]}}, {apiVersion: v1, kind: Pod, metadata: {name: b}, "
      "spec: {containers: [{name: c, image: i}]}}]";
  struct k8sm_parse_options o = {.size = sizeof o, .max_pods = 1};
  struct read r = {.diags = K8SM_DIAGS_INIT(r.rows, r.text)};
  assert_int_equal(k8sm_manifest_parse(two, sizeof two - 1, &o, &r.manifest, &r.diags), K8SM_ERR_LIMIT);
  finding_is(&r, 0, K8SM_DIAG_TOO_LARGE, "items[1].kind", "more than 1 pods in one manifest");
  for (o.max_pods = 2, o.max_memory = 1; o.max_memory < 4096;
       o.max_memory *= 2) { /* too little for the value itself */
    r.diags.count = r.diags.text_used = 0;
    assert_int_equal(k8sm_manifest_parse(two, sizeof two - 1, &o, &r.manifest, &r.diags), K8SM_ERR_LIMIT);
    assert_int_equal(r.rows[0].code, K8SM_DIAG_TOO_LARGE);
  }
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
      cmocka_unit_test(one_bad_document_does_not_hide_the_next),
      cmocka_unit_test(old_versions_are_read),
      cmocka_unit_test(what_was_meant_is_said),
      cmocka_unit_test(lists_may_be_empty),
      cmocka_unit_test(limits_have_a_place),
      cmocka_unit_test(bad_manifests),
      cmocka_unit_test(every_allocation_fails_once),
      cmocka_unit_test(manifests_of_other_projects),
  };
  if (argc > 1) source_root = argv[1];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
