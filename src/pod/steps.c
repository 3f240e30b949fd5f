/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/steps.h"

#include "wire/number.h"

void k8smi_steps_init(struct k8smi_steps *steps, const char *path) {
  steps->rest = path == NULL ? "" : path;
  steps->pointer = steps->rest[0] == '/';
  steps->first = true;
}

static void step_set_index(struct k8smi_step *step) {
  uint64_t index = 0;
  bool padded = step->name.len > 1 && step->name.ptr[0] == '0'; /* RFC 6901 allows no zeros in front */
  step->is_index =
      !step->quoted && !(step->escaped && padded) && k8smi_parse_u64(step->name, &index) && index <= SIZE_MAX;
  step->index = step->is_index ? (size_t)index : 0;
}

/* "/a~1b": everything up to the next slash. */
static int steps_next_pointer(struct k8smi_steps *steps, struct k8smi_step *ret) {
  const char *from = steps->rest + 1;
  size_t len = strcspn(from, "/");
  for (size_t i = 0; i < len; i++) {
    if (from[i] == '~' && from[i + 1] != '0' && from[i + 1] != '1') return -1;
  }
  *ret = (struct k8smi_step){.name = {from, len}, .escaped = true};
  step_set_index(ret);
  steps->rest = from + len;
  return 1;
}

/* "[3]", "[key]", "['key']", "[name=web]". */
static int steps_next_bracket(struct k8smi_steps *steps, struct k8smi_step *ret) {
  const char *from = steps->rest + 1, *end;
  char quote = from[0] == '\'' || from[0] == '"' ? from[0] : '\0';
  if (quote != '\0') from++;
  for (end = from; *end != '\0'; end++) {
    if (quote == '\0' ? *end == ']' : end[0] == quote && end[1] == ']') break;
  }
  if (*end == '\0' || (end == from && quote == '\0')) return -1;
  *ret =
      (struct k8smi_step){.name = {from, (size_t)(end - from)}, .in_bracket = true, .quoted = quote != '\0'};
  step_set_index(ret);
  steps->rest = end + (quote == '\0' ? 1 : 2);
  return 1;
}

int k8smi_steps_next(struct k8smi_steps *steps, struct k8smi_step *ret) {
  bool first = steps->first;
  if (steps->rest[0] == '\0') return 0;
  steps->first = false;
  if (steps->pointer) return steps_next_pointer(steps, ret);
  if (steps->rest[0] == '[') return steps_next_bracket(steps, ret);
  if (!first && *steps->rest++ != '.') return -1;
  size_t len = strcspn(steps->rest, ".[");
  if (len == 0) return -1;
  *ret = (struct k8smi_step){.name = {steps->rest, len}};
  steps->rest += len;
  return 1;
}

/* The character at *i, without its escape; *i: behind it. */
static char step_char(struct k8sm_slice name, size_t *i) {
  char c = name.ptr[(*i)++];
  return c != '~' ? c : name.ptr[(*i)++] == '0' ? '~' : '/';
}

bool k8smi_step_is(const struct k8smi_step *step, struct k8sm_slice key) {
  if (!step->escaped) return k8smi_eq(step->name, key);
  size_t n = 0;
  for (size_t i = 0; i < step->name.len; n++) {
    if (n >= key.len || key.ptr[n] != step_char(step->name, &i)) return false;
  }
  return n == key.len;
}

struct k8sm_slice k8smi_step_plain(struct k8smi_arena *arena, const struct k8smi_step *step) {
  struct k8sm_slice name = step->name;
  if (!step->escaped || name.len == 0 || memchr(name.ptr, '~', name.len) == NULL) return name;
  char *text = k8smi_arena_bytes(arena, name.len);
  size_t n = 0;
  for (size_t i = 0; text != NULL && i < name.len; n++) text[n] = step_char(name, &i);
  return (struct k8sm_slice){text, n};
}

bool k8smi_step_choice(const struct k8smi_step *step, struct k8sm_slice *field, struct k8sm_slice *value) {
  if (!step->in_bracket || step->quoted) return false;
  const char *equals = memchr(step->name.ptr, '=', step->name.len);
  if (equals == NULL) return false;
  *field = (struct k8sm_slice){step->name.ptr, (size_t)(equals - step->name.ptr)};
  *value = (struct k8sm_slice){equals + 1, step->name.len - field->len - 1};
  char quote = value->len >= 2 ? value->ptr[0] : '\0';
  if ((quote == '\'' || quote == '"') && value->ptr[value->len - 1] == quote)
    *value = (struct k8sm_slice){value->ptr + 1, value->len - 2};
  return true;
}
