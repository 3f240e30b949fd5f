/* SPDX-License-Identifier: Apache-2.0 */
/* Domain and attributes of an offer → labels and taints of a node. */
#include "cluster/features.h"
#include "cluster/labels.h"
#include "pod/formats.h"
#include "wire/number.h"

enum { ATTRIBUTES_LABEL_MAX = 63, ATTRIBUTES_NAME_MAX = ATTRIBUTES_LABEL_MAX - 10 /* "attribute-" */ };
#define ATTRIBUTES_TAINT    "taint-" /* and the taint's key behind */
#define ATTRIBUTES_FEATURES "agent-features"

static bool attributes_is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Makes what was written from `start` on a valid value, or name, of a label: other characters become
 * underscores, it begins and ends with a letter or digit, and is not too long. True if it was not valid. */
static bool attributes_make_valid(struct k8smi_buf *to, size_t start, size_t max) {
  if (to->failed) return false;
  char *text = to->ptr + start;
  size_t len = to->len - start, skip = 0, before = len;
  bool other = false;
  for (size_t i = 0; i < len; i++) {
    if (attributes_is_alnum(text[i]) || text[i] == '-' || text[i] == '.' || text[i] == '_') continue;
    text[i] = '_';
    other = true;
  }
  while (skip < len && !attributes_is_alnum(text[skip])) skip++;
  len -= skip;
  if (len > max) len = max;
  while (len > 0 && !attributes_is_alnum(text[skip + len - 1])) len--;
  memmove(text, text + skip, len);
  to->len = start + len;
  return other || len != before;
}

static bool attributes_text(struct k8smi_buf *to, const K8smMesos__Attribute *a) {
  size_t start = to->len;
  if (a->text != NULL) k8smi_buf_slice(to, k8smi_s(a->text->value));
  return attributes_make_valid(to, start, ATTRIBUTES_LABEL_MAX);
}

/* Exact, and never in the form 1e+06. What is no number of Mesos' has no value. */
static bool attributes_scalar(struct k8smi_buf *to, const K8smMesos__Attribute *a) {
  int64_t milli;
  if (a->scalar != NULL && k8smi_milli_of_double(a->scalar->value, &milli)) k8smi_put_milli(to, milli);
  return false; /* comparisons of texts let it pass, as the next two */
}

static bool attributes_ranges(struct k8smi_buf *to, const K8smMesos__Attribute *a) {
  size_t start = to->len;
  for (size_t i = 0; a->ranges != NULL && i < a->ranges->n_range; i++) {
    if (i > 0) k8smi_buf_putc(to, '_');
    k8smi_buf_u64(to, a->ranges->range[i]->begin);
    k8smi_buf_putc(to, '-');
    k8smi_buf_u64(to, a->ranges->range[i]->end);
  }
  attributes_make_valid(to, start, ATTRIBUTES_LABEL_MAX);
  return false;
}

static bool attributes_set(struct k8smi_buf *to, const K8smMesos__Attribute *a) {
  size_t start = to->len;
  for (size_t i = 0; a->set != NULL && i < a->set->n_item; i++) {
    if (i > 0) k8smi_buf_putc(to, '_');
    k8smi_buf_slice(to, k8smi_s(a->set->item[i]));
  }
  attributes_make_valid(to, start, ATTRIBUTES_LABEL_MAX);
  return false;
}

/* True if the text is not the label's value as it is. */
static bool attributes_value(struct k8smi_buf *to, const K8smMesos__Attribute *a) {
  static bool (*const writers[])(struct k8smi_buf *, const K8smMesos__Attribute *) = {
      [K8SM_MESOS__VALUE__TYPE__SCALAR] = attributes_scalar,
      [K8SM_MESOS__VALUE__TYPE__RANGES] = attributes_ranges,
      [K8SM_MESOS__VALUE__TYPE__SET] = attributes_set,
      [K8SM_MESOS__VALUE__TYPE__TEXT] = attributes_text,
  };
  size_t type = (size_t)a->type;
  return type < sizeof writers / sizeof writers[0] && writers[type](to, a);
}

static void attributes_put(struct k8smi_buf *keys, struct k8smi_buf *values, const char *key,
                           struct k8sm_slice value) {
  k8smi_buf_puts(keys, key);
  k8smi_buf_putc(keys, '\0');
  k8smi_buf_slice(values, value);
  k8smi_buf_putc(values, '\0');
}

