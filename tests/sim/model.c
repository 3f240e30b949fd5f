/* SPDX-License-Identifier: Apache-2.0 */
/* Visits every state of the model. In each one the invariants of its moves hold; and from each one, if
 * nothing goes wrong any more, the pod comes to where it belongs. */
#include "sim/model.h"
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXPLORE_DEPTH = 400, EXPLORE_CALM_STEPS = 400 };

/* Hashes of states. */
struct explore_set {
  uint64_t *slots;
  size_t cap, count;
};

struct explore {
  struct model model;
  struct explore_set seen, calm; /* visited; known to come to where they belong */
  uint64_t transitions, limit;
  bool full; /* the limit was reached */
  struct model_move path[EXPLORE_DEPTH];
  size_t depth, deepest;
};

/* True: it is new. */
static bool explore_add(struct explore_set *set, uint64_t hash) {
  if (set->count * 2 >= set->cap) {
    struct explore_set more = {NULL, set->cap == 0 ? 1 << 12 : set->cap * 2, 0};
    more.slots = calloc(more.cap, sizeof *more.slots);
    if (more.slots == NULL) abort();
    for (size_t i = 0; i < set->cap; i++) {
      if (set->slots[i] != 0) explore_add(&more, set->slots[i]);
    }
    free(set->slots);
    *set = more;
  }
  if (hash == 0) hash = 1;
  size_t at = hash & (set->cap - 1);
  while (set->slots[at] != 0 && set->slots[at] != hash) at = (at + 1) & (set->cap - 1);
  if (set->slots[at] == hash) return false;
  set->slots[at] = hash;
  set->count++;
  return true;
}

static uint64_t explore_hash(const struct model_node *n, bool faults) {
  struct model_world world = n->world;
  struct k8sm_blob *blob;
  if (!faults) memset(&world.left, 0, sizeof world.left);
  if (k8sm_status_save(n->status, NULL, NULL, &blob) != K8SM_OK) abort();
  struct k8sm_slice bytes = k8sm_blob_bytes(blob);
  uint64_t hash = k8smi_hash(&world, sizeof world, k8smi_hash(bytes.ptr, bytes.len, 1));
  k8sm_blob_unref(blob);
  return hash;
}

/* Nothing goes wrong any more: the first thing that can happen does. */
static bool explore_calm_down(struct explore *x, const struct model_node *from) {
  struct model_node n = *from, next;
  struct model_move moves[MODEL_MOVES_MAX];
  k8sm_status_ref(n.status);
  bool known = false;
  int step = 0;
  for (; step < EXPLORE_CALM_STEPS && !known && !model_is_settled(&n); step++) {
    known = !explore_add(&x->calm, explore_hash(&n, false));
    if (known || model_moves(&n, false, moves) == 0) break;
    bool good = model_do(&x->model, &n, moves[0], &next);
    model_node_free(&n);
    n = next;
    if (!good) break;
  }
  bool good = x->model.broken == NULL && (known || model_is_settled(&n));
  if (!good && x->model.broken == NULL) {
    x->model.broken = "every pod comes to where it belongs";
    snprintf(x->model.words, sizeof x->model.words, "not so after %d steps in which nothing went wrong",
             step);
  }
  model_node_free(&n);
  return good;
}

static bool explore_from(struct explore *x, const struct model_node *n) {
  struct model_move moves[MODEL_MOVES_MAX];
  struct model_node next;
  if (!explore_add(&x->seen, explore_hash(n, true))) return true;
  if (!explore_calm_down(x, n)) return false;
  if (x->seen.count >= x->limit || x->depth == EXPLORE_DEPTH) {
    x->full = true;
    return true;
  }
  size_t count = model_moves(n, true, moves);
  bool good = true;
  for (size_t i = 0; good && i < count && !x->full; i++) {
    x->path[x->depth++] = moves[i];
    if (x->depth > x->deepest) x->deepest = x->depth;
    x->transitions++;
    good = model_do(&x->model, n, moves[i], &next) && explore_from(x, &next);
    model_node_free(&next);
    if (good) x->depth--;
  }
  return good;
}

static void explore_tell(const struct explore *x, const char *name) {
  printf("%s: BROKEN: %s: %s\nafter:", name, x->model.broken, x->model.words);
  for (size_t i = 0; i < x->depth; i++) printf(" %s(%u)", model_move_name(x->path[i].type), x->path[i].task);
  printf("\n");
}

static bool explore_run(const char *name, const char *spec, const struct model_faults *faults,
                        uint64_t limit) {
  static struct explore x;
  clock_t began = clock();
  memset(&x, 0, sizeof x);
  x.limit = limit;
  if (!model_open(&x.model, spec)) {
    printf("%s: the pod can't be made\n", name);
    return false;
  }
  struct model_node first = model_begin(&x.model, faults);
  bool good = explore_from(&x, &first);
  if (!good) explore_tell(&x, name);
  printf("%s: %zu states, %llu transitions, at most %zu moves deep, %s; %.1f s\n", name, x.seen.count,
         (unsigned long long)x.transitions, x.deepest, x.full ? "stopped at the limit" : "all of them",
         (double)(clock() - began) / CLOCKS_PER_SEC);
  fflush(stdout);
  model_node_free(&first);
  model_close(&x.model);
  free(x.seen.slots);
  free(x.calm.slots);
  return good;
}

#define EXPLORE_C(name) "{\"name\":\"" name "\",\"image\":\"i\"}"

static const struct {
  const char *name, *spec;
} explore_pods[] = {
    {"init and main, Always",
     "{\"initContainers\":[" EXPLORE_C("i") "],\"containers\":[" EXPLORE_C("m") "]}"},
    {"two mains, OnFailure",
     "{\"restartPolicy\":\"OnFailure\",\"containers\":[" EXPLORE_C("a") "," EXPLORE_C("b") "]}"},
    {"sidecar and main, Never", "{\"restartPolicy\":\"Never\",\"initContainers\":[{\"name\":\"s\",\"image\":"
                                "\"i\",\"restartPolicy\":\"Always\"}],"
                                "\"containers\":[" EXPLORE_C("m") "]}"},
};

/* Each with a few kinds of faults at a time: all kinds at once are more states than there is time for. */
static const struct {
  const char *name;
  struct model_faults faults;
} explore_faults[] = {
    {"ends", {.exits = 2, .acks = 1, .copies = 1}},
    {"executors", {.deaths = 1, .drops = 1, .copies = 1}},
    {"agents", {.agents = 1, .gone = 1, .copies = 1, .deletes = 1}},
    {"deletion", {.deletes = 1, .kills = 2, .deaths = 1}},
    {"crashes", {.crashes = 1, .exits = 1, .deaths = 1}},
};

int main(int argc, char **argv) {
  uint64_t limit = 30000;
  bool good = true;
  for (int i = 1; i < argc; i++) {
    if (strncmp(argv[i], "--states=", 9) != 0) {
      fprintf(stderr,
              "usage: model [--states=N]\nVisits at most N states of each pod with each set of faults.\n");
      return 64;
    }
    limit = strtoull(argv[i] + 9, NULL, 10);
  }
  for (size_t p = 0; p < sizeof explore_pods / sizeof explore_pods[0]; p++) {
    for (size_t f = 0; f < sizeof explore_faults / sizeof explore_faults[0]; f++) {
      char name[96];
      snprintf(name, sizeof name, "%s; %s", explore_pods[p].name, explore_faults[f].name);
      good = explore_run(name, explore_pods[p].spec, &explore_faults[f].faults, limit) && good;
    }
  }
  return good ? 0 : 1;
}
