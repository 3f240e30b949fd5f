/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* What a master refuses of a command, in its order and its words. */

static const char *command_secret(const K8smMesos__Secret *secret) {
  switch (secret->type) {
  case K8SM_MESOS__SECRET__TYPE__REFERENCE:
    if (secret->reference == NULL) return "Secret of type REFERENCE must have the 'reference' field set";
    return secret->value == NULL ? NULL : "Secret of type REFERENCE must not have the 'value' field set";
  case K8SM_MESOS__SECRET__TYPE__VALUE:
    if (secret->value == NULL) return "Secret of type VALUE must have the 'value' field set";
    return secret->reference == NULL ? NULL : "Secret of type VALUE must not have the 'reference' field set";
  default: return NULL;
  }
}

static const char *command_secret_variable(struct k8smi_arena *arena, const char *name,
                                           const K8smMesos__Environment__Variable *v) {
  if (v->secret == NULL)
    return LOCAL_WORDS(arena, "Environment variable '", name, "' of type 'SECRET' must have a secret set");
  if (v->value != NULL)
    return LOCAL_WORDS(arena, "Environment variable '", name, "' of type 'SECRET' must not have a value set");
  const char *fault = command_secret(v->secret);
  if (fault != NULL)
    return LOCAL_WORDS(arena, "Environment variable '", name, "' specifies an invalid secret: ", fault);
  const K8smMesos__Secret__Value *value = v->secret->value;
  bool nul = value != NULL && value->data.len > 0 && memchr(value->data.data, '\0', value->data.len) != NULL;
  return nul ? LOCAL_WORDS(
                   arena, "Environment variable '", name,
                   "' specifies a secret containing null bytes, which is not allowed in the environment")
             : NULL;
}

static const char *command_variable(struct k8smi_arena *arena, const K8smMesos__Environment__Variable *v) {
  const char *name = v->name == NULL ? "" : v->name;
  if (v->has_type && v->type == K8SM_MESOS__ENVIRONMENT__VARIABLE__TYPE__SECRET)
    return command_secret_variable(arena, name, v);
  if (v->has_type && v->type != K8SM_MESOS__ENVIRONMENT__VARIABLE__TYPE__VALUE)
    return "Environment variable of type 'UNKNOWN' is not allowed";
  if (v->value == NULL)
    return LOCAL_WORDS(arena, "Environment variable '", name, "' of type 'VALUE' must have a value set");
  return v->secret == NULL ? NULL
                           : LOCAL_WORDS(arena, "Environment variable '", name,
                                         "' of type 'VALUE' must not have a secret set");
}

const char *k8smi_local_command_fault(struct k8smi_arena *arena, const K8smMesos__CommandInfo *command) {
  const K8smMesos__Environment *environment = command->environment;
  const char *fault = NULL;
  for (size_t i = 0; environment != NULL && i < environment->n_variables && fault == NULL; i++)
    fault = command_variable(arena, environment->variables[i]);
  return fault;
}
