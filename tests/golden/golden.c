/* SPDX-License-Identifier: Apache-2.0 */
/* Golden calls: what each pod of the table in README.md becomes, in both encodings, byte for byte.
 * usage: golden FOLDER [--write]   (--write makes the calls anew: read what has changed by eye) */
#include <k8smesos/k8smesos.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLDEN_MAX = 8, GOLDEN_LINE = 1024 };

static const char *golden_folder;
static bool golden_write;
static int golden_failures;

/* A row of the table. */
struct golden_case {
  char name[64], of[64], principal[32], overlay[32];
  char role_texts[128];
  const char *roles[GOLDEN_MAX];
  size_t role_count;
  uint32_t form;
  uint64_t flags;
  char class_texts[128];
  struct k8sm_storage_class classes[GOLDEN_MAX];
  size_t class_count;
  struct k8sm_launch launches[GOLDEN_MAX];
  size_t launch_count;
  int64_t left;
};

struct golden_bytes {
  char *ptr;
  size_t len;
};

static void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  exit(1);
}

static struct golden_bytes read_file(const char *name) {
  char path[GOLDEN_LINE];
  struct golden_bytes b = {NULL, 0};
  snprintf(path, sizeof path, "%s/%s", golden_folder, name);
  FILE *f = fopen(path, "rb");
  if (f == NULL) return b;
  fseek(f, 0, SEEK_END);
  long len = ftell(f);
  rewind(f);
  b.ptr = malloc((size_t)len + 1);
  if (b.ptr == NULL || fread(b.ptr, 1, (size_t)len, f) != (size_t)len) die("%s can't be read", path);
  b.ptr[len] = '\0';
  b.len = (size_t)len;
  fclose(f);
  return b;
}

/* ---- The table ---- */

static void take_roles(struct golden_case *c, const char *value) {
  snprintf(c->role_texts, sizeof c->role_texts, "%s", value);
  for (char *at = strtok(c->role_texts, ","); at != NULL && c->role_count < GOLDEN_MAX;
       at = strtok(NULL, ","))
    c->roles[c->role_count++] = at;
}

/* "fast:mount:ssd,bulk:path": name, disk and, where there is one, profile. */
static void take_classes(struct golden_case *c, const char *value) {
  snprintf(c->class_texts, sizeof c->class_texts, "%s", value);
  for (char *at = strtok(c->class_texts, ","); at != NULL && c->class_count < GOLDEN_MAX;
       at = strtok(NULL, ",")) {
    char *disk = strchr(at, ':'), *profile = disk == NULL ? NULL : strchr(disk + 1, ':');
    if (disk == NULL) die("%s: '%s' is no storage class", c->name, at);
    *disk++ = '\0';
    if (profile != NULL) *profile++ = '\0';
    c->classes[c->class_count++] =
        (struct k8sm_storage_class){.name = at,
                                    .disk = strcmp(disk, "mount") == 0 ? K8SM_DISK_MOUNT : K8SM_DISK_PATH,
                                    .profile = profile};
  }
}

static void take_launches(struct golden_case *c, const char *value) {
  for (const char *at = value; *at != '\0' && c->launch_count < GOLDEN_MAX; at++) {
    char *end;
    struct k8sm_launch *launch = &c->launches[c->launch_count++];
    launch->task = (uint32_t)strtoul(at, &end, 10);
    launch->restart = (uint32_t)strtoul(end + 1, &end, 10);
    if (*end == '\0') return;
    at = end;
  }
}

