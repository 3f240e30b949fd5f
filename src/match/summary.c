/* SPDX-License-Identifier: Apache-2.0 */
#include "match/summary.h"
#include "base/sort.h"
#include "cluster/slots.h"
#include "cluster/tree.h"
#include "match/classes.h"

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

/* True for a pod whom only offers, roles and scalars can keep away: these are counted by the trees; or of one
 * role fixed ports, or extended resources, of which is known who offers them; or offers, roles and a port
 * that nobody offers. */
static bool summary_is_simple(const struct k8smi_match_check *check, const struct k8smi_need *need) {
  if (need->wish != NULL) return false;
  if (need->port_is_nowhere) return (need->rows & K8SMI_ROWS_AGENT & ~K8SMI_ROWS_PLAIN) == 0;
  bool known = check->offering != NULL && check->holds == NULL && need->demand->roles.count == 1;
  bool ports = known && need->any_ports == 0 && need->extended_count == 0;
  bool extended = need->extended_count == 0 || (known && need->port_count + need->any_ports == 0);
  const uint64_t counted = K8SMI_ROWS_PLAIN | (ports ? K8SMI_ROW(K8SMI_BY_PORTS) : 0);
  return (need->rows & ~counted) == 0 && check->cluster->owned == 0 && extended;
}

static void summary_count_scalars(const struct k8smi_cluster_slot *slot, const struct k8smi_need *need,
                                  uint32_t one, struct k8smi_histogram *to) {
  for (int s = 0; s < K8SMI_SCALARS; s++)
    to->counts[K8SMI_BY_SCALAR + s] += slot->free[s] < need->scalars[s] ? one : 0;
}

/* Slots that don't offer the ports come off the counts of scalars, which are of all; or those that do are
 * counted: whichever are fewer. */
static void summary_ports(const struct k8smi_match_check *check, const struct k8smi_need *need, uint32_t role,
                          struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  const size_t slots = k8smi_role_at(c, role)->slots;
  const bool few = k8smi_offering_count(check->offering) <= slots / 2;
  uint32_t found = 0;
  if (few) memset(&to->counts[K8SMI_BY_SCALAR], 0, K8SMI_SCALARS * sizeof to->counts[0]);
  for (uint32_t word = 0; word < (c->slots.high + 63) / 64; word++) {
    uint64_t bits = k8smi_offering_word(check->offering, word);
    for (bits = few ? bits : ~bits; bits != 0; bits &= bits - 1) {
      const uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(bits);
      if (row >= c->slots.high || !k8smi_table_used(&c->slots, row) || k8smi_slot_at(c, row)->role != role)
        continue;
      found++;
      summary_count_scalars(k8smi_slot_at(c, row), need, few ? 1 : UINT32_MAX, to); /* -1, modulo 2^32 */
    }
  }
  to->counts[K8SMI_BY_PORTS] = few ? (uint32_t)slots - found : found;
}

/* How many slots of the role have less of an extended resource than the pod asks. */
static uint32_t summary_extended(const struct k8smi_match_check *check, const struct k8smi_need *need,
                                 size_t number, uint32_t role) {
  const struct k8sm_cluster *c = check->cluster;
  const int64_t *milli = check->offering->milli[number], least = need->demand->extended[number].milli;
  uint32_t enough = 0;
  for (uint32_t word = 0; word < (c->slots.high + 63) / 64; word++) {
    for (uint64_t bits = check->offering->columns[number][word]; bits != 0; bits &= bits - 1) {
      const uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(bits);
      enough += milli[row] >= least && k8smi_slot_at(c, row)->role == role;
    }
  }
  return k8smi_role_at(c, role)->slots - enough;
}

/* Of an agent that offers to several of the pod's roles the first of these counts: the others come off. */
static void summary_take_later_roles(const struct k8smi_match_check *check, const struct k8smi_need *need,
                                     uint32_t agent, uint32_t *offered, struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  bool first = true;
  for (size_t i = 0; i < need->demand->roles.count; i++) {
    uint32_t slot = k8smi_slot_find(c, agent, need->demand->roles.items[i]);
    if (slot == K8SMI_ROW_NONE) continue;
    if (!first && !need->port_is_nowhere)
      summary_count_scalars(k8smi_slot_at(c, slot), need, UINT32_MAX, to); /* -1, modulo 2^32 */
    if (!first) --*offered;
    first = false;
  }
}

/* Counts the scalars of a role's slots. Returns how many there are. */
static uint32_t summary_role(const struct k8sm_cluster *c, const struct k8smi_need *need, uint32_t role,
                             struct k8smi_histogram *to) {
  for (int s = 0; !need->port_is_nowhere && s < K8SMI_SCALARS; s++) {
    to->counts[K8SMI_BY_SCALAR + s] +=
        k8smi_tree_count_less(c, k8smi_role_at(c, role)->root, s, need->scalars[s]);
  }
  return k8smi_role_at(c, role)->slots;
}

static void summary_simple(const struct k8smi_match_check *check, const struct k8smi_need *need,
                           struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  const struct k8smi_strings roles = need->demand->roles;
  uint32_t offered = 0, role = K8SMI_MAP_NONE;
  for (size_t i = 0; i < roles.count; i++) {
    role = k8smi_map_get(&c->role_map, roles.items[i]);
    if (role != K8SMI_MAP_NONE) offered += summary_role(c, need, role, to);
  }
  for (uint32_t i = 0; roles.count > 1 && c->several > 0 && i < c->agents.high; i++) {
    if (k8smi_table_used(&c->agents, i) && k8smi_agent_at(c, i)->slots > 1)
      summary_take_later_roles(check, need, i, &offered, to);
  }
  to->counts[K8SMI_BY_OFFER] = (uint32_t)(c->known - c->offering);
  to->counts[K8SMI_BY_ROLE] = (uint32_t)c->offering - offered;
  if (need->port_is_nowhere) to->counts[K8SMI_BY_PORTS] = offered;
  if (need->port_is_nowhere || role == K8SMI_MAP_NONE || check->offering == NULL) return;
  if (need->extended_count == 0) summary_ports(check, need, role, to);
  for (size_t i = 0; i < need->extended_count; i++)
    to->counts[K8SMI_PREDICATES + i] = summary_extended(check, need, i, role);
}

