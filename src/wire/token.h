/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_TOKEN_H
#define K8SMI_WIRE_TOKEN_H

#include "base/arena.h"
#include "base/findings.h"

/* Tokens of a document, the same for JSON and YAML: a pull reader under one interface, so that what
 * binds tokens to fields is written once. */
enum k8smi_token_kind {
  K8SMI_TOKEN_END = 0, /* of the document */
  K8SMI_TOKEN_OBJECT,
  K8SMI_TOKEN_OBJECT_END,
  K8SMI_TOKEN_ARRAY,
  K8SMI_TOKEN_ARRAY_END,
  K8SMI_TOKEN_KEY,
  K8SMI_TOKEN_STRING, /* text: decoded */
  K8SMI_TOKEN_NUMBER, /* text: in JSON's syntax (YAML's other forms are rewritten) */
  K8SMI_TOKEN_TRUE,
  K8SMI_TOKEN_FALSE,
  K8SMI_TOKEN_NULL
};

struct k8smi_token {
  int kind;
  struct k8sm_slice text; /* KEY, STRING, NUMBER. In the input, or in the reader's arena */
  size_t offset;          /* of its first byte in the input */
  uint32_t line;          /* YAML: from 1; JSON: 0, see k8smi_tokens_where */
  uint32_t column;
};

struct k8smi_tokens_options {
  uint32_t max_depth;       /* 0: 100 */
  uint32_t max_alias_nodes; /* YAML; 0: 100,000 */
  uint32_t max_nodes;       /* keys and values of a document; 0: 4,000,000 */
  uint32_t lines_before;    /* of the whole input, when the text is a piece of it; YAML */
};

enum { K8SMI_TOKENS_MAX_NODES = 4000000 };

struct k8smi_tokens; /* a reader */

/* Both read from memory; the arena holds the reader and decoded texts and must outlive the tokens. */
int k8smi_tokens_json(struct k8smi_arena *arena, const void *bytes, size_t len,
                      const struct k8smi_tokens_options *options, struct k8smi_tokens **ret,
                      struct k8sm_diags *diags);
int k8smi_tokens_yaml(struct k8smi_arena *arena, const void *bytes, size_t len,
                      const struct k8smi_tokens_options *options, struct k8smi_tokens **ret,
                      struct k8sm_diags *diags);
/* Frees what is not in the arena (libyaml's parser). */
void k8smi_tokens_free(struct k8smi_tokens *tokens);

/* The next token. A duplicate key in an object is an error here already. After an error the reader
 * gives the same error again. Errors: SYNTAX, LIMIT, NOMEM; each with a finding that has a line. */
int k8smi_tokens_next(struct k8smi_tokens *tokens, struct k8smi_token *ret, struct k8sm_diags *diags);

/* Back to the beginning of the document that is being read, also from the middle of it: some things
 * must be known before the rest can be understood. Nothing happens after an error. */
void k8smi_tokens_rewind(struct k8smi_tokens *tokens);

/* After END: goes on to the next document of the stream. NOT_FOUND when there is none. */
int k8smi_tokens_next_document(struct k8smi_tokens *tokens, struct k8sm_diags *diags);

/* After an OBJECT or ARRAY token: reads up to and with its end. */
int k8smi_tokens_skip(struct k8smi_tokens *tokens, struct k8sm_diags *diags);

/* For who reads the text of a JSON document by other means, in part or in whole. */
struct k8smi_json_place {
  const char *at; /* the next value, at the root of a document; or where that ended */
  const char *end;
  uint32_t levels; /* of nesting that are left */
  uint32_t nodes;  /* keys and values that are left */
  bool done;       /* the root has been read */
};
/* False for what is not JSON, and in the middle of a document. */
bool k8smi_tokens_json_place(const struct k8smi_tokens *tokens, struct k8smi_json_place *ret);
/* Goes on from there: any value of the same document may be taken for its root. Forgets an error. */
void k8smi_tokens_json_go(struct k8smi_tokens *tokens, const struct k8smi_json_place *place);

/* Line and column of a token. Cheap when the tokens that are asked for come in their order. */
struct k8smi_where k8smi_tokens_where(struct k8smi_tokens *tokens, const struct k8smi_token *token);

#endif
