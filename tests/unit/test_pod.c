/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/pod.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/failing.h"

static const char *source_root = "."; /* beside it are the objects of other projects */

struct parsed {
  struct k8sm_diag rows[64];
  char text[16384];
  struct k8sm_diags diags;
  struct k8sm_pod *pod;
  int result;
};

static void parse_with(struct parsed *p, const char *bytes, size_t len, uint64_t flags) {
  struct k8sm_parse_options o = {.size = sizeof o, .flags = flags};
  p->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(p->rows, p->text);
  p->pod = NULL;
  p->result = k8sm_pod_parse(bytes, len, &o, &p->pod, &p->diags);
  assert_int_equal(p->result == K8SM_OK, p->pod != NULL);
  assert_int_equal(p->result == K8SM_OK, p->diags.errors == 0);
}

static void parse(struct parsed *p, const char *text, uint64_t flags) {
  parse_with(p, text, strlen(text), flags);
}

/* "path: message" of a finding. */
static const char *finding(const struct parsed *p, size_t i) {
  static char line[1024];
  assert_in_range(i, 0, p->diags.count - 1);
  snprintf(line, sizeof line, "%s: %s", p->text + p->rows[i].path, p->text + p->rows[i].message);
  return line;
}

static char *encoded(const struct k8sm_pod *pod, uint32_t format) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_encode(pod, format, NULL, &blob), K8SM_OK);
  struct k8sm_slice s = k8sm_blob_bytes(blob);
  char *text = malloc(s.len + 1);
  memcpy(text, s.ptr, s.len + 1);
  k8sm_blob_unref(blob);
  return text;
}

static char *slurp(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) return NULL;
  size_t cap = 1 << 20;
  char *bytes = malloc(cap);
  *len = fread(bytes, 1, cap - 1, f);
  bytes[*len] = '\0';
  fclose(f);
  return bytes;
}

static const char nginx_yaml[] = "apiVersion: v1\n"
                                 "kind: Pod\n"
                                 "metadata:\n"
                                 "  name: nginx\n"
                                 "  labels: {app: web, tier: \"1\"}\n"
                                 "spec:\n"
                                 "  containers:\n"
                                 "  - name: nginx\n"
                                 "    image: nginx:1.25\n"
                                 "    command: [\"nginx\", '-g', daemon off;]\n"
                                 "    ports:\n"
                                 "    - containerPort: 80\n"
                                 "      hostPort: 8_080\n"
                                 "    resources:\n"
                                 "      limits: {memory: 64Mi, cpu: .5}\n"
                                 "      requests:\n"
                                 "        cpu: 100m\n";
static const char nginx_json[] =
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"nginx\",\"labels\":{\"tier\":\"1\","
    "\"app\":\"web\"}},\"spec\":{\"containers\":[{\"name\":\"nginx\",\"image\":\"nginx:1.25\",\"command\":["
    "\"nginx\","
    "\"-g\",\"daemon "
    "off;\"],\"ports\":[{\"containerPort\":80.0,\"hostPort\":8080}],\"resources\":{\"limits\":{"
    "\"cpu\":0.5,\"memory\":\"64Mi\"},\"requests\":{\"cpu\":\"100m\"}}}]}}";
static const char nginx_out[] =
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"nginx\",\"namespace\":\"default\","
    "\"labels\":{"
    "\"app\":\"web\",\"tier\":\"1\"}},\"spec\":{\"containers\":[{\"name\":\"nginx\",\"image\":\"nginx:1.25\","
    "\"command\":[\"nginx\",\"-g\",\"daemon off;\"],\"ports\":[{\"hostPort\":8080,\"containerPort\":80,"
    "\"protocol\":\"TCP\"}],\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"64Mi\"},\"requests\":{"
    "\"cpu\":\"100m\",\"memory\":\"64Mi\"}},\"terminationMessagePath\":\"/dev/termination-log\","
    "\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":\"IfNotPresent\"}],\"restartPolicy\":"
    "\"Always\","
    "\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\",\"securityContext\":{},"
    "\"schedulerName\":\"default-scheduler\",\"enableServiceLinks\":true},\"status\":{}}";

