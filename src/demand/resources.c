/* SPDX-License-Identifier: Apache-2.0 */
/* What the executor holds, what each task asks beside it, and its limits:
 * https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
#include "demand/build.h"

#include "pod/containers.h"
#include "pod/requests.h"

enum {
  RES_MIN_CPU_MILLI = 10,           /* Mesos refuses less, and allocators do not offer less */
  RES_MIN_EXECUTOR_MEM = 32 * 1000, /* the agent's floor, in thousandths of a MB */
  RES_TOKEN_MEM = 1000,
  RES_TOKEN_SHARE = 50, /* a task's token is this part of its request: cpu shares follow it */
  RES_DEFAULT_CPU_MILLI = 250,
  RES_DEFAULT_MEM_MB = 64,
  RES_DEFAULT_DISK_MB = 32,
  RES_LEAST_CPU_MILLI = 10, /* of a container, by the original's rule */
  RES_LEAST_MEM_MB = 32
};
#define RES_MB ((int64_t)1024 * 1024)

enum { RES_CPU = 0, RES_MEM, RES_DISK, RES_KINDS };

static const char *const res_names[RES_KINDS] = {"cpu", "memory", "ephemeral-storage"};

/* By kind: cores, bytes, bytes. */
struct res_amounts {
  struct k8smi_amount v[RES_KINDS];
  bool set[RES_KINDS];
};

static int64_t res_max(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* As Mesos counts: cpus in thousandths, mem and disk in thousandths of a MB. */
static int64_t res_milli(int kind, struct k8smi_amount amount) {
  return kind == RES_CPU ? k8smi_amount_milli(amount) : k8smi_amount_mb_milli(amount);
}

static struct res_amounts res_read_all(const struct k8smi_record *resources, unsigned field) {
  struct res_amounts a;
  memset(&a, 0, sizeof a);
  for (int k = 0; k < RES_KINDS; k++)
    a.set[k] = k8smi_resource_get(resources, field, res_names[k], &a.v[k]) && a.v[k].whole >= 0;
  return a;
}

/* Resources that have no place in a Demand. A limit that became the request by default is reported once. */
static void res_refuse_others(struct k8smi_demand_build *b, const struct k8smi_record *resources,
                              unsigned field, const char *name, const struct k8smi_path *path) {
  struct k8smi_path list_path = k8smi_path_field(path, k8smi_s(name));
  struct k8smi_list list = k8smi_get_list(resources, field);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice key = k8smi_list_pair(list, i).key;
    bool known = k8smi_resource_is_extended(key);
    for (int k = 0; k < RES_KINDS; k++) known = known || k8smi_eqs(key, res_names[k]);
    struct k8smi_path at = k8smi_path_key(&list_path, key);
    bool twice = field == K8SMI_ResourceRequirements_requests &&
                 k8smi_get_pair(resources, K8SMI_ResourceRequirements_limits, key.ptr).ptr != NULL;
    if (twice) continue;
    if (!known)
      k8smi_demand_refuse(
          b, &at, "only cpu, memory, ephemeral-storage and extended resources are matched with offers");
    if (k8smi_eqs(key, res_names[RES_DISK]) && field == K8SMI_ResourceRequirements_limits) {
      K8SMI_DEMAND_WARN(b, IGNORED, &at, "Mesos limits the disk of the executor, not of a task");
    }
  }
}

/* ---- What a container states, completed ---- */

static struct k8smi_amount res_cores(int64_t milli) {
  return (struct k8smi_amount){milli / 1000, (int32_t)(milli % 1000) * 1000 * 1000};
}

/* What counts where a container states neither request nor limit. Nothing is set where the options say so. */
static struct res_amounts res_defaults(const struct k8sm_demand_options *o) {
  struct res_amounts a;
  memset(&a, 0, sizeof a);
  a.set[RES_CPU] = o->default_cpu_milli >= 0;
  a.v[RES_CPU] = res_cores(o->default_cpu_milli > 0 ? o->default_cpu_milli : RES_DEFAULT_CPU_MILLI);
  a.set[RES_MEM] = o->default_mem_bytes >= 0;
  a.v[RES_MEM].whole = o->default_mem_bytes > 0 ? o->default_mem_bytes : RES_DEFAULT_MEM_MB * RES_MB;
  return a;
}

