/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_TRANSPORT_H
#define K8SMI_IO_TRANSPORT_H

#include <k8smesos/io.h>

/* The transport that is used when the host brings none: TCP. The allocator must outlive it. */
struct k8sm_transport k8smi_tcp_transport(const struct k8sm_allocator *allocator);

#endif
