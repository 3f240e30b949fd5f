/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_MANIFEST_H
#define K8SMI_POD_MANIFEST_H

#include <k8smesos/manifest.h>

#include "pod/workload.h"

K8SMI_SAME_HEAD(ConfigMap)
K8SMI_SAME_HEAD(Secret)
K8SMI_SAME_HEAD(Namespace)
K8SMI_SAME_HEAD(Node)
K8SMI_SAME_HEAD(PriorityClass)
K8SMI_SAME_HEAD(PersistentVolumeClaim)

/* Rows of one kind, as they grow. */
struct k8smi_manifest_rows {
  void *items;
  size_t count;
  size_t cap;
};

/* What is known of a pod beside its row. */
struct k8smi_manifest_pod {
  struct k8sm_manifest_pod row;
  struct k8sm_slice path; /* of the pod or its template in the document, where admission may need it */
};
struct k8smi_manifest_object {
  struct k8sm_manifest_object row;
  const struct k8smi_record *record;
  unsigned type;
};

/* The inside of a manifest, for those files that fill it. */
struct k8sm_manifest {
  struct k8smi_arena arena;
  k8smi_refs refs;
  struct k8smi_manifest_rows pods;      /* struct k8smi_manifest_pod, with a reference each */
  struct k8smi_manifest_rows workloads; /* struct k8sm_manifest_workload, likewise */
  struct k8smi_manifest_rows data;      /* struct k8sm_manifest_data */
  struct k8smi_manifest_rows classes;   /* struct k8sm_priority_class */
  struct k8smi_manifest_rows objects;   /* struct k8smi_manifest_object */
  uint64_t generated;                   /* names so far */
  bool empty_list;                      /* a list without items was read: nothing is what it holds */
};

/* Takes all rows out, and gives back what they hold; or the memory of the rows, too. */
void k8smi_manifest_clear(struct k8sm_manifest *manifest);
void k8smi_manifest_free_rows(struct k8sm_manifest *manifest);
/* Room for one more row, which the caller fills; NULL when memory ran out. */
void *k8smi_rows_add(struct k8smi_manifest_rows *rows, const struct k8sm_allocator *allocator,
                     size_t row_size);

/* An object of the manifest, before anything is known of it but what it says it is. */
struct k8smi_object {
  struct k8smi_parse *parse;
  struct k8sm_manifest *manifest;
  struct k8smi_tokens *tokens;           /* JSON or YAML; NULL for protobuf */
  const struct k8smi_envelope *envelope; /* protobuf; NULL otherwise */
  struct k8sm_slice kind;
  struct k8sm_slice api_version;
  uint32_t document;
  uint32_t lists;                /* that it is inside of */
  const struct k8smi_path *path; /* "items[2]"; NULL for a document */
  bool legacy;                   /* of a group version that another one has followed */
};

/* Reads the object's kind and apiVersion and goes back to its beginning. What is no object has neither. */
int k8smi_manifest_peek(struct k8smi_object *object, bool *is_null);
/* Reads all of the object as one of the type. INVALID if anything was wrong with it. */
int k8smi_manifest_record(const struct k8smi_object *object, struct k8smi_arena *arena, unsigned type,
                          const struct k8smi_record **ret);
/* The same, and it must have a name. */
int k8smi_manifest_named(const struct k8smi_object *object, struct k8smi_arena *arena, unsigned type,
                         const struct k8smi_record **ret);
/* Reads all documents of a text that is JSON or YAML. What is wrong with one of them is kept in *wrong; only
 * what makes it useless to go on is returned. */
int k8smi_manifest_piece(struct k8smi_parse *parse, struct k8sm_manifest *manifest, struct k8sm_slice text,
                         uint32_t format, uint32_t lines_before, uint32_t *document, int *wrong);
/* An object in an envelope, from its envelope's kind on. */
int k8smi_manifest_envelope(const struct k8smi_object *like, const struct k8smi_envelope *envelope);
/* Reads each item of a list that came in protobuf, or one. */
int k8smi_manifest_proto_list(const struct k8smi_object *list);
int k8smi_manifest_proto_item(const struct k8smi_object *list, struct k8sm_slice bytes, size_t index);
/* An item of a list, as JSON; it may leave out what it is, if the list says so. */
int k8smi_manifest_item(const struct k8smi_object *list, struct k8sm_slice json, size_t index);
/* Reads the object by its kind, from its first token on. Errors: as k8sm_manifest_parse, of this object. */
int k8smi_manifest_object(const struct k8smi_object *object);
/* Whether the kind is one of those lists whose items are read. */
bool k8smi_manifest_is_list(struct k8sm_slice kind, struct k8sm_slice api_version);
/* The kind of the items of a kind of list; false: it is none, or one of anything. */
bool k8smi_manifest_list_of(struct k8sm_slice list, struct k8sm_slice *ret);
/* Does what admission does to all pods, if that is asked for. Errors: INVALID, NOMEM. */
int k8smi_manifest_admit(struct k8smi_parse *parse, struct k8sm_manifest *manifest);

/* Adds a pod and takes the caller's reference, also on failure. `path` is that of the pod or its template. */
int k8smi_manifest_add_pod(const struct k8smi_object *object, struct k8sm_pod *pod,
                           const struct k8smi_path *path, uint32_t replica, struct k8sm_slice owner);
/* The pods of a workload kind. */
int k8smi_manifest_workload(const struct k8smi_object *object, unsigned type);
/* What pods refer to: ConfigMaps and others. */
int k8smi_manifest_data_of(const struct k8smi_object *object, unsigned type);

/* The claims that a StatefulSet's controller makes for its pods. */
int k8smi_manifest_claims(const struct k8smi_object *object, const struct k8sm_workload *w);

/* More documents than this in one manifest is a mistake, or malice. */
enum { K8SMI_MANIFEST_MAX_DOCUMENTS = 10000, K8SMI_MANIFEST_MAX_LISTS = 4 };

#endif
