/* SPDX-License-Identifier: Apache-2.0 */
/* A command task of the Docker containerizer: what `docker run` is told, and what it can't do.
 * https://mesos.apache.org/documentation/latest/docker-containerizer/ */
#include "demand/build.h"

#include <stdio.h>

#include <k8smesos/cluster.h>

/* ---- What it can't do ---- */

static const struct k8smi_record *docker_container(const struct k8smi_demand_build *b) {
  return k8smi_list_record(k8smi_get_list(b->spec, K8SMI_PodSpec_containers), 0);
}

/* spec.containers[0].field.more; `more` may be NULL. */
static bool docker_at(struct k8smi_form_field *ret, const char *field, const char *more) {
  ret->steps[0] = k8smi_path_field(NULL, K8SMI_S("spec"));
  ret->steps[1] = k8smi_path_field(&ret->steps[0], K8SMI_S("containers"));
  ret->steps[2] = k8smi_path_index(&ret->steps[1], 0);
  ret->steps[3] = k8smi_path_field(&ret->steps[2], k8smi_s(field));
  if (more != NULL) ret->steps[4] = k8smi_path_field(&ret->steps[3], k8smi_s(more));
  ret->path = &ret->steps[more != NULL ? 4 : 3];
  return true;
}

static bool docker_without_image(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  bool none = k8smi_get_str(docker_container(b), K8SMI_Container_image).len == 0 ||
              (b->demand->flags & K8SM_DEMAND_HOST_FILESYSTEM) != 0;
  return none && docker_at(ret, "image", NULL);
}

static bool docker_secrets(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  const struct k8smi_record *c = docker_container(b);
  struct k8smi_list env = k8smi_get_list(c, K8SMI_Container_env);
  struct k8smi_list from = k8smi_get_list(c, K8SMI_Container_envFrom);
  for (size_t i = 0; i < env.count; i++) {
    const struct k8smi_record *source = k8smi_get_record(k8smi_list_record(env, i), K8SMI_EnvVar_valueFrom);
    if (k8smi_has(source, K8SMI_EnvVarSource_secretKeyRef)) return docker_at(ret, "env", NULL);
  }
  for (size_t i = 0; i < from.count; i++) {
    if (k8smi_has(k8smi_list_record(from, i), K8SMI_EnvFromSource_secretRef))
      return docker_at(ret, "envFrom", NULL);
  }
  return false;
}

/* Files that the pod states, and volumes of a CSI plugin; the token of the Kubernetes API is left out anyway.
 */
static bool docker_volumes(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  static const struct {
    unsigned field;
    const char *name;
  } kinds[] = {{K8SMI_Volume_secret, "secret"},
               {K8SMI_Volume_configMap, "configMap"},
               {K8SMI_Volume_downwardAPI, "downwardAPI"},
               {K8SMI_Volume_projected, "projected"},
               {K8SMI_Volume_csi, "csi"}};
  struct k8smi_list list = k8smi_get_list(b->spec, K8SMI_PodSpec_volumes);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *volume = k8smi_list_record(list, i);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0] && !k8smi_volume_is_api_access(volume); k++) {
      if (k8smi_has(volume, kinds[k].field)) return k8smi_form_volume_at(ret, i, kinds[k].name);
    }
  }
  return false;
}

/* The executor runs a health check by name only, and no other check. */
static bool docker_probes(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  const struct k8smi_record *c = docker_container(b);
  if (k8smi_has(c, K8SMI_Container_readinessProbe)) return docker_at(ret, "readinessProbe", NULL);
  if (k8smi_has(c, K8SMI_Container_startupProbe)) return docker_at(ret, "startupProbe", NULL);
  return false;
}

/* What is a command as it stands, and what the options make one. */
static bool docker_exec(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  const struct k8smi_record *probe = k8smi_get_record(docker_container(b), K8SMI_Container_livenessProbe);
  const struct k8smi_record *http = k8smi_get_record(probe, K8SMI_Probe_httpGet);
  bool commands = (b->demand->flags & K8SM_DEMAND_COMMAND_PROBES) != 0;
  if (k8smi_has(probe, K8SMI_Probe_exec)) return docker_at(ret, "livenessProbe", "exec");
  if (commands && k8smi_has(probe, K8SMI_Probe_grpc)) return docker_at(ret, "livenessProbe", "grpc");
  return commands && k8smi_get_list(http, K8SMI_HTTPGetAction_httpHeaders).count > 0 &&
         docker_at(ret, "livenessProbe", "httpGet");
}

static bool docker_devices(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  const struct k8smi_record *resources = k8smi_get_record(docker_container(b), K8SMI_Container_resources);
  bool gpus = k8smi_get_pair(resources, K8SMI_ResourceRequirements_limits, "nvidia.com/gpu").ptr != NULL ||
              k8smi_get_pair(resources, K8SMI_ResourceRequirements_requests, "nvidia.com/gpu").ptr != NULL;
  return gpus && docker_at(ret, "resources", NULL);
}

