/* SPDX-License-Identifier: Apache-2.0 */
/* What people see of a `km run`: the table, redrawn in place on a terminal, and events as they happen. */
#include "runner.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AGAIN_MS = 60000 };

static void erase_table(struct km_runner *r) {
  if (r->lines > 0) printf("\033[%zuA\033[J", r->lines);
  r->lines = 0;
}

void km_runner_draw(struct km_runner *r) {
  char *json = km_view_json(r);
  if (r->live) erase_table(r);
  km_view_table(json, km_wall_ms(), 0, stdout, &r->lines);
  fflush(stdout);
  free(json);
  r->dirty = false;
}

void km_say(struct km_runner *r, const char *text) {
  if (r->live) erase_table(r);
  printf("km run: %s\n", text);
  fflush(stdout);
  r->dirty = true;
}

static void print_line(struct km_runner *r, struct k8sm_slice key, const char *text, const char *more) {
  char clock[16];
  time_t now = time(NULL);
  struct tm tm;
  strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &tm));
  if (r->live) erase_table(r);
  printf("%s  %s%s%s%s\n", clock, key.len > 0 ? key.ptr : "", key.len > 0 ? ": " : "", text, more);
  r->dirty = true;
}

/* Says what was held back. */
static void catch_up(struct km_runner *r) {
  const struct k8sm_slice none = {NULL, 0};
  char often[40];
  if (r->said.held == 0) return;
  snprintf(often, sizeof often, " (%u more time%s)", r->said.held, r->said.held == 1 ? "" : "s");
  print_line(r, none, r->said.text, often);
  r->said.at_ms = km_mono_ms();
  r->said.held = 0;
}

/* Whether it was said a moment ago. */
static bool is_repeated(struct km_runner *r, const char *text) {
  struct km_said *said = &r->said;
  if (said->text != NULL && strcmp(said->text, text) == 0) {
    said->held++;
    if (km_mono_ms() >= said->at_ms + AGAIN_MS) catch_up(r);
    return true;
  }
  catch_up(r);
  free(said->text);
  *said = (struct km_said){km_strdup(text, strlen(text)), km_mono_ms(), 0};
  return false;
}

/* Why a run ends is said in any case. */
static bool is_last_word(const struct km_runner *r, uint32_t code) {
  return code == K8SM_DIAG_MASTER_ERROR || (code == K8SM_DIAG_UPDATE_FOREIGN && r->wary);
}

void km_say_event(struct km_runner *r, const struct k8sm_effect *effect) {
  const char *text = effect->bytes.ptr == NULL ? "" : effect->bytes.ptr;
  if (effect->code == K8SM_DIAG_UPDATE_FOREIGN && r->stray_ms == 0) r->stray_ms = km_mono_ms();
  km_event_log_add(r->events, effect->key, effect->bytes, (effect->flags & K8SM_EVENT_WARNING) != 0,
                   km_wall_ms());
  if (r->quiet && is_last_word(r, effect->code)) fprintf(stderr, "km run: %s\n", text);
  if (!r->quiet && (effect->key.len > 0 || !is_repeated(r, text))) print_line(r, effect->key, text, "");
  fflush(stdout);
  if (effect->code == K8SM_DIAG_MASTER_ERROR && strstr(text, "has been removed") != NULL)
    fprintf(
        stderr,
        "km run: what the state folder %s has recorded is over: remove it to begin as another framework\n",
        r->folder);
}
