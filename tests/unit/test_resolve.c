/* SPDX-License-Identifier: Apache-2.0 */
/* What containers see: variables, command lines and files from what the pod refers to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pod/quote.h"
#include "support/pods.h"

#define ROW(kind, ns, name, key, value, flags)                                                               \
  {                                                                                                          \
    {kind, sizeof(kind) - 1}, {ns, sizeof(ns) - 1}, {name, sizeof(name) - 1}, {key, sizeof(key) - 1},        \
        {value, sizeof(value) - 1}, flags, 0                                                                 \
  }

static const struct k8sm_manifest_data data[] = {
    ROW("Secret", "default", "se", "pw", "s3cret", 0),
    ROW("ConfigMap", "default", "cm", "b.key", "two", 0),
    ROW("ConfigMap", "other", "cm", "a", "of another namespace", 0),
    ROW("ConfigMap", "default", "cm", "a", "old", 0),
    ROW("ConfigMap", "default", "cm", "a", "one", 0), /* the last one holds */
    ROW("ConfigMap", "default", "cm", "bin", "\0\1", K8SM_DATA_BINARY),
    ROW("ConfigMap", "default", "empty", "", "", 0),
    ROW("Secret", "default", "se", "nul", "a\0b", 0),
    ROW("Secret", "default", "bytes", "k", "\xff", 0),
    ROW("ConfigMap", "default", "bytes", "k", "\xff", 0),
    ROW("ConfigMap", "default", "names", "a=b", "x", 0),
};

static struct k8sm_resolve_options options_all(void) {
  return (struct k8sm_resolve_options){.size = sizeof(struct k8sm_resolve_options),
                                       .data = data,
                                       .data_count = sizeof data / sizeof data[0],
                                       .data_size = sizeof data[0],
                                       .node_name = "n1",
                                       .host_ips = "127.0.0.1,::1",
                                       .pod_ips = "127.0.0.2",
                                       .node_cpu_milli = 3500,
                                       .node_mem_bytes = 4096,
                                       .node_storage_bytes = 8192};
}

static int resolve(const char *metadata, const char *spec, const struct k8sm_resolve_options *o,
                   struct k8sm_resolved **ret, struct findings *f) {
  struct k8sm_pod *pod = pods_parse(metadata, spec);
  *ret = NULL;
  assert_non_null(pod);
  int result = k8sm_pod_resolve(pod, o, ret, findings_init(f));
  k8sm_pod_unref(pod);
  assert_int_equal(result == K8SM_OK, *ret != NULL);
  return result;
}

/* "NAME=value" of every variable, a line each; a secret one has a * before it. */
static void env_text(const struct k8sm_resolved *r, char *text, size_t cap) {
  struct k8sm_resolved_env row;
  size_t n = 0;
  text[0] = '\0';
  for (size_t i = 0; k8sm_resolved_env(r, i, &row, sizeof row, 1) > 0; i++)
    n += (size_t)snprintf(text + n, cap - n, "%s%.*s=%.*s\n", row.secret ? "*" : "", K8SMI_P(row.name),
                          K8SMI_P(row.value));
}

static void env_is(const char *metadata, const char *container, const char *wanted) {
  char spec[4096], text[4096];
  struct k8sm_resolve_options o = options_all();
  struct k8sm_resolved *r;
  struct findings f;
  snprintf(spec, sizeof spec,
           "{'serviceAccountName':'sa','initContainers':[{'name':'i','resources':{'limits':{'cpu':'2'}}}],"
           "'containers':[{'name':'c',%s},{'name':'d'}]}",
           container);
  if (resolve(metadata, spec, &o, &r, &f) != K8SM_OK)
    fail_msg("%s\n%s: %s", container, f.text + f.rows[0].path, f.text + f.rows[0].message);
  env_text(r, text, sizeof text);
  if (strcmp(text, wanted) != 0) fail_msg("%s\nfound\n%sexpected\n%s", container, text, wanted);
  k8sm_resolved_unref(r);
}

