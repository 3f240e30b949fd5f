/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include <stdio.h>

#include "pod/quantity.h"

static void container_ports(struct k8smi_check *c, const struct k8smi_record *container,
                            const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "ports");
  struct k8smi_list ports = k8smi_get_list(container, K8SMI_Container_ports);
  k8smi_map_clear(&c->scratch);
  for (size_t i = 0; i < ports.count; i++) {
    const struct k8smi_record *port = k8smi_list_record(ports, i);
    struct k8smi_path at = k8smi_path_index(&path, i), name = K8SMI_AT(&at, "name"),
                      number = K8SMI_AT(&at, "containerPort");
    struct k8sm_slice text = k8smi_get_str(port, K8SMI_ContainerPort_name);
    if (k8smi_check_optional(c, port, K8SMI_ContainerPort_name, "name", &at, k8smi_format_port_name) &&
        text.len > 0 && !k8smi_check_unique(c, &c->scratch, text))
      k8smi_check_duplicate(c, &name, text);
    if (!k8smi_has(port, K8SMI_ContainerPort_containerPort)) k8smi_check_required(c, &number, NULL);
    k8smi_check_range(c, port, K8SMI_ContainerPort_containerPort, "containerPort", &at, 1, 65535);
    k8smi_check_range(c, port, K8SMI_ContainerPort_hostPort, "hostPort", &at, 1, 65535);
    k8smi_check_words(c, K8SMI_TYPE_ContainerPort, port, &at);
  }
}

static size_t container_sources(const struct k8smi_record *source) {
  size_t n = 0;
  for (uint64_t set = source == NULL ? 0 : source->present; set != 0; set &= set - 1) n++;
  return n;
}

static void container_field_ref(struct k8smi_check *c, const struct k8smi_record *ref,
                                const struct k8smi_path *parent) {
  static const char *const known[] = {
      "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
      "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs", "spec.host"};
  struct k8sm_slice text = k8smi_get_str(ref, K8SMI_ObjectFieldSelector_fieldPath);
  struct k8smi_path path = K8SMI_AT(parent, "fieldPath");
  if (!k8smi_check_text(c, ref, K8SMI_ObjectFieldSelector_fieldPath, "fieldPath", parent, NULL)) return;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (k8smi_eqs(text, known[i])) return;
  }
  size_t prefix = text.len > 18 && memcmp(text.ptr, "metadata.labels['", 17) == 0        ? 17
                  : text.len > 23 && memcmp(text.ptr, "metadata.annotations['", 22) == 0 ? 22
                                                                                         : 0;
  if (prefix > 0 && text.len > prefix + 2 && memcmp(text.ptr + text.len - 2, "']", 2) == 0) {
    const char *wrong = k8smi_format_qualified((struct k8sm_slice){text.ptr + prefix, text.len - prefix - 2});
    if (wrong != NULL) k8smi_check_invalid(c, &path, text, wrong);
    return;
  }
  k8smi_check_invalid(c, &path, text, "error converting fieldPath: field label not supported");
}

static void container_env_source(struct k8smi_check *c, const struct k8smi_record *env,
                                 const struct k8smi_path *parent) {
  const struct k8smi_record *from = k8smi_get_record(env, K8SMI_EnvVar_valueFrom);
  struct k8smi_path path = K8SMI_AT(parent, "valueFrom");
  struct k8smi_path field = K8SMI_AT(&path, "fieldRef"), resource = K8SMI_AT(&path, "resourceFieldRef"),
                    config = K8SMI_AT(&path, "configMapKeyRef"), secret = K8SMI_AT(&path, "secretKeyRef");
  if (from == NULL) return;
  size_t sources = container_sources(from);
  if (sources == 0)
    k8smi_check_invalid(
        c, &path, K8SMI_S(""),
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
        "`fileKeyRef`");
  if (sources > 0 && k8smi_has(env, K8SMI_EnvVar_value))
    k8smi_check_invalid(c, &path, K8SMI_S(""), "may not be specified when `value` is not empty");
  if (sources > 1)
    k8smi_check_invalid(c, &path, K8SMI_S(""), "may not have more than one field specified at a time");
  const struct k8smi_record *ref = k8smi_get_record(from, K8SMI_EnvVarSource_fieldRef);
  if (ref != NULL) container_field_ref(c, ref, &field);
  ref = k8smi_get_record(from, K8SMI_EnvVarSource_resourceFieldRef);
  if (ref != NULL)
    k8smi_check_text(c, ref, K8SMI_ResourceFieldSelector_resource, "resource", &resource, NULL);
  ref = k8smi_get_record(from, K8SMI_EnvVarSource_configMapKeyRef);
  if (ref != NULL) {
    k8smi_check_optional(c, ref, K8SMI_ConfigMapKeySelector_name, "name", &config, k8smi_format_subdomain);
    k8smi_check_text(c, ref, K8SMI_ConfigMapKeySelector_key, "key", &config, k8smi_format_config_key);
  }
  ref = k8smi_get_record(from, K8SMI_EnvVarSource_secretKeyRef);
  if (ref != NULL) {
    k8smi_check_optional(c, ref, K8SMI_SecretKeySelector_name, "name", &secret, k8smi_format_subdomain);
    k8smi_check_text(c, ref, K8SMI_SecretKeySelector_key, "key", &secret, k8smi_format_config_key);
  }
}

