/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/findings.h"
#include "pod/names.h"
#include "pod/parse.h"
#include "pod/time.h"
#include "wire/number.h"

/* The registry of pods, and what the driver says of them. */

static bool pod_name(struct k8sm_control *c, struct ctl_pod *p) {
  struct k8sm_slice ns = k8sm_pod_namespace(p->pod), name = k8sm_pod_name(p->pod);
  size_t len = ns.len + 1 + name.len;
  p->key_text = k8smi_alloc(&c->allocator, len + 1);
  if (p->key_text == NULL) return false;
  if (ns.len > 0) memcpy(p->key_text, ns.ptr, ns.len);
  p->key_text[ns.len] = '/';
  memcpy(p->key_text + ns.len + 1, name.ptr, name.len);
  p->key_text[len] = '\0';
  p->key = (struct k8sm_slice){p->key_text, len};
  p->uid = k8sm_pod_uid(p->pod);
  return true;
}

/* The one node that its affinity names, as daemons have it. */
static struct k8sm_slice pod_target(const struct ctl_pod *p) {
  const struct k8smi_record *spec = k8smi_get_record(k8smi_pod_record(p->pod), K8SMI_Pod_spec);
  const struct k8smi_record *node =
      k8smi_get_record(k8smi_get_record(spec, K8SMI_PodSpec_affinity), K8SMI_Affinity_nodeAffinity);
  struct k8smi_list terms = k8smi_get_list(
      k8smi_get_record(node, K8SMI_NodeAffinity_requiredDuringSchedulingIgnoredDuringExecution),
      K8SMI_NodeSelector_nodeSelectorTerms);
  for (size_t i = 0; i < terms.count; i++) {
    struct k8smi_list fields =
        k8smi_get_list(k8smi_list_record(terms, i), K8SMI_NodeSelectorTerm_matchFields);
    if (fields.count != 1) continue;
    const struct k8smi_record *field = k8smi_list_record(fields, 0);
    struct k8smi_list values = k8smi_get_list(field, K8SMI_NodeSelectorRequirement_values);
    if (k8smi_eqs(k8smi_get_str(field, K8SMI_NodeSelectorRequirement_key), "metadata.name") &&
        values.count == 1)
      return k8smi_list_str(values, 0);
  }
  return (struct k8sm_slice){NULL, 0};
}

/* Which one of its owner's pods it is, and of which template. */
static void pod_read_labels(struct ctl_pod *p) {
  static const char *const numbers[] = {"apps.kubernetes.io/pod-index",
                                        "batch.kubernetes.io/job-completion-index"};
  const struct k8smi_record *metadata = k8smi_get_record(k8smi_pod_record(p->pod), K8SMI_Pod_metadata);
  p->number = -1;
  for (size_t i = 0; p->number < 0 && i < sizeof numbers / sizeof numbers[0]; i++) {
    struct k8sm_slice text = k8smi_get_pair(metadata, K8SMI_ObjectMeta_labels, numbers[i]);
    if (text.ptr == NULL || !k8smi_parse_i64(text, &p->number)) p->number = -1;
  }
  p->revision = k8smi_get_pair(metadata, K8SMI_ObjectMeta_labels, "controller-revision-hash");
  p->target = pod_target(p);
}

static void pod_link(struct k8sm_control *c, struct ctl_object *owner, struct ctl_pod *p) {
  struct ctl_pod ***end = owner == NULL ? &c->loose_end : &owner->pods_end;
  p->owner = owner;
  p->next = NULL;
  p->link = *end;
  **end = p;
  *end = &p->next;
  if (owner == NULL) return;
  owner->pod_count++;
  k8smi_ctl_touch(c, owner);
}

static void pod_unlink(struct k8sm_control *c, struct ctl_pod *p) {
  struct ctl_pod ***end = p->owner == NULL ? &c->loose_end : &p->owner->pods_end;
  *p->link = p->next;
  if (p->next != NULL) p->next->link = p->link;
  if (*end == &p->next) *end = p->link;
  if (p->owner != NULL) p->owner->pod_count--;
}

