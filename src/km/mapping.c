/* SPDX-License-Identifier: Apache-2.0 */
/* How pods are mapped: the options that commands share. */
#include "km.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_form(const struct km_command *command, struct km_demand_flags *flags) {
  static const char *const names[] = {"auto", "budget", "budget-reserved", "reserved", "command", "docker"};
  if (flags->form == NULL) return -1;
  for (uint32_t i = K8SM_FORM_BUDGET; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(names[i], flags->form) == 0) flags->form_number = i;
  }
  if (flags->form_number != 0) return -1;
  return km_misuse(command, "--form is budget, budget-reserved, reserved, command or docker, not '%s'",
                   flags->form);
}

static int parse_policy(const struct km_command *command, const char *text, struct k8sm_field_policy *ret) {
  static const char *const names[] = {[K8SM_POLICY_REFUSE] = "refuse", [K8SM_POLICY_WARN] = "warn"};
  const char *how = strrchr(text, '=');
  for (uint32_t i = K8SM_POLICY_REFUSE; how != NULL && i <= K8SM_POLICY_WARN; i++) {
    if (strcmp(names[i], how + 1) != 0) continue;
    size_t len = (size_t)(how - text);
    char *path = km_alloc(NULL, len + 1);
    memcpy(path, text, len);
    path[len] = '\0';
    *ret = (struct k8sm_field_policy){path, i, 0};
    return -1;
  }
  return km_misuse(command, "--policy wants a field and refuse or warn, as spec.hostAliases=warn, not '%s'",
                   text);
}

static int parse_policies(const struct km_command *command, struct km_demand_flags *flags) {
  size_t n = flags->policies.count;
  int code = -1;
  if (n == 0) return code;
  flags->rows = km_alloc(NULL, n * sizeof *flags->rows);
  memset(flags->rows, 0, n * sizeof *flags->rows);
  for (size_t i = 0; code == -1 && i < n; i++)
    code = parse_policy(command, flags->policies.items[i], &flags->rows[i]);
  return code;
}

/* The names stay where they are: behind the sign of equality. */
static int parse_users(const struct km_command *command, struct km_demand_flags *flags) {
  size_t n = flags->users.count;
  if (n == 0) return -1;
  flags->user_rows = km_alloc(NULL, n * sizeof *flags->user_rows);
  for (size_t i = 0; i < n; i++) {
    const char *text = flags->users.items[i];
    char *end;
    errno = 0;
    long long uid = strtoll(text, &end, 10);
    if (end == text || errno != 0 || uid < 0 || *end != '=' || end[1] == '\0')
      return km_misuse(command, "--user wants a number and a name, as 1000=app, not '%s'", text);
    flags->user_rows[i] = (struct k8sm_demand_user){uid, end + 1};
  }
  return -1;
}

/* "profile=ssd,root=/mnt,metadata=a=b,c=d": labels are the last, and as many as there are. The commas before
 * them become the ends of texts. False: a key is none of these. */
static bool parse_class_keys(char *at, struct k8sm_storage_class *row) {
  const struct {
    const char *key;
    const char **to;
  } keys[] = {{"profile=", &row->profile},
              {"vendor=", &row->vendor},
              {"root=", &row->root},
              {"metadata=", &row->metadata}};
  const size_t count = sizeof keys / sizeof keys[0];
  while (at != NULL) {
    size_t i = 0;
    while (i < count && strncmp(at, keys[i].key, strlen(keys[i].key)) != 0) i++;
    if (i == count) return false;
    *keys[i].to = at + strlen(keys[i].key);
    at = i == count - 1 ? NULL : strchr(at, ',');
    if (at != NULL) *at++ = '\0';
  }
  return true;
}

static int parse_class(const struct km_command *command, const char *text, struct k8sm_storage_class *row) {
  static const struct {
    const char *name;
    uint32_t disk;
  } disks[] = {{"root", K8SM_DISK_NONE},
               {"path", K8SM_DISK_PATH},
               {"mount", K8SM_DISK_MOUNT},
               {"block", K8SM_DISK_BLOCK}, /* refused, with the reason */
               {"raw", K8SM_DISK_RAW}};
  char *own = km_strdup(text, strlen(text)), *disk = strchr(own, '='), *more = NULL;
  *row = (struct k8sm_storage_class){.name = own};
  if (disk != NULL) {
    *disk++ = '\0';
    more = strchr(disk, ',');
  }
  if (more != NULL) *more++ = '\0';
  for (size_t i = 0; disk != NULL && i < sizeof disks / sizeof disks[0]; i++) {
    if (strcmp(disk, disks[i].name) != 0) continue;
    row->disk = disks[i].disk;
    if (parse_class_keys(more, row)) return -1;
  }
  return km_misuse(
      command,
      "--storage-class wants a name and root, path or mount, with profile=, vendor=, root= and metadata=a=b "
      "behind commas, as fast=mount,profile=ssd, not '%s'",
      text);
}

