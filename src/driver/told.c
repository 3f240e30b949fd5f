/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/told.h"
#include "base/slice.h"
#include "driver/state.h"
#include "offer/offer.h"
#include "wire/number.h"

enum { TOLD_FOR_MS = 24 * 3600 * 1000 };

/* One finding. */
struct told_line {
  uint32_t code;
  bool error;                    /* the offer goes back */
  const K8smMesos__Offer *offer; /* NULL: not of one in particular */
  struct k8sm_slice path;        /* in the offer; empty: of the whole */
  struct k8sm_slice words;
};

/* ---- Where it is ---- */

static const K8smMesos__Offer *told_offer(const struct drv_told_offers *offers, uint64_t number) {
  if (number >= offers->count) return NULL;
  return offers->messages != NULL ? offers->messages[number] : offers->read[number].message;
}

/* "offers.offers[3].attributes[0]": the fourth offer, and what is behind the point. */
static void told_locate(struct told_line *line, const struct drv_told_offers *offers,
                        struct k8sm_slice path) {
  const struct k8sm_slice head = K8SMI_S("offers.offers[");
  const char *end = path.len <= head.len ? NULL : memchr(path.ptr + head.len, ']', path.len - head.len);
  uint64_t number;
  line->path = path;
  if (end == NULL || memcmp(path.ptr, head.ptr, head.len) != 0) return;
  const struct k8sm_slice digits = {path.ptr + head.len, (size_t)(end - path.ptr) - head.len};
  if (!k8smi_parse_u64(digits, &number)) return;
  line->offer = told_offer(offers, number);
  line->path = k8smi_s(end[1] == '.' ? end + 2 : end + 1);
}

/* ---- What was told ---- */

static uint64_t told_place_hash(const struct k8sm_driver *d, const struct told_line *line) {
  return k8smi_hash(line->path.ptr, line->path.len, d->pods.by_uid.seed + line->code);
}

static uint64_t told_agent_hash(const struct k8sm_driver *d, const struct told_line *line) {
  const struct k8sm_slice id = k8smi_s(line->offer == NULL ? "" : line->offer->agent_id->value);
  return k8smi_hash(id.ptr, id.len, d->pods.by_uid.seed);
}

/* NULL: it is a new one. */
static struct drv_told_place *told_find(struct drv_told *told, uint64_t hash) {
  for (uint32_t i = 0; i < told->count; i++) {
    if (told->places[i].hash == hash) return &told->places[i];
  }
  return NULL;
}

static bool told_has(const struct drv_told_place *place, uint64_t agent) {
  if (place->count > DRV_TOLD_AGENTS) return true;
  for (uint32_t i = 0; i < place->count; i++) {
    if (place->agents[i] == agent) return true;
  }
  return false;
}

static void told_note(struct drv_told_place *place, uint64_t agent) {
  if (place->count < DRV_TOLD_AGENTS) place->agents[place->count] = agent;
  place->count++;
}

/* ---- Telling it ---- */

static int told_say(struct drv_core *core, const struct told_line *line, bool last) {
  const struct k8sm_slice nobody = {NULL, 0};
  const K8smMesos__Offer *o = line->offer;
  const char *reason = line->error ? "FailedOffer" : "UnclearOffer";
  if (o == NULL) return k8smi_drv_eventf(core, line->code, nobody, "%s: %.*s", reason, K8SMI_P(line->words));
  return k8smi_drv_eventf(core, line->code, nobody, "%s: agent %s (%s): %.*s%s%.*s%s", reason,
                          o->agent_id->value, o->hostname, K8SMI_P(line->path),
                          line->path.len == 0 ? "" : ": ", K8SMI_P(line->words),
                          last ? "; more agents with the same are not named for a day" : "");
}

/* That it is told is noted only then: where memory lacks it is told with the next offer. */
static int told_take(struct k8sm_driver *d, const struct told_line *line) {
  struct drv_told *told = &d->told;
  const uint64_t hash = told_place_hash(d, line), agent = told_agent_hash(d, line);
  const struct k8sm_slice nobody = {NULL, 0};
  struct drv_told_place *place = told_find(told, hash);
  int r;
  if (place == NULL && told->count == DRV_TOLD_PLACES) {
    if (told->full) return K8SM_OK;
    r = k8smi_drv_eventf(&d->core, K8SM_DIAG_OFFER_INVALID, nobody,
                         "UnclearOffer: more is wrong with offers than is told in a day");
    told->full = r == K8SM_OK;
    return r;
  }
  if (place != NULL && told_has(place, agent)) return K8SM_OK;
  r = told_say(&d->core, line, place != NULL && place->count == DRV_TOLD_AGENTS);
  if (r != K8SM_OK) return r;
  if (place == NULL) {
    place = &told->places[told->count++];
    *place = (struct drv_told_place){.hash = hash};
  }
  told_note(place, agent);
  return K8SM_OK;
}

static void told_forget(struct k8sm_driver *d) {
  struct drv_told *told = &d->told;
  if (told->count > 0 && d->core.mono_ms < told->until_ms) return;
  told->count = 0;
  told->full = false;
  told->until_ms = k8smi_drv_after(&d->core, TOLD_FOR_MS);
}

int k8smi_drv_told(struct k8sm_driver *d, const struct drv_told_offers *offers,
                   const struct k8sm_diags *found) {
  const size_t rows = found->count < found->cap ? found->count : found->cap;
  int r = K8SM_OK;
  if (rows > 0) told_forget(d);
  for (size_t i = 0; r == K8SM_OK && i < rows; i++) {
    const struct k8sm_diag *row = &found->rows[i];
    struct told_line line = {.code = row->code,
                             .error = row->severity == K8SM_SEVERITY_ERROR,
                             .words = k8smi_s(found->text + row->message)};
    if (row->severity == K8SM_SEVERITY_NOTE) continue;
    told_locate(&line, offers, k8smi_s(found->text + row->path));
    r = told_take(d, &line);
  }
  if (r != K8SM_OK || rows == found->count) return r;
  const struct told_line rest = {.code = K8SM_DIAG_OFFER_INVALID,
                                 .words =
                                     K8SMI_S("more is wrong with offers that came at once than is told")};
  return told_take(d, &rest);
}
