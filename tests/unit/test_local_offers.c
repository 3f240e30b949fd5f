/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "support/local_client.h"

#include <stdio.h>
#include <string.h>

/* Frameworks and what they are offered. */

static const char RESOURCES[] = "cpus:4;cpus(prod):2;mem:4096;disk:10000;ports:[31000-32000]";

static void begin(struct client *c, size_t agents, uint32_t format, const char *more) {
  client_init(c, client_local(RESOURCES, agents), format);
  assert_int_equal(client_subscribe(c, more), 200);
}

static void end(struct client *c) {
  k8smi_local_free(c->local);
  client_free(c);
}

static double offered(const struct client *c, const char *name) {
  double sum = 0;
  for (size_t i = 0; i < c->offer_count; i++) {
    for (size_t j = 0; j < c->offers[i]->n_resources; j++) {
      const K8smMesos__Resource *r = c->offers[i]->resources[j];
      if (strcmp(r->name, name) == 0 && r->scalar != NULL) sum += r->scalar->value;
    }
  }
  return sum;
}

static bool nearly(double a, double b) {
  return a > b - 0.0001 && a < b + 0.0001;
}

static void decline_all(struct client *c, double seconds) {
  while (c->offer_count > 0) {
    assert_int_equal(
        client_call(c, seconds == 0
                           ? "{\"type\":\"DECLINE\",\"framework_id\":{\"value\":\"%F\"},\"decline\":{"
                             "\"offer_ids\":[{\"value\":\"%O\"}],\"filters\":{\"refuse_seconds\":0}}}"
                           : "{\"type\":\"DECLINE\",\"framework_id\":{\"value\":\"%F\"},\"decline\":{"
                             "\"offer_ids\":[{\"value\":\"%O\"}],\"filters\":{\"refuse_seconds\":30}}}"),
        202);
  }
}

static void an_offer_says_what_an_agent_has(void **state) {
  (void)state;
  for (uint32_t format = K8SM_FORMAT_JSON; format <= K8SM_FORMAT_PROTOBUF; format += 2) {
    static struct client c;
    begin(&c, 2, format, "");
    assert_int_equal(client_count(&c, K8SM_MESOS__EVENT__TYPE__SUBSCRIBED), 1);
    assert_int_equal(client_count(&c, K8SM_MESOS__EVENT__TYPE__HEARTBEAT), 1);
    assert_int_equal(client_count(&c, K8SM_MESOS__EVENT__TYPE__OFFERS), 1); /* both agents in one */
    assert_int_equal(c.offer_count, 2);
    const K8smMesos__Offer *offer = c.offers[0];
    assert_string_equal(offer->hostname, "agent1.local");
    assert_string_equal(offer->allocation_info->role, "*");
    assert_string_equal(offer->framework_id->value, c.framework_id);
    assert_int_equal(offer->n_attributes, 2);
    assert_string_equal(offer->attributes[0]->text->value, "r1");
    assert_true(nearly(offer->attributes[1]->scalar->value, 2015));
    assert_true(nearly(offered(&c, "cpus"), 8)); /* what is reserved for prod is not for this one */
    assert_string_equal(offer->resources[0]->name, "ports");
    assert_string_equal(offer->resources[0]->allocation_info->role, "*");
    end(&c);
  }
}

static void a_reservation_is_for_its_role_and_below(void **state) {
  (void)state;
  static const char *const ROLES[] = {",\"roles\":[\"prod\"]", ",\"roles\":[\"prod/web\"]",
                                      ",\"roles\":[\"production\"]"};
  static const double CPUS[] = {6, 6, 4};
  for (size_t i = 0; i < 3; i++) {
    static struct client c;
    begin(&c, 1, K8SM_FORMAT_JSON, ROLES[i]);
    assert_true(nearly(offered(&c, "cpus"), CPUS[i]));
    end(&c);
  }
}

static void a_filter_holds_for_its_time(void **state) {
  (void)state;
  static struct client c;
  begin(&c, 1, K8SM_FORMAT_JSON, "");
  decline_all(&c, 0);
  client_wait(&c, 1000);
  assert_int_equal(c.offer_count, 1); /* no filter at all */
  decline_all(&c, 30);
  client_wait(&c, 29000);
  assert_int_equal(c.offer_count, 0);
  client_wait(&c, 2000);
  assert_int_equal(c.offer_count, 1);
  decline_all(&c, 30);
  client_call(&c, "{\"type\":\"REVIVE\",\"framework_id\":{\"value\":\"%F\"}}");
  assert_int_equal(c.offer_count, 1); /* REVIVE forgets filters, and allocates at once */
  end(&c);
}

