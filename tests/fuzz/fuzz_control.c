/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include <k8smesos/manifest.h>

#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* A host of a control that does anything in any order. Each line is an input; its first byte says which:
 *   W kind name replicas image option   a workload of the tables below
 *   J json     any object, checked      U json   the same, unchecked and without defaults
 *   r          the next object replaces what can't change
 *   S n how    what becomes of pod n: r ready, u not ready, s succeeded, f failed, d disrupted, ? nobody
 * knows Q n json   any status of it         G n      it is gone    X n   it is not taken D key      a
 * deletion               E n      that of pod n C          what was given is all    H n      there are n
 * agents T ms       time goes on             V ms     the wall clock jumps K / N      a record is kept /
 * refused        A        all of them are kept Z rule     a time zone              B        the control dies,
 * and another one begins O key=row  a row to restore A step has one of the results that it may have. No pod
 * runs twice under one name, none ends that does not run, and no owner has more pods than it may. In the end
 * all is deleted, and then nothing is left. */

enum { CTLF_LIST = 4096, CTLF_LINE = 4096, CTLF_TURNS = 60, CTLF_END_TURNS = 3000 };

/* A pod that the driver has, a row that is kept, or a record that waits. */
struct ctlf_item {
  char *key;
  struct k8sm_pod *pod;
  char *bytes; /* a status, or a row; NULL: none */
  uint64_t number;
  bool deleting;
};
struct ctlf_list {
  struct ctlf_item items[CTLF_LIST];
  size_t count;
};

struct ctlf_host {
  struct k8sm_control *control;
  struct k8sm_effects *effects;
  uint64_t mono, last_number;
  int64_t wall;
  bool replace;
  bool full; /* some list is: nothing more is asked of this run */
};
static struct ctlf_list ctlf_pods, ctlf_rows, ctlf_open;

/* ---- Lists ---- */

static char *ctlf_copy(const char *text, size_t len) {
  char *copy = malloc(len + 1);
  FUZZ_REQUIRE(copy != NULL);
  if (len > 0) memcpy(copy, text, len);
  copy[len] = '\0';
  return copy;
}

static struct ctlf_item *ctlf_find(struct ctlf_list *list, const char *key) {
  for (size_t i = 0; i < list->count; i++) {
    if (strcmp(list->items[i].key, key) == 0) return &list->items[i];
  }
  return NULL;
}

static struct ctlf_item *ctlf_add(struct ctlf_host *h, struct ctlf_list *list, const char *key) {
  if (list->count == CTLF_LIST - 1) h->full = true;
  struct ctlf_item *item = &list->items[list->count < CTLF_LIST ? list->count++ : CTLF_LIST - 1];
  *item = (struct ctlf_item){.key = ctlf_copy(key, strlen(key))};
  return item;
}

static void ctlf_free(struct ctlf_item *item) {
  free(item->key);
  free(item->bytes);
  k8sm_pod_unref(item->pod);
}

static void ctlf_remove(struct ctlf_list *list, struct ctlf_item *item) {
  ctlf_free(item);
  size_t behind = (size_t)(&list->items[list->count] - item) - 1;
  memmove(item, item + 1, behind * sizeof *item);
  list->count--;
}

static void ctlf_clear(struct ctlf_list *list) {
  while (list->count > 0) ctlf_free(&list->items[--list->count]);
}

/* ---- What must hold ---- */

/* How many of the owner's pods run under the same number, or on the same node. */
static size_t ctlf_twins(const struct ctl_pod *of) {
  size_t n = 0;
  for (const struct ctl_pod *p = of->owner->pods; p != NULL; p = p->next)
    n += k8smi_ctl_pod_active(p) && p->number == of->number && k8smi_eq(p->target, of->target);
  return n;
}

