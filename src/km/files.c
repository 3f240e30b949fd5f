/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool read_stream(FILE *in, const char *name, char **ret, size_t *ret_len) {
  size_t cap = 64 * 1024, len = 0;
  char *bytes = km_alloc(NULL, cap);
  while (!feof(in) && !ferror(in)) {
    if (len == cap) bytes = km_alloc(bytes, cap *= 2);
    len += fread(bytes + len, 1, cap - len, in);
  }
  if (ferror(in)) {
    fprintf(stderr, "%s: %s\n", name, strerror(errno));
    free(bytes);
    return false;
  }
  *ret = bytes;
  *ret_len = len;
  return true;
}

bool km_is_folder(const char *name) {
  struct stat st;
  return strcmp(name, "-") != 0 && stat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

void km_report_no_events(const char *file, size_t len) {
  fprintf(stderr,
          "%s: found %s, expected events of Mesos' v1 scheduler API: JSON, one on each line, or RecordIO\n",
          file, len == 0 ? "no bytes" : "something else");
}

bool km_read_file(const char *name, char **ret, size_t *ret_len) {
  if (strcmp(name, "-") == 0) return read_stream(stdin, "standard input", ret, ret_len);
  FILE *in = fopen(name, "rb");
  if (in == NULL) {
    fprintf(stderr, "%s: %s\n", name, strerror(errno));
    return false;
  }
  bool ok = read_stream(in, name, ret, ret_len);
  fclose(in);
  return ok;
}

static bool is_manifest_name(const char *name) {
  static const char *const endings[] = {".yaml", ".yml", ".json", ".pb"};
  size_t n = strlen(name);
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    size_t e = strlen(endings[i]);
    if (n > e && name[0] != '.' && strcmp(name + n - e, endings[i]) == 0) return true;
  }
  return false;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_file(struct km_set *set, char *name) {
  set->files = km_alloc(set->files, (set->file_count + 1) * sizeof *set->files);
  set->files[set->file_count++] = (struct km_file){name, NULL, 0, NULL};
}

static bool add_folder(struct km_set *set, const char *folder) {
  DIR *dir = opendir(folder);
  if (dir == NULL) {
    fprintf(stderr, "%s: %s\n", folder, strerror(errno));
    return false;
  }
  char **names = NULL;
  size_t count = 0;
  for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
    if (!is_manifest_name(e->d_name)) continue;
    size_t n = strlen(folder) + strlen(e->d_name) + 2;
    names = km_alloc(names, (count + 1) * sizeof *names);
    names[count] = km_alloc(NULL, n);
    snprintf(names[count++], n, "%s/%s", folder, e->d_name);
  }
  closedir(dir);
  if (count > 0) qsort(names, count, sizeof *names, by_name);
  for (size_t i = 0; i < count; i++) add_file(set, names[i]);
  free(names);
  if (count == 0) fprintf(stderr, "%s: no .yaml, .yml, .json or .pb file in this folder\n", folder);
  return count > 0;
}

static bool add_name(struct km_set *set, const char *name) {
  if (km_is_folder(name)) return add_folder(set, name);
  add_file(set, km_strdup(name, strlen(name)));
  return true;
}

/* Where a pod of a workload stands in its document. */
static const char *template_prefix(struct k8sm_slice owner) {
  if (owner.len == 0) return "";
  if (owner.len > 8 && memcmp(owner.ptr, "CronJob/", 8) == 0) return "spec.jobTemplate.spec.template.";
  if (owner.len > 12 && memcmp(owner.ptr, "PodTemplate/", 12) == 0) return "template.";
  return "spec.template.";
}

static void add_pods(struct km_set *set, size_t file) {
  const struct k8sm_manifest *m = set->files[file].manifest;
  size_t n = k8sm_manifest_pods(m, 0, NULL, sizeof(struct k8sm_manifest_pod), 0);
  set->pods = km_alloc(set->pods, (set->pod_count + n) * sizeof *set->pods);
  for (size_t i = 0; i < n; i++) {
    struct k8sm_manifest_pod row;
    k8sm_manifest_pods(m, i, &row, sizeof row, 1);
    struct km_pod *pod = &set->pods[set->pod_count++];
    *pod = (struct km_pod){k8sm_pod_ref(row.pod), file, row.document, "", row.owner.len == 0, NULL};
    snprintf(pod->prefix, sizeof pod->prefix, "%s", template_prefix(row.owner));
  }
}

