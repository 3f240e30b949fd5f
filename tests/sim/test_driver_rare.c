/* SPDX-License-Identifier: Apache-2.0 */
/* What hosts and masters seldom do, and what then must not happen. */
#include "driver/core.h"
#include "driver/state.h"
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POD(name, uid, spec)                                                                                 \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: default, uid: " uid "}\n"                \
  "spec: {containers: [{name: c, image: i}]" spec "}\n"

static void open_subscribed(struct script *s, const struct k8sm_driver_options *options) {
  script_open(s, options);
  s->quiet_status = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_forget(s);
}

static void open_plain(struct script *s) {
  const struct k8sm_driver_options o = script_options();
  open_subscribed(s, &o);
}

static void run(struct script *s) {
  assert_int_equal(script_pod(s, POD("p", "u1", "")), K8SM_OK);
  script_offer(s, "O1", "A1");
  script_update(s, script_task(s, "c"), "A1", "TASK_RUNNING", "running---------",
                ",\"source\":\"SOURCE_EXECUTOR\",\"healthy\":true");
}

/* A copy that told nothing new tells something once the pod is known to be away, to the letter the same as it
 * is. */
static void a_copy_is_believed_again(void **state) {
  static const char copy[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
  struct script s;
  (void)state;
  open_plain(&s);
  run(&s);
  const char *task = script_task(&s, "c");
  script_update(&s, task, "A1", "TASK_RUNNING", NULL, copy);
  script_forget(&s);
  script_update(&s, task, "A1", "TASK_RUNNING", NULL, copy);
  assert_false(script_has(&s, "record"));
  script_update(&s, task, "A1", "TASK_UNREACHABLE", NULL, ",\"source\":\"SOURCE_MASTER\"");
  assert_true(script_has(&s, "record pod/u1"));
  script_forget(&s);
  script_update(&s, task, "A1", "TASK_RUNNING", NULL, copy);
  assert_true(script_has(&s, "record pod/u1"));
  script_close(&s);
}

/* Two deletions, of which the record of the first is refused. The pod goes on, and to rest, before the host
 * has said what became of the second. */
static void a_deletion_is_recorded_late(void **state) {
  static const uint32_t answers[] = {K8SM_INPUT_RECORDED, K8SM_INPUT_REFUSED};
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct script s;
    struct k8sm_driver_options o = script_options();
    o.rest_ms = 1000;
    o.record_rows = 1; /* whole ones: none depends on another */
    open_subscribed(&s, &o);
    run(&s);
    script_update(&s, script_task(&s, ""), "A1", "TASK_RUNNING", "running2--------",
                  ",\"source\":\"SOURCE_EXECUTOR\"");
    s.hold_records = true;
    assert_int_equal(script_delete(&s, "default/p", 20), K8SM_OK);
    uint64_t first = s.open_record;
    assert_int_equal(script_delete(&s, "default/p", 10), K8SM_OK);
    uint64_t second = s.open_record;
    assert_true(second > first);
    script_record(&s, K8SM_INPUT_REFUSED, first);
    s.heartbeats = true;
    script_wait(&s, 60000);
    assert_non_null(s.driver->pods.slots[0]->rest);
    script_forget(&s);
    s.hold_records = false;
    script_record(&s, answers[i], second);
    assert_int_equal(s.result, K8SM_OK);
    assert_int_equal(script_has(&s, "> KILL c.0"), i == 0);
    script_close(&s);
  }
}

static void leader(struct script *s, const char *address) {
  script_step(s, (struct k8sm_input){.type = K8SM_INPUT_LEADER, .bytes = {address, strlen(address)}});
}

/* ---- Its life ---- */

static void an_end_is_an_end(void **state) {
  struct script s;
  (void)state;
  open_plain(&s);
  run(&s);
  s.hold_calls = true;
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_STOP, .flags = K8SM_STOP_TEARDOWN});
  assert_int_equal(s.result, K8SM_OK);
  assert_true(k8sm_driver_deadline(s.driver) < UINT64_MAX); /* it does not wait for ever for an answer */
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_STOP, .flags = K8SM_STOP_TEARDOWN});
  assert_int_equal(s.result, K8SM_OK); /* it leaves already */
  script_answer(&s, "TEARDOWN", 202, NULL);
  assert_true(script_has(&s, "stopped"));
  script_tick(&s);
  assert_int_equal(s.result, K8SM_ERR_STATE);
  assert_true(k8sm_driver_deadline(s.driver) == UINT64_MAX);
  struct k8sm_input none = {.size = 4};
  assert_int_equal(k8sm_driver_step(s.driver, &none, s.effects, NULL), K8SM_ERR_ABI);
  script_close(&s);
}

