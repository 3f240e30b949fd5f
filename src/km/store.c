/* SPDX-License-Identifier: Apache-2.0 */
/* The state folder: a file for each key, replaced as a whole or with more rows behind what is there, on the
 * disk before it counts. */
#include "host.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct km_store {
  int records; /* the folder of the rows, */
  char *path;  /* and what it is called */
  int lock;
};

enum { MAX_KEY = 255 };

const char *km_state_folder(const char *option, char *text, size_t cap) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if (option != NULL)
    snprintf(text, cap, "%s", option);
  else if (state != NULL && state[0] == '/')
    snprintf(text, cap, "%s/km", state);
  else
    snprintf(text, cap, "%s/.local/state/km", home == NULL ? "" : home);
  return text;
}

static bool make_folders(const char *path) {
  char part[1024];
  for (size_t i = 1; i < sizeof part && path[i - 1] != '\0'; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(part, path, i);
    part[i] = '\0';
    if (mkdir(part, 0700) != 0 && errno != EEXIST) return false;
  }
  return true;
}

static struct km_store *open_failed(struct km_store *store, const char *folder, const char *why) {
  fprintf(stderr, "km: state folder %s: %s\n", folder, why);
  km_store_close(store);
  return NULL;
}

struct km_store *km_store_open(const char *folder, bool fresh) {
  char path[1200];
  struct km_store *store = km_alloc(NULL, sizeof *store);
  *store = (struct km_store){-1, NULL, -1};
  snprintf(path, sizeof path, "%s/records", folder);
  if (strlen(folder) > 1000) return open_failed(store, folder, "the path is too long");
  if (!make_folders(path)) return open_failed(store, folder, strerror(errno));
  store->path = km_strdup(path, strlen(path));
  store->records = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (store->records < 0) return open_failed(store, folder, strerror(errno));
  snprintf(path, sizeof path, "%s/lock", folder);
  store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (store->lock < 0) return open_failed(store, folder, strerror(errno));
  if (flock(store->lock, LOCK_EX | LOCK_NB) != 0) {
    return open_failed(store, folder,
                       "another km runs with it; give this one a folder of its own with --state=DIR");
  }
  if (fresh) km_store_clear(store);
  return store;
}

void km_store_close(struct km_store *store) {
  if (store == NULL) return;
  if (store->records >= 0) close(store->records);
  if (store->lock >= 0) close(store->lock);
  free(store->path);
  free(store);
}

bool km_store_is_held(const char *folder) {
  char path[1200];
  snprintf(path, sizeof path, "%s/lock", folder);
  int lock = open(path, O_RDWR | O_CLOEXEC);
  if (lock < 0) return false;
  bool held = flock(lock, LOCK_SH | LOCK_NB) != 0;
  close(lock);
  return held;
}

/* Keys as file names: letters, digits, '-' and '_' stand for themselves, others are %XX. */
static bool file_name(struct k8sm_slice key, char name[3 * MAX_KEY + 1]) {
  size_t n = 0;
  if (key.len == 0 || key.len > MAX_KEY) return false;
  for (size_t i = 0; i < key.len; i++) {
    unsigned char c = (unsigned char)key.ptr[i];
    if (isalnum(c) || c == '-' || c == '_')
      name[n++] = (char)c;
    else
      n += (size_t)sprintf(name + n, "%%%02X", c);
  }
  name[n] = '\0';
  return n + 4 < 256; /* NAME_MAX, with the suffix of a file in the making */
}

static bool key_of(const char *name, char key[MAX_KEY + 1]) {
  size_t n = 0;
  for (; *name != '\0' && n < MAX_KEY; n++) {
    unsigned c = (unsigned char)*name;
    if (c == '%' && sscanf(name + 1, "%2X", &c) != 1) return false;
    name += *name == '%' ? 3 : 1;
    key[n] = (char)c;
  }
  key[n] = '\0';
  return *name == '\0';
}

static bool write_all(int fd, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, bytes, len);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    len -= (size_t)n;
  }
  return true;
}

static bool replace_file(int folder, const char *name, struct k8sm_slice bytes) {
  char fresh[3 * MAX_KEY + 5];
  snprintf(fresh, sizeof fresh, "%s.new", name);
  int fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  bool ok = write_all(fd, bytes.ptr, bytes.len) && fsync(fd) == 0;
  ok = close(fd) == 0 && ok;
  return ok && renameat(folder, fresh, folder, name) == 0;
}

