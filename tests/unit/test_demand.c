/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/pods.h"

#include <k8smesos/cluster.h>

#define assert_slice(slice, text)                                                                            \
  assert_true((slice).len == strlen(text) &&                                                                 \
              ((slice).len == 0 || memcmp((slice).ptr, (text), (slice).len) == 0))

static void nginx_is_an_executor_a_pause_task_and_a_container(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_NGINX, 0);
  struct k8sm_demand_task rows[3];
  struct k8sm_demand_budget budget = {.size = sizeof budget};
  assert_non_null(d);
  assert_int_equal(k8sm_demand_tasks(d, 0, rows, sizeof rows[0], 3), 2);
  assert_int_equal(rows[0].kind, K8SM_TASK_PAUSE);
  assert_int_equal(rows[0].container.len, 0);
  assert_int_equal(rows[0].cpus_milli, 10);
  assert_true(rows[0].mem_milli > 0);
  assert_slice(rows[1].container, "nginx");
  assert_int_equal(rows[1].kind, K8SM_TASK_MAIN);
  assert_int_equal(rows[1].stage, 0);
  assert_int_equal(rows[1].launch, 1);
  assert_true(rows[1].cpus_milli >= 10 && rows[1].mem_milli > 0);
  assert_int_equal(k8sm_demand_get_budget(d, &budget), K8SM_OK);
  assert_int_equal(budget.cpus_milli, 500);
  assert_int_equal(budget.mem_milli, 128000);
  assert_int_equal(budget.disk_milli, 32000);
  assert_true(d->share_cgroups_false);
  assert_int_equal(d->features, K8SM_FEATURE_IMAGES | K8SM_FEATURE_CGROUPS);
  assert_true(d->tasks[1].limits);
  assert_true(d->tasks[1].limit_cpus_milli == K8SMI_UNLIMITED);
  assert_int_equal(d->tasks[1].limit_mem_milli, 256000);
  assert_slice(d->qos_class, "Burstable");
  assert_int_equal(d->port_count, 1);
  assert_int_equal(d->ports[0].host_port, 31080);
  assert_int_equal(d->ports[0].task, 1);
  assert_int_equal(d->grace_seconds, 30);
  k8sm_demand_unref(d);
}