int k8smi_ctl_pod_add(struct k8sm_control *c, struct ctl_object *owner, struct k8sm_pod *kube,
                      struct ctl_pod **ret) {
  struct ctl_pod *p = k8smi_zalloc(&c->allocator, sizeof *p);
  int64_t seconds;
  if (p == NULL) return K8SM_ERR_NOMEM;
  p->pod = k8sm_pod_ref(kube);
  p->grace_seconds = -1;
  k8smi_arena_init(&p->arena, &c->allocator, 0);
  if (!pod_name(c, p) || !k8smi_ctl_table_add(&c->pods, &c->allocator, p->key, p)) {
    k8smi_ctl_pod_free(c, p);
    return K8SM_ERR_NOMEM;
  }
  const struct k8smi_record *metadata = k8smi_get_record(k8smi_pod_record(kube), K8SMI_Pod_metadata);
  bool stamped = k8smi_parse_time(k8smi_get_str(metadata, K8SMI_ObjectMeta_creationTimestamp), &seconds);
  p->created_ms = stamped ? seconds * 1000 : c->wall_ms;
  pod_read_labels(p);
  pod_link(c, owner, p);
  *ret = p;
  return K8SM_OK;
}

void k8smi_ctl_pod_renew(struct k8sm_control *c, struct ctl_pod *p, struct k8sm_pod *kube) {
  struct ctl_pod old = *p;
  k8smi_arena_free(&p->arena);
  memset(p, 0, sizeof *p);
  p->next = old.next;
  p->link = old.link;
  p->key_text = old.key_text;
  p->key = old.key;
  p->pod = k8sm_pod_ref(kube);
  p->uid = k8sm_pod_uid(p->pod);
  p->grace_seconds = -1;
  p->created_ms = c->wall_ms;
  p->planned = true;
  p->seen = old.seen;
  k8smi_arena_init(&p->arena, &c->allocator, 0);
  pod_read_labels(p);
  k8sm_pod_unref(old.pod);
  k8sm_pod_unref(old.again);
}

void k8smi_ctl_pod_free(struct k8sm_control *c, struct ctl_pod *p) {
  if (p->key_text != NULL) k8smi_free(&c->allocator, p->key_text, p->key.len + 1);
  k8smi_arena_free(&p->arena);
  k8sm_pod_unref(p->pod);
  k8sm_pod_unref(p->again);
  k8smi_free(&c->allocator, p, sizeof *p);
}

void k8smi_ctl_pod_drop(struct k8sm_control *c, struct ctl_pod *p) {
  k8smi_ctl_table_remove(&c->pods, p->key);
  pod_unlink(c, p);
  k8smi_ctl_pod_free(c, p);
}

struct ctl_pod *k8smi_ctl_pod_find(const struct k8sm_control *c, struct k8sm_slice key) {
  return k8smi_ctl_table_get(&c->pods, key);
}

struct ctl_pod *k8smi_ctl_pod_find_like(const struct k8sm_control *c, const struct k8sm_pod *pod) {
  char key[2 * K8SMI_NAME_MAX + 2];
  struct k8sm_slice ns = k8sm_pod_namespace(pod), name = k8sm_pod_name(pod);
  size_t len = ns.len + 1 + name.len;
  if (len > sizeof key) return NULL;
  if (ns.len > 0) memcpy(key, ns.ptr, ns.len);
  key[ns.len] = '/';
  memcpy(key + ns.len + 1, name.ptr, name.len);
  return k8smi_ctl_pod_find(c, (struct k8sm_slice){key, len});
}

void k8smi_ctl_pods_reap(struct k8sm_control *c, struct ctl_object *o) {
  for (struct ctl_pod *p = o->pods, *next; p != NULL; p = next) {
    next = p->next;
    if (p->gone) k8smi_ctl_pod_drop(c, p);
  }
}

