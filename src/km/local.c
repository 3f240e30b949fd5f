/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <stdlib.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_local = {
    "local",
    "Serve an embedded Mesos on loopback: a master and agents in memory that simulate containers",
    "[--port=N] [--agents=N]",
    "  km local                                  one agent, on the port that Mesos masters use\n"
    "  km local --port=0 --agents=3              any free port; it is in the line that is printed\n"
    "  km run -f nginx.yaml --mesos-master=127.0.0.1:5050\n\n"
    "Nothing is really run: commands 'sleep N', 'exit N', 'true' and 'false' end as they say, all others\n"
    "run until they are killed.\n",
    run,
};

static int serve(struct km_embedded *e) {
  int signal_fd = km_signals_watch();
  while (km_signals_count() == 0) {
    enum { MAX = 1100 };
    static struct k8sm_pollfd fds[MAX];
    static struct pollfd raw[MAX];
    size_t n = km_embedded_pollfds(e, fds, MAX - 1);
    if (n > MAX - 1) n = MAX - 1;
    fds[n] = (struct k8sm_pollfd){signal_fd, K8SM_POLL_IN, 0};
    uint64_t deadline = km_embedded_deadline(e), now = km_mono_ms();
    km_poll(fds, n + 1, raw, deadline, now);
    if (!km_embedded_process(e, fds, n)) return KM_FAILED;
  }
  return KM_DONE;
}

static int run(const struct km_command *command, int argc, char **argv) {
  int64_t port = 5050, agents = 1;
  const char *resources = NULL, *attributes = NULL, *networks = NULL;
  const struct km_option options[] = {
      {"port", 0, KM_NUMBER, &port, "N", "to listen on, on 127.0.0.1 (default 5050; 0: any)"},
      {"agents", 0, KM_NUMBER, &agents, "N", "how many agents (default 1)"},
      {"resources", 0, KM_TEXT, &resources, "TEXT",
       "of each (default cpus:4;mem:4096;disk:10000;ports:[31000-32000]); or JSON, as of mesos-agent"},
      {"attributes", 0, KM_TEXT, &attributes, "TEXT", "of each, as rack:r1;zone:a"},
      {"networks", 0, KM_TEXT, &networks, "TEXT",
       "that pods can join, as plain=10.77.0.0/24;other=10.78.0.0/16 (default: one of every name)"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, NULL);
  if (code != -1) return code;
  if (port < 0 || port > 65535) return km_misuse(command, "--port is 0 to 65535");
  if (agents < 1 || agents > 10000) return km_misuse(command, "--agents is 1 to 10000");
  struct km_embedded *e = km_embedded_new((uint16_t)port, (size_t)agents, resources, attributes, networks);
  if (e == NULL) return KM_FAILED;
  printf("km local: a simulated Mesos with %lld agent%s listens on http://127.0.0.1:%u/api/v1/scheduler\n",
         (long long)agents, agents == 1 ? "" : "s", (unsigned)km_embedded_port(e));
  fflush(stdout);
  code = serve(e);
  km_embedded_free(e);
  return code;
}
