/* SPDX-License-Identifier: Apache-2.0 */
#include "io/client.h"

/* Effects of the driver that are for the master, as exchanges: first all of them are made, which can fail,
 * then each is carried out in its turn. */

enum { SUBMIT_ROWS = 16 };

/* The exchanges that were made and are not under way yet. */
struct submit_list {
  struct k8smi_exchange *first;
  struct k8smi_exchange **end;
};

typedef int submit_step(struct k8sm_client *client, const struct k8sm_effect *effect, uint64_t mono_ms,
                        struct submit_list *list);

static int submit_prepare(struct k8sm_client *client, const struct k8sm_effect *effect, uint64_t mono_ms,
                          struct submit_list *list) {
  (void)mono_ms;
  if (effect->type != K8SM_EFFECT_REQUEST) return K8SM_OK;
  struct k8smi_exchange *e = k8smi_client_prepare(client, effect);
  if (e == NULL) return K8SM_ERR_NOMEM;
  *list->end = e;
  list->end = &e->next;
  return K8SM_OK;
}

static struct k8smi_exchange *submit_take(struct submit_list *list) {
  struct k8smi_exchange *e = list->first;
  list->first = e->next;
  e->next = NULL;
  return e;
}

static int submit_carry_out(struct k8sm_client *client, const struct k8sm_effect *effect, uint64_t mono_ms,
                            struct submit_list *list) {
  if (effect->type == K8SM_EFFECT_REQUEST && list->first != NULL) {
    k8smi_client_start(client, submit_take(list), mono_ms);
  }
  if (effect->type == K8SM_EFFECT_CANCEL) k8smi_client_cancel(client, effect->exchange);
  return K8SM_OK;
}

/* One step for each effect that is addressed to mesos, until one fails. */
static int submit_each(struct k8sm_client *client, const struct k8sm_effects *effects, uint64_t mono_ms,
                       struct submit_list *list, submit_step *step) {
  struct k8sm_effect rows[SUBMIT_ROWS];
  size_t first = 0, left;
  do {
    left = k8sm_effects_rows(effects, first, rows, sizeof rows[0], SUBMIT_ROWS);
    for (size_t i = 0; i < left && i < SUBMIT_ROWS; i++) {
      int r = rows[i].to == K8SM_TO_MESOS ? step(client, &rows[i], mono_ms, list) : K8SM_OK;
      if (r != K8SM_OK) return r;
    }
    first += SUBMIT_ROWS;
  } while (left > SUBMIT_ROWS);
  return K8SM_OK;
}

int k8sm_client_submit(struct k8sm_client *client, const struct k8sm_effects *effects, uint64_t mono_ms) {
  struct submit_list list = {NULL, &list.first};
  int r = submit_each(client, effects, mono_ms, &list, submit_prepare);
  if (r == K8SM_OK) return submit_each(client, effects, mono_ms, &list, submit_carry_out);
  while (list.first != NULL) k8smi_exchange_free(&client->link, submit_take(&list));
  return r;
}
