/* SPDX-License-Identifier: Apache-2.0 */
/* Overlays: what they may set, what becomes of it, and what is wrong with them. The golden calls show the
 * rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <k8smesos/driver.h>

#include "support/pods.h"

#define POD                                                                                                  \
  "{'hostNetwork':true,'containers':[{'name':'c','image':'i','env':[{'name':'A','value':'pod'}],"            \
  "'securityContext':{'runAsUser':0}}]}"

static struct k8sm_slice slice(const char *text) {
  return (struct k8sm_slice){text, strlen(text)};
}

/* One pod with the overlays, which are JSON with ' for ". */
static int merge(const char *executor, const char *task, uint32_t flags, struct k8sm_calls **ret,
                 struct findings *f) {
  char *texts[] = {pods_json(executor), pods_json(task)};
  const struct k8sm_task_options options = {.size = sizeof options,
                                            .flags = flags,
                                            .executor_overlay = slice(texts[0]),
                                            .task_overlay = slice(texts[1]),
                                            .overlay_format = K8SM_FORMAT_JSON};
  struct k8sm_demand *demand = pods_demand(POD, 0);
  struct k8sm_plan *plan = pods_plan(&demand, 1);
  *ret = NULL;
  int result = k8sm_plan_calls(plan, &options, ret, findings_init(f));
  pods_plan_free(plan);
  k8sm_demand_unref(demand);
  free(texts[0]);
  free(texts[1]);
  return result;
}

static void assert_refused(int result, struct k8sm_calls *calls, const struct findings *f, const char *path,
                           uint32_t code) {
  const struct k8sm_diag *d = findings_at(f, path);
  if (d == NULL) print_error("no finding at %s\n", path);
  assert_int_equal(result, K8SM_ERR_INVALID);
  assert_null(calls);
  assert_non_null(d);
  assert_int_equal(d->code, code);
}

/* ---- what may be in one ---- */

static const struct level {
  const char *prefix; /* of the path, with its point */
  const ProtobufCMessageDescriptor *whole;
  const ProtobufCMessageDescriptor *overlay;
  bool executor;
  uint8_t tag; /* of the message in its parent; 0: it is the root */
} levels[] = {
    {"", &k8sm_mesos__executor_info__descriptor, &k8sm_mesos__executor_overlay__descriptor, true, 0},
    {"container.", &k8sm_mesos__container_info__descriptor,
     &k8sm_mesos__executor_overlay__container__descriptor, true, 11},
    {"", &k8sm_mesos__task_info__descriptor, &k8sm_mesos__task_overlay__descriptor, false, 0},
    {"command.", &k8sm_mesos__command_info__descriptor, &k8sm_mesos__task_overlay__command__descriptor, false,
     7},
    {"container.", &k8sm_mesos__container_info__descriptor, &k8sm_mesos__task_overlay__container__descriptor,
     false, 9},
};

static bool allowed(const struct level *level, uint32_t id) {
  for (unsigned i = 0; i < level->overlay->n_fields; i++)
    if (level->overlay->fields[i].id == id) return true;
  return false;
}

static void every_other_field_is_refused(void **state) {
  (void)state;
  unsigned refused = 0;
  for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
    const struct level *level = &levels[l];
    for (unsigned i = 0; i < level->whole->n_fields; i++) {
      const ProtobufCFieldDescriptor *field = &level->whole->fields[i];
      char json[200], path[200];
      struct k8sm_calls *calls;
      struct findings f;
      if (allowed(level, field->id)) continue;
      snprintf(path, sizeof path, "%s%s", level->prefix, field->name);
      int parent = level->tag == 0 ? 0 : (int)strlen(level->prefix) - 1;
      snprintf(json, sizeof json, parent == 0 ? "{%.*s'%s':null}" : "{'%.*s':{'%s':null}}", parent,
               level->prefix, field->name);
      int result = merge(level->executor ? json : "", level->executor ? "" : json, 0, &calls, &f);
      assert_refused(result, calls, &f, path, K8SM_DIAG_OVERLAY_FIELD);
      refused++;
    }
  }
  assert_int_equal(refused, 8 + 7 + 10 + 3 + 7);
}

