/* SPDX-License-Identifier: Apache-2.0 */
#include "support/master_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/master_state.h"

/* ---- Ids and texts ---- */

bool master_is_id(const char *id) {
  size_t n = id == NULL ? 0 : strlen(id);
  if (n == 0 || n > 255 || strcmp(id, ".") == 0 || strcmp(id, "..") == 0) return false;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)id[i];
    if (c < 0x20 || c == 0x7f || c == '/' || c == '\\') return false;
  }
  return true;
}

static const char *rule_labels(const K8smMesos__Labels *labels) {
  for (size_t i = 0; labels != NULL && i < labels->n_labels; i++) {
    for (size_t j = 0; j < i; j++) {
      if (strcmp(labels->labels[i]->key, labels->labels[j]->key) == 0) return "a label is there twice";
    }
  }
  return NULL;
}

/* ---- Commands ---- */

static const char *rule_variable(const K8smMesos__Environment__Variable *v) {
  if (v->name == NULL || v->name[0] == '\0') return "a variable has no name";
  if (v->type == K8SM_MESOS__ENVIRONMENT__VARIABLE__TYPE__SECRET) {
    if (v->value != NULL || v->secret == NULL) return "a SECRET variable must have a secret and no value";
    if (v->secret->type != K8SM_MESOS__SECRET__TYPE__VALUE || v->secret->value == NULL)
      return "a secret must have a value: no resolver knows references";
    const ProtobufCBinaryData *data = &v->secret->value->data;
    return data->len > 0 && memchr(data->data, '\0', data->len) != NULL ? "a variable has a NUL in it" : NULL;
  }
  return v->value == NULL || v->secret != NULL ? "a VALUE variable must have a value and no secret" : NULL;
}

static const char *rule_command(const K8smMesos__CommandInfo *command) {
  bool shell = !command->has_shell || command->shell;
  if (shell && command->value == NULL) return "a shell command has no value";
  if (!shell && command->value != NULL &&
      (command->n_arguments == 0 || strcmp(command->arguments[0], command->value) != 0))
    return "the arguments do not repeat the command";
  if (command->user != NULL && command->user[0] == '\0') return "the user is empty";
  const K8smMesos__Environment *environment = command->environment;
  for (size_t i = 0; environment != NULL && i < environment->n_variables; i++) {
    const char *fault = rule_variable(environment->variables[i]);
    if (fault != NULL) return fault;
  }
  return NULL;
}

/* ---- Checks ---- */

static bool rule_is_below(bool has, double seconds) {
  return has && !(seconds >= 0);
}

static const char *rule_path(const char *path) {
  return path != NULL && path[0] != '/' ? "the path of a check does not begin with /" : NULL;
}

static const char *rule_port(uint32_t port) {
  return port == 0 || port > 65535 ? "a check has no port" : NULL;
}

static const char *rule_health_check(const K8smMesos__HealthCheck *check) {
  if (rule_is_below(check->has_delay_seconds, check->delay_seconds) ||
      rule_is_below(check->has_grace_period_seconds, check->grace_period_seconds) ||
      rule_is_below(check->has_interval_seconds, check->interval_seconds) ||
      rule_is_below(check->has_timeout_seconds, check->timeout_seconds))
    return "a time of a health check is negative";
  /* Mesos' own are not Kubernetes'. */
  if (!check->has_delay_seconds || !check->has_interval_seconds || !check->has_timeout_seconds ||
      !check->has_grace_period_seconds || !check->has_consecutive_failures)
    return "a health check leaves a time to Mesos";
  if (!check->has_type) return "a health check has no type";
  switch (check->type) {
  case K8SM_MESOS__HEALTH_CHECK__TYPE__COMMAND:
    return check->command == NULL ? "a COMMAND health check has no command" : rule_command(check->command);
  case K8SM_MESOS__HEALTH_CHECK__TYPE__HTTP:
    if (check->http == NULL) return "an HTTP health check has no http";
    if (check->http->scheme != NULL && strcmp(check->http->scheme, "http") != 0 &&
        strcmp(check->http->scheme, "https") != 0)
      return "the scheme of a health check is neither http nor https";
    if (check->http->n_statuses > 0) return "statuses of a health check are not supported";
    return rule_path(check->http->path) != NULL ? rule_path(check->http->path) : rule_port(check->http->port);
  case K8SM_MESOS__HEALTH_CHECK__TYPE__TCP:
    return check->tcp == NULL ? "a TCP health check has no tcp" : rule_port(check->tcp->port);
  default: return "a health check is of no known type";
  }
}

