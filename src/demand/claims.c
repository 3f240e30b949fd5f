/* SPDX-License-Identifier: Apache-2.0 */
/* Persistent volumes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ and
 * https://mesos.apache.org/documentation/latest/persistent-volume/. A claim becomes a volume of an agent,
 * which the executor holds; what mounts it sees it in the executor's sandbox. A claim by name outlives its
 * pods; one of a template in the pod is the pod's own. */
#include "demand/build.h"

#include "wire/id.h"
#include "pod/quantity.h"

#define CLAIM_PATH "claim-"

/* What a claim's spec says; absent is empty. */
struct claim_spec {
  struct k8sm_slice storage, storage_class, mode, access, volume, source, selector, attributes;
};

static bool claim_is(const struct k8smi_record *volume) {
  return k8smi_has(volume, K8SMI_Volume_persistentVolumeClaim) || k8smi_has(volume, K8SMI_Volume_ephemeral);
}

/* Two texts with something between them, in the demand's memory. */
static struct k8sm_slice claim_join(struct k8smi_demand_build *b, struct k8sm_slice a, const char *between,
                                    struct k8sm_slice c) {
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return a;
  }
  k8smi_buf_slice(&buf, a);
  k8smi_buf_puts(&buf, between);
  k8smi_buf_slice(&buf, c);
  return k8smi_demand_take(b, &buf);
}

/* "data-db-*" of "data-db-3", which stands for the claims of all pods of a StatefulSet; empty: it is of none.
 */
static struct k8sm_slice claim_of_each(struct k8smi_demand_build *b, struct k8sm_slice name) {
  size_t n = name.len;
  while (n > 0 && name.ptr[n - 1] >= '0' && name.ptr[n - 1] <= '9') n--;
  if (n == name.len || n < 2 || name.ptr[n - 1] != '-') return (struct k8sm_slice){NULL, 0};
  return claim_join(b, (struct k8sm_slice){name.ptr, n - 1}, K8SMI_DATA_EACH, (struct k8sm_slice){NULL, 0});
}

/* The rows that were handed in for a claim by name. */
static bool claim_read_rows(struct k8smi_demand_build *b, struct k8sm_slice name, struct claim_spec *ret) {
  const struct {
    struct k8sm_slice key;
    struct k8sm_slice *to;
  } keys[] = {
      {K8SMI_S("storage"), &ret->storage},   {K8SMI_S("storageClassName"), &ret->storage_class},
      {K8SMI_S("volumeMode"), &ret->mode},   {K8SMI_S("accessModes"), &ret->access},
      {K8SMI_S("volumeName"), &ret->volume}, {K8SMI_S("dataSource"), &ret->source},
      {K8SMI_S("selector"), &ret->selector}, {K8SMI_S("volumeAttributesClassName"), &ret->attributes}};
  struct k8smi_data_row *const *rows;
  if (k8smi_data_object(&b->resolve.data, K8SMI_DATA_CLAIM, name, &rows) == 0) {
    name = claim_of_each(b, name);
    if (k8smi_data_object(&b->resolve.data, K8SMI_DATA_CLAIM, name, &rows) == 0) return false;
  }
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const struct k8smi_data_row *row = k8smi_data_key(&b->resolve.data, K8SMI_DATA_CLAIM, name, keys[i].key);
    if (row != NULL) *keys[i].to = row->d.value;
  }
  return true;
}

/* Modes of access that are about more than one agent. */
static bool claim_is_shared(struct k8sm_slice access) {
  static const char many[] = "Many";
  for (size_t i = 0; i + sizeof many - 1 <= access.len; i++) {
    if (memcmp(access.ptr + i, many, sizeof many - 1) == 0) return true;
  }
  return false;
}

static void claim_read_template(const struct k8smi_record *ephemeral, struct claim_spec *ret) {
  const struct k8smi_record *template =
      k8smi_get_record(ephemeral, K8SMI_EphemeralVolumeSource_volumeClaimTemplate);
  const struct k8smi_record *spec = k8smi_get_record(template, K8SMI_PersistentVolumeClaimTemplate_spec);
  const struct k8smi_record *resources = k8smi_get_record(spec, K8SMI_PersistentVolumeClaimSpec_resources);
  struct k8smi_list modes = k8smi_get_list(spec, K8SMI_PersistentVolumeClaimSpec_accessModes);
  ret->storage = k8smi_get_pair(resources, K8SMI_VolumeResourceRequirements_requests, "storage");
  ret->storage_class = k8smi_get_str(spec, K8SMI_PersistentVolumeClaimSpec_storageClassName);
  ret->mode = k8smi_get_str(spec, K8SMI_PersistentVolumeClaimSpec_volumeMode);
  for (size_t i = 0; i < modes.count; i++) {
    if (claim_is_shared(k8smi_list_str(modes, i))) ret->access = k8smi_list_str(modes, i);
  }
}

