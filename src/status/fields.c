/* SPDX-License-Identifier: Apache-2.0 */
#include "status/status.h"

/* The tables, F(name in the record, member, kind). The position in its table is a field's number. */
#define STATUS_FIELD(F, member, kind) F(#member, member, kind)
#define STATUS_CONDITION(F, name, index)                                                                     \
  F("condition." name ".holds", conditions[index].holds, BOOL)                                               \
  F("condition." name ".since_wall_ms", conditions[index].since_wall_ms, I64)
#define STATUS_END(F, member)                                                                                \
  STATUS_FIELD(F, member.set, BOOL)                                                                          \
  STATUS_FIELD(F, member.exit_code, I32)                                                                     \
  STATUS_FIELD(F, member.signal, I32)                                                                        \
  STATUS_FIELD(F, member.reason, TEXT)                                                                       \
  STATUS_FIELD(F, member.message, TEXT)                                                                      \
  STATUS_FIELD(F, member.container_id, TEXT)                                                                 \
  STATUS_FIELD(F, member.started_wall_ms, I64)                                                               \
  STATUS_FIELD(F, member.finished_wall_ms, I64)

#define STATUS_POD_TABLE(F)                                                                                  \
  STATUS_FIELD(F, mono_ms, U64)                                                                              \
  STATUS_FIELD(F, wall_ms, I64)                                                                              \
  STATUS_FIELD(F, phase, U32)                                                                                \
  STATUS_FIELD(F, created_wall_ms, I64)                                                                      \
  STATUS_FIELD(F, started_wall_ms, I64)                                                                      \
  STATUS_FIELD(F, started_mono_ms, U64)                                                                      \
  STATUS_FIELD(F, unplaced, TEXT)                                                                            \
  STATUS_FIELD(F, nominated, TEXT)                                                                           \
  STATUS_FIELD(F, disruption, TEXT)                                                                          \
  STATUS_FIELD(F, disruption_wall_ms, I64)                                                                   \
  STATUS_FIELD(F, shown_init, TEXT)                                                                          \
  STATUS_FIELD(F, others, TEXT)                                                                              \
  STATUS_FIELD(F, gates, TEXT)                                                                               \
  STATUS_FIELD(F, placed, BOOL)                                                                              \
  STATUS_FIELD(F, launched, BOOL)                                                                            \
  STATUS_FIELD(F, lost, BOOL)                                                                                \
  STATUS_FIELD(F, stage, U32)                                                                                \
  STATUS_FIELD(F, placed_mono_ms, U64)                                                                       \
  STATUS_FIELD(F, agent_id, TEXT)                                                                            \
  STATUS_FIELD(F, hostname, TEXT)                                                                            \
  STATUS_FIELD(F, host_ip, TEXT)                                                                             \
  STATUS_FIELD(F, pod_ip, TEXT)                                                                              \
  STATUS_FIELD(F, pod_ip_other, TEXT)                                                                        \
  STATUS_FIELD(F, container_id, TEXT)                                                                        \
  STATUS_FIELD(F, attempt_backoff_ms, I64)                                                                   \
  STATUS_FIELD(F, attempt_mono_ms, U64)                                                                      \
  STATUS_FIELD(F, unreachable, BOOL)                                                                         \
  STATUS_FIELD(F, unreachable_mono_ms, U64)                                                                  \
  STATUS_FIELD(F, given_up, BOOL)                                                                            \
  STATUS_FIELD(F, deleted, BOOL)                                                                             \
  STATUS_FIELD(F, deadline_exceeded, BOOL)                                                                   \
  STATUS_FIELD(F, grace_seconds, I64)                                                                        \
  STATUS_FIELD(F, ending, BOOL)                                                                              \
  STATUS_FIELD(F, ending_mono_ms, U64)                                                                       \
  STATUS_CONDITION(F, "PodReadyToStartContainers", K8SMI_CONDITION_READY_TO_START)                           \
  STATUS_CONDITION(F, "Initialized", K8SMI_CONDITION_INITIALIZED)                                            \
  STATUS_CONDITION(F, "Ready", K8SMI_CONDITION_READY)                                                        \
  STATUS_CONDITION(F, "ContainersReady", K8SMI_CONDITION_CONTAINERS_READY)                                   \
  STATUS_CONDITION(F, "PodScheduled", K8SMI_CONDITION_SCHEDULED)                                             \
  STATUS_FIELD(F, hurry_mono_ms, U64)

