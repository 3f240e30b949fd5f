/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/tokens_private.h"

int k8smi_tokens_next(struct k8smi_tokens *tokens, struct k8smi_token *ret, struct k8sm_diags *diags) {
  if (tokens->failed == K8SM_OK) tokens->failed = tokens->ops->next(tokens, ret, diags);
  return tokens->failed;
}

int k8smi_tokens_next_document(struct k8smi_tokens *tokens, struct k8sm_diags *diags) {
  if (tokens->failed != K8SM_OK) return tokens->failed;
  int r = tokens->ops->next_document(tokens, diags);
  if (r != K8SM_OK && r != K8SM_ERR_NOT_FOUND) tokens->failed = r;
  return r;
}

void k8smi_tokens_rewind(struct k8smi_tokens *tokens) {
  if (tokens->failed == K8SM_OK) tokens->ops->rewind(tokens);
}

/* A loop, not a recursion: the readers bound the depth, but the stack is not ours to spend. */
int k8smi_tokens_skip(struct k8smi_tokens *tokens, struct k8sm_diags *diags) {
  struct k8smi_token t;
  size_t depth = 1;
  while (depth > 0) {
    int r = k8smi_tokens_next(tokens, &t, diags);
    if (r != K8SM_OK) return r;
    if (t.kind == K8SMI_TOKEN_OBJECT || t.kind == K8SMI_TOKEN_ARRAY) depth++;
    if (t.kind == K8SMI_TOKEN_OBJECT_END || t.kind == K8SMI_TOKEN_ARRAY_END) depth--;
  }
  return K8SM_OK;
}

struct k8smi_where k8smi_tokens_where(struct k8smi_tokens *tokens, const struct k8smi_token *token) {
  return tokens->ops->where(tokens, token);
}

void k8smi_tokens_free(struct k8smi_tokens *tokens) {
  if (tokens != NULL && tokens->ops->free != NULL) tokens->ops->free(tokens);
}
