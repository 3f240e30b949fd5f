/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a pod, as rows, values and sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pod/pod.h"
#include "support/pods.h"

#define assert_text(slice, text)                                                                             \
  do {                                                                                                       \
    if (!k8smi_eqs((slice), (text))) fail_msg("found '%.*s', expected '%s'", K8SMI_P(slice), (text));        \
  } while (0)

/* Every kind of container, each with something of every table. */
static const char everything[] =
    "{'restartPolicy':'OnFailure','securityContext':{'runAsUser':7,'runAsNonRoot':true},"
    "'initContainers':[{'name':'i','image':'i:1','command':['a','b'],'args':['c']},"
    "{'name':'s','image':'s:1','restartPolicy':'Always','stdin':true,'stdinOnce':true,'tty':true,"
    "'startupProbe':{'grpc':{'port':9000,'service':'x'},'periodSeconds':3}}],"
    "'containers':[{'name':'m','image':'m:1','workingDir':'/w','imagePullPolicy':'Never',"
    "'securityContext':{'runAsUser':0,'privileged':true,'readOnlyRootFilesystem':true,'runAsGroup':5},"
    "'resources':{'requests':{'cpu':'1','memory':'1Ki','ephemeral-storage':'2Ki'},"
    "'limits':{'cpu':'1500m','memory':'2Ki','ephemeral-storage':'3Ki'}},"
    "'ports':[{'name':'web','containerPort':80,'hostPort':8080,'hostIP':'127.0.0.1'},"
    "{'containerPort':53,'protocol':'UDP'}],"
    "'env':[{'name':'A','value':'$(B)'},{'name':'F','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}},"
    "{'name':'R','valueFrom':{'resourceFieldRef':{'containerName':'m','resource':'limits.cpu','divisor':'1m'}"
    "}},"
    "{'name':'C','valueFrom':{'configMapKeyRef':{'name':'cm','key':'k','optional':true}}},"
    "{'name':'S','valueFrom':{'secretKeyRef':{'name':'se','key':'p'}}},"
    "{'name':'K','valueFrom':{'fileKeyRef':{'volumeName':'v','path':'f','key':'q','optional':true}}}],"
    "'envFrom':[{'prefix':'P_','configMapRef':{'name':'cm'}},{'secretRef':{'name':'se','optional':true}}],"
    "'volumeMounts':[{'name':'v','mountPath':'/v','readOnly':true,'subPath':'in',"
    "'mountPropagation':'HostToContainer','recursiveReadOnly':'IfPossible'},"
    "{'name':'c','mountPath':'/c','subPathExpr':'$(A)'}],"
    "'volumeDevices':[{'name':'d','devicePath':'/dev/x'}],"
    "'livenessProbe':{'exec':{'command':['live','now']},'terminationGracePeriodSeconds':4},"
    "'readinessProbe':{'httpGet':{'path':'/r','port':'web','scheme':'HTTPS','host':'h'},"
    "'initialDelaySeconds':1,'timeoutSeconds':2,'successThreshold':3,'failureThreshold':4},"
    "'lifecycle':{'postStart':{'exec':{'command':['hook']}},'preStop':{'sleep':{'seconds':9}}}}],"
    "'ephemeralContainers':[{'name':'e','image':'e:1','targetContainerName':'m',"
    "'livenessProbe':{'tcpSocket':{'port':'none'}}}],"
    "'volumes':[{'name':'v','emptyDir':{'medium':'Memory','sizeLimit':'1Mi'}},"
    "{'name':'c','configMap':{'name':'cm','optional':true,'defaultMode':256}},"
    "{'name':'d','persistentVolumeClaim':{'claimName':'pvc','readOnly':true}},"
    "{'name':'h','hostPath':{'path':'/h','type':'Directory'}},{'name':'n','nfs':{'server':'s','path':'/p'}},"
    "{'name':'p','projected':{'sources':[]}},{'name':'x','ephemeral':{}}]}";

