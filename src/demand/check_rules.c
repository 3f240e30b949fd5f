/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over the spec that holds each field against its row. */
#include "demand/rules.h"

#include "pod/fields.h"

static void rules_check_record(struct k8smi_demand_build *b, unsigned type, const struct k8smi_record *record,
                               const struct k8smi_path *path);

/* Is the text one of those between the bars? */
static bool rules_is_fine(const char *fine, struct k8sm_slice text) {
  while (fine != NULL && *fine != '\0') {
    const char *bar = strchr(fine, '|');
    size_t len = bar == NULL ? strlen(fine) : (size_t)(bar - fine);
    if (k8smi_eq((struct k8sm_slice){fine, len}, text)) return true;
    fine += bar == NULL ? len : len + 1;
  }
  return false;
}

/* Does the field hold what its row speaks of? */
static bool rules_applies(const struct k8smi_rule *rule, const struct k8smi_field *field,
                          const struct k8smi_record *record, unsigned index) {
  if (!k8smi_has(record, index)) return false;
  switch (field->kind) {
  case K8SMI_KIND_STRING: {
    struct k8sm_slice text = k8smi_get_str(record, index);
    return text.len > 0 && !rules_is_fine(rule->fine, text);
  }
  case K8SMI_KIND_BOOL: return k8smi_get_bool(record, index, false) == (rule->when != K8SMI_WHEN_FALSE);
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: return k8smi_get_i64(record, index, 0) != 0;
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_INT_OR_STRING:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_RAW:
  case K8SMI_KIND_RECORD: return true;
  default: return k8smi_get_list(record, index).count > 0;
  }
}

/* What the Docker containerizer does, and the other one does not; see docker.c. */
static bool rules_docker_does(unsigned type, unsigned field) {
  if (type == K8SMI_TYPE_PodSecurityContext) return field == K8SMI_PodSecurityContext_runAsGroup;
  return type == K8SMI_TYPE_SecurityContext &&
         (field == K8SMI_SecurityContext_privileged || field == K8SMI_SecurityContext_runAsGroup ||
          field == K8SMI_SecurityContext_readOnlyRootFilesystem);
}

static void rules_report(struct k8smi_demand_build *b, const struct k8smi_rule *rule,
                         const struct k8smi_path *path) {
  switch (rule->policy) {
  case K8SMI_RULE_NOTE: K8SMI_DEMAND_NOTE(b, IGNORED, path, "%s", rule->words); break;
  case K8SMI_RULE_IGNORED: K8SMI_DEMAND_WARN(b, IGNORED, path, "%s", rule->words); break;
  case K8SMI_RULE_LOSS: K8SMI_DEMAND_WARN(b, APPROXIMATED, path, "%s", rule->words); break;
  case K8SMI_RULE_REFUSED: k8smi_demand_cannot(b, path, "%s", rule->words); break;
  default: break;
  }
}

static void rules_check_below(struct k8smi_demand_build *b, const struct k8smi_field *field,
                              const struct k8smi_record *record, unsigned index,
                              const struct k8smi_path *path) {
  if (field->kind == K8SMI_KIND_RECORD) {
    rules_check_record(b, field->child, k8smi_get_record(record, index), path);
    return;
  }
  struct k8smi_list list = k8smi_get_list(record, index);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path item = k8smi_path_index(path, i);
    rules_check_record(b, field->child, k8smi_list_record(list, i), &item);
  }
}

/* As deep as the tables go: types do not contain themselves there. */
static void rules_check_record(struct k8smi_demand_build *b, unsigned type, const struct k8smi_record *record,
                               const struct k8smi_path *path) {
  const struct k8smi_rule *rules = k8smi_rules_of(type);
  if (rules == NULL) return;
  for (unsigned i = 0; i < k8smi_types[type].count; i++) {
    const struct k8smi_field *field = &k8smi_types[type].fields[i];
    if (!rules_applies(&rules[i], field, record, i)) continue;
    if (k8smi_demand_is_docker(b->demand) && rules_docker_does(type, i)) continue;
    struct k8smi_path at = k8smi_path_field(path, field->name);
    if (rules[i].policy == K8SMI_RULE_BELOW) {
      rules_check_below(b, field, record, i, &at);
    } else {
      rules_report(b, &rules[i], &at);
    }
  }
}

void k8smi_demand_check_rules(struct k8smi_demand_build *b) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  rules_check_record(b, K8SMI_TYPE_PodSpec, b->spec, &spec);
}
