/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <k8smesos/task.h>

#include "support/failing.h"
#include "support/pods.h"

#define assert_slice(slice, text)                                                                            \
  assert_true((slice).len == strlen(text) &&                                                                 \
              ((slice).len == 0 || memcmp((slice).ptr, (text), (slice).len) == 0))

static struct k8sm_calls *make_calls(struct k8sm_demand **demands, size_t n, uint32_t format) {
  struct k8sm_task_options options = {.size = sizeof options, .format = format, .refuse_seconds = 5};
  struct k8sm_plan *plan = pods_plan(demands, n);
  struct k8sm_calls *calls = NULL;
  struct findings f;
  int result = k8sm_plan_calls(plan, &options, &calls, findings_init(&f));
  if (result != K8SM_OK) print_error("%s: %s\n", k8sm_result_name(result), f.text);
  pods_plan_free(plan);
  return calls;
}

static K8smMesos__Call *decode(struct k8smi_arena *arena, const struct k8sm_calls *calls, size_t i) {
  struct k8sm_call row;
  ProtobufCMessage *message = NULL;
  assert_true(k8sm_calls_rows(calls, i, &row, sizeof row, 1) >= 1);
  assert_int_equal(k8smi_message_read(arena, K8SM_FORMAT_AUTO, &k8sm_mesos__call__descriptor, row.bytes.ptr,
                                      row.bytes.len, &message, NULL),
                   K8SM_OK);
  return (K8smMesos__Call *)message;
}

#define NGINX_LABELS                                                                                         \
  "'labels':{'labels':[{'key':'io.kubernetes.pod.name','value':'web'},"                                      \
  "{'key':'io.kubernetes.pod.namespace','value':'default'},"                                                 \
  "{'key':'io.kubernetes.pod.uid','value':'" PODS_UID "'}]}"
#define NGINX_SCALAR(name, value)                                                                            \
  "{'name':'" name "','type':'SCALAR','scalar':{'value':" value "},'allocation_info':{'role':'*'}}"
#define NGINX_EXECUTOR                                                                                       \
  "'executor':{'type':'DEFAULT','executor_id':{'value':'" PODS_UID ".0.1'},'framework_id':{'value':'F1'},"   \
  "'container':{'type':'MESOS','linux_info':{'ipc_mode':'PRIVATE','share_cgroups':false}},"                  \
  "'resources':[" NGINX_SCALAR("cpus", "0.5") "," NGINX_SCALAR("mem", "128.0") "," NGINX_SCALAR(             \
      "disk", "32.0") "],'name':'web'," NGINX_LABELS "}"

/* Read by eye: the first ACCEPT that a pod with one container becomes. */
static const char nginx_accept[] =
    "{'framework_id':{'value':'F1'},'type':'ACCEPT','accept':{'offer_ids':[{'value':'O1'}],'operations':["
    "{'type':'LAUNCH_GROUP','launch_group':{" NGINX_EXECUTOR ",'task_group':{'tasks':[{"
    "'name':'web.pause','task_id':{'value':'" PODS_UID ".0..0.n1'},'agent_id':{'value':'S1'},"
    "'resources':[" NGINX_SCALAR("cpus", "0.01") "," NGINX_SCALAR(
        "mem",
        "1.0") "],"
               "'command':{'shell':false,'value':'sleep','arguments':['sleep','1000000000']},"
               "'container':{'type':'MESOS','linux_info':{'ipc_mode':'SHARE_PARENT','share_cgroups':false}},"
               "'kill_policy':{'grace_period':{'nanoseconds':0}}," NGINX_LABELS "}]}}},"
               "{'type':'LAUNCH_GROUP','launch_group':{" NGINX_EXECUTOR ",'task_group':{'tasks':[{"
               "'name':'web.nginx','task_id':{'value':'" PODS_UID ".0.nginx.0.n1'},'agent_id':{'value':'S1'},"
               "'resources':[" NGINX_SCALAR("cpus", "0.01") "," NGINX_SCALAR(
                   "mem",
                   "1.0") "],"
                          "'command':{'shell':false},"
                          "'container':{'type':'MESOS','mesos':{'image':{'type':'DOCKER','docker':{'"
                          "name':'nginx:1.25'}}},"
                          "'linux_info':{'ipc_mode':'SHARE_PARENT','share_cgroups':false}},"
                          "'kill_policy':{'grace_period':{'nanoseconds':30000000000}}," NGINX_LABELS ","
                          "'discovery':{'visibility':'CLUSTER','name':'web.default.pod','ports':{'ports':[{'"
                          "number':31080,'name':'http',"
                          "'protocol':'tcp'}]}," NGINX_LABELS "},"
                          "'limits':{'cpus':{'value':'Infinity'},'mem':{'value':256.0}}}]}}}],"
                          "'filters':{'refuse_seconds':5.0}}}";

