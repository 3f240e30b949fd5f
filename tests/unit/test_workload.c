/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads, and what their controllers make of them. */
#include <k8smesos/workload.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing.h"

struct made {
  struct k8sm_diag rows[32];
  char text[8192];
  struct k8sm_diags diags;
  struct k8sm_workload *workload;
  struct k8sm_pod *pod; /* what was made last */
};

static int parse_with(struct made *m, const char *text, uint64_t flags) {
  struct k8sm_parse_options o = {.size = sizeof o, .flags = flags};
  m->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(m->rows, m->text);
  m->workload = NULL;
  m->pod = NULL;
  return k8sm_workload_parse(text, strlen(text), &o, &m->workload, &m->diags);
}

static void parse(struct made *m, const char *text) {
  if (parse_with(m, text, 0) != K8SM_OK)
    fail_msg("%s: %s", m->text + m->rows[0].path, m->text + m->rows[0].message);
}

static void drop(struct made *m) {
  k8sm_pod_unref(m->pod);
  k8sm_workload_unref(m->workload);
}

static void make(struct made *m, const struct k8sm_instance_options *o) {
  k8sm_pod_unref(m->pod);
  m->pod = NULL;
  if (k8sm_workload_pod(m->workload, o, &m->pod, &m->diags) != K8SM_OK)
    fail_msg("%s: %s", m->text + m->rows[0].path, m->text + m->rows[0].message);
}

static void make_nth(struct made *m, uint32_t ordinal) {
  make(m, &(struct k8sm_instance_options){.size = sizeof(struct k8sm_instance_options), .ordinal = ordinal});
}

static void is(const struct made *m, const char *path, const char *want) {
  struct k8sm_blob *blob = NULL;
  if (k8sm_pod_get(m->pod, path, NULL, &blob) != K8SM_OK) fail_msg("%s is not set", path);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, want);
  k8sm_blob_unref(blob);
}

static void is_not_set(const struct made *m, const char *path) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_get(m->pod, path, NULL, &blob), K8SM_ERR_NOT_FOUND);
}

static void of_workload(const struct k8sm_workload *w, const char *path, const char *want) {
  struct k8sm_blob *blob = NULL;
  if (k8sm_workload_get(w, path, NULL, &blob) != K8SM_OK) fail_msg("%s is not set", path);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, want);
  k8sm_blob_unref(blob);
}

/* '*' stands for a letter of those that suffixes and hashes are made of. */
static void looks_like(const char *name, const char *pattern) {
  bool good = strlen(name) == strlen(pattern);
  for (size_t i = 0; good && pattern[i] != '\0'; i++)
    good = pattern[i] == '*' ? strchr("bcdfghjklmnpqrstvwxz2456789", name[i]) != NULL : name[i] == pattern[i];
  if (!good) fail_msg("the name is %s, not %s", name, pattern);
}

#define SPEC "spec: {containers: [{name: c, image: i}]}"
#define ENDS                                                                                                 \
  "spec: {restartPolicy: Never, initContainers: [{name: b, image: i}], containers: [{name: c, image: i}]}"
#define TEMPLATE "template: {metadata: {labels: {app: web}, annotations: {note: text}}, " SPEC "}"
#define CLAIMS                                                                                               \
  "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: "         \
  "{requests: {storage: 1Gi}}}}], "
#define SELECTOR "selector: {matchLabels: {app: web}}"

static const char deployment[] =
    "apiVersion: apps/v1\nkind: Deployment\n"
    "metadata: {name: web, namespace: prod, uid: u-1, generation: 4, annotations: {kept: k, "
    "kubectl.kubernetes.io/last-applied-configuration: x, deployment.kubernetes.io/revision: '9'}}\n"
    "spec: {replicas: 4, paused: true, minReadySeconds: 3, progressDeadlineSeconds: 60, strategy: {type: "
    "RollingUpdate,\n"
    " rollingUpdate: {maxSurge: 30%, maxUnavailable: 2}}, selector: {matchLabels: {app: web}, "
    "matchExpressions:\n"
    " [{key: app, operator: Exists}, {key: Tier, operator: NotIn, values: [k, l]}, {key: zone, operator: "
    "DoesNotExist}]}, " TEMPLATE "}\n";

