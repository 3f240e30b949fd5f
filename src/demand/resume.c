/* SPDX-License-Identifier: Apache-2.0 */
/* A Demand for a pod under way, and what a Demand tells of itself. */
#include "demand/demand.h"

#include "base/abi.h"
#include "base/findings.h"
#include "offer/offer.h"

#include "wire/mesos.h"

#include <k8smesos/match.h>
#include <k8smesos/task.h>

static int resume_invalid(struct k8sm_diags *diags, const char *words) {
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "%s", words);
  return K8SM_ERR_INVALID;
}

/* An attempt goes on under the mapping that began it, or not at all: another one may make another executor or
 * other tasks of the same pod, and Mesos or the pod may not stand the mixture. */
static int resume_check_executor(const struct k8sm_demand *d, const struct k8sm_resume_options *options,
                                 struct k8sm_diags *diags) {
  struct k8smi_arena scratch;
  struct k8sm_task_id id = {0};
  ProtobufCMessage *message = NULL;
  k8smi_arena_init(&scratch, options->allocator, 0);
  int result = k8smi_message_decode(&scratch, &k8sm_mesos__executor_info__descriptor, options->executor,
                                    options->executor_len, &message, diags);
  const K8smMesos__ExecutorInfo *executor = (const K8smMesos__ExecutorInfo *)message;
  if (result == K8SM_OK) {
    const char *text = executor->executor_id->value;
    if (k8sm_executor_id_parse(text, strlen(text), &id) != K8SM_OK || !k8smi_eq(id.uid, d->uid) ||
        id.attempt != d->attempt) {
      result = resume_invalid(diags, "options.executor is not that of this attempt of the pod");
    } else if (id.mapping != K8SM_MAPPING_VERSION) {
      k8smi_find(
          diags, K8SM_DIAG_MAPPING_CHANGED, NULL,
          "executor '%s' was made by version %u of the mapping, and this is version %d: the attempt can't "
          "go on",
          text, id.mapping, K8SM_MAPPING_VERSION);
      result = K8SM_ERR_STATE;
    }
  }
  k8smi_arena_free(&scratch);
  return result;
}

/* Marks the tasks that are to be launched now. */
static int resume_mark(struct k8sm_demand *d, const struct k8sm_resume_options *options,
                       struct k8sm_diags *diags) {
  for (size_t i = 0; i < options->launch_count; i++) {
    struct k8sm_launch launch;
    k8smi_row_read(&launch, sizeof launch, options->launches, options->launch_size, i);
    if (launch.task >= d->task_count)
      return resume_invalid(diags, "options.launches names a task that is not there");
    if (d->tasks[launch.task].launch) return resume_invalid(diags, "options.launches names a task twice");
    d->tasks[launch.task].launch = true;
    d->tasks[launch.task].restart = launch.restart;
  }
  return K8SM_OK;
}

/* Ports that may be any are those that the pod was given when it was placed. */
static bool resume_ports(struct k8sm_demand *d, const struct k8sm_resume_options *options) {
  if (options->port_count == 0 || d->port_count == 0) return true;
  struct k8smi_demand_port *ports = k8smi_arena_array(&d->arena, d->port_count, sizeof *ports);
  if (ports == NULL) return false;
  memcpy(ports, d->ports, d->port_count * sizeof *ports);
  for (size_t i = 0; i < d->port_count; i++) {
    for (size_t k = 0; ports[i].any && k < options->port_count; k++) {
      struct k8sm_plan_port row;
      k8smi_row_read(&row, sizeof row, options->ports, options->port_size, k);
      if (row.container_port != ports[i].container_port || !k8smi_eq(row.protocol, ports[i].protocol) ||
          !k8smi_eq(row.container, d->tasks[ports[i].task].container)) {
        continue;
      }
      ports[i].host_port = row.host_port;
      break;
    }
  }
  d->ports = ports;
  return true;
}

