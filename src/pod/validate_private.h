/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_VALIDATE_PRIVATE_H
#define K8SMI_POD_VALIDATE_PRIVATE_H

#include "base/buf.h"
#include "base/map.h"
#include "pod/edit.h"
#include "pod/formats.h"
#include "pod/validate.h"

/* What the rules share. Records of the types Container and EphemeralContainer have the same fields in front,
 * so that one set of rules does for both. */
struct k8smi_check {
  struct k8sm_diags *diags;
  const struct k8smi_record *metadata; /* of the pod or of the template */
  const struct k8smi_record *spec;
  const struct k8smi_path *at;  /* of the spec */
  bool is_pod;                  /* not a template, for which some rules do not hold */
  bool is_stored;               /* a server's own pod, which may have more than one that is to be created */
  struct k8smi_arena arena;     /* of composed keys */
  struct k8smi_map reported;    /* findings so far, each once */
  struct k8smi_map unread;      /* paths of values that were not read */
  struct k8smi_buf message;     /* of a finding */
  struct k8smi_buf value;       /* of the value in it */
  struct k8smi_buf detail;      /* of what it says of it */
  struct k8smi_buf claim_names; /* of spec.resourceClaims, when first needed */
  struct k8smi_map names;       /* of containers */
  struct k8smi_map volumes;     /* name → index, of those without findings */
  struct k8smi_map claims;      /* of resources */
  struct k8smi_map ports;       /* protocol, host address and host port */
  struct k8smi_map seen;        /* of the list that is being checked */
  struct k8smi_map others;      /* of a list that it is compared with */
  struct k8smi_map paths;       /* the same, of another of its fields */
  struct k8smi_map items;       /* names within one item of a list */
  size_t found;                 /* findings so far */
  bool no_memory;
};