static void take_option(struct golden_case *c, const char *option) {
  static const char *const forms[] = {"auto", "budget", "budget-reserved", "reserved", "command", "docker"};
  static const struct {
    const char *name;
    uint64_t flag;
  } flags[] = {{"no-limits", K8SM_DEMAND_NO_LIMITS},
               {"host-filesystem", K8SM_DEMAND_HOST_FILESYSTEM},
               {"original-defaults", K8SM_DEMAND_ORIGINAL_DEFAULTS},
               {"command-probes", K8SM_DEMAND_COMMAND_PROBES}};
  const char *value = strchr(option, '=');
  bool known = value != NULL;
  if (!known) die("%s: '%s' is no option", c->name, option);
  size_t key = (size_t)(value++ - option);
#define IS(text) (key == strlen(text) && memcmp(option, text, key) == 0)
  if (IS("of")) {
    snprintf(c->of, sizeof c->of, "%s", value);
  } else if (IS("principal")) {
    snprintf(c->principal, sizeof c->principal, "%s", value);
  } else if (IS("overlay")) {
    snprintf(c->overlay, sizeof c->overlay, "%s", value);
  } else if (IS("roles")) {
    take_roles(c, value);
  } else if (IS("class")) {
    take_classes(c, value);
  } else if (IS("resume")) {
    take_launches(c, value);
  } else if (IS("left")) {
    c->left = atoi(value);
  } else if (IS("form")) {
    for (uint32_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
      c->form = strcmp(forms[i], value) == 0 ? i : c->form;
    known = c->form != 0;
  } else {
    known = false;
    for (size_t i = 0; IS("flags") && i < sizeof flags / sizeof flags[0]; i++) {
      if (strcmp(flags[i].name, value) != 0) continue;
      c->flags |= flags[i].flag;
      known = true;
    }
  }
#undef IS
  if (!known) die("%s: '%s' is no option", c->name, option);
}

/* "| name | options | what for |". False: the line is none. */
static bool read_row(const char *line, struct golden_case *ret) {
  char name[64], options[256] = "";
  memset(ret, 0, sizeof *ret);
  if (sscanf(line, "| %63[a-z-] | %255[^|]|", name, options) < 1 || name[0] == '-' ||
      strcmp(name, "pod") == 0)
    return false;
  snprintf(ret->name, sizeof ret->name, "%s", name);
  snprintf(ret->of, sizeof ret->of, "%s", name);
  char rest[256];
  snprintf(rest, sizeof rest, "%s", options);
  char *words[GOLDEN_MAX];
  size_t n = 0;
  for (char *at = strtok(rest, " "); at != NULL && n < GOLDEN_MAX; at = strtok(NULL, " ")) words[n++] = at;
  for (size_t i = 0; i < n; i++) take_option(ret, words[i]);
  return true;
}

/* ---- What it becomes ---- */

/* The offer of the one agent, to the first of the roles. */
static struct k8sm_offers *read_offers(const struct golden_case *c) {
  struct golden_bytes text = read_file("offers.json");
  const char *role = c->role_count > 0 ? c->roles[0] : "*";
  struct k8sm_offers *offers = NULL;
  if (text.ptr == NULL) die("offers.json is missing");
  char *json = malloc(text.len * 8), *to = json;
  if (json == NULL) die("no memory");
  for (const char *at = text.ptr; *at != '\0';) {
    bool here = strncmp(at, "ROLE", 4) == 0;
    to += here ? sprintf(to, "%s", role) : sprintf(to, "%c", *at);
    at += here ? 4 : 1;
  }
  const struct k8sm_offers_options o = {.size = sizeof o, .format = K8SM_FORMAT_JSON};
  if (k8sm_offers_parse(json, (size_t)(to - json), &o, &offers, NULL) != K8SM_OK)
    die("offers.json is no event");
  free(json);
  free(text.ptr);
  return offers;
}

static struct k8sm_manifest *read_pods(const struct golden_case *c) {
  char name[128];
  struct k8sm_manifest *manifest = NULL;
  struct k8sm_diag rows[8];
  char text[2048];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  snprintf(name, sizeof name, "pods/%s.yaml", c->of);
  struct golden_bytes yaml = read_file(name);
  if (yaml.ptr == NULL) die("%s is missing", name);
  if (k8sm_manifest_parse(yaml.ptr, yaml.len, NULL, &manifest, &diags) != K8SM_OK) die("%s: %s", name, text);
  free(yaml.ptr);
  return manifest;
}

static size_t make_demands(const struct golden_case *c, const struct k8sm_manifest *manifest,
                           struct k8sm_demand **ret) {
  struct k8sm_manifest_data data[16];
  struct k8sm_manifest_pod pod;
  struct k8sm_diag rows[16];
  char text[4096];
  size_t n = 0;
  const struct k8sm_demand_options o = {.size = sizeof o,
                                        .flags = c->flags,
                                        .nonce = "n1",
                                        .form = c->form,
                                        .principal = c->principal[0] == '\0' ? NULL : c->principal,
                                        .roles = c->role_count == 0 ? NULL : c->roles,
                                        .role_count = c->role_count,
                                        .data = data,
                                        .data_count =
                                            k8sm_manifest_data(manifest, 0, data, sizeof data[0], 16),
                                        .data_size = sizeof data[0],
                                        .storage_classes = c->classes,
                                        .storage_class_count = c->class_count,
                                        .storage_class_size = sizeof c->classes[0]};
  for (; n < GOLDEN_MAX && k8sm_manifest_pods(manifest, n, &pod, sizeof pod, 1) > 0; n++) {
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
    if (k8sm_demand_make(pod.pod, &o, &ret[n], &diags) != K8SM_OK) die("%s: %s", c->name, text);
  }
  return n;
}

static struct golden_bytes read_overlay(const struct golden_case *c, const char *of) {
  char name[128];
  snprintf(name, sizeof name, "overlays/%s.%s.json", c->overlay, of);
  struct golden_bytes b = c->overlay[0] == '\0' ? (struct golden_bytes){NULL, 0} : read_file(name);
  if (b.ptr == NULL && c->overlay[0] != '\0') die("%s is missing", name);
  return b;
}

static struct k8sm_plan *place(struct k8sm_cluster *cluster, struct k8sm_demand **demands, size_t n) {
  struct k8sm_plan *plan = NULL;
  if (k8sm_cluster_match(cluster, demands, n, NULL, &plan, NULL) != K8SM_OK) die("no place could be found");
  return plan;
}

static struct k8sm_calls *make_calls(const struct golden_case *c, const struct k8sm_plan *plan,
                                     uint32_t format) {
  struct k8sm_calls *calls = NULL;
  struct golden_bytes executor = read_overlay(c, "executor"), task = read_overlay(c, "task");
  const struct k8sm_task_options o = {.size = sizeof o,
                                      .format = format,
                                      .refuse_seconds = 5,
                                      .executor_overlay = {executor.ptr, executor.len},
                                      .task_overlay = {task.ptr, task.len}};
  if (k8sm_plan_calls(plan, &o, &calls, NULL) != K8SM_OK) die("no calls could be made");
  free(executor.ptr);
  free(task.ptr);
  return calls;
}

/* The same pod under way, on the executor of the first call and with its ports. */
static struct k8sm_demand *resume(const struct golden_case *c, struct k8sm_cluster *cluster,
                                  struct k8sm_demand *demand) {
  enum { PORTS_MAX = 8 };
  struct k8sm_plan *plan = place(cluster, &demand, 1);
  struct k8sm_calls *calls = make_calls(c, plan, K8SM_FORMAT_PROTOBUF);
  struct k8sm_call_executor executor;
  struct k8sm_plan_port ports[PORTS_MAX];
  struct k8sm_demand *ret = NULL;
  k8sm_calls_executors(calls, 0, &executor, sizeof executor, 1);
  const struct k8sm_resume_options o = {.size = sizeof o,
                                        .agent_id = "golden-S1",
                                        .nonce = "n2",
                                        .executor = executor.bytes.ptr,
                                        .executor_len = executor.bytes.len,
                                        .launches = c->launches,
                                        .launch_count = c->launch_count,
                                        .launch_size = sizeof c->launches[0],
                                        .ports = ports,
                                        .port_count =
                                            k8sm_plan_ports(plan, 0, ports, sizeof ports[0], PORTS_MAX),
                                        .port_size = sizeof ports[0],
                                        .deadline_seconds = c->left};
  if (k8sm_demand_resume(demand, &o, &ret, NULL) != K8SM_OK) die("%s can't be resumed", c->name);
  k8sm_calls_unref(calls);
  k8sm_plan_unref(plan);
  k8sm_demand_unref(demand);
  return ret;
}

/* ---- Against the files ---- */

static void compare(const struct golden_case *c, const char *suffix, struct k8sm_slice bytes, bool line) {
  char name[128], path[GOLDEN_LINE];
  snprintf(name, sizeof name, "calls/%s.%s", c->name, suffix);
  if (golden_write) {
    snprintf(path, sizeof path, "%s/%s", golden_folder, name);
    FILE *f = fopen(path, "wb");
    bool fine =
        f != NULL && fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len && (!line || fputc('\n', f) == '\n');
    if (!fine || fclose(f) != 0) die("%s can't be written", path);
    return;
  }
  struct golden_bytes want = read_file(name);
  bool same = want.ptr != NULL && want.len == bytes.len + (line ? 1 : 0) &&
              memcmp(want.ptr, bytes.ptr, bytes.len) == 0;
  free(want.ptr);
  if (same) return;
  golden_failures++;
  fprintf(stderr, "%s: the call is not what %s says%s%.*s\n", c->name, name, line ? ":\n" : "",
          line ? (int)bytes.len : 0, bytes.ptr);
}

static void check(const struct golden_case *c) {
  struct k8sm_cluster *cluster = NULL;
  struct k8sm_demand *demands[GOLDEN_MAX];
  struct k8sm_manifest *manifest = read_pods(c);
  struct k8sm_offers *offers = read_offers(c);
  size_t n = make_demands(c, manifest, demands);
  if (k8sm_cluster_new(NULL, &cluster, NULL) != K8SM_OK ||
      k8sm_cluster_add(cluster, offers, 0, NULL) != K8SM_OK)
    die("no cluster");
  if (c->launch_count > 0) demands[0] = resume(c, cluster, demands[0]);
  struct k8sm_plan *plan = place(cluster, demands, n);
  for (int json = 0; json < 2; json++) {
    struct k8sm_calls *calls = make_calls(c, plan, json ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF);
    struct k8sm_call row;
    if (k8sm_calls_rows(calls, 0, &row, sizeof row, 1) != 1) die("%s: expected one call", c->name);
    compare(c, json ? "json" : "pb", row.bytes, json == 1);
    k8sm_calls_unref(calls);
  }
  k8sm_plan_unref(plan);
  for (size_t i = 0; i < n; i++) k8sm_demand_unref(demands[i]);
  k8sm_cluster_free(cluster);
  k8sm_offers_unref(offers);
  k8sm_manifest_unref(manifest);
}

int main(int argc, char **argv) {
  enum { AT_LEAST = 40 };
  int cases = 0;
  if (argc < 2) die("usage: golden FOLDER [--write]");
  golden_folder = argv[1];
  golden_write = argc > 2 && strcmp(argv[2], "--write") == 0;
  struct golden_bytes table = read_file("README.md");
  if (table.ptr == NULL) die("README.md is missing");
  for (char *line = table.ptr; line != NULL; line = strchr(line, '\n')) {
    struct golden_case c;
    if (*line == '\n') line++;
    if (!read_row(line, &c)) continue;
    check(&c);
    cases++;
  }
  free(table.ptr);
  if (cases < AT_LEAST) die("%d cases, expected at least %d", cases, AT_LEAST);
  printf("%d calls in two encodings, %d of them are others than they were\n", cases, golden_failures);
  return golden_failures == 0 ? 0 : 1;
}
