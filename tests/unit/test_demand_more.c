/* SPDX-License-Identifier: Apache-2.0 */
/* Policies by field, networks, volumes of drivers, and probes as commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/pods.h"

static int make(const char *metadata, const char *spec, struct k8sm_demand_options *options,
                struct k8sm_demand **ret, struct findings *f) {
  struct k8sm_pod *pod = pods_parse(metadata, spec);
  options->size = sizeof *options;
  options->nonce = "n1";
  *ret = NULL;
  int result = k8sm_demand_make(pod, options, ret, findings_init(f));
  k8sm_pod_unref(pod);
  return result;
}

/* ---- What is done ---- */

static void what_is_done_is_left_out(void **state) {
  static const char pod[] =
      "{'restartPolicy':'OnFailure','containers':[{'name':'a','image':'i'},{'name':'b','image':'i'}]}";
  static const struct {
    const char *done[2];
    size_t count;
    bool good;
  } cases[] = {{{NULL, NULL}, 0, true}, {{"a", NULL}, 1, true}, {{"x", NULL}, 1, false},
               {{"a", "a"}, 2, false},  {{"a", "b"}, 2, false}, {{"a", NULL}, 2, false}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    struct k8sm_demand *demand;
    struct k8sm_demand_task rows[4];
    struct k8sm_demand_options o = {.done = cases[i].done, .done_count = cases[i].count};
    assert_int_equal(make("", pod, &o, &demand, &f), cases[i].good ? K8SM_OK : K8SM_ERR_INVALID);
    if (!cases[i].good)
      assert_non_null(strstr(f.text + f.rows[0].message, "expected those of some of them, each once"));
    if (!cases[i].good) continue;
    assert_int_equal(k8sm_demand_tasks(demand, 0, rows, sizeof rows[0], 4), 3);
    assert_int_equal(rows[0].launch, 1);
    assert_int_equal(rows[1].launch, cases[i].count == 0);
    assert_int_equal(rows[2].launch, 1);
    k8sm_demand_unref(demand);
  }
}

/* ---- Policies ---- */

static const char policy_pod[] =
    "{'containers':[{'name':'c','image':'i','lifecycle':{'preStop':{'exec':{'command':['x']}}},"
    "'securityContext':{'privileged':true,'runAsUser':1000}}],'hostAliases':[{'ip':'1.2.3.4'}]}";

