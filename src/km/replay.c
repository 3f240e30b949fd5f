/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <inttypes.h>
#include <string.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_replay = {
    "replay",
    "Run the inputs of a recorded 'km run' again, and show what was decided and why",
    "FILE",
    "  km run -f nginx.yaml --record=run.trace\n"
    "  km replay run.trace                       every input and what followed, the same byte for byte\n"
    "  km replay run.trace --quiet               only whether it is the same\n",
    run,
};

struct replay {
  struct k8sm_driver *driver;
  struct k8sm_control *workloads;
  struct k8sm_effects *effects;
  uint64_t start; /* mono_ms of the first input */
  size_t inputs, effects_seen;
  bool quiet;
};

static const char *input_name(uint32_t type) {
  static const char *const names[] = {
      [K8SM_INPUT_TICK] = "TICK",           [K8SM_INPUT_RESTORE] = "RESTORE",
      [K8SM_INPUT_LEADER] = "LEADER",       [K8SM_INPUT_RESPONSE] = "RESPONSE",
      [K8SM_INPUT_CHUNK] = "CHUNK",         [K8SM_INPUT_END] = "END",
      [K8SM_INPUT_LOST] = "LOST",           [K8SM_INPUT_POD] = "POD",
      [K8SM_INPUT_DELETE] = "DELETE",       [K8SM_INPUT_RECORDED] = "RECORDED",
      [K8SM_INPUT_REFUSED] = "REFUSED",     [K8SM_INPUT_STOP] = "STOP",
      [K8SM_INPUT_CONDITION] = "CONDITION", [K8SM_INPUT_DELETE_CLAIM] = "DELETE_CLAIM"};
  return type < sizeof names / sizeof names[0] ? names[type] : "?";
}

static const char *control_name(uint32_t type) {
  static const char *const names[] = {
      [K8SM_CONTROL_TICK] = "TICK",         [K8SM_CONTROL_RESTORE] = "RESTORE",
      [K8SM_CONTROL_FOUND] = "FOUND",       [K8SM_CONTROL_APPLY] = "APPLY",
      [K8SM_CONTROL_COMPLETE] = "COMPLETE", [K8SM_CONTROL_DELETE] = "DELETE",
      [K8SM_CONTROL_STATUS] = "STATUS",     [K8SM_CONTROL_GONE] = "GONE",
      [K8SM_CONTROL_REJECTED] = "REJECTED", [K8SM_CONTROL_AGENTS] = "AGENTS",
      [K8SM_CONTROL_ZONE] = "ZONE",         [K8SM_CONTROL_RECORDED] = "RECORDED",
      [K8SM_CONTROL_REFUSED] = "REFUSED",   [K8SM_CONTROL_SCALE] = "SCALE"};
  return type < sizeof names / sizeof names[0] ? names[type] : "?";
}

static void print_control_input(const struct replay *r, const struct k8sm_control_input *in) {
  struct k8sm_workload_info info = {.size = sizeof info};
  printf("%10" PRIu64 " ms  control %s", in->mono_ms - r->start, control_name(in->type));
  if (in->workload != NULL && k8sm_workload_get_info(in->workload, &info) == K8SM_OK)
    printf(" %s/%s/%s", info.kind_name.ptr, info.name_space.ptr, info.name.ptr);
  else if (in->pod != NULL)
    printf(" Pod/%s/%s", k8sm_pod_namespace(in->pod).ptr, k8sm_pod_name(in->pod).ptr);
  else if (in->key.len > 0)
    printf(" %s", in->key.ptr);
  if (in->number != 0 || in->type == K8SM_CONTROL_SCALE) printf(" %" PRIu64, in->number);
  if (in->agent_count > 0) printf(" %zu", in->agent_count);
  if (in->bytes.len > 0) printf(" (%zu bytes)", in->bytes.len);
  putchar('\n');
}

static void print_input(const struct replay *r, const struct k8sm_input *in) {
  printf("%10" PRIu64 " ms  %s", in->mono_ms - r->start, input_name(in->type));
  if (in->exchange != 0) printf(" exchange %" PRIu64, in->exchange);
  if (in->status != 0) printf(" status %u", (unsigned)in->status);
  if (in->number != 0) printf(" %" PRIu64, in->number);
  if (in->pod != NULL)
    printf(" %s/%s", k8sm_pod_namespace(in->pod).ptr, k8sm_pod_name(in->pod).ptr);
  else if (in->key.len > 0)
    printf(" %s", in->key.ptr);
  if (in->bytes.len > 0) printf(" (%zu bytes)", in->bytes.len);
  putchar('\n');
}

/* The type of a call, for those who read the trace. */
static void print_call(const struct k8sm_effect *e) {
  bool json = e->bytes.len > 0 && e->bytes.ptr[0] == '{';
  struct k8sm_blob *blob;
  int result = k8sm_message_convert(K8SM_MESSAGE_CALL, e->bytes.ptr, e->bytes.len,
                                    json ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF, K8SM_FORMAT_JSON, NULL,
                                    &blob, NULL);
  if (result != K8SM_OK) {
    printf("call that can't be read\n");
    return;
  }
  printf("%s\n", k8sm_blob_bytes(blob).ptr);
  k8sm_blob_unref(blob);
}

