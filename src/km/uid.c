/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that come from files have no uid; Kubernetes' API server would give them one. */
#include "km.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* RFC 9562's layout, with the version given. */
static void format_uid(const unsigned char b[16], unsigned version, char text[37]) {
  snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%x%x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
           b[3], b[4], b[5], version, b[6] & 15u, b[7], (b[8] & 0x3fu) | 0x80u, b[9], b[10], b[11], b[12],
           b[13], b[14], b[15]);
}

int km_random_uid(char text[37]) {
  unsigned char b[16];
  if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b) {
    perror("km: random numbers");
    return KM_FAILED;
  }
  format_uid(b, 4, text);
  return KM_DONE;
}

/* FNV-1a over the key, twice with other beginnings: names need be apart, not secret. */
static void named_uid(const char *key, char text[37]) {
  unsigned char b[16];
  for (int half = 0; half < 2; half++) {
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (half ? UINT64_C(0x9e3779b97f4a7c15) : 0);
    for (const char *p = key; *p != '\0'; p++) h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    for (int i = 0; i < 8; i++) b[half * 8 + i] = (unsigned char)(h >> (56 - 8 * i));
  }
  format_uid(b, 8, text);
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
    char key[600], uid[37];
    if (k8sm_pod_uid(set->pods[i].pod).len != 0) continue;
    named_uid(km_pod_key(set->pods[i].pod, key, sizeof key), uid);
    if (km_pod_set_uid(&set->pods[i], uid) != KM_DONE) return KM_FAILED;
  }
  return KM_DONE;
}
