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

/* The lines of findings that have none, by their paths in the source; without memory they stay without. */
static void find_lines(struct km_report *report, const struct km_source *source, int64_t document) {
  struct k8sm_diags *d = &report->diags;
  for (size_t i = 0; document >= 0 && i < d->count && i < d->cap; i++)
    report->rows[i].document = (uint32_t)document;
  if (source != NULL && k8sm_diags_locate(d, source->bytes, source->len, source->prefix) != K8SM_OK)
    km_report_result(source->name, K8SM_ERR_NOMEM);
}

/* What an option has to do with is in no file. */
static bool is_of_options(const char *path) {
  return strncmp(path, "options.", 8) == 0 || strncmp(path, "demand_options.", 15) == 0;
}

static void print_finding(const struct km_report *report, const struct km_source *source,
                          const struct k8sm_diag *row) {
  const char *path = report->text + row->path, *message = report->text + row->message;
  const char *severity = row->severity == K8SM_SEVERITY_ERROR     ? ""
                         : row->severity == K8SM_SEVERITY_WARNING ? "warning: "
                                                                  : "note: ";
  if (is_of_options(path)) source = NULL;
  fprintf(stderr, "%s:", source == NULL ? "km" : source->name);
  if (source != NULL && row->line != 0) fprintf(stderr, "%u:", (unsigned)row->line);
  const char *prefix = source == NULL || source->prefix == NULL ? "" : source->prefix;
  if (path[0] != '\0') fprintf(stderr, " %s%s:", prefix, path);
  fprintf(stderr, " %s%s\n", severity, message);
}

void km_report_end(struct km_report *report, const struct km_source *source, int64_t document) {
  const struct k8sm_diags *d = &report->diags;
  size_t shown = d->count < d->cap ? d->count : d->cap;
  find_lines(report, source, document);
  for (size_t i = 0; i < shown; i++) print_finding(report, source, &report->rows[i]);
  if (d->count > shown) {
    fprintf(stderr, "%s: and %zu more\n", source == NULL ? "km" : source->name, d->count - shown);
  }
  km_report_begin(report);
}

void km_report_result(const char *what, int result) {
  fprintf(stderr, "km: %s: %s\n", what, k8sm_result_name(result));
}
