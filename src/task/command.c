/* SPDX-License-Identifier: Apache-2.0 */
#include "task/build.h"

static char **task_words(struct k8smi_task_build *b, struct k8smi_strings words) {
  char **items = k8smi_task_array(b, words.count, sizeof *items);
  for (size_t i = 0; items != NULL && i < words.count; i++) {
    items[i] = k8smi_task_text_or_empty(words.items[i]);
  }
  return items;
}

/* Never a shell of Mesos' own: the value is the program, the arguments repeat it. */
K8smMesos__CommandInfo *k8smi_task_argv(struct k8smi_task_build *b, struct k8smi_strings argv) {
  K8smMesos__CommandInfo *command = K8SMI_TASK_NEW(b, CommandInfo, command_info);
  if (command == NULL) return NULL;
  command->has_shell = true;
  command->shell = false;
  if (argv.count == 0) return command;
  command->arguments = task_words(b, argv);
  if (command->arguments == NULL) return NULL;
  command->n_arguments = argv.count;
  command->value = command->arguments[0];
  return command;
}

static K8smMesos__Environment__Variable *task_variable(struct k8smi_task_build *b,
                                                       const struct k8smi_demand_task *task,
                                                       const struct k8smi_variable *env) {
  struct k8sm_slice value = k8smi_task_placed(b, task, env->value);
  K8smMesos__Environment__Variable *v = K8SMI_TASK_NEW(b, Environment__Variable, environment__variable);
  if (v == NULL) return NULL;
  v->name = k8smi_task_text(env->name);
  v->has_type = true;
  v->type = K8SM_MESOS__ENVIRONMENT__VARIABLE__TYPE__VALUE;
  if (env->secret) {
    v->type = K8SM_MESOS__ENVIRONMENT__VARIABLE__TYPE__SECRET;
    v->secret = k8smi_task_secret(b, value);
    return v;
  }
  v->value = k8smi_task_text_or_empty(value);
  return v;
}

static K8smMesos__Environment *task_environment(struct k8smi_task_build *b,
                                                const struct k8smi_demand_task *task) {
  if (task->env_count == 0) return NULL;
  K8smMesos__Environment *environment = K8SMI_TASK_NEW(b, Environment, environment);
  if (environment == NULL) return NULL;
  environment->variables = k8smi_task_array(b, task->env_count, sizeof *environment->variables);
  for (size_t i = 0; environment->variables != NULL && i < task->env_count; i++) {
    K8smMesos__Environment__Variable *v = task_variable(b, task, &task->env[i]);
    if (v == NULL) return NULL;
    environment->variables[environment->n_variables++] = v;
  }
  return environment;
}

/* The words, where some have stand-ins. */
static struct k8smi_strings command_placed(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                                           struct k8smi_strings words) {
  if (!task->placed) return words;
  struct k8sm_slice *placed = k8smi_task_array(b, words.count, sizeof *placed);
  if (placed == NULL) return (struct k8smi_strings){NULL, 0};
  for (size_t i = 0; i < words.count; i++) placed[i] = k8smi_task_placed(b, task, words.items[i]);
  return (struct k8smi_strings){placed, words.count};
}

/* The image's entrypoint is another (k8smi_task_docker), or its own; these are what comes behind it. */
static K8smMesos__CommandInfo *command_of_docker(struct k8smi_task_build *b,
                                                 const struct k8smi_demand_task *task) {
  struct k8smi_strings argv = command_placed(b, task, task->argv);
  K8smMesos__CommandInfo *command = K8SMI_TASK_NEW(b, CommandInfo, command_info);
  if (command == NULL) return NULL;
  command->has_shell = true;
  command->shell = false;
  command->environment = task_environment(b, task);
  if (argv.count <= task->has_value) return command;
  command->arguments =
      task_words(b, (struct k8smi_strings){argv.items + task->has_value, argv.count - task->has_value});
  command->n_arguments = argv.count - task->has_value;
  return command->arguments == NULL ? NULL : command;
}

K8smMesos__CommandInfo *k8smi_task_command(struct k8smi_task_build *b, const struct k8smi_demand_task *task) {
  struct k8smi_strings none = {NULL, 0};
  if (k8smi_demand_is_docker(b->demand)) return command_of_docker(b, task);
  K8smMesos__CommandInfo *command =
      k8smi_task_argv(b, task->has_value ? command_placed(b, task, task->argv) : none);
  if (command == NULL) return NULL;
  command->environment = task_environment(b, task);
  command->user = k8smi_task_text(task->user);
  return command;
}
