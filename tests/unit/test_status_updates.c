/* SPDX-License-Identifier: Apache-2.0 */
/* Updates in every shape that a master, or somebody in its place, may give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/life.h"

#define POD "{'containers':[{'name':'c','image':'c:1'}]}"

static int updates_apply(struct life *l, uint32_t format, struct k8sm_slice bytes) {
  struct k8sm_change change = {.type = K8SM_CHANGE_UPDATE, .format = format, .text = bytes};
  return life_apply(l, &change, 1);
}

/* ---- which bytes are one ---- */

static const char updates_status[] =
    "{\"task_id\":{\"value\":\"" PODS_UID
    ".0.c.0.n1\"},\"state\":\"TASK_RUNNING\",\"agent_id\":{\"value\":\"S1\"}}";

/* The same in protobuf: alone, or in an event. */
static struct k8sm_blob *updates_protobuf(const char *type, const char *json) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_message_convert(type, json, strlen(json), K8SM_FORMAT_JSON, K8SM_FORMAT_PROTOBUF,
                                        NULL, &blob, NULL),
                   K8SM_OK);
  return blob;
}

static void one_update_in_four_forms(void **state) {
  char event[512];
  (void)state;
  snprintf(event, sizeof event, "{\"type\":\"UPDATE\",\"update\":{\"status\":%s}}", updates_status);
  struct k8sm_blob *bare = updates_protobuf("mesos.v1.TaskStatus", updates_status);
  struct k8sm_blob *whole = updates_protobuf(K8SM_MESSAGE_EVENT, event);
  const struct {
    uint32_t format;
    struct k8sm_slice bytes;
  } forms[] = {{K8SM_FORMAT_JSON, k8smi_s(event)},
               {K8SM_FORMAT_JSON, k8smi_s(updates_status)},
               {K8SM_FORMAT_PROTOBUF, k8sm_blob_bytes(bare)},
               {K8SM_FORMAT_PROTOBUF, k8sm_blob_bytes(whole)},
               {K8SM_FORMAT_AUTO, k8smi_s(event)},
               {K8SM_FORMAT_AUTO, k8sm_blob_bytes(bare)},
               {K8SM_FORMAT_AUTO, k8sm_blob_bytes(whole)}};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    struct life l;
    life_begin(&l, POD);
    life_place(&l);
    assert_int_equal(updates_apply(&l, forms[i].format, forms[i].bytes), K8SM_OK);
    assert_life(&l, "Running(Running) c=R+ |");
    life_end(&l);
  }
  k8sm_blob_unref(bare);
  k8sm_blob_unref(whole);
}

static void bytes_that_are_no_update(void **state) {
  static const struct {
    uint32_t format;
    struct k8sm_slice bytes;
    int result;
  } rows[] = {{K8SM_FORMAT_AUTO, K8SMI_S(""), K8SM_ERR_INVALID}, /* the task's id is missing */
              {K8SM_FORMAT_PROTOBUF, K8SMI_S(""), K8SM_ERR_INVALID},
              {K8SM_FORMAT_JSON, K8SMI_S(""), K8SM_ERR_SYNTAX},
              {K8SM_FORMAT_JSON, K8SMI_S("{\"type\":\"HEARTBEAT\"}"), K8SM_ERR_INVALID},
              {K8SM_FORMAT_JSON, K8SMI_S("{\"type\":\"UPDATE\"}"), K8SM_ERR_INVALID},
              {K8SM_FORMAT_JSON, K8SMI_S("{\"update\":{}}"), K8SM_ERR_INVALID},
              {K8SM_FORMAT_PROTOBUF, K8SMI_S("\x08\x08"), K8SM_ERR_INVALID}, /* HEARTBEAT */
              {K8SM_FORMAT_PROTOBUF, K8SMI_S("\x08\x05\x2a\x00"), K8SM_ERR_INVALID},
              {K8SM_FORMAT_PROTOBUF, K8SMI_S("\x08\x05\x2a\x7f"), K8SM_ERR_SYNTAX},
              {K8SM_FORMAT_PROTOBUF, K8SMI_S("\x0a\x7f"), K8SM_ERR_SYNTAX}};
  struct life l;
  (void)state;
  life_begin(&l, POD);
  life_place(&l);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int result = updates_apply(&l, rows[i].format, rows[i].bytes);
    if (result != rows[i].result) fail_msg("%zu: %s", i, k8sm_result_name(result));
    assert_int_not_equal(l.findings.diags.count, 0);
  }
  life_end(&l);
}

