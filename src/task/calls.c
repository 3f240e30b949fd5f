/* SPDX-License-Identifier: Apache-2.0 */
#include "task/calls.h"

#include "base/abi.h"
#include "base/map.h"
#include "task/build.h"

/* Placements of one agent and role go into one ACCEPT. The groups are lists through `next`. */
struct calls_work {
  struct k8smi_task_build build;
  struct k8sm_task_options options;
  struct k8sm_calls *calls;
  struct k8smi_map groups; /* "agent\0role" to number of the call */
  struct k8smi_map offers; /* ids that an ACCEPT of several placements names already */
  struct k8smi_map ids;    /* of tasks, where there are several pods */
  struct k8smi_buf buf;    /* for one message at a time */
  uint32_t *group;         /* by placement */
  uint32_t *first;         /* by call: its first placement */
  uint32_t *next;          /* by placement: the next one of its call */
  uint32_t *last;          /* by call */
};

static int calls_no_memory(struct calls_work *w) {
  return k8smi_find_nomem(w->build.diags, K8SM_ERR_NOMEM);
}

static struct k8sm_slice calls_group_key(struct k8smi_arena *arena, const struct k8smi_placement *p) {
  size_t len = p->agent_id.len + 1 + p->role.len;
  char *text = k8smi_arena_alloc(arena, len);
  if (text == NULL) return (struct k8sm_slice){NULL, 0};
  memcpy(text, p->agent_id.ptr, p->agent_id.len);
  text[p->agent_id.len] = '\0';
  if (p->role.len > 0) memcpy(text + p->agent_id.len + 1, p->role.ptr, p->role.len);
  return (struct k8sm_slice){text, len};
}

/* Gives each placement the number of its call, in the order of the placements. */
static int calls_group(struct calls_work *w) {
  const struct k8sm_plan *plan = w->build.plan;
  size_t n = plan->placement_count;
  struct k8smi_arena *scratch = &w->build.arena;
  if (n == 0) return K8SM_OK;
  w->first = k8smi_arena_array(scratch, 4 * n, sizeof *w->first);
  if (w->first == NULL) return calls_no_memory(w);
  w->next = w->first + n;
  w->last = w->next + n;
  w->group = w->last + n;
  if (n == 1) { /* is a group by itself */
    w->next[0] = K8SMI_MAP_NONE;
    w->calls->call_count = 1;
    return K8SM_OK;
  }
  for (uint32_t i = 0; i < n; i++) {
    struct k8sm_slice key = calls_group_key(scratch, &plan->placements[i]);
    if (key.ptr == NULL) return calls_no_memory(w);
    uint32_t call = k8smi_map_get(&w->groups, key);
    w->next[i] = K8SMI_MAP_NONE;
    if (call == K8SMI_MAP_NONE) {
      call = (uint32_t)w->calls->call_count++;
      if (!k8smi_map_put(&w->groups, key, call)) return calls_no_memory(w);
      w->first[call] = i;
    } else {
      w->next[w->last[call]] = i;
    }
    w->last[call] = i;
    w->group[i] = call;
  }
  return K8SM_OK;
}

enum { CALLS_BEFORE = 2 }; /* RESERVE, CREATE */

/* How many tasks a placement launches. */
static size_t calls_launches(const struct k8sm_plan *plan, size_t placement) {
  const struct k8sm_demand *d = plan->demands[plan->placements[placement].demand];
  size_t n = 0;
  for (size_t i = 0; i < d->task_count; i++) n += d->tasks[i].launch;
  return n;
}

