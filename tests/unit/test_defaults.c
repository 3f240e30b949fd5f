/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/defaults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "pod/encode.h"
#include "pod/image.h"
#include "pod/parse.h"

/* Reads the JSON as an object of the type with defaults, and writes it again. */
static void expect_as(enum k8smi_type_id type, bool as_pod, const char *json, const char *expected) {
  const struct k8sm_parse_options o = {.size = sizeof o};
  struct k8smi_parse p;
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens = NULL;
  const struct k8smi_record *record = NULL;
  struct k8smi_buf out;
  struct k8smi_json w;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  assert_true(k8smi_buf_init(&out, NULL));
  assert_int_equal(k8smi_parse_init(&p, json, strlen(json), &o, NULL), K8SM_OK);
  assert_int_equal(k8smi_parse_tokens(&p, json, strlen(json), K8SM_FORMAT_JSON, 0, &tokens), K8SM_OK);
  assert_int_equal(k8smi_parse_record(&p, tokens, &arena, type, NULL, &record), K8SM_OK);
  if (as_pod) record = k8smi_defaults_pod(&arena, record);
  k8smi_json_init(&w, &out, true);
  k8smi_encode_record(&w, type, record);
  k8smi_buf_putc(&out, '\0');
  assert_false(out.failed);
  assert_string_equal(out.ptr, expected);
  k8smi_buf_free(&out);
  k8smi_tokens_free(tokens);
  k8smi_parse_free(&p);
  k8smi_arena_free(&arena);
}

static void expect(enum k8smi_type_id type, const char *json, const char *expected) {
  expect_as(type, false, json, expected);
}

#define SPEC(containers)                                                                                     \
  "\"spec\":{\"containers\":" containers                                                                     \
  ",\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,"                                      \
  "\"dnsPolicy\":\"ClusterFirst\",\"securityContext\":{},\"schedulerName\":\"default-scheduler\"}"
#define TEMPLATE "\"template\":{\"metadata\":{}," SPEC("null") "}"

static void nothing_given(void **state) {
  (void)state;
  expect(K8SMI_TYPE_Pod, "{}",
         "{\"metadata\":{},\"spec\":{\"containers\":null,\"restartPolicy\":\"Always\","
         "\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\",\"securityContext\":{},"
         "\"schedulerName\":\"default-scheduler\",\"enableServiceLinks\":true},\"status\":{}}");
  expect(K8SMI_TYPE_PodTemplate, "{}", "{\"metadata\":{}," TEMPLATE "}");
  expect(K8SMI_TYPE_ReplicationController, "{}",
         "{\"metadata\":{},\"spec\":{\"replicas\":1},\"status\":{\"replicas\":0}}");
  expect(K8SMI_TYPE_ReplicaSet, "{\"metadata\":{}}",
         "{\"metadata\":{},\"spec\":{\"replicas\":1,\"selector\":null," TEMPLATE
         "},\"status\":{\"replicas\":0}}");
  expect(
      K8SMI_TYPE_Deployment, "{\"spec\":null}",
      "{\"metadata\":{},\"spec\":{\"replicas\":1,\"selector\":null," TEMPLATE
      ",\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":\"25%\",\"maxSurge\":"
      "\"25%\"}},\"revisionHistoryLimit\":10,\"progressDeadlineSeconds\":600},\"status\":{}}");
  expect(K8SMI_TYPE_DaemonSet, "{}",
         "{\"metadata\":{},\"spec\":{\"selector\":null," TEMPLATE
         ",\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":1,"
         "\"maxSurge\":0}},"
         "\"revisionHistoryLimit\":10},\"status\":{\"currentNumberScheduled\":0,\"numberMisscheduled\":0,"
         "\"desiredNumberScheduled\":0,\"numberReady\":0}}");
  expect(K8SMI_TYPE_StatefulSet, "{}",
         "{\"metadata\":{},\"spec\":{\"replicas\":1,\"selector\":null," TEMPLATE
         ",\"serviceName\":\"\",\"podManagementPolicy\":\"OrderedReady\",\"updateStrategy\":{\"type\":"
         "\"RollingUpdate\",\"rollingUpdate\":{\"partition\":0,\"maxUnavailable\":1}},"
         "\"revisionHistoryLimit\":10,"
         "\"persistentVolumeClaimRetentionPolicy\":{\"whenDeleted\":\"Retain\",\"whenScaled\":\"Retain\"}},"
         "\"status\":{\"replicas\":0,\"availableReplicas\":0}}");
  expect(
      K8SMI_TYPE_Job, "{}",
      "{\"metadata\":{},\"spec\":{\"parallelism\":1,\"completions\":1,\"backoffLimit\":6,\"manualSelector\":"
      "false," TEMPLATE ",\"completionMode\":\"NonIndexed\",\"suspend\":false,\"podReplacementPolicy\":"
      "\"TerminatingOrFailed\"},\"status\":{}}");
  expect(K8SMI_TYPE_CronJob, "{}",
         "{\"metadata\":{},\"spec\":{\"schedule\":\"\",\"concurrencyPolicy\":\"Allow\",\"suspend\":false,"
         "\"jobTemplate\":{\"metadata\":{},\"spec\":{" TEMPLATE "}},\"successfulJobsHistoryLimit\":3,"
         "\"failedJobsHistoryLimit\":1},\"status\":{}}");
}

