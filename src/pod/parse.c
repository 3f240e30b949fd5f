/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/parse.h"

#include "base/abi.h"
#include "pod/documents.h"
#include "pod/names.h"
#include "wire/utf8.h"

enum {
  PARSE_MAX_BYTES = 16 << 20,
  PARSE_MAX_MEMORY = 64 << 20,
  PARSE_MAX_DEPTH = 100,
  PARSE_MAX_CONTAINERS = 1000,
  PARSE_MAX_PODS = 10000
};

static const uint64_t parse_known_flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE |
                                          K8SM_PARSE_STRICT | K8SM_PARSE_TEMPLATES | K8SM_PARSE_KEEP_UNKNOWN |
                                          K8SM_PARSE_ADMISSION;

static int parse_bad_option(struct k8smi_parse *p, const char *option, const char *expected) {
  struct k8smi_path path = k8smi_path_field(NULL, k8smi_s(option));
  k8smi_find(p->diags, K8SM_DIAG_OPTION_INVALID, &path, "expected %s", expected);
  return K8SM_ERR_INVALID;
}

static int parse_check_options(struct k8smi_parse *p) {
  struct k8sm_parse_options *o = &p->options;
  if (o->flags & ~parse_known_flags) return parse_bad_option(p, "flags", "K8SM_PARSE_* only");
  if (o->format > K8SM_FORMAT_PROTOBUF_BARE) return parse_bad_option(p, "format", "K8SM_FORMAT_*");
  if (o->max_bytes == 0) o->max_bytes = PARSE_MAX_BYTES;
  if (o->max_bytes > INT32_MAX) o->max_bytes = INT32_MAX; /* texts have 32-bit lengths */
  if (o->max_memory == 0) o->max_memory = PARSE_MAX_MEMORY;
  if (o->max_memory > SIZE_MAX) o->max_memory = SIZE_MAX;
  if (o->max_depth == 0) o->max_depth = PARSE_MAX_DEPTH;
  if (o->max_pods == 0) o->max_pods = PARSE_MAX_PODS;
  if (o->max_nodes == 0) o->max_nodes = K8SMI_TOKENS_MAX_NODES;
  if (o->max_containers == 0) o->max_containers = PARSE_MAX_CONTAINERS;
  return K8SM_OK;
}

int k8smi_parse_begin(struct k8smi_parse *p, const struct k8sm_parse_options *options,
                      struct k8sm_diags *diags) {
  memset(p, 0, offsetof(struct k8smi_parse, lent_scratch));
  p->diags = diags;
  int r = k8smi_options_read(&p->options, sizeof p->options, options, "k8sm_parse_options", diags);
  if (r == K8SM_OK) r = parse_check_options(p);
  if (r != K8SM_OK) return r;
  if (!k8smi_arena_init(&p->scratch, p->options.allocator, (size_t)p->options.max_memory))
    return parse_bad_option(p, "allocator", "a table with functions");
  k8smi_arena_lend(&p->scratch, p->lent_scratch, sizeof p->lent_scratch);
  return K8SM_OK;
}

int k8smi_parse_init(struct k8smi_parse *p, const void *bytes, size_t len,
                     const struct k8sm_parse_options *options, struct k8sm_diags *diags) {
  int r = k8smi_parse_begin(p, options, diags);
  if (r != K8SM_OK) return r;
  if (len > p->options.max_bytes) {
    k8smi_find(diags, K8SM_DIAG_TOO_LARGE, NULL, "found %zu bytes, expected at most %zu", len,
               (size_t)p->options.max_bytes);
    return K8SM_ERR_LIMIT;
  }
  if (len == 0 || bytes == NULL) {
    k8smi_find(diags, K8SM_DIAG_EMPTY_INPUT, NULL, "found no bytes, expected a manifest");
    return K8SM_ERR_SYNTAX;
  }
  return p->options.format == K8SM_FORMAT_PROTOBUF_BARE ? K8SM_OK : k8smi_parse_check_text(p, bytes, len);
}

int k8smi_parse_check_text(struct k8smi_parse *p, const void *bytes, size_t len) {
  static const struct k8smi_where where = {0, 1, 1};
  if (!k8smi_looks_utf16(bytes, len)) return K8SM_OK;
  k8smi_find_at(p->diags, K8SM_DIAG_NOT_UTF8, &where, NULL, "the text looks like UTF-16, expected UTF-8");
  return K8SM_ERR_SYNTAX;
}

void k8smi_parse_free(struct k8smi_parse *p) {
  k8smi_arena_free(&p->scratch);
}

uint32_t k8smi_parse_format(const struct k8smi_parse *p, const char *bytes, size_t len) {
  if (p->options.format != K8SM_FORMAT_AUTO) return p->options.format;
  struct k8sm_slice input = {bytes, len};
  if (k8smi_is_envelope(input)) return K8SM_FORMAT_PROTOBUF;
  return k8smi_documents_is_json(input) ? K8SM_FORMAT_JSON : K8SM_FORMAT_YAML;
}

int k8smi_parse_tokens(struct k8smi_parse *p, const void *bytes, size_t len, uint32_t format,
                       uint32_t lines_before, struct k8smi_tokens **ret) {
  struct k8smi_tokens_options o = {p->options.max_depth, p->options.max_alias_nodes, p->options.max_nodes,
                                   lines_before};
  return format == K8SM_FORMAT_JSON ? k8smi_tokens_json(&p->scratch, bytes, len, &o, ret, p->diags)
                                    : k8smi_tokens_yaml(&p->scratch, bytes, len, &o, ret, p->diags);
}

