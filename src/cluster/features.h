/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_FEATURES_H
#define K8SMI_CLUSTER_FEATURES_H

#include "base/buf.h"
#include "base/path.h"
#include "wire/mesos.h"

#include <k8smesos/cluster.h>

/* K8SM_FEATURE_* by their names. */

/* Writes names with commas between. */
void k8smi_put_features(struct k8smi_buf *to, uint32_t features);

/* Reads such; `unknown` is set to a name of none, if there is one. */
uint32_t k8smi_features_of(struct k8sm_slice text, struct k8sm_slice *unknown);

/* attributes.c: what an agent can do, if it is this attribute that says so. */
bool k8smi_attribute_features(const K8smMesos__Attribute *attribute, uint32_t *ret,
                              struct k8sm_slice *unknown);

/* Finds names of none in the attributes of an offer, which is at the path. */
void k8smi_features_check(const K8smMesos__Offer *offer, const struct k8smi_path *path,
                          struct k8sm_diags *diags);

#endif
