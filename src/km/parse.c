/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <stdlib.h>
#include <string.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_parse = {
    "parse",
    "Read manifests and print the pods in them, as Kubernetes would hold them",
    "-f FILE [-o json|yaml|protobuf]",
    "  km parse -f nginx.yaml                    check a manifest, print it with all defaults\n"
    "  km parse -f . -o yaml                     all manifests of a folder\n"
    "  kubectl get pods -o json | km parse -f - --no-defaults\n",
    run,
};

static int print_blob(struct k8sm_blob *blob, int result) {
  if (result != K8SM_OK) {
    km_report_result("writing pods", result);
    return KM_FAILED;
  }
  struct k8sm_slice s = k8sm_blob_bytes(blob);
  fwrite(s.ptr, 1, s.len, stdout);
  k8sm_blob_unref(blob);
  return KM_DONE;
}

static int print_pod(const struct k8sm_pod *pod, uint32_t format) {
  struct k8sm_blob *blob = NULL;
  int result = k8sm_pod_encode(pod, format, NULL, &blob);
  return print_blob(blob, result);
}

static int print_json(const struct km_set *set) {
  bool list = set->pod_count != 1;
  int code = KM_DONE;
  if (list) fputs("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[", stdout);
  for (size_t i = 0; i < set->pod_count; i++) {
    if (i > 0) putchar(',');
    if (print_pod(set->pods[i].pod, K8SM_FORMAT_JSON) != KM_DONE) code = KM_FAILED;
  }
  fputs(list ? "]}\n" : "\n", stdout);
  return code;
}

static int print_yaml(const struct km_set *set) {
  int code = KM_DONE;
  if (set->pod_count == 0) puts("apiVersion: v1\nkind: List\nitems: []");
  for (size_t i = 0; i < set->pod_count; i++) {
    if (i > 0) puts("---");
    if (print_pod(set->pods[i].pod, K8SM_FORMAT_YAML) != KM_DONE) code = KM_FAILED;
  }
  return code;
}

/* One pod as it is, more of them or none as a PodList. */
static int print_protobuf(const struct km_set *set) {
  if (set->pod_count == 1) return print_pod(set->pods[0].pod, K8SM_FORMAT_PROTOBUF);
  struct k8sm_pod **pods = km_alloc(NULL, set->pod_count * sizeof(*pods));
  struct k8sm_blob *blob = NULL;
  for (size_t i = 0; i < set->pod_count; i++) pods[i] = set->pods[i].pod;
  int result = k8sm_pods_encode(pods, set->pod_count, K8SM_FORMAT_PROTOBUF, NULL, &blob);
  free(pods);
  return print_blob(blob, result);
}

static const struct {
  const char *name;
  int (*print)(const struct km_set *set);
} outputs[] = {{"json", print_json}, {"yaml", print_yaml}, {"protobuf", print_protobuf}};

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts files = {0};
  const char *output = "json";
  bool no_defaults = false, no_validate = false, strict = false, templates = false, admission = false;
  const struct km_option options[] = {
      {"filename", 'f', KM_TEXTS, &files, "FILE", "a manifest, a folder of them, or - for standard input"},
      {"output", 'o', KM_TEXT, &output, "FORMAT", "json (default), yaml or protobuf"},
      {"no-defaults", 0, KM_FLAG, &no_defaults, NULL,
       "leave out what the API server would fill in; it is required all the same, unless --no-validate"},
      {"no-validate", 0, KM_FLAG, &no_validate, NULL, "check types only"},
      {"strict", 0, KM_FLAG, &strict, NULL, "refuse unknown fields"},
      {"admission", 0, KM_FLAG, &admission, NULL, "add priorities and the two default tolerations"},
      {"templates", 0, KM_FLAG, &templates, NULL, "one pod per template, whatever its replicas"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, NULL);
  size_t chosen = 0, count = sizeof outputs / sizeof outputs[0];
  while (chosen < count && strcmp(outputs[chosen].name, output) != 0) chosen++;
  if (code == -1 && files.count == 0) code = km_misuse(command, "which file? -f FILE");
  if (code == -1 && chosen == count)
    code = km_misuse(command, "-o is json, yaml or protobuf, not '%s'", output);
  if (code == -1) {
    struct km_set set;
    uint64_t flags = (no_defaults ? K8SM_PARSE_NO_DEFAULTS : 0) | (no_validate ? K8SM_PARSE_NO_VALIDATE : 0) |
                     (strict ? K8SM_PARSE_STRICT : 0) | (templates ? K8SM_PARSE_TEMPLATES : 0);
    code = km_set_load(&set, &files, flags);
    if (code == KM_DONE && admission) code = km_set_admit(&set);
    if (code == KM_DONE) code = outputs[chosen].print(&set);
    km_set_free(&set);
  }
  km_texts_free(&files);
  return code;
}
