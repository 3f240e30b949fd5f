/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which pods run, and the persistent volumes that they claim, down to the operations of the
 * call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <k8smesos/task.h>

#include "support/scene.h"

#define FORM_PRINCIPAL "p"

static const char *const form_roles[] = {"dev"};
static const char *const form_any_role[] = {"*"};
static const char *const form_both[] = {"*", "dev"};

struct form_case {
  const char *annotation; /* NULL: none */
  uint32_t option;
  const char *principal;
  const char *const *roles;
  size_t role_count;
};

static int form_make(const struct form_case *c, const char *spec, const struct k8sm_manifest_data *data,
                     size_t data_count, struct k8sm_demand **ret, struct findings *f) {
  char metadata[128] = "";
  const struct k8sm_demand_options options = {.size = sizeof options,
                                              .nonce = "n1",
                                              .form = c->option,
                                              .principal = c->principal,
                                              .roles = c->roles,
                                              .role_count = c->role_count,
                                              .data = data,
                                              .data_count = data_count,
                                              .data_size = sizeof *data};
  if (c->annotation != NULL)
    snprintf(metadata, sizeof metadata, ",'annotations':{'k8s.mesosphere.io/form':'%s'}", c->annotation);
  struct k8sm_pod *pod = pods_parse(metadata, spec);
  int result = k8sm_demand_make(pod, &options, ret, findings_init(f));
  k8sm_pod_unref(pod);
  return result;
}

/* ---- The decision ---- */

static void a_form_has_a_reason(void **state) {
  (void)state;
  static const struct {
    struct form_case c;
    const char *name, *reason;
  } cases[] = {
      {{NULL, K8SM_FORM_AUTO, NULL, form_roles, 1},
       "budget",
       "no principal is stated, for whom tokens would be reserved"},
      {{NULL, K8SM_FORM_AUTO, "p", form_any_role, 1},
       "budget",
       "the pod has no role but \"*\", for which nothing can be reserved"},
      {{NULL, K8SM_FORM_AUTO, "p", form_roles, 1},
       "budget-reserved",
       "the pod has a role and the framework a principal: its tokens are reserved, so that no restart waits "
       "for "
       "others"},
      {{NULL, K8SM_FORM_BUDGET, "p", form_roles, 1}, "budget", "the options say so"},
      {{NULL, K8SM_FORM_RESERVED, NULL, form_roles, 1}, "reserved", "the options say so"},
      {{"budget-reserved", K8SM_FORM_RESERVED, NULL, form_both, 2},
       "budget-reserved",
       "its annotation k8s.mesosphere.io/form says so"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    struct k8sm_demand *d = NULL;
    struct k8sm_demand_form form = {.size = sizeof form};
    assert_int_equal(form_make(&cases[i].c, PODS_NGINX, NULL, 0, &d, &f), K8SM_OK);
    assert_int_equal(k8sm_demand_get_form(d, &form), K8SM_OK);
    assert_string_equal(form.name.ptr, cases[i].name);
    assert_string_equal(form.reason.ptr, cases[i].reason);
    assert_int_equal(form.mapping, K8SM_MAPPING_VERSION);
    k8sm_demand_unref(d);
  }
}

/* A pod that can't be a command task is refused with the field, or has another form, which says why. */
static void what_no_command_task_has(void **state) {
  (void)state;
#define FORM_C "{'name':'c','image':'i'}"
  static const struct {
    const char *spec, *path, *why;
  } cases[] = {
      {"{'containers':[" FORM_C "],'initContainers':[{'name':'i','image':'i'}]}", "spec.initContainers[0]",
       "a command task has no stages"},
      {"{'containers':[" FORM_C ",{'name':'d','image':'i'}]}", "spec.containers[1]",
       "a command task has one container"},
      {"{'containers':[" FORM_C "],'volumes':[{'name':'w','emptyDir':{}}]}", "spec.volumes[0].emptyDir",
       "a restart is another task, with an empty sandbox; expected restartPolicy Never"},
      {"{'restartPolicy':'OnFailure','containers':[" FORM_C
       "],'volumes':[{'name':'h','hostPath':{'path':'/'}},"
       "{'name':'w','emptyDir':{}}]}",
       "spec.volumes[1].emptyDir",
       "a restart is another task, with an empty sandbox; expected restartPolicy Never"},
      {"{'containers':[" FORM_C "],'volumes':[{'name':'v','persistentVolumeClaim':{'claimName':'d'}}]}",
       "spec.volumes[0].persistentVolumeClaim",
       "a command task gives its volumes back when it ends, and may start elsewhere the next time"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    char reason[256];
    struct k8sm_demand *d = NULL;
    struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1", .form = K8SM_FORM_COMMAND};
    struct k8sm_pod *pod = pods_parse("", cases[i].spec);
    assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_ERR_UNSUPPORTED);
    const struct k8sm_diag *found = findings_at(&f, cases[i].path);
    assert_non_null(found);
    assert_non_null(strstr(f.text + found->message, cases[i].why));
    o.flags = K8SM_DEMAND_FORM_FALLBACK;
    if (i < 4) {
      struct k8sm_demand_form form = {.size = sizeof form};
      assert_int_equal(k8sm_demand_make(pod, &o, &d, NULL), K8SM_OK);
      assert_int_equal(k8sm_demand_get_form(d, &form), K8SM_OK);
      snprintf(reason, sizeof reason, "the form 'command' was refused: %s: %s", cases[i].path, cases[i].why);
      assert_int_equal(form.form, K8SM_FORM_BUDGET);
      assert_string_equal(form.reason.ptr, reason);
      k8sm_demand_unref(d);
    }
    k8sm_pod_unref(pod);
  }
}

/* Beside that, in the form "docker". */
static void what_docker_can_not_do(void **state) {
  (void)state;
  static const struct {
    const char *more, *spec, *path;
  } cases[] = {
      {"'env':[{'name':'A','valueFrom':{'secretKeyRef':{'name':'s','key':'k'}}}]", "",
       "spec.containers[0].env"},
      {"'envFrom':[{'secretRef':{'name':'s'}}]", "", "spec.containers[0].envFrom"},
      {"'readinessProbe':{'tcpSocket':{'port':80}}", "", "spec.containers[0].readinessProbe"},
      {"'startupProbe':{'tcpSocket':{'port':80}}", "", "spec.containers[0].startupProbe"},
      {"'livenessProbe':{'exec':{'command':['true']}}", "", "spec.containers[0].livenessProbe.exec"},
      {"'resources':{'limits':{'nvidia.com/gpu':'1'}}", "", "spec.containers[0].resources"},
      {"'securityContext':{'seccompProfile':{'type':'Localhost','localhostProfile':'p'}}", "",
       "spec.containers[0].securityContext.seccompProfile"},
      {"'volumeMounts':[{'name':'h','mountPath':'/h','mountPropagation':'Bidirectional'}]",
       ",'volumes':[{'name':'h','hostPath':{'path':'/h'}}]",
       "spec.containers[0].volumeMounts.mountPropagation"},
      {"'tty':true", ",'volumes':[{'name':'c','configMap':{'name':'c'}}]", "spec.volumes[0].configMap"},
      {"'tty':true", ",'volumes':[{'name':'c','csi':{'driver':'d'}}]", "spec.volumes[0].csi"},
      {"'tty':true", ",'imagePullSecrets':[{'name':'s'}]", "spec.imagePullSecrets"},
      {"'tty':true",
       ",'volumes':[{'name':'a','flexVolume':{'driver':'docker/a'}},"
       "{'name':'b','flexVolume':{'driver':'docker/a'}},{'name':'c','flexVolume':{'driver':'docker/c'}}]",
       "spec.volumes[2].flexVolume"},
      {"'livenessProbe':{'grpc':{'port':80}}", "", "spec.containers[0].livenessProbe.grpc"},
      {"'livenessProbe':{'httpGet':{'port':80,'httpHeaders':[{'name':'A','value':'b'}]}}", "",
       "spec.containers[0].livenessProbe.httpGet"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    char spec[512];
    struct k8sm_demand *d = NULL;
    const struct k8sm_demand_options o = {
        .size = sizeof o, .nonce = "n1", .form = K8SM_FORM_DOCKER, .flags = K8SM_DEMAND_COMMAND_PROBES};
    snprintf(spec, sizeof spec, "{'containers':[{'name':'c','image':'i',%s}]%s}", cases[i].more,
             cases[i].spec);
    struct k8sm_pod *pod = pods_parse("", spec);
    assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_ERR_UNSUPPORTED);
    const struct k8sm_diag *found = findings_at(&f, cases[i].path);
    if (found == NULL) fail_msg("%s: nothing at %s", spec, cases[i].path);
    assert_non_null(strstr(f.text + found->message, "the form 'docker' can't have it: "));
    k8sm_pod_unref(pod);
  }
}

/* What the other containerizer can't is no finding. */
static void docker_needs_no_isolators(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = NULL;
  const struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1", .form = K8SM_FORM_DOCKER};
  struct k8sm_pod *pod =
      pods_parse("", "{'hostNetwork':true,'containers':[{'name':'c','image':'i','args':['a'],'"
                     "securityContext':{'privileged':true,"
                     "'runAsUser':7,'readOnlyRootFilesystem':true,'capabilities':{'add':['NET_ADMIN']}}}]}");
  assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_OK);
  assert_int_equal(f.diags.count, 0);
  assert_int_equal(d->features, K8SM_FEATURE_DOCKER);
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
}