static void res_fill(struct res_amounts *to, const struct res_amounts *from, int k) {
  if (to->set[k] || !from->set[k]) return;
  to->v[k] = from->v[k];
  to->set[k] = true;
}

static void res_raise(struct res_amounts *to, struct k8smi_amount least, int k) {
  if (to->set[k] && k8smi_amount_cmp(to->v[k], least) < 0) to->v[k] = least;
}

/* What is not stated: a request is the limit, else the default. With the original's rule a main container's
 * limit is its request, else the default, and neither may be less than the least; init containers keep what
 * they have. */
static void res_complete(const struct k8smi_demand_build *b, uint32_t kind, struct res_amounts *requests,
                         struct res_amounts *limits) {
  const struct res_amounts defaults = res_defaults(&b->options);
  const struct k8smi_amount least[] = {res_cores(RES_LEAST_CPU_MILLI), {RES_LEAST_MEM_MB * RES_MB, 0}};
  bool original = (b->demand->flags & K8SM_DEMAND_ORIGINAL_DEFAULTS) != 0;
  for (int k = 0; k < RES_KINDS; k++) {
    res_fill(requests, limits, k);
    if (!original || kind == K8SM_CONTAINER_MAIN) res_fill(requests, &defaults, k);
    if (!original || kind != K8SM_CONTAINER_MAIN || k == RES_DISK) continue;
    res_fill(limits, requests, k);
    res_raise(requests, least[k], k);
    res_raise(limits, least[k], k);
  }
}

/* The token or, where tasks hold what they request, that. */
static void res_set_requests(const struct k8sm_demand *d, struct k8smi_demand_task *task,
                             const struct res_amounts *requests) {
  int64_t cpus = res_milli(RES_CPU, requests->v[RES_CPU]), mem = res_milli(RES_MEM, requests->v[RES_MEM]);
  bool whole = d->form == K8SM_FORM_RESERVED;
  if (k8smi_demand_is_task(d)) return; /* it asks the pod's budget, and no token beside it */
  task->cpus_milli = res_max(RES_MIN_CPU_MILLI, whole ? cpus : cpus / RES_TOKEN_SHARE);
  task->mem_milli = res_max(RES_TOKEN_MEM, whole ? mem : 0);
}

/* As the kubelet has it: a limit of nothing is none, and who has none of his own has the pod's. */
static struct res_amounts res_find_limits(const struct k8smi_demand_build *b, const struct res_amounts *own) {
  const struct k8smi_record *pod = k8smi_get_record(b->spec, K8SMI_PodSpec_resources);
  struct res_amounts a = *own, of_pod = res_read_all(pod, K8SMI_ResourceRequirements_limits);
  for (int k = RES_CPU; k <= RES_MEM; k++) {
    if (k8smi_amount_is_zero(a.v[k])) a.set[k] = false;
    if (!k8smi_amount_is_zero(of_pod.v[k])) res_fill(&a, &of_pod, k);
  }
  return a;
}

/* Limits not below what is asked: Mesos refuses less. */
static void res_set_limits(struct k8smi_demand_build *b, struct k8smi_demand_task *task,
                           const struct res_amounts *own, const struct k8smi_path *path) {
  const struct res_amounts found = res_find_limits(b, own), *limits = &found;
  if (b->demand->flags & K8SM_DEMAND_NO_LIMITS) {
    if (own->set[RES_CPU] || own->set[RES_MEM]) {
      struct k8smi_path at = k8smi_path_field(path, K8SMI_S("limits"));
      K8SMI_DEMAND_WARN(b, IGNORED, &at, "the options say that agents can't limit tasks");
    }
    return;
  }
  task->limits = true;
  task->limit_cpus_milli = K8SMI_UNLIMITED;
  task->limit_mem_milli = K8SMI_UNLIMITED;
  if (limits->set[RES_CPU])
    task->limit_cpus_milli = res_max(res_milli(RES_CPU, limits->v[RES_CPU]), task->cpus_milli);
  if (limits->set[RES_MEM])
    task->limit_mem_milli = res_max(res_milli(RES_MEM, limits->v[RES_MEM]), task->mem_milli);
}

