/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "support/local_client.h"

#include <stdio.h>
#include <string.h>

/* Networks of the embedded agents: addresses, and launches that fail for want of a network, as a real agent's
 * do. */

struct fixture {
  struct client c;
  char text[8192];
  char trace[4096];
};

static void begin(struct fixture *f, const char *networks) {
  struct k8smi_local_agent agent = {.resources = "cpus:4;mem:4096;disk:10000"};
  struct k8smi_local_options options = {
      .size = sizeof(options), .agents = &agent, .agent_count = 1, .seed = 7, .networks = networks};
  struct k8smi_local *local = NULL;
  assert_int_equal(k8smi_local_new(&options, &local, NULL), K8SM_OK);
  client_init(&f->c, local, K8SM_FORMAT_JSON);
  assert_int_equal(client_subscribe(&f->c, ""), 200);
}

static void end(struct fixture *f) {
  k8smi_local_free(f->c.local);
  client_free(&f->c);
}

/* A group of these commands; its executor, which is new, is on these networks. */
static void launch_group(struct fixture *f, const char *executor, const char *id, const char *networks,
                         const char *const *commands, size_t n) {
  static const char TYPE[] = "\"type\":\"DEFAULT\",";
  char more[512] = "", rest[4096];
  assert_true(client_await_offer(&f->c));
  client_group(executor, id, commands, n, f->text, sizeof(f->text));
  char *at = strstr(f->text, TYPE) + strlen(TYPE);
  int added = networks == NULL
                  ? 0
                  : snprintf(more, sizeof(more), "\"container\":{\"type\":\"MESOS\",\"network_infos\":[%s]},",
                             networks);
  snprintf(rest, sizeof(rest), "%s", at);
  snprintf(at, sizeof(f->text) - (size_t)(at - f->text), "%.*s%s", added, more, rest);
  assert_int_equal(client_accept(&f->c, f->text, 0), 202);
}

static void launch(struct fixture *f, const char *id, const char *networks, const char *command) {
  launch_group(f, id, id, networks, &command, 1);
  client_wait(&f->c, 1000);
}

/* A command task with this ContainerInfo. */
static void launch_task(struct fixture *f, const char *id, const char *container) {
  assert_true(client_await_offer(&f->c));
  snprintf(f->text, sizeof(f->text),
           "{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[{\"name\":\"t\",\"task_id\":{\"value\":\"%s\"},"
           "\"agent_id\":{\"value\":\"%%A\"},\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\","
           "\"scalar\":{\"value\":0.1}}],\"command\":{\"value\":\"sleep 1000\"},\"container\":%s}]}}",
           id, container);
  assert_int_equal(client_accept(&f->c, f->text, 0), 202);
  client_wait(&f->c, 1000);
}

static const K8smMesos__NetworkInfo *network(struct fixture *f, const char *task, size_t status, size_t i) {
  const K8smMesos__ContainerStatus *container = client_status(&f->c, task, status)->container_status;
  return container == NULL || i >= container->n_network_infos ? NULL : container->network_infos[i];
}

/* With its second status, which is RUNNING. */
static const char *address(struct fixture *f, const char *task, size_t i) {
  const K8smMesos__NetworkInfo *info = network(f, task, 1, i);
  assert_non_null(info);
  assert_int_equal(info->n_ip_addresses, 1);
  assert_int_equal(info->ip_addresses[0]->protocol, K8SM_MESOS__NETWORK_INFO__PROTOCOL__IPv4);
  return info->ip_addresses[0]->ip_address;
}

static void expect(struct fixture *f, const char *task, const char *trace) {
  assert_string_equal(client_trace(&f->c, task, f->trace, sizeof(f->trace)), trace);
}

static const char PLAIN[] = "{\"name\":\"plain\"}";