static void budgets(void **state) {
  (void)state;
  /* As kube-scheduler counts: mains and sidecars, or the largest init container with the sidecars
   * before it. Nothing stated: 0.25 cpus, 64 MB. */
  static const struct {
    const char *spec;
    int64_t cpus, mem;
  } cases[] = {
      {"{'containers':[{'name':'a'},{'name':'b'}]}", 500, 128000},
      {"{'containers':[{'name':'a','resources':{'requests':{'cpu':'200m','memory':'1Gi'}}}],"
       "'initContainers':[{'name':'s','restartPolicy':'Always','resources':{'requests':{'cpu':'100m','memory'"
       ":'0'}}},"
       "{'name':'i','resources':{'requests':{'cpu':'500m','memory':'0'}}}]}",
       600, 1024000},
      {"{'containers':[{'name':'a','resources':{'requests':{'cpu':'200m','memory':'1Gi'}}}],"
       "'initContainers':[{'name':'i','resources':{'requests':{'cpu':'500m','memory':'2Gi'}}},"
       "{'name':'s','restartPolicy':'Always','resources':{'requests':{'cpu':'100m','memory':'0'}}}]}",
       500, 2048000},
      {"{'containers':[{'name':'a','resources':{'limits':{'cpu':'2','memory':'3M'}}}]}", 2000, 32000},
      {"{'containers':[{'name':'a','resources':{'requests':{'cpu':'1m','memory':'1'}}}]}", 10, 32000},
      {"{'containers':[{'name':'a','resources':{'requests':{'cpu':'1','memory':'1025Ki'}}}],"
       "'overhead':{'cpu':'250m','memory':'63Mi'}}",
       1250, 64001},
      {"{'containers':[{'name':'a','resources':{'requests':{'cpu':'1','memory':'64Mi'}}}],"
       "'resources':{'requests':{'cpu':'3'}}}",
       3000, 64000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_demand *d = pods_demand(cases[i].spec, 0);
    assert_non_null(d);
    assert_int_equal(d->cpus_milli, cases[i].cpus);
    assert_int_equal(d->mem_milli, cases[i].mem);
    k8sm_demand_unref(d);
  }
}

/* What is stated of cpu and memory, and what the original km made of it beside a container that states
 * nothing: the sums of requests and of limits. */
static void the_original_defaults(void **state) {
  (void)state;
  static const struct {
    const char *requests, *limits;
    int64_t cpus, mem, limit_cpus, limit_mem;
  } cases[] = {
      {"", "'cpu':'3','memory':'768Mi'", 3250, 832000, 3250, 832000},
      {"'cpu':'0','memory':'0'", "'cpu':'3','memory':'768Mi'", 260, 96000, 3250, 832000},
      {"", "", 500, 128000, 500, 128000},
      {"'cpu':'0','memory':'0'", "'cpu':'0','memory':'0'", 260, 96000, 260, 96000},
      {"'cpu':'2'", "'cpu':'3','memory':'768Mi'", 2250, 832000, 3250, 832000},
      {"'cpu':'2','memory':'256Mi'", "'cpu':'3','memory':'768Mi'", 2250, 320000, 3250, 832000},
      {"'cpu':'2'", "", 2250, 128000, 2250, 128000}, /* each by itself */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char spec[512];
    snprintf(spec, sizeof spec,
             "{'containers':[{'name':'a','resources':{'requests':{%s},'limits':{%s}}},{'name':'b'}]}",
             cases[i].requests, cases[i].limits);
    struct k8sm_demand *d = pods_demand(spec, K8SM_DEMAND_ORIGINAL_DEFAULTS);
    assert_non_null(d);
    assert_int_equal(d->cpus_milli, cases[i].cpus);
    assert_int_equal(d->mem_milli, cases[i].mem);
    assert_int_equal(d->tasks[1].limit_cpus_milli + d->tasks[2].limit_cpus_milli, cases[i].limit_cpus);
    assert_int_equal(d->tasks[1].limit_mem_milli + d->tasks[2].limit_mem_milli, cases[i].limit_mem);
    k8sm_demand_unref(d);
  }
  /* init containers keep what they state */
  struct k8sm_demand *d =
      pods_demand("{'initContainers':[{'name':'s','restartPolicy':'Always'},{'name':'i','resources':{"
                  "'requests':{'cpu':'1','memory':'1Mi'}}}],'containers':[{'name':'a'}]}",
                  K8SM_DEMAND_ORIGINAL_DEFAULTS);
  assert_int_equal(d->cpus_milli, 1000);
  assert_int_equal(d->mem_milli, 64000);
  assert_true(d->tasks[1].limit_cpus_milli == K8SMI_UNLIMITED);
  assert_true(d->tasks[2].limit_mem_milli == K8SMI_UNLIMITED);
  k8sm_demand_unref(d);
}

static void other_defaults_and_none(void **state) {
  (void)state;
  static const int64_t cases[][4] = {{100, 200 << 20, 200, 400000}, {-1, -1, 10, 32000}, {0, 0, 500, 128000}};
  struct k8sm_pod *pod = pods_parse("", "{'containers':[{'name':'a'},{'name':'b'}]}");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_demand_options o = {
        .size = sizeof o, .nonce = "n1", .default_cpu_milli = cases[i][0], .default_mem_bytes = cases[i][1]};
    struct k8sm_demand *d = NULL;
    assert_int_equal(k8sm_demand_make(pod, &o, &d, NULL), K8SM_OK);
    assert_int_equal(d->cpus_milli, cases[i][2]);
    assert_int_equal(d->mem_milli, cases[i][3]);
    assert_true(d->tasks[1].limit_cpus_milli == K8SMI_UNLIMITED);
    k8sm_demand_unref(d);
  }
  k8sm_pod_unref(pod);
}

static void limits_are_never_below_the_token(void **state) {
  (void)state;
  struct k8sm_demand *d =
      pods_demand("{'containers':[{'name':'a','resources':{'limits':{'cpu':'1m','memory':'1'}}}]}", 0);
  assert_int_equal(d->tasks[1].limit_cpus_milli, d->tasks[1].cpus_milli);
  assert_int_equal(d->tasks[1].limit_mem_milli, d->tasks[1].mem_milli);
  k8sm_demand_unref(d);
  d = pods_demand("{'containers':[{'name':'a','resources':{'requests':{'cpu':'4'}}}]}",
                  K8SM_DEMAND_NO_LIMITS);
  assert_false(d->tasks[1].limits);
  assert_false(d->share_cgroups_false);
  assert_int_equal(d->features, 0);
  assert_int_equal(d->tasks[1].cpus_milli, 80); /* a fiftieth: cpu shares go by it */
  k8sm_demand_unref(d);
}

