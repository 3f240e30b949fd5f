/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/named.h"
#include "cluster/blocks.h"
#include "offer/identity.h"

/* ---- Keys: bytes that are the same for what is alike. Texts end with a NUL, which they can't have. ---- */

static void named_put_text(struct k8smi_buf *to, const char *text) {
  if (text != NULL) k8smi_buf_puts(to, text);
  k8smi_buf_putc(to, '\0');
}

static void named_put_labels(struct k8smi_buf *to, const K8smMesos__Labels *labels) {
  for (size_t i = 0; labels != NULL && i < labels->n_labels; i++) {
    k8smi_buf_putc(to, '+');
    named_put_text(to, labels->labels[i]->key);
    named_put_text(to, labels->labels[i]->value);
  }
  k8smi_buf_putc(to, '.');
}

static void named_put_source(struct k8smi_buf *to, const K8smMesos__Resource *of) {
  const K8smMesos__Resource__DiskInfo__Source *source = of->disk->source;
  struct k8sm_slice root;
  k8smi_buf_putc(to, (char)k8smi_resource_disk(of, &root));
  k8smi_buf_slice(to, root);
  k8smi_buf_putc(to, '\0');
  named_put_text(to, source->profile);
  named_put_text(to, source->vendor);
  named_put_labels(to, source->metadata);
}

static void named_put_reservation(struct k8smi_buf *to, const K8smMesos__Resource__ReservationInfo *info) {
  named_put_text(to, info->principal);
  named_put_labels(to, info->labels);
}

static void named_put_reservations(struct k8smi_buf *to, const K8smMesos__Resource *of) {
  for (size_t i = 0; i < of->n_reservations; i++) named_put_reservation(to, of->reservations[i]);
  if (of->n_reservations == 0) named_put_reservation(to, of->reservation);
}

static bool named_has_sample(uint32_t sort) {
  return sort >= K8SMI_NAMED_DISK && sort <= K8SMI_NAMED_FOR_DISK;
}

static struct k8sm_slice named_key(struct k8smi_buf *to, uint32_t sort, const K8smMesos__Resource *of) {
  k8smi_buf_putc(to, (char)sort);
  if (sort == K8SMI_NAMED_SCALAR) k8smi_buf_puts(to, of->name);
  if (sort == K8SMI_NAMED_DISK) named_put_source(to, of);
  if (sort != K8SMI_NAMED_DISK && named_has_sample(sort)) named_put_reservations(to, of);
  return (struct k8sm_slice){to->ptr, to->len};
}

enum { NAMED_LENT = 256 }; /* bytes of most keys, at most */

static void named_begin(const struct k8sm_cluster *c, struct k8smi_buf *buf, void *lent) {
  (void)k8smi_buf_init(buf, &c->allocator); /* one that is good */
  k8smi_buf_lend(buf, lent, NAMED_LENT);
}

/* ---- Names ---- */

static struct k8smi_name *named_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->blocks->names.rows, row);
}

uint32_t k8smi_name_find(const struct k8sm_cluster *cluster, uint32_t sort, struct k8sm_slice scalar) {
  _Alignas(8) char lent[NAMED_LENT];
  struct k8smi_buf buf;
  named_begin(cluster, &buf, lent);
  k8smi_buf_putc(&buf, (char)sort);
  k8smi_buf_slice(&buf, scalar);
  const struct k8sm_slice key = {buf.ptr, buf.len};
  uint32_t row = buf.failed ? K8SMI_MAP_NONE : k8smi_map_get(&cluster->blocks->names.map, key);
  k8smi_buf_free(&buf);
  return row;
}

static void named_end(const struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_name *name = named_at(c, row);
  k8smi_text_free(&c->allocator, name->key);
  k8smi_arena_free(&name->arena);
  k8smi_table_give(&c->blocks->names.rows, row);
}

