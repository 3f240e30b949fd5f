/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/manifest.h>

#include "fuzz_pods.h"

/* Every finding of a manifest can be found in it again, unless its document can't be read at all; every
 * pod of it is one on its own, too. */

static void fuzz_locate(const uint8_t *bytes, size_t len, struct k8sm_diags *diags) {
  struct k8sm_diag before[8];
  size_t rows = diags->count < diags->cap ? diags->count : diags->cap;
  memcpy(before, diags->rows, rows * sizeof before[0]);
  FUZZ_REQUIRE(k8sm_diags_locate(diags, bytes, len, NULL) == K8SM_OK);
  for (size_t i = 0; i < rows; i++) {
    const struct k8sm_diag *row = &diags->rows[i];
    uint32_t line = 0, column = 0;
    int r = k8sm_locate(bytes, len, row->document, diags->text + row->path, &line, &column);
    FUZZ_REQUIRE(r == K8SM_OK || r == K8SM_ERR_NOT_FOUND || r == K8SM_ERR_SYNTAX || r == K8SM_ERR_LIMIT);
    FUZZ_REQUIRE(r != K8SM_OK || (line >= 1 && column >= 1));
    bool same = row->line == line && row->column == column;
    FUZZ_REQUIRE(r != K8SM_OK || before[i].line != 0 || diags->text[row->path] == '\0' || same);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  const struct k8sm_parse_options o = {
      .size = sizeof o, .max_depth = 40, .max_alias_nodes = 1000, .max_memory = 4 << 20};
  struct k8sm_diag rows[8];
  char text[2048];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_manifest *manifest = NULL;
  int r = k8sm_manifest_parse(bytes, len, &o, &manifest, &diags);
  FUZZ_REQUIRE((r == K8SM_OK) == (diags.errors == 0) && (r == K8SM_OK) == (manifest != NULL));
  fuzz_locate(bytes, len, &diags);
  if (r != K8SM_OK) return 0;
  size_t count = k8sm_manifest_pods(manifest, 0, NULL, 0, 0);
  for (size_t i = 0; i < count && i < 8; i++) {
    struct k8sm_manifest_pod row;
    FUZZ_REQUIRE(k8sm_manifest_pods(manifest, i, &row, sizeof row, 1) > 0);
    fuzz_pods_settle(row.pod, K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE);
  }
  k8sm_manifest_unref(manifest);
  return 0;
}
