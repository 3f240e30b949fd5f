/* SPDX-License-Identifier: Apache-2.0 */
/* Who a container runs as, with which capabilities, and what of the kernel it may call:
 * https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ */
#include "demand/build.h"

#include "base/abi.h"

#include <k8smesos/cluster.h>

/* By number, without CAP_. */
static const char *const cap_names[] = {"CHOWN",
                                        "DAC_OVERRIDE",
                                        "DAC_READ_SEARCH",
                                        "FOWNER",
                                        "FSETID",
                                        "KILL",
                                        "SETGID",
                                        "SETUID",
                                        "SETPCAP",
                                        "LINUX_IMMUTABLE",
                                        "NET_BIND_SERVICE",
                                        "NET_BROADCAST",
                                        "NET_ADMIN",
                                        "NET_RAW",
                                        "IPC_LOCK",
                                        "IPC_OWNER",
                                        "SYS_MODULE",
                                        "SYS_RAWIO",
                                        "SYS_CHROOT",
                                        "SYS_PTRACE",
                                        "SYS_PACCT",
                                        "SYS_ADMIN",
                                        "SYS_BOOT",
                                        "SYS_NICE",
                                        "SYS_RESOURCE",
                                        "SYS_TIME",
                                        "SYS_TTY_CONFIG",
                                        "MKNOD",
                                        "LEASE",
                                        "AUDIT_WRITE",
                                        "AUDIT_CONTROL",
                                        "SETFCAP",
                                        "MAC_OVERRIDE",
                                        "MAC_ADMIN",
                                        "SYSLOG",
                                        "WAKE_ALARM",
                                        "BLOCK_SUSPEND",
                                        "AUDIT_READ",
                                        "PERFMON",
                                        "BPF",
                                        "CHECKPOINT_RESTORE"};
enum { CAP_COUNT = sizeof cap_names / sizeof cap_names[0] };
#define CAP_ALL    (((uint64_t)1 << CAP_COUNT) - 1)
#define CAP_BIT(n) ((uint64_t)1 << (n))

/* What container runtimes leave a container of root, unless told otherwise: CHOWN, DAC_OVERRIDE, FOWNER,
 * FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD, AUDIT_WRITE,
 * SETFCAP. */
#define CAP_USUAL                                                                                            \
  (CAP_BIT(0) | CAP_BIT(1) | CAP_BIT(3) | CAP_BIT(4) | CAP_BIT(5) | CAP_BIT(6) | CAP_BIT(7) | CAP_BIT(8) |   \
   CAP_BIT(10) | CAP_BIT(13) | CAP_BIT(18) | CAP_BIT(27) | CAP_BIT(29) | CAP_BIT(31))

const char *k8smi_capability_name(unsigned number) {
  return number < CAP_COUNT ? cap_names[number] : NULL;
}

/* The bits of a name, with or without CAP_; 0 for one that is none. */
static uint64_t cap_bits(struct k8sm_slice name) {
  if (name.len > 4 && memcmp(name.ptr, "CAP_", 4) == 0)
    name = (struct k8sm_slice){name.ptr + 4, name.len - 4};
  if (k8smi_eqs(name, "ALL")) return CAP_ALL;
  for (unsigned i = 0; i < CAP_COUNT; i++) {
    if (k8smi_eqs(name, cap_names[i])) return CAP_BIT(i);
  }
  return 0;
}

/* Those of a list, and whether ALL is one of them. */
static uint64_t cap_list(struct k8smi_demand_build *b, const struct k8smi_record *record, unsigned field,
                         const char *name, const struct k8smi_path *path, bool *ret_all) {
  struct k8smi_path list_path = k8smi_path_field(path, k8smi_s(name));
  struct k8smi_list list = k8smi_get_list(record, field);
  uint64_t bits = 0;
  *ret_all = false;
  for (size_t i = 0; i < list.count; i++) {
    uint64_t one = cap_bits(k8smi_list_str(list, i));
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    if (one == 0) {
      k8smi_demand_cannot(b, &at, "'%.*s' is no capability that Mesos knows",
                          K8SMI_P(k8smi_list_str(list, i)));
    }
    if (one == CAP_ALL) *ret_all = true;
    if (one != CAP_ALL) bits |= one;
  }
  return bits;
}

/* As container runtimes do it: ALL decides what there is to begin with, to drop ALL more than to add it; then
 * single ones are added, and dropped. */
static void cap_make(struct k8smi_demand_build *b, struct k8smi_demand_task *task,
                     const struct k8smi_record *security, const struct k8smi_path *path) {
  const struct k8smi_record *record = k8smi_get_record(security, K8SMI_SecurityContext_capabilities);
  bool add_all, drop_all;
  if (record == NULL) return;
  struct k8smi_path at = k8smi_path_field(path, K8SMI_S("capabilities"));
  uint64_t add = cap_list(b, record, K8SMI_Capabilities_add, "add", &at, &add_all);
  uint64_t drop = cap_list(b, record, K8SMI_Capabilities_drop, "drop", &at, &drop_all);
  if ((add | drop) == 0 && !add_all && !drop_all) return;
  uint64_t from = drop_all ? 0 : add_all ? CAP_ALL : CAP_USUAL;
  task->has_capabilities = true;
  task->capabilities = (from | add) & ~drop;
  b->demand->features |= K8SM_FEATURE_LINUX_LAUNCHER;
}

