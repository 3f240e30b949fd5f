/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the fields of a PodSpec: resolved, mapped, or refused in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "demand/rules.h"
#include "support/pods.h"

#include <k8smesos/cluster.h>

#define assert_slice(slice, text)                                                                            \
  assert_true((slice).len == strlen(text) &&                                                                 \
              ((slice).len == 0 || memcmp((slice).ptr, (text), (slice).len) == 0))

static struct k8sm_demand *make_with_data(const char *metadata, const char *spec, struct findings *f) {
  static const struct k8sm_manifest_data data[] = {
      {{"ConfigMap", 9}, {"default", 7}, {"cm", 2}, {"b.key", 5}, {"two", 3}},
      {{"Secret", 6}, {"default", 7}, {"cm", 2}, {"other", 5}, {"hidden", 6}},
      {{"ConfigMap", 9}, {"other", 5}, {"cm", 2}, {"a", 1}, {"wrong namespace", 15}},
      {{"ConfigMap", 9}, {"default", 7}, {"cm", 2}, {"a", 1}, {"one", 3}},
      {{"Secret", 6}, {"default", 7}, {"pw", 2}, {"password", 8}, {"s3cret", 6}},
      {{"Secret", 6}, {"default", 7}, {"reg", 3}, {".dockerconfigjson", 17}, {"{}", 2}},
      {{"Secret", 6}, {"default", 7}, {"old", 3}, {".dockercfg", 10}, {"{\"r\":{}}", 8}},
  };
  struct k8sm_demand_options options = {.size = sizeof options,
                                        .nonce = "n1",
                                        .data = data,
                                        .data_count = sizeof data / sizeof data[0],
                                        .data_size = sizeof data[0]};
  struct k8sm_pod *pod = pods_parse(metadata, spec);
  struct k8sm_demand *d = NULL;
  assert_non_null(pod);
  (void)!k8sm_demand_make(pod, &options, &d, findings_init(f));
  k8sm_pod_unref(pod);
  return d;
}

static const struct k8smi_variable *env_of(const struct k8sm_demand *d, const char *name) {
  for (size_t i = 0; i < d->tasks[1].env_count; i++) {
    if (k8smi_eqs(d->tasks[1].env[i].name, name)) return &d->tasks[1].env[i];
  }
  return NULL;
}

static void environments_are_resolved(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = make_with_data(
      ",'labels':{'app':'shop','tier':'front'},'annotations':{'note':'hi'}",
      "{'nodeName':'n7','containers':[{'name':'c','resources':{'limits':{'cpu':'1500m','memory':'64Mi'}},"
      "'envFrom':[{'prefix':'P_','configMapRef':{'name':'cm'}},{'secretRef':{'name':'none','optional':true}}]"
      ","
      "'env':[{'name':'A','value':'x'},{'name':'B','value':'$(A)-$$(A)-$(NO)-$(P_a)-$'},{'name':'A','value':'"
      "y'},"
      "{'name':'UID','valueFrom':{'fieldRef':{'fieldPath':'metadata.uid'}}},"
      "{'name':'APP','valueFrom':{'fieldRef':{'fieldPath':'metadata.labels[`app`]'}}},"
      "{'name':'NODE','valueFrom':{'fieldRef':{'fieldPath':'spec.nodeName'}}},"
      "{'name':'CPU','valueFrom':{'resourceFieldRef':{'resource':'limits.cpu'}}},"
      "{'name':'MEM','valueFrom':{'resourceFieldRef':{'resource':'limits.memory','divisor':'1Mi'}}},"
      "{'name':'KEY','valueFrom':{'configMapKeyRef':{'name':'cm','key':'a'}}},"
      "{'name':'GONE','valueFrom':{'configMapKeyRef':{'name':'cm','key':'z','optional':true}}},"
      "{'name':'PW','valueFrom':{'secretKeyRef':{'name':'pw','key':'password'}}}]}]}",
      &f);
  assert_non_null(d);
  assert_slice(env_of(d, "A")->value, "y");
  assert_slice(env_of(d, "B")->value, "x-$(A)-$(NO)-one-$");
  assert_slice(env_of(d, "P_a")->value, "one");
  assert_slice(env_of(d, "P_b.key")->value, "two");
  assert_slice(env_of(d, "UID")->value, PODS_UID);
  assert_slice(env_of(d, "APP")->value, "shop");
  assert_slice(env_of(d, "NODE")->value, "n7");
  assert_slice(env_of(d, "CPU")->value, "2");
  assert_slice(env_of(d, "MEM")->value, "64");
  assert_slice(env_of(d, "KEY")->value, "one");
  assert_null(env_of(d, "GONE"));
  assert_slice(env_of(d, "PW")->value, "s3cret");
  assert_true(env_of(d, "PW")->secret);
  assert_true(d->features & K8SM_FEATURE_SECRETS);
  k8sm_demand_unref(d);
}

