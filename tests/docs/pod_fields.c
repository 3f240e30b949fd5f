/* SPDX-License-Identifier: Apache-2.0 */
/* Prints doc/pod-fields.md from the table that decides what becomes of each field of a PodSpec.
 * usage: pod_fields > doc/pod-fields.md */
#include "demand/misfit.h"
#include "demand/rules.h"
#include "pod/fields.h"

#include <k8smesos/manifest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool printed[K8SMI_TYPE_COUNT];

static const char *outcome(const struct k8smi_rule *rule) {
  static const char *const words[] = {
      [K8SMI_RULE_NONE] = "?",
      [K8SMI_RULE_MAPPED] = "mapped",
      [K8SMI_RULE_RESOLVED] = "resolved before",
      [K8SMI_RULE_BELOW] = "see below",
      [K8SMI_RULE_FREE] = "not needed",
      [K8SMI_RULE_NOTE] = "no effect, with a note",
      [K8SMI_RULE_IGNORED] = "no effect, with a warning",
      [K8SMI_RULE_LOSS] = "approximated, with a warning",
      [K8SMI_RULE_TOLD] = "mapped, with a warning for what is lost",
      [K8SMI_RULE_REFUSED] = "refused",
  };
  return words[rule->policy];
}

/* The values that are fine, each between signs of code. */
static void print_fine(const char *fine) {
  printf("`");
  for (const char *c = fine; *c != '\0'; c++) {
    if (*c == '|')
      printf("`, `");
    else
      putchar(*c);
  }
  printf("`");
}

static bool is_list(const struct k8smi_field *field) {
  return field->kind == K8SMI_KIND_LIST_RECORD;
}

static void print_words(const struct k8smi_rule *rule) {
  if (rule->when == K8SMI_WHEN_FALSE) printf("when it is false: ");
  if (rule->words != NULL) printf("%s", rule->words);
  if (rule->how == NULL) return;
  printf("; ");
  print_fine(rule->fine);
  printf(": %s", rule->how);
}

static void join_path(char text[256], const char *path, const struct k8smi_field *f) {
  snprintf(text, 256, "%s.%s%s", path, f->name.ptr, is_list(f) ? "[]" : "");
}

/* Every path of the type below another one's. What is in an init container is as in the others. */
static void print_paths(unsigned wanted, unsigned type, const char *path, const char **between) {
  const struct k8smi_rule *rules = k8smi_rules_of(type);
  const struct k8smi_type *t = &k8smi_types[type];
  for (unsigned i = 0; i < t->count; i++) {
    const struct k8smi_field *f = &t->fields[i];
    char below[256];
    if (rules[i].policy != K8SMI_RULE_BELOW || k8smi_rules_of(f->child) == NULL) continue;
    join_path(below, path, f);
    if (f->child == wanted) {
      printf("%s`%s`", *between, below);
      *between = ", ";
    } else if (strcmp(f->name.ptr, "initContainers") != 0) {
      print_paths(wanted, f->child, below, between);
    }
  }
}

static void print_type(unsigned type) {
  const struct k8smi_rule *rules = k8smi_rules_of(type);
  const struct k8smi_type *t = &k8smi_types[type];
  const char *between = "At ";
  printed[type] = true;
  printf("\n## %s\n\n", t->name.ptr);
  if (type == K8SMI_TYPE_PodSpec) printf("At `spec`");
  print_paths(type, K8SMI_TYPE_PodSpec, "spec", &between);
  printf(".\n\n| field | on Mesos | |\n| --- | --- | --- |\n");
  for (unsigned i = 0; i < t->count; i++) {
    printf("| %s | %s", t->fields[i].name.ptr, outcome(&rules[i]));
    if (rules[i].fine != NULL) {
      printf(", but for ");
      print_fine(rules[i].fine);
    }
    printf(" | ");
    print_words(&rules[i]);
    printf(" |\n");
  }
  for (unsigned i = 0; i < t->count; i++) {
    const struct k8smi_field *f = &t->fields[i];
    if (rules[i].policy != K8SMI_RULE_BELOW || printed[f->child] || k8smi_rules_of(f->child) == NULL)
      continue;
    print_type(f->child);
  }
}