static void no_answer_ends_it_too(void **state) {
  struct script s;
  (void)state;
  open_plain(&s);
  s.hold_calls = true;
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_STOP, .flags = K8SM_STOP_TEARDOWN});
  assert_false(script_has(&s, "stopped"));
  script_wait(&s, 60000);
  assert_true(script_has(&s, "stopped"));
  script_close(&s);
}

/* ---- Leaders ---- */

static void a_leader_that_is_none_is_refused(void **state) {
  static char host[300];
  struct script s;
  (void)state;
  memset(host, 'h', sizeof host - 1);
  open_plain(&s);
  static const char *const bad[] = {"a b:1", "a\x7f:1", "a/b:1", "user@a:1", "\xc3\xa4:1", host};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    leader(&s, bad[i]);
    assert_int_equal(s.result, K8SM_ERR_INVALID);
  }
  script_expect(&s, "");
  /* The one that is asked already, though it was not known as a leader: nothing is given up. */
  leader(&s, "10.0.0.1:5050");
  assert_int_equal(s.result, K8SM_OK);
  script_expect(&s, "");
  script_close(&s);
}

/* Redirected to another one, which is then told as the leader: it is the one that is asked. */
static void a_leader_may_be_the_one_that_is_asked(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  script_open(&s, &o);
  script_tick(&s);
  script_head(&s, 307, NULL, NULL, "//10.0.0.2:5051/api/v1/scheduler");
  script_forget(&s);
  leader(&s, "10.0.0.2:5051");
  script_expect(&s, "");
  script_lost(&s, "connection refused");
  leader(&s, "10.0.0.2:5051"); /* it is asked again when its time has come, and not before */
  script_forget(&s);
  leader(&s, "");
  assert_true(script_has(&s, "> SUBSCRIBE 10.0.0.1:5050")); /* that of the options */
  script_close(&s);
}

/* Each time longer, and never longer than the cap, however often it fails; a base of nothing is no wait. */
static void patience_has_its_cap(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  o.backoff_base_ms = 1;
  o.backoff_cap_ms = UINT64_C(1) << 40;
  script_open(&s, &o);
  script_tick(&s);
  for (int i = 0; i < 70; i++) {
    script_lost(&s, "connection refused");
    uint64_t due = k8sm_driver_deadline(s.driver);
    assert_true(due > s.now);
    assert_true(due - s.now <= UINT64_C(1) << 40);
    s.now = due;
    script_tick(&s);
    assert_int_not_equal(s.stream, 0);
  }
  script_close(&s);
}

/* A head of a response comes twice, or of another exchange: it is nothing to it. */
static void heads_come_once(void **state) {
  struct script s;
  (void)state;
  open_plain(&s);
  script_head(&s, 503, "text/plain", NULL, NULL);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_RESPONSE, .exchange = 4711, .status = 500});
  assert_int_equal(s.result, K8SM_OK);
  script_expect(&s, "");
  script_offer(&s, "O1", "A1");
  assert_int_equal(s.result, K8SM_OK);
  script_close(&s);
}

/* What is like a media type, and is none of those that it speaks. */
static void media_types_are_whole_words(void **state) {
  static const struct {
    const char *type;
    bool fine;
  } rows[] = {{"Application/JSON", true},           {"application/json;charset=utf-8", true},
              {"application/json ", true},          {"application/json\t", true},
              {"application/jsonp", false},         {"application/jso", false},
              {"application/jsom; nothing", false}, {"text/html", false}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script s;
    struct k8sm_driver_options o = script_options();
    script_open(&s, &o);
    script_tick(&s);
    script_forget(&s);
    script_head(&s, 200, rows[i].type, "S1", NULL);
    assert_int_equal(script_has(&s, "event:"), !rows[i].fine);
    script_close(&s);
  }
}

/* ---- Offers ---- */

/* Rescinded when the ACCEPT has not been sent yet: it is not sent any more, and the pod waits on. Another
 * offer is no matter. */
