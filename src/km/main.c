/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <string.h>

static const struct km_command *const commands[] = {
    &km_command_run,   &km_command_get,    &km_command_describe, &km_command_delete,
    &km_command_scale, &km_command_local,  &km_command_parse,    &km_command_match,
    &km_command_task,  &km_command_status, &km_command_replay,
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out) {
  fputs("km runs Kubernetes pods on Apache Mesos.\n\n", out);
  for (size_t i = 0; i < COMMANDS; i++)
    fprintf(out, "  km %-8s  %s\n", commands[i]->name, commands[i]->summary);
  fputs("\n"
        "Begin with\n"
        "  km run -f nginx.yaml                      on an embedded Mesos that simulates containers\n"
        "  km run -f nginx.yaml --mesos-master=127.0.0.1:5050\n"
        "                                            on a real one\n"
        "  km COMMAND --help                         what a command does, with examples\n"
        "  km --version\n\n"
        "Exit codes: 0 done; 1 bad input, or failed for good; 2 not placed in time; 64 wrong use.\n",
        out);
}

/* What people know from kubectl, and where that is here. */
static const char *elsewhere(const char *name) {
  static const struct {
    const char *name, *words;
  } others[] = {
      {"apply", "'km run -f FILE' runs what is in a manifest, and rolls out what has changed"},
      {"create", "'km run -f FILE' runs what is in a manifest"},
      {"rollout", "'km run -f FILE' rolls out what has changed, and 'km get' shows how far it is"},
      {"events", "'km get events' lists what happened, and 'km describe NAME' what happened to it"},
      {"logs",
       "Mesos keeps what containers write in their sandboxes, as stdout and stderr; 'km describe NAME' "
       "shows the agent and the containers' ids"},
      {"exec", "Mesos runs commands in containers: 'mesos task exec'"},
  };
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    if (strcmp(name, others[i].name) == 0) return others[i].words;
  }
  return "'km --help' lists them";
}

static const struct km_command *find_command(const char *name) {
  for (size_t i = 0; i < COMMANDS; i++) {
    if (strcmp(name, commands[i]->name) == 0) return commands[i];
  }
  return NULL;
}

static int help(const char *name) {
  char word[] = "--help", *ask[] = {word};
  const struct km_command *command = name == NULL ? NULL : find_command(name);
  if (command != NULL) return command->run(command, 1, ask);
  print_help(stdout);
  return KM_DONE;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    print_help(stderr);
    return KM_USAGE;
  }
  const char *name = argv[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
    return help(argc > 2 ? argv[2] : NULL);
  }
  if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
    printf("km %s (libk8smesos)\n", k8sm_version_text());
    return KM_DONE;
  }
  const struct km_command *command = find_command(name);
  if (command != NULL) return command->run(command, argc - 2, argv + 2);
  fprintf(stderr, "km: no command '%s'; %s\n", name, elsewhere(name));
  return KM_USAGE;
}