static int calls_make_rows(struct calls_work *w) {
  const struct k8sm_plan *plan = w->build.plan;
  struct k8sm_calls *c = w->calls;
  size_t tasks = 0, offers = 0;
  for (size_t i = 0; i < plan->placement_count; i++) {
    tasks += calls_launches(plan, i);
    offers += plan->placements[i].offer_ids.count;
  }
  c->calls = k8smi_arena_array(&c->arena, c->call_count, sizeof *c->calls);
  c->executors = k8smi_arena_array(&c->arena, plan->placement_count, sizeof *c->executors);
  c->reserved = k8smi_arena_array(&c->arena, plan->placement_count, sizeof *c->reserved);
  c->tasks = k8smi_arena_array(&c->arena, tasks, sizeof *c->tasks);
  c->offers = k8smi_arena_array(&c->arena, offers, sizeof *c->offers);
  if (w->options.flags & K8SM_CALLS_OPERATIONS)
    c->operations =
        k8smi_arena_array(&c->arena, tasks + CALLS_BEFORE * plan->placement_count, sizeof *c->operations);
  bool operations = c->operations != NULL || (w->options.flags & K8SM_CALLS_OPERATIONS) == 0;
  if (c->calls == NULL || c->executors == NULL || c->reserved == NULL || c->tasks == NULL ||
      c->offers == NULL || !operations)
    return calls_no_memory(w);
  c->executor_count = plan->placement_count;
  return K8SM_OK;
}

/* An operation of a call; and a row of it, where these are asked for. */
static int calls_add_operation(struct calls_work *w, uint32_t call, uint32_t placement,
                               K8smMesos__Offer__Operation *operation, K8smMesos__Call__Accept *accept) {
  if (operation == NULL) return calls_no_memory(w);
  accept->operations[accept->n_operations++] = operation;
  if ((w->options.flags & K8SM_CALLS_OPERATIONS) == 0) return K8SM_OK;
  struct k8sm_calls *c = w->calls;
  struct k8sm_call_operation *row = &c->operations[c->operation_count++];
  row->call = call;
  row->placement = placement;
  k8smi_buf_clear(&w->buf);
  k8smi_message_write(&w->buf, k8smi_calls_format(w->options.format), &operation->base);
  if (!w->buf.failed) row->bytes = k8smi_arena_copy(&c->arena, w->buf.ptr, w->buf.len);
  return row->bytes.ptr == NULL ? calls_no_memory(w) : K8SM_OK;
}

/* A demand that a plan places twice, or two of one pod and nonce: an agent aborts on the second task of an
 * id. Plans of one pod have one of each. */
static int calls_note_id(struct calls_work *w, struct k8sm_slice id) {
  const struct k8sm_demand *d = w->build.demand;
  if (w->build.plan->placement_count < 2) return K8SM_OK;
  if (k8smi_map_get(&w->ids, id) != K8SMI_MAP_NONE) {
    k8smi_find(w->build.diags, K8SM_DIAG_TASK_ID_REUSED, NULL,
               "pod %.*s/%.*s is placed twice with nonce '%.*s': task id '%.*s' would be used again",
               K8SMI_P(d->name_space), K8SMI_P(d->name), K8SMI_P(d->nonce), K8SMI_P(id));
    return K8SM_ERR_INVALID;
  }
  return k8smi_map_put(&w->ids, id, 0) ? K8SM_OK : calls_no_memory(w);
}

/* The id of a task, in the calls' own arena: it is in a row, too. */
static int calls_task_id(struct calls_work *w, const struct k8smi_demand_task *task, struct k8sm_slice *ret) {
  const struct k8sm_demand *d = w->build.demand;
  struct k8sm_task_id id = {d->uid, task->container, d->nonce, d->attempt, task->restart, 0, 0};
  char text[256];
  int len = k8sm_task_id_format(&id, text, sizeof text);
  if (len < 0) {
    k8smi_find(w->build.diags, K8SM_DIAG_TASK_ID_INVALID, NULL, "uid '%.*s' makes no id that Mesos accepts",
               K8SMI_P(d->uid));
    return K8SM_ERR_INVALID;
  }
  *ret = k8smi_arena_copy(&w->calls->arena, text, (size_t)len);
  return ret->ptr == NULL ? calls_no_memory(w) : calls_note_id(w, *ret);
}

static int calls_record_executor(struct calls_work *w, uint32_t placement,
                                 const K8smMesos__ExecutorInfo *executor) {
  struct k8sm_calls *c = w->calls;
  struct k8sm_call_executor *row = &c->executors[placement];
  row->placement = placement;
  row->call = w->group[placement];
  row->executor_id = k8smi_arena_slice(&c->arena, k8smi_s(executor->executor_id->value));
  if (w->build.demand->executor.len > 0) {
    row->bytes = k8smi_arena_slice(&c->arena, w->build.demand->executor);
  } else {
    k8smi_buf_clear(&w->buf);
    k8smi_message_encode(&w->buf, &executor->base);
    if (!w->buf.failed) row->bytes = k8smi_arena_copy(&c->arena, w->buf.ptr, w->buf.len);
  }
  return row->bytes.ptr == NULL || row->executor_id.ptr == NULL ? calls_no_memory(w) : K8SM_OK;
}

