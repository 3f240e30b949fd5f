/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "vectors/replay.h"

#include <string.h>

/* Recorded agents are known by the host names in their offers. */
static size_t replay_agent(const struct replay *p, const char *recorded_id) {
  for (size_t i = 0; i < p->recording->seen.event_count; i++) {
    const K8smMesos__Event *event = p->recording->seen.events[i];
    for (size_t j = 0; event->offers != NULL && j < event->offers->n_offers; j++) {
      const K8smMesos__Offer *offer = event->offers->offers[j];
      if (strcmp(offer->agent_id->value, recorded_id) == 0)
        return strcmp(offer->hostname, "agent2.example") == 0;
    }
  }
  fail_msg("no recorded offer of agent %s", recorded_id);
  return 0;
}

static const K8smMesos__Offer *replay_recorded_offer(const struct replay *p, const char *id) {
  for (size_t i = 0; i < p->recording->seen.event_count; i++) {
    const K8smMesos__Event *event = p->recording->seen.events[i];
    for (size_t j = 0; event->offers != NULL && j < event->offers->n_offers; j++) {
      if (strcmp(event->offers->offers[j]->id->value, id) == 0) return event->offers->offers[j];
    }
  }
  return NULL;
}

static double replay_scalar(const K8smMesos__Offer *offer, const char *name) {
  double sum = 0;
  for (size_t i = 0; i < offer->n_resources; i++) {
    if (strcmp(offer->resources[i]->name, name) == 0 && offer->resources[i]->scalar != NULL) {
      sum += offer->resources[i]->scalar->value;
    }
  }
  return sum;
}

/* The sum of a scalar over the standing offers of an agent and role. */
static double replay_standing(const struct replay *p, const char *agent, const char *role, const char *name) {
  double sum = 0;
  for (size_t i = 0; i < p->local.offer_count; i++) {
    const K8smMesos__Offer *offer = p->local.offers[i];
    if (strcmp(offer->agent_id->value, agent) == 0 && strcmp(offer->allocation_info->role, role) == 0) {
      sum += replay_scalar(offer, name);
    }
  }
  return sum;
}

/* Offers are cut up by time, so the recorded ones can't be found one by one: waits until those that stand for
 * their agent and role hold as much, and takes them all. Ids that were never offered stay. */
static void replay_offers(struct replay *p, K8smMesos__OfferID **ids, size_t n, K8smMesos__OfferID ***ret,
                          size_t *count) {
  static const char *const SCALARS[] = {"cpus", "mem", "disk"};
  K8smMesos__OfferID **out =
      k8smi_arena_array(&p->local.arena, CLIENT_MAX_OFFERS + n, sizeof(K8smMesos__OfferID *));
  const char *agent = NULL, *role = NULL;
  double want[3] = {0, 0, 0};
  size_t found = 0;
  assert_non_null(out);
  for (size_t i = 0; i < n; i++) {
    const K8smMesos__Offer *recorded = replay_recorded_offer(p, ids[i]->value);
    if (recorded == NULL) continue;
    agent = p->agents[replay_agent(p, recorded->agent_id->value)];
    role = recorded->allocation_info->role;
    for (size_t j = 0; j < 3; j++) want[j] += replay_scalar(recorded, SCALARS[j]);
  }
  for (int i = 0; i < 300 && agent != NULL; i++) {
    bool enough = true;
    for (size_t j = 0; j < 3; j++)
      enough = enough && replay_standing(p, agent, role, SCALARS[j]) > want[j] - 0.0005;
    if (enough) break;
    client_wait(&p->local, 100);
  }
  for (size_t i = 0; i < p->local.offer_count && agent != NULL; i++) {
    const K8smMesos__Offer *offer = p->local.offers[i];
    if (strcmp(offer->agent_id->value, agent) == 0 && strcmp(offer->allocation_info->role, role) == 0) {
      out[found++] = offer->id;
    }
  }
  if (agent != NULL && found == 0) fail_msg("%s: no offers for %s", p->scenario->name, ids[0]->value);
  for (size_t i = 0; i < n; i++) {
    if (replay_recorded_offer(p, ids[i]->value) == NULL) out[found++] = ids[i];
  }
  *ret = out;
  *count = found;
}

/* The same status of the same task at the embedded Mesos: the n-th that has a uuid; waits for it. */
static const ProtobufCBinaryData *replay_nth_uuid(const struct client *c, const char *task, size_t n) {
  const K8smMesos__TaskStatus *status;
  for (size_t i = 0; (status = client_status(c, task, i)) != NULL; i++) {
    if (status->has_uuid && n-- == 0) return &status->uuid;
  }
  return NULL;
}

