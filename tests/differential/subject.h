/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DIFFERENTIAL_SUBJECT_H
#define TESTS_DIFFERENTIAL_SUBJECT_H

#include "wire/json.h"

/* What the files of the differential test's other side share. */

/* Ends the program. */
void die(const char *why);
/* The next line of *rest; false at the end. */
bool next_line(struct k8sm_slice *rest, struct k8sm_slice *ret);

/* schedule.c: answers to a v1 List of Nodes, Namespaces and Pods where the last of the pods could go. */
void answer_schedule(struct k8smi_json *w, struct k8sm_slice bytes);

/* rollout.c: answers to a Deployment and its ReplicaSets, a line each, what one look makes of them. */
void answer_rollout(struct k8smi_json *w, struct k8sm_slice lines);

#endif