static void the_accept_of_nginx(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_NGINX, 0);
  struct k8sm_calls *calls = make_calls(&d, 1, K8SM_FORMAT_JSON);
  struct k8sm_call row;
  char *wanted = pods_json(nginx_accept);
  assert_non_null(calls);
  assert_int_equal(k8sm_calls_rows(calls, 0, &row, sizeof row, 1), 1);
  assert_slice(row.agent_id, "S1");
  assert_int_equal(row.placements, 1);
  /* Compared as messages: the order of members is the encoder's. */
  struct k8smi_arena arena;
  struct k8smi_buf got, want;
  ProtobufCMessage *message = NULL;
  k8smi_arena_init(&arena, NULL, 0);
  k8smi_buf_init(&got, NULL);
  k8smi_buf_init(&want, NULL);
  assert_int_equal(k8smi_message_read(&arena, K8SM_FORMAT_JSON, &k8sm_mesos__call__descriptor, wanted,
                                      strlen(wanted), &message, NULL),
                   K8SM_OK);
  k8smi_message_encode_json(&want, message);
  k8smi_message_encode_json(&got, &decode(&arena, calls, 0)->base);
  k8smi_buf_putc(&want, '\0');
  k8smi_buf_putc(&got, '\0');
  assert_string_equal(got.ptr, want.ptr);
  assert_int_equal(got.len - 1, row.bytes.len);
  assert_memory_equal(got.ptr, row.bytes.ptr, row.bytes.len);
  k8smi_buf_free(&got);
  k8smi_buf_free(&want);
  k8smi_arena_free(&arena);
  free(wanted);
  k8sm_calls_unref(calls);
  k8sm_demand_unref(d);
}

static void both_formats_say_the_same(void **state) {
  (void)state;
  static const char *const pods[] = {PODS_NGINX, PODS_STAGES, PODS_THREE};
  for (size_t i = 0; i < 3; i++) {
    struct k8sm_demand *d = pods_demand(pods[i], 0);
    struct k8sm_calls *json = make_calls(&d, 1, K8SM_FORMAT_JSON);
    struct k8sm_calls *proto = make_calls(&d, 1, K8SM_FORMAT_AUTO);
    struct k8sm_call row;
    struct k8sm_blob *blob = NULL;
    k8sm_calls_rows(proto, 0, &row, sizeof row, 1);
    assert_int_equal(k8sm_message_convert(K8SM_MESSAGE_CALL, row.bytes.ptr, row.bytes.len,
                                          K8SM_FORMAT_PROTOBUF, K8SM_FORMAT_JSON, NULL, &blob, NULL),
                     K8SM_OK);
    k8sm_calls_rows(json, 0, &row, sizeof row, 1);
    assert_int_equal(k8sm_blob_bytes(blob).len, row.bytes.len);
    assert_memory_equal(k8sm_blob_bytes(blob).ptr, row.bytes.ptr, row.bytes.len);
    k8sm_blob_unref(blob);
    k8sm_calls_unref(proto);
    k8sm_calls_unref(json);
    k8sm_demand_unref(d);
  }
}

static void only_the_first_stage_is_launched(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_STAGES, 0);
  struct k8sm_calls *calls = make_calls(&d, 1, K8SM_FORMAT_PROTOBUF);
  struct k8sm_call_task rows[3];
  assert_int_equal(k8sm_calls_tasks(calls, 0, rows, sizeof rows[0], 3), 2);
  assert_slice(rows[0].task_id, PODS_UID ".0..0.n1");
  assert_slice(rows[1].task_id, PODS_UID ".0.setup.0.n1");
  assert_int_equal(rows[1].task, 1);
  k8sm_calls_unref(calls);
  k8sm_demand_unref(d);
}

