/* SPDX-License-Identifier: Apache-2.0 */
/* Why each agent refuses a pod, or not. */
#include "base/abi.h"
#include "match/match.h"

struct k8sm_explain {
  struct k8smi_arena arena;
  struct k8sm_explanation *rows;
  size_t count;
};

static bool explain_text(struct k8sm_explain *explain, struct k8smi_buf *text,
                         const struct k8smi_match_check *check,
                         void (*write)(const struct k8smi_match_check *, struct k8smi_buf *),
                         struct k8sm_slice *ret) {
  k8smi_buf_clear(text);
  write(check, text);
  if (text->failed) return false;
  *ret = k8smi_arena_copy(&explain->arena, text->ptr, text->len);
  return ret->ptr != NULL;
}

static bool explain_agent(struct k8sm_explain *explain, struct k8smi_buf *text,
                          struct k8smi_match_check *check, uint32_t agent) {
  uint32_t slot;
  uint64_t refused = k8smi_check_all(check, agent, &slot);
  struct k8sm_explanation *row = &explain->rows[explain->count++];
  row->agent_id = k8smi_arena_slice(&explain->arena, check->agent->id);
  row->hostname = k8smi_arena_slice(&explain->arena, check->agent->labels->hostname);
  if (row->agent_id.ptr == NULL || row->hostname.ptr == NULL) return false;
  if (refused == 0) return true;
  const struct k8smi_predicate *p = k8smi_predicates;
  for (; (refused & 1) == 0; refused >>= 1) p++;
  row->predicate = k8smi_s(p->name);
  row->code = p->code;
  return explain_text(explain, text, check, p->wanted, &row->wanted) &&
         explain_text(explain, text, check, p->had, &row->had);
}

static bool explain_fill(struct k8sm_explain *explain, struct k8sm_cluster *cluster,
                         const struct k8sm_demand *demand, const struct k8sm_match_options *options) {
  const struct k8smi_order *agents = k8smi_agents_in_order(cluster);
  struct k8smi_need need;
  struct k8smi_peers peers;
  struct k8smi_match_check check = {.cluster = cluster, .need = &need, .peers = &peers};
  struct k8smi_buf text;
  explain->rows = k8smi_arena_array(&explain->arena, agents->count, sizeof *explain->rows);
  if (explain->rows == NULL || !k8smi_need_make(&explain->arena, cluster, demand, options, &need))
    return false;
  k8smi_topologies_trim(cluster);
  bool fine =
      k8smi_peers_begin(&peers, cluster, &explain->arena, 0) && k8smi_peers_find(&peers, &need, &check.peer);
  fine = k8smi_buf_init(&text, &explain->arena.allocator) && fine;
  for (size_t i = 0; fine && i < agents->count; i++)
    fine = explain_agent(explain, &text, &check, agents->rows[i]);
  k8smi_buf_free(&text);
  k8smi_peers_end(&peers);
  return fine;
}

int k8sm_cluster_explain(struct k8sm_cluster *cluster, struct k8sm_demand *demand,
                         const struct k8sm_match_options *options, struct k8sm_explain **ret,
                         struct k8sm_diags *diags) {
  struct k8sm_match_options o;
  int result = k8smi_match_options_read(&o, options, diags);
  if (result != K8SM_OK) return result;
  struct k8sm_explain *explain = K8SMI_VALUE_NEW(k8sm_explain, o.allocator, 0);
  if (explain == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  if (!explain_fill(explain, cluster, demand, &o)) {
    k8sm_explain_unref(explain);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  *ret = explain;
  return K8SM_OK;
}

size_t k8sm_explain_rows(const struct k8sm_explain *explain, size_t first, struct k8sm_explanation *rows,
                         size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(explain->count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    k8smi_row_write(rows, row_size, i, &explain->rows[first + i], sizeof explain->rows[0]);
  }
  return left;
}

void k8sm_explain_unref(struct k8sm_explain *explain) {
  if (explain != NULL) K8SMI_VALUE_FREE(k8sm_explain, explain);
}
