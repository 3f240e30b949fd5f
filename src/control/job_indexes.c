/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

/* Sets of completion indexes, as a status writes them: "0-3,7". */

int k8smi_ctl_indexes_new(const struct k8sm_control *c, struct ctl_indexes *set, int64_t count) {
  *set = (struct ctl_indexes){.count = count};
  set->bits = k8smi_zalloc(&c->allocator, (size_t)count / 8 + 1);
  return set->bits == NULL ? K8SM_ERR_NOMEM : K8SM_OK;
}

void k8smi_ctl_indexes_free(const struct k8sm_control *c, struct ctl_indexes *set) {
  if (set->bits != NULL) k8smi_free(&c->allocator, set->bits, (size_t)set->count / 8 + 1);
  set->bits = NULL;
}

bool k8smi_ctl_indexes_has(const struct ctl_indexes *set, int64_t index) {
  return set->bits != NULL && index >= 0 && index < set->count &&
         (set->bits[index / 8] >> (index % 8) & 1) != 0;
}

void k8smi_ctl_indexes_add(struct ctl_indexes *set, int64_t index) {
  if (set->bits == NULL || index < 0 || index >= set->count || k8smi_ctl_indexes_has(set, index)) return;
  set->bits[index / 8] = (uint8_t)(set->bits[index / 8] | 1u << (index % 8));
  set->total++;
}

/* A number at the place, which moves behind it; -1: there is none. */
static int64_t indexes_number(struct k8sm_slice text, size_t *at) {
  int64_t number = -1;
  for (; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; ++*at) {
    if (number > INT32_MAX) continue; /* no Job has so many */
    number = (number < 0 ? 0 : number * 10) + (text.ptr[*at] - '0');
  }
  return number;
}

bool k8smi_ctl_indexes_next(struct k8sm_slice text, size_t *at, int64_t *first, int64_t *last) {
  for (; *at < text.len; ++*at) {
    *first = *last = indexes_number(text, at);
    if (*first >= 0 && *at < text.len && text.ptr[*at] == '-') {
      ++*at;
      *last = indexes_number(text, at);
    }
    if (*first >= 0) return true;
  }
  return false;
}

void k8smi_ctl_indexes_read(struct ctl_indexes *set, struct k8sm_slice text) {
  int64_t first, last;
  for (size_t at = 0; k8smi_ctl_indexes_next(text, &at, &first, &last);) {
    for (int64_t i = first; i <= last && i < set->count; i++) k8smi_ctl_indexes_add(set, i);
  }
}

bool k8smi_ctl_indexes_write(const struct ctl_indexes *set, struct k8smi_buf *buf) {
  for (int64_t first = 0; first < set->count; first++) {
    int64_t last = first;
    if (!k8smi_ctl_indexes_has(set, first)) continue;
    while (k8smi_ctl_indexes_has(set, last + 1)) last++;
    if (buf->len > 0) k8smi_buf_putc(buf, ',');
    k8smi_buf_i64(buf, first);
    if (last > first) {
      k8smi_buf_putc(buf, last == first + 1 ? ',' : '-');
      k8smi_buf_i64(buf, last);
    }
    first = last;
  }
  return !buf->failed;
}