static void checks_volumes_and_users(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(
      "{'hostPID':true,'hostIPC':true,'hostname':'h','containers':[{'name':'c','image':'i:latest','tty':true,"
      "'command':['a','','b'],"
      "'securityContext':{'runAsUser':0,'capabilities':{'drop':['ALL'],'add':['CHOWN','BPF']}},"
      "'livenessProbe':{'exec':{'command':['t','x']},'periodSeconds':7},"
      "'readinessProbe':{'tcpSocket':{'port':80}},'startupProbe':{'tcpSocket':{'port':80},'failureThreshold':"
      "30,"
      "'periodSeconds':2,'initialDelaySeconds':1},"
      "'env':[{'name':'E','value':''}],"
      "'volumeMounts':[{'name':'h','mountPath':'/h','mountPropagation':'Bidirectional'},"
      "{'name':'e','mountPath':'/e','readOnly':true}]}],"
      "'volumes':[{'name':'h','hostPath':{'path':'/x'}},{'name':'e','emptyDir':{}}]}",
      0);
  struct k8sm_calls *calls = make_calls(&d, 1, K8SM_FORMAT_PROTOBUF);
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, NULL, 0);
  K8smMesos__Call *call = decode(&arena, calls, 0);
  assert_int_equal(call->accept->n_operations, 2);
  K8smMesos__ExecutorInfo *executor = call->accept->operations[1]->launch_group->executor;
  assert_string_equal(executor->container->hostname, "h");
  assert_true(executor->container->linux_info->share_pid_namespace);
  assert_int_equal(executor->container->linux_info->ipc_mode, K8SM_MESOS__LINUX_INFO__IPC_MODE__SHARE_PARENT);
  K8smMesos__TaskInfo *task = call->accept->operations[1]->launch_group->task_group->tasks[0];
  assert_string_equal(task->command->user, "root");
  assert_int_equal(task->command->n_arguments, 3);
  assert_string_equal(task->command->arguments[1], "");
  assert_string_equal(task->command->environment->variables[0]->value, "");
  assert_true(task->container->mesos->image->has_cached && !task->container->mesos->image->cached);
  assert_non_null(task->container->tty_info);
  K8smMesos__CapabilityInfo *caps = task->container->linux_info->effective_capabilities;
  assert_int_equal(caps->n_capabilities, 2);
  assert_int_equal(caps->capabilities[0], K8SM_MESOS__CAPABILITY_INFO__CAPABILITY__CHOWN);
  assert_int_equal(caps->capabilities[1], K8SM_MESOS__CAPABILITY_INFO__CAPABILITY__BPF);
  assert_int_equal(task->container->linux_info->bounding_capabilities->n_capabilities, 2);
  assert_int_equal(task->container->n_volumes, 2);
  assert_int_equal(task->container->volumes[0]->source->host_path->mount_propagation->mode,
                   K8SM_MESOS__MOUNT_PROPAGATION__MODE__BIDIRECTIONAL);
  assert_string_equal(task->container->volumes[1]->source->sandbox_path->path, "volumes/e");
  assert_int_equal(task->container->volumes[1]->mode, K8SM_MESOS__VOLUME__MODE__RO);
  assert_int_equal(task->health_check->type, K8SM_MESOS__HEALTH_CHECK__TYPE__COMMAND);
  assert_true(task->health_check->interval_seconds == 7 && task->health_check->timeout_seconds == 1);
  assert_true(task->health_check->delay_seconds == 0 && task->health_check->grace_period_seconds == 61);
  assert_string_equal(task->health_check->command->arguments[1], "x");
  assert_int_equal(task->check->type, K8SM_MESOS__CHECK_INFO__TYPE__TCP);
  assert_int_equal(task->check->tcp->port, 80);
  k8smi_arena_free(&arena);
  k8sm_calls_unref(calls);
  k8sm_demand_unref(d);
}

