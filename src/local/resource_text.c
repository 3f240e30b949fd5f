/* SPDX-License-Identifier: Apache-2.0 */
#include "base/findings.h"
#include "local/networks.h"
#include "local/text.h"
#include "wire/number.h"

/* What agents are started with: resources and attributes in Mesos' text form, and networks. */

struct text_cursor {
  const char *at;
  const char *whole;
  const char *wrong; /* what is at `at`: in words, once it is known */
};

/* Returns what it comes to. */
static int text_wrong(struct text_cursor *c, const char *at, const char *words) {
  c->at = at;
  c->wrong = words;
  return K8SM_ERR_SYNTAX;
}

/* Where the text is wrong, and what was found there: up to the end of the entry, or of what fits a line. */
static int text_report(const struct text_cursor *c, int result, const struct k8smi_path *path,
                       struct k8sm_diags *diags) {
  enum { MOST = 40 };
  if (result != K8SM_ERR_SYNTAX || c->wrong == NULL) return result;
  size_t column = (size_t)(c->at - c->whole) + 1, n = *c->at != '\0';
  while (n != 0 && *c->at != ';' && n < MOST && c->at[n] != '\0' && c->at[n] != ';') n++;
  if (n == 0)
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, path, "column %zu: the text ends; %s", column, c->wrong);
  else
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, path, "column %zu: found '%.*s'; %s", column, (int)n, c->at,
               c->wrong);
  return result;
}

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

/* In text, unlike in messages, ranges may overlap. */
static int text_ranges(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Value__Ranges **ret) {
  K8smMesos__Value__Ranges *to = k8smi_message_new(arena, &k8sm_mesos__value__ranges__descriptor);
  size_t room = text_count(c->at, ']', ','), n = 0;
  struct local_range *ranges = k8smi_arena_array(arena, room, sizeof(struct local_range));
  if (to == NULL || ranges == NULL) return K8SM_ERR_NOMEM;
  do {
    struct local_range *range = &ranges[n++];
    const char *start = c->at;
    if (!k8smi_parse_u64(text_until(c, "-],;"), &range->begin) || !text_take(c, '-') ||
        !k8smi_parse_u64(text_until(c, "],;"), &range->end))
      return text_wrong(c, start, "expected a range, as 31000-32000");
    if (range->begin > range->end)
      return text_wrong(c, start, "expected a range that does not end before it begins");
  } while (text_take(c, ','));
  *ret = to;
  if (!text_take(c, ']')) return text_wrong(c, c->at, "expected ',' or ']'");
  return k8smi_local_ranges_write(arena, ranges, k8smi_local_ranges_sort(ranges, n), to) ? K8SM_OK
                                                                                         : K8SM_ERR_NOMEM;
}

static int text_set(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Value__Set **ret) {
  K8smMesos__Value__Set *set = k8smi_message_new(arena, &k8sm_mesos__value__set__descriptor);
  size_t n = text_count(c->at, '}', ',');
  if (set == NULL || (set->item = k8smi_arena_array(arena, n, sizeof(char *))) == NULL) return K8SM_ERR_NOMEM;
  do {
    struct k8sm_slice item = text_until(c, ",}");
    struct k8sm_slice kept = k8smi_arena_slice(arena, item);
    if (kept.ptr == NULL) return K8SM_ERR_NOMEM;
    if (item.len == 0) return text_wrong(c, c->at, "expected an item of the set");
    set->item[set->n_item++] = (char *)(uintptr_t)kept.ptr;
  } while (text_take(c, ','));
  *ret = set;
  return text_take(c, '}') ? K8SM_OK : text_wrong(c, c->at, "expected ',' or '}'");
}

static int text_number(struct k8smi_arena *arena, struct k8sm_slice text, K8smMesos__Value__Scalar **ret) {
  K8smMesos__Value__Scalar *scalar = k8smi_message_new(arena, &k8sm_mesos__value__scalar__descriptor);
  if (scalar == NULL) return K8SM_ERR_NOMEM;
  if (!k8smi_parse_double(text, &scalar->value)) return K8SM_ERR_SYNTAX;
  *ret = scalar;
  return K8SM_OK;
}

static int text_reserve(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Resource *resource) {
  struct k8sm_slice role = text_until(c, ");");
  if (role.len == 0) return text_wrong(c, c->at, "expected a role");
  struct k8sm_slice kept = k8smi_arena_slice(arena, role);
  if (kept.ptr == NULL) return K8SM_ERR_NOMEM;
  resource->role = (char *)(uintptr_t)kept.ptr;
  return text_take(c, ')') ? K8SM_OK : text_wrong(c, c->at, "expected ')' behind the role");
}

