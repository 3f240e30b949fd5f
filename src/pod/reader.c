/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/reader.h"

#include "base/abi.h"

int k8smi_reader_fail(struct k8sm_reader *r, int result) {
  r->failed = result;
  return result;
}

int k8smi_reader_too_large(struct k8sm_reader *r) {
  k8smi_find(r->parse.diags, K8SM_DIAG_TOO_LARGE, NULL, "a document of more than %zu bytes",
             (size_t)r->parse.options.max_bytes);
  k8smi_find_document(r->parse.diags, r->parse.diags == NULL ? 0 : r->parse.diags->count - 1, r->document);
  return k8smi_reader_fail(r, K8SM_ERR_LIMIT);
}

/* ---- YAML: documents as a whole file's are cut ---- */

static int reader_yaml_step(struct k8sm_reader *r) {
  struct k8smi_piece piece;
  int wrong = K8SM_OK;
  r->yaml.input = (struct k8sm_slice){r->input.ptr, r->input.len};
  r->yaml.last = r->last;
  if (!k8smi_documents_next(&r->yaml, &piece))
    return r->input.len - r->yaml.from > r->parse.options.max_bytes ? k8smi_reader_too_large(r)
                                                                    : K8SM_ERR_NOT_FOUND;
  if (piece.text.len > r->parse.options.max_bytes) return k8smi_reader_too_large(r);
  int result = k8smi_manifest_piece(&r->parse, &r->manifest, piece.text, K8SM_FORMAT_YAML, piece.lines_before,
                                    &r->document, &wrong);
  return result == K8SM_OK ? wrong : k8smi_reader_fail(r, result);
}

static size_t reader_yaml_drop(struct k8sm_reader *r) {
  size_t n = r->yaml.from;
  r->yaml.at -= n;
  r->yaml.from = 0;
  return n;
}

/* ---- The formats ---- */

static const struct reader_format {
  uint32_t format;
  int (*step)(struct k8sm_reader *reader);
  size_t (*drop)(struct k8sm_reader *reader);
} reader_formats[] = {
    {K8SM_FORMAT_JSON, k8smi_reader_json_step, k8smi_reader_json_drop},
    {K8SM_FORMAT_YAML, reader_yaml_step, reader_yaml_drop},
    {K8SM_FORMAT_PROTOBUF, k8smi_reader_proto_step, k8smi_reader_proto_drop},
};

static const struct reader_format *reader_format(const struct k8sm_reader *r) {
  for (size_t i = 0; i < sizeof reader_formats / sizeof reader_formats[0]; i++) {
    if (reader_formats[i].format == r->format) return &reader_formats[i];
  }
  return NULL;
}

/* The format by the first bytes. False: there are not enough of them. */
static bool reader_detect(struct k8sm_reader *r) {
  static const char mark[] = {'\xef', '\xbb', '\xbf'};
  enum { ENOUGH = 4 };
  struct k8sm_slice bytes = {r->input.ptr, r->input.len};
  if (bytes.len < ENOUGH && !r->last) return false;
  if (k8smi_is_envelope(bytes)) {
    r->format = K8SM_FORMAT_PROTOBUF;
    return true;
  }
  size_t i = bytes.len >= sizeof mark && memcmp(bytes.ptr, mark, sizeof mark) == 0 ? sizeof mark : 0;
  while (i < bytes.len && memchr(" \t\r\n", bytes.ptr[i], 4) != NULL) i++;
  if (i == bytes.len && !r->last && bytes.len <= r->parse.options.max_bytes) return false;
  bool json = i < bytes.len && (bytes.ptr[i] == '{' || bytes.ptr[i] == '[');
  r->format = json ? K8SM_FORMAT_JSON : K8SM_FORMAT_YAML;
  return true;
}

/* ---- What authors call ---- */

/* The texts of the options are the reader's from now on. */
static bool reader_keep_options(struct k8sm_reader *r) {
  const char **texts[] = {&r->parse.options.default_namespace, &r->parse.options.name_seed};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct k8sm_slice copy = k8smi_arena_slice(&r->arena, k8smi_s(*texts[i]));
    if (*texts[i] != NULL && copy.ptr == NULL) return false;
    *texts[i] = copy.ptr;
  }
  r->allocator = r->arena.allocator;
  r->parse.options.allocator = &r->allocator;
  return k8smi_arena_init(&r->manifest.arena, &r->allocator, (size_t)r->parse.options.max_memory) &&
         k8smi_buf_init(&r->input, &r->allocator) && k8smi_buf_init(&r->json.rest, &r->allocator) &&
         k8smi_buf_init(&r->json.names, &r->allocator) &&
         k8smi_buf_init(&r->json.item_names, &r->allocator) && k8smi_buf_init(&r->proto.outer, &r->allocator);
}

