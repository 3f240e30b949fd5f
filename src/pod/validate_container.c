/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Containers of all kinds:
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container */

static_assert((int)K8SMI_EphemeralContainer_targetContainerName == (int)K8SMI_Container__COUNT &&
                  (int)K8SMI_Container_tty == (int)K8SMI_EphemeralContainer_tty,
              "ephemeral containers have the fields of containers in front");

static const char *const container_message_policies[] = {"File", "FallbackToLogsOnError", NULL};
static const char *const container_pull_policies[] = {"Always", "IfNotPresent", "Never", NULL};
static const char *const container_protocols[] = {"SCTP", "TCP", "UDP", NULL};
static const char *const container_resizable[] = {"cpu", "memory", NULL};
static const char *const container_resize_policies[] = {"NotRequired", "RestartContainer", NULL};
static const char *const container_restart_policies[] = {"Always", "Never", "OnFailure", NULL};
static const char *const container_restart_actions[] = {"Restart", "RestartAllContainers", NULL};
static const char *const container_exit_operators[] = {"In", "NotIn", NULL};

static const struct k8smi_field_rule container_rules[] = {
    {K8SMI_RULE_NAME, K8SMI_AT_FIELD(Container, name), .format = k8smi_format_label},
    K8SMI_REQUIRED(Container, image),
    {K8SMI_RULE_WORD_REQUIRED, K8SMI_AT_FIELD(Container, terminationMessagePolicy),
     .words = container_message_policies},
};
static const struct k8smi_field_rule container_pull_rule = {
    K8SMI_RULE_WORD_REQUIRED, K8SMI_AT_FIELD(Container, imagePullPolicy), .words = container_pull_policies};

static void container_port_name(struct k8smi_check *c, struct k8sm_slice name,
                                const struct k8smi_path *path) {
  size_t before = c->found;
  if (name.len == 0) return;
  k8smi_check_format(c, path, name, k8smi_format_port_name);
  if (c->found == before && !k8smi_check_add(c, &c->seen, name))
    k8smi_check_duplicate(c, path, k8smi_v_text(name));
}

static void container_ports(struct k8smi_check *c, const struct k8smi_record *container,
                            const struct k8smi_path *parent) {
  enum { PORT_MAX = 65535 };
  static const struct k8smi_field_rule rules[] = {
      {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(ContainerPort, containerPort), .low = 1, .high = PORT_MAX},
      {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(ContainerPort, hostPort), .low = 1, .high = PORT_MAX},
      {K8SMI_RULE_WORD_REQUIRED, K8SMI_AT_FIELD(ContainerPort, protocol), .words = container_protocols},
  };
  struct k8smi_path path = K8SMI_PATH(parent, Container, ports);
  struct k8smi_list ports = k8smi_get_list(container, K8SMI_Container_ports);
  k8smi_map_clear(&c->seen);
  for (size_t i = 0; i < ports.count; i++) {
    const struct k8smi_record *port = k8smi_list_record(ports, i);
    struct k8smi_path at = k8smi_path_index(&path, i), name = K8SMI_PATH(&at, ContainerPort, name),
                      number = K8SMI_PATH(&at, ContainerPort, containerPort);
    container_port_name(c, k8smi_get_str(port, K8SMI_ContainerPort_name), &name);
    if (k8smi_get_i64(port, K8SMI_ContainerPort_containerPort, 0) == 0)
      k8smi_check_required(c, &number, NULL);
    K8SMI_CHECK_RULES(c, port, rules, &at);
  }
}

