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
#include "demand/misfit.h"
#include "pod/resolve.h"

struct k8smi_demand_build {
  struct k8sm_demand *demand;
  struct k8sm_demand_options options;
  struct k8sm_diags *diags;
  const struct k8smi_record *metadata;
  const struct k8smi_record *spec;
  struct k8smi_resolve resolve;              /* references, with what the pod holds in place of a node */
  struct k8smi_resolve_node budget;          /* that, for the pod as a whole */
  struct k8smi_map volumes;                  /* from name to index in spec.volumes */
  struct k8smi_demand_files *files;          /* by volume; made when first mounted */
  struct k8smi_demand_use *uses;             /* by volume; made when the first of a driver is mounted */
  const struct k8smi_demand_volume **claims; /* by volume; NULL: it claims none */
  struct k8smi_placement_rules *rules;       /* the demand's, while they are made */
  size_t refused;
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
  struct k8smi_environment env;
};

/* Memory of the demand, zeroed; NULL (and no_memory) when it ran out, or for nothing at all. */
void *k8smi_demand_array(struct k8smi_demand_build *b, size_t n, size_t item_size);
struct k8sm_slice k8smi_demand_copy(struct k8smi_demand_build *b, struct k8sm_slice s);
/* A text of each record of a list. */
struct k8smi_strings k8smi_demand_texts(struct k8smi_demand_build *b, struct k8smi_list list, unsigned field);
/* network.c: the labels of a text "a=b,c=d"; a finding at the path if it is none. */
struct k8smi_pair_list k8smi_demand_labels(struct k8smi_demand_build *b, struct k8sm_slice text,
                                           const struct k8smi_path *path);
/* The contents of a buffer as a slice of the demand; frees the buffer. */
struct k8sm_slice k8smi_demand_take(struct k8smi_demand_build *b, struct k8smi_buf *buf);

/* policy.c. A finding K8SM_DIAG_TASK_FIELD_REFUSED: nothing can run like this. */
void k8smi_demand_refuse(struct k8smi_demand_build *b, const struct k8smi_path *path, const char *format, ...)
    K8SMI_PRINTF(3, 4);

/* What Mesos can't do, and a pod can run without: refused, unless the options have another policy. */
void k8smi_demand_cannot(struct k8smi_demand_build *b, const struct k8smi_path *path, const char *format, ...)
    K8SMI_PRINTF(3, 4);
/* What is not done quite as asked, with the finding's own severity; refused where the options say so. */
void k8smi_demand_tell(struct k8smi_demand_build *b, uint32_t code, uint32_t severity,
                       const struct k8smi_path *path, const char *format, ...) K8SMI_PRINTF(5, 6);