static void an_offer_is_rescinded_while_the_record_is_kept(void **state) {
  struct script s;
  (void)state;
  open_plain(&s);
  s.hold_records = true;
  script_pod(&s, POD("p", "u1", ""));
  script_offer(&s, "O1", "A1");
  assert_false(script_has(&s, "> ACCEPT"));
  script_event(&s, "{\"type\":\"RESCIND\",\"rescind\":{\"offer_id\":{\"value\":\"O9\"}}}");
  script_event(&s, "{\"type\":\"RESCIND\",\"rescind\":{\"offer_id\":{\"value\":\"O1\"}}}");
  s.hold_records = false;
  for (uint64_t n = s.open_record; n > 0; n--) script_record(&s, K8SM_INPUT_RECORDED, n);
  s.heartbeats = true;
  script_wait(&s, 60000);
  assert_false(script_has(&s, "> ACCEPT O1"));
  script_offer(&s, "O2", "A2");
  script_wait(&s, 100);
  assert_true(script_has(&s, "> ACCEPT O2"));
  script_close(&s);
}

/* ---- What can be seen ---- */

static void agents_are_seen_from_any_place(void **state) {
  struct k8sm_agent rows[4];
  struct script s;
  (void)state;
  open_plain(&s);
  assert_int_equal(k8sm_driver_agents(s.driver, 0, rows, sizeof rows[0], 4), 0);
  script_pod(&s, POD("p", "u1", ", nodeSelector: {none: x}"));
  script_offer(&s, "O1", "A1");
  script_offer(&s, "O2", "A2");
  assert_int_equal(k8sm_driver_agents(s.driver, 0, rows, sizeof rows[0], 4), 2);
  assert_int_equal(k8sm_driver_agents(s.driver, 1, rows, sizeof rows[0], 1), 1);
  assert_int_equal(k8sm_driver_agents(s.driver, 9, rows, sizeof rows[0], 1), 0);
  script_close(&s);
}

#define ATTRIBUTE(name, value) "{\"name\":\"" name "\",\"type\":\"TEXT\",\"text\":{\"value\":\"" value "\"}}"

/* Attributes that state taints, one after the other; and an executor. */
static void nodes_are_seen_from_any_place(void **state) {
  const struct k8sm_slice id = {"A1", 2};
  struct k8sm_node_taint all[4], one;
  struct script s;
  (void)state;
  open_plain(&s);
  script_pod(&s, POD("p", "u1", ", nodeSelector: {none: x}"));
  script_event(
      &s,
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"O1\"},\"framework_id\":{"
      "\"value\":\"F1\"},\"agent_id\":{\"value\":\"A1\"},\"hostname\":\"a1\",\"allocation_info\":{"
      "\"role\":\"*\"},\"executor_ids\":[{\"value\":\"u9.0.1\"}],\"attributes\":[" ATTRIBUTE(
          "rack",
          "r1") "," ATTRIBUTE("rack",
                              "r2") "," ATTRIBUTE("taint-gpu",
                                                  "yes:NoSchedule") "," ATTRIBUTE("taint-disk",
                                                                                  "NoExecute") "],"
                                                                                               "\"resources\""
                                                                                               ":[{\"name\":"
                                                                                               "\"cpus\","
                                                                                               "\"type\":"
                                                                                               "\"SCALAR\","
                                                                                               "\"scalar\":{"
                                                                                               "\"value\":1},"
                                                                                               "\"allocation_"
                                                                                               "info\":{"
                                                                                               "\"role\":\"*"
                                                                                               "\"}}]}]}}");
  struct k8sm_node_label labels[8];
  size_t of_rack = 0, count = k8sm_driver_agent_labels(s.driver, id, 0, labels, sizeof labels[0], 8);
  for (size_t i = 0; i < count; i++) of_rack += strstr(labels[i].key, "attribute-rack") != NULL;
  assert_int_equal(of_rack, 1); /* of two attributes of one name the first counts */
  struct k8sm_executor executor;
  assert_int_equal(k8sm_driver_agent_executors(s.driver, id, 0, &executor, sizeof executor, 1), 1);
  assert_true(k8smi_eqs(executor.id, "u9.0.1"));
  size_t n = k8sm_driver_agent_taints(s.driver, id, 0, all, sizeof all[0], 4);
  assert_int_equal(n, 2);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(k8sm_driver_agent_taints(s.driver, id, i, &one, sizeof one, 1), n - i);
    assert_string_equal(one.key, all[i].key);
    assert_string_equal(one.effect, all[i].effect);
  }
  script_close(&s);
}