/* The name of a processor as Go has it. */
static struct k8sm_slice attributes_arch(struct k8sm_slice name) {
  static const char *const names[][2] = {
      {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"i386", "386"}, {"i686", "386"}, {"armv7l", "arm"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (k8smi_eqs(name, names[i][0])) return k8smi_s(names[i][1]);
  }
  return name;
}

/* Attributes that say what nodes have labels of their own for. */
static size_t attributes_put_system(struct k8smi_buf *keys, struct k8smi_buf *values,
                                    const K8smMesos__Attribute *a, struct k8sm_slice name) {
  if (a->text == NULL) return 0;
  struct k8sm_slice text = k8smi_s(a->text->value);
  if (k8smi_eqs(name, "os")) {
    attributes_put(keys, values, "kubernetes.io/os", k8smi_eqs(text, "Linux") ? K8SMI_S("linux") : text);
    return 1;
  }
  if (!k8smi_eqs(name, "arch")) return 0;
  attributes_put(keys, values, "kubernetes.io/arch", attributes_arch(text));
  return 1;
}

/* A taint is a text attribute taint-KEY with "VALUE:EFFECT" or "EFFECT". */
static bool attributes_read_taint(const K8smMesos__Attribute *a, struct k8smi_taint *ret) {
  struct k8sm_slice name = k8smi_s(a->name), prefix = K8SMI_S(ATTRIBUTES_TAINT);
  struct k8sm_slice text = k8smi_s(a->text == NULL ? NULL : a->text->value);
  if (name.len <= prefix.len || memcmp(name.ptr, prefix.ptr, prefix.len) != 0) return false;
  const char *colon = text.len == 0 ? NULL : strrchr(text.ptr, ':');
  ret->key = k8smi_s(name.ptr + prefix.len);
  ret->value = (struct k8sm_slice){text.ptr, colon == NULL ? 0 : (size_t)(colon - text.ptr)};
  ret->effect = k8smi_effect_of(colon == NULL ? text : k8smi_s(colon + 1));
  return ret->effect != K8SMI_EFFECT_ANY;
}

bool k8smi_attribute_features(const K8smMesos__Attribute *a, uint32_t *ret, struct k8sm_slice *unknown) {
  if (!k8smi_eqs(k8smi_s(a->name), ATTRIBUTES_FEATURES) || (a->text == NULL && a->set == NULL)) return false;
  *ret = a->text == NULL ? 0 : k8smi_features_of(k8smi_s(a->text->value), unknown);
  for (size_t i = 0; a->set != NULL && i < a->set->n_item; i++)
    *ret |= k8smi_features_of(k8smi_s(a->set->item[i]), unknown);
  return true;
}

static size_t attributes_put_label(struct k8smi_buf *keys, struct k8smi_buf *values,
                                   const K8smMesos__Attribute *a, bool *rewritten) {
  struct k8sm_slice name = k8smi_s(a->name);
  struct k8smi_taint taint;
  struct k8sm_slice unknown;
  uint32_t features;
  size_t start = keys->len, before;
  if (attributes_read_taint(a, &taint) || k8smi_attribute_features(a, &features, &unknown)) return 0;
  if (k8smi_eqs(name, K8SMI_LABEL_HOSTNAME)) return 0; /* the hostname itself has the last word */
  if (name.len > 0 && strchr(name.ptr, '/') != NULL && k8smi_has_format(name, k8smi_format_qualified)) {
    k8smi_buf_slice(keys, name); /* it is the key of a label already */
  } else {
    k8smi_buf_puts(keys, K8SMI_LABEL_ATTRIBUTE);
    before = keys->len;
    k8smi_buf_slice(keys, name);
    *rewritten |= attributes_make_valid(keys, before, ATTRIBUTES_NAME_MAX);
    if (keys->len == before) { /* nothing of the name is left */
      if (!keys->failed) keys->len = start;
      return 0;
    }
  }
  k8smi_buf_putc(keys, '\0');
  *rewritten |= attributes_value(values, a);
  k8smi_buf_putc(values, '\0');
  return 1 + attributes_put_system(keys, values, a, name);
}

static size_t attributes_put_domain(struct k8smi_buf *keys, struct k8smi_buf *values,
                                    const K8smMesos__Offer *offer) {
  const K8smMesos__DomainInfo__FaultDomain *domain =
      offer->domain == NULL ? NULL : offer->domain->fault_domain;
  if (domain == NULL || domain->region == NULL || domain->zone == NULL) return 0;
  attributes_put(keys, values, K8SMI_LABEL_REGION, k8smi_s(domain->region->name));
  attributes_put(keys, values, K8SMI_LABEL_ZONE, k8smi_s(domain->zone->name));
  return 2;
}

static void attributes_put_taint(struct k8smi_buf *to, const struct k8smi_taint *taint) {
  k8smi_buf_slice(to, taint->key);
  k8smi_buf_putc(to, '\0');
  k8smi_buf_slice(to, taint->value);
  k8smi_buf_putc(to, '\0');
  k8smi_buf_puts(to, k8smi_effect_name(taint->effect));
  k8smi_buf_putc(to, '\0');
}

struct k8smi_label_counts k8smi_attributes_put(struct k8smi_buf *keys, struct k8smi_buf *values,
                                               const K8smMesos__Offer *offer) {
  struct k8smi_label_counts counts = {1, 0, false, false, 0};
  struct k8sm_slice unknown;
  attributes_put(keys, values, "kubernetes.io/os", K8SMI_S("linux"));
  for (size_t i = 0; i < offer->n_attributes; i++)
    counts.labels += attributes_put_label(keys, values, offer->attributes[i], &counts.rewritten);
  counts.labels += attributes_put_domain(keys, values, offer);
  for (size_t i = 0; i < offer->n_attributes; i++) {
    struct k8smi_taint taint;
    if (k8smi_attribute_features(offer->attributes[i], &counts.features, &unknown))
      counts.has_features = true;
    if (!attributes_read_taint(offer->attributes[i], &taint)) continue;
    attributes_put_taint(values, &taint);
    counts.taints++;
  }
  return counts;
}