static uint32_t named_new(const struct k8sm_cluster *c, uint32_t sort, struct k8sm_slice key,
                          const K8smMesos__Resource *of) {
  struct k8smi_names *names = &c->blocks->names;
  struct k8sm_slice own;
  if (!k8smi_table_reserve(&names->rows, &c->allocator, 1) || !k8smi_text_own(&c->allocator, key, &own))
    return K8SMI_MAP_NONE;
  const uint32_t row = k8smi_table_take(&names->rows);
  struct k8smi_name *name = named_at(c, row);
  name->sort = sort;
  name->key = own;
  (void)k8smi_arena_init(&name->arena, &c->allocator, 0);
  if (named_has_sample(sort)) name->sample = k8smi_identity_copy(&name->arena, of);
  if ((!named_has_sample(sort) || name->sample != NULL) && k8smi_map_put(&names->map, own, row)) return row;
  named_end(c, row);
  return K8SMI_MAP_NONE;
}

static uint32_t named_get(const struct k8sm_cluster *c, uint32_t sort, const K8smMesos__Resource *of) {
  _Alignas(8) char lent[NAMED_LENT];
  struct k8smi_buf buf;
  uint32_t row = K8SMI_MAP_NONE;
  named_begin(c, &buf, lent);
  const struct k8sm_slice key = named_key(&buf, sort, of);
  if (!buf.failed) row = k8smi_map_get(&c->blocks->names.map, key);
  if (!buf.failed && row == K8SMI_MAP_NONE) row = named_new(c, sort, key, of);
  k8smi_buf_free(&buf);
  return row;
}

static void named_leave(const struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_name *name = named_at(c, row);
  if (name->pages > 0 && --name->pages > 0) return;
  k8smi_map_remove(&c->blocks->names.map, name->key);
  named_end(c, row);
}

void k8smi_names_free(const struct k8sm_cluster *cluster) {
  struct k8smi_names *names = &cluster->blocks->names;
  k8smi_table_free(&names->rows, &cluster->allocator);
  k8smi_map_free(&names->map);
}

/* ---- Pages ---- */

static uint32_t named_find(const struct k8smi_named *named, uint32_t name) {
  uint32_t i = 0;
  while (i < named->count && named->names[i] != name) i++;
  return i;
}

/* Room for one page more. False: there are too many, or memory ran out. */
static bool named_grow(const struct k8sm_cluster *c, struct k8smi_named *named) {
  const size_t before = named->cap * sizeof *named->pages;
  if (named->count < named->cap) return true;
  if (named->count == K8SMI_NAMED_PAGES_MAX) return false;
  struct k8smi_named_page *pages = k8smi_alloc(&c->allocator, before + sizeof *pages);
  if (pages == NULL) return false;
  if (before > 0) memcpy(pages, named->pages, before);
  k8smi_free(&c->allocator, named->pages, before);
  named->pages = pages;
  named->cap++;
  return true;
}

/* That of a name, made if need be. NULL as above. */
static struct k8smi_named_page *named_page(const struct k8sm_cluster *c, struct k8smi_named *named,
                                           uint32_t name) {
  const uint32_t at = named_find(named, name);
  if (at < named->count) return &named->pages[at];
  if (!named_grow(c, named)) {
    if (named_at(c, name)->pages == 0) named_leave(c, name);
    return NULL;
  }
  named_at(c, name)->pages++;
  named->names[named->count++] = name;
  memset(&named->pages[at], 0, sizeof named->pages[at]);
  return &named->pages[at];
}

bool k8smi_named_add(const struct k8sm_cluster *cluster, struct k8smi_named *named, size_t lane,
                     uint32_t sort, const K8smMesos__Resource *of, int64_t milli) {
  const uint32_t name = named_get(cluster, sort, of);
  struct k8smi_named_page *page = name == K8SMI_MAP_NONE ? NULL : named_page(cluster, named, name);
  if (page == NULL) return false;
  const int32_t more = k8smi_number(milli);
  int32_t *amount = &page->amount[lane];
  page->has |= UINT64_C(1) << lane;
  if (sort != K8SMI_NAMED_DISK && sort != K8SMI_NAMED_PART) {
    *amount = k8smi_number((int64_t)*amount + more);
  } else if (more > *amount) {
    *amount = more;
  }
  return true;
}

