/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_POD_H
#define K8SMI_POD_POD_H

#include <k8smesos/pod.h>
#include "pod/record.h"
#include "pod/fields.h"
#include "pod/quantity.h"

/* The Pod's record: fields K8SMI_Pod_metadata, K8SMI_Pod_spec, …. Lives as long as the pod. */
const struct k8smi_record *k8smi_pod_record(const struct k8sm_pod *pod);

/* A reference through a constant pointer: pods are immutable. */
struct k8sm_pod *k8smi_pod_hold(const struct k8sm_pod *pod);

/* Of files in volumes, where no defaultMode is stated: 0644. */
enum { K8SMI_DEFAULT_FILE_MODE = 0644 };
/* What k8sm_pod_encode and k8sm_pod_get do, for a record of any type. */
int k8smi_record_to_blob(unsigned type, const struct k8smi_record *record, uint32_t format,
                         const struct k8sm_allocator *allocator, struct k8sm_blob **ret);
int k8smi_record_get(unsigned type, const struct k8smi_record *record, const char *path,
                     const struct k8sm_allocator *allocator, struct k8sm_blob **ret);

#endif
