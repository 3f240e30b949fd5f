/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/documents.h"
#include "pod/steps.h"
#include "wire/token.h"

/* Goes from the first token of an object or array to the value of the step; false if it isn't there. */
static int locate_step(struct k8smi_tokens *tokens, int container, const struct k8smi_step *step,
                       struct k8smi_token *value, bool *found) {
  bool object = container == K8SMI_TOKEN_OBJECT;
  *found = false;
  if (!object && (container != K8SMI_TOKEN_ARRAY || !step->is_index)) return K8SM_OK;
  for (size_t i = 0;; i++) {
    int r = k8smi_tokens_next(tokens, value, NULL);
    if (r != K8SM_OK || value->kind == K8SMI_TOKEN_OBJECT_END || value->kind == K8SMI_TOKEN_ARRAY_END)
      return r;
    *found = object ? k8smi_step_is(step, value->text) : i == step->index;
    if (object) r = k8smi_tokens_next(tokens, value, NULL);
    if (r != K8SM_OK || *found) return r;
    bool skip = value->kind == K8SMI_TOKEN_OBJECT || value->kind == K8SMI_TOKEN_ARRAY;
    if (skip) r = k8smi_tokens_skip(tokens, NULL);
    if (r != K8SM_OK) return r;
  }
}

static int locate_path(struct k8smi_tokens *tokens, const char *path, struct k8smi_where *ret) {
  struct k8smi_token at;
  struct k8smi_step step;
  struct k8smi_steps steps;
  bool found = true;
  k8smi_steps_init(&steps, path);
  int r = k8smi_tokens_next(tokens, &at, NULL);
  while (r == K8SM_OK && found) {
    *ret = k8smi_tokens_where(tokens, &at);
    if (k8smi_steps_next(&steps, &step) <= 0) break; /* the end, or as far as the path makes sense */
    r = locate_step(tokens, at.kind, &step, &at, &found);
  }
  return r;
}

/* To the end of a document, and on to the next one of the piece. */
static int locate_next(struct k8smi_tokens *tokens) {
  struct k8smi_token t;
  int r;
  do {
    r = k8smi_tokens_next(tokens, &t, NULL);
  } while (r == K8SM_OK && t.kind != K8SMI_TOKEN_END);
  return r == K8SM_OK ? k8smi_tokens_next_document(tokens, NULL) : r;
}

/* Counts documents as k8sm_manifest_parse does. NOT_FOUND: the document is not in this piece. */
static int locate_in_piece(struct k8smi_arena *arena, const struct k8smi_piece *piece, bool json,
                           uint32_t *skip, const char *path, struct k8smi_where *ret) {
  const struct k8smi_tokens_options o = {.lines_before = piece->lines_before};
  struct k8smi_tokens *tokens = NULL;
  int r = json ? k8smi_tokens_json(arena, piece->text.ptr, piece->text.len, &o, &tokens, NULL)
               : k8smi_tokens_yaml(arena, piece->text.ptr, piece->text.len, &o, &tokens, NULL);
  bool wanted = *skip == 0;
  if (r != K8SM_OK && !wanted) --*skip;
  while (r == K8SM_OK && !wanted) {
    r = locate_next(tokens);
    --*skip;
    wanted = r == K8SM_OK && *skip == 0;
  }
  if (wanted && r == K8SM_OK) {
    r = locate_path(tokens, path, ret);
  } else if (!wanted && (r == K8SM_ERR_SYNTAX || r == K8SM_ERR_LIMIT)) {
    r = K8SM_ERR_NOT_FOUND; /* of another document: that one can't be read, but this one may */
  }
  k8smi_tokens_free(tokens);
  return r;
}

int k8sm_locate(const void *bytes, size_t len, uint32_t document, const char *path, uint32_t *ret_line,
                uint32_t *ret_column) {
  struct k8smi_documents documents = {.input = {bytes, len}, .last = true};
  struct k8smi_piece piece;
  struct k8smi_arena arena;
  struct k8smi_where where = {0, 0, 0};
  int r = K8SM_ERR_NOT_FOUND;
  if (bytes == NULL || len == 0) return K8SM_ERR_NOT_FOUND;
  documents.json = k8smi_documents_is_json(documents.input);
  if (!k8smi_arena_init(&arena, NULL, 0)) return K8SM_ERR_NOMEM;
  while (r == K8SM_ERR_NOT_FOUND && k8smi_documents_next(&documents, &piece)) {
    r = locate_in_piece(&arena, &piece, documents.json, &document, path, &where);
    k8smi_arena_free(&arena);
  }
  if (r != K8SM_OK) return r;
  *ret_line = where.line;
  *ret_column = where.column;
  return K8SM_OK;
}
