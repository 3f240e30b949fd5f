/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, probes and hooks. */
#include "pod/pod_rows.h"

#include <assert.h>

static_assert((int)K8SMI_LifecycleHandler_exec == (int)K8SMI_Probe_exec &&
                  (int)K8SMI_LifecycleHandler_httpGet == (int)K8SMI_Probe_httpGet &&
                  (int)K8SMI_LifecycleHandler_tcpSocket == (int)K8SMI_Probe_tcpSocket,
              "a hook's handlers are not laid out as a probe's");

/* Where what serves a purpose stands. */
static const struct probe_place {
  uint32_t purpose;
  unsigned field; /* of Container */
  unsigned hook;  /* of Lifecycle */
} probe_places[] = {
    {K8SM_PURPOSE_LIVENESS, K8SMI_Container_livenessProbe, 0},
    {K8SM_PURPOSE_READINESS, K8SMI_Container_readinessProbe, 0},
    {K8SM_PURPOSE_STARTUP, K8SMI_Container_startupProbe, 0},
    {K8SM_PURPOSE_POST_START, K8SMI_Container_lifecycle, K8SMI_Lifecycle_postStart},
    {K8SM_PURPOSE_PRE_STOP, K8SMI_Container_lifecycle, K8SMI_Lifecycle_preStop},
};
enum { PROBE_PLACES = sizeof probe_places / sizeof probe_places[0] };

static bool probe_is_hook(const struct probe_place *place) {
  return place->field == K8SMI_Container_lifecycle;
}

/* The probe or hook; NULL if the container has none. */
static const struct k8smi_record *probe_at(const struct k8smi_record *container,
                                           const struct probe_place *place) {
  const struct k8smi_record *record = k8smi_get_record(container, place->field);
  return probe_is_hook(place) ? k8smi_get_record(record, place->hook) : record;
}

/* ---- Words ---- */

static void probe_put_words(struct k8smi_rows *r, struct k8smi_list list, uint32_t container,
                            uint32_t purpose) {
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_pod_word row = {k8smi_list_str(list, i), container, purpose};
    k8smi_rows_put(r, &row, sizeof row);
  }
}

static void probe_rows_of_words(struct k8smi_rows *r, const struct k8smi_record *container, uint32_t number) {
  probe_put_words(r, k8smi_get_list(container, K8SMI_Container_command), number, K8SM_PURPOSE_COMMAND);
  probe_put_words(r, k8smi_get_list(container, K8SMI_Container_args), number, K8SM_PURPOSE_ARGS);
  for (size_t i = 0; i < PROBE_PLACES; i++) {
    const struct k8smi_record *exec =
        k8smi_get_record(probe_at(container, &probe_places[i]), K8SMI_Probe_exec);
    probe_put_words(r, k8smi_get_list(exec, K8SMI_ExecAction_command), number, probe_places[i].purpose);
  }
}

size_t k8sm_pod_words(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_word *rows, size_t row_size,
                      size_t n) {
  struct k8smi_rows r = {rows, row_size, first, n, 0};
  return k8smi_rows_of_containers(&r, pod, probe_rows_of_words);
}

/* ---- Probes and hooks ---- */

/* The number of a port of the container; 0: none has this name. */
static uint32_t probe_find_port(const struct k8smi_record *container, struct k8sm_slice name) {
  struct k8smi_list ports = k8smi_get_list(container, K8SMI_Container_ports);
  for (size_t i = 0; i < ports.count; i++) {
    const struct k8smi_record *port = k8smi_list_record(ports, i);
    if (k8smi_eq(k8smi_get_str(port, K8SMI_ContainerPort_name), name))
      return (uint32_t)k8smi_get_i64(port, K8SMI_ContainerPort_containerPort, 0);
  }
  return 0;
}

static void probe_fill_port(struct k8sm_pod_probe *row, const struct k8smi_record *container,
                            struct k8smi_int_or_string port) {
  row->port_name = port.text;
  row->port = port.text.ptr == NULL ? (uint32_t)port.number : probe_find_port(container, port.text);
}