static int parse_classes(const struct km_command *command, struct km_demand_flags *flags) {
  size_t n = flags->classes.count;
  int code = -1;
  if (n == 0) return code;
  flags->class_rows = km_alloc(NULL, n * sizeof *flags->class_rows);
  memset(flags->class_rows, 0, n * sizeof *flags->class_rows);
  for (size_t i = 0; code == -1 && i < n; i++)
    code = parse_class(command, flags->classes.items[i], &flags->class_rows[i]);
  return code;
}

static int read_overlays(struct km_demand_flags *flags) {
  const char *const files[] = {flags->executor_overlay_file, flags->task_overlay_file};
  struct k8sm_slice *const overlays[] = {&flags->executor_overlay, &flags->task_overlay};
  for (int i = 0; i < 2; i++) {
    size_t len;
    if (files[i] == NULL) continue;
    if (!km_read_file(files[i], &flags->overlay_bytes[i], &len)) return KM_FAILED;
    *overlays[i] = (struct k8sm_slice){flags->overlay_bytes[i], len};
  }
  return -1;
}

static int parse_features(const struct km_command *command, struct km_demand_flags *flags) {
  const char *names = flags->agent_features;
  struct k8sm_diag row[1];
  char text[512];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(row, text);
  if (names == NULL) return -1;
  if (k8sm_features_parse(names, strlen(names), &flags->features, &diags) != K8SM_OK)
    return km_misuse(command, "--agent-features: %s", text + row[0].message);
  if (flags->features != 0) return -1;
  return km_misuse(command, "--agent-features=%s leaves none: pods need images, or --host-filesystem", names);
}

int km_demand_parse(const struct km_command *command, struct km_demand_flags *flags) {
  int code = parse_form(command, flags);
  if (code == -1) code = parse_features(command, flags);
  if (code == -1) code = read_overlays(flags);
  if (code == -1) code = parse_users(command, flags);
  if (code == -1) code = parse_classes(command, flags);
  return code == -1 ? parse_policies(command, flags) : code;
}

void km_demand_flags_free(struct km_demand_flags *flags) {
  for (size_t i = 0; flags->rows != NULL && i < flags->policies.count; i++)
    free((char *)(uintptr_t)flags->rows[i].path);
  free(flags->rows);
  flags->rows = NULL;
  free(flags->user_rows);
  flags->user_rows = NULL;
  for (size_t i = 0; flags->class_rows != NULL && i < flags->classes.count; i++)
    free((char *)(uintptr_t)flags->class_rows[i].name);
  free(flags->class_rows);
  flags->class_rows = NULL;
  for (int i = 0; i < 2; i++) {
    free(flags->overlay_bytes[i]);
    flags->overlay_bytes[i] = NULL;
  }
  km_texts_free(&flags->policies);
  km_texts_free(&flags->users);
  km_texts_free(&flags->classes);
}

struct k8sm_demand_options km_demand_options(const struct km_demand_flags *flags) {
  return (struct k8sm_demand_options){
      .size = sizeof(struct k8sm_demand_options),
      .flags = (flags->host_filesystem ? K8SM_DEMAND_HOST_FILESYSTEM : 0) |
               (flags->no_limits ? K8SM_DEMAND_NO_LIMITS : 0) |
               (flags->original_defaults ? K8SM_DEMAND_ORIGINAL_DEFAULTS : 0) |
               (flags->command_probes ? K8SM_DEMAND_COMMAND_PROBES : 0) |
               (flags->form_fallback ? K8SM_DEMAND_FORM_FALLBACK : 0),
      .roles = flags->role == NULL ? NULL : &flags->role,
      .role_count = flags->role != NULL,
      .form = flags->form_number,
      .principal = flags->principal,
      .network = flags->network,
      .reservation = flags->reservation,
      .reservation_principal = flags->reservation_principal,
      .policies = flags->rows,
      .policy_count = flags->rows == NULL ? 0 : flags->policies.count,
      .policy_size = sizeof *flags->rows,
      .users = flags->user_rows,
      .user_count = flags->user_rows == NULL ? 0 : flags->users.count,
      .user_size = sizeof *flags->user_rows,
      .storage_classes = flags->class_rows,
      .storage_class_count = flags->class_rows == NULL ? 0 : flags->classes.count,
      .storage_class_size = sizeof *flags->class_rows,
  };
}
