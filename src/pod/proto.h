/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PROTO_H
#define K8SMI_POD_PROTO_H

#include "pod/bind.h"

/* Kubernetes protobuf ↔ records, by the table of fields.def. An object on the wire or in a file is in an
 * envelope that names its kind: four bytes, then a message of
 *   1 {1 apiVersion, 2 kind}, 2 the object, 3 content encoding, 4 content type (both empty).
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
struct k8smi_envelope {
  struct k8sm_slice api_version;
  struct k8sm_slice kind;
  struct k8sm_slice object; /* bare */
};

bool k8smi_is_envelope(struct k8sm_slice bytes);
/* Errors: SYNTAX. */
int k8smi_envelope_read(struct k8sm_slice bytes, struct k8smi_envelope *ret, struct k8sm_diags *diags);

/* The objects of a bare List or PodList, one after another: *at is 0 at first. */
enum { K8SMI_PROTO_ITEMS = 2 /* the number of `items` in every list */ };
/* NOT_FOUND at the end; SYNTAX. */
int k8smi_proto_list_next(struct k8sm_slice list, size_t *at, struct k8sm_slice *ret,
                          struct k8sm_diags *diags);
/* The contents of a RawExtension: JSON, or an object in an envelope. Errors: SYNTAX. */
int k8smi_proto_raw(struct k8sm_slice bytes, struct k8sm_slice *ret, const struct k8smi_path *path,
                    struct k8sm_diags *diags);

/* Reads the object of an envelope as one of the type; b->tokens is not used. kind and apiVersion are those
 * of the envelope, and stay unset where it names no kind. What is wrong with a value is reported, sets
 * b->invalid, and leaves the field unset. Errors: SYNTAX, NOMEM, LIMIT. */
int k8smi_proto_record(struct k8smi_bind *b, enum k8smi_type_id type, const struct k8smi_envelope *from,
                       const struct k8smi_path *path, const struct k8smi_record **ret);
/* The same in one go, where nothing in the object is odd. False: all is as it was; k8smi_proto_record has to
 * read it. */
bool k8smi_proto_quick(struct k8smi_bind *b, enum k8smi_type_id type, const struct k8smi_envelope *from,
                       const struct k8smi_record **ret);

/* Writes an object as Kubernetes does: by number, what is no pointer also when it is zero. NULL is a record
 * without fields. */
void k8smi_proto_put_record(struct k8smi_buf *buf, unsigned type, const struct k8smi_record *record);
/* The same in an envelope, with the kind and apiVersion that the record says it is. */
void k8smi_proto_put_enveloped(struct k8smi_buf *buf, unsigned type, const struct k8smi_record *record);
/* The end of the envelope goes behind the object. */
size_t k8smi_envelope_begin(struct k8smi_buf *buf, struct k8sm_slice api_version, struct k8sm_slice kind);
void k8smi_envelope_end(struct k8smi_buf *buf, size_t begin);

#endif
