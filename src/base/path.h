/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_PATH_H
#define K8SMI_BASE_PATH_H

#include <k8smesos/base.h>

/* Where in a document we are: a list on the stack, from the leaf to the root; written out only when
 * there is something to report. */
enum { K8SMI_PATH_FIELD = 0, K8SMI_PATH_INDEX = 1, K8SMI_PATH_KEY = 2 };

struct k8smi_path {
  const struct k8smi_path *parent; /* NULL: a child of the root */
  struct k8sm_slice name;          /* FIELD: .name; KEY: [name] */
  size_t index;                    /* INDEX: [index] */
  int kind;
};

static inline struct k8smi_path k8smi_path_field(const struct k8smi_path *parent, struct k8sm_slice name) {
  return (struct k8smi_path){parent, name, 0, K8SMI_PATH_FIELD};
}
static inline struct k8smi_path k8smi_path_index(const struct k8smi_path *parent, size_t index) {
  return (struct k8smi_path){parent, {NULL, 0}, index, K8SMI_PATH_INDEX};
}
static inline struct k8smi_path k8smi_path_key(const struct k8smi_path *parent, struct k8sm_slice key) {
  return (struct k8smi_path){parent, key, 0, K8SMI_PATH_KEY};
}

/* Writes "spec.containers[0].image" with a NUL, cut at cap. Returns the length that it needs. */
size_t k8smi_path_write(const struct k8smi_path *path, char *text, size_t cap);

#endif
