/* SPDX-License-Identifier: Apache-2.0 */
#include "demand/build.h"
#include "demand/rules.h"

#include "base/abi.h"
#include "wire/id.h"
#include "pod/containers.h"

#include <k8smesos/cluster.h>
#include <k8smesos/task.h>

enum { DEMAND_MAX_MEMORY = 64 * 1024 * 1024, DEMAND_NONCE_MAX = 32 };

/* ---- What the steps share ---- */

void *k8smi_demand_array(struct k8smi_demand_build *b, size_t n, size_t item_size) {
  void *p = n == 0 ? NULL : k8smi_arena_array(&b->demand->arena, n, item_size);
  if (n != 0 && p == NULL) b->no_memory = true;
  return p;
}

struct k8smi_strings k8smi_demand_texts(struct k8smi_demand_build *b, struct k8smi_list list,
                                        unsigned field) {
  struct k8sm_slice *items = k8smi_demand_array(b, list.count, sizeof *items);
  for (size_t i = 0; items != NULL && i < list.count; i++)
    items[i] = k8smi_get_str(k8smi_list_record(list, i), field);
  return (struct k8smi_strings){items, items == NULL ? 0 : list.count};
}

struct k8sm_slice k8smi_demand_copy(struct k8smi_demand_build *b, struct k8sm_slice s) {
  struct k8sm_slice copy = k8smi_arena_slice(&b->demand->arena, s);
  if (s.ptr != NULL && copy.ptr == NULL) b->no_memory = true;
  return copy;
}

struct k8sm_slice k8smi_demand_take(struct k8smi_demand_build *b, struct k8smi_buf *buf) {
  return k8smi_resolve_take(&b->resolve, buf);
}

/* ---- Making one ---- */

bool k8smi_nonce_valid(const char *nonce) {
  size_t n = nonce == NULL ? 0 : strlen(nonce);
  bool fine = n >= 1 && n <= DEMAND_NONCE_MAX;
  for (size_t i = 0; fine && i < n; i++) {
    char c = nonce[i];
    fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  return fine;
}

static int demand_check_nonce(const char *nonce, struct k8sm_diags *diags) {
  if (k8smi_nonce_valid(nonce)) return K8SM_OK;
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL,
             "options.nonce is '%s': expected 1 to %d letters and digits", nonce == NULL ? "" : nonce,
             DEMAND_NONCE_MAX);
  return K8SM_ERR_INVALID;
}

static int demand_check_form(uint32_t form, struct k8sm_diags *diags) {
  if (form <= K8SM_FORM_DOCKER) return K8SM_OK;
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "options.form is %u: expected K8SM_FORM_*", form);
  return K8SM_ERR_INVALID;
}

/* The id of a task's longest restart: one that Mesos accepts? */
static bool demand_has_id(const struct k8sm_demand *d, struct k8sm_slice container) {
  struct k8sm_task_id id = {d->uid, container, d->nonce, d->attempt, UINT32_MAX, 0, 0};
  char text[K8SMI_ID_MAX + 1];
  return k8sm_task_id_format(&id, text, sizeof text) > 0;
}

/* Every id that the pod will ever need must be one that Mesos accepts. That of the pause task has no
 * container. */
static int demand_check_ids(const struct k8smi_demand_build *b) {
  const struct k8sm_demand *d = b->demand;
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path uid = k8smi_path_field(&metadata, K8SMI_S("uid"));
  if (d->uid.len == 0) {
    k8smi_find(b->diags, K8SM_DIAG_FIELD_REQUIRED, &uid,
               "a pod needs a uid to be run: it is part of its tasks' ids");
    return K8SM_ERR_INVALID;
  }
  if (!demand_has_id(d, K8SMI_S(""))) {
    k8smi_find(
        b->diags, K8SM_DIAG_TASK_ID_INVALID, &uid,
        "'%.*s', of %zu bytes: expected a part of task ids, which have at most %d bytes in all, without "
        "'.', '/', '\\' and control characters",
        K8SMI_P(d->uid), d->uid.len, K8SMI_ID_MAX);
    return K8SM_ERR_INVALID;
  }
  int result = K8SM_OK;
  for (size_t i = 1; i < d->task_count; i++) {
    struct k8smi_container_path container;
    struct k8smi_path name = k8smi_path_field(
        k8smi_container_path(&container, k8smi_container_at(b->spec, i - 1)), K8SMI_S("name"));
    if (demand_has_id(d, d->tasks[i].container)) continue;
    k8smi_find(
        b->diags, K8SM_DIAG_TASK_ID_INVALID, &name,
        "'%.*s': expected a DNS label that makes a task id of at most %d bytes with the pod's uid of %zu",
        K8SMI_P(d->tasks[i].container), K8SMI_ID_MAX, d->uid.len);
    result = K8SM_ERR_INVALID;
  }
  return result;
}