/* ---- whose it is ---- */

static void updates_of_others_are_noted(void **state) {
  static const char *const ids[] = {"task-7", "0f6b8a52-9d1c-4e57-8a3e-000000000000.0.c.0.n1",
                                    PODS_UID ".0.other.0.n1"};
  struct life l;
  (void)state;
  life_begin(&l, POD);
  life_place(&l);
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    assert_int_equal(life_send(&l, ids[i], "RUNNING", EXECUTOR), K8SM_OK);
    assert_int_equal(l.findings.diags.count, 1);
    assert_life(&l, "Pending(ContainerCreating) c=W(ContainerCreating) |");
  }
  life_end(&l);
}

static void more_strays_than_are_kept(void **state) {
  struct life l;
  struct k8sm_action a;
  size_t kills = 0;
  (void)state;
  life_begin(&l, POD);
  life_attempt(&l, 1);
  for (unsigned i = 0; i < K8SMI_STATUS_MAX_STRAYS + 3; i++) {
    char id[128];
    snprintf(id, sizeof id, PODS_UID ".0.c.%u.n1", i);
    assert_int_equal(life_send(&l, id, "RUNNING", EXECUTOR), K8SM_OK);
  }
  for (size_t i = 0; k8sm_status_actions(l.status, i, &a, sizeof a, 1) != 0; i++)
    kills += a.type == K8SM_ACTION_KILL;
  assert_int_equal(kills, K8SMI_STATUS_MAX_STRAYS);
  assert_int_equal(life_send(&l, PODS_UID ".0.c.3.n1", "KILLED", EXECUTOR), K8SM_OK);
  assert_int_equal(life_send(&l, PODS_UID ".0.c.34.n1", "RUNNING", EXECUTOR),
                   K8SM_OK); /* now there is room */
  assert_true(k8smi_status_stray_alive(l.status));
  assert_int_equal(l.status->stray_count, K8SMI_STATUS_MAX_STRAYS);
  life_end(&l);
}

/* A main container that runs without a word of the init container before it: that one has ended well. */
static void a_later_stage_that_nobody_told_of(void **state) {
  struct life l;
  (void)state;
  life_begin(&l,
             "{'initContainers':[{'name':'i','image':'i'},{'name':'s','image':'s','restartPolicy':'Always'}],"
             "'containers':[{'name':'c','image':'c'},{'name':'d','image':'d'}]}");
  life_update(&l, "c", 0, "RUNNING", EXECUTOR);
  life_update(&l, "s", 0, "RUNNING", EXECUTOR);
  life_update(&l, "", 0, "RUNNING", EXECUTOR);
  assert_life(&l,
              "Pending(ContainerCreating) i=T(0 Completed) s=R+ c=R+ d=W(ContainerCreating) | launch:d.0");
  life_end(&l);
}

/* ---- what it says ---- */

