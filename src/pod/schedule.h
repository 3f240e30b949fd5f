/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_SCHEDULE_H
#define K8SMI_POD_SCHEDULE_H

#include "base/buf.h"
#include "base/slice.h"

/* Whether the text is a schedule as CronJobs have them: five fields of numbers, names, ranges and steps, or
 * one of the words with an @. Otherwise says why not, in the words of the API server, behind what `why` has.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax */
bool k8smi_schedule_valid(struct k8sm_slice schedule, struct k8smi_buf *why);

/* Whether the tz database has a zone of this name, or a link, as of 2025c. */
bool k8smi_time_zone_known(struct k8sm_slice name);

/* Whether the text is a length of time as Go reads them, "1h30m"; else says why not. */
bool k8smi_duration_valid(struct k8sm_slice text, struct k8smi_buf *why);

#endif
