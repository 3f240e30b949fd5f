/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to the pods and workloads, for `km describe`: the last events of each, repeated ones counted,
 * for as long as Kubernetes keeps them. They outlive the process in a file (event_log.c). */
#include "events.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MS = 3600 * 1000, MAX_EVENTS = 10000, MAX_OF_OBJECT = 25, MAX_TEXT = 1024, BUCKETS = 4096 };

/* A pod or a workload to which something happened. */
struct subject {
  struct subject *next_in_bucket;
  struct subject *older, *newer; /* by the time of the last event */
  char *key;
  struct km_event items[MAX_OF_OBJECT]; /* the last to happen is the last */
  size_t count;
};

struct km_events {
  struct subject *buckets[BUCKETS];
  struct subject *oldest, *newest;
  size_t count; /* of all events */
};

struct km_events *km_events_new(void) {
  struct km_events *e = km_alloc(NULL, sizeof *e);
  memset(e, 0, sizeof *e);
  return e;
}

static struct subject **find(struct km_events *e, const char *key) {
  uint32_t hash = 2166136261u;
  for (const char *c = key; *c != '\0'; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
  struct subject **at = &e->buckets[hash % BUCKETS];
  while (*at != NULL && strcmp((*at)->key, key) != 0) at = &(*at)->next_in_bucket;
  return at;
}

static void unlink_subject(struct km_events *e, struct subject *s) {
  *(s->older == NULL ? &e->oldest : &s->older->newer) = s->newer;
  *(s->newer == NULL ? &e->newest : &s->newer->older) = s->older;
  s->older = s->newer = NULL;
}

static void link_newest(struct km_events *e, struct subject *s) {
  s->older = e->newest;
  *(e->newest == NULL ? &e->oldest : &e->newest->newer) = s;
  e->newest = s;
}

static struct subject *add_subject(struct km_events *e, struct subject **at, const char *key) {
  struct subject *s = km_alloc(NULL, sizeof *s);
  memset(s, 0, sizeof *s);
  s->key = km_strdup(key, strlen(key));
  *at = s;
  link_newest(e, s);
  return s;
}

static void drop_event(struct km_events *e, struct subject *s, size_t i) {
  free(s->items[i].text);
  memmove(&s->items[i], &s->items[i + 1], (--s->count - i) * sizeof s->items[0]);
  e->count--;
}

bool km_events_forget(struct km_events *e, const char *key) {
  struct subject **at = find(e, key), *s = *at;
  if (s == NULL) return false;
  *at = s->next_in_bucket;
  unlink_subject(e, s);
  while (s->count > 0) drop_event(e, s, s->count - 1);
  free(s->key);
  free(s);
  return true;
}

void km_events_free(struct km_events *e) {
  while (e != NULL && e->oldest != NULL) km_events_forget(e, e->oldest->key);
  free(e);
}

void km_events_expire(struct km_events *e, int64_t now_ms) {
  for (struct subject *s; (s = e->oldest) != NULL && s->count > 0;) {
    if (e->count <= MAX_EVENTS && s->items[s->count - 1].last_ms > now_ms - KEPT_MS) return;
    km_events_forget(e, s->key);
  }
}

/* Texts of Mesos need not be UTF-8, which JSON is. */
static char *copy_text(struct k8sm_slice text) {
  size_t len = text.len < MAX_TEXT ? text.len : MAX_TEXT;
  while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) len--;
  char *copy = km_strdup(text.ptr, len);
  json_t *good = json_stringn(copy, len);
  for (char *c = copy; good == NULL && *c != '\0'; c++) *c = (unsigned char)*c < 0x80 ? *c : '?';
  json_decref(good);
  return copy;
}

/* Takes the event in, and its text; it says how often it has happened since when. */
static void take(struct km_events *e, struct subject *s, struct km_event event) {
  size_t i = 0;
  while (i < s->count && strcmp(s->items[i].text, event.text) != 0) i++;
  if (i < s->count) {
    const struct km_event *before = &s->items[i];
    if (before->first_ms < event.first_ms) event.first_ms = before->first_ms;
    event.count += before->count;
    drop_event(e, s, i);
  } else if (s->count == MAX_OF_OBJECT) {
    drop_event(e, s, 0);
  }
  s->items[s->count++] = event;
  e->count++;
}

const struct km_event *km_events_add(struct km_events *e, const char *key, struct k8sm_slice text,
                                     struct km_event event) {
  struct subject **at = find(e, key), *s = *at;
  if (s == NULL) s = add_subject(e, at, key);
  event.text = copy_text(text);
  take(e, s, event);
  unlink_subject(e, s);
  link_newest(e, s);
  km_events_expire(e, event.last_ms); /* not this one, which is the newest */
  return &s->items[s->count - 1];
}

void km_events_each(const struct km_events *e,
                    void (*visit)(void *ctx, const char *key, const struct km_event *event), void *ctx) {
  for (const struct subject *s = e->oldest; s != NULL; s = s->newer) {
    for (size_t i = 0; i < s->count; i++) visit(ctx, s->key, &s->items[i]);
  }
}

size_t km_events_count(const struct km_events *e) {
  return e->count;
}

/* ---- As JSON ---- */

/* "Reason: message", where the reason is a word. */
static void put_words(json_t *o, const char *text) {
  size_t n = 0;
  while ((text[n] >= 'A' && text[n] <= 'Z') || (text[n] >= 'a' && text[n] <= 'z')) n++;
  bool split = n > 0 && text[n] == ':' && text[n + 1] == ' ';
  json_object_set_new(o, "reason", json_stringn(text, split ? n : 0));
  json_object_set_new(o, "message", json_string(split ? text + n + 2 : text));
}

static void put_event(json_t *list, const struct subject *s, const struct km_event *at) {
  json_t *o = json_object();
  json_object_set_new(o, "object", json_string(s->key));
  json_object_set_new(o, "type", json_string(at->warning ? "Warning" : "Normal"));
  put_words(o, at->text);
  json_object_set_new(o, "firstMillis", json_integer(at->first_ms));
  json_object_set_new(o, "lastMillis", json_integer(at->last_ms));
  json_object_set_new(o, "count", json_integer(at->count));
  json_array_append_new(list, o);
}

static void put_subject(json_t *list, const struct subject *s, int64_t now_ms) {
  for (size_t i = 0; i < s->count; i++) {
    if (s->items[i].last_ms > now_ms - KEPT_MS) put_event(list, s, &s->items[i]);
  }
}

char *km_events_json(struct km_events *e, const char *key, int64_t now_ms) {
  json_t *list = json_array();
  for (const struct subject *s = key == NULL ? e->oldest : *find(e, key); s != NULL; s = s->newer) {
    put_subject(list, s, now_ms);
    if (key != NULL) break;
  }
  char *text = json_dumps(list, JSON_COMPACT);
  json_decref(list);
  return text == NULL ? km_strdup("", 0) : text;
}
