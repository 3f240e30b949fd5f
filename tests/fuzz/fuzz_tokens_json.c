/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/number.h"
#include "wire/token.h"
#include "wire/utf8.h"

#include "fuzz.h"

/* Every token lies in the text, in order; texts are UTF-8, numbers can be read; brackets match. */

enum { FUZZ_DEPTH = 40 };

static void check_token(const struct k8smi_token *t, size_t len, size_t *last, int *depth) {
  double d;
  FUZZ_REQUIRE(t->offset >= *last && t->offset <= len);
  *last = t->offset;
  if (t->kind == K8SMI_TOKEN_OBJECT || t->kind == K8SMI_TOKEN_ARRAY) ++*depth;
  if (t->kind == K8SMI_TOKEN_OBJECT_END || t->kind == K8SMI_TOKEN_ARRAY_END) --*depth;
  FUZZ_REQUIRE(*depth >= 0 && *depth <= FUZZ_DEPTH);
  if (t->kind == K8SMI_TOKEN_KEY || t->kind == K8SMI_TOKEN_STRING) {
    FUZZ_REQUIRE(k8smi_utf8_valid(t->text.ptr, t->text.len) == t->text.len);
  }
  if (t->kind == K8SMI_TOKEN_NUMBER) {
    FUZZ_REQUIRE(t->text.len > 0);
    FUZZ_REQUIRE(k8smi_parse_double(t->text, &d) || memchr(t->text.ptr, 'e', t->text.len) != NULL ||
                 memchr(t->text.ptr, 'E', t->text.len) != NULL || t->text.len > 300);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens;
  struct k8smi_token t;
  const struct k8smi_tokens_options options = {.max_depth = FUZZ_DEPTH};
  size_t last = 0;
  int depth = 0;
  FUZZ_REQUIRE(k8smi_arena_init(&arena, NULL, 0));
  FUZZ_REQUIRE(k8smi_tokens_json(&arena, bytes, len, &options, &tokens, NULL) == K8SM_OK);
  int r = K8SM_OK;
  while (r == K8SM_OK && (r = k8smi_tokens_next(tokens, &t, NULL)) == K8SM_OK) {
    struct k8smi_where where = k8smi_tokens_where(tokens, &t);
    FUZZ_REQUIRE(where.line >= 1 && where.column >= 1);
    check_token(&t, len, &last, &depth);
    if (t.kind != K8SMI_TOKEN_END) continue;
    FUZZ_REQUIRE(depth == 0);
    r = k8smi_tokens_next_document(tokens, NULL);
  }
  FUZZ_REQUIRE(r == K8SM_ERR_NOT_FOUND || r == K8SM_ERR_SYNTAX || r == K8SM_ERR_LIMIT);
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&arena);
  return 0;
}
