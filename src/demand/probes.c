/* SPDX-License-Identifier: Apache-2.0 */
/* Probes:
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/ Mesos
 * has one health check and one check for a task. The liveness probe is the health check; the readiness probe
 * the check, or the startup probe where there is no other. */
#include "demand/build.h"

#include <stdio.h>

static bool probe_runs_commands(const struct k8smi_demand_build *b) {
  return (b->demand->flags & K8SM_DEMAND_COMMAND_PROBES) != 0;
}

static void probe_warn_headers(struct k8smi_demand_build *b, const struct k8smi_path *path) {
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("httpHeaders"));
  if (!probe_runs_commands(b))
    K8SMI_DEMAND_WARN(b, APPROXIMATED, &at, "Mesos' checks send no headers of their own");
}

/* A port by number, or by its name among the container's ports; 0, with a finding, if it is neither. */
static uint32_t probe_port(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                           struct k8smi_int_or_string port, const struct k8smi_path *path) {
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("port"));
  if (port.text.ptr == NULL) {
    if (port.number >= 1 && port.number <= UINT16_MAX) return (uint32_t)port.number;
    k8smi_demand_refuse(b, &at, "%lld is no port", (long long)port.number);
    return 0;
  }
  struct k8smi_list ports = k8smi_get_list(s->container, K8SMI_Container_ports);
  for (size_t i = 0; i < ports.count; i++) {
    const struct k8smi_record *p = k8smi_list_record(ports, i);
    if (!k8smi_eq(k8smi_get_str(p, K8SMI_ContainerPort_name), port.text)) continue;
    return (uint32_t)k8smi_get_i64(p, K8SMI_ContainerPort_containerPort, 0);
  }
  k8smi_demand_refuse(b, &at, "no port of the container has the name '%.*s'", K8SMI_P(port.text));
  return 0;
}

/* Its words see the variables as the pod writes them, as the kubelet does it. */
static void probe_exec(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                       const struct k8smi_record *exec, const struct k8smi_path *path,
                       struct k8smi_demand_check *check) {
  struct k8smi_list command = k8smi_get_list(exec, K8SMI_ExecAction_command);
  struct k8smi_path list_path = k8smi_path_field(path, K8SMI_S("command"));
  struct k8sm_slice *words = k8smi_demand_array(b, command.count, sizeof *words);
  struct k8smi_environment env;
  if (command.count == 0) k8smi_demand_refuse(b, &list_path, "Mesos has nothing to run");
  check->kind = K8SMI_CHECK_COMMAND;
  if (words == NULL) return;
  k8smi_resolve_static_env(&b->resolve, s->container, &env);
  for (size_t i = 0; i < command.count; i++) {
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    words[i] = k8smi_resolve_text(&b->resolve, &env, k8smi_list_str(command, i), &at, NULL);
  }
  k8smi_environment_free(&env);
  check->command = (struct k8smi_strings){words, command.count};
}

static void probe_http(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                       const struct k8smi_record *http, const struct k8smi_path *path,
                       struct k8smi_demand_check *check) {
  struct k8sm_slice target = k8smi_get_str(http, K8SMI_HTTPGetAction_path);
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("path"));
  check->kind = K8SMI_CHECK_HTTP;
  check->port = probe_port(b, s, k8smi_get_int_or_string(http, K8SMI_HTTPGetAction_port), path);
  check->scheme = k8smi_eqs(k8smi_get_str(http, K8SMI_HTTPGetAction_scheme), "HTTPS") ? K8SMI_S("https")
                                                                                      : K8SMI_S("http");
  check->path = target.len == 0 ? K8SMI_S("/") : target;
  if (check->path.ptr[0] != '/') k8smi_demand_refuse(b, &at, "Mesos wants a path that begins with '/'");
}

/* Its own headers, or NULL if it has none. */
static const struct k8smi_record *probe_with_headers(const struct k8smi_record *http) {
  return k8smi_get_list(http, K8SMI_HTTPGetAction_httpHeaders).count > 0 ? http : NULL;
}

