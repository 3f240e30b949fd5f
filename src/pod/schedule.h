/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_SCHEDULE_H
#define K8SMI_POD_SCHEDULE_H

#include "base/buf.h"
#include "base/slice.h"

/* When a CronJob's jobs are due: at the numbers whose bits are set, or so many seconds after the last one. */
struct k8smi_schedule {
  uint64_t minutes, hours, days, months, weekdays; /* bit n: the number n. K8SMI_SCHEDULE_ANY: all, by '*' */
  int64_t every;                                   /* seconds; 0: by the numbers */
};
#define K8SMI_SCHEDULE_ANY ((uint64_t)1 << 63)

/* Reads a schedule as CronJobs have them: five fields of numbers, names, ranges and steps, or one of the
 * words with an @. False: it is none; then `why` says why, in the words of the API server, behind what it
 * has. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax */
bool k8smi_schedule_read(struct k8sm_slice text, struct k8smi_schedule *ret, struct k8smi_buf *why);

/* Whether the tz database has a zone of this name, or a link, as of 2025c. */
bool k8smi_time_zone_known(struct k8sm_slice name);

/* Reads a length of time as Go does, "1h30m", to nanoseconds (fractions to millionths of their unit); false:
 * says why it is none. */
bool k8smi_duration_read(struct k8sm_slice text, int64_t *ret, struct k8smi_buf *why);

#endif
