/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_VALIDATE_H
#define K8SMI_POD_VALIDATE_H

#include "base/findings.h"
#include "pod/record_private.h"

/* The rules of the API server (Kubernetes 1.37, features on and off as they are by default) for a Pod that is
 * to be created, in the server's order and with its paths and words. All findings are reported. A pod that a
 * server has already, as its metadata tells, is looked at as when it is updated: it may have ephemeral
 * containers, and what servers let pass before a rule was made stricter. */
struct k8smi_validate_options {
  struct k8sm_allocator allocator; /* of what must be remembered to find duplicates */
  const struct k8smi_path *path;   /* of the object in its document: NULL for the root */
  struct k8smi_find_range unread;  /* errors of values that were not read: what the rules find at their paths
                                    * and below ("Required value") would only mislead, and is not told */
};
/* Errors: INVALID (found something), NOMEM. */
int k8smi_validate_pod(const struct k8smi_record *pod, const struct k8smi_validate_options *options,
                       struct k8sm_diags *diags);

#endif
