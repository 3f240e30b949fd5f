/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that come from files have no uid; Kubernetes' API server would give them one. */
#include "km.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* RFC 9562's version 4. */
int km_random_uid(char text[37]) {
  unsigned char b[16];
  if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b) {
    perror("km: random numbers");
    return KM_FAILED;
  }
  snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-4%x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
           b[3], b[4], b[5], b[6] & 15u, b[7], (b[8] & 0x3fu) | 0x80u, b[9], b[10], b[11], b[12], b[13],
           b[14], b[15]);
  return KM_DONE;
}

int km_pod_set_uid(struct km_pod *pod, const char *uid) {
  struct k8sm_pod *with;
  int result = k8sm_pod_with_uid(pod->pod, uid, NULL, &with, NULL);
  if (result != K8SM_OK) {
    km_report_result("giving a pod its uid", result);
    return KM_FAILED;
  }
  k8sm_pod_unref(pod->pod);
  pod->pod = with;
  return KM_DONE;
}

int km_set_name_uids(struct km_set *set) {
  for (size_t i = 0; i < set->pod_count; i++) {
    if (k8sm_pod_uid(set->pods[i].pod).len == 0 && km_pod_set_uid(&set->pods[i], NULL) != KM_DONE)
      return KM_FAILED;
  }
  return KM_DONE;
}