static void containers_of_every_kind(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse("", everything);
  struct k8sm_pod_container rows[5];
  assert_int_equal(k8sm_pod_containers(pod, 0, rows, sizeof rows[0], 5), 4);
  static const char *const names[] = {"i", "s", "m", "e"};
  static const uint32_t kinds[] = {K8SM_CONTAINER_INIT, K8SM_CONTAINER_SIDECAR, K8SM_CONTAINER_MAIN,
                                   K8SM_CONTAINER_EPHEMERAL};
  static const uint32_t indexes[] = {0, 1, 0, 0};
  for (size_t i = 0; i < 4; i++) {
    assert_text(rows[i].name, names[i]);
    assert_int_equal(rows[i].kind, kinds[i]);
    assert_int_equal(rows[i].index, indexes[i]);
  }
  assert_int_equal(rows[0].flags, K8SM_CONTAINER_FLAG_NON_ROOT);
  assert_int_equal(rows[0].run_as_user, 7);
  assert_int_equal(rows[0].run_as_group, -1);
  assert_int_equal(rows[0].cpu_request_milli, -1);
  assert_text(rows[0].restart_policy, "OnFailure");
  assert_text(rows[1].restart_policy, "Always");
  assert_int_equal(rows[1].flags, K8SM_CONTAINER_FLAG_NON_ROOT | K8SM_CONTAINER_FLAG_STDIN |
                                      K8SM_CONTAINER_FLAG_STDIN_ONCE | K8SM_CONTAINER_FLAG_TTY);
  assert_int_equal(rows[2].flags, K8SM_CONTAINER_FLAG_NON_ROOT | K8SM_CONTAINER_FLAG_PRIVILEGED |
                                      K8SM_CONTAINER_FLAG_READ_ONLY_ROOT);
  assert_int_equal(rows[2].run_as_user, 0);
  assert_int_equal(rows[2].run_as_group, 5);
  assert_int_equal(rows[2].cpu_limit_milli, 1500);
  assert_int_equal(rows[2].storage_request_bytes, 2048);
  assert_int_equal(rows[2].storage_limit_bytes, 3072);
  assert_text(rows[2].working_dir, "/w");
  assert_text(rows[2].pull_policy, "Never");
  assert_text(rows[2].message_path, "/dev/termination-log");
  assert_text(rows[2].message_policy, "File");
  assert_text(rows[3].target, "m");
  assert_int_equal(k8sm_pod_containers(pod, 3, rows, sizeof rows[0], 5), 1);
  assert_text(rows[0].name, "e");
  k8sm_pod_unref(pod);
}

static void words_and_ports(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse("", everything);
  struct k8sm_pod_word words[8];
  assert_int_equal(k8sm_pod_words(pod, 0, words, sizeof words[0], 8), 6);
  static const struct {
    const char *text;
    uint32_t container, purpose;
  } wanted[] = {{"a", 0, K8SM_PURPOSE_COMMAND},    {"b", 0, K8SM_PURPOSE_COMMAND},
                {"c", 0, K8SM_PURPOSE_ARGS},       {"live", 2, K8SM_PURPOSE_LIVENESS},
                {"now", 2, K8SM_PURPOSE_LIVENESS}, {"hook", 2, K8SM_PURPOSE_POST_START}};
  for (size_t i = 0; i < 6; i++) {
    assert_text(words[i].text, wanted[i].text);
    assert_int_equal(words[i].container, wanted[i].container);
    assert_int_equal(words[i].purpose, wanted[i].purpose);
  }
  assert_int_equal(k8sm_pod_words(pod, 4, words, sizeof words[0], 1), 2); /* from a place on, and cut */
  assert_text(words[0].text, "now");
  assert_text(words[1].text, "b");
  struct k8sm_pod_port ports[2];
  assert_int_equal(k8sm_pod_ports(pod, 0, ports, sizeof ports[0], 2), 2);
  assert_text(ports[0].name, "web");
  assert_text(ports[0].protocol, "TCP");
  assert_text(ports[0].host_ip, "127.0.0.1");
  assert_int_equal(ports[0].container, 2);
  assert_int_equal(ports[0].container_port, 80);
  assert_int_equal(ports[0].host_port, 8080);
  assert_text(ports[1].protocol, "UDP");
  assert_int_equal(ports[1].host_port, 0);
  k8sm_pod_unref(pod);
}

