/* SPDX-License-Identifier: Apache-2.0 */
/* The example of the README: a manifest and an OFFERS event in, the ACCEPT call out.
 * usage: launch MANIFEST OFFERS > CALL */
#include <k8smesos/k8smesos.h>

#include <stdio.h>

static void print_errors(const struct k8sm_diags *d) {
  if (d->count == 0) fprintf(stderr, "out of memory\n");
  for (size_t i = 0; i < d->count && i < d->cap; i++) {
    const struct k8sm_diag *row = &d->rows[i];
    const char *path = d->text + row->path;
    if (row->severity == K8SM_SEVERITY_ERROR)
      fprintf(stderr, "%s%s%s\n", path, *path == '\0' ? "" : ": ", d->text + row->message);
  }
}

static struct k8sm_calls *launch(struct k8sm_slice manifest, struct k8sm_slice event, struct k8sm_diags *d) {
  struct k8sm_pod *read = NULL, *pod = NULL;
  struct k8sm_demand *demand = NULL;
  struct k8sm_offers *offers = NULL;
  struct k8sm_cluster *cluster = NULL;
  struct k8sm_plan *plan = NULL;
  struct k8sm_calls *calls = NULL;
  struct k8sm_demand_options how = {.size = sizeof how, .nonce = "a1"};
  struct k8sm_task_options form = {.size = sizeof form, .format = K8SM_FORMAT_JSON};
  /* README: begin */
  if (k8sm_pod_parse(manifest.ptr, manifest.len, NULL, &read, d) != K8SM_OK ||
      k8sm_pod_with_uid(read, NULL, NULL, &pod, d) != K8SM_OK || /* part of all ids */
      k8sm_demand_make(pod, &how, &demand, d) != K8SM_OK ||
      k8sm_offers_parse(event.ptr, event.len, NULL, &offers, d) != K8SM_OK ||
      k8sm_cluster_new(NULL, &cluster, d) != K8SM_OK ||
      k8sm_cluster_add(cluster, offers, 0, d) != K8SM_OK ||
      k8sm_cluster_match(cluster, &demand, 1, NULL, &plan, d) != K8SM_OK ||
      k8sm_plan_calls(plan, &form, &calls, d) != K8SM_OK)
    print_errors(d);
  else if (k8sm_plan_summary(plan, 0).len > 0)
    fprintf(stderr, "%s\n", k8sm_plan_summary(plan, 0).ptr);
  /* README: end */
  k8sm_plan_unref(plan);
  k8sm_cluster_free(cluster);
  k8sm_offers_unref(offers);
  k8sm_demand_unref(demand);
  k8sm_pod_unref(pod);
  k8sm_pod_unref(read);
  return calls;
}

static struct k8sm_slice read_file(const char *name, char *bytes, size_t cap) {
  FILE *in = fopen(name, "rb");
  size_t len = in == NULL ? 0 : fread(bytes, 1, cap, in);
  if (in != NULL) fclose(in);
  return (struct k8sm_slice){bytes, len};
}

int main(int argc, char **argv) {
  static char manifest[65536], event[65536], text[4096];
  struct k8sm_diag rows[16];
  struct k8sm_diags found = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_call call;
  if (argc != 3) return 64;
  struct k8sm_calls *calls = launch(read_file(argv[1], manifest, sizeof manifest),
                                    read_file(argv[2], event, sizeof event), &found);
  int code = calls != NULL && k8sm_calls_rows(calls, 0, &call, sizeof call, 1) > 0 ? 0 : 1;
  if (code == 0) printf("%s\n", call.bytes.ptr);
  k8sm_calls_unref(calls);
  return code;
}
