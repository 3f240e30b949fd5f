/* SPDX-License-Identifier: Apache-2.0 */
#include "match/classes.h"

static bool classes_ask(struct k8smi_class *class, struct k8smi_arena *scratch,
                        const struct k8smi_match_check *check) {
  const struct k8sm_cluster *c = check->cluster;
  struct k8smi_match_check one = *check;
  class->answers = k8smi_arena_array(scratch, c->agents.high, sizeof *class->answers);
  class->fits = k8smi_arena_array(scratch, c->known, sizeof *class->fits);
  if (class->answers == NULL || class->fits == NULL) return false;
  for (uint32_t i = 0; i < c->agents.high; i++) {
    if (!k8smi_table_used(&c->agents, i) || k8smi_agent_at(c, i)->labels == NULL) continue;
    uint64_t refused = k8smi_check_agent(&one, i);
    if (refused == 0) class->fits[class->fit_count++] = i;
    for (; refused != 0; refused >>= 1) class->answers[i]++;
  }
  return true;
}

static bool classes_add(struct k8smi_classes *classes, struct k8smi_arena *scratch, struct k8sm_slice key) {
  if (classes->count == classes->cap) {
    size_t cap = classes->cap == 0 ? 8 : classes->cap * 2;
    struct k8smi_class *items = k8smi_arena_array(scratch, cap, sizeof *items);
    if (items == NULL) return false;
    if (classes->count > 0) memcpy(items, classes->items, classes->count * sizeof *items);
    classes->items = items;
    classes->cap = cap;
  }
  classes->items[classes->count] = (struct k8smi_class){.answers = NULL};
  return k8smi_map_put(&classes->by_key, key, (uint32_t)classes->count++);
}

bool k8smi_class_find(struct k8smi_classes *classes, struct k8smi_arena *scratch,
                      const struct k8smi_match_check *check, const struct k8smi_class **ret) {
  const struct k8smi_need *need = check->need;
  struct k8sm_slice key = need->rules->agent_key;
  *ret = NULL;
  if (key.len == 0 || (need->rows & K8SMI_ROWS_AGENT & ~K8SMI_ROWS_PLAIN) == 0) return true;
  uint32_t number = k8smi_map_get(&classes->by_key, key);
  if (number == K8SMI_MAP_NONE) return classes_add(classes, scratch, key);
  struct k8smi_class *class = &classes->items[number];
  if (class->answers == NULL && !classes_ask(class, scratch, check)) return false;
  *ret = class;
  return true;
}
