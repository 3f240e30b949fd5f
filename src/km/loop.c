/* SPDX-License-Identifier: Apache-2.0 */
/* A `km run` from when it is set up to its end: what it waits for, and what interrupts mean. */
#include "runner.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static uint64_t releases_due(const struct km_runner *r) {
  struct k8sm_driver_counters row = {.size = sizeof row};
  return k8sm_driver_count(r->driver, &row) == K8SM_OK ? row.releases_due : 0;
}

/* What was reserved for the pods comes back with their agents' next offers, a second or so after their end,
 * and not all with the same one. Waits for that, but not for ever, nor against an interrupt. */
static void give_back(struct km_runner *r) {
  enum { GIVE_BACK_MS = 15000 };
  uint64_t end = km_mono_ms() + GIVE_BACK_MS;
  unsigned interrupts = km_signals_count();
  uint64_t due;
  while ((due = releases_due(r)) > 0 && !r->stopped && !r->failed && km_signals_count() == interrupts &&
         km_mono_ms() < end)
    km_runner_turn(r, end);
  if (due == 0) return;
  fprintf(stderr, "km run: what %llu of the pods had reserved was not offered again; it stays reserved\n",
          (unsigned long long)due);
}

/* Lets the driver say what it still has to say, for two seconds at most. */
static void stop(struct km_runner *r, bool teardown) {
  struct k8sm_input input = {.type = K8SM_INPUT_STOP, .flags = teardown ? K8SM_STOP_TEARDOWN : 0};
  uint64_t end = km_mono_ms() + 2000;
  if (r->stopped || r->failed) return;
  km_runner_step(r, &input, NULL);
  while (!r->stopped && !r->failed && km_mono_ms() < end) km_runner_turn(r, end);
  if (!teardown) return;
  km_store_clear(r->store);
  km_event_log_clear(r->events);
}

/* What is said from now on goes to a file; standard input and output are nobody's. */
static void leave_terminal(const struct km_runner *r) {
  char path[1100];
  snprintf(path, sizeof path, "%s/log", r->folder);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  fflush(NULL);
  if (null >= 0) {
    dup2(null, 0);
    dup2(null, 1);
    dup2(log >= 0 ? log : null, 2);
    close(null);
  }
  if (log >= 0) close(log);
}

/* Tells the process that waits for a detached one how it went, and lets go of its terminal. */
static void report_to_parent(struct km_runner *r, int *parent, int code) {
  char byte = (char)code;
  if (*parent < 0) return;
  km_runner_draw(r);
  leave_terminal(r);
  if (write(*parent, &byte, 1) != 1) r->failed = true;
  close(*parent);
  *parent = -1;
  r->quiet = true;
}

/* What the turn of events means for the one who waits: -1, or an exit code. */
static int verdict(const struct km_runner *r, const struct km_counts *c, uint64_t give_up, bool detached) {
  if (r->failed) return KM_FAILED;
  if (r->stopped) return r->stop_code == 0 ? KM_DONE : KM_FAILED;
  bool failed = c->failed + c->failing > 0;
  if (km_counts_over(c)) return failed ? KM_FAILED : KM_DONE;
  if (detached && c->failing > 0) return KM_FAILED;
  if (detached && c->running + c->finished == c->pods && c->unsettled == 0)
    return failed ? KM_FAILED : KM_DONE;
  if (km_mono_ms() < give_up) return -1;
  if (c->placed < c->pods) return KM_UNPLACED;
  return detached ? KM_FAILED : -1;
}

/* What an interrupt has begun. */
struct ending {
  unsigned interrupts;
  uint64_t since_ms; /* of the first */
  uint64_t grace_ms; /* the longest that a pod has */
};

static uint64_t longest_grace(struct km_runner *r) {
  struct k8sm_driver_pod row;
  struct k8sm_pod_value grace;
  uint64_t longest = 0;
  for (size_t i = 0; k8sm_driver_pods(r->driver, i, &row, sizeof row, 1) > 0; i++) {
    int result = k8sm_pod_get_value(row.pod, "spec.terminationGracePeriodSeconds", &grace, sizeof grace);
    if (result == K8SM_OK && grace.number > 0 && (uint64_t)grace.number > longest)
      longest = (uint64_t)grace.number;
  }
  return longest < UINT32_MAX ? longest * 1000 : UINT32_MAX;
}

static void begin_to_end(struct km_runner *r, struct ending *e) {
  *e = (struct ending){km_signals_count(), km_mono_ms(), longest_grace(r)};
  km_say(r, "deletes all pods; interrupt again to leave them running");
  km_runner_delete_all(r, -1);
}

