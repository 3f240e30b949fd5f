/* SPDX-License-Identifier: Apache-2.0 */
/* What admission adds to pods, and the names that are generated. */
#include "support/manifests.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(admission_of_a_set),
      cmocka_unit_test(admission_refuses),
      cmocka_unit_test(admission_of_one_pod),
      cmocka_unit_test(names_are_generated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
