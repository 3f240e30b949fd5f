/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as people write them, drawn by lot. */
#include "sim/sim.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a container does, in the words of src/local/command.h. */
struct pods_form {
  const char *command; /* of sh -c */
  const char *probes;  /* more members of the container */
  bool endless, fails, startup;
};

/* It has succeeded as soon as the process has made a file. */
#define PODS_STARTUP(period, failures)                                                                       \
  ",\"startupProbe\":{\"exec\":{\"command\":[\"test\",\"-f\",\"/s\"]},\"periodSeconds\":" #period ","        \
  "\"failureThreshold\":" #failures "}"

static const struct pods_form pods_mains[] = {
    {"sleep 1000000", "", true, false, false},
    {"sleep 1000000", "", true, false, false},
    {"trap '' TERM; sleep 1000000", "", true, false, false},
    {"trap 'sleep 3; exit 0' TERM; sleep 1000000", "", true, false, false},
    {"sleep 20; exit 0", "", false, false, false},
    {"sleep 2; exit 0", "", false, false, false},
    {"sleep 4; exit 3", "", false, true, false},
    {"exit 1", "", false, true, false},
    {"sleep 3; touch /r; sleep 1000000",
     ",\"readinessProbe\":{\"exec\":{\"command\":[\"test\",\"-f\",\"/r\"]},\"periodSeconds\":2}", true, false,
     false},
    {"touch /r; sleep 8; rm /r; sleep 8; touch /r; sleep 1000000",
     ",\"readinessProbe\":{\"exec\":{\"command\":[\"test\",\"-f\",\"/r\"]},\"periodSeconds\":1,"
     "\"failureThreshold\":2}",
     true, false, false},
    {"touch /l; sleep 15; rm /l; sleep 1000000",
     ",\"livenessProbe\":{\"exec\":{\"command\":[\"test\",\"-f\",\"/l\"]},\"periodSeconds\":3,"
     "\"failureThreshold\":2}",
     false, true, false},
    {"sleep 9; touch /s; sleep 1000000", PODS_STARTUP(2, 6), true, false, true},
    {"trap 'exit 0' TERM; sleep 1000000", PODS_STARTUP(2, 3), false, true, true},
};
static const struct pods_form pods_sidecars[] = {
    {"sleep 1000000", "", true, false, false},
    {"sleep 2; touch /s; sleep 1000000", PODS_STARTUP(1, 30), true, false, true},
    {"sleep 1000000", PODS_STARTUP(3, 2), false, true, true},
    {"sleep 30; exit 1", "", false, true, false},
};
static const struct pods_form pods_inits[] = {
    {"sleep 1; exit 0", "", false, false, false},
    {"exit 0", "", false, false, false},
    {"sleep 6; exit 0", "", false, false, false},
    {"sleep 1; exit 7", "", false, true, false},
};

/* In which a pod runs: annotation k8s.mesosphere.io/form; NULL: none, which is budget-reserved. */
static const char *const pods_forms[] = {NULL, "budget", "budget-reserved", "reserved", "reserved"};

static const struct pods_form *pods_draw(struct sim *s, enum sim_kind kind) {
  /* Of the init containers, the one that fails comes seldom: nothing comes after it. */
  static const unsigned rare = 12;
  if (kind == SIM_MAIN)
    return &pods_mains[sim_draw(s, SIM_CHANCE_PODS, sizeof pods_mains / sizeof pods_mains[0])];
  if (kind == SIM_SIDECAR)
    return &pods_sidecars[sim_draw(s, SIM_CHANCE_PODS, sizeof pods_sidecars / sizeof pods_sidecars[0])];
  if (sim_percent(s, SIM_CHANCE_PODS, rare)) return &pods_inits[3];
  return &pods_inits[sim_draw(s, SIM_CHANCE_PODS, 3)];
}

static bool pods_has_volume(const struct sim_pod *p) {
  return p->claim < SIM_CLAIMS || p->own_volume;
}