/* A parameter of `docker run`, the i-th of this name; NULL: none. */
static const char *docker_told(const struct k8sm_demand *d, const char *key, size_t i) {
  const struct k8smi_pair_list list = d->tasks[1].docker;
  for (size_t k = 0; k < list.count; k++) {
    if (k8smi_eqs(list.items[k].key, key) && i-- == 0) return list.items[k].value.ptr;
  }
  return NULL;
}

/* Limits of processes are Docker's; a probe that needs no command stays one by option, too. */
static void docker_is_told_of_limits(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = NULL;
  const struct k8sm_demand_options o = {
      .size = sizeof o, .nonce = "n1", .form = K8SM_FORM_DOCKER, .flags = K8SM_DEMAND_COMMAND_PROBES};
  struct k8sm_pod *pod = pods_parse(
      ",'annotations':{'rlimits.k8smesos/c':'nofile=10:20,core=unlimited,nproc=5:18446744073709551615'}",
      "{'containers':[{'name':'c','image':'i','livenessProbe':{'tcpSocket':{'port':80}}}]}");
  assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_OK);
  assert_string_equal(docker_told(d, "ulimit", 0), "nofile=10:20");
  assert_string_equal(docker_told(d, "ulimit", 1), "core=-1:-1");
  assert_string_equal(docker_told(d, "ulimit", 2), "nproc=5:-1");
  assert_null(docker_told(d, "ulimit", 3));
  assert_int_equal(d->tasks[1].liveness.kind, K8SMI_CHECK_TCP);
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
  pod = pods_parse(",'annotations':{'rlimits.k8smesos/c':'nofile=10,as=5'}",
                   "{'containers':[{'name':'c','image':'i'}]}");
  assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_ERR_UNSUPPORTED);
  assert_non_null(findings_at(&f, "metadata.annotations[rlimits.k8smesos/c]"));
  k8sm_pod_unref(pod);
}

/* A driver is told the volume's name alone; and a group without a user is none. */
static void what_docker_loses_is_a_warning(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = NULL;
  const struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1", .form = K8SM_FORM_DOCKER};
  struct k8sm_pod *pod =
      pods_parse("", "{'securityContext':{'runAsGroup':5},'containers':[{'name':'c','image':'i',"
                     "'volumeMounts':[{'name':'v','mountPath':'/v'}]}],'volumes':[{'name':'v','flexVolume':"
                     "{'driver':'docker/d','options':{'volume':'db','size':'5'}}}]}");
  assert_int_equal(k8sm_demand_make(pod, &o, &d, findings_init(&f)), K8SM_OK);
  assert_non_null(findings_at(&f, "spec.volumes[0].flexVolume.options"));
  assert_non_null(findings_at(&f, "spec.securityContext.runAsGroup"));
  assert_int_equal(d->tasks[1].mounts[0].remote->options.count, 0);
  assert_string_equal(d->tasks[1].mounts[0].remote->volume.ptr, "db");
  assert_null(docker_told(d, "user", 0));
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
}

