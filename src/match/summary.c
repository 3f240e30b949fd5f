/* SPDX-License-Identifier: Apache-2.0 */
#include "match/summary.h"
#include "base/sort.h"
#include "cluster/tree.h"
#include "match/classes.h"
#include "match/scan.h"

enum {
  SUMMARY_PATIENCE = 64
}; /* slots of the trees that are looked at for a plain pod; asked for their pods */

static void summary_count(struct k8smi_histogram *histogram, uint64_t refused) {
  for (int i = 0; refused != 0; i++, refused >>= 1) histogram->counts[i] += refused & 1;
}

static void summary_add_answers(const struct k8smi_answers *same, struct k8smi_histogram *to) {
  for (int row = 0; same != NULL && row < K8SMI_PREDICATES; row++) to->counts[row] += same->counts[row];
}

/* All agents but one refuse a pod that is under way: no need to ask them. */
static void summary_pinned(struct k8smi_match_check *check, struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  uint32_t slot, agent = k8smi_agent_find(c, check->need->demand->agent_id);
  bool known = agent != K8SMI_MAP_NONE && k8smi_agent_at(c, agent)->labels != NULL;
  to->counts[K8SMI_BY_PIN] = (uint32_t)c->known - known;
  if (known) summary_count(to, k8smi_check_all(check, agent, &slot));
}

/* True if all that comes before volumes in the order of the checks was answered, or refuses nobody. */
static bool summary_can_tell_volumes(const struct k8smi_match_check *check) {
  const uint64_t before = check->need->rows & (K8SMI_ROW(K8SMI_BY_VOLUME) - 1);
  return check->need->volumes_known != 0 && before == (check->same == NULL ? 0 : check->same->rows);
}

/* All agents but one lack the pod's volumes. */
static void summary_by_volume(struct k8smi_match_check *check, struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  const uint32_t agent = check->need->volumes_at;
  uint32_t slot;
  const bool known = k8smi_agent_at(c, agent)->labels != NULL;
  const bool has = known && (check->same == NULL || k8smi_answers_fit(check->same, agent));
  summary_add_answers(check->same, to);
  to->counts[K8SMI_BY_VOLUME] = (uint32_t)(check->same == NULL ? c->known : check->same->fit_count) - has;
  if (has) summary_count(to, k8smi_check_all(check, agent, &slot));
}

/* ---- Plain pods: counted by the trees ---- */

/* True for a pod whom only offers, roles and scalars can keep away; or offers, roles and a port that nobody
 * offers. */
static bool summary_is_plain(const struct k8smi_match_check *check) {
  const struct k8smi_need *need = check->need;
  const uint64_t beside = need->port_is_nowhere ? K8SMI_ROWS_AGENT : UINT64_MAX;
  return need->wish == NULL && check->cluster->owned == 0 && (need->rows & beside & ~K8SMI_ROWS_PLAIN) == 0 &&
         (need->extended_count == 0 || need->port_is_nowhere) &&
         (need->demand->roles.count == 1 || check->cluster->several == 0);
}

/* False if it would take long. */
static bool summary_by_trees(const struct k8smi_match_check *check, struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  const struct k8smi_need *need = check->need;
  size_t patience = SUMMARY_PATIENCE, offered = 0;
  for (size_t i = 0; i < need->demand->roles.count; i++) {
    uint32_t role = k8smi_map_get(&c->role_map, need->demand->roles.items[i]);
    if (role == K8SMI_MAP_NONE) continue;
    offered += k8smi_role_at(c, role)->slots;
    for (int s = 0; !need->port_is_nowhere && s < K8SMI_SCALARS; s++) {
      to->counts[K8SMI_BY_SCALAR + s] +=
          k8smi_tree_count_less(c, k8smi_role_at(c, role)->root, s, need->scalars[s], &patience);
    }
  }
  to->counts[K8SMI_BY_OFFER] = (uint32_t)(c->known - c->offering);
  to->counts[K8SMI_BY_ROLE] = (uint32_t)(c->offering - offered);
  if (need->port_is_nowhere) to->counts[K8SMI_BY_PORTS] = (uint32_t)offered;
  return patience > 0;
}

/* ---- Others, as far as blocks tell ---- */

/* True if nothing else can refuse the pod than what agents have answered, and what blocks say; pods there are
 * asked where all of that fits. */
static bool summary_can_scan(const struct k8smi_match_check *check) {
  const uint64_t scanned = K8SMI_ROW(K8SMI_BY_SCALAR) - K8SMI_ROW(K8SMI_BY_RESERVATION);
  const uint64_t told = K8SMI_ROWS_PLAIN | scanned | K8SMI_ROWS_PODS;
  const uint64_t answered = check->same == NULL ? 0 : check->same->rows;
  return k8smi_scan_can(check) && (check->need->rows & ~(told | answered)) == 0;
}

/* Mostly none: to count takes long where machines have no instruction for it. */
static inline uint32_t summary_bits(uint64_t bits) {
  return bits == 0 ? 0 : (uint32_t)__builtin_popcountll(bits);
}

/* Where blocks have nothing against the pod, other pods may. True if they have nothing, either: while it is
 * counted whether all slots refuse, that ends it. */
