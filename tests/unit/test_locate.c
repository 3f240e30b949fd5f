/* SPDX-License-Identifier: Apache-2.0 */
/* Fields and findings are found again in the text that they come from. */
#include "support/manifests.h"

#include <stdio.h>
#include <stdlib.h>

static void located(const char *text, uint32_t document, const char *path, uint32_t line, uint32_t column) {
  uint32_t l = 0, c = 0;
  assert_int_equal(k8sm_locate(text, strlen(text), document, path, &l, &c), K8SM_OK);
  assert_int_equal(l, line);
  assert_int_equal(c, column);
}

static void fields_are_found_again(void **state) {
  (void)state;
  static const char json[] = "{\n \"a\": [1,\n  {\"b\": \"x\"}]} {\"a\": 2}";
  located(several, 0, "spec.replicas", 6, 18);
  located(several, 2, "data[a]", 16, 19);
  located(several, 3, "spec.containers[0].image", 20, 49);
  located(several, 3, "spec.containers[0].ports[1]", 20, 26);
  located(several, 3, "", 19, 1);
  located("é: {ü: 1}\nb: {c: 2}", 0, "b.c", 2, 8);
  located("é: {ü: 1}", 0, "é.ü", 1, 10);
  located(json, 0, "a[1].b", 3, 9);
  located(json, 1, "a", 3, 22);
  located(json, 0, "a[7].b", 2, 7);
  located(json, 0, "/a/1/b", 3, 9);
  located("x/y: {'~': 1, '': 2}", 0, "/x~1y/", 1, 19);
  located("x/y: {'~': 1}", 0, "/x~1y/~0", 1, 12);
  located("a: {b.c: 1}", 0, "a['b.c']", 1, 10);
  uint32_t l = 7, c = 7;
  assert_int_equal(k8sm_locate(json, sizeof json - 1, 2, "a", &l, &c), K8SM_ERR_NOT_FOUND);
  assert_int_equal(k8sm_locate("a: [", 4, 0, "a", &l, &c), K8SM_ERR_SYNTAX);
  assert_int_equal(k8sm_locate("", 0, 0, "a", &l, &c), K8SM_ERR_NOT_FOUND);
  assert_int_equal(l, 7);
  located("a: [\n---\nb: 1", 1, "b", 3, 4);
}

/* ---- All findings of a sink at once ---- */

enum { MANY = 4000 };

struct sink {
  struct k8sm_diag rows[MANY];
  char text[MANY * 40];
  struct k8sm_diags diags;
};

static struct sink *sink_new(void) {
  struct sink *s = calloc(1, sizeof *s);
  assert_non_null(s);
  s->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(s->rows, s->text);
  s->diags.text_used = 1; /* the empty text */
  return s;
}

static void sink_add(struct sink *s, uint32_t document, const char *path) {
  struct k8sm_diag *row = &s->rows[s->diags.count++];
  *row = (struct k8sm_diag){.code = K8SM_DIAG_FIELD_INVALID, .document = document};
  row->path = (uint32_t)s->diags.text_used;
  s->diags.text_used += strlen(path) + 1;
  assert_in_range(s->diags.text_used, 1, sizeof s->text);
  strcpy(s->text + row->path, path);
}

/* Each row has the line that its path has on its own. */
static void all_are_found(struct sink *s, const char *text, size_t len, const char *prefix) {
  assert_int_equal(k8sm_diags_locate(&s->diags, text, len, prefix), K8SM_OK);
  for (size_t i = 0; i < s->diags.count; i++) {
    char path[256];
    uint32_t line = 0, column = 0;
    snprintf(path, sizeof path, "%s%s", prefix == NULL ? "" : prefix, s->text + s->rows[i].path);
    int r = k8sm_locate(text, len, s->rows[i].document, path, &line, &column);
    assert_int_equal(r == K8SM_OK, line != 0);
    assert_int_equal(s->rows[i].line, line);
    assert_int_equal(s->rows[i].column, column);
  }
}

