/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of a container's processes, which Kubernetes has no field for: by an annotation,
 * https://mesos.apache.org/documentation/latest/isolators/posix-rlimits/ */
#include "demand/build.h"

#include "wire/mesos.h"
#include "wire/number.h"

#include <k8smesos/cluster.h>

/* By mesos.v1.RLimitInfo.RLimit.Type, without RLMT_. */
static const char *const rlimit_names[] = {"",      "as",      "core",     "cpu",        "data",   "fsize",
                                           "locks", "memlock", "msgqueue", "nice",       "nofile", "nproc",
                                           "rss",   "rtprio",  "rttime",   "sigpending", "stack"};

const char *k8smi_rlimit_name(int type) {
  return rlimit_names[type];
}

static int rlimit_type(struct k8sm_slice name) {
  for (size_t i = 1; i < sizeof rlimit_names / sizeof rlimit_names[0]; i++)
    if (k8smi_eqs(name, rlimit_names[i])) return (int)i;
  return 0;
}

static struct k8sm_slice rlimits_until(struct k8sm_slice *rest, char end) {
  const char *at = rest->len == 0 ? NULL : memchr(rest->ptr, end, rest->len);
  struct k8sm_slice head = {rest->ptr, at == NULL ? rest->len : (size_t)(at - rest->ptr)};
  size_t skip = at == NULL ? rest->len : head.len + 1;
  *rest = (struct k8sm_slice){rest->ptr + skip, rest->len - skip};
  return head;
}

/* "nofile=1024:4096", "nofile=4096" for both, or "core=unlimited". */
static bool rlimit_read(struct k8sm_slice text, struct k8smi_demand_rlimit *to) {
  struct k8sm_slice rest = text, name = rlimits_until(&rest, '='), hard = rest;
  *to = (struct k8smi_demand_rlimit){.type = rlimit_type(name)};
  if (to->type == 0 || name.len == text.len) return false;
  if (k8smi_eqs(rest, "unlimited")) return true;
  struct k8sm_slice soft = rlimits_until(&hard, ':');
  if (soft.len == rest.len) hard = soft;
  to->limited = true;
  return k8smi_parse_u64(soft, &to->soft) && k8smi_parse_u64(hard, &to->hard) && to->soft <= to->hard;
}

static bool rlimits_have(const struct k8smi_demand_task *task, int type) {
  for (size_t i = 0; i < task->rlimit_count; i++)
    if (task->rlimits[i].type == type) return true;
  return false;
}

bool k8smi_demand_limits_address_space(const struct k8smi_demand_build *b, struct k8sm_slice container,
                                       struct k8sm_slice *ret_key) {
  struct k8sm_slice rest = k8smi_demand_annotation(b, K8SMI_RLIMITS_ANNOTATION, container, ret_key);
  while (rest.len > 0) {
    struct k8sm_slice one = rlimits_until(&rest, ',');
    if (k8smi_eqs(rlimits_until(&one, '='), "as")) return true;
  }
  return false;
}

void k8smi_demand_make_rlimits(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  struct k8smi_demand_task *task = s->task;
  struct k8smi_path parents[2], path;
  struct k8sm_slice key, rest = k8smi_demand_annotation(b, K8SMI_RLIMITS_ANNOTATION, task->container, &key);
  if (rest.len == 0) return;
  parents[0] = k8smi_path_field(NULL, K8SMI_S("metadata"));
  parents[1] = k8smi_path_field(&parents[0], K8SMI_S("annotations"));
  path = k8smi_path_key(&parents[1], key);
  size_t cap = 1;
  for (size_t i = 0; i < rest.len; i++) cap += rest.ptr[i] == ',';
  struct k8smi_demand_rlimit *rows = k8smi_demand_array(b, cap, sizeof *rows);
  if (rows == NULL) return;
  task->rlimits = rows;
  while (rest.len > 0) {
    struct k8sm_slice one = rlimits_until(&rest, ',');
    if (!rlimit_read(one, &rows[task->rlimit_count]) || rlimits_have(task, rows[task->rlimit_count].type)) {
      k8smi_demand_refuse(b, &path,
                          "'%.*s': expected one limit of a kind, as nofile=1024:4096 or core=unlimited",
                          K8SMI_P(one));
      return;
    }
    task->rlimit_count++;
  }
  b->demand->features |= K8SM_FEATURE_RLIMITS;
}