static void results_of_checks(void **state) {
  static const struct {
    const char *probe, *check;
    bool ready;
  } rows[] = {
      {"'httpGet':{'port':80}", "'type':'HTTP','http':{'status_code':199}", false},
      {"'httpGet':{'port':80}", "'type':'HTTP','http':{'status_code':200}", true},
      {"'httpGet':{'port':80}", "'type':'HTTP','http':{'status_code':399}", true},
      {"'httpGet':{'port':80}", "'type':'HTTP','http':{'status_code':400}", false},
      {"'httpGet':{'port':80}", "'type':'HTTP','http':{}", false},
      {"'tcpSocket':{'port':80}", "'type':'TCP','tcp':{'succeeded':true}", true},
      {"'tcpSocket':{'port':80}", "'type':'TCP','tcp':{'succeeded':false}", false},
      {"'tcpSocket':{'port':80}", "'type':'TCP','tcp':{}", false},
      {"'tcpSocket':{'port':80}", "'type':'TCP'", false},
      {"'exec':{'command':['x']}", "'type':'COMMAND','command':{'exit_code':0}", true},
      {"'exec':{'command':['x']}", "'type':'COMMAND','command':{'exit_code':1}", false},
      {"'exec':{'command':['x']}", "'type':'COMMAND','command':{}", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct life l;
    char spec[256], more[256];
    snprintf(spec, sizeof spec, "{'containers':[{'name':'c','image':'c','readinessProbe':{%s}}]}",
             rows[i].probe);
    snprintf(more, sizeof more, EXECUTOR ",'reason':'REASON_TASK_CHECK_STATUS_UPDATED','check_status':{%s}",
             rows[i].check);
    life_begin(&l, spec);
    life_place(&l);
    life_run(&l, "", 0);
    life_run(&l, "c", 0);
    life_update(&l, "c", 0, "RUNNING", more);
    assert_life(&l, rows[i].ready ? "Running(Running) c=R+ |" : "Running(Running) c=R |");
    life_end(&l);
  }
}

/* Parts of a ContainerStatus come and go; times are not always such. */
static void odd_parts_of_updates(void **state) {
  static const char *const parts[] = {
      "'container_status':{}",
      "'container_status':{'container_id':{'value':'C'}}",
      "'container_status':{'network_infos':[{}]}",
      "'container_status':{'network_infos':[{'ip_addresses':[{}]}]}",
      "'container_status':{'network_infos':[{},{'ip_addresses':[{},{'ip_address':'10.0.0.1'}]}]}",
      "'container_status':{'container_id':{'value':'C','parent':{'value':'P'}}}",
      "'timestamp':-1.5",
      "'timestamp':1e300",
      "'uuid':''",
      "'message':''",
  };
  struct life l;
  (void)state;
  life_begin(&l, POD);
  life_place(&l);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) life_update(&l, "c", 0, "STARTING", parts[i]);
  life_update(&l, "c", 0, "RUNNING", "'timestamp':-1.5");
  assert_life(&l, "Running(Running) c=R+ |");
  struct k8sm_status_summary summary = {.size = sizeof summary};
  assert_int_equal(k8sm_status_summarize(l.status, &summary), K8SM_OK);
  assert_string_equal(summary.pod_ip.ptr, "10.0.0.1");
  struct k8sm_container_status row;
  assert_int_not_equal(k8sm_status_containers(l.status, 0, &row, sizeof row, 1), 0);
  assert_true(row.started_wall_ms ==
              WALL + (int64_t)l.now); /* the host's clock, since the agent's is no good */
  life_end(&l);
}

static void words_of_ends(void **state) {
  static const struct {
    const char *message;
    bool ends;
    int exit_code, signal;
    const char *rest;
  } rows[] = {
      {"Command exited with status 0", true, 0, 0, ""},
      {"Command exited with status 255: why", true, 255, 0, "why"},
      {"Container exited with status 3", true, 3, 0, ""},
      {"Container terminated with signal Killed", true, 137, 9, ""},
      {"Container is gone", false, 0, 0, ""},
      {"Command exited with status 2147483648", false, 0, 0, ""},
      {"Command exited with status 99999999999999999999", false, 0, 0, ""},
      {"Command exited with status ", false, 0, 0, ""},
      {"Command exited with status x", false, 0, 0, ""},
      {"Command terminated with signal Killed", true, 137, 9, ""},
      {"Command terminated with signal Segmentation fault (core dumped): why", true, 139, 11, "why"},
      {"Command terminated with signal Nobody", false, 0, 0, ""},
      {"Command", false, 0, 0, ""},
      {"", false, 0, 0, ""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int32_t exit_code = 0, signal = 0;
    struct k8sm_slice rest = {"", 0};
    bool ends = k8smi_exit_parse(k8smi_s(rows[i].message), &exit_code, &signal, &rest);
    if (ends != rows[i].ends) fail_msg("%s", rows[i].message);
    if (!ends) continue;
    assert_int_equal(exit_code, rows[i].exit_code);
    assert_int_equal(signal, rows[i].signal);
    assert_string_equal(rest.ptr, rows[i].rest);
  }
}

/* A message is cut between characters. */
static void long_words_are_cut(void **state) {
  enum { WORDS = 1700 };
  static char more[WORDS + 64];
  struct life l;
  struct k8sm_container_status row;
  (void)state;
  for (size_t shift = 0; shift < 3; shift++) {
    life_begin(&l, "{'restartPolicy':'Never','containers':[{'name':'c','image':'c:1'}]}");
    life_place(&l);
    life_run(&l, "c", 0);
    size_t n =
        (size_t)sprintf(more, EXECUTOR ",'message':'Command exited with status 1: %.*s", (int)shift, "xx");
    while (n + 3 < WORDS) n += (size_t)sprintf(more + n, "\u20ac");
    strcpy(more + n, "'");
    life_update(&l, "c", 0, "FAILED", more);
    assert_int_not_equal(k8sm_status_containers(l.status, 0, &row, sizeof row, 1), 0);
    assert_true(row.message.len < WORDS && (row.message.len - shift) % 3 == 0);
    life_end(&l);
  }
}

static void a_back_off_of_the_users(void **state) {
  const struct k8sm_status_options o = {
      .size = sizeof o, .backoff_base_ms = 1000, .backoff_cap_ms = 3000, .backoff_reset_ms = 9000};
  static const uint64_t delays[] = {0, 1000, 2000, 3000, 3000};
  struct life l;
  (void)state;
  life_begin(&l, POD);
  k8sm_status_unref(l.status);
  assert_int_equal(k8sm_status_new(l.demand, &o, &l.status, NULL), K8SM_OK);
  life_place(&l);
  life_run(&l, "", 0);
  for (uint32_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
    struct k8sm_action a;
    if (i > 0) life_launch(&l, "c", i);
    life_run(&l, "c", i);
    life_update(&l, "c", i, "FAILED", EXITED(1));
    assert_int_equal(k8sm_status_actions(l.status, 0, &a, sizeof a, 1), 1);
    assert_true(a.at_mono_ms == l.now + delays[i]);
    l.now += delays[i];
  }
  life_launch(&l, "c", 5);
  life_run(&l, "c", 5);
  l.now += 9000;
  life_update(&l, "c", 5, "FAILED", EXITED(1));
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating)*5 | launch:c.6");
  life_end(&l);
}

