/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_match = {
    "match",
    "Say which pod goes to which agent, given offers, and why the others do not",
    "-f FILE --offers FILE",
    "  km match -f nginx.yaml --offers offers.json\n"
    "  km match -f . --offers events.recordio | jq '.unplaced[].summary'\n"
    "  km match -f . --offers offers.json --strategy spread --all-reasons\n"
    "  km match -f urgent.yaml --running pods.yaml --preemption --offers offers.json -o text\n",
    run,
};

static json_t *text(struct k8sm_slice s) {
  return json_stringn(s.ptr == NULL ? "" : s.ptr, s.len);
}

const char *km_match_pod(const struct k8sm_demand *demand, char *to, size_t cap) {
  return km_pod_key(k8sm_demand_pod(demand), to, cap);
}

static json_t *pod_name(const struct k8sm_demand *demand) {
  char key[600];
  return json_string(km_match_pod(demand, key, sizeof key));
}

static long long priority_of(const struct k8sm_demand *demand) {
  struct k8sm_pod_value value;
  int result = k8sm_pod_get_value(k8sm_demand_pod(demand), "spec.priority", &value, sizeof value);
  return result == K8SM_OK ? (long long)value.number : 0;
}

const char *km_match_why(const struct k8sm_plan_victim *victim, const struct k8sm_demand *for_pod,
                         char to[KM_WHY_CAP]) {
  snprintf(to, KM_WHY_CAP, "its priority %lld is lower than %lld", (long long)victim->priority,
           priority_of(for_pod));
  return to;
}

static json_t *offers_of(const struct k8sm_plan *plan, uint32_t placement) {
  json_t *list = json_array();
  struct k8sm_plan_offer row;
  for (size_t i = 0; k8sm_plan_offers(plan, i, &row, sizeof row, 1) > 0; i++) {
    if (row.placement == placement) json_array_append_new(list, text(row.id));
  }
  return list;
}

/* A resource as Mesos writes it; "task" says which task of the pod asks it, and is absent for the executor.
 */
static json_t *resources_of(const struct k8sm_plan *plan, uint32_t placement) {
  json_t *list = json_array();
  struct k8sm_plan_resource row;
  for (size_t i = 0; k8sm_plan_resources(plan, i, &row, sizeof row, 1) > 0; i++) {
    if (row.placement != placement) continue;
    json_t *r = json_object();
    json_object_set_new(r, "name", text(row.name));
    if (row.reservation.len > 0) json_object_set_new(r, "reservation", text(row.reservation));
    if (row.task >= 0) json_object_set_new(r, "task", json_integer(row.task));
    if (row.type == K8SM_RESOURCE_SCALAR) {
      json_object_set_new(r, "scalar", json_real((double)row.milli / 1000));
    } else {
      json_object_set_new(r, "begin", json_integer((json_int_t)row.begin));
      json_object_set_new(r, "end", json_integer((json_int_t)row.end));
    }
    json_array_append_new(list, r);
  }
  return list;
}

static json_t *ports_of(const struct k8sm_plan *plan, uint32_t placement) {
  json_t *list = json_array();
  struct k8sm_plan_port row;
  for (size_t i = 0; k8sm_plan_ports(plan, i, &row, sizeof row, 1) > 0; i++) {
    if (row.placement != placement) continue;
    json_t *p = json_object();
    json_object_set_new(p, "container", text(row.container));
    if (row.name.len > 0) json_object_set_new(p, "name", text(row.name));
    json_object_set_new(p, "protocol", text(row.protocol));
    json_object_set_new(p, "containerPort", json_integer(row.container_port));
    if (row.host_port != 0) json_object_set_new(p, "hostPort", json_integer(row.host_port));
    json_array_append_new(list, p);
  }
  return list;
}

/* With the disk that each is made of, unless that is the agent's own. */
static json_t *volumes_of(const struct k8sm_plan *plan, uint32_t placement) {
  static const char *const disks[] = {NULL, "PATH", "MOUNT", "BLOCK", "RAW"};
  json_t *list = json_array();
  struct k8sm_plan_volume row;
  for (size_t i = 0; k8sm_plan_volumes(plan, i, &row, sizeof row, 1) > 0; i++) {
    if (row.placement != placement) continue;
    json_t *v = json_object();
    json_object_set_new(v, "id", text(row.id));
    json_object_set_new(v, "scalar", json_real((double)row.milli / 1000));
    if (row.disk > 0 && row.disk < sizeof disks / sizeof disks[0])
      json_object_set_new(v, "disk", json_string(disks[row.disk]));
    if (row.root.len > 0) json_object_set_new(v, "root", text(row.root));
    json_object_set_new(v, "there", json_boolean(row.there));
    json_array_append_new(list, v);
  }
  return list;
}

