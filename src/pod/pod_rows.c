/* SPDX-License-Identifier: Apache-2.0 */
/* Containers, and what each of them has: one row type per table. */
#include "pod/pod_rows.h"

#include "base/abi.h"

/* ---- Rows of all containers, one after another ---- */

void k8smi_rows_put(struct k8smi_rows *r, const void *row, size_t size) {
  if (r->count >= r->first && r->count - r->first < r->n)
    k8smi_row_write(r->rows, r->row_size, r->count - r->first, row, size);
  r->count++;
}

size_t k8smi_rows_of_containers(struct k8smi_rows *r, const struct k8sm_pod *pod, k8smi_rows_of *put) {
  const struct k8smi_record *spec = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_spec);
  for (size_t i = 0, count = k8smi_container_count(spec); i < count; i++)
    put(r, k8smi_container_at(spec, i).record, (uint32_t)i);
  return k8smi_rows_left(r->count, r->first);
}

/* ---- Containers ---- */

static int64_t rows_amount(const struct k8smi_record *container, unsigned field, const char *resource,
                           bool (*number)(struct k8sm_slice text, int64_t *ret)) {
  const struct k8smi_record *resources = k8smi_get_record(container, K8SMI_Container_resources);
  struct k8sm_slice text = k8smi_get_pair(resources, field, resource);
  int64_t n;
  return text.ptr != NULL && number(text, &n) ? n : -1;
}

static void rows_fill_amounts(struct k8sm_pod_container *row, const struct k8smi_record *container) {
  enum { REQUESTS = K8SMI_ResourceRequirements_requests, LIMITS = K8SMI_ResourceRequirements_limits };
  row->cpu_request_milli = rows_amount(container, REQUESTS, "cpu", k8smi_quantity_milli);
  row->cpu_limit_milli = rows_amount(container, LIMITS, "cpu", k8smi_quantity_milli);
  row->memory_request_bytes = rows_amount(container, REQUESTS, "memory", k8smi_quantity_value);
  row->memory_limit_bytes = rows_amount(container, LIMITS, "memory", k8smi_quantity_value);
  row->storage_request_bytes = rows_amount(container, REQUESTS, "ephemeral-storage", k8smi_quantity_value);
  row->storage_limit_bytes = rows_amount(container, LIMITS, "ephemeral-storage", k8smi_quantity_value);
}

/* What the container does not say for itself, the pod may say for all. */
static void rows_fill_security(struct k8sm_pod_container *row, const struct k8smi_record *container,
                               const struct k8smi_record *spec) {
  const struct k8smi_record *own = k8smi_get_record(container, K8SMI_Container_securityContext);
  const struct k8smi_record *all = k8smi_get_record(spec, K8SMI_PodSpec_securityContext);
  row->run_as_user = k8smi_get_i64(own, K8SMI_SecurityContext_runAsUser,
                                   k8smi_get_i64(all, K8SMI_PodSecurityContext_runAsUser, -1));
  row->run_as_group = k8smi_get_i64(own, K8SMI_SecurityContext_runAsGroup,
                                    k8smi_get_i64(all, K8SMI_PodSecurityContext_runAsGroup, -1));
  if (k8smi_get_bool(own, K8SMI_SecurityContext_runAsNonRoot,
                     k8smi_get_bool(all, K8SMI_PodSecurityContext_runAsNonRoot, false)))
    row->flags |= K8SM_CONTAINER_FLAG_NON_ROOT;
  if (k8smi_get_bool(own, K8SMI_SecurityContext_privileged, false)) row->flags |= K8SM_CONTAINER_FLAG_PRIVILEGED;
  if (k8smi_get_bool(own, K8SMI_SecurityContext_readOnlyRootFilesystem, false))
    row->flags |= K8SM_CONTAINER_FLAG_READ_ONLY_ROOT;
}

