/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include "pod/prepare.h"

/* The order of the server's checks; what they are is in the other files. */

static const char *const validate_restart_policies[] = {"Always", "OnFailure", "Never", NULL};
static const char *const validate_dns_policies[] = {"ClusterFirstWithHostNet", "ClusterFirst", "Default",
                                                    "None", NULL};
static const char *const validate_preemption_policies[] = {"PreemptLowerPriority", "Never", NULL};

static const struct k8smi_field_rule validate_policies[] = {
    {K8SMI_RULE_WORD_REQUIRED, K8SMI_AT_FIELD(PodSpec, restartPolicy), .words = validate_restart_policies},
    {K8SMI_RULE_WORD_REQUIRED, K8SMI_AT_FIELD(PodSpec, dnsPolicy), .words = validate_dns_policies},
};
static const struct k8smi_field_rule validate_names[] = {
    {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PodSpec, serviceAccountName), .format = k8smi_format_subdomain},
    {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PodSpec, nodeName), .format = k8smi_format_subdomain},
    {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(PodSpec, activeDeadlineSeconds), .low = 1, .high = INT32_MAX},
    {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PodSpec, hostname), .format = k8smi_format_label},
    {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PodSpec, subdomain), .format = k8smi_format_label},
};
static const struct k8smi_field_rule validate_classes[] = {
    {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PodSpec, priorityClassName), .format = k8smi_format_subdomain},
};
static const struct k8smi_field_rule validate_grace = {
    K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(PodSpec, terminationGracePeriodSeconds), .high = INT64_MAX,
    .detail = "must be greater than or equal to 0"};

static void validate_share(struct k8smi_check *c) {
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, shareProcessNamespace);
  if (k8smi_get_bool(c->spec, K8SMI_PodSpec_hostPID, false) &&
      k8smi_get_bool(c->spec, K8SMI_PodSpec_shareProcessNamespace, false))
    k8smi_check_invalid(c, &path, K8SMI_V_TRUE, "ShareProcessNamespace and HostPID cannot both be enabled");
}

static void validate_readiness_gates(struct k8smi_check *c) {
  static const struct k8smi_field_rule type = {
      K8SMI_RULE_TEXT, K8SMI_AT_FIELD(PodReadinessGate, conditionType), .format = k8smi_format_qualified};
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_readinessGates);
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, readinessGates);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&path, i);
    k8smi_check_rule(c, k8smi_list_record(list, i), &type, &at);
  }
}

static void validate_runtime(struct k8smi_check *c) {
  static const struct k8smi_field_rule preemption = {K8SMI_RULE_WORD_REQUIRED,
                                                     K8SMI_AT_FIELD(PodSpec, preemptionPolicy),
                                                     .words = validate_preemption_policies};
  struct k8smi_path class_ = K8SMI_PATH(c->at, PodSpec, runtimeClassName),
                    overhead = K8SMI_PATH(c->at, PodSpec, overhead);
  K8SMI_CHECK_RULES(c, c->spec, validate_classes, c->at);
  if (k8smi_has(c->spec, K8SMI_PodSpec_runtimeClassName))
    k8smi_check_format(c, &class_, k8smi_get_str(c->spec, K8SMI_PodSpec_runtimeClassName),
                       k8smi_format_subdomain);
  if (k8smi_has(c->spec, K8SMI_PodSpec_preemptionPolicy)) k8smi_check_rule(c, c->spec, &preemption, c->at);
  k8smi_check_overhead(c, k8smi_get_list(c->spec, K8SMI_PodSpec_overhead), &overhead);
}

static void validate_spec(struct k8smi_check *c) {
  struct k8smi_path grace = K8SMI_PATH(c->at, PodSpec, terminationGracePeriodSeconds),
                    nodes = K8SMI_PATH(c->at, PodSpec, nodeSelector);
  if (!k8smi_has(c->spec, K8SMI_PodSpec_terminationGracePeriodSeconds)) k8smi_check_required(c, &grace, NULL);
  k8smi_check_volumes(c);
  k8smi_check_resource_claims(c);
  k8smi_check_containers(c);
  k8smi_check_pod_resources(c);
  k8smi_check_host_network(c);
  K8SMI_CHECK_RULES(c, c->spec, validate_policies, c->at);
  k8smi_check_labels(c, k8smi_get_list(c->spec, K8SMI_PodSpec_nodeSelector), &nodes);
  k8smi_check_pod_security(c);
  validate_share(c);
  k8smi_check_affinity(c);
  k8smi_check_dns(c);
  validate_readiness_gates(c);
  k8smi_check_gates(c);
  k8smi_check_spread(c);
  k8smi_check_host_process(c);
  k8smi_check_host_users(c);
  k8smi_check_hostname(c);
  K8SMI_CHECK_RULES(c, c->spec, validate_names, c->at);
  k8smi_check_tolerations(c);
  k8smi_check_host_aliases(c);
  validate_runtime(c);
  k8smi_check_os(c);
  k8smi_check_env_files(c);
}