static void pods_container(struct sim *s, struct sim_pod *p, struct k8smi_buf *out, enum sim_kind kind) {
  static const char *const names[] = {"i", "s", "m"};
  static const int cpus[] = {100, 250, 500, 1000};
  struct sim_container *c = &p->containers[p->container_count++];
  const struct pods_form *form = pods_draw(s, kind);
  char text[1024];
  snprintf(c->name, sizeof c->name, "%s%d", names[kind], (int)p->container_count);
  c->kind = kind;
  /* what its agent could not tell in time is killed for it, and that may be for good */
  c->endless = form->endless && !(form->startup && kind == SIM_MAIN && p->policy == SIM_NEVER);
  c->fails = form->fails;
  c->startup = form->startup;
  int cpu =
      p->too_big && kind == SIM_MAIN ? 100000 : cpus[sim_between(s, SIM_CHANCE_PODS, s->preempts ? 2 : 0, 3)];
  c->cpus_milli = cpu;
  p->mem_milli += 100000;
  p->cpus_milli += cpu + 20;
  snprintf(text, sizeof text,
           "%s{\"name\":\"%s\",\"image\":\"busybox\",\"command\":[\"sh\",\"-c\",\"%s\"],"
           "\"resources\":{\"requests\":{\"cpu\":\"%dm\",\"memory\":\"64Mi\"}}%s%s%s}",
           out->ptr[out->len - 1] == '[' ? "" : ",", c->name, form->command, cpu,
           kind == SIM_SIDECAR ? ",\"restartPolicy\":\"Always\"" : "", form->probes,
           pods_has_volume(p) ? ",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}]" : "");
  k8smi_buf_puts(out, text);
}

static void pods_containers(struct sim *s, struct sim_pod *p, struct k8smi_buf *out) {
  bool more = sim_percent(s, SIM_CHANCE_PODS, 40), two = sim_percent(s, SIM_CHANCE_PODS, 30);
  bool one = p->alone || (s->commands == SIM_OPTIONAL_COMMANDS && sim_percent(s, SIM_CHANCE_FORMS, 70));
  size_t inits = more && !one ? sim_between(s, SIM_CHANCE_PODS, 1, 3) : 0;
  size_t mains = two && !one ? 2 : 1;
  k8smi_buf_puts(out, ",\"initContainers\":[");
  for (size_t i = 0; i < inits; i++) {
    pods_container(s, p, out, sim_percent(s, SIM_CHANCE_PODS, 35) ? SIM_SIDECAR : SIM_INIT);
  }
  p->init_count = p->container_count;
  k8smi_buf_puts(out, "],\"containers\":[");
  for (size_t i = 0; i < mains; i++) pods_container(s, p, out, SIM_MAIN);
  k8smi_buf_puts(out, "]");
}

/* Its form; what is reserved for it, and what it keeps, where the framework can do that. A command task has
 * none of it. */
static void pods_holds(struct sim *s, struct sim_pod *p) {
  p->claim = SIM_CLAIMS;
  p->alone = s->commands == SIM_SOME_COMMANDS && sim_percent(s, SIM_CHANCE_FORMS, 50);
  if (p->alone) p->form = "command";
  if (p->alone || !s->reserves) return;
  p->form = pods_forms[sim_draw(s, SIM_CHANCE_PODS, sizeof pods_forms / sizeof pods_forms[0])];
  if (sim_percent(s, SIM_CHANCE_PODS, 35)) {
    p->claim = (size_t)sim_draw(s, SIM_CHANCE_PODS, SIM_CLAIMS);
  } else {
    p->own_volume = sim_percent(s, SIM_CHANCE_PODS, 20);
  }
}

static void pods_volumes(const struct sim_pod *p, struct k8smi_buf *out) {
  char text[256];
  if (p->claim < SIM_CLAIMS) {
    snprintf(text, sizeof text,
             ",\"volumes\":[{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"c%d\"}}]",
             (int)p->claim);
    k8smi_buf_puts(out, text);
  }
  if (p->own_volume)
    k8smi_buf_puts(
        out, ",\"volumes\":[{\"name\":\"v\",\"ephemeral\":{\"volumeClaimTemplate\":{\"spec\":{"
             "\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"32Mi\"}}}}}}]");
}

/* Its owner changes their mind, or not. */
static void pods_wishes(struct sim *s, struct sim_pod *p) {
  static const int64_t graces[] = {-1, -1, 0, 1, 5, 40};
  p->create_ms = s->now + (sim_percent(s, SIM_CHANCE_PODS, 60) ? 0 : sim_draw(s, SIM_CHANCE_PODS, 90000));
  p->delete_ms = p->hurry_ms = p->retry_ms = UINT64_MAX;
  p->hurry_grace = 0;
  if (!sim_percent(s, SIM_CHANCE_PODS, 50)) return;
  bool soon = sim_percent(s, SIM_CHANCE_PODS, 40); /* in the middle of its start */
  p->delete_ms = p->create_ms + sim_draw(s, SIM_CHANCE_PODS, soon ? 4000 : 180000);
  p->grace = graces[sim_draw(s, SIM_CHANCE_PODS, 6)];
  if (!sim_percent(s, SIM_CHANCE_PODS, 30)) return;
  p->hurry_ms = p->delete_ms + sim_draw(s, SIM_CHANCE_PODS, 20000);
  p->hurry_grace = (int64_t)sim_draw(s, SIM_CHANCE_PODS, 3);
}

