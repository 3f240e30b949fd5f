/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/words.h"
#include "base/slice.h"
#include "status/status.h"

/* What nearly every pod has to say goes without a format. */
static int words_join(struct drv_core *core, const struct drv_pod *pod, struct k8sm_slice first,
                      struct k8sm_slice middle, struct k8sm_slice last) {
  const struct k8sm_slice parts[] = {first, middle, last};
  return k8smi_drv_event_join(core, 0, pod->key, parts, sizeof parts / sizeof parts[0]);
}

static int words_of_end(struct drv_core *core, const struct drv_pod *pod,
                        const struct k8sm_container_status *c) {
  const struct k8sm_slice none = {NULL, 0};
  bool over = c->state == K8SM_STATE_TERMINATED; /* else reason and message say why it waits */
  struct k8sm_slice how = over ? c->reason : K8SMI_S("Ended"), words = over ? c->message : none;
  const char *colon = words.len == 0 ? "" : ": ";
  if (c->signal != 0) {
    return k8smi_drv_eventf(core, 0, pod->key, "%.*s: container %.*s ended by signal %d%s%.*s", K8SMI_P(how),
                            K8SMI_P(c->name), c->signal, colon, K8SMI_P(words));
  }
  return k8smi_drv_eventf(core, 0, pod->key, "%.*s: container %.*s ended with exit code %d%s%.*s",
                          K8SMI_P(how), K8SMI_P(c->name), c->exit_code, colon, K8SMI_P(words));
}

/* Reasons that only say that things take their course. */
static bool words_are_usual(struct k8sm_slice reason) {
  return reason.len == 0 || k8smi_eqs(reason, "ContainerCreating") || k8smi_eqs(reason, "PodInitializing");
}

static int words_of_container(struct drv_core *core, const struct drv_pod *pod,
                              const struct k8sm_container_status *from,
                              const struct k8sm_container_status *to) {
  bool same = from->state == to->state && from->started_wall_ms == to->started_wall_ms;
  if (to->state == K8SM_STATE_RUNNING && !same) {
    return words_join(core, pod, K8SMI_S("Started"), K8SMI_S(": container "), to->name);
  }
  if (to->state == K8SM_STATE_RUNNING && from->ready != to->ready) {
    return words_join(core, pod, to->ready ? K8SMI_S("Ready") : K8SMI_S("Unready"), K8SMI_S(": container "),
                      to->name);
  }
  bool ended = to->finished_wall_ms != 0 && to->finished_wall_ms != from->finished_wall_ms;
  int r = to->state != K8SM_STATE_RUNNING && ended ? words_of_end(core, pod, to) : K8SM_OK;
  bool told = from->state == K8SM_STATE_WAITING && k8smi_eq(from->reason, to->reason);
  if (r != K8SM_OK || to->state != K8SM_STATE_WAITING || told || words_are_usual(to->reason)) return r;
  return k8smi_drv_eventf(core, 0, pod->key, "%.*s: container %.*s waits%s%.*s", K8SMI_P(to->reason),
                          K8SMI_P(to->name), to->message.len == 0 ? "" : ": ", K8SMI_P(to->message));
}

static int words_of_containers(struct drv_core *core, const struct drv_pod *pod,
                               const struct k8sm_status *from, const struct k8sm_status *to) {
  struct k8sm_container_status a, b;
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && k8sm_status_containers(to, i, &b, sizeof b, 1) != 0; i++) {
    if (k8sm_status_containers(from, i, &a, sizeof a, 1) == 0)
      a = (struct k8sm_container_status){.state = b.state};
    r = words_of_container(core, pod, &a, &b);
  }
  return r;
}

int k8smi_drv_words_of_change(struct drv_core *core, const struct drv_pod *pod,
                              const struct k8sm_status *from, const struct k8sm_status *to) {
  int r = words_of_containers(core, pod, from, to);
  if (r != K8SM_OK || from->phase == to->phase) return r;
  return words_join(core, pod, k8smi_s(k8smi_phase_name(to->phase)), K8SMI_S(": the pod was "),
                    k8smi_s(k8smi_phase_name(from->phase)));
}
