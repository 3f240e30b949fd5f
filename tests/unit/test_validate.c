/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/manifest.h>
#include <k8smesos/pod.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pod/parse.h"
#include "pod/validate_private.h"
#include "support/rule_cases.h"

enum { FOUND_MAX = 256 };
struct found {
  struct k8sm_diag rows[FOUND_MAX];
  char text[1 << 17];
  struct k8sm_diags diags;
};

/* The i-th finding; "nothing" behind the last one. */
static const char *finding(const struct found *f, size_t i) {
  static char line[8192];
  if (i >= f->diags.count) return "nothing";
  snprintf(line, sizeof line, "%s: %s", f->text + f->rows[i].path, f->text + f->rows[i].message);
  return line;
}

static struct k8sm_pod *parse(struct found *f, const char *yaml, uint64_t flags) {
  struct k8sm_parse_options o = {.size = sizeof o, .flags = flags};
  struct k8sm_pod *pod = NULL;
  f->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(f->rows, f->text);
  int r = k8sm_pod_parse(yaml, strlen(yaml), &o, &pod, &f->diags);
  if (r != (f->diags.errors == 0 ? K8SM_OK : K8SM_ERR_INVALID))
    fail_msg("%d: %s, in %s", r, finding(f, 0), yaml);
  return pod;
}

/* All findings of the pod, in their order, and none besides. */
static void finds(const char *yaml, const char *const *want) {
  struct found f;
  k8sm_pod_unref(parse(&f, yaml, 0));
  size_t n = 0;
  for (; want[n] != NULL; n++) {
    if (strcmp(finding(&f, n), want[n]) != 0) fail_msg("found %s\nwanted %s", finding(&f, n), want[n]);
  }
  if (f.diags.count > n) fail_msg("%s", finding(&f, n));
}

#define FINDS(yaml, ...) finds(yaml, (const char *const[]){__VA_ARGS__, NULL})
#define GOOD(yaml)       finds(yaml, (const char *const[]){NULL})
#define HEAD             "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n"
#define SPEC(fields)     HEAD fields "  containers: [{name: a, image: b}]\n"

/* ---- The rules, one by one, from pod_rules.txt ---- */

/* Where the fields of a case go: what stands before and behind them, and how deep they are. A case has its
 * own `metadata`, `spec` or `containers` if it has a line that begins with that. */
static const struct rule_place {
  const char *where, *before, *behind;
  int indent;
} rule_places[] = {
    {"pod", "", "", 0},
    {"metadata", "metadata:\n  name: a\n", "", 2},
    {"spec", "spec:\n", "", 2},
    {"container", "spec:\n  volumes: [{name: v}]\n  containers:\n  - name: a\n    image: b\n", "", 4},
    {"init", "spec:\n  initContainers:\n  - name: i\n    image: b\n", "  containers: [{name: a, image: b}]\n",
     4},
    {"template", "template:\n", "", 2},
};

static void build_yaml(const struct rule_case *c, char *yaml, size_t cap) {
  size_t p = 0;
  while (strcmp(rule_places[p].where, c->where) != 0) p++;
  bool is_template = strcmp(c->where, "template") == 0;
  snprintf(yaml, cap, "apiVersion: v1\nkind: %s\n%s", is_template ? "PodTemplate" : "Pod",
           rule_places[p].before);
  put_fields(yaml, cap, c->body, rule_places[p].indent);
  put_fields(yaml, cap, rule_places[p].behind, 0);
  if (is_template && !has_line(yaml, "  metadata:")) put_fields(yaml, cap, "metadata: {}\n", 2);
  bool in_spec = strcmp(c->where, "spec") == 0;
  if (in_spec && !has_line(yaml, "  containers:"))
    put_fields(yaml, cap, "containers: [{name: a, image: b}]\n", 2);
  const char *spec = is_template ? "  spec:" : "spec:";
  if (!has_line(yaml, spec))
    put_fields(yaml, cap, "spec: {containers: [{name: a, image: b}]}\n", is_template ? 2 : 0);
  if (!has_line(yaml, "metadata:"))
    put_fields(yaml, cap, is_template ? "metadata: {name: t}\n" : "metadata: {name: a}\n", 0);
}

