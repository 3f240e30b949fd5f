/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/fields.h"

/* Which name was meant by one that is none: the one that fewest slips of the keyboard lead to. */

enum { SUGGEST_MAX_NAME = 48, SUGGEST_FAR = 3 };

static char suggest_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned suggest_min(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* How many letters must be added, left out, changed or swapped with their neighbours; case does not count.
 * Row by row, of which the last three are kept. Both names are no longer than SUGGEST_MAX_NAME. */
static unsigned suggest_distance(struct k8sm_slice a, struct k8sm_slice b) {
  unsigned rows[3][SUGGEST_MAX_NAME + 1];
  for (unsigned j = 0; j <= b.len; j++) rows[0][j] = j;
  for (unsigned i = 1; i <= a.len; i++) {
    unsigned *row = rows[i % 3];
    const unsigned *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (unsigned j = 1; j <= b.len; j++) {
      char x = suggest_lower(a.ptr[i - 1]), y = suggest_lower(b.ptr[j - 1]);
      row[j] = suggest_min(suggest_min(above[j] + 1, row[j - 1] + 1), above[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == suggest_lower(b.ptr[j - 2]) && y == suggest_lower(a.ptr[i - 2]))
        row[j] = suggest_min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.len % 3][b.len];
}

unsigned k8smi_suggest_begin(struct k8sm_slice name) {
  /* In a short name every letter counts; and what shares no letter is not near. */
  return name.len < 3 ? 1 : name.len < 6 ? 2 : SUGGEST_FAR;
}

bool k8smi_suggest_nearer(struct k8sm_slice name, struct k8sm_slice other, unsigned *best) {
  if (name.len > SUGGEST_MAX_NAME || other.len > SUGGEST_MAX_NAME) return false;
  if (other.len > name.len + 2 || name.len > other.len + 2) return false;
  unsigned distance = suggest_distance(name, other);
  if (distance >= *best) return false;
  *best = distance;
  return true;
}

struct k8sm_slice k8smi_type_suggest(const struct k8smi_type *type, struct k8sm_slice name) {
  struct k8sm_slice nearest = {NULL, 0};
  unsigned best = k8smi_suggest_begin(name);
  for (unsigned i = 0; i < type->count; i++) {
    if (k8smi_suggest_nearer(name, type->fields[i].name, &best)) nearest = type->fields[i].name;
  }
  return nearest;
}