static void res_make_container(struct k8smi_demand_build *b, struct k8smi_sum *sums, struct k8smi_container c,
                               struct k8smi_demand_task *task) {
  struct k8smi_container_path container_path;
  struct k8smi_path at = k8smi_path_field(k8smi_container_path(&container_path, c), K8SMI_S("resources"));
  const struct k8smi_record *resources = k8smi_get_record(c.record, K8SMI_Container_resources);
  struct res_amounts requests = res_read_all(resources, K8SMI_ResourceRequirements_requests);
  struct res_amounts limits = res_read_all(resources, K8SMI_ResourceRequirements_limits);
  res_refuse_others(b, resources, K8SMI_ResourceRequirements_requests, "requests", &at);
  res_refuse_others(b, resources, K8SMI_ResourceRequirements_limits, "limits", &at);
  res_complete(b, c.kind, &requests, &limits);
  for (int k = 0; k < RES_KINDS; k++) {
    if (requests.set[k]) k8smi_sum_add(&sums[k], c.kind, requests.v[k]);
  }
  res_set_requests(b->demand, task, &requests);
  res_set_limits(b, task, &limits, &at);
}

/* How many containers run beside one another. */
static size_t res_lasting(const struct k8sm_demand *d) {
  size_t n = 0;
  for (size_t i = 1; i < d->task_count; i++) n += d->tasks[i].kind != K8SM_TASK_INIT;
  return n;
}

/* Requests of the pod as a whole come in place of the sum; its limits hold each container by itself. */
static void res_check_pod_level(struct k8smi_demand_build *b) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path at = k8smi_path_field(&spec, K8SMI_S("resources"));
  struct k8smi_path limits_at = k8smi_path_field(&at, K8SMI_S("limits"));
  const struct k8smi_record *pod = k8smi_get_record(b->spec, K8SMI_PodSpec_resources);
  res_refuse_others(b, pod, K8SMI_ResourceRequirements_requests, "requests", &at);
  bool none = (b->demand->flags & K8SM_DEMAND_NO_LIMITS) != 0;
  if (k8smi_get_list(pod, K8SMI_ResourceRequirements_limits).count == 0) return;
  if (none) {
    K8SMI_DEMAND_WARN(b, IGNORED, &limits_at, "the options say that agents can't limit tasks");
  } else if (res_lasting(b->demand) > 1) {
    K8SMI_DEMAND_WARN(b, APPROXIMATED, &limits_at,
                      "Mesos limits tasks, not the pod as a whole: each container without a limit of its own "
                      "has this one");
  }
}

/* ---- What containers are told where they state no limit (resourceFieldRef) ---- */

static struct k8smi_amount res_bytes(int64_t mb_milli) {
  int64_t whole = mb_milli / 1000, rest = mb_milli % 1000;
  if (whole >= INT64_MAX / RES_MB) return (struct k8smi_amount){INT64_MAX, 0};
  return (struct k8smi_amount){whole * RES_MB + rest * RES_MB / 1000, 0};
}

static void res_set_budget(struct k8smi_demand_build *b, const int64_t *total) {
  b->budget = b->resolve.node;
  b->budget.allocatable[K8SMI_NODE_CPU] = res_cores(res_max(total[RES_CPU], RES_MIN_CPU_MILLI));
  b->budget.allocatable[K8SMI_NODE_MEMORY] = res_bytes(res_max(total[RES_MEM], RES_MIN_EXECUTOR_MEM));
  b->budget.allocatable[K8SMI_NODE_STORAGE] = res_bytes(total[RES_DISK]);
  for (int i = 0; i < K8SMI_NODE_RESOURCES; i++) b->budget.has[i] = true;
}

void k8smi_demand_tell_limits(struct k8smi_demand_build *b, const struct k8smi_demand_task *task) {
  struct k8smi_resolve_node *node = &b->resolve.node;
  *node = b->budget;
  b->resolve.told_node = false;
  if (task == NULL || !task->limits) return;
  if (task->limit_cpus_milli != K8SMI_UNLIMITED)
    node->allocatable[K8SMI_NODE_CPU] = res_cores(task->limit_cpus_milli);
  if (task->limit_mem_milli != K8SMI_UNLIMITED)
    node->allocatable[K8SMI_NODE_MEMORY] = res_bytes(task->limit_mem_milli);
}

