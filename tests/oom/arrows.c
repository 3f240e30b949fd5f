/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `before` makes has to succeed: nothing fails there. */
static void arrow_must(int result, const char *what) {
  if (result == K8SM_OK) return;
  fprintf(stderr, "%s: %s\n", what, k8sm_result_name(result));
  exit(1);
}

/* ---- Making what an arrow starts from ---- */

static void before_pod(struct oom_fixture *f) {
  struct k8sm_slice yaml = oom_read("nginx.yaml");
  arrow_must(k8sm_pod_parse(yaml.ptr, yaml.len, NULL, &f->pod, NULL), "pod");
  free((void *)(uintptr_t)yaml.ptr);
}

static int make_demand(struct oom_fixture *f, struct k8sm_demand **ret) {
  struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
  return k8sm_demand_make(f->pod, &options, ret, &f->diags);
}

static void before_demand(struct oom_fixture *f) {
  before_pod(f);
  arrow_must(make_demand(f, &f->demand), "demand");
}

static void before_cluster(struct oom_fixture *f) {
  struct k8sm_cluster_options options = {.size = sizeof options, .features = K8SM_FEATURE_ALL};
  struct k8sm_slice event = oom_read("nginx.offers.json");
  arrow_must(k8sm_offers_parse(event.ptr, event.len, NULL, &f->offers, NULL), "offers");
  arrow_must(k8sm_cluster_new(&options, &f->cluster, NULL), "cluster");
  free((void *)(uintptr_t)event.ptr);
}

static void before_match(struct oom_fixture *f) {
  before_demand(f);
  before_cluster(f);
  arrow_must(k8sm_cluster_add(f->cluster, f->offers, 1, NULL), "add");
}

static void before_plan(struct oom_fixture *f) {
  before_match(f);
  arrow_must(k8sm_cluster_match(f->cluster, &f->demand, 1, NULL, &f->plan, NULL), "match");
}

/* The pod ends elsewhere, and begins anew. */
static void before_moving_plan(struct oom_fixture *f) {
  static const struct k8sm_slice elsewhere = {"elsewhere", 9};
  struct k8sm_cluster_pod pod;
  before_match(f);
  arrow_must(k8sm_cluster_add_pod(f->cluster, f->demand, elsewhere, NULL), "pod");
  (void)k8sm_cluster_pods(f->cluster, elsewhere, 0, &pod, sizeof pod, 1);
  (void)k8sm_cluster_end_pod(f->cluster, pod.uid);
  arrow_must(k8sm_cluster_match(f->cluster, &f->demand, 1, NULL, &f->plan, NULL), "match");
}

static int not_moved(const struct oom_fixture *f) {
  return k8sm_cluster_pods(f->cluster, (struct k8sm_slice){"elsewhere", 9}, 0, NULL, 0, 0) == 1;
}

static void before_status(struct oom_fixture *f) {
  before_demand(f);
  arrow_must(k8sm_status_new(f->demand, NULL, &f->status, NULL), "status");
}

static void before_saved(struct oom_fixture *f) {
  before_status(f);
  arrow_must(k8sm_status_save(f->status, NULL, NULL, &f->saved), "save");
}

/* ---- Values: one call each ---- */

static int act_pod(struct oom_fixture *f) {
  return k8sm_pod_parse(f->input.ptr, f->input.len, NULL, &f->pod, &f->diags);
}

static int no_pod(const struct oom_fixture *f) {
  return f->pod == NULL;
}

static int act_manifest(struct oom_fixture *f) {
  return k8sm_manifest_parse(f->input.ptr, f->input.len, NULL, &f->manifest, &f->diags);
}

static int no_manifest(const struct oom_fixture *f) {
  return f->manifest == NULL;
}

static int act_with_uid(struct oom_fixture *f) {
  struct k8sm_pod *other = NULL;
  int r = k8sm_pod_with_uid(f->pod, "another", NULL, &other, &f->diags);
  k8sm_pod_unref(other);
  return r;
}

static int act_pod_json(struct oom_fixture *f) {
  return k8sm_pod_encode(f->pod, K8SM_FORMAT_JSON, NULL, &f->blob);
}

static int act_pod_yaml(struct oom_fixture *f) {
  return k8sm_pod_encode(f->pod, K8SM_FORMAT_YAML, NULL, &f->blob);
}