static json_t *scores_of(const struct k8sm_plan *plan, uint32_t placement) {
  json_t *list = json_array();
  struct k8sm_plan_score row;
  for (size_t i = 0; k8sm_plan_scores(plan, i, &row, sizeof row, 1) > 0; i++) {
    if (row.placement != placement) continue;
    json_t *s = json_object();
    json_object_set_new(s, "part", text(row.part));
    json_object_set_new(s, "score", json_integer(row.score));
    json_object_set_new(s, "weight", json_integer(row.weight));
    json_array_append_new(list, s);
  }
  return list;
}

static json_t *placed(const struct k8sm_plan *plan, struct k8sm_demand *const *demands) {
  json_t *list = json_array();
  struct k8sm_placement row;
  for (uint32_t i = 0; k8sm_plan_placements(plan, i, &row, sizeof row, 1) > 0; i++) {
    json_t *p = json_object();
    json_object_set_new(p, "pod", pod_name(demands[row.demand]));
    json_object_set_new(p, "agent", text(row.agent_id));
    json_object_set_new(p, "hostname", text(row.hostname));
    json_object_set_new(p, "role", text(row.role));
    json_object_set_new(p, "offers", offers_of(plan, i));
    json_object_set_new(p, "resources", resources_of(plan, i));
    json_object_set_new(p, "ports", ports_of(plan, i));
    json_object_set_new(p, "volumes", volumes_of(plan, i));
    json_object_set_new(p, "scores", scores_of(plan, i));
    json_array_append_new(list, p);
  }
  return list;
}

/* Adds why each agent refuses, and what would make the nearest one take it. */
static void add_reasons(json_t *to, const struct k8sm_explain *explain) {
  json_t *list = json_array();
  json_object_set_new(to, "reasons", list);
  if (explain == NULL) return; /* its group has too few places */
  struct k8sm_explanation row;
  for (size_t i = 0; k8sm_explain_rows(explain, i, &row, sizeof row, 1) > 0; i++) {
    json_t *r = json_object();
    json_object_set_new(r, "agent", text(row.agent_id));
    json_object_set_new(r, "hostname", text(row.hostname));
    json_object_set_new(r, "predicate", text(row.predicate));
    json_object_set_new(r, "wanted", text(row.wanted));
    json_object_set_new(r, "had", text(row.had));
    json_array_append_new(list, r);
  }
  struct k8sm_slice nearest = k8sm_explain_nearest(explain);
  if (nearest.len > 0) json_object_set_new(to, "nearest", text(nearest));
}

static json_t *victims_of(const struct k8sm_plan *plan, uint32_t nomination,
                          const struct k8sm_demand *for_pod) {
  json_t *list = json_array();
  struct k8sm_plan_victim row;
  for (size_t i = 0; k8sm_plan_victims(plan, i, &row, sizeof row, 1) > 0; i++) {
    char key[600], why[KM_WHY_CAP];
    if (row.nomination != nomination) continue;
    snprintf(key, sizeof key, "%.*s/%.*s", (int)row.name_space.len, row.name_space.ptr, (int)row.name.len,
             row.name.ptr);
    json_t *v = json_object();
    json_object_set_new(v, "pod", json_string(key));
    json_object_set_new(v, "priority", json_integer(row.priority));
    json_object_set_new(v, "why", json_string(km_match_why(&row, for_pod, why)));
    json_array_append_new(list, v);
  }
  return list;
}

/* Adds where other pods are to end for it. */
static void add_nomination(json_t *to, const struct k8sm_plan *plan, uint32_t demand,
                           const struct k8sm_demand *pod) {
  struct k8sm_plan_nomination row;
  for (uint32_t i = 0; k8sm_plan_nominations(plan, i, &row, sizeof row, 1) > 0; i++) {
    if (row.demand != demand) continue;
    json_t *n = json_object();
    json_object_set_new(n, "agent", text(row.agent_id));
    json_object_set_new(n, "hostname", text(row.hostname));
    json_object_set_new(n, "role", text(row.role));
    json_object_set_new(n, "victims", victims_of(plan, i, pod));
    json_object_set_new(to, "nominated", n);
  }
}

static json_t *unplaced(const struct k8sm_plan *plan, struct k8sm_demand *const *demands, size_t count) {
  json_t *list = json_array();
  for (uint32_t i = 0; i < count; i++) {
    struct k8sm_slice summary = k8sm_plan_summary(plan, i);
    if (summary.len == 0) continue;
    json_t *p = json_object();
    json_object_set_new(p, "pod", pod_name(demands[i]));
    json_object_set_new(p, "summary", text(summary));
    add_reasons(p, k8sm_plan_explain(plan, i));
    add_nomination(p, plan, i, demands[i]);
    json_array_append_new(list, p);
  }
  return list;
}

static void print_json(const struct k8sm_plan *plan, struct k8sm_demand *const *demands, size_t count) {
  json_t *document = json_object();
  json_object_set_new(document, "placed", placed(plan, demands));
  json_object_set_new(document, "unplaced", unplaced(plan, demands, count));
  json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
  putchar('\n');
  json_decref(document);
}