/* Pods that are not recorded, or are being removed, are in no snapshot; claims that are being deleted are. */
static void a_snapshot_holds_what_is_recorded(void **state) {
  const struct k8sm_input claim = {.type = K8SM_INPUT_DELETE_CLAIM, .key = {"default/data", 12}};
  struct script s;
  struct k8sm_effect e;
  struct k8sm_effects *effects;
  (void)state;
  struct k8sm_driver_options o = script_options();
  script_open(&s, &o);
  s.quiet_status = true;
  assert_int_equal(k8sm_effects_new(NULL, &effects), K8SM_OK);
  assert_int_equal(k8sm_driver_snapshot(s.driver, effects), K8SM_OK); /* not even a framework */
  assert_int_equal(k8sm_effects_rows(effects, 0, &e, sizeof e, 0), 0);
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_pod(&s, POD("goes", "u0", ", nodeSelector: {none: x}"));
  run(&s);
  script_delete(&s, "default/goes", -1); /* leaves a hole */
  script_step(&s, claim);
  script_pod(&s, POD("waits", "u2", ", nodeSelector: {none: x}"));
  assert_int_equal(k8sm_driver_snapshot(s.driver, effects), K8SM_OK);
  size_t n = k8sm_effects_rows(effects, 0, &e, sizeof e, 0), claims = 0, pods = 0;
  for (size_t i = 0; i < n; i++) {
    k8sm_effects_rows(effects, i, &e, sizeof e, 1);
    claims += strncmp(e.key.ptr, "claim/", 6) == 0;
    pods += strncmp(e.key.ptr, "pod/", 4) == 0;
  }
  assert_int_equal(claims, 1);
  assert_int_equal(pods, 1);
  /* Ended, recorded, and its row on the way out. */
  script_delete(&s, "default/p", 0);
  script_update(&s, script_task(&s, "c"), "A1", "TASK_KILLED", "killed----------",
                ",\"source\":\"SOURCE_EXECUTOR\"");
  s.hold_records = true;
  script_update(&s, script_task(&s, ""), "A1", "TASK_KILLED", "paused----------",
                ",\"source\":\"SOURCE_EXECUTOR\"");
  for (int turn = 0; turn < 3; turn++) {
    script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
    assert_int_equal(k8sm_driver_snapshot(s.driver, effects), K8SM_OK);
  }
  k8sm_effects_free(effects);
  script_close(&s);
}

static void pods_are_seen_from_any_place(void **state) {
  struct k8sm_driver_pod rows[3];
  struct script s;
  (void)state;
  open_plain(&s);
  script_pod(&s, POD("a", "u1", ", nodeSelector: {none: x}"));
  script_pod(&s, POD("b", "u2", ", nodeSelector: {none: x}"));
  script_pod(&s, POD("c", "u3", ", nodeSelector: {none: x}"));
  assert_int_equal(script_delete(&s, "default/b", -1), K8SM_OK); /* leaves a hole */
  script_wait(&s, 1000);
  assert_int_equal(k8sm_driver_pods(s.driver, 0, rows, sizeof rows[0], 3), 2);
  assert_string_equal(k8sm_pod_name(rows[1].pod).ptr, "c");
  assert_int_equal(k8sm_driver_pods(s.driver, 1, rows, sizeof rows[0], 3), 1);
  assert_string_equal(k8sm_pod_name(rows[0].pod).ptr, "c");
  assert_int_equal(k8sm_driver_pods(s.driver, 2, rows, sizeof rows[0], 3), 0);
  assert_int_equal(k8sm_driver_pods(s.driver, 0, rows, sizeof rows[0], 1),
                   2); /* that there are, and one of them */
  assert_string_equal(k8sm_pod_name(rows[0].pod).ptr, "a");
  script_close(&s);
}

static void ports_are_seen_from_any_place(void **state) {
  struct k8sm_plan_port rows[3];
  struct script s;
  (void)state;
  open_plain(&s);
  script_pod(&s, POD("goes", "u0", ", nodeSelector: {none: x}"));
  script_pod(
      &s, "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\nspec: {containers: "
          "[{name: c, image: i, ports: [{containerPort: 80, hostPort: 31001}, {containerPort: 81, hostPort: "
          "31002}]}]}\n");
  script_delete(&s, "default/goes", -1); /* leaves a hole */
  script_offer(&s, "O1", "A1");
  assert_int_equal(k8sm_driver_ports(s.driver, 0, NULL, sizeof rows[0], 0), 2);
  assert_int_equal(k8sm_driver_ports(s.driver, 0, rows, sizeof rows[0], 1), 2);
  assert_int_equal(rows[0].host_port, 31001);
  assert_int_equal(k8sm_driver_ports(s.driver, 1, rows, sizeof rows[0], 3), 1);
  assert_int_equal(rows[0].host_port, 31002);
  script_close(&s);
}