static void json_and_yaml_are_one_value(void **state) {
  (void)state;
  struct parsed y, j;
  parse(&y, nginx_yaml, 0);
  parse(&j, nginx_json, 0);
  assert_int_equal(y.result, K8SM_OK);
  assert_int_equal(j.result, K8SM_OK);
  char *from_yaml = encoded(y.pod, K8SM_FORMAT_JSON), *from_json = encoded(j.pod, K8SM_FORMAT_JSON);
  assert_string_equal(from_yaml, nginx_out);
  assert_string_equal(from_json, nginx_out);
  char *yaml = encoded(y.pod, K8SM_FORMAT_YAML);
  struct parsed again;
  parse(&again, yaml, K8SM_PARSE_STRICT);
  assert_int_equal(again.result, K8SM_OK);
  char *back = encoded(again.pod, K8SM_FORMAT_JSON);
  assert_string_equal(back, nginx_out);
  k8sm_pod_unref(y.pod);
  k8sm_pod_unref(j.pod);
  k8sm_pod_unref(again.pod);
  free(from_yaml);
  free(from_json);
  free(yaml);
  free(back);
}

static void the_rows_and_the_names(void **state) {
  (void)state;
  struct parsed p;
  struct k8sm_pod_container row[2];
  parse(&p, nginx_yaml, 0);
  assert_int_equal(p.result, K8SM_OK);
  assert_string_equal(k8sm_pod_name(p.pod).ptr, "nginx");
  assert_string_equal(k8sm_pod_namespace(p.pod).ptr, "default");
  assert_int_equal(k8sm_pod_uid(p.pod).len, 0);
  assert_int_equal(k8sm_pod_containers(p.pod, 0, row, sizeof row[0], 2), 1);
  assert_string_equal(row[0].image.ptr, "nginx:1.25");
  assert_int_equal(row[0].cpu_request_milli, 100);
  assert_int_equal(row[0].cpu_limit_milli, 500);
  assert_int_equal(row[0].memory_request_bytes, 64 << 20);
  assert_int_equal(k8sm_pod_containers(p.pod, 1, row, sizeof row[0], 2), 0);

  struct k8sm_pod *with = NULL;
  assert_int_equal(k8sm_pod_with_uid(p.pod, "u-1", NULL, &with, NULL), K8SM_OK);
  assert_int_equal(k8sm_pod_with_uid(p.pod, "", NULL, &with, &p.diags), K8SM_ERR_INVALID);
  k8sm_pod_unref(p.pod); /* the copy keeps what it shares */
  assert_string_equal(k8sm_pod_uid(with).ptr, "u-1");
  assert_string_equal(k8sm_pod_name(with).ptr, "nginx");
  k8sm_pod_unref(with);
}

static void get(const struct k8sm_pod *pod, const char *path, const char *want) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_get(pod, path, NULL, &blob), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, want);
  k8sm_blob_unref(blob);
}

