/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include "pod/quantity.h"

/* Environment variables, and references to what is known of the pod, which downward API volumes have too:
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */

/* Paths that exist in a pod; of those, the ones for the environment, and the ones for files (sorted). */
static const char *const env_known_paths[] = {"metadata.annotations",
                                              "metadata.labels",
                                              "metadata.name",
                                              "metadata.namespace",
                                              "metadata.uid",
                                              "spec.nodeName",
                                              "spec.host",
                                              "spec.restartPolicy",
                                              "spec.serviceAccountName",
                                              "spec.schedulerName",
                                              "status.phase",
                                              "status.hostIP",
                                              "status.hostIPs",
                                              "status.podIP",
                                              "status.podIPs",
                                              NULL};
static const char *const env_paths[] = {
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs", NULL};
static const char *const env_file_paths[] = {"metadata.annotations", "metadata.labels", "metadata.name",
                                             "metadata.namespace",   "metadata.uid",    NULL};
static const char *const env_resources[] = {"limits.cpu",
                                            "limits.ephemeral-storage",
                                            "limits.memory",
                                            "requests.cpu",
                                            "requests.ephemeral-storage",
                                            "requests.memory",
                                            NULL};

/* PATH['KEY']: the path's length, and the key; 0: has no key. */
static size_t env_split(struct k8sm_slice s, struct k8sm_slice *key) {
  if (s.len < 2 || memcmp(s.ptr + s.len - 2, "']", 2) != 0 || s.ptr[0] == '[') return 0;
  for (size_t i = 1; i + 2 <= s.len - 2; i++) {
    if (memcmp(s.ptr + i, "['", 2) != 0) continue;
    *key = (struct k8sm_slice){s.ptr + i + 2, s.len - i - 4};
    return i;
  }
  return 0;
}

static void env_field_key(struct k8smi_check *c, struct k8sm_slice text, struct k8sm_slice path_text,
                          struct k8sm_slice key, const struct k8smi_path *path) {
  struct k8smi_path at = K8SMI_PATH(path, ObjectFieldSelector, fieldPath);
  if (k8smi_eqs(path_text, "metadata.annotations")) {
    k8smi_check_format(c, path, k8smi_check_lower(c, key), k8smi_format_qualified);
  } else if (k8smi_eqs(path_text, "metadata.labels")) {
    k8smi_check_format(c, path, key, k8smi_format_qualified);
  } else {
    k8smi_check_invalid(
        c, &at, k8smi_v_text(text),
        k8smi_check_text(c, "error converting fieldPath: field label does not support subscript: %.*s",
                         K8SMI_P(text)));
  }
}

void k8smi_check_field_ref(struct k8smi_check *c, const struct k8smi_record *ref, bool volume,
                           const struct k8smi_path *path) {
  struct k8sm_slice version = k8smi_get_str(ref, K8SMI_ObjectFieldSelector_apiVersion), key;
  struct k8sm_slice text = k8smi_get_str(ref, K8SMI_ObjectFieldSelector_fieldPath);
  struct k8smi_path of_version = K8SMI_PATH(path, ObjectFieldSelector, apiVersion),
                    at = K8SMI_PATH(path, ObjectFieldSelector, fieldPath);
  const char *const *words = volume ? env_file_paths : env_paths;
  size_t split = env_split(text, &key);
  if (version.len == 0) {
    k8smi_check_required(c, &of_version, NULL);
  } else if (text.len == 0) {
    k8smi_check_required(c, &at, NULL);
  } else if (!k8smi_eqs(version, "v1")) {
    k8smi_check_invalid(
        c, &at, k8smi_v_text(text),
        k8smi_check_text(c, "error converting fieldPath: unsupported pod version: %.*s", K8SMI_P(version)));
  } else if (split > 0) {
    env_field_key(c, text, (struct k8sm_slice){text.ptr, split}, key, path);
  } else if (!k8smi_is_among(text, env_known_paths)) {
    k8smi_check_invalid(
        c, &at, k8smi_v_text(text),
        k8smi_check_text(c, "error converting fieldPath: field label not supported: %.*s", K8SMI_P(text)));
  } else {
    if (k8smi_eqs(text, "spec.host")) text = K8SMI_S("spec.nodeName"); /* the name it had once */
    if (!k8smi_is_among(text, words)) k8smi_check_unsupported(c, &at, k8smi_v_text(text), words);
  }
}

static bool env_is_huge(struct k8sm_slice resource) {
  return k8smi_has_prefix(resource, K8SMI_S("requests.hugepages-")) ||
         k8smi_has_prefix(resource, K8SMI_S("limits.hugepages-"));
}

static void env_divisor(struct k8smi_check *c, const struct k8smi_record *ref,
                        const struct k8smi_path *path) {
  static const char *const of_cpu[] = {"1m", "1", NULL};
  static const char *const of_bytes[] = {"1",   "1k",  "1M",  "1G",  "1T",  "1P",  "1E",
                                         "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei", NULL};
  static const struct {
    const char *resource, *name;
  } kinds[] = {{".cpu", "cpu"}, {".memory", "memory"}, {".ephemeral-storage", "local ephemeral storage"}};
  struct k8sm_slice resource = k8smi_get_str(ref, K8SMI_ResourceFieldSelector_resource);
  struct k8sm_slice divisor = k8smi_get_str(ref, K8SMI_ResourceFieldSelector_divisor);
  struct k8smi_path at = K8SMI_PATH(path, ResourceFieldSelector, divisor);
  if (divisor.len == 0 || k8smi_quantity_cmp(divisor, K8SMI_S("0")) == 0) return;
  const char *name = env_is_huge(resource) ? "hugepages" : NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && k8smi_is_among(resource, env_resources); i++) {
    size_t len = strlen(kinds[i].resource);
    if (memcmp(resource.ptr + resource.len - len, kinds[i].resource, len) == 0) name = kinds[i].name;
  }
  if (name == NULL) return;
  bool cpu = strcmp(name, "cpu") == 0;
  struct k8sm_slice written = k8smi_v_quantity(c, divisor).text;
  if (k8smi_is_among(written, cpu ? of_cpu : of_bytes)) return;
  k8smi_check_invalid(
      c, &at, k8smi_v_text(resource),
      k8smi_check_text(c, "only divisor's values %s are supported with the %s resource",
                       cpu ? "1m and 1" : "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei", name));
}

