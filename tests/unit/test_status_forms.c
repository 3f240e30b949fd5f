/* SPDX-License-Identifier: Apache-2.0 */
/* The PodStatus, records, bad input, and the meaning of Mesos' states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/life.h"

static const char waiting_for_cpu[] =
    "{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False',"
    "'lastProbeTime':null,'lastTransitionTime':'2026-08-29T10:40:01Z',"
    "'reason':'Unschedulable','message':'0/1 nodes are available: 1 Insufficient cpu.'}],"
    "'qosClass':'BestEffort'}";

static const char one_of_two_runs[] =
    "{'phase':'Pending','conditions':["
    "{'type':'PodReadyToStartContainers','status':'True','lastProbeTime':null,"
    "'lastTransitionTime':'2026-08-29T10:40:01Z'},"
    "{'type':'Initialized','status':'True','lastProbeTime':null,"
    "'lastTransitionTime':'2026-08-29T10:40:03Z'},"
    "{'type':'Ready','status':'False','lastProbeTime':null,'lastTransitionTime':'2026-08-29T10:40:01Z',"
    "'reason':'ContainersNotReady','message':'containers with unready status: [a]'},"
    "{'type':'ContainersReady','status':'False','lastProbeTime':null,"
    "'lastTransitionTime':'2026-08-29T10:40:01Z',"
    "'reason':'ContainersNotReady','message':'containers with unready status: [a]'},"
    "{'type':'PodScheduled','status':'True','lastProbeTime':null,"
    "'lastTransitionTime':'2026-08-29T10:40:01Z'}],"
    "'hostIP':'10.1.2.3','hostIPs':[{'ip':'10.1.2.3'}],'podIP':'10.1.2.3','podIPs':[{'ip':'10.1.2.3'}],"
    "'startTime':'2026-08-29T10:40:01Z',"
    "'initContainerStatuses':[{'name':'i','state':{'terminated':{'exitCode':0,'reason':'Completed',"
    "'startedAt':'2026-08-29T10:40:01Z','finishedAt':'2026-08-29T10:40:03Z'}},'lastState':{},'ready':true,"
    "'restartCount':0,'image':'i:1','imageID':'','started':false}],"
    "'containerStatuses':[{'name':'a','state':{'waiting':{'reason':'ContainerCreating'}},'lastState':{},"
    "'ready':false,'restartCount':0,'image':'a:1','imageID':'','started':false},"
    "{'name':'z','state':{'running':{'startedAt':'2026-08-29T10:40:04Z'}},'lastState':{},'ready':true,"
    "'restartCount':0,'image':'z:1','imageID':'','containerID':'mesos://C1','started':true}],"
    "'qosClass':'BestEffort'}";

static void expect_status(const struct life *l, const char *wanted) {
  struct k8sm_blob *blob = NULL;
  char *json = pods_json(wanted);
  assert_int_equal(k8sm_status_encode(l->status, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, json);
  free(json);
  k8sm_blob_unref(blob);
}

static void the_status_of_kubernetes(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, "{'restartPolicy':'Always','initContainers':[{'name':'i','image':'i:1'}],"
                 "'containers':[{'name':'z','image':'z:1'},{'name':'a','image':'a:1'}]}");
  life_change(&l, K8SM_CHANGE_UNPLACED, "0/1 nodes are available: 1 Insufficient cpu.", 0);
  expect_status(&l, waiting_for_cpu);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "i", 0);
  l.now += 2000;
  life_update(&l, "i", 0, "FINISHED", EXITED(0));
  life_launch(&l, "z", 0);
  life_launch(&l, "a", 0);
  l.now += 1000;
  life_update(&l, "z", 0, "RUNNING",
              "'source':'SOURCE_EXECUTOR','timestamp':1788000004.5,'container_status':{'container_id':{"
              "'value':'C1','parent':{'value':'P'}},"
              "'network_infos':[{'ip_addresses':[{'ip_address':'10.1.2.3'}]}]}");
  expect_status(&l, one_of_two_runs);
  life_end(&l);
}

static bool status_has(const struct life *l, const char *part) {
  struct k8sm_blob *blob = NULL;
  char *json = pods_json(part);
  assert_int_equal(k8sm_status_encode(l->status, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
  bool has = strstr(k8sm_blob_bytes(blob).ptr, json) != NULL;
  free(json);
  k8sm_blob_unref(blob);
  return has;
}

/* Who preempts is nominated until it has a place; who is preempted says why it ends. */
static void preemption_shows(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  struct k8sm_change waits = {.type = K8SM_CHANGE_UNPLACED,
                              .text = K8SMI_S("0/1 nodes are available: 1 Insufficient cpu."),
                              .agent_id = K8SMI_S("a.example")};
  assert_int_equal(life_apply(&l, &waits, 1), K8SM_OK);
  assert_true(status_has(&l, "'nominatedNodeName':'a.example'"));
  life_place(&l);
  assert_false(status_has(&l, "nominatedNodeName"));
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  l.now += 5000;
  life_change(&l, K8SM_CHANGE_DELETED, "preempting to accommodate a higher priority pod", 7);
  static const char condition[] =
      "{'type':'DisruptionTarget','status':'True','lastProbeTime':null,'lastTransitionTime':"
      "'2026-08-29T10:40:06Z','reason':'PreemptionByScheduler','message':'preempting to accommodate a higher "
      "priority pod'}]";
  l.now += 1000;
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 1); /* once more, by somebody else */
  assert_true(status_has(&l, condition));
  life_end(&l);
}

