/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_run = {
    "run",
    "Run pods and workloads of manifests on Mesos, without a Kubernetes API server",
    "-f FILE|DIR|- …",
    "  km run -f nginx.yaml                      on an embedded Mesos that simulates containers\n"
    "  km run -f nginx.yaml --mesos-master=127.0.0.1:5050\n"
    "  km run -f app/ --detach --timeout=60      returns when every pod runs\n"
    "  km run -f batch.yaml --host-filesystem --no-limits --mesos-master=127.0.0.1:5050\n"
    "                                            on agents without images and cgroups\n"
    "  km run -f web.yaml -f batch.yaml          Deployments, StatefulSets, DaemonSets, Jobs, CronJobs, …\n\n"
    "It stays in the foreground until all pods and Jobs have ended. The first interrupt deletes all with\n"
    "grace, the second leaves the pods to run (exit 0). One is enough where nobody answers: when the master "
    "is\n"
    "silent, or no pod has changed for 20 s beyond its grace, as where an agent is down, what is left is\n"
    "named and left (exit 1). Started again with the same state folder it goes on with what runs; files "
    "that\n"
    "have changed are rolled out.\n",
    run,
};

struct run_options {
  struct km_texts files;
  const char *master, *state, *user, *name, *protocol, *record;
  struct km_demand_flags mapping;
  int64_t timeout, agents, adopt, launch_timeout;
  bool detach, admission, preemption, no_feedback, quiet, prune, force;
};

static bool is_local(const struct run_options *o) {
  return strcmp(o->master, "local") == 0;
}

/* ---- Setting up ---- */

static uint64_t random_seed(void) {
  uint64_t seed = (uint64_t)km_wall_ms();
  if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) seed ^= (uint64_t)getpid() << 32;
  return seed;
}

/* Who the tasks run as: the agent's user of the same name. */
static const char *user_name(const struct run_options *o) {
  struct passwd *user = getpwuid(geteuid());
  if (o->user != NULL) return o->user;
  return user == NULL ? "root" : user->pw_name;
}

/* As the driver has it, where 0 stands for its default. */
static uint64_t launch_timeout_ms(const struct run_options *o) {
  return o->launch_timeout == 0 ? UINT64_MAX : (uint64_t)o->launch_timeout * 1000;
}

static bool make_driver(struct km_runner *r, const struct run_options *o, const struct km_set *set,
                        struct km_report *report) {
  enum { WARY_MS = 10000 }; /* for what runs to answer: an agent that is there does at once */
  const struct km_driver_setup setup = {.adopt_ms = r->wary ? WARY_MS : (uint64_t)o->adopt * 1000,
                                        .launch_timeout_ms = launch_timeout_ms(o),
                                        .master = r->master,
                                        .name = o->name,
                                        .user = user_name(o),
                                        .protocol = o->protocol,
                                        .seed = random_seed(),
                                        .control_seed = random_seed(),
                                        .mapping = &o->mapping,
                                        .preemption = o->preemption,
                                        .no_feedback = o->no_feedback,
                                        .data = set->data,
                                        .data_count = set->data_count};
  if (o->record != NULL && (r->trace = km_trace_create(o->record, &setup)) == NULL) return false;
  int result = km_driver_make(&setup, &r->driver, &report->diags);
  if (result == K8SM_OK) result = k8sm_effects_new(NULL, &r->effects);
  if (result == K8SM_OK) result = k8sm_client_new(NULL, &r->client, &report->diags);
  if (result == K8SM_OK) result = km_workloads_make(&setup, &r->workloads, &report->diags);
  if (result == K8SM_OK) result = k8sm_effects_new(NULL, &r->workload_effects);
  if (result != K8SM_OK && report->diags.count == 0) km_report_result("starting", result);
  return result == K8SM_OK;
}

/* The file that is wrong if some is. */
static const char *overlay_file(const struct run_options *o) {
  const char *executor = o->mapping.executor_overlay_file, *task = o->mapping.task_overlay_file;
  return executor != NULL && task != NULL ? "overlays" : executor != NULL ? executor : task;
}

/* What a record has, beside claims and volumes. */
struct contents {
  bool framework, more;
};

static bool look_at_row(void *ctx, const struct km_row *row) {
  struct contents *c = ctx;
  bool other = strncmp(row->key, "claim/", 6) == 0 || strncmp(row->key, "volume/", 7) == 0;
  if (strcmp(row->key, "framework") == 0)
    c->framework = true;
  else
    c->more |= !other && km_claim_of_key(row->key) == NULL;
  return true;
}

