/* SPDX-License-Identifier: Apache-2.0 */
/* An Offer.Operation on resources: each step consumes a part of them and puts another one in its place.
 * https://mesos.apache.org/documentation/latest/scheduler-http-api/#accept */
#include "base/abi.h"
#include "offer/resources.h"
#include "wire/number.h"

struct operation_job {
  struct k8smi_arena scratch;
  struct k8smi_bag left; /* the resources as they are so far */
  struct k8sm_diags *diags;
  const struct k8smi_path *path; /* of the resource */
};

static int operation_bad(const struct operation_job *job, const char *message) {
  k8smi_find(job->diags, K8SM_DIAG_FIELD_INVALID, job->path, "%s", message);
  return K8SM_ERR_INVALID;
}

static int operation_failed(const struct operation_job *job, int result) {
  return result == K8SM_OK ? result : k8smi_resources_failed(result, job->diags);
}

/* Another operation, or one without its part. */
static int operation_unsupported(const struct operation_job *job, const K8smMesos__Offer__Operation *m) {
  struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("type"));
  const char *name = k8smi_enum_name(&k8sm_mesos__offer__operation__type__descriptor, (int)m->type);
  k8smi_find(job->diags, K8SM_DIAG_MESSAGE_TYPE, &path,
             "an operation %s with nothing in it that changes resources", name == NULL ? "unknown" : name);
  return K8SM_ERR_UNSUPPORTED;
}

/* ---- Steps ---- */

static int operation_convert(struct operation_job *job, const struct k8smi_bag *consumed,
                             const struct k8smi_bag *converted) {
  const struct k8smi_lot *missing = k8smi_bag_missing(&job->left, consumed);
  if (missing != NULL) return k8smi_resources_lack(missing, job->diags);
  int r = k8smi_bag_subtract(&job->scratch, &job->left, consumed, &job->left);
  if (r == K8SM_OK) r = k8smi_bag_add(&job->scratch, &job->left, converted, &job->left);
  return operation_failed(job, r);
}

static int operation_convert_lot(struct operation_job *job, const struct k8smi_lot *consumed,
                                 const struct k8smi_lot *converted) {
  const struct k8smi_lot *sides[] = {consumed, converted};
  struct k8smi_bag bags[2];
  for (size_t i = 0; i < 2; i++) {
    struct k8smi_lot *lot = k8smi_arena_alloc(&job->scratch, sizeof *lot);
    if (lot == NULL) return operation_failed(job, K8SM_ERR_NOMEM);
    *lot = *sides[i];
    int r = k8smi_bag_make(&job->scratch, lot, 1, &bags[i]);
    if (r != K8SM_OK) return operation_failed(job, r);
  }
  return operation_convert(job, &bags[0], &bags[1]);
}

/* A copy of the lot whose identity can be changed. NULL when memory ran out. */
static K8smMesos__Resource *operation_change(struct operation_job *job, const struct k8smi_lot *lot,
                                             struct k8smi_lot *ret) {
  K8smMesos__Resource *identity = k8smi_arena_alloc(&job->scratch, sizeof *identity);
  if (identity == NULL) return NULL;
  *identity = *lot->identity;
  *ret = *lot;
  ret->identity = identity;
  return identity;
}

/* Without its finest reservation. */
static bool operation_pop(struct operation_job *job, const struct k8smi_lot *lot, struct k8smi_lot *ret) {
  K8smMesos__Resource *identity = operation_change(job, lot, ret);
  if (identity != NULL) identity->n_reservations--;
  return identity != NULL;
}

/* Without the persistent volume on it: the disk that it lies on. */
static bool operation_strip(struct operation_job *job, const struct k8smi_lot *lot, struct k8smi_lot *ret) {
  K8smMesos__Resource *identity = operation_change(job, lot, ret);
  if (identity == NULL) return false;
  identity->shared = NULL;
  if (identity->disk->source == NULL) {
    identity->disk = NULL;
  } else {
    K8smMesos__Resource__DiskInfo *disk = k8smi_arena_alloc(&job->scratch, sizeof *disk);
    if (disk == NULL) return false;
    *disk = *identity->disk;
    disk->persistence = NULL;
    disk->volume = NULL;
    identity->disk = disk;
  }
  ret->whole = k8smi_identity_whole(identity);
  return true;
}

