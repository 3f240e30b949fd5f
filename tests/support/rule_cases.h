/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RULE_CASES_H
#define TESTS_SUPPORT_RULE_CASES_H

/* Cases of rules in text files, one to each: "[where] title", the fields in YAML, and a line with "! " for
 * each finding that they must give, in this order. */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct rule_case {
  char where[16];
  char title[128];
  char body[8192];
  char want[64][2048];
  size_t wanted;
  size_t line;
};

/* Reads the next case; `line` keeps what belongs to the one after it. */
static inline bool next_rule_case(FILE *file, char *line, size_t cap, size_t *number, struct rule_case *ret) {
  memset(ret, 0, sizeof *ret);
  while (line[0] != '[') {
    if (fgets(line, (int)cap, file) == NULL) return false;
    ++*number;
  }
  assert_int_equal(sscanf(line, "[%15[a-z]] %127[^\n]", ret->where, ret->title), 2);
  ret->line = *number;
  while (fgets(line, (int)cap, file) != NULL && line[0] != '[') {
    ++*number;
    if (line[0] == '#' || line[0] == '\n') continue;
    if (line[0] == '!') {
      assert_in_range(ret->wanted, 0, sizeof ret->want / sizeof ret->want[0] - 1);
      snprintf(ret->want[ret->wanted++], sizeof ret->want[0], "%.*s", (int)strcspn(line + 2, "\n"), line + 2);
    } else {
      size_t len = strlen(ret->body);
      snprintf(ret->body + len, sizeof ret->body - len, "%s", line);
    }
  }
  ++*number;
  return true;
}

/* Adds the fields to the YAML, `indent` deep. */
static inline void put_fields(char *yaml, size_t cap, const char *fields, int indent) {
  for (const char *end; *fields != '\0'; fields = end) {
    end = fields + strcspn(fields, "\n");
    end += *end == '\n';
    size_t len = strlen(yaml);
    snprintf(yaml + len, cap - len, "%*s%.*s", indent, "", (int)(end - fields), fields);
  }
}

/* Whether a line of the YAML begins with this. */
static inline bool has_line(const char *yaml, const char *begin) {
  for (const char *at = yaml; (at = strstr(at, begin)) != NULL; at++) {
    if (at == yaml || at[-1] == '\n') return true;
  }
  return false;
}

#endif