static bool replay_same_bytes(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b) {
  return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static ProtobufCBinaryData replay_uuid(struct replay *p, const char *task, ProtobufCBinaryData recorded) {
  const ProtobufCBinaryData *found = NULL;
  size_t n = 0;
  for (;; n++) {
    const ProtobufCBinaryData *one = replay_nth_uuid(&p->recording->seen, task, n);
    assert_non_null(one);
    if (replay_same_bytes(one, &recorded)) break;
  }
  for (int i = 0; i < 300 && found == NULL; i++) {
    found = replay_nth_uuid(&p->local, task, n);
    if (found == NULL) client_wait(&p->local, 100);
  }
  if (found == NULL) {
    static char trace[65536];
    fail_msg("%s: status %zu of task %s never came, only:\n%s", p->scenario->name, n, task,
             client_trace(&p->local, task, trace, sizeof(trace)));
  }
  return *found;
}

static ProtobufCBinaryData replay_operation_uuid(struct replay *p, const char *id) {
  for (int i = 0; i < 300; i++) {
    for (size_t j = 0; j < p->local.event_count; j++) {
      const K8smMesos__Event__UpdateOperationStatus *update = p->local.events[j]->update_operation_status;
      if (update != NULL && update->status->uuid != NULL &&
          strcmp(update->status->operation_id->value, id) == 0) {
        return update->status->uuid->value;
      }
    }
    client_wait(&p->local, 100);
  }
  fail_msg("%s: operation %s never ended", p->scenario->name, id);
  return (ProtobufCBinaryData){0, NULL};
}

static void replay_set_agent(struct replay *p, K8smMesos__AgentID *id) {
  if (id != NULL) id->value = p->agents[replay_agent(p, id->value)];
}

static void replay_rewrite_task(struct replay *p, K8smMesos__TaskInfo *task) {
  replay_set_agent(p, task->agent_id);
}

static void replay_rewrite_accept(struct replay *p, K8smMesos__Call__Accept *accept) {
  for (size_t i = 0; i < accept->n_operations; i++) {
    K8smMesos__Offer__Operation *op = accept->operations[i];
    for (size_t j = 0; op->launch != NULL && j < op->launch->n_task_infos; j++) {
      replay_rewrite_task(p, op->launch->task_infos[j]);
    }
    if (op->launch_group == NULL) continue;
    if (op->launch_group->executor->framework_id != NULL) {
      op->launch_group->executor->framework_id->value = p->local.framework_id;
    }
    for (size_t j = 0; j < op->launch_group->task_group->n_tasks; j++) {
      replay_rewrite_task(p, op->launch_group->task_group->tasks[j]);
    }
  }
  replay_offers(p, accept->offer_ids, accept->n_offer_ids, &accept->offer_ids, &accept->n_offer_ids);
}

void replay_rewrite(struct replay *p, K8smMesos__Call *call) {
  if (call->framework_id != NULL) call->framework_id->value = p->local.framework_id;
  if (call->subscribe != NULL && call->subscribe->framework_info->id != NULL) {
    call->subscribe->framework_info->id->value = p->local.framework_id;
  }
  if (call->accept != NULL) replay_rewrite_accept(p, call->accept);
  if (call->decline != NULL) {
    replay_offers(p, call->decline->offer_ids, call->decline->n_offer_ids, &call->decline->offer_ids,
                  &call->decline->n_offer_ids);
  }
  for (size_t i = 0; call->reconcile != NULL && i < call->reconcile->n_tasks; i++) {
    replay_set_agent(p, call->reconcile->tasks[i]->agent_id);
  }
  for (size_t i = 0; call->reconcile_operations != NULL && i < call->reconcile_operations->n_operations;
       i++) {
    replay_set_agent(p, call->reconcile_operations->operations[i]->agent_id);
  }
  if (call->kill != NULL) replay_set_agent(p, call->kill->agent_id);
  if (call->shutdown != NULL) replay_set_agent(p, call->shutdown->agent_id);
  if (call->acknowledge != NULL) {
    replay_set_agent(p, call->acknowledge->agent_id);
    call->acknowledge->uuid = replay_uuid(p, call->acknowledge->task_id->value, call->acknowledge->uuid);
  }
  if (call->acknowledge_operation_status != NULL) {
    replay_set_agent(p, call->acknowledge_operation_status->agent_id);
    call->acknowledge_operation_status->uuid =
        replay_operation_uuid(p, call->acknowledge_operation_status->operation_id->value);
  }
}