/* A pod that is to run now: its owner has no more than it may. */
static void ctlf_check_owner(const struct ctlf_host *h, const char *key) {
  const struct ctl_pod *p = k8smi_ctl_pod_find(h->control, k8smi_s(key));
  FUZZ_REQUIRE(p != NULL);
  const struct ctl_object *o = p->owner;
  struct k8sm_job_spec job = {.size = sizeof job};
  int64_t active = 0;
  if (o == NULL) return;
  for (const struct ctl_pod *q = o->pods; q != NULL; q = q->next) active += k8smi_ctl_pod_active(q);
  switch (o->kind->number) {
  case K8SM_WORKLOAD_REPLICA_SET:
  case K8SM_WORKLOAD_REPLICATION_CONTROLLER: FUZZ_REQUIRE(active <= o->replicas); break;
  case K8SM_WORKLOAD_STATEFUL_SET: FUZZ_REQUIRE(ctlf_twins(p) == 1); break;
  case K8SM_WORKLOAD_DAEMON_SET: FUZZ_REQUIRE(ctlf_twins(p) <= 2); break; /* the old one and the new one */
  default:
    FUZZ_REQUIRE(k8sm_workload_get_job(o->workload, &job) == K8SM_OK);
    FUZZ_REQUIRE(active <= job.parallelism);
    FUZZ_REQUIRE(job.completion_mode != K8SM_COMPLETION_INDEXED || ctlf_twins(p) == 1);
  }
}

/* ---- The host ---- */

static void ctlf_effect(struct ctlf_host *h, const struct k8sm_effect *e) {
  struct ctlf_item *known = e->key.len == 0 ? NULL : ctlf_find(&ctlf_pods, e->key.ptr);
  FUZZ_REQUIRE(e->bytes.ptr == NULL || e->bytes.ptr[e->bytes.len] == '\0');
  switch (e->type) {
  case K8SM_EFFECT_RECORD:
    FUZZ_REQUIRE(e->number > h->last_number && e->key.len > 0);
    h->last_number = e->number;
    struct ctlf_item *record = ctlf_add(h, &ctlf_open, e->key.ptr);
    record->number = e->number;
    if (e->bytes.len > 0) record->bytes = ctlf_copy(e->bytes.ptr, e->bytes.len);
    break;
  case K8SM_EFFECT_POD:
    FUZZ_REQUIRE(known == NULL && k8sm_pod_uid(e->pod).len > 0);
    ctlf_add(h, &ctlf_pods, e->key.ptr)->pod = k8sm_pod_ref(e->pod);
    break;
  case K8SM_EFFECT_DELETE:
    FUZZ_REQUIRE(known != NULL);
    known->deleting = true;
    break;
  case K8SM_EFFECT_EVENT: FUZZ_REQUIRE(strchr(e->bytes.ptr, ':') != NULL); break;
  case K8SM_EFFECT_DELETE_CLAIM: FUZZ_REQUIRE(memchr(e->key.ptr, '/', e->key.len) != NULL); break;
  default: FUZZ_REQUIRE(e->type == K8SM_EFFECT_GONE && e->key.len > 0); break;
  }
}

static int ctlf_step(struct ctlf_host *h, struct k8sm_control_input in) {
  struct k8sm_effect e;
  in.size = sizeof in;
  in.mono_ms = h->mono;
  in.wall_ms = h->wall;
  int r = k8sm_control_step(h->control, &in, h->effects, NULL);
  FUZZ_REQUIRE(r <= K8SM_OK && r != K8SM_ERR_NOMEM && r != K8SM_ERR_ABI);
  for (size_t i = 0; k8sm_effects_rows(h->effects, i, &e, sizeof e, 1) != 0; i++) {
    ctlf_effect(h, &e);
    if (e.type == K8SM_EFFECT_POD) ctlf_check_owner(h, e.key.ptr);
  }
  return r;
}

static void ctlf_answer(struct ctlf_host *h, bool kept) {
  if (ctlf_open.count == 0) return;
  struct ctlf_item *record = &ctlf_open.items[0];
  const struct k8sm_control_input in = {.type = kept ? K8SM_CONTROL_RECORDED : K8SM_CONTROL_REFUSED,
                                        .number = record->number};
  struct ctlf_item *row = ctlf_find(&ctlf_rows, record->key);
  if (kept && row != NULL) ctlf_remove(&ctlf_rows, row);
  if (kept && record->bytes != NULL) {
    ctlf_add(h, &ctlf_rows, record->key)->bytes = record->bytes;
    record->bytes = NULL;
  }
  ctlf_remove(&ctlf_open, record);
  ctlf_step(h, in);
}