void k8smi_demand_note_limits(struct k8smi_demand_build *b, const struct k8smi_path *path) {
  if (!b->resolve.told_node) return;
  b->resolve.told_node = false;
  K8SMI_DEMAND_WARN(b, APPROXIMATED, path,
                    "asks for a limit that is not stated: it is told what the pod holds of its agent");
}

/* ---- Stages ---- */

static int64_t res_sum(int64_t a, int64_t b) {
  return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* What tasks ask at the first stage, and at most at any: the pause task and the sidecars of before stay. */
static void res_of_stages(const struct k8sm_demand *d, int kind, int64_t *ret_first, int64_t *ret_most) {
  int64_t stays = 0, mains = 0, most = 0;
  for (size_t i = 0; i < d->task_count; i++) {
    const struct k8smi_demand_task *t = &d->tasks[i];
    int64_t asks = kind == RES_CPU ? t->cpus_milli : t->mem_milli;
    bool lasting = t->kind == K8SM_TASK_PAUSE || t->kind == K8SM_TASK_SIDECAR;
    if (lasting) stays = res_sum(stays, asks);
    if (t->kind == K8SM_TASK_MAIN) mains = res_sum(mains, asks);
    int64_t now = lasting ? stays : res_sum(stays, t->kind == K8SM_TASK_MAIN ? mains : asks);
    most = res_max(most, now);
    if (t->launch) *ret_first = now;
  }
  *ret_most = most;
}

/* What of the pod's need no task holds is the executor's; what only later stages ask is kept for them. */
static void res_divide(struct k8sm_demand *d, const int64_t *total) {
  const int64_t least[] = {RES_MIN_CPU_MILLI, RES_MIN_EXECUTOR_MEM};
  int64_t *const executor[] = {&d->cpus_milli, &d->mem_milli};
  for (int k = RES_CPU; k <= RES_MEM; k++) {
    int64_t first = 0, most = 0;
    res_of_stages(d, k, &first, &most);
    bool whole = d->form == K8SM_FORM_RESERVED;
    *executor[k] = res_max(whole ? total[k] - most : total[k], least[k]);
    d->spare[k] = k8smi_form_reserves(d->form) ? most - first : 0;
  }
}

/* Mesos takes no limit below what is asked, with which the pod's overhead comes here. */
static void res_raise_limits(struct k8sm_demand *d) {
  struct k8smi_demand_task *task = &d->tasks[1];
  if (!k8smi_demand_is_task(d) || !task->limits) return;
  task->limit_cpus_milli = res_max(task->limit_cpus_milli, d->cpus_milli);
  task->limit_mem_milli = res_max(task->limit_mem_milli, d->mem_milli);
}

/* ---- All of it ---- */

void k8smi_demand_make_resources(struct k8smi_demand_build *b) {
  struct k8sm_demand *d = b->demand;
  struct k8smi_sum sums[RES_KINDS];
  int64_t total[RES_KINDS];
  memset(sums, 0, sizeof sums);
  for (size_t i = 1; i < d->task_count; i++)
    res_make_container(b, sums, k8smi_container_at(b->spec, i - 1), &d->tasks[i]);
  res_check_pod_level(b);
  for (int k = 0; k < RES_KINDS; k++) {
    struct k8smi_amount amount;
    (void)k8smi_sum_total(&sums[k], b->spec, res_names[k], false, &amount);
    total[k] = res_milli(k, amount);
  }
  int64_t disk = (b->options.disk_mb > 0 ? b->options.disk_mb : RES_DEFAULT_DISK_MB);
  if (total[RES_DISK] == 0) total[RES_DISK] = disk > INT64_MAX / 1000 ? INT64_MAX : disk * 1000;
  d->disk_milli = total[RES_DISK];
  if (!k8smi_demand_is_task(d)) {
    d->tasks[0].cpus_milli = RES_MIN_CPU_MILLI;
    d->tasks[0].mem_milli = RES_TOKEN_MEM;
  }
  res_divide(d, total);
  res_raise_limits(d);
  d->qos_class = k8sm_pod_qos_class(d->pod);
  res_set_budget(b, total);
}
