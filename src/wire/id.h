/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_ID_H
#define K8SMI_WIRE_ID_H

#include "base/findings.h"

enum { K8SMI_ID_MAX = 255 };

/* Mesos' rule for ids: 1 to 255 bytes, no '/', '\', control characters, not "." or ".."; and UTF-8, as every
 * string of a message. True: fine. */
bool k8smi_id_valid(struct k8sm_slice id);

#endif