int k8smi_parse_new_pod(struct k8smi_parse *p, struct k8sm_pod **ret) {
  const size_t limit = (size_t)p->options.max_memory;
  struct k8sm_pod *pod = k8smi_value_new(p->options.allocator, limit, sizeof *pod,
                                         offsetof(struct k8sm_pod, arena), p->pod_bytes);
  if (pod == NULL) return k8smi_find_nomem(p->diags, K8SMI_VALUE_ERROR(k8sm_pod, limit));
  k8smi_refs_init(&pod->refs);
  *ret = pod;
  return K8SM_OK;
}

static bool parse_bind_init(struct k8smi_parse *p, struct k8smi_bind *b, struct k8smi_tokens *tokens,
                            struct k8smi_arena *arena) {
  if (!k8smi_bind_init(b, tokens, arena, p->diags)) return false;
  b->strict = (p->options.flags & K8SM_PARSE_STRICT) != 0;
  b->defaults = (p->options.flags & K8SM_PARSE_NO_DEFAULTS) == 0;
  b->keep_unknown = (p->options.flags & K8SM_PARSE_KEEP_UNKNOWN) != 0;
  b->max_depth = p->options.max_depth;
  b->max_nodes = p->options.max_nodes;
  return true;
}

/* What a reader made of a record. `found`: findings before it. */
static int parse_end(struct k8smi_parse *p, const struct k8smi_bind *b, size_t found, int result) {
  size_t count = p->diags == NULL ? 0 : p->diags->count;
  p->unread = (struct k8smi_find_range){b->invalid ? found : count, count};
  return result == K8SM_OK && b->invalid ? K8SM_ERR_INVALID : result;
}

int k8smi_parse_record(struct k8smi_parse *p, struct k8smi_tokens *tokens, struct k8smi_arena *arena,
                       enum k8smi_type_id type, const struct k8smi_path *path,
                       const struct k8smi_record **ret) {
  struct k8smi_bind b;
  if (!parse_bind_init(p, &b, tokens, arena)) return k8smi_find_nomem(p->diags, K8SM_ERR_NOMEM);
  size_t found = p->diags == NULL ? 0 : p->diags->count;
  int r = k8smi_bind_json(&b, type, ret) ? K8SM_OK : k8smi_bind_record(&b, type, path, ret);
  k8smi_bind_free(&b);
  return parse_end(p, &b, found, r);
}

int k8smi_parse_message(struct k8smi_parse *p, const struct k8smi_envelope *envelope,
                        struct k8smi_arena *arena, enum k8smi_type_id type, const struct k8smi_path *path,
                        const struct k8smi_record **ret) {
  struct k8smi_bind b;
  if (!parse_bind_init(p, &b, NULL, arena)) return k8smi_find_nomem(p->diags, K8SM_ERR_NOMEM);
  size_t found = p->diags == NULL ? 0 : p->diags->count;
  int r = k8smi_proto_quick(&b, type, envelope, ret) ? K8SM_OK
                                                     : k8smi_proto_record(&b, type, envelope, path, ret);
  k8smi_bind_free(&b);
  return parse_end(p, &b, found, r);
}

int k8smi_parse_namespace(struct k8smi_parse *p, struct k8sm_pod *pod) {
  const char *name = p->options.default_namespace;
  const struct k8smi_record *metadata = k8smi_get_record(pod->record, K8SMI_Pod_metadata);
  if (name == NULL && (p->options.flags & K8SM_PARSE_NO_DEFAULTS) == 0) name = "default";
  if (name == NULL || k8smi_has(metadata, K8SMI_ObjectMeta_namespace)) return K8SM_OK;
  return k8smi_pod_set_metadata(pod, K8SMI_ObjectMeta_namespace, k8smi_s(name))
             ? K8SM_OK
             : k8smi_find_nomem(p->diags, k8smi_arena_error(&pod->arena));
}

static struct k8sm_slice parse_name_base(const struct k8sm_pod *pod) {
  return k8smi_get_str(k8smi_get_record(pod->record, K8SMI_Pod_metadata), K8SMI_ObjectMeta_generateName);
}

bool k8smi_parse_generates_name(const struct k8smi_parse *p, const struct k8sm_pod *pod) {
  return (p->options.flags & K8SM_PARSE_NO_DEFAULTS) == 0 && parse_name_base(pod).len > 0 &&
         k8sm_pod_name(pod).len == 0;
}

int k8smi_parse_generate_name(struct k8smi_parse *p, struct k8sm_pod *pod, uint64_t number) {
  struct k8sm_slice base = parse_name_base(pod);
  if (!k8smi_parse_generates_name(p, pod)) return K8SM_OK;
  int r = k8smi_parse_namespace(p, pod);
  if (r != K8SM_OK) return r;
  const struct k8sm_slice seeds[] = {k8smi_s(p->options.name_seed), k8sm_pod_namespace(pod), base};
  char suffix[K8SMI_NAME_SUFFIX + 1];
  uint64_t seed = K8SMI_FNV64;
  for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++)
    seed = k8smi_fnv64(k8smi_fnv64(seed, seeds[i]), K8SMI_S("/"));
  k8smi_name_suffix(seed, number, suffix);
  struct k8sm_slice name = k8smi_name_generate(&pod->arena, base, k8smi_s(suffix));
  return name.ptr != NULL && k8smi_pod_set_metadata(pod, K8SMI_ObjectMeta_name, name)
             ? K8SM_OK
             : k8smi_find_nomem(p->diags, k8smi_arena_error(&pod->arena));
}