void k8smi_ctl_pod_delete(struct k8sm_control *c, struct ctl_pod *p, int64_t grace_seconds) {
  bool shorter = grace_seconds >= 0 && (p->grace_seconds < 0 || grace_seconds < p->grace_seconds);
  if (p->gone || (p->deleting && !shorter)) return;
  if (p->planned) {
    k8smi_ctl_pod_drop(c, p);
    return;
  }
  p->deleting = p->delete_due = true;
  if (shorter || grace_seconds < 0) p->grace_seconds = grace_seconds;
}

void k8smi_ctl_pod_end(struct k8sm_control *c, struct ctl_pod *p, int64_t grace_seconds) {
  k8sm_pod_unref(p->again);
  p->again = NULL;
  k8smi_ctl_pod_delete(c, p, grace_seconds);
}

struct k8sm_slice k8smi_ctl_controller(const struct k8smi_record *metadata) {
  struct k8smi_list owners = k8smi_get_list(metadata, K8SMI_ObjectMeta_ownerReferences);
  for (size_t i = 0; i < owners.count; i++) {
    const struct k8smi_record *owner = k8smi_list_record(owners, i);
    if (k8smi_get_bool(owner, K8SMI_OwnerReference_controller, false))
      return k8smi_get_str(owner, K8SMI_OwnerReference_uid);
  }
  return (struct k8sm_slice){NULL, 0};
}

void k8smi_ctl_pods_adopt(struct k8sm_control *c) {
  for (struct ctl_pod *p = c->loose, *next; p != NULL; p = next) {
    struct k8sm_slice uid =
        k8smi_ctl_controller(k8smi_get_record(k8smi_pod_record(p->pod), K8SMI_Pod_metadata));
    struct ctl_object *o = uid.len == 0 ? NULL : k8smi_ctl_table_get(&c->uids, uid);
    next = p->next;
    if (o == NULL) continue;
    pod_unlink(c, p);
    pod_link(c, o, p);
  }
}

static int pods_tell(struct k8sm_control *c, struct ctl_pod *p) {
  if (p->planned) {
    const struct k8sm_effect run = {
        .type = K8SM_EFFECT_POD, .to = K8SM_TO_DRIVER, .key = p->key, .pod = p->pod};
    if (k8smi_effects_add(c->queue, &run) != K8SM_OK) return K8SM_ERR_NOMEM;
    p->planned = false;
  }
  if (p->delete_due) {
    const struct k8sm_effect end = {
        .type = K8SM_EFFECT_DELETE, .to = K8SM_TO_DRIVER, .key = p->key, .grace_seconds = p->grace_seconds};
    if (k8smi_effects_add(c->queue, &end) != K8SM_OK) return K8SM_ERR_NOMEM;
    p->delete_due = false;
  }
  return K8SM_OK;
}

int k8smi_ctl_pods_release(struct k8sm_control *c, struct ctl_pod *first) {
  int r = K8SM_OK;
  for (struct ctl_pod *p = first; r == K8SM_OK && p != NULL; p = p->next) {
    if (p->planned || p->delete_due) r = pods_tell(c, p);
  }
  return r;
}

/* ---- What has become of a pod ---- */

static enum ctl_phase pod_phase(struct k8sm_slice word) {
  static const char *const words[] = {"Pending", "Running", "Succeeded", "Failed"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (k8smi_eqs(word, words[i])) return (enum ctl_phase)i;
  }
  return CTL_UNKNOWN;
}

static int64_t pod_time(const struct k8smi_record *record, unsigned field) {
  int64_t seconds;
  return k8smi_parse_time(k8smi_get_str(record, field), &seconds) ? seconds * 1000 : 0;
}