static void records_come_back(void **state) {
  (void)state;
  struct life l;
  struct k8sm_blob *saved = NULL, *again = NULL;
  struct k8sm_status *loaded = NULL;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  life_run(&l, "", 0);
  for (uint32_t i = 0; i < 2; i++) {
    if (i > 0) life_launch(&l, "c", i);
    life_run(&l, "c", i);
    life_update(&l, "c", i, "FAILED", EXITED(1) ",'uuid':'AAAB'");
  }
  const char *line = "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*1 | launch:c.2+10000";
  assert_life(&l, line);
  assert_int_equal(k8sm_status_save(l.status, NULL, NULL, &saved), K8SM_OK);
  struct k8sm_slice bytes = k8sm_blob_bytes(saved);
  assert_int_equal(
      k8sm_status_load(l.demand, bytes.ptr, bytes.len, NULL, &loaded, findings_init(&l.findings)), K8SM_OK);
  assert_int_equal(k8sm_status_save(loaded, NULL, NULL, &again), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(again).ptr, bytes.ptr);
  k8sm_blob_unref(again);
  /* Four seconds later on the wall, on a machine whose monotonic clock has just begun. */
  assert_true(k8sm_status_deadline(loaded) == 0);
  k8sm_status_unref(l.status);
  l.status = loaded;
  struct k8sm_change tick = {
      .type = K8SM_CHANGE_TICK, .mono_ms = 50000, .wall_ms = WALL + (int64_t)l.now + 4000};
  struct k8sm_status *next = NULL;
  assert_int_equal(k8sm_status_apply(l.status, &tick, sizeof tick, 1, NULL, &next, NULL), K8SM_OK);
  k8sm_status_unref(l.status);
  l.status = next;
  l.now = 50000;
  assert_life(&l, "Running(CrashLoopBackOff) c=W(CrashLoopBackOff)*1 | launch:c.2+6000");
  /* Cut anywhere it is refused, and so is that of another pod. */
  for (size_t n = 0; n < bytes.len; n++) {
    assert_int_not_equal(k8sm_status_load(l.demand, bytes.ptr, n, NULL, &loaded, NULL), K8SM_OK);
  }
  /* Broken anywhere it is refused, or read as something else; and then all that is read is in range. */
  char *broken = malloc(bytes.len);
  for (size_t n = 0; n < bytes.len; n++) {
    for (const char *c = "{}[]\",:0-x"; *c != '\0'; c++) {
      memcpy(broken, bytes.ptr, bytes.len);
      broken[n] = *c;
      if (k8sm_status_load(l.demand, broken, bytes.len, NULL, &loaded, NULL) != K8SM_OK) continue;
      assert_int_equal(k8sm_status_save(loaded, NULL, NULL, &again), K8SM_OK);
      k8sm_blob_unref(again);
      k8sm_status_unref(loaded);
    }
  }
  free(broken);
  struct k8sm_demand *other = pods_demand(PODS_STAGES, 0);
  assert_int_equal(k8sm_status_load(other, bytes.ptr, bytes.len, NULL, &loaded, findings_init(&l.findings)),
                   K8SM_ERR_INVALID);
  assert_int_equal(l.findings.rows[0].code, K8SM_DIAG_RECORD_INVALID);
  k8sm_demand_unref(other);
  k8sm_blob_unref(saved);
  life_end(&l);
}

