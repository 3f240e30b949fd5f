/* SPDX-License-Identifier: Apache-2.0 */
/* Answers what this library makes of a document: the other side of the differential test. Requests and
 * answers are those of the oracle, see oracle/main.go; what is a finding here has a Kubernetes name there. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subject.h"

#include "pod/encode.h"
#include "pod/parse.h"
#include "pod/quantity.h"
#include "pod/workload.h"
#include "wire/base64.h"
#include "wire/yaml_out.h"

enum { ROWS = 2048, TEXT = 1 << 18, MAX_DEPTH = 10000, MAX_LINE = 64 };

static struct k8sm_diag rows[ROWS];
static char text[TEXT];

void die(const char *why) {
  fprintf(stderr, "subject: %s\n", why);
  exit(1);
}

static struct k8smi_buf new_buf(void) {
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, NULL)) die("no memory");
  return buf;
}

static struct k8sm_slice contents(const struct k8smi_buf *buf) {
  if (buf->failed) die("no memory");
  return (struct k8sm_slice){buf->ptr, buf->len};
}

/* An object in JSON, YAML and protobuf, as a member. */
static void put_forms(struct k8smi_json *w, const char *name, unsigned type,
                      const struct k8smi_record *record) {
  struct k8smi_buf json = new_buf(), yaml = new_buf(), proto = new_buf(), base64 = new_buf();
  struct k8smi_json in_json;
  k8smi_json_init(&in_json, &json, true);
  k8smi_encode_record(&in_json, type, record);
  if (k8smi_put_yaml(&yaml, contents(&json)) != K8SM_OK) die("no YAML");
  k8smi_proto_put_enveloped(&proto, type, record);
  k8smi_put_base64(&base64, proto.ptr, contents(&proto).len);
  k8smi_json_key(w, name);
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "json", contents(&json));
  k8smi_json_member(w, "yaml", contents(&yaml));
  k8smi_json_member(w, "protobuf", contents(&base64));
  k8smi_json_close(w, '}');
  k8smi_buf_free(&json);
  k8smi_buf_free(&yaml);
  k8smi_buf_free(&proto);
  k8smi_buf_free(&base64);
}

static const char *kubernetes_name(uint32_t code) {
  switch (code) {
  case K8SM_DIAG_FIELD_REQUIRED: return "Required value";
  case K8SM_DIAG_FIELD_INVALID: return "Invalid value";
  case K8SM_DIAG_FIELD_DUPLICATE: return "Duplicate value";
  case K8SM_DIAG_FIELD_UNSUPPORTED: return "Unsupported value";
  case K8SM_DIAG_FIELD_FORBIDDEN: return "Forbidden";
  case K8SM_DIAG_FIELD_TOO_LONG: return "Too long";
  case K8SM_DIAG_FIELD_TOO_MANY: return "Too many";
  case K8SM_DIAG_FIELD_NOT_FOUND: return "Not found";
  default: return k8sm_diag_name(code);
  }
}

static void put_findings(struct k8smi_json *w, const char *name, const struct k8sm_diags *diags) {
  if (diags->count > diags->cap || diags->text_used > diags->text_cap)
    die("more findings than there is room for");
  k8smi_json_key(w, name);
  k8smi_json_open(w, '[');
  for (size_t i = 0; i < diags->count; i++) {
    k8smi_json_open(w, '{');
    k8smi_json_member(w, "type", k8smi_s(kubernetes_name(rows[i].code)));
    k8smi_json_member(w, "field", k8smi_s(text + rows[i].path));
    k8smi_json_member(w, "detail", k8smi_s(text + rows[i].message));
    k8smi_json_close(w, '}');
  }
  k8smi_json_close(w, ']');
}

/* A document that is being read as an object of its kind. */
struct document {
  struct k8sm_slice bytes;
  uint64_t flags;
  struct k8smi_arena arena;
  const struct k8smi_record *record;
  unsigned type;
};

/* The kinds that are objects of their own, and the version that they are read in. */
static const struct {
  unsigned type;
  const char *api_version;
} kinds[] = {
    {K8SMI_TYPE_Pod, "v1"},
    {K8SMI_TYPE_PodTemplate, "v1"},
    {K8SMI_TYPE_ReplicationController, "v1"},
    {K8SMI_TYPE_ConfigMap, "v1"},
    {K8SMI_TYPE_Secret, "v1"},
    {K8SMI_TYPE_ReplicaSet, "apps/v1"},
    {K8SMI_TYPE_Deployment, "apps/v1"},
    {K8SMI_TYPE_StatefulSet, "apps/v1"},
    {K8SMI_TYPE_DaemonSet, "apps/v1"},
    {K8SMI_TYPE_Job, "batch/v1"},
    {K8SMI_TYPE_CronJob, "batch/v1"},
    {K8SMI_TYPE_Namespace, "v1"},
    {K8SMI_TYPE_Node, "v1"},
    {K8SMI_TYPE_Node, "v1"},
    {K8SMI_TYPE_PriorityClass, "scheduling.k8s.io/v1"},
};

