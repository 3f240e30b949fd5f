/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KM_KM_H
#define KM_KM_H

/* km: the program on top of the library. One file per subcommand. */

#include <k8smesos/k8smesos.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit codes of every subcommand. */
enum { KM_DONE = 0, KM_FAILED = 1, KM_UNPLACED = 2, KM_USAGE = 64 };

/* ---- options.c: the command line by tables ---- */

enum { KM_FLAG, KM_TEXT, KM_NUMBER, KM_TEXTS };

struct km_texts {
  const char **items;
  size_t count;
};

struct km_option {
  const char *name; /* without the dashes */
  char letter;      /* 0: none */
  int kind;         /* KM_FLAG: bool; KM_TEXT: const char *; KM_NUMBER: int64_t; KM_TEXTS: struct km_texts */
  void *value;
  const char *metavar; /* NULL for a flag */
  const char *help;
};

struct km_command {
  const char *name;
  const char *summary;  /* one line */
  const char *usage;    /* what follows the name */
  const char *examples; /* shown by --help, after the options */
  int (*run)(const struct km_command *command, int argc, char **argv);
};

/* Reads the options into their places; what is none goes to operands. Returns -1 to go on, or an exit
 * code (--help: KM_DONE; wrong use: KM_USAGE, with a line on standard error). */
int km_options(const struct km_command *command, const struct km_option *options, size_t count, int argc,
               char **argv, struct km_texts *operands);
void km_texts_free(struct km_texts *texts);
/* Lists of copies, which are freed with them. */
void km_texts_add(struct km_texts *texts, const char *text);
void km_texts_free_all(struct km_texts *texts);
/* One line: "km NAME: …". Returns KM_USAGE. */
int km_misuse(const struct km_command *command, const char *format, ...);

/* The commands, one file each. */
extern const struct km_command km_command_run, km_command_get, km_command_delete, km_command_scale,
    km_command_local, km_command_parse, km_command_match, km_command_task, km_command_status,
    km_command_replay, km_command_describe;

/* ---- report.c: findings as lines on standard error ---- */

struct km_report {
  struct k8sm_diags diags;
  struct k8sm_diag rows[512];
  char text[64 * 1024];
};
/* A file that findings are about; bytes are there to find lines in. */
struct km_source {
  const char *name;
  const char *bytes;
  size_t len;
  const char *prefix; /* of field paths, before they are looked up: "spec.template." */
};
void km_report_begin(struct km_report *report);
/* Prints "FILE:LINE: PATH: message" for each finding. source may be NULL; document: -1, or the document
 * that the findings are of, when they do not say it themselves. */
void km_report_end(struct km_report *report, const struct km_source *source, int64_t document);
/* When the library says that memory ran out and the like, without a finding. */
void km_report_result(const char *what, int result);

/* ---- files.c: manifests, offers and updates from files, folders and standard input ---- */

struct km_file {
  char *name;
  char *bytes;
  size_t len;
  struct k8sm_manifest *manifest;
};

struct km_pod {
  struct k8sm_pod *pod; /* a reference of the set's */
  size_t file;
  uint32_t document;
  char prefix[40];                      /* of the pod in its document: "", "spec.template.", … */
  bool bare;                            /* of no workload */
  const struct k8sm_workload *workload; /* that it is of; borrowed from its manifest, or NULL */
};

struct km_workload {
  struct k8sm_workload *workload; /* borrowed from its manifest */
  size_t file;
  uint32_t document;
};

struct km_set {
  struct km_file *files;
  size_t file_count;
  struct km_pod *pods;
  size_t pod_count;
  struct km_workload *workloads;
  size_t workload_count;
  struct k8sm_manifest_data *data;
  size_t data_count;
};

/* Reads all bytes of a file, "-" being standard input. False, with a line, if that fails. */
bool km_read_file(const char *name, char **ret, size_t *ret_len);
bool km_is_folder(const char *name);
/* A file that was to be OFFERS or UPDATE events, and is not. */
void km_report_no_events(const char *file, size_t len);
/* Reads manifests; folders stand for their *.yaml, *.yml and *.json in order of name. Findings are printed.
 * Returns KM_DONE or KM_FAILED; the set is to be freed in both cases. */
int km_set_load(struct km_set *set, const struct km_texts *names, uint64_t flags);
/* Does to the pods what the API server's admission would, with the PriorityClasses of all files. Findings are
 * printed. Returns KM_DONE or KM_FAILED. */
int km_set_admit(struct km_set *set);
/* How it does that: with those classes, which are to be freed. */
struct k8sm_admission_options km_set_admission(const struct km_set *set);
void km_set_free(struct km_set *set);
/* Adds the data of a manifest, which is to live as long as the set. */
void km_set_add_data(struct km_set *set, const struct k8sm_manifest *m);
struct km_source km_set_source(const struct km_set *set, const struct km_pod *pod);
struct km_source km_workload_source(const struct km_set *set, const struct km_workload *workload);
/* Gives pods without uid one: made from namespace and name, so that the filters' output is always the same
 * for the same input; or drawn at random. */
