/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/known.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void known_words_are_found(void **state) {
  (void)state;
  static const char *const words[] = {"v1",
                                      "TCP",
                                      "cpu",
                                      "Pod",
                                      "UDP",
                                      "ALL",
                                      "Job",
                                      "File",
                                      "HTTP",
                                      "True",
                                      "None",
                                      "HTTPS",
                                      "Ready",
                                      "Never",
                                      "False",
                                      "Equal",
                                      "Always",
                                      "memory",
                                      "Exists",
                                      "Secret",
                                      "Failed",
                                      "default",
                                      "Default",
                                      "Running",
                                      "Pending",
                                      "apps/v1",
                                      "batch/v1",
                                      "ReadWrite",
                                      "NoExecute",
                                      "OnFailure",
                                      "Burstable",
                                      "ConfigMap",
                                      "DaemonSet",
                                      "Succeeded",
                                      "ReplicaSet",
                                      "NoSchedule",
                                      "Guaranteed",
                                      "BestEffort",
                                      "Initialized",
                                      "StatefulSet",
                                      "kube-system",
                                      "ClusterFirst",
                                      "IfNotPresent",
                                      "PodScheduled",
                                      "metadata.uid",
                                      "status.podIP",
                                      "metadata.name",
                                      "spec.nodeName",
                                      "status.hostIP",
                                      "status.podIPs",
                                      "RuntimeDefault",
                                      "ContainersReady",
                                      "kube-root-ca.crt",
                                      "default-scheduler",
                                      "ephemeral-storage",
                                      "pod-template-hash",
                                      "metadata.namespace",
                                      "/dev/termination-log",
                                      "PreemptLowerPriority",
                                      "FallbackToLogsOnError",
                                      "app.kubernetes.io/name",
                                      "kubernetes.io/hostname",
                                      "PodReadyToStartContainers",
                                      "app.kubernetes.io/instance",
                                      "node.kubernetes.io/not-ready",
                                      "node.kubernetes.io/unreachable"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    const struct k8smi_text *text = k8smi_known_text(k8smi_s(words[i]));
    assert_non_null(text);
    struct k8sm_slice s = k8smi_text_slice(text);
    assert_int_equal(s.len, strlen(words[i]));
    assert_string_equal(s.ptr, words[i]);
  }
}

static void other_words_are_not(void **state) {
  (void)state;
  static const char *const words[] = {
      "", "v", "v2", "TCp", "Alwayz", "kubernetes.io/hostnames", "node.kubernetes.io/unreachables"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    assert_null(k8smi_known_text(k8smi_s(words[i])));
  static const char nul[] = "v1\0";
  assert_null(k8smi_known_text((struct k8sm_slice){nul, 3}));
  assert_null(k8smi_known_text((struct k8sm_slice){NULL, 0}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_words_are_found),
      cmocka_unit_test(other_words_are_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
