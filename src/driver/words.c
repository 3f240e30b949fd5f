/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/words.h"
#include "base/slice.h"
#include "demand/demand.h"
#include "status/status.h"

/* What nearly every pod has to say goes without a format. */
static int words_join(struct drv_core *core, const struct drv_pod *pod, struct k8sm_slice first,
                      struct k8sm_slice middle, struct k8sm_slice last) {
  const struct k8sm_slice parts[] = {first, middle, last};
  return k8smi_drv_event_join(core, pod->key, parts, sizeof parts / sizeof parts[0]);
}

/* ---- Why a container waits ---- */

static int words_of_crash(struct drv_core *core, const struct drv_pod *pod, const struct k8smi_demand_task *c,
                          struct k8sm_slice message) {
  (void)message; /* says the same of one delay */
  return k8smi_drv_tellf(
      core, pod->key, true, "BackOff: Back-off restarting failed container %.*s in pod %.*s_%.*s(%.*s)",
      K8SMI_P(c->container), K8SMI_P(pod->demand->name), K8SMI_P(pod->demand->name_space), K8SMI_P(pod->uid));
}

static int words_of_pull(struct drv_core *core, const struct drv_pod *pod, const struct k8smi_demand_task *c,
                         struct k8sm_slice message) {
  return k8smi_drv_tellf(core, pod->key, true, "Failed: Failed to pull image \"%.*s\": %.*s",
                         K8SMI_P(c->spec_image), K8SMI_P(message));
}

static int words_of_pull_again(struct drv_core *core, const struct drv_pod *pod,
                               const struct k8smi_demand_task *c, struct k8sm_slice message) {
  (void)message; /* was told when it failed first */
  return k8smi_drv_eventf(core, 0, pod->key, "BackOff: Back-off pulling image \"%.*s\"",
                          K8SMI_P(c->spec_image));
}

static int words_of_failure(struct drv_core *core, const struct drv_pod *pod,
                            const struct k8smi_demand_task *c, struct k8sm_slice message) {
  return k8smi_drv_tellf(core, pod->key, true, "Failed: Error: container %.*s: %.*s", K8SMI_P(c->container),
                         K8SMI_P(message));
}

/* Other reasons only say that things take their course; what a container lacks is told of its pod. */
static const struct {
  const char *reason;
  int (*say)(struct drv_core *core, const struct drv_pod *pod, const struct k8smi_demand_task *c,
             struct k8sm_slice message);
} words_waiting[] = {
    {"CrashLoopBackOff", words_of_crash},
    {"ErrImagePull", words_of_pull},
    {"ImagePullBackOff", words_of_pull_again},
    {"CreateContainerError", words_of_failure},
};

static int words_of_waiting(struct drv_core *core, const struct drv_pod *pod,
                            const struct k8sm_container_status *to) {
  for (size_t i = 0; i < sizeof words_waiting / sizeof words_waiting[0]; i++) {
    if (k8smi_eqs(to->reason, words_waiting[i].reason))
      return words_waiting[i].say(core, pod, &pod->demand->tasks[to->task], to->message);
  }
  return K8SM_OK;
}

/* ---- What becomes of it ---- */

/* Of an end Kubernetes has no event: there it is in the node's log. */
static int words_of_end(struct drv_core *core, const struct drv_pod *pod,
                        const struct k8sm_container_status *c, bool wanted) {
  const struct k8sm_slice none = {NULL, 0};
  bool over = c->state == K8SM_STATE_TERMINATED; /* else reason and message say why it waits */
  struct k8sm_slice how = over ? c->reason : K8SMI_S("Ended"), words = over ? c->message : none;
  return k8smi_drv_tellf(
      core, pod->key, c->exit_code != 0 && !wanted, "%.*s: container %.*s ended %s %d%s%.*s", K8SMI_P(how),
      K8SMI_P(c->name), c->signal != 0 ? "by signal" : "with exit code",
      c->signal != 0 ? c->signal : c->exit_code, words.len == 0 ? "" : ": ", K8SMI_P(words));
}

static int words_of_readiness(struct drv_core *core, const struct drv_pod *pod,
                              const struct k8sm_container_status *c) {
  if (c->ready != 0) return words_join(core, pod, K8SMI_S("Ready"), K8SMI_S(": container "), c->name);
  return k8smi_drv_tellf(core, pod->key, true,
                         "Unhealthy: Readiness probe failed: container %.*s is not ready", K8SMI_P(c->name));
}

/* `wanted`: it is told to end. */
static int words_of_container(struct drv_core *core, const struct drv_pod *pod,
                              const struct k8sm_container_status *from,
                              const struct k8sm_container_status *to, bool wanted) {
  bool same = from->state == to->state && from->started_wall_ms == to->started_wall_ms;
  if (to->state == K8SM_STATE_RUNNING && !same)
    return words_join(core, pod, K8SMI_S("Started"), K8SMI_S(": Started container "), to->name);
  if (to->state == K8SM_STATE_RUNNING && from->ready != to->ready)
    return wanted ? K8SM_OK : words_of_readiness(core, pod, to);
  bool ended = to->finished_wall_ms != 0 && to->finished_wall_ms != from->finished_wall_ms;
  int r = to->state != K8SM_STATE_RUNNING && ended ? words_of_end(core, pod, to, wanted) : K8SM_OK;
  bool told = from->state == K8SM_STATE_WAITING && k8smi_eq(from->reason, to->reason);
  return r != K8SM_OK || to->state != K8SM_STATE_WAITING || told ? r : words_of_waiting(core, pod, to);
}

