/* SPDX-License-Identifier: Apache-2.0 */
#include "status/status.h"

#define STATUS_F(Type, member, kind, inner)                                                                  \
  { #member, offsetof(struct Type, member), K8SMI_STATUS_##kind, inner }
#define STATUS_POD(member, kind)        STATUS_F(k8sm_status, member, kind, false)
#define STATUS_POD_INNER(member, kind)  STATUS_F(k8sm_status, member, kind, true)
#define STATUS_TASK(member, kind)       STATUS_F(k8smi_status_task, member, kind, false)
#define STATUS_TASK_INNER(member, kind) STATUS_F(k8smi_status_task, member, kind, true)
#define STATUS_END(member)                                                                                   \
  STATUS_TASK(member.set, BOOL), STATUS_TASK(member.exit_code, I32), STATUS_TASK(member.signal, I32),        \
      STATUS_TASK(member.reason, TEXT), STATUS_TASK(member.message, TEXT),                                   \
      STATUS_TASK(member.container_id, TEXT), STATUS_TASK(member.started_wall_ms, I64),                      \
      STATUS_TASK(member.finished_wall_ms, I64)
#define STATUS_CONDITION(name, index)                                                                        \
  {"condition." name ".holds",                                                                               \
   offsetof(struct k8sm_status, conditions) + (index) * sizeof(struct k8smi_status_condition) +              \
       offsetof(struct k8smi_status_condition, holds),                                                       \
   K8SMI_STATUS_BOOL, false},                                                                                \
  {                                                                                                          \
    "condition." name ".since_wall_ms",                                                                      \
        offsetof(struct k8sm_status, conditions) + (index) * sizeof(struct k8smi_status_condition) +         \
            offsetof(struct k8smi_status_condition, since_wall_ms),                                          \
        K8SMI_STATUS_I64, false                                                                              \
  }

static const struct k8smi_status_field status_pod_fields[] = {
    STATUS_POD_INNER(mono_ms, U64),
    STATUS_POD_INNER(wall_ms, I64),
    STATUS_POD(phase, U32),
    STATUS_POD_INNER(created_wall_ms, I64),
    STATUS_POD(started_wall_ms, I64),
    STATUS_POD_INNER(started_mono_ms, U64),
    STATUS_POD(unplaced, TEXT),
    STATUS_POD(nominated, TEXT),
    STATUS_POD(disruption, TEXT),
    STATUS_POD(disruption_wall_ms, I64),
    STATUS_POD_INNER(shown_init, TEXT),
    STATUS_POD(placed, BOOL),
    STATUS_POD_INNER(launched, BOOL),
    STATUS_POD_INNER(lost, BOOL),
    STATUS_POD(stage, U32),
    STATUS_POD_INNER(placed_mono_ms, U64),
    STATUS_POD_INNER(agent_id, TEXT),
    STATUS_POD_INNER(hostname, TEXT),
    STATUS_POD(pod_ip, TEXT),
    STATUS_POD_INNER(container_id, TEXT),
    STATUS_POD_INNER(attempt_backoff_ms, I64),
    STATUS_POD_INNER(attempt_mono_ms, U64),
    STATUS_POD(unreachable, BOOL),
    STATUS_POD_INNER(unreachable_mono_ms, U64),
    STATUS_POD_INNER(given_up, BOOL),
    STATUS_POD_INNER(deleted, BOOL),
    STATUS_POD(deadline_exceeded, BOOL),
    STATUS_POD_INNER(grace_seconds, I64),
    STATUS_POD_INNER(ending, BOOL),
    STATUS_POD_INNER(ending_mono_ms, U64),
    STATUS_CONDITION("PodReadyToStartContainers", K8SMI_CONDITION_READY_TO_START),
    STATUS_CONDITION("Initialized", K8SMI_CONDITION_INITIALIZED),
    STATUS_CONDITION("Ready", K8SMI_CONDITION_READY),
    STATUS_CONDITION("ContainersReady", K8SMI_CONDITION_CONTAINERS_READY),
    STATUS_CONDITION("PodScheduled", K8SMI_CONDITION_SCHEDULED),
};

static const struct k8smi_status_field status_task_fields[] = {
    STATUS_TASK(progress, U32),
    STATUS_TASK_INNER(restart, U32),
    STATUS_TASK(restarts, U32),
    STATUS_TASK_INNER(restarting, BOOL),
    STATUS_TASK_INNER(ran, BOOL),
    STATUS_TASK(started, BOOL),
    STATUS_TASK(ready, BOOL),
    STATUS_TASK_INNER(task_id, TEXT),
    STATUS_TASK_INNER(uuid, BYTES),
    STATUS_TASK(container_id, TEXT),
    STATUS_TASK(reason, TEXT),
    STATUS_TASK(message, TEXT),
    STATUS_TASK(started_wall_ms, I64),
    STATUS_TASK_INNER(started_mono_ms, U64),
    STATUS_END(end),
    STATUS_END(last),
    STATUS_TASK_INNER(start_failures, U32),
    STATUS_TASK_INNER(backoff_ms, I64),
    STATUS_TASK_INNER(due_mono_ms, U64),
    STATUS_TASK_INNER(check_pending, BOOL),
    STATUS_TASK_INNER(check_result, BOOL),
    STATUS_TASK_INNER(check_mono_ms, U64),
    STATUS_TASK_INNER(kill, BOOL),
    STATUS_TASK_INNER(kill_grace, I64),
    STATUS_TASK_INNER(kill_mono_ms, U64),
};

static const struct k8smi_status_field status_stray_fields[] = {
    STATUS_F(k8smi_status_stray, task_id, TEXT, true),
    STATUS_F(k8smi_status_stray, agent_id, TEXT, true),
    STATUS_F(k8smi_status_stray, kill_mono_ms, U64, true),
};

#define STATUS_COUNT(table) (sizeof(table) / sizeof(table)[0])
_Static_assert(STATUS_COUNT(status_pod_fields) <= 64 && STATUS_COUNT(status_task_fields) <= 64,
               "a bit of a word for each");

struct k8smi_status_fields k8smi_status_pod_fields(void) {
  static const struct k8sm_status none;
  return (struct k8smi_status_fields){status_pod_fields, STATUS_COUNT(status_pod_fields), &none};
}
struct k8smi_status_fields k8smi_status_task_fields(void) {
  static const struct k8smi_status_task none;
  return (struct k8smi_status_fields){status_task_fields, STATUS_COUNT(status_task_fields), &none};
}
struct k8smi_status_fields k8smi_status_stray_fields(void) {
  static const struct k8smi_status_stray none;
  return (struct k8smi_status_fields){status_stray_fields, STATUS_COUNT(status_stray_fields), &none};
}

#define STATUS_AT(Type, member) (uint16_t) offsetof(struct Type, member)
#define STATUS_END_AT(member)                                                                                \
  STATUS_AT(k8smi_status_task, member.reason), STATUS_AT(k8smi_status_task, member.message),                 \
      STATUS_AT(k8smi_status_task, member.container_id)

struct k8smi_status_texts k8smi_status_pod_texts(void) {
  static const uint16_t texts[] = {
      STATUS_AT(k8sm_status, unplaced),   STATUS_AT(k8sm_status, nominated),
      STATUS_AT(k8sm_status, disruption), STATUS_AT(k8sm_status, shown_init),
      STATUS_AT(k8sm_status, agent_id),   STATUS_AT(k8sm_status, hostname),
      STATUS_AT(k8sm_status, pod_ip),     STATUS_AT(k8sm_status, container_id),
  };
  return (struct k8smi_status_texts){texts, STATUS_COUNT(texts)};
}
struct k8smi_status_texts k8smi_status_task_texts(void) {
  static const uint16_t texts[] = {
      STATUS_AT(k8smi_status_task, task_id),
      STATUS_AT(k8smi_status_task, uuid),
      STATUS_AT(k8smi_status_task, container_id),
      STATUS_AT(k8smi_status_task, reason),
      STATUS_AT(k8smi_status_task, message),
      STATUS_END_AT(end),
      STATUS_END_AT(last),
  };
  return (struct k8smi_status_texts){texts, STATUS_COUNT(texts)};
}
struct k8smi_status_texts k8smi_status_stray_texts(void) {
  static const uint16_t texts[] = {STATUS_AT(k8smi_status_stray, task_id),
                                   STATUS_AT(k8smi_status_stray, agent_id)};
  return (struct k8smi_status_texts){texts, STATUS_COUNT(texts)};
}

static bool status_looks_same(const void *a, const void *b, struct k8smi_status_fields fields) {
  for (size_t i = 0; i < fields.count; i++) {
    if (!fields.items[i].inner && !k8smi_status_same_field(a, b, &fields.items[i])) return false;
  }
  return true;
}

bool k8smi_status_shows_same(const struct k8sm_status *a, const struct k8sm_status *b) {
  if (a == b) return true;
  if (a->demand != b->demand || !status_looks_same(a, b, k8smi_status_pod_fields())) return false;
  for (size_t i = 1; i < a->demand->task_count; i++) { /* without the pause task */
    if (!status_looks_same(&a->tasks[i], &b->tasks[i], k8smi_status_task_fields())) return false;
  }
  return true;
}

static bool status_keeps_same(const void *a, const void *b, struct k8smi_status_fields fields, size_t first) {
  size_t i = first;
  while (i < fields.count && k8smi_status_same_field(a, b, &fields.items[i])) i++;
  return i == fields.count;
}

bool k8smi_status_same_but_time(const struct k8sm_status *a, const struct k8sm_status *b) {
  enum { TIMES = 2 }; /* which come first: mono_ms, wall_ms */
  if (a == b) return true;
  bool same = a->demand == b->demand && a->rebase == b->rebase && a->stray_count == b->stray_count &&
              status_keeps_same(a, b, k8smi_status_pod_fields(), TIMES);
  for (size_t i = 0; same && i < a->demand->task_count; i++)
    same = status_keeps_same(&a->tasks[i], &b->tasks[i], k8smi_status_task_fields(), 0);
  for (size_t i = 0; same && i < a->stray_count; i++)
    same = status_keeps_same(&a->strays[i], &b->strays[i], k8smi_status_stray_fields(), 0);
  return same;
}

struct k8sm_slice k8smi_status_text(struct k8sm_status *s, struct k8sm_slice text) {
  struct k8sm_slice copy = k8smi_arena_slice(&s->arena, text);
  if (text.ptr != NULL && copy.ptr == NULL) s->no_memory = true;
  return copy;
}

struct k8sm_slice k8smi_status_take(struct k8sm_status *s, struct k8smi_buf *buf) {
  struct k8sm_slice text = {NULL, 0};
  if (!buf->failed) text = k8smi_arena_copy(&s->arena, buf->ptr, buf->len);
  if (text.ptr == NULL) s->no_memory = true;
  k8smi_buf_free(buf);
  return text;
}

/* A status with memory for `expected` bytes beside its tasks. */
static struct k8sm_status *status_make(const struct k8sm_demand *demand,
                                       const struct k8sm_status_options *options,
                                       const struct k8sm_allocator *allocator, size_t expected) {
  struct k8sm_status *s = k8smi_value_new(allocator, 0, sizeof *s, offsetof(struct k8sm_status, arena),
                                          expected + demand->task_count * sizeof *s->tasks);
  if (s == NULL) return NULL;
  k8smi_refs_init(&s->refs);
  memcpy(&s->demand, &demand, sizeof demand); /* demands are immutable: only a reference is taken */
  k8sm_demand_ref(s->demand);
  s->options = *options;
  s->options.allocator = NULL;
  s->tasks = k8smi_arena_array(&s->arena, demand->task_count, sizeof *s->tasks);
  if (s->tasks == NULL) {
    k8sm_status_unref(s);
    return NULL;
  }
  k8smi_status_omit_pause(s);
  return s;
}

struct k8sm_status *k8smi_status_empty(const struct k8sm_demand *demand,
                                       const struct k8sm_status_options *options,
                                       const struct k8sm_allocator *allocator, size_t expected) {
  return status_make(demand, options, allocator, expected);
}

bool k8smi_status_room_for_strays(struct k8sm_status *s) {
  if (s->strays == NULL) s->strays = k8smi_arena_array(&s->arena, K8SMI_STATUS_MAX_STRAYS, sizeof *s->strays);
  if (s->strays == NULL) s->no_memory = true;
  return s->strays != NULL;
}

static struct k8sm_slice *status_text_at(void *record, uint16_t offset) {
  return (struct k8sm_slice *)(void *)((char *)record + offset);
}

/* Texts that came over by assignment get a copy of their own. */
static void status_own_texts(struct k8sm_status *s, void *record, struct k8smi_status_texts texts) {
  for (size_t i = 0; i < texts.count; i++) {
    struct k8sm_slice *text = status_text_at(record, texts.offsets[i]);
    if (text->ptr == NULL) continue;
    char *copy = k8smi_arena_bytes(&s->arena, text->len + 1);
    s->no_memory |= copy == NULL;
    if (copy == NULL) return;
    k8smi_copy(copy, text->ptr, text->len);
    copy[text->len] = '\0';
    text->ptr = copy;
  }
}

/* What the texts take, each with its NUL. */
static size_t status_texts_size(const void *record, struct k8smi_status_texts texts) {
  size_t n = 0;
  for (size_t i = 0; i < texts.count; i++) {
    const struct k8sm_slice *text = (const void *)((const char *)record + texts.offsets[i]);
    if (text->ptr != NULL) n += text->len + 1;
  }
  return n;
}

/* What a copy takes, and what the update that it is made for may add: most statuses stay as long as their pod
 * does, and should not take more. */
static size_t status_copy_size(const struct k8sm_status *from) {
  enum { ROOM = 192 };
  size_t n = ROOM + status_texts_size(from, k8smi_status_pod_texts());
  for (size_t i = 0; i < from->demand->task_count; i++)
    n += status_texts_size(&from->tasks[i], k8smi_status_task_texts());
  return n;
}

static void status_copy_strays(struct k8sm_status *s, const struct k8sm_status *from) {
  s->strays = NULL;
  if (from->stray_count == 0 || !k8smi_status_room_for_strays(s)) return;
  memcpy(s->strays, from->strays, from->stray_count * sizeof *s->strays);
  for (size_t i = 0; i < s->stray_count; i++) status_own_texts(s, &s->strays[i], k8smi_status_stray_texts());
}

struct k8sm_status *k8smi_status_copy(const struct k8sm_status *from,
                                      const struct k8sm_allocator *allocator) {
  struct k8sm_status *s = status_make(from->demand, &from->options, allocator, status_copy_size(from));
  if (s == NULL) return NULL;
  struct k8smi_status_task *tasks = s->tasks;
  size_t head = offsetof(struct k8sm_status, options);
  memcpy((char *)s + head, (const char *)from + head, sizeof *s - head);
  s->tasks = tasks;
  s->acks = NULL;
  s->ack_count = 0;
  memcpy(tasks, from->tasks, s->demand->task_count * sizeof *tasks);
  status_own_texts(s, s, k8smi_status_pod_texts());
  for (size_t i = 0; i < s->demand->task_count; i++)
    status_own_texts(s, &tasks[i], k8smi_status_task_texts());
  status_copy_strays(s, from);
  if (!s->no_memory) return s;
  k8sm_status_unref(s);
  return NULL;
}
