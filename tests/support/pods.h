/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_PODS_H
#define TESTS_SUPPORT_PODS_H

/* Pods, demands and plans for tests. JSON is written with ' in place of ", and ` for '. cmocka comes before.
 */

#include "demand/demand.h"
#include "match/plan.h"

#include <stdio.h>
#include <stdlib.h>

#define PODS_UID "0f6b8a52-9d1c-4e57-8a3e-2c6d1b7f4a90"

struct findings {
  struct k8sm_diag rows[64];
  char text[8192];
  struct k8sm_diags diags;
};

static inline struct k8sm_diags *findings_init(struct findings *f) {
  struct k8sm_diags d = K8SM_DIAGS_INIT(f->rows, f->text);
  f->diags = d;
  return &f->diags;
}

/* The finding at a path, or NULL. */
static inline const struct k8sm_diag *findings_at(const struct findings *f, const char *path) {
  for (size_t i = 0; i < f->diags.count && i < f->diags.cap; i++) {
    if (strcmp(f->text + f->rows[i].path, path) == 0) return &f->rows[i];
  }
  return NULL;
}

static inline char *pods_json(const char *text) {
  char *json = malloc(strlen(text) + 1);
  if (json == NULL) abort();
  strcpy(json, text);
  for (char *c = json; *c != '\0'; c++) {
    if (*c == '\'') *c = '"';
    if (*c == '`') *c = '\'';
  }
  return json;
}

/* A pod "web" in "default" with the spec, which is JSON; `metadata` are more members of its metadata. */
static inline struct k8sm_pod *pods_parse(const char *metadata, const char *spec) {
  char text[16384];
  struct findings f;
  struct k8sm_pod *pod = NULL;
  int n = snprintf(text, sizeof text,
                   "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web','namespace':'default',"
                   "'uid':'" PODS_UID "'%s},'spec':%s}",
                   metadata, spec);
  if (n < 0 || (size_t)n >= sizeof text) abort();
  char *json = pods_json(text);
  struct k8sm_parse_options options = {.size = sizeof options, .flags = K8SM_PARSE_NO_VALIDATE};
  int result = k8sm_pod_parse(json, strlen(json), &options, &pod, findings_init(&f));
  if (result != K8SM_OK) fprintf(stderr, "%s: %s\n", k8sm_result_name(result), f.text);
  free(json);
  return pod;
}

static inline struct k8sm_demand *pods_demand_as(const char *spec, uint64_t flags, const char *nonce) {
  struct k8sm_demand_options options = {.size = sizeof options, .nonce = nonce, .flags = flags};
  struct k8sm_pod *pod = pods_parse("", spec);
  struct k8sm_demand *demand = NULL;
  struct findings f;
  if (pod == NULL) return NULL;
  int result = k8sm_demand_make(pod, &options, &demand, findings_init(&f));
  if (result != K8SM_OK) fprintf(stderr, "%s: %s\n", k8sm_result_name(result), f.text);
  k8sm_pod_unref(pod);
  return demand;
}

static inline struct k8sm_demand *pods_demand(const char *spec, uint64_t flags) {
  return pods_demand_as(spec, flags, "n1");
}

/* The bytes of an ExecutorInfo that has only its id, "uid.attempt" or, with a mapping, "uid.attempt.mapping".
 */
static inline struct k8sm_slice pods_executor(char (*text)[300], const char *uid, unsigned attempt,
                                              unsigned mapping) {
  char id[256];
  int n = snprintf(id, sizeof id, mapping == 0 ? "%s.%u" : "%s.%u.%u", uid, attempt, mapping);
  n = snprintf(*text, sizeof *text, "\n%c\n%c%s", n + 2, n, id);
  return (struct k8sm_slice){*text, (size_t)n};
}

#define PODS_NGINX                                                                                           \
  "{'containers':[{'name':'nginx','image':'nginx:1.25','ports':[{'name':'http','containerPort':80,"          \
  "'hostPort':31080}],'resources':{'requests':{'cpu':'500m','memory':'128Mi'},"                              \
  "'limits':{'memory':'256Mi'}}}]}"

/* An init container, a sidecar, a main. */
#define PODS_STAGES                                                                                          \
  "{'initContainers':[{'name':'setup','image':'busybox:1','command':['sh','-c','true']},"                    \
  "{'name':'proxy','image':'envoy:1','restartPolicy':'Always'}],"                                            \
  "'containers':[{'name':'app','image':'app:1'}]}"

