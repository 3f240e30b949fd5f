/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a container:
 * https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/ */
#include "pod/resolve.h"

#include "wire/utf8.h"

void k8smi_environment_free(struct k8smi_environment *env) {
  k8smi_map_free(&env->names);
}

static void env_init(struct k8smi_resolve *r, struct k8smi_environment *env) {
  struct k8sm_slice uid = k8smi_get_str(r->metadata, K8SMI_ObjectMeta_uid);
  memset(env, 0, sizeof *env);
  k8smi_map_init(&env->names, &r->arena->allocator, k8smi_hash(uid.ptr, uid.len, 1));
}

/* A later variable of the same name takes the place of the former. */
static void env_put(struct k8smi_resolve *r, struct k8smi_environment *env,
                    const struct k8smi_variable *variable) {
  uint32_t i = k8smi_map_get(&env->names, variable->name);
  if (i == K8SMI_MAP_NONE) {
    struct k8smi_variable *items =
        k8smi_resolve_grow(r, env->items, env->count, &env->cap, sizeof *env->items);
    if (items == NULL) return;
    env->items = items;
    i = (uint32_t)env->count;
    if (!k8smi_map_put(&env->names, variable->name, i)) {
      r->no_memory = true;
      return;
    }
    env->count++;
  }
  env->items[i] = *variable;
}

/* A stand-in holds a NUL, and is none of theirs in the end. Programs are given texts that end with a NUL, and
 * Mesos those that are UTF-8 unless they are secret. */
static void env_set(struct k8smi_resolve *r, struct k8smi_environment *env,
                    const struct k8smi_variable *variable, const struct k8smi_path *path) {
  struct k8sm_slice value = variable->value;
  bool text = variable->placed   ? true
              : variable->secret ? value.len == 0 || memchr(value.ptr, '\0', value.len) == NULL
                                 : k8smi_text_valid(value.ptr, value.len) == value.len;
  if (text) {
    env_put(r, env, variable);
  } else {
    k8smi_resolve_find(r, K8SM_DIAG_FIELD_INVALID, path, "the value of '%.*s' is no text",
                       K8SMI_P(variable->name));
  }
}

/* ---- envFrom ---- */

/* A name that the C library could not tell from its value is left out. */
static bool env_name_valid(struct k8sm_slice name) {
  return name.len > 0 && memchr(name.ptr, '=', name.len) == NULL && memchr(name.ptr, '\0', name.len) == NULL;
}

static struct k8sm_slice env_join(struct k8smi_resolve *r, struct k8sm_slice prefix, struct k8sm_slice key) {
  struct k8smi_buf buf;
  if (prefix.len == 0) return key;
  if (!k8smi_buf_init(&buf, &r->arena->allocator)) {
    r->no_memory = true;
    return key;
  }
  k8smi_buf_slice(&buf, prefix);
  k8smi_buf_slice(&buf, key);
  return k8smi_resolve_take(r, &buf);
}

/* Every key of an object that has a text. */
static void env_from_row(struct k8smi_resolve *r, struct k8smi_environment *env, struct k8smi_data_row *row,
                         struct k8sm_slice prefix, bool secret, const struct k8smi_path *path) {
  if (row->d.key.len == 0 || (row->d.flags & K8SM_DATA_BINARY) != 0) return;
  if (!k8smi_data_keep(row, r->arena)) {
    r->no_memory = true;
    return;
  }
  struct k8smi_variable variable = {env_join(r, prefix, row->d.key), row->d.value, secret, false};
  if (r->no_memory) return;
  if (env_name_valid(variable.name)) {
    env_set(r, env, &variable, path);
  } else {
    k8smi_find_as(r->diags, K8SM_DIAG_FIELD_INVALID, K8SM_SEVERITY_WARNING, path,
                  "the key '%.*s' is no name of a variable: it is left out", K8SMI_P(row->d.key));
  }
}

