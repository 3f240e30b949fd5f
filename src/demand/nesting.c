/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts inside of others. A container runtime makes them from the outermost to the innermost, and a place
 * for each where there is none. An agent makes them by kind, each kind in the order of the message, and those
 * of secrets last, for which it makes no place. So the outer ones come first here; a file in a directory gets
 * a place by a host path that is mounted there before; and what an agent would hide is refused.
 * https://mesos.apache.org/documentation/latest/container-volume/ */
#include "demand/build.h"

#include <k8smesos/cluster.h>

#define NEST_PLACE "/dev/null" /* a file that every agent has */

/* When an agent mounts a kind. */
static const uint8_t nest_turns[] = {[K8SMI_VOLUME_SANDBOX] = 0,
                                     [K8SMI_VOLUME_DOCKER] = 1,
                                     [K8SMI_VOLUME_HOST] = 2,
                                     [K8SMI_VOLUME_CSI] = 3,
                                     [K8SMI_VOLUME_SECRET] = 4};

struct nest {
  struct k8smi_demand_build *b;
  const struct k8smi_path *list;     /* volumeMounts */
  struct k8smi_arena arena;          /* scratch */
  struct k8smi_map by_path;          /* to the number of the mount */
  struct k8smi_demand_mount *mounts; /* of the task; places come behind them */
  struct k8sm_slice *paths;          /* by mount: without a slash at the end, or two in a row */
  size_t *depths;                    /* by mount, and by place */
  size_t count, places;
};

static struct k8sm_slice nest_clean(struct nest *n, struct k8sm_slice path) {
  char *text = k8smi_arena_array(&n->arena, path.len + 1, 1);
  size_t len = 0;
  for (size_t i = 0; text != NULL && i < path.len; i++) {
    bool doubled = path.ptr[i] == '/' && (i + 1 == path.len || path.ptr[i + 1] == '/');
    if (!doubled) text[len++] = path.ptr[i];
  }
  return (struct k8sm_slice){text, len};
}

static size_t nest_depth(struct k8sm_slice path) {
  size_t depth = 0;
  for (size_t i = 0; i < path.len; i++) depth += path.ptr[i] == '/';
  return depth;
}

/* The mount that `path` is inside of, and whose own path ends before *len, which moves there; NULL: of none.
 */
static const struct k8smi_demand_mount *nest_outer(const struct nest *n, struct k8sm_slice path,
                                                   size_t *len) {
  while (*len > 0) {
    if (path.ptr[--*len] != '/') continue;
    uint32_t i = k8smi_map_get(&n->by_path, (struct k8sm_slice){path.ptr, *len});
    if (i != K8SMI_MAP_NONE) return &n->mounts[i];
  }
  return NULL;
}

/* A file for an agent to mount another one at, in the nearest of the mounts around it. */
static void nest_make_place(struct nest *n, size_t i, const struct k8smi_demand_mount *outer,
                            const struct k8smi_path *path) {
  struct k8smi_demand_build *b = n->b;
  if (outer->read_only || outer->kind == K8SMI_VOLUME_CSI) {
    K8SMI_DEMAND_WARN(
        b, APPROXIMATED, path,
        "'%.*s' is inside of the mount at '%.*s', where the agent makes no place for it: the volume "
        "must have a file of this name",
        K8SMI_P(n->mounts[i].container_path), K8SMI_P(outer->container_path));
    return;
  }
  size_t place = n->count + n->places++;
  n->mounts[place] = (struct k8smi_demand_mount){.kind = K8SMI_VOLUME_HOST,
                                                 .read_only = true,
                                                 .record = n->mounts[i].record,
                                                 .container_path = n->mounts[i].container_path,
                                                 .source = K8SMI_S(NEST_PLACE)};
  n->depths[place] = n->depths[i];
  b->demand->features |= K8SM_FEATURE_HOST_PATH;
}

