/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

#include "base/abi.h"
#include "pod/documents.h"

struct k8sm_manifest *k8sm_manifest_ref(struct k8sm_manifest *manifest) {
  if (manifest != NULL) k8smi_ref(&manifest->refs);
  return manifest;
}

void k8sm_manifest_unref(struct k8sm_manifest *m) {
  if (m == NULL || !k8smi_unref(&m->refs)) return;
  for (size_t i = 0; i < m->pod_count; i++) k8sm_pod_unref(m->pods[i].pod);
  k8smi_free(&m->arena.allocator, m->pods, m->pod_cap * sizeof *m->pods);
  k8smi_free(&m->arena.allocator, m->data, m->data_cap * sizeof *m->data);
  K8SMI_VALUE_FREE(k8sm_manifest, m);
}

size_t k8sm_manifest_pods(const struct k8sm_manifest *m, size_t first, struct k8sm_manifest_pod *rows,
                          size_t row_size, size_t n) {
  for (size_t i = first; i < m->pod_count && i - first < n; i++)
    k8smi_row_write(rows, row_size, i - first, &m->pods[i], sizeof m->pods[i]);
  return k8smi_rows_left(m->pod_count, first);
}

size_t k8sm_manifest_data(const struct k8sm_manifest *m, size_t first, struct k8sm_manifest_data *rows,
                          size_t row_size, size_t n) {
  for (size_t i = first; i < m->data_count && i - first < n; i++)
    k8smi_row_write(rows, row_size, i - first, &m->data[i], sizeof m->data[i]);
  return k8smi_rows_left(m->data_count, first);
}

int k8smi_manifest_add_pod(const struct k8smi_object *object, struct k8sm_pod *pod, uint32_t replica,
                           struct k8sm_slice owner) {
  struct k8sm_manifest *m = object->manifest;
  void *pods = m->pods;
  if (m->pod_count == K8SMI_MANIFEST_MAX_PODS) {
    k8sm_pod_unref(pod);
    k8smi_find(object->parse->diags, K8SM_DIAG_TOO_LARGE, object->path, "more than %d pods in one manifest",
               K8SMI_MANIFEST_MAX_PODS);
    return K8SM_ERR_LIMIT;
  }
  if (!k8smi_grow(&m->arena.allocator, &pods, &m->pod_cap, m->pod_count + 1, sizeof *m->pods)) {
    k8sm_pod_unref(pod);
    return k8smi_find_nomem(object->parse->diags, K8SM_ERR_NOMEM);
  }
  m->pods = pods;
  m->pods[m->pod_count++] = (struct k8sm_manifest_pod){pod, object->document, replica, owner};
  return K8SM_OK;
}

/* To the end of the document, whatever is left of it. */
static int manifest_finish(struct k8smi_object *object) {
  struct k8smi_token t;
  int r;
  do {
    r = k8smi_tokens_next(object->tokens, &t, object->parse->diags);
  } while (r == K8SM_OK && t.kind != K8SMI_TOKEN_END);
  return r;
}

static int manifest_document(struct k8smi_object *object) {
  bool is_null = false;
  int r = k8smi_manifest_peek(object, &is_null);
  int wrong = r == K8SM_OK && !is_null ? k8smi_manifest_object(object) : K8SM_OK;
  if (wrong != K8SM_OK && wrong != K8SM_ERR_INVALID) return wrong;
  if (r == K8SM_OK) r = manifest_finish(object);
  return r == K8SM_OK ? wrong : r;
}

/* All documents of a piece. What is wrong with one of them is kept in *wrong; only what makes it useless
 * to go on is returned. */