static bool docker_profile(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  const struct k8smi_record *pod = k8smi_get_record(b->spec, K8SMI_PodSpec_securityContext);
  const struct k8smi_record *own = k8smi_get_record(docker_container(b), K8SMI_Container_securityContext);
  const struct k8smi_record *profile = k8smi_get_record(own, K8SMI_SecurityContext_seccompProfile);
  if (profile == NULL) profile = k8smi_get_record(pod, K8SMI_PodSecurityContext_seccompProfile);
  return k8smi_eqs(k8smi_get_str(profile, K8SMI_SeccompProfile_type), "Localhost") &&
         docker_at(ret, "securityContext", "seccompProfile");
}

static bool docker_propagation(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  struct k8smi_list mounts = k8smi_get_list(docker_container(b), K8SMI_Container_volumeMounts);
  for (size_t i = 0; i < mounts.count; i++) {
    struct k8sm_slice mode = k8smi_get_str(k8smi_list_record(mounts, i), K8SMI_VolumeMount_mountPropagation);
    if (mode.len > 0 && !k8smi_eqs(mode, "None")) return docker_at(ret, "volumeMounts", "mountPropagation");
  }
  return false;
}

/* A container of Docker has one driver of volumes. */
static bool docker_drivers(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  struct k8smi_list list = k8smi_get_list(b->spec, K8SMI_PodSpec_volumes);
  struct k8sm_slice first = {NULL, 0};
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *flex = k8smi_get_record(k8smi_list_record(list, i), K8SMI_Volume_flexVolume);
    struct k8sm_slice driver = k8smi_get_str(flex, K8SMI_FlexVolumeSource_driver);
    if (flex == NULL) continue;
    if (first.ptr == NULL) first = driver;
    if (!k8smi_eq(first, driver)) return k8smi_form_volume_at(ret, i, "flexVolume");
  }
  return false;
}

static bool docker_address_space(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  struct k8sm_slice key, name = k8smi_get_str(docker_container(b), K8SMI_Container_name);
  if (!k8smi_demand_limits_address_space(b, name, &key)) return false;
  ret->steps[0] = k8smi_path_field(NULL, K8SMI_S("metadata"));
  ret->steps[1] = k8smi_path_field(&ret->steps[0], K8SMI_S("annotations"));
  ret->steps[2] = k8smi_path_key(&ret->steps[1], key);
  ret->path = &ret->steps[2];
  return true;
}

static bool docker_registry(const struct k8smi_demand_build *b, struct k8smi_form_field *ret) {
  if (k8smi_get_list(b->spec, K8SMI_PodSpec_imagePullSecrets).count == 0) return false;
  ret->steps[0] = k8smi_path_field(NULL, K8SMI_S("spec"));
  ret->steps[1] = k8smi_path_field(&ret->steps[0], K8SMI_S("imagePullSecrets"));
  ret->path = &ret->steps[1];
  return true;
}

const struct k8smi_form_rule k8smi_docker_rules[] = {
    {docker_without_image, {"spec.containers.image", "Docker runs images only"}},
    {docker_registry, {"spec.imagePullSecrets", "Docker has the registries' secrets from its agent"}},
    {docker_secrets,
     {"spec.containers.env, envFrom", "Mesos gives no secret variables to containers of Docker"}},
    {docker_volumes,
     {"spec.volumes.secret, configMap, downwardAPI, projected, csi", "Mesos mounts none such for Docker"}},
    {docker_probes,
     {"spec.containers.readinessProbe, startupProbe",
      "the Docker executor has no checks but the health check"}},
    {docker_exec,
     {"spec.containers.livenessProbe.exec; grpc, httpGet.httpHeaders with `--command-probes`",
      "the Docker executor hands the words of a check to a shell"}},
    {docker_devices, {"spec.containers.resources", "the Docker containerizer has no gpus"}},
    {docker_profile,
     {"spec.containers.securityContext.seccompProfile", "Docker takes files of its agent, and no names"}},
    {docker_propagation,
     {"spec.containers.volumeMounts.mountPropagation", "Mesos does not hand it to Docker"}},
    {docker_drivers,
     {"spec.volumes.flexVolume of two drivers", "a container of Docker has one driver of volumes"}},
    {docker_address_space,
     {"metadata.annotations[rlimits.k8smesos/CONTAINER]: `as`", "Docker does not limit address spaces"}},
};
const size_t k8smi_docker_rule_count = sizeof k8smi_docker_rules / sizeof k8smi_docker_rules[0];

/* ---- What `docker run` is told beside ---- */

struct docker_parameters {
  struct k8smi_demand_build *b;
  struct k8smi_pair *items;
  size_t count, cap;
};

