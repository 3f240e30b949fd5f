/* SPDX-License-Identifier: Apache-2.0 */
/* The offers of recorded streams of a real master: both encodings, read by the public call, say the
 * same. The recordings lie beside the source tree, or nowhere. */
#include <k8smesos/offer.h>
#include "base/buf.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const recorded_scenarios[] = {"group",  "stages", "command",    "operations",
                                                 "errors", "images", "agent-lost", "checks"};

/* The body of a chunked response: chunk sizes and line ends removed. */
static struct k8smi_buf recorded_body(const char *path) {
  struct k8smi_buf raw, body;
  assert_true(k8smi_buf_init(&raw, NULL) && k8smi_buf_init(&body, NULL));
  FILE *f = fopen(path, "rb");
  for (int c; f != NULL && (c = fgetc(f)) != EOF;) k8smi_buf_putc(&raw, (char)c);
  if (f != NULL) fclose(f);
  k8smi_buf_putc(&raw, '\0');
  char *at = strstr(raw.ptr, "\r\n\r\n");
  for (at = at == NULL ? raw.ptr + raw.len - 1 : at + 4; *at != '\0';) {
    char *end;
    unsigned long n = strtoul(at, &end, 16);
    if (n == 0 || (size_t)(raw.ptr + raw.len - end) < n + 5) break;
    k8smi_buf_put(&body, end + 2, n);
    at = end + 2 + n + 2;
  }
  k8smi_buf_free(&raw);
  return body;
}

static void recorded_resources(struct k8smi_buf *to, const struct k8sm_offers *offers, size_t offer) {
  struct k8sm_resource r;
  char line[512];
  for (size_t i = 0; k8sm_offers_resources(offers, i, &r, sizeof r, 1) > 0; i++) {
    if (r.offer != offer) continue;
    snprintf(line, sizeof line, "%s(%s) %lld %llu-%llu\n", r.name.ptr,
             r.reservation.ptr == NULL ? "" : r.reservation.ptr, (long long)r.milli,
             (unsigned long long)r.begin, (unsigned long long)r.end);
    k8smi_buf_puts(to, line);
  }
}

static int recorded_order(const void *a, const void *b) {
  return strcmp(((const struct k8smi_buf *)a)->ptr, ((const struct k8smi_buf *)b)->ptr);
}

/* Sorted: the order of offers in an event is the master's. */
static void recorded_rows(struct k8smi_buf *to, const struct k8sm_offers *offers) {
  struct k8smi_buf texts[8];
  struct k8sm_offer o;
  char line[512];
  size_t count = k8sm_offers_rows(offers, 0, NULL, 0, 0);
  assert_in_range(count, 1, 8);
  for (size_t i = 0; i < count; i++) {
    k8sm_offers_rows(offers, i, &o, sizeof o, 1);
    assert_true(k8smi_buf_init(&texts[i], NULL));
    snprintf(line, sizeof line, "offer %s %s\n", o.hostname.ptr, o.role.ptr);
    k8smi_buf_puts(&texts[i], line);
    recorded_resources(&texts[i], offers, i);
    k8smi_buf_putc(&texts[i], '\0');
  }
  qsort(texts, count, sizeof texts[0], recorded_order);
  for (size_t i = 0; i < count; i++) {
    k8smi_buf_puts(to, texts[i].ptr);
    k8smi_buf_free(&texts[i]);
  }
}

/* Reads every event of a stream; those that are not OFFERS must be refused as such. The ids differ
 * between two recordings, hosts and resources of the first offers do not. Returns the first OFFERS. */
static size_t recorded_read(const struct k8smi_buf *body, uint32_t format, struct k8smi_buf *first) {
  size_t events = 0;
  for (size_t at = 0; at < body->len;) {
    char *end;
    unsigned long n = strtoul(body->ptr + at, &end, 10);
    struct k8sm_offers_options o = {.size = sizeof o, .format = format};
    struct k8sm_offers *offers;
    struct k8sm_diag rows[8];
    char text[1024];
    struct k8sm_diags d = K8SM_DIAGS_INIT(rows, text);
    if (n == 0 || *end != '\n' || (size_t)(body->ptr + body->len - end - 1) < n) break;
    int result = k8sm_offers_parse(end + 1, n, &o, &offers, &d);
    if (result == K8SM_OK) {
      assert_int_equal(d.errors, 0);
      if (events++ == 0) recorded_rows(first, offers);
      k8sm_offers_unref(offers);
    } else {
      assert_int_equal(result, K8SM_ERR_INVALID);
      assert_int_equal(rows[0].code, K8SM_DIAG_MESSAGE_TYPE);
    }
    at = (size_t)(end + 1 - body->ptr) + n;
  }
  return events;
}

static void both_encodings_say_the_same(void **state) {
  const char *root = *state;
  for (size_t i = 0; i < sizeof recorded_scenarios / sizeof recorded_scenarios[0]; i++) {
    char path[512];
    struct k8smi_buf rows[2];
    for (int p = 0; p < 2; p++) {
      snprintf(path, sizeof path, "%s/%s-%s/stream.response", root, recorded_scenarios[i],
               p == 0 ? "json" : "protobuf");
      struct k8smi_buf body = recorded_body(path);
      assert_true(k8smi_buf_init(&rows[p], NULL));
      size_t events = recorded_read(&body, p == 0 ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF, &rows[p]);
      assert_true(events > 0);
      k8smi_buf_putc(&rows[p], '\0');
      k8smi_buf_free(&body);
    }
    assert_string_equal(rows[0].ptr, rows[1].ptr);
    assert_non_null(strstr(rows[0].ptr, "cpus"));
    k8smi_buf_free(&rows[0]);
    k8smi_buf_free(&rows[1]);
  }
}

int main(int argc, char **argv) {
  char path[512];
  snprintf(path, sizeof path, "%s/../shared/vectors/mesos", argc > 1 ? argv[1] : ".");
  char readme[600];
  snprintf(readme, sizeof readme, "%s/group-json/stream.response", path);
  FILE *f = fopen(readme, "rb");
  if (f == NULL) {
    printf("no recordings at %s: skipped\n", path);
    return 77;
  }
  fclose(f);
  const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(both_encodings_say_the_same, path)};
  return cmocka_run_group_tests_name("recorded offers", tests, NULL, NULL);
}
