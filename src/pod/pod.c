/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/parse.h"

#include "base/abi.h"
#include "pod/edit.h"
#include "pod/names.h"
#include "pod/validate.h"

enum { POD_SMALL = 192 }; /* bytes that any pod takes, whatever it holds */

struct k8sm_pod *k8sm_pod_ref(struct k8sm_pod *pod) {
  if (pod != NULL) k8smi_ref(&pod->refs);
  return pod;
}

struct k8sm_pod *k8smi_pod_hold(const struct k8sm_pod *pod) {
  return k8sm_pod_ref((struct k8sm_pod *)(uintptr_t)pod);
}

void k8sm_pod_unref(struct k8sm_pod *pod) {
  while (pod != NULL && k8smi_unref(&pod->refs)) {
    struct k8sm_pod *base = pod->base;
    K8SMI_VALUE_FREE(k8sm_pod, pod);
    pod = base;
  }
}

const struct k8smi_record *k8smi_pod_record(const struct k8sm_pod *pod) {
  return pod->record;
}

static struct k8sm_slice pod_metadata(const struct k8sm_pod *pod, unsigned field) {
  return k8smi_get_str(k8smi_get_record(pod->record, K8SMI_Pod_metadata), field);
}

struct k8sm_slice k8sm_pod_name(const struct k8sm_pod *pod) {
  return pod_metadata(pod, K8SMI_ObjectMeta_name);
}

struct k8sm_slice k8sm_pod_namespace(const struct k8sm_pod *pod) {
  return pod_metadata(pod, K8SMI_ObjectMeta_namespace);
}

struct k8sm_slice k8sm_pod_uid(const struct k8sm_pod *pod) {
  return pod_metadata(pod, K8SMI_ObjectMeta_uid);
}

bool k8smi_pod_set_metadata(struct k8sm_pod *pod, unsigned field, struct k8sm_slice text) {
  struct k8smi_edit metadata, top;
  k8smi_edit_begin(&metadata, &pod->arena, k8smi_get_record(pod->record, K8SMI_Pod_metadata));
  k8smi_edit_text(&metadata, field, text);
  k8smi_edit_begin(&top, &pod->arena, pod->record);
  k8smi_edit_record(&top, K8SMI_Pod_metadata, k8smi_edit_end(&metadata));
  const struct k8smi_record *record = k8smi_edit_end(&top);
  if (record != NULL) pod->record = record;
  return record != NULL;
}

int k8sm_pod_with_uid(const struct k8sm_pod *pod, const char *uid, const struct k8sm_allocator *allocator,
                      struct k8sm_pod **ret, struct k8sm_diags *diags) {
  const struct k8sm_slice names[] = {k8sm_pod_namespace(pod), k8sm_pod_name(pod)};
  char made[K8SMI_UID_LEN + 1];
  if (uid == NULL) {
    k8smi_name_uid(names, sizeof names / sizeof names[0], made);
    uid = made;
  }
  if (uid[0] == '\0') {
    struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
    struct k8smi_path path = k8smi_path_field(&metadata, K8SMI_S("uid"));
    k8smi_find(diags, K8SM_DIAG_FIELD_REQUIRED, &path, "Required value");
    return K8SM_ERR_INVALID;
  }
  struct k8sm_pod *copy = K8SMI_VALUE_NEW(k8sm_pod, allocator, 0);
  if (copy == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_refs_init(&copy->refs);
  copy->record = pod->record;
  copy->base = k8smi_pod_hold(pod);
  if (!k8smi_pod_set_metadata(copy, K8SMI_ObjectMeta_uid, k8smi_s(uid))) {
    k8sm_pod_unref(copy);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  *ret = copy;
  return K8SM_OK;
}

/* What the document says it is must be a Pod of v1; without that the rest means little. */
static int pod_check_identity(struct k8smi_parse *p, struct k8sm_slice kind, struct k8sm_slice api_version) {
  const struct {
    struct k8sm_slice name, found, expected;
  } wanted[] = {{K8SMI_S("kind"), kind, K8SMI_S("Pod")}, {K8SMI_S("apiVersion"), api_version, K8SMI_S("v1")}};
  int r = K8SM_OK;
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    struct k8sm_slice found = wanted[i].found;
    struct k8smi_path path = k8smi_path_field(NULL, wanted[i].name);
    if (k8smi_eq(found, wanted[i].expected)) continue;
    r = K8SM_ERR_INVALID;
    if (found.len == 0) {
      k8smi_find(p->diags, K8SM_DIAG_FIELD_REQUIRED, &path, "Required value: expected \"%s\"",
                 wanted[i].expected.ptr);
    } else {
      k8smi_find(p->diags, K8SM_DIAG_KIND_UNKNOWN, &path, "found \"%.*s\", expected \"%s\"", K8SMI_P(found),
                 wanted[i].expected.ptr);
    }
  }
  return r;
}

/* After the one document there must be nothing. */
static int pod_check_end(struct k8smi_parse *p, struct k8smi_tokens *tokens) {
  struct k8smi_token t;
  int r = k8smi_tokens_next(tokens, &t, p->diags);
  if (r == K8SM_OK) r = k8smi_tokens_next_document(tokens, p->diags);
  if (r == K8SM_ERR_NOT_FOUND) return K8SM_OK;
  if (r == K8SM_OK) {
    k8smi_find(p->diags, K8SM_DIAG_FIELD_TOO_MANY, NULL, "found more than one document, expected one Pod");
    r = K8SM_ERR_INVALID;
  }
  return r;
}

/* The containers of a pod, of all kinds. */
static int pod_check_containers(struct k8smi_parse *p, const struct k8sm_pod *pod,
                                const struct k8smi_path *path) {
  static const uint8_t lists[] = {K8SMI_PodSpec_initContainers, K8SMI_PodSpec_containers,
                                  K8SMI_PodSpec_ephemeralContainers};
  const struct k8smi_record *spec = k8smi_get_record(pod->record, K8SMI_Pod_spec);
  size_t count = 0;
  for (size_t i = 0; i < sizeof lists; i++) count += k8smi_get_list(spec, lists[i]).count;
  if (count <= p->options.max_containers) return K8SM_OK;
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("spec"));
  k8smi_find(p->diags, K8SM_DIAG_TOO_LARGE, &at, "found %zu containers, expected at most %u", count,
             (unsigned)p->options.max_containers);
  return K8SM_ERR_LIMIT;
}