static void env_from(struct k8smi_resolve *r, struct k8smi_environment *env, const struct k8smi_record *from,
                     const struct k8smi_path *path) {
  static const struct {
    struct k8sm_slice field;
    unsigned slot, name, optional;
  } sources[] = {{{"configMapRef", 12},
                  K8SMI_EnvFromSource_configMapRef,
                  K8SMI_ConfigMapEnvSource_name,
                  K8SMI_ConfigMapEnvSource_optional},
                 {{"secretRef", 9},
                  K8SMI_EnvFromSource_secretRef,
                  K8SMI_SecretEnvSource_name,
                  K8SMI_SecretEnvSource_optional}};
  struct k8sm_slice prefix = k8smi_get_str(from, K8SMI_EnvFromSource_prefix);
  for (int kind = K8SMI_DATA_CONFIG_MAP; kind <= K8SMI_DATA_SECRET; kind++) {
    const struct k8smi_record *ref = k8smi_get_record(from, sources[kind].slot);
    if (ref == NULL) continue;
    struct k8smi_path at = k8smi_path_field(path, sources[kind].field);
    struct k8sm_slice name = k8smi_get_str(ref, sources[kind].name);
    struct k8smi_data_row *const *rows;
    size_t count = k8smi_data_object(&r->data, (enum k8smi_data_kind)kind, name, &rows);
    for (size_t i = 0; i < count && !r->no_memory; i++)
      env_from_row(r, env, rows[i], prefix, kind == K8SMI_DATA_SECRET, &at);
    if (count == 0 && !k8smi_get_bool(ref, sources[kind].optional, false))
      k8smi_resolve_no_object(r, (enum k8smi_data_kind)kind, name, &at);
  }
}

/* ---- env ---- */

/* configMapKeyRef, secretKeyRef. False: the variable stays unset. */
static bool env_key_value(struct k8smi_resolve *r, enum k8smi_data_kind kind, const struct k8smi_record *ref,
                          const struct k8smi_path *path, struct k8sm_slice *ret) {
  static const unsigned names[] = {K8SMI_ConfigMapKeySelector_name, K8SMI_SecretKeySelector_name};
  static const unsigned keys[] = {K8SMI_ConfigMapKeySelector_key, K8SMI_SecretKeySelector_key};
  static const unsigned optionals[] = {K8SMI_ConfigMapKeySelector_optional, K8SMI_SecretKeySelector_optional};
  struct k8sm_slice name = k8smi_get_str(ref, names[kind]), key = k8smi_get_str(ref, keys[kind]);
  struct k8smi_data_row *const *rows, *row = k8smi_data_key(&r->data, kind, name, key);
  if (row != NULL && (row->d.flags & K8SM_DATA_BINARY) == 0) {
    if (!k8smi_data_keep(row, r->arena)) r->no_memory = true;
    *ret = row->d.value;
    return !r->no_memory;
  }
  if (k8smi_get_bool(ref, optionals[kind], false)) return false;
  if (k8smi_data_object(&r->data, kind, name, &rows) == 0) {
    k8smi_resolve_no_object(r, kind, name, path);
  } else {
    struct k8sm_slice space = k8smi_get_str(r->metadata, K8SMI_ObjectMeta_namespace);
    k8smi_resolve_find(r, K8SM_DIAG_FIELD_NOT_FOUND, path, "couldn't find key %.*s in %s %.*s/%.*s",
                       K8SMI_P(key), k8smi_data_kinds[kind], K8SMI_P(space), K8SMI_P(name));
  }
  return false;
}

static bool env_file_value(struct k8smi_resolve *r, const struct k8smi_record *ref,
                           const struct k8smi_path *path) {
  struct k8sm_slice file = k8smi_get_str(ref, K8SMI_FileKeySelector_path);
  struct k8sm_slice volume = k8smi_get_str(ref, K8SMI_FileKeySelector_volumeName);
  if (!r->skip_file_key)
    k8smi_resolve_find(r, K8SM_DIAG_VALUE_UNKNOWN, path,
                       "the file '%.*s' of volume '%.*s' is written where the pod runs", K8SMI_P(file),
                       K8SMI_P(volume));
  return false;
}

/* The very texts that were handed in for what is not known yet: others may look like them. */
static bool env_is_stand_in(const struct k8smi_resolve *r, struct k8sm_slice value) {
  bool handed_in =
      value.ptr == r->node.name.ptr || value.ptr == r->node.host_ips.ptr || value.ptr == r->node.pod_ips.ptr;
  return value.len > 0 && value.ptr[0] == '\0' && handed_in;
}