static void variables_expand(void **state) {
  (void)state;
  env_is("",
         "'env':[{'name':'A','value':'x'},{'name':'B','value':'$(A)$(A)'},{'name':'C','value':'$(D)'},"
         "{'name':'D','value':'d'},{'name':'E'}]",
         "A=x\nB=xx\nC=$(D)\nD=d\nE=\n");
  env_is("", "'env':[{'name':'A','value':'x'},{'name':'B','value':'$$(A)$$$(A)$$$$(A)'}]",
         "A=x\nB=$(A)$x$$(A)\n");
  env_is("", "'env':[{'name':'A','value':'x'},{'name':'B','value':'$(A$(A)$( A)$()$A$'}]",
         "A=x\nB=$(A$(A)$( A)$()$A$\n");
  env_is("", "'env':[{'name':'A','value':'1'},{'name':'A','value':'$(A)2'},{'name':'B','value':'$(A)'}]",
         "A=12\nB=12\n");
  env_is("",
         "'env':[{'name':'A','value':'$(PW)'},{'name':'PW','valueFrom':{'secretKeyRef':{'name':'se',"
         "'key':'pw'}}},{'name':'URL','value':'db://$(PW)@h'}]",
         "A=$(PW)\n*PW=s3cret\n*URL=db://s3cret@h\n");
}

static void variables_from_objects(void **state) {
  (void)state;
  /* binary keys are no text; env wins over envFrom and keeps its place */
  env_is("",
         "'envFrom':[{'configMapRef':{'name':'cm'}},{'prefix':'S_','secretRef':{'name':'none',"
         "'optional':true}},{'configMapRef':{'name':'empty'}}],'env':[{'name':'a','value':'$(a)!'}]",
         "a=one!\nb.key=two\n");
  env_is("", "'envFrom':[{'prefix':'P_','configMapRef':{'name':'cm'}}]", "P_a=one\nP_b.key=two\n");
  env_is("", "'envFrom':[{'configMapRef':{'name':'names'}}]", "");
  env_is("",
         "'env':[{'name':'A','valueFrom':{'configMapKeyRef':{'name':'cm','key':'a'}}},"
         "{'name':'B','valueFrom':{'configMapKeyRef':{'name':'cm','key':'z','optional':true}}},"
         "{'name':'C','valueFrom':{'configMapKeyRef':{'name':'none','key':'z','optional':true}}},"
         "{'name':'D','valueFrom':{'configMapKeyRef':{'name':'cm','key':'bin','optional':true}}},"
         "{'name':'E','valueFrom':{'secretKeyRef':{'name':'se','key':'z','optional':true}}}]",
         "A=one\n");
  env_is("", "'env':[{'name':'K','valueFrom':{'secretKeyRef':{'name':'bytes','key':'k'}}}]", "*K=\xff\n");
}

#define FIELD(name, path) "{'name':'" name "','valueFrom':{'fieldRef':{'fieldPath':'" path "'}}}"

static void variables_from_fields(void **state) {
  (void)state;
  env_is(",'labels':{'a/b':'1','c':'2'},'annotations':{'Note':'say \\\"hi\\\"'}",
         "'env':[" FIELD("NAME", "metadata.name") "," FIELD("NS", "metadata.namespace") "," //
         FIELD("UID", "metadata.uid") "," FIELD("L", "metadata.labels[`a/b`]") ","          //
         FIELD("M", "metadata.labels[`none`]") "," FIELD("N", "metadata.annotations[`Note`]") "," FIELD(
             "ALL", "metadata.labels") "," FIELD("NOTES", "metadata.annotations") ","  //
         FIELD("SA", "spec.serviceAccountName") "," FIELD("NODE", "spec.nodeName") "," //
         FIELD("HOST", "spec.host") "," FIELD("HIP", "status.hostIP") ","              //
         FIELD("HIPS", "status.hostIPs") "," FIELD("IP", "status.podIP") ","           //
         FIELD("IPS", "status.podIPs") "]",
         "NAME=web\nNS=default\nUID=" PODS_UID "\nL=1\nM=\nN=say \"hi\"\nALL=a/b=\"1\"\nc=\"2\"\n"
         "NOTES=Note=\"say \\\"hi\\\"\"\nSA=sa\nNODE=n1\nHOST=n1\nHIP=127.0.0.1\nHIPS=127.0.0.1,::1\n"
         "IP=127.0.0.2\nIPS=127.0.0.2\n");
}

#define RESOURCE(name, resource, more)                                                                       \
  "{'name':'" name "','valueFrom':{'resourceFieldRef':{'resource':'" resource "'" more "}}}"

