/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/core.h"
#include "base/slice.h"

#include <stdarg.h>
#include <stdio.h>

enum { CORE_LINE = 1024 }; /* bytes of an event's words, with a NUL */

/* splitmix64: enough for jitter and nonces; the same on every machine. */
uint64_t k8smi_drv_random(struct drv_core *core) {
  uint64_t z = core->random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t k8smi_drv_random_ms(struct drv_core *core, uint64_t max) {
  return max == 0 ? 1 : 1 + k8smi_drv_random(core) % max;
}

void k8smi_drv_nonce(struct drv_core *core, char *text, size_t cap) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (size_t i = 0; i + 1 < cap; i++) text[i] = letters[k8smi_drv_random(core) % (sizeof letters - 1)];
  text[cap - 1] = '\0';
}

struct k8sm_slice k8smi_drv_media_type(const struct drv_core *core) {
  return core->options.format == K8SM_FORMAT_JSON ? K8SMI_S("application/json")
                                                  : K8SMI_S("application/x-protobuf");
}

/* What an event is about. */
struct drv_event {
  struct k8sm_slice key;
  uint32_t code;
  bool warning;
};

static int core_event(struct drv_core *core, struct drv_event about, struct k8sm_slice words) {
  const struct k8sm_effect e = {.type = K8SM_EFFECT_EVENT,
                                .to = K8SM_TO_HOST,
                                .code = about.code,
                                .flags = about.warning ? K8SM_EVENT_WARNING : 0,
                                .key = about.key,
                                .bytes = words};
  return k8smi_effects_add(core->queue, &e);
}

int k8smi_drv_event(struct drv_core *core, uint32_t code, struct k8sm_slice key, struct k8sm_slice words) {
  return core_event(core, (struct drv_event){key, code, code != 0}, words);
}

static bool core_is_control(char c) {
  return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Eight bytes at a time: whether some may be a control character. */
static bool core_has_control(uint64_t word) {
  const uint64_t ones = UINT64_C(0x0101010101010101), del = word ^ (ones * 0x7f);
  return ((((word - ones * 0x20) & ~word) | ((del - ones) & ~del)) & (ones << 7)) != 0;
}

/* An event is one line. */
static int core_event_line(struct drv_core *core, struct drv_event about, char *line, size_t len) {
  uint64_t word;
  for (size_t i = 0; i < len;) {
    const bool whole = len - i >= sizeof word;
    if (whole) memcpy(&word, line + i, sizeof word);
    if (whole && !core_has_control(word)) {
      i += sizeof word;
      continue;
    }
    if (core_is_control(line[i])) line[i] = ' ';
    i++;
  }
  return core_event(core, about, (struct k8sm_slice){line, len});
}

int k8smi_drv_event_join(struct drv_core *core, struct k8sm_slice key, const struct k8sm_slice *parts,
                         size_t n) {
  char line[CORE_LINE];
  size_t len = 0;
  for (size_t i = 0; i < n; i++) {
    const size_t room = sizeof line - 1 - len, take = parts[i].len < room ? parts[i].len : room;
    k8smi_copy(line + len, parts[i].ptr, take);
    len += take;
  }
  return core_event_line(core, (struct drv_event){key, 0, false}, line, len);
}

static int core_event_list(struct drv_core *core, struct drv_event about, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static int core_event_list(struct drv_core *core, struct drv_event about, const char *format, va_list args) {
  char line[CORE_LINE];
  int n = vsnprintf(line, sizeof line, format, args);
  return core_event_line(core, about, line, k8smi_drv_printed(n, sizeof line));
}

int k8smi_drv_eventf(struct drv_core *core, uint32_t code, struct k8sm_slice key, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int r = core_event_list(core, (struct drv_event){key, code, code != 0}, format, args);
  va_end(args);
  return r;
}

int k8smi_drv_tellf(struct drv_core *core, struct k8sm_slice key, bool warning, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int r = core_event_list(core, (struct drv_event){key, 0, warning}, format, args);
  va_end(args);
  return r;
}

int k8smi_drv_cancel(struct drv_core *core, uint64_t exchange) {
  const struct k8sm_effect e = {.type = K8SM_EFFECT_CANCEL, .to = K8SM_TO_MESOS, .exchange = exchange};
  return k8smi_effects_add(core->queue, &e);
}
