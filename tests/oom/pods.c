/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/typical_pod.h"

/* A pod of some KiB in and out of every format: more than one piece of memory, and each way of reading. */

static void pods_must(int result, const char *what) {
  if (result == K8SM_OK) return;
  fprintf(stderr, "%s: %s\n", what, k8sm_result_name(result));
  exit(1);
}

/* f->pod: the typical one; f->saved: the same in a format. */
static void before_written(struct oom_fixture *f, uint32_t format) {
  static struct typical_text text;
  if (text.len == 0) typical_pod_json(&text);
  pods_must(k8sm_pod_parse(text.bytes, text.len, NULL, &f->pod, NULL), "the typical pod");
  pods_must(k8sm_pod_encode(f->pod, format, NULL, &f->saved), "its text");
}

static void before_json(struct oom_fixture *f) {
  before_written(f, K8SM_FORMAT_JSON);
}

static void before_yaml(struct oom_fixture *f) {
  before_written(f, K8SM_FORMAT_YAML);
}

static void before_protobuf(struct oom_fixture *f) {
  before_written(f, K8SM_FORMAT_PROTOBUF);
}

static void before_bare(struct oom_fixture *f) {
  before_written(f, K8SM_FORMAT_PROTOBUF_BARE);
}

/* Odd JSON: fields that the table does not have, to be kept, before and after what has been read. */
static const char pods_odd[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"labels\":{\"c\":\"d\","
    "\"a\":\"b\"},\"managedFields\":[{\"fieldsV1\":{\"f:a\":{}}}]},\"future\":[1,{\"a\":null}],"
    "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"later\":\"\\u00e9\"}]}}";
/* The same for YAML: anchors, aliases, merge keys, numbers that JSON writes differently. */
static const char pods_odd_yaml[] =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: &l {x: z}, annotations: *l}\n"
    "spec:\n  terminationGracePeriodSeconds: 010\n  containers:\n"
    "  - &c {name: c, image: i, later: [0x10]}\n  - {<<: *c, name: d}\n";

static int pods_parse(struct oom_fixture *f, const char *bytes, size_t len, uint32_t format, uint64_t flags) {
  const struct k8sm_parse_options o = {.size = sizeof o, .format = format, .flags = flags};
  k8sm_pod_unref(f->pod);
  f->pod = NULL;
  return k8sm_pod_parse(bytes, len, &o, &f->pod, &f->diags);
}

static int act_read(struct oom_fixture *f) {
  struct k8sm_slice s = k8sm_blob_bytes(f->saved);
  return pods_parse(f, s.ptr, s.len, K8SM_FORMAT_AUTO, 0);
}

static int act_read_bare(struct oom_fixture *f) {
  struct k8sm_slice s = k8sm_blob_bytes(f->saved);
  return pods_parse(f, s.ptr, s.len, K8SM_FORMAT_PROTOBUF_BARE, K8SM_PARSE_KEEP_UNKNOWN);
}

static int act_read_odd(struct oom_fixture *f) {
  return pods_parse(f, pods_odd, sizeof pods_odd - 1, K8SM_FORMAT_JSON,
                    K8SM_PARSE_KEEP_UNKNOWN | K8SM_PARSE_NO_VALIDATE);
}

static int act_read_odd_yaml(struct oom_fixture *f) {
  return pods_parse(f, pods_odd_yaml, sizeof pods_odd_yaml - 1, K8SM_FORMAT_YAML,
                    K8SM_PARSE_KEEP_UNKNOWN | K8SM_PARSE_NO_VALIDATE);
}

static int act_manifest_of_protobuf(struct oom_fixture *f) {
  struct k8sm_slice s = k8sm_blob_bytes(f->saved);
  return k8sm_manifest_parse(s.ptr, s.len, NULL, &f->manifest, &f->diags);
}

static int act_write_protobuf(struct oom_fixture *f) {
  return k8sm_pod_encode(f->pod, K8SM_FORMAT_PROTOBUF, NULL, &f->blob);
}

static int act_write_list(struct oom_fixture *f) {
  struct k8sm_pod *const pods[] = {f->pod, f->pod};
  return k8sm_pods_encode(pods, 2, K8SM_FORMAT_PROTOBUF, NULL, &f->blob);
}