/* 0: no kind of ours. */
static unsigned type_of(struct k8sm_slice kind, struct k8sm_slice api_version) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (k8smi_eq(k8smi_types[kinds[i].type].name, kind) && k8smi_eqs(api_version, kinds[i].api_version))
      return kinds[i].type;
  }
  return 0;
}

static int read_as(struct document *d, struct k8smi_parse *p) {
  uint32_t format = k8smi_parse_format(p, d->bytes.ptr, d->bytes.len);
  struct k8smi_tokens *tokens = NULL;
  struct k8smi_envelope envelope;
  int r;
  d->record = NULL;
  if (format == K8SM_FORMAT_PROTOBUF) {
    r = k8smi_envelope_read(d->bytes, &envelope, p->diags);
    if (r == K8SM_OK) d->type = type_of(envelope.kind, envelope.api_version);
    if (r == K8SM_OK && d->type == 0) r = K8SM_ERR_INVALID;
    return r == K8SM_OK
               ? k8smi_parse_message(p, &envelope, &d->arena, (enum k8smi_type_id)d->type, NULL, &d->record)
               : r;
  }
  r = k8smi_parse_tokens(p, d->bytes.ptr, d->bytes.len, format, 0, &tokens);
  if (r == K8SM_OK)
    r = k8smi_parse_record(p, tokens, &d->arena, (enum k8smi_type_id)d->type, NULL, &d->record);
  k8smi_tokens_free(tokens);
  return r;
}

/* Twice: what the document says it is, read as a Pod, whose kind is where that of all others is; then as
 * that. */
static int read_document(struct document *d, struct k8sm_diags *diags) {
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = d->flags, .max_depth = MAX_DEPTH};
  struct k8smi_parse p;
  if (!k8smi_arena_init(&d->arena, NULL, 0)) die("no memory");
  d->type = K8SMI_TYPE_Pod;
  int r = k8smi_parse_init(&p, d->bytes.ptr, d->bytes.len, &o, NULL);
  if (r == K8SM_OK) (void)read_as(d, &p);
  k8smi_parse_free(&p);
  unsigned type = d->record == NULL ? K8SMI_TYPE_Pod
                                    : type_of(k8smi_get_str(d->record, K8SMI_Pod_kind),
                                              k8smi_get_str(d->record, K8SMI_Pod_apiVersion));
  d->type = type == 0 ? K8SMI_TYPE_Pod : type;
  r = k8smi_parse_init(&p, d->bytes.ptr, d->bytes.len, &o, diags);
  if (r == K8SM_OK) r = read_as(d, &p);
  k8smi_parse_free(&p);
  return r == K8SM_OK && type == 0 ? K8SM_ERR_INVALID : r;
}

static void put_decoded(struct k8smi_json *w, const char *name, struct k8sm_slice bytes, uint64_t flags) {
  struct document d = {bytes, flags, {{0}, NULL, 0, 0, false}, NULL, K8SMI_TYPE_Pod};
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  int r = read_document(&d, &diags);
  if (r == K8SM_OK) {
    put_forms(w, name, d.type, d.record);
  } else if ((flags & K8SM_PARSE_NO_DEFAULTS) != 0) {
    put_findings(w, "refused", &diags);
  }
  k8smi_arena_free(&d.arena);
}

/* What is wrong with a workload that is to be created; its pods are another matter. */
static void put_workload_findings(struct k8smi_json *w, struct k8sm_slice bytes, unsigned type) {
  const struct k8sm_parse_options o = {.size = sizeof o, .max_depth = MAX_DEPTH};
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct document d = {bytes, 0, {{0}, NULL, 0, 0, false}, NULL, type};
  struct k8smi_parse p;
  struct k8sm_workload *workload = NULL;
  if (k8smi_parse_init(&p, bytes.ptr, bytes.len, &o, &diags) != K8SM_OK) die("no room for a document");
  struct k8sm_pod *pod = NULL;
  if (k8smi_parse_new_pod(&p, &pod) != K8SM_OK) die("no memory");
  d.arena = pod->arena;
  int r = read_as(&d, &p);
  pod->arena = d.arena;
  pod->record = d.record;
  if (r == K8SM_OK && k8smi_parse_generate_name(&p, pod, 0) == K8SM_OK) {
    if (k8smi_workload_make(pod, k8smi_workload_kind(type), pod->record, 0, NULL, &workload, &diags) !=
        K8SM_OK)
      die("no memory");
    (void)k8smi_workload_check(workload, NULL, p.unread, &diags);
    put_findings(w, "findings", &diags);
    k8sm_workload_unref(workload);
  } else {
    k8sm_pod_unref(pod);
  }
  k8smi_parse_free(&p);
}

