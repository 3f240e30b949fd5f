/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_DATA_H
#define K8SMI_POD_DATA_H

#include <k8smesos/manifest.h>
#include "base/arena.h"

/* ConfigMaps, Secrets and PersistentVolumeClaims of one namespace, sorted so that objects and keys are found
 * fast. */
struct k8smi_data_row {
  struct k8sm_manifest_data d; /* without a key it says only that the object is there */
  bool kept;                   /* its texts are in the arena */
};

struct k8smi_data {
  struct k8smi_data_row **rows;
  size_t count;
};

/* What a claim's name ends with that stands for those of all pods of a StatefulSet, in place of "-0". */
#define K8SMI_DATA_EACH "-*"

enum k8smi_data_kind { K8SMI_DATA_CONFIG_MAP, K8SMI_DATA_SECRET, K8SMI_DATA_CLAIM };
/* "ConfigMap" and so on, as they call themselves, and "configmap", as errors name them. */
extern const char *const k8smi_data_kinds[];
extern const char *const k8smi_data_words[];

/* Takes the rows of a namespace. Texts stay the caller's until k8smi_data_keep. False: memory ran out. */
bool k8smi_data_init(struct k8smi_data *data, struct k8smi_arena *arena, struct k8sm_slice name_space,
                     const void *rows, size_t row_size, size_t count);
/* The rows of an object, by key; those of an object that is there, and empty, are one without key. */
size_t k8smi_data_object(const struct k8smi_data *data, enum k8smi_data_kind kind, struct k8sm_slice name,
                         struct k8smi_data_row *const **ret);
/* The row of a key; NULL: there is none. Of several the last one that was handed in. */
struct k8smi_data_row *k8smi_data_key(const struct k8smi_data *data, enum k8smi_data_kind kind,
                                      struct k8sm_slice name, struct k8sm_slice key);
/* Copies key and value into the arena, once. False: memory ran out. */
bool k8smi_data_keep(struct k8smi_data_row *row, struct k8smi_arena *arena);

#endif