static void secrets_are_secrets(void **state) {
  (void)state;
  static const struct k8sm_manifest_data data[] = {
      {{"Secret", 6}, {"default", 7}, {"pw", 2}, {"e", 1}, {"set", 3}},
      {{"Secret", 6}, {"default", 7}, {"pw", 2}, {"k", 1}, {"s\0t", 3}}};
  struct k8sm_demand_options options = {
      .size = sizeof options, .nonce = "n1", .data = data, .data_count = 2, .data_size = sizeof data[0]};
  struct k8sm_pod *pod = pods_parse(
      "",
      "{'containers':[{'name':'c','image':'i','env':[{'name':'K','valueFrom':{'secretKeyRef':{'name':'pw',"
      "'key':'e'}}}],'volumeMounts':[{'name':'v','mountPath':'/v'}]}],"
      "'volumes':[{'name':'v','secret':{'secretName':'pw'}}]}");
  struct k8sm_demand *d = NULL;
  assert_int_equal(k8sm_demand_make(pod, &options, &d, NULL), K8SM_OK);
  struct k8sm_calls *calls = make_calls(&d, 1, K8SM_FORMAT_JSON);
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, NULL, 0);
  K8smMesos__TaskInfo *task =
      decode(&arena, calls, 0)->accept->operations[1]->launch_group->task_group->tasks[0];
  K8smMesos__Environment__Variable *v = task->command->environment->variables[0];
  assert_int_equal(v->type, K8SM_MESOS__ENVIRONMENT__VARIABLE__TYPE__SECRET);
  assert_null(v->value);
  assert_int_equal(v->secret->value->data.len, 3);
  assert_memory_equal(v->secret->value->data.data, "set", 3);
  assert_string_equal(task->container->volumes[0]->container_path, "/v/e");
  assert_string_equal(task->container->volumes[1]->container_path, "/v/k");
  assert_int_equal(task->container->volumes[1]->source->secret->value->data.len, 3);
  assert_memory_equal(task->container->volumes[1]->source->secret->value->data.data, "s\0t", 3);
  k8smi_arena_free(&arena);
  k8sm_calls_unref(calls);
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
}

