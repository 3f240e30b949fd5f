/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

#include "base/abi.h"
#include "pod/documents.h"

struct k8sm_manifest *k8sm_manifest_ref(struct k8sm_manifest *manifest) {
  if (manifest != NULL) k8smi_ref(&manifest->refs);
  return manifest;
}

void k8smi_manifest_clear(struct k8sm_manifest *m) {
  struct k8smi_manifest_pod *pods = m->pods.items;
  struct k8sm_manifest_workload *workloads = m->workloads.items;
  for (size_t i = 0; i < m->pods.count; i++) k8sm_pod_unref(pods[i].row.pod);
  for (size_t i = 0; i < m->workloads.count; i++) k8sm_workload_unref(workloads[i].workload);
  m->pods.count = m->workloads.count = m->data.count = m->classes.count = m->objects.count = 0;
}

void k8smi_manifest_free_rows(struct k8sm_manifest *m) {
  const struct {
    struct k8smi_manifest_rows *rows;
    size_t size;
  } all[] = {{&m->pods, sizeof(struct k8smi_manifest_pod)},
             {&m->workloads, sizeof(struct k8sm_manifest_workload)},
             {&m->data, sizeof(struct k8sm_manifest_data)},
             {&m->classes, sizeof(struct k8sm_priority_class)},
             {&m->objects, sizeof(struct k8smi_manifest_object)}};
  k8smi_manifest_clear(m);
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    k8smi_free(&m->arena.allocator, all[i].rows->items, all[i].rows->cap * all[i].size);
}

void k8sm_manifest_unref(struct k8sm_manifest *m) {
  if (m == NULL || !k8smi_unref(&m->refs)) return;
  k8smi_manifest_free_rows(m);
  K8SMI_VALUE_FREE(k8sm_manifest, m);
}

void *k8smi_rows_add(struct k8smi_manifest_rows *rows, const struct k8sm_allocator *allocator,
                     size_t row_size) {
  if (!k8smi_grow(allocator, &rows->items, &rows->cap, rows->count + 1, row_size)) return NULL;
  return (char *)rows->items + rows->count++ * row_size;
}

/* The rows of a table, whose rows may have more behind what is public. */
static size_t manifest_rows(const struct k8smi_manifest_rows *table, size_t size, size_t known, size_t first,
                            void *rows, size_t row_size, size_t n) {
  for (size_t i = first; i < table->count && i - first < n; i++)
    k8smi_row_write(rows, row_size, i - first, (const char *)table->items + i * size, known);
  return k8smi_rows_left(table->count, first);
}

size_t k8sm_manifest_pods(const struct k8sm_manifest *m, size_t first, struct k8sm_manifest_pod *rows,
                          size_t row_size, size_t n) {
  return manifest_rows(&m->pods, sizeof(struct k8smi_manifest_pod), sizeof *rows, first, rows, row_size, n);
}

size_t k8sm_manifest_workloads(const struct k8sm_manifest *m, size_t first,
                               struct k8sm_manifest_workload *rows, size_t row_size, size_t n) {
  return manifest_rows(&m->workloads, sizeof *rows, sizeof *rows, first, rows, row_size, n);
}

size_t k8sm_manifest_data(const struct k8sm_manifest *m, size_t first, struct k8sm_manifest_data *rows,
                          size_t row_size, size_t n) {
  return manifest_rows(&m->data, sizeof *rows, sizeof *rows, first, rows, row_size, n);
}

size_t k8sm_manifest_priority_classes(const struct k8sm_manifest *m, size_t first,
                                      struct k8sm_priority_class *rows, size_t row_size, size_t n) {
  return manifest_rows(&m->classes, sizeof *rows, sizeof *rows, first, rows, row_size, n);
}

size_t k8sm_manifest_objects(const struct k8sm_manifest *m, size_t first, struct k8sm_manifest_object *rows,
                             size_t row_size, size_t n) {
  return manifest_rows(&m->objects, sizeof(struct k8smi_manifest_object), sizeof *rows, first, rows, row_size,
                       n);
}

int k8sm_manifest_get(const struct k8sm_manifest *m, size_t object, const char *path,
                      const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  if (object >= m->objects.count) return K8SM_ERR_NOT_FOUND;
  const struct k8smi_manifest_object *row = (const struct k8smi_manifest_object *)m->objects.items + object;
  if (path == NULL) return k8smi_record_to_blob(row->type, row->record, K8SM_FORMAT_JSON, allocator, ret);
  return k8smi_record_get(row->type, row->record, path, allocator, ret);
}

