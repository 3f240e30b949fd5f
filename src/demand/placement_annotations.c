/* SPDX-License-Identifier: Apache-2.0 */
/* What annotations and labels of the pod say of its placement that its spec has no field for. */
#include "demand/placement_private.h"

#include "wire/number.h"

#define ANNOTATION_PREFIX      "k8s.mesosphere.io/"
#define ANNOTATION_ROLES       ANNOTATION_PREFIX "roles"
#define ANNOTATION_GANG        ANNOTATION_PREFIX "gang"
#define ANNOTATION_MINIMUM     ANNOTATION_PREFIX "gang-minimum"
#define ANNOTATION_ALONE       ANNOTATION_PREFIX "exclusive-agent"
#define ANNOTATION_RESERVATION ANNOTATION_PREFIX "reservation"
#define ANNOTATION_PRINCIPAL   ANNOTATION_PREFIX "reservation-principal"
#define LABEL_PORTS            ANNOTATION_PREFIX "portMapping"

static struct k8sm_slice annotation_get(const struct k8smi_demand_build *b, const char *key) {
  return k8smi_get_pair(b->metadata, K8SMI_ObjectMeta_annotations, key);
}

static void annotation_refuse(struct k8smi_demand_build *b, const char *key, const char *expected) {
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path list = k8smi_path_field(&metadata, K8SMI_S("annotations"));
  struct k8smi_path path = k8smi_path_key(&list, k8smi_s(key));
  k8smi_demand_refuse(b, &path, "'%.*s': expected %s", K8SMI_P(annotation_get(b, key)), expected);
}

bool k8smi_placement_is_annotated(const struct k8smi_demand_build *b) {
  static const char *const keys[] = {ANNOTATION_GANG, ANNOTATION_ALONE, K8SMI_ANNOTATION_CONSTRAINTS,
                                     ANNOTATION_RESERVATION, ANNOTATION_PRINCIPAL};
  bool found = b->options.reservation != NULL || b->options.reservation_principal != NULL;
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    found = found || annotation_get(b, keys[i]).ptr != NULL;
  return found;
}

/* ---- Roles ---- */

static bool annotation_has(struct k8smi_strings list, struct k8sm_slice text) {
  for (size_t i = 0; i < list.count; i++) {
    if (k8smi_eq(list.items[i], text)) return true;
  }
  return false;
}

static struct k8sm_slice annotation_trim(struct k8sm_slice s) {
  while (s.len > 0 && s.ptr[0] == ' ') s = (struct k8sm_slice){s.ptr + 1, s.len - 1};
  while (s.len > 0 && s.ptr[s.len - 1] == ' ') s.len--;
  return s;
}

/* Those of the list, in its order, that the options allow: each once. The list is "a, b". */
static struct k8smi_strings annotation_roles(struct k8smi_demand_build *b, struct k8sm_slice text,
                                             struct k8smi_strings allowed) {
  struct k8sm_slice *items = k8smi_demand_array(b, allowed.count, sizeof *items);
  struct k8smi_strings roles = {items, 0};
  for (size_t from = 0; items != NULL && from < text.len;) {
    const char *comma = memchr(text.ptr + from, ',', text.len - from);
    size_t end = comma == NULL ? text.len : (size_t)(comma - text.ptr);
    struct k8sm_slice role = annotation_trim((struct k8sm_slice){text.ptr + from, end - from});
    if (annotation_has(allowed, role) && !annotation_has(roles, role)) {
      items[roles.count++] = k8smi_demand_copy(b, role);
    }
    from = end + 1;
  }
  return roles;
}

void k8smi_demand_make_roles(struct k8smi_demand_build *b) {
  static const struct k8sm_slice any[] = {{"*", 1}};
  struct k8sm_demand *d = b->demand;
  d->roles = (struct k8smi_strings){any, 1};
  struct k8sm_slice *roles = k8smi_demand_array(b, b->options.role_count, sizeof *roles);
  for (size_t i = 0; roles != NULL && i < b->options.role_count; i++) {
    roles[i] = k8smi_demand_copy(b, k8smi_s(b->options.roles[i]));
  }
  if (roles != NULL) d->roles = (struct k8smi_strings){roles, b->options.role_count};
  struct k8sm_slice text = annotation_get(b, ANNOTATION_ROLES);
  if (text.ptr == NULL) return;
  struct k8smi_strings chosen = annotation_roles(b, text, d->roles);
  if (chosen.count == 0 && !b->no_memory) {
    annotation_refuse(b, ANNOTATION_ROLES, "a list of roles, some of which pods may use");
  } else {
    d->roles = chosen;
  }
}

/* ---- Ports ---- */

