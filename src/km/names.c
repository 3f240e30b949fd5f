/* SPDX-License-Identifier: Apache-2.0 */
/* How people name pods and workloads. */
#include "km.h"

#include <string.h>
#include <strings.h>

static const struct {
  const char *name;
  const char *words[4]; /* beside the name itself, the plural first; ends with NULL */
  const char *group;    /* of its API, with a dot before it; "": the core */
} kinds[] = {
    {"Pod", {"pods", "po", NULL}, ""},
    {"ReplicationController", {"replicationcontrollers", "rc", NULL}, ""},
    {"ReplicaSet", {"replicasets", "rs", NULL}, ".apps"},
    {"Deployment", {"deployments", "deploy", NULL}, ".apps"},
    {"StatefulSet", {"statefulsets", "sts", NULL}, ".apps"},
    {"DaemonSet", {"daemonsets", "ds", NULL}, ".apps"},
    {"Job", {"jobs", NULL}, ".batch"},
    {"CronJob", {"cronjobs", "cj", NULL}, ".batch"},
    {"PersistentVolumeClaim", {"persistentvolumeclaims", "pvc", NULL}, ""},
};

static bool is_word(const char *word, size_t len, const char *name) {
  return strlen(name) == len && strncasecmp(word, name, len) == 0;
}

const char *km_kind_name(const char *word, size_t len) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (is_word(word, len, kinds[i].name)) return kinds[i].name;
    for (size_t k = 0; kinds[i].words[k] != NULL; k++) {
      if (is_word(word, len, kinds[i].words[k])) return kinds[i].name;
    }
  }
  return NULL;
}

const char *km_kind_words(const char *kind) {
  size_t i = 0;
  while (i + 1 < sizeof kinds / sizeof kinds[0] && strcmp(kinds[i].name, kind) != 0) i++;
  return kinds[i].words[0];
}

/* "pods", or several: "deploy,po". */
static bool is_kinds(const char *words) {
  for (;; words++) {
    size_t n = strcspn(words, ",");
    if (km_kind_name(words, n) == NULL) return false;
    words += n;
    if (*words == '\0') return true;
  }
}

/* As Kubernetes' names are, or nearly; so it is one word in what is asked of a `km run`. */
static bool is_name(const char *text, size_t len) {
  enum { MOST = 253 };
  size_t i = 0;
  while (i < len && (strchr(".-", text[i]) != NULL || (text[i] >= '0' && text[i] <= '9') ||
                     (text[i] >= 'a' && text[i] <= 'z')))
    i++;
  return len > 0 && len <= MOST && i == len;
}

/* "NAME" or "NAMESPACE/NAME". */
static bool put_key(const char *kind, const char *word, const char *name_space, char *text, size_t cap) {
  const char *slash = strchr(word, '/'), *name = slash == NULL ? word : slash + 1;
  int n =
      snprintf(text, cap, "%s/%s%s%s", kind, slash == NULL ? name_space : "", slash == NULL ? "/" : "", word);
  return (slash == NULL || is_name(word, (size_t)(slash - word))) && is_name(name, strlen(name)) && n > 0 &&
         (size_t)n < cap;
}

static const char *kind_before(const char *word, const char *slash) {
  return slash == NULL ? NULL : km_kind_name(word, (size_t)(slash - word));
}

/* Adds the key of a word that names something of that kind, or says itself of which. */
static bool add_named(struct km_texts *keys, const char *kind, const char *word, const char *name_space) {
  const char *slash = strchr(word, '/'), *own = kind_before(word, slash);
  char key[KM_KEY_CAP];
  bool ok = own == NULL ? put_key(kind, word, name_space, key, sizeof key)
                        : put_key(own, slash + 1, name_space, key, sizeof key);
  if (ok) km_texts_add(keys, key);
  return ok;
}

/* All of "deploy,po". */
static void add_kinds(struct km_texts *keys, const char *words, const char *name_space) {
  for (;; words++) {
    size_t n = strcspn(words, ",");
    char key[KM_KEY_CAP];
    snprintf(key, sizeof key, "%s/%s/*", km_kind_name(words, n), name_space == NULL ? "*" : name_space);
    km_texts_add(keys, key);
    words += n;
    if (*words == '\0') return;
  }
}

static void report_no_name(const char *command, const char *word) {
  fprintf(
      stderr,
      "km %s: '%s' is no name; expected NAME, NAMESPACE/NAME, KIND NAME or KIND/NAME, as deployment/web\n",
      command, word);
}