static uint64_t later(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

enum { CUT_MS = 5000, SILENT_MS = 20000 };

/* When there is no use in waiting for pods to end any more: a master says something every 15 s, … */
static uint64_t end_of_silence(const struct km_runner *r, const struct ending *e) {
  return later(r->heard_ms, e->since_ms) + (r->cut ? CUT_MS : SILENT_MS);
}

/* … and a pod whose agent is there ends soon after its grace is over. */
static uint64_t end_of_patience(const struct km_runner *r, const struct ending *e) {
  if (e->interrupts == 0) return UINT64_MAX;
  uint64_t silence = end_of_silence(r, e);
  uint64_t stillness = later(r->moved_ms, e->since_ms) + e->grace_ms + SILENT_MS;
  return silence < stillness ? silence : stillness;
}

/* "; 2 pods could not be ended: default/a on agent1.local, default/b": some of them by name. */
static void print_left(struct km_runner *r) {
  enum { NAMED = 3 };
  struct k8sm_driver_pod row;
  size_t left = k8sm_driver_pods(r->driver, 0, NULL, sizeof row, 0);
  fprintf(stderr, "; %zu pod%s could not be ended:", left, left == 1 ? "" : "s");
  for (size_t i = 0; i < NAMED && k8sm_driver_pods(r->driver, i, &row, sizeof row, 1) > 0; i++) {
    struct k8sm_status_summary s = {.size = sizeof s};
    char key[600];
    fprintf(stderr, "%s %s", i > 0 ? "," : "", km_pod_key(row.pod, key, sizeof key));
    if (k8sm_status_summarize(row.status, &s) == K8SM_OK && s.hostname.len > 0)
      fprintf(stderr, " on %s", s.hostname.ptr);
  }
  fprintf(stderr, "%s; 'km run' with this state folder goes on with that\n", left > NAMED ? ", …" : "");
}

/* -1, or an exit code: somebody wants it to end, and not all pods can. */
static int leave(struct km_runner *r, const struct ending *e) {
  if (km_signals_count() > 1) {
    stop(r, false);
    fprintf(stderr, "km run: leaves the pods as they are; start it again to adopt them\n");
    return KM_DONE;
  }
  if (km_mono_ms() < end_of_patience(r, e)) return -1;
  bool silent = km_mono_ms() >= end_of_silence(r, e);
  stop(r, false);
  if (silent)
    fprintf(stderr, "km run: master %s can't be reached", r->master);
  else
    fprintf(stderr, "km run: agents don't answer");
  print_left(r);
  return KM_FAILED;
}

/* -1, or an exit code: what runs is not in the record, so that nothing must be begun beside it. All of that
 * is said within a moment. */
static int check_record(struct km_runner *r, const struct km_counts *counts, int *parent) {
  enum { MOMENT_MS = 1000 };
  if (counts->placed > 0) r->wary = false;
  if (!r->wary || r->stray_ms == 0 || km_mono_ms() < r->stray_ms + MOMENT_MS) return -1;
  fprintf(stderr,
          "km run: the record of this framework is lost, and tasks of it run, see above. Give the pods their "
          "uids again, which are what the tasks' ids begin with, as metadata.uid, and --adopt=600: then "
          "they are taken up. Or remove the state folder: then this is another framework, and they run until "
          "somebody ends them\n");
  report_to_parent(r, parent, KM_FAILED);
  stop(r, false);
  return KM_FAILED;
}

/* All is said and done, or never will be. */
static int finish(struct km_runner *r, const struct km_counts *counts, int code, int64_t timeout) {
  if (code == KM_UNPLACED)
    fprintf(stderr, "km run: not every pod has a place after %lld s\n", (long long)timeout);
  if (counts->finished == counts->pods) give_back(r);
  stop(r, true);
  return code;
}

/* Until when nothing but what happens makes a difference. */
static uint64_t next_look(const struct km_runner *r, const struct km_tally *tally,
                          const struct ending *ending, uint64_t give_up) {
  enum { REDRAW_MS = 1000, SOON_MS = 100 };
  uint64_t now = km_mono_ms(), until = end_of_patience(r, ending);
  uint64_t tallied = km_tally_deadline(r, tally);
  if (give_up < until) until = give_up;
  if (tallied < until) until = tallied;
  if (r->wary && r->stray_ms != 0 && now + SOON_MS < until) until = now + SOON_MS;
  return r->live && now + REDRAW_MS < until ? now + REDRAW_MS : until;
}

int km_runner_loop(struct km_runner *r, int64_t timeout, int parent) {
  uint64_t give_up = timeout > 0 ? km_mono_ms() + (uint64_t)timeout * 1000 : UINT64_MAX;
  struct ending ending = {0};
  struct km_tally tally = {.counted = false};
  for (;;) {
    const struct km_counts *counts = km_runner_tally(r, &tally);
    if (r->dirty && (r->live || km_counts_over(counts))) km_runner_draw(r);
    int code = verdict(r, counts, give_up, parent >= 0);
    bool over = r->failed || r->stopped || km_counts_over(counts) || code == KM_UNPLACED;
    if (code != -1 && parent >= 0) report_to_parent(r, &parent, code);
    if (code != -1 && over) return finish(r, counts, code, timeout);
    if ((code = leave(r, &ending)) != -1 || (code = check_record(r, counts, &parent)) != -1) return code;
    if (km_signals_count() > ending.interrupts) begin_to_end(r, &ending);
    if (give_up <= km_mono_ms()) give_up = UINT64_MAX; /* it had its say in the verdict */
    km_runner_turn(r, next_look(r, &tally, &ending, give_up));
  }
}
