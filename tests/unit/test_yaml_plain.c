/* SPDX-License-Identifier: Apache-2.0 */
/* Plain YAML is read without libyaml. What is read so must be what libyaml would have said, node by node. */
#include "support/yaml_tapes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *source_root = ".";

/* Whether the text is plain; whatever it is, both ways agree. */
static bool agrees(const char *text, size_t len) {
  struct yaml_tapes t;
  char *exact = malloc(len == 0 ? 1 : len); /* so that reading beyond its end is seen by sanitizers */
  memcpy(exact, text, len);
  assert_true(yaml_tapes_load(&t, exact, len));
  bool plain = yaml_tapes_are_plain(&t);
  if (!yaml_tapes_are_same(&t)) {
    fprintf(stderr, "differs: <<%.*s>>\n", (int)len, text);
    fail();
  }
  yaml_tapes_free(&t);
  free(exact);
  return plain;
}

static const char pod[] = "---\n"
                          "# a pod\n"
                          "apiVersion: v1\n"
                          "kind: Pod # what it is\n"
                          "metadata:\n"
                          "  name: 'a b'\n"
                          "  annotations: {}\n"
                          "  \"quoted key\": \"x # y: z\"   # comment\n"
                          "  nothing:\n"
                          "\n"
                          "  tilde: ~\n"
                          "spec:\n"
                          "  containers:\n"
                          "  - name: c\n"
                          "    image: nginx:1.25\n"
                          "    command: [sh, \"-c\", 'a, b', -x, 0x10, ]\n"
                          "    args: []\n"
                          "    args2: [ \"a\" , b ]\n"
                          "    script: |\n"
                          "      set -e\n"
                          "\n"
                          "        echo \"x: y\" # no comment\n"
                          "\n"
                          "    strip: |-\n"
                          "     one\n"
                          "    ports:\n"
                          "      - 80\n"
                          "      - 010\n"
                          "      -\n"
                          "      - - nested\n"
                          "        - -1.50\n"
                          "      - key: yes\n"
                          "        other:\n"
                          "        - x\n"
                          "  -   name:   d\n"
                          "      image: a:b\n"
                          "\n"
                          "  tail:\n"
                          "  -\n"
                          "last: http://example.com/#fragment\n";

static void plain_yaml_is_read_without_libyaml(void **state) {
  (void)state;
  static const char *const texts[] = {"a: 1",
                                      "a: 1\n",
                                      "- a\n- b\n",
                                      "a:\n- b\n",
                                      "a:\n  - b\nc: d\n",
                                      "---\na: b\n",
                                      "--- # x\na: b\n",
                                      "a:\n",
                                      "-\n",
                                      "- - - a\n",
                                      "- a: b\n  c: d\n- e: f\n",
                                      "\n\n# c\na: b # d\n#e\n",
                                      "a: 'b'\n",
                                      "\"a\": b\n",
                                      "a : b\n",
                                      "a: -1\n",
                                      "a: [x]\n",
                                      "a: {}\nb: []\n",
                                      "a: b:c\n",
                                      "a b: c d \n",
                                      "a: |\n  x\n",
                                      "a: |-\n  x\n\n\n  y\n",
                                      "- |\n  x\n- y\n",
                                      "a:\n  b:\n    c:\nd:\n",
                                      "a: ~\nb: null\nc: 0x1F\n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (!agrees(texts[i], strlen(texts[i]))) fail_msg("not plain: <<%s>>", texts[i]);
  }
}

static void the_rest_is_not(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      "\n",
                                      "# c\n",
                                      "a",
                                      "a\n",
                                      "- a\n b\n",
                                      "a: b\n  c\n",
                                      "a: b\n c: d\n",
                                      "a:\n b: c\n  d: e\n",
                                      "a: &x b\n",
                                      "a: *x\n",
                                      "a: !!str b\n",
                                      "? a\n",
                                      "a: >\n  x\n",
                                      "a: |+\n  x\n",
                                      "a: |2\n  x\n",
                                      "a: \"b\\n\"\n",
                                      "a: 'b''c'\n",
                                      "a: \"b\n  c\"\n",
                                      "a: {b: c}\n",
                                      "a: [b: c]\n",
                                      "a: [b, [c]]\n",
                                      "a: [b,]\n",
                                      "a: [b\n]\n",
                                      "a: b\n---\nc: d\n",
                                      "a: b\n...\n",
                                      "%YAML 1.1\n---\na: b\n",
                                      "a:\tb\n",
                                      "\ta: b\n",
                                      "a: b\r\n",
                                      "a: \xc3\xa9\n",
                                      "a: b: c\n",
                                      "a: b:\n",
                                      "a: - b\n",
                                      "a: b\na: c\n",
                                      "<<: a\n",
                                      "~: a\n",
                                      ": a\n",
                                      "a: @b\n",
                                      "a: `b\n",
                                      "a: %b\n",
                                      "{}\n",
                                      "[]\n",
                                      "\"a\"\n",
                                      "a: .nan\n",
                                      "- a\nb: c\n",
                                      "a: b\n- c\n",
                                      "a:\n  - b\n - c\n",
                                      "a:\n- b\n  - c\n",
                                      "a: |\n",
                                      "a: |\nb: c\n",
                                      "a: |\n\n   \n  x\n",
                                      "a: |\n  x",
                                      "a: \"b\"c\n",
                                      "a: \"b\": c\n",
                                      "a: \"b\" :c\n",
                                      "a: [b]c\n",
                                      "a: [b]: c\n",
                                      "\"a\":b\n",
                                      "--- a\n",
                                      "---a: b\n",
                                      "---\n---\na: b\n",
                                      "a: b\n--- \n",
                                      "a: ]\n",
                                      "a: ,\n",
                                      "a: }\n",
                                      "a: ?\n",
                                      "a: -\n",
                                      "a: #b\n  c: d\n  e\n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (agrees(texts[i], strlen(texts[i]))) fail_msg("plain: <<%s>>", texts[i]);
  }
}

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