static void variables_from_resources(void **state) {
  (void)state;
  env_is(
      "",
      "'resources':{'requests':{'cpu':'100m','memory':'1Ki'},'limits':{'memory':'1536Ki'}},'env':[" RESOURCE(
          "A", "limits.memory",
          "") "," RESOURCE("B", "limits.memory",
                           ",'divisor':'1Mi'") "," RESOURCE("C", "requests.cpu",
                                                            "") "," RESOURCE("D", "requests.cpu",
                                                                             ",'divisor':'1m'") ","
      /* not stated: what the node has; requests are nothing */
      RESOURCE("E", "limits.cpu", "") "," RESOURCE(
          "F", "limits.ephemeral-storage",
          ",'divisor':'1Ki'") "," RESOURCE("G", "requests.ephemeral-storage",
                                           "") "," RESOURCE("H", "limits.hugepages-2Mi", "") ","
      /* of others; the kubelet knows no node for an init container's */
      RESOURCE("I", "limits.cpu", ",'containerName':'i'") "," RESOURCE(
          "J", "limits.memory", ",'containerName':'i'") "," RESOURCE("K", "limits.memory",
                                                                     ",'containerName':'d'") "]",
      "A=1572864\nB=2\nC=1\nD=100\nE=4\nF=8\nG=0\nH=0\nI=2\nJ=0\nK=4096\n");
}

static void the_pods_own_limits_come_before_the_nodes(void **state) {
  (void)state;
  struct k8sm_resolve_options o = options_all();
  struct k8sm_resolved *r;
  struct findings f;
  char text[256];
  assert_int_equal(
      resolve(
          "",
          "{'resources':{'limits':{'cpu':'2','memory':'0'}},'containers':[{'name':'c','env':[" RESOURCE(
              "C", "limits.cpu",
              "") "," RESOURCE("M", "limits.memory",
                               "") "],"
                                   "'volumeMounts':[{'name':'v','mountPath':'/v'}]}],'volumes':[{'name':'v',"
                                   "'downwardAPI':{'items':[{'path':'cpu','resourceFieldRef':{'containerName'"
                                   ":'c',"
                                   "'resource':'limits.cpu'}}]}}]}",
          &o, &r, &f),
      K8SM_OK);
  env_text(r, text, sizeof text);
  assert_string_equal(text, "C=2\nM=4096\n");
  struct k8sm_resolved_file file; /* files are told the node's, as the kubelet has it */
  assert_int_equal(k8sm_resolved_files(r, 0, &file, sizeof file, 1), 1);
  assert_string_equal(file.value.ptr, "4");
  k8sm_resolved_unref(r);
}