/* ---- Pods and rows ---- */

static void a_pod_needs_a_uid(void **state) {
  struct script s;
  (void)state;
  open_plain(&s);
  assert_int_equal(script_pod(&s, "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default}\n"
                                  "spec: {containers: [{name: c, image: i}]}\n"),
                   K8SM_ERR_INVALID);
  assert_string_equal(s.findings, "POD without a uid: metadata.uid must be set");
  script_close(&s);
}

/* The row with other bytes behind the member `name`, up to the next one. */
static void edit_row(const struct script_row *row, const char *name, const char *value, char *to,
                     size_t cap) {
  const char *at = strstr(row->bytes, name);
  assert_non_null(at);
  at += strlen(name);
  const char *rest = strchr(at, ',');
  assert_non_null(rest);
  snprintf(to, cap, "%.*s%s%s", (int)(at - row->bytes), row->bytes, value, rest);
}

/* A row whose texts are too long, lack, or say nothing that is known, is refused whole: nothing of it is
 * left. */
static void rows_with_odd_texts_are_refused(void **state) {
  static const struct {
    const char *name, *value, *words;
  } edits[] = {
      {"\"nonce\":", "\"\"", "nonce"},
      {"\"nonce\":", "\"0123456789012345678901234567890123456789012345678901234567890123456789\"", "nonce"},
      {"\"form\":", "\"sideways\"", "form: 'sideways' is none"},
  };
  static char id[600], bytes[16384];
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  open_plain(&s);
  run(&s);
  const struct script_row *row = NULL;
  for (size_t i = 0; i < s.row_count; i++) {
    if (strncmp(s.rows[i].key, "pod/", 4) == 0) row = &s.rows[i];
  }
  assert_non_null(row);
  for (size_t i = 0; i <= sizeof edits / sizeof edits[0]; i++) {
    struct script other;
    script_open(&other, &o);
    memset(id, 'F', sizeof id); /* no framework has such an id */
    script_step(&other, (struct k8sm_input){
                            .type = K8SM_INPUT_RESTORE, .key = {"framework", 9}, .bytes = {id, sizeof id}});
    assert_int_equal(other.result, K8SM_ERR_INVALID);
    if (i == sizeof edits / sizeof edits[0])
      snprintf(bytes, sizeof bytes, "%s", row->bytes); /* as it is it is fine */
    else
      edit_row(row, edits[i].name, edits[i].value, bytes, sizeof bytes);
    script_step(&other, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                            .key = {row->key, strlen(row->key)},
                                            .bytes = {bytes, strlen(bytes)}});
    const bool fine = i == sizeof edits / sizeof edits[0];
    assert_int_equal(other.result, fine ? K8SM_OK : K8SM_ERR_INVALID);
    if (!fine && strstr(other.findings, edits[i].words) == NULL) fail_msg("%s", other.findings);
    assert_int_equal(k8sm_driver_pods(other.driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0), fine);
    script_close(&other);
  }
  script_close(&s);
}

/* Words of a master, or of an executor, with what a terminal obeys. */
static void words_of_others_do_no_harm(void **state) {
  struct script s;
  (void)state;
  open_plain(&s);
  run(&s);
  script_forget(&s);
  script_event(&s, "{\"type\":\"ERROR\",\"error\":{\"message\":\"no\\u001b[2J \\u007f\\nmore\"}}");
  assert_true(script_has(&s, "no [2J   more"));
  script_close(&s);
}

/* ---- Masters ---- */