/* The same from protobuf, where a field is a number. */
static void every_other_number_is_refused(void **state) {
  (void)state;
  for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
    const struct level *level = &levels[l];
    for (uint8_t id = 1; id < 17; id++) {
      char bytes[5] = {(char)(level->tag << 3 | 2), 3, 0, 0, 0}, path[200];
      size_t at = level->tag == 0 ? 0 : 2, len = 0;
      unsigned key = (unsigned)id << 3;
      struct k8sm_driver *driver = NULL;
      struct findings f;
      const char *name = NULL;
      for (unsigned i = 0; i < level->whole->n_fields; i++)
        if (level->whole->fields[i].id == id) name = level->whole->fields[i].name;
      if (allowed(level, id)) continue;
      if (key >= 128) bytes[at + len++] = (char)(key | 128);
      bytes[at + len++] = (char)(key >= 128 ? key >> 7 : key);
      bytes[at + len++] = 0;
      bytes[1] = level->tag == 0 ? bytes[1] : (char)len;
      struct k8sm_slice overlay = {bytes, at + len};
      const struct k8sm_driver_options options = {
          .size = sizeof options,
          .executor_overlay = level->executor ? overlay : (struct k8sm_slice){0},
          .task_overlay = level->executor ? (struct k8sm_slice){0} : overlay};
      int result = k8sm_driver_new(&options, &driver, findings_init(&f));
      snprintf(path, sizeof path, "%s%s", level->prefix, name == NULL ? "" : name);
      if (name == NULL && path[0] != '\0') path[strlen(path) - 1] = '\0';
      if (findings_at(&f, path) == NULL) print_error("%s: field %u at '%s'\n", level->whole->name, id, path);
      assert_int_equal(result, K8SM_ERR_INVALID);
      assert_null(driver);
      assert_int_equal(findings_at(&f, path)->code, K8SM_DIAG_OVERLAY_FIELD);
    }
  }
}

static void words_that_nothing_knows_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *task, *path;
  } cases[] = {
      {"{'comand':{}}", "comand"},
      {"{'command':{'uris':[{'value':'/a'},{'value':'/b','exctract':false}]}}", "command.uris[1].exctract"},
      {"{'command':{'environment':{'variables':[{'name':'B','type':'SECRT'}]}}}",
       "command.environment.variables[0].type"},
      {"{'discovery':{'visibility':'CLUSTER','ports':{'ports':[{'number':1,'nam':'x'}]}}}",
       "discovery.ports.ports[0].nam"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_calls *calls;
    struct findings f;
    int result = merge("", cases[i].task, K8SM_CALLS_POD_WINS, &calls, &f);
    assert_refused(result, calls, &f, cases[i].path, K8SM_DIAG_OVERLAY_FIELD);
  }
}

/* All findings of both come at once, and say whose they are. */
static void all_that_is_wrong_is_told(void **state) {
  (void)state;
  struct k8sm_calls *calls;
  struct findings f;
  int result = merge("{'executor_id':{'value':'x'},'resources':[]}",
                     "{'limits':{},'command':{'uris':[{}]},'kill_policy':{}}", 0, &calls, &f);
  assert_int_equal(result, K8SM_ERR_INVALID);
  assert_null(calls);
  assert_non_null(findings_at(&f, "executor_id"));
  assert_non_null(findings_at(&f, "resources"));
  assert_int_equal(findings_at(&f, "command.uris[0].value")->code, K8SM_DIAG_MESSAGE_FIELD_REQUIRED);
  const char *words = f.text + findings_at(&f, "executor_id")->message;
  assert_string_equal(
      words, "is none of what an overlay of ExecutorInfo can set: data, container, discovery, labels");
}

static void bytes_that_are_no_message_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t format;
    int result;
  } cases[] = {{"{\"labels\":", K8SM_FORMAT_AUTO, K8SM_ERR_SYNTAX},
               {"\x72\x7f", K8SM_FORMAT_AUTO, K8SM_ERR_SYNTAX},
               {"{}", K8SM_FORMAT_YAML, K8SM_ERR_UNSUPPORTED}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    struct k8sm_driver *driver = NULL;
    const struct k8sm_driver_options options = {
        .size = sizeof options, .executor_overlay = slice(cases[i].text), .overlay_format = cases[i].format};
    assert_int_equal(k8sm_driver_new(&options, &driver, findings_init(&f)), cases[i].result);
    assert_null(driver);
    assert_true(f.diags.errors > 0);
  }
}

/* ---- what becomes of it ---- */

static void conflicts_are_refused_or_left_out(void **state) {
  (void)state;
  static const char executor[] = "{'labels':{'labels':[{'key':'mine'},{'key':'io.kubernetes.pod.name'}]}}";
  static const char task[] =
      "{'command':{'environment':{'variables':[{'name':'A','value':'o'},{'name':'B','value':'o'}]}},"
      "'labels':{'labels':[{'key':'io.kubernetes.pod.uid','value':'o'},{'key':'mine','value':'o'}]}}";
  struct k8sm_calls *calls;
  struct findings f;
  int result = merge(executor, "", 0, &calls, &f);
  assert_refused(result, calls, &f, "labels.labels[1].key", K8SM_DIAG_OVERLAY_CONFLICT);
  result = merge("", task, 0, &calls, &f);
  assert_refused(result, calls, &f, "labels.labels[0].key", K8SM_DIAG_OVERLAY_CONFLICT);
  assert_refused(result, calls, &f, "command.environment.variables[0].name", K8SM_DIAG_OVERLAY_CONFLICT);
  assert_string_equal(f.text + findings_at(&f, "command.environment.variables[0].name")->message,
                      "the variable 'A' of the overlay is in pod web already");
  assert_int_equal(merge(executor, task, K8SM_CALLS_POD_WINS, &calls, &f), K8SM_OK);
  k8sm_calls_unref(calls);
}