static void bad_changes_are_refused(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  struct k8sm_status *before = l.status;
  struct k8sm_change change = {.type = 99};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_INVALID);
  change =
      (struct k8sm_change){.type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_JSON, .text = K8SMI_S("{\"x")};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_SYNTAX);
  change = (struct k8sm_change){
      .type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_JSON, .text = K8SMI_S("{\"type\":\"HEARTBEAT\"}")};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_INVALID);
  change = (struct k8sm_change){
      .type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_PROTOBUF, .text = K8SMI_S("\x0a\x7f")};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_SYNTAX);
  change = (struct k8sm_change){.type = K8SM_CHANGE_LAUNCHED, .text = K8SMI_S("not-ours")};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_INVALID);
  change = (struct k8sm_change){.type = K8SM_CHANGE_ATTEMPT};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_ERR_INVALID);
  assert_ptr_equal(l.status, before);
  life_end(&l);
}

static void protobuf_updates_are_read(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  life_place(&l);
  const char *json = "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"" PODS_UID
                     ".0.c.0.n1\"},\"state\":\"TASK_RUNNING\",\"agent_id\":{\"value\":\"S1\"}}}}";
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_message_convert(K8SM_MESSAGE_EVENT, json, strlen(json), K8SM_FORMAT_JSON,
                                        K8SM_FORMAT_PROTOBUF, NULL, &blob, NULL),
                   K8SM_OK);
  struct k8sm_slice event = k8sm_blob_bytes(blob);
  struct k8sm_change change = {.type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_PROTOBUF, .text = event};
  assert_int_equal(life_apply(&l, &change, 1), K8SM_OK);
  assert_life(&l, "Running(Running) c=R+ |");
  life_end(&l);
  /* The TaskStatus alone, in both formats. */
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  ProtobufCMessage *message = NULL;
  k8smi_arena_init(&arena, NULL, 0);
  k8smi_buf_init(&buf, NULL);
  assert_int_equal(
      k8smi_message_decode(&arena, &k8sm_mesos__event__descriptor, event.ptr, event.len, &message, NULL),
      K8SM_OK);
  for (uint32_t format = K8SM_FORMAT_JSON; format <= K8SM_FORMAT_PROTOBUF; format += 2) {
    k8smi_buf_clear(&buf);
    k8smi_message_write(&buf, format, &((K8smMesos__Event *)message)->update->status->base);
    life_begin(&l, ONE("Always"));
    life_place(&l);
    change = (struct k8sm_change){.type = K8SM_CHANGE_UPDATE, .format = format, .text = {buf.ptr, buf.len}};
    assert_int_equal(life_apply(&l, &change, 1), K8SM_OK);
    assert_life(&l, "Running(Running) c=R+ |");
    life_end(&l);
  }
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
  k8sm_blob_unref(blob);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, PODS_STAGES);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "setup", 0);
  const char *text =
      "{\"task_id\":{\"value\":\"" PODS_UID ".0.setup.0.n1\"},\"state\":\"TASK_FAILED\",\"uuid\":\"AAAA\","
      "\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 3: and why\"}";
  struct k8sm_change changes[] = {
      {.type = K8SM_CHANGE_UPDATE,
       .format = K8SM_FORMAT_JSON,
       .text = k8smi_s(text),
       .mono_ms = 9000,
       .wall_ms = WALL},
      {.type = K8SM_CHANGE_DELETED, .number = -1, .mono_ms = 9000, .wall_ms = WALL}};
  size_t n = 1;
  for (;; n++) {
    struct failing failing;
    struct k8sm_status *next = NULL, *loaded = NULL;
    struct k8sm_blob *encoded = NULL, *saved = NULL;
    failing_init(&failing, n);
    struct k8sm_status_options options = {.size = sizeof options, .allocator = &failing.allocator};
    int result = k8sm_status_apply(l.status, changes, sizeof changes[0], 2, &failing.allocator, &next, NULL);
    if (result == K8SM_OK) result = k8sm_status_encode(next, K8SM_FORMAT_JSON, &failing.allocator, &encoded);
    if (result == K8SM_OK) result = k8sm_status_save(next, NULL, &failing.allocator, &saved);
    if (result == K8SM_OK) {
      struct k8sm_slice bytes = k8sm_blob_bytes(saved);
      result = k8sm_status_load(l.demand, bytes.ptr, bytes.len, &options, &loaded, NULL);
    }
    k8sm_status_unref(loaded);
    k8sm_blob_unref(saved);
    k8sm_blob_unref(encoded);
    k8sm_status_unref(next);
    assert_int_equal(failing.held, 0);
    if (result == K8SM_OK) break;
    assert_int_equal(result, K8SM_ERR_NOMEM);
  }
  assert_true(n > 20);
  life_end(&l);
}

