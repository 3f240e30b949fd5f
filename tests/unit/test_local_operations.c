/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "local/objects.h"
#include "support/local_client.h"
#include "support/operation_cases.h"

#include <stdio.h>
#include <string.h>

/* Operations on resources at the embedded Mesos: what it refuses, in the words of a master, and what becomes
 * of resources. A real master was asked the same. */

struct fixture {
  struct client c;
  char json[8192], wanted[4096];
};

static int set_up(void **state) {
  static struct fixture f;
  client_init(&f.c, client_local(RESOURCES, 1), K8SM_FORMAT_JSON);
  assert_int_equal(client_subscribe(&f.c, ",\"roles\":[\"r\",\"s\"],\"principal\":\"p\""), 200);
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  k8smi_local_free(f->c.local);
  client_free(&f->c);
  return 0;
}

static const K8smMesos__OperationStatus *last_operation(const struct fixture *f) {
  size_t n = client_count(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS);
  assert_true(n > 0);
  return client_event(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS, n - 1)
      ->update_operation_status->status;
}

/* With what stands for something in it. */
static const char *filled(char *to, size_t cap, const char *from, const struct fixture *f, const char *type) {
  char agent[256], member[32] = "";
  size_t n = 0;
  snprintf(agent, sizeof(agent), "; on agent %s at slave(1)@127.0.0.1:5051 (agent1.local)",
           f->c.local->agents[0].id);
  for (size_t i = 0; type[i] != '\0'; i++) member[i] = type[i] == '_' ? '_' : (char)(type[i] | 0x20);
  bool volumes = strcmp(type, "CREATE") == 0 || strcmp(type, "DESTROY") == 0;
  for (const char *at = from; *at != '\0'; at++) {
    const char one[2] = {*at, '\0'}, *piece = one;
    if (*at == '%') {
      at++;
      piece = *at == '@'   ? agent
              : *at == 'H' ? HAS
              : *at == 'F' ? f->c.framework_id
              : *at == 'm' ? member
              : volumes    ? "volumes"
                           : "resources";
    }
    assert_true(n + strlen(piece) < cap);
    memcpy(to + n, piece, strlen(piece) + 1);
    n += strlen(piece);
  }
  return to;
}

/* An offer of all, in the role r. */
static void await_all(struct fixture *f) {
  client_gather(&f->c);
  assert_int_equal(f->c.offer_count, 1);
  assert_string_equal(f->c.offers[0]->allocation_info->role, "r");
}

static uint32_t operate(struct fixture *f, const char *type, const char *body) {
  char text[4096];
  snprintf(f->json, sizeof(f->json), "{\"type\":\"%s\",\"id\":{\"value\":\"o\"}%s%s}", type,
           body == NULL ? "" : ",", body == NULL ? "" : filled(text, sizeof(text), body, f, type));
  return client_accept(&f->c, f->json, 0);
}

static void refused_in_a_masters_words(void **state) {
  struct fixture *f = *state;
  for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
    const struct refused_case *row = &REFUSED[i];
    await_all(f);
    assert_int_equal(operate(f, row->type, row->member), 202);
    assert_string_equal(last_operation(f)->message,
                        filled(f->wanted, sizeof(f->wanted), row->message, f, row->type));
    assert_int_equal(last_operation(f)->state, K8SM_MESOS__OPERATION_STATE__OPERATION_ERROR);
    assert_int_equal(client_count(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS), i + 1);
  }
}

/* What the agent has. */
static const char *had(const struct fixture *f, struct k8smi_arena *arena) {
  return k8smi_local_bag_text(arena, &f->c.local->agents[0].total.bag);
}

