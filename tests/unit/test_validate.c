/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/pod.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FOUND_MAX = 64 };
struct found {
  struct k8sm_diag rows[FOUND_MAX];
  char text[32768];
  struct k8sm_diags diags;
};

static struct k8sm_pod *parse(struct found *f, const char *yaml, uint64_t flags) {
  struct k8sm_parse_options o = {.size = sizeof o, .flags = flags};
  struct k8sm_pod *pod = NULL;
  f->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(f->rows, f->text);
  int r = k8sm_pod_parse(yaml, strlen(yaml), &o, &pod, &f->diags);
  assert_int_equal(r, f->diags.errors == 0 ? K8SM_OK : K8SM_ERR_INVALID);
  return pod;
}

/* All findings of the pod, one to a line, and none besides. */
static void finds(const char *yaml, const char *const *want) {
  struct found f;
  k8sm_pod_unref(parse(&f, yaml, 0));
  size_t n = 0;
  for (; want[n] != NULL; n++) {
    char line[1024] = "nothing";
    if (n < f.diags.count)
      snprintf(line, sizeof line, "%s: %s", f.text + f.rows[n].path, f.text + f.rows[n].message);
    if (strncmp(line, want[n], strlen(want[n])) != 0) fail_msg("found %s\nwanted %s", line, want[n]);
  }
  if (f.diags.count > n) fail_msg("%s: %s", f.text + f.rows[n].path, f.text + f.rows[n].message);
}

#define FINDS(yaml, ...)  finds(yaml, (const char *const[]){__VA_ARGS__, NULL})
#define HEAD              "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n"
#define SPEC(fields)      HEAD fields "  containers: [{name: a, image: b}]\n"
#define CONTAINER(fields) HEAD "  volumes: [{name: v}]\n  containers: [{name: a, image: b, " fields "}]\n"

static void metadata(void **state) {
  (void)state;
  FINDS("apiVersion: v1\nkind: Pod\nmetadata: {name: A_b, namespace: x.y, labels: {-a: b, c: 'd e'}, "
        "annotations: {a/: x}, "
        "ownerReferences: [{kind: K}]}\nspec: {containers: [{name: a, image: b}]}\n",
        "metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain",
        "metadata.namespace: Invalid value: \"x.y\": a lowercase RFC 1123 label",
        "metadata.labels: Invalid value: \"-a\": name part",
        "metadata.labels: Invalid value: \"d e\": a valid label",
        "metadata.annotations: Invalid value: \"a/\": name part must be non-empty",
        "metadata.ownerReferences[0].apiVersion: Required value",
        "metadata.ownerReferences[0].name: Required value",
        "metadata.ownerReferences[0].uid: Required value");
}

static void containers(void **state) {
  (void)state;
  FINDS(HEAD "  containers: [{}, {name: X, image: ' b'}, {name: a, image: b, imagePullPolicy: Often}, {name: "
             "a, image: b, "
             "restartPolicy: Always}]\n"
             "  initContainers: [{name: a, image: b, restartPolicy: Never, livenessProbe: {exec: {command: "
             "[x]}}}]\n",
        "spec.containers[0].name: Required value", "spec.containers[0].image: Required value",
        "spec.containers[1].name: Invalid value: \"X\"",
        "spec.containers[1].image: Invalid value: \" b\": must not have leading or trailing whitespace",
        "spec.containers[2].imagePullPolicy: Unsupported value: \"Often\": supported values: \"Always\", "
        "\"IfNotPresent\", "
        "\"Never\"",
        "spec.containers[3].name: Duplicate value: \"a\"",
        "spec.containers[3].restartPolicy: Forbidden: may not be set for non-init containers",
        "spec.initContainers[0].name: Duplicate value: \"a\"",
        "spec.initContainers[0].restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
        "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers");
}

