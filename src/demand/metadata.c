/* SPDX-License-Identifier: Apache-2.0 */
/* What executors and tasks say of their pod to people and tools, in labels; and annotations of its
 * containers. */
#include "demand/build.h"

struct k8sm_slice k8smi_demand_annotation(const struct k8smi_demand_build *b, const char *prefix,
                                          struct k8sm_slice container, struct k8sm_slice *ret_key) {
  struct k8smi_list list = k8smi_get_list(b->metadata, K8SMI_ObjectMeta_annotations);
  size_t len = strlen(prefix);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    *ret_key = pair.key;
    if (pair.key.len == len + container.len && memcmp(pair.key.ptr, prefix, len) == 0 &&
        memcmp(pair.key.ptr + len, container.ptr, container.len) == 0)
      return pair.value;
  }
  return (struct k8sm_slice){NULL, 0};
}

/* What tells people and tools which pod it is: the pod's labels, its name and its uid. A label that could be
 * taken for one of ours is left out. */
static void metadata_make_labels(struct k8smi_demand_build *b) {
  struct k8sm_demand *d = b->demand;
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path labels_path = k8smi_path_field(&metadata, K8SMI_S("labels"));
  const struct k8smi_pair own[] = {{K8SMI_S("io.kubernetes.pod.name"), d->name},
                                   {K8SMI_S("io.kubernetes.pod.namespace"), d->name_space},
                                   {K8SMI_S("io.kubernetes.pod.uid"), d->uid}};
  enum { OWN = sizeof own / sizeof own[0] };
  struct k8smi_list list = k8smi_get_list(b->metadata, K8SMI_ObjectMeta_labels);
  struct k8smi_pair *labels = k8smi_demand_array(b, OWN + list.count, sizeof *labels);
  if (labels == NULL) return;
  memcpy(labels, own, sizeof own);
  size_t count = OWN;
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    bool ours = strncmp(pair.key.ptr, K8SMI_ANNOTATION_LABEL, sizeof K8SMI_ANNOTATION_LABEL - 1) == 0;
    for (size_t j = 0; j < OWN; j++) ours = ours || k8smi_eq(pair.key, own[j].key);
    struct k8smi_path at = k8smi_path_key(&labels_path, pair.key);
    if (!ours) {
      labels[count++] = pair;
    } else {
      K8SMI_DEMAND_NOTE(b, IGNORED, &at, "executors and tasks have a label of this name for another use");
    }
  }
  d->labels = (struct k8smi_pair_list){labels, count};
}

/* Masters keep all labels of all executors: what kubectl notes for itself, and long texts, are not for them.
 */
static void metadata_make_annotations(struct k8smi_demand_build *b) {
  enum { LONGEST = 1024 };
  struct k8smi_list list = k8smi_get_list(b->metadata, K8SMI_ObjectMeta_annotations);
  struct k8smi_pair *kept = k8smi_demand_array(b, list.count, sizeof *kept);
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path annotations = k8smi_path_field(&metadata, K8SMI_S("annotations"));
  size_t count = 0;
  for (size_t i = 0; kept != NULL && i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    if (k8smi_eqs(pair.key, "kubectl.kubernetes.io/last-applied-configuration")) continue;
    if (pair.value.len <= LONGEST) {
      kept[count++] = pair;
      continue;
    }
    struct k8smi_path at = k8smi_path_key(&annotations, pair.key);
    K8SMI_DEMAND_NOTE(b, IGNORED, &at, "%zu bytes: annotations of more than %d are not told to Mesos",
                      pair.value.len, LONGEST);
  }
  b->demand->annotations = (struct k8smi_pair_list){kept, count};
}

/* One that means a container which is not there: a name that is misspelt. */
static void metadata_check_containers(struct k8smi_demand_build *b) {
  static const char *const prefixes[] = {K8SMI_ENTRYPOINT_ANNOTATION, K8SMI_RLIMITS_ANNOTATION};
  const struct k8sm_demand *d = b->demand;
  struct k8smi_list list = k8smi_get_list(b->metadata, K8SMI_ObjectMeta_annotations);
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path annotations = k8smi_path_field(&metadata, K8SMI_S("annotations"));
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice key = k8smi_list_pair(list, i).key;
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
      size_t len = strlen(prefixes[p]);
      if (key.len < len || memcmp(key.ptr, prefixes[p], len) != 0) continue;
      struct k8sm_slice name = {key.ptr + len, key.len - len};
      size_t task = 1;
      while (task < d->task_count && !k8smi_eq(d->tasks[task].container, name)) task++;
      struct k8smi_path at = k8smi_path_key(&annotations, key);
      if (task == d->task_count)
        K8SMI_DEMAND_WARN(b, IGNORED, &at, "no container has the name '%.*s'", K8SMI_P(name));
    }
  }
}

void k8smi_demand_make_metadata(struct k8smi_demand_build *b) {
  metadata_make_labels(b);
  metadata_make_annotations(b);
  metadata_check_containers(b);
}