/* `pods` are those of the file. */
static void add_workloads(struct km_set *set, size_t file, struct km_pod *pods) {
  const struct k8sm_manifest *m = set->files[file].manifest;
  size_t n = k8sm_manifest_workloads(m, 0, NULL, sizeof(struct k8sm_manifest_workload), 0);
  set->workloads = km_alloc(set->workloads, (set->workload_count + n) * sizeof *set->workloads);
  for (size_t i = 0; i < n; i++) {
    struct k8sm_manifest_workload row;
    k8sm_manifest_workloads(m, i, &row, sizeof row, 1);
    set->workloads[set->workload_count++] = (struct km_workload){row.workload, file, row.document};
    for (size_t k = 0; k < row.pod_count; k++) pods[row.first_pod + k].workload = row.workload;
  }
}

void km_set_add_data(struct km_set *set, const struct k8sm_manifest *m) {
  size_t n = k8sm_manifest_data(m, 0, NULL, sizeof(struct k8sm_manifest_data), 0);
  set->data = km_alloc(set->data, (set->data_count + n) * sizeof *set->data);
  if (n > 0) k8sm_manifest_data(m, 0, set->data + set->data_count, sizeof *set->data, n);
  set->data_count += n;
}

static int load_file(struct km_set *set, size_t i, uint64_t flags) {
  static struct km_report report;
  struct km_file *f = &set->files[i];
  if (!km_read_file(f->name, &f->bytes, &f->len)) return KM_FAILED;
  if (strcmp(f->name, "-") == 0) {
    free(f->name);
    f->name = km_strdup("stdin", 5);
  }
  struct k8sm_parse_options options = {.size = sizeof options, .flags = flags};
  km_report_begin(&report);
  int result = k8sm_manifest_parse(f->bytes, f->len, &options, &f->manifest, &report.diags);
  bool silent = report.diags.count == 0;
  struct km_source source = {f->name, f->bytes, f->len, ""};
  km_report_end(&report, &source, -1);
  if (result != K8SM_OK) {
    if (silent) km_report_result(f->name, result);
    return KM_FAILED;
  }
  size_t first_pod = set->pod_count;
  add_pods(set, i);
  add_workloads(set, i, set->pods + first_pod);
  km_set_add_data(set, f->manifest);
  return KM_DONE;
}

int km_set_load(struct km_set *set, const struct km_texts *names, uint64_t flags) {
  int code = KM_DONE;
  memset(set, 0, sizeof *set);
  for (size_t i = 0; i < names->count; i++) {
    if (!add_name(set, names->items[i])) code = KM_FAILED;
  }
  for (size_t i = 0; i < set->file_count; i++) {
    if (load_file(set, i, flags) != KM_DONE) code = KM_FAILED;
  }
  return code;
}

void km_set_free(struct km_set *set) {
  for (size_t i = 0; i < set->pod_count; i++) k8sm_pod_unref(set->pods[i].pod);
  for (size_t i = 0; i < set->file_count; i++) {
    k8sm_manifest_unref(set->files[i].manifest);
    free(set->files[i].name);
    free(set->files[i].bytes);
  }
  free(set->pods);
  free(set->workloads);
  free(set->files);
  free(set->data);
  memset(set, 0, sizeof *set);
}

struct km_source km_set_source(const struct km_set *set, const struct km_pod *pod) {
  const struct km_file *f = &set->files[pod->file];
  return (struct km_source){f->name, f->bytes, f->len, pod->prefix};
}

struct km_source km_workload_source(const struct km_set *set, const struct km_workload *workload) {
  const struct km_file *f = &set->files[workload->file];
  return (struct km_source){f->name, f->bytes, f->len, ""};
}

const char *km_pod_key(const struct k8sm_pod *pod, char *text, size_t cap) {
  snprintf(text, cap, "%s/%s", k8sm_pod_namespace(pod).ptr, k8sm_pod_name(pod).ptr);
  return text;
}
