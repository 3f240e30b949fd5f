/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_YAML_SCALAR_H
#define K8SMI_WIRE_YAML_SCALAR_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/token.h"

/* What a plain scalar means: YAML 1.1 in the dialect that Kubernetes reads, where `yes` is a bool, 010
 * is eight, and 12:30 is text. */

enum { K8SMI_YAML_NOT_FINITE = -1 }; /* .inf and .nan, which JSON can't say */

/* K8SMI_TOKEN_STRING, NUMBER, TRUE, FALSE or NULL; or K8SMI_YAML_NOT_FINITE. */
int k8smi_yaml_kind(struct k8sm_slice plain);

/* What the tag of a scalar says that it is; TEXT also for tags of applications. */
enum k8smi_yaml_tag {
  K8SMI_YAML_TAG_NONE,
  K8SMI_YAML_TAG_TEXT,
  K8SMI_YAML_TAG_NULL,
  K8SMI_YAML_TAG_BOOL,
  K8SMI_YAML_TAG_INT,
  K8SMI_YAML_TAG_FLOAT,
  K8SMI_YAML_TAG_TIME,
  K8SMI_YAML_TAG_MERGE,
  K8SMI_YAML_TAG_BINARY
};
/* By its full name; NULL: the scalar has none, and is `plain` or in quotes. */
enum k8smi_yaml_tag k8smi_yaml_tag(const char *name, bool plain);
/* The kind of a scalar with this tag, which is none of TEXT and BINARY; false: it is nothing of the sort. */
bool k8smi_yaml_tagged(struct k8sm_slice text, enum k8smi_yaml_tag tag, int16_t *kind);

/* A date, or a date and time, as YAML 1.1 has them; a plain scalar that is one stays text. */
bool k8smi_yaml_is_time(struct k8sm_slice text);

/* The text of a scalar that is a NUMBER or not finite: in JSON's syntax, or as a key, where floats have the
 * precision of 32 bits. ptr NULL: memory ran out, or (*bad) an integer beyond an int64, which is no key. */
struct k8sm_slice k8smi_yaml_number(struct k8smi_arena *arena, struct k8sm_slice plain, bool is_key,
                                    bool *bad);

#endif
