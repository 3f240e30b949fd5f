/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

/* Resources as a master prints them in its answers:
 * "disk(allocated: r)(reservations: [(DYNAMIC,r,principal,{key: value})])[PATH:/mnt,id:path]:100". */

static void words_labels(struct k8smi_buf *buf, const K8smMesos__Labels *labels) {
  k8smi_buf_putc(buf, '{');
  for (size_t i = 0; labels != NULL && i < labels->n_labels; i++) {
    k8smi_buf_puts(buf, i > 0 ? ", " : "");
    k8smi_buf_puts(buf, labels->labels[i]->key);
    if (labels->labels[i]->value == NULL) continue;
    k8smi_buf_puts(buf, ": ");
    k8smi_buf_puts(buf, labels->labels[i]->value);
  }
  k8smi_buf_putc(buf, '}');
}

static void words_reservation(struct k8smi_buf *buf, const K8smMesos__Resource__ReservationInfo *r) {
  const char *type =
      k8smi_enum_name(&k8sm_mesos__resource__reservation_info__type__descriptor,
                      r->has_type ? (int)r->type : K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__UNKNOWN);
  k8smi_buf_puts(buf, type == NULL ? "UNKNOWN" : type);
  k8smi_buf_putc(buf, ',');
  k8smi_buf_puts(buf, r->role == NULL ? "" : r->role);
  if (r->principal != NULL) {
    k8smi_buf_putc(buf, ',');
    k8smi_buf_puts(buf, r->principal);
  }
  if (r->labels != NULL) {
    k8smi_buf_putc(buf, ',');
    words_labels(buf, r->labels);
  }
}

static void words_source(struct k8smi_buf *buf, const K8smMesos__Resource__DiskInfo__Source *source) {
  const char *type =
      k8smi_enum_name(&k8sm_mesos__resource__disk_info__source__type__descriptor, source->type);
  const char *root = NULL;
  k8smi_buf_puts(buf, type == NULL ? "UNKNOWN" : type);
  if (source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__UNKNOWN) return;
  if (source->id != NULL || source->profile != NULL) {
    const char *const csi[] = {"(", source->vendor, ",", source->id, ",", source->profile, ")"};
    for (size_t i = 0; i < sizeof(csi) / sizeof(csi[0]); i++)
      k8smi_buf_puts(buf, csi[i] == NULL ? "" : csi[i]);
    return;
  }
  if (source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT && source->mount != NULL)
    root = source->mount->root;
  if (source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__PATH && source->path != NULL)
    root = source->path->root;
  k8smi_buf_puts(buf, root == NULL ? "" : ":");
  k8smi_buf_puts(buf, root == NULL ? "" : root);
}

static void words_volume(struct k8smi_buf *buf, const K8smMesos__Volume *volume) {
  if (volume->host_path != NULL) {
    k8smi_buf_puts(buf, volume->host_path);
    k8smi_buf_putc(buf, ':');
  }
  k8smi_buf_puts(buf, volume->container_path);
  if (volume->host_path != NULL)
    k8smi_buf_puts(buf, volume->mode == K8SM_MESOS__VOLUME__MODE__RO ? ":ro" : ":rw");
}

static void words_disk(struct k8smi_buf *buf, const K8smMesos__Resource__DiskInfo *disk) {
  k8smi_buf_putc(buf, '[');
  if (disk->source != NULL) words_source(buf, disk->source);
  if (disk->persistence != NULL) {
    k8smi_buf_puts(buf, disk->source == NULL ? "" : ",");
    k8smi_buf_puts(buf, disk->persistence->id);
  }
  if (disk->volume != NULL) {
    k8smi_buf_putc(buf, ':');
    words_volume(buf, disk->volume);
  }
  k8smi_buf_putc(buf, ']');
}

static void words_amount(struct k8smi_buf *buf, double value) {
  int64_t milli;
  if (k8smi_milli_of_double(value, &milli)) {
    k8smi_put_milli(buf, milli);
  } else {
    k8smi_put_double(buf, value);
  }
}

static void words_value(struct k8smi_buf *buf, const K8smMesos__Resource *r) {
  if (r->type == K8SM_MESOS__VALUE__TYPE__RANGES) {
    k8smi_buf_putc(buf, '[');
    for (size_t i = 0; r->ranges != NULL && i < r->ranges->n_range; i++) {
      k8smi_buf_puts(buf, i > 0 ? ", " : "");
      k8smi_buf_u64(buf, r->ranges->range[i]->begin);
      k8smi_buf_putc(buf, '-');
      k8smi_buf_u64(buf, r->ranges->range[i]->end);
    }
    k8smi_buf_putc(buf, ']');
  } else if (r->type == K8SM_MESOS__VALUE__TYPE__SET) {
    k8smi_buf_putc(buf, '{');
    for (size_t i = 0; r->set != NULL && i < r->set->n_item; i++) {
      k8smi_buf_puts(buf, i > 0 ? ", " : "");
      k8smi_buf_puts(buf, r->set->item[i]);
    }
    k8smi_buf_putc(buf, '}');
  } else {
    words_amount(buf, r->scalar == NULL ? 0 : r->scalar->value);
  }
}

static void words_resource(struct k8smi_buf *buf, const K8smMesos__Resource *r) {
  k8smi_buf_puts(buf, r->name);
  if (r->allocation_info != NULL) {
    k8smi_buf_puts(buf, "(allocated: ");
    k8smi_buf_puts(buf, r->allocation_info->role == NULL ? "" : r->allocation_info->role);
    k8smi_buf_putc(buf, ')');
  }
  for (size_t i = 0; i < r->n_reservations; i++) {
    k8smi_buf_puts(buf, i == 0 ? "(reservations: [(" : ",(");
    words_reservation(buf, r->reservations[i]);
    k8smi_buf_puts(buf, i + 1 < r->n_reservations ? ")" : ")])");
  }
  if (r->disk != NULL) words_disk(buf, r->disk);
  k8smi_buf_puts(buf, r->revocable == NULL ? "" : "{REV}");
  k8smi_buf_puts(buf, r->shared == NULL ? "" : "<SHARED>");
  k8smi_buf_putc(buf, ':');
  words_value(buf, r);
}

const char *k8smi_local_resource_text(struct k8smi_arena *arena, const K8smMesos__Resource *resource) {
  struct k8smi_buf text;
  k8smi_buf_init(&text, &arena->allocator);
  words_resource(&text, resource);
  return k8smi_local_printed(arena, &text);
}

const char *k8smi_local_labels_text(struct k8smi_arena *arena, const K8smMesos__Labels *labels) {
  struct k8smi_buf text;
  k8smi_buf_init(&text, &arena->allocator);
  words_labels(&text, labels);
  return k8smi_local_printed(arena, &text);
}

const char *k8smi_local_bag_text(struct k8smi_arena *arena, const struct local_bag *bag) {
  K8smMesos__Resource **resources;
  struct k8smi_buf text;
  if (bag->count == 0) return "{}";
  if (!k8smi_local_bag_write(arena, bag, &resources)) return "";
  k8smi_buf_init(&text, &arena->allocator);
  for (size_t i = 0; i < bag->count; i++) {
    k8smi_buf_puts(&text, i > 0 ? "; " : "");
    words_resource(&text, resources[i]);
    k8smi_buf_puts(&text, resources[i]->shared == NULL ? "" : "<1>"); /* how many share it */
  }
  return k8smi_local_printed(arena, &text);
}
