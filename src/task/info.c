/* SPDX-License-Identifier: Apache-2.0 */
#include "task/build.h"

#include "wire/number.h"

#include <math.h>

/* "nginx.web"; the pause task is "nginx.pause". */
static char *info_name(struct k8smi_task_build *b, const struct k8smi_demand_task *task) {
  struct k8sm_slice pod = b->demand->name;
  struct k8sm_slice own = task->kind == K8SM_TASK_PAUSE ? K8SMI_S("pause") : task->container;
  char *text = k8smi_task_array(b, pod.len + own.len + 2, 1);
  if (text == NULL) return NULL;
  memcpy(text, pod.ptr, pod.len);
  text[pod.len] = '.';
  memcpy(text + pod.len + 1, own.ptr, own.len);
  return text;
}

static K8smMesos__TaskInfo__LimitsEntry *info_limit(struct k8smi_task_build *b, struct k8sm_slice name,
                                                    int64_t milli) {
  K8smMesos__TaskInfo__LimitsEntry *entry = K8SMI_TASK_NEW(b, TaskInfo__LimitsEntry, task_info__limits_entry);
  K8smMesos__Value__Scalar *scalar = K8SMI_TASK_NEW(b, Value__Scalar, value__scalar);
  if (entry == NULL || scalar == NULL) return NULL;
  scalar->value = milli == K8SMI_UNLIMITED ? (double)INFINITY : k8smi_double_of_milli(milli);
  entry->key = k8smi_task_text(name);
  entry->value = scalar;
  return entry;
}

static void info_limits(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                        K8smMesos__TaskInfo *info) {
  if (!task->limits) return;
  info->limits = k8smi_task_array(b, 2, sizeof *info->limits);
  if (info->limits == NULL) return;
  info->limits[0] = info_limit(b, K8SMI_S("cpus"), task->limit_cpus_milli);
  info->limits[1] = info_limit(b, K8SMI_S("mem"), task->limit_mem_milli);
  info->n_limits = 2;
}

static K8smMesos__Port *info_port(struct k8smi_task_build *b, const struct k8smi_demand_port *port,
                                  uint16_t host_port) {
  K8smMesos__Port *message = K8SMI_TASK_NEW(b, Port, port);
  if (message == NULL) return NULL;
  message->number = host_port != 0 ? host_port : port->container_port;
  message->name = k8smi_task_text(port->name);
  message->protocol = k8smi_task_text(k8smi_task_protocol(port->protocol));
  return message;
}

/* The first port of a task or one behind it: a demand's ports are in the order of its tasks. */
static size_t info_first_port(const struct k8sm_demand *d, size_t task) {
  size_t low = 0, high = d->port_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (d->ports[middle].task < task) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static K8smMesos__Ports *info_ports(struct k8smi_task_build *b, size_t first, size_t end) {
  K8smMesos__Ports *ports = first == end ? NULL : K8SMI_TASK_NEW(b, Ports, ports);
  if (ports == NULL) return NULL;
  ports->ports = k8smi_task_array(b, end - first, sizeof *ports->ports);
  for (size_t i = first; ports->ports != NULL && i < end; i++) {
    ports->ports[ports->n_ports++] = info_port(
        b, &b->demand->ports[i], b->placement->host_ports == NULL ? 0 : b->placement->host_ports[i]);
  }
  return ports;
}

/* For those who look for services: of containers with ports, and of the first main one where the pod says how
 * it wants to be found. */
static K8smMesos__DiscoveryInfo *info_discovery(struct k8smi_task_build *b, size_t task) {
  const struct k8sm_demand *d = b->demand;
  const struct k8smi_demand_discovery *from = d->discovery;
  size_t first = info_first_port(d, task), end = info_first_port(d, task + 1);
  bool main = d->tasks[task].kind == K8SM_TASK_MAIN && d->tasks[task - 1].kind != K8SM_TASK_MAIN;
  if (first == end && !(from->stated && main)) return NULL;
  K8smMesos__DiscoveryInfo *discovery = K8SMI_TASK_NEW(b, DiscoveryInfo, discovery_info);
  if (discovery == NULL) return NULL;
  discovery->visibility = (K8smMesos__DiscoveryInfo__Visibility)from->visibility;
  discovery->name = k8smi_task_text(from->name);
  discovery->environment = k8smi_task_text(from->environment);
  discovery->location = k8smi_task_text(from->location);
  discovery->version = k8smi_task_text(from->version);
  discovery->labels = b->labels;
  discovery->ports = info_ports(b, first, end);
  return discovery;
}

static int64_t info_add(int64_t a, int64_t b) {
  return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* The driver ends a pod that is past its activeDeadlineSeconds. Where there is none any more, the executor
 * does: counted from the launch, later than the driver could by all that an orderly end takes, and by what a
 * KILL may be late. Every task of the pod, or those that are left would keep its executor. */
static K8smMesos__DurationInfo *info_completion(struct k8smi_task_build *b) {
  enum { LATE_SECONDS = 5 };
  const struct k8sm_demand *d = b->demand;
  int64_t least =
      d->grace_seconds < K8SMI_SIDECAR_GRACE_SECONDS ? d->grace_seconds : K8SMI_SIDECAR_GRACE_SECONDS;
  int64_t seconds = info_add(d->active_deadline_seconds, LATE_SECONDS);
  if (d->active_deadline_seconds <= 0) return NULL;
  seconds = info_add(seconds, d->grace_seconds);
  for (size_t i = 1; i < d->task_count; i++) {
    if (d->tasks[i].kind == K8SM_TASK_SIDECAR) seconds = info_add(seconds, least);
  }
  return k8smi_task_seconds(b, seconds);
}

K8smMesos__TaskInfo *k8smi_task_info(struct k8smi_task_build *b, size_t task, struct k8sm_slice id) {
  const struct k8smi_demand_task *t = &b->demand->tasks[task];
  K8smMesos__TaskInfo *info = K8SMI_TASK_NEW(b, TaskInfo, task_info);
  if (info == NULL) return NULL;
  info->name = info_name(b, t);
  info->task_id = K8SMI_TASK_NEW(b, TaskID, task_id);
  info->agent_id = K8SMI_TASK_NEW(b, AgentID, agent_id);
  info->kill_policy = K8SMI_TASK_NEW(b, KillPolicy, kill_policy);
  if (b->no_memory) return NULL;
  info->task_id->value = k8smi_task_text(id);
  info->agent_id->value = k8smi_task_text(b->placement->agent_id);
  info->kill_policy->grace_period = k8smi_task_seconds(b, t->grace_seconds);
  const struct k8smi_resources *held =
      k8smi_demand_is_task(b->demand) ? &b->holds.executor : &b->holds.tasks[task];
  info->resources = held->items;
  info->n_resources = held->count;
  info->command = k8smi_task_command(b, t);
  info->container = k8smi_demand_is_docker(b->demand) ? k8smi_task_docker(b, t) : k8smi_task_container(b, t);
  info->health_check = k8smi_task_health(b, t);
  info->check = k8smi_task_check(b, t);
  info->labels = k8smi_demand_is_task(b->demand) ? k8smi_task_pod_labels(b) : b->labels;
  info->discovery = info_discovery(b, task);
  info->max_completion_time = info_completion(b);
  info_limits(b, t, info);
  return b->no_memory ? NULL : info;
}
