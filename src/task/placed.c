/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod asks of the place where it runs (spec.nodeName, status.hostIP, status.podIP): known here. */
#include "task/build.h"

#include "base/buf.h"

/* Where offers name no address, the hostname has to do. */
static struct k8sm_slice placed_address(struct k8smi_task_build *b) {
  const struct k8smi_placement *p = b->placement;
  if (p->address.len > 0) return p->address;
  if (!b->address_noted)
    k8smi_find(b->diags, K8SM_DIAG_TASK_FIELD_APPROXIMATED, NULL,
               "the offers of agent '%.*s' state no address: pods that ask for it are told its hostname",
               K8SMI_P(p->agent_id));
  b->address_noted = true;
  return p->hostname;
}

static struct k8sm_slice placed_value(struct k8smi_task_build *b, struct k8sm_slice stand_in) {
  return k8smi_eq(stand_in, K8SMI_PLACED_NAME) ? b->placement->hostname : placed_address(b);
}

static void placed_put(struct k8smi_task_build *b, struct k8sm_slice text, struct k8smi_buf *buf) {
  enum { STAND_IN = 2 };
  for (size_t i = 0; i < text.len;) {
    const char *rest = text.ptr + i, *nul = memchr(rest, '\0', text.len - i);
    size_t plain = nul == NULL ? text.len - i : (size_t)(nul - rest);
    k8smi_buf_put(buf, rest, plain);
    i += plain;
    if (nul == NULL || text.len - i < STAND_IN) break;
    k8smi_buf_slice(buf, placed_value(b, (struct k8sm_slice){nul, STAND_IN}));
    i += STAND_IN;
  }
}

struct k8sm_slice k8smi_task_placed(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                                    struct k8sm_slice text) {
  struct k8smi_buf buf;
  struct k8sm_slice placed = {NULL, 0};
  if (!task->placed || text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL) return text;
  if (k8smi_buf_init(&buf, &b->arena.allocator)) {
    placed_put(b, text, &buf);
    if (!buf.failed) placed = k8smi_arena_copy(&b->arena, buf.ptr, buf.len);
    k8smi_buf_free(&buf);
  }
  if (placed.ptr == NULL) b->no_memory = true;
  return placed;
}
