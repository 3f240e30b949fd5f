/* SPDX-License-Identifier: Apache-2.0 */
/* usage: oom GOLDEN-FOLDER. Every allocation of every arrow fails once: the arrow says NOMEM or succeeds
 * all the same, writes nothing, leaks nothing, and succeeds when it is tried again. */
#include "failing_malloc.h"
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const oom_modes[] = {"once", "forever"};

static const char *oom_folder;
static int oom_failures;

struct k8sm_slice oom_read(const char *name) {
  enum { OOM_FILE_MAX = 65536 };
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", oom_folder, name);
  FILE *in = fopen(path, "rb");
  char *bytes = malloc(OOM_FILE_MAX);
  if (in == NULL || bytes == NULL) {
    fprintf(stderr, "%s: can't be read\n", path);
    exit(1);
  }
  size_t len = fread(bytes, 1, OOM_FILE_MAX, in);
  fclose(in);
  return (struct k8sm_slice){bytes, len};
}

void oom_report(const char *name, const char *mode, size_t nth, const char *what) {
  fprintf(stderr, "%s: allocation %zu fails %s: %s\n", name, nth, mode, what);
  oom_failures++;
}

static void oom_free(struct oom_fixture *f) {
  k8sm_blob_unref(f->saved);
  k8sm_blob_unref(f->blob);
  k8sm_status_unref(f->next);
  k8sm_status_unref(f->status);
  k8sm_calls_unref(f->calls);
  k8sm_explain_unref(f->explain);
  k8sm_plan_unref(f->plan);
  k8sm_wants_unref(f->wants);
  k8sm_cluster_free(f->cluster);
  k8sm_offers_unref(f->offers);
  k8sm_resources_unref(f->resources);
  k8sm_resources_unref(f->changed);
  k8sm_demand_unref(f->demand);
  k8sm_resolved_unref(f->resolved);
  k8sm_manifest_unref(f->manifest);
  k8sm_pod_unref(f->pod);
}

static const char *oom_judge(const struct oom_arrow *arrow, struct oom_fixture *f, int result,
                             size_t failed) {
  if (result == K8SM_OK) return NULL;
  if (failed == 0) return k8sm_result_name(result);
  if (result != K8SM_ERR_NOMEM) return "the result is not NOMEM";
  if (arrow->untouched != NULL && !arrow->untouched(f)) return "something was changed or written";
  return arrow->act(f) == K8SM_OK ? NULL : "it can't be tried again";
}

/* One failure. Returns 0 when the arrow has fewer than nth allocations. */
static int oom_fail_nth(const struct oom_arrow *arrow, struct k8sm_slice input, size_t nth,
                        enum oom_mode mode) {
  static struct k8sm_diag rows[16];
  static char text[4096];
  long live = oom_live();
  struct oom_fixture f = {.input = input, .diags = K8SM_DIAGS_INIT(rows, text)};
  if (arrow->before != NULL) arrow->before(&f);
  oom_arm(nth, mode);
  int result = arrow->act(&f);
  size_t failed = oom_disarm();
  const char *wrong = oom_judge(arrow, &f, result, failed);
  if (wrong != NULL) oom_report(arrow->name, oom_modes[mode], nth, wrong);
  oom_free(&f);
  if (oom_live() != live) oom_report(arrow->name, oom_modes[mode], nth, "memory is not given back");
  return failed > 0;
}

static void oom_sweep(const struct oom_arrow *arrow) {
  struct k8sm_slice input = {NULL, 0};
  if (arrow->file != NULL) input = oom_read(arrow->file);
  for (int mode = OOM_ONCE; mode <= OOM_FOREVER; mode++) {
    size_t nth = 1;
    while (oom_fail_nth(arrow, input, nth, (enum oom_mode)mode)) nth++;
    printf("%s, %s: %zu allocations\n", arrow->name, oom_modes[mode], nth - 1);
  }
  free((void *)(uintptr_t)input.ptr);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: oom GOLDEN-FOLDER\n");
    return 64;
  }
  oom_folder = argv[1];
  for (size_t i = 0; i < oom_arrow_count; i++) oom_sweep(&oom_arrows[i]);
  for (size_t i = 0; i < oom_pod_arrow_count; i++) oom_sweep(&oom_pod_arrows[i]);
  oom_failures += oom_sweep_driver();
  oom_failures += oom_sweep_control();
  oom_failures += oom_sweep_control_rest();
  return oom_failures > 0;
}
