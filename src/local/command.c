/* SPDX-License-Identifier: Apache-2.0 */
#include "local/command.h"
#include "wire/number.h"

enum {
  COMMAND_STATUS,
  COMMAND_SLEEP,
  COMMAND_EXIT,
  COMMAND_TEST,
  COMMAND_TOUCH,
  COMMAND_RM,
  COMMAND_TRAP,
  COMMAND_FOREVER
};
enum { COMMAND_MAX_WORDS = 16, COMMAND_MAX_STEPS = 256 };

/* One simple command: its first words, without quotes, and the file that its output goes to. */
struct command_words {
  struct k8sm_slice word[COMMAND_MAX_WORDS];
  size_t count;
  struct k8sm_slice output;
};

static const struct command_name {
  const char *name;
  int kind;
  int64_t number;
} COMMAND_NAMES[] = {
    {"sleep", COMMAND_SLEEP, 0},   {"exit", COMMAND_EXIT, 0},     {"true", COMMAND_STATUS, 0},
    {"false", COMMAND_STATUS, 1},  {":", COMMAND_STATUS, 0},      {"echo", COMMAND_STATUS, 0},
    {"printf", COMMAND_STATUS, 0}, {"mkdir", COMMAND_STATUS, 0},  {"cd", COMMAND_STATUS, 0},
    {"set", COMMAND_STATUS, 0},    {"export", COMMAND_STATUS, 0}, {"date", COMMAND_STATUS, 0},
    {"ls", COMMAND_STATUS, 0},     {"cat", COMMAND_STATUS, 0},    {"touch", COMMAND_TOUCH, 0},
    {"rm", COMMAND_RM, 0},         {"test", COMMAND_TEST, 0},     {"[", COMMAND_TEST, 0},
    {"trap", COMMAND_TRAP, 0},
};

static struct k8sm_slice command_base_name(struct k8sm_slice word) {
  for (size_t i = word.len; i > 0; i--) {
    if (word.ptr[i - 1] == '/') return (struct k8sm_slice){word.ptr + i, word.len - i};
  }
  return word;
}

static struct k8sm_slice command_unquote(struct k8sm_slice word) {
  if (word.len >= 2 && (word.ptr[0] == '\'' || word.ptr[0] == '"') && word.ptr[word.len - 1] == word.ptr[0]) {
    return (struct k8sm_slice){word.ptr + 1, word.len - 2};
  }
  return word;
}

static int64_t command_sleep_ms(struct k8sm_slice word) {
  double seconds;
  int64_t ms;
  if (!k8smi_parse_double(word, &seconds) || seconds < 0 || !k8smi_milli_of_double(seconds, &ms)) return -1;
  return ms;
}

/* `test -f FILE`, `test ! -f FILE` and the same with -e and -d; other tests succeed. */
static void command_read_test(const struct command_words *w, struct local_step *step) {
  size_t i = 1;
  step->negated = i < w->count && k8smi_eqs(w->word[i], "!");
  i += step->negated;
  if (i + 1 < w->count &&
      (k8smi_eqs(w->word[i], "-f") || k8smi_eqs(w->word[i], "-e") || k8smi_eqs(w->word[i], "-d"))) {
    step->file = w->word[i + 1];
  } else {
    step->kind = COMMAND_STATUS;
  }
}

/* `trap COMMANDS TERM`; traps for other signals do nothing here. */
static void command_read_trap(const struct command_words *w, struct local_step *step) {
  static const char *const NAMES[] = {"TERM", "SIGTERM", "15"};
  bool term = false;
  for (size_t i = 2; i < w->count; i++) {
    for (size_t j = 0; j < sizeof(NAMES) / sizeof(NAMES[0]); j++)
      term = term || k8smi_eqs(w->word[i], NAMES[j]);
  }
  if (term) {
    step->file = w->word[1];
  } else {
    step->kind = COMMAND_STATUS;
  }
}