int k8sm_reader_new(const struct k8sm_parse_options *options, struct k8sm_reader **ret,
                    struct k8sm_diags *diags) {
  struct k8smi_parse parse;
  int r = k8smi_parse_begin(&parse, options, diags);
  if (r != K8SM_OK) return r;
  uint32_t format = parse.options.format;
  k8smi_parse_free(&parse);
  if (format == K8SM_FORMAT_PROTOBUF_BARE) {
    struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("format"));
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, &path, "a bare message does not say what it is");
    return K8SM_ERR_INVALID;
  }
  struct k8sm_reader *reader = K8SMI_VALUE_NEW(k8sm_reader, parse.options.allocator, 0);
  if (reader == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  r = k8smi_parse_begin(&reader->parse, options, diags);
  if (r != K8SM_OK || !reader_keep_options(reader)) {
    K8SMI_VALUE_FREE(k8sm_reader, reader);
    return r != K8SM_OK ? r : k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  reader->format = format;
  reader->json.here = (struct k8smi_where){0, 1, 1};
  *ret = reader;
  return K8SM_OK;
}

void k8sm_reader_free(struct k8sm_reader *r) {
  if (r == NULL) return;
  k8smi_manifest_free_rows(&r->manifest);
  k8smi_arena_free(&r->manifest.arena);
  k8smi_parse_free(&r->parse);
  k8smi_buf_free(&r->input);
  k8smi_buf_free(&r->json.rest);
  k8smi_buf_free(&r->json.names);
  k8smi_buf_free(&r->json.item_names);
  k8smi_buf_free(&r->proto.outer);
  K8SMI_VALUE_FREE(k8sm_reader, r);
}

int k8sm_reader_push(struct k8sm_reader *r, const void *bytes, size_t len, int last) {
  const struct reader_format *format = reader_format(r);
  if (r->last) return K8SM_ERR_STATE;
  if (format != NULL) k8smi_buf_consume(&r->input, format->drop(r));
  k8smi_buf_put(&r->input, bytes, len);
  if (r->input.failed) {
    r->input.failed = false;
    return K8SM_ERR_NOMEM;
  }
  r->last = last != 0;
  return K8SM_OK;
}

/* Reads on until there are pods, or a document is wrong. What is wrong with one has no pods. */
static int reader_fill(struct k8sm_reader *r) {
  int result = K8SM_OK;
  while (result == K8SM_OK && r->given == r->manifest.pods.count) {
    if (r->failed != K8SM_OK) return r->failed;
    k8smi_manifest_clear(&r->manifest);
    k8smi_arena_free(&r->manifest.arena);
    r->given = 0;
    if (r->format == K8SM_FORMAT_AUTO) {
      if (!reader_detect(r)) return K8SM_ERR_NOT_FOUND;
      result = k8smi_parse_check_text(&r->parse, r->input.ptr, r->input.len);
      if (result != K8SM_OK) return k8smi_reader_fail(r, result);
    }
    result = reader_format(r)->step(r);
    if (result == K8SM_OK) result = k8smi_manifest_admit(&r->parse, &r->manifest);
  }
  if (result == K8SM_ERR_NOMEM) k8smi_reader_fail(r, result);
  return result;
}

int k8sm_reader_next(struct k8sm_reader *r, struct k8sm_manifest_pod *ret, size_t row_size,
                     struct k8sm_diags *diags) {
  r->parse.diags = diags;
  int result = reader_fill(r);
  if (result != K8SM_OK) {
    if (result != K8SM_ERR_NOT_FOUND) r->given = r->manifest.pods.count;
    return result;
  }
  struct k8sm_manifest_pod row = ((const struct k8smi_manifest_pod *)r->manifest.pods.items)[r->given++].row;
  k8sm_pod_ref(row.pod);
  k8smi_row_write(ret, row_size, 0, &row, sizeof row);
  return K8SM_OK;
}