/* ---- Where the answers of all agents are known, and only offers, a role and scalars may refuse beside ----
 */

/* Takes an agent that is refused for what it is out of the counts of all. */
static void summary_take_out(struct k8smi_match_check *check, uint32_t agent, struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  if (k8smi_agent_at(c, agent)->offers == 0) {
    to->counts[K8SMI_BY_OFFER]--;
    return;
  }
  const struct k8smi_strings roles = check->need->demand->roles;
  uint32_t slot = K8SMI_ROW_NONE;
  for (size_t i = 0; slot == K8SMI_ROW_NONE && i < roles.count; i++)
    slot = k8smi_slot_find(c, agent, roles.items[i]);
  if (slot == K8SMI_ROW_NONE) {
    to->counts[K8SMI_BY_ROLE]--;
    return;
  }
  if (check->need->port_is_nowhere || (check->offering != NULL && check->need->port_count > 0 &&
                                       !k8smi_offering_has(check->offering, slot))) {
    to->counts[K8SMI_BY_PORTS]--;
    return;
  }
  summary_count_scalars(k8smi_slot_at(c, slot), check->need, UINT32_MAX, to);
  check->slot = k8smi_slot_at(c, slot);
  check->agent_row = agent;
  for (size_t k = 0; k < check->need->extended_count; k++) {
    const struct k8smi_demand_extended *extended = &check->need->demand->extended[k];
    to->counts[K8SMI_PREDICATES + k] -= k8smi_slot_has_extended(check, extended->mesos) < extended->milli;
  }
}

/* Asks the agents that fit for what they are, or takes the others out of what holds for all: whichever are
 * fewer. */
static void summary_by_answers(struct k8smi_match_check *check, struct k8smi_histogram *to) {
  const struct k8smi_answers *same = check->same;
  const struct k8sm_cluster *c = check->cluster;
  struct k8smi_need rest = *check->need;
  uint32_t slot;
  rest.rows &= ~same->rows;
  if (same->fit_count > c->known / 2 && summary_is_simple(check, &rest)) {
    summary_simple(check, &rest, to);
    for (uint32_t i = 0; i < c->agents.high; i++) {
      if (same->answers[i] != 0 && same->answers[i] != K8SMI_ANSWER_UNKNOWN) summary_take_out(check, i, to);
    }
  } else {
    for (size_t i = 0; i < same->fit_count; i++)
      summary_count(to, k8smi_check_all(check, same->fits[i], &slot));
  }
  for (int row = 0; row < K8SMI_PREDICATES; row++) to->counts[row] += same->counts[row];
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
  if (summary_is_simple(check, need)) {
    summary_simple(check, need, ret);
    return;
  }
  if (check->same != NULL) {
    summary_by_answers(check, ret);
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

/* "0/3 nodes are available: 1 …, 2 …." */
static void summary_write_line(size_t agents, struct summary_entry *entries, size_t count,
                               struct k8smi_buf *to) {
  k8smi_sort(entries, count, sizeof entries[0], summary_order, NULL);
  k8smi_buf_puts(to, "0/");
  k8smi_buf_u64(to, agents);
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

/* An entry for each reason that counts. Returns how many. */
static size_t summary_entries(const uint32_t *counts, const struct k8smi_demand_extended *extended,
                              struct summary_entry *ret) {
  size_t count = 0;
  for (int i = 0; i < K8SMI_REASONS; i++) {
    if (counts[i] == 0) continue;
    bool of_extended = i >= K8SMI_PREDICATES;
    ret[count] = summary_entry(counts[i], of_extended ? "Insufficient " : k8smi_predicates[i].words);
    if (of_extended) ret[count].name = extended[i - K8SMI_PREDICATES].name;
    count++;
  }
  return count;
}

void k8smi_histogram_write(const struct k8smi_histogram *histogram, struct k8smi_buf *to) {
  struct summary_entry entries[K8SMI_REASONS];
  if (histogram->gates.count > 0) {
    summary_write_gates(histogram->gates, to);
  } else if (histogram->agents == 0) {
    k8smi_buf_puts(to, "no nodes available to schedule pods");
  } else {
    size_t count = summary_entries(histogram->counts, histogram->extended, entries);
    summary_write_line(histogram->agents, entries, count, to);
  }
}

void k8smi_preemption_write(const struct k8smi_preemption *preemption, struct k8smi_buf *to) {
  struct summary_entry entries[K8SMI_REASONS + 2];
  if (preemption->never) k8smi_buf_puts(to, " preemption: not eligible due to preemptionPolicy=Never.");
  if (!preemption->tried || preemption->agents == 0) return;
  size_t count = summary_entries(preemption->counts, preemption->extended, entries);
  if (preemption->not_helpful > 0)
    entries[count++] = summary_entry(preemption->not_helpful, "Preemption is not helpful for scheduling");
  if (preemption->no_victims > 0)
    entries[count++] = summary_entry(preemption->no_victims, "No preemption victims found for incoming pod");
  k8smi_buf_puts(to, " preemption: ");
  summary_write_line(preemption->agents, entries, count, to);
}