static void only_template(struct k8smi_check *c, const struct k8smi_path *path, const void *template_) {
  k8smi_check_template(c, template_, path);
}

/* Only the rules for templates, at "template". */
static void validate_as_template(struct found *f, const char *yaml) {
  const struct k8sm_parse_options o = {.size = sizeof o};
  struct k8smi_parse p;
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens = NULL;
  const struct k8smi_record *record = NULL;
  struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("template"));
  f->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(f->rows, f->text);
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  assert_int_equal(k8smi_parse_init(&p, yaml, strlen(yaml), &o, &f->diags), K8SM_OK);
  assert_int_equal(k8smi_parse_tokens(&p, yaml, strlen(yaml), K8SM_FORMAT_YAML, 0, &tokens), K8SM_OK);
  assert_int_equal(k8smi_parse_record(&p, tokens, &arena, K8SMI_TYPE_PodTemplate, NULL, &record), K8SM_OK);
  const struct k8smi_validate_options v = {p.scratch.allocator, &path};
  int r = k8smi_validate(only_template, k8smi_get_record(record, K8SMI_PodTemplate_template), &v, &f->diags);
  assert_int_equal(r, f->diags.count == 0 ? K8SM_OK : K8SM_ERR_INVALID);
  k8smi_tokens_free(tokens);
  k8smi_parse_free(&p);
  k8smi_arena_free(&arena);
}

static const char *source_root;

static void rules(void **state) {
  (void)state;
  static struct rule_case c;
  static char line[16384], yaml[16384], path[1024];
  static struct found f;
  size_t number = 0, cases = 0, wrong = 0;
  snprintf(path, sizeof path, "%s/tests/unit/pod_rules.txt", source_root);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  while (next_rule_case(file, line, sizeof line, &number, &c)) {
    cases++;
    build_yaml(&c, yaml, sizeof yaml);
    if (strcmp(c.where, "template") == 0) {
      validate_as_template(&f, yaml);
    } else {
      k8sm_pod_unref(parse(&f, yaml, 0));
    }
    for (size_t i = 0; i < c.wanted || i < f.diags.count; i++) {
      const char *want = i < c.wanted ? c.want[i] : "nothing";
      if (strcmp(finding(&f, i), want) == 0) continue;
      print_error("%s:%zu: %s\nfound  %s\nwanted %s\n", path, c.line, c.title, finding(&f, i), want);
      wrong++;
    }
  }
  fclose(file);
  assert_int_equal(wrong, 0);
  assert_in_range(cases, 150, 10000);
}

/* The allocator of a test: the one after `left` more fails. */
struct short_memory {
  size_t left, live;
};

static void *short_alloc(void *ctx, size_t n) {
  struct short_memory *m = ctx;
  void *p = m->left > 0 ? malloc(n) : NULL;
  m->live += p != NULL;
  m->left -= m->left > 0;
  return p;
}

static void short_free(void *ctx, void *p, size_t n) {
  struct short_memory *m = ctx;
  (void)n;
  m->live -= p != NULL;
  free(p);
}

