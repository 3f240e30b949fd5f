/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CALL_OPERATIONS_H
#define K8SMI_CALL_OPERATIONS_H

#include "wire/id.h"

/* The ids of operations, which say what each was for: k8sm.create.<task id>, for a pod, with the id that the
 * pause task of the attempt has or would have; k8sm.destroy.<offer id>, for what an offer had. Neither is
 * ever used again. */

enum k8smi_operation {
  K8SMI_OPERATION_RESERVE,
  K8SMI_OPERATION_CREATE,
  K8SMI_OPERATION_DESTROY,
  K8SMI_OPERATION_UNRESERVE,
  K8SMI_OPERATIONS /* none of these */
};

/* With a NUL after it. Empty: what it is for is too long to be named. */
struct k8sm_slice k8smi_operation_id(enum k8smi_operation what, struct k8sm_slice of,
                                     char text[K8SMI_ID_MAX + 1]);
/* *ret_of: what it is for. K8SMI_OPERATIONS: it is somebody else's. */
enum k8smi_operation k8smi_operation_parse(struct k8sm_slice id, struct k8sm_slice *ret_of);
/* "CREATE" and so on. */
const char *k8smi_operation_name(enum k8smi_operation what);

#endif
