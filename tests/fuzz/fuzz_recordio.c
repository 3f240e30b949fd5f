/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/recordio.h"

#include <string.h>

#include "fuzz.h"

/* A stream comes out the same in one piece and in chunks (of the size of the first byte). */

enum { FUZZ_MAX_RECORD = 4096 };

struct outcome {
  uint64_t sum;
  size_t records;
  int result;
  bool partial;
};

static struct outcome read_in_chunks(const uint8_t *bytes, size_t len, size_t chunk) {
  struct k8smi_recordio r;
  struct outcome o = {0, 0, K8SM_ERR_NOT_FOUND, false};
  k8smi_recordio_init(&r, NULL, FUZZ_MAX_RECORD);
  for (size_t at = 0; at < len && o.result == K8SM_ERR_NOT_FOUND; at += chunk) {
    const char *p = (const char *)bytes + at;
    size_t left = len - at < chunk ? len - at : chunk;
    struct k8sm_slice record;
    while ((o.result = k8smi_recordio_next(&r, &p, &left, &record, NULL)) == K8SM_OK) {
      FUZZ_REQUIRE(record.len > 0 && record.len <= FUZZ_MAX_RECORD);
      o.records++;
      for (size_t i = 0; i < record.len; i++) o.sum = o.sum * 31 + (unsigned char)record.ptr[i];
    }
  }
  o.partial = o.result == K8SM_ERR_NOT_FOUND && k8smi_recordio_partial(&r);
  k8smi_recordio_free(&r);
  return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  if (len < 2) return 0;
  struct outcome whole = read_in_chunks(bytes + 1, len - 1, len - 1);
  struct outcome pieces = read_in_chunks(bytes + 1, len - 1, (size_t)bytes[0] + 1);
  FUZZ_REQUIRE(whole.sum == pieces.sum && whole.records == pieces.records);
  FUZZ_REQUIRE(whole.result == pieces.result && whole.partial == pieces.partial);
  return 0;
}