static void a_command_task_asks_what_its_pod_does(void **state) {
  (void)state;
  struct k8sm_demand *d = NULL;
  struct k8sm_demand_budget budget = {.size = sizeof budget};
  struct k8sm_demand_form form = {.size = sizeof form};
  struct k8sm_demand_task task;
  const struct k8sm_demand_options fixed = {
      .size = sizeof fixed, .nonce = "n1", .form = K8SM_FORM_BUDGET, .flags = K8SM_DEMAND_FORM_IS_FIXED};
  struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n1"};
  struct k8sm_pod *pod =
      pods_parse(",'annotations':{'k8s.mesosphere.io/form':'command'}",
                 "{'restartPolicy':'Never','overhead':{'cpu':'100m'},'containers':[{'name':'c',"
                 "'image':'i','resources':{'requests':{'cpu':'500m','memory':'128Mi'},'limits':{"
                 "'cpu':'500m'}}}],'volumes':[{'name':'w','emptyDir':{}}]}");
  assert_int_equal(k8sm_demand_make(pod, &o, &d, NULL), K8SM_OK);
  assert_int_equal(k8sm_demand_get_form(d, &form), K8SM_OK);
  assert_string_equal(form.name.ptr, "command");
  assert_int_equal(k8sm_demand_get_budget(d, &budget), K8SM_OK);
  assert_int_equal(budget.cpus_milli, 600);
  assert_int_equal(budget.mem_milli, 128000);
  assert_int_equal(d->tasks[1].limit_cpus_milli, 600); /* with the overhead: no less than what is asked */
  assert_int_equal(d->tasks[1].limit_mem_milli, K8SMI_UNLIMITED);
  assert_int_equal(k8sm_demand_tasks(d, 0, &task, sizeof task, 1), 2);
  assert_int_equal(task.launch, 0);
  assert_int_equal(task.cpus_milli + task.mem_milli, 0);
  k8sm_demand_tasks(d, 1, &task, sizeof task, 1);
  assert_int_equal(task.launch, 1);
  k8sm_demand_unref(d);
  assert_int_equal(k8sm_demand_make(pod, &fixed, &d, NULL), K8SM_OK);
  assert_int_equal(k8sm_demand_get_form(d, &form), K8SM_OK);
  assert_string_equal(form.name.ptr, "budget");
  k8sm_demand_unref(d);
  k8sm_pod_unref(pod);
}

static void forms_that_cannot_be(void **state) {
  (void)state;
  static const struct {
    struct form_case c;
    int result;
    const char *path;
  } cases[] = {
      {{"large", K8SM_FORM_AUTO, "p", form_roles, 1},
       K8SM_ERR_UNSUPPORTED,
       "metadata.annotations[k8s.mesosphere.io/form]"},
      {{"reserved", K8SM_FORM_AUTO, "p", form_any_role, 1},
       K8SM_ERR_UNSUPPORTED,
       "metadata.annotations[k8s.mesosphere.io/form]"},
      {{NULL, K8SM_FORM_RESERVED, "p", NULL, 0}, K8SM_ERR_UNSUPPORTED, ""},
      {{NULL, 77, "p", form_roles, 1}, K8SM_ERR_INVALID, ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    struct k8sm_demand *d = NULL;
    assert_int_equal(form_make(&cases[i].c, PODS_NGINX, NULL, 0, &d, &f), cases[i].result);
    assert_non_null(findings_at(&f, cases[i].path));
    assert_null(d);
  }
}

/* ---- The operations ---- */

static void put(char *text, const char *format, ...) {
  va_list args;
  size_t n = strlen(text);
  va_start(args, format);
  vsnprintf(text + n, 4096 - n, format, args);
  va_end(args);
}

/* "cpus:0.01[dev/p pod=…] ": what it is, how much, and who holds it; a volume by its id and path. */
static void put_resources(char *text, K8smMesos__Resource *const *items, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const K8smMesos__Resource *r = items[i];
    put(text, " %s:%g", r->name, r->scalar == NULL ? -1.0 : r->scalar->value);
    for (size_t k = 0; k < r->n_reservations; k++) {
      const K8smMesos__Resource__ReservationInfo *info = r->reservations[k];
      put(text, "[%s/%s", info->role, info->principal == NULL ? "-" : info->principal);
      for (size_t l = 0; info->labels != NULL && l < info->labels->n_labels; l++)
        put(text, " %s=%s", info->labels->labels[l]->key, info->labels->labels[l]->value);
      put(text, "]");
    }
    if (r->disk != NULL)
      put(text, "{%s at %s by %s}", r->disk->persistence->id, r->disk->volume->container_path,
          r->disk->persistence->principal);
  }
  put(text, "\n");
}

/* One line for each operation; of launches the task's name, the executor's resources and the task's own. */
static void put_operations(char *text, const K8smMesos__Call *call) {
  for (size_t i = 0; i < call->accept->n_operations; i++) {
    const K8smMesos__Offer__Operation *o = call->accept->operations[i];
    if (o->reserve != NULL) {
      put(text, "RESERVE");
      put_resources(text, o->reserve->resources, o->reserve->n_resources);
    } else if (o->create != NULL) {
      put(text, "CREATE");
      put_resources(text, o->create->volumes, o->create->n_volumes);
    } else {
      const K8smMesos__TaskInfo *task = o->launch_group->task_group->tasks[0];
      put(text, "LAUNCH %s", task->name);
      put_resources(text, task->resources, task->n_resources);
      if (i + 1 < call->accept->n_operations) continue;
      put(text, "EXECUTOR");
      put_resources(text, o->launch_group->executor->resources, o->launch_group->executor->n_resources);
    }
  }
}

/* What a demand becomes in this scene. */
static const char *operations(struct scene *s, struct k8sm_demand *demand) {
  static char text[4096];
  struct k8sm_calls *calls = NULL;
  struct k8sm_call row;
  struct k8smi_arena arena;
  ProtobufCMessage *message = NULL;
  text[0] = '\0';
  k8sm_plan_unref(s->plan);
  s->plan = NULL;
  assert_int_equal(k8sm_cluster_match(s->c, &demand, 1, &s->options, &s->plan, NULL), K8SM_OK);
  assert_int_equal(k8sm_plan_calls(s->plan, NULL, &calls, NULL), K8SM_OK);
  if (k8sm_calls_rows(calls, 0, &row, sizeof row, 1) != 1) return "no call";
  k8smi_arena_init(&arena, NULL, 0);
  assert_int_equal(k8smi_message_read(&arena, K8SM_FORMAT_PROTOBUF, &k8sm_mesos__call__descriptor,
                                      row.bytes.ptr, row.bytes.len, &message, NULL),
                   K8SM_OK);
  put_operations(text, (const K8smMesos__Call *)message);
  k8smi_arena_free(&arena);
  k8sm_calls_unref(calls);
  return text;
}

static struct k8sm_demand *made(const struct form_case *c, const char *spec) {
  struct findings f;
  struct k8sm_demand *d = NULL;
  if (form_make(c, spec, NULL, 0, &d, &f) != K8SM_OK) fail_msg("%s", f.text);
  return d;
}

#define OWN "[dev/p pod=" PODS_UID " framework=framework]"
static const char form_stages[] =
    "{'initContainers':[{'name':'setup','image':'i:1','resources':{'requests':{'cpu':'1','memory':'64Mi'}}},"
    "{'name':'proxy','image':'i:1','restartPolicy':'Always','resources':{'requests':{'cpu':'100m',"
    "'memory':'32Mi'}}}],"
    "'containers':[{'name':'app','image':'i:1','resources':{'requests':{'cpu':'2','memory':'128Mi'}}}]}";