/* The path as text, kept for admission, which comes when all has been read. False when memory ran out. */
static bool manifest_keep_path(const struct k8smi_object *object, const struct k8smi_path *path,
                               struct k8sm_slice *ret) {
  *ret = (struct k8sm_slice){NULL, 0};
  if (path == NULL || (object->parse->options.flags & K8SM_PARSE_ADMISSION) == 0) return true;
  size_t len = k8smi_path_write(path, NULL, 0);
  char *text = k8smi_arena_alloc(&object->manifest->arena, len + 1);
  if (text == NULL) return false;
  k8smi_path_write(path, text, len + 1);
  *ret = (struct k8sm_slice){text, len};
  return true;
}

int k8smi_manifest_add_pod(const struct k8smi_object *object, struct k8sm_pod *pod,
                           const struct k8smi_path *path, uint32_t replica, struct k8sm_slice owner) {
  struct k8sm_manifest *m = object->manifest;
  struct k8smi_manifest_pod row = {{pod, object->document, replica, owner}, {NULL, 0}};
  if (m->pods.count == object->parse->options.max_pods) {
    const struct k8smi_path kind = k8smi_path_field(object->path, K8SMI_S("kind"));
    k8sm_pod_unref(pod);
    k8smi_find(object->parse->diags, K8SM_DIAG_TOO_LARGE, &kind, "more than %u pods in one manifest",
               (unsigned)object->parse->options.max_pods);
    return K8SM_ERR_LIMIT;
  }
  struct k8smi_manifest_pod *to = NULL;
  if (manifest_keep_path(object, path, &row.path))
    to = k8smi_rows_add(&m->pods, &m->arena.allocator, sizeof row);
  if (to == NULL) {
    k8sm_pod_unref(pod);
    return k8smi_find_nomem(object->parse->diags, K8SM_ERR_NOMEM);
  }
  *to = row;
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

int k8smi_manifest_piece(struct k8smi_parse *p, struct k8sm_manifest *m, struct k8sm_slice text,
                         uint32_t format, uint32_t lines_before, uint32_t *document, int *wrong) {
  struct k8smi_tokens *tokens = NULL;
  size_t before = p->diags == NULL ? 0 : p->diags->count;
  int r = k8smi_parse_tokens(p, text.ptr, text.len, format, lines_before, &tokens);
  while (r == K8SM_OK) {
    struct k8smi_object object = {.parse = p, .manifest = m, .tokens = tokens, .document = *document};
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
  const struct k8smi_object object = {.parse = p, .manifest = m};
  struct k8smi_envelope envelope;
  int r = k8smi_envelope_read(input, &envelope, p->diags);
  return r == K8SM_OK ? k8smi_manifest_envelope(&object, &envelope) : r;
}

/* The documents of a text, one after another. */
static int manifest_documents(struct k8smi_parse *p, struct k8sm_manifest *m, struct k8sm_slice input,
                              uint32_t format) {
  uint32_t number = 0, pieces = 0;
  struct k8smi_documents documents = {.input = input, .json = format == K8SM_FORMAT_JSON, .last = true};
  struct k8smi_piece piece;
  int wrong = K8SM_OK;
  while (k8smi_documents_next(&documents, &piece)) {
    if (pieces++ == K8SMI_MANIFEST_MAX_DOCUMENTS) {
      k8smi_find(p->diags, K8SM_DIAG_TOO_LARGE, NULL, "more than %d documents", K8SMI_MANIFEST_MAX_DOCUMENTS);
      return K8SM_ERR_LIMIT;
    }
    int r = k8smi_manifest_piece(p, m, piece.text, format, piece.lines_before, &number, &wrong);
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
  if (wrong == K8SM_OK) wrong = k8smi_manifest_admit(p, m);
  bool nothing = m->pods.count == 0 && m->workloads.count == 0 && m->objects.count == 0 && !m->empty_list;
  if (wrong == K8SM_OK && nothing) {
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
      r = k8smi_find_nomem(diags, K8SMI_VALUE_ERROR(k8sm_manifest, (size_t)p.options.max_memory));
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
