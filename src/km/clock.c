/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

uint64_t km_mono_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int64_t km_wall_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static volatile sig_atomic_t signals_seen;
static int signals_pipe[2] = {-1, -1};

static void on_signal(int number) {
  int saved = errno;
  (void)number;
  signals_seen++;
  if (write(signals_pipe[1], "", 1) < 0) errno = saved; /* full: the reader is awake already */
  errno = saved;
}

int km_signals_watch(void) {
  struct sigaction action = {.sa_handler = on_signal};
  if (signals_pipe[0] < 0) {
    if (pipe(signals_pipe) != 0) return -1;
    for (int i = 0; i < 2; i++) {
      fcntl(signals_pipe[i], F_SETFL, O_NONBLOCK);
      fcntl(signals_pipe[i], F_SETFD, FD_CLOEXEC);
    }
  }
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  return signals_pipe[0];
}

unsigned km_signals_count(void) {
  return (unsigned)signals_seen;
}

void km_signals_drain(void) {
  char bytes[16];
  while (read(signals_pipe[0], bytes, sizeof bytes) > 0) {
  }
}

void km_poll(struct k8sm_pollfd *fds, size_t n, struct pollfd *raw, uint64_t deadline, uint64_t now) {
  static const struct {
    int16_t ours;
    short theirs;
  } bits[] = {
      {K8SM_POLL_IN, POLLIN}, {K8SM_POLL_OUT, POLLOUT}, {K8SM_POLL_ERR, POLLERR}, {K8SM_POLL_HUP, POLLHUP}};
  enum { BITS = sizeof bits / sizeof bits[0] };
  uint64_t wait = deadline <= now ? 0 : deadline - now;
  for (size_t i = 0; i < n; i++) {
    raw[i] = (struct pollfd){.fd = fds[i].fd};
    for (size_t b = 0; b < BITS; b++)
      raw[i].events |= fds[i].events & bits[b].ours ? bits[b].theirs : (short)0;
    fds[i].revents = 0;
  }
  if (poll(raw, (nfds_t)n, wait > 60000 ? 60000 : (int)wait) <= 0) return;
  for (size_t i = 0; i < n; i++) {
    for (size_t b = 0; b < BITS; b++) {
      if (raw[i].revents & bits[b].theirs) fds[i].revents = (int16_t)(fds[i].revents | bits[b].ours);
    }
  }
}
