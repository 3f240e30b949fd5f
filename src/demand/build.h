/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_BUILD_H
#define K8SMI_DEMAND_BUILD_H

/* A Demand under construction. The steps below each fill in their part of it. A step that lacks memory
 * sets `no_memory` and goes on as if the value were absent; a field that can't be mapped counts in
 * `refused`. k8sm_demand_make looks at both once, at the end. */

#include "base/buf.h"
#include "base/findings.h"
#include "base/map.h"
#include "demand/demand.h"
#include "pod/pod.h"

/* The longest string that Linux gives a program: MAX_ARG_STRLEN. */
enum { K8SMI_DEMAND_MAX_TEXT = 128 * 1024 };

struct k8smi_demand_build {
  struct k8sm_demand *demand;
  struct k8sm_demand_options options;
  struct k8sm_diags *diags;
  const struct k8smi_record *metadata;
  const struct k8smi_record *spec;
  struct k8sm_manifest_data *data; /* of the pod's namespace, sorted by kind, name and key */
  size_t data_count;
  struct k8smi_map volumes;         /* from name to index in spec.volumes */
  struct k8smi_demand_files *files; /* by volume; made when first mounted */
  struct k8smi_placement_rules *rules; /* the demand's, while they are made */
  size_t refused;
  struct k8smi_map containers;   /* from name to the number of the task */
  struct k8sm_slice pull_config; /* for the registry; empty: none */
  bool pull_config_read;
  bool user_noted; /* that an image's own user is not honoured */
  bool no_memory;
};

/* One container: its record, its task and where it stands in the pod. */
struct k8smi_demand_source {
  const struct k8smi_record *container;
  struct k8smi_demand_task *task;
  const struct k8smi_path *path; /* spec.containers[i] */
  struct k8smi_map variables;    /* from name to index in task->env */
};

/* Memory of the demand, zeroed; NULL (and no_memory) when it ran out, or for nothing at all. */
void *k8smi_demand_array(struct k8smi_demand_build *b, size_t n, size_t item_size);
struct k8sm_slice k8smi_demand_copy(struct k8smi_demand_build *b, struct k8sm_slice s);
/* The contents of a buffer as a slice of the demand; frees the buffer. */
struct k8sm_slice k8smi_demand_take(struct k8smi_demand_build *b, struct k8smi_buf *buf);

/* A finding K8SM_DIAG_TASK_FIELD_REFUSED. */
void k8smi_demand_refuse(struct k8smi_demand_build *b, const struct k8smi_path *path, const char *format, ...)
    K8SMI_PRINTF(3, 4);

/* ---- The steps ---- */

/* resources.c: budget, tokens, limits, QoS class. */
void k8smi_demand_make_resources(struct k8smi_demand_build *b);
/* A quantity of a container as its environment sees it (resourceFieldRef): "limits.cpu" and so on.
 * False, with a finding, if it is not known here. */
bool k8smi_demand_resource_value(struct k8smi_demand_build *b, const struct k8smi_record *selector,
                                 struct k8sm_slice container, const struct k8smi_path *path,
                                 struct k8sm_slice *ret);

/* placement.c: where the pod may go; and, when all that matters for it is known, the keys of it. */
void k8smi_demand_make_placement(struct k8smi_demand_build *b);
void k8smi_demand_make_keys(struct k8smi_demand_build *b);

/* ports.c */
void k8smi_demand_make_ports(struct k8smi_demand_build *b);

/* command.c: image, command and arguments, after the environment. */
void k8smi_demand_make_command(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

/* env.c */
void k8smi_demand_make_env(struct k8smi_demand_build *b, struct k8smi_demand_source *s);
/* Replaces $(NAME) by the value of a variable, as Kubernetes does; $$ is a dollar. */
struct k8sm_slice k8smi_demand_expand(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                                      struct k8sm_slice text, const struct k8smi_path *path);

/* volumes.c */
void k8smi_demand_index_volumes(struct k8smi_demand_build *b);
void k8smi_demand_make_mounts(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

/* files.c: the files of a secret, configMap, downwardAPI or projected volume. */
struct k8smi_demand_file {
  struct k8sm_slice path; /* below the mount */
  struct k8sm_slice value;
};
struct k8smi_demand_files {
  struct k8smi_demand_file *items;
  size_t count;
  size_t cap;
  bool made;
};
/* Those of volume i; NULL when memory ran out. */
const struct k8smi_demand_files *k8smi_demand_files_of(struct k8smi_demand_build *b, size_t i);

/* probes.c */
void k8smi_demand_make_checks(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

/* security.c: user, capabilities, what the linux launcher must do. */
void k8smi_demand_make_security(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

/* fieldref.c: the value of a field of the pod (fieldRef). False, with a finding, if it can't be told. */
bool k8smi_demand_field_value(struct k8smi_demand_build *b, const struct k8smi_record *selector,
                              const struct k8smi_path *path, struct k8sm_slice *ret);

/* data.c: ConfigMaps and Secrets. */
void k8smi_demand_sort_data(struct k8smi_demand_build *b);
/* The rows of an object: the first of them, and how many. */
size_t k8smi_demand_object(const struct k8smi_demand_build *b, const char *kind, struct k8sm_slice name,
                           const struct k8sm_manifest_data **ret);
/* The row of a key, or NULL. */
const struct k8sm_manifest_data *k8smi_demand_key(const struct k8smi_demand_build *b, const char *kind,
                                                  struct k8sm_slice name, struct k8sm_slice key);

#endif