static void probe_fill_handler(struct k8sm_pod_probe *row, const struct k8smi_record *container,
                               const struct k8smi_record *handler, bool hook) {
  const struct k8smi_record *http = k8smi_get_record(handler, K8SMI_Probe_httpGet);
  const struct k8smi_record *tcp = k8smi_get_record(handler, K8SMI_Probe_tcpSocket);
  if (k8smi_has(handler, K8SMI_Probe_exec)) {
    row->handler = K8SM_HANDLER_EXEC;
  } else if (http != NULL) {
    row->handler = K8SM_HANDLER_HTTP;
    row->scheme = k8smi_get_str(http, K8SMI_HTTPGetAction_scheme);
    row->host = k8smi_get_str(http, K8SMI_HTTPGetAction_host);
    row->path = k8smi_get_str(http, K8SMI_HTTPGetAction_path);
    probe_fill_port(row, container, k8smi_get_int_or_string(http, K8SMI_HTTPGetAction_port));
  } else if (tcp != NULL) {
    row->handler = K8SM_HANDLER_TCP;
    row->host = k8smi_get_str(tcp, K8SMI_TCPSocketAction_host);
    probe_fill_port(row, container, k8smi_get_int_or_string(tcp, K8SMI_TCPSocketAction_port));
  } else if (hook && k8smi_has(handler, K8SMI_LifecycleHandler_sleep)) {
    row->handler = K8SM_HANDLER_SLEEP;
    row->sleep =
        k8smi_get_i64(k8smi_get_record(handler, K8SMI_LifecycleHandler_sleep), K8SMI_SleepAction_seconds, 0);
  } else if (!hook && k8smi_has(handler, K8SMI_Probe_grpc)) {
    const struct k8smi_record *grpc = k8smi_get_record(handler, K8SMI_Probe_grpc);
    row->handler = K8SM_HANDLER_GRPC;
    row->service = k8smi_get_str(grpc, K8SMI_GRPCAction_service);
    row->port = (uint32_t)k8smi_get_i64(grpc, K8SMI_GRPCAction_port, 0);
  }
}

static void probe_fill_times(struct k8sm_pod_probe *row, const struct k8smi_record *probe) {
  row->initial_delay = (int32_t)k8smi_get_i64(probe, K8SMI_Probe_initialDelaySeconds, 0);
  row->period = (int32_t)k8smi_get_i64(probe, K8SMI_Probe_periodSeconds, 0);
  row->timeout = (int32_t)k8smi_get_i64(probe, K8SMI_Probe_timeoutSeconds, 0);
  row->success_threshold = (int32_t)k8smi_get_i64(probe, K8SMI_Probe_successThreshold, 0);
  row->failure_threshold = (int32_t)k8smi_get_i64(probe, K8SMI_Probe_failureThreshold, 0);
  row->grace_period = k8smi_get_i64(probe, K8SMI_Probe_terminationGracePeriodSeconds, -1);
}

static void probe_rows_of(struct k8smi_rows *r, const struct k8smi_record *container, uint32_t number) {
  for (size_t i = 0; i < PROBE_PLACES; i++) {
    const struct k8smi_record *probe = probe_at(container, &probe_places[i]);
    bool hook = probe_is_hook(&probe_places[i]);
    struct k8sm_pod_probe row = {.container = number, .purpose = probe_places[i].purpose, .grace_period = -1};
    if (probe == NULL) continue;
    probe_fill_handler(&row, container, probe, hook);
    if (!hook) probe_fill_times(&row, probe);
    k8smi_rows_put(r, &row, sizeof row);
  }
}

size_t k8sm_pod_probes(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_probe *rows, size_t row_size,
                       size_t n) {
  struct k8smi_rows r = {rows, row_size, first, n, 0};
  return k8smi_rows_of_containers(&r, pod, probe_rows_of);
}
