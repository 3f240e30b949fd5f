/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/regex.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct k8smi_regex *regex_of(struct k8smi_arena *arena, const char *expression) {
  const struct k8smi_regex *regex = NULL;
  char why[128];
  size_t at;
  assert_int_equal(k8smi_regex_compile(arena, k8smi_s(expression), &regex, why, &at), K8SM_OK);
  return regex;
}

static void whole_texts_match(void **state) {
  (void)state;
  static const struct {
    const char *expression, *text;
    int outcome;
  } cases[] = {
      {"r1", "r1", K8SMI_REGEX_MATCHES},
      {"r1", "r12", K8SMI_REGEX_DIFFERS},
      {"r1", "xr1", K8SMI_REGEX_DIFFERS},
      {"a|ab", "ab", K8SMI_REGEX_MATCHES},
      {"r[0-9]+", "r042", K8SMI_REGEX_MATCHES},
      {".*", "", K8SMI_REGEX_MATCHES},
      {"^r.$", "rx", K8SMI_REGEX_MATCHES},
      {"r.", "r\xc3\xa4", K8SMI_REGEX_MATCHES},
      {"r1$", "r1\n", K8SMI_REGEX_DIFFERS},
      {"(.)\\1", "aa", K8SMI_REGEX_MATCHES},
      {"(?!db).*", "db-1", K8SMI_REGEX_DIFFERS},
      {".", "\xff", K8SMI_REGEX_DIFFERS},
      {"(a+)+", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaac", K8SMI_REGEX_LIMIT},
      {"(?:a?){30}a{30}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", K8SMI_REGEX_LIMIT},
  };
  struct k8smi_arena arena;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int outcome = k8smi_regex_match(regex_of(&arena, cases[i].expression), &arena, k8smi_s(cases[i].text));
    if (outcome != cases[i].outcome) print_error("%s on %s\n", cases[i].expression, cases[i].text);
    assert_int_equal(outcome, cases[i].outcome);
  }
  k8smi_arena_free(&arena);
}

static void what_is_no_expression_is_refused(void **state) {
  (void)state;
  char nested[300] = "", longer[K8SMI_REGEX_MAX_LEN + 2];
  for (int i = 0; i < K8SMI_REGEX_MAX_NEST + 1; i++) strcat(nested, "(");
  for (int i = 0; i < K8SMI_REGEX_MAX_NEST + 1; i++) strcat(nested, ")");
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  const char *const cases[] = {"(",    "[a",   "a**", "\\", "\\C", "(?<n>a)(?<n>b)", "(((ab){99}){99}){99}",
                               "\xff", nested, longer};
  struct k8smi_arena arena;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct k8smi_regex *regex = NULL;
    char why[128] = "";
    size_t at = 99999;
    int r = k8smi_regex_compile(&arena, k8smi_s(cases[i]), &regex, why, &at);
    if (r != K8SM_ERR_INVALID) print_error("%s\n", cases[i]);
    assert_int_equal(r, K8SM_ERR_INVALID);
    assert_true(why[0] != '\0' && at <= strlen(cases[i]));
    assert_null(regex);
  }
  k8smi_arena_free(&arena);
}

/* What a match takes of the arena is given up again. */
static void matches_leave_nothing(void **state) {
  (void)state;
  struct k8smi_arena arena;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  const struct k8smi_regex *regex = regex_of(&arena, "(a|b)*c");
  size_t total = arena.total, most = 0;
  for (int i = 0; i < 100; i++) {
    assert_int_equal(k8smi_regex_match(regex, &arena, K8SMI_S("abababababababababababababababababababababc")),
                     K8SMI_REGEX_MATCHES);
    if (arena.total > most) most = arena.total;
  }
  assert_true(most <= total + 200000);
  k8smi_arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_texts_match),
      cmocka_unit_test(what_is_no_expression_is_refused),
      cmocka_unit_test(matches_leave_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
