/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KM_MATCH_H
#define KM_MATCH_H

#include "km.h"

/* ---- match.c ---- */

/* "namespace/name" of a demand's pod, in `text`. */
const char *km_match_pod(const struct k8sm_demand *demand, char *text, size_t cap);
/* Why a pod is to end for another one: "its priority 1 is lower than 9". */
enum { KM_WHY_CAP = 80 };
const char *km_match_why(const struct k8sm_plan_victim *victim, const struct k8sm_demand *for_pod,
                         char text[KM_WHY_CAP]);

/* ---- match_text.c ---- */

/* The plan as text for people. */
void km_match_print(const struct k8sm_plan *plan, struct k8sm_demand *const *demands, size_t count);

#endif
