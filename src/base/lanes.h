/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_LANES_H
#define K8SMI_BASE_LANES_H

/* Sixty-four numbers that lie side by side, compared with one at once: bit i of what comes back is number
 * i's. Each function is there twice: for any machine, and for those with SSE2. */

#include <stdint.h>

#if defined(__SSE2__) && defined(__GNUC__)
#include <emmintrin.h>
#define K8SMI_LANES_SSE2 1
#endif

enum { K8SMI_LANES = 64 };

/* Those that are less than `least`. */
static inline uint64_t k8smi_lanes_less_by_one(const int32_t *values, int32_t least) {
  uint64_t bits = 0;
  for (int i = 0; i < K8SMI_LANES; i++) bits |= (uint64_t)(values[i] < least) << i;
  return bits;
}

/* Those that are equal to `value`. */
static inline uint64_t k8smi_lanes_equal_by_one(const uint32_t *values, uint32_t value) {
  uint64_t bits = 0;
  for (int i = 0; i < K8SMI_LANES; i++) bits |= (uint64_t)(values[i] == value) << i;
  return bits;
}

/* The same for numbers of 16 bits. */
static inline uint64_t k8smi_lanes_equal_16_by_one(const uint16_t *values, uint16_t value) {
  uint64_t bits = 0;
  for (int i = 0; i < K8SMI_LANES; i++) bits |= (uint64_t)(values[i] == value) << i;
  return bits;
}

/* Those whose `span` numbers behind `begin`, or that itself, are `value`. */
static inline uint64_t k8smi_lanes_within_by_one(const uint16_t *begin, const uint16_t *span,
                                                 uint16_t value) {
  uint64_t bits = 0;
  for (int i = 0; i < K8SMI_LANES; i++) bits |= (uint64_t)((uint16_t)(value - begin[i]) <= span[i]) << i;
  return bits;
}

#ifdef K8SMI_LANES_SSE2

static inline __m128i k8smi_lanes_load(const void *at) {
  return _mm_loadu_si128((const __m128i *)at);
}

/* Sixteen answers, of 16 bits each, as one bit each. */
static inline uint64_t k8smi_lanes_bits(__m128i first, __m128i second) {
  return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_packs_epi16(first, second));
}

static inline uint64_t k8smi_lanes_less(const int32_t *values, int32_t least) {
  const __m128i than = _mm_set1_epi32(least);
  uint64_t bits = 0;
  for (int i = 0; i < K8SMI_LANES; i += 16) {
    const __m128i a = _mm_cmplt_epi32(k8smi_lanes_load(values + i), than);
    const __m128i b = _mm_cmplt_epi32(k8smi_lanes_load(values + i + 4), than);
    const __m128i c = _mm_cmplt_epi32(k8smi_lanes_load(values + i + 8), than);
    const __m128i d = _mm_cmplt_epi32(k8smi_lanes_load(values + i + 12), than);
    bits |= k8smi_lanes_bits(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)) << i;
  }
  return bits;
}

static inline uint64_t k8smi_lanes_equal(const uint32_t *values, uint32_t value) {
  const __m128i to = _mm_set1_epi32((int)value);
  uint64_t bits = 0;
  for (int i = 0; i < K8SMI_LANES; i += 16) {
    const __m128i a = _mm_cmpeq_epi32(k8smi_lanes_load(values + i), to);
    const __m128i b = _mm_cmpeq_epi32(k8smi_lanes_load(values + i + 4), to);
    const __m128i c = _mm_cmpeq_epi32(k8smi_lanes_load(values + i + 8), to);
    const __m128i d = _mm_cmpeq_epi32(k8smi_lanes_load(values + i + 12), to);
    bits |= k8smi_lanes_bits(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)) << i;
  }
  return bits;
}

static inline uint64_t k8smi_lanes_equal_16(const uint16_t *values, uint16_t value) {
  const __m128i to = _mm_set1_epi16((short)value);
  uint64_t bits = 0;
  for (int i = 0; i < K8SMI_LANES; i += 16) {
    const __m128i a = _mm_cmpeq_epi16(k8smi_lanes_load(values + i), to);
    const __m128i b = _mm_cmpeq_epi16(k8smi_lanes_load(values + i + 8), to);
    bits |= k8smi_lanes_bits(a, b) << i;
  }
  return bits;
}

static inline uint64_t k8smi_lanes_within(const uint16_t *begin, const uint16_t *span, uint16_t value) {
  const __m128i of = _mm_set1_epi16((short)value), none = _mm_setzero_si128();
  uint64_t bits = 0;
  for (int i = 0; i < K8SMI_LANES; i += 16) {
    const __m128i behind = _mm_sub_epi16(of, k8smi_lanes_load(begin + i));
    const __m128i behind_8 = _mm_sub_epi16(of, k8smi_lanes_load(begin + i + 8));
    const __m128i in = _mm_cmpeq_epi16(_mm_subs_epu16(behind, k8smi_lanes_load(span + i)), none);
    const __m128i in_8 = _mm_cmpeq_epi16(_mm_subs_epu16(behind_8, k8smi_lanes_load(span + i + 8)), none);
    bits |= k8smi_lanes_bits(in, in_8) << i;
  }
  return bits;
}

#else

static inline uint64_t k8smi_lanes_less(const int32_t *values, int32_t least) {
  return k8smi_lanes_less_by_one(values, least);
}
static inline uint64_t k8smi_lanes_equal(const uint32_t *values, uint32_t value) {
  return k8smi_lanes_equal_by_one(values, value);
}
static inline uint64_t k8smi_lanes_equal_16(const uint16_t *values, uint16_t value) {
  return k8smi_lanes_equal_16_by_one(values, value);
}
static inline uint64_t k8smi_lanes_within(const uint16_t *begin, const uint16_t *span, uint16_t value) {
  return k8smi_lanes_within_by_one(begin, span, value);
}

#endif
#endif