/* What a claim by name says of volumes that are there already; of a template the rules of its fields tell. */
static void claim_check_source(struct k8smi_demand_build *b, const struct claim_spec *spec,
                               const struct k8smi_path *path) {
  if (spec->source.len > 0)
    k8smi_demand_cannot(b, path, "the claim is to be a copy of %.*s: a volume on an agent begins empty",
                        K8SMI_P(spec->source));
  if (spec->volume.len > 0)
    K8SMI_DEMAND_WARN(b, IGNORED, path,
                      "the claim is bound to volume '%.*s', which is not on Mesos: a new one is made",
                      K8SMI_P(spec->volume));
  if (spec->selector.len > 0)
    K8SMI_DEMAND_WARN(b, IGNORED, path,
                      "the claim selects among volumes that are there, and none are: one is made");
  if (spec->attributes.len > 0)
    K8SMI_DEMAND_WARN(b, IGNORED, path,
                      "the claim's volumeAttributesClassName '%.*s': volumes of an agent have "
                      "no attributes",
                      K8SMI_P(spec->attributes));
}

static void claim_check(struct k8smi_demand_build *b, const struct claim_spec *spec,
                        struct k8sm_demand_volume *row, const struct k8smi_path *path) {
  struct k8smi_amount size = {0, 0};
  if (k8smi_eqs(spec->mode, "Block"))
    k8smi_demand_refuse(b, path, "volumeMode Block: Mesos mounts no block devices");
  if (!k8smi_quantity_amount(spec->storage, &size) || k8smi_amount_value(size) <= 0)
    k8smi_demand_refuse(b, path, "the claim requests no storage");
  row->milli = k8smi_amount_mb_milli(size);
  if (!k8smi_id_valid(row->id))
    k8smi_demand_refuse(b, path, "'%.*s' is no id that Mesos accepts for a volume", K8SMI_P(row->id));
  if (claim_is_shared(spec->access)) {
    K8SMI_DEMAND_WARN(b, APPROXIMATED, path,
                      "the claim is to be shared: the volume is on one agent, and one pod at a time has it");
  }
  claim_check_source(b, spec, path);
}

/* False: it is not there to be claimed, or of another kind. */
static bool claim_fill(struct k8smi_demand_build *b, const struct k8smi_record *volume,
                       const struct k8smi_path *path, struct k8smi_demand_volume *to) {
  const struct k8smi_record *named = k8smi_get_record(volume, K8SMI_Volume_persistentVolumeClaim);
  const struct k8smi_record *own = k8smi_get_record(volume, K8SMI_Volume_ephemeral);
  struct k8smi_path at =
      k8smi_path_field(path, named != NULL ? K8SMI_S("persistentVolumeClaim") : K8SMI_S("ephemeral"));
  struct claim_spec spec = {0};
  struct k8sm_demand_volume *row = &to->row;
  const struct k8sm_demand *d = b->demand;
  row->name = k8smi_get_str(volume, K8SMI_Volume_name);
  if (named != NULL) {
    struct k8sm_slice name = k8smi_get_str(named, K8SMI_PersistentVolumeClaimVolumeSource_claimName);
    if (!claim_read_rows(b, name, &spec)) {
      struct k8smi_path name_at = k8smi_path_field(&at, K8SMI_S("claimName"));
      k8smi_resolve_no_object(&b->resolve, K8SMI_DATA_CLAIM, name, &name_at);
      return false;
    }
    row->claim = claim_join(b, d->name_space, "/", name);
    row->id = claim_join(b, d->name_space, ".", name);
  } else {
    claim_read_template(own, &spec);
    row->claim = K8SMI_S("");
    row->id = claim_join(b, d->uid, ".", row->name);
  }
  row->storage_class = k8smi_demand_copy(b, spec.storage_class);
  to->path = claim_join(b, K8SMI_S(CLAIM_PATH), "", row->name);
  claim_check(b, &spec, row, &at);
  k8smi_demand_make_storage(b, to, &at);
  return true;
}

/* The first of them with this id, up to the last one: two volumes of a pod may name one claim. */
static const struct k8smi_demand_volume *claim_find(const struct k8smi_demand_volume *items, size_t last,
                                                    struct k8sm_slice id) {
  size_t i = 0;
  while (i < last && !k8smi_eq(items[i].row.id, id)) i++;
  return &items[i];
}

void k8smi_demand_make_claims(struct k8smi_demand_build *b) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list_path = k8smi_path_field(&spec, K8SMI_S("volumes"));
  struct k8smi_list list = k8smi_get_list(b->spec, K8SMI_PodSpec_volumes);
  struct k8sm_demand *d = b->demand;
  size_t count = 0;
  for (size_t i = 0; i < list.count; i++) count += claim_is(k8smi_list_record(list, i));
  if (count > K8SMI_VOLUMES_MAX) {
    k8smi_demand_refuse(b, &list_path, "claims more than %d persistent volumes", K8SMI_VOLUMES_MAX);
    return;
  }
  struct k8smi_demand_volume *items = k8smi_demand_array(b, count, sizeof *items);
  b->claims = k8smi_demand_array(b, count == 0 ? 0 : list.count, sizeof *b->claims);
  for (size_t i = 0; items != NULL && b->claims != NULL && i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    const struct k8smi_record *volume = k8smi_list_record(list, i);
    if (!claim_is(volume) || !claim_fill(b, volume, &at, &items[d->volume_count])) continue;
    b->claims[i] = claim_find(items, d->volume_count, items[d->volume_count].row.id);
    d->volume_count += b->claims[i] == &items[d->volume_count];
  }
  d->volumes = items;
}

const struct k8smi_demand_volume *k8smi_demand_claimed(const struct k8smi_demand_build *b, size_t volume) {
  return b->claims == NULL ? NULL : b->claims[volume];
}
