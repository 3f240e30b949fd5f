/* SPDX-License-Identifier: Apache-2.0 */
/* Places pods with the algebra of resources alone. */
#include "bench_rival.h"

#include <stdio.h>
#include <stdlib.h>

struct algebra {
  struct k8sm_resources **left;  /* of each offer */
  struct k8sm_resources **asked; /* by each pod */
  size_t offers, pods;
};

static struct k8sm_resources *algebra_asked(const struct rival_pod *pod) {
  const struct k8sm_resources_options options = {.size = sizeof options, .format = K8SM_FORMAT_JSON};
  struct k8sm_resources *asked;
  static const char scalar[] = "%s{\"name\":\"%s\",\"type\":\"SCALAR\",\"scalar\":{\"value\":%lld.%03lld},"
                               "\"allocation_info\":{\"role\":\"*\"}}";
  char text[1024];
  int len =
      snprintf(text, sizeof text, scalar, "{\"resources\":[", "cpus", pod->cpus / 1000, pod->cpus % 1000);
  len += snprintf(text + len, sizeof text - (size_t)len, scalar, ",", "mem", pod->mem, 0LL);
  len += snprintf(text + len, sizeof text - (size_t)len, scalar, ",", "disk", pod->disk, 0LL);
  len += snprintf(text + len, sizeof text - (size_t)len, "]}");
  rival_require(k8sm_resources_parse(text, (size_t)len, &options, &asked, NULL) == K8SM_OK, text);
  return asked;
}

static void algebra_fill(struct algebra *a, const struct k8sm_offers *offers, const struct rival_pod *pods) {
  a->left = calloc(a->offers, sizeof *a->left);
  a->asked = calloc(a->pods, sizeof *a->asked);
  rival_require(a->left != NULL && a->asked != NULL, "memory");
  for (size_t i = 0; i < a->offers; i++) {
    rival_require(k8sm_offers_take(offers, i, NULL, &a->left[i], NULL) == K8SM_OK, "an offer");
  }
  for (size_t i = 0; i < a->pods; i++) a->asked[i] = algebra_asked(&pods[i]);
}

static void algebra_empty(struct algebra *a) {
  for (size_t i = 0; i < a->offers; i++) k8sm_resources_unref(a->left[i]);
  for (size_t i = 0; i < a->pods; i++) k8sm_resources_unref(a->asked[i]);
  free(a->left);
  free(a->asked);
}

/* From the first that has it. */
static bool algebra_take(struct algebra *a, const struct k8sm_resources *asked) {
  struct k8sm_resources *found, *rest;
  for (size_t i = 0; i < a->offers; i++) {
    if (k8sm_resources_find(a->left[i], asked, NULL, &found, NULL) != K8SM_OK) continue;
    rival_require(k8sm_resources_subtract(a->left[i], found, NULL, &rest, NULL) == K8SM_OK, "a difference");
    k8sm_resources_unref(found);
    k8sm_resources_unref(a->left[i]);
    a->left[i] = rest;
    return true;
  }
  return false;
}

double rival_algebra_round(const struct k8sm_offers *offers, const struct rival_pod *pods, size_t count,
                           size_t *placed) {
  struct algebra a = {.offers = k8sm_offers_rows(offers, 0, NULL, sizeof(struct k8sm_offer), 0),
                      .pods = count};
  algebra_fill(&a, offers, pods);
  *placed = 0;
  double begin = rival_now();
  for (size_t i = 0; i < count; i++) *placed += algebra_take(&a, a.asked[i]);
  double took = rival_now() - begin;
  algebra_empty(&a);
  return took;
}
