/* SPDX-License-Identifier: Apache-2.0 */
/* Prints calls by chance, and one of each type, as one message: message Calls { repeated Call calls = 1; }
 * usage: dump_calls SEEDS > FILE */
#include <stdio.h>
#include <stdlib.h>

#include "support/random_calls.h"

static void put_call(struct k8sm_slice bytes) {
  size_t left = bytes.len;
  putchar(1 << 3 | 2);
  for (; left >= 0x80; left >>= 7) putchar((int)(left & 0x7f) | 0x80);
  putchar((int)left);
  fwrite(bytes.ptr, 1, bytes.len, stdout);
}

static void check(int result, const char *what) {
  if (result == K8SM_OK) return;
  fprintf(stderr, "dump_calls: %s: %s\n", what, k8sm_result_name(result));
  exit(1);
}

static void put_calls(const struct random_run *r, struct master *m) {
  struct k8sm_call row;
  for (size_t i = 0; k8sm_calls_rows(r->calls, i, &row, sizeof row, 1) > 0; i++) {
    put_call(row.bytes);
    const char *fault = master_accept(m, row.bytes.ptr, row.bytes.len);
    if (fault != NULL) fprintf(stderr, "dump_calls: seed %zu: %s\n", (size_t)r->seed, fault);
    check(fault == NULL ? K8SM_OK : K8SM_ERR_INVALID, "a call that a master refuses");
  }
}

/* Pods begin, go on, and end. */
static void put_run(uint64_t seed) {
  struct random_run r;
  check(random_begin(&r, seed), "calls for new pods");
  struct master *m = random_master(&r);
  put_calls(&r, m);
  check(random_resume(&r), "pods under way");
  random_take_offers(&r, m);
  check(random_go_on(&r), "calls for pods under way");
  put_calls(&r, m);
  random_take_offers(&r, m);
  check(random_release(&r), "calls that give back");
  put_calls(&r, m);
  random_end(&r);
  master_free(m);
}

/* A message in JSON as protobuf. */
static struct k8sm_blob *from_json(const char *name, const char *json) {
  struct k8sm_blob *blob = NULL;
  check(k8sm_message_convert(name, json, strlen(json), K8SM_FORMAT_JSON, K8SM_FORMAT_PROTOBUF, NULL, &blob,
                             NULL),
        name);
  return blob;
}

/* Every call that needs no plan, with all that it may have. */
static void put_other_calls(void) {
  static const char *const roles[] = {"prod", "*"};
  static const struct k8sm_slice items[] = {K8SMI_S("one"), K8SMI_S("two"), K8SMI_S("three")};
  struct k8sm_blob *resource =
      from_json("mesos.v1.Resource", "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1}}");
  struct k8sm_blob *constraints = from_json("mesos.v1.scheduler.OfferConstraints",
                                            "{\"role_constraints\":{\"prod\":{\"groups\":[{\"attribute_"
                                            "constraints\":[{\"selector\":{\"attribute_name\":\"rack\"},"
                                            "\"predicate\":{\"text_equals\":{\"value\":\"r1\"}}}]}]}}}");
  const struct k8sm_slice wanted = k8sm_blob_bytes(resource);
  const struct k8sm_framework framework = {.size = sizeof framework,
                                           .principal = "p",
                                           .hostname = "h",
                                           .webui_url = "http://u/",
                                           .roles = roles,
                                           .role_count = 2,
                                           .gpu_resources = 1};
  for (uint32_t type = K8SM_CALL_SUBSCRIBE; type <= K8SM_CALL_UPDATE_FRAMEWORK; type++) {
    struct k8sm_blob *blob = NULL;
    struct k8sm_call_args args = {.size = sizeof args,
                                  .type = type,
                                  .format = K8SM_FORMAT_PROTOBUF,
                                  .framework = &framework,
                                  .framework_id = K8SMI_S("F"),
                                  .task_id = K8SMI_S("t"),
                                  .agent_id = K8SMI_S("a"),
                                  .executor_id = K8SMI_S("e"),
                                  .uuid = K8SMI_S("0123456789abcdef"),
                                  .items = type == K8SM_CALL_REQUEST ? &wanted : items,
                                  .item_count = type == K8SM_CALL_REQUEST     ? 1
                                                : type == K8SM_CALL_RECONCILE ? 2
                                                                              : 3,
                                  .suppressed = &items[0],
                                  .refuse_seconds = 1.5,
                                  .grace_seconds = 2.5,
                                  .operation_id = K8SMI_S("o"),
                                  .resource_provider_id = K8SMI_S("r"),
                                  .data = K8SMI_S("data"),
                                  .offer_constraints = k8sm_blob_bytes(constraints)};
    check(k8sm_call_encode(&args, NULL, &blob, NULL), "a call");
    put_call(k8sm_blob_bytes(blob));
    k8sm_blob_unref(blob);
  }
  k8sm_blob_unref(resource);
  k8sm_blob_unref(constraints);
}

int main(int argc, char **argv) {
  uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
  put_other_calls();
  for (uint64_t seed = 0; seed < seeds; seed++) put_run(seed);
  return ferror(stdout) != 0 || fflush(stdout) != 0;
}