/* ---- What the master asks of a resource ---- */

static bool operation_is_volume(const struct k8smi_lot *lot) {
  return lot->identity->disk != NULL && lot->identity->disk->persistence != NULL;
}

static const char *operation_dynamic(const struct operation_job *job, const struct k8smi_lot *lot) {
  const K8smMesos__Resource *m = lot->identity;
  (void)job;
  return m->n_reservations > 0 && m->reservations[m->n_reservations - 1]->type ==
                                      K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC
             ? NULL
             : "not dynamically reserved";
}

static const char *operation_releasable(const struct operation_job *job, const struct k8smi_lot *lot) {
  if (operation_is_volume(lot)) return "a persistent volume: it is destroyed before it is unreserved";
  return operation_dynamic(job, lot);
}

static const char *operation_volume(const struct operation_job *job, const struct k8smi_lot *lot) {
  (void)job;
  return operation_is_volume(lot) ? NULL : "not a persistent volume";
}

/* A volume's id is the only one in its role. */
static const char *operation_new_volume(const struct operation_job *job, const struct k8smi_lot *lot) {
  const char *wrong = operation_volume(job, lot);
  for (size_t i = 0; wrong == NULL && i < job->left.count; i++) {
    const struct k8smi_lot *other = &job->left.lots[i];
    if (!operation_is_volume(other)) continue;
    if (strcmp(other->identity->disk->persistence->id, lot->identity->disk->persistence->id) == 0 &&
        k8smi_eq(k8smi_resource_reservation(other->identity), k8smi_resource_reservation(lot->identity))) {
      wrong = "a persistent volume with an id that is there already";
    }
  }
  return wrong;
}

/* ---- Operations on lists of resources ---- */

struct operation_kind {
  const char *list;
  const char *(*wrong)(const struct operation_job *job, const struct k8smi_lot *lot);
  bool (*change)(struct operation_job *job, const struct k8smi_lot *lot, struct k8smi_lot *ret);
  bool makes; /* what the list says comes to be; else it ceases to be */
};

static const struct operation_kind operation_kind_reserve = {"reserve.resources", operation_dynamic,
                                                             operation_pop, true};
static const struct operation_kind operation_kind_unreserve = {"unreserve.resources", operation_releasable,
                                                               operation_pop, false};
static const struct operation_kind operation_kind_create = {"create.volumes", operation_new_volume,
                                                            operation_strip, true};
static const struct operation_kind operation_kind_destroy = {"destroy.volumes", operation_volume,
                                                             operation_strip, false};

static int operation_read_lot(struct operation_job *job, const K8smMesos__Resource *message,
                              struct k8smi_lot *ret) {
  struct k8smi_resource resource;
  bool failed;
  if (!k8smi_resource_read(&job->scratch, message, job->path, &resource, &failed, job->diags)) {
    return failed ? operation_failed(job, K8SM_ERR_NOMEM) : K8SM_ERR_INVALID;
  }
  return k8smi_lot_make(&job->scratch, &resource, ret) ? K8SM_OK : operation_failed(job, K8SM_ERR_NOMEM);
}

static int operation_item(struct operation_job *job, const struct operation_kind *kind,
                          const K8smMesos__Resource *message) {
  struct k8smi_lot lot, other;
  int r = operation_read_lot(job, message, &lot);
  if (r != K8SM_OK) return r;
  const char *wrong = kind->wrong(job, &lot);
  if (wrong != NULL) return operation_bad(job, wrong);
  if (!kind->change(job, &lot, &other)) return operation_failed(job, K8SM_ERR_NOMEM);
  r = kind->makes ? operation_convert_lot(job, &other, &lot) : operation_convert_lot(job, &lot, &other);
  if (r != K8SM_OK || kind->makes) return r;
  const struct k8smi_bag gone = {&lot, 1};
  return lot.whole && k8smi_bag_missing(&job->left, &gone) == NULL
             ? operation_bad(job, "there are more copies of this shared volume")
             : K8SM_OK;
}

