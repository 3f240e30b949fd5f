/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/formats.h"

/* IP addresses, read as leniently as the API server once did, so that it can be told what is wrong with those
 * that were good once: numbers with zeros in front, and IPv4 addresses in the clothes of IPv6. */

struct ip {
  unsigned char bytes[16];
  bool padded; /* a number has more digits than it needs to have */
};

/* Digits at s[*i], up to `max` in value; how many, or 0 if there is none or the number is too large. */
static size_t ip_number(struct k8sm_slice s, size_t *i, unsigned base, unsigned max, unsigned *ret) {
  size_t from = *i;
  for (*ret = 0; *i < s.len; ++*i) {
    char c = s.ptr[*i], low = (char)(c | 0x20);
    unsigned digit = c >= '0' && c <= '9'                     ? (unsigned)(c - '0')
                     : base == 16 && low >= 'a' && low <= 'f' ? (unsigned)(low - 'a') + 10
                                                              : 16;
    if (digit >= base) break;
    *ret = *ret * base + digit;
    if (*ret > max) return 0;
  }
  return *i - from;
}

/* Four numbers with dots between them, from s[i] to the end. */
static bool ip_read_v4(struct k8sm_slice s, size_t i, unsigned char *bytes, bool *padded) {
  for (unsigned part = 0; part < 4; part++) {
    unsigned value;
    if (part > 0 && (i >= s.len || s.ptr[i++] != '.')) return false;
    size_t digits = ip_number(s, &i, 10, 255, &value);
    if (digits == 0) return false;
    *padded = *padded || (digits > 1 && s.ptr[i - digits] == '0');
    bytes[part] = (unsigned char)value;
  }
  return i == s.len;
}

/* The groups up to the end of the text. `gap` is where "::" stands, in bytes; 16: nowhere. */
static bool ip_read_groups(struct k8sm_slice s, struct ip *ip, size_t *used, size_t *gap) {
  size_t i = 0;
  if (k8smi_has_prefix(s, K8SMI_S("::"))) {
    *gap = 0;
    i = 2;
    if (i == s.len) return true;
  }
  while (*used < 16) {
    unsigned value;
    size_t from = i, digits = ip_number(s, &i, 16, 0xffff, &value);
    if (digits == 0) return false;
    if (i < s.len && s.ptr[i] == '.') {
      bool room = *gap < 16 ? *used <= 12 : *used == 12;
      if (!room || !ip_read_v4(s, from, ip->bytes + *used, &ip->padded)) return false;
      *used += 4;
      return true;
    }
    ip->padded = ip->padded || digits > 4;
    ip->bytes[(*used)++] = (unsigned char)(value >> 8);
    ip->bytes[(*used)++] = (unsigned char)value;
    if (i == s.len) return true;
    if (s.ptr[i] != ':' || ++i == s.len) return false;
    if (s.ptr[i] != ':') continue;
    if (*gap < 16) return false;
    *gap = *used;
    if (++i == s.len) return true;
  }
  return false;
}

static bool ip_read_v6(struct k8sm_slice s, struct ip *ip) {
  size_t used = 0, gap = 16;
  if (!ip_read_groups(s, ip, &used, &gap)) return false;
  if (gap == 16 || used == 16) return gap == 16 && used == 16; /* "::" stands for one group at least */
  memmove(ip->bytes + gap + (16 - used), ip->bytes + gap, used - gap);
  memset(ip->bytes + gap, 0, 16 - used);
  return true;
}

size_t k8smi_format_ip(struct k8sm_slice s, const char **wrong) {
  static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  struct ip ip = {{0}, false};
  bool v6 = s.len > 0 && memchr(s.ptr, ':', s.len) != NULL;
  if (v6 ? !ip_read_v6(s, &ip) : !ip_read_v4(s, 0, ip.bytes, &ip.padded)) {
    wrong[0] = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    return 1;
  }
  if (ip.padded) {
    wrong[0] = "must not have leading 0s";
    return 1;
  }
  if (!v6 || memcmp(ip.bytes, mapped, sizeof mapped) != 0) return 0;
  wrong[0] = "must not be an IPv4-mapped IPv6 address";
  return 1;
}
