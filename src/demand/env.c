/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a container, resolved:
 * https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/ */
#include "demand/build.h"

#include "wire/utf8.h"

#include <k8smesos/cluster.h>

/* ---- $(NAME) ---- */

/* The variable that a reference at text[0] == '$' names; its length in *used. Neither: ptr is NULL. */
static struct k8sm_slice env_reference(struct k8sm_slice text, size_t *used) {
  struct k8sm_slice none = {NULL, 0};
  if (text.len < 2 || text.ptr[1] != '(') return none;
  const char *end = memchr(text.ptr, ')', text.len);
  if (end == NULL) return none;
  *used = (size_t)(end - text.ptr) + 1;
  return (struct k8sm_slice){text.ptr + 2, *used - 3};
}

static const struct k8smi_demand_env *env_find(const struct k8smi_demand_source *s, struct k8sm_slice name) {
  uint32_t i = k8smi_map_get(&s->variables, name);
  return i == K8SMI_MAP_NONE ? NULL : &s->task->env[i];
}

static void env_expand_into(struct k8smi_buf *buf, const struct k8smi_demand_source *s,
                            struct k8sm_slice text) {
  size_t i = 0;
  while (i < text.len && buf->len <= K8SMI_DEMAND_MAX_TEXT) {
    struct k8sm_slice rest = {text.ptr + i, text.len - i};
    size_t used = 1;
    if (rest.ptr[0] == '$' && rest.len > 1 && rest.ptr[1] == '$') {
      k8smi_buf_putc(buf, '$');
      i += 2;
      continue;
    }
    struct k8sm_slice name = {NULL, 0};
    if (rest.ptr[0] == '$') name = env_reference(rest, &used);
    const struct k8smi_demand_env *variable = name.ptr == NULL ? NULL : env_find(s, name);
    k8smi_buf_put(buf, variable == NULL ? rest.ptr : variable->value.ptr,
                  variable == NULL ? used : variable->value.len);
    i += used;
  }
}

struct k8sm_slice k8smi_demand_expand(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                                      struct k8sm_slice text, const struct k8smi_path *path) {
  if (text.len == 0 || memchr(text.ptr, '$', text.len) == NULL) return text;
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return text;
  }
  env_expand_into(&buf, s, text);
  if (buf.len > K8SMI_DEMAND_MAX_TEXT) {
    k8smi_demand_refuse(b, path, "expands to more than %d bytes: no program can be given it",
                        (int)K8SMI_DEMAND_MAX_TEXT);
    k8smi_buf_free(&buf);
    return text;
  }
  return k8smi_demand_take(b, &buf);
}

/* ---- Variables ---- */

/* A later variable of the same name takes the place of the former. */
static void env_set(struct k8smi_demand_build *b, struct k8smi_demand_source *s, struct k8smi_demand_env *env,
                    const struct k8smi_demand_env *variable, const struct k8smi_path *path) {
  if (!variable->secret &&
      k8smi_text_valid(variable->value.ptr, variable->value.len) != variable->value.len) {
    k8smi_demand_refuse(b, path, "the value of '%.*s' is no text", K8SMI_P(variable->name));
    return;
  }
  uint32_t i = k8smi_map_get(&s->variables, variable->name);
  if (i == K8SMI_MAP_NONE) {
    i = (uint32_t)s->task->env_count;
    if (!k8smi_map_put(&s->variables, variable->name, i)) {
      b->no_memory = true;
      return;
    }
    s->task->env_count++;
  }
  env[i] = *variable;
  if (variable->secret) b->demand->features |= K8SM_FEATURE_SECRETS;
}

/* A name that the C library could not tell from its value is left out, as the kubelet does. */
static bool env_name_valid(struct k8sm_slice name) {
  return name.len > 0 && memchr(name.ptr, '=', name.len) == NULL && memchr(name.ptr, '\0', name.len) == NULL;
}