static void expansion_is_bounded(void **state) {
  (void)state;
  char spec[8192] = "{'containers':[{'name':'c','env':[{'name':'V0','value':'0123456789'}";
  for (int i = 1; i < 40; i++) {
    snprintf(spec + strlen(spec), sizeof spec - strlen(spec), ",{'name':'V%d','value':'$(V%d)$(V%d)'}", i,
             i - 1, i - 1);
  }
  strcat(spec, "]}]}");
  struct findings f;
  assert_null(make_with_data("", spec, &f));
  assert_true(f.diags.errors > 0);
}

static void mounts(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = make_with_data(
      "",
      "{'containers':[{'name':'c','image':'i','env':[{'name':'E','value':'deep'}],'volumeMounts':["
      "{'name':'tmp','mountPath':'/tmp/x'},{'name':'tmp','mountPath':'/y','subPathExpr':'$(E)/er'},"
      "{'name':'host','mountPath':'/logs','readOnly':true,'mountPropagation':'HostToContainer'},"
      "{'name':'conf','mountPath':'/etc/conf'},{'name':'pass','mountPath':'/etc/pw','subPath':'p/w'},"
      "{'name':'kube-api-access-x','mountPath':'/var/run/secrets/kubernetes.io/serviceaccount'},"
      "{'name':'mix','mountPath':'/mix/'}]}],"
      "'volumes':[{'name':'tmp','emptyDir':{'sizeLimit':'1Gi'}},{'name':'host','hostPath':{'path':'/var/"
      "log'}},"
      "{'name':'conf','configMap':{'name':'cm'}},"
      "{'name':'pass','secret':{'secretName':'pw','items':[{'key':'password','path':'p/w'}]}},"
      "{'name':'kube-api-access-x','projected':{'sources':[{'serviceAccountToken':{'path':'token'}}]}},"
      "{'name':'mix','projected':{'sources':[{'configMap':{'name':'cm','items':[{'key':'a','path':'a.txt'}]}}"
      ","
      "{'downwardAPI':{'items':[{'path':'name','fieldRef':{'fieldPath':'metadata.name'}}]}}]}}]}",
      &f);
  assert_non_null(d);
  static const struct {
    uint32_t kind;
    const char *target, *source, *value;
  } wanted[] = {
      {K8SMI_VOLUME_SANDBOX, "/tmp/x", "volumes/tmp", ""},
      {K8SMI_VOLUME_SANDBOX, "/y", "volumes/tmp/deep/er", ""},
      {K8SMI_VOLUME_HOST, "/logs", "/var/log", ""},
      {K8SMI_VOLUME_SECRET, "/etc/conf/a", "", "one"},
      {K8SMI_VOLUME_SECRET, "/etc/conf/b.key", "", "two"},
      {K8SMI_VOLUME_SECRET, "/etc/pw", "", "s3cret"},
      {K8SMI_VOLUME_SECRET, "/mix/a.txt", "", "one"},
      {K8SMI_VOLUME_SECRET, "/mix/name", "", "web"},
  };
  const struct k8smi_demand_task *t = &d->tasks[1];
  assert_int_equal(t->mount_count, sizeof wanted / sizeof wanted[0]);
  for (size_t i = 0; i < t->mount_count; i++) {
    assert_int_equal(t->mounts[i].kind, wanted[i].kind);
    assert_slice(t->mounts[i].container_path, wanted[i].target);
    assert_slice(t->mounts[i].source, wanted[i].source);
    assert_slice(t->mounts[i].value, wanted[i].value);
  }
  assert_true(t->mounts[2].read_only);
  assert_true(t->mounts[2].propagation != 0);
  assert_non_null(findings_at(&f, "spec.volumes[0].emptyDir.sizeLimit"));
  assert_non_null(findings_at(&f, "spec.containers[0].volumeMounts[5].name"));
  assert_int_equal(d->features, K8SM_FEATURE_IMAGES | K8SM_FEATURE_CGROUPS | K8SM_FEATURE_SANDBOX_PATH |
                                    K8SM_FEATURE_HOST_PATH | K8SM_FEATURE_SECRETS);
  k8sm_demand_unref(d);
}

/* "kind:path " of the first container, in their order. */
static void mounts_of(const struct k8sm_demand *d, char *text, size_t cap) {
  static const char *const kinds[] = {"", "sandbox", "host", "secret", "docker", "csi"};
  text[0] = '\0';
  for (size_t i = 0; i < d->tasks[1].mount_count; i++) {
    const struct k8smi_demand_mount *m = &d->tasks[1].mounts[i];
    bool place = k8smi_eqs(m->source, "/dev/null");
    snprintf(text + strlen(text), cap - strlen(text), "%s:%.*s ", place ? "place" : kinds[m->kind],
             (int)m->container_path.len, m->container_path.ptr);
  }
}