static void a_filter_blocks_what_is_part_of_it_and_nothing_more(void **state) {
  (void)state;
  static struct client c;
  static const char *const COMMAND[] = {"sleep 3"};
  char text[4096];
  begin(&c, 1, K8SM_FORMAT_JSON, "");
  client_group("e", "t", COMMAND, 1, text, sizeof(text));
  assert_int_equal(client_accept(&c, text, 3600), 202); /* refuses the rest for an hour */
  client_wait(&c, 3000);
  assert_int_equal(c.offer_count, 0);
  client_wait(&c, 7000);
  /* The task's end makes more than what was refused, and that is offered; what its executor held comes
   * free a second later, and alone it is part of what was refused. */
  assert_true(nearly(offered(&c, "cpus"), 3.9));
  end(&c);
}

static void suppress_and_revive(void **state) {
  (void)state;
  static struct client c;
  begin(&c, 1, K8SM_FORMAT_JSON, "");
  client_call(&c, "{\"type\":\"SUPPRESS\",\"framework_id\":{\"value\":\"%F\"}}");
  assert_int_equal(client_count(&c, K8SM_MESOS__EVENT__TYPE__RESCIND), 0); /* what is offered stays so */
  decline_all(&c, 0);
  client_wait(&c, 5000);
  assert_int_equal(c.offer_count, 0);
  client_call(&c,
              "{\"type\":\"REVIVE\",\"framework_id\":{\"value\":\"%F\"},\"revive\":{\"roles\":[\"other\"]}}");
  client_wait(&c, 2000);
  assert_int_equal(c.offer_count, 0);
  client_call(&c, "{\"type\":\"REVIVE\",\"framework_id\":{\"value\":\"%F\"},\"revive\":{\"roles\":[\"*\"]}}");
  assert_int_equal(c.offer_count, 1);
  end(&c);
}

static void two_frameworks_take_turns(void **state) {
  (void)state;
  static struct client a, b;
  begin(&a, 2, K8SM_FORMAT_JSON, "");
  assert_int_equal(a.offer_count, 2);
  client_join(&b, &a, K8SM_FORMAT_PROTOBUF);
  assert_int_equal(client_subscribe(&b, ",\"roles\":[\"prod\"]"), 200);
  assert_true(nearly(offered(&b, "cpus"), 4)); /* what is reserved for it, on both agents */
  decline_all(&a, 0);
  client_wait(&a, 1500);
  assert_true(offered(&a, "cpus") > 0);
  assert_true(offered(&b, "cpus") > 4); /* the poorer one had its turn first */
  assert_string_not_equal(a.framework_id, b.framework_id);
  client_free(&b);
  end(&a);
}

static void a_second_subscription_takes_over(void **state) {
  (void)state;
  static struct client c;
  char id[64];
  begin(&c, 1, K8SM_FORMAT_JSON, "");
  strcpy(id, c.framework_id);
  uint64_t first = c.stream;
  assert_int_equal(client_subscribe(&c, ""), 200);
  assert_true(c.open && c.stream != first);
  assert_string_equal(c.framework_id, id);
  assert_int_equal(c.offer_count, 1);
  end(&c);
}

static void filters_end_with_the_connection(void **state) {
  (void)state;
  static struct client c;
  static const char MORE[] = ",\"roles\":[\"*\"],\"failover_timeout\":60";
  begin(&c, 1, K8SM_FORMAT_JSON, MORE);
  decline_all(&c, 30);
  client_subscribe(&c, MORE);
  assert_int_equal(c.offer_count, 0); /* the end of the first one was not noticed */
  k8smi_local_gone(c.local, c.stream, c.now);
  client_subscribe(&c, MORE);
  assert_int_equal(c.offer_count, 1);
  end(&c);
}

