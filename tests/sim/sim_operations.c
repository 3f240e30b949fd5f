/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of operations on volumes, and what the process acknowledges of it. */
#include "sim/sim.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS_TIMES = 3 }; /* it is repeated after 10 s, 20 s and so on: rows are kept long before */

void sim_operations_free(struct sim *s) {
  free(s->operations.heard);
}

void sim_operations_crashed(struct sim *s) {
  s->operations.count = 0;
}

static struct sim_operation *operations_find(struct sim *s, const char *id, const void *uuid) {
  for (size_t i = 0; i < s->operations.count; i++) {
    struct sim_operation *o = &s->operations.heard[i];
    if (strcmp(o->id, id) == 0 && memcmp(o->uuid, uuid, sizeof o->uuid) == 0) return o;
  }
  return NULL;
}

static struct sim_operation *operations_add(struct sim *s, const char *id, const void *uuid) {
  struct sim_operations *all = &s->operations;
  if (all->count == all->cap) {
    all->cap = all->cap == 0 ? 64 : 2 * all->cap;
    all->heard = realloc(all->heard, all->cap * sizeof *all->heard);
    if (all->heard == NULL) abort();
  }
  struct sim_operation *o = &all->heard[all->count++];
  memset(o, 0, sizeof *o);
  snprintf(o->id, sizeof o->id, "%s", id);
  memcpy(o->uuid, uuid, sizeof o->uuid);
  return o;
}

/* Told again and again in peace: nobody has acknowledged it. */
void sim_operations_heard(struct sim *s, const K8smMesos__OperationStatus *status) {
  const char *id = status->operation_id->value,
             *state = k8smi_enum_name(&k8sm_mesos__operation_state__descriptor, (int)status->state);
  sim_seen_operation(s, status);
  bool asks = status->uuid != NULL && status->uuid->value.len == LOCAL_UUID_BYTES;
  sim_trace(s, "< OPERATION %s %s%s%s%s", id, state, status->message == NULL ? "" : ": ",
            status->message == NULL ? "" : status->message, asks ? "" : " (no uuid)");
  if (!asks) return;
  const void *uuid = status->uuid->value.data;
  struct sim_operation *o = operations_find(s, id, uuid);
  if (o == NULL) o = operations_add(s, id, uuid);
  if (s->calm && ++o->times > OPERATIONS_TIMES)
    sim_broken(s, "every end of an operation is acknowledged", "%s came %zu times", id, o->times);
}

/* A row that is being written under the key, where none is kept, and tells of the agent. */
static bool operations_is_pending(const struct sim *s, const char *key, const char *agent) {
  const struct sim_row *kept = sim_process_row(s, key);
  if (kept != NULL && kept->bytes.len > 0) return false;
  const struct sim_pending *p = s->process.pending;
  while (p != NULL && (strcmp(p->key, key) != 0 || strstr(p->bytes, agent) == NULL)) p = p->next;
  return p != NULL;
}

/* Whether the end of an attempt's operation is of use: to a pod that is to run on, and has not begun again
 * since. */
static bool operations_is_present(const struct sim *s, const struct sim_pod *pod, uint32_t attempt) {
  struct k8sm_task_id used;
  bool ends = pod->deleted || pod->deadline_s != 0 || s->preempts || strcmp(pod->phase, "Succeeded") == 0 ||
              strcmp(pod->phase, "Failed") == 0;
  if (ends || s->process.forgot) return false;
  for (size_t i = s->check.used_count; i-- > 0;) {
    const char *id = s->check.used[i];
    if (k8sm_task_id_parse(id, strlen(id), &used) != K8SM_OK) continue;
    if (k8smi_eqs(used.uid, pod->uid) && used.attempt > attempt) return false;
  }
  return true;
}

/* What it tells of the pod's volume is kept before. */
static void operations_check_record(struct sim *s, const char *id, const char *agent) {
  static const char create[] = "k8sm.create.";
  struct k8sm_task_id task;
  char volume[SIM_TEXT];
  if (strncmp(id, create, sizeof create - 1) != 0) return;
  const char *of = id + sizeof create - 1;
  const struct sim_pod *pod =
      k8sm_task_id_parse(of, strlen(of), &task) == K8SM_OK ? sim_pod_of_uid(s, task.uid) : NULL;
  if (pod == NULL) {
    sim_broken(s, "ids are in our form", "'%s'", id);
    return;
  }
  if (pod->claim == SIM_CLAIMS || !operations_is_present(s, pod, task.attempt)) return;
  snprintf(volume, sizeof volume, "volume/default/c%zu", pod->claim);
  if (operations_is_pending(s, volume, agent))
    sim_broken(s, "recorded before it is acknowledged", "%s is told of in a row that is not kept", id);
}

/* It may be sent again, if it is not known whether the master took it. */
void sim_operations_acknowledge(struct sim *s, const K8smMesos__Call__AcknowledgeOperationStatus *a) {
  const char *id = a->operation_id->value;
  sim_trace(s, "    operation %s", id);
  struct sim_operation *o =
      a->uuid.len == LOCAL_UUID_BYTES && a->agent_id != NULL ? operations_find(s, id, a->uuid.data) : NULL;
  if (o == NULL) {
    sim_broken(s, "acknowledged by the rule", "no status of %s with that uuid came", id);
    return;
  }
  if (!o->acknowledged) operations_check_record(s, id, a->agent_id->value);
  o->acknowledged = true;
  o->times = 0;
}
