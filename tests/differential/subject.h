/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DIFFERENTIAL_SUBJECT_H
#define TESTS_DIFFERENTIAL_SUBJECT_H

#include "wire/json.h"

/* What the files of the differential test's other side share. */

/* Ends the program. */
void die(const char *why);

/* schedule.c: answers to a v1 List of Nodes, Namespaces and Pods where the last of the pods could go. */
void answer_schedule(struct k8smi_json *w, struct k8sm_slice bytes);

#endif