/* A workload of a text of YAML, and a pod of it by way of its ReplicaSet. */
static int act_workload(struct oom_fixture *f) {
  static const char text[] =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\nspec:\n"
      "  selector: {matchLabels: {a: b}}\n"
      "  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}\n";
  struct k8sm_workload *workload = NULL;
  int r = k8sm_workload_parse(text, sizeof text - 1, NULL, &workload, &f->diags);
  if (r == K8SM_OK) r = k8sm_workload_pod(workload, NULL, &f->pod, &f->diags);
  k8sm_workload_unref(workload);
  return r;
}

static int act_admit(struct oom_fixture *f) {
  struct k8sm_pod *admitted = NULL;
  int r = k8sm_pod_admit(f->pod, NULL, &admitted, &f->diags);
  k8sm_pod_unref(admitted);
  return r;
}

/* The odd pod twice in a list, in chunks; its first. */
static int act_reader(struct oom_fixture *f) {
  static const char *const chunks[] = {"{\"items\":[", pods_odd, ",", pods_odd,
                                       "],\"kind\":\"List\",\"apiVersion\":\"v1\"}"};
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = K8SM_PARSE_KEEP_UNKNOWN | K8SM_PARSE_NO_VALIDATE};
  struct k8sm_reader *reader = NULL;
  struct k8sm_manifest_pod row = {0};
  int r = k8sm_reader_new(&o, &reader, &f->diags);
  for (size_t i = 0; i < 5 && r == K8SM_OK; i++) {
    r = k8sm_reader_push(reader, chunks[i], strlen(chunks[i]), i == 4);
    while (r == K8SM_OK && (r = k8sm_reader_next(reader, &row, sizeof row, &f->diags)) == K8SM_OK)
      k8sm_pod_unref(row.pod);
    if (r == K8SM_ERR_NOT_FOUND) r = K8SM_OK;
  }
  k8sm_reader_free(reader);
  return r;
}

/* Two findings get the lines of their paths. */
static int act_lines(struct oom_fixture *f) {
  static const char text[] = "a/b: {c: 1}\n---\nd: [1, 2]\n";
  char paths[] = "/a~1b/c\0d[1]";
  struct k8sm_diag rows[] = {{.code = K8SM_DIAG_FIELD_INVALID},
                             {.code = K8SM_DIAG_FIELD_INVALID, .path = 8, .document = 1}};
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, paths);
  (void)f;
  diags.count = 2;
  int r = k8sm_diags_locate(&diags, text, sizeof text - 1, NULL);
  return r == K8SM_OK && (rows[0].line != 1 || rows[1].line != 3) ? K8SM_ERR_INVALID : r;
}

static int pods_nothing_read(const struct oom_fixture *f) {
  return f->pod == NULL && f->manifest == NULL;
}

static int pods_nothing_written(const struct oom_fixture *f) {
  return f->blob == NULL;
}

static int pods_no_manifest(const struct oom_fixture *f) {
  return f->manifest == NULL;
}

const struct oom_arrow oom_pod_arrows[] = {
    {"typical pod from JSON", NULL, before_json, act_read, pods_nothing_read},
    {"typical pod from YAML", NULL, before_yaml, act_read, pods_nothing_read},
    {"typical pod from protobuf", NULL, before_protobuf, act_read, pods_nothing_read},
    {"typical pod from bare protobuf", NULL, before_bare, act_read_bare, pods_nothing_read},
    {"odd pod from JSON", NULL, NULL, act_read_odd, pods_nothing_read},
    {"odd pod from YAML", NULL, NULL, act_read_odd_yaml, pods_nothing_read},
    {"workload and a pod of it", NULL, NULL, act_workload, pods_nothing_read},
    {"typical pod admitted", NULL, before_json, act_admit, NULL},
    {"findings get their lines", NULL, NULL, act_lines, NULL},
    {"list in chunks", NULL, NULL, act_reader, NULL},
    {"manifest of protobuf", NULL, before_protobuf, act_manifest_of_protobuf, pods_no_manifest},
    {"typical pod to protobuf", NULL, before_protobuf, act_write_protobuf, pods_nothing_written},
    {"list of pods to protobuf", NULL, before_protobuf, act_write_list, pods_nothing_written},
};
const size_t oom_pod_arrow_count = sizeof oom_pod_arrows / sizeof oom_pod_arrows[0];