/* Tasks' texts stay with the former demand, which holds them: `from` is referenced. */
static int resume_fill(struct k8sm_demand *d, const struct k8sm_demand *from,
                       const struct k8sm_resume_options *options, struct k8sm_diags *diags) {
  d->cpus_milli = d->mem_milli = d->disk_milli = 0;
  d->spare[0] = d->spare[1] = 0;
  d->extended_count = d->volume_count = 0;
  if (options->deadline_seconds > 0 && options->deadline_seconds < d->active_deadline_seconds)
    d->active_deadline_seconds = options->deadline_seconds;
  d->nonce = k8smi_arena_slice(&d->arena, k8smi_s(options->nonce));
  d->agent_id = k8smi_arena_slice(&d->arena, k8smi_s(options->agent_id));
  d->executor = k8smi_arena_copy(&d->arena, options->executor, options->executor_len);
  d->tasks = k8smi_arena_array(&d->arena, from->task_count, sizeof *d->tasks);
  if (d->nonce.ptr == NULL || d->agent_id.ptr == NULL || d->executor.ptr == NULL || d->tasks == NULL) {
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  memcpy(d->tasks, from->tasks, from->task_count * sizeof *d->tasks);
  for (size_t i = 0; i < d->task_count; i++) d->tasks[i].launch = false;
  if (!resume_ports(d, options)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  return resume_mark(d, options, diags);
}

int k8sm_demand_resume(const struct k8sm_demand *demand, const struct k8sm_resume_options *options,
                       struct k8sm_demand **ret, struct k8sm_diags *diags) {
  struct k8sm_resume_options o;
  int result = k8smi_options_read(&o, sizeof o, options, "k8sm_resume_options", diags);
  if (result != K8SM_OK) return result;
  if (o.agent_id == NULL || o.agent_id[0] == '\0')
    return resume_invalid(diags, "options.agent_id is required");
  if (o.executor == NULL || o.executor_len == 0) return resume_invalid(diags, "options.executor is required");
  if (!k8smi_nonce_valid(o.nonce)) {
    return resume_invalid(diags, "options.nonce must be 1 to 32 letters and digits");
  }
  if (k8smi_eqs(demand->nonce, o.nonce) ||
      (demand->origin != NULL && k8smi_eqs(demand->origin->nonce, o.nonce)))
    return resume_invalid(
        diags,
        "options.nonce is one that the demand has, or had at first: ids of its tasks would be used again");
  if (o.deadline_seconds < 0) return resume_invalid(diags, "options.deadline_seconds must not be negative");
  result = resume_check_executor(demand, &o, diags);
  if (result != K8SM_OK) return result;
  struct k8sm_demand *d = K8SMI_VALUE_NEW(k8sm_demand, o.allocator, 0);
  if (d == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_refs_init(&d->refs);
  /* All but the count of references and the arena, which are the first two. */
  size_t head = offsetof(struct k8sm_demand, pod);
  memcpy((char *)d + head, (const char *)demand + head, sizeof *d - head);
  memcpy(&d->origin, &demand, sizeof demand);
  if (demand->origin != NULL) d->origin = demand->origin;
  k8sm_demand_ref(d->origin);
  k8sm_pod_ref(d->pod);
  result = resume_fill(d, demand, &o, diags);
  if (result != K8SM_OK) {
    k8sm_demand_unref(d);
    return result;
  }
  *ret = d;
  return K8SM_OK;
}

const struct k8sm_pod *k8sm_demand_pod(const struct k8sm_demand *demand) {
  return demand->pod;
}

uint32_t k8sm_demand_attempt(const struct k8sm_demand *demand) {
  return demand->attempt;
}

size_t k8sm_demand_tasks(const struct k8sm_demand *demand, size_t first, struct k8sm_demand_task *rows,
                         size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(demand->task_count, first);
  for (size_t i = 0; i < left && i < n; i++) {
    const struct k8smi_demand_task *t = &demand->tasks[first + i];
    struct k8sm_demand_task row = {t->container, t->kind,   t->stage,  t->cpus_milli,
                                   t->mem_milli, t->launch, t->restart};
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}

int k8sm_demand_get_budget(const struct k8sm_demand *demand, struct k8sm_demand_budget *ret) {
  struct k8sm_demand_budget budget = {sizeof budget, demand->cpus_milli, demand->mem_milli,
                                      demand->disk_milli};
  return k8smi_struct_write(ret, &budget, sizeof budget);
}

int k8sm_demand_get_form(const struct k8sm_demand *demand, struct k8sm_demand_form *ret) {
  struct k8sm_demand_form form = {sizeof form, demand->form, K8SM_MAPPING_VERSION,
                                  k8smi_form_name(demand->form), demand->form_reason};
  return k8smi_struct_write(ret, &form, sizeof form);
}

size_t k8sm_demand_volumes(const struct k8sm_demand *demand, size_t first, struct k8sm_demand_volume *rows,
                           size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(demand->volume_count, first);
  for (size_t i = 0; i < left && i < n; i++) {
    k8smi_row_write(rows, row_size, i, &demand->volumes[first + i].row, sizeof *rows);
  }
  return left;
}

static int64_t resume_add(int64_t a, int64_t b) {
  return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

void k8smi_demand_sum(const struct k8sm_demand *demand, int64_t *ret_scalars) {
  ret_scalars[K8SMI_CPUS] = resume_add(demand->cpus_milli, demand->spare[0]);
  ret_scalars[K8SMI_MEM] = resume_add(demand->mem_milli, demand->spare[1]);
  ret_scalars[K8SMI_DISK] = demand->disk_milli;
  for (size_t i = 0; i < demand->volume_count; i++) {
    if (demand->volumes[i].disk != NULL) continue;
    ret_scalars[K8SMI_DISK] = resume_add(ret_scalars[K8SMI_DISK], demand->volumes[i].row.milli);
  }
  for (size_t i = 0; i < demand->task_count; i++) {
    const struct k8smi_demand_task *task = &demand->tasks[i];
    if (!task->launch) continue;
    ret_scalars[K8SMI_CPUS] = resume_add(ret_scalars[K8SMI_CPUS], task->cpus_milli);
    ret_scalars[K8SMI_MEM] = resume_add(ret_scalars[K8SMI_MEM], task->mem_milli);
    ret_scalars[K8SMI_DISK] = resume_add(ret_scalars[K8SMI_DISK], task->disk_milli);
  }
}