#define PODS_THREE                                                                                           \
  "{'containers':[{'name':'kubedns','image':'kubedns:1','livenessProbe':{'httpGet':{'path':'/health',"       \
  "'port':10054},'initialDelaySeconds':60,'timeoutSeconds':5,'failureThreshold':5},"                         \
  "'readinessProbe':{'httpGet':{'path':'/readiness','port':8081}},"                                          \
  "'ports':[{'name':'dns','containerPort':10053,'protocol':'UDP'}],"                                         \
  "'volumeMounts':[{'name':'config','mountPath':'/config'}]},"                                               \
  "{'name':'dnsmasq','image':'dnsmasq:1'},{'name':'sidecar','image':'sidecar:1'}],"                          \
  "'volumes':[{'name':'config','emptyDir':{}}]}"

/* ---- A plan with one placement, made without a matcher ---- */

static inline K8smMesos__Resource *pods_scalar(struct k8smi_arena *a, const char *name, int64_t milli) {
  K8smMesos__Resource *r = k8smi_message_new(a, &k8sm_mesos__resource__descriptor);
  r->name = (char *)(uintptr_t)k8smi_arena_slice(a, k8smi_s(name)).ptr;
  r->type = K8SM_MESOS__VALUE__TYPE__SCALAR;
  r->scalar = k8smi_message_new(a, &k8sm_mesos__value__scalar__descriptor);
  r->scalar->value = (double)milli / 1000;
  r->allocation_info = k8smi_message_new(a, &k8sm_mesos__resource__allocation_info__descriptor);
  r->allocation_info->role = (char *)(uintptr_t)k8smi_arena_slice(a, K8SMI_S("*")).ptr;
  return r;
}

static inline void pods_resources(struct k8smi_arena *a, struct k8smi_resources *to, int64_t cpus,
                                  int64_t mem, int64_t disk) {
  to->items = k8smi_arena_array(a, 3, sizeof *to->items);
  if (cpus > 0) to->items[to->count++] = pods_scalar(a, "cpus", cpus);
  if (mem > 0) to->items[to->count++] = pods_scalar(a, "mem", mem);
  if (disk > 0) to->items[to->count++] = pods_scalar(a, "disk", disk);
}

/* Each demand on agent S1 with offer O1 of role "*". */
static inline struct k8sm_plan *pods_plan(struct k8sm_demand **demands, size_t n) {
  static const struct k8sm_slice offers[] = {{"O1", 2}};
  struct k8sm_plan *plan = K8SMI_VALUE_NEW(k8sm_plan, NULL, 0);
  k8smi_refs_init(&plan->refs);
  plan->demands = k8smi_arena_array(&plan->arena, n, sizeof *plan->demands);
  plan->placements = k8smi_arena_array(&plan->arena, n, sizeof *plan->placements);
  plan->summaries = k8smi_arena_array(&plan->arena, n, sizeof *plan->summaries);
  plan->demand_count = plan->placement_count = n;
  for (uint32_t i = 0; i < n; i++) {
    struct k8sm_demand *d = demands[i];
    struct k8smi_placement *p = &plan->placements[i];
    plan->demands[i] = k8sm_demand_ref(d);
    p->demand = i;
    p->framework_id = K8SMI_S("F1");
    p->agent_id = K8SMI_S("S1");
    p->hostname = K8SMI_S("agent1.example");
    p->role = K8SMI_S("*");
    p->offer_ids = (struct k8smi_strings){offers, 1};
    p->tasks = k8smi_arena_array(&plan->arena, d->task_count, sizeof *p->tasks);
    p->host_ports = k8smi_arena_array(&plan->arena, d->port_count + 1, sizeof *p->host_ports);
    pods_resources(&plan->arena, &p->executor, d->cpus_milli, d->mem_milli, d->disk_milli);
    for (size_t j = 0; j < d->port_count; j++) p->host_ports[j] = d->ports[j].host_port;
    for (size_t j = 0; j < d->task_count; j++) {
      if (!d->tasks[j].launch) continue;
      pods_resources(&plan->arena, &p->tasks[j], d->tasks[j].cpus_milli, d->tasks[j].mem_milli, 0);
    }
  }
  return plan;
}

static inline void pods_plan_free(struct k8sm_plan *plan) {
  for (size_t i = 0; i < plan->demand_count; i++) k8sm_demand_unref(plan->demands[i]);
  K8SMI_VALUE_FREE(k8sm_plan, plan);
}

#endif