/* Where no options say it, the pod's status does; on the node's network the pod has the node's addresses. */
static void addresses_of_a_status(void **state) {
  (void)state;
  static const char *const statuses[][2] = {
      {"{\"hostIP\":\"127.0.0.1\",\"podIPs\":[{\"ip\":\"127.0.0.5\"},{\"ip\":\"::1\"}]}",
       "HIPS=127.0.0.1\nIP=127.0.0.5\nIPS=127.0.0.5,::1\n"},
      {"{\"hostIPs\":[{\"ip\":\"127.0.0.1\"},{\"ip\":\"::1\"}]}",
       "HIPS=127.0.0.1,::1\nIP=127.0.0.1\nIPS=127.0.0.1,::1\n"}};
  for (size_t i = 0; i < 2; i++) {
    char json[2048], text[256];
    struct k8sm_pod *pod = NULL;
    struct k8sm_resolved *r = NULL;
    int n = snprintf(json, sizeof json,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{"
                     "\"hostNetwork\":true,\"containers\":[{\"name\":\"a\",\"image\":\"b\",\"env\":["
                     "{\"name\":\"HIPS\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"status.hostIPs\"}}},"
                     "{\"name\":\"IP\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"status.podIP\"}}},"
                     "{\"name\":\"IPS\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"status.podIPs\"}}}]}]},"
                     "\"status\":%s}",
                     statuses[i][0]);
    assert_int_equal(k8sm_pod_parse(json, (size_t)n, NULL, &pod, NULL), K8SM_OK);
    assert_int_equal(k8sm_pod_resolve(pod, NULL, &r, NULL), K8SM_OK);
    env_text(r, text, sizeof text);
    assert_string_equal(text, statuses[i][1]);
    k8sm_resolved_unref(r);
    k8sm_pod_unref(pod);
  }
}

static void words_of_containers_probes_and_hooks(void **state) {
  (void)state;
  struct k8sm_resolve_options o = options_all();
  struct k8sm_resolved *r;
  struct findings f;
  struct k8sm_pod_word rows[8];
  assert_int_equal(
      resolve("",
              "{'containers':[{'name':'c','command':['$(A)','$(B)'],'args':['$(PW)','$$(A)'],'env':["
              "{'name':'A','value':'x'},{'name':'B','value':'$(A)y'},{'name':'PW','valueFrom':{"
              "'secretKeyRef':{'name':'se','key':'pw'}}}],"
              "'livenessProbe':{'exec':{'command':['$(B)','$(PW)','$(Z)']}},"
              "'lifecycle':{'preStop':{'exec':{'command':['$(A)']}}}}]}",
              &o, &r, &f),
      K8SM_OK);
  static const char *const wanted[] = {"x", "xy", "s3cret", "$(A)", "$(A)y", "", "$(Z)", "$(A)"};
  assert_int_equal(k8sm_resolved_words(r, 0, rows, sizeof rows[0], 8), 8);
  for (size_t i = 0; i < 8; i++) {
    assert_int_equal(rows[i].text.len, strlen(wanted[i]));
    assert_memory_equal(rows[i].text.ptr, wanted[i], rows[i].text.len);
  }
  assert_int_equal(rows[4].purpose, K8SM_PURPOSE_LIVENESS);
  assert_int_equal(rows[7].purpose, K8SM_PURPOSE_PRE_STOP);
  assert_int_equal(k8sm_resolved_words(r, 7, rows, sizeof rows[0], 8), 1);
  k8sm_resolved_unref(r);
}

static void mounts_with_expressions(void **state) {
  (void)state;
  struct k8sm_resolve_options o = options_all();
  struct k8sm_resolved *r;
  struct findings f;
  struct k8sm_pod_mount rows[4];
  assert_int_equal(resolve("",
                           "{'containers':[{'name':'c','env':[{'name':'A','value':'x'}],'volumeMounts':["
                           "{'name':'v','mountPath':'/a','subPathExpr':'p/$(A)'},"
                           "{'name':'v','mountPath':'/b','subPath':'$(A)'},{'name':'v','mountPath':'/c'}],"
                           "'volumeDevices':[{'name':'d','devicePath':'/d'}]}],"
                           "'volumes':[{'name':'v','emptyDir':{}}]}",
                           &o, &r, &f),
                   K8SM_OK);
  assert_int_equal(k8sm_resolved_mounts(r, 0, rows, sizeof rows[0], 4), 4);
  assert_string_equal(rows[0].sub_path.ptr, "p/x");
  assert_int_equal(rows[0].flags, 0);
  assert_string_equal(rows[1].sub_path.ptr, "$(A)");
  assert_int_equal(rows[2].sub_path.len, 0);
  assert_int_equal(rows[3].flags, K8SM_VOLUME_DEVICE);
  k8sm_resolved_unref(r);
}

/* "path=value/mode" of every file; a secret one has a * before it. */
static void files_are(const char *volume, const char *wanted) {
  char spec[4096], text[2048];
  struct k8sm_resolve_options o = options_all();
  struct k8sm_resolved *r;
  struct k8sm_resolved_file row;
  struct findings f;
  size_t n = 0;
  snprintf(
      spec, sizeof spec,
      "{'containers':[{'name':'c','resources':{'limits':{'cpu':'1'}},'volumeMounts':[{'name':'v',"
      "'mountPath':'/v'}]}],'volumes':[{'name':'unused','secret':{'secretName':'none'}},{'name':'v',%s}]}",
      volume);
  if (resolve(",'labels':{'x':'y'}", spec, &o, &r, &f) != K8SM_OK)
    fail_msg("%s\n%s: %s", volume, f.text + f.rows[0].path, f.text + f.rows[0].message);
  text[0] = '\0';
  for (size_t i = 0; k8sm_resolved_files(r, i, &row, sizeof row, 1) > 0; i++) {
    assert_int_equal(row.volume, 1);
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%s=%.*s/%o ", row.secret ? "*" : "", row.path.ptr,
                          K8SMI_P(row.value), row.mode);
  }
  if (strcmp(text, wanted) != 0) fail_msg("%s\nfound    %s\nexpected %s", volume, text, wanted);
  k8sm_resolved_unref(r);
}

static void files_of_volumes(void **state) {
  (void)state;
  files_are(
      "'configMap':{'name':'cm','items':[{'key':'a','path':'d//./f'},{'key':'b.key','path':'g','mode':256}]}",
      "d/f=one/644 g=two/400 ");
  files_are("'configMap':{'name':'empty'}", "");
  files_are("'configMap':{'name':'none','optional':true}", "");
  files_are(
      "'configMap':{'name':'cm','optional':true,'items':[{'key':'z','path':'z'},{'key':'a','path':'y'}]}",
      "y=one/644 ");
  files_are("'secret':{'secretName':'se','defaultMode':288,'items':[{'key':'pw','path':'p'}]}",
            "*p=s3cret/440 ");
  files_are(
      "'downwardAPI':{'items':[{'path':'n','fieldRef':{'fieldPath':'metadata.name'}},{'path':'l','mode':"
      "256,'fieldRef':{'fieldPath':'metadata.labels'}},{'path':'c','resourceFieldRef':{'containerName':"
      "'c','resource':'limits.cpu'}}]}",
      "n=web/644 l=x=\"y\"/400 c=1/644 ");
  files_are("'emptyDir':{}", "");
}