/* A life of a volume, each step with what the agent has then. */
static void resources_of_every_form(void **state) {
  static const struct {
    const char *type, *member, *message; /* message NULL: it is done */
    const char *had;
  } STEPS[] = {
      {RESERVE(DISK("30", OLDER("r", "\"principal\":\"p\""))), NULL, "disk:70; ports:[1-9]; disk" R_P ":30"},
      {CREATE(VOLUME("20")), NULL, "disk:70; ports:[1-9]; disk" R_P ":10; disk" R_P "[v:v]:20"},
      {CREATE(VOLUME("5")), "Persistence ID 'v' is not unique%@",
       "disk:70; ports:[1-9]; disk" R_P ":10; disk" R_P "[v:v]:20"},
      {"GROW_VOLUME", GROW(VOLUME("20"), DISK("5", FOR_R)), NULL,
       "disk:70; ports:[1-9]; disk" R_P ":5; disk" R_P "[v:v]:25"},
      {"SHRINK_VOLUME", SHRINK(VOLUME("25"), "10"), NULL,
       "disk:70; ports:[1-9]; disk" R_P ":15; disk" R_P "[v:v]:15"},
      {DESTROY(VOLUME("14")), "Persistent volumes not found%@",
       "disk:70; ports:[1-9]; disk" R_P ":15; disk" R_P "[v:v]:15"},
      {DESTROY(DISK("15", FOR_R DISK_INFO("\"persistence\":{\"id\":\"v\"}," MOUNTED("RW", "elsewhere")))),
       NULL, "disk:70; ports:[1-9]; disk" R_P ":30"},
      {UNRESERVE(DISK("10", FOR_R) "," DISK("20", FOR_R)), NULL, "disk:100; ports:[1-9]"},
      {RESERVE(RESOURCE("ports", RANGES(RANGE("2", "3")), FOR_R)), NULL,
       "disk:100; ports:[1-1, 4-9]; ports" R_P ":[2-3]"},
  };
  struct fixture *f = *state;
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
    char text[1024];
    await_all(f);
    assert_int_equal(operate(f, STEPS[i].type, STEPS[i].member), 202);
    const K8smMesos__OperationStatus *status = last_operation(f);
    if (STEPS[i].message == NULL) {
      assert_int_equal(status->state, K8SM_MESOS__OPERATION_STATE__OPERATION_FINISHED);
    } else {
      assert_string_equal(status->message,
                          filled(f->wanted, sizeof(f->wanted), STEPS[i].message, f, STEPS[i].type));
    }
    snprintf(text, sizeof(text), "cpus:4; mem:4096; %s", STEPS[i].had);
    assert_string_equal(had(f, &arena), text);
  }
  k8smi_arena_free(&arena);
}

/* A master looks at the resources of all operations before it does the first, and goes on after a refusal. */
static void many_in_one_call(void **state) {
  struct fixture *f = *state;
  static const char OPERATIONS[] =
      "{\"type\":\"RESERVE\",\"id\":{\"value\":\"first\"},\"reserve\":{\"resources\":[" DISK(
          "101",
          FOR_R) "]}},"
                 "{\"type\":\"RESERVE\",\"id\":{\"value\":\"second\"},\"reserve\":{\"resources\":[" DISK(
                     "-1", FOR_R) "]}},"
                                  "{\"type\":\"RESERVE\",\"reserve\":{\"resources\":[" DISK(
                                      "102",
                                      FOR_R) "]}},"
                                             "{\"type\":\"RESERVE\",\"id\":{\"value\":\"third\"},\"reserve\":"
                                             "{\"resources\":[" RESOURCE(
                                                 "cpus", SCALAR("4"),
                                                 FOR_R) "]}},"
                                                        "{\"type\":\"RESERVE\",\"id\":{\"value\":\"fourth\"},"
                                                        "\"reserve\":{\"resources\":[" DISK("101",
                                                                                            FOR_R) "]}}";
  static const char *const TOLD[][2] = {
      {"second", INVALID("disk" R_P ":-1") "Invalid scalar resource: value <= 0"},
      {"first", "%H does not contain disk(allocated: r):101"},
      {"third", NULL},
      {"fourth",
       "ports(allocated: r):[1-9]; disk(allocated: r):100; mem(allocated: r):4096; cpus(allocated: r)" R_P
       ":4 does not contain disk(allocated: r):101"},
  };
  await_all(f);
  assert_int_equal(client_accept(&f->c, OPERATIONS, 0), 202);
  for (size_t i = 0; i < sizeof(TOLD) / sizeof(TOLD[0]); i++) {
    const K8smMesos__Event *event = client_event(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS, i);
    assert_non_null(event);
    const K8smMesos__OperationStatus *status = event->update_operation_status->status;
    assert_string_equal(status->operation_id->value, TOLD[i][0]);
    if (TOLD[i][1] == NULL) {
      assert_int_equal(status->state, K8SM_MESOS__OPERATION_STATE__OPERATION_FINISHED);
    } else {
      assert_string_equal(status->message, filled(f->wanted, sizeof(f->wanted), TOLD[i][1], f, ""));
    }
  }
  assert_int_equal(client_count(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS), 4);
}

