/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_status = {
    "status",
    "Print the PodStatus of pods after UPDATE events of Mesos",
    "-f FILE --updates FILE",
    "  km status -f nginx.yaml --updates updates.json | jq .phase\n"
    "  km status -f nginx.yaml --updates events.recordio\n",
    run,
};

/* What an UPDATE event says of its task, beyond what the library reads in it. */
struct update {
  struct k8sm_slice event;
  uint32_t format;
  char task_id[256];
  char agent_id[256];
  struct k8sm_task_id id;
  int64_t wall_ms;
};

struct updates {
  struct update *items;
  size_t count;
  char *bytes;
};

static const char *member(json_t *object, const char *name) {
  const char *value = json_string_value(json_object_get(json_object_get(object, name), "value"));
  return value == NULL ? "" : value;
}

/* Without a task's id where it is another event; *ret_hollow: it should have one. */
static int read_update(struct k8sm_slice event, uint32_t format, struct update *u, bool *ret_hollow,
                       struct k8sm_diags *diags) {
  struct k8sm_blob *blob;
  int result = k8sm_message_convert(K8SM_MESSAGE_EVENT, event.ptr, event.len, format, K8SM_FORMAT_JSON, NULL,
                                    &blob, diags);
  if (result != K8SM_OK) return result;
  struct k8sm_slice s = k8sm_blob_bytes(blob);
  json_t *document = json_loadb(s.ptr, s.len, 0, NULL);
  json_t *status = json_object_get(json_object_get(document, "update"), "status");
  *u = (struct update){.event = event, .format = format};
  snprintf(u->task_id, sizeof u->task_id, "%s", member(status, "task_id"));
  snprintf(u->agent_id, sizeof u->agent_id, "%s", member(status, "agent_id"));
  const char *type = json_string_value(json_object_get(document, "type"));
  *ret_hollow = status == NULL && type != NULL && strcmp(type, "UPDATE") == 0;
  u->wall_ms = (int64_t)(json_number_value(json_object_get(status, "timestamp")) * 1000);
  json_decref(document);
  k8sm_blob_unref(blob);
  return K8SM_OK;
}

/* The next event, which need not be an update. Errors: NOT_FOUND at the end; what is wrong is found. */
static int next_update(const char *file, struct updates *updates, size_t len, size_t *offset,
                       struct k8sm_diags *diags) {
  struct k8sm_slice event;
  uint32_t format;
  struct update u;
  bool hollow;
  int result = k8sm_message_next(updates->bytes, len, offset, &event, &format, diags);
  if (result == K8SM_OK)
    result = read_update(event, format, &u, &hollow, format == K8SM_FORMAT_JSON ? diags : NULL);
  if (result != K8SM_OK) return result;
  if (hollow) {
    fprintf(stderr, "%s: update: missing in an Event of type UPDATE, which requires it\n", file);
    return K8SM_ERR_INVALID;
  }
  if (u.task_id[0] == '\0') return K8SM_OK;
  updates->items = km_alloc(updates->items, (updates->count + 1) * sizeof u);
  updates->items[updates->count++] = u;
  return K8SM_OK;
}

static bool read_updates(const char *file, struct updates *updates) {
  static struct km_report report;
  size_t len, offset = 0, events = 0;
  int result;
  memset(updates, 0, sizeof *updates);
  if (!km_read_file(file, &updates->bytes, &len)) return false;
  km_report_begin(&report);
  while ((result = next_update(file, updates, len, &offset, &report.diags)) == K8SM_OK) events++;
  bool ok = result == K8SM_ERR_NOT_FOUND && events > 0;
  if (!ok && report.diags.errors == 0 && result != K8SM_ERR_INVALID) km_report_no_events(file, len);
  struct km_source source = {file, NULL, 0, NULL};
  km_report_end(&report, &source, -1);
  for (size_t i = 0; i < updates->count; i++) {
    struct update *u = &updates->items[i];
    if (k8sm_task_id_parse(u->task_id, strlen(u->task_id), &u->id) != K8SM_OK) u->id.uid.len = 0;
  }
  return ok;
}

/* One pod without a uid is taken to be the one that the updates are about; several get made-up uids. */
static int set_uids(struct km_set *set, const struct updates *updates) {
  if (set->pod_count == 1 && k8sm_pod_uid(set->pods[0].pod).len == 0) {
    for (size_t i = 0; i < updates->count; i++) {
      char uid[256];
      struct k8sm_slice of = updates->items[i].id.uid;
      if (of.len == 0) continue;
      snprintf(uid, sizeof uid, "%.*s", (int)of.len, of.ptr);
      return km_pod_set_uid(&set->pods[0], uid);
    }
  }
  return km_set_name_uids(set);
}

static bool is_of_pod(const struct update *u, const struct k8sm_pod *pod) {
  struct k8sm_slice uid = k8sm_pod_uid(pod);
  return u->id.uid.len == uid.len && memcmp(u->id.uid.ptr, uid.ptr, uid.len) == 0;
}