static void fields_by_path(void **state) {
  (void)state;
  struct parsed p;
  struct k8sm_blob *blob = NULL;
  parse(&p, nginx_yaml, 0);
  get(p.pod, "metadata.name", "nginx");
  get(p.pod, "metadata.labels[tier]", "1");
  get(p.pod, "metadata.labels", "{\"app\":\"web\",\"tier\":\"1\"}");
  get(p.pod, "spec.containers[0].ports[0].hostPort", "8080");
  get(p.pod, "spec.containers[0].command[1]", "-g");
  get(p.pod, "spec.containers[0].ports[0]", "{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"TCP\"}");
  get(p.pod, "spec.enableServiceLinks", "true");
  get(p.pod, "spec.securityContext", "{}");
  get(p.pod, "spec.containers[name=nginx].image", "nginx:1.25");
  get(p.pod, "spec.containers[name='nginx'].ports[containerPort=80].hostPort", "8080");
  get(p.pod, "metadata.labels['app']", "web");
  get(p.pod, "metadata.labels.app", "web");
  get(p.pod, "/spec/containers/0/command/2", "daemon off;");
  get(p.pod, "/metadata/labels/tier", "1");
  get(p.pod, "", nginx_out);
  static const char *const missing[] = {"spec.nodeName",
                                        "spec.containers[1]",
                                        "spec.containers.image",
                                        "metadata.labels[x]",
                                        "nothing",
                                        "metadata.name[0]",
                                        "kind.x",
                                        "spec.containers[name=other]",
                                        "spec.containers[image=nginx]",
                                        "spec.containers[0=nginx]",
                                        "spec[containers]",
                                        "spec.containers.0",
                                        "spec.containers['0']",
                                        "/spec/containers/00",
                                        "/spec/containers/-",
                                        "/spec/",
                                        "/metadata/labels/name=app"};
  for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
    assert_int_equal(k8sm_pod_get(p.pod, missing[i], NULL, &blob), K8SM_ERR_NOT_FOUND);
  static const char *const wrong[] = {
      ".",    "spec..x", "spec.containers[0",      "spec.containers[]", "spec['x]",
      "/a~2", "/a~",     "spec.containers[0]image"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(k8sm_pod_get(p.pod, wrong[i], NULL, &blob), K8SM_ERR_INVALID);
  assert_null(blob);
  k8sm_pod_unref(p.pod);
}

#define POD_HEAD "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n"

static void one_finding(const char *text, int result, uint32_t code, const char *want) {
  struct parsed p;
  parse(&p, text, 0);
  assert_int_equal(p.result, result);
  size_t i = 0;
  while (i < p.diags.count && p.rows[i].severity != K8SM_SEVERITY_ERROR) i++;
  assert_in_range(i, 0, p.diags.count - 1);
  assert_int_equal(p.rows[i].code, code);
  if (want != NULL) assert_string_equal(finding(&p, i), want);
}

static void bad_inputs(void **state) {
  (void)state;
  one_finding("", K8SM_ERR_SYNTAX, K8SM_DIAG_EMPTY_INPUT, NULL);
  one_finding("# nothing\n", K8SM_ERR_SYNTAX, K8SM_DIAG_EMPTY_INPUT, NULL);
  one_finding("a: b: c", K8SM_ERR_SYNTAX, K8SM_DIAG_YAML_SYNTAX, NULL);
  one_finding("{\"a\":}", K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, NULL);
  one_finding("just text", K8SM_ERR_INVALID, K8SM_DIAG_FIELD_TYPE,
              ": found the string \"just text\", expected an object");
  one_finding("apiVersion: v1\nkind: Service\nmetadata: {name: a}", K8SM_ERR_INVALID, K8SM_DIAG_KIND_UNKNOWN,
              "kind: found \"Service\", expected \"Pod\"");
  one_finding("kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}", K8SM_ERR_INVALID,
              K8SM_DIAG_FIELD_REQUIRED, "apiVersion: Required value: expected \"v1\"");
  one_finding("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: b}]}", K8SM_ERR_INVALID,
              K8SM_DIAG_FIELD_REQUIRED, "metadata.name: Required value: name or generateName is required");
  one_finding(POD_HEAD "  containers: []", K8SM_ERR_INVALID, K8SM_DIAG_FIELD_REQUIRED,
              "spec.containers: Required value");
  one_finding(POD_HEAD "  containers: {}", K8SM_ERR_INVALID, K8SM_DIAG_FIELD_TYPE,
              "spec.containers: found an object, expected an array");
  one_finding(POD_HEAD "  containers: [{name: y, image: b}]", K8SM_ERR_INVALID, K8SM_DIAG_FIELD_TYPE,
              "spec.containers[0].name: found true, expected a string");
  one_finding(POD_HEAD "  hostNetwork: 'true'\n  containers: [{name: a, image: b}]", K8SM_ERR_INVALID,
              K8SM_DIAG_FIELD_TYPE, "spec.hostNetwork: found the string \"true\", expected true or false");
  one_finding(POD_HEAD "  containers: [{name: a, image: b, ports: [{containerPort: 5.5}]}]", K8SM_ERR_INVALID,
              K8SM_DIAG_NUMBER_RANGE, NULL);
  one_finding(POD_HEAD "  containers: [{name: a, image: b, resources: {limits: {cpu: 1K}}}]",
              K8SM_ERR_INVALID, K8SM_DIAG_QUANTITY_SYNTAX, NULL);
  one_finding(POD_HEAD "  containers: [{name: a, image: b}]\n---\nkind: Pod", K8SM_ERR_INVALID,
              K8SM_DIAG_FIELD_TOO_MANY, NULL);
  one_finding(POD_HEAD "  nodeSelector: {\"a\\nb\": 1}\n  containers: [{name: a, image: b}]",
              K8SM_ERR_INVALID, K8SM_DIAG_FIELD_TYPE,
              "spec.nodeSelector[a b]: found the number 1, expected a string");
  one_finding(POD_HEAD "  x: &a [*a]", K8SM_ERR_SYNTAX, K8SM_DIAG_YAML_ALIASES, NULL);
}

/* The rules say nothing of a value that was not read, nor of what would be below it. */
static void wrong_types_are_told_once(void **state) {
  (void)state;
  struct parsed p;
  static const char typed[] = "apiVersion: v1\nkind: Pod\nmetadata: text\nspec:\n  restartPolicy: 1\n"
                              "  containers: [{name: a, image: 2, resources: {limits: {cpu: true, x: 1}}}]\n";
  parse_with(&p, typed, sizeof typed - 1, 0);
  assert_int_equal(p.result, K8SM_ERR_INVALID);
  assert_string_equal(finding(&p, 0), "metadata: found the string \"text\", expected an object");
  assert_string_equal(finding(&p, 3),
                      "spec.containers[0].resources.limits[cpu]: found true, expected a quantity");
  /* Of its neighbour they speak. */
  assert_string_equal(finding(&p, 4),
                      "spec.containers[0].resources.limits[x]: Invalid value: \"x\": must be a "
                      "standard resource type or fully qualified");
  for (size_t i = 4; i < p.diags.count; i++) assert_non_null(strstr(p.text + p.rows[i].path, "[x]"));
}

static void nul_depth_and_aliases(void **state) {
  (void)state;
  struct parsed p;
  parse_with(&p, "kind: Pod\na: \0b\n", 15, 0);
  assert_int_equal(p.result, K8SM_ERR_SYNTAX);
  assert_int_equal(p.rows[0].code, K8SM_DIAG_NUL_BYTE);
  assert_int_equal(p.rows[0].line, 2);
  assert_int_equal(p.rows[0].column, 4);
  /* Written as an escape, it is a value like any other. */
  one_finding("kind: \"a\\0b\"", K8SM_ERR_INVALID, K8SM_DIAG_KIND_UNKNOWN, NULL);

  enum { DEEP = 10000 };
  char *deep = malloc(3 * DEEP);
  memset(deep, '[', DEEP);
  parse_with(&p, deep, DEEP, 0);
  assert_int_equal(p.result, K8SM_ERR_LIMIT);
  assert_int_equal(p.rows[0].code, K8SM_DIAG_TOO_DEEP);
  memcpy(deep, "a: ", 3);
  parse_with(&p, deep, DEEP, 0);
  assert_int_equal(p.result, K8SM_ERR_LIMIT);
  assert_int_equal(p.rows[0].code, K8SM_DIAG_TOO_DEEP);
  for (size_t i = 0; i < DEEP; i++) memcpy(deep + 2 * i, "- ", 2);
  parse_with(&p, deep, 2 * DEEP, 0);
  assert_int_equal(p.result, K8SM_ERR_LIMIT);
  assert_int_equal(p.rows[0].code, K8SM_DIAG_TOO_DEEP);
  free(deep);

  char bomb[2048] = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  size_t len = strlen(bomb);
  for (int i = 1; i < 12; i++) {
    len += (size_t)snprintf(bomb + len, sizeof bomb - len, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n",
                            i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
  }
  parse_with(&p, bomb, len, 0);
  assert_int_equal(p.result, K8SM_ERR_LIMIT);
  assert_int_equal(p.rows[p.diags.count - 1].code, K8SM_DIAG_YAML_ALIASES);
}

static void options_are_checked(void **state) {
  (void)state;
  struct k8sm_pod *pod = NULL;
  struct k8sm_parse_options o = {.size = sizeof o, .flags = 1u << 20};
  assert_int_equal(k8sm_pod_parse("{}", 2, &o, &pod, NULL), K8SM_ERR_INVALID);
  o = (struct k8sm_parse_options){.size = sizeof o, .format = K8SM_FORMAT_PROTOBUF};
  assert_int_equal(k8sm_pod_parse("{}", 2, &o, &pod, NULL), K8SM_ERR_SYNTAX);
  o = (struct k8sm_parse_options){.size = sizeof o, .max_bytes = 4};
  assert_int_equal(k8sm_pod_parse("{    }", 6, &o, &pod, NULL), K8SM_ERR_LIMIT);
  o = (struct k8sm_parse_options){.size = sizeof o, .max_memory = 1000};
  assert_int_equal(k8sm_pod_parse(nginx_json, sizeof nginx_json - 1, &o, &pod, NULL), K8SM_ERR_LIMIT);
  o = (struct k8sm_parse_options){.size = sizeof o, .format = K8SM_FORMAT_YAML, .default_namespace = "other"};
  assert_int_equal(k8sm_pod_parse(nginx_json, sizeof nginx_json - 1, &o, &pod, NULL), K8SM_OK);
  assert_string_equal(k8sm_pod_namespace(pod).ptr, "other");
  k8sm_pod_unref(pod);
}

static void unknown_fields(void **state) {
  (void)state;
  struct parsed p;
  static const char text[] =
      POD_HEAD "  imagePullpolicy: {a: [1, {b: c}]}\n  containers: [{name: a, image: b, X: 1}]";
  parse(&p, text, 0);
  assert_int_equal(p.result, K8SM_OK);
  assert_int_equal(p.diags.count, 2);
  assert_int_equal(p.rows[0].severity, K8SM_SEVERITY_NOTE);
  assert_string_equal(finding(&p, 0), "spec.imagePullpolicy: unknown field");
  k8sm_pod_unref(p.pod);
  parse(&p, text, K8SM_PARSE_STRICT);
  assert_int_equal(p.result, K8SM_ERR_INVALID);
  assert_int_equal(p.diags.errors, 2);
  assert_string_equal(finding(&p, 1), "spec.containers[0].X: unknown field");
}

static void merge_keys_and_anchors(void **state) {
  (void)state;
  struct parsed p;
  parse(&p,
        POD_HEAD "  nodeSelector: &base {a: \"1\", b: \"2\"}\n"
                 "  overhead: {}\n"
                 "  containers:\n"
                 "  - &c {name: one, image: i, env: [{name: A, value: &v long}]}\n"
                 "  - {<<: *c, name: two}\n"
                 "  - {<<: [*c, {image: other, tty: on}], name: three, workingDir: *v}\n",
        K8SM_PARSE_STRICT);
  assert_int_equal(p.result, K8SM_OK);
  get(p.pod, "spec.containers[1].name", "two");
  get(p.pod, "spec.containers[1].env[0].value", "long");
  get(p.pod, "spec.containers[2].image", "i");
  get(p.pod, "spec.containers[2].tty", "true");
  get(p.pod, "spec.containers[2].workingDir", "long");
  k8sm_pod_unref(p.pod);
}

static void every_allocation_fails_once(void **state) {
  (void)state;
  const char *texts[] = {nginx_json, nginx_yaml};
  for (size_t t = 0; t < 2; t++) {
    int r = K8SM_ERR_NOMEM;
    for (size_t n = 1; r != K8SM_OK; n++) {
      struct failing f;
      failing_init(&f, n);
      struct k8sm_parse_options o = {.size = sizeof o, .allocator = &f.allocator};
      struct k8sm_pod *pod = NULL, *with = NULL;
      struct k8sm_blob *blob = NULL;
      r = k8sm_pod_parse(texts[t], strlen(texts[t]), &o, &pod, NULL);
      if (r == K8SM_OK) r = k8sm_pod_with_uid(pod, "u", &f.allocator, &with, NULL);
      if (r == K8SM_OK) r = k8sm_pod_encode(with, K8SM_FORMAT_YAML, &f.allocator, &blob);
      if (r != K8SM_OK) {
        assert_int_equal(r, K8SM_ERR_NOMEM);
        assert_null(blob);
      }
      k8sm_pod_unref(pod);
      k8sm_pod_unref(with);
      k8sm_blob_unref(blob);
      assert_int_equal(f.held, 0);
      assert_in_range(n, 1, 2000);
    }
  }
}

/* JSON without the blanks between its tokens. */
static void compact(char *text) {
  char *out = text;
  bool inside = false;
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '"') inside = !inside;
    if (inside && *p == '\\') *out++ = *p++;
    if (inside || (*p != ' ' && *p != '\n')) *out++ = *p;
  }
  *out = '\0';
}

