/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_COLUMNS_H
#define K8SMI_CLUSTER_COLUMNS_H

#include "cluster/cluster.h"

/* Of the ports and named resources that pods asked for in vain lately: which slots offer them to any pod of
 * their role, a bit each. Kept as offers come and go, and as a match spends them, so that who asks again need
 * not ask every agent. */
enum { K8SMI_COLUMNS = 16, K8SMI_OFFERING_MAX = 8 /* of one pod; who asks for more asks the agents */ };

/* A port; or a scalar other than cpus, mem and disk, by Mesos' name. */
struct k8smi_column_key {
  uint16_t port; /* 0: the name */
  struct k8sm_slice name;
};
struct k8smi_column {
  struct k8smi_column_key key; /* neither: not in use; the name is a block of its own */
  uint64_t asked;              /* when it was last: a count */
  uint64_t *slots;
  int64_t *milli; /* of a name: how much each slot has; else NULL */
};
struct k8smi_columns {
  struct k8smi_column items[K8SMI_COLUMNS];
  size_t words; /* of each column */
  uint64_t asked;
};
static inline bool k8smi_column_used(const struct k8smi_column *column) {
  return column->key.port != 0 || column->key.name.ptr != NULL;
}

/* The slots that offer each of some: their columns, in the order of the keys. They last until other columns
 * are made, or a slot is. */
struct k8smi_offering {
  const uint64_t *columns[K8SMI_OFFERING_MAX];
  const int64_t *milli[K8SMI_OFFERING_MAX];
  size_t count;
  size_t words;
};

/* False if one of them has no column. */
bool k8smi_columns_find(const struct k8sm_cluster *cluster, const struct k8smi_column_key *keys, size_t count,
                        struct k8smi_offering *ret);
/* Makes those that there are none of, as if no match were under way. False if there are too many keys, or if
 * memory ran out: agents have to be asked. */
bool k8smi_columns_make(const struct k8sm_cluster *cluster, const struct k8smi_column_key *keys, size_t count,
                        struct k8smi_offering *ret);
/* The slot's offers have changed, or it is new: every slot is known to the columns. */
void k8smi_columns_learn(const struct k8sm_cluster *cluster, uint32_t slot);
void k8smi_column_set(struct k8smi_column *column, uint32_t slot, int64_t amount);
void k8smi_columns_clear(const struct k8sm_cluster *cluster);

static inline uint64_t k8smi_offering_word(const struct k8smi_offering *rows, size_t word) {
  uint64_t bits = rows->columns[0][word];
  for (size_t i = 1; i < rows->count; i++) bits &= rows->columns[i][word];
  return bits;
}
static inline size_t k8smi_offering_count(const struct k8smi_offering *rows) {
  size_t count = 0;
  for (size_t i = 0; i < rows->words; i++)
    count += (size_t)__builtin_popcountll(k8smi_offering_word(rows, i));
  return count;
}
static inline bool k8smi_offering_has(const struct k8smi_offering *rows, uint32_t slot) {
  return slot / 64 < rows->words && (k8smi_offering_word(rows, slot / 64) >> slot % 64 & 1) != 0;
}
/* What any pod of the role may spend of a resource that has `ports`, or so much of a scalar: 1 for the port.
 */
static inline int64_t k8smi_column_amount(const struct k8smi_column_key *key, const struct k8smi_resource *r,
                                          const struct k8smi_ranges *ports, int64_t milli) {
  if (!k8smi_resource_is_free(r)) return 0;
  if (key->port != 0) return r->kind == K8SMI_PORTS && k8smi_ranges_find(ports, key->port) < ports->count;
  return r->kind == K8SMI_OTHER && k8smi_eqs(key->name, r->message->name) ? milli : 0;
}
/* Sums stay at the end that would not fit. */
static inline int64_t k8smi_column_add(int64_t a, int64_t b) {
  return a > INT64_MAX - b ? INT64_MAX : a + b;
}

#endif
