/* SPDX-License-Identifier: Apache-2.0 */
/* What the control of `km run` needs to know of the world: the pods that run, the agents, the time zones. */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

bool km_runner_tell_found(struct km_runner *r) {
  struct k8sm_driver_pod pod;
  for (size_t i = 0; k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1) > 0; i++) {
    struct k8sm_blob *status = NULL;
    if (k8sm_status_encode(pod.status, K8SM_FORMAT_JSON, NULL, &status) != K8SM_OK) return false;
    struct k8sm_pod *own = k8sm_pod_ref((struct k8sm_pod *)(uintptr_t)pod.pod);
    struct k8sm_control_input input = {.type = K8SM_CONTROL_FOUND,
                                       .flags = pod.deleting ? K8SM_CONTROL_FLAG_DELETING : 0,
                                       .bytes = k8sm_blob_bytes(status),
                                       .pod = own};
    int result = km_runner_control(r, &input, NULL);
    k8sm_blob_unref(status);
    k8sm_pod_unref(own);
    if (result != K8SM_OK) {
      km_report_result("a pod of the record", result);
      return false;
    }
  }
  return true;
}

/* ---- Agents ---- */

/* An agent as a node, with memory of its own. */
struct agent {
  struct k8sm_node node;
  struct k8sm_node_label *labels;
  struct k8sm_node_taint *taints;
};

static void read_agent(const struct km_runner *r, struct k8sm_slice id, struct agent *to) {
  size_t labels = k8sm_driver_agent_labels(r->driver, id, 0, NULL, sizeof *to->labels, 0);
  size_t taints = k8sm_driver_agent_taints(r->driver, id, 0, NULL, sizeof *to->taints, 0);
  to->labels = km_alloc(NULL, labels * sizeof *to->labels);
  to->taints = km_alloc(NULL, taints * sizeof *to->taints);
  if (labels > 0) k8sm_driver_agent_labels(r->driver, id, 0, to->labels, sizeof *to->labels, labels);
  if (taints > 0) k8sm_driver_agent_taints(r->driver, id, 0, to->taints, sizeof *to->taints, taints);
  to->node = (struct k8sm_node){.size = sizeof to->node,
                                .labels = to->labels,
                                .label_count = labels,
                                .label_size = sizeof *to->labels,
                                .taints = to->taints,
                                .taint_count = taints,
                                .taint_size = sizeof *to->taints};
}

static uint64_t add(uint64_t sum, const char *text) {
  for (; *text != '\0'; text++) sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
  return (sum ^ 0xff) * UINT64_C(0x100000001b3);
}

static uint64_t sum_up(const struct k8sm_control_agent *rows, const struct agent *agents, size_t n) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < n; i++) {
    sum = add(sum, rows[i].name.ptr);
    for (size_t k = 0; rows[i].node != NULL && k < agents[i].node.label_count; k++)
      sum = add(add(sum, agents[i].labels[k].key), agents[i].labels[k].value);
    for (size_t k = 0; rows[i].node != NULL && k < agents[i].node.taint_count; k++)
      sum = add(add(sum, agents[i].taints[k].key), agents[i].taints[k].effect);
  }
  return sum;
}

static bool is_listed(const struct k8sm_control_agent *rows, size_t n, struct k8sm_slice name) {
  for (size_t i = 0; i < n; i++) {
    if (rows[i].name.len == name.len && memcmp(rows[i].name.ptr, name.ptr, name.len) == 0) return true;
  }
  return false;
}

/* Where pods run there is an agent, also if no offer of it has come since the start. */
static size_t add_hosts_of_pods(const struct km_runner *r, struct k8sm_control_agent *rows, size_t n,
                                size_t cap) {
  struct k8sm_driver_pod pod;
  for (size_t i = 0; n < cap && k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1) > 0; i++) {
    struct k8sm_status_summary s = {.size = sizeof s};
    if (k8sm_status_summarize(pod.status, &s) != K8SM_OK || s.finished || s.hostname.len == 0) continue;
    if (!is_listed(rows, n, s.hostname)) rows[n++] = (struct k8sm_control_agent){s.hostname, NULL};
  }
  return n;
}

/* Only DaemonSets ask for agents. */
static bool has_daemons(const struct km_runner *r) {
  struct k8sm_control_row row;
  for (size_t i = 0; k8sm_control_rows(r->workloads, i, &row, sizeof row, 1) > 0; i++) {
    if (row.kind == K8SM_WORKLOAD_DAEMON_SET) return true;
  }
  return false;
}

void km_runner_look_at_agents(struct km_runner *r) {
  size_t known = k8sm_driver_agents(r->driver, 0, NULL, sizeof(struct k8sm_agent), 0);
  size_t cap = known + k8sm_driver_pods(r->driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0);
  if (known == 0 || !has_daemons(r)) return;
  struct k8sm_control_agent *rows = km_alloc(NULL, cap * sizeof *rows);
  struct agent *agents = km_alloc(NULL, known * sizeof *agents);
  for (size_t i = 0; i < known; i++) {
    struct k8sm_agent agent;
    k8sm_driver_agents(r->driver, i, &agent, sizeof agent, 1);
    read_agent(r, agent.id, &agents[i]);
    rows[i] = (struct k8sm_control_agent){agent.hostname, &agents[i].node};
  }
  size_t n = add_hosts_of_pods(r, rows, known, cap);
  uint64_t sum = sum_up(rows, agents, n);
  struct k8sm_control_input input = {
      .type = K8SM_CONTROL_AGENTS, .agents = rows, .agent_count = n, .agent_size = sizeof *rows};
  if (sum != r->agents && km_runner_control(r, &input, NULL) == K8SM_OK) r->agents = sum;
  for (size_t i = 0; i < known; i++) {
    free(agents[i].labels);
    free(agents[i].taints);
  }
  free(agents);
  free(rows);
}

/* ---- Time zones ---- */

/* Its name has been checked with the manifest: no part of it is "..". */
void km_runner_give_zone(struct km_runner *r, const struct k8sm_workload *workload) {
  struct k8sm_cron_job_spec spec = {.size = sizeof spec};
  const char *folder = getenv("TZDIR");
  char path[600], *bytes;
  size_t len;
  if (k8sm_workload_get_cron_job(workload, &spec) != K8SM_OK || spec.time_zone.len == 0) return;
  if (spec.time_zone.len > 255 || strstr(spec.time_zone.ptr, "..") != NULL) return;
  snprintf(path, sizeof path, "%s/%s", folder == NULL ? "/usr/share/zoneinfo" : folder, spec.time_zone.ptr);
  if (!km_read_file(path, &bytes, &len)) return;
  struct k8sm_control_input input = {.type = K8SM_CONTROL_ZONE, .key = spec.time_zone, .bytes = {bytes, len}};
  if (km_runner_control(r, &input, NULL) != K8SM_OK) fprintf(stderr, "km: %s: not a time zone\n", path);
  free(bytes);
}
