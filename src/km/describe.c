/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM_KIND "PersistentVolumeClaim"

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_describe = {
    "describe",
    "Show everything about pods, workloads and claims of a running 'km run', and what happened to them",
    "POD|KIND NAME|KIND/NAME|KIND …",
    "  km describe nginx\n"
    "  km describe deployment/web\n"
    "  km describe pvc data                      where the volume of a claim is\n"
    "  km describe pods -n kube-system\n",
    run,
};

static const char *word(json_t *object, const char *name) {
  const char *s = json_string_value(json_object_get(object, name));
  return s == NULL ? "" : s;
}

static void print_field(int indent, const char *name, const char *value) {
  enum { WIDTH = 20 };
  if (value[0] != '\0') printf("%*s%-*s %s\n", indent, "", WIDTH - indent, name, value);
}

static void print_number(int indent, const char *name, json_t *value) {
  char text[24];
  if (!json_is_integer(value)) return;
  snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
  print_field(indent, name, text);
}

/* A state is an object with one member, whose name is the state's. */
static void print_state(const char *title, json_t *state) {
  const char *name;
  json_t *detail;
  json_object_foreach(state, name, detail) {
    char shown[32];
    snprintf(shown, sizeof shown, "%c%s", name[0] - 'a' + 'A', name + 1);
    print_field(4, title, shown);
    print_field(6, "Reason:", word(detail, "reason"));
    print_field(6, "Message:", word(detail, "message"));
    print_number(6, "Exit Code:", json_object_get(detail, "exitCode"));
    print_number(6, "Signal:", json_object_get(detail, "signal"));
    print_field(6, "Started:", word(detail, "startedAt"));
    print_field(6, "Finished:", word(detail, "finishedAt"));
  }
}

static void print_containers(const char *title, json_t *statuses) {
  size_t i;
  json_t *c;
  if (json_array_size(statuses) == 0) return;
  printf("%s\n", title);
  json_array_foreach(statuses, i, c) {
    printf("  %s:\n", word(c, "name"));
    print_field(4, "Container ID:", word(c, "containerID"));
    print_field(4, "Image:", word(c, "image"));
    print_state("State:", json_object_get(c, "state"));
    print_state("Last State:", json_object_get(c, "lastState"));
    print_field(4, "Ready:", json_is_true(json_object_get(c, "ready")) ? "True" : "False");
    print_number(4, "Restart Count:", json_object_get(c, "restartCount"));
  }
}

static void print_conditions(json_t *conditions) {
  size_t i;
  json_t *c;
  if (json_array_size(conditions) == 0) return;
  printf("Conditions:\n");
  json_array_foreach(conditions, i, c) {
    const char *reason = word(c, "reason"), *message = word(c, "message");
    if (reason[0] == '\0' && message[0] == '\0')
      printf("  %-26s %s\n", word(c, "type"), word(c, "status"));
    else
      printf("  %-26s %-8s %s%s%s\n", word(c, "type"), word(c, "status"), reason,
             message[0] != '\0' ? ": " : "", message);
  }
}

static void print_events(json_t *events) {
  size_t lines = json_array_size(events);
  printf("Events:%s\n", lines == 0 ? " none" : "");
  if (lines > 0) km_events_describe(events, km_wall_ms(), stdout);
}

static void put_key(json_t *object, const char *kind, char key[KM_KEY_CAP]) {
  snprintf(key, KM_KEY_CAP, "%s/%s/%s", kind == NULL ? word(object, "kind") : kind, word(object, "namespace"),
           word(object, "name"));
}

static json_t *find(json_t *list, const char *kind, const char *wanted) {
  size_t i;
  json_t *o;
  json_array_foreach(list, i, o) {
    char key[KM_KEY_CAP];
    put_key(o, kind, key);
    if (strcmp(key, wanted) == 0) return o;
  }
  return NULL;
}

static void print_agent(int indent, json_t *object) {
  char agent[600];
  const char *hostname = word(object, "agent"), *id = word(object, "agentID");
  snprintf(agent, sizeof agent, hostname[0] == '\0' ? "%s%s" : "%s (%s)", hostname, id);
  print_field(indent, "Agent:", agent);
}

static void print_volume(int indent, json_t *claim) {
  char size[24] = "", modes[64];
  int64_t milli = json_integer_value(json_object_get(claim, "milliMB"));
  if (milli > 0) km_put_mem(size, sizeof size, milli);
  print_field(indent, "Status:", word(claim, "shown"));
  print_field(indent, "Volume:", word(claim, "volume"));
  print_field(indent, "Capacity:", size);
  km_put_modes(json_object_get(claim, "accessModes"), modes, sizeof modes);
  print_field(indent, "Access Modes:", modes);
  print_field(indent, "StorageClass:", word(claim, "storageClass"));
  print_agent(indent, claim);
}

/* Those of a pod, and where their volumes are. */
static void print_claims(json_t *names, json_t *claims) {
  size_t i;
  json_t *name;
  if (json_array_size(names) > 0) printf("Claims:\n");
  json_array_foreach(names, i, name) {
    char key[700];
    snprintf(key, sizeof key, CLAIM_KIND "/%s", json_string_value(name));
    json_t *claim = find(claims, CLAIM_KIND, key);
    printf("  %s:\n", strchr(json_string_value(name), '/') + 1);
    print_volume(4, claim);
  }
}

