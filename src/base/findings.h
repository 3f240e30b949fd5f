/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_FINDINGS_H
#define K8SMI_BASE_FINDINGS_H

#include <k8smesos/diag.h>
#include "base/path.h"
#include "base/slice.h"

#if defined(__GNUC__)
#define K8SMI_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define K8SMI_PRINTF(f, a)
#endif

/* Where a finding is, beyond its path; NULL or zeros where that is not known. */
struct k8smi_where {
  uint32_t document;
  uint32_t line;
  uint32_t column;
};

/* Adds a finding. Formats may use integers and strings, never floating point (locale). Characters
 * that would break the line are written as spaces. The severity is that of the code. */
void k8smi_find(struct k8sm_diags *diags, uint32_t code, const struct k8smi_path *path, const char *format,
                ...) K8SMI_PRINTF(4, 5);
void k8smi_find_at(struct k8sm_diags *diags, uint32_t code, const struct k8smi_where *where,
                   const struct k8smi_path *path, const char *format, ...) K8SMI_PRINTF(5, 6);
/* The same with another severity than the code's own (K8SM_SEVERITY_*), for policies. */
void k8smi_find_as(struct k8sm_diags *diags, uint32_t code, uint32_t severity, const struct k8smi_path *path,
                   const char *format, ...) K8SMI_PRINTF(5, 6);

/* Findings of a sink, by their numbers: from `from` on, before `to`. */
struct k8smi_find_range {
  size_t from, to;
};

/* The document number of findings that come without one (from `from` on): set by readers of streams. */
void k8smi_find_document(struct k8sm_diags *diags, size_t from, uint32_t document);

/* Moves the places of findings (from `from` on) that are of a piece of a text into the text: those behind
 * `after`, by so many lines, and by so many columns in its line. */
struct k8smi_find_move {
  struct k8smi_where after;
  uint32_t lines, columns;
};
void k8smi_find_moved(struct k8sm_diags *diags, size_t from, const struct k8smi_find_move *move);

/* Reports that memory or a limit ran out, and returns `result` (K8SM_ERR_NOMEM or _LIMIT). */
int k8smi_find_nomem(struct k8sm_diags *diags, int result);

#endif
