/* SPDX-License-Identifier: Apache-2.0 */
/* Mesos has no field for an exit code: the default executor's message holds it. */
#include "status/status.h"

#include "wire/number.h"

/* By number, as the C library calls them: that is what the executor writes. */
static const char *const exit_signals[] = {
    [1] = "Hangup",
    [2] = "Interrupt",
    [3] = "Quit",
    [4] = "Illegal instruction",
    [5] = "Trace/breakpoint trap",
    [6] = "Aborted",
    [7] = "Bus error",
    [8] = "Floating point exception",
    [9] = "Killed",
    [10] = "User defined signal 1",
    [11] = "Segmentation fault",
    [12] = "User defined signal 2",
    [13] = "Broken pipe",
    [14] = "Alarm clock",
    [15] = "Terminated",
    [16] = "Stack fault",
    [24] = "CPU time limit exceeded",
    [25] = "File size limit exceeded",
    [26] = "Virtual timer expired",
    [27] = "Profiling timer expired",
    [29] = "I/O possible",
    [30] = "Power failure",
    [31] = "Bad system call",
};
enum {
  EXIT_SIGNALS = sizeof exit_signals / sizeof exit_signals[0],
  EXIT_FIRST_REAL_TIME = 34,
  EXIT_LAST_SIGNAL = 64,
  EXIT_OF_SIGNAL = 128
};

static bool exit_skip(struct k8sm_slice *text, const char *prefix) {
  size_t n = strlen(prefix);
  if (text->len < n || memcmp(text->ptr, prefix, n) != 0) return false;
  text->ptr += n;
  text->len -= n;
  return true;
}

/* The digits at the front. */
static bool exit_status(struct k8sm_slice *text, int32_t *ret) {
  size_t n = 0;
  uint64_t code;
  while (n < text->len && text->ptr[n] >= '0' && text->ptr[n] <= '9') n++;
  if (!k8smi_parse_u64((struct k8sm_slice){text->ptr, n}, &code) || code > INT32_MAX) return false;
  *ret = (int32_t)code;
  text->ptr += n;
  text->len -= n;
  return true;
}

/* 0: none that is known. */
static int32_t exit_signal(struct k8sm_slice *text) {
  int32_t n;
  for (int i = 1; i < EXIT_SIGNALS; i++) {
    if (exit_signals[i] != NULL && exit_skip(text, exit_signals[i])) return i;
  }
  if (!exit_skip(text, "Real-time signal ") || !exit_status(text, &n)) return 0;
  return n <= EXIT_LAST_SIGNAL - EXIT_FIRST_REAL_TIME ? EXIT_FIRST_REAL_TIME + n : 0;
}

bool k8smi_exit_parse(struct k8sm_slice message, int32_t *exit_code, int32_t *signal,
                      struct k8sm_slice *rest) {
  struct k8sm_slice text = message;
  *signal = 0;
  /* the executors of Mesos' own containers, and that of Docker's */
  if (!exit_skip(&text, "Command ") && !exit_skip(&text, "Container ")) return false;
  if (exit_skip(&text, "exited with status ")) {
    if (!exit_status(&text, exit_code)) return false;
  } else if (exit_skip(&text, "terminated with signal ")) {
    *signal = exit_signal(&text);
    if (*signal == 0) return false;
    *exit_code = EXIT_OF_SIGNAL + *signal;
    exit_skip(&text, " (core dumped)");
  } else {
    return false;
  }
  if (exit_skip(&text, ": ")) {
    *rest = text;
  } else {
    *rest = (struct k8sm_slice){"", 0};
  }
  return true;
}

static bool exit_contains(struct k8sm_slice text, const char *words) {
  size_t n = strlen(words);
  for (size_t i = 0; i + n <= text.len; i++) {
    if (memcmp(text.ptr + i, words, n) == 0) return true;
  }
  return false;
}

struct k8sm_slice k8smi_start_error(struct k8sm_slice message, bool again) {
  static const char *const of_images[] = {"container image", "for image '", "manifest", "registry",
                                          "docker pull"};
  for (size_t i = 0; i < sizeof of_images / sizeof of_images[0]; i++) {
    if (exit_contains(message, of_images[i]))
      return again ? K8SMI_S("ImagePullBackOff") : K8SMI_S("ErrImagePull");
  }
  return K8SMI_S("CreateContainerError");
}
