/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a file of pods, and what their containers will see: each pod's needs as a scheduler counts
 * them, the image of the container named "web" (by path), and every variable, resolved from the ConfigMaps
 * and Secrets of the same file. usage: read MANIFEST */
#include <k8smesos/k8smesos.h>

#include <stdio.h>

static void print_needs(const struct k8sm_pod *pod) {
  struct k8sm_pod_resource rows[8];
  size_t count = 0;
  if (k8sm_pod_resources(pod, NULL, rows, sizeof rows[0], 8, &count) != K8SM_OK) return;
  printf("%s: %s\n", k8sm_pod_name(pod).ptr, k8sm_pod_qos_class(pod).ptr);
  for (size_t i = 0; i < count && i < 8; i++)
    printf("  needs %s %lld, at most %lld\n", rows[i].name.ptr, (long long)rows[i].request,
           (long long)rows[i].limit);
}

static void print_image(const struct k8sm_pod *pod) {
  struct k8sm_pod_value image; /* of the pod: nothing is copied */
  if (k8sm_pod_get_value(pod, "spec.containers[name=web].image", &image, sizeof image) == K8SM_OK)
    printf("  runs %s\n", image.text.ptr);
}

/* What is missing is one finding each: configmap "x" not found. */
static int print_variables(const struct k8sm_pod *pod, const struct k8sm_manifest_data *data, size_t count) {
  struct k8sm_resolve_options how = {.size = sizeof how,
                                     .data = data,
                                     .data_count = count,
                                     .data_size = sizeof *data,
                                     .node_name = "node-1",
                                     .host_ips = "127.0.0.1",
                                     .pod_ips = "127.0.0.1"};
  char text[4096];
  struct k8sm_diag rows[16];
  struct k8sm_diags found = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_resolved *resolved = NULL;
  struct k8sm_resolved_env row;
  int result = k8sm_pod_resolve(pod, &how, &resolved, &found);
  for (size_t i = 0; i < found.count && i < found.cap; i++)
    fprintf(stderr, "%s: %s\n", text + rows[i].path, text + rows[i].message);
  if (result != K8SM_OK) return 1;
  for (size_t i = 0; k8sm_resolved_env(resolved, i, &row, sizeof row, 1) > 0; i++)
    printf("  %s=%s\n", row.name.ptr, row.secret ? "(secret)" : row.value.ptr);
  k8sm_resolved_unref(resolved);
  return 0;
}

int main(int argc, char **argv) {
  static char bytes[65536];
  struct k8sm_manifest *manifest = NULL;
  struct k8sm_manifest_data data[64];
  struct k8sm_manifest_pod row;
  FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (in == NULL) return 64;
  size_t len = fread(bytes, 1, sizeof bytes, in);
  fclose(in);
  if (k8sm_manifest_parse(bytes, len, NULL, &manifest, NULL) != K8SM_OK) return 1;
  size_t count = k8sm_manifest_data(manifest, 0, data, sizeof data[0], 64);
  int failed = 0;
  for (size_t i = 0; k8sm_manifest_pods(manifest, i, &row, sizeof row, 1) > 0; i++) {
    print_needs(row.pod);
    print_image(row.pod);
    failed |= print_variables(row.pod, data, count < 64 ? count : 64);
  }
  k8sm_manifest_unref(manifest);
  return failed;
}