#define NESTED(path, volume) "{'name':'" volume "','mountPath':'" path "'}"

/* The outer ones first; a file in a directory has a place there, and what an agent would hide is refused. */
static void mounts_inside_of_others(void **state) {
  static const struct {
    const char *mounts, *order; /* NULL: refused */
    uint32_t features;
    const char *path; /* of a finding; NULL: none */
  } rows[] = {
      {NESTED("/a/b", "e") "," NESTED("/a", "f"), "sandbox:/a sandbox:/a/b ", 0, NULL},
      {NESTED("/a//b/", "e") "," NESTED("/a/", "f") "," NESTED("/ab", "h"),
       "sandbox:/a/ host:/ab sandbox:/a//b/ ", K8SM_FEATURE_HOST_PATH, NULL},
      {NESTED("/a/b", "h") "," NESTED("/a", "f"), "sandbox:/a host:/a/b ", K8SM_FEATURE_HOST_PATH, NULL},
      {NESTED("/a", "e") "," NESTED("/a/s", "s"), "sandbox:/a secret:/a/s/password place:/a/s/password ",
       K8SM_FEATURE_HOST_PATH | K8SM_FEATURE_SECRETS, NULL},
      {NESTED("/a", "c") "," NESTED("/a/s", "s"), "csi:/a secret:/a/s/password ",
       K8SM_FEATURE_CSI | K8SM_FEATURE_SECRETS, "spec.containers[0].volumeMounts[1].mountPath"},
      {"{'name':'e','mountPath':'/a','readOnly':true}," NESTED("/a/s", "s"),
       "sandbox:/a secret:/a/s/password ", K8SM_FEATURE_SECRETS,
       "spec.containers[0].volumeMounts[1].mountPath"},
      {NESTED("/h", "h") "," NESTED("/h/e", "e"), NULL, 0, "spec.containers[0].volumeMounts[1].mountPath"},
      {NESTED("/h/x/e", "e") "," NESTED("/h/x", "f") "," NESTED("/h", "h"), NULL, 0,
       "spec.containers[0].volumeMounts[0].mountPath"},
      {NESTED("/b", "e") "," NESTED("/a", "f"), "sandbox:/b sandbox:/a ", 0, NULL}, /* as they came */
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char spec[1024], order[256];
    struct findings f;
    snprintf(spec, sizeof spec,
             "{'hostNetwork':true,'securityContext':{'runAsUser':0},'containers':[{'name':'c','image':'i',"
             "'volumeMounts':[%s]}],'volumes':[{'name':'e','emptyDir':{}},{'name':'f','emptyDir':{}},"
             "{'name':'h','hostPath':{'path':'/h'}},{'name':'s','secret':{'secretName':'pw'}},"
             "{'name':'c','csi':{'driver':'d','volumeAttributes':{'volumeId':'x'}}}]}",
             rows[i].mounts);
    struct k8sm_demand *d = make_with_data("", spec, &f);
    if ((d != NULL) != (rows[i].order != NULL)) fail_msg("%s: %s", rows[i].mounts, f.text);
    assert_int_equal(f.diags.count > 0, rows[i].path != NULL);
    if (rows[i].path != NULL) assert_non_null(findings_at(&f, rows[i].path));
    if (d == NULL) continue;
    mounts_of(d, order, sizeof order);
    assert_string_equal(order, rows[i].order);
    uint32_t always = K8SM_FEATURE_IMAGES | K8SM_FEATURE_CGROUPS | K8SM_FEATURE_SANDBOX_PATH;
    assert_int_equal(d->features | K8SM_FEATURE_SANDBOX_PATH, always | rows[i].features);
    k8sm_demand_unref(d);
  }
}

static void words_of(const struct k8sm_demand *d, char *text, size_t cap) {
  text[0] = '\0';
  for (size_t i = 0; i < d->tasks[1].argv.count; i++) {
    struct k8sm_slice w = d->tasks[1].argv.items[i];
    snprintf(text + strlen(text), cap - strlen(text), "[%.*s]", (int)w.len, w.ptr);
  }
}