static void projections(void **state) {
  (void)state;
  /* the later source wins, in the former's place */
  files_are(
      "'projected':{'defaultMode':384,'sources':[{'configMap':{'name':'cm','items':[{'key':'a','path':'f'},"
      "{'key':'b.key','path':'g'}]}},{'secret':{'name':'se','items':[{'key':'pw','path':'f','mode':256}]}},"
      "{'downwardAPI':{'items':[{'path':'n','fieldRef':{'fieldPath':'metadata.name'}}]}},"
      "{'clusterTrustBundle':{'path':'ca','name':'x','optional':true}}]}",
      "*f=s3cret/400 g=two/600 n=web/600 ca=/600 ");
}

static void binary_files(void **state) {
  (void)state;
  struct k8sm_resolve_options o = options_all();
  struct k8sm_resolved *r;
  struct k8sm_resolved_file rows[3];
  struct findings f;
  assert_int_equal(resolve("",
                           "{'containers':[{'name':'c','volumeMounts':[{'name':'v','mountPath':'/v'}]}],"
                           "'volumes':[{'name':'v','configMap':{'name':'cm'}}]}",
                           &o, &r, &f),
                   K8SM_OK);
  assert_int_equal(k8sm_resolved_files(r, 0, rows, sizeof rows[0], 3), 3);
  assert_string_equal(rows[0].path.ptr, "a");
  assert_string_equal(rows[0].value.ptr, "one"); /* in the place of the one before it */
  assert_string_equal(rows[2].path.ptr, "bin");
  assert_int_equal(rows[2].value.len, 2);
  assert_memory_equal(rows[2].value.ptr, "\0\1", 2);
  k8sm_resolved_unref(r);
}

/* ---- What is wrong ---- */

static void finds_with(const struct k8sm_resolve_options *o, const char *spec, uint32_t code,
                       const char *path, const char *message) {
  struct k8sm_resolved *r;
  struct findings f;
  assert_int_equal(resolve("", spec, o, &r, &f), K8SM_ERR_INVALID);
  if (f.diags.errors != 1 || f.rows[0].code != code || strcmp(f.text + f.rows[0].path, path) != 0 ||
      (message != NULL && strcmp(f.text + f.rows[0].message, message) != 0))
    fail_msg("%s\n%zu errors, the first %u\n%s: %s", spec, f.diags.errors, f.rows[0].code,
             f.text + f.rows[0].path, f.text + f.rows[0].message);
}

#define ENV(from) "{'containers':[{'name':'c','env':[{'name':'A','valueFrom':{" from "}}]}]}"
#define AT_ENV    "spec.containers[0].env[0].valueFrom."
#define VOLUME(source)                                                                                       \
  "{'containers':[{'name':'c','volumeMounts':[{'name':'v','mountPath':'/v'}]}],"                             \
  "'volumes':[{'name':'v'," source "}]}"

