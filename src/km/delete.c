/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int run(const struct km_command *command, int argc, char **argv);

const struct km_command km_command_delete = {
    "delete",
    "Stop pods and workloads of a running 'km run', with grace",
    "POD|KIND NAME|KIND/NAME … | -f FILE | --all",
    "  km delete nginx                           waits until it is gone\n"
    "  km delete kube-system/dns --grace-period=1\n"
    "  km delete deployment web                  with all of its pods\n"
    "  km delete pvc/data                        with its volume, when no pod has it any more\n"
    "  km delete -f nginx.yaml --wait=0\n"
    "  km delete --all                           the 'km run' ends then, too\n",
    run,
};

enum { MAX_UID = 64 };

/* Asks for one pod ("*": all), and takes note of its uid. */
static int ask(const char *folder, const char *key, int64_t grace, char uid[MAX_UID]) {
  char line[800];
  snprintf(line, sizeof line, "delete %s %lld", key, (long long)grace);
  char *answer = km_control_ask(folder, line);
  if (answer == NULL) return KM_FAILED;
  int code = strncmp(answer, "ok", 2) == 0 ? KM_DONE : KM_FAILED;
  uid[0] = '\0';
  if (code != KM_DONE)
    fprintf(stderr, "km delete: %s", answer);
  else if (strcmp(key, "*") != 0)
    printf("%s%s deleted\n", strncmp(key, "Pod/", 4) == 0 ? "pod " : "",
           strncmp(key, "Pod/", 4) == 0 ? key + 4 : key);
  else
    printf("all pods deleted\n");
  if (code == KM_DONE) sscanf(answer, "ok %63s", uid);
  free(answer);
  return code;
}

/* Whether the running km knows it no more, or knows another pod of its name, as workloads make them; or is
 * gone itself, as it is in the end when all pods are. */
static bool is_gone(const char *folder, const char *key, const char *uid) {
  char line[800], same[MAX_UID + 8];
  snprintf(line, sizeof line, "knows %s", key);
  snprintf(same, sizeof same, "yes %s\n", uid);
  char *answer = km_control_ask_quietly(folder, line);
  bool gone = answer == NULL || strcmp(answer, same) != 0;
  if (strcmp(key, "*") == 0) gone = answer == NULL && !km_store_is_held(folder);
  free(answer);
  return gone;
}

static int wait_gone(const char *folder, const char *key, const char *uid, int64_t seconds) {
  uint64_t end = km_mono_ms() + (uint64_t)seconds * 1000;
  while (km_mono_ms() < end) {
    if (is_gone(folder, key, uid)) return KM_DONE;
    nanosleep(&(struct timespec){0, 100000000}, NULL);
  }
  fprintf(stderr, "km delete: %s is not gone after %lld s\n", key, (long long)seconds);
  return KM_FAILED;
}

static void add_claim(void *keys, const char *key) {
  km_texts_add(keys, key);
}

/* What `km run -f` would run: workloads, and pods that belong to none; and their claims. */
static int add_files(struct km_texts *keys, const struct km_texts *files) {
  struct km_set set;
  int code = km_set_load(&set, files, K8SM_PARSE_TEMPLATES);
  char key[600], full[700];
  for (size_t i = 0; code == KM_DONE && i < set.workload_count; i++) {
    struct k8sm_workload_info info = {.size = sizeof info};
    if (k8sm_workload_get_info(set.workloads[i].workload, &info) != K8SM_OK) continue;
    snprintf(full, sizeof full, "%s/%s/%s", info.kind_name.ptr, info.name_space.ptr, info.name.ptr);
    if (info.kind != K8SM_WORKLOAD_POD_TEMPLATE) km_texts_add(keys, full);
  }
  for (size_t i = 0; code == KM_DONE && i < set.pod_count; i++) {
    if (!set.pods[i].bare) continue;
    snprintf(full, sizeof full, "Pod/%s", km_pod_key(set.pods[i].pod, key, sizeof key));
    km_texts_add(keys, full);
  }
  if (code == KM_DONE) km_claims_list(&set, add_claim, keys);
  km_set_free(&set);
  return code;
}

static int delete_keys(const char *folder, const struct km_texts *keys, int64_t grace, int64_t wait) {
  char(*uids)[MAX_UID] = km_alloc(NULL, keys->count * sizeof *uids);
  int code = KM_DONE;
  for (size_t i = 0; i < keys->count; i++) {
    if (ask(folder, keys->items[i], grace, uids[i]) != KM_DONE) code = KM_FAILED;
  }
  for (size_t i = 0; code == KM_DONE && wait > 0 && i < keys->count; i++) {
    code = wait_gone(folder, keys->items[i], uids[i], wait);
  }
  free(uids);
  return code;
}

static int run(const struct km_command *command, int argc, char **argv) {
  struct km_texts names = {0}, files = {0}, keys = {0};
  const char *state = NULL, *name_space = NULL;
  bool all = false;
  int64_t grace = -1, wait = 120;
  const struct km_option options[] = {
      {"filename", 'f', KM_TEXTS, &files, "FILE", "what is in a manifest"},
      {"all", 0, KM_FLAG, &all, NULL, "all pods and workloads"},
      {"namespace", 'n', KM_TEXT, &name_space, "NAME", "of names that do not say it (default: default)"},
      {"grace-period", 0, KM_NUMBER, &grace, "SECONDS", "0 or more, instead of the pod's own"},
      {"wait", 0, KM_NUMBER, &wait, "SECONDS", "for the pods to be gone (default 120; 0: not at all)"},
      {"state", 0, KM_TEXT, &state, "DIR", "the state folder of the 'km run' that is asked"},
  };
  int code = km_options(command, options, sizeof options / sizeof options[0], argc, argv, &names);
  if (code == -1 && (names.count > 0) + (files.count > 0) + all != 1) {
    code = km_misuse(command, "name pods or workloads, or give -f FILE, or --all: one of these");
  }
  if (code == -1 && grace < -1) code = km_misuse(command, "--grace-period is 0 or more");
  if (code == -1 && wait < 0) code = km_misuse(command, "--wait is 0 or more");
  if (code == -1) {
    char folder[1024];
    code =
        files.count > 0 ? add_files(&keys, &files) : km_names_read_each("delete", &names, name_space, &keys);
    if (all) km_texts_add(&keys, "*");
    km_state_folder(state, folder, sizeof folder);
    if (code == KM_DONE) code = delete_keys(folder, &keys, grace, wait);
  }
  km_texts_free_all(&keys);
  km_texts_free(&names);
  km_texts_free(&files);
  return code;
}