static void variables_by_source(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse("", everything);
  struct k8sm_pod_env env[8];
  struct k8sm_pod_env_from from[2];
  assert_int_equal(k8sm_pod_env(pod, 0, env, sizeof env[0], 8), 6);
  static const struct {
    const char *name, *value, *object, *key, *detail;
    uint32_t source, optional;
  } wanted[] = {{"A", "$(B)", "", "", "", K8SM_SOURCE_VALUE, 0},
                {"F", "", "", "metadata.name", "", K8SM_SOURCE_FIELD, 0},
                {"R", "", "m", "limits.cpu", "1m", K8SM_SOURCE_RESOURCE, 0},
                {"C", "", "cm", "k", "", K8SM_SOURCE_CONFIG_MAP_KEY, 1},
                {"S", "", "se", "p", "", K8SM_SOURCE_SECRET_KEY, 0},
                {"K", "", "v", "q", "f", K8SM_SOURCE_FILE_KEY, 1}};
  for (size_t i = 0; i < 6; i++) {
    assert_text(env[i].name, wanted[i].name);
    assert_text(env[i].value, wanted[i].value);
    assert_text(env[i].object, wanted[i].object);
    assert_text(env[i].key, wanted[i].key);
    assert_text(env[i].detail, wanted[i].detail);
    assert_int_equal(env[i].source, wanted[i].source);
    assert_int_equal(env[i].optional, wanted[i].optional);
    assert_int_equal(env[i].container, 2);
  }
  assert_int_equal(k8sm_pod_env_from(pod, 0, from, sizeof from[0], 2), 2);
  assert_text(from[0].prefix, "P_");
  assert_text(from[0].object, "cm");
  assert_int_equal(from[0].source, K8SM_SOURCE_CONFIG_MAP_KEY);
  assert_int_equal(from[1].source, K8SM_SOURCE_SECRET_KEY);
  assert_int_equal(from[1].optional, 1);
  assert_int_equal(from[1].container, 2);
  k8sm_pod_unref(pod);
}

static void volumes_and_mounts(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse("", everything);
  struct k8sm_pod_volume volumes[8];
  assert_int_equal(k8sm_pod_volumes(pod, 0, volumes, sizeof volumes[0], 8), 7);
  static const struct {
    const char *name, *kind, *source, *detail;
    int64_t limit;
    uint32_t mode, flags;
  } wanted[] = {{"v", "emptyDir", "Memory", "", 1 << 20, 0, 0},
                {"c", "configMap", "cm", "", -1, 0400, K8SM_VOLUME_OPTIONAL},
                {"d", "persistentVolumeClaim", "pvc", "", -1, 0, K8SM_VOLUME_READ_ONLY},
                {"h", "hostPath", "/h", "Directory", -1, 0, 0},
                {"n", "nfs", "s", "/p", -1, 0, 0},
                {"p", "projected", "", "", -1, 0644, 0},
                {"x", "ephemeral", "", "", -1, 0, 0}};
  for (size_t i = 0; i < 7; i++) {
    assert_text(volumes[i].name, wanted[i].name);
    assert_text(volumes[i].kind, wanted[i].kind);
    assert_text(volumes[i].source, wanted[i].source);
    assert_text(volumes[i].detail, wanted[i].detail);
    assert_int_equal(volumes[i].size_limit_bytes, wanted[i].limit);
    assert_int_equal(volumes[i].default_mode, wanted[i].mode);
    assert_int_equal(volumes[i].flags, wanted[i].flags);
  }
  struct k8sm_pod_mount mounts[4];
  assert_int_equal(k8sm_pod_mounts(pod, 0, mounts, sizeof mounts[0], 4), 3);
  assert_text(mounts[0].volume, "v");
  assert_text(mounts[0].path, "/v");
  assert_text(mounts[0].sub_path, "in");
  assert_text(mounts[0].propagation, "HostToContainer");
  assert_text(mounts[0].recursive_read_only, "IfPossible");
  assert_int_equal(mounts[0].flags, K8SM_VOLUME_READ_ONLY);
  assert_text(mounts[1].sub_path, "$(A)");
  assert_int_equal(mounts[1].flags, K8SM_VOLUME_SUB_PATH_EXPR);
  assert_text(mounts[2].volume, "d");
  assert_text(mounts[2].path, "/dev/x");
  assert_int_equal(mounts[2].flags, K8SM_VOLUME_DEVICE);
  assert_int_equal(mounts[2].container, 2);
  k8sm_pod_unref(pod);
}

