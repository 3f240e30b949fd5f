/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP exchanges and streamed bytes over loopback, client and server in one thread; beside them plain
 * blocking sockets that pass the same number of bytes without any HTTP. Lines: name, value, unit, with tabs.
 * Argument: seconds for each figure; 1 if it is missing. */

#include "io/client.h"
#include "io/tcp.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BENCH_BLOCK = 64 * 1024, BENCH_FDS = 8 };

/* What an exchange of this benchmark sends and gets with HTTP around it. */
enum { BENCH_REQUEST_BYTES = 276, BENCH_RESPONSE_BYTES = 68 };

static double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void bench_line(const char *name, double value, const char *unit) {
  printf("%s\t%.1f\t%s\n", name, value, unit);
}

static void bench_must(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "bench_io: %s failed\n", what);
  exit(1);
}

struct bench {
  struct k8sm_client *client;
  struct k8sm_server *server;
  char authority[32];
  char body[128];
  uint64_t exchanges; /* that ended */
  uint64_t bytes;     /* of responses' bodies */
  uint64_t stream;    /* the server's exchange; 0: none */
};

static void bench_open(struct bench *b) {
  memset(b, 0, sizeof *b);
  memset(b->body, 'b', sizeof b->body);
  bench_must(k8sm_client_new(NULL, &b->client, NULL) == K8SM_OK, "k8sm_client_new");
  bench_must(k8sm_server_new(NULL, &b->server, NULL) == K8SM_OK, "k8sm_server_new");
  snprintf(b->authority, sizeof b->authority, "127.0.0.1:%u", (unsigned)k8sm_server_port(b->server));
}

static void bench_close(struct bench *b) {
  k8sm_client_free(b->client);
  k8sm_server_free(b->server);
}

static void bench_request(struct bench *b, uint64_t id, uint32_t flags) {
  struct k8sm_effect e = {.type = K8SM_EFFECT_REQUEST,
                          .to = K8SM_TO_MESOS,
                          .exchange = id,
                          .flags = flags,
                          .authority = k8smi_s(b->authority),
                          .method = K8SMI_S("POST"),
                          .path = K8SMI_S("/api/v1/scheduler"),
                          .content_type = K8SMI_S("application/x-protobuf"),
                          .bytes = {b->body, sizeof b->body}};
  bench_must(k8smi_client_request(b->client, &e, 0) == K8SM_OK, "a request");
}

/* One turn of a host's loop. */
static void bench_turn(struct bench *b) {
  struct k8sm_pollfd fds[BENCH_FDS];
  struct k8sm_input input = {.size = sizeof input};
  size_t n = k8sm_client_pollfds(b->client, fds, BENCH_FDS);
  size_t m = k8sm_server_pollfds(b->server, fds + n, BENCH_FDS - n);
  (void)poll((struct pollfd *)fds, (nfds_t)(n + m), k8sm_client_deadline(b->client) == 0 ? 0 : 100);
  bench_must(k8sm_client_process(b->client, fds, n, 0) == K8SM_OK, "k8sm_client_process");
  bench_must(k8sm_server_process(b->server, fds + n, m, 0) == K8SM_OK, "k8sm_server_process");
  while (k8sm_client_next(b->client, &input) == K8SM_OK) {
    bench_must(input.type != K8SM_INPUT_LOST, "an exchange");
    if (input.type == K8SM_INPUT_CHUNK) b->bytes += input.bytes.len;
    if (input.type == K8SM_INPUT_END) b->exchanges++;
  }
}

static void bench_exchanges(double seconds) {
  struct bench b;
  struct k8sm_server_event event = {.size = sizeof event};
  struct k8sm_response accepted = {.size = sizeof accepted, .status = 202};
  bench_open(&b);
  double start = bench_now(), end = start;
  for (uint64_t id = 1; end - start < seconds; id++) {
    bench_request(&b, id, 0);
    while (b.exchanges < id) {
      bench_turn(&b);
      if (k8sm_server_next(b.server, &event) != K8SM_OK) continue;
      bench_must(k8sm_server_respond(b.server, event.exchange, &accepted) == K8SM_OK, "k8sm_server_respond");
    }
    if (id % 256 == 0) end = bench_now();
  }
  bench_line("io.exchanges_per_s", (double)b.exchanges / (end - start), "1/s");
  bench_close(&b);
}

static void bench_stream(double seconds) {
  static char block[BENCH_BLOCK];
  struct bench b;
  struct k8sm_server_event event = {.size = sizeof event};
  struct k8sm_response response = {.size = sizeof response, .status = 200, .streaming = 1};
  bench_open(&b);
  bench_request(&b, 1, K8SM_REQUEST_STREAMING);
  double start = bench_now(), end = start;
  while (end - start < seconds) {
    bench_turn(&b);
    if (k8sm_server_next(b.server, &event) == K8SM_OK) {
      b.stream = event.exchange;
      bench_must(k8sm_server_respond(b.server, b.stream, &response) == K8SM_OK, "k8sm_server_respond");
    }
    if (b.stream != 0 && k8sm_server_backlog(b.server, b.stream) < BENCH_BLOCK) {
      bench_must(k8sm_server_write(b.server, b.stream, block, sizeof block) == K8SM_OK, "k8sm_server_write");
    }
    end = bench_now();
  }
  bench_line("io.stream.mb_per_s", (double)b.bytes / (end - start) / 1e6, "MB/s");
  bench_close(&b);
}

/* Two ends of a TCP connection over loopback, which block. */
static void bench_pair(int ends[2]) {
  struct k8smi_address address;
  int error = 0;
  bench_must(k8smi_address_host(&address, "127.0.0.1", 9, 0), "an address");
  int listener = k8smi_tcp_listen(&address, &error);
  ends[0] = socket(AF_INET, SOCK_STREAM, 0);
  bench_must(listener >= 0 && ends[0] >= 0, "a socket");
  bench_must(connect(ends[0], (struct sockaddr *)&address.storage, address.len) == 0, "connect");
  ends[1] = accept(listener, NULL, NULL);
  bench_must(ends[1] >= 0, "accept");
  close(listener);
}

static void bench_pass(int from, int to, char *bytes, size_t len) {
  bench_must(send(from, bytes, len, MSG_NOSIGNAL) == (ssize_t)len, "send");
  for (size_t got = 0; got < len;) {
    ssize_t n = recv(to, bytes, len - got, 0);
    bench_must(n > 0, "recv");
    got += (size_t)n;
  }
}

static void bench_plain(double seconds) {
  static char block[BENCH_BLOCK];
  int ends[2];
  uint64_t passes = 0;
  bench_pair(ends);
  double start = bench_now(), end = start;
  for (; end - start < seconds; passes++) {
    bench_pass(ends[0], ends[1], block, BENCH_REQUEST_BYTES);
    bench_pass(ends[1], ends[0], block, BENCH_RESPONSE_BYTES);
    if (passes % 256 == 0) end = bench_now();
  }
  bench_line("io.plain.exchanges_per_s", (double)passes / (end - start), "1/s");
  for (start = end = bench_now(), passes = 0; end - start < seconds; passes++) {
    bench_pass(ends[0], ends[1], block, sizeof block);
    end = bench_now();
  }
  bench_line("io.plain.stream.mb_per_s", (double)passes * BENCH_BLOCK / (end - start) / 1e6, "MB/s");
  close(ends[0]);
  close(ends[1]);
}

int main(int argc, char **argv) {
  double seconds = argc > 1 ? atof(argv[1]) : 1;
  bench_exchanges(seconds);
  bench_stream(seconds);
  bench_plain(seconds);
  return 0;
}