static bool summary_asks_pods(const struct k8smi_scan *scan, size_t number, uint64_t left, size_t *patience,
                              struct k8smi_histogram *to) {
  for (; left != 0; left &= left - 1) {
    k8smi_scan_set_slot(scan, number, __builtin_ctzll(left));
    const uint64_t refused = k8smi_check_pods(scan->check);
    summary_count(to, refused);
    if (patience != NULL && (refused == 0 || --*patience == 0)) return true;
  }
  return false;
}

/* Counts what the slots of a block say, and how many they are. False if it need not go on. */
static bool summary_block(struct k8smi_scan *scan, size_t number, size_t *patience, size_t *offered,
                          struct k8smi_histogram *to) {
  struct k8smi_scan_words words;
  k8smi_scan_block(scan, number, &words);
  if (words.there == 0) return true;
  uint64_t rest = words.there;
  *offered += summary_bits(rest);
  for (int i = 0; i < K8SMI_SCAN_ROWS; i++) {
    to->counts[K8SMI_BY_RESERVATION + i] += summary_bits(rest & words.rows[i]);
    rest &= ~words.rows[i];
  }
  for (int s = 0; s < K8SMI_SCALARS; s++)
    to->counts[K8SMI_BY_SCALAR + s] += summary_bits(rest & words.less[s]);
  for (size_t i = 0; i < scan->check->need->extended_count; i++)
    to->counts[K8SMI_PREDICATES + i] += summary_bits(rest & words.lacks[i]);
  return !summary_asks_pods(scan, number, words.there & ~words.refused, patience, to);
}

/* Of the agents that are not refused for what they are, those without an offer. */
static uint32_t summary_without_offer(const struct k8smi_match_check *check) {
  const struct k8sm_cluster *c = check->cluster;
  uint32_t without = (uint32_t)(c->known - c->offering);
  if (check->same == NULL || without == 0) return without;
  without = 0;
  for (size_t i = 0; i < check->same->fit_count; i++)
    without += k8smi_agent_at(c, check->same->fits[i])->offers == 0;
  return without;
}

/* With patience: false once a slot takes the pod, or so many were asked for their pods. */
static bool summary_by_blocks(struct k8smi_match_check *check, size_t *patience, struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  const size_t asked = check->same == NULL ? c->known : check->same->fit_count;
  struct k8smi_scan scan;
  size_t offered = 0;
  for (size_t i = 0; i < check->need->demand->roles.count; i++) {
    if (!k8smi_scan_begin(&scan, check, i)) continue;
    for (size_t number = 0; number < c->blocks->count; number++) {
      if (!summary_block(&scan, number, patience, &offered, to)) return false;
    }
  }
  to->counts[K8SMI_BY_OFFER] = summary_without_offer(check);
  to->counts[K8SMI_BY_ROLE] = (uint32_t)(asked - offered) - to->counts[K8SMI_BY_OFFER];
  return true;
}

/* ---- All of them ---- */

/* Those that fit are asked for what they offer, of the others that is known. */
static void summary_by_answers(struct k8smi_match_check *check, struct k8smi_histogram *to) {
  const struct k8smi_answers *same = check->same;
  uint32_t slot;
  if (summary_can_scan(check)) {
    (void)summary_by_blocks(check, NULL, to);
  } else {
    for (size_t i = 0; i < same->fit_count; i++)
      summary_count(to, k8smi_check_all(check, same->fits[i], &slot));
  }
  summary_add_answers(same, to);
}

static void summary_by_all(struct k8smi_match_check *check, struct k8smi_histogram *to) {
  const struct k8sm_cluster *c = check->cluster;
  uint32_t slot;
  for (uint32_t i = 0; i < c->agents.high; i++) {
    if (!k8smi_table_used(&c->agents, i) || k8smi_agent_at(c, i)->labels == NULL) continue;
    summary_count(to, k8smi_check_all(check, i, &slot));
  }
}

static struct k8smi_histogram summary_of_none(const struct k8smi_match_check *check) {
  return (struct k8smi_histogram){.agents = check->cluster->known,
                                  .gates = check->need->rules->gates,
                                  .extended = check->need->demand->extended};
}

bool k8smi_histogram_can_scan(const struct k8smi_match_check *check) {
  return check->need->demand->roles.count == 1 && summary_can_scan(check);
}

bool k8smi_histogram_scan(struct k8smi_match_check *check, struct k8smi_histogram *ret) {
  size_t patience = SUMMARY_PATIENCE;
  *ret = summary_of_none(check);
  if (!summary_by_blocks(check, &patience, ret)) return false;
  summary_add_answers(check->same, ret);
  return true;
}

void k8smi_histogram_make(struct k8smi_match_check *check, struct k8smi_histogram *ret) {
  const struct k8smi_need *need = check->need;
  const struct k8smi_histogram none = summary_of_none(check);
  *ret = none;
  if (need->rules->gates.count > 0) {
    ret->counts[K8SMI_BY_GATES] = (uint32_t)none.agents;
    return;
  }
  if (need->demand->agent_id.len != 0) {
    summary_pinned(check, ret);
    return;
  }
  if (summary_can_tell_volumes(check)) {
    summary_by_volume(check, ret);
    return;
  }
  if (summary_is_plain(check)) {
    if (summary_by_trees(check, ret)) return;
    *ret = none;
  }
  if (check->same != NULL) {
    summary_by_answers(check, ret);
  } else if (summary_can_scan(check)) {
    (void)summary_by_blocks(check, NULL, ret);
  } else {
    summary_by_all(check, ret);
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