static void print_status(const struct k8sm_effect *e) {
  struct k8sm_blob *json;
  if (k8sm_status_encode(e->status, K8SM_FORMAT_JSON, NULL, &json) != K8SM_OK) return;
  printf("               -> status of %s: %s\n", e->key.ptr, k8sm_blob_bytes(json).ptr);
  k8sm_blob_unref(json);
}

static void print_effect(const struct k8sm_effect *e) {
  switch (e->type) {
  case K8SM_EFFECT_REQUEST:
    printf("               -> %s exchange %" PRIu64 " (%s): ", e->authority.ptr, e->exchange,
           e->reason == NULL ? "?" : e->reason);
    print_call(e);
    break;
  case K8SM_EFFECT_CANCEL: printf("               -> gives exchange %" PRIu64 " up\n", e->exchange); break;
  case K8SM_EFFECT_RECORD:
    printf("               -> record %" PRIu64 ": %s (%zu bytes%s)\n", e->number, e->key.ptr, e->bytes.len,
           (e->flags & K8SM_RECORD_APPEND) != 0 ? " more" : "");
    break;
  case K8SM_EFFECT_STATUS: print_status(e); break;
  case K8SM_EFFECT_EVENT:
    printf("               -> %s%s%s%s\n", (e->flags & K8SM_EVENT_WARNING) != 0 ? "Warning: " : "",
           e->key.len > 0 ? e->key.ptr : "", e->key.len > 0 ? ": " : "", e->bytes.ptr);
    break;
  case K8SM_EFFECT_POD: printf("               -> makes pod %s\n", e->key.ptr); break;
  case K8SM_EFFECT_DELETE: printf("               -> deletes pod %s\n", e->key.ptr); break;
  case K8SM_EFFECT_DELETE_CLAIM: printf("               -> deletes claim %s\n", e->key.ptr); break;
  case K8SM_EFFECT_GONE:
  case K8SM_EFFECT_CLAIM_GONE: printf("               -> %s is gone\n", e->key.ptr); break;
  case K8SM_EFFECT_STOPPED: printf("               -> stopped\n"); break;
  default: printf("               -> an event for others (%zu bytes)\n", e->bytes.len);
  }
}

static void print_step(struct replay *r, const struct km_traced *in) {
  struct k8sm_effect e;
  if (!r->quiet && in->of_control) print_control_input(r, &in->control);
  if (!r->quiet && !in->of_control) print_input(r, &in->driver);
  for (size_t i = 0; k8sm_effects_rows(r->effects, i, &e, sizeof e, 1) > 0; i++) {
    r->effects_seen++;
    if (!r->quiet) print_effect(&e);
  }
}

static int step(struct replay *r, const struct km_traced *in) {
  return in->of_control ? k8sm_control_step(r->workloads, &in->control, r->effects, NULL)
                        : k8sm_driver_step(r->driver, &in->driver, r->effects, NULL);
}

static int replay_all(struct replay *r, struct km_trace_reader *reader, const char *file) {
  struct km_traced input;
  int read;
  while ((read = km_trace_next(reader, &input)) == 1) {
    if (r->inputs++ == 0) r->start = input.of_control ? input.control.mono_ms : input.driver.mono_ms;
    int now = step(r, &input);
    print_step(r, &input);
    if (now == input.result && km_trace_sum(r->effects) == input.sum) continue;
    fprintf(stderr, "%s:%zu: what follows from this input is not what was recorded: another version of km?\n",
            file, r->inputs + 1);
    return KM_FAILED;
  }
  if (read < 0) return KM_FAILED;
  printf("%zu inputs, %zu effects, the same as recorded\n", r->inputs, r->effects_seen);
  return KM_DONE;
}

static int replay_file(const char *file, bool quiet) {
  static struct km_report report;
  struct km_driver_setup setup;
  struct replay r = {.quiet = quiet};
  struct km_trace_reader *reader = km_trace_open(file, &setup);
  if (reader == NULL) return KM_FAILED;
  km_report_begin(&report);
  int code = KM_FAILED, result = km_driver_make(&setup, &r.driver, &report.diags);
  if (result == K8SM_OK) result = km_workloads_make(&setup, &r.workloads, &report.diags);
  if (result == K8SM_OK) result = k8sm_effects_new(NULL, &r.effects);
  km_report_end(&report, NULL, -1);
  if (result == K8SM_OK)
    code = replay_all(&r, reader, file);
  else
    km_report_result("replaying", result);
  k8sm_effects_free(r.effects);
  k8sm_driver_free(r.driver);
  k8sm_control_free(r.workloads);
  km_trace_reader_close(reader);
  return code;
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts files = {0};
  bool quiet = false;
  const struct km_option options[] = {
      {"quiet", 'q', KM_FLAG, &quiet, NULL, "say only whether it is the same"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, &files);
  if (code == -1 && files.count != 1) code = km_misuse(command, "which recording? FILE");
  if (code == -1) code = replay_file(files.items[0], quiet);
  km_texts_free(&files);
  return code;
}