static void container_env(struct k8smi_check *c, const struct k8smi_record *container,
                          const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "env"), from = K8SMI_AT(parent, "envFrom");
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_env);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&path, i);
    k8smi_check_text(c, k8smi_list_record(list, i), K8SMI_EnvVar_name, "name", &at, k8smi_format_env_name);
    container_env_source(c, k8smi_list_record(list, i), &at);
  }
  list = k8smi_get_list(container, K8SMI_Container_envFrom);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *source = k8smi_list_record(list, i);
    const struct k8smi_record *config = k8smi_get_record(source, K8SMI_EnvFromSource_configMapRef);
    const struct k8smi_record *secret = k8smi_get_record(source, K8SMI_EnvFromSource_secretRef);
    struct k8smi_path at = k8smi_path_index(&from, i), of_config = K8SMI_AT(&at, "configMapRef"),
                      of_secret = K8SMI_AT(&at, "secretRef");
    k8smi_check_optional(c, source, K8SMI_EnvFromSource_prefix, "prefix", &at, k8smi_format_env_name);
    if ((config == NULL) == (secret == NULL))
      k8smi_check_invalid(c, &from, K8SMI_S(""),
                          config == NULL ? "must specify one of: `configMapRef` or `secretRef`"
                                         : "may not have more than one field specified at a time");
    if (config != NULL)
      k8smi_check_text(c, config, K8SMI_ConfigMapEnvSource_name, "name", &of_config, k8smi_format_subdomain);
    if (secret != NULL)
      k8smi_check_text(c, secret, K8SMI_SecretEnvSource_name, "name", &of_secret, k8smi_format_subdomain);
  }
}

static void container_mounts(struct k8smi_check *c, const struct k8smi_record *container,
                             const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "volumeMounts");
  struct k8smi_list mounts = k8smi_get_list(container, K8SMI_Container_volumeMounts);
  k8smi_map_clear(&c->scratch);
  for (size_t i = 0; i < mounts.count; i++) {
    const struct k8smi_record *mount = k8smi_list_record(mounts, i);
    struct k8smi_path at = k8smi_path_index(&path, i), name = K8SMI_AT(&at, "name"),
                      to = K8SMI_AT(&at, "mountPath");
    struct k8sm_slice volume = k8smi_get_str(mount, K8SMI_VolumeMount_name);
    struct k8sm_slice target = k8smi_get_str(mount, K8SMI_VolumeMount_mountPath);
    if (k8smi_check_text(c, mount, K8SMI_VolumeMount_name, "name", &at, NULL) &&
        k8smi_map_get(&c->volumes, volume) == K8SMI_MAP_NONE)
      k8smi_check_not_found(c, &name, volume);
    if (k8smi_check_text(c, mount, K8SMI_VolumeMount_mountPath, "mountPath", &at, NULL) &&
        !k8smi_check_unique(c, &c->scratch, target))
      k8smi_check_invalid(c, &to, target, "must be unique");
    k8smi_check_optional(c, mount, K8SMI_VolumeMount_subPath, "subPath", &at, k8smi_format_relative_path);
    k8smi_check_optional(c, mount, K8SMI_VolumeMount_subPathExpr, "subPathExpr", &at,
                         k8smi_format_relative_path);
    k8smi_check_words(c, K8SMI_TYPE_VolumeMount, mount, &at);
  }
}