/* Only one that says 1.11 or later knows offer constraints; what is no version is none. */
static void versions_are_read_with_care(void **state) {
  static const struct {
    const char *version;
    bool told;
  } rows[] = {{"1.11.0", true},  {"1.11", true},  {"1.12.0-rc1", true},   {"2", true},      {"10.0.0", true},
              {"1.10.9", false}, {"1.x", false},  {"1.1.11", false},      {"x1.11", false}, {"", false},
              {"1-11", false},   {"1/11", false}, {"99999999999.0", true}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script s;
    char json[400];
    const struct k8sm_driver_options o = script_options();
    script_open(&s, &o);
    s.quiet_status = s.heartbeats = true;
    script_tick(&s);
    script_head(&s, 200, "application/json", "S1", NULL);
    snprintf(json, sizeof json,
             "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"F1\"},"
             "\"heartbeat_interval_seconds\":15.0,\"master_info\":{\"id\":\"m\",\"ip\":1,\"port\":5050,"
             "\"version\":"
             "\"%s\"}}}",
             rows[i].version);
    script_event(&s, json);
    script_pod(&s, POD("p", "u1", ", nodeSelector: {k8s.mesosphere.io/attribute-rack: r2}"));
    script_wait(&s, 60000);
    if (script_has(&s, "> UPDATE_FRAMEWORK") != rows[i].told) fail_msg("version %s", rows[i].version);
    script_close(&s);
  }
}

/* A call that is refused as by one that leads no more ends the subscription. */
static void a_master_that_leads_no_more_is_left(void **state) {
  static const uint32_t statuses[] = {307, 403};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct script s;
    open_plain(&s);
    s.hold_calls = true;
    run(&s);
    script_forget(&s);
    script_answer(&s, "ACCEPT", statuses[i], "Not the leader");
    script_wait(&s, 20000);
    assert_true(script_has(&s, "> SUBSCRIBE"));
    script_close(&s);
  }
}

/* ---- Conditions ---- */

static int give_condition(struct script *s, const char *json) {
  return script_step(s, (struct k8sm_input){.type = K8SM_INPUT_CONDITION,
                                            .key = {"default/p", 9},
                                            .bytes = {json, strlen(json)}});
}

/* A condition is recorded with the pod, as long as there is a row of it to be kept. */
static void conditions_come_at_any_time(void **state) {
  static const char good[] = "{\"type\":\"t\",\"status\":\"True\"}";
  struct k8sm_effect e;
  struct script s;
  (void)state;
  open_plain(&s);
  assert_int_equal(script_pod(&s, POD("p", "u1", "")), K8SM_OK);
  script_forget(&s);
  assert_int_equal(give_condition(&s, good), K8SM_OK);
  assert_false(script_has(&s, "record")); /* there is none before it is launched */
  assert_int_equal(give_condition(&s, "{"), K8SM_ERR_SYNTAX);
  script_offer(&s, "O1", "A1");
  script_update(&s, script_task(&s, "c"), "A1", "TASK_RUNNING", "running---------",
                ",\"source\":\"SOURCE_EXECUTOR\"");
  assert_int_equal(script_delete(&s, "default/p", 5), K8SM_OK);
  script_update(&s, script_task(&s, "c"), "A1", "TASK_KILLED", "killed----------", "");
  s.hold_records = true;
  script_update(&s, script_task(&s, ""), "A1", "TASK_KILLED", "paused----------", "");
  assert_true(script_has(&s, "record pod/u1 away"));
  script_forget(&s);
  assert_int_equal(give_condition(&s, good), K8SM_OK); /* its row is about to go */
  assert_false(script_has(&s, "record"));
  assert_int_equal(k8sm_driver_snapshot(s.driver, s.effects), K8SM_OK);
  for (size_t i = 0; k8sm_effects_rows(s.effects, i, &e, sizeof e, 1) != 0; i++)
    assert_string_not_equal(e.key.ptr, "pod/u1");
  script_record(&s, K8SM_INPUT_RECORDED, s.open_record);
  assert_true(script_has(&s, "gone default/p"));
  assert_int_equal(give_condition(&s, good), K8SM_ERR_NOT_FOUND);
  script_close(&s);
}

/* ---- Deletions ---- */

/* A shorter grace counts, a longer one does not; all of it comes to an end. */
static void deletions_come_again(void **state) {
  struct script s;
  (void)state;
  open_plain(&s);
  run(&s);
  s.heartbeats = true;
  assert_int_equal(script_delete(&s, "default/p", 100), K8SM_OK);
  assert_int_equal(script_delete(&s, "default/p", 200), K8SM_OK);
  assert_int_equal(script_delete(&s, "default/p", 1), K8SM_OK);
  script_update(&s, script_task(&s, "c"), "A1", "TASK_KILLED", "killed----------",
                ",\"source\":\"SOURCE_EXECUTOR\"");
  script_update(&s, script_task(&s, ""), "A1", "TASK_KILLED", "paused----------",
                ",\"source\":\"SOURCE_EXECUTOR\"");
  script_wait(&s, 300000);
  assert_int_equal(k8sm_driver_pods(s.driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0), 0);
  script_close(&s);
}

