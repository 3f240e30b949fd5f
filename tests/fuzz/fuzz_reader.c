/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/manifest.h>

#include <string.h>

#include "fuzz.h"

/* A manifest in chunks gives the pods of the whole, in their order; the first byte says how long the chunks
 * are. Whatever the bytes are, reading them comes to an end. */

/* Goes on in the whole to a pod of this name. */
static size_t fuzz_find(const struct k8sm_manifest *whole, size_t from, const struct k8sm_pod *pod) {
  struct k8sm_manifest_pod row;
  if (k8sm_manifest_pods(whole, from, &row, sizeof row, 1) == 0) return from;
  struct k8sm_slice wanted = k8sm_pod_name(row.pod), name = k8sm_pod_name(pod);
  return from + (wanted.len == name.len && (name.len == 0 || memcmp(wanted.ptr, name.ptr, name.len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  const struct k8sm_parse_options o = {
      .size = sizeof o, .max_depth = 40, .max_alias_nodes = 1000, .max_memory = 4 << 20, .max_pods = 100};
  struct k8sm_diag rows[4];
  char text[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_manifest *whole = NULL;
  struct k8sm_reader *reader = NULL;
  size_t chunk = len == 0 ? 1 : bytes[0] + (size_t)1, seen = 0, steps = 0;
  if (len > 0) bytes++, len--;
  int expected = k8sm_manifest_parse(bytes, len, &o, &whole, NULL);
  FUZZ_REQUIRE(k8sm_reader_new(&o, &reader, NULL) == K8SM_OK);
  for (size_t at = 0; at <= len; at += chunk) {
    size_t size = len - at < chunk ? len - at : chunk;
    struct k8sm_manifest_pod row;
    FUZZ_REQUIRE(k8sm_reader_push(reader, bytes + at, size, at + size == len) == K8SM_OK);
    for (int errors = 0; errors < 10 && ++steps < 100000;) {
      int r = k8sm_reader_next(reader, &row, sizeof row, &diags);
      if (r == K8SM_ERR_NOT_FOUND) break;
      if (r != K8SM_OK) {
        errors++;
        continue;
      }
      if (whole != NULL) seen = fuzz_find(whole, seen, row.pod);
      k8sm_pod_unref(row.pod);
    }
    FUZZ_REQUIRE(steps < 100000);
    if (at + size == len) break;
  }
  FUZZ_REQUIRE(expected != K8SM_OK || diags.errors > 0 ||
               seen == k8sm_manifest_pods(whole, 0, NULL, sizeof(struct k8sm_manifest_pod), 0));
  k8sm_reader_free(reader);
  k8sm_manifest_unref(whole);
  return 0;
}
