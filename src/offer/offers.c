/* SPDX-License-Identifier: Apache-2.0 */
/* An OFFERS event → offers. */
#include "offer/resources.h"
#include "base/abi.h"
#include "offer/ids.h"

struct offers_job {
  struct k8sm_offers *offers;
  struct k8sm_diags *diags;
  const struct k8smi_path *path; /* of the offer */
  bool failed;                   /* memory */
};

static bool offers_bad(const struct offers_job *job, struct k8sm_slice field, const char *message) {
  struct k8smi_path path = k8smi_path_field(job->path, field);
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "%s", message);
  return false;
}

static bool offers_id(const struct offers_job *job, const char *field, struct k8sm_slice id) {
  const struct k8smi_path path = k8smi_path_field(job->path, k8smi_s(field));
  return k8smi_offer_id_check(&path, id, K8SM_SEVERITY_ERROR, "", job->diags);
}

static struct k8sm_slice offers_role(const K8smMesos__Resource__AllocationInfo *info) {
  return k8smi_s(info == NULL ? NULL : info->role);
}

static bool offers_ids(struct offers_job *job, struct k8smi_offer *ret) {
  const K8smMesos__Offer *m = ret->message;
  const char *missing = m->id == NULL             ? "id"
                        : m->framework_id == NULL ? "framework_id"
                        : m->agent_id == NULL     ? "agent_id"
                                                  : NULL;
  if (missing != NULL)
    return offers_bad(job, k8smi_s(missing),
                      "missing: expected an id of the offer, the framework and the agent");
  ret->id = k8smi_s(m->id->value);
  ret->framework_id = k8smi_s(m->framework_id->value);
  ret->agent_id = k8smi_s(m->agent_id->value);
  ret->hostname = k8smi_s(m->hostname);
  ret->role = offers_role(m->allocation_info);
  return offers_id(job, "id", ret->id) && offers_id(job, "framework_id", ret->framework_id) &&
         offers_id(job, "agent_id", ret->agent_id);
}

static bool offers_bad_role(const struct offers_job *job, struct k8sm_slice role, struct k8sm_slice other) {
  struct k8smi_path path = k8smi_path_field(job->path, K8SMI_S("allocation_info.role"));
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path,
             "resources are allocated to different roles, %.*s and %.*s: expected one", K8SMI_P(role),
             K8SMI_P(other));
  return false;
}

/* All resources of an offer are allocated to one role; old masters do not say it on the offer. */
static bool offers_allocation(struct offers_job *job, struct k8smi_offer *ret) {
  const K8smMesos__Offer *m = ret->message;
  for (size_t i = 0; i < m->n_resources; i++) {
    struct k8sm_slice role = offers_role(m->resources[i]->allocation_info);
    if (role.len == 0) continue;
    if (ret->role.len == 0) ret->role = role;
    if (!k8smi_eq(ret->role, role)) {
      return offers_bad_role(job, ret->role, role);
    }
  }
  if (ret->role.len == 0) ret->role = K8SMI_S("*");
  return true;
}

void k8smi_offer_count(struct k8smi_offer *offer, const struct k8smi_resource *resource) {
  offer->owned |= resource->owner.len > 0;
  offer->stranded |= resource->claimed && !k8smi_resource_is_volume(resource);
  if (resource->spend == K8SMI_SPEND_NEVER) return;
  offer->disks |= resource->spend == K8SMI_SPEND_DISK;
  offer->noted |= k8smi_resource_is_noted(resource);
  offer->ports |= resource->kind == K8SMI_PORTS;
  offer->extended |= resource->kind == K8SMI_OTHER;
  if (resource->kind < K8SMI_SCALARS && k8smi_resource_is_free(resource))
    offer->free[resource->kind] += resource->milli;
}

bool k8smi_offer_has_volume(const struct k8smi_offer *offer, struct k8sm_slice id) {
  for (size_t i = 0; i < offer->resource_count; i++) {
    const struct k8smi_resource *r = &offer->resources[i];
    if (r->spend == K8SMI_SPEND_NEVER && r->milli > 0 && k8smi_resource_is_volume(r) &&
        k8smi_eqs(id, r->message->disk->persistence->id)) {
      return true;
    }
  }
  return false;
}