static void all_kinds_have_info(void **state) {
  (void)state;
  struct made m;
  struct k8sm_workload_info info = {.size = sizeof info};
  parse(&m, deployment);
  assert_int_equal(k8sm_workload_get_info(m.workload, &info), K8SM_OK);
  assert_int_equal(info.kind, K8SM_WORKLOAD_DEPLOYMENT);
  assert_string_equal(info.kind_name.ptr, "Deployment");
  assert_string_equal(info.api_version.ptr, "apps/v1");
  assert_string_equal(info.name_space.ptr, "prod");
  assert_string_equal(info.name.ptr, "web");
  assert_string_equal(info.uid.ptr, "u-1");
  assert_int_equal(info.generation, 4);
  assert_int_equal(info.replicas, 4);
  assert_int_equal(info.pods, 4);
  assert_string_equal(info.selector.ptr, "Tier notin (k,l),app=web,app,!zone");
  assert_string_equal(k8sm_pod_name(info.pod).ptr, "web");
  assert_string_equal(k8sm_pod_namespace(info.pod).ptr, "prod");
  of_workload(m.workload, "spec.strategy.rollingUpdate.maxSurge", "30%");
  of_workload(m.workload, "metadata.annotations[kept]", "k");
  drop(&m);
  parse(&m,
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\nspec: {" SELECTOR ", " TEMPLATE "}\n");
  assert_int_equal(k8sm_workload_get_info(m.workload, &info), K8SM_OK);
  assert_int_equal(info.replicas, -1);
  assert_int_equal(info.uid.len, 36);
  assert_string_equal(info.name_space.ptr, "default");
  drop(&m);
}

static void specs_are_rows(void **state) {
  (void)state;
  struct made m;
  struct k8sm_deployment_spec d = {.size = sizeof d};
  struct k8sm_stateful_set_spec s = {.size = sizeof s};
  struct k8sm_daemon_set_spec a = {.size = sizeof a};
  struct k8sm_job_spec j = {.size = sizeof j};
  struct k8sm_cron_job_spec c = {.size = sizeof c};
  parse(&m, deployment);
  assert_int_equal(k8sm_workload_get_deployment(m.workload, &d), K8SM_OK);
  assert_int_equal(d.strategy, K8SM_ROLLOUT_ROLLING_UPDATE);
  assert_int_equal(d.paused, 1);
  assert_int_equal(d.max_surge.value, 30);
  assert_int_equal(d.max_surge.is_percent, 1);
  assert_int_equal(d.max_unavailable.value, 2);
  assert_int_equal(d.max_unavailable.is_percent, 0);
  assert_int_equal(d.min_ready_seconds, 3);
  assert_int_equal(d.progress_deadline_seconds, 60);
  assert_int_equal(k8sm_workload_get_job(m.workload, &j), K8SM_ERR_NOT_FOUND);
  assert_int_equal(k8sm_workload_get_stateful_set(m.workload, &s), K8SM_ERR_NOT_FOUND);
  drop(&m);
  parse(&m, "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {serviceName: svc, "
            "podManagementPolicy: "
            "Parallel, updateStrategy: {type: OnDelete}, ordinals: {start: 5}, "
            "persistentVolumeClaimRetentionPolicy: "
            "{whenDeleted: Delete, whenScaled: Retain}, " SELECTOR ", " TEMPLATE "}\n");
  assert_int_equal(k8sm_workload_get_stateful_set(m.workload, &s), K8SM_OK);
  assert_int_equal(s.pod_management, K8SM_POD_MANAGEMENT_PARALLEL);
  assert_int_equal(s.strategy, K8SM_ROLLOUT_ON_DELETE);
  assert_int_equal(s.first_ordinal, 5);
  assert_int_equal(s.min_ready_seconds, 0);
  assert_int_equal(s.claims_when_deleted, K8SM_CLAIMS_DELETE);
  assert_int_equal(s.claims_when_scaled, K8SM_CLAIMS_RETAIN);
  assert_string_equal(s.service_name.ptr, "svc");
  drop(&m);
  parse(&m, "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\nspec: {minReadySeconds: 8, "
            "updateStrategy: {type: "
            "RollingUpdate, rollingUpdate: {maxUnavailable: 10%}}, " SELECTOR ", " TEMPLATE "}\n");
  assert_int_equal(k8sm_workload_get_daemon_set(m.workload, &a), K8SM_OK);
  assert_int_equal(a.max_unavailable.value, 10);
  assert_int_equal(a.min_ready_seconds, 8);
  drop(&m);
  parse(&m, "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {schedule: '0 3 * * *', "
            "timeZone: Etc/UTC, "
            "concurrencyPolicy: Forbid, startingDeadlineSeconds: 9, jobTemplate: {spec: {backoffLimit: 2, "
            "activeDeadlineSeconds: 77, completionMode: Indexed, completions: 3, template: {" ENDS "}}}}\n");
  assert_int_equal(k8sm_workload_get_cron_job(m.workload, &c), K8SM_OK);
  assert_int_equal(c.concurrency, K8SM_CONCURRENCY_FORBID);
  assert_int_equal(c.starting_deadline_seconds, 9);
  assert_string_equal(c.schedule.ptr, "0 3 * * *");
  assert_string_equal(c.time_zone.ptr, "Etc/UTC");
  assert_int_equal(k8sm_workload_get_job(m.workload, &j), K8SM_OK);
  assert_int_equal(j.completion_mode, K8SM_COMPLETION_INDEXED);
  assert_int_equal(j.completions, 3);
  assert_int_equal(j.backoff_limit, 2);
  assert_int_equal(j.active_deadline_seconds, 77);
  assert_int_equal(j.ttl_seconds_after_finished, -1);
  drop(&m);
}

/* The hash and the suffix are functions that others can write too; the figures were made by one of them. */
static void names_are_pure_functions(void **state) {
  (void)state;
  struct made m;
  assert_int_equal(
      parse_with(&m,
                 "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: prod}\n"
                 "spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, "
                 "spec: {containers: [{name: c, image: i}]}}}\n",
                 K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE),
      K8SM_OK);
  make_nth(&m, 0);
  assert_string_equal(k8sm_pod_name(m.pod).ptr, "web-88d75d99b-wj9cz");
  make_nth(&m, 7);
  assert_string_equal(k8sm_pod_name(m.pod).ptr, "web-88d75d99b-9c4n6");
  make(&m,
       &(struct k8sm_instance_options){.size = sizeof(struct k8sm_instance_options), .collision_count = 1});
  looks_like(k8sm_pod_name(m.pod).ptr, "web-65568c9475-*****");
  drop(&m);
}

static void deployments_go_by_way_of_replica_sets(void **state) {
  (void)state;
  struct made m;
  char prefix[64];
  parse(&m, deployment);
  make_nth(&m, 0);
  looks_like(k8sm_pod_name(m.pod).ptr, "web-**********-*****");
  is(&m, "metadata.namespace", "prod");
  is(&m, "metadata.labels[app]", "web");
  is(&m, "metadata.annotations", "{\"note\":\"text\"}");
  snprintf(prefix, sizeof prefix, "%.14s", k8sm_pod_name(m.pod).ptr);
  is(&m, "metadata.ownerReferences[0].name", prefix);
  is(&m, "metadata.labels[pod-template-hash]", prefix + 4);
  is(&m, "metadata.ownerReferences[0].kind", "ReplicaSet");
  is(&m, "metadata.ownerReferences[0].controller", "true");
  is(&m, "metadata.ownerReferences[0].blockOwnerDeletion", "true");

  struct k8sm_workload *rs = NULL;
  struct k8sm_workload_info info = {.size = sizeof info};
  assert_int_equal(k8sm_workload_child(m.workload, NULL, &rs, NULL), K8SM_OK);
  assert_int_equal(k8sm_workload_get_info(rs, &info), K8SM_OK);
  assert_int_equal(info.kind, K8SM_WORKLOAD_REPLICA_SET);
  assert_string_equal(info.name.ptr, prefix);
  assert_int_equal(info.replicas, 4);
  is(&m, "metadata.ownerReferences[0].uid", info.uid.ptr);
  assert_int_equal(k8sm_workload_selects(rs, m.pod), 1);
  assert_int_equal(k8sm_workload_selects(m.workload, m.pod), 1);
  of_workload(
      rs, "metadata.annotations",
      "{\"deployment.kubernetes.io/desired-replicas\":\"4\",\"deployment.kubernetes.io/max-replicas\":\"6\","
      "\"deployment.kubernetes.io/revision\":\"1\",\"kept\":\"k\"}");
  of_workload(rs, "metadata.ownerReferences",
              "[{\"apiVersion\":\"apps/"
              "v1\",\"kind\":\"Deployment\",\"name\":\"web\",\"uid\":\"u-1\",\"controller\":true,"
              "\"blockOwnerDeletion\":true}]");
  of_workload(rs, "spec.minReadySeconds", "3");
  assert_int_equal(k8sm_workload_child(rs, NULL, &rs, NULL), K8SM_ERR_UNSUPPORTED);
  k8sm_workload_unref(rs);
  make(&m, &(struct k8sm_instance_options){.size = sizeof(struct k8sm_instance_options), .suffix = "own"});
  snprintf(prefix + 14, sizeof prefix - 14, "-own");
  assert_string_equal(k8sm_pod_name(m.pod).ptr, prefix);
  drop(&m);
}

static void stateful_sets_have_identities(void **state) {
  (void)state;
  struct made m;
  parse(&m, "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {serviceName: svc, "
            "replicas: 2, ordinals: "
            "{start: 5}, " CLAIMS SELECTOR ", " TEMPLATE "}\n");
  make_nth(&m, 6);
  is(&m, "metadata.name", "db-6");
  is(&m, "metadata.generateName", "db-");
  is(&m, "spec.hostname", "db-6");
  is(&m, "spec.subdomain", "svc");
  is(&m, "metadata.labels[statefulset.kubernetes.io/pod-name]", "db-6");
  is(&m, "metadata.labels[apps.kubernetes.io/pod-index]", "6");
  is(&m, "spec.volumes[0].persistentVolumeClaim.claimName", "data-db-6");
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_get(m.pod, "metadata.labels[controller-revision-hash]", NULL, &blob), K8SM_OK);
  assert_memory_equal(k8sm_blob_bytes(blob).ptr, "db-", 3);
  k8sm_blob_unref(blob);
  make(&m,
       &(struct k8sm_instance_options){.size = sizeof(struct k8sm_instance_options), .revision = "db-old"});
  is(&m, "metadata.name", "db-0");
  is(&m, "metadata.labels[controller-revision-hash]", "db-old");
  drop(&m);
}

