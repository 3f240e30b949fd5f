/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_TIME_H
#define K8SMI_POD_TIME_H

#include "base/slice.h"

/* RFC 3339 with any offset and fraction → seconds since 1970. False: not such a time. */
bool k8smi_parse_time(struct k8sm_slice text, int64_t *ret);

enum { K8SMI_TIME_LEN = 20 };
/* "2006-01-02T15:04:05Z" without a NUL. False: the year has no four digits. */
bool k8smi_format_time(int64_t seconds, char text[K8SMI_TIME_LEN]);

/* Days since 1970 of a date, by the calendar of today, and the other way. */
int64_t k8smi_days_of_date(int64_t year, int month, int day);
void k8smi_date_of_days(int64_t days, int64_t *year, int *month, int *day);

/* The first second of the year 1: Go's zero time, which is written as null. */
#define K8SMI_TIME_ZERO (-INT64_C(62135596800))

#endif