#define K8SMI_DEMAND_WARN(b, code, path, ...)                                                                \
  k8smi_demand_tell((b), K8SM_DIAG_TASK_FIELD_##code, K8SM_SEVERITY_WARNING, (path), __VA_ARGS__)
#define K8SMI_DEMAND_NOTE(b, code, path, ...)                                                                \
  k8smi_demand_tell((b), K8SM_DIAG_TASK_FIELD_##code, K8SM_SEVERITY_NOTE, (path), __VA_ARGS__)
/* Errors: INVALID. */
int k8smi_demand_check_policies(const struct k8sm_demand_options *options, struct k8sm_diags *diags);
int k8smi_demand_check_users(const struct k8sm_demand_options *options, struct k8sm_diags *diags);

/* storage.c: of which disks a claim's volume is made, by its row's class. */
void k8smi_demand_make_storage(struct k8smi_demand_build *b, struct k8smi_demand_volume *volume,
                               const struct k8smi_path *path);
/* Errors: INVALID. */
int k8smi_demand_check_classes(const struct k8sm_demand_options *options, struct k8sm_diags *diags);

/* ---- The steps ---- */

/* restarts.c */
uint32_t k8smi_restart_policy(struct k8sm_slice text);
void k8smi_demand_make_restarts(struct k8smi_demand_task *task, const struct k8smi_record *container,
                                uint32_t pod);

/* check_texts.c: refuses texts that hold a NUL. */
void k8smi_demand_check_texts(struct k8smi_demand_build *b);

/* forms.c: the form of the pod; and, once its volumes are known, the roles that are of use for them. */
void k8smi_demand_make_form(struct k8smi_demand_build *b);
void k8smi_demand_check_volume_roles(struct k8smi_demand_build *b);

/* A field that is in the way of a form, and why. */
struct k8smi_form_field {
  struct k8smi_path steps[5];
  const struct k8smi_path *path;
};
struct k8smi_form_rule {
  bool (*stands)(const struct k8smi_demand_build *b, struct k8smi_form_field *ret);
  struct k8smi_misfit row;
};
/* spec.volumes[i].name; true. */
bool k8smi_form_volume_at(struct k8smi_form_field *ret, size_t i, const char *name);

/* docker.c: beside the rules of all command tasks; and, when all else of the container is made, what Docker
 * is told. */
extern const struct k8smi_form_rule k8smi_docker_rules[];
extern const size_t k8smi_docker_rule_count;
void k8smi_demand_make_docker(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

/* security.c: "CHOWN"; NULL: there are no more. */
const char *k8smi_capability_name(unsigned number);

/* command_task.c: can the pod be a command task? Where it can't, and does not fall back on another form, it
 * is refused; else *ret_why tells. */
bool k8smi_demand_fits_task(struct k8smi_demand_build *b, uint32_t form, bool falls_back,
                            struct k8sm_slice *ret_why);

/* claims.c: persistent volumes. What the volume with this number in spec.volumes claims; NULL: it is of
 * another kind. */
void k8smi_demand_make_claims(struct k8smi_demand_build *b);
const struct k8smi_demand_volume *k8smi_demand_claimed(const struct k8smi_demand_build *b, size_t volume);

/* rlimits.c; the name of a type as `docker run --ulimit` has it, too; and whether the annotation of a
 * container has the one that Docker does not know. */
void k8smi_demand_make_rlimits(struct k8smi_demand_build *b, struct k8smi_demand_source *s);
const char *k8smi_rlimit_name(int type);
bool k8smi_demand_limits_address_space(const struct k8smi_demand_build *b, struct k8sm_slice container,
                                       struct k8sm_slice *ret_key);

/* metadata.c: labels and annotations for the executor and its tasks. */
void k8smi_demand_make_metadata(struct k8smi_demand_build *b);
/* The annotation that is called by a prefix and a container's name; empty: none. */
#define K8SMI_ENTRYPOINT_ANNOTATION "entrypoint.k8smesos/"
#define K8SMI_RLIMITS_ANNOTATION    "rlimits.k8smesos/"
struct k8sm_slice k8smi_demand_annotation(const struct k8smi_demand_build *b, const char *prefix,
                                          struct k8sm_slice container, struct k8sm_slice *ret_key);

/* discovery.c */
void k8smi_demand_make_discovery(struct k8smi_demand_build *b);

/* network.c */
void k8smi_demand_make_network(struct k8smi_demand_build *b);

/* resources.c: budget, tokens, limits, QoS class. */
void k8smi_demand_make_resources(struct k8smi_demand_build *b);
/* From now on limits that are not stated are those of the task, or what the pod holds (task NULL: always). */
void k8smi_demand_tell_limits(struct k8smi_demand_build *b, const struct k8smi_demand_task *task);
/* Reports, once what was told has been asked for, that it is no node's. */
void k8smi_demand_note_limits(struct k8smi_demand_build *b, const struct k8smi_path *path);

/* extended.c: devices and the like. Can a resource of this name be one? */
void k8smi_demand_make_extended(struct k8smi_demand_build *b);
bool k8smi_resource_is_extended(struct k8sm_slice name);

/* placement.c: where the pod may go; and, when all that matters for it is known, the keys of it. */
void k8smi_demand_make_placement(struct k8smi_demand_build *b);
/* How long the pod tolerates that its node is unreachable; -1: it does not say. */
int64_t k8smi_demand_unreachable_seconds(const struct k8smi_demand_build *b);
void k8smi_demand_make_keys(struct k8smi_demand_build *b);

/* placement_annotations.c: the roles that it may use; whether ports without a host port get one. */
void k8smi_demand_make_roles(struct k8smi_demand_build *b);
bool k8smi_placement_maps_all_ports(struct k8smi_demand_build *b);

/* ports.c */
void k8smi_demand_make_ports(struct k8smi_demand_build *b);

/* command.c: image, command and arguments, after the environment. */
void k8smi_demand_make_command(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

/* remote.c: a volume of a driver, for the volume at `path` (spec.volumes[i]); NULL: there is none. */
const struct k8smi_demand_remote *k8smi_demand_make_remote(struct k8smi_demand_build *b,
                                                           const struct k8smi_record *volume,
                                                           const struct k8smi_path *path);
/* Who mounts a volume of a driver. */
struct k8smi_demand_use {
  const struct k8smi_demand_task *task; /* the last container that did */
  bool written;                         /* by some container of the pod */
};
/* Of this volume in spec.volumes, which a task mounts now; NULL: nothing is known, or it is refused. */
const struct k8smi_demand_use *k8smi_demand_use_remote(struct k8smi_demand_build *b, size_t volume,
                                                       const struct k8smi_demand_task *task,
                                                       const struct k8smi_path *path);

/* volumes.c */
void k8smi_demand_index_volumes(struct k8smi_demand_build *b);
void k8smi_demand_free_volumes(struct k8smi_demand_build *b);
void k8smi_demand_make_mounts(struct k8smi_demand_build *b, struct k8smi_demand_source *s);
/* nesting.c: mounts inside of others, in an order and with what it takes that agents make them so. */
void k8smi_demand_nest_mounts(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

/* The files of a volume whose contents the pod states. */
struct k8smi_demand_files {
  struct k8smi_files files;
  bool made;
};

/* probes.c */
void k8smi_demand_make_checks(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

/* security.c: user, capabilities, what the linux launcher must do. */
void k8smi_demand_make_security(struct k8smi_demand_build *b, struct k8smi_demand_source *s);

#endif