static void probes_and_hooks(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse("", everything);
  struct k8sm_pod_probe p[8];
  assert_int_equal(k8sm_pod_probes(pod, 0, p, sizeof p[0], 8), 6);
  static const uint32_t wanted[][3] = {
      {1, K8SM_PURPOSE_STARTUP, K8SM_HANDLER_GRPC},   {2, K8SM_PURPOSE_LIVENESS, K8SM_HANDLER_EXEC},
      {2, K8SM_PURPOSE_READINESS, K8SM_HANDLER_HTTP}, {2, K8SM_PURPOSE_POST_START, K8SM_HANDLER_EXEC},
      {2, K8SM_PURPOSE_PRE_STOP, K8SM_HANDLER_SLEEP}, {3, K8SM_PURPOSE_LIVENESS, K8SM_HANDLER_TCP}};
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(p[i].container, wanted[i][0]);
    assert_int_equal(p[i].purpose, wanted[i][1]);
    assert_int_equal(p[i].handler, wanted[i][2]);
  }
  assert_int_equal(p[0].port, 9000);
  assert_text(p[0].service, "x");
  assert_int_equal(p[0].period, 3);
  assert_int_equal(p[0].timeout, 1); /* defaults of the API server */
  assert_int_equal(p[0].failure_threshold, 3);
  assert_int_equal(p[0].grace_period, -1);
  assert_int_equal(p[1].grace_period, 4);
  assert_int_equal(p[2].port, 80); /* the port that is named "web" */
  assert_text(p[2].port_name, "web");
  assert_text(p[2].scheme, "HTTPS");
  assert_text(p[2].host, "h");
  assert_text(p[2].path, "/r");
  assert_int_equal(p[2].initial_delay, 1);
  assert_int_equal(p[2].timeout, 2);
  assert_int_equal(p[2].success_threshold, 3);
  assert_int_equal(p[4].sleep, 9);
  assert_int_equal(p[5].port, 0);
  assert_text(p[5].port_name, "none");
  k8sm_pod_unref(pod);
}

static void rows_of_a_pod_without_a_spec(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse("", "{}");
  struct k8sm_pod_resource row;
  size_t count = 9;
  assert_int_equal(k8sm_pod_containers(pod, 0, NULL, 0, 0) + k8sm_pod_words(pod, 0, NULL, 0, 0) +
                       k8sm_pod_ports(pod, 0, NULL, 0, 0) + k8sm_pod_env(pod, 0, NULL, 0, 0) +
                       k8sm_pod_env_from(pod, 0, NULL, 0, 0) + k8sm_pod_volumes(pod, 0, NULL, 0, 0) +
                       k8sm_pod_mounts(pod, 0, NULL, 0, 0) + k8sm_pod_probes(pod, 5, NULL, 0, 0),
                   0);
  assert_int_equal(k8sm_pod_resources(pod, NULL, &row, sizeof row, 1, &count), K8SM_OK);
  assert_int_equal(count, 0);
  assert_text(k8sm_pod_qos_class(pod), "BestEffort");
  k8sm_pod_unref(pod);
}

/* ---- Values ---- */

static struct k8sm_pod_value value_at(const struct k8sm_pod *pod, const char *path) {
  struct k8sm_pod_value v;
  assert_int_equal(k8sm_pod_get_value(pod, path, &v, sizeof v), K8SM_OK);
  return v;
}

static void values_by_path(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse(",'labels':{'a/b':'1','c~d':'2'}", everything);
  struct k8sm_pod_value v = value_at(pod, "spec.containers[0].image");
  assert_int_equal(v.kind, K8SM_VALUE_STRING);
  assert_text(v.name, "image");
  assert_text(v.text, "m:1");
  v = value_at(pod, "/spec/containers/0/ports/1/containerPort");
  assert_int_equal(v.kind, K8SM_VALUE_NUMBER);
  assert_int_equal(v.number, 53);
  v = value_at(pod, "spec.containers[name=m].volumeMounts[mountPath=/v].readOnly");
  assert_int_equal(v.kind, K8SM_VALUE_BOOL);
  assert_int_equal(v.number, 1);
  v = value_at(pod, "spec.containers[0].readinessProbe.httpGet.port");
  assert_int_equal(v.kind, K8SM_VALUE_STRING);
  assert_text(v.text, "web");
  v = value_at(pod, "spec.initContainers[1].startupProbe.grpc.port");
  assert_int_equal(v.kind, K8SM_VALUE_NUMBER);
  v = value_at(pod, "spec.initContainers[1]");
  assert_int_equal(v.kind, K8SM_VALUE_OBJECT);
  assert_int_equal(v.index, 1);
  assert_int_equal(v.name.len, 0);
  assert_int_equal(value_at(pod, "spec.volumes").kind, K8SM_VALUE_LIST);
  assert_int_equal(value_at(pod, "spec.volumes").count, 7);
  assert_text(value_at(pod, "/metadata/labels/a~1b").text, "1");
  assert_text(value_at(pod, "/metadata/labels/c~0d").text, "2");
  assert_text(value_at(pod, "metadata.labels['a/b']").name, "a/b");
  assert_int_equal(k8sm_pod_get_value(pod, "spec.nothing", &v, sizeof v), K8SM_ERR_NOT_FOUND);
  assert_int_equal(k8sm_pod_get_value(pod, "spec.", &v, sizeof v), K8SM_ERR_INVALID);
  k8sm_pod_unref(pod);
}

