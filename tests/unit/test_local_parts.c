/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "local/command.h"
#include "local/index.h"
#include "local/text.h"
#include "local/timers.h"
#include "support/failing.h"
#include "support/local_client.h"

#include <stdio.h>
#include <string.h>

/* The parts of the embedded Mesos: resources, simulated commands, timers, indexes; and the whole of it
 * when memory runs out. */

struct bench {
  struct k8smi_arena arena;
  struct k8smi_buf buf;
};

static void bench_begin(struct bench *b) {
  assert_true(k8smi_arena_init(&b->arena, NULL, 0));
  assert_true(k8smi_buf_init(&b->buf, NULL));
}

static void bench_end(struct bench *b) {
  k8smi_buf_free(&b->buf);
  k8smi_arena_free(&b->arena);
}

static struct local_bag bag(struct bench *b, const char *text) {
  struct local_bag ret;
  assert_int_equal(k8smi_local_bag_parse(&b->arena, text, NULL, &ret, NULL), K8SM_OK);
  return ret;
}

static const char *printed(struct bench *b, const struct local_bag *bag) {
  return k8smi_local_bag_text(&b->arena, bag);
}

static void sums_and_differences(void **state) {
  (void)state;
  static const struct {
    const char *a, *b, *sum, *difference;
    bool contains;
  } CASES[] = {
      {"cpus:1.5", "cpus:0.5", "cpus:2", "cpus:1", true},
      {"cpus:0.5", "cpus:1.5", "cpus:2", "{}", false},
      {"cpus:0.3", "cpus:0.1", "cpus:0.4", "cpus:0.2", true},
      {"cpus:1", "mem:1", "cpus:1; mem:1", "cpus:1", false},
      {"cpus:1", "cpus(r):1", "cpus:1; cpus(reservations: [(STATIC,r)]):1", "cpus:1", false},
      {"p:[1-10]", "p:[3-4]", "p:[1-10]", "p:[1-2, 5-10]", true},
      {"p:[1-3,7-9]", "p:[4-6]", "p:[1-9]", "p:[1-3, 7-9]", false},
      {"p:[1-3,7-9]", "p:[2-8]", "p:[1-9]", "p:[1-1, 9-9]", false},
      {"p:[1-20]", "p:[1-1,5-6,20-20]", "p:[1-20]", "p:[2-4, 7-19]", true},
      {"p:[1-5,10-15]", "p:[5-10]", "p:[1-15]", "p:[1-4, 11-15]", false},
      {"p:[1-5]", "p:[1-5]", "p:[1-5]", "{}", true},
      {"p:[0-18446744073709551615]", "p:[7-7]", "p:[0-18446744073709551615]",
       "p:[0-6, 8-18446744073709551615]", true},
      {"d:{a,b,c}", "d:{b}", "d:{a, b, c}", "d:{a, c}", true},
      {"d:{a}", "d:{b}", "d:{a, b}", "d:{a}", false},
      {"", "", "{}", "{}", true},
  };
  struct bench b;
  bench_begin(&b);
  for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
    struct local_bag x = bag(&b, CASES[i].a), y = bag(&b, CASES[i].b), result, back;
    assert_true(k8smi_local_bag_add(&b.arena, &x, &y, &result));
    assert_string_equal(printed(&b, &result), CASES[i].sum);
    assert_true(k8smi_local_bag_contains(&result, &x) && k8smi_local_bag_contains(&result, &y));
    assert_true(k8smi_local_bag_sub(&b.arena, &x, &y, &back));
    assert_string_equal(printed(&b, &back), CASES[i].difference);
    assert_int_equal(k8smi_local_bag_contains(&x, &y), CASES[i].contains);
  }
  bench_end(&b);
}

/* As an agent reads them from JSON: a MOUNT disk and a volume are had as a whole, a PATH disk in parts. */
static void disks_of_their_own(void **state) {
#define DISK(value, disk)                                                                                    \
  "[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" value "},\"disk\":{" disk "}}]"
#define SOURCE(type) "\"source\":{\"type\":\"" type "\",\"profile\":\"ssd\"}"
  static const struct {
    const char *all, *part;
    bool contains;
  } CASES[] = {
      {DISK("10", SOURCE("MOUNT")), DISK("10", SOURCE("MOUNT")), true},
      {DISK("10", SOURCE("MOUNT")), DISK("9", SOURCE("MOUNT")), false},
      {DISK("10", SOURCE("BLOCK")), DISK("9", SOURCE("BLOCK")), false},
      {DISK("10", SOURCE("PATH")), DISK("9", SOURCE("PATH")), true},
      {DISK("10", SOURCE("PATH")), DISK("9", SOURCE("MOUNT")), false},
      {DISK("10", SOURCE("PATH")), "disk:9", false},
      {DISK("10", "\"persistence\":{\"id\":\"v\"}"), DISK("9", "\"persistence\":{\"id\":\"v\"}"), false},
      {DISK("10", ""), DISK("9", ""), true},
  };
  struct bench b;
  (void)state;
  bench_begin(&b);
  for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
    struct local_bag all = bag(&b, CASES[i].all), part = bag(&b, CASES[i].part);
    assert_int_equal(k8smi_local_bag_contains(&all, &part), CASES[i].contains);
    assert_true(k8smi_local_bag_contains(&all, &all));
  }
  bench_end(&b);
