/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/bind.h"

#include <inttypes.h>

#include "pod/quantity.h"
#include "pod/time.h"
#include "wire/number.h"

static const char *bind_article(int token) {
  switch (token) {
  case K8SMI_TOKEN_OBJECT: return "an object";
  case K8SMI_TOKEN_ARRAY: return "an array";
  case K8SMI_TOKEN_STRING: return "the string";
  case K8SMI_TOKEN_NUMBER: return "the number";
  case K8SMI_TOKEN_TRUE: return "true";
  case K8SMI_TOKEN_FALSE: return "false";
  case K8SMI_TOKEN_END: return "nothing";
  default: return "null";
  }
}

/* YAML has lines for free; JSON's are found with k8sm_locate. */
static struct k8smi_where bind_where(const struct k8smi_token *t) {
  return (struct k8smi_where){0, t->line, t->column};
}

static void bind_bad(struct k8smi_bind *b, uint32_t code, const struct k8smi_token *found,
                     const char *expected, const struct k8smi_path *path) {
  struct k8smi_where where = bind_where(found);
  const char *quote = found->kind == K8SMI_TOKEN_STRING ? "\"" : "";
  bool text = found->kind == K8SMI_TOKEN_STRING || found->kind == K8SMI_TOKEN_NUMBER;
  struct k8sm_slice shown = text ? found->text : (struct k8sm_slice){NULL, 0};
  k8smi_find_at(b->diags, code, &where, path, "found %s%s%s%.*s%s, expected %s", bind_article(found->kind),
                text ? " " : "", quote, K8SMI_P(shown), quote, expected);
  b->invalid = true;
}

void k8smi_bind_mismatch(struct k8smi_bind *b, const struct k8smi_token *found, const char *expected,
                         const struct k8smi_path *path) {
  bind_bad(b, K8SM_DIAG_FIELD_TYPE, found, expected, path);
}

bool k8smi_bind_number(struct k8smi_bind *b, const struct k8smi_token *found, unsigned kind,
                       const struct k8smi_path *path, int64_t *ret) {
  bool narrow = k8smi_bind_is_narrow(kind);
  if (found->kind != K8SMI_TOKEN_NUMBER) {
    bind_bad(b, K8SM_DIAG_FIELD_TYPE, found, "an integer", path);
    return false;
  }
  if (k8smi_parse_json_i64(found->text, ret) && (!narrow || (*ret >= INT32_MIN && *ret <= INT32_MAX)))
    return true;
  bind_bad(b, K8SM_DIAG_NUMBER_RANGE, found,
           narrow ? "an integer from -2147483648 to 2147483647"
                  : "an integer from -9223372036854775808 to 9223372036854775807",
           path);
  return false;
}

static bool bind_quantity(struct k8smi_bind *b, const struct k8smi_token *found,
                          const struct k8smi_path *path, struct k8sm_slice *ret) {
  struct k8sm_slice s = found->text;
  if (found->kind != K8SMI_TOKEN_STRING && found->kind != K8SMI_TOKEN_NUMBER) {
    bind_bad(b, K8SM_DIAG_FIELD_TYPE, found, "a quantity", path);
    return false;
  }
  while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) s = (struct k8sm_slice){s.ptr + 1, s.len - 1};
  while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) s.len--;
  if (!k8smi_quantity_valid(s)) {
    bind_bad(b, K8SM_DIAG_QUANTITY_SYNTAX, found, "a quantity such as 500m, 1.5 or 64Mi", path);
    return false;
  }
  *ret = s;
  return true;
}

/* A time in UTC with seconds; the zero time is empty. */
static bool bind_time(struct k8smi_bind *b, const struct k8smi_token *found, const struct k8smi_path *path,
                      struct k8sm_slice *ret) {
  int64_t seconds;
  bool is_text = found->kind == K8SMI_TOKEN_STRING;
  if (!is_text || !k8smi_parse_time(found->text, &seconds) || !k8smi_format_time(seconds, b->time)) {
    bind_bad(b, is_text ? K8SM_DIAG_FIELD_INVALID : K8SM_DIAG_FIELD_TYPE, found,
             "a time such as 2006-01-02T15:04:05Z", path);
    return false;
  }
  if (seconds == K8SMI_TIME_ZERO) {
    *ret = K8SMI_S("");
    return true;
  }
  *ret = (struct k8sm_slice){b->time, sizeof b->time};
  return true;
}

bool k8smi_bind_text(struct k8smi_bind *b, const struct k8smi_token *found, unsigned kind,
                     const struct k8smi_path *path, struct k8sm_slice *ret) {
  if (kind == K8SMI_KIND_QUANTITY || kind == K8SMI_KIND_MAP_QUANTITY)
    return bind_quantity(b, found, path, ret);
  if (kind == K8SMI_KIND_TIME) return bind_time(b, found, path, ret);
  if (found->kind == K8SMI_TOKEN_STRING) {
    *ret = found->text;
    return true;
  }
  bind_bad(b, K8SM_DIAG_FIELD_TYPE, found, "a string", path);
  return false;
}