#define STATUS_TASK_BEGIN(F)                                                                                 \
  STATUS_FIELD(F, progress, U32)                                                                             \
  STATUS_FIELD(F, restart, U32)                                                                              \
  STATUS_FIELD(F, restarts, U32)                                                                             \
  STATUS_FIELD(F, restarting, BOOL)                                                                          \
  STATUS_FIELD(F, ran, BOOL)                                                                                 \
  STATUS_FIELD(F, unhealthy, BOOL)                                                                           \
  STATUS_FIELD(F, started, BOOL)                                                                             \
  STATUS_FIELD(F, ready, BOOL)                                                                               \
  STATUS_FIELD(F, task_id, TEXT)                                                                             \
  STATUS_FIELD(F, uuid, BYTES)                                                                               \
  STATUS_FIELD(F, container_id, TEXT)                                                                        \
  STATUS_FIELD(F, reason, TEXT)                                                                              \
  STATUS_FIELD(F, message, TEXT)                                                                             \
  STATUS_FIELD(F, started_wall_ms, I64)                                                                      \
  STATUS_FIELD(F, started_mono_ms, U64)
#define STATUS_ENDS(F) STATUS_END(F, end) STATUS_END(F, last)
#define STATUS_TASK_REST(F)                                                                                  \
  STATUS_FIELD(F, start_failures, U32)                                                                       \
  STATUS_FIELD(F, backoff_ms, I64)                                                                           \
  STATUS_FIELD(F, due_mono_ms, U64)                                                                          \
  STATUS_FIELD(F, check_pending, BOOL)                                                                       \
  STATUS_FIELD(F, check_result, BOOL)                                                                        \
  STATUS_FIELD(F, check_mono_ms, U64)                                                                        \
  STATUS_FIELD(F, kill, BOOL)                                                                                \
  STATUS_FIELD(F, kill_grace, I64)                                                                           \
  STATUS_FIELD(F, kill_mono_ms, U64)
#define STATUS_TASK_TABLE(F) STATUS_TASK_BEGIN(F) STATUS_ENDS(F) STATUS_TASK_REST(F)

#define STATUS_STRAY_TABLE(F)                                                                                \
  STATUS_FIELD(F, task_id, TEXT)                                                                             \
  STATUS_FIELD(F, agent_id, TEXT)                                                                            \
  STATUS_FIELD(F, kill_mono_ms, U64)