#undef DISK
#undef SOURCE
}

/* What is wrong with the texts that agents are started with, and where. */
static void wrong_texts_say_where(void **state) {
  static const struct {
    bool attributes;
    const char *text, *path, *message;
  } CASES[] = {
      {false, "cpus:4;mem:4x", "agents[0].resources", "column 12: found '4x'; expected a number"},
      {false, "cpus:4;;mem:1", "agents[0].resources",
       "column 8: found ';'; expected a resource, as cpus:4 or ports:[31000-32000]"},
      {false, "cpus", "agents[0].resources", "column 5: the text ends; expected ':' and a value"},
      {false, "cpus;mem:1", "agents[0].resources", "column 5: found ';'; expected ':' and a value"},
      {false, "cpus():1", "agents[0].resources", "column 6: found '):1'; expected a role"},
      {false, "cpus(a", "agents[0].resources", "column 7: the text ends; expected ')' behind the role"},
      {false, "cpus(a)1", "agents[0].resources", "column 8: found '1'; expected ':' and a value"},
      {false, "cpus:-1", "agents[0].resources",
       "column 1: found 'cpus:-1'; Invalid scalar resource: value <= 0"},
      {false, "ports:[1-x]", "agents[0].resources",
       "column 8: found '1-x]'; expected a range, as 31000-32000"},
      {false, "ports:[1-2,9-3]", "agents[0].resources",
       "column 12: found '9-3]'; expected a range that does not end before it begins"},
      {false, "ports:[1-2;mem:1", "agents[0].resources", "column 11: found ';'; expected ',' or ']'"},
      {false, "ports:[1-2]x", "agents[0].resources", "column 12: found 'x'; expected ';' or the end"},
      {false, "disks:{a,}", "agents[0].resources", "column 10: found '}'; expected an item of the set"},
      {false, "disks:{a", "agents[0].resources", "column 9: the text ends; expected ',' or '}'"},
      {false, "cpus:ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ", "agents[0].resources",
       "column 6: found 'ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMN'; expected a number"},
      {false, "[1]", "resources[0]", "found a number 1, expected an object"},
      {false, "[{\"type\":\"SCALAR\"}]", "resources[0].name", "missing in the Resource, which requires it"},
      {false, "[{\"name\":\"a\",\"type\":\"SCALAR\"}]", "agents[0].resources", "Invalid scalar resource"},
      {false, "[", "", "found '}', expected a value"},
      {true, "rack:r1;zone", "agents[0].attributes", "column 13: the text ends; expected ':' and a value"},
      {true, ":a", "agents[0].attributes", "column 1: found ':a'; expected an attribute, as rack:r1"},
      {true, "a:[1]", "agents[0].attributes", "column 4: found '1]'; expected a range, as 31000-32000"},
      {true, "a:{b}c", "agents[0].attributes", "column 6: found 'c'; expected ';' or the end"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
    struct k8sm_diag rows[2];
    char text[512];
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
    const struct k8smi_local_agent agent = {.resources = CASES[i].attributes ? "cpus:1" : CASES[i].text,
                                            .attributes = CASES[i].attributes ? CASES[i].text : NULL};
    const struct k8smi_local_options options = {
        .size = sizeof(options), .agents = &agent, .agent_count = 1, .seed = 1};
    struct k8smi_local *local = NULL;
    assert_int_equal(k8smi_local_new(&options, &local, &diags), K8SM_ERR_SYNTAX);
    assert_null(local);
    assert_int_equal(diags.count, 1);
    assert_string_equal(text + rows[0].path, CASES[i].path);
    assert_string_equal(text + rows[0].message, CASES[i].message);
  }
}

static void roles_and_kinds_are_kept_apart(void **state) {
  (void)state;
  struct bench b;
  bench_begin(&b);
  struct local_bag plain = bag(&b, "cpus:1;ports:[1-2]"), mine, theirs, both, again;
  assert_true(k8smi_local_bag_allocate(&b.arena, &plain, K8SMI_S("a"), &mine));
  assert_true(k8smi_local_bag_allocate(&b.arena, &plain, K8SMI_S("b"), &theirs));
  assert_true(k8smi_local_bag_add(&b.arena, &mine, &theirs, &both));
  assert_string_equal(printed(&b, &both),
                      "cpus(allocated: a):1; ports(allocated: a):[1-2]; cpus(allocated: b):1; "
                      "ports(allocated: b):[1-2]");
  assert_false(k8smi_local_bag_contains(&mine, &theirs));
  K8smMesos__Resource **messages;
  assert_true(k8smi_local_bag_write(&b.arena, &both, &messages));
  assert_true(k8smi_local_bag_sum(&b.arena, messages, both.count, &again));
  assert_true(k8smi_local_bag_equal(&both, &again));
  assert_true(k8smi_local_bag_allocate(&b.arena, &both, (struct k8sm_slice){NULL, 0}, &again));
  assert_string_equal(printed(&b, &again), "cpus:2; ports:[1-2]");
  bench_end(&b);
}

static void simulated_commands(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int after; /* milliseconds; -1: never */
    int status;
  } CASES[] = {
      {"true", 0, 0},
      {"false", 0, 1},
      {"exit 7", 0, 7},
      {"exit 300", 0, 44},
      {"sleep 2", 2000, 0},
      {"sleep 0.25", 250, 0},
      {"sleep infinity", -1, 0},
      {"sleep", -1, 0},
      {"sleep 3; exit 7", 3000, 7},
      {"sleep 1 && sleep 2 && false", 3000, 1},
      {"false && sleep 5", 0, 1},
      {"false || exit 3", 0, 3},
      {"true || exit 3", 0, 0},
      {"sleep 1\nsleep 1", 2000, 0},
      {"echo 'a; b' > file; sleep 1", 1000, 0},
      {"echo \"$(sleep 5)\"", 0, 0},
      {"test -f x && echo HAVE || exit 9", 0, 9},
      {"touch x; test -f x || exit 9", 0, 9}, /* tests of one's own files find none */
      {"nginx -g 'daemon off;'", -1, 0},
      {"while true; do sleep 1; done", -1, 0},
      {"exec sleep 1", 1000, 0},
      {"/bin/sleep 1", 1000, 0},
      {"", 0, 0},
      {";;  ;", 0, 0},
      {"sleep 1;", 1000, 0},
  };
  struct bench b;
  bench_begin(&b);
  for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
    K8smMesos__CommandInfo command = K8SM_MESOS__COMMAND_INFO__INIT;
    struct local_script script;
    command.value = (char *)(uintptr_t)CASES[i].text;
    assert_true(k8smi_local_script_read(&b.arena, &command, false, &script));
    struct local_fate fate = k8smi_local_script_fate(&script);
    assert_int_equal(fate.ends, CASES[i].after >= 0);
    if (!fate.ends) continue;
    assert_int_equal(fate.after_ms, CASES[i].after);
    assert_int_equal(fate.status, CASES[i].status);
  }
  bench_end(&b);
}