static void tokens_are_reserved(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_demand *d = made(&(struct form_case){NULL, K8SM_FORM_AUTO, "p", form_both, 2}, form_stages);
  scene_begin(&s);
  world_simple(&s.w, "o1", "a", "dev", 16, 4096, false);
  scene_offers(&s);
  /* the pause task and setup now; proxy and app are to come: theirs are kept beside */
  assert_string_equal(operations(&s, d), "RESERVE cpus:0.01" OWN " mem:1" OWN " cpus:0.02" OWN " mem:1" OWN
                                         " cpus:0.03" OWN " mem:1" OWN "\n"
                                         "LAUNCH web.pause cpus:0.01" OWN " mem:1" OWN "\n"
                                         "LAUNCH web.setup cpus:0.02" OWN " mem:1" OWN "\n"
                                         "EXECUTOR cpus:2.1 mem:160 disk:32\n");
  k8sm_cluster_remove_all(s.c);
  world_simple(&s.w, "o2", "a", "*", 16, 4096, false);
  scene_offers(&s);
  assert_string_equal(operations(&s, d),
                      "LAUNCH web.pause cpus:0.01 mem:1\nLAUNCH web.setup cpus:0.02 mem:1\n"
                      "EXECUTOR cpus:2.1 mem:160 disk:32\n");
  k8sm_demand_unref(d);
  scene_end(&s);
}

static void requests_are_reserved(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_demand *d =
      made(&(struct form_case){"reserved", K8SM_FORM_AUTO, "p", form_roles, 1}, form_stages);
  struct k8sm_demand_budget budget = {.size = sizeof budget};
  assert_int_equal(k8sm_demand_get_budget(d, &budget), K8SM_OK);
  assert_int_equal(budget.cpus_milli, 10);
  assert_int_equal(budget.mem_milli, 32000);
  scene_begin(&s);
  world_simple(&s.w, "o1", "a", "dev", 16, 4096, false);
  scene_offers(&s);
  assert_string_equal(operations(&s, d),
                      "RESERVE cpus:0.01" OWN " mem:1" OWN " cpus:1" OWN " mem:64" OWN " cpus:1.1" OWN
                      " mem:96" OWN "\nLAUNCH web.pause cpus:0.01" OWN " mem:1" OWN "\n"
                      "LAUNCH web.setup cpus:1" OWN " mem:64" OWN "\n"
                      "EXECUTOR cpus:0.01 mem:32 disk:32\n");
  k8sm_demand_unref(d);
  scene_end(&s);
}

/* What names the pod is taken first, as it is; what is reserved for the role is the role's. */
static void what_is_reserved_already(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_demand *d = made(
      &(struct form_case){"budget-reserved", K8SM_FORM_AUTO, "p", form_roles, 1},
      "{'containers':[{'name':'c','image':'i:1','resources':{'requests':{'cpu':'2','memory':'64Mi'}}}]}");
  scene_begin(&s);
  K8smMesos__Offer *o = world_simple(&s.w, "o1", "a", "dev", 16, 4096, false);
  world_reserve(&s.w, world_scalar(&s.w, o, "cpus", 0.03), "dev", "pod", PODS_UID);
  world_reserve(&s.w, world_scalar(&s.w, o, "mem", 64), "dev", NULL, NULL);
  scene_offers(&s);
#define FORMER "[dev/- pod=" PODS_UID "]"
  assert_string_equal(operations(&s, d), "RESERVE cpus:0.02" OWN "\n"
                                         "LAUNCH web.pause cpus:0.01" FORMER " mem:1[dev/-]\n"
                                         "LAUNCH web.c cpus:0.02" FORMER " cpus:0.02" OWN " mem:1[dev/-]\n"
                                         "EXECUTOR cpus:2 mem:62[dev/-] mem:2 disk:32\n");
  k8sm_demand_unref(d);
  scene_end(&s);
}

/* ---- Volumes ---- */

static const struct k8sm_manifest_data form_claims[] = {
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storage", 7}, {"1Gi", 3}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storageClassName", 16}, {"fast", 4}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"raw", 3}, {"storage", 7}, {"1Gi", 3}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"raw", 3}, {"volumeMode", 10}, {"Block", 5}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"none", 4}, {"storage", 7}, {"", 0}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"other", 5}, {"far", 3}, {"storage", 7}, {"1Gi", 3}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"copy", 4}, {"storage", 7}, {"1Gi", 3}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"copy", 4}, {"dataSource", 10}, {"X/y", 3}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"bound", 5}, {"storage", 7}, {"1Gi", 3}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"bound", 5}, {"volumeName", 10}, {"pv", 2}, 0, 0},
    {{"PersistentVolumeClaim", 21}, {"default", 7}, {"bound", 5}, {"selector", 8}, {"true", 4}, 0, 0},
    {{"PersistentVolumeClaim", 21},
     {"default", 7},
     {"bound", 5},
     {"volumeAttributesClassName", 25},
     {"g", 1},
     0,
     0},
};
enum { FORM_CLAIMS = sizeof form_claims / sizeof form_claims[0] };

#define CLAIMING(volumes)                                                                                    \
  "{'containers':[{'name':'c','image':'i:1','volumeMounts':[{'name':'v','mountPath':'/d','subPath':'s'}]}]," \
  "'volumes':[" volumes "]}"
#define NAMED(name) "{'name':'v','persistentVolumeClaim':{'claimName':'" name "'}}"
#define OF_TEMPLATE(more)                                                                                    \
  "{'name':'v','ephemeral':{'volumeClaimTemplate':{'spec':{'accessModes':['ReadWriteOnce'],"                 \
  "'resources':{'requests':{'storage':'64Mi'}}" more "}}}}"