/* Names of resources that a container may ask for without a domain. */
static const char *container_resource_name(struct k8sm_slice name) {
  static const char *const known[] = {"cpu", "memory", "ephemeral-storage"};
  const char *wrong = k8smi_format_qualified(name);
  if (wrong != NULL || memchr(name.ptr, '/', name.len) != NULL) return wrong;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (k8smi_eqs(name, known[i])) return NULL;
  }
  bool huge = name.len > 10 && memcmp(name.ptr, "hugepages-", 10) == 0;
  return huge ? NULL : "must be a standard resource for containers";
}

static void container_quantities(struct k8smi_check *c, struct k8smi_list list,
                                 const struct k8smi_path *path) {
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    struct k8smi_path at = k8smi_path_key(path, pair.key);
    const char *wrong = container_resource_name(pair.key);
    if (wrong != NULL) k8smi_check_invalid(c, &at, pair.key, wrong);
    if (k8smi_quantity_cmp(pair.value, K8SMI_S("0")) < 0)
      k8smi_check_invalid(c, &at, pair.value, "must be greater than or equal to 0");
  }
}

void k8smi_check_quantities(struct k8smi_check *c, const struct k8smi_record *resources,
                            const struct k8smi_path *path) {
  struct k8smi_path limits = K8SMI_AT(path, "limits"), requests = K8SMI_AT(path, "requests");
  struct k8smi_list asked = k8smi_get_list(resources, K8SMI_ResourceRequirements_requests);
  container_quantities(c, k8smi_get_list(resources, K8SMI_ResourceRequirements_limits), &limits);
  container_quantities(c, asked, &requests);
  for (size_t i = 0; i < asked.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(asked, i);
    struct k8sm_slice limit = k8smi_get_pair(resources, K8SMI_ResourceRequirements_limits, pair.key.ptr);
    if (limit.ptr == NULL || k8smi_quantity_cmp(pair.value, limit) <= 0) continue;
    char detail[512];
    snprintf(detail, sizeof detail, "must be less than or equal to %.*s limit of %.*s", K8SMI_P(pair.key),
             K8SMI_P(limit));
    k8smi_check_invalid(c, &requests, pair.value, detail);
  }
}

/* Two containers can't have the same port of the host: "TCP/0.0.0.0/80". */
static void container_host_ports(struct k8smi_check *c, const struct k8smi_record *container,
                                 const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "ports");
  struct k8smi_list ports = k8smi_get_list(container, K8SMI_Container_ports);
  for (size_t i = 0; i < ports.count; i++) {
    const struct k8smi_record *port = k8smi_list_record(ports, i);
    int64_t number = k8smi_get_i64(port, K8SMI_ContainerPort_hostPort, 0);
    struct k8sm_slice protocol = k8smi_get_str(port, K8SMI_ContainerPort_protocol);
    struct k8sm_slice address = k8smi_get_str(port, K8SMI_ContainerPort_hostIP);
    struct k8smi_path at = k8smi_path_index(&path, i), host = K8SMI_AT(&at, "hostPort");
    char text[600];
    if (number == 0) continue;
    int n =
        snprintf(text, sizeof text, "%.*s/%.*s/%lld", K8SMI_P(protocol), K8SMI_P(address), (long long)number);
    struct k8sm_slice key = k8smi_arena_copy(&c->arena, text, (size_t)n);
    if (key.ptr == NULL) {
      c->no_memory = true;
    } else if (!k8smi_check_unique(c, &c->ports, key)) {
      k8smi_check_duplicate(c, &host, key);
    }
    if (k8smi_get_bool(c->spec, K8SMI_PodSpec_hostNetwork, false) &&
        number != k8smi_get_i64(port, K8SMI_ContainerPort_containerPort, 0)) {
      struct k8smi_path own = K8SMI_AT(&at, "hostPort");
      k8smi_check_invalid_number(c, &own, number, "must match `containerPort` when `hostNetwork` is true");
    }
  }
}

