/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/models.h"
#include "pod/pack.h"
#include "pod/parse.h"

enum { MODELS_LEAST = 16 };

void k8smi_drv_models_free(struct drv_models *models, const struct drv_core *core) {
  for (size_t i = 0; i < models->cap; i++) k8sm_pod_unref(models->slots[i].pod);
  k8smi_free(&core->allocator, models->slots, models->cap * sizeof *models->slots);
  *models = (struct drv_models){NULL, 0, 0};
}

static struct drv_model *models_slot(const struct drv_models *models, uint64_t likeness) {
  return &models->slots[likeness & (models->cap - 1)];
}

/* A slot for each pod: most pods have siblings, so that few kinds meet in one. */
static void models_grow(struct drv_models *models, const struct drv_core *core, size_t pods) {
  struct drv_models grown = {NULL, MODELS_LEAST, 0};
  while (grown.cap < pods) grown.cap *= 2;
  if (grown.cap <= models->cap) return;
  grown.slots = k8smi_zalloc(&core->allocator, grown.cap * sizeof *grown.slots);
  if (grown.slots == NULL) return;
  for (size_t i = 0; i < models->cap; i++) {
    struct drv_model *from = &models->slots[i];
    *models_slot(&grown, from->likeness) = *from; /* no two that were apart meet in a larger table */
  }
  k8smi_free(&core->allocator, models->slots, models->cap * sizeof *models->slots);
  *models = grown;
}

/* One slot for each question: a model that is nobody's any more goes. */
static void models_sweep(struct drv_models *models) {
  struct drv_model *model = &models->slots[models->sweep];
  models->sweep = (models->sweep + 1) & (models->cap - 1);
  if (model->pod == NULL || k8smi_refs_count(&model->pod->refs) != 1) return;
  k8sm_pod_unref(model->pod);
  model->pod = NULL;
}

struct k8sm_pod *k8smi_drv_model_of(struct drv_models *models, const struct drv_core *core,
                                    struct k8sm_pod *pod, size_t pods) {
  models_grow(models, core, pods);
  if (models->cap == 0) return NULL;
  models_sweep(models);
  const uint64_t likeness = k8smi_pod_likeness(pod);
  struct drv_model *model = models_slot(models, likeness);
  if (model->likeness != likeness) {
    k8sm_pod_unref(model->pod);
    *model = (struct drv_model){likeness, NULL};
  } else if (model->pod == NULL) {
    model->pod = k8sm_pod_ref(pod);
  }
  return model->pod;
}
