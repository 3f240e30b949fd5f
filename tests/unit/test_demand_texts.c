/* SPDX-License-Identifier: Apache-2.0 */
/* A NUL in a text is something that JSON can say and a program can't be given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/pods.h"

static int demand_result_of(const char *metadata, const char *spec, struct findings *f) {
  const struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
  struct k8sm_pod *pod = pods_parse(metadata, spec);
  struct k8sm_demand *d = NULL;
  assert_non_null(pod);
  int r = k8sm_demand_make(pod, &options, &d, findings_init(f));
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
  return r;
}

static void texts_with_a_nul_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *metadata, *spec, *path;
  } cases[] = {
      {"", "{'containers':[{'name':'c','command':['sh','a\\u0000b']}]}", "spec.containers[0].command[1]"},
      {"", "{'containers':[{'name':'c','command':['sh'],'env':[{'name':'A','value':'\\u0000n'}]}]}",
       "spec.containers[0].env[0].value"},
      {"", "{'containers':[{'name':'c','command':['sh'],'livenessProbe':{'exec':{'command':['\\u0000']}}}]}",
       "spec.containers[0].livenessProbe.exec.command[0]"},
      {",'annotations':{'a':'\\u0000a'}", "{'containers':[{'name':'c','command':['sh']}]}",
       "metadata.annotations[a]"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    size_t found = 0;
    assert_int_equal(demand_result_of(cases[i].metadata, cases[i].spec, &f), K8SM_ERR_UNSUPPORTED);
    for (size_t row = 0; row < f.diags.count && row < f.diags.cap; row++)
      found += strcmp(f.text + f.rows[row].path, cases[i].path) == 0 &&
               strcmp(f.text + f.rows[row].message, "found a NUL in the text, expected none") == 0;
    assert_int_equal(f.diags.errors, 1); /* and said once */
    assert_int_equal(found, 1);
  }
  struct findings f;
  assert_int_equal(demand_result_of("", "{'containers':[{'name':'c','command':['sh']}]}", &f), K8SM_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(texts_with_a_nul_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
