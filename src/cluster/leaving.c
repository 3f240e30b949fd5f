/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/leaving.h"

static struct k8smi_leaving_page *leaving_at(const struct k8smi_columns *all, size_t number) {
  return k8smi_page_at(&all->windows, number);
}

static uint64_t *leaving_word(struct k8smi_leaving_page *page, size_t number) {
  return &page->leaving[number % K8SMI_PAGE_WORDS];
}

bool k8smi_leaving_put(const struct k8sm_cluster *cluster, uint32_t agent) {
  struct k8smi_columns *all = cluster->columns;
  const struct k8smi_window window = k8smi_label_set_window(k8smi_agent_at(cluster, agent)->labels->set);
  struct k8smi_leaving_page *page = k8smi_page_make(cluster, &all->windows, agent, sizeof *page);
  if (page == NULL) return false;
  page->from[agent % K8SMI_PAGE_AGENTS] = k8smi_leaving_number(window.from_ms);
  page->until[agent % K8SMI_PAGE_AGENTS] = k8smi_leaving_number(window.until_ms);
  *leaving_word(page, agent / K8SMI_LANES) |= UINT64_C(1) << agent % K8SMI_LANES;
  all->leaving++;
  return true;
}

void k8smi_leaving_drop(const struct k8sm_cluster *cluster, uint32_t agent) {
  struct k8smi_columns *all = cluster->columns;
  struct k8smi_leaving_page *page = leaving_at(all, agent / K8SMI_LANES);
  *leaving_word(page, agent / K8SMI_LANES) &= ~(UINT64_C(1) << agent % K8SMI_LANES);
  if (--all->leaving == 0) k8smi_pages_free(cluster, &all->windows, sizeof *page);
}

/* Numbers that are `number` or less. */
static uint64_t leaving_up_to(const int32_t *numbers, int32_t number) {
  return number == INT32_MAX ? UINT64_MAX : k8smi_lanes_less(numbers, number + 1);
}

uint64_t k8smi_leaving_during(const struct k8smi_columns *all, size_t number, struct k8smi_window during,
                              uint64_t *ret_may) {
  struct k8smi_leaving_page *page = leaving_at(all, number);
  const uint64_t leaving = page == NULL ? 0 : *leaving_word(page, number);
  *ret_may = 0;
  if (leaving == 0) return 0;
  const int32_t *from = page->from + number % K8SMI_PAGE_WORDS * K8SMI_LANES;
  const int32_t *until = page->until + number % K8SMI_PAGE_WORDS * K8SMI_LANES;
  const int32_t begin = k8smi_leaving_number(during.from_ms), end = k8smi_leaving_number(during.until_ms);
  *ret_may = leaving & leaving_up_to(from, end) & ~k8smi_lanes_less(until, begin);
  if (*ret_may == 0) return 0;
  return *ret_may & k8smi_lanes_less(from, end) & ~leaving_up_to(until, begin);
}

/* Those with a number between two, or one of these. */
static uint64_t leaving_between(const int32_t *numbers, int32_t a, int32_t b) {
  return leaving_up_to(numbers, a < b ? b : a) & ~k8smi_lanes_less(numbers, a < b ? a : b);
}

bool k8smi_leaving_differs(const struct k8smi_columns *all, struct k8smi_window one,
                           struct k8smi_window other) {
  const int32_t begins[] = {k8smi_leaving_number(one.from_ms), k8smi_leaving_number(other.from_ms)};
  const int32_t ends[] = {k8smi_leaving_number(one.until_ms), k8smi_leaving_number(other.until_ms)};
  for (size_t number = 0; number < all->windows.cap * K8SMI_PAGE_WORDS; number++) {
    struct k8smi_leaving_page *page = leaving_at(all, number);
    const uint64_t leaving = page == NULL ? 0 : *leaving_word(page, number);
    const size_t first = number % K8SMI_PAGE_WORDS * K8SMI_LANES;
    if (leaving != 0 && (leaving & (leaving_between(page->from + first, ends[0], ends[1]) |
                                    leaving_between(page->until + first, begins[0], begins[1]))) != 0)
      return true;
  }
  return false;
}
