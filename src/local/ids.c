/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* splitmix64: every draw is a hash of seed and count. */
static uint64_t ids_draw(struct k8smi_local *local) {
  uint64_t z = local->seed + ++local->draws * UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

void k8smi_local_uuid_bytes(struct k8smi_local *local, unsigned char bytes[LOCAL_UUID_BYTES]) {
  uint64_t words[2] = {ids_draw(local), ids_draw(local)};
  for (size_t i = 0; i < LOCAL_UUID_BYTES; i++)
    bytes[i] = (unsigned char)(words[i / 8] >> (i % 8 * 8) & 0xff);
  bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4: random */
  bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* the variant of RFC 9562 */
}

void k8smi_local_uuid(struct k8smi_local *local, char text[LOCAL_UUID_SIZE]) {
  static const char DIGITS[] = "0123456789abcdef";
  unsigned char bytes[LOCAL_UUID_BYTES];
  k8smi_local_uuid_bytes(local, bytes);
  size_t at = 0;
  for (size_t i = 0; i < LOCAL_UUID_BYTES; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    text[at++] = DIGITS[bytes[i] >> 4];
    text[at++] = DIGITS[bytes[i] & 15];
  }
  text[at] = '\0';
}

void k8smi_local_id(const struct k8smi_local *local, char kind, uint64_t n, char text[LOCAL_ID_SIZE]) {
  size_t at = strlen(local->master_id);
  memcpy(text, local->master_id, at);
  text[at++] = '-';
  if (kind != 'F') text[at++] = kind;
  char digits[20];
  size_t count = 0;
  do {
    digits[count++] = (char)('0' + n % 10);
    n /= 10;
  } while (n > 0 || (kind == 'F' && count < 4)); /* frameworks have at least four digits */
  while (count > 0) text[at++] = digits[--count];
  text[at] = '\0';
}
