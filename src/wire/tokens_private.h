/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_TOKENS_PRIVATE_H
#define K8SMI_WIRE_TOKENS_PRIVATE_H

/* What a token reader is made of: the JSON and the YAML reader each have a struct of their own that
 * begins with struct k8smi_tokens, and a table of these functions. Only they include this header. */

#include "wire/token.h"

struct k8smi_tokens_ops {
  /* None of these is called again after one has failed. */
  int (*next)(struct k8smi_tokens *tokens, struct k8smi_token *ret, struct k8sm_diags *diags);
  int (*next_document)(struct k8smi_tokens *tokens, struct k8sm_diags *diags);
  void (*rewind)(struct k8smi_tokens *tokens);
  struct k8smi_where (*where)(struct k8smi_tokens *tokens, const struct k8smi_token *token);
  void (*free)(struct k8smi_tokens *tokens); /* NULL: all is in the arena */
};

struct k8smi_tokens {
  const struct k8smi_tokens_ops *ops;
  int failed; /* the first error of next or next_document: it is the answer to every later call */
};

#endif
