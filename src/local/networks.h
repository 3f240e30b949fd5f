/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_NETWORKS_H
#define K8SMI_LOCAL_NETWORKS_H

#include "local/index.h"
#include "wire/mesos.h"

/* The networks that containers of agents join, each by its name. A container has an address of its own on
 * each that it names, as the plugin host-local gives them: the next free one, round and round. */

struct local_executor;

struct local_network {
  const char *name;
  uint32_t first, count; /* its addresses for containers */
  uint32_t next;         /* of `count`: tried first */
  uint32_t used;         /* of `count` */
};

enum { LOCAL_ADDRESS_SIZE = 16 }; /* "255.255.255.255" */

/* A container's part of a network. */
struct local_joined {
  struct local_network *network;
  const K8smMesos__NetworkInfo *info; /* as it asked for it; NULL: Docker's bridge */
  char address[LOCAL_ADDRESS_SIZE];
};

struct local_networks {
  struct k8smi_arena arena;
  struct local_network any; /* Docker's own, and those of every name where none are given */
  struct local_network *given;
  size_t given_count;
  struct local_index used; /* addresses, by their text */
};

/* `text` as in "plain=10.77.0.0/24;other=10.78.0.0/16"; or NULL: there is a network of every name. `path`
 * is the option's, for findings. Errors: SYNTAX, NOMEM. */
int k8smi_local_networks_init(struct local_networks *networks, const struct k8sm_allocator *allocator,
                              uint64_t seed, const char *text, const struct k8smi_path *path,
                              struct k8sm_diags *diags);
void k8smi_local_networks_free(struct local_networks *networks);

/* The container of an executor comes to be. NULL: it has joined its networks; or why not, in an agent's
 * words, and the status that its end is told with. */
const char *k8smi_local_networks_join(struct local_executor *executor, int32_t *status);
void k8smi_local_networks_leave(struct local_executor *executor);
/* The networks of a container that is there: those that it has joined, else its agent's. False when memory
 * ran out. */
bool k8smi_local_networks_report(const struct local_executor *executor, struct k8smi_arena *arena,
                                 K8smMesos__ContainerStatus *container);

#endif