static void pods_have_addresses_of_their_own(void **state) {
  static const char *const COMMANDS[] = {"sleep 1000", "sleep 5; exit 3"};
  static const char LABELLED[] =
      "{\"name\":\"plain\",\"labels\":{\"labels\":[{\"key\":\"a\",\"value\":\"b\"}]}}";
  struct fixture f;
  (void)state;
  begin(&f, "other=10.80.0.0/16;plain=10.77.3.9/24");
  launch_group(&f, "one", "one", LABELLED, COMMANDS, 2);
  client_wait(&f.c, 1000);
  launch(&f, "two", "{\"name\":\"plain\"},{\"name\":\"other\"}", "sleep 1000");
  launch(&f, "bare", NULL, "sleep 1000");
  assert_string_equal(address(&f, "one.0", 0), "10.77.3.2");
  assert_string_equal(address(&f, "one.1", 0), "10.77.3.2");
  assert_string_equal(network(&f, "one.0", 1, 0)->name, "plain");
  assert_string_equal(network(&f, "one.0", 1, 0)->labels->labels[0]->key, "a");
  assert_string_equal(address(&f, "two.0", 0), "10.77.3.3");
  assert_string_equal(address(&f, "two.0", 1), "10.80.0.2");
  assert_string_equal(address(&f, "bare.0", 0), "127.0.0.1");
  assert_null(network(&f, "bare.0", 1, 0)->name);
  client_wait(&f.c, 6000);
  assert_null(network(&f, "one.1", 0, 0)); /* it is not there yet, or no more */
  assert_int_equal(client_status(&f.c, "one.1", 2)->state, K8SM_MESOS__TASK_STATE__TASK_FAILED);
  assert_null(network(&f, "one.1", 2, 0));
  end(&f);
}

static void a_container_that_is_launched_again_keeps_the_address(void **state) {
  const char *again = "sleep 1000";
  struct fixture f;
  (void)state;
  begin(&f, NULL);
  launch(&f, "a", PLAIN, "sleep 1000");
  launch(&f, "b", "{\"name\":\"other\"}", "sleep 1000");
  assert_string_equal(address(&f, "a.0", 0), "127.64.0.2");
  assert_string_equal(address(&f, "b.0", 0), "127.64.0.3");
  launch_group(&f, "a", "again", PLAIN, &again, 1);
  client_wait(&f.c, 1000);
  assert_string_equal(address(&f, "again.0", 0), "127.64.0.2");
  end(&f);
}

/* Five addresses are left of eight. */
static void addresses_go_round_and_come_back(void **state) {
  static const char *const LONG[] = {"a", "b", "c", "d"};
  struct fixture f;
  (void)state;
  begin(&f, "plain=10.77.0.0/29");
  for (size_t i = 0; i < sizeof(LONG) / sizeof(LONG[0]); i++) launch(&f, LONG[i], PLAIN, "sleep 1000");
  launch(&f, "brief", PLAIN, "sleep 1");
  assert_string_equal(address(&f, "brief.0", 0), "10.77.0.6");
  launch(&f, "more", PLAIN, "sleep 1000");
  assert_non_null(
      strstr(client_trace(&f.c, "more.0", f.trace, sizeof(f.trace)),
             "FAILED AGENT (CONTAINER_LAUNCH_FAILED): Failed to launch container: Collect failed: The "
             "CNI plugin '/usr/lib/cni/bridge' failed to attach container "));
  assert_non_null(strstr(f.trace, "no IP addresses available in range set: 10.77.0.1-10.77.0.6"));
  assert_int_equal(client_event(&f.c, K8SM_MESOS__EVENT__TYPE__FAILURE, 0)->failure->status, 9);
  client_wait(&f.c, 5000);
  launch(&f, "next", PLAIN, "sleep 1000");
  assert_string_equal(address(&f, "next.0", 0), "10.77.0.6");
  end(&f);
}

static void a_network_that_is_not_there_fails_the_launch(void **state) {
  static const char *const COMMANDS[] = {"sleep 1000", "sleep 1000"};
  static const char FAILED[] =
      "FAILED AGENT (CONTAINER_LAUNCH_FAILED): Failed to launch container: Unknown CNI network "
      "'nowhere'\n";
  struct fixture f;
  (void)state;
  begin(&f, "plain=10.77.0.0/30");
  launch_group(&f, "e", "t", "{\"name\":\"plain\"},{\"name\":\"nowhere\"}", COMMANDS, 2);
  client_wait(&f.c, 1000);
  expect(&f, "t.0", FAILED);
  expect(&f, "t.1", FAILED);
  const K8smMesos__Event *failure = client_event(&f.c, K8SM_MESOS__EVENT__TYPE__FAILURE, 0);
  assert_string_equal(failure->failure->executor_id->value, "e");
  assert_int_equal(failure->failure->status, -1);
  launch(&f, "u", PLAIN, "sleep 1000"); /* the one address is free again */
  assert_string_equal(address(&f, "u.0", 0), "10.77.0.2");
  launch_task(&f, "command", "{\"type\":\"MESOS\",\"network_infos\":[{\"name\":\"nowhere\"}]}");
  expect(&f, "command", FAILED);
  end(&f);
}

