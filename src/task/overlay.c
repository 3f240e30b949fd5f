/* SPDX-License-Identifier: Apache-2.0 */
/* Overlays: what a host adds to every executor and task. What may stand in them is the schema's:
 * overlay.proto. Merged messages share the overlay's memory; they are only read from then on. */
#include "task/build.h"
#include "task/calls.h"

#include <stdio.h>

/* A name that stands once in a list of labels or variables: its place in the message, and in a finding. */
struct overlay_kind {
  size_t name;
  const char *const *path; /* of the list, from the root on; NULL ends it */
  const char *field;
  const char *what;
};

static const char *const overlay_label_path[] = {"labels", "labels", NULL};
static const char *const overlay_variable_path[] = {"command", "environment", "variables", NULL};
static const struct overlay_kind overlay_label = {offsetof(K8smMesos__Label, key), overlay_label_path, "key",
                                                  "label"};
static const struct overlay_kind overlay_variable = {offsetof(K8smMesos__Environment__Variable, name),
                                                     overlay_variable_path, "name", "variable"};

static struct k8sm_slice overlay_name(const struct overlay_kind *kind, const void *item) {
  const char *name;
  memcpy(&name, (const char *)item + kind->name, sizeof name);
  return k8smi_s(name);
}

static void overlay_conflict(struct k8smi_task_build *b, const struct overlay_kind *kind, size_t item,
                             struct k8sm_slice name, const char *where) {
  struct k8smi_path path[6];
  size_t n = 0;
  for (; kind->path[n] != NULL; n++)
    path[n] = k8smi_path_field(n == 0 ? NULL : &path[n - 1], k8smi_s(kind->path[n]));
  path[n] = k8smi_path_index(&path[n - 1], item);
  path[n + 1] = k8smi_path_field(&path[n], k8smi_s(kind->field));
  k8smi_find(b->diags, K8SM_DIAG_OVERLAY_CONFLICT, &path[n + 1], "the %s '%.*s' of the overlay is %s already",
             kind->what, K8SMI_P(name), where);
}

/* ---- reading ---- */

/* Takes note of the items of an overlay's list. */
static int overlay_list_read(struct k8smi_task_build *b, struct k8smi_overlay_list *list,
                             const struct overlay_kind *kind, void *items, size_t n) {
  int result = K8SM_OK;
  list->items = items;
  list->count = n;
  for (size_t i = 0; i < n; i++) {
    struct k8sm_slice name = overlay_name(kind, list->items[i]);
    if (k8smi_map_get(&list->names, name) != K8SMI_MAP_NONE) {
      overlay_conflict(b, kind, i, name, "in it");
      result = K8SM_ERR_INVALID;
    } else if (!k8smi_map_put(&list->names, name, (uint32_t)i)) {
      return k8smi_find_nomem(b->diags, K8SM_ERR_NOMEM);
    }
  }
  return result;
}

/* *ret stays NULL where there is none. */
static int overlay_message(struct k8smi_task_build *b, struct k8sm_slice bytes, uint32_t format,
                           const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor *whole,
                           ProtobufCMessage **ret) {
  if (bytes.len == 0) return K8SM_OK;
  int result = k8smi_message_read(&b->arena, format, type, bytes.ptr, bytes.len, ret, b->diags);
  if (result == K8SM_OK) result = k8smi_message_known(*ret, whole, b->diags);
  if (result != K8SM_OK && result != K8SM_ERR_NOMEM) {
    k8smi_find(b->diags, K8SM_DIAG_OPTION_INVALID, NULL, "the overlay of %s can't be used",
               whole->short_name);
  }
  return result;
}

static int overlay_executor_read(struct k8smi_task_build *b, struct k8sm_slice bytes, uint32_t format) {
  struct k8smi_task_overlays *o = &b->overlays;
  ProtobufCMessage *message = NULL;
  int result = overlay_message(b, bytes, format, &k8sm_mesos__executor_overlay__descriptor,
                               &k8sm_mesos__executor_info__descriptor, &message);
  if (result != K8SM_OK || message == NULL) return result;
  o->executor = (K8smMesos__ExecutorOverlay *)(void *)message;
  const K8smMesos__Labels *labels = o->executor->labels;
  return labels == NULL
             ? K8SM_OK
             : overlay_list_read(b, &o->executor_labels, &overlay_label, labels->labels, labels->n_labels);
}

