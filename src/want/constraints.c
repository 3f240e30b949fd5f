/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints: compared, written as Mesos' message, and held against an offer. */
#include "want/want.h"

static int constraints_number_order(size_t a, size_t b) {
  return (a > b) - (a < b);
}

int k8smi_constraint_compare(const struct k8smi_constraint *a, const struct k8smi_constraint *b) {
  int c = constraints_number_order(a->subject, b->subject);
  if (c == 0) c = k8smi_cmp(a->name, b->name);
  if (c == 0) c = constraints_number_order(a->op, b->op);
  return c != 0 ? c : k8smi_cmp(a->value, b->value);
}

int k8smi_group_compare(const struct k8smi_group *a, const struct k8smi_group *b) {
  for (size_t i = 0; i < a->count && i < b->count; i++) {
    int c = k8smi_constraint_compare(&a->items[i], &b->items[i]);
    if (c != 0) return c;
  }
  return constraints_number_order(a->count, b->count);
}

/* ---- As a message ---- */

typedef K8smMesos__AttributeConstraint__Selector constraints_selector;
typedef K8smMesos__AttributeConstraint__Predicate constraints_predicate;

static const K8smMesos__AttributeConstraint__Selector__PseudoattributeType constraints_pseudo[] = {
    [K8SMI_WANT_HOSTNAME] = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__SELECTOR__PSEUDOATTRIBUTE_TYPE__HOSTNAME,
    [K8SMI_WANT_REGION] = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__SELECTOR__PSEUDOATTRIBUTE_TYPE__REGION,
    [K8SMI_WANT_ZONE] = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__SELECTOR__PSEUDOATTRIBUTE_TYPE__ZONE,
};

static char *constraints_text(struct k8smi_arena *arena, struct k8sm_slice text) {
  return (char *)(uintptr_t)k8smi_arena_copy(arena, text.ptr, text.len).ptr;
}

static constraints_selector *constraints_select(struct k8smi_arena *arena, const struct k8smi_constraint *c) {
  constraints_selector *to = K8SMI_MESSAGE_NEW(arena, attribute_constraint__selector);
  if (to == NULL) return NULL;
  if (c->subject != K8SMI_WANT_ATTRIBUTE) {
    to->selector_case = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__SELECTOR__SELECTOR_PSEUDOATTRIBUTE_TYPE;
    to->pseudoattribute_type = constraints_pseudo[c->subject];
    return to;
  }
  to->selector_case = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__SELECTOR__SELECTOR_ATTRIBUTE_NAME;
  to->attribute_name = constraints_text(arena, c->name);
  return to->attribute_name == NULL ? NULL : to;
}

static bool constraints_equals(struct k8smi_arena *arena, struct k8sm_slice value,
                               constraints_predicate *to) {
  to->predicate_case = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_TEXT_EQUALS;
  to->text_equals = K8SMI_MESSAGE_NEW(arena, attribute_constraint__predicate__text_equals);
  if (to->text_equals == NULL) return false;
  to->text_equals->value = constraints_text(arena, value);
  return to->text_equals->value != NULL;
}

static bool constraints_not_equals(struct k8smi_arena *arena, struct k8sm_slice value,
                                   constraints_predicate *to) {
  to->predicate_case = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_TEXT_NOT_EQUALS;
  to->text_not_equals = K8SMI_MESSAGE_NEW(arena, attribute_constraint__predicate__text_not_equals);
  if (to->text_not_equals == NULL) return false;
  to->text_not_equals->value = constraints_text(arena, value);
  return to->text_not_equals->value != NULL;
}

static bool constraints_exists(struct k8smi_arena *arena, struct k8sm_slice value,
                               constraints_predicate *to) {
  (void)value;
  to->predicate_case = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_EXISTS;
  to->exists = K8SMI_MESSAGE_NEW(arena, attribute_constraint__predicate__exists);
  return to->exists != NULL;
}

static bool constraints_not_exists(struct k8smi_arena *arena, struct k8sm_slice value,
                                   constraints_predicate *to) {
  (void)value;
  to->predicate_case = K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_NOT_EXISTS;
  to->not_exists = K8SMI_MESSAGE_NEW(arena, attribute_constraint__predicate__not_exists);
  return to->not_exists != NULL;
}

static K8smMesos__AttributeConstraint *constraints_one(struct k8smi_arena *arena,
                                                       const struct k8smi_constraint *c) {
  static bool (*const predicates[])(struct k8smi_arena *, struct k8sm_slice, constraints_predicate *) = {
      [K8SMI_WANT_EQUALS] = constraints_equals,
      [K8SMI_WANT_NOT_EQUALS] = constraints_not_equals,
      [K8SMI_WANT_EXISTS] = constraints_exists,
      [K8SMI_WANT_NOT_EXISTS] = constraints_not_exists,
  };
  K8smMesos__AttributeConstraint *to = K8SMI_MESSAGE_NEW(arena, attribute_constraint);
  if (to == NULL) return NULL;
  to->selector = constraints_select(arena, c);
  to->predicate = K8SMI_MESSAGE_NEW(arena, attribute_constraint__predicate);
  bool fine =
      to->selector != NULL && to->predicate != NULL && predicates[c->op](arena, c->value, to->predicate);
  return fine ? to : NULL;
}