void k8smi_check_resource_ref(struct k8smi_check *c, const struct k8smi_record *ref, bool volume,
                              const struct k8smi_path *path) {
  struct k8sm_slice resource = k8smi_get_str(ref, K8SMI_ResourceFieldSelector_resource);
  struct k8smi_path container = K8SMI_PATH(path, ResourceFieldSelector, containerName),
                    at = K8SMI_PATH(path, ResourceFieldSelector, resource);
  if (volume && k8smi_get_str(ref, K8SMI_ResourceFieldSelector_containerName).len == 0) {
    k8smi_check_required(c, &container, NULL);
  } else if (resource.len == 0) {
    k8smi_check_required(c, &at, NULL);
  } else if (!k8smi_is_among(resource, env_resources) && !env_is_huge(resource)) {
    k8smi_check_unsupported(c, &at, k8smi_v_text(resource), env_resources);
  }
  env_divisor(c, ref, path);
}

static void env_field(struct k8smi_check *c, const struct k8smi_record *ref, const struct k8smi_path *path) {
  k8smi_check_field_ref(c, ref, false, path);
}

static void env_resource(struct k8smi_check *c, const struct k8smi_record *ref,
                         const struct k8smi_path *path) {
  k8smi_check_resource_ref(c, ref, false, path);
}

/* A key of a ConfigMap or of a Secret: both references have the same fields. */
static void env_key(struct k8smi_check *c, const struct k8smi_record *ref, const struct k8smi_path *path) {
  static const struct k8smi_field_rule rules[] = {
      {K8SMI_RULE_TEXT, K8SMI_AT_FIELD(SecretKeySelector, name), .format = k8smi_format_subdomain},
      {K8SMI_RULE_NAME, K8SMI_AT_FIELD(SecretKeySelector, key), .format = k8smi_format_config_key},
  };
  K8SMI_CHECK_RULES(c, ref, rules, path);
}

static void env_file(struct k8smi_check *c, const struct k8smi_record *ref, const struct k8smi_path *path) {
  static const struct k8smi_field_rule rules[] = {
      {K8SMI_RULE_NAME, K8SMI_AT_FIELD(FileKeySelector, key), .format = k8smi_format_env_name},
      {K8SMI_RULE_NAME, K8SMI_AT_FIELD(FileKeySelector, volumeName), .format = k8smi_format_label},
      {K8SMI_RULE_NAME, K8SMI_AT_FIELD(FileKeySelector, path), .format = k8smi_format_no_backsteps},
  };
  K8SMI_CHECK_RULES(c, ref, rules, path);
}

static void env_source(struct k8smi_check *c, const struct k8smi_record *env,
                       const struct k8smi_path *parent) {
  static const struct {
    struct k8smi_at at;
    void (*check)(struct k8smi_check *c, const struct k8smi_record *ref, const struct k8smi_path *path);
  } kinds[] = {
      {K8SMI_AT_FIELD(EnvVarSource, fieldRef), env_field},
      {K8SMI_AT_FIELD(EnvVarSource, resourceFieldRef), env_resource},
      {K8SMI_AT_FIELD(EnvVarSource, configMapKeyRef), env_key},
      {K8SMI_AT_FIELD(EnvVarSource, secretKeyRef), env_key},
      {K8SMI_AT_FIELD(EnvVarSource, fileKeyRef), env_file},
  };
  const struct k8smi_record *from = k8smi_get_record(env, K8SMI_EnvVar_valueFrom);
  struct k8smi_path path = K8SMI_PATH(parent, EnvVar, valueFrom);
  size_t sources = 0;
  if (from == NULL) return;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const struct k8smi_record *ref = k8smi_get_record(from, kinds[i].at.field);
    struct k8smi_path at = k8smi_path_at(&path, kinds[i].at);
    if (ref == NULL) continue;
    sources++;
    kinds[i].check(c, ref, &at);
  }
  const char *detail = NULL;
  if (sources == 0) {
    detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
             "`fileKeyRef`";
  } else if (k8smi_get_str(env, K8SMI_EnvVar_value).len > 0) {
    detail = "may not be specified when `value` is not empty";
  } else if (sources > 1) {
    detail = "may not have more than one field specified at a time";
  }
  if (detail != NULL) k8smi_check_invalid(c, &path, k8smi_v_text(K8SMI_S("")), detail);
}