static void command_read_step(const struct command_words *w, bool check, struct local_step *step) {
  step->kind = check ? COMMAND_STATUS : COMMAND_FOREVER;
  struct k8sm_slice name = command_base_name(w->word[0]);
  for (size_t i = 0; i < sizeof(COMMAND_NAMES) / sizeof(COMMAND_NAMES[0]); i++) {
    if (k8smi_eqs(name, COMMAND_NAMES[i].name)) {
      step->kind = COMMAND_NAMES[i].kind;
      step->number = COMMAND_NAMES[i].number;
    }
  }
  switch (step->kind) {
  case COMMAND_SLEEP:
    step->number = w->count > 1 ? command_sleep_ms(w->word[1]) : -1;
    if (step->number < 0) step->kind = COMMAND_FOREVER;
    break;
  case COMMAND_EXIT:
    if (w->count > 1 && !k8smi_parse_i64(w->word[1], &step->number)) step->number = 2;
    step->number &= 255;
    break;
  case COMMAND_TEST: command_read_test(w, step); break;
  case COMMAND_TRAP: command_read_trap(w, step); break;
  case COMMAND_TOUCH:
  case COMMAND_RM: step->file = w->count > 1 ? w->word[w->count - 1] : (struct k8sm_slice){"", 0}; break;
  case COMMAND_STATUS:
    if (w->output.len > 0) {
      step->kind = COMMAND_TOUCH;
      step->file = w->output;
    }
    break;
  default: break;
  }
}