static void ports(void **state) {
  (void)state;
  FINDS(CONTAINER("ports: [{name: http, containerPort: 80, hostPort: 70000}, {name: http, containerPort: 0}, "
                  "{name: '1', "
                  "containerPort: 70000, protocol: tcp}]"),
        "spec.containers[0].ports[0].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        "spec.containers[0].ports[1].name: Duplicate value: \"http\"",
        "spec.containers[0].ports[1].containerPort: Required value",
        "spec.containers[0].ports[2].name: Invalid value: \"1\": must contain at least one letter",
        "spec.containers[0].ports[2].containerPort: Invalid value: 70000: must be between 1 and 65535, "
        "inclusive",
        "spec.containers[0].ports[2].protocol: Unsupported value: \"tcp\": supported values: \"SCTP\", "
        "\"TCP\", \"UDP\"");
  FINDS(HEAD "  containers: [{name: a, image: b, ports: [{containerPort: 1, hostPort: 9}]}, {name: c, image: "
             "b, ports: "
             "[{containerPort: 2, hostPort: 9}, {containerPort: 2, hostPort: 9, protocol: UDP}]}]\n",
        "spec.containers[1].ports[0].hostPort: Duplicate value: \"TCP//9\"");
  FINDS(
      HEAD
      "  hostNetwork: true\n  containers: [{name: a, image: b, ports: [{containerPort: 1, hostPort: 9}]}]\n",
      "spec.containers[0].ports[0].hostPort: Invalid value: 9: must match `containerPort`");
}

static void environment_and_mounts(void **state) {
  (void)state;
  FINDS(CONTAINER("env: [{value: x}, {name: a=b}, {name: A, valueFrom: {}}, {name: B, value: x, valueFrom: "
                  "{fieldRef: "
                  "{fieldPath: metadata.nothing}}}, {name: C, valueFrom: {fieldRef: {fieldPath: "
                  "\"metadata.labels['a']\"}, "
                  "secretKeyRef: {name: s}}}], envFrom: [{}]"),
        "spec.containers[0].env[0].name: Required value",
        "spec.containers[0].env[1].name: Invalid value: \"a=b\"",
        "spec.containers[0].env[2].valueFrom: Invalid value: \"\": must specify one of",
        "spec.containers[0].env[3].valueFrom: Invalid value: \"\": may not be specified when `value` is not "
        "empty",
        "spec.containers[0].env[3].valueFrom.fieldRef.fieldPath: Invalid value: \"metadata.nothing\"",
        "spec.containers[0].env[4].valueFrom: Invalid value: \"\": may not have more than one",
        "spec.containers[0].env[4].valueFrom.secretKeyRef.key: Required value",
        "spec.containers[0].envFrom: Invalid value: \"\": must specify one of");
  FINDS(CONTAINER("volumeMounts: [{name: v, mountPath: /a}, {name: w, mountPath: /a}, {name: v, mountPath: "
                  "/c, subPath: ../x}, "
                  "{mountPropagation: All}]"),
        "spec.containers[0].volumeMounts[1].name: Not found: \"w\"",
        "spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must be unique",
        "spec.containers[0].volumeMounts[2].subPath: Invalid value: \"../x\": must not contain '..'",
        "spec.containers[0].volumeMounts[3].name: Required value",
        "spec.containers[0].volumeMounts[3].mountPath: Required value",
        "spec.containers[0].volumeMounts[3].mountPropagation: Unsupported value: \"All\"");
}

static void volumes(void **state) {
  (void)state;
  FINDS(SPEC("  volumes: [{name: a, emptyDir: {}, hostPath: {path: /x}}, {name: b, hostPath: {path: /a/../b, "
             "type: Odd}}, {name: B}, "
             "{name: c}, {name: c}, {name: d, secret: {items: [{key: k}]}}, {name: e, configMap: {name: m, "
             "defaultMode: "
             "512}}, {}, {name: f, projected: {sources: [{secret: {}, configMap: {name: x}}]}}, {name: g, "
             "persistentVolumeClaim: {}}, {name: h, nfs: {path: x}}]\n"),
        "spec.volumes[0].emptyDir: Forbidden: may not specify more than 1 volume type",
        "spec.volumes[1].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
        "spec.volumes[1].hostPath.type: Unsupported value: \"Odd\"",
        "spec.volumes[2].name: Invalid value: \"B\"", "spec.volumes[4].name: Duplicate value: \"c\"",
        "spec.volumes[5].secret.secretName: Required value",
        "spec.volumes[5].secret.items[0].path: Required value",
        "spec.volumes[6].configMap.defaultMode: Invalid value: 512: must be between 0 and 511, inclusive",
        "spec.volumes[7].name: Required value",
        "spec.volumes[8].projected.sources[0]: Forbidden: may not specify more than 1 volume type",
        "spec.volumes[8].projected.sources[0].secret.name: Required value",
        "spec.volumes[9].persistentVolumeClaim.claimName: Required value",
        "spec.volumes[10].nfs.server: Required value",
        "spec.volumes[10].nfs.path: Invalid value: \"x\": must be an absolute path");
}