/* Findings of how many sources there are stand at the list, as the server has it. */
static void env_sources(struct k8smi_check *c, const struct k8smi_record *source,
                        const struct k8smi_path *path, const struct k8smi_path *list) {
  static const struct k8smi_field_rule prefix = {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(EnvFromSource, prefix),
                                                 .format = k8smi_format_env_name};
  /* A ConfigMap or a Secret: both references have the same fields. */
  static const struct k8smi_field_rule of_name = {K8SMI_RULE_NAME, K8SMI_AT_FIELD(SecretEnvSource, name),
                                                  .format = k8smi_format_subdomain_prefix};
  static const struct k8smi_at refs[] = {K8SMI_AT_FIELD(EnvFromSource, configMapRef),
                                         K8SMI_AT_FIELD(EnvFromSource, secretRef)};
  size_t sources = 0;
  k8smi_check_rule(c, source, &prefix, path);
  for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
    const struct k8smi_record *ref = k8smi_get_record(source, refs[i].field);
    struct k8smi_path at = k8smi_path_at(path, refs[i]);
    if (ref == NULL) continue;
    sources++;
    k8smi_check_rule(c, ref, &of_name, &at);
  }
  if (sources != 1)
    k8smi_check_invalid(c, list, k8smi_v_text(K8SMI_S("")),
                        sources == 0 ? "must specify one of: `configMapRef` or `secretRef`"
                                     : "may not have more than one field specified at a time");
}

void k8smi_check_env(struct k8smi_check *c, const struct k8smi_record *container,
                     const struct k8smi_path *path) {
  static const struct k8smi_field_rule of_name = {K8SMI_RULE_NAME, K8SMI_AT_FIELD(EnvVar, name),
                                                  .format = k8smi_format_env_name};
  struct k8smi_path env = K8SMI_PATH(path, Container, env), from = K8SMI_PATH(path, Container, envFrom);
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_env);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&env, i);
    k8smi_check_rule(c, k8smi_list_record(list, i), &of_name, &at);
    env_source(c, k8smi_list_record(list, i), &at);
  }
  list = k8smi_get_list(container, K8SMI_Container_envFrom);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&from, i);
    env_sources(c, k8smi_list_record(list, i), &at, &from);
  }
}

/* All volumes of the spec by their names, with findings or without. */
static void env_volumes(struct k8smi_check *c, struct k8smi_list volumes) {
  k8smi_map_clear(&c->seen);
  for (size_t i = 0; i < volumes.count; i++)
    k8smi_check_put(c, &c->seen, k8smi_get_str(k8smi_list_record(volumes, i), K8SMI_Volume_name), i);
}

void k8smi_check_env_files(struct k8smi_check *c) {
  struct k8smi_list volumes = k8smi_get_list(c->spec, K8SMI_PodSpec_volumes);
  struct k8smi_visit v = {0};
  const struct k8smi_record *container;
  bool known = false;
  while ((container = k8smi_visit_next(c, &v)) != NULL) {
    struct k8smi_list env = k8smi_get_list(container, K8SMI_Container_env);
    struct k8smi_path of_env = K8SMI_PATH(&v.path, Container, env);
    for (size_t i = 0; i < env.count; i++) {
      const struct k8smi_record *file = k8smi_get_record(
          k8smi_get_record(k8smi_list_record(env, i), K8SMI_EnvVar_valueFrom), K8SMI_EnvVarSource_fileKeyRef);
      if (file == NULL) continue;
      if (!known) env_volumes(c, volumes);
      known = true;
      struct k8smi_path item = k8smi_path_index(&of_env, i), from = K8SMI_PATH(&item, EnvVar, valueFrom),
                        ref = K8SMI_PATH(&from, EnvVarSource, fileKeyRef),
                        at = K8SMI_PATH(&ref, FileKeySelector, volumeName);
      struct k8sm_slice name = k8smi_get_str(file, K8SMI_FileKeySelector_volumeName);
      uint32_t index = k8smi_map_get(&c->seen, name);
      if (index == K8SMI_MAP_NONE) {
        k8smi_check_not_found(c, &at, k8smi_v_text(name), NULL);
      } else if (!k8smi_has(k8smi_list_record(volumes, index), K8SMI_Volume_emptyDir)) {
        k8smi_check_invalid(c, &at, k8smi_v_text(name), "referenced volume must be of type emptyDir");
      }
    }
  }
}