static int64_t reserved_milli(const struct k8smi_local *local, const char *name) {
  const struct local_bag *bag = &local->agents[0].total.bag;
  int64_t sum = 0;
  for (size_t i = 0; i < bag->count; i++) {
    bool of_name = strcmp(bag->amounts[i].form->name, name) == 0;
    if (of_name && k8smi_local_amount_reserved(&bag->amounts[i]).ptr != NULL) sum += bag->amounts[i].milli;
  }
  return sum;
}

/* A master may refuse one; an agent that can't be reached does not hear of it, and when it is back it has
 * what it had. A persistence id is there once. */
static void operations_that_get_lost(void **state) {
#define RESERVED_R(name, n, more)                                                                            \
  "{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" n                                      \
  "},\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"r\"}]" more "}"
  static const char reserve[] =
      "{\"type\":\"RESERVE\",\"id\":{\"value\":\"o\"},\"reserve\":{\"resources\":[" RESERVED_R("cpus", "1",
                                                                                               "") "]}}";
  static const char create[] = "{\"type\":\"RESERVE\",\"reserve\":{\"resources\":[" RESERVED_R(
      "disk", "10", "") "]}},"
                        "{\"type\":\"CREATE\",\"id\":{\"value\":\"o\"},\"create\":{\"volumes\":[" RESERVED_R(
                            "disk", "10",
                            ",\"disk\":{\"persistence\":{\"id\":\"v\"},\"volume\":{\"container_path\":\"v\","
                            "\"mode\":\"RW\"}}") "]}}";
  struct fixture f;
  (void)state;
  struct k8smi_local *local = client_local("cpus:4;mem:4096;disk:100", 1);
  client_init(&f.c, local, K8SM_FORMAT_JSON);
  assert_int_equal(client_subscribe(&f.c, ",\"roles\":[\"r\"]"), 200);
  assert_true(client_await_offer(&f.c));
  k8smi_local_refuse_operations(local, 1);
  assert_int_equal(client_accept(&f.c, reserve, 0), 202);
  assert_int_equal(last_operation(&f)->state, K8SM_MESOS__OPERATION_STATE__OPERATION_ERROR);
  assert_int_equal(reserved_milli(local, "cpus"), 0);
  assert_true(client_await_offer(&f.c));
  k8smi_local_cut_agent(local, 0);
  assert_int_equal(client_accept(&f.c, reserve, 0), 202);
  assert_int_equal(reserved_milli(local, "cpus"), 1000); /* in the master's books */
  k8smi_local_restore_agent(local, 0);
  assert_int_equal(reserved_milli(local, "cpus"), 0);
  for (int i = 0; i < 2; i++) {
    assert_true(client_await_offer(&f.c));
    assert_int_equal(client_accept(&f.c, create, 0), 202);
    assert_int_equal(last_operation(&f)->state, i == 0 ? K8SM_MESOS__OPERATION_STATE__OPERATION_FINISHED
                                                       : K8SM_MESOS__OPERATION_STATE__OPERATION_ERROR);
  }
  assert_memory_equal(last_operation(&f)->message, "Persistence ID 'v' is not unique; on agent ", 43);
  k8smi_local_free(local);
  client_free(&f.c);
#undef RESERVED_R
}

/* ---- What is heard of those with an id ---- */

#define STATE(name) K8SM_MESOS__OPERATION_STATE__OPERATION_##name

static int set_up_few(void **state) {
  static struct fixture f;
  client_init(&f.c, client_local("cpus:4;mem:4096", 1), K8SM_FORMAT_JSON);
  assert_int_equal(client_subscribe(&f.c, ",\"roles\":[\"r\"],\"principal\":\"p\",\"failover_timeout\":1e6"),
                   200);
  *state = &f;
  return 0;
}

static void reserve(struct fixture *f, const char *id) {
  assert_true(client_await_offer(&f->c));
  snprintf(f->json, sizeof(f->json),
           "{\"type\":\"RESERVE\",\"id\":{\"value\":\"%s\"},\"reserve\":{\"resources\":[{\"name\":\"cpus\","
           "\"type\":\"SCALAR\",\"scalar\":{\"value\":0.1},\"reservations\":[{\"type\":\"DYNAMIC\","
           "\"role\":\"r\",\"principal\":\"p\"}]}]}}",
           id);
  assert_int_equal(client_accept(&f->c, f->json, 0), 202);
}

static size_t told(const struct fixture *f) {
  return client_count(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS);
}

/* The last that was heard, of so many; message NULL: it has none. What the master says of its own wants no
 * acknowledgement. */