static void simulated_arguments(void **state) {
  (void)state;
  static char sh[] = "/bin/sh", c[] = "-c", script_text[] = "sleep 1; exit 4", sleep_text[] = "sleep",
              two[] = "2";
  char *shell[] = {sh, c, script_text}, *plain[] = {sleep_text, two};
  K8smMesos__CommandInfo command = K8SM_MESOS__COMMAND_INFO__INIT;
  struct local_script script;
  struct bench b;
  bench_begin(&b);
  command.has_shell = 1;
  command.shell = 0;
  command.arguments = shell;
  command.n_arguments = 3;
  assert_true(k8smi_local_script_read(&b.arena, &command, false, &script));
  assert_int_equal(k8smi_local_script_fate(&script).after_ms, 1000);
  assert_int_equal(k8smi_local_script_fate(&script).status, 4);
  command.value = sleep_text;
  command.arguments = plain;
  command.n_arguments = 2;
  assert_true(k8smi_local_script_read(&b.arena, &command, false, &script));
  assert_int_equal(k8smi_local_script_fate(&script).after_ms, 2000);
  assert_true(k8smi_local_script_read(&b.arena, NULL, false, &script));
  assert_false(k8smi_local_script_fate(&script).ends); /* the image's own command */
  bench_end(&b);
}

struct ticks {
  struct local_timers timers;
  struct local_timer timer[64];
  size_t fired[64], count;
};
static struct ticks ticks;