/* Writes what is below a path, and below that, as "path=kind" lines: everything can be reached. */
static void walk(const struct k8sm_pod *pod, const char *path, size_t *strings) {
  struct k8sm_pod_value rows[16];
  size_t count = 0;
  char below[512];
  assert_int_equal(k8sm_pod_get_values(pod, path, 0, rows, sizeof rows[0], 16, &count), K8SM_OK);
  assert_in_range(count, 0, 64);
  for (size_t i = 0; i < count; i++) {
    struct k8sm_pod_value row, again;
    size_t left = 0;
    assert_int_equal(k8sm_pod_get_values(pod, path, i, &row, sizeof row, 1, &left), K8SM_OK);
    assert_int_equal(left, count - i);
    if (i < 16) assert_memory_equal(&row, &rows[i], sizeof row);
    if (row.name.ptr == NULL) {
      snprintf(below, sizeof below, "%s/%zu", path, i);
    } else {
      snprintf(below, sizeof below, "%s/%s", path, row.name.ptr);
    }
    again = value_at(pod, below);
    assert_int_equal(again.kind, row.kind);
    assert_true(k8smi_eq(again.text, row.text));
    *strings += row.kind == K8SM_VALUE_STRING;
    size_t of_it = 0;
    assert_int_equal(k8sm_pod_get_values(pod, below, 0, NULL, 0, 0, &of_it), K8SM_OK);
    assert_int_equal(of_it, row.count);
    if (row.count > 0) walk(pod, below, strings);
  }
}

static void values_below_a_path(void **state) {
  (void)state;
  struct k8sm_pod *pod = pods_parse("", everything);
  struct k8sm_pod_value rows[4];
  size_t count = 0, strings = 0;
  assert_int_equal(k8sm_pod_get_values(pod, "spec.containers[0].ports", 1, rows, sizeof rows[0], 4, &count),
                   K8SM_OK);
  assert_int_equal(count, 1);
  assert_int_equal(rows[0].kind, K8SM_VALUE_OBJECT);
  assert_int_equal(rows[0].index, 1);
  assert_int_equal(k8sm_pod_get_values(pod, "spec.none", 0, rows, sizeof rows[0], 4, &count),
                   K8SM_ERR_NOT_FOUND);
  walk(pod, "", &strings);
  assert_in_range(strings, 80, 200);
  k8sm_pod_unref(pod);
}

/* ---- Sums ---- */

static void assert_resources(const char *spec, const char *wanted) {
  struct k8sm_pod *pod = pods_parse("", spec);
  struct k8sm_pod_resource rows[8];
  char text[512];
  size_t count = 0;
  assert_int_equal(k8sm_pod_resources(pod, NULL, rows, sizeof rows[0], 8, &count), K8SM_OK);
  assert_in_range(count, 0, 8);
  int n = snprintf(text, sizeof text, "%s", k8sm_pod_qos_class(pod).ptr);
  for (size_t i = 0; i < count; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, " %s=%lld/%lld", rows[i].name.ptr,
                  (long long)rows[i].request, (long long)rows[i].limit);
  if (strcmp(text, wanted) != 0) fail_msg("%s\nfound    %s\nexpected %s", spec, text, wanted);
  k8sm_pod_unref(pod);
}

#define REQUESTS(name, cpu) "{'name':'" name "','resources':{'requests':{'cpu':'" cpu "'}}"
#define ALWAYS              ",'restartPolicy':'Always'"

