/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_NAMES_H
#define K8SMI_POD_NAMES_H

#include "base/arena.h"
#include "base/slice.h"

/* Names that Kubernetes draws at random or hashes: here functions of what is named, see workload.h. */

enum { K8SMI_NAME_MAX = 253, K8SMI_NAME_BASE_MAX = 58, K8SMI_NAME_SUFFIX = 5, K8SMI_UID_LEN = 36 };

/* FNV-1a, to be begun with the seed, in pieces of any length. */
#define K8SMI_FNV32 UINT32_C(0x811c9dc5)
#define K8SMI_FNV64 UINT64_C(0xcbf29ce484222325)
uint32_t k8smi_fnv32(uint32_t hash, struct k8sm_slice bytes);
uint64_t k8smi_fnv64(uint64_t hash, struct k8sm_slice bytes);

/* The decimal digits of a number in Kubernetes' alphabet for names: up to 10 letters and a NUL. */
void k8smi_name_encode(uint32_t number, char ret[11]);
/* Five letters: apart for the same seed and different numbers. */
void k8smi_name_suffix(uint64_t seed, uint64_t number, char ret[K8SMI_NAME_SUFFIX + 1]);
/* The base, cut as Kubernetes cuts it, and the suffix; ptr NULL when memory ran out. */
struct k8sm_slice k8smi_name_generate(struct k8smi_arena *arena, struct k8sm_slice base,
                                      struct k8sm_slice suffix);
/* Pieces one behind the other; ptr NULL when memory ran out. */
struct k8sm_slice k8smi_name_join(struct k8smi_arena *arena, const struct k8sm_slice *pieces, size_t n);
/* A number in decimal; ptr NULL when memory ran out. */
struct k8sm_slice k8smi_name_number(struct k8smi_arena *arena, int64_t number);

/* A UUID (version 8: made of what its maker says) of texts, as if joined by '/'. */
void k8smi_name_uid(const struct k8sm_slice *texts, size_t n, char ret[K8SMI_UID_LEN + 1]);

#endif