static const char *rule_check(const K8smMesos__CheckInfo *check) {
  if (rule_is_below(check->has_delay_seconds, check->delay_seconds) ||
      rule_is_below(check->has_interval_seconds, check->interval_seconds) ||
      rule_is_below(check->has_timeout_seconds, check->timeout_seconds))
    return "a time of a check is negative";
  if (!check->has_type) return "a check has no type";
  switch (check->type) {
  case K8SM_MESOS__CHECK_INFO__TYPE__COMMAND:
    return check->command == NULL || check->command->command == NULL ? "a COMMAND check has no command"
                                                                     : rule_command(check->command->command);
  case K8SM_MESOS__CHECK_INFO__TYPE__HTTP:
    if (check->http == NULL) return "an HTTP check has no http";
    return rule_path(check->http->path) != NULL ? rule_path(check->http->path) : rule_port(check->http->port);
  case K8SM_MESOS__CHECK_INFO__TYPE__TCP:
    return check->tcp == NULL ? "a TCP check has no tcp" : rule_port(check->tcp->port);
  default: return "a check is of no known type";
  }
}

/* ---- Containers ---- */

static const char *rule_volume(const K8smMesos__Volume *v) {
  const K8smMesos__Volume__Source *s = v->source;
  if (v->container_path == NULL || v->container_path[0] == '\0') return "a volume has no container_path";
  if ((v->host_path != NULL) + (v->image != NULL) + (s != NULL) != 1)
    return "a volume must have one of host_path, image and source";
  if (s == NULL) return NULL;
  switch (s->type) {
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__HOST_PATH:
    return s->host_path == NULL ? "a HOST_PATH volume has no host_path" : NULL;
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__SANDBOX_PATH:
    if (s->sandbox_path == NULL) return "a SANDBOX_PATH volume has no sandbox_path";
    if (s->sandbox_path->path == NULL || s->sandbox_path->path[0] == '/' ||
        strstr(s->sandbox_path->path, "..") != NULL)
      return "the path of a SANDBOX_PATH volume leaves the sandbox";
    return NULL;
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__SECRET:
    return s->secret == NULL || s->secret->value == NULL ? "a SECRET volume has no secret" : NULL;
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__DOCKER_VOLUME:
    return s->docker_volume == NULL ? "a DOCKER_VOLUME has no docker_volume" : NULL;
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__CSI_VOLUME:
    return s->csi_volume == NULL || s->csi_volume->static_provisioning == NULL
               ? "a CSI_VOLUME has no static_provisioning"
               : NULL;
  default: return "a volume is of no known type";
  }
}

static const char *rule_docker(const K8smMesos__ContainerInfo *container);

static const char *rule_container(const K8smMesos__ContainerInfo *container, bool alone) {
  if (alone && container->type == K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER) return rule_docker(container);
  if (container->type != K8SM_MESOS__CONTAINER_INFO__TYPE__MESOS) return "a container is not of type MESOS";
  if (container->docker != NULL) return "a container of a group has a DockerInfo";
  for (size_t i = 0; i < container->n_volumes; i++) {
    const char *fault = rule_volume(container->volumes[i]);
    if (fault != NULL) return fault;
  }
  const K8smMesos__Image *image = container->mesos == NULL ? NULL : container->mesos->image;
  if (image == NULL) return NULL;
  if (image->type != K8SM_MESOS__IMAGE__TYPE__DOCKER || image->docker == NULL ||
      image->docker->name == NULL || image->docker->name[0] == '\0')
    return "an image has no name";
  return NULL;
}