static void volumes_are_made_and_found_again(void **state) {
  (void)state;
  struct scene s;
  struct findings f;
  struct k8sm_demand *d = NULL;
  struct k8sm_demand_volume row;
  const struct form_case c = {NULL, K8SM_FORM_BUDGET, "p", form_both, 2};
  assert_int_equal(form_make(&c, CLAIMING(NAMED("data")), form_claims, FORM_CLAIMS, &d, &f), K8SM_OK);
  assert_int_equal(k8sm_demand_volumes(d, 0, &row, sizeof row, 1), 1);
  assert_string_equal(row.claim.ptr, "default/data");
  assert_string_equal(row.storage_class.ptr, "fast");
  assert_int_equal(row.milli, 1024000);
  scene_begin(&s);
  world_simple(&s.w, "o0", "b", "*", 16, 4096, false); /* nothing can be reserved for this role */
  world_simple(&s.w, "o1", "a", "dev", 16, 4096, false);
  scene_offers(&s);
#define FOR_CLAIM  "[dev/p claim=default/data framework=framework]"
#define THE_VOLUME "disk:1024" FOR_CLAIM "{default.data at claim-v by p}"
  assert_string_equal(operations(&s, d), "RESERVE disk:1024" FOR_CLAIM "\nCREATE " THE_VOLUME "\n"
                                         "LAUNCH web.pause cpus:0.01 mem:1\nLAUNCH web.c cpus:0.01 mem:1\n"
                                         "EXECUTOR cpus:0.25 mem:64 disk:32 " THE_VOLUME "\n");
  /* the next time it is there */
  K8smMesos__Offer *o = world_simple(&s.w, "o2", "a", "dev", 0, 0, false);
  K8smMesos__Resource *r = world_scalar(&s.w, o, "disk", 1500);
  world_reserve(&s.w, r, "dev", "claim", "default/data");
  r->disk = WORLD_NEW(&s.w, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
  r->disk->persistence =
      WORLD_NEW(&s.w, K8smMesos__Resource__DiskInfo__Persistence, RESOURCE__DISK_INFO__PERSISTENCE);
  r->disk->persistence->id = world_text(&s.w, "default.data");
  r->disk->persistence->principal = world_text(&s.w, "p");
  scene_offers(&s);
  assert_string_equal(operations(&s, d),
                      "LAUNCH web.pause cpus:0.01 mem:1\nLAUNCH web.c cpus:0.01 mem:1\n"
                      "EXECUTOR cpus:0.25 mem:64 disk:32 disk:1500[dev/- claim=default/data]"
                      "{default.data at claim-v by p}\n");
  assert_int_equal(s.plan->placements[0].offer_ids.count, 2);
  k8sm_demand_unref(d);
  scene_end(&s);
}

/* The options of storage classes, with a claim of one; a finding where they are not as they should be. */
static int classes_make(const struct k8sm_storage_class *classes, size_t n,
                        const struct k8sm_field_policy *policy, const char *claim, struct k8sm_demand **ret,
                        struct findings *f) {
  const struct k8sm_demand_options o = {.size = sizeof o,
                                        .nonce = "n1",
                                        .principal = "p",
                                        .roles = form_roles,
                                        .role_count = 1,
                                        .data = form_claims,
                                        .data_count = FORM_CLAIMS,
                                        .data_size = sizeof form_claims[0],
                                        .policies = policy,
                                        .policy_count = policy != NULL,
                                        .policy_size = sizeof *policy,
                                        .storage_classes = classes,
                                        .storage_class_count = n,
                                        .storage_class_size = sizeof *classes};
  char spec[600];
  snprintf(spec, sizeof spec, "{'containers':[{'name':'c','image':'i:1'}],'volumes':[%s]}", claim);
  struct k8sm_pod *pod = pods_parse("", spec);
  int r = k8sm_demand_make(pod, &o, ret, findings_init(f));
  k8sm_pod_unref(pod);
  return r;
}

static void storage_classes(void **state) {
  static const struct k8sm_storage_class classes[] = {
      {.name = "slow", .disk = K8SM_DISK_NONE},
      {"fast", K8SM_DISK_MOUNT, 0, "ssd", "acme", "/mnt/", "tier=gold,zone=a"},
      {.name = "", .disk = K8SM_DISK_PATH}};
  struct k8sm_demand *d = NULL;
  struct k8sm_demand_volume row;
  struct findings f;
  int64_t sum[K8SMI_SCALARS];
  (void)state;
  assert_int_equal(classes_make(classes, 3, NULL, NAMED("data"), &d, &f), K8SM_OK);
  assert_null(findings_at(&f, "spec.volumes[0].persistentVolumeClaim"));
  assert_int_equal(k8sm_demand_volumes(d, 0, &row, sizeof row, 1), 1);
  assert_int_equal(row.disk, K8SM_DISK_MOUNT);
  const struct k8smi_demand_disk *disk = d->volumes[0].disk;
  assert_string_equal(disk->profile.ptr, "ssd");
  assert_string_equal(disk->vendor.ptr, "acme");
  assert_true(k8smi_eqs(disk->root, "/mnt"));
  assert_int_equal(disk->metadata.count, 2);
  assert_string_equal(disk->metadata.items[1].value.ptr, "a");
  k8smi_demand_sum(d, sum);
  assert_int_equal(sum[K8SMI_DISK], 32000); /* the executor's; the volume is not of the agent's disk */
  k8sm_demand_unref(d);
  assert_int_equal(classes_make(classes, 3, NULL, OF_TEMPLATE(""), &d, &f), K8SM_OK); /* names none */
  assert_int_equal(d->volumes[0].disk->kind, K8SM_DISK_PATH);
  k8sm_demand_unref(d);
  assert_int_equal(classes_make(classes, 2, NULL, OF_TEMPLATE(""), &d, &f), K8SM_OK);
  assert_null(d->volumes[0].disk);
  k8sm_demand_unref(d);
  assert_int_equal(classes_make(classes, 3, NULL, OF_TEMPLATE(",'storageClassName':'slow'"), &d, &f),
                   K8SM_OK);
  assert_true(d->volumes[0].disk == NULL && d->volumes[0].row.disk == K8SM_DISK_NONE);
  k8sm_demand_unref(d);
  assert_int_equal(classes_make(classes, 3, NULL, OF_TEMPLATE(",'storageClassName':'other'"), &d, &f),
                   K8SM_ERR_UNSUPPORTED);
  const struct k8sm_diag *refused = findings_at(&f, "spec.volumes[0].ephemeral");
  assert_int_equal(refused->code, K8SM_DIAG_TASK_FIELD_REFUSED);
  assert_string_equal(f.text + refused->message,
                      "storageClassName 'other' is not among the storage classes of the options: slow, fast");
  const struct k8sm_storage_class unnamed = {.name = "", .disk = K8SM_DISK_PATH};
  assert_int_equal(classes_make(&unnamed, 1, NULL, OF_TEMPLATE(",'storageClassName':'other'"), &d, &f),
                   K8SM_ERR_UNSUPPORTED);
  assert_string_equal(
      f.text + findings_at(&f, "spec.volumes[0].ephemeral")->message,
      "storageClassName 'other' is not among the storage classes of the options: none of them "
      "has a name");
  /* with none, all is as if it were not said */
  assert_int_equal(classes_make(NULL, 0, NULL, NAMED("data"), &d, &f), K8SM_OK);
  assert_int_equal(findings_at(&f, "spec.volumes[0].persistentVolumeClaim")->severity, K8SM_SEVERITY_NOTE);
  k8sm_demand_unref(d);
  static const struct k8sm_field_policy strict = {"spec.volumes", K8SM_POLICY_REFUSE, 0};
  assert_int_equal(classes_make(NULL, 0, &strict, NAMED("data"), &d, &f), K8SM_ERR_UNSUPPORTED);
}

static void storage_classes_that_are_none(void **state) {
  static const struct {
    struct k8sm_storage_class class;
    const char *says;
  } cases[] = {
      {{.name = NULL, .disk = K8SM_DISK_PATH}, "'': expected a name"},
      {{.name = "x", .disk = K8SM_DISK_RAW},
       "'x': BLOCK and RAW disks can't be mounted: expected NONE, PATH or MOUNT"},
      {{.name = "x", .disk = K8SM_DISK_BLOCK},
       "'x': BLOCK and RAW disks can't be mounted: expected NONE, PATH or MOUNT"},
      {{.name = "x", .disk = 9}, "'x': expected a disk that is NONE, PATH or MOUNT"},
      {{.name = "x", .profile = "ssd"}, "'x': the agent's own disk has no profile, vendor, root or metadata"},
      {{.name = "x", .disk = K8SM_DISK_PATH, .root = "mnt"}, "'x': expected an absolute path for root"},
      {{.name = "x", .disk = K8SM_DISK_PATH, .metadata = ""},
       "'x': expected labels as 'a=b,c=d' for metadata"},
      {{.name = "x", .disk = K8SM_DISK_PATH, .metadata = "a=b,"},
       "'x': expected labels as 'a=b,c=d' for metadata"},
      {{.name = "x", .disk = K8SM_DISK_PATH, .metadata = "a=b,=c"},
       "'x': expected labels as 'a=b,c=d' for metadata"},
      {{.name = "fast", .disk = K8SM_DISK_PATH}, "'fast': there are two of this name"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct k8sm_storage_class classes[] = {{.name = "fast", .disk = K8SM_DISK_MOUNT}, cases[i].class};
    struct k8sm_demand *d = NULL;
    struct findings f;
    char expected[160];
    assert_int_equal(classes_make(classes, 2, NULL, NAMED("data"), &d, &f), K8SM_ERR_INVALID);
    assert_int_equal(f.rows[0].code, K8SM_DIAG_OPTION_INVALID);
    snprintf(expected, sizeof expected, "options.storage_classes[1] %s", cases[i].says);
    assert_string_equal(f.text + f.rows[0].message, expected);
  }
}

static void claims_of_the_pods_of_a_stateful_set(void **state) {
  static const struct k8sm_manifest_data rows[] = {
      {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data-db-*", 9}, {"storage", 7}, {"1Gi", 3}, 0, 0},
      {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data-db-1", 9}, {"storage", 7}, {"2Gi", 3}, 0, 0},
  };
  static const struct {
    const char *volumes, *id; /* NULL: there is no such claim */
    int64_t milli;
  } cases[] = {{NAMED("data-db-0"), "default.data-db-0", 1024000},
               {NAMED("data-db-12"), "default.data-db-12", 1024000},
               {NAMED("data-db-1"), "default.data-db-1", 2048000}, /* it says itself what it is */
               {NAMED("data-db-"), NULL, 0},
               {NAMED("data-db"), NULL, 0},
               {NAMED("data-db-x"), NULL, 0},
               {NAMED("data-0"), NULL, 0},
               {NAMED("0"), NULL, 0}};
  const struct form_case c = {NULL, K8SM_FORM_BUDGET, "p", form_roles, 1};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    struct k8sm_demand *d = NULL;
    struct k8sm_demand_volume row;
    char spec[400];
    snprintf(spec, sizeof spec, "{'containers':[{'name':'c','image':'i'}],'volumes':[%s]}", cases[i].volumes);
    int result = form_make(&c, spec, rows, 2, &d, &f);
    assert_int_equal(result, cases[i].id == NULL ? K8SM_ERR_NOT_FOUND : K8SM_OK);
    if (cases[i].id == NULL) continue;
    assert_int_equal(k8sm_demand_volumes(d, 0, &row, sizeof row, 1), 1);
    assert_string_equal(row.id.ptr, cases[i].id);
    assert_int_equal(row.milli, cases[i].milli);
    k8sm_demand_unref(d);
  }
}

static void a_volume_of_the_pods_own(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_demand *d =
      made(&(struct form_case){NULL, K8SM_FORM_BUDGET, "p", form_roles, 1}, CLAIMING(OF_TEMPLATE("")));
  assert_string_equal(d->tasks[1].mounts[0].source.ptr, "claim-v/s");
  scene_begin(&s);
  world_simple(&s.w, "o1", "a", "dev", 16, 4096, false);
  scene_offers(&s);
  assert_non_null(strstr(operations(&s, d), "CREATE disk:64" OWN "{" PODS_UID ".v at claim-v by p}\n"));
  k8sm_demand_unref(d);
  scene_end(&s);
}

static void claims_that_cannot_be(void **state) {
  (void)state;
  static const struct {
    const char *spec, *path;
    int result;
  } cases[] = {
      {CLAIMING(NAMED("nothing")), "spec.volumes[0].persistentVolumeClaim.claimName", K8SM_ERR_NOT_FOUND},
      {CLAIMING(NAMED("far")), "spec.volumes[0].persistentVolumeClaim.claimName", K8SM_ERR_NOT_FOUND},
      {CLAIMING(NAMED("raw")), "spec.volumes[0].persistentVolumeClaim", K8SM_ERR_UNSUPPORTED},
      {CLAIMING(NAMED("none")), "spec.volumes[0].persistentVolumeClaim", K8SM_ERR_UNSUPPORTED},
      {CLAIMING(NAMED("copy")), "spec.volumes[0].persistentVolumeClaim", K8SM_ERR_UNSUPPORTED},
      {CLAIMING(OF_TEMPLATE(",'volumeMode':'Block'")),
       "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.volumeMode", K8SM_ERR_UNSUPPORTED},
      {CLAIMING(OF_TEMPLATE(",'dataSource':{'kind':'x','name':'y'}")),
       "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.dataSource", K8SM_ERR_UNSUPPORTED},
      {CLAIMING(NAMED("data") ",{'name':'w','emptyDir':{}}"), "spec.volumes", K8SM_ERR_UNSUPPORTED},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct findings f;
    struct k8sm_demand *d = NULL;
    bool last = i + 1 == sizeof cases / sizeof cases[0]; /* that one lacks a role */
    const struct form_case c = {NULL, K8SM_FORM_AUTO, "p", last ? form_any_role : form_roles, 1};
    assert_int_equal(form_make(&c, cases[i].spec, form_claims, FORM_CLAIMS, &d, &f), cases[i].result);
    if (findings_at(&f, cases[i].path) == NULL) fail_msg("%s: %s", cases[i].path, f.text);
  }
}

/* A claim that names a volume, or chooses one, has a new one made for it; each is told. */
static void claims_of_volumes_elsewhere_are_told(void **state) {
  (void)state;
  struct findings f;
  struct k8sm_demand *d = NULL;
  const struct form_case c = {NULL, K8SM_FORM_AUTO, "p", form_roles, 1};
  size_t told = 0;
  assert_int_equal(form_make(&c, CLAIMING(NAMED("bound")), form_claims, FORM_CLAIMS, &d, &f), K8SM_OK);
  for (size_t i = 0; i < f.diags.count; i++)
    told += strcmp(f.text + f.rows[i].path, "spec.volumes[0].persistentVolumeClaim") == 0;
  assert_int_equal(told, 3);
  k8sm_demand_unref(d);
}

/* ---- What is over ---- */

static void reserve_for(struct scene *s, K8smMesos__Resource *r, const char *key, const char *value,
                        const char *framework) {
  world_reserve(&s->w, r, "dev", key, value);
  K8smMesos__Labels *labels = r->reservations[r->n_reservations - 1]->labels;
  K8smMesos__Label **items = world_new(&s->w, 2 * sizeof *items);
  items[0] = labels->labels[0];
  items[1] = WORLD_NEW(&s->w, K8smMesos__Label, LABEL);
  items[1]->key = world_text(&s->w, "framework");
  items[1]->value = world_text(&s->w, framework);
  labels->labels = items;
  labels->n_labels = 2;
}

static void as_volume(struct scene *s, K8smMesos__Resource *r, const char *id) {
  r->disk = WORLD_NEW(&s->w, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
  r->disk->persistence =
      WORLD_NEW(&s->w, K8smMesos__Resource__DiskInfo__Persistence, RESOURCE__DISK_INFO__PERSISTENCE);
  r->disk->persistence->id = world_text(&s->w, id);
}

static void put_amounts(char *text, const char *what, K8smMesos__Resource *const *items, size_t n) {
  put(text, "%s", what);
  for (size_t i = 0; i < n; i++) {
    put(text, " %s:%g%s", items[i]->name, items[i]->scalar->value, items[i]->disk == NULL ? "" : "{}");
  }
  put(text, "\n");
}

/* The offer, and what is given back of it, of each call. */
static const char *released(struct scene *s, const struct k8sm_release_options *options) {
  static char text[4096];
  struct k8sm_calls *calls = NULL;
  struct k8sm_call row;
  struct k8sm_call_offer offer;
  struct k8smi_arena arena;
  text[0] = '\0';
  assert_int_equal(k8sm_cluster_release(s->c, options, &calls, NULL), K8SM_OK);
  k8smi_arena_init(&arena, NULL, 0);
  for (size_t i = 0; k8sm_calls_rows(calls, i, &row, sizeof row, 1) > 0; i++) {
    ProtobufCMessage *message = NULL;
    assert_true(k8sm_calls_offers(calls, i, &offer, sizeof offer, 1) > 0 && offer.call == i);
    assert_int_equal(k8smi_message_read(&arena, K8SM_FORMAT_PROTOBUF, &k8sm_mesos__call__descriptor,
                                        row.bytes.ptr, row.bytes.len, &message, NULL),
                     K8SM_OK);
    const K8smMesos__Call__Accept *accept = ((const K8smMesos__Call *)message)->accept;
    assert_string_equal(accept->offer_ids[0]->value, offer.id.ptr);
    assert_true(accept->filters->refuse_seconds == row.refuse_seconds);
    put(text, "%s\n", offer.id.ptr);
    for (size_t k = 0; k < accept->n_operations; k++) {
      const K8smMesos__Offer__Operation *o = accept->operations[k];
      if (o->destroy != NULL) put_amounts(text, "DESTROY", o->destroy->volumes, o->destroy->n_volumes);
      if (o->unreserve != NULL)
        put_amounts(text, "UNRESERVE", o->unreserve->resources, o->unreserve->n_resources);
    }
  }
  k8smi_arena_free(&arena);
  k8sm_calls_unref(calls);
  return text;
}

static void reservations_are_given_back(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  K8smMesos__Offer *o = world_simple(&s.w, "o1", "a", "dev", 4, 64, false);
  reserve_for(&s, world_scalar(&s.w, o, "cpus", 0.1), "pod", "gone", "framework");
  reserve_for(&s, world_scalar(&s.w, o, "mem", 1), "pod", "gone", "framework");
  reserve_for(&s, world_scalar(&s.w, o, "cpus", 0.2), "pod", "lives", "framework");
  reserve_for(&s, world_scalar(&s.w, o, "cpus", 0.3), "pod", "theirs", "another");
  world_reserve(&s.w, world_scalar(&s.w, o, "cpus", 0.4), "dev", "pod", "unsigned");
  K8smMesos__Resource *own = world_scalar(&s.w, o, "disk", 64), *claimed = world_scalar(&s.w, o, "disk", 32);
  reserve_for(&s, own, "pod", "gone", "framework");
  as_volume(&s, own, "gone.v");
  reserve_for(&s, claimed, "claim", "default/data", "former");
  as_volume(&s, claimed, "default.data");
  claimed = world_scalar(&s.w, o, "disk", 16);
  reserve_for(&s, claimed, "claim", "default/other", "former");
  as_volume(&s, claimed, "default.other");
  o = world_simple(&s.w, "o2", "b", "dev", 4, 64, false);
  reserve_for(&s, world_scalar(&s.w, o, "cpus", 0.5), "pod", "lives", "framework");
  world_simple(&s.w, "o3", "b", "dev", 4, 64, false);
  scene_offers(&s);
  const struct k8sm_keep keep[] = {{{"lives", 5}, {"a", 1}}};
  const struct k8sm_slice claims[] = {{"default/data", 12}};
  struct k8sm_release_options options = {.size = sizeof options,
                                         .refuse_seconds = 3,
                                         .keep = keep,
                                         .keep_count = 1,
                                         .keep_size = sizeof keep[0]};
  assert_string_equal(released(&s, &options), "o1\nDESTROY disk:64{}\nUNRESERVE cpus:0.1 mem:1 disk:64\n"
                                              "o2\nUNRESERVE cpus:0.5\n");
  options.claims = claims;
  options.claim_count = 1;
  options.keep_count = 0;
  assert_string_equal(released(&s, &options),
                      "o1\nDESTROY disk:64{} disk:32{}\nUNRESERVE cpus:0.1 mem:1 cpus:0.2 disk:64 disk:32\n"
                      "o2\nUNRESERVE cpus:0.5\n");
  struct k8sm_calls *calls = NULL;
  struct k8sm_call_release rows[8];
  assert_int_equal(k8sm_cluster_release(s.c, &options, &calls, NULL), K8SM_OK);
  assert_int_equal(k8sm_calls_releases(calls, 0, rows, sizeof rows[0], 8), 6);
  static const struct {
    const char *pod, *claim, *volume;
    uint32_t call;
  } expected[] = {{"gone", "", "", 0},
                  {"gone", "", "", 0},
                  {"lives", "", "", 0},
                  {"gone", "", "gone.v", 0},
                  {"", "default/data", "default.data", 0},
                  {"lives", "", "", 1}};
  for (size_t i = 0; i < 6; i++) {
    assert_true(k8smi_eqs(rows[i].pod, expected[i].pod) && k8smi_eqs(rows[i].claim, expected[i].claim) &&
                k8smi_eqs(rows[i].volume, expected[i].volume) && rows[i].call == expected[i].call);
  }
  k8sm_calls_unref(calls);
  calls = NULL;
  options.refuse_seconds = -1;
  assert_int_equal(k8sm_cluster_release(s.c, &options, &calls, NULL), K8SM_ERR_INVALID);
  scene_end(&s);
}

/* Disk that is reserved for a claim and is no volume: its CREATE has failed. Nobody could use it. */
static void a_claim_without_a_volume_is_given_back(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  K8smMesos__Offer *o = world_simple(&s.w, "o1", "a", "dev", 4, 64, false);
  reserve_for(&s, world_scalar(&s.w, o, "disk", 64), "claim", "default/data", "framework");
  reserve_for(&s, world_scalar(&s.w, o, "disk", 32), "claim", "default/data", "another");
  o = world_simple(&s.w, "o2", "a", "dev", 4, 64, false);
  K8smMesos__Resource *claimed = world_scalar(&s.w, o, "disk", 16);
  reserve_for(&s, claimed, "claim", "default/data", "framework");
  as_volume(&s, claimed, "default.data");
  scene_offers(&s);
  assert_int_equal(s.c->stranded, 1);
  const struct k8sm_release_options options = {.size = sizeof options};
  assert_string_equal(released(&s, &options), "o1\nUNRESERVE disk:64\n");
  k8sm_cluster_remove(s.c, k8smi_s("o1"));
  assert_int_equal(s.c->stranded, 0);
  scene_end(&s);
}

/* Each operation for itself is what stands in the call. */
static void operations_have_rows(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_demand *d = made(&(struct form_case){NULL, K8SM_FORM_AUTO, "p", form_roles, 1}, form_stages);
  struct k8sm_calls *calls = NULL;
  struct k8sm_call call;
  struct k8sm_call_operation row;
  static const uint32_t formats[] = {K8SM_FORMAT_JSON, K8SM_FORMAT_PROTOBUF};
  scene_begin(&s);
  world_simple(&s.w, "o1", "a", "dev", 16, 4096, false);
  scene_offers(&s);
  assert_int_equal(k8sm_cluster_match(s.c, &d, 1, NULL, &s.plan, NULL), K8SM_OK);
  for (size_t f = 0; f < 2; f++) {
    const struct k8sm_task_options options = {
        .size = sizeof options, .format = formats[f], .flags = K8SM_CALLS_OPERATIONS, .refuse_seconds = 7};
    assert_int_equal(k8sm_plan_calls(s.plan, &options, &calls, NULL), K8SM_OK);
    k8sm_calls_rows(calls, 0, &call, sizeof call, 1);
    assert_true(call.refuse_seconds == 7);
    const char *at = call.bytes.ptr;
    size_t count = 0;
    for (; k8sm_calls_operations(calls, count, &row, sizeof row, 1) > 0; count++) {
      const char *end = call.bytes.ptr + call.bytes.len - row.bytes.len;
      while (at <= end && memcmp(at, row.bytes.ptr, row.bytes.len) != 0) at++;
      assert_true(at <= end);
      at += row.bytes.len;
      assert_int_equal(row.call + row.placement, 0);
    }
    assert_int_equal(count, 3); /* RESERVE, and two launches */
    k8sm_calls_unref(calls);
  }
  k8sm_demand_unref(d);
  scene_end(&s);
}

/* ---- The mapping ---- */

static void an_attempt_of_another_mapping_does_not_go_on(void **state) {
  (void)state;
  struct k8sm_demand *d = pods_demand(PODS_NGINX, 0), *again = NULL;
  static const struct {
    const char *uid;
    unsigned attempt, mapping;
    int result;
  } cases[] = {{PODS_UID, 0, K8SM_MAPPING_VERSION, K8SM_OK},
               {PODS_UID, 0, K8SM_MAPPING_VERSION + 1, K8SM_ERR_STATE},
               {PODS_UID, 0, 0, K8SM_ERR_STATE},
               {PODS_UID, 1, K8SM_MAPPING_VERSION, K8SM_ERR_INVALID},
               {"other", 0, K8SM_MAPPING_VERSION, K8SM_ERR_INVALID}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[300];
    const struct k8sm_launch launch = {1, 1};
    const struct k8sm_slice executor = pods_executor(&text, cases[i].uid, cases[i].attempt, cases[i].mapping);
    const struct k8sm_resume_options options = {.size = sizeof options,
                                                .agent_id = "S1",
                                                .nonce = "n2",
                                                .executor = executor.ptr,
                                                .executor_len = executor.len,
                                                .launches = &launch,
                                                .launch_count = 1,
                                                .launch_size = sizeof launch};
    struct findings f;
    assert_int_equal(k8sm_demand_resume(d, &options, &again, findings_init(&f)), cases[i].result);
    if (cases[i].result == K8SM_ERR_STATE) assert_int_equal(f.rows[0].code, K8SM_DIAG_MAPPING_CHANGED);
    if (cases[i].result == K8SM_OK) k8sm_demand_unref(again);
  }
  k8sm_demand_unref(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_form_has_a_reason),
      cmocka_unit_test(what_no_command_task_has),
      cmocka_unit_test(what_docker_can_not_do),
      cmocka_unit_test(docker_needs_no_isolators),
      cmocka_unit_test(docker_is_told_of_limits),
      cmocka_unit_test(what_docker_loses_is_a_warning),
      cmocka_unit_test(a_command_task_asks_what_its_pod_does),
      cmocka_unit_test(forms_that_cannot_be),
      cmocka_unit_test(tokens_are_reserved),
      cmocka_unit_test(requests_are_reserved),
      cmocka_unit_test(what_is_reserved_already),
      cmocka_unit_test(volumes_are_made_and_found_again),
      cmocka_unit_test(a_volume_of_the_pods_own),
      cmocka_unit_test(storage_classes),
      cmocka_unit_test(storage_classes_that_are_none),
      cmocka_unit_test(claims_of_the_pods_of_a_stateful_set),
      cmocka_unit_test(claims_that_cannot_be),
      cmocka_unit_test(claims_of_volumes_elsewhere_are_told),
      cmocka_unit_test(reservations_are_given_back),
      cmocka_unit_test(a_claim_without_a_volume_is_given_back),
      cmocka_unit_test(operations_have_rows),
      cmocka_unit_test(an_attempt_of_another_mapping_does_not_go_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