static void validate_pod(struct k8smi_check *c, const struct k8smi_path *root, const void *pod) {
  static const struct k8smi_name_rules names = {k8smi_format_subdomain, k8smi_format_subdomain_prefix};
  struct k8smi_path spec = K8SMI_AT(root, "spec"), metadata = K8SMI_AT(root, "metadata"),
                    annotations = K8SMI_PATH(&metadata, ObjectMeta, annotations),
                    ephemeral = K8SMI_PATH(&spec, PodSpec, ephemeralContainers),
                    node = K8SMI_PATH(&spec, PodSpec, nodeName);
  c->metadata = k8smi_get_record(pod, K8SMI_Pod_metadata);
  c->spec = k8smi_get_record(pod, K8SMI_Pod_spec);
  c->at = &spec;
  c->is_pod = true;
  c->is_stored = k8smi_is_stored(c->metadata);
  k8smi_check_metadata(c, c->metadata, &names, &metadata);
  k8smi_check_pod_annotations(c, &annotations);
  validate_spec(c);
  k8smi_check_token_volumes(c);
  k8smi_check_rule(c, c->spec, &validate_grace, c->at);
  k8smi_check_images(c);
  if (!c->is_stored && k8smi_get_list(c->spec, K8SMI_PodSpec_ephemeralContainers).count > 0)
    k8smi_check_forbidden(c, &ephemeral, "cannot be set on create");
  if (k8smi_get_str(c->spec, K8SMI_PodSpec_nodeName).len > 0 &&
      k8smi_get_list(c->spec, K8SMI_PodSpec_schedulingGates).count > 0)
    k8smi_check_forbidden(c, &node, "cannot be set until all schedulingGates have been cleared");
  k8smi_check_profiles_agree(c);
}

void k8smi_check_template(struct k8smi_check *c, const struct k8smi_record *template_,
                          const struct k8smi_path *path) {
  struct k8smi_path spec = K8SMI_AT(path, "spec"), labels = K8SMI_PATH(path, ObjectMeta, labels),
                    annotations = K8SMI_PATH(path, ObjectMeta, annotations),
                    ephemeral = K8SMI_PATH(&spec, PodSpec, ephemeralContainers);
  c->metadata = k8smi_get_record(template_, K8SMI_PodTemplateSpec_metadata);
  c->spec = k8smi_get_record(template_, K8SMI_PodTemplateSpec_spec);
  c->at = &spec;
  k8smi_check_labels(c, k8smi_get_list(c->metadata, K8SMI_ObjectMeta_labels), &labels);
  k8smi_check_annotations(c, c->metadata, &annotations);
  k8smi_check_pod_annotations(c, &annotations);
  validate_spec(c);
  k8smi_check_profiles_agree(c);
  if (k8smi_get_list(c->spec, K8SMI_PodSpec_ephemeralContainers).count > 0)
    k8smi_check_forbidden(c, &ephemeral, "ephemeral containers not allowed in pod template");
  c->at = NULL;
}

int k8smi_validate(k8smi_validate_all *all, const void *object, const struct k8smi_validate_options *options,
                   struct k8sm_diags *diags) {
  struct k8smi_check c;
  memset(&c, 0, sizeof c);
  c.diags = diags;
  struct k8smi_map *const sets[] = {&c.names,  &c.volumes, &c.claims, &c.ports,    &c.seen,
                                    &c.others, &c.paths,   &c.items,  &c.reported, &c.unread};
  struct k8smi_buf *const bufs[] = {&c.message, &c.value, &c.detail, &c.claim_names};
  c.no_memory = !k8smi_arena_init(&c.arena, &options->allocator, 0);
  /* The seed need not be a secret: an object's names are bounded by its own size. */
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
    k8smi_map_init(sets[i], &options->allocator, (uint64_t)(uintptr_t)object + i);
  for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
    c.no_memory = !k8smi_buf_init(bufs[i], &options->allocator) || c.no_memory;
  k8smi_check_begin(&c, options->unread);
  all(&c, options->path, object);
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) k8smi_map_free(sets[i]);
  for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++) k8smi_buf_free(bufs[i]);
  k8smi_arena_free(&c.arena);
  if (c.no_memory) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  return c.found > 0 ? K8SM_ERR_INVALID : K8SM_OK;
}

int k8smi_validate_pod(const struct k8smi_record *pod, const struct k8smi_validate_options *options,
                       struct k8sm_diags *diags) {
  return k8smi_validate(validate_pod, pod, options, diags);
}