static void commands(void **state) {
  (void)state;
  static const struct {
    const char *metadata, *container, *words;
    bool has_value;
  } cases[] = {
      {"", "'image':'i'", "", false},
      {"", "'image':'i','command':['/bin/x','-v'],'args':['$(A)','$$(A)'],'env':[{'name':'A','value':'1'}]",
       "[/bin/x][-v][1][$(A)]", true},
      {",'annotations':{'entrypoint.k8smesos/c':'/kube-dns  --x'}", "'image':'i','args':['--y']",
       "[/kube-dns][--x][--y]", true},
      {"", "'image':'i','command':['ls'],'workingDir':'/srv'",
       "[sh][-c][cd \"$1\" && shift && exec \"$@\"][sh][/srv][ls]", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char spec[1024], words[1024];
    struct findings f;
    snprintf(spec, sizeof spec, "{'containers':[{'name':'c',%s}]}", cases[i].container);
    struct k8sm_demand *d = make_with_data(cases[i].metadata, spec, &f);
    assert_non_null(d);
    words_of(d, words, sizeof words);
    assert_string_equal(words, cases[i].words);
    assert_int_equal(d->tasks[1].has_value, cases[i].has_value);
    k8sm_demand_unref(d);
  }
}

static void pull_secrets_and_policy(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = make_with_data(
      "",
      "{'imagePullSecrets':[{'name':'reg'},{'name':'none'}],'containers':[{'name':'c','image':'i:latest'}]}",
      &f);
  assert_slice(d->tasks[1].pull_config, "{}");
  assert_true(d->tasks[1].pull_always); /* the default of the tag latest */
  assert_non_null(findings_at(&f, "spec.imagePullSecrets[1]"));
  k8sm_demand_unref(d);
  d = make_with_data("", "{'imagePullSecrets':[{'name':'old'}],'containers':[{'name':'c','image':'i'}]}", &f);
  assert_slice(d->tasks[1].pull_config, "{\"r\":{}}");
  assert_null(findings_at(&f, "spec.imagePullSecrets[0]"));
  k8sm_demand_unref(d);
}

static void probes_that_are_approximated(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d =
      make_with_data("",
                     "{'containers':[{'name':'c','image':'i','ports':[{'name':'web','containerPort':8443}],"
                     "'readinessProbe':{'httpGet':{'port':'web','scheme':'HTTPS'}},"
                     "'livenessProbe':{'grpc':{'port':9}},'startupProbe':{'exec':{'command':['true']}}}]}",
                     &f);
  assert_int_equal(d->tasks[1].readiness.kind, K8SMI_CHECK_TCP); /* checks speak no TLS */
  assert_int_equal(d->tasks[1].readiness.port, 8443);
  assert_int_equal(d->tasks[1].liveness.kind, K8SMI_CHECK_TCP);
  assert_int_equal(d->tasks[1].startup.kind, K8SMI_CHECK_COMMAND);
  assert_non_null(findings_at(&f, "spec.containers[0].readinessProbe.httpGet.scheme"));
  assert_non_null(findings_at(&f, "spec.containers[0].livenessProbe.grpc"));
  assert_non_null(findings_at(&f, "spec.containers[0].startupProbe"));
  k8sm_demand_unref(d);
}

static void what_cannot_be_mapped_is_refused_with_its_path(void **state) {
  (void)state;
  static const struct {
    const char *spec, *path;
    uint32_t code; /* 0: TASK_FIELD_REFUSED */
  } cases[] = {
      {"{'containers':[{'name':'c','image':'i','args':['--x']}]}", "spec.containers[0].args"},
      {"{'containers':[{'name':'c','image':'i','workingDir':'/x'}]}", "spec.containers[0].workingDir"},
      {"{'containers':[{'name':'c','securityContext':{'privileged':true}}]}",
       "spec.containers[0].securityContext.privileged"},
      {"{'containers':[{'name':'c','securityContext':{'runAsUser':1000}}]}",
       "spec.containers[0].securityContext.runAsUser"},
      {"{'securityContext':{'runAsUser':7},'containers':[{'name':'c'}]}", "spec.securityContext.runAsUser"},
      {"{'securityContext':{'runAsNonRoot':true},'containers':[{'name':'c'}]}",
       "spec.containers[0].securityContext.runAsNonRoot"},
      {"{'containers':[{'name':'c','lifecycle':{'postStart':{'exec':{'command':['x']}}}}]}",
       "spec.containers[0].lifecycle.postStart"},
      {"{'containers':[{'name':'c','resources':{'limits':{'storage':'1'}}}]}",
       "spec.containers[0].resources.limits[storage]"},
      {"{'containers':[{'name':'c','env':[{'name':'IP','valueFrom':{'fieldRef':{'fieldPath':'status.phase'}}}"
       "]}]}",
       "spec.containers[0].env[0].valueFrom.fieldRef", K8SM_DIAG_FIELD_UNSUPPORTED},
      {"{'containers':[{'name':'c','env':[{'name':'K','valueFrom':{'configMapKeyRef':{'name':'x','key':'y'}}}"
       "]}]}",
       "spec.containers[0].env[0].valueFrom.configMapKeyRef", K8SM_DIAG_FIELD_NOT_FOUND},
      {"{'containers':[{'name':'c','envFrom':[{'secretRef':{'name':'x'}}]}]}",
       "spec.containers[0].envFrom[0].secretRef", K8SM_DIAG_FIELD_NOT_FOUND},
      {"{'containers':[{'name':'c'}],'volumes':[{'name':'v','persistentVolumeClaim':{'claimName':'p'}}]}",
       "spec.volumes[0].persistentVolumeClaim.claimName", K8SM_DIAG_FIELD_NOT_FOUND},
      {"{'containers':[{'name':'c','volumeMounts':[{'name':'v','mountPath':'/v'}]}],"
       "'volumes':[{'name':'v','secret':{'secretName':'x'}}]}",
       "spec.volumes[0].secret", K8SM_DIAG_FIELD_NOT_FOUND},
      {"{'containers':[{'name':'c','volumeMounts':[{'name':'v','mountPath':'/v','subPathExpr':'$(U)'}],"
       "'env':[{'name':'U','value':'../up'}]}],'volumes':[{'name':'v','emptyDir':{}}]}",
       "spec.containers[0].volumeMounts[0].subPathExpr", K8SM_DIAG_FIELD_INVALID},
      {"{'containers':[{'name':'c','livenessProbe':{'tcpSocket':{'port':'none'}}}]}",
       "spec.containers[0].livenessProbe.tcpSocket.port"},
      {"{'containers':[{'name':'c','livenessProbe':{'httpGet':{'port':1,'host':'example.com'}}}]}",
       "spec.containers[0].livenessProbe.httpGet.host"},
      {"{'containers':[{'name':'c'}],'hostUsers':false}", "spec.hostUsers"},
      {"{'containers':[{'name':'c'}],'os':{'name':'windows'}}", "spec.os.name"},
      {"{'containers':[{'name':'c'}],'runtimeClassName':'kata'}", "spec.runtimeClassName"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
    struct k8sm_pod *pod = pods_parse("", cases[i].spec);
    struct k8sm_demand *d = NULL;
    struct findings f;
    assert_non_null(pod);
    /* what is only missing may come yet */
    uint32_t code = cases[i].code == 0 ? (uint32_t)K8SM_DIAG_TASK_FIELD_REFUSED : cases[i].code;
    assert_int_equal(k8sm_demand_make(pod, &options, &d, findings_init(&f)),
                     code == K8SM_DIAG_FIELD_NOT_FOUND ? K8SM_ERR_NOT_FOUND : K8SM_ERR_UNSUPPORTED);
    const struct k8sm_diag *row = findings_at(&f, cases[i].path);
    if (row == NULL) print_error("no finding at %s\n", cases[i].path);
    assert_non_null(row);
    assert_int_equal(row->code, code);
    if (f.diags.errors != 1) print_error("more than one error: %s\n", cases[i].spec);
    assert_int_equal(f.diags.errors, 1);
    k8sm_pod_unref(pod);
  }
}

static void what_is_lost_is_a_warning(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = make_with_data(
      "",
      "{'dnsPolicy':'None','priorityClassName':'high','tolerations':[{'operator':'Exists'}],'hostname':'h',"
      "'affinity':{'podAntiAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':1}]}},"
      "'containers':[{'name':'c','image':'i','stdin':true,'lifecycle':{'preStop':{'sleep':{'seconds':1}}},"
      "'terminationMessagePath':'/x','imagePullPolicy':'Never',"
      "'securityContext':{'readOnlyRootFilesystem':true,'allowPrivilegeEscalation':false}}]}",
      &f);
  static const char *const paths[] = {"spec.dnsPolicy",
                                      "spec.priorityClassName",
                                      "spec.hostname",
                                      "spec.hostNetwork",
                                      "spec.containers[0].stdin",
                                      "spec.containers[0].lifecycle.preStop",
                                      "spec.containers[0].terminationMessagePath",
                                      "spec.containers[0].imagePullPolicy",
                                      "spec.containers[0].securityContext.readOnlyRootFilesystem",
                                      "spec.containers[0].securityContext.allowPrivilegeEscalation",
                                      "spec.securityContext.runAsUser"};
  assert_non_null(d);
  assert_int_equal(f.diags.errors, 0);
  assert_int_equal(f.diags.count, sizeof paths / sizeof paths[0]);
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) assert_non_null(findings_at(&f, paths[i]));
  assert_null(findings_at(&f, "spec.tolerations"));
  assert_int_equal(findings_at(&f, "spec.dnsPolicy")->severity, K8SM_SEVERITY_WARNING);
  k8sm_demand_unref(d);
}

/* Each of these is a part of a field that is mapped. */
static void what_is_lost_of_a_mapped_field_is_a_warning(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = make_with_data(
      ",'labels':{'app':'shop','io.kubernetes.pod.uid':'forged','io.kubernetes.annotation/x':'y'},"
      "'annotations':{'rlimits.k8smesos/d':'nofile=1','entrypoint.k8smesos/d':'x','entrypoint.k8smesos/"
      "c':'x'}",
      "{'containers':[{'name':'c','image':'i','volumeMounts':["
      "{'name':'tmp','mountPath':'/a','mountPropagation':'HostToContainer'},"
      "{'name':'host','mountPath':'/b','mountPropagation':'HostToContainer','subPath':'x'},"
      "{'name':'conf','mountPath':'/c','mountPropagation':'Bidirectional'},"
      "{'name':'flex','mountPath':'/d','mountPropagation':'None'},"
      "{'name':'flex2','mountPath':'/e','mountPropagation':'HostToContainer'}]}],"
      "'volumes':[{'name':'tmp','emptyDir':{}},{'name':'host','hostPath':{'path':'/h'}},"
      "{'name':'conf','configMap':{'name':'cm','items':[{'key':'a','path':'a','user':5}]}},"
      "{'name':'flex','flexVolume':{'driver':'docker/d','fsType':'ext4','options':{'size':'1'}}},"
      "{'name':'flex2','flexVolume':{'driver':'docker/e'}}]}",
      &f);
  static const struct {
    const char *path;
    uint32_t severity;
  } rows[] = {{"metadata.labels[io.kubernetes.pod.uid]", K8SM_SEVERITY_NOTE},
              {"metadata.labels[io.kubernetes.annotation/x]", K8SM_SEVERITY_NOTE},
              {"metadata.annotations[rlimits.k8smesos/d]", K8SM_SEVERITY_WARNING},
              {"metadata.annotations[entrypoint.k8smesos/d]", K8SM_SEVERITY_WARNING},
              {"spec.containers[0].volumeMounts[0].mountPropagation", K8SM_SEVERITY_WARNING},
              {"spec.containers[0].volumeMounts[1].subPath", K8SM_SEVERITY_WARNING},
              {"spec.containers[0].volumeMounts[2].mountPropagation", K8SM_SEVERITY_WARNING},
              {"spec.volumes[2]", K8SM_SEVERITY_WARNING},
              {"spec.containers[0].volumeMounts[4].mountPropagation", K8SM_SEVERITY_WARNING},
              {"spec.volumes[3].flexVolume.fsType", K8SM_SEVERITY_WARNING},
              {"spec.hostNetwork", K8SM_SEVERITY_WARNING},
              {"spec.securityContext.runAsUser", K8SM_SEVERITY_NOTE}};
  enum { ROWS = sizeof rows / sizeof rows[0] };
  assert_non_null(d);
  assert_int_equal(f.diags.count, ROWS);
  for (size_t i = 0; i < ROWS; i++) {
    const struct k8sm_diag *found = findings_at(&f, rows[i].path);
    if (found == NULL) fail_msg("no finding at %s", rows[i].path);
    assert_int_equal(found->severity, rows[i].severity);
  }
  assert_int_equal(d->labels.count, 4); /* three of ours, and one of the pod's */
  assert_int_equal(d->tasks[1].mounts[3].remote->options.count, 1);
  k8sm_demand_unref(d);
}

/* Users by number have the names that the options give them; root needs none. */
/* An agent makes them for the user of the framework, as whom the executor runs. */
static void who_else_writes_to_directories(void **state) {
  (void)state;
  static const struct k8sm_demand_user users[] = {{7, "app"}};
  static const struct {
    const char *uid, *mount, *volume;
    bool command, told;
  } cases[] = {
      {"7", "", "'emptyDir':{}", false, true},  {"7", ",'readOnly':true", "'emptyDir':{}", false, false},
      {"0", "", "'emptyDir':{}", false, false}, {"7", "", "'hostPath':{'path':'/x'}", false, false},
      {"7", "", "'emptyDir':{}", true, false}, /* in its own sandbox */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char spec[512];
    struct findings f;
    struct k8sm_demand *d = NULL;
    const struct k8sm_demand_options o = {.size = sizeof o,
                                          .nonce = "n1",
                                          .users = users,
                                          .user_count = 1,
                                          .user_size = sizeof users[0],
                                          .form = cases[i].command ? K8SM_FORM_COMMAND : K8SM_FORM_AUTO};
    snprintf(
        spec, sizeof spec,
        "{'restartPolicy':'Never','containers':[{'name':'c','image':'i','securityContext':{'runAsUser':%s},"
        "'volumeMounts':[{'name':'v','mountPath':'/v'%s}]}],'volumes':[{'name':'v',%s}]}",
        cases[i].uid, cases[i].mount, cases[i].volume);
    struct k8sm_pod *pod = pods_parse("", spec);
    assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_OK);
    assert_int_equal((d->features & K8SM_FEATURE_VOLUME_GIDS) != 0, cases[i].told);
    const struct k8sm_diag *found = findings_at(&f, "spec.containers[0].volumeMounts[0]");
    assert_int_equal(found != NULL, cases[i].told);
    if (found != NULL)
      assert_non_null(strstr(f.text + found->message, "'app' can write to it on agents with"));
    k8sm_demand_unref(d);
    k8sm_pod_unref(pod);
  }
}

