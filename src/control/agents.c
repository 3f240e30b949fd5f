/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/abi.h"
#include "base/sort.h"
#include "demand/demand.h"

/* The agents that daemons may run on. */

static void agents_drop(struct k8sm_control *c, struct ctl_agents *agents) {
  for (size_t i = 0; i < agents->count; i++) k8smi_node_free(agents->rows[i].node, &c->allocator);
  k8smi_arena_free(&agents->arena);
  memset(agents, 0, sizeof *agents);
}

void k8smi_ctl_agents_free(struct k8sm_control *c) {
  agents_drop(c, &c->agents);
}

static int agents_read(struct k8sm_control *c, struct ctl_agents *to, const struct k8sm_control_input *in,
                       struct k8sm_diags *diags) {
  to->rows = k8smi_arena_zalloc(&to->arena, (in->agent_count + 1) * sizeof *to->rows);
  if (to->rows == NULL) return K8SM_ERR_NOMEM;
  for (size_t i = 0; i < in->agent_count; i++) {
    struct k8sm_control_agent row;
    struct ctl_agent *agent = &to->rows[i];
    k8smi_row_read(&row, sizeof row, in->agents, in->agent_size, i);
    agent->name = k8smi_arena_copy(&to->arena, row.name.ptr, row.name.len);
    if (agent->name.ptr == NULL) return K8SM_ERR_NOMEM;
    int r = row.node == NULL ? K8SM_OK : k8smi_node_make(&c->allocator, row.node, &agent->node, diags);
    if (r != K8SM_OK) return r;
    to->count++;
  }
  return K8SM_OK;
}

static int agents_by_name(const void *left, const void *right, const void *ctx) {
  (void)ctx;
  return k8smi_cmp(((const struct ctl_agent *)left)->name, ((const struct ctl_agent *)right)->name);
}

/* Of two agents on one host the first counts: daemons are told apart by the name of the node. */
static void agents_drop_twins(struct k8sm_control *c, struct ctl_agents *agents) {
  size_t kept = 0;
  for (size_t i = 0; i < agents->count; i++) {
    if (kept > 0 && k8smi_eq(agents->rows[kept - 1].name, agents->rows[i].name))
      k8smi_node_free(agents->rows[i].node, &c->allocator);
    else
      agents->rows[kept++] = agents->rows[i];
  }
  agents->count = kept;
}

int k8smi_ctl_agents_set(struct k8sm_control *c, const struct k8sm_control_input *in,
                         struct k8sm_diags *diags) {
  struct ctl_agents agents = {.rows = NULL};
  k8smi_arena_init(&agents.arena, &c->allocator, 0);
  int r = agents_read(c, &agents, in, diags);
  if (r == K8SM_OK) {
    k8smi_sort(agents.rows, agents.count, sizeof *agents.rows, agents_by_name, NULL);
    agents_drop_twins(c, &agents);
    agents.known = true;
    agents_drop(c, &c->agents);
    c->agents = agents;
  } else {
    agents_drop(c, &agents);
  }
  return r;
}

size_t k8smi_ctl_agent_find(const struct k8sm_control *c, struct k8sm_slice name) {
  size_t low = 0, high = c->agents.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (k8smi_cmp(c->agents.rows[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < c->agents.count && k8smi_eq(c->agents.rows[low].name, name) ? low : SIZE_MAX;
}

/* ---- Who may run where ---- */

static bool agents_term_holds(const struct k8smi_node_term *term, const struct k8smi_label_view *labels,
                              struct k8sm_slice name) {
  for (size_t i = 0; i < term->fields.count; i++) {
    if (!k8smi_expression_holds(&term->fields.items[i], name)) return false;
  }
  return k8smi_expressions_hold(term->labels, labels);
}

static bool agents_affinity_holds(const struct k8sm_demand *demand, const struct k8smi_label_view *labels,
                                  struct k8sm_slice name) {
  for (size_t i = 0; i < demand->node_selector.count; i++) {
    const struct k8smi_pair *wanted = &demand->node_selector.items[i];
    struct k8sm_slice value = k8smi_view_get(labels, wanted->key);
    if (value.ptr == NULL || !k8smi_eq(value, wanted->value)) return false;
  }
  const struct k8smi_placement_rules *rules = demand->rules;
  if (rules == NULL || !rules->selects_nodes) return true;
  for (size_t i = 0; i < rules->nodes.count; i++) {
    if (agents_term_holds(&rules->nodes.items[i], labels, name)) return true;
  }
  return false;
}

/* The strictest effect of a taint that is not tolerated; ANY: all are. */
static uint32_t agents_untolerated(const struct k8sm_demand *demand, const struct k8smi_node *node) {
  const struct k8smi_tolerations none = {NULL, 0};
  const struct k8smi_tolerations tolerations = demand->rules == NULL ? none : demand->rules->tolerations;
  uint32_t worst = K8SMI_EFFECT_ANY;
  for (size_t i = 0; i < node->taints.count; i++) {
    const struct k8smi_taint *taint = &node->taints.items[i];
    if (taint->effect != K8SMI_EFFECT_PREFER && worst != K8SMI_EFFECT_NO_EXECUTE &&
        !k8smi_tolerates(tolerations, taint))
      worst = taint->effect;
  }
  return worst;
}

struct ctl_fit k8smi_ctl_agent_fit(const struct ctl_agent *agent, const struct k8sm_demand *demand) {
  struct k8smi_label_view labels = {.hostname = agent->name};
  struct ctl_fit fit = {true, true};
  if (demand == NULL) return fit;
  if (agent->node != NULL) labels.first = agent->node->labels;
  bool fits = (demand->node_name.len == 0 || k8smi_eq(demand->node_name, agent->name)) &&
              agents_affinity_holds(demand, &labels, agent->name);
  uint32_t effect = agent->node == NULL ? K8SMI_EFFECT_ANY : agents_untolerated(demand, agent->node);
  fit.runs = fits && effect == K8SMI_EFFECT_ANY;
  fit.stays = fits && effect != K8SMI_EFFECT_NO_EXECUTE;
  return fit;
}
