/* SPDX-License-Identifier: Apache-2.0 */
#include "task/build.h"

/* Until a container has started its failures do not count: all that the startup probe allows. */
static double check_grace(const struct k8smi_demand_check *startup) {
  if (startup->kind == K8SMI_CHECK_NONE) return 0;
  return (double)startup->delay + (double)startup->failures * (double)startup->interval;
}

K8smMesos__HealthCheck *k8smi_task_health(struct k8smi_task_build *b, const struct k8smi_demand_task *task) {
  const struct k8smi_demand_check *c = &task->liveness;
  K8smMesos__HealthCheck *h =
      c->kind == K8SMI_CHECK_NONE ? NULL : K8SMI_TASK_NEW(b, HealthCheck, health_check);
  if (h == NULL) return NULL;
  h->has_delay_seconds = h->has_interval_seconds = h->has_timeout_seconds = true;
  h->has_consecutive_failures = h->has_grace_period_seconds = h->has_type = true;
  h->delay_seconds = c->delay;
  h->interval_seconds = c->interval;
  h->timeout_seconds = c->timeout;
  h->consecutive_failures = (uint32_t)c->failures;
  h->grace_period_seconds = check_grace(&task->startup);
  if (c->kind == K8SMI_CHECK_COMMAND) {
    h->type = K8SM_MESOS__HEALTH_CHECK__TYPE__COMMAND;
    h->command = k8smi_task_argv(b, c->command);
  } else if (c->kind == K8SMI_CHECK_HTTP) {
    h->type = K8SM_MESOS__HEALTH_CHECK__TYPE__HTTP;
    h->http = K8SMI_TASK_NEW(b, HealthCheck__HTTPCheckInfo, health_check__httpcheck_info);
    if (h->http == NULL) return NULL;
    h->http->scheme = k8smi_task_text(c->scheme);
    h->http->port = c->port;
    h->http->path = k8smi_task_text(c->path);
  } else {
    h->type = K8SM_MESOS__HEALTH_CHECK__TYPE__TCP;
    h->tcp = K8SMI_TASK_NEW(b, HealthCheck__TCPCheckInfo, health_check__tcpcheck_info);
    if (h->tcp == NULL) return NULL;
    h->tcp->port = c->port;
  }
  return h;
}

K8smMesos__CheckInfo *k8smi_task_check(struct k8smi_task_build *b, const struct k8smi_demand_task *task) {
  const struct k8smi_demand_check *c =
      task->readiness.kind != K8SMI_CHECK_NONE ? &task->readiness : &task->startup;
  K8smMesos__CheckInfo *check = c->kind == K8SMI_CHECK_NONE ? NULL : K8SMI_TASK_NEW(b, CheckInfo, check_info);
  if (check == NULL) return NULL;
  check->has_delay_seconds = check->has_interval_seconds = check->has_timeout_seconds = check->has_type =
      true;
  check->delay_seconds = c->delay;
  check->interval_seconds = c->interval;
  check->timeout_seconds = c->timeout;
  if (c->kind == K8SMI_CHECK_COMMAND) {
    check->type = K8SM_MESOS__CHECK_INFO__TYPE__COMMAND;
    check->command = K8SMI_TASK_NEW(b, CheckInfo__Command, check_info__command);
    if (check->command == NULL) return NULL;
    check->command->command = k8smi_task_argv(b, c->command);
  } else if (c->kind == K8SMI_CHECK_HTTP) {
    check->type = K8SM_MESOS__CHECK_INFO__TYPE__HTTP;
    check->http = K8SMI_TASK_NEW(b, CheckInfo__Http, check_info__http);
    if (check->http == NULL) return NULL;
    check->http->port = c->port;
    check->http->path = k8smi_task_text(c->path);
  } else {
    check->type = K8SM_MESOS__CHECK_INFO__TYPE__TCP;
    check->tcp = K8SMI_TASK_NEW(b, CheckInfo__Tcp, check_info__tcp);
    if (check->tcp == NULL) return NULL;
    check->tcp->port = c->port;
  }
  return check;
}