static void print_pod(json_t *pod, json_t *claims, json_t *events) {
  char cpus[24], mem[24];
  json_t *status = json_object_get(pod, "status");
  print_field(0, "Name:", word(pod, "name"));
  print_field(0, "Namespace:", word(pod, "namespace"));
  print_field(0, "UID:", word(pod, "uid"));
  print_agent(0, pod);
  print_field(0, "Start Time:", word(status, "startTime"));
  print_field(0, "Status:", word(pod, "shown"));
  print_field(0, "Reason:", word(status, "reason"));
  print_field(
      0, "Message:", word(status, "message")[0] != '\0' ? word(status, "message") : word(pod, "message"));
  print_field(0, "IP:", word(status, "podIP"));
  print_field(0, "QoS Class:", word(status, "qosClass"));
  km_put_cpus(cpus, sizeof cpus, json_integer_value(json_object_get(pod, "cpusMilli")));
  km_put_mem(mem, sizeof mem, json_integer_value(json_object_get(pod, "memMilliMB")));
  print_field(0, "CPU:", cpus);
  print_field(0, "Memory:", mem);
  print_containers("Init Containers:", json_object_get(status, "initContainerStatuses"));
  print_containers("Containers:", json_object_get(status, "containerStatuses"));
  print_claims(json_object_get(pod, "claims"), claims);
  print_conditions(json_object_get(status, "conditions"));
  print_events(events);
}

/* Numbers and texts of a status, by their names. */
static void print_status(json_t *status) {
  const char *name;
  json_t *value;
  json_object_foreach(status, name, value) {
    char title[64];
    snprintf(title, sizeof title, "%c%s:", name[0] - 'a' + 'A', name + 1);
    print_number(0, title, value);
    if (json_is_string(value)) print_field(0, title, json_string_value(value));
  }
}

static void print_workload(json_t *workload, json_t *events) {
  json_t *object = json_object_get(workload, "object"), *metadata = json_object_get(object, "metadata");
  print_field(0, "Name:", word(workload, "name"));
  print_field(0, "Namespace:", word(workload, "namespace"));
  print_field(0, "Kind:", word(workload, "kind"));
  print_field(0, "Created:", word(metadata, "creationTimestamp"));
  print_field(0, "Controlled By:", word(workload, "owner"));
  print_field(0, "Status:", word(workload, "state"));
  print_status(json_object_get(object, "status"));
  print_conditions(json_object_get(json_object_get(object, "status"), "conditions"));
  print_events(events);
}

static void print_claim(json_t *claim) {
  print_field(0, "Name:", word(claim, "name"));
  print_field(0, "Namespace:", word(claim, "namespace"));
  print_volume(0, claim);
}

static json_t *ask(const char *folder, const char *line) {
  char *answer = km_control_ask(folder, line);
  json_t *document = answer == NULL ? NULL : json_loads(answer, 0, NULL);
  free(answer);
  return document;
}

/* What there is to say, and how much of it has been said. */
struct describing {
  const char *folder;
  json_t *document;
  size_t shown;
};

static void describe(struct describing *d, json_t *object, const char *kind) {
  char key[KM_KEY_CAP], line[KM_KEY_CAP + 20];
  bool pod = kind != NULL && strcmp(kind, "Pod") == 0;
  put_key(object, kind, key);
  snprintf(line, sizeof line, "events %s", pod ? key + strlen("Pod/") : key);
  json_t *events = ask(d->folder, line);
  if (d->shown++ > 0) putchar('\n');
  if (pod)
    print_pod(object, json_object_get(d->document, "claims"), events);
  else if (kind == NULL)
    print_workload(object, events);
  else
    print_claim(object);
  json_decref(events);
}

static size_t describe_those(struct describing *d, const char *pattern) {
  static const struct {
    const char *list, *kind;
  } lists[] = {{"pods", "Pod"}, {"workloads", NULL}, {"claims", CLAIM_KIND}};
  size_t found = 0;
  for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
    json_t *list = json_object_get(d->document, lists[l].list), *object;
    size_t i;
    json_array_foreach(list, i, object) {
      char key[KM_KEY_CAP];
      put_key(object, lists[l].kind, key);
      if (!km_key_matches(pattern, key)) continue;
      describe(d, object, lists[l].kind);
      found++;
    }
  }
  return found;
}

static int describe_all(const char *folder, const struct km_texts *keys) {
  struct describing d = {.folder = folder, .document = ask(folder, "get")};
  int code = d.document == NULL ? KM_FAILED : KM_DONE;
  for (size_t i = 0; d.document != NULL && i < keys->count; i++) {
    if (describe_those(&d, keys->items[i]) > 0) continue;
    km_report_missing("describe", keys->items[i]);
    code = KM_FAILED;
  }
  json_decref(d.document);
  return code;
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts words = {0}, keys = {0};
  const char *state = NULL, *name_space = NULL;
  const struct km_option options[] = {
      {"namespace", 'n', KM_TEXT, &name_space, "NAME", "of names that do not say it (default: default)"},
      {"state", 0, KM_TEXT, &state, "DIR", "the state folder of the 'km run' that is asked"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, &words);
  if (code == -1 && words.count == 0) code = km_misuse(command, "which pod or workload? POD or KIND/NAME");
  if (code == -1) code = km_names_read("describe", &words, name_space, &keys);
  if (code == KM_DONE && keys.count > 0) {
    char folder[1024];
    code = describe_all(km_state_folder(state, folder, sizeof folder), &keys);
  }
  km_texts_free_all(&keys);
  km_texts_free(&words);
  return code;
}