static int overlay_task_read(struct k8smi_task_build *b, struct k8sm_slice bytes, uint32_t format) {
  struct k8smi_task_overlays *o = &b->overlays;
  ProtobufCMessage *message = NULL;
  int result = overlay_message(b, bytes, format, &k8sm_mesos__task_overlay__descriptor,
                               &k8sm_mesos__task_info__descriptor, &message);
  if (result != K8SM_OK || message == NULL) return result;
  o->task = (K8smMesos__TaskOverlay *)(void *)message;
  const K8smMesos__Labels *labels = o->task->labels;
  const K8smMesos__Environment *env = o->task->command == NULL ? NULL : o->task->command->environment;
  if (labels != NULL)
    result = overlay_list_read(b, &o->labels, &overlay_label, labels->labels, labels->n_labels);
  if (env == NULL || result == K8SM_ERR_NOMEM) return result;
  int other = overlay_list_read(b, &o->variables, &overlay_variable, env->variables, env->n_variables);
  return other == K8SM_OK ? result : other;
}

int k8smi_overlays_read(struct k8smi_task_build *b, const struct k8sm_task_options *options, uint64_t seed) {
  struct k8smi_task_overlays *o = &b->overlays;
  struct k8smi_overlay_list *const lists[] = {&o->executor_labels, &o->labels, &o->variables};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    k8smi_map_init(&lists[i]->names, &b->arena.allocator, seed);
  o->pod_wins = (options->flags & K8SM_CALLS_POD_WINS) != 0;
  int result = overlay_executor_read(b, options->executor_overlay, options->overlay_format);
  if (result == K8SM_ERR_NOMEM) return result;
  int other = overlay_task_read(b, options->task_overlay, options->overlay_format);
  return result == K8SM_OK || other == K8SM_ERR_NOMEM ? other : result;
}

void k8smi_overlays_free(struct k8smi_task_overlays *o) {
  k8smi_map_free(&o->executor_labels.names);
  k8smi_map_free(&o->labels.names);
  k8smi_map_free(&o->variables.names);
}

int k8smi_overlays_check(const struct k8sm_task_options *options, struct k8sm_diags *diags) {
  struct k8smi_task_build b;
  memset(&b, 0, sizeof b);
  b.diags = diags;
  k8smi_arena_init(&b.arena, options->allocator, 0);
  int result = k8smi_overlays_read(&b, options, 0);
  k8smi_overlays_free(&b.overlays);
  k8smi_arena_free(&b.arena);
  return result;
}

/* ---- merging ---- */

/* Those of `own`, and behind them those of the list that it has not. *ret is a new array of `*ret_n`. */
static int overlay_append(struct k8smi_task_build *b, const struct overlay_kind *kind,
                          const struct k8smi_overlay_list *list, const void *own, size_t n, void *ret,
                          size_t *ret_n) {
  const ProtobufCMessage **items = k8smi_task_array(b, n + list->count, sizeof *items);
  bool *there = k8smi_arena_array(&b->arena, list->count, sizeof *there);
  size_t used = n;
  int result = K8SM_OK;
  if (items == NULL || there == NULL) return k8smi_find_nomem(b->diags, K8SM_ERR_NOMEM);
  if (n > 0) memcpy(items, own, n * sizeof *items);
  for (size_t i = 0; i < n; i++) {
    uint32_t item = k8smi_map_get(&list->names, overlay_name(kind, items[i]));
    if (item == K8SMI_MAP_NONE) continue;
    there[item] = true;
    if (b->overlays.pod_wins) continue;
    char where[300];
    snprintf(where, sizeof where, "in pod %.*s", K8SMI_P(b->demand->name));
    overlay_conflict(b, kind, item, overlay_name(kind, items[i]), where);
    result = K8SM_ERR_INVALID;
  }
  for (size_t i = 0; i < list->count; i++) {
    if (!there[i]) items[used++] = list->items[i];
  }
  memcpy(ret, &items, sizeof items);
  *ret_n = used;
  return result;
}

