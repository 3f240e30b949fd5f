/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to the pods, for `km describe`: the last events, repeated ones counted. */
#include "host.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_EVENTS = 1000 };

struct event {
  char *key, *text;
  int64_t first_ms, last_ms;
  unsigned count;
};

struct km_events {
  struct event items[MAX_EVENTS]; /* a ring */
  size_t next, used;
};

struct km_events *km_events_new(void) {
  struct km_events *e = km_alloc(NULL, sizeof *e);
  memset(e, 0, sizeof *e);
  return e;
}

static void drop_event(struct event *e) {
  free(e->key);
  free(e->text);
  memset(e, 0, sizeof *e);
}

void km_events_free(struct km_events *e) {
  if (e == NULL) return;
  for (size_t i = 0; i < MAX_EVENTS; i++) drop_event(&e->items[i]);
  free(e);
}

/* The latest event of a pod, if it says the same: it is counted, not repeated. */
static struct event *find_same(struct km_events *e, const char *key, const char *text) {
  for (size_t back = 1; back <= e->used; back++) {
    struct event *at = &e->items[(e->next + MAX_EVENTS - back) % MAX_EVENTS];
    if (strcmp(at->key, key) == 0) return strcmp(at->text, text) == 0 ? at : NULL;
  }
  return NULL;
}

void km_events_add(struct km_events *e, struct k8sm_slice key, struct k8sm_slice text, int64_t wall_ms) {
  char *k = km_strdup(key.ptr, key.len), *t = km_strdup(text.ptr, text.len);
  struct event *same = find_same(e, k, t);
  if (same != NULL) {
    same->count++;
    same->last_ms = wall_ms;
    free(k);
    free(t);
    return;
  }
  drop_event(&e->items[e->next]);
  e->items[e->next] = (struct event){k, t, wall_ms, wall_ms, 1};
  e->next = (e->next + 1) % MAX_EVENTS;
  if (e->used < MAX_EVENTS) e->used++;
}

char *km_events_json(const struct km_events *e, const char *key) {
  json_t *list = json_array();
  for (size_t back = e->used; back > 0; back--) {
    const struct event *at = &e->items[(e->next + MAX_EVENTS - back) % MAX_EVENTS];
    if (strcmp(at->key, key) != 0) continue;
    json_t *o = json_object();
    json_object_set_new(o, "message", json_string(at->text));
    json_object_set_new(o, "firstMillis", json_integer(at->first_ms));
    json_object_set_new(o, "lastMillis", json_integer(at->last_ms));
    json_object_set_new(o, "count", json_integer(at->count));
    json_array_append_new(list, o);
  }
  char *text = json_dumps(list, JSON_COMPACT);
  json_decref(list);
  return text == NULL ? km_strdup("", 0) : text;
}
