/* SPDX-License-Identifier: Apache-2.0 */
/* What the executor holds, what each task asks beside it, and its limits:
 * https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
#include "demand/build.h"

#include "wire/number.h"

enum {
  RES_MIN_CPU_MILLI = 10,           /* Mesos refuses less, and allocators do not offer less */
  RES_MIN_EXECUTOR_MEM = 32 * 1000, /* the agent's floor, in thousandths of a MB */
  RES_TOKEN_MEM = 1000,
  RES_TOKEN_SHARE = 50, /* a task's token is this part of its request: cpu shares follow it */
  RES_DEFAULT_CPU_MILLI = 250,
  RES_DEFAULT_MEM_MB = 64,
  RES_DEFAULT_DISK_MB = 32
};
#define RES_MB ((int64_t)1024 * 1024)

enum { RES_CPU = 0, RES_MEM, RES_DISK, RES_KINDS };

static const char *const res_names[RES_KINDS] = {"cpu", "memory", "ephemeral-storage"};

/* cpus in thousandths; mem and disk in thousandths of a MB. -1: not set. */
struct res_amounts {
  int64_t v[RES_KINDS];
};

static int64_t res_add(int64_t a, int64_t b) {
  return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t res_max(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* Bytes in thousandths of a MB, rounded up. */
static int64_t res_mb_milli(int64_t bytes) {
  int64_t whole = bytes / RES_MB, rest = bytes % RES_MB;
  if (whole > INT64_MAX / 1000 - 1) return INT64_MAX;
  return whole * 1000 + (rest * 1000 + RES_MB - 1) / RES_MB;
}

static int64_t res_read(int kind, struct k8sm_slice text) {
  int64_t n;
  if (text.ptr == NULL) return -1;
  if (kind == RES_CPU) return k8smi_quantity_milli(text, &n) && n >= 0 ? n : -1;
  return k8smi_quantity_value(text, &n) && n >= 0 ? res_mb_milli(n) : -1;
}

static struct res_amounts res_read_all(const struct k8smi_record *record, unsigned field) {
  struct res_amounts a;
  for (int k = 0; k < RES_KINDS; k++) a.v[k] = res_read(k, k8smi_get_pair(record, field, res_names[k]));
  return a;
}

/* Resources that have no place in a Demand: devices, huge pages, and what others invent. A limit that
 * became the request by default is reported once. */
static void res_refuse_others(struct k8smi_demand_build *b, const struct k8smi_record *resources,
                              unsigned field, const char *name, const struct k8smi_path *path) {
  struct k8smi_path list_path = k8smi_path_field(path, k8smi_s(name));
  struct k8smi_list list = k8smi_get_list(resources, field);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice key = k8smi_list_pair(list, i).key;
    bool known = false;
    for (int k = 0; k < RES_KINDS; k++) known = known || k8smi_eqs(key, res_names[k]);
    struct k8smi_path at = k8smi_path_key(&list_path, key);
    bool twice = field == K8SMI_ResourceRequirements_requests &&
                 k8smi_get_pair(resources, K8SMI_ResourceRequirements_limits, key.ptr).ptr != NULL;
    if (twice) continue;
    if (!known) k8smi_demand_refuse(b, &at, "only cpu, memory and ephemeral-storage are matched with offers");
    if (k8smi_eqs(key, res_names[RES_DISK]) && field == K8SMI_ResourceRequirements_limits) {
      k8smi_find(b->diags, K8SM_DIAG_TASK_FIELD_IGNORED, &at,
                 "Mesos limits the disk of the executor, not of a task");
    }
  }
}

/* A container's requests: its own, else its limits, else the defaults. */
static struct res_amounts res_requests(const struct k8smi_demand_build *b, struct res_amounts requests,
                                       struct res_amounts limits) {
  const struct k8sm_demand_options *o = &b->options;
  int64_t cpu = o->default_cpu_milli > 0 ? o->default_cpu_milli : RES_DEFAULT_CPU_MILLI;
  int64_t mem = o->default_mem_bytes > 0 ? res_mb_milli(o->default_mem_bytes) : RES_DEFAULT_MEM_MB * 1000;
  const int64_t defaults[RES_KINDS] = {cpu, mem, 0};
  for (int k = 0; k < RES_KINDS; k++) {
    if (requests.v[k] < 0) requests.v[k] = limits.v[k];
    if (requests.v[k] < 0) requests.v[k] = defaults[k];
  }
  return requests;
}

/* The token, and limits not below it: Mesos refuses a limit that is less than what is asked. */
static void res_set_task(struct k8smi_demand_build *b, struct k8smi_demand_task *task, int64_t cpu_request,
                         struct res_amounts limits, const struct k8smi_path *path) {
  task->cpus_milli = res_max(RES_MIN_CPU_MILLI, cpu_request / RES_TOKEN_SHARE);
  task->mem_milli = RES_TOKEN_MEM;
  if (b->demand->flags & K8SM_DEMAND_NO_LIMITS) {
    if (limits.v[RES_CPU] >= 0 || limits.v[RES_MEM] >= 0) {
      struct k8smi_path at = k8smi_path_field(path, K8SMI_S("limits"));
      k8smi_find(b->diags, K8SM_DIAG_TASK_FIELD_IGNORED, &at,
                 "the options say that agents can't limit tasks");
    }
    return;
  }
  task->limits = true;
  task->limit_cpus_milli = K8SMI_UNLIMITED;
  task->limit_mem_milli = K8SMI_UNLIMITED;
  if (limits.v[RES_CPU] >= 0) task->limit_cpus_milli = res_max(limits.v[RES_CPU], task->cpus_milli);
  if (limits.v[RES_MEM] >= 0) task->limit_mem_milli = res_max(limits.v[RES_MEM], task->mem_milli);
}

/* Sums of the pod as kube-scheduler makes them: the mains and sidecars together, or the largest init
 * container with the sidecars before it. */
struct res_sums {
  struct res_amounts lasting; /* sidecars and mains */
  struct res_amounts sidecars;
  struct res_amounts init; /* the largest need of an init container */
  bool any;                /* some request or limit of cpu or memory is set */
  bool guaranteed;         /* every container has both limits, and requests equal to them */
};

static void res_count(struct res_sums *sums, uint32_t kind, struct res_amounts requests) {
  for (int k = 0; k < RES_KINDS; k++) {
    if (kind == K8SM_TASK_INIT) {
      sums->init.v[k] = res_max(sums->init.v[k], res_add(requests.v[k], sums->sidecars.v[k]));
      continue;
    }
    sums->lasting.v[k] = res_add(sums->lasting.v[k], requests.v[k]);
    if (kind != K8SM_TASK_SIDECAR) continue;
    sums->sidecars.v[k] = res_add(sums->sidecars.v[k], requests.v[k]);
    sums->init.v[k] = res_max(sums->init.v[k], sums->sidecars.v[k]);
  }
}

static void res_classify(struct res_sums *sums, struct res_amounts requests, struct res_amounts limits) {
  for (int k = RES_CPU; k <= RES_MEM; k++) {
    if (requests.v[k] > 0 || limits.v[k] > 0) sums->any = true;
    if (limits.v[k] <= 0 || (requests.v[k] >= 0 && requests.v[k] != limits.v[k])) sums->guaranteed = false;
  }
}

static void res_make_container(struct k8smi_demand_build *b, struct res_sums *sums,
                               struct k8smi_demand_task *task, const struct k8smi_record *container,
                               const struct k8smi_path *path) {
  const struct k8smi_record *resources = k8smi_get_record(container, K8SMI_Container_resources);
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("resources"));
  struct res_amounts asked = res_read_all(resources, K8SMI_ResourceRequirements_requests);
  struct res_amounts limits = res_read_all(resources, K8SMI_ResourceRequirements_limits);
  res_refuse_others(b, resources, K8SMI_ResourceRequirements_requests, "requests", &at);
  res_refuse_others(b, resources, K8SMI_ResourceRequirements_limits, "limits", &at);
  res_classify(sums, asked, limits);
  struct res_amounts requests = res_requests(b, asked, limits);
  res_count(sums, task->kind, requests);
  res_set_task(b, task, requests.v[RES_CPU], limits, &at);
}

