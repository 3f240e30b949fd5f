/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "local/text.h"

enum { NETWORKS_LOWEST = 2, NETWORKS_SET_ASIDE = 3 }; /* its own, its gateway's; and the one for broadcasts */
enum { NETWORKS_NOT_LAUNCHED = -1, NETWORKS_KILLED = 9 };

/* Keeps the addresses of containers. */
static void networks_narrow(struct local_network *network) {
  network->first += NETWORKS_LOWEST;
  network->count -= NETWORKS_SET_ASIDE;
}

int k8smi_local_networks_init(struct local_networks *networks, const struct k8sm_allocator *allocator,
                              uint64_t seed, const char *text, const struct k8smi_path *path,
                              struct k8sm_diags *diags) {
  if (!k8smi_arena_init(&networks->arena, allocator, 0)) return K8SM_ERR_NOMEM;
  k8smi_local_index_init(&networks->used, allocator, seed);
  networks->any = (struct local_network){.first = UINT32_C(127) << 24 | 64 << 16, .count = 1 << 22};
  networks_narrow(&networks->any);
  if (text == NULL) return K8SM_OK;
  int result = k8smi_local_networks_parse(&networks->arena, text, path, &networks->given,
                                          &networks->given_count, diags);
  for (size_t i = 0; result == K8SM_OK && i < networks->given_count; i++)
    networks_narrow(&networks->given[i]);
  return result;
}

void k8smi_local_networks_free(struct local_networks *networks) {
  if (networks->arena.allocator.alloc == NULL) return; /* never begun */
  k8smi_local_index_free(&networks->used);
  k8smi_arena_free(&networks->arena);
}

static void networks_print(uint32_t address, char text[LOCAL_ADDRESS_SIZE]) {
  size_t at = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    unsigned octet = address >> shift & 255;
    if (octet >= 100) text[at++] = (char)('0' + octet / 100);
    if (octet >= 10) text[at++] = (char)('0' + octet / 10 % 10);
    text[at++] = (char)('0' + octet % 10);
    text[at++] = shift == 0 ? '\0' : '.';
  }
}

/* A container that is about to join its networks. */
struct networks_guest {
  struct local_executor *executor;
  struct local_networks *networks;
  struct k8smi_map seen; /* their names */
  bool docker;
  const char *fault;
  int32_t status;
};

static struct local_network *networks_find(struct networks_guest *guest, const char *name) {
  struct local_networks *networks = guest->networks;
  if (guest->docker || networks->given == NULL) return &networks->any;
  for (size_t i = 0; i < networks->given_count; i++) {
    if (strcmp(networks->given[i].name, name) == 0) return &networks->given[i];
  }
  return NULL;
}

static void networks_out_of_memory(struct networks_guest *guest) {
  k8smi_local_fail(guest->executor->framework->local);
  guest->fault = "";
}

static void networks_full(struct networks_guest *guest, const struct local_network *network,
                          const char *name) {
  char first[LOCAL_ADDRESS_SIZE], last[LOCAL_ADDRESS_SIZE];
  networks_print(network->first - 1, first); /* the gateway's is one of its range */
  networks_print(network->first + network->count - 1, last);
  guest->status = NETWORKS_KILLED;
  guest->fault =
      LOCAL_WORDS(&guest->executor->arena,
                  "Collect failed: The CNI plugin '/usr/lib/cni/bridge' failed to attach container ",
                  guest->executor->container_id, " to CNI network '", name,
                  "': stdout='{\n    \"code\": 999,\n    \"msg\": \"failed to allocate for range 0: no IP "
                  "addresses available in range set: ",
                  first, "-", last, "\"\n}', stderr=''");
}

/* The next address that nobody has: there is one. */
static void networks_take(struct networks_guest *guest, struct local_joined *joined) {
  struct local_network *network = joined->network;
  struct local_index *used = &guest->networks->used;
  do {
    networks_print(network->first + network->next, joined->address);
    network->next = network->next + 1 == network->count ? 0 : network->next + 1;
  } while (k8smi_local_index_get(used, k8smi_s(joined->address)) != NULL);
  if (!k8smi_local_index_put(used, k8smi_s(joined->address), joined)) {
    networks_out_of_memory(guest);
    return;
  }
  network->used++;
  guest->executor->joined_count++;
}

