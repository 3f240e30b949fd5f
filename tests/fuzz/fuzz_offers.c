/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/offer.h>

#include "fuzz.h"

#include <string.h>

/* A list of resources, a NUL, and an operation on them, in JSON; or, after the byte 'O', an OFFERS event in
 * either format. Whatever is read keeps the laws of the algebra. */

static void fuzz_same(const struct k8sm_resources *a, const struct k8sm_resources *b) {
  FUZZ_REQUIRE(k8sm_resources_contains(a, b) == 1 && k8sm_resources_contains(b, a) == 1);
}

static void fuzz_written(const struct k8sm_resources *all) {
  for (uint32_t format = K8SM_FORMAT_JSON; format <= K8SM_FORMAT_PROTOBUF; format += 2) {
    for (uint32_t form = K8SM_RESERVATIONS_STACK; form <= K8SM_RESERVATIONS_OLD; form++) {
      struct k8sm_resources_options options = {.size = sizeof options, .format = format};
      struct k8sm_resources *again;
      struct k8sm_blob *blob;
      if (k8sm_resources_encode(all, format, form, NULL, &blob, NULL) != K8SM_OK) {
        FUZZ_REQUIRE(form == K8SM_RESERVATIONS_OLD); /* refined */
        continue;
      }
      struct k8sm_slice bytes = k8sm_blob_bytes(blob);
      FUZZ_REQUIRE(k8sm_resources_parse(bytes.ptr, bytes.len, &options, &again, NULL) == K8SM_OK);
      fuzz_same(all, again);
      k8sm_resources_unref(again);
      k8sm_blob_unref(blob);
    }
  }
}

static void fuzz_laws(const struct k8sm_resources *all) {
  struct k8sm_resource row;
  struct k8sm_resources *sum, *left, *found;
  for (size_t i = 0; k8sm_resources_rows(all, i, &row, sizeof row, 1) != 0; i++) {
    FUZZ_REQUIRE(row.milli >= 0 && row.begin <= row.end && row.count > 0);
  }
  FUZZ_REQUIRE(k8sm_resources_find(all, all, NULL, &found, NULL) == K8SM_OK);
  fuzz_same(all, found);
  FUZZ_REQUIRE(k8sm_resources_subtract(all, found, NULL, &left, NULL) == K8SM_OK);
  FUZZ_REQUIRE(k8sm_resources_rows(left, 0, NULL, sizeof row, 0) == 0);
  k8sm_resources_unref(left);
  k8sm_resources_unref(found);
  if (k8sm_resources_add(all, all, NULL, &sum, NULL) == K8SM_OK) { /* unless it is too much */
    struct k8sm_resources *back;
    FUZZ_REQUIRE(k8sm_resources_subtract(sum, all, NULL, &left, NULL) == K8SM_OK);
    FUZZ_REQUIRE(k8sm_resources_add(left, all, NULL, &back, NULL) == K8SM_OK);
    fuzz_same(sum, back);
    k8sm_resources_unref(back);
    k8sm_resources_unref(left);
    k8sm_resources_unref(sum);
  }
  fuzz_written(all);
}

static void fuzz_offers(const uint8_t *bytes, size_t len) {
  struct k8sm_offers *offers;
  struct k8sm_resources *all;
  if (k8sm_offers_parse(bytes, len, NULL, &offers, NULL) != K8SM_OK) return;
  for (size_t i = 0; k8sm_offers_take(offers, i, NULL, &all, NULL) == K8SM_OK; i++) {
    fuzz_laws(all);
    k8sm_resources_unref(all);
  }
  k8sm_offers_unref(offers);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  struct k8sm_resources *all, *changed;
  if (len > 0 && bytes[0] == 'O') {
    fuzz_offers(bytes + 1, len - 1);
    return 0;
  }
  const uint8_t *end = len == 0 ? NULL : memchr(bytes, 0, len);
  size_t first = end == NULL ? len : (size_t)(end - bytes);
  if (k8sm_resources_parse(bytes, first, NULL, &all, NULL) != K8SM_OK) return 0;
  fuzz_laws(all);
  if (end != NULL && k8sm_resources_apply(all, end + 1, len - first - 1, NULL, &changed, NULL) == K8SM_OK) {
    fuzz_laws(changed);
    k8sm_resources_unref(changed);
  }
  k8sm_resources_unref(all);
  return 0;
}