static void what_is_missing(void **state) {
  (void)state;
  static const struct {
    const char *spec, *path, *message;
  } cases[] = {
      {ENV("'configMapKeyRef':{'name':'x','key':'k'}"), AT_ENV "configMapKeyRef",
       "configmap \"x\" not found"},
      {ENV("'secretKeyRef':{'name':'x','key':'k'}"), AT_ENV "secretKeyRef", "secret \"x\" not found"},
      {ENV("'configMapKeyRef':{'name':'cm','key':'k'}"), AT_ENV "configMapKeyRef",
       "couldn't find key k in ConfigMap default/cm"},
      {ENV("'configMapKeyRef':{'name':'cm','key':'bin'}"), AT_ENV "configMapKeyRef",
       "couldn't find key bin in ConfigMap default/cm"},
      {ENV("'secretKeyRef':{'name':'se','key':'k'}"), AT_ENV "secretKeyRef",
       "couldn't find key k in Secret default/se"},
      {ENV("'configMapKeyRef':{'name':'empty','key':'k'}"), AT_ENV "configMapKeyRef",
       "couldn't find key k in ConfigMap default/empty"},
      {ENV("'resourceFieldRef':{'containerName':'z','resource':'limits.cpu'}"), AT_ENV "resourceFieldRef",
       "container z not found"},
      {"{'containers':[{'name':'c','envFrom':[{'configMapRef':{'name':'x'}}]}]}",
       "spec.containers[0].envFrom[0].configMapRef", "configmap \"x\" not found"},
      {"{'initContainers':[{'name':'c','envFrom':[{'secretRef':{'name':'cm'}}]}]}",
       "spec.initContainers[0].envFrom[0].secretRef", "secret \"cm\" not found"},
      {VOLUME("'secret':{'secretName':'x'}"), "spec.volumes[0].secret", "secret \"x\" not found"},
      {VOLUME("'configMap':{'name':'cm','items':[{'key':'k','path':'p'}]}"),
       "spec.volumes[0].configMap.items[0]", "configmap references non-existent config key: k"},
      {VOLUME("'projected':{'sources':[{'secret':{'name':'se','items':[{'key':'k','path':'p'}]}}]}"),
       "spec.volumes[0].projected.sources[0].secret.items[0]", "references non-existent secret key: k"},
      {"{'containers':[{'name':'c','env':[{'name':'E'}],'volumeMounts':[{'name':'v','mountPath':'/v',"
       "'subPathExpr':'$(E)'}]}],'volumes':[{'name':'v','emptyDir':{}}]}",
       "spec.containers[0].volumeMounts[0].subPathExpr", "missing value for E"},
  };
  struct k8sm_resolve_options o = options_all();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    finds_with(&o, cases[i].spec, K8SM_DIAG_FIELD_NOT_FOUND, cases[i].path, cases[i].message);
}

static void what_is_known_only_where_it_runs(void **state) {
  (void)state;
  struct k8sm_resolve_options none = {.size = sizeof none};
  static const char *const fields[] = {"spec.nodeName", "status.hostIP", "status.hostIPs", "status.podIP",
                                       "status.podIPs"};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    char spec[256], message[128];
    snprintf(spec, sizeof spec, ENV("'fieldRef':{'fieldPath':'%s'}"), fields[i]);
    snprintf(message, sizeof message, "%s is known only where the pod runs", fields[i]);
    finds_with(&none, spec, K8SM_DIAG_VALUE_UNKNOWN, AT_ENV "fieldRef", message);
  }
  finds_with(&none, ENV("'resourceFieldRef':{'resource':'limits.memory'}"), K8SM_DIAG_VALUE_UNKNOWN,
             AT_ENV "resourceFieldRef",
             "there is no limit of memory, and what the node can give is known only where the pod runs");
  finds_with(&none, ENV("'fileKeyRef':{'volumeName':'v','path':'f','key':'k'}"), K8SM_DIAG_VALUE_UNKNOWN,
             AT_ENV "fileKeyRef", "the file 'f' of volume 'v' is written where the pod runs");
  finds_with(&none, VOLUME("'projected':{'sources':[{'serviceAccountToken':{'path':'t'}}]}"),
             K8SM_DIAG_VALUE_UNKNOWN, "spec.volumes[0].projected.sources[0]",
             "only the Kubernetes API gives tokens, trust bundles and certificates");
}