/* The server gives the path of the list for all but a resource that stands twice. */
static void container_resize(struct k8smi_check *c, const struct k8smi_record *container,
                             const struct k8smi_path *parent) {
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_resizePolicy);
  struct k8smi_path path = K8SMI_PATH(parent, Container, resizePolicy);
  bool never = k8smi_eqs(k8smi_get_str(c->spec, K8SMI_PodSpec_restartPolicy), "Never");
  k8smi_map_clear(&c->seen);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *policy = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&path, i);
    struct k8sm_slice resource = k8smi_get_str(policy, K8SMI_ContainerResizePolicy_resourceName);
    struct k8sm_slice restart = k8smi_get_str(policy, K8SMI_ContainerResizePolicy_restartPolicy);
    if (!k8smi_check_add(c, &c->seen, resource)) k8smi_check_duplicate(c, &at, k8smi_v_word(resource));
    if (resource.len == 0) {
      k8smi_check_required(c, &path, NULL);
    } else if (!k8smi_is_among(resource, container_resizable)) {
      k8smi_check_unsupported(c, &path, k8smi_v_word(resource), container_resizable);
    }
    if (restart.len == 0) {
      k8smi_check_required(c, &path, NULL);
    } else if (!k8smi_is_among(restart, container_resize_policies)) {
      k8smi_check_unsupported(c, &path, k8smi_v_word(restart), container_resize_policies);
    }
    if (never && !k8smi_eqs(restart, "NotRequired"))
      k8smi_check_invalid(c, &path, k8smi_v_word(restart),
                          "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
  }
}

/* What all containers have in common. */
static void container_check(struct k8smi_check *c, const struct k8smi_record *container,
                            const struct k8smi_path *path) {
  struct k8smi_path resources = K8SMI_PATH(path, Container, resources),
                    security = K8SMI_PATH(path, Container, securityContext);
  K8SMI_CHECK_RULES(c, container, container_rules, path);
  container_ports(c, container, path);
  k8smi_check_env(c, container, path);
  k8smi_check_mounts(c, container, path);
  k8smi_check_rule(c, container, &container_pull_rule, path);
  k8smi_check_resources(c, k8smi_get_record(container, K8SMI_Container_resources), &resources);
  container_resize(c, container, path);
  k8smi_check_container_security(c, k8smi_get_record(container, K8SMI_Container_securityContext), &security);
}

static void container_restart_rules(struct k8smi_check *c, const struct k8smi_record *container,
                                    const struct k8smi_path *parent) {
  enum { RULES_MAX = 20, CODES_MAX = 255 };
  struct k8smi_list rules = k8smi_get_list(container, K8SMI_Container_restartPolicyRules);
  struct k8smi_path path = K8SMI_PATH(parent, Container, restartPolicyRules);
  if (rules.count > RULES_MAX) k8smi_check_too_many(c, &path, rules.count, RULES_MAX);
  for (size_t i = 0; i < rules.count; i++) {
    const struct k8smi_record *rule = k8smi_list_record(rules, i);
    const struct k8smi_record *exit = k8smi_get_record(rule, K8SMI_ContainerRestartRule_exitCodes);
    struct k8smi_path at = k8smi_path_index(&path, i), action = K8SMI_PATH(&at, ContainerRestartRule, action),
                      codes = K8SMI_PATH(&at, ContainerRestartRule, exitCodes),
                      op = K8SMI_PATH(&codes, ContainerRestartRuleOnExitCodes, operator),
                      values = K8SMI_PATH(&codes, ContainerRestartRuleOnExitCodes, values);
    struct k8sm_slice word = k8smi_get_str(rule, K8SMI_ContainerRestartRule_action);
    if (!k8smi_is_among(word, container_restart_actions))
      k8smi_check_unsupported(c, &action, k8smi_v_word(word), container_restart_actions);
    if (exit == NULL) {
      k8smi_check_required(c, &codes, "must be specified");
      continue;
    }
    word = k8smi_get_str(exit, K8SMI_ContainerRestartRuleOnExitCodes_operator);
    if (!k8smi_is_among(word, container_exit_operators))
      k8smi_check_unsupported(c, &op, k8smi_v_word(word), container_exit_operators);
    size_t count = k8smi_get_list(exit, K8SMI_ContainerRestartRuleOnExitCodes_values).count;
    if (count > CODES_MAX) k8smi_check_too_many(c, &values, count, CODES_MAX);
  }
}

