/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include <inttypes.h>

/* Probes and lifecycle hooks: one handler of several kinds:
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes */

enum { HOOK_PORT_MAX = 65535 };

static void hook_port(struct k8smi_check *c, const struct k8smi_record *record, struct k8smi_at at,
                      const struct k8smi_path *parent) {
  struct k8smi_int_or_string port = k8smi_get_int_or_string(record, at.field);
  struct k8smi_path path = k8smi_path_at(parent, at);
  if (port.text.ptr != NULL) {
    k8smi_check_format(c, &path, port.text, k8smi_format_port_name);
  } else {
    k8smi_check_between(c, &path, port.number, 1, HOOK_PORT_MAX);
  }
}

static void hook_exec(struct k8smi_check *c, const struct k8smi_record *action,
                      const struct k8smi_path *path) {
  static const struct k8smi_field_rule command = K8SMI_REQUIRED(ExecAction, command);
  k8smi_check_rule(c, action, &command, path);
}

static void hook_http(struct k8smi_check *c, const struct k8smi_record *action,
                      const struct k8smi_path *path) {
  static const char *const schemes[] = {"HTTP", "HTTPS", NULL};
  static const struct k8smi_field_rule of_path = K8SMI_REQUIRED(HTTPGetAction, path);
  static const struct k8smi_field_rule scheme = {K8SMI_RULE_WORD, K8SMI_AT_FIELD(HTTPGetAction, scheme),
                                                 .words = schemes};
  struct k8smi_path headers = K8SMI_PATH(path, HTTPGetAction, httpHeaders);
  struct k8smi_list list = k8smi_get_list(action, K8SMI_HTTPGetAction_httpHeaders);
  k8smi_check_rule(c, action, &of_path, path);
  hook_port(c, action, K8SMI_F(HTTPGetAction, port), path);
  k8smi_check_rule(c, action, &scheme, path);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice name = k8smi_get_str(k8smi_list_record(list, i), K8SMI_HTTPHeader_name);
    k8smi_check_format(c, &headers, name, k8smi_format_header);
  }
}

static void hook_tcp(struct k8smi_check *c, const struct k8smi_record *action,
                     const struct k8smi_path *path) {
  hook_port(c, action, K8SMI_F(TCPSocketAction, port), path);
}

static void hook_grpc(struct k8smi_check *c, const struct k8smi_record *action,
                      const struct k8smi_path *path) {
  struct k8smi_path port = K8SMI_PATH(path, GRPCAction, port);
  k8smi_check_between(c, &port, k8smi_get_i64(action, K8SMI_GRPCAction_port, 0), 1, HOOK_PORT_MAX);
}

static void hook_sleep(struct k8smi_check *c, const struct k8smi_record *action,
                       const struct k8smi_path *path) {
  int64_t grace = k8smi_get_i64(c->spec, K8SMI_PodSpec_terminationGracePeriodSeconds, 0);
  int64_t seconds = k8smi_get_i64(action, K8SMI_SleepAction_seconds, 0);
  if (!k8smi_has(c->spec, K8SMI_PodSpec_terminationGracePeriodSeconds)) return;
  if (seconds < 0 || seconds > grace)
    k8smi_check_invalid(
        c, path, k8smi_v_number(seconds),
        k8smi_check_text(c, "must be non-negative and less than terminationGracePeriodSeconds (%" PRId64 ")",
                         grace));
}

struct hook_kind {
  struct k8smi_at at;
  void (*check)(struct k8smi_check *c, const struct k8smi_record *action, const struct k8smi_path *path);
};
static const struct hook_kind hook_of_probe[] = {
    {K8SMI_AT_FIELD(Probe, exec), hook_exec},
    {K8SMI_AT_FIELD(Probe, httpGet), hook_http},
    {K8SMI_AT_FIELD(Probe, tcpSocket), hook_tcp},
    {K8SMI_AT_FIELD(Probe, grpc), hook_grpc},
};
static const struct hook_kind hook_of_lifecycle[] = {
    {K8SMI_AT_FIELD(LifecycleHandler, exec), hook_exec},
    {K8SMI_AT_FIELD(LifecycleHandler, httpGet), hook_http},
    {K8SMI_AT_FIELD(LifecycleHandler, tcpSocket), hook_tcp},
    {K8SMI_AT_FIELD(LifecycleHandler, sleep), hook_sleep},
};