static void users_have_names(void **state) {
  (void)state;
  static const struct k8sm_demand_user users[] = {{33, "www"}, {1000, "app"}};
  static const char spec[] =
      "{'securityContext':{'runAsUser':1000,'runAsNonRoot':true},'containers':[{'name':'a'},"
      "{'name':'b','securityContext':{'runAsUser':33}},"
      "{'name':'c','securityContext':{'runAsUser':0}}]}";
  struct k8sm_demand_options o = {
      .size = sizeof o, .nonce = "n1", .users = users, .user_count = 2, .user_size = sizeof users[0]};
  struct k8sm_pod *pod = pods_parse("", spec);
  struct k8sm_demand *d = NULL;
  struct findings f;
  assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_OK);
  assert_slice(d->tasks[1].user, "app");
  assert_slice(d->tasks[2].user, "www");
  assert_slice(d->tasks[3].user, "root");
  k8sm_demand_unref(d);
  o.user_count = 1;
  assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_ERR_UNSUPPORTED);
  assert_int_equal(findings_at(&f, "spec.securityContext.runAsUser")->code, K8SM_DIAG_TASK_FIELD_REFUSED);
  static const struct k8sm_demand_user wrong[] = {{-1, "x"}, {5, ""}, {5, NULL}};
  for (size_t i = 0; i < 3; i++) {
    o.users = &wrong[i];
    assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_ERR_INVALID);
    assert_int_equal(f.rows[0].code, K8SM_DIAG_OPTION_INVALID);
  }
  k8sm_pod_unref(pod);
}

