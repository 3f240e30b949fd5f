/* SPDX-License-Identifier: Apache-2.0 */
/* PersistentVolumeClaims of the files are recorded: what no longer is in the files can be deleted (--prune),
 * and a pod that still has it can be taken up. Their volumes are the driver's to destroy. Those that a
 * StatefulSet makes for its pods are one, "default/data-db-*", for what they say, and each is recorded when
 * its first pod is made. They stay until somebody names and deletes them. */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

#define CLAIM_KIND "PersistentVolumeClaim"
static const char claim_prefix[] = CLAIM_KIND "/";
enum { CLAIM_PREFIX = sizeof claim_prefix - 1 };

const char *km_claim_of_key(const char *key) {
  return strncmp(key, claim_prefix, CLAIM_PREFIX) == 0 ? key + CLAIM_PREFIX : NULL;
}

static size_t find(const struct km_runner *r, const char *name) {
  size_t i = 0;
  while (i < r->claim_count && strcmp(r->claims[i].name, name) != 0) i++;
  return i;
}

static bool is_of_each(const char *name) {
  return name[strlen(name) - 1] == '*';
}

/* Else it was only asked for. */
static bool is_read(const struct km_claim *claim) {
  return claim != NULL && claim->modes != NULL;
}

bool km_claims_know(const struct km_runner *r, const char *name) {
  return find(r, name) < r->claim_count;
}

static struct km_claim *note(struct km_runner *r, const char *name) {
  size_t i = find(r, name);
  if (i < r->claim_count) return &r->claims[i];
  r->claims = km_alloc(r->claims, (r->claim_count + 1) * sizeof *r->claims);
  r->claims[r->claim_count] = (struct km_claim){.name = km_strdup(name, strlen(name))};
  return &r->claims[r->claim_count++];
}

