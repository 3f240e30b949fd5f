/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_BIND_H
#define K8SMI_POD_BIND_H

#include "pod/record_private.h"
#include "pod/time.h"
#include "wire/json.h"
#include "wire/token.h"

/* Tokens → records, by the table of fields.def. */
struct k8smi_bind {
  struct k8smi_tokens *tokens;
  struct k8sm_slice message; /* of protobuf */
  struct k8smi_arena *arena; /* of the records */
  struct k8sm_diags *diags;
  bool strict;            /* unknown fields are errors */
  bool defaults;          /* fill in what the API server would */
  bool keep_unknown;      /* unknown fields are kept in the record */
  bool invalid;           /* a finding that is an error was made */
  uint32_t max_depth;     /* of protobuf; tokens have their own, here and in the next */
  uint32_t max_nodes;     /* fields */
  uint32_t nodes;         /* that were read */
  size_t unknown;         /* fields that the table does not have */
  struct k8smi_buf items; /* a stack: items of the lists and maps that are being read */
  struct k8smi_buf kept;  /* a stack: the unknown fields of the objects that are being read */
  struct k8smi_buf raw;   /* JSON of a value without a type */
  char time[K8SMI_TIME_LEN];
  uint64_t lent_items[192]; /* what `items` and `raw` begin with: most pods need no more */
  uint64_t lent_raw[64];
};

/* The scratch memory is of the arena's allocator; free it in any case. */
bool k8smi_bind_init(struct k8smi_bind *b, struct k8smi_tokens *tokens, struct k8smi_arena *arena,
                     struct k8sm_diags *diags);
void k8smi_bind_free(struct k8smi_bind *b);

/* Reads the next value as an object of the type. Wrong types are reported, set b->invalid, and leave
 * the field unset. Errors: those of the tokens, NOMEM, LIMIT; INVALID when it is no object. */
int k8smi_bind_record(struct k8smi_bind *b, enum k8smi_type_id type, const struct k8smi_path *path,
                      const struct k8smi_record **ret);

/* The same in one go, where the next value is the root of a JSON document and nothing in it is odd. False:
 * all is as it was; k8smi_bind_record has to read it. */
bool k8smi_bind_json(struct k8smi_bind *b, enum k8smi_type_id type, const struct k8smi_record **ret);

/* For readers that give up on what is odd: what they begin with. Nothing is reported meanwhile. */
struct k8smi_bind_try {
  struct k8smi_arena_mark mark;
  size_t items, read;
  bool invalid;
  struct k8sm_diags *diags;
  struct k8sm_diags unseen;
};
void k8smi_bind_try(struct k8smi_bind *b, struct k8smi_bind_try *t);
/* Whether the reader is through, and had nothing to report; otherwise all is put back. */
bool k8smi_bind_tried(struct k8smi_bind *b, struct k8smi_bind_try *t, bool through);

/* Reads the rest of a value whose first token is `token` as compact JSON into b->raw (not cleared). */
int k8smi_bind_raw(struct k8smi_bind *b, const struct k8smi_token *token);

/* For the readers of both: bytes that an item of a list or map of the kind takes on the stack. */
size_t k8smi_bind_item_size(unsigned kind);
/* Takes the items above `mark` off the stack, into the arena. Errors: NOMEM, LIMIT. */
int k8smi_bind_take(struct k8smi_bind *b, size_t mark, size_t item_size, const struct k8smi_list **ret);
/* The unknown fields above `mark` go into the record that is being made. Errors: NOMEM, LIMIT. */
int k8smi_bind_keep(struct k8smi_bind *b, size_t mark, union k8smi_slot *slots, uint64_t *present);
/* By key, stable. False when memory ran out. */
bool k8smi_bind_sort_pairs(struct k8smi_arena *arena, struct k8smi_pair *pairs, size_t n);

/* Whether a zero or empty value of the field is one: else it is the same as none. */
static inline bool k8smi_bind_keeps_zero(const struct k8smi_field *field) {
  return field->mode == K8SMI_MODE_PTR || field->mode == K8SMI_MODE_NULLABLE;
}
/* Whether numbers of the kind have 32 bits. */
static inline bool k8smi_bind_is_narrow(unsigned kind) {
  return kind != K8SMI_KIND_I64 && kind != K8SMI_KIND_LIST_I64;
}

/* For bind.c and bind_json.c: the texts of scalars. False: `found` does not fit, and that has been reported.
 */
bool k8smi_bind_number(struct k8smi_bind *b, const struct k8smi_token *found, unsigned kind,
                       const struct k8smi_path *path, int64_t *ret);
bool k8smi_bind_text(struct k8smi_bind *b, const struct k8smi_token *found, unsigned kind,
                     const struct k8smi_path *path, struct k8sm_slice *ret);
void k8smi_bind_mismatch(struct k8smi_bind *b, const struct k8smi_token *found, const char *expected,
                         const struct k8smi_path *path);

#endif