/* So many containers are put in order in memory of their own, which may lack. */
static void many_containers_by_name(void **state) {
  (void)state;
  enum { CONTAINERS = 40 };
  char spec[2048] = "{'containers':[", name[64];
  struct life l;
  for (int i = CONTAINERS; i-- > 0;) {
    snprintf(name, sizeof name, "{'name':'c%02d'}%s", i, i == 0 ? "]}" : ",");
    strcat(spec, name);
  }
  life_begin(&l, spec);
  life_change(&l, K8SM_CHANGE_PLACED, "agent1.example", 0);
  struct k8sm_blob *blob = NULL;
  size_t n = 1;
  for (;; n++) {
    struct failing failing;
    failing_init(&failing, n);
    int result = k8sm_status_encode(l.status, K8SM_FORMAT_JSON, &failing.allocator, &blob);
    if (result == K8SM_OK) {
      const char *at = strstr(k8sm_blob_bytes(blob).ptr, "containerStatuses");
      for (int i = 0; i < CONTAINERS; i++) {
        snprintf(name, sizeof name, "{\"name\":\"c%02d\"", i);
        at = at == NULL ? NULL : strstr(at, name);
        assert_non_null(at);
      }
      k8sm_blob_unref(blob);
    }
    assert_int_equal(failing.held, 0);
    if (result == K8SM_OK) break;
    assert_int_equal(result, K8SM_ERR_NOMEM);
  }
  assert_true(n > 3);
  life_end(&l);
}

/* ---- What states mean ---- */

#define S(name)    K8SM_MESOS__TASK_STATE__TASK_##name
#define FROM(name) (1u << K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_##name)
#define WHY(name)  K8SM_MESOS__TASK_STATUS__REASON__REASON_##name
enum { FROM_NOBODY = 1 << 3, FROM_ANYBODY = 15, REASONS = 35 };

/* From the facts and the recordings, not from the table under test. Here the order means nothing: each
 * combination of state, source and reason has exactly one row. */
struct meaning {
  int state;
  unsigned sources;
  enum { FOR_ANY, FOR, BUT_FOR } which;
  int reasons[4];
  size_t reason_count;
  enum k8smi_effect effect;
};
static const struct meaning meanings[] = {
    {S(STAGING), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_WAITING},
    {S(STARTING), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_WAITING},
    /* Checks, health checks, reconciliation, an agent that is back: whatever the reason, it runs. */
    {S(RUNNING), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_RUNNING},
    {S(KILLING), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_KILLING},
    {S(FINISHED), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_EXIT},
    /* Out of memory in cgroups that are shared is told by the agent, else by the executor. */
    {S(FAILED),
     FROM_ANYBODY,
     FOR,
     {WHY(CONTAINER_LIMITATION), WHY(CONTAINER_LIMITATION_DISK), WHY(CONTAINER_LIMITATION_MEMORY)},
     3,
     K8SMI_EFFECT_EXIT},
    /* Its executor ended, never registered or could not be started: no end of the container's own. */
    {S(FAILED),
     FROM(AGENT),
     BUT_FOR,
     {WHY(CONTAINER_LIMITATION), WHY(CONTAINER_LIMITATION_DISK), WHY(CONTAINER_LIMITATION_MEMORY)},
     3,
     K8SMI_EFFECT_LOST},
    {S(FAILED),
     FROM(MASTER),
     BUT_FOR,
     {WHY(CONTAINER_LIMITATION), WHY(CONTAINER_LIMITATION_DISK), WHY(CONTAINER_LIMITATION_MEMORY)},
     3,
     K8SMI_EFFECT_DROPPED},
    {S(FAILED),
     FROM(EXECUTOR) | FROM_NOBODY,
     BUT_FOR,
     {WHY(CONTAINER_LIMITATION), WHY(CONTAINER_LIMITATION_DISK), WHY(CONTAINER_LIMITATION_MEMORY)},
     3,
     K8SMI_EFFECT_EXIT},
    {S(KILLED), FROM_ANYBODY, FOR, {WHY(AGENT_DRAINING)}, 1, K8SMI_EFFECT_LOST},
    {S(KILLED), FROM_ANYBODY, FOR, {WHY(TASK_KILLED_DURING_LAUNCH)}, 1, K8SMI_EFFECT_DROPPED},
    {S(KILLED),
     FROM_ANYBODY,
     BUT_FOR,
     {WHY(AGENT_DRAINING), WHY(TASK_KILLED_DURING_LAUNCH)},
     2,
     K8SMI_EFFECT_EXIT},
    {S(ERROR), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_REFUSED},
    /* "Master wants to launch executor, but one already exists": only another attempt has another id. */
    {S(DROPPED), FROM(AGENT), FOR, {WHY(EXECUTOR_TERMINATED)}, 1, K8SMI_EFFECT_LOST},
    {S(DROPPED), FROM(AGENT), BUT_FOR, {WHY(EXECUTOR_TERMINATED)}, 1, K8SMI_EFFECT_DROPPED},
    {S(DROPPED), FROM_ANYBODY & ~FROM(AGENT), FOR_ANY, {0}, 0, K8SMI_EFFECT_DROPPED},
    {S(LOST), FROM_ANYBODY, FOR, {WHY(INVALID_OFFERS)}, 1, K8SMI_EFFECT_DROPPED},
    {S(LOST), FROM_ANYBODY, BUT_FOR, {WHY(INVALID_OFFERS)}, 1, K8SMI_EFFECT_LOST},
    {S(GONE), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_GONE},
    {S(GONE_BY_OPERATOR), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_GONE},
    /* Nothing is concluded: it may be there again. */
    {S(UNREACHABLE), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_UNREACHABLE},
    {S(UNKNOWN), FROM_ANYBODY, FOR_ANY, {0}, 0, K8SMI_EFFECT_UNREACHABLE},
};