static void tick(void *owner) {
  ticks.fired[ticks.count++] = (size_t)((struct local_timer *)owner - ticks.timer);
}

static void timers_fire_in_order(void **state) {
  (void)state;
  struct failing memory;
  failing_init(&memory, 0);
  memset(&ticks, 0, sizeof(ticks));
  k8smi_local_timers_init(&ticks.timers, &memory.allocator);
  assert_true(k8smi_local_timers_next(&ticks.timers) == UINT64_MAX);
  for (size_t i = 0; i < 64; i++) {
    assert_true(k8smi_local_timer_join(&ticks.timers, &ticks.timer[i], tick, &ticks.timer[i]));
    k8smi_local_timer_set(&ticks.timers, &ticks.timer[i], i * 37 % 16);
  }
  for (size_t i = 0; i < 64; i += 3) k8smi_local_timer_leave(&ticks.timers, &ticks.timer[i]);
  uint64_t last = 0;
  while (k8smi_local_timers_next(&ticks.timers) != UINT64_MAX) {
    uint64_t at = k8smi_local_timers_next(&ticks.timers);
    assert_true(at >= last);
    size_t n = ticks.count;
    k8smi_local_timers_fire(&ticks.timers);
    /* Of two at one instant the one that was set first goes first. */
    if (n > 0 && at == last) assert_true(ticks.fired[n] > ticks.fired[n - 1]);
    assert_true(ticks.fired[n] % 3 != 0);
    last = at;
  }
  assert_int_equal(ticks.count, 42);
  k8smi_local_timers_free(&ticks.timers);
  assert_int_equal(memory.held, 0);
}

static void an_index_finds_what_is_in_it(void **state) {
  (void)state;
  static char keys[200][8];
  struct local_index index;
  struct failing memory;
  failing_init(&memory, 0);
  k8smi_local_index_init(&index, &memory.allocator, 5);
  for (size_t round = 0; round < 3; round++) {
    for (size_t i = 0; i < 200; i++) {
      snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
      assert_true(k8smi_local_index_put(&index, k8smi_s(keys[i]), keys[i]));
    }
    assert_ptr_equal(k8smi_local_index_get(&index, K8SMI_S("k77")), keys[77]);
    for (size_t i = 0; i < 200; i++) k8smi_local_index_remove(&index, k8smi_s(keys[i]));
    assert_null(k8smi_local_index_get(&index, K8SMI_S("k77")));
  }
  assert_int_equal(index.used, 200); /* places are used again */
  k8smi_local_index_free(&index);
  assert_int_equal(memory.held, 0);
}

/* A short life with a framework, operations, tasks that end, checks, a lost agent; the n-th allocation fails.
 */
