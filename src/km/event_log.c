/* SPDX-License-Identifier: Apache-2.0 */
/* Events in a file beside the record: a line of JSON for each, written as it happens and not waited for. It
 * is written anew when it has grown to several times what there is to keep. */
#include "events.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Version 1 had no types. */
enum { LOG_VERSION = 2, LOG_OLDEST = 1, LOG_SLACK = 1000 /* lines that need not be there */, LOG_TIMES = 3 };

struct km_event_log {
  struct km_events *events;
  char *path;
  int fd;       /* -1: in memory only */
  size_t lines; /* of the file */
};

/* ---- Writing ---- */

static void give_up(struct km_event_log *log) {
  fprintf(stderr, "km: %s: %s; events are kept in memory only from now on\n", log->path, strerror(errno));
  if (log->fd >= 0) close(log->fd);
  log->fd = -1;
}

struct lines {
  char *ptr;
  size_t len, cap, count;
};

/* Puts the object behind the others, and lets go of it. */
static void put_line(struct lines *to, json_t *object) {
  char *text = json_dumps(object, JSON_COMPACT);
  size_t n = text == NULL ? 0 : strlen(text);
  json_decref(object);
  if (to->cap - to->len < n + 1) to->ptr = km_alloc(to->ptr, to->cap = 2 * to->cap + n + 1);
  if (n > 0) memcpy(to->ptr + to->len, text, n);
  to->ptr[to->len + n] = '\n';
  to->len += n + 1;
  to->count++;
  free(text);
}

static void put_event(void *ctx, const char *key, const struct km_event *event) {
  json_t *o = json_object();
  json_object_set_new(o, "object", json_string(key));
  json_object_set_new(o, "message", json_string(event->text));
  if (event->warning) json_object_set_new(o, "warning", json_true());
  json_object_set_new(o, "last", json_integer(event->last_ms));
  if (event->count != 1) {
    json_object_set_new(o, "first", json_integer(event->first_ms));
    json_object_set_new(o, "count", json_integer(event->count));
  }
  put_line(ctx, o);
}

static bool write_lines(int fd, struct lines *lines) {
  bool ok = fd >= 0 && write(fd, lines->ptr, lines->len) == (ssize_t)lines->len;
  free(lines->ptr);
  return ok;
}

/* A file of what there is takes the place of the present one. */
static void write_anew(struct km_event_log *log) {
  struct lines lines = {NULL, 0, 0, 0};
  size_t n = strlen(log->path) + sizeof ".new";
  char *fresh = km_alloc(NULL, n);
  snprintf(fresh, n, "%s.new", log->path);
  if (log->fd >= 0) close(log->fd);
  log->fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  put_line(&lines, json_pack("{s:i}", "version", LOG_VERSION));
  km_events_expire(log->events, km_wall_ms());
  km_events_each(log->events, put_event, &lines);
  log->lines = lines.count;
  if (!write_lines(log->fd, &lines) || rename(fresh, log->path) != 0) give_up(log);
  free(fresh);
}

static void append(struct km_event_log *log, struct lines *lines) {
  log->lines += lines->count;
  if (log->fd < 0)
    free(lines->ptr);
  else if (!write_lines(log->fd, lines))
    give_up(log);
  else if (log->lines > LOG_TIMES * km_events_count(log->events) + LOG_SLACK)
    write_anew(log);
}

void km_event_log_add(struct km_event_log *log, struct k8sm_slice key, struct k8sm_slice text, bool warning,
                      int64_t wall_ms) {
  struct lines lines = {NULL, 0, 0, 0};
  struct km_event event = {NULL, wall_ms, wall_ms, 1, warning};
  if (key.len == 0) return; /* of no pod or workload: nobody asks for those */
  event.text = km_events_add(log->events, key.ptr, text, event)->text;
  put_event(&lines, key.ptr, &event);
  append(log, &lines);
}