static int text_resource(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Resource *resource) {
  struct k8sm_slice name = k8smi_arena_slice(arena, text_until(c, "(:;"));
  if (name.ptr == NULL) return K8SM_ERR_NOMEM;
  if (name.len == 0) return text_wrong(c, c->at, "expected a resource, as cpus:4 or ports:[31000-32000]");
  resource->name = (char *)(uintptr_t)name.ptr;
  if (text_take(c, '(')) {
    int result = text_reserve(arena, c, resource);
    if (result != K8SM_OK) return result;
  }
  if (!text_take(c, ':')) return text_wrong(c, c->at, "expected ':' and a value");
  if (text_take(c, '[')) {
    resource->type = K8SM_MESOS__VALUE__TYPE__RANGES;
    return text_ranges(arena, c, &resource->ranges);
  }
  if (text_take(c, '{')) {
    resource->type = K8SM_MESOS__VALUE__TYPE__SET;
    return text_set(arena, c, &resource->set);
  }
  resource->type = K8SM_MESOS__VALUE__TYPE__SCALAR;
  const char *start = c->at;
  int result = text_number(arena, text_until(c, ";"), &resource->scalar);
  return result == K8SM_ERR_SYNTAX ? text_wrong(c, start, "expected a number") : result;
}

/* "[{"name":"disk",…}]", as an agent reads it: Mesos' text has no disks of their own. */
static int text_json(struct k8smi_arena *arena, const char *text, const struct k8smi_path *path,
                     struct local_bag *ret, struct k8sm_diags *diags) {
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
                                                list.len, &message, diags);
  k8smi_buf_free(&list);
  if (result == K8SM_OK) {
    const K8smMesos__Offer__Operation__Reserve *all = (K8smMesos__Offer__Operation__Reserve *)message;
    result = k8smi_local_bag_read(arena, all->resources, all->n_resources, ret, &why);
    if (result == K8SM_ERR_INVALID) k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, path, "%s", why);
  }
  return result == K8SM_OK || result == K8SM_ERR_NOMEM ? result : K8SM_ERR_SYNTAX;
}

static int text_resources(struct k8smi_arena *arena, struct text_cursor *c, struct local_bag *sum) {
  while (*c->at != '\0') {
    K8smMesos__Resource *resource = k8smi_message_new(arena, &k8sm_mesos__resource__descriptor);
    const char *start = c->at, *why;
    struct local_bag one;
    if (resource == NULL) return K8SM_ERR_NOMEM;
    int result = text_resource(arena, c, resource);
    if (result != K8SM_OK) return result;
    result = k8smi_local_bag_read(arena, &resource, 1, &one, &why);
    if (result == K8SM_ERR_INVALID) return text_wrong(c, start, why);
    if (result != K8SM_OK || !k8smi_local_bag_add(arena, sum, &one, sum)) return K8SM_ERR_NOMEM;
    if (!text_take(c, ';') && *c->at != '\0') return text_wrong(c, c->at, "expected ';' or the end");
  }
  return K8SM_OK;
}

int k8smi_local_bag_parse(struct k8smi_arena *arena, const char *text, const struct k8smi_path *path,
                          struct local_bag *ret, struct k8sm_diags *diags) {
  struct text_cursor c = {text, text, NULL};
  if (text[0] == '[') return text_json(arena, text, path, ret, diags);
  struct local_bag sum = {NULL, 0};
  int result = text_resources(arena, &c, &sum);
  if (result == K8SM_OK) *ret = sum;
  return text_report(&c, result, path, diags);
}

