/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of numbers: versions, results, diagnostic codes. */
#include <k8smesos/diag.h>

#define K8SMI_STR1(x) #x
#define K8SMI_STR(x) K8SMI_STR1(x)

uint32_t k8sm_version(void) {
  return K8SM_VERSION_MAJOR * 1000000 + K8SM_VERSION_MINOR * 1000 + K8SM_VERSION_PATCH;
}

const char *k8sm_version_text(void) {
  return K8SMI_STR(K8SM_VERSION_MAJOR) "." K8SMI_STR(K8SM_VERSION_MINOR) "." K8SMI_STR(K8SM_VERSION_PATCH);
}

const char *k8sm_result_name(int result) {
  static const char *const names[] = {"K8SM_OK",           "K8SM_ERR_NOMEM",       "K8SM_ERR_SYNTAX",
                                      "K8SM_ERR_INVALID",  "K8SM_ERR_UNSUPPORTED", "K8SM_ERR_LIMIT",
                                      "K8SM_ERR_STATE",    "K8SM_ERR_ABI",         "K8SM_ERR_NOT_FOUND"};
  int count = (int)(sizeof names / sizeof names[0]);
  return result <= 0 && result > -count ? names[-result] : "K8SM_ERR_?";
}

struct code_row {
  uint32_t number;
  uint32_t severity;
  const char *name;
  const char *text;
};

static const struct code_row *find_code(uint32_t number) {
  static const struct code_row codes[] = {
#define ROW(number, name, severity, text) {number, K8SM_SEVERITY_##severity, #name, text},
      K8SM_DIAG_CODES(ROW)
#undef ROW
  };
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    if (codes[i].number == number) return &codes[i];
  }
  return NULL;
}

const char *k8sm_diag_name(uint32_t code) {
  const struct code_row *c = find_code(code);
  return c == NULL ? NULL : c->name;
}

const char *k8sm_diag_text(uint32_t code) {
  const struct code_row *c = find_code(code);
  return c == NULL ? NULL : c->text;
}

uint32_t k8sm_diag_severity(uint32_t code) {
  const struct code_row *c = find_code(code);
  return c == NULL ? 0 : c->severity;
}