static void expect_told(const struct fixture *f, size_t count, const char *id, int state, const char *message,
                        bool has_uuid) {
  assert_int_equal(told(f), count);
  const K8smMesos__OperationStatus *status = last_operation(f);
  assert_string_equal(status->operation_id->value, id);
  assert_int_equal(status->state, state);
  if (message == NULL) {
    assert_null(status->message);
  } else {
    assert_string_equal(status->message, message);
  }
  assert_int_equal(status->uuid != NULL, has_uuid);
}

/* agent NULL: the question names none. */
static void ask(struct fixture *f, const char *id, const char *agent) {
  char named[128] = "";
  if (agent != NULL) snprintf(named, sizeof(named), ",\"agent_id\":{\"value\":\"%s\"}", agent);
  snprintf(
      f->json, sizeof(f->json),
      "{\"type\":\"RECONCILE_OPERATIONS\",\"framework_id\":{\"value\":\"%%F\"},\"reconcile_operations\":{"
      "\"operations\":[{\"operation_id\":{\"value\":\"%s\"}%s}]}}",
      id, named);
  assert_int_equal(client_call(&f->c, f->json), 202);
}

static void ask_for_all(struct fixture *f) {
  assert_int_equal(client_call(&f->c,
                               "{\"type\":\"RECONCILE_OPERATIONS\",\"framework_id\":{\"value\":\"%F\"},"
                               "\"reconcile_operations\":{}}"),
                   202);
}

/* The n-th that was heard. */
static void acknowledge(struct fixture *f, size_t n, bool other) {
  const K8smMesos__OperationStatus *status =
      client_event(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS, n)
          ->update_operation_status->status;
  unsigned char uuid[LOCAL_UUID_BYTES];
  K8smMesos__FrameworkID id = K8SM_MESOS__FRAMEWORK_ID__INIT;
  K8smMesos__Call__AcknowledgeOperationStatus body = K8SM_MESOS__CALL__ACKNOWLEDGE_OPERATION_STATUS__INIT;
  K8smMesos__Call call = K8SM_MESOS__CALL__INIT;
  memcpy(uuid, status->uuid->value.data, sizeof(uuid));
  uuid[0] = (unsigned char)(uuid[0] ^ (other ? 1 : 0));
  id.value = f->c.framework_id;
  body.agent_id = status->agent_id;
  body.operation_id = status->operation_id;
  body.uuid = (ProtobufCBinaryData){sizeof(uuid), uuid};
  call.framework_id = &id;
  call.has_type = 1;
  call.type = K8SM_MESOS__CALL__TYPE__ACKNOWLEDGE_OPERATION_STATUS;
  call.acknowledge_operation_status = &body;
  assert_int_equal(client_call_message(&f->c, &call), 202);
}

/* The agent repeats it after 10 s, 20 s and so on, until that very status is acknowledged. */
static void told_until_it_is_acknowledged(void **state) {
  struct fixture *f = *state;
  const char *agent = f->c.local->agents[0].id;
  reserve(f, "a");
  expect_told(f, 1, "a", STATE(FINISHED), NULL, true);
  assert_string_equal(last_operation(f)->agent_id->value, agent);
  client_wait(&f->c, 9900);
  assert_int_equal(told(f), 1);
  acknowledge(f, 0, true); /* of no status */
  client_wait(&f->c, 200);
  expect_told(f, 2, "a", STATE(FINISHED), NULL, true);
  ask(f, "a", agent);
  expect_told(f, 3, "a", STATE(FINISHED), NULL, false);
  ask_for_all(f);
  expect_told(f, 4, "a", STATE(FINISHED), NULL, false);
  client_wait(&f->c, 20000);
  expect_told(f, 5, "a", STATE(FINISHED), NULL, true);
  acknowledge(f, 0, false);
  ask_for_all(f);
  client_wait(&f->c, 1000000);
  assert_int_equal(told(f), 5);
  ask(f, "a", agent);
  expect_told(f, 6, "a", STATE(UNKNOWN), "Reconciliation: Operation is unknown", false);
  ask(f, "a", NULL);
  expect_told(f, 7, "a", STATE(UNKNOWN),
              "Reconciliation: Operation is unknown and no 'agent_id' was provided", false);
  ask(f, "a", "nowhere");
  expect_told(f, 8, "a", STATE(UNKNOWN), "Reconciliation: Both operation and agent are unknown", false);
}