static bool live(struct failing *memory) {
  static const char GROUP[] =
      "{\"type\":\"ACCEPT\",\"framework_id\":{\"value\":\"%s-0000\"},\"accept\":{\"offer_ids\":[{\"value\":"
      "\"%s-O0\"}],"
      "\"operations\":[{\"type\":\"RESERVE\",\"id\":{\"value\":\"op\"},\"reserve\":{\"resources\":[{\"name\":"
      "\"cpus\",\"type\":"
      "\"SCALAR\",\"scalar\":{\"value\":0.5},\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"r\"}]}]}},"
      "{\"type\":\"LAUNCH_GROUP\",\"launch_group\":{\"executor\":{\"type\":"
      "\"DEFAULT\",\"container\":{\"type\":\"MESOS\",\"network_infos\":[{\"name\":\"plain\"}]},"
      "\"executor_id\":{\"value\":\"e\"},\"framework_id\":{\"value\":\"%s-0000\"},\"resources\":["
      "{\"name\":"
      "\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1}},{\"name\":\"mem\",\"type\":\"SCALAR\","
      "\"scalar\":{\"value\":32}},"
      "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":8}}]},\"task_group\":{\"tasks\":[{"
      "\"name\":\"t\","
      "\"task_id\":{\"value\":\"t\"},\"agent_id\":{\"value\":\"%s-S0\"},\"resources\":[{\"name\":\"cpus\","
      "\"type\":\"SCALAR\","
      "\"scalar\":{\"value\":1}}],\"command\":{\"value\":\"sleep "
      "2\"},\"check\":{\"type\":\"TCP\",\"tcp\":{\"port\":1},"
      "\"delay_seconds\":0},\"health_check\":{\"type\":\"COMMAND\",\"command\":{\"value\":\"true\"}}}]}}}],"
      "\"filters\":{\"refuse_seconds\":2}}}";
  static const char SUBSCRIBE[] =
      "{\"type\":\"SUBSCRIBE\",\"subscribe\":{\"framework_info\":{\"user\":\"u\",\"name\":\"n\","
      "\"role\":\"r\",\"failover_timeout\":100}}}";
  struct k8smi_local_agent agent = {.resources = "cpus:4;mem:4096;disk:100;ports:[1-9]",
                                    .attributes = "rack:r1"};
  struct k8smi_local_options options = {.size = sizeof(options),
                                        .allocator = &memory->allocator,
                                        .agents = &agent,
                                        .agent_count = 1,
                                        .networks = "plain=10.77.0.0/24",
                                        .seed = 3};
  struct k8smi_local_request request = {.exchange = 1,
                                        .method = K8SMI_S("POST"),
                                        .path = K8SMI_S("/api/v1/scheduler"),
                                        .content_type = K8SMI_S("application/json"),
                                        .body = {SUBSCRIBE, sizeof(SUBSCRIBE) - 1}};
  struct k8smi_local_output out;
  struct k8smi_local *local = NULL;
  char text[4096], master[64] = "", stream[64] = "";
  if (k8smi_local_new(&options, &local, NULL) != K8SM_OK) return false;
  bool ok = k8smi_local_request(local, &request, 0, 0) == K8SM_OK;
  while (k8smi_local_next(local, &out) == K8SM_OK) {
    if (out.stream_id.ptr != NULL) snprintf(stream, sizeof(stream), "%s", out.stream_id.ptr);
    const char *id = out.body.ptr == NULL ? NULL : strstr(out.body.ptr, "\"framework_id\":{\"value\":\"");
    if (id != NULL) snprintf(master, sizeof(master), "%.36s", id + strlen("\"framework_id\":{\"value\":\""));
  }
  snprintf(text, sizeof(text), GROUP, master, master, master, master);
  request.exchange = 2;
  request.stream_id = k8smi_s(stream);
  request.body = k8smi_s(text);
  ok = ok && k8smi_local_request(local, &request, 10, 10) == K8SM_OK;
  for (uint64_t now = 0; ok && now < 12000; now += 500)
    ok = k8smi_local_advance(local, now, (int64_t)now) == K8SM_OK;
  k8smi_local_kill_agent(local, 0);
  k8smi_local_restore_agent(local, 0);
  k8smi_local_gone(local, 1, 12000);
  k8smi_local_fail_over(local);
  ok = k8smi_local_advance(local, 30000, 30000) == K8SM_OK && ok;
  size_t outputs = 0;
  while (k8smi_local_next(local, &out) == K8SM_OK) outputs++;
  if (ok) assert_true(outputs > 10);
  k8smi_local_free(local);
  return ok;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  struct failing memory;
  failing_init(&memory, 0);
  assert_true(live(&memory));
  assert_int_equal(memory.held, 0);
  size_t calls = memory.calls;
  assert_true(calls > 100);
  for (size_t n = 1; n <= calls; n++) {
    failing_init(&memory, n);
    assert_false(live(&memory));
    assert_int_equal(memory.held, 0);
  }
}

static void the_same_seed_gives_the_same_bytes(void **state) {
  (void)state;
  static struct client a, b;
  client_init(&a, client_local("cpus:1;mem:100", 3), K8SM_FORMAT_PROTOBUF);
  client_init(&b, client_local("cpus:1;mem:100", 3), K8SM_FORMAT_PROTOBUF);
  client_subscribe(&a, "");
  client_subscribe(&b, "");
  assert_string_equal(a.stream_id, b.stream_id);
  assert_int_equal(a.event_count, b.event_count);
  for (size_t i = 0; i < a.event_count; i++) {
    struct bench x, y;
    bench_begin(&x);
    bench_begin(&y);
    k8smi_message_encode(&x.buf, &a.events[i]->base);
    k8smi_message_encode(&y.buf, &b.events[i]->base);
    assert_int_equal(x.buf.len, y.buf.len);
    assert_memory_equal(x.buf.ptr, y.buf.ptr, x.buf.len);
    bench_end(&x);
    bench_end(&y);
  }
  k8smi_local_free(a.local);
  k8smi_local_free(b.local);
  client_free(&a);
  client_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_and_differences),      cmocka_unit_test(disks_of_their_own),
      cmocka_unit_test(wrong_texts_say_where),     cmocka_unit_test(roles_and_kinds_are_kept_apart),
      cmocka_unit_test(simulated_commands),        cmocka_unit_test(simulated_arguments),
      cmocka_unit_test(timers_fire_in_order),      cmocka_unit_test(an_index_finds_what_is_in_it),
      cmocka_unit_test(every_allocation_may_fail), cmocka_unit_test(the_same_seed_gives_the_same_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
