/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that others give a pod, and the readiness gates that wait for them. They are kept as they are
 * shown: as the members of a JSON list.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate */
#include "status/status.h"

#include "wire/number.h"
#include "wire/token.h"

enum { OTHERS_MAX = 32, OTHERS_MEMBER_MAX = 32 * 1024 /* as the API server has it */ };

struct other_condition {
  struct k8sm_slice type, status, reason, message, since;
};

struct others_reader {
  struct k8smi_tokens *tokens;
  struct k8sm_diags *diags;
};

static int others_invalid(struct k8sm_diags *diags, const char *path, const char *words,
                          struct k8sm_slice found) {
  struct k8smi_path at = k8smi_path_field(NULL, k8smi_s(path));
  k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, path[0] == '\0' ? NULL : &at, "'%.*s': %s", K8SMI_P(found),
             words);
  return K8SM_ERR_INVALID;
}

/* ---- Reading ---- */

static struct k8sm_slice *others_member(struct other_condition *c, struct k8sm_slice name) {
  if (k8smi_eqs(name, "type")) return &c->type;
  if (k8smi_eqs(name, "status")) return &c->status;
  if (k8smi_eqs(name, "reason")) return &c->reason;
  if (k8smi_eqs(name, "message")) return &c->message;
  return k8smi_eqs(name, "lastTransitionTime") ? &c->since : NULL;
}

/* A member's value. Those that are not kept may be anything. */
static int others_value(struct others_reader *r, struct k8sm_slice *to, struct k8sm_slice name) {
  struct k8smi_token token;
  int result = k8smi_tokens_next(r->tokens, &token, r->diags);
  if (result != K8SM_OK || token.kind == K8SMI_TOKEN_NULL) return result;
  if (to == NULL) {
    bool nested = token.kind == K8SMI_TOKEN_OBJECT || token.kind == K8SMI_TOKEN_ARRAY;
    return nested ? k8smi_tokens_skip(r->tokens, r->diags) : K8SM_OK;
  }
  if (token.kind == K8SMI_TOKEN_STRING && token.text.len <= OTHERS_MEMBER_MAX) {
    *to = token.text;
    return K8SM_OK;
  }
  struct k8smi_path at = k8smi_path_field(NULL, name);
  k8smi_find(r->diags, K8SM_DIAG_INPUT_INVALID, &at, "no text, or one of more than %d bytes; expected a text",
             OTHERS_MEMBER_MAX);
  return K8SM_ERR_INVALID;
}

/* An object whose brace was read. */
static int others_object(struct others_reader *r, struct other_condition *ret) {
  struct k8smi_token token;
  memset(ret, 0, sizeof *ret);
  for (;;) {
    int result = k8smi_tokens_next(r->tokens, &token, r->diags);
    if (result == K8SM_OK && token.kind == K8SMI_TOKEN_OBJECT_END) return K8SM_OK;
    if (result == K8SM_OK) result = others_value(r, others_member(ret, token.text), token.text);
    if (result != K8SM_OK) return result;
  }
}

/* The list that a status keeps: what is written below, or by who wrote the record. */
static size_t others_list(struct k8smi_arena *scratch, const struct k8sm_status *s,
                          struct other_condition *rows) {
  struct others_reader r = {NULL, NULL};
  struct k8smi_token token;
  size_t n = 0;
  if (s->others.len == 0) return 0;
  if (k8smi_tokens_json(scratch, s->others.ptr, s->others.len, NULL, &r.tokens, NULL) != K8SM_OK) return 0;
  if (k8smi_tokens_next(r.tokens, &token, NULL) == K8SM_OK && token.kind == K8SMI_TOKEN_ARRAY) {
    while (n < OTHERS_MAX && k8smi_tokens_next(r.tokens, &token, NULL) == K8SM_OK &&
           token.kind == K8SMI_TOKEN_OBJECT && others_object(&r, &rows[n]) == K8SM_OK)
      n++;
  }
  k8smi_tokens_free(r.tokens);
  return n;
}

/* ---- Writing ---- */

static void others_put(struct k8smi_json *w, const struct other_condition *c) {
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "type", c->type);
  k8smi_json_member(w, "status", c->status);
  k8smi_json_key(w, "lastProbeTime");
  k8smi_json_raw(w, K8SMI_S("null"));
  k8smi_json_member(w, "lastTransitionTime", c->since);
  if (c->reason.len > 0) k8smi_json_member(w, "reason", c->reason);
  if (c->message.len > 0) k8smi_json_member(w, "message", c->message);
  k8smi_json_close(w, '}');
}

static void others_keep(struct k8sm_status *s, const struct other_condition *rows, size_t n) {
  struct k8smi_buf buf;
  struct k8smi_json w;
  k8smi_buf_init(&buf, &s->arena.allocator);
  k8smi_json_init(&w, &buf, true);
  k8smi_json_open(&w, '[');
  for (size_t i = 0; i < n; i++) others_put(&w, &rows[i]);
  k8smi_json_close(&w, ']');
  s->others = k8smi_status_take(s, &buf);
}

struct k8sm_slice k8smi_status_others(const struct k8sm_status *s) {
  enum { BRACKETS = 2 };
  if (s->others.len <= BRACKETS) return (struct k8sm_slice){NULL, 0};
  return (struct k8sm_slice){s->others.ptr + 1, s->others.len - BRACKETS};
}

