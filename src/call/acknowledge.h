/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CALL_ACKNOWLEDGE_H
#define K8SMI_CALL_ACKNOWLEDGE_H

#include <k8smesos/task.h>

/* How many bytes the call has, if it is an ACKNOWLEDGE in protobuf with nothing wrong; 0: it is not. */
size_t k8smi_acknowledge_size(const struct k8sm_call_args *args);
/* Writes so many. */
void k8smi_acknowledge_write(char *to, const struct k8sm_call_args *args);

#endif
