/* SPDX-License-Identifier: Apache-2.0 */
/* The PodStatus as Kubernetes writes it: members in the order of its Go structs, what is not set left
 * out, times in UTC with seconds. */
#include "status/status.h"

#include "wire/json.h"
#include "wire/number.h"
#include "wire/yaml_out.h"

#include <stdlib.h>

/* Room for most texts that are put together, and the buffer that begins in it. */
struct encode_words {
  _Alignas(8) char room[512];
  struct k8smi_buf buf;
};

static void encode_begin(struct encode_words *words, const struct k8smi_json *w) {
  k8smi_buf_init(&words->buf, &w->buf->allocator);
  k8smi_buf_lend(&words->buf, words->room, sizeof words->room);
}

static void encode_words_member(struct k8smi_json *w, const char *key, struct encode_words *words) {
  struct k8smi_buf *text = &words->buf;
  w->buf->failed |= text->failed;
  k8smi_json_member(w, key, (struct k8sm_slice){text->ptr, text->len});
  k8smi_buf_free(text);
}

static void encode_time(struct k8smi_json *w, const char *key, int64_t wall_ms) {
  k8smi_json_key(w, key);
  if (wall_ms == 0) {
    k8smi_json_raw(w, K8SMI_S("null"));
    return;
  }
  k8smi_buf_putc(w->buf, '"'); /* in digits there is nothing to escape */
  k8smi_put_time(w->buf, wall_ms);
  k8smi_buf_putc(w->buf, '"');
  w->comma = true;
}

static void encode_text(struct k8smi_json *w, const char *key, struct k8sm_slice text) {
  if (text.len > 0) k8smi_json_member(w, key, text);
}

/* "mesos://ID" */
static void encode_container_id(struct k8smi_json *w, struct k8sm_slice id) {
  struct encode_words words;
  if (id.len == 0) return;
  encode_begin(&words, w);
  k8smi_buf_puts(&words.buf, "mesos://");
  k8smi_buf_slice(&words.buf, id);
  encode_words_member(w, "containerID", &words);
}

/* ---- Conditions ---- */

struct encode_condition {
  const char *type;
  int index;
};
static const struct encode_condition encode_conditions[] = {
    {"PodReadyToStartContainers", K8SMI_CONDITION_READY_TO_START},
    {"Initialized", K8SMI_CONDITION_INITIALIZED},
    {"Ready", K8SMI_CONDITION_READY},
    {"ContainersReady", K8SMI_CONDITION_CONTAINERS_READY},
    {"PodScheduled", K8SMI_CONDITION_SCHEDULED},
};

/* "containers with incomplete status: [a b]", in spec order, sidecars before the mains. */
static void encode_names(struct k8smi_json *w, const struct k8sm_status *s, const char *say, bool of_init) {
  struct encode_words words;
  encode_begin(&words, w);
  k8smi_buf_puts(&words.buf, say);
  bool any = false;
  for (size_t i = 1; i < s->demand->task_count; i++) {
    uint32_t kind = s->demand->tasks[i].kind;
    if (of_init ? kind == K8SM_TASK_MAIN : kind == K8SM_TASK_INIT) continue;
    if (of_init && kind == K8SM_TASK_SIDECAR ? k8smi_container_started(s, i) : k8smi_container_ready(s, i))
      continue;
    k8smi_buf_putc(&words.buf, any ? ' ' : '[');
    k8smi_buf_slice(&words.buf, s->demand->tasks[i].container);
    any = true;
  }
  k8smi_buf_puts(&words.buf, any ? "]" : "[]");
  encode_words_member(w, "message", &words);
}

static void encode_condition_reason(struct k8smi_json *w, const struct k8sm_status *s, int index) {
  bool holds = s->conditions[index].holds;
  bool ready = index == K8SMI_CONDITION_READY || index == K8SMI_CONDITION_CONTAINERS_READY;
  if (s->phase == K8SMI_PHASE_SUCCEEDED && (ready || index == K8SMI_CONDITION_INITIALIZED)) {
    k8smi_json_name(w, "reason", K8SMI_S("PodCompleted"));
  } else if (holds || index == K8SMI_CONDITION_READY_TO_START) {
    return;
  } else if (index == K8SMI_CONDITION_SCHEDULED && k8smi_status_is_gated(s)) {
    k8smi_json_name(w, "reason", K8SMI_S("SchedulingGated"));
    k8smi_json_name(w, "message", K8SMI_S("Scheduling is blocked due to non-empty scheduling gates"));
  } else if (index == K8SMI_CONDITION_SCHEDULED) {
    k8smi_json_name(w, "reason", K8SMI_S("Unschedulable"));
    encode_text(w, "message", s->unplaced);
  } else if (index == K8SMI_CONDITION_INITIALIZED) {
    k8smi_json_name(w, "reason", K8SMI_S("ContainersNotInitialized"));
    encode_names(w, s, "containers with incomplete status: ", true);
  } else if (s->phase == K8SMI_PHASE_FAILED) {
    k8smi_json_name(w, "reason", K8SMI_S("PodFailed"));
  } else if (index == K8SMI_CONDITION_READY && s->unreachable) {
    k8smi_json_name(w, "reason", K8SMI_S("NodeStatusUnknown"));
  } else if (index == K8SMI_CONDITION_READY && s->conditions[K8SMI_CONDITION_CONTAINERS_READY].holds) {
    k8smi_json_name(w, "reason", K8SMI_S("ReadinessGatesNotReady"));
    k8smi_json_member(w, "message", s->gates);
  } else {
    k8smi_json_name(w, "reason", K8SMI_S("ContainersNotReady"));
    encode_names(w, s, "containers with unready status: ", false);
  }
}