/* A task that is gone by its operator's word, of no agent: nothing else is given up for it. */
static void gone_from_nowhere(void **state) {
  struct script s;
  char json[600];
  (void)state;
  open_plain(&s);
  run(&s);
  snprintf(json, sizeof json,
           "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"%s\"},\"state\":"
           "\"TASK_GONE_BY_OPERATOR\",\"source\":\"SOURCE_MASTER\"}}}",
           script_task(&s, "c"));
  script_event(&s, json);
  assert_int_equal(s.result, K8SM_OK);
  s.heartbeats = true;
  script_wait(&s, 10000);
  assert_int_equal(k8sm_driver_pods(s.driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0), 1);
  script_close(&s);
}

/* A base that would overflow when it is doubled: the cap holds. */
static void a_long_patience_does_not_overflow(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  o.backoff_base_ms = UINT64_C(1) << 61;
  o.backoff_cap_ms = UINT64_C(1) << 62;
  script_open(&s, &o);
  script_tick(&s);
  for (int i = 0; i < 4; i++) {
    script_lost(&s, "connection refused");
    uint64_t due = k8sm_driver_deadline(s.driver);
    assert_true(due > s.now);
    if (due == UINT64_MAX) break;
    assert_true(due - s.now <= UINT64_C(1) << 62);
    s.now = due;
    script_tick(&s);
  }
  script_close(&s);
}

/* One line for people is never longer than a screen or two, whatever a master says. */
static void long_words_are_cut(void **state) {
  static char json[4000];
  struct script s;
  (void)state;
  open_plain(&s);
  int n = snprintf(json, sizeof json, "{\"type\":\"ERROR\",\"error\":{\"message\":\"");
  memset(json + n, 'x', 3000);
  snprintf(json + n + 3000, sizeof json - (size_t)n - 3000, "\"}}");
  script_event(&s, json);
  assert_true(script_has(&s, "xxxxxxxx"));
  assert_in_range(s.trace_len, 200, 2500);
  script_close(&s);
}

/* A pod that was read without defaults is of no namespace. */
static void a_pod_of_no_namespace_runs(void **state) {
  static const char text[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"uid\":\"u1\"},"
      "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";
  const struct k8sm_parse_options how = {.size = sizeof how,
                                         .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  struct script s;
  struct k8sm_pod *pod;
  (void)state;
  open_plain(&s);
  assert_int_equal(k8sm_pod_parse(text, strlen(text), &how, &pod, NULL), K8SM_OK);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod});
  k8sm_pod_unref(pod);
  assert_int_equal(s.result, K8SM_OK);
  script_offer(&s, "O1", "A1");
  assert_true(script_has(&s, "event /p: Scheduled: Successfully assigned /p to A1.example"));
  script_close(&s);
}

/* ---- Claims ---- */

static int delete_claim(struct script *s, const char *name) {
  return script_step(s, (struct k8sm_input){.type = K8SM_INPUT_DELETE_CLAIM, .key = {name, strlen(name)}});
}

/* Several claims that nobody has, each asked for twice: each goes once, in whatever order. */
static void many_claims_go(void **state) {
  static const char *const names[] = {"default/a", "default/b", "default/c"};
  static char longest[400];
  struct script s;
  (void)state;
  open_plain(&s);
  s.heartbeats = true;
  memset(longest, 'x', sizeof longest - 1);
  longest[7] = '/';
  assert_int_equal(delete_claim(&s, longest), K8SM_ERR_INVALID);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(delete_claim(&s, names[i]), K8SM_OK);
    script_wait(&s, 1000);
    assert_int_equal(delete_claim(&s, names[i]), K8SM_OK);
  }
  struct k8sm_driver_counters c = {.size = sizeof c};
  assert_int_equal(k8sm_driver_count(s.driver, &c), K8SM_OK);
  assert_int_equal(c.releases_due, 0); /* nothing is known of their volumes */
  script_wait(&s, 100000);
  for (size_t i = 0; i < 3; i++) {
    char words[64];
    snprintf(words, sizeof words, "claim gone %s\n", names[i]);
    assert_true(script_has(&s, words));
  }
  script_close(&s);
}