/* As rows. */
#define STATUS_ROW(Type, name, member, kind)                                                                 \
  {{name, sizeof(name) - 1}, offsetof(struct Type, member), K8SMI_STATUS_##kind},
#define STATUS_POD_ROW(name, member, kind)   STATUS_ROW(k8sm_status, name, member, kind)
#define STATUS_TASK_ROW(name, member, kind)  STATUS_ROW(k8smi_status_task, name, member, kind)
#define STATUS_STRAY_ROW(name, member, kind) STATUS_ROW(k8smi_status_stray, name, member, kind)
static const struct k8smi_status_field status_pod_fields[] = {STATUS_POD_TABLE(STATUS_POD_ROW)};
static const struct k8smi_status_field status_task_fields[] = {STATUS_TASK_TABLE(STATUS_TASK_ROW)};
static const struct k8smi_status_field status_stray_fields[] = {STATUS_STRAY_TABLE(STATUS_STRAY_ROW)};

#define STATUS_COUNT(table) (sizeof(table) / sizeof(table)[0])
_Static_assert(STATUS_COUNT(status_pod_fields) <= 64 && STATUS_COUNT(status_task_fields) <= 64,
               "a bit of a word for each");

struct k8smi_status_fields k8smi_status_pod_fields(void) {
  return (struct k8smi_status_fields){status_pod_fields, STATUS_COUNT(status_pod_fields)};
}
struct k8smi_status_fields k8smi_status_task_fields(void) {
  return (struct k8smi_status_fields){status_task_fields, STATUS_COUNT(status_task_fields)};
}
struct k8smi_status_fields k8smi_status_stray_fields(void) {
  return (struct k8smi_status_fields){status_stray_fields, STATUS_COUNT(status_stray_fields)};
}

/* As the places of texts. */
#define STATUS_AT_TEXT(Type, member)  (uint16_t) offsetof(struct Type, member),
#define STATUS_AT_BYTES(Type, member) STATUS_AT_TEXT(Type, member)
#define STATUS_AT_BOOL(Type, member)
#define STATUS_AT_U32(Type, member)
#define STATUS_AT_I32(Type, member)
#define STATUS_AT_U64(Type, member)
#define STATUS_AT_I64(Type, member)
#define STATUS_POD_AT(name, member, kind)   STATUS_AT_##kind(k8sm_status, member)
#define STATUS_TASK_AT(name, member, kind)  STATUS_AT_##kind(k8smi_status_task, member)
#define STATUS_STRAY_AT(name, member, kind) STATUS_AT_##kind(k8smi_status_stray, member)
static const uint16_t status_pod_texts[] = {STATUS_POD_TABLE(STATUS_POD_AT)};
static const uint16_t status_task_texts[] = {STATUS_TASK_TABLE(STATUS_TASK_AT)};
static const uint16_t status_stray_texts[] = {STATUS_STRAY_TABLE(STATUS_STRAY_AT)};

struct k8smi_status_texts k8smi_status_pod_texts(void) {
  return (struct k8smi_status_texts){status_pod_texts, STATUS_COUNT(status_pod_texts)};
}
struct k8smi_status_texts k8smi_status_task_texts(void) {
  return (struct k8smi_status_texts){status_task_texts, STATUS_COUNT(status_task_texts)};
}
struct k8smi_status_texts k8smi_status_stray_texts(void) {
  return (struct k8smi_status_texts){status_stray_texts, STATUS_COUNT(status_stray_texts)};
}

/* As comparisons, of all fields of two records: written out, since each update asks for them several times.
 * A text without an address has no length either: compilers that see one do not know. */
static inline bool status_differs_text(struct k8sm_slice a, struct k8sm_slice b) {
  return a.len != b.len || (b.ptr != NULL && !k8smi_same(a.ptr, b.ptr, a.len));
}
#define STATUS_ONE(name, member, kind) +1
#define STATUS_DIFFERS_BOOL(x, y)      ((x) != (y))
#define STATUS_DIFFERS_U32(x, y)       ((x) != (y))
#define STATUS_DIFFERS_I32(x, y)       ((x) != (y))
#define STATUS_DIFFERS_U64(x, y)       ((x) != (y))
#define STATUS_DIFFERS_I64(x, y)       ((x) != (y))
#define STATUS_DIFFERS_TEXT(x, y)      status_differs_text(x, y)
#define STATUS_DIFFERS_BYTES(x, y)     status_differs_text(x, y)
#define STATUS_DIFFER(name, member, kind)                                                                    \
  set |= (uint64_t)STATUS_DIFFERS_##kind(a->member, b->member) << field++;

k8smi_status_set k8smi_status_pod_changed(const struct k8sm_status *a, const struct k8sm_status *b) {
  static const struct k8sm_status none;
  k8smi_status_set set = 0;
  unsigned field = 0;
  if (b == NULL) b = &none;
  STATUS_POD_TABLE(STATUS_DIFFER)
  return set;
}

/* Most tasks have not ended, and have nothing there that would have to be looked at one by one. */
enum { STATUS_ENDS_COUNT = 0 STATUS_ENDS(STATUS_ONE) };
static inline bool status_same_ends(const struct k8smi_status_task *a, const struct k8smi_status_task *b) {
  enum { BYTES = offsetof(struct k8smi_status_end, set) + 1 };
  return memcmp(&a->end, &b->end, BYTES) == 0 && memcmp(&a->last, &b->last, BYTES) == 0;
}

k8smi_status_set k8smi_status_task_changed(const struct k8smi_status_task *a,
                                           const struct k8smi_status_task *b) {
  static const struct k8smi_status_task none;
  k8smi_status_set set = 0;
  unsigned field = 0;
  if (b == NULL) b = &none;
  STATUS_TASK_BEGIN(STATUS_DIFFER)
  if (status_same_ends(a, b)) {
    field += STATUS_ENDS_COUNT;
  } else {
    STATUS_ENDS(STATUS_DIFFER)
  }
  STATUS_TASK_REST(STATUS_DIFFER)
  return set;
}

k8smi_status_set k8smi_status_stray_changed(const struct k8smi_status_stray *a,
                                            const struct k8smi_status_stray *b) {
  static const struct k8smi_status_stray none;
  k8smi_status_set set = 0;
  unsigned field = 0;
  if (b == NULL) b = &none;
  STATUS_STRAY_TABLE(STATUS_DIFFER)
  return set;
}

bool k8smi_status_same_but_time(const struct k8sm_status *a, const struct k8sm_status *b) {
  enum { TIMES = 3 }; /* the first two fields: mono_ms, wall_ms */
  if (a == b) return true;
  bool same = a->demand == b->demand && a->rebase == b->rebase && a->stray_count == b->stray_count &&
              (k8smi_status_pod_changed(a, b) & ~(k8smi_status_set)TIMES) == 0;
  for (size_t i = 0; same && i < a->demand->task_count; i++)
    same = k8smi_status_task_changed(&a->tasks[i], &b->tasks[i]) == 0;
  for (size_t i = 0; same && i < a->stray_count; i++)
    same = k8smi_status_stray_changed(&a->strays[i], &b->strays[i]) == 0;
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