/* https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
static void encode_disruption(struct k8smi_json *w, const struct k8sm_status *s) {
  if (s->disruption.len == 0) return;
  k8smi_json_open(w, '{');
  k8smi_json_name(w, "type", K8SMI_S("DisruptionTarget"));
  k8smi_json_name(w, "status", K8SMI_S("True"));
  k8smi_json_key(w, "lastProbeTime");
  k8smi_json_raw(w, K8SMI_S("null"));
  encode_time(w, "lastTransitionTime", s->disruption_wall_ms);
  k8smi_json_name(w, "reason", K8SMI_S("PreemptionByScheduler"));
  k8smi_json_member(w, "message", s->disruption);
  k8smi_json_close(w, '}');
}

static void encode_all_conditions(struct k8smi_json *w, const struct k8sm_status *s) {
  if (!k8smi_conditions_shown(s)) return;
  k8smi_json_key(w, "conditions");
  k8smi_json_open(w, '[');
  if (k8smi_status_others(s).len > 0) k8smi_json_raw(w, k8smi_status_others(s));
  for (size_t i = 0; i < sizeof encode_conditions / sizeof encode_conditions[0]; i++) {
    const struct encode_condition *c = &encode_conditions[i];
    if (s->started_wall_ms == 0 && c->index != K8SMI_CONDITION_SCHEDULED) continue;
    k8smi_json_open(w, '{');
    k8smi_json_name(w, "type", k8smi_s(c->type));
    k8smi_json_name(w, "status", s->conditions[c->index].holds ? K8SMI_S("True") : K8SMI_S("False"));
    k8smi_json_key(w, "lastProbeTime");
    k8smi_json_raw(w, K8SMI_S("null"));
    encode_time(w, "lastTransitionTime", s->conditions[c->index].since_wall_ms);
    encode_condition_reason(w, s, c->index);
    k8smi_json_close(w, '}');
  }
  encode_disruption(w, s);
  k8smi_json_close(w, ']');
}

/* ---- Containers ---- */

static void encode_terminated(struct k8smi_json *w, const struct k8smi_status_end *end) {
  k8smi_json_key(w, "terminated");
  k8smi_json_open(w, '{');
  k8smi_json_member_i64(w, "exitCode", end->exit_code);
  if (end->signal != 0) k8smi_json_member_i64(w, "signal", end->signal);
  encode_text(w, "reason", end->reason);
  encode_text(w, "message", end->message);
  encode_time(w, "startedAt", end->started_wall_ms);
  encode_time(w, "finishedAt", end->finished_wall_ms);
  encode_container_id(w, end->container_id);
  k8smi_json_close(w, '}');
}

static void encode_state(struct k8smi_json *w, const struct k8sm_status *s, size_t task) {
  const struct k8smi_status_task *t = &s->tasks[task];
  uint32_t state = k8smi_container_state(t);
  k8smi_json_key(w, "state");
  k8smi_json_open(w, '{');
  if (state == K8SM_STATE_TERMINATED) {
    encode_terminated(w, &t->end);
  } else if (state == K8SM_STATE_RUNNING) {
    k8smi_json_key(w, "running");
    k8smi_json_open(w, '{');
    encode_time(w, "startedAt", t->started_wall_ms);
    k8smi_json_close(w, '}');
  } else {
    k8smi_json_key(w, "waiting");
    k8smi_json_open(w, '{');
    k8smi_json_member(w, "reason", k8smi_waiting_reason(s, task));
    encode_text(w, "message", k8smi_waiting_message(s, task));
    k8smi_json_close(w, '}');
  }
  k8smi_json_close(w, '}');
}