/* All of it or nothing: what was written of a row that did not fit is cut off again. */
static bool append_file(const struct km_store *store, const char *name, struct k8sm_slice bytes) {
  struct stat st;
  int fd = openat(store->records, name, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return false;
  bool ok = fstat(fd, &st) == 0;
  if (ok && (!write_all(fd, bytes.ptr, bytes.len) || fdatasync(fd) != 0)) {
    int error = errno;
    if (ftruncate(fd, st.st_size) != 0)
      fprintf(stderr, "km: %s/%s: a record that was cut short stays: %s\n", store->path, name,
              strerror(errno));
    errno = error;
    ok = false;
  }
  return close(fd) == 0 && ok;
}

static bool put_whole(struct km_store *store, const char *name, struct k8sm_slice bytes) {
  bool ok = bytes.len == 0 ? unlinkat(store->records, name, 0) == 0 || errno == ENOENT
                           : replace_file(store->records, name, bytes);
  return ok && fsync(store->records) == 0;
}

bool km_store_put(struct km_store *store, struct k8sm_slice key, struct k8sm_slice bytes, bool append) {
  char name[3 * MAX_KEY + 1] = "";
  bool ok = file_name(key, name);
  if (!ok) errno = ENAMETOOLONG;
  if (ok) ok = append ? append_file(store, name, bytes) : put_whole(store, name, bytes);
  if (!ok) {
    fprintf(stderr, "km: %s/%s: the record of %.*s could not be kept: %s\n", store->path, name, (int)key.len,
            key.ptr, strerror(errno));
  }
  return ok;
}

static bool is_row(const char *name) {
  size_t n = strlen(name);
  return name[0] != '.' && !(n > 4 && strcmp(name + n - 4, ".new") == 0);
}

static bool read_row(struct km_store *store, const char *name, char **ret, size_t *ret_len) {
  int fd = openat(store->records, name, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0) {
    if (fd >= 0) close(fd);
    return false;
  }
  char *bytes = km_alloc(NULL, (size_t)st.st_size + 1);
  size_t len = 0;
  ssize_t n;
  while ((n = read(fd, bytes + len, (size_t)st.st_size - len)) > 0) len += (size_t)n;
  *ret = bytes;
  *ret_len = len;
  int error = errno;
  close(fd);
  errno = error;
  return n == 0;
}

static DIR *open_records(struct km_store *store) {
  int fd = openat(store->records, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? NULL : fdopendir(fd);
}

static bool give_row(struct km_store *store, const char *name, km_store_visitor *visit, void *ctx) {
  char key[MAX_KEY + 1], path[1200 + 3 * MAX_KEY], *bytes = NULL;
  struct km_row row = {.key = key, .path = path};
  snprintf(path, sizeof path, "%s/%s", store->path, name);
  if (!key_of(name, key)) {
    fprintf(stderr, "km: %s: not the name of a record\n", path);
    return false;
  }
  bool ok = read_row(store, name, &bytes, &row.len);
  if (!ok) fprintf(stderr, "km: %s: %s\n", path, strerror(errno));
  row.bytes = bytes;
  if (ok && !(ok = visit(ctx, &row))) {
    fprintf(stderr, "km: %s: the record of %s can't be read; move the file away to go on without it\n", path,
            key);
  }
  free(bytes);
  return ok;
}

bool km_store_each(struct km_store *store, km_store_visitor *visit, void *ctx) {
  DIR *dir = open_records(store);
  bool ok = dir != NULL;
  if (!ok) fprintf(stderr, "km: %s: %s\n", store->path, strerror(errno));
  if (ok && faccessat(store->records, "framework", R_OK, 0) == 0)
    ok = give_row(store, "framework", visit, ctx);
  for (struct dirent *e; ok && (e = readdir(dir)) != NULL;) {
    if (is_row(e->d_name) && strcmp(e->d_name, "framework") != 0) ok = give_row(store, e->d_name, visit, ctx);
  }
  if (dir != NULL) closedir(dir);
  return ok;
}

void km_store_clear(struct km_store *store) {
  DIR *dir = open_records(store);
  if (dir == NULL) return;
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    if (e->d_name[0] != '.') unlinkat(store->records, e->d_name, 0);
  }
  closedir(dir);
}
