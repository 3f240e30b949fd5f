/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct km_trace_reader {
  FILE *in;
  const char *name;
  size_t line;
  json_t *head; /* the setup's texts point into it */
  struct k8sm_manifest_data *data;
  struct km_demand_flags mapping;
  char **texts; /* of the head, and of the last line from `head_texts` on */
  size_t text_count, head_texts;
  struct k8sm_pod *pod; /* of the last line, as all below */
  struct k8sm_workload *workload;
  struct k8sm_control_agent *agents;
  struct k8sm_node *nodes;
  size_t agent_count;
};

static void drop_texts(struct km_trace_reader *r, size_t from) {
  for (size_t i = from; i < r->text_count; i++) free(r->texts[i]);
  r->text_count = from;
}

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a text in hexadecimal; they stay until drop_texts. */
static struct k8sm_slice unhex(struct km_trace_reader *r, json_t *value) {
  const char *text = json_string_value(value);
  struct k8sm_slice s = {NULL, 0};
  if (text == NULL) return s;
  size_t len = json_string_length(value) / 2;
  char *bytes = km_alloc(NULL, len + 1);
  for (size_t i = 0; i < len; i++) bytes[i] = (char)(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
  bytes[len] = '\0';
  r->texts = km_alloc(r->texts, (r->text_count + 1) * sizeof *r->texts);
  r->texts[r->text_count++] = bytes;
  s.ptr = bytes;
  s.len = len;
  return s;
}

static struct k8sm_slice bytes_of(struct km_trace_reader *r, json_t *object, const char *name) {
  return unhex(r, json_object_get(object, name));
}

static uint64_t number(json_t *object, const char *name) {
  return (uint64_t)json_integer_value(json_object_get(object, name));
}

static const char *text(json_t *object, const char *name) {
  return json_string_value(json_object_get(object, name));
}

/* The next line as an object; NULL at the end (*bad false), or if it is none. */
static json_t *read_line(struct km_trace_reader *r, bool *bad) {
  json_error_t error;
  json_t *object = json_loadf(r->in, JSON_DISABLE_EOF_CHECK, &error);
  r->line++;
  *bad = false;
  if (json_is_object(object)) return object;
  json_decref(object);
  /* What stops in the middle of a line is the end of a km that was killed. */
  *bad = !feof(r->in);
  if (*bad) fprintf(stderr, "%s:%zu: not a line of a recording: %s\n", r->name, r->line, error.text);
  return NULL;
}

static void read_data(struct km_trace_reader *r, struct km_driver_setup *setup) {
  json_t *rows = json_object_get(r->head, "data"), *row;
  size_t i;
  r->data = km_alloc(NULL, json_array_size(rows) * sizeof *r->data);
  json_array_foreach(rows, i, row) {
    r->data[i] = (struct k8sm_manifest_data){
        bytes_of(r, row, "kind"),  bytes_of(r, row, "namespace"),
        bytes_of(r, row, "name"),  bytes_of(r, row, "key"),
        bytes_of(r, row, "value"), (uint32_t)json_integer_value(json_object_get(row, "flags"))};
  }
  setup->data = r->data;
  setup->data_count = json_array_size(rows);
  r->head_texts = r->text_count;
}

static struct km_texts texts(const json_t *head, const char *key) {
  const json_t *list = json_object_get(head, key);
  size_t n = json_array_size(list);
  struct km_texts t = {0};
  t.items = n == 0 ? NULL : km_alloc(NULL, n * sizeof *t.items);
  for (; t.count < n; t.count++) {
    const char *item = json_string_value(json_array_get(list, t.count));
    t.items[t.count] = item == NULL ? "" : item;
  }
  return t;
}

/* As `km run` read it from its command line. */
static bool read_mapping(struct km_trace_reader *r) {
  static const struct km_command as = {.name = "replay"};
  struct km_demand_flags *m = &r->mapping;
  *m = (struct km_demand_flags){.role = text(r->head, "role"),
                                .principal = text(r->head, "principal"),
                                .form = text(r->head, "form"),
                                .network = text(r->head, "network"),
                                .reservation = text(r->head, "reservation"),
                                .reservation_principal = text(r->head, "reservationPrincipal"),
                                .policies = texts(r->head, "policies"),
                                .users = texts(r->head, "users"),
                                .classes = texts(r->head, "storageClasses"),
                                .agent_features = text(r->head, "agentFeatures"),
                                .executor_overlay = bytes_of(r, r->head, "executorOverlay"),
                                .task_overlay = bytes_of(r, r->head, "taskOverlay"),
                                .host_filesystem = number(r->head, "hostFilesystem") != 0,
                                .no_limits = number(r->head, "noLimits") != 0,
                                .original_defaults = number(r->head, "originalDefaults") != 0,
                                .command_probes = number(r->head, "commandProbes") != 0,
                                .form_fallback = number(r->head, "formFallback") != 0};
  return km_demand_parse(&as, m) == -1;
}

struct km_trace_reader *km_trace_open(const char *file, struct km_driver_setup *setup) {
  struct km_trace_reader *r = km_alloc(NULL, sizeof *r);
  bool bad = false;
  bool folder = km_is_folder(file);
  *r = (struct km_trace_reader){.in = folder ? NULL : fopen(file, "r"), .name = file};
  if (r->in == NULL)
    fprintf(stderr, "%s: %s\n", file, strerror(folder ? EISDIR : errno));
  else
    r->head = read_line(r, &bad);
  if (r->in != NULL && (text(r->head, "km") == NULL || text(r->head, "protocol") == NULL)) {
    if (!bad) fprintf(stderr, "%s: not a recording of 'km run --record'\n", file);
    bad = true;
  }
  if (r->in == NULL || bad || !read_mapping(r)) {
    km_trace_reader_close(r);
    return NULL;
  }
  *setup = (struct km_driver_setup){.master = text(r->head, "master"),
                                    .name = text(r->head, "name"),
                                    .user = text(r->head, "user"),
                                    .protocol = text(r->head, "protocol"),
                                    .mapping = &r->mapping,
                                    .preemption = number(r->head, "preemption") != 0,
                                    .no_feedback = number(r->head, "noFeedback") != 0,
                                    .seed = number(r->head, "seed"),
                                    .control_seed = number(r->head, "controlSeed"),
                                    .adopt_ms = number(r->head, "adopt"),
                                    .launch_timeout_ms = number(r->head, "launchTimeout")};
  read_data(r, setup);
  return r;
}

/* ---- Lines ---- */

static const struct k8sm_parse_options as_it_is = {.size = sizeof as_it_is,
                                                   .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};

static bool read_pod(struct km_trace_reader *r, json_t *line) {
  struct k8sm_slice json = bytes_of(r, line, "pod");
  return json.ptr == NULL || k8sm_pod_parse(json.ptr, json.len, &as_it_is, &r->pod, NULL) == K8SM_OK;
}

static bool read_workload(struct km_trace_reader *r, json_t *line) {
  /* Its pods get what is left to be said of pods only when they are made. */
  static const struct k8sm_parse_options checked = {.size = sizeof checked, .flags = K8SM_PARSE_NO_VALIDATE};
  struct k8sm_slice json = bytes_of(r, line, "workload");
  return json.ptr == NULL || k8sm_workload_parse(json.ptr, json.len, &checked, &r->workload, NULL) == K8SM_OK;
}

static const char *text_at(struct km_trace_reader *r, json_t *list, size_t i) {
  const char *text = unhex(r, json_array_get(list, i)).ptr;
  return text == NULL ? "" : text;
}

static struct k8sm_node read_node(struct km_trace_reader *r, json_t *labels, json_t *taints) {
  size_t label_count = json_array_size(labels) / 2, taint_count = json_array_size(taints) / 3;
  struct k8sm_node_label *label_rows = km_alloc(NULL, label_count * sizeof *label_rows);
  struct k8sm_node_taint *taint_rows = km_alloc(NULL, taint_count * sizeof *taint_rows);
  for (size_t i = 0; i < label_count; i++)
    label_rows[i] = (struct k8sm_node_label){text_at(r, labels, 2 * i), text_at(r, labels, 2 * i + 1)};
  for (size_t i = 0; i < taint_count; i++)
    taint_rows[i] = (struct k8sm_node_taint){text_at(r, taints, 3 * i), text_at(r, taints, 3 * i + 1),
                                             text_at(r, taints, 3 * i + 2)};
  return (struct k8sm_node){.size = sizeof(struct k8sm_node),
                            .labels = label_rows,
                            .label_count = label_count,
                            .label_size = sizeof *label_rows,
                            .taints = taint_rows,
                            .taint_count = taint_count,
                            .taint_size = sizeof *taint_rows};
}

static void read_agents(struct km_trace_reader *r, json_t *rows) {
  size_t n = json_array_size(rows);
  r->agents = km_alloc(NULL, n * sizeof *r->agents);
  r->nodes = km_alloc(NULL, n * sizeof *r->nodes);
  for (; r->agent_count < n; r->agent_count++) {
    json_t *row = json_array_get(rows, r->agent_count), *labels = json_object_get(row, "labels");
    struct k8sm_node *node = &r->nodes[r->agent_count];
    *node = read_node(r, labels, json_object_get(row, "taints"));
    r->agents[r->agent_count] =
        (struct k8sm_control_agent){bytes_of(r, row, "name"), labels == NULL ? NULL : node};
  }
}

static void drop_line(struct km_trace_reader *r) {
  for (size_t i = 0; i < r->agent_count; i++) {
    free((void *)(uintptr_t)r->nodes[i].labels);
    free((void *)(uintptr_t)r->nodes[i].taints);
  }
  free(r->agents);
  free(r->nodes);
  k8sm_pod_unref(r->pod);
  k8sm_workload_unref(r->workload);
  r->agents = NULL;
  r->nodes = NULL;
  r->agent_count = 0;
  r->pod = NULL;
  r->workload = NULL;
  drop_texts(r, r->head_texts);
}

static struct k8sm_input driver_input(struct km_trace_reader *r, json_t *line) {
  return (struct k8sm_input){.size = sizeof(struct k8sm_input),
                             .type = (uint32_t)number(line, "type"),
                             .status = (uint32_t)number(line, "status"),
                             .mono_ms = number(line, "mono"),
                             .wall_ms = (int64_t)number(line, "wall"),
                             .exchange = number(line, "exchange"),
                             .number = number(line, "number"),
                             .key = bytes_of(r, line, "key"),
                             .bytes = bytes_of(r, line, "bytes"),
                             .content_type = bytes_of(r, line, "contentType"),
                             .stream_id = bytes_of(r, line, "streamID"),
                             .location = bytes_of(r, line, "location"),
                             .pod = r->pod,
                             .grace_seconds = (int64_t)number(line, "grace"),
                             .flags = (uint32_t)number(line, "flags")};
}

static struct k8sm_control_input control_input(struct km_trace_reader *r, json_t *line) {
  read_agents(r, json_object_get(line, "agents"));
  return (struct k8sm_control_input){.size = sizeof(struct k8sm_control_input),
                                     .type = (uint32_t)number(line, "type"),
                                     .flags = (uint32_t)number(line, "flags"),
                                     .mono_ms = number(line, "mono"),
                                     .wall_ms = (int64_t)number(line, "wall"),
                                     .number = number(line, "number"),
                                     .key = bytes_of(r, line, "key"),
                                     .bytes = bytes_of(r, line, "bytes"),
                                     .workload = r->workload,
                                     .pod = r->pod,
                                     .grace_seconds = (int64_t)number(line, "grace"),
                                     .agents = r->agents,
                                     .agent_count = r->agent_count,
                                     .agent_size = sizeof *r->agents};
}

int km_trace_next(struct km_trace_reader *r, struct km_traced *ret) {
  bool bad;
  json_t *line = read_line(r, &bad);
  if (line == NULL) return bad ? -1 : 0;
  drop_line(r);
  if (!read_pod(r, line) || !read_workload(r, line)) {
    fprintf(stderr, "%s:%zu: the %s can't be read\n", r->name, r->line,
            json_object_get(line, "workload") == NULL ? "pod" : "workload");
    json_decref(line);
    return -1;
  }
  *ret = (struct km_traced){.of_control = json_is_true(json_object_get(line, "control")),
                            .result = (int)(int64_t)number(line, "result"),
                            .sum = number(line, "sum")};
  if (ret->of_control)
    ret->control = control_input(r, line);
  else
    ret->driver = driver_input(r, line);
  json_decref(line);
  return 1;
}

void km_trace_reader_close(struct km_trace_reader *r) {
  if (r != NULL) km_demand_flags_free(&r->mapping);
  if (r == NULL) return;
  drop_line(r);
  drop_texts(r, 0);
  free(r->texts);
  free(r->data);
  json_decref(r->head);
  if (r->in != NULL) fclose(r->in);
  free(r);
}
