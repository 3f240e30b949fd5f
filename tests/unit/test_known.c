/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/known.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void known_words_are_found(void **state) {
  (void)state;
  static const char *const words[] = {"v1",
                                      "ALL",
                                      "File",
                                      "Never",
                                      "Always",
                                      "apps/v1",
                                      "batch/v1",
                                      "Succeeded",
                                      "BestEffort",
                                      "kube-system",
                                      "status.podIP",
                                      "status.podIPs",
                                      "RuntimeDefault",
                                      "ContainersReady",
                                      "kube-root-ca.crt",
                                      "pod-template-hash",
                                      "metadata.namespace",
                                      "PreemptLowerPriority",
                                      "FallbackToLogsOnError",
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