static void daemons_are_tolerant(void **state) {
  (void)state;
  struct made m;
  parse(&m, "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d, annotations: "
            "{deprecated.daemonset.template.generation: '3'}}\nspec: {" SELECTOR
            ", template: {metadata: {labels: {app: web}}, "
            "spec: {hostNetwork: true, tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, "
            "effect: NoExecute, "
            "tolerationSeconds: 9}, {key: own, operator: Exists}], affinity: {podAffinity: {}, nodeAffinity: "
            "{requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: "
            "k, operator: "
            "Exists}]}]}}}, containers: [{name: c, image: i}]}}}\n");
  make(&m, &(struct k8sm_instance_options){.size = sizeof(struct k8sm_instance_options), .node_name = "n1"});
  looks_like(k8sm_pod_name(m.pod).ptr, "d-*****");
  is(&m, "metadata.labels[pod-template-generation]", "3");
  is(&m, "spec.tolerations[0]",
     "{\"key\":\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\",\"effect\":\"NoExecute\"}");
  is(&m, "spec.tolerations[1].key", "own");
  is(&m, "spec.tolerations[2].key", "node.kubernetes.io/unreachable");
  is(&m, "spec.tolerations[7].key", "node.kubernetes.io/network-unavailable");
  is_not_set(&m, "spec.tolerations[8]");
  is(&m, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
     "[{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":[\"n1\"]}]}]");
  is(&m, "spec.affinity.podAffinity", "{}");
  make_nth(&m, 0);
  is(&m,
     "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]."
     "matchExpressions[0].key",
     "k");
  drop(&m);
}

static void jobs_label_their_pods(void **state) {
  (void)state;
  struct made m;
  parse(&m, "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, uid: u-2}\nspec: {template: {metadata: "
            "{labels: {job-name: "
            "mine}}, " ENDS "}}\n");
  make_nth(&m, 0);
  looks_like(k8sm_pod_name(m.pod).ptr, "j-*****");
  is(&m, "metadata.labels",
     "{\"batch.kubernetes.io/controller-uid\":\"u-2\",\"batch.kubernetes.io/"
     "job-name\":\"j\",\"controller-uid\":\"u-2\","
     "\"job-name\":\"mine\"}");
  is_not_set(&m, "spec.hostname");
  assert_int_equal(k8sm_workload_selects(m.workload, m.pod), 1);
  struct k8sm_workload *other = NULL;
  assert_int_equal(k8sm_workload_with_uid(m.workload, "u-3", NULL, &other, NULL), K8SM_OK);
  assert_int_equal(k8sm_workload_selects(other, m.pod), 0);
  of_workload(other, "metadata.uid", "u-3");
  k8sm_workload_unref(other);
  drop(&m);
}

static void indexed_jobs_know_their_index(void **state) {
  (void)state;
  static const char name[] = "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbb";
  char text[1024];
  struct made m;
  snprintf(text, sizeof text,
           "apiVersion: batch/v1\nkind: Job\nmetadata: {name: %s}\nspec: {completionMode: Indexed, "
           "completions: 200, "
           "backoffLimitPerIndex: 1, template: {" ENDS "}}\n",
           name);
  parse(&m, text);
  make_nth(&m, 123);
  looks_like(k8sm_pod_name(m.pod).ptr, "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbb-123-*****");
  snprintf(text, sizeof text, "%s-123", name);
  is(&m, "spec.hostname", text);
  is(&m, "metadata.labels[batch.kubernetes.io/job-completion-index]", "123");
  is(&m, "metadata.annotations",
     "{\"batch.kubernetes.io/job-completion-index\":\"123\",\"batch.kubernetes.io/"
     "job-index-failure-count\":\"0\"}");
  is(&m, "spec.containers[0].env[0]",
     "{\"name\":\"JOB_COMPLETION_INDEX\",\"valueFrom\":{\"fieldRef\":{\"apiVersion\":\"v1\",\"fieldPath\":"
     "\"metadata.labels['batch.kubernetes.io/job-completion-index']\"}}}");
  is(&m, "spec.initContainers[0].env[0].name", "JOB_COMPLETION_INDEX");
  drop(&m);
}

static void cron_jobs_make_jobs_of_their_time(void **state) {
  (void)state;
  struct made m;
  struct k8sm_workload *job = NULL;
  struct k8sm_instance_options o = {.size = sizeof o, .scheduled_ms = INT64_C(1700000040000)};
  parse(&m, "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {schedule: '@daily', "
            "jobTemplate: {metadata: {labels: "
            "{of: job}}, spec: {template: {" ENDS "}}}}\n");
  assert_int_equal(k8sm_workload_child(m.workload, &o, &job, NULL), K8SM_OK);
  of_workload(job, "metadata.name", "c-28333334");
  of_workload(job, "metadata.labels", "{\"of\":\"job\"}");
  of_workload(job, "metadata.annotations",
              "{\"batch.kubernetes.io/cronjob-scheduled-timestamp\":\"2023-11-14T22:14:00Z\"}");
  of_workload(job, "metadata.ownerReferences[0].kind", "CronJob");
  k8sm_workload_unref(job);
  make(&m, &o);
  looks_like(k8sm_pod_name(m.pod).ptr, "c-28333334-*****");
  is(&m, "metadata.labels[batch.kubernetes.io/job-name]", "c-28333334");
  drop(&m);
}

/* Ten thousand pods of one owner have names of their own. */
static void suffixes_do_not_meet(void **state) {
  (void)state;
  enum { COUNT = 10000 };
  static char names[COUNT][16];
  struct made m;
  parse(&m, "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: rc}\nspec: {" TEMPLATE "}\n");
  for (uint32_t i = 0; i < COUNT; i++) {
    make_nth(&m, i);
    snprintf(names[i], sizeof names[i], "%s", k8sm_pod_name(m.pod).ptr);
  }
  qsort(names, COUNT, sizeof names[0], (int (*)(const void *, const void *))strcmp);
  for (size_t i = 1; i < COUNT; i++) assert_string_not_equal(names[i - 1], names[i]);
  drop(&m);
}

static void refused(const char *text, const char *path, const char *message) {
  struct made m;
  assert_int_equal(parse_with(&m, text, 0), K8SM_ERR_INVALID);
  for (size_t i = 0; i < m.diags.count; i++) {
    if (strcmp(m.text + m.rows[i].path, path) == 0 &&
        strncmp(m.text + m.rows[i].message, message, strlen(message)) == 0)
      return;
  }
  fail_msg("no '%s: %s', but '%s: %s'", path, message, m.text + m.rows[0].path, m.text + m.rows[0].message);
}

#define APPS(kind, spec)  "apiVersion: apps/v1\nkind: " kind "\nmetadata: {name: w}\nspec: {" spec "}\n"
#define BATCH(kind, spec) "apiVersion: batch/v1\nkind: " kind "\nmetadata: {name: w}\nspec: {" spec "}\n"

/* What the rules say of a value that was not read is not told beside that. */
static void wrong_types_are_told_once(void **state) {
  (void)state;
  struct made m;
  static const char text[] =
      APPS("Deployment", SELECTOR ", template: {metadata: {labels: {app: web}}, spec: "
                                  "{dnsPolicy: 1, containers: {}, volumes: [{name: 2}]}}");
  assert_int_equal(parse_with(&m, text, 0), K8SM_ERR_INVALID);
  for (size_t i = 0; i < m.diags.count; i++) assert_int_not_equal(m.rows[i].code, K8SM_DIAG_FIELD_REQUIRED);
  assert_int_equal(m.diags.count, 3);
}

static void rules_of_workloads(void **state) {
  (void)state;
  refused(APPS("Deployment", TEMPLATE), "spec.selector", "Required value");
  refused(APPS("Deployment", "selector: {}, " TEMPLATE), "spec.selector",
          "Invalid value: {}: empty selector is invalid for deployment");
  refused(APPS("ReplicaSet", "selector: {matchLabels: {app: other}}, " TEMPLATE),
          "spec.template.metadata.labels",
          "Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`");
  refused(APPS("Deployment", "replicas: -1, " SELECTOR ", " TEMPLATE), "spec.replicas",
          "Invalid value: -1: must be greater than or equal to 0");
  refused(APPS("Deployment", "strategy: {type: Sometimes}, " SELECTOR ", " TEMPLATE), "spec.strategy",
          "Unsupported value: {\"Type\":\"Sometimes\",\"RollingUpdate\":null}: supported values: "
          "\"Recreate\", \"RollingUpdate\"");
  refused(APPS("StatefulSet", "ordinals: {start: -2}, " SELECTOR ", " TEMPLATE), "spec.ordinals.start",
          "Invalid value: -2: must be greater than or equal to 0");
  refused(APPS("DaemonSet",
               SELECTOR ", template: {metadata: {labels: {app: web}}, spec: {restartPolicy: Never, "
                        "activeDeadlineSeconds: 3, containers: [{name: c, image: i}]}}"),
          "spec.template.spec.activeDeadlineSeconds",
          "Forbidden: activeDeadlineSeconds in DaemonSet is not Supported");
  refused(BATCH("Job", TEMPLATE), "spec.template.spec.restartPolicy",
          "Required value: valid values: \"OnFailure\", \"Never\"");
  refused(BATCH("Job", "completionMode: Indexed, parallelism: 2, template: {" ENDS "}"), "spec.completions",
          "Required value: when completion mode is Indexed");
  refused(BATCH("CronJob", "jobTemplate: {spec: {template: {" ENDS "}}}"), "spec.schedule", "Required value");
  refused(BATCH("CronJob",
                "schedule: '@daily', concurrencyPolicy: Maybe, jobTemplate: {spec: {template: {" ENDS "}}}"),
          "spec.concurrencyPolicy",
          "Unsupported value: \"Maybe\": supported values: \"Allow\", \"Forbid\", \"Replace\"");
  refused("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n" SPEC "\n", "",
          "found 0 workloads and 1 other objects, expected one workload");
  refused("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: Web_1}\nspec: {" SELECTOR ", " TEMPLATE
          "}\n",
          "metadata.name", "Invalid value: \"Web_1\": a lowercase RFC 1123 label");
}

/* A Job that is made again and again has no name of its own; and a template that mounts what each pod claims.
 */
static void workloads_without_names_or_volumes(void **state) {
  (void)state;
  struct made m;
  struct k8sm_workload_info info = {.size = sizeof info};
  parse(&m,
        "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: once-}\nspec: {template: {" ENDS "}}\n");
  assert_int_equal(k8sm_workload_get_info(m.workload, &info), K8SM_OK);
  looks_like(info.name.ptr, "once-*****");
  make_nth(&m, 0);
  is(&m, "metadata.labels[job-name]", info.name.ptr);
  drop(&m);
  parse(&m, APPS("StatefulSet",
                 CLAIMS SELECTOR ", template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, "
                                 "image: i, volumeMounts: [{name: data, mountPath: /d}]}]}}"));
  make_nth(&m, 0);
  is(&m, "spec.volumes[0].persistentVolumeClaim.claimName", "data-w-0");
  drop(&m);
}

/* What a server has may have a name, or a schedule, that was fine once. */
static void stored_workloads(void **state) {
  (void)state;
  struct made m;
  parse(&m, "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: "
            "a-name-that-is-longer-than-those-of-cron-jobs-may-be-now, uid: u}\n"
            "spec: {schedule: 'TZ=Europe/Berlin 0 * * * *', jobTemplate: {spec: {template: {" ENDS "}}}}\n");
  drop(&m);
  refused("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c, uid: u}\nspec: {schedule: 'TZ=UTC 0 * * "
          "* *', "
          "timeZone: UTC, jobTemplate: {spec: {template: {" ENDS "}}}}\n",
          "spec.schedule", "Invalid value: \"TZ=UTC 0 * * * *\": cannot use both timeZone field");
}

/* A pod that would break a rule is not made. */
static void pods_are_validated(void **state) {
  (void)state;
  struct made m;
  struct k8sm_instance_options o = {.size = sizeof o, .suffix = "-Wrong-"};
  parse(&m, deployment);
  assert_int_equal(k8sm_workload_pod(m.workload, &o, &m.pod, &m.diags), K8SM_ERR_INVALID);
  assert_string_equal(m.text + m.rows[0].path, "metadata.name");
  assert_null(m.pod);
  drop(&m);
}

static void every_allocation_fails_once(void **state) {
  (void)state;
  static const char *const texts[] = {
      deployment,
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {" CLAIMS SELECTOR ", " TEMPLATE
      "}\n",
      "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\nspec: {" SELECTOR ", " TEMPLATE "}\n",
      "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {schedule: '@daily', jobTemplate: "
      "{spec: {completionMode: "
      "Indexed, completions: 2, template: {" ENDS "}}}}\n"};
  for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
    int r = K8SM_ERR_NOMEM;
    for (size_t n = 1; r != K8SM_OK; n++) {
      struct failing f;
      failing_init(&f, n);
      struct k8sm_parse_options o = {.size = sizeof o, .allocator = &f.allocator};
      struct k8sm_instance_options i = {.size = sizeof i, .allocator = &f.allocator, .node_name = "n"};
      struct k8sm_workload *w = NULL;
      struct k8sm_pod *pod = NULL;
      r = k8sm_workload_parse(texts[t], strlen(texts[t]), &o, &w, NULL);
      if (r == K8SM_OK) r = k8sm_workload_pod(w, &i, &pod, NULL);
      if (r != K8SM_OK) assert_int_equal(r, K8SM_ERR_NOMEM);
      k8sm_pod_unref(pod);
      k8sm_workload_unref(w);
      assert_int_equal(f.held, 0);
      assert_in_range(n, 1, 3000);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_kinds_have_info),
      cmocka_unit_test(specs_are_rows),
      cmocka_unit_test(names_are_pure_functions),
      cmocka_unit_test(deployments_go_by_way_of_replica_sets),
      cmocka_unit_test(stateful_sets_have_identities),
      cmocka_unit_test(daemons_are_tolerant),
      cmocka_unit_test(jobs_label_their_pods),
      cmocka_unit_test(indexed_jobs_know_their_index),
      cmocka_unit_test(cron_jobs_make_jobs_of_their_time),
      cmocka_unit_test(suffixes_do_not_meet),
      cmocka_unit_test(wrong_types_are_told_once),
      cmocka_unit_test(wrong_types_are_told_once),
      cmocka_unit_test(rules_of_workloads),
      cmocka_unit_test(workloads_without_names_or_volumes),
      cmocka_unit_test(stored_workloads),
      cmocka_unit_test(pods_are_validated),
      cmocka_unit_test(every_allocation_fails_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