static void resources_as_the_scheduler_counts(void **state) {
  (void)state;
  assert_resources("{'containers':[{'name':'a'}]}", "BestEffort");
  /* a sidecar runs beside the init containers behind it, and not beside those before it */
  assert_resources("{'initContainers':[" REQUESTS("s", "100m") ALWAYS
                   "}," REQUESTS("i", "500m") "}],"
                                              "'containers':[" REQUESTS("a", "200m") "}]}",
                   "Burstable cpu=600/-1");
  assert_resources("{'initContainers':[" REQUESTS("i", "500m") "}," REQUESTS("s", "100m") ALWAYS
                   "}],"
                   "'containers':[" REQUESTS("a", "200m") "}]}",
                   "Burstable cpu=500/-1");
  /* every name counts; halves of a byte are summed before they are rounded */
  assert_resources("{'containers':[{'name':'a','resources':{'limits':{'memory':'1500m','example.com/gpu':'2',"
                   "'hugepages-2Mi':'4Mi'}}},{'name':'b','resources':{'limits':{'memory':'1500m'}}}]}",
                   "Burstable example.com/gpu=2/2 hugepages-2Mi=4194304/4194304 memory=3/3");
  /* the pod's own, and the overhead: on limits only where there is one */
  assert_resources("{'containers':[{'name':'a','resources':{'requests':{'cpu':'1'},'limits':{'cpu':'2'}}}],"
                   "'resources':{'requests':{'cpu':'3','example.com/gpu':'1'},'limits':{'cpu':'4'}},"
                   "'overhead':{'cpu':'250m','memory':'1Ki'}}",
                   "Burstable cpu=3250/4250 memory=1024/-1");
  assert_resources("{'containers':[{'name':'a'}],'resources':{'limits':{'cpu':'1','memory':'1Gi'},"
                   "'requests':{'cpu':'1','memory':'1Gi'}}}",
                   "Guaranteed cpu=1000/1000 memory=1073741824/1073741824");
  assert_resources("{'containers':[{'name':'a','resources':{'limits':{'cpu':'1','memory':'1Ki'}}}]}",
                   "Guaranteed cpu=1000/1000 memory=1024/1024");
  assert_resources("{'containers':[{'name':'a','resources':{'limits':{'cpu':'1','memory':'1Ki'}}},"
                   "{'name':'b'}]}",
                   "Burstable cpu=1000/1000 memory=1024/1024");
  assert_resources("{'containers':[{'name':'a','resources':{'limits':{'memory':'8Ei'},'requests':{"
                   "'memory':'0'}}},{'name':'b','resources':{'limits':{'memory':'8Ei'}}}]}",
                   "Burstable memory=9223372036854775807/9223372036854775807");
}

static void qos_of_a_status_wins(void **state) {
  (void)state;
  static const char json[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{"
      "\"containers\":[{\"name\":\"a\",\"image\":\"b\"}]},"
      "\"status\":{\"qosClass\":\"Burstable\"}}";
  struct k8sm_pod *pod = NULL;
  assert_int_equal(k8sm_pod_parse(json, sizeof json - 1, NULL, &pod, NULL), K8SM_OK);
  assert_text(k8sm_pod_qos_class(pod), "Burstable");
  k8sm_pod_unref(pod);
}

/* Many names in many containers: each is found by its hash. */
static void resources_of_many_names(void **state) {
  (void)state;
  enum { NAMES = 300 };
  char *spec = malloc(NAMES * 80 + 100);
  size_t n = (size_t)sprintf(spec, "{'containers':[{'name':'a','resources':{'limits':{");
  for (int i = 0; i < NAMES; i++) n += (size_t)sprintf(spec + n, "%s'x.io/r%d':'%d'", i > 0 ? "," : "", i, i);
  sprintf(spec + n, "}}}]}");
  struct k8sm_pod *pod = pods_parse("", spec);
  struct k8sm_pod_resource rows[2];
  size_t count = 0;
  assert_int_equal(k8sm_pod_resources(pod, NULL, rows, sizeof rows[0], 2, &count), K8SM_OK);
  assert_int_equal(count, NAMES);
  assert_text(rows[1].name, "x.io/r1");
  assert_int_equal(rows[1].limit, 1);
  k8sm_pod_unref(pod);
  free(spec);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(containers_of_every_kind),
      cmocka_unit_test(words_and_ports),
      cmocka_unit_test(variables_by_source),
      cmocka_unit_test(volumes_and_mounts),
      cmocka_unit_test(probes_and_hooks),
      cmocka_unit_test(rows_of_a_pod_without_a_spec),
      cmocka_unit_test(values_by_path),
      cmocka_unit_test(values_below_a_path),
      cmocka_unit_test(resources_as_the_scheduler_counts),
      cmocka_unit_test(qos_of_a_status_wins),
      cmocka_unit_test(resources_of_many_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
