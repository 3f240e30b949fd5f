/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_STEPS_H
#define K8SMI_POD_STEPS_H

#include "base/slice.h"

/* Field paths as they are written, "spec.containers[0].image" or "metadata.labels[app]", one step at a
 * time. What is in brackets may be an index or a key: what it is shows where it is used. */
struct k8smi_step {
  bool is_field;
  bool is_index; /* in brackets, and a number */
  struct k8sm_slice name;
  size_t index;
};

/* The rest of the path behind its first step; NULL if that is none. */
const char *k8smi_step_next(const char *path, bool first, struct k8smi_step *ret);

#endif