static int operation_list(struct operation_job *job, const struct operation_kind *kind,
                          K8smMesos__Resource *const *messages, size_t count) {
  struct k8smi_path list = k8smi_path_field(NULL, k8smi_s(kind->list));
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < count; i++) {
    struct k8smi_path path = k8smi_path_index(&list, i);
    job->path = &path;
    r = operation_item(job, kind, messages[i]);
  }
  return r;
}

/* RESERVE that names its source: any reservation becomes any other one. */
static int operation_rereserve(struct operation_job *job, const K8smMesos__Offer__Operation__Reserve *m) {
  struct k8smi_path sources = k8smi_path_field(NULL, K8SMI_S("reserve.source"));
  struct k8smi_path targets = k8smi_path_field(NULL, K8SMI_S("reserve.resources"));
  struct k8smi_bag from, to;
  int r = k8smi_resources_read(&job->scratch, m->source, m->n_source, &sources, &from, job->diags);
  if (r == K8SM_OK) {
    r = k8smi_resources_read(&job->scratch, m->resources, m->n_resources, &targets, &to, job->diags);
  }
  if (r != K8SM_OK) return r;
  bool same = from.count == to.count;
  job->path = &targets;
  for (size_t i = 0; i < to.count; i++) {
    const char *wrong = operation_dynamic(job, &to.lots[i]);
    if (wrong != NULL) return operation_bad(job, wrong);
    same = same && k8smi_identity_compare(from.lots[i].identity, to.lots[i].identity, false) == 0 &&
           k8smi_value_compare(&from.lots[i].value, &to.lots[i].value) == 0 &&
           from.lots[i].count == to.lots[i].count;
  }
  return same ? operation_convert(job, &from, &to)
              : operation_bad(job, "not the same resources, reservations aside, as the source");
}

/* ---- Operations on the size of a volume ---- */

static const char *operation_resizable(const struct operation_job *job, const struct k8smi_lot *volume) {
  const char *wrong = operation_volume(job, volume);
  if (wrong != NULL) return wrong;
  if (volume->identity->provider_id != NULL) return "a volume of a resource provider keeps its size";
  return volume->identity->shared != NULL ? "a shared volume keeps its size" : NULL;
}

/* The volume, the disk that it lies on, and what the operation says of either. */
static int operation_resize(struct operation_job *job, const K8smMesos__Resource *message,
                            struct k8smi_lot *volume, struct k8smi_lot *disk) {
  int r = operation_read_lot(job, message, volume);
  if (r != K8SM_OK) return r;
  const char *wrong = operation_resizable(job, volume);
  if (wrong != NULL) return operation_bad(job, wrong);
  if (!operation_strip(job, volume, disk)) return operation_failed(job, K8SM_ERR_NOMEM);
  return disk->whole ? operation_bad(job, "a volume on a disk that can't be divided keeps its size")
                     : K8SM_OK;
}

/* `small` and `rest` become `large`, or the other way round. */
static int operation_join(struct operation_job *job, const struct k8smi_lot *small,
                          const struct k8smi_lot *rest, const struct k8smi_lot *large, bool grow) {
  struct k8smi_lot parts[2] = {*small, *rest}, whole = *large;
  struct k8smi_bag many, one;
  int r = k8smi_bag_make(&job->scratch, parts, 2, &many);
  if (r == K8SM_OK) r = k8smi_bag_make(&job->scratch, &whole, 1, &one);
  if (r != K8SM_OK) return operation_failed(job, r);
  return grow ? operation_convert(job, &many, &one) : operation_convert(job, &one, &many);
}

static int operation_grow(struct operation_job *job, const K8smMesos__Offer__Operation *operation) {
  const K8smMesos__Offer__Operation__GrowVolume *m = operation->grow_volume;
  struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("grow_volume.volume"));
  struct k8smi_path addition = k8smi_path_field(NULL, K8SMI_S("grow_volume.addition"));
  struct k8smi_lot volume, disk, more;
  if (m == NULL) return operation_unsupported(job, operation);
  job->path = &path;
  int r = operation_resize(job, m->volume, &volume, &disk);
  if (r != K8SM_OK) return r;
  job->path = &addition;
  r = operation_read_lot(job, m->addition, &more);
  if (r != K8SM_OK) return r;
  if (k8smi_lot_compare(&disk, &more) != 0)
    return operation_bad(job, "not of the disk that the volume lies on");
  if (more.value.milli == 0) return operation_bad(job, "nothing");
  struct k8smi_lot large = volume;
  large.value.milli += more.value.milli;
  return operation_join(job, &volume, &more, &large, true);
}

