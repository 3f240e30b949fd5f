/* SPDX-License-Identifier: Apache-2.0 */
/* How tasks are found, by Mesos-DNS for one:
 * https://mesos.apache.org/documentation/latest/app-framework-development-guide/ (service discovery). Each
 * field by an annotation, else by the pod's label of that name, as the original had it. */
#include "demand/build.h"

#include "wire/mesos.h"

#include <stdio.h>

#define DISCOVERY_ANNOTATION "k8s.mesosphere.io/discovery-"

static struct k8sm_slice discovery_annotation(struct k8smi_demand_build *b, const char *field,
                                              struct k8smi_demand_discovery *to) {
  char key[64];
  snprintf(key, sizeof key, DISCOVERY_ANNOTATION "%s", field);
  struct k8sm_slice text = k8smi_get_pair(b->metadata, K8SMI_ObjectMeta_annotations, key);
  if (text.len > 0) to->stated = true;
  return text;
}

static struct k8sm_slice discovery_text(struct k8smi_demand_build *b, const char *field,
                                        struct k8smi_demand_discovery *to) {
  struct k8sm_slice text = discovery_annotation(b, field, to);
  return text.len > 0 ? text : k8smi_get_pair(b->metadata, K8SMI_ObjectMeta_labels, field);
}

/* "web.default.pod", so that pods of two namespaces are not taken for one another. */
static struct k8sm_slice discovery_name(struct k8smi_demand_build *b, struct k8smi_demand_discovery *to) {
  struct k8sm_slice text = discovery_text(b, "name", to);
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return text;
  }
  k8smi_buf_slice(&buf, text.len > 0 ? text : b->demand->name);
  k8smi_buf_putc(&buf, '.');
  k8smi_buf_slice(&buf, b->demand->name_space);
  k8smi_buf_puts(&buf, ".pod");
  return k8smi_demand_take(b, &buf);
}

static int discovery_visibility(struct k8smi_demand_build *b, struct k8smi_demand_discovery *to) {
  static const struct {
    const char *name;
    int visibility;
  } words[] = {{"cluster", K8SM_MESOS__DISCOVERY_INFO__VISIBILITY__CLUSTER},
               {"framework", K8SM_MESOS__DISCOVERY_INFO__VISIBILITY__FRAMEWORK},
               {"external", K8SM_MESOS__DISCOVERY_INFO__VISIBILITY__EXTERNAL}};
  struct k8sm_slice text = discovery_annotation(b, "visibility", to);
  if (text.len == 0) return words[0].visibility;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (k8smi_eqs(text, words[i].name)) return words[i].visibility;
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path annotations = k8smi_path_field(&metadata, K8SMI_S("annotations"));
  struct k8smi_path at = k8smi_path_key(&annotations, K8SMI_S(DISCOVERY_ANNOTATION "visibility"));
  K8SMI_DEMAND_WARN(b, APPROXIMATED, &at, "'%.*s': expected framework, cluster or external; cluster holds",
                    K8SMI_P(text));
  return words[0].visibility;
}

void k8smi_demand_make_discovery(struct k8smi_demand_build *b) {
  struct k8smi_demand_discovery *to = k8smi_demand_array(b, 1, sizeof *to);
  if (to == NULL) return;
  to->visibility = discovery_visibility(b, to);
  to->name = discovery_name(b, to);
  to->environment = discovery_text(b, "environment", to);
  to->location = discovery_text(b, "location", to);
  to->version = discovery_text(b, "version", to);
  b->demand->discovery = to;
}