int k8smi_pod_complete(struct k8smi_parse *p, struct k8sm_pod *pod, const struct k8smi_path *path) {
  int r = pod_check_containers(p, pod, path);
  if (r == K8SM_OK) r = k8smi_parse_namespace(p, pod);
  if (r != K8SM_OK || (p->options.flags & K8SM_PARSE_NO_VALIDATE) != 0) return r;
  struct k8smi_validate_options o = {p->scratch.allocator, path, p->unread};
  return k8smi_validate_pod(pod->record, &o, p->diags);
}

static int pod_read_tokens(struct k8smi_parse *p, struct k8sm_slice input, uint32_t format,
                           struct k8sm_pod *pod) {
  struct k8smi_tokens *tokens = NULL;
  int r = k8smi_parse_tokens(p, input.ptr, input.len, format, 0, &tokens);
  if (r != K8SM_OK) return r;
  int wrong = k8smi_parse_record(p, tokens, &pod->arena, K8SMI_TYPE_Pod, NULL, &pod->record);
  if (wrong == K8SM_OK || wrong == K8SM_ERR_INVALID) {
    r = pod_check_end(p, tokens);
    if (r != K8SM_OK) wrong = r;
  }
  k8smi_tokens_free(tokens);
  return wrong;
}

static int pod_read_proto(struct k8smi_parse *p, struct k8sm_slice input, uint32_t format,
                          struct k8sm_pod *pod) {
  struct k8smi_envelope envelope = {K8SMI_S("v1"), K8SMI_S("Pod"), input};
  int r = format == K8SM_FORMAT_PROTOBUF ? k8smi_envelope_read(input, &envelope, p->diags) : K8SM_OK;
  if (r == K8SM_OK && !k8smi_eqs(envelope.kind, "Pod")) /* then its fields mean something else */
    return pod_check_identity(p, envelope.kind, envelope.api_version);
  return r == K8SM_OK ? k8smi_parse_message(p, &envelope, &pod->arena, K8SMI_TYPE_Pod, NULL, &pod->record)
                      : r;
}

static bool pod_is_proto(uint32_t format) {
  return format == K8SM_FORMAT_PROTOBUF || format == K8SM_FORMAT_PROTOBUF_BARE;
}

static int pod_read(struct k8smi_parse *p, struct k8sm_slice input, uint32_t format, struct k8sm_pod *pod) {
  bool proto = pod_is_proto(format);
  k8smi_arena_follow(&pod->arena, input.len);
  int wrong = proto ? pod_read_proto(p, input, format, pod) : pod_read_tokens(p, input, format, pod);
  if ((wrong != K8SM_OK && wrong != K8SM_ERR_INVALID) || pod->record == NULL) return wrong;
  int r = pod_check_identity(p, k8smi_get_str(pod->record, K8SMI_Pod_kind),
                             k8smi_get_str(pod->record, K8SMI_Pod_apiVersion));
  if (r == K8SM_OK) r = k8smi_parse_generate_name(p, pod, 0);
  if (r == K8SM_OK) r = k8smi_pod_complete(p, pod, NULL);
  if (r == K8SM_OK) r = wrong;
  return r == K8SM_OK && (p->options.flags & K8SM_PARSE_ADMISSION) != 0
             ? k8smi_pod_admit(pod, NULL, NULL, p->diags)
             : r;
}

int k8sm_pod_parse(const void *bytes, size_t len, const struct k8sm_parse_options *options,
                   struct k8sm_pod **ret, struct k8sm_diags *diags) {
  struct k8smi_parse p;
  struct k8sm_pod *pod = NULL;
  int r = k8smi_parse_init(&p, bytes, len, options, diags);
  if (r == K8SM_OK) {
    uint32_t format = k8smi_parse_format(&p, bytes, len);
    p.pod_bytes = POD_SMALL + (pod_is_proto(format) ? len : len / 2); /* what comes on top, the arena finds */
    r = k8smi_parse_new_pod(&p, &pod);
    if (r == K8SM_OK) r = pod_read(&p, (struct k8sm_slice){bytes, len}, format, pod);
  }
  k8smi_parse_free(&p);
  if (r == K8SM_OK) {
    *ret = pod;
  } else {
    k8sm_pod_unref(pod);
  }
  return r;
}
