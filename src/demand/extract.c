/* SPDX-License-Identifier: Apache-2.0 */
/* What is still of interest of the demand of a pod that runs: a few hundred bytes in place of all of it and
 * its Pod. */
#include "demand/demand.h"

static bool extract_text(struct k8smi_arena *arena, struct k8sm_slice *text) {
  if (text->ptr == NULL) return true;
  *text = k8smi_arena_copy(arena, text->ptr, text->len);
  return text->ptr != NULL;
}

/* An array of its own. NULL: memory ran out, or there is nothing in it. */
static void *extract_array(struct k8smi_arena *arena, const void *items, size_t n, size_t item_size) {
  void *copy = n == 0 ? NULL : k8smi_arena_array(arena, n, item_size);
  if (copy != NULL) memcpy(copy, items, n * item_size);
  return copy;
}

static bool extract_pairs(struct k8smi_arena *arena, struct k8smi_pair_list *pairs) {
  struct k8smi_pair *items = extract_array(arena, pairs->items, pairs->count, sizeof *items);
  bool fine = items != NULL || pairs->count == 0;
  for (size_t i = 0; fine && i < pairs->count; i++)
    fine = extract_text(arena, &items[i].key) && extract_text(arena, &items[i].value);
  pairs->items = items;
  return fine;
}

static bool extract_kind(struct k8sm_demand *to, const struct k8sm_demand *from) {
  to->name_space = from->name_space;
  to->instances = from->instances;
  to->kind = from->kind;
  to->pod_labels = from->pod_labels;
  return extract_text(&to->arena, &to->name_space) && extract_text(&to->arena, &to->instances) &&
         extract_text(&to->arena, &to->kind) && extract_pairs(&to->arena, &to->pod_labels);
}

static bool extract_volumes(struct k8sm_demand *to, const struct k8sm_demand *from) {
  struct k8smi_demand_volume *volumes = k8smi_arena_array(&to->arena, from->volume_count, sizeof *volumes);
  bool fine = volumes != NULL;
  for (size_t i = 0; fine && i < from->volume_count; i++) {
    volumes[i].row.claim = from->volumes[i].row.claim;
    volumes[i].row.id = from->volumes[i].row.id;
    volumes[i].row.milli = from->volumes[i].row.milli;
    fine = extract_text(&to->arena, &volumes[i].row.claim) && extract_text(&to->arena, &volumes[i].row.id);
  }
  to->volumes = volumes;
  to->volume_count = from->volume_count;
  return fine;
}

static bool extract_extended(struct k8sm_demand *to, const struct k8sm_demand *from) {
  struct k8smi_demand_extended *extended =
      k8smi_arena_array(&to->arena, from->extended_count, sizeof *extended);
  bool fine = extended != NULL;
  for (size_t i = 0; fine && i < from->extended_count; i++) {
    extended[i] = from->extended[i];
    fine = extract_text(&to->arena, &extended[i].name) && extract_text(&to->arena, &extended[i].mesos);
  }
  to->extended = extended;
  to->extended_count = from->extended_count;
  return fine;
}

/* Only those that are taken from the agent. */
static bool extract_ports(struct k8sm_demand *to, const struct k8sm_demand *from) {
  struct k8smi_demand_port *ports = k8smi_arena_array(&to->arena, from->port_count, sizeof *ports);
  to->ports = ports;
  for (size_t i = 0; ports != NULL && i < from->port_count; i++) {
    if (!k8smi_demand_port_is_held(&from->ports[i])) continue;
    ports[to->port_count].host_port = from->ports[i].host_port;
    ports[to->port_count++].any = from->ports[i].any;
  }
  return ports != NULL;
}

static bool extract_holds(struct k8sm_demand *to, const struct k8sm_demand *from) {
  return extract_ports(to, from) && extract_extended(to, from) && extract_volumes(to, from);
}

static struct k8sm_demand *
extract_make(const struct k8sm_demand *from, const struct k8sm_allocator *allocator, size_t expected,
             bool (*fill)(struct k8sm_demand *to, const struct k8sm_demand *from)) {
  struct k8sm_demand *d =
      k8smi_value_new(allocator, 0, sizeof *d, offsetof(struct k8sm_demand, arena), expected);
  if (d == NULL) return NULL;
  k8smi_refs_init(&d->refs);
  if (fill(d, from)) return d;
  k8sm_demand_unref(d);
  return NULL;
}

static size_t extract_pairs_size(struct k8smi_pair_list pairs) {
  size_t n = pairs.count * sizeof(struct k8smi_pair);
  for (size_t i = 0; i < pairs.count; i++) n += pairs.items[i].key.len + pairs.items[i].value.len + 2;
  return n;
}

struct k8sm_demand *k8smi_demand_extract_kind(const struct k8sm_demand *from,
                                              const struct k8sm_allocator *allocator) {
  size_t texts = from->name_space.len + from->instances.len + from->kind.len + 3;
  return extract_make(from, allocator, texts + extract_pairs_size(from->pod_labels), extract_kind);
}

struct k8sm_demand *k8smi_demand_extract_holds(const struct k8sm_demand *from,
                                               const struct k8sm_allocator *allocator) {
  size_t n = from->port_count * sizeof(struct k8smi_demand_port);
  for (size_t i = 0; i < from->extended_count; i++)
    n += sizeof from->extended[i] + from->extended[i].name.len + from->extended[i].mesos.len + 2;
  for (size_t i = 0; i < from->volume_count; i++)
    n += sizeof from->volumes[i] + from->volumes[i].row.claim.len + from->volumes[i].row.id.len + 2;
  return extract_make(from, allocator, n + 3 * sizeof(uint64_t), extract_holds);
}
