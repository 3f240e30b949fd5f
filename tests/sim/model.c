/* SPDX-License-Identifier: Apache-2.0 */
/* Visits the states of the model in the order of how many moves lead to them, so that what was seen is every
 * interleaving of so many; and where those are not all, others on walks that go further. In each one the
 * invariants of its moves hold; and from each one, if nothing goes wrong any more, the pod comes to where it
 * belongs. */
#include "sim/model.h"
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXPLORE_CALM_STEPS = 400, EXPLORE_WALK = 120, EXPLORE_WALKS = 2000, EXPLORE_NOBODY = UINT32_MAX };

/* Hashes of states. */
struct explore_set {
  uint64_t *slots;
  size_t cap, count;
};

/* How a state was come to first: by which move, from which other one. */
struct explore_way {
  uint32_t from;
  struct model_move move;
};

/* Those that so many moves lead to. */
struct explore_level {
  struct model_node *nodes;
  size_t first; /* the number of the first one of them; the others follow */
  size_t count, cap;
};

struct explore {
  struct model model;
  struct explore_set seen, calm; /* visited; known to come to where they belong */
  struct explore_way *ways;      /* to each state that was visited, in that order */
  size_t way_count, way_cap;
  struct explore_level level, next;
  uint64_t transitions, limit;
  bool full; /* the limit was reached */
  size_t depth;
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

static void *explore_grow(void *items, size_t count, size_t *cap, size_t size) {
  if (count < *cap) return items;
  *cap = *cap == 0 ? 1 << 10 : *cap * 2;
  items = realloc(items, *cap * size);
  if (items == NULL) abort();
  return items;
}

static uint32_t explore_note(struct explore *x, uint32_t from, struct model_move move) {
  x->ways = explore_grow(x->ways, x->way_count, &x->way_cap, sizeof *x->ways);
  x->ways[x->way_count] = (struct explore_way){from, move};
  return (uint32_t)x->way_count++;
}

/* Takes the node. */
static bool explore_visit(struct explore *x, struct model_node *n, uint32_t from, struct model_move move) {
  if (!explore_add(&x->seen, explore_hash(n, true))) {
    model_node_free(n);
    return true;
  }
  explore_note(x, from, move);
  struct explore_level *to = &x->next;
  to->nodes = explore_grow(to->nodes, to->count, &to->cap, sizeof *to->nodes);
  to->nodes[to->count++] = *n;
  return explore_calm_down(x, n);
}

static bool explore_from(struct explore *x, const struct model_node *n, uint32_t number) {
  struct model_move moves[MODEL_MOVES_MAX];
  struct model_node next;
  size_t count = model_moves(n, true, moves);
  bool good = true;
  for (size_t i = 0; good && i < count && !x->full; i++) {
    x->transitions++;
    good = model_do(&x->model, n, moves[i], &next);
    if (good) {
      good = explore_visit(x, &next, number, moves[i]);
    } else {
      model_node_free(&next);
      explore_note(x, number, moves[i]); /* to tell of it */
    }
    x->full = x->seen.count >= x->limit;
  }
  return good;
}

static void explore_clear(struct explore_level *level) {
  for (size_t i = 0; i < level->count; i++) model_node_free(&level->nodes[i]);
  level->count = 0;
}

/* What is one move further; `depth` counts levels that are whole. */
static bool explore_deeper(struct explore *x) {
  struct explore_level *level = &x->level;
  bool good = true;
  x->next.first = x->way_count;
  for (size_t i = 0; good && i < level->count && !x->full; i++)
    good = explore_from(x, &level->nodes[i], (uint32_t)(level->first + i));
  explore_clear(level);
  const struct explore_level done = *level;
  *level = x->next;
  x->next = done;
  x->depth += good && !x->full && level->count > 0;
  return good;
}

/* From the beginning, always by a move that is drawn. */
static bool explore_walk(struct explore *x, const struct model_faults *faults, uint64_t seed) {
  struct model_node n = model_begin(&x->model, faults), next;
  struct model_move moves[MODEL_MOVES_MAX];
  uint32_t at = explore_note(x, EXPLORE_NOBODY, (struct model_move){0, 0});
  bool good = true;
  for (int step = 0; good && step < EXPLORE_WALK; step++) {
    size_t count = model_moves(&n, true, moves);
    if (count == 0) break;
    const struct model_move move = moves[(seed = k8smi_hash(&seed, sizeof seed, 7)) % count];
    at = explore_note(x, at, move);
    x->transitions++;
    good = model_do(&x->model, &n, move, &next);
    model_node_free(&n);
    n = next;
    if (good && explore_add(&x->seen, explore_hash(&n, true))) good = explore_calm_down(x, &n);
  }
  model_node_free(&n);
  return good;
}

/* Half as many states again, if two thousand walks come to so many. */
static bool explore_walks(struct explore *x, const struct model_faults *faults) {
  const size_t enough = x->seen.count + x->limit / 2;
  bool good = true;
  for (uint64_t walk = 1; good && x->seen.count < enough && walk <= EXPLORE_WALKS; walk++) {
    x->way_count = 0;
    good = explore_walk(x, faults, walk);
  }
  return good;
}

static void explore_tell_way(const struct explore *x, uint32_t number) {
  struct model_move moves[256];
  size_t n = 0;
  for (uint32_t at = number; x->ways[at].from != EXPLORE_NOBODY && n < 256; at = x->ways[at].from)
    moves[n++] = x->ways[at].move;
  while (n-- > 0) printf(" %s(%u)", model_move_name(moves[n].type), moves[n].task);
}

static void explore_tell(const struct explore *x, const char *name) {
  printf("%s: BROKEN: %s: %s\nafter:", name, x->model.broken, x->model.words);
  explore_tell_way(x, (uint32_t)(x->way_count - 1));
  printf("\n");
}

static void explore_free(struct explore *x) {
  explore_clear(&x->level);
  explore_clear(&x->next);
  free(x->level.nodes);
  free(x->next.nodes);
  free(x->ways);
  free(x->seen.slots);
  free(x->calm.slots);
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
  bool good = explore_visit(&x, &first, EXPLORE_NOBODY, (struct model_move){0, 0});
  const struct explore_level one = x.next;
  x.next = x.level;
  x.level = one;
  while (good && x.level.count > 0 && !x.full) good = explore_deeper(&x);
  const size_t in_order = x.seen.count;
  if (good && x.full) good = explore_walks(&x, faults);
  if (!good) explore_tell(&x, name);
  if (x.full)
    printf("%s: %zu states: every interleaving of %zu moves, and some that are longer; %zu more on walks",
           name, in_order, x.depth, x.seen.count - in_order);
  else
    printf("%s: %zu states: every interleaving there is, of %zu moves at most", name, in_order, x.depth);
  printf("; %llu transitions, %.1f s\n", (unsigned long long)x.transitions,
         (double)(clock() - began) / CLOCKS_PER_SEC);
  fflush(stdout);
  explore_free(&x);
  model_close(&x.model);
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
      fprintf(stderr, "usage: model [--states=N]\nVisits N states of each pod with each set of faults in "
                      "order of the moves "
                      "that lead to them, and half as many on walks.\n");
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
