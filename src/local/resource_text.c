/* SPDX-License-Identifier: Apache-2.0 */
#include "local/networks.h"
#include "local/text.h"
#include "wire/number.h"

/* What agents are started with: resources and attributes in Mesos' text form, and networks. */

struct text_cursor {
  const char *at;
};

/* Up to one of the stop characters, which stays. */
static struct k8sm_slice text_until(struct text_cursor *c, const char *stops) {
  const char *start = c->at;
  while (*c->at != '\0' && strchr(stops, *c->at) == NULL) c->at++;
  return (struct k8sm_slice){start, (size_t)(c->at - start)};
}

static bool text_take(struct text_cursor *c, char want) {
  if (*c->at != want) return false;
  c->at++;
  return true;
}

static size_t text_count(const char *at, char close, char between) {
  size_t n = 1;
  for (; *at != '\0' && *at != close; at++) n += *at == between;
  return n;
}

static int text_ranges(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Value__Ranges **ret) {
  K8smMesos__Value__Ranges *ranges = k8smi_message_new(arena, &k8sm_mesos__value__ranges__descriptor);
  size_t n = text_count(c->at, ']', ',');
  if (ranges == NULL ||
      (ranges->range = k8smi_arena_array(arena, n, sizeof(K8smMesos__Value__Range *))) == NULL) {
    return K8SM_ERR_NOMEM;
  }
  do {
    K8smMesos__Value__Range *range = k8smi_message_new(arena, &k8sm_mesos__value__range__descriptor);
    if (range == NULL) return K8SM_ERR_NOMEM;
    if (!k8smi_parse_u64(text_until(c, "-],"), &range->begin) || !text_take(c, '-') ||
        !k8smi_parse_u64(text_until(c, "],"), &range->end) || range->begin > range->end) {
      return K8SM_ERR_SYNTAX;
    }
    ranges->range[ranges->n_range++] = range;
  } while (text_take(c, ','));
  *ret = ranges;
  return text_take(c, ']') ? K8SM_OK : K8SM_ERR_SYNTAX;
}

static int text_set(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Value__Set **ret) {
  K8smMesos__Value__Set *set = k8smi_message_new(arena, &k8sm_mesos__value__set__descriptor);
  size_t n = text_count(c->at, '}', ',');
  if (set == NULL || (set->item = k8smi_arena_array(arena, n, sizeof(char *))) == NULL) return K8SM_ERR_NOMEM;
  do {
    struct k8sm_slice item = text_until(c, ",}");
    struct k8sm_slice kept = k8smi_arena_slice(arena, item);
    if (kept.ptr == NULL) return K8SM_ERR_NOMEM;
    if (item.len == 0) return K8SM_ERR_SYNTAX;
    set->item[set->n_item++] = (char *)(uintptr_t)kept.ptr;
  } while (text_take(c, ','));
  *ret = set;
  return text_take(c, '}') ? K8SM_OK : K8SM_ERR_SYNTAX;
}

static int text_number(struct k8smi_arena *arena, struct k8sm_slice text, K8smMesos__Value__Scalar **ret) {
  K8smMesos__Value__Scalar *scalar = k8smi_message_new(arena, &k8sm_mesos__value__scalar__descriptor);
  if (scalar == NULL) return K8SM_ERR_NOMEM;
  if (!k8smi_parse_double(text, &scalar->value)) return K8SM_ERR_SYNTAX;
  *ret = scalar;
  return K8SM_OK;
}

static int text_reserve(struct k8smi_arena *arena, struct k8sm_slice role, K8smMesos__Resource *resource) {
  if (role.len == 0) return K8SM_ERR_SYNTAX;
  struct k8sm_slice kept = k8smi_arena_slice(arena, role);
  if (kept.ptr == NULL) return K8SM_ERR_NOMEM;
  resource->role = (char *)(uintptr_t)kept.ptr;
  return K8SM_OK;
}

