/* SPDX-License-Identifier: Apache-2.0 */
/* One Resource message: its value in fixed point or normal form, and who may spend it. */
#include "offer/offer.h"
#include "base/buf.h"
#include "offer/rules.h"
#include "wire/number.h"

static const struct {
  struct k8sm_slice name;
  uint8_t type;
} resource_kinds[] = {
    [K8SMI_CPUS] = {{"cpus", 4}, K8SM_RESOURCE_SCALAR},
    [K8SMI_MEM] = {{"mem", 3}, K8SM_RESOURCE_SCALAR},
    [K8SMI_DISK] = {{"disk", 4}, K8SM_RESOURCE_SCALAR},
    [K8SMI_PORTS] = {{"ports", 5}, K8SM_RESOURCE_RANGES},
};

struct resource_job {
  struct k8smi_arena *arena;
  const K8smMesos__Resource *message;
  const struct k8smi_path *path;
  struct k8sm_diags *diags;
  bool failed; /* memory */
};

static bool resource_bad(const struct resource_job *job, const char *field, const char *message) {
  struct k8smi_path path = k8smi_path_field(job->path, k8smi_s(field));
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "%s", message);
  return false;
}

/* With the role that it is about, if it is about one. */
static bool resource_bad_place(const struct resource_job *job, const struct k8smi_rules_place *place,
                               const char *message) {
  if (place->found == NULL) return resource_bad(job, place->field, message);
  struct k8smi_path path = k8smi_path_field(job->path, k8smi_s(place->field));
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "'%s': %s", place->found, message);
  return false;
}

/* With the type that it has. */
static bool resource_bad_type(const struct resource_job *job, const char *expected) {
  const K8smMesos__Resource *m = job->message;
  struct k8smi_path path = k8smi_path_field(job->path, K8SMI_S("type"));
  const char *found = k8smi_enum_name(&k8sm_mesos__value__type__descriptor, (int)m->type);
  if (found == NULL)
    k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "%d: expected %s", (int)m->type, expected);
  else
    k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "%s: expected %s", found, expected);
  return false;
}

/* With the value, as JSON has it. */
static bool resource_bad_scalar(const struct resource_job *job, double value) {
  struct k8smi_path scalar = k8smi_path_field(job->path, K8SMI_S("scalar"));
  struct k8smi_path path = k8smi_path_field(&scalar, K8SMI_S("value"));
  char lent[64];
  struct k8smi_buf text;
  k8smi_buf_init(&text, &job->arena->allocator);
  k8smi_buf_lend(&text, lent, sizeof lent);
  k8smi_put_double(&text, value);
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "%.*s: expected a number from 0 to 1000000000000",
             (int)text.len, text.ptr);
  k8smi_buf_free(&text);
  return false;
}

static bool resource_scalar(struct resource_job *job, struct k8smi_resource *ret) {
  const K8smMesos__Value__Scalar *scalar = job->message->scalar;
  if (scalar == NULL) return resource_bad(job, "scalar", "a SCALAR resource without a scalar");
  bool fine = k8smi_milli_of_double(scalar->value, &ret->milli) && ret->milli <= K8SMI_SCALAR_MAX;
  return (fine && scalar->value >= 0) || resource_bad_scalar(job, scalar->value);
}

static bool resource_ranges(struct resource_job *job, struct k8smi_resource *ret) {
  static const char *const words[] = {
      [K8SMI_RANGES_REVERSED] = "ends before it begins",
      [K8SMI_RANGES_OVERLAP] = "overlaps another range of the resource",
  };
  const K8smMesos__Value__Ranges *ranges = job->message->ranges;
  if (ranges == NULL) return resource_bad(job, "ranges", "a RANGES resource without ranges");
  ret->ranges.items = k8smi_arena_array(job->arena, ranges->n_range, sizeof *ret->ranges.items);
  job->failed = ret->ranges.items == NULL;
  if (job->failed) return false;
  ret->ranges.count = ranges->n_range;
  for (size_t i = 0; i < ranges->n_range; i++) {
    ret->ranges.items[i] = (struct k8smi_range){ranges->range[i]->begin, ranges->range[i]->end};
  }
  struct k8smi_range bad;
  int wrong = k8smi_ranges_normalise(&ret->ranges, &bad);
  if (wrong == K8SMI_RANGES_FINE) return true;
  struct k8smi_path path = k8smi_path_field(job->path, K8SMI_S("ranges"));
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "the range %llu-%llu %s",
             (unsigned long long)bad.begin, (unsigned long long)bad.end, words[wrong]);
  return false;
}

