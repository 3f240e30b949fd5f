/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KM_HOST_H
#define KM_HOST_H

/* What `km run` and `km local` are made of: clocks, signals, the embedded Mesos behind a socket, the state
 * folder, the control socket. */

#include "km.h"
#include <k8smesos/io.h>

#include <poll.h>

/* ---- clock.c ---- */
uint64_t km_mono_ms(void);
int64_t km_wall_ms(void);
/* Interrupts and terminations so far; the descriptor becomes readable at each. */
int km_signals_watch(void);
unsigned km_signals_count(void);
/* Reads what made the descriptor readable. */
void km_signals_drain(void);
/* poll(2) until the deadline (UINT64_MAX: none); raw has room for n. Writes revents. */
void km_poll(struct k8sm_pollfd *fds, size_t n, struct pollfd *raw, uint64_t deadline, uint64_t now);

/* ---- embedded.c: the embedded Mesos, served on 127.0.0.1 ---- */
struct km_embedded;
/* port 0: any. NULL, with a line, when it can't be had. */
struct km_embedded *km_embedded_new(uint16_t port, size_t agents, const char *resources,
                                    const char *attributes, const char *networks);
void km_embedded_free(struct km_embedded *embedded);
uint16_t km_embedded_port(const struct km_embedded *embedded);
size_t km_embedded_pollfds(const struct km_embedded *embedded, struct k8sm_pollfd *fds, size_t n);
uint64_t km_embedded_deadline(const struct km_embedded *embedded);
bool km_embedded_process(struct km_embedded *embedded, const struct k8sm_pollfd *fds, size_t n);

/* ---- store.c: the state folder ---- */
struct km_store;
/* The folder of --state, or the default one. Returns text. */
const char *km_state_folder(const char *option, char *text, size_t cap);
/* Opens (and makes) the folder and locks it: one km at a time. NULL, with a line, when that fails. `fresh`
 * forgets what was recorded. */
struct km_store *km_store_open(const char *folder, bool fresh);
void km_store_close(struct km_store *store);
/* Whether a km has the folder open. */
bool km_store_is_held(const char *folder);
/* Keeps a row, durably, behind what is kept under the key or in its place; or removes it all (len 0). False,
 * with a line, when it could not be. */
bool km_store_put(struct km_store *store, struct k8sm_slice key, struct k8sm_slice bytes, bool append);
/* What is kept under a key, and in which file. */
struct km_row {
  const char *key, *path, *bytes;
  size_t len;
};
/* Returns whether it could be read, with a line that says what is wrong with it if not. */
typedef bool km_store_visitor(void *ctx, const struct km_row *row);
/* Calls for each row that is kept, "framework" first. False, with a line, when one can't be read. */
bool km_store_each(struct km_store *store, km_store_visitor *visit, void *ctx);
void km_store_clear(struct km_store *store);

/* ---- control.c: how `km get` and `km delete` reach a running km: one line in, an answer out ---- */
struct km_control;
/* Answers a line; returns text that it allocated. */
typedef char *km_control_answer(void *ctx, const char *line);
struct km_control *km_control_listen(const char *folder, km_control_answer *answer, void *ctx);
void km_control_close(struct km_control *control);
size_t km_control_pollfds(const struct km_control *control, struct k8sm_pollfd *fds, size_t n);
void km_control_process(struct km_control *control, const struct k8sm_pollfd *fds, size_t n);
/* The client's side. NULL, with a line, if nobody answers. */
char *km_control_ask(const char *folder, const char *line);
/* The same without a line. */
char *km_control_ask_quietly(const char *folder, const char *line);

/* ---- view_table.c ---- */
enum { KM_VIEW_WIDE = 1, KM_VIEW_CLAIMS = 2 };
struct json_t;
/* Modes of access as kubectl shows them, "RWO,ROX", of a list of their names. */
void km_put_modes(struct json_t *list, char *text, size_t cap);
/* The tables of a document of `km get -o json`. False if it is none. */
bool km_view_table(const char *json, int64_t now_wall_ms, unsigned flags, FILE *out, size_t *ret_lines);

#endif
