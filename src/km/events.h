/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KM_EVENTS_H
#define KM_EVENTS_H

/* What happened, for `km describe`. */

#include "km.h"

struct km_event {
  char *text;
  int64_t first_ms, last_ms; /* since 1970 */
  int64_t count;             /* how often, in that time */
  bool warning;              /* of the type Warning; else Normal */
};

/* ---- events.c: in memory ---- */
struct km_events;
struct km_events *km_events_new(void);
void km_events_free(struct km_events *events);
/* Of a pod ("default/web") or a workload ("Deployment/default/web"). The text, "Reason: message", is copied,
 * that of `event` is not looked at. The same text again is counted. Returns what there is of it now, until
 * the next call. */
const struct km_event *km_events_add(struct km_events *events, const char *key, struct k8sm_slice text,
                                     struct km_event event);
/* It is gone: another one of its name has a history of its own. False: nothing was known of it. */
bool km_events_forget(struct km_events *events, const char *key);
/* Drops what happened too long ago, and of too many the oldest. */
void km_events_expire(struct km_events *events, int64_t now_ms);
size_t km_events_count(const struct km_events *events);
void km_events_each(const struct km_events *events,
                    void (*visit)(void *ctx, const char *key, const struct km_event *event), void *ctx);
/* Those of one key, NULL: of all, the last to happen at the end, as a JSON array. To be freed. */
char *km_events_json(struct km_events *events, const char *key, int64_t now_ms);

/* ---- event_log.c: and in a file, `events` of the state folder ---- */
struct km_event_log;
/* Takes up what is there, unless `fresh`; what can't be read is told and passed over. A file that can't be
 * written is told, too, and then events are in memory only. */
struct km_event_log *km_event_log_open(const char *folder, bool fresh);
void km_event_log_close(struct km_event_log *log);
void km_event_log_add(struct km_event_log *log, struct k8sm_slice key, struct k8sm_slice text, bool warning,
                      int64_t wall_ms);
void km_event_log_forget(struct km_event_log *log, struct k8sm_slice key);
/* Nothing is left of any. */
void km_event_log_clear(struct km_event_log *log);
/* As km_events_json. */
char *km_event_log_json(struct km_event_log *log, const char *key);

#endif