static void env_from_object(struct k8smi_demand_build *b, struct k8smi_demand_source *s,
                            struct k8smi_demand_env *env, const char *kind, struct k8sm_slice name,
                            struct k8sm_slice prefix, const struct k8smi_path *path) {
  const struct k8sm_manifest_data *rows;
  size_t count = k8smi_demand_object(b, kind, name, &rows);
  for (size_t i = 0; i < count; i++) {
    struct k8smi_buf buf;
    if (rows[i].key.ptr == NULL) continue; /* an object without keys */
    if (!k8smi_buf_init(&buf, &b->demand->arena.allocator)) {
      b->no_memory = true;
      return;
    }
    k8smi_buf_slice(&buf, prefix);
    k8smi_buf_slice(&buf, rows[i].key);
    struct k8smi_demand_env variable = {k8smi_demand_take(b, &buf), k8smi_demand_copy(b, rows[i].value),
                                        kind[0] == 'S'};
    if (env_name_valid(variable.name)) {
      env_set(b, s, env, &variable, path);
    } else if (variable.name.ptr != NULL) {
      k8smi_find(b->diags, K8SM_DIAG_TASK_FIELD_IGNORED, path, "the key '%.*s' is no name of a variable",
                 K8SMI_P(rows[i].key));
    }
  }
}

static void env_from(struct k8smi_demand_build *b, struct k8smi_demand_source *s,
                     struct k8smi_demand_env *env, const struct k8smi_record *from,
                     const struct k8smi_path *path) {
  static const struct {
    const char *kind;
    const char *field;
    unsigned slot, name, optional;
  } sources[] = {{"ConfigMap", "configMapRef", K8SMI_EnvFromSource_configMapRef,
                  K8SMI_ConfigMapEnvSource_name, K8SMI_ConfigMapEnvSource_optional},
                 {"Secret", "secretRef", K8SMI_EnvFromSource_secretRef, K8SMI_SecretEnvSource_name,
                  K8SMI_SecretEnvSource_optional}};
  struct k8sm_slice prefix = k8smi_get_str(from, K8SMI_EnvFromSource_prefix);
  for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
    const struct k8smi_record *ref = k8smi_get_record(from, sources[i].slot);
    if (ref == NULL) continue;
    struct k8smi_path at = k8smi_path_field(path, k8smi_s(sources[i].field));
    struct k8sm_slice name = k8smi_get_str(ref, sources[i].name);
    const struct k8sm_manifest_data *rows;
    if (k8smi_demand_object(b, sources[i].kind, name, &rows) > 0) {
      env_from_object(b, s, env, sources[i].kind, name, prefix, &at);
    } else if (!k8smi_get_bool(ref, sources[i].optional, false)) {
      k8smi_demand_refuse(b, &at, "the %s '%.*s' was not handed in", sources[i].kind, K8SMI_P(name));
    }
  }
}

/* configMapKeyRef, secretKeyRef. False: the variable stays unset. */
static bool env_key_value(struct k8smi_demand_build *b, const char *kind, const struct k8smi_record *ref,
                          const struct k8smi_path *path, struct k8sm_slice *ret) {
  bool secret = kind[0] == 'S';
  struct k8sm_slice name =
      k8smi_get_str(ref, secret ? K8SMI_SecretKeySelector_name : K8SMI_ConfigMapKeySelector_name);
  struct k8sm_slice key =
      k8smi_get_str(ref, secret ? K8SMI_SecretKeySelector_key : K8SMI_ConfigMapKeySelector_key);
  unsigned optional =
      secret ? (unsigned)K8SMI_SecretKeySelector_optional : (unsigned)K8SMI_ConfigMapKeySelector_optional;
  const struct k8sm_manifest_data *row = k8smi_demand_key(b, kind, name, key);
  if (row == NULL) {
    if (!k8smi_get_bool(ref, optional, false)) {
      k8smi_demand_refuse(b, path, "the key '%.*s' of %s '%.*s' was not handed in", K8SMI_P(key), kind,
                          K8SMI_P(name));
    }
    return false;
  }
  *ret = k8smi_demand_copy(b, row->value);
  return ret->ptr != NULL;
}

