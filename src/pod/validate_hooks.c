/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* Probes and lifecycle hooks: one handler of several kinds. */

static void hook_port(struct k8smi_check *c, const struct k8smi_record *record, unsigned field,
                      const struct k8smi_path *parent) {
  struct k8smi_int_or_string port = k8smi_get_int_or_string(record, field);
  struct k8smi_path path = K8SMI_AT(parent, "port");
  if (port.text.ptr != NULL) {
    const char *wrong = k8smi_format_port_name(port.text);
    if (wrong != NULL) k8smi_check_invalid(c, &path, port.text, wrong);
  } else if (port.number < 1 || port.number > 65535) {
    k8smi_check_invalid_number(c, &path, port.number, "must be between 1 and 65535, inclusive");
  }
}

static void hook_exec(struct k8smi_check *c, const struct k8smi_record *action,
                      const struct k8smi_path *path) {
  struct k8smi_path command = K8SMI_AT(path, "command");
  if (k8smi_get_list(action, K8SMI_ExecAction_command).count == 0) k8smi_check_required(c, &command, NULL);
}

static void hook_http(struct k8smi_check *c, const struct k8smi_record *action,
                      const struct k8smi_path *path) {
  struct k8smi_path headers = K8SMI_AT(path, "httpHeaders");
  struct k8smi_list list = k8smi_get_list(action, K8SMI_HTTPGetAction_httpHeaders);
  k8smi_check_text(c, action, K8SMI_HTTPGetAction_path, "path", path, NULL);
  hook_port(c, action, K8SMI_HTTPGetAction_port, path);
  k8smi_check_words(c, K8SMI_TYPE_HTTPGetAction, action, path);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&headers, i), name = K8SMI_AT(&at, "name");
    struct k8sm_slice text = k8smi_get_str(k8smi_list_record(list, i), K8SMI_HTTPHeader_name);
    const char *wrong = k8smi_format_header(text);
    if (wrong != NULL) k8smi_check_invalid(c, &name, text, wrong);
  }
}

static void hook_tcp(struct k8smi_check *c, const struct k8smi_record *action,
                     const struct k8smi_path *path) {
  hook_port(c, action, K8SMI_TCPSocketAction_port, path);
}

static void hook_grpc(struct k8smi_check *c, const struct k8smi_record *action,
                      const struct k8smi_path *path) {
  k8smi_check_range(c, action, K8SMI_GRPCAction_port, "port", path, 1, 65535);
  struct k8smi_path port = K8SMI_AT(path, "port");
  if (!k8smi_has(action, K8SMI_GRPCAction_port))
    k8smi_check_invalid_number(c, &port, 0, "must be between 1 and 65535, inclusive");
}

static void hook_sleep(struct k8smi_check *c, const struct k8smi_record *action,
                       const struct k8smi_path *path) {
  int64_t grace = k8smi_get_i64(c->spec, K8SMI_PodSpec_terminationGracePeriodSeconds, 30);
  k8smi_check_range(c, action, K8SMI_SleepAction_seconds, "seconds", path, 0, grace < 0 ? 0 : grace);
}

struct hook_kind {
  unsigned field;
  const char *name;
  void (*check)(struct k8smi_check *c, const struct k8smi_record *action, const struct k8smi_path *path);
};
static const struct hook_kind hook_of_probe[] = {
    {K8SMI_Probe_exec, "exec", hook_exec},
    {K8SMI_Probe_httpGet, "httpGet", hook_http},
    {K8SMI_Probe_tcpSocket, "tcpSocket", hook_tcp},
    {K8SMI_Probe_grpc, "grpc", hook_grpc},
};
static const struct hook_kind hook_of_lifecycle[] = {
    {K8SMI_LifecycleHandler_exec, "exec", hook_exec},
    {K8SMI_LifecycleHandler_httpGet, "httpGet", hook_http},
    {K8SMI_LifecycleHandler_tcpSocket, "tcpSocket", hook_tcp},
    {K8SMI_LifecycleHandler_sleep, "sleep", hook_sleep},
};

static void hook_handler(struct k8smi_check *c, const struct k8smi_record *handler,
                         const struct hook_kind *kinds, size_t count, const struct k8smi_path *path) {
  bool found = false;
  for (size_t i = 0; i < count; i++) {
    const struct k8smi_record *action = k8smi_get_record(handler, kinds[i].field);
    struct k8smi_path at = k8smi_path_field(path, k8smi_s(kinds[i].name));
    if (action == NULL) continue;
    if (found) {
      k8smi_check_forbidden(c, &at, "may not specify more than 1 handler type");
    } else {
      kinds[i].check(c, action, &at);
    }
    found = true;
  }
  if (!found) k8smi_check_required(c, path, "must specify a handler type");
}

void k8smi_check_probe(struct k8smi_check *c, const struct k8smi_record *probe, bool once,
                       const struct k8smi_path *path) {
  static const struct {
    unsigned field;
    const char *name;
  } numbers[] = {{K8SMI_Probe_initialDelaySeconds, "initialDelaySeconds"},
                 {K8SMI_Probe_timeoutSeconds, "timeoutSeconds"},
                 {K8SMI_Probe_periodSeconds, "periodSeconds"},
                 {K8SMI_Probe_successThreshold, "successThreshold"},
                 {K8SMI_Probe_failureThreshold, "failureThreshold"}};
  hook_handler(c, probe, hook_of_probe, sizeof hook_of_probe / sizeof hook_of_probe[0], path);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    k8smi_check_range(c, probe, numbers[i].field, numbers[i].name, path, 0, INT32_MAX);
  k8smi_check_range(c, probe, K8SMI_Probe_terminationGracePeriodSeconds, "terminationGracePeriodSeconds",
                    path, 1, INT64_MAX);
  struct k8smi_path grace = K8SMI_AT(path, "terminationGracePeriodSeconds"),
                    success = K8SMI_AT(path, "successThreshold");
  if (!once && k8smi_has(probe, K8SMI_Probe_terminationGracePeriodSeconds))
    k8smi_check_invalid_number(c, &grace, k8smi_get_i64(probe, K8SMI_Probe_terminationGracePeriodSeconds, 0),
                               "must not be set for readinessProbes");
  if (once && k8smi_get_i64(probe, K8SMI_Probe_successThreshold, 1) != 1)
    k8smi_check_invalid_number(c, &success, k8smi_get_i64(probe, K8SMI_Probe_successThreshold, 1),
                               "must be 1");
}

void k8smi_check_lifecycle(struct k8smi_check *c, const struct k8smi_record *lifecycle,
                           const struct k8smi_path *path) {
  static const struct {
    unsigned field;
    const char *name;
  } hooks[] = {{K8SMI_Lifecycle_postStart, "postStart"}, {K8SMI_Lifecycle_preStop, "preStop"}};
  for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
    const struct k8smi_record *handler = k8smi_get_record(lifecycle, hooks[i].field);
    struct k8smi_path at = k8smi_path_field(path, k8smi_s(hooks[i].name));
    if (handler != NULL)
      hook_handler(c, handler, hook_of_lifecycle, sizeof hook_of_lifecycle / sizeof hook_of_lifecycle[0],
                   &at);
  }
}