static void docker_add(struct docker_parameters *to, const char *key, struct k8sm_slice value) {
  if (to->count < to->cap) to->items[to->count++] = (struct k8smi_pair){k8smi_s(key), value};
}

static void docker_capabilities(struct docker_parameters *to, const struct k8smi_demand_task *task) {
  if (!task->has_capabilities) return;
  docker_add(to, "cap-drop", K8SMI_S("ALL"));
  for (unsigned i = 0; k8smi_capability_name(i) != NULL; i++) {
    if (task->capabilities >> i & 1) docker_add(to, "cap-add", k8smi_s(k8smi_capability_name(i)));
  }
}

/* RLIM_INFINITY of the agent's kernel, and all that is as good as that, is -1 to Docker. */
static int docker_limit(uint64_t n, char *text, size_t cap) {
  return n > INT64_MAX ? snprintf(text, cap, "-1") : snprintf(text, cap, "%llu", (unsigned long long)n);
}

static void docker_rlimits(struct docker_parameters *to, const struct k8smi_demand_task *task) {
  for (size_t i = 0; i < task->rlimit_count; i++) {
    const struct k8smi_demand_rlimit *limit = &task->rlimits[i];
    char soft[24], hard[24], text[64];
    docker_limit(limit->limited ? limit->soft : UINT64_MAX, soft, sizeof soft);
    docker_limit(limit->limited ? limit->hard : UINT64_MAX, hard, sizeof hard);
    int n = snprintf(text, sizeof text, "%s=%s:%s", k8smi_rlimit_name(limit->type), soft, hard);
    docker_add(to, "ulimit", k8smi_demand_copy(to->b, (struct k8sm_slice){text, (size_t)n}));
  }
}

/* As a container runtime has it: a group goes with a user. */
static void docker_warn_group(struct k8smi_demand_build *b, bool own, const struct k8smi_path *container) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path security = k8smi_path_field(own ? container : &spec, K8SMI_S("securityContext"));
  struct k8smi_path at = k8smi_path_field(&security, K8SMI_S("runAsGroup"));
  K8SMI_DEMAND_WARN(b, IGNORED, &at, "Docker takes a group together with a user only: runAsUser is not set");
}

/* The user by number, which is the image's own; and its group. */
static void docker_user(struct docker_parameters *to, const struct k8smi_record *own,
                        const struct k8smi_path *path) {
  const struct k8smi_record *pod = k8smi_get_record(to->b->spec, K8SMI_PodSpec_securityContext);
  int64_t uid = k8smi_get_i64(own, K8SMI_SecurityContext_runAsUser,
                              k8smi_get_i64(pod, K8SMI_PodSecurityContext_runAsUser, -1));
  int64_t gid = k8smi_get_i64(own, K8SMI_SecurityContext_runAsGroup,
                              k8smi_get_i64(pod, K8SMI_PodSecurityContext_runAsGroup, -1));
  char text[48];
  if (uid < 0 && gid >= 0) docker_warn_group(to->b, k8smi_has(own, K8SMI_SecurityContext_runAsGroup), path);
  if (uid < 0) return;
  int n = gid < 0 ? snprintf(text, sizeof text, "%lld", (long long)uid)
                  : snprintf(text, sizeof text, "%lld:%lld", (long long)uid, (long long)gid);
  docker_add(to, "user", k8smi_demand_copy(to->b, (struct k8sm_slice){text, (size_t)n}));
}

void k8smi_demand_make_docker(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  enum { MOST = 80 };
  const struct k8smi_record *own = k8smi_get_record(s->container, K8SMI_Container_securityContext);
  struct docker_parameters to = {b, k8smi_demand_array(b, MOST, sizeof *to.items), 0, MOST};
  struct k8sm_slice directory = k8smi_get_str(s->container, K8SMI_Container_workingDir);
  if (to.items == NULL) return;
  s->task->privileged = k8smi_get_bool(own, K8SMI_SecurityContext_privileged, false);
  if (directory.len > 0) docker_add(&to, "workdir", directory);
  docker_user(&to, own, s->path);
  docker_capabilities(&to, s->task);
  docker_rlimits(&to, s->task);
  if (s->task->unconfined) docker_add(&to, "security-opt", K8SMI_S("seccomp=unconfined"));
  if (k8smi_get_bool(own, K8SMI_SecurityContext_readOnlyRootFilesystem, false))
    docker_add(&to, "read-only", K8SMI_S("true"));
  if (b->demand->host_pid) docker_add(&to, "pid", K8SMI_S("host"));
  if (b->demand->host_ipc) docker_add(&to, "ipc", K8SMI_S("host"));
  if (s->task->tty) docker_add(&to, "tty", K8SMI_S("true"));
  s->task->docker = (struct k8smi_pair_list){to.items, to.count};
  b->demand->features = K8SM_FEATURE_DOCKER; /* it needs no isolators of the other containerizer */
}