int km_set_name_uids(struct km_set *set);
int km_random_uid(char text[37]);
/* NULL: one made from namespace and name. */
int km_pod_set_uid(struct km_pod *pod, const char *uid);

/* What people write for pods, workloads and claims, as keys: "web", "dns/kube", "deployment/web", "pod web
 * api", "sts/kube-system/db"; and "jobs", "deploy,po" for all of a kind, as patterns. name_space: of those
 * that do not say it, NULL: "default"; of kinds, NULL: any. The keys are copies. Returns KM_DONE, or
 * KM_FAILED with a line for each word that is none of that. */
enum { KM_KEY_CAP = 700 };
int km_names_read(const char *command, const struct km_texts *words, const char *name_space,
                  struct km_texts *keys);
/* The same, where all of a kind are not to be meant: KM_FAILED, with a line. */
int km_names_read_each(const char *command, const struct km_texts *words, const char *name_space,
                       struct km_texts *keys);
/* A line: nothing is meant by this key or pattern. */
void km_report_missing(const char *command, const char *key);
/* Whether "Pod/default/web" is one of "Pod/default/web", or of all pods of a namespace, or of all. */
bool km_key_matches(const char *pattern, const char *key);
/* It is such a pattern. */
bool km_key_is_kind(const char *key);
/* The kind's own name ("Deployment") for one of those; NULL: none. */
const char *km_kind_name(const char *word, size_t len);
/* Several of such a kind: "deployments". */
const char *km_kind_words(const char *kind);
/* A key in the words of kubectl: "deployment.apps/web", and `deployments.apps "web" not found`. Return text.
 */
const char *km_resource_name(const char *key, char *text, size_t cap);
const char *km_resource_missing(const char *key, char *text, size_t cap);

/* Whether it belongs to nothing. */
bool km_is_bare(const struct k8sm_pod *pod);

/* "namespace/name". Returns text. */
const char *km_pod_key(const struct k8sm_pod *pod, char *text, size_t cap);

/* ---- plans.c: demands and plans, for the filters ---- */

/* What the command line says of how pods are mapped. */
struct km_demand_flags {
  bool host_filesystem;
  bool no_limits;
  bool original_defaults;
  bool command_probes;
  bool form_fallback;
  const char *role, *principal, *form, *network;
  const char *reservation, *reservation_principal;
  const char *agent_features; /* names with commas between; NULL: all */
  struct km_texts policies; /* "PATH=refuse", "PATH=warn" */
  struct km_texts users;    /* "UID=NAME" */
  struct km_texts classes;  /* "NAME=KIND,…" */
  const char *executor_overlay_file, *task_overlay_file;
  /* Made of these by km_demand_parse: */
  uint32_t form_number;
  uint32_t features; /* K8SM_FEATURE_*; 0: all */
  struct k8sm_field_policy *rows;
  struct k8sm_demand_user *user_rows;
  struct k8sm_storage_class *class_rows; /* the first text of each is a block that has all of them */
  struct k8sm_slice executor_overlay, task_overlay;
  char *overlay_bytes[2]; /* theirs, where they came from files */
};
#define KM_DEMAND_OPTIONS(flags)                                                                             \
  {"role", 0, KM_TEXT, &(flags).role, "ROLE", "that the pods may use (default *)"},                          \
      {"principal", 0, KM_TEXT, &(flags).principal, "NAME", "for whom is reserved what pods reserve"},       \
      {"form",                                                                                               \
       0,                                                                                                    \
       KM_TEXT,                                                                                              \
       &(flags).form,                                                                                        \
       "FORM",                                                                                               \
       "budget, budget-reserved, reserved, command or docker: one task for a pod of one container (default:" \
       " reserved tokens with a role and a principal)"},                                                     \
      {"form-fallback",                                                                                      \
       0,                                                                                                    \
       KM_FLAG,                                                                                              \
       &(flags).form_fallback,                                                                               \
       NULL,                                                                                                 \
       "pods that can't be a command task run in the"                                                        \
       " default form"},                                                                                     \
      {"network", 0, KM_TEXT, &(flags).network, "NAME", "CNI network of pods that do not ask for another"},  \
      {"reservation",        0,        KM_TEXT,                                                              \
       &(flags).reservation, "LABELS", "of the reservations that pods take cpus and memory from: a=b,c=d"},  \
      {"reservation-principal", 0, KM_TEXT, &(flags).reservation_principal, "NAME", "whose these are"},      \
      {"policy",          0,          KM_TEXTS,                                                              \
       &(flags).policies, "PATH=HOW", "refuse, or warn of, what Mesos can't do of a field: spec=refuse"},    \
      {"user", 0, KM_TEXTS, &(flags).users, "UID=NAME", "users of pods by their names on agents: 1000=app"}, \
      {"storage-class",                                                                                      \
       0,                                                                                                    \
       KM_TEXTS,                                                                                             \
       &(flags).classes,                                                                                     \
       "NAME=DISK",                                                                                          \
       "of which disks of agents volumes of a class are made: fast=mount,profile=ssd; root, path or mount"}, \
      {"agent-features",                                                                                     \
       0,                                                                                                    \
       KM_TEXT,                                                                                              \
       &(flags).agent_features,                                                                              \
       "NAMES",                                                                                              \
       "what agents can do whose attribute of this name says nothing: images,cgroups,… (default all)"},      \
      {"command-probes",        0,    KM_FLAG,                                                               \
       &(flags).command_probes, NULL, "probes that Mesos can't do run in the container"},                    \
      {"host-filesystem",        0,    KM_FLAG,                                                              \
       &(flags).host_filesystem, NULL, "run commands on the agents' own file system, without images"},       \
      {"no-limits", 0, KM_FLAG, &(flags).no_limits, NULL, "for agents without cgroup isolators: no limits"}, \
  {                                                                                                          \
    "original-defaults", 0, KM_FLAG, &(flags).original_defaults, NULL,                                       \
        "0.25 cpus and 64 MiB for containers that state none, as limits too"                                 \
  }