static bool demand_is_done(const struct k8smi_demand_build *b, struct k8sm_slice container) {
  for (size_t i = 0; i < b->options.done_count; i++) {
    if (k8smi_eq(container, k8smi_s(b->options.done[i]))) return true;
  }
  return false;
}

static int demand_check_done(const struct k8smi_demand_build *b) {
  struct k8smi_list mains = k8smi_get_list(b->spec, K8SMI_PodSpec_containers);
  size_t done = 0;
  for (size_t i = 0; i < mains.count; i++)
    done += demand_is_done(b, k8smi_get_str(k8smi_list_record(mains, i), K8SMI_Container_name));
  if (b->options.done_count == 0 || (done == b->options.done_count && done < mains.count)) return K8SM_OK;
  k8smi_find(
      b->diags, K8SM_DIAG_OPTION_INVALID, NULL,
      "done: %zu names, %zu of them of the pod's %zu containers; expected those of some of them, each once",
      b->options.done_count, done, mains.count);
  return K8SM_ERR_INVALID;
}

static void demand_fill_task(struct k8smi_demand_build *b, struct k8smi_demand_task *task,
                             const struct k8smi_record *container, uint32_t kind, uint32_t stage) {
  const struct k8sm_demand *d = b->demand;
  task->container = k8smi_get_str(container, K8SMI_Container_name);
  task->kind = kind;
  task->stage = stage;
  task->launch = stage == 0 && !(kind == K8SM_TASK_MAIN && demand_is_done(b, task->container));
  task->spec_image = k8smi_get_str(container, K8SMI_Container_image);
  task->tty = k8smi_get_bool(container, K8SMI_Container_tty, false);
  task->grace_seconds = d->grace_seconds;
  task->share_pid = d->host_pid || k8smi_get_bool(b->spec, K8SMI_PodSpec_shareProcessNamespace, false);
  k8smi_demand_make_restarts(task, container, d->restart_policy);
}

/* The pause task: it ends only when it is killed. */
static void demand_fill_pause(struct k8smi_demand_build *b, struct k8smi_demand_task *task) {
  static const struct k8sm_slice argv[] = {{"sleep", 5}, {"1000000000", 10}};
  task->container = K8SMI_S("");
  task->kind = K8SM_TASK_PAUSE;
  task->launch = true;
  task->restart_policy = K8SMI_RESTART_ALWAYS;
  task->has_value = true;
  task->argv = (struct k8smi_strings){argv, 2};
  task->share_pid = b->demand->host_pid;
}

/* Init containers and sidecars are a stage each, the mains the last one. */
static bool demand_make_tasks(struct k8smi_demand_build *b) {
  struct k8sm_demand *d = b->demand;
  struct k8smi_list inits = k8smi_get_list(b->spec, K8SMI_PodSpec_initContainers);
  struct k8smi_list mains = k8smi_get_list(b->spec, K8SMI_PodSpec_containers);
  d->tasks = k8smi_demand_array(b, 1 + inits.count + mains.count, sizeof *d->tasks);
  if (d->tasks == NULL) return false;
  d->task_count = 1 + inits.count + mains.count;
  d->stages = (uint32_t)inits.count + 1;
  struct k8smi_demand_task *task = d->tasks;
  demand_fill_pause(b, task++);
  for (size_t i = 0; i < inits.count; i++) {
    const struct k8smi_record *c = k8smi_list_record(inits, i);
    bool sidecar = k8smi_eqs(k8smi_get_str(c, K8SMI_Container_restartPolicy), "Always");
    demand_fill_task(b, task++, c, sidecar ? K8SM_TASK_SIDECAR : K8SM_TASK_INIT, (uint32_t)i);
  }
  for (size_t i = 0; i < mains.count; i++) {
    demand_fill_task(b, task++, k8smi_list_record(mains, i), K8SM_TASK_MAIN, (uint32_t)inits.count);
  }
  return true;
}

static void demand_make_container(struct k8smi_demand_build *b, struct k8smi_demand_task *task,
                                  const struct k8smi_record *container, const struct k8smi_path *path) {
  struct k8smi_demand_source s = {container, task, path, {NULL, 0, 0, {{0}, NULL, 0, 0, 0, 0}}};
  k8smi_demand_tell_limits(b, task);
  k8smi_resolve_env(&b->resolve, container, path, &s.env);
  k8smi_demand_note_limits(b, path);
  task->env = s.env.items;
  task->env_count = s.env.count;
  for (size_t i = 0; i < s.env.count; i++) {
    if (s.env.items[i].secret) b->demand->features |= K8SM_FEATURE_SECRETS;
    task->placed = task->placed || s.env.items[i].placed;
  }
  k8smi_demand_make_command(b, &s);
  k8smi_demand_make_security(b, &s);
  k8smi_demand_make_rlimits(b, &s);
  k8smi_demand_make_mounts(b, &s);
  k8smi_demand_make_checks(b, &s);
  if (k8smi_demand_is_docker(b->demand)) k8smi_demand_make_docker(b, &s);
  k8smi_environment_free(&s.env);
}