static int manifest_piece(struct k8smi_parse *p, struct k8sm_manifest *m, const struct k8smi_piece *piece,
                          uint32_t format, uint32_t *document, int *wrong) {
  struct k8smi_tokens *tokens = NULL;
  size_t before = p->diags == NULL ? 0 : p->diags->count;
  int r = k8smi_parse_tokens(p, piece->text.ptr, piece->text.len, format, piece->lines_before, &tokens);
  while (r == K8SM_OK) {
    struct k8smi_object object = {p, m, tokens, NULL, {NULL, 0}, {NULL, 0}, *document, 0, NULL};
    int bad = manifest_document(&object);
    if (*wrong == K8SM_OK) *wrong = bad;
    k8smi_find_document(p->diags, before, *document);
    before = p->diags == NULL ? 0 : p->diags->count;
    r = bad == K8SM_OK || bad == K8SM_ERR_INVALID ? k8smi_tokens_next_document(tokens, p->diags) : bad;
    if (r == K8SM_OK) ++*document;
  }
  k8smi_find_document(p->diags, before, *document);
  ++*document;
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&p->scratch);
  if (r == K8SM_ERR_NOT_FOUND || r == K8SM_ERR_NOMEM) return r == K8SM_ERR_NOMEM ? r : K8SM_OK;
  if (*wrong == K8SM_OK) *wrong = r;
  return K8SM_OK;
}

static int manifest_proto(struct k8smi_parse *p, struct k8sm_manifest *m, struct k8sm_slice input) {
  const struct k8smi_object object = {p, m, NULL, NULL, {NULL, 0}, {NULL, 0}, 0, 0, NULL};
  struct k8smi_envelope envelope;
  int r = k8smi_envelope_read(input, &envelope, p->diags);
  return r == K8SM_OK ? k8smi_manifest_envelope(&object, &envelope) : r;
}

/* The documents of a text, one after another. */
static int manifest_documents(struct k8smi_parse *p, struct k8sm_manifest *m, struct k8sm_slice input,
                              uint32_t format) {
  uint32_t number = 0, pieces = 0;
  struct k8smi_documents documents = {input, format == K8SM_FORMAT_JSON, 0, 0};
  struct k8smi_piece piece;
  int wrong = K8SM_OK;
  while (k8smi_documents_next(&documents, &piece)) {
    if (pieces++ == K8SMI_MANIFEST_MAX_DOCUMENTS) {
      k8smi_find(p->diags, K8SM_DIAG_TOO_LARGE, NULL, "more than %d documents", K8SMI_MANIFEST_MAX_DOCUMENTS);
      return K8SM_ERR_LIMIT;
    }
    int r = manifest_piece(p, m, &piece, format, &number, &wrong);
    if (r != K8SM_OK) return r;
  }
  return wrong;
}

static int manifest_read(struct k8smi_parse *p, struct k8sm_manifest *m, struct k8sm_slice input) {
  uint32_t format = k8smi_parse_format(p, input.ptr, input.len);
  if (format == K8SM_FORMAT_PROTOBUF_BARE) {
    struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("format"));
    k8smi_find(p->diags, K8SM_DIAG_OPTION_INVALID, &path, "a bare message does not say what it is");
    return K8SM_ERR_INVALID;
  }
  int wrong =
      format == K8SM_FORMAT_PROTOBUF ? manifest_proto(p, m, input) : manifest_documents(p, m, input, format);
  if (wrong == K8SM_OK && m->pod_count == 0 && m->data_count == 0) {
    k8smi_find(p->diags, K8SM_DIAG_NO_POD, NULL,
               "found no pod, expected at least one, or an object that pods refer to");
    return K8SM_ERR_INVALID;
  }
  return wrong;
}

int k8sm_manifest_parse(const void *bytes, size_t len, const struct k8sm_parse_options *options,
                        struct k8sm_manifest **ret, struct k8sm_diags *diags) {
  struct k8smi_parse p;
  struct k8sm_manifest *m = NULL;
  int r = k8smi_parse_init(&p, bytes, len, options, diags);
  if (r == K8SM_OK) {
    m = K8SMI_VALUE_NEW(k8sm_manifest, p.options.allocator, (size_t)p.options.max_memory);
    if (m == NULL) {
      r = k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
    } else {
      k8smi_refs_init(&m->refs);
      r = manifest_read(&p, m, (struct k8sm_slice){bytes, len});
    }
  }
  k8smi_parse_free(&p);
  if (r == K8SM_OK) {
    *ret = m;
  } else {
    k8sm_manifest_unref(m);
  }
  return r;
}