/* A field by its type and its name in Kubernetes, to be had in the tables. */
struct k8smi_at {
  uint8_t type;
  uint8_t field;
};
#define K8SMI_AT_FIELD(T, name)                                                                              \
  { K8SMI_TYPE_##T, K8SMI_##T##_##name } /* in tables */
#define K8SMI_F(T, name) ((struct k8smi_at)K8SMI_AT_FIELD(T, name))
static inline struct k8smi_path k8smi_path_at(const struct k8smi_path *parent, struct k8smi_at at) {
  return k8smi_path_field(parent, k8smi_types[at.type].fields[at.field].name);
}
/* Paths on the stack. */
#define K8SMI_PATH(parent, T, name) k8smi_path_at((parent), K8SMI_F(T, name))
#define K8SMI_AT(parent, name)      k8smi_path_field((parent), K8SMI_S(name))

/* A value in a finding, written as the server's Go does: a string with Go's escapes, a string of a type of
 * its own with those of JSON, a number, or JSON as it is; or no value at all. */
enum { K8SMI_VALUE_TEXT, K8SMI_VALUE_WORD, K8SMI_VALUE_NUMBER, K8SMI_VALUE_RAW, K8SMI_VALUE_NONE };
struct k8smi_shown {
  int kind;
  int64_t number;
  struct k8sm_slice text;
};
static inline struct k8smi_shown k8smi_v_text(struct k8sm_slice s) {
  return (struct k8smi_shown){K8SMI_VALUE_TEXT, 0, s};
}
static inline struct k8smi_shown k8smi_v_word(struct k8sm_slice s) {
  return (struct k8smi_shown){K8SMI_VALUE_WORD, 0, s};
}
static inline struct k8smi_shown k8smi_v_number(int64_t n) {
  return (struct k8smi_shown){K8SMI_VALUE_NUMBER, n, {NULL, 0}};
}
static inline struct k8smi_shown k8smi_v_raw(struct k8sm_slice s) {
  return (struct k8smi_shown){K8SMI_VALUE_RAW, 0, s};
}
#define K8SMI_V_TRUE k8smi_v_raw(K8SMI_S("true"))
#define K8SMI_V_NONE ((struct k8smi_shown){.kind = K8SMI_VALUE_NONE})
/* These write into the check, where the value stays until the next one: a list of strings, or of numbers; a
 * map of strings, which is null where it is empty; a quantity; a record as the server prints those of its
 * internal types, with all their fields; records as JSON has them.
 */
struct k8smi_shown k8smi_v_list(struct k8smi_check *c, struct k8smi_list list);
struct k8smi_shown k8smi_v_numbers(struct k8smi_check *c, struct k8smi_list list);
struct k8smi_shown k8smi_v_map(struct k8smi_check *c, struct k8smi_list pairs);
struct k8smi_shown k8smi_v_quantity(struct k8smi_check *c, struct k8sm_slice text);
struct k8smi_shown k8smi_v_record(struct k8smi_check *c, unsigned type, const struct k8smi_record *record);
struct k8smi_shown k8smi_v_json(struct k8smi_check *c, unsigned type, const struct k8smi_record *record);
struct k8smi_shown k8smi_v_json_list(struct k8smi_check *c, unsigned type, struct k8smi_list list);
void k8smi_put_value(struct k8smi_buf *buf, struct k8smi_shown value);

/* Runs all rules of an object with a check that is ready: `all` gets the path of the object, and the object.
 * Errors: INVALID, NOMEM. */
typedef void k8smi_validate_all(struct k8smi_check *c, const struct k8smi_path *root, const void *object);
int k8smi_validate(k8smi_validate_all *all, const void *object, const struct k8smi_validate_options *options,
                   struct k8sm_diags *diags);
/* Notes which values were not read. */
void k8smi_check_begin(struct k8smi_check *c, struct k8smi_find_range unread);

/* The findings, in the server's words: "Invalid value: \"x\": detail". A detail may be NULL or empty. */
void k8smi_check_required(struct k8smi_check *c, const struct k8smi_path *path, const char *detail);
void k8smi_check_invalid(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value,
                         const char *detail);
void k8smi_check_duplicate(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value);
void k8smi_check_forbidden(struct k8smi_check *c, const struct k8smi_path *path, const char *detail);
void k8smi_check_not_found(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value,
                           const char *detail);
void k8smi_check_too_long(struct k8smi_check *c, const struct k8smi_path *path, size_t max);
void k8smi_check_too_many(struct k8smi_check *c, const struct k8smi_path *path, size_t count, size_t max);
/* `words` ends with NULL, and is in the server's order. */
void k8smi_check_unsupported(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value,
                             const char *const *words);
/* A text with Go's quotes, for a detail; it stays in the check until the next value. */
const char *k8smi_check_quoted(struct k8smi_check *c, struct k8sm_slice s);
/* A detail that is composed; lives until the next one. */
const char *k8smi_check_text(struct k8smi_check *c, const char *format, ...) K8SMI_PRINTF(2, 3);

/* Invalid for each breach of the format. */
void k8smi_check_format_of(struct k8smi_check *c, const struct k8smi_path *path, struct k8smi_shown value,
                           k8smi_format *format);
static inline void k8smi_check_format(struct k8smi_check *c, const struct k8smi_path *path,
                                      struct k8sm_slice value, k8smi_format *format) {
  k8smi_check_format_of(c, path, k8smi_v_text(value), format);
}
void k8smi_check_between(struct k8smi_check *c, const struct k8smi_path *path, int64_t value, int64_t low,
                         int64_t high);

/* Rules of single fields, one to a line in tables of a type, in the server's order. */
enum k8smi_rule_kind {
  K8SMI_RULE_REQUIRED,     /* a text or a list that is not empty */
  K8SMI_RULE_FORMAT,       /* a text: if it is there, it has the format */
  K8SMI_RULE_NAME,         /* a text that is there and has the format */
  K8SMI_RULE_TEXT,         /* a text that has the format, the empty one too */
  K8SMI_RULE_BETWEEN,      /* a number: if it is set, it is in the range */
  K8SMI_RULE_WORD,         /* one of the words */
  K8SMI_RULE_WORD_IF_SET,  /* if it is set, one of the words */
  K8SMI_RULE_WORD_REQUIRED /* there, and one of the words */
};
struct k8smi_field_rule {
  enum k8smi_rule_kind kind;
  struct k8smi_at at;
  k8smi_format *format;
  const char *const *words;
  int64_t low, high;
  const char *detail; /* of REQUIRED; of BETWEEN in place of "must be between" */
};
#define K8SMI_REQUIRED(T, f)                                                                                 \
  { .kind = K8SMI_RULE_REQUIRED, .at = K8SMI_AT_FIELD(T, f) }
void k8smi_check_rule(struct k8smi_check *c, const struct k8smi_record *record,
                      const struct k8smi_field_rule *rule, const struct k8smi_path *path);
void k8smi_check_rules(struct k8smi_check *c, const struct k8smi_record *record,
                       const struct k8smi_field_rule *rules, size_t count, const struct k8smi_path *path);
#define K8SMI_CHECK_RULES(c, record, rules, path)                                                            \
  k8smi_check_rules((c), (record), (rules), sizeof(rules) / sizeof((rules)[0]), (path))

/* Sets. Adds a value; false: it is there already. */
bool k8smi_check_add(struct k8smi_check *c, struct k8smi_map *set, struct k8sm_slice value);
/* Sets the index of a name, also of one that has one. */
void k8smi_check_put(struct k8smi_check *c, struct k8smi_map *map, struct k8sm_slice name, size_t index);
static inline bool k8smi_check_knows(const struct k8smi_map *set, struct k8sm_slice value) {
  return k8smi_map_get(set, value) != K8SMI_MAP_NONE;
}
/* Texts one after the other in the check's arena, with a separator; ptr NULL when memory ran out. */
struct k8sm_slice k8smi_check_join(struct k8smi_check *c, struct k8sm_slice a, char separator,
                                   struct k8sm_slice b);

/* A copy in the arena with ASCII capitals made small. */
struct k8sm_slice k8smi_check_lower(struct k8smi_check *c, struct k8sm_slice s);

/* The containers of all kinds as the server visits them: of initContainers, containers, ephemeralContainers.
 */
struct k8smi_visit {
  unsigned list;
  size_t i;
  struct k8smi_path of_list, path; /* of the container */
};
const struct k8smi_record *k8smi_visit_next(const struct k8smi_check *c, struct k8smi_visit *v);

/* The parts, each in a file of its own; those without a path find their own in the spec. */
/* A record of type PodTemplateSpec, by the rules for templates: the pod's name is not known yet, and what
 * admission may still fill in may be missing. Paths of its metadata are without "metadata", as the server has
 * them. */
void k8smi_check_template(struct k8smi_check *c, const struct k8smi_record *template_,
                          const struct k8smi_path *path);
/* How an object may be called. NULL: the format is looked at elsewhere. */
struct k8smi_name_rules {
  k8smi_format *name, *prefix; /* metadata.name; metadata.generateName */
};
void k8smi_check_metadata(struct k8smi_check *c, const struct k8smi_record *metadata,
                          const struct k8smi_name_rules *names, const struct k8smi_path *path);
void k8smi_check_labels(struct k8smi_check *c, struct k8smi_list labels, const struct k8smi_path *path);
void k8smi_check_annotations(struct k8smi_check *c, const struct k8smi_record *metadata,
                             const struct k8smi_path *path);
void k8smi_check_pod_annotations(struct k8smi_check *c, const struct k8smi_path *path);
void k8smi_check_profiles_agree(struct k8smi_check *c);
void k8smi_check_volumes(struct k8smi_check *c);
void k8smi_check_token_volumes(struct k8smi_check *c);
void k8smi_check_remote_volume(struct k8smi_check *c, unsigned field, const struct k8smi_record *source,
                               const struct k8smi_path *path);
void k8smi_check_projected(struct k8smi_check *c, const struct k8smi_record *source,
                           const struct k8smi_path *path);
void k8smi_check_item(struct k8smi_check *c, const struct k8smi_record *item, const struct k8smi_path *path);
void k8smi_check_downward_file(struct k8smi_check *c, const struct k8smi_record *file,
                               const struct k8smi_path *path);
void k8smi_check_claim_spec(struct k8smi_check *c, const struct k8smi_record *spec,
                            const struct k8smi_path *path);
void k8smi_check_claim_template(struct k8smi_check *c, const struct k8smi_record *claim,
                                const struct k8smi_path *path);
/* Whether the selector is one that can select. */
bool k8smi_check_selector(struct k8smi_check *c, const struct k8smi_record *selector,
                          const struct k8smi_path *path);
void k8smi_check_resource_claims(struct k8smi_check *c);
void k8smi_check_containers(struct k8smi_check *c);
void k8smi_check_images(struct k8smi_check *c);
void k8smi_check_host_network(struct k8smi_check *c);
void k8smi_check_env(struct k8smi_check *c, const struct k8smi_record *container,
                     const struct k8smi_path *path);
void k8smi_check_field_ref(struct k8smi_check *c, const struct k8smi_record *ref, bool volume,
                           const struct k8smi_path *path);
void k8smi_check_resource_ref(struct k8smi_check *c, const struct k8smi_record *ref, bool volume,
                              const struct k8smi_path *path);
void k8smi_check_env_files(struct k8smi_check *c);
void k8smi_check_mounts(struct k8smi_check *c, const struct k8smi_record *container,
                        const struct k8smi_path *path);
void k8smi_check_resources(struct k8smi_check *c, const struct k8smi_record *resources,
                           const struct k8smi_path *path);
/* The claims in a container's resources. */
void k8smi_check_claimed(struct k8smi_check *c, struct k8smi_list claims, const struct k8smi_path *path);
void k8smi_check_overhead(struct k8smi_check *c, struct k8smi_list overhead, const struct k8smi_path *path);
void k8smi_check_pod_resources(struct k8smi_check *c);
bool k8smi_has_lifecycle(const struct k8smi_record *lifecycle);
void k8smi_check_probes(struct k8smi_check *c, const struct k8smi_record *container, bool allowed,
                        const struct k8smi_path *path);
void k8smi_check_container_security(struct k8smi_check *c, const struct k8smi_record *security,
                                    const struct k8smi_path *path);
void k8smi_check_pod_security(struct k8smi_check *c);
void k8smi_check_windows_options(struct k8smi_check *c, const struct k8smi_record *options,
                                 const struct k8smi_path *path);
void k8smi_check_host_process(struct k8smi_check *c);
void k8smi_check_os(struct k8smi_check *c);
void k8smi_check_affinity(struct k8smi_check *c);
void k8smi_check_label_keys(struct k8smi_check *c, struct k8smi_list match, struct k8smi_list mismatch,
                            const struct k8smi_record *selector, const struct k8smi_path *path);
void k8smi_check_dns(struct k8smi_check *c);
void k8smi_check_gates(struct k8smi_check *c);
void k8smi_check_spread(struct k8smi_check *c);
void k8smi_check_tolerations(struct k8smi_check *c);
void k8smi_check_toleration_list(struct k8smi_check *c, struct k8smi_list list,
                                 const struct k8smi_path *path);
void k8smi_check_old_tolerations(struct k8smi_check *c, const struct k8smi_path *annotations);
void k8smi_check_host_users(struct k8smi_check *c);
void k8smi_check_hostname(struct k8smi_check *c);
void k8smi_check_host_aliases(struct k8smi_check *c);

#endif