/* What a pod asks of its place is filled in wherever it stands: in variables, words and sub paths. */
static void what_is_known_at_its_place(void **state) {
  (void)state;
  static const struct k8sm_manifest_data data[] = {
      {{"Secret", 6}, {"default", 7}, {"pw", 2}, {"k", 1}, {"s3cret", 6}, 0, 0}};
  struct k8sm_demand_options options = {
      .size = sizeof options, .nonce = "n1", .data = data, .data_count = 1, .data_size = sizeof data[0]};
  struct k8sm_pod *pod = pods_parse(
      "",
      "{'containers':[{'name':'c','image':'i','command':['run','--on=$(NODE):$(IP)','$(PLAIN)'],'env':["
      "{'name':'NODE','valueFrom':{'fieldRef':{'fieldPath':'spec.nodeName'}}},"
      "{'name':'IP','valueFrom':{'fieldRef':{'fieldPath':'status.podIP'}}},"
      "{'name':'IPS','valueFrom':{'fieldRef':{'fieldPath':'status.hostIPs'}}},"
      "{'name':'URL','value':'http://$(IP)$(IP)/$$'},{'name':'PLAIN','value':'x'},"
      "{'name':'K','valueFrom':{'secretKeyRef':{'name':'pw','key':'k'}}},{'name':'S','value':'$(K)@$(IP)'}],"
      "'volumeMounts':[{'name':'v','mountPath':'/v','subPathExpr':'on/$(NODE)'},"
      "{'name':'h','mountPath':'/h','subPathExpr':'$(NODE)'}]}],"
      "'volumes':[{'name':'v','emptyDir':{}},{'name':'h','hostPath':{'path':'/x'}}]}");
  static const char *const addresses[] = {"127.0.0.9", ""};
  for (size_t i = 0; i < 2; i++) {
    struct k8sm_demand *d = NULL;
    struct k8sm_calls *calls = NULL;
    struct findings f;
    assert_int_equal(k8sm_demand_make(pod, &options, &d, NULL), K8SM_OK);
    struct k8sm_plan *plan = pods_plan(&d, 1);
    plan->placements[0].address = k8smi_s(addresses[i]);
    struct k8sm_task_options o = {.size = sizeof o, .format = K8SM_FORMAT_PROTOBUF};
    assert_int_equal(k8sm_plan_calls(plan, &o, &calls, findings_init(&f)), K8SM_OK);
    assert_int_equal(f.diags.count, i); /* without an address the hostname stands in, which is said once */
    struct k8smi_arena arena;
    k8smi_arena_init(&arena, NULL, 0);
    K8smMesos__TaskInfo *task =
        decode(&arena, calls, 0)->accept->operations[1]->launch_group->task_group->tasks[0];
    K8smMesos__Environment__Variable **v = task->command->environment->variables;
    const char *address = i == 0 ? "127.0.0.9" : "agent1.example";
    char text[64];
    assert_string_equal(v[0]->value, "agent1.example");
    assert_string_equal(v[1]->value, address);
    assert_string_equal(v[2]->value, address);
    snprintf(text, sizeof text, "http://%s%s/$", address, address);
    assert_string_equal(v[3]->value, text);
    assert_string_equal(v[4]->value, "x");
    snprintf(text, sizeof text, "s3cret@%s", address);
    assert_int_equal(v[6]->type, K8SM_MESOS__ENVIRONMENT__VARIABLE__TYPE__SECRET);
    assert_int_equal(v[6]->secret->value->data.len, strlen(text));
    assert_memory_equal(v[6]->secret->value->data.data, text, strlen(text));
    snprintf(text, sizeof text, "--on=agent1.example:%s", address);
    assert_string_equal(task->command->arguments[1], text);
    assert_string_equal(task->command->arguments[2], "x");
    assert_string_equal(task->container->volumes[0]->source->sandbox_path->path,
                        "volumes/v/on/agent1.example");
    assert_string_equal(task->container->volumes[1]->source->host_path->path, "/x/agent1.example");
    k8smi_arena_free(&arena);
    k8sm_calls_unref(calls);
    pods_plan_free(plan);
    k8sm_demand_unref(d);
  }
  k8sm_pod_unref(pod);
}

static void one_accept_for_each_agent_and_role(void **state) {
  (void)state;
  static const char *const nonces[] = {"n1", "n2", "n3", "n4"};
  struct k8sm_demand *demands[4];
  for (size_t i = 0; i < 4; i++) demands[i] = pods_demand_as(PODS_NGINX, 0, nonces[i]);
  struct k8sm_plan *plan = pods_plan(demands, 4);
  static const struct k8sm_slice two[] = {{"O1", 2}, {"O2", 2}}, three[] = {{"O3", 2}};
  plan->placements[1].agent_id = K8SMI_S("S2");
  plan->placements[1].offer_ids = (struct k8smi_strings){three, 1};
  plan->placements[2].offer_ids = (struct k8smi_strings){two, 2};
  plan->placements[3].role = K8SMI_S("prod");
  struct k8sm_calls *calls = NULL;
  struct k8sm_call rows[4];
  struct k8sm_call_executor executors[4];
  assert_int_equal(k8sm_plan_calls(plan, NULL, &calls, NULL), K8SM_OK);
  assert_int_equal(k8sm_calls_rows(calls, 0, rows, sizeof rows[0], 4), 3);
  assert_int_equal(rows[0].placements, 2);
  assert_slice(rows[1].agent_id, "S2");
  assert_int_equal(k8sm_calls_executors(calls, 0, executors, sizeof executors[0], 4), 4);
  static const uint32_t call_of[] = {0, 1, 0, 2};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(executors[i].call, call_of[i]);
    assert_int_equal(executors[i].placement, i);
  }
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, NULL, 0);
  K8smMesos__Call *call = decode(&arena, calls, 0);
  assert_int_equal(call->accept->n_offer_ids, 2);
  assert_string_equal(call->accept->offer_ids[1]->value, "O2");
  assert_int_equal(call->accept->n_operations, 4);
  k8smi_arena_free(&arena);
  k8sm_calls_unref(calls);
  pods_plan_free(plan);
  for (size_t i = 0; i < 4; i++) k8sm_demand_unref(demands[i]);
}