/* A limit of nothing is none; a container without one has the pod's, as the kubelet gives it. */
static void limits_are_those_of_the_kubelet(void **state) {
  (void)state;
  static const struct {
    const char *pod, *own;
    int64_t cpus, mem;
  } cases[] = {
      {"{}", "{'limits':{'cpu':'0','memory':'0'}}", K8SMI_UNLIMITED, K8SMI_UNLIMITED},
      {"{'limits':{'cpu':'2'}}", "{}", 2000, K8SMI_UNLIMITED},
      {"{'limits':{'cpu':'2','memory':'64Mi'}}", "{'limits':{'memory':'32Mi'}}", 2000, 32000},
      {"{'limits':{'cpu':'0','memory':'64Mi'}}", "{'limits':{'memory':'0'}}", K8SMI_UNLIMITED, 64000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int beside = 0; beside < 2; beside++) {
      char spec[512];
      struct findings f;
      struct k8sm_demand *d = NULL;
      struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
      snprintf(spec, sizeof spec, "{'resources':%s,'containers':[{'name':'a','resources':%s}%s]}",
               cases[i].pod, cases[i].own, beside ? ",{'name':'b'}" : "");
      struct k8sm_pod *pod = pods_parse("", spec);
      assert_int_equal(k8sm_demand_make(pod, &options, &d, findings_init(&f)), K8SM_OK);
      assert_true(d->tasks[1].limit_cpus_milli == cases[i].cpus);
      assert_true(d->tasks[1].limit_mem_milli == cases[i].mem);
      /* one container is limited as the pod is: nothing is lost */
      assert_int_equal(findings_at(&f, "spec.resources.limits") != NULL, beside && i > 0);
      k8sm_demand_unref(d);
      options.flags = K8SM_DEMAND_NO_LIMITS;
      assert_int_equal(k8sm_demand_make(pod, &options, &d, findings_init(&f)), K8SM_OK);
      assert_false(d->tasks[1].limits);
      assert_int_equal(findings_at(&f, "spec.resources.limits") != NULL, i > 0);
      k8sm_demand_unref(d);
      k8sm_pod_unref(pod);
    }
  }
}

static void stages_are_init_sidecar_main(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_STAGES, 0);
  assert_int_equal(d->task_count, 4);
  assert_int_equal(d->stages, 3);
  static const uint32_t kinds[] = {K8SM_TASK_PAUSE, K8SM_TASK_INIT, K8SM_TASK_SIDECAR, K8SM_TASK_MAIN};
  static const uint32_t stages[] = {0, 0, 1, 2};
  static const uint32_t policies[] = {K8SMI_RESTART_ALWAYS, K8SMI_RESTART_ON_FAILURE, K8SMI_RESTART_ALWAYS,
                                      K8SMI_RESTART_ALWAYS};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(d->tasks[i].kind, kinds[i]);
    assert_int_equal(d->tasks[i].stage, stages[i]);
    assert_int_equal(d->tasks[i].launch, stages[i] == 0);
    assert_int_equal(d->tasks[i].restart_policy, policies[i]);
  }
  k8sm_demand_unref(d);
}

static void probes(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_THREE, 0);
  const struct k8smi_demand_task *t = &d->tasks[1];
  assert_int_equal(t->liveness.kind, K8SMI_CHECK_HTTP);
  assert_slice(t->liveness.path, "/health");
  assert_int_equal(t->liveness.port, 10054);
  assert_int_equal(t->liveness.delay, 60);
  assert_int_equal(t->liveness.timeout, 5);
  assert_int_equal(t->liveness.interval, 10);
  assert_int_equal(t->liveness.failures, 5);
  assert_int_equal(t->readiness.kind, K8SMI_CHECK_HTTP);
  assert_int_equal(t->readiness.timeout, 1);
  assert_int_equal(t->readiness.failures, 3);
  assert_int_equal(t->startup.kind, K8SMI_CHECK_NONE);
  k8sm_demand_unref(d);
}

