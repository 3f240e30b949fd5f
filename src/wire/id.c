/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/id.h"
#include "wire/utf8.h"

/* Eight bytes at a time: whether some may be ones that ids don't have, or beyond ASCII. */
static bool id_may_be_odd(uint64_t word) {
  const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
#define ID_HAS(c) ((word ^ (ones * (c))) - ones)
  return ((word | (word - ones * 0x20) | ID_HAS(0x7f) | ID_HAS('/') | ID_HAS('\\')) & highs) != 0;
#undef ID_HAS
}

static bool id_is_odd(struct k8sm_slice id) {
  for (size_t i = 0; i < id.len; i++) {
    const unsigned char c = (unsigned char)id.ptr[i];
    if (c < 0x20 || c == 0x7f || c == '/' || c == '\\') return true;
  }
  return k8smi_utf8_valid(id.ptr, id.len) != id.len;
}

bool k8smi_id_valid(struct k8sm_slice id) {
  uint64_t word;
  bool plain = true;
  if (id.ptr == NULL || id.len == 0 || id.len > K8SMI_ID_MAX) return false;
  if (k8smi_eqs(id, ".") || k8smi_eqs(id, "..")) return false;
  if (id.len < sizeof word) return !id_is_odd(id);
  for (size_t i = 0; plain && i + sizeof word < id.len; i += sizeof word) {
    memcpy(&word, id.ptr + i, sizeof word);
    plain = !id_may_be_odd(word);
  }
  memcpy(&word, id.ptr + id.len - sizeof word, sizeof word);
  return (plain && !id_may_be_odd(word)) || !id_is_odd(id);
}