static void objects_of_kubernetes_itself(void **state) {
  (void)state;
  static const char *const versions[] = {"v1.33.0", "HEAD"};
  size_t found = 0;
  for (size_t i = 0; i < 2; i++) {
    char path[512];
    size_t len;
    snprintf(path, sizeof path, "%s/../shared/vectors/k8s-api/%s.core.v1.Pod.json", source_root, versions[i]);
    char *json = slurp(path, &len);
    if (json == NULL) continue;
    snprintf(path, sizeof path, "%s/../shared/vectors/k8s-api/%s.core.v1.Pod.yaml", source_root, versions[i]);
    size_t yaml_len = 0;
    char *yaml = slurp(path, &yaml_len);
    struct parsed p, q;
    parse_with(&p, json, len, K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE | K8SM_PARSE_STRICT);
    assert_int_equal(p.result, K8SM_OK);
    parse_with(&q, yaml, yaml_len, K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE | K8SM_PARSE_STRICT);
    assert_int_equal(q.result, K8SM_OK);
    char *out = encoded(p.pod, K8SM_FORMAT_JSON), *out_yaml = encoded(q.pod, K8SM_FORMAT_YAML);
    compact(json);
    assert_string_equal(out, json);
    assert_string_equal(out_yaml, yaml);
    k8sm_pod_unref(p.pod);
    k8sm_pod_unref(q.pod);
    free(out);
    free(out_yaml);
    free(json);
    free(yaml);
    found++;
  }
  if (found == 0) skip();
}

int main(int argc, char **argv) {
  if (argc > 1) source_root = argv[1];
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_and_yaml_are_one_value),
      cmocka_unit_test(the_rows_and_the_names),
      cmocka_unit_test(fields_by_path),
      cmocka_unit_test(bad_inputs),
      cmocka_unit_test(wrong_types_are_told_once),
      cmocka_unit_test(nul_depth_and_aliases),
      cmocka_unit_test(options_are_checked),
      cmocka_unit_test(unknown_fields),
      cmocka_unit_test(merge_keys_and_anchors),
      cmocka_unit_test(every_allocation_fails_once),
      cmocka_unit_test(objects_of_kubernetes_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