/* ---- CHANGE_CONDITION ---- */

static bool others_among(struct k8sm_slice text, const char *const *words) {
  while (*words != NULL && !k8smi_eqs(text, *words)) words++;
  return *words != NULL;
}

static int others_check(const struct other_condition *c, struct k8sm_diags *diags) {
  static const char *const statuses[] = {"True", "False", "Unknown", NULL};
  static const char *const own[] = {
      "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
      "DisruptionTarget",          NULL};
  if (c->type.len == 0) return others_invalid(diags, "type", "expected the condition's type", c->type);
  if (others_among(c->type, own))
    return others_invalid(diags, "type", "the pod's own status says that", c->type);
  if (!others_among(c->status, statuses))
    return others_invalid(diags, "status", "expected \"True\", \"False\" or \"Unknown\"", c->status);
  return K8SM_OK;
}

static int others_read(struct k8smi_arena *scratch, struct k8sm_slice text, struct other_condition *ret,
                       struct k8sm_diags *diags) {
  struct others_reader r = {NULL, diags};
  struct k8smi_token token;
  int result = k8smi_tokens_json(scratch, text.ptr, text.len, NULL, &r.tokens, diags);
  if (result != K8SM_OK) return result;
  result = k8smi_tokens_next(r.tokens, &token, diags);
  if (result == K8SM_OK && token.kind != K8SMI_TOKEN_OBJECT)
    result = others_invalid(diags, "", "expected a PodCondition, an object", text);
  if (result == K8SM_OK) result = others_object(&r, ret);
  if (result == K8SM_OK) result = k8smi_tokens_next(r.tokens, &token, diags); /* the end of the document */
  if (result == K8SM_OK) result = k8smi_tokens_next_document(r.tokens, diags);
  if (result == K8SM_OK)
    result = others_invalid(diags, "", "expected one PodCondition, found more behind it", text);
  if (result == K8SM_ERR_NOT_FOUND) result = K8SM_OK;
  k8smi_tokens_free(r.tokens);
  return result == K8SM_OK ? others_check(ret, diags) : result;
}

/* In its place among the others. The time is that of the last change of `status`. */
static int others_set(struct k8sm_status *s, struct other_condition *rows, size_t n, struct other_condition c,
                      struct k8sm_slice now, struct k8sm_diags *diags) {
  size_t i = 0;
  while (i < n && !k8smi_eq(rows[i].type, c.type)) i++;
  if (i == OTHERS_MAX) {
    k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL,
               "condition '%.*s' is one more than %d, the most that are kept", K8SMI_P(c.type), OTHERS_MAX);
    return K8SM_ERR_INVALID;
  }
  c.since = i < n && k8smi_eq(rows[i].status, c.status) ? rows[i].since : now;
  rows[i] = c;
  others_keep(s, rows, i < n ? n : n + 1);
  return K8SM_OK;
}

int k8smi_status_condition(struct k8sm_status *s, const struct k8sm_change *change,
                           struct k8sm_diags *diags) {
  struct k8smi_arena scratch;
  struct k8smi_buf now;
  struct other_condition c, rows[OTHERS_MAX];
  k8smi_arena_init(&scratch, &s->arena.allocator, 0);
  k8smi_buf_init(&now, &s->arena.allocator);
  k8smi_put_time(&now, change->wall_ms);
  int result = others_read(&scratch, change->text, &c, diags);
  if (result == K8SM_OK && now.failed) result = k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  if (result == K8SM_OK)
    result =
        others_set(s, rows, others_list(&scratch, s, rows), c, (struct k8sm_slice){now.ptr, now.len}, diags);
  k8smi_buf_free(&now);
  k8smi_arena_free(&scratch);
  return result;
}

/* ---- Readiness gates ---- */

static void others_say_gate(struct k8smi_buf *to, struct k8sm_slice gate, const struct other_condition *c) {
  if (c != NULL && k8smi_eqs(c->status, "True")) return;
  if (to->len > 0) k8smi_buf_puts(to, ", ");
  k8smi_buf_puts(to, c == NULL ? "corresponding condition of pod readiness gate \""
                               : "the status of pod readiness gate \"");
  k8smi_buf_slice(to, gate);
  k8smi_buf_puts(to, c == NULL ? "\" does not exist." : "\" is not \"True\", but ");
  if (c != NULL) k8smi_buf_slice(to, c->status);
}

void k8smi_status_find_gates(struct k8sm_status *s) {
  const struct k8smi_strings *gates = &s->demand->readiness_gates;
  struct k8smi_arena scratch;
  struct k8smi_buf lacks;
  struct other_condition rows[OTHERS_MAX];
  if (gates->count == 0) return;
  k8smi_arena_init(&scratch, &s->arena.allocator, 0);
  k8smi_buf_init(&lacks, &s->arena.allocator);
  size_t n = others_list(&scratch, s, rows);
  for (size_t i = 0; i < gates->count; i++) {
    size_t at = 0;
    while (at < n && !k8smi_eq(rows[at].type, gates->items[i])) at++;
    others_say_gate(&lacks, gates->items[i], at < n ? &rows[at] : NULL);
  }
  k8smi_arena_free(&scratch);
  if (!lacks.failed && k8smi_eq(s->gates, (struct k8sm_slice){lacks.ptr, lacks.len}))
    k8smi_buf_free(&lacks);
  else
    s->gates = k8smi_status_take(s, &lacks);
}