/* What every container has in common. */
static void container_check(struct k8smi_check *c, const struct k8smi_record *container,
                            const struct k8smi_path *path) {
  struct k8sm_slice name = k8smi_get_str(container, K8SMI_Container_name);
  struct k8sm_slice image = k8smi_get_str(container, K8SMI_Container_image);
  struct k8smi_path at = K8SMI_AT(path, "name"), of_image = K8SMI_AT(path, "image"),
                    resources = K8SMI_AT(path, "resources"), security = K8SMI_AT(path, "securityContext");
  if (k8smi_check_text(c, container, K8SMI_Container_name, "name", path, k8smi_format_label) &&
      !k8smi_check_unique(c, &c->names, name))
    k8smi_check_duplicate(c, &at, name);
  if (k8smi_check_text(c, container, K8SMI_Container_image, "image", path, NULL) &&
      (image.ptr[0] == ' ' || image.ptr[image.len - 1] == ' '))
    k8smi_check_invalid(c, &of_image, image, "must not have leading or trailing whitespace");
  container_ports(c, container, path);
  container_env(c, container, path);
  container_mounts(c, container, path);
  k8smi_check_words(c, K8SMI_TYPE_Container, container, path);
  k8smi_check_quantities(c, k8smi_get_record(container, K8SMI_Container_resources), &resources);
  k8smi_check_container_security(c, k8smi_get_record(container, K8SMI_Container_securityContext), &security);
}

/* Lifecycle and probes: not for init containers that must end. */
static void container_hooks(struct k8smi_check *c, const struct k8smi_record *container, bool allowed,
                            const struct k8smi_path *path) {
  static const struct {
    unsigned field;
    const char *name;
    bool once; /* successThreshold must be 1 */
  } probes[] = {{K8SMI_Container_livenessProbe, "livenessProbe", true},
                {K8SMI_Container_readinessProbe, "readinessProbe", false},
                {K8SMI_Container_startupProbe, "startupProbe", true}};
  static const char forbidden[] = "may not be set for init containers without restartPolicy=Always";
  const struct k8smi_record *lifecycle = k8smi_get_record(container, K8SMI_Container_lifecycle);
  struct k8smi_path of_lifecycle = K8SMI_AT(path, "lifecycle");
  if (lifecycle != NULL && !allowed) k8smi_check_forbidden(c, &of_lifecycle, forbidden);
  if (lifecycle != NULL && allowed) k8smi_check_lifecycle(c, lifecycle, &of_lifecycle);
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
    const struct k8smi_record *probe = k8smi_get_record(container, probes[i].field);
    struct k8smi_path at = k8smi_path_field(path, k8smi_s(probes[i].name));
    if (probe != NULL && !allowed) k8smi_check_forbidden(c, &at, forbidden);
    if (probe != NULL && allowed) k8smi_check_probe(c, probe, probes[i].once, &at);
  }
}

static void container_init(struct k8smi_check *c, const struct k8smi_record *container,
                           const struct k8smi_path *path) {
  struct k8sm_slice policy = k8smi_get_str(container, K8SMI_Container_restartPolicy);
  struct k8smi_path at = K8SMI_AT(path, "restartPolicy");
  bool sidecar = k8smi_eqs(policy, "Always");
  container_check(c, container, path);
  if (policy.len > 0 && !sidecar) {
    c->bad = true;
    k8smi_find(c->diags, K8SM_DIAG_FIELD_UNSUPPORTED, &at,
               "Unsupported value: \"%.*s\": supported values: \"Always\"", K8SMI_P(policy));
  }
  container_hooks(c, container, sidecar, path);
  k8smi_map_clear(&c->ports); /* init containers run one after the other */
  container_host_ports(c, container, path);
}

void k8smi_check_containers(struct k8smi_check *c, const struct k8smi_path *spec) {
  struct k8smi_path path = K8SMI_AT(spec, "containers"), init = K8SMI_AT(spec, "initContainers");
  struct k8smi_list mains = k8smi_get_list(c->spec, K8SMI_PodSpec_containers);
  struct k8smi_list inits = k8smi_get_list(c->spec, K8SMI_PodSpec_initContainers);
  if (mains.count == 0) k8smi_check_required(c, &path, NULL);
  for (size_t i = 0; i < mains.count; i++) {
    const struct k8smi_record *container = k8smi_list_record(mains, i);
    struct k8smi_path at = k8smi_path_index(&path, i), policy = K8SMI_AT(&at, "restartPolicy");
    container_check(c, container, &at);
    container_hooks(c, container, true, &at);
    if (k8smi_has(container, K8SMI_Container_restartPolicy))
      k8smi_check_forbidden(c, &policy, "may not be set for non-init containers");
    container_host_ports(c, container, &at);
  }
  for (size_t i = 0; i < inits.count; i++) {
    struct k8smi_path at = k8smi_path_index(&init, i);
    container_init(c, k8smi_list_record(inits, i), &at);
  }
}