/* A framework of which nothing else is recorded had no pods, or its record is lost: then some may run. */
static bool may_be_lost(const struct km_runner *r) {
  struct contents c = {false, false};
  return km_store_each(r->store, look_at_row, &c) && c.framework && !c.more;
}

/* Rows of the control, and of claims, begin with a kind, and so with a capital letter; those of the driver do
 * not. */
static bool restore_row(void *ctx, const struct km_row *row) {
  static struct km_report report;
  const struct km_source source = {row->path, row->bytes, row->len, NULL};
  struct k8sm_input to_driver = {
      .type = K8SM_INPUT_RESTORE, .key = {row->key, strlen(row->key)}, .bytes = {row->bytes, row->len}};
  struct k8sm_control_input to_control = {
      .type = K8SM_CONTROL_RESTORE, .key = to_driver.key, .bytes = to_driver.bytes};
  bool driver = row->key[0] < 'A' || row->key[0] > 'Z';
  if (km_claim_of_key(row->key) != NULL) return true; /* see km_claims_load */
  km_report_begin(&report);
  int result = driver ? km_runner_step(ctx, &to_driver, &report.diags)
                      : km_runner_control(ctx, &to_control, &report.diags);
  if (result != K8SM_OK) km_report_end(&report, &source, -1); /* warnings were told at the first start */
  return result == K8SM_OK;
}

/* What is there can't become what the file says. */
static bool is_fixed(const struct km_report *report) {
  size_t n = report->diags.count < report->diags.cap ? report->diags.count : report->diags.cap, i = 0;
  while (i < n && report->rows[i].code != K8SM_DIAG_FIELD_FORBIDDEN) i++;
  return i < n;
}

static int apply(struct km_runner *r, struct k8sm_control_input *input, const struct km_source *source,
                 uint32_t document) {
  static struct km_report report;
  input->type = K8SM_CONTROL_APPLY;
  km_report_begin(&report);
  int result = km_runner_control(r, input, &report.diags);
  if (result != K8SM_OK && report.diags.count == 0) km_report_result("an object", result);
  bool force = result != K8SM_OK && is_fixed(&report) && (input->flags & K8SM_CONTROL_FLAG_REPLACE) == 0;
  km_report_end(&report, source, document);
  if (force) fprintf(stderr, "km run: with --force what is there is deleted, and made anew\n");
  return result == K8SM_OK ? KM_DONE : KM_FAILED;
}

/* A PodTemplate runs nothing: other objects may refer to it. */
static bool makes_pods(const struct k8sm_workload *workload) {
  struct k8sm_workload_info info = {.size = sizeof info};
  return k8sm_workload_get_info(workload, &info) == K8SM_OK && info.kind != K8SM_WORKLOAD_POD_TEMPLATE;
}

static int give_objects(struct km_runner *r, const struct run_options *o, struct km_set *set) {
  uint32_t flags = o->force ? K8SM_CONTROL_FLAG_REPLACE : 0;
  int code = KM_DONE;
  for (size_t i = 0; i < set->workload_count; i++) {
    struct km_source source = km_workload_source(set, &set->workloads[i]);
    struct k8sm_control_input input = {.flags = flags, .workload = set->workloads[i].workload};
    if (!makes_pods(input.workload)) continue;
    km_runner_give_zone(r, input.workload);
    if (apply(r, &input, &source, set->workloads[i].document) != KM_DONE) code = KM_FAILED;
  }
  for (size_t i = 0; i < set->pod_count; i++) {
    struct km_source source = km_set_source(set, &set->pods[i]);
    struct k8sm_control_input input = {.flags = flags, .pod = set->pods[i].pod};
    if (set->pods[i].bare && apply(r, &input, &source, set->pods[i].document) != KM_DONE) code = KM_FAILED;
  }
  if (code == KM_DONE && o->prune) {
    struct k8sm_control_input complete = {.type = K8SM_CONTROL_COMPLETE};
    km_runner_control(r, &complete, NULL);
  }
  if (code == KM_DONE && !km_claims_give(r, set, o->prune)) code = KM_FAILED;
  return code;
}

/* What is recorded goes on. */
static bool restore(struct km_runner *r) {
  struct k8sm_control_row row;
  if (!km_store_each(r->store, restore_row, r) || !km_runner_tell_found(r)) return false;
  size_t adopted = k8sm_driver_pods(r->driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0);
  size_t rows = k8sm_control_rows(r->workloads, 0, NULL, sizeof row, 0);
  if (adopted > 0) printf("km run: adopts %zu pod%s from its record\n", adopted, adopted == 1 ? "" : "s");
  struct k8sm_workload **cron = km_alloc(NULL, (rows + 1) * sizeof(*cron));
  for (size_t i = 0; i < rows && k8sm_control_rows(r->workloads, i, &row, sizeof row, 1) > 0; i++)
    cron[i] = k8sm_workload_ref((struct k8sm_workload *)(uintptr_t)row.workload);
  for (size_t i = 0; i < rows; i++) {
    km_runner_give_zone(r, cron[i]);
    k8sm_workload_unref(cron[i]);
  }
  free(cron);
  return true;
}

