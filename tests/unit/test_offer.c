/* SPDX-License-Identifier: Apache-2.0 */
#include "support/failing.h"
#include "support/offers.h"
#include "support/volumes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct k8sm_diag found_rows[32];
static char found_text[4096];
static struct k8sm_diags found;

static struct k8sm_diags *found_new(void) {
  found = (struct k8sm_diags)K8SM_DIAGS_INIT(found_rows, found_text);
  return &found;
}

static const char *found_path(size_t i) {
  return found_text + found_rows[i].path;
}

static void ranges_in_normal_form(void **state) {
  (void)state;
  struct k8smi_range items[] = {{20, 30}, {1, 4}, {5, 9}, {11, 11}, {31, UINT64_MAX}}, bad;
  struct k8smi_ranges r = {items, 5};
  assert_int_equal(k8smi_ranges_normalise(&r, &bad), K8SMI_RANGES_FINE);
  assert_int_equal(r.count, 3);
  assert_true(items[0].begin == 1 && items[0].end == 9);
  assert_true(items[1].begin == 11 && items[1].end == 11);
  assert_true(items[2].begin == 20 && items[2].end == UINT64_MAX);
  struct k8smi_range overlap[] = {{1, UINT64_MAX}, {0, 1}};
  r = (struct k8smi_ranges){overlap, 2};
  assert_int_equal(k8smi_ranges_normalise(&r, &bad), K8SMI_RANGES_OVERLAP);
  struct k8smi_range reversed[] = {{1, 2}, {4, 3}};
  r = (struct k8smi_ranges){reversed, 2};
  assert_int_equal(k8smi_ranges_normalise(&r, &bad), K8SMI_RANGES_REVERSED);
  assert_int_equal(bad.begin, 4);
}

/* Values are taken out of ranges, in every order that a small generator finds, beside a plain set. */
static void ranges_against_a_set(void **state) {
  (void)state;
  uint32_t random = 7;
  for (int round = 0; round < 200; round++) {
    struct k8smi_range items[64] = {{10, 29}, {40, 40}, {50, 61}};
    struct k8smi_ranges r = {items, 3};
    bool set[70];
    for (uint64_t v = 0; v < 70; v++) set[v] = (v >= 10 && v <= 29) || v == 40 || (v >= 50 && v <= 61);
    for (int step = 0; step < 40; step++) {
      random = random * 1664525u + 1013904223u;
      uint64_t v = (random >> 10) % 70;
      assert_int_equal(k8smi_ranges_find(&r, v) < r.count, set[v]);
      if (set[v]) k8smi_ranges_subtract(&r, v);
      set[v] = false;
      for (size_t i = 1; i < r.count; i++) assert_true(items[i - 1].end + 1 < items[i].begin);
    }
    for (uint64_t v = 0; v < 70; v++) assert_int_equal(k8smi_ranges_find(&r, v) < r.count, set[v]);
  }
}

static void rows_of_an_offer(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  K8smMesos__Offer *o = world_offer(&w, "o1", "a1", "r");
  world_scalar(&w, o, "cpus", 2.9699999999999998);
  world_reserve(&w, world_scalar(&w, o, "mem", 512), "r", NULL, NULL);
  K8smMesos__Resource *ports = world_ports(&w, o, 31500, 31600);
  world_range(&w, ports, 31000, 31100);
  K8smMesos__Resource *set = world_resource(&w, o, "zones", K8SM_MESOS__VALUE__TYPE__SET);
  char *items[] = {world_text(&w, "b"), world_text(&w, "a")};
  set->set = WORLD_NEW(&w, K8smMesos__Value__Set, VALUE__SET);
  set->set->item = items;
  set->set->n_item = 2;
  world_simple(&w, "o2", "a2", NULL, 1, 2, false);
  struct k8sm_offers *offers = world_offers(&w);
  struct k8sm_offer rows[2];
  assert_int_equal(k8sm_offers_rows(offers, 0, rows, sizeof rows[0], 2), 2);
  assert_string_equal(rows[0].role.ptr, "r");
  assert_string_equal(rows[0].hostname.ptr, "a1.example");
  assert_string_equal(rows[1].role.ptr, "*");
  struct k8sm_resource all[9];
  assert_int_equal(k8sm_offers_resources(offers, 0, all, sizeof all[0], 9), 9);
  assert_int_equal(all[0].milli, 2970);
  assert_string_equal(all[1].reservation.ptr, "r");
  assert_int_equal(all[0].reservation.len, 0);
  assert_int_equal(all[2].begin, 31000);
  assert_int_equal(all[3].end, 31600);
  assert_string_equal(all[4].item.ptr, "a");
  assert_string_equal(all[5].item.ptr, "b");
  assert_int_equal(all[6].offer, 1);
  for (size_t first = 0; first <= 10; first++) { /* one at a time says the same */
    struct k8sm_resource one;
    size_t left = k8sm_offers_resources(offers, first, &one, sizeof one, 1);
    assert_int_equal(left, first < 9 ? 9 - first : 0);
    if (first < 9) assert_memory_equal(&one, &all[first], sizeof one);
  }
  k8sm_offers_unref(offers);
  world_free(&w);
}

