/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* Offer constraints (Mesos 1.11): an agent is offered in a role when all constraints of any of the
 * role's groups hold. The regular expressions of a real master are RE2's, which are not at hand here:
 * a constraint by expression lets every agent pass, which is no breach of what constraints promise. */

typedef K8smMesos__AttributeConstraint__Predicate constraint_predicate;
typedef K8smMesos__AttributeConstraint__Selector constraint_selector;

static const K8smMesos__Attribute *constraint_find(const struct local_agent *agent, const char *name) {
  for (size_t i = 0; i < agent->attribute_count; i++) {
    if (strcmp(agent->attributes[i]->name, name) == 0) return agent->attributes[i];
  }
  return NULL;
}

/* Text to compare with; *exists without text: an attribute of another type, which always passes. */
static const char *constraint_text(const constraint_selector *selector, const struct local_agent *agent,
                                   bool *exists) {
  const K8smMesos__Attribute *attribute = NULL;
  *exists = false;
  if (selector->selector_case == K8SM_MESOS__ATTRIBUTE_CONSTRAINT__SELECTOR__SELECTOR_PSEUDOATTRIBUTE_TYPE) {
    *exists = selector->pseudoattribute_type ==
              K8SM_MESOS__ATTRIBUTE_CONSTRAINT__SELECTOR__PSEUDOATTRIBUTE_TYPE__HOSTNAME;
    return *exists ? agent->hostname : NULL; /* region and zone: these agents have no domain */
  }
  if (selector->selector_case == K8SM_MESOS__ATTRIBUTE_CONSTRAINT__SELECTOR__SELECTOR_ATTRIBUTE_NAME) {
    attribute = constraint_find(agent, selector->attribute_name);
  }
  *exists = attribute != NULL;
  return attribute == NULL || attribute->text == NULL ? NULL : attribute->text->value;
}

static bool constraint_holds(const K8smMesos__AttributeConstraint *constraint,
                             const struct local_agent *agent) {
  const constraint_predicate *predicate = constraint->predicate;
  bool exists;
  const char *text = constraint_text(constraint->selector, agent, &exists);
  switch (predicate->predicate_case) {
  case K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_EXISTS: return exists;
  case K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_NOT_EXISTS: return !exists;
  case K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_TEXT_EQUALS:
    return exists && (text == NULL || strcmp(text, predicate->text_equals->value) == 0);
  case K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_TEXT_NOT_EQUALS:
    return !exists || text == NULL || strcmp(text, predicate->text_not_equals->value) != 0;
  case K8SM_MESOS__ATTRIBUTE_CONSTRAINT__PREDICATE__PREDICATE_TEXT_MATCHES: return exists;
  default: return true;
  }
}

static bool constraint_group_holds(const K8smMesos__OfferConstraints__RoleConstraints__Group *group,
                                   const struct local_agent *agent) {
  for (size_t i = 0; i < group->n_attribute_constraints; i++) {
    if (!constraint_holds(group->attribute_constraints[i], agent)) return false;
  }
  return true;
}

bool k8smi_local_constraints_allow(const K8smMesos__OfferConstraints *constraints, struct k8sm_slice role,
                                   const struct local_agent *agent) {
  for (size_t i = 0; constraints != NULL && i < constraints->n_role_constraints; i++) {
    const K8smMesos__OfferConstraints__RoleConstraintsEntry *entry = constraints->role_constraints[i];
    if (entry->key == NULL || entry->value == NULL || !k8smi_eqs(role, entry->key)) continue;
    for (size_t j = 0; j < entry->value->n_groups; j++) {
      if (constraint_group_holds(entry->value->groups[j], agent)) return true;
    }
    return entry->value->n_groups == 0;
  }
  return true;
}
