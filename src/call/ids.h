/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CALL_IDS_H
#define K8SMI_CALL_IDS_H

#include "base/findings.h"

/* Mesos' rule for ids: 1 to 255 bytes, no '/', '\', control characters, not "." or "..". True: fine. */
bool k8smi_id_valid(struct k8sm_slice id);

#endif