static void resumed_demands_send_the_same_executor(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_STAGES, 0), *resumed = NULL;
  struct k8sm_calls *calls = make_calls(&d, 1, K8SM_FORMAT_PROTOBUF);
  struct k8sm_call_executor first, second;
  k8sm_calls_executors(calls, 0, &first, sizeof first, 1);
  assert_slice(first.executor_id, PODS_UID ".0.1");
  struct k8sm_launch launch = {3, 2};
  struct k8sm_resume_options options = {.size = sizeof options,
                                        .agent_id = "S1",
                                        .nonce = "n9",
                                        .executor = first.bytes.ptr,
                                        .executor_len = first.bytes.len,
                                        .launches = &launch,
                                        .launch_count = 1,
                                        .launch_size = sizeof launch};
  assert_int_equal(k8sm_demand_resume(d, &options, &resumed, NULL), K8SM_OK);
  struct k8sm_calls *again = make_calls(&resumed, 1, K8SM_FORMAT_PROTOBUF);
  struct k8sm_call_task task;
  assert_int_equal(k8sm_calls_tasks(again, 0, &task, sizeof task, 1), 1);
  assert_slice(task.task_id, PODS_UID ".0.app.2.n9");
  k8sm_calls_executors(again, 0, &second, sizeof second, 1);
  assert_int_equal(first.bytes.len, second.bytes.len);
  assert_memory_equal(first.bytes.ptr, second.bytes.ptr, first.bytes.len);
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  k8smi_arena_init(&arena, NULL, 0);
  k8smi_buf_init(&buf, NULL);
  K8smMesos__Call *call = decode(&arena, again, 0);
  k8smi_message_encode(&buf, &call->accept->operations[0]->launch_group->executor->base);
  assert_int_equal(buf.len, first.bytes.len);
  assert_memory_equal(buf.ptr, first.bytes.ptr, buf.len);
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
  k8sm_calls_unref(again);
  k8sm_calls_unref(calls);
  k8sm_demand_unref(resumed);
  k8sm_demand_unref(d);
}

static int64_t first_completion(struct k8sm_demand *d) {
  const int64_t second = 1000000000;
  struct k8sm_calls *calls = make_calls(&d, 1, K8SM_FORMAT_PROTOBUF);
  struct k8smi_arena arena;
  int64_t found = -1;
  k8smi_arena_init(&arena, NULL, 0);
  K8smMesos__Call__Accept *accept = decode(&arena, calls, 0)->accept;
  for (size_t i = 0; i < accept->n_operations; i++) {
    const K8smMesos__DurationInfo *most =
        accept->operations[i]->launch_group->task_group->tasks[0]->max_completion_time;
    int64_t seconds = most == NULL ? 0 : most->nanoseconds / second;
    assert_true(found < 0 || found == seconds); /* of all tasks the same */
    found = seconds;
  }
  k8smi_arena_free(&arena);
  k8sm_calls_unref(calls);
  return found;
}

