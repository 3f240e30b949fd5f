/* SPDX-License-Identifier: Apache-2.0 */
/* Events as `kubectl describe` and `kubectl get events` show them. */
#include "km.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { AGE_CAP = 80 };

static const char *word(const json_t *event, const char *name) {
  const char *s = json_string_value(json_object_get(event, name));
  return s == NULL ? "" : s;
}

static int64_t number(const json_t *event, const char *name) {
  return json_integer_value(json_object_get(event, name));
}

/* "5s", or "5s (x3 over 2m)". */
static void put_age(const json_t *event, int64_t now, char text[AGE_CAP]) {
  char last[24], over[24];
  km_put_age(last, sizeof last, now - number(event, "lastMillis"));
  km_put_age(over, sizeof over, now - number(event, "firstMillis"));
  if (number(event, "count") > 1)
    snprintf(text, AGE_CAP, "%s (x%lld over %s)", last, (long long)number(event, "count"), over);
  else
    snprintf(text, AGE_CAP, "%s", last);
}

static void print(struct km_table *table, FILE *out) {
  km_table_print(table, out);
  km_table_free(table);
}

void km_events_describe(const struct json_t *events, int64_t now, FILE *out) {
  struct km_table table = {0};
  km_table_row(&table, (const char *const[KM_COLUMNS]){"  Type", "Reason", "Age", "Message"});
  km_table_row(&table, (const char *const[KM_COLUMNS]){"  ----", "------", "----", "-------"});
  for (size_t i = 0; i < json_array_size(events); i++) {
    const json_t *event = json_array_get(events, i);
    char type[32], age[AGE_CAP];
    snprintf(type, sizeof type, "  %s", word(event, "type"));
    put_age(event, now, age);
    km_table_row(&table,
                 (const char *const[KM_COLUMNS]){type, word(event, "reason"), age, word(event, "message")});
  }
  print(&table, out);
}

/* ---- Of all ---- */

/* The key of a pod is "default/web", that of a workload "Deployment/default/web". */
struct object {
  char kind[64], name_space[260], name[260];
};

static struct object read_object(const json_t *event) {
  struct object o = {"pod", "", ""};
  const char *key = word(event, "object"), *slash = strchr(key, '/');
  if (slash != NULL && strchr(slash + 1, '/') != NULL) {
    snprintf(o.kind, sizeof o.kind, "%.*s", (int)(slash - key), key);
    for (char *c = o.kind; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
    key = slash + 1;
    slash = strchr(key, '/');
  }
  if (slash != NULL) snprintf(o.name_space, sizeof o.name_space, "%.*s", (int)(slash - key), key);
  snprintf(o.name, sizeof o.name, "%s", slash == NULL ? key : slash + 1);
  return o;
}

struct placed {
  json_t *event;
  size_t at;
};

static int order(const void *a, const void *b) {
  const struct placed *x = a, *y = b;
  int64_t before = number(x->event, "lastMillis"), after = number(y->event, "lastMillis");
  if (before != after) return before < after ? -1 : 1;
  return x->at < y->at ? -1 : 1;
}

struct json_t *km_events_sort(const struct json_t *events, const char *name_space) {
  size_t n = 0, all = json_array_size(events);
  struct placed *rows = km_alloc(NULL, all * sizeof *rows);
  for (size_t i = 0; i < all; i++) {
    json_t *event = json_array_get(events, i);
    const struct object o = read_object(event);
    if (name_space == NULL || strcmp(o.name_space, name_space) == 0) rows[n++] = (struct placed){event, i};
  }
  if (n > 0) qsort(rows, n, sizeof *rows, order);
  json_t *sorted = json_array();
  for (size_t i = 0; i < n; i++) json_array_append(sorted, rows[i].event);
  free(rows);
  return sorted;
}

void km_events_list(const struct json_t *events, int64_t now, FILE *out) {
  struct km_table table = {0};
  km_table_row(&table, (const char *const[KM_COLUMNS]){"NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT",
                                                       "MESSAGE"});
  for (size_t i = 0; i < json_array_size(events); i++) {
    const json_t *event = json_array_get(events, i);
    const struct object o = read_object(event);
    char object[sizeof o.kind + sizeof o.name], age[AGE_CAP];
    snprintf(object, sizeof object, "%s/%s", o.kind, o.name);
    put_age(event, now, age);
    km_table_row(&table,
                 (const char *const[KM_COLUMNS]){o.name_space, age, word(event, "type"),
                                                 word(event, "reason"), object, word(event, "message")});
  }
  print(&table, out);
}