static void hook_handler(struct k8smi_check *c, const struct k8smi_record *handler,
                         const struct hook_kind *kinds, size_t count, const struct k8smi_path *path) {
  bool found = false;
  for (size_t i = 0; i < count; i++) {
    const struct k8smi_record *action = k8smi_get_record(handler, kinds[i].at.field);
    struct k8smi_path at = k8smi_path_at(path, kinds[i].at);
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

static void hook_probe(struct k8smi_check *c, const struct k8smi_record *probe, bool once,
                       const struct k8smi_path *path) {
#define HOOK_NOT_NEGATIVE(name)                                                                              \
  {                                                                                                          \
    K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(Probe, name), .high = INT32_MAX,                                      \
                                                     .detail = "must be greater than or equal to 0"          \
  }
  static const struct k8smi_field_rule rules[] = {
      HOOK_NOT_NEGATIVE(initialDelaySeconds),
      HOOK_NOT_NEGATIVE(timeoutSeconds),
      HOOK_NOT_NEGATIVE(periodSeconds),
      HOOK_NOT_NEGATIVE(successThreshold),
      HOOK_NOT_NEGATIVE(failureThreshold),
      {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(Probe, terminationGracePeriodSeconds), .low = 1, .high = INT64_MAX,
       .detail = "must be greater than 0"},
  };
  struct k8smi_path grace = K8SMI_PATH(path, Probe, terminationGracePeriodSeconds),
                    success = K8SMI_PATH(path, Probe, successThreshold);
  int64_t threshold = k8smi_get_i64(probe, K8SMI_Probe_successThreshold, 0);
  hook_handler(c, probe, hook_of_probe, sizeof hook_of_probe / sizeof hook_of_probe[0], path);
  K8SMI_CHECK_RULES(c, probe, rules, path);
  if (once && threshold != 1) k8smi_check_invalid(c, &success, k8smi_v_number(threshold), "must be 1");
  if (!once && k8smi_has(probe, K8SMI_Probe_terminationGracePeriodSeconds))
    k8smi_check_invalid(c, &grace,
                        k8smi_v_number(k8smi_get_i64(probe, K8SMI_Probe_terminationGracePeriodSeconds, 0)),
                        "must not be set for readinessProbes");
}

/* One that has a stop signal and nothing else is none: the server drops the signal, whose feature is off. */
bool k8smi_has_lifecycle(const struct k8smi_record *lifecycle) {
  const uint64_t signal = (uint64_t)1 << K8SMI_Lifecycle_stopSignal;
  return lifecycle != NULL && lifecycle->present != signal;
}

static void hook_lifecycle(struct k8smi_check *c, const struct k8smi_record *lifecycle,
                           const struct k8smi_path *path) {
  static const struct k8smi_at hooks[] = {K8SMI_AT_FIELD(Lifecycle, postStart),
                                          K8SMI_AT_FIELD(Lifecycle, preStop)};
  for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
    const struct k8smi_record *handler = k8smi_get_record(lifecycle, hooks[i].field);
    struct k8smi_path at = k8smi_path_at(path, hooks[i]);
    if (handler != NULL)
      hook_handler(c, handler, hook_of_lifecycle, sizeof hook_of_lifecycle / sizeof hook_of_lifecycle[0],
                   &at);
  }
}

void k8smi_check_probes(struct k8smi_check *c, const struct k8smi_record *container, bool allowed,
                        const struct k8smi_path *path) {
  static const struct {
    struct k8smi_at at;
    bool once; /* successThreshold must be 1 */
  } probes[] = {{K8SMI_AT_FIELD(Container, livenessProbe), true},
                {K8SMI_AT_FIELD(Container, readinessProbe), false},
                {K8SMI_AT_FIELD(Container, startupProbe), true}};
  static const char forbidden[] = "may not be set for init containers without restartPolicy=Always";
  const struct k8smi_record *lifecycle = k8smi_get_record(container, K8SMI_Container_lifecycle);
  struct k8smi_path of_lifecycle = K8SMI_PATH(path, Container, lifecycle);
  if (!allowed && k8smi_has_lifecycle(lifecycle)) k8smi_check_forbidden(c, &of_lifecycle, forbidden);
  if (allowed) hook_lifecycle(c, lifecycle, &of_lifecycle);
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
    const struct k8smi_record *probe = k8smi_get_record(container, probes[i].at.field);
    struct k8smi_path at = k8smi_path_at(path, probes[i].at);
    if (probe != NULL && !allowed) k8smi_check_forbidden(c, &at, forbidden);
    if (probe != NULL && allowed) hook_probe(c, probe, probes[i].once, &at);
  }
}
