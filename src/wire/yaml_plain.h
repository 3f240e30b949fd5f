/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_YAML_PLAIN_H
#define K8SMI_WIRE_YAML_PLAIN_H

#include "wire/yaml_tape.h"

/* Puts all of the text on the empty tape, where that is one document of plain YAML. False: the tape is empty
 * again, and libyaml has to read it. */
bool k8smi_yaml_plain_load(struct k8smi_yaml_tape *tape);

#endif
