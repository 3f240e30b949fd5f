/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/recordio.h"

#include <string.h>

enum { RECORDIO_MAX_DIGITS = 20 }; /* of 2^64 - 1 */

void k8smi_recordio_init(struct k8smi_recordio *r, const struct k8sm_allocator *allocator, uint64_t max) {
  memset(r, 0, sizeof *r);
  k8smi_buf_init(&r->pending, allocator);
  r->max = max < SIZE_MAX ? max : SIZE_MAX;
}

void k8smi_recordio_free(struct k8smi_recordio *r) {
  k8smi_buf_free(&r->pending);
}

void k8smi_recordio_reset(struct k8smi_recordio *r) {
  k8smi_buf_clear(&r->pending);
  r->need = 0;
  r->digits = 0;
  r->in_body = false;
}

bool k8smi_recordio_partial(const struct k8smi_recordio *r) {
  return r->in_body || r->digits > 0;
}

static int recordio_end_head(struct k8smi_recordio *r, struct k8sm_diags *diags) {
  if (r->digits == 0 || r->need == 0) {
    k8smi_find(diags, K8SM_DIAG_RECORDIO_SYNTAX, NULL,
               r->digits == 0 ? "a record without a length" : "a record of length 0");
    return K8SM_ERR_SYNTAX;
  }
  if (r->need > r->max) {
    k8smi_find(diags, K8SM_DIAG_TOO_LARGE, NULL, "a record of %llu bytes, at most %llu are taken",
               (unsigned long long)r->need, (unsigned long long)r->max);
    return K8SM_ERR_LIMIT;
  }
  r->in_body = true;
  r->digits = 0;
  k8smi_buf_clear(&r->pending);
  return K8SM_OK;
}

static int recordio_take_digit(struct k8smi_recordio *r, char c, struct k8sm_diags *diags) {
  unsigned digit = (unsigned)(c - '0');
  if (c < '0' || c > '9') {
    k8smi_find(diags, K8SM_DIAG_RECORDIO_SYNTAX, NULL,
               "byte 0x%02x in the length of a record, expected a digit", (unsigned)(unsigned char)c);
    return K8SM_ERR_SYNTAX;
  }
  if (r->digits == RECORDIO_MAX_DIGITS || r->need > (UINT64_MAX - digit) / 10) {
    k8smi_find(diags, K8SM_DIAG_TOO_LARGE, NULL, "the length of a record does not fit 64 bits");
    return K8SM_ERR_LIMIT;
  }
  r->need = r->need * 10 + digit;
  r->digits++;
  return K8SM_OK;
}

static int recordio_read_head(struct k8smi_recordio *r, const char **bytes, size_t *len,
                              struct k8sm_diags *diags) {
  while (*len > 0) {
    char c = *(*bytes)++;
    --*len;
    if (c == '\n') return recordio_end_head(r, diags);
    int result = recordio_take_digit(r, c, diags);
    if (result != K8SM_OK) return result;
  }
  return K8SM_ERR_NOT_FOUND;
}

/* A record that lies in the chunk as a whole is not copied. */
static int recordio_read_body(struct k8smi_recordio *r, const char **bytes, size_t *len,
                              struct k8sm_slice *ret, struct k8sm_diags *diags) {
  size_t missing = (size_t)r->need - r->pending.len, take = *len < missing ? *len : missing;
  bool whole = take == missing;
  if (whole && r->pending.len == 0) {
    *ret = (struct k8sm_slice){*bytes, take};
  } else {
    k8smi_buf_put(&r->pending, *bytes, take);
    if (r->pending.failed) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
    if (whole) *ret = (struct k8sm_slice){r->pending.ptr, r->pending.len};
  }
  *bytes += take;
  *len -= take;
  if (!whole) return K8SM_ERR_NOT_FOUND;
  r->in_body = false;
  r->need = 0;
  return K8SM_OK;
}

int k8smi_recordio_next(struct k8smi_recordio *r, const char **bytes, size_t *len, struct k8sm_slice *ret,
                        struct k8sm_diags *diags) {
  if (!r->in_body) {
    int result = recordio_read_head(r, bytes, len, diags);
    if (result != K8SM_OK) return result;
  }
  return recordio_read_body(r, bytes, len, ret, diags);
}

void k8smi_recordio_put(struct k8smi_buf *buf, struct k8sm_slice record) {
  k8smi_buf_u64(buf, record.len);
  k8smi_buf_putc(buf, '\n');
  k8smi_buf_slice(buf, record);
}