static void strategies(void **state) {
  (void)state;
  expect(K8SMI_TYPE_DeploymentStrategy, "{\"type\":\"Recreate\"}", "{\"type\":\"Recreate\"}");
  expect(K8SMI_TYPE_DeploymentStrategy, "{\"rollingUpdate\":{\"maxSurge\":2}}",
         "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":\"25%\",\"maxSurge\":2}}");
  expect(K8SMI_TYPE_DaemonSetUpdateStrategy, "{\"type\":\"OnDelete\"}", "{\"type\":\"OnDelete\"}");
  expect(K8SMI_TYPE_StatefulSetUpdateStrategy, "{\"type\":\"RollingUpdate\"}",
         "{\"type\":\"RollingUpdate\"}");
  expect(K8SMI_TYPE_StatefulSetUpdateStrategy,
         "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":3}}",
         "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":3,\"maxUnavailable\":1}}");
}

static void labels_of_templates(void **state) {
  (void)state;
  expect(
      K8SMI_TYPE_ReplicationController,
      "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"replicas\":0,\"template\":{\"metadata\":{\"labels\":{\"a\":"
      "\"b\"}}}}}",
      "{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"b\"}},\"spec\":{\"replicas\":0,\"selector\":{\"a\":"
      "\"b\"},"
      "\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}}," SPEC(
          "null") "}},\"status\":{\"replicas\":0}}");
  expect(K8SMI_TYPE_Job,
         "{\"metadata\":{\"labels\":{\"own\":\"1\"}},\"spec\":{\"parallelism\":2,\"backoffLimitPerIndex\":0,"
         "\"podFailurePolicy\":{\"rules\":[]},\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}}}}}",
         "{\"metadata\":{\"labels\":{\"own\":\"1\"}},\"spec\":{\"parallelism\":2,\"podFailurePolicy\":{"
         "\"rules\":[]},"
         "\"backoffLimit\":2147483647,\"backoffLimitPerIndex\":0,\"manualSelector\":false,\"template\":{"
         "\"metadata\":"
         "{\"labels\":{\"a\":\"b\"}}," SPEC("null") "},\"completionMode\":\"NonIndexed\",\"suspend\":false,"
                                                    "\"podReplacementPolicy\":\"Failed\"},\"status\":{}}");
}

static const char limited[] = "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b:1\",\"ports\":[{"
                              "\"containerPort\":80}],\"resources\":"
                              "{\"limits\":{\"cpu\":\"1500u\",\"memory\":\"1Mi\"},\"requests\":{\"cpu\":"
                              "\"1m\"}}}],\"hostNetwork\":true,"
                              "\"terminationGracePeriodSeconds\":-5}}";
