/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "pod/prepare_private.h"

static_assert((int)K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution ==
                      (int)K8SMI_PodAntiAffinity_requiredDuringSchedulingIgnoredDuringExecution &&
                  (int)K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution ==
                      (int)K8SMI_PodAntiAffinity_preferredDuringSchedulingIgnoredDuringExecution,
              "affinity and anti-affinity");

/* The keys of one list that the pod has labels for, from the i-th on: the expression KEY OPERATOR VALUE. */
struct selector_keys {
  struct k8smi_list keys;
  struct k8sm_slice op;
};

static struct k8sm_slice selector_value(const struct k8smi_record *metadata, struct k8smi_list keys,
                                        size_t i) {
  return k8smi_get_pair(metadata, K8SMI_ObjectMeta_labels, k8smi_list_str(keys, i).ptr);
}

static size_t selector_count(const struct k8smi_record *metadata, const struct selector_keys *lists,
                             size_t count) {
  size_t n = 0;
  for (size_t l = 0; l < count; l++) {
    for (size_t i = 0; i < lists[l].keys.count; i++)
      n += selector_value(metadata, lists[l].keys, i).ptr != NULL;
  }
  return n;
}

static bool selector_is(const struct k8smi_record *e, struct k8sm_slice key, struct k8sm_slice op,
                        struct k8sm_slice value) {
  struct k8smi_list values = k8smi_get_list(e, K8SMI_LabelSelectorRequirement_values);
  return k8smi_eq(k8smi_get_str(e, K8SMI_LabelSelectorRequirement_key), key) &&
         k8smi_eq(k8smi_get_str(e, K8SMI_LabelSelectorRequirement_operator), op) && values.count == 1 &&
         k8smi_eq(k8smi_list_str(values, 0), value);
}

static const struct k8smi_record *selector_expression(struct k8smi_arena *arena, struct k8sm_slice key,
                                                      struct k8sm_slice op, struct k8sm_slice value) {
  struct k8smi_list *values = k8smi_arena_alloc(arena, sizeof *values + sizeof value);
  union k8smi_slot slots[64];
  if (values == NULL) return NULL;
  *values = (struct k8smi_list){values + 1, 1};
  memcpy(values + 1, &value, sizeof value);
  slots[K8SMI_LabelSelectorRequirement_key].text = k8smi_text_new(arena, key);
  slots[K8SMI_LabelSelectorRequirement_operator].text = k8smi_text_new(arena, op);
  slots[K8SMI_LabelSelectorRequirement_values].list = values;
  if (slots[K8SMI_LabelSelectorRequirement_key].text == NULL ||
      slots[K8SMI_LabelSelectorRequirement_operator].text == NULL)
    return NULL;
  uint64_t present = (uint64_t)1 << K8SMI_LabelSelectorRequirement_operator |
                     (uint64_t)1 << K8SMI_LabelSelectorRequirement_values;
  if (key.len > 0) present |= (uint64_t)1 << K8SMI_LabelSelectorRequirement_key;
  return k8smi_record_new(arena, present, slots);
}

/* Does the selector end with the expressions that are to be added? */
static bool selector_has(const struct k8smi_record *metadata, struct k8smi_list expressions,
                         const struct selector_keys *lists, size_t count, size_t added) {
  if (expressions.count < added) return false;
  size_t at = expressions.count - added;
  for (size_t l = 0; l < count; l++) {
    for (size_t i = 0; i < lists[l].keys.count; i++) {
      struct k8sm_slice value = selector_value(metadata, lists[l].keys, i);
      if (value.ptr == NULL) continue;
      if (!selector_is(k8smi_list_record(expressions, at++), k8smi_list_str(lists[l].keys, i), lists[l].op,
                       value))
        return false;
    }
  }
  return true;
}