/* Every allocation fails once, in every case: the answer says so, and nothing is left behind. */
static void rules_without_memory(void **state) {
  (void)state;
  static struct rule_case c;
  static char line[16384], yaml[16384], path[1024];
  static struct found f;
  size_t number = 0;
  snprintf(path, sizeof path, "%s/tests/unit/pod_rules.txt", source_root);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  while (next_rule_case(file, line, sizeof line, &number, &c)) {
    if (strcmp(c.where, "template") == 0) continue;
    build_yaml(&c, yaml, sizeof yaml);
    int r = K8SM_ERR_NOMEM;
    for (size_t n = 0; r == K8SM_ERR_NOMEM; n++) {
      struct short_memory memory = {n, 0};
      const struct k8sm_allocator allocator = {sizeof allocator, &memory, short_alloc, short_free};
      const struct k8sm_parse_options o = {.size = sizeof o, .allocator = &allocator};
      struct k8sm_pod *pod = NULL;
      f.diags = (struct k8sm_diags)K8SM_DIAGS_INIT(f.rows, f.text);
      r = k8sm_pod_parse(yaml, strlen(yaml), &o, &pod, &f.diags);
      k8sm_pod_unref(pod);
      if (memory.live != 0) fail_msg("%s: %zu allocations left behind after %zu", c.title, memory.live, n);
    }
    if (r != (c.wanted == 0 ? K8SM_OK : K8SM_ERR_INVALID) || f.diags.errors != c.wanted)
      fail_msg("%s: %d, %zu findings", c.title, r, f.diags.errors);
  }
  fclose(file);
}

/* ---- What takes more than a line ---- */

/* `count` times the item, whose "%zu" is its number. */
static char *repeat(const char *before, const char *item, size_t count, const char *behind) {
  size_t cap = strlen(before) + strlen(behind) + count * (strlen(item) + 12) + 1, len;
  char *text = malloc(cap);
  assert_non_null(text);
  len = (size_t)snprintf(text, cap, "%s", before);
  const char *at = strchr(item, '#');
  for (size_t i = 0; i < count; i++) {
    if (at == NULL) {
      len += (size_t)snprintf(text + len, cap - len, "%s", item);
    } else {
      len += (size_t)snprintf(text + len, cap - len, "%.*s%zu%s", (int)(at - item), item, i, at + 1);
    }
  }
  snprintf(text + len, cap - len, "%s", behind);
  return text;
}

static void finds_in(char *yaml, const char *want) {
  struct found f;
  k8sm_pod_unref(parse(&f, yaml, 0));
  free(yaml);
  if (want == NULL) {
    if (f.diags.count > 0) fail_msg("%s", finding(&f, 0));
  } else {
    assert_string_equal(finding(&f, f.diags.count - 1), want);
  }
}

static void sizes(void **state) {
  (void)state;
  const char *behind = "]\n  containers: [{name: a, image: b}]\n";
  finds_in(repeat(HEAD "  dnsConfig: {searches: [", "a#, ", 32, "]}\n  containers: [{name: a, image: b}]\n"),
           NULL);
  finds_in(repeat(HEAD "  containers: [{name: a, image: b, restartPolicy: Never, restartPolicyRules: [",
                  "{action: Restart, exitCodes: {operator: In, values: [#]}}, ", 21, "]}]\n"),
           "spec.containers[0].restartPolicyRules: Too many: 21: must have at most 20 items");
  finds_in(repeat(HEAD "  containers: [{name: a, image: b, restartPolicy: Never, restartPolicyRules: [",
                  "{action: Restart, exitCodes: {operator: In, values: [#]}}, ", 20, "]}]\n"),
           NULL);
  finds_in(repeat(HEAD "  volumes: [{name: v, csi: {driver: ", "a", 64,
                  "}}]\n  containers: [{name: a, image: b}]\n"),
           "spec.volumes[0].csi.driver: Too long: may not be more than 63 bytes");
  finds_in(repeat(HEAD "  schedulingGates: [", "{name: g#}, ", 300, behind), NULL);
}

/* What each of many findings shows does not grow with their number. */
static void many_findings(void **state) {
  (void)state;
  enum { OWNERS = 16000 };
  struct found f;
  char *yaml =
      repeat("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: b}]}\nmetadata: {name: a, "
             "ownerReferences: [",
             "{apiVersion: v1, kind: K, name: o#, uid: u, controller: true}, ", OWNERS, "]}\n");
  assert_null(parse(&f, yaml, 0));
  assert_int_equal(f.diags.errors, OWNERS - 1);
  assert_in_range(f.diags.text_used, 2048 * (OWNERS - 1), 3072 * (OWNERS - 1));
  free(yaml);
}