#define LIMITED_CONTAINER(ports, more)                                                                       \
  "[{\"name\":\"a\",\"image\":\"b:1\",\"ports\":[{" ports                                                    \
  "\"containerPort\":80,\"protocol\":\"TCP\"}],\"resources\":"                                               \
  "{\"limits\":{\"cpu\":\"2m\",\"memory\":\"1Mi\"},\"requests\":{\"cpu\":\"1m\"" more "}},"                  \
  "\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\","               \
  "\"imagePullPolicy\":\"IfNotPresent\"}]"

/* A template keeps what is filled in for pods only open, and the pods that are made of it get it. */
static void pods_and_templates(void **state) {
  (void)state;
  static const char pod[] = "{\"metadata\":{},\"spec\":{\"containers\":" LIMITED_CONTAINER(
      "\"hostPort\":80,",
      ",\"memory\":\"1Mi\"") ",\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":1,"
                             "\"dnsPolicy\":\"ClusterFirst\",\"hostNetwork\":"
                             "true,\"securityContext\":{},\"schedulerName\":\"default-scheduler\","
                             "\"enableServiceLinks\":true},\"status\":{}}";
  expect(K8SMI_TYPE_PodTemplateSpec, limited,
         "{\"metadata\":{},\"spec\":{\"containers\":" LIMITED_CONTAINER(
             "", "") ",\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":-5,\"dnsPolicy\":"
                     "\"ClusterFirst\","
                     "\"hostNetwork\":true,\"securityContext\":{},\"schedulerName\":\"default-scheduler\"}}");
  expect(K8SMI_TYPE_Pod, limited, pod);
  expect_as(K8SMI_TYPE_Pod, true, limited, pod); /* once more changes nothing */
}

static void volumes(void **state) {
  (void)state;
  expect(K8SMI_TYPE_Volume, "{\"name\":\"a\"}", "{\"name\":\"a\",\"emptyDir\":{}}");
  expect(K8SMI_TYPE_Volume, "{\"name\":\"a\",\"image\":{\"reference\":\"b\"}}",
         "{\"name\":\"a\",\"image\":{\"reference\":\"b\",\"pullPolicy\":\"Always\"}}");
  expect(K8SMI_TYPE_Volume, "{\"name\":\"a\",\"ephemeral\":{\"volumeClaimTemplate\":{}}}",
         "{\"name\":\"a\",\"ephemeral\":{\"volumeClaimTemplate\":{\"metadata\":{},\"spec\":{\"resources\":{},"
         "\"volumeMode\":\"Filesystem\"}}}}");
  expect(K8SMI_TYPE_PersistentVolumeClaim, "{\"status\":{\"capacity\":{\"storage\":\"1n\"}}}",
         "{\"metadata\":{},\"spec\":{\"resources\":{},\"volumeMode\":\"Filesystem\"},\"status\":{\"phase\":"
         "\"Pending\","
         "\"capacity\":{\"storage\":\"1m\"}}}");
}

static void namespaces_and_priorities(void **state) {
  (void)state;
  expect(K8SMI_TYPE_Namespace, "{\"metadata\":{\"name\":\"a\"}}",
         "{\"metadata\":{\"name\":\"a\",\"labels\":{\"kubernetes.io/metadata.name\":\"a\"}},\"spec\":{},"
         "\"status\":{\"phase\":\"Active\"}}");
  expect(K8SMI_TYPE_Namespace,
         "{\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"1\",\"kubernetes.io/metadata.name\":\"b\",\"a\":"
         "\"2\"}}}",
         "{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"2\",\"kubernetes.io/metadata.name\":\"a\",\"x\":"
         "\"1\"}},\"spec\":{},\"status\":{\"phase\":\"Active\"}}");
  expect(K8SMI_TYPE_Namespace, "{}", "{\"metadata\":{},\"spec\":{},\"status\":{\"phase\":\"Active\"}}");
  expect(K8SMI_TYPE_PriorityClass, "{\"value\":5}",
         "{\"metadata\":{},\"value\":5,\"preemptionPolicy\":\"PreemptLowerPriority\"}");
}