/* What Docker is told: its executor knows directories by path, and nothing of the other containerizer's. */
static const char *rule_docker(const K8smMesos__ContainerInfo *container) {
  const K8smMesos__ContainerInfo__DockerInfo *docker = container->docker;
  if (docker == NULL || docker->image == NULL || docker->image[0] == '\0')
    return "a container of Docker has no image";
  if (container->mesos != NULL || container->linux_info != NULL || container->tty_info != NULL ||
      container->rlimit_info != NULL)
    return "a container of Docker has what is for the other containerizer";
  bool host = docker->network == K8SM_MESOS__CONTAINER_INFO__DOCKER_INFO__NETWORK__HOST;
  bool user = docker->network == K8SM_MESOS__CONTAINER_INFO__DOCKER_INFO__NETWORK__USER;
  if (host && docker->n_port_mappings > 0) return "ports are mapped on the agent's own network";
  if (host && container->hostname != NULL) return "a hostname is set on the agent's own network";
  if (user != (container->n_network_infos == 1)) return "a network of Docker's has no name, or too many";
  for (size_t i = 0; i < container->n_volumes; i++) {
    const K8smMesos__Volume *v = container->volumes[i];
    const char *fault = rule_volume(v);
    if (fault != NULL) return fault;
    if (v->source != NULL && v->source->type != K8SM_MESOS__VOLUME__SOURCE__TYPE__DOCKER_VOLUME)
      return "a volume of Docker has another source";
  }
  return NULL;
}

static bool rule_shares_cgroups(const K8smMesos__ContainerInfo *container) {
  const K8smMesos__LinuxInfo *linux_info = container == NULL ? NULL : container->linux_info;
  return linux_info == NULL || !linux_info->has_share_cgroups || linux_info->share_cgroups;
}

/* ---- Resources ---- */

static const char *rule_resource(const K8smMesos__Resource *r, const char *role) {
  if (r->name == NULL || r->name[0] == '\0') return "a resource has no name";
  if (r->allocation_info == NULL || r->allocation_info->role == NULL || role == NULL ||
      strcmp(r->allocation_info->role, role) != 0)
    return "resources are allocated to more than one role";
  if (r->revocable != NULL) return "a resource is revocable";
  switch (r->type) {
  case K8SM_MESOS__VALUE__TYPE__SCALAR:
    if (r->scalar == NULL || r->ranges != NULL || r->set != NULL) return "a SCALAR has no scalar alone";
    if (!(r->scalar->value > 0) || !isfinite(r->scalar->value)) return "a scalar is not above 0";
    return master_milli(r->scalar->value) < 0 ? "a scalar is no number of thousandths" : NULL;
  case K8SM_MESOS__VALUE__TYPE__RANGES:
    if (r->ranges == NULL || r->scalar != NULL || r->set != NULL || r->ranges->n_range == 0)
      return "RANGES have no ranges alone";
    for (size_t i = 0; i < r->ranges->n_range; i++) {
      if (r->ranges->range[i]->begin > r->ranges->range[i]->end) return "a range ends before it begins";
      if (i > 0 && r->ranges->range[i]->begin <= r->ranges->range[i - 1]->end) return "ranges overlap";
    }
    return NULL;
  case K8SM_MESOS__VALUE__TYPE__SET: return r->set == NULL ? "a SET has no set" : NULL;
  default: return "a resource is of no known type";
  }
}

const char *master_rule_resources(K8smMesos__Resource *const *resources, size_t n, const char *role) {
  for (size_t i = 0; i < n; i++) {
    const char *fault = rule_resource(resources[i], role);
    if (fault != NULL) return fault;
  }
  return NULL;
}

/* -1: none of this name. */
static int64_t rule_sum(K8smMesos__Resource *const *resources, size_t n, const char *name) {
  int64_t sum = -1;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(resources[i]->name, name) != 0 || resources[i]->scalar == NULL) continue;
    sum = (sum < 0 ? 0 : sum) + master_milli(resources[i]->scalar->value);
  }
  return sum;
}

