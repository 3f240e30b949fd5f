/* SPDX-License-Identifier: Apache-2.0 */
/* Prints doc/pod-fields.md from the table that decides what becomes of each field of a PodSpec.
 * usage: pod_fields > doc/pod-fields.md */
#include "demand/rules.h"
#include "pod/fields.h"

#include <stdio.h>
#include <string.h>

static bool printed[K8SMI_TYPE_COUNT];

static const char *outcome(const struct k8smi_rule *rule) {
  static const char *const words[] = {
      [K8SMI_RULE_NONE] = "?",
      [K8SMI_RULE_MAPPED] = "mapped",
      [K8SMI_RULE_BELOW] = "see below",
      [K8SMI_RULE_FREE] = "not needed",
      [K8SMI_RULE_NOTE] = "no effect, with a note",
      [K8SMI_RULE_IGNORED] = "no effect, with a warning",
      [K8SMI_RULE_LOSS] = "approximated, with a warning",
      [K8SMI_RULE_REFUSED] = "refused",
  };
  return words[rule->policy];
}

static bool is_list(const struct k8smi_field *field) {
  return field->kind == K8SMI_KIND_LIST_RECORD;
}

static void print_words(const struct k8smi_rule *rule) {
  if (rule->when == K8SMI_WHEN_FALSE) printf("when it is false: ");
  if (rule->words != NULL) printf("%s", rule->words);
  if (rule->fine != NULL) {
    printf("; fine are ");
    for (const char *c = rule->fine; *c != '\0'; c++) {
      if (*c == '|') printf(", ");
      else putchar(*c);
    }
  }
}

static void print_type(unsigned type, const char *path) {
  const struct k8smi_rule *rules = k8smi_rules_of(type);
  const struct k8smi_type *t = &k8smi_types[type];
  printed[type] = true;
  printf("\n## %s\n\nAt `%s`.\n\n| field | on Mesos | |\n| --- | --- | --- |\n", t->name.ptr, path);
  for (unsigned i = 0; i < t->count; i++) {
    printf("| %s | %s | ", t->fields[i].name.ptr, outcome(&rules[i]));
    print_words(&rules[i]);
    printf(" |\n");
  }
  for (unsigned i = 0; i < t->count; i++) {
    const struct k8smi_field *f = &t->fields[i];
    char below[256];
    if (rules[i].policy != K8SMI_RULE_BELOW || printed[f->child] || k8smi_rules_of(f->child) == NULL) continue;
    snprintf(below, sizeof below, "%s.%s%s", path, f->name.ptr, is_list(f) ? "[]" : "");
    print_type(f->child, below);
  }
}

int main(void) {
  fputs("# What Mesos makes of each field of a pod\n\n"
        "This page is printed by `tests/docs/pod_fields` from the table in `src/demand/rules.c`, which is what the\n"
        "library does; a test compares the two. *Refused* means that the pod is not run, and why. *No effect* and\n"
        "*approximated* come with a finding that names the field. Nothing is dropped in silence. A type that stands\n"
        "at several places (a container among `containers` and `initContainers`) is described at the first.\n",
        stdout);
  print_type(K8SMI_TYPE_PodSpec, "spec");
  return 0;
}
