/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_VALIDATE_PRIVATE_H
#define K8SMI_POD_VALIDATE_PRIVATE_H

#include "base/map.h"
#include "pod/formats.h"
#include "pod/validate.h"

/* What the rules share. Values that must be unique are remembered in sets, each value behind the name
 * of its set. */
struct k8smi_check {
  struct k8sm_diags *diags;
  const struct k8smi_record *spec;
  struct k8smi_arena arena; /* of composed keys */
  struct k8smi_map names;   /* of containers */
  struct k8smi_map volumes; /* name → index */
  struct k8smi_map scratch; /* of the list that is being checked */
  struct k8smi_map ports;   /* protocol, host address and host port */
  bool bad;
  bool no_memory;
};

/* The findings, in the server's words: "Invalid value: \"x\": detail". */
void k8smi_check_required(struct k8smi_check *c, const struct k8smi_path *path, const char *detail);
void k8smi_check_invalid(struct k8smi_check *c, const struct k8smi_path *path, struct k8sm_slice value,
                         const char *detail);
void k8smi_check_invalid_number(struct k8smi_check *c, const struct k8smi_path *path, int64_t value,
                                const char *detail);
void k8smi_check_duplicate(struct k8smi_check *c, const struct k8smi_path *path, struct k8sm_slice value);
void k8smi_check_forbidden(struct k8smi_check *c, const struct k8smi_path *path, const char *detail);
void k8smi_check_not_found(struct k8smi_check *c, const struct k8smi_path *path, struct k8sm_slice value);

/* A text that must be there, and have a format; NULL: any. True if all is well. */
bool k8smi_check_text(struct k8smi_check *c, const struct k8smi_record *record, unsigned field,
                      const char *name, const struct k8smi_path *parent,
                      const char *(*format)(struct k8sm_slice));
/* A text that has a format if it is there. */
bool k8smi_check_optional(struct k8smi_check *c, const struct k8smi_record *record, unsigned field,
                          const char *name, const struct k8smi_path *parent,
                          const char *(*format)(struct k8sm_slice));
/* A number of the range, if it is set. */
void k8smi_check_range(struct k8smi_check *c, const struct k8smi_record *record, unsigned field,
                       const char *name, const struct k8smi_path *parent, int64_t low, int64_t high);
/* The fields of the type that take one of a list of words. */
void k8smi_check_words(struct k8smi_check *c, unsigned type, const struct k8smi_record *record,
                       const struct k8smi_path *path);
/* Adds a value to a set; false: it is there already. */
bool k8smi_check_unique(struct k8smi_check *c, struct k8smi_map *set, struct k8sm_slice value);
/* Labels, also those of a nodeSelector: all findings are at `path` itself. */
void k8smi_check_labels(struct k8smi_check *c, struct k8smi_list labels, const struct k8smi_path *path);
void k8smi_check_quantities(struct k8smi_check *c, const struct k8smi_record *resources,
                            const struct k8smi_path *path);

/* The parts of a pod, each in a file of its own. */
void k8smi_check_volumes(struct k8smi_check *c, const struct k8smi_path *spec);
void k8smi_check_containers(struct k8smi_check *c, const struct k8smi_path *spec);
void k8smi_check_placement(struct k8smi_check *c, const struct k8smi_path *spec);
void k8smi_check_probe(struct k8smi_check *c, const struct k8smi_record *probe, bool once,
                       const struct k8smi_path *path);
void k8smi_check_lifecycle(struct k8smi_check *c, const struct k8smi_record *lifecycle,
                           const struct k8smi_path *path);
void k8smi_check_container_security(struct k8smi_check *c, const struct k8smi_record *security,
                                    const struct k8smi_path *path);
void k8smi_check_pod_security(struct k8smi_check *c, const struct k8smi_path *spec);

/* Paths on the stack. */
#define K8SMI_AT(parent, name) k8smi_path_field((parent), K8SMI_S(name))

#endif