static bool set_up(struct km_runner *r, const struct run_options *o, struct km_set *set) {
  static struct km_report report;
  const char *folder = km_state_folder(o->state, r->folder, sizeof r->folder);
  /* The embedded Mesos starts empty, so what is recorded of an earlier one is over. */
  if ((r->store = km_store_open(folder, is_local(o))) == NULL) return false;
  r->events = km_event_log_open(folder, is_local(o));
  if (!km_claims_load(r, set)) return false;
  if ((r->control = km_control_listen(folder, km_runner_answer, r)) == NULL) return false;
  snprintf(r->master, sizeof r->master, "%s", o->master);
  if (is_local(o)) {
    if ((r->embedded = km_embedded_new(0, (size_t)o->agents, NULL, NULL, NULL)) == NULL) return false;
    snprintf(r->master, sizeof r->master, "127.0.0.1:%u", (unsigned)km_embedded_port(r->embedded));
  }
  printf("km run: %s, API at http://%s/api/v1/scheduler\n",
         is_local(o) ? "an embedded Mesos that simulates containers" : "Mesos", r->master);
  r->wary = o->adopt == 0 && may_be_lost(r);
  km_report_begin(&report);
  bool ok = make_driver(r, o, set, &report);
  const struct km_source overlay = {overlay_file(o), NULL, 0, NULL};
  km_report_end(&report, overlay.name == NULL ? NULL : &overlay, -1);
  return ok && restore(r) && give_objects(r, o, set) == KM_DONE;
}

static void tear_down(struct km_runner *r) {
  k8sm_client_free(r->client);
  k8sm_driver_free(r->driver);
  k8sm_effects_free(r->effects);
  k8sm_control_free(r->workloads);
  k8sm_effects_free(r->workload_effects);
  km_control_close(r->control);
  km_embedded_free(r->embedded);
  km_store_close(r->store);
  km_trace_close(r->trace);
  km_event_log_close(r->events);
  free(r->said.text);
  km_runner_drop_mail(r);
  km_claims_free(r);
}

/* ---- Running ---- */

static int run_here(const struct run_options *o, struct km_set *set, int parent) {
  struct k8sm_admission_options admission = km_set_admission(set);
  struct km_runner r = {.quiet = o->quiet, .admission = o->admission ? &admission : NULL};
  int code = KM_FAILED;
  r.signal_fd = km_signals_watch();
  if (set_up(&r, o, set)) {
    r.live = isatty(1) && parent < 0;
    code = km_runner_loop(&r, o->timeout, parent);
  }
  tear_down(&r);
  free((void *)(uintptr_t)admission.classes);
  return code;
}

/* The child runs the pods; the parent returns what it reports, or how it ended. */
static int run_detached(const struct run_options *o, struct km_set *set) {
  int ends[2];
  char code = KM_FAILED;
  if (pipe(ends) != 0) {
    perror("km run");
    return KM_FAILED;
  }
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) {
    perror("km run");
    return KM_FAILED;
  }
  if (child == 0) {
    close(ends[0]);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    setsid();
    _exit(run_here(o, set, ends[1]));
  }
  close(ends[1]);
  if (read(ends[0], &code, 1) != 1) code = KM_FAILED;
  close(ends[0]);
  return code;
}

/* What the driver's connections can be made to: no name is looked up, since that would block. */
static bool is_address(const char *master) {
  char host[256];
  const char *colon = strrchr(master, ':');
  size_t len = colon == NULL ? 0 : (size_t)(colon - master);
  bool brackets = len > 2 && master[0] == '[' && colon[-1] == ']';
  if (len == 0 || len >= sizeof host) return false;
  snprintf(host, sizeof host, "%.*s", (int)(brackets ? len - 2 : len), brackets ? master + 1 : master);
  unsigned char address[16];
  char *end;
  unsigned long port = strtoul(colon + 1, &end, 10);
  if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port == 0 || port > 65535) return false;
  if (brackets) return inet_pton(AF_INET6, host, address) == 1;
  return strcmp(host, "localhost") == 0 || inet_pton(AF_INET, host, address) == 1;
}

