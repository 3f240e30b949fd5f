/* SPDX-License-Identifier: Apache-2.0 */
/* A pod through the C library, from its manifest to the ACCEPT call, as an author writes it; the tests of
 * Python and Go do the same with the same files. usage: flow GOLDEN-FOLDER [--print] */
#include <k8smesos/k8smesos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
  char *bytes;
  size_t len;
};

static const char *flow_folder;
static int flow_failures;

static void expect(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "not so: %s\n", what);
  flow_failures++;
}

static struct file read_file(const char *name) {
  char path[4096];
  struct file file = {NULL, 0};
  snprintf(path, sizeof path, "%s/%s", flow_folder, name);
  FILE *in = fopen(path, "rb");
  if (in == NULL || (file.bytes = malloc(65536)) == NULL) {
    fprintf(stderr, "%s: can't be read\n", path);
    exit(1);
  }
  file.len = fread(file.bytes, 1, 65536, in);
  fclose(in);
  return file;
}

/* The whole flow in eight calls; *ret are the calls of the plan. */
static int flow_run(struct k8sm_calls **ret, struct k8sm_diags *diags) {
  struct file manifest = read_file("nginx.yaml"), event = read_file("nginx.offers.json");
  struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
  struct k8sm_cluster_options agents = {.size = sizeof agents, .features = K8SM_FEATURE_ALL};
  struct k8sm_task_options json = {.size = sizeof json, .format = K8SM_FORMAT_JSON};
  struct k8sm_pod *pod = NULL;
  struct k8sm_demand *demand = NULL;
  struct k8sm_offers *offers = NULL;
  struct k8sm_cluster *cluster = NULL;
  struct k8sm_plan *plan = NULL;
  int r;
  if ((r = k8sm_pod_parse(manifest.bytes, manifest.len, NULL, &pod, diags)) < 0) goto out;
  if ((r = k8sm_demand_make(pod, &options, &demand, diags)) < 0) goto out;
  if ((r = k8sm_offers_parse(event.bytes, event.len, NULL, &offers, diags)) < 0) goto out;
  if ((r = k8sm_cluster_new(&agents, &cluster, diags)) < 0) goto out;
  if ((r = k8sm_cluster_add(cluster, offers, 1, diags)) < 0) goto out;
  if ((r = k8sm_cluster_match(cluster, &demand, 1, NULL, &plan, diags)) < 0) goto out;
  if ((r = k8sm_plan_calls(plan, &json, ret, diags)) < 0) goto out;
  r = k8sm_cluster_apply(cluster, plan, diags);
out:
  k8sm_plan_unref(plan);
  k8sm_cluster_free(cluster);
  k8sm_offers_unref(offers);
  k8sm_demand_unref(demand);
  k8sm_pod_unref(pod);
  free(manifest.bytes);
  free(event.bytes);
  return r;
}

static void check_accept(int print) {
  struct k8sm_diag rows[8];
  char text[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_calls *calls = NULL;
  struct k8sm_call call = {{NULL, 0}, {NULL, 0}, 0, 0};
  int r = flow_run(&calls, &diags);
  if (r < 0) fprintf(stderr, "%s: %s\n", k8sm_result_name(r), diags.count > 0 ? text + rows[0].message : "");
  expect(r == 0, "the flow succeeds");
  expect(calls != NULL && k8sm_calls_rows(calls, 0, &call, sizeof call, 1) == 1, "there is one call");
  if (print) {
    printf("%.*s\n", (int)call.bytes.len, call.bytes.ptr);
  } else {
    struct file golden = read_file("nginx.accept.json");
    expect(golden.len == call.bytes.len + 1 && memcmp(golden.bytes, call.bytes.ptr, call.bytes.len) == 0,
           "the ACCEPT call is that of nginx.accept.json");
    free(golden.bytes);
  }
  k8sm_calls_unref(calls);
}

/* A manifest that is wrong: the result, and where the first finding is. */
static void check_error(const char *name, int result, uint32_t code, const char *path, uint32_t line) {
  struct k8sm_diag rows[8];
  char text[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_pod *pod = NULL;
  struct file file = read_file(name);
  expect(k8sm_pod_parse(file.bytes, file.len, NULL, &pod, &diags) == result && pod == NULL, name);
  expect(diags.count > 0 && rows[0].code == code, "the first finding has the right code");
  expect(strcmp(text + rows[0].path, path) == 0, "and the right path");
  uint32_t at = rows[0].line, column = 0;
  if (at == 0)
    expect(k8sm_locate(file.bytes, file.len, rows[0].document, path, &at, &column) == 0, "which is found");
  expect(at == line, "and the right line");
  free(file.bytes);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: flow GOLDEN-FOLDER [--print]\n");
    return 64;
  }
  flow_folder = argv[1];
  check_accept(argc > 2 && strcmp(argv[2], "--print") == 0);
  check_error("broken.yaml", K8SM_ERR_SYNTAX, K8SM_DIAG_YAML_SYNTAX, "", 6);
  check_error("invalid.yaml", K8SM_ERR_INVALID, K8SM_DIAG_FIELD_REQUIRED, "spec.containers[1].name", 9);
  return flow_failures > 0;
}