static void ctlf_begin(struct ctlf_host *h) {
  const struct k8sm_control_options o = {.size = sizeof o, .seed = 7 + h->mono};
  FUZZ_REQUIRE(k8sm_control_new(&o, &h->control, NULL) == K8SM_OK);
  h->last_number = 0;
  ctlf_clear(&ctlf_open);
}

static void ctlf_restart(struct ctlf_host *h) {
  k8sm_control_free(h->control);
  ctlf_begin(h);
  for (size_t i = 0; i < ctlf_rows.count; i++)
    ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_RESTORE,
                                             .key = k8smi_s(ctlf_rows.items[i].key),
                                             .bytes = k8smi_s(ctlf_rows.items[i].bytes)});
  for (size_t i = 0; i < ctlf_pods.count; i++) {
    const struct ctlf_item *p = &ctlf_pods.items[i];
    ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_FOUND,
                                             .pod = p->pod,
                                             .bytes = k8smi_s(p->bytes == NULL ? "" : p->bytes),
                                             .flags = p->deleting ? K8SM_CONTROL_FLAG_DELETING : 0});
  }
  ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
}

static void ctlf_time(struct ctlf_host *h, uint64_t ms, size_t turns) {
  uint64_t until = h->mono + ms;
  for (; turns > 0 && k8sm_control_deadline(h->control) <= until; turns--) {
    uint64_t due = k8sm_control_deadline(h->control);
    if (due > h->mono) {
      h->wall += (int64_t)(due - h->mono);
      h->mono = due;
    }
    ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
  }
  if (turns == 0) return;
  h->wall += (int64_t)(until - h->mono);
  h->mono = until;
}

/* ---- Objects ---- */

static void ctlf_apply(struct ctlf_host *h, const char *json, bool checked) {
  const struct k8sm_parse_options o = {
      .size = sizeof o,
      .format = K8SM_FORMAT_JSON,
      .flags = K8SM_PARSE_TEMPLATES | (checked ? 0 : K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE)};
  struct k8sm_manifest *m = NULL;
  struct k8sm_manifest_workload w;
  struct k8sm_manifest_pod p;
  const uint32_t flags = h->replace ? K8SM_CONTROL_FLAG_REPLACE : 0;
  h->replace = false;
  if (k8sm_manifest_parse(json, strlen(json), &o, &m, NULL) != K8SM_OK) return;
  for (size_t i = 0; k8sm_manifest_workloads(m, i, &w, sizeof w, 1) > 0; i++)
    ctlf_step(
        h, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .flags = flags, .workload = w.workload});
  for (size_t i = 0; k8sm_manifest_pods(m, i, &p, sizeof p, 1) > 0; i++) {
    if (p.owner.len == 0)
      ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .flags = flags, .pod = p.pod});
  }
  k8sm_manifest_unref(m);
}

#define CTLF_TEMPLATE(restart)                                                                               \
  "\"template\":{\"metadata\":{\"labels\":{\"app\":\"%c\"}},\"spec\":{" restart                              \
  "\"containers\":[{\"name\":\"m\",\"image\":\"%c\"}]}}"
#define CTLF_SELECTOR "\"selector\":{\"matchLabels\":{\"app\":\"%c\"}}"

