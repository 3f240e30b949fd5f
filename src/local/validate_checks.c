/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* What a master refuses of checks and health checks. */

struct check_times {
  double delay, interval, timeout, grace;
};

static const char *check_times_fault(const struct check_times *times) {
  if (times->delay < 0) return "Expecting 'delay_seconds' to be non-negative";
  if (times->grace < 0) return "Expecting 'grace_period_seconds' to be non-negative";
  if (times->interval < 0) return "Expecting 'interval_seconds' to be non-negative";
  if (times->timeout < 0) return "Expecting 'timeout_seconds' to be non-negative";
  return NULL;
}

static const char *check_path_fault(struct k8smi_arena *arena, const char *path, const char *kind) {
  if (path == NULL || path[0] == '/') return NULL;
  return LOCAL_WORDS(arena, "The path '", path, "' of HTTP ", kind, " must start with '/'");
}

const char *k8smi_local_check_fault(struct k8smi_arena *arena, const K8smMesos__CheckInfo *check) {
  const K8smMesos__CommandInfo *command = check->command == NULL ? NULL : check->command->command;
  const char *fault;
  if (!check->has_type) return "CheckInfo must specify 'type'";
  switch (check->type) {
  case K8SM_MESOS__CHECK_INFO__TYPE__COMMAND:
    if (command == NULL) return "Expecting 'command' to be set for COMMAND check";
    if (command->value == NULL) {
      return command->shell ? "Command check must contain 'shell command'"
                            : "Command check must contain 'executable path'";
    }
    break;
  case K8SM_MESOS__CHECK_INFO__TYPE__HTTP:
    if (check->http == NULL) return "Expecting 'http' to be set for HTTP check";
    fault = check_path_fault(arena, check->http->path, "check");
    if (fault != NULL) return fault;
    break;
  case K8SM_MESOS__CHECK_INFO__TYPE__TCP:
    if (check->tcp == NULL) return "Expecting 'tcp' to be set for TCP check";
    break;
  default: return "'UNKNOWN' is not a valid check type";
  }
  return check_times_fault(
      &(struct check_times){check->delay_seconds, check->interval_seconds, check->timeout_seconds, 0});
}

static const char *check_http_fault(struct k8smi_arena *arena,
                                    const K8smMesos__HealthCheck__HTTPCheckInfo *http) {
  if (http == NULL) return "Expecting 'http' to be set for HTTP health check";
  if (http->scheme != NULL && strcmp(http->scheme, "http") != 0 && strcmp(http->scheme, "https") != 0) {
    return LOCAL_WORDS(arena, "Unsupported HTTP health check scheme: '", http->scheme, "'");
  }
  return check_path_fault(arena, http->path, "health check");
}

static const char *check_health_type_fault(struct k8smi_arena *arena, const K8smMesos__HealthCheck *check) {
  if (!check->has_type) return "HealthCheck must specify 'type'";
  switch (check->type) {
  case K8SM_MESOS__HEALTH_CHECK__TYPE__COMMAND:
    if (check->command == NULL) return "Expecting 'command' to be set for COMMAND health check";
    if (check->command->value != NULL) return NULL;
    return check->command->shell ? "Command health check must contain 'shell command'"
                                 : "Command health check must contain 'executable path'";
  case K8SM_MESOS__HEALTH_CHECK__TYPE__HTTP: return check_http_fault(arena, check->http);
  case K8SM_MESOS__HEALTH_CHECK__TYPE__TCP:
    return check->tcp == NULL ? "Expecting 'tcp' to be set for TCP health check" : NULL;
  default: return "'UNKNOWN' is not a valid health check type";
  }
}

const char *k8smi_local_health_fault(struct k8smi_arena *arena, const K8smMesos__HealthCheck *check) {
  const char *fault = check_health_type_fault(arena, check);
  if (fault != NULL) return fault;
  return check_times_fault(&(struct check_times){check->delay_seconds, check->interval_seconds,
                                                 check->timeout_seconds, check->grace_period_seconds});
}