static int act_pod_get(struct oom_fixture *f) {
  return k8sm_pod_get(f->pod, "spec.containers", NULL, &f->blob);
}

static int act_pod_resources(struct oom_fixture *f) {
  struct k8sm_pod_resource row;
  size_t count;
  return k8sm_pod_resources(f->pod, NULL, &row, sizeof row, 1, &count);
}

static void before_references(struct oom_fixture *f) {
  static const char json[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\",\"labels\":{\"a\":"
      "\"b\"}},"
      "\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b\",\"args\":[\"$(A)\"],\"command\":[\"x\"],"
      "\"envFrom\":[{\"prefix\":\"P_\",\"configMapRef\":{\"name\":\"cm\"}}],\"env\":[{\"name\":\"A\","
      "\"value\":\"$(P_k)\"},"
      "{\"name\":\"L\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.uid\"}}},"
      "{\"name\":\"C\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"requests.cpu\"}}}],"
      "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\",\"subPathExpr\":\"$(A)\"}],"
      "\"livenessProbe\":{\"exec\":{\"command\":[\"$(A)\"]}}}],"
      "\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":[{\"configMap\":{\"name\":\"cm\"}},"
      "{\"downwardAPI\":{\"items\":[{\"path\":\"d\",\"fieldRef\":{\"fieldPath\":\"metadata.labels\"}}]}}]}}]}"
      "}";
  arrow_must(k8sm_pod_parse(json, sizeof json - 1, NULL, &f->pod, NULL), "pod");
}

static const struct k8sm_manifest_data reference_data[] = {
    {{"ConfigMap", 9}, {"default", 7}, {"cm", 2}, {"k", 1}, {"x", 1}, 0, 0},
    {{"ConfigMap", 9}, {"default", 7}, {"cm", 2}, {"l", 1}, {"y", 1}, 0, 0}};

static int act_resolve(struct oom_fixture *f) {
  struct k8sm_resolve_options o = {
      .size = sizeof o, .data = reference_data, .data_count = 2, .data_size = sizeof reference_data[0]};
  o.node_name = "n";
  return k8sm_pod_resolve(f->pod, &o, &f->resolved, &f->diags);
}

static int no_resolved(const struct oom_fixture *f) {
  return f->resolved == NULL;
}

static int act_demand_references(struct oom_fixture *f) {
  struct k8sm_demand_options options = {.size = sizeof options,
                                        .nonce = "n1",
                                        .data = reference_data,
                                        .data_count = 2,
                                        .data_size = sizeof reference_data[0]};
  return k8sm_demand_make(f->pod, &options, &f->demand, &f->diags);
}

static int no_blob(const struct oom_fixture *f) {
  return f->blob == NULL;
}

static int act_demand(struct oom_fixture *f) {
  return make_demand(f, &f->demand);
}

static int no_demand(const struct oom_fixture *f) {
  return f->demand == NULL;
}

static int act_offers(struct oom_fixture *f) {
  return k8sm_offers_parse(f->input.ptr, f->input.len, NULL, &f->offers, &f->diags);
}

static int no_offers(const struct oom_fixture *f) {
  return f->offers == NULL;
}

static int act_take(struct oom_fixture *f) {
  return k8sm_offers_take(f->offers, 0, NULL, &f->resources, &f->diags);
}

static int no_resources(const struct oom_fixture *f) {
  return f->resources == NULL;
}

static void before_resources(struct oom_fixture *f) {
  before_cluster(f);
  arrow_must(act_take(f), "take");
}

static int act_subtract(struct oom_fixture *f) {
  return k8sm_resources_subtract(f->resources, f->resources, NULL, &f->changed, &f->diags);
}

static int act_find(struct oom_fixture *f) {
  return k8sm_resources_find(f->resources, f->resources, NULL, &f->changed, &f->diags);
}

static int act_reserve(struct oom_fixture *f) {
  static const char operation[] = "{\"type\":\"RESERVE\",\"reserve\":{\"resources\":[]}}";
  return k8sm_resources_apply(f->resources, operation, sizeof operation - 1, NULL, &f->changed, &f->diags);
}

static int no_changed(const struct oom_fixture *f) {
  return f->changed == NULL;
}

static int act_resources_json(struct oom_fixture *f) {
  return k8sm_resources_encode(f->resources, K8SM_FORMAT_JSON, K8SM_RESERVATIONS_STACK, NULL, &f->blob,
                               &f->diags);
}

static int act_calls(struct oom_fixture *f) {
  struct k8sm_task_options options = {.size = sizeof options, .format = K8SM_FORMAT_PROTOBUF};
  return k8sm_plan_calls(f->plan, &options, &f->calls, &f->diags);
}

static int act_calls_json(struct oom_fixture *f) {
  struct k8sm_task_options options = {.size = sizeof options, .format = K8SM_FORMAT_JSON};
  return k8sm_plan_calls(f->plan, &options, &f->calls, &f->diags);
}

static int act_calls_overlays(struct oom_fixture *f) {
  static const char executor[] = "{\"labels\":{\"labels\":[{\"key\":\"a\"}]},\"data\":\"AAAA\"}";
  static const char task[] =
      "{\"labels\":{\"labels\":[{\"key\":\"a\"}]},\"command\":{\"uris\":[{\"value\":\"/a\"}],"
      "\"environment\":{\"variables\":[{\"name\":\"A\",\"value\":\"b\"}]}}}";
  struct k8sm_task_options options = {.size = sizeof options,
                                      .executor_overlay = {executor, sizeof executor - 1},
                                      .task_overlay = {task, sizeof task - 1}};
  return k8sm_plan_calls(f->plan, &options, &f->calls, &f->diags);
}

/* A pod with a claim, and a volume of its own on a disk by storage class. */
static int act_demand_reserving(struct oom_fixture *f) {
  static const char *const roles[] = {"ROLE"}; /* as the offer has it */
  static const struct k8sm_manifest_data data[] = {
      {{"PersistentVolumeClaim", 21}, {"default", 7}, {"data", 4}, {"storage", 7}, {"64Mi", 4}, 0, 0}};
  static const struct k8sm_storage_class classes[] = {
      {"fast", K8SM_DISK_MOUNT, 0, "ssd", "acme", "/mnt", "tier=gold"}};
  const struct k8sm_demand_options demand = {.size = sizeof demand,
                                             .nonce = "n1",
                                             .principal = "p",
                                             .roles = roles,
                                             .role_count = 1,
                                             .data = data,
                                             .data_count = 1,
                                             .data_size = sizeof data[0],
                                             .storage_classes = classes,
                                             .storage_class_count = 1,
                                             .storage_class_size = sizeof classes[0]};
  return k8sm_demand_make(f->pod, &demand, &f->demand, &f->diags);
}

static void before_reserving_demand(struct oom_fixture *f) {
  static const char json[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\"},\"spec\":{"
      "\"containers\":[{\"name\":\"a\",\"image\":\"b\",\"volumeMounts\":[{\"name\":\"w\",\"mountPath\":\"/v/"
      "w\"},"
      "{\"name\":\"v\",\"mountPath\":\"/v\"},{\"name\":\"d\",\"mountPath\":\"/v/d\"}]}],"
      "\"volumes\":[{\"name\":\"d\",\"downwardAPI\":{\"items\":[{\"path\":\"n\",\"fieldRef\":{\"fieldPath\":"
      "\"metadata.name\"}}]}},{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"data\"}},"
      "{\"name\":\"w\",\"ephemeral\":{\"volumeClaimTemplate\":{\"spec\":{\"storageClassName\":\"fast\","
      "\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}}}]}}";
  arrow_must(k8sm_pod_parse(json, sizeof json - 1, NULL, &f->pod, NULL), "pod");
}

/* Tokens and volumes that are reserved and made in the ACCEPT. */
static void before_reserving(struct oom_fixture *f) {
  struct k8sm_cluster_options options = {.size = sizeof options, .features = K8SM_FEATURE_ALL};
  before_reserving_demand(f);
  arrow_must(act_demand_reserving(f), "demand");
  arrow_must(k8sm_cluster_new(&options, &f->cluster, NULL), "cluster");
  struct k8sm_slice event = oom_read("offers.json");
  arrow_must(k8sm_offers_parse(event.ptr, event.len, NULL, &f->offers, NULL), "offers");
  arrow_must(k8sm_cluster_add(f->cluster, f->offers, 1, NULL), "add");
  free((void *)(uintptr_t)event.ptr);
}

static void before_reserving_plan(struct oom_fixture *f) {
  before_reserving(f);
  arrow_must(k8sm_cluster_match(f->cluster, &f->demand, 1, NULL, &f->plan, NULL), "match");
}

/* What of a pod that is gone, and of a claim that is deleted, an offer holds. */
static void before_release(struct oom_fixture *f) {
#define OOM_RESERVED(name, value, key, whose, more)                                                          \
  "{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" value                                  \
  "},\"allocation_info\":{\"role\":"                                                                         \
  "\"dev\"}" more                                                                                            \
  ",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"dev\",\"principal\":\"p\",\"labels\":{"               \
  "\"labels\":[{\"key\":\"" key "\",\"value\":\"" whose "\"},{\"key\":\"framework\",\"value\":\"F\"}]}}]}"
  static const char event[] =
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"O\"},\"framework_id\":{\"value\":"
      "\"F\"},"
      "\"agent_id\":{\"value\":\"A\"},\"hostname\":\"a\",\"allocation_info\":{\"role\":\"dev\"},"
      "\"resources\":[" OOM_RESERVED("cpus", "1", "pod", "u", "") "," OOM_RESERVED(
          "disk", "8", "claim", "default/left",
          "") "," OOM_RESERVED("disk", "64", "claim", "default/data",
                               ",\"disk\":{\"persistence\":{\"id\":\"default.data\","
                               "\"principal\":\"p\"}}") "]}]}}";
  struct k8sm_cluster_options options = {.size = sizeof options};
  arrow_must(k8sm_cluster_new(&options, &f->cluster, NULL), "cluster");
  arrow_must(k8sm_offers_parse(event, sizeof event - 1, NULL, &f->offers, NULL), "offers");
  arrow_must(k8sm_cluster_add(f->cluster, f->offers, 1, NULL), "add");
}

static int act_release(struct oom_fixture *f) {
  static const struct k8sm_slice claims[] = {{"default/data", 12}};
  static const struct k8sm_keep keep[] = {{{"other", 5}, {NULL, 0}}};
  const struct k8sm_release_options options = {.size = sizeof options,
                                               .claims = claims,
                                               .claim_count = 1,
                                               .keep = keep,
                                               .keep_count = 1,
                                               .keep_size = sizeof keep[0]};
  return k8sm_cluster_release(f->cluster, &options, &f->calls, &f->diags);
}

static int no_calls(const struct oom_fixture *f) {
  return f->calls == NULL;
}

static int act_subscribe(struct oom_fixture *f) {
  static const char *const roles[] = {"*"};
  struct k8sm_framework framework = {.size = sizeof framework, .roles = roles, .role_count = 1};
  struct k8sm_call_args args = {.size = sizeof args, .type = K8SM_CALL_SUBSCRIBE, .framework = &framework};
  return k8sm_call_encode(&args, NULL, &f->blob, &f->diags);
}

static int act_to_protobuf(struct oom_fixture *f) {
  return k8sm_message_convert(K8SM_MESSAGE_EVENT, f->input.ptr, f->input.len, K8SM_FORMAT_JSON,
                              K8SM_FORMAT_PROTOBUF, NULL, &f->blob, &f->diags);
}

static void before_to_json(struct oom_fixture *f) {
  arrow_must(act_to_protobuf(f), "protobuf");
  f->saved = f->blob;
  f->blob = NULL;
}

static int act_to_json(struct oom_fixture *f) {
  struct k8sm_slice bytes = k8sm_blob_bytes(f->saved);
  return k8sm_message_convert(K8SM_MESSAGE_EVENT, bytes.ptr, bytes.len, K8SM_FORMAT_PROTOBUF,
                              K8SM_FORMAT_JSON, NULL, &f->blob, &f->diags);
}

/* ---- The cluster: as it was after a failure ---- */

static int act_cluster(struct oom_fixture *f) {
  return k8sm_cluster_new(NULL, &f->cluster, &f->diags);
}

static int no_cluster(const struct oom_fixture *f) {
  return f->cluster == NULL;
}

static int act_add(struct oom_fixture *f) {
  return k8sm_cluster_add(f->cluster, f->offers, 1, &f->diags);
}

static int cluster_is_empty(const struct oom_fixture *f) {
  return k8sm_cluster_offers(f->cluster, 0, NULL, sizeof(struct k8sm_held_offer), 0) == 0;
}

static int act_features(struct oom_fixture *f) {
  return k8sm_cluster_set_features(f->cluster, (struct k8sm_slice){"golden-S2", 9}, K8SM_FEATURE_IMAGES);
}

static int act_node(struct oom_fixture *f) {
  const struct k8sm_node_label labels[] = {{"b", "2"}, {"a", "1"}};
  const struct k8sm_node_taint taints[] = {{"k", "v", "NoSchedule"}};
  const struct k8sm_node node = {.size = sizeof node,
                                 .labels = labels,
                                 .label_count = 2,
                                 .label_size = sizeof labels[0],
                                 .taints = taints,
                                 .taint_count = 1,
                                 .taint_size = sizeof taints[0]};
  return k8sm_cluster_set_node(f->cluster, (struct k8sm_slice){"golden-S3", 9}, &node, &f->diags);
}

static int act_add_pod(struct oom_fixture *f) {
  return k8sm_cluster_add_pod(f->cluster, f->demand, (struct k8sm_slice){"golden-S9", 9}, &f->diags);
}

static int no_pod_runs(const struct oom_fixture *f) {
  return k8sm_cluster_pods(f->cluster, (struct k8sm_slice){"golden-S9", 9}, 0, NULL, 0, 0) == 0;
}

static int act_namespace(struct oom_fixture *f) {
  const struct k8sm_node_label labels[] = {{"b", "2"}, {"a", "1"}};
  return k8sm_cluster_set_namespace(f->cluster, (struct k8sm_slice){"default", 7}, labels, 2,
                                    sizeof labels[0], &f->diags);
}

/* All that the agent offers, as resources of their own. */
static void before_take(struct oom_fixture *f) {
  before_match(f);
  arrow_must(k8sm_offers_take(f->offers, 0, NULL, &f->resources, NULL), "resources");
}

static void before_give(struct oom_fixture *f) {
  before_take(f);
  arrow_must(k8sm_cluster_take(f->cluster, (struct k8sm_slice){"golden-S1", 9}, f->resources, NULL), "take");
}

static int act_cluster_take(struct oom_fixture *f) {
  return k8sm_cluster_take(f->cluster, (struct k8sm_slice){"golden-S1", 9}, f->resources, &f->diags);
}

static int act_cluster_give(struct oom_fixture *f) {
  return k8sm_cluster_give(f->cluster, (struct k8sm_slice){"golden-S1", 9}, f->resources, &f->diags);
}

static int act_cluster_resources(struct oom_fixture *f) {
  return k8sm_cluster_resources(f->cluster, (struct k8sm_slice){"golden-S1", 9}, NULL, &f->changed,
                                &f->diags);
}

static int is_taken(const struct oom_fixture *f) {
  struct k8sm_held_offer row = {.taken = 0};
  k8sm_cluster_offers(f->cluster, 0, &row, sizeof row, 1);
  return row.taken == 1;
}

static int is_not_taken(const struct oom_fixture *f) {
  return !is_taken(f);
}

static void before_objects(struct oom_fixture *f) {
  static const char text[] =
      "apiVersion: v1\nkind: Node\nmetadata: {name: agent1.example.org, labels: {a: b}}\n"
      "spec: {taints: [{key: k, effect: NoSchedule}]}\n---\n"
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod, labels: {a: b}}\n";
  before_match(f);
  arrow_must(k8sm_manifest_parse(text, sizeof text - 1, NULL, &f->manifest, NULL), "manifest");
}

static int act_objects(struct oom_fixture *f) {
  return k8sm_cluster_set_objects(f->cluster, f->manifest, &f->diags);
}

static int act_match(struct oom_fixture *f) {
  return k8sm_cluster_match(f->cluster, &f->demand, 1, NULL, &f->plan, &f->diags);
}

/* The cluster still holds its one offer, and no plan came. */
static int nothing_matched(const struct oom_fixture *f) {
  return f->plan == NULL && k8sm_cluster_offers(f->cluster, 0, NULL, sizeof(struct k8sm_held_offer), 0) == 1;
}

/* A pod with constraints, two agents' values to ask, and one instance that runs. */
static void before_constraints(struct oom_fixture *f) {
  static const char json[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\",\"annotations\":{"
      "\"k8s.mesosphere.io/constraints\":\"[[\\\"hostname\\\",\\\"LIKE\\\",\\\"(agent|x)[0-9].*\\\"],"
      "[\\\"hostname\\\",\\\"GROUP_BY\\\"],[\\\"hostname\\\",\\\"UNLIKE\\\",\\\"a|b\\\"]]\"}},"
      "\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b\"}]}}";
  arrow_must(k8sm_pod_parse(json, sizeof json - 1, NULL, &f->pod, NULL), "pod");
}

static void before_constraints_match(struct oom_fixture *f) {
  before_constraints(f);
  arrow_must(make_demand(f, &f->demand), "demand");
  before_cluster(f);
  arrow_must(k8sm_cluster_add(f->cluster, f->offers, 1, NULL), "add");
  arrow_must(k8sm_cluster_add_pod(f->cluster, f->demand, (struct k8sm_slice){"golden-S9", 9}, NULL), "pod");
}

static int act_wants(struct oom_fixture *f) {
  const struct k8sm_want want = {.demand = f->demand, .hostname = {"agent1.example.org", 18}, .pinned = 1};
  return k8sm_wants_make(f->cluster, &want, 1, sizeof want, NULL, &f->wants, &f->diags);
}

static int no_wants(const struct oom_fixture *f) {
  return f->wants == NULL;
}

static int act_explain(struct oom_fixture *f) {
  return k8sm_cluster_explain(f->cluster, f->demand, NULL, &f->explain, &f->diags);
}

static int no_explain(const struct oom_fixture *f) {
  return f->explain == NULL;
}

static int act_apply(struct oom_fixture *f) {
  return k8sm_cluster_apply(f->cluster, f->plan, &f->diags);
}

/* ---- Statuses ---- */

static int act_status(struct oom_fixture *f) {
  return k8sm_status_new(f->demand, NULL, &f->status, &f->diags);
}

static int no_status(const struct oom_fixture *f) {
  return f->status == NULL;
}

static int act_status_apply(struct oom_fixture *f) {
  static const char update[] =
      "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":"
      "\"0f6b8a52-9d1c-4e57-8a3e-2c6d1b7f4a90.0.nginx.0.n1\"},\"state\":\"TASK_RUNNING\","
      "\"agent_id\":{\"value\":\"golden-S1\"},\"uuid\":\"AAECAwQFBgcICQoLDA0ODw==\"}}}";
  static const struct k8sm_change changes[] = {
      {.type = K8SM_CHANGE_PLACED, .text = {"agent1", 6}, .agent_id = {"golden-S1", 9}, .wall_ms = 1000},
      {.type = K8SM_CHANGE_CONDITION,
       .text = {"{\"type\":\"warm\",\"status\":\"True\"}", 31},
       .wall_ms = 1000},
      {.type = K8SM_CHANGE_UPDATE,
       .format = K8SM_FORMAT_JSON,
       .text = {update, sizeof update - 1},
       .mono_ms = 5},
  };
  return k8sm_status_apply(f->status, changes, sizeof changes[0], 3, NULL, &f->next, &f->diags);
}

static int no_next(const struct oom_fixture *f) {
  return f->next == NULL;
}

static int act_status_json(struct oom_fixture *f) {
  return k8sm_status_encode(f->status, K8SM_FORMAT_JSON, NULL, &f->blob);
}

static int act_status_yaml(struct oom_fixture *f) {
  return k8sm_status_encode(f->status, K8SM_FORMAT_YAML, NULL, &f->blob);
}

static int act_status_patch(struct oom_fixture *f) {
  return k8sm_status_patch(NULL, f->status, K8SM_PATCH_STRATEGIC, NULL, &f->blob);
}

static int act_status_save(struct oom_fixture *f) {
  return k8sm_status_save(f->status, NULL, NULL, &f->blob);
}

static int act_status_load(struct oom_fixture *f) {
  struct k8sm_slice bytes = k8sm_blob_bytes(f->saved);
  return k8sm_status_load(f->demand, bytes.ptr, bytes.len, NULL, &f->next, &f->diags);
}

const struct oom_arrow oom_arrows[] = {
    {"pod from YAML", "nginx.yaml", NULL, act_pod, no_pod},
    {"pod from JSON", "nginx.json", NULL, act_pod, no_pod},
    {"manifest", "many.yaml", NULL, act_manifest, no_manifest},
    {"pod with uid", NULL, before_pod, act_with_uid, NULL},
    {"pod to JSON", NULL, before_pod, act_pod_json, no_blob},
    {"pod to YAML", NULL, before_pod, act_pod_yaml, no_blob},
    {"field of a pod", NULL, before_pod, act_pod_get, no_blob},
    {"resources of a pod", NULL, before_pod, act_pod_resources, NULL},
    {"references of a pod", NULL, before_references, act_resolve, no_resolved},
    {"demand", NULL, before_pod, act_demand, no_demand},
    {"demand with references", NULL, before_references, act_demand_references, no_demand},
    {"offers", "nginx.offers.json", NULL, act_offers, no_offers},
    {"resources of an offer", NULL, before_cluster, act_take, no_resources},
    {"resources subtract", NULL, before_resources, act_subtract, no_changed},
    {"resources find", NULL, before_resources, act_find, no_changed},
    {"resources apply", NULL, before_resources, act_reserve, no_changed},
    {"resources to JSON", NULL, before_resources, act_resources_json, no_blob},
    {"event to protobuf", "nginx.offers.json", NULL, act_to_protobuf, no_blob},
    {"event to JSON", "nginx.offers.json", before_to_json, act_to_json, no_blob},
    {"call", NULL, NULL, act_subscribe, no_blob},
    {"cluster", NULL, NULL, act_cluster, no_cluster},
    {"cluster add", NULL, before_cluster, act_add, cluster_is_empty},
    {"cluster features", NULL, before_cluster, act_features, NULL},
    {"cluster node", NULL, before_cluster, act_node, NULL},
    {"cluster namespace", NULL, before_cluster, act_namespace, NULL},
    {"cluster objects", NULL, before_objects, act_objects, NULL},
    {"cluster pod", NULL, before_match, act_add_pod, no_pod_runs},
    {"cluster resources", NULL, before_match, act_cluster_resources, no_changed},
    {"take", NULL, before_take, act_cluster_take, is_not_taken},
    {"give", NULL, before_give, act_cluster_give, is_taken},
    {"match", NULL, before_match, act_match, nothing_matched},
    {"demand with constraints", NULL, before_constraints, act_demand, NULL},
    {"match with constraints", NULL, before_constraints_match, act_match, nothing_matched},
    {"wants with constraints", NULL, before_constraints_match, act_wants, no_wants},
    {"wants", NULL, before_match, act_wants, no_wants},
    {"explain", NULL, before_match, act_explain, no_explain},
    {"apply", NULL, before_plan, act_apply, NULL},
    {"calls in protobuf", NULL, before_plan, act_calls, no_calls},
    {"calls in JSON", NULL, before_plan, act_calls_json, no_calls},
    {"calls with overlays", NULL, before_plan, act_calls_overlays, no_calls},
    {"demand with claims", NULL, before_reserving_demand, act_demand_reserving, no_demand},
    {"match with claims", NULL, before_reserving, act_match, nothing_matched},
    {"calls that reserve and create", NULL, before_reserving_plan, act_calls, no_calls},
    {"applying a plan that reserves", NULL, before_reserving_plan, act_apply, NULL},
    {"applying a plan that moves a pod", NULL, before_moving_plan, act_apply, not_moved},
    {"release", NULL, before_release, act_release, no_calls},
    {"status", NULL, before_demand, act_status, no_status},
    {"status apply", NULL, before_status, act_status_apply, no_next},
    {"status to JSON", NULL, before_status, act_status_json, no_blob},
    {"status to YAML", NULL, before_status, act_status_yaml, no_blob},
    {"patch of a status", NULL, before_status, act_status_patch, no_blob},
    {"status save", NULL, before_status, act_status_save, no_blob},
    {"status load", NULL, before_saved, act_status_load, no_next},
};
const size_t oom_arrow_count = sizeof oom_arrows / sizeof oom_arrows[0];