/* ---- changes ---- */

static int updates_launch(struct life *l, const char *id) {
  struct k8sm_change change = {.type = K8SM_CHANGE_LAUNCHED, .text = k8smi_s(id)};
  return life_apply(l, &change, 1);
}

static void launches_that_can_not_be(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, POD);
  assert_int_equal(updates_launch(&l, "other.0.c.0.n1"), K8SM_ERR_INVALID);
  assert_int_equal(updates_launch(&l, PODS_UID ".1.c.0.n1"), K8SM_ERR_INVALID);
  assert_int_equal(updates_launch(&l, PODS_UID ".0.d.0.n1"), K8SM_ERR_INVALID);
  assert_int_equal(updates_launch(&l, PODS_UID ".0.c.0.n1"), K8SM_OK);
  assert_int_equal(updates_launch(&l, PODS_UID ".0.c.0.n2"), K8SM_ERR_INVALID); /* the former has not ended */
  life_end(&l);
}

static int updates_attempt(struct life *l, const struct k8sm_demand *demand) {
  struct k8sm_change change = {.type = K8SM_CHANGE_ATTEMPT, .demand = demand};
  return life_apply(l, &change, 1);
}

static void attempts_that_can_not_be(void **state) {
  struct life l;
  struct k8sm_pod *pod;
  struct k8sm_demand *demand;
  struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n2", .attempt = 1};
  static const char other[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"o\",\"uid\":\"o\"},"
      "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";
  (void)state;
  life_begin(&l, POD);
  assert_int_equal(updates_attempt(&l, NULL), K8SM_ERR_INVALID);
  assert_int_equal(updates_attempt(&l, l.demand), K8SM_ERR_INVALID); /* the same number */
  assert_int_equal(k8sm_pod_parse(other, sizeof other - 1, NULL, &pod, NULL), K8SM_OK);
  assert_int_equal(k8sm_demand_make(pod, &o, &demand, NULL), K8SM_OK);
  assert_int_equal(updates_attempt(&l, demand), K8SM_ERR_INVALID); /* another pod */
  k8sm_demand_unref(demand);
  k8sm_pod_unref(pod);
  struct life more;
  life_begin(&more, "{'containers':[{'name':'c','image':'c:1'},{'name':'d','image':'d:1'}]}");
  assert_int_equal(k8sm_demand_make(more.demand->pod, &o, &demand, NULL), K8SM_OK);
  assert_int_equal(updates_attempt(&l, demand), K8SM_ERR_INVALID); /* the same name, and more containers */
  k8sm_demand_unref(demand);
  life_end(&more);
  life_end(&l);
}

static void an_attempt_is_given_up(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, POD);
  life_place(&l);
  life_run(&l, "", 0);
  life_run(&l, "c", 0);
  life_change(&l, K8SM_CHANGE_ABANDON, NULL, 0);
  assert_life(&l, "Running(Running) c=R+ | kill:pause/0 kill:c/30");
  life_change(&l, K8SM_CHANGE_ABANDON, NULL, 0); /* again: nothing new */
  life_update(&l, "c", 0, "KILLED", EXECUTOR);
  life_change(&l, K8SM_CHANGE_ABANDON, NULL, 0);
  life_update(&l, "", 0, "KILLED", EXECUTOR);
  assert_life(&l, "Running(ContainerCreating) c=W(ContainerCreating) | attempt");
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 0);
  life_change(&l, K8SM_CHANGE_ABANDON, NULL, 0); /* it ends anyway */
  assert_life(&l, "Failed(ContainerStatusUnknown) c=T(137 ContainerStatusUnknown) | done");
  life_end(&l);
}

