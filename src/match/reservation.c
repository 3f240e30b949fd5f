/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that are for a reservation of an operator's: who takes its cpus and memory, and of which offers.
 * https://mesos.apache.org/documentation/latest/reservation/ */
#include "match/predicates.h"
#include "match/texts.h"

static bool reservation_has_label(const K8smMesos__Labels *labels, const struct k8smi_pair *label) {
  for (size_t i = 0; labels != NULL && i < labels->n_labels; i++) {
    const K8smMesos__Label *have = labels->labels[i];
    if (k8smi_eq(label->key, k8smi_s(have->key)) && k8smi_eq(label->value, k8smi_s(have->value))) return true;
  }
  return false;
}

static bool reservation_fits(const struct k8smi_reservation_wish *wish, const char *principal,
                             const K8smMesos__Labels *labels) {
  if (wish->principal.len > 0 && !k8smi_eq(wish->principal, k8smi_s(principal))) return false;
  for (size_t i = 0; i < wish->labels.count; i++) {
    if (!reservation_has_label(labels, &wish->labels.items[i])) return false;
  }
  return true;
}

bool k8smi_wish_is_of(const struct k8smi_reservation_wish *wish, const K8smMesos__Resource *m) {
  for (size_t i = 0; i < m->n_reservations; i++) {
    if (reservation_fits(wish, m->reservations[i]->principal, m->reservations[i]->labels)) return true;
  }
  return m->n_reservations == 0 && m->reservation != NULL &&
         reservation_fits(wish, m->reservation->principal, m->reservation->labels);
}

static bool reservation_is(const struct k8smi_reservation_wish *wish, const struct k8smi_resource *r) {
  return r->wishable && k8smi_wish_is_of(wish, r->message);
}

/* What is not reserved so may make up for what a reservation seldom has: disk, ports, and others. */
bool k8smi_wish_allows(const struct k8smi_need *need, const struct k8smi_resource *r) {
  bool strict = !need->resumed && (r->kind == K8SMI_CPUS || r->kind == K8SMI_MEM);
  return reservation_is(need->wish, r) || (!strict && k8smi_resource_is_free(r));
}

bool k8smi_has_reservation(const struct k8smi_match_check *check) {
  uint32_t row = check->slot->first_offer;
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(check->cluster, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(check->cluster, row)->offer;
    for (size_t i = 0; i < offer->resource_count; i++) {
      if (reservation_is(check->need->wish, &offer->resources[i])) return true;
    }
  }
  return false;
}

static void reservation_put_principal(struct k8smi_buf *to, struct k8sm_slice principal, size_t before) {
  if (principal.len == 0) return;
  k8smi_buf_puts(to, before > 0 ? " of " : "of ");
  k8smi_buf_slice(to, principal);
}

/* "team=db,tier=gold of ops". */
void k8smi_wanted_reservation(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const struct k8smi_reservation_wish *wish = check->need->wish;
  for (size_t i = 0; i < wish->labels.count; i++) {
    if (i > 0) k8smi_buf_putc(to, ',');
    k8smi_put_pair(to, wish->labels.items[i].key, wish->labels.items[i].value);
  }
  reservation_put_principal(to, wish->principal, wish->labels.count);
}

static void reservation_put_offered(const K8smMesos__Resource *m, struct k8smi_buf *to) {
  const K8smMesos__Resource__ReservationInfo *info =
      m->n_reservations > 0 ? m->reservations[m->n_reservations - 1] : m->reservation;
  const K8smMesos__Labels *labels = info == NULL ? NULL : info->labels;
  size_t count = labels == NULL ? 0 : labels->n_labels;
  for (size_t i = 0; i < count; i++) {
    if (i > 0) k8smi_buf_putc(to, ',');
    k8smi_put_pair(to, k8smi_s(labels->labels[i]->key), k8smi_s(labels->labels[i]->value));
  }
  reservation_put_principal(to, k8smi_s(info == NULL ? NULL : info->principal), count);
}

/* The first of the offer's resources that is reserved for the role; NULL: none. */
static const struct k8smi_resource *reservation_first(const struct k8smi_offer *offer) {
  for (size_t i = 0; i < offer->resource_count; i++) {
    uint8_t spend = offer->resources[i].spend;
    if (spend == K8SMI_SPEND_LABELLED || spend == K8SMI_SPEND_RESERVED) return &offer->resources[i];
  }
  return NULL;
}

/* Of the first offer by id that has one. */
void k8smi_had_reservation(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const struct k8smi_offer *first = NULL;
  uint32_t row = check->slot == NULL ? K8SMI_ROW_NONE : check->slot->first_offer;
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(check->cluster, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(check->cluster, row)->offer;
    if (reservation_first(offer) != NULL && (first == NULL || k8smi_cmp(offer->id, first->id) < 0))
      first = offer;
  }
  if (first != NULL) reservation_put_offered(reservation_first(first)->message, to);
}

void k8smi_remedy_reservation(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "it offered a reservation ");
  k8smi_wanted_reservation(check, to);
}
