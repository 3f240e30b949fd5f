/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <string.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_task = {
    "task",
    "Print the Mesos calls that launch the pods of manifests, given offers",
    "-f FILE --offers FILE [-o json|protobuf]",
    "  km task -f nginx.yaml --offers offers.json | jq .accept.operations\n"
    "  km task -f nginx.yaml --offers offers.recordio -o protobuf > calls.recordio\n",
    run,
};

/* JSON: a call on each line. Protobuf: RecordIO. */
static int print_calls(const struct k8sm_calls *calls, uint32_t format) {
  struct k8sm_call row;
  for (size_t i = 0; k8sm_calls_rows(calls, i, &row, sizeof row, 1) > 0; i++) {
    if (format == K8SM_FORMAT_PROTOBUF) printf("%zu\n", row.bytes.len);
    fwrite(row.bytes.ptr, 1, row.bytes.len, stdout);
    if (format == K8SM_FORMAT_JSON) putchar('\n');
  }
  return ferror(stdout) ? KM_FAILED : KM_DONE;
}

static int plan_and_print(struct k8sm_cluster *cluster, struct k8sm_demand *const *demands, size_t count,
                          const struct km_demand_flags *flags, uint32_t format, double refuse_seconds) {
  static struct km_report report;
  struct k8sm_plan *plan;
  struct k8sm_calls *calls;
  struct k8sm_task_options options = {.size = sizeof options,
                                      .format = format,
                                      .refuse_seconds = refuse_seconds,
                                      .executor_overlay = flags->executor_overlay,
                                      .task_overlay = flags->task_overlay};
  km_report_begin(&report);
  int result = k8sm_cluster_match(cluster, demands, count, NULL, &plan, &report.diags);
  if (result != K8SM_OK) {
    km_report_end(&report, NULL, -1);
    km_report_result("matching", result);
    return KM_FAILED;
  }
  int code = KM_DONE;
  for (uint32_t i = 0; i < count; i++) {
    char key[600];
    struct k8sm_slice summary = k8sm_plan_summary(plan, i);
    if (summary.len == 0) continue;
    fprintf(stderr, "km: %s: %s\n", km_pod_key(k8sm_demand_pod(demands[i]), key, sizeof key), summary.ptr);
    code = KM_UNPLACED;
  }
  result = k8sm_plan_calls(plan, &options, &calls, &report.diags);
  bool said = report.diags.errors > 0;
  km_report_end(&report, NULL, -1);
  if (result == K8SM_OK) {
    if (print_calls(calls, format) != KM_DONE) code = KM_FAILED;
    k8sm_calls_unref(calls);
  } else {
    if (!said) km_report_result("writing the calls", result);
    code = KM_FAILED;
  }
  k8sm_plan_unref(plan);
  return code;
}

static int task_set(struct km_set *set, const struct km_demand_flags *flags, const char *offers,
                    uint32_t format, double refuse_seconds) {
  size_t made;
  if (km_set_name_uids(set) != KM_DONE) return KM_FAILED;
  struct k8sm_demand **demands = km_demands_make(set, flags, &made);
  struct k8sm_cluster *cluster =
      made == set->pod_count ? km_cluster_load(offers, set, flags->features) : NULL;
  int code =
      cluster == NULL ? KM_FAILED : plan_and_print(cluster, demands, made, flags, format, refuse_seconds);
  km_demands_free(demands, set->pod_count);
  k8sm_cluster_free(cluster);
  return code;
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts files = {0};
  struct km_demand_flags flags = {0};
  const char *offers = NULL, *output = "json";
  int64_t refuse = 5;
  bool templates = false;
  const struct km_option options[] = {
      {"filename", 'f', KM_TEXTS, &files, "FILE", "a manifest, a folder of them, or - for standard input"},
      {"offers", 0, KM_TEXT, &offers, "FILE", "OFFERS events: JSON or protobuf, one or many"},
      {"output", 'o', KM_TEXT, &output, "FORMAT", "json (default, one call per line) or protobuf (RecordIO)"},
      {"templates", 0, KM_FLAG, &templates, NULL, "one pod per template, whatever its replicas"},
      {"refuse-seconds", 0, KM_NUMBER, &refuse, "N", "for what the calls leave of their offers (default 5)"},
      KM_DEMAND_OPTIONS(flags),
      KM_OVERLAY_OPTIONS(flags),
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, NULL);
  bool json = strcmp(output, "json") == 0;
  if (code == -1 && files.count == 0) code = km_misuse(command, "which file? -f FILE");
  if (code == -1 && offers == NULL) code = km_misuse(command, "which offers? --offers FILE");
  if (code == -1 && refuse < 0) code = km_misuse(command, "--refuse-seconds is 0 or more");
  if (code == -1 && !json && strcmp(output, "protobuf") != 0) {
    code = km_misuse(command, "-o is json or protobuf, not '%s'", output);
  }
  if (code == -1) code = km_demand_parse(command, &flags);
  if (code == -1) {
    struct km_set set;
    code = km_set_load(&set, &files, templates ? K8SM_PARSE_TEMPLATES : 0);
    if (code == KM_DONE) {
      code = task_set(&set, &flags, offers, json ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF, (double)refuse);
    }
    km_set_free(&set);
  }
  km_texts_free(&files);
  km_demand_flags_free(&flags);
  return code;
}
