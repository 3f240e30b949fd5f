/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_VALIDATE_H
#define K8SMI_POD_VALIDATE_H

#include "base/findings.h"
#include "pod/record_private.h"

/* The rules of the API server for a Pod that is to be created, in the server's order and with its
 * paths and words. All findings are reported; true if there was none. */
struct k8smi_validate_options {
  struct k8sm_allocator allocator; /* of what must be remembered to find duplicates */
  const struct k8smi_path *path;   /* of the pod in its document: NULL for the root */
};
/* Errors: INVALID (found something), NOMEM. */
int k8smi_validate_pod(const struct k8smi_record *pod, const struct k8smi_validate_options *options,
                       struct k8sm_diags *diags);

#endif