static void what_can_not_be(void **state) {
  (void)state;
  struct k8sm_resolve_options o = options_all();
  finds_with(&o, ENV("'fieldRef':{'fieldPath':'spec.restartPolicy'}"), K8SM_DIAG_FIELD_UNSUPPORTED,
             AT_ENV "fieldRef", "unsupported fieldPath: spec.restartPolicy");
  finds_with(&o, ENV("'fieldRef':{'fieldPath':'metadata.name[`x`]'}"), K8SM_DIAG_FIELD_UNSUPPORTED,
             AT_ENV "fieldRef", "unsupported fieldPath: metadata.name['x']");
  finds_with(&o, ENV("'fieldRef':{'fieldPath':'metadata.annotations[`A/`]'}"), K8SM_DIAG_FIELD_INVALID,
             AT_ENV "fieldRef", NULL);
  finds_with(&o, ENV("'resourceFieldRef':{'resource':'limits.example.com/gpu'}"), K8SM_DIAG_FIELD_UNSUPPORTED,
             AT_ENV "resourceFieldRef", "unsupported container resource : limits.example.com/gpu");
  finds_with(&o, VOLUME("'downwardAPI':{'items':[{'path':'n','fieldRef':{'fieldPath':'spec.nodeName'}}]}"),
             K8SM_DIAG_FIELD_UNSUPPORTED, "spec.volumes[0].downwardAPI.items[0].fieldRef",
             "unsupported fieldPath: spec.nodeName");
  finds_with(&o, ENV("'configMapKeyRef':{'name':'bytes','key':'k'}"), K8SM_DIAG_FIELD_INVALID,
             "spec.containers[0].env[0]", "the value of 'A' is no text");
  finds_with(&o, ENV("'secretKeyRef':{'name':'se','key':'nul'}"), K8SM_DIAG_FIELD_INVALID,
             "spec.containers[0].env[0]", "the value of 'A' is no text");
  finds_with(&o, VOLUME("'configMap':{'name':'cm','items':[{'key':'a','path':'x/../y'}]}"),
             K8SM_DIAG_FIELD_INVALID, "spec.volumes[0].configMap.items[0]",
             "invalid path: must not contain '..': x/../y");
  finds_with(&o, VOLUME("'configMap':{'name':'cm','items':[{'key':'a','path':'..x'}]}"),
             K8SM_DIAG_FIELD_INVALID, "spec.volumes[0].configMap.items[0]",
             "invalid path: must not start with '..': ..x");
  finds_with(&o, VOLUME("'configMap':{'name':'cm','items':[{'key':'a','path':'/x'}]}"),
             K8SM_DIAG_FIELD_INVALID, "spec.volumes[0].configMap.items[0]",
             "invalid path: must be a relative path: /x");
  finds_with(&o,
             VOLUME("'configMap':{'name':'cm','items':[{'key':'a','path':'d/e'},{'key':'a','path':'d-e'},"
                    "{'key':'a','path':'d'}]}"),
             K8SM_DIAG_FIELD_INVALID, "spec.volumes[0].configMap", "invalid path: d/e: d is a file");
}

/* Programs can't be given a NUL; and none is taken for what is filled in later. */
static void texts_with_a_nul(void **state) {
  (void)state;
  struct k8sm_resolve_options o = options_all();
  finds_with(&o, "{'containers':[{'name':'c','env':[{'name':'A','value':'a\\u0000b'}]}]}", K8SM_DIAG_NUL_BYTE,
             "spec.containers[0].env[0].value", "holds a NUL: no program can be given it");
  finds_with(&o, "{'containers':[{'name':'c','command':['\\u0000n']}]}", K8SM_DIAG_NUL_BYTE,
             "spec.containers[0].command[0]", "holds a NUL: no program can be given it");
}

/* The volume that the API server gives every pod stops nobody who has no token for it. */
static void the_volume_of_the_api(void **state) {
  (void)state;
  static const char spec[] =
      "{'containers':[{'name':'c','volumeMounts':[{'name':'kube-api-access-x','mountPath':'/"
      "v'}]}],'volumes':[{"
      "'name':'kube-api-access-x','projected':{'sources':[{'serviceAccountToken':{'path':'token'}},"
      "{'configMap':{'name':'cm','items':[{'key':'a','path':'ca.crt'}]}}]}}]}";
  struct k8sm_resolve_options o = options_all();
  struct k8sm_resolved *r;
  struct k8sm_resolved_file files[2];
  struct findings f;
  assert_int_equal(resolve("", spec, &o, &r, &f), K8SM_OK);
  assert_int_equal(k8sm_resolved_files(r, 0, NULL, 0, 0), 0);
  assert_int_equal(f.diags.count, 1);
  assert_int_equal(f.rows[0].severity, K8SM_SEVERITY_WARNING);
  k8sm_resolved_unref(r);
  o.token = "t0ken";
  assert_int_equal(resolve("", spec, &o, &r, &f), K8SM_OK);
  assert_int_equal(f.diags.count, 0);
  assert_int_equal(k8sm_resolved_files(r, 0, files, sizeof files[0], 2), 2);
  assert_string_equal(files[0].value.ptr, "t0ken");
  assert_int_equal(files[0].secret, 1);
  k8sm_resolved_ref(r);
  k8sm_resolved_unref(r);
  k8sm_resolved_unref(r);
}

static void everything_wrong_is_reported_at_once(void **state) {
  (void)state;
  struct k8sm_resolve_options o = {.size = sizeof o};
  struct k8sm_resolved *r;
  struct findings f;
  assert_int_equal(resolve("",
                           "{'containers':[{'name':'c','envFrom':[{'configMapRef':{'name':'a'}}],'env':["
                           "{'name':'A','valueFrom':{'secretKeyRef':{'name':'b','key':'c'}}}]},"
                           "{'name':'d','env':[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':"
                           "'status.podIP'}}}],'volumeMounts':[{'name':'v','mountPath':'/v'}]}],"
                           "'volumes':[{'name':'v','configMap':{'name':'a'}}]}",
                           &o, &r, &f),
                   K8SM_ERR_INVALID);
  assert_int_equal(f.diags.errors, 4);
}

