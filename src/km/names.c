/* SPDX-License-Identifier: Apache-2.0 */
/* How people name pods and workloads. */
#include "km.h"

#include <string.h>
#include <strings.h>

static const struct {
  const char *name;
  const char *words[4]; /* beside the name itself, the plural first; ends with NULL */
  const char *group;    /* of its API, with a dot before it; "": the core */
} kinds[] = {
    {"Pod", {"pods", "po", NULL}, ""},
    {"ReplicationController", {"replicationcontrollers", "rc", NULL}, ""},
    {"ReplicaSet", {"replicasets", "rs", NULL}, ".apps"},
    {"Deployment", {"deployments", "deploy", NULL}, ".apps"},
    {"StatefulSet", {"statefulsets", "sts", NULL}, ".apps"},
    {"DaemonSet", {"daemonsets", "ds", NULL}, ".apps"},
    {"Job", {"jobs", NULL}, ".batch"},
    {"CronJob", {"cronjobs", "cj", NULL}, ".batch"},
    {"PersistentVolumeClaim", {"persistentvolumeclaims", "pvc", NULL}, ""},
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

const char *km_kind_words(const char *kind) {
  size_t i = 0;
  while (i + 1 < sizeof kinds / sizeof kinds[0] && strcmp(kinds[i].name, kind) != 0) i++;
  return kinds[i].words[0];
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

/* The kind of a key, and the name behind its namespace. */
static size_t kind_of_key(const char *key, const char **name) {
  size_t i = 0, len = strcspn(key, "/");
  while (i + 1 < sizeof kinds / sizeof kinds[0] && !is_word(key, len, kinds[i].name)) i++;
  *name = strrchr(key, '/') == NULL ? key : strrchr(key, '/') + 1;
  return i;
}

const char *km_resource_name(const char *key, char *text, size_t cap) {
  const char *name;
  size_t i = kind_of_key(key, &name);
  snprintf(text, cap, "%s%s/%s", kinds[i].name, kinds[i].group, name);
  for (char *at = text; *at != '\0' && *at != '/'; at++)
    *at = (char)(*at | 0x20 * (*at >= 'A' && *at <= 'Z'));
  return text;
}

const char *km_resource_missing(const char *key, char *text, size_t cap) {
  const char *name;
  size_t i = kind_of_key(key, &name);
  const char *space = strchr(key, '/') == NULL ? name : strchr(key, '/') + 1;
  int n = name > space ? (int)(name - space) - 1 : 0;
  bool usual = n == 0 || (n == 7 && strncmp(space, "default", 7) == 0);
  snprintf(text, cap, "%s%s \"%s\" not found%s%.*s", kinds[i].words[0], kinds[i].group, name,
           usual ? "" : " in namespace ", usual ? 0 : n, space);
  return text;
}

void km_report_no_kind(const char *command, const char *name) {
  fprintf(stderr,
          "km %s: '%s': no kind of pods; expected NAME, NAMESPACE/NAME or KIND/NAME, as deployment/web\n",
          command, name);
}

bool km_is_bare(const struct k8sm_pod *pod) {
  struct k8sm_blob *owners = NULL;
  bool bare = k8sm_pod_get(pod, "metadata.ownerReferences", NULL, &owners) != K8SM_OK;
  k8sm_blob_unref(owners);
  return bare;
}
