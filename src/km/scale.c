/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_scale = {
    "scale",
    "Change the number of replicas of a workload of a running 'km run'",
    "KIND/NAME|KIND NAME … --replicas=N",
    "  km scale deployment/web --replicas=3      stays so, also when 'km run' starts again with the same "
    "files\n"
    "  km scale rs/web statefulset/db --replicas=0\n"
    "  km scale sts/kube-system/db --replicas=5 --current-replicas=3\n"
    "                                            only if there are to be three now\n",
    run,
};

/* ---- In the km that runs ---- */

static bool find_row(const struct km_runner *r, const char *key, struct k8sm_control_row *row) {
  for (size_t i = 0; k8sm_control_rows(r->workloads, i, row, sizeof *row, 1) > 0; i++) {
    if (strcmp(row->key.ptr, key) == 0) return true;
  }
  return false;
}

char *km_scale_answer(struct km_runner *r, const char *key, int64_t replicas, int64_t current) {
  const struct k8sm_slice name = {key, strlen(key)};
  struct k8sm_control_input input = {.type = K8SM_CONTROL_SCALE, .key = name, .number = (uint64_t)replicas};
  struct k8sm_control_row row;
  char text[1200] = "ok\n", words[700];
  int result = K8SM_OK;
  if (strncmp(key, "Pod/", 4) == 0)
    result = K8SM_ERR_UNSUPPORTED;
  else if (!find_row(r, key, &row))
    snprintf(text, sizeof text, "%s\n", km_resource_missing(key, words, sizeof words));
  else if (current >= 0 && row.wanted != current)
    snprintf(text, sizeof text, "Expected replicas to be %lld, was %lld\n", (long long)current,
             (long long)row.wanted);
  else
    result = km_runner_control(r, &input, NULL);
  if (result == K8SM_ERR_UNSUPPORTED)
    snprintf(text, sizeof text, "the server could not find the requested resource: %s has no scale\n",
             km_resource_name(key, words, sizeof words));
  else if (result != K8SM_OK)
    snprintf(text, sizeof text, "%s: %s\n", km_resource_name(key, words, sizeof words),
             result == K8SM_ERR_STATE ? "it is being deleted" : k8sm_result_name(result));
  return km_strdup(text, strlen(text));
}

/* ---- The command ---- */

/* Its words are those of `kubectl scale`. */
static int ask(const char *folder, const char *key, int64_t replicas, int64_t current) {
  char line[800], resource[400];
  snprintf(line, sizeof line, "scale %s %lld %lld", key, (long long)replicas, (long long)current);
  char *answer = km_control_ask(folder, line);
  if (answer == NULL) return KM_FAILED;
  int code = strncmp(answer, "ok", 2) == 0 ? KM_DONE : KM_FAILED;
  if (code == KM_DONE)
    printf("%s scaled\n", km_resource_name(key, resource, sizeof resource));
  else
    fprintf(stderr, "km scale: %s", answer);
  free(answer);
  return code;
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts names = {0}, keys = {0};
  const char *state = NULL, *name_space = NULL;
  int64_t replicas = -1, current = -1;
  const struct km_option options[] = {
      {"replicas", 0, KM_NUMBER, &replicas, "N", "that there are to be"},
      {"namespace", 'n', KM_TEXT, &name_space, "NAME", "of names that do not say it (default: default)"},
      {"current-replicas", 0, KM_NUMBER, &current, "N", "that there must be now, or nothing is done"},
      {"state", 0, KM_TEXT, &state, "DIR", "the state folder of the 'km run' that is asked"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, &names);
  if (code == -1 && replicas < 0)
    code = km_misuse(command,
                     "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
  if (code == -1 && replicas > INT32_MAX)
    code = km_misuse(command, "--replicas is %d at most, not %lld", INT32_MAX, (long long)replicas);
  if (code == -1 && names.count == 0) code = km_misuse(command, "name workloads: deployment/web");
  if (code == -1) {
    char folder[1024];
    km_state_folder(state, folder, sizeof folder);
    code = km_names_read_each("scale", &names, name_space, &keys);
    for (size_t i = 0; i < keys.count; i++) {
      if (ask(folder, keys.items[i], replicas, current) != KM_DONE) code = KM_FAILED;
    }
  }
  km_texts_free_all(&keys);
  km_texts_free(&names);
  return code;
}