static bool resource_set(struct resource_job *job, struct k8smi_resource *ret) {
  const K8smMesos__Value__Set *set = job->message->set;
  if (set == NULL) return resource_bad(job, "set", "a SET resource without a set");
  ret->set.items = k8smi_arena_array(job->arena, set->n_item, sizeof *ret->set.items);
  job->failed = ret->set.items == NULL;
  if (job->failed) return false;
  ret->set.count = set->n_item;
  for (size_t i = 0; i < set->n_item; i++) ret->set.items[i] = k8smi_s(set->item[i]);
  struct k8sm_slice twice;
  if (k8smi_items_normalise(&ret->set, &twice)) return true;
  struct k8smi_path path = k8smi_path_field(job->path, K8SMI_S("set.item"));
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "'%.*s' stands there twice: expected each item once",
             K8SMI_P(twice));
  return false;
}

/* It has several values: one of them is not of its type. */
static bool resource_bad_values(const struct resource_job *job, uint8_t type) {
  const struct {
    const char *field;
    uint8_t type;
    const void *value;
  } values[] = {{"scalar", K8SM_RESOURCE_SCALAR, job->message->scalar},
                {"ranges", K8SM_RESOURCE_RANGES, job->message->ranges},
                {"set", K8SM_RESOURCE_SET, job->message->set}};
  const struct k8sm_slice name = k8smi_s(job->message->name);
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    if (values[i].value == NULL || values[i].type == type) continue;
    struct k8smi_path path = k8smi_path_field(job->path, k8smi_s(values[i].field));
    k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path,
               "is there, and %.*s is %s: expected a value of that type, and no other", K8SMI_P(name),
               k8smi_enum_name(&k8sm_mesos__value__type__descriptor, (int)job->message->type));
    break;
  }
  return false;
}

static bool resource_value(struct resource_job *job, struct k8smi_resource *ret) {
  static const struct {
    uint8_t type;
    bool (*read)(struct resource_job *job, struct k8smi_resource *ret);
  } types[] = {
      [K8SM_MESOS__VALUE__TYPE__SCALAR] = {K8SM_RESOURCE_SCALAR, resource_scalar},
      [K8SM_MESOS__VALUE__TYPE__RANGES] = {K8SM_RESOURCE_RANGES, resource_ranges},
      [K8SM_MESOS__VALUE__TYPE__SET] = {K8SM_RESOURCE_SET, resource_set},
  };
  const K8smMesos__Resource *m = job->message;
  size_t type = (size_t)m->type;
  if (type >= sizeof types / sizeof types[0]) {
    return resource_bad_type(job, "SCALAR, RANGES or SET");
  }
  ret->type = types[type].type;
  if (ret->kind != K8SMI_OTHER && ret->type != resource_kinds[ret->kind].type) {
    return resource_bad_type(job, ret->kind == K8SMI_PORTS ? "RANGES, as ports are"
                                                           : "SCALAR, as cpus, mem and disk are");
  }
  if ((m->scalar != NULL) + (m->ranges != NULL) + (m->set != NULL) > 1)
    return resource_bad_values(job, ret->type);
  return types[type].read(job, ret);
}

static bool resource_label_is(const K8smMesos__Label *label, const char *key) {
  return k8smi_eqs(k8smi_s(label->key), key);
}

/* Labels say that a reservation is somebody's in particular: the owner's if the label is ours; else that of
 * pods which ask for it. What is for a claim is disk for its volume. */
static void resource_owner(const K8smMesos__Labels *labels, struct k8smi_resource *ret) {
  bool ours = false;
  if (labels == NULL || labels->n_labels == 0) return;
  ret->spend = K8SMI_SPEND_LABELLED;
  ret->owner = (struct k8sm_slice){NULL, 0};
  for (size_t i = 0; i < labels->n_labels; i++) {
    const K8smMesos__Label *label = labels->labels[i];
    ret->claimed |= resource_label_is(label, K8SMI_CLAIM_LABEL);
    ours |= resource_label_is(label, K8SMI_FRAMEWORK_LABEL);
    if (!resource_label_is(label, K8SMI_OWNER_LABEL) || label->value == NULL) continue;
    ret->owner = k8smi_s(label->value);
    ret->spend = K8SMI_SPEND_OWNED;
  }
  if (ret->spend == K8SMI_SPEND_LABELLED && (ours || ret->claimed)) ret->spend = K8SMI_SPEND_NEVER;
}