/* The container's own profile or else the pod's; one by name needs an agent that applies it. */
static void seccomp_profiles(void **state) {
  (void)state;
  static const char spec[] =
      "{'securityContext':{'seccompProfile':{'type':'Localhost','localhostProfile':'audit.json'}},"
      "'containers':[{'name':'a'},{'name':'b','securityContext':{'seccompProfile':{'type':'Unconfined'}}},"
      "{'name':'c','securityContext':{'seccompProfile':{'type':'RuntimeDefault'}}}]}";
  struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1"};
  struct k8sm_pod *pod = pods_parse("", spec);
  struct k8sm_demand *d = NULL;
  struct findings f;
  assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_OK);
  assert_slice(d->tasks[1].seccomp, "audit.json");
  assert_int_equal(d->tasks[0].seccomp.len + d->tasks[2].seccomp.len + d->tasks[3].seccomp.len, 0);
  assert_true(d->tasks[2].unconfined && !d->tasks[1].unconfined && !d->tasks[3].unconfined);
  assert_true(d->features & K8SM_FEATURE_SECCOMP);
  assert_non_null(findings_at(&f, "spec.containers[2].securityContext.seccompProfile.type"));
  assert_null(findings_at(&f, "spec.securityContext.seccompProfile.type"));
  assert_null(findings_at(&f, "spec.containers[1].securityContext.seccompProfile.type"));
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
}