/* valueFrom. False: the variable stays unset. */
static bool env_value_from(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                           const struct k8smi_record *from, const struct k8smi_path *path,
                           struct k8smi_demand_env *variable) {
  const struct k8smi_record *ref;
  if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_fieldRef)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("fieldRef"));
    return k8smi_demand_field_value(b, ref, &at, &variable->value);
  }
  if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_resourceFieldRef)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("resourceFieldRef"));
    return k8smi_demand_resource_value(b, ref, s->task->container, &at, &variable->value);
  }
  if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_configMapKeyRef)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("configMapKeyRef"));
    return env_key_value(b, "ConfigMap", ref, &at, &variable->value);
  }
  if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_secretKeyRef)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("secretKeyRef"));
    variable->secret = true;
    return env_key_value(b, "Secret", ref, &at, &variable->value);
  }
  return false;
}

static void env_one(struct k8smi_demand_build *b, struct k8smi_demand_source *s, struct k8smi_demand_env *env,
                    const struct k8smi_record *record, const struct k8smi_path *path) {
  struct k8smi_demand_env variable = {k8smi_get_str(record, K8SMI_EnvVar_name), {"", 0}, false};
  const struct k8smi_record *from = k8smi_get_record(record, K8SMI_EnvVar_valueFrom);
  if (from != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("valueFrom"));
    if (!env_value_from(b, s, from, &at, &variable)) return;
  } else if (k8smi_get_str(record, K8SMI_EnvVar_value).len > 0) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("value"));
    variable.value = k8smi_demand_expand(b, s, k8smi_get_str(record, K8SMI_EnvVar_value), &at);
  }
  if (!b->no_memory) env_set(b, s, env, &variable, path);
}

/* How many variables there can be at most. */
static size_t env_count(const struct k8smi_demand_build *b, const struct k8smi_demand_source *s) {
  struct k8smi_list from = k8smi_get_list(s->container, K8SMI_Container_envFrom);
  size_t n = k8smi_get_list(s->container, K8SMI_Container_env).count;
  for (size_t i = 0; i < from.count; i++) {
    const struct k8smi_record *record = k8smi_list_record(from, i);
    const struct k8smi_record *map = k8smi_get_record(record, K8SMI_EnvFromSource_configMapRef);
    const struct k8smi_record *secret = k8smi_get_record(record, K8SMI_EnvFromSource_secretRef);
    const struct k8sm_manifest_data *rows;
    n += k8smi_demand_object(b, "ConfigMap", k8smi_get_str(map, K8SMI_ConfigMapEnvSource_name), &rows);
    n += k8smi_demand_object(b, "Secret", k8smi_get_str(secret, K8SMI_SecretEnvSource_name), &rows);
  }
  return n;
}

void k8smi_demand_make_env(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  struct k8smi_path from_path = k8smi_path_field(s->path, K8SMI_S("envFrom"));
  struct k8smi_path env_path = k8smi_path_field(s->path, K8SMI_S("env"));
  struct k8smi_list from = k8smi_get_list(s->container, K8SMI_Container_envFrom);
  struct k8smi_list list = k8smi_get_list(s->container, K8SMI_Container_env);
  struct k8smi_demand_env *env = k8smi_demand_array(b, env_count(b, s), sizeof *env);
  s->task->env = env;
  for (size_t i = 0; i < from.count && !b->no_memory; i++) {
    struct k8smi_path at = k8smi_path_index(&from_path, i);
    env_from(b, s, env, k8smi_list_record(from, i), &at);
  }
  for (size_t i = 0; i < list.count && !b->no_memory; i++) {
    struct k8smi_path at = k8smi_path_index(&env_path, i);
    env_one(b, s, env, k8smi_list_record(list, i), &at);
  }
}