static void annotations_are_bounded(void **state) {
  (void)state;
  const char *before = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {a: '";
  const char *behind = "'}}\nspec: {containers: [{name: a, image: b}]}\n";
  finds_in(repeat(before, "x", 262143, behind), NULL);
  finds_in(repeat(before, "x", 262144, behind),
           "metadata.annotations: Too long: may not be more than 262144 bytes");
}

/* Values are written as the server's Go writes them, and cut where nobody would read on. */
static void values(void **state) {
  (void)state;
  FINDS(SPEC("  hostname: \"\\t\\x01\\\\\\u00e4\\u00a0\\U0001F600\"\n"),
        "spec.hostname: Invalid value: \"\\t\\x01\\\\\xc3\xa4\\u00a0\xf0\x9f\x98\x80\": a lowercase RFC 1123 "
        "label must "
        "consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
        "character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
  FINDS(SPEC("  restartPolicy: '<&>'\n"),
        "spec.restartPolicy: Unsupported value: \"\\u003c\\u0026\\u003e\": supported values: \"Always\", "
        "\"OnFailure\", \"Never\"");
  struct found f;
  char *yaml = repeat(HEAD "  restartPolicy: ", "\xc3\xa4", 400, "\n  containers: [{name: a, image: b}]\n");
  k8sm_pod_unref(parse(&f, yaml, 0));
  free(yaml);
  assert_int_equal(strlen(f.text + f.rows[0].message),
                   strlen("Unsupported value: \"\": supported values: \"Always\", \"OnFailure\", \"Never\"") +
                       512);
}

/* The same finding twice is one: two lists of the same kind that are both wrong in the same way. */
static void once(void **state) {
  (void)state;
  FINDS(
      HEAD "  containers: [{name: a, image: b, envFrom: [{}, {}]}]\n",
      "spec.containers[0].envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`");
}

/* ---- Pods that a server has ---- */

#define STORED                                                                                               \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: d, uid: u, resourceVersion: '1', generation: "  \
  "1, "                                                                                                      \
  "creationTimestamp: '2026-01-01T00:00:00Z', labels: {x: 'y'}, annotations: "                               \
  "{controller.kubernetes.io/pod-deletion-cost: 'no'}, managedFields: [{manager: kubelet, operation: "       \
  "Update, apiVersion: v1, time: '2026-01-01T00:00:00Z', fieldsType: FieldsV1, fieldsV1: {'f:status': {}}, " \
  "subresource: status}]}\n"

static void stored(void **state) {
  (void)state;
  GOOD(STORED
       "status: {phase: Running, podIPs: [{ip: 10.0.0.1}]}\nspec:\n  nodeName: node\n  hostNetwork: true\n"
       "  ephemeralContainers: [{name: e, image: b, targetContainerName: a}]\n"
       "  securityContext: {sysctls: [{name: net.core.somaxconn, value: x}]}\n"
       "  hostAliases: [{ip: 01.2.3.4}]\n  dnsConfig: {nameservers: ['::ffff:1.2.3.4']}\n"
       "  serviceAccountName: default\n"
       "  volumes: [{name: i, image: {}}, {name: t, projected: {sources: [{serviceAccountToken: {path: "
       "../t}}]}}]\n"
       "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
       "[{matchExpressions: [{key: a, operator: In, values: ['b c']}]}]}}, podAffinity: "
       "{requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: k, matchLabelKeys: [x], "
       "labelSelector: "
       "{matchExpressions: [{key: x, operator: In, values: [before]}]}}]}}\n"
       "  initContainers: [{name: i, image: b, resizePolicy: [{resourceName: cpu, restartPolicy: "
       "RestartContainer}]}]\n"
       "  containers: [{name: a, image: b, resources: {limits: {cpu: 1, hugepages-2Mi: 3Mi}}, "
       "securityContext: "
       "{allowPrivilegeEscalation: false, capabilities: {add: [CAP_SYS_ADMIN]}}}]\n");
  FINDS(STORED "spec:\n  containers: [{name: a, image: b}]\n  ephemeralContainers: [{name: a, image: b, "
               "targetContainerName: c}]\n",
        "spec.ephemeralContainers[0].name: Duplicate value: \"a\"",
        "spec.ephemeralContainers[0].targetContainerName: Not found: \"c\"");
  FINDS(SPEC("  ephemeralContainers: [{name: e, image: b}]\n"),
        "spec.ephemeralContainers: Forbidden: cannot be set on create");
}

/* ---- What is filled in ---- */

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

/* What a pod gets when it is created, beyond the defaults of single fields. */
static void is_prepared(const char *yaml, const char *path, const char *want) {
  struct found f;
  struct k8sm_pod *pod = parse(&f, yaml, 0);
  if (pod == NULL) fail_msg("%s", finding(&f, 0));
  default_is(pod, path, want);
  /* Written and read again it stays as it is. */
  struct k8sm_blob *json = NULL;
  assert_int_equal(k8sm_pod_encode(pod, K8SM_FORMAT_JSON, NULL, &json), K8SM_OK);
  struct k8sm_pod *again = parse(&f, k8sm_blob_bytes(json).ptr, 0);
  if (again == NULL) fail_msg("%s", finding(&f, 0));
  default_is(again, path, want);
  k8sm_blob_unref(json);
  k8sm_pod_unref(again);
  k8sm_pod_unref(pod);
}

#define LABELLED(fields)                                                                                     \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: 'y', z: w}}\nspec:\n" fields                   \
  "  containers: [{name: a, image: b}]\n"

static void keys_of_labels(void **state) {
  (void)state;
  is_prepared(
      LABELLED("  affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, "
               "podAffinityTerm: {topologyKey: k, labelSelector: {matchLabels: {a: b}, matchExpressions: "
               "[{key: c, operator: Exists}]}, matchLabelKeys: [x, none], mismatchLabelKeys: [z]}}]}}\n"),
      "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm."
      "labelSelector",
      "{\"matchLabels\":{\"a\":\"b\"},\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"Exists\"},{\"key\":"
      "\"x\",\"operator\":\"In\",\"values\":[\"y\"]},{\"key\":\"z\",\"operator\":\"NotIn\",\"values\":[\"w\"]"
      "}]"
      "}");
  is_prepared(
      LABELLED("  topologySpreadConstraints: [{maxSkew: 1, topologyKey: k, whenUnsatisfiable: DoNotSchedule, "
               "labelSelector: {}, matchLabelKeys: [x]}]\n"),
      "spec.topologySpreadConstraints[0].labelSelector",
      "{\"matchExpressions\":[{\"key\":\"x\",\"operator\":\"In\",\"values\":[\"y\"]}]}");
}

static void apparmor_annotations(void **state) {
  (void)state;
  const char *yaml = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: "
                     "{container.apparmor.security.beta.kubernetes.io/a: localhost/p, "
                     "container.apparmor.security.beta.kubernetes.io/i: runtime/default}}\n"
                     "spec: {initContainers: [{name: i, image: b}], containers: [{name: a, image: b}, {name: "
                     "c, image: b}]}\n";
  is_prepared(yaml, "spec.containers[0].securityContext",
              "{\"appArmorProfile\":{\"type\":\"Localhost\",\"localhostProfile\":\"p\"}}");
  is_prepared(yaml, "spec.initContainers[0].securityContext",
              "{\"appArmorProfile\":{\"type\":\"RuntimeDefault\"}}");
}

static void resources_of_the_pod(void **state) {
  (void)state;
  const char *yaml =
      SPEC("  resources: {limits: {cpu: 3}}\n"
           "  initContainers: [{name: i, image: b, resources: {limits: {memory: 4Gi, cpu: 1}}}]\n");
  is_prepared(yaml, "spec.resources",
              "{\"limits\":{\"cpu\":\"3\"},\"requests\":{\"cpu\":\"1\",\"memory\":\"4Gi\"}}");
  is_prepared(
      HEAD
      "  resources: {requests: {cpu: 1}}\n  containers: [{name: a, image: b, resources: {limits: {cpu: 500m, "
      "memory: 1Gi, hugepages-2Mi: 2Mi}}}, {name: c, image: b, resources: {limits: {cpu: 250m, memory: "
      "512Mi, hugepages-2Mi: 4Mi}}}]\n",
      "spec.resources",
      "{\"limits\":{\"cpu\":\"1\",\"hugepages-2Mi\":\"6Mi\",\"memory\":\"1536Mi\"},\"requests\":{\"cpu\":"
      "\"1\",\"hugepages-2Mi\":\"6Mi\",\"memory\":\"1536Mi\"}}");
}

/* Templates of workloads have the server's paths, and a StatefulSet's its claims. Its pods get the labels
 * that its controller gives them before those are used. */
static void workloads(void **state) {
  (void)state;
  struct found f;
  struct k8sm_manifest *m = NULL;
  const struct k8sm_parse_options o = {.size = sizeof o};
  const char *bad =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {selector: {matchLabels: {a: b}}, "
      "template: {metadata: {labels: {a: b, -c: d}}, spec: {containers: [{name: A, image: ' b'}]}}}\n";
  f.diags = (struct k8sm_diags)K8SM_DIAGS_INIT(f.rows, f.text);
  assert_int_equal(k8sm_manifest_parse(bad, strlen(bad), &o, &m, &f.diags), K8SM_ERR_INVALID);
  assert_int_equal(f.diags.count, 2);
  assert_string_equal(f.text + f.rows[0].path, "spec.template.labels");
  assert_string_equal(f.text + f.rows[1].path, "spec.template.spec.containers[0].name");
  const char *good =
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\nspec: {selector: {matchLabels: {a: b}}, "
      "serviceName: "
      "x, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: "
      "{requests: "
      "{storage: 1}}}}], template: {metadata: {labels: {a: b}}, spec: {hostname: not.looked.at, "
      "topologySpreadConstraints: [{maxSkew: 1, topologyKey: k, whenUnsatisfiable: DoNotSchedule, "
      "labelSelector: {}, "
      "matchLabelKeys: [apps.kubernetes.io/pod-index]}], containers: [{name: a, image: b, volumeMounts: "
      "[{name: data, "
      "mountPath: /d}]}]}}}\n";
  f.diags = (struct k8sm_diags)K8SM_DIAGS_INIT(f.rows, f.text);
  if (k8sm_manifest_parse(good, strlen(good), &o, &m, &f.diags) != K8SM_OK) fail_msg("%s", finding(&f, 0));
  struct k8sm_manifest_pod row;
  assert_int_equal(k8sm_manifest_pods(m, 0, &row, sizeof row, 1), 1);
  default_is(row.pod, "spec.topologySpreadConstraints[0].labelSelector",
             "{\"matchExpressions\":[{\"key\":\"apps.kubernetes.io/"
             "pod-index\",\"operator\":\"In\",\"values\":[\"0\"]}]}");
  k8sm_manifest_unref(m);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rules),
      cmocka_unit_test(rules_without_memory),
      cmocka_unit_test(sizes),
      cmocka_unit_test(many_findings),
      cmocka_unit_test(annotations_are_bounded),
      cmocka_unit_test(values),
      cmocka_unit_test(once),
      cmocka_unit_test(stored),
      cmocka_unit_test(defaults),
      cmocka_unit_test(keys_of_labels),
      cmocka_unit_test(apparmor_annotations),
      cmocka_unit_test(resources_of_the_pod),
      cmocka_unit_test(workloads),
  };
  source_root = argc > 1 ? argv[1] : ".";
  return cmocka_run_group_tests(tests, NULL, NULL);
}