static bool seen_before(const struct updates *updates, size_t i) {
  for (size_t k = 0; k < i; k++) {
    if (strcmp(updates->items[k].task_id, updates->items[i].task_id) == 0) return true;
  }
  return false;
}

/* Whoever mixes up files is told so. */
static void report_foreign(const struct km_set *set, const struct updates *updates, const char *file) {
  for (size_t i = 0; i < updates->count; i++) {
    size_t k = 0;
    while (k < set->pod_count && !is_of_pod(&updates->items[i], set->pods[k].pod)) k++;
    if (k == set->pod_count && !seen_before(updates, i))
      fprintf(stderr, "%s: note: task '%s' is of none of these pods\n", file, updates->items[i].task_id);
  }
}

static struct k8sm_change change_of(uint32_t type, const struct update *u) {
  struct k8sm_change c = {
      .type = type, .format = u->format, .wall_ms = u->wall_ms, .mono_ms = (uint64_t)u->wall_ms};
  c.agent_id = (struct k8sm_slice){u->agent_id, strlen(u->agent_id)};
  if (type == K8SM_CHANGE_UPDATE) c.text = u->event;
  if (type == K8SM_CHANGE_LAUNCHED) c.text = (struct k8sm_slice){u->task_id, strlen(u->task_id)};
  if (type == K8SM_CHANGE_PLACED) c.text = c.agent_id;
  return c;
}

/* The updates tell what was launched: a task's first one stands for its launch too. */
static struct k8sm_status *apply_updates(const struct k8sm_demand *demand, const struct updates *updates,
                                         struct km_report *report) {
  struct k8sm_status *status;
  bool placed = false;
  if (k8sm_status_new(demand, NULL, &status, &report->diags) != K8SM_OK) return NULL;
  for (size_t i = 0; i < updates->count; i++) {
    const struct update *u = &updates->items[i];
    struct k8sm_change changes[3];
    size_t n = 0;
    if (!is_of_pod(u, k8sm_demand_pod(demand))) continue;
    if (!placed) changes[n++] = change_of(K8SM_CHANGE_PLACED, u);
    if (!seen_before(updates, i)) changes[n++] = change_of(K8SM_CHANGE_LAUNCHED, u);
    changes[n++] = change_of(K8SM_CHANGE_UPDATE, u);
    placed = true;
    struct k8sm_status *next;
    int result = k8sm_status_apply(status, changes, sizeof changes[0], n, NULL, &next, &report->diags);
    k8sm_status_unref(status);
    if (result != K8SM_OK) return NULL;
    status = next;
  }
  return status;
}

static int print_status(const struct k8sm_demand *demand, const struct updates *updates) {
  static struct km_report report;
  struct k8sm_blob *blob;
  km_report_begin(&report);
  struct k8sm_status *status = apply_updates(demand, updates, &report);
  km_report_end(&report, NULL, -1);
  int code = KM_FAILED;
  if (status != NULL && k8sm_status_encode(status, K8SM_FORMAT_JSON, NULL, &blob) == K8SM_OK) {
    struct k8sm_slice s = k8sm_blob_bytes(blob);
    fwrite(s.ptr, 1, s.len, stdout);
    putchar('\n');
    k8sm_blob_unref(blob);
    code = KM_DONE;
  }
  k8sm_status_unref(status);
  return code;
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts files = {0};
  struct km_demand_flags flags = {0};
  const char *file = NULL, *output = "json";
  const struct km_option options[] = {
      {"filename", 'f', KM_TEXTS, &files, "FILE", "a manifest, a folder of them, or - for standard input"},
      {"updates", 0, KM_TEXT, &file, "FILE", "UPDATE events: JSON or protobuf, one or many"},
      {"output", 'o', KM_TEXT, &output, "FORMAT", "json: one PodStatus on each line"},
      {"host-filesystem", 0, KM_FLAG, &flags.host_filesystem, NULL, "the pods run without images"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, NULL);
  if (code == -1 && files.count == 0) code = km_misuse(command, "which file? -f FILE");
  if (code == -1 && file == NULL) code = km_misuse(command, "which updates? --updates FILE");
  if (code == -1 && strcmp(output, "json") != 0) code = km_misuse(command, "-o is json, not '%s'", output);
  if (code == -1) {
    struct km_set set;
    struct updates updates;
    size_t made = 0;
    code = km_set_load(&set, &files, 0);
    if (code == KM_DONE && !read_updates(file, &updates)) {
      code = KM_FAILED;
      free(updates.items);
      free(updates.bytes);
    } else if (code == KM_DONE) {
      code = set_uids(&set, &updates);
      report_foreign(&set, &updates, file);
      struct k8sm_demand **demands = km_demands_make(&set, &flags, &made);
      if (made < set.pod_count) code = KM_FAILED;
      for (size_t i = 0; code == KM_DONE && i < set.pod_count; i++) code = print_status(demands[i], &updates);
      km_demands_free(demands, set.pod_count);
      free(updates.items);
      free(updates.bytes);
    }
    km_set_free(&set);
  }
  km_texts_free(&files);
  return code;
}