/* What the command line says beside the pods. */
struct match_flags {
  struct k8sm_match_options options;
  struct km_demand_flags demand;
  struct km_texts running;
  const char *offers, *output;
};

static int print_plan(struct k8sm_cluster *cluster, struct k8sm_demand *const *demands, size_t count,
                      const struct match_flags *flags) {
  static struct km_report report;
  struct k8sm_plan *plan;
  km_report_begin(&report);
  int result = k8sm_cluster_match(cluster, demands, count, &flags->options, &plan, &report.diags);
  km_report_end(&report, NULL, -1);
  if (result != K8SM_OK) {
    km_report_result("matching", result);
    return KM_FAILED;
  }
  if (strcmp(flags->output, "json") == 0) {
    print_json(plan, demands, count);
  } else {
    km_match_print(plan, demands, count);
  }
  int code =
      k8sm_plan_placements(plan, 0, NULL, sizeof(struct k8sm_placement), 0) == count ? KM_DONE : KM_UNPLACED;
  k8sm_plan_unref(plan);
  return code;
}

static int match_set(struct km_set *set, const struct match_flags *flags) {
  size_t made;
  if (km_set_name_uids(set) != KM_DONE) return KM_FAILED;
  struct k8sm_demand **demands = km_demands_make(set, &flags->demand, &made);
  struct k8sm_cluster *cluster =
      made == set->pod_count ? km_cluster_load(flags->offers, set, flags->demand.features) : NULL;
  int code = cluster == NULL ? KM_FAILED : km_cluster_add_running(cluster, &flags->running, &flags->demand);
  if (code == KM_DONE) code = print_plan(cluster, demands, made, flags);
  km_demands_free(demands, set->pod_count);
  k8sm_cluster_free(cluster);
  return code;
}

/* False for a name that is none. */
static bool read_strategy(const char *name, uint32_t *ret) {
  static const char *const names[] = {
      [K8SM_STRATEGY_PACK] = "pack",
      [K8SM_STRATEGY_SPREAD] = "spread",
      [K8SM_STRATEGY_FIRST_FIT] = "first-fit",
      [K8SM_STRATEGY_BALANCED] = "balanced",
  };
  *ret = 0;
  while (*ret < sizeof names / sizeof names[0] && strcmp(name, names[*ret]) != 0) ++*ret;
  return *ret < sizeof names / sizeof names[0];
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct match_flags flags = {.options = {.size = sizeof flags.options}, .output = "json"};
  struct k8sm_match_options *match = &flags.options;
  const char *strategy = "pack";
  bool largest = false, all = false, preemption = false;
  struct km_texts files = {0};
  const struct km_option options[] = {
      {"filename", 'f', KM_TEXTS, &files, "FILE", "a manifest, a folder of them, or - for standard input"},
      {"offers", 0, KM_TEXT, &flags.offers, "FILE", "OFFERS events: JSON or protobuf, one or many"},
      {"running", 0, KM_TEXTS, &flags.running, "FILE", "pods that run already, each on its spec.nodeName"},
      {"output", 'o', KM_TEXT, &flags.output, "FORMAT", "json or text (default json)"},
      KM_DEMAND_OPTIONS(flags.demand),
      {"strategy", 0, KM_TEXT, &strategy, "NAME", "pack, spread, balanced or first-fit (default pack)"},
      {"largest-first", 0, KM_FLAG, &largest, NULL,
       "place the largest pods first, not those that come first"},
      {"all-reasons", 0, KM_FLAG, &all, NULL, "all reasons of an agent, not its first alone"},
      {"preemption", 0, KM_FLAG, &preemption, NULL,
       "say which running pods of a lower priority would end for one without a place"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, NULL);
  if (code == -1 && files.count == 0) code = km_misuse(command, "which file? -f FILE");
  if (code == -1 && flags.offers == NULL) code = km_misuse(command, "which offers? --offers FILE");
  if (code == -1 && strcmp(flags.output, "json") != 0 && strcmp(flags.output, "text") != 0)
    code = km_misuse(command, "-o is json or text, not '%s'", flags.output);
  if (code == -1 && !read_strategy(strategy, &match->strategy))
    code = km_misuse(command, "--strategy is pack, spread, balanced or first-fit, not '%s'", strategy);
  match->flags = K8SM_MATCH_EXPLAIN | (largest ? K8SM_MATCH_LARGEST_FIRST : 0) |
                 (all ? K8SM_MATCH_ALL_REASONS : 0) | (preemption ? K8SM_MATCH_PREEMPT : 0);
  if (code == -1) code = km_demand_parse(command, &flags.demand);
  if (code == -1) {
    struct km_set set;
    code = km_set_load(&set, &files, 0);
    if (code == KM_DONE) code = match_set(&set, &flags);
    km_set_free(&set);
  }
  km_texts_free(&files);
  km_texts_free(&flags.running);
  km_demand_flags_free(&flags.demand);
  return code;
}
