/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/task.h>
#include "wire/id.h"
#include "wire/number.h"

/* Tasks are uid.attempt.container.restart.nonce, executors uid.attempt.mapping, or uid.attempt where no
 * mapping was told yet. Only what _format writes is parsed: each id has one spelling. */

enum {
  IDS_TASK_PARTS = 5,
  IDS_EXECUTOR_PARTS = 3,
  IDS_OLD_EXECUTOR_PARTS = 2,
  IDS_LABEL_MAX = 63,
  IDS_NONCE_MAX = 32,
  IDS_NUMBER_MAX = 10
};

static bool ids_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool ids_uid(struct k8sm_slice s) {
  return k8smi_id_valid(s) && memchr(s.ptr, '.', s.len) == NULL;
}

/* A DNS label, or nothing: the pause task. */
static bool ids_container(struct k8sm_slice s) {
  if (s.len == 0) return true;
  if (s.len > IDS_LABEL_MAX || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-') return false;
  for (size_t i = 0; i < s.len; i++) {
    if (!ids_lower_or_digit(s.ptr[i]) && s.ptr[i] != '-') return false;
  }
  return true;
}

static bool ids_nonce(struct k8sm_slice s) {
  for (size_t i = 0; i < s.len; i++) {
    if (!ids_lower_or_digit(s.ptr[i]) && !(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z')) return false;
  }
  return s.len >= 1 && s.len <= IDS_NONCE_MAX;
}

static bool ids_number(struct k8sm_slice s, uint32_t *ret) {
  uint64_t n;
  if (s.len > 1 && s.ptr[0] == '0') return false;
  if (!k8smi_parse_u64(s, &n) || n > UINT32_MAX) return false;
  *ret = (uint32_t)n;
  return true;
}

/* Cuts at the points: true if that makes exactly n parts. */
static bool ids_split(const char *id, size_t len, struct k8sm_slice *parts, size_t n) {
  if (id == NULL || len > K8SMI_ID_MAX) return false;
  for (size_t i = 0; i < n; i++) {
    const char *point = memchr(id, '.', len);
    if ((point == NULL) != (i + 1 == n)) return false;
    size_t part = point == NULL ? len : (size_t)(point - id);
    parts[i] = (struct k8sm_slice){id, part};
    if (point == NULL) break;
    id += part + 1;
    len -= part + 1;
  }
  return true;
}

int k8sm_task_id_parse(const char *id, size_t len, struct k8sm_task_id *ret) {
  struct k8sm_slice parts[IDS_TASK_PARTS];
  struct k8sm_task_id got = {0};
  if (!ids_split(id, len, parts, IDS_TASK_PARTS)) return K8SM_ERR_NOT_FOUND;
  got.uid = parts[0];
  got.container = parts[2];
  got.nonce = parts[4];
  if (!ids_uid(got.uid) || !ids_container(got.container) || !ids_nonce(got.nonce)) return K8SM_ERR_NOT_FOUND;
  if (!ids_number(parts[1], &got.attempt) || !ids_number(parts[3], &got.restart)) return K8SM_ERR_NOT_FOUND;
  *ret = got;
  return K8SM_OK;
}

int k8sm_executor_id_parse(const char *id, size_t len, struct k8sm_task_id *ret) {
  struct k8sm_slice parts[IDS_EXECUTOR_PARTS];
  struct k8sm_task_id got = {0};
  bool old = ids_split(id, len, parts, IDS_OLD_EXECUTOR_PARTS);
  if (!old && !ids_split(id, len, parts, IDS_EXECUTOR_PARTS)) return K8SM_ERR_NOT_FOUND;
  got.uid = parts[0];
  if (!ids_uid(got.uid) || !ids_number(parts[1], &got.attempt)) return K8SM_ERR_NOT_FOUND;
  if (!old && (!ids_number(parts[2], &got.mapping) || got.mapping == 0)) return K8SM_ERR_NOT_FOUND;
  *ret = got;
  return K8SM_OK;
}

/* Room for any number, and its digits as a part. */
struct ids_digits {
  char text[IDS_NUMBER_MAX];
};

static struct k8sm_slice ids_digits_of(uint32_t n, struct ids_digits *digits) {
  size_t at = sizeof digits->text;
  do {
    digits->text[--at] = (char)('0' + n % 10);
    n /= 10;
  } while (n != 0);
  return (struct k8sm_slice){digits->text + at, sizeof digits->text - at};
}

static int ids_join(const struct k8sm_slice *parts, size_t n, char *text, size_t cap) {
  size_t len = n - 1;
  for (size_t i = 0; i < n; i++) len += parts[i].len;
  if (len > K8SMI_ID_MAX) return K8SM_ERR_INVALID;
  if (len >= cap) return K8SM_ERR_LIMIT;
  for (size_t i = 0; i < n; i++) {
    if (i > 0) *text++ = '.';
    if (parts[i].len > 0) memcpy(text, parts[i].ptr, parts[i].len);
    text += parts[i].len;
  }
  *text = '\0';
  return (int)len;
}

int k8sm_task_id_format(const struct k8sm_task_id *id, char *text, size_t cap) {
  struct ids_digits attempt, restart;
  const struct k8sm_slice parts[IDS_TASK_PARTS] = {id->uid, ids_digits_of(id->attempt, &attempt),
                                                   id->container, ids_digits_of(id->restart, &restart),
                                                   id->nonce};
  if (!ids_uid(id->uid) || !ids_container(id->container) || !ids_nonce(id->nonce)) return K8SM_ERR_INVALID;
  return ids_join(parts, IDS_TASK_PARTS, text, cap);
}

int k8sm_executor_id_format(const struct k8sm_task_id *id, char *text, size_t cap) {
  struct ids_digits attempt, mapping;
  const struct k8sm_slice parts[IDS_EXECUTOR_PARTS] = {id->uid, ids_digits_of(id->attempt, &attempt),
                                                       ids_digits_of(id->mapping, &mapping)};
  if (!ids_uid(id->uid)) return K8SM_ERR_INVALID;
  return ids_join(parts, id->mapping == 0 ? IDS_OLD_EXECUTOR_PARTS : IDS_EXECUTOR_PARTS, text, cap);
}
