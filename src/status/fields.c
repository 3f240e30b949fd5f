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

#define STATUS_POD_NOW(F)                                                                                    \
  STATUS_FIELD(F, mono_ms, U64)                                                                              \
  STATUS_FIELD(F, wall_ms, I64)                                                                              \
  STATUS_FIELD(F, phase, U32)
#define STATUS_POD_SAYS(F)                                                                                   \
  STATUS_FIELD(F, created_wall_ms, I64)                                                                      \
  STATUS_FIELD(F, started_wall_ms, I64)                                                                      \
  STATUS_FIELD(F, started_mono_ms, U64)                                                                      \
  STATUS_FIELD(F, unplaced, TEXT)                                                                            \
  STATUS_FIELD(F, nominated, TEXT)                                                                           \
  STATUS_FIELD(F, disruption, TEXT)                                                                          \
  STATUS_FIELD(F, disruption_wall_ms, I64)                                                                   \
  STATUS_FIELD(F, shown_init, TEXT)                                                                          \
  STATUS_FIELD(F, others, TEXT)                                                                              \
  STATUS_FIELD(F, gates, TEXT)
#define STATUS_POD_ATTEMPT(F)                                                                                \
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
  STATUS_FIELD(F, given_up, BOOL)
#define STATUS_POD_REST(F)                                                                                   \
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
#define STATUS_POD_TABLE(F) STATUS_POD_NOW(F) STATUS_POD_SAYS(F) STATUS_POD_ATTEMPT(F) STATUS_POD_REST(F)

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
  STATUS_FIELD(F, kill_mono_ms, U64)                                                                         \
  STATUS_FIELD(F, startup_mono_ms, U64)                                                                      \
  STATUS_FIELD(F, startup_failed, BOOL)
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
 * A text without an address has no length either: compilers that see one do not know. Most are in memory of
 * both. */
static inline bool status_differs_text(struct k8sm_slice a, struct k8sm_slice b) {
  return a.len != b.len || (b.ptr != a.ptr && b.ptr != NULL && !k8smi_same(a.ptr, b.ptr, a.len));
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

/* The fields of a part of a record, from one member on and before another one: what is equal in memory, with
 * the gaps in it, is the same, and most is. */
#define STATUS_DIFFER_PART(Type, first, behind, PART)                                                        \
  if (memcmp(&a->first, &b->first, offsetof(struct Type, behind) - offsetof(struct Type, first)) == 0) {     \
    field += 0 PART(STATUS_ONE);                                                                             \
  } else {                                                                                                   \
    PART(STATUS_DIFFER)                                                                                      \
  }

k8smi_status_set k8smi_status_pod_changed(const struct k8sm_status *a, const struct k8sm_status *b) {
  static const struct k8sm_status none;
  k8smi_status_set set = 0;
  unsigned field = 0;
  if (b == NULL) b = &none;
  STATUS_POD_NOW(STATUS_DIFFER)
  STATUS_DIFFER_PART(k8sm_status, created_wall_ms, placed, STATUS_POD_SAYS)
  STATUS_DIFFER_PART(k8sm_status, placed, deleted, STATUS_POD_ATTEMPT)
  STATUS_POD_REST(STATUS_DIFFER)
  return set;
}

/* Most tasks have not ended, and have nothing there that would have to be looked at one by one. */
enum { STATUS_ENDS_COUNT = 0 STATUS_ENDS(STATUS_ONE) };
static inline bool status_same_ends(const struct k8smi_status_task *a, const struct k8smi_status_task *b) {
  enum { BYTES = offsetof(struct k8smi_status_end, set) + 1 };
  return memcmp(&a->end, &b->end, BYTES) == 0 && memcmp(&a->last, &b->last, BYTES) == 0;
}

/* Of several tasks an update is about one. What is equal in memory, with the gaps in it, is the same. */
static inline bool status_same_task(const struct k8smi_status_task *a, const struct k8smi_status_task *b) {
  enum {
    ENDS = offsetof(struct k8smi_status_task, end),
    REST = offsetof(struct k8smi_status_task, start_failures)
  };
  return memcmp(a, b, ENDS) == 0 && status_same_ends(a, b) &&
         memcmp((const char *)a + REST, (const char *)b + REST, sizeof *a - REST) == 0;
}

k8smi_status_set k8smi_status_task_changed(const struct k8smi_status_task *a,
                                           const struct k8smi_status_task *b) {
  static const struct k8smi_status_task none;
  k8smi_status_set set = 0;
  unsigned field = 0;
  if (b == NULL) b = &none;
  if (status_same_task(a, b)) return 0;
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