/* By the options; root has its name everywhere. Empty: none. */
static struct k8sm_slice user_name(struct k8smi_demand_build *b, int64_t uid) {
  if (uid == 0) return K8SMI_S("root");
  for (size_t i = 0; i < b->options.user_count; i++) {
    struct k8sm_demand_user row;
    k8smi_row_read(&row, sizeof row, b->options.users, b->options.user_size, i);
    if (row.uid == uid) return k8smi_demand_copy(b, k8smi_s(row.name));
  }
  return (struct k8sm_slice){NULL, 0};
}

int k8smi_demand_check_users(const struct k8sm_demand_options *options, struct k8sm_diags *diags) {
  for (size_t i = 0; i < options->user_count; i++) {
    struct k8sm_demand_user row;
    k8smi_row_read(&row, sizeof row, options->users, options->user_size, i);
    if (row.uid >= 0 && row.name != NULL && row.name[0] != '\0') continue;
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL,
               "options.users[%zu]: uid %lld, name '%s': expected a number from 0 on and a name", i,
               (long long)row.uid, row.name == NULL ? "" : row.name);
    return K8SM_ERR_INVALID;
  }
  return K8SM_OK;
}

/* Mesos wants a name. */
static void user_make(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                      const struct k8smi_record *security, const struct k8smi_path *path) {
  const struct k8smi_record *pod = k8smi_get_record(b->spec, K8SMI_PodSpec_securityContext);
  bool own = k8smi_has(security, K8SMI_SecurityContext_runAsUser);
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path pod_path = k8smi_path_field(&spec, K8SMI_S("securityContext"));
  struct k8smi_path at = k8smi_path_field(own ? path : &pod_path, K8SMI_S("runAsUser"));
  int64_t uid = k8smi_get_i64(pod, K8SMI_PodSecurityContext_runAsUser, -1);
  uid = k8smi_get_i64(security, K8SMI_SecurityContext_runAsUser, uid);
  bool non_root = k8smi_get_bool(pod, K8SMI_PodSecurityContext_runAsNonRoot, false);
  non_root = k8smi_get_bool(security, K8SMI_SecurityContext_runAsNonRoot, non_root);
  if (k8smi_demand_is_docker(b->demand)) return; /* by number, and the image's own counts: docker.c */
  if (uid >= 0) {
    s->task->user = user_name(b, uid);
    if (s->task->user.len == 0 && !b->no_memory)
      k8smi_demand_cannot(b, &at, "Mesos knows users by name only, and the options name none for uid %lld",
                          (long long)uid);
  } else if (non_root) {
    at = k8smi_path_field(path, K8SMI_S("runAsNonRoot"));
    k8smi_demand_cannot(b, &at,
                        "the image's user is not honoured: the container would run as the framework's user");
  } else if (s->task->image.len > 0 && !b->user_noted) {
    b->user_noted = true; /* once is enough */
    K8SMI_DEMAND_NOTE(b, APPROXIMATED, &at,
                      "not set: the container runs as the framework's user, whatever user the image states");
  }
}

/* The container's own, or else the pod's. That of the runtime is the agent's, which a row of rules.c tells.
 */
static void seccomp_make(struct k8smi_demand_build *b, struct k8smi_demand_task *task,
                         const struct k8smi_record *security) {
  const struct k8smi_record *pod = k8smi_get_record(b->spec, K8SMI_PodSpec_securityContext);
  const struct k8smi_record *profile = k8smi_get_record(security, K8SMI_SecurityContext_seccompProfile);
  if (profile == NULL) profile = k8smi_get_record(pod, K8SMI_PodSecurityContext_seccompProfile);
  struct k8sm_slice type = k8smi_get_str(profile, K8SMI_SeccompProfile_type);
  task->unconfined = k8smi_eqs(type, "Unconfined");
  if (!k8smi_eqs(type, "Localhost")) return;
  task->seccomp = k8smi_get_str(profile, K8SMI_SeccompProfile_localhostProfile);
  if (task->seccomp.len > 0) b->demand->features |= K8SM_FEATURE_SECCOMP;
}

void k8smi_demand_make_security(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  const struct k8smi_record *security = k8smi_get_record(s->container, K8SMI_Container_securityContext);
  struct k8smi_path path = k8smi_path_field(s->path, K8SMI_S("securityContext"));
  user_make(b, s, security, &path);
  cap_make(b, s->task, security, &path);
  seccomp_make(b, s->task, security);
}