static void probe_tcp(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                      struct k8smi_int_or_string port, const struct k8smi_path *path,
                      struct k8smi_demand_check *check) {
  check->kind = K8SMI_CHECK_TCP;
  check->port = probe_port(b, s, port, path);
}

static int32_t probe_seconds(const struct k8smi_record *probe, unsigned field, int64_t absent) {
  int64_t n = k8smi_get_i64(probe, field, 0);
  return n > 0 && n <= INT32_MAX ? (int32_t)n : (int32_t)absent;
}

static void probe_read(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                       const struct k8smi_record *probe, const struct k8smi_path *path,
                       struct k8smi_demand_check *check) {
  const struct k8smi_record *r;
  if ((r = k8smi_get_record(probe, K8SMI_Probe_exec)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("exec"));
    probe_exec(b, s, r, &at, check);
  } else if ((r = k8smi_get_record(probe, K8SMI_Probe_httpGet)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("httpGet"));
    probe_http(b, s, r, &at, check);
    if (probe_with_headers(r) != NULL) probe_warn_headers(b, &at);
  } else if ((r = k8smi_get_record(probe, K8SMI_Probe_tcpSocket)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("tcpSocket"));
    probe_tcp(b, s, k8smi_get_int_or_string(r, K8SMI_TCPSocketAction_port), &at, check);
  } else if ((r = k8smi_get_record(probe, K8SMI_Probe_grpc)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("grpc"));
    struct k8smi_int_or_string port = {k8smi_get_i64(r, K8SMI_GRPCAction_port, 0), {NULL, 0}};
    probe_tcp(b, s, port, &at, check);
    if (!probe_runs_commands(b))
      K8SMI_DEMAND_WARN(b, APPROXIMATED, &at,
                        "Mesos does not speak gRPC: the port is checked for an open connection only");
  }
  check->delay = probe_seconds(probe, K8SMI_Probe_initialDelaySeconds, 0);
  check->timeout = probe_seconds(probe, K8SMI_Probe_timeoutSeconds, 1);
  check->interval = probe_seconds(probe, K8SMI_Probe_periodSeconds, 10);
  check->successes = probe_seconds(probe, K8SMI_Probe_successThreshold, 1);
  check->failures = probe_seconds(probe, K8SMI_Probe_failureThreshold, 3);
}

/* ---- Probes that Mesos' checks can't do, as commands in the container ---- */

/* Whichever of the two is there: each takes its headers in another way. */
static const char probe_script[] =
    "url=$1; shift; if command -v curl >/dev/null; then for h; do set -- \"$@\" -H \"$h\"; shift; done; "
    "exec curl -fsSk -o /dev/null \"$@\" \"$url\"; fi; "
    "for h; do set -- \"$@\" --header \"$h\"; shift; done; "
    "exec wget -q -O /dev/null --no-check-certificate \"$@\" \"$url\"";

/* A text of the parts that are there: the URL, a header, an address. */
static struct k8sm_slice probe_join(struct k8smi_demand_build *b, const struct k8sm_slice *parts, size_t n) {
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return (struct k8sm_slice){NULL, 0};
  }
  for (size_t i = 0; i < n; i++) k8smi_buf_slice(&buf, parts[i]);
  return k8smi_demand_take(b, &buf);
}

static struct k8sm_slice probe_address(struct k8smi_demand_build *b, struct k8sm_slice before, uint32_t port,
                                       struct k8sm_slice behind) {
  char digits[16];
  int n = snprintf(digits, sizeof digits, "%u", port);
  const struct k8sm_slice parts[] = {before, K8SMI_S("127.0.0.1:"), {digits, (size_t)n}, behind};
  return probe_join(b, parts, sizeof parts / sizeof parts[0]);
}