void km_event_log_forget(struct km_event_log *log, struct k8sm_slice key) {
  struct lines lines = {NULL, 0, 0, 0};
  if (!km_events_forget(log->events, key.ptr)) return;
  put_line(&lines, json_pack("{s:s, s:b}", "object", key.ptr, "gone", 1));
  append(log, &lines);
}

void km_event_log_clear(struct km_event_log *log) {
  km_events_free(log->events);
  log->events = km_events_new();
  if (log->fd >= 0) unlink(log->path);
}

/* ---- Reading ---- */

/* Whether a line is one of ours. */
static bool take_line(struct km_event_log *log, json_t *line) {
  const char *key = json_string_value(json_object_get(line, "object"));
  json_t *message = json_object_get(line, "message"), *last = json_object_get(line, "last");
  json_t *count = json_object_get(line, "count"), *first = json_object_get(line, "first");
  if (key == NULL || key[0] == '\0') return false;
  if (json_is_true(json_object_get(line, "gone"))) {
    km_events_forget(log->events, key);
    return true;
  }
  if (!json_is_string(message) || !json_is_integer(last)) return false;
  if ((count == NULL) != (first == NULL)) return false;
  if (count != NULL && (!json_is_integer(count) || !json_is_integer(first) || json_integer_value(count) < 1))
    return false;
  struct km_event event = {.last_ms = json_integer_value(last),
                           .count = 1,
                           .warning = json_is_true(json_object_get(line, "warning"))};
  event.first_ms = first == NULL ? event.last_ms : json_integer_value(first);
  if (count != NULL) event.count = json_integer_value(count);
  const struct k8sm_slice text = {json_string_value(message), json_string_length(message)};
  km_events_add(log->events, key, text, event);
  return true;
}

static bool is_head(json_t *line) {
  json_t *version = json_object_get(line, "version");
  json_int_t number = json_integer_value(version);
  return json_is_integer(version) && number >= LOG_OLDEST && number <= LOG_VERSION;
}

/* One line; of those that are not what they should be the first is told, and all are counted. */
static bool read_line(struct km_event_log *log, const char *text, size_t len, size_t number) {
  json_t *line = json_loadb(text, len, 0, NULL);
  bool ok = json_is_object(line) && (number == 1 ? is_head(line) : take_line(log, line));
  json_decref(line);
  return ok;
}

static void read_lines(struct km_event_log *log, const char *bytes, size_t len) {
  const char *at = bytes, *end = bytes + len;
  size_t number = 0, broken = 0, first = 0;
  while (at < end) {
    const char *eol = memchr(at, '\n', (size_t)(end - at));
    if (eol == NULL) break; /* of the last line, when it was killed */
    bool ok = read_line(log, at, (size_t)(eol - at), ++number);
    if (!ok && broken++ == 0) first = number;
    at = eol + 1;
    if (!ok && number == 1) break;
  }
  if (first == 1) {
    fprintf(stderr, "km: %s:1: expected {\"version\":%d}: no events of earlier are known\n", log->path,
            LOG_VERSION);
  } else if (broken > 0) {
    fprintf(stderr, "km: %s:%zu: not an event; passed over, as %zu in all\n", log->path, first, broken);
  }
}

struct km_event_log *km_event_log_open(const char *folder, bool fresh) {
  size_t n = strlen(folder) + sizeof "/events", len;
  char *bytes;
  struct km_event_log *log = km_alloc(NULL, sizeof *log);
  *log = (struct km_event_log){km_events_new(), km_alloc(NULL, n), -1, 0};
  snprintf(log->path, n, "%s/events", folder);
  if (!fresh && access(log->path, F_OK) == 0 && km_read_file(log->path, &bytes, &len)) {
    read_lines(log, bytes, len);
    free(bytes);
  }
  write_anew(log);
  return log;
}

void km_event_log_close(struct km_event_log *log) {
  if (log == NULL) return;
  if (log->fd >= 0) close(log->fd);
  km_events_free(log->events);
  free(log->path);
  free(log);
}

char *km_event_log_json(struct km_event_log *log, const char *key) {
  return km_events_json(log->events, key, km_wall_ms());
}