static void res_make_list(struct k8smi_demand_build *b, struct res_sums *sums, unsigned field,
                          const char *name, struct k8smi_demand_task *tasks) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list = k8smi_path_field(&spec, k8smi_s(name));
  struct k8smi_list containers = k8smi_get_list(b->spec, field);
  for (size_t i = 0; i < containers.count; i++) {
    struct k8smi_path at = k8smi_path_index(&list, i);
    res_make_container(b, sums, &tasks[i], k8smi_list_record(containers, i), &at);
  }
}

/* Requests of the pod as a whole come in place of the sum; its limits hold no container. */
static void res_apply_pod_level(struct k8smi_demand_build *b, struct res_amounts *total) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path at = k8smi_path_field(&spec, K8SMI_S("resources"));
  struct k8smi_path limits_at = k8smi_path_field(&at, K8SMI_S("limits"));
  const struct k8smi_record *pod = k8smi_get_record(b->spec, K8SMI_PodSpec_resources);
  struct res_amounts requests = res_read_all(pod, K8SMI_ResourceRequirements_requests);
  struct res_amounts overhead = res_read_all(b->spec, K8SMI_PodSpec_overhead);
  res_refuse_others(b, pod, K8SMI_ResourceRequirements_requests, "requests", &at);
  if (k8smi_get_list(pod, K8SMI_ResourceRequirements_limits).count > 0) {
    k8smi_find(b->diags, K8SM_DIAG_TASK_FIELD_IGNORED, &limits_at,
               "Mesos limits tasks, not the pod as a whole");
  }
  for (int k = 0; k < RES_KINDS; k++) {
    if (requests.v[k] >= 0) total->v[k] = requests.v[k];
    if (overhead.v[k] > 0) total->v[k] = res_add(total->v[k], overhead.v[k]);
  }
}