static const struct k8smi_record *selector_add(struct k8smi_arena *arena, const struct k8smi_record *metadata,
                                               const struct k8smi_record *selector,
                                               const struct selector_keys *lists, size_t count) {
  struct k8smi_list before = k8smi_get_list(selector, K8SMI_LabelSelector_matchExpressions);
  size_t added = selector_count(metadata, lists, count), n = before.count;
  if (added == 0 || selector_has(metadata, before, lists, count, added)) return selector;
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  const struct k8smi_record **items = k8smi_arena_array(arena, n + added, sizeof *items);
  if (list == NULL || items == NULL) return NULL;
  if (n > 0) memcpy(items, before.items, n * sizeof *items);
  for (size_t l = 0; l < count; l++) {
    for (size_t i = 0; i < lists[l].keys.count; i++) {
      struct k8sm_slice value = selector_value(metadata, lists[l].keys, i);
      if (value.ptr == NULL) continue;
      items[n] = selector_expression(arena, k8smi_list_str(lists[l].keys, i), lists[l].op, value);
      if (items[n++] == NULL) return NULL;
    }
  }
  *list = (struct k8smi_list){items, n};
  return k8smi_prepare_set(arena, selector, K8SMI_LabelSelector_matchExpressions,
                           (union k8smi_slot){.list = list});
}

/* The record with its selector, if it has one: without, it matches nothing, and nothing is added. */
static const struct k8smi_record *selector_change(struct k8smi_arena *arena,
                                                  const struct k8smi_record *metadata,
                                                  const struct k8smi_record *record, unsigned field,
                                                  const struct selector_keys *lists, size_t count) {
  const struct k8smi_record *selector = k8smi_get_record(record, field);
  if (selector == NULL) return record;
  const struct k8smi_record *made = selector_add(arena, metadata, selector, lists, count);
  if (made == NULL || made == selector) return made == NULL ? NULL : record;
  return k8smi_prepare_set(arena, record, field, (union k8smi_slot){.record = made});
}

static const struct k8smi_record *selector_term(struct k8smi_arena *arena, const struct k8smi_record *term,
                                                const void *metadata) {
  const struct selector_keys lists[] = {
      {k8smi_get_list(term, K8SMI_PodAffinityTerm_matchLabelKeys), K8SMI_S("In")},
      {k8smi_get_list(term, K8SMI_PodAffinityTerm_mismatchLabelKeys), K8SMI_S("NotIn")}};
  return selector_change(arena, metadata, term, K8SMI_PodAffinityTerm_labelSelector, lists, 2);
}

static const struct k8smi_record *selector_weighted(struct k8smi_arena *arena,
                                                    const struct k8smi_record *term, const void *metadata) {
  return k8smi_prepare_child(arena, term, K8SMI_WeightedPodAffinityTerm_podAffinityTerm, selector_term,
                             metadata);
}

static const struct k8smi_record *selector_pods(struct k8smi_arena *arena,
                                                const struct k8smi_record *affinity, const void *metadata) {
  affinity =
      k8smi_prepare_items(arena, affinity, K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution,
                          selector_weighted, metadata);
  if (affinity == NULL) return NULL;
  return k8smi_prepare_items(arena, affinity,
                             K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution, selector_term,
                             metadata);
}

static const struct k8smi_record *
selector_affinity(struct k8smi_arena *arena, const struct k8smi_record *affinity, const void *metadata) {
  affinity = k8smi_prepare_child(arena, affinity, K8SMI_Affinity_podAffinity, selector_pods, metadata);
  if (affinity == NULL) return NULL;
  return k8smi_prepare_child(arena, affinity, K8SMI_Affinity_podAntiAffinity, selector_pods, metadata);
}

static const struct k8smi_record *selector_spread(struct k8smi_arena *arena,
                                                  const struct k8smi_record *spread, const void *metadata) {
  const struct selector_keys list = {k8smi_get_list(spread, K8SMI_TopologySpreadConstraint_matchLabelKeys),
                                     K8SMI_S("In")};
  return selector_change(arena, metadata, spread, K8SMI_TopologySpreadConstraint_labelSelector, &list, 1);
}

const struct k8smi_record *k8smi_prepare_selectors(struct k8smi_arena *arena,
                                                   const struct k8smi_record *metadata,
                                                   const struct k8smi_record *spec) {
  spec = k8smi_prepare_child(arena, spec, K8SMI_PodSpec_affinity, selector_affinity, metadata);
  if (spec == NULL) return NULL;
  return k8smi_prepare_items(arena, spec, K8SMI_PodSpec_topologySpreadConstraints, selector_spread, metadata);
}
