/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "pod/encode.h"

/* Whether two values are written alike. The records themselves may differ: what was read back from a row has
 * empty objects where the manifest had none. */

static void same_put(struct k8smi_buf *buf, const struct k8smi_field *field,
                     const struct k8smi_record *record, unsigned number) {
  union k8smi_slot slots[64];
  struct k8smi_json w;
  k8smi_json_init(&w, buf, false);
  if (k8smi_record_spread(record, slots) >> number & 1)
    k8smi_encode_value(&w, field, slots[number]);
  else if (field->kind == K8SMI_KIND_RECORD && field->mode == K8SMI_MODE_ALWAYS)
    k8smi_encode_record(&w, field->child, NULL);
}

static int same_end(struct k8smi_buf *a, struct k8smi_buf *b, bool *ret) {
  int r = a->failed || b->failed ? K8SM_ERR_NOMEM : K8SM_OK;
  *ret = k8smi_eq((struct k8sm_slice){a->ptr, a->len}, (struct k8sm_slice){b->ptr, b->len});
  k8smi_buf_free(a);
  k8smi_buf_free(b);
  return r;
}

int k8smi_ctl_same_field(const struct k8sm_control *c, unsigned type, unsigned field,
                         const struct k8smi_record *a, const struct k8smi_record *b, bool *ret) {
  struct k8smi_buf left, right;
  k8smi_buf_init(&left, &c->allocator);
  k8smi_buf_init(&right, &c->allocator);
  same_put(&left, &k8smi_types[type].fields[field], a, field);
  same_put(&right, &k8smi_types[type].fields[field], b, field);
  return same_end(&left, &right, ret);
}

int k8smi_ctl_same_record(const struct k8sm_control *c, unsigned type, const struct k8smi_record *a,
                          const struct k8smi_record *b, bool *ret) {
  struct k8smi_buf left, right;
  struct k8smi_json w;
  k8smi_buf_init(&left, &c->allocator);
  k8smi_buf_init(&right, &c->allocator);
  k8smi_json_init(&w, &left, false);
  k8smi_encode_record(&w, type, a);
  k8smi_json_init(&w, &right, false);
  k8smi_encode_record(&w, type, b);
  return same_end(&left, &right, ret);
}
