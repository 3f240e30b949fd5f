/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/known.h"

enum { KNOWN_LONGEST = K8SMI_KNOWN_LONGEST, KNOWN_EACH = 7 };

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

#define B(letter) (UINT64_C(1) << ((letter)&63))
const uint64_t k8smi_known_letters[KNOWN_LONGEST + 1] = {
    [2] = B('v'),
    [3] = B('T') | B('c') | B('P') | B('U') | B('A') | B('J'),
    [4] = B('F') | B('H') | B('T') | B('N'),
    [5] = B('H') | B('R') | B('N') | B('F') | B('E'),
    [6] = B('A') | B('m') | B('E') | B('S') | B('F'),
    [7] = B('d') | B('D') | B('R') | B('P') | B('a'),
    [8] = B('b'),
    [9] = B('R') | B('N') | B('O') | B('B') | B('C') | B('D') | B('S'),
    [10] = B('R') | B('N') | B('G') | B('B'),
    [11] = B('I') | B('S') | B('k'),
    [12] = B('C') | B('I') | B('P') | B('m') | B('s'),
    [13] = B('m') | B('s'),
    [14] = B('R'),
    [15] = B('C'),
    [16] = B('k'),
    [17] = B('d') | B('e') | B('p'),
    [18] = B('m'),
    [20] = B('/') | B('P'),
    [21] = B('F'),
    [22] = B('a') | B('k'),
    [25] = B('P'),
    [26] = B('a'),
    [28] = B('n'),
    [30] = B('n'),
};
#undef B

const struct k8smi_text *k8smi_known_find(struct k8sm_slice s) {
  const struct known_word *row = known_words[s.len];
  for (size_t i = 0; i < KNOWN_EACH && row[i].len != 0; i++) {
    if (row[i].bytes[0] == s.ptr[0] && k8smi_same(row[i].bytes, s.ptr, s.len))
      return (const struct k8smi_text *)(const void *)&row[i];
  }
  return NULL;
}