static void rows_fill_flags(struct k8sm_pod_container *row, const struct k8smi_record *container) {
  static const struct {
    unsigned field;
    uint32_t flag;
  } flags[] = {{K8SMI_Container_stdin, K8SM_CONTAINER_FLAG_STDIN},
               {K8SMI_Container_stdinOnce, K8SM_CONTAINER_FLAG_STDIN_ONCE},
               {K8SMI_Container_tty, K8SM_CONTAINER_FLAG_TTY}};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    if (k8smi_get_bool(container, flags[i].field, false)) row->flags |= flags[i].flag;
  }
}

static struct k8sm_pod_container rows_container(struct k8smi_container c, const struct k8smi_record *spec) {
  struct k8sm_pod_container row;
  memset(&row, 0, sizeof row);
  row.name = k8smi_get_str(c.record, K8SMI_Container_name);
  row.image = k8smi_get_str(c.record, K8SMI_Container_image);
  row.kind = c.kind;
  row.index = c.index;
  rows_fill_amounts(&row, c.record);
  rows_fill_security(&row, c.record, spec);
  rows_fill_flags(&row, c.record);
  row.working_dir = k8smi_get_str(c.record, K8SMI_Container_workingDir);
  row.pull_policy = k8smi_get_str(c.record, K8SMI_Container_imagePullPolicy);
  row.restart_policy = k8smi_get_str(c.record, K8SMI_Container_restartPolicy);
  if (row.restart_policy.len == 0) row.restart_policy = k8smi_get_str(spec, K8SMI_PodSpec_restartPolicy);
  row.message_path = k8smi_get_str(c.record, K8SMI_Container_terminationMessagePath);
  row.message_policy = k8smi_get_str(c.record, K8SMI_Container_terminationMessagePolicy);
  if (c.kind == K8SM_CONTAINER_EPHEMERAL)
    row.target = k8smi_get_str(c.record, K8SMI_EphemeralContainer_targetContainerName);
  return row;
}

size_t k8sm_pod_containers(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_container *rows,
                           size_t row_size, size_t n) {
  const struct k8smi_record *spec = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_spec);
  size_t count = k8smi_container_count(spec);
  for (size_t i = first; i < count && i - first < n; i++) {
    struct k8sm_pod_container row = rows_container(k8smi_container_at(spec, i), spec);
    k8smi_row_write(rows, row_size, i - first, &row, sizeof row);
  }
  return k8smi_rows_left(count, first);
}

/* ---- Ports ---- */

static void rows_of_ports(struct k8smi_rows *r, const struct k8smi_record *container, uint32_t number) {
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_ports);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *port = k8smi_list_record(list, i);
    struct k8sm_pod_port row = {k8smi_get_str(port, K8SMI_ContainerPort_name),
                                k8smi_get_str(port, K8SMI_ContainerPort_protocol),
                                k8smi_get_str(port, K8SMI_ContainerPort_hostIP),
                                number,
                                (uint32_t)k8smi_get_i64(port, K8SMI_ContainerPort_containerPort, 0),
                                (uint32_t)k8smi_get_i64(port, K8SMI_ContainerPort_hostPort, 0),
                                0};
    k8smi_rows_put(r, &row, sizeof row);
  }
}

size_t k8sm_pod_ports(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_port *rows, size_t row_size,
                      size_t n) {
  struct k8smi_rows r = {rows, row_size, first, n, 0};
  return k8smi_rows_of_containers(&r, pod, rows_of_ports);
}

/* ---- Variables ---- */

