/* SPDX-License-Identifier: Apache-2.0 */
/* What the objects of PersistentVolumeClaims say of them, and when they were made. */
#include "runner.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *word(json_t *object, const char *name) {
  return json_string_value(json_object_get(object, name));
}

/* The claim, or that template of the StatefulSet from which "default/data-db-*" comes. */
static json_t *find_claim(json_t *object, const char *name) {
  json_t *templates = json_object_get(json_object_get(object, "spec"), "volumeClaimTemplates"), *one;
  const char *set = word(json_object_get(object, "metadata"), "name"), *own = strchr(name, '/') + 1;
  size_t i;
  if (strcmp(word(object, "kind"), "StatefulSet") != 0) return object;
  json_array_foreach(templates, i, one) {
    char each[600];
    const char *of = word(json_object_get(one, "metadata"), "name");
    snprintf(each, sizeof each, "%s-%s-*", of == NULL ? "" : of, set == NULL ? "" : set);
    if (strcmp(each, own) == 0) return one;
  }
  return NULL;
}

static char *join_modes(json_t *list) {
  char text[200] = "";
  size_t i, n = 0;
  json_t *mode;
  json_array_foreach(list, i, mode) {
    const char *word = json_string_value(mode);
    int k = snprintf(text + n, sizeof text - n, "%s%s", i > 0 ? "," : "", word == NULL ? "" : word);
    if (k < 0 || (size_t)k >= sizeof text - n) break;
    n += (size_t)k;
  }
  return km_strdup(text, n);
}

static void read_spec(struct km_claim *claim, json_t *spec) {
  const char *storage_class = word(spec, "storageClassName");
  free(claim->modes);
  free(claim->storage_class);
  claim->modes = join_modes(json_object_get(spec, "accessModes"));
  claim->storage_class = storage_class == NULL ? NULL : km_strdup(storage_class, strlen(storage_class));
}

static void set_time(json_t *metadata, int64_t ms) {
  char text[32];
  time_t seconds = (time_t)(ms / 1000);
  struct tm tm;
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
  json_object_set_new(metadata, "creationTimestamp", json_string(text));
}

/* Of a claim of its own: a set is older than the claims of its later pods. */
static void date(struct km_claim *claim, json_t *metadata, int64_t now_ms) {
  if (claim->created_ms == 0 && now_ms == 0)
    claim->created_ms = km_time_ms(word(metadata, "creationTimestamp"));
  if (claim->created_ms == 0) claim->created_ms = now_ms;
  if (claim->created_ms != 0) set_time(metadata, claim->created_ms);
}

char *km_claim_read(struct km_claim *claim, struct k8sm_slice bytes, int64_t now_ms) {
  json_t *object = json_loadb(bytes.ptr, bytes.len, 0, NULL);
  json_t *own = word(object, "kind") == NULL ? NULL : find_claim(object, claim->name);
  if (own != NULL) read_spec(claim, json_object_get(own, "spec"));
  if (own == object) date(claim, json_object_get(own, "metadata"), now_ms);
  free(claim->pattern);
  claim->pattern = own == NULL || own == object ? NULL : json_dumps(own, JSON_COMPACT);
  char *text = own == NULL ? NULL : json_dumps(object, JSON_COMPACT);
  json_decref(object);
  return text;
}

char *km_claim_make(const struct km_claim *each, const char *name) {
  const char *slash = strchr(name, '/');
  json_t *object = each->pattern == NULL ? NULL : json_loads(each->pattern, 0, NULL);
  json_t *metadata = json_object_get(object, "metadata");
  json_object_set_new(object, "apiVersion", json_string("v1"));
  json_object_set_new(object, "kind", json_string("PersistentVolumeClaim"));
  json_object_set_new(metadata, "namespace", json_stringn(name, (size_t)(slash - name)));
  json_object_set_new(metadata, "name", json_string(slash + 1));
  char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
  json_decref(object);
  return text;
}