static void a_name_twice_in_an_overlay_is_refused(void **state) {
  (void)state;
  struct k8sm_calls *calls;
  struct findings f;
  int result = merge("", "{'labels':{'labels':[{'key':'a'},{'key':'a'}]}}", K8SM_CALLS_POD_WINS, &calls, &f);
  assert_refused(result, calls, &f, "labels.labels[1].key", K8SM_DIAG_OVERLAY_CONFLICT);
}

/* The task of a container, in an arena that the caller frees. */
static K8smMesos__TaskInfo *task_of(struct k8smi_arena *arena, const struct k8sm_calls *calls) {
  struct k8sm_call row;
  ProtobufCMessage *message = NULL;
  assert_int_equal(k8sm_calls_rows(calls, 0, &row, sizeof row, 1), 1);
  assert_int_equal(k8smi_message_read(arena, K8SM_FORMAT_PROTOBUF, &k8sm_mesos__call__descriptor,
                                      row.bytes.ptr, row.bytes.len, &message, NULL),
                   K8SM_OK);
  const K8smMesos__Call *call = (const K8smMesos__Call *)(const void *)message;
  assert_int_equal(call->accept->n_operations, 2);
  assert_int_equal(call->accept->operations[0]->launch_group->task_group->tasks[0]->labels->n_labels, 3);
  return call->accept->operations[1]->launch_group->task_group->tasks[0];
}

static void what_the_pod_has_stays(void **state) {
  (void)state;
  struct k8smi_arena arena;
  struct k8sm_calls *calls;
  struct findings f;
  int result = merge("",
                     "{'command':{'user':'o','environment':{'variables':[{'name':'A','value':'o'},"
                     "{'name':'B','value':'o'}]}},'labels':{'labels':[{'key':'io.kubernetes.pod.name',"
                     "'value':'o'},{'key':'mine','value':'o'}]}}",
                     K8SM_CALLS_POD_WINS, &calls, &f);
  assert_int_equal(result, K8SM_OK);
  k8smi_arena_init(&arena, NULL, 0);
  const K8smMesos__TaskInfo *task = task_of(&arena, calls);
  const K8smMesos__Environment *env = task->command->environment;
  assert_string_equal(task->command->user, "root");
  assert_int_equal(env->n_variables, 2);
  assert_string_equal(env->variables[0]->value, "pod");
  assert_string_equal(env->variables[1]->name, "B");
  assert_int_equal(task->labels->n_labels, 4);
  assert_string_equal(task->labels->labels[0]->value, "web");
  assert_string_equal(task->labels->labels[3]->key, "mine");
  k8smi_arena_free(&arena);
  k8sm_calls_unref(calls);
}

static void json_and_protobuf_are_one(void **state) {
  (void)state;
  static const char json[] =
      "{'data':'AAAA','command':{'uris':[{'value':'/a','extract':false}],'environment':{'variables':"
      "[{'name':'B','value':'o'}]}},'labels':{'labels':[{'key':'mine'}]}}";
  char *text = pods_json(json);
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  ProtobufCMessage *message = NULL;
  struct k8sm_calls *calls[2];
  struct k8sm_call rows[2];
  struct findings f;
  k8smi_arena_init(&arena, NULL, 0);
  k8smi_buf_init(&buf, NULL);
  assert_int_equal(k8smi_message_read(&arena, K8SM_FORMAT_JSON, &k8sm_mesos__task_overlay__descriptor, text,
                                      strlen(text), &message, NULL),
                   K8SM_OK);
  k8smi_message_encode(&buf, message);
  struct k8sm_demand *demand = pods_demand(POD, 0);
  struct k8sm_plan *plan = pods_plan(&demand, 1);
  const struct k8sm_slice overlays[] = {slice(text), {buf.ptr, buf.len}};
  for (int i = 0; i < 2; i++) {
    const struct k8sm_task_options options = {.size = sizeof options, .task_overlay = overlays[i]};
    assert_int_equal(k8sm_plan_calls(plan, &options, &calls[i], findings_init(&f)), K8SM_OK);
    k8sm_calls_rows(calls[i], 0, &rows[i], sizeof rows[i], 1);
  }
  assert_int_equal(task_of(&arena, calls[0])->data.len, 3);
  assert_int_equal(rows[0].bytes.len, rows[1].bytes.len);
  assert_memory_equal(rows[0].bytes.ptr, rows[1].bytes.ptr, rows[0].bytes.len);
  k8sm_calls_unref(calls[0]);
  k8sm_calls_unref(calls[1]);
  pods_plan_free(plan);
  k8sm_demand_unref(demand);
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_other_field_is_refused),
      cmocka_unit_test(every_other_number_is_refused),
      cmocka_unit_test(words_that_nothing_knows_are_refused),
      cmocka_unit_test(all_that_is_wrong_is_told),
      cmocka_unit_test(bytes_that_are_no_message_are_refused),
      cmocka_unit_test(conflicts_are_refused_or_left_out),
      cmocka_unit_test(a_name_twice_in_an_overlay_is_refused),
      cmocka_unit_test(what_the_pod_has_stays),
      cmocka_unit_test(json_and_protobuf_are_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
