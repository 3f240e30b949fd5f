/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_DOCUMENTS_H
#define K8SMI_POD_DOCUMENTS_H

#include "base/slice.h"

/* The documents of a file. A YAML stream is cut at its lines of `---` before it is parsed, so that one
 * document that can't be read does not hide the others. JSON is one piece, whatever it holds. */
struct k8smi_documents {
  struct k8sm_slice input; /* what is there of it: it may grow and move */
  bool json;
  bool last;     /* that is all */
  size_t at;     /* the line that is looked at */
  uint32_t line; /* lines before `at` */
  size_t seen;   /* how much of that line is known to hold no end of it */
  /* Of the piece that is being looked for: */
  size_t from;
  uint32_t line_of_from;
  bool content;   /* it holds more than blanks and comments */
  bool directive; /* it begins with a line of % */
};

struct k8smi_piece {
  struct k8sm_slice text; /* one document; more only where `...` ends one of them, or in JSON */
  uint32_t lines_before;
};

/* The next piece that holds more than blanks and comments; false when there is none whole. */
bool k8smi_documents_next(struct k8smi_documents *documents, struct k8smi_piece *ret);
/* Whether the piece that has not come yet holds anything. */
static inline bool k8smi_documents_pending(const struct k8smi_documents *documents) {
  return documents->content || documents->at < documents->input.len;
}

/* Whether a text of unknown format is JSON: it looks so (keys have quotes there, but need none in YAML's flow
 * maps), and no line of `---` says otherwise. */
bool k8smi_documents_is_json(struct k8sm_slice input);

#endif