static bool offers_sum(struct offers_job *job, struct k8smi_offer *ret,
                       const struct k8smi_resource *resource) {
  k8smi_offer_count(ret, resource);
  if (resource->kind >= K8SMI_SCALARS || ret->free[resource->kind] <= K8SMI_SCALAR_MAX) return true;
  const struct k8smi_path path = k8smi_path_field(job->path, K8SMI_S("resources"));
  const long long milli = ret->free[resource->kind];
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path, "%lld.%03d of %s in all: expected %lld at most",
             milli / 1000, (int)(milli % 1000), resource->message->name,
             (long long)(K8SMI_SCALAR_MAX / 1000));
  return false;
}

static size_t offers_row_count(const struct k8smi_resource *resource) {
  struct k8smi_value value = k8smi_resource_value(resource);
  return k8smi_resource_row_count(&value);
}

/* Of a volume that no master lets anybody make. */
static void offers_check_volume(const struct offers_job *job, const struct k8smi_path *path,
                                const struct k8smi_resource *resource) {
  const K8smMesos__Resource__DiskInfo *disk = resource->message->disk;
  if (disk == NULL || disk->persistence == NULL || k8smi_resource_reservation(resource->message).len > 0)
    return;
  const struct k8smi_path of = k8smi_path_field(path, K8SMI_S("disk.persistence"));
  k8smi_find_as(
      job->diags, K8SM_DIAG_OFFER_INVALID, K8SM_SEVERITY_WARNING, &of,
      "a persistent volume \"%.*s\" of disk that is not reserved: expected a reservation; it is left alone",
      K8SMI_P(k8smi_s(disk->persistence->id)));
}

static bool offers_resources(struct offers_job *job, struct k8smi_offer *ret) {
  const K8smMesos__Offer *m = ret->message;
  struct k8smi_path list = k8smi_path_field(job->path, K8SMI_S("resources"));
  size_t bytes;
  bool fits = k8smi_mul(m->n_resources, sizeof *ret->resources, &bytes);
  ret->resources = fits ? k8smi_arena_alloc(&job->offers->arena, bytes) : NULL; /* each is filled in whole */
  job->failed = ret->resources == NULL;
  if (job->failed) return false;
  for (size_t i = 0; i < m->n_resources; i++) {
    struct k8smi_path path = k8smi_path_index(&list, i);
    struct k8smi_resource *resource = &ret->resources[i];
    if (!k8smi_resource_read(&job->offers->arena, m->resources[i], &path, resource, &job->failed,
                             job->diags) ||
        !offers_sum(job, ret, resource)) {
      return false;
    }
    offers_check_volume(job, &path, resource);
  }
  ret->resource_count = m->n_resources;
  return true;
}

/* The number of the first resource from there on that has the port; the count: none has. */
static size_t offers_port_at(const struct k8smi_offer *offer, size_t from, uint64_t port) {
  for (; from < offer->resource_count; from++) {
    const struct k8smi_resource *r = &offer->resources[from];
    if (r->kind == K8SMI_PORTS && k8smi_ranges_find(&r->ranges, port) < r->ranges.count) break;
  }
  return from;
}

static bool offers_bad_port(const struct offers_job *job, const struct k8smi_offer *offer, uint64_t port) {
  const size_t first = offers_port_at(offer, 0, port), second = offers_port_at(offer, first + 1, port);
  const struct k8smi_path list = k8smi_path_field(job->path, K8SMI_S("resources"));
  const struct k8smi_path path = k8smi_path_index(&list, second);
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &path,
             "the port %llu is in resources[%zu], too: expected each port in one resource",
             (unsigned long long)port, first);
  return false;
}

/* A port stands in one resource of an offer, whatever it is reserved for. */
static bool offers_ports(struct offers_job *job, struct k8smi_offer *ret) {
  struct k8smi_ranges all = {NULL, 0};
  struct k8smi_range bad;
  size_t holders = 0;
  for (size_t i = 0; i < ret->resource_count; i++) {
    if (ret->resources[i].kind != K8SMI_PORTS) continue;
    all.count += ret->resources[i].ranges.count;
    holders++;
  }
  if (holders < 2) return true;
  all.items = k8smi_arena_array(&job->offers->arena, all.count, sizeof *all.items);
  job->failed = all.items == NULL;
  if (job->failed) return false;
  struct k8smi_range *to = all.items;
  for (size_t i = 0; i < ret->resource_count; i++) {
    const struct k8smi_ranges *from = &ret->resources[i].ranges;
    if (ret->resources[i].kind != K8SMI_PORTS || from->count == 0) continue;
    memcpy(to, from->items, from->count * sizeof *to);
    to += from->count;
  }
  if (k8smi_ranges_normalise(&all, &bad) == K8SMI_RANGES_FINE) return true;
  return offers_bad_port(job, ret, bad.begin); /* it is in the range before, too: that one begins no later */
}