/* The master knows nothing of what it was not told. */
static void a_status_that_is_lost(void **state) {
  struct fixture *f = *state;
  k8smi_local_lose(f->c.local, K8SMI_LOCAL_OPERATION_UPDATES, 2);
  reserve(f, "a");
  assert_int_equal(told(f), 0);
  client_wait(&f->c, 20000); /* again after 10 s, and that is lost, too */
  assert_int_equal(told(f), 0);
  ask(f, "a", f->c.local->agents[0].id);
  expect_told(f, 1, "a", STATE(PENDING), NULL, false);
  ask_for_all(f);
  expect_told(f, 2, "a", STATE(PENDING), NULL, false);
  client_wait(&f->c, 20000);
  expect_told(f, 3, "a", STATE(FINISHED), NULL, true);
  acknowledge(f, 2, false);
  client_wait(&f->c, 1000000);
  assert_int_equal(told(f), 3);
}

/* The master has handed it on and knows the operation no more; the agent tells it again and again, and nobody
 * can acknowledge it before it has brought it back to the books. */
static void an_acknowledgement_that_is_lost(void **state) {
  struct fixture *f = *state;
  reserve(f, "a");
  k8smi_local_lose(f->c.local, K8SMI_LOCAL_OPERATION_ACKNOWLEDGEMENTS, 1);
  acknowledge(f, 0, false);
  ask(f, "a", f->c.local->agents[0].id);
  expect_told(f, 2, "a", STATE(UNKNOWN), "Reconciliation: Operation is unknown", false);
  ask_for_all(f);
  assert_int_equal(told(f), 2);
  client_wait(&f->c, 10000);
  expect_told(f, 3, "a", STATE(FINISHED), NULL, true);
  acknowledge(f, 2, false);
  client_wait(&f->c, 20000);
  expect_told(f, 4, "a", STATE(FINISHED), NULL, true);
  k8smi_local_kill_agent(f->c.local, 0);
  client_wait(&f->c, 1);
  assert_int_equal(told(f), 4); /* it is not on the books */
  k8smi_local_restore_agent(f->c.local, 0);
  client_wait(&f->c, 1);
  expect_told(f, 5, "a", STATE(FINISHED), NULL, true);
  acknowledge(f, 4, false);
  client_wait(&f->c, 1000000);
  assert_int_equal(told(f), 5);
}

/* What an agent that is cut off has done it tells again, at once, when it is back; what it never heard of is
 * dropped. Who acknowledges meanwhile does so in vain. */
static void an_agent_that_is_cut_off(void **state) {
  struct fixture *f = *state;
  const char *agent = f->c.local->agents[0].id;
  reserve(f, "a");
  assert_true(client_await_offer(&f->c));
  k8smi_local_cut_agent(f->c.local, 0);
  reserve(f, "b");
  assert_int_equal(told(f), 1);
  ask(f, "a", agent);
  expect_told(f, 2, "a", STATE(FINISHED), NULL, false);
  acknowledge(f, 0, false);
  ask(f, "b", agent);
  expect_told(f, 3, "b", STATE(PENDING), NULL, false);
  client_wait(&f->c, 30000);
  assert_int_equal(told(f), 3);
  k8smi_local_restore_agent(f->c.local, 0);
  client_wait(&f->c, 1);
  expect_told(f, 5, "b", STATE(DROPPED), NULL, false);
  ask(f, "b", agent);
  expect_told(f, 6, "b", STATE(UNKNOWN), "Reconciliation: Operation is unknown", false);
  client_wait(&f->c, 10000);
  expect_told(f, 7, "a", STATE(FINISHED), NULL, true);
  acknowledge(f, 6, false);
  client_wait(&f->c, 100000);
  assert_int_equal(told(f), 7);
}

/* An unreachable agent's operations are off the master's books, and on them again with the agent. */
static void an_agent_that_is_unreachable(void **state) {
  struct fixture *f = *state;
  const char *agent = f->c.local->agents[0].id;
  reserve(f, "a");
  assert_true(client_await_offer(&f->c));
  k8smi_local_cut_agent(f->c.local, 0);
  reserve(f, "b");
  k8smi_local_kill_agent(f->c.local, 0);
  client_wait(&f->c, 1);
  expect_told(f, 3, "b", STATE(UNREACHABLE), "Agent was marked unreachable", false);
  ask(f, "a", agent);
  expect_told(f, 4, "a", STATE(UNREACHABLE), "Reconciliation: Agent is unreachable", false);
  ask_for_all(f);
  client_wait(&f->c, 100000);
  assert_int_equal(told(f), 4);
  k8smi_local_restore_agent(f->c.local, 0);
  client_wait(&f->c, 1);
  expect_told(f, 5, "a", STATE(FINISHED), NULL, true); /* nothing of b: neither has it */
  acknowledge(f, 4, false);
  ask(f, "a", agent);
  expect_told(f, 6, "a", STATE(UNKNOWN), "Reconciliation: Operation is unknown", false);
}