static void probe_http_command(struct k8smi_demand_build *b, const struct k8smi_record *http,
                               struct k8smi_demand_check *check, const struct k8smi_path *path) {
  const struct k8sm_slice fixed[] = {K8SMI_S("sh"), K8SMI_S("-c"), k8smi_s(probe_script), K8SMI_S("sh")};
  enum { FIXED = sizeof fixed / sizeof fixed[0] };
  struct k8smi_list headers = k8smi_get_list(http, K8SMI_HTTPGetAction_httpHeaders);
  struct k8sm_slice *words = k8smi_demand_array(b, FIXED + 1 + headers.count, sizeof *words);
  const struct k8sm_slice scheme[] = {check->scheme, K8SMI_S("://")};
  if (words == NULL) return;
  memcpy(words, fixed, sizeof fixed);
  words[FIXED] = probe_address(b, probe_join(b, scheme, 2), check->port, check->path);
  for (size_t i = 0; i < headers.count; i++) {
    const struct k8smi_record *header = k8smi_list_record(headers, i);
    const struct k8sm_slice parts[] = {k8smi_get_str(header, K8SMI_HTTPHeader_name), K8SMI_S(": "),
                                       k8smi_get_str(header, K8SMI_HTTPHeader_value)};
    words[FIXED + 1 + i] = probe_join(b, parts, 3);
  }
  check->kind = K8SMI_CHECK_COMMAND;
  check->command = (struct k8smi_strings){words, FIXED + 1 + headers.count};
  K8SMI_DEMAND_WARN(
      b, APPROXIMATED, path,
      "Mesos' checks can't do it: it runs in the container, whose image must have sh and curl or wget");
}

static void probe_grpc_command(struct k8smi_demand_build *b, const struct k8smi_record *grpc,
                               struct k8smi_demand_check *check, const struct k8smi_path *path) {
  enum { MOST = 5 };
  struct k8sm_slice service = k8smi_get_str(grpc, K8SMI_GRPCAction_service);
  bool tls = k8smi_eqs(k8smi_get_str(grpc, K8SMI_GRPCAction_mode), "TLS");
  struct k8sm_slice *words = k8smi_demand_array(b, MOST, sizeof *words);
  const struct k8sm_slice named[] = {K8SMI_S("-service="), service};
  size_t n = 0;
  if (words == NULL) return;
  words[n++] = K8SMI_S("grpc_health_probe");
  words[n++] = probe_address(b, K8SMI_S("-addr="), check->port, K8SMI_S(""));
  if (service.len > 0) words[n++] = probe_join(b, named, 2);
  if (tls) words[n++] = K8SMI_S("-tls");
  if (tls) words[n++] = K8SMI_S("-tls-no-verify"); /* the kubelet verifies no certificate, either */
  check->kind = K8SMI_CHECK_COMMAND;
  check->command = (struct k8smi_strings){words, n};
  K8SMI_DEMAND_WARN(
      b, APPROXIMATED, path,
      "Mesos does not speak gRPC: the image must have grpc_health_probe, which runs in the container");
}

/* `no_tls`: as a check, which knows no schemes. */
static void probe_to_command(struct k8smi_demand_build *b, const struct k8smi_record *probe, bool no_tls,
                             struct k8smi_demand_check *check, const struct k8smi_path *path) {
  const struct k8smi_record *http = k8smi_get_record(probe, K8SMI_Probe_httpGet);
  const struct k8smi_record *grpc = k8smi_get_record(probe, K8SMI_Probe_grpc);
  struct k8smi_path at = k8smi_path_field(path, http != NULL ? K8SMI_S("httpGet") : K8SMI_S("grpc"));
  if (!probe_runs_commands(b) || check->port == 0) return;
  if (http != NULL && (probe_with_headers(http) != NULL || (no_tls && k8smi_eqs(check->scheme, "https"))))
    probe_http_command(b, http, check, &at);
  if (grpc != NULL) probe_grpc_command(b, grpc, check, &at);
}

