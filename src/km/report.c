/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <string.h>

void km_report_begin(struct km_report *report) {
  report->diags = (struct k8sm_diags){
      .size = sizeof report->diags,
      .row_size = sizeof report->rows[0],
      .rows = report->rows,
      .cap = sizeof report->rows / sizeof report->rows[0],
      .text = report->text,
      .text_cap = sizeof report->text,
  };
}

/* Each line that is looked up reads the source again: of big files, only the first findings get theirs. */
enum { REPORT_LOOK_BYTES = 32 << 20 };

/* The line of a finding: its own, or that of its path in the source. *looked: bytes read for that so far. */
static uint32_t line_of(const struct km_source *source, const struct k8sm_diag *row, const char *path,
                        int64_t document, size_t *looked) {
  char full[1024];
  uint32_t line = row->line, column;
  if (line != 0 || source == NULL || source->bytes == NULL || path[0] == '\0') return line;
  if (*looked > REPORT_LOOK_BYTES) return 0;
  *looked += source->len;
  snprintf(full, sizeof full, "%s%s", source->prefix == NULL ? "" : source->prefix, path);
  uint32_t number = document >= 0 ? (uint32_t)document : row->document;
  if (k8sm_locate(source->bytes, source->len, number, full, &line, &column) != K8SM_OK) return 0;
  return line;
}

static void print_finding(const struct km_report *report, const struct km_source *source,
                          const struct k8sm_diag *row, int64_t document, size_t *looked) {
  const char *path = report->text + row->path, *message = report->text + row->message;
  const char *severity = row->severity == K8SM_SEVERITY_ERROR     ? ""
                         : row->severity == K8SM_SEVERITY_WARNING ? "warning: "
                                                                  : "note: ";
  uint32_t line = line_of(source, row, path, document, looked);
  fprintf(stderr, "%s:", source == NULL ? "km" : source->name);
  if (line != 0) fprintf(stderr, "%u:", (unsigned)line);
  if (path[0] != '\0') fprintf(stderr, " %s:", path);
  fprintf(stderr, " %s%s\n", severity, message);
}

void km_report_end(struct km_report *report, const struct km_source *source, int64_t document) {
  const struct k8sm_diags *d = &report->diags;
  size_t shown = d->count < d->cap ? d->count : d->cap;
  size_t looked = 0;
  for (size_t i = 0; i < shown; i++) print_finding(report, source, &report->rows[i], document, &looked);
  if (d->count > shown) {
    fprintf(stderr, "%s: and %zu more\n", source == NULL ? "km" : source->name, d->count - shown);
  }
  km_report_begin(report);
}

void km_report_result(const char *what, int result) {
  fprintf(stderr, "km: %s: %s\n", what, k8sm_result_name(result));
}