static void addresses(void **state) {
  (void)state;
  expect(K8SMI_TYPE_PodStatus, "{\"podIP\":\"1.2.3.4\"}",
         "{\"podIP\":\"1.2.3.4\",\"podIPs\":[{\"ip\":\"1.2.3.4\"}]}");
  expect(K8SMI_TYPE_PodStatus, "{\"podIPs\":[{\"ip\":\"::1\"},{\"ip\":\"1.2.3.4\"}]}",
         "{\"podIP\":\"::1\",\"podIPs\":[{\"ip\":\"::1\"},{\"ip\":\"1.2.3.4\"}]}");
  expect(K8SMI_TYPE_PodStatus, "{\"podIP\":\"1.2.3.4\",\"podIPs\":[{\"ip\":\"::1\"}]}",
         "{\"podIP\":\"1.2.3.4\",\"podIPs\":[{\"ip\":\"1.2.3.4\"}]}");
}

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void images(void **state) {
  (void)state;
  static const char *const latest[] = {"a",
                                       "a:latest",
                                       "a/b",
                                       "x.io/a/b",
                                       "localhost/a",
                                       "host:5000/a",
                                       "[::1]:5000/a",
                                       "a-b--c/d",
                                       "a_b.c__d/e",
                                       "A.b/c",
                                       "A/b",
                                       "a.b",
                                       ("a:latest@sha256:" DIGEST),
                                       "docker.io/a",
                                       "1",
                                       "a_b.c/d:latest",
                                       "x-y.z:1/a"};
  static const char *const other[] = {"",
                                      "a:1",
                                      "a:latest1",
                                      "a@sha256:" DIGEST,
                                      DIGEST,
                                      "A",
                                      "a:",
                                      "/a",
                                      "a/",
                                      "a//b",
                                      "a_",
                                      "a..b",
                                      "a___b",
                                      "<a>",
                                      " a",
                                      "a b",
                                      "a:-",
                                      "-a/b.c",
                                      "a:b:c",
                                      "a@",
                                      "a@sha256:0",
                                      "a@md5:" DIGEST,
                                      "a.-b.c:1/d",
                                      "x.io/A",
                                      "a:latest@sha256:1",
                                      "x:y/z",
                                      "[g]/a",
                                      "a\xc3\xa4",
                                      "a.b:/c",
                                      "a@sha256:" DIGEST "0"};
  for (size_t i = 0; i < sizeof latest / sizeof latest[0]; i++) {
    if (!k8smi_image_is_latest(k8smi_s(latest[i]))) fail_msg("\"%s\" is the latest", latest[i]);
  }
  for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
    if (k8smi_image_is_latest(k8smi_s(other[i]))) fail_msg("\"%s\" is not the latest", other[i]);
  }
  char longest[300] = "x.io/";
  memset(longest + 5, 'a', sizeof longest - 5);
  assert_true(k8smi_image_is_latest((struct k8sm_slice){longest, 5 + 255}));
  assert_false(k8smi_image_is_latest((struct k8sm_slice){longest, 5 + 256}));
  assert_true(k8smi_image_is_latest((struct k8sm_slice){longest + 5, 255 - sizeof "library"}));
  assert_false(k8smi_image_is_latest((struct k8sm_slice){longest + 5, 256 - sizeof "library"}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_given),
      cmocka_unit_test(strategies),
      cmocka_unit_test(labels_of_templates),
      cmocka_unit_test(pods_and_templates),
      cmocka_unit_test(volumes),
      cmocka_unit_test(addresses),
      cmocka_unit_test(namespaces_and_priorities),
      cmocka_unit_test(images),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