/* Name, number, option, name as a label, image. */
static const struct {
  char letter;
  const char *json;
  const char *options[4];
} ctlf_kinds[] = {
    {'d',
     "{\"apiVersion\":\"apps/"
     "v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"%c\"},\"spec\":{\"replicas\":%u,"
     "%s\"selector\":{\"matchLabels\":{\"app\":\"%c\"}}," CTLF_TEMPLATE("") "}}",
     {"", "\"paused\":true,", "\"strategy\":{\"type\":\"Recreate\"},",
      "\"strategy\":{\"rollingUpdate\":{\"maxSurge\":2,\"maxUnavailable\":0}},\"minReadySeconds\":5,"
      "\"revisionHistoryLimit\":0,\"progressDeadlineSeconds\":60,"}},
    {'r',
     "{\"apiVersion\":\"apps/"
     "v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"%c\"},\"spec\":{\"replicas\":%u,"
     "%s\"selector\":{\"matchLabels\":{\"app\":\"%c\"}}," CTLF_TEMPLATE("") "}}",
     {"", "\"minReadySeconds\":5,", "", ""}},
    {'c',
     "{\"apiVersion\":\"v1\",\"kind\":\"ReplicationController\",\"metadata\":{\"name\":\"%c\"},\"spec\":{"
     "\"replicas\":%u,%s\"selector\":{\"app\":\"%c\"}," CTLF_TEMPLATE("") "}}",
     {"", "\"minReadySeconds\":5,", "", ""}},
    {'s',
     "{\"apiVersion\":\"apps/"
     "v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"%c\"},\"spec\":{\"replicas\":%u,"
     "%s\"serviceName\":\"x\",\"selector\":{\"matchLabels\":{\"app\":\"%c\"}}," CTLF_TEMPLATE("") "}}",
     {"", "\"podManagementPolicy\":\"Parallel\",",
      "\"updateStrategy\":{\"rollingUpdate\":{\"partition\":1}},\"minReadySeconds\":5,",
      "\"updateStrategy\":{\"type\":\"OnDelete\"},\"ordinals\":{\"start\":3},"}},
    {'v',
     "{\"apiVersion\":\"apps/"
     "v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"%c\"},\"spec\":{\"replicas\":%u,"
     "\"persistentVolumeClaimRetentionPolicy\":{%s\"whenScaled\":\"Delete\"},\"volumeClaimTemplates\":[{"
     "\"metadata\":{"
     "\"name\":\"v\"},\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":"
     "\"1\"}}}}],\"podManagementPolicy\":\"Parallel\",\"serviceName\":\"x\",\"selector\":{\"matchLabels\":{"
     "\"app\":"
     "\"%c\"}}," CTLF_TEMPLATE("") "}}",
     {"", "\"whenDeleted\":\"Delete\",", "", ""}},
    {'n',
     "{\"apiVersion\":\"apps/v1\",\"kind\":\"DaemonSet\",\"metadata\":{\"name\":\"%c\"},\"spec\":{"
     "\"minReadySeconds\":%u,%s\"selector\":{\"matchLabels\":{\"app\":\"%c\"}}," CTLF_TEMPLATE("") "}}",
     {"", "\"updateStrategy\":{\"type\":\"OnDelete\"},",
      "\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":0}},",
      "\"updateStrategy\":{\"rollingUpdate\":{\"maxUnavailable\":\"50%\"}},"}},
    {'j',
     "{\"apiVersion\":\"batch/"
     "v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"%c\",\"labels\":{\"n\":\"x\"}},\"spec\":{"
     "\"parallelism\":%u,%s\"completions\":4,\"template\":{\"metadata\":{\"labels\":{\"app\":\"%c\"}},"
     "\"spec\":{"
     "\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"m\",\"image\":\"%c\"}]}}}}",
     {"", "\"suspend\":true,", "\"ttlSecondsAfterFinished\":30,\"activeDeadlineSeconds\":100,",
      "\"podFailurePolicy\":{\"rules\":[{\"action\":\"Ignore\",\"onPodConditions\":[{\"type\":"
      "\"DisruptionTarget\"}]}]},\"backoffLimit\":1,"}},
    {'i',
     "{\"apiVersion\":\"batch/"
     "v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"%c\"},\"spec\":{\"completionMode\":"
     "\"Indexed\",\"parallelism\":%u,%s\"completions\":4,\"template\":{\"metadata\":{\"labels\":{\"app\":\"%"
     "c\"}},"
     "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"m\",\"image\":\"%c\"}]}}}}",
     {"", "\"backoffLimitPerIndex\":1,\"maxFailedIndexes\":1,", "\"podReplacementPolicy\":\"Failed\",",
      "\"successPolicy\":{\"rules\":[{\"succeededIndexes\":\"0-2\",\"succeededCount\":2}]},"}},
    {'t',
     "{\"apiVersion\":\"batch/"
     "v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"%c\"},\"spec\":{\"schedule\":"
     "\"*/%u * * * *\",%s\"jobTemplate\":{\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"app\":\"%c\"}},"
     "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"m\",\"image\":\"%c\"}]}}}}}}",
     {"", "\"concurrencyPolicy\":\"Forbid\",\"timeZone\":\"Etc/UTC\",",
      "\"concurrencyPolicy\":\"Replace\",\"startingDeadlineSeconds\":100,", "\"suspend\":true,"}},
    {'p',
     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%c-%u\"},\"spec\":{%s\"hostname\":\"%"
     "c\","
     "\"containers\":[{\"name\":\"m\",\"image\":\"%c\"}]}}",
     {"", "\"priority\":1,", "", ""}},
};