/* That of the set whose claim it may be, "default/data-db-*" of "default/data-db-0". */
static const struct km_claim *of_each(const struct km_runner *r, const char *name) {
  char each[700];
  size_t n = strlen(name);
  while (n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9') n--;
  snprintf(each, sizeof each, "%.*s*", (int)n, name);
  size_t i = name[n] == '\0' ? r->claim_count : find(r, each);
  return i < r->claim_count ? &r->claims[i] : NULL;
}

bool km_claims_find(struct km_runner *r, const char *name) {
  if (of_each(r, name) != NULL) note(r, name);
  return km_claims_know(r, name);
}

const struct km_claim *km_claims_facts(const struct km_runner *r, const char *name) {
  const struct km_claim *each = of_each(r, name);
  size_t i = find(r, name);
  const struct km_claim *own = i < r->claim_count ? &r->claims[i] : NULL;
  return each == NULL || is_read(own) ? own : each;
}

/* The row is the object; none: it is removed. */
static bool keep(struct km_runner *r, const char *name, struct k8sm_slice row) {
  char key[700];
  int n = snprintf(key, sizeof key, "%s%s", claim_prefix, name);
  return km_store_put(r->store, (struct k8sm_slice){key, (size_t)n}, row, false);
}

static void free_claim(struct km_claim *claim) {
  free(claim->name);
  free(claim->modes);
  free(claim->storage_class);
  free(claim->pattern);
}

void km_claims_forget(struct km_runner *r, const char *name) {
  size_t i = find(r, name);
  if (i == r->claim_count) return;
  if (!keep(r, name, (struct k8sm_slice){NULL, 0})) r->failed = true;
  free_claim(&r->claims[i]);
  r->claims[i] = r->claims[--r->claim_count];
}

void km_claims_free(struct km_runner *r) {
  for (size_t i = 0; i < r->claim_count; i++) free_claim(&r->claims[i]);
  free(r->claims);
  for (size_t i = 0; i < r->claim_object_count; i++) k8sm_manifest_unref(r->claim_objects[i]);
  free(r->claim_objects);
}

/* A claim of the files, and the object that says what it is: itself, or the StatefulSet that makes it. */
struct claim {
  const char *name;
  const struct k8sm_manifest *manifest; /* NULL: the set */
  size_t object;
  const struct k8sm_workload *set;
};
typedef bool claim_visitor(void *ctx, const struct claim *claim);

static bool each_of_set(const struct k8sm_workload *set, claim_visitor *visit, void *ctx) {
  struct k8sm_workload_info info = {.size = sizeof info};
  bool ok = k8sm_workload_get_info(set, &info) == K8SM_OK;
  for (size_t i = 0; ok && info.kind == K8SM_WORKLOAD_STATEFUL_SET; i++) {
    char path[80], name[1000];
    struct k8sm_blob *claim;
    snprintf(path, sizeof path, "spec.volumeClaimTemplates[%zu].metadata.name", i);
    int result = k8sm_workload_get(set, path, NULL, &claim);
    if (result != K8SM_OK) return result == K8SM_ERR_NOT_FOUND;
    snprintf(name, sizeof name, "%s/%s-%s-*", info.name_space.ptr, k8sm_blob_bytes(claim).ptr, info.name.ptr);
    k8sm_blob_unref(claim);
    ok = visit(ctx, &(struct claim){name, NULL, 0, set});
  }
  return ok;
}

/* Calls for each claim of the files, until that returns false. */
static bool each_claim(const struct km_set *set, claim_visitor *visit, void *ctx) {
  char name[600];
  bool ok = true;
  for (size_t i = 0; ok && i < set->file_count; i++) {
    struct k8sm_manifest_object row;
    const struct k8sm_manifest *m = set->files[i].manifest;
    for (size_t k = 0; ok && k8sm_manifest_objects(m, k, &row, sizeof row, 1) > 0; k++) {
      if (strcmp(row.kind.ptr, CLAIM_KIND) != 0) continue;
      snprintf(name, sizeof name, "%s/%s", row.name_space.ptr, row.name.ptr);
      ok = visit(ctx, &(struct claim){name, m, k, NULL});
    }
  }
  for (size_t i = 0; ok && i < set->workload_count; i++)
    ok = each_of_set(set->workloads[i].workload, visit, ctx);
  return ok;
}

static bool is_other(void *ctx, const struct claim *claim) {
  return strcmp(ctx, claim->name) != 0;
}

static bool keep_claim(void *ctx, const struct claim *claim) {
  struct km_runner *r = ctx;
  struct k8sm_blob *json;
  int result = claim->manifest != NULL ? k8sm_manifest_get(claim->manifest, claim->object, NULL, NULL, &json)
                                       : k8sm_workload_encode(claim->set, K8SM_FORMAT_JSON, NULL, &json);
  if (result != K8SM_OK) return false;
  struct km_claim *noted = note(r, claim->name);
  char *row = km_claim_read(noted, k8sm_blob_bytes(json), km_wall_ms());
  bool ok = row != NULL && keep(r, claim->name, (struct k8sm_slice){row, strlen(row)});
  free(row);
  k8sm_blob_unref(json);
  return ok;
}

bool km_claims_give(struct km_runner *r, const struct km_set *set, bool prune) {
  bool ok = each_claim(set, keep_claim, r);
  km_claims_see_all(r);
  for (size_t i = 0; ok && prune && i < r->claim_count; i++) {
    char *name = r->claims[i].name;
    if (!is_of_each(name) && of_each(r, name) == NULL && each_claim(set, is_other, name))
      ok = km_claim_delete(r, name) == K8SM_OK;
  }
  return ok;
}

/* ---- Those of sets ---- */

static void make(struct km_runner *r, const char *name, int64_t created_ms) {
  const struct km_claim *each = of_each(r, name);
  size_t i = find(r, name);
  if (each == NULL || (i < r->claim_count && is_read(&r->claims[i]))) return;
  char *object = km_claim_make(each, name);
  if (object == NULL) return;
  char *row = km_claim_read(note(r, name), (struct k8sm_slice){object, strlen(object)}, created_ms);
  if (row == NULL || !keep(r, name, (struct k8sm_slice){row, strlen(row)})) r->failed = true;
  free(row);
  free(object);
}

void km_claims_see(struct km_runner *r, const struct k8sm_pod *pod) {
  const int64_t made_ms = km_pod_created_ms(pod);
  char path[80], name[700];
  struct k8sm_pod_value list, claim;
  if (k8sm_pod_get_value(pod, "spec.volumes", &list, sizeof list) != K8SM_OK) return;
  for (size_t i = 0; i < list.count; i++) {
    snprintf(path, sizeof path, "spec.volumes[%zu].persistentVolumeClaim.claimName", i);
    if (k8sm_pod_get_value(pod, path, &claim, sizeof claim) != K8SM_OK) continue;
    snprintf(name, sizeof name, "%s/%s", k8sm_pod_namespace(pod).ptr, claim.text.ptr);
    make(r, name, made_ms == 0 ? km_wall_ms() : made_ms);
  }
}

void km_claims_see_all(struct km_runner *r) {
  struct k8sm_driver_pod pod;
  for (size_t i = 0; k8sm_driver_pods(r->driver, i, &pod, sizeof pod, 1) > 0; i++) km_claims_see(r, pod.pod);
}

struct listing {
  void (*add)(void *ctx, const char *key);
  void *ctx;
};

static bool list_claim(void *ctx, const struct claim *claim) {
  const struct listing *l = ctx;
  char key[1100];
  snprintf(key, sizeof key, "%s%s", claim_prefix, claim->name);
  if (!is_of_each(claim->name)) l->add(l->ctx, key);
  return true;
}

void km_claims_list(const struct km_set *set, void (*add)(void *ctx, const char *key), void *ctx) {
  struct listing l = {add, ctx};
  each_claim(set, list_claim, &l);
}

/* ---- What was recorded ---- */

struct loading {
  struct km_runner *r;
  struct km_set *set;
};

static bool load_facts(void *ctx, const struct km_row *row) {
  const struct loading *l = ctx;
  const char *name = km_claim_of_key(row->key);
  if (name != NULL) free(km_claim_read(note(l->r, name), (struct k8sm_slice){row->bytes, row->len}, 0));
  return true;
}

/* The data of a claim that is in none of the files, so that pods that have it still can be taken up. Those of
 * a set have what the set says. */
static bool load_data(void *ctx, const struct km_row *row) {
  static struct km_report report;
  const struct loading *l = ctx;
  const struct km_source source = {row->path, row->bytes, row->len, ""};
  const char *name = km_claim_of_key(row->key);
  struct k8sm_manifest *m;
  if (name == NULL || of_each(l->r, name) != NULL) return true;
  if (!each_claim(l->set, is_other, (char *)(uintptr_t)name)) return true;
  km_report_begin(&report);
  int result = k8sm_manifest_parse(row->bytes, row->len, NULL, &m, &report.diags);
  if (result != K8SM_OK) km_report_end(&report, &source, -1);
  if (result != K8SM_OK) return false;
  l->r->claim_objects = km_alloc(l->r->claim_objects, l->r->claim_count * sizeof(struct k8sm_manifest *));
  l->r->claim_objects[l->r->claim_object_count++] = m;
  km_set_add_data(l->set, m);
  return true;
}

bool km_claims_load(struct km_runner *r, struct km_set *set) {
  struct loading l = {r, set};
  return km_store_each(r->store, load_facts, &l) && km_store_each(r->store, load_data, &l);
}

int km_claim_delete(struct km_runner *r, const char *name) {
  struct k8sm_input input = {.type = K8SM_INPUT_DELETE_CLAIM, .key = {name, strlen(name)}};
  return km_runner_step(r, &input, NULL);
}
