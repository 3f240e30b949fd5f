/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/io.h>
#include <k8smesos/k8smesos.h>

#include <stdio.h>

/* The layout of every public struct, as it was written down. */

static const struct {
  const char *what;
  size_t is, was;
} layout[] = {
#define SIZE(s, n)     {"sizeof(struct " #s ")", sizeof(struct s), n},
#define FIELD(s, f, n) {"offsetof(struct " #s ", " #f ")", offsetof(struct s, f), n},
#include "layout.def"
};

int main(void) {
  size_t wrong = 0;
  if (sizeof(void *) != 8) {
    printf("the table is for 64-bit machines\n");
    return 77;
  }
  for (size_t i = 0; i < sizeof layout / sizeof layout[0]; i++) {
    if (layout[i].is == layout[i].was) continue;
    printf("%s is %zu, and was %zu\n", layout[i].what, layout[i].is, layout[i].was);
    wrong++;
  }
  return wrong != 0;
}
