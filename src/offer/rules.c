/* SPDX-License-Identifier: Apache-2.0 */
#include "offer/rules.h"

#include <string.h>

typedef K8smMesos__Resource__ReservationInfo rules_reservation;

int k8smi_text_compare(const char *a, const char *b) {
  if (a == NULL || b == NULL) return (a != NULL) - (b != NULL);
  return strcmp(a, b);
}

#define RULES_STATIC  K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__STATIC
#define RULES_DYNAMIC K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC

/* A part of a role between slashes. */
static bool rules_role_part(const char *part, size_t len) {
  if (len == 0 || part[0] == '-' || (len == 1 && (part[0] == '*' || part[0] == '.'))) return false;
  if (len == 2 && part[0] == '.' && part[1] == '.') return false;
  for (size_t i = 0; i < len; i++) {
    if (strchr("\t\n\v\f\r \x7f", part[i]) != NULL) return false;
  }
  return true;
}

/* https://mesos.apache.org/documentation/latest/roles/#role-names ("*" can't be reserved for) */
static bool rules_role(const char *role) {
  if (role == NULL) return false;
  for (;;) {
    size_t len = strcspn(role, "/");
    if (!rules_role_part(role, len)) return false;
    if (role[len] == '\0') return true;
    role += len + 1;
  }
}

static bool rules_below(const char *role, const char *ancestor) {
  size_t len = strlen(ancestor);
  return strncmp(role, ancestor, len) == 0 && role[len] == '/';
}

static const char *rules_stack(const K8smMesos__Resource *m, struct k8smi_rules_place *ret) {
  ret->field = "reservations";
  for (size_t i = 0; i < m->n_reservations; i++) {
    const rules_reservation *r = m->reservations[i];
    ret->found = r->role;
    if (!r->has_type || (r->type != RULES_STATIC && r->type != RULES_DYNAMIC)) {
      return "expected a reservation that is STATIC or DYNAMIC";
    }
    if (!rules_role(r->role)) return "expected a valid role other than \"*\" in each reservation";
    if (i == 0) continue;
    if (r->type == RULES_STATIC) return "a refined reservation that is STATIC";
    if (!rules_below(r->role, m->reservations[i - 1]->role)) {
      return "a refined reservation whose role is not below the one before it";
    }
  }
  return NULL;
}

static const char *rules_old(const K8smMesos__Resource *m, struct k8smi_rules_place *ret) {
  const char *role = k8smi_rules_old_role(m);
  ret->field = "role";
  ret->found = role;
  if (role != NULL && !rules_role(role)) return "expected a valid role";
  ret->field = "reservation";
  if (m->reservation == NULL) return NULL;
  if (m->reservation->has_type || m->reservation->role != NULL) {
    return "has a type or a role, which belong into reservations";
  }
  return role == NULL ? "a reservation for no role" : NULL;
}

/* Each label is looked for among all: more are not compared, since the cost grows with the square. */
enum { RULES_MAX_LABELS = 128 };

static bool rules_has_label(const K8smMesos__Labels *labels, const K8smMesos__Label *label) {
  for (size_t i = 0; i < labels->n_labels; i++) {
    if (k8smi_text_compare(labels->labels[i]->key, label->key) == 0 &&
        k8smi_text_compare(labels->labels[i]->value, label->value) == 0) {
      return true;
    }
  }
  return false;
}

static bool rules_same_words(const rules_reservation *a, const rules_reservation *b) {
  const char *x = a->principal == NULL ? "" : a->principal, *y = b->principal == NULL ? "" : b->principal;
  size_t n = a->labels == NULL ? 0 : a->labels->n_labels, m = b->labels == NULL ? 0 : b->labels->n_labels;
  if (strcmp(x, y) != 0 || n != m || n > RULES_MAX_LABELS) return false;
  for (size_t i = 0; i < n; i++) {
    if (!rules_has_label(b->labels, a->labels->labels[i])) return false;
  }
  return true;
}

/* Both formats at once: they must say the same. */
static const char *rules_both(const K8smMesos__Resource *m, struct k8smi_rules_place *ret) {
  const char *role = k8smi_rules_old_role(m);
  ret->field = "reservations";
  if (role == NULL && m->reservation == NULL) return NULL;
  if (m->n_reservations > 1) return "role and reservation can't say what several reservations do";
  const rules_reservation *r = m->reservations[0];
  ret->found = r->role;
  if (role != NULL && strcmp(role, r->role) != 0)
    return "expected a reservation for the role that `role` says";
  if ((m->reservation != NULL) != (r->type == RULES_DYNAMIC && role != NULL)) {
    return "`reservation` is there for a DYNAMIC reservation, and for no other";
  }
  if (m->reservation == NULL) return NULL;
  return rules_same_words(m->reservation, r) ? NULL : "not what `reservation` says";
}

static const char *rules_disk(const K8smMesos__Resource *m, struct k8smi_rules_place *ret) {
  ret->found = NULL;
  ret->field = "disk";
  if (m->disk == NULL) return NULL;
  if (strcmp(m->name, "disk") != 0) return "only a resource \"disk\" has one";
  const K8smMesos__Resource__DiskInfo__Source *s = m->disk->source;
  if (s == NULL) return NULL;
  ret->field = "disk.source";
  switch (s->type) {
  case K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__PATH:
  case K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT: return NULL;
  case K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__BLOCK:
  case K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__RAW:
    return s->path == NULL && s->mount == NULL ? NULL : "a BLOCK or RAW disk has no path and no mount";
  default: return "a disk's source is PATH, MOUNT, BLOCK or RAW";
  }
}

static const char *rules_shared(const K8smMesos__Resource *m, struct k8smi_rules_place *ret) {
  ret->field = "shared";
  if (m->shared == NULL || (m->disk != NULL && m->disk->persistence != NULL)) return NULL;
  return "only persistent volumes can be shared";
}

const char *k8smi_rules_broken(const K8smMesos__Resource *message, struct k8smi_rules_place *ret) {
  const char *broken;
  *ret = (struct k8smi_rules_place){NULL, NULL};
  if (message->n_reservations == 0) {
    broken = rules_old(message, ret);
  } else {
    broken = rules_stack(message, ret);
    if (broken == NULL) broken = rules_both(message, ret);
  }
  if (broken == NULL) broken = rules_disk(message, ret);
  if (broken == NULL) broken = rules_shared(message, ret);
  return broken;
}
