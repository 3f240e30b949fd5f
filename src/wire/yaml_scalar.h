/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_YAML_SCALAR_H
#define K8SMI_WIRE_YAML_SCALAR_H

#include "base/buf.h"
#include "wire/token.h"

/* What a plain scalar means: YAML 1.1 in the dialect that Kubernetes reads, where `yes` is a bool, 010
 * is eight, and 12:30 is text. */

enum { K8SMI_YAML_NOT_FINITE = -1 }; /* .inf and .nan, which JSON can't say */

/* K8SMI_TOKEN_STRING, NUMBER, TRUE, FALSE or NULL; or K8SMI_YAML_NOT_FINITE. */
int k8smi_yaml_kind(struct k8sm_slice plain);

/* The text of a scalar that is a NUMBER, in JSON's syntax. */
void k8smi_yaml_put_number(struct k8smi_buf *buf, struct k8sm_slice plain);

#endif