static int words_of_containers(struct drv_core *core, const struct drv_pod *pod,
                               const struct k8sm_status *from, const struct k8sm_status *to) {
  struct k8sm_container_status a, b;
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && k8sm_status_containers(to, i, &b, sizeof b, 1) != 0; i++) {
    if (k8sm_status_containers(from, i, &a, sizeof a, 1) == 0)
      a = (struct k8sm_container_status){.state = b.state};
    const struct k8smi_status_task *t = &from->tasks[b.task];
    r = words_of_container(core, pod, &a, &b, from->ending || (t->kill && !t->startup_failed));
  }
  return r;
}

/* ---- What is not seen in a PodStatus ---- */

/* Why it is told to end. What is left of a lost sandbox mostly ends by itself. */
static int words_of_kill(struct drv_core *core, const struct drv_pod *pod, const struct k8smi_demand_task *d,
                         const struct k8smi_status_task *from, const struct k8smi_status_task *to,
                         bool ending) {
  bool begins = to->progress == K8SMI_PROGRESS_KILLING && from->progress != K8SMI_PROGRESS_KILLING;
  if (ending && to->kill && !from->kill) {
    if (pod->delete_again && !pod->adopts)
      return K8SM_OK; /* the process before has said it, or was about to */
    return words_join(core, pod, K8SMI_S("Killing"), K8SMI_S(": Stopping container "), d->container);
  }
  const char *probe = to->startup_failed && !from->startup_failed ? "startup" : NULL;
  if (begins && !to->kill && to->unhealthy) probe = "liveness";
  if (probe == NULL) return K8SM_OK;
  return k8smi_drv_eventf(core, 0, pod->key, "Killing: Container %.*s failed %s probe%s",
                          K8SMI_P(d->container), probe,
                          k8smi_task_may_restart(d) ? ", will be restarted" : "");
}

static int words_of_task(struct drv_core *core, const struct drv_pod *pod, const struct k8smi_demand_task *d,
                         const struct k8smi_status_task *from, const struct k8smi_status_task *to,
                         bool ending) {
  int r = K8SM_OK;
  if (to->unhealthy && !from->unhealthy && !to->kill)
    r = k8smi_drv_tellf(core, pod->key, true,
                        "Unhealthy: Liveness probe failed: container %.*s is not healthy",
                        K8SMI_P(d->container));
  if (r == K8SM_OK && to->startup_failed && !from->startup_failed)
    r = k8smi_drv_tellf(core, pod->key, true,
                        "Unhealthy: Startup probe failed: container %.*s has not started within %lld s",
                        K8SMI_P(d->container), (long long)d->startup_seconds);
  return r == K8SM_OK ? words_of_kill(core, pod, d, from, to, ending) : r;
}

static int words_of_unseen(struct drv_core *core, const struct drv_pod *pod, const struct k8sm_status *from,
                           const struct k8sm_status *to) {
  int r = K8SM_OK;
  if (to->deadline_exceeded && !from->deadline_exceeded)
    r = k8smi_drv_event(
        core, 0, pod->key,
        K8SMI_S("DeadlineExceeded: Pod was active on the node longer than the specified deadline"));
  if (r == K8SM_OK && to->unreachable && !from->unreachable)
    r = k8smi_drv_tellf(core, pod->key, true, "NodeNotReady: Node is not ready");
  if (from->demand != to->demand) return r; /* other tasks, of another attempt */
  for (size_t i = 1; r == K8SM_OK && i < to->demand->task_count; i++)
    r = words_of_task(core, pod, &to->demand->tasks[i], &from->tasks[i], &to->tasks[i], to->ending);
  return r;
}

static int words_of_phase(struct drv_core *core, const struct drv_pod *pod, const struct k8sm_status *from,
                          const struct k8sm_status *to) {
  if (to->phase == K8SMI_PHASE_FAILED)
    return k8smi_drv_tellf(core, pod->key, true, "Failed: the pod was %s", k8smi_phase_name(from->phase));
  return words_join(core, pod, k8smi_s(k8smi_phase_name(to->phase)), K8SMI_S(": the pod was "),
                    k8smi_s(k8smi_phase_name(from->phase)));
}

int k8smi_drv_words_of_change(struct drv_core *core, const struct drv_pod *pod,
                              const struct k8sm_status *from, const struct k8sm_status *to, bool shows_same) {
  int r = words_of_unseen(core, pod, from, to);
  if (r == K8SM_OK && !shows_same) r = words_of_containers(core, pod, from, to);
  return r != K8SM_OK || from->phase == to->phase ? r : words_of_phase(core, pod, from, to);
}