/* ---- Executors and tasks ---- */

/* One that runs may hold resources of another role than that of the offers; a new one is paid from them. */
static const char *rule_executor(const struct master *m, const K8smMesos__ExecutorInfo *e) {
  const char *role = e->n_resources > 0 && e->resources[0]->allocation_info != NULL
                         ? e->resources[0]->allocation_info->role
                         : NULL;
  if (e->executor_id == NULL || !master_is_id(e->executor_id->value)) return "the id of an executor is none";
  if (!e->has_type || e->type != K8SM_MESOS__EXECUTOR_INFO__TYPE__DEFAULT)
    return "the executor of a group is not the DEFAULT one";
  if (e->command != NULL) return "a DEFAULT executor has a command";
  if (e->framework_id == NULL || strcmp(e->framework_id->value, m->framework_id) != 0)
    return "an executor is of another framework";
  if (e->shutdown_grace_period != NULL && e->shutdown_grace_period->nanoseconds < 0)
    return "the grace period of an executor is negative";
  const char *fault = e->container == NULL ? NULL : rule_container(e->container, false);
  if (fault == NULL && e->container != NULL && e->container->mesos != NULL &&
      e->container->mesos->image != NULL)
    fault = "a DEFAULT executor has an image";
  if (fault == NULL && e->container != NULL && e->container->linux_info != NULL &&
      e->container->linux_info->has_share_cgroups && e->container->linux_info->share_cgroups)
    fault = "an executor shares cgroups";
  if (fault == NULL) fault = rule_labels(e->labels);
  if (fault == NULL) fault = master_rule_resources(e->resources, e->n_resources, role);
  if (fault != NULL) return fault;
  if (rule_sum(e->resources, e->n_resources, "cpus") < 10) return "an executor has less than 0.01 cpus";
  if (rule_sum(e->resources, e->n_resources, "mem") < 32000) return "an executor has less than 32 MB";
  return rule_sum(e->resources, e->n_resources, "disk") < 0 ? "an executor has no disk" : NULL;
}

static const char *rule_limits(const K8smMesos__TaskInfo *task, bool alone) {
  if (!alone && task->n_limits > 0 && rule_shares_cgroups(task->container))
    return "a task has limits and shares cgroups";
  for (size_t i = 0; i < task->n_limits; i++) {
    const K8smMesos__TaskInfo__LimitsEntry *limit = task->limits[i];
    if (strcmp(limit->key, "cpus") != 0 && strcmp(limit->key, "mem") != 0)
      return "a limit is of something else than cpus and mem";
    int64_t request = rule_sum(task->resources, task->n_resources, limit->key);
    if (request < 0) return "a limit has no request";
    if (limit->value == NULL || !(limit->value->value * 1000 + 0.5 >= (double)request))
      return "a limit is below the request";
  }
  if (!rule_shares_cgroups(task->container) && (rule_sum(task->resources, task->n_resources, "cpus") < 0 ||
                                                rule_sum(task->resources, task->n_resources, "mem") < 0))
    return "a task with cgroups of its own must have cpus and mem";
  return NULL;
}

static const char *rule_discovery(const K8smMesos__DiscoveryInfo *discovery) {
  const K8smMesos__Ports *ports = discovery->ports;
  for (size_t i = 0; ports != NULL && i < ports->n_ports; i++) {
    const K8smMesos__Port *port = ports->ports[i];
    if (port->number == 0 || port->number > 65535) return "a port to be discovered has no number";
    if (port->protocol != NULL && strcmp(port->protocol, "tcp") != 0 && strcmp(port->protocol, "udp") != 0 &&
        strcmp(port->protocol, "sctp") != 0)
      return "a port to be discovered has no known protocol";
  }
  return NULL;
}