static void demand_make_containers(struct k8smi_demand_build *b, unsigned field, const char *name,
                                   struct k8smi_demand_task *tasks) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list = k8smi_path_field(&spec, k8smi_s(name));
  struct k8smi_list containers = k8smi_get_list(b->spec, field);
  for (size_t i = 0; i < containers.count; i++) {
    struct k8smi_path at = k8smi_path_index(&list, i);
    demand_make_container(b, &tasks[i], k8smi_list_record(containers, i), &at);
  }
}

/* What concerns the pod as a whole. */
static void demand_make_pod(struct k8smi_demand_build *b) {
  struct k8sm_demand *d = b->demand;
  struct k8smi_list selector = k8smi_get_list(b->spec, K8SMI_PodSpec_nodeSelector);
  d->node_selector = (struct k8smi_pair_list){selector.items, selector.count};
  d->node_name = k8smi_get_str(b->spec, K8SMI_PodSpec_nodeName);
  d->hostname = k8smi_get_str(b->spec, K8SMI_PodSpec_hostname);
  d->host_pid = k8smi_get_bool(b->spec, K8SMI_PodSpec_hostPID, false);
  d->host_ipc = k8smi_get_bool(b->spec, K8SMI_PodSpec_hostIPC, false);
  d->grace_seconds = k8smi_get_i64(b->spec, K8SMI_PodSpec_terminationGracePeriodSeconds, 30);
  if (d->grace_seconds < 0) d->grace_seconds = 1;
  d->active_deadline_seconds = k8smi_get_i64(b->spec, K8SMI_PodSpec_activeDeadlineSeconds, 0);
  d->unreachable_seconds = k8smi_demand_unreachable_seconds(b);
  d->restart_policy = k8smi_restart_policy(k8smi_get_str(b->spec, K8SMI_PodSpec_restartPolicy));
  d->readiness_gates = k8smi_demand_texts(b, k8smi_get_list(b->spec, K8SMI_PodSpec_readinessGates),
                                          K8SMI_PodReadinessGate_conditionType);
  d->share_cgroups_false = (d->flags & K8SM_DEMAND_NO_LIMITS) == 0;
  if (d->share_cgroups_false) d->features |= K8SM_FEATURE_CGROUPS;
  if (d->hostname.len > 0 || d->host_pid || d->host_ipc ||
      k8smi_get_bool(b->spec, K8SMI_PodSpec_shareProcessNamespace, false)) {
    d->features |= K8SM_FEATURE_LINUX_LAUNCHER;
  }
  k8smi_demand_make_network(b);
  /* pods on their agent's network have its address; else nobody knows it before they run */
  if (d->network.len == 0) b->resolve.node.pod_ips = K8SMI_PLACED_ADDRESS;
}

static void demand_run_steps(struct k8smi_demand_build *b) {
  size_t inits = k8smi_get_list(b->spec, K8SMI_PodSpec_initContainers).count;
  demand_make_pod(b);
  if (!demand_make_tasks(b)) return;
  k8smi_demand_make_metadata(b);
  k8smi_demand_make_discovery(b);
  k8smi_demand_make_roles(b);
  k8smi_demand_make_form(b);
  k8smi_demand_make_placement(b);
  k8smi_demand_check_rules(b);
  k8smi_demand_check_texts(b);
  k8smi_demand_index_volumes(b);
  k8smi_demand_make_claims(b);
  k8smi_demand_check_volume_roles(b);
  k8smi_demand_make_resources(b);
  k8smi_demand_make_extended(b);
  k8smi_demand_make_ports(b);
  demand_make_containers(b, K8SMI_PodSpec_initContainers, "initContainers", b->demand->tasks + 1);
  demand_make_containers(b, K8SMI_PodSpec_containers, "containers", b->demand->tasks + 1 + inits);
  k8smi_demand_make_keys(b);
}

/* Secrets and ConfigMaps, and what is not known before the pod has a place. */
static void demand_start_resolve(struct k8smi_demand_build *b) {
  const struct k8sm_demand_options *o = &b->options;
  struct k8sm_demand *d = b->demand;
  k8smi_resolve_init(&b->resolve, &d->arena, k8smi_pod_record(d->pod), b->diags);
  b->resolve.skip_file_key = true; /* refused by its rule */
  b->resolve.skip_nul = true;      /* refused by k8smi_demand_check_texts */
  b->resolve.node.name = K8SMI_PLACED_NAME;
  b->resolve.node.host_ips = K8SMI_PLACED_ADDRESS;
  if (!k8smi_data_init(&b->resolve.data, &d->arena, d->name_space, o->data, o->data_size, o->data_count))
    b->no_memory = true;
}