bool k8smi_placement_maps_all_ports(struct k8smi_demand_build *b) {
  bool fallback = (b->demand->flags & K8SM_DEMAND_WILDCARD_PORTS) != 0;
  struct k8sm_slice text = k8smi_get_pair(b->metadata, K8SMI_ObjectMeta_labels, LABEL_PORTS);
  if (text.ptr == NULL) return fallback;
  if (k8smi_eqs(text, "wildcard")) return true;
  if (k8smi_eqs(text, "fixed")) return false;
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path list = k8smi_path_field(&metadata, K8SMI_S("labels"));
  struct k8smi_path path = k8smi_path_key(&list, K8SMI_S(LABEL_PORTS));
  K8SMI_DEMAND_WARN(b, IGNORED, &path, "'%.*s' is neither 'fixed' nor 'wildcard'", K8SMI_P(text));
  return fallback;
}

/* ---- Groups, and being alone ---- */

/* The group by its name, or the parts of a workload's name. */
static struct k8sm_slice annotation_group(struct k8smi_demand_build *b) {
  const struct k8smi_record *group = k8smi_get_record(b->spec, K8SMI_PodSpec_schedulingGroup);
  const struct k8smi_record *workload = k8smi_get_record(b->spec, K8SMI_PodSpec_workloadRef);
  struct k8sm_slice name = k8smi_get_str(group, K8SMI_PodSchedulingGroup_podGroupName);
  struct k8smi_buf text;
  if (name.len > 0) return name;
  if (workload == NULL) return annotation_get(b, ANNOTATION_GANG);
  if (!k8smi_buf_init(&text, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return name;
  }
  k8smi_buf_slice(&text, k8smi_get_str(workload, K8SMI_WorkloadReference_name));
  k8smi_buf_putc(&text, '/');
  k8smi_buf_slice(&text, k8smi_get_str(workload, K8SMI_WorkloadReference_podGroup));
  k8smi_buf_putc(&text, '/');
  k8smi_buf_slice(&text, k8smi_get_str(workload, K8SMI_WorkloadReference_podGroupReplicaKey));
  return k8smi_demand_take(b, &text);
}

static void annotation_constraints(struct k8smi_demand_build *b, struct k8smi_instance_rules *ret) {
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path list = k8smi_path_field(&metadata, K8SMI_S("annotations"));
  struct k8smi_path path = k8smi_path_key(&list, K8SMI_S(K8SMI_ANNOTATION_CONSTRAINTS));
  struct k8sm_slice text = annotation_get(b, K8SMI_ANNOTATION_CONSTRAINTS);
  if (text.ptr != NULL) k8smi_placement_constraints(b, text, &path, ret);
}

/* What the annotation says, or the option. */
static struct k8sm_slice annotation_or(struct k8smi_demand_build *b, const char *key, const char *option) {
  struct k8sm_slice own = annotation_get(b, key);
  return own.ptr != NULL ? own : k8smi_demand_copy(b, k8smi_s(option));
}

static void annotation_reservation(struct k8smi_demand_build *b, struct k8smi_reservation_wish *ret) {
  bool own = annotation_get(b, ANNOTATION_RESERVATION).ptr != NULL;
  struct k8smi_path above = k8smi_path_field(NULL, own ? K8SMI_S("metadata") : K8SMI_S("demand_options"));
  struct k8smi_path list = k8smi_path_field(&above, K8SMI_S("annotations"));
  struct k8smi_path path = own ? k8smi_path_key(&list, K8SMI_S(ANNOTATION_RESERVATION))
                               : k8smi_path_field(&above, K8SMI_S("reservation"));
  struct k8sm_slice text = annotation_or(b, ANNOTATION_RESERVATION, b->options.reservation);
  ret->labels = k8smi_demand_labels(b, text, &path);
  ret->principal = annotation_or(b, ANNOTATION_PRINCIPAL, b->options.reservation_principal);
}

void k8smi_placement_annotated(struct k8smi_demand_build *b, struct k8smi_placement_rules *rules) {
  struct k8sm_slice minimum = annotation_get(b, ANNOTATION_MINIMUM);
  struct k8sm_slice alone = annotation_get(b, ANNOTATION_ALONE);
  uint64_t n = 0;
  rules->gang = annotation_group(b);
  if (minimum.ptr != NULL && (!k8smi_parse_u64(minimum, &n) || n == 0 || n > UINT32_MAX)) {
    annotation_refuse(b, ANNOTATION_MINIMUM, "a number of pods");
  }
  rules->gang_minimum = (uint32_t)n;
  rules->exclusive = k8smi_eqs(alone, "true");
  if (alone.ptr != NULL && !rules->exclusive && !k8smi_eqs(alone, "false")) {
    annotation_refuse(b, ANNOTATION_ALONE, "'true' or 'false'");
  }
  annotation_constraints(b, &rules->constraints);
  annotation_reservation(b, &rules->reservation);
}