/* What is left out unless it is asked for; the amounts are those that the library adds. */
static void print_admission(void) {
  static const char text[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{"
      "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";
  static const char *const fields[] = {"spec.priority", "spec.preemptionPolicy", "spec.tolerations"};
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = K8SM_PARSE_ADMISSION};
  struct k8sm_pod *pod = NULL;
  struct k8sm_blob *value = NULL;
  fputs("\n## What admission adds\n\n"
        "An API server lets its admission plugins change a pod before it is kept. The library does what two "
        "of\n"
        "them do where it is asked to (`K8SM_PARSE_ADMISSION`, `k8sm_pod_admit`, `--admission` of `km parse` "
        "and\n"
        "`km run`), and never by itself. Pods preempt others where that is asked for; nothing puts taints on "
        "nodes. A pod gets the\n"
        "priority and the preemption policy of its PriorityClass (of the same files, or system-node-critical "
        "and\n"
        "system-cluster-critical), of the default one if it names none; a class that is not there, or a "
        "priority\n"
        "that is another than the class's, is refused. It tolerates nodes that are not ready or not "
        "reachable for\n"
        "a while, unless it says something of them itself. A pod that says nothing gets:\n\n"
        "| field | value |\n| --- | --- |\n",
        stdout);
  if (k8sm_pod_parse(text, sizeof text - 1, &o, &pod, NULL) != K8SM_OK) exit(1);
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (k8sm_pod_get(pod, fields[i], NULL, &value) != K8SM_OK) exit(1);
    printf("| %s | `%s` |\n", fields[i], k8sm_blob_bytes(value).ptr);
    k8sm_blob_unref(value);
  }
  k8sm_pod_unref(pod);
}

/* What is said of a pod beside its spec. */
static void print_glossary(void) {
  static const char *const rows[][2] = {
      {"agent",
       "a node: what makes containers there, as the kubelet does. Its *attributes* are the node's labels"},
      {"master", "who knows all agents, and offers what is free on them"},
      {"offer",
       "resources of one agent that may be used now; the pod is placed on one, or on several of an agent"},
      {"framework",
       "who takes offers and runs pods on them: `km run`, or a program with this library. Each has one "
       "or more *roles*, for which resources are reserved"},
      {"executor", "what runs the containers of one pod, as its sandbox and pause container do"},
      {"task", "a container of the pod; one more, the *pause task*, keeps the executor"},
      {"sandbox",
       "a directory of the executor on its agent, for its volumes and the containers' output; it goes "
       "with them"},
      {"CNI network",
       "a network on which each pod has an address of its own: an operator sets it up on the agents, "
       "and names it here"},
      {"isolator", "a feature of agents that can be on or off, for each kind of limit, volume and namespace"},
      {"check, health check", "what an executor does for a readiness probe and for a liveness probe"},
      {"finding",
       "a note, a warning or an error of this library, with the path of the field that it is about"},
  };
  fputs("\n## Words\n\n| of Mesos, and here | what it is to a user of Kubernetes |\n| --- | --- |\n", stdout);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) printf("| %s | %s |\n", rows[i][0], rows[i][1]);
}

static void print_metadata(void) {
  static const struct {
    const char *what, *how;
  } rows[] = {
      {"name", "the executor's name; with the container's, that of each task, `nginx.web`"},
      {"namespace",
       "with the name and the uid a label of the executor and its tasks, `io.kubernetes.pod.namespace`"},
      {"uid", "part of the ids of the executor and its tasks: it must be there"},
      {"labels",
       "labels of the executor and its tasks, but for, with a note, those that have a name of ours: "
       "`io.kubernetes.pod.name`, `.namespace` and `.uid`, `io.kubernetes.annotation/…`"},
      {"annotations",
       "labels of the executor, with `io.kubernetes.annotation/` before their keys; but for kubectl's "
       "`last-applied-configuration` and, with a note, those of more than 1024 bytes"},
      {"the others",
       "nothing of Mesos'; `ownerReferences` tell which pods are of one workload, where pods are placed"},
      {"annotations `k8s.mesosphere.io/roles`, `constraints`, `gang`, `exclusive-agent`, `reservation` and "
       "others, "
       "label `k8s.mesosphere.io/portMapping`",
       "which offers and agents the pod may use: see "
       "[scheduling.md](scheduling.md#annotations-and-labels-of-a-pod)"},
      {"annotation `k8s.mesosphere.io/form`", "[the form](architecture.md) in which the pod runs"},
      {"annotation `k8s.mesosphere.io/network`", "the CNI network of its executor"},
      {"annotation `k8s.mesosphere.io/network-labels`", "`a=b,c=d`: labels of that network, for its plugin"},
      {"annotations `k8s.mesosphere.io/discovery-name`, `-environment`, `-location`, `-version`, else the "
       "labels "
       "`name`, `environment`, `location`, `version`",
       "the fields of `DiscoveryInfo` of tasks with ports, or of the first container where an annotation "
       "asks for "
       "one; "
       "the name, without any the pod's, becomes `NAME.NAMESPACE.pod`"},
      {"annotation `k8s.mesosphere.io/discovery-visibility`",
       "`framework`, `cluster` (the default) or `external`"},
      {"annotation `rlimits.k8smesos/CONTAINER`",
       "`nofile=1024:4096,core=unlimited`: `ContainerInfo.rlimit_info` of the container, soft and hard; a "
       "warning "
       "where no container has the name, as with the next"},
      {"annotation `entrypoint.k8smesos/CONTAINER`", "the entrypoint of the container's image, where it has "
                                                     "arguments and no command"},
  };
  fputs("\n## Metadata\n\n| at `metadata` | on Mesos |\n| --- | --- |\n", stdout);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    printf("| %s | %s |\n", rows[i].what, rows[i].how);
}