/* valueFrom. False: the variable stays unset. */
static bool env_value_from(struct k8smi_resolve *r, const struct k8smi_record *container,
                           const struct k8smi_record *from, const struct k8smi_path *path,
                           struct k8smi_variable *variable) {
  static const unsigned kinds[] = {K8SMI_EnvVarSource_fieldRef, K8SMI_EnvVarSource_resourceFieldRef,
                                   K8SMI_EnvVarSource_configMapKeyRef, K8SMI_EnvVarSource_secretKeyRef,
                                   K8SMI_EnvVarSource_fileKeyRef};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const struct k8smi_record *ref = k8smi_get_record(from, kinds[i]);
    if (ref == NULL) continue;
    struct k8smi_path at = k8smi_path_field(path, k8smi_types[K8SMI_TYPE_EnvVarSource].fields[kinds[i]].name);
    switch (kinds[i]) {
    case K8SMI_EnvVarSource_fieldRef:
      if (!k8smi_resolve_field(r, ref, &at, false, &variable->value)) return false;
      variable->placed = env_is_stand_in(r, variable->value);
      return true;
    case K8SMI_EnvVarSource_resourceFieldRef:
      return k8smi_resolve_resource(r, ref, container, &at, &variable->value);
    case K8SMI_EnvVarSource_configMapKeyRef:
      return env_key_value(r, K8SMI_DATA_CONFIG_MAP, ref, &at, &variable->value);
    case K8SMI_EnvVarSource_secretKeyRef:
      variable->secret = true;
      return env_key_value(r, K8SMI_DATA_SECRET, ref, &at, &variable->value);
    default: return env_file_value(r, ref, &at);
    }
  }
  return true;
}

static void env_one(struct k8smi_resolve *r, struct k8smi_environment *env,
                    const struct k8smi_record *container, const struct k8smi_record *record,
                    const struct k8smi_path *path) {
  struct k8smi_variable variable = {k8smi_get_str(record, K8SMI_EnvVar_name), K8SMI_S(""), false, false};
  struct k8sm_slice value = k8smi_get_str(record, K8SMI_EnvVar_value);
  const struct k8smi_record *from = k8smi_get_record(record, K8SMI_EnvVar_valueFrom);
  struct k8smi_path at = k8smi_path_field(path, value.len > 0 ? K8SMI_S("value") : K8SMI_S("valueFrom"));
  if (value.len > 0) {
    variable.value = k8smi_resolve_text(r, env, value, &at, &variable);
  } else if (from != NULL && !env_value_from(r, container, from, &at, &variable)) {
    return;
  }
  if (!r->no_memory) env_set(r, env, &variable, path);
}

void k8smi_resolve_env(struct k8smi_resolve *r, const struct k8smi_record *container,
                       const struct k8smi_path *path, struct k8smi_environment *ret) {
  struct k8smi_path from_path = k8smi_path_field(path, K8SMI_S("envFrom"));
  struct k8smi_path env_path = k8smi_path_field(path, K8SMI_S("env"));
  struct k8smi_list from = k8smi_get_list(container, K8SMI_Container_envFrom);
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_env);
  env_init(r, ret);
  for (size_t i = 0; i < from.count && !r->no_memory; i++) {
    struct k8smi_path at = k8smi_path_index(&from_path, i);
    env_from(r, ret, k8smi_list_record(from, i), &at);
  }
  for (size_t i = 0; i < list.count && !r->no_memory; i++) {
    struct k8smi_path at = k8smi_path_index(&env_path, i);
    env_one(r, ret, container, k8smi_list_record(list, i), &at);
  }
}

void k8smi_resolve_static_env(struct k8smi_resolve *r, const struct k8smi_record *container,
                              struct k8smi_environment *ret) {
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_env);
  env_init(r, ret);
  for (size_t i = 0; i < list.count && !r->no_memory; i++) {
    const struct k8smi_record *record = k8smi_list_record(list, i);
    struct k8sm_slice value = k8smi_get_str(record, K8SMI_EnvVar_value);
    struct k8smi_variable variable = {k8smi_get_str(record, K8SMI_EnvVar_name),
                                      value.ptr == NULL ? K8SMI_S("") : value, false, false};
    env_put(r, ret, &variable);
  }
}