static void update_framework_changes_roles(void **state) {
  (void)state;
  static struct client c;
  begin(&c, 1, K8SM_FORMAT_JSON, "");
  static const char UPDATE[] = "{\"type\":\"UPDATE_FRAMEWORK\",\"framework_id\":{\"value\":\"%F\"},\"update_"
                               "framework\":{\"framework_info\":{"
                               "\"id\":{\"value\":\"%F\"},\"user\":\"root\",\"name\":\"test\",\"roles\":["
                               "\"prod\"],\"capabilities\":[{\"type\":"
                               "\"MULTI_ROLE\"}]}}}";
  assert_int_equal(client_call(&c, UPDATE), 200);
  assert_int_equal(client_count(&c, K8SM_MESOS__EVENT__TYPE__RESCIND), 1);
  assert_int_equal(c.offer_count, 1);
  assert_string_equal(c.offers[0]->allocation_info->role, "prod");
  assert_true(nearly(offered(&c, "cpus"), 6));
  /* Without the capability RESERVATION_REFINEMENT the older form of a reservation comes. */
  size_t reserved = 0;
  for (size_t i = 0; i < c.offers[0]->n_resources; i++) {
    assert_int_equal(c.offers[0]->resources[i]->n_reservations, 0);
    reserved += strcmp(c.offers[0]->resources[i]->role, "prod") == 0;
  }
  assert_int_equal(reserved, 1);
  assert_int_equal(
      client_call(&c, "{\"type\":\"UPDATE_FRAMEWORK\",\"framework_id\":{\"value\":\"%F\"},"
                      "\"update_framework\":{\"framework_info\":{\"id\":{\"value\":\"%F\"},\"user\":\"x\","
                      "\"name\":\"test\"}}}"),
      400);
  assert_string_equal(c.body,
                      "FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; "
                      "attempted to update from 'root' to 'x'");
  end(&c);
}

static void constraints_choose_agents(void **state) {
  (void)state;
  static const struct {
    const char *selector, *predicate;
    size_t offers;
  } CASES[] = {
      {"\"attribute_name\":\"rack\"", "\"text_equals\":{\"value\":\"r1\"}", 2},
      {"\"attribute_name\":\"rack\"", "\"text_equals\":{\"value\":\"r2\"}", 0},
      {"\"attribute_name\":\"rack\"", "\"text_not_equals\":{\"value\":\"r1\"}", 0},
      {"\"attribute_name\":\"gen\"", "\"text_equals\":{\"value\":\"x\"}", 2}, /* not a text: it passes */
      {"\"attribute_name\":\"none\"", "\"exists\":{}", 0},
      {"\"attribute_name\":\"none\"", "\"not_exists\":{}", 2},
      {"\"attribute_name\":\"none\"", "\"text_not_equals\":{\"value\":\"x\"}", 2},
      {"\"pseudoattribute_type\":\"HOSTNAME\"", "\"text_equals\":{\"value\":\"agent2.local\"}", 1},
      {"\"pseudoattribute_type\":\"ZONE\"", "\"exists\":{}", 0},
  };
  for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
    static struct client c;
    char text[1024];
    begin(&c, 2, K8SM_FORMAT_JSON, ",\"roles\":[\"*\"]");
    snprintf(
        text, sizeof(text),
        "{\"type\":\"UPDATE_FRAMEWORK\",\"framework_id\":{\"value\":\"%%F\"},\"update_framework\":{"
        "\"framework_info\":{\"id\":{\"value\":\"%%F\"},\"user\":\"root\",\"name\":\"test\",\"roles\":[\"*\"]"
        ","
        "\"capabilities\":[{\"type\":\"MULTI_ROLE\"}]},\"offer_constraints\":{\"role_constraints\":{\"*\":{"
        "\"groups\":[{\"attribute_constraints\":[{\"selector\":{%s},\"predicate\":{%s}}]}]}}}}}",
        CASES[i].selector, CASES[i].predicate);
    assert_int_equal(client_call(&c, text), 200);
    assert_int_equal(c.offer_count, 2); /* what stands is not touched */
    decline_all(&c, 0);
    client_wait(&c, 1500);
    assert_int_equal(c.offer_count, CASES[i].offers);
    end(&c);
  }
}