static int text_resource(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Resource *resource) {
  struct k8sm_slice name = k8smi_arena_slice(arena, text_until(c, "(:;"));
  if (name.ptr == NULL) return K8SM_ERR_NOMEM;
  resource->name = (char *)(uintptr_t)name.ptr;
  if (text_take(c, '(')) {
    int result = text_reserve(arena, text_until(c, ")"), resource);
    if (result != K8SM_OK) return result;
    if (!text_take(c, ')')) return K8SM_ERR_SYNTAX;
  }
  if (name.len == 0 || !text_take(c, ':')) return K8SM_ERR_SYNTAX;
  if (text_take(c, '[')) {
    resource->type = K8SM_MESOS__VALUE__TYPE__RANGES;
    return text_ranges(arena, c, &resource->ranges);
  }
  if (text_take(c, '{')) {
    resource->type = K8SM_MESOS__VALUE__TYPE__SET;
    return text_set(arena, c, &resource->set);
  }
  resource->type = K8SM_MESOS__VALUE__TYPE__SCALAR;
  return text_number(arena, text_until(c, ";"), &resource->scalar);
}

/* "[{"name":"disk",…}]", as an agent reads it: Mesos' text has no disks of their own. */
static int text_json(struct k8smi_arena *arena, const char *text, struct local_bag *ret) {
  ProtobufCMessage *message = NULL;
  const char *why;
  struct k8smi_buf list;
  if (!k8smi_buf_init(&list, &arena->allocator)) return K8SM_ERR_NOMEM;
  k8smi_buf_puts(&list, "{\"resources\":");
  k8smi_buf_puts(&list, text);
  k8smi_buf_putc(&list, '}');
  int result = list.failed ? K8SM_ERR_NOMEM
                           : k8smi_message_read(arena, K8SM_FORMAT_JSON,
                                                &k8sm_mesos__offer__operation__reserve__descriptor, list.ptr,
                                                list.len, &message, NULL);
  k8smi_buf_free(&list);
  if (result == K8SM_OK) {
    const K8smMesos__Offer__Operation__Reserve *all = (K8smMesos__Offer__Operation__Reserve *)message;
    const struct k8sm_slice nobody = {NULL, 0};
    result = k8smi_local_bag_read(arena, all->resources, all->n_resources, nobody, ret, &why);
  }
  return result == K8SM_OK || result == K8SM_ERR_NOMEM ? result : K8SM_ERR_SYNTAX;
}

int k8smi_local_bag_parse(struct k8smi_arena *arena, const char *text, struct local_bag *ret) {
  struct text_cursor c = {text};
  if (text[0] == '[') return text_json(arena, text, ret);
  struct local_bag sum = {NULL, 0};
  while (*c.at != '\0') {
    K8smMesos__Resource *resource = k8smi_message_new(arena, &k8sm_mesos__resource__descriptor);
    struct local_bag one;
    const char *why;
    if (resource == NULL) return K8SM_ERR_NOMEM;
    int result = text_resource(arena, &c, resource);
    if (result != K8SM_OK) return result;
    result = k8smi_local_bag_read(arena, &resource, 1, (struct k8sm_slice){NULL, 0}, &one, &why);
    if (result != K8SM_OK) return result == K8SM_ERR_NOMEM ? result : K8SM_ERR_SYNTAX;
    if (!k8smi_local_bag_add(arena, &sum, &one, &sum)) return K8SM_ERR_NOMEM;
    if (!text_take(&c, ';') && *c.at != '\0') return K8SM_ERR_SYNTAX;
  }
  *ret = sum;
  return K8SM_OK;
}