/* Rows of claims: the same one again is nothing new, a strange one is refused. */
static void claims_are_restored_once(void **state) {
  static const char *const rows[] = {"{\"version\":1}", "{\"version\":1,\"agent_id\":\"A1\"}"};
  struct script s;
  const struct k8sm_driver_options o = script_options();
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    script_open(&s, &o);
    for (int turn = 0; turn < 2; turn++) {
      script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                          .key = {"claim/default/a", 15},
                                          .bytes = {rows[i], strlen(rows[i])}});
      if (s.result != K8SM_OK) fail_msg("%s: %s", rows[i], s.findings);
    }
    script_close(&s);
  }
}

/* Too late: the ACCEPT is with the master, which knows what became of the offer. */
static void a_rescinded_offer_that_was_accepted(void **state) {
  static const char rescind[] = "{\"type\":\"RESCIND\",\"rescind\":{\"offer_id\":{\"value\":\"O1\"}}}";
  struct script s;
  (void)state;
  open_plain(&s);
  s.hold_calls = true;
  script_pod(&s, POD("p", "u1", ""));
  script_offer(&s, "O1", "A1");
  assert_true(script_has(&s, "> ACCEPT O1\n"));
  script_event(&s, rescind);
  script_answer(&s, "ACCEPT", 202, NULL);
  script_event(&s, rescind);
  script_update(&s, script_task(&s, "c"), "A1", "TASK_RUNNING", "running---------",
                ",\"source\":\"SOURCE_EXECUTOR\",\"healthy\":true");
  s.heartbeats = true;
  script_wait(&s, 10000);
  assert_false(script_has(&s, "Attempt: number 1"));
  script_close(&s);
}

/* The first word of a master is that it does not want the framework. */
static void the_first_event_may_be_an_error(void **state) {
  static const struct {
    const char *event;
    bool ends;
  } rows[] = {{"{\"type\":\"ERROR\",\"error\":{\"message\":\"Framework has been removed\"}}", true},
              {"{\"type\":\"HEARTBEAT\"}", false}};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct script s;
    const struct k8sm_driver_options o = script_options();
    script_open(&s, &o);
    script_tick(&s);
    script_head(&s, 200, "application/json", "S1", NULL);
    script_forget(&s);
    script_event(&s, rows[i].event);
    assert_int_equal(script_has(&s, "stopped"), rows[i].ends);
    script_close(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_copy_is_believed_again),
      cmocka_unit_test(a_deletion_is_recorded_late),
      cmocka_unit_test(an_end_is_an_end),
      cmocka_unit_test(no_answer_ends_it_too),
      cmocka_unit_test(a_leader_that_is_none_is_refused),
      cmocka_unit_test(a_leader_may_be_the_one_that_is_asked),
      cmocka_unit_test(patience_has_its_cap),
      cmocka_unit_test(heads_come_once),
      cmocka_unit_test(media_types_are_whole_words),
      cmocka_unit_test(an_offer_is_rescinded_while_the_record_is_kept),
      cmocka_unit_test(agents_are_seen_from_any_place),
      cmocka_unit_test(nodes_are_seen_from_any_place),
      cmocka_unit_test(a_snapshot_holds_what_is_recorded),
      cmocka_unit_test(pods_are_seen_from_any_place),
      cmocka_unit_test(ports_are_seen_from_any_place),
      cmocka_unit_test(a_pod_needs_a_uid),
      cmocka_unit_test(rows_with_odd_texts_are_refused),
      cmocka_unit_test(words_of_others_do_no_harm),
      cmocka_unit_test(a_rescinded_offer_that_was_accepted),
      cmocka_unit_test(the_first_event_may_be_an_error),
      cmocka_unit_test(many_claims_go),
      cmocka_unit_test(claims_are_restored_once),
      cmocka_unit_test(a_long_patience_does_not_overflow),
      cmocka_unit_test(long_words_are_cut),
      cmocka_unit_test(a_pod_of_no_namespace_runs),
      cmocka_unit_test(versions_are_read_with_care),
      cmocka_unit_test(a_master_that_leads_no_more_is_left),
      cmocka_unit_test(conditions_come_at_any_time),
      cmocka_unit_test(deletions_come_again),
      cmocka_unit_test(gone_from_nowhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