/* Ends of containers that nobody saw running. */
static void ends_without_a_run(void **state) {
  struct life l;
  (void)state;
  life_begin(&l, POD);
  life_place(&l);
  life_update(&l, "", 0, "FAILED",
              "'source':'SOURCE_EXECUTOR'"); /* the pause task: as if it was never there */
  life_update(&l, "c", 0, "FAILED",
              "'source':'SOURCE_EXECUTOR','reason':'REASON_CONTAINER_LIMITATION_MEMORY',"
              "'message':'Memory limit exceeded'");
  assert_int_equal(l.status->tasks[1].last.exit_code, 137);
  assert_string_equal(l.status->tasks[1].last.reason.ptr, "OOMKilled");
  l.now += 3000;
  life_launch(&l, "c", 1);
  life_update(&l, "c", 1, "FAILED", EXITED(2)); /* it ran, and that it did came too late */
  assert_int_equal(l.status->tasks[1].restarts, 1);
  l.now += 10000;
  life_launch(&l, "c", 2);
  life_update(&l, "c", 2, "FINISHED", EXECUTOR);
  assert_int_equal(l.status->tasks[1].restarts, 2);
  l.now += 20000;
  life_launch(&l, "c", 3);
  life_change(&l, K8SM_CHANGE_DELETED, NULL, 5);
  life_update(&l, "c", 3, "FAILED", "'source':'SOURCE_EXECUTOR','message':'no such image'");
  assert_int_equal(l.status->tasks[1].progress, K8SMI_PROGRESS_ENDED); /* not tried again */
  life_end(&l);
}

/* ---- addresses ---- */

#define NETWORKS(infos) "'container_status':{'network_infos':[" infos "]}"
#define ADDRESS         NETWORKS("{'ip_addresses':[{'ip_address':'10.1.2.3'}]}")

