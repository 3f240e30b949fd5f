/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_NUMBER_H
#define K8SMI_WIRE_NUMBER_H

#include "base/buf.h"
#include "base/slice.h"

/* Number ↔ text, the only place that does it: the same under every locale. */

/* Decimal integers, nothing before or behind. False: not one, or out of range. */
bool k8smi_parse_u64(struct k8sm_slice text, uint64_t *ret);
bool k8smi_parse_i64(struct k8sm_slice text, int64_t *ret);
/* JSON's numbers, also with fraction and exponent when the value is an integer: 5.0, 1e3. */
bool k8smi_parse_json_i64(struct k8sm_slice text, int64_t *ret);
/* JSON's numbers to the nearest double. */
bool k8smi_parse_double(struct k8sm_slice text, double *ret);

/* The shortest text that reads back as the same double, in JSON's form: 0.1, 30.0 as 30.0, 1e+22. What is
 * not finite becomes the text, in quotes, that Mesos and protobuf's JSON have for it: "Infinity". */
void k8smi_put_double(struct k8smi_buf *buf, double d);
/* The shortest text that reads back as the same float, as C's %g would have it: 0.3, 1e+06. Finite ones only.
 */
void k8smi_put_float(struct k8smi_buf *buf, float value);
/* Thousandths as the shortest decimal: 250 → 0.25, 4000 → 4. */
void k8smi_put_milli(struct k8smi_buf *buf, int64_t milli);

/* Mesos' fixed point: rounded to three decimals, half away from zero. False for what is not finite or
 * too large. */
bool k8smi_milli_of_double(double d, int64_t *ret);
/* Exact: the double nearest to milli / 1000. */
double k8smi_double_of_milli(int64_t milli);

/* Seconds since 1970 of the years 0000 to 9999, as k8smi_put_time writes them. */
int64_t k8smi_seconds_of_milli(int64_t wall_ms);
/* RFC 3339 in UTC with seconds ("2026-01-02T03:04:05Z"), from milliseconds since 1970. */
void k8smi_put_time(struct k8smi_buf *buf, int64_t wall_ms);

#endif