static K8smMesos__OfferConstraints__RoleConstraints__Group *
constraints_group(struct k8smi_arena *arena, const struct k8smi_group *group) {
  K8smMesos__OfferConstraints__RoleConstraints__Group *to =
      K8SMI_MESSAGE_NEW(arena, offer_constraints__role_constraints__group);
  if (to == NULL) return NULL;
  to->attribute_constraints = k8smi_arena_array(arena, group->count, sizeof *to->attribute_constraints);
  if (to->attribute_constraints == NULL) return NULL;
  for (size_t i = 0; i < group->count; i++) {
    K8smMesos__AttributeConstraint *constraint = constraints_one(arena, &group->items[i]);
    if (constraint == NULL) return NULL;
    to->attribute_constraints[to->n_attribute_constraints++] = constraint;
  }
  return to;
}

static K8smMesos__OfferConstraints__RoleConstraintsEntry *
constraints_role(struct k8smi_arena *arena, const struct k8smi_wanted_role *role) {
  K8smMesos__OfferConstraints__RoleConstraintsEntry *to =
      K8SMI_MESSAGE_NEW(arena, offer_constraints__role_constraints_entry);
  if (to == NULL) return NULL;
  to->key = constraints_text(arena, role->name);
  to->value = K8SMI_MESSAGE_NEW(arena, offer_constraints__role_constraints);
  if (to->key == NULL || to->value == NULL) return NULL;
  to->value->groups = k8smi_arena_array(arena, role->groups.count, sizeof *to->value->groups);
  if (to->value->groups == NULL) return NULL;
  for (size_t i = 0; i < role->groups.count; i++) {
    K8smMesos__OfferConstraints__RoleConstraints__Group *group =
        constraints_group(arena, &role->groups.items[i]);
    if (group == NULL) return NULL;
    to->value->groups[to->value->n_groups++] = group;
  }
  return to;
}

bool k8smi_want_encode(struct k8sm_wants *wants) {
  struct k8smi_arena *arena = &wants->arena;
  K8smMesos__OfferConstraints all = K8SM_MESOS__OFFER_CONSTRAINTS__INIT;
  struct k8smi_buf buf;
  all.role_constraints = k8smi_arena_array(arena, wants->role_count, sizeof *all.role_constraints);
  if (all.role_constraints == NULL) return false;
  for (size_t i = 0; i < wants->role_count; i++) {
    const struct k8smi_wanted_role *role = &wants->roles[i];
    if (role->any || role->groups.count == 0) continue;
    K8smMesos__OfferConstraints__RoleConstraintsEntry *entry = constraints_role(arena, role);
    if (entry == NULL) return false;
    all.role_constraints[all.n_role_constraints++] = entry;
  }
  if (!k8smi_buf_init(&buf, &arena->allocator)) return false;
  k8smi_message_encode(&buf, &all.base);
  if (!buf.failed) wants->constraints = k8smi_arena_copy(arena, buf.ptr == NULL ? "" : buf.ptr, buf.len);
  k8smi_buf_free(&buf);
  return wants->constraints.ptr != NULL;
}

/* ---- Against an offer ---- */

static const char *constraints_domain(const K8smMesos__Offer *offer, bool zone) {
  const K8smMesos__DomainInfo__FaultDomain *domain =
      offer->domain == NULL ? NULL : offer->domain->fault_domain;
  if (domain == NULL || domain->region == NULL || domain->zone == NULL) return NULL;
  return zone ? domain->zone->name : domain->region->name;
}

/* Whether the subject is there, and its text; NULL for what has none, which every comparison lets pass. */
static bool constraints_find(const struct k8smi_constraint *c, const K8smMesos__Offer *offer,
                             const char **ret_text) {
  *ret_text = c->subject == K8SMI_WANT_HOSTNAME ? offer->hostname
                                                : constraints_domain(offer, c->subject == K8SMI_WANT_ZONE);
  if (c->subject != K8SMI_WANT_ATTRIBUTE) return *ret_text != NULL;
  *ret_text = NULL;
  for (size_t i = 0; i < offer->n_attributes; i++) {
    const K8smMesos__Attribute *a = offer->attributes[i];
    if (!k8smi_eqs(c->name, a->name)) continue;
    *ret_text = a->type == K8SM_MESOS__VALUE__TYPE__TEXT && a->text != NULL ? a->text->value : NULL;
    return true;
  }
  return false;
}

static bool constraints_holds(const struct k8smi_constraint *c, const K8smMesos__Offer *offer) {
  const char *text;
  bool there = constraints_find(c, offer, &text);
  switch (c->op) {
  case K8SMI_WANT_EXISTS: return there;
  case K8SMI_WANT_NOT_EXISTS: return !there;
  case K8SMI_WANT_EQUALS: return there && (text == NULL || k8smi_eqs(c->value, text));
  default: return !there || text == NULL || !k8smi_eqs(c->value, text);
  }
}

bool k8smi_group_holds(const struct k8smi_group *group, const K8smMesos__Offer *offer) {
  for (size_t i = 0; i < group->count; i++) {
    if (!constraints_holds(&group->items[i], offer)) return false;
  }
  return true;
}
