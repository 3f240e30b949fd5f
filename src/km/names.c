/* SPDX-License-Identifier: Apache-2.0 */
/* How people name pods and workloads. */
#include "km.h"

#include <string.h>
#include <strings.h>

static const struct {
  const char *name;
  const char *words[4]; /* beside the name itself; ends with NULL */
} kinds[] = {
    {"Pod", {"pods", "po", NULL}},
    {"ReplicationController", {"replicationcontrollers", "rc", NULL}},
    {"ReplicaSet", {"replicasets", "rs", NULL}},
    {"Deployment", {"deployments", "deploy", NULL}},
    {"StatefulSet", {"statefulsets", "sts", NULL}},
    {"DaemonSet", {"daemonsets", "ds", NULL}},
    {"Job", {"jobs", NULL}},
    {"CronJob", {"cronjobs", "cj", NULL}},
    {"PersistentVolumeClaim", {"persistentvolumeclaims", "pvc", NULL}},
};

static bool is_word(const char *word, size_t len, const char *name) {
  return strlen(name) == len && strncasecmp(word, name, len) == 0;
}

const char *km_kind_name(const char *word, size_t len) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (is_word(word, len, kinds[i].name)) return kinds[i].name;
    for (size_t k = 0; kinds[i].words[k] != NULL; k++) {
      if (is_word(word, len, kinds[i].words[k])) return kinds[i].name;
    }
  }
  return NULL;
}

bool km_object_key(const char *name, char *text, size_t cap) {
  const char *slash = strchr(name, '/');
  const char *kind = slash == NULL ? NULL : km_kind_name(name, (size_t)(slash - name));
  const char *rest = kind == NULL ? name : slash + 1;
  bool two = strchr(rest, '/') != NULL;
  if (kind == NULL && two && strchr(strchr(rest, '/') + 1, '/') != NULL) return false;
  snprintf(text, cap, "%s/%s%s", kind == NULL ? "Pod" : kind, two ? "" : "default/", rest);
  return true;
}

bool km_is_bare(const struct k8sm_pod *pod) {
  struct k8sm_blob *owners = NULL;
  bool bare = k8sm_pod_get(pod, "metadata.ownerReferences", NULL, &owners) != K8SM_OK;
  k8sm_blob_unref(owners);
  return bare;
}
