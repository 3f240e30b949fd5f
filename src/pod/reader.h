/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_READER_H
#define K8SMI_POD_READER_H

#include "pod/documents.h"
#include "pod/manifest.h"

/* Manifests in chunks. What has been pushed stands in `input` until a document, or an item of a list, is
 * whole; that is read into `manifest`, and its pods are given out. */

/* JSON. The text of a document without the items that were taken out of it is read as a whole at its end, so
 * that what is wrong with the rest of it is found as ever. */
struct k8smi_reader_json {
  int state;
  size_t from;   /* what is not in `rest` yet, or the item that is being looked at */
  size_t at;     /* what has been looked at */
  size_t string; /* where the last string began */
  uint32_t depth;
  bool in_string, escape;
  bool key;               /* the next string at depth 1 is a key */
  bool items;             /* the last one was "items" */
  struct k8smi_buf rest;  /* of the document: what is not in items that were taken out */
  struct k8smi_buf names; /* kind and apiVersion of the list, one behind the other */
  size_t kind_len;
  struct k8smi_buf item_names; /* the same of an item */
  size_t index;                /* of the next item */
  /* Places, to find lines again. */
  size_t counted; /* what `here` is the place of */
  struct k8smi_where here;
  struct k8smi_where document; /* where it begins */
  struct k8smi_where cut;      /* where items were taken out, in the text of `rest` */
  struct k8smi_where behind;   /* the place behind them, in the input */
};

/* Protobuf: the items of a list one by one, anything else as a whole. */
struct k8smi_reader_proto {
  int state;
  size_t from;  /* what has not been used */
  size_t left;  /* of the list */
  size_t index; /* of the next item */
  bool list;    /* there was one */
  bool ended;
  struct k8smi_buf outer; /* the envelope without the object */
  struct k8smi_envelope envelope;
};

struct k8sm_reader {
  struct k8smi_arena arena; /* holds the reader itself */
  struct k8sm_allocator allocator;
  struct k8smi_parse parse;
  struct k8sm_manifest manifest; /* of what was read last */
  size_t given;                  /* of its pods */
  struct k8smi_buf input;
  bool last;
  int failed;      /* for good */
  uint32_t format; /* K8SM_FORMAT_AUTO: not known yet */
  uint32_t document;
  struct k8smi_documents yaml;
  struct k8smi_reader_json json;
  struct k8smi_reader_proto proto;
};

/* Goes on to the next whole document or item and reads it. K8SM_OK also where there was nothing in it;
 * NOT_FOUND: there is no whole one. An error that leaves nothing to go on with is set as failed. */
int k8smi_reader_json_step(struct k8sm_reader *reader);
int k8smi_reader_proto_step(struct k8sm_reader *reader);
/* The bytes before that are not needed any more; they are gone now. */
size_t k8smi_reader_json_drop(struct k8sm_reader *reader);
size_t k8smi_reader_proto_drop(struct k8sm_reader *reader);

/* Fails for good, and returns the result. */
int k8smi_reader_fail(struct k8sm_reader *reader, int result);
/* The same, for a document that is larger than the options allow. */
int k8smi_reader_too_large(struct k8sm_reader *reader);

#endif