void k8smi_demand_make_resources(struct k8smi_demand_build *b) {
  struct k8sm_demand *d = b->demand;
  struct res_sums sums = {{{0}}, {{0}}, {{0}}, false, true};
  struct res_amounts total;
  size_t inits = k8smi_get_list(b->spec, K8SMI_PodSpec_initContainers).count;
  res_make_list(b, &sums, K8SMI_PodSpec_initContainers, "initContainers", d->tasks + 1);
  res_make_list(b, &sums, K8SMI_PodSpec_containers, "containers", d->tasks + 1 + inits);
  for (int k = 0; k < RES_KINDS; k++) total.v[k] = res_max(sums.lasting.v[k], sums.init.v[k]);
  res_apply_pod_level(b, &total);
  int64_t disk = (b->options.disk_mb > 0 ? b->options.disk_mb : RES_DEFAULT_DISK_MB);
  if (total.v[RES_DISK] == 0) total.v[RES_DISK] = disk > INT64_MAX / 1000 ? INT64_MAX : disk * 1000;
  d->cpus_milli = res_max(total.v[RES_CPU], RES_MIN_CPU_MILLI);
  d->mem_milli = res_max(total.v[RES_MEM], RES_MIN_EXECUTOR_MEM);
  d->disk_milli = total.v[RES_DISK];
  d->tasks[0].cpus_milli = RES_MIN_CPU_MILLI;
  d->tasks[0].mem_milli = RES_TOKEN_MEM;
  d->qos_class = !sums.any         ? K8SMI_S("BestEffort")
                 : sums.guaranteed ? K8SMI_S("Guaranteed")
                                   : K8SMI_S("Burstable");
}

/* ---- resourceFieldRef ---- */

static const struct k8smi_record *res_find_container(const struct k8smi_demand_build *b,
                                                     struct k8sm_slice name) {
  struct k8smi_list inits = k8smi_get_list(b->spec, K8SMI_PodSpec_initContainers);
  struct k8smi_list mains = k8smi_get_list(b->spec, K8SMI_PodSpec_containers);
  uint32_t task = k8smi_map_get(&b->containers, name);
  if (task == K8SMI_MAP_NONE) return NULL;
  return task <= inits.count ? k8smi_list_record(inits, task - 1)
                             : k8smi_list_record(mains, task - 1 - inits.count);
}

/* In thousandths of the base unit (cores, bytes), or saturated; false if there is none. */
static bool res_field_amount(const struct k8smi_record *container, struct k8sm_slice resource, int64_t *ret) {
  const struct k8smi_record *resources = k8smi_get_record(container, K8SMI_Container_resources);
  const char *dot = resource.len == 0 ? NULL : memchr(resource.ptr, '.', resource.len);
  if (dot == NULL) return false;
  struct k8sm_slice group = {resource.ptr, (size_t)(dot - resource.ptr)};
  bool limits = k8smi_eqs(group, "limits");
  if (!limits && !k8smi_eqs(group, "requests")) return false;
  struct k8sm_slice text = k8smi_get_pair(
      resources, limits ? K8SMI_ResourceRequirements_limits : K8SMI_ResourceRequirements_requests, dot + 1);
  return text.ptr != NULL && k8smi_quantity_milli(text, ret);
}

bool k8smi_demand_resource_value(struct k8smi_demand_build *b, const struct k8smi_record *selector,
                                 struct k8sm_slice container, const struct k8smi_path *path,
                                 struct k8sm_slice *ret) {
  struct k8sm_slice resource = k8smi_get_str(selector, K8SMI_ResourceFieldSelector_resource);
  struct k8sm_slice named = k8smi_get_str(selector, K8SMI_ResourceFieldSelector_containerName);
  struct k8sm_slice divisor_text = k8smi_get_str(selector, K8SMI_ResourceFieldSelector_divisor);
  int64_t amount, divisor = 0;
  if (!res_field_amount(res_find_container(b, named.len > 0 ? named : container), resource, &amount)) {
    k8smi_demand_refuse(b, path, "'%.*s' is not set: what an agent could give is not known before it runs",
                        K8SMI_P(resource));
    return false;
  }
  if (divisor_text.len > 0) k8smi_quantity_milli(divisor_text, &divisor);
  if (divisor <= 0) divisor = 1000;
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return false;
  }
  k8smi_buf_i64(&buf, amount / divisor + (amount % divisor > 0));
  *ret = k8smi_demand_take(b, &buf);
  return ret->ptr != NULL;
}
