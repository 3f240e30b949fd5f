/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_CORE_H
#define K8SMI_DRIVER_CORE_H

/* What every part of the driver works with: memory, time, chance, options, and the queue of effects.
 *
 * How the driver lives with failing allocations: an input changes state first, without taking memory where
 * that can be; what is to be done is then derived from the state by "pumps", each of which can stop at a
 * failed allocation and be run again by the next step. Effects gather in `queue`, and leave it only when
 * the caller's effects object has room for all of them. */

#include "base/arena.h"
#include "driver/effects.h"

#define DRV_NEVER UINT64_MAX

/* Mesos limits ids to 255 bytes, and stream ids to 128; a NUL follows. */
enum { DRV_ID_CAP = 256, DRV_AUTHORITY_CAP = 272, DRV_PATH_CAP = 256, DRV_WORDS_CAP = 256 };

struct drv_options {
  struct k8sm_framework framework;
  struct k8sm_slice *roles; /* of the framework; never none */
  size_t role_count;
  struct k8sm_demand_options demand;
  struct k8sm_match_options match;
  struct k8sm_status_options status;
  struct k8sm_refuse refuse;
  struct k8sm_slice master;
  uint64_t seed;
  uint32_t format;
  uint32_t features;
  uint32_t record_rows;
  bool no_operation_feedback;
  uint64_t backoff_base_ms;
  uint64_t backoff_cap_ms;
  uint64_t hold_ms;
  uint64_t max_event_bytes;
  uint64_t adopt_ms;
  uint64_t rest_ms;
  uint64_t launch_timeout_ms;
  struct k8sm_slice executor_overlay;
  struct k8sm_slice task_overlay;
  uint32_t overlay_format;
};

struct drv_core {
  struct k8sm_allocator allocator;
  struct k8smi_arena arena; /* of the options */
  struct drv_options options;
  struct k8sm_effects *queue;
  struct k8sm_driver_counters counters;
  uint64_t random;
  uint64_t mono_ms;
  int64_t wall_ms;
  uint64_t last_exchange;
};

/* Copies the options in, with their defaults. Errors: INVALID, NOMEM, ABI. */
int k8smi_drv_core_init(struct drv_core *core, const struct k8sm_driver_options *options,
                        struct k8sm_diags *diags);
void k8smi_drv_core_free(struct drv_core *core);
/* To where it stays: options point to the allocator beside them. */
void k8smi_drv_core_settle(struct drv_core *core);

uint64_t k8smi_drv_random(struct drv_core *core);
/* 1 to max. */
uint64_t k8smi_drv_random_ms(struct drv_core *core, uint64_t max);
/* `cap` letters and digits and a NUL. */
void k8smi_drv_nonce(struct drv_core *core, char *text, size_t cap);

/* "application/x-protobuf" or "application/json". */
struct k8sm_slice k8smi_drv_media_type(const struct drv_core *core);

/* K8SM_CALLS_*, of all ACCEPTs. */
static inline uint32_t k8smi_drv_call_flags(const struct drv_core *core) {
  return core->options.no_operation_feedback ? 0 : K8SM_CALLS_FEEDBACK;
}

/* Queues an EVENT; `words` is one line. One with a code is a warning. Errors: NOMEM. */
int k8smi_drv_event(struct drv_core *core, uint32_t code, struct k8sm_slice key, struct k8sm_slice words);
/* The parts one after another, as one line. */
int k8smi_drv_event_join(struct drv_core *core, struct k8sm_slice key, const struct k8sm_slice *parts,
                         size_t n);
/* The same from a format (integers and strings only), cut at 1,023 bytes. */
int k8smi_drv_eventf(struct drv_core *core, uint32_t code, struct k8sm_slice key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same without a code, of either type. */
int k8smi_drv_tellf(struct drv_core *core, struct k8sm_slice key, bool warning, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int k8smi_drv_cancel(struct drv_core *core, uint64_t exchange);

/* How much there is of what snprintf wrote into `cap` bytes. */
static inline size_t k8smi_drv_printed(int n, size_t cap) {
  return n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}

static inline uint64_t k8smi_drv_after(const struct drv_core *core, uint64_t ms) {
  return ms > DRV_NEVER - core->mono_ms ? DRV_NEVER : core->mono_ms + ms;
}
static inline uint64_t k8smi_drv_min(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

#endif