/* The labels of a demand are one message for all its tasks: what comes of them is another. */
static int overlay_labels(struct k8smi_task_build *b, const struct k8smi_overlay_list *list,
                          K8smMesos__Labels **labels) {
  const K8smMesos__Labels *own = *labels;
  if (list->count == 0) return K8SM_OK;
  K8smMesos__Labels *merged = K8SMI_TASK_NEW(b, Labels, labels);
  if (merged == NULL) return k8smi_find_nomem(b->diags, K8SM_ERR_NOMEM);
  *labels = merged;
  return overlay_append(b, &overlay_label, list, own == NULL ? NULL : own->labels,
                        own == NULL ? 0 : own->n_labels, &merged->labels, &merged->n_labels);
}

/* An empty text of the mapping's is set, too. */
static void overlay_text(char **own, char *text) {
  if (*own == NULL) *own = text;
}

static void overlay_discovery(K8smMesos__DiscoveryInfo **own, K8smMesos__DiscoveryInfo *overlay) {
  K8smMesos__DiscoveryInfo *to = *own;
  if (overlay == NULL) return;
  if (to == NULL) {
    *own = overlay;
    return;
  }
  overlay_text(&to->name, overlay->name);
  overlay_text(&to->environment, overlay->environment);
  overlay_text(&to->location, overlay->location);
  overlay_text(&to->version, overlay->version);
  if (to->ports == NULL) to->ports = overlay->ports;
  if (to->labels == NULL) to->labels = overlay->labels;
}

int k8smi_overlays_executor(struct k8smi_task_build *b, K8smMesos__ExecutorInfo *info) {
  const K8smMesos__ExecutorOverlay *o = b->overlays.executor;
  if (o == NULL) return K8SM_OK;
  if (!info->has_data) info->data = o->data;
  info->has_data = info->has_data || o->has_data;
  overlay_discovery(&info->discovery, o->discovery);
  if (o->container != NULL) {
    K8smMesos__ContainerInfo *container = info->container;
    if (container->rlimit_info == NULL) container->rlimit_info = o->container->rlimit_info;
    if (container->n_network_infos == 0) {
      container->network_infos = o->container->network_infos;
      container->n_network_infos = o->container->n_network_infos;
    }
  }
  return overlay_labels(b, &b->overlays.executor_labels, &info->labels);
}

static int overlay_command(struct k8smi_task_build *b, K8smMesos__CommandInfo *command,
                           const K8smMesos__TaskOverlay__Command *o) {
  const struct k8smi_overlay_list *variables = &b->overlays.variables;
  overlay_text(&command->user, o->user);
  if (o->n_uris > 0) {
    K8smMesos__CommandInfo__URI **uris = k8smi_task_array(b, command->n_uris + o->n_uris, sizeof *uris);
    if (uris == NULL) return k8smi_find_nomem(b->diags, K8SM_ERR_NOMEM);
    if (command->n_uris > 0) memcpy(uris, command->uris, command->n_uris * sizeof *uris);
    memcpy(uris + command->n_uris, o->uris, o->n_uris * sizeof *uris);
    command->uris = uris;
    command->n_uris += o->n_uris;
  }
  if (variables->count == 0) return K8SM_OK;
  if (command->environment == NULL) command->environment = K8SMI_TASK_NEW(b, Environment, environment);
  K8smMesos__Environment *env = command->environment;
  return env == NULL ? k8smi_find_nomem(b->diags, K8SM_ERR_NOMEM)
                     : overlay_append(b, &overlay_variable, variables, env->variables, env->n_variables,
                                      &env->variables, &env->n_variables);
}

int k8smi_overlays_task(struct k8smi_task_build *b, K8smMesos__TaskInfo *info) {
  const K8smMesos__TaskOverlay *o = b->overlays.task;
  int result = K8SM_OK;
  if (o == NULL) return K8SM_OK;
  if (!info->has_data) info->data = o->data;
  info->has_data = info->has_data || o->has_data;
  overlay_discovery(&info->discovery, o->discovery);
  if (o->container != NULL) {
    K8smMesos__ContainerInfo *container = info->container;
    if (container->rlimit_info == NULL) container->rlimit_info = o->container->rlimit_info;
    if (container->tty_info == NULL) container->tty_info = o->container->tty_info;
  }
  if (o->command != NULL) result = overlay_command(b, info->command, o->command);
  if (result == K8SM_ERR_NOMEM) return result;
  int labels = overlay_labels(b, &b->overlays.labels, &info->labels);
  return labels == K8SM_OK ? result : labels;
}