static void pod_read_conditions(struct ctl_pod *p, const struct k8smi_record *status) {
  struct k8smi_list list = k8smi_get_list(status, K8SMI_PodStatus_conditions);
  p->ready = p->assigned = false;
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *condition = k8smi_list_record(list, i);
    struct k8sm_slice type = k8smi_get_str(condition, K8SMI_PodCondition_type);
    if (!k8smi_eqs(k8smi_get_str(condition, K8SMI_PodCondition_status), "True")) continue;
    if (k8smi_eqs(type, "PodScheduled")) p->assigned = true;
    if (!k8smi_eqs(type, "Ready")) continue;
    p->ready = true;
    p->ready_ms = pod_time(condition, K8SMI_PodCondition_lastTransitionTime);
  }
}

static void pod_read_containers(struct ctl_pod *p, const struct k8smi_record *status) {
  static const unsigned lists[] = {K8SMI_PodStatus_initContainerStatuses, K8SMI_PodStatus_containerStatuses};
  p->restarts = 0;
  for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
    struct k8smi_list list = k8smi_get_list(status, lists[k]);
    for (size_t i = 0; i < list.count; i++) {
      const struct k8smi_record *of = k8smi_list_record(list, i);
      const struct k8smi_record *state = k8smi_get_record(of, K8SMI_ContainerStatus_state);
      int64_t end = pod_time(k8smi_get_record(state, K8SMI_ContainerState_terminated),
                             K8SMI_ContainerStateTerminated_finishedAt);
      p->restarts += k8smi_get_i64(of, K8SMI_ContainerStatus_restartCount, 0);
      if (end > p->finished_ms) p->finished_ms = end;
    }
  }
}

static int pod_parse_status(struct k8smi_arena *arena, struct k8sm_slice json,
                            const struct k8smi_record **ret, struct k8sm_diags *diags) {
  static const struct k8sm_parse_options as_it_is = {.size = sizeof as_it_is,
                                                     .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE,
                                                     .format = K8SM_FORMAT_JSON};
  struct k8sm_parse_options options = as_it_is;
  struct k8smi_tokens *tokens = NULL;
  struct k8smi_parse parse;
  options.allocator = &arena->allocator;
  int r = k8smi_parse_init(&parse, json.ptr, json.len, &options, diags);
  if (r != K8SM_OK) return r;
  r = k8smi_parse_tokens(&parse, json.ptr, json.len, K8SM_FORMAT_JSON, 0, &tokens);
  if (r == K8SM_OK) r = k8smi_parse_record(&parse, tokens, arena, K8SMI_TYPE_PodStatus, NULL, ret);
  if (tokens != NULL) k8smi_tokens_free(tokens);
  k8smi_parse_free(&parse);
  return r;
}

int k8smi_ctl_pod_status(struct k8sm_control *c, struct ctl_pod *p, struct k8sm_slice json,
                         struct k8sm_diags *diags) {
  const struct k8smi_record *status = NULL;
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, &c->allocator, 0);
  int r = pod_parse_status(&arena, json, &status, diags);
  if (r != K8SM_OK) {
    k8smi_arena_free(&arena);
    return r;
  }
  p->phase = pod_phase(k8smi_get_str(status, K8SMI_PodStatus_phase));
  pod_read_conditions(p, status);
  pod_read_containers(p, status);
  if (k8smi_ctl_pod_ended(p) && p->finished_ms == 0) p->finished_ms = c->wall_ms;
  /* Only what a Job's failure policy may ask is kept. */
  bool keep = p->phase == CTL_FAILED && (p->owner == NULL || p->owner->kind->number == K8SM_WORKLOAD_JOB);
  k8smi_arena_free(&p->arena);
  k8smi_arena_init(&p->arena, &c->allocator, 0);
  p->status = NULL;
  if (keep) {
    p->arena = arena;
    p->status = status;
  } else {
    k8smi_arena_free(&arena);
  }
  if (p->owner == NULL) return K8SM_OK;
  bool daemon = p->owner->kind->number == K8SM_WORKLOAD_DAEMON_SET; /* whose failures are those of its pods */
  if (p->ready && !daemon) p->owner->failures = 0;
  k8smi_ctl_touch(c, p->owner);
  return K8SM_OK;
}