static int operation_shrink(struct operation_job *job, const K8smMesos__Offer__Operation *operation) {
  const K8smMesos__Offer__Operation__ShrinkVolume *m = operation->shrink_volume;
  struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("shrink_volume.volume"));
  struct k8smi_path subtract = k8smi_path_field(NULL, K8SMI_S("shrink_volume.subtract"));
  struct k8smi_lot volume, freed;
  if (m == NULL) return operation_unsupported(job, operation);
  job->path = &path;
  int r = operation_resize(job, m->volume, &volume, &freed);
  if (r != K8SM_OK) return r;
  job->path = &subtract;
  if (!k8smi_milli_of_double(m->subtract->value, &freed.value.milli) || freed.value.milli <= 0 ||
      freed.value.milli >= volume.value.milli) {
    return operation_bad(job, "not more than nothing and less than the volume");
  }
  struct k8smi_lot small = volume;
  small.value.milli -= freed.value.milli;
  return operation_join(job, &small, &freed, &volume, false);
}

/* ---- The call ---- */

static int operation_reserve(struct operation_job *job, const K8smMesos__Offer__Operation *m) {
  if (m->reserve == NULL) return operation_unsupported(job, m);
  if (m->reserve->n_source > 0) return operation_rereserve(job, m->reserve);
  return operation_list(job, &operation_kind_reserve, m->reserve->resources, m->reserve->n_resources);
}

static int operation_unreserve(struct operation_job *job, const K8smMesos__Offer__Operation *m) {
  if (m->unreserve == NULL) return operation_unsupported(job, m);
  return operation_list(job, &operation_kind_unreserve, m->unreserve->resources, m->unreserve->n_resources);
}

static int operation_create(struct operation_job *job, const K8smMesos__Offer__Operation *m) {
  if (m->create == NULL) return operation_unsupported(job, m);
  return operation_list(job, &operation_kind_create, m->create->volumes, m->create->n_volumes);
}

static int operation_destroy(struct operation_job *job, const K8smMesos__Offer__Operation *m) {
  if (m->destroy == NULL) return operation_unsupported(job, m);
  return operation_list(job, &operation_kind_destroy, m->destroy->volumes, m->destroy->n_volumes);
}

static int operation_run(struct operation_job *job, const K8smMesos__Offer__Operation *m) {
  static const struct {
    K8smMesos__Offer__Operation__Type type;
    int (*run)(struct operation_job *job, const K8smMesos__Offer__Operation *m);
  } operations[] = {
      {K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE, operation_reserve},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__UNRESERVE, operation_unreserve},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE, operation_create},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY, operation_destroy},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__GROW_VOLUME, operation_grow},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__SHRINK_VOLUME, operation_shrink},
  };
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    if (m->type == operations[i].type) return operations[i].run(job, m);
  }
  return operation_unsupported(job, m);
}

int k8sm_resources_apply(const struct k8sm_resources *resources, const void *bytes, size_t len,
                         const struct k8sm_resources_options *options, struct k8sm_resources **ret,
                         struct k8sm_diags *diags) {
  struct k8sm_resources_options o;
  struct operation_job job = {.left = resources->bag, .diags = diags};
  ProtobufCMessage *message;
  int r = k8smi_options_read(&o, sizeof o, options, "resources_options", diags);
  if (r != K8SM_OK) return r;
  if (!k8smi_arena_init(&job.scratch, o.allocator, k8smi_offer_limit(o.max_memory))) {
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  r = k8smi_message_read(&job.scratch, o.format, &k8sm_mesos__offer__operation__descriptor, bytes, len,
                         &message, diags);
  if (r == K8SM_OK) r = operation_run(&job, (const K8smMesos__Offer__Operation *)message);
  if (r == K8SM_OK) r = k8smi_resources_make(&job.left, o.allocator, ret, diags);
  k8smi_arena_free(&job.scratch);
  return r;
}