/* Where the driver ends a pod that is past its time, each task may live as long as that can take. */
static void tasks_have_a_net_under_their_deadline(void **state) {
  (void)state;
  static const struct {
    const char *spec;
    int64_t seconds;
  } cases[] = {
      {"{'containers':[{'name':'c','image':'i'}]}", 0},
      {"{'activeDeadlineSeconds':60,'containers':[{'name':'c','image':'i'}]}", 60 + 30 + 5},
      {"{'activeDeadlineSeconds':1,'terminationGracePeriodSeconds':0,'containers':[{'name':'c','image':'i'}]"
       "}",
       1 + 5},
      {"{'activeDeadlineSeconds':60,'initContainers':[{'name':'i','image':'i'},{'name':'s','image':'i',"
       "'restartPolicy':'Always'},{'name':'t','image':'i','restartPolicy':'Always'}],'containers':[{'name':'"
       "c',"
       "'image':'i'}]}",
       60 + 30 + 2 * 2 + 5},
      {"{'activeDeadlineSeconds':60,'terminationGracePeriodSeconds':1,'initContainers':[{'name':'s','image':'"
       "i',"
       "'restartPolicy':'Always'}],'containers':[{'name':'c','image':'i'}]}",
       60 + 1 + 1 + 5},
      {"{'activeDeadlineSeconds':60,'terminationGracePeriodSeconds':9223372036854775807,'containers':[{'name'"
       ":'c',"
       "'image':'i'}]}",
       INT64_MAX / 1000000000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_demand *d = pods_demand(cases[i].spec, 0);
    assert_int_equal(first_completion(d), cases[i].seconds);
    k8sm_demand_unref(d);
  }
}

static void what_is_left_of_the_deadline_counts_from_the_launch(void **state) {
  (void)state;
  static const struct {
    int64_t left, seconds;
  } cases[] = {{0, 600 + 35}, {1, 1 + 35}, {250, 250 + 35}, {601, 600 + 35}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_demand *resumed = NULL;
    struct k8sm_demand *d =
        pods_demand("{'activeDeadlineSeconds':600,'containers':[{'name':'c','image':'i'}]}", 0);
    const struct k8sm_launch launch = {1, 1};
    char text[300];
    const struct k8sm_slice executor = pods_executor(&text, PODS_UID, 0, K8SM_MAPPING_VERSION);
    struct k8sm_resume_options options = {.size = sizeof options,
                                          .agent_id = "S1",
                                          .nonce = "n9",
                                          .executor = executor.ptr,
                                          .executor_len = executor.len,
                                          .launches = &launch,
                                          .launch_count = 1,
                                          .launch_size = sizeof launch,
                                          .deadline_seconds = cases[i].left};
    assert_int_equal(k8sm_demand_resume(d, &options, &resumed, NULL), K8SM_OK);
    assert_int_equal(first_completion(resumed), cases[i].seconds);
    k8sm_demand_unref(resumed);
    options.deadline_seconds = -1;
    assert_int_equal(k8sm_demand_resume(d, &options, &resumed, NULL), K8SM_ERR_INVALID);
    k8sm_demand_unref(d);
  }
}

/* A demand that is placed twice would use its tasks' ids twice, of which an agent aborts. */
static void a_demand_is_launched_once(void **state) {
  (void)state;
  struct k8sm_demand *demands[] = {pods_demand(PODS_NGINX, 0), pods_demand(PODS_NGINX, 0)};
  struct k8sm_plan *plan = pods_plan(demands, 2);
  struct k8sm_calls *calls = NULL;
  struct findings f;
  assert_int_equal(k8sm_plan_calls(plan, NULL, &calls, findings_init(&f)), K8SM_ERR_INVALID);
  assert_null(calls);
  assert_int_equal(f.rows[0].code, K8SM_DIAG_TASK_ID_REUSED);
  pods_plan_free(plan);
  k8sm_demand_unref(demands[0]);
  k8sm_demand_unref(demands[1]);
}

static void an_empty_plan_has_no_calls(void **state) {
  (void)state;
  struct k8sm_demand *none[1] = {NULL};
  struct k8sm_calls *calls = make_calls(none, 0, K8SM_FORMAT_JSON);
  assert_non_null(calls);
  assert_int_equal(k8sm_calls_rows(calls, 0, NULL, 0, 0), 0);
  assert_int_equal(k8sm_calls_tasks(calls, 0, NULL, 0, 0), 0);
  k8sm_calls_unref(calls);
}

static void options_are_checked(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_NGINX, 0);
  struct k8sm_plan *plan = pods_plan(&d, 1);
  struct k8sm_calls *calls = NULL;
  struct k8sm_task_options yaml = {.size = sizeof yaml, .format = K8SM_FORMAT_YAML};
  struct k8sm_task_options negative = {.size = sizeof negative, .refuse_seconds = -1};
  assert_int_equal(k8sm_plan_calls(plan, &yaml, &calls, NULL), K8SM_ERR_INVALID);
  assert_int_equal(k8sm_plan_calls(plan, &negative, &calls, NULL), K8SM_ERR_INVALID);
  assert_null(calls);
  pods_plan_free(plan);
  k8sm_demand_unref(d);
}

