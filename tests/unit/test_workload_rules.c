/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the API server for workloads, one by one, from workload_rules.txt. */
#include <k8smesos/workload.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/rule_cases.h"

#define RUNS "metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}"
#define ENDS "spec: {restartPolicy: Never, containers: [{name: c, image: i}]}"

/* What a kind has where the case says nothing of it: lines of its spec, each left out if there is one of that
 * name. */
static const struct rule_kind {
  const char *where, *head;
  const char *lines[2];
} kinds[] = {
    {"podtemplate", "apiVersion: v1\nkind: PodTemplate\n", {NULL}},
    {"controller", "apiVersion: v1\nkind: ReplicationController\n", {"template: {" RUNS "}\n"}},
    {"replicaset",
     "apiVersion: apps/v1\nkind: ReplicaSet\n",
     {"template: {" RUNS "}\n", "selector: {matchLabels: {app: web}}\n"}},
    {"deployment",
     "apiVersion: apps/v1\nkind: Deployment\n",
     {"template: {" RUNS "}\n", "selector: {matchLabels: {app: web}}\n"}},
    {"statefulset",
     "apiVersion: apps/v1\nkind: StatefulSet\n",
     {"template: {" RUNS "}\n", "selector: {matchLabels: {app: web}}\n"}},
    {"daemonset",
     "apiVersion: apps/v1\nkind: DaemonSet\n",
     {"template: {" RUNS "}\n", "selector: {matchLabels: {app: web}}\n"}},
    {"job", "apiVersion: batch/v1\nkind: Job\n", {"template: {" ENDS "}\n"}},
    {"cronjob",
     "apiVersion: batch/v1\nkind: CronJob\n",
     {"schedule: 0 * * * *\n", "jobTemplate: {spec: {template: {" ENDS "}}}\n"}},
};

/* A line of the case that begins with "name:" is one of the metadata. */
static void build_yaml(const struct rule_case *c, char *yaml, size_t cap) {
  size_t k = 0;
  const char *body = c->body;
  char name[128] = "w";
  while (strcmp(kinds[k].where, c->where) != 0) k++;
  if (sscanf(body, "name: %127s", name) == 1) body += strcspn(body, "\n") + 1;
  snprintf(yaml, cap, "%smetadata: {name: %s}\n%s", kinds[k].head, name, k == 0 ? "" : "spec:\n");
  put_fields(yaml, cap, body, k == 0 ? 0 : 2);
  for (size_t i = 0; i < 2 && kinds[k].lines[i] != NULL; i++) {
    char key[32];
    snprintf(key, sizeof key, "  %.*s:", (int)strcspn(kinds[k].lines[i], ":"), kinds[k].lines[i]);
    if (!has_line(yaml, key)) put_fields(yaml, cap, kinds[k].lines[i], 2);
  }
}

enum { FOUND_MAX = 64 };
struct found {
  struct k8sm_diag rows[FOUND_MAX];
  char text[1 << 16];
  struct k8sm_diags diags;
};

static int check(struct found *f, const char *yaml, const struct k8sm_allocator *allocator) {
  const struct k8sm_parse_options o = {.size = sizeof o, .allocator = allocator};
  struct k8sm_workload *workload = NULL;
  f->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(f->rows, f->text);
  int r = k8sm_workload_parse(yaml, strlen(yaml), &o, &workload, &f->diags);
  k8sm_workload_unref(workload);
  return r;
}

/* The i-th finding; "nothing" behind the last one. */
static const char *finding(const struct found *f, size_t i) {
  static char line[4096];
  if (i >= f->diags.count) return "nothing";
  snprintf(line, sizeof line, "%s: %s", f->text + f->rows[i].path, f->text + f->rows[i].message);
  return line;
}

static const char *source_root;

static FILE *open_cases(void) {
  char path[1024];
  snprintf(path, sizeof path, "%s/tests/unit/workload_rules.txt", source_root);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  return file;
}

static void rules(void **state) {
  (void)state;
  static struct rule_case c;
  static struct found f;
  static char line[16384], yaml[16384];
  size_t number = 0, cases = 0, wrong = 0;
  FILE *file = open_cases();
  for (; next_rule_case(file, line, sizeof line, &number, &c); cases++) {
    build_yaml(&c, yaml, sizeof yaml);
    int r = check(&f, yaml, NULL);
    if (r != (c.wanted == 0 ? K8SM_OK : K8SM_ERR_INVALID))
      fail_msg("line %zu: %d, %s", c.line, r, finding(&f, 0));
    for (size_t i = 0; i < c.wanted || i < f.diags.count; i++) {
      const char *want = i < c.wanted ? c.want[i] : "nothing";
      if (strcmp(finding(&f, i), want) == 0) continue;
      print_error("workload_rules.txt:%zu: %s\nfound  %s\nwanted %s\n", c.line, c.title, finding(&f, i),
                  want);
      wrong++;
    }
  }
  fclose(file);
  assert_int_equal(wrong, 0);
  assert_in_range(cases, 100, 10000);
}

/* Every allocation fails once, in every case: the answer says so, and nothing is left behind. */
static void rules_without_memory(void **state) {
  (void)state;
  static struct rule_case c;
  static struct found f;
  static char line[16384], yaml[16384];
  size_t number = 0;
  FILE *file = open_cases();
  while (next_rule_case(file, line, sizeof line, &number, &c)) {
    build_yaml(&c, yaml, sizeof yaml);
    int r = K8SM_ERR_NOMEM;
    for (size_t n = 1; r == K8SM_ERR_NOMEM; n++) {
      struct failing memory;
      failing_init(&memory, n);
      r = check(&f, yaml, &memory.allocator);
      if (memory.held != 0) fail_msg("%s: memory left behind after %zu", c.title, n);
    }
    if (r != (c.wanted == 0 ? K8SM_OK : K8SM_ERR_INVALID) || f.diags.errors != c.wanted)
      fail_msg("line %zu: %d, %zu findings, the last %s", c.line, r, f.diags.errors,
               finding(&f, f.diags.count - 1));
  }
  fclose(file);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rules), cmocka_unit_test(rules_without_memory)};
  if (argc > 1) source_root = argv[1];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