static void capabilities(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t bits;
  } cases[] = {
      {"{'drop':['ALL']}", 0},
      {"{'drop':['ALL'],'add':['NET_BIND_SERVICE']}", (uint64_t)1 << 10},
      {"{'add':['SYS_TIME']}", 0xa80425fb | (uint64_t)1 << 25},
      {"{'drop':['CAP_KILL']}", 0xa80425fb & ~(uint64_t)(1 << 5)},
      {"{'add':['ALL'],'drop':['ALL']}", 0},
      {"{'add':['ALL','KILL'],'drop':['ALL','CHOWN']}", (uint64_t)1 << 5},
      {"{'add':['KILL'],'drop':['ALL','KILL']}", 0},
      {"{'add':['ALL'],'drop':['KILL']}", (((uint64_t)1 << 41) - 1) & ~(uint64_t)(1 << 5)},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char spec[512];
    snprintf(spec, sizeof spec, "{'containers':[{'name':'c','securityContext':{'capabilities':%s}}]}",
             cases[i].text);
    struct k8sm_demand *d = pods_demand(spec, 0);
    assert_true(d->tasks[1].has_capabilities);
    assert_true(d->tasks[1].capabilities == cases[i].bits);
    assert_true(d->features & K8SM_FEATURE_LINUX_LAUNCHER);
    k8sm_demand_unref(d);
  }
}

static void the_host_file_system(void **state) {
  (void)state;
  struct k8sm_demand_options options = {
      .size = sizeof options, .nonce = "n1", .flags = K8SM_DEMAND_HOST_FILESYSTEM | K8SM_DEMAND_NO_LIMITS};
  struct k8sm_pod *pod = pods_parse("", "{'containers':[{'name':'c','image':'i','command':['sleep','9'],"
                                        "'volumeMounts':[{'name':'v','mountPath':'/a/b'}]}],"
                                        "'volumes':[{'name':'v','emptyDir':{}}]}");
  struct k8sm_demand *d = NULL;
  struct findings f;
  assert_int_equal(k8sm_demand_make(pod, &options, &d, findings_init(&f)), K8SM_OK);
  assert_int_equal(d->tasks[1].image.len, 0);
  assert_int_equal(d->features, K8SM_FEATURE_SANDBOX_PATH);
  assert_slice(d->tasks[1].mounts[0].container_path, "a/b");
  assert_non_null(findings_at(&f, "spec.containers[0].image"));
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
  d = NULL;
  pod = pods_parse("", "{'containers':[{'name':'c','image':'i'}]}");
  assert_int_equal(k8sm_demand_make(pod, &options, &d, findings_init(&f)), K8SM_ERR_UNSUPPORTED);
  assert_non_null(findings_at(&f, "spec.containers[0].command"));
  assert_null(d);
  k8sm_pod_unref(pod);
}

static void options_are_checked(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse("", PODS_NGINX);
  struct k8sm_demand *d = NULL;
  struct findings f;
  static const char *const nonces[] = {NULL, "", "a.b", "a b", "0123456789012345678901234567890123456789"};
  for (size_t i = 0; i < sizeof nonces / sizeof nonces[0]; i++) {
    struct k8sm_demand_options options = {.size = sizeof options, .nonce = nonces[i]};
    assert_int_equal(k8sm_demand_make(pod, &options, &d, findings_init(&f)), K8SM_ERR_INVALID);
    assert_int_equal(f.rows[0].code, K8SM_DIAG_OPTION_INVALID);
  }
  k8sm_pod_unref(pod);
  const char *json = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\"},"
                     "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";
  struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
  assert_int_equal(k8sm_pod_parse(json, strlen(json), NULL, &pod, NULL), K8SM_OK);
  assert_int_equal(k8sm_demand_make(pod, &options, &d, findings_init(&f)), K8SM_ERR_INVALID);
  assert_non_null(findings_at(&f, "metadata.uid"));
  assert_null(d);
  k8sm_pod_unref(pod);
}