/* Those that make volumes say what they were for, where that is asked for. */
static int calls_name(struct calls_work *w, K8smMesos__Offer__Operation *operation,
                      enum k8smi_operation what) {
  const struct k8sm_demand *d = w->build.demand;
  const struct k8sm_task_id id = {.uid = d->uid, .nonce = d->nonce, .attempt = d->attempt};
  char text[K8SMI_ID_MAX + 1];
  int len = k8sm_task_id_format(&id, text, sizeof text);
  if ((w->options.flags & K8SM_CALLS_FEEDBACK) == 0 || w->build.holds.create.count == 0 || len < 0)
    return K8SM_OK;
  const struct k8sm_slice of = {text, (size_t)len};
  return k8smi_task_name(&w->build, operation, what, of) ? K8SM_OK : calls_no_memory(w);
}

static int calls_add_hold(struct calls_work *w, uint32_t call, uint32_t placement, enum k8smi_operation what,
                          K8smMesos__Offer__Operation *operation, K8smMesos__Call__Accept *accept) {
  int result = calls_name(w, operation, what);
  return result == K8SM_OK ? calls_add_operation(w, call, placement, operation, accept) : result;
}

/* What comes before the launches of a placement. */
static int calls_add_holds(struct calls_work *w, uint32_t call, uint32_t placement,
                           K8smMesos__Call__Accept *accept) {
  struct k8smi_task_build *b = &w->build;
  int result = K8SM_OK;
  if (!k8smi_task_hold(b)) return calls_no_memory(w);
  w->calls->reserved[placement] = b->holds.reserved;
  if (b->holds.reserve.count > 0)
    result = calls_add_hold(w, call, placement, K8SMI_OPERATION_RESERVE,
                            k8smi_task_reserve(b, b->holds.reserve), accept);
  if (result == K8SM_OK && b->holds.create.count > 0)
    result = calls_add_hold(w, call, placement, K8SMI_OPERATION_CREATE, k8smi_task_create(b, b->holds.create),
                            accept);
  return result;
}

/* A task of a placement, in a group of its own; a command task (executor NULL) is by itself. */
static int calls_add_task(struct calls_work *w, uint32_t call, uint32_t placement, uint32_t task,
                          K8smMesos__ExecutorInfo *executor, K8smMesos__Call__Accept *accept) {
  struct k8smi_task_build *b = &w->build;
  struct k8sm_call_task *row = &w->calls->tasks[w->calls->task_count];
  int result = calls_task_id(w, &b->demand->tasks[task], &row->task_id);
  if (result != K8SM_OK) return result;
  K8smMesos__TaskInfo *info = k8smi_task_info(b, task, row->task_id);
  if (info == NULL) return calls_no_memory(w);
  if (b->demand->tasks[task].kind != K8SM_TASK_PAUSE) result = k8smi_overlays_task(b, info);
  if (result != K8SM_OK) return result;
  row->placement = placement;
  row->task = task;
  w->calls->task_count++;
  return calls_add_operation(
      w, call, placement,
      executor == NULL ? k8smi_task_launch(b, info) : k8smi_task_launch_group(b, executor, info), accept);
}

/* The agent makes the executor of a command task, and gives it the task's id. */
static void calls_record_command(struct calls_work *w, uint32_t placement) {
  w->calls->executors[placement] = (struct k8sm_call_executor){
      .executor_id = w->calls->tasks[w->calls->task_count - 1].task_id,
      .bytes = K8SMI_S(""),
      .placement = placement,
      .call = w->group[placement],
  };
}