static bool command_is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* The end of the word at `at`; quotes and $(…) may hold blanks and separators. */
static size_t command_word_end(struct k8sm_slice text, size_t at) {
  char quote = 0;
  size_t depth = 0;
  for (; at < text.len; at++) {
    char c = text.ptr[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(') {
      depth++;
    } else if (c == ')' && depth > 0) {
      depth--;
    } else if (depth == 0 && (command_is_blank(c) || strchr(";\n&|>", c) != NULL)) {
      break;
    }
  }
  return at;
}

/* Reads one simple command from *at on; leaves *at behind what ends it, and *joint as what that was. */
static void command_read_words(struct k8sm_slice text, size_t *at, struct command_words *w, int *joint) {
  bool redirect = false;
  *w = (struct command_words){.count = 0};
  *joint = ';';
  while (*at < text.len) {
    char c = text.ptr[*at];
    if (c == ';' || c == '\n' || c == '&' || c == '|') {
      bool twice = *at + 1 < text.len && text.ptr[*at + 1] == c && c != '\n';
      *joint = twice && c != ';' ? c : ';';
      *at += twice ? 2 : 1;
      return;
    }
    if (command_is_blank(c) || c == '>') {
      redirect = redirect || c == '>';
      ++*at;
      continue;
    }
    size_t end = command_word_end(text, *at);
    struct k8sm_slice word = command_unquote((struct k8sm_slice){text.ptr + *at, end - *at});
    *at = end;
    if (redirect) {
      w->output = word;
      redirect = false;
    } else if (w->count < COMMAND_MAX_WORDS && !(w->count == 0 && k8smi_eqs(word, "exec"))) {
      w->word[w->count++] = word;
    }
  }
}

static size_t command_count(struct k8sm_slice text) {
  size_t n = 1;
  for (size_t i = 0; i < text.len && n < COMMAND_MAX_STEPS; i++) n += strchr(";\n&|", text.ptr[i]) != NULL;
  return n;
}

static bool command_read_list(struct k8smi_arena *arena, struct k8sm_slice text, bool check,
                              struct local_script *ret) {
  size_t most = command_count(text), n = 0, at = 0;
  struct local_step *steps = k8smi_arena_array(arena, most, sizeof(struct local_step));
  if (steps == NULL) return false;
  int joint = ';', next;
  while (at < text.len && n < most) {
    struct command_words words;
    command_read_words(text, &at, &words, &next);
    if (words.count > 0) {
      steps[n] = (struct local_step){.joint = joint};
      command_read_step(&words, check, &steps[n++]);
    }
    joint = next;
  }
  *ret = (struct local_script){.steps = steps, .count = n, .check = check};
  return true;
}

static bool command_read_text(struct k8smi_arena *arena, struct k8sm_slice text, bool check,
                              struct local_script *ret) {
  static const struct local_step IGNORED = {.kind = COMMAND_FOREVER, .joint = ';'};
  if (!command_read_list(arena, text, check, ret)) return false;
  for (size_t i = 0; i < ret->count; i++) {
    if (ret->steps[i].kind != COMMAND_TRAP) continue;
    struct local_script *handler = k8smi_arena_zalloc(arena, sizeof(struct local_script));
    if (handler == NULL || !command_read_list(arena, ret->steps[i].file, false, handler)) return false;
    if (handler->count == 0) *handler = (struct local_script){.steps = &IGNORED, .count = 1};
    ret->on_term = handler;
    break;
  }
  return true;
}

static bool command_is_shell(struct k8sm_slice word) {
  static const char *const SHELLS[] = {"sh", "bash", "ash", "dash"};
  word = command_base_name(word);
  for (size_t i = 0; i < sizeof(SHELLS) / sizeof(SHELLS[0]); i++) {
    if (k8smi_eqs(word, SHELLS[i])) return true;
  }
  return false;
}

/* A command without a shell: its arguments are words already. */
static bool command_read_argv(struct k8smi_arena *arena, const K8smMesos__CommandInfo *command, bool check,
                              struct local_script *ret) {
  struct command_words words = {.count = 0};
  struct local_step *step = k8smi_arena_zalloc(arena, sizeof(struct local_step));
  if (step == NULL) return false;
  for (size_t i = 0; i < command->n_arguments && i < COMMAND_MAX_WORDS; i++) {
    words.word[words.count++] = k8smi_s(command->arguments[i]);
  }
  if (command->value != NULL) {
    words.word[0] = k8smi_s(command->value);
    words.count += words.count == 0;
  }
  if (words.count == 0) words.word[words.count++] = (struct k8sm_slice){"", 0};
  step->joint = ';';
  command_read_step(&words, check, step);
  *ret = (struct local_script){.steps = step, .count = 1, .check = check};
  return true;
}

bool k8smi_local_script_read(struct k8smi_arena *arena, const K8smMesos__CommandInfo *command, bool check,
                             struct local_script *ret) {
  static const struct local_step FOREVER = {.kind = COMMAND_FOREVER, .joint = ';'};
  *ret = (struct local_script){.steps = &FOREVER, .count = 1, .check = check};
  if (command == NULL) return true;
  bool shell = !command->has_shell || command->shell;
  if (shell) return command->value == NULL || command_read_text(arena, k8smi_s(command->value), check, ret);
  const char *program = command->value != NULL     ? command->value
                        : command->n_arguments > 0 ? command->arguments[0]
                                                   : "";
  if (command->n_arguments > 2 && command_is_shell(k8smi_s(program)) &&
      strcmp(command->arguments[1], "-c") == 0) {
    return command_read_text(arena, k8smi_s(command->arguments[2]), check, ret);
  }
  return command_read_argv(arena, command, check, ret);
}

static bool command_skips(const struct local_step *step, int status) {
  return (step->joint == '&' && status != 0) || (step->joint == '|' && status == 0);
}

/* Is there a file of that name, `elapsed_ms` after the process was started? A script that has tests of
 * its own finds no files. */
static bool command_has_file(const struct local_script *process, uint64_t elapsed_ms,
                             struct k8sm_slice name) {
  uint64_t now = 0;
  int status = 0;
  bool there = false;
  for (size_t i = 0; process != NULL && i < process->count; i++) {
    const struct local_step *step = &process->steps[i];
    if (command_skips(step, status)) continue;
    if (step->kind == COMMAND_FOREVER || step->kind == COMMAND_EXIT) break;
    status = step->kind == COMMAND_STATUS ? (int)step->number
             : step->kind == COMMAND_TEST ? !step->negated
                                          : 0;
    now += step->kind == COMMAND_SLEEP ? (uint64_t)step->number : 0;
    if (now > elapsed_ms) break;
    if ((step->kind == COMMAND_TOUCH || step->kind == COMMAND_RM) && k8smi_eq(step->file, name)) {
      there = step->kind == COMMAND_TOUCH;
    }
  }
  return there;
}

static struct local_fate command_run(const struct local_script *script, const struct local_script *process,
                                     uint64_t elapsed_ms) {
  struct local_fate fate = {true, 0, 0};
  for (size_t i = 0; i < script->count; i++) {
    const struct local_step *step = &script->steps[i];
    if (command_skips(step, fate.status)) continue;
    switch (step->kind) {
    case COMMAND_FOREVER: fate.ends = false; return fate;
    case COMMAND_EXIT: fate.status = (int)step->number; return fate;
    case COMMAND_SLEEP:
      fate.after_ms += (uint64_t)step->number;
      fate.status = 0;
      break;
    case COMMAND_TEST:
      fate.status = command_has_file(process, elapsed_ms, step->file) == step->negated;
      break;
    case COMMAND_STATUS: fate.status = (int)step->number; break;
    default: fate.status = 0; break;
    }
  }
  return fate;
}

struct local_fate k8smi_local_script_fate(const struct local_script *script) {
  return command_run(script, NULL, 0);
}

int k8smi_local_script_check(const struct local_script *check, const struct local_script *process,
                             uint64_t elapsed_ms) {
  return command_run(check, process, elapsed_ms).status;
}
