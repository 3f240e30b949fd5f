/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_OOM_SWEEP_H
#define TESTS_OOM_SWEEP_H

/* The n-th allocation of an arrow fails, for every n. */

#include <k8smesos/k8smesos.h>

/* What an arrow works on; before makes what it needs, after frees all of it. */
struct oom_fixture {
  struct k8sm_slice input;
  struct k8sm_diags diags;
  struct k8sm_pod *pod;
  struct k8sm_resolved *resolved;
  struct k8sm_manifest *manifest;
  struct k8sm_demand *demand;
  struct k8sm_offers *offers;
  struct k8sm_resources *resources;
  struct k8sm_resources *changed;
  struct k8sm_cluster *cluster;
  struct k8sm_wants *wants;
  struct k8sm_plan *plan;
  struct k8sm_explain *explain;
  struct k8sm_calls *calls;
  struct k8sm_status *status;
  struct k8sm_status *next;
  struct k8sm_blob *blob;
  struct k8sm_blob *saved;
};

struct oom_arrow {
  const char *name;
  const char *file;                      /* in the golden folder, read into .input; may be NULL */
  void (*before)(struct oom_fixture *f); /* not counted; may be NULL */
  int (*act)(struct oom_fixture *f);
  /* After a failed act: 1 if nothing was changed or written, else 0; may be NULL. act is tried again
   * afterwards and must succeed. */
  int (*untouched)(const struct oom_fixture *f);
};

extern const struct oom_arrow oom_arrows[];
extern const size_t oom_arrow_count;
/* Pods by their formats: see pods.c. */
extern const struct oom_arrow oom_pod_arrows[];
extern const size_t oom_pod_arrow_count;

/* The whole protocol: see driver.c. Returns the number of failures. */
int oom_sweep_driver(void);
/* Workloads of all kinds: see control.c. */
int oom_sweep_control(void);
/* And what is rare with them: see control_rest.c. */
int oom_sweep_control_rest(void);

/* Reads a file of the golden folder; ends the program if it can't. */
struct k8sm_slice oom_read(const char *name);
/* Reports a failure of the case at hand: where and what. */
void oom_report(const char *name, const char *mode, size_t nth, const char *what);

#endif
