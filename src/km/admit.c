/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server's admission would add to the pods: there is none here that would do it. */
#include "km.h"

#include <stdlib.h>

/* The PriorityClasses of all files; to be freed. */
static struct k8sm_priority_class *all_classes(const struct km_set *set, size_t *ret_count) {
  struct k8sm_priority_class *rows = NULL;
  *ret_count = 0;
  for (size_t i = 0; i < set->file_count; i++) {
    const struct k8sm_manifest *m = set->files[i].manifest;
    size_t n = m == NULL ? 0 : k8sm_manifest_priority_classes(m, 0, NULL, sizeof *rows, 0);
    if (n == 0) continue;
    rows = km_alloc(rows, (*ret_count + n) * sizeof *rows);
    k8sm_manifest_priority_classes(m, 0, rows + *ret_count, sizeof *rows, n);
    *ret_count += n;
  }
  return rows;
}

struct k8sm_admission_options km_set_admission(const struct km_set *set) {
  struct k8sm_admission_options o = {.size = sizeof o, .class_size = sizeof(struct k8sm_priority_class)};
  o.classes = all_classes(set, &o.class_count);
  return o;
}

int km_set_admit(struct km_set *set) {
  static struct km_report report;
  struct k8sm_admission_options o = km_set_admission(set);
  int code = KM_DONE;
  for (size_t i = 0; i < set->pod_count; i++) {
    struct km_source source = km_set_source(set, &set->pods[i]);
    struct k8sm_pod *admitted = NULL;
    km_report_begin(&report);
    int result = k8sm_pod_admit(set->pods[i].pod, &o, &admitted, &report.diags);
    if (result != K8SM_OK && report.diags.count == 0) km_report_result(source.name, result);
    km_report_end(&report, &source, set->pods[i].document);
    if (result != K8SM_OK) {
      code = KM_FAILED;
    } else {
      k8sm_pod_unref(set->pods[i].pod);
      set->pods[i].pod = admitted;
    }
  }
  free((void *)(uintptr_t)o.classes);
  return code;
}
