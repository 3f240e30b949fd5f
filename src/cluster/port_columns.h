/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_PORT_COLUMNS_H
#define K8SMI_CLUSTER_PORT_COLUMNS_H

#include "cluster/cluster.h"

/* Of the ports that pods asked for in vain lately: which slots offer them to any pod of their role, a bit
 * each. Kept as offers come and go, and as a match spends them, so that who asks again need not ask every
 * agent. */
enum {
  K8SMI_PORT_COLUMNS = 16,
  K8SMI_PORT_ROWS_MAX = 8 /* ports of one pod; who asks more asks the agents */
};

struct k8smi_port_column {
  uint16_t port;  /* 0: none */
  uint64_t asked; /* when it was last: a count */
  uint64_t *slots;
};
struct k8smi_port_columns {
  struct k8smi_port_column items[K8SMI_PORT_COLUMNS];
  size_t words; /* of each column */
  uint64_t asked;
};

/* The slots that offer each of some ports. They last until other columns are made, or a slot is. */
struct k8smi_port_rows {
  const uint64_t *columns[K8SMI_PORT_ROWS_MAX];
  size_t count;
  size_t words;
};

/* False if one of them has no column. */
bool k8smi_port_columns_find(const struct k8sm_cluster *cluster, const uint16_t *ports, size_t count,
                             struct k8smi_port_rows *ret);
/* Makes those that there are none of, as if no match were under way. False if there are too many ports, or if
 * memory ran out: agents have to be asked. */
bool k8smi_port_columns_make(const struct k8sm_cluster *cluster, const uint16_t *ports, size_t count,
                             struct k8smi_port_rows *ret);
/* The slot's offers have changed, or it is new: every slot is known to the columns. */
void k8smi_port_columns_learn(const struct k8sm_cluster *cluster, uint32_t slot);
void k8smi_port_column_set(struct k8smi_port_column *column, uint32_t slot, bool offers);
void k8smi_port_columns_clear(const struct k8sm_cluster *cluster);

static inline uint64_t k8smi_port_rows_word(const struct k8smi_port_rows *rows, size_t word) {
  uint64_t bits = rows->columns[0][word];
  for (size_t i = 1; i < rows->count; i++) bits &= rows->columns[i][word];
  return bits;
}
static inline size_t k8smi_port_rows_count(const struct k8smi_port_rows *rows) {
  size_t count = 0;
  for (size_t i = 0; i < rows->words; i++)
    count += (size_t)__builtin_popcountll(k8smi_port_rows_word(rows, i));
  return count;
}
static inline bool k8smi_port_rows_have(const struct k8smi_port_rows *rows, uint32_t slot) {
  return slot / 64 < rows->words && (k8smi_port_rows_word(rows, slot / 64) >> slot % 64 & 1) != 0;
}
/* True if any pod of the role may spend the port. */
static inline bool k8smi_port_is_free(const struct k8smi_resource *r, const struct k8smi_ranges *ports,
                                      uint16_t port) {
  return r->kind == K8SMI_PORTS && k8smi_resource_is_free(r) && k8smi_ranges_find(ports, port) < ports->count;
}

#endif