static bool meaning_fits(const struct meaning *m, int state, int source, int reason) {
  bool named = false;
  for (size_t i = 0; i < m->reason_count; i++) named |= m->reasons[i] == reason;
  if (m->state != state || (m->sources & (source < 0 ? FROM_NOBODY : 1u << source)) == 0) return false;
  return m->which == FOR_ANY || named == (m->which == FOR);
}

static void states_have_their_meaning(void **state) {
  (void)state;
  for (int s = 0; s <= S(UNKNOWN); s++) {
    for (int source = -1; source <= 2; source++) {
      for (int reason = -1; reason < REASONS; reason++) {
        size_t fitting = 0;
        for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
          if (!meaning_fits(&meanings[i], s, source, reason)) continue;
          assert_int_equal(k8smi_status_effect(s, source, reason), meanings[i].effect);
          fitting++;
        }
        assert_int_equal(fitting, 1);
        bool end = s == S(FINISHED) || s == S(FAILED) || s == S(KILLED);
        assert_int_equal(k8smi_status_is_bare_end(s, reason), end && reason == WHY(RECONCILIATION));
      }
    }
  }
  assert_int_equal(k8smi_status_effect(999, -1, -1), K8SMI_EFFECT_UNREACHABLE);
}

/* What waits was recorded in one form, and is begun in another: with a pause task or without, as that has it.
 */
static void what_has_not_begun_may_change_its_form(void **state) {
  static const struct k8sm_demand_options forms[] = {
      {.size = sizeof forms[0], .nonce = "n1", .form = K8SM_FORM_COMMAND},
      {.size = sizeof forms[0], .nonce = "n1", .form = K8SM_FORM_BUDGET}};
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct life l = {.now = 1000};
    struct k8sm_demand *then;
    struct k8sm_status *loaded;
    struct k8sm_blob *record;
    struct k8sm_pod *pod = pods_parse("", "{'containers':[{'name':'c'}]}");
    assert_int_equal(k8sm_demand_make(pod, &forms[i], &then, NULL), K8SM_OK);
    assert_int_equal(k8sm_demand_make(pod, &forms[1 - i], &l.demand, NULL), K8SM_OK);
    assert_int_equal(k8sm_status_new(then, NULL, &l.status, NULL), K8SM_OK);
    assert_int_equal(k8sm_status_save(l.status, NULL, NULL, &record), K8SM_OK);
    struct k8sm_slice bytes = k8sm_blob_bytes(record);
    assert_int_equal(k8sm_status_load(l.demand, bytes.ptr, bytes.len, NULL, &loaded, NULL), K8SM_OK);
    k8sm_status_unref(l.status);
    l.status = loaded;
    life_place(&l); /* each task that the form has */
    life_run(&l, "c", 0);
    if (i == 0) life_run(&l, "", 0);
    assert_life(&l, "Running(Running) c=R+ |");
    life_update(&l, "c", 0, "FAILED", EXITED(1));
    assert_life(&l, i == 0 ? "Running(ContainerCreating) c=W(ContainerCreating) | launch:c.1"
                           : "Running(ContainerCreating) c=W(ContainerCreating) | attempt");
    k8sm_blob_unref(record);
    k8sm_demand_unref(then);
    k8sm_pod_unref(pod);
    life_end(&l);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_status_of_kubernetes),
      cmocka_unit_test(many_containers_by_name),
      cmocka_unit_test(preemption_shows),
      cmocka_unit_test(records_come_back),
      cmocka_unit_test(bad_changes_are_refused),
      cmocka_unit_test(protobuf_updates_are_read),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(states_have_their_meaning),
      cmocka_unit_test(what_has_not_begun_may_change_its_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
