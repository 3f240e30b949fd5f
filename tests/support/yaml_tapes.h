/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_YAML_TAPES_H
#define TESTS_SUPPORT_YAML_TAPES_H

#include "wire/yaml_tape.h"

/* A text on two tapes: as it is read, and by libyaml alone. */
struct yaml_tapes {
  struct k8smi_arena arenas[2];
  struct k8smi_yaml_tape tapes[2];
  int results[2];
};

static inline bool yaml_tapes_load(struct yaml_tapes *t, const char *text, size_t len) {
  for (int i = 0; i < 2; i++) {
    if (!k8smi_arena_init(&t->arenas[i], NULL, 0)) return false;
    k8smi_yaml_tape_init(&t->tapes[i], &t->arenas[i], text, len, 20, 10000);
    t->tapes[i].first_line = t->tapes[i].place.line = 1;
    t->tapes[i].libyaml_only = i == 1;
    t->results[i] = k8smi_yaml_tape_load(&t->tapes[i], NULL);
  }
  return true;
}

/* Whether the text was read without libyaml. */
static inline bool yaml_tapes_are_plain(const struct yaml_tapes *t) {
  return t->results[0] == K8SM_OK && t->tapes[0].parser == NULL;
}

static inline bool yaml_tapes_same_node(const struct k8smi_yaml_node *a, const struct k8smi_yaml_node *b) {
  return a->kind == b->kind && a->merges == b->merges && a->complete == b->complete && a->line == b->line &&
         a->column == b->column && a->next == b->next && a->offset == b->offset && k8smi_eq(a->text, b->text);
}

/* Whether both say the same, to the last position; and end at the same place, with nothing behind it. */
static inline bool yaml_tapes_are_same(struct yaml_tapes *t) {
  struct k8smi_yaml_tape *a = &t->tapes[0], *b = &t->tapes[1];
  bool same = t->results[0] == t->results[1] &&
              (t->results[0] != K8SM_OK || (a->count == b->count && a->place.offset == b->place.offset &&
                                            a->place.line == b->place.line));
  for (uint32_t i = 0; same && t->results[0] == K8SM_OK && i < a->count; i++)
    same = yaml_tapes_same_node(k8smi_yaml_node(a, i), k8smi_yaml_node(b, i));
  if (same && yaml_tapes_are_plain(t)) same = k8smi_yaml_tape_load(b, NULL) == K8SM_ERR_NOT_FOUND;
  return same;
}

static inline void yaml_tapes_free(struct yaml_tapes *t) {
  for (int i = 0; i < 2; i++) {
    k8smi_yaml_tape_free(&t->tapes[i]);
    k8smi_arena_free(&t->arenas[i]);
  }
}

#endif