/* The object as it is, and with defaults; what strict decoding refuses; and, of a pod, what a create does. */
static void answer_object(struct k8smi_json *w, struct k8sm_slice bytes) {
  struct document d = {
      bytes, K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_STRICT, {{0}, NULL, 0, 0, false}, NULL, K8SMI_TYPE_Pod};
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  const struct k8sm_parse_options o = {.size = sizeof o, .max_depth = MAX_DEPTH};
  k8smi_json_open(w, '{');
  if (read_document(&d, &diags) != K8SM_OK) put_findings(w, "strict", &diags);
  unsigned type = d.type;
  k8smi_arena_free(&d.arena);
  put_decoded(w, "plain", bytes, K8SM_PARSE_NO_DEFAULTS);
  put_decoded(w, "defaulted", bytes, 0);
  if (type == K8SMI_TYPE_Pod) {
    struct k8sm_pod *pod = NULL;
    struct k8sm_diags found = K8SM_DIAGS_INIT(rows, text);
    if (k8sm_pod_parse(bytes.ptr, bytes.len, &o, &pod, &found) == K8SM_OK) k8sm_pod_unref(pod);
    put_findings(w, "findings", &found);
  } else if (k8smi_workload_kind(type) != NULL) {
    put_workload_findings(w, bytes, type);
  }
  k8smi_json_close(w, '}');
}

/* A YAML document as JSON. */
static void answer_yaml(struct k8smi_json *w, struct k8sm_slice bytes) {
  const struct k8smi_tokens_options o = {MAX_DEPTH, 0, 0};
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8smi_arena arena;
  struct k8smi_bind b;
  struct k8smi_tokens *tokens = NULL;
  struct k8smi_token t;
  if (!k8smi_arena_init(&arena, NULL, 0)) die("no memory");
  int r = k8smi_tokens_yaml(&arena, bytes.ptr, bytes.len, &o, &tokens, &diags);
  if (!k8smi_bind_init(&b, tokens, &arena, &diags)) die("no memory");
  if (r == K8SM_OK) r = k8smi_tokens_next(tokens, &t, &diags);
  if (r == K8SM_OK) r = k8smi_bind_raw(&b, &t);
  k8smi_json_open(w, '{');
  if (diags.count == 1 && rows[0].code == K8SM_DIAG_EMPTY_INPUT) {
    k8smi_json_member(w, "json", K8SMI_S("null")); /* which has no kind, and so is refused later there */
  } else if (r == K8SM_OK) {
    k8smi_json_member(w, "json", contents(&b.raw));
  } else {
    put_findings(w, "refused", &diags);
  }
  k8smi_json_close(w, '}');
  k8smi_bind_free(&b);
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&arena);
}

/* A JSON document as YAML. */
static void answer_scalar(struct k8smi_json *w, struct k8sm_slice bytes) {
  struct k8smi_buf yaml = new_buf();
  k8smi_json_open(w, '{');
  if (k8smi_put_yaml(&yaml, bytes) == K8SM_OK) k8smi_json_member(w, "json", contents(&yaml));
  k8smi_json_close(w, '}');
  k8smi_buf_free(&yaml);
}