static bool offers_executors(struct offers_job *job, struct k8smi_offer *ret) {
  job->failed =
      !k8smi_offer_executors_read(&job->offers->arena, ret->message, job->path, &ret->executors, job->diags);
  return !job->failed;
}

static void offers_count_rows(struct k8sm_offers *offers, struct k8smi_offer *offer) {
  offer->first_row = offers->rows;
  for (size_t i = 0; i < offer->resource_count; i++) offers->rows += offers_row_count(&offer->resources[i]);
}

int k8smi_offers_fill(struct k8sm_offers *offers, K8smMesos__Offer *const *messages, size_t count,
                      struct k8sm_diags *diags) {
  struct k8smi_path event = k8smi_path_field(NULL, K8SMI_S("offers"));
  struct k8smi_path list = k8smi_path_field(&event, K8SMI_S("offers"));
  offers->items = k8smi_arena_array(&offers->arena, count, sizeof *offers->items);
  if (offers->items == NULL) return k8smi_find_nomem(diags, k8smi_arena_error(&offers->arena));
  for (size_t i = 0; i < count; i++) {
    struct k8smi_path path = k8smi_path_index(&list, i);
    struct offers_job job = {offers, diags, &path, false};
    struct k8smi_offer *offer = &offers->items[offers->count];
    *offer = (struct k8smi_offer){.message = messages[i]};
    if (offers_ids(&job, offer) && offers_allocation(&job, offer) && offers_resources(&job, offer) &&
        offers_ports(&job, offer) && offers_executors(&job, offer)) {
      offers_count_rows(offers, offer);
      offers->count++;
    }
    if (job.failed) return k8smi_find_nomem(diags, k8smi_arena_error(&offers->arena));
  }
  return K8SM_OK;
}

struct k8sm_offers *k8sm_offers_ref(struct k8sm_offers *offers) {
  k8smi_ref(&offers->refs);
  return offers;
}

void k8sm_offers_unref(struct k8sm_offers *offers) {
  if (offers != NULL && k8smi_unref(&offers->refs)) K8SMI_VALUE_FREE(k8sm_offers, offers);
}

size_t k8sm_offers_rows(const struct k8sm_offers *offers, size_t first, struct k8sm_offer *rows,
                        size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(offers->count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    const struct k8smi_offer *o = &offers->items[first + i];
    struct k8sm_offer row = {o->id, o->framework_id, o->agent_id, o->hostname, o->role};
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}

/* The last offer whose rows begin at `row` or before. */
static size_t offers_at_row(const struct k8sm_offers *offers, size_t row) {
  size_t low = 0, high = offers->count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (offers->items[middle].first_row <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

size_t k8sm_offers_resources(const struct k8sm_offers *offers, size_t first, struct k8sm_resource *rows,
                             size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(offers->rows, first);
  size_t want = n < left ? n : left, done = 0;
  for (size_t o = want == 0 ? offers->count : offers_at_row(offers, first); done < want; o++) {
    const struct k8smi_offer *offer = &offers->items[o];
    size_t row = offer->first_row;
    for (size_t r = 0; r < offer->resource_count && done < want; r++) {
      size_t parts = offers_row_count(&offer->resources[r]);
      for (size_t part = first + done > row ? first + done - row : 0; part < parts && done < want; part++) {
        struct k8smi_value value = k8smi_resource_value(&offer->resources[r]);
        struct k8sm_resource out = k8smi_resource_row(offer->resources[r].message, &value, part);
        out.offer = (uint32_t)o;
        out.resource = (uint32_t)r;
        k8smi_row_write(rows, row_size, done++, &out, sizeof out);
      }
      row += parts;
    }
  }
  return left;
}