static void rows_fill_reference(struct k8sm_pod_env *row, const struct k8smi_record *from) {
  const struct k8smi_record *ref;
  if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_fieldRef)) != NULL) {
    row->source = K8SM_SOURCE_FIELD;
    row->key = k8smi_get_str(ref, K8SMI_ObjectFieldSelector_fieldPath);
  } else if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_resourceFieldRef)) != NULL) {
    row->source = K8SM_SOURCE_RESOURCE;
    row->object = k8smi_get_str(ref, K8SMI_ResourceFieldSelector_containerName);
    row->key = k8smi_get_str(ref, K8SMI_ResourceFieldSelector_resource);
    row->detail = k8smi_get_str(ref, K8SMI_ResourceFieldSelector_divisor);
  } else if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_configMapKeyRef)) != NULL) {
    row->source = K8SM_SOURCE_CONFIG_MAP_KEY;
    row->object = k8smi_get_str(ref, K8SMI_ConfigMapKeySelector_name);
    row->key = k8smi_get_str(ref, K8SMI_ConfigMapKeySelector_key);
    row->optional = k8smi_get_bool(ref, K8SMI_ConfigMapKeySelector_optional, false);
  } else if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_secretKeyRef)) != NULL) {
    row->source = K8SM_SOURCE_SECRET_KEY;
    row->object = k8smi_get_str(ref, K8SMI_SecretKeySelector_name);
    row->key = k8smi_get_str(ref, K8SMI_SecretKeySelector_key);
    row->optional = k8smi_get_bool(ref, K8SMI_SecretKeySelector_optional, false);
  } else if ((ref = k8smi_get_record(from, K8SMI_EnvVarSource_fileKeyRef)) != NULL) {
    row->source = K8SM_SOURCE_FILE_KEY;
    row->object = k8smi_get_str(ref, K8SMI_FileKeySelector_volumeName);
    row->key = k8smi_get_str(ref, K8SMI_FileKeySelector_key);
    row->detail = k8smi_get_str(ref, K8SMI_FileKeySelector_path);
    row->optional = k8smi_get_bool(ref, K8SMI_FileKeySelector_optional, false);
  }
}

static void rows_of_env(struct k8smi_rows *r, const struct k8smi_record *container, uint32_t number) {
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_env);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *variable = k8smi_list_record(list, i);
    struct k8sm_pod_env row;
    memset(&row, 0, sizeof row);
    row.container = number;
    row.name = k8smi_get_str(variable, K8SMI_EnvVar_name);
    row.value = k8smi_get_str(variable, K8SMI_EnvVar_value);
    rows_fill_reference(&row, k8smi_get_record(variable, K8SMI_EnvVar_valueFrom));
    k8smi_rows_put(r, &row, sizeof row);
  }
}

size_t k8sm_pod_env(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_env *rows, size_t row_size,
                    size_t n) {
  struct k8smi_rows r = {rows, row_size, first, n, 0};
  return k8smi_rows_of_containers(&r, pod, rows_of_env);
}

static void rows_of_env_from(struct k8smi_rows *r, const struct k8smi_record *container, uint32_t number) {
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_envFrom);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *from = k8smi_list_record(list, i);
    const struct k8smi_record *map = k8smi_get_record(from, K8SMI_EnvFromSource_configMapRef);
    const struct k8smi_record *secret = k8smi_get_record(from, K8SMI_EnvFromSource_secretRef);
    struct k8sm_pod_env_from row = {.prefix = k8smi_get_str(from, K8SMI_EnvFromSource_prefix),
                                    .container = number};
    if (map != NULL) {
      row.source = K8SM_SOURCE_CONFIG_MAP_KEY;
      row.object = k8smi_get_str(map, K8SMI_ConfigMapEnvSource_name);
      row.optional = k8smi_get_bool(map, K8SMI_ConfigMapEnvSource_optional, false);
    } else {
      row.source = K8SM_SOURCE_SECRET_KEY;
      row.object = k8smi_get_str(secret, K8SMI_SecretEnvSource_name);
      row.optional = k8smi_get_bool(secret, K8SMI_SecretEnvSource_optional, false);
    }
    k8smi_rows_put(r, &row, sizeof row);
  }
}

size_t k8sm_pod_env_from(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_env_from *rows,
                         size_t row_size, size_t n) {
  struct k8smi_rows r = {rows, row_size, first, n, 0};
  return k8smi_rows_of_containers(&r, pod, rows_of_env_from);
}