/* *ret: NULL for a command task. */
static int calls_add_executor(struct calls_work *w, uint32_t placement, K8smMesos__ExecutorInfo **ret) {
  struct k8smi_task_build *b = &w->build;
  int result = K8SM_OK;
  *ret = NULL;
  if (k8smi_demand_is_task(b->demand)) return K8SM_OK;
  *ret = k8smi_task_executor(b, &result);
  if (*ret == NULL) return result == K8SM_ERR_NOMEM ? calls_no_memory(w) : result;
  if (b->demand->executor.len == 0) result = k8smi_overlays_executor(b, *ret);
  return result == K8SM_OK ? calls_record_executor(w, placement, *ret) : result;
}

/* The tasks of a placement: its pause task comes first in the demand, and so first here. */
static int calls_add_placement(struct calls_work *w, uint32_t call, uint32_t placement,
                               K8smMesos__Call__Accept *accept) {
  struct k8smi_task_build *b = &w->build;
  K8smMesos__ExecutorInfo *executor = NULL;
  b->placement = &b->plan->placements[placement];
  b->demand = b->plan->demands[b->placement->demand];
  b->labels = k8smi_task_labels(b, b->demand->labels);
  int result = calls_add_holds(w, call, placement, accept);
  if (result == K8SM_OK) result = calls_add_executor(w, placement, &executor);
  for (uint32_t i = 0; result == K8SM_OK && i < b->demand->task_count; i++) {
    if (b->demand->tasks[i].launch) result = calls_add_task(w, call, placement, i, executor, accept);
  }
  if (result == K8SM_OK && executor == NULL) calls_record_command(w, placement);
  return result;
}

/* The offers of a placement are different ones; those of several may be the same. */
static int calls_add_offers(struct calls_work *w, uint32_t call, const struct k8smi_placement *p,
                            bool several, K8smMesos__Call__Accept *accept) {
  for (size_t i = 0; i < p->offer_ids.count; i++) {
    struct k8sm_slice id = p->offer_ids.items[i];
    if (several && k8smi_map_get(&w->offers, id) != K8SMI_MAP_NONE) continue;
    struct k8sm_call_offer *row = &w->calls->offers[w->calls->offer_count++];
    if (!k8smi_task_name_offer(&w->build, id, accept) || (several && !k8smi_map_put(&w->offers, id, 0)))
      return calls_no_memory(w);
    *row = (struct k8sm_call_offer){k8smi_arena_slice(&w->calls->arena, id), call, 0};
    if (row->id.ptr == NULL) return calls_no_memory(w);
  }
  return K8SM_OK;
}

static int calls_fill_accept(struct calls_work *w, uint32_t call, K8smMesos__Call__Accept *accept) {
  const struct k8sm_plan *plan = w->build.plan;
  size_t offers = 0, operations = 0;
  int result = K8SM_OK;
  for (uint32_t i = w->first[call]; i != K8SMI_MAP_NONE; i = w->next[i]) {
    offers += plan->placements[i].offer_ids.count;
    operations += CALLS_BEFORE + calls_launches(plan, i);
  }
  accept->offer_ids = k8smi_task_array(&w->build, offers, sizeof *accept->offer_ids);
  accept->operations = k8smi_task_array(&w->build, operations, sizeof *accept->operations);
  if (w->build.no_memory) return calls_no_memory(w);
  for (uint32_t i = w->first[call]; i != K8SMI_MAP_NONE && result == K8SM_OK; i = w->next[i]) {
    result = calls_add_offers(w, call, &plan->placements[i], w->first[call] != w->last[call], accept);
    if (result == K8SM_OK) result = calls_add_placement(w, call, i, accept);
    w->calls->calls[call].placements++;
  }
  return result;
}

static int calls_encode(struct calls_work *w, uint32_t call, const K8smMesos__Call *message) {
  struct k8sm_calls *c = w->calls;
  k8smi_buf_clear(&w->buf);
  k8smi_message_write(&w->buf, k8smi_calls_format(w->options.format), &message->base);
  if (!w->buf.failed) c->calls[call].bytes = k8smi_arena_copy(&c->arena, w->buf.ptr, w->buf.len);
  return c->calls[call].bytes.ptr == NULL ? calls_no_memory(w) : K8SM_OK;
}