static void no_network_is_joined_twice(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, NULL);
  launch(&f, "t", "{\"name\":\"plain\"},{\"name\":\"plain\"}", "sleep 1000");
  expect(&f, "t.0",
         "FAILED AGENT (CONTAINER_LAUNCH_FAILED): Failed to launch container: Attempted to join CNI network "
         "'plain' "
         "multiple times\n");
  end(&f);
}

static void command_tasks_join_networks_too(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, "plain=10.77.0.0/24");
  launch_task(&f, "mesos", "{\"type\":\"MESOS\",\"network_infos\":[{\"name\":\"plain\"}]}");
  launch_task(
      &f, "user",
      "{\"type\":\"DOCKER\",\"docker\":{\"image\":\"i\",\"network\":\"USER\"},\"network_infos\":[{\"name\":"
      "\"docks\"}]}");
  launch_task(&f, "bridge", "{\"type\":\"DOCKER\",\"docker\":{\"image\":\"i\",\"network\":\"BRIDGE\"}}");
  launch_task(&f, "host", "{\"type\":\"DOCKER\",\"docker\":{\"image\":\"i\",\"network\":\"HOST\"}}");
  assert_string_equal(address(&f, "mesos", 0), "10.77.0.2");
  assert_string_equal(address(&f, "user", 0), "127.64.0.2");
  assert_string_equal(address(&f, "bridge", 0), "127.64.0.3");
  assert_string_equal(address(&f, "host", 0), "127.0.0.1");
  end(&f);
}

static void networks_are_checked(void **state) {
  static const struct {
    const char *text, *message;
  } BAD[] = {
      {"plain", "column 6: the text ends; expected '=' and a subnet, as 10.77.0.0/24"},
      {"plain;a=10.0.0.0/8", "column 6: found ';'; expected '=' and a subnet, as 10.77.0.0/24"},
      {"plain=", "column 7: the text ends; expected a number from 0 to 255"},
      {"=10.0.0.0/24", "column 1: found '=10.0.0.0/24'; expected a network, as plain=10.77.0.0/24"},
      {"a=10.0.0/24", "column 9: found '/24'; expected '.' and the rest of an address"},
      {"a=10.0.0.0", "column 11: the text ends; expected '/' and the length of the prefix"},
      {"a=10.0.0.0/31", "column 12: found '31'; expected the length of the prefix, from 8 to 30"},
      {"a=10.0.0.0/7", "column 12: found '7'; expected the length of the prefix, from 8 to 30"},
      {"a=10.0.0.256/24", "column 10: found '256/24'; expected a number from 0 to 255"},
      {"a=10.0.0.0/", "column 12: the text ends; expected the length of the prefix, from 8 to 30"},
      {"a=10.0.0.0/24,b", "column 12: found '24,b'; expected the length of the prefix, from 8 to 30"},
      {"a=10.0.0.0/24;b=c", "column 17: found 'c'; expected a number from 0 to 255"},
      {"a=10.0.0.0.0/24", "column 11: found '.0/24'; expected '/' and the length of the prefix"},
      {"a=10.0.0.0/24;a=10.1.0.0/24",
       "column 15: found 'a=10.1.0.0/24'; a network of this name is there already"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
    struct k8sm_diag rows[2];
    char text[256];
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
    struct k8smi_local_options options = {.size = sizeof(options), .networks = BAD[i].text};
    struct k8smi_local *local = NULL;
    assert_int_equal(k8smi_local_new(&options, &local, &diags), K8SM_ERR_SYNTAX);
    assert_null(local);
    assert_int_equal(diags.count, 1);
    assert_string_equal(text + rows[0].path, "networks");
    assert_string_equal(text + rows[0].message, BAD[i].message);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pods_have_addresses_of_their_own),
      cmocka_unit_test(a_container_that_is_launched_again_keeps_the_address),
      cmocka_unit_test(addresses_go_round_and_come_back),
      cmocka_unit_test(a_network_that_is_not_there_fails_the_launch),
      cmocka_unit_test(no_network_is_joined_twice),
      cmocka_unit_test(command_tasks_join_networks_too),
      cmocka_unit_test(networks_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