static void findings_are_found_at_once(void **state) {
  (void)state;
  static const char *const paths[] = {"spec.containers[0].image",
                                      "kind",
                                      "spec.containers[0].image", /* twice */
                                      "spec.containers[1]",
                                      "spec.containers[0].ports[2].name",
                                      "spec.containers[]",
                                      "data[a]",
                                      "data[c]",
                                      "data",
                                      "metadata.labels['a.b/c']",
                                      "/spec/containers/0",
                                      "/metadata/na~0me",
                                      "metadata.name.more",
                                      "nothing.of[3].this"};
  struct sink *s = sink_new();
  for (uint32_t document = 5; document-- > 0;) {
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) sink_add(s, document, paths[i]);
  }
  all_are_found(s, several, sizeof several - 1, NULL);
  assert_int_equal(s->rows[sizeof paths / sizeof paths[0]].line, 20); /* the image of document 3 */
  free(s);
}

static void paths_are_below_a_prefix(void **state) {
  (void)state;
  struct sink *s = sink_new();
  sink_add(s, 0, "spec.containers[0].image");
  sink_add(s, 0, "metadata.labels[a]");
  all_are_found(s, several, sizeof several - 1, "spec.template.");
  assert_int_equal(s->rows[0].line, 6);
  assert_int_not_equal(s->rows[0].column, s->rows[1].column);
  free(s);
}

/* What has a line keeps it; options are in no text; what can't be read has no lines; rows may be shorter, and
 * fewer than findings. */
static void other_rows_are_left_alone(void **state) {
  (void)state;
  struct sink *s = sink_new();
  for (size_t i = 0; i < 3; i++) sink_add(s, 0, "kind");
  s->rows[0].line = 99;
  s->rows[1].code = K8SM_DIAG_OPTION_INVALID;
  s->rows[2].path = 0;
  assert_int_equal(k8sm_diags_locate(&s->diags, "kind: Pod", 9, NULL), K8SM_OK);
  assert_int_equal(s->rows[0].line, 99);
  assert_int_equal(s->rows[1].line, 0);
  assert_int_equal(s->rows[2].line, 0);
  sink_add(s, 0, "kind");
  assert_int_equal(k8sm_diags_locate(&s->diags, "k8s\0\n\f", 6, NULL), K8SM_OK);
  assert_int_equal(s->rows[3].line, 0);
  s->diags.cap = 3;
  assert_int_equal(k8sm_diags_locate(&s->diags, "kind: Pod", 9, NULL), K8SM_OK);
  assert_int_equal(s->rows[3].line, 0);
  s->diags.row_size = offsetof(struct k8sm_diag, line);
  assert_int_equal(k8sm_diags_locate(&s->diags, "kind: Pod", 9, NULL), K8SM_ERR_ABI);
  assert_int_equal(k8sm_diags_locate(&s->diags, NULL, 0, NULL), K8SM_OK);
  assert_int_equal(k8sm_diags_locate(NULL, "kind: Pod", 9, NULL), K8SM_OK);
  free(s);
}

/* Thousands of findings in one array: each has the line of its own element. */
static void many_findings_are_found(void **state) {
  (void)state;
  struct sink *s = sink_new();
  char *text = malloc(MANY * 32), path[64];
  size_t len = (size_t)sprintf(text, "[\n");
  for (unsigned i = 0; i < MANY; i++) {
    len += (size_t)sprintf(text + len, "{\"name\": \"n%u\", \"value\": 1},\n", i);
    snprintf(path, sizeof path, "[%u].value", (i * 7919u) % MANY);
    sink_add(s, 0, path);
  }
  len += (size_t)sprintf(text + len - 2, "]\n") - 2;
  assert_int_equal(k8sm_diags_locate(&s->diags, text, len, NULL), K8SM_OK);
  for (unsigned i = 0; i < MANY; i++) assert_int_equal(s->rows[i].line, 2 + (i * 7919u) % MANY);
  free(text);
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_are_found_again),   cmocka_unit_test(findings_are_found_at_once),
      cmocka_unit_test(paths_are_below_a_prefix), cmocka_unit_test(other_rows_are_left_alone),
      cmocka_unit_test(many_findings_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
