/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what the library makes of generated resources, a line of JSON for each case, for another
 * implementation to compare: {"kind":…,"a":…,"b":…,"contains":…,"sum":…,"difference":…,"found":…}. */
#include "support/resource_cases.h"

#include <stdio.h>
#include <string.h>

enum { CASES_ROUNDS = 2000, CASE_STATIC_CPUS = 1 };

static void cases_put(const char *name, const struct k8sm_resources *r) {
  struct k8sm_blob *blob;
  if (k8sm_resources_encode(r, K8SM_FORMAT_JSON, K8SM_RESERVATIONS_OLD, NULL, &blob, NULL) != K8SM_OK &&
      k8sm_resources_encode(r, K8SM_FORMAT_JSON, K8SM_RESERVATIONS_STACK, NULL, &blob, NULL) != K8SM_OK) {
    abort();
  }
  printf(",\"%s\":%s", name, k8sm_blob_bytes(blob).ptr);
  k8sm_blob_unref(blob);
}

static void cases_result(const char *name, int result, struct k8sm_resources **r) {
  if (result != K8SM_OK) return;
  cases_put(name, *r);
  k8sm_resources_unref(*r);
}

static void cases_write(const char *kind, uint32_t *random, const struct case_model *a,
                        const struct case_model *b, bool find) {
  struct k8smi_buf x = case_json(random, a, CASE_FORM_OLD), y = case_json(random, b, CASE_FORM_OLD);
  struct k8sm_resources *first = case_read(x.ptr, x.len, K8SM_FORMAT_JSON), *r = NULL;
  struct k8sm_resources *second = case_read(y.ptr, y.len, K8SM_FORMAT_JSON);
  printf("{\"kind\":\"%s\",\"a\":%.*s,\"b\":%.*s,\"contains\":%s", kind, (int)x.len, x.ptr, (int)y.len, y.ptr,
         k8sm_resources_contains(first, second) ? "true" : "false");
  cases_result("sum", k8sm_resources_add(first, second, NULL, &r, NULL), &r);
  cases_result("difference", k8sm_resources_subtract(first, second, NULL, &r, NULL), &r);
  if (find) cases_result("found", k8sm_resources_find(first, second, NULL, &r, NULL), &r);
  printf(",\"find\":%s}\n", find ? "true" : "false");
  k8smi_buf_free(&x);
  k8smi_buf_free(&y);
  k8sm_resources_unref(first);
  k8sm_resources_unref(second);
}

/* Of the kinds that mesos-go knows. What is looked for is of one kind, and each role has it once: after one
 * part in a role mesos-go, as Mesos, goes on to the next role. */
static void cases_plain(uint32_t *random) {
  for (int round = 0; round < CASES_ROUNDS; round++) {
    struct case_model a = case_any(random, CASE_PLAIN), b = case_any(random, CASE_PLAIN);
    if (round % 2 == 0) b = case_part(random, &a);
    if (round % 3 == 0) {
      a.amounts[CASE_STATIC_CPUS] = 0;
      size_t kind = case_below(random, CASE_PLAIN);
      for (size_t i = 0; i < CASE_KINDS; i++) b.amounts[i] = i == kind ? b.amounts[i] : 0;
    }
    cases_write("plain", random, &a, &b, round % 3 == 0);
  }
}

/* Each of the others alone, and beside every kind of its name. */
static void cases_others(uint32_t *random) {
  for (size_t i = CASE_PLAIN; i < CASE_KINDS; i++) {
    char kind[8];
    snprintf(kind, sizeof kind, "%zu", i);
    for (size_t j = 0; j <= i; j++) {
      struct case_model a = {{0}}, b = {{0}};
      if (strcmp(case_kinds[i].name, case_kinds[j].name) != 0) continue;
      a.amounts[i] = 2;
      b.amounts[j] = 1;
      cases_write(kind, random, &a, &b, false);
    }
  }
}

int main(void) {
  uint32_t random = 11;
  cases_plain(&random);
  cases_others(&random);
  return 0;
}
