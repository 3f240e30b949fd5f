/* SPDX-License-Identifier: Apache-2.0 */
#include "io/client.h"

/* Effects of the driver that are for the master, as exchanges. */

enum { SUBMIT_ROWS = 16 };

/* Calls `take` for each effect that is addressed to mesos, until one is not OK. */
static int submit_each(struct k8sm_client *client, const struct k8sm_effects *effects, uint64_t mono_ms,
                       struct k8smi_exchange **list,
                       int (*take)(struct k8sm_client *client, const struct k8sm_effect *effect,
                                   uint64_t mono_ms, struct k8smi_exchange **list)) {
  struct k8sm_effect rows[SUBMIT_ROWS];
  size_t first = 0, left;
  do {
    left = k8sm_effects_rows(effects, first, rows, sizeof rows[0], SUBMIT_ROWS);
    size_t n = left < SUBMIT_ROWS ? left : SUBMIT_ROWS;
    for (size_t i = 0; i < n; i++) {
      int r = rows[i].to == K8SM_TO_MESOS ? take(client, &rows[i], mono_ms, list) : K8SM_OK;
      if (r != K8SM_OK) return r;
    }
    first += n;
  } while (left > SUBMIT_ROWS);
  return K8SM_OK;
}

/* The list is kept with its last exchange in front: each points to the one after it, the last to the first.
 */
static int submit_prepare(struct k8sm_client *client, const struct k8sm_effect *effect, uint64_t mono_ms,
                          struct k8smi_exchange **last) {
  (void)mono_ms;
  if (effect->type != K8SM_EFFECT_REQUEST) return K8SM_OK;
  struct k8smi_exchange *e = k8smi_client_prepare(client, effect);
  if (e == NULL) return K8SM_ERR_NOMEM;
  e->next = *last == NULL ? e : (*last)->next;
  if (*last != NULL) (*last)->next = e;
  *last = e;
  return K8SM_OK;
}

static struct k8smi_exchange *submit_first(struct k8smi_exchange **last) {
  struct k8smi_exchange *e = (*last)->next;
  if (e == *last) {
    *last = NULL;
  } else {
    (*last)->next = e->next;
  }
  e->next = NULL;
  return e;
}

static int submit_carry_out(struct k8sm_client *client, const struct k8sm_effect *effect, uint64_t mono_ms,
                            struct k8smi_exchange **last) {
  if (effect->type == K8SM_EFFECT_REQUEST) k8smi_client_start(client, submit_first(last), mono_ms);
  if (effect->type == K8SM_EFFECT_CANCEL) k8smi_client_cancel(client, effect->exchange);
  return K8SM_OK;
}

int k8sm_client_submit(struct k8sm_client *client, const struct k8sm_effects *effects, uint64_t mono_ms) {
  struct k8smi_exchange *last = NULL;
  int r = submit_each(client, effects, mono_ms, &last, submit_prepare);
  if (r == K8SM_OK) return submit_each(client, effects, mono_ms, &last, submit_carry_out);
  while (last != NULL) k8smi_exchange_free(&client->link, submit_first(&last));
  return r;
}