static void ctlf_workload(struct ctlf_host *h, const char *text) {
  char kind = 'd', name = 'a', image = 'a', json[1200];
  unsigned number = 1, option = 0;
  sscanf(text, "%c %c %u %c %u", &kind, &name, &number, &image, &option);
  for (size_t i = 0; i < sizeof ctlf_kinds / sizeof ctlf_kinds[0]; i++) {
    if (ctlf_kinds[i].letter != kind) continue;
    snprintf(json, sizeof json, ctlf_kinds[i].json, name, number % 1500, ctlf_kinds[i].options[option % 4],
             name, image);
    ctlf_apply(h, json, true);
  }
}

/* ---- Pods ---- */

static struct ctlf_item *ctlf_pod(const char **text) {
  unsigned n = 0;
  int len = 0;
  sscanf(*text, "%u%n", &n, &len);
  *text += len;
  *text += **text == ' ';
  return ctlf_pods.count == 0 ? NULL : &ctlf_pods.items[n % ctlf_pods.count];
}

/* What the control did not take the driver has not said. */
static void ctlf_tell(struct ctlf_host *h, struct ctlf_item *p, const char *status) {
  char *key = ctlf_copy(p->key, strlen(p->key));
  int r = ctlf_step(h, (struct k8sm_control_input){
                           .type = K8SM_CONTROL_STATUS, .key = k8smi_s(key), .bytes = k8smi_s(status)});
  p = ctlf_find(&ctlf_pods, key);
  if (r == K8SM_OK && p != NULL) {
    free(p->bytes);
    p->bytes = ctlf_copy(status, strlen(status));
  }
  free(key);
}

static void ctlf_becomes(struct ctlf_host *h, struct ctlf_item *p, char how) {
  static const struct {
    char how;
    const char *json; /* one time in it, if any */
  } states[] = {
      {'r',
       "{\"phase\":\"Running\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"},{\"type\":"
       "\"Ready\",\"status\":\"True\",\"lastTransitionTime\":\"%s\"}]}"},
      {'u',
       "{\"phase\":\"Running\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"},{\"type\":"
       "\"Ready\",\"status\":\"False\",\"lastTransitionTime\":\"%s\"}]}"},
      {'s', "{\"phase\":\"Succeeded\",\"containerStatuses\":[{\"name\":\"m\",\"state\":{\"terminated\":{"
            "\"exitCode\":"
            "0,\"finishedAt\":\"%s\"}}}]}"},
      {'f', "{\"phase\":\"Failed\",\"containerStatuses\":[{\"name\":\"m\",\"restartCount\":2,\"state\":{"
            "\"terminated\":{\"exitCode\":1,\"finishedAt\":\"%s\"}}}]}"},
      {'d',
       "{\"phase\":\"Failed\",\"reason\":\"%s\",\"conditions\":[{\"type\":\"DisruptionTarget\",\"status\":"
       "\"True\"}]}"},
      {'?', "{\"phase\":\"Unknown\",\"message\":\"%s\"}"},
  };
  char json[400], now[K8SMI_TIME_LEN + 1] = "";
  k8smi_format_time(h->wall / 1000, now);
  now[K8SMI_TIME_LEN] = '\0';
  for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
    if (states[i].how != how) continue;
    snprintf(json, sizeof json, states[i].json, now);
    ctlf_tell(h, p, json);
  }
}