/* For commands that launch. */
#define KM_OVERLAY_OPTIONS(flags)                                                                            \
  {"executor-overlay",                                                                                       \
   0,                                                                                                        \
   KM_TEXT,                                                                                                  \
   &(flags).executor_overlay_file,                                                                           \
   "FILE",                                                                                                   \
   "a part of an ExecutorInfo, merged into that of every pod: JSON or protobuf"},                            \
  {                                                                                                          \
    "task-overlay", 0, KM_TEXT, &(flags).task_overlay_file, "FILE",                                          \
        "a part of a TaskInfo, merged into that of every container"                                          \
  }
/* Reads form, policies and overlays. -1, or an exit code with a line. */
int km_demand_parse(const struct km_command *command, struct km_demand_flags *flags);
void km_demand_flags_free(struct km_demand_flags *flags);
/* The library's options of them; texts and rows stay theirs. */
struct k8sm_demand_options km_demand_options(const struct km_demand_flags *flags);
/* The demands of a set, one for each pod; findings are printed. *ret_made tells how many are not NULL. */
struct k8sm_demand **km_demands_make(const struct km_set *set, const struct km_demand_flags *flags,
                                     size_t *ret_made);
/* Maps each pod and lets go of it: findings are printed, what is true of several pods once; KM_FAILED if one
 * can't be mapped. */
int km_set_try(const struct km_set *set, const struct km_demand_flags *flags);
void km_demands_free(struct k8sm_demand **demands, size_t count);
/* Fills a cluster with the OFFERS events of a file, and with what the set says of nodes and namespaces. `features`
 * are those of agents that say nothing of theirs. NULL, with lines, if that fails. */
struct k8sm_cluster *km_cluster_load(const char *offers_file, const struct km_set *set, uint32_t features);
/* Adds the pods of manifests, each as running on its spec.nodeName. Returns KM_DONE, or KM_FAILED with lines.
 */
int km_cluster_add_running(struct k8sm_cluster *cluster, const struct km_texts *names,
                           const struct km_demand_flags *flags);

/* ---- text.c: tables and units ---- */

/* "250m", "4" for thousandths; "64Mi" style for thousandths of a MB; "5s", "3m", "2h10m", "4d" for ms. */
void km_put_cpus(char *text, size_t cap, int64_t milli);
void km_put_mem(char *text, size_t cap, int64_t milli);
/* Since 1970, of "2026-01-31T09:00:00Z"; 0: it is none. And when a pod was made, as it says; 0: it does not. */
int64_t km_time_ms(const char *text);
int64_t km_pod_created_ms(const struct k8sm_pod *pod);
void km_put_age(char *text, size_t cap, int64_t ms);

enum { KM_COLUMNS = 12 };
struct km_table {
  char *(*rows)[KM_COLUMNS]; /* the first is the heading */
  size_t count;
};
/* NULL: the table has no such column; empty: "-". */
void km_table_row(struct km_table *table, const char *const cells[KM_COLUMNS]);
/* Prints the columns aligned. Returns the number of lines. */
size_t km_table_print(const struct km_table *table, FILE *out);
void km_table_free(struct km_table *table);

/* ---- view_events.c: events, an array of what km_events_json makes ---- */

struct json_t;
/* As in `kubectl describe`. */
void km_events_describe(const struct json_t *events, int64_t now, FILE *out);
/* Those of a namespace, NULL: of all, the last to happen at the end. To be let go of. */
struct json_t *km_events_sort(const struct json_t *events, const char *name_space);
/* As `kubectl get events`. */
void km_events_list(const struct json_t *events, int64_t now, FILE *out);

/* Memory for the program itself: ends it with a line when there is none. */
void *km_alloc(void *old, size_t size);
char *km_strdup(const char *text, size_t len);

#endif