static void resumed_demands_launch_what_they_are_told(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_STAGES, 0), *r = NULL, *again = NULL;
  struct k8sm_launch launches[] = {{3, 4}, {0, 1}};
  char text[300];
  const struct k8sm_slice executor = pods_executor(&text, PODS_UID, 0, K8SM_MAPPING_VERSION);
  struct k8sm_resume_options options = {.size = sizeof options,
                                        .agent_id = "S1",
                                        .nonce = "n2",
                                        .executor = executor.ptr,
                                        .executor_len = executor.len,
                                        .launches = launches,
                                        .launch_count = 2,
                                        .launch_size = sizeof launches[0]};
  struct k8sm_demand_budget budget = {.size = sizeof budget};
  assert_int_equal(k8sm_demand_resume(d, &options, &r, NULL), K8SM_OK);
  k8sm_demand_unref(d); /* what it holds lives on */
  assert_int_equal(k8sm_demand_get_budget(r, &budget), K8SM_OK);
  assert_int_equal(budget.cpus_milli + budget.mem_milli + budget.disk_milli, 0);
  struct k8sm_demand_task rows[4];
  assert_int_equal(k8sm_demand_tasks(r, 0, rows, sizeof rows[0], 4), 4);
  static const uint32_t launch[] = {1, 0, 0, 1}, restart[] = {1, 0, 0, 4};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(rows[i].launch, launch[i]);
    assert_int_equal(rows[i].restart, restart[i]);
  }
  assert_slice(rows[3].container, "app");
  assert_slice(r->agent_id, "S1");
  options.launch_count = 1;
  assert_int_equal(k8sm_demand_resume(r, &options, &again, NULL),
                   K8SM_ERR_INVALID); /* the nonce that it has */
  options.nonce = "n1";
  assert_int_equal(k8sm_demand_resume(r, &options, &again, NULL), K8SM_ERR_INVALID); /* that of the first */
  options.nonce = "n3";
  assert_int_equal(k8sm_demand_resume(r, &options, &again, NULL), K8SM_OK);
  k8sm_demand_unref(r);
  assert_slice(again->tasks[2].container, "proxy");
  assert_false(again->tasks[0].launch);
  launches[0].task = 9;
  assert_int_equal(k8sm_demand_resume(again, &options, &r, NULL), K8SM_ERR_INVALID);
  launches[0].task = 1;
  options.nonce = "";
  assert_int_equal(k8sm_demand_resume(again, &options, &r, NULL), K8SM_ERR_INVALID);
  k8sm_demand_unref(again);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse(
      ",'labels':{'a':'b'}",
      "{'nodeSelector':{'d':'ssd'},'initContainers':[{'name':'i','image':'i','command':['x','$(A)'],"
      "'env':[{'name':'A','value':'1'},{'name':'B','value':'$(A)$(A)'}]}],"
      "'containers':[{'name':'c','image':'i','command':['x'],'workingDir':'/w','ports':[{'containerPort':1}],"
      "'volumeMounts':[{'name':'v','mountPath':'/v'},{'name':'d','mountPath':'/d'}]}],"
      "'volumes':[{'name':'v','emptyDir':{}},{'name':'d','downwardAPI':{'items':[{'path':'n',"
      "'fieldRef':{'fieldPath':'metadata.labels'}}]}}]}");
  size_t n = 1;
  for (;; n++) {
    struct failing failing;
    struct k8sm_demand *d = NULL;
    failing_init(&failing, n);
    struct k8sm_demand_options options = {
        .size = sizeof options, .nonce = "n1", .allocator = &failing.allocator};
    int result = k8sm_demand_make(pod, &options, &d, NULL);
    if (result == K8SM_OK) {
      k8sm_demand_unref(d);
      assert_int_equal(failing.held, 0);
      break;
    }
    assert_int_equal(result, K8SM_ERR_NOMEM);
    assert_null(d);
    assert_int_equal(failing.held, 0);
  }
  assert_true(n > 3);
  k8sm_pod_unref(pod);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nginx_is_an_executor_a_pause_task_and_a_container),
      cmocka_unit_test(budgets),
      cmocka_unit_test(the_original_defaults),
      cmocka_unit_test(other_defaults_and_none),
      cmocka_unit_test(limits_are_never_below_the_token),
      cmocka_unit_test(limits_are_those_of_the_kubelet),
      cmocka_unit_test(stages_are_init_sidecar_main),
      cmocka_unit_test(probes),
      cmocka_unit_test(capabilities),
      cmocka_unit_test(the_host_file_system),
      cmocka_unit_test(options_are_checked),
      cmocka_unit_test(resumed_demands_launch_what_they_are_told),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
