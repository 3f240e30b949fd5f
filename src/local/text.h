/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_TEXT_H
#define K8SMI_LOCAL_TEXT_H

#include "local/resources.h"

/* Of texts that are options: `path` is the option's, in findings that say what is wrong at which column. */

/* An agent's attributes in Mesos' text form: "rack:r1;gen:2015;cores:[1-8,10-12]". Errors: SYNTAX, NOMEM. */
int k8smi_local_attributes_parse(struct k8smi_arena *arena, const char *text, const struct k8smi_path *path,
                                 K8smMesos__Attribute ***ret, size_t *count, struct k8sm_diags *diags);

struct local_network;
/* Networks by name, "plain=10.77.0.0/24;other=10.78.0.0/16", with all their addresses. Errors: SYNTAX, NOMEM.
 */
int k8smi_local_networks_parse(struct k8smi_arena *arena, const char *text, const struct k8smi_path *path,
                               struct local_network **ret, size_t *count, struct k8sm_diags *diags);

/* A message as protobuf's text format shows it, as Mesos prints one inside its own messages. */
void k8smi_local_print_message(struct k8smi_buf *buf, const ProtobufCMessage *message);
/* A list of them as JSON, with members in the order of their names, as it prints what it has not looked at.
 */
void k8smi_local_print_json(struct k8smi_buf *buf, const ProtobufCMessage *const *messages, size_t n);

#endif