static void pods_parse(struct sim_pod *p, const struct k8smi_buf *json) {
  char text[512] = "";
  struct k8sm_diag rows[4];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  const struct k8sm_parse_options o = {.size = sizeof o, .format = K8SM_FORMAT_JSON};
  if (k8sm_pod_parse(json->ptr, json->len, &o, &p->pod, &diags) != K8SM_OK) {
    fprintf(stderr, "sim: a pod of its own making is not valid: %s\n%.*s\n", text, (int)json->len, json->ptr);
    abort();
  }
}

/* Up to its containers. */
static void pods_begin(struct sim *s, struct sim_pod *p, struct k8smi_buf *json) {
  static const char *const policies[] = {"Always", "OnFailure", "Never"};
  char text[512];
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\","
           "\"uid\":\"%s\"%s%s%s},\"spec\":{\"restartPolicy\":\"%s\",\"terminationGracePeriodSeconds\":%d",
           p->name, p->uid, p->form == NULL ? "" : ",\"annotations\":{\"k8s.mesosphere.io/form\":\"",
           p->form == NULL ? "" : p->form, p->form == NULL ? "" : "\"}", policies[p->policy],
           (int)sim_draw(s, SIM_CHANCE_PODS, 12));
  k8smi_buf_puts(json, text);
  if (s->preempts) {
    snprintf(text, sizeof text, ",\"priority\":%d", p->priority);
    k8smi_buf_puts(json, text);
  }
  if (p->deadline_s != 0) {
    snprintf(text, sizeof text, ",\"activeDeadlineSeconds\":%d", (int)p->deadline_s);
    k8smi_buf_puts(json, text);
  }
}

static void pods_make_one(struct sim *s, size_t number) {
  struct sim_pod *p = &s->pods[number];
  struct k8smi_buf json;
  memset(p, 0, sizeof *p);
  p->cpus_milli = 100;
  p->mem_milli = 100000;
  if (s->preempts) p->priority = (int)sim_draw(s, SIM_CHANCE_PODS, 3);
  p->policy = (enum sim_policy)(sim_percent(s, SIM_CHANCE_PODS, 50) ? 0 : sim_draw(s, SIM_CHANCE_PODS, 3));
  p->too_big = sim_percent(s, SIM_CHANCE_PODS, 4);
  if (sim_percent(s, SIM_CHANCE_PODS, 12)) p->deadline_s = (int64_t)sim_between(s, SIM_CHANCE_PODS, 5, 120);
  snprintf(p->name, sizeof p->name, "p%d", (int)number);
  snprintf(p->uid, sizeof p->uid, "uid%d-%llu", (int)number, (unsigned long long)s->seed);
  snprintf(p->key, sizeof p->key, "default/p%d", (int)number);
  pods_holds(s, p);
  k8smi_buf_init(&json, NULL);
  pods_begin(s, p, &json);
  pods_containers(s, p, &json);
  if (s->commands == SIM_OPTIONAL_COMMANDS)
    p->alone = p->container_count == 1 && p->form == NULL && !pods_has_volume(p);
  pods_volumes(p, &json);
  k8smi_buf_puts(&json, "}}");
  pods_parse(p, &json);
  pods_wishes(s, p);
  sim_trace(s, "pod %s: %.*s", p->key, (int)json.len, json.ptr);
  k8smi_buf_free(&json);
}

void sim_pods_make(struct sim *s) {
  s->reserves = sim_percent(s, SIM_CHANCE_PODS, 50);
  s->preempts = sim_percent(s, SIM_CHANCE_PODS, 25);
  if (sim_percent(s, SIM_CHANCE_FORMS, 40))
    s->commands = sim_percent(s, SIM_CHANCE_FORMS, 35) ? SIM_SOME_COMMANDS : SIM_OPTIONAL_COMMANDS;
  s->pod_count = (size_t)sim_between(s, SIM_CHANCE_PODS, s->preempts ? 2 : 1,
                                     sim_percent(s, SIM_CHANCE_PODS, s->preempts ? 60 : 15) ? SIM_PODS : 3);
  for (size_t i = 0; i < s->pod_count; i++) pods_make_one(s, i);
}

void sim_pods_free(struct sim *s) {
  sim_shown_forget(s);
  for (size_t i = 0; i < s->pod_count; i++) k8sm_pod_unref(s->pods[i].pod);
}

struct sim_pod *sim_pod_of_uid(struct sim *s, struct k8sm_slice uid) {
  for (size_t i = 0; i < s->pod_count; i++) {
    if (k8smi_eqs(uid, s->pods[i].uid)) return &s->pods[i];
  }
  return NULL;
}

size_t sim_container_find(const struct sim_pod *pod, struct k8sm_slice name) {
  size_t i = 0;
  while (i < pod->container_count && !k8smi_eqs(name, pod->containers[i].name)) i++;
  return i < pod->container_count ? i : SIM_CONTAINERS;
}