int km_names_read(const char *command, const struct km_texts *words, const char *name_space,
                  struct km_texts *keys) {
  int code = KM_DONE;
  if (name_space != NULL && !is_name(name_space, strlen(name_space))) {
    fprintf(stderr, "km %s: '%s' is no namespace\n", command, name_space);
    return KM_FAILED;
  }
  const char *of = name_space == NULL ? "default" : name_space, *kind = "Pod";
  for (size_t i = 0; i < words->count; i++) {
    const char *word = words->items[i], *next = i + 1 < words->count ? words->items[i + 1] : "";
    const char *here = km_kind_name(word, strlen(word));
    bool named =
        here != NULL && next[0] != '\0' && !is_kinds(next) && kind_before(next, strchr(next, '/')) == NULL;
    if (named) {
      kind = here;
    } else if (is_kinds(word)) {
      add_kinds(keys, word, name_space);
      kind = "Pod";
    } else if (!add_named(keys, kind, word, of)) {
      report_no_name(command, word);
      code = KM_FAILED;
    }
  }
  return code;
}

bool km_key_matches(const char *pattern, const char *key) {
  while (*pattern != '\0' && *key != '\0') {
    size_t n = strcspn(pattern, "/"), m = strcspn(key, "/");
    bool any = n == 1 && *pattern == '*';
    if (!any && (n != m || memcmp(pattern, key, n) != 0)) return false;
    pattern += n + (pattern[n] == '/');
    key += m + (key[m] == '/');
  }
  return *pattern == *key;
}

bool km_key_is_kind(const char *key) {
  return key[strlen(key) - 1] == '*';
}

/* The kind of a key, and the name behind its namespace. */
static size_t kind_of_key(const char *key, const char **name) {
  size_t i = 0, len = strcspn(key, "/");
  while (i + 1 < sizeof kinds / sizeof kinds[0] && !is_word(key, len, kinds[i].name)) i++;
  *name = strrchr(key, '/') == NULL ? key : strrchr(key, '/') + 1;
  return i;
}

const char *km_resource_name(const char *key, char *text, size_t cap) {
  const char *name;
  size_t i = kind_of_key(key, &name);
  snprintf(text, cap, "%s%s/%s", kinds[i].name, kinds[i].group, name);
  for (char *at = text; *at != '\0' && *at != '/'; at++)
    *at = (char)(*at | 0x20 * (*at >= 'A' && *at <= 'Z'));
  return text;
}

const char *km_resource_missing(const char *key, char *text, size_t cap) {
  const char *name;
  size_t i = kind_of_key(key, &name);
  const char *space = strchr(key, '/') == NULL ? name : strchr(key, '/') + 1;
  int n = name > space ? (int)(name - space) - 1 : 0;
  bool usual = n == 0 || (n == 7 && strncmp(space, "default", 7) == 0);
  snprintf(text, cap, "%s%s \"%s\" not found%s%.*s", kinds[i].words[0], kinds[i].group, name,
           usual ? "" : " in namespace ", usual ? 0 : n, space);
  return text;
}

void km_report_missing(const char *command, const char *key) {
  char words[KM_KEY_CAP];
  size_t kind = strcspn(key, "/");
  const char *space = key + kind + 1;
  if (!km_key_is_kind(key)) {
    fprintf(stderr, "km %s: %s\n", command, km_resource_missing(key, words, sizeof words));
    return;
  }
  snprintf(words, sizeof words, "%.*s", (int)kind, key);
  fprintf(stderr, "km %s: no %s", command, words[0] == '*' ? "pods and workloads" : km_kind_words(words));
  if (space[0] != '*') fprintf(stderr, " in namespace %.*s", (int)strcspn(space, "/"), space);
  fputc('\n', stderr);
}

/* False, with a line, where all of a kind are meant. */
static bool is_one(const char *command, const char *key) {
  char kind[80];
  if (!km_key_is_kind(key)) return true;
  snprintf(kind, sizeof kind, "%.*s", (int)strcspn(key, "/"), key);
  fprintf(stderr, "km %s: which of the %s? KIND NAME or KIND/NAME, as %s/NAME\n", command,
          km_kind_words(kind), km_kind_words(kind));
  return false;
}

int km_names_read_each(const char *command, const struct km_texts *words, const char *name_space,
                       struct km_texts *keys) {
  int code = km_names_read(command, words, name_space, keys);
  for (size_t i = 0; i < keys->count; i++) {
    if (!is_one(command, keys->items[i])) code = KM_FAILED;
  }
  return code;
}

bool km_is_bare(const struct k8sm_pod *pod) {
  struct k8sm_blob *owners = NULL;
  bool bare = k8sm_pod_get(pod, "metadata.ownerReferences", NULL, &owners) != K8SM_OK;
  k8sm_blob_unref(owners);
  return bare;
}
