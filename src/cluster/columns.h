/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_COLUMNS_H
#define K8SMI_CLUSTER_COLUMNS_H

#include "cluster/cluster.h"
#include "base/lanes.h"

/* What agents are, side by side for 64 of them: of each label its value as a number of 16 bits, of taints the
 * same. Who asks all agents for labels reads a few kilobytes in a row and not some places of memory for each.
 * Kept as labels, taints and features change. */

/* Codes of values. In a column the first values get numbers of their own: where these are equal, values are.
 * What finds no room shares the other codes by its hash: where these are equal, values may be. The same value
 * may have a code of each kind, on different agents. */
enum { K8SMI_CODE_NONE = 0, K8SMI_CODE_HASHED = 1 << 15 /* and bits of the hash below */ };
enum { K8SMI_COLUMN_VALUES = 256, K8SMI_COLUMNS_MAX = 64 };

struct k8smi_column_value {
  uint32_t hash;
  uint32_t users; /* agents with the code; 0: it is free */
  uint32_t agent; /* one of them: it has the text */
};

/* Of 1024 agents, a page each; NULL: there is nothing to say of these. */
enum { K8SMI_PAGE_AGENTS = 1024, K8SMI_PAGE_WORDS = K8SMI_PAGE_AGENTS / K8SMI_LANES };
struct k8smi_pages {
  void **items;
  size_t cap;
};

struct k8smi_code_page {
  uint16_t codes[K8SMI_PAGE_AGENTS];
};
struct k8smi_column {
  struct k8sm_slice key;    /* of the label; a block of its own. Of taints: empty. */
  struct k8smi_pages pages; /* struct k8smi_code_page */
  size_t users;             /* agents that have the label */
  size_t hashed;            /* of them those whose code is a hash */
  struct k8smi_column_value values[K8SMI_COLUMN_VALUES]; /* by code - 1 */
};

/* Bits by the number of the agent, in words of 64. */
struct k8smi_agent_page {
  uint64_t known[K8SMI_PAGE_WORDS];
  uint64_t lacking[K8SMI_FEATURE_BITS][K8SMI_PAGE_WORDS]; /* the feature */
};

struct k8smi_columns {
  struct k8smi_column *items[K8SMI_COLUMNS_MAX];
  size_t count;
  struct k8smi_column *taints; /* with cordons; NULL: no agent is tainted */
  struct k8smi_pages agents;   /* struct k8smi_agent_page */
  struct k8smi_pages windows;  /* of planned maintenance; see leaving.h */
  size_t leaving;              /* agents that have some */
  size_t renamed; /* agents of whose hostname the caller's label says something else than their offers */
  bool partial;   /* there were too many keys: agents have to be asked for those without a column */
  bool broken;    /* memory ran out: there is nothing here */
};

/* An agent that is known comes in, as its labels, taints and features are now; and goes out, before they
 * change. Never fails: without memory the columns are broken. */
void k8smi_columns_put(const struct k8sm_cluster *cluster, uint32_t agent);
void k8smi_columns_drop(const struct k8sm_cluster *cluster, uint32_t agent);
/* Without agents, or to be mended. */
void k8smi_columns_free(const struct k8sm_cluster *cluster);
/* Makes broken ones anew. False when memory ran out. */
bool k8smi_columns_mend(const struct k8sm_cluster *cluster);

/* The column of a label; NULL: no agent has it, or columns are partial. */
const struct k8smi_column *k8smi_column_find(const struct k8sm_cluster *cluster, struct k8sm_slice key);
/* The codes that agents with a value may have: its own (NONE: it has none), and that of its hash. */
uint16_t k8smi_column_code(const struct k8sm_cluster *cluster, const struct k8smi_column *column,
                           struct k8sm_slice value);
uint16_t k8smi_column_hashed(const struct k8sm_cluster *cluster, struct k8sm_slice value);

/* The page of an agent, of zeros where it is made; NULL when memory ran out. And the end of all. */
void *k8smi_page_make(const struct k8sm_cluster *cluster, struct k8smi_pages *pages, uint32_t agent,
                      size_t size);
void k8smi_pages_free(const struct k8sm_cluster *cluster, struct k8smi_pages *pages, size_t size);
/* The page of 64 agents, by their number; and their codes: NULL: none of them has the label. */
static inline void *k8smi_page_at(const struct k8smi_pages *pages, size_t number) {
  const size_t page = number / K8SMI_PAGE_WORDS;
  return page < pages->cap ? pages->items[page] : NULL;
}
static inline uint16_t *k8smi_codes_at(const struct k8smi_column *column, size_t number) {
  struct k8smi_code_page *page = column == NULL ? NULL : k8smi_page_at(&column->pages, number);
  return page == NULL ? NULL : page->codes + number % K8SMI_PAGE_WORDS * K8SMI_LANES;
}
static inline uint64_t k8smi_agents_known(const struct k8smi_columns *all, size_t number) {
  const struct k8smi_agent_page *page = k8smi_page_at(&all->agents, number);
  return page == NULL ? 0 : page->known[number % K8SMI_PAGE_WORDS];
}
static inline uint64_t k8smi_agents_lacking(const struct k8smi_columns *all, size_t number, int feature) {
  const struct k8smi_agent_page *page = k8smi_page_at(&all->agents, number);
  return page == NULL ? 0 : page->lacking[feature][number % K8SMI_PAGE_WORDS];
}

#endif