/* It is not there any more: the control is told so. */
static void ctlf_leave(struct ctlf_host *h, struct ctlf_item *p, uint32_t type) {
  char *key = ctlf_copy(p->key, strlen(p->key));
  ctlf_remove(&ctlf_pods, p);
  ctlf_step(h, (struct k8sm_control_input){.type = type, .key = k8smi_s(key), .bytes = K8SMI_S("no room")});
  free(key);
}

static void ctlf_delete(struct ctlf_host *h, const char *key, int64_t grace) {
  ctlf_step(h, (struct k8sm_control_input){
                   .type = K8SM_CONTROL_DELETE, .key = k8smi_s(key), .grace_seconds = grace});
}

static void ctlf_pod_line(struct ctlf_host *h, char what, const char *text) {
  struct ctlf_item *p = ctlf_pod(&text);
  char *key;
  if (p == NULL) return;
  switch (what) {
  case 'S': ctlf_becomes(h, p, text[0]); break;
  case 'Q': ctlf_tell(h, p, text); break;
  case 'G': ctlf_leave(h, p, K8SM_CONTROL_GONE); break;
  case 'X': ctlf_leave(h, p, K8SM_CONTROL_REJECTED); break;
  default:
    key = malloc(strlen(p->key) + 5);
    FUZZ_REQUIRE(key != NULL);
    sprintf(key, "Pod/%s", p->key);
    ctlf_delete(h, key, text[0] == '\0' ? -1 : text[0]);
    free(key);
  }
}

/* ---- The rest ---- */

static void ctlf_agents(struct ctlf_host *h, unsigned n) {
  static const char *const names[] = {"a", "b", "c", "d"};
  static const struct k8sm_node_taint taint = {"gpu", "", "NoExecute"};
  const struct k8sm_node node = {
      .size = sizeof node, .taints = &taint, .taint_count = 1, .taint_size = sizeof taint};
  struct k8sm_control_agent rows[4];
  for (size_t i = 0; i < 4; i++)
    rows[i] = (struct k8sm_control_agent){k8smi_s(names[i]), i == 3 ? &node : NULL};
  ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_AGENTS,
                                           .agents = rows,
                                           .agent_count = n % 5,
                                           .agent_size = sizeof rows[0]});
}

/* A zone of one type, with the rule. */
static void ctlf_zone(struct ctlf_host *h, const char *rule) {
  static char bytes[CTLF_LINE + 160];
  char *end = bytes;
  for (int block = 0; block < 2; block++) {
    memset(end, 0, 54);
    memcpy(end, "TZif2", 5);
    end[39] = 1;
    end[43] = 4;
    memcpy(end + 50, "UTC", 4);
    end += 54;
  }
  int len = snprintf(end, sizeof bytes - 108, "\n%s\n", rule);
  ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_ZONE,
                                           .key = K8SMI_S("Etc/UTC"),
                                           .bytes = {bytes, 108 + (size_t)len}});
}

static void ctlf_scale(struct ctlf_host *h, const char *text) {
  char *key;
  unsigned long long n = strtoull(text, &key, 10);
  ctlf_step(h, (struct k8sm_control_input){
                   .type = K8SM_CONTROL_SCALE, .number = n % 1500, .key = k8smi_s(key + (*key == ' '))});
}

static void ctlf_restore(struct ctlf_host *h, const char *text) {
  size_t n = strcspn(text, "=");
  const char *row = text[n] == '\0' ? text + n : text + n + 1;
  ctlf_step(
      h, (struct k8sm_control_input){.type = K8SM_CONTROL_RESTORE, .key = {text, n}, .bytes = k8smi_s(row)});
}