static void rlimits_by_annotation(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t count; /* 0: refused */
  } cases[] = {{"nofile=10:20", 1},     {"nofile=10,core=unlimited,stack=1:18446744073709551615", 3},
               {"nofile=20:10", 0},     {"nofile", 0},
               {"nofile=", 0},          {"nofile=1:", 0},
               {"files=1", 0},          {"nofile=1,nofile=2", 0},
               {"core=unlimited:5", 0}, {"nofile=-1", 0},
               {"nofile=1,,core=2", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char metadata[200];
    snprintf(metadata, sizeof metadata, ",'annotations':{'rlimits.k8smesos/c':'%s'}", cases[i].text);
    struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1"};
    struct k8sm_pod *pod = pods_parse(metadata, "{'containers':[{'name':'b'},{'name':'c'}]}");
    struct k8sm_demand *d = NULL;
    struct findings f;
    int result = k8sm_demand_make(pod, &o, &d, findings_init(&f));
    k8sm_pod_unref(pod);
    assert_int_equal(result, cases[i].count == 0 ? K8SM_ERR_UNSUPPORTED : K8SM_OK);
    if (cases[i].count == 0) {
      assert_non_null(findings_at(&f, "metadata.annotations[rlimits.k8smesos/c]"));
      continue;
    }
    assert_int_equal(d->tasks[1].rlimit_count, 0);
    assert_int_equal(d->tasks[2].rlimit_count, cases[i].count);
    assert_int_equal(d->tasks[2].rlimits[0].soft, 10);
    assert_int_equal(d->tasks[2].rlimits[0].hard, i == 0 ? 20 : 10);
    assert_true(d->features & K8SM_FEATURE_RLIMITS);
    k8sm_demand_unref(d);
  }
}

