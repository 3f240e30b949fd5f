/* SPDX-License-Identifier: Apache-2.0 */

/* usage: bench_task [FOLDER]
 *
 * How fast Mesos messages are read: an OFFERS event of a thousand offers, by our walk over the descriptors
 * and by protobuf-c's own unpack, in turns, the best round of each. Then how fast calls are written:
 * bench_task_encode.c; and updates answered: bench_task_update.c. Lines of name, value and unit, tabs
 * between. A folder gets the events and the ACCEPT in protobuf, as "offers", "update" and "accept", for
 * others to read and write: rivals/messages.py. */

#include "bench_task.h"

#include <k8smesos/offer.h>
#include "wire/mesos.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BENCH_OFFERS = 1000, BENCH_ROUNDS = 30 };

/* Processor time: others on the machine don't count. */
static double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench_require(bool fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "bench_task: %s\n", what);
  exit(1);
}

/* An offer as a master writes it: two roles' worth of cpus, mem, disk and ports, attributes, url, domain. */
static void bench_put_offer(struct k8smi_buf *json, unsigned n) {
  char text[2048];
  static const char resource[] = "{\"name\":\"%s\",\"type\":\"SCALAR\",\"scalar\":{\"value\":%u.5},"
                                 "\"allocation_info\":{\"role\":\"web\"}%s}";
  static const char reserved[] =
      ",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"web\",\"principal\":\"p\"}]";
  int len =
      snprintf(text, sizeof text,
               "{\"id\":{\"value\":\"f865b66f-6e1b-46d2-b553-aec43e4a5525-O%u\"},"
               "\"framework_id\":{\"value\":\"f865b66f-6e1b-46d2-b553-aec43e4a5525-0010\"},"
               "\"agent_id\":{\"value\":\"f865b66f-6e1b-46d2-b553-aec43e4a5525-S%u\"},\"hostname\":\"agent%u."
               "example.com\","
               "\"url\":{\"scheme\":\"http\",\"address\":{\"hostname\":\"agent%u.example.com\",\"ip\":\"10.0."
               "0.1\",\"port\":5051},\"path\":\"/slave(1)\"},"
               "\"domain\":{\"fault_domain\":{\"region\":{\"name\":\"eu\"},\"zone\":{\"name\":\"z%u\"}}},"
               "\"attributes\":[{\"name\":\"rack\",\"type\":\"TEXT\",\"text\":{\"value\":\"rack-%u\"}},{"
               "\"name\":\"disk\",\"type\":\"TEXT\",\"text\":{\"value\":\"ssd\"}}],"
               "\"allocation_info\":{\"role\":\"web\"},\"resources\":[",
               n, n, n, n, n % 5, n % 40);
  k8smi_buf_put(json, text, (size_t)len);
  const char *names[] = {"cpus", "mem", "disk"};
  for (unsigned i = 0; i < 6; i++) {
    len = snprintf(text, sizeof text, resource, names[i % 3], n % 64 + i, i < 3 ? "" : reserved);
    k8smi_buf_put(json, text, (size_t)len);
    k8smi_buf_putc(json, ',');
  }
  k8smi_buf_puts(
      json, "{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":{\"range\":[{\"begin\":31000,\"end\":31099},"
            "{\"begin\":31101,\"end\":32000}]},\"allocation_info\":{\"role\":\"web\"}}]}");
}

static void bench_offers(struct k8smi_buf *json, struct k8smi_buf *protobuf) {
  struct k8smi_arena arena;
  ProtobufCMessage *event;
  bench_require(k8smi_arena_init(&arena, NULL, 0), "memory");
  k8smi_buf_puts(json, "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[");
  for (unsigned n = 0; n < BENCH_OFFERS; n++) {
    if (n > 0) k8smi_buf_putc(json, ',');
    bench_put_offer(json, n);
  }
  k8smi_buf_puts(json, "]}}");
  bench_require(k8smi_message_decode_json(&arena, &k8sm_mesos__event__descriptor, json->ptr, json->len,
                                          &event, NULL) == K8SM_OK,
                "the event is not right");
  k8smi_message_encode(protobuf, event);
  bench_require(!json->failed && !protobuf->failed, "memory");
  k8smi_arena_free(&arena);
}

static double bench_ours(const struct k8smi_buf *bytes, uint32_t format) {
  struct k8smi_arena arena;
  ProtobufCMessage *event;
  double begin = bench_now();
  bench_require(k8smi_arena_init(&arena, NULL, 0), "memory");
  int r = k8smi_message_read_shared(&arena, format, &k8sm_mesos__event__descriptor, bytes->ptr, bytes->len,
                                    &event, NULL);
  bench_require(r == K8SM_OK, "can't be read");
  k8smi_arena_free(&arena);
  return bench_now() - begin;
}

static double bench_theirs(const struct k8smi_buf *bytes) {
  double begin = bench_now();
  ProtobufCMessage *event = protobuf_c_message_unpack(&k8sm_mesos__event__descriptor, NULL, bytes->len,
                                                      (const uint8_t *)bytes->ptr);
  bench_require(event != NULL, "protobuf-c can't read it");
  protobuf_c_message_free_unpacked(event, NULL);
  return bench_now() - begin;
}

/* The same, and its resources in normal form: what a cluster takes in. */
static double bench_parse(const struct k8smi_buf *bytes) {
  struct k8sm_offers_options options = {.size = sizeof options, .format = K8SM_FORMAT_PROTOBUF};
  struct k8sm_offers *offers = NULL;
  double begin = bench_now();
  int r = k8sm_offers_parse(bytes->ptr, bytes->len, &options, &offers, NULL);
  bench_require(r == K8SM_OK, "can't be read");
  k8sm_offers_unref(offers);
  return bench_now() - begin;
}

bool bench_task_keep(const char *folder, const char *name, const void *bytes, size_t len) {
  char path[4096];
  if (folder == NULL) return true;
  int n = snprintf(path, sizeof path, "%s/%s", folder, name);
  if (n < 0 || (size_t)n >= sizeof path) return false;
  FILE *out = fopen(path, "wb");
  if (out == NULL) return false;
  bool fine = fwrite(bytes, 1, len, out) == len;
  return fclose(out) == 0 && fine;
}

static void bench_better(double *best, double seconds) {
  if (seconds < *best) *best = seconds;
}

int main(int argc, char **argv) {
  const char *folder = argc == 2 ? argv[1] : NULL;
  struct k8smi_buf json, protobuf;
  double ours = 1e9, theirs = 1e9, from_json = 1e9, parsed = 1e9;
  if (argc > 2) {
    fprintf(stderr, "usage: bench_task [FOLDER]\n");
    return 64;
  }
  bench_require(k8smi_buf_init(&json, NULL) && k8smi_buf_init(&protobuf, NULL), "memory");
  bench_offers(&json, &protobuf);
  bench_require(bench_task_keep(folder, "offers", protobuf.ptr, protobuf.len), folder);
  for (int round = 0; round < BENCH_ROUNDS; round++) {
    bench_better(&ours, bench_ours(&protobuf, K8SM_FORMAT_PROTOBUF));
    bench_better(&theirs, bench_theirs(&protobuf));
    bench_better(&parsed, bench_parse(&protobuf));
    bench_better(&from_json, bench_ours(&json, K8SM_FORMAT_JSON));
  }
  const double mb = (double)protobuf.len / 1e6;
  fprintf(stderr, "%d offers: %zu bytes of protobuf, %zu of JSON\n", BENCH_OFFERS, protobuf.len, json.len);
  printf("offers.decode.mb_per_s\t%.1f\tMB/s\n", mb / ours);
  printf("offers.decode.protobuf_c.mb_per_s\t%.1f\tMB/s\n", mb / theirs);
  printf("offers.decode.ratio\t%.2f\tx\n", theirs / ours);
  printf("offers.parse.mb_per_s\t%.1f\tMB/s\n", mb / parsed);
  printf("offers.decode.json.mb_per_s\t%.1f\tMB/s\n", (double)json.len / 1e6 / from_json);
  k8smi_buf_free(&protobuf);
  k8smi_buf_free(&json);
  bench_require(bench_task_encode(folder), "an ACCEPT can't be made");
  bench_require(bench_task_update(folder), "an update can't be answered");
  return 0;
}
