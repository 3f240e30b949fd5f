/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CALL_ACKNOWLEDGE_H
#define K8SMI_CALL_ACKNOWLEDGE_H

#include <k8smesos/task.h>
#include "base/buf.h"

/* The call's bytes, if it is an ACKNOWLEDGE in protobuf with nothing wrong. False: nothing was written. */
bool k8smi_acknowledge_put(struct k8smi_buf *buf, const struct k8sm_call_args *args);

#endif
