/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/names.h"

#include "base/buf.h"

/* Without vowels, and without digits that look like them: no words come out. */
static const char name_letters[] = "bcdfghjklmnpqrstvwxz2456789";
enum { NAME_LETTERS = sizeof name_letters - 1 };
static const uint64_t name_suffixes =
    (uint64_t)NAME_LETTERS * NAME_LETTERS * NAME_LETTERS * NAME_LETTERS * NAME_LETTERS;
/* About the golden part of all suffixes, and no multiple of 3: n times it hits each of them once. */
static const uint64_t name_stride = 8868112;

uint32_t k8smi_fnv32(uint32_t hash, struct k8sm_slice bytes) {
  for (size_t i = 0; i < bytes.len; i++) hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT32_C(0x01000193);
  return hash;
}

uint64_t k8smi_fnv64(uint64_t hash, struct k8sm_slice bytes) {
  for (size_t i = 0; i < bytes.len; i++)
    hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
  return hash;
}

void k8smi_name_encode(uint32_t number, char ret[11]) {
  char digits[11];
  size_t n = 0;
  do {
    digits[n++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  for (size_t i = 0; i < n; i++) ret[i] = name_letters[(unsigned char)digits[n - 1 - i] % NAME_LETTERS];
  ret[n] = '\0';
}

void k8smi_name_suffix(uint64_t seed, uint64_t number, char ret[K8SMI_NAME_SUFFIX + 1]) {
  uint64_t at = (seed % name_suffixes + number % name_suffixes * name_stride) % name_suffixes;
  for (size_t i = K8SMI_NAME_SUFFIX; i > 0; i--) {
    ret[i - 1] = name_letters[at % NAME_LETTERS];
    at /= NAME_LETTERS;
  }
  ret[K8SMI_NAME_SUFFIX] = '\0';
}

struct k8sm_slice k8smi_name_join(struct k8smi_arena *arena, const struct k8sm_slice *pieces, size_t n) {
  size_t len = 0, at = 0;
  for (size_t i = 0; i < n; i++) {
    if (!k8smi_add(len, pieces[i].len, &len)) return (struct k8sm_slice){NULL, 0};
  }
  char *text = len == SIZE_MAX ? NULL : k8smi_arena_alloc(arena, len + 1);
  if (text == NULL) return (struct k8sm_slice){NULL, 0};
  for (size_t i = 0; i < n; i++) {
    if (pieces[i].len > 0) memcpy(text + at, pieces[i].ptr, pieces[i].len);
    at += pieces[i].len;
  }
  text[len] = '\0';
  return (struct k8sm_slice){text, len};
}

struct k8sm_slice k8smi_name_generate(struct k8smi_arena *arena, struct k8sm_slice base,
                                      struct k8sm_slice suffix) {
  struct k8sm_slice pieces[] = {base, suffix};
  if (base.len > K8SMI_NAME_BASE_MAX) pieces[0].len = K8SMI_NAME_BASE_MAX;
  return k8smi_name_join(arena, pieces, 2);
}

struct k8sm_slice k8smi_name_number(struct k8smi_arena *arena, int64_t number) {
  struct k8sm_slice text = {NULL, 0};
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &arena->allocator)) return text;
  k8smi_buf_i64(&buf, number);
  if (!buf.failed) text = k8smi_arena_copy(arena, buf.ptr, buf.len);
  k8smi_buf_free(&buf);
  return text;
}

void k8smi_name_uid(const struct k8sm_slice *texts, size_t n, char ret[K8SMI_UID_LEN + 1]) {
  static const char hex[] = "0123456789abcdef";
  static const uint64_t seeds[2] = {K8SMI_FNV64, K8SMI_FNV64 ^ UINT64_C(0x9e3779b97f4a7c15)};
  uint64_t half[2];
  for (size_t h = 0; h < 2; h++) {
    half[h] = seeds[h];
    for (size_t i = 0; i < n; i++) {
      if (i > 0) half[h] = k8smi_fnv64(half[h], K8SMI_S("/"));
      half[h] = k8smi_fnv64(half[h], texts[i]);
    }
  }
  half[0] = (half[0] & ~UINT64_C(0xf000)) | UINT64_C(0x8000);           /* the version */
  half[1] = (half[1] & ~(UINT64_C(0xc0) << 56)) | UINT64_C(0x80) << 56; /* the variant */
  for (size_t i = 0, at = 0; i < 32; i++) {
    if (i == 8 || i == 12 || i == 16 || i == 20) ret[at++] = '-';
    ret[at++] = hex[half[i / 16] >> (60 - i % 16 * 4) & 15];
  }
  ret[K8SMI_UID_LEN] = '\0';
}