static const char *rule_task_times(const K8smMesos__TaskInfo *task) {
  if (task->kill_policy != NULL && task->kill_policy->grace_period != NULL &&
      task->kill_policy->grace_period->nanoseconds < 0)
    return "the grace period of a task is negative";
  if (task->max_completion_time != NULL && task->max_completion_time->nanoseconds < 0)
    return "the completion time of a task is negative";
  return NULL;
}

/* `alone`: a command task, in no group. */
static const char *rule_task(const struct master *m, const K8smMesos__TaskInfo *task, const char *agent,
                             const char *role, bool alone) {
  if (task->task_id == NULL || !master_is_id(task->task_id->value)) return "the id of a task is none";
  if (master_knows_task(m, task->task_id->value)) return "the id of a task was used before";
  if (task->agent_id == NULL || strcmp(task->agent_id->value, agent) != 0)
    return "a task is for another agent than the offers";
  if (task->command == NULL) return "a task has no command";
  if (task->n_resources == 0) return "a task has no resources";
  const char *fault = rule_command(task->command);
  if (fault == NULL && task->container != NULL) fault = rule_container(task->container, alone);
  if (fault == NULL && !alone && task->container != NULL && task->container->n_network_infos > 0)
    fault = "a task of a group has network_infos";
  if (fault == NULL) fault = master_rule_resources(task->resources, task->n_resources, role);
  if (fault == NULL) fault = rule_limits(task, alone);
  if (fault == NULL && task->health_check != NULL) fault = rule_health_check(task->health_check);
  if (fault == NULL && task->check != NULL) fault = rule_check(task->check);
  if (fault == NULL) fault = rule_labels(task->labels);
  if (fault == NULL && task->discovery != NULL) fault = rule_discovery(task->discovery);
  return fault == NULL ? rule_task_times(task) : fault;
}

const char *master_rule_group(struct master *m, const K8smMesos__Offer__Operation__LaunchGroup *group,
                              const char *agent, const char *role) {
  if (group == NULL || group->executor == NULL || group->task_group == NULL ||
      group->task_group->n_tasks == 0)
    return "a group has no executor or no tasks";
  const char *fault = rule_executor(m, group->executor);
  if (fault == NULL) fault = master_launch_executor(m, group->executor, agent);
  for (size_t i = 0; fault == NULL && i < group->task_group->n_tasks; i++) {
    const K8smMesos__TaskInfo *task = group->task_group->tasks[i];
    fault = rule_task(m, task, agent, role, false);
    if (fault == NULL && task->executor != NULL) fault = "a task of a group has an executor of its own";
    if (fault == NULL)
      fault = master_launch_task(m, group->executor->executor_id->value, task,
                                 rule_shares_cgroups(task->container));
  }
  return fault;
}

/* Nothing of its container is a child's. */
static const char *rule_alone(const K8smMesos__TaskInfo *task) {
  const K8smMesos__ContainerInfo *container = task->container;
  if (task->executor != NULL) return "a command task has an executor";
  if (!rule_shares_cgroups(container)) return "a command task has cgroups of its own beside a parent's";
  for (size_t i = 0; container != NULL && i < container->n_volumes; i++) {
    const K8smMesos__Volume__Source *source = container->volumes[i]->source;
    if (source != NULL && source->sandbox_path != NULL &&
        source->sandbox_path->type != K8SM_MESOS__VOLUME__SOURCE__SANDBOX_PATH__TYPE__SELF)
      return "a command task mounts its parent's sandbox";
  }
  return NULL;
}

const char *master_rule_launch(struct master *m, const K8smMesos__Offer__Operation__Launch *launch,
                               const char *agent, const char *role) {
  const char *fault = launch->n_task_infos == 0 ? "a launch has no tasks" : NULL;
  for (size_t i = 0; fault == NULL && i < launch->n_task_infos; i++) {
    const K8smMesos__TaskInfo *task = launch->task_infos[i];
    fault = rule_task(m, task, agent, role, true);
    if (fault == NULL) fault = rule_alone(task);
    if (fault == NULL) fault = master_launch_alone(m, task);
  }
  return fault;
}
