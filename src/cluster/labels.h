/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_LABELS_H
#define K8SMI_CLUSTER_LABELS_H

#include "base/buf.h"
#include "base/map.h"
#include "cluster/index.h"
#include "cluster/table.h"
#include "demand/selector.h"
#include "wire/mesos.h"

/* An agent as a node: what its offers say of it as labels and taints, by the table in doc/scheduling.md. */

/* The keys of an agent's labels, without the hostname's: agents of a cluster mostly have the same, even where
 * no two have the same values. One block of memory, with the text behind. */
struct k8smi_label_key {
  struct k8sm_slice text;
  size_t number; /* in the order in which they came, in which values are */
};
struct k8smi_label_keys {
  size_t block; /* bytes */
  uint32_t row; /* of k8smi_label_sets.keys */
  uint32_t users;
  struct k8sm_slice text; /* all of it: two are equal if their texts are */
  size_t values;          /* how many there are: of equal keys the last counts, and the others do not */
  size_t count;           /* without these */
  size_t hostname_at;     /* how many of them come before the hostname's label */
  struct k8smi_label_key items[]; /* sorted */
};

/* The values, and what else an agent's offers say of it: of that, too, most agents say what others say, and
 * share it. One block of memory: this, where each value begins in the text, the taints, the text. */
struct k8smi_window {
  int64_t from_ms, until_ms; /* planned maintenance, wall clock; INT64_MAX: none is planned */
};
struct k8smi_label_set {
  struct k8smi_label_keys *keys; /* of whose users it is one */
  uint32_t row;                  /* of k8smi_label_sets.rows */
  uint32_t users;
  uint32_t text_len; /* two sets are equal if their texts are: they begin with the number of the keys */
  uint32_t taint_count : 29;
  uint32_t leaves : 1;       /* maintenance is planned: its window is at the end of the text */
  uint32_t has_features : 1; /* an attribute says what the agent can do: before the window */
  uint32_t rewritten : 1; /* an attribute's name or text is no label as it is: others may make the same one */
  uint32_t at[];
};

/* The keys and the sets that agents have, each once. */
struct k8smi_label_sets {
  struct k8smi_table keys, rows; /* struct k8smi_label_row */
  struct k8smi_map keys_map;     /* by their texts, to their rows */
  struct k8smi_index index;      /* of the sets */
  struct k8smi_buf values;       /* while they are made, beside the keys */
};
struct k8smi_label_row {
  struct k8smi_cell cell;
  union {
    struct k8smi_label_keys *keys;
    struct k8smi_label_set *set;
  };
};

/* An agent's labels: one block of memory, with the hostname's text behind. */
struct k8smi_labels {
  struct k8smi_label_set *set; /* of whose users it is one */
  uint32_t hostname_len;
  char hostname[]; /* with a NUL behind */
};
static inline struct k8sm_slice k8smi_hostname(const struct k8smi_labels *labels) {
  return (struct k8sm_slice){labels->hostname, labels->hostname_len};
}

struct k8sm_cluster;

void k8smi_label_sets_init(struct k8sm_cluster *cluster);
/* When no agent has labels any more. */
void k8smi_label_sets_free(struct k8sm_cluster *cluster);

/* Makes the labels of an offer's agent. `current` comes back if it says the same; NULL when memory ran out.
 */
struct k8smi_labels *k8smi_labels_make(struct k8sm_cluster *cluster, const K8smMesos__Offer *offer,
                                       struct k8smi_labels *current);
void k8smi_labels_free(struct k8sm_cluster *cluster, struct k8smi_labels *labels);

/* Where its taints begin; they, and its text. */
static inline size_t k8smi_label_set_head(const struct k8smi_label_set *set) {
  const size_t align = sizeof(uint64_t);
  return (sizeof *set + set->keys->values * sizeof set->at[0] + align - 1) / align * align;
}
static inline struct k8smi_taints k8smi_label_set_taints(const struct k8smi_label_set *set) {
  const char *at = (const char *)set + k8smi_label_set_head(set);
  return (struct k8smi_taints){(const void *)at, set->taint_count};
}
static inline struct k8sm_slice k8smi_label_set_text(const struct k8smi_label_set *set) {
  const struct k8smi_taints taints = k8smi_label_set_taints(set);
  return (struct k8sm_slice){(const char *)(taints.items + taints.count), set->text_len};
}
static inline struct k8smi_window k8smi_label_set_window(const struct k8smi_label_set *set) {
  struct k8smi_window window = {INT64_MAX, INT64_MAX};
  const struct k8sm_slice text = k8smi_label_set_text(set);
  if (set->leaves) memcpy(&window, text.ptr + text.len - sizeof window, sizeof window);
  return window;
}
/* K8SM_FEATURE_* of what its attribute says; else those of `absent`. */
static inline uint32_t k8smi_label_set_features(const struct k8smi_label_set *set, uint32_t absent) {
  const struct k8sm_slice text = k8smi_label_set_text(set);
  const size_t behind = set->leaves ? sizeof(struct k8smi_window) : 0;
  if (set->has_features) memcpy(&absent, text.ptr + text.len - behind - sizeof absent, sizeof absent);
  return absent;
}
/* The value of one of its keys. */
static inline struct k8sm_slice k8smi_label_set_value(const struct k8smi_label_set *set, size_t key) {
  return k8smi_s(k8smi_label_set_text(set).ptr + set->at[set->keys->items[key].number]);
}
/* The value of a label; ptr NULL: it is not there. */
struct k8sm_slice k8smi_label_set_get(const struct k8smi_label_set *set, struct k8sm_slice key);

/* How many labels an agent has, and each of them, sorted by key. */
static inline size_t k8smi_labels_count(const struct k8smi_labels *labels) {
  return labels->set->keys->count + 1;
}
static inline struct k8smi_pair k8smi_labels_at(const struct k8smi_labels *labels, size_t i) {
  const struct k8smi_label_keys *keys = labels->set->keys;
  const size_t key = i < keys->hostname_at ? i : i - 1;
  if (i == keys->hostname_at)
    return (struct k8smi_pair){K8SMI_S(K8SMI_LABEL_HOSTNAME), k8smi_hostname(labels)};
  return (struct k8smi_pair){keys->items[key].text, k8smi_label_set_value(labels->set, key)};
}

/* attributes.c: writes the labels of an offer's agent, but for the hostname's: keys as "key\0", of which the
 * last counts where several are the same, values as "value\0", and behind all of them its taints as
 * "key\0value\0effect\0". Returns how many of each. */
struct k8smi_label_counts {
  size_t labels, taints;
  bool rewritten;
  bool has_features;
  uint32_t features;
};
struct k8smi_label_counts k8smi_attributes_put(struct k8smi_buf *keys, struct k8smi_buf *values,
                                               const K8smMesos__Offer *offer);

#endif