static int check(const struct km_command *command, const struct run_options *o) {
  if (o->files.count == 0) return km_misuse(command, "which pods? -f FILE");
  if (strncmp(o->master, "zk://", 5) == 0) {
    return km_misuse(command, "--mesos-master=zk://… is not built in; give the leader's host:port");
  }
  if (!is_local(o) && !is_address(o->master)) {
    return km_misuse(command,
                     "--mesos-master is local or an address with a port, as 10.0.0.1:5050, [::1]:5050 or "
                     "localhost:5050, not '%s': names are not looked up",
                     o->master);
  }
  if (o->adopt < 0 || o->adopt > 86400) return km_misuse(command, "--adopt is 0 to 86400 seconds");
  if (o->launch_timeout < 0 || o->launch_timeout > 86400)
    return km_misuse(command, "--task-launch-timeout is 0 (never) to 86400 seconds");
  if (o->timeout < 0) return km_misuse(command, "--timeout is 0 (never) or more");
  if (strcmp(o->protocol, "json") != 0 && strcmp(o->protocol, "protobuf") != 0) {
    return km_misuse(command, "--protocol is json or protobuf, not '%s'", o->protocol);
  }
  if (o->agents < 1 || o->agents > 1000) return km_misuse(command, "--agents is 1 to 1000");
  return -1;
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct run_options o = {.master = "local", .protocol = "protobuf", .agents = 1, .launch_timeout = 300};
  const struct km_option options[] = {
      {"filename", 'f', KM_TEXTS, &o.files, "FILE", "a manifest, a folder of them, or - for standard input"},
      {"mesos-master", 0, KM_TEXT, &o.master, "MASTER", "host:port, or local (default): embedded"},
      {"detach", 0, KM_FLAG, &o.detach, NULL,
       "return when every pod runs, and go on in the background; errors are in DIR/log then"},
      {"timeout", 0, KM_NUMBER, &o.timeout, "SECONDS",
       "give up when pods have no place by then (exit 2; 0: never)"},
      {"state", 0, KM_TEXT, &o.state, "DIR", "the state folder (default $XDG_STATE_HOME/km)"},
      KM_DEMAND_OPTIONS(o.mapping),
      KM_OVERLAY_OPTIONS(o.mapping),
      {"framework-user", 0, KM_TEXT, &o.user, "NAME", "of tasks that ask for none (default: who runs this)"},
      {"framework-name", 0, KM_TEXT, &o.name, "NAME", "in Mesos (default Kubernetes)"},
      {"protocol", 0, KM_TEXT, &o.protocol, "FORMAT", "to speak with the master: protobuf (default) or json"},
      {"agents", 0, KM_NUMBER, &o.agents, "N", "of the embedded Mesos (default 1)"},
      {"admission", 0, KM_FLAG, &o.admission, NULL, "add priorities and the two default tolerations"},
      {"preemption", 0, KM_FLAG, &o.preemption, NULL,
       "end pods of a lower priority where one finds no place"},
      {"no-operation-feedback", 0, KM_FLAG, &o.no_feedback, NULL,
       "for agents whose --agent_features lacks AGENT_OPERATION_FEEDBACK"},
      {"task-launch-timeout", 0, KM_NUMBER, &o.launch_timeout, "SECONDS",
       "kill and launch anew what has not begun to start by then (default 300; 0: never)"},
      {"record", 0, KM_TEXT, &o.record, "FILE", "keep every input there, for 'km replay'"},
      {"adopt", 0, KM_NUMBER, &o.adopt, "SECONDS",
       "the record is lost: launch nothing for so long, and take up what runs of pods by their metadata.uid"},
      {"prune", 0, KM_FLAG, &o.prune, NULL, "delete what is recorded and not in these files"},
      {"force", 0, KM_FLAG, &o.force, NULL, "delete and make anew what can't be changed in place"},
      {"quiet", 'q', KM_FLAG, &o.quiet, NULL, "no events, only the table"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, NULL);
  if (code == -1) code = check(command, &o);
  if (code == -1) code = km_demand_parse(command, &o.mapping);
  if (code == -1) {
    struct km_set set;
    code = km_set_load(&set, &o.files, K8SM_PARSE_TEMPLATES);
    if (code == KM_DONE && o.admission) code = km_set_admit(&set);
    if (code == KM_DONE && set.pod_count == 0) {
      fprintf(stderr, "km run: no pods in these files\n");
      code = KM_FAILED;
    }
    if (code == KM_DONE) code = km_set_try(&set, &o.mapping);
    if (code == KM_DONE) code = o.detach ? run_detached(&o, &set) : run_here(&o, &set, -1);
    km_set_free(&set);
  }
  km_texts_free(&o.files);
  km_demand_flags_free(&o.mapping);
  return code;
}