/* A value that is not a range or a set is a number if it reads as one, and a text otherwise. */
static int text_attribute(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Attribute *attribute) {
  struct k8sm_slice name = k8smi_arena_slice(arena, text_until(c, ":;"));
  if (name.ptr == NULL) return K8SM_ERR_NOMEM;
  attribute->name = (char *)(uintptr_t)name.ptr;
  if (name.len == 0) return text_wrong(c, c->at, "expected an attribute, as rack:r1");
  if (!text_take(c, ':')) return text_wrong(c, c->at, "expected ':' and a value");
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

static int text_attributes(struct k8smi_arena *arena, struct text_cursor *c, K8smMesos__Attribute **out,
                           size_t *count) {
  while (*c->at != '\0') {
    K8smMesos__Attribute *attribute = k8smi_message_new(arena, &k8sm_mesos__attribute__descriptor);
    if (attribute == NULL) return K8SM_ERR_NOMEM;
    int result = text_attribute(arena, c, attribute);
    if (result != K8SM_OK) return result;
    out[(*count)++] = attribute;
    if (!text_take(c, ';') && *c->at != '\0') return text_wrong(c, c->at, "expected ';' or the end");
  }
  return K8SM_OK;
}

int k8smi_local_attributes_parse(struct k8smi_arena *arena, const char *text, const struct k8smi_path *path,
                                 K8smMesos__Attribute ***ret, size_t *count, struct k8sm_diags *diags) {
  struct text_cursor c = {text, text, NULL};
  K8smMesos__Attribute **out =
      k8smi_arena_array(arena, text_count(text, '\0', ';'), sizeof(K8smMesos__Attribute *));
  if (out == NULL) return K8SM_ERR_NOMEM;
  *count = 0;
  *ret = out;
  return text_report(&c, text_attributes(arena, &c, out, count), path, diags);
}

/* A part of an address. */
static bool text_octet(struct text_cursor *c, uint64_t *address) {
  enum { TEXT_OCTET = 255 };
  const char *start = c->at;
  uint64_t n;
  if (!k8smi_parse_u64(text_until(c, "./;"), &n) || n > TEXT_OCTET) {
    text_wrong(c, start, "expected a number from 0 to 255");
    return false;
  }
  *address = *address << 8 | n;
  return true;
}

static bool text_between(struct text_cursor *c, char want, const char *words) {
  if (text_take(c, want)) return true;
  text_wrong(c, c->at, words);
  return false;
}

/* "10.77.0.0/24": not so few addresses that none is left for a container. */
static int text_subnet(struct text_cursor *c, struct local_network *network) {
  enum { TEXT_OCTETS = 4, TEXT_FEWEST_BITS = 8, TEXT_MOST_BITS = 30 };
  uint64_t address = 0, n;
  for (int i = 0; i < TEXT_OCTETS; i++) {
    if (i > 0 && !text_between(c, '.', "expected '.' and the rest of an address")) return K8SM_ERR_SYNTAX;
    if (!text_octet(c, &address)) return K8SM_ERR_SYNTAX;
  }
  if (!text_between(c, '/', "expected '/' and the length of the prefix")) return K8SM_ERR_SYNTAX;
  const char *start = c->at;
  if (!k8smi_parse_u64(text_until(c, ";"), &n) || n < TEXT_FEWEST_BITS || n > TEXT_MOST_BITS)
    return text_wrong(c, start, "expected the length of the prefix, from 8 to 30");
  network->count = UINT32_C(1) << (32 - n);
  network->first = (uint32_t)address & ~(network->count - 1);
  return K8SM_OK;
}

static bool text_knows(const struct local_network *networks, size_t n, const char *name) {
  size_t i = 0;
  while (i < n && strcmp(networks[i].name, name) != 0) i++;
  return i < n;
}

static int text_network(struct k8smi_arena *arena, struct text_cursor *c, struct local_network *out,
                        size_t count) {
  const char *start = c->at;
  struct k8sm_slice name = k8smi_arena_slice(arena, text_until(c, "=;"));
  if (name.ptr == NULL) return K8SM_ERR_NOMEM;
  if (name.len == 0) return text_wrong(c, start, "expected a network, as plain=10.77.0.0/24");
  if (text_knows(out, count, name.ptr))
    return text_wrong(c, start, "a network of this name is there already");
  out[count] = (struct local_network){.name = name.ptr};
  if (!text_take(c, '=')) return text_wrong(c, c->at, "expected '=' and a subnet, as 10.77.0.0/24");
  int result = text_subnet(c, &out[count]);
  if (result != K8SM_OK) return result;
  return text_take(c, ';') || *c->at == '\0' ? K8SM_OK : text_wrong(c, c->at, "expected ';' or the end");
}

int k8smi_local_networks_parse(struct k8smi_arena *arena, const char *text, const struct k8smi_path *path,
                               struct local_network **ret, size_t *count, struct k8sm_diags *diags) {
  struct text_cursor c = {text, text, NULL};
  struct local_network *out = k8smi_arena_array(arena, text_count(text, '\0', ';'), sizeof(*out));
  size_t n = 0;
  int result = K8SM_OK;
  if (out == NULL) return K8SM_ERR_NOMEM;
  for (; result == K8SM_OK && *c.at != '\0'; n++) result = text_network(arena, &c, out, n);
  *ret = out;
  *count = n;
  return text_report(&c, result, path, diags);
}
