/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_IMAGE_H
#define K8SMI_POD_IMAGE_H

#include "base/slice.h"

/* Whether a reference to an image means its tag "latest", by saying so or by having neither tag nor digest.
 * What is no reference means nothing: false. https://kubernetes.io/docs/concepts/containers/images/ */
bool k8smi_image_is_latest(struct k8sm_slice image);

#endif
