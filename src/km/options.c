/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int km_misuse(const struct km_command *command, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "km %s: ", command->name);
  vfprintf(stderr, format, args);
  fprintf(stderr, "; see 'km %s --help'\n", command->name);
  va_end(args);
  return KM_USAGE;
}

enum { HELP_INDENT = 33, HELP_WIDTH = 100 };

/* Words behind the column, and below each other in it where one line is too short. */
static void print_help_of(const char *help, size_t column) {
  while (*help != '\0') {
    size_t n = strcspn(help, " ");
    if (column + 1 + n > HELP_WIDTH) {
      printf("\n%*s", HELP_INDENT - 1, "");
      column = HELP_INDENT - 1;
    }
    printf(" %.*s", (int)n, help);
    column += 1 + n;
    help += n + (help[n] == ' ');
  }
  putchar('\n');
}

static void print_usage(const struct km_command *command, const struct km_option *options, size_t count) {
  printf("km %s %s\n\n%s.\n", command->name, command->usage, command->summary);
  if (count > 0) printf("\nOptions:\n");
  for (size_t i = 0; i < count; i++) {
    char left[64];
    const struct km_option *o = &options[i];
    snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
             o->letter ? ", " : "  ", o->name, o->metavar ? "=" : "", o->metavar ? o->metavar : "");
    int column = printf("  %-30s", left);
    print_help_of(o->help, column > 0 ? (size_t)column : 0);
  }
  if (command->examples != NULL) printf("\nExamples:\n%s", command->examples);
}

/* As it is: arguments stay. */
static void add_text(struct km_texts *texts, const char *text) {
  texts->items = km_alloc(texts->items, (texts->count + 1) * sizeof *texts->items);
  texts->items[texts->count++] = text;
}

void km_texts_add(struct km_texts *texts, const char *text) {
  add_text(texts, km_strdup(text, strlen(text)));
}

void km_texts_free_all(struct km_texts *texts) {
  for (size_t i = 0; i < texts->count; i++) free((void *)(uintptr_t)texts->items[i]);
  km_texts_free(texts);
}

void km_texts_free(struct km_texts *texts) {
  free(texts->items);
  texts->items = NULL;
  texts->count = 0;
}

static bool read_number(const char *text, int64_t *ret) {
  char *end;
  errno = 0;
  long long n = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0') return false;
  *ret = n;
  return true;
}

static int set_option(const struct km_command *command, const struct km_option *o, const char *value) {
  if (o->kind != KM_FLAG && value[0] == '\0')
    return km_misuse(command, "--%s wants %s, and is empty", o->name, o->metavar);
  switch (o->kind) {
  case KM_FLAG: *(bool *)o->value = true; break;
  case KM_TEXT: *(const char **)o->value = value; break;
  case KM_TEXTS: add_text(o->value, value); break;
  default:
    if (!read_number(value, o->value)) {
      return km_misuse(command, "--%s wants a whole number, not '%s'", o->name, value);
    }
  }
  return -1;
}

/* The option of "--name", "--name=value", "-l", "-lvalue", "-l=value"; *value is NULL if the next word may
 * hold it. */
static const struct km_option *find_option(const struct km_option *options, size_t count, const char *word,
                                           const char **value) {
  *value = NULL;
  for (size_t i = 0; i < count; i++) {
    const struct km_option *o = &options[i];
    size_t n = strlen(o->name);
    if (word[1] != '-') {
      if (o->letter == '\0' || word[1] != o->letter) continue;
      if (word[2] != '\0') *value = word + 2 + (word[2] == '=');
      return o;
    }
    if (strncmp(word + 2, o->name, n) != 0) continue;
    if (word[2 + n] == '=') *value = word + 3 + n;
    if (word[2 + n] == '=' || word[2 + n] == '\0') return o;
  }
  return NULL;
}

int km_options(const struct km_command *command, const struct km_option *options, size_t count, int argc,
               char **argv, struct km_texts *operands) {
  bool only_operands = false;
  for (int i = 0; i < argc; i++) {
    const char *word = argv[i], *value;
    if (only_operands || word[0] != '-' || word[1] == '\0') {
      if (operands == NULL) return km_misuse(command, "'%s' is not expected", word);
      add_text(operands, word);
      continue;
    }
    if (strcmp(word, "--") == 0) {
      only_operands = true;
      continue;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
      print_usage(command, options, count);
      return KM_DONE;
    }
    const struct km_option *o = find_option(options, count, word, &value);
    if (o == NULL) return km_misuse(command, "no option '%s'", word);
    if (o->kind == KM_FLAG) {
      if (value != NULL) return km_misuse(command, "--%s takes no value", o->name);
    } else if (value == NULL && (value = i + 1 < argc ? argv[++i] : NULL) == NULL) {
      return km_misuse(command, "--%s wants %s", o->name, o->metavar);
    }
    int code = set_option(command, o, value);
    if (code != -1) return code;
  }
  return -1;
}