void k8smi_named_clear(const struct k8sm_cluster *cluster, struct k8smi_named *named, size_t lane) {
  for (uint32_t i = named->count; i > 0;
       i--) { /* from the end: the last one takes the place of one that ends */
    struct k8smi_named_page *page = &named->pages[i - 1];
    page->has &= ~(UINT64_C(1) << lane);
    page->amount[lane] = 0;
    if (page->has != 0) continue;
    named_leave(cluster, named->names[i - 1]);
    named->names[i - 1] = named->names[--named->count];
    if (i - 1 < named->count) *page = named->pages[named->count];
  }
  if (named->count > 0) return;
  k8smi_free(&cluster->allocator, named->pages, named->cap * sizeof *named->pages);
  named->pages = NULL;
  named->cap = 0;
}

/* ---- Questions ---- */

const struct k8smi_named_page *k8smi_named_page_of(const struct k8smi_named *named, uint32_t name) {
  const uint32_t at = name == K8SMI_MAP_NONE ? named->count : named_find(named, name);
  return at < named->count ? &named->pages[at] : NULL;
}

/* The first page of a set, from one on; `count`: there is none. */
static uint32_t named_next(const struct k8smi_named *named, const struct k8smi_name_set *set, uint32_t from) {
  while (from < named->count && !k8smi_name_set_has(set, named->names[from])) from++;
  return from;
}

static uint64_t named_large(const int32_t *numbers, int64_t least) {
  return least > INT32_MAX ? ~k8smi_lanes_less(numbers, INT32_MAX) : 0;
}

uint64_t k8smi_named_any(const struct k8smi_named *named, const struct k8smi_name_set *set) {
  uint64_t any = 0;
  for (uint32_t i = named_next(named, set, 0); i < named->count; i = named_next(named, set, i + 1))
    any |= named->pages[i].has;
  return any;
}

static uint64_t named_sums_less(const struct k8smi_named *named, const struct k8smi_name_set *set,
                                const int32_t *beside, int64_t least) {
  int64_t sums[K8SMI_LANES];
  uint64_t bits = 0;
  for (int lane = 0; lane < K8SMI_LANES; lane++) sums[lane] = beside == NULL ? 0 : beside[lane];
  for (uint32_t i = named_next(named, set, 0); i < named->count; i = named_next(named, set, i + 1))
    for (int lane = 0; lane < K8SMI_LANES; lane++) sums[lane] += named->pages[i].amount[lane];
  for (int lane = 0; lane < K8SMI_LANES; lane++) bits |= (uint64_t)(sums[lane] < least) << lane;
  return bits;
}

uint64_t k8smi_named_less(const struct k8smi_named *named, const struct k8smi_name_set *set,
                          const int32_t *beside, int64_t least, uint64_t *large) {
  const uint32_t first = named_next(named, set, 0);
  if (beside != NULL) *large |= named_large(beside, least);
  for (uint32_t i = first; i < named->count; i = named_next(named, set, i + 1))
    *large |= named_large(named->pages[i].amount, least);
  if (first < named->count && (beside != NULL || named_next(named, set, first + 1) < named->count))
    return named_sums_less(named, set, beside, least);
  const int32_t *alone = first < named->count ? named->pages[first].amount : beside;
  if (alone == NULL) return least > 0 ? UINT64_MAX : 0;
  return k8smi_lanes_less(alone, k8smi_number(least));
}

uint64_t k8smi_named_enough(const struct k8smi_named *named, const struct k8smi_name_set *set, int64_t least,
                            uint64_t *large) {
  uint64_t enough = 0;
  for (uint32_t i = named_next(named, set, 0); i < named->count; i = named_next(named, set, i + 1)) {
    const struct k8smi_named_page *page = &named->pages[i];
    *large |= named_large(page->amount, least);
    enough |= page->has & ~k8smi_lanes_less(page->amount, k8smi_number(least));
  }
  return enough;
}