static void resources(void **state) {
  (void)state;
  FINDS(CONTAINER("resources: {limits: {cpu: 1, gpu: 1}, requests: {cpu: 1001m, memory: -1}}"),
        "spec.containers[0].resources.limits[gpu]: Invalid value: \"gpu\": must be a standard resource for "
        "containers",
        "spec.containers[0].resources.requests[gpu]: Invalid value: \"gpu\": must be a standard resource for "
        "containers",
        "spec.containers[0].resources.requests[memory]: Invalid value: \"-1\": must be greater than or equal "
        "to 0",
        "spec.containers[0].resources.requests: Invalid value: \"1001m\": must be less than or equal to cpu "
        "limit of 1");
}

static void probes_and_hooks(void **state) {
  (void)state;
  FINDS(
      CONTAINER("livenessProbe: {periodSeconds: -1, successThreshold: 2}, readinessProbe: {exec: {}, "
                "tcpSocket: {port: 1}, "
                "terminationGracePeriodSeconds: 5}, startupProbe: {httpGet: {port: A}}, lifecycle: {preStop: "
                "{sleep: "
                "{seconds: 31}}, postStart: {}}"),
      "spec.containers[0].lifecycle.postStart: Required value: must specify a handler type",
      "spec.containers[0].lifecycle.preStop.sleep.seconds: Invalid value: 31: must be between 0 and 30, "
      "inclusive",
      "spec.containers[0].livenessProbe: Required value: must specify a handler type",
      "spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
      "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
      "spec.containers[0].readinessProbe.exec.command: Required value",
      "spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
      "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set",
      "spec.containers[0].startupProbe.httpGet.port: Invalid value: \"A\"");
}

static void the_rest_of_the_spec(void **state) {
  (void)state;
  FINDS(SPEC("  restartPolicy: Sometimes\n  dnsPolicy: None\n  nodeName: A\n  hostname: a.b\n  "
             "activeDeadlineSeconds: 0\n"
             "  hostAliases: [{ip: x, hostnames: [B]}]\n  hostPID: true\n  shareProcessNamespace: true\n"
             "  securityContext: {runAsUser: -1, sysctls: [{name: a.b, value: x}, {name: a.b}], "
             "seccompProfile: {type: "
             "Localhost}}\n"),
        "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\", "
        "\"OnFailure\"",
        "spec.shareProcessNamespace: Invalid value", "spec.securityContext.runAsUser: Invalid value: -1",
        "spec.securityContext.sysctls[1].name: Duplicate value: \"a.b\"",
        "spec.securityContext.seccompProfile.localhostProfile: Required value",
        "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
        "spec.nodeName: Invalid value: \"A\"", "spec.hostname: Invalid value: \"a.b\"",
        "spec.activeDeadlineSeconds: Invalid value: 0", "spec.hostAliases[0].ip: Invalid value: \"x\"",
        "spec.hostAliases[0].hostnames[0]: Invalid value: \"B\"");
  FINDS(SPEC("  tolerations: [{key: a, operator: Exists, value: x}, {tolerationSeconds: 1}, {key: a, "
             "operator: Is, effect: Nowhere}]\n"
             "  schedulingGates: [{name: g}, {name: g}]\n"
             "  topologySpreadConstraints: [{whenUnsatisfiable: Maybe}]\n"
             "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
             "{nodeSelectorTerms: []}, "
             "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 101, preference: {matchExpressions: "
             "[{key: a, "
             "operator: In}, {key: a, operator: Gt, values: [1x]}]}}]}, podAffinity: "
             "{requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchExpressions: [{key: a, "
             "operator: "
             "Gt}]}}]}}\n"),
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: "
        "Required value",
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid "
        "value: 101",
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference."
        "matchExpressions[0]."
        "values: Required value",
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector."
        "matchExpressions[0]."
        "operator: Invalid value: \"Gt\"",
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required "
        "value",
        "spec.schedulingGates[1]: Duplicate value: \"g\"",
        "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        "spec.topologySpreadConstraints[0].topologyKey: Required value",
        "spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: \"Maybe\"",
        "spec.tolerations[0].operator: Invalid value: \"Exists\": value must be empty",
        "spec.tolerations[1].operator: Invalid value: \"\": operator must be Exists",
        "spec.tolerations[1].effect: Invalid value: \"\": effect must be 'NoExecute'",
        "spec.tolerations[2].effect: Unsupported value: \"Nowhere\"",
        "spec.tolerations[2].operator: Unsupported value: \"Is\"");
}

