/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "local/text.h"

/* What a master refuses of what tasks and their executor hold together, in its order and its words. */

static struct k8smi_arena *together_arena(const struct local_launch *launch) {
  return launch->accept->arena;
}

static const char *together_json(struct k8smi_arena *arena, const struct local_resources *list) {
  struct k8smi_buf text;
  k8smi_buf_init(&text, &arena->allocator);
  k8smi_local_print_json(&text, (const ProtobufCMessage *const *)list->resources, list->n);
  return k8smi_local_printed(arena, &text);
}

/* The tasks' resources and, last, those of the executor, if there is one; NULL when memory ran out. */
static struct local_resources *together_lists(const struct local_launch *launch, size_t *n) {
  struct local_resources *lists =
      k8smi_arena_array(together_arena(launch), launch->task_count + 1, sizeof(struct local_resources));
  *n = launch->task_count + (launch->executor != NULL);
  if (!k8smi_local_have(launch->accept->framework->local, lists)) return NULL;
  for (size_t i = 0; i < launch->task_count; i++)
    lists[i] = (struct local_resources){launch->tasks[i]->resources, launch->tasks[i]->n_resources};
  if (launch->executor != NULL) {
    lists[launch->task_count] =
        (struct local_resources){launch->executor->resources, launch->executor->n_resources};
  }
  return lists;
}

/* How many numbers and items: of ranges and sets that have some in common, the sum has fewer. */
static uint64_t together_elements(const struct local_bag *bag) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bag->count; i++) {
    const struct local_amount *amount = &bag->amounts[i];
    if (amount->items != NULL) sum += amount->count;
    for (size_t j = 0; amount->ranges != NULL && j < amount->count; j++)
      sum += amount->ranges[j].end - amount->ranges[j].begin + 1;
  }
  return sum;
}

static bool together_is_counted(const struct local_amount *amount, const void *ctx) {
  (void)ctx;
  return amount->form->type != K8SM_MESOS__VALUE__TYPE__SCALAR;
}

/* Whether two of them have a port or an item in common. Of more kinds than a bag may have, no offer has all.
 */
static bool together_overlap(const struct local_launch *launch, const struct local_resources *lists,
                             size_t n) {
  struct k8smi_arena *arena = together_arena(launch);
  struct local_bag sum = {NULL, 0}, one;
  uint64_t elements = 0;
  for (size_t i = 0; i < n && sum.count <= LOCAL_MAX_KINDS; i++) {
    bool some = false;
    for (size_t j = 0; j < lists[i].n; j++) some = some || lists[i].resources[j]->scalar == NULL;
    if (!some) continue;
    if (!k8smi_local_bag_sum(arena, lists[i].resources, lists[i].n, &one) ||
        !k8smi_local_bag_pick(arena, &one, together_is_counted, NULL, &one) ||
        !k8smi_local_bag_add(arena, &sum, &one, &sum)) {
      k8smi_local_fail(launch->accept->framework->local);
      return false;
    }
    elements += together_elements(&one);
  }
  return together_elements(&sum) != elements;
}

static const char *together_twice(const struct local_launch *launch, const struct local_resources *lists,
                                  size_t n, const char *who, const char *uses, const char *mixes) {
  const char *fault = k8smi_local_volumes_fault(launch->accept, lists, n);
  if (fault != NULL) return LOCAL_WORDS(together_arena(launch), who, uses, fault);
  fault = k8smi_local_revocable_fault(launch->accept, lists, n);
  return fault == NULL ? NULL : LOCAL_WORDS(together_arena(launch), who, mixes, fault);
}

/* "[ cpus:1; mem:32, cpus:2 ]" */
static const char *together_print_tasks(const struct local_launch *launch,
                                        const struct local_resources *lists) {
  struct k8smi_arena *arena = together_arena(launch);
  struct k8smi_buf text;
  k8smi_buf_init(&text, &arena->allocator);
  for (size_t i = 0; i < launch->task_count; i++) {
    struct local_bag bag;
    k8smi_buf_puts(&text, i == 0 ? "[ " : ", ");
    if (k8smi_local_bag_sum(arena, lists[i].resources, lists[i].n, &bag))
      k8smi_buf_puts(&text, k8smi_local_bag_text(arena, &bag));
  }
  k8smi_buf_puts(&text, " ]");
  return k8smi_local_printed(arena, &text);
}

static const char *together_group_fault(const struct local_launch *launch) {
  size_t n;
  const struct local_resources *lists = together_lists(launch, &n);
  if (lists == NULL) return "";
  const char *fault =
      together_twice(launch, lists, n, "Task group and executor ",
                     "use duplicate persistence ID: ", "mix revocable and non-revocable resources: ");
  if (fault != NULL || !together_overlap(launch, lists, n)) return fault;
  return LOCAL_WORDS(together_arena(launch),
                     "There are overlapping resources in the task group's task resources ",
                     together_print_tasks(launch, lists), " and/or executor resources ",
                     together_json(together_arena(launch), &lists[n - 1]));
}

static const char *together_task_fault(const struct local_launch *launch) {
  size_t n;
  const struct local_resources *lists = together_lists(launch, &n);
  if (lists == NULL) return "";
  if (together_overlap(launch, lists, n)) {
    return LOCAL_WORDS(together_arena(launch), "There are overlapping resources in the task resources ",
                       together_json(together_arena(launch), &lists[0]), " and executor resources ",
                       together_json(together_arena(launch), &lists[1]));
  }
  return together_twice(launch, lists, n, "Task and its executor ",
                        "use duplicate persistence ID: ", "mix revocable and non-revocable resources: ");
}

static bool together_add(struct local_launch *launch, K8smMesos__Resource *const *resources, size_t n) {
  struct k8smi_arena *arena = together_arena(launch);
  struct local_bag bag;
  return k8smi_local_bag_sum(arena, resources, n, &bag) &&
         k8smi_local_bag_add(arena, &launch->needed, &bag, &launch->needed);
}

/* Sets launch->needed, and compares it with what is left. */
static const char *together_room(struct local_launch *launch, const char *more) {
  struct k8smi_arena *arena = together_arena(launch);
  bool ok = true;
  /* More kinds than a bag may have are in no offer: adding them all up would only take time. */
  for (size_t i = 0; i < launch->task_count && ok && launch->needed.count <= LOCAL_MAX_KINDS; i++) {
    ok = together_add(launch, launch->tasks[i]->resources, launch->tasks[i]->n_resources);
  }
  if (ok && launch->executor != NULL && launch->existing == NULL) {
    ok = together_add(launch, launch->executor->resources, launch->executor->n_resources);
  }
  if (!ok) {
    k8smi_local_fail(launch->accept->framework->local);
    return "";
  }
  if (k8smi_local_bag_contains(&launch->accept->left, &launch->needed)) return NULL;
  return LOCAL_WORDS(arena, "Total resources ", k8smi_local_bag_text(arena, &launch->needed), " required by ",
                     more, " more than available ", k8smi_local_bag_text(arena, &launch->accept->left));
}

const char *k8smi_local_validate_group_room(struct local_launch *launch) {
  const char *fault = together_group_fault(launch);
  return fault == NULL ? together_room(launch, "task group and its executor are") : fault;
}

const char *k8smi_local_validate_task_room(struct local_launch *launch) {
  const char *fault = together_task_fault(launch);
  return fault == NULL ? together_room(launch, "task and its executor is") : fault;
}