/* Random edits of bytes, and of whole lines' indents. */
static void mutations_agree(void **state) {
  (void)state;
  static const char bytes[] = " \n-:#'\"|[]{},a0~&*!?\\.";
  char text[sizeof pod + 64];
  uint32_t seed = 1;
  size_t plain = 0;
  char *comma = NULL;
  for (int round = 0; round < 30000; round++) {
    size_t len = sizeof pod - 1;
    memcpy(text, pod, len + 1);
    comma = strstr(text, ", ]"); /* what keeps it from being plain */
    if (comma != NULL) memcpy(comma, "]  ", 3);
    if (round == 0) assert_true(agrees(text, len));
    for (uint32_t edits = 1 + next_random(&seed) % 4; edits > 0; edits--) {
      size_t at = next_random(&seed) % len;
      char byte = bytes[next_random(&seed) % (sizeof bytes - 1)];
      uint32_t edit = next_random(&seed) % 4;
      if (edit == 0) {
        text[at] = byte;
      } else if (edit == 1) {
        memmove(text + at, text + at + 1, --len - at);
      } else {
        while (edit == 2 && at > 0 && text[at - 1] != '\n') at--; /* indents the line */
        memmove(text + at + 1, text + at, len++ - at);
        text[at] = edit == 2 ? ' ' : byte;
      }
    }
    plain += agrees(text, len);
  }
  assert_in_range(plain, 1000, 29000);
  for (size_t len = 0; len < sizeof pod; len++) agrees(pod, len);
}

/* Lines made of pieces: more structure than edits give. */
static void made_up_texts_agree(void **state) {
  (void)state;
  static const char *const pieces[] = {
      "- ",   "-\n",          "a: ",   "b:\n", "c: d\n", "\"e\": ", "f\n",  "'g'\n", "|\n", "|-\n", "[]\n",
      "{}\n", "[h, \"i\"]\n", "# j\n", "\n",   "  ",     " ",       "    ", "1\n",   "k: ", "l:\n", "---\n"};
  char text[512];
  uint32_t seed = 3;
  size_t plain = 0;
  for (int round = 0; round < 60000; round++) {
    size_t len = 0;
    for (uint32_t n = 1 + next_random(&seed) % 12; n > 0; n--) {
      const char *piece = pieces[next_random(&seed) % (sizeof pieces / sizeof pieces[0])];
      memcpy(text + len, piece, strlen(piece));
      len += strlen(piece);
    }
    plain += agrees(text, len);
  }
  assert_in_range(plain, 1000, 50000);
}

static void objects_of_kubernetes_itself(void **state) {
  (void)state;
  static const char *const kinds[] = {"core.v1.Pod", "apps.v1.Deployment", "batch.v1.CronJob"};
  size_t found = 0;
  for (size_t i = 0; i < 3; i++) {
    char path[4096], *text = malloc(1 << 20);
    snprintf(path, sizeof path, "%s/../shared/vectors/k8s-api/HEAD.%s.yaml", source_root, kinds[i]);
    FILE *f = fopen(path, "rb");
    size_t len = f == NULL ? 0 : fread(text, 1, 1 << 20, f);
    if (f != NULL) fclose(f);
    if (len > 0) assert_true(agrees(text, len));
    found += len > 0;
    free(text);
  }
  if (found == 0) skip();
}

int main(int argc, char **argv) {
  if (argc > 1) source_root = argv[1];
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_yaml_is_read_without_libyaml),
      cmocka_unit_test(the_rest_is_not),
      cmocka_unit_test(mutations_agree),
      cmocka_unit_test(made_up_texts_agree),
      cmocka_unit_test(objects_of_kubernetes_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