static void networks_join_one(struct networks_guest *guest, const char *name,
                              const K8smMesos__NetworkInfo *info) {
  struct local_executor *executor = guest->executor;
  struct local_network *network = networks_find(guest, name);
  if (network == NULL) {
    guest->fault = LOCAL_WORDS(&executor->arena, "Unknown CNI network '", name, "'");
  } else if (k8smi_map_get(&guest->seen, k8smi_s(name)) != K8SMI_MAP_NONE) {
    guest->fault = LOCAL_WORDS(&executor->arena, "Attempted to join CNI network '", name, "' multiple times");
  } else if (!k8smi_map_put(&guest->seen, k8smi_s(name), 0)) {
    networks_out_of_memory(guest);
  } else if (network->used == network->count) {
    networks_full(guest, network, name);
  } else {
    struct local_joined *joined = &executor->joined[executor->joined_count];
    *joined = (struct local_joined){.network = network, .info = info};
    networks_take(guest, joined);
  }
}

static bool networks_on_bridge(const K8smMesos__ContainerInfo *container) {
  return container->docker != NULL && container->docker->has_network &&
         container->docker->network == K8SM_MESOS__CONTAINER_INFO__DOCKER_INFO__NETWORK__BRIDGE;
}

const char *k8smi_local_networks_join(struct local_executor *executor, int32_t *status) {
  const K8smMesos__ContainerInfo *container = k8smi_local_executor_container(executor);
  struct k8smi_local *local = executor->framework->local;
  struct networks_guest guest = {executor, &local->networks, .status = NETWORKS_NOT_LAUNCHED};
  *status = NETWORKS_NOT_LAUNCHED;
  if (container == NULL) return NULL;
  executor->joined =
      k8smi_arena_array(&executor->arena, container->n_network_infos + 1, sizeof *executor->joined);
  if (!k8smi_local_have(local, executor->joined)) return "";
  k8smi_map_init(&guest.seen, &local->allocator, local->seed);
  guest.docker = container->type == K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER;
  if (guest.docker && networks_on_bridge(container)) networks_join_one(&guest, "bridge", NULL);
  for (size_t i = 0; i < container->n_network_infos && guest.fault == NULL; i++) {
    const K8smMesos__NetworkInfo *info = container->network_infos[i];
    if (info->name != NULL) networks_join_one(&guest, info->name, info);
  }
  k8smi_map_free(&guest.seen);
  *status = guest.status;
  return guest.fault;
}

void k8smi_local_networks_leave(struct local_executor *executor) {
  for (size_t i = 0; i < executor->joined_count; i++) {
    struct local_joined *joined = &executor->joined[i];
    k8smi_local_index_remove(&executor->framework->local->networks.used, k8smi_s(joined->address));
    joined->network->used--;
  }
  executor->joined_count = 0;
}

/* With what the container asked for, but for addresses; NULL when memory ran out. */
static K8smMesos__NetworkInfo *networks_row(struct k8smi_arena *arena, const K8smMesos__NetworkInfo *info,
                                            const char *address) {
  K8smMesos__NetworkInfo *row = k8smi_message_new(arena, &k8sm_mesos__network_info__descriptor);
  K8smMesos__NetworkInfo__IPAddress *ip =
      k8smi_message_new(arena, &k8sm_mesos__network_info__ipaddress__descriptor);
  K8smMesos__NetworkInfo__IPAddress **only = k8smi_arena_array(arena, 1, sizeof(*only));
  if (row == NULL || ip == NULL || only == NULL) return NULL;
  if (info != NULL) *row = *info;
  ip->ip_address = (char *)(uintptr_t)k8smi_arena_copy(arena, address, strlen(address)).ptr;
  if (ip->ip_address == NULL) return NULL;
  ip->has_protocol = 1;
  ip->protocol = K8SM_MESOS__NETWORK_INFO__PROTOCOL__IPv4;
  only[0] = ip;
  row->ip_addresses = only;
  row->n_ip_addresses = 1;
  return row;
}

bool k8smi_local_networks_report(const struct local_executor *executor, struct k8smi_arena *arena,
                                 K8smMesos__ContainerStatus *container) {
  bool of_agent = executor->joined_count == 0;
  size_t n = of_agent ? 1 : executor->joined_count;
  container->network_infos = k8smi_arena_array(arena, n, sizeof(K8smMesos__NetworkInfo *));
  for (size_t i = 0; container->network_infos != NULL && i < n; i++) {
    const struct local_joined *joined = &executor->joined[i];
    container->network_infos[i] = of_agent ? networks_row(arena, NULL, LOCAL_AGENT_ADDRESS)
                                           : networks_row(arena, joined->info, joined->address);
    if (container->network_infos[i] == NULL) return false;
    container->n_network_infos++;
  }
  return container->n_network_infos == n;
}