static void print_differences(void) {
  static const struct {
    const char *what, *why;
  } differences[] = {
#define DIFFERENCE(pattern, what, why) {what, why},
#include "../differential/differences.def"
#undef DIFFERENCE
  };
  printf("\n## Differences from the API server\n\n"
         "The fields are those of Kubernetes 1.37. Decoding, defaults, encoding and validation are compared\n"
         "with the code of its API server by `tests/differential`, over generated and mutated objects. What\n"
         "differs, and why:\n\n"
         "| here | why |\n| --- | --- |\n");
  for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
    printf("| %s | %s |\n", differences[i].what, differences[i].why);
}

static void print_command_task(void) {
  printf("\n## As a command task\n\n"
         "A pod of one container may be one command task, without an executor of its own (the form "
         "`command`, see\n"
         "[the forms](architecture.md)). What is said above of the executor is the task's then: resources, "
         "ports,\n"
         "network, hostname, labels of annotations; an emptyDir is a directory of the task's own sandbox. "
         "What such\n"
         "a pod can't have:\n\n| field | why |\n| --- | --- |\n");
  for (int docker = 0; docker < 2; docker++) {
    for (size_t i = 0; k8smi_demand_misfit(docker, i) != NULL; i++) {
      const struct k8smi_misfit *row = k8smi_demand_misfit(docker, i);
      printf("| %s%s | %s |\n", row->field, docker ? " (in the form `docker`)" : "", row->why);
    }
  }
  printf("\nThe form `docker` is the same of the Docker containerizer. There `command` takes the place of "
         "the image's\n"
         "entrypoint and `args` that of its arguments, `workingDir` is mapped, the user is a number or else "
         "the\n"
         "image's own, `privileged`, `readOnlyRootFilesystem` and, with a user, `runAsGroup` are mapped, "
         "limits of\n"
         "processes too; a network called `bridge` is Docker's, any other one of Docker's by its name. "
         "Secrets of\n"
         "registries are the agent's. A volume driver is told the volume's name alone: `options` have no "
         "effect, with\n"
         "a warning.\n");
}

int main(void) {
  fputs(
      "# What Mesos makes of each field of a pod\n\n"
      "This page is printed by `tests/docs/pod_fields` from the tables in `src/demand/rules.c` and\n"
      "`rules_volumes.c`, which are what the library does; a test compares them. Each field is in one of "
      "four "
      "columns:\n\n"
      "- *mapped*: to what, by the names of Mesos' messages (`TaskInfo`, `ExecutorInfo` and those in them), "
      "or "
      "to\n"
      "  what the driver does with it. *With a warning for what is lost*: of such a pod alone of which "
      "something "
      "is;\n"
      "- *approximated*, or *no effect*: how, with a finding that names the field; *not needed*: nothing is "
      "lost;\n"
      "- *resolved before*: a value that is computed from the pod and the data handed in (ConfigMaps, "
      "Secrets, "
      "claims);\n"
      "- *refused*: the pod is not run, and why.\n\n"
      "*But for* says which values ask for what is done anyway: they go without a finding. *By option* is "
      "`--command-probes`\n"
      "of `km`, `K8SM_DEMAND_COMMAND_PROBES` of the library. What is mapped to what, in a sentence: a pod is "
      "an "
      "executor, a\n"
      "container is a task of it ([architecture.md](architecture.md)).\n\n"
      "Nothing is dropped in silence: neither here nor by an agent that lacks an isolator, since a pod that "
      "needs one\n"
      "goes to agents that have it, as far as they say so "
      "([scheduling.md](scheduling.md#what-agents-can-do)). What "
      "is in a\n"
      "container of `initContainers` is as in one of `containers`.\n\n"
      "What holds here by default can be changed by field (`k8sm_field_policy`, `--policy` of `km`): "
      "`spec=refuse`\n"
      "refuses every pod of which anything is lost, `spec.hostAliases=warn` runs pods without their host "
      "aliases.\n",
      stdout);
  print_glossary();
  print_metadata();
  print_type(K8SMI_TYPE_PodSpec);
  print_command_task();
  print_admission();
  print_differences();
  return 0;
}