/* An annotation, else a label, else the pod's own name; what is none of the three words is a warning. */
static void discovery_by_annotation_and_label(void **state) {
  (void)state;
  static const struct {
    const char *metadata, *name, *environment;
    int visibility;
    bool stated, warned;
  } cases[] = {
      {"", "web.default.pod", "", 1, false, false},
      {",'labels':{'name':'web','environment':'prod'}", "web.default.pod", "prod", 1, false, false},
      {",'labels':{'name':'web'},'annotations':{'k8s.mesosphere.io/discovery-name':'api',"
       "'k8s.mesosphere.io/discovery-visibility':'external'}",
       "api.default.pod", "", 2, true, false},
      {",'annotations':{'k8s.mesosphere.io/discovery-visibility':'everybody'}", "web.default.pod", "", 1,
       true, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1"};
    struct k8sm_pod *pod = pods_parse(cases[i].metadata, "{'containers':[{'name':'c'}]}");
    struct k8sm_demand *d = NULL;
    struct findings f;
    assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_OK);
    assert_slice(d->discovery->name, cases[i].name);
    if (cases[i].environment[0] != '\0') assert_slice(d->discovery->environment, cases[i].environment);
    assert_int_equal(d->discovery->visibility, cases[i].visibility);
    assert_int_equal(d->discovery->stated, cases[i].stated);
    const struct k8sm_diag *row =
        findings_at(&f, "metadata.annotations[k8s.mesosphere.io/discovery-visibility]");
    assert_int_equal(row != NULL, cases[i].warned);
    k8sm_demand_unref(d);
    k8sm_pod_unref(pod);
  }
}

/* Masters are not told what kubectl notes for itself, nor what is long. */
static void annotations_are_kept_short(void **state) {
  (void)state;
  char metadata[2048], *at = metadata;
  at +=
      sprintf(at, ",'annotations':{'kubectl.kubernetes.io/last-applied-configuration':'{}','a':'b','long':'");
  memset(at, 'x', 1025);
  strcpy(at + 1025, "'}");
  struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1"};
  struct k8sm_pod *pod = pods_parse(metadata, "{'containers':[{'name':'c'}]}");
  struct k8sm_demand *d = NULL;
  struct findings f;
  assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_OK);
  assert_int_equal(d->annotations.count, 1);
  assert_slice(d->annotations.items[0].key, "a");
  assert_int_equal(findings_at(&f, "metadata.annotations[long]")->severity, K8SM_SEVERITY_NOTE);
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
}

static void every_field_has_a_row(void **state) {
  (void)state;
  size_t tables = 0;
  for (unsigned type = 0; type < K8SMI_TYPE_COUNT; type++) {
    const struct k8smi_rule *rules = k8smi_rules_of(type);
    if (rules == NULL) continue;
    tables++;
    for (unsigned i = 0; i < k8smi_types[type].count; i++) {
      const struct k8smi_field *field = &k8smi_types[type].fields[i];
      if (rules[i].policy == K8SMI_RULE_NONE) {
        print_error("%s.%s has no row\n", k8smi_types[type].name.ptr, field->name.ptr);
      }
      assert_int_not_equal(rules[i].policy, K8SMI_RULE_NONE);
      if (rules[i].policy == K8SMI_RULE_BELOW) assert_non_null(k8smi_rules_of(field->child));
      /* to what it is mapped, or why not: a row without words says nothing to its reader */
      if (rules[i].policy != K8SMI_RULE_BELOW) assert_non_null(rules[i].words);
    }
  }
  assert_true(tables >= 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(environments_are_resolved),
      cmocka_unit_test(expansion_is_bounded),
      cmocka_unit_test(mounts),
      cmocka_unit_test(mounts_inside_of_others),
      cmocka_unit_test(commands),
      cmocka_unit_test(pull_secrets_and_policy),
      cmocka_unit_test(probes_that_are_approximated),
      cmocka_unit_test(what_cannot_be_mapped_is_refused_with_its_path),
      cmocka_unit_test(what_is_lost_is_a_warning),
      cmocka_unit_test(what_is_lost_of_a_mapped_field_is_a_warning),
      cmocka_unit_test(users_have_names),
      cmocka_unit_test(who_else_writes_to_directories),
      cmocka_unit_test(seccomp_profiles),
      cmocka_unit_test(rlimits_by_annotation),
      cmocka_unit_test(discovery_by_annotation_and_label),
      cmocka_unit_test(annotations_are_kept_short),
      cmocka_unit_test(every_field_has_a_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