static void an_agent_that_is_gone(void **state) {
  struct fixture *f = *state;
  const char *agent = f->c.local->agents[0].id;
  reserve(f, "a");
  k8smi_local_give_up_agent(f->c.local, 0);
  client_wait(&f->c, 1);
  expect_told(f, 2, "a", STATE(GONE_BY_OPERATOR), "Agent has been marked gone", false);
  ask(f, "a", agent);
  expect_told(f, 3, "a", STATE(GONE_BY_OPERATOR), "Reconciliation: Agent marked gone by operator", false);
  client_wait(&f->c, 100000);
  assert_int_equal(told(f), 3);
}

/* Given up after it was lost: it has nothing on the master's books. */
static void an_agent_that_is_gone_while_it_is_away(void **state) {
  struct fixture *f = *state;
  reserve(f, "a");
  k8smi_local_kill_agent(f->c.local, 0);
  client_wait(&f->c, 1);
  expect_told(f, 2, "a", STATE(UNREACHABLE), "Agent was marked unreachable", false);
  k8smi_local_give_up_agent(f->c.local, 0);
  client_wait(&f->c, 100000);
  assert_int_equal(told(f), 2);
}

/* What its machine took along is not told of by anybody. */
static void a_machine_that_is_no_more(void **state) {
  struct fixture *f = *state;
  reserve(f, "a");
  k8smi_local_wipe_agent(f->c.local, 0);
  client_wait(&f->c, 70000);
  ask(f, "a", f->c.local->agents[0].id); /* as far as the master knows */
  expect_told(f, 2, "a", STATE(FINISHED), NULL, false);
  client_wait(&f->c, 10000);
  expect_told(f, 3, "a", STATE(UNREACHABLE), "Agent was marked unreachable", false);
  assert_true(k8smi_list_empty(&K8SMI_OF(f->c.local->frameworks.next, local_framework, link)->operations));
}

static void a_machine_that_is_no_more_after_it_was_lost(void **state) {
  struct fixture *f = *state;
  reserve(f, "a");
  k8smi_local_kill_agent(f->c.local, 0);
  k8smi_local_wipe_agent(f->c.local, 0);
  assert_true(k8smi_list_empty(&K8SMI_OF(f->c.local->frameworks.next, local_framework, link)->operations));
}

/* A new master hears of it from the agent; until then it says that it does not know yet. */
static void a_new_master(void **state) {
  struct fixture *f = *state;
  const char *agent = f->c.local->agents[0].id;
  reserve(f, "a");
  k8smi_local_recover_master(f->c.local);
  assert_int_equal(client_subscribe(&f->c, ",\"roles\":[\"r\"],\"principal\":\"p\""), 200);
  ask(f, "a", agent);
  expect_told(f, 2, "a", STATE(RECOVERING), "Reconciliation: Agent is recovered but has not re-registered",
              false);
  ask_for_all(f);
  client_wait(&f->c, 2000);
  expect_told(f, 3, "a", STATE(FINISHED), NULL, true);
  acknowledge(f, 2, false);
  client_wait(&f->c, 100000);
  assert_int_equal(told(f), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(refused_in_a_masters_words, set_up, tear_down),
      cmocka_unit_test_setup_teardown(resources_of_every_form, set_up, tear_down),
      cmocka_unit_test_setup_teardown(many_in_one_call, set_up, tear_down),
      cmocka_unit_test(operations_that_get_lost),
      cmocka_unit_test_setup_teardown(told_until_it_is_acknowledged, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(a_status_that_is_lost, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(an_acknowledgement_that_is_lost, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(an_agent_that_is_cut_off, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(an_agent_that_is_unreachable, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(an_agent_that_is_gone, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(an_agent_that_is_gone_while_it_is_away, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(a_machine_that_is_no_more, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(a_machine_that_is_no_more_after_it_was_lost, set_up_few, tear_down),
      cmocka_unit_test_setup_teardown(a_new_master, set_up_few, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
