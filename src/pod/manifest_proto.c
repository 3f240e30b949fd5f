/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

/* Objects of a manifest that come in protobuf: each in an envelope, those of typed lists without. */

int k8smi_manifest_record(const struct k8smi_object *object, struct k8smi_arena *arena, unsigned type,
                          const struct k8smi_record **ret) {
  enum k8smi_type_id id = (enum k8smi_type_id)type;
  return object->envelope == NULL
             ? k8smi_parse_record(object->parse, object->tokens, arena, id, object->path, ret)
             : k8smi_parse_message(object->parse, object->envelope, arena, id, object->path, ret);
}

int k8smi_manifest_envelope(const struct k8smi_object *like, const struct k8smi_envelope *envelope) {
  struct k8smi_object object = *like;
  object.tokens = NULL;
  object.envelope = envelope;
  object.kind = envelope->kind;
  object.api_version = envelope->api_version;
  return k8smi_manifest_object(&object);
}

/* An item of a List, which may hold anything: JSON, or an object in its envelope. */
static int manifest_any_item(const struct k8smi_object *list, const struct k8smi_object *item,
                             struct k8sm_slice bytes, size_t index) {
  struct k8smi_envelope envelope;
  struct k8sm_slice raw;
  struct k8sm_diags *diags = list->parse->diags;
  int r = k8smi_proto_raw(bytes, &raw, item->path, diags);
  if (r == K8SM_OK && !k8smi_is_envelope(raw)) return k8smi_manifest_item(list, raw, index);
  if (r == K8SM_OK) r = k8smi_envelope_read(raw, &envelope, diags);
  return r == K8SM_OK ? k8smi_manifest_envelope(item, &envelope) : r;
}

int k8smi_manifest_proto_item(const struct k8smi_object *list, struct k8sm_slice bytes, size_t index) {
  struct k8smi_path items = k8smi_path_field(list->path, K8SMI_S("items"));
  struct k8smi_path path = k8smi_path_index(&items, index);
  struct k8smi_envelope bare = {list->api_version, {NULL, 0}, bytes};
  struct k8smi_object item = *list;
  item.path = &path;
  item.lists++;
  return k8smi_manifest_list_of(list->kind, &bare.kind) ? k8smi_manifest_envelope(&item, &bare)
                                                        : manifest_any_item(list, &item, bytes, index);
}

int k8smi_manifest_proto_list(const struct k8smi_object *list) {
  struct k8sm_slice bytes;
  size_t at = 0;
  int wrong = K8SM_OK;
  for (size_t i = 0;; i++) {
    int r = k8smi_proto_list_next(list->envelope->object, &at, &bytes, list->parse->diags);
    if (r == K8SM_ERR_NOT_FOUND && i == 0) list->manifest->empty_list = true;
    if (r == K8SM_ERR_NOT_FOUND) return wrong;
    if (r != K8SM_OK) return r;
    r = k8smi_manifest_proto_item(list, bytes, i);
    if (r == K8SM_ERR_NOMEM || r == K8SM_ERR_LIMIT) return r;
    if (wrong == K8SM_OK) wrong = r;
  }
}