static void ctlf_line(struct ctlf_host *h, const char *line) {
  const char *text = line[0] != '\0' && line[1] == ' ' ? line + 2 : line + (line[0] != '\0');
  unsigned long long ms = strtoull(text, NULL, 10);
  switch (line[0]) {
  case 'W': ctlf_workload(h, text); break;
  case 'J':
  case 'U': ctlf_apply(h, text, line[0] == 'J'); break;
  case 'r': h->replace = true; break;
  case 'S':
  case 'Q':
  case 'G':
  case 'X':
  case 'E': ctlf_pod_line(h, line[0], text); break;
  case 'D': ctlf_delete(h, text, -1); break;
  case 'C': ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_COMPLETE}); break;
  case 'T': ctlf_time(h, ms % 1000000, CTLF_TURNS); break;
  case 'V': h->wall += (int64_t)(ms % 100000000000) - 1000000000; break;
  case 'K':
  case 'N': ctlf_answer(h, line[0] == 'K'); break;
  case 'A':
    for (size_t i = 0; ctlf_open.count > 0 && i < CTLF_TURNS; i++) ctlf_answer(h, true);
    break;
  case 'L': ctlf_scale(h, text); break;
  case 'H': ctlf_agents(h, (unsigned)ms); break;
  case 'Z': ctlf_zone(h, text); break;
  case 'B': ctlf_restart(h); break;
  case 'O': ctlf_restore(h, text); break;
  default: break;
  }
}

/* ---- The end ---- */

/* The key of some object that nothing else has made; NULL: there is none. */
static char *ctlf_any(const struct ctlf_host *h) {
  struct k8sm_control_row row;
  for (size_t i = 0; k8sm_control_rows(h->control, i, &row, sizeof row, 1) > 0; i++) {
    if (row.owner.len == 0 && !row.deleting) return ctlf_copy(row.key.ptr, row.key.len);
  }
  return NULL;
}

/* All goes, with a host that does what it is told. */
static void ctlf_end(struct ctlf_host *h) {
  ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_COMPLETE});
  ctlf_step(h, (struct k8sm_control_input){.type = K8SM_CONTROL_COMPLETE});
  for (char *key; (key = ctlf_any(h)) != NULL; free(key)) ctlf_delete(h, key, -1);
  for (size_t turn = 0; turn < CTLF_END_TURNS && !h->full; turn++) {
    bool busy = ctlf_open.count > 0;
    if (busy) ctlf_answer(h, true);
    for (size_t i = 0; i < ctlf_pods.count; i++) {
      if (!ctlf_pods.items[i].deleting) continue;
      busy = true;
      ctlf_leave(h, &ctlf_pods.items[i--], K8SM_CONTROL_GONE);
    }
    if (!busy && k8sm_control_deadline(h->control) == UINT64_MAX) break;
    if (!busy) ctlf_time(h, 10000, 4);
  }
  if (h->full) return;
  FUZZ_REQUIRE(k8sm_control_rows(h->control, 0, NULL, sizeof(struct k8sm_control_row), 0) == 0);
  FUZZ_REQUIRE(ctlf_open.count == 0);
  for (size_t i = 0; i < ctlf_pods.count; i++) FUZZ_REQUIRE(ctlf_pods.items[i].deleting);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  static char line[CTLF_LINE];
  struct ctlf_host h = {.mono = 1, .wall = INT64_C(1767225600000)};
  FUZZ_REQUIRE(k8sm_effects_new(NULL, &h.effects) == K8SM_OK);
  ctlf_begin(&h);
  for (size_t at = 0; at < len && !h.full;) {
    const uint8_t *end = memchr(bytes + at, '\n', len - at);
    size_t n = end == NULL ? len - at : (size_t)(end - (bytes + at));
    snprintf(line, sizeof line, "%.*s", (int)(n < CTLF_LINE ? n : CTLF_LINE), (const char *)bytes + at);
    ctlf_line(&h, line);
    at += n + 1;
  }
  ctlf_end(&h);
  k8sm_control_free(h.control);
  k8sm_effects_free(h.effects);
  ctlf_clear(&ctlf_pods);
  ctlf_clear(&ctlf_rows);
  ctlf_clear(&ctlf_open);
  return 0;
}