/* CheckInfo knows no scheme: a port that speaks TLS is taken as ready when it is open. */
static void probe_without_tls(struct k8smi_demand_build *b, struct k8smi_demand_check *check,
                              const struct k8smi_path *path) {
  if (check->kind != K8SMI_CHECK_HTTP || !k8smi_eqs(check->scheme, "https")) return;
  struct k8smi_path http = k8smi_path_field(path, K8SMI_S("httpGet"));
  struct k8smi_path at = k8smi_path_field(&http, K8SMI_S("scheme"));
  check->kind = K8SMI_CHECK_TCP;
  K8SMI_DEMAND_WARN(b, APPROXIMATED, &at,
                    "Mesos' checks speak no TLS: the port is checked for an open connection only");
}

static bool probe_same_command(struct k8smi_strings a, struct k8smi_strings b) {
  bool same = a.count == b.count;
  for (size_t i = 0; same && i < a.count; i++) same = k8smi_eq(a.items[i], b.items[i]);
  return same;
}

/* Where it is asked in place of the startup probe it succeeds when that does. */
static bool probe_answers_for(const struct k8smi_demand_check *asked,
                              const struct k8smi_demand_check *startup) {
  return asked->kind == startup->kind && asked->port == startup->port &&
         k8smi_eq(asked->path, startup->path) && k8smi_eq(asked->scheme, startup->scheme) &&
         probe_same_command(asked->command, startup->command) && asked->timeout >= startup->timeout;
}

/* How long a container may take to start: its probe may be asked so often, and each time wait for an answer;
 * Mesos asks again a period after that. Where readiness asks the same, in its own periods, a success is heard
 * of that much later. */
static int64_t probe_startup_seconds(const struct k8smi_demand_task *task) {
  const struct k8smi_demand_check *startup = &task->startup, *other = &task->readiness;
  const int64_t seconds =
      startup->delay + startup->failures * ((int64_t)startup->interval + (int64_t)startup->timeout);
  int64_t more = 0;
  if (other->kind != K8SMI_CHECK_NONE) {
    if (!probe_answers_for(other, startup)) return 0;
    more = (int64_t)other->delay + other->interval + 2 * (int64_t)other->timeout;
  }
  return seconds > INT32_MAX - more ? 0 : seconds + more;
}

/* Mesos has no check for it, and takes one for a task: that of readiness, where there is one. */
static void probe_startup(struct k8smi_demand_build *b, struct k8smi_demand_task *task,
                          const struct k8smi_path *path) {
  task->startup_seconds = probe_startup_seconds(task);
  if (task->startup_seconds > 0)
    K8SMI_DEMAND_WARN(
        b, APPROXIMATED, path,
        "Mesos has no startup check: the first success counts as started, until then liveness has a "
        "grace period; failures are not counted, but a container without a success is killed after "
        "%lld s",
        (long long)task->startup_seconds);
  else
    K8SMI_DEMAND_WARN(
        b, APPROXIMATED, path,
        "Mesos has one check for a task, that of readiness: its first success counts as started, until "
        "then liveness has a grace period, and failures of this probe end nothing");
}

void k8smi_demand_make_checks(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  const struct {
    unsigned field;
    const char *name;
    struct k8smi_demand_check *check;
    bool no_tls;
  } probes[] = {{K8SMI_Container_livenessProbe, "livenessProbe", &s->task->liveness, false},
                {K8SMI_Container_readinessProbe, "readinessProbe", &s->task->readiness, true},
                {K8SMI_Container_startupProbe, "startupProbe", &s->task->startup, true}};
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
    const struct k8smi_record *probe = k8smi_get_record(s->container, probes[i].field);
    if (probe == NULL) continue;
    struct k8smi_path at = k8smi_path_field(s->path, k8smi_s(probes[i].name));
    probe_read(b, s, probe, &at, probes[i].check);
    probe_to_command(b, probe, probes[i].no_tls, probes[i].check, &at);
    if (probes[i].no_tls) probe_without_tls(b, probes[i].check, &at);
    if (probes[i].field == K8SMI_Container_startupProbe) probe_startup(b, s->task, &at);
  }
}