static void default_is(const struct k8sm_pod *pod, const char *path, const char *want) {
  struct k8sm_blob *blob = NULL;
  if (k8sm_pod_get(pod, path, NULL, &blob) != K8SM_OK) fail_msg("%s is not set", path);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, want);
  k8sm_blob_unref(blob);
}

static void defaults(void **state) {
  (void)state;
  struct found f;
  struct k8sm_pod *pod = parse(
      &f,
      HEAD
      "  hostNetwork: true\n  serviceAccount: sa\n  overhead: {cpu: 1n}\n"
      "  volumes: [{name: a}, {name: b, secret: {secretName: s}}, {name: c, projected: {sources: "
      "[{serviceAccountToken: {path: t}}]}}]\n"
      "  initContainers: [{name: i, image: 'r:5000/b@sha256:00'}]\n"
      "  containers:\n"
      "  - {name: a, image: 'r:5000/b', ports: [{containerPort: 7}], livenessProbe: {httpGet: {port: 1}}, "
      "resources: {limits: {cpu: 0.0015, memory: 1Gi}, requests: {cpu: 1m}}}\n"
      "  - {name: b, image: 'b:latest', imagePullPolicy: Never, env: [{name: A, valueFrom: {fieldRef: "
      "{fieldPath: metadata.name}}}]}\n"
      "  - {name: c, image: 'b:1'}\n",
      0);
  assert_non_null(pod);
  static const char *const want[][2] = {
      {"spec.restartPolicy", "Always"},
      {"spec.dnsPolicy", "ClusterFirst"},
      {"spec.schedulerName", "default-scheduler"},
      {"spec.terminationGracePeriodSeconds", "30"},
      {"spec.enableServiceLinks", "true"},
      {"spec.securityContext", "{}"},
      {"spec.serviceAccountName", "sa"},
      {"spec.overhead[cpu]", "1m"},
      {"spec.volumes[0].emptyDir", "{}"},
      {"spec.volumes[1].secret.defaultMode", "420"},
      {"spec.volumes[2].projected.sources[0].serviceAccountToken.expirationSeconds", "3600"},
      {"spec.initContainers[0].imagePullPolicy", "IfNotPresent"},
      {"spec.containers[0].imagePullPolicy", "Always"},
      {"spec.containers[1].imagePullPolicy", "Never"},
      {"spec.containers[2].imagePullPolicy", "IfNotPresent"},
      {"spec.containers[0].terminationMessagePath", "/dev/termination-log"},
      {"spec.containers[0].terminationMessagePolicy", "File"},
      {"spec.containers[0].ports[0]", "{\"hostPort\":7,\"containerPort\":7,\"protocol\":\"TCP\"}"},
      {"spec.containers[0].resources",
       "{\"limits\":{\"cpu\":\"2m\",\"memory\":\"1Gi\"},\"requests\":{\"cpu\":\"1m\",\"memory\":\"1Gi\"}}"},
      {"spec.containers[0].livenessProbe",
       "{\"httpGet\":{\"path\":\"/"
       "\",\"port\":1,\"scheme\":\"HTTP\"},\"timeoutSeconds\":1,\"periodSeconds\":10,"
       "\"successThreshold\":1,\"failureThreshold\":3}"},
      {"spec.containers[1].env[0].valueFrom.fieldRef.apiVersion", "v1"},
  };
  for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) default_is(pod, want[i][0], want[i][1]);
  k8sm_pod_unref(pod);
  pod = parse(&f, SPEC(""), K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE);
  default_is(pod, "spec", "{\"containers\":[{\"name\":\"a\",\"image\":\"b\",\"resources\":{}}]}");
  k8sm_pod_unref(pod);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(metadata),
      cmocka_unit_test(containers),
      cmocka_unit_test(ports),
      cmocka_unit_test(environment_and_mounts),
      cmocka_unit_test(volumes),
      cmocka_unit_test(resources),
      cmocka_unit_test(probes_and_hooks),
      cmocka_unit_test(the_rest_of_the_spec),
      cmocka_unit_test(defaults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