static void policies_loosen_and_tighten(void **state) {
  (void)state;
  static const struct {
    struct k8sm_field_policy rows[4];
    size_t count;
    int result;
    const char *refused; /* the path of a refusal; NULL: none */
  } cases[] = {
      {{{0}}, 0, K8SM_ERR_UNSUPPORTED, "spec.hostAliases"},
      {{{"spec.hostAliases", K8SM_POLICY_WARN, 0}},
       1,
       K8SM_ERR_UNSUPPORTED,
       "spec.containers[0].securityContext.privileged"},
      {{{"spec.hostAliases", K8SM_POLICY_WARN, 0}, {"spec.containers.securityContext", K8SM_POLICY_WARN, 0}},
       2,
       K8SM_OK,
       NULL},
      {{{"spec", K8SM_POLICY_WARN, 0}}, 1, K8SM_OK, NULL},
      {{{"spec", K8SM_POLICY_WARN, 0}, {"spec.containers.lifecycle.preStop", K8SM_POLICY_REFUSE, 0}},
       2,
       K8SM_ERR_UNSUPPORTED,
       "spec.containers[0].lifecycle.preStop"},
      {{{"spec.containers.lifecycle", K8SM_POLICY_REFUSE, 0},
        {"spec.containers.lifecycle.preStop", K8SM_POLICY_WARN, 0},
        {"spec", K8SM_POLICY_WARN, 0}},
       3,
       K8SM_OK,
       NULL},
      {{{"spec.host", K8SM_POLICY_REFUSE, 0}}, 1, K8SM_ERR_INVALID, NULL},
      {{{"spec.containers[0].image", K8SM_POLICY_REFUSE, 0}}, 1, K8SM_ERR_INVALID, NULL},
      {{{"spec.hostNetwork.x", K8SM_POLICY_REFUSE, 0}}, 1, K8SM_ERR_INVALID, NULL},
      {{{"spec.hostAliases", 3, 0}}, 1, K8SM_ERR_INVALID, NULL},
      {{{NULL, K8SM_POLICY_REFUSE, 0}}, 1, K8SM_ERR_INVALID, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_demand_options o = {
        .policies = cases[i].rows, .policy_count = cases[i].count, .policy_size = sizeof cases[i].rows[0]};
    struct k8sm_demand *d;
    struct findings f;
    assert_int_equal(make("", policy_pod, &o, &d, &f), cases[i].result);
    if (cases[i].refused != NULL)
      assert_int_equal(findings_at(&f, cases[i].refused)->code, K8SM_DIAG_TASK_FIELD_REFUSED);
    if (cases[i].result == K8SM_OK) {
      const struct k8sm_diag *row = findings_at(&f, "spec.hostAliases");
      assert_int_equal(row->code, K8SM_DIAG_TASK_FIELD_IGNORED);
      assert_int_equal(row->severity, K8SM_SEVERITY_WARNING);
      assert_int_equal(d->tasks[1].user.len, 0);
      k8sm_demand_unref(d);
    }
  }
}

/* Every warning is one that a policy makes a refusal, that of a startup probe too. */
static void warnings_become_refusals(void **state) {
  (void)state;
  static const char *const paths[] = {"spec", "spec.containers", "spec.containers.startupProbe"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    const struct k8sm_field_policy row = {paths[i], K8SM_POLICY_REFUSE, 0};
    struct k8sm_demand_options o = {.policies = &row, .policy_count = 1, .policy_size = sizeof row};
    struct k8sm_demand *d;
    struct findings f;
    assert_int_equal(
        make("", "{'containers':[{'name':'c','startupProbe':{'tcpSocket':{'port':1}}}]}", &o, &d, &f),
        K8SM_ERR_UNSUPPORTED);
    for (size_t k = 0; k < f.diags.count; k++)
      if (i == 0) assert_int_equal(f.rows[k].severity, K8SM_SEVERITY_ERROR);
    assert_int_equal(findings_at(&f, "spec.containers[0].startupProbe")->code, K8SM_DIAG_TASK_FIELD_REFUSED);
  }
}

/* What nothing can run with is refused, whatever the policy. */
static void some_things_cannot_be_loosened(void **state) {
  (void)state;
  const struct k8sm_field_policy all = {"spec", K8SM_POLICY_WARN, 0};
  struct k8sm_demand_options o = {.policies = &all, .policy_count = 1, .policy_size = sizeof all};
  struct k8sm_demand *d;
  struct findings f;
  assert_int_equal(
      make("", "{'containers':[{'name':'c','livenessProbe':{'tcpSocket':{'port':'none'}}}]}", &o, &d, &f),
      K8SM_ERR_UNSUPPORTED);
  assert_non_null(findings_at(&f, "spec.containers[0].livenessProbe.tcpSocket.port"));
}

/* ---- Networks ---- */

static void pods_on_a_network_have_their_name_as_hostname(void **state) {
  static const struct {
    const char *name;
    const char *hostname; /* at most 63 bytes, as the kubelet cuts it */
  } rows[] = {
      {"web-0", "web-0"},
      {"a23456789-123456789-123456789-123456789-123456789-123456789-1234",
       "a23456789-123456789-123456789-123456789-123456789-123456789-123"},
      {"a23456789-123456789-123456789-123456789-123456789-123456789-1--x",
       "a23456789-123456789-123456789-123456789-123456789-123456789-1"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1", .network = "calico"};
    struct k8sm_demand *d = NULL;
    struct k8sm_pod *pod = NULL;
    char text[300];
    snprintf(text, sizeof text,
             "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"uid\":\"u\"},\"spec\":{"
             "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
             rows[i].name);
    assert_int_equal(k8sm_pod_parse(text, strlen(text), NULL, &pod, NULL), K8SM_OK);
    assert_int_equal(k8sm_demand_make(pod, &o, &d, NULL), K8SM_OK);
    assert_true(k8smi_eqs(d->hostname, rows[i].hostname));
    k8sm_demand_unref(d);
    o.network = NULL;
    assert_int_equal(k8sm_demand_make(pod, &o, &d, NULL), K8SM_OK);
    assert_int_equal(d->hostname.len, 0);
    k8sm_demand_unref(d);
    k8sm_pod_unref(pod);
  }
}

#define NETWORK ",'annotations':{'k8s.mesosphere.io/network':'weave','k8s.mesosphere.io/network-labels':"

static void pods_have_networks(void **state) {
  (void)state;
  static const char spec[] = "{'hostname':'h','containers':[{'name':'c'}]}";
  struct k8sm_demand_options o = {.network = "calico"};
  struct k8sm_demand *d;
  struct findings f;
  assert_int_equal(make("", spec, &o, &d, &f), K8SM_OK);
  assert_string_equal(d->network.ptr, "calico");
  assert_true(d->features & K8SM_FEATURE_CNI);
  assert_null(findings_at(&f, "spec.hostNetwork"));
  assert_null(findings_at(&f, "spec.hostname"));
  k8sm_demand_unref(d);
  assert_int_equal(make(NETWORK "'a=b,c='}", spec, &o, &d, &f), K8SM_OK);
  assert_string_equal(d->network.ptr, "weave");
  assert_int_equal(d->network_labels.count, 2);
  assert_string_equal(d->network_labels.items[1].key.ptr, "c");
  assert_int_equal(d->network_labels.items[1].value.len, 0);
  k8sm_demand_unref(d);
  assert_int_equal(make("", "{'hostNetwork':true,'containers':[{'name':'c'}]}", &o, &d, &f), K8SM_OK);
  assert_int_equal(d->network.len, 0);
  k8sm_demand_unref(d);
  assert_int_equal(make(NETWORK "'a'}", spec, &o, &d, &f), K8SM_ERR_UNSUPPORTED);
  assert_non_null(findings_at(&f, "metadata.annotations[k8s.mesosphere.io/network-labels]"));
  assert_int_equal(make(NETWORK "''}", "{'hostNetwork':true,'containers':[{'name':'c'}]}", &o, &d, &f),
                   K8SM_ERR_UNSUPPORTED);
  assert_non_null(findings_at(&f, "metadata.annotations[k8s.mesosphere.io/network]"));
  /* its address is not known before it runs */
  assert_int_equal(make("",
                        "{'containers':[{'name':'c','env':[{'name':'IP','valueFrom':{'fieldRef':{'fieldPath':"
                        "'status.podIP'}}}]}]}",
                        &o, &d, &f),
                   K8SM_ERR_UNSUPPORTED);
}

/* ---- Volumes of drivers ---- */

#define MOUNTING(volume, more)                                                                               \
  "{'containers':[{'name':'c','volumeMounts':[{'name':'v','mountPath':'/d'" more                             \
  "}]}],'volumes':[{'name':'v'," volume "}]}"

#define SHARED_CSI      "{'name':'v','csi':{'driver':'d','volumeAttributes':{'volumeId':'x'}}}"
#define SHARED_DOCKER   "{'name':'v','flexVolume':{'driver':'docker/d'}}"
#define SHARER(n, more) "{'name':'" n "','image':'i','volumeMounts':[{'name':'v','mountPath':'/v'" more "}]}"

/* A CSI volume is published for reading or for writing, a Docker volume only mounted so. */
static void containers_share_a_volume_of_a_driver(void **state) {
#define READS ",'readOnly':true"
  static const struct {
    const char *spec;
    bool first, second; /* whether they only read */
    bool told;
  } rows[] = {
      {"{'volumes':[" SHARED_CSI "],'containers':[" SHARER("a", READS) "," SHARER("b", "") "]}", false, false,
       true},
      {"{'volumes':[" SHARED_CSI "],'containers':[" SHARER("a", READS) "," SHARER("b", READS) "]}", true,
       true, false},
      {"{'volumes':[" SHARED_CSI "],'containers':[" SHARER("a", "") "," SHARER("b", "") "]}", false, false,
       false},
      {"{'volumes':[" SHARED_DOCKER "],'containers':[" SHARER("a", READS) "," SHARER("b", "") "]}", true,
       false, false},
      {"{'volumes':[" SHARED_CSI
       "],'initContainers':[" SHARER("i", "") "],'containers':[" SHARER("a", READS) "]}",
       false, false, true},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct k8sm_demand_options o = {0};
    struct k8sm_demand *d;
    struct findings f;
    assert_int_equal(make("", rows[i].spec, &o, &d, &f), K8SM_OK);
    assert_int_equal(d->tasks[1].mounts[0].read_only, rows[i].first);
    assert_int_equal(d->tasks[2].mounts[0].read_only, rows[i].second);
    assert_int_equal(findings_at(&f, "spec.containers[0].volumeMounts[0].readOnly") != NULL, rows[i].told);
    k8sm_demand_unref(d);
  }
}

static void volumes_of_drivers(void **state) {
  (void)state;
  struct k8sm_demand_options o = {0};
  struct k8sm_demand *d;
  struct findings f;
  assert_int_equal(
      make("",
           MOUNTING(
               "'flexVolume':{'driver':'docker/rexray','readOnly':true,'options':{'volume':'db','size':'5'}}",
               ""),
           &o, &d, &f),
      K8SM_OK);
  const struct k8smi_demand_mount *m = &d->tasks[1].mounts[0];
  assert_int_equal(m->kind, K8SMI_VOLUME_DOCKER);
  assert_true(m->read_only && (d->features & K8SM_FEATURE_DOCKER_VOLUMES));
  assert_string_equal(m->remote->volume.ptr, "db");
  assert_int_equal(m->remote->driver.len, 6);
  assert_int_equal(m->remote->options.count, 1);
  k8sm_demand_unref(d);
  assert_int_equal(
      make("",
           MOUNTING("'csi':{'driver':'nfs.csi','fsType':'ext4','volumeAttributes':{'volumeId':'v7',"
                    "'share':'/x'}}",
                    ""),
           &o, &d, &f),
      K8SM_OK);
  m = &d->tasks[1].mounts[0];
  assert_int_equal(m->kind, K8SMI_VOLUME_CSI);
  assert_true(!m->read_only && (d->features & K8SM_FEATURE_CSI));
  assert_string_equal(m->remote->volume.ptr, "v7");
  k8sm_demand_unref(d);
  static const struct {
    const char *spec, *path;
  } bad[] = {
      {MOUNTING("'flexVolume':{'driver':'acme/nfs'}", ""), "spec.volumes[0].flexVolume"},
      {MOUNTING("'csi':{'driver':'nfs.csi'}", ""), "spec.volumes[0].csi"},
      {MOUNTING("'csi':{'driver':'nfs.csi','volumeAttributes':{'volumeId':'v'}}", ",'subPath':'a'"),
       "spec.containers[0].volumeMounts[0].subPath"},
      {"{'containers':[{'name':'c','image':'i','volumeMounts':[{'name':'v','mountPath':'/a'},{'name':'v',"
       "'mountPath':'/b'}]}],'volumes':[" SHARED_CSI "]}",
       "spec.containers[0].volumeMounts[1]"}, /* an agent takes it for a mistake */
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(make("", bad[i].spec, &o, &d, &f), K8SM_ERR_UNSUPPORTED);
    assert_non_null(findings_at(&f, bad[i].path));
  }
}

/* ---- Probes ---- */

static const char probe_pod[] =
    "{'containers':[{'name':'c','livenessProbe':{'httpGet':{'port':80,'path':'/"
    "l','httpHeaders':[{'name':'Host',"
    "'value':'x.example'}]}},'readinessProbe':{'httpGet':{'port':443,'scheme':'HTTPS'}}},"
    "{'name':'d','livenessProbe':{'grpc':{'port':9000,'service':'s'}},"
    "'readinessProbe':{'httpGet':{'port':80}}},"
    "{'name':'e','livenessProbe':{'grpc':{'port':9000,'service':'','mode':'TLS'}}}]}";

static void probes_become_commands_where_asked(void **state) {
  (void)state;
  struct k8sm_demand_options o = {0};
  struct k8sm_demand *d;
  struct findings f;
  assert_int_equal(make("", probe_pod, &o, &d, &f), K8SM_OK);
  assert_int_equal(d->tasks[1].liveness.kind, K8SMI_CHECK_HTTP);
  assert_int_equal(d->tasks[1].readiness.kind, K8SMI_CHECK_TCP);
  assert_int_equal(d->tasks[2].liveness.kind, K8SMI_CHECK_TCP);
  assert_non_null(findings_at(&f, "spec.containers[0].livenessProbe.httpGet.httpHeaders"));
  assert_non_null(findings_at(&f, "spec.containers[1].livenessProbe.grpc"));
  k8sm_demand_unref(d);
  o.flags = K8SM_DEMAND_COMMAND_PROBES;
  assert_int_equal(make("", probe_pod, &o, &d, &f), K8SM_OK);
  struct k8smi_strings words = d->tasks[1].liveness.command;
  assert_int_equal(d->tasks[1].liveness.kind, K8SMI_CHECK_COMMAND);
  assert_int_equal(words.count, 6);
  assert_string_equal(words.items[0].ptr, "sh");
  assert_string_equal(words.items[4].ptr, "http://127.0.0.1:80/l");
  assert_string_equal(words.items[5].ptr, "Host: x.example");
  words = d->tasks[1].readiness.command;
  assert_int_equal(words.count, 5);
  assert_string_equal(words.items[4].ptr, "https://127.0.0.1:443/");
  words = d->tasks[2].liveness.command;
  assert_int_equal(words.count, 3);
  assert_string_equal(words.items[0].ptr, "grpc_health_probe");
  assert_string_equal(words.items[1].ptr, "-addr=127.0.0.1:9000");
  assert_string_equal(words.items[2].ptr, "-service=s");
  assert_int_equal(d->tasks[2].readiness.kind, K8SMI_CHECK_HTTP); /* that one Mesos can do */
  words = d->tasks[3].liveness.command;
  assert_int_equal(words.count, 4);
  assert_string_equal(words.items[2].ptr, "-tls");
  assert_string_equal(words.items[3].ptr, "-tls-no-verify");
  k8sm_demand_unref(d);
}

/* The script that stands in for an HTTP check, with a curl and a wget that say what they were told. */
static void the_script_tells_its_headers(void **state) {
  (void)state;
  static const char *const tools[] = {"curl() { printf '%s|' \"$@\"; }; wget() { :; }; ",
                                      "PATH=/nowhere; wget() { printf '%s|' \"$@\"; }; "};
  static const char *const said[] = {"-fsSk|-o|/dev/null|-H|A: b c|-H|D: e|http://127.0.0.1:80/|",
                                     "-q|-O|/dev/null|--no-check-certificate|--header|A: b c|--header|D: e|"
                                     "http://127.0.0.1:80/|"};
  struct k8sm_demand_options o = {.flags = K8SM_DEMAND_COMMAND_PROBES};
  struct k8sm_demand *d;
  struct findings f;
  assert_int_equal(make("",
                        "{'containers':[{'name':'c','livenessProbe':{'httpGet':{'port':80,'httpHeaders':["
                        "{'name':'A','value':'b c'},{'name':'D','value':'e'}]}}}]}",
                        &o, &d, &f),
                   K8SM_OK);
  const struct k8smi_strings words = d->tasks[1].liveness.command;
  for (size_t i = 0; i < 2; i++) {
    char script[2048], line[256] = "";
    snprintf(script, sizeof script, "set -- '%s' '%s' '%s'; %s%s", words.items[4].ptr, words.items[5].ptr,
             words.items[6].ptr, tools[i], words.items[2].ptr);
    for (char *at; (at = strstr(script, "exec ")) != NULL;)
      memset(at, ' ', 5); /* functions are not executed */
    FILE *out = popen(script, "r");
    assert_non_null(out);
    if (fgets(line, sizeof line, out) == NULL) line[0] = '\0';
    pclose(out);
    assert_string_equal(line, said[i]);
  }
  k8sm_demand_unref(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_done_is_left_out),
      cmocka_unit_test(policies_loosen_and_tighten),
      cmocka_unit_test(warnings_become_refusals),
      cmocka_unit_test(some_things_cannot_be_loosened),
      cmocka_unit_test(pods_have_networks),
      cmocka_unit_test(pods_on_a_network_have_their_name_as_hostname),
      cmocka_unit_test(volumes_of_drivers),
      cmocka_unit_test(containers_share_a_volume_of_a_driver),
      cmocka_unit_test(probes_become_commands_where_asked),
      cmocka_unit_test(the_script_tells_its_headers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
