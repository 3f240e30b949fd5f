/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <stdio.h>
#include <string.h>

struct path_out {
  char *text;
  size_t cap;
  size_t len;
};

static void path_put(struct path_out *o, const char *s, size_t n) {
  for (size_t i = 0; i < n; i++, o->len++) {
    if (o->len + 1 < o->cap) o->text[o->len] = s[i];
  }
}

static void path_put_segment(struct path_out *o, const struct k8smi_path *p, int first) {
  char digits[32];
  switch (p->kind) {
  case K8SMI_PATH_INDEX:
    path_put(o, digits, (size_t)snprintf(digits, sizeof digits, "[%zu]", p->index));
    break;
  case K8SMI_PATH_KEY:
    path_put(o, "[", 1);
    path_put(o, p->name.ptr, p->name.len);
    path_put(o, "]", 1);
    break;
  default:
    if (!first) path_put(o, ".", 1);
    path_put(o, p->name.ptr, p->name.len);
  }
}

size_t k8smi_path_write(const struct k8smi_path *path, char *text, size_t cap) {
  struct path_out o = {text, cap, 0};
  size_t depth = 0;
  for (const struct k8smi_path *p = path; p != NULL; p = p->parent) depth++;
  /* From the root down, without recursion: depth is small, and bounded by the readers. */
  for (size_t level = depth; level > 0; level--) {
    const struct k8smi_path *p = path;
    for (size_t i = 1; i < level; i++) p = p->parent;
    path_put_segment(&o, p, level == depth);
  }
  if (cap > 0) text[o.len < cap ? o.len : cap - 1] = '\0';
  return o.len;
}
