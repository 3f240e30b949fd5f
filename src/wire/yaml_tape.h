/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_YAML_TAPE_H
#define K8SMI_WIRE_YAML_TAPE_H

#include "base/map.h"
#include "wire/keys.h"
#include "wire/yaml_scalar.h"

/* A YAML document as a row of nodes in the order of the text, so that aliases and merge keys can go
 * back to what they name. Filled from libyaml's events; nothing is expanded here. */

enum { K8SMI_YAML_MAP = 100, K8SMI_YAML_LIST, K8SMI_YAML_ALIAS, K8SMI_YAML_MERGE };

struct k8smi_yaml_node {
  int16_t kind;  /* of a scalar: its K8SMI_TOKEN_*; else K8SMI_YAML_* */
  bool merges;   /* MAP: one of its keys is a merge key */
  bool complete; /* MAP, LIST: its end has been read */
  uint32_t line;
  uint32_t column;
  uint32_t next; /* MAP, LIST: the node behind its content; ALIAS: the node that it names */
  size_t offset;
  struct k8sm_slice text; /* scalars: what the token says */
};

/* Where libyaml's count of characters stands in the bytes. */
struct k8smi_yaml_place {
  size_t characters;
  size_t offset;
  size_t line_start;
  uint32_t line;
};

struct k8smi_yaml_tape {
  struct k8smi_arena *arena;
  const char *bytes;
  size_t len;
  uint32_t max_depth;
  uint32_t max_nodes;
  struct k8smi_yaml_node **blocks; /* of nodes; pointers to nodes stay good as it grows */
  size_t block_cap;
  uint32_t count;
  struct k8smi_map anchors; /* name → node */
  struct k8smi_keys keys;
  struct k8smi_yaml_open *open; /* containers whose end has not been read, the innermost last */
  uint32_t depth;
  uint32_t open_cap;
  struct k8smi_yaml_place place;
  uint32_t first_line;
  size_t mark;       /* bytes of the byte order mark, which libyaml does not get to see */
  void *parser;      /* yaml_parser_t; NULL before it is needed */
  bool begun;        /* the first document has been read, or tried */
  bool at_end;       /* of the stream */
  bool libyaml_only; /* for tests: nothing is read without it */
};

/* No memory is taken yet. */
void k8smi_yaml_tape_init(struct k8smi_yaml_tape *tape, struct k8smi_arena *arena, const char *bytes,
                          size_t len, uint32_t max_depth, uint32_t max_nodes);
void k8smi_yaml_tape_free(struct k8smi_yaml_tape *tape);

/* Reads the next document; the nodes of the last one are gone. NOT_FOUND at the end of the stream.
 * Errors: SYNTAX, LIMIT, NOMEM, with a finding. */
int k8smi_yaml_tape_load(struct k8smi_yaml_tape *tape, struct k8sm_diags *diags);

struct k8smi_yaml_node *k8smi_yaml_node(const struct k8smi_yaml_tape *tape, uint32_t index);
/* For who fills a tape by other means: a zeroed node at its end, or NULL; the container that the last node
 * is, to be gone into; and out of it. False when memory ran out. */
struct k8smi_yaml_node *k8smi_yaml_tape_node(struct k8smi_yaml_tape *tape);
bool k8smi_yaml_tape_enter(struct k8smi_yaml_tape *tape, bool is_map);
void k8smi_yaml_tape_leave(struct k8smi_yaml_tape *tape);
/* The mark of the keys of the container that the tape is in. */
size_t k8smi_yaml_tape_keys(const struct k8smi_yaml_tape *tape);
/* The text of a scalar, whose kind is known, as its token says it. Errors: SYNTAX, NOMEM, LIMIT. */
int k8smi_yaml_tape_say(struct k8smi_yaml_tape *tape, struct k8smi_yaml_node *node, bool is_key,
                        struct k8sm_diags *diags);

/* The node behind this one and all that it contains. */
uint32_t k8smi_yaml_after(const struct k8smi_yaml_tape *tape, uint32_t index);
/* The node itself, or what the alias names. */
uint32_t k8smi_yaml_target(const struct k8smi_yaml_tape *tape, uint32_t index);

#endif
