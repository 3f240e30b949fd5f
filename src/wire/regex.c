/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "wire/regex.h"

/* Compiled code and everything that is needed to run it lie in arenas: nothing is freed one by one. */
struct k8smi_regex {
  pcre2_code *code;
};

static void *regex_alloc(size_t size, void *arena) {
  return k8smi_arena_alloc(arena, size);
}

static void regex_keep(void *memory, void *arena) {
  (void)memory;
  (void)arena;
}

static int regex_failed(int code, size_t at, char why[128], size_t *ret_at) {
  if (code == PCRE2_ERROR_HEAP_FAILED) return K8SM_ERR_NOMEM;
  if (pcre2_get_error_message(code, (PCRE2_UCHAR *)why, 128) == PCRE2_ERROR_BADDATA) why[0] = '\0';
  *ret_at = at;
  return K8SM_ERR_INVALID;
}

int k8smi_regex_compile(struct k8smi_arena *arena, struct k8sm_slice expression,
                        const struct k8smi_regex **ret, char why[128], size_t *ret_at) {
  static const uint32_t options =
      PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
  int code;
  size_t at;
  struct k8smi_regex *regex = k8smi_arena_alloc(arena, sizeof *regex);
  pcre2_general_context *memory = pcre2_general_context_create(regex_alloc, regex_keep, arena);
  pcre2_compile_context *limits = memory == NULL ? NULL : pcre2_compile_context_create(memory);
  if (regex == NULL || limits == NULL) return K8SM_ERR_NOMEM;
  pcre2_set_max_pattern_length(limits, K8SMI_REGEX_MAX_LEN);
  pcre2_set_parens_nest_limit(limits, K8SMI_REGEX_MAX_NEST);
  regex->code = pcre2_compile((PCRE2_SPTR)expression.ptr, expression.len, options, &code, &at, limits);
  if (regex->code == NULL) return regex_failed(code, at, why, ret_at);
  *ret = regex;
  return K8SM_OK;
}

static int regex_outcome(int code) {
  switch (code) {
  case PCRE2_ERROR_NOMEMORY: return K8SMI_REGEX_NO_MEMORY;
  case PCRE2_ERROR_MATCHLIMIT:
  case PCRE2_ERROR_DEPTHLIMIT:
  case PCRE2_ERROR_HEAPLIMIT: return K8SMI_REGEX_LIMIT;
  default: return code >= 0 ? K8SMI_REGEX_MATCHES : K8SMI_REGEX_DIFFERS;
  }
}

int k8smi_regex_match(const struct k8smi_regex *regex, struct k8smi_arena *scratch, struct k8sm_slice text) {
  struct k8smi_arena_mark mark = k8smi_arena_mark(scratch);
  pcre2_general_context *memory = pcre2_general_context_create(regex_alloc, regex_keep, scratch);
  pcre2_match_context *limits = memory == NULL ? NULL : pcre2_match_context_create(memory);
  pcre2_match_data *data = limits == NULL ? NULL : pcre2_match_data_create(1, memory);
  int outcome = K8SMI_REGEX_NO_MEMORY;
  if (data != NULL) {
    pcre2_set_match_limit(limits, K8SMI_REGEX_MAX_STEPS);
    pcre2_set_depth_limit(limits, K8SMI_REGEX_MAX_DEPTH);
    pcre2_set_heap_limit(limits, K8SMI_REGEX_MAX_HEAP);
    outcome = regex_outcome(pcre2_match(regex->code, (PCRE2_SPTR)text.ptr, text.len, 0, 0, data, limits));
  }
  k8smi_arena_rewind(scratch, mark);
  return outcome;
}
