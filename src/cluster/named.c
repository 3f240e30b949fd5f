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
  if (name->blocks > 0 && --name->blocks > 0) return;
  k8smi_map_remove(&c->blocks->names.map, name->key);
  named_end(c, row);
}

void k8smi_names_free(const struct k8sm_cluster *cluster) {
  struct k8smi_names *names = &cluster->blocks->names;
  k8smi_table_free(&names->rows, &cluster->allocator);
  k8smi_map_free(&names->map);
}

/* ---- Blocks ---- */

static size_t named_bytes(size_t cap) {
  return cap * (sizeof(struct k8smi_named_head) + K8SMI_LANES * sizeof(int32_t));
}

/* Room for one name more. False: there are too many, or memory ran out. */
static bool named_grow(const struct k8sm_cluster *c, struct k8smi_named *named) {
  struct k8smi_named more = {.count = named->count, .cap = named->cap + 1};
  if (named->count < named->cap) return true;
  if (named->count == K8SMI_NAMED_MAX) return false;
  more.heads = k8smi_alloc(&c->allocator, named_bytes(more.cap));
  if (more.heads == NULL) return false;
  if (named->count > 0) {
    memcpy(more.heads, named->heads, named->count * sizeof *more.heads);
    memcpy(k8smi_named_amounts(&more, 0), k8smi_named_amounts(named, 0),
           named->count * K8SMI_LANES * sizeof(int32_t));
  }
  k8smi_free(&c->allocator, named->heads, named_bytes(named->cap));
  *named = more;
  return true;
}

/* Where a name is, from now on. `count`, as above. */
static uint32_t named_put(const struct k8sm_cluster *c, struct k8smi_named *named, uint32_t name) {
  const uint32_t at = k8smi_named_at(named, name);
  if (at < named->count) return at;
  if (!named_grow(c, named)) {
    if (named_at(c, name)->blocks == 0) named_leave(c, name);
    return at;
  }
  named_at(c, name)->blocks++;
  named->heads[named->count++] = (struct k8smi_named_head){.name = name};
  memset(k8smi_named_amounts(named, at), 0, K8SMI_LANES * sizeof(int32_t));
  return at;
}

bool k8smi_named_add(const struct k8sm_cluster *cluster, struct k8smi_named *named, size_t lane,
                     uint32_t sort, const K8smMesos__Resource *of, int64_t milli) {
  const uint32_t name = named_get(cluster, sort, of);
  const uint32_t at = name == K8SMI_MAP_NONE ? named->count : named_put(cluster, named, name);
  if (at == named->count) return false;
  const bool largest = sort == K8SMI_NAMED_DISK || sort == K8SMI_NAMED_PART;
  const int32_t more = k8smi_number(milli);
  struct k8smi_named_head *head = &named->heads[at];
  int32_t *amount = &k8smi_named_amounts(named, at)[lane];
  head->has |= UINT64_C(1) << lane;
  if (!largest) *amount = k8smi_number((int64_t)*amount + more);
  if (largest && more > *amount) *amount = more;
  if (*amount > head->most) head->most = *amount;
  return true;
}

void k8smi_named_clear(const struct k8sm_cluster *cluster, struct k8smi_named *named, size_t lane) {
  for (uint32_t i = named->count; i > 0;
       i--) { /* from the end: the last one takes the place of one that ends */
    struct k8smi_named_head *head = &named->heads[i - 1];
    head->has &= ~(UINT64_C(1) << lane);
    k8smi_named_amounts(named, i - 1)[lane] = 0;
    if (head->has != 0) continue;
    named_leave(cluster, head->name);
    if (i < named->count) {
      *head = named->heads[named->count - 1];
      memcpy(k8smi_named_amounts(named, i - 1), k8smi_named_amounts(named, named->count - 1),
             K8SMI_LANES * sizeof(int32_t));
    }
    named->count--;
  }
  if (named->count > 0) return;
  k8smi_free(&cluster->allocator, named->heads, named_bytes(named->cap));
  *named = (struct k8smi_named){NULL, 0, 0};
}

/* ---- Questions ---- */

/* The first name of a set, from one on; `count`: there is none. */
static uint32_t named_next(const struct k8smi_named *named, const struct k8smi_name_set *set, uint32_t from) {
  while (from < named->count && !k8smi_name_set_has(set, named->heads[from].name)) from++;
  return from;
}

uint64_t k8smi_named_any(const struct k8smi_named *named, const struct k8smi_name_set *set) {
  uint64_t any = 0;
  for (uint32_t i = named_next(named, set, 0); i < named->count; i = named_next(named, set, i + 1))
    any |= named->heads[i].has;
  return any;
}

/* Slots with so much that it may be more than the number says, where that matters. */
static uint64_t named_large(const int32_t *numbers, int64_t least) {
  return least > INT32_MAX ? ~k8smi_lanes_less(numbers, INT32_MAX) : 0;
}

static uint64_t named_sums_less(const struct k8smi_named *named, const struct k8smi_name_set *set,
                                const int32_t *beside, int64_t least, uint64_t *large) {
  int64_t sums[K8SMI_LANES];
  uint64_t bits = 0;
  for (int lane = 0; lane < K8SMI_LANES; lane++) sums[lane] = beside == NULL ? 0 : beside[lane];
  for (uint32_t i = named_next(named, set, 0); i < named->count; i = named_next(named, set, i + 1)) {
    const int32_t *amounts = k8smi_named_amounts(named, i);
    *large |= named_large(amounts, least);
    for (int lane = 0; lane < K8SMI_LANES; lane++) sums[lane] += amounts[lane];
  }
  for (int lane = 0; lane < K8SMI_LANES; lane++) bits |= (uint64_t)(sums[lane] < least) << lane;
  return bits;
}

uint64_t k8smi_named_less(const struct k8smi_named *named, const struct k8smi_name_set *set,
                          const int32_t *beside, int64_t least, uint64_t *large) {
  const uint32_t first = named_next(named, set, 0);
  int64_t most = 0;
  if (beside != NULL) *large |= named_large(beside, least);
  if (beside != NULL && first == named->count) return k8smi_lanes_less(beside, k8smi_number(least));
  for (uint32_t i = first; i < named->count; i = named_next(named, set, i + 1))
    most = named->heads[i].most == INT32_MAX ? INT64_MAX / 2 : most + named->heads[i].most;
  if (beside == NULL && most < least) return UINT64_MAX;
  if (beside == NULL && first == named->count) return 0;
  if (beside != NULL || named_next(named, set, first + 1) < named->count)
    return named_sums_less(named, set, beside, least, large);
  const int32_t *alone = k8smi_named_amounts(named, first);
  *large |= named_large(alone, least);
  return k8smi_lanes_less(alone, k8smi_number(least));
}

uint64_t k8smi_named_enough(const struct k8smi_named *named, const struct k8smi_name_set *set, int64_t least,
                            uint64_t *large) {
  uint64_t enough = 0;
  for (uint32_t i = named_next(named, set, 0); i < named->count; i = named_next(named, set, i + 1)) {
    const struct k8smi_named_head *head = &named->heads[i];
    if (head->most < k8smi_number(least)) continue;
    const int32_t *amounts = k8smi_named_amounts(named, i);
    *large |= named_large(amounts, least);
    enough |= head->has & ~k8smi_lanes_less(amounts, k8smi_number(least));
  }
  return enough;
}