static int demand_result(struct k8smi_demand_build *b) {
  if (b->no_memory || b->resolve.no_memory)
    return k8smi_find_nomem(b->diags, k8smi_arena_error(&b->demand->arena));
  int result = demand_check_ids(b);
  if (result != K8SM_OK) return result;
  b->demand->lacks = b->resolve.first_missing;
  return b->refused + b->resolve.problems > 0 ? K8SM_ERR_UNSUPPORTED : K8SM_OK;
}

/* What most demands take, beside the first struct: a driver keeps one for each pod. */
static size_t demand_size(const struct k8sm_pod *pod) {
  enum { TEXTS = 320 }; /* of a task */
  const struct k8smi_record *spec = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_spec);
  size_t tasks = 1 + k8smi_get_list(spec, K8SMI_PodSpec_initContainers).count +
                 k8smi_get_list(spec, K8SMI_PodSpec_containers).count;
  return tasks * (sizeof(struct k8smi_demand_task) + TEXTS);
}

int k8smi_demand_check_options(const struct k8sm_demand_options *options, struct k8sm_diags *diags) {
  int result = demand_check_form(options->form, diags);
  if (result == K8SM_OK) result = k8smi_demand_check_policies(options, diags);
  if (result == K8SM_OK) result = k8smi_demand_check_users(options, diags);
  return result == K8SM_OK ? k8smi_demand_check_classes(options, diags) : result;
}

int k8smi_demand_make(const struct k8sm_pod *pod, const struct k8sm_demand_options *options,
                      struct k8sm_demand **ret, struct k8sm_diags *diags) {
  struct k8smi_demand_build b;
  memset(&b, 0, sizeof b);
  b.diags = diags;
  int result = k8smi_options_read(&b.options, sizeof b.options, options, "k8sm_demand_options", diags);
  if (result == K8SM_OK) result = demand_check_nonce(b.options.nonce, diags);
  if (result == K8SM_OK) result = k8smi_demand_check_options(&b.options, diags);
  if (result != K8SM_OK) return result;
  struct k8sm_demand *d = k8smi_value_new(b.options.allocator, DEMAND_MAX_MEMORY, sizeof *d,
                                          offsetof(struct k8sm_demand, arena), demand_size(pod));
  if (d == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_refs_init(&d->refs);
  d->pod = k8smi_pod_hold(pod);
  d->uid = k8sm_pod_uid(pod);
  d->name_space = k8sm_pod_namespace(pod);
  d->name = k8sm_pod_name(pod);
  d->attempt = b.options.attempt;
  d->flags = b.options.flags;
  b.demand = d;
  d->nonce = k8smi_demand_copy(&b, k8smi_s(b.options.nonce));
  d->principal = k8smi_demand_copy(&b, k8smi_s(b.options.principal));
  b.metadata = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_metadata);
  b.spec = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_spec);
  result = demand_check_done(&b);
  if (result != K8SM_OK) {
    k8sm_demand_unref(d);
    return result;
  }
  k8smi_map_init(&b.volumes, &d->arena.allocator, k8smi_hash(d->uid.ptr, d->uid.len, 0));
  demand_start_resolve(&b);
  demand_run_steps(&b);
  k8smi_demand_free_volumes(&b);
  k8smi_map_free(&b.volumes);
  result = demand_result(&b);
  if (result != K8SM_OK) {
    k8sm_demand_unref(d);
    return result;
  }
  *ret = d;
  return K8SM_OK;
}

int k8sm_demand_make(const struct k8sm_pod *pod, const struct k8sm_demand_options *options,
                     struct k8sm_demand **ret, struct k8sm_diags *diags) {
  struct k8sm_demand *demand;
  int result = k8smi_demand_make(pod, options, &demand, diags);
  if (result != K8SM_OK) return result;
  if (demand->lacks.len > 0) {
    k8sm_demand_unref(demand);
    return K8SM_ERR_NOT_FOUND;
  }
  *ret = demand;
  return K8SM_OK;
}

struct k8sm_demand *k8sm_demand_ref(struct k8sm_demand *demand) {
  k8smi_ref(&demand->refs);
  return demand;
}

void k8sm_demand_unref(struct k8sm_demand *demand) {
  if (demand == NULL || !k8smi_unref(&demand->refs)) return;
  k8sm_pod_unref(demand->pod);
  k8sm_demand_unref(demand->origin);
  K8SMI_VALUE_FREE(k8sm_demand, demand);
}
