/* SPDX-License-Identifier: Apache-2.0 */
#include "km.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void *km_alloc(void *old, size_t size) {
  void *p = realloc(old, size == 0 ? 1 : size);
  if (p == NULL) {
    fputs("km: out of memory\n", stderr);
    exit(KM_FAILED);
  }
  return p;
}

char *km_strdup(const char *text, size_t len) {
  char *copy = km_alloc(NULL, len + 1);
  if (len > 0) memcpy(copy, text, len);
  copy[len] = '\0';
  return copy;
}

void km_put_cpus(char *text, size_t cap, int64_t milli) {
  if (milli % 1000 == 0)
    snprintf(text, cap, "%lld", (long long)(milli / 1000));
  else
    snprintf(text, cap, "%lldm", (long long)milli);
}

void km_put_mem(char *text, size_t cap, int64_t milli) {
  int64_t mib = (milli + 999) / 1000; /* Mesos' MB are 2^20 bytes */
  if (mib >= 1024 && mib % 1024 == 0)
    snprintf(text, cap, "%lldGi", (long long)(mib / 1024));
  else
    snprintf(text, cap, "%lldMi", (long long)mib);
}

/* As kubectl shows ages: the two largest units while the first is small. */
void km_put_age(char *text, size_t cap, int64_t ms) {
  long long s = ms < 0 ? 0 : ms / 1000;
  if (s < 120)
    snprintf(text, cap, "%llds", s);
  else if (s < 600)
    snprintf(text, cap, "%lldm%llds", s / 60, s % 60);
  else if (s < 3 * 3600)
    snprintf(text, cap, "%lldm", s / 60);
  else if (s < 8 * 3600)
    snprintf(text, cap, "%lldh%lldm", s / 3600, s / 60 % 60);
  else if (s < 48 * 3600)
    snprintf(text, cap, "%lldh", s / 3600);
  else
    snprintf(text, cap, "%lldd", s / 86400);
}

void km_table_row(struct km_table *table, const char *const cells[KM_COLUMNS]) {
  table->rows = km_alloc(table->rows, (table->count + 1) * sizeof *table->rows);
  for (size_t c = 0; c < KM_COLUMNS; c++) {
    const char *cell = cells[c] == NULL ? " " : cells[c][0] == '\0' ? "-" : cells[c];
    table->rows[table->count][c] = km_strdup(cell, strlen(cell));
  }
  table->count++;
}

size_t km_table_print(const struct km_table *table, FILE *out) {
  size_t width[KM_COLUMNS] = {0};
  for (size_t r = 0; r < table->count; r++) {
    for (size_t c = 0; c < KM_COLUMNS; c++) {
      size_t n = strlen(table->rows[r][c]);
      if (n > width[c]) width[c] = n;
    }
  }
  for (size_t r = 0; r < table->count; r++) {
    size_t last = KM_COLUMNS - 1;
    while (last > 0 && strcmp(table->rows[r][last], " ") == 0) last--; /* columns that are not there */
    for (size_t c = 0; c < last; c++) fprintf(out, "%-*s   ", (int)width[c], table->rows[r][c]);
    fprintf(out, "%s\n", table->rows[r][last]);
  }
  return table->count;
}

void km_table_free(struct km_table *table) {
  for (size_t r = 0; r < table->count; r++) {
    for (size_t c = 0; c < KM_COLUMNS; c++) free(table->rows[r][c]);
  }
  free(table->rows);
  table->rows = NULL;
  table->count = 0;
}

int64_t km_time_ms(const char *text) {
  struct tm tm = {0};
  if (text == NULL || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                             &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
    return 0;
  tm.tm_year -= 1900;
  tm.tm_mon -= 1;
  return (int64_t)timegm(&tm) * 1000;
}

int64_t km_pod_created_ms(const struct k8sm_pod *pod) {
  struct k8sm_pod_value time;
  int result = k8sm_pod_get_value(pod, "metadata.creationTimestamp", &time, sizeof time);
  return result == K8SM_OK ? km_time_ms(time.text.ptr) : 0;
}