/* A value that is not a range or a set is a number if it reads as one, and a text otherwise. */
static int text_attribute(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Attribute *attribute) {
  struct k8sm_slice name = k8smi_arena_slice(arena, text_until(c, ":;"));
  if (name.ptr == NULL) return K8SM_ERR_NOMEM;
  attribute->name = (char *)(uintptr_t)name.ptr;
  if (name.len == 0 || !text_take(c, ':')) return K8SM_ERR_SYNTAX;
  if (text_take(c, '[')) {
    attribute->type = K8SM_MESOS__VALUE__TYPE__RANGES;
    return text_ranges(arena, c, &attribute->ranges);
  }
  if (text_take(c, '{')) {
    attribute->type = K8SM_MESOS__VALUE__TYPE__SET;
    return text_set(arena, c, &attribute->set);
  }
  struct k8sm_slice value = text_until(c, ";");
  attribute->type = K8SM_MESOS__VALUE__TYPE__SCALAR;
  int result = text_number(arena, value, &attribute->scalar);
  if (result != K8SM_ERR_SYNTAX) return result;
  attribute->type = K8SM_MESOS__VALUE__TYPE__TEXT;
  attribute->text = k8smi_message_new(arena, &k8sm_mesos__value__text__descriptor);
  struct k8sm_slice kept = k8smi_arena_slice(arena, value);
  if (attribute->text == NULL || kept.ptr == NULL) return K8SM_ERR_NOMEM;
  attribute->text->value = (char *)(uintptr_t)kept.ptr;
  return K8SM_OK;
}

int k8smi_local_attributes_parse(struct k8smi_arena *arena, const char *text, K8smMesos__Attribute ***ret,
                                 size_t *count) {
  struct text_cursor c = {text};
  size_t n = 0;
  K8smMesos__Attribute **out =
      k8smi_arena_array(arena, text_count(text, '\0', ';'), sizeof(K8smMesos__Attribute *));
  if (out == NULL) return K8SM_ERR_NOMEM;
  while (*c.at != '\0') {
    K8smMesos__Attribute *attribute = k8smi_message_new(arena, &k8sm_mesos__attribute__descriptor);
    if (attribute == NULL) return K8SM_ERR_NOMEM;
    int result = text_attribute(arena, &c, attribute);
    if (result != K8SM_OK) return result;
    out[n++] = attribute;
    if (!text_take(&c, ';') && *c.at != '\0') return K8SM_ERR_SYNTAX;
  }
  *ret = out;
  *count = n;
  return K8SM_OK;
}

/* "10.77.0.0/24": not so few addresses that none is left for a container. */
static bool text_subnet(struct text_cursor *c, struct local_network *network) {
  enum { TEXT_OCTET = 255, TEXT_FEWEST_BITS = 8, TEXT_MOST_BITS = 30 };
  uint64_t address = 0, n;
  for (int i = 0; i < 3; i++) {
    if (!k8smi_parse_u64(text_until(c, "./;"), &n) || n > TEXT_OCTET || !text_take(c, '.')) return false;
    address = address << 8 | n;
  }
  if (!k8smi_parse_u64(text_until(c, "./;"), &n) || n > TEXT_OCTET || !text_take(c, '/')) return false;
  address = address << 8 | n;
  if (!k8smi_parse_u64(text_until(c, ";"), &n) || n < TEXT_FEWEST_BITS || n > TEXT_MOST_BITS) return false;
  network->count = UINT32_C(1) << (32 - n);
  network->first = (uint32_t)address & ~(network->count - 1);
  return true;
}

int k8smi_local_networks_parse(struct k8smi_arena *arena, const char *text, struct local_network **ret,
                               size_t *count) {
  struct text_cursor c = {text};
  struct local_network *out = k8smi_arena_array(arena, text_count(text, '\0', ';'), sizeof(*out));
  size_t n = 0;
  if (out == NULL) return K8SM_ERR_NOMEM;
  while (*c.at != '\0') {
    struct k8sm_slice name = k8smi_arena_slice(arena, text_until(&c, "=;"));
    if (name.ptr == NULL) return K8SM_ERR_NOMEM;
    out[n] = (struct local_network){.name = name.ptr};
    if (name.len == 0 || !text_take(&c, '=') || !text_subnet(&c, &out[n])) return K8SM_ERR_SYNTAX;
    if (!text_take(&c, ';') && *c.at != '\0') return K8SM_ERR_SYNTAX;
    n++;
  }
  *ret = out;
  *count = n;
  return K8SM_OK;
}
