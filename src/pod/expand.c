/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/resolve.h"

struct expand {
  struct k8smi_resolve *r;
  const struct k8smi_environment *env;
  const struct k8smi_path *path;
  struct k8smi_buf buf;
  bool strict; /* every variable has to be there, and not empty */
  bool secret;
  bool placed;
};

/* The variable's value in place of its reference, which is the text itself where there is no such variable.
 */
static void expand_reference(struct expand *e, struct k8sm_slice reference) {
  struct k8sm_slice name = {reference.ptr + 2, reference.len - 3};
  uint32_t i = k8smi_map_get(&e->env->names, name);
  const struct k8smi_variable *variable = i == K8SMI_MAP_NONE ? NULL : &e->env->items[i];
  if (e->strict && (variable == NULL || variable->value.len == 0)) {
    k8smi_resolve_find(e->r, K8SM_DIAG_FIELD_NOT_FOUND, e->path, "missing value for %.*s", K8SMI_P(name));
  } else if (variable == NULL) {
    k8smi_buf_slice(&e->buf, reference);
  } else {
    k8smi_buf_slice(&e->buf, variable->value);
    e->secret = e->secret || variable->secret;
    e->placed = e->placed || variable->placed;
  }
}

/* Goes over the text once: where no bracket closes any more, it is not looked for again. */
static void expand_all(struct expand *e, struct k8sm_slice text) {
  bool closes = true;
  for (size_t i = 0; i < text.len && e->buf.len <= K8SMI_RESOLVE_MAX_TEXT;) {
    struct k8sm_slice rest = {text.ptr + i, text.len - i};
    const char *dollar = memchr(rest.ptr, '$', rest.len), *end = NULL;
    size_t plain = dollar == NULL ? rest.len : (size_t)(dollar - rest.ptr);
    k8smi_buf_put(&e->buf, rest.ptr, plain);
    i += plain;
    if (dollar == NULL) break;
    char next = plain + 1 < rest.len ? dollar[1] : '\0';
    if (next == '(' && closes) closes = (end = memchr(dollar, ')', rest.len - plain)) != NULL;
    if (end != NULL) {
      struct k8sm_slice reference = {dollar, (size_t)(end - dollar) + 1};
      expand_reference(e, reference);
      i += reference.len;
    } else {
      k8smi_buf_putc(&e->buf, '$');
      i += next == '$' ? 2 : 1;
    }
  }
}

static struct k8sm_slice expand_text(struct expand *e, struct k8sm_slice text) {
  if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL) {
    if (!e->r->skip_nul)
      k8smi_resolve_find(e->r, K8SM_DIAG_NUL_BYTE, e->path, "holds a NUL: no program can be given it");
    return K8SMI_S("");
  }
  if (text.len == 0 || memchr(text.ptr, '$', text.len) == NULL) return text;
  if (!k8smi_buf_init(&e->buf, &e->r->arena->allocator)) {
    e->r->no_memory = true;
    return text;
  }
  expand_all(e, text);
  if (e->buf.len <= K8SMI_RESOLVE_MAX_TEXT) return k8smi_resolve_take(e->r, &e->buf);
  k8smi_resolve_find(e->r, K8SM_DIAG_FIELD_TOO_LONG, e->path,
                     "expands to more than %d bytes: no program can be given it",
                     (int)K8SMI_RESOLVE_MAX_TEXT);
  k8smi_buf_free(&e->buf);
  return text;
}

struct k8sm_slice k8smi_resolve_text(struct k8smi_resolve *r, const struct k8smi_environment *env,
                                     struct k8sm_slice text, const struct k8smi_path *path,
                                     struct k8smi_variable *flags) {
  struct expand e = {.r = r, .env = env, .path = path};
  struct k8sm_slice expanded = expand_text(&e, text);
  if (flags == NULL) return expanded;
  flags->secret = flags->secret || e.secret;
  flags->placed = flags->placed || e.placed;
  return expanded;
}

/* Is one of the path's names ".."? */
static bool expand_leads_out(struct k8sm_slice path) {
  for (size_t i = 0; i + 1 < path.len; i++) {
    bool begins = i == 0 || path.ptr[i - 1] == '/';
    bool ends = i + 2 == path.len || path.ptr[i + 2] == '/';
    if (begins && ends && path.ptr[i] == '.' && path.ptr[i + 1] == '.') return true;
  }
  return false;
}

struct k8sm_slice k8smi_resolve_sub_path(struct k8smi_resolve *r, const struct k8smi_environment *env,
                                         const struct k8smi_record *mount, const struct k8smi_path *path) {
  struct k8sm_slice expression = k8smi_get_str(mount, K8SMI_VolumeMount_subPathExpr);
  bool expands = expression.len > 0;
  struct k8smi_path at = k8smi_path_field(path, expands ? K8SMI_S("subPathExpr") : K8SMI_S("subPath"));
  struct expand e = {.r = r, .env = env, .path = &at, .strict = true};
  struct k8sm_slice text =
      expands ? expand_text(&e, expression) : k8smi_get_str(mount, K8SMI_VolumeMount_subPath);
  if (text.len > 0 && text.ptr[0] == '/') {
    k8smi_resolve_find(r, K8SM_DIAG_FIELD_INVALID, &at, "SubPath '%.*s' must not be an absolute path",
                       K8SMI_P(text));
  } else if (expand_leads_out(text)) {
    k8smi_resolve_find(r, K8SM_DIAG_FIELD_INVALID, &at, "'%.*s' leads out of the volume", K8SMI_P(text));
  }
  return text;
}
