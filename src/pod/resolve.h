/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_RESOLVE_H
#define K8SMI_POD_RESOLVE_H

/* What the containers of a pod see: references resolved as the kubelet resolves them when it starts a
 * container. The public arrow is k8sm_pod_resolve; demand uses the parts. */

#include <k8smesos/resolve.h>
#include "base/buf.h"
#include "base/findings.h"
#include "base/map.h"
#include "pod/containers.h"
#include "pod/data.h"

/* The longest string that Linux gives a program: MAX_ARG_STRLEN. */
enum { K8SMI_RESOLVE_MAX_TEXT = 128 * 1024 };

/* What containers are told of a node's resources, in the order of k8smi_node_resources. */
enum { K8SMI_NODE_CPU, K8SMI_NODE_MEMORY, K8SMI_NODE_STORAGE, K8SMI_NODE_RESOURCES };
extern const char *const k8smi_node_resources[K8SMI_NODE_RESOURCES];

/* What is known only where the pod runs; absent slices and false: it is not known. Lists are comma-separated.
 */
struct k8smi_resolve_node {
  struct k8sm_slice name;
  struct k8sm_slice host_ips;
  struct k8sm_slice pod_ips;
  struct k8sm_slice token;
  struct k8smi_amount allocatable[K8SMI_NODE_RESOURCES];
  bool has[K8SMI_NODE_RESOURCES];
};

struct k8smi_resolve {
  struct k8smi_arena *arena; /* of the results */
  struct k8sm_diags *diags;
  const struct k8smi_record *metadata, *spec, *status;
  struct k8smi_data data;
  struct k8smi_resolve_node node;
  size_t missing;                  /* what is referred to and was not found: errors all, once each */
  struct k8sm_slice first_missing; /* words for the first of them */
  size_t problems;                 /* other errors */
  bool told_node;                  /* what the node can give was asked for: the caller may reset it */
  bool skip_file_key;              /* fileKeyRef has been reported already */
  bool skip_nul;                   /* so has a NUL in a text of the pod */
  bool no_memory;                  /* then results are incomplete */
};

/* Stand-ins for what is filled in once the pod has its place, for `name` and the addresses above. They begin
 * with a NUL, and texts that hold one are refused where they could meet a stand-in: so these may stand inside
 * of longer texts, and are found again. */
#define K8SMI_PLACED_NAME    ((struct k8sm_slice){"\0n", 2})
#define K8SMI_PLACED_ADDRESS ((struct k8sm_slice){"\0a", 2})

/* Variables of a container, in the order in which they were first named. */
struct k8smi_variable {
  struct k8sm_slice name;
  struct k8sm_slice value;
  bool secret; /* the value is, or holds, something from a Secret */
  bool placed; /* the value is, or holds, a stand-in */
};
struct k8smi_environment {
  struct k8smi_variable *items;
  size_t count, cap;
  struct k8smi_map names; /* to the index of the item */
};

/* Files of a volume, in the order in which their paths were first named. */
struct k8smi_file {
  struct k8sm_slice path; /* below the volume; cleaned */
  struct k8sm_slice value;
  uint32_t mode;
  bool secret;
};
struct k8smi_files {
  struct k8smi_file *items;
  size_t count, cap;
  struct k8smi_map paths;
};

/* `pod` is the pod's record. Data and node are set by the caller afterwards. */
void k8smi_resolve_init(struct k8smi_resolve *r, struct k8smi_arena *arena, const struct k8smi_record *pod,
                        struct k8sm_diags *diags);

/* resolve_env.c: the variables of a container. To be freed (the map) by the caller, always. */
void k8smi_resolve_env(struct k8smi_resolve *r, const struct k8smi_record *container,
                       const struct k8smi_path *path, struct k8smi_environment *ret);
void k8smi_environment_free(struct k8smi_environment *env);
/* Those that the command of a probe may refer to: the values of env as they are written, empty where they
 * come from elsewhere. */
void k8smi_resolve_static_env(struct k8smi_resolve *r, const struct k8smi_record *container,
                              struct k8smi_environment *ret);

/* expand.c: replaces $(NAME) by the value of a variable; $$ is a dollar; what names no variable stays.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 * `flags` (may be NULL) becomes secret or placed if a variable was used that is. */
struct k8sm_slice k8smi_resolve_text(struct k8smi_resolve *r, const struct k8smi_environment *env,
                                     struct k8sm_slice text, const struct k8smi_path *path,
                                     struct k8smi_variable *flags);
/* The subPath of a mount, or its subPathExpr: there every variable must be set, and not empty. */
struct k8sm_slice k8smi_resolve_sub_path(struct k8smi_resolve *r, const struct k8smi_environment *env,
                                         const struct k8smi_record *mount, const struct k8smi_path *path);

/* resolve_field.c: a field of the pod (fieldRef). Files see less of it than variables. False: a finding
 * says why not. */
bool k8smi_resolve_field(struct k8smi_resolve *r, const struct k8smi_record *selector,
                         const struct k8smi_path *path, bool file, struct k8sm_slice *ret);
/* resolve_resource.c: a resource of a container (resourceFieldRef); `own` is the container that asks, NULL
 * for a file. */
bool k8smi_resolve_resource(struct k8smi_resolve *r, const struct k8smi_record *selector,
                            const struct k8smi_record *own, const struct k8smi_path *path,
                            struct k8sm_slice *ret);

/* resolve_files.c: the files of a secret, configMap, downwardAPI or projected volume; none for other kinds.
 * The map is to be freed by the caller, always. */
void k8smi_resolve_files(struct k8smi_resolve *r, const struct k8smi_record *volume,
                         const struct k8smi_path *path, struct k8smi_files *ret);
void k8smi_files_free(struct k8smi_files *files);
/* The volume that the API server gives every pod: a token of its service account, and what goes with it. */
bool k8smi_volume_is_api_access(const struct k8smi_record *volume);

/* ---- For these files ---- */

void *k8smi_resolve_array(struct k8smi_resolve *r, size_t n, size_t item_size);
/* The contents of a buffer as a slice of the arena; frees the buffer. ptr NULL: no memory. */
struct k8sm_slice k8smi_resolve_take(struct k8smi_resolve *r, struct k8smi_buf *buf);
/* Room for one more in an array of the arena: doubling, the old one stays behind. */
void *k8smi_resolve_grow(struct k8smi_resolve *r, void *items, size_t count, size_t *cap, size_t item_size);
/* An object or key that is not there: K8SM_DIAG_FIELD_NOT_FOUND, in Kubernetes' words. */
void k8smi_resolve_no_object(struct k8smi_resolve *r, enum k8smi_data_kind kind, struct k8sm_slice name,
                             const struct k8smi_path *path);
void k8smi_resolve_find(struct k8smi_resolve *r, uint32_t code, const struct k8smi_path *path,
                        const char *format, ...) K8SMI_PRINTF(4, 5);

#endif