static void encode_container(struct k8smi_json *w, const struct k8sm_status *s, size_t task) {
  const struct k8smi_status_task *t = &s->tasks[task];
  const struct k8smi_demand_task *d = &s->demand->tasks[task];
  bool running = k8smi_container_state(t) == K8SM_STATE_RUNNING;
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "name", d->container);
  encode_state(w, s, task);
  k8smi_json_key(w, "lastState");
  k8smi_json_open(w, '{');
  if (t->last.set) encode_terminated(w, &t->last);
  k8smi_json_close(w, '}');
  k8smi_json_key(w, "ready");
  k8smi_json_bool(w, k8smi_container_ready(s, task));
  k8smi_json_member_i64(w, "restartCount", t->restarts);
  k8smi_json_member(w, "image", d->spec_image);
  k8smi_json_name(w, "imageID", K8SMI_S(""));
  encode_container_id(w, k8smi_container_shown_id(t));
  k8smi_json_key(w, "started");
  k8smi_json_bool(w, running && t->started);
  k8smi_json_close(w, '}');
}

static int encode_by_name(const void *a, const void *b) {
  const struct k8smi_demand_task *const *x = a, *const *y = b;
  return k8smi_cmp((*x)->container, (*y)->container);
}

/* Mains by name, init containers and sidecars in the order of the spec. */
static void encode_containers(struct k8smi_json *w, const struct k8sm_status *s, bool mains) {
  const struct k8sm_demand *d = s->demand;
  enum { LENT = 16 };
  const struct k8smi_demand_task *lent[LENT], **order = lent;
  size_t count = 0;
  if (d->task_count > LENT) order = k8smi_alloc(&w->buf->allocator, d->task_count * sizeof *order);
  if (order == NULL) {
    w->buf->failed = true;
    return;
  }
  for (size_t i = 1; i < d->task_count; i++) {
    if ((d->tasks[i].kind == K8SM_TASK_MAIN) == mains) order[count++] = &d->tasks[i];
  }
  if (mains && count > 1) qsort(order, count, sizeof *order, encode_by_name);
  if (count > 0) {
    k8smi_json_key(w, mains ? "containerStatuses" : "initContainerStatuses");
    k8smi_json_open(w, '[');
    for (size_t i = 0; i < count; i++) encode_container(w, s, (size_t)(order[i] - d->tasks));
    k8smi_json_close(w, ']');
  }
  if (order != lent) k8smi_free(&w->buf->allocator, order, d->task_count * sizeof *order);
}

/* ---- The pod ---- */

static void encode_address(struct k8smi_json *w, struct k8sm_slice ip) {
  if (ip.len == 0) return;
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "ip", ip);
  k8smi_json_close(w, '}');
}

static void encode_addresses(struct k8smi_json *w, const char *one, const char *all,
                             struct k8smi_status_addresses ips) {
  if (ips.first.len == 0) return;
  k8smi_json_member(w, one, ips.first);
  k8smi_json_key(w, all);
  k8smi_json_open(w, '[');
  encode_address(w, ips.first);
  encode_address(w, ips.other);
  k8smi_json_close(w, ']');
}

static void encode_pod(struct k8smi_json *w, const struct k8sm_status *s) {
  k8smi_json_open(w, '{');
  k8smi_json_name(w, "phase", k8smi_s(k8smi_phase_name(s->phase)));
  encode_all_conditions(w, s);
  if (s->deadline_exceeded && s->phase == K8SMI_PHASE_FAILED) {
    k8smi_json_name(w, "message", K8SMI_S("Pod was active on the node longer than the specified deadline"));
    k8smi_json_name(w, "reason", K8SMI_S("DeadlineExceeded"));
  }
  encode_text(w, "nominatedNodeName", s->nominated);
  encode_addresses(w, "hostIP", "hostIPs", k8smi_host_addresses(s));
  encode_addresses(w, "podIP", "podIPs", k8smi_pod_addresses(s));
  if (s->started_wall_ms != 0) {
    encode_time(w, "startTime", s->started_wall_ms);
    encode_containers(w, s, false);
    encode_containers(w, s, true);
  }
  k8smi_json_name(w, "qosClass", s->demand->qos_class);
  k8smi_json_close(w, '}');
}

void k8smi_status_put_json(struct k8smi_buf *buf, const struct k8sm_status *status) {
  struct k8smi_json w;
  k8smi_json_init(&w, buf, true);
  encode_pod(&w, status);
}

int k8sm_status_encode(const struct k8sm_status *status, uint32_t format,
                       const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  struct k8smi_buf json, yaml;
  if (format != K8SM_FORMAT_JSON && format != K8SM_FORMAT_YAML) return K8SM_ERR_UNSUPPORTED;
  if (!k8smi_buf_init(&json, allocator) || !k8smi_buf_init(&yaml, allocator)) return K8SM_ERR_NOMEM;
  k8smi_status_put_json(&json, status);
  int result = json.failed ? K8SM_ERR_NOMEM : K8SM_OK;
  if (result == K8SM_OK && format == K8SM_FORMAT_YAML) {
    result = k8smi_put_yaml(&yaml, (struct k8sm_slice){json.ptr, json.len});
  }
  if (result == K8SM_OK) result = k8smi_buf_to_blob(format == K8SM_FORMAT_YAML ? &yaml : &json, ret);
  k8smi_buf_free(&json);
  k8smi_buf_free(&yaml);
  return result;
}
