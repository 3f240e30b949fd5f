/* SPDX-License-Identifier: Apache-2.0 */
#include "match/classes.h"
#include "cluster/leaving.h"
#include "match/poll.h"

/* Pods without rules are alike to taints. No rules have this key: theirs begin with the length of a text. */
static struct k8sm_slice classes_key(const struct k8smi_need *need) {
  return need->rules->agent_key.len > 0 ? need->rules->agent_key : K8SMI_S("-");
}

/* The rows whose answers last: they look at labels, taints, features and maintenance alone; without rules at
 * taints and maintenance. Those that come behind one that does not last are left out, or another one would be
 * the first that refuses. */
static uint64_t classes_rows(const struct k8smi_need *need) {
  const uint64_t plain =
      K8SMI_ROW(K8SMI_BY_UNSCHEDULABLE) | K8SMI_ROW(K8SMI_BY_TAINT) | K8SMI_ROW(K8SMI_BY_MAINTENANCE);
  uint64_t passing = need->rows & (K8SMI_ROW(K8SMI_BY_VOLUME) | K8SMI_ROW(K8SMI_BY_OFFER));
  if (need->rules->agent_key.len == 0) passing = need->rows & ~plain;
  if ((need->rows & (K8SMI_ROW(K8SMI_BY_GATES) | K8SMI_ROW(K8SMI_BY_PIN))) != 0) return 0;
  return need->rows & ((passing & -passing) - 1);
}

/* True if the answers are those for the pod's time, too: as long as no maintenance begins or ends in between.
 */
static bool classes_last(struct k8smi_classes *classes, const struct k8smi_need *need, uint64_t rows,
                         struct k8smi_answers *answers) {
  const struct k8smi_window during = k8smi_need_time(need);
  if ((rows & K8SMI_ROW(K8SMI_BY_MAINTENANCE)) == 0) return true;
  if (during.from_ms == answers->during.from_ms && during.until_ms == answers->during.until_ms) return true;
  if (classes->cluster->columns->broken ||
      k8smi_leaving_differs(classes->cluster->columns, answers->during, during))
    return false;
  answers->during = during;
  return true;
}

static bool classes_ask(struct k8smi_classes *classes, const struct k8smi_match_check *check, uint64_t rows,
                        const struct k8smi_answers **ret) {
  struct k8sm_cluster *c = classes->cluster;
  struct k8smi_answers *a = k8smi_answers_renew(c, classes_key(check->need), rows);
  if (a == NULL) return false;
  a->during = k8smi_need_time(check->need);
  if (!k8smi_poll_agents(classes->scratch, check, a) || !k8smi_answers_gather(c, a)) return false;
  *ret = a;
  return true;
}

bool k8smi_class_ask(struct k8smi_classes *classes, const struct k8smi_match_check *check,
                     const struct k8smi_answers **ret, bool *ret_new) {
  const uint64_t rows = classes_rows(check->need);
  struct k8smi_answers *a =
      rows == 0 ? NULL : k8smi_answers_find(classes->cluster, classes_key(check->need), rows);
  if (a != NULL && !classes_last(classes, check->need, rows, a)) a = NULL;
  *ret = a;
  *ret_new = rows != 0 && a == NULL;
  return !*ret_new || classes_ask(classes, check, rows, ret);
}
