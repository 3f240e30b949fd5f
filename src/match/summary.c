/* SPDX-License-Identifier: Apache-2.0 */
#include "match/summary.h"
#include "base/sort.h"
#include "cluster/tree.h"

static void summary_count(struct k8smi_histogram *histogram, uint64_t refused) {
  for (int i = 0; refused != 0; i++, refused >>= 1) histogram->counts[i] += refused & 1;
}

/* All agents but one refuse a pod that is under way: no need to ask them. */
static void summary_pinned(struct k8smi_match_check *check, struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  uint32_t slot, agent = k8smi_map_get(&c->agent_map, check->need->demand->agent_id);
  bool known = agent != K8SMI_MAP_NONE && k8smi_agent_at(c, agent)->labels != NULL;
  to->counts[K8SMI_BY_PIN] = (uint32_t)c->known - known;
  if (known) summary_count(to, k8smi_check_all(check, agent, &slot));
}

/* True for a pod whom only offers, a role and scalars can keep away: these are counted by the trees. */
static bool summary_is_simple(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  return (need->rows & ~K8SMI_ROWS_PLAIN) == 0 && need->demand->roles.count == 1 && c->owned == 0 &&
         need->extended_count == 0;
}

static void summary_simple(const struct k8sm_cluster *c, const struct k8smi_need *need,
                           struct k8smi_histogram *to) {
  uint32_t role = k8smi_map_get(&c->role_map, need->demand->roles.items[0]);
  size_t slots = role == K8SMI_MAP_NONE ? 0 : k8smi_role_at(c, role)->slots;
  to->counts[K8SMI_BY_OFFER] = (uint32_t)(c->known - c->offering);
  to->counts[K8SMI_BY_ROLE] = (uint32_t)(c->offering - slots);
  for (int s = 0; slots > 0 && s < K8SMI_SCALARS; s++) {
    to->counts[K8SMI_BY_SCALAR + s] =
        k8smi_tree_count_less(c, k8smi_role_at(c, role)->root, s, need->scalars[s]);
  }
}

void k8smi_histogram_make(struct k8smi_match_check *check, struct k8smi_histogram *ret) {
  const struct k8sm_cluster *cluster = check->cluster;
  const struct k8smi_need *need = check->need;
  uint32_t slot;
  *ret = (struct k8smi_histogram){
      .agents = cluster->known, .gates = need->rules->gates, .extended = need->demand->extended};
  if (need->rules->gates.count > 0) {
    ret->counts[K8SMI_BY_GATES] = (uint32_t)cluster->known;
    return;
  }
  if (need->demand->agent_id.len != 0) {
    summary_pinned(check, ret);
    return;
  }
  if (summary_is_simple(cluster, need)) {
    summary_simple(cluster, need, ret);
    return;
  }
  for (uint32_t i = 0; i < cluster->agents.high; i++) {
    if (!k8smi_table_used(&cluster->agents, i) || k8smi_agent_at(cluster, i)->labels == NULL) continue;
    summary_count(ret, k8smi_check_all(check, i, &slot));
  }
}

/* An entry of the line: the text of "3 Insufficient cpu" begins with its count. */
struct summary_entry {
  char count[12];
  const char *words;
  struct k8sm_slice name; /* of an extended resource, behind the words */
};

static struct summary_entry summary_entry(uint32_t count, const char *words) {
  struct summary_entry entry = {.words = words};
  char digits[10];
  size_t n = 0, i = 0;
  for (; count != 0; count /= 10) digits[n++] = (char)('0' + count % 10);
  while (n > 0) entry.count[i++] = digits[--n];
  return entry;
}

/* The character of "Insufficient example.com/gpu" at a place; 0 behind its end. */
static unsigned char summary_at(const struct summary_entry *entry, size_t at) {
  size_t words = strlen(entry->words);
  if (at < words) return (unsigned char)entry->words[at];
  return at - words < entry->name.len ? (unsigned char)entry->name.ptr[at - words] : 0;
}

/* As strings: a space sorts before every digit, so that counts can be compared first. */
static int summary_order(const void *a, const void *b, const void *ctx) {
  const struct summary_entry *x = a, *y = b;
  (void)ctx;
  int by_count = strcmp(x->count, y->count);
  if (by_count != 0) return by_count;
  size_t at = 0;
  while (summary_at(x, at) != 0 && summary_at(x, at) == summary_at(y, at)) at++;
  return (int)summary_at(x, at) - (int)summary_at(y, at);
}

/* What kube-scheduler says of a pod that it does not try to place. */
static void summary_write_gates(const struct k8smi_strings gates, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "waiting for scheduling gates: [");
  for (size_t i = 0; i < gates.count; i++) {
    if (i > 0) k8smi_buf_putc(to, ' ');
    k8smi_buf_slice(to, gates.items[i]);
  }
  k8smi_buf_putc(to, ']');
}

void k8smi_histogram_write(const struct k8smi_histogram *histogram, struct k8smi_buf *to) {
  struct summary_entry entries[K8SMI_REASONS];
  size_t count = 0;
  if (histogram->gates.count > 0) {
    summary_write_gates(histogram->gates, to);
    return;
  }
  if (histogram->agents == 0) {
    k8smi_buf_puts(to, "no nodes available to schedule pods");
    return;
  }
  for (int i = 0; i < K8SMI_REASONS; i++) {
    if (histogram->counts[i] == 0) continue;
    bool extended = i >= K8SMI_PREDICATES;
    entries[count] =
        summary_entry(histogram->counts[i], extended ? "Insufficient " : k8smi_predicates[i].words);
    if (extended) entries[count].name = histogram->extended[i - K8SMI_PREDICATES].name;
    count++;
  }
  k8smi_sort(entries, count, sizeof entries[0], summary_order, NULL);
  k8smi_buf_puts(to, "0/");
  k8smi_buf_u64(to, histogram->agents);
  k8smi_buf_puts(to, " nodes are available: ");
  for (size_t i = 0; i < count; i++) {
    if (i > 0) k8smi_buf_puts(to, ", ");
    k8smi_buf_puts(to, entries[i].count);
    k8smi_buf_putc(to, ' ');
    k8smi_buf_puts(to, entries[i].words);
    k8smi_buf_slice(to, entries[i].name);
  }
  k8smi_buf_putc(to, '.');
}