/* An offer's resources as a value: pieces of one resource are one, and no piece is lost. */
static void resources_of_an_offer(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  K8smMesos__Offer *o = world_offer(&w, "o1", "a1", "r");
  world_scalar(&w, o, "cpus", 1.5);
  world_reserve(&w, world_scalar(&w, o, "cpus", 2), "r", NULL, NULL);
  world_ports(&w, o, 31500, 31600);
  world_scalar(&w, o, "cpus", 1);
  world_ports(&w, o, 31601, 31601);
  struct k8sm_offers *offers = world_offers(&w);
  struct k8sm_resources *all = NULL;
  struct k8sm_resource rows[4];
  assert_int_equal(k8sm_offers_take(offers, 1, NULL, &all, found_new()), K8SM_ERR_NOT_FOUND);
  assert_int_equal(found_rows[0].code, K8SM_DIAG_OFFER_UNKNOWN);
  assert_int_equal(k8sm_offers_take(offers, 0, NULL, &all, NULL), K8SM_OK);
  k8sm_offers_unref(offers); /* the value is its own */
  world_free(&w);
  assert_int_equal(k8sm_resources_rows(all, 0, rows, sizeof rows[0], 4), 3);
  assert_int_equal(rows[0].milli, 2500);
  assert_int_equal(rows[1].milli, 2000);
  assert_string_equal(rows[1].reservation.ptr, "r");
  assert_string_equal(rows[1].role.ptr, "r");
  assert_true(rows[2].begin == 31500 && rows[2].end == 31601);
  k8sm_resources_unref(all);
}

/* Each case spoils one offer of three: the others stay, and the finding names the field. */
static void spoil_nan(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "cpus", NAN);
}
static void spoil_infinite(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "cpus", INFINITY);
}
static void spoil_negative(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "mem", -0.0001);
}
static void spoil_absurd(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "mem", 1e300);
}
static void spoil_sum(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "mem", 9e11);
  world_scalar(w, o, "mem", 9e11);
}
static void spoil_reversed(struct world *w, K8smMesos__Offer *o) {
  world_ports(w, o, 5, 4);
}
static void spoil_overlap(struct world *w, K8smMesos__Offer *o) {
  world_range(w, world_ports(w, o, 1, 5), 5, 9);
}
static void spoil_port_twice(struct world *w, K8smMesos__Offer *o) {
  world_ports(w, o, 1, 5);
  world_reserve(w, world_ports(w, o, 3, 3), "r", NULL, NULL);
}
static void spoil_type(struct world *w, K8smMesos__Offer *o) {
  world_resource(w, o, "x", K8SM_MESOS__VALUE__TYPE__TEXT);
}
static void spoil_kind(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "ports", 1);
}
static void spoil_empty(struct world *w, K8smMesos__Offer *o) {
  world_resource(w, o, "cpus", K8SM_MESOS__VALUE__TYPE__SCALAR);
}
static void spoil_no_ranges(struct world *w, K8smMesos__Offer *o) {
  world_resource(w, o, "ports", K8SM_MESOS__VALUE__TYPE__RANGES);
}
static void spoil_no_set(struct world *w, K8smMesos__Offer *o) {
  world_resource(w, o, "zones", K8SM_MESOS__VALUE__TYPE__SET);
}
static void spoil_name(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "", 1);
}
static void spoil_id(struct world *w, K8smMesos__Offer *o) {
  o->id->value = world_text(w, "");
}
static void spoil_agent(struct world *w, K8smMesos__Offer *o) {
  o->agent_id->value = world_text(w, "");
}
static void spoil_folder(struct world *w, K8smMesos__Offer *o) {
  o->agent_id->value = world_text(w, "a/b");
}
static void spoil_framework(struct world *w, K8smMesos__Offer *o) {
  o->framework_id->value = world_text(w, "..");
}
static void spoil_long_id(struct world *w, K8smMesos__Offer *o) {
  char text[257];
  memset(text, 'o', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  o->id->value = world_text(w, text);
}
static void spoil_allocation(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "cpus", 1)->allocation_info->role = world_text(w, "s");
}
static void spoil_reservation(struct world *w, K8smMesos__Offer *o) {
  world_reserve(w, world_scalar(w, o, "cpus", 1), "*", NULL, NULL);
}
static void spoil_old_reservation(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "cpus", 1)->reservation =
      WORLD_NEW(w, K8smMesos__Resource__ReservationInfo, RESOURCE__RESERVATION_INFO);
}