/* The container's own policy, and its rules, which need one. */
static void container_restart_policy(struct k8smi_check *c, const struct k8smi_record *container, bool init,
                               const struct k8smi_path *path) {
  struct k8smi_path at = K8SMI_PATH(path, Container, restartPolicy);
  struct k8sm_slice policy = k8smi_get_str(container, K8SMI_Container_restartPolicy);
  bool rules = k8smi_get_list(container, K8SMI_Container_restartPolicyRules).count > 0;
  if (!k8smi_has(container, K8SMI_Container_restartPolicy)) {
    if (rules) k8smi_check_required(c, &at, "must specify restartPolicy when restart rules are used");
    if (init) return; /* the server looks no further here */
  } else if (!k8smi_is_among(policy, container_restart_policies)) {
    k8smi_check_unsupported(c, &at, k8smi_v_word(policy), container_restart_policies);
  }
  container_restart_rules(c, container, path);
}

/* Two containers can't have the same port of the host: "TCP/0.0.0.0/80". */
static void container_host_ports(struct k8smi_check *c, const struct k8smi_record *container,
                                 const struct k8smi_path *path) {
  struct k8smi_list ports = k8smi_get_list(container, K8SMI_Container_ports);
  struct k8smi_path of_ports = K8SMI_PATH(path, Container, ports);
  for (size_t i = 0; i < ports.count; i++) {
    const struct k8smi_record *port = k8smi_list_record(ports, i);
    int64_t number = k8smi_get_i64(port, K8SMI_ContainerPort_hostPort, 0);
    struct k8smi_path at = k8smi_path_index(&of_ports, i), host = K8SMI_PATH(&at, ContainerPort, hostPort);
    char digits[24];
    if (number == 0) continue;
    snprintf(digits, sizeof digits, "%" PRId64, number);
    struct k8sm_slice key = k8smi_check_join(c, k8smi_get_str(port, K8SMI_ContainerPort_protocol), '/',
                                             k8smi_get_str(port, K8SMI_ContainerPort_hostIP));
    key = k8smi_check_join(c, key, '/', k8smi_s(digits));
    if (key.ptr != NULL && !k8smi_check_add(c, &c->ports, key))
      k8smi_check_duplicate(c, &host, k8smi_v_text(key));
  }
}

static void container_mains(struct k8smi_check *c, const struct k8smi_path *path) {
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_containers);
  if (list.count == 0) k8smi_check_required(c, path, NULL);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *container = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(path, i), name = K8SMI_PATH(&at, Container, name);
    struct k8sm_slice text = k8smi_get_str(container, K8SMI_Container_name);
    container_check(c, container, &at);
    if (!k8smi_check_add(c, &c->names, text)) k8smi_check_duplicate(c, &name, k8smi_v_text(text));
    k8smi_check_probes(c, container, true, &at);
    container_restart_policy(c, container, false, &at);
  }
  k8smi_map_clear(&c->ports);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(path, i);
    container_host_ports(c, k8smi_list_record(list, i), &at);
  }
}

