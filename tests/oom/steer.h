/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_OOM_STEER_H
#define TESTS_OOM_STEER_H

/* A control with a driver that does at once what it is told, through a scene. Each allocation of each step
 * fails once. A step that says NOMEM can be tried again; what else was lacking comes with later steps: in the
 * end there are the pods that there should be, and then none, and no row. */

#include <k8smesos/k8smesos.h>

#include <stdbool.h>

enum { STEER_QUEUE = 1024, STEER_KEYS = 64, STEER_KEY = 128, STEER_OBJECTS = 16 };

struct steer_input {
  uint32_t type;
  uint64_t number; /* of the record; of an APPLY: of the object */
  char key[STEER_KEY];
  const char *bytes;
};

struct steer;

struct steer_scene {
  const char *name;
  const char *const *objects; /* workloads and pods; %s is the image in all of them */
  size_t object_count; /* each comes twice: with the image a (number n), and with b (n + object_count) */
  /* What comes when nothing else is to be done. False: it is over. */
  bool (*script)(struct steer *s, size_t stage);
  /* What the driver says of a new pod. */
  const char *(*status)(const struct steer *s, const char *pod);
};

struct steer {
  const struct steer_scene *scene;
  struct k8sm_control *control;
  struct k8sm_effects *effects;
  struct k8sm_workload *workloads[2 * STEER_OBJECTS]; /* as they are first, and then */
  struct k8sm_pod *bare[2 * STEER_OBJECTS];           /* where the object is a pod */
  struct steer_input queue[STEER_QUEUE];
  size_t head, tail;
  char rows[STEER_KEYS][STEER_KEY]; /* keys of the record; empty: free */
  char pods[STEER_KEYS][STEER_KEY];
  size_t pod_count;
  size_t made; /* pods */
  size_t stage;
  uint64_t mono_ms;
  size_t steps;
  const char *wrong;
};

/* An input that waits for its turn. */
void steer_push(struct steer *s, uint32_t type, uint64_t number, const char *key, const char *bytes);
/* A row or a pod that is there from the beginning. */
void steer_is_there(char list[][STEER_KEY], const char *key);
/* Returns the number of failures. */
int steer_sweep_scene(const struct steer_scene *scene);

#endif
