/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CALL_BUILD_H
#define K8SMI_CALL_BUILD_H

#include "wire/mesos.h"

/* Messages put together from arguments: the first error sticks, and what is asked for behind it is NULL. */
struct k8smi_build {
  struct k8smi_arena *arena;
  struct k8sm_diags *diags;
  int result;
};

#define K8SMI_BUILD(build, lower_name) k8smi_build_message((build), &k8sm_mesos__##lower_name##__descriptor)
void *k8smi_build_message(struct k8smi_build *b, const ProtobufCMessageDescriptor *type);
void *k8smi_build_array(struct k8smi_build *b, size_t n, size_t size);

/* Copies, checked: `name` is the argument, for the finding. Text must not be empty. */
char *k8smi_build_text(struct k8smi_build *b, const char *name, struct k8sm_slice text);
char *k8smi_build_id(struct k8smi_build *b, const char *name, struct k8sm_slice id);
/* Checks that a time is not negative, and finite: no more than Mesos can count in nanoseconds. */
void k8smi_build_seconds(struct k8smi_build *b, const char *name, double seconds);
/* The error for an argument that is wrong. */
void k8smi_build_wrong(struct k8smi_build *b, uint32_t code, const char *name, const char *wrong);

#endif
