/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PARSE_H
#define K8SMI_POD_PARSE_H

#include <k8smesos/manifest.h>

#include "base/refs.h"
#include "pod/bind.h"
#include "pod/pod.h"
#include "pod/proto.h"

/* What k8sm_pod_parse and k8sm_manifest_parse have in common. */

struct k8sm_pod {
  struct k8smi_arena arena;
  k8smi_refs refs;
  struct k8sm_pod *base; /* whose arena this one's record points into, too; or NULL */
  const struct k8smi_record *record;
};

struct k8smi_parse {
  struct k8sm_parse_options options; /* with every default filled in */
  struct k8smi_arena scratch;        /* of the token readers */
  struct k8sm_diags *diags;
  size_t errors;                  /* in diags before */
  struct k8smi_find_range unread; /* what was wrong with the last record that was read */
  size_t pod_bytes;               /* that the next pod may take; 0: not known */
  uint64_t lent_scratch[256];     /* what scratch begins with: most pods need no more */
};

/* Reads the options. Errors: ABI, INVALID. */
int k8smi_parse_begin(struct k8smi_parse *p, const struct k8sm_parse_options *options,
                      struct k8sm_diags *diags);
/* The same, and checks the input against them. Errors: also LIMIT, SYNTAX. */
int k8smi_parse_init(struct k8smi_parse *p, const void *bytes, size_t len,
                     const struct k8sm_parse_options *options, struct k8sm_diags *diags);
void k8smi_parse_free(struct k8smi_parse *p);

/* What the options say, or what the bytes look like. */
uint32_t k8smi_parse_format(const struct k8smi_parse *p, const char *bytes, size_t len);
int k8smi_parse_tokens(struct k8smi_parse *p, const void *bytes, size_t len, uint32_t format,
                       uint32_t lines_before, struct k8smi_tokens **ret);

/* Text in UTF-16 is refused as such, where else each of its NULs would be. Errors: SYNTAX. */
int k8smi_parse_check_text(struct k8smi_parse *p, const void *bytes, size_t len);

/* An empty pod of the options' allocator and limit. Errors: NOMEM, LIMIT. */
int k8smi_parse_new_pod(struct k8smi_parse *p, struct k8sm_pod **ret);

/* Reads the next value of the tokens as a record in the arena. INVALID if anything was wrong with it. */
int k8smi_parse_record(struct k8smi_parse *p, struct k8smi_tokens *tokens, struct k8smi_arena *arena,
                       enum k8smi_type_id type, const struct k8smi_path *path,
                       const struct k8smi_record **ret);

/* The same from protobuf. */
int k8smi_parse_message(struct k8smi_parse *p, const struct k8smi_envelope *envelope,
                        struct k8smi_arena *arena, enum k8smi_type_id type, const struct k8smi_path *path,
                        const struct k8smi_record **ret);

/* Replaces a text of the metadata (K8SMI_ObjectMeta_*); false when memory ran out. */
bool k8smi_pod_set_metadata(struct k8sm_pod *pod, unsigned field, struct k8sm_slice text);

/* Sets the namespace of metadata to the default where it has none. Errors: NOMEM, LIMIT. */
int k8smi_parse_namespace(struct k8smi_parse *p, struct k8sm_pod *pod);

/* Makes a name of metadata.generateName where there is none: `number` counts those of a manifest. Errors:
 * NOMEM, LIMIT. */
int k8smi_parse_generate_name(struct k8smi_parse *p, struct k8sm_pod *pod, uint64_t number);
/* Whether it would make one. */
bool k8smi_parse_generates_name(const struct k8smi_parse *p, const struct k8sm_pod *pod);

/* What admission does to a pod that nobody else knows yet. Errors: INVALID, NOMEM. */
int k8smi_pod_admit(struct k8sm_pod *pod, const struct k8sm_admission_options *options,
                    const struct k8smi_path *path, struct k8sm_diags *diags);

/* What comes after reading: the namespace, and validation. */
int k8smi_pod_complete(struct k8smi_parse *p, struct k8sm_pod *pod, const struct k8smi_path *path);

#endif