static void container_inits(struct k8smi_check *c, const struct k8smi_path *path) {
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_initContainers);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *container = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(path, i), name = K8SMI_PATH(&at, Container, name),
                      first = k8smi_path_index(path, 0), resize = K8SMI_PATH(&at, Container, resizePolicy);
    struct k8sm_slice text = k8smi_get_str(container, K8SMI_Container_name);
    bool sidecar = k8smi_eqs(k8smi_get_str(container, K8SMI_Container_restartPolicy), "Always");
    container_check(c, container, &at);
    container_restart_policy(c, container, true, &at);
    if (k8smi_check_knows(&c->names, text)) {
      k8smi_check_duplicate(c, &name, k8smi_v_text(text));
    } else if (text.len > 0) {
      k8smi_check_put(c, &c->names, text, i);
    }
    /* They run one after the other, so each has its ports alone; the server has index 0 for all. */
    k8smi_map_clear(&c->ports);
    container_host_ports(c, container, &first);
    k8smi_check_probes(c, container, sidecar, &at);
    struct k8smi_list policies = k8smi_get_list(container, K8SMI_Container_resizePolicy);
    for (size_t j = 0; j < policies.count && !sidecar && !c->is_stored; j++) {
      struct k8sm_slice restart =
          k8smi_get_str(k8smi_list_record(policies, j), K8SMI_ContainerResizePolicy_restartPolicy);
      struct k8smi_path policy = k8smi_path_index(&resize, j),
                        of_restart = K8SMI_PATH(&policy, ContainerResizePolicy, restartPolicy);
      if (k8smi_eqs(restart, "RestartContainer"))
        k8smi_check_invalid(c, &of_restart, k8smi_v_word(restart),
                            "must not be set to 'RestartContainer' for non-sidecar initContainers");
    }
  }
}

static void container_image_given(struct k8smi_check *c, const struct k8smi_record *container,
                                  const struct k8smi_path *path) {
  struct k8sm_slice image = k8smi_get_str(container, K8SMI_Container_image);
  struct k8smi_path at = K8SMI_PATH(path, Container, image);
  if (k8smi_is_padded(image))
    k8smi_check_invalid(c, &at, k8smi_v_text(image), "must not have leading or trailing whitespace");
}

/* In the order of the Go struct. */
static const struct k8smi_at container_not_ephemeral[] = {
    K8SMI_AT_FIELD(Container, ports),
    K8SMI_AT_FIELD(Container, resources),
    K8SMI_AT_FIELD(Container, resizePolicy),
    K8SMI_AT_FIELD(Container, restartPolicy),
    K8SMI_AT_FIELD(Container, restartPolicyRules),
    K8SMI_AT_FIELD(Container, livenessProbe),
    K8SMI_AT_FIELD(Container, readinessProbe),
    K8SMI_AT_FIELD(Container, startupProbe),
    K8SMI_AT_FIELD(Container, lifecycle),
};

/* Resources are always there, if only empty. */
static bool container_has(const struct k8smi_record *container, unsigned field) {
  if (field == K8SMI_Container_lifecycle) return k8smi_has_lifecycle(k8smi_get_record(container, field));
  if (field != K8SMI_Container_resources) return k8smi_has(container, field);
  const struct k8smi_record *resources = k8smi_get_record(container, field);
  return resources != NULL && resources->present != 0;
}

static void container_refuse(struct k8smi_check *c, const struct k8smi_record *container,
                             const struct k8smi_path *path) {
  static const char words[] = "cannot be set for an Ephemeral Container";
  for (size_t i = 0; i < sizeof container_not_ephemeral / sizeof container_not_ephemeral[0]; i++) {
    const unsigned field = container_not_ephemeral[i].field;
    struct k8smi_path at = k8smi_path_at(path, container_not_ephemeral[i]);
    if (container_has(container, field)) k8smi_check_forbidden(c, &at, words);
  }
  struct k8smi_list mounts = k8smi_get_list(container, K8SMI_Container_volumeMounts);
  struct k8smi_path of_mounts = K8SMI_PATH(path, Container, volumeMounts);
  for (size_t i = 0; i < mounts.count; i++) {
    const struct k8smi_record *mount = k8smi_list_record(mounts, i);
    struct k8smi_path at = k8smi_path_index(&of_mounts, i), sub = K8SMI_PATH(&at, VolumeMount, subPath),
                      expression = K8SMI_PATH(&at, VolumeMount, subPathExpr);
    if (k8smi_has(mount, K8SMI_VolumeMount_subPath)) k8smi_check_forbidden(c, &sub, words);
    if (k8smi_has(mount, K8SMI_VolumeMount_subPathExpr)) k8smi_check_forbidden(c, &expression, words);
  }
}