static void growth_is_bounded(void **state) {
  (void)state;
  char spec[8192] = "{'containers':[{'name':'c','env':[{'name':'V0','value':'0123456789'}";
  for (int i = 1; i < 40; i++)
    snprintf(spec + strlen(spec), sizeof spec - strlen(spec), ",{'name':'V%d','value':'$(V%d)$(V%d)'}", i,
             i - 1, i - 1);
  strcat(spec, "]}]}");
  struct k8sm_resolve_options o = {.size = sizeof o};
  struct k8sm_resolved *r;
  struct findings f;
  assert_int_equal(resolve("", spec, &o, &r, &f), K8SM_ERR_INVALID);
  assert_int_equal(f.rows[0].code, K8SM_DIAG_FIELD_TOO_LONG);
  o.max_memory = 2048;
  assert_int_equal(resolve("", spec, &o, &r, &f), K8SM_ERR_LIMIT);
}

/* References that are never closed are looked at once, not once for each dollar. */
static void open_references_are_cheap(void **state) {
  (void)state;
  enum { N = 60000 };
  char *json = malloc(2 * N + 300);
  size_t n = (size_t)sprintf(json, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},"
                                   "\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b\",\"args\":[\"");
  for (int i = 0; i < N; i++) n += (size_t)sprintf(json + n, "$(");
  n += (size_t)sprintf(json + n, "\"]}]}}");
  struct k8sm_pod *pod = NULL;
  struct k8sm_resolved *r = NULL;
  struct k8sm_pod_word word;
  assert_int_equal(k8sm_pod_parse(json, n, NULL, &pod, NULL), K8SM_OK);
  assert_int_equal(k8sm_pod_resolve(pod, NULL, &r, NULL), K8SM_OK);
  assert_int_equal(k8sm_resolved_words(r, 0, &word, sizeof word, 1), 1);
  assert_int_equal(word.text.len, 2 * N);
  k8sm_resolved_unref(r);
  k8sm_pod_unref(pod);
  free(json);
}

static void quoted_as_go_does(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"", "\"\""},
      {"a\"b\\c", "\"a\\\"b\\\\c\""},
      {"\a\b\f\n\r\t\v\x01\x7f", "\"\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f\""},
      {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
      {"\xc2\xa0\xe2\x80\x8b\xef\xbb\xbf\xee\x80\x80", "\"\\u00a0\\u200b\\ufeff\\ue000\""},
      {"\xf3\xa0\x80\x81\xf4\x8f\xbf\xbf", "\"\\U000e0001\\U0010ffff\""},
      {"x\xff\xc3", "\"x\\xff\\xc3\""},
      {"\xef\xbf\xbd", "\"\xef\xbf\xbd\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8smi_buf buf;
    assert_true(k8smi_buf_init(&buf, NULL));
    k8smi_put_go_quoted(&buf, k8smi_s(cases[i][0]));
    assert_int_equal(buf.len, strlen(cases[i][1]));
    assert_memory_equal(buf.ptr, cases[i][1], buf.len);
    k8smi_buf_free(&buf);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(variables_expand),
      cmocka_unit_test(variables_from_objects),
      cmocka_unit_test(variables_from_fields),
      cmocka_unit_test(variables_from_resources),
      cmocka_unit_test(the_pods_own_limits_come_before_the_nodes),
      cmocka_unit_test(addresses_of_a_status),
      cmocka_unit_test(words_of_containers_probes_and_hooks),
      cmocka_unit_test(mounts_with_expressions),
      cmocka_unit_test(files_of_volumes),
      cmocka_unit_test(projections),
      cmocka_unit_test(binary_files),
      cmocka_unit_test(what_is_missing),
      cmocka_unit_test(what_is_known_only_where_it_runs),
      cmocka_unit_test(what_can_not_be),
      cmocka_unit_test(texts_with_a_nul),
      cmocka_unit_test(the_volume_of_the_api),
      cmocka_unit_test(everything_wrong_is_reported_at_once),
      cmocka_unit_test(growth_is_bounded),
      cmocka_unit_test(open_references_are_cheap),
      cmocka_unit_test(quoted_as_go_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
