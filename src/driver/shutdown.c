/* SPDX-License-Identifier: Apache-2.0 */
/* Executors that are shut down, with all that they run. */
#include "base/slice.h"
#include "demand/demand.h"
#include "driver/state.h"
#include "status/status.h"
#include "wire/mesos.h"

#include <stdio.h>

enum { SHUTDOWN_ID_CAP = 256 };

/* As the record has it: another version of the mapping may have made it. False: it has none, or memory ran
 * out. */
static bool shutdown_recorded_id(const struct k8sm_driver *d, const struct drv_pod *pod, char *text) {
  ProtobufCMessage *message = NULL;
  struct k8smi_arena arena;
  if (pod->place == NULL) return false;
  k8smi_arena_init(&arena, &d->core.allocator, 0);
  int r = k8smi_message_decode(&arena, &k8sm_mesos__executor_info__descriptor, pod->place->executor.ptr,
                               pod->place->executor.len, &message, NULL);
  const K8smMesos__ExecutorInfo *info = (const K8smMesos__ExecutorInfo *)(const void *)message;
  if (r == K8SM_OK) snprintf(text, SHUTDOWN_ID_CAP, "%s", info->executor_id->value);
  k8smi_arena_free(&arena);
  return r == K8SM_OK;
}

/* A command task's executor has its id. */
static struct k8sm_slice shutdown_id(const struct k8sm_driver *d, const struct drv_pod *pod,
                                     struct k8sm_slice task_id, char *text) {
  const struct k8sm_task_id id = {
      .uid = pod->uid, .attempt = k8sm_demand_attempt(pod->demand), .mapping = K8SM_MAPPING_VERSION};
  if (k8smi_demand_is_task(pod->demand)) return task_id;
  bool known = shutdown_recorded_id(d, pod, text) || k8sm_executor_id_format(&id, text, SHUTDOWN_ID_CAP) > 0;
  return known ? k8smi_s(text) : task_id;
}

int k8smi_drv_shutdown(struct k8sm_driver *d, const struct drv_pod *pod, struct k8sm_slice task_id,
                       struct k8sm_slice agent_id) {
  char text[SHUTDOWN_ID_CAP];
  struct k8sm_call_args args = {
      .type = K8SM_CALL_SHUTDOWN, .agent_id = agent_id, .executor_id = shutdown_id(d, pod, task_id, text)};
  struct drv_call *call;
  const char *why = pod->status->grace_seconds == 0 ? "the pod is to end at once"
                                                    : "the pod has less time to end than its KILL gave it";
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, why, &call);
  if (r == K8SM_OK) k8smi_drv_outbox_push(&d->outbox, call);
  return r;
}