/* Returns how many allocations there are. */
static size_t sweep_allocations(struct k8sm_demand **demands, size_t count) {
  struct k8sm_plan *plan = pods_plan(demands, count);
  size_t n = 1;
  for (;; n++) {
    struct failing failing;
    struct k8sm_calls *calls = NULL;
    failing_init(&failing, n);
    struct k8sm_task_options options = {.size = sizeof options,
                                        .format = n % 2 == 0 ? K8SM_FORMAT_JSON : K8SM_FORMAT_AUTO,
                                        .allocator = &failing.allocator};
    int result = k8sm_plan_calls(plan, &options, &calls, NULL);
    if (result == K8SM_OK) k8sm_calls_unref(calls);
    assert_int_equal(failing.held, 0);
    if (result == K8SM_OK) break;
    assert_int_equal(result, K8SM_ERR_NOMEM);
    assert_null(calls);
  }
  pods_plan_free(plan);
  return n - 1;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  struct k8sm_demand *many[40];
  for (size_t i = 0; i < 40; i++) {
    char nonce[8];
    snprintf(nonce, sizeof nonce, "n%zu", i);
    many[i] = pods_demand_as(PODS_THREE, 0, nonce);
  }
  size_t one = sweep_allocations(many, 1);
  assert_true(one >= 1 && one <= 2); /* most pods need no more than the memory that they end up in */
  assert_true(sweep_allocations(many, 40) > 5);
  for (size_t i = 0; i < 40; i++) k8sm_demand_unref(many[i]);
}

/* Mesos makes effective capabilities ambient: who is not root would keep them all. */
static void no_one_but_root_has_effective_capabilities(void **state) {
  (void)state;
  const struct k8sm_demand_user users[] = {{7, "app"}};
  const struct k8sm_demand_options options = {
      .size = sizeof options, .nonce = "n1", .users = users, .user_count = 1, .user_size = sizeof users[0]};
  static const struct {
    const char *user;
    size_t effective;
  } cases[] = {{"'runAsUser':7,", 0}, {"'runAsUser':0,", 13}, {"", 13}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char spec[256];
    snprintf(spec, sizeof spec,
             "{'containers':[{'name':'c','image':'i','securityContext':{%s'capabilities':{'drop':["
             "'NET_RAW']}}}]}",
             cases[i].user);
    struct k8sm_pod *pod = pods_parse("", spec);
    struct k8sm_demand *d = NULL;
    assert_int_equal(k8sm_demand_make(pod, &options, &d, NULL), K8SM_OK);
    struct k8sm_calls *calls = make_calls(&d, 1, K8SM_FORMAT_PROTOBUF);
    struct k8smi_arena arena;
    k8smi_arena_init(&arena, NULL, 0);
    K8smMesos__Call *call = decode(&arena, calls, 0);
    K8smMesos__TaskInfo *task = call->accept->operations[1]->launch_group->task_group->tasks[0];
    assert_non_null(task->container->linux_info->effective_capabilities); /* none means the agent's own */
    assert_int_equal(task->container->linux_info->effective_capabilities->n_capabilities, cases[i].effective);
    assert_int_equal(task->container->linux_info->bounding_capabilities->n_capabilities, 13);
    k8smi_arena_free(&arena);
    k8sm_calls_unref(calls);
    k8sm_demand_unref(d);
    k8sm_pod_unref(pod);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_accept_of_nginx),
      cmocka_unit_test(both_formats_say_the_same),
      cmocka_unit_test(only_the_first_stage_is_launched),
      cmocka_unit_test(checks_volumes_and_users),
      cmocka_unit_test(no_one_but_root_has_effective_capabilities),
      cmocka_unit_test(secrets_are_secrets),
      cmocka_unit_test(what_is_known_at_its_place),
      cmocka_unit_test(one_accept_for_each_agent_and_role),
      cmocka_unit_test(resumed_demands_send_the_same_executor),
      cmocka_unit_test(tasks_have_a_net_under_their_deadline),
      cmocka_unit_test(what_is_left_of_the_deadline_counts_from_the_launch),
      cmocka_unit_test(a_demand_is_launched_once),
      cmocka_unit_test(an_empty_plan_has_no_calls),
      cmocka_unit_test(options_are_checked),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
