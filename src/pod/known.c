/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/known.h"

enum { KNOWN_LONGEST = 30, KNOWN_EACH = 7 };

/* Laid out as struct k8smi_text. */
struct known_word {
  uint32_t len;
  char bytes[KNOWN_LONGEST + 1];
};

/* By length; a row ends at its first empty place. */
static const struct known_word known_words[KNOWN_LONGEST + 1][KNOWN_EACH] = {
#define W(text)                                                                                              \
  { sizeof(text) - 1, text }
    [2] = {W("v1")},
    [3] = {W("TCP"), W("cpu"), W("Pod"), W("UDP"), W("ALL"), W("Job")},
    [4] = {W("File"), W("HTTP"), W("True"), W("None")},
    [5] = {W("HTTPS"), W("Ready"), W("Never"), W("False"), W("Equal")},
    [6] = {W("Always"), W("memory"), W("Exists"), W("Secret"), W("Failed")},
    [7] = {W("default"), W("Default"), W("Running"), W("Pending"), W("apps/v1")},
    [8] = {W("batch/v1")},
    [9] = {W("ReadWrite"), W("NoExecute"), W("OnFailure"), W("Burstable"), W("ConfigMap"), W("DaemonSet"),
           W("Succeeded")},
    [10] = {W("ReplicaSet"), W("NoSchedule"), W("Guaranteed"), W("BestEffort")},
    [11] = {W("Initialized"), W("StatefulSet"), W("kube-system")},
    [12] = {W("ClusterFirst"), W("IfNotPresent"), W("PodScheduled"), W("metadata.uid"), W("status.podIP")},
    [13] = {W("metadata.name"), W("spec.nodeName"), W("status.hostIP"), W("status.podIPs")},
    [14] = {W("RuntimeDefault")},
    [15] = {W("ContainersReady")},
    [16] = {W("kube-root-ca.crt")},
    [17] = {W("default-scheduler"), W("ephemeral-storage"), W("pod-template-hash")},
    [18] = {W("metadata.namespace")},
    [20] = {W("/dev/termination-log"), W("PreemptLowerPriority")},
    [21] = {W("FallbackToLogsOnError")},
    [22] = {W("app.kubernetes.io/name"), W("kubernetes.io/hostname")},
    [25] = {W("PodReadyToStartContainers")},
    [26] = {W("app.kubernetes.io/instance")},
    [28] = {W("node.kubernetes.io/not-ready")},
    [30] = {W("node.kubernetes.io/unreachable")},
#undef W
};

const struct k8smi_text *k8smi_known_text(struct k8sm_slice s) {
  if (s.len - 1 >= KNOWN_LONGEST) return NULL;
  const struct known_word *row = known_words[s.len];
  for (size_t i = 0; i < KNOWN_EACH && row[i].len != 0; i++) {
    if (row[i].bytes[0] == s.ptr[0] && k8smi_same(row[i].bytes, s.ptr, s.len))
      return (const struct k8smi_text *)(const void *)&row[i];
  }
  return NULL;
}