static void a_lost_framework_is_removed_in_time(void **state) {
  (void)state;
  static struct client c;
  static const char *const COMMAND[] = {"sleep 100000"};
  char text[4096];
  begin(&c, 1, K8SM_FORMAT_JSON, ",\"roles\":[\"*\"],\"failover_timeout\":60");
  client_accept(&c, client_group("e", "t", COMMAND, 1, text, sizeof(text)), 0);
  client_wait(&c, 2000);
  k8smi_local_gone(c.local, c.stream, *c.clock);
  c.open = false;
  client_wait(&c, 59000);
  assert_int_equal(client_subscribe(&c, ""), 200); /* back in time */
  assert_true(c.open);
  client_call(&c,
              "{\"type\":\"RECONCILE\",\"framework_id\":{\"value\":\"%F\"},\"reconcile\":{\"tasks\":[]}}");
  assert_int_equal(client_event(&c, K8SM_MESOS__EVENT__TYPE__UPDATE, 2)->update->status->state,
                   K8SM_MESOS__TASK_STATE__TASK_RUNNING);
  k8smi_local_gone(c.local, c.stream, *c.clock); /* this time its failover_timeout is 0 */
  c.open = false;
  client_wait(&c, 1000);
  assert_int_equal(client_subscribe(&c, ""), 200);
  const K8smMesos__Event *error = client_event(&c, K8SM_MESOS__EVENT__TYPE__ERROR, 0);
  assert_non_null(error);
  assert_string_equal(error->error->message, "Framework has been removed");
  assert_false(c.open);
  end(&c);
}

static void teardown_frees_all(void **state) {
  (void)state;
  static struct client a, b;
  static const char *const COMMAND[] = {"sleep 100000"};
  char text[4096];
  begin(&a, 1, K8SM_FORMAT_JSON, "");
  client_accept(&a, client_group("e", "t", COMMAND, 1, text, sizeof(text)), 0);
  client_wait(&a, 500);
  assert_int_equal(client_call(&a, "{\"type\":\"TEARDOWN\",\"framework_id\":{\"value\":\"%F\"}}"), 202);
  assert_false(a.open);
  client_join(&b, &a, K8SM_FORMAT_JSON);
  client_subscribe(&b, "");
  assert_true(nearly(offered(&b, "cpus"), 4));
  client_free(&b);
  end(&a);
}

static void bad_frameworks_get_an_error(void **state) {
  (void)state;
  static const char *const CASES[][2] = {
      {",\"role\":\"a\"", "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable"},
      {",\"roles\":[\"a\",\"a\"]", "'FrameworkInfo.roles' contains duplicate items: a"},
      {",\"roles\":[\"/a\"]",
       "'FrameworkInfo.roles' contains invalid role: Role '/a' cannot start with a slash"},
      {",\"roles\":[\"a//b\"]",
       "'FrameworkInfo.roles' contains invalid role: Role 'a//b' cannot contain two adjacent slashes"},
      {",\"roles\":[\"a\"],\"failover_timeout\":-1", "The framework failover_timeout is invalid"},
  };
  for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
    static struct client c;
    begin(&c, 1, K8SM_FORMAT_JSON, CASES[i][0]);
    assert_string_equal(client_event(&c, K8SM_MESOS__EVENT__TYPE__ERROR, 0)->error->message, CASES[i][1]);
    assert_false(c.open);
    end(&c);
  }
}

static void heartbeats_come_and_nothing_else_does(void **state) {
  (void)state;
  static struct client c;
  begin(&c, 1, K8SM_FORMAT_JSON, "");
  client_wait(&c, 60000);
  assert_int_equal(client_count(&c, K8SM_MESOS__EVENT__TYPE__HEARTBEAT), 5);
  assert_int_equal(c.event_count, 7);
  k8smi_local_gone(c.local, c.stream, *c.clock);
  c.open = false;
  client_wait(&c, 2000);
  assert_true(k8smi_local_deadline(c.local) == UINT64_MAX); /* nobody is there: nothing is due */
  end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_offer_says_what_an_agent_has),
      cmocka_unit_test(a_reservation_is_for_its_role_and_below),
      cmocka_unit_test(a_filter_holds_for_its_time),
      cmocka_unit_test(a_filter_blocks_what_is_part_of_it_and_nothing_more),
      cmocka_unit_test(suppress_and_revive),
      cmocka_unit_test(two_frameworks_take_turns),
      cmocka_unit_test(a_second_subscription_takes_over),
      cmocka_unit_test(filters_end_with_the_connection),
      cmocka_unit_test(update_framework_changes_roles),
      cmocka_unit_test(constraints_choose_agents),
      cmocka_unit_test(a_lost_framework_is_removed_in_time),
      cmocka_unit_test(teardown_frees_all),
      cmocka_unit_test(bad_frameworks_get_an_error),
      cmocka_unit_test(heartbeats_come_and_nothing_else_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