/* The stack `reservations` of RESERVATION_REFINEMENT, the finest last; or the two fields before it. */
struct k8sm_slice k8smi_resource_reservation(const K8smMesos__Resource *message) {
  if (message->n_reservations > 0) return k8smi_s(message->reservations[message->n_reservations - 1]->role);
  return k8smi_s(k8smi_rules_old_role(message));
}

static bool resource_reserved(struct resource_job *job, struct k8smi_resource *ret) {
  const K8smMesos__Resource *m = job->message;
  struct k8smi_rules_place place;
  ret->spend = K8SMI_SPEND_UNRESERVED;
  if (k8smi_rules_plain(m)) return true;
  const char *broken = k8smi_rules_broken(m, &place);
  if (broken != NULL) return resource_bad_place(job, &place, broken);
  if (k8smi_resource_reservation(m).len > 0) ret->spend = K8SMI_SPEND_RESERVED;
  for (size_t i = 0; i < m->n_reservations; i++) resource_owner(m->reservations[i]->labels, ret);
  if (m->n_reservations == 0 && m->reservation != NULL) resource_owner(m->reservation->labels, ret);
  return true;
}

static uint8_t resource_kind(struct k8sm_slice name) {
  uint8_t kind = 0;
  while (kind < K8SMI_OTHER && !k8smi_eq(name, resource_kinds[kind].name)) kind++;
  return kind;
}

/* A disk of its own: what a volume can be made of, by its storage class. */
static bool resource_is_disk(const struct k8smi_resource *r) {
  const K8smMesos__Resource__DiskInfo *disk = r->message->disk;
  if (disk == NULL || disk->source == NULL || disk->persistence != NULL || disk->volume != NULL) return false;
  return k8smi_resource_is_free(r) &&
         (disk->source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__PATH ||
          disk->source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT);
}

static bool resource_is_spent(const struct k8smi_resource *r) {
  const K8smMesos__Resource *m = r->message;
  return m->revocable == NULL && m->shared == NULL && m->provider_id == NULL &&
         (r->kind != K8SMI_OTHER || r->type == K8SM_RESOURCE_SCALAR);
}

static bool resource_says_more(const K8smMesos__Resource__ReservationInfo *info) {
  return (info->principal != NULL && info->principal[0] != '\0') ||
         (info->labels != NULL && info->labels->n_labels > 0);
}

static bool resource_is_wishable(const struct k8smi_resource *r) {
  const K8smMesos__Resource *m = r->message;
  bool more = m->n_reservations == 0 && m->reservation != NULL && resource_says_more(m->reservation);
  if (r->spend != K8SMI_SPEND_LABELLED && r->spend != K8SMI_SPEND_RESERVED) return false;
  for (size_t i = 0; i < m->n_reservations; i++) more = more || resource_says_more(m->reservations[i]);
  return more;
}

bool k8smi_resource_read(struct k8smi_arena *arena, const K8smMesos__Resource *message,
                         const struct k8smi_path *path, struct k8smi_resource *ret, bool *ret_failed,
                         struct k8sm_diags *diags) {
  struct resource_job job = {arena, message, path, diags, false};
  memset(ret, 0, sizeof *ret);
  struct k8sm_slice name = k8smi_s(message->name);
  ret->message = message;
  ret->kind = resource_kind(name);
  bool fine = name.len != 0 || resource_bad(&job, "name", "a resource without a name");
  fine = fine && resource_value(&job, ret) && resource_reserved(&job, ret);
  if (fine && message->disk != NULL)
    ret->spend = resource_is_disk(ret) ? K8SMI_SPEND_DISK : K8SMI_SPEND_NEVER;
  if (!resource_is_spent(ret)) ret->spend = K8SMI_SPEND_NEVER;
  ret->wishable = resource_is_wishable(ret);
  *ret_failed = job.failed;
  return fine;
}

int64_t k8smi_resource_amount(const K8smMesos__Resource *message) {
  int64_t milli = 0, elements = 0;
  if (message->scalar != NULL && !k8smi_milli_of_double(message->scalar->value, &milli)) return 0;
  for (size_t i = 0; message->ranges != NULL && i < message->ranges->n_range; i++) {
    const K8smMesos__Value__Range *range = message->ranges->range[i];
    elements += (int64_t)(range->end - range->begin) + 1;
  }
  if (message->set != NULL) elements += (int64_t)message->set->n_item;
  return milli + 1000 * elements;
}