/* What a pod asks for as a whole, as it is written. */
static void answer_sums(struct k8smi_json *w, struct k8sm_slice bytes) {
  enum { SUMS = 64 };
  struct k8sm_parse_options o = {.size = sizeof o, .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  struct k8sm_pod_resource sums[SUMS];
  struct k8sm_pod *pod = NULL;
  size_t count = 0;
  k8smi_json_open(w, '{');
  if (k8sm_pod_parse(bytes.ptr, bytes.len, &o, &pod, NULL) == K8SM_OK) {
    if (k8sm_pod_resources(pod, NULL, sums, sizeof sums[0], SUMS, &count) != K8SM_OK) die("no memory");
    k8smi_json_member(w, "qos", k8sm_pod_qos_class(pod));
    k8smi_json_key(w, "resources");
    k8smi_json_open(w, '{');
    for (size_t i = 0; i < count && i < SUMS; i++) {
      k8smi_json_key_slice(w, sums[i].name);
      k8smi_json_open(w, '[');
      k8smi_json_i64(w, sums[i].request);
      k8smi_json_i64(w, sums[i].limit);
      k8smi_json_close(w, ']');
    }
    k8smi_json_close(w, '}');
    k8sm_pod_unref(pod);
  }
  k8smi_json_close(w, '}');
}

bool next_line(struct k8sm_slice *rest, struct k8sm_slice *ret) {
  if (rest->ptr == NULL) return false;
  const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
  *ret = (struct k8sm_slice){rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
  *rest = end == NULL ? (struct k8sm_slice){NULL, 0} : (struct k8sm_slice){end + 1, rest->len - ret->len - 1};
  return true;
}

static struct k8sm_slice trimmed(struct k8sm_slice s) {
  while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) s = (struct k8sm_slice){s.ptr + 1, s.len - 1};
  while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) s.len--;
  return s;
}

static void put_quantity(struct k8smi_json *w, struct k8sm_slice s) {
  struct k8smi_buf buf = new_buf();
  int64_t value = 0, milli = 0;
  k8smi_json_open(w, '{');
  if (k8smi_quantity_valid(s)) {
    (void)k8smi_quantity_written(s, &buf);
    k8smi_json_member(w, "kept", contents(&buf));
    k8smi_buf_clear(&buf);
    (void)k8smi_quantity_canonical(s, &buf);
    k8smi_json_member(w, "canonical", contents(&buf));
    (void)k8smi_quantity_value(s, &value);
    (void)k8smi_quantity_milli(s, &milli);
    k8smi_json_member_i64(w, "value", value);
    k8smi_json_member_i64(w, "milli", milli);
    k8smi_buf_clear(&buf);
    if (!k8smi_quantity_round_milli(s, &buf)) (void)k8smi_quantity_written(s, &buf);
    k8smi_json_member(w, "rounded", contents(&buf));
  }
  k8smi_json_close(w, '}');
  k8smi_buf_free(&buf);
}

static void answer_quantity(struct k8smi_json *w, struct k8sm_slice lines) {
  struct k8sm_slice line;
  k8smi_json_open(w, '[');
  while (next_line(&lines, &line)) put_quantity(w, trimmed(line));
  k8smi_json_close(w, ']');
}

static void answer_compare(struct k8smi_json *w, struct k8sm_slice lines) {
  struct k8sm_slice line;
  k8smi_json_open(w, '[');
  while (next_line(&lines, &line)) {
    const char *tab = line.len == 0 ? NULL : memchr(line.ptr, '\t', line.len);
    if (tab == NULL) die("no tab in a line of two quantities");
    struct k8sm_slice a = {line.ptr, (size_t)(tab - line.ptr)}, b = {tab + 1, line.len - a.len - 1};
    bool valid = k8smi_quantity_valid(a) && k8smi_quantity_valid(b);
    k8smi_json_i64(w, valid ? k8smi_quantity_cmp(a, b) : 2);
  }
  k8smi_json_close(w, ']');
}

static const struct {
  const char *name;
  void (*answer)(struct k8smi_json *w, struct k8sm_slice document);
} operations[] = {{"object", answer_object},     {"yaml", answer_yaml},       {"scalar", answer_scalar},
                  {"quantity", answer_quantity}, {"compare", answer_compare}, {"sums", answer_sums},
                  {"schedule", answer_schedule}, {"rollout", answer_rollout}};

/* The document is in memory of its own size, so that a sanitizer sees who reads beyond it. */
static void answer(const char *name, size_t len) {
  char *bytes = malloc(len + 1);
  struct k8smi_buf out = new_buf();
  struct k8smi_json w;
  if (bytes == NULL || fread(bytes, 1, len + 1, stdin) != len + 1) die("the document ends early");
  k8smi_json_init(&w, &out, false);
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    if (strcmp(operations[i].name, name) == 0) operations[i].answer(&w, (struct k8sm_slice){bytes, len});
  }
  if (contents(&out).len == 0) die("no such operation");
  k8smi_buf_putc(&out, '\n');
  fwrite(out.ptr, 1, out.len, stdout);
  k8smi_buf_free(&out);
  free(bytes);
}

int main(void) {
  char line[MAX_LINE], name[MAX_LINE];
  while (fgets(line, sizeof line, stdin) != NULL) {
    size_t len;
    if (sscanf(line, "%63s %zu", name, &len) != 2) die("no request");
    answer(name, len);
    fflush(stdout);
  }
  return 0;
}