static void spoil_shared(struct world *w, K8smMesos__Offer *o) {
  world_scalar(w, o, "disk", 1)->shared =
      WORLD_NEW(w, K8smMesos__Resource__SharedInfo, RESOURCE__SHARED_INFO);
}
static void spoil_refined(struct world *w, K8smMesos__Offer *o) {
  K8smMesos__Resource *r = world_scalar(w, o, "cpus", 1);
  world_reserve(w, r, "a", NULL, NULL);
  world_reserve(w, r, "b", NULL, NULL);
}
static void spoil_both_formats(struct world *w, K8smMesos__Offer *o) {
  K8smMesos__Resource *r = world_scalar(w, o, "cpus", 1);
  world_reserve(w, r, "a", NULL, NULL);
  r->role = world_text(w, "b");
}

static void an_invalid_offer_is_left_out(void **state) {
  (void)state;
  static const struct {
    void (*spoil)(struct world *w, K8smMesos__Offer *o);
    const char *path;
    const char *says; /* among others; NULL: whatever */
  } cases[] = {
      {spoil_nan, "resources[0].scalar.value"},
      {spoil_infinite, "resources[0].scalar.value"},
      {spoil_negative, "resources[0].scalar.value"},
      {spoil_absurd, "resources[0].scalar.value"},
      {spoil_sum, "resources"},
      {spoil_reversed, "resources[0].ranges"},
      {spoil_overlap, "resources[0].ranges"},
      {spoil_port_twice, "resources[1]",
       "the port 3 is in resources[0], too: expected each port in one resource"},
      {spoil_type, "resources[0].type"},
      {spoil_kind, "resources[0].type"},
      {spoil_empty, "resources[0].scalar"},
      {spoil_no_ranges, "resources[0].ranges"},
      {spoil_no_set, "resources[0].set"},
      {spoil_name, "resources[0].name"},
      {spoil_id, "id.value"},
      {spoil_agent, "agent_id.value"},
      {spoil_folder, "agent_id.value", "\"a/b\": an id has no '/'"},
      {spoil_framework, "framework_id.value"},
      {spoil_long_id, "id.value", "256 bytes: an id has 255 at most"},
      {spoil_allocation, "allocation_info.role", "different roles, r and s"},
      {spoil_reservation, "resources[0].reservations"},
      {spoil_old_reservation, "resources[0].reservation"},
      {spoil_shared, "resources[0].shared"},
      {spoil_refined, "resources[0].reservations"},
      {spoil_both_formats, "resources[0].reservations"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct world w;
    world_init(&w);
    world_simple(&w, "o1", "a1", "r", 1, 1, true);
    cases[i].spoil(&w, world_offer(&w, "o2", "a2", "r"));
    world_simple(&w, "o3", "a3", "r", 1, 1, true);
    struct k8sm_offers *offers = world_offers_from(&w, 0, NULL, found_new());
    assert_non_null(offers);
    assert_int_equal(offers->count, 2);
    assert_string_equal(offers->items[1].id.ptr, "o3");
    assert_int_equal(found.count, 1);
    assert_int_equal(found_rows[0].code, K8SM_DIAG_OFFER_INVALID);
    char path[64];
    snprintf(path, sizeof path, "offers.offers[1].%s", cases[i].path);
    assert_string_equal(found_path(0), path);
    if (cases[i].says != NULL) assert_non_null(strstr(found_text + found_rows[0].message, cases[i].says));
    k8sm_offers_unref(offers);
    world_free(&w);
  }
}

static uint32_t spend_of(void (*change)(struct world *, K8smMesos__Resource *),
                         const char **ret_reservation) {
  static char reservation[16];
  struct world w;
  world_init(&w);
  K8smMesos__Resource *r = world_scalar(&w, world_offer(&w, "o", "a", "r"), "disk", 10);
  change(&w, r);
  struct k8sm_offers *offers = world_offers(&w);
  assert_int_equal(offers->count, 1);
  const struct k8smi_resource *got = &offers->items[0].resources[0];
  snprintf(reservation, sizeof reservation, "%.*s", K8SMI_P(k8smi_resource_reservation(got->message)));
  *ret_reservation = reservation;
  uint32_t spend = got->spend;
  bool counted = spend == K8SMI_SPEND_RESERVED || spend == K8SMI_SPEND_UNRESERVED;
  assert_int_equal(offers->items[0].free[K8SMI_DISK], counted ? 10000 : 0);
  k8sm_offers_unref(offers);
  world_free(&w);
  return spend;
}

static void change_nothing(struct world *w, K8smMesos__Resource *r) {
  (void)w;
  (void)r;
}
static void change_static(struct world *w, K8smMesos__Resource *r) {
  world_reserve(w, r, "a", NULL, NULL);
}
static void change_refined(struct world *w, K8smMesos__Resource *r) {
  world_reserve(w, r, "a", NULL, NULL);
  world_reserve(w, r, "a/b", NULL, NULL);
}
static void change_old(struct world *w, K8smMesos__Resource *r) {
  r->role = world_text(w, "old");
}
static void change_owned(struct world *w, K8smMesos__Resource *r) {
  world_reserve(w, r, "a", "pod", "uid-1");
}
static void change_foreign(struct world *w, K8smMesos__Resource *r) {
  world_reserve(w, r, "a", "resource_id", "x");
}
static void change_revocable(struct world *w, K8smMesos__Resource *r) {
  r->revocable = WORLD_NEW(w, K8smMesos__Resource__RevocableInfo, RESOURCE__REVOCABLE_INFO);
}
static void change_shared(struct world *w, K8smMesos__Resource *r) {
  r->shared = WORLD_NEW(w, K8smMesos__Resource__SharedInfo, RESOURCE__SHARED_INFO);
}
static void change_shared_volume(struct world *w, K8smMesos__Resource *r) {
  change_shared(w, r);
  r->disk = WORLD_NEW(w, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
  r->disk->persistence =
      WORLD_NEW(w, K8smMesos__Resource__DiskInfo__Persistence, RESOURCE__DISK_INFO__PERSISTENCE);
  r->disk->persistence->id = world_text(w, "v");
}
static void change_volume(struct world *w, K8smMesos__Resource *r) {
  r->disk = WORLD_NEW(w, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
}
static void change_disk(struct world *w, K8smMesos__Resource *r) {
  change_volume(w, r);
  r->disk->source = WORLD_NEW(w, K8smMesos__Resource__DiskInfo__Source, RESOURCE__DISK_INFO__SOURCE);
  r->disk->source->type = K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT;
}
static void change_disk_static(struct world *w, K8smMesos__Resource *r) {
  change_disk(w, r);
  change_static(w, r);
}
static void change_disk_owned(struct world *w, K8smMesos__Resource *r) {
  change_disk(w, r);
  change_owned(w, r);
}
static void change_disk_raw(struct world *w, K8smMesos__Resource *r) {
  change_disk(w, r);
  r->disk->source->type = K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__RAW;
}
static void change_disk_mounted(struct world *w, K8smMesos__Resource *r) {
  change_disk(w, r);
  r->disk->volume = WORLD_NEW(w, K8smMesos__Volume, VOLUME);
}
static void change_disk_revocable(struct world *w, K8smMesos__Resource *r) {
  change_disk(w, r);
  change_revocable(w, r);
}
static void change_provider(struct world *w, K8smMesos__Resource *r) {
  r->provider_id = WORLD_NEW(w, K8smMesos__ResourceProviderID, RESOURCE_PROVIDER_ID);
}

/* The offer counts without it; no pod takes it for the volume that it claims. */
static void a_volume_of_disk_that_is_not_reserved(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  K8smMesos__Offer *o = world_simple(&w, "o1", "a1", "r", 1, 1, true);
  const size_t last = o->n_resources;
  world_volume(&w, o, "r", "v", 1, NULL);
  struct k8sm_offers *fine = world_offers_from(&w, 0, NULL, found_new());
  assert_int_equal(found.count, 0);
  assert_true(k8smi_offer_has_volume(&fine->items[0], K8SMI_S("v")));
  o->resources[last]->n_reservations = 0;
  struct k8sm_offers *offers = world_offers_from(&w, 0, NULL, found_new());
  assert_int_equal(offers->count, 1);
  assert_int_equal(found.count, 1);
  assert_int_equal(found_rows[0].code, K8SM_DIAG_OFFER_INVALID);
  assert_int_equal(found_rows[0].severity, K8SM_SEVERITY_WARNING);
  assert_string_equal(found_path(0), "offers.offers[0].resources[4].disk.persistence");
  assert_string_equal(
      found_text + found_rows[0].message,
      "a persistent volume \"v\" of disk that is not reserved: expected a reservation; it is left "
      "alone");
  assert_int_equal(offers->items[0].resources[last].spend, K8SMI_SPEND_NEVER);
  assert_false(k8smi_offer_has_volume(&offers->items[0], K8SMI_S("v")));
  k8sm_offers_unref(fine);
  k8sm_offers_unref(offers);
  world_free(&w);
}

static void who_may_spend(void **state) {
  (void)state;
  static const struct {
    void (*change)(struct world *w, K8smMesos__Resource *r);
    uint32_t spend;
    const char *reservation;
  } cases[] = {
      {change_nothing, K8SMI_SPEND_UNRESERVED, ""},  {change_static, K8SMI_SPEND_RESERVED, "a"},
      {change_refined, K8SMI_SPEND_RESERVED, "a/b"}, {change_old, K8SMI_SPEND_RESERVED, "old"},
      {change_owned, K8SMI_SPEND_OWNED, "a"},        {change_foreign, K8SMI_SPEND_LABELLED, "a"},
      {change_revocable, K8SMI_SPEND_NEVER, ""},     {change_shared_volume, K8SMI_SPEND_NEVER, ""},
      {change_volume, K8SMI_SPEND_NEVER, ""},        {change_provider, K8SMI_SPEND_NEVER, ""},
      {change_disk, K8SMI_SPEND_DISK, ""},           {change_disk_static, K8SMI_SPEND_DISK, "a"},
      {change_disk_owned, K8SMI_SPEND_NEVER, "a"},   {change_disk_raw, K8SMI_SPEND_NEVER, ""},
      {change_disk_mounted, K8SMI_SPEND_NEVER, ""},  {change_disk_revocable, K8SMI_SPEND_NEVER, ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *reservation;
    assert_int_equal(spend_of(cases[i].change, &reservation), cases[i].spend);
    assert_string_equal(reservation, cases[i].reservation);
  }
}

static void memory_runs_out(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  char id[16];
  for (int i = 0; i < 200; i++) {
    snprintf(id, sizeof id, "o%d", i);
    K8smMesos__Offer *o = world_simple(&w, id, "a", "r", 1, 1, true);
    world_ports(&w, o, 1, 5);
    for (int k = 0; k < 40; k++) world_executor(&w, o, k % 2 == 0 ? id : "e");
  }
  struct failing f;
  size_t fail_at = 1;
  for (;; fail_at++) {
    failing_init(&f, fail_at);
    struct k8sm_offers *offers = world_offers_from(&w, 0, &f.allocator, found_new());
    if (offers != NULL) {
      assert_int_equal(offers->count, 200);
      k8sm_offers_unref(offers);
      break;
    }
    assert_int_equal(f.held, 0);
  }
  assert_true(fail_at > 3);
  assert_int_equal(f.held, 0);
  world_free(&w);
}

/* An OFFERS event of what the world holds, in the format. */
static struct k8smi_buf event_of(struct world *w, uint32_t format) {
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  K8smMesos__Event__Offers offers = K8SM_MESOS__EVENT__OFFERS__INIT;
  struct k8smi_buf bytes;
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__OFFERS;
  event.offers = &offers;
  offers.offers = w->offers;
  offers.n_offers = w->count;
  assert_true(k8smi_buf_init(&bytes, NULL));
  k8smi_message_write(&bytes, format, &event.base);
  assert_false(bytes.failed);
  return bytes;
}

static void events_in_both_formats(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  world_simple(&w, "o1", "a1", "r", 0.1, 512, true);
  spoil_negative(&w, world_offer(&w, "o2", "a2", "r"));
  world_reserve(&w, world_scalar(&w, world_simple(&w, "o3", "a3", "r", 1, 1, false), "cpus", 2), "r", NULL,
                NULL);
  for (uint32_t format = K8SM_FORMAT_JSON; format <= K8SM_FORMAT_PROTOBUF; format += 2) {
    struct k8smi_buf bytes = event_of(&w, format);
    struct k8sm_offers_options o = {.size = sizeof o, .format = format};
    struct k8sm_offers *offers;
    struct k8sm_resource rows[8];
    assert_int_equal(k8sm_offers_parse(bytes.ptr, bytes.len, &o, &offers, found_new()), K8SM_OK);
    assert_int_equal(found.count, 1);
    assert_string_equal(found_path(0), "offers.offers[1].resources[0].scalar.value");
    assert_int_equal(k8sm_offers_resources(offers, 0, rows, sizeof rows[0], 8), 8);
    assert_int_equal(rows[0].milli, 100);
    assert_string_equal(rows[7].reservation.ptr, "r");
    assert_int_equal(rows[7].offer, 1);
    k8sm_offers_unref(offers);
    for (size_t len = 0; len < bytes.len; len++) { /* cut anywhere: read, or refused with a finding */
      char *cut = malloc(len + 1);
      assert_non_null(cut);
      memcpy(cut, bytes.ptr, len);
      int result = k8sm_offers_parse(cut, len, &o, &offers, found_new());
      if (result == K8SM_OK) k8sm_offers_unref(offers);
      assert_true(result == K8SM_OK || found.errors > 0);
      free(cut);
    }
    o.max_memory = 1500;
    assert_int_equal(k8sm_offers_parse(bytes.ptr, bytes.len, &o, &offers, found_new()), K8SM_ERR_LIMIT);
    assert_int_equal(found_rows[0].code, K8SM_DIAG_TOO_LARGE);
    struct failing f;
    int result = K8SM_ERR_NOMEM;
    o.max_memory = 0;
    for (size_t fail_at = 1; result == K8SM_ERR_NOMEM; fail_at++) {
      failing_init(&f, fail_at);
      o.allocator = &f.allocator;
      result = k8sm_offers_parse(bytes.ptr, bytes.len, &o, &offers, found_new());
      if (result == K8SM_OK) k8sm_offers_unref(offers);
      assert_int_equal(f.held, 0);
    }
    assert_int_equal(result, K8SM_OK);
    k8smi_buf_free(&bytes);
  }
  world_free(&w);
}

static void other_events(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"{\"type\":\"HEARTBEAT\"}", "an event HEARTBEAT, not OFFERS"},
      {"{}", "an event without a type, not OFFERS"},
  };
  struct k8sm_offers_options o = {.size = sizeof o, .format = K8SM_FORMAT_JSON};
  struct k8sm_offers *offers;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *text = cases[i].text;
    assert_int_equal(k8sm_offers_parse(text, strlen(text), &o, &offers, found_new()), K8SM_ERR_INVALID);
    assert_int_equal(found_rows[0].code, K8SM_DIAG_MESSAGE_TYPE);
    assert_string_equal(found_text + found_rows[0].message, cases[i].message);
  }
  const char *none = "{\"type\":\"OFFERS\"}";
  assert_int_equal(k8sm_offers_parse(none, strlen(none), &o, &offers, found_new()), K8SM_OK);
  assert_int_equal(k8sm_offers_rows(offers, 0, NULL, 0, 0), 0);
  k8sm_offers_unref(offers);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_in_normal_form),
      cmocka_unit_test(ranges_against_a_set),
      cmocka_unit_test(rows_of_an_offer),
      cmocka_unit_test(resources_of_an_offer),
      cmocka_unit_test(an_invalid_offer_is_left_out),
      cmocka_unit_test(a_volume_of_disk_that_is_not_reserved),
      cmocka_unit_test(who_may_spend),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(events_in_both_formats),
      cmocka_unit_test(other_events),
  };
  return cmocka_run_group_tests_name("offer", tests, NULL, NULL);
}