/* Where the agent is the offer has told; if it has not, a pod on its agent's network shows it. */
static void addresses_of_pod_and_host(void **state) {
  static const struct {
    const char *network, *placed, *told, *shown;
  } rows[] = {
      {NULL, "", ADDRESS,
       "'hostIP':'10.1.2.3','hostIPs':[{'ip':'10.1.2.3'}],'podIP':'10.1.2.3','podIPs':[{'ip':'10.1.2.3'}]"},
      {"calico", "", ADDRESS, ",'podIP':'10.1.2.3','podIPs':[{'ip':'10.1.2.3'}]"},
      {"calico", "10.9.9.9", ADDRESS,
       "'hostIP':'10.9.9.9','hostIPs':[{'ip':'10.9.9.9'}],'podIP':'10.1.2.3','podIPs':[{'ip':'10.1.2.3'}]"},
      {NULL, "10.9.9.9", "'message':''", "'hostIP':'10.9.9.9','hostIPs':[{'ip':'10.9.9.9'}],'startTime'"},
      /* One of each family, wherever they stand. */
      {"calico", "", NETWORKS("{'ip_addresses':[{'ip_address':'10.0.0.1'},{'ip_address':'fd00::1'}]}"),
       ",'podIP':'10.0.0.1','podIPs':[{'ip':'10.0.0.1'},{'ip':'fd00::1'}]"},
      {NULL, "",
       NETWORKS("{'ip_addresses':[{'ip_address':'fd00::1'},{'ip_address':'fd00::2'}]},"
                "{'ip_addresses':[{'ip_address':'10.0.0.1'},{'ip_address':'10.0.0.2'}]}"),
       "'hostIP':'fd00::1','hostIPs':[{'ip':'fd00::1'},{'ip':'10.0.0.1'}],"
       "'podIP':'fd00::1','podIPs':[{'ip':'fd00::1'},{'ip':'10.0.0.1'}]"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1", .network = rows[i].network};
    struct k8sm_pod *pod = pods_parse("", POD);
    struct k8sm_change placed = {.type = K8SM_CHANGE_PLACED,
                                 .text = K8SMI_S("agent1.example"),
                                 .agent_id = K8SMI_S("S1"),
                                 .address = k8smi_s(rows[i].placed)};
    struct k8sm_blob *blob = NULL;
    struct life l = {.now = 1000};
    char more[400];
    assert_int_equal(k8sm_demand_make(pod, &o, &l.demand, NULL), K8SM_OK);
    assert_int_equal(k8sm_status_new(l.demand, NULL, &l.status, NULL), K8SM_OK);
    life_place(&l);
    assert_int_equal(life_apply(&l, &placed, 1), K8SM_OK);
    snprintf(more, sizeof more, EXECUTOR ",%s", rows[i].told);
    life_update(&l, "c", 0, "RUNNING", more);
    life_update(&l, "c", 0, "RUNNING", EXECUTOR); /* what it does not tell stays */
    assert_int_equal(k8sm_status_encode(l.status, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
    const char *json = k8sm_blob_bytes(blob).ptr;
    char *shown = pods_json(rows[i].shown);
    assert_non_null(strstr(json, shown));
    assert_int_equal(strstr(json, "hostIP") != NULL, strstr(shown, "hostIP") != NULL);
    free(shown);
    k8sm_blob_unref(blob);
    life_end(&l);
    k8sm_pod_unref(pod);
  }
}

/* ---- out of it ---- */

static void formats_of_statuses(void **state) {
  struct life l;
  struct k8sm_blob *blob = NULL;
  static const struct k8sm_allocator half = {.size = sizeof half};
  (void)state;
  life_begin(&l, POD);
  life_place(&l);
  assert_int_equal(k8sm_status_encode(l.status, K8SM_FORMAT_PROTOBUF, NULL, &blob), K8SM_ERR_UNSUPPORTED);
  assert_int_equal(k8sm_status_encode(l.status, K8SM_FORMAT_JSON, &half, &blob), K8SM_ERR_NOMEM);
  assert_int_equal(k8sm_status_save(l.status, NULL, &half, &blob), K8SM_ERR_NOMEM);
  assert_int_equal(k8sm_status_patch(NULL, l.status, 99, NULL, &blob), K8SM_ERR_UNSUPPORTED);
  assert_int_equal(k8sm_status_encode(l.status, K8SM_FORMAT_YAML, NULL, &blob), K8SM_OK);
  assert_non_null(strstr(k8sm_blob_bytes(blob).ptr, "phase: Pending"));
  k8sm_blob_unref(blob);
  uint32_t formats[] = {K8SM_FORMAT_JSON, K8SM_FORMAT_YAML};
  for (size_t i = 0; i < 2; i++) {
    int result = K8SM_ERR_NOMEM;
    for (size_t n = 1; result == K8SM_ERR_NOMEM; n++) {
      struct failing f;
      failing_init(&f, n);
      result = k8sm_status_encode(l.status, formats[i], &f.allocator, &blob);
      if (result == K8SM_OK) k8sm_blob_unref(blob);
      assert_int_equal(f.held, 0);
    }
    assert_int_equal(result, K8SM_OK);
  }
  life_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_update_in_four_forms),
      cmocka_unit_test(bytes_that_are_no_update),
      cmocka_unit_test(updates_of_others_are_noted),
      cmocka_unit_test(more_strays_than_are_kept),
      cmocka_unit_test(a_later_stage_that_nobody_told_of),
      cmocka_unit_test(results_of_checks),
      cmocka_unit_test(odd_parts_of_updates),
      cmocka_unit_test(words_of_ends),
      cmocka_unit_test(launches_that_can_not_be),
      cmocka_unit_test(attempts_that_can_not_be),
      cmocka_unit_test(an_attempt_is_given_up),
      cmocka_unit_test(ends_without_a_run),
      cmocka_unit_test(addresses_of_pod_and_host),
      cmocka_unit_test(formats_of_statuses),
      cmocka_unit_test(long_words_are_cut),
      cmocka_unit_test(a_back_off_of_the_users),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