/* True: it is inside of another. */
static bool nest_check(struct nest *n, size_t i) {
  const struct k8smi_demand_mount *mount = &n->mounts[i];
  struct k8smi_path at = k8smi_path_index(n->list, mount->record);
  struct k8smi_path path = k8smi_path_field(&at, K8SMI_S("mountPath"));
  size_t len = n->paths[i].len;
  const struct k8smi_demand_mount *nearest = nest_outer(n, n->paths[i], &len);
  for (const struct k8smi_demand_mount *outer = nearest; outer != NULL;
       outer = nest_outer(n, n->paths[i], &len)) {
    if (nest_turns[outer->kind] <= nest_turns[mount->kind]) continue;
    k8smi_demand_cannot(n->b, &path,
                        "'%.*s' is inside of the mount at '%.*s', which an agent makes later and so hides it",
                        K8SMI_P(mount->container_path), K8SMI_P(outer->container_path));
    return true;
  }
  if (nearest != NULL && mount->kind == K8SMI_VOLUME_SECRET && nearest->kind != K8SMI_VOLUME_SECRET)
    nest_make_place(n, i, nearest, &path);
  return nearest != NULL;
}

/* Those of less depth first; of equals the order stays. */
static void nest_sort(struct nest *n) {
  size_t all = n->count + n->places, deepest = 0;
  for (size_t i = 0; i < all; i++) deepest = n->depths[i] > deepest ? n->depths[i] : deepest;
  struct k8smi_demand_mount *sorted = k8smi_demand_array(n->b, all, sizeof *sorted);
  size_t *starts = k8smi_arena_array(&n->arena, deepest + 2, sizeof *starts);
  if (sorted == NULL || starts == NULL) {
    n->b->no_memory = true;
    return;
  }
  for (size_t i = 0; i < all; i++) starts[n->depths[i] + 1]++;
  for (size_t i = 0; i <= deepest; i++) starts[i + 1] += starts[i];
  for (size_t i = 0; i < all; i++) sorted[starts[n->depths[i]]++] = n->mounts[i];
  n->mounts = sorted;
}

/* False: memory ran out. */
static bool nest_read(struct nest *n, const struct k8smi_demand_task *task) {
  n->count = task->mount_count;
  n->mounts = k8smi_arena_array(&n->arena, 2 * n->count, sizeof *n->mounts);
  n->paths = k8smi_arena_array(&n->arena, n->count, sizeof *n->paths);
  n->depths = k8smi_arena_array(&n->arena, 2 * n->count, sizeof *n->depths);
  if (n->mounts == NULL || n->paths == NULL || n->depths == NULL) return false;
  memcpy(n->mounts, task->mounts, n->count * sizeof *n->mounts);
  for (size_t i = 0; i < n->count; i++) {
    n->paths[i] = nest_clean(n, task->mounts[i].container_path);
    if (n->paths[i].ptr == NULL || !k8smi_map_put(&n->by_path, n->paths[i], (uint32_t)i)) return false;
    n->depths[i] = nest_depth(n->paths[i]);
  }
  return true;
}

void k8smi_demand_nest_mounts(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  const struct k8smi_path list = k8smi_path_field(s->path, K8SMI_S("volumeMounts"));
  struct nest n = {.b = b, .list = &list};
  bool nested = false;
  if (s->task->mount_count < 2) return;
  k8smi_arena_init(&n.arena, &b->demand->arena.allocator, 0);
  k8smi_map_init(&n.by_path, &n.arena.allocator, k8smi_hash(b->demand->uid.ptr, b->demand->uid.len, 0));
  if (nest_read(&n, s->task)) {
    for (size_t i = 0; i < n.count; i++) nested = nest_check(&n, i) || nested;
    if (nested) nest_sort(&n);
    if (nested && !b->no_memory) {
      s->task->mounts = n.mounts;
      s->task->mount_count = n.count + n.places;
    }
  } else {
    b->no_memory = true;
  }
  k8smi_map_free(&n.by_path);
  k8smi_arena_free(&n.arena);
}