static int calls_make_one(struct calls_work *w, uint32_t call) {
  const struct k8smi_placement *p = &w->build.plan->placements[w->first[call]];
  K8smMesos__Call *message = k8smi_task_accept(&w->build, p->framework_id, w->options.refuse_seconds);
  if (message == NULL) return calls_no_memory(w);
  w->calls->calls[call].refuse_seconds = w->options.refuse_seconds;
  w->calls->calls[call].agent_id = k8smi_arena_slice(&w->calls->arena, p->agent_id);
  if (w->calls->calls[call].agent_id.ptr == NULL) return calls_no_memory(w);
  int result = calls_fill_accept(w, call, message->accept);
  return result == K8SM_OK ? calls_encode(w, call, message) : result;
}

static int calls_make(struct calls_work *w) {
  int result = calls_group(w);
  if (result == K8SM_OK) result = calls_make_rows(w);
  for (uint32_t i = 0; i < w->calls->call_count && result == K8SM_OK; i++) result = calls_make_one(w, i);
  return result;
}

int k8smi_calls_check(uint32_t format, double refuse_seconds, struct k8sm_diags *diags) {
  const char *wrong = NULL;
  if (format != K8SM_FORMAT_AUTO && format != K8SM_FORMAT_JSON && format != K8SM_FORMAT_PROTOBUF) {
    wrong = "options.format must be JSON or PROTOBUF";
  } else if (!(refuse_seconds >= 0)) {
    wrong = "options.refuse_seconds must not be negative";
  }
  if (wrong == NULL) return K8SM_OK;
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "%s", wrong);
  return K8SM_ERR_INVALID;
}

/* Room for the rows and bytes of so many pods, as they mostly are. */
static size_t calls_expected(const struct k8sm_plan *plan) {
  enum { CALLS_POD = 5 * 1024, CALLS_PODS = 64 };
  return CALLS_POD * (plan->placement_count < CALLS_PODS ? plan->placement_count : CALLS_PODS);
}

/* With memory to begin with: most plans need no more. */
static int calls_run(struct calls_work *w) {
  enum { CALLS_SCRATCH = 16 * 1024, CALLS_BUFFER = 8 * 1024 };
  uint64_t scratch[CALLS_SCRATCH / 8], buffer[CALLS_BUFFER / 8];
  const struct k8sm_allocator *allocator = &w->calls->arena.allocator;
  k8smi_arena_init(&w->build.arena, allocator, 0);
  k8smi_arena_lend(&w->build.arena, scratch, sizeof scratch);
  k8smi_buf_init(&w->buf, allocator);
  k8smi_buf_lend(&w->buf, buffer, sizeof buffer);
  k8smi_map_init(&w->groups, allocator, w->build.plan->generation);
  k8smi_map_init(&w->offers, allocator, w->build.plan->generation);
  k8smi_map_init(&w->ids, allocator, w->build.plan->generation);
  int result = k8smi_overlays_read(&w->build, &w->options, w->build.plan->generation);
  if (result == K8SM_OK) result = calls_make(w);
  k8smi_overlays_free(&w->build.overlays);
  k8smi_map_free(&w->ids);
  k8smi_map_free(&w->offers);
  k8smi_map_free(&w->groups);
  k8smi_buf_free(&w->buf);
  k8smi_arena_free(&w->build.arena);
  return result;
}

int k8sm_plan_calls(const struct k8sm_plan *plan, const struct k8sm_task_options *options,
                    struct k8sm_calls **ret, struct k8sm_diags *diags) {
  struct calls_work w;
  memset(&w, 0, sizeof w);
  w.build.plan = plan;
  w.build.diags = diags;
  int result = k8smi_options_read(&w.options, sizeof w.options, options, "k8sm_task_options", diags);
  if (result == K8SM_OK) result = k8smi_calls_check(w.options.format, w.options.refuse_seconds, diags);
  if (result != K8SM_OK) return result;
  w.calls = k8smi_value_new(w.options.allocator, 0, sizeof *w.calls, offsetof(struct k8sm_calls, arena),
                            calls_expected(plan));
  if (w.calls == NULL) return calls_no_memory(&w);
  k8smi_refs_init(&w.calls->refs);
  result = calls_run(&w);
  if (result != K8SM_OK) {
    k8sm_calls_unref(w.calls);
    return result;
  }
  *ret = w.calls;
  return K8SM_OK;
}