/* Names of containers that are not ephemeral stand in `names` with the index 0 to n, those of ephemeral ones
 * with none of these. */
static void container_ephemerals(struct k8smi_check *c, const struct k8smi_path *path) {
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_ephemeralContainers);
  struct k8smi_list inits = k8smi_get_list(c->spec, K8SMI_PodSpec_initContainers);
  const size_t ephemeral = K8SMI_MAP_NONE - 1;
  for (size_t i = 0; i < inits.count && list.count > 0; i++)
    k8smi_check_add(c, &c->names, k8smi_get_str(k8smi_list_record(inits, i), K8SMI_Container_name));
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *container = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(path, i), name = K8SMI_PATH(&at, Container, name),
                      target = K8SMI_PATH(&at, EphemeralContainer, targetContainerName);
    struct k8sm_slice text = k8smi_get_str(container, K8SMI_Container_name);
    container_check(c, container, &at);
    container_image_given(c, container, &at);
    if (k8smi_check_knows(&c->names, text)) {
      k8smi_check_duplicate(c, &name, k8smi_v_text(text));
    } else {
      k8smi_check_put(c, &c->names, text, ephemeral);
    }
    text = k8smi_get_str(container, K8SMI_EphemeralContainer_targetContainerName);
    uint32_t index = k8smi_map_get(&c->names, text);
    if (text.len > 0 && (index == K8SMI_MAP_NONE || index == ephemeral))
      k8smi_check_not_found(c, &target, k8smi_v_text(text), NULL);
    container_refuse(c, container, &at);
  }
}

void k8smi_check_containers(struct k8smi_check *c) {
  struct k8smi_path mains = K8SMI_PATH(c->at, PodSpec, containers),
                    inits = K8SMI_PATH(c->at, PodSpec, initContainers),
                    ephemerals = K8SMI_PATH(c->at, PodSpec, ephemeralContainers);
  k8smi_map_clear(&c->names);
  container_mains(c, &mains);
  container_inits(c, &inits);
  container_ephemerals(c, &ephemerals);
}

void k8smi_check_images(struct k8smi_check *c) {
  static const struct k8smi_at lists[] = {K8SMI_AT_FIELD(PodSpec, containers),
                                          K8SMI_AT_FIELD(PodSpec, initContainers)};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    struct k8smi_list list = k8smi_get_list(c->spec, lists[i].field);
    struct k8smi_path path = k8smi_path_at(c->at, lists[i]);
    for (size_t j = 0; j < list.count; j++) {
      struct k8smi_path at = k8smi_path_index(&path, j);
      container_image_given(c, k8smi_list_record(list, j), &at);
    }
  }
}

void k8smi_check_host_network(struct k8smi_check *c) {
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_containers);
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, containers);
  if (!k8smi_get_bool(c->spec, K8SMI_PodSpec_hostNetwork, false)) return;
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_list ports = k8smi_get_list(k8smi_list_record(list, i), K8SMI_Container_ports);
    struct k8smi_path at = k8smi_path_index(&path, i), of_ports = K8SMI_PATH(&at, Container, ports);
    for (size_t j = 0; j < ports.count; j++) {
      const struct k8smi_record *port = k8smi_list_record(ports, j);
      int64_t host = k8smi_get_i64(port, K8SMI_ContainerPort_hostPort, 0);
      struct k8smi_path item = k8smi_path_index(&of_ports, j),
                        of_host = K8SMI_PATH(&item, ContainerPort, hostPort);
      if ((c->is_pod || host != 0) && host != k8smi_get_i64(port, K8SMI_ContainerPort_containerPort, 0))
        k8smi_check_invalid(c, &of_host, k8smi_v_number(host),
                            "must match `containerPort` when `hostNetwork` is true");
    }
  }
}
