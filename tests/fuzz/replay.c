/* SPDX-License-Identifier: Apache-2.0 */

/* Runs a fuzz target over the files of the folders named, each of them whole and cut at every byte (the first
 * few hundred), and changed by the target's own mutator, if it has one. In memory of exactly that size, so
 * that a sanitizer sees a read behind the end. */

#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { REPLAY_CUTS = 512, REPLAY_CHANGES = 200, REPLAY_GROWTH = 512 };

static void replay_bytes(const unsigned char *bytes, size_t len) {
  unsigned char *exact = malloc(len == 0 ? 1 : len);
  FUZZ_REQUIRE(exact != NULL);
  memcpy(exact, bytes, len);
  LLVMFuzzerTestOneInput(exact, len);
  free(exact);
}

#ifdef REPLAY_MUTATES
static void replay_changes(const unsigned char *bytes, size_t size) {
  size_t cap = size + REPLAY_GROWTH, len = size;
  unsigned char *changed = malloc(cap);
  FUZZ_REQUIRE(changed != NULL);
  for (unsigned seed = 0; seed < REPLAY_CHANGES; seed++) {
    if (seed % 8 == 0) memcpy(changed, bytes, len = size);
    len = LLVMFuzzerCustomMutator(changed, len, cap, seed);
    FUZZ_REQUIRE(len <= cap);
    replay_bytes(changed, len);
  }
  free(changed);
}
#endif

static int replay_file(const char *path, size_t size) {
  unsigned char *bytes = malloc(size + 1);
  FILE *f = fopen(path, "rb");
  int fine = bytes != NULL && f != NULL && fread(bytes, 1, size, f) == size;
  for (size_t cut = 0; fine && cut < size && cut < REPLAY_CUTS; cut++) replay_bytes(bytes, cut);
  if (fine) replay_bytes(bytes, size);
#ifdef REPLAY_MUTATES
  if (fine) replay_changes(bytes, size);
#endif
  if (f != NULL) fclose(f);
  free(bytes);
  return fine;
}

static int replay_folder(const char *folder) {
  int count = 0;
  DIR *d = opendir(folder);
  if (d == NULL) return 0;
  for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
    char path[1024];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) continue;
    if (!replay_file(path, (size_t)st.st_size)) fprintf(stderr, "%s: can't be read\n", path);
    count++;
  }
  closedir(d);
  return count;
}

int main(int argc, char **argv) {
  int count = 0;
  for (int i = 1; i < argc; i++) count += replay_folder(argv[i]);
  printf("%d inputs\n", count);
  return count > 0 ? 0 : 1;
}
